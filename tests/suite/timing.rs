//! When callbacks of the clock come: on their frames at any block size, through tempo, loops and locates; and how late.
//!
//! proves: L6

use tracklight::model::{TransportVerb, When};

use crate::rig::Rig;

/// Odd sizes, in turn.
const BLOCKS: [&[usize]; 4] = [&[64], &[1, 37, 1000, 4096, 3], &[512], &[4096, 7]];

/// Beats of what sounded, to a millionth.
fn beats(rig: &Rig) -> Vec<f64> {
    rig.triggers.iter().map(|t| (t.beat * 1e4).round() / 1e4).collect()
}

fn frame_at(beat: f64, bpm: f64) -> u64 {
    (beat * 60.0 * 48_000.0 / bpm + 0.5).floor() as u64
}

#[test]
fn sync_lands_on_its_frame_and_sleep_on_the_frame_after_its_seconds() {
    for blocks in BLOCKS {
        let mut rig = Rig::with(
            r#"sampler("hat", { samples = "click.wav" }) clock:setBPM(133.3)
            clock:run(function() while true do clock:sync("1/8") trigger("hat", { pan = -1 }) clock:sleep(0.1) trigger("hat", { pan = 1 }) end end)
            clock:start()"#,
        );
        rig.blocks = blocks.to_vec();
        rig.skip(200_000);
        let frames =
            |pan: f32| -> Vec<u64> { rig.triggers.iter().filter(|t| t.params[0].1 == pan).map(|t| t.frame).collect() };
        let (synced, slept) = (frames(-1.0), frames(1.0));
        let exact: Vec<u64> = (0..).map(|n| frame_at(f64::from(n) * 0.5, 133.3)).take_while(|f| *f < 200_000).collect();
        // Nothing can be known of a start before it happens: the first may come a block late.
        assert!(synced.len() >= 16 && synced[1..] == exact[1..], "{blocks:?}: {synced:?} for {exact:?}");
        for (synced, slept) in synced.iter().zip(&slept).skip(1) {
            assert!(slept.abs_diff(synced + 4_800) <= 1, "{blocks:?}: {synced} {slept}");
        }
    }
}

#[test]
fn every_and_sync_stay_on_the_beat_while_the_tempo_changes() {
    for blocks in BLOCKS {
        let mut rig = Rig::with(
            r#"sampler("hat", { samples = "click.wav" })
            clock:every(0.25, function() trigger("hat", { pan = -1 }) end)
            clock:run(function() while true do clock:sync(0.25) trigger("hat", { pan = 1 }) end end)"#,
        );
        rig.blocks = blocks.to_vec();
        rig.host_plays(0.0, 90.0);
        let mut left = 400_000_i64;
        while left > 0 {
            let tempo = 90.0 + (400_000 - left) as f64 / 4_000.0;
            rig.host().tempo = Some(tempo);
            left -= rig.render(blocks[0].max(64)).main[0].len() as i64;
        }
        for (pan, first) in [(-1.0, 1), (1.0, 1)] {
            let told: Vec<f64> = rig.triggers.iter().filter(|t| t.params[0].1 == pan).map(|t| t.beat).collect();
            assert!(told.len() > 40, "{blocks:?}: {told:?}");
            for (n, beat) in told.iter().enumerate().skip(first) {
                let frame = 190.0 / 60.0 / 48_000.0;
                let ideal = told[0].round() + (n as f64) * 0.25;
                assert!((beat - ideal).abs() <= frame, "{blocks:?}: {beat} is not {ideal}");
            }
        }
    }
}

#[test]
fn after_a_locate_what_lies_behind_it_comes_once_and_what_lies_before_it_not_at_all() {
    for blocks in BLOCKS {
        for to in [0.0, 0.95, 1.0, 1.02, 1.05, 1.1, 1.3, 7.99, 8.0, 8.01] {
            let mut rig = Rig::with(
                r#"sampler("hat", { samples = "click.wav" }) clock:every(1/16, function(beat) trigger("hat") end) clock:start()"#,
            );
            rig.blocks = blocks.to_vec();
            // Looked ahead to 1.2.
            rig.skip(24_000);
            let before = rig.triggers.len();
            rig.ask(vec![tracklight::model::Command::Transport(TransportVerb::Locate(to))]).unwrap();
            rig.skip(24_000);
            let told = beats(&rig)[before..].to_vec();
            let first = (to * 16.0 - 1e-9).ceil() / 16.0;
            let late = blocks.iter().max().copied().unwrap_or(64) as f64 / 24_000.0;
            // What falls into the block of the jump itself can only be known after it: it comes, late, and once.
            let ideal: Vec<f64> = (0..told.len()).map(|n| first + n as f64 / 16.0).collect();
            for (told, ideal) in told.iter().zip(&ideal) {
                assert!(
                    *told >= ideal - 1e-3 && *told <= ideal + 1e-3 || *told <= to + late + 1e-3,
                    "{blocks:?} to {to}: {told} for {ideal}"
                );
            }
            let last = *told.last().unwrap();
            assert!((to + 0.93..=to + 1.0).contains(&last), "{blocks:?} to {to}: {told:?}");
            assert!(
                (last - ideal[told.len() - 1]).abs() < 1e-3,
                "{blocks:?} to {to}: one too many or too few: {told:?}"
            );
        }
    }
}

#[test]
fn in_the_hosts_loop_every_multiple_comes_once_a_round_and_in_time() {
    for blocks in BLOCKS {
        for span in [1.0, 0.75, 0.25, 3.0] {
            let mut rig = Rig::with(&format!(
                r#"sampler("hat", {{ samples = "click.wav" }}) clock:every({span}, function(beat) trigger("hat", {{ pan = beat % 4 / 4 }}) end)"#
            ));
            rig.blocks = blocks.to_vec();
            rig.host_plays(3.0, 120.0);
            rig.host().loop_beats = Some((2.0, 4.5));
            rig.skip(24_000 * 12 - 6_000);
            // 3 to 4.5, then 2 to 4.5 again and again, up to 14.75 beats played.
            let mut expected = vec![];
            let (mut beat, mut played) = (3.0_f64, 0.0);
            while played < 11.75 {
                if (beat / span).fract() == 0.0 {
                    expected.push(beat);
                }
                (beat, played) = (beat + 0.25, played + 0.25);
                if beat >= 4.5 {
                    beat -= 2.5;
                }
            }
            // At the wrap itself it is the end's beat where the host wraps a block late.
            let told: Vec<f64> = beats(&rig).iter().map(|b| if *b > 4.499 { b - 2.5 } else { *b }).collect();
            let near = |a: &f64, b: &f64| (a - b).abs() < 2e-3;
            assert_eq!(told.len(), expected.len(), "{blocks:?} every {span}: {told:?} for {expected:?}");
            let first = usize::from(3.0 % span == 0.0);
            assert!(
                told[first..].iter().zip(&expected[first..]).all(|(a, b)| near(a, b)),
                "{blocks:?} every {span}: {told:?} for {expected:?}"
            );
            // The callback was told the beat of its own round.
            for (record, beat) in rig.triggers.iter().zip(&expected) {
                assert!((f64::from(record.params[0].1) - beat % 4.0 / 4.0).abs() < 1e-4, "{blocks:?} every {span}");
            }
        }
    }
}

#[test]
fn values_that_a_callback_sets_behind_a_loops_end_are_set_in_every_round() {
    let mut rig = Rig::with(
        r#"sampler("pad", { samples = "tone.wav", playStyle = "LOOP" }) trigger("pad")
        clock:every(0.5, function(beat) setParam("pad", "volume", beat == 2 and 0.25 or beat == 2.5 and 0.5 or 1) end)"#,
    );
    rig.host_plays(2.0, 120.0);
    rig.host().loop_beats = Some((2.0, 4.0));
    let sound = rig.render(24_000 * 8);
    for round in 1..4 {
        let at = |beat: f64| sound.main[0][(48_000 * round) + (beat * 24_000.0) as usize + 4_800];
        assert_eq!([at(0.0), at(0.5), at(1.0), at(1.5)], [0.125, 0.25, 0.5, 0.5], "round {round}");
    }
    assert!(rig.snapshot().waiting.is_empty() || rig.snapshot().waiting.len() == 1);
}

#[test]
fn a_loop_switched_off_or_moved_leaves_no_gap_and_no_double() {
    let mut rig =
        Rig::with(r#"sampler("hat", { samples = "click.wav" }) clock:every(0.25, function() trigger("hat") end)"#);
    rig.host_plays(0.0, 120.0);
    rig.host().loop_beats = Some((0.0, 2.0));
    // Looked ahead over the end of the loop, which is switched off before it is reached.
    rig.skip(46_000);
    rig.host().loop_beats = None;
    rig.skip(48_000);
    let told = beats(&rig);
    for beat in [2.5, 2.75, 3.0, 3.25, 3.5] {
        assert_eq!(told.iter().filter(|t| (**t - beat).abs() < 1e-3).count(), 1, "{beat} in {told:?}");
    }
}

#[test]
fn lateness_is_counted_and_shown() {
    let mut rig = Rig::with(
        "sampler('hat', { samples = 'click.wav' }) clock:every(0.25, function() trigger('hat') end) clock:start()",
    );
    rig.skip(24_000 * 8);
    let timing = rig.remote.meters.timing();
    assert!(timing.fired >= 30, "{timing:?}");
    assert!(timing.late <= 1, "only the first one may be: {timing:?}");
    let shown =
        rig.run("local c = engine:getState().clock.callbacks return c.run, c.late, c.lost, c.p50 == 0, c.p99 < 20");
    assert_eq!(shown, [timing.fired.to_string(), timing.late.to_string(), "0".into(), "true".into(), "true".into()]);
    let lines = rig.run("engine:executeCommand('info').message");
    assert!(lines[0].contains("callbacks") && lines[0].contains("late") && lines[0].contains("120.0 bpm"), "{lines:?}");
    // The position leaps over nothing: the script slept for three beats, and what it missed comes late and is counted.
    rig.sleep_script(72_000);
    let after = rig.remote.meters.timing();
    rig.skip(9_600);
    assert_eq!(rig.remote.meters.timing().late - timing.late, 11, "{after:?}");
    assert!(rig.remote.meters.timing().p99_ms > 1_000.0);
}

#[test]
fn what_a_chunk_for_the_next_bar_registers_hears_of_nothing_before_it() {
    let mut rig = Rig::with("sampler('kick') clock:start()");
    rig.skip(640);
    rig.eval_when("n = 0 onChange('kick.volume', function(v, old) n = n + 1 print(old, v) end)", When::NextBar)
        .unwrap();
    rig.run("setParam('kick', 'volume', 0.5)");
    rig.skip(96_640);
    rig.run("setParam('kick', 'volume', 0.25)");
    let told: Vec<String> = rig.console().into_iter().filter(|line| line.contains('\t')).collect();
    assert_eq!(told, ["0.5\t0.25"]);
}

/// A chunk for the next bar in the middle of bar 1, and the frames of what it plays up to the end of bar 2.
fn registered_for_the_next_bar(blocks: &[usize], before: &str, chunk: &str) -> (Rig, Vec<u64>) {
    let mut rig =
        Rig::with(&format!("sampler('hat', {{ samples = 'click.wav' }}) {before} clock:setBPM(133.3) clock:start()"));
    rig.blocks = blocks.to_vec();
    rig.skip(20_000);
    rig.eval_when(chunk, When::NextBar).unwrap();
    let count = rig.triggers.len();
    rig.skip(frame_at(8.0, 133.3) as usize - 20_000 - 4_200);
    let frames = rig.triggers[count..].iter().map(|trigger| trigger.frame).collect();
    (rig, frames)
}

#[test]
fn what_a_chunk_for_the_next_bar_plays_first_lands_on_the_bar() {
    let chunks = [
        "clock:every(1, function() trigger('hat') end)",
        "clock:run(function() while true do trigger('hat') clock:sync(1) end end)",
        "for beat = 4, 7 do clock:at(beat, function() trigger('hat') end) end",
        "live('pulse', function() clock:every(1, function() trigger('hat') end) end)",
        "clock:at(4, function() trigger('hat') clock:every(1, function(beat) if beat > 4 then trigger('hat') end end) end)",
    ];
    let exact: Vec<u64> = (4..8).map(|beat| frame_at(f64::from(beat), 133.3)).collect();
    for blocks in BLOCKS {
        for chunk in chunks {
            let (rig, frames) = registered_for_the_next_bar(blocks, "", chunk);
            assert_eq!(frames, exact, "{blocks:?}: {chunk}");
            let late = rig.remote.meters.timing().late;
            assert!(late <= 1, "{blocks:?}: {chunk}: {late} callbacks were late");
        }
    }
}

#[test]
fn at_its_bar_a_chunk_takes_over_from_the_one_before_without_a_gap_or_a_double() {
    for blocks in BLOCKS {
        let pulse = "live('pulse', function() clock:every(1, function() trigger('hat', { pan = PAN }) end) end)";
        let (rig, _) = registered_for_the_next_bar(blocks, &pulse.replace("PAN", "-1"), &pulse.replace("PAN", "1"));
        let (left, right): (Vec<_>, Vec<_>) = rig.triggers.iter().partition(|trigger| trigger.params[0].1 == -1.0);
        let exact =
            |beats: std::ops::Range<i32>| -> Vec<u64> { beats.map(|beat| frame_at(f64::from(beat), 133.3)).collect() };
        let frames = |all: &[&std::sync::Arc<tracklight::model::TriggerRecord>]| -> Vec<u64> {
            all.iter().map(|trigger| trigger.frame).collect()
        };
        assert_eq!(frames(&left)[1..], exact(1..4), "{blocks:?}");
        assert_eq!(frames(&right), exact(4..8), "{blocks:?}");
    }
}

#[test]
fn a_chunk_called_off_or_run_once_more_before_its_bar_plays_nothing_of_the_first_time() {
    for blocks in BLOCKS {
        // Called off when its first hit is on its way already.
        let mut rig = Rig::with("sampler('hat', { samples = 'click.wav' }) clock:start()");
        rig.blocks = blocks.to_vec();
        rig.skip(5_000);
        let chunk = "clock:every(1, function() trigger('hat') end) setParam('hat', 'volume', 0.5)";
        rig.eval_when(chunk, When::NextBar).unwrap();
        rig.skip(91_800 - 5_000);
        rig.remote.asks.send(tracklight::model::Ask::Undo).unwrap();
        rig.skip(96_000);
        assert_eq!(rig.triggers.len(), 0, "{blocks:?}");

        let mut rig = Rig::with("sampler('hat', { samples = 'click.wav' }) clock:start()");
        rig.blocks = blocks.to_vec();
        rig.skip(5_000);
        let pulse = "live('pulse', function() clock:every(1, function() trigger('hat') end) end)";
        rig.eval_when(pulse, When::NextBar).unwrap();
        rig.skip(91_800 - 5_000);
        rig.eval_when(pulse, When::NextBar).unwrap();
        rig.skip(96_000);
        let frames: Vec<u64> = rig.triggers.iter().map(|trigger| trigger.frame).collect();
        assert_eq!(frames, [96_000, 120_000, 144_000, 168_000], "{blocks:?}");
    }
}
