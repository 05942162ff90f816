//! Buses in VST3: a host that leaves buses out, passes null, too few or too many, still hears main.
//!
//! proves: H2

use super::vst3_clap::{loaded, session};
use super::vst3_host::{Block, EFFECT, Given, INSTRUMENT, Instance, MULTI, Point, UNTOUCHED, playing_at};

const FRAMES: usize = 64;
const SWITCHED_OFF: [Given; 4] = [Given::NullList, Given::NullChannels, Given::NoChannels, Given::Mono];

fn started(class: &[u8; 16]) -> Instance {
    let mut instance = Instance::open(class);
    instance.start(48_000.0, FRAMES);
    wait(&instance);
    instance
}

/// The rooms of an instance start at its first activate, in their own time; *Exact render* makes `process` wait for them.
fn wait(instance: &Instance) {
    let points = [Point::new("exact", 0, 1.0)];
    instance.process(&Block { points: &points, ..Block::new(1, &[], &[Given::Stereo]) }, input);
}

/// Main carries a ramp, everything else 0.25.
fn input(bus: usize, frame: usize) -> f32 {
    if bus == 0 { frame as f32 / FRAMES as f32 } else { 0.25 }
}

/// The block passes the input through, whole and on both sides, and no auxiliary output is left as the host gave it.
fn hears_main(instance: &Instance, block: &Block, gain: f32) {
    let heard = instance.process(block, input);
    let told = format!("inputs {:?}, outputs {:?}", block.inputs, block.outputs);
    assert_eq!(heard.answer, 0, "{told}");
    let source = |frame| if block.inputs.first() == Some(&Given::Stereo) { gain * input(0, frame) } else { 0.0 };
    let wanted: Vec<f32> = (0..block.frames).map(source).collect();
    assert_eq!(heard.buses[0], [wanted.clone(), wanted], "{told}");
    let declared = instance.buses().1;
    for (bus, channels) in heard.buses.iter().enumerate().skip(1) {
        let left = if bus < declared { 0.0 } else { UNTOUCHED };
        assert!(channels.iter().flatten().all(|sample| *sample == left), "aux {bus}: {told}");
    }
}

#[test]
fn main_is_heard_with_any_number_of_buses() {
    for class in [EFFECT, INSTRUMENT, MULTI] {
        let instance = started(class);
        let (ins, outs) = instance.buses();
        for inputs in 0..=ins + 2 {
            for outputs in 1..=outs + 3 {
                let (inputs, outputs) = (vec![Given::Stereo; inputs], vec![Given::Stereo; outputs]);
                let main = if class == INSTRUMENT { &[] } else { &inputs[..] };
                // The instrument has no main input: what a host passes all the same is not heard.
                let gain = if main.is_empty() { 0.0 } else { 1.0 };
                hears_main(&instance, &Block::new(FRAMES, &inputs, &outputs), gain);
            }
        }
    }
}

#[test]
fn main_is_heard_when_an_auxiliary_bus_is_switched_off() {
    let instance = started(MULTI);
    let (ins, outs) = instance.buses();
    for off in SWITCHED_OFF {
        for place in 1..outs {
            let mut outputs = vec![Given::Stereo; outs];
            outputs[place] = off;
            hears_main(&instance, &Block::new(FRAMES, &vec![Given::Stereo; ins], &outputs), 1.0);
        }
        let mut outputs = vec![off; outs];
        outputs[0] = Given::Stereo;
        for sidechain in SWITCHED_OFF {
            hears_main(&instance, &Block::new(FRAMES, &[Given::Stereo, sidechain], &outputs), 1.0);
            hears_main(&instance, &Block::new(FRAMES, &[Given::Stereo, sidechain], &outputs[..2]), 1.0);
        }
    }
}

#[test]
fn a_switched_off_main_input_is_silence() {
    for class in [EFFECT, MULTI] {
        let instance = started(class);
        let outputs = vec![Given::Stereo; instance.buses().1];
        for off in [Given::NullList, Given::NullChannels, Given::NoChannels] {
            hears_main(&instance, &Block::new(FRAMES, &[off], &outputs), 1.0);
        }
        hears_main(&instance, &Block::new(FRAMES, &[], &outputs), 1.0);
    }
}

#[test]
fn a_mono_main_is_heard_on_both_sides_and_gets_the_left() {
    for class in [EFFECT, MULTI] {
        let instance = started(class);
        let ramp: Vec<f32> = (0..FRAMES).map(|frame| input(0, frame)).collect();
        let heard = instance.process(&Block::new(FRAMES, &[Given::Mono], &[Given::Stereo]), input);
        assert_eq!(heard.buses[0], [ramp.clone(), ramp.clone()]);
        let heard = instance.process(&Block::new(FRAMES, &[Given::Stereo], &[Given::Mono]), input);
        assert_eq!(heard.buses[0], [ramp]);
    }
}

#[test]
fn automation_keeps_its_frame_where_buses_are_missing() {
    let instance = started(MULTI);
    let mut gain = 1.0;
    for (given, value) in [(Given::Stereo, 0.5), (Given::NoChannels, 0.75), (Given::NullList, 0.25)] {
        let points = [Point::new("master", 37, value)];
        let outputs = [Given::Stereo, given];
        let block = Block::new(FRAMES, &[Given::Stereo], &outputs);
        let heard = instance.process(&Block { points: &points, ..block }, |_, _| 1.0);
        // The gain glides from its frame on, for a few milliseconds.
        let (before, after) = heard.buses[0][0].split_at(37);
        assert!(before.iter().all(|sample| *sample == gain), "{given:?}: {before:?}");
        let goal = value as f32;
        assert!(after.windows(2).all(|pair| (pair[1] - goal).abs() < (pair[0] - goal).abs()), "{given:?}: {after:?}");
        assert!((after[0] - goal).abs() < (gain - goal).abs(), "{given:?}: {after:?}");
        (0..50).for_each(|_| drop(instance.process(&block, |_, _| 1.0)));
        assert_eq!(instance.process(&block, |_, _| 1.0).buses[0][1][0], goal, "{given:?}");
        gain = goal;
    }
}

#[test]
fn without_a_main_output_parameters_move_and_nothing_is_written() {
    for class in [EFFECT, INSTRUMENT, MULTI] {
        let instance = started(class);
        let flush = |outputs: &[Given], null_lists, frames, value| {
            let points = [Point::new("master", 0, value)];
            let block = Block { points: &points, null_lists, ..Block::new(frames, &[Given::Stereo], outputs) };
            let heard = instance.process(&block, input);
            assert_eq!(heard.answer, 0);
            assert!(heard.buses.iter().flatten().flatten().all(|sample| *sample == UNTOUCHED));
            let state = String::from_utf8(instance.save()).unwrap();
            assert!(state.contains(&format!("\"master\":{{\"f32\":{value}}}")), "{outputs:?}: {state}");
        };
        flush(&[], false, FRAMES, 0.5);
        flush(&[], false, 0, 0.25);
        flush(&[Given::Stereo], true, FRAMES, 0.125);
        flush(&[Given::Stereo], false, 0, 0.75);
        flush(&[Given::NoChannels], false, FRAMES, 0.5);
        flush(&[Given::NullList, Given::Stereo], false, FRAMES, 0.25);
        flush(&[Given::NullChannels], false, FRAMES, 0.125);
    }
}

#[test]
fn a_block_longer_than_agreed_is_refused_where_room_has_to_be_lent() {
    let instance = started(MULTI);
    let heard = instance.process(&Block::new(FRAMES + 1, &[Given::Stereo], &[Given::Stereo]), input);
    assert_ne!(heard.answer, 0);
    assert!(heard.buses[0].iter().flatten().all(|sample| *sample == UNTOUCHED));
    hears_main(&instance, &Block::new(FRAMES, &[Given::Stereo], &[Given::Stereo]), 1.0);
}

#[test]
fn room_is_made_anew_for_longer_blocks() {
    let mut instance = Instance::open(MULTI);
    for frames in [16, FRAMES, 32] {
        instance.start(48_000.0, frames);
        wait(&instance);
        hears_main(&instance, &Block::new(frames, &[Given::Stereo], &[Given::Stereo]), 1.0);
    }
}

#[test]
fn lending_room_allocates_nothing() {
    assert!(tracklight_host::allocations_are_counted());
    let instance = started(MULTI);
    let (ins, outs) = (vec![Given::Stereo; 2], vec![Given::Stereo; 9]);
    for block in [
        Block::new(FRAMES, &ins, &outs),
        Block::new(FRAMES, &ins[..1], &outs[..1]),
        Block::new(FRAMES, &[], &outs[..4]),
    ] {
        assert_eq!(instance.watched(&block, 100), tracklight_host::Allocations::NONE);
    }
}

#[test]
fn a_sampler_routed_to_aux_3_is_heard_there_and_not_on_main() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        sampler("kick", { samples = { "kick.wav" } })
        disconnect("kick", "masterAudioOut")  connect("kick", "aux3")
        pattern("beat", 16):set(1, { index = 1 })
        sequencer("seq", { pattern = "beat", to = "kick" })
    "#;
    let session = session(folder.path(), script);
    for outputs in [9, 4, 3] {
        let (instance, _) = loaded(MULTI, &session);
        let outputs = vec![Given::Stereo; outputs];
        let context = Some(playing_at(0.0, 0, 120.0, 48_000.0));
        let heard = instance.process(&Block { context, ..Block::new(512, &[], &outputs) }, input);
        for (bus, channels) in heard.buses.iter().enumerate() {
            let loud = channels.iter().all(|channel| channel.iter().any(|sample| sample.abs() > 0.1));
            let silent = channels.iter().flatten().all(|sample| *sample == 0.0);
            assert!(if bus == 3 { loud } else { silent }, "bus {bus} of {}", outputs.len());
        }
    }
}
