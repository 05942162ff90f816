//! Batches that wait for their moment.
//!
//! Thread: engine. Pure: the clock is passed in. Batches of one moment share one plan; audio swaps to it at its frame
//! and says so, and only then are they applied to the document.

use super::compile::part::round_beats;
use crate::model::snapshot::Waiting;
use crate::model::{Batch, BatchId, ClockMap, ModuleKind, Session, When};

/// Most plans that audio is given.
pub const PLANS_MAX: usize = 16;
/// Most Batches that wait.
pub const WAITS_MAX: usize = 1024;
/// A batch that missed its moment this often at loop ends takes effect at once.
const MISSES_MAX: u8 = 2;
/// A moment this close before a loop's end, in quarter notes, is taken to be the loop's end.
const LOOP_END: f64 = 0.25;

/// A Batch that waits.
#[derive(Debug)]
pub struct Wait {
    /// The Batch.
    pub batch: Batch,
    /// Song position at which it takes effect, quarter notes.
    pub due: f64,
    /// The plan it is part of; Batches of one moment share one.
    pub plan: u64,
    /// Files it brings in.
    needs: Vec<String>,
    /// Whether they are still on their way.
    pub loading: bool,
    /// Whether it needs what a Batch before it makes, and that one is loading.
    pub blocked: bool,
    /// Whether its hits are with audio already.
    pub shots_sent: bool,
    /// How often the loop wrapped before its moment came.
    misses: u8,
}

impl Wait {
    /// Whether it can take effect at its moment.
    pub fn is_ready(&self) -> bool {
        !self.loading && !self.blocked
    }
}

/// All that wait, in the order they came.
#[derive(Debug, Default)]
pub struct Pending {
    waits: Vec<Wait>,
    plan: u64,
    /// Hits with audio whose moment is another now.
    stray_shots: bool,
}

/// The moment as a song position, or `None` for now.
pub fn due(when: When, clock: &ClockMap, session: &Session) -> Option<f64> {
    let next = |length: f64| {
        let count = (clock.beat / length + 1e-9).floor() + 1.0;
        Some(count * length).filter(|due| due.is_finite() && length > 0.0)
    };
    let bar = clock.signature().bar_beats();
    match when {
        When::Now => None,
        When::Beat(beat) => Some(beat).filter(|beat| beat.is_finite() && *beat > clock.beat),
        When::NextBeat => next(1.0),
        When::NextBar => next(bar),
        When::NextPattern => {
            let playing = session.modules.values().filter(|m| m.enabled && m.kind() == ModuleKind::TrackerSequencer);
            let longest = playing.map(|module| round_beats(session, module)).fold(0.0, f64::max);
            next(if longest > 0.0 { longest } else { bar })
        }
    }
}

impl Pending {
    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waits.is_empty()
    }

    /// All that wait, in the order they came.
    pub fn iter(&self) -> impl Iterator<Item = &Wait> {
        self.waits.iter()
    }

    /// Let a Batch wait for `due`, and for the files it `needs`.
    pub fn push(&mut self, batch: Batch, due: f64, needs: Vec<String>, loading: bool) {
        let plan = self.plan_of(due);
        self.waits.push(Wait { batch, due, plan, needs, loading, blocked: false, shots_sent: false, misses: 0 });
    }

    /// Why a Batch cannot wait, if so: there are too many, or it applies neither now nor after all that wait.
    pub fn refusal(&self, batch: &Batch, base: &Session) -> Option<String> {
        if self.waits.len() >= WAITS_MAX {
            return Some(format!("{WAITS_MAX} batches wait already"));
        }
        let mut scratch = base.clone();
        scratch.perform_batch(batch).err()?;
        for wait in &self.waits {
            // One that fails here is refused at its own moment.
            let _ = scratch.perform_batch(&wait.batch);
        }
        scratch.perform_batch(batch).err().map(|error| error.0)
    }

    /// The plan of a moment: the one that is there, else a new one.
    fn plan_of(&mut self, due: f64) -> u64 {
        if let Some(wait) = self.waits.iter().find(|wait| wait.due == due) {
            return wait.plan;
        }
        self.plan += 1;
        self.plan
    }

    fn move_to(&mut self, at: usize, due: f64) {
        // Not its own old moment: the plan of that one may be with audio.
        self.waits[at].due = f64::NAN;
        let plan = self.plan_of(due);
        (self.waits[at].due, self.waits[at].plan) = (due, plan);
        self.stray_shots |= std::mem::take(&mut self.waits[at].shots_sent);
    }

    /// Take all out before their moments, soonest first. Hits with audio are strays.
    pub fn take_all(&mut self) -> Vec<Wait> {
        self.call_off(|_| true)
    }

    /// Take out before their moments those for which `which` holds, soonest first. Hits with audio are strays.
    pub fn call_off(&mut self, which: impl Fn(&Wait) -> bool) -> Vec<Wait> {
        let mut all = self.take(which);
        for wait in &mut all {
            self.stray_shots |= std::mem::take(&mut wait.shots_sent);
        }
        all
    }

    /// Whether hits with audio must be called back, since the last call.
    pub fn strays(&mut self) -> bool {
        std::mem::take(&mut self.stray_shots)
    }

    /// Take out those for which `which` holds, soonest first.
    pub fn take(&mut self, which: impl Fn(&Wait) -> bool) -> Vec<Wait> {
        let (mut taken, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waits).into_iter().partition(which);
        self.waits = kept;
        taken.sort_by(|a, b| a.due.total_cmp(&b.due));
        taken
    }

    /// Files came or went. Whether something changed.
    pub fn update_loading(&mut self, is_loading: impl Fn(&[String]) -> bool) -> bool {
        let mut changed = false;
        for wait in &mut self.waits {
            let loading = !wait.needs.is_empty() && is_loading(&wait.needs);
            changed |= wait.loading != loading;
            wait.loading = loading;
        }
        changed
    }

    /// Those whose moment is there but who are not ready wait for the next one. Whether somebody moved.
    pub fn postpone(&mut self, clock: &ClockMap, session: &Session) -> bool {
        let mut moved = false;
        for at in 0..self.waits.len() {
            let wait = &self.waits[at];
            // A song position that is past has no next one: it takes effect as soon as it can.
            if !wait.is_ready()
                && clock.beat >= wait.due
                && let Some(next) = due(wait.batch.when, clock, session)
            {
                self.move_to(at, next);
                moved = true;
            }
        }
        moved
    }

    /// The position jumped, or the host's loop wrapped (`wrapped`) after `last` quarter notes: moments are found anew.
    /// Whether there were some.
    ///
    /// A moment at the loop's end is its start: audio swaps there by itself, hits and all, and its report may be on
    /// its way.
    pub fn jumped(&mut self, clock: &ClockMap, last: f64, wrapped: bool, session: &Session) -> bool {
        for at in 0..self.waits.len() {
            let wait = &mut self.waits[at];
            if let When::Beat(_) = wait.batch.when {
                // One behind the loop's end was looked ahead for: it comes after the start, as audio has it.
                if let Some((start, end)) = clock.cycle.filter(|(_, end)| wrapped && wait.due >= *end) {
                    wait.due -= end - start;
                }
                continue;
            }
            let Some(next) = due(wait.batch.when, clock, session) else { continue };
            wait.misses += u8::from(wrapped);
            if wrapped && wait.due - last < LOOP_END {
                wait.due = clock.beat;
            } else if wrapped && wait.misses > MISSES_MAX {
                self.move_to(at, clock.beat);
            } else if next != wait.due {
                self.move_to(at, next);
            }
        }
        !self.waits.is_empty()
    }

    /// What people see, soonest first.
    pub fn lines(&self) -> Vec<Waiting> {
        let mut lines: Vec<Waiting> = self.waits.iter().map(line).collect();
        lines.sort_by(|a, b| a.due.total_cmp(&b.due));
        lines
    }

    /// The moments ahead and what the document is from each on: every one contains the ones before it.
    ///
    /// A Batch that does not apply yet because one before it is loading is marked as blocked.
    pub fn plans(&mut self, base: &Session) -> Vec<Plan> {
        let mut order: Vec<usize> = (0..self.waits.len()).collect();
        order.sort_by(|&a, &b| self.waits[a].due.total_cmp(&self.waits[b].due));
        let mut scratch = base.clone();
        let mut plans: Vec<Plan> = vec![];
        for at in order {
            let held = self.waits[..at].iter().any(|earlier| !earlier.is_ready());
            let wait = &mut self.waits[at];
            wait.blocked = false;
            if wait.loading {
                continue;
            }
            if scratch.perform_batch(&wait.batch).is_err() && held {
                wait.blocked = true;
                continue;
            }
            let wakes = wait.batch.origin.is_user();
            if let Some(plan) = plans.last_mut().filter(|plan| plan.due == wait.due) {
                plan.session = scratch.clone();
                plan.batches.push(wait.batch.id);
                plan.wakes |= wakes;
            } else if plans.len() < PLANS_MAX {
                plans.push(Plan {
                    id: wait.plan,
                    due: wait.due,
                    session: scratch.clone(),
                    batches: vec![wait.batch.id],
                    wakes: wakes || plans.last().is_some_and(|before| before.wakes),
                });
            } else {
                break;
            }
        }
        plans
    }

    /// The Batch, if its hits were not with audio before; they are now.
    pub fn mark_shots(&mut self, batch: BatchId) -> Option<&Batch> {
        let wait = self.waits.iter_mut().find(|wait| wait.batch.id == batch && !wait.shots_sent)?;
        wait.shots_sent = true;
        Some(&wait.batch)
    }
}

fn line(wait: &Wait) -> Waiting {
    Waiting {
        batch: wait.batch.id,
        label: wait.batch.label.clone(),
        due: wait.due,
        loading: wait.loading || wait.blocked,
    }
}

/// What the document will be from a moment on.
pub struct Plan {
    /// Its number.
    pub id: u64,
    /// The moment, quarter notes.
    pub due: f64,
    /// The document then.
    pub session: Session,
    /// The Batches that take effect there.
    pub batches: Vec<BatchId>,
    /// Whether sequencers play from then on, hushed or not.
    pub wakes: bool,
}

#[cfg(test)]
mod tests;
