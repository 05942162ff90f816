//! How many looping voices a core carries, beside SuperCollider's server doing the same. Thread: main.
//!
//! `cargo bench --bench voices` prints the time per voice and frame of each kernel, then renders 1000 looping mono voices
//! (four groups of 250, cubic, constant pan, speeds 0.7 to 1.4) for 60 s at 48 kHz at blocks of 64 and 512, here and in
//! scsynth, with the user CPU time of both, their ratio, and how far apart the two sounds are. With a filter that
//! names no kernel (`-- comparison`) only this second part runs.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput};
use tracklight::audio::kernel::{Clip, Edge, Gain, Kernels, ONE_FRAME, Playhead, Run, SincTables, Step};

#[path = "voices/scsynth.rs"]
mod scsynth;

const RATE: u32 = 48_000;
const SECONDS: u32 = 60;
const VOICES: usize = 1000;
const GROUPS: usize = 4;
const LEVEL: f32 = 0.01;

/// A voice as the sampler will have it: a clip, where it is, and its gains.
struct Voice {
    group: usize,
    head: Playhead,
    speed: f64,
    pan: f32,
    l: f32,
    r: f32,
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    kernels(&mut criterion);
    criterion.final_summary();
    // `cargo test --benches` only asks whether it runs.
    if !std::env::args().any(|arg| arg == "--test") {
        compare();
    }
}

/// Noise through a one-pole filter, a different length each: 0.8 to 1.1 s.
fn clips() -> Vec<Vec<f32>> {
    let mut state = 1_u32;
    (0..GROUPS)
        .map(|group| {
            let mut y = 0.0_f32;
            (0..38_400 + 4_801 * group)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    y += 0.1 * (state as f32 / u32::MAX as f32 - 0.5 - y);
                    y
                })
                .collect()
        })
        .collect()
}

fn voices() -> Vec<Voice> {
    (0..VOICES)
        .map(|index| {
            // Golden-ratio steps: spread evenly over 0.7..1.4, none whole. What scsynth gets is the same f32.
            let spread = (index as f64 * 0.618_033_988_749_895).fract();
            let speed = f64::from((0.7 + 0.7 * spread) as f32);
            let pan = (index % 21) as f32 / 10.0 - 1.0;
            // Pan2's law, so that both sounds can be compared sample by sample.
            let (r, l) = (f64::from(pan + 1.0) * std::f64::consts::FRAC_PI_4).sin_cos();
            let (l, r) = (LEVEL * l as f32, LEVEL * r as f32);
            let head = Playhead::new(0, Step::new(speed, RATE, RATE));
            Voice { group: index * GROUPS / VOICES, head, speed, pan, l, r }
        })
        .collect()
}

/// Adds one block of a looping voice to the bus.
fn play(kernels: &Kernels, voice: &mut Voice, clip: &Clip<'_>, out_l: &mut [f32], out_r: &mut [f32]) {
    let gain = Gain::Constant { l: voice.l, r: voice.r };
    let (mut out_l, mut out_r) = (out_l, out_r);
    while !out_l.is_empty() {
        let frames = voice.head.run_length(clip.start(), clip.end(), out_l.len() as u32);
        let (l, later_l) = std::mem::take(&mut out_l).split_at_mut(frames as usize);
        let (r, later_r) = std::mem::take(&mut out_r).split_at_mut(frames as usize);
        let run = Run { clip: *clip, pos: voice.head.pos(), step: voice.head.step().fixed() };
        kernels.cubic(&run, &gain, l, r);
        voice.head.advance(frames);
        voice.head.wrap(clip.start(), clip.end());
        (out_l, out_r) = (later_l, later_r);
    }
}

/// Time per voice and frame of each kernel, one voice over blocks of 512 frames.
fn kernels(criterion: &mut Criterion) {
    const BLOCK: usize = 512;
    let samples = &clips()[0];
    let tables = SincTables::new();
    let mut group = criterion.benchmark_group("kernel");
    group.throughput(Throughput::Elements(BLOCK as u64)).sample_size(20);
    group.warm_up_time(std::time::Duration::from_millis(200));
    group.measurement_time(std::time::Duration::from_millis(500));
    let (mut l, mut r) = ([0.0; BLOCK], [0.0; BLOCK]);
    let shape = [0.5; BLOCK];
    for kernels in Kernels::available() {
        for (channels, right) in [("mono", None), ("stereo", Some(&samples[..]))] {
            let clip = Clip::new(samples, right, 0, samples.len() as u32, Edge::Wrap).expect("the region is the clip");
            for speed in [0.9, 1.3, 3.1] {
                let run = Run { clip, pos: 1000 * ONE_FRAME + 77, step: (speed * ONE_FRAME as f64) as i64 };
                let name = |what: &str| format!("{what} {channels} {} x{speed}", kernels.name());
                group.bench_function(name("cubic"), |bench| {
                    let gain = Gain::Constant { l: 0.5, r: 0.25 };
                    bench.iter(|| kernels.cubic(black_box(&run), &gain, &mut l, &mut r));
                });
                group.bench_function(name("cubic shaped"), |bench| {
                    let gain = Gain::Shaped { shape: &shape, l: 0.5, r: 0.25 };
                    bench.iter(|| kernels.cubic(black_box(&run), &gain, &mut l, &mut r));
                });
                group.bench_function(name("sinc"), |bench| {
                    let gain = Gain::Constant { l: 0.5, r: 0.25 };
                    bench.iter(|| kernels.sinc(&tables, black_box(&run), &gain, &mut l, &mut r));
                });
            }
        }
    }
    group.finish();
}

/// User CPU seconds of this process and of the children it has waited for, to 10 ms.
fn user_cpu() -> Option<(f64, f64)> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name in brackets may hold spaces; the fields after it do not. Linux counts in hundredths for programs.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
    Some((ticks(11)? / 100.0, ticks(13)? / 100.0))
}

/// Renders all voices; gives the user CPU seconds and the bus.
fn ours(kernels: &Kernels, clips: &[Vec<f32>], block: usize) -> Option<(f64, Vec<f32>, Vec<f32>)> {
    let frames = (RATE * SECONDS) as usize;
    let (mut l, mut r) = (vec![0.0; frames], vec![0.0; frames]);
    let mut voices = voices();
    let clips: Vec<Clip<'_>> = clips
        .iter()
        .map(|samples| Clip::new(samples, None, 0, samples.len() as u32, Edge::Wrap).ok())
        .collect::<Option<_>>()?;
    let (before, _) = user_cpu()?;
    for (l, r) in l.chunks_mut(block).zip(r.chunks_mut(block)) {
        for voice in &mut voices {
            play(kernels, voice, &clips[voice.group], l, r);
        }
    }
    let (after, _) = user_cpu()?;
    Some((after - before, l, r))
}

/// The comparison; says what is missing instead of failing.
fn compare() {
    let directory = std::env::temp_dir().join(format!("tracklight-voices-{}", std::process::id()));
    if let Err(error) = std::fs::create_dir_all(&directory) {
        eprintln!("no comparison: {} cannot be made ({error})", directory.display());
        return;
    }
    if let Err(error) = compare_in(&directory) {
        eprintln!("no comparison: {error}");
    }
    // It is the temporary directory: what stays behind does no harm.
    let _ = std::fs::remove_dir_all(&directory);
}

fn compare_in(directory: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let clips = clips();
    let paths: Vec<PathBuf> = (0..GROUPS).map(|group| directory.join(format!("clip{group}.wav"))).collect();
    for (samples, path) in clips.iter().zip(&paths) {
        write_clip(samples, path)?;
    }
    let synths: Vec<scsynth::Synth> = voices()
        .iter()
        .map(|v| scsynth::Synth { buffer: v.group, rate: v.speed as f32, pan: v.pan, level: LEVEL })
        .collect();
    let score = directory.join("score.osc");
    let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    std::fs::write(&score, scsynth::score(&paths, &synths, SECONDS)?)?;

    println!("{VOICES} looping mono voices, cubic, {SECONDS} s at {RATE} Hz; user CPU seconds");
    for block in [64, 512] {
        let output = directory.join("out.wav");
        let (_, before) = user_cpu().ok_or("no /proc/self/stat to read CPU times from")?;
        let peer = scsynth::render(&score, &output, block);
        let (_, after) = user_cpu().ok_or("no /proc/self/stat to read CPU times from")?;
        let peer = peer.map(|()| after - before);
        for kernels in Kernels::available() {
            let (seconds, l, r) = ours(&kernels, &clips, block).ok_or("our voices could not be made")?;
            print!("block {block:>3}: {:>6} {seconds:>6.2} s", kernels.name());
            if let Some(peer) = peer {
                print!(", scsynth {peer:.2} s, ratio {:.2}", peer / seconds);
                print!("; {}", same_sound(&l, &r, &output)?);
            }
            println!();
        }
    }
    Ok(())
}

fn write_clip(samples: &[f32], path: &Path) -> Result<(), hound::Error> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(path, spec)?;
    for &sample in samples {
        writer.write_sample(sample)?;
    }
    writer.finalize()
}

/// Whether both did the same work: our level over the first second, and that of the difference.
fn same_sound(l: &[f32], r: &[f32], peer: &Path) -> Result<String, hound::Error> {
    let mut reader = hound::WavReader::open(peer)?;
    let rendered = f64::from(reader.duration()) / f64::from(RATE);
    let theirs: Vec<f32> = reader.samples::<f32>().take(2 * RATE as usize).collect::<Result<_, _>>()?;
    let ours = || l.iter().zip(r).flat_map(|(&l, &r)| [l, r]).take(theirs.len());
    let level = |sum: f64| 10.0 * (sum / theirs.len() as f64).log10();
    let signal = level(ours().map(|y| f64::from(y).powi(2)).sum());
    let apart = level(ours().zip(&theirs).map(|(a, b)| f64::from(a - b).powi(2)).sum());
    Ok(format!("level {signal:.1} dB, apart {apart:.1} dB, {rendered:.1} s rendered"))
}
