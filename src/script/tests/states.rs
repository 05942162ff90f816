//! State, observers and live chunks.

use super::*;

#[test]
fn the_state_is_whole_and_read_only() {
    let mut rig = Rig::new();
    rig.eval("sampler('kick', { samples = { 'a.wav' }, volume = 0.5 }) pattern('beat', 8):set(3, 2) chain('song', { { 'beat', 2 } }) macro(3):map('kick.volume') live('l', function() end)");
    let lines = rig.prints(
        "local s = engine:getState()
         print(s.version > 0, s.clock.bpm, s.clock.isPlaying, s.clock.beat, s.clock.bar, s.patternRuntime.playhead)
         print(s.modules.kick.type, s.modules.kick.enabled, s.modules.kick.parameters.volume, s.modules.kick.samples[1].name)
         print(s.patterns.beat.rows[3].index, s.chains.song[1].pattern, #s.connections, s.macros['kick.volume'].macro, s.live.l)
         print(pcall(function() s.clock.bpm = 3 end), pcall(function() s.x = 3 end))
         local c = s:clone() c.clock.bpm = 99 c.modules.kick.parameters.volume = 0 print(c.clock.bpm, s.clock.bpm, s.modules.kick.parameters.volume)
         local n = 0 for name in pairs(s.modules) do n = n + 1 end print(n)",
    );
    assert_eq!(lines[0], "true\t120\tfalse\t0\t1\t0");
    assert_eq!(lines[1], "MultiSampler\ttrue\t0.5\ta");
    assert_eq!(lines[2], "2\tbeat\t2\t3\tfunction() end");
    assert!(lines[3].starts_with("false") && lines[3].contains("read-only"), "{lines:?}");
    assert_eq!(lines[4], "99\t120\t0.5");
    assert_eq!(lines[5], "12");
}

#[test]
fn an_observer_is_told_once_for_each_change_with_the_newest_state() {
    let mut rig = Rig::new();
    rig.eval("n = 0 sampler('kick') id = engine:onStateChange(function(state) n = n + 1 last = state.modules.kick.parameters.volume print(state.version) end)");
    rig.tick();
    let before = rig.prints("print(n)").pop().and_then(|l| l.parse::<i64>().ok()).expect("a number");
    rig.eval("for i = 1, 1000 do setParam('kick', 'volume', i / 1000) end setParam('kick', 'volume', 0.25)");
    rig.tick();
    rig.tick();
    let lines = rig.prints("print(n, last)");
    assert_eq!(lines.last().map(String::as_str), Some(format!("{}\t0.25", before + 1).as_str()));
    rig.eval("engine:removeStateChangeCallback(id)");
    rig.eval("setParam('kick', 'volume', 0.3)");
    rig.tick();
    assert_eq!(rig.prints("print(n)"), [format!("{}", before + 1)]);
}

#[test]
fn a_throwing_observer_does_not_stop_the_others_and_one_may_remove_itself() {
    let mut rig = Rig::new();
    rig.eval("sampler('kick') engine:onStateChange(function() error('oh no') end) a = 0 b = 0 engine:onStateChange(function() a = a + 1 end) local id id = engine:onStateChange(function() b = b + 1 engine:removeStateChangeCallback(id) end)");
    for i in 1..4 {
        rig.eval(&format!("setParam('kick', 'volume', 0.{i})"));
        rig.tick();
    }
    assert!(rig.console().iter().any(|l| l.contains("oh no")));
    // Once for its own chunk, three times for the changes.
    assert_eq!(rig.prints("print(a, b)").pop().as_deref(), Some("4\t1"));
}

#[test]
fn an_observer_that_sets_a_parameter_settles_and_ping_pong_is_found() {
    let mut rig = Rig::new();
    rig.eval("sampler('kick') engine:onStateChange(function(s) setParam('kick', 'pan', s.modules.kick.parameters.volume - 1) end)");
    rig.eval("setParam('kick', 'volume', 0.5)");
    for _ in 0..10 {
        rig.tick();
    }
    let count = rig.batches.len();
    for _ in 0..10 {
        rig.tick();
    }
    assert_eq!(rig.batches.len(), count);
    assert_eq!(rig.prints("print(getParam('kick', 'pan'))"), ["-0.5"]);
    rig.eval("\n\nengine:onStateChange(function(s) setParam('kick', 'speed', -s.modules.kick.parameters.speed) end)");
    rig.eval("setParam('kick', 'volume', 0.6)");
    for _ in 0..300 {
        rig.tick();
    }
    let text = rig.console().join("\n");
    assert!(text.contains("100 times") && text.contains("test:3"), "{text}");
    let count = rig.batches.len();
    for _ in 0..10 {
        rig.tick();
    }
    assert_eq!(rig.batches.len(), count);
}

#[test]
fn a_live_chunk_is_kept_as_text_and_runs_again_after_a_load() {
    let mut rig = Rig::new();
    rig.eval("sampler('kick')\nlive(\"groove\", function() setParam('kick', 'volume', 0.5) clock:every(1, function() trigger('kick') end) end)");
    let text = rig.session().live["groove"].clone();
    assert_eq!(&*text, "function() setParam('kick', 'volume', 0.5) clock:every(1, function() trigger('kick') end) end");
    assert_eq!(rig.script.world.borrow().timers.len(), 1);
    rig.eval("live('groove', function() end)");
    assert_eq!(rig.script.world.borrow().timers.len(), 0, "run again it replaces what it registered");
    rig.eval("live('groove', function() clock:every(1, function() end) end) setParam('kick', 'volume', 0.9)");
    rig.engine.events.tell(&Event::Loaded);
    rig.publish(|s| {
        let session = Arc::make_mut(&mut s.session);
        session.live.insert("groove".into(), text.clone());
        session.live.insert("broken".into(), Arc::from("function() nonsense() end"));
    });
    let count = rig.batches.len();
    rig.tick();
    rig.tick();
    assert_eq!(rig.script.world.borrow().timers.len(), 1);
    assert_eq!(rig.batches.len(), count, "what it sets is not sent");
    assert!(rig.asks.iter().any(|a| matches!(a, Ask::Notice(t) if t.contains("broken"))));
    rig.eval("live('groove'):stop()");
    assert!(!rig.session().live.contains_key("groove"));
    assert!(rig.script.world.borrow().timers.is_empty());
}

#[test]
fn an_error_in_a_live_chunk_names_the_line_of_the_buffer() {
    let mut rig = Rig::new();
    let outcome = rig.eval_at("groove", 10, "\nlive('a', function()\n  nonsense()\nend)", false);
    let EvalOutcome::Failed { line, message } = outcome else { panic!("it should fail") };
    assert_eq!(line, Some(12), "{message}");
    assert!(message.contains("nonsense"));
    assert!(!rig.session().live.contains_key("a"));
}

#[test]
fn undoing_a_live_chunk_stops_it() {
    let mut rig = Rig::new();
    rig.eval("live('a', function() clock:every(1, function() end) end)");
    let text = rig.session().live["a"].clone();
    rig.publish(|s| drop(Arc::make_mut(&mut s.session).live.remove("a")));
    rig.tick();
    assert!(rig.script.world.borrow().timers.is_empty());
    rig.publish(|s| drop(Arc::make_mut(&mut s.session).live.insert("a".into(), text)));
    rig.tick();
    assert_eq!(rig.script.world.borrow().timers.len(), 1);
}

#[test]
fn a_broken_down_room_starts_again_with_its_live_chunks() {
    let mut rig = Rig::new();
    rig.eval("live('a', function() clock:every(1, function() end) end)");
    rig.script.recover("test");
    rig.tick();
    assert_eq!(rig.script.world.borrow().timers.len(), 1);
    assert_eq!(rig.prints("print(1)"), ["1"]);
}

#[test]
fn triggers_beyond_what_the_queue_holds_are_told_from_the_snapshot_or_counted_as_lost() {
    use crate::model::{Name, TriggerRecord, Why};
    let mut rig = Rig::new();
    rig.eval("sampler('kick') n, last = 0, 0 on_trigger('kick', function(hit) n = n + 1 last = hit.frame end)");
    let record = |frame| {
        Arc::new(TriggerRecord {
            frame,
            beat: 0.0,
            module: Name::new("kick").unwrap(),
            sequencer: None,
            pattern: None,
            row: None,
            index: 1,
            note: None,
            params: vec![],
            why: Why::Fired,
        })
    };
    let all: Vec<_> = (1..=6000).map(record).collect();
    rig.publish(|s| {
        s.triggers = Arc::new(all[6000 - 256..].iter().cloned().collect());
        s.trigger_count = 6000;
    });
    all.iter().for_each(|record| rig.engine.events.tell(&Event::Triggered(record.clone())));
    while rig.tick_script() == Pace::Now {}
    let told: u64 = rig.prints("print(n)")[0].parse().unwrap();
    assert_eq!(rig.prints("print(last)"), ["6000"], "the newest are told");
    assert!(told >= 4000 && told + rig.script.heard.lost == 6000, "{told} told, {} lost", rig.script.heard.lost);
    // The count goes on from there.
    rig.engine.events.tell(&Event::Triggered(record(6001)));
    rig.tick();
    assert_eq!(rig.prints("print(n)"), [(told + 1).to_string()]);
}
