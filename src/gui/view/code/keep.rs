//! Keeps the buffer and the session's text the same, and never overwrites typing. Thread: gui. Pure.
//!
//! What is sent names the text it was made from, so nobody's text is replaced unread. What comes from elsewhere while
//! something is typed is put into what is typed, word by word.

use std::collections::VecDeque;
use std::sync::Arc;

use super::merge::{Merged, changes, merge};

/// Seconds after the last key until the buffer is saved.
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
    // When the buffer was last typed in, if that has not been sent.
    typed: Option<f64>,
}

impl Keeper {
    /// Compare with the session's text at `time` (seconds). Gives what the buffer becomes when the text was changed
    /// elsewhere: the scribe wrote a number, a state was loaded.
    pub fn look(&mut self, session: &Arc<str>, buffer: &str, time: f64) -> Option<Merged> {
        if Arc::ptr_eq(&self.base, session) || self.base == *session {
            return None;
        }
        if let Some(at) = self.sent.iter().position(|sent| sent == session) {
            self.sent.drain(..=at);
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
        self.typed = Some(time);
    }

    /// Whether the pause after typing is over.
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
        assert!(!keeper.due(1.4) && keeper.due(1.5));
        assert_eq!(keeper.send("one"), Some((text("loaded"), text("one"))));
        keeper.typed(2.0);
        assert_eq!(keeper.send("two"), Some((text("one"), text("two"))));
        assert_eq!(keeper.send("two"), None);
        assert_eq!(look(&mut keeper, "one", "two"), None);
        assert!(!keeper.is_settled());
        assert_eq!(look(&mut keeper, "two", "two"), None);
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
}
