//! A session as Lua text: deterministic, readable, complete: `eval(mirror(session)) == session`.
//!
//! Thread: any. Only what differs from a new session is written; declarations first, live chunks last and verbatim.

pub(super) mod lights;
pub(super) mod single;

use std::fmt::Write as _;

use super::source::is_function;
use crate::model::name::salt_of;
use crate::model::session::MASTER;
use crate::model::{
    ChainEntry, ClockSource, Column, ConnKind, Connection, Curve, Cycles, Hit, MacroMap, Module, ModuleBody,
    ModuleKind, Name, Param, ParamKind, ParamMap, Path, Pattern, Row, Sample, Session, sample_name,
};

/// The Lua text that rebuilds an equal session in an empty instance.
pub fn mirror(session: &Session) -> String {
    let mut text = String::new();
    clock(&mut text, session);
    lights::songs(&mut text, session);
    for (name, pattern) in &session.patterns {
        write_pattern(&mut text, name, pattern);
    }
    for (name, chain) in &session.chains {
        let entries: Vec<String> = chain.entries.iter().map(chain_entry).collect();
        let _ = writeln!(text, "chain({}, {})", quote(name.as_str()), list(&entries));
    }
    for (name, folder) in &session.banks {
        let _ = writeln!(text, "bank({}, {})", quote(name), quote(folder));
    }
    for kind in ModuleKind::ALL {
        for (name, module) in session.modules.iter().filter(|(_, m)| m.kind() == kind) {
            write_module(&mut text, name, module);
        }
    }
    connections(&mut text, session);
    lights::write(&mut text, session);
    for (path, map) in &session.macros {
        let path = quote(&typed_path(session, path));
        let _ = writeln!(text, "macro({}):map({path}, {})", map.number, mapping(map));
    }
    for (name, chunk) in &session.live {
        let _ = writeln!(text, "{}", live(name, chunk));
    }
    text
}

fn live(name: &str, chunk: &str) -> String {
    let body = if is_function(chunk) { chunk.to_owned() } else { quote(chunk) };
    format!("live({}, {body})", quote(name))
}

/// An entry of a chain, as a table.
pub(super) fn chain_entry(entry: &ChainEntry) -> String {
    let mute = if entry.mute { ", mute = true" } else { "" };
    format!("{{ {}, {}{mute} }}", quote(entry.pattern.as_str()), entry.repeats)
}

/// The options of a mapping, as a table.
fn mapping(map: &MacroMap) -> String {
    let curve = if map.curve == Curve::Lin { String::new() } else { format!(", curve = \"{}\"", map.curve.name()) };
    format!("{{ min = {}, max = {}{curve} }}", number(map.min), number(map.max))
}

/// Expressions as a table.
pub(super) fn list(entries: &[String]) -> String {
    if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
}

fn clock(text: &mut String, session: &Session) {
    let new = Session::new();
    let mut parts = vec![];
    if session.bpm != new.bpm {
        parts.push(format!("bpm = {}", number(session.bpm)));
    }
    if session.signature != new.signature {
        parts.push(format!("signature = \"{}/{}\"", session.signature.num, session.signature.den));
    }
    if session.source != new.source {
        let word = if session.source == ClockSource::Internal { "internal" } else { "host" };
        parts.push(format!("source = \"{word}\""));
    }
    if !parts.is_empty() {
        let _ = writeln!(text, "clock:internal {{ {} }}", parts.join(", "));
    }
    if session.seed != new.seed {
        let _ = writeln!(text, "seed({})", whole(session.seed));
    }
}

/// A number that Lua reads back exactly.
pub(super) fn number(value: f64) -> String {
    // Rust writes the shortest digits that read back to the same value, and so does Lua read them.
    format!("{value}")
}

/// A 64-bit number as Lua's integers hold it.
pub(super) fn whole(value: u64) -> String {
    if value <= i64::MAX as u64 { value.to_string() } else { format!("0x{value:016x}") }
}

/// A text as a Lua literal.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    let _ = write!(out, "\\{byte:03}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

pub(super) fn value(param: Param, value: f64) -> String {
    match param.desc().kind {
        ParamKind::Choice(_) => quote(&param.show(value)),
        ParamKind::Switch => (value != 0.0).to_string(),
        ParamKind::Number | ParamKind::Integer => number(value),
    }
}

pub(super) fn params(map: &ParamMap) -> Vec<String> {
    map.iter().map(|(param, v)| format!("{} = {}", param.desc().name, value(*param, *v))).collect()
}

pub(super) fn hit(hit: &Hit) -> String {
    let mut parts = vec![format!("index = {}", hit.index)];
    parts.extend(hit.length.map(|v| format!("length = {v}")));
    parts.extend(hit.note.map(|v| format!("note = {v}")));
    if hit.chance != 100 {
        parts.push(format!("chance = {}", hit.chance));
    }
    if hit.ratio != (1, 1) {
        parts.push(format!("ratio = \"{}:{}\"", hit.ratio.0, hit.ratio.1));
    }
    parts.extend(params(&hit.params));
    format!("{{ {} }}", parts.join(", "))
}

/// A row as an expression; an empty one is `false`.
pub(super) fn row(row: &Row) -> String {
    match row {
        Row::Empty => "false".to_owned(),
        Row::Rest => "\"-\"".to_owned(),
        Row::Hit(found) => hit(found),
    }
}

fn write_pattern(text: &mut String, name: &Name, pattern: &Pattern) {
    let mut parts = vec![format!("steps = {}", pattern.steps)];
    if pattern.steps_per_beat != 4.0 {
        parts.push(format!("stepsPerBeat = {}", number(pattern.steps_per_beat)));
    }
    if pattern.cycles == Cycles::Position {
        parts.push("cycles = \"position\"".to_owned());
    }
    if pattern.salt != salt_of(name) {
        parts.push(format!("salt = {}", whole(pattern.salt)));
    }
    // A hit shows the columns it needs, so hidden ones have to be hidden again.
    let hides = pattern.rows.values().any(|row| match row {
        Row::Hit(hit) => hit.columns().any(|column| !pattern.columns.contains(&column)),
        _ => false,
    });
    if hides || pattern.columns != [Column::Index, Column::Length] {
        let names: Vec<String> = pattern.columns.iter().map(|c| quote(c.name())).collect();
        parts.push(format!("columns = {{ {} }}", names.join(", ")));
    }
    let head = format!("pattern({}, {{ {}", quote(name.as_str()), parts.join(", "));
    if pattern.rows.is_empty() {
        let _ = writeln!(text, "{head} }})");
        return;
    }
    let _ = writeln!(text, "{head}, rows = {{");
    for (place, row) in &pattern.rows {
        if *row != Row::Empty {
            let _ = writeln!(text, "  [{place}] = {},", self::row(row));
        }
    }
    text.push_str("} })\n");
}

fn write_module(text: &mut String, name: &Name, module: &Module) {
    let quoted = quote(name.as_str());
    let mut parts = vec![];
    let word = match &module.body {
        ModuleBody::MultiSampler { samples } => {
            if !samples.is_empty() {
                parts.push(format!("samples = {{ {} }}", bank(samples.iter().map(|s| &**s)).join(", ")));
            }
            "sampler"
        }
        ModuleBody::TrackerSequencer { pattern, chain, chain_on } => {
            parts.push(format!("pattern = {}", quote(pattern.as_str())));
            if let Some(chain) = chain {
                parts.push(format!("chain = {}", quote(chain.as_str())));
                if !chain_on {
                    parts.push("play = \"pattern\"".to_owned());
                }
            }
            "sequencer"
        }
        ModuleBody::AudioMixer => "audioMixer",
        ModuleBody::AudioOutput | ModuleBody::AudioInput => {
            for (param, v) in &module.params {
                let _ = writeln!(text, "setParam({quoted}, \"{}\", {})", param.desc().name, value(*param, *v));
            }
            if !module.enabled {
                let _ = writeln!(text, "enable({quoted}, false)");
            }
            return;
        }
    };
    parts.extend(params(&module.params));
    if !module.enabled {
        parts.push("enabled = false".to_owned());
    }
    let _ = match parts.is_empty() {
        true => writeln!(text, "{word}({quoted})"),
        false => writeln!(text, "{word}({quoted}, {{ {} }})", parts.join(", ")),
    };
}

/// The entries of a bank; a path alone where it says everything.
pub(super) fn bank<'a>(samples: impl Iterator<Item = &'a Sample> + Clone) -> Vec<String> {
    // Names that are written are taken before any is derived, as the reader does it.
    let derived = |path: &str, taken: &[String]| sample_name::unique(path, taken);
    let plain = |s: &Sample| s.params.is_empty() && !s.path.ends_with(['/', '\\']) && !s.path.contains(['*', '?', '[']);
    let mut written: Vec<bool> = samples.clone().map(|s| !plain(s)).collect();
    // Writing one name may change what another derives: go on until nothing changes.
    loop {
        let mut taken: Vec<String> =
            samples.clone().zip(&written).filter(|(_, w)| **w).map(|(s, _)| s.name.clone()).collect();
        let mut changed = false;
        for (place, sample) in samples.clone().enumerate() {
            if written[place] {
                continue;
            }
            let name = derived(&sample.path, &taken);
            if name != sample.name {
                written[place] = true;
                changed = true;
                break;
            }
            taken.push(name);
        }
        if !changed {
            break;
        }
    }
    let entry = |(sample, written): (&Sample, &bool)| {
        if !*written {
            return quote(&sample.path);
        }
        let mut parts = vec![format!("path = {}", quote(&sample.path)), format!("name = {}", quote(&sample.name))];
        parts.extend(params(&sample.params));
        format!("{{ {} }}", parts.join(", "))
    };
    samples.zip(&written).map(entry).collect()
}

fn connections(text: &mut String, session: &Session) {
    // Cables that make themselves are not written; one that was taken out is.
    for (name, module) in
        session.modules.iter().filter(|(name, m)| m.kind().gives_audio() && name.as_str() != "sidechain")
    {
        let mut own = session.connections.iter().filter(|c| c.from == *name && c.kind == ConnKind::Audio);
        if module.kind().gives_audio() && own.next().is_none() {
            let _ = writeln!(text, "disconnect({}, \"{MASTER}\")", quote(name.as_str()));
        }
    }
    for cable in &session.connections {
        match (cable.auto, cable.volume == 1.0) {
            (true, true) => {}
            (true, false) => {
                let path = format!("{}.connectionVolume[{}]", cable.to, place_of(session, &cable.to, &cable.from));
                let _ = writeln!(text, "setParam({}, {})", quote(&path), number(cable.volume));
            }
            (false, _) => {
                let _ = writeln!(text, "{}", connect(cable));
            }
        }
    }
}

/// The statement that lays a cable.
fn connect(cable: &Connection) -> String {
    let (from, to, kind) = (quote(cable.from.as_str()), quote(cable.to.as_str()), cable.kind.name());
    if cable.volume == 1.0 {
        format!("connect({from}, {to}, \"{kind}\")")
    } else {
        format!("connect({from}, {to}, {{ kind = \"{kind}\", volume = {} }})", number(cable.volume))
    }
}

/// A source as `connectionVolume[…]` names it: by name, or by place where the name is a number.
fn place_of(session: &Session, to: &Name, from: &Name) -> String {
    if from.as_str().parse::<usize>().is_err() {
        return from.to_string();
    }
    let place = session.inputs(to.as_str(), ConnKind::Audio).position(|c| c.from == *from).unwrap_or(0);
    (place + 1).to_string()
}

/// A path as people type it: a source whose name is a number by its place.
pub(super) fn typed_path(session: &Session, path: &Path) -> String {
    match path {
        Path::Connection { module, source } => {
            format!("{module}.connectionVolume[{}]", place_of(session, module, source))
        }
        other => other.to_string(),
    }
}
