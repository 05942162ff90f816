//! What the house costs around the kernels: an empty block, a parameter command, and the whole sampler with 1000
//! looping voices beside scsynth. Thread: main; every station is ticked here.
//!
//! `cargo bench --bench house` prints three figures; with scsynth on the machine, the last one as a ratio of user CPU time.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use tracklight::audio::{HostParams, HostTransport, Io, Processor};
use tracklight::bus::{Pace, Remote, Station, wire};
use tracklight::engine::Engine;
use tracklight::media::Worker;
use tracklight::model::{
    Ask, Batch, Command, ConnKind, Hit, Loading, ModuleKind, Name, Origin, Param, Path as Place, Sample, Shot, Uid,
};

#[path = "voices/scsynth.rs"]
mod scsynth;

const RATE: u32 = 48_000;
const SECONDS: u32 = 60;
const GROUPS: usize = 4;
const PER_GROUP: usize = 250;
const LEVEL: f32 = 0.01;

type Failure = Box<dyn std::error::Error>;

/// An instance driven by hand.
struct House {
    processor: Processor,
    engine: Engine,
    worker: Worker,
    remote: Remote,
}

impl House {
    fn new() -> Self {
        let wires = wire();
        let remote = wires.remote.clone();
        let mut processor = Processor::new(wires.audio);
        processor.prepare(f64::from(RATE), 4096, false);
        remote.gate.processing.store(true, std::sync::atomic::Ordering::Release);
        let [ends, _] = wires.media;
        let mut house = Self { processor, engine: Engine::new(wires.engine), worker: Worker::new(ends), remote };
        house.settle();
        house
    }

    #[allow(clippy::disallowed_methods, reason = "a bench drives the stations with the real clock")]
    fn settle(&mut self) {
        for _ in 0..64 {
            let paces = [self.engine.tick(Instant::now()), self.worker.tick(Instant::now())];
            if !paces.contains(&Pace::Now) {
                break;
            }
        }
    }

    fn ask(&mut self, commands: Vec<Command>) -> Result<(), Failure> {
        self.remote
            .asks
            .send(Ask::Batch(Batch::now(Origin::Gui, "bench", commands)))
            .map_err(|_| "the queue is full")?;
        self.settle();
        Ok(())
    }

    fn process(&mut self, l: &mut [f32], r: &mut [f32], input: &[f32]) {
        let mut io = Io { main_in: Some([input, input]), side_in: None, main_out: [l, r], aux: [const { None }; 8] };
        let transport =
            HostTransport { playing: false, tempo: Some(120.0), beat: Some(0.0), ..HostTransport::default() };
        black_box(self.processor.process(&mut io, Some(&transport), &HostParams::default(), &[]));
    }
}

/// Nanoseconds of one call, the best of ten rounds.
#[allow(clippy::disallowed_methods, reason = "a bench measures real time")]
fn nanos(mut act: impl FnMut()) -> f64 {
    const CALLS: u32 = 20_000;
    let round = |_| {
        let begin = Instant::now();
        (0..CALLS).for_each(|_| act());
        begin.elapsed().as_nanos() as f64 / f64::from(CALLS)
    };
    (0..10).map(round).fold(f64::INFINITY, f64::min)
}

fn empty_block() {
    let input = [0.1_f32; 64];
    let (mut l, mut r) = ([0.0; 64], [0.0; 64]);
    let bare = nanos(|| {
        let gain = black_box(0.5_f32);
        for (l, x) in l.iter_mut().zip(black_box(&input)) {
            *l = x * gain;
        }
        for (r, x) in r.iter_mut().zip(black_box(&input)) {
            *r = x * gain;
        }
        black_box((&l, &r));
    });
    let mut house = House::new();
    let ours = nanos(|| house.process(&mut l, &mut r, &input));
    println!("an empty session, 64 frames: {ours:.0} ns; a bare gain {bare:.0} ns; {:.0} ns over it", ours - bare);
}

#[allow(clippy::disallowed_methods, reason = "a bench measures real time")]
fn commands() -> Result<(), Failure> {
    let mut house = House::new();
    let kick = Name::new("kick")?;
    house.ask(vec![Command::AddModule { uid: Uid(1), kind: ModuleKind::MultiSampler, name: kick.clone() }])?;
    let path = Place::Param { module: kick, param: Param::VOLUME };
    let (mut l, mut r) = ([0.0; 64], [0.0; 64]);
    for size in [1_usize, 100] {
        const COMMANDS: usize = 1_000_000;
        let begin = Instant::now();
        let mut sent = 0;
        while sent < COMMANDS {
            // As many as the queue takes, then a tick and a block, as the threads would.
            for _ in 0..1000 {
                let sets = (0..size).map(|i| Command::Set(path.clone(), ((sent + i) % 100) as f64 / 100.0)).collect();
                if house.remote.asks.send(Ask::Batch(Batch::now(Origin::Callback, "bench", sets))).is_err() {
                    break;
                }
                sent += size;
            }
            house.settle();
            house.process(&mut l, &mut r, &[0.0; 64]);
        }
        let seconds = begin.elapsed().as_secs_f64();
        println!(
            "parameter commands in batches of {size}: {:.2} million a second through the engine",
            sent as f64 / seconds / 1e6
        );
    }
    Ok(())
}

/// User CPU seconds of this process and of the children it has waited for, to 10 ms.
fn user_cpu() -> Option<(f64, f64)> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
    Some((ticks(11)? / 100.0, ticks(13)? / 100.0))
}

fn write_clips(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut state = 1_u32;
    let mut paths = vec![];
    for group in 0..GROUPS {
        let path = directory.join(format!("clip{group}.wav"));
        let mut wav = hound::WavWriter::create(&path, spec)?;
        let mut y = 0.0_f32;
        for _ in 0..38_400 + 4_801 * group {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            y += 0.1 * (state as f32 / u32::MAX as f32 - 0.5 - y);
            wav.write_sample(y)?;
        }
        wav.finalize()?;
        paths.push(path);
    }
    Ok(paths)
}

/// Speed and pan of a voice: speeds spread evenly over 0.7 to 1.4, none whole.
fn voice(index: usize) -> (f64, f64) {
    (0.7 + 0.7 * (index as f64 * 0.618_033_988_749_895).fract(), (index % 21) as f64 / 10.0 - 1.0)
}

/// User CPU seconds of the whole plug-in's audio side with 1000 voices that were triggered as a script does.
fn whole_sampler(paths: &[PathBuf], block: usize) -> Result<f64, Failure> {
    let mut house = House::new();
    let mut commands = vec![];
    for (group, path) in paths.iter().enumerate() {
        let name = Name::new(&format!("s{group}"))?;
        let set = |param, value| Command::Set(Place::Param { module: name.clone(), param }, value);
        let sample =
            Sample { name: "clip".into(), path: path.to_string_lossy().into_owned(), params: Default::default() };
        commands.push(Command::AddModule {
            uid: Uid(100 + group as u64),
            kind: ModuleKind::MultiSampler,
            name: name.clone(),
        });
        commands.push(Command::SetSamples(name.clone(), vec![sample]));
        commands.extend([
            set(Param::PLAY_STYLE, 1.0),
            set(Param::VOICES, PER_GROUP as f64),
            set(Param::VOLUME, f64::from(LEVEL)),
        ]);
        commands.push(Command::Connect(name.clone(), Name::new("masterAudioOut")?, ConnKind::Audio));
    }
    house.ask(commands)?;
    while !house.remote.now().media.values().all(|state| matches!(state, Loading::Ready { .. })) {
        house.settle();
    }
    let (mut l, mut r) = (vec![0.0; block], vec![0.0; block]);
    let silence = vec![0.0; block];
    for group in 0..GROUPS {
        let shots = (0..PER_GROUP).map(|i| {
            let (speed, pan) = voice(group * PER_GROUP + i);
            let params = [(Param::SPEED, speed), (Param::PAN, pan)].into_iter().collect();
            let hit = Hit { params, ..Hit::default() };
            Ok(Command::Trigger(Shot {
                module: Name::new(&format!("s{group}"))?,
                hit,
                gate: None,
                at: None,
                jump: None,
            }))
        });
        let shots = shots.collect::<Result<Vec<_>, Failure>>()?;
        house.ask(shots)?;
        house.process(&mut l, &mut r, &silence);
    }
    let sounding = house.remote.meters.voices.load(std::sync::atomic::Ordering::Relaxed);
    if sounding as usize != GROUPS * PER_GROUP {
        return Err(format!("{sounding} voices sound, not {}", GROUPS * PER_GROUP).into());
    }
    let (before, _) = user_cpu().ok_or("no CPU times")?;
    for _ in 0..(RATE * SECONDS) as usize / block {
        house.process(&mut l, &mut r, &silence);
    }
    Ok(user_cpu().ok_or("no CPU times")?.0 - before)
}

fn compare(directory: &Path) -> Result<(), Failure> {
    let paths = write_clips(directory)?;
    let synths: Vec<scsynth::Synth> = (0..GROUPS * PER_GROUP)
        .map(|index| {
            let (speed, pan) = voice(index);
            scsynth::Synth { buffer: index / PER_GROUP, rate: speed as f32, pan: pan as f32, level: LEVEL }
        })
        .collect();
    let score = directory.join("score.osc");
    let borrowed: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    std::fs::write(&score, scsynth::score(&borrowed, &synths, SECONDS)?)?;
    for block in [64, 512] {
        let (_, before) = user_cpu().ok_or("no CPU times")?;
        let peer = scsynth::render(&score, &directory.join("out.wav"), block);
        let (_, after) = user_cpu().ok_or("no CPU times")?;
        let ours = whole_sampler(&paths, block)?;
        print!("the whole sampler, 1000 looping voices, {SECONDS} s, block {block}: {ours:.2} s of CPU");
        match peer {
            Some(()) => println!("; scsynth {:.2} s, ratio {:.2}", after - before, (after - before) / ours),
            None => println!("; no scsynth to compare with"),
        }
    }
    Ok(())
}

fn main() -> Result<(), Failure> {
    // `cargo test --benches` only asks whether it runs.
    if std::env::args().any(|arg| arg == "--test") {
        return Ok(());
    }
    empty_block();
    commands()?;
    let directory = std::env::temp_dir().join(format!("tracklight-house-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let done = compare(&directory);
    // It is the temporary directory: what stays behind does no harm.
    let _ = std::fs::remove_dir_all(&directory);
    done
}
