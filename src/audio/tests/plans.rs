//! What comes at a beat: shots and planned Programs; and the offline gate.

use std::sync::atomic::Ordering;

use super::rig::*;
use super::samplers::shot;
use crate::bus::{FromAudio, ShotMessage, ToAudio};
use crate::model::{DropShots, Param, TransportVerb};

fn at(beat: f64) -> ShotMessage {
    ShotMessage { at: beat, ..shot(1, &[]) }
}

/// One sampler with a click, no sequencer.
fn rig() -> Rig {
    let mut rig = Rig::new();
    let clip = rig.vault.lend(click(4));
    rig.swap(program(vec![sampler(0, &[], &[clip])], Vec::new()));
    rig
}

#[test]
fn shots_sound_on_their_frames_whatever_the_order_they_come_in() {
    let mut rig = rig();
    rig.send(ToAudio::Transport(TransportVerb::Play));
    for beat in [1.0, 0.25, 1.0 / 3.0, 0.5] {
        rig.send(ToAudio::Shot(at(beat)));
    }
    assert_eq!(rig.run(24_001).onsets(), [6000, 8000, 12_000, 24_000]);
    assert_eq!(rig.wires_engine.meters.late.load(Ordering::Relaxed), 0);
    rig.send(ToAudio::Shot(at(0.75)));
    assert_eq!(rig.run(100).onsets(), [0], "what is late sounds at once");
    assert_eq!(rig.wires_engine.meters.late.load(Ordering::Relaxed), 1);
}

#[test]
fn a_shot_waits_for_play_and_one_without_a_beat_does_not() {
    let mut rig = rig();
    rig.send(ToAudio::Shot(at(0.25)));
    rig.send(ToAudio::Shot(shot(1, &[])));
    assert_eq!(rig.run(20_000).onsets(), [0]);
    rig.send(ToAudio::Transport(TransportVerb::Play));
    assert_eq!(rig.run(20_000).onsets(), [6000]);
}

#[test]
fn scheduled_shots_are_dropped_by_a_stop_a_far_jump_and_on_demand() {
    type Act = fn(&mut Rig);
    let acts: [Act; 3] = [
        |rig| {
            rig.send(ToAudio::Transport(TransportVerb::Pause));
            rig.run(10);
            rig.send(ToAudio::Transport(TransportVerb::Play));
        },
        |rig| rig.send(ToAudio::DropShots(DropShots { first: 0, last: 0, from: f64::NEG_INFINITY })),
        |rig| {
            rig.send(ToAudio::Transport(TransportVerb::Locate(100.0)));
            rig.run(10);
            rig.send(ToAudio::Transport(TransportVerb::Locate(0.0)));
        },
    ];
    for act in acts {
        let mut rig = rig();
        rig.send(ToAudio::Transport(TransportVerb::Play));
        rig.send(ToAudio::Shot(at(1.0)));
        rig.run(100);
        act(&mut rig);
        assert!(rig.run(48_000).onsets().is_empty());
    }
}

#[test]
fn hits_that_were_looked_ahead_for_end_with_a_jump_and_those_on_their_way_too() {
    let mut rig = rig();
    rig.send(ToAudio::Transport(TransportVerb::Play));
    rig.run(10);
    // The start was the first jump.
    let ahead = |jump, beat| ToAudio::Shot(ShotMessage { jump: Some(jump), ..at(beat) });
    rig.send(ahead(1, 1.25));
    rig.run(10);
    rig.send(ToAudio::Transport(TransportVerb::Locate(1.0)));
    rig.send(ahead(1, 1.125));
    rig.send(ahead(2, 1.5));
    assert_eq!(rig.run(24_000).onsets(), [12_000], "only what was looked ahead for from here");
    assert_eq!(rig.wires_engine.meters.late.load(Ordering::Relaxed), 0);
}

#[test]
fn shots_are_dropped_by_their_owner_and_from_a_beat_on() {
    let mut rig = rig();
    rig.send(ToAudio::Transport(TransportVerb::Play));
    for (owner, beat) in [(1, 1.0), (2, 2.0), (3, 3.0), (2, 4.0), (4, 5.0)] {
        rig.send(ToAudio::Shot(ShotMessage { owner, ..at(beat) }));
    }
    rig.run(100);
    rig.send(ToAudio::DropShots(DropShots { first: 2, last: 3, from: 3.0 }));
    let onsets = rig.run(150_000).onsets();
    assert_eq!(onsets.iter().map(|frame| frame / 24_000).collect::<Vec<_>>(), [0, 1, 4], "{onsets:?}");
}

#[test]
fn only_what_began_since_is_cut() {
    let mut rig = rig();
    let clip = rig.vault.lend(clip(vec![vec![0.5; 48_000]]));
    let many = [(Param::POLYPHONY_MODE, 1.0)];
    rig.swap(program(vec![sampler(0, &many, &[clip])], Vec::new()));
    rig.send(ToAudio::Shot(shot(1, &[])));
    rig.run(1_000);
    rig.send(ToAudio::Shot(shot(1, &[])));
    rig.run(100);
    assert_eq!(rig.voices(), 2);
    rig.send(ToAudio::CutSince(1_000));
    rig.run(400);
    assert_eq!(rig.voices(), 1);
}

#[test]
fn what_is_scheduled_behind_a_loops_end_comes_after_its_start() {
    let mut rig = rig();
    let clip = rig.vault.lend(click(4));
    let mut led = program(vec![sampler(0, &[], &[clip])], Vec::new());
    led.internal_clock = false;
    rig.swap(led);
    let host = Host { bpm: 120.0, start: 0.0, cycle: Some((0.0, 1.0)) };
    host.play(&mut rig, [512]);
    rig.send(ToAudio::Shot(at(1.25)));
    let sound = host_from(&host, &mut rig, 512, 40_000);
    assert_eq!(sound.onsets(), [30_000 - 512]);
}

fn host_from(host: &Host, rig: &mut Rig, from: usize, frames: usize) -> Sound {
    let (mut all, mut frame) = (Sound::default(), from);
    for n in cut(frames, 500) {
        all.join(rig.block(n, Some(&host.at(frame)), &[]));
        frame += n;
    }
    all
}

#[test]
fn a_plan_takes_effect_on_its_frame_and_is_reported() {
    let mut rig = Rig::playing(click(4), &[], 4.0, rows("xxxx"));
    let clip = rig.vault.lend(click(4));
    let entries = entries(&[(pattern(2, 3.0, rows("x")), 1)]);
    let next = program(vec![sampler(0, &[(Param::VOLUME, 0.5)], &[clip])], vec![sequencer(0, &[0], entries)]);
    let next = rig.vault.lend(next);
    rig.send(ToAudio::Plan { id: 5, due: 1.0, program: next });
    let sound = rig.run(36_001);
    assert_eq!(sound.onsets(), [0, 6000, 12_000, 18_000, 24_000, 32_000]);
    assert_eq!(sound.left[24_000], 0.5, "the first hit of the new one is the new one's, to the bit");
    assert!(rig.events.contains(&FromAudio::Swapped { id: 5, frame: 24_000 }));
}

#[test]
fn plans_take_effect_at_once_when_the_clock_stands_or_they_are_behind() {
    let mut rig = Rig::playing(click(4), &[], 4.0, rows("x"));
    rig.run(6100);
    let plan = |rig: &mut Rig, id, due| {
        let program = rig.vault.lend(program(Vec::new(), Vec::new()));
        rig.send(ToAudio::Plan { id, due, program });
    };
    plan(&mut rig, 1, 0.125);
    rig.run(64);
    assert!(rig.events.contains(&FromAudio::Swapped { id: 1, frame: 6100 }));
    plan(&mut rig, 2, 8.0);
    plan(&mut rig, 3, 9.0);
    rig.send(ToAudio::ClearPlans);
    plan(&mut rig, 4, 9.0);
    rig.run(64);
    rig.send(ToAudio::Transport(TransportVerb::Pause));
    rig.run(64);
    let swapped: Vec<_> = rig.events.iter().filter(|e| matches!(e, FromAudio::Swapped { .. })).collect();
    assert_eq!(swapped, [&FromAudio::Swapped { id: 1, frame: 6100 }, &FromAudio::Swapped { id: 4, frame: 6228 }]);
}

#[test]
fn a_plan_for_a_loops_end_comes_with_its_wrap() {
    let mut rig = Rig::new();
    let clip = rig.vault.lend(click(4));
    let make = |volume| {
        let entries = entries(&[(pattern(1, 1.0, rows("x")), 1)]);
        let mut led = program(
            vec![sampler(0, &[(Param::VOLUME, volume)], std::slice::from_ref(&clip))],
            vec![sequencer(0, &[0], entries)],
        );
        led.internal_clock = false;
        led
    };
    rig.swap(make(1.0));
    let next = rig.vault.lend(make(0.5));
    rig.send(ToAudio::Plan { id: 1, due: 2.0, program: next });
    let host = Host { bpm: 120.0, start: 0.0, cycle: Some((0.0, 2.0)) };
    let sound = host.play(&mut rig, cut(80_000, 700));
    let peaks: Vec<_> = sound.onsets().into_iter().map(|i| (i, sound.left[i])).collect();
    assert_eq!(peaks, [(0, 1.0), (24_000, 1.0), (48_000, 0.5), (72_000, 0.5)]);
    assert!(rig.events.contains(&FromAudio::Swapped { id: 1, frame: 48_000 }));
}

#[test]
fn an_edit_while_playing_repeats_and_skips_no_step() {
    let mut rig = Rig::playing(click(4), &[], 4.0, rows("x"));
    let clip = rig.vault.lend(click(4));
    for block in 0..500 {
        let entries = entries(&[(pattern(1, 4.0, rows("x")), 1)]);
        rig.swap(program(vec![sampler(0, &[], std::slice::from_ref(&clip))], vec![sequencer(0, &[0], entries)]));
        rig.run(100 + block % 7);
    }
    let frames: Vec<_> = rig.heard().iter().map(|h| h.0).collect();
    assert_eq!(frames, (0..frames.len() as u64).map(|step| step * 6000).collect::<Vec<_>>());
    assert!(frames.len() >= 8);
}

#[test]
fn a_hushed_program_plays_no_rows_and_goes_on_in_time() {
    let mut rig = Rig::playing(click(4), &[], 4.0, rows("x"));
    let clip = rig.vault.lend(click(4));
    let make = |hushed| {
        let entries = entries(&[(pattern(1, 4.0, rows("x")), 1)]);
        let mut program =
            program(vec![sampler(0, &[], std::slice::from_ref(&clip))], vec![sequencer(0, &[0], entries)]);
        program.hushed = hushed;
        program
    };
    rig.swap(make(true));
    assert!(rig.run(9000).onsets().is_empty());
    rig.swap(make(false));
    assert_eq!(rig.run(9000).onsets(), [3000]);
}

#[test]
fn a_sequencer_taken_away_or_switched_off_leaves_no_loop_behind() {
    for off in [false, true] {
        let set = [(Param::PLAY_STYLE, 1.0)];
        let mut rig = Rig::playing(sine(100.0, 4800), &set, 4.0, rows("x..............."));
        rig.run(1000);
        let clip = rig.vault.lend(sine(100.0, 4800));
        let mut still = sequencer(0, &[0], entries(&[(pattern(1, 4.0, rows("x...............")), 1)]));
        still.enabled = !off;
        let sequencers = if off { vec![still] } else { Vec::new() };
        rig.swap(program(vec![sampler(0, &set, &[clip])], sequencers));
        rig.run(1000);
        assert_eq!(rig.voices(), 0);
    }
}

#[test]
fn the_hosts_hush_stops_rows_before_the_engine_knows() {
    let mut rig = Rig::playing(click(4), &[], 4.0, rows("x"));
    rig.params.hush = true;
    rig.run(100);
    assert_eq!(rig.heard().len(), 1, "a switch found on was not pressed");
    rig.params.hush = false;
    rig.run(100);
    rig.params.hush = true;
    assert!(rig.run(20_000).onsets().is_empty());
    assert!(rig.events.contains(&FromAudio::HushPressed));
}

#[test]
fn offline_a_block_has_what_the_engine_hands_over_for_it() {
    let mut rig = rig();
    rig.run(64);
    rig.processor.prepare(RATE, 512, true);
    let gate = rig.wires_engine.gate.clone();
    let mut to_audio = std::mem::replace(&mut rig.wires_engine.to_audio, rtrb::RingBuffer::new(1).0);
    // The engine's part on a thread of its own: what is wanted is handed over before it is counted as done.
    let engine = std::thread::spawn(move || {
        for (block, beat) in [(1, None), (2, Some(0.03)), (3, None)] {
            while gate.wanted.load(Ordering::Acquire) < 64 + block * 512 {
                std::thread::yield_now();
            }
            let message = beat.map_or(ToAudio::Transport(TransportVerb::Play), |beat| ToAudio::Shot(at(beat)));
            to_audio.push(message).expect("there is room");
            gate.engine_done.store(64 + block * 512, Ordering::Release);
        }
    });
    let sound = rig.run(3 * 512);
    engine.join().expect("the engine's part ends well");
    assert_eq!(sound.onsets(), [720]);
    assert_eq!(rig.wires_engine.meters.gave_up.load(Ordering::Relaxed), 0);
}

#[test]
fn the_exact_switch_waits_like_an_offline_render_and_lets_go_again() {
    let mut rig = rig();
    let gate = rig.wires_engine.gate.clone();
    gate.engine_done.store(64, Ordering::Release);
    rig.params.exact = true;
    rig.run(64);
    assert!(gate.offline.load(Ordering::Acquire));
    assert_eq!(gate.wanted.load(Ordering::Acquire), 64);
    rig.params.exact = false;
    rig.run(64);
    assert!(!gate.offline.load(Ordering::Acquire));
    assert_eq!((gate.wanted.load(Ordering::Acquire), rig.wires_engine.meters.gave_up.load(Ordering::Relaxed)), (64, 0));
}
