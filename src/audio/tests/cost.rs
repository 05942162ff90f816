//! What a call costs; run by hand in release: `cargo test --release --lib audio::tests::cost -- --ignored --nocapture`.

use std::hint::black_box;
use std::time::Instant;

use super::rig::*;
use super::samplers::shot;
use crate::audio::{HostParams, Io};
use crate::bus::ToAudio;
use crate::model::Param;

/// Nanoseconds per call of `frames` frames: the fastest of ten thousand.
fn cost(rig: &mut Rig, frames: usize) -> f64 {
    let (mut left, mut right) = (vec![0.0; frames], vec![0.0; frames]);
    let params = HostParams::default();
    let mut best = f64::INFINITY;
    for _ in 0..50 {
        let begin = Instant::now();
        for _ in 0..200 {
            let mut io =
                Io { main_in: None, side_in: None, main_out: [&mut left, &mut right], aux: Default::default() };
            black_box(rig.processor.process(&mut io, None, &params, &[]));
        }
        best = best.min(begin.elapsed().as_nanos() as f64 / 200.0);
    }
    best
}

#[test]
#[ignore = "measures"]
fn what_a_call_costs() {
    let mut empty = Rig::new();
    println!("no program, 1 frame: {:.0} ns", cost(&mut empty, 1));
    empty.swap(program(Vec::new(), Vec::new()));
    println!("empty program, 1 frame: {:.0} ns", cost(&mut empty, 1));
    println!("empty program, 512 frames: {:.0} ns", cost(&mut empty, 512));
    let mut rig = Rig::playing(click(4), &[], 4.0, rows("................"));
    println!("playing empty rows, 1 frame: {:.0} ns", cost(&mut rig, 1));
    println!("playing empty rows, 512 frames: {:.0} ns", cost(&mut rig, 512));
    for count in [1, 64, 256] {
        let mut rig = Rig::new();
        let clip = rig.vault.lend(sine(100.0, 48_000));
        let set = [(Param::PLAY_STYLE, 1.0), (Param::VOICES, 256.0), (Param::SPEED, 0.97)];
        rig.swap(program(vec![sampler(0, &set, &[clip])], Vec::new()));
        for _ in 0..count {
            rig.send(ToAudio::Shot(shot(1, &[])));
        }
        rig.run(512);
        let nanoseconds = cost(&mut rig, 512);
        println!(
            "{count} looping voices, 512 frames: {nanoseconds:.0} ns, {:.2} ns a voice and frame",
            nanoseconds / 512.0 / f64::from(count)
        );
    }
}
