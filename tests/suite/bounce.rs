//! What sounds does not depend on how the host cuts time, nor on whether it is a bounce.
//!
//! proves: H5 H6

use std::sync::Arc;

use proptest::prelude::*;
use tracklight::audio::{Note, NoteKind};
use tracklight::model::{Command, Session, TransportVerb, TriggerRecord};

use crate::rig::{Rig, Sound};
use crate::strategy::session;

/// Everything that sounds at once: two sequencers, a chain, chance, ratios, loops, macros, a callback, a mixer, an aux.
const SONG: &str = r#"
sampler("kick", { samples = { "tone.wav", "saw.wav" }, speed = 1.3, releaseMs = 30 })
sampler("hat", { samples = "saw.wav", voices = 3, speed = -0.7, volume = 0.3 })
sampler("pad", { samples = "saw.wav", playStyle = "LOOP", polyphonyMode = "MONO", attackMs = 20, decayMs = 40, sustain = 0.5, interpolation = "SINC", speed = 0.41 })
audioMixer("drums", { volume = 0.8 }) connect("kick", "drums", { volume = 0.7 }) connect("hat", "drums") connect("pad", "aux3") connect("pad", "masterAudioOut")
pattern("beat", 16) pattern("fill", { steps = 6, stepsPerBeat = -3 }) pattern("long", { steps = 12, stepsPerBeat = 1.5 })
for row = 1, 16, 3 do pattern("beat"):set(row, { index = row % 2 + 1, chance = 70, length = row % 4 + 1 }) end
for row = 1, 6 do pattern("fill"):set(row, { index = 2, ratio = row .. ":6", pan = row / 6 - 0.5 }) end
for row = 1, 12, 2 do pattern("long"):set(row, { note = 48 + row, volume = row / 12 }) end
pattern("long"):set(6, "-")
chain("song", { { "beat", 2 }, { "fill" }, { "beat", 1 }, { "fill", 2 } })
sequencer("a", { chain = "song", to = { "kick", "hat" } }) sequencer("b", { pattern = "long", to = "pad" })
macro(1):map("drums.masterVolume", { min = 0.5, max = 1 })
"#;

/// A second of this and that: notes on odd frames, a macro, edits and a locate on fixed frames.
fn play(blocks: Vec<usize>, edits: bool) -> (Sound, Vec<Arc<TriggerRecord>>) {
    let mut rig = Rig::with(SONG);
    rig.blocks = blocks;
    rig.host_plays(0.37, 131.7);
    for (at, key, kind) in [
        (1_237, 64, NoteKind::On { velocity: 0.8 }),
        (9_001, 64, NoteKind::Off),
        (9_001, 50, NoteKind::On { velocity: 0.3 }),
        (60_000, 50, NoteKind::Choke),
    ] {
        rig.notes.push((at, Note { frame: 0, channel: 0, key, kind }));
    }
    let mut sound = rig.render(20_011);
    if edits {
        rig.params.macros[0] = 0.61;
        rig.run("setParam('kick', 'speed', 0.9) pattern('beat'):set(2, 2) enable('hat', false)");
    }
    sound.join(&rig.render(20_000));
    rig.host().beat = Some(11.13);
    sound.join(&rig.render(17_777));
    rig.host().loop_beats = Some((11.0, 13.5));
    sound.join(&rig.render(190_000));
    rig.host().playing = false;
    sound.join(&rig.render(3_000));
    (sound, rig.triggers)
}

/// The first frame at which two sounds differ, and by how much they differ at most.
fn difference(a: &Sound, b: &Sound) -> Option<(usize, f32)> {
    let pairs = |a: &[Vec<f32>; 2], b: &[Vec<f32>; 2]| -> Vec<(usize, f32)> {
        (0..2)
            .flat_map(|c| {
                a[c].iter()
                    .zip(&b[c])
                    .enumerate()
                    .filter(|(_, (x, y))| x.to_bits() != y.to_bits())
                    .map(|(i, (x, y))| (i, (x - y).abs()))
                    .collect::<Vec<_>>()
            })
            .collect()
    };
    let mut all = pairs(&a.main, &b.main);
    (0..8).for_each(|port| all.extend(pairs(&a.aux[port], &b.aux[port])));
    let first = all.iter().map(|(frame, _)| *frame).min()?;
    Some((first, all.iter().map(|(_, d)| *d).fold(0.0, f32::max)))
}

fn same(a: &(Sound, Vec<Arc<TriggerRecord>>), b: &(Sound, Vec<Arc<TriggerRecord>>), what: &str) {
    assert_eq!(a.1.len(), b.1.len(), "{what}: triggers");
    for (x, y) in a.1.iter().zip(&b.1) {
        let beat = |r: &TriggerRecord| (r.beat * 1e6).round();
        assert_eq!(
            (x.frame, &x.module, &x.pattern, x.row, x.index, x.note, &x.params, x.why, beat(x)),
            (y.frame, &y.module, &y.pattern, y.row, y.index, y.note, &y.params, y.why, beat(y)),
            "{what}"
        );
    }
    assert_eq!(a.0.main[0].len(), b.0.main[0].len());
    assert_eq!(difference(&a.0, &b.0), None, "{what}: first frame and largest difference");
}

#[test]
fn every_block_size_gives_the_same_bits_and_the_same_events() {
    let reference = play(vec![64], true);
    assert!(reference.1.len() > 30, "{}", reference.1.len());
    assert!(reference.0.aux[2][0].iter().any(|s| *s != 0.0));
    for blocks in [vec![1, 4096, 37], vec![4096], vec![512], vec![1024, 1, 2, 3, 1023], vec![2048, 4095, 17]] {
        same(&reference, &play(blocks.clone(), true), &format!("blocks {blocks:?}"));
    }
}

#[test]
fn one_frame_at_a_time_gives_the_same_bits() {
    let run = |blocks: Vec<usize>| {
        let mut rig = Rig::with(SONG);
        rig.blocks = blocks;
        rig.host_plays(1.0, 480.0);
        (rig.render(6_000), rig.triggers)
    };
    same(&run(vec![4096]), &run(vec![1]), "single frames");
}

/// A random session as it plays for two seconds.
fn random(session: &Session, blocks: &[usize]) -> (Sound, Vec<Arc<TriggerRecord>>) {
    let mut rig = Rig::new();
    for number in 0..4 {
        let clip: Vec<f32> =
            (0..3_000 + 1_000 * number).map(|i| ((i * (number + 3)) as f32 * 0.013).sin() * 0.3).collect();
        rig.sample(&format!("s{number}.wav"), &[clip]);
    }
    let folders = vec![rig.folder().to_string_lossy().into_owned()];
    let session = Session { folders, live: Default::default(), ..session.clone() };
    rig.ask(vec![Command::Load(Arc::new(session))]).unwrap();
    // With the host in the lead this is refused, and the host plays.
    let _ = rig.ask(vec![Command::Transport(TransportVerb::Play)]);
    rig.params.macros = std::array::from_fn(|n| n as f32 / 64.0);
    rig.blocks = blocks.to_vec();
    rig.host_plays(0.0, 140.0);
    (rig.render(96_000), rig.triggers)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_session_sounds_the_same_at_any_block_sizes(session in session(), sizes in prop::collection::vec(prop_oneof![1..64_usize, 1..4097_usize], 1..6)) {
        let mut sizes = sizes;
        sizes.push(1_024);
        same(&random(&session, &[64]), &random(&session, &sizes), &format!("blocks {sizes:?}"));
    }
}

#[test]
fn a_bounce_of_sixteen_bars_is_the_same_bytes_twice() {
    let bounce = || {
        let mut rig = Rig::with(SONG);
        rig.blocks = vec![512];
        rig.host_plays(0.0, 480.0);
        (rig.render(16 * 4 * 6_000), rig.triggers)
    };
    same(&bounce(), &bounce(), "twice");
}

#[test]
fn a_bounce_from_bar_9_has_bar_9s_events_of_the_whole() {
    let render = |beat: f64, bars: usize| {
        let mut rig = Rig::with(SONG);
        rig.blocks = vec![512];
        rig.host_plays(beat, 120.0);
        rig.skip(bars * 96_000);
        rig.triggers
            .iter()
            .map(|r| {
                (
                    r.frame + (beat * 24_000.0) as u64,
                    r.module.clone(),
                    r.pattern.clone(),
                    r.row,
                    r.index,
                    r.params.clone(),
                    r.why,
                )
            })
            .collect::<Vec<_>>()
    };
    let whole = render(0.0, 10);
    let part = render(32.0, 2);
    let bars_9_and_10: Vec<_> = whole.into_iter().filter(|event| event.0 >= 8 * 96_000).collect();
    assert!(part.len() > 10);
    assert_eq!(part, bars_9_and_10);
}
