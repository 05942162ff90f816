//! What audio plays: flat, index-based, complete. Compiled by the engine, read by audio.
//!
//! A Program is the whole truth at one revision: audio swaps to a newer one at one frame and needs no history, so a
//! message lost with a stopped host is never missed. Unchanged parts are shared between Programs (`Arc`), so an edit
//! costs what it changes. Things audio holds on to by itself (clips in voices) are [`Lent`].
//!
//! Slots are stable: a module keeps its slot as long as it lives, through every edit and rename; audio keys its moving
//! state (voices, playheads, gain ramps) by slot. A slot given to another module comes with another `uid`.

use std::sync::Arc;

use super::vault::Lent;
use crate::model::param::PARAM_COUNT;
use crate::model::{AudioClip, Curve, Param, Signature, Uid};

/// All values of a sampler or sample, by [`Param`] place; choices and switches as their number.
pub type Values = [f32; PARAM_COUNT];

/// Everything audio needs to know.
#[derive(Debug, Default)]
pub struct Program {
    /// Snapshot revision it was compiled from.
    pub revision: u64,
    /// Only the internal clock leads (the host's transport is not followed).
    pub internal_clock: bool,
    /// Internal tempo, beats per minute.
    pub bpm: f64,
    /// Internal signature.
    pub signature: Signature,
    /// Source of chance.
    pub seed: u64,
    /// Sequencers do not play (after hush, until the next play or evaluation).
    pub hushed: bool,
    /// Samplers; other parts point here by place.
    pub samplers: Vec<Arc<SamplerProgram>>,
    /// Sequencers.
    pub sequencers: Vec<SequencerProgram>,
    /// Every module that audio runs through, in an order in which inputs come before outputs.
    pub nodes: Vec<Node>,
    /// Macro mappings.
    pub macros: Vec<MacroProgram>,
}

/// A sampler.
#[derive(Debug)]
pub struct SamplerProgram {
    /// Place of its moving state, below `SAMPLERS_MAX`.
    pub slot: u16,
    /// Whose state that is.
    pub uid: Uid,
    /// Off: silent, triggers are ignored.
    pub enabled: bool,
    /// Set values (macros not included).
    pub values: Values,
    /// Samples in order; a row's index 1 is the first.
    pub bank: Arc<[SampleProgram]>,
}

/// A sample of a bank.
#[derive(Debug, Clone)]
pub struct SampleProgram {
    /// The sound; `None` while it loads or when it is missing.
    pub clip: Option<Lent<AudioClip>>,
    /// Values of its own, where `own` has the bit `1 << param.0`; other places are 0.
    pub values: Values,
    /// Which values are its own.
    pub own: u32,
}

/// A sequencer.
#[derive(Debug)]
pub struct SequencerProgram {
    /// Place of its moving state, below `SEQUENCERS_MAX`.
    pub slot: u16,
    /// Whose state that is.
    pub uid: Uid,
    /// Off: plays nothing.
    pub enabled: bool,
    /// Samplers it plays, by place in [`Program::samplers`].
    pub targets: Vec<u16>,
    /// What it plays: patterns one after the other from beat 0, round and round. One entry when no chain is on;
    /// none when all are muted.
    pub entries: Arc<[EntryProgram]>,
}

/// A stretch of a sequencer's round.
#[derive(Debug, Clone)]
pub struct EntryProgram {
    /// The pattern.
    pub pattern: Arc<PatternProgram>,
    /// Start within the round, quarter notes.
    pub start: f64,
    /// How often it plays here, at least 1.
    pub repeats: u32,
    /// How often the same pattern played in this round before this entry.
    pub cycles_before: u32,
    /// How often the same pattern plays in one round.
    pub cycles_per_round: u32,
}

/// A pattern.
#[derive(Debug)]
pub struct PatternProgram {
    /// Number the engine knows it by, for reports.
    pub number: u16,
    /// Source of its chance.
    pub salt: u64,
    /// Rows per quarter note; negative plays the rows last to first.
    pub steps_per_beat: f64,
    /// Whether the host's loop passes count as cycles.
    pub by_pass: bool,
    /// The rows that play, first at place 0; at least one.
    pub rows: Vec<RowProgram>,
}

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub enum RowProgram {
    /// Nothing.
    Empty,
    /// Releases.
    Rest,
    /// Plays.
    Hit(HitProgram),
}

/// A hit; hidden columns are left out by the compiler.
#[derive(Debug, Clone, PartialEq)]
pub struct HitProgram {
    /// Sample, from 1.
    pub index: u16,
    /// MIDI note; `None` plays at the root.
    pub note: Option<u8>,
    /// Gate in rows; `None` has no gate.
    pub length: Option<u8>,
    /// Percent.
    pub chance: u8,
    /// Plays on cycle `.0` of every `.1`.
    pub ratio: (u8, u8),
    /// Columns, at most [`super::message::COLUMNS_MAX`] are reported, all are played.
    pub params: Vec<(Param, f32)>,
}

/// A module that audio runs through.
#[derive(Debug)]
pub struct Node {
    /// Place of its bus and gain ramp, below `MODULES_MAX`. Meters are by this slot too.
    pub slot: u16,
    /// Whose state that is.
    pub uid: Uid,
    /// What it does.
    pub kind: NodeKind,
    /// Off: silent.
    pub enabled: bool,
    /// Set `masterVolume` (1 for samplers), linear.
    pub volume: f32,
    /// What is summed into it.
    pub inputs: Vec<Cable>,
}

/// What a node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// Voices of the sampler at this place in [`Program::samplers`].
    Sampler(u16),
    /// Main input of the host.
    HostIn,
    /// Sidechain input of the host.
    Sidechain,
    /// Sum.
    Mixer,
    /// Main output.
    Main,
    /// Auxiliary output, 0-7.
    Aux(u8),
}

/// A connection into a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cable {
    /// The node it comes from, by place in [`Program::nodes`]; always an earlier one.
    pub from: u16,
    /// Set volume, linear, 0-1.
    pub volume: f32,
    /// Identity of the cable: the same cable keeps its gain ramp.
    pub key: u64,
}

/// A macro mapping: value = min + (max − min) · curve(macro), in place of the set value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MacroProgram {
    /// Which macro, from 0.
    pub number: u8,
    /// What it sets.
    pub target: MacroTarget,
    /// Value at 0.
    pub min: f32,
    /// Value at 1.
    pub max: f32,
    /// The way between.
    pub curve: Curve,
}

/// What a macro sets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MacroTarget {
    /// A sampler's parameter; place in [`Program::samplers`].
    Sampler(u16, Param),
    /// A node's volume; place in [`Program::nodes`].
    Node(u16),
    /// A cable's volume: node, place in its inputs.
    Cable(u16, u16),
}
