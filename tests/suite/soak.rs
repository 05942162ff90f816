//! Whatever Lua does, audio misses no block: nothing in `process` allocates or waits.
//!
//! proves: L11 H18

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tracklight::model::{EvalOutcome, When};
use tracklight_host::{Allocations, Block, allocations_are_counted};

use crate::host_rig::{Plug, Setup};

/// Scripts that would hang or choke a plain sandbox, one after the other.
const HANGS: [&str; 12] = [
    "while true do end",
    "while true do pcall(function() while true do end end) end",
    "string.find(('a'):rep(5000), ('a-'):rep(30) .. 'b')",
    "setmetatable({}, { __gc = function() while true do end end }) collectgarbage()",
    // A gigabyte of text, at once and by doubling; all the memory there is, in slices and in tables.
    "('x'):rep(1 << 30)",
    "local text = 'x' while true do text = text .. text end",
    "local all = {} while true do all[#all + 1] = ('x'):rep(1 << 20) .. #all end",
    "local all = {} while true do all = { all, {}, {} } end",
    // Recursion through Lua and through the library.
    "local function down(n) return 1 + down(n + 1) end down(1)",
    "local function down() return (('x'):gsub('.', down)) end down()",
    // Metatables: a way out of the time, by a variable that is closed and by the fourth value of a loop.
    "local m = {} local e = setmetatable({}, m) m.__close = function() while true do end end local held <close> = e while true do end",
    "local m = {} local e = setmetatable({}, m) m.__close = function() while true do end end for _ in next, { 1 }, nil, e do while true do end end",
];

/// How long it is played, in seconds: 5, or what `TRACKLIGHT_SOAK_SECONDS` says (the bench plays 60).
fn seconds() -> f64 {
    std::env::var("TRACKLIGHT_SOAK_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(5.0)
}
const RATE: f64 = 48_000.0;
const FRAMES: usize = 64;

/// A song with everything under way.
const SONG: &str = r#"
sampler("pad", { samples = "tone.wav", playStyle = "LOOP", speed = 0.7, interpolation = "SINC" })
sampler("hat", { samples = "click.wav", voices = 32 })
sequencer("seq", { pattern = "beat", to = { "hat", "pad" } })
for row = 1, 16 do pattern("beat", 16):set(row, { index = 1, pan = row / 16 - 0.5, length = 1 }) end
macro(1):map("pad.volume", { min = 0, max = 1 }) clock:setSource("internal") clock:setBPM(180) clock:start()
live("groove", function() clock:every("1/32", function(beat) trigger("hat", { volume = 0.3 }) setParam("pad", "speed", 0.5 + beat % 4 / 8) end) end)
"#;

/// A thread that allocates and frees as fast as it can until told to stop.
fn storm(stop: &AtomicBool) -> u64 {
    let mut rounds = 0_u64;
    let mut kept: Vec<Vec<u8>> = vec![];
    while !stop.load(Ordering::Relaxed) {
        kept.push(vec![rounds as u8; 1 + (rounds as usize * 7_919) % 65_536]);
        if kept.len() > 64 {
            kept.clear();
        }
        rounds += 1;
    }
    rounds
}

#[test]
fn hanging_scripts_and_a_storm_of_allocations_disturb_no_block() {
    assert!(allocations_are_counted());
    let mut plug = Plug::new(&Setup { most: FRAMES, ..Setup::default() }, SONG);
    plug.render(4_800, &[FRAMES]);
    let layout = plug.instance.layout();
    let mut processor = plug.instance.take_processor().unwrap();
    processor.clear_measurements();
    let stop = AtomicBool::new(false);
    let (processor, heard, rounds, ran) = std::thread::scope(|scope| {
        let stop = &stop;
        let storm = scope.spawn(move || storm(stop));
        let audio = scope.spawn(move || {
            let mut block = Block::new(layout, FRAMES);
            let begin = Instant::now();
            let blocks = (seconds() * RATE) as usize / FRAMES;
            let mut heard = 0_u64;
            for number in 0..blocks {
                // Paced as a sound card does it: the wait is outside of `process`.
                let due = begin + Duration::from_secs_f64((number * FRAMES) as f64 / RATE);
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                block.begin(FRAMES);
                block.at(number % FRAMES, tracklight_host::Event::param("m01", (number % 100) as f64 / 100.0));
                processor.process(&mut block).unwrap();
                heard += u64::from(block.output(0, 0).iter().any(|s| *s != 0.0));
            }
            stop.store(true, Ordering::Relaxed);
            (processor, heard)
        });
        // Meanwhile Lua hangs, and edits go on through the other door.
        let mut ran = vec![];
        let mut turn = 0;
        while !stop.load(Ordering::Relaxed) {
            let Ok(id) = plug.remote.calls.eval("hang", 1, HANGS[turn % HANGS.len()], When::Now, false) else { break };
            let path = tracklight::model::Path::parse("hat.volume").unwrap();
            let edit = tracklight::model::Command::Set(path, f64::from(turn as u32 % 10) / 10.0);
            let _ = plug.remote.asks.batch(tracklight::model::Batch::now(
                tracklight::model::Origin::Gui,
                "knob",
                vec![edit],
            ));
            plug.remote.gate.settle(Duration::from_secs(5));
            if let Some(result) = plug.remote.now().eval(id) {
                ran.push(result.outcome.clone());
            }
            turn += 1;
        }
        let (processor, heard) = audio.join().unwrap();
        (processor, heard, storm.join().unwrap(), ran)
    });
    let timings = processor.stopwatch().timings();
    let deadline = FRAMES as f64 / RATE * 1_000.0;
    let over = processor.stopwatch().samples().iter().filter(|sample| sample.cpu_ms > deadline).count();
    eprintln!(
        "{} blocks, {heard} heard; CPU {:?} ms, wall {:?} ms, deadline {deadline:.3} ms, {over} over it; {rounds} storms, {} hangs",
        timings.blocks,
        timings.cpu_ms,
        timings.wall_ms,
        ran.len()
    );
    assert_eq!(processor.allocations(), Allocations::NONE);
    assert_eq!(timings.waits, 0, "audio never waits");
    assert!(timings.blocks as f64 >= seconds() * RATE / FRAMES as f64 - 1.0 && heard * 10 > timings.blocks * 9);
    assert!(over * 100 <= timings.blocks as usize, "{over} blocks took longer than they sound");
    assert!(ran.len() >= 3 && rounds > 1_000);
    assert!(ran.iter().all(|outcome| matches!(outcome, EvalOutcome::Failed { .. })), "every one is stopped: {ran:?}");
    plug.instance.give_back(processor).map_err(|_| "not ours").unwrap();
    plug.settle();
    assert_eq!(plug.run("1 + 1"), ["2"], "and Lua goes on");
}
