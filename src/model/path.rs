//! How a person points at one value: `kick.volume`, `kick.sample[2].speed`, `drums.connectionVolume[1]`, `beat.row[5].chance`.
//!
//! Thread: any.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::name::Name;
use super::param::Param;
use super::pattern::{Column, ROWS_MAX};
use super::session::{ConnKind, ModuleBody, Session};

/// A path that leads nowhere; the message names the part that does not resolve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PathError(pub String);

/// One addressable value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Path {
    /// `module.param`
    Param {
        /// The module.
        module: Name,
        /// Its parameter.
        param: Param,
    },
    /// `module.sample[i].param`
    Sample {
        /// The sampler.
        module: Name,
        /// Place in the bank, from 1.
        index: u16,
        /// The parameter of that sample alone.
        param: Param,
    },
    /// `module.connectionVolume[source]`
    Connection {
        /// The mixer or output.
        module: Name,
        /// The module at the other end.
        source: Name,
    },
    /// `pattern.row[i].column`
    Row {
        /// The pattern.
        pattern: Name,
        /// Row, from 1.
        row: u16,
        /// The column.
        column: Column,
    },
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Param { module, param } => write!(f, "{module}.{}", param.desc().name),
            Self::Sample { module, index, param } => write!(f, "{module}.sample[{index}].{}", param.desc().name),
            Self::Connection { module, source } => write!(f, "{module}.connectionVolume[{source}]"),
            Self::Row { pattern, row, column } => write!(f, "{pattern}.row[{row}].{}", column.name()),
        }
    }
}

impl Serialize for Path {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Path::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A path cut into words: the first name, a middle with its index, the last word with its index.
struct Words<'a> {
    first: Name,
    middle: Option<(&'a str, &'a str)>,
    last: &'a str,
    index: Option<&'a str>,
}

fn cut<'a>(text: &'a str) -> Result<Words<'a>, PathError> {
    let wrong = |why: &str| {
        PathError(format!(
            "\"{text}\" is not a path ({why}); paths look like kick.volume, kick.sample[2].speed, drums.connectionVolume[1] or beat.row[5].chance"
        ))
    };
    let split = |word: &'a str| match word.split_once('[') {
        None => Ok((word, None)),
        Some((head, tail)) => {
            tail.strip_suffix(']').map(|index| (head, Some(index))).ok_or_else(|| wrong("a bracket is not closed"))
        }
    };
    let parts: Vec<&str> = text.trim().split('.').collect();
    let (first, middle, last) = match parts.as_slice() {
        [first, last] => (*first, None, *last),
        [first, middle, last] => (*first, Some(*middle), *last),
        _ => return Err(wrong("it has two or three words with dots between")),
    };
    let first = Name::new(first).map_err(|e| PathError(e.to_string()))?;
    let middle = match middle.map(split).transpose()? {
        None => None,
        Some((word, Some(index))) => Some((word, index)),
        Some((_, None)) => return Err(wrong("its middle word needs an index")),
    };
    let (last, index) = split(last)?;
    Ok(Words { first, middle, last, index })
}

fn any_param(name: &str) -> Result<Param, PathError> {
    super::param::PARAMS
        .iter()
        .position(|desc| desc.name == name)
        .map(|place| Param(place as u8))
        .ok_or_else(|| PathError(format!("no parameter is called \"{name}\"")))
}

fn number(what: &str, index: &str, max: u16) -> Result<u16, PathError> {
    index
        .parse::<u16>()
        .ok()
        .filter(|n| (1..=max).contains(n))
        .ok_or_else(|| PathError(format!("{what}[{index}]: the index is a whole number from 1 to {max}")))
}

impl Path {
    /// Read a path by its form alone (as in files); it may lead nowhere. `connectionVolume` takes a name here.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let words = cut(text)?;
        match (words.middle, words.last, words.index) {
            (Some(("sample", index)), param, None) => Ok(Self::Sample {
                module: words.first,
                index: number("sample", index, u16::MAX)?,
                param: per_hit(any_param(param)?)?,
            }),
            (Some(("row", index)), column, None) => {
                let found = Column::find(column).ok_or_else(|| PathError(format!("\"{column}\" is not a column")))?;
                Ok(Self::Row { pattern: words.first, row: number("row", index, ROWS_MAX)?, column: found })
            }
            (Some((middle, _)), _, None) => {
                Err(PathError(format!("\"{middle}\" in \"{text}\": an indexed word is sample or row")))
            }
            (None, "connectionVolume", Some(source)) => Ok(Self::Connection {
                module: words.first,
                source: Name::new(source).map_err(|e| PathError(e.to_string()))?,
            }),
            (None, param, Some(index)) => Ok(Self::Sample {
                module: words.first,
                index: number(param, index, u16::MAX)?,
                param: per_hit(any_param(param)?)?,
            }),
            (None, param, None) => Ok(Self::Param { module: words.first, param: any_param(param)? }),
            (Some(_), last, Some(_)) => Err(PathError(format!("\"{last}\" in \"{text}\": two indices"))),
        }
    }

    /// The module or pattern it starts at.
    pub fn first(&self) -> &Name {
        match self {
            Self::Param { module, .. } | Self::Sample { module, .. } | Self::Connection { module, .. } => module,
            Self::Row { pattern, .. } => pattern,
        }
    }

    /// The same path after `from` was renamed `to`.
    pub fn renamed(&self, from: &Name, to: &Name) -> Self {
        let new = |name: &Name| if name == from { to.clone() } else { name.clone() };
        match self {
            Self::Param { module, param } => Self::Param { module: new(module), param: *param },
            Self::Sample { module, index, param } => Self::Sample { module: new(module), index: *index, param: *param },
            Self::Connection { module, source } => Self::Connection { module: new(module), source: new(source) },
            Self::Row { pattern, row, column } => Self::Row { pattern: new(pattern), row: *row, column: *column },
        }
    }
}

fn per_hit(param: Param) -> Result<Param, PathError> {
    let desc = param.desc();
    if desc.per_hit {
        Ok(param)
    } else {
        Err(PathError(format!("{} belongs to the whole module, not to a sample", desc.name)))
    }
}

impl Session {
    /// Read a path that a person typed, and see that it leads somewhere.
    ///
    /// Beside the forms of [`Path::parse`]: `mixer.connectionVolume[2]` by number, `seq.volume[5]` (row 5 of the
    /// pattern the sequencer is bound to). Errors name the part that does not resolve.
    pub fn path(&self, text: &str) -> Result<Path, PathError> {
        let words = cut(text)?;
        if let (None, "connectionVolume", Some(index)) = (words.middle, words.last, words.index)
            && let Ok(place) = index.parse::<usize>()
        {
            let source =
                self.inputs(words.first.as_str(), ConnKind::Audio).nth(place.wrapping_sub(1)).map(|c| c.from.clone());
            let count = self.inputs(words.first.as_str(), ConnKind::Audio).count();
            let source = source.ok_or_else(|| {
                PathError(format!("connectionVolume[{index}]: {} has {count} audio connections", words.first))
            })?;
            return Ok(Path::Connection { module: words.first, source });
        }
        let bound = self.modules.get(&words.first).and_then(|m| match &m.body {
            ModuleBody::TrackerSequencer { pattern, .. } => Some(pattern.clone()),
            _ => None,
        });
        let path = match (bound, words.middle, words.index) {
            (Some(pattern), None, Some(index)) => Path::parse(&format!("{pattern}.row[{index}].{}", words.last))?,
            (Some(pattern), Some(("row", index)), None) => {
                Path::parse(&format!("{pattern}.row[{index}].{}", words.last))?
            }
            _ => Path::parse(text)?,
        };
        self.check_path(&path)?;
        Ok(path)
    }

    /// See that a path leads somewhere. Errors name the part that does not.
    pub fn check_path(&self, path: &Path) -> Result<(), PathError> {
        let module_of =
            |name: &Name| self.modules.get(name).ok_or_else(|| PathError(format!("no module is called \"{name}\"")));
        match path {
            Path::Param { module, param } => {
                let kind = module_of(module)?.kind();
                if param.desc().of.contains(&kind) {
                    Ok(())
                } else {
                    Err(PathError(format!("{module} ({}) has no parameter \"{}\"", kind.name(), param.desc().name)))
                }
            }
            Path::Sample { module, index, .. } => {
                let found = module_of(module)?;
                let count = found.samples().len();
                match &found.body {
                    ModuleBody::MultiSampler { .. } if usize::from(*index) <= count && *index > 0 => Ok(()),
                    ModuleBody::MultiSampler { .. } => {
                        Err(PathError(format!("sample[{index}]: {module} has {count} samples, counted from 1")))
                    }
                    _ => Err(PathError(format!("{module} ({}) has no samples", found.kind().name()))),
                }
            }
            Path::Connection { module, source } => {
                module_of(module)?;
                self.find_connection(module, source, ConnKind::Audio)
                    .map(|_| ())
                    .map_err(|_| PathError(format!("{source} has no audio connection to {module}")))
            }
            Path::Row { pattern, row, .. } => {
                let found = self
                    .patterns
                    .get(pattern)
                    .ok_or_else(|| PathError(format!("no pattern is called \"{pattern}\"")))?;
                if *row <= found.steps {
                    Ok(())
                } else {
                    Err(PathError(format!("row[{row}]: {pattern} has {} rows, counted from 1", found.steps)))
                }
            }
        }
    }

    /// The set value at a path: a sample's own value, else its sampler's; an unset row column is `None`.
    pub fn value(&self, path: &Path) -> Result<Option<f64>, PathError> {
        self.check_path(path)?;
        Ok(match path {
            Path::Param { module, param } => self.modules.get(module).map(|m| m.value(*param)),
            Path::Sample { module, index, param } => self.modules.get(module).and_then(|m| {
                m.samples()
                    .get(usize::from(*index) - 1)
                    .map(|s| s.params.get(param).copied().unwrap_or_else(|| m.value(*param)))
            }),
            Path::Connection { module, source } => {
                self.find_connection(module, source, ConnKind::Audio).ok().map(|at| self.connections[at].volume)
            }
            Path::Row { pattern, row, column } => self.patterns.get(pattern).and_then(|p| match p.rows.get(row) {
                Some(super::pattern::Row::Hit(hit)) => match column {
                    Column::Index => Some(f64::from(hit.index)),
                    Column::Length => hit.length.map(f64::from),
                    Column::Note => hit.note.map(f64::from),
                    Column::Chance => Some(f64::from(hit.chance)),
                    Column::Ratio => Some(f64::from(hit.ratio.0) * 1000.0 + f64::from(hit.ratio.1)),
                    Column::Param(param) => hit.params.get(param).copied(),
                },
                _ => None,
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_written_back() {
        for text in ["kick.volume", "kick.sample[2].speed", "drums.connectionVolume[kick]", "beat.row[5].chance"] {
            assert_eq!(Path::parse(text).map(|p| p.to_string()).as_deref(), Ok(text));
        }
        assert_eq!(Path::parse("kick.speed[2]"), Path::parse("kick.sample[2].speed"));
    }

    #[test]
    fn an_error_names_the_part_that_does_not_resolve() {
        let session = Session::new();
        for (text, part) in [
            ("masterAudioOut.nope", "\"nope\""),
            ("nope.volume", "\"nope\""),
            ("masterAudioOut.volume", "masterAudioOut (AudioOutput) has no parameter \"volume\""),
            ("masterAudioOut.connectionVolume[9]", "has 1 audio connections"),
            ("nope.row[1].index", "no pattern is called \"nope\""),
            ("a", "two or three words"),
            ("a.sample[0].speed", "from 1"),
            ("a.b[", "bracket"),
        ] {
            let message = session.path(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
        assert!(session.path("masterAudioOut.connectionVolume[1]").is_ok());
    }
}
