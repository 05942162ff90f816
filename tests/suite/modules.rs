//! Modules, connections, paths, macros and files: what is asked is done, or refused with the reason.
//!
//! proves: G1 G2 G3 G4 G5 G6 G9 H8 H9 H14 C1 C3 C4 C5 C6 C8

use std::sync::atomic::Ordering;

use proptest::prelude::*;
use tracklight::bus::station::Waker;
use tracklight::model::session::{AUX_COUNT, MASTER};
use tracklight::model::{Event, Loading, Param, Session, Why};

use crate::rig::Rig;
use crate::strategy::{beginning, command};

/// One looping tone through one sampler.
const TONE: &str = "sampler('pad', { samples = 'tone.wav', playStyle = 'LOOP' }) trigger('pad')";

/// What stands in the left main output after everything settled.
fn level(rig: &mut Rig) -> f32 {
    *rig.render(1_024).main[0].last().unwrap()
}

#[test]
fn every_type_of_module_is_made_named_connected_and_seen() {
    let mut rig = Rig::with(
        "sampler('s', { samples = 'tone.wav', playStyle = 'LOOP' }) sequencer('q', { to = 's' }) audioMixer('m') connect('s', 'm') connect('m', 'aux2') audioIn('in') audioIn('sidechain') audioOut('aux2') trigger('s')",
    );
    let types =
        rig.run("local s = engine:getState().modules return s.s.type, s.q.type, s.m.type, s.aux2.type, s.hostIn.type");
    assert_eq!(types, ["MultiSampler", "TrackerSequencer", "AudioMixer", "AudioOutput", "AudioInput"]);
    let sound = rig.render(2_048);
    assert_eq!(sound.aux[1][0][2_000], 0.5);
    assert!(sound.main[0].iter().all(|s| *s == 0.0), "what goes to aux 2 alone is not on main");
    let saved = Session::from_json(&rig.session().to_json()).unwrap();
    assert_eq!(saved, rig.session());
    rig.run("help('sampler')");
    assert!(rig.console().iter().any(|line| line.contains("Make a sampler")), "{:?}", rig.console());
}

#[test]
fn the_masters_are_always_there() {
    let mut rig = Rig::with("");
    let standing: Vec<String> = [MASTER.to_owned(), "hostIn".into(), "sidechain".into()]
        .into_iter()
        .chain((1..=AUX_COUNT).map(|n| format!("aux{n}")))
        .collect();
    for name in &standing {
        assert!(rig.session().modules.contains_key(name.as_str()), "{name}");
        let error = rig.eval(&format!("remove('{name}')")).unwrap_err();
        assert!(error.contains(name) && error.contains("cannot be removed"), "{error}");
        assert!(rig.eval(&format!("rename('{name}', 'mine')")).is_err(), "{name}");
    }
    assert!(rig.eval("sampler('masterAudioOut')").is_err());
}

#[test]
fn a_new_instrument_is_routed_to_the_master_once() {
    let mut rig = Rig::with("sampler('kick') sampler('kick') audioMixer('mix')");
    let cables = |rig: &Rig, from: &str| {
        rig.session()
            .connections
            .iter()
            .filter(|c| c.from.as_str() == from)
            .map(|c| c.to.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!((cables(&rig, "kick"), cables(&rig, "mix")), (vec![MASTER.to_owned()], vec![MASTER.to_owned()]));
    rig.run("connect('kick', 'mix')");
    assert_eq!(cables(&rig, "kick"), ["mix"], "the first cable by hand takes the automatic one's place");
    rig.run("sampler('kick')");
    assert_eq!(cables(&rig, "kick"), ["mix"]);
}

#[test]
fn connections_are_typed_idempotent_undoable_and_free_of_circles() {
    let mut rig = Rig::with("sampler('kick') sequencer('seq') audioMixer('a') audioMixer('b') audioMixer('c')");
    rig.run("connect('kick', 'a') connect('a', 'b') connect('b', 'c') connect('seq', 'kick')");
    let once = rig.session();
    rig.run("connect('kick', 'a') connect('seq', 'kick', 'event')");
    assert_eq!(rig.session(), once);
    for (line, words) in [
        ("connect('c', 'a')", vec!["circle", "c", "a", "b"]),
        ("connect('a', 'a')", vec!["circle", "a"]),
        ("connect('seq', 'a')", vec!["seq", "TrackerSequencer", "a", "AudioMixer"]),
        ("connect('kick', 'seq')", vec!["kick", "seq"]),
        ("connect('kick', 'a', 'event')", vec!["kick", "event"]),
        ("connect('kick', 'nope')", vec!["nope"]),
    ] {
        let error = rig.eval(line).unwrap_err();
        assert!(words.iter().all(|word| error.contains(word)), "{line}: {error}");
    }
    assert_eq!(rig.session(), once);
    rig.run("disconnect('a', 'b')");
    assert_ne!(rig.session(), once);
    rig.run("undo()");
    assert_eq!(rig.session().to_json(), once.to_json());
    rig.run("redo()");
    assert_ne!(rig.session(), once);
}

#[test]
fn a_rename_keeps_every_link() {
    let mut rig = Rig::with(
        r#"sampler("kick", { samples = "click.wav" }) sequencer("seq", { pattern = "beat", to = "kick" })
        pattern("beat", 4):set(1, 1) chain("song", { "beat" }) audioMixer("mix") connect("kick", "mix", { volume = 0.5 })
        macro(3):map("kick.speed", { min = 1, max = 2 }) clock:start()"#,
    );
    let uid = rig.session().modules["kick"].uid;
    rig.run("rename('kick', 'boom') rename('beat', 'verse') rename('mix', 'bus') rename('seq', 'tracker') rename('song', 'set')");
    let session = rig.session();
    assert_eq!(session.modules["boom"].uid, uid);
    assert!(!session.to_json().contains("\"kick\"") && !session.to_json().contains("\"beat\""));
    assert_eq!(session.macros.keys().map(ToString::to_string).collect::<Vec<_>>(), ["boom.speed"]);
    assert_eq!(rig.render(64).main[0][0], 0.5, "it still plays, through the mixer");
    for (line, words) in [
        ("rename('boom', 'bus')", vec!["bus"]),
        ("rename('boom', 'verse')", vec!["verse"]),
        ("rename('boom', 'two words')", vec!["two words", "A-Z"]),
        ("rename('boom', '')", vec!["A-Z"]),
        ("rename('nope', 'x')", vec!["nope"]),
        ("sampler('verse')", vec!["verse", "pattern"]),
    ] {
        let error = rig.eval(line).unwrap_err();
        assert!(words.iter().all(|word| error.contains(word)), "{line}: {error}");
    }
    assert_eq!(rig.session(), session);
}

#[test]
fn every_form_of_path_leads_somewhere_and_errors_name_the_part_that_does_not() {
    let mut rig = Rig::with(
        "sampler('kick', { samples = { 'click.wav', 'saw.wav' } }) audioMixer('mix') connect('kick', 'mix') pattern('beat', 16):set(5, 1)",
    );
    for (path, value) in [
        ("kick.volume", "0.5"),
        ("kick.sample[2].speed", "2"),
        ("mix.masterVolume", "0.25"),
        ("mix.connectionVolume[1]", "0.75"),
        ("beat.row[5].chance", "40"),
        ("beat.row[5].volume", "0.5"),
        ("beat.row[5].length", "3"),
    ] {
        rig.run(&format!("param('{path}'):set({value})"));
        assert_eq!(rig.run(&format!("param('{path}'):get()")), [value], "{path}");
        assert!(rig.run(&format!("exec('get {path}').message"))[0].contains(value), "{path}");
    }
    for (path, word) in [
        ("nope.volume", "nope"),
        ("kick.loudness", "loudness"),
        ("kick.sample[3].speed", "3"),
        ("kick.sample[0].speed", "0"),
        ("mix.connectionVolume[9]", "9"),
        ("beat.row[17].chance", "17"),
        ("beat.row[5].loudness", "loudness"),
        ("kick", "kick"),
        ("kick.sample[x].speed", "x"),
        ("beat.row[5", "["),
    ] {
        let error = rig.eval(&format!("param('{path}'):set(1)")).unwrap_err();
        assert!(error.contains(word), "{path}: {error}");
    }
}

#[test]
fn modules_are_switched_off_and_on_and_mixers_have_volumes_and_meters() {
    let mut rig = Rig::with(TONE);
    rig.run("audioMixer('mix', { volume = 0.5 }) connect('pad', 'mix', { volume = 0.5 })");
    assert_eq!(level(&mut rig), 0.125);
    rig.run("param('mix.connectionVolume[1]'):set(1) audioOut { volume = 0.5 }");
    assert_eq!(level(&mut rig), 0.125);
    rig.run("enable('mix', false)");
    assert_eq!(level(&mut rig), 0.0);
    rig.run("enable('mix')");
    assert_eq!(level(&mut rig), 0.125);
    let meters = &rig.remote.meters;
    let peaks: Vec<f32> = meters.peaks.iter().map(|peak| peak.load(Ordering::Relaxed)).collect();
    assert!(
        peaks.iter().any(|peak| (peak - 0.25).abs() < 1e-6) && peaks.iter().any(|peak| (peak - 0.125).abs() < 1e-6),
        "{:?}",
        &peaks[..20]
    );
}

#[test]
fn a_macro_moves_what_it_is_mapped_to_with_range_curve_and_polarity() {
    let mut rig = Rig::with(TONE);
    for (map, at, expected) in [
        ("{ min = 0, max = 0.8 }", 0.5, 0.2),
        ("{ min = 0, max = 0.8, curve = 'exp' }", 0.5, 0.1),
        ("{ min = 0, max = 0.8, curve = 'log' }", 0.25, 0.2),
        ("{ min = 1, max = 0 }", 0.25, 0.375),
        ("{ min = 0.5, max = 2 }", 1.0, 1.0),
    ] {
        rig.run(&format!("macro(3):map('pad.volume', {map})"));
        rig.params.macros[2] = at;
        assert!((level(&mut rig) - expected).abs() < 1e-6, "{map} at {at}");
    }
    // Many parameters of one macro, of every kind.
    rig.run("audioMixer('mix') connect('pad', 'mix') macro(3):map('mix.masterVolume') macro(3):map('mix.connectionVolume[1]') macro(3):map('pad.volume', { min = 1, max = 1 })");
    rig.params.macros[2] = 0.5;
    assert!((level(&mut rig) - 0.125).abs() < 1e-6);
    let saved = Session::from_json(&rig.session().to_json()).unwrap();
    assert_eq!((saved.macros.len(), saved), (3, rig.session()));
    rig.run("macro(5):map('pad.volume', { min = 0, max = 1 })");
    assert!(
        rig.notices().iter().any(|n| n.contains("pad.volume") && n.contains('3')),
        "a second mapping says that it replaces: {:?}",
        rig.notices()
    );
    assert_eq!(rig.session().macros.len(), 3);
    for (line, words) in [
        ("macro(65)", vec!["1", "64"]),
        ("macro(1):map('pad.nope')", vec!["nope"]),
        ("macro(1):map('pad.volume', { curve = 'wavy' })", vec!["wavy", "exp"]),
    ] {
        let error = rig.eval(line).unwrap_err();
        assert!(words.iter().all(|word| error.contains(word)), "{line}: {error}");
    }
}

#[test]
fn the_hosts_value_stays_the_hosts_and_a_set_value_waits_beneath_the_mapping() {
    let mut rig = Rig::with(TONE);
    rig.run("macro(1):map('pad.volume', { min = 0, max = 1 })");
    rig.params.macros[0] = 0.5;
    assert_eq!(level(&mut rig), 0.25);
    rig.run("setParam('pad', 'volume', 0.125)");
    let before = rig.params;
    assert_eq!(level(&mut rig), 0.25, "the macro leads");
    assert_eq!(rig.params, before, "nothing writes the host's parameters");
    rig.run("macro(1):unmap('pad.volume')");
    assert_eq!(level(&mut rig), 0.0625);
}

#[test]
fn a_missing_file_is_told_the_rest_plays_and_a_relink_finds_it() {
    let mut rig = Rig::with("sampler('kick', { samples = { 'lost.wav', 'tone.wav' } }) clock:start()");
    assert!(matches!(&rig.snapshot().media["lost.wav"], Loading::Missing(why) if why.contains("lost.wav")));
    assert!(rig.notices().iter().any(|n| n.contains("lost.wav")), "{:?}", rig.notices());
    rig.run("trigger('kick', 1) trigger('kick', 2)");
    assert_eq!(rig.render(64).main[0][63], 0.5);
    assert_eq!(rig.triggers.iter().map(|r| r.why).collect::<Vec<_>>(), [Why::Missing, Why::Fired]);
    let saved = rig.session().to_json();
    assert!(saved.contains("lost.wav"), "the reference is kept");
    rig.impulse("found/here.wav", 8);
    rig.run("relink('lost.wav', 'found/here.wav')");
    rig.forget();
    rig.run("panic()");
    rig.skip(480);
    rig.run("trigger('kick', 1)");
    assert_eq!(rig.render(64).main[0][0], 1.0);
    assert!(rig.eval("relink('never.wav', 'x.wav')").unwrap_err().contains("never.wav"));
    std::fs::write(rig.folder().join("broken.wav"), b"RIFF but no wave").unwrap();
    rig.run("sampler('kick', { samples = 'broken.wav' }) trigger('kick')");
    rig.skip(64);
    assert!(matches!(&rig.snapshot().media["broken.wav"], Loading::Missing(why) if why.contains("broken.wav")));
}

#[test]
fn a_script_that_fails_at_its_end_changes_nothing_and_one_that_does_not_is_one_block() {
    let mut rig = Rig::with(TONE);
    rig.skip(2_048);
    let before = rig.session();
    let error =
        rig.eval("for i = 1, 99 do setParam('pad', 'volume', i / 100) end\nsetParam('nope', 'volume', 1)").unwrap_err();
    assert!(error.starts_with("line 2") && error.contains("nope"), "{error}");
    assert_eq!(rig.session(), before);
    assert_eq!(level(&mut rig), 0.5);
    let undo = rig.snapshot().undo.len();
    rig.run("for i = 1, 50 do sampler('s' .. i) end setParam('pad', 'volume', 0.5)");
    assert_eq!(rig.snapshot().undo.len(), undo + 1, "one step of undo");
    rig.run("undo()");
    assert_eq!(rig.session(), before);
}

#[test]
fn a_held_snapshot_never_changes_and_versions_rise() {
    let mut rig = Rig::with("");
    let held = rig.snapshot();
    let bytes = held.session.to_json();
    let mut last = held.revision;
    for step in 0..20 {
        rig.run(&format!("sampler('s{step}') pattern('p{step}', 4):set(1, 1) macro(1):map('s{step}.volume')"));
        assert!(rig.snapshot().revision > last);
        last = rig.snapshot().revision;
    }
    assert_eq!(held.session.to_json(), bytes);
}

#[test]
fn observers_are_coalesced_isolated_and_can_be_taken_away() {
    let mut rig = Rig::with("sampler('kick')");
    let dropped = rig.remote.events.subscribe(4, &Waker::default());
    let slow = rig.remote.events.subscribe(4, &Waker::default());
    drop(dropped);
    rig.run("n = 0 id = engine:onStateChange(function(s) n = n + 1 v = s.modules.kick.parameters.volume end) engine:onStateChange(function() error('broken') end)");
    rig.run("for i = 1, 1000 do setParam('kick', 'volume', i / 2000) end");
    let told = rig.run("return n, v");
    assert!(told == ["1", "0.5"] || told == ["2", "0.5"], "{told:?}");
    for step in 0..20 {
        rig.run(&format!("setParam('kick', 'pan', {})", f64::from(step) / 20.0));
    }
    assert!(slow.lagged(), "one that does not read is told that it missed something");
    rig.run("engine:removeStateChangeCallback(id)");
    let before = rig.run("return n");
    rig.run("setParam('kick', 'volume', 0.1)");
    assert_eq!(rig.run("return n"), before);
}

#[test]
fn results_are_true() {
    let mut rig = Rig::with("sampler('kick', { samples = 'click.wav' }) pattern('beat', 8)");
    for (line, words) in [
        ("set nope volume 1", vec!["nope"]),
        ("set kick loudness 1", vec!["loudness"]),
        ("set kick volume loud", vec!["volume", "loud", "2"]),
        ("add rocket", vec!["rocket"]),
        ("remove nope", vec!["nope"]),
        ("pattern row beat 9 1", vec!["9", "8"]),
        ("connect kick nope", vec!["nope"]),
        ("bpm fast", vec!["fast", "number"]),
        ("frobnicate", vec!["frobnicate", "help"]),
        ("chain mute song 1", vec!["song"]),
    ] {
        let before = rig.session();
        let answer = rig.run(&format!("local r = engine:executeCommand('{line}') return r.success, r.error"));
        assert_eq!(answer[0], "false", "{line}");
        assert!(words.iter().all(|word| answer[1].contains(word)), "{line}: {}", answer[1]);
        assert_eq!(rig.session(), before, "{line}");
    }
    for line in [
        "set kick volume 0.5",
        "set kick.sample[1].speed 2",
        "bpm 99",
        "list",
        "info kick",
        "connections",
        "pattern row beat 8 1 volume=0.5",
        "macro 2 kick.pan -1 1",
        "help set",
        "rename kick 'boom'",
    ] {
        let answer = rig.run(&format!("local r = engine:executeCommand([[{line}]]) return r.success, r.message"));
        assert_eq!(answer[0], "true", "{line}: {answer:?}");
    }
    let session = rig.session();
    assert_eq!((session.bpm, session.modules["boom"].value(Param::VOLUME)), (99.0, 0.5));
}

#[test]
fn edits_and_scripts_work_while_audio_does_not_run() {
    let mut rig = Rig::with("");
    rig.remote.gate.processing.store(false, Ordering::Release);
    rig.run("sampler('kick', { samples = 'tone.wav' }) pattern('beat', 8):set(1, 1) sequencer('seq', { pattern = 'beat', to = 'kick' })");
    assert!(rig.session().modules.contains_key("seq"));
    rig.eval_when("setParam('kick', 'volume', 0.25)", tracklight::model::When::NextBar).unwrap();
    assert_eq!(rig.run("getParam('kick', 'volume')"), ["0.25"]);
    for step in 0..2_000 {
        rig.run(&format!("setParam('kick', 'pan', {})", f64::from(step % 7) / 7.0));
    }
    rig.remote.gate.processing.store(true, Ordering::Release);
    rig.run("trigger('kick')");
    assert_eq!(rig.render(128).main[1][127], 0.125, "audio has it all when it runs again");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_log_of_commands_played_again_gives_an_equal_session(commands in prop::collection::vec(command(), 1..40)) {
        let mut rig = Rig::new();
        rig.ask(vec![tracklight::model::Command::Load(std::sync::Arc::new(beginning()))]).unwrap();
        let mut log = vec![];
        for command in commands {
            if rig.ask(vec![command.clone()]).is_ok() {
                log.push(command);
            }
        }
        let mut again = beginning();
        for command in &log {
            again.perform(command).map_err(|e| TestCaseError::fail(format!("{command:?}: {e:?}")))?;
        }
        prop_assert_eq!(rig.session(), again);
    }
}

#[test]
fn what_is_applied_is_told_with_the_revision_that_shows_it() {
    let mut rig = Rig::with("");
    rig.forget();
    rig.run("sampler('kick')");
    let applied: Vec<u64> = rig
        .told
        .iter()
        .filter_map(|e| match e {
            Event::Applied { revision, .. } => Some(*revision),
            _ => None,
        })
        .collect();
    assert_eq!(applied.len(), 1);
    assert!(rig.snapshot().revision >= applied[0]);
}
