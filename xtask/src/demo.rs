//! `cargo xtask demo`: builds the plug-in and its host, and plays a song through the bundle as a DAW would.
//!
//! The playing itself is done by the host, `tests/host/src/bin/demo.rs`; here the options are checked, everything is
//! built, and a display is found.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::args::{Args, Spec};
use crate::bundle;
use crate::cargo::{code, finish};
use crate::display::{self, Display};
use crate::packages::Need;
use crate::steps::say;
use crate::system;
use crate::workspace::Workspace;

pub const USAGE: &str = "cargo xtask demo [OPTIONS]
  Build the bundles, play a script through them in a real CLAP host, write the mix and a report.
  --script FILE    the song (examples/first_light.lua)
  --media DIR      a folder to look for samples in; may be given more than once
  --bars N         how long, 1-1000 bars (16)
  --rate HZ        sample rate, 8000-384000 Hz (48000)
  --block FRAMES   block size, 1-8192 frames, or `random` (random)
  --tempo BPM      20-480 BPM (120, ramped to 140 unless --plain)
  --plain          constant tempo, straight through, no automation
  --seed N         for chance and for the random block sizes
  --out DIR        where mix.wav, events.jsonl, report.json and the rest go (target/demo)
  --no-build       use what was built last
  Exit status 0 only if everything held.";

const SPEC: Spec = Spec {
    command: "demo",
    values: &["--script", "--media", "--bars", "--rate", "--block", "--tempo", "--seed", "--out"],
    switches: &["--plain", "--no-build"],
};

/// `cargo xtask demo`.
pub fn run(workspace: &Workspace, words: &[String]) -> Result<u8> {
    let args = SPEC.read(words)?;
    // Before anything is built: a wrong option should not cost five minutes.
    let options = host_options(&args, workspace)?;

    let mut wishes = vec![Need::Editor];
    if !display::is_given() {
        wishes.push(Need::Screen);
    }
    let bundles = if args.has("--no-build") {
        system::wish(&wishes);
        bundle::find(workspace)?
    } else {
        system::require(&[Need::Build])?;
        system::wish(&wishes);
        bundle::make(workspace, true)?
    };
    let program = workspace.program("release", "demo");
    if !program.is_file() {
        bail!("there is no {}; leave out --no-build once", workspace.show(&program));
    }

    let display = screen();
    say("playing the demo");
    let mut host = Command::new(program);
    host.args(options).arg("--clap").arg(bundles.clap).current_dir(&workspace.root);
    match &display {
        Some(display) => host.env("DISPLAY", &display.name),
        None if !display::is_given() => host.env_remove("DISPLAY"),
        None => &mut host,
    };
    finish(&mut host).map(code)
}

/// A display of our own where none is given; none if that cannot be had, which only costs the editor's picture.
fn screen() -> Option<Display> {
    if display::is_given() {
        return None;
    }
    Display::start().inspect_err(|error| eprintln!("note: no picture of the editor: {error:#}")).ok()
}

/// Check every option and hand them on as the host wants them: absolute paths, `--out` always given.
fn host_options(args: &Args, workspace: &Workspace) -> Result<Vec<String>> {
    let from = &workspace.called_from;
    let text = |path: PathBuf| path.display().to_string();
    let mut options = Vec::new();
    let mut add = |name: &str, value: String| options.extend([name.to_string(), value]);

    if let Some(script) = args.file("--script", from)? {
        add("--script", text(script));
    }
    for folder in args.all("--media") {
        let path = from.join(folder);
        if !path.is_dir() {
            bail!("--media: there is no folder '{folder}'");
        }
        add("--media", text(path));
    }
    if let Some(bars) = args.number("--bars", 1, 1000_u32, "bars")? {
        add("--bars", bars.to_string());
    }
    if let Some(rate) = args.number("--rate", 8_000, 384_000_u32, "Hz")? {
        add("--rate", rate.to_string());
    }
    match args.one("--block")? {
        None => {}
        Some("random") => add("--block", "random".to_string()),
        Some(other) => match args.number("--block", 1, 8192_u32, "frames") {
            Ok(Some(frames)) => add("--block", frames.to_string()),
            _ => {
                bail!("--block must be a number from 1 to 8192 frames, or 'random', not '{other}'")
            }
        },
    }
    if let Some(tempo) = args.number("--tempo", 20.0, 480.0_f64, "BPM")? {
        add("--tempo", tempo.to_string());
    }
    if let Some(seed) = args.number("--seed", 0, u64::MAX, "")? {
        add("--seed", seed.to_string());
    }
    let out = match args.one("--out")? {
        Some(folder) => from.join(folder),
        None => workspace.target.join("demo"),
    };
    if out.exists() && !out.is_dir() {
        bail!("--out: '{}' is a file, not a folder", out.display());
    }
    add("--out", text(out));
    if args.has("--plain") {
        options.push("--plain".to_string());
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(words: &[&str]) -> Result<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("song.lua"), "").unwrap();
        std::fs::create_dir(folder.path().join("drums")).unwrap();
        let at = folder.path().to_path_buf();
        let workspace = Workspace { root: at.clone(), target: at.join("target"), called_from: at };
        let words: Vec<String> = words.iter().map(|word| word.to_string()).collect();
        host_options(&SPEC.read(&words)?, &workspace)
    }

    fn error(words: &[&str]) -> String {
        options(words).unwrap_err().to_string()
    }

    #[test]
    fn with_no_option_only_the_output_folder_is_told() {
        let options = options(&[]).unwrap();
        assert_eq!(options.len(), 2);
        assert!(options[0] == "--out" && options[1].ends_with("target/demo"), "{options:?}");
    }

    #[test]
    fn every_option_of_the_demo_reaches_the_host() {
        let line = "--script song.lua --media drums --bars 4 --rate 44100 --block 64 --tempo 123.4 --plain --seed 7";
        let words: Vec<&str> = line.split(' ').collect();
        let options = options(&words).unwrap().join(" ");
        for part in ["--bars 4", "--rate 44100", "--block 64", "--tempo 123.4", "--plain", "--seed 7"] {
            assert!(options.contains(part), "{part} in {options}");
        }
        assert!(options.contains("/song.lua") && options.contains("/drums"), "{options}");
    }

    #[test]
    fn what_xtask_does_itself_is_not_handed_on() {
        assert!(!options(&["--no-build"]).unwrap().contains(&"--no-build".to_string()));
    }

    #[test]
    fn files_and_folders_that_are_not_there_are_named() {
        assert!(error(&["--script", "gone.lua"]).contains("no file 'gone.lua'"));
        assert!(error(&["--media", "drums", "--media", "gone"]).contains("no folder 'gone'"));
        assert!(error(&["--out", "song.lua"]).contains("is a file"));
    }

    #[test]
    fn numbers_out_of_range_are_answered_with_the_range() {
        for (option, bad, range) in [
            ("--bars", "0", "from 1 to 1000 bars"),
            ("--rate", "47", "from 8000 to 384000 Hz"),
            ("--tempo", "inf", "from 20 to 480 BPM"),
            ("--tempo", "-120", "from 20 to 480 BPM"),
            ("--block", "0", "from 1 to 8192 frames, or 'random'"),
            ("--block", "big", "from 1 to 8192 frames, or 'random'"),
            ("--seed", "-1", "from 0 to"),
        ] {
            let error = error(&[option, bad]);
            assert!(error.contains(range) && error.contains(option) && error.contains(bad), "{error}");
        }
    }
}
