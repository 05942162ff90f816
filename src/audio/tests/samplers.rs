//! How hits sound, and how they end.

use proptest::prelude::*;

use super::rig::*;
use crate::bus::message::{COLUMNS_MAX, ShotMessage};
use crate::bus::program::{HitProgram, RowProgram};
use crate::bus::{Lent, ToAudio};
use crate::model::{AudioClip, Param, Why};

pub fn shot(index: u16, set: &[(Param, f32)]) -> ShotMessage {
    let mut params = [(Param(0), 0.0); COLUMNS_MAX];
    params[..set.len()].copy_from_slice(set);
    ShotMessage {
        slot: 0,
        index,
        note: 255,
        count: set.len() as u8,
        at: f64::NAN,
        jump: None,
        gate: f32::NAN,
        owner: 0,
        params,
    }
}

/// A rig with one sampler and no sequencer.
fn struck(set: &[(Param, f32)], clips: Vec<AudioClip>) -> Rig {
    let mut rig = Rig::new();
    let clips: Vec<Lent<AudioClip>> = clips.into_iter().map(|clip| rig.vault.lend(clip)).collect();
    rig.swap(program(vec![sampler(0, set, &clips)], Vec::new()));
    rig
}

fn ramp(frames: usize) -> AudioClip {
    clip(vec![(0..frames).map(|i| (i + 1) as f32 / frames as f32).collect()])
}

const LOOP: (Param, f32) = (Param::PLAY_STYLE, 1.0);
const GRAIN: (Param, f32) = (Param::PLAY_STYLE, 2.0);
const NEXT: (Param, f32) = (Param::PLAY_STYLE, 3.0);
const MONO: (Param, f32) = (Param::POLYPHONY_MODE, 0.0);
const BACK: (Param, f32) = (Param::SPEED, -1.0);

#[test]
fn a_start_at_the_first_frame_is_the_file_to_the_bit() {
    for interpolation in [0.0, 1.0] {
        let source: Vec<f32> = (0..2000).map(|i| ((i * 7919) % 1000) as f32 / 777.7 - 0.6).collect();
        let mut rig = struck(&[(Param::INTERPOLATION, interpolation)], vec![clip(vec![source.clone()])]);
        rig.send(ToAudio::Shot(shot(1, &[])));
        let sound = rig.run(2000);
        assert_eq!(sound.left[..1500], source[..1500]);
        assert_eq!(sound.left, sound.right);
    }
}

#[test]
fn a_once_is_silent_exactly_at_its_regions_end_both_ways() {
    for (set, length) in [
        (vec![], 4800),
        (vec![BACK], 4800),
        (vec![(Param::SPEED, 0.37)], 12_973),
        (vec![(Param::SPEED, -2.5)], 1920),
        (vec![(Param::REGION_START, 0.25), (Param::REGION_END, 0.5)], 1200),
    ] {
        let mut rig = struck(&set, vec![clip(vec![vec![0.5; 4800]])]);
        rig.send(ToAudio::Shot(shot(1, &[])));
        let sound = rig.run(20_000);
        let last = *sound.onsets().last().unwrap();
        assert_eq!(last + 1, length, "{set:?}");
        assert!(sound.left[last] < 0.01 && sound.roughness() < 0.5001);
        assert!(sound.left[1..].windows(2).all(|two| (two[1] - two[0]).abs() < 0.01), "{set:?}");
        assert_eq!(rig.voices(), 0);
    }
}

#[test]
fn a_loop_lasts_exactly_its_region_over_its_speed_without_drift() {
    for (speed, period) in [(1.0, 1000), (2.0, 500), (0.5, 2000), (-1.0, 1000), (-4.0, 250)] {
        let mut rig = struck(&[LOOP, (Param::SPEED, speed), (Param::REGION_END, 0.25)], vec![ramp(4000)]);
        rig.send(ToAudio::Shot(shot(1, &[])));
        let sound = rig.run(period * 101);
        let (second, last) = (&sound.left[period..2 * period], &sound.left[100 * period..]);
        assert_eq!(second, last, "speed {speed}");
        assert!(second.iter().any(|&s| s != second[0]));
    }
}

#[test]
fn nothing_outside_the_region_is_ever_heard() {
    let mut source = vec![1.0; 4000];
    source[1000..2000].fill(0.0);
    for style in [0.0, 1.0, 2.0, 3.0] {
        for speed in [1.0, -1.0, 0.7, -3.3, 4.0] {
            for sinc in [0.0, 1.0] {
                let set = [
                    (Param::PLAY_STYLE, style),
                    (Param::SPEED, speed),
                    (Param::REGION_START, 0.25),
                    (Param::REGION_END, 0.5),
                    (Param::GRAIN_SIZE, 0.01),
                    (Param::POSITION, 0.9),
                    (Param::INTERPOLATION, sinc),
                ];
                let mut rig = struck(&set, vec![clip(vec![source.clone()])]);
                rig.send(ToAudio::Shot(shot(1, &[])));
                assert!(rig.run(6000).onsets().is_empty(), "{set:?}");
            }
        }
    }
}

#[test]
fn a_grain_goes_round_from_its_position() {
    let set = [GRAIN, (Param::GRAIN_SIZE, 0.01), (Param::POSITION, 0.5)];
    let mut rig = struck(&set, vec![ramp(4000)]);
    rig.send(ToAudio::Shot(shot(1, &[])));
    let sound = rig.run(4800);
    assert_eq!(sound.left[480..960], sound.left[4320..4800]);
    assert!(sound.left[480..].iter().all(|&s| (0.5..0.63).contains(&s)));
}

#[test]
fn no_stop_clicks() {
    // The sound itself moves by 0.5 · 2π · 100 / 48 000 = 0.0066 a frame; a fade of 5 ms adds 0.5 / 240 = 0.0021.
    let limit = 0.0095;
    let tone = || sine(100.0, 96_000);
    let long = [(Param::RELEASE_MS, 5.0)];
    type Act = fn(&mut Rig);
    let acts: [(&str, Act); 8] = [
        ("hush", |rig| rig.send(ToAudio::Hush)),
        ("panic", |rig| rig.send(ToAudio::Panic)),
        ("steal", |rig| {
            let mut tacit = shot(1, &[(Param::VOLUME, 0.0)]);
            for _ in 0..16 {
                tacit.note = 60;
                rig.send(ToAudio::Shot(tacit));
            }
        }),
        ("remove", |rig| rig.swap(program(Vec::new(), Vec::new()))),
        ("switch off", |rig| {
            let clip = rig.vault.lend(sine(100.0, 96_000));
            let mut off = sampler(0, &[], &[clip]);
            off.enabled = false;
            rig.swap(program(vec![off], Vec::new()));
        }),
        ("volume", |rig| {
            let clip = rig.vault.lend(sine(100.0, 96_000));
            rig.swap(program(vec![sampler(0, &[(Param::VOLUME, 0.3), (Param::PAN, 1.0)], &[clip])], Vec::new()));
        }),
        ("disconnect", |rig| {
            let clip = rig.vault.lend(sine(100.0, 96_000));
            let mut cut = program(vec![sampler(0, &[], &[clip])], Vec::new());
            cut.nodes.last_mut().unwrap().inputs.clear();
            rig.swap(cut);
        }),
        ("host master", |rig| rig.params.master = 0.0),
    ];
    for (name, act) in acts {
        for at in [3000, 3120, 3300, 7777] {
            let mut rig = struck(&long, vec![tone()]);
            rig.send(ToAudio::Shot(shot(1, &[])));
            let mut sound = rig.run(at);
            act(&mut rig);
            sound.join(rig.run(3000));
            assert!(sound.roughness() < limit, "{name} at {at}: {}", sound.roughness());
            if name != "volume" {
                assert_eq!(sound.left.last(), Some(&0.0), "{name}");
            }
        }
    }
}

#[test]
fn no_seam_and_no_start_in_the_middle_clicks() {
    for speed in [1.0_f32, -1.0, 0.6, 2.0] {
        for region in [0.213, 0.5, 0.77] {
            for position in [0.0, 0.31, 0.99] {
                for style in [LOOP, NEXT, (GRAIN.0, GRAIN.1)] {
                    let set = [
                        style,
                        (Param::SPEED, speed),
                        (Param::REGION_START, 0.1),
                        (Param::REGION_END, region),
                        (Param::POSITION, position),
                        (Param::GRAIN_SIZE, 0.05),
                    ];
                    let mut rig = struck(&set, vec![sine(100.0, 48_000)]);
                    rig.send(ToAudio::Shot(shot(1, &[])));
                    let sound = rig.run(96_000);
                    // Twice the sound's own movement, and a crossfade between two of its extremes.
                    let limit = 2.0 * 0.0066 * speed.abs() + 1.0 / 240.0;
                    assert!(sound.roughness() < limit, "{set:?}: {}", sound.roughness());
                }
            }
        }
    }
}

#[test]
fn a_loop_of_whole_periods_is_left_alone() {
    let mut rig = struck(&[LOOP], vec![sine(100.0, 4800)]);
    rig.send(ToAudio::Shot(shot(1, &[])));
    let sound = rig.run(48_000);
    let ideal = sine(100.0, 48_000);
    assert_eq!(sound.left[4800..9600], ideal.channels[0][..4800]);
}

#[test]
fn the_17th_hit_takes_the_oldest_also_when_that_is_releasing() {
    let mut rig = struck(&[(Param::RELEASE_MS, 5000.0)], vec![clip(vec![vec![0.01; 480_000]])]);
    for _ in 0..16 {
        rig.send(ToAudio::Shot(ShotMessage { gate: 0.01, ..shot(1, &[]) }));
        rig.run(600);
    }
    assert_eq!(rig.voices(), 16);
    rig.send(ToAudio::Shot(shot(1, &[])));
    rig.run(64);
    assert_eq!(rig.voices(), 17, "the oldest fades beside the new one");
    rig.run(300);
    assert_eq!(rig.voices(), 16);
    assert_eq!(rig.fired().len(), 17);
    assert!(rig.fired().iter().all(|f| f.why == Why::Fired));
}

#[test]
fn a_hat_never_cuts_a_kick() {
    let two = || vec![clip(vec![vec![0.5; 48_000]]), clip(vec![vec![0.25; 48_000]])];
    let mut rig = struck(&[MONO], two());
    rig.send(ToAudio::Shot(shot(1, &[])));
    rig.run(100);
    rig.send(ToAudio::Shot(shot(2, &[])));
    assert_eq!(rig.run(1000).left[999], 0.75, "MONO cuts within one sample");
    rig.send(ToAudio::Shot(shot(2, &[])));
    assert_eq!(rig.run(1000).left[999], 0.75);
    let mut rig = struck(&[MONO, (Param::CUT, 1.0)], two());
    rig.send(ToAudio::Shot(shot(1, &[])));
    rig.run(100);
    rig.send(ToAudio::Shot(shot(2, &[])));
    assert_eq!(rig.run(1000).left[999], 0.25, "unless it cuts the whole sampler");
}

#[test]
fn a_choke_group_reaches_over_samplers() {
    let mut rig = Rig::new();
    let tone = rig.vault.lend(clip(vec![vec![0.5; 48_000]]));
    let group = |slot, group| sampler(slot, &[(Param::CHOKE, group)], std::slice::from_ref(&tone));
    rig.swap(program(vec![group(0, 1.0), group(1, 1.0), group(2, 2.0)], Vec::new()));
    rig.send(ToAudio::Shot(shot(1, &[])));
    rig.send(ToAudio::Shot(ShotMessage { slot: 2, ..shot(1, &[]) }));
    assert_eq!(rig.run(1000).left[999], 1.0);
    rig.send(ToAudio::Shot(ShotMessage { slot: 1, ..shot(1, &[]) }));
    assert_eq!(rig.run(1000).left[999], 1.0);
    assert_eq!(rig.voices(), 2);
}

#[test]
fn an_old_gate_never_cuts_a_newer_voice() {
    let set = [MONO, (Param::RELEASE_MS, 5.0)];
    let mut list = rows("...........");
    list.insert(0, RowProgram::Hit(HitProgram { length: Some(3), ..hit() }));
    list[2] = RowProgram::Hit(hit());
    let mut rig = Rig::playing(clip(vec![vec![0.5; 96_000]]), &set, 4.0, list);
    let sound = rig.run(17_000);
    assert_eq!(rig.voices(), 1);
    assert!(
        sound.left[12_300..].iter().all(|&s| s == 0.5),
        "the gate of row 1 ends at row 4, the voice of row 3 goes on"
    );
}

#[test]
fn next_goes_on_where_it_was_stopped() {
    // Gates of 0.8 beats are 19 200 frames: 40 % of the file.
    let strike = |rig: &mut Rig, index| {
        rig.send(ToAudio::Shot(ShotMessage { gate: 0.8, ..shot(index, &[]) }));
        let sound = rig.run(24_000);
        sound.left[400]
    };
    let files = || vec![ramp(48_000), ramp(48_000)];
    let near = |a: f32, b: f64| (f64::from(a) - b).abs() < 1e-3;
    let start = 401.0 / 48_000.0;
    // PER_MEDIA: each sample its own place.
    let mut rig = struck(&[NEXT], files());
    assert!(near(strike(&mut rig, 1), start) && near(strike(&mut rig, 1), 0.4 + start));
    assert!(near(strike(&mut rig, 2), start));
    assert!(near(strike(&mut rig, 1), 0.8 + start));
    // GLOBAL: one place for the sampler; NONE: no place.
    let mut rig = struck(&[NEXT, (Param::SCAN_MODE, 3.0)], files());
    assert!(near(strike(&mut rig, 1), start) && near(strike(&mut rig, 2), 0.4 + start));
    let mut rig = struck(&[NEXT, (Param::SCAN_MODE, 0.0)], files());
    assert!(near(strike(&mut rig, 1), start) && near(strike(&mut rig, 1), start));
    // A position of the hit's own comes first.
    let mut rig = struck(&[NEXT], files());
    strike(&mut rig, 1);
    rig.send(ToAudio::Shot(shot(1, &[(Param::POSITION, 0.2)])));
    assert!(near(rig.run(500).left[400], 0.2 + start));
}

#[test]
fn per_step_each_row_goes_on_for_itself_and_play_begins_anew() {
    let set = [NEXT, (Param::SCAN_MODE, 1.0)];
    let gated = |index| RowProgram::Hit(HitProgram { length: Some(1), index, ..hit() });
    let mut rig = Rig::playing(ramp(48_000), &set, 2.0, vec![gated(1), RowProgram::Empty, gated(1), RowProgram::Empty]);
    let sound = rig.run(24_000 * 5);
    let value = |beat: f64| f64::from(sound.left[(beat * 24_000.0) as usize + 400]);
    for (beat, share) in [(0.0, 0.0), (1.0, 0.0), (2.0, 0.25), (3.0, 0.25), (4.0, 0.5)] {
        assert!((value(beat) - share - 401.0 / 48_000.0).abs() < 1e-3, "{beat}: {}", value(beat));
    }
    rig.send(ToAudio::Transport(crate::model::TransportVerb::Stop));
    rig.run(6000);
    rig.send(ToAudio::Transport(crate::model::TransportVerb::Play));
    assert!((rig.run(500).left[400] - 401.0 / 48_000.0).abs() < 1e-3);
}

#[test]
fn a_note_an_octave_up_is_twice_as_fast_and_the_root_is_the_file() {
    let mut rig = struck(&[(Param::ROOT, 48.0), (Param::TRANSPOSE, -12.0)], vec![ramp(9600)]);
    rig.send(ToAudio::Shot(ShotMessage { note: 72, ..shot(1, &[]) }));
    let sound = rig.run(1000);
    assert!((sound.left[999] - (2.0 * 999.0 + 1.0) / 9600.0).abs() < 1e-5);
}

#[test]
fn a_file_of_another_rate_keeps_its_pitch() {
    let mut rig = Rig::new();
    let file = AudioClip { rate: 24_000, ..ramp(9600) };
    let file = rig.vault.lend(file);
    rig.swap(program(vec![sampler(0, &[], &[file])], Vec::new()));
    rig.send(ToAudio::Shot(shot(1, &[])));
    assert!((rig.run(1000).left[900] - 451.0 / 9600.0).abs() < 1e-5);
}

#[test]
fn the_envelope_goes_up_down_holds_and_releases() {
    let set = [(Param::ATTACK_MS, 10.0), (Param::DECAY_MS, 10.0), (Param::SUSTAIN, 0.5), (Param::RELEASE_MS, 20.0)];
    let mut rig = struck(&set, vec![clip(vec![vec![1.0; 48_000]])]);
    rig.send(ToAudio::Shot(ShotMessage { gate: 0.1, ..shot(1, &[]) }));
    let sound = rig.run(4800);
    let level = |frame: usize| sound.left[frame];
    assert_eq!((level(0), level(240), level(480), level(720), level(960)), (0.0, 0.5, 1.0, 0.75, 0.5));
    assert_eq!((level(2400), level(2880), level(3360)), (0.5, 0.25, 0.0));
}

#[test]
fn what_sounds_follows_the_samplers_volume_and_speed_unless_the_hit_has_its_own() {
    let mut rig = Rig::new();
    let tone = rig.vault.lend(clip(vec![vec![0.5; 96_000]]));
    let with = |volume| program(vec![sampler(0, &[(Param::VOLUME, volume)], std::slice::from_ref(&tone))], Vec::new());
    rig.swap(with(1.0));
    rig.send(ToAudio::Shot(shot(1, &[])));
    rig.run(1000);
    rig.swap(with(0.5));
    assert_eq!(rig.run(1000).left[999], 0.25);
    rig.send(ToAudio::Shot(shot(1, &[(Param::VOLUME, 1.0)])));
    rig.run(1000);
    rig.swap(with(0.25));
    assert_eq!(rig.run(1000).left[999], 0.125 + 0.5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_hit_stays_finite_and_ends_when_all_is_cut(
        style in 0_u8..4, speed in -10.0_f32..10.0, a in 0.0_f32..1.0, b in 0.0_f32..1.0, position in 0.0_f32..1.0,
        frames in 1_usize..3000, sinc in 0_u8..2, grain in 0.0_f32..0.1, note in 0_u8..128,
    ) {
        let set = [
            (Param::PLAY_STYLE, f32::from(style)), (Param::SPEED, speed), (Param::REGION_START, a), (Param::REGION_END, b),
            (Param::POSITION, position), (Param::INTERPOLATION, f32::from(sinc)), (Param::GRAIN_SIZE, grain),
        ];
        let mut rig = struck(&set, vec![sine(441.0, frames)]);
        rig.send(ToAudio::Shot(ShotMessage { note, ..shot(1, &[]) }));
        let sound = rig.run(3000);
        prop_assert!(sound.left.iter().all(|s| s.is_finite() && s.abs() < 1.5));
        rig.send(ToAudio::Panic);
        rig.run(300);
        prop_assert_eq!(rig.voices(), 0);
    }
}
