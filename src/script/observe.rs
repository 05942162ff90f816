//! State observers: `engine:onStateChange(fn)` is told once for each change, with the newest state.
//!
//! Thread: script. Changes between two looks are one; a callback that throws does not stop the others; callbacks that
//! only answer each other are found and stopped.

use std::sync::Arc;

use mlua::Function;

use super::Script;
use super::api::state;
use super::world::{Run, Scope};
use crate::model::{Ask, ConsoleKind, Loading, Origin, Snapshot, When};

/// Rounds without a change from outside after which a callback is taken to answer itself.
pub const ROUNDS_MAX: u32 = 100;

/// A registered state callback.
pub struct Observer {
    /// Its number.
    pub number: u64,
    /// Who registered it.
    pub scope: Scope,
    /// What is called.
    pub callback: Function,
    /// Where it was registered: `chunk:12`.
    pub place: String,
    /// Rounds in a row that it caused itself.
    pub rounds: u32,
}

/// Whether two Snapshots differ in what a script is told: the session, the transport, which files are there.
fn differs(old: &Snapshot, new: &Snapshot) -> bool {
    let kind = |l: &Loading| matches!(l, Loading::Ready { .. }) as u8 | (matches!(l, Loading::Missing(_)) as u8) << 1;
    let media = || {
        old.media.len() != new.media.len()
            || old.media.iter().zip(new.media.iter()).any(|(a, b)| a.0 != b.0 || kind(a.1) != kind(b.1))
    };
    (!Arc::ptr_eq(&old.session, &new.session) && old.session != new.session)
        || old.playing != new.playing
        || old.host_leads != new.host_leads
        || (!Arc::ptr_eq(&old.media, &new.media) && media())
}

impl Script {
    /// Tell the observers if something changed since they were told last.
    pub(super) fn tell_observers(&mut self) {
        let snapshot = self.world.borrow().snapshot.clone();
        if Arc::ptr_eq(&snapshot, &self.seen) || !differs(&self.seen, &snapshot) {
            self.seen = snapshot;
            return;
        }
        self.seen = snapshot;
        let outside = std::mem::replace(&mut self.outside, false);
        let numbers: Vec<u64> = {
            let mut world = self.world.borrow_mut();
            if outside {
                world.observers.iter_mut().for_each(|o| o.rounds = 0);
            }
            world.observers.iter().map(|o| o.number).collect()
        };
        for number in numbers {
            self.tell_observer(number);
        }
    }

    fn tell_observer(&mut self, number: u64) {
        let found = {
            let world = self.world.borrow();
            let found = world.observers.iter().find(|o| o.number == number);
            found.map(|o| (o.callback.clone(), o.place.clone(), o.scope.clone()))
        };
        // One told before it may have taken it away.
        let Some((callback, place, scope)) = found else { return };
        let run = Run {
            origin: Origin::Callback,
            when: When::Now,
            label: format!("onStateChange ({place})"),
            scope,
            beat: None,
            frame: 0.0,
            discard: false,
        };
        let world = self.world.clone();
        let limit = self.limits.callback;
        let outcome = self.transact(run, limit, false, |lua| callback.call::<()>(state::table(lua, &world)?));
        match outcome {
            Ok(done) if done.sent.is_empty() => {}
            Ok(done) => {
                self.own.extend(done.sent);
                let mut world = self.world.borrow_mut();
                let Some(observer) = world.observers.iter_mut().find(|o| o.number == number) else { return };
                observer.rounds += 1;
                if observer.rounds > ROUNDS_MAX {
                    let text = format!(
                        "the onStateChange callback of {place} was stopped: it changed the state {ROUNDS_MAX} times in answer to its own changes"
                    );
                    world.observers.retain(|o| o.number != number);
                    world.say(ConsoleKind::Error, &text);
                    self.outbox.push_back(Ask::Notice(text));
                }
            }
            Err(error) => {
                let mut world = self.world.borrow_mut();
                let end = if error.tripped { "; it was stopped" } else { "" };
                world.say(ConsoleKind::Error, &format!("onStateChange ({place}): {}{end}", error.text()));
                if error.tripped {
                    world.observers.retain(|o| o.number != number);
                }
            }
        }
    }
}
