//! Registrations of a chunk that takes effect later wait with its Batch: a chunk takes effect whole, and is taken back
//! whole. Callbacks run ahead of the position, so what ends with a chunk is silent from the chunk's moment on: they are
//! not run for later beats, and hits they sent for these are dropped. And what begins with it runs ahead of its moment,
//! once that is known, so that its first hit lands on its frame as all the others do.
//!
//! Thread: script.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::clock::{Follow, Timer};
use super::observe::Observer;
use super::world::{Pending, Scope, World};
use crate::model::{BatchId, DropShots, Session, Signature};

/// What a transaction registered.
pub struct Registered {
    /// Who registered it.
    pub scope: Scope,
    /// From where on what it ends is silent: a callback's beat, or negative infinity.
    pub from: f64,
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
    // The same where its timers may run ahead of it: not while it waits for files, or would be refused.
    ahead: Option<f64>,
    refused: bool,
    // The Snapshot that was looked at for that.
    seen: Option<u64>,
    registered: Registered,
}

/// What a Batch's registrations took the place of.
pub struct Replaced {
    batch: BatchId,
    added: Vec<u64>,
    timers: Vec<Timer>,
    observers: Vec<Observer>,
}

/// How many Batches' registrations can be taken back.
const REPLACED_MAX: usize = 16;

impl Registered {
    /// Its timers begin at this beat.
    fn begin(&mut self, due: f64) {
        self.timers.iter_mut().for_each(|timer| timer.kind.rebase(due));
    }

    /// Whether nothing was registered or stopped.
    pub fn is_empty(&self) -> bool {
        self.timers.is_empty() && self.observers.is_empty() && self.lives.is_empty() && self.stopped.is_empty()
    }

    /// Whether it takes the place of what the same code registered before.
    ///
    /// A block run again, perhaps changed, does. One that registers nothing is another block that happens to stand
    /// there; a whole buffer is never another.
    fn replaces(&self) -> bool {
        let own = |scope: &Scope| *scope == self.scope;
        let registers = match &self.scope {
            Scope::Chunk(_, _, u32::MAX) => true,
            Scope::Chunk(..) => {
                self.timers.iter().any(|t| own(&t.scope)) || self.observers.iter().any(|o| own(&o.scope))
            }
            _ => true,
        };
        self.replace && registers
    }

    /// Whether a callback that is there ends with it.
    fn ends(&self, replaces: bool, scope: &Scope, number: u64) -> bool {
        (replaces && scope.is_replaced_by(&self.scope))
            || matches!(scope, Scope::Live(name) if self.lives.contains_key(name))
            || self.stopped.contains(&number)
    }
}

impl Held {
    /// The timers that run ahead of its moment, with the frame each is due at: none where the host loops.
    pub fn ahead(&mut self, follow: &Follow, here: f64, signature: Signature) -> impl Iterator<Item = (f64, u64)> {
        let (due, timers) = match self.ahead.filter(|_| follow.cycle().is_none()) {
            Some(due) => (due, &mut self.registered.timers[..]),
            None => (0.0, &mut [][..]),
        };
        timers.iter_mut().filter_map(move |timer| {
            let frame = timer.kind.due_from(follow, due, signature)?;
            // What comes too late for that comes when the Batch took effect.
            (frame > here).then_some((frame, timer.number))
        })
    }

    /// From now on its timers run ahead of this moment. Whether hits were sent ahead for another one.
    fn aim(&mut self, ahead: Option<f64>) -> bool {
        let before = std::mem::replace(&mut self.ahead, ahead);
        if let Some(due) = ahead.filter(|_| ahead != before) {
            self.registered.begin(due);
        }
        before.is_some() && before != ahead
    }

    fn numbers(&self) -> Vec<u64> {
        self.registered.timers.iter().map(|timer| timer.number).collect()
    }
}

/// Whether a Batch, behind those sent before it, does not go with the session as it is.
fn is_refused(batch: BatchId, pending: &[Pending], session: &Session) -> bool {
    let mut session = session.clone();
    for one in pending {
        let mut next = session.clone();
        let goes = one.commands.iter().all(|command| next.perform(command).is_ok());
        match goes {
            _ if one.id == batch => return !goes,
            true => session = next,
            false => {}
        }
    }
    false
}

impl World {
    /// The timer of this number, in force or waiting for its moment.
    pub fn timer(&mut self, number: u64) -> Option<&mut Timer> {
        // Most stand in the order of their numbers, and there may be thousands.
        if let Ok(place) = self.timers.binary_search_by_key(&number, |timer| timer.number) {
            return self.timers.get_mut(place);
        }
        let waiting = self.held.iter_mut().flat_map(|held| &mut held.registered.timers);
        self.timers.iter_mut().chain(waiting).find(|timer| timer.number == number)
    }

    /// Take this timer out.
    pub fn remove_timer(&mut self, number: u64) {
        let waiting = self.held.iter_mut().map(|held| &mut held.registered.timers);
        for timers in [&mut self.timers].into_iter().chain(waiting) {
            timers.retain(|timer| timer.number != number);
        }
    }

    /// Keep registrations until their Batch took effect.
    pub fn hold(&mut self, batch: BatchId, registered: Registered) {
        self.held.push(Held { batch, due: None, ahead: None, refused: false, seen: None, registered });
    }

    /// See at which beat the waiting Batches are due, and what ends there.
    pub fn look_at_held(&mut self) {
        if self.held.is_empty() {
            return self.ends.clear();
        }
        let snapshot = self.snapshot.clone();
        let (mut moved, pending) = (vec![], &self.pending);
        for held in &mut self.held {
            let Some(waits) = snapshot.waiting.iter().find(|waits| waits.batch == held.batch) else { continue };
            held.due = Some(waits.due);
            if held.seen.replace(snapshot.revision) != Some(snapshot.revision) {
                held.refused = is_refused(held.batch, pending, &snapshot.session);
            }
            if held.aim(held.due.filter(|_| !waits.loading && !held.refused)) {
                moved.extend(held.numbers());
            }
        }
        self.drop_hits(&moved, f64::NEG_INFINITY);
        let mut ends = BTreeMap::<u64, f64>::new();
        for (place, held) in self.held.iter().enumerate() {
            let Some(due) = held.due else { continue };
            let replaces = held.registered.replaces();
            let before = self.held[..place].iter().flat_map(|held| &held.registered.timers);
            for timer in self.timers.iter().chain(before) {
                if held.registered.ends(replaces, &timer.scope, timer.number) {
                    let end = ends.entry(timer.number).or_insert(due);
                    *end = end.min(due);
                }
            }
        }
        let news: Vec<(u64, f64)> =
            ends.iter().filter(|(number, _)| !self.ends.contains_key(number)).map(|(n, due)| (*n, *due)).collect();
        self.ends = ends;
        for (number, due) in news {
            self.drop_hits(&[number], due);
        }
    }

    /// A Batch took effect: what waited for it holds from its beat on.
    pub fn release(&mut self, batch: BatchId) {
        let Some(place) = self.held.iter().position(|held| held.batch == batch) else { return };
        let Held { due, ahead, mut registered, .. } = self.held.remove(place);
        if let Some(due) = due.filter(|_| ahead.is_none()) {
            registered.begin(due);
        }
        // What changed while it waited is not told.
        registered.observers.iter_mut().for_each(Observer::begin);
        self.enact(registered, Some(batch));
    }

    /// A Batch was refused: nothing of its chunk holds.
    pub fn let_go(&mut self, batch: BatchId) {
        let gone: Vec<Held> = self.held.extract_if(.., |held| held.batch == batch).collect();
        gone.iter().for_each(|held| self.drop_hits(&held.numbers(), f64::NEG_INFINITY));
    }

    /// Events were lost: what no longer waits has taken effect.
    pub fn release_what_no_longer_waits(&mut self) {
        let gone = |held: &Held| !self.pending.iter().any(|pending| pending.id == held.batch);
        let batches: Vec<BatchId> = self.held.iter().filter(|held| gone(held)).map(|held| held.batch).collect();
        batches.into_iter().for_each(|batch| self.release(batch));
    }

    /// Let registrations hold.
    pub fn enact(&mut self, mut registered: Registered, batch: Option<BatchId>) {
        let replaces = registered.replaces();
        let gone = self.take_out(registered.from, |scope, number| registered.ends(replaces, scope, number));
        let stopped = &registered.stopped;
        for Held { registered, .. } in &mut self.held {
            registered.timers.retain(|t| !stopped.contains(&t.number));
            registered.observers.retain(|o| !stopped.contains(&o.number));
        }
        registered.timers.retain(|t| !stopped.contains(&t.number));
        registered.observers.retain(|o| !stopped.contains(&o.number));
        for (name, text) in std::mem::take(&mut registered.lives) {
            match text {
                Some(text) => {
                    self.made(&name, &registered.scope);
                    self.lives.insert(name, text);
                }
                None => drop(self.lives.remove(&name)),
            }
        }
        // Callbacks are not taken back by themselves.
        if let Some(batch) = batch.filter(|_| registered.from == f64::NEG_INFINITY) {
            let numbers = registered.timers.iter().map(|t| t.number);
            let added: Vec<u64> = numbers.chain(registered.observers.iter().map(|o| o.number)).collect();
            if !added.is_empty() || !gone.0.is_empty() || !gone.1.is_empty() {
                if self.replaced.len() >= REPLACED_MAX {
                    self.replaced.pop_front();
                }
                self.replaced.push_back(Replaced { batch, added, timers: gone.0, observers: gone.1 });
            }
        }
        // What a callback registers ahead of its own moment waits with it.
        let owner = u64::from(self.owner);
        let waits = self.held.iter_mut().find(|held| held.numbers().contains(&owner)).map(|held| &mut held.registered);
        let (timers, observers) = match waits {
            Some(waits) => (&mut waits.timers, &mut waits.observers),
            None => (&mut self.timers, &mut self.observers),
        };
        timers.append(&mut registered.timers);
        observers.append(&mut registered.observers);
    }

    /// Remember who made a live chunk. One that came with the session is the buffer's if its text names it.
    fn made(&mut self, name: &str, scope: &Scope) {
        match scope {
            Scope::Chunk(chunk, ..) => drop(self.makers.insert(name.to_owned(), chunk.clone())),
            Scope::Line(_) => drop(self.makers.remove(name)),
            Scope::Live(_) => {
                let text = &self.snapshot.session.text;
                let named = text.contains(&format!("\"{name}\"")) || text.contains(&format!("'{name}'"));
                if named && !self.makers.contains_key(name) {
                    self.makers.insert(name.to_owned(), Arc::from(super::BUFFER));
                }
            }
        }
    }

    /// A Batch was taken back: what it registered ends, and what that took the place of goes on from here.
    pub fn take_back(&mut self, batch: BatchId) {
        self.let_go(batch);
        let Some(place) = self.replaced.iter().rposition(|replaced| replaced.batch == batch) else { return };
        let Some(Replaced { added, mut timers, mut observers, .. }) = self.replaced.remove(place) else { return };
        self.take_out(f64::NEG_INFINITY, |_, number| added.contains(&number));
        // Live chunks follow the session.
        timers.retain(|t| !matches!(t.scope, Scope::Live(_)));
        observers.retain(|o| !matches!(o.scope, Scope::Live(_)));
        timers.iter_mut().for_each(|t| t.kind.renew());
        self.timers.append(&mut timers);
        self.observers.append(&mut observers);
    }

    /// Take away all that a scope registered.
    pub fn drop_scope(&mut self, scope: &Scope) {
        self.take_out(f64::NEG_INFINITY, |other, _| other == scope);
    }

    /// Take callbacks away, and the hits they sent for beats from `from` on.
    fn take_out(&mut self, from: f64, which: impl Fn(&Scope, u64) -> bool) -> (Vec<Timer>, Vec<Observer>) {
        let timers: Vec<Timer> = self.timers.extract_if(.., |t| which(&t.scope, t.number)).collect();
        let observers = self.observers.extract_if(.., |o| which(&o.scope, o.number)).collect();
        let mut numbers: Vec<u64> = timers.iter().map(|t| t.number).collect();
        numbers.sort_unstable();
        self.drop_hits(&numbers, from);
        (timers, observers)
    }

    /// Hits that these timers (in order) sent ahead are not to be played from a beat on.
    fn drop_hits(&mut self, numbers: &[u64], from: f64) {
        // Hits are sent ahead only while the position moves.
        if !self.snapshot.playing {
            return;
        }
        for run in numbers.chunk_by(|a, b| a + 1 == *b) {
            if let [first, ..] = run {
                let (first, last) = (*first as u32, run[run.len() - 1] as u32);
                self.drops.push(DropShots { first, last, from });
            }
        }
    }
}
