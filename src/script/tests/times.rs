//! When callbacks run.

use super::*;
use crate::model::Command;

const KICK: &str = "sampler('kick') ";

#[test]
fn every_falls_on_each_multiple_once_and_carries_its_beat() {
    let mut rig = Rig::new();
    rig.eval(&format!(
        "{KICK} clock:every('1/4', function(beat) trigger('kick') assert(math.type(beat) == 'integer') end)"
    ));
    rig.render(500);
    assert!(rig.shots().is_empty(), "nothing falls while the position stands");
    rig.play();
    rig.render(4000);
    assert_eq!(rig.shots(), [0.0, 1.0, 2.0, 3.0, 4.0]);
    rig.map.playing = false;
    rig.render(3000);
    assert_eq!(rig.shots().len(), 5);
    assert_eq!(rig.script.timing().late, 0, "{:?}", rig.script.timing());
}

#[test]
fn callbacks_run_a_tenth_of_a_second_ahead_and_no_more() {
    let mut rig = Rig::new();
    rig.eval(&format!("{KICK} clock:every(1, function() trigger('kick') end)"));
    rig.play();
    rig.render(850);
    assert_eq!(rig.shots(), [0.0]);
    rig.render(100);
    assert_eq!(rig.shots(), [0.0, 1.0]);
}

#[test]
fn offline_everything_before_the_frame_asked_for_is_run_and_nothing_after() {
    let mut rig = Rig::new();
    rig.gate().offline.store(true, Ordering::Release);
    rig.eval(&format!("{KICK} clock:every(1, function() trigger('kick') end)"));
    rig.play();
    rig.render(1000);
    assert_eq!(rig.shots(), [0.0], "beat 1 is frame 1000: not before it");
    assert_eq!(rig.gate().script_done.load(Ordering::Acquire), 1000);
    rig.render(50);
    assert_eq!(rig.shots(), [0.0, 1.0]);
    assert_eq!(rig.gate().script_done.load(Ordering::Acquire), 1050);
}

#[test]
fn after_a_locate_or_a_loop_wrap_the_multiples_go_on_from_there() {
    let mut rig = Rig::new();
    rig.gate().offline.store(true, Ordering::Release);
    rig.eval(&format!("{KICK} clock:every(1, function() trigger('kick') end)"));
    rig.play();
    rig.render(2000);
    rig.map.beat = 0.0;
    rig.map.pass += 1;
    rig.render(2000);
    (rig.map.beat, rig.map.begun) = (10.5, 10.5);
    rig.map.jump += 1;
    rig.render(1000);
    assert_eq!(rig.shots(), [0.0, 1.0, 0.0, 1.0, 11.0]);
}

#[test]
fn bars_follow_the_signature_and_are_counted_from_one() {
    let mut rig = Rig::new();
    rig.eval("clock:setSignature(3, 4) clock:every('1 bar', function(bar) print(bar, clock:beat()) end)");
    rig.play();
    rig.render(7000);
    assert_eq!(rig.console(), ["1\t0", "2\t3", "3\t6"]);
}

#[test]
fn edits_of_a_callback_take_effect_on_its_beat_and_hits_travel_ahead() {
    let mut rig = Rig::new();
    rig.eval(&format!("{KICK} clock:every(2, function(beat) setParam('kick', 'speed', 1 + beat) trigger('kick') end)"));
    rig.play();
    rig.render(2500);
    let moments: Vec<_> = rig.batches[1..].iter().map(|b| (b.when, b.origin, b.commands.len())).collect();
    let callback = Origin::Callback;
    // At beat 0 the speed is 1 already, so there is nothing to set.
    assert_eq!(moments, [(When::Now, callback, 1), (When::Beat(2.0), callback, 1), (When::Now, callback, 1)]);
    assert!(matches!(&rig.batches[3].commands[0], Command::Trigger(shot) if shot.at == Some(2.0)));
}

#[test]
fn at_and_after_fall_once() {
    let mut rig = Rig::new();
    rig.eval("clock:at(2, function(b) print('at', b) end) clock:after('1 bar', function(b) print('after', b) end) clock:at(1.5, function() print('no') end):stop()");
    rig.play();
    rig.render(9000);
    assert_eq!(rig.console(), ["at\t2", "after\t4"]);
}

#[test]
fn a_coroutine_waits_for_beats_and_seconds() {
    let mut rig = Rig::new();
    rig.gate().offline.store(true, Ordering::Release);
    rig.play();
    rig.render(50);
    rig.eval(&format!("{KICK} clock:run(function() while true do clock:sync(1) trigger('kick') clock:sleep(0.25) trigger('kick') end end)"));
    rig.render(3000);
    assert_eq!(rig.shots(), [1.0, 1.25, 2.0, 2.25, 3.0]);
}

#[test]
fn a_coroutine_plays_at_once_and_then_in_time() {
    let mut rig = Rig::new();
    rig.eval(&format!("{KICK} clock:run(function() while true do trigger('kick'); clock:sync(1) end end)"));
    rig.render(100);
    assert_eq!(rig.shots(), [-1.0], "the first hit comes at once");
    rig.play();
    rig.render(2000);
    assert_eq!(rig.shots(), [-1.0, 0.0, 1.0, 2.0]);
}

#[test]
fn handles_stop_and_a_chunk_run_again_replaces_what_it_registered() {
    let mut rig = Rig::new();
    rig.eval("t = clock:every(1, function() end) clock:every(2, function() end)");
    assert_eq!(rig.script.world.borrow().timers.len(), 2);
    rig.eval("t = clock:every(1, function() end) clock:every(2, function() end)");
    assert_eq!(rig.script.world.borrow().timers.len(), 2);
    rig.eval_at("other", 1, "print(t:stop(), t:stop())", false);
    assert_eq!(rig.script.world.borrow().timers.len(), 1);
    rig.fails("clock:every(1, function() end) error('x')");
    assert_eq!(rig.script.world.borrow().timers.len(), 1, "a failing chunk registers nothing and takes nothing away");
}

#[test]
fn hush_drops_the_timers() {
    let mut rig = Rig::new();
    rig.eval("live('a', function() clock:every(1, function() trigger('kick') end) end)");
    rig.engine.events.tell(&Event::Hushed);
    rig.tick();
    rig.tick();
    assert!(rig.script.world.borrow().timers.is_empty());
}

#[test]
fn a_throwing_callback_is_told_once_and_the_others_go_on() {
    let mut rig = Rig::new();
    rig.eval(&format!("{KICK}\nclock:every(1, function() nonsense() end) clock:every(1, function() trigger('kick') end) clock:run(function() error('end') end)"));
    rig.play();
    rig.render(3000);
    assert_eq!(rig.shots().len(), 4);
    let told = rig.console().iter().filter(|l| l.contains("nonsense") && l.contains("line 2")).count();
    assert_eq!(told, 1, "{:?}", rig.console());
}

#[test]
fn a_callback_that_hangs_is_stopped() {
    let mut rig = Rig::new();
    rig.eval("clock:every(1, function() while true do pcall(function() while true do end end) end end)");
    rig.play();
    let start = Instant::now();
    rig.render(1500);
    assert!(start.elapsed() < Duration::from_millis(400));
    assert!(rig.script.world.borrow().timers.is_empty());
    assert!(rig.console().iter().any(|l| l.contains("50 ms")), "{:?}", rig.console());
}

#[test]
fn hits_on_what_the_callback_itself_makes_go_with_it() {
    let mut rig = Rig::new();
    rig.eval("clock:every(4, function() sampler('late') trigger('late') end)");
    rig.play();
    rig.render(1000);
    assert_eq!(rig.batches.len(), 1);
    assert_eq!(rig.batches[0].commands.len(), 2);
    assert!(rig.session().modules.contains_key("late"));
}
