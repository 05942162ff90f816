//! Volumes, switches, inputs, meters.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::rig::*;
use super::samplers::shot;
use crate::audio::{Activity, HostParams, Io, Note, NoteKind};
use crate::bus::program::{Cable, MacroProgram, MacroTarget, Node, NodeKind, Program};
use crate::bus::{FromAudio, ToAudio};
use crate::model::{Curve, Param, Uid};

fn tone(rig: &mut Rig) -> crate::bus::Lent<crate::model::AudioClip> {
    rig.vault.lend(clip(vec![vec![0.5; 96_000]]))
}

#[test]
fn the_main_input_passes_to_the_bit() {
    let mut rig = Rig::new();
    rig.swap(program(Vec::new(), Vec::new()));
    let input: Vec<f32> = (0..700).map(|i| ((i * 7919) % 1000) as f32 / 777.7 - 0.6).collect();
    let (mut left, mut right) = (vec![9.0; 700], vec![9.0; 700]);
    let mut io =
        Io { main_in: Some([&input; 2]), side_in: None, main_out: [&mut left, &mut right], aux: Default::default() };
    rig.processor.process(&mut io, None, &HostParams::default(), &[]);
    assert_eq!((left, right), (input.clone(), input));
}

#[test]
fn bypass_passes_the_input_lets_tails_ring_and_starts_nothing() {
    let mut rig = Rig::playing(clip(vec![vec![0.5; 96_000]]), &[(Param::RELEASE_MS, 100.0)], 4.0, rows("x..."));
    rig.input = Some(0.25);
    assert_eq!(rig.run(2000).left[1999], 0.75);
    rig.params.bypass = true;
    let sound = rig.run(24_000);
    assert!(sound.roughness() < 0.001);
    assert!(sound.left[2400] > 0.3, "the tail rings");
    assert!(sound.left[4800..].iter().all(|&s| s == 0.25));
    rig.params.bypass = false;
    let sound = rig.run(24_000);
    assert_eq!(sound.left[23_999], 0.75, "and plays on with the next row");
}

#[test]
fn volumes_multiply_along_the_way_and_switches_silence() {
    let mut rig = Rig::new();
    let tone = tone(&mut rig);
    let make = |master: f32, cable: f32, on: bool| {
        let mut program = program(vec![sampler(0, &[], std::slice::from_ref(&tone))], Vec::new());
        let main = program.nodes.pop().unwrap();
        let mixer = Node {
            slot: 30,
            uid: Uid(30),
            kind: NodeKind::Mixer,
            enabled: on,
            volume: 0.5,
            inputs: vec![Cable { from: 1, volume: cable, key: 1 }],
        };
        program.nodes.push(mixer);
        program.nodes.push(Node { inputs: vec![Cable { from: 2, volume: 1.0, key: 2 }], volume: master, ..main });
        program
    };
    rig.swap(make(1.0, 1.0, true));
    rig.send(ToAudio::Shot(shot(1, &[])));
    assert_eq!(rig.run(1000).left[999], 0.25);
    rig.swap(make(0.5, 0.5, true));
    let sound = rig.run(1000);
    assert_eq!(sound.left[999], 0.0625);
    assert!(sound.roughness() < 0.003);
    rig.swap(make(1.0, 1.0, false));
    assert_eq!(rig.run(1000).left[999], 0.0);
    rig.swap(make(1.0, 1.0, true));
    assert_eq!(rig.run(1000).left[999], 0.25);
    rig.params.master = 0.5;
    assert_eq!(rig.run(1000).left[999], 0.125);
}

#[test]
fn an_auxiliary_output_has_what_is_put_there_and_main_has_not() {
    let mut rig = Rig::new();
    let tone = tone(&mut rig);
    let mut program = program(vec![sampler(0, &[], &[tone])], Vec::new());
    let main = program.nodes.last_mut().unwrap();
    main.inputs.clear();
    program.nodes.push(Node {
        slot: 40,
        uid: Uid(40),
        kind: NodeKind::Aux(0),
        enabled: true,
        volume: 1.0,
        inputs: vec![Cable { from: 1, volume: 1.0, key: 9 }],
    });
    program.nodes.push(Node {
        slot: 41,
        uid: Uid(41),
        kind: NodeKind::Aux(7),
        enabled: true,
        volume: 1.0,
        inputs: vec![Cable { from: 1, volume: 1.0, key: 10 }],
    });
    rig.swap(program);
    rig.send(ToAudio::Shot(shot(1, &[])));
    let sound = rig.run(1000);
    assert!(sound.aux.iter().all(|&s| s == 0.5) && sound.onsets().is_empty());
}

#[test]
fn buffers_of_any_length_are_taken_and_what_nothing_plays_to_is_cleared() {
    let mut rig = Rig::new();
    let tone = tone(&mut rig);
    rig.swap(program(vec![sampler(0, &[], &[tone])], Vec::new()));
    rig.send(ToAudio::Shot(shot(1, &[])));
    let short = [0.25_f32; 3];
    let (mut left, mut right, mut a, mut b) = (vec![9.0; 10], vec![9.0; 12], vec![9.0; 4], vec![9.0; 0]);
    let mut aux: [Option<[&mut [f32]; 2]>; 8] = Default::default();
    aux[3] = Some([&mut a, &mut b]);
    let mut io =
        Io { main_in: Some([&short, &[]]), side_in: Some([&[], &short]), main_out: [&mut left, &mut right], aux };
    rig.processor.process(&mut io, None, &HostParams::default(), &[]);
    assert_eq!(left, [vec![0.75; 3], vec![0.5; 7]].concat());
    assert_eq!(right, [vec![0.5; 10], vec![0.0; 2]].concat());
    assert_eq!(a, [0.0; 4]);
    let mut io = Io { main_in: None, side_in: None, main_out: [&mut [], &mut []], aux: Default::default() };
    assert_eq!(rig.processor.process(&mut io, None, &HostParams::default(), &[]), Activity::Sounding);
}

#[test]
fn without_a_program_there_is_silence() {
    let mut rig = Rig::new();
    let sound = rig.run(1000);
    assert!(sound.left.iter().chain(&sound.right).chain(&sound.aux).all(|&s| s == 0.0));
}

#[test]
fn a_macro_sets_the_base_and_what_a_hit_has_of_its_own_wins() {
    let mut rig = Rig::new();
    let tone = tone(&mut rig);
    let mut program = program(vec![sampler(0, &[], &[tone])], Vec::new());
    let map = |target, min, max| MacroProgram { number: 2, target, min, max, curve: Curve::Lin };
    program.macros.push(map(MacroTarget::Sampler(0, Param::VOLUME), 1.0, 0.0));
    rig.params.macros[2] = 0.5;
    rig.swap(program);
    rig.send(ToAudio::Shot(shot(1, &[])));
    assert_eq!(rig.run(1000).left[999], 0.25);
    rig.params.macros[2] = 0.75;
    let sound = rig.run(1000);
    assert!(sound.roughness() < 0.001);
    assert_eq!(sound.left[999], 0.125);
    rig.send(ToAudio::Shot(shot(1, &[(Param::VOLUME, 1.0)])));
    assert_eq!(rig.run(1000).left[999], 0.625);
    let moved: Vec<_> = rig.events.iter().filter(|e| matches!(e, FromAudio::MacroMoved(..))).collect();
    assert_eq!(moved, [&FromAudio::MacroMoved(2, 0.5), &FromAudio::MacroMoved(2, 0.75)]);
    assert_eq!(rig.wires_engine.meters.macros[2].load(Relaxed), 0.75);
}

#[test]
fn macros_reach_nodes_and_cables() {
    let mut rig = Rig::new();
    let tone = tone(&mut rig);
    let mut program = program(vec![sampler(0, &[], &[tone])], Vec::new());
    program.macros.push(MacroProgram {
        number: 0,
        target: MacroTarget::Node(2),
        min: 0.0,
        max: 0.5,
        curve: Curve::Lin,
    });
    program.macros.push(MacroProgram {
        number: 0,
        target: MacroTarget::Cable(2, 1),
        min: 0.0,
        max: 1.0,
        curve: Curve::Exp,
    });
    rig.params.macros[0] = 0.5;
    rig.swap(program);
    rig.send(ToAudio::Shot(shot(1, &[])));
    assert_eq!(rig.run(1000).left[999], 0.5 * 0.25 * 0.25);
}

#[test]
fn meters_show_peak_and_mean_square_of_each_node() {
    let mut rig = Rig::new();
    let tone = tone(&mut rig);
    rig.swap(program(vec![sampler(0, &[], &[tone])], Vec::new()));
    rig.send(ToAudio::Shot(shot(1, &[])));
    rig.run(2048);
    let meters = rig.wires_engine.meters.clone();
    let show = || (meters.peaks[10].load(Relaxed), meters.mean_squares[1].load(Relaxed));
    assert_eq!(show(), (0.5, 0.25));
    rig.send(ToAudio::Panic);
    rig.run(2048);
    assert_eq!(show(), (0.0, 0.0));
}

#[test]
fn a_hush_ends_voices_in_50_ms_and_a_panic_in_5() {
    let set = [(Param::RELEASE_MS, 5000.0)];
    for (message, frames) in [(Some(ToAudio::Hush), 2400), (Some(ToAudio::Panic), 240), (None, 2400)] {
        let mut rig = Rig::new();
        let tone = tone(&mut rig);
        rig.swap(program(vec![sampler(0, &set, &[tone])], Vec::new()));
        rig.send(ToAudio::Shot(shot(1, &[])));
        rig.send(ToAudio::Shot(crate::bus::ShotMessage { at: 0.5, ..shot(1, &[]) }));
        rig.run(1000);
        match message {
            Some(message) => rig.send(message),
            None => rig.params.hush = true,
        }
        rig.send(ToAudio::Transport(crate::model::TransportVerb::Play));
        let sound = rig.run(24_000);
        assert_eq!(sound.onsets().last(), Some(&(frames - 1)), "and what was scheduled is dropped");
        let pressed = rig.events.iter().filter(|e| **e == FromAudio::HushPressed).count();
        assert_eq!(pressed, usize::from(rig.params.hush));
    }
}

#[test]
fn a_note_at_frame_12_starts_a_voice_at_frame_12_as_loud_as_its_velocity() {
    let mut rig = Rig::new();
    let tone = tone(&mut rig);
    rig.swap(program(vec![sampler(0, &[(Param::RELEASE_MS, 5.0)], &[tone])], Vec::new()));
    let note = |frame, kind| Note { frame, channel: 0, key: 60, kind };
    let sound = rig.block(64, None, &[note(12, NoteKind::On { velocity: 0.5 })]);
    assert_eq!(sound.onsets(), (12..64).collect::<Vec<_>>());
    assert_eq!(sound.left[12], 0.25);
    let sound = rig.block(1000, None, &[note(9, NoteKind::Off)]);
    assert_eq!(sound.onsets().last(), Some(&(9 + 239)));
    assert_eq!(rig.heard(), [(12, 0)]);
}

#[test]
fn a_sampler_taken_away_fades_as_loud_as_it_was_heard() {
    let mut rig = Rig::new();
    let tone = tone(&mut rig);
    let mut quiet = program(vec![sampler(0, &[], &[tone])], Vec::new());
    quiet.nodes.last_mut().unwrap().inputs[1].volume = 0.1;
    rig.swap(quiet);
    rig.send(ToAudio::Shot(shot(1, &[])));
    let before = rig.run(1000);
    rig.swap(Program { samplers: vec![Arc::new(sampler(3, &[], &[]))], ..program(Vec::new(), Vec::new()) });
    let after = rig.run(1000);
    assert!(after.left[0] <= before.left[999] && after.left[0] > 0.04, "{} {}", after.left[0], before.left[999]);
    assert!(after.roughness() < 0.001);
    assert_eq!(rig.voices(), 0);
}

#[test]
fn a_mixer_taken_out_of_what_sounds_is_no_step() {
    let mut rig = Rig::new();
    let tone = tone(&mut rig);
    let straight = || program(vec![sampler(0, &[], std::slice::from_ref(&tone))], Vec::new());
    let mut through = straight();
    let main = through.nodes.pop().unwrap();
    let input = |from, key| vec![Cable { from, volume: 1.0, key }];
    let mixer = Node { slot: 30, uid: Uid(30), kind: NodeKind::Mixer, enabled: true, volume: 0.5, inputs: input(1, 1) };
    through.nodes.push(mixer);
    through.nodes.push(Node { inputs: input(2, 2), ..main });
    rig.swap(through);
    rig.send(ToAudio::Shot(shot(1, &[])));
    let mut sound = rig.run(1000);
    rig.swap(straight());
    sound.join(rig.run(1000));
    assert_eq!((sound.left[999], sound.left[1000], sound.left[1999]), (0.25, 0.25, 0.5));
    assert!(sound.roughness() < 0.0015);
}

#[test]
fn a_new_sampler_s_first_hit_is_whole_to_the_bit() {
    let mut rig = Rig::new();
    rig.swap(program(Vec::new(), Vec::new()));
    rig.run(100);
    let tone = tone(&mut rig);
    rig.swap(program(vec![sampler(0, &[], &[tone])], Vec::new()));
    rig.send(ToAudio::Shot(shot(1, &[])));
    assert!(rig.run(1000).left.iter().all(|&s| s == 0.5));
}

#[test]
fn tiny_numbers_do_not_leave() {
    let mut rig = Rig::new();
    let faint = rig.vault.lend(clip(vec![vec![1e-38; 4800]]));
    rig.swap(program(vec![sampler(0, &[(Param::VOLUME, 0.5)], &[faint])], Vec::new()));
    rig.send(ToAudio::Shot(shot(1, &[])));
    assert!(rig.run(1000).left.iter().all(|&s| s == 0.0));
}
