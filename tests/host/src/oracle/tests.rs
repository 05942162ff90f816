//! The oracle against cases that a person can count.
#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;

/// One sampler `kick` with two samples, one sequencer `seq` on it, and these patterns.
fn session(patterns: Value, sequencer: Value) -> Value {
    json!({
        "seed": 7,
        "modules": {
            "kick": {"enabled": true, "body": {"kind": "MultiSampler", "samples": [
                {"path": "a.wav", "name": "a"}, {"path": "b.wav", "name": "b"},
            ]}},
            "seq": {"enabled": true, "body": sequencer},
        },
        "connections": [{"to": "kick", "from": "seq", "kind": "event", "volume": 1.0}],
        "patterns": patterns,
        "chains": {"song": {"entries": [
            {"pattern": "p", "repeats": 2}, {"pattern": "q", "repeats": 9, "mute": true}, {"pattern": "q", "repeats": 1},
        ]}},
        "live": {},
    })
}

fn pattern(steps: u16, per_beat: f64, rows: Value) -> Value {
    let columns = ["index", "length", "chance", "ratio"];
    json!({"salt": 99, "steps": steps, "steps_per_beat": per_beat, "cycles": "pass", "columns": columns, "rows": rows})
}

fn plays(name: &str) -> Value {
    json!({"kind": "TrackerSequencer", "pattern": name})
}

/// Blocks of `frames` frames at one tempo from beat 0.
fn straight(rate: u32, tempo: f64, frames: u64, blocks: u64) -> Vec<Stretch> {
    (0..blocks)
        .map(|block| {
            let beat = block as f64 * frames as f64 * tempo / (60.0 * f64::from(rate));
            let beat = (beat * 2.0_f64.powi(31)).round() as i64;
            Stretch { frame: block * frames, frames, beat, tempo, playing: true, loop_beats: None }
        })
        .collect()
}

fn expect(session: &Value, stretches: &[Stretch]) -> Vec<Expected> {
    Oracle::new(session, &BTreeSet::new(), 1000).unwrap().expect(stretches)
}

fn frames(found: &[Expected]) -> Vec<(u64, u16)> {
    let fired = found.iter().filter(|one| one.outcome == Outcome::Fired);
    fired.map(|one| (one.frame, one.row.unwrap_or(0))).collect()
}

#[test]
fn rows_stand_on_their_frames_however_the_blocks_are_cut() {
    let all = json!({"1": {"hit": {"index": 1}}, "2": {"hit": {"index": 2}}, "3": "rest", "4": {"hit": {"index": 3}}});
    let session = session(json!({"p": pattern(4, 4.0, all)}), plays("p"));
    // 1000 Hz, 120 bpm: a row is 125 frames.
    for block in [1, 7, 64, 500, 1000] {
        let found = expect(&session, &straight(1000, 120.0, block, 1000 / block));
        let seen: Vec<_> = found.iter().take(5).map(|one| (one.frame, one.outcome)).collect();
        let outcomes = [Outcome::Fired, Outcome::Fired, Outcome::Rest, Outcome::Missing, Outcome::Fired];
        assert_eq!(seen, [0, 125, 250, 375, 500].into_iter().zip(outcomes).collect::<Vec<_>>(), "blocks of {block}");
    }
}

#[test]
fn ten_thousand_steps_at_an_odd_tempo_do_not_drift() {
    let session = session(json!({"p": pattern(1, 4.0, json!({"1": {"hit": {"index": 1}}}))}), plays("p"));
    let oracle = Oracle::new(&session, &BTreeSet::new(), 48_000).unwrap();
    let found = oracle.expect(&straight(48_000, 123.4, 4096, 14_300));
    assert!(found.len() >= 10_000);
    for (step, one) in found.iter().enumerate() {
        // 123.4 is not a binary fraction: its float is a little off, far less than half a frame here.
        assert_eq!(one.frame, (step as f64 * 0.25 * 60.0 * 48_000.0 / 123.4).round() as u64);
    }
}

#[test]
fn negative_steps_play_backwards_and_fractions_are_slow() {
    let rows = json!({"1": {"hit": {"index": 1}}, "2": {"hit": {"index": 1}}});
    let session = session(json!({"p": pattern(2, -0.5, rows)}), plays("p"));
    let found = expect(&session, &straight(1000, 60.0, 100, 80));
    assert_eq!(frames(&found), [(0, 2), (2000, 1), (4000, 2), (6000, 1)]);
}

#[test]
fn a_chain_plays_its_entries_passes_muted_ones_and_counts_cycles_for_ratios() {
    let p = pattern(4, 4.0, json!({"1": {"hit": {"index": 1, "ratio": [2, 4]}}}));
    let q = pattern(8, 4.0, json!({"1": {"hit": {"index": 2}}}));
    let sequencer = json!({"kind": "TrackerSequencer", "pattern": "p", "chain": "song", "chain_on": true});
    let session = session(json!({"p": p, "q": q}), sequencer);
    // p p q q: a round of 4 beats; p begins its cycles 1 2, 3 4, 5 6 …; 2:4 plays cycles 2 and 6.
    let found = expect(&session, &straight(1000, 60.0, 100, 120));
    let fired = found.iter().filter(|one| one.outcome == Outcome::Fired).map(|one| (one.frame, one.index));
    assert_eq!(fired.collect::<Vec<_>>(), [(1000, 1), (2000, 2), (6000, 2), (9000, 1), (10_000, 2)]);
}

#[test]
fn a_hidden_column_does_not_play() {
    let mut p = pattern(4, 4.0, json!({"1": {"hit": {"index": 1, "chance": 0, "ratio": [2, 2]}}}));
    p["columns"] = json!(["index", "length"]);
    let found = expect(&session(json!({"p": p}), plays("p")), &straight(1000, 60.0, 100, 20));
    assert_eq!(frames(&found), [(0, 1), (1000, 1)]);
}

#[test]
fn chance_keeps_its_share() {
    let p = pattern(1, 4.0, json!({"1": {"hit": {"index": 1, "chance": 50}}}));
    let found = expect(&session(json!({"p": p}), plays("p")), &straight(1000, 240.0, 625, 1000));
    assert_eq!(found.len(), 10_000);
    let fired = found.iter().filter(|one| one.outcome == Outcome::Fired).count();
    assert!(fired.abs_diff(5000) < 250, "{fired}");
}

/// 60 bpm at 1000 Hz: a frame is 1/1000 beat.
fn block(frame: u64, frames: u64, beat: f64, loop_beats: Option<(f64, f64)>) -> Stretch {
    let beat = (beat * 2.0_f64.powi(31)).round() as i64;
    Stretch { frame, frames, beat, tempo: 60.0, playing: true, loop_beats }
}

#[test]
fn a_loop_wrap_counts_a_pass_and_a_locate_forgets_them() {
    let p = pattern(1, 1.0, json!({"1": {"hit": {"index": 1, "ratio": [1, 2]}}}));
    let session = session(json!({"p": p}), plays("p"));
    let around = Some((0.0, 2.0));
    let blocks = [
        block(0, 2000, 0.0, around),
        block(2000, 2000, 0.0, around),
        block(4000, 1000, 0.0, None),
        block(5000, 2000, 1.5, None),
    ];
    // Cycles at beats 0 1 | pass 1: 0 1 | a jump to 0 without a loop: pass 0: 0 | locate to 1.5: 2.
    assert_eq!(frames(&expect(&session, &blocks)), [(0, 1), (3000, 1), (4000, 1), (5500, 1)]);
}

#[test]
fn a_tempo_ramp_plays_every_step_once() {
    let session = session(json!({"p": pattern(1, 4.0, json!({"1": {"hit": {"index": 1}}}))}), plays("p"));
    let (mut blocks, mut beat, mut frame) = (vec![], 0.0, 0);
    for number in 0..400_u64 {
        let (frames, tempo) = (1 + number * 37 % 90, 60.0 + number as f64 / 3.0);
        let fixed = (beat * 2.0_f64.powi(31)).round() as i64;
        blocks.push(Stretch { frame, frames, beat: fixed, tempo, playing: true, loop_beats: None });
        frame += frames;
        beat += frames as f64 * tempo / 60_000.0;
    }
    let beats: Vec<_> = expect(&session, &blocks).iter().map(|one| one.beat).collect();
    assert_eq!(beats, (0..beats.len()).map(|step| step as f64 / 4.0).collect::<Vec<_>>());
    assert!(beats.len() >= (beat * 4.0) as usize);
}

#[test]
fn nothing_plays_while_the_host_stands() {
    let session = session(json!({"p": pattern(1, 4.0, json!({"1": {"hit": {"index": 1}}}))}), plays("p"));
    let standing = Stretch { playing: false, ..block(0, 500, 0.0, None) };
    assert_eq!(frames(&expect(&session, &[standing, block(500, 100, 0.0, None)])), [(500, 1)]);
}

#[test]
fn callbacks_are_run_in_a_lua_that_knows_only_the_clock() {
    let mut session = session(json!({}), json!({"kind": "AudioMixer"}));
    session["live"] = json!({"groove": r#"
        local clock = engine:getClock()
        clock:every("1/8", function(beat) if beat % 1 == 0.5 then trigger("kick", { index = 2, volume = 0.3 }) end end)
        clock:every("1 bar", function(bar) setParam("kick", "speed", 1 + bar % 4 / 10) trigger("kick") end)
        engine:onStateChange(function(state) print(state.clock.bpm) end)
        clock:at(1, function() trigger("kick") end)
    "#, "fill": r#"function()
        clock:every("2 bars", function(bar) if bar == 3 then sampler("kick"):trigger("b") trigger("kick", 1) end end)
    end"#});
    let oracle = Oracle::new(&session, &BTreeSet::new(), 1000).unwrap();
    for _ in 0..2 {
        let found = oracle.expect(&straight(1000, 60.0, 300, 29));
        let seen: Vec<_> = found.iter().map(|one| (one.frame, one.index)).collect();
        let first = [(0, 1), (500, 2), (1000, 1), (1500, 2), (2500, 2), (3500, 2), (4000, 1)];
        assert_eq!(seen[..7], first);
        assert_eq!(seen[seen.len() - 4..], [(8000, 2), (8000, 1), (8000, 1), (8500, 2)]);
    }
    assert_eq!(oracle.remarks(), Vec::<String>::new());
}

#[test]
fn what_cannot_be_foretold_is_said() {
    let mut session = session(json!({}), json!({"kind": "AudioMixer"}));
    session["live"] =
        json!({"dice": r#"clock:every(1, function() if math.random(6) == 6 then trigger("kick") end end)"#});
    let oracle = Oracle::new(&session, &BTreeSet::new(), 1000).unwrap();
    oracle.expect(&straight(1000, 60.0, 500, 4));
    assert!(oracle.remarks()[0].contains("random"), "{:?}", oracle.remarks());
}
