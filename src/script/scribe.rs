//! THE SCRIBE: writes what was changed elsewhere into the person's text, and tells how the text stands.
//!
//! Thread: scribe. **Invariants:** a text is only replaced by who has read it ([`Command::EditText`]); what the scribe
//! writes is no item, so it never wakes itself; callbacks own what they set, and the text what a chunk set.

mod touched;
mod words;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::dry::Dry;
use super::mirror::mirror;
use super::patch::patch;
use super::source;
use super::vm::Now;
use crate::bus::{Files, Pace, ScribeEnds, Station};
use crate::model::{Ask, Batch, BatchId, Command, Edit, Event, Item, Origin, Session, Snapshot, TextMark, TextState};
use touched::Touched;

/// After the last change outside, before it is written.
pub const QUIET: Duration = Duration::from_millis(100);
/// Between two texts while a knob is dragged.
pub const DRAG: Duration = Duration::from_millis(250);
/// After the last change, before text and session are compared.
pub const LOOK_QUIET: Duration = Duration::from_millis(300);
/// Between two comparisons while changes do not end.
pub const LOOK_BUSY: Duration = Duration::from_secs(2);
/// Most differences told.
pub const DIFFERS_MAX: usize = 200;
/// How long it waits when nothing is due: whoever has something wakes it.
const SLEEP: Duration = Duration::from_secs(60);
/// How soon it tries again when the engine's queue is full.
const AGAIN: Duration = Duration::from_millis(20);

/// A text that was sent and not told as applied yet.
struct Flight {
    batch: BatchId,
    after: Arc<str>,
    items: Vec<Item>,
}

/// Something the text computes; it is marked until the text there, or what the session has, is another.
struct Left {
    item: Item,
    /// The line it was marked at.
    content: String,
}

/// How often the scribe did what costs time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Texts sent.
    pub written: u64,
    /// Times that text and session were compared.
    pub compared: u64,
}

/// The scribe's station.
pub struct Scribe {
    ends: ScribeEnds,
    dry: Dry,
    /// The session as events told it.
    known: Session,
    touched: Touched,
    left: Vec<Left>,
    marks: Marks,
    /// What it wrote and no chunk has set since.
    ours: BTreeSet<Item>,
    flight: Option<Flight>,
    /// A text that does not run: nothing is tried until there is another.
    broken: Option<Arc<str>>,
    asked: bool,
    first: Option<Instant>,
    last: Option<Instant>,
    wrote: Option<Instant>,
    changed: Option<Instant>,
    compared: Option<Instant>,
    stale: bool,
    told: Arc<TextState>,
    counts: Counts,
}

/// The marks made last, and what they were made from.
#[derive(Default)]
struct Marks {
    text: Arc<str>,
    values: Vec<(Item, Option<String>)>,
    made: Vec<TextMark>,
}

impl Scribe {
    /// A scribe on these wires. `now` reads the clock that budgets are measured with. Make it on its own thread.
    pub fn new(ends: ScribeEnds, files: Arc<dyn Files>, now: Now) -> Self {
        Self {
            ends,
            dry: Dry::new(files, now),
            // Every change since the wires were made is in the events.
            known: Session::new(),
            touched: Touched::default(),
            left: vec![],
            marks: Marks::default(),
            ours: BTreeSet::new(),
            flight: None,
            broken: None,
            asked: false,
            first: None,
            last: None,
            wrote: None,
            changed: None,
            compared: None,
            stale: true,
            told: Arc::default(),
            counts: Counts::default(),
        }
    }

    /// How often it did what costs time.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    fn hear(&mut self, now: Instant) {
        while let Some(event) = self.ends.events.next() {
            match event {
                Event::Applied { batch, origin, edits, back, .. } => self.applied(batch, origin, &edits, back, now),
                Event::Refused { batch, .. } => self.landed(batch, false, now),
                Event::Loaded => self.forget(),
                Event::WriteText => self.asked = true,
                Event::TakenBack { .. }
                | Event::Triggered(_)
                | Event::Transport
                | Event::Hushed
                | Event::Desk(_)
                | Event::Recover(_) => {}
            }
        }
        if self.ends.events.lagged() {
            // Who changed what is not known any more; the comparison still finds what differs.
            self.known = (*self.ends.snapshot.load().session).clone();
            if let Some(flight) = &self.flight {
                let arrived = self.known.text == flight.after;
                self.landed(flight.batch, arrived, now);
            }
            (self.stale, self.changed) = (true, Some(now));
        }
    }

    /// A state was loaded: the text that came with it is right as it is.
    fn forget(&mut self) {
        (self.touched, self.left, self.flight, self.broken) = Default::default();
        self.ours.clear();
        self.dry.forget();
        self.asked = false;
    }

    fn applied(&mut self, batch: BatchId, origin: Origin, edits: &[Edit], back: bool, now: Instant) {
        // Where somebody looks is no change.
        if edits.iter().any(|edit| !matches!(edit, Edit::Layout(..))) {
            (self.stale, self.changed) = (true, Some(now));
        }
        let own = self.flight.as_ref().is_some_and(|flight| flight.batch == batch);
        let owned = own || !back && matches!(origin, Origin::Script | Origin::Callback);
        for edit in edits {
            let items = if matches!(edit, Edit::Whole(_)) { vec![] } else { Item::of(edit, &self.known) };
            if self.known.apply(edit).is_err() {
                self.known = (*self.ends.snapshot.load().session).clone();
            }
            for item in items {
                if owned { self.let_go(item, origin, now) } else { self.touch(item, now) }
            }
        }
        self.landed(batch, edits.iter().any(|edit| matches!(edit, Edit::Text(_))), now);
    }

    fn touch(&mut self, item: Item, now: Instant) {
        if let Item::Rename(from, to) = &item {
            self.follow(from, to);
        }
        self.left.retain(|left| left.item != item);
        self.touched.add(item);
        self.first.get_or_insert(now);
        self.last = Some(now);
    }

    /// A chunk or callback has set it and answers for it.
    fn let_go(&mut self, item: Item, origin: Origin, now: Instant) {
        if let Item::Rename(from, to) = &item {
            self.touched.follow(from, to);
            return self.follow(from, to);
        }
        self.touched.remove(&item);
        self.left.retain(|left| left.item != item);
        // The chunk was sent before the number stood in its text: now the text is behind.
        if self.ours.remove(&item) && origin == Origin::Script {
            self.touch(item, now);
        }
    }

    fn follow(&mut self, from: &crate::model::Name, to: &crate::model::Name) {
        self.ours = std::mem::take(&mut self.ours).into_iter().map(|item| item.renamed(from, to)).collect();
        for left in &mut self.left {
            left.item = left.item.renamed(from, to);
        }
    }

    /// The engine has told what became of a text that was sent.
    fn landed(&mut self, batch: BatchId, arrived: bool, now: Instant) {
        let Some(flight) = self.flight.take_if(|flight| flight.batch == batch) else { return };
        if !arrived {
            // Somebody typed in between: once more, on their text, what came since behind it.
            let since = self.touched.take();
            flight.items.into_iter().chain(since).for_each(|item| self.touched.add(item));
            self.first.get_or_insert(now);
            self.last.get_or_insert(now);
        }
    }

    /// When what was touched is to be written, if it is.
    fn write_due(&self) -> Option<Instant> {
        if self.flight.is_some() || self.touched.is_empty() || self.is_broken() {
            return None;
        }
        let quiet = self.last? + QUIET;
        let drag = self.first? + DRAG;
        let due = quiet.min(drag);
        Some(self.wrote.map_or(due, |wrote| due.max(wrote + DRAG)))
    }

    /// Whether the text there now is known not to run.
    fn is_broken(&self) -> bool {
        self.broken.as_ref().is_some_and(|text| *text == self.ends.snapshot.load().session.text)
    }

    /// Everything that differs shall be written.
    fn touch_all(&mut self, snapshot: &Snapshot, now: Instant) -> Result<(), Ask> {
        self.dry.forget();
        let (session, text) = (&snapshot.session, &snapshot.session.text);
        match self.dry.run(text, &session.folders) {
            Ok(made) => {
                made.session.diff(session).into_iter().for_each(|item| self.touch(item, now));
                self.wrote = None;
                Ok(())
            }
            Err(failure) => self.ends.asks.send(Ask::Notice(format!(
                "the session is not written into the script, for the script does not run: {}",
                failure.text()
            ))),
        }
    }

    /// The whole session as a script, behind what stands there: for a text without code.
    fn write_whole(&mut self, snapshot: &Snapshot, now: Instant) -> Result<(), Batch> {
        let before = snapshot.session.text.clone();
        let head = before.trim_end();
        let gap = if head.is_empty() { "" } else { "\n\n" };
        let after = Arc::from(format!("{head}{gap}{}", mirror(&snapshot.session)));
        self.send(before, after, (vec![], vec![]), now)
    }

    /// Send a text with the items that it now makes, and the live chunks that follow it.
    fn send(
        &mut self,
        before: Arc<str>,
        after: Arc<str>,
        (items, lives): (Vec<Item>, Vec<Command>),
        now: Instant,
    ) -> Result<(), Batch> {
        let commands = [vec![Command::EditText { before, after: after.clone() }], lives].concat();
        // As the host's: no step of the user's undo.
        let batch = Batch::now(Origin::Host, "the session in the script", commands);
        let id = batch.id;
        self.ends.asks.batch(batch)?;
        self.counts.written += 1;
        self.flight = Some(Flight { batch: id, after, items });
        self.wrote = Some(now);
        (self.first, self.last) = (None, None);
        Ok(())
    }

    /// Live chunks that run as `before` has them and that `after`, with other names in it, makes otherwise: they are run
    /// again, as the text has them now. One that the text does not make as it runs is left alone.
    fn lives_that_follow(&mut self, before: &str, after: &str, session: &Session) -> Vec<Command> {
        let mut made = |text: &str| self.dry.run(text, &session.folders).map(|made| made.session.live.clone());
        let (Ok(old), Ok(new)) = (made(before), made(after)) else { return vec![] };
        let follows = new.into_iter().filter(|(name, text)| {
            let was = old.get(name);
            was.is_some_and(|was| was != text) && was == session.live.get(name)
        });
        follows.map(|(name, text)| Command::SetLive(name, Some(text))).collect()
    }

    /// Write what was touched; an error is a full queue, and everything is as before.
    fn write(&mut self, snapshot: &Snapshot, now: Instant) -> Result<(), Batch> {
        let session = &snapshot.session;
        let text = session.text.clone();
        if !source::has_code(&text) {
            // Nobody has begun a script: there is nothing to keep up.
            (self.first, self.last) = (None, None);
            self.touched.take();
            return Ok(());
        }
        if self.dry.run(&text, &session.folders).is_err() {
            self.broken = Some(text);
            self.compare(snapshot, now);
            return Ok(());
        }
        let patched = patch(&mut self.dry, &text, session, &session.folders, self.touched.items());
        let items = patched.written.clone();
        if *patched.text != *text {
            let renamed = items.iter().any(|item| matches!(item, Item::Rename(..)));
            let lives = if renamed { self.lives_that_follow(&text, &patched.text, session) } else { vec![] };
            self.send(text, patched.text.clone(), (items.clone(), lives), now)?;
        }
        (self.first, self.last) = (None, None);
        self.wrote = Some(now);
        self.ours.extend(items.iter().filter(|item| !matches!(item, Item::Rename(..))).cloned());
        let marked = |item: &Item| patched.marks.iter().find(|mark| *mark.item == *item.to_string());
        for item in self.touched.take() {
            if !items.contains(&item)
                && let Some(mark) = marked(&item)
            {
                self.left.push(Left { item, content: line(&patched.text, mark.line).to_owned() });
            }
        }
        self.marks = Marks::default();
        self.tell_about(&patched.text, snapshot, now);
        Ok(())
    }

    /// When text and session are to be compared, if they are.
    fn compare_due(&self, now: Instant) -> Option<Instant> {
        let writing = self.flight.is_some() || (!self.touched.is_empty() && !self.is_broken());
        if !self.stale || writing || !self.ends.watch.is_looked_at() {
            return None;
        }
        let quiet = self.changed.map_or(now, |changed| changed + LOOK_QUIET);
        let busy = self.compared.map_or(now, |compared| compared + LOOK_BUSY);
        Some(if self.compared.is_none() { now } else { quiet.min(busy) })
    }

    fn compare(&mut self, snapshot: &Snapshot, now: Instant) {
        self.tell_about(&snapshot.session.text, snapshot, now);
    }

    /// Tell how `text` (the session's, or the one on its way there) stands against the session.
    fn tell_about(&mut self, text: &Arc<str>, snapshot: &Snapshot, now: Instant) {
        let live = &snapshot.session;
        (self.stale, self.compared) = (false, Some(now));
        self.counts.compared += 1;
        let mut state = TextState { text: text.clone(), ..TextState::default() };
        if source::has_code(text) {
            match self.dry.run(text, &live.folders) {
                Err(failure) => state.error = Some((failure.line, Arc::from(failure.message))),
                Ok(made) => {
                    let differs = made.session.diff(live);
                    let lines = differs.iter().take(DIFFERS_MAX);
                    state.differs = lines.map(|item| Arc::from(words::differs(item, &made.session, live))).collect();
                    state.marks = self.marks_in(text, live, &differs);
                }
            }
        }
        if *self.told != state {
            let state = Arc::new(state);
            match self.ends.asks.send(Ask::TextState(state.clone())) {
                Ok(()) => self.told = state,
                Err(_) => self.stale = true,
            }
        }
    }

    /// Marks of what was left alone and still differs.
    fn marks_in(&mut self, text: &Arc<str>, live: &Session, differs: &[Item]) -> Vec<TextMark> {
        let there = |content: &str| text.lines().any(|line| line == content);
        self.left.retain(|left| {
            (differs.contains(&left.item) || matches!(left.item, Item::Rename(..))) && there(&left.content)
        });
        if self.left.is_empty() {
            return vec![];
        }
        let values: Vec<_> = self.left.iter().map(|left| (left.item.clone(), words::show(&left.item, live))).collect();
        if self.marks.text != *text || self.marks.values != values {
            let items: Vec<Item> = self.left.iter().map(|left| left.item.clone()).collect();
            let mut made = patch(&mut self.dry, text, live, &live.folders, &items).marks;
            made.sort_by_key(|mark| mark.line);
            self.marks = Marks { text: text.clone(), values, made };
        }
        self.marks.made.clone()
    }

    /// Do what is due; whether the engine had room for it.
    fn work(&mut self, now: Instant) -> bool {
        let snapshot = self.ends.snapshot.load_full();
        if self.asked && self.flight.is_none() {
            let done = match source::has_code(&snapshot.session.text) {
                true => self.touch_all(&snapshot, now).is_ok(),
                false => self.write_whole(&snapshot, now).is_ok(),
            };
            self.asked = !done;
            if !done {
                return false;
            }
            if !self.touched.is_empty() {
                return self.write(&snapshot, now).is_ok();
            }
        }
        if self.write_due().is_some_and(|due| due <= now) && self.write(&snapshot, now).is_err() {
            return false;
        }
        if self.compare_due(now).is_some_and(|due| due <= now) {
            self.compare(&snapshot, now);
        }
        true
    }
}

/// A line of a text, from 1.
fn line(text: &str, number: u32) -> &str {
    text.lines().nth((number as usize).saturating_sub(1)).unwrap_or_default()
}

impl Station for Scribe {
    fn tick(&mut self, now: Instant) -> Pace {
        self.hear(now);
        if !self.work(now) {
            return Pace::Idle(AGAIN);
        }
        let due = [self.write_due(), self.compare_due(now)].into_iter().flatten().min();
        Pace::Idle(due.map_or(SLEEP, |due| due.saturating_duration_since(now)))
    }

    fn recover(&mut self, message: &str) {
        self.forget();
        self.known = (*self.ends.snapshot.load().session).clone();
        self.told = Arc::default();
        self.stale = false;
        let text = format!("the script's text is not kept up with what was just changed: {message}");
        // With a full queue nobody is told; the comparison still shows what differs.
        let _ = self.ends.asks.send(Ask::Notice(text));
    }
}
