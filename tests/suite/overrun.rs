//! What audio cannot bear is taken back within milliseconds, and one key goes back to what ran well.
//!
//! The rig's audio costs what the test says; the last test lets a real one choke.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use tracklight::bus::Remote;
use tracklight::model::{Ask, Batch, Command, Origin, Param, When, Why};

use crate::host_rig::{Plug, Setup};
use crate::rig::{Cost, Rig};

const KICK: &str = "sampler('kick', { samples = 'tone.wav', playStyle = 'LOOP', polyphonyMode = 'POLY', voices = 64 })";

/// More than 8 voices are too much.
fn dear(remote: &Remote) -> (f64, f64) {
    if remote.meters.voices.load(Relaxed) > 8 { (1.6, 1.6) } else { (0.2, 0.2) }
}

fn rig(cost: Cost) -> Rig {
    let mut rig = Rig::new();
    rig.furnish();
    rig.cost = Some(cost);
    rig.skip(4_800);
    rig.run_all(KICK, When::Now);
    rig.skip(48_000 * 3);
    rig
}

fn volume(rig: &Rig) -> f64 {
    rig.session().modules["kick"].value(Param::VOLUME)
}

fn undone(rig: &Rig) -> Option<String> {
    rig.notices().into_iter().rev().find(|notice| notice.contains("taken back"))
}

#[test]
fn a_chunk_that_is_too_much_is_taken_back_sound_and_all_and_says_why() {
    let mut rig = rig(dear);
    rig.run_lines(12, "setParam('kick', 'volume', 0.5) for i = 1, 20 do trigger('kick') end", When::Now);
    assert_eq!(volume(&rig), 0.5);
    // A fiftieth of a second later all is well again.
    rig.skip(960);
    assert_eq!(volume(&rig), 1.0);
    assert_eq!(rig.remote.meters.voices.load(Relaxed), 0);
    let notice = undone(&rig).expect("a notice");
    assert!(notice.starts_with("Lua line 12 was taken back: audio needed 2.1 ms of 1.3 ms, "), "{notice}");
    assert_eq!(rig.snapshot().redo.last().map(|line| line.label.to_string()), Some("Lua line 12".to_owned()));
}

#[test]
fn the_text_of_a_chunk_that_is_too_much_stays_as_it_was_typed() {
    let mut rig = rig(dear);
    let text = format!("{KICK}\nsetParam('kick', 'volume', 0.5) for i = 1, 20 do trigger('kick') end\n");
    let command = Command::SetText(text.as_str().into());
    rig.remote.asks.batch(Batch::now(Origin::Host, "script text", vec![command])).expect("room");
    rig.run_lines(2, "setParam('kick', 'volume', 0.5) for i = 1, 20 do trigger('kick') end", When::Now);
    rig.skip(48_000);
    assert!(undone(&rig).is_some() && volume(&rig) == 1.0);
    assert_eq!(&*rig.session().text, text);
}

#[test]
fn callbacks_that_are_too_much_end_and_those_they_replaced_go_on() {
    let mut rig = rig(dear);
    let every = |count: u32| {
        format!("clock:every(0.25, function() for i = 1, {count} do trigger('kick', {{ length = 0.05 }}) end end)")
    };
    rig.run("clock:play()");
    rig.run_lines(3, &every(1), When::Now);
    rig.skip(48_000 * 3);
    assert_eq!(undone(&rig), None);
    rig.run_lines(3, &every(20), When::Now);
    rig.skip(48_000);
    assert!(undone(&rig).is_some_and(|notice| notice.starts_with("Lua line 3 was taken back")), "{:?}", rig.notices());
    rig.forget();
    rig.skip(48_000 * 2);
    let sounded = rig.triggers.iter().filter(|record| record.why == Why::Fired).count();
    assert_eq!(sounded, 16, "one each quarter of a beat, four beats long");
    assert_eq!(rig.snapshot().notices.iter().filter(|notice| notice.text.contains("taken back")).count(), 1);
}

#[test]
fn a_live_chunk_that_is_too_much_gives_way_to_the_one_before() {
    let mut rig = rig(dear);
    let live = |count: u32| {
        format!(
            "live('pulse', function() clock:every(0.25, function() for i = 1, {count} do trigger('kick', {{ length = 0.05 }}) end end) end)"
        )
    };
    rig.run("clock:play()");
    rig.run_all(&format!("{KICK}\n{}", live(1)), When::Now);
    let good = rig.session().live["pulse"].clone();
    rig.skip(48_000 * 3);
    rig.run_all(&format!("{KICK}\n{}", live(30)), When::Now);
    assert_ne!(rig.session().live["pulse"], good);
    rig.skip(48_000);
    assert_eq!(rig.session().live["pulse"], good, "{:?}", rig.notices());
    rig.forget();
    rig.skip(48_000 * 2);
    assert_eq!(rig.triggers.iter().filter(|record| record.why == Why::Fired).count(), 16);
}

#[test]
fn a_machine_that_is_too_slow_all_the_time_keeps_what_is_asked() {
    let mut rig = rig(|_| (1.5, 1.5));
    rig.run_lines(2, "setParam('kick', 'volume', 0.5)", When::Now);
    rig.skip(48_000 * 3);
    assert_eq!((volume(&rig), undone(&rig)), (0.5, None));
}

#[test]
fn a_thread_that_was_only_kept_waiting_keeps_what_is_asked() {
    let mut rig = rig(|remote| if remote.meters.voices.load(Relaxed) > 8 { (2.0, 0.5) } else { (0.2, 0.2) });
    rig.run_lines(2, "setParam('kick', 'volume', 0.5) for i = 1, 20 do trigger('kick') end", When::Now);
    rig.skip(48_000);
    assert_eq!((volume(&rig), undone(&rig)), (0.5, None));
}

#[test]
fn rendering_offline_takes_its_time() {
    let mut rig = rig(dear);
    rig.params.exact = true;
    rig.run_lines(2, "setParam('kick', 'volume', 0.5) for i = 1, 20 do trigger('kick') end", When::Now);
    for _ in 0..100 {
        rig.remote.gate.offline.store(true, std::sync::atomic::Ordering::Release);
        rig.remote.meters.pulse.made(Duration::from_millis(1), Duration::from_millis(5), None);
        rig.settle();
    }
    assert_eq!((volume(&rig), undone(&rig)), (0.5, None));
}

#[test]
fn what_others_set_is_left_when_a_chunk_is_taken_back() {
    let mut rig = rig(dear);
    rig.run_lines(
        2,
        "setParam('kick', 'volume', 0.5) setParam('kick', 'pan', 0.5) for i = 1, 20 do trigger('kick') end",
        When::Now,
    );
    let desk = crate::engine::set("kick.volume", 0.25);
    let batch = tracklight::model::Batch::now(tracklight::model::Origin::Desk, "desk", vec![desk]);
    rig.remote.asks.batch(batch).unwrap();
    rig.skip(960);
    assert!(undone(&rig).is_some());
    assert_eq!((volume(&rig), rig.session().modules["kick"].value(Param::PAN)), (0.25, 0.0));
}

fn last_good(rig: &mut Rig) -> f64 {
    rig.remote.asks.send(Ask::LastGood).unwrap();
    rig.settle();
    volume(rig)
}

/// proves: L10
#[test]
fn one_key_goes_back_to_the_last_good_evaluation_and_again_to_the_one_before() {
    let mut rig = rig(dear);
    for (line, volume) in [(2, 0.2), (3, 0.3), (4, 0.4)] {
        rig.run_lines(line, &format!("setParam('kick', 'volume', {volume})"), When::Now);
        rig.skip(48_000 * 3);
    }
    let text = std::sync::Arc::<str>::from("typed since");
    rig.ask(vec![tracklight::model::Command::SetText(text.clone()), crate::engine::set("kick.volume", 0.9)]).unwrap();
    let steps = rig.snapshot().undo.len();
    assert_eq!(last_good(&mut rig), 0.4);
    let snapshot = rig.snapshot();
    assert_eq!(snapshot.undo.len(), steps + 1, "one step");
    assert_eq!(&*snapshot.undo.last().unwrap().label, "back to the last good evaluation (Lua line 4)");
    assert_eq!(snapshot.session.text, text, "the text stays");
    assert_eq!([last_good(&mut rig), last_good(&mut rig)], [0.3, 0.2]);
    rig.remote.asks.send(Ask::Undo).unwrap();
    rig.settle();
    assert_eq!(volume(&rig), 0.3, "it is undone like anything");
    // Something new in between, and the newest is the newest again.
    rig.ask(vec![crate::engine::set("kick.volume", 0.8)]).unwrap();
    assert_eq!(last_good(&mut rig), 0.4);
}

#[test]
fn what_was_evaluated_a_moment_ago_is_not_known_to_be_good() {
    let mut rig = rig(dear);
    rig.run_lines(2, "setParam('kick', 'volume', 0.2)", When::Now);
    rig.skip(48_000 * 3);
    rig.run_lines(3, "setParam('kick', 'volume', 0.9)", When::Now);
    rig.skip(24_000);
    assert_eq!(last_good(&mut rig), 0.2);
    rig.run("exec('lastgood')");
    assert_eq!(volume(&rig), 1.0, "by the text command too: to the first evaluation");
    rig.run("lastGood()");
    assert_eq!(volume(&rig), 1.0);
    assert!(rig.notices().iter().any(|notice| notice == "there is no other good evaluation to go back to"));
}

#[test]
fn what_was_taken_back_is_never_good_and_live_chunks_follow() {
    let mut rig = rig(dear);
    rig.run("clock:play()");
    rig.run_all(
        &format!(
            "{KICK}\nlive('a', function() clock:every(1, function() trigger('kick', {{ length = 0.1 }}) end) end)"
        ),
        When::Now,
    );
    rig.skip(48_000 * 3);
    rig.run_lines(2, "setParam('kick', 'volume', 0.5) for i = 1, 20 do trigger('kick') end", When::Now);
    rig.skip(48_000 * 3);
    assert!(undone(&rig).is_some());
    rig.run("live('a'):stop() setParam('kick', 'pan', 1)");
    rig.skip(9_600);
    rig.forget();
    rig.skip(48_000);
    assert_eq!(rig.fired(), []);
    assert_eq!(last_good(&mut rig), 1.0);
    assert!(rig.session().live.contains_key("a") && rig.session().modules["kick"].value(Param::PAN) == 0.0);
    rig.skip(48_000);
    assert_eq!(rig.fired().len(), 2, "two beats of it");
}

/// In a host, on threads of their own, in blocks of 64 frames at the pace of a sound card: thousands of voices through
/// the dear interpolation.
#[test]
#[cfg(target_os = "linux")]
fn thousands_of_voices_at_once_are_taken_back_by_the_audio_threads_own_clock() {
    let mut plug = Plug::new(&Setup::default(), "");
    let names: Vec<String> = (1..=40).map(|n| format!("s{n}")).collect();
    let make = "for i = 1, 40 do sampler('s' .. i, { samples = 'tone.wav', playStyle = 'LOOP', polyphonyMode = 'POLY', voices = 128, interpolation = 'SINC' }) end";
    plug.run(make);
    let block = Duration::from_secs_f64(64.0 / 48_000.0);
    let paced = |plug: &mut Plug, blocks: usize, until: &dyn Fn(&Plug) -> bool| {
        let mut next = Instant::now();
        for _ in 0..blocks {
            plug.block(64, &[]);
            next = (next + block).max(Instant::now());
            while Instant::now() < next {
                std::thread::yield_now();
            }
            if until(plug) {
                return true;
            }
        }
        false
    };
    paced(&mut plug, 1_600, &|_| false);
    let id = plug.remote.calls.eval(
        "buffer",
        12,
        "setParam('s1', 'volume', 0.5) for n = 1, 100 do for i = 1, 40 do trigger('s' .. i) end end",
        When::Now,
        false,
    );
    let begun = Instant::now();
    let taken =
        |plug: &Plug| plug.remote.now().notices.iter().any(|notice| notice.text.contains("Lua line 12 was taken back"));
    let worst = std::cell::Cell::new(0);
    let seen = paced(&mut plug, 1_500, &|plug| {
        worst.set(worst.get().max(plug.remote.meters.voices.load(Relaxed)));
        taken(plug)
    });
    let told: Vec<String> = plug.remote.now().notices.iter().map(|notice| notice.text.to_string()).collect();
    assert!(seen, "{id:?} {told:?}, at most {} voices, {:?}", worst.get(), begun.elapsed());
    paced(&mut plug, 100, &|_| false);
    let session = plug.session();
    assert_eq!(session.modules["s1"].value(Param::VOLUME), 1.0);
    assert!(names.iter().all(|name| session.modules.contains_key(name.as_str())), "what was well before stays");
    assert_eq!(plug.remote.meters.voices.load(Relaxed), 0);
    plug.assert_clean();
}
