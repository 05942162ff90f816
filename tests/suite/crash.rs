//! A host that is killed while somebody works in it, with real processes: these tests start themselves again.
//!
//! proves: C9 P4

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tracklight::bus::Files;
use tracklight::media::Library;
use tracklight::model::{Batch, Command as Wish, Origin};
use tracklight::plugin::journal::RESUME;

use crate::host_rig::{Plug, Setup};

/// What the other process does, in `TRACKLIGHT_ROLE`; the folder it may use is the current one.
const ROLE: &str = "TRACKLIGHT_ROLE";
/// The project as the host saved it.
const PROJECT: &str = "project.state";

fn start(folder: &Path, role: &str) -> (Child, Receiver<String>) {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "crash::another_process", "--ignored", "--nocapture"])
        .env(ROLE, role)
        .env("TRACKLIGHT_STATE", folder)
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let (told, lines) = channel();
    let out = BufReader::new(child.stdout.take().expect("its output"));
    std::thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            if told.send(line).is_err() {
                break;
            }
        }
    });
    (child, lines)
}

/// The next line that begins with this word.
fn hear(lines: &Receiver<String>, word: &str) -> String {
    loop {
        let line = lines.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| panic!("it never said {word}"));
        // The test runner writes before our first line without an end.
        if let Some(at) = line.find(word) {
            return line[at + word.len()..].trim().to_owned();
        }
    }
}

fn say(line: &str) {
    println!("{line}");
    std::io::stdout().flush().expect("a reader");
}

/// Not a test: what the other process does.
#[test]
#[ignore = "started by the tests of this file"]
fn another_process() {
    match std::env::var(ROLE).as_deref() {
        Ok("work") => work(),
        Ok("again") => again(),
        Ok("resume") => resume(),
        Ok("save") => save(),
        _ => {}
    }
}

fn work() {
    let mut plug = Plug::new(&Setup::default(), "sampler('kick', { samples = 'click.wav', volume = 0.9 })");
    std::fs::write(PROJECT, plug.instance.save_state().expect("a state")).expect("written");
    plug.run("pattern('beat', 16):set(5, { index = 1, volume = 0.25 })");
    for volume in 1..=50 {
        plug.run(&format!("setParam('kick', 'volume', {})", f64::from(volume) / 100.0));
    }
    let text = Wish::SetText(Arc::from("-- not saved anywhere"));
    plug.remote.asks.batch(Batch::now(Origin::Host, "script text", vec![text])).expect("room");
    plug.settle();
    say("made");
    loop {
        plug.block(64, &[]);
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

fn again() {
    let mut plug = Plug::new(&Setup::default(), "");
    plug.instance.load_state(&std::fs::read(PROJECT).expect("the project")).expect("it loads");
    let known = |plug: &Plug| plug.remote.now().recovery.clone();
    for _ in 0..2_000 {
        if known(&plug).is_some() {
            break;
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
    plug.settle();
    let session = plug.session();
    say(&format!("recovery {:?}", known(&plug).map(|recovery| recovery.taken)));
    say(&format!("volume {:?}", session.modules["kick"].params.values().collect::<Vec<_>>()));
    say(&format!("row {}", session.patterns.get("beat").is_some_and(|beat| beat.rows.len() == 1)));
    say(&format!("text {:?}", session.text));
}

fn resume() {
    RESUME.store(true, Ordering::Release);
    let plug = Plug::new(&Setup::default(), "");
    while plug.remote.now().recovery.is_none() {
        std::thread::park_timeout(Duration::from_millis(5));
    }
    plug.settle();
    say(&format!("volume {:?}", plug.session().modules["kick"].params.values().collect::<Vec<_>>()));
}

/// A long text of one letter; one that is torn is shorter, or has another letter or end.
fn long(letter: char) -> String {
    let mut text: String = std::iter::repeat_n(letter, 4 << 20).collect();
    text.push_str("end");
    text
}

fn save() {
    let texts = [long('a'), long('b')];
    Library.write_text("song.lua", &texts[0]).expect("written");
    say("saving");
    for text in texts.iter().cycle() {
        Library.write_text("song.lua", text).expect("written");
    }
}

/// A host that is killed a second after the last work in it.
fn is_killed_at_work(folder: &Path) {
    let (mut child, lines) = start(folder, "work");
    hear(&lines, "made");
    // One second of the other process's life; it says nothing more.
    assert!(lines.recv_timeout(Duration::from_secs(1)).is_err());
    child.kill().expect("killed");
    child.wait().expect("gone");
}

#[test]
fn resume_brings_the_last_work_back_within_five_seconds_and_asks_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    is_killed_at_work(folder.path());
    let (mut child, lines) = start(folder.path(), "resume");
    let deadline = std::time::Instant::now() + Duration::from_secs(5);
    assert_eq!(hear(&lines, "volume "), "[0.5]");
    assert!(std::time::Instant::now() < deadline);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn a_save_that_is_killed_leaves_a_whole_file() {
    for round in 0..10 {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut child, lines) = start(folder.path(), "save");
        hear(&lines, "saving");
        assert!(lines.recv_timeout(Duration::from_millis(7 * round)).is_err(), "it says nothing more");
        child.kill().expect("killed");
        child.wait().expect("gone");
        let text = std::fs::read_to_string(folder.path().join("song.lua")).expect("there");
        assert!(text == long('a') || text == long('b'), "round {round}: {} bytes", text.len());
    }
}

#[test]
fn what_was_made_up_to_a_second_before_the_host_was_killed_plays_when_the_project_is_opened_again() {
    let folder = tempfile::tempdir().expect("a folder");
    is_killed_at_work(folder.path());
    let (mut child, lines) = start(folder.path(), "again");
    assert_eq!(hear(&lines, "recovery "), "Some(true)");
    assert_eq!(hear(&lines, "volume "), "[0.5]");
    assert_eq!(hear(&lines, "row "), "true");
    assert_eq!(hear(&lines, "text "), "\"-- not saved anywhere\"");
    assert!(child.wait().expect("it ends").success());
}
