//! What crosses the border to audio and back, and the jobs of the media workers.
//!
//! Thread: made by one side, read by the other. Realtime: everything here is moved without allocation.

use std::sync::Arc;

use super::program::Program;
use super::vault::Lent;
use crate::model::{AudioClip, DropShots, Param, TransportVerb, Why};

/// Row columns carried in a message. A row with more plays them all and reports the first ones.
pub const COLUMNS_MAX: usize = 8;

/// From the engine to audio. Every one counts; order is kept.
#[derive(Debug)]
pub enum ToAudio {
    /// Play this from the next block on. Drops nothing that sounds.
    Swap(Lent<Program>),
    /// Forget all plans.
    ClearPlans,
    /// Play this from `due` on (quarter notes): swap at that frame and report. Plans come soonest first, each
    /// containing the ones before. With the clock stopped, or `due` behind, it swaps at once.
    Plan {
        /// Number for the report.
        id: u64,
        /// Song position.
        due: f64,
        /// What to play from there.
        program: Lent<Program>,
    },
    /// Play a hit.
    Shot(ShotMessage),
    /// Move the internal clock.
    Transport(TransportVerb),
    /// Release all voices in 50 ms, drop scheduled shots.
    Hush,
    /// Cut all voices in 5 ms, drop scheduled shots and tails.
    Panic,
    /// Drop scheduled shots (a chunk was stopped or run again, a Batch has another moment now).
    DropShots(DropShots),
    /// Cut the voices that began at this rendered frame or later in 5 ms, drop scheduled shots: what started them was
    /// too much.
    CutSince(u64),
}

/// A hit asked for directly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShotMessage {
    /// Sampler slot.
    pub slot: u16,
    /// Sample, from 1.
    pub index: u16,
    /// Note, 255 for none.
    pub note: u8,
    /// How many of `params` are used.
    pub count: u8,
    /// Song position at which to sound, quarter notes; `NAN` is at once.
    pub at: f64,
    /// [`crate::model::ClockMap::jump`] it was looked ahead from: after the next jump it is void. `None` holds through.
    pub jump: Option<u32>,
    /// Gate, quarter notes; `NAN` is none.
    pub gate: f32,
    /// Who can have it dropped: [`crate::model::Batch::owner`].
    pub owner: u32,
    /// Values of this hit.
    pub params: [(Param, f32); COLUMNS_MAX],
}

/// From audio to the engine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FromAudio {
    /// A row or shot was played, or not.
    Fired(Fired),
    /// A plan took effect.
    Swapped {
        /// Its number.
        id: u64,
        /// Rendered frame.
        frame: u64,
    },
    /// A host macro moved (0-63): once a block at most.
    MacroMoved(u8, f32),
    /// The transport started, stopped or jumped.
    Transport {
        /// Whether the song position moves.
        playing: bool,
        /// Whether the host leads.
        host: bool,
    },
    /// A transport command was not obeyed because the host leads.
    HostLeads,
    /// The host's hush switch went on.
    HushPressed,
}

/// A trigger as audio played it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fired {
    /// Rendered frame since the instance was made.
    pub frame: u64,
    /// Song position, quarter notes.
    pub beat: f64,
    /// Sampler slot.
    pub sampler: u16,
    /// Sequencer slot; `u16::MAX` for shots and notes.
    pub sequencer: u16,
    /// Pattern number; `u16::MAX` for shots and notes.
    pub pattern: u16,
    /// Row from 1; 0 for shots and notes.
    pub row: u16,
    /// Sample from 1; 0 for a rest.
    pub index: u16,
    /// Note, 255 for none.
    pub note: u8,
    /// How many of `params` are used.
    pub count: u8,
    /// Whether it sounded, and why not.
    pub why: Why,
    /// Columns sent.
    pub params: [(Param, f32); COLUMNS_MAX],
}

/// Work for a media worker.
#[derive(Debug, Clone, PartialEq)]
pub enum Job {
    /// Decode a file into memory.
    Decode {
        /// The file as asked for.
        path: String,
        /// Where to look, in order.
        folders: Vec<String>,
        /// Number the engine knows the job by.
        number: u64,
    },
}

/// What became of a job.
#[derive(Debug)]
pub enum JobDone {
    /// Share done, 0-1.
    Progress {
        /// The job.
        number: u64,
        /// Share.
        share: f32,
    },
    /// Decoded.
    Decoded {
        /// The job.
        number: u64,
        /// The file as asked for.
        path: String,
        /// The sound, or a sentence that says what is wrong and where it was looked for.
        result: Result<AudioClip, Arc<str>>,
    },
}
