//! What persons ask of a mapping. Thread: osc; pure.

use super::{Once, Track};
use crate::model::{Choice, Side};

impl Track {
    fn spoken_to(&mut self) {
        self.note = None;
        self.trouble = None;
        self.plan = None;
        self.again_at = None;
        // Somebody may have made the cues.
        self.problems_at = self.problems_at.map(|_| std::time::Duration::ZERO);
        self.cues = None;
    }

    fn refuse_to_write(&mut self, what: &str) -> bool {
        let why = match (self.mapping.accepted, self.armed) {
            (true, true) => return false,
            (false, _) => "the mapping is not accepted yet",
            (true, false) => "the show lock is on",
        };
        self.note = Some(format!("{what}: {why}").into());
        true
    }

    /// Send what is here, or show what that would do.
    pub fn push(&mut self, dry: bool) {
        self.spoken_to();
        (self.once, self.dry) = (None, dry.then_some(Once::Push));
        if !dry && self.held.is_some() {
            self.note = Some("not pushed: choose what becomes of the held mapping".into());
        } else if !dry && !self.refuse_to_write("not pushed") {
            self.once = Some(Once::Push);
        }
    }

    /// Take what the desk has, or show what that would do.
    pub fn pull(&mut self, dry: bool) {
        self.spoken_to();
        (self.once, self.dry) = (None, dry.then_some(Once::Pull));
        if !dry && self.held.is_some() {
            self.note = Some("not pulled: choose what becomes of the held mapping".into());
        } else if !dry {
            self.once = Some(Once::Pull);
        }
    }

    /// What becomes of it where it is held.
    pub fn choose(&mut self, choice: Choice) {
        if self.held.is_none() {
            return;
        }
        self.spoken_to();
        if choice == Choice::PushOurs && self.refuse_to_write("not pushed") {
            return;
        }
        self.choice = Some(choice);
    }

    /// Whether a person is waited for.
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Which version of a conflict stays; `None` is every conflict.
    pub fn resolve(&mut self, key: Option<u64>, side: Side) {
        self.spoken_to();
        let conflicts = self.conflicts.clone();
        for conflict in conflicts.iter().filter(|conflict| key.is_none_or(|key| conflict.key == key)) {
            self.chosen.insert(conflict.key, side);
        }
    }

    /// Become the track's writer.
    pub fn take_over(&mut self) {
        self.spoken_to();
        self.take_over = true;
    }

    /// Put the desk's side back as the last backup has it.
    pub fn restore(&mut self) {
        self.spoken_to();
        if self.backups.is_empty() {
            self.note = Some("there is no backup of the desk's side".into());
        } else if !self.refuse_to_write("not put back") {
            self.restore = true;
        }
    }

    /// Somebody accepted the mapping: it is looked at at once.
    pub fn accepted(&mut self) {
        self.spoken_to();
        self.dry = None;
    }
}
