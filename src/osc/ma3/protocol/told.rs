//! What the desk tells, as types: every answer and notice. Thread: any; pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::model::DeskEvent;

use super::{ErrorCode, Unit};

/// Largest number of ticks believed, either sign: twice 256 hours, an event in a range that begins late.
const TICKS_BELIEVED: i64 = 2 * crate::model::layer::TICKS_MAX;

/// Ticks from their decimal text.
pub(super) fn ticks_of(text: &str) -> Result<i64, String> {
    let ticks =
        text.parse::<i64>().map_err(|_| format!("ticks are a whole number as text, got \"{}\"", short(text)))?;
    if ticks.unsigned_abs() > TICKS_BELIEVED.unsigned_abs() {
        return Err(format!("ticks are within 512 hours ({TICKS_BELIEVED}), got {ticks}"));
    }
    Ok(ticks)
}

/// The beginning of a text, for an error.
pub(super) fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Ticks as the wire has them.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct Ticks(i64);

impl TryFrom<String> for Ticks {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        ticks_of(&text).map(Self)
    }
}

/// An event as the desk told it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WireEvent")]
pub struct ToldEvent {
    /// Its place in storage order, from 1; 0 in the result of a batch where somebody took it away at once.
    pub idx: u32,
    /// Its place before, in `retimed` and `changed` only.
    pub was: Option<u32>,
    /// Its time with the range's start, ticks.
    pub abs: i64,
    /// The event.
    pub event: DeskEvent,
}

#[derive(Deserialize)]
struct WireEvent {
    idx: u32,
    #[serde(default)]
    was: Option<u32>,
    ticks: Ticks,
    abs: Ticks,
    token: Arc<str>,
    cue: Arc<str>,
    cmd: Arc<str>,
    name: Arc<str>,
    note: Arc<str>,
}

impl TryFrom<WireEvent> for ToldEvent {
    type Error = String;
    fn try_from(wire: WireEvent) -> Result<Self, String> {
        if wire.was == Some(0) {
            return Err("`was` is from 1, got 0".into());
        }
        let WireEvent { idx, was, ticks, abs, token, cue, cmd, name, note } = wire;
        Ok(Self { idx, was, abs: abs.0, event: DeskEvent { ticks: ticks.0, token, cue, cmd, name, note } })
    }
}

/// What of an event is to become another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    /// Time in its range, ticks.
    pub ticks: Option<i64>,
    /// What it does.
    pub token: Option<Arc<str>>,
    /// Cue number, or empty.
    pub cue: Option<Arc<str>>,
    /// Command, or empty.
    pub cmd: Option<Arc<str>>,
    /// Name, or empty.
    pub name: Option<Arc<str>>,
    /// Note, or empty.
    pub note: Option<Arc<str>>,
}

impl Change {
    /// What makes `to` of `from`.
    pub fn between(from: &DeskEvent, to: &DeskEvent) -> Self {
        let other = |a: &Arc<str>, b: &Arc<str>| (a != b).then(|| b.clone());
        Self {
            ticks: (from.ticks != to.ticks).then_some(to.ticks),
            token: other(&from.token, &to.token),
            cue: other(&from.cue, &to.cue),
            cmd: other(&from.cmd, &to.cmd),
            name: other(&from.name, &to.name),
            note: other(&from.note, &to.note),
        }
    }
}

/// Whether a unit can be written now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Busy {
    /// It can.
    #[default]
    #[serde(rename = "")]
    Free,
    /// Somebody locked it.
    Locked,
    /// Its timecode runs.
    Playing,
    /// Its timecode records.
    Recording,
    /// It keeps changing.
    Changing,
}

impl Busy {
    /// The word on the wire; empty when it is free.
    pub fn name(self) -> &'static str {
        match self {
            Self::Free => "",
            Self::Locked => "locked",
            Self::Playing => "playing",
            Self::Recording => "recording",
            Self::Changing => "changing",
        }
    }
}

/// Whether it is the master of its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Master {
    /// It is.
    Yes,
    /// Another station is.
    No,
    /// The desk does not say.
    #[default]
    Unknown,
}

/// `connection.hello`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Hello {
    /// What the client said of itself; empty where it was not asked.
    #[serde(default)]
    pub token: String,
    /// The protocol spoken there.
    pub protocol: u32,
    /// Version of the desk plug-in.
    pub version: String,
    /// Lua version.
    pub lua: String,
    /// Version of the desk's software.
    pub desk: String,
    /// What kind of computer it is.
    #[serde(default)]
    pub host: String,
    /// Name of the station.
    pub station: String,
    /// Whether it is the master of its session.
    #[serde(default)]
    pub master: Master,
    /// The show's token.
    pub show: String,
    /// What was found to work.
    pub caps: BTreeMap<String, String>,
    /// Port that takes requests without the command line, 0 for none.
    #[serde(default)]
    pub inbound: u16,
    /// Seconds after which a silent client is forgotten.
    #[serde(default)]
    pub lease: f64,
    /// Seconds that a change waits to settle.
    #[serde(default)]
    pub debounce: f64,
    /// Units this client has hooked.
    #[serde(default)]
    pub units: u32,
}

/// An entry of `connection.ping`'s digest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<serde_json::Value>")]
pub struct UnitDigest {
    /// The unit.
    pub unit: Unit,
    /// Its revision, 0 before it was read.
    pub rev: u64,
    /// Hash of its content, 16 hex digits, or empty before it was read.
    pub hash: String,
    /// Whether it can be written, where the desk says.
    pub busy: Option<Busy>,
}

impl TryFrom<Vec<serde_json::Value>> for UnitDigest {
    type Error = String;
    fn try_from(list: Vec<serde_json::Value>) -> Result<Self, String> {
        let number = |at: usize| {
            let value = list.get(at).and_then(serde_json::Value::as_u64);
            value.ok_or_else(|| format!("an entry of the digest is seven values, number {} is wrong", at + 1))
        };
        let small = |at: usize| {
            let value = number(at).ok().and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
            value.ok_or_else(|| format!("value {} of a digest's entry is a number from 1", at + 1))
        };
        let hash = list.get(6).and_then(serde_json::Value::as_str).ok_or("the hash of a digest's entry is missing")?;
        let busy =
            list.get(7).map(|busy| serde_json::from_value(busy.clone())).transpose().map_err(|e| e.to_string())?;
        Ok(Self {
            unit: Unit::new(small(0)?, small(1)?, small(2)?, small(3)?, small(4)?),
            rev: number(5)?,
            hash: hash.to_owned(),
            busy,
        })
    }
}

/// A unit in `connection.status`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct UnitStatus {
    /// Its numbers, `tc/tg/track/range/sub`.
    pub unit: String,
    /// The track's name.
    pub name: String,
    /// The track's Guid.
    pub guid: String,
    /// Its revision.
    pub rev: u64,
    /// Its hash.
    pub hash: String,
    /// Whether its handle is alive.
    pub live: bool,
    /// How many events it has.
    pub events: u32,
    /// How many clients read it.
    pub readers: u32,
    /// Who writes it, or empty.
    pub writer: String,
    /// Whether it can be written.
    pub busy: Busy,
}

/// A client in `connection.status`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct ClientStatus {
    /// Its id.
    pub client: String,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub ip: String,
    /// The port there.
    pub port: u16,
    /// Seconds left of its lease.
    pub lease: f64,
    /// Units it has hooked.
    pub units: u32,
}

/// `connection.status`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Status {
    /// Every hooked unit.
    pub units: Vec<UnitStatus>,
    /// Every client.
    pub clients: Vec<ClientStatus>,
    /// What the desk counted.
    pub counters: BTreeMap<String, serde_json::Value>,
    /// Seconds that a change waits to settle.
    pub debounce: f64,
    /// What is wrong over there, for people.
    pub problems: Vec<String>,
}

/// One content that a unit had.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Heritage {
    /// Its hash.
    pub hash: String,
    /// `"desk"`, else the name of the client that wrote it.
    pub by: String,
}

/// `subtrack.hooked` and `subtrack.events`: a unit whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// All events in storage order; `idx` is 1, 2, 3 …
    pub events: Vec<ToldEvent>,
    /// Whether this client had it hooked before.
    pub resync: bool,
    /// The last contents it had, oldest first.
    pub lineage: Vec<Heritage>,
    /// Whether a change has no entry in the lineage.
    pub dirty: bool,
    /// Whether it can be written now.
    pub busy: Busy,
    /// The timecode's offset to its slot, ticks.
    pub offset: i64,
    /// Where the range begins, ticks.
    pub start: i64,
    /// FaderSubTracks of the range.
    pub faders: u32,
    /// Ranges of the track.
    pub ranges: u32,
    /// CmdSubTracks of the range.
    pub subs: u32,
    /// The track's name.
    pub name: String,
    /// The track's note.
    pub note: String,
    /// The sequence it runs, 0 for none.
    pub target: u32,
    /// Who writes it, or empty.
    pub writer: String,
}

#[derive(Deserialize)]
pub(super) struct WireContent {
    event_count: usize,
    events: Vec<ToldEvent>,
    resync: bool,
    lineage: Vec<Heritage>,
    dirty: bool,
    busy: Busy,
    offset: Ticks,
    start: Ticks,
    faders: u32,
    ranges: u32,
    subs: u32,
    name: String,
    note: String,
    target: u32,
    writer: String,
}

/// Refuses events that are not the 1st, 2nd, 3rd … of a unit.
fn in_order(events: &[ToldEvent]) -> Result<(), String> {
    match events.iter().zip(1..).find(|(event, at)| event.idx != *at) {
        Some((event, at)) => Err(format!("event {at} of the list says idx {}", event.idx)),
        None => Ok(()),
    }
}

impl TryFrom<WireContent> for Content {
    type Error = String;
    fn try_from(wire: WireContent) -> Result<Self, String> {
        if wire.event_count != wire.events.len() {
            return Err(format!("event_count is {}, events are {}", wire.event_count, wire.events.len()));
        }
        in_order(&wire.events)?;
        let WireContent { events, resync, lineage, dirty, busy, offset, start, faders, ranges, subs, .. } = wire;
        let WireContent { name, note, target, writer, .. } = wire;
        let (offset, start) = (offset.0, start.0);
        Ok(Self {
            events,
            resync,
            lineage,
            dirty,
            busy,
            offset,
            start,
            faders,
            ranges,
            subs,
            name,
            note,
            target,
            writer,
        })
    }
}

/// `track.changed`.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// How many of each class: added, deleted, moved, retimed, changed.
    pub counts: [u32; 5],
    /// What is another.
    pub difference: Difference,
    /// The revision the lists speak from; `None` where the desk knows of none.
    pub rev_from: Option<u64>,
    /// Where the range begins, ticks, where the desk says.
    pub start: Option<i64>,
    /// The timecode's offset to its slot, ticks, where the desk says.
    pub offset: Option<i64>,
}

/// What a `track.changed` brings.
#[derive(Debug, Clone, PartialEq)]
pub enum Difference {
    /// All events as they are now.
    Whole(Vec<ToldEvent>),
    /// Only what differs from the content at `rev_from`.
    Lists {
        /// New ones.
        added: Vec<ToldEvent>,
        /// Old places of those that went.
        deleted: Vec<u32>,
        /// Old and new place of those whose order changed.
        moved: Vec<(u32, u32)>,
        /// Those with another time.
        retimed: Vec<ToldEvent>,
        /// Those with another content.
        changed: Vec<ToldEvent>,
    },
}

#[derive(Deserialize)]
struct WireCounts {
    added_count: u32,
    deleted_count: u32,
    moved_count: u32,
    retimed_count: u32,
    changed_count: u32,
}

#[derive(Deserialize)]
pub(super) struct WireChanged {
    changes: WireCounts,
    #[serde(default)]
    rev_from: Option<u64>,
    #[serde(default)]
    start: Option<Ticks>,
    #[serde(default)]
    offset: Option<Ticks>,
    #[serde(default)]
    events: Option<Vec<ToldEvent>>,
    #[serde(default)]
    added: Option<Vec<ToldEvent>>,
    #[serde(default)]
    deleted: Option<Vec<u32>>,
    #[serde(default)]
    moved: Option<Vec<(u32, u32)>>,
    #[serde(default)]
    retimed: Option<Vec<ToldEvent>>,
    #[serde(default)]
    changed: Option<Vec<ToldEvent>>,
}

impl TryFrom<WireChanged> for Changed {
    type Error = String;
    fn try_from(wire: WireChanged) -> Result<Self, String> {
        let WireCounts { added_count, deleted_count, moved_count, retimed_count, changed_count } = wire.changes;
        let difference = if let Some(events) = wire.events {
            in_order(&events)?;
            Difference::Whole(events)
        } else {
            let need = |what: &str| format!("neither `events` nor `{what}` is there");
            let lists = Difference::Lists {
                added: wire.added.ok_or_else(|| need("added"))?,
                deleted: wire.deleted.ok_or_else(|| need("deleted"))?,
                moved: wire.moved.ok_or_else(|| need("moved"))?,
                retimed: wire.retimed.ok_or_else(|| need("retimed"))?,
                changed: wire.changed.ok_or_else(|| need("changed"))?,
            };
            if wire.rev_from.is_none() {
                return Err("`rev_from` is missing where only the difference is told".into());
            }
            lists
        };
        Ok(Self {
            counts: [added_count, deleted_count, moved_count, retimed_count, changed_count],
            difference,
            rev_from: wire.rev_from,
            start: wire.start.map(|t| t.0),
            offset: wire.offset.map(|t| t.0),
        })
    }
}

/// The outcome of one operation of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct OpResult {
    /// Which operation, from 1; 0 where it was none of them.
    pub i: u32,
    /// The event as it now stands (`None` for a deleted one), or what went wrong.
    pub outcome: Result<Option<ToldEvent>, (ErrorCode, String)>,
}

#[derive(Deserialize)]
struct WireResult {
    i: u32,
    ok: bool,
    #[serde(default)]
    event: Option<ToldEvent>,
    #[serde(default)]
    code: Option<ErrorCode>,
    #[serde(default)]
    message: Option<String>,
}

/// `batch.ack`.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchAck {
    /// Whether all was done; otherwise nothing was.
    pub ok: bool,
    /// Whether it is one step of the desk's undo.
    pub undo: bool,
    /// Where it failed: whether all that was begun is as before.
    pub restored: bool,
    /// By operation.
    pub results: Vec<OpResult>,
}

#[derive(Deserialize)]
pub(super) struct WireAck {
    ok: bool,
    #[serde(default)]
    undo: Option<bool>,
    #[serde(default)]
    restored: Option<bool>,
    results: Vec<WireResult>,
}

impl TryFrom<WireAck> for BatchAck {
    type Error = String;
    fn try_from(wire: WireAck) -> Result<Self, String> {
        let result = |result: WireResult| {
            let outcome = if result.ok {
                Ok(result.event)
            } else {
                let code = result.code.ok_or_else(|| format!("result {} failed without a `code`", result.i))?;
                Err((code, result.message.unwrap_or_default()))
            };
            Ok::<_, String>(OpResult { i: result.i, outcome })
        };
        let results = wire.results.into_iter().map(result).collect::<Result<Vec<_>, _>>()?;
        if wire.ok && results.iter().any(|result| result.outcome.is_err()) {
            return Err("`ok` is true and a result is not".into());
        }
        Ok(Self { ok: wire.ok, undo: wire.undo.unwrap_or(false), restored: wire.restored.unwrap_or(true), results })
    }
}
