//! What may be asked of the engine: Commands in Batches, and the few verbs that are not edits.
//!
//! Thread: any. Present tense, plain data: a Command can be printed, compared and replayed.

use std::sync::Arc;

use super::desk::{Agreed, DeskConfig, DeskVerb, Mapping};
use super::layer::{Anchor, FrameRate, Put};
use super::name::{Name, Uid};
use super::path::Path;
use super::pattern::{ChainEntry, Column, Cycles, Hit, Row};
use super::session::{ClockSource, ConnKind, MacroMap, ModuleKind, Sample, Session, Song};
use super::time::Signature;

/// Number of a Batch, chosen by its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(pub u64);

impl BatchId {
    /// A new number, different from all others.
    pub fn fresh() -> Self {
        Self(Uid::fresh().0)
    }
}

/// Who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A hand on the editor.
    Gui,
    /// A chunk run by a person (editor, file).
    Script,
    /// A line of Lua typed in the console.
    Repl,
    /// A callback of a chunk (`every`, `onStateChange`): no undo step.
    Callback,
    /// A text command.
    Text,
    /// The host: state loaded, parameters.
    Host,
    /// The desk.
    Desk,
}

impl Origin {
    /// Whether the user's undo takes its batches back.
    pub fn is_user(self) -> bool {
        matches!(self, Self::Gui | Self::Script | Self::Repl | Self::Text)
    }
}

/// The moment a Batch takes effect. With the transport stopped every moment is now.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum When {
    /// At the next block.
    #[default]
    Now,
    /// At this song position, quarter notes.
    Beat(f64),
    /// At the next whole beat.
    NextBeat,
    /// At the next bar of the signature in force.
    NextBar,
    /// When the longest playing pattern ends its cycle.
    NextPattern,
}

/// The moment's name where only a kind is chosen, as the editor does.
pub type Moment = When;

/// All or nothing; one undo step; one audio block.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Its number.
    pub id: BatchId,
    /// Who asked.
    pub origin: Origin,
    /// When it takes effect.
    pub when: When,
    /// What people call it: `Lua line 12`, `drag kick.volume`.
    pub label: Arc<str>,
    /// What is asked, in order.
    pub commands: Vec<Command>,
    /// Number of the script's timer whose hits these are, so that they can be dropped with it; 0 is nobody's.
    pub owner: u32,
}

impl Batch {
    /// A Batch that takes effect now.
    pub fn now(origin: Origin, label: &str, commands: Vec<Command>) -> Self {
        Self { id: BatchId::fresh(), origin, when: When::Now, label: Arc::from(label), commands, owner: 0 }
    }
}

/// What moves the internal clock. Under the host's transport these do nothing and say so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TransportVerb {
    /// From where it stands.
    Play,
    /// Halt and return to the start.
    Stop,
    /// Halt and keep the position.
    Pause,
    /// Halt, return to the start, tell listeners.
    Reset,
    /// Jump to a position, quarter notes.
    Locate(f64),
}

/// One hit asked for directly.
#[derive(Debug, Clone, PartialEq)]
pub struct Shot {
    /// The sampler.
    pub module: Name,
    /// What to play; chance and ratio are not looked at, `length` neither (see `gate`).
    pub hit: Hit,
    /// Gate in quarter notes; `None` plays as the play style says.
    pub gate: Option<f64>,
    /// Song position at which to sound, quarter notes; `None` is at once.
    pub at: Option<f64>,
    /// [`super::ClockMap::jump`] it was looked ahead from: after the next jump it is void. `None` holds through.
    pub jump: Option<u32>,
}

/// One thing asked. Names point at what exists, or at what an earlier Command of the Batch makes.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Put a value at a path. Out of range is clamped and reported.
    Set(Path, f64),
    /// Take a path back to its default (a row column: unset it).
    Unset(Path),
    /// Internal tempo; clamped to 20-480.
    SetBpm(f64),
    /// Internal signature.
    SetSignature(Signature),
    /// Who leads.
    SetSource(ClockSource),
    /// Source of chance.
    SetSeed(u64),
    /// Move the internal clock.
    Transport(TransportVerb),
    /// Make a module; instruments get their automatic cables, a sequencer without pattern gets a new one.
    AddModule {
        /// Identity, chosen by whoever asks.
        uid: Uid,
        /// The type.
        kind: ModuleKind,
        /// The name.
        name: Name,
    },
    /// Take a module away with its cables and mappings.
    RemoveModule(Name),
    /// Give a module, pattern, chain or layer another name; every link follows.
    Rename(Name, Name),
    /// Switch a module on or off.
    Enable(Name, bool),
    /// Make the bank this list. Samples whose path stays keep their values unless the list gives some.
    SetSamples(Name, Vec<Sample>),
    /// Use another file wherever this path is asked for.
    Relink {
        /// Path as written in the session.
        from: String,
        /// The new path.
        to: String,
    },
    /// Lay a cable. The same again changes nothing.
    Connect(Name, Name, ConnKind),
    /// Take a cable out; `None` takes every kind.
    Disconnect(Name, Name, Option<ConnKind>),
    /// Make an empty pattern.
    AddPattern {
        /// Identity, chosen by whoever asks.
        uid: Uid,
        /// The name.
        name: Name,
        /// Rows, 1-256.
        steps: u16,
    },
    /// Take a pattern away; sequencers bound to it are bound to another, chains lose its entries.
    RemovePattern(Name),
    /// How many rows play, 1-256; cut rows are kept.
    SetSteps(Name, u16),
    /// Rows per quarter note, −96 to 96 without 0.
    SetStepsPerBeat(Name, f64),
    /// What a cycle is.
    SetCycles(Name, Cycles),
    /// Source of the pattern's chance (the mirror writes it for renamed patterns).
    SetSalt(Name, u64),
    /// Columns shown, in order; index and length are always among them.
    SetColumns(Name, Vec<Column>),
    /// Put a row (from 1). Columns it needs are shown.
    SetRow(Name, u16, Row),
    /// Make an empty chain.
    AddChain {
        /// Identity, chosen by whoever asks.
        uid: Uid,
        /// The name.
        name: Name,
    },
    /// Take a chain away; sequencers bound to it play their pattern.
    RemoveChain(Name),
    /// Make the chain this list.
    SetChain(Name, Vec<ChainEntry>),
    /// What a sequencer plays. `None` leaves that part as it is.
    Bind {
        /// The sequencer.
        sequencer: Name,
        /// A pattern.
        pattern: Option<Name>,
        /// A chain, or no chain.
        chain: Option<Option<Name>>,
        /// Whether the chain plays.
        chain_on: Option<bool>,
    },
    /// Put a song in place by its name: there it is changed, else it comes last.
    SetSong(Song),
    /// Make an empty layer of a song.
    AddLayer {
        /// Identity, chosen by whoever asks.
        uid: Uid,
        /// The name.
        name: Name,
        /// The song, by name.
        song: String,
    },
    /// Take a layer away with its mapping.
    RemoveLayer(Name),
    /// What a layer belongs to and how it counts. `None` leaves that part as it is.
    SetLayer {
        /// The layer.
        name: Name,
        /// The song, by name.
        song: Option<String>,
        /// How times are shown.
        rate: Option<FrameRate>,
        /// What events hold on to.
        anchor: Option<Anchor>,
    },
    /// Put events of a layer in place, or take them out, by identity.
    PutEvents(Name, Arc<[Put]>),
    /// Tie a layer to a track of the desk; `None` unties it.
    MapLayer(Name, Option<Mapping>),
    /// Where the desk is; whether it is armed stays as it is. No step of undo.
    SetDesk(DeskConfig),
    /// Allow or forbid writing on the desk. No step of undo.
    ArmDesk(bool),
    /// Something asked of the desk link. Not an edit.
    Desk(DeskVerb),
    /// The link saw that both sides are in step again: events as the desk has them, and what is agreed now. Refused whole
    /// where one of the events is not `before` any more.
    TakeFromDesk {
        /// The layer.
        layer: Name,
        /// The events as the link read them.
        before: Arc<[Put]>,
        /// The events as they shall be; of the same identities.
        after: Arc<[Put]>,
        /// What is agreed then.
        agreed: Arc<Agreed>,
    },
    /// A person accepted what a mapping will write. No step of undo.
    AcceptMapping(Name),
    /// Let a macro set a parameter; a second mapping replaces the first and says so.
    MapMacro(Path, MacroMap),
    /// Take a mapping away.
    UnmapMacro(Path),
    /// Play a hit. Not an edit.
    Trigger(Shot),
    /// Give a folder (or a glob) a name; `None` takes the bank away.
    SetBank(String, Option<String>),
    /// Keep a live chunk; `None` stops it.
    SetLive(String, Option<Arc<str>>),
    /// Where relative files are looked for, in order.
    SetFolders(Vec<String>),
    /// The script buffer.
    SetText(Arc<str>),
    /// The script buffer, by whoever knows it as `before`: does nothing where it is another by now.
    EditText {
        /// The text that was read.
        before: Arc<str>,
        /// The text to put there.
        after: Arc<str>,
    },
    /// A layout entry.
    SetLayout(String, Option<String>),
    /// Replace the whole document.
    Load(Arc<Session>),
}

/// A chunk to run.
#[derive(Debug, Clone, PartialEq)]
pub struct EvalCall {
    /// Number of the call; its result carries it.
    pub id: u64,
    /// What people call the chunk, for error messages.
    pub chunk: Arc<str>,
    /// Line of the buffer its first line stands on, from 1.
    pub first_line: u32,
    /// The text.
    pub text: Arc<str>,
    /// When its Batch takes effect.
    pub when: When,
    /// Whether a bare expression is printed, as a REPL does.
    pub repl: bool,
    /// Whether it is the whole buffer: what the buffer started before and does not contain any more is stopped.
    pub whole: bool,
}

/// Hits of the script that were sent ahead and are not to be played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DropShots {
    /// Owners from this one on; 0 is hits that a waiting Batch sent ahead.
    pub first: u32,
    /// The last owner.
    pub last: u32,
    /// From this song position on, quarter notes; negative infinity is all.
    pub from: f64,
}

/// What to do with work that a crash left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryVerb {
    /// Play it; again: play what was there before.
    Swap,
    /// Leave it at what plays now, and do not ask again.
    Keep,
}

/// What goes to the engine's queue.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// A Batch.
    Batch(Batch),
    /// Take back the user's last Batch.
    Undo,
    /// Do it again.
    Redo,
    /// Go back to the last good evaluation.
    LastGood,
    /// Row L15: sequencers and live chunks stop, voices release in 50 ms, tails ring.
    Hush,
    /// Row L15: all sound is cut in 5 ms.
    Panic,
    /// Callbacks were stopped or run anew: hits they sent ahead are dropped.
    DropShots(DropShots),
    /// Lines for the console.
    Console(Vec<super::snapshot::ConsoleLine>),
    /// Result of a chunk.
    Evaluated(super::snapshot::EvalResult),
    /// Something people should read.
    Notice(String),
    /// Work that a crash left: what to do with it.
    Recover(RecoveryVerb),
    /// The journal says how it stands with such work.
    Recovery(Option<super::snapshot::Recovery>),
    /// How the link to the desk stands.
    Desk(Arc<super::desk::DeskState>),
    /// How the script's text stands against the session.
    TextState(Arc<super::snapshot::TextState>),
    /// The session as it is shall be written into the script's text, by the smallest edits.
    WriteText,
}
