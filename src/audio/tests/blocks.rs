//! The promise of the room: how the host cuts time into blocks changes nothing.

use proptest::prelude::*;

use super::rig::*;
use super::samplers::shot;
use crate::bus::program::{HitProgram, RowProgram};
use crate::bus::{FromAudio, ShotMessage, ToAudio};
use crate::model::Param;

/// A session in which much happens: styles, gates, chance, steals, chokes, live changes.
fn busy(rig: &mut Rig, interpolation: f32) {
    let clips = [sine(331.0, 30_000), clip(vec![vec![0.3; 9000], vec![0.1; 9000]]), sine(97.0, 2111)];
    let clips: Vec<_> = clips.into_iter().map(|clip| rig.vault.lend(clip)).collect();
    let hits = |seed: usize| -> Vec<RowProgram> {
        (0..16)
            .map(|row| match (row * 7 + seed) % 5 {
                0 => RowProgram::Rest,
                1 => RowProgram::Empty,
                kind => RowProgram::Hit(HitProgram {
                    index: (row + seed) as u16 % 3 + 1,
                    note: (kind == 2).then_some(48 + row as u8 * 2),
                    length: (kind == 3).then_some(1 + row as u8 % 3),
                    chance: 80,
                    ratio: if row == 7 { (1, 2) } else { (1, 1) },
                    params: vec![(Param::PLAY_STYLE, (row % 4) as f32), (Param::PAN, row as f32 / 8.0 - 1.0)],
                }),
            })
            .collect()
    };
    let common = [(Param::VOICES, 3.0), (Param::INTERPOLATION, interpolation), (Param::ATTACK_MS, 3.0)];
    let speeds = [(Param::SPEED, -0.73), (Param::CHOKE, 1.0), (Param::REGION_END, 0.8)];
    let samplers = vec![
        sampler(0, &common, &clips),
        sampler(1, &[&common[..], &speeds].concat(), &clips),
        sampler(2, &[(Param::CHOKE, 1.0), (Param::GRAIN_SIZE, 0.02)], &clips),
    ];
    let chain = entries(&[(pattern(0, 7.0, hits(0)), 1), (pattern(1, -11.5, hits(3)), 2)]);
    let sequencers =
        vec![sequencer(0, &[0], chain.clone()), sequencer(1, &[1, 2], entries(&[(pattern(2, 5.0, hits(1)), 1)]))];
    let mut program = program(samplers, sequencers);
    program.internal_clock = false;
    rig.swap(program);
}

/// Runs the busy session over these blocks. Messages come at fixed frames, at which a block must begin.
fn perform(lengths: &[usize], interpolation: f32) -> (Sound, Vec<FromAudio>) {
    let mut rig = Rig::new();
    rig.input = Some(0.1);
    busy(&mut rig, interpolation);
    let host = Host { bpm: 133.7, start: 0.4, cycle: Some((0.5, 2.9)) };
    let (mut all, mut frame) = (Sound::default(), 0);
    for &n in lengths {
        match frame {
            0 => {
                rig.send(ToAudio::Shot(ShotMessage { at: 0.9, gate: 0.1, ..shot(1, &[]) }));
                rig.send(ToAudio::Shot(shot(2, &[(Param::SPEED, 1.7)])));
            }
            20_000 => rig.params.master = 0.5,
            40_000 => rig.params.bypass = true,
            45_000 => rig.params.bypass = false,
            50_000 => rig.send(ToAudio::Hush),
            _ => {}
        }
        all.join(rig.block(n, Some(&host.at(frame)), &[]));
        frame += n;
    }
    (all, rig.events)
}

/// Cuts 80 000 frames at these lengths, and wherever a message comes.
fn lengths(wanted: impl Iterator<Item = usize>) -> Vec<usize> {
    let (mut all, mut frame) = (Vec::new(), 0);
    for n in wanted {
        let stop = [20_000, 40_000, 45_000, 50_000, 80_000].into_iter().find(|&stop| stop > frame);
        let Some(stop) = stop else { break };
        let n = n.min(stop - frame);
        all.push(n);
        frame += n;
    }
    all
}

#[test]
fn blocks_of_one_frame_and_of_many_give_the_same_bits_and_the_same_reports() {
    for interpolation in [0.0, 1.0] {
        let whole = perform(&lengths(std::iter::repeat(80_000)), interpolation);
        assert!(whole.1.iter().filter(|e| matches!(e, FromAudio::Fired(_))).count() > 40);
        assert!(whole.0.left.iter().all(|s| s.is_finite()) && whole.0.roughness() > 0.0);
        for size in [1, 64, 441, 1024, 4096] {
            let cut = perform(&lengths(std::iter::repeat(size)), interpolation);
            let differs = whole.0.left.iter().zip(&cut.0.left).position(|(a, b)| a != b);
            assert_eq!(differs, None, "blocks of {size}");
            assert!(whole == cut, "blocks of {size}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_cut_gives_the_same_bits_and_the_same_reports(sizes in prop::collection::vec(0_usize..5000, 3..40)) {
        prop_assume!(sizes.iter().any(|&n| n > 0));
        let whole = perform(&lengths(std::iter::repeat(80_000)), 0.0);
        let cut = perform(&lengths(sizes.into_iter().cycle()), 0.0);
        prop_assert!(whole == cut);
    }
}
