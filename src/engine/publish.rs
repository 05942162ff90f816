//! What the engine shows: the next Snapshot in the making, and the Events that go with it.
//!
//! Thread: engine. Snapshots are made at most once a tick, and only when something changed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::bus::ends::EventHub;
use crate::model::snapshot::{HistoryLine, Waiting};
use crate::model::{
    BatchId, ConsoleKind, ConsoleLine, DeskState, Edit, EvalResult, Event, Loading, Notice, Origin, Recovery, Session,
    Snapshot, TextState, TriggerRecord,
};

/// Most console lines kept.
pub const CONSOLE_MAX: usize = 1000;
/// Most sentences for people kept.
pub const NOTICES_MAX: usize = 100;
/// Most chunk results kept.
pub const EVALS_MAX: usize = 64;
/// Most triggers kept.
pub const TRIGGERS_MAX: usize = 256;

enum Told {
    Applied { batch: BatchId, origin: Origin, edits: Arc<[Edit]>, back: bool },
    Other(Event),
}

/// The Snapshot in the making.
pub struct Board {
    next: Snapshot,
    changed: bool,
    events: Vec<Told>,
    notice_number: u64,
}

fn push<T: Clone>(list: &mut Arc<VecDeque<T>>, thing: T, most: usize) {
    let list = Arc::make_mut(list);
    if list.len() >= most {
        list.pop_front();
    }
    list.push_back(thing);
}

impl Board {
    /// Go on from what is published.
    pub fn new(now: Snapshot) -> Self {
        let notice_number = now.notices.back().map_or(0, |notice| notice.number);
        Self { next: now, changed: false, events: vec![], notice_number }
    }

    /// What will be published next.
    pub fn next(&self) -> &Snapshot {
        &self.next
    }

    /// A sentence for people; also a console line. The same sentence twice in a row is said once.
    pub fn notice(&mut self, text: &str) {
        if self.next.notices.back().is_some_and(|last| &*last.text == text) {
            return;
        }
        self.notice_number += 1;
        let text: Arc<str> = Arc::from(text);
        push(&mut self.next.notices, Notice { number: self.notice_number, text: text.clone() }, NOTICES_MAX);
        self.console(ConsoleLine { kind: ConsoleKind::Notice, text });
    }

    /// A line for the console.
    pub fn console(&mut self, line: ConsoleLine) {
        push(&mut self.next.console, line, CONSOLE_MAX);
        self.next.console_count += 1;
        self.changed = true;
    }

    /// A chunk ended.
    pub fn evaluated(&mut self, result: EvalResult) {
        push(&mut self.next.evals, result, EVALS_MAX);
        self.changed = true;
    }

    /// A trigger was played, or not.
    pub fn triggered(&mut self, record: TriggerRecord) {
        let record = Arc::new(record);
        push(&mut self.next.triggers, record.clone(), TRIGGERS_MAX);
        self.next.trigger_count += 1;
        self.changed = true;
        self.tell(Event::Triggered(record));
    }

    /// The document is this now.
    pub fn session(&mut self, session: &Arc<Session>) {
        self.next.session = session.clone();
        self.changed = true;
    }

    /// Files are this far.
    pub fn media(&mut self, media: BTreeMap<String, Loading>) {
        if *self.next.media != media {
            self.next.media = Arc::new(media);
            self.changed = true;
        }
    }

    /// These Batches wait.
    pub fn waiting(&mut self, waiting: Vec<Waiting>) {
        if *self.next.waiting != waiting {
            self.next.waiting = Arc::new(waiting);
            self.changed = true;
        }
    }

    /// This can be undone and redone.
    pub fn history(&mut self, undo: Vec<HistoryLine>, redo: Vec<HistoryLine>) {
        self.next.undo = Arc::new(undo);
        self.next.redo = Arc::new(redo);
        self.changed = true;
    }

    /// The transport does this; whether that is news.
    pub fn transport(&mut self, playing: bool, host: bool) -> bool {
        let news = (self.next.playing, self.next.host_leads) != (playing, host);
        (self.next.playing, self.next.host_leads) = (playing, host);
        self.changed |= news;
        news
    }

    /// Hush is on or off; whether that is news.
    pub fn hushed(&mut self, hushed: bool) -> bool {
        let news = self.next.hushed != hushed;
        self.next.hushed = hushed;
        self.changed |= news;
        news
    }

    /// Tell this once the Snapshot is out.
    pub fn tell(&mut self, event: Event) {
        self.events.push(Told::Other(event));
    }

    /// Tell that a Batch took effect (or, with `back`, was undone or redone), with the revision it will be in.
    pub fn applied(&mut self, batch: BatchId, origin: Origin, edits: Arc<[Edit]>, back: bool) {
        self.events.push(Told::Applied { batch, origin, edits, back });
    }

    /// So it stands with work that a crash left.
    pub fn recovery(&mut self, recovery: Option<Recovery>) {
        if self.next.recovery != recovery {
            self.next.recovery = recovery;
            self.changed = true;
        }
    }

    /// The link to the desk stands like this.
    pub fn desk(&mut self, desk: Arc<DeskState>) {
        if self.next.desk != desk {
            self.next.desk = desk;
            self.changed = true;
        }
    }

    /// The script's text stands like this.
    pub fn text(&mut self, text: Arc<TextState>) {
        if self.next.text != text {
            self.next.text = text;
            self.changed = true;
        }
    }

    /// Publish if something changed; whether it did.
    pub fn publish(&mut self, to: &ArcSwap<Snapshot>) -> bool {
        let changed = std::mem::take(&mut self.changed);
        if changed {
            self.next.revision += 1;
            to.store(Arc::new(self.next.clone()));
        }
        changed
    }

    /// Tell everybody what happened since the last call.
    pub fn tell_all(&mut self, hub: &EventHub) {
        let revision = self.next.revision;
        for told in self.events.drain(..) {
            match told {
                Told::Applied { batch, origin, edits, back } => {
                    hub.tell(&Event::Applied { batch, origin, revision, edits, back });
                }
                Told::Other(event) => hub.tell(&event),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_changed_is_nothing_published() {
        let cell = ArcSwap::from_pointee(Snapshot::first(Session::new()));
        let mut board = Board::new(Snapshot::first(Session::new()));
        assert!(!board.publish(&cell));
        board.waiting(vec![]);
        board.transport(false, false);
        assert!(!board.publish(&cell));
        board.notice("one");
        assert!(board.publish(&cell) && !board.publish(&cell));
        assert_eq!(cell.load().revision, 1);
    }

    #[test]
    fn lists_keep_the_newest_and_count_all() {
        let mut board = Board::new(Snapshot::first(Session::new()));
        for line in 0..CONSOLE_MAX + 5 {
            board.console(ConsoleLine { kind: ConsoleKind::Output, text: Arc::from(line.to_string()) });
        }
        let seen = board.next();
        assert_eq!((seen.console.len(), seen.console_count), (CONSOLE_MAX, CONSOLE_MAX as u64 + 5));
        assert_eq!(&*seen.console[0].text, "5");
    }

    #[test]
    fn a_sentence_repeated_is_said_once() {
        let mut board = Board::new(Snapshot::first(Session::new()));
        for text in ["a", "a", "b", "a"] {
            board.notice(text);
        }
        let said: Vec<_> = board.next().notices.iter().map(|notice| (notice.number, &*notice.text)).collect();
        assert_eq!(said, [(1, "a"), (2, "b"), (3, "a")]);
    }
}
