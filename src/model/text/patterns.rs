//! Words about patterns, chains, sequencers and banks.

use super::values::value_for;
use super::{Line, Outcome, TextError, modules, number, switch, whole};
use crate::model::command::Command;
use crate::model::name::{Name, Uid};
use crate::model::path::Path;
use crate::model::pattern::{ChainEntry, Column, Hit, Row};
use crate::model::session::{ConnKind, ModuleKind, Sample, Session};

fn texts(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// A name that must be a pattern's (or chain's, sequencer's).
fn known(line: &Line<'_>, noun: &str, text: &str) -> Result<Name, TextError> {
    let name = Line::name(text)?;
    if line.draft.noun_of(text) == Some(noun) {
        Ok(name)
    } else {
        Err(TextError(format!("no {noun} is called \"{text}\"")))
    }
}

pub(super) fn pattern(line: &mut Line<'_>, words: &[String]) -> Outcome {
    match texts(words).as_slice() {
        ["list" | "ls"] => {
            let rows: Vec<String> = line
                .draft
                .patterns
                .iter()
                .map(|(name, p)| format!("{name} {} rows, {} to the beat", p.steps, p.steps_per_beat))
                .collect();
            let count = rows.len();
            line.reply.lines.extend(rows);
            line.say(format!("{count} patterns"));
        }
        ["add" | "create", name, rest @ ..] if rest.len() <= 1 => {
            let steps = rest.first().map_or(Ok(16), |text| whole("steps", text, 1, 256))?;
            line.perform(Command::AddPattern { uid: Uid::fresh(), name: Line::name(name)?, steps: steps as u16 })?;
            line.say(format!("added pattern {name}, {steps} rows"));
        }
        ["remove" | "rm" | "delete" | "del", name] => {
            line.perform(Command::RemovePattern(Line::name(name)?))?;
            line.say(format!("removed {name}"));
        }
        ["info", name] => {
            let name = known(line, "pattern", name)?;
            if let Some(pattern) = line.draft.patterns.get(&name).cloned() {
                modules::pattern_info(line, name.as_str(), &pattern);
            }
        }
        ["steps", name, steps] => {
            line.perform(Command::SetSteps(Line::name(name)?, whole("steps", steps, 1, 256)? as u16))?;
            line.say(format!("{name} has {steps} rows"));
        }
        ["rate", name, rate] => {
            let rate = match rate.split_once('/') {
                Some((a, b)) => number("rate", a)? / number("rate", b)?,
                None => number("rate", rate)?,
            };
            line.perform(Command::SetStepsPerBeat(Line::name(name)?, rate))?;
            line.say(format!("{name} has {rate} rows to the beat"));
        }
        ["row", name, row, rest @ ..] => set_row(line, name, row, rest)?,
        ["clear", name] => {
            let name = known(line, "pattern", name)?;
            let rows: Vec<u16> = line
                .draft
                .patterns
                .get(&name)
                .map(|p| p.rows.range(..=p.steps).map(|(n, _)| *n).collect())
                .unwrap_or_default();
            for row in rows {
                line.perform(Command::SetRow(name.clone(), row, Row::Empty))?;
            }
            line.say(format!("{name} is empty"));
        }
        ["clear", name, row] => {
            line.perform(Command::SetRow(Line::name(name)?, whole("row", row, 1, 256)? as u16, Row::Empty))?;
            line.say(format!("{name} row {row} is empty"));
        }
        _ => return line.usage("pattern"),
    }
    Ok(())
}

fn set_row(line: &mut Line<'_>, name: &str, row: &str, rest: &[&str]) -> Outcome {
    let name = known(line, "pattern", name)?;
    let number = whole("row", row, 1, 256)? as u16;
    let (first, columns) = match rest.split_first() {
        Some((first, columns)) if !first.contains('=') => (Some(*first), columns),
        _ => (None, rest),
    };
    let before = line.draft.patterns.get(&name).map(|p| p.row(number));
    let row = match (first, before) {
        (Some("-" | "0"), _) => Row::Rest,
        (Some(index), _) => Row::Hit(Hit { index: whole("index", index, 1, 1024)? as u16, ..Hit::default() }),
        (None, Some(Row::Hit(hit))) => Row::Hit(hit),
        (None, _) => Row::Hit(Hit::default()),
    };
    line.perform(Command::SetRow(name.clone(), number, row))?;
    for pair in columns {
        let Some((column, value)) = pair.split_once('=') else {
            return Err(TextError(format!("\"{pair}\" is not COLUMN=VALUE")));
        };
        let column = Column::find(column).ok_or_else(|| TextError(format!("\"{column}\" is not a column")))?;
        let path = Path::Row { pattern: name.clone(), row: number, column };
        let value = value_for(&path, value)?;
        line.perform(Command::Set(path, value))?;
    }
    line.say(format!("{name} row {number} is set"));
    Ok(())
}

/// `PATTERN` or `PATTERN*N`.
fn entry(line: &Line<'_>, text: &str) -> Result<ChainEntry, TextError> {
    let (pattern, repeats) = match text.split_once('*') {
        Some((pattern, n)) => (pattern, whole("repeats", n, 1, 99)? as u8),
        None => (text, 1),
    };
    Ok(ChainEntry { pattern: known(line, "pattern", pattern)?, repeats, mute: false })
}

pub(super) fn chain(line: &mut Line<'_>, words: &[String]) -> Outcome {
    match texts(words).as_slice() {
        ["list" | "ls"] => {
            let rows: Vec<String> =
                line.draft.chains.iter().map(|(name, c)| format!("{name} {} entries", c.entries.len())).collect();
            let count = rows.len();
            line.reply.lines.extend(rows);
            line.say(format!("{count} chains"));
            Ok(())
        }
        ["add" | "create", name, rest @ ..] => {
            let name = Line::name(name)?;
            line.perform(Command::AddChain { uid: Uid::fresh(), name: name.clone() })?;
            let entries = rest.iter().map(|text| entry(line, text)).collect::<Result<Vec<_>, _>>()?;
            line.perform(Command::SetChain(name.clone(), entries))?;
            line.say(format!("added chain {name}"));
            Ok(())
        }
        ["remove" | "rm" | "delete" | "del", name] => {
            line.perform(Command::RemoveChain(Line::name(name)?))?;
            line.say(format!("removed {name}"));
            Ok(())
        }
        ["info", name] => {
            known(line, "chain", name)?;
            modules::info(line, &[(*name).to_owned()])
        }
        ["append", name, text] => {
            let new = entry(line, text)?;
            change_chain(line, name, |entries| {
                entries.push(new);
                Ok(())
            })
        }
        ["insert", name, place, text] => {
            let new = entry(line, text)?;
            change_chain(line, name, |entries| {
                let at = whole("place", place, 1, entries.len() as u32 + 1)?;
                entries.insert(at as usize - 1, new);
                Ok(())
            })
        }
        ["drop", name, place] => change_chain(line, name, |entries| {
            let at = place_in(entries, place)?;
            entries.remove(at);
            Ok(())
        }),
        ["repeat", name, place, n] => change_chain(line, name, |entries| {
            let at = place_in(entries, place)?;
            entries[at].repeats = whole("repeats", n, 1, 99)? as u8;
            Ok(())
        }),
        ["mute", name, place, rest @ ..] if rest.len() <= 1 => change_chain(line, name, |entries| {
            let at = place_in(entries, place)?;
            entries[at].mute = rest.first().map_or(Ok(true), |text| switch(text))?;
            Ok(())
        }),
        _ => line.usage("chain"),
    }
}

fn place_in(entries: &[ChainEntry], place: &str) -> Result<usize, TextError> {
    if entries.is_empty() {
        return Err(TextError("the chain is empty".into()));
    }
    Ok(whole("place", place, 1, entries.len() as u32)? as usize - 1)
}

fn change_chain(line: &mut Line<'_>, name: &str, change: impl FnOnce(&mut Vec<ChainEntry>) -> Outcome) -> Outcome {
    let name = known(line, "chain", name)?;
    let mut entries = line.draft.chains.get(&name).map(|c| c.entries.clone()).unwrap_or_default();
    change(&mut entries)?;
    let count = entries.len();
    line.perform(Command::SetChain(name.clone(), entries))?;
    line.say(format!("{name} has {count} entries"));
    Ok(())
}

pub(super) fn sequencer(line: &mut Line<'_>, words: &[String]) -> Outcome {
    let texts = texts(words);
    if let ["list" | "ls"] = texts.as_slice() {
        let names: Vec<String> = line
            .draft
            .modules
            .iter()
            .filter(|(_, m)| m.kind() == ModuleKind::TrackerSequencer)
            .map(|(name, _)| name.to_string())
            .collect();
        let count = names.len();
        line.reply.lines.extend(names);
        line.say(format!("{count} sequencers"));
        return Ok(());
    }
    let [name, rest @ ..] = texts.as_slice() else { return line.usage("sequencer") };
    let name = known(line, "module", name)?;
    let (pattern, chain, chain_on) = match rest {
        ["info"] => return modules::info(line, &[name.to_string()]),
        ["to", sampler] => {
            line.perform(Command::Connect(name.clone(), Line::name(sampler)?, ConnKind::Event))?;
            line.say(format!("{name} plays {sampler}"));
            return Ok(());
        }
        ["chain", word @ ("on" | "off")] => (None, None, Some(*word == "on")),
        ["pattern", text] => (Some(Line::name(text)?), None, Some(false)),
        ["chain", text] => (None, Some(Some(Line::name(text)?)), Some(true)),
        _ => return line.usage("sequencer"),
    };
    line.perform(Command::Bind { sequencer: name.clone(), pattern, chain, chain_on })?;
    line.say(format!("{name} is bound"));
    Ok(())
}

pub(super) fn sample(line: &mut Line<'_>, words: &[String]) -> Outcome {
    match texts(words).as_slice() {
        ["list" | "ls", name] => {
            let name = known(line, "module", name)?;
            let rows: Vec<String> = bank(line.draft, &name)
                .iter()
                .enumerate()
                .map(|(i, s)| format!("{} {} ({})", i + 1, s.name, s.path))
                .collect();
            let count = rows.len();
            line.reply.lines.extend(rows);
            line.say(format!("{count} samples"));
            Ok(())
        }
        ["add", name, files @ ..] if !files.is_empty() => {
            let name = known(line, "module", name)?;
            let mut samples = bank(line.draft, &name);
            for file in files {
                if samples.iter().any(|s| s.path == **file) {
                    return Err(TextError(format!("{name} has \"{file}\" already")));
                }
                let taken: Vec<String> = samples.iter().map(|s| s.name.clone()).collect();
                samples.push(Sample {
                    name: super::super::sample_name::unique(file, &taken),
                    path: (*file).to_owned(),
                    params: Default::default(),
                });
            }
            let count = samples.len();
            line.perform(Command::SetSamples(name.clone(), samples))?;
            line.say(format!("{name} has {count} samples"));
            Ok(())
        }
        ["remove" | "rm", name, index] => {
            let name = known(line, "module", name)?;
            let mut samples = bank(line.draft, &name);
            if samples.is_empty() {
                return Err(TextError(format!("{name} has no samples")));
            }
            samples.remove(whole("index", index, 1, samples.len() as u32)? as usize - 1);
            let count = samples.len();
            line.perform(Command::SetSamples(name.clone(), samples))?;
            line.say(format!("{name} has {count} samples"));
            Ok(())
        }
        ["set", name, index, param, value] => {
            super::values::set(line, &[format!("{name}.sample[{index}].{param}"), (*value).to_owned()])
        }
        _ => line.usage("sample"),
    }
}

fn bank(session: &Session, name: &Name) -> Vec<Sample> {
    session.modules.get(name).map(|m| m.samples().iter().map(|s| (**s).clone()).collect()).unwrap_or_default()
}
