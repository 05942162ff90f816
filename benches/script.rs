//! What Lua costs: from the key press to the sound, callbacks of the clock in real time, and a call of `setParam`.
//! Thread: main, which is the audio thread of the instance too; its rooms run on their own threads.
//!
//! `cargo bench --bench script` prints the figures. The audio thread here has no real-time priority: figures of a busy
//! machine say more about the machine.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracklight::audio::{HostParams, Io, Processor};
use tracklight::bus::{Pace, Remote, Station, station::Waker, wire};
use tracklight::engine::Engine;
use tracklight::media::Library;
use tracklight::model::{Batch, Command, EvalOutcome, Event, Origin, When};
use tracklight::plugin::rooms::Rooms;
use tracklight::script::Script;
use tracklight::script::vm::Limits;

type Failure = Box<dyn Error>;

const RATE: f64 = 48_000.0;
const BLOCK: usize = 64;
/// Key presses measured.
const PRESSES: usize = 200;
/// Callbacks of `every` measured.
const CALLBACKS: usize = 20_000;
/// Timers that fall on the same beats.
const TIMERS: usize = 16;

/// An instance with its threads, and audio in real time at blocks of 64.
struct Live {
    _rooms: Rooms,
    remote: Remote,
    processor: Processor,
    start: Instant,
    blocks: u64,
    /// When the newest block was begun.
    made: Instant,
}

/// Milliseconds, sorted.
struct Times(Vec<f64>);

impl Times {
    fn of(mut all: Vec<f64>) -> Self {
        all.sort_by(f64::total_cmp);
        Self(all)
    }

    fn part(&self, share: f64) -> f64 {
        self.0.get(((self.0.len().saturating_sub(1)) as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
    }
}

#[allow(clippy::disallowed_methods, reason = "a bench measures real time")]
fn now() -> Instant {
    Instant::now()
}

impl Live {
    fn new(folder: &Path) -> Result<Self, Failure> {
        let rooms = Rooms::default();
        let remote = rooms.start().clone();
        let mut processor = Processor::new(rooms.take_audio().ok_or("no audio ends")?);
        processor.prepare(RATE, BLOCK, false);
        rooms.processing(true, false);
        let folders = vec![folder.to_string_lossy().into_owned()];
        let batch = Batch::now(Origin::Host, "folders", vec![Command::SetFolders(folders)]);
        remote.asks.batch(batch).map_err(|_| "the queue is full")?;
        Ok(Self { _rooms: rooms, remote, processor, start: now(), blocks: 0, made: now() })
    }

    /// Wait for the time of the next block and make it; the left output.
    fn block(&mut self) -> [f32; BLOCK] {
        let due = self.start + Duration::from_secs_f64(self.blocks as f64 * BLOCK as f64 / RATE);
        if let Some(early) = due.checked_duration_since(now()) {
            #[allow(clippy::disallowed_methods, reason = "a sound card would wait here")]
            std::thread::sleep(early);
        }
        self.blocks += 1;
        self.made = now();
        let (mut left, mut right) = ([0.0; BLOCK], [0.0; BLOCK]);
        let mut io = Io { main_in: None, side_in: None, main_out: [&mut left, &mut right], aux: [const { None }; 8] };
        self.processor.process(&mut io, None, &HostParams::default(), &[]);
        left
    }

    /// Run a chunk while audio plays on, until its result is there.
    fn eval(&mut self, text: &str) -> Result<(), Failure> {
        let id = self.remote.calls.eval("bench", 1, text, When::Now, false).map_err(|_| "the queue is full")?;
        for _ in 0..10_000 {
            self.block();
            if let Some(result) = self.remote.now().eval(id) {
                return match &result.outcome {
                    EvalOutcome::Done { .. } => Ok(()),
                    EvalOutcome::Failed { line, message } => Err(format!("line {line:?}: {message}").into()),
                };
            }
        }
        Err("the script does not answer".into())
    }
}

/// Nanoseconds that the threads of this process whose name begins so were on a processor.
fn thread_nanos(name: &str) -> u64 {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return 0 };
    let of = |path: std::path::PathBuf| -> Option<u64> {
        let comm = std::fs::read_to_string(path.join("comm")).ok()?;
        let stat = std::fs::read_to_string(path.join("schedstat")).ok()?;
        comm.starts_with(name).then(|| stat.split_whitespace().next()?.parse().ok()).flatten()
    };
    tasks.flatten().filter_map(|task| of(task.path())).sum()
}

/// 200 lines that make a drum machine; only the last one says something new each time.
fn long_script(volume: f64) -> String {
    let mut lines = vec![r#"sampler("tone", { samples = { "tone.wav" }, playStyle = "LOOP" })"#.to_owned()];
    for n in 0..20 {
        lines.push(format!(r#"sampler("s{n}", {{ samples = {{ "click.wav" }}, volume = 0.5 }})"#));
        lines.push(format!(r#"pattern("p{n}", 16)"#));
        lines.extend((0..6).map(|row| format!(r#"  :set({}, {{ index = 1, volume = 0.{} }})"#, row * 2 + 1, row + 1)));
        lines.push(format!(r#"sequencer("q{n}", {{ pattern = "p{n}", to = "s{n}" }})"#));
    }
    while lines.len() < 199 {
        lines.push("-- a line that people write and the machine reads".to_owned());
    }
    lines.push(format!(r#"setParam("tone", "volume", {volume})"#));
    lines.join("\n")
}

/// From the key press (the chunk is sent) to the first frame of the new value.
fn press_to_sound(folder: &Path) -> Result<(), Failure> {
    let mut live = Live::new(folder)?;
    live.eval(&long_script(0.5))?;
    for _ in 0..200 {
        live.block();
    }
    live.eval(r#"trigger("tone")"#)?;
    for _ in 0..400 {
        live.block();
    }
    let threads = ["tracklight scri", "tracklight engi"];
    let before = threads.map(thread_nanos);
    let mut times = vec![];
    for press in 0..PRESSES {
        let text = long_script(if press % 2 == 0 { 0.25 } else { 0.5 });
        let held = live.block()[BLOCK - 1];
        let pressed = now();
        let id = live.remote.calls.eval("bench", 1, &text, When::Now, false).map_err(|_| "the queue is full")?;
        let frames = loop {
            let sound = live.block();
            if let Some(frame) = sound.iter().position(|sample| (sample - held).abs() > 1e-6) {
                // The block sounds one block after it was made, as with every sound card; that is not counted.
                break live.made.duration_since(pressed).as_secs_f64() * 1e3 + frame as f64 / RATE * 1e3;
            }
            if pressed.elapsed() > Duration::from_secs(2) {
                let told = live.remote.now().eval(id).cloned();
                return Err(format!("nothing is heard of press {press}: {told:?}").into());
            }
        };
        times.push(frames);
        // The next press comes at any place in a block's time, after the value has settled.
        for _ in 0..40 + press % 7 {
            live.block();
        }
    }
    let cpu: Vec<f64> = threads
        .iter()
        .zip(before)
        .map(|(name, old)| (thread_nanos(name) - old) as f64 / 1e6 / PRESSES as f64)
        .collect();
    let times = Times::of(times);
    println!(
        "a 200-line script that changes one value, block {BLOCK}: key press to sound {:.2} ms median, {:.2} ms 99%, {:.2} ms at most ({PRESSES} presses); CPU {:.2} ms script and {:.2} ms engine each",
        times.part(0.5),
        times.part(0.99),
        times.part(1.0),
        cpu[0],
        cpu[1]
    );
    Ok(())
}

/// How far from their frames the hits of `every` sound, and how late the callbacks ran.
fn callbacks_in_time(folder: &Path) -> Result<(), Failure> {
    let mut live = Live::new(folder)?;
    let told = live.remote.events.subscribe(1 << 17, &Waker::default());
    live.eval(&format!(
        r#"sampler("hat", {{ samples = {{ "click.wav" }}, voices = 8 }}) clock:setBPM(480)
        for timer = 1, {TIMERS} do clock:every(1/16, function() trigger("hat") end) end"#
    ))?;
    for _ in 0..400 {
        live.block();
    }
    let (begun, before) = (now(), thread_nanos("tracklight scri"));
    live.eval("clock:start()")?;
    let mut beats: Vec<f64> = vec![];
    while beats.len() < CALLBACKS && begun.elapsed() < Duration::from_secs(60) {
        live.block();
        while let Some(event) = told.next() {
            if let Event::Triggered(record) = event {
                beats.push(record.beat);
            }
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let cpu = (thread_nanos("tracklight scri") - before) as f64 / 1e9;
    let beat_ms = 60_000.0 / 480.0;
    // What sounds on the frame of its beat is at most half a frame from it.
    let frame_ms = 1e3 / RATE;
    let late = |(n, beat): (usize, &f64)| {
        let off = (beat - (n / TIMERS) as f64 / 16.0) * beat_ms;
        if off.abs() <= frame_ms * 0.51 { 0.0 } else { off }
    };
    let late = Times::of(beats.iter().take(CALLBACKS).enumerate().map(late).collect());
    println!(
        "{} events of clock:every in {seconds:.1} s: off their frames {:.2} ms median, {:.2} ms 99%, {:.2} ms 99.9%, {:.2} ms at most; {:.0} us of CPU each",
        late.0.len(),
        late.part(0.5),
        late.part(0.99),
        late.part(0.999),
        late.part(1.0),
        cpu * 1e6 / late.0.len() as f64
    );
    println!("  the plug-in itself counts: {}", live.remote.meters.timing());
    if late.0.len() < CALLBACKS { Err("not all events came".into()) } else { Ok(()) }
}

/// Nanoseconds of one call in a Lua loop, the best of five rounds; `run` runs a chunk.
fn nanos_per_call(calls: u32, mut run: impl FnMut() -> Result<(), Failure>) -> Result<f64, Failure> {
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let begin = now();
        run()?;
        best = best.min(begin.elapsed().as_nanos() as f64 / f64::from(calls));
    }
    Ok(best)
}

/// A call of `setParam` beside a call of a function of `mlua` that does nothing with the same arguments.
fn call_overhead() -> Result<(), Failure> {
    const CALLS: u32 = 100_000;
    let lua = mlua::Lua::new();
    let lua_error = |e: mlua::Error| -> Failure { e.to_string().into() };
    let empty = lua.create_function(|_, _: (mlua::LuaString, mlua::LuaString, f64)| Ok(())).map_err(lua_error)?;
    lua.globals().set("setParam", empty).map_err(lua_error)?;
    let chunk = |value: &str| format!(r#"for i = 1, {CALLS} do setParam("kick", "volume", {value}) end"#);
    let text = chunk("i / 100000");
    let bare = nanos_per_call(CALLS, || lua.load(text.as_str()).exec().map_err(lua_error))?;

    let wires = wire();
    let remote = wires.remote.clone();
    let mut engine = Engine::new(wires.engine);
    let mut script = Script::new(wires.script, Arc::new(Library), now);
    script.set_limits(Limits { eval: Duration::from_secs(60), callback: Duration::from_secs(1) });
    let mut run = |text: &str| -> Result<(), Failure> {
        let id = remote.calls.eval("bench", 1, text, When::Now, false).map_err(|_| "the queue is full")?;
        while script.tick(now()) == Pace::Now {}
        while remote.now().eval(id).is_none() {
            engine.tick(now());
        }
        match remote.now().eval(id).map(|result| result.outcome.clone()) {
            Some(EvalOutcome::Done { .. }) => Ok(()),
            other => Err(format!("{other:?}").into()),
        }
    };
    run(r#"sampler("kick")"#)?;
    let same = nanos_per_call(CALLS, || run(&chunk("0.5")))?;
    let ours = nanos_per_call(CALLS, || run(&text))?;
    println!(
        "setParam: {ours:.0} ns a call with a new value each time (through the engine), {same:.0} ns with the same one; an empty mlua function {bare:.0} ns; ratio {:.1} and {:.1}",
        ours / bare,
        same / bare
    );
    Ok(())
}

fn write_clip(path: &Path, clip: &[f32]) -> Result<(), Failure> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE as u32,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut wav = hound::WavWriter::create(path, spec)?;
    for sample in clip {
        wav.write_sample(*sample)?;
    }
    Ok(wav.finalize()?)
}

fn main() -> Result<(), Failure> {
    // `cargo test --benches` only asks whether it runs.
    if std::env::args().any(|arg| arg == "--test") {
        return Ok(());
    }
    call_overhead()?;
    let folder = std::env::temp_dir().join(format!("tracklight-script-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let done = write_clip(&folder.join("click.wav"), &[1.0, 0.0, 0.0, 0.0])
        .and_then(|()| write_clip(&folder.join("tone.wav"), &vec![0.5; 48_000]))
        .and_then(|()| press_to_sound(&folder))
        .and_then(|()| callbacks_in_time(&folder));
    // It is the temporary directory: what stays behind does no harm.
    let _ = std::fs::remove_dir_all(&folder);
    done
}
