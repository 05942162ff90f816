//! What the desk has: timecodes, groups, tracks, sequences, cues, and what it made for us. Thread: any; pure.

use serde::{Deserialize, Serialize};

/// A timecode.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TimecodeItem {
    /// Pool number.
    pub tc: u32,
    /// Name.
    pub name: String,
    /// Guid.
    #[serde(default)]
    pub guid: String,
    /// Note.
    #[serde(default)]
    pub note: String,
    /// How many track groups it has.
    #[serde(default)]
    pub groups: u32,
    /// Whether it is locked.
    #[serde(default)]
    pub locked: bool,
}

/// A track group.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GroupItem {
    /// Number, from 1.
    pub tg: u32,
    /// Name.
    pub name: String,
    /// Note.
    #[serde(default)]
    pub note: String,
    /// How many tracks it has, the Marker not counted.
    #[serde(default)]
    pub tracks: u32,
    /// Whether it is locked.
    #[serde(default)]
    pub locked: bool,
}

/// A time range of a track.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RangeItem {
    /// Number, from 1.
    pub range: u32,
    /// Where it begins, ticks as text.
    #[serde(default)]
    pub start: String,
    /// CmdSubTracks.
    #[serde(default)]
    pub subs: u32,
    /// FaderSubTracks.
    #[serde(default)]
    pub faders: u32,
    /// Events by CmdSubTrack.
    #[serde(default)]
    pub events: Vec<u32>,
}

/// A track.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TrackItem {
    /// Number, from 1 without the Marker.
    pub track: u32,
    /// Name.
    pub name: String,
    /// Guid; empty where the desk has none.
    #[serde(default)]
    pub guid: String,
    /// Note.
    #[serde(default)]
    pub note: String,
    /// The sequence it runs, 0 for none.
    #[serde(default)]
    pub target: u32,
    /// That sequence's name.
    #[serde(default)]
    pub target_name: String,
    /// Its ranges.
    #[serde(default)]
    pub ranges: Vec<RangeItem>,
    /// Whether it is locked.
    #[serde(default)]
    pub locked: bool,
}

/// A sequence.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SequenceItem {
    /// Pool number.
    pub sequence: u32,
    /// Name.
    pub name: String,
    /// Guid.
    #[serde(default)]
    pub guid: String,
    /// How many cues it has.
    #[serde(default)]
    pub cues: u32,
}

/// A cue: one that is there, or one to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CueItem {
    /// Its number, up to three places, no trailing zeros.
    pub cue: String,
    /// Its name, or empty.
    pub name: String,
}

/// A track that was made or made ready; where it is stands in the message's unit and guid.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MadeTrack {
    /// Name.
    pub name: String,
    /// Note.
    #[serde(default)]
    pub note: String,
    /// The sequence it runs, 0 for none.
    #[serde(default)]
    pub target: u32,
    /// Whether it is new.
    #[serde(default)]
    pub created: bool,
}
