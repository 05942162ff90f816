//! Keeps the buffer and the session's text the same, and never overwrites typing. Thread: gui. Pure.
//!
//! What is sent names the text it was made from, so nobody's text is replaced unread. What comes from elsewhere while
//! something is typed is put into what is typed, word by word.

use std::collections::VecDeque;
use std::sync::Arc;

use super::merge::{Merged, changes, merge};

/// Seconds after a key until the buffer is saved, whether or not more is typed: a crash costs no more than these.
pub const PAUSE_SECS: f64 = 0.5;
/// Most texts whose echo is waited for.
const SENT_MAX: usize = 32;

/// Where the buffer stands against the session.
#[derive(Default)]
pub struct Keeper {
    // The session's text that the buffer is made from.
    base: Arc<str>,
    // What was sent since, each made from the one before, and has not come back in a Snapshot.
    sent: VecDeque<Arc<str>>,
    // When the oldest letter that has not been sent was typed.
    typed: Option<f64>,
}

impl Keeper {
    /// Compare with the session's text at `time` (seconds). Gives what the buffer becomes when the text was changed
    /// elsewhere: the scribe wrote a number, a state was loaded.
    pub fn look(&mut self, session: &Arc<str>, buffer: &str, time: f64) -> Option<Merged> {
        if Arc::ptr_eq(&self.base, session) {
            return None;
        }
        // Known by itself and not by its letters: undo and redo send the same letters again and again.
        if let Some(at) = self.sent.iter().position(|sent| Arc::ptr_eq(sent, session)) {
            self.sent.drain(..=at);
            self.base = session.clone();
            return None;
        }
        if **session == *buffer {
            (self.base, self.typed) = (session.clone(), None);
            self.sent.clear();
            return None;
        }
        if self.base == *session && self.sent.is_empty() {
            self.base = session.clone();
            return None;
        }
        // It was made from the base, or from something sent that arrived: from whichever it is nearest to.
        let apart = |text: &Arc<str>| {
            let changed = changes(text, session);
            changed.map_or(usize::MAX, |all| all.iter().map(|change| change.old.len() + change.new.len()).sum())
        };
        let root = self.sent.iter().rev().chain([&self.base]).min_by_key(|text| apart(text)).unwrap_or(&self.base);
        let merged = merge(root, buffer, session);
        self.base = session.clone();
        self.sent.clear();
        if merged.text != **session {
            // What was typed, or sent and came too late, goes again.
            self.typed.get_or_insert(time);
        } else {
            self.typed = None;
        }
        Some(merged)
    }

    /// The buffer was changed by hand at `time` (seconds).
    pub fn typed(&mut self, time: f64) {
        self.typed.get_or_insert(time);
    }

    /// Whether what was typed has waited long enough.
    pub fn due(&self, time: f64) -> bool {
        self.typed.is_some_and(|typed| time - typed >= PAUSE_SECS)
    }

    /// Whether something typed has not been sent.
    pub fn unsaved(&self) -> bool {
        self.typed.is_some()
    }

    /// Whether the session's text is the buffer's, as far as is known.
    pub fn is_settled(&self) -> bool {
        self.typed.is_none() && self.sent.is_empty()
    }

    /// The text to send now, if there is something new, with the text it was made from.
    pub fn send(&mut self, text: &str) -> Option<(Arc<str>, Arc<str>)> {
        self.typed.take()?;
        let (before, after) = (self.sent.back().unwrap_or(&self.base).clone(), Arc::<str>::from(text));
        if *before == *after {
            return None;
        }
        self.sent.push_back(after.clone());
        if self.sent.len() > SENT_MAX {
            self.sent.pop_front();
        }
        Some((before, after))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(text: &str) -> Arc<str> {
        Arc::from(text)
    }

    fn look(keeper: &mut Keeper, session: &str, buffer: &str) -> Option<String> {
        keeper.look(&text(session), buffer, 9.0).map(|merged| merged.text)
    }

    #[test]
    fn a_loaded_text_comes_in_and_our_own_echo_does_not() {
        let mut keeper = Keeper::default();
        assert_eq!(look(&mut keeper, "loaded", ""), Some("loaded".into()));
        keeper.typed(1.0);
        keeper.typed(1.4);
        assert!(!keeper.due(1.4) && keeper.due(1.5), "typing on does not put it off");
        let (before, one) = keeper.send("one").expect("typed");
        assert_eq!((&*before, &*one), ("loaded", "one"));
        keeper.typed(2.0);
        let (before, two) = keeper.send("two").expect("typed");
        assert_eq!((before, &*two), (one.clone(), "two"));
        assert_eq!(keeper.send("two"), None);
        assert_eq!(keeper.look(&one, "two", 9.0), None);
        assert!(!keeper.is_settled());
        assert_eq!(keeper.look(&two, "two", 9.0), None);
        assert!(keeper.is_settled());
        assert_eq!(look(&mut keeper, "undone", "two"), Some("undone".into()));
    }

    #[test]
    fn typing_is_never_overwritten() {
        let mut keeper = Keeper::default();
        keeper.typed(1.0);
        assert_eq!(look(&mut keeper, "from elsewhere", "typed"), Some("typed".into()));
        assert_eq!(keeper.send("typed"), Some((text("from elsewhere"), text("typed"))));
    }

    #[test]
    fn what_was_sent_too_late_is_merged_and_sent_again() {
        let mut keeper = Keeper::default();
        look(&mut keeper, "a(0.5) b()", "");
        keeper.typed(1.0);
        keeper.send("a(0.5) b(typed)");
        // The scribe was first.
        assert_eq!(look(&mut keeper, "a(0.7) b()", "a(0.5) b(typed)"), Some("a(0.7) b(typed)".into()));
        assert!(keeper.due(9.5));
        assert_eq!(keeper.send("a(0.7) b(typed)"), Some((text("a(0.7) b()"), text("a(0.7) b(typed)"))));
    }

    #[test]
    fn what_came_on_top_of_what_was_sent_leaves_nothing_to_send() {
        let mut keeper = Keeper::default();
        look(&mut keeper, "a(0.5) b()", "");
        keeper.typed(1.0);
        keeper.send("a(0.5) b(typed)");
        assert_eq!(look(&mut keeper, "a(0.7) b(typed)", "a(0.5) b(typed)"), Some("a(0.7) b(typed)".into()));
        assert!(keeper.is_settled());
    }

    /// The session at the other end: it does what was asked when it comes to it, and others write there too.
    #[derive(Default)]
    struct Far {
        text: Arc<str>,
        asked: VecDeque<(Arc<str>, Arc<str>)>,
    }

    impl Far {
        fn work(&mut self) {
            if let Some((before, after)) = self.asked.pop_front()
                && self.text == before
            {
                self.text = after;
            }
        }
    }

    #[derive(Debug, Clone)]
    enum Turn {
        Type(&'static str),
        Send,
        Work,
        Frame,
        Outside(&'static str),
    }

    fn turns(outside: u32) -> impl Strategy<Value = Vec<Turn>> {
        // Few, so that what was there comes back, as by undo and redo.
        let words = || prop::sample::select(vec!["", "a", "a b", "a c"]);
        let turn = prop_oneof![
            3 => words().prop_map(Turn::Type),
            3 => Just(Turn::Send),
            3 => Just(Turn::Work),
            3 => Just(Turn::Frame),
            outside => words().prop_map(Turn::Outside),
        ];
        prop::collection::vec(turn, 0..40)
    }

    /// Play the turns; gives how often something came in from elsewhere, the buffer and the session's text at the end.
    fn play(turns: &[Turn]) -> (usize, String, String) {
        let (mut keeper, mut far, mut buffer, mut came) = (Keeper::default(), Far::default(), String::new(), 0);
        let frame = |keeper: &mut Keeper, far: &Far, buffer: &mut String| {
            keeper.look(&far.text, buffer, 9.0).map(|merged| *buffer = merged.text).is_some()
        };
        for turn in turns {
            match turn {
                Turn::Type(text) if buffer != *text => {
                    (*text).clone_into(&mut buffer);
                    keeper.typed(1.0);
                }
                Turn::Send => far.asked.extend(keeper.send(&buffer)),
                Turn::Work => far.work(),
                Turn::Frame => came += usize::from(frame(&mut keeper, &far, &mut buffer)),
                Turn::Outside(text) if *far.text != **text => far.text = Arc::from(*text),
                _ => {}
            }
        }
        for _ in 0..4 {
            while !far.asked.is_empty() {
                far.work();
            }
            came += usize::from(frame(&mut keeper, &far, &mut buffer));
            far.asked.extend(keeper.send(&buffer));
        }
        assert!(keeper.is_settled());
        (came, buffer, far.text.to_string())
    }

    proptest! {
        #[test]
        fn what_nobody_else_writes_never_comes_back_as_news(turns in turns(0)) {
            let (came, buffer, session) = play(&turns);
            prop_assert_eq!((came, &buffer), (0, &session));
        }

        #[test]
        fn whoever_writes_when_buffer_and_session_become_one(turns in turns(2)) {
            let (_, buffer, session) = play(&turns);
            prop_assert_eq!(buffer, session);
        }
    }
}
