//! Words about modules and connections.

use super::{Line, Outcome, TextError, switch};
use crate::model::command::Command;
use crate::model::name::Uid;
use crate::model::param::Param;
use crate::model::pattern::{Pattern, Row};
use crate::model::session::{ConnKind, ModuleBody, ModuleKind};

pub(super) fn list(line: &mut Line<'_>, words: &[String]) -> Outcome {
    if !words.is_empty() {
        return line.usage("list");
    }
    let rows: Vec<String> = line
        .draft
        .modules
        .iter()
        .map(|(name, m)| format!("{name} [{}]{}", m.kind().name(), if m.enabled { "" } else { " off" }))
        .collect();
    let count = rows.len();
    line.reply.lines.extend(rows);
    line.say(format!("{count} modules"));
    Ok(())
}

pub(super) fn add(line: &mut Line<'_>, words: &[String]) -> Outcome {
    let (kind, name) = match words {
        [kind] => (kind, None),
        [kind, name] => (kind, Some(name)),
        _ => return line.usage("add"),
    };
    let found = ModuleKind::find(kind).ok_or_else(|| {
        TextError(format!("\"{kind}\" is not a type of module; there are sampler, sequencer and mixer"))
    })?;
    let name = match name {
        Some(name) => Line::name(name)?,
        None => {
            let mut prefix = found.name().to_owned();
            prefix[..1].make_ascii_lowercase();
            line.draft.free_name(&prefix, 1)
        }
    };
    line.perform(Command::AddModule { uid: Uid::fresh(), kind: found, name: name.clone() })?;
    line.say(format!("added {name} [{}]", found.name()));
    Ok(())
}

pub(super) fn remove(line: &mut Line<'_>, words: &[String]) -> Outcome {
    let [name] = words else { return line.usage("remove") };
    let name = Line::name(name)?;
    let command = match line.draft.noun_of(name.as_str()) {
        Some("pattern") => Command::RemovePattern(name.clone()),
        Some("chain") => Command::RemoveChain(name.clone()),
        Some("layer") => Command::RemoveLayer(name.clone()),
        _ => Command::RemoveModule(name.clone()),
    };
    line.perform(command)?;
    line.say(format!("removed {name}"));
    Ok(())
}

pub(super) fn rename(line: &mut Line<'_>, words: &[String]) -> Outcome {
    let [from, to] = words else { return line.usage("rename") };
    line.perform(Command::Rename(Line::name(from)?, Line::name(to)?))?;
    line.say(format!("{from} is called {to} now"));
    Ok(())
}

pub(super) fn enable(line: &mut Line<'_>, words: &[String]) -> Outcome {
    let (name, on) = match words {
        [name] => (name, true),
        [name, on] => (name, switch(on)?),
        _ => return line.usage("enable"),
    };
    line.perform(Command::Enable(Line::name(name)?, on))?;
    line.say(format!("{name} is {}", if on { "on" } else { "off" }));
    Ok(())
}

pub(super) fn route(line: &mut Line<'_>, words: &[String]) -> Outcome {
    let [from, to] = words else { return line.usage("route") };
    if from.contains('.') || to.contains('.') {
        return Err(TextError(
            "routing one parameter to another is not in this version; route connects modules".into(),
        ));
    }
    lay(line, from, to, None)
}

pub(super) fn connect(line: &mut Line<'_>, words: &[String]) -> Outcome {
    match words {
        [from, to] => lay(line, from, to, None),
        [from, to, kind] => lay(line, from, to, Some(kind_of(kind)?)),
        _ => line.usage("connect"),
    }
}

fn kind_of(word: &str) -> Result<ConnKind, TextError> {
    [ConnKind::Audio, ConnKind::Event]
        .into_iter()
        .find(|k| k.name() == word)
        .ok_or_else(|| TextError(format!("a connection is audio or event, got \"{word}\"")))
}

/// Lay one kind, or every kind that fits; an error when none does.
fn lay(line: &mut Line<'_>, from: &str, to: &str, kind: Option<ConnKind>) -> Outcome {
    let (source, target) = (Line::name(from)?, Line::name(to)?);
    let kinds: &[ConnKind] = match kind {
        Some(ConnKind::Audio) => &[ConnKind::Audio],
        Some(ConnKind::Event) => &[ConnKind::Event],
        None => &[ConnKind::Audio, ConnKind::Event],
    };
    let mut laid = vec![];
    let mut wrong = None;
    for &kind in kinds {
        match line.perform(Command::Connect(source.clone(), target.clone(), kind)) {
            Ok(()) => laid.push(kind.name()),
            // A circle says more than a kind that does not fit.
            Err(error) if wrong.is_none() || error.0.contains("circle") => wrong = Some(error),
            Err(_) => {}
        }
    }
    match (laid.is_empty(), wrong) {
        (true, Some(error)) => Err(error),
        _ => {
            line.say(format!("{from} → {to} [{}]", laid.join(", ")));
            Ok(())
        }
    }
}

pub(super) fn disconnect(line: &mut Line<'_>, words: &[String]) -> Outcome {
    let (from, to, kind) = match words {
        [from, to] => (from, to, None),
        [from, to, kind] => (from, to, Some(kind_of(kind)?)),
        _ => return line.usage("disconnect"),
    };
    let before = line.draft.connections.len();
    line.perform(Command::Disconnect(Line::name(from)?, Line::name(to)?, kind))?;
    if line.draft.connections.len() == before {
        return Err(TextError(format!("{from} is not connected to {to}")));
    }
    line.say(format!("{from} is not connected to {to} any more"));
    Ok(())
}

pub(super) fn connections(line: &mut Line<'_>, words: &[String]) -> Outcome {
    let only = match words {
        [] => None,
        [name] if line.draft.modules.contains_key(name.as_str()) => Some(name.as_str()),
        [name] => return Err(TextError(format!("no module is called \"{name}\""))),
        _ => return line.usage("connections"),
    };
    let shown = line.draft.connections.iter().filter(|c| only.is_none_or(|name| c.from == *name || c.to == *name));
    let rows: Vec<String> = shown
        .map(|c| {
            format!(
                "{} -> {} [{}]{}",
                c.from,
                c.to,
                c.kind.name(),
                if c.volume == 1.0 { String::new() } else { format!(" volume {}", c.volume) }
            )
        })
        .collect();
    let count = rows.len();
    line.reply.lines.extend(rows);
    line.say(format!("{count} connections"));
    Ok(())
}

pub(super) fn info(line: &mut Line<'_>, words: &[String]) -> Outcome {
    let [name] = words else {
        return if words.is_empty() { standing(line) } else { line.usage("info") };
    };
    let name = Line::name(name)?;
    if let Some(pattern) = line.draft.patterns.get(&name).cloned() {
        pattern_info(line, name.as_str(), &pattern);
        return Ok(());
    }
    if let Some(chain) = line.draft.chains.get(&name).cloned() {
        line.say(format!("{name} [chain] {} entries", chain.entries.len()));
        for (place, entry) in chain.entries.iter().enumerate() {
            line.say(format!(
                "  {} {} x{}{}",
                place + 1,
                entry.pattern,
                entry.repeats,
                if entry.mute { " muted" } else { "" }
            ));
        }
        return Ok(());
    }
    if line.draft.layers.contains_key(&name) {
        super::lights::layer_info(line, &name);
        return Ok(());
    }
    let module =
        line.draft.modules.get(&name).cloned().ok_or_else(|| TextError(format!("nothing is called \"{name}\"")))?;
    line.say(format!("{name} [{}] {}", module.kind().name(), if module.enabled { "on" } else { "off" }));
    for param in Param::of(module.kind()) {
        line.say(format!("  {} = {}", param.desc().name, param.show(module.value(param))));
    }
    match &module.body {
        ModuleBody::MultiSampler { samples } => {
            for (place, sample) in samples.iter().enumerate() {
                line.say(format!("  sample {} {} ({})", place + 1, sample.name, sample.path));
            }
        }
        ModuleBody::TrackerSequencer { pattern, chain, chain_on } => {
            let playing = match chain {
                Some(chain) if *chain_on => format!("chain {chain}"),
                _ => format!("pattern {pattern}"),
            };
            line.say(format!("  plays {playing}"));
        }
        _ => {}
    }
    Ok(())
}

/// How the clock stands, and how late callbacks ran.
fn standing(line: &mut Line<'_>) -> Outcome {
    let now = line.standing.clone();
    let bpm = if now.bpm > 0.0 { now.bpm } else { line.draft.bpm };
    let word = if now.playing { "plays" } else { "stands" };
    let leader = if now.host_leads { "the host leads" } else { "the internal clock leads" };
    line.say(format!("{word} at beat {:.2}, {bpm:.1} bpm, {leader}", now.beat));
    line.say(now.callbacks.to_string());
    Ok(())
}

/// A pattern with its rows.
pub(super) fn pattern_info(line: &mut Line<'_>, name: &str, pattern: &Pattern) {
    line.say(format!(
        "{name} [pattern] {} rows, {} to the beat, {} beats",
        pattern.steps,
        pattern.steps_per_beat,
        pattern.beats()
    ));
    for (number, row) in pattern.rows.range(..=pattern.steps) {
        let Row::Hit(hit) = row else {
            line.say(format!("  {number} -"));
            continue;
        };
        let mut text = format!("  {number} {}", hit.index);
        text.extend(hit.note.map(|n| format!(" note={n}")));
        text.extend(hit.length.map(|l| format!(" length={l}")));
        if hit.chance != 100 {
            text += &format!(" chance={}", hit.chance);
        }
        if hit.ratio != (1, 1) {
            text += &format!(" ratio={}:{}", hit.ratio.0, hit.ratio.1);
        }
        text.extend(hit.params.iter().map(|(p, v)| format!(" {}={}", p.desc().name, p.show(*v))));
        line.say(text);
    }
}
