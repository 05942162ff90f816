//! What chunks do: declarations, errors, reads, documentation.

use super::*;
use crate::model::{Column, Command, ConnKind, Origin, Param, Row};

#[test]
fn a_script_makes_a_drum_machine_in_one_batch() {
    let mut rig = Rig::new();
    rig.eval(
        r#"sampler("kick", { samples = { "drums/kick.wav", "drums/rim.wav" }, volume = 0.8, playStyle = "LOOP" })
           sampler("kick").sample[2] { speed = 0.5 }
           sequencer("seq", { pattern = "beat", to = "kick" })
           audioMixer("drums")
           connect("kick", "drums")
           pattern("beat", 16):set(1, { index = 1, length = 2, volume = 0.9 }):set(5, { index = 2, chance = 50, ratio = "1:4" }):set(9, "-"):clear(13)
           chain("song", { { "beat", 2 }, { "beat", 1, mute = true } })
           setParam("kick", "pan", -0.5)
           macro(1):map("kick.volume", { min = 0, max = 0.8, curve = "exp" })"#,
    );
    assert_eq!(rig.batches.len(), 1);
    assert_eq!(rig.batches[0].origin, Origin::Script);
    let session = rig.session();
    let kick = &session.modules["kick"];
    assert_eq!(kick.value(Param::VOLUME), 0.8);
    assert_eq!(kick.value(Param::PLAY_STYLE), 1.0);
    assert_eq!(kick.value(Param::PAN), -0.5);
    assert_eq!(kick.samples()[1].params[&Param::SPEED], 0.5);
    assert_eq!(kick.samples()[0].name, "kick");
    let beat = &session.patterns["beat"];
    assert!(matches!(&beat.rows[&5], Row::Hit(hit) if hit.chance == 50 && hit.ratio == (1, 4)));
    assert_eq!(beat.rows[&9], Row::Rest);
    assert!(beat.columns.contains(&Column::Param(Param::VOLUME)));
    assert!(session.inputs("kick", ConnKind::Event).any(|c| c.from == "seq"));
    assert!(session.inputs("drums", ConnKind::Audio).any(|c| c.from == "kick"));
    assert!(!session.inputs("masterAudioOut", ConnKind::Audio).any(|c| c.from == "kick"));
    assert_eq!(session.chains["song"].entries.len(), 2);
    assert_eq!(session.macros.len(), 1);
    assert_eq!(session.patterns.len(), 1, "no stray pattern is made on the way");
}

#[test]
fn running_a_script_again_changes_nothing() {
    let mut rig = Rig::new();
    let text = r#"seed(42) clock:setBPM(128)
        sampler("kick", { samples = "drums/", volume = 0.8 }) audioMixer("drums") connect("kick", "drums")
        sequencer("seq", { pattern = "beat", to = "kick" }) pattern("beat", { steps = 12, rows = { 1, [5] = { index = 2 } } })
        macro(2):map("kick.speed", { min = 0.5, max = 2 }) enable("kick", false) disconnect("hostIn", "masterAudioOut")"#;
    rig.eval(text);
    let first = rig.session();
    for _ in 0..5 {
        rig.eval(text);
    }
    assert_eq!(*first, *rig.session());
    assert_eq!(first.bpm, 128.0);
}

#[test]
fn a_failing_chunk_does_nothing_and_names_its_line_of_the_buffer() {
    let mut rig = Rig::new();
    let outcome = rig.eval_at("groove", 40, "sampler(\"kick\")\n\nsetParam(\"kick\", \"volum\", 1)", false);
    let EvalOutcome::Failed { line, message } = outcome else { panic!("it should fail") };
    assert_eq!(line, Some(42));
    assert!(message.contains("setParam") && message.contains("volum"), "{message}");
    assert!(!rig.session().modules.contains_key("kick"));
    assert!(rig.batches.is_empty());
    let outcome = rig.eval_at("groove", 7, "local a = 1\nlocal b = = 2", false);
    assert!(matches!(outcome, EvalOutcome::Failed { line: Some(8), .. }), "{outcome:?}");
    let outcome = rig.eval_at("groove", 7, "\nlocal function f() return nil + 1 end\nf()", false);
    assert!(matches!(outcome, EvalOutcome::Failed { line: Some(8), .. }), "{outcome:?}");
}

#[test]
fn errors_name_the_argument_what_it_got_and_what_is_allowed() {
    let mut rig = Rig::new();
    for (text, parts) in [
        ("sampler(5)", &["sampler", "argument 1 \"name\"", "got 5"][..]),
        ("sampler('a b')", &["1 to 64"]),
        ("clock:every('x', function() end)", &["clock:every", "\"span\"", "1/4", "got \"x\""]),
        ("clock.setBPM(120)", &["colon"]),
        ("clock:setBPM('fast')", &["clock:setBPM", "20 to 480", "got \"fast\""]),
        ("sampler('k', { volum = 1 })", &["volum", "volume"]),
        ("sampler('k', { playStyle = 'SPIN' })", &["ONCE LOOP GRAIN NEXT", "SPIN"]),
        ("sampler('k') trigger('k', { index = 0 })", &["index", "1 to 1024", "got 0"]),
        ("pattern('p', 16):set(17, 1)", &["row", "1 to 16", "17"]),
        ("pattern('p', 16):set(1, { chance = 101 })", &["chance", "0 to 100", "101"]),
        ("pattern('p', 16):set(1, { ratio = '5:4' })", &["ratio", "A:B"]),
        ("connect('hostIn', 'nope')", &["no module is called \"nope\""]),
        ("sampler('k') sampler('l') connect('k', 'l')", &["gives nothing that"]),
        ("macro(65)", &["macro", "1 to 64", "got 65"]),
        ("setParam('masterAudioOut', 'nope', 1)", &["nope"]),
        ("videoMixer('screen')", &["videoMixer is not in this version"]),
        ("midi.on('cc', {}, print)", &["midi is not in this version"]),
        ("setlist { 'Intro' }", &["setlist is not in this version"]),
        ("sampler('k', { samples = 'nowhere/' })", &["nowhere/", "not there"]),
        ("getParam('k.volume')", &["no module is called \"k\""]),
        ("sampler('masterX')", &["masters"]),
        ("clock:sync(1)", &["clock:run"]),
    ] {
        let (line, message) = rig.fails(text);
        assert_eq!(line, Some(1), "{text}: {message}");
        for part in parts {
            assert!(message.contains(part), "{text}: {message} lacks {part}");
        }
    }
    assert!(rig.batches.is_empty());
}

#[test]
fn a_chunk_reads_what_it_wrote_and_the_next_one_too() {
    let mut rig = Rig::new();
    let lines = rig.prints("clock:setBPM(128) print(clock:getBPM()) clock:play() print(clock:isPlaying()) clock:locate(8) print(clock:beat(), clock:bar())");
    assert_eq!(lines, ["128", "true", "8\t3"]);
    // Two calls before the engine has done the first.
    rig.remote.calls.eval("a", 1, "sampler('kick', { volume = 0.5 })", When::Now, false).unwrap();
    rig.remote
        .calls
        .eval("b", 1, "print(sampler('kick').volume, getParam('kick', 'playStyle'))", When::Now, false)
        .unwrap();
    rig.tick_script();
    rig.tick();
    assert_eq!(rig.console().last().map(String::as_str), Some("0.5\tONCE"));
}

#[test]
fn a_repl_line_shows_its_values() {
    let mut rig = Rig::new();
    for (text, shown) in [("1 + 1", "2"), ("'a', nil", "a"), ("{ 1, x = 'y' }", "{ 1, x = y }")] {
        let outcome = rig.eval_at("console", 1, text, true);
        let EvalOutcome::Done { values, .. } = outcome else { panic!("{text}: {outcome:?}") };
        assert_eq!(&*values[0], shown);
    }
    let outcome = rig.eval_at("console", 1, "x = 5", true);
    assert!(matches!(outcome, EvalOutcome::Done { values, .. } if values.is_empty()));
    assert!(matches!(rig.eval_at("console", 1, "x", true), EvalOutcome::Done { values, .. } if &*values[0] == "5"));
}

#[test]
fn under_the_hosts_transport_the_clock_is_left_alone_and_that_is_said() {
    let mut rig = Rig::new();
    rig.publish(|s| s.host_leads = true);
    let lines = rig.prints("print(clock:setBPM(90), clock:start(), clock:locate(4))");
    assert_eq!(lines, ["false\tfalse\tfalse"]);
    assert!(rig.batches.is_empty());
    assert!(rig.asks.iter().any(|a| matches!(a, Ask::Notice(text) if text.contains("host"))), "{:?}", rig.asks);
    assert_eq!(rig.prints("clock:setSource('internal') print(clock:setBPM(90))"), ["true"]);
}

#[test]
fn a_full_queue_fails_the_chunk_with_a_sentence() {
    let mut rig = Rig::new();
    while rig.remote.asks.send(Ask::Console(vec![])).is_ok() {}
    let id =
        rig.remote.calls.eval("test", 1, "sampler('kick') clock:every(1, function() end)", When::Now, false).unwrap();
    rig.tick();
    rig.tick();
    let snapshot = rig.snapshot();
    let Some(EvalResult { outcome: EvalOutcome::Failed { message, .. }, .. }) = snapshot.eval(id) else {
        panic!("it should fail")
    };
    assert!(message.contains("1024"), "{message}");
    assert!(rig.script.world.borrow().timers.is_empty());
}

#[test]
fn a_trigger_carries_its_values_and_its_gate() {
    let mut rig = Rig::new();
    rig.eval(r#"sampler("kick", { samples = { a = "x.wav", b = "y.wav" } }) trigger("kick", { index = "b", note = 64, volume = 0.9, length = "1/8" })"#);
    let shot = rig.batches[0].commands.iter().find_map(|c| match c {
        Command::Trigger(shot) => Some(shot.clone()),
        _ => None,
    });
    let shot = shot.expect("a trigger was asked for");
    assert_eq!((shot.hit.index, shot.hit.note, shot.gate, shot.at), (2, Some(64), Some(0.5), None));
    assert_eq!(shot.hit.params[&Param::VOLUME], 0.9);
}

#[test]
fn samples_come_from_folders_and_are_called_by_their_base_names() {
    let mut rig = Rig::new();
    rig.eval(r#"sampler("d", { samples = "drums/" }) sampler("e", { samples = { "drums/*.wav", snare = "s.wav" } })"#);
    let names = |m: &str| rig.session().modules[m].samples().iter().map(|s| s.name.clone()).collect::<Vec<_>>();
    assert_eq!(names("d"), ["kick_1", "kick_1_2", "rim"]);
    assert_eq!(names("e"), ["kick_1", "kick_1_2", "rim", "snare"]);
}

#[test]
fn names_are_renamed_and_taken_away() {
    let mut rig = Rig::new();
    rig.eval(
        "sampler('kick') sequencer('seq', { to = 'kick' }) rename('kick', 'boom') print(remove('seq'), remove('seq'))",
    );
    assert!(rig.session().modules.contains_key("boom"));
    assert!(!rig.session().modules.contains_key("seq"));
    assert_eq!(rig.console(), ["true\tfalse"]);
}

#[test]
fn text_commands_run_inside_a_chunk_and_the_engine_object_answers() {
    let mut rig = Rig::new();
    let lines = rig.prints(
        r#"sampler("kick")
           local done = engine:executeCommand("set kick volume 0.5")
           print(done.success, done.error == "", getParam("kick", "volume"))
           local bad = engine:executeCommand("set nope volume 0.5")
           print(bad.success, bad.error ~= "")
           local kick = engine:getModuleRegistry():getModule("kick")
           kick:setParameter("volume", 0.25)
           print(kick:getParameter("volume"), kick:getParameters().volume, kick:getName(), kick:getInstanceName())
           print(engine:getModuleRegistry():getModule("nope"), getEngine() == engine)
           print(engine:getConnectionManager():isConnected("kick", "masterAudioOut"))
           param("kick.volume"):unset() print(param("kick.volume"):get())"#,
    );
    assert_eq!(lines, ["true\ttrue\t0.5", "false\ttrue", "0.25\t0.25\tMultiSampler\tkick", "nil\ttrue", "true", "1"]);
}

#[test]
fn undo_redo_and_hush_are_asked_for_after_the_chunk() {
    let mut rig = Rig::new();
    rig.eval("undo() redo() hush()");
    assert_eq!(rig.asks, [Ask::Undo, Ask::Redo, Ask::Hush]);
}

#[test]
fn a_library_of_the_project_is_required_and_nothing_else_is() {
    let mut rig = Rig::new();
    rig.eval("require('lib.beats').four('beat')");
    assert_eq!(rig.session().patterns["beat"].rows.len(), 4);
    assert!(rig.fails("require('os')").1.contains("os.lua"));
    assert!(rig.fails("require('../secret')").1.contains("not a file of the project"));
}

#[test]
fn help_is_there_for_every_function_and_object() {
    let mut rig = Rig::new();
    for entry in api::entries() {
        let text = help(&entry.title()).expect("every function has help");
        assert!(text.contains(entry.doc) && entry.example.lines().all(|line| text.contains(line)));
    }
    assert!(rig.prints("help(sampler)")[0].starts_with("sampler(name"));
    assert!(rig.prints("help('clock')").iter().any(|l| l.contains("clock:every")));
    assert!(rig.prints("help(clock)").iter().any(|l| l.contains("clock:every")));
    assert!(rig.fails("help('nonsense')").1.contains("nonsense"));
}

#[test]
fn the_stubs_in_the_tree_are_those_of_the_declarations() {
    let kept = include_str!("../meta/tracklight.lua");
    assert!(kept == stubs(), "src/script/meta/tracklight.lua is stale; it should be:\n{}", stubs());
    let rig = Rig::new();
    rig.script.lua.load(kept).into_function().expect("the stubs are Lua");
}
