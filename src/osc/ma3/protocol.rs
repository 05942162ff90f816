//! What the link and the desk plug-in say to each other, as types. Thread: osc. No socket and no clock.
//!
//! `docs/desk-protocol.md` is the contract. [`Request`] goes out as fragments ([`fragment`]), [`Message`] comes in
//! ([`message`]), read once and strictly: what is required and missing, or out of its range, is an error that names it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::DeskEvent;

pub mod base64;
pub mod error;
pub mod fragment;
pub mod lists;
pub mod message;
pub mod told;

pub use error::{DeskError, ErrorCode};
pub use lists::{CueItem, GroupItem, MadeTrack, RangeItem, SequenceItem, TimecodeItem, TrackItem};
pub use message::{Head, Message, ReqId, Told};
pub use told::{
    BatchAck, Busy, Change, Changed, ClientStatus, Content, Difference, Hello, Heritage, Master, OpResult, Status,
    ToldEvent, UnitDigest, UnitStatus,
};

/// The protocol's number.
pub const PROTOCOL: u32 = 1;
/// Most bytes of a request's JSON.
pub const REQUEST_MAX: usize = 5_000_000;
/// Most operations of a batch.
pub const OPS_MAX: usize = 20_000;
/// Most cues of one `CreateCues`.
pub const CUES_MAX: usize = 2000;

/// A track of the desk, by the numbers people see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TrackAt {
    /// Pool number of the timecode, from 1.
    pub tc: u32,
    /// Track group, from 1.
    pub tg: u32,
    /// Track, from 1 without the Marker.
    pub track: u32,
}

impl std::fmt::Display for TrackAt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.tc, self.tg, self.track)
    }
}

/// What is hooked, read and written as one: a CmdSubTrack, by the numbers people see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Unit {
    /// Pool number of the timecode, from 1.
    pub tc: u32,
    /// Track group, from 1.
    pub tg: u32,
    /// Track, from 1 without the Marker.
    pub track: u32,
    /// Time range, from 1.
    pub range: u32,
    /// CmdSubTrack of the range, from 1.
    pub sub: u32,
}

impl Unit {
    /// The unit at these numbers.
    pub fn new(tc: u32, tg: u32, track: u32, range: u32, sub: u32) -> Self {
        Self { tc, tg, track, range, sub }
    }

    /// Its track.
    pub fn track_at(&self) -> TrackAt {
        TrackAt { tc: self.tc, tg: self.tg, track: self.track }
    }
}

impl std::fmt::Display for Unit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}.{}.{}", self.tc, self.tg, self.track, self.range, self.sub)
    }
}

/// Text of a request; shared, because events share theirs.
type Text = Arc<str>;

/// What Tracklight asks of the desk. The link itself asks `Hello`, `Ping`, `Bye`, `GetParts` and `Ack`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "f")]
pub enum Request {
    /// Says where answers go; makes or renews the client and its lease.
    Hello {
        /// Where we listen.
        ip: String,
        /// The port there.
        port: u16,
        /// What people call this client.
        name: String,
        /// Echoed in the answer.
        token: String,
    },
    /// Renews the lease; answered with a digest of every hooked unit.
    Ping {
        /// Echoed in the answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        t: Option<String>,
    },
    /// Counted anew from live handles.
    Status,
    /// Unhooks and forgets the client.
    Bye,
    /// How long the desk waits for a change to settle.
    SetDebounceDelay {
        /// 0.02-5 s.
        seconds: f64,
        /// At most this long, 0.05-10 s.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<f64>,
    },
    /// Every timecode.
    GetTimecodes,
    /// The track groups of a timecode.
    GetTrackGroups {
        /// The timecode.
        tc: u32,
    },
    /// The tracks of a group.
    GetTracks {
        /// The timecode.
        tc: u32,
        /// The group.
        tg: u32,
    },
    /// Every sequence, or the cues of one.
    GetSequences {
        /// Which one's cues.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sequence: Option<u32>,
    },
    /// All events of a unit, hooked or not.
    GetEvents {
        /// The unit.
        #[serde(flatten)]
        unit: Unit,
        /// The track that is meant; another one there is refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        guid: Option<String>,
    },
    /// Hooks a unit (once) and answers with all its events.
    #[serde(rename = "HookCmdSubTrack")]
    Hook {
        /// The unit.
        #[serde(flatten)]
        unit: Unit,
        /// The track that is meant; another one there is refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        guid: Option<String>,
    },
    /// Lets go of all units of a track.
    #[serde(rename = "UnhookTrack")]
    Unhook {
        /// The track.
        #[serde(flatten)]
        at: TrackAt,
    },
    /// Lets go of every unit.
    UnhookAll,
    /// Parts of an earlier answer or notice once more.
    GetParts {
        /// Its `seq`.
        of: u64,
        /// Which parts.
        missing: Vec<u32>,
    },
    /// The client has seen that revision.
    Ack {
        /// The unit.
        #[serde(flatten)]
        unit: Unit,
        /// The revision.
        rev: u64,
    },
    /// Writes: all of it or nothing, only where the content is still the one whose hash is `base`.
    Batch {
        /// The unit.
        #[serde(flatten)]
        unit: Unit,
        /// The track that is meant; another one there is refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        guid: Option<String>,
        /// Hash of the content that the writer last saw.
        base: String,
        /// What the desk's undo list calls it.
        label: String,
        /// What to do, in any order; speaks of the content before.
        ops: Vec<Op>,
        /// Become the writer in place of another client, on a person's word only.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        take: bool,
    },
    /// Makes what is missing of a track, in one undo.
    CreateTrack {
        /// The timecode.
        tc: u32,
        /// The group; `None` takes the last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tg: Option<u32>,
        /// The new track's name.
        name: String,
        /// The sequence it runs.
        sequence: u32,
        /// A track with this Guid is taken instead of a new one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        guid: Option<String>,
        /// Else one with this note; a new track gets it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// Which sequence a track runs.
    AssignTrackSequence {
        /// The track.
        #[serde(flatten)]
        at: TrackAt,
        /// The sequence.
        sequence: u32,
        /// The track that is meant; another one there is refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        guid: Option<String>,
    },
    /// Gives a track its range and CmdSubTrack, once.
    PrepareTrackForEvents {
        /// The track.
        #[serde(flatten)]
        at: TrackAt,
        /// The track that is meant; another one there is refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        guid: Option<String>,
    },
    /// Makes the cues that are missing, empty.
    CreateCues {
        /// The sequence.
        sequence: u32,
        /// The cues.
        cues: Vec<CueItem>,
    },
}

impl Request {
    /// The function's name on the desk.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "Hello",
            Self::Ping { .. } => "Ping",
            Self::Status => "Status",
            Self::Bye => "Bye",
            Self::SetDebounceDelay { .. } => "SetDebounceDelay",
            Self::GetTimecodes => "GetTimecodes",
            Self::GetTrackGroups { .. } => "GetTrackGroups",
            Self::GetTracks { .. } => "GetTracks",
            Self::GetSequences { .. } => "GetSequences",
            Self::GetEvents { .. } => "GetEvents",
            Self::Hook { .. } => "HookCmdSubTrack",
            Self::Unhook { .. } => "UnhookTrack",
            Self::UnhookAll => "UnhookAll",
            Self::GetParts { .. } => "GetParts",
            Self::Ack { .. } => "Ack",
            Self::Batch { .. } => "Batch",
            Self::CreateTrack { .. } => "CreateTrack",
            Self::AssignTrackSequence { .. } => "AssignTrackSequence",
            Self::PrepareTrackForEvents { .. } => "PrepareTrackForEvents",
            Self::CreateCues { .. } => "CreateCues",
        }
    }

    /// The JSON object that goes over the wire, or why it is refused.
    pub fn to_json(&self) -> Result<String, String> {
        match self {
            Self::Batch { ops, .. } if ops.len() > OPS_MAX => {
                return Err(format!("a batch has at most {OPS_MAX} operations, got {}", ops.len()));
            }
            Self::CreateCues { cues, .. } if cues.len() > CUES_MAX => {
                return Err(format!("at most {CUES_MAX} cues at once, got {}", cues.len()));
            }
            _ => {}
        }
        let json = serde_json::to_string(self).map_err(|e| format!("{}: {e}", self.name()))?;
        if json.len() > REQUEST_MAX {
            return Err(format!("a request has at most {REQUEST_MAX} bytes, {} has {}", self.name(), json.len()));
        }
        Ok(json)
    }

    /// Read a request's JSON, as the desk would.
    pub fn from_json(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|e| format!("no request: {e}"))
    }
}

/// One operation of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WireOp", into = "WireOp")]
pub enum Op {
    /// A new event.
    Add(DeskEvent),
    /// Other values for fields of the event at `idx`, from 1.
    Set(u32, Change),
    /// Take the event at `idx` away.
    Del(u32),
}

/// An operation as it stands in JSON.
#[derive(Clone, Default, Serialize, Deserialize)]
struct WireOp {
    o: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idx: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ticks: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cue: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cmd: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<Text>,
}

impl From<Op> for WireOp {
    fn from(op: Op) -> Self {
        match op {
            Op::Add(event) => Self {
                o: "add".into(),
                idx: None,
                ticks: Some(event.ticks.to_string()),
                token: Some(event.token),
                cue: Some(event.cue),
                cmd: Some(event.cmd),
                name: Some(event.name),
                note: Some(event.note),
            },
            Op::Set(idx, Change { ticks, token, cue, cmd, name, note }) => Self {
                o: "set".into(),
                idx: Some(idx),
                ticks: ticks.map(|ticks| ticks.to_string()),
                token,
                cue,
                cmd,
                name,
                note,
            },
            Op::Del(idx) => Self { o: "del".into(), idx: Some(idx), ..Self::default() },
        }
    }
}

impl TryFrom<WireOp> for Op {
    type Error = String;

    fn try_from(op: WireOp) -> Result<Self, String> {
        let need = |what: &str| format!("{} needs {what}", op.o);
        let ticks = op.ticks.as_deref().map(told::ticks_of).transpose()?;
        let idx = op.idx.filter(|idx| *idx > 0).ok_or_else(|| need("idx from 1"));
        match &*op.o {
            "add" => Ok(Self::Add(DeskEvent {
                ticks: ticks.ok_or_else(|| need("ticks"))?,
                token: op.token.clone().ok_or_else(|| need("token"))?,
                cue: op.cue.clone().ok_or_else(|| need("cue"))?,
                cmd: op.cmd.clone().ok_or_else(|| need("cmd"))?,
                name: op.name.clone().ok_or_else(|| need("name"))?,
                note: op.note.clone().ok_or_else(|| need("note"))?,
            })),
            "set" => Ok(Self::Set(
                idx?,
                Change { ticks, token: op.token, cue: op.cue, cmd: op.cmd, name: op.name, note: op.note },
            )),
            "del" => Ok(Self::Del(idx?)),
            other => Err(format!("an operation is add, set or del, got \"{other}\"")),
        }
    }
}

#[cfg(test)]
mod tests;
