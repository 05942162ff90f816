//! How the script and the session differ, in words: `kick.volume: 0.8 in the script, 0.5 now`. Thread: any. Pure.

use crate::model::layer::seconds_of;
use crate::model::{ConnKind, Hit, Item, LayerEvent, ModuleBody, Param, Row, Session};

/// One difference as a line.
pub fn differs(item: &Item, script: &Session, live: &Session) -> String {
    match (show(item, script), show(item, live)) {
        (Some(a), Some(b)) if a == b => format!("{item}: not the same"),
        (Some(a), Some(b)) => format!("{item}: {a} in the script, {b} now"),
        (None, Some(b)) => format!("{item}: not in the script, {b} now"),
        (Some(a), None) => format!("{item}: {a} in the script, gone now"),
        (None, None) => format!("{item}: not the same"),
    }
}

/// What a session has there; `None` is nothing.
pub fn show(item: &Item, session: &Session) -> Option<String> {
    let module = |name| session.modules.get(name);
    let pattern = |name| session.patterns.get(name);
    let cable = |from, to, kind| session.find_connection(to, from, kind).ok().map(|at| &session.connections[at]);
    let on = |on: bool| if on { "on" } else { "off" }.to_owned();
    match item {
        Item::Rename(from, to) => Some(format!("{from} is {to}")),
        Item::Songs => Some(format!("{} songs", session.songs.len())),
        Item::Layer(name) => session.layers.get(name).map(|layer| format!("a layer of {}", layer.song)),
        Item::Keyed(name, key) => session.layers.get(name)?.keyed(key).map(|entry| event(&entry.event)),
        Item::Unkeyed(name) => session.layers.get(name).map(|layer| {
            format!("{} events without a key", layer.events.iter().filter(|e| e.event.key.is_none()).count())
        }),
        Item::Mapping(name) => session
            .mappings
            .get(name)
            .map(|m| format!("timecode {}.{}.{} {} {}", m.tc, m.tg, m.track, m.direction.name(), m.policy.name())),
        Item::Bpm => Some(session.bpm.to_string()),
        Item::Signature => Some(format!("{}/{}", session.signature.num, session.signature.den)),
        Item::Source => Some(format!("{:?}", session.source).to_lowercase()),
        Item::Seed => Some(session.seed.to_string()),
        Item::Bank(name) => session.banks.get(name).cloned(),
        Item::Pattern(name) => pattern(name).map(|p| format!("a pattern of {} rows", p.steps)),
        Item::Steps(name) => pattern(name).map(|p| p.steps.to_string()),
        Item::StepsPerBeat(name) => pattern(name).map(|p| p.steps_per_beat.to_string()),
        Item::Cycles(name) => pattern(name).map(|p| format!("{:?}", p.cycles).to_lowercase()),
        Item::Salt(name) => pattern(name).map(|p| p.salt.to_string()),
        Item::Row(name, number) => pattern(name).map(|p| row(&p.row(*number))),
        Item::Columns(name) => pattern(name).map(|p| p.columns.iter().map(|c| c.name()).collect::<Vec<_>>().join(" ")),
        Item::Chain(name) => session.chains.get(name).map(|chain| {
            let entry = |e: &crate::model::ChainEntry| {
                let mute = if e.mute { " mute" } else { "" };
                format!("{}×{}{mute}", e.pattern, e.repeats)
            };
            let entries: Vec<String> = chain.entries.iter().map(entry).collect();
            if entries.is_empty() { "an empty chain".to_owned() } else { entries.join(" ") }
        }),
        Item::Module(name) => module(name).map(|m| m.kind().name().to_owned()),
        Item::Play(name) => module(name).and_then(|m| match &m.body {
            ModuleBody::TrackerSequencer { chain: Some(chain), chain_on: true, .. } => Some(format!("chain {chain}")),
            ModuleBody::TrackerSequencer { pattern, chain: Some(chain), .. } => {
                Some(format!("{pattern} (chain {chain})"))
            }
            ModuleBody::TrackerSequencer { pattern, .. } => Some(pattern.to_string()),
            _ => None,
        }),
        Item::Samples(name) => module(name).map(|m| match m.samples() {
            [] => "no samples".to_owned(),
            all => all.iter().map(|s| s.name.clone()).collect::<Vec<_>>().join(" "),
        }),
        Item::SampleParam(name, place, param) => {
            let sample = module(name)?.samples().get(usize::from(*place))?;
            Some(sample.params.get(param).map_or_else(|| "its sampler's".to_owned(), |value| param.show(*value)))
        }
        Item::Param(name, param) => module(name).map(|m| param.show(m.value(*param))),
        Item::Enabled(name) => module(name).map(|m| on(m.enabled)),
        Item::Cable(from, to, kind) => {
            cable(from, to, *kind).map(|c| if c.auto { "connected by itself" } else { "connected" }.to_owned())
        }
        Item::CableVolume(from, to) => cable(from, to, ConnKind::Audio).map(|c| c.volume.to_string()),
        Item::Macro(path) => session
            .macros
            .get(path)
            .map(|map| format!("macro {} from {} to {} ({})", map.number, map.min, map.max, map.curve.name())),
        Item::Live(name) => session.live.get(name).map(|text| match text.lines().count() {
            1 => "a line".to_owned(),
            many => format!("{many} lines"),
        }),
    }
}

fn event(event: &LayerEvent) -> String {
    let parts = [event.token.to_string(), event.cue.to_string(), event.cmd.to_string(), event.name.to_string()];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{:.3} s {}", seconds_of(event.ticks), parts.join(" "))
}

fn row(row: &Row) -> String {
    match row {
        Row::Empty => "empty".to_owned(),
        Row::Rest => "a rest".to_owned(),
        Row::Hit(hit) => self::hit(hit),
    }
}

fn hit(hit: &Hit) -> String {
    let mut parts = vec![hit.index.to_string()];
    parts.extend(hit.length.map(|v| format!("length={v}")));
    parts.extend(hit.note.map(|v| format!("note={v}")));
    if hit.chance != 100 {
        parts.push(format!("chance={}", hit.chance));
    }
    if hit.ratio != (1, 1) {
        parts.push(format!("ratio={}:{}", hit.ratio.0, hit.ratio.1));
    }
    let value = |(param, v): (&Param, &f64)| format!("{}={}", param.desc().name, param.show(*v));
    parts.extend(hit.params.iter().map(value));
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::text::{Standing, run};

    fn session(lines: &[&str]) -> Session {
        let mut session = Session::new();
        for line in lines {
            run(&mut session, Standing::default(), line).expect(line);
        }
        session
    }

    #[test]
    fn a_difference_says_what_is_where() {
        let script = session(&["add sampler kick", "pattern add beat 16", "pattern row beat 1 2", "add sampler old"]);
        let live = session(&[
            "add sampler kick",
            "set kick.volume 0.5",
            "pattern add beat 16",
            "pattern row beat 1 2 length=2 volume=0.5",
            "add sequencer seq",
            "bpm 128",
        ]);
        let said: Vec<String> = script.diff(&live).iter().map(|item| differs(item, &script, &live)).collect();
        for line in [
            "bpm: 120 in the script, 128 now",
            "kick.volume: 1 in the script, 0.5 now",
            "beat.row[1]: 2 in the script, 2 length=2 volume=0.5 now",
            "seq: not in the script, TrackerSequencer now",
            "old: MultiSampler in the script, gone now",
        ] {
            assert!(said.contains(&line.to_owned()), "{line}: {said:#?}");
        }
    }
}
