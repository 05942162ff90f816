//! The demo on real recordings: four bars over the sounds of Debian's `alsa-utils`, all checks on.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

const RECORDINGS: &str = "/usr/share/sounds/alsa";

/// The plug-in as a shared library: cargo builds it beside the programs that link it.
fn bundle(program: &Path) -> PathBuf {
    let folder = program.parent().unwrap();
    let name = format!("{}tracklight{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let places = [folder.join("deps").join(&name), folder.join(&name)];
    let built = |path: &PathBuf| path.metadata().and_then(|data| data.modified()).ok();
    places.into_iter().filter(|path| built(path).is_some()).max_by_key(built).unwrap()
}

#[test]
fn four_bars_of_real_recordings_hold_every_promise() {
    if !Path::new(RECORDINGS).join("Front_Center.wav").is_file() {
        eprintln!("skipped: no recordings in {RECORDINGS}; `apt install alsa-utils` brings them");
        return;
    }
    let program = PathBuf::from(env!("CARGO_BIN_EXE_demo"));
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("real_recordings");
    let song = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real_recordings.lua");
    let run = Command::new(&program)
        .args(["--bars", "4", "--rate", "44100", "--media", RECORDINGS])
        .arg("--script")
        .arg(song)
        .arg("--out")
        .arg(&out)
        .arg("--clap")
        .arg(bundle(&program))
        // The editor's picture is another test's matter.
        .env_remove("DISPLAY")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");

    let report: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(out.join("report.json")).unwrap()).unwrap();
    assert!(report["triggers_fired"].as_u64().unwrap() > 20, "{report}");
    let mix = hound::WavReader::open(out.join("mix.wav")).unwrap();
    assert_eq!((mix.spec().channels, mix.spec().bits_per_sample, mix.spec().sample_rate), (2, 32, 44_100));
    let lines = std::fs::read_to_string(out.join("events.jsonl")).unwrap();
    let frames: Vec<u64> = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["frame"].as_u64().unwrap())
        .collect();
    assert!(frames.is_sorted() && *frames.last().unwrap() < u64::from(mix.duration()));
}
