//! The host leads: locate, loop, tempo; and the internal clock.

use super::rig::*;
use crate::audio::HostTransport;
use crate::bus::program::HitProgram;
use crate::bus::program::RowProgram;
use crate::bus::{FromAudio, ToAudio};
use crate::model::{ClockMap, TransportVerb};

/// A rig whose Program follows the host.
fn led(steps_per_beat: f64, list: Vec<RowProgram>) -> Rig {
    let mut rig = Rig::new();
    let clip = rig.vault.lend(click(4));
    let entries = entries(&[(pattern(1, steps_per_beat, list), 1)]);
    let mut program = program(vec![sampler(0, &[], &[clip])], vec![sequencer(0, &[0], entries)]);
    program.internal_clock = false;
    rig.swap(program);
    rig
}

fn map(rig: &Rig) -> ClockMap {
    rig.wires_engine.clock.get()
}

/// Rows and song positions, without frames.
fn steps(rig: &Rig) -> Vec<(u16, f64)> {
    rig.fired().iter().map(|f| (f.row, f.beat)).collect()
}

const HOST: Host = Host { bpm: 120.0, start: 0.0, cycle: None };

#[test]
fn starting_anywhere_plays_what_playing_up_to_there_would() {
    let list = || {
        let mut list = rows("xx.x");
        list[1] = RowProgram::Hit(HitProgram { chance: 50, ..hit() });
        list[3] = RowProgram::Hit(HitProgram { ratio: (2, 3), ..hit() });
        list
    };
    let mut whole = led(3.0, list());
    HOST.play(&mut whole, cut(24_000 * 12, 700));
    let mut late = led(3.0, list());
    Host { start: 5.1, ..HOST }.play(&mut late, cut((24_000.0 * 6.9) as usize, 333));
    let key =
        |rig: &Rig| rig.fired().iter().filter(|f| f.beat > 5.1).map(|f| (f.beat, f.row, f.why)).collect::<Vec<_>>();
    assert!(key(&late).len() > 12);
    assert_eq!(key(&late), key(&whole));
}

#[test]
fn a_locate_releases_what_sequencers_play_and_goes_on_there() {
    let mut rig = led(4.0, rows("x..."));
    rig.run(64);
    HOST.play(&mut rig, cut(24_000, 512));
    let jump = map(&rig).jump;
    Host { start: 8.0, ..HOST }.play(&mut rig, cut(512, 512));
    assert_eq!(steps(&rig), [(1, 0.0), (1, 8.0)]);
    assert_eq!((map(&rig).jump, map(&rig).pass), (jump + 1, 0));
}

#[test]
fn a_loop_wraps_inside_a_block_at_its_frame_and_counts_passes() {
    let cycle = Some((1.0, 2.3));
    let host = Host { cycle, ..HOST };
    let frames = 24_000 * 6;
    let mut one = led(4.0, rows("xxxx"));
    let a = host.play(&mut one, cut(frames, 4096));
    let mut two = led(4.0, rows("xxxx"));
    let b = host.play(&mut two, cut(frames, 1));
    assert_eq!(a, b);
    assert_eq!(one.fired(), two.fired());
    let passes = map(&one).pass;
    assert_eq!(passes, 3);
    // Each pass lasts 31 200 frames exactly.
    let firsts: Vec<_> = one.fired().iter().filter(|f| f.beat == 1.0).map(|f| f.frame).collect();
    assert_eq!(firsts, [24_000, 55_200, 86_400, 117_600]);
    assert!(one.fired().iter().all(|f| f.beat < 2.3));
}

#[test]
fn a_host_that_cuts_its_blocks_at_the_loop_end_is_a_wrap_and_no_locate() {
    let host = Host { cycle: Some((0.0, 1.0)), ..HOST };
    let mut rig = led(4.0, rows("x..x"));
    let blocks: Vec<usize> = (0..3).flat_map(|_| cut(24_000, 1000)).collect();
    host.play(&mut rig, blocks);
    assert_eq!(rig.fired().iter().map(|f| f.frame).collect::<Vec<_>>(), [0, 18_000, 24_000, 42_000, 48_000, 66_000]);
    assert_eq!((map(&rig).pass, map(&rig).jump), (2, 1));
}

#[test]
fn a_looped_bar_with_a_ratio_still_varies() {
    let list = vec![RowProgram::Hit(HitProgram { ratio: (2, 4), ..hit() })];
    let mut rig = led(1.0, list);
    Host { cycle: Some((0.0, 1.0)), ..HOST }.play(&mut rig, cut(24_000 * 8, 512));
    assert_eq!(rig.heard().iter().map(|h| h.0).collect::<Vec<_>>(), [24_000, 24_000 * 5]);
}

#[test]
fn cycles_by_position_do_not_count_passes() {
    let mut rig = Rig::new();
    let clip = rig.vault.lend(click(4));
    let list = vec![RowProgram::Hit(HitProgram { ratio: (2, 4), ..hit() })];
    let mut still = std::sync::Arc::into_inner(pattern(1, 1.0, list)).unwrap();
    still.by_pass = false;
    let entries = entries(&[(std::sync::Arc::new(still), 1)]);
    let mut program = program(vec![sampler(0, &[], &[clip])], vec![sequencer(0, &[0], entries)]);
    program.internal_clock = false;
    rig.swap(program);
    Host { cycle: Some((0.0, 1.0)), ..HOST }.play(&mut rig, cut(24_000 * 8, 512));
    assert_eq!((rig.fired().len(), rig.heard().len()), (8, 0));
}

#[test]
fn positions_and_tempos_out_of_this_world_do_no_harm() {
    let mut rig = led(96.0, rows("x."));
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300, 1e9, -1e9, 1e-300, 0.0, -0.0];
    for tempo in odd {
        for beat in odd {
            for other in odd {
                let signature = Some((0, 0));
                let loop_beats = Some((beat, other));
                let at =
                    HostTransport { playing: other > 0.0, tempo: Some(tempo), beat: Some(beat), signature, loop_beats };
                rig.block(7, Some(&at), &[]);
                rig.block(0, Some(&at), &[]);
            }
        }
    }
    rig.events.clear();
    Host { bpm: 120.0, start: 3.5, cycle: None }.play(&mut rig, [1000]);
    assert!(rig.fired().iter().any(|fired| fired.beat == 3.5));
}

#[test]
fn the_internal_tempo_changes_without_a_jump() {
    let mut rig = Rig::playing(click(4), &[], 4.0, rows("x"));
    rig.run(9000);
    let clip = rig.vault.lend(click(4));
    let entries = entries(&[(pattern(1, 4.0, rows("x")), 1)]);
    let mut faster = program(vec![sampler(0, &[], &[clip])], vec![sequencer(0, &[0], entries)]);
    faster.bpm = 240.0;
    rig.swap(faster);
    rig.run(6000);
    assert_eq!(rig.heard().iter().map(|h| h.0).collect::<Vec<_>>(), [0, 6000, 10_500, 13_500]);
    assert_eq!(map(&rig).jump, 1);
}

#[test]
fn a_loop_wrap_lets_voices_ring_and_a_stop_releases_them() {
    let mut rig = Rig::new();
    let clip = rig.vault.lend(clip(vec![vec![0.5; 96_000]]));
    let once = entries(&[(pattern(1, 1.0, rows("x.......")), 1)]);
    let mut program = program(vec![sampler(0, &[], &[clip])], vec![sequencer(0, &[0], once)]);
    program.internal_clock = false;
    rig.swap(program);
    let host = Host { start: 0.0, cycle: Some((0.5, 1.0)), ..HOST };
    let sound = host.play(&mut rig, cut(48_000, 512));
    assert!(sound.left.iter().all(|&s| s == 0.5), "it rings over the loop's end");
    let stopped = HostTransport { playing: false, ..host.at(48_000) };
    let sound = rig.block(4800, Some(&stopped), &[]);
    assert_eq!(sound.left[4799], 0.0);
    assert_eq!(rig.voices(), 0);
}

#[test]
fn a_tempo_ramp_plays_every_step_once() {
    for (from, to) in [(100.0, 160.0), (160.0, 100.0)] {
        let mut rig = led(16.0, rows("x"));
        // The host's position is the integral of its tempo; it tells tempo and position at each block.
        let (mut beat, mut bpm): (f64, f64) = (0.0, from);
        for _ in 0..400 {
            let at = HostTransport { playing: true, tempo: Some(bpm), beat: Some(beat), ..HostTransport::default() };
            rig.block(512, Some(&at), &[]);
            let next = bpm + (to - from) / 400.0;
            beat += 512.0 * (bpm + next) / 2.0 / (60.0 * RATE);
            bpm = next;
        }
        let got: Vec<_> = rig.fired().iter().map(|f| (f.beat * 16.0).round() as usize).collect();
        assert_eq!(got, (0..got.len()).collect::<Vec<_>>());
        assert!(got.len() > 100 && map(&rig).jump == 1);
    }
}

#[test]
fn a_host_that_rounds_its_beats_does_not_move_ours() {
    let mut rig = led(4.0, rows("x"));
    let mut frame = 0;
    for n in cut(24_000 * 20, 777) {
        let mut at = HOST.at(frame);
        at.beat = at.beat.map(|beat| beat + if frame % 2 == 0 { 1e-5 } else { -1e-5 });
        rig.block(n, Some(&at), &[]);
        frame += n;
    }
    let got: Vec<_> = rig.heard().iter().map(|h| h.0).collect();
    assert_eq!(got, (0..80).map(|step| step * 6000).collect::<Vec<_>>());
}

#[test]
fn nothing_plays_before_beat_0_and_row_1_is_on_it() {
    let mut rig = led(4.0, rows("x"));
    Host { start: -1.5, ..HOST }.play(&mut rig, cut(48_000, 512));
    assert_eq!(rig.heard().iter().map(|h| h.0).collect::<Vec<_>>(), [36_000, 42_000]);
}

#[test]
fn without_a_position_the_host_is_counted_on() {
    let mut rig = led(4.0, rows("x"));
    let at = HostTransport { playing: true, tempo: Some(120.0), ..HostTransport::default() };
    for _ in 0..3 {
        rig.block(6000, Some(&at), &[]);
    }
    assert_eq!(rig.heard().iter().map(|h| h.0).collect::<Vec<_>>(), [0, 6000, 12_000]);
}

#[test]
fn pause_keeps_the_position_stop_returns_and_reset_tells() {
    let mut rig = Rig::playing(click(4), &[], 4.0, rows("x"));
    rig.run(9000);
    rig.send(ToAudio::Transport(TransportVerb::Pause));
    rig.run(1000);
    assert_eq!((map(&rig).playing, map(&rig).beat), (false, 0.375));
    rig.send(ToAudio::Transport(TransportVerb::Play));
    rig.run(3001);
    assert_eq!(rig.heard().iter().map(|h| h.0).collect::<Vec<_>>(), [0, 6000, 13_000]);
    rig.send(ToAudio::Transport(TransportVerb::Stop));
    rig.run(64);
    assert_eq!((map(&rig).playing, map(&rig).beat), (false, 0.0));
    let jump = map(&rig).jump;
    rig.send(ToAudio::Transport(TransportVerb::Reset));
    rig.run(64);
    assert_eq!(map(&rig).jump, jump + 1);
    rig.send(ToAudio::Transport(TransportVerb::Locate(2.5)));
    rig.run(64);
    assert_eq!(map(&rig).beat, 2.5);
}

#[test]
fn where_the_host_leads_the_internal_clock_does_not_obey() {
    let mut rig = led(4.0, rows("x"));
    let stopped = HostTransport { tempo: Some(120.0), beat: Some(3.0), ..HostTransport::default() };
    rig.block(64, Some(&stopped), &[]);
    rig.send(ToAudio::Transport(TransportVerb::Play));
    rig.block(64, Some(&stopped), &[]);
    assert!(rig.events.contains(&FromAudio::HostLeads));
    assert_eq!((map(&rig).playing, map(&rig).host, map(&rig).beat), (false, true, 3.0));
}

#[test]
fn the_frame_counter_and_the_clock_map_agree_with_what_is_heard() {
    let mut rig = led(4.0, rows("x"));
    rig.block(100, None, &[]);
    Host { bpm: 97.3, start: 7.7, cycle: None }.play(&mut rig, cut(50_000, 500));
    let map = map(&rig);
    assert_eq!((map.frame, map.rate), (49_600, RATE));
    for fired in rig.fired() {
        assert!((map.beat_at(fired.frame as f64) - fired.beat).abs() < 0.51 * 97.3 / 60.0 / RATE);
    }
}
