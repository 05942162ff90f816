//! Makes the sounds of `examples/media` out of sums of sines and noise: `cargo run -p tracklight_host --bin make_media`.
//! The same program always makes the same files. One thread.

use std::f64::consts::TAU;
use std::path::Path;

/// In Hz; half of what DAWs use keeps the longer sounds small.
const RATE: u32 = 44_100;
const LOOP_RATE: u32 = 22_050;

fn main() -> Result<(), String> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "examples/media".into());
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    write(folder, "kick", RATE, 0.42, 0.95, kick())?;
    write(folder, "snare", RATE, 0.24, 0.8, snare())?;
    write(folder, "hat", RATE, 0.07, 0.6, hat(0.018))?;
    write(folder, "hat_open", RATE, 0.32, 0.6, hat(0.09))?;
    write(folder, "bell", LOOP_RATE, 1.5, 0.7, bell())?;
    write(folder, "pad", LOOP_RATE, 2.0, 0.6, pad())
}

/// Noise without a seed from outside: a linear congruential sequence, the upper bits of it.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / f64::from(1_u32 << 30) - 1.0
    }
}

/// A sine that falls from 190 Hz to 48 Hz, with a click of noise in front.
fn kick() -> impl FnMut(f64) -> f64 {
    let (mut phase, mut noise) = (0.0, Noise(1));
    move |time| {
        let pitch = 48.0 + 142.0 * (-time / 0.028).exp();
        phase += pitch / f64::from(RATE);
        let body = (phase * TAU).sin() * (-time / 0.13).exp();
        let click = noise.next() * (-time / 0.0015).exp();
        (1.6 * (body + 0.25 * click)).tanh()
    }
}

/// Two tones of a drum skin and the rattle of the wires.
fn snare() -> impl FnMut(f64) -> f64 {
    let (mut noise, mut low) = (Noise(2), 0.0);
    move |time| {
        let white = noise.next();
        low += 0.22 * (white - low);
        let skin = (TAU * 186.0 * time).sin() + 0.6 * (TAU * 332.0 * time).sin();
        let body = 0.5 * skin * (-time / 0.035).exp();
        body + 0.9 * (white - low) * (-time / 0.065).exp()
    }
}

/// Six squares that do not fit one another, and noise, without what is low.
fn hat(decay: f64) -> impl FnMut(f64) -> f64 {
    let (mut noise, mut before, mut smooth) = (Noise(3), 0.0, 0.0);
    move |time| {
        let metal: f64 = [3_137.0, 4_211.0, 5_333.0, 6_719.0, 7_919.0, 9_377.0]
            .iter()
            .map(|pitch| (TAU * pitch * time).sin().signum() / 6.0)
            .sum();
        let raw = metal + 0.7 * noise.next();
        smooth = 0.72 * (smooth + raw - before);
        before = raw;
        smooth * (-time / decay).exp()
    }
}

/// A frequency-modulated bell on A4.
fn bell() -> impl FnMut(f64) -> f64 {
    |time| {
        let strike = (TAU * 440.0 * 3.5 * time).sin() * 2.2 * (-time / 0.22).exp();
        let over = 0.25 * (TAU * 1_320.6 * time).sin() * (-time / 0.3).exp();
        ((TAU * 440.0 * time + strike).sin() + over) * (-time / 0.42).exp()
    }
}

/// Two seconds of A minor 9 that close upon themselves: every pitch makes whole turns in two seconds.
fn pad() -> impl FnMut(f64) -> f64 {
    |time| {
        let voices = [(110.0, 0.9), (164.5, 0.7), (220.0, 0.8), (261.5, 0.6), (329.5, 0.5), (493.5, 0.35)];
        let sum: f64 = voices
            .iter()
            .enumerate()
            .map(|(place, (pitch, level))| {
                let swell = 1.0 + 0.35 * (TAU * (0.5 * time + place as f64 / 6.0)).sin();
                let tone = (TAU * pitch * time).sin() + 0.35 * (TAU * (2.0 * pitch + 0.5) * time).sin();
                level * swell * tone
            })
            .sum();
        sum / 4.0
    }
}

/// 16 bit, mono, as loud as `peak`; all but loops end in silence.
fn write(
    folder: &Path,
    name: &str,
    rate: u32,
    seconds: f64,
    peak: f64,
    mut sound: impl FnMut(f64) -> f64,
) -> Result<(), String> {
    let frames = (seconds * f64::from(rate)).round() as usize;
    let mut samples: Vec<f64> = (0..frames).map(|frame| sound(frame as f64 / f64::from(rate))).collect();
    if name != "pad" {
        let fade = frames / 8;
        for (place, sample) in samples.iter_mut().rev().take(fade).enumerate() {
            *sample *= place as f64 / fade as f64;
        }
    }
    let loudest = samples.iter().fold(0.0_f64, |most, sample| most.max(sample.abs())).max(1e-9);
    let path = folder.join(format!("{name}.wav"));
    let text = |error: hound::Error| format!("{}: {error}", path.display());
    let spec =
        hound::WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut writer = hound::WavWriter::create(&path, spec).map_err(text)?;
    for sample in samples {
        writer.write_sample((sample / loudest * peak * f64::from(i16::MAX)).round() as i16).map_err(text)?;
    }
    writer.finalize().map_err(text)
}
