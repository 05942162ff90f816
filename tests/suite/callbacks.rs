//! Callbacks for one thing alone: what changes, what is triggered.
//!
//! proves: L5

use tracklight::model::{Ask, ConsoleKind, Why};

use crate::rig::Rig;

/// What was printed from a place in the console on.
fn printed(rig: &Rig, from: usize) -> Vec<String> {
    let snapshot = rig.snapshot();
    let lines = snapshot.console.iter().skip(from).filter(|line| line.kind == ConsoleKind::Output);
    lines.map(|line| line.text.to_string()).collect()
}

#[test]
fn one_value_is_told_with_the_old_one_and_its_path_once_for_each_change() {
    let mut rig = Rig::with("sampler('kick') sampler('hat')");
    rig.run("onChange('kick.volume', function(value, old, path) print(path, old, value) end)");
    rig.run("setParam('kick', 'speed', 2) setParam('hat', 'volume', 0.1)");
    rig.run("for i = 1, 1000 do setParam('kick', 'volume', i / 1000) end setParam('kick', 'volume', 0.25)");
    rig.ask(vec![tracklight::model::Command::Set(rig.session().path("kick.volume").unwrap(), 0.5)]).unwrap();
    rig.remote.asks.send(Ask::Undo).unwrap();
    rig.settle();
    rig.run("setParam('kick', 'volume', 0.25)");
    assert_eq!(printed(&rig, 0), ["kick.volume\t1\t0.25", "kick.volume\t0.25\t0.5", "kick.volume\t0.5\t0.25"]);
}

#[test]
fn rows_wholes_each_of_their_values_and_the_clock_can_be_watched() {
    let mut rig =
        Rig::with("sampler('kick', { samples = { 'click.wav' } }) pattern('beat', 16) chain('song', { 'beat' })");
    rig.run(
        r#"
        onChange("beat.row[5]", function(row, old, path) print(path, old and old.index, row and row.index) end)
        onChange("beat.*", function(row, old, path) print("each", path, row and row.index or row) end)
        onChange("kick", function(kick, old) print("kick", old.parameters.volume, kick and kick.parameters.volume) end)
        onChange("kick.*", function(value, old, path) print("each", path, old, value) end)
        onChange("song", function(song) print("song", #song) end)
        onChange("clock.bpm", function(bpm, old) print("bpm", old, bpm) end)
        onChange("clock", function(value, old, path) print(path, value) end)
    "#,
    );
    rig.run("pattern('beat'):set(5, 2):set(7, '-')");
    assert_eq!(printed(&rig, 0), ["beat.row[5]\tnil\t2", "each\tbeat.row[5]\t2", "each\tbeat.row[7]\t-"]);
    let from = rig.console().len();
    rig.run("setParam('kick', 'volume', 0.5) setParam('kick', 'pan', 1) param('kick.sample[1].speed'):set(2) chain('song', { 'beat', 'beat' })");
    assert_eq!(
        printed(&rig, from),
        [
            "kick\t1\t0.5",
            "each\tkick.volume\t1\t0.5",
            "each\tkick.pan\t0\t1",
            "each\tkick.sample[1].speed\t1\t2",
            "song\t2"
        ]
    );
    let from = rig.console().len();
    rig.run("clock:setBPM(90) clock:start()");
    rig.skip(64);
    assert_eq!(printed(&rig, from), ["bpm\t120\t90", "clock.bpm\t90", "clock.isPlaying\ttrue"]);
    let from = rig.console().len();
    rig.run("remove('kick')");
    assert_eq!(printed(&rig, from)[0], "kick\t0.5\tnil");
}

#[test]
fn the_hosts_tempo_is_the_clocks() {
    let mut rig = Rig::with("onChange('clock.bpm', function(bpm, old) print(old, bpm) end)");
    rig.host_plays(0.0, 120.0);
    rig.skip(640);
    rig.host().tempo = Some(140.0);
    rig.skip(640);
    assert_eq!(printed(&rig, 0), ["120\t140"]);
}

#[test]
fn what_cannot_be_watched_is_named_with_what_can() {
    let mut rig = Rig::with("sampler('kick') pattern('beat', 16) chain('song', { 'beat' })");
    for (text, parts) in [
        ("onChange('snare', print)", &["onChange", "\"snare\"", "kick", "beat", "kick.volume"][..]),
        ("onChange('kick.volum', print)", &["volum", "kick.volume"]),
        ("onChange('snare.*', print)", &["\"snare\""]),
        ("onChange('song.*', print)", &["chain", "\"song\""]),
        ("onChange('beat.row[17]', print)", &["row[17]", "16 rows"]),
        ("onChange('clock.beat', print)", &["clock.bpm", "\"beat\""]),
        ("onChange('kick.volume')", &["argument 2 \"callback\"", "function"]),
        ("on_param('kick', print)", &["one value", "kick.volume"]),
        ("on_param('beat.row[5]', print)", &["one value"]),
        ("on_trigger('snare', print)", &["\"snare\"", "kick"]),
        ("on_trigger('hostIn', print)", &["hostIn", "sampler"]),
        ("on_trigger('kick')", &["callback", "function"]),
        ("on_trigger(5, print)", &["module", "got 5"]),
    ] {
        let error = rig.eval(text).unwrap_err();
        assert!(error.starts_with("line 1:"), "{text}: {error}");
        for part in parts {
            assert!(error.contains(part), "{text}: {error} lacks {part}");
        }
    }
}

#[test]
fn every_trigger_is_told_once_with_what_played_it_and_why_it_did_not_sound() {
    let mut rig = Rig::with(
        r#"sampler("kick", { samples = { "click.wav" } }) sampler("hat", { samples = { "click.wav" } })
        sequencer("seq", { pattern = "beat", to = "kick" })
        pattern("beat", { steps = 4, stepsPerBeat = 4, rows = { [1] = { index = 1, volume = 0.5 }, [3] = { index = 1, ratio = "2:2" } } })
        all, hats = 0, 0
        on_trigger(function(hit) all = all + 1 end)
        handle = on_trigger("hat", function(hit) hats = hats + 1 end)
        on_trigger("kick", function(hit)
          print(hit.module, hit.sequencer, hit.pattern, hit.row, hit.index, hit.note, hit.beat, hit.fired, hit.why, hit.params.volume)
        end)
        clock:start()"#,
    );
    rig.skip(48_000);
    rig.run("trigger('hat', { note = 64 })");
    rig.skip(64);
    assert_eq!(rig.run("all, hats"), [rig.triggers.len().to_string(), "1".into()]);
    let lines: Vec<String> = rig.console().into_iter().filter(|line| line.starts_with("kick")).collect();
    assert_eq!(
        lines[..3],
        [
            "kick\tseq\tbeat\t1\t1\tnil\t0\ttrue\tfired\t0.5",
            "kick\tseq\tbeat\t3\t1\tnil\t0.5\tfalse\tratio\tnil",
            "kick\tseq\tbeat\t1\t1\tnil\t1\ttrue\tfired\t0.5",
        ]
    );
    rig.run("print(handle:stop(), handle:stop())");
    rig.run("trigger('hat')");
    rig.skip(64);
    assert_eq!(rig.run("hats"), ["1"]);
    assert!(rig.console().contains(&"true\tfalse".to_owned()));
}

#[test]
fn a_callback_plays_and_sets_in_answer_and_that_settles() {
    let mut rig = Rig::with(
        r#"sampler("kick", { samples = { "click.wav" } }) sampler("echo", { samples = { "click.wav" } })
        on_trigger("kick", function(hit) trigger("echo") setParam("echo", "pan", -getParam("echo", "pan") + 0.5) end)
        on_param("echo.pan", function(value) setParam("echo", "speed", 1 + value) end)"#,
    );
    for _ in 0..300 {
        rig.run("trigger('kick')");
        rig.skip(64);
    }
    rig.skip(640);
    let echoes = rig.triggers.iter().filter(|t| t.module == "echo" && t.why == Why::Fired).count();
    assert_eq!(echoes, 300, "answering every time is no ping-pong: {:?}", rig.notices());
    assert_eq!(rig.run("getParam('echo', 'speed')"), ["1"]);
}

#[test]
fn callbacks_that_only_answer_each_other_are_named_and_stopped_whatever_their_kind() {
    for (script, named) in [
        (
            "onChange('kick.pan', function(v) setParam('kick', 'pan', -v) end) setParam('kick', 'pan', 1)",
            "onChange \"kick.pan\"",
        ),
        (
            "on_param('kick.pan', function(v) setParam('hat', 'pan', v) end) on_param('hat.pan', function(v) setParam('kick', 'pan', -v) end) setParam('kick', 'pan', 1)",
            ".pan\"",
        ),
        ("on_trigger('kick', function() trigger('kick') end) trigger('kick')", "on_trigger \"kick\""),
        (
            "on_trigger(function(hit) trigger(hit.module == 'kick' and 'hat' or 'kick') end) trigger('kick')",
            "on_trigger",
        ),
        (
            "on_trigger('kick', function() setParam('hat', 'pan', getParam('hat', 'pan') > 0 and -1 or 1) end) on_param('hat.pan', function() trigger('kick') end) trigger('kick')",
            "hat.pan",
        ),
        // A change from outside now and then does not hide it.
        (
            "clock:every(1/16, function(b) setParam('hat', 'volume', b % 1) end) onChange('kick', function(k) setParam('kick', 'pan', k.parameters.pan > 0 and -1 or 1) end) clock:start() setParam('kick', 'pan', 1)",
            "onChange \"kick\"",
        ),
    ] {
        let mut rig =
            Rig::with("sampler('kick', { samples = { 'click.wav' } }) sampler('hat', { samples = { 'click.wav' } })");
        rig.run(script);
        rig.skip(64 * 300);
        let notices = rig.notices();
        assert!(
            notices
                .iter()
                .any(|n| n.contains(named) && n.contains("stopped") && n.contains("100 times") && n.contains("test:1")),
            "{script}: {notices:?}"
        );
        rig.run("clock:stop()");
        rig.skip(640);
        let (revision, count) = (rig.snapshot().revision, rig.triggers.len());
        rig.skip(6_400);
        assert_eq!((rig.snapshot().revision, rig.triggers.len()), (revision, count), "{script}: it has ended");
        assert_eq!(rig.run("return 1 + 1"), ["2"]);
    }
}

#[test]
fn one_that_throws_is_told_with_its_line_and_does_not_stop_the_others() {
    let mut rig = Rig::with("sampler('kick', { samples = { 'click.wav' } })");
    rig.run(
        "heard = {}
        on_param('kick.volume', function() error('first') end)
        on_param('kick.volume', function() heard.param = true end)
        on_trigger(function() local x = nil + 1 end)
        on_trigger(function() heard.trigger = true end)
        setParam('kick', 'volume', 0.5) trigger('kick')",
    );
    rig.skip(64);
    assert_eq!(rig.run("heard.param, heard.trigger"), ["true", "true"]);
    let console = rig.console();
    let told = |a: &str, b: &str, c: &str| console.iter().any(|l| l.contains(a) && l.contains(b) && l.contains(c));
    assert!(told("onChange \"kick.volume\" (test:2)", "line 2", "first"), "{console:?}");
    assert!(told("on_trigger (test:4)", "line 4", "arithmetic"), "{console:?}");
}

#[test]
fn one_that_only_fails_is_taken_out_and_named() {
    let mut rig = Rig::with("sampler('kick')");
    rig.run("n = 0 on_param('kick.volume', function() n = n + 1 error('no') end)\nengine:onStateChange(function() error('never') end)\nclock:every(1/16, function() error('tick') end)");
    for step in 0..40 {
        rig.run(&format!("setParam('kick', 'volume', {})", f64::from(step) / 100.0));
    }
    assert_eq!(rig.run("n"), ["16"]);
    rig.run("clock:start()");
    rig.skip(96_000);
    let notices = rig.notices();
    assert!(
        notices.iter().any(|n| n.contains("kick.volume") && n.contains("taken out") && n.contains("16 times")),
        "{notices:?}"
    );
    assert!(notices.iter().any(|n| n.contains("onStateChange (test:2)") && n.contains("taken out")), "{notices:?}");
    let ticks = rig.console().iter().filter(|l| l.contains("tick")).count();
    assert_eq!(ticks, 2, "the first and the last are told: {:?}", rig.console());
}

#[test]
fn run_again_a_chunk_replaces_its_callbacks_and_stopped_lives_lose_theirs() {
    let mut rig = Rig::with("sampler('kick', { samples = { 'click.wav' } }) changes, hits = 0, 0");
    let chunk =
        "on_param('kick.volume', function() changes = changes + 1 end) on_trigger(function() hits = hits + 1 end)";
    for _ in 0..3 {
        rig.remote.calls.eval("song.lua", 1, chunk, tracklight::model::When::Now, false).unwrap();
        rig.settle();
    }
    rig.run("live('l', function() onChange('kick', function() changes = changes + 100 end) end)");
    rig.run("setParam('kick', 'volume', 0.5) trigger('kick')");
    rig.skip(64);
    assert_eq!(rig.run("changes, hits"), ["101", "1"]);
    rig.run("live('l'):stop()");
    rig.remote
        .calls
        .eval("song.lua", 1, "clock:every(1, function() end)", tracklight::model::When::Now, false)
        .unwrap();
    rig.run("setParam('kick', 'volume', 0.6) trigger('kick')");
    rig.skip(64);
    assert_eq!(rig.run("changes, hits"), ["101", "1"]);
}

#[test]
fn ten_thousand_triggers_at_once_are_told_or_counted_as_lost() {
    let mut rig = Rig::with(
        "sampler('kick', { samples = { 'click.wav' }, voices = 1 }) n = 0 on_trigger(function() n = n + 1 end)",
    );
    rig.run("for i = 1, 1000 do trigger('kick') end");
    for _ in 0..9 {
        rig.run("for i = 1, 1000 do trigger('kick') end");
    }
    rig.skip(9_600);
    let told: u64 = rig.run("n")[0].parse().unwrap();
    let lost: u64 = rig.run("engine:getState().clock.callbacks.lost")[0].parse().unwrap();
    assert_eq!(told + lost, rig.snapshot().trigger_count);
    assert!(told > 1000, "{told} told, {lost} lost");
}
