//! THE NOUNS AND VERBS: pure values that every room shares.
//!
//! Thread: any. **Invariant:** no threads, no I/O, no locks, no clock in here.
//!
//! Reading order: [`name`] and [`time`] (what things are called, when they are), [`param`] (the one
//! declaration list), [`session`] (the document), [`layer`] and [`desk`] (its part for the lights), [`path`] (how a person points into it),
//! [`edit`] (one invertible change), [`item`] (what can differ), [`command`] (what is asked), [`event`] and [`snapshot`]
//! (what is told), [`mod@file`] (how it is kept), [`lexicon`] (what an editor says about the language).

pub mod bank;
pub mod clip;
pub mod command;
pub mod desk;
pub mod edit;
pub mod event;
pub mod event_word;
pub mod file;
pub mod item;
pub mod layer;
pub mod lexicon;
pub mod name;
pub mod param;
pub mod path;
pub mod pattern;
pub mod perform;
pub mod sample_name;
pub mod session;
pub mod snapshot;
pub mod text;
pub mod time;

pub use clip::AudioClip;
pub use command::{
    Ask, Batch, BatchId, Command, DropShots, EvalCall, Moment, Origin, RecoveryVerb, Shot, TransportVerb, When,
};
pub use desk::{
    Agreed, Choice, Conflict, Counts, CueRule, DeskConfig, DeskEvent, DeskInfo, DeskState, DeskVerb, Direction,
    Dispute, LinkState, Mapping, MappingState, MappingStatus, Policy, Preview, Side, TestLine, TrackName,
};
pub use edit::{Edit, EditError};
pub use event::{Event, TriggerRecord, Why};
pub use item::Item;
pub use layer::{Anchor, Entry, FrameRate, Layer, LayerEvent, Put, TICKS_PER_SECOND};
pub use lexicon::{Argument, Completion, Lexicon};
pub use name::{Name, NameError, Uid};
pub use param::{Param, ParamKind, ParamMap, Unit};
pub use path::{Path, PathError};
pub use pattern::{Chain, ChainEntry, Column, Cycles, Hit, Pattern, Row};
pub use perform::Performed;
pub use session::{
    ClockSource, ConnKind, Connection, Curve, MacroMap, Module, ModuleBody, ModuleKind, Sample, Session, Song,
};
pub use snapshot::{
    ConsoleKind, ConsoleLine, EvalOutcome, EvalResult, Loading, Notice, Recovery, SampleState, Snapshot, TextMark,
    TextState,
};
pub use time::{BeatSpan, ClockMap, Signature, Timing};
