//! Undo and redo of what the user did.
//!
//! Thread: engine. Pure but for the clock passed in. **Invariant:** with one origin, undoing everything gives the
//! first bytes and redoing everything the last; with several, an undo leaves what others changed since.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::model::snapshot::HistoryLine;
use crate::model::{Batch, Command, Edit, Origin, Path, Performed, Session};

/// Most entries kept.
pub const ENTRIES_MAX: usize = 1000;
/// Repeated sets of one value by one origin within this time are one entry.
pub const MERGE: Duration = Duration::from_millis(500);

/// One edit to take back: `undo` puts back what was, `now` is what it replaces.
struct Step {
    undo: Edit,
    now: Edit,
}

/// What a Batch of plain settings sets; equal lists merge.
#[derive(PartialEq)]
enum Knob {
    Path(Path),
    Bpm,
    Text,
    Layout(String),
}

impl Knob {
    fn of(command: &Command) -> Option<Self> {
        Some(match command {
            Command::Set(path, _) => Self::Path(path.clone()),
            Command::SetBpm(_) => Self::Bpm,
            Command::SetText(_) | Command::EditText { .. } => Self::Text,
            Command::SetLayout(key, _) => Self::Layout(key.clone()),
            _ => return None,
        })
    }

    /// Whether a command sets this one.
    fn fits(&self, command: &Command) -> bool {
        match (self, command) {
            (Self::Path(own), Command::Set(path, _)) => own == path,
            (Self::Bpm, Command::SetBpm(_)) | (Self::Text, Command::SetText(_) | Command::EditText { .. }) => true,
            (Self::Layout(own), Command::SetLayout(key, _)) => own == key,
            _ => false,
        }
    }
}

struct Entry {
    label: Arc<str>,
    origin: Origin,
    steps: Vec<Step>,
    /// What it sets, while it may still merge.
    knobs: Option<Vec<Knob>>,
    at: Option<Instant>,
    /// Which steps are the last of their slot; made at the first merge.
    last: Vec<bool>,
    /// How many edits of others there were when it was made.
    foreign: u64,
}

/// What an undo or redo did.
#[derive(Debug, Clone, PartialEq)]
pub struct TakenBack {
    /// What people call it.
    pub label: Arc<str>,
    /// Who asked for it once.
    pub origin: Origin,
    /// What it changed, in order.
    pub edits: Vec<Edit>,
    /// What was left alone, with the reason.
    pub skipped: Vec<String>,
}

/// The two lists.
#[derive(Default)]
pub struct History {
    undo: VecDeque<Entry>,
    redo: Vec<Entry>,
    foreign: u64,
}

impl History {
    /// Keep what a Batch did. Batches of others than the user are no entries but are remembered as changes.
    pub fn record(&mut self, batch: &Batch, done: Performed, now: Instant) {
        if done.inverse.is_empty() {
            return;
        }
        if !batch.origin.is_user() {
            // The script's text and the layout are nobody's music: a gesture goes on over them.
            let music = |edit: &Edit| !matches!(edit, Edit::Text(_) | Edit::Layout(..));
            self.foreign += u64::from(done.forward.iter().any(music));
            return;
        }
        self.redo.clear();
        let steps = done.inverse.into_iter().zip(done.forward).map(|(undo, now)| Step { undo, now });
        let foreign = self.foreign;
        if let Some(last) = self.undo.back_mut()
            && last.takes(batch, now, foreign)
        {
            last.merge(steps.collect());
            last.at = Some(now);
            return;
        }
        if self.undo.len() >= ENTRIES_MAX {
            self.undo.pop_front();
        }
        self.undo.push_back(Entry {
            label: batch.label.clone(),
            origin: batch.origin,
            steps: steps.collect(),
            knobs: batch.commands.iter().map(Knob::of).collect(),
            at: Some(now),
            last: vec![],
            foreign,
        });
    }

    /// Take the newest entry back. `None` when there is none.
    pub fn undo(&mut self, session: &mut Session) -> Option<TakenBack> {
        let entry = self.undo.pop_back()?;
        let (other, told) = entry.apply(session, self.foreign);
        self.redo.extend(other);
        Some(told)
    }

    /// Do the last entry taken back again. `None` when there is none.
    pub fn redo(&mut self, session: &mut Session) -> Option<TakenBack> {
        let entry = self.redo.pop()?;
        let (other, told) = entry.apply(session, self.foreign);
        self.undo.extend(other);
        Some(told)
    }

    /// Forget everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Both lists as people see them: undo newest last, redo next last.
    pub fn lines(&self) -> (Vec<HistoryLine>, Vec<HistoryLine>) {
        let line = |entry: &Entry| HistoryLine { label: entry.label.clone(), origin: entry.origin };
        (self.undo.iter().map(line).collect(), self.redo.iter().map(line).collect())
    }
}

impl Entry {
    /// Whether a Batch goes on with the same gesture.
    fn takes(&self, batch: &Batch, now: Instant, foreign: u64) -> bool {
        let Some((knobs, at)) = self.knobs.as_ref().zip(self.at) else { return false };
        self.origin == batch.origin
            && self.foreign == foreign
            && now.saturating_duration_since(at) <= MERGE
            && knobs.len() == batch.commands.len()
            && knobs.iter().zip(&batch.commands).all(|(knob, command)| knob.fits(command))
    }

    /// The first state stays what an undo goes back to.
    fn merge(&mut self, steps: Vec<Step>) {
        let alike = steps.len() == self.steps.len()
            && steps.iter().zip(&self.steps).all(|(new, old)| {
                let slot_of_new = slot(&new.now);
                slot_of_new.is_some() && slot_of_new == slot(&old.now)
            });
        if !alike {
            self.steps.extend(steps);
            return;
        }
        // Where one slot is set twice in a Batch, the last step says what is there now.
        if self.last.len() != self.steps.len() {
            let mut seen = HashSet::new();
            let mut last: Vec<bool> = self.steps.iter().rev().map(|step| seen.insert(slot(&step.now))).collect();
            last.reverse();
            self.last = last;
        }
        for ((old, new), _) in self.steps.iter_mut().zip(steps).zip(&self.last).filter(|(_, last)| **last) {
            old.now = new.now;
        }
    }

    /// Apply the steps, newest first; gives the entry that does the opposite, if anything changed.
    fn apply(self, session: &mut Session, foreign: u64) -> (Option<Entry>, TakenBack) {
        let careful = self.foreign != foreign;
        let before = careful.then(|| session.clone());
        let (mut steps, mut skipped) = (Vec::with_capacity(self.steps.len()), vec![]);
        for step in self.steps.into_iter().rev() {
            match session.apply(&step.undo) {
                Ok(now) if now == step.now || !(careful || matches!(now, Edit::Text(_))) => {
                    steps.push(Step { undo: now, now: step.undo })
                }
                Ok(now) => {
                    // Just made, so its inverse applies.
                    let _ = session.apply(&now);
                    skipped.push(format!("{} was changed by others since", place(&step.undo)));
                }
                Err(error) => skipped.push(format!("{}: {error}", place(&step.undo))),
            }
        }
        if let Some(before) = before
            && let Err(why) = session.check()
        {
            *session = before;
            steps.clear();
            skipped = vec![why];
        }
        let edits: Vec<Edit> = steps.iter().map(|step| step.now.clone()).collect();
        let changed = !edits.is_empty();
        let told = TakenBack { label: self.label.clone(), origin: self.origin, edits, skipped };
        let entry =
            Entry { label: self.label, origin: self.origin, steps, knobs: None, at: None, last: vec![], foreign };
        (changed.then_some(entry), told)
    }
}

/// Which slot a plain setting fills; `None` for everything bigger.
fn slot(edit: &Edit) -> Option<(u8, &str, &str, u32)> {
    Some(match edit {
        Edit::Param(name, param, _) => (0, name.as_str(), "", u32::from(param.0)),
        Edit::SampleParam(name, at, param, _) => (1, name.as_str(), "", u32::from(*at) << 8 | u32::from(param.0)),
        Edit::Connection(cable, true) => (2, cable.to.as_str(), cable.from.as_str(), cable.kind as u32),
        Edit::Row(name, number, _) => (3, name.as_str(), "", u32::from(*number)),
        Edit::Layout(key, _) => (4, key, "", 0),
        Edit::Bpm(_) => (5, "", "", 0),
        Edit::Text(_) => (6, "", "", 0),
        _ => return None,
    })
}

/// What an edit is about, for people.
fn place(edit: &Edit) -> String {
    match edit {
        Edit::Bpm(_) => "bpm".to_owned(),
        Edit::Signature(_) => "the signature".to_owned(),
        Edit::Source(_) => "the clock's source".to_owned(),
        Edit::Seed(_) => "the seed".to_owned(),
        Edit::Module(name, _) => name.to_string(),
        Edit::Param(name, param, _) => format!("{name}.{}", param.desc().name),
        Edit::SampleParam(name, at, param, _) => format!("{name}.sample[{}].{}", at + 1, param.desc().name),
        Edit::Connection(cable, _) => format!("the connection {} → {}", cable.from, cable.to),
        Edit::Pattern(name, _) => format!("pattern {name}"),
        Edit::Row(name, number, _) => format!("{name}.row[{number}]"),
        Edit::Chain(name, _) => format!("chain {name}"),
        Edit::Macro(path, _) => format!("the macro of {path}"),
        Edit::Bank(name, _) => format!("bank {name}"),
        Edit::Live(name, _) => format!("the live chunk {name}"),
        Edit::Folders(_) => "the folders".to_owned(),
        Edit::Text(_) => "the script".to_owned(),
        Edit::Layout(key, _) => format!("the layout's {key}"),
        Edit::Rename(from, to) => format!("the name of {from} ({to})"),
        Edit::Whole(_) => "the session".to_owned(),
    }
}

#[cfg(test)]
mod tests;
