//! Keeps the buffer and the session's text the same, and never overwrites typing. Thread: gui. Pure.

use std::collections::VecDeque;
use std::sync::Arc;

/// Seconds after the last key until the buffer is saved.
pub const PAUSE_SECS: f64 = 0.5;
/// Most texts whose echo is waited for.
const SENT_MAX: usize = 32;

/// Where the buffer stands against the session.
#[derive(Default)]
pub struct Keeper {
    // The session's text when it was last looked at.
    seen: Arc<str>,
    // What was sent and has not come back in a Snapshot.
    sent: VecDeque<Arc<str>>,
    // When the buffer was last typed in, if that has not been sent.
    typed: Option<f64>,
}

impl Keeper {
    /// Compare with the session's text. Gives the new text when it changed from elsewhere (a state was loaded, undo)
    /// and nothing typed would be lost.
    pub fn look(&mut self, session: &Arc<str>) -> Option<Arc<str>> {
        if Arc::ptr_eq(&self.seen, session) || self.seen == *session {
            return None;
        }
        self.seen = session.clone();
        if let Some(at) = self.sent.iter().position(|sent| sent == session) {
            self.sent.drain(..=at);
            return None;
        }
        if self.typed.is_some() {
            return None;
        }
        self.sent.clear();
        Some(session.clone())
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

    /// The text to send now, if there is something new.
    pub fn send(&mut self, text: &str) -> Option<Arc<str>> {
        self.typed.take()?;
        let text: Arc<str> = Arc::from(text);
        self.sent.push_back(text.clone());
        if self.sent.len() > SENT_MAX {
            self.sent.pop_front();
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Arc<str> {
        Arc::from(text)
    }

    #[test]
    fn a_loaded_text_comes_in_and_our_own_echo_does_not() {
        let mut keeper = Keeper::default();
        assert_eq!(keeper.look(&text("loaded")), Some(text("loaded")));
        keeper.typed(1.0);
        assert!(!keeper.due(1.4) && keeper.due(1.5));
        assert_eq!(keeper.send("one"), Some(text("one")));
        keeper.typed(2.0);
        assert_eq!(keeper.send("two"), Some(text("two")));
        assert_eq!(keeper.send("two"), None);
        assert_eq!(keeper.look(&text("one")), None);
        assert_eq!(keeper.look(&text("two")), None);
        assert_eq!(keeper.look(&text("undone")), Some(text("undone")));
    }

    #[test]
    fn typing_is_never_overwritten() {
        let mut keeper = Keeper::default();
        keeper.typed(1.0);
        assert_eq!(keeper.look(&text("from elsewhere")), None);
        assert_eq!(keeper.send("typed"), Some(text("typed")));
    }
}
