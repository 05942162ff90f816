//! What could stand where the cursor is: words, names, paths, values.

use super::VERBS;
use crate::model::event_word::EVENT_WORDS;
use crate::model::param::{Param, ParamKind};
use crate::model::pattern::Column;
use crate::model::session::{ModuleKind, Session};

/// First byte of the last word of a line, its quote not counted, and that quote if it is open.
pub fn last_word(line: &str) -> (usize, Option<char>) {
    let (mut start, mut quote, mut in_word) = (line.len(), None, false);
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match quote {
            _ if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(q) if c == q => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'') => {
                quote = Some(c);
                (start, in_word) = (if in_word { start } else { at + 1 }, true);
            }
            None if c.is_whitespace() => in_word = false,
            None if !in_word => (start, in_word) = (at, true),
            None => {}
        }
    }
    if in_word { (start, quote) } else { (line.len(), None) }
}

/// Completions of the last word of `line`, sorted, each a whole word without quotes.
pub fn complete(session: &Session, line: &str) -> Vec<String> {
    let (start, _) = last_word(line);
    let word = &line[start..];
    let before = super::split(line[..start].trim_end_matches(['"', '\''])).unwrap_or_default();
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    let verb = before.first().and_then(|word| super::verb(word));
    let mut found: Vec<String> = match (verb.map(|verb| verb.name), before.as_slice()) {
        (_, []) | (Some("help"), [_]) => VERBS.iter().map(|verb| verb.name.to_owned()).collect(),
        _ if word.contains('.') => paths(session, word.split('.').next().unwrap_or_default()),
        (name, words) => {
            let names = session.modules.keys().chain(session.patterns.keys()).chain(session.chains.keys());
            let names = names.chain(session.layers.keys());
            let mut all: Vec<String> = names.map(|n| n.to_string()).collect();
            let own = verb.map(|v| v.usage).unwrap_or_default();
            let own = own.split(|c: char| !c.is_ascii_lowercase()).filter(|w| w.len() > 1).map(str::to_owned);
            all.extend(own);
            match (name, words) {
                (Some("add"), [_]) => all.extend(["sampler", "sequencer", "mixer"].map(str::to_owned)),
                (Some("pattern"), [_, "row", ..]) => all.extend(columns()),
                (Some("event"), [_, _, "set", _, ..]) => {
                    all = EVENT_WORDS.iter().map(|word| format!("{word}=")).collect();
                }
                (Some("event"), [_, layer, "set" | "remove"]) => {
                    let events = session.layers.get(*layer).into_iter().flat_map(|layer| &layer.events);
                    all = events.filter_map(|entry| Some(entry.event.key.as_deref()?.to_owned())).collect();
                }
                (Some("event" | "events"), [_]) | (Some("desk"), [_, _]) => {
                    all.retain(|name| {
                        session.layers.contains_key(name.as_str()) || matches!(name.as_str(), "on" | "off")
                    });
                }
                (Some("desk"), [_, "map", _, ..]) => {
                    let words = ["tc", "tg", "track", "range", "sub", "sequence", "create", "cues", "direction"];
                    all = words.iter().chain(&["policy", "offset"]).map(|word| format!("{word}=")).collect();
                }
                (Some("layer"), [_, "set", _, ..]) => all = ["song=", "rate=", "anchor="].map(str::to_owned).into(),
                (Some("layer"), [_, "add", _]) => all = session.songs.iter().map(|song| song.name.clone()).collect(),
                (Some("song"), [_, _, ..]) => all = ["start=", "rate="].map(str::to_owned).into(),
                _ => {}
            }
            let module = words.iter().skip(1).rev().find_map(|word| session.modules.get(*word));
            all.extend(module.into_iter().flat_map(|m| params(m.kind())));
            all.extend(words.last().into_iter().flat_map(|word| choices(word)));
            all
        }
    };
    found.retain(|candidate| candidate.starts_with(word));
    found.sort();
    found.dedup();
    found
}

fn params(kind: ModuleKind) -> impl Iterator<Item = String> {
    Param::of(kind).map(|p| p.desc().name.to_owned())
}

/// Words that a parameter takes.
fn choices(name: &str) -> Vec<String> {
    let name = name.rsplit('.').next().unwrap_or(name);
    let words = ModuleKind::ALL.iter().find_map(|kind| Param::find(*kind, name)).map(|param| param.desc().kind);
    match words {
        Some(ParamKind::Choice(words)) => words.iter().map(|word| (*word).to_owned()).collect(),
        _ => vec![],
    }
}

/// Columns of a row, as they are set.
fn columns() -> impl Iterator<Item = String> {
    let own = ["length", "note", "chance", "ratio"].into_iter().map(str::to_owned);
    own.chain(params(ModuleKind::MultiSampler)).filter(|name| Column::find(name).is_some()).map(|name| name + "=")
}

fn paths(session: &Session, name: &str) -> Vec<String> {
    let Some(module) = session.modules.get(name) else { return vec![] };
    let own = params(module.kind()).map(|param| format!("{name}.{param}"));
    let per_sample = (1..=module.samples().len()).flat_map(|i| {
        Param::of(ModuleKind::MultiSampler)
            .filter(|p| p.desc().per_hit)
            .map(move |p| format!("{name}.sample[{i}].{}", p.desc().name))
    });
    let cables = session.connections.iter().filter(|c| c.to == *name && c.kind == crate::model::ConnKind::Audio);
    let cables = cables.map(|c| format!("{name}.connectionVolume[{}]", c.from));
    own.chain(per_sample).chain(cables).collect()
}
