//! Messages of the desk: one datagram each or cut into parts. Thread: any; pure.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::told::{WireAck, WireChanged, WireContent, short};
use super::{
    BatchAck, Busy, Changed, Content, CueItem, DeskError, GroupItem, Hello, MadeTrack, PROTOCOL, SequenceItem, Status,
    TimecodeItem, TrackAt, TrackItem, Unit, UnitDigest,
};

/// Most parts that a message may have.
pub const PARTS_MAX: u32 = 32_768;

/// Names a question of ours, for as long as its answer is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReqId(pub u64);

/// What a message says, by its kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// `connection.hello`
    Hello(Box<Hello>),
    /// `connection.ping`
    Ping {
        /// As it was asked.
        t: Option<String>,
        /// Every hooked unit of this client.
        digest: Vec<UnitDigest>,
    },
    /// `connection.status`
    Status(Box<Status>),
    /// `connection.bye`
    Bye {
        /// Why.
        reason: String,
    },
    /// `request.part`
    Have(Vec<u32>),
    /// `list.timecodes`
    Timecodes(Vec<TimecodeItem>),
    /// `list.trackgroups`
    TrackGroups {
        /// Of this timecode.
        tc: u32,
        /// The groups.
        items: Vec<GroupItem>,
    },
    /// `list.tracks`
    Tracks {
        /// Of this timecode.
        tc: u32,
        /// Of this group.
        tg: u32,
        /// The tracks.
        items: Vec<TrackItem>,
    },
    /// `list.sequences`
    Sequences(Vec<SequenceItem>),
    /// `list.cues`
    Cues {
        /// Of this sequence.
        sequence: u32,
        /// Its name.
        name: String,
        /// The cues.
        items: Vec<CueItem>,
    },
    /// `subtrack.hooked`
    Hooked(Box<Content>),
    /// `subtrack.events`
    Events(Box<Content>),
    /// `subtrack.gone`
    Gone {
        /// Why.
        reason: String,
    },
    /// `track.changed`
    Changed(Box<Changed>),
    /// `track.moved`: the message's unit is where it is now.
    Moved {
        /// Where it was.
        was: TrackAt,
    },
    /// `track.renamed`
    Renamed {
        /// Its name now.
        name: String,
    },
    /// `desk.busy`
    Busy(Busy),
    /// `batch.ack`
    BatchAck(BatchAck),
    /// `track.created`
    TrackCreated(MadeTrack),
    /// `track.assigned`
    TrackAssigned {
        /// The sequence it runs.
        target: u32,
    },
    /// `track.prepared`
    TrackPrepared(MadeTrack),
    /// `cues.created`
    CuesCreated {
        /// In this sequence.
        sequence: u32,
        /// Those that were missing.
        items: Vec<CueItem>,
    },
    /// `*.error`
    Error(Box<DeskError>),
}

/// What stands in every datagram of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// The client it is for.
    pub to: u64,
    /// `type.change`.
    pub kind: String,
    /// The desk plug-in's epoch, 16 hex digits.
    pub epoch: String,
    /// Its number.
    pub seq: u64,
    /// Number of the request that it answers.
    pub req: Option<u64>,
    /// The unit it speaks of.
    pub unit: Option<Unit>,
    /// The track it speaks of, where there is no unit.
    pub track: Option<TrackAt>,
    /// The track's Guid.
    pub guid: String,
    /// The unit's revision.
    pub rev: Option<u64>,
    /// The unit's hash.
    pub hash: Option<String>,
    /// Which part this is, from 1.
    pub part: u32,
    /// How many there are.
    pub parts: u32,
}

/// A message of the desk, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The desk plug-in's epoch, 16 hex digits.
    pub epoch: String,
    /// Its number.
    pub seq: u64,
    /// What it answers.
    pub req: Option<ReqId>,
    /// The unit it speaks of.
    pub unit: Option<Unit>,
    /// The track it speaks of, also where there is no unit.
    pub track: Option<TrackAt>,
    /// The track's Guid, or empty.
    pub guid: String,
    /// The unit's revision.
    pub rev: Option<u64>,
    /// The unit's hash, 16 hex digits.
    pub hash: Option<String>,
    /// What it says.
    pub told: Told,
}

/// One datagram's worth of a message.
#[derive(Debug, Clone)]
pub struct Part {
    /// What every part has.
    pub head: Head,
    /// Everything, the head too.
    fields: Map<String, Value>,
    /// Its size in bytes.
    pub bytes: usize,
    /// Tells two texts apart; the same for every copy of a datagram.
    pub mark: u64,
}

#[derive(Deserialize)]
struct WireHead {
    v: u32,
    to: String,
    r#type: String,
    change: String,
    epoch: String,
    seq: u64,
    #[serde(default)]
    req: Option<u64>,
    #[serde(default)]
    tc: Option<u32>,
    #[serde(default)]
    tg: Option<u32>,
    #[serde(default)]
    track: Option<u32>,
    #[serde(default)]
    range: Option<u32>,
    #[serde(default)]
    sub: Option<u32>,
    #[serde(default)]
    guid: Option<String>,
    #[serde(default)]
    rev: Option<u64>,
    #[serde(default)]
    hash: Option<String>,
    #[serde(default)]
    part: Option<u32>,
    #[serde(default)]
    parts: Option<u32>,
}

/// Sixteen hex digits.
fn is_hash(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

impl Part {
    /// Read one datagram's JSON. The error says what is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let fields: Map<String, Value> = serde_json::from_str(text).map_err(|e| format!("no JSON object: {e}"))?;
        let value = Value::Object(fields);
        let wire = WireHead::deserialize(&value).map_err(|e| e.to_string())?;
        let Value::Object(fields) = value else { return Err("no JSON object".into()) };
        if wire.v != PROTOCOL {
            return Err(format!("protocol {} is spoken, this is {PROTOCOL}", wire.v));
        }
        let to = is_hash(&wire.to).then(|| u64::from_str_radix(&wire.to, 16).ok()).flatten();
        let to = to.ok_or_else(|| format!("`to` is 16 hex digits, got \"{}\"", short(&wire.to)))?;
        if !is_hash(&wire.epoch) {
            return Err(format!("`epoch` is 16 hex digits, got \"{}\"", short(&wire.epoch)));
        }
        if let Some(hash) = wire.hash.as_deref().filter(|hash| !hash.is_empty() && !is_hash(hash)) {
            return Err(format!("`hash` is 16 hex digits, got \"{}\"", short(hash)));
        }
        let numbers = [wire.tc, wire.tg, wire.track, wire.range, wire.sub];
        if numbers.contains(&Some(0)) {
            return Err("tc, tg, track, range and sub are from 1, got 0".into());
        }
        let track = match numbers {
            [Some(tc), Some(tg), Some(track), ..] => Some(TrackAt { tc, tg, track }),
            _ => None,
        };
        let unit = match numbers {
            [Some(tc), Some(tg), Some(track), Some(range), Some(sub)] => Some(Unit { tc, tg, track, range, sub }),
            _ => None,
        };
        let (part, parts) = match (wire.part, wire.parts) {
            (None, None) => (1, 1),
            (Some(part), Some(parts)) => (part, parts),
            _ => return Err("`part` and `parts` go together".into()),
        };
        if part == 0 || part > parts || parts > PARTS_MAX {
            return Err(format!("part {part} of {parts} cannot be; at most {PARTS_MAX}"));
        }
        let head = Head {
            to,
            kind: format!("{}.{}", wire.r#type, wire.change),
            epoch: wire.epoch.to_ascii_lowercase(),
            seq: wire.seq,
            req: wire.req,
            unit,
            track,
            guid: wire.guid.unwrap_or_default(),
            rev: wire.rev,
            hash: wire.hash.filter(|hash| !hash.is_empty()),
            part,
            parts,
        };
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Ok(Self { head, fields, bytes: text.len(), mark: hasher.finish() })
    }

    /// What a `request.part` says by itself; each of its slices stands alone.
    pub fn have(&self) -> Result<Vec<u32>, String> {
        let have = self.fields.get("have").ok_or("missing field `have`")?;
        Vec::<u32>::deserialize(have).map_err(|e| format!("have: {e}"))
    }
}

/// Put the parts of one message together, in their order, and read it.
pub fn join(parts: Vec<Part>) -> Result<Message, String> {
    let mut parts = parts.into_iter();
    let Some(Part { head, mut fields, .. }) = parts.next() else { return Err("a message has a part".into()) };
    for part in parts {
        for (key, value) in part.fields {
            let Value::Array(more) = value else { continue };
            match fields.get_mut(&key) {
                Some(Value::Array(list)) => list.extend(more),
                Some(_) => return Err(format!("{}: `{key}` is a list in one part only", head.kind)),
                None => {
                    fields.insert(key, Value::Array(more));
                }
            }
        }
    }
    let told = told(&head.kind, fields).map_err(|why| format!("{}: {why}", head.kind))?;
    check(&head, &told).map_err(|why| format!("{}: {why}", head.kind))?;
    let Head { epoch, seq, req, unit, track, guid, rev, hash, .. } = head;
    Ok(Message { epoch, seq, req: req.map(ReqId), unit, track, guid, rev, hash, told })
}

/// Refuses a message about a unit that does not say which, or in which state it is.
fn check(head: &Head, told: &Told) -> Result<(), String> {
    let of_unit = matches!(
        told,
        Told::Hooked(_) | Told::Events(_) | Told::Gone { .. } | Told::Changed(_) | Told::BatchAck(_) | Told::Busy(_)
    );
    if of_unit && head.unit.is_none() {
        return Err("it does not say of which unit (`tc tg track range sub`)".into());
    }
    let of_content = matches!(told, Told::Hooked(_) | Told::Events(_) | Told::Changed(_) | Told::BatchAck(_));
    if of_content && (head.rev.is_none() || head.hash.is_none()) {
        return Err("`rev` or `hash` is missing".into());
    }
    if matches!(told, Told::TrackCreated(_) | Told::TrackAssigned { .. } | Told::TrackPrepared(_) | Told::Moved { .. })
        && head.track.is_none()
    {
        return Err("it does not say of which track (`tc tg track`)".into());
    }
    Ok(())
}

#[derive(Deserialize)]
struct Ping {
    #[serde(default)]
    t: Option<Value>,
    digest: Vec<UnitDigest>,
}

#[derive(Deserialize)]
struct Reason {
    reason: String,
}

#[derive(Deserialize)]
struct Items<T> {
    items: Vec<T>,
}

#[derive(Deserialize)]
struct Groups {
    tc: u32,
    items: Vec<GroupItem>,
}

#[derive(Deserialize)]
struct Tracks {
    tc: u32,
    tg: u32,
    items: Vec<TrackItem>,
}

#[derive(Deserialize)]
struct Cues {
    sequence: u32,
    #[serde(default)]
    name: String,
    items: Vec<CueItem>,
}

#[derive(Deserialize)]
struct Was {
    was: TrackAt,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct IsBusy {
    busy: Busy,
}

#[derive(Deserialize)]
struct Target {
    target: u32,
}

/// Read the fields as what the kind says.
fn told(kind: &str, fields: Map<String, Value>) -> Result<Told, String> {
    fn read<T: serde::de::DeserializeOwned>(fields: Map<String, Value>) -> Result<T, String> {
        serde_json::from_value(Value::Object(fields)).map_err(|e| e.to_string())
    }
    Ok(match kind {
        "connection.hello" => Told::Hello(Box::new(read(fields)?)),
        "connection.ping" => {
            let Ping { t, digest } = read(fields)?;
            let t = t.map(|t| t.as_str().map_or_else(|| t.to_string(), str::to_owned));
            Told::Ping { t, digest }
        }
        "connection.status" => Told::Status(Box::new(read(fields)?)),
        "connection.bye" => Told::Bye { reason: read::<Reason>(fields)?.reason },
        "list.timecodes" => Told::Timecodes(read::<Items<TimecodeItem>>(fields)?.items),
        "list.trackgroups" => {
            let Groups { tc, items } = read(fields)?;
            Told::TrackGroups { tc, items }
        }
        "list.tracks" => {
            let Tracks { tc, tg, items } = read(fields)?;
            Told::Tracks { tc, tg, items }
        }
        "list.sequences" => Told::Sequences(read::<Items<SequenceItem>>(fields)?.items),
        "list.cues" => {
            let Cues { sequence, name, items } = read(fields)?;
            Told::Cues { sequence, name, items }
        }
        "subtrack.hooked" => Told::Hooked(Box::new(read::<WireContent>(fields)?.try_into()?)),
        "subtrack.events" => Told::Events(Box::new(read::<WireContent>(fields)?.try_into()?)),
        "subtrack.gone" => Told::Gone { reason: read::<Reason>(fields)?.reason },
        "track.changed" => Told::Changed(Box::new(read::<WireChanged>(fields)?.try_into()?)),
        "track.moved" => Told::Moved { was: read::<Was>(fields)?.was },
        "track.renamed" => Told::Renamed { name: read::<Named>(fields)?.name },
        "desk.busy" => Told::Busy(read::<IsBusy>(fields)?.busy),
        "batch.ack" => Told::BatchAck(read::<WireAck>(fields)?.try_into()?),
        "track.created" => Told::TrackCreated(read(fields)?),
        "track.assigned" => Told::TrackAssigned { target: read::<Target>(fields)?.target },
        "track.prepared" => Told::TrackPrepared(read(fields)?),
        "cues.created" => {
            let Cues { sequence, items, .. } = read(fields)?;
            Told::CuesCreated { sequence, items }
        }
        other if other.ends_with(".error") => Told::Error(Box::new(read(fields)?)),
        other => return Err(format!("nobody knows the kind \"{}\"", short(other))),
    })
}
