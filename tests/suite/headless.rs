//! The program without a host, display or sound card.
//!
//! proves: P6

use std::path::Path;
use std::process::{Command, Output};

use crate::host_rig::write_wav;

fn tracklight(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tracklight")).current_dir(folder).args(words).output().expect("the program runs")
}

/// A folder with a click and a song on it: a click on each of the four beats of a bar.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_wav(&folder.path().join("click.wav"), 48_000.0, &[1.0, 0.0, 0.0, 0.0]);
    let song = r#"sampler("hat", { samples = "click.wav" }) sequencer("seq", { pattern = "beat", to = "hat" })
        for row = 1, 16, 4 do pattern("beat", 16):set(row, 1) end
        live("off", function() clock:every("1/4", function(beat) clock:at(beat + 0.5, function() trigger("hat", { volume = 0.5 }) end) end) end)"#;
    std::fs::write(folder.path().join("song.lua"), song).unwrap();
    folder
}

fn wav(path: &Path) -> (hound::WavSpec, Vec<f32>) {
    let mut reader = hound::WavReader::open(path).expect("a WAV");
    let spec = reader.spec();
    (spec, reader.samples::<f32>().map(|s| s.expect("a sample")).collect())
}

#[test]
fn a_script_is_run_rendered_saved_and_the_exit_status_is_0() {
    let folder = folder();
    let done = tracklight(
        folder.path(),
        &[
            "headless",
            "--bars",
            "2",
            "--tempo",
            "120",
            "--script",
            "song.lua",
            "--render",
            "mix.wav",
            "--save",
            "song.json",
            "--mirror",
            "mirror.lua",
        ],
    );
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let (spec, sound) = wav(&folder.path().join("mix.wav"));
    assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample, sound.len()), (2, 48_000, 32, 2 * 192_000));
    let heard: Vec<(usize, f32)> = sound.iter().step_by(2).copied().enumerate().filter(|(_, s)| *s != 0.0).collect();
    let expected: Vec<(usize, f32)> =
        (0..16).map(|eighth| (eighth * 12_000, if eighth % 2 == 0 { 1.0 } else { 0.5 })).collect();
    assert_eq!(heard, expected);
    // What was saved, and the script made of it, sound the same.
    for act in [["--load", "song.json"], ["--script", "mirror.lua"]] {
        let again = tracklight(
            folder.path(),
            &["headless", "--bars", "2", "--tempo", "120", act[0], act[1], "--render", "again.wav"],
        );
        assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
        assert_eq!(
            std::fs::read(folder.path().join("again.wav")).unwrap(),
            std::fs::read(folder.path().join("mix.wav")).unwrap(),
            "{act:?}"
        );
    }
}

#[test]
fn rate_tempo_and_commands_are_obeyed() {
    let folder = folder();
    std::fs::write(folder.path().join("edits.txt"), "# quieter\nset hat volume 0.25\n\npattern clear beat 5\nbpm 90\n")
        .unwrap();
    let done = tracklight(
        folder.path(),
        &[
            "headless",
            "--rate",
            "44100",
            "--bars",
            "1",
            "--script",
            "song.lua",
            "--commands",
            "edits.txt",
            "--do",
            "set hat.pan -1",
            "--render",
            "mix.wav",
        ],
    );
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let (spec, sound) = wav(&folder.path().join("mix.wav"));
    assert_eq!((spec.sample_rate, sound.len()), (44_100, 2 * 117_600));
    assert_eq!((sound[0], sound[1]), (0.25, 0.0));
}

#[test]
fn what_goes_wrong_is_said_and_the_exit_status_is_not_0() {
    let folder = folder();
    std::fs::write(folder.path().join("bad.lua"), "sampler('kick')\nsetParam('nope', 'volume', 1)\n").unwrap();
    std::fs::write(folder.path().join("bad.txt"), "set nope volume 1\n").unwrap();
    std::fs::write(folder.path().join("bad.json"), "{ not a session").unwrap();
    for (words, told) in [
        (vec!["headless", "--script", "bad.lua"], vec!["bad.lua:2", "nope"]),
        (vec!["headless", "--script", "none.lua"], vec!["none.lua"]),
        (vec!["headless", "--commands", "bad.txt"], vec!["bad.txt", "nope"]),
        (vec!["headless", "--do", "frobnicate"], vec!["frobnicate"]),
        (vec!["headless", "--load", "bad.json"], vec!["bad.json"]),
        (vec!["headless", "--render", "no/such/folder/mix.wav"], vec!["no/such/folder"]),
        (vec!["headless", "--bars", "0", "--render", "mix.wav"], vec!["bars", "1"]),
        (vec!["headless", "--rate", "12", "--render", "mix.wav"], vec!["rate", "8000"]),
        (vec!["frobnicate"], vec!["frobnicate", "--help"]),
    ] {
        let done = tracklight(folder.path(), &words);
        let text = String::from_utf8_lossy(&done.stderr).into_owned() + &String::from_utf8_lossy(&done.stdout);
        assert_eq!(done.status.code(), Some(1), "{words:?}: {text}");
        assert!(told.iter().all(|word| text.contains(word)), "{words:?}: {text}");
    }
    let help = tracklight(folder.path(), &["--help"]);
    assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).contains("headless"));
}
