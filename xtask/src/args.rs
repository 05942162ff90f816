//! Reads the words after a command: options with a value, switches, and nothing it does not know.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Result, anyhow, bail};

/// The options a command takes. Names are written as the user types them, with their dashes.
pub struct Spec {
    /// The command, for error messages.
    pub command: &'static str,
    /// Options followed by a value: `--bars 4` or `--bars=4`.
    pub values: &'static [&'static str],
    /// Options that stand alone: `--plain`.
    pub switches: &'static [&'static str],
}

/// The words of one call, sorted by option.
#[derive(Debug, Default, PartialEq)]
pub struct Args {
    values: Vec<(&'static str, String)>,
    switches: Vec<&'static str>,
}

impl Spec {
    /// Sort `words` by option. Anything unknown, or a value that is missing, is an error that names it.
    pub fn read(&self, words: &[String]) -> Result<Args> {
        let mut args = Args::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let (name, joined) = match word.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.to_string())),
                _ => (word.as_str(), None),
            };
            if let Some(&name) = self.values.iter().find(|known| **known == name) {
                let value = match joined {
                    Some(value) => Some(value),
                    // A value may start with one dash (`--tempo -3` must reach the range check), not with two.
                    None => words.next().filter(|next| !next.starts_with("--")).cloned(),
                };
                let value = value.ok_or_else(|| anyhow!("{name} needs a value after it"))?;
                args.values.push((name, value));
            } else if let Some(&name) = self.switches.iter().find(|known| **known == name) {
                if joined.is_some() {
                    bail!("{name} takes no value, but got '{word}'");
                }
                args.switches.push(name);
            } else {
                bail!("'{word}' is no option of `cargo xtask {}`; {}", self.command, self.list());
            }
        }
        Ok(args)
    }

    fn list(&self) -> String {
        let all: Vec<&str> = self.values.iter().chain(self.switches).copied().collect();
        match all.is_empty() {
            true => "it takes none".to_string(),
            false => format!("it takes {}", all.join(", ")),
        }
    }
}

impl Args {
    /// Whether the switch was given.
    pub fn has(&self, name: &str) -> bool {
        self.switches.contains(&name)
    }

    /// Every value given for `name`, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values.iter().filter(move |(own, _)| *own == name).map(|(_, value)| value.as_str())
    }

    /// The one value given for `name`; giving it twice is an error, since one of the two would be lost.
    pub fn one(&self, name: &str) -> Result<Option<&str>> {
        let mut all = self.values.iter().filter(|(own, _)| *own == name);
        let first = all.next().map(|(_, value)| value.as_str());
        match (first, all.next()) {
            (Some(first), Some((_, second))) => {
                bail!("{name} is given twice, '{first}' and '{second}': which one?")
            }
            (first, _) => Ok(first),
        }
    }

    /// A number from `low` to `high`, both allowed. `unit` is told with the range when it is wrong.
    pub fn number<T>(&self, name: &str, low: T, high: T, unit: &str) -> Result<Option<T>>
    where
        T: FromStr + PartialOrd + Copy + std::fmt::Display,
    {
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        // A NaN fails both comparisons of `contains`, so it is refused like any other number out of range.
        match text.parse::<T>() {
            Ok(value) if (low..=high).contains(&value) => Ok(Some(value)),
            _ => {
                let range = format!("{low} to {high} {unit}");
                bail!("{name} must be a number from {}, not '{text}'", range.trim_end())
            }
        }
    }

    /// A file that is there, as an absolute path; relative ones count from `from`.
    pub fn file(&self, name: &str, from: &Path) -> Result<Option<PathBuf>> {
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        let path = from.join(text);
        match path.is_file() {
            true => Ok(Some(path)),
            false => bail!("{name}: there is no file '{text}'"),
        }
    }
}

/// The words in front of the first `--`, and those behind it.
pub fn split_rest(words: &[String]) -> (&[String], &[String]) {
    match words.iter().position(|word| word == "--") {
        Some(at) => (&words[..at], &words[at + 1..]),
        None => (words, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: Spec = Spec { command: "demo", values: &["--bars", "--media"], switches: &["--plain"] };

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(String::from).collect()
    }

    fn error(text: &str) -> String {
        SPEC.read(&words(text)).unwrap_err().to_string()
    }

    #[test]
    fn a_value_may_be_joined_with_an_equals_sign() {
        assert_eq!(SPEC.read(&words("--bars=4")).unwrap(), SPEC.read(&words("--bars 4")).unwrap());
    }

    #[test]
    fn an_unknown_option_is_named_with_the_known_ones() {
        let error = error("--bas 4");
        assert!(error.contains("'--bas'") && error.contains("--bars, --media, --plain"), "{error}");
    }

    #[test]
    fn a_missing_value_is_an_error_also_before_another_option() {
        assert!(error("--bars").contains("--bars needs a value"));
        assert!(error("--bars --plain").contains("--bars needs a value"));
    }

    #[test]
    fn a_switch_takes_no_value() {
        assert!(error("--plain=yes").contains("takes no value"));
    }

    #[test]
    fn an_option_that_may_repeat_keeps_its_order_and_one_that_may_not_is_refused() {
        let args = SPEC.read(&words("--media a --media b --bars 1 --bars 2")).unwrap();
        assert_eq!(args.all("--media").collect::<Vec<_>>(), ["a", "b"]);
        assert!(args.one("--bars").unwrap_err().to_string().contains("'1' and '2'"));
    }

    #[test]
    fn a_number_out_of_range_is_answered_with_the_range() {
        for bad in ["0", "1001", "four", "-4", "1.5", ""] {
            let args = SPEC.read(&[format!("--bars={bad}")]).unwrap();
            let error = args.number("--bars", 1u32, 1000, "bars").unwrap_err().to_string();
            assert!(error.contains("from 1 to 1000 bars") && error.contains(bad), "{error}");
        }
    }

    #[test]
    fn a_number_that_is_none_is_out_of_every_range() {
        let args = SPEC.read(&words("--bars NaN")).unwrap();
        assert!(args.number("--bars", 20.0, 480.0, "BPM").is_err());
    }

    #[test]
    fn words_behind_two_dashes_belong_to_the_program() {
        let all = words("--plain -- --bars 3");
        assert_eq!(split_rest(&all), (&words("--plain")[..], &words("--bars 3")[..]));
    }
}
