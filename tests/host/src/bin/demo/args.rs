//! The options of the demo, read and checked. Any thread.

use std::path::{Path, PathBuf};

/// Longest random block, in frames.
pub const RANDOM_MAX: usize = 1024;

/// What is told when an option is wrong.
pub const USAGE: &str = "demo [OPTIONS]
  --script FILE    the song (examples/first_light.lua)
  --media DIR      a folder to look for samples in; may be given more than once
  --bars N         1-1000 bars (16)
  --rate HZ        8000-384000 Hz (48000)
  --block FRAMES   1-8192 frames, or `random` (random: 1-1024)
  --tempo BPM      20-480 (120; ramped up by 20 unless --plain)
  --plain          constant tempo, straight through, no automation
  --seed N         for the random block lengths, and for the song's chance
  --out DIR        where the results go (target/demo)
  --clap PATH      the built bundle, loaded from disk and compared";

/// Everything that can be chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The song.
    pub script: PathBuf,
    /// Folders with samples, absolute.
    pub media: Vec<PathBuf>,
    /// Length of the song in bars of 4/4.
    pub bars: u32,
    /// In Hz.
    pub rate: u32,
    /// Frames of each block; `None` is random.
    pub block: Option<usize>,
    /// In quarter notes per minute.
    pub tempo: f64,
    /// Constant tempo, straight through, no automation.
    pub plain: bool,
    /// For the block lengths; when given, also for the song's chance.
    pub seed: Option<u64>,
    /// Where results go.
    pub out: PathBuf,
    /// The built bundle.
    pub clap: Option<PathBuf>,
}

impl Options {
    /// Read the words behind the program's name. The error names the option and what it takes.
    pub fn read(words: &[String]) -> Result<Self, String> {
        let mut options = Self {
            script: PathBuf::from("examples/first_light.lua"),
            media: vec![],
            bars: 16,
            rate: 48_000,
            block: None,
            tempo: 120.0,
            plain: false,
            seed: None,
            out: PathBuf::from("target/demo"),
            clap: None,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--plain" {
                options.plain = true;
                continue;
            }
            let value = words.next().ok_or_else(|| format!("{word} takes a value"));
            match word.as_str() {
                "--script" => options.script = PathBuf::from(value?),
                "--media" => options.media.push(folder(value?)?),
                "--bars" => options.bars = number(word, value?, 1, 1000)?,
                "--rate" => options.rate = number(word, value?, 8_000, 384_000)?,
                "--block" => options.block = block(value?)?,
                "--tempo" => options.tempo = number(word, value?, 20.0, 480.0)?,
                "--seed" => options.seed = Some(number(word, value?, 0, u64::MAX)?),
                "--out" => options.out = PathBuf::from(value?),
                "--clap" => options.clap = Some(PathBuf::from(value?)),
                _ => return Err(format!("there is no option {word}")),
            }
        }
        Ok(options)
    }

    /// Where the script's files are looked for: its own folder, then the media folders. Absolute.
    pub fn folders(&self) -> Result<Vec<String>, String> {
        let script = absolute(&self.script)?;
        let own = script.parent().map(Path::to_path_buf).unwrap_or_default();
        let all = std::iter::once(own).chain(self.media.iter().cloned());
        Ok(all.map(|folder| folder.display().to_string()).collect())
    }

    /// The longest block there can be, in frames.
    pub fn longest_block(&self) -> usize {
        self.block.unwrap_or(RANDOM_MAX)
    }
}

fn number<T>(option: &str, text: &str, min: T, max: T) -> Result<T, String>
where
    T: std::str::FromStr + PartialOrd + std::fmt::Display,
{
    let value = text.parse::<T>().ok().filter(|value| *value >= min && *value <= max);
    value.ok_or_else(|| format!("{option} takes a number from {min} to {max}, got \"{text}\""))
}

fn block(text: &str) -> Result<Option<usize>, String> {
    match text {
        "random" => Ok(None),
        _ => number("--block", text, 1, 8192).map(Some).map_err(|error| format!("{error} (or: random)")),
    }
}

fn folder(text: &str) -> Result<PathBuf, String> {
    let path = absolute(Path::new(text))?;
    if path.is_dir() { Ok(path) } else { Err(format!("--media: there is no folder {text}")) }
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(line: &str) -> Result<Options, String> {
        Options::read(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn without_options_the_example_plays_sixteen_bars() {
        let options = read("").unwrap();
        assert_eq!((options.bars, options.rate, options.block, options.tempo), (16, 48_000, None, 120.0));
        assert!(options.folders().unwrap()[0].ends_with("examples"));
    }

    #[test]
    fn every_option_is_read() {
        let options = read(
            "--script a.lua --media . --bars 4 --rate 44100 --block 64 --tempo 123.4 --plain --seed 7 --out o --clap T.clap",
        )
        .unwrap();
        assert_eq!((options.bars, options.rate, options.block), (4, 44_100, Some(64)));
        assert_eq!((options.tempo, options.plain, options.seed), (123.4, true, Some(7)));
        assert_eq!((options.media.len(), options.clap.is_some()), (1, true));
        assert_eq!(read("--block random").unwrap().block, None);
    }

    #[test]
    fn a_wrong_option_is_named_with_its_range() {
        for (line, part) in [
            ("--bars 0", "from 1 to 1000"),
            ("--tempo nan", "from 20 to 480"),
            ("--block big", "random"),
            ("--rate", "takes a value"),
            ("--loud 1", "no option --loud"),
            ("--media no/such", "no folder no/such"),
        ] {
            let error = read(line).unwrap_err();
            assert!(error.contains(part), "{line}: {error}");
        }
    }
}
