//! Which rows play, and when.

use super::rig::*;
use crate::bus::program::{HitProgram, RowProgram};
use crate::model::{Param, Why};

fn row(hit: HitProgram) -> RowProgram {
    RowProgram::Hit(hit)
}

/// Frames at which an exact beat lies at 120 beats per minute.
fn at(beat: f64) -> u64 {
    (beat * 24_000.0 + 0.5).floor() as u64
}

#[test]
fn ten_thousand_steps_at_123_4_bpm_are_on_their_frames() {
    let mut rig = Rig::new();
    let clip = rig.vault.lend(click(4));
    let entries = entries(&[(pattern(1, 4.0, rows("x")), 1)]);
    let mut program = program(vec![sampler(0, &[], &[clip])], vec![sequencer(0, &[0], entries)]);
    program.bpm = 123.4;
    rig.swap(program);
    rig.send(crate::bus::ToAudio::Transport(crate::model::TransportVerb::Play));
    let exact = |step: u64| (step as f64 * 15.0 * RATE / 123.4 + 0.5).floor() as u64;
    let sound = rig.blocks(cut(exact(9_999) as usize + 1, 4096));
    let expected: Vec<_> = (0..10_000).map(exact).collect();
    assert_eq!(rig.heard().iter().map(|h| h.0).collect::<Vec<_>>(), expected);
    assert_eq!(sound.onsets().iter().map(|&i| i as u64).collect::<Vec<_>>(), expected);
}

#[test]
fn row_1_plays_when_play_starts_and_at_every_chain_switch() {
    let mut rig = Rig::new();
    let clip = rig.vault.lend(click(4));
    let chain = entries(&[(pattern(0, 4.0, rows("x..x")), 2), (pattern(1, 2.0, rows("x.")), 1)]);
    rig.swap(program(vec![sampler(0, &[], &[clip])], vec![sequencer(0, &[0], chain)]));
    rig.send(crate::bus::ToAudio::Transport(crate::model::TransportVerb::Play));
    rig.run(at(4.0) as usize + 1);
    let got: Vec<_> = rig.fired().iter().map(|f| (f.frame, f.pattern, f.row)).collect();
    let beats =
        [(0.0, 0, 1), (0.75, 0, 4), (1.0, 0, 1), (1.75, 0, 4), (2.0, 1, 1), (3.0, 0, 1), (3.75, 0, 4), (4.0, 0, 1)];
    assert_eq!(got, beats.map(|(beat, pattern, row)| (at(beat), pattern, row)));
}

#[test]
fn half_a_step_per_beat_is_a_row_every_two_beats_and_minus_four_plays_backwards() {
    let mut rig = Rig::playing(click(4), &[], 0.5, rows("xx"));
    rig.run(at(6.0) as usize + 1);
    assert_eq!(rig.heard(), [(0, 1), (at(2.0), 2), (at(4.0), 1), (at(6.0), 2)]);
    let mut rig = Rig::playing(click(4), &[], -4.0, rows("xx.x"));
    rig.run(at(1.0) as usize + 1);
    assert_eq!(rig.heard(), [(0, 4), (at(0.5), 2), (at(0.75), 1), (at(1.0), 4)]);
}

#[test]
fn a_ratio_of_2_4_plays_on_cycles_2_6_10_and_is_asked_before_chance() {
    let mut hits = rows("x");
    hits[0] = row(HitProgram { ratio: (2, 4), chance: 0, ..hit() });
    hits.push(row(HitProgram { ratio: (2, 4), ..hit() }));
    let mut rig = Rig::playing(click(4), &[], 4.0, hits);
    rig.run(at(6.0) as usize);
    let cycles: Vec<_> = rig.heard().iter().map(|h| h.0 / at(0.5) + 1).collect();
    assert_eq!(cycles, [2, 6, 10]);
    let why: Vec<_> = rig.fired().iter().filter(|f| f.row == 1).map(|f| f.why).take(4).collect();
    assert_eq!(why, [Why::Ratio, Why::Chance, Why::Ratio, Why::Ratio]);
}

#[test]
fn a_ratio_counts_cycles_inside_chains() {
    let mut rig = Rig::new();
    let clip = rig.vault.lend(click(4));
    let mut hits = rows(".");
    hits[0] = row(HitProgram { ratio: (3, 3), ..hit() });
    let (a, b) = (pattern(0, 1.0, hits), pattern(1, 1.0, rows(".")));
    // a plays at beats 0 1 3 4 6 7 …: its third, sixth cycle are at beats 3, 7.
    let chain = entries(&[(a, 2), (b, 1)]);
    rig.swap(program(vec![sampler(0, &[], &[clip])], vec![sequencer(0, &[0], chain)]));
    rig.send(crate::bus::ToAudio::Transport(crate::model::TransportVerb::Play));
    rig.run(at(8.5) as usize);
    assert_eq!(rig.heard(), [(at(3.0), 1), (at(7.0), 1)]);
}

#[test]
fn an_empty_row_sustains_a_rest_releases_and_a_length_ends_at_its_row() {
    let long = || clip(vec![vec![0.5; 96_000]]);
    let set = [(Param::RELEASE_MS, 5.0)];
    let mut rig = Rig::playing(long(), &set, 4.0, rows("x.......").into_iter().chain(rows("........")).collect());
    let sound = rig.run(at(4.0) as usize);
    assert!(sound.left[..at(3.9) as usize].iter().all(|&s| s == 0.5), "empty rows sustain");
    let mut rig = Rig::playing(long(), &set, 4.0, rows("x...-...........").into_iter().collect());
    let sound = rig.run(at(3.0) as usize);
    let end = at(1.0) as usize;
    assert!(sound.left[..=end].iter().all(|&s| s == 0.5) && sound.left[end + 1] < 0.5);
    assert!(sound.left[end + 240..].iter().all(|&s| s == 0.0));
    assert_eq!(rig.fired()[1].why, Why::Rest);
    let mut gated = rows(".......");
    gated.insert(0, row(HitProgram { length: Some(2), ..hit() }));
    let mut rig = Rig::playing(long(), &set, 4.0, gated);
    let sound = rig.run(at(1.9) as usize);
    let end = at(0.5) as usize;
    assert!(sound.left[..=end].iter().all(|&s| s == 0.5) && sound.left[end + 1] < 0.5, "released at row 3");
    assert!(sound.left[end + 240..].iter().all(|&s| s == 0.0));
}

#[test]
fn a_column_is_of_its_row_alone_over_the_sample_over_the_sampler() {
    let mut rig = Rig::new();
    let clip = rig.vault.lend(click(4));
    let mut own = sampler(0, &[(Param::VOLUME, 0.5)], &[clip.clone(), clip]);
    let mut bank = own.bank.to_vec();
    bank[1].values[usize::from(Param::VOLUME.0)] = 0.75;
    bank[1].own = 1 << Param::VOLUME.0;
    own.bank = bank.into();
    let second = HitProgram { index: 2, ..hit() };
    let column = HitProgram { params: vec![(Param::VOLUME, 0.25)], ..second.clone() };
    let list = vec![row(column), row(second), row(hit())];
    rig.swap(program(vec![own], vec![sequencer(0, &[0], entries(&[(pattern(1, 4.0, list), 1)]))]));
    rig.send(crate::bus::ToAudio::Transport(crate::model::TransportVerb::Play));
    let sound = rig.run(at(0.75) as usize);
    let peaks: Vec<_> = sound.onsets().into_iter().map(|i| sound.left[i]).collect();
    assert_eq!(peaks, [0.25, 0.75, 0.5]);
    assert_eq!((rig.fired()[0].count, rig.fired()[0].params[0]), (1, (Param::VOLUME, 0.25)));
    assert_eq!(rig.fired()[1].count, 0);
}

#[test]
fn a_missing_sample_and_a_sampler_switched_off_are_silent_and_say_so() {
    let mut rig = Rig::new();
    let clip = rig.vault.lend(click(4));
    let mut off = sampler(1, &[], std::slice::from_ref(&clip));
    off.enabled = false;
    let far = vec![row(HitProgram { index: 2, ..hit() })];
    let entries = entries(&[(pattern(1, 4.0, far), 1)]);
    rig.swap(program(vec![sampler(0, &[], &[clip]), off], vec![sequencer(0, &[0, 1], entries)]));
    rig.send(crate::bus::ToAudio::Transport(crate::model::TransportVerb::Play));
    assert!(rig.run(100).onsets().is_empty());
    assert_eq!(rig.fired().iter().map(|f| f.why).collect::<Vec<_>>(), [Why::Missing, Why::Disabled]);
}

#[test]
fn no_entries_is_silence() {
    let mut rig = Rig::new();
    let clip = rig.vault.lend(click(4));
    rig.swap(program(vec![sampler(0, &[], &[clip])], vec![sequencer(0, &[0], entries(&[]))]));
    rig.send(crate::bus::ToAudio::Transport(crate::model::TransportVerb::Play));
    assert!(rig.run(48_000).onsets().is_empty() && rig.fired().is_empty());
}
