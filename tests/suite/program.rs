//! The program without a window: scripts, text commands, renders, and an exit status that tells the truth.
//!
//! proves: H19 P6

use std::path::Path;
use std::process::{Command, Output};

fn tracklight(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tracklight"))
        .args(args)
        .current_dir(folder)
        .env_remove("DISPLAY")
        .output()
        .expect("the program runs")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A folder with one impulse and a script that plays it on every beat.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut wav = hound::WavWriter::create(folder.path().join("click.wav"), spec).expect("a file");
    (0..64).for_each(|i| wav.write_sample(if i == 0 { 1.0_f32 } else { 0.0 }).expect("written"));
    wav.finalize().expect("whole");
    let script = r#"
        sampler("click", { samples = { "click.wav" } })
        pattern("beat", { steps = 4, stepsPerBeat = 1, rows = { [1] = { index = 1 }, [2] = { index = 1 }, [3] = { index = 1 }, [4] = { index = 1 } } })
        sequencer("seq", { pattern = "beat", to = "click" })
        print("ready")
    "#;
    std::fs::write(folder.path().join("song.lua"), script).expect("written");
    folder
}

fn onsets(path: &Path) -> Vec<usize> {
    let mut wav = hound::WavReader::open(path).expect("a wav");
    assert_eq!((wav.spec().channels, wav.spec().sample_format), (2, hound::SampleFormat::Float));
    let samples: Vec<f32> = wav.samples::<f32>().map(|s| s.expect("a sample")).collect();
    samples.chunks(2).enumerate().filter(|(_, frame)| frame[0].abs() > 0.5).map(|(at, _)| at).collect()
}

#[test]
fn a_script_renders_to_a_file_without_display_or_sound_card() {
    let folder = project();
    let output = tracklight(
        folder.path(),
        &["headless", "--script", "song.lua", "--bars", "2", "--tempo", "100", "--render", "mix.wav"],
    );
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("ready"));
    let expected: Vec<usize> = (0..8).map(|beat| beat * 28_800).collect();
    assert_eq!(onsets(&folder.path().join("mix.wav")), expected);
}

#[test]
fn a_saved_session_and_its_script_render_the_same() {
    let folder = project();
    let first = tracklight(
        folder.path(),
        &["headless", "--script", "song.lua", "--save", "a.json", "--mirror", "b.lua", "--render", "a.wav", "--bars", "1"],
    );
    assert!(first.status.success(), "{}", said(&first));
    for (name, args) in [("--load", "a.json"), ("--script", "b.lua")] {
        let output = tracklight(folder.path(), &["headless", name, args, "--render", "b.wav", "--bars", "1"]);
        assert!(output.status.success(), "{}", said(&output));
        let bytes = |name: &str| std::fs::read(folder.path().join(name)).expect("a file");
        assert!(bytes("a.wav") == bytes("b.wav"), "{name}");
    }
}

#[test]
fn text_commands_run_from_a_file_and_failures_are_counted() {
    let folder = project();
    std::fs::write(folder.path().join("good.txt"), "# a kit\nadd sampler kick\nset kick volume 0.5\nget kick volume\n").expect("written");
    let good = tracklight(folder.path(), &["headless", "--commands", "good.txt", "--do", "info kick"]);
    assert!(good.status.success() && said(&good).contains("kick.volume = 0.5"), "{}", said(&good));
    std::fs::write(folder.path().join("bad.txt"), "add sampler kick\nset nope volume 1\nset kick volume 0.25\nget kick volume\n").expect("written");
    let bad = tracklight(folder.path(), &["headless", "--commands", "bad.txt"]);
    assert!(!bad.status.success());
    let text = said(&bad);
    assert!(text.contains("bad.txt:2") && text.contains("nope") && text.contains("kick.volume = 0.25"), "{text}");
}

#[test]
fn the_exit_status_says_whether_all_was_done_and_errors_name_the_place() {
    let folder = project();
    std::fs::write(folder.path().join("wrong.lua"), "print('one')\n\nsetParam('kick', 'volume', 1)\n").expect("written");
    std::fs::write(folder.path().join("broken.json"), "{\"tracklight\":1").expect("written");
    for (args, part) in [
        (vec!["headless", "--script", "wrong.lua"], "wrong.lua:3"),
        (vec!["headless", "--script", "none.lua"], "none.lua"),
        (vec!["headless", "--load", "broken.json"], "broken.json"),
        (vec!["headless", "--bars", "0"], "1 to 10000"),
        (vec!["headless"], "nothing to do"),
        (vec!["frobnicate"], "frobnicate"),
    ] {
        let output = tracklight(folder.path(), &args);
        assert!(!output.status.success(), "{args:?}");
        assert!(said(&output).contains(part), "{args:?}: {}", said(&output));
    }
    let help = tracklight(folder.path(), &["--help"]);
    assert!(help.status.success() && said(&help).contains("headless"));
}
