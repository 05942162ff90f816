//! Words about values: set, get, bpm, macro.

use super::{Line, Outcome, TextError, number, whole};
use crate::model::command::Command;
use crate::model::param::Param;
use crate::model::path::Path;
use crate::model::pattern::Column;
use crate::model::session::{Curve, MacroMap};

/// The value a person typed for a path.
pub(super) fn value_for(path: &Path, text: &str) -> Result<f64, TextError> {
    let read = |param: Param| param.read(text).map_err(TextError);
    match path {
        Path::Param { param, .. } | Path::Sample { param, .. } => read(*param),
        Path::Row { column: Column::Param(param), .. } => read(*param),
        Path::Row { column: Column::Ratio, .. } => {
            let (a, b) = text.split_once([':', '/']).unwrap_or((text, text));
            Ok(f64::from(whole("ratio", a, 1, 16)?) * 1000.0 + f64::from(whole("ratio", b, 1, 16)?))
        }
        Path::Row { .. } | Path::Connection { .. } => number(&path.to_string(), text),
    }
}

/// A value as a person reads it.
pub(super) fn shown(path: &Path, value: f64) -> String {
    match path {
        Path::Param { param, .. } | Path::Sample { param, .. } => param.show(value),
        Path::Row { column: Column::Param(param), .. } => param.show(value),
        Path::Row { column: Column::Ratio, .. } => format!("{}:{}", (value / 1000.0) as u32, (value as u32) % 1000),
        _ => value.to_string(),
    }
}

pub(super) fn set(line: &mut Line<'_>, words: &[String]) -> Outcome {
    let pairs: Vec<(String, &str)> = match words {
        [path, value] if path.contains('.') => vec![(path.clone(), value.as_str())],
        [name, pairs @ ..] if !pairs.is_empty() && pairs.iter().all(|pair| pair.contains('=')) => pairs
            .iter()
            .filter_map(|pair| pair.split_once('='))
            .map(|(param, value)| (format!("{name}.{param}"), value))
            .collect(),
        [name, param, value] => vec![(format!("{name}.{param}"), value.as_str())],
        _ => return line.usage("set"),
    };
    for (path, text) in pairs {
        let path = line.draft.path(&path).map_err(|e| TextError(e.0))?;
        let value = value_for(&path, text)?;
        line.perform(Command::Set(path.clone(), value))?;
        let now = line.draft.value(&path).map_err(|e| TextError(e.0))?.unwrap_or(value);
        line.say(format!("{path} = {}", shown(&path, now)));
    }
    Ok(())
}

pub(super) fn get(line: &mut Line<'_>, words: &[String]) -> Outcome {
    let path = match words {
        [path] => path.clone(),
        [name, param] => format!("{name}.{param}"),
        _ => return line.usage("get"),
    };
    let path = line.draft.path(&path).map_err(|e| TextError(e.0))?;
    let value = line.draft.value(&path).map_err(|e| TextError(e.0))?;
    line.say(format!("{path} = {}", value.map_or_else(|| "unset".to_owned(), |v| shown(&path, v))));
    Ok(())
}

pub(super) fn bpm(line: &mut Line<'_>, words: &[String]) -> Outcome {
    match words {
        [] => {
            let bpm =
                if line.standing.host_leads && line.standing.bpm > 0.0 { line.standing.bpm } else { line.draft.bpm };
            line.say(format!("bpm = {bpm}"));
        }
        [text] => {
            let bpm = number("bpm", text)?;
            if bpm <= 0.0 {
                return Err(TextError(format!("bpm takes a number from 20 to 480, got \"{text}\"")));
            }
            if !line.host_leads() {
                line.perform(Command::SetBpm(bpm))?;
                let now = line.draft.bpm;
                line.say(format!("bpm = {now}"));
            }
        }
        _ => return line.usage("bpm"),
    }
    Ok(())
}

pub(super) fn macro_(line: &mut Line<'_>, words: &[String]) -> Outcome {
    let texts: Vec<&str> = words.iter().map(String::as_str).collect();
    match texts.as_slice() {
        ["list"] => {
            let rows: Vec<String> = line
                .draft
                .macros
                .iter()
                .map(|(path, m)| format!("macro {} -> {path} {} to {} {}", m.number, m.min, m.max, m.curve.name()))
                .collect();
            let count = rows.len();
            line.reply.lines.extend(rows);
            line.say(format!("{count} mappings"));
            Ok(())
        }
        ["off", path] => {
            let path = line.draft.path(path).map_err(|e| TextError(e.0))?;
            line.perform(Command::UnmapMacro(path.clone()))?;
            line.say(format!("{path} follows no macro"));
            Ok(())
        }
        [n, path, rest @ ..] if rest.len() != 1 && rest.len() <= 3 => {
            let path = line.draft.path(path).map_err(|e| TextError(e.0))?;
            let (low, high) = match &path {
                Path::Param { param, .. } => (param.desc().min, param.desc().max),
                _ => (0.0, 1.0),
            };
            let map = MacroMap {
                number: whole("macro", n, 1, 64)? as u8,
                min: rest.first().map_or(Ok(low), |text| number("min", text))?,
                max: rest.get(1).map_or(Ok(high), |text| number("max", text))?,
                curve: match rest.get(2) {
                    None => Curve::Lin,
                    Some(word) => Curve::find(word)
                        .ok_or_else(|| TextError(format!("a curve is lin, exp or log, got \"{word}\"")))?,
                },
            };
            line.perform(Command::MapMacro(path.clone(), map))?;
            line.say(format!("macro {} -> {path}", map.number));
            Ok(())
        }
        _ => line.usage("macro"),
    }
}
