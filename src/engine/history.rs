//! Undo and redo of what the user did.
//!
//! Thread: engine. Pure but for the clock passed in. **Invariant:** with one origin, undoing everything gives the
//! first bytes and redoing everything the last; with several, an undo leaves what others set since, even where they
//! set what was there already ([`part`] takes back the parts of a module that are still as the user left them).

pub mod part;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::model::snapshot::HistoryLine;
use crate::model::{Batch, BatchId, Command, Edit, Name, Origin, Path, Performed, Session};

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
    /// The Batches it is made of, newest last; the oldest of a long gesture are forgotten.
    batches: Vec<BatchId>,
    steps: Vec<Step>,
    /// What it sets, while it may still merge.
    knobs: Option<Vec<Knob>>,
    at: Option<Instant>,
    /// Which steps are the last of their slot; made at the first merge.
    last: Vec<bool>,
    /// How many edits of others there were when it was made.
    foreign: u64,
}

/// Most Batches of one gesture that are known by their numbers.
const BATCHES_MAX: usize = 64;

/// What an undo or redo did.
#[derive(Debug, Clone, PartialEq)]
pub struct TakenBack {
    /// What people call it.
    pub label: Arc<str>,
    /// Who asked for it once.
    pub origin: Origin,
    /// The last Batch it is made of.
    pub batch: Option<BatchId>,
    /// What it changed, in order.
    pub edits: Vec<Edit>,
    /// What was left alone, with the reason.
    pub skipped: Vec<String>,
}

/// What others did.
#[derive(Default)]
struct Others {
    /// How many Batches of theirs there were.
    count: u64,
    /// The last one that was more than text or layout: what the script keeps up to date is nobody's music.
    music: u64,
    /// The last one that set each slot.
    set: HashMap<Slot, u64>,
}

impl Others {
    fn act(&mut self, batch: &Batch, forward: &[Edit]) {
        self.count += 1;
        // A live chunk that follows a new name with its text is no more than text.
        let is_text = batch.commands.iter().any(|command| matches!(command, Command::EditText { .. }));
        for edit in forward {
            if is_text && matches!(edit, Edit::Live(..)) {
                continue;
            }
            if !matches!(edit, Edit::Text(_) | Edit::Layout(..) | Edit::Desk(_) | Edit::Agreed(..)) {
                self.music = self.count;
            }
            if let Some(slot) = slot(edit) {
                self.set.insert(slot, self.count);
            }
        }
    }

    /// Whether they set this slot after their first `count` Batches.
    fn have_set(&self, edit: &Edit, count: u64) -> bool {
        !self.set.is_empty() && slot(edit).and_then(|slot| self.set.get(&slot)).is_some_and(|last| *last > count)
    }
}

/// The two lists.
#[derive(Default)]
pub struct History {
    undo: VecDeque<Entry>,
    redo: Vec<Entry>,
    others: Others,
}

impl History {
    /// Keep what a Batch did. Batches of others than the user are no entries but are remembered as changes.
    pub fn record(&mut self, batch: &Batch, done: Performed, now: Instant) {
        if done.inverse.is_empty() {
            return;
        }
        if !batch.origin.is_user() {
            self.others.act(batch, &done.forward);
            return;
        }
        // A value set to what it was is no step.
        if done.inverse == done.forward {
            return;
        }
        let steps = done.inverse.into_iter().zip(done.forward).map(|(undo, now)| Step { undo, now });
        // Where the desk is, and that somebody accepted a preview, is of the place and the hour: an undo on stage must
        // neither open nor shut the way to the desk.
        let mut steps = steps.filter(|step| !is_of_the_place(step)).peekable();
        if steps.peek().is_none() {
            return;
        }
        self.redo.clear();
        if let Some(last) = self.undo.back_mut()
            && last.takes(batch, now, &self.others)
        {
            last.merge(steps.collect());
            last.at = Some(now);
            if last.batches.len() >= BATCHES_MAX {
                last.batches.remove(0);
            }
            last.batches.push(batch.id);
            return;
        }
        if self.undo.len() >= ENTRIES_MAX {
            self.undo.pop_front();
        }
        self.undo.push_back(Entry {
            label: batch.label.clone(),
            origin: batch.origin,
            batches: vec![batch.id],
            steps: steps.collect(),
            knobs: batch.commands.iter().map(Knob::of).collect(),
            at: Some(now),
            last: vec![],
            foreign: self.others.count,
        });
    }

    /// How many entries undo would take back up to the one that a Batch is part of; `None` when it is in none.
    pub fn depth(&self, batch: BatchId) -> Option<usize> {
        let from_the_end = self.undo.iter().rev().position(|entry| entry.batches.contains(&batch));
        from_the_end.map(|place| place + 1)
    }

    /// Take the newest entry back. `None` when there is none.
    pub fn undo(&mut self, session: &mut Session) -> Option<TakenBack> {
        let entry = self.undo.pop_back()?;
        let (other, told) = entry.apply(session, &self.others);
        self.redo.extend(other);
        Some(told)
    }

    /// Do the last entry taken back again. `None` when there is none.
    pub fn redo(&mut self, session: &mut Session) -> Option<TakenBack> {
        let entry = self.redo.pop()?;
        let (other, told) = entry.apply(session, &self.others);
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
    fn takes(&self, batch: &Batch, now: Instant, others: &Others) -> bool {
        let Some((knobs, at)) = self.knobs.as_ref().zip(self.at) else { return false };
        self.origin == batch.origin
            && others.music <= self.foreign
            && now.saturating_duration_since(at) <= MERGE
            && !knobs.is_empty()
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
    ///
    /// A setting that others changed since is left. So is all that belongs to a module, pattern or chain that was made
    /// or taken away here and is not as it was left: half of such a step would make a mess.
    fn apply(self, session: &mut Session, others: &Others) -> (Option<Entry>, TakenBack) {
        let Entry { label, origin, batches, steps, foreign, .. } = self;
        let careful = others.music > foreign;
        let before = careful.then(|| session.clone());
        let mut leave = Leave::default();
        let mut done = apply_steps(&steps, session, others, foreign, &mut leave);
        while let Some(before) = before.as_ref().filter(|_| leave.is_news()) {
            *session = before.clone();
            done = apply_steps(&steps, session, others, foreign, &mut leave);
        }
        let (mut steps, mut skipped) = done;
        if let Some(before) = before
            && let Err(why) = session.check()
        {
            *session = before;
            steps.clear();
            skipped = vec![why];
        }
        let edits: Vec<Edit> = steps.iter().map(|step| step.now.clone()).collect();
        let changed = !edits.is_empty();
        let told = TakenBack { label: label.clone(), origin, batch: batches.last().copied(), edits, skipped };
        let foreign = others.count;
        let entry = Entry { label, origin, batches, steps, knobs: None, at: None, last: vec![], foreign };
        (changed.then_some(entry), told)
    }
}

/// What is left as it is, because others changed it since.
#[derive(Default)]
struct Leave {
    /// Modules, patterns, chains and layers, with all that belongs to them.
    nouns: HashSet<Name>,
    /// Modules whose cables out are left.
    cables: HashSet<Name>,
    news: bool,
}

impl Leave {
    /// Whether more is to be left than was known before.
    fn is_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    fn has(&self, edit: &Edit) -> bool {
        let noun = |name: &Name| self.nouns.contains(name);
        match edit {
            Edit::Module(name, _) | Edit::Param(name, ..) | Edit::SampleParam(name, ..) => noun(name),
            Edit::Pattern(name, _) | Edit::Row(name, ..) | Edit::Chain(name, _) => noun(name),
            Edit::Connection(cable, _) => noun(&cable.from) || noun(&cable.to) || self.cables.contains(&cable.from),
            Edit::Layer(name, _) | Edit::Events(name, _) | Edit::Mapping(name, _) => noun(name),
            Edit::Macro(path, _) => noun(path.first()),
            Edit::Rename(from, to) => noun(from) || noun(to),
            _ => false,
        }
    }

    /// A step does not go: what belongs to it is left too.
    fn add(&mut self, step: &Step) {
        self.news |= match (&step.undo, &step.now) {
            (Edit::Module(name, a), Edit::Module(_, b)) if a.is_some() != b.is_some() => {
                self.nouns.insert(name.clone())
            }
            (Edit::Pattern(name, a), Edit::Pattern(_, b)) if a.is_some() != b.is_some() => {
                self.nouns.insert(name.clone())
            }
            (Edit::Chain(name, a), Edit::Chain(_, b)) if a.is_some() != b.is_some() => self.nouns.insert(name.clone()),
            (Edit::Layer(name, a), Edit::Layer(_, b)) if a.is_some() != b.is_some() => self.nouns.insert(name.clone()),
            (Edit::Rename(from, to), _) => self.nouns.insert(from.clone()) | self.nouns.insert(to.clone()),
            (Edit::Connection(cable, a), Edit::Connection(_, b)) if a != b => self.cables.insert(cable.from.clone()),
            _ => false,
        };
    }
}

/// Take steps back, newest first: those that went, and why others did not.
fn apply_steps(
    steps: &[Step],
    session: &mut Session,
    others: &Others,
    foreign: u64,
    leave: &mut Leave,
) -> (Vec<Step>, Vec<String>) {
    let careful = others.music > foreign;
    let (mut done, mut skipped) = (Vec::with_capacity(steps.len()), vec![]);
    for step in steps.iter().rev() {
        let changed = || format!("{} was changed by others since", place(&step.undo));
        if leave.has(&step.undo) || others.have_set(&step.undo, foreign) {
            skipped.push(changed());
            continue;
        }
        match session.apply(&step.undo) {
            Ok(now) if !careful || now == step.now => done.push(Step { undo: now, now: step.undo.clone() }),
            Ok(now) => {
                // Just made, so its inverse applies.
                let _ = session.apply(&now);
                if let Some(part) = part::still_ours(&step.undo, &step.now, &now)
                    && let Ok(now) = session.apply(&part)
                {
                    done.push(Step { undo: now, now: part });
                } else {
                    leave.add(step);
                }
                skipped.push(changed());
            }
            Err(error) => {
                leave.add(step);
                skipped.push(format!("{}: {error}", place(&step.undo)));
            }
        }
    }
    skipped.dedup();
    (done, skipped)
}

fn is_of_the_place(step: &Step) -> bool {
    match (&step.undo, &step.now) {
        (Edit::Desk(_), _) => true,
        (Edit::Mapping(_, Some(a)), Edit::Mapping(_, Some(b))) => a.says_the_same(b),
        _ => false,
    }
}

/// A slot that a plain setting fills.
type Slot = (u8, String, String, u32);

/// Which slot a plain setting fills; `None` for everything bigger.
fn slot(edit: &Edit) -> Option<Slot> {
    let slot = |kind: u8, name: &str, other: &str, number: u32| Some((kind, name.to_owned(), other.to_owned(), number));
    match edit {
        Edit::Param(name, param, _) => slot(0, name.as_str(), "", u32::from(param.0)),
        Edit::SampleParam(name, at, param, _) => slot(1, name.as_str(), "", u32::from(*at) << 8 | u32::from(param.0)),
        Edit::Connection(cable, true) => slot(2, cable.to.as_str(), cable.from.as_str(), cable.kind as u32),
        Edit::Row(name, number, _) => slot(3, name.as_str(), "", u32::from(*number)),
        Edit::Layout(key, _) => slot(4, key, "", 0),
        Edit::Bpm(_) => slot(5, "", "", 0),
        Edit::Text(_) => slot(6, "", "", 0),
        Edit::Signature(_) => slot(7, "", "", 0),
        Edit::Source(_) => slot(8, "", "", 0),
        Edit::Seed(_) => slot(9, "", "", 0),
        Edit::Macro(path, _) => slot(10, &path.to_string(), "", 0),
        Edit::Bank(name, _) => slot(11, name, "", 0),
        Edit::Live(name, _) => slot(12, name, "", 0),
        Edit::Folders(_) => slot(13, "", "", 0),
        Edit::Songs(_) => slot(14, "", "", 0),
        Edit::Mapping(name, _) => slot(15, name.as_str(), "", 0),
        _ => None,
    }
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
        Edit::Songs(_) => "the songs".to_owned(),
        Edit::Layer(name, _) => format!("layer {name}"),
        Edit::Events(name, _) => format!("events of {name}"),
        Edit::Mapping(name, _) | Edit::Agreed(name, _) => format!("the desk mapping of {name}"),
        Edit::Desk(_) => "where the desk is".to_owned(),
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
