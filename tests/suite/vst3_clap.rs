//! One sound, whatever the format: the same session in VST3 and in CLAP, sample by sample.
//!
//! proves: H5 H12

use std::path::Path;

use tracklight::plugin::headless::{Act, Headless, Settings};
use tracklight_host::{BlockSizes, Source, Timeline};

use super::vst3_host::{Block, EFFECT, Given, INSTRUMENT, Instance, MULTI, playing_at};

const RATE: f64 = 48_000.0;
const MOST: usize = 512;

/// Plain: constant tempo, no automation; but rows of every kind, a chain, a mixer, chance and resampling.
const PLAIN: &str = r#"
seed(7)
sampler("kick", { samples = { "kick.wav" }, volume = 0.9 })
sampler("tone", { samples = { "tone.wav" }, volume = 0.4, pan = 0.3, attackMs = 3, releaseMs = 80 })
pattern("four", 16):set(1, { index = 1 }):set(5, { index = 1 }):set(9, { index = 1, volume = 0.6 }):set(15, { index = 1, chance = 40 })
pattern("break", 16):set(1, { index = 1 }):set(4, { index = 1, ratio = "1:2" }):set(11, { index = 1, speed = 0.7 })
pattern("tune", 16):set(1, { index = 1, length = 4 }):set(6, { index = 1, speed = 1.5 }):set(12, "-")
chain("song", { { "four", 1 }, { "break", 1 } })
sequencer("drums", { chain = "song", to = "kick" })
sequencer("lead", { pattern = "tune", to = "tone" })
audioMixer("kit", { masterVolume = 0.8 })
connect("kick", "kit")  connect("kit", "masterAudioOut")
"#;

fn write_sample(path: &Path, step: f64, frames: u32) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(path, spec).unwrap();
    for frame in 0..frames {
        let fade = 1.0 - f64::from(frame) / f64::from(frames);
        wav.write_sample((20_000.0 * fade * (step * f64::from(frame)).cos()) as i16).unwrap();
    }
    wav.finalize().unwrap();
}

/// The session of a script whose samples lie in `folder`.
pub fn session(folder: &Path, script: &str) -> String {
    write_sample(&folder.join("kick.wav"), 0.01, 9_000);
    write_sample(&folder.join("tone.wav"), 0.0576, 40_000);
    let (lua, json) = (folder.join("plain.lua"), folder.join("session.json"));
    std::fs::write(&lua, script).unwrap();
    let mut program = Headless::start(Settings::default(), |_| ()).unwrap();
    program.act(&Act::Script(lua)).unwrap();
    program.act(&Act::Save(json.clone())).unwrap();
    std::fs::read_to_string(json).unwrap()
}

/// A VST3 instance holding the session, with *Exact render* on, and its state.
pub fn loaded(class: &[u8; 16], session: &str) -> (Instance, Vec<u8>) {
    let mut instance = Instance::open(class);
    let mut state: serde_json::Value = serde_json::from_slice(&instance.save()).unwrap();
    state["fields"]["session"] = session.into();
    state["params"]["exact"]["bool"] = true.into();
    assert_eq!(instance.load(state.to_string().as_bytes()), 0);
    instance.start(RATE, MOST);
    let saved = instance.save();
    (instance, saved)
}

/// Main out, both channels one after the other in each block, in blocks of random length; likewise for CLAP below.
fn vst3_sound(instance: &Instance, frames: usize, tempo: f64, seed: u64) -> [Vec<f32>; 2] {
    let (ins, outs) = instance.buses();
    let (ins, outs) = (vec![Given::Stereo; ins], vec![Given::Stereo; outs]);
    let mut sound = [vec![], vec![]];
    let mut sizes = BlockSizes::random(MOST, seed);
    while sound[0].len() < frames {
        let done = sound[0].len();
        let count = sizes.next().unwrap().min(frames - done);
        let context = playing_at(done as f64 * tempo / (60.0 * RATE), done as i64, tempo, RATE);
        let heard = instance.process(&Block { context: Some(context), ..Block::new(count, &ins, &outs) }, |_, _| 0.0);
        assert_eq!(heard.answer, 0);
        sound.iter_mut().zip(&heard.buses[0]).for_each(|(all, new)| all.extend_from_slice(new));
    }
    sound
}

fn clap_sound(id: &str, state: &[u8], frames: usize, tempo: f64, seed: u64) -> ([Vec<f32>; 2], Vec<u8>) {
    let mut instance = tracklight_host::Instance::open(&Source::Static(&tracklight::clap_entry), id).unwrap();
    // CLAP states of the framework are the same text after its length.
    let bytes = [&(state.len() as u64).to_le_bytes()[..], state].concat();
    let opening = crate::host_rig::opening();
    instance.load_state(&bytes).unwrap();
    instance.set_offline(true).unwrap();
    instance.activate(RATE, 1, MOST as u32).unwrap();
    drop(opening);
    instance.start_processing().unwrap();
    let mut timeline = Timeline::new(RATE, tempo);
    timeline.play();
    let mut block = tracklight_host::Block::new(instance.layout(), MOST);
    let mut sound = [vec![], vec![]];
    let mut sizes = BlockSizes::random(MOST, seed);
    while sound[0].len() < frames {
        let count = sizes.next().unwrap().min(frames - sound[0].len());
        block.begin(count);
        block.transport = Some(timeline.advance(count));
        instance.process(&mut block).unwrap();
        sound.iter_mut().enumerate().for_each(|(channel, all)| all.extend_from_slice(block.output(0, channel)));
    }
    instance.stop().unwrap();
    instance.deactivate().unwrap();
    (sound, instance.save_state().unwrap()[8..].to_vec())
}

fn apart(a: &[Vec<f32>; 2], b: &[Vec<f32>; 2]) -> f32 {
    a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn vst3_and_clap_sound_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path(), PLAIN);
    for tempo in [120.0, 133.7] {
        let frames = (4.0 * 4.0 * 60.0 * RATE / tempo) as usize;
        for (class, id) in [
            (EFFECT, "org.tracklight.tracklight"),
            (INSTRUMENT, "org.tracklight.instrument"),
            (MULTI, "org.tracklight.tracklight"),
        ] {
            let (instance, state) = loaded(class, &session);
            let vst3 = vst3_sound(&instance, frames, tempo, 3);
            let (clap, _) = clap_sound(id, &state, frames, tempo, 11);
            let loudest = clap.iter().flatten().fold(0.0_f32, |most, sample| most.max(sample.abs()));
            assert!(loudest > 0.2, "{id} at {tempo}: {loudest}");
            let apart = apart(&vst3, &clap);
            println!("{id} at {tempo} bpm: {frames} frames, apart by at most {apart:e}");
            assert!(apart <= 1e-6, "{id} at {tempo}: apart by {apart}");
        }
    }
}

#[test]
fn a_state_saved_by_one_format_is_the_other_formats_state() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path(), PLAIN);
    let (_, state) = loaded(EFFECT, &session);
    let held: serde_json::Value = serde_json::from_slice(&state).unwrap();
    assert_eq!(held["fields"]["session"], session, "the session comes back byte by byte");
    let (_, saved) = clap_sound("org.tracklight.tracklight", &state, MOST, 120.0, 1);
    assert_eq!(String::from_utf8(saved).unwrap(), String::from_utf8(state).unwrap());
}
