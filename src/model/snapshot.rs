//! What anyone may see now: one immutable, versioned value.
//!
//! Thread: any reader; made by the engine alone. A held Snapshot never changes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::command::{BatchId, Origin};
use super::event::TriggerRecord;
use super::session::Session;

/// Where a file is on its way to memory.
#[derive(Debug, Clone, PartialEq)]
pub enum Loading {
    /// Asked for, not begun.
    Asked,
    /// Being decoded; share done, 0-1.
    Decoding(f32),
    /// In memory.
    Ready {
        /// Length in frames at its own rate.
        frames: u64,
        /// Frames per second.
        rate: u32,
        /// 1 or 2.
        channels: u8,
    },
    /// Not to be had; the session plays on without it. The text says why and where it was looked for.
    Missing(Arc<str>),
}

/// The state of one file.
pub type SampleState = Loading;

/// A sentence for people.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Number, rising.
    pub number: u64,
    /// The sentence.
    pub text: Arc<str>,
}

/// How a console line is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsoleKind {
    /// What was typed.
    Input,
    /// `print`.
    Output,
    /// A value the REPL shows.
    Value,
    /// An error.
    Error,
    /// A notice.
    Notice,
}

/// A line of the console.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsoleLine {
    /// How it is drawn.
    pub kind: ConsoleKind,
    /// The text, one line.
    pub text: Arc<str>,
}

/// How a chunk ended.
#[derive(Debug, Clone, PartialEq)]
pub enum EvalOutcome {
    /// Its Batch was sent; for a REPL the values it gave.
    Done {
        /// The Batch, if it asked for anything.
        batch: Option<BatchId>,
        /// Values, as text.
        values: Vec<Arc<str>>,
    },
    /// Nothing was sent.
    Failed {
        /// Line of the buffer, from 1, when known.
        line: Option<u32>,
        /// What is wrong.
        message: Arc<str>,
    },
}

/// Result of an [`super::EvalCall`].
#[derive(Debug, Clone, PartialEq)]
pub struct EvalResult {
    /// The call's number.
    pub id: u64,
    /// How it ended.
    pub outcome: EvalOutcome,
}

/// A Batch that waits for its moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// Its number.
    pub batch: BatchId,
    /// What people call it.
    pub label: Arc<str>,
    /// Song position at which it takes effect, quarter notes.
    pub due: f64,
    /// Whether it waits for files too.
    pub loading: bool,
}

/// A place where the script's text says something else than the session and is not written by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct TextMark {
    /// Line of the text, from 1.
    pub line: u32,
    /// What is meant: `kick.volume`.
    pub item: Arc<str>,
    /// What the session has and why the text keeps its own: `0.5 in the session; the script computes it here`.
    pub message: Arc<str>,
    /// The whole text with the expression made a literal, where that gives the session's value.
    pub pin: Option<Arc<str>>,
    /// The whole text with a statement after it that gives the session's value.
    pub over: Option<Arc<str>>,
}

/// How the script's text stands against the session.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TextState {
    /// The text this is about.
    pub text: Arc<str>,
    /// Places that were left alone, by line.
    pub marks: Vec<TextMark>,
    /// What the text, run in an empty session, would make otherwise than it is: a line each, at most 200.
    pub differs: Vec<Arc<str>>,
    /// Why the text cannot be run beside the session: buffer line, from 1, and message.
    pub error: Option<(Option<u32>, Arc<str>)>,
}

/// Work that a crash left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// How old it is and what is in it, for people.
    pub about: Arc<str>,
    /// Whether it is what plays now; else it is offered.
    pub taken: bool,
}

/// One line of the undo list.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryLine {
    /// What people call it.
    pub label: Arc<str>,
    /// Who asked.
    pub origin: Origin,
}

/// What anyone may see now.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Rises with every change. The moving position alone is no change.
    pub revision: u64,
    /// The document.
    pub session: Arc<Session>,
    /// Files by the path asked for.
    pub media: Arc<BTreeMap<String, Loading>>,
    /// Batches that wait, soonest first.
    pub waiting: Arc<Vec<Waiting>>,
    /// Whether the song position moves.
    pub playing: bool,
    /// Whether the host's transport leads.
    pub host_leads: bool,
    /// Last sentences for people, at most 100.
    pub notices: Arc<VecDeque<Notice>>,
    /// Last console lines, at most 1000.
    pub console: Arc<VecDeque<ConsoleLine>>,
    /// How many console lines there ever were.
    pub console_count: u64,
    /// Last chunk results, at most 64.
    pub evals: Arc<VecDeque<EvalResult>>,
    /// Last triggers, at most 256, oldest first.
    pub triggers: Arc<VecDeque<Arc<TriggerRecord>>>,
    /// How many triggers there ever were.
    pub trigger_count: u64,
    /// What undo would take back, newest last.
    pub undo: Arc<Vec<HistoryLine>>,
    /// What redo would do again, next last.
    pub redo: Arc<Vec<HistoryLine>>,
    /// How the script's text stands against the session; about an older text for a moment after an edit.
    pub text: Arc<TextState>,
    /// How the link to the desk stands.
    pub desk: Arc<super::desk::DeskState>,
    /// Work that a crash left, offered or played.
    pub recovery: Option<Recovery>,
    /// Hush is on since the last one; starts again with the next play or evaluation.
    pub hushed: bool,
}

impl Snapshot {
    /// The Snapshot before anything was asked.
    pub fn first(session: Session) -> Self {
        Self {
            revision: 0,
            session: Arc::new(session),
            media: Arc::default(),
            waiting: Arc::default(),
            playing: false,
            host_leads: false,
            notices: Arc::default(),
            console: Arc::default(),
            console_count: 0,
            evals: Arc::default(),
            triggers: Arc::default(),
            trigger_count: 0,
            undo: Arc::default(),
            redo: Arc::default(),
            text: Arc::default(),
            desk: Arc::default(),
            recovery: None,
            hushed: false,
        }
    }

    /// The result of a chunk, if it has ended and is not forgotten.
    pub fn eval(&self, id: u64) -> Option<&EvalResult> {
        self.evals.iter().rev().find(|result| result.id == id)
    }
}
