//! What happened, past tense: told by the engine to whoever subscribed.
//!
//! Thread: any.

use std::sync::Arc;

use serde::Serialize;

use super::command::{BatchId, Origin, RecoveryVerb};
use super::edit::Edit;
use super::name::Name;
use super::param::Param;

/// Why a trigger did or did not sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Why {
    /// It sounded.
    Fired,
    /// The ratio said no.
    Ratio,
    /// The chance roll said no.
    Chance,
    /// No such sample, or its file is not there.
    Missing,
    /// The sampler is switched off.
    Disabled,
    /// A rest row released.
    Rest,
}

/// A trigger as it was played (or not).
#[derive(Debug, Clone, PartialEq)]
pub struct TriggerRecord {
    /// Rendered frame since the instance was made.
    pub frame: u64,
    /// Song position, quarter notes.
    pub beat: f64,
    /// The sampler.
    pub module: Name,
    /// The sequencer, for rows.
    pub sequencer: Option<Name>,
    /// The pattern, for rows.
    pub pattern: Option<Name>,
    /// The row, from 1.
    pub row: Option<u16>,
    /// Sample, from 1; 0 for a rest.
    pub index: u16,
    /// Note, if one was given.
    pub note: Option<u8>,
    /// Row columns that were sent.
    pub params: Vec<(Param, f32)>,
    /// Whether and why.
    pub why: Why,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A Batch took effect.
    Applied {
        /// Its number.
        batch: BatchId,
        /// Who asked.
        origin: Origin,
        /// Snapshot it is in.
        revision: u64,
        /// What it changed, in order: the new content of each slot. Empty when nothing did.
        edits: Arc<[Edit]>,
        /// Whether it is an undo or redo; `origin` is then who asked for it once. Not told of a chunk that audio could
        /// not bear: its text stays as it was typed.
        back: bool,
    },
    /// What to do with work that a crash left.
    Recover(RecoveryVerb),
    /// Something asked of the desk link.
    Desk(super::desk::DeskVerb),
    /// The session as it is shall be written into the script's text.
    WriteText,
    /// A Batch was refused; nothing changed.
    Refused {
        /// Its number.
        batch: BatchId,
        /// Who asked.
        origin: Origin,
        /// Why.
        error: Arc<str>,
    },
    /// A Batch was taken back because audio could not bear it: what its chunk registered ends, and what it replaced
    /// goes on. The session's part of it is told as [`Event::Applied`].
    TakenBack {
        /// Its number.
        batch: BatchId,
    },
    /// A row or shot was played, or not.
    Triggered(Arc<TriggerRecord>),
    /// The transport started, stopped or jumped.
    Transport,
    /// A state was loaded: live chunks run again from the Snapshot.
    Loaded,
    /// Hush or panic: timers and scheduled work are dropped.
    Hushed,
}
