//! The Lua that people type, through the same door as the editor's.
//!
//! proves: L1 L2 L3 L4 L5 L6 L7 L10 L11 L13

use proptest::prelude::*;
use tracklight::model::{ConsoleKind, Session, When, Why};
use tracklight::script::mirror;

use crate::rig::Rig;
use crate::strategy::session;

/// Everything of this version's declarative helpers.
pub const SONG: &str = r#"
clock:setBPM(126) seed(42)
sampler("kick", { samples = { "click.wav", "saw.wav" }, volume = 0.8, speed = 1.2, playStyle = "ONCE", polyphonyMode = "POLY", attackMs = 5 })
sampler("kick").sample[2] { speed = 0.5, regionStart = 0.25 }
sampler("hat", { samples = "tone.wav", voices = 4 })
sequencer("seq", { pattern = "beat", to = "kick" })
sequencer("seq2", { chain = "song", to = { "hat", "kick" } })
audioMixer("drums", { volume = 0.7 })
audioOut { volume = 0.9 }
connect("kick", "drums") connect("hat", "drums", { volume = 0.4 }) connect("drums", "masterAudioOut") connect("hat", "aux3")
pattern("beat", 16):set(1, { index = 1, length = 2, volume = 0.9 }):set(5, { index = 2, chance = 50, ratio = "1:4" }):set(9, "-"):clear(13)
pattern("fill", { steps = 8, stepsPerBeat = -3, rows = { [1] = { index = 1 }, [5] = { index = 2, note = 64 } } })
chain("song", { { "beat", 2 }, { "fill" }, { "beat", 1, mute = true } })
macro(1):map("kick.volume", { min = 0, max = 0.8, curve = "exp" })
setParam("hat", "pan", -0.25)
enable("hat", false)
live("groove", function() clock:every("1 bar", function(bar) setParam("kick", "speed", 1 + bar % 4 / 10) end) end)
"#;

#[test]
fn every_name_of_the_global_engine_works() {
    let mut rig = Rig::with("sampler('kick', { samples = 'click.wav' })");
    rig.run(r#"
        local function try(name, fn)
          local ok, what = pcall(fn)
          print(ok and what ~= false and what ~= nil and "SUCCESS " .. name or "FAILURE " .. name .. " " .. tostring(what))
        end
        try("getEngine", function() return getEngine() == engine end)
        try("getClock", function() return engine:getClock():getBPM() == 120 end)
        try("getModuleRegistry", function()
          local kick = engine:getModuleRegistry():getModule("kick")
          kick:setParameter("volume", 0.5)
          return kick:getParameter("volume") == 0.5 and kick:getParameters().speed == 1 and kick:getName() == "MultiSampler"
            and kick:getInstanceName() == "kick" and #engine:getModuleRegistry():getAllModuleNames() > 10
            and engine:getModuleRegistry():getModule("nope") == nil
        end)
        try("getConnectionManager", function()
          local c = engine:getConnectionManager()
          c:connect("kick", "aux1")
          return c:isConnected("kick", "aux1") and c:getConnections("kick")[1].to == "aux1"
        end)
        try("getParameterRouter", function()
          engine:getParameterRouter():set("kick.speed", 2)
          return engine:getParameterRouter():get("kick.speed") == 2
        end)
        try("getPatternRuntime", function()
          pattern("beat", 12)
          local p = engine:getPatternRuntime()
          return p:getPlayhead() == 0 and p:getPattern("beat"):steps() == 12 and p:getPatternNames()[1] == "beat" and #p:getChainNames() == 0
        end)
        try("getState", function() return engine:getState().modules.kick.parameters.speed == 2 end)
        try("executeCommand", function()
          local good, bad = engine:executeCommand("set kick volume 0.25"), engine:executeCommand("set nope volume 1")
          return good.success and good.message and not bad.success and bad.error:find("nope", 1, true) and getParam("kick", "volume") == 0.25
        end)
        local id
        try("onStateChange", function() id = engine:onStateChange(function() end) return id end)
        try("removeStateChangeCallback", function() return engine:removeStateChangeCallback(id) and not engine:removeStateChangeCallback(id) end)
        try("exec", function() return exec("bpm 99").success end)
    "#);
    let lines: Vec<String> =
        rig.console().into_iter().filter(|l| l.starts_with("SUCCESS") || l.starts_with("FAILURE")).collect();
    assert_eq!(lines.len(), 11);
    assert!(lines.iter().all(|line| line.starts_with("SUCCESS")), "{lines:#?}");
    assert_eq!(rig.session().bpm, 99.0);
}

#[test]
fn a_script_run_a_hundred_times_leaves_what_one_run_leaves() {
    let mut rig = Rig::with(SONG);
    let (once, undo) = (rig.session(), rig.snapshot().undo.len());
    assert!(once.modules.len() > 15 && once.chains.len() == 1 && once.live.len() == 1 && once.macros.len() == 1);
    for _ in 0..99 {
        rig.run(SONG);
    }
    assert_eq!(rig.session(), once);
    assert_eq!(rig.session().to_json(), once.to_json(), "identities too");
    assert_eq!(rig.snapshot().undo.len(), undo, "what changes nothing is no undo step");
}

#[test]
fn the_lines_of_the_language_page_run() {
    let mut rig = Rig::new();
    rig.furnish();
    for name in ["drums/kick.wav", "drums/rim.wav"] {
        rig.impulse(name, 64);
    }
    for line in [
        r#"local clock = engine:getClock() clock:setBPM(128) clock:getBPM() clock:start() clock:play() clock:stop() clock:pause() clock:reset() clock:isPlaying()"#,
        r#"clock:setSource("internal") clock:beat() clock:bar() clock:locate(32)"#,
        r#"sampler("hat", { samples = "click.wav" }) local t = clock:every("1/4", function(beat) trigger("hat") end) t:stop()"#,
        r#"for _, span in ipairs { 0.25, "1 bar", "3/16" } do clock:every(span, function() end):stop() end"#,
        r#"clock:at(64, function() end) clock:after("2 bars", function() end)"#,
        r#"sampler("kick", { samples = { "drums/kick.wav", "drums/rim.wav" }, volume = 0.8, speed = 1.2, playStyle = "ONCE", polyphonyMode = "POLY", attackMs = 5 })"#,
        r#"sampler("kick").sample[2] { speed = 0.5, regionStart = 0.25 }"#,
        r#"sequencer("seq", { pattern = "beat", to = "kick" })"#,
        r#"audioMixer("drums") audioIn("in") audioOut()"#,
        r#"connect("kick", "drums") connect("seq", "kick", "event") connect("kick", "aux3")"#,
        r#"disconnect("kick", "drums") rename("kick", "boom") enable("boom", false) enable("boom") rename("boom", "kick")"#,
        r#"setParam("kick", "volume", 0.7) getParam("kick", "volume") param("kick.sample[2].speed"):set(2)"#,
        r#"trigger("kick", { index = 1, volume = 0.9, length = "1/8" })"#,
        r#"pattern("beat", 16):set(1, { index = 1, length = 2, volume = 0.9 }):set(5, { index = 2, chance = 50, ratio = "1:4" }):set(9, "-"):clear(13)"#,
        r#"pattern("beat", { steps = 16, stepsPerBeat = 4, rows = { [1] = { index = 1 }, [5] = { index = 2 } } })"#,
        r#"pattern("fill", 8) chain("song", { { "beat", 2 }, { "fill" }, { "beat", 1, mute = true } })"#,
        r#"macro(1):map("kick.volume", { min = 0, max = 0.8, curve = "exp" }) macro(1):get() macro(1):unmap("kick.volume")"#,
        r#"live("groove", function() clock:every("1 bar", function(bar) setParam("kick", "speed", 1 + bar % 4 / 10) end) end) live("groove"):stop()"#,
        r#"seed(42) sampler("lost", { samples = "lost.wav" }) relink("lost.wav", "click.wav")"#,
        r#"local id = engine:onStateChange(function(state) print(state.version, state.clock.bpm, state.modules.kick.parameters.volume) end) engine:removeStateChangeCallback(id)"#,
        r#"local s = engine:getState():clone() engine:executeCommand("set kick volume 0.5")"#,
        r#"exec("help set") help(sampler) undo() redo() hush()"#,
        r#"engine:getModuleRegistry():getModule("kick"):setParameter("volume", 0.5)"#,
        r#"assert(getEngine() == engine) engine:getPatternRuntime() engine:getConnectionManager() engine:getParameterRouter()"#,
        r#"remove("kick")"#,
    ] {
        rig.run(line);
        rig.skip(64);
    }
    let session = rig.session();
    assert!(!session.modules.contains_key("kick") && session.patterns["beat"].steps == 16 && session.seed == 42);
    assert_eq!(session.modules["lost"].samples()[0].path, "click.wav");
}

#[test]
fn names_of_later_versions_say_so() {
    let mut rig = Rig::with("");
    for name in ["play", "modulator", "effect", "videoMixer", "videoOut", "oscilloscope", "spectrogram", "setlist"] {
        let error = rig.eval(&format!("{name}('x')")).unwrap_err();
        assert!(error.contains(name) && error.contains("not in this version"), "{error}");
    }
}

#[test]
fn what_a_script_makes_it_can_use_at_once() {
    let mut rig = Rig::with("");
    rig.run("sampler('kick', { samples = 'click.wav' }) connect('kick', 'masterAudioOut') setParam('kick', 'volume', 0.5) trigger('kick')");
    let sound = rig.render(64);
    assert_eq!(sound.main[0][0], 0.5);
    assert_eq!(rig.run("sampler('new') setParam('new', 'pan', 1) return getParam('new', 'pan')"), ["1"]);
}

#[test]
fn a_script_reads_its_own_writes_of_the_clock() {
    let mut rig = Rig::with("");
    let got = rig.run("clock:setBPM(90) clock:start() local a, b = clock:getBPM(), clock:isPlaying() clock:pause() return a, b, clock:isPlaying()");
    assert_eq!(got, ["90", "true", "false"]);
    rig.host_plays(0.0, 133.0);
    rig.skip(512);
    let notices = rig.notices().len();
    assert_eq!(rig.run("return clock:setBPM(90), clock:start(), clock:stop(), clock:pause(), clock:reset(), clock:locate(4), clock:getBPM()"), ["false", "false", "false", "false", "false", "false", "133"]);
    assert!(rig.notices().len() > notices && rig.notices().last().unwrap().contains("host"), "{:?}", rig.notices());
}

#[test]
fn a_state_callback_is_told_once_for_each_change_until_it_is_taken_away() {
    let mut rig = Rig::with("sampler('kick')");
    rig.run("count = 0 id = engine:onStateChange(function(s) count = count + 1 last = s end)");
    for step in 1..=5 {
        rig.run(&format!("setParam('kick', 'volume', {})", f64::from(step) / 10.0));
        rig.skip(64);
    }
    // The evaluations that read change nothing and are not told.
    assert_eq!(rig.run("return count, last.modules.kick.parameters.volume"), ["5", "0.5"]);
    rig.run("for i = 1, 1000 do setParam('kick', 'volume', i / 1000) end");
    assert_eq!(rig.run("return count, last.modules.kick.parameters.volume"), ["6", "1"]);
    rig.run("engine:removeStateChangeCallback(id)");
    rig.run("setParam('kick', 'volume', 0.125)");
    assert_eq!(rig.run("return count"), ["6"]);
}

#[test]
fn the_state_holds_everything_and_cannot_be_written_to() {
    let mut rig = Rig::with(SONG);
    rig.run("sampler('kick')");
    let got = rig.run(r#"local s = engine:getState()
        local c = s:clone() c.clock.bpm = 1
        return s.clock.bpm, s.clock.isPlaying, s.clock.beat, s.patternRuntime.playhead, s.modules.kick.parameters.volume,
          s.patterns.beat.rows[1].volume, s.chains.song[1].times, #s.connections > 3, s.version > 0, c.clock.bpm,
          pcall(function() s.clock.bpm = 3 end)"#);
    assert_eq!(got[..10], ["126", "false", "0", "0", "0.8", "0.9", "2", "true", "true", "1"]);
    assert_eq!(got[10], "false");
    assert!(got[11].contains("read-only"), "{got:?}");
    rig.run("held = engine:getState()");
    rig.run("setParam('kick', 'volume', 0.1)");
    assert_eq!(
        rig.run("return held.modules.kick.parameters.volume, engine:getState().modules.kick.parameters.volume"),
        ["0.8", "0.1"]
    );
}

#[test]
fn a_callback_that_sets_a_parameter_settles_and_an_endless_one_is_named_and_stopped() {
    let mut rig = Rig::with(
        "sampler('kick') sampler('hat') engine:onStateChange(function(s) setParam('hat', 'volume', s.modules.kick.parameters.volume) end)",
    );
    rig.run("setParam('kick', 'volume', 0.3)");
    rig.skip(640);
    assert_eq!(rig.session().modules["hat"].value(tracklight::model::Param::VOLUME), 0.3);
    let revision = rig.snapshot().revision;
    rig.skip(6_400);
    assert_eq!(rig.snapshot().revision, revision, "it has settled");
    rig.run("engine:onStateChange(function(s) setParam('hat', 'pan', -s.modules.hat.parameters.pan) end) setParam('hat', 'pan', 1)");
    rig.skip(640);
    assert!(rig.notices().iter().any(|n| n.contains("onStateChange") && n.contains("stopped")), "{:?}", rig.notices());
    assert_eq!(rig.run("return 1 + 1"), ["2"]);
}

#[test]
fn a_callback_that_throws_does_not_stop_the_others() {
    let mut rig = Rig::with("sampler('kick')");
    rig.run("engine:onStateChange(function() error('no') end) engine:onStateChange(function() heard = (heard or 0) + 1 end)");
    rig.run("setParam('kick', 'volume', 0.3)");
    assert_eq!(rig.run("return heard"), ["1"]);
    assert!(rig.console().iter().any(|line| line.contains("no") && line.contains("onStateChange")));
}

#[test]
fn what_every_triggers_lands_on_its_frame() {
    for blocks in [vec![64], vec![37, 1000, 4096], vec![512]] {
        let mut rig = Rig::with(
            "sampler('hat', { samples = 'click.wav' }) clock:every('1/16', function(beat) trigger('hat') end) clock:setBPM(133.3) clock:start()",
        );
        rig.blocks = blocks.clone();
        let sound = rig.render(200_000);
        let frames: Vec<u64> = rig.fired().iter().map(|(frame, _)| *frame).collect();
        let exact = |step: u64| (f64::from(step as u32) * 0.25 * 60.0 * 48_000.0 / 133.3 + 0.5).floor() as u64;
        // Nothing can be known of a start before it happens: the first may come a block late.
        assert_eq!(frames[1..], (1..frames.len() as u64).map(exact).collect::<Vec<_>>(), "blocks {blocks:?}");
        assert!(frames.len() == 38 && frames[0] <= 4_096);
        assert_eq!(sound.onsets(), frames);
    }
}

#[test]
fn at_and_after_come_once_and_a_stopped_timer_never() {
    let mut rig = Rig::with(
        r#"sampler("hat", { samples = "click.wav" }) clock:setBPM(120)
        clock:at(2.5, function() trigger("hat") end) clock:after("1 bar", function() trigger("hat") end)
        gone = clock:every(1, function() trigger("hat") end) clock:start()"#,
    );
    rig.run("gone:stop()");
    rig.skip(24_000 * 9);
    assert_eq!(rig.fired().iter().map(|f| f.0).collect::<Vec<_>>(), [60_000, 96_000]);
}

#[test]
fn a_callback_sets_values_on_its_frame() {
    let mut rig = Rig::with(
        r#"sampler("pad", { samples = "tone.wav", playStyle = "LOOP", volume = 1 })
        clock:at(1, function() setParam("pad", "volume", 0.5) end) clock:start() trigger("pad")"#,
    );
    let sound = rig.render(30_000);
    let first = sound.main[0].iter().position(|s| *s < 0.5).unwrap();
    assert!((24_000..24_002).contains(&first), "{first}");
}

#[test]
fn a_chunk_takes_effect_now_at_the_next_beat_or_at_the_next_bar() {
    for (when, frame) in [(When::Now, 30_016), (When::NextBeat, 48_000), (When::NextBar, 96_000)] {
        let mut rig =
            Rig::with("sampler('pad', { samples = 'tone.wav', playStyle = 'LOOP' }) clock:start() trigger('pad')");
        let mut sound = rig.render(30_016);
        rig.eval_when("setParam('pad', 'volume', 0.5)", when).unwrap();
        assert_eq!(rig.snapshot().waiting.len(), usize::from(when != When::Now));
        sound.join(&rig.render(70_000));
        let first = sound.main[0].iter().position(|s| *s < 0.5).unwrap();
        assert!((frame..frame + 2).contains(&first), "{when:?}: {first}");
        assert!(rig.snapshot().waiting.is_empty());
    }
}

#[test]
fn an_error_names_the_buffers_line_and_the_old_sound_plays_on() {
    let mut rig =
        Rig::with("sampler('pad', { samples = 'tone.wav', playStyle = 'LOOP' }) clock:start() trigger('pad')");
    rig.skip(4_800);
    let before = rig.session();
    let id = rig
        .remote
        .calls
        .eval(
            "song.lua",
            41,
            "setParam('pad', 'volume', 0)\nremove('pad')\nsetParam('nope', 'volume', 1)",
            When::Now,
            false,
        )
        .unwrap();
    rig.settle();
    let snapshot = rig.snapshot();
    let tracklight::model::EvalOutcome::Failed { line, message } = &snapshot.eval(id).unwrap().outcome else {
        panic!("it fails")
    };
    assert_eq!(*line, Some(43));
    assert!(message.contains("nope"), "{message}");
    assert_eq!(rig.session(), before, "all or nothing");
    assert!(rig.render(4_800).main[0].iter().all(|s| *s == 0.5));
    let error = rig.eval("x = = 1").unwrap_err();
    assert!(error.starts_with("line 1"), "{error}");
}

#[test]
fn a_run_again_replaces_what_the_chunk_registered() {
    let mut rig = Rig::with("sampler('hat', { samples = 'click.wav' }) clock:start()");
    let groove = "clock:every(1, function() trigger('hat') end)";
    for _ in 0..3 {
        rig.remote.calls.eval("song.lua", 1, groove, When::Now, false).unwrap();
        rig.settle();
    }
    rig.skip(24_000 * 4 + 12_000);
    assert_eq!(rig.fired().len(), 5, "once on each of the beats 0 to 4");
}

#[test]
fn nothing_reaches_outside_and_what_never_ends_is_stopped() {
    let mut rig = Rig::with("");
    assert_eq!(rig.run("return io, os, package, debug, dofile, loadfile"), ["nil"; 6]);
    assert!(rig.eval("require('../secret')").unwrap_err().contains("secret"));
    assert!(rig.eval("require('/etc/passwd')").unwrap_err().contains("passwd"));
    std::fs::write(rig.folder().join("beats.lua"), "return { four = function(name) pattern(name, 4):set(1, 1) end }")
        .unwrap();
    rig.run("require('beats').four('beat')");
    assert!(rig.session().patterns.contains_key("beat"));
    for script in [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "string.find(('a'):rep(5000), ('a-'):rep(30) .. 'b')",
        "setmetatable({}, { __gc = function() while true do end end }) collectgarbage()",
        "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1 << 20) .. i end",
    ] {
        let begin = std::time::Instant::now();
        assert!(rig.eval(script).is_err(), "{script}");
        assert!(begin.elapsed().as_secs() < 10, "{script}");
        assert_eq!(rig.run("return 1 + 1"), ["2"], "after {script}");
    }
}

#[test]
fn prints_values_and_errors_are_shown_in_the_console() {
    let mut rig = Rig::with("");
    rig.run("print('hello', 1, true)");
    rig.run("1 + 1");
    rig.eval("error('on purpose')").unwrap_err();
    let shown: Vec<(ConsoleKind, String)> =
        rig.snapshot().console.iter().map(|line| (line.kind, line.text.to_string())).collect();
    assert!(shown.contains(&(ConsoleKind::Output, "hello\t1\ttrue".into())), "{shown:?}");
    assert!(shown.contains(&(ConsoleKind::Value, "2".into())), "{shown:?}");
    assert!(shown.iter().any(|(kind, text)| *kind == ConsoleKind::Error && text.contains("on purpose")), "{shown:?}");
    rig.run("for i = 1, 2000 do print(i) end");
    assert!(rig.snapshot().console.len() <= 1_000 && rig.snapshot().console_count > 1_000);
}

#[test]
fn the_mirror_of_a_song_makes_an_equal_session() {
    let rig = Rig::with(SONG);
    let text = mirror(&rig.session());
    let mut other = Rig::with("");
    other.run(&text);
    assert_eq!(other.session(), rig.session(), "{text}");
    assert_eq!(mirror(&other.session()), text);
    assert!(text.lines().count() < 40, "readable: {text}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_mirror_of_any_session_makes_an_equal_one(session in session()) {
        // Live chunks of random letters are no Lua; the song above has a real one.
        let session = Session { live: Default::default(), ..session };
        let text = mirror(&session);
        let mut rig = Rig::new();
        let outcome = rig.eval(&text);
        let here = Session { folders: vec![], ..rig.session() };
        prop_assert!(outcome.is_ok(), "{:?}\n{}", outcome, text);
        prop_assert_eq!(&here, &Session { folders: vec![], ..session }, "{}", text);
        prop_assert_eq!(mirror(&here), text);
    }
}

#[test]
fn a_disabled_sampler_says_why_it_is_silent() {
    let mut rig = Rig::with("sampler('kick', { samples = 'click.wav', enabled = false }) trigger('kick')");
    assert!(rig.render(64).is_silent());
    assert_eq!(rig.triggers[0].why, Why::Disabled);
}

#[test]
fn what_a_chunk_registers_begins_at_the_moment_the_chunk_was_sent_for() {
    let mut rig = Rig::new();
    rig.impulse("click.wav", 8);
    rig.host_plays(0.0, 120.0);
    rig.run(r#"sampler("hat", { samples = "click.wav" })"#);
    rig.run(r#"clock:every(0.5, function() trigger("hat", { volume = 0.5 }) end)"#);
    rig.render(12_000);
    let sent = rig.eval_when(r#"clock:every(1, function() trigger("hat") end)"#, When::NextBar);
    assert!(sent.is_ok(), "{sent:?}");
    rig.render(192_000);
    let full = |t: &&std::sync::Arc<tracklight::model::TriggerRecord>| t.params.is_empty();
    let frames: Vec<u64> = rig.triggers.iter().filter(full).map(|t| t.frame).collect();
    // On their beats from the bar on, and no beat before it plays.
    assert_eq!(frames, [96_000, 120_000, 144_000, 168_000, 192_000]);
}

#[test]
fn a_chunk_that_is_refused_at_its_moment_registers_nothing() {
    let mut rig = Rig::new();
    rig.impulse("click.wav", 8);
    rig.host_plays(0.0, 120.0);
    rig.run(r#"sampler("hat", { samples = "click.wav" }) sampler("gone")"#);
    rig.render(12_000);
    let sent = rig
        .eval_when(r#"setParam("gone", "volume", 0.5) clock:every(1, function() trigger("hat") end)"#, When::NextBar);
    assert!(sent.is_ok(), "{sent:?}");
    rig.run(r#"remove("gone")"#);
    rig.render(192_000);
    assert!(rig.triggers.is_empty(), "{:?}", rig.triggers);
}

/// proves: L14
#[test]
fn a_library_that_was_saved_is_read_again_by_the_next_chunk_and_only_then() {
    let mut rig = Rig::with("");
    std::fs::create_dir(rig.folder().join("lib")).unwrap();
    let path = rig.folder().join("lib/beats.lua");
    std::fs::write(&path, "loads = (loads or 0) + 1 return { steps = 4 }").unwrap();
    let steps = "return require('lib.beats').steps, loads";
    assert_eq!(rig.run(steps), ["4", "1"]);
    assert_eq!(rig.run(steps), ["4", "1"], "once, while nobody saves it");
    std::fs::write(&path, "loads = loads + 1 return { steps = 16 }").unwrap();
    assert_eq!(rig.run(steps), ["16", "2"]);
    std::fs::write(&path, "return { steps = ").unwrap();
    assert!(rig.eval(steps).unwrap_err().contains("beats.lua"));
    std::fs::remove_file(&path).unwrap();
    assert!(rig.eval(steps).unwrap_err().contains("beats.lua"));
}
