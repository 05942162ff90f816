//! The songs in `examples/` play: no error, sound comes out, and the script written from the session makes it again.
//!
//! proves: L7

use std::path::{Path, PathBuf};

use tracklight::model::{Command, ConsoleKind, EvalOutcome, Loading, Session, When, Why};
use tracklight::script::mirror;

use crate::rig::{Rig, Sound};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// Names and texts, by name.
fn songs() -> Vec<(String, String)> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let lua = files.filter(|path| path.extension().is_some_and(|e| e == "lua"));
    let mut songs: Vec<(String, String)> = lua
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap()))
        .collect();
    songs.sort();
    songs
}

/// An instance that finds the media of the examples, and ran this text.
fn rig(name: &str, text: &str) -> Rig {
    let mut rig = Rig::new();
    rig.ask(vec![Command::SetFolders(vec![folder().to_string_lossy().into_owned()])]).unwrap();
    let id = rig.remote.calls.eval(name, 1, text, When::Now, false).unwrap();
    rig.settle();
    let snapshot = rig.snapshot();
    let outcome = &snapshot.eval(id).unwrap().outcome;
    assert!(matches!(outcome, EvalOutcome::Done { .. }), "{name}: {outcome:?}");
    rig
}

fn at_home(session: Session) -> Session {
    Session { folders: vec![], ..session }
}

#[test]
fn there_are_six_songs_that_say_what_one_hears_and_the_readme_names_them() {
    let readme = std::fs::read_to_string(folder().join("../README.md")).unwrap();
    let songs = songs();
    assert!(songs.len() >= 6);
    for (name, text) in songs {
        assert!(text.starts_with("-- You hear "), "{name}");
        assert!(readme.contains(&format!("(examples/{name})")), "{name} is not in the README");
    }
}

#[test]
fn every_song_plays_without_an_error_and_sounds() {
    for (name, text) in songs() {
        let mut rig = rig(&name, &text);
        let media = rig.snapshot().media.clone();
        assert!(
            !media.is_empty() && media.values().all(|state| matches!(state, Loading::Ready { .. })),
            "{name}: {media:?}"
        );
        rig.blocks = vec![512, 37, 4096];
        rig.host_plays(0.0, 120.0);
        let mut sound = Sound::default();
        for _ in 0..8 {
            sound.join(&rig.render(96_000));
        }
        let fired = rig.triggers.iter().filter(|t| t.why == Why::Fired).count();
        assert!(fired >= 32, "{name}: {fired} hits in eight bars");
        let peak = sound.main.iter().flatten().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        assert!(peak > 0.05 && peak <= 1.0, "{name}: peak {peak}");
        let snapshot = rig.snapshot();
        let errors: Vec<_> = snapshot.console.iter().filter(|line| line.kind == ConsoleKind::Error).collect();
        assert!(errors.is_empty() && rig.notices().is_empty(), "{name}: {errors:?} {:?}", rig.notices());
        assert_eq!(rig.remote.meters.late.load(std::sync::atomic::Ordering::Relaxed), late_at_start(&rig), "{name}");
    }
}

/// Hits of callbacks on the first beat: nobody can know of a start before it happens.
fn late_at_start(rig: &Rig) -> u64 {
    let first = |t: &&std::sync::Arc<tracklight::model::TriggerRecord>| t.sequencer.is_none() && t.beat < 0.1;
    rig.triggers.iter().filter(first).count() as u64
}

#[test]
fn every_song_run_again_changes_nothing_and_its_mirror_makes_it_again() {
    for (name, text) in songs() {
        let mut first = rig(&name, &text);
        let session = at_home(first.session());
        first.remote.calls.eval(&name, 1, &text, When::Now, false).unwrap();
        first.settle();
        assert_eq!(at_home(first.session()), session, "{name}");
        let written = mirror(&session);
        let again = rig(&name, &written);
        assert_eq!(at_home(again.session()), session, "{name}:\n{written}");
    }
}
