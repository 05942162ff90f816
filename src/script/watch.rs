//! What `onChange` watches: one value, a whole module, pattern or chain, each of its values, a row, the clock.
//!
//! Thread: script. **Invariant:** a target is checked when it is named; later it may come and go, and is nil while it is
//! not there.

use std::sync::Arc;

use mlua::{Lua, Value};

use super::api::config::path_value;
use super::api::pattern::row_value;
use super::api::state;
use super::clock::lua_number;
use super::world::World;
use crate::model::{Module, Name, Param, Path, Pattern, Session, Signature, Snapshot};

/// The forms, for error messages.
const FORMS: &str = "onChange takes a value (\"kick.volume\", \"beat.row[5].chance\"), a row (\"beat.row[5]\"), a module, \
                     pattern or chain (\"kick\"), each of its values (\"kick.*\") or the clock (\"clock\", \"clock.bpm\")";

/// A moving value of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockValue {
    /// Tempo in force.
    Bpm,
    /// Whether the position moves.
    IsPlaying,
    /// Signature in force.
    Signature,
    /// Whether the host's transport leads.
    HostLeads,
}

impl ClockValue {
    const ALL: [Self; 4] = [Self::Bpm, Self::IsPlaying, Self::Signature, Self::HostLeads];

    fn name(self) -> &'static str {
        match self {
            Self::Bpm => "bpm",
            Self::IsPlaying => "isPlaying",
            Self::Signature => "signature",
            Self::HostLeads => "hostLeads",
        }
    }
}

/// What is watched.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// One value.
    Value(Path),
    /// A row of a pattern, from 1.
    Row(Name, u16),
    /// A module, pattern or chain as a whole.
    Whole(Name),
    /// Each value of a module, each row of a pattern.
    Each(Name),
    /// A value of the clock.
    Clock(ClockValue),
    /// Each value of the clock.
    EachClock,
}

/// The clock's values as they stand.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ClockState {
    bpm: f64,
    playing: bool,
    signature: Signature,
    host_leads: bool,
}

/// Everything a watch is compared against: what was told last.
#[derive(Debug, Clone)]
pub struct Seen {
    session: Arc<Session>,
    clock: ClockState,
}

impl Seen {
    /// What the running code sees, with its own writes.
    pub fn draft(world: &World) -> Self {
        let mut clock = ClockState::now(world);
        (clock.playing, clock.host_leads) = (world.is_playing(), world.host_leads());
        Self { session: Arc::new(world.draft.clone()), clock }
    }

    /// What is published.
    pub fn published(snapshot: &Snapshot, clock: ClockState) -> Self {
        Self { session: snapshot.session.clone(), clock }
    }
}

impl ClockState {
    /// The clock as the newest Snapshot and map have it.
    pub fn now(world: &World) -> Self {
        let (session, map) = (&world.snapshot.session, &world.map);
        let host_leads = world.snapshot.host_leads;
        Self {
            bpm: if host_leads && map.bpm > 0.0 { map.bpm } else { session.bpm },
            playing: world.snapshot.playing,
            signature: if host_leads && map.num > 0 { map.signature() } else { session.signature },
            host_leads,
        }
    }
}

impl Target {
    /// Read what a person typed. The error says what does not resolve and which forms there are.
    pub fn parse(session: &Session, text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix("clock").filter(|rest| rest.is_empty() || rest.starts_with('.')) {
            return Self::parse_clock(rest.trim_start_matches('.'));
        }
        if let Some(name) = text.strip_suffix(".*") {
            return match session.noun_of(name) {
                Some("module" | "pattern") => Ok(Self::Each(named(name)?)),
                Some(noun) => Err(format!("\"{text}\": a {noun} has no single values; write \"{name}\"")),
                None => Err(unknown(session, name)),
            };
        }
        if !text.contains('.') {
            return match session.noun_of(text) {
                Some(_) => Ok(Self::Whole(named(text)?)),
                None => Err(unknown(session, text)),
            };
        }
        if text.ends_with(']') && text.contains(".row[") {
            return match session.path(&format!("{text}.index")).map_err(|e| e.0)? {
                Path::Row { pattern, row, .. } => Ok(Self::Row(pattern, row)),
                _ => Err(format!("\"{text}\" is not a row; {FORMS}")),
            };
        }
        session.path(text).map(Self::Value).map_err(|e| format!("{e}; {FORMS}"))
    }

    fn parse_clock(word: &str) -> Result<Self, String> {
        if word.is_empty() || word == "*" {
            return Ok(Self::EachClock);
        }
        let found = ClockValue::ALL.into_iter().find(|value| value.name() == word);
        found.map(Self::Clock).ok_or_else(|| {
            let all: Vec<String> = ClockValue::ALL.iter().map(|value| format!("clock.{}", value.name())).collect();
            format!("the clock has no \"{word}\" to watch; there are {} (the position is no change)", all.join(" "))
        })
    }

    /// Whether it is one value, or a row's column.
    pub fn is_value(&self) -> bool {
        matches!(self, Self::Value(_))
    }

    /// How a person writes it.
    pub fn text(&self) -> String {
        match self {
            Self::Value(path) => path.to_string(),
            Self::Row(pattern, row) => format!("{pattern}.row[{row}]"),
            Self::Whole(name) => name.to_string(),
            Self::Each(name) => format!("{name}.*"),
            Self::Clock(value) => format!("clock.{}", value.name()),
            Self::EachClock => "clock".to_owned(),
        }
    }

    /// What of it changed from one state to another: itself, or those of its values that did.
    pub fn changes(&self, old: &Seen, new: &Seen) -> Vec<Self> {
        match self {
            Self::Each(name) => each(name, &old.session, &new.session),
            Self::EachClock => {
                let all = ClockValue::ALL.into_iter().map(Self::Clock);
                all.filter(|value| value.differs(old, new)).collect()
            }
            one if one.differs(old, new) => vec![one.clone()],
            _ => vec![],
        }
    }

    fn differs(&self, old: &Seen, new: &Seen) -> bool {
        let (a, b) = (&old.session, &new.session);
        match self {
            Self::Value(path) => a.value(path).ok().flatten() != b.value(path).ok().flatten(),
            Self::Row(pattern, row) => {
                a.patterns.get(pattern).map(|p| p.row(*row)) != b.patterns.get(pattern).map(|p| p.row(*row))
            }
            // Parts that nobody touched are the same part, so this is short.
            Self::Whole(name) => {
                a.modules.get(name) != b.modules.get(name)
                    || a.patterns.get(name) != b.patterns.get(name)
                    || a.chains.get(name) != b.chains.get(name)
            }
            Self::Clock(value) => value.of(&old.clock) != value.of(&new.clock),
            Self::Each(_) | Self::EachClock => !self.changes(old, new).is_empty(),
        }
    }

    /// Its value for Lua; nil when it is not there.
    pub fn value(&self, lua: &Lua, seen: &Seen, snapshot: &Snapshot) -> mlua::Result<Value> {
        let session: &Session = &seen.session;
        match self {
            Self::Value(path) if session.check_path(path).is_err() => Ok(Value::Nil),
            Self::Value(path) => path_value(lua, session, path),
            Self::Row(pattern, row) => {
                session.patterns.get(pattern).map_or(Ok(Value::Nil), |p| row_value(lua, &p.row(*row)))
            }
            Self::Whole(name) | Self::Each(name) => {
                if let Some(module) = session.modules.get(name) {
                    return state::module(lua, module, snapshot).map(Value::Table);
                }
                if let Some(pattern) = session.patterns.get(name) {
                    return state::pattern(lua, pattern).map(Value::Table);
                }
                session.chains.get(name).map_or(Ok(Value::Nil), |c| state::chain(lua, c).map(Value::Table))
            }
            Self::Clock(value) => match value.of(&seen.clock) {
                Shown::Number(number) => Ok(lua_number(number)),
                Shown::Switch(on) => Ok(Value::Boolean(on)),
                Shown::Text(text) => Ok(Value::String(lua.create_string(text)?)),
            },
            Self::EachClock => Ok(Value::Nil),
        }
    }
}

#[derive(PartialEq)]
enum Shown {
    Number(f64),
    Switch(bool),
    Text(String),
}

impl ClockValue {
    fn of(self, clock: &ClockState) -> Shown {
        match self {
            Self::Bpm => Shown::Number(clock.bpm),
            Self::IsPlaying => Shown::Switch(clock.playing),
            Self::Signature => Shown::Text(format!("{}/{}", clock.signature.num, clock.signature.den)),
            Self::HostLeads => Shown::Switch(clock.host_leads),
        }
    }
}

/// The values of a module, or the rows of a pattern, that are not what they were.
fn each(name: &Name, old: &Session, new: &Session) -> Vec<Target> {
    let (a, b) = (old.modules.get(name), new.modules.get(name));
    if a != b && (a.is_some() || b.is_some()) {
        return values(name, a.map(|m| &**m), b.map(|m| &**m));
    }
    let (a, b) = (old.patterns.get(name), new.patterns.get(name));
    if a != b { rows(name, a.map(|p| &**p), b.map(|p| &**p)) } else { vec![] }
}

fn values(name: &Name, old: Option<&Module>, new: Option<&Module>) -> Vec<Target> {
    let Some(kind) = new.or(old).map(Module::kind) else { return vec![] };
    let mut found: Vec<Target> = Param::of(kind)
        .filter(|param| old.map(|m| m.value(*param)) != new.map(|m| m.value(*param)))
        .map(|param| Target::Value(Path::Param { module: name.clone(), param }))
        .collect();
    let count = |m: Option<&Module>| m.map_or(0, |m| m.samples().len());
    for place in 0..count(old).min(count(new)) {
        let (a, b) = (old.map(|m| &m.samples()[place].params), new.map(|m| &m.samples()[place].params));
        let mut params: Vec<Param> = a.iter().chain(&b).flat_map(|map| map.keys().copied()).collect();
        params.sort();
        params.dedup();
        let own = |map: Option<&crate::model::ParamMap>, param| map.and_then(|m| m.get(&param).copied());
        params.retain(|param| own(a, *param) != own(b, *param));
        found.extend(
            params
                .into_iter()
                .map(|param| Target::Value(Path::Sample { module: name.clone(), index: place as u16 + 1, param })),
        );
    }
    found
}

fn rows(name: &Name, old: Option<&Pattern>, new: Option<&Pattern>) -> Vec<Target> {
    let mut numbers: Vec<u16> = [old, new].into_iter().flatten().flat_map(|p| p.rows.keys().copied()).collect();
    numbers.sort();
    numbers.dedup();
    numbers.retain(|row| old.map(|p| p.row(*row)) != new.map(|p| p.row(*row)));
    numbers.into_iter().map(|row| Target::Row(name.clone(), row)).collect()
}

fn named(text: &str) -> Result<Name, String> {
    Name::new(text).map_err(|e| e.to_string())
}

fn unknown(session: &Session, name: &str) -> String {
    let all = session.modules.keys().chain(session.patterns.keys()).chain(session.chains.keys());
    let names: Vec<&str> = all.map(Name::as_str).take(40).collect();
    format!("nothing is called \"{name}\": there are {}; {FORMS}", names.join(" "))
}
