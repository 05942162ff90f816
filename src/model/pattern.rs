//! Patterns and chains: what is played, row by row.
//!
//! Thread: any. Rows are counted from 1.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::name::{Name, Uid, salt_of};
use super::param::{Param, ParamMap, as_words};

/// Most rows of a pattern.
pub const ROWS_MAX: u16 = 256;
/// Longest gate of a row, in rows.
pub const LENGTH_MAX: u8 = 64;
/// Largest number on either side of a ratio.
pub const RATIO_MAX: u8 = 16;
/// Largest steps-per-beat, either way.
pub const STEPS_PER_BEAT_MAX: f64 = 96.0;
/// Most repeats of a chain entry.
pub const REPEATS_MAX: u8 = 99;

/// What a ratio and a chance count as a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cycles {
    /// The cycle at the song position plus the host's loop passes: a looped bar still varies.
    #[default]
    Pass,
    /// The cycle at the song position alone.
    Position,
}

/// A column of the pattern grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// Which sample, from 1.
    Index,
    /// Gate in rows.
    Length,
    /// MIDI note.
    Note,
    /// Percent.
    Chance,
    /// A of B.
    Ratio,
    /// A sampler parameter.
    Param(Param),
}

impl Column {
    /// The name people type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Length => "length",
            Self::Note => "note",
            Self::Chance => "chance",
            Self::Ratio => "ratio",
            Self::Param(param) => param.desc().name,
        }
    }

    /// The column called `name`.
    pub fn find(name: &str) -> Option<Column> {
        match name {
            "index" => Some(Self::Index),
            "length" => Some(Self::Length),
            "note" => Some(Self::Note),
            "chance" => Some(Self::Chance),
            "ratio" => Some(Self::Ratio),
            _ => Param::find(super::session::ModuleKind::MultiSampler, name)
                .filter(|p| p.desc().per_hit)
                .map(Self::Param),
        }
    }

    /// Index and length stay in every pattern.
    pub fn is_fixed(self) -> bool {
        matches!(self, Self::Index | Self::Length)
    }
}

impl Serialize for Column {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Column::find(&name).ok_or_else(|| serde::de::Error::custom(format!("\"{name}\" is not a column")))
    }
}

/// A hit: which sample, how long, how often, and the values of this row alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// Sample, from 1. A sample that is not there is silent, and the history says so.
    pub index: u16,
    /// MIDI note 0-127; unset plays at the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<u8>,
    /// Gate in rows, 1-64; unset is no gate: it plays as its play style says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u8>,
    /// Percent, 0-100.
    #[serde(default = "hundred", skip_serializing_if = "is_hundred")]
    pub chance: u8,
    /// `(a, b)`: plays on cycle `a` of every `b`; both 1-16, a ≤ b.
    #[serde(default = "one_of_one", skip_serializing_if = "is_one_of_one")]
    pub ratio: (u8, u8),
    /// Values of this row; what is missing is the sample's.
    #[serde(default, skip_serializing_if = "ParamMap::is_empty", with = "as_words")]
    pub params: ParamMap,
}

fn hundred() -> u8 {
    100
}
fn is_hundred(chance: &u8) -> bool {
    *chance == 100
}
fn one_of_one() -> (u8, u8) {
    (1, 1)
}
fn is_one_of_one(ratio: &(u8, u8)) -> bool {
    *ratio == (1, 1)
}

impl Default for Hit {
    fn default() -> Self {
        Self { index: 1, note: None, length: None, chance: 100, ratio: (1, 1), params: ParamMap::new() }
    }
}

impl Hit {
    /// Whether a column has something to say in this hit.
    pub fn has(&self, column: Column) -> bool {
        match column {
            Column::Index => true,
            Column::Length => self.length.is_some(),
            Column::Note => self.note.is_some(),
            Column::Chance => self.chance != 100,
            Column::Ratio => self.ratio != (1, 1),
            Column::Param(param) => self.params.contains_key(&param),
        }
    }

    /// The columns this hit needs to be seen and heard.
    pub fn columns(&self) -> impl Iterator<Item = Column> + '_ {
        [Column::Length, Column::Note, Column::Chance, Column::Ratio]
            .into_iter()
            .chain(self.params.keys().map(|&p| Column::Param(p)))
            .filter(|&column| self.has(column))
    }
}

/// One row of a pattern.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Row {
    /// Nothing: what sounds goes on.
    #[default]
    Empty,
    /// Releases what sounds.
    Rest,
    /// Plays.
    Hit(Hit),
}

/// A list of rows that the song position walks through.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pattern {
    /// Identity underneath the name.
    pub uid: Uid,
    /// Source of the chance rolls; from the name at creation.
    pub salt: u64,
    /// How many rows play, 1-256.
    pub steps: u16,
    /// Rows per quarter note, −96 to 96 without 0; negative plays the rows backwards.
    pub steps_per_beat: f64,
    /// What a cycle is.
    #[serde(default)]
    pub cycles: Cycles,
    /// Columns shown, in order; what a hidden column holds is kept but not played.
    pub columns: Vec<Column>,
    /// Rows that are not empty, by number from 1. Rows above `steps` were cut and come back when it grows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rows: BTreeMap<u16, Row>,
}

impl PartialEq for Pattern {
    /// Equal in everything but the identity.
    fn eq(&self, other: &Self) -> bool {
        self.salt == other.salt
            && self.steps == other.steps
            && self.steps_per_beat == other.steps_per_beat
            && self.cycles == other.cycles
            && self.columns == other.columns
            && self.rows == other.rows
    }
}

impl Pattern {
    /// An empty pattern of `steps` rows, 4 rows to the beat.
    pub fn new(uid: Uid, name: &Name, steps: u16) -> Self {
        Self {
            uid,
            salt: salt_of(name),
            steps: steps.clamp(1, ROWS_MAX),
            steps_per_beat: 4.0,
            cycles: Cycles::default(),
            columns: vec![Column::Index, Column::Length],
            rows: BTreeMap::new(),
        }
    }

    /// Row `number` (from 1); empty when nothing is there.
    pub fn row(&self, number: u16) -> Row {
        self.rows.get(&number).cloned().unwrap_or_default()
    }

    /// Put a row; an empty row takes it away.
    pub fn put_row(&mut self, number: u16, row: Row) {
        match row {
            Row::Empty => self.rows.remove(&number),
            row => self.rows.insert(number, row),
        };
    }

    /// Length in quarter notes.
    pub fn beats(&self) -> f64 {
        f64::from(self.steps) / self.steps_per_beat.abs()
    }
}

/// One entry of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainEntry {
    /// The pattern played.
    pub pattern: Name,
    /// How often, 1-99.
    pub repeats: u8,
    /// A muted entry is passed over and takes no time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mute: bool,
}

/// Patterns one after the other, from the song's start, round and round.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Chain {
    /// Identity underneath the name.
    pub uid: Uid,
    /// The entries in order. With every entry muted (or none) the chain is silent.
    pub entries: Vec<ChainEntry>,
}

impl PartialEq for Chain {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}
