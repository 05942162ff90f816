//! Parts the window's arguments into ours and those of nice-plug's wrapper.
//!
//! Thread: main.

use std::path::{Path, PathBuf};

use super::Act;

/// Options of ours; each takes a value.
const OURS: [&str; 5] = ["--load", "--script", "--commands", "--do", "--media"];

/// The arguments, parted.
#[derive(Debug, PartialEq)]
pub struct Options {
    /// What to do when the instance runs, in order.
    pub acts: Vec<Act>,
    /// Folders where files are looked for.
    pub media: Vec<PathBuf>,
    /// The rest, for the wrapper, which refuses what it does not know.
    pub wrapper: Vec<String>,
}

impl Options {
    /// Part `words`. Files that are not there are refused here, before a window opens.
    pub fn read(words: &[String]) -> Result<Self, String> {
        let mut options = Self { acts: vec![], media: vec![], wrapper: vec![] };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let (name, joined) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (word.as_str(), None),
            };
            if !OURS.contains(&name) {
                options.wrapper.push(word.clone());
                continue;
            }
            let value = joined.or_else(|| words.next().map(String::as_str)).ok_or(format!("{name} needs a value"))?;
            let file = || there(name, value, Path::is_file, "file");
            match name {
                "--load" => options.acts.push(Act::Load(file()?)),
                "--script" => options.acts.push(Act::Script(file()?)),
                "--commands" => options.acts.push(Act::Commands(file()?)),
                "--do" => options.acts.push(Act::Do(value.to_owned())),
                _ => options.media.push(there(name, value, Path::is_dir, "folder")?),
            }
        }
        Ok(options)
    }
}

fn there(name: &str, value: &str, is: fn(&Path) -> bool, kind: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(value);
    if is(&path) { Ok(path) } else { Err(format!("{name}: there is no {kind} `{value}`")) }
}

/// Whether the wrapper will try JACK: by itself, or because it is told to.
pub fn asks_jack(wrapper: &[String]) -> bool {
    let mut words = wrapper.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let value = match word {
            "--backend" | "-b" => words.next().unwrap_or_default(),
            _ => match word.strip_prefix("--backend=").or_else(|| short(word, "-b")) {
                Some(value) => value,
                None => continue,
            },
        };
        return value == "jack" || value == "auto";
    }
    true
}

/// The value in `-r48000` or `-r=48000`.
fn short<'a>(word: &'a str, name: &str) -> Option<&'a str> {
    word.strip_prefix(name).filter(|value| !value.is_empty()).map(|value| value.strip_prefix('=').unwrap_or(value))
}

/// Put the JACK server's rate and block in the place of what was asked: the wrapper would prepare for its options'.
pub fn set_rate(wrapper: &mut Vec<String>, rate: usize, frames: u32) {
    let mut kept = vec![];
    let mut words = std::mem::take(wrapper).into_iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--sample-rate" | "-r" | "--period-size" | "-p" => drop(words.next()),
            other if other.starts_with("--sample-rate=") || other.starts_with("--period-size=") => {}
            other if short(other, "-r").or_else(|| short(other, "-p")).is_some() => {}
            _ => kept.push(word),
        }
    }
    *wrapper = kept;
    wrapper.extend(["--sample-rate".to_owned(), rate.to_string(), "--period-size".to_owned(), frames.to_string()]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(String::from).collect()
    }

    #[test]
    fn our_options_are_taken_out_and_keep_their_order() {
        let read = Options::read(&words("--backend dummy --do list --media . --script=Cargo.toml -r 96000")).unwrap();
        assert_eq!(read.acts, [Act::Do("list".into()), Act::Script("Cargo.toml".into())]);
        assert_eq!(read.media, [PathBuf::from(".")]);
        assert_eq!(read.wrapper, words("--backend dummy -r 96000"));
    }

    #[test]
    fn what_is_not_there_is_named() {
        assert!(Options::read(&words("--script none.lua")).unwrap_err().contains("no file `none.lua`"));
        assert!(Options::read(&words("--media none")).unwrap_err().contains("no folder `none`"));
        assert!(Options::read(&words("--load")).unwrap_err().contains("--load needs a value"));
    }

    #[test]
    fn jack_is_asked_for_its_rate_only_where_it_will_be_used() {
        for (line, jack) in [
            ("", true),
            ("--tempo 90", true),
            ("--backend jack", true),
            ("-bauto", true),
            ("-b alsa", false),
            ("--backend=dummy", false),
        ] {
            assert_eq!(asks_jack(&words(line)), jack, "{line}");
        }
    }

    #[test]
    fn the_servers_rate_replaces_the_one_that_was_asked() {
        let mut line = words("-r 48000 --backend jack --period-size=64 -p512 --tempo 90");
        set_rate(&mut line, 44_100, 1024);
        assert_eq!(line, words("--backend jack --tempo 90 --sample-rate 44100 --period-size 1024"));
    }
}
