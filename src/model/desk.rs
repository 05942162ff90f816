//! The lighting desk as the session knows it: where it is, which layer goes to which track, what both sides agreed on.
//!
//! Thread: any.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::layer::LayerEvent;
use super::name::{Name, Uid};

/// Where the desk is and how it is spoken to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DeskConfig {
    /// Whether there is to be a link.
    pub on: bool,
    /// The desk's address; `127.0.0.1` by default: nothing leaves the machine until somebody says where to.
    pub ip: String,
    /// The desk's OSC port.
    pub port: u16,
    /// Prefix of the desk's OSC line, without slashes; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// Port to listen on; 0 takes any. A port that another process has is replaced by a free one, with a notice.
    pub listen: u16,
    /// Whether anything may be written on the desk: false is the show lock.
    pub armed: bool,
}

impl Default for DeskConfig {
    fn default() -> Self {
        Self { on: false, ip: "127.0.0.1".into(), port: 8000, prefix: String::new(), listen: 9000, armed: true }
    }
}

impl DeskConfig {
    /// Check the fields. Errors name the field, what it is and what is allowed.
    pub fn check(&self) -> Result<(), String> {
        if self.ip.parse::<core::net::Ipv4Addr>().is_err() {
            return Err(format!("the desk's ip is four numbers like 192.168.0.10, got \"{}\"", self.ip));
        }
        if self.port == 0 {
            return Err("the desk's port is 1 to 65535, got 0".into());
        }
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if self.prefix.len() > 64 || !self.prefix.chars().all(good) {
            return Err(format!("a prefix has up to 64 letters, digits, _ - and no slash, got \"{}\"", self.prefix));
        }
        Ok(())
    }
}

/// Which way events go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// Both ways.
    #[default]
    Both,
    /// From here to the desk.
    ToDesk,
    /// From the desk to here.
    FromDesk,
    /// Only when somebody says push or pull.
    Manual,
}

impl Direction {
    /// All of them.
    pub const ALL: [Direction; 4] = [Self::Both, Self::ToDesk, Self::FromDesk, Self::Manual];

    /// The word people type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::ToDesk => "toDesk",
            Self::FromDesk => "fromDesk",
            Self::Manual => "manual",
        }
    }
}

/// Who wins where both sides changed the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// Nobody: both versions stay until a person chooses.
    #[default]
    Ask,
    /// The desk.
    Desk,
    /// Tracklight.
    Plugin,
}

impl Policy {
    /// All of them.
    pub const ALL: [Policy; 3] = [Self::Ask, Self::Desk, Self::Plugin];

    /// The word people type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Desk => "desk",
            Self::Plugin => "plugin",
        }
    }
}

/// What to do where a cue is missing on the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CueRule {
    /// Say so, per event.
    #[default]
    Require,
    /// Make an empty cue of that number, after the preview.
    Create,
}

impl CueRule {
    /// All of them.
    pub const ALL: [CueRule; 2] = [Self::Require, Self::Create];

    /// The word people type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Require => "require",
            Self::Create => "create",
        }
    }
}

/// A track of the desk, as people name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TrackName {
    /// By number, from 1, the Marker not counted.
    Number(u32),
    /// By name.
    Name(String),
}

impl std::fmt::Display for TrackName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// Ties a layer to a track of the desk. What a person asked for; nothing in it changes by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Mapping {
    /// Pool number of the timecode, 1-9999.
    pub tc: u32,
    /// Track group, from 1.
    pub tg: u32,
    /// The track.
    pub track: TrackName,
    /// Time range, from 1.
    pub range: u32,
    /// CmdSubTrack of the range, from 1.
    pub sub: u32,
    /// The sequence that the track runs, 1-9999; `None` takes the one that is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u32>,
    /// Whether what is missing on the desk (timecode, group, track) may be made, after the preview.
    #[serde(default)]
    pub create: bool,
    /// What to do about missing cues.
    #[serde(default)]
    pub cues: CueRule,
    /// Which way.
    #[serde(default)]
    pub direction: Direction,
    /// Who wins.
    #[serde(default)]
    pub policy: Policy,
    /// Added to the desk's times, in ticks.
    #[serde(default)]
    pub offset: i64,
    /// Whether a person has seen and accepted what will be written. Until then nothing is. Not part of a session's equality.
    #[serde(default)]
    pub accepted: bool,
}

impl Mapping {
    /// Whether both name the same place on the desk.
    pub fn is_same_place(&self, other: &Self) -> bool {
        let place = |m: &Self| (m.tc, m.tg, m.track.clone(), m.range, m.sub);
        place(self) == place(other)
    }

    /// Whether both ask for the same, accepted or not.
    pub fn says_the_same(&self, other: &Self) -> bool {
        *self == Self { accepted: self.accepted, ..other.clone() }
    }

    /// A new mapping of a track: both ways, ask, not accepted.
    pub fn new(tc: u32, tg: u32, track: TrackName) -> Self {
        Self {
            tc,
            tg,
            track,
            range: 1,
            sub: 1,
            sequence: None,
            create: false,
            cues: CueRule::default(),
            direction: Direction::default(),
            policy: Policy::default(),
            offset: 0,
            accepted: false,
        }
    }

    /// Check the fields. Errors name the field, what it is and what is allowed.
    pub fn check(&self) -> Result<(), String> {
        for (what, value) in [("tc", self.tc), ("tg", self.tg), ("range", self.range), ("sub", self.sub)] {
            if !(1..=9999).contains(&value) {
                return Err(format!("{what} is 1 to 9999, got {value}"));
            }
        }
        if self.sequence.is_some_and(|number| !(1..=9999).contains(&number)) {
            return Err(format!("sequence is 1 to 9999, got {}", self.sequence.unwrap_or_default()));
        }
        match &self.track {
            TrackName::Number(number) if !(1..=9999).contains(number) => {
                return Err(format!("track is a name or 1 to 9999, got {number}"));
            }
            TrackName::Name(name) if name.trim().is_empty() || name.len() > 200 => {
                return Err(format!("a track's name has 1 to 200 bytes, got {}", name.len()));
            }
            _ => {}
        }
        if !(-super::layer::TICKS_MAX..=super::layer::TICKS_MAX).contains(&self.offset) {
            return Err("offset is -256 to 256 hours".into());
        }
        Ok(())
    }
}

/// An event as the desk has it: everything that is kept in step, and nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DeskEvent {
    /// Its own time in its range, ticks.
    pub ticks: i64,
    /// What it does.
    pub token: Arc<str>,
    /// Cue number, or empty.
    pub cue: Arc<str>,
    /// Command, or empty.
    pub cmd: Arc<str>,
    /// Name, or empty.
    pub name: Arc<str>,
    /// Note, or empty.
    pub note: Arc<str>,
}

impl DeskEvent {
    /// What a layer's event is on the desk. `offset` is desk time − song time, in ticks: this and
    /// [`DeskEvent::to_layer`] are the only places where the two times meet.
    pub fn from_layer(event: &LayerEvent, offset: i64) -> Self {
        Self {
            ticks: event.ticks.saturating_add(offset),
            token: event.token.clone(),
            cue: event.cue.clone(),
            cmd: event.cmd.clone(),
            name: event.name.clone(),
            note: event.note.clone(),
        }
    }

    /// What this event is in a layer; what the desk does not know (key, colour) stays as it was in `old`, and so does the
    /// beat where the time did not change.
    pub fn to_layer(&self, offset: i64, old: Option<&LayerEvent>) -> LayerEvent {
        let ticks = self.ticks.saturating_sub(offset);
        LayerEvent {
            ticks,
            beat: old.filter(|old| old.ticks == ticks).and_then(|old| old.beat),
            key: old.and_then(|old| old.key.clone()),
            token: self.token.clone(),
            cue: self.cue.clone(),
            cmd: self.cmd.clone(),
            name: self.name.clone(),
            note: self.note.clone(),
            colour: old.and_then(|old| old.colour),
        }
    }
}

/// What both sides had when they last agreed: the base of every merge. Saved with the session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreed {
    /// The track's Guid on the desk, where it has one.
    pub guid: String,
    /// Hash of the unit on the desk, 16 hex digits.
    pub hash: String,
    /// Desk time − song time it was agreed at, in ticks.
    pub offset: i64,
    /// The events, by our identity.
    pub events: Vec<(Uid, DeskEvent)>,
    /// Those of them of which both versions stay until a person chooses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disputed: Vec<Dispute>,
    /// What was on its way to the desk when this was agreed on, as it shall be there; `None` goes. Whether it arrived, the
    /// desk's lineage says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<(Uid, Option<DeskEvent>)>,
}

/// An agreed event that both sides have in versions of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispute {
    /// The event.
    pub uid: Uid,
    /// Whether both versions were there before anything was agreed.
    #[serde(default)]
    pub open: bool,
    /// The desk's version when the conflict was seen; `None` where it is deleted there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theirs: Option<DeskEvent>,
}

/// Which version of an event stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Ours.
    Ours,
    /// The desk's.
    Theirs,
    /// Both, as two events.
    Both,
}

/// What a person says to a mapping that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The desk becomes as we are.
    PushOurs,
    /// We become as the desk is.
    TakeTheirs,
    /// Put both together.
    Merge,
    /// Leave both as they are; stays held.
    Leave,
}

/// What a person asks of the desk link. No edit of the session; a layer of `None` means every mapped one.
#[derive(Debug, Clone, PartialEq)]
pub enum DeskVerb {
    /// Send what is here to the desk now; `dry` only shows what would happen.
    Push {
        /// Which.
        layer: Option<Name>,
        /// Only show.
        dry: bool,
    },
    /// Take what the desk has now; `dry` only shows what would happen.
    Pull {
        /// Which.
        layer: Option<Name>,
        /// Only show.
        dry: bool,
    },
    /// The preview shown is what is wanted: from now on the mapping writes.
    Accept(Option<Name>),
    /// What becomes of a held mapping.
    Choose(Option<Name>, Choice),
    /// Which version of an event in conflict stays; `None` is every conflict of the layer.
    Resolve {
        /// The layer.
        layer: Name,
        /// [`Conflict::key`].
        key: Option<u64>,
        /// What stays.
        side: Side,
    },
    /// Become the writer of the layer's track in place of another instance.
    TakeOver(Option<Name>),
    /// Look what is wrong with the way to the desk.
    SelfTest,
    /// Put a backup of the desk's side back: the events that a push or choice of ours replaced last.
    Restore(Name),
    /// Start or stop a pocket desk in this process.
    Pocket(bool),
    /// A line for the pocket desk: `move 101.1.1 3 12.5`.
    PocketLine(String),
}

/// How the link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LinkState {
    /// No desk is wanted.
    #[default]
    Off,
    /// Nothing heard yet.
    Searching,
    /// Heard within the last 3 s.
    Connected,
    /// Was connected; nothing heard for 3 s.
    Lost,
}

impl LinkState {
    /// The word shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Searching => "searching",
            Self::Connected => "connected",
            Self::Lost => "lost",
        }
    }
}

/// How a mapping stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MappingState {
    /// No mapping.
    #[default]
    Unmapped,
    /// Work is under way, or the desk was not asked yet.
    Pending,
    /// Both sides are equal.
    Synced,
    /// They differ and that is allowed: one-way, manual, show lock, not accepted, conflicts.
    Diverged,
    /// The desk cannot take it now (busy, locked, gone for a moment).
    Waiting,
    /// Another show, or content older than or unrelated to what was agreed: a person chooses.
    Held,
    /// Something is wrong that only a person can mend.
    Error,
}

impl MappingState {
    /// The word shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unmapped => "unmapped",
            Self::Pending => "pending",
            Self::Synced => "synced",
            Self::Diverged => "diverged",
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Error => "error",
        }
    }
}

/// How many events would be, or were, changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// New ones.
    pub added: usize,
    /// Taken out.
    pub deleted: usize,
    /// Only moved in time.
    pub retimed: usize,
    /// With another content.
    pub changed: usize,
}

impl Counts {
    /// All of them.
    pub fn sum(&self) -> usize {
        self.added + self.deleted + self.retimed + self.changed
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} added, {} deleted, {} retimed, {} changed", self.added, self.deleted, self.retimed, self.changed)
    }
}

/// An event that both sides changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// Names this pair of versions; another edit makes another.
    pub key: u64,
    /// The event here, if it is known here.
    pub uid: Uid,
    /// What was agreed.
    pub base: Option<DeskEvent>,
    /// What is here; `None` was deleted.
    pub ours: Option<DeskEvent>,
    /// What is on the desk; `None` was deleted.
    pub theirs: Option<DeskEvent>,
}

/// What a push, pull or merge would do.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Preview {
    /// What would be written on the desk.
    pub desk: Counts,
    /// What would change here.
    pub here: Counts,
    /// What would be made on the desk first: `timecode 101`, `track BEAM`, `cue 3.5`.
    pub made: Vec<String>,
    /// A line per event, at most 200: `+ 12.500 s Goto 3 "Chorus"`.
    pub lines: Vec<Arc<str>>,
}

/// How a mapping stands, in full.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MappingStatus {
    /// The state.
    pub state: MappingState,
    /// Why, for people; empty when there is nothing to say.
    pub reason: Arc<str>,
    /// Events here and on the desk.
    pub events: (usize, usize),
    /// What differs now and is not being written.
    pub drift: Counts,
    /// What was asked for to be seen, or waits to be accepted.
    pub preview: Option<Arc<Preview>>,
    /// Events that both sides changed.
    pub conflicts: Arc<Vec<Conflict>>,
    /// Events whose cue is missing on the desk: our identity and what is wrong.
    pub problems: Arc<Vec<(Uid, Arc<str>)>>,
    /// Who writes the track, if that is somebody else.
    pub writer: Option<Arc<str>>,
    /// The track's numbers and name on the desk, where it was found.
    pub track: Option<Arc<str>>,
}

/// What the desk told of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeskInfo {
    /// Software version.
    pub version: String,
    /// Name of the station.
    pub station: String,
    /// Whether it is the master of its session.
    pub master: bool,
    /// Lua version.
    pub lua: String,
    /// Version of the desk plug-in.
    pub plugin: String,
    /// The show's token.
    pub show: String,
    /// What was found to work: name and how.
    pub caps: Vec<(String, String)>,
}

/// A line of the self-test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestLine {
    /// Whether it is well; `None` is not known yet.
    pub ok: Option<bool>,
    /// What was looked at and what was found.
    pub text: Arc<str>,
}

/// How the link to the desk stands; part of the Snapshot.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeskState {
    /// The link.
    pub link: LinkState,
    /// Why it is not connected, for people; empty when there is nothing to say.
    pub reason: Arc<str>,
    /// Port we listen on, 0 when we do not.
    pub listening: u16,
    /// Median round-trip time of the last pings, milliseconds.
    pub rtt_ms: f32,
    /// Share of requests that had to be repeated lately, 0-1.
    pub loss: f32,
    /// Datagrams: sent, received, repeated, refused (malformed or foreign).
    pub packets: [u64; 4],
    /// The desk, once it answered.
    pub desk: Option<Arc<DeskInfo>>,
    /// Mappings by layer.
    pub mappings: std::collections::BTreeMap<Name, MappingStatus>,
    /// The self-test, line by line; empty when none was asked for.
    pub test: Arc<Vec<TestLine>>,
    /// The pocket desk's port and its last lines, where one runs.
    pub pocket: Option<(u16, Arc<Vec<Arc<str>>>)>,
}
