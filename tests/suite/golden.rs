//! Sounds and texts as they were when somebody looked at them: `TRACKLIGHT_GOLDEN=update` writes them anew.

use std::path::PathBuf;

use tracklight::script::mirror;

use crate::rig::Rig;

/// Largest difference to a golden WAV: two steps of its 16 bits.
const TOLERANCE: f32 = 2.0 / 32_768.0;

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn update() -> bool {
    std::env::var("TRACKLIGHT_GOLDEN").is_ok_and(|word| word == "update")
}

/// Compare with the golden text of this name, or write it.
fn text(name: &str, found: &str) {
    let path = golden(name);
    if update() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(&path, found).expect("written");
    }
    let kept = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{name}: {error}; TRACKLIGHT_GOLDEN=update writes it"));
    assert_eq!(found, kept, "{name} differs; look at it, then TRACKLIGHT_GOLDEN=update");
}

/// Compare with the golden WAV of this name, or write it.
fn sound(name: &str, rate: u32, found: &[Vec<f32>; 2]) {
    let path = golden(name);
    let spec =
        hound::WavSpec { channels: 2, sample_rate: rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    if update() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        let mut wav = hound::WavWriter::create(&path, spec).expect("a file");
        for frame in 0..found[0].len() {
            found.iter().for_each(|c| {
                wav.write_sample((c[frame].clamp(-1.0, 1.0) * 32_767.0).round() as i16).expect("written")
            });
        }
        wav.finalize().expect("whole");
    }
    let mut wav = hound::WavReader::open(&path)
        .unwrap_or_else(|error| panic!("{name}: {error}; TRACKLIGHT_GOLDEN=update writes it"));
    assert_eq!(wav.spec(), spec, "{name}");
    let kept: Vec<f32> = wav.samples::<i16>().map(|s| f32::from(s.expect("a sample")) / 32_767.0).collect();
    assert_eq!(kept.len(), 2 * found[0].len(), "{name}: length");
    for (place, kept) in kept.iter().enumerate() {
        let heard = found[place % 2][place / 2];
        assert!(
            (heard - kept).abs() <= TOLERANCE,
            "{name}: frame {} channel {}: {heard}, it was {kept}",
            place / 2,
            place % 2
        );
    }
}

/// A decaying tone and a short noise, made here.
fn media(rig: &Rig) {
    let rate = rig.rate as f32;
    let tone = (0..4_000)
        .map(|i| (i as f32 * 330.0 * std::f32::consts::TAU / rate).sin() * 0.6 * (1.0 - i as f32 / 4_000.0))
        .collect();
    let mut word = 1_u32;
    let noise = (0..1_500).map(|i| {
        word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (word as f32 / u32::MAX as f32 - 0.5) * 0.5 * (1.0 - i as f32 / 1_500.0)
    });
    rig.sample("tone.wav", &[tone]);
    rig.sample("noise.wav", &[noise.collect()]);
}

/// Half a second of this script from a playing host.
fn half_a_second(script: &str) -> [Vec<f32>; 2] {
    let mut rig = Rig::at(24_000.0);
    media(&rig);
    rig.run(script);
    rig.host_plays(0.0, 140.0);
    rig.render(12_000).main
}

#[test]
fn a_beat_sounds_as_it_did() {
    let sounds = half_a_second(
        r#"sampler("kick", { samples = { "tone.wav", "noise.wav" } }) sequencer("seq", { pattern = "beat", to = "kick" })
        pattern("beat", { steps = 8, rows = { 1, { index = 2, volume = 0.5, pan = -0.6 }, { index = 1, note = 67, length = 1 }, [5] = { index = 2, speed = -0.5 }, [6] = { chance = 50 } } })"#,
    );
    sound("beat.wav", 24_000, &sounds);
}

#[test]
fn a_loop_with_an_envelope_sounds_as_it_did() {
    let sounds = half_a_second(
        r#"sampler("pad", { samples = "tone.wav", playStyle = "LOOP", speed = 0.73, regionStart = 0.1, regionEnd = 0.62, attackMs = 30, decayMs = 60, sustain = 0.6, releaseMs = 80, pan = 0.3 })
        audioMixer("mix", { volume = 0.8 }) connect("pad", "mix", { volume = 0.9 }) sequencer("seq", { pattern = "beat", to = "pad" })
        pattern("beat", { steps = 8, rows = { { index = 1, length = 3 }, [5] = { index = 1, note = 55, length = 1 } } })"#,
    );
    sound("loop.wav", 24_000, &sounds);
}

#[test]
fn grains_and_sinc_sound_as_they_did() {
    let sounds = half_a_second(
        r#"sampler("grain", { samples = "tone.wav", playStyle = "GRAIN", grainSize = 0.021, position = 0.2, interpolation = "SINC", speed = 1.37, polyphonyMode = "MONO" })
        sequencer("seq", { pattern = "beat", to = "grain" }) pattern("beat", { steps = 8, rows = { 1, [4] = { index = 1, position = 0.5, speed = -0.8 } } })"#,
    );
    sound("grain.wav", 24_000, &sounds);
}

#[test]
fn a_song_is_written_as_it_was() {
    let rig = Rig::with(crate::lua::SONG);
    text("song.lua", &mirror(&rig.session()));
    // Identities differ from run to run; everything else is the same bytes.
    let json: serde_json::Value = serde_json::from_str(&rig.session().to_json()).expect("JSON");
    fn plain(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(map) => {
                map.remove("uid");
                map.remove("folders");
                map.values_mut().for_each(plain);
            }
            serde_json::Value::Array(list) => list.iter_mut().for_each(plain),
            _ => {}
        }
    }
    let mut json = json;
    plain(&mut json);
    text("song.json", &(serde_json::to_string_pretty(&json).expect("text") + "\n"));
}
