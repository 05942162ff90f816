//! Registrations of a chunk that takes effect later wait with its Batch: a chunk takes effect whole.
//!
//! Thread: script.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::clock::Timer;
use super::observe::Observer;
use super::world::{Scope, World};
use crate::model::BatchId;

/// What a transaction registered.
pub struct Registered {
    /// Who registered it.
    pub scope: Scope,
    /// Whether it takes the place of what the same code registered before.
    pub replace: bool,
    /// Timers and coroutines.
    pub timers: Vec<Timer>,
    /// State observers.
    pub observers: Vec<Observer>,
    /// Live chunks run (their text) or stopped.
    pub lives: BTreeMap<String, Option<Arc<str>>>,
    /// Numbers of timers and observers that were stopped.
    pub stopped: Vec<u64>,
}

/// Registrations and the Batch they wait for.
pub struct Held {
    batch: BatchId,
    due: Option<f64>,
    registered: Registered,
}

impl Registered {
    /// Whether nothing was registered or stopped.
    pub fn is_empty(&self) -> bool {
        self.timers.is_empty() && self.observers.is_empty() && self.lives.is_empty() && self.stopped.is_empty()
    }
}

impl World {
    /// Keep registrations until their Batch took effect.
    pub fn hold(&mut self, batch: BatchId, registered: Registered) {
        self.held.push(Held { batch, due: None, registered });
    }

    /// See at which beat the waiting Batches are due.
    pub fn look_at_held(&mut self) {
        let waiting = self.snapshot.waiting.clone();
        for held in &mut self.held {
            let due = waiting.iter().find(|waits| waits.batch == held.batch).map(|waits| waits.due);
            held.due = due.or(held.due);
        }
    }

    /// A Batch took effect: what waited for it holds from its beat on.
    pub fn release(&mut self, batch: BatchId) {
        let Some(place) = self.held.iter().position(|held| held.batch == batch) else { return };
        let Held { due, mut registered, .. } = self.held.remove(place);
        if let Some(due) = due {
            registered.timers.iter_mut().for_each(|timer| timer.kind.rebase(due));
        }
        // What changed while it waited is not told.
        registered.observers.iter_mut().for_each(Observer::begin);
        self.enact(registered);
    }

    /// A Batch was refused: nothing of its chunk holds.
    pub fn let_go(&mut self, batch: BatchId) {
        self.held.retain(|held| held.batch != batch);
    }

    /// Events were lost: what no longer waits has taken effect.
    pub fn release_what_no_longer_waits(&mut self) {
        let gone = |held: &Held| !self.pending.iter().any(|pending| pending.id == held.batch);
        let batches: Vec<BatchId> = self.held.iter().filter(|held| gone(held)).map(|held| held.batch).collect();
        batches.into_iter().for_each(|batch| self.release(batch));
    }

    /// Let registrations hold.
    pub fn enact(&mut self, registered: Registered) {
        let Registered { scope, replace, mut timers, mut observers, lives, stopped } = registered;
        let registers = match scope {
            // A block run again, perhaps changed, takes the place of what it registered before. One that registers
            // nothing is another block that happens to stand there.
            Scope::Chunk(..) => timers.iter().any(|t| t.scope == scope) || observers.iter().any(|o| o.scope == scope),
            _ => true,
        };
        if replace && registers {
            self.timers.retain(|t| !t.scope.is_replaced_by(&scope));
            self.observers.retain(|o| !o.scope.is_replaced_by(&scope));
        }
        for (name, text) in lives {
            self.drop_scope(&Scope::Live(name.clone()));
            match text {
                Some(text) => self.lives.insert(name, text),
                None => self.lives.remove(&name),
            };
        }
        self.timers.append(&mut timers);
        self.observers.append(&mut observers);
        self.timers.retain(|t| !stopped.contains(&t.number));
        self.observers.retain(|o| !stopped.contains(&o.number));
        for Held { registered, .. } in &mut self.held {
            registered.timers.retain(|t| !stopped.contains(&t.number));
            registered.observers.retain(|o| !stopped.contains(&o.number));
        }
    }
}
