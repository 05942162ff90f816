//! The whole plug-in on one thread: every station is ticked in turn by one loop, with one injected clock and no sleep.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracklight::audio::{HostParams, HostTransport, Io, Note, Processor};
use tracklight::bus::{EventReceiver, Pace, Remote, Station, ThreadClock, station::Waker, wire};
use tracklight::engine::Engine;
use tracklight::media::{Library, Worker};
use tracklight::model::{Ask, Batch, Command, EvalOutcome, Event, Origin, Session, Snapshot, TriggerRecord, When, Why};
use tracklight::script::vm::Limits;
use tracklight::script::{Scribe, Script};
use tracklight_host::Allocations;

/// What making a block costs by the wall clock and of CPU time, as a share of its length.
pub type Cost = fn(&Remote) -> (f64, f64);

thread_local! {
    /// The CPU clock of the audio thread, which here is the test's: it is what [`Rig::cost`] makes of it.
    static CPU_NANOS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Sound of a stretch: main out and the auxiliaries, planar.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sound {
    /// Left and right of the main output.
    pub main: [Vec<f32>; 2],
    /// Left and right of each auxiliary output.
    pub aux: [[Vec<f32>; 2]; 8],
}

/// The plug-in with everything in it, driven by hand.
pub struct Rig {
    processor: Processor,
    engine: Engine,
    script: Script,
    /// Writes the session into the text.
    pub scribe: Scribe,
    workers: Vec<Worker>,
    /// What the editor would hold.
    pub remote: Remote,
    events: EventReceiver,
    folder: tempfile::TempDir,
    start: Instant,
    /// Frames rendered.
    pub frame: u64,
    /// Frames per second.
    pub rate: f64,
    /// Block sizes are taken from here in turn.
    pub blocks: Vec<usize>,
    next_block: usize,
    /// The host's transport; `None` gives none.
    pub transport: Option<HostTransport>,
    /// The host's parameters.
    pub params: HostParams,
    /// Notes to come, by rendered frame, in order.
    pub notes: Vec<(u64, Note)>,
    /// Every trigger told so far.
    pub triggers: Vec<Arc<TriggerRecord>>,
    /// Everything else told so far.
    pub told: Vec<Event>,
    script_sleeps: bool,
    /// What making a block costs; `None` is not measured.
    pub cost: Option<Cost>,
}

impl Sound {
    /// Frames of the left main output that are not silent.
    pub fn onsets(&self) -> Vec<u64> {
        (0..self.main[0].len() as u64).filter(|&frame| self.main[0][frame as usize] != 0.0).collect()
    }

    /// The largest jump between two frames of the left main output.
    pub fn roughness(&self) -> f32 {
        self.main[0].windows(2).map(|two| (two[1] - two[0]).abs()).fold(0.0, f32::max)
    }

    /// Whether main and every auxiliary are silent.
    pub fn is_silent(&self) -> bool {
        self.main.iter().chain(self.aux.iter().flatten()).flatten().all(|sample| *sample == 0.0)
    }

    /// Put what follows behind it.
    pub fn join(&mut self, other: &Self) {
        for channel in 0..2 {
            self.main[channel].extend_from_slice(&other.main[channel]);
            for port in 0..8 {
                self.aux[port][channel].extend_from_slice(&other.aux[port][channel]);
            }
        }
    }
}

impl Rig {
    /// A rig at 48 kHz with blocks of 64 frames and no host transport (the internal clock leads).
    pub fn new() -> Self {
        Self::at(48_000.0)
    }

    /// A rig at another rate.
    pub fn at(rate: f64) -> Self {
        let wires = wire();
        let remote = wires.remote.clone();
        let events = remote.events.subscribe(1 << 16, &Waker::default());
        let mut processor = Processor::new(wires.audio);
        processor.prepare(rate, 4096, false);
        remote.gate.processing.store(true, std::sync::atomic::Ordering::Release);
        let folder = tempfile::tempdir().expect("a folder");
        let mut rig = Self {
            processor,
            engine: Engine::new(wires.engine),
            script: Script::new(wires.script, Arc::new(Library), Instant::now),
            scribe: Scribe::new(wires.scribe, Arc::new(Library), Instant::now),
            workers: wires.media.into_iter().map(Worker::new).collect(),
            remote,
            events,
            start: Instant::now(),
            frame: 0,
            rate,
            blocks: vec![64],
            next_block: 0,
            transport: None,
            params: HostParams::default(),
            notes: vec![],
            triggers: vec![],
            told: vec![],
            script_sleeps: false,
            cost: None,
            folder,
        };
        rig.engine.read_cpu_with(|_| Some(Duration::from_nanos(CPU_NANOS.with(std::cell::Cell::get))));
        let folders = vec![rig.folder.path().to_string_lossy().into_owned()];
        rig.ask(vec![Command::SetFolders(folders)]).expect("folders");
        rig
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Write a 32-bit float WAV at the rig's rate into its folder.
    pub fn sample(&self, name: &str, channels: &[Vec<f32>]) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        let spec = hound::WavSpec {
            channels: channels.len() as u16,
            sample_rate: self.rate as u32,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let mut wav = hound::WavWriter::create(path, spec).expect("a file");
        for frame in 0..channels[0].len() {
            channels.iter().for_each(|c| wav.write_sample(c[frame]).expect("written"));
        }
        wav.finalize().expect("whole");
    }

    /// One impulse of one frame, followed by silence of `frames - 1`.
    pub fn impulse(&self, name: &str, frames: usize) {
        let mut clip = vec![0.0; frames];
        clip[0] = 1.0;
        self.sample(name, &[clip]);
    }

    fn now(&self) -> Instant {
        self.start + Duration::from_secs_f64(self.frame as f64 / self.rate)
    }

    /// Tick everybody until nobody has anything to do.
    pub fn settle(&mut self) {
        let now = self.now();
        for _ in 0..10_000 {
            let mut paces = vec![self.engine.tick(now)];
            if !self.script_sleeps {
                paces.insert(0, self.script.tick(now));
            }
            paces.extend(self.workers.iter_mut().map(|worker| worker.tick(now)));
            paces.push(self.scribe.tick(now));
            while let Some(event) = self.events.next() {
                match event {
                    Event::Triggered(record) => self.triggers.push(record),
                    other => self.told.push(other),
                }
            }
            if !paces.contains(&Pace::Now) && self.remote.gate.is_settled() {
                // Once more: what the engine just told the script may have made work.
                if (self.script_sleeps || self.script.tick(now) != Pace::Now) && self.remote.gate.is_settled() {
                    return;
                }
            }
        }
        panic!("the rig does not come to rest");
    }

    /// Let time pass for everybody but audio, a hundredth of a second at a time.
    pub fn wait(&mut self, seconds: f64) {
        for _ in 0..(seconds * 100.0).ceil() as usize {
            self.start += Duration::from_millis(10);
            self.settle();
        }
    }

    /// The newest Snapshot.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.remote.now()
    }

    /// The Session now.
    pub fn session(&self) -> Session {
        (*self.snapshot().session).clone()
    }

    /// Let a chunk run no longer than this, and a callback no longer than that.
    pub fn limit(&mut self, eval: Duration) {
        self.script.set_limits(Limits { eval, callback: eval });
    }

    /// Run Lua now, as Alt+Enter does.
    pub fn eval(&mut self, text: &str) -> Result<Vec<String>, String> {
        self.eval_when(text, When::Now)
    }

    /// Run Lua at a moment.
    pub fn eval_when(&mut self, text: &str, when: When) -> Result<Vec<String>, String> {
        let id = self.remote.calls.eval("test", 1, text, when, true).expect("room for a chunk");
        self.settle();
        let snapshot = self.snapshot();
        match &snapshot.eval(id).expect("a result").outcome {
            EvalOutcome::Done { values, .. } => Ok(values.iter().map(|v| v.to_string()).collect()),
            EvalOutcome::Failed { line, message } => Err(format!("line {}: {message}", line.unwrap_or(0))),
        }
    }

    /// Run a part of the editor's buffer that begins at this line, and must succeed.
    pub fn run_lines(&mut self, first_line: u32, text: &str, when: When) {
        let id = self.remote.calls.eval("buffer", first_line, text, when, false).expect("room for a chunk");
        self.ended_well(id, text);
    }

    /// Run the editor's whole buffer, which must succeed.
    pub fn run_all(&mut self, text: &str, when: When) {
        let id = self.remote.calls.eval_whole("buffer", text, when).expect("room for a chunk");
        self.ended_well(id, text);
    }

    fn ended_well(&mut self, id: u64, text: &str) {
        self.settle();
        let outcome = self.snapshot().eval(id).expect("a result").outcome.clone();
        assert!(matches!(outcome, EvalOutcome::Done { .. }), "{outcome:?}\n{text}");
    }

    /// Ask as the editor does; an error is the refusal's text.
    pub fn ask(&mut self, commands: Vec<Command>) -> Result<(), String> {
        let batch = Batch::now(Origin::Gui, "test", commands);
        let id = batch.id;
        let told = self.remote.events.subscribe(4096, &Waker::default());
        self.remote.asks.send(Ask::Batch(batch)).expect("room for a batch");
        self.settle();
        while let Some(event) = told.next() {
            if let Event::Refused { batch, error, .. } = event
                && batch == id
            {
                return Err(error.to_string());
            }
        }
        Ok(())
    }

    /// Render so many frames; with a host transport that plays, its beat moves along.
    pub fn render(&mut self, frames: usize) -> Sound {
        let mut sound = Sound::default();
        let mut left = frames;
        while left > 0 {
            let block = self.blocks[self.next_block % self.blocks.len()].min(left);
            self.next_block += 1;
            self.block(block, &mut sound);
            left -= block;
        }
        sound
    }

    /// Render so many frames while the script's thread does not get to run.
    pub fn sleep_script(&mut self, frames: usize) {
        self.script_sleeps = true;
        self.skip(frames);
        self.script_sleeps = false;
    }

    /// Render and forget the sound.
    pub fn skip(&mut self, frames: usize) {
        let mut left = frames;
        while left > 0 {
            left -= self.render(left.min(48_000)).main[0].len();
        }
    }

    /// A rig that ran this script; `click.wav` (one impulse), `tone.wav` (two seconds of 0.5) and `saw.wav` (4800 frames
    /// that rise from 1/4800 to 1) are there.
    pub fn with(script: &str) -> Self {
        let mut rig = Self::new();
        rig.furnish();
        rig.run(script);
        rig
    }

    /// Put the usual samples into its folder.
    pub fn furnish(&self) {
        self.impulse("click.wav", 8);
        self.sample("tone.wav", &[vec![0.5; 96_000]]);
        self.sample("saw.wav", &[(1..=4800).map(|i| i as f32 / 4800.0).collect()]);
    }

    /// Run Lua that must succeed; its values.
    pub fn run(&mut self, script: &str) -> Vec<String> {
        self.eval(script).unwrap_or_else(|error| panic!("{error}\n{script}"))
    }

    /// Give it a host that plays from `beat` in 4/4.
    pub fn host_plays(&mut self, beat: f64, tempo: f64) {
        self.transport = Some(HostTransport {
            playing: true,
            tempo: Some(tempo),
            beat: Some(beat),
            signature: Some((4, 4)),
            loop_beats: None,
        });
    }

    /// The host's transport, which must be there.
    pub fn host(&mut self) -> &mut HostTransport {
        self.transport.as_mut().expect("a host transport")
    }

    /// Frame and row of everything that sounded since the last call of [`Rig::forget`].
    pub fn fired(&self) -> Vec<(u64, u16)> {
        let sounded = self.triggers.iter().filter(|record| record.why == Why::Fired);
        sounded.map(|record| (record.frame, record.row.unwrap_or(0))).collect()
    }

    /// Forget what was told.
    pub fn forget(&mut self) {
        self.triggers.clear();
        self.told.clear();
    }

    /// What the console shows, newest last.
    pub fn console(&self) -> Vec<String> {
        self.snapshot().console.iter().map(|line| line.text.to_string()).collect()
    }

    /// The sentences for people, newest last.
    pub fn notices(&self) -> Vec<String> {
        self.snapshot().notices.iter().map(|notice| notice.text.to_string()).collect()
    }

    fn block(&mut self, frames: usize, sound: &mut Sound) {
        self.settle();
        let silence = vec![0.0_f32; frames];
        let mut main = [vec![f32::NAN; frames], vec![f32::NAN; frames]];
        let mut aux: [[Vec<f32>; 2]; 8] = std::array::from_fn(|_| [vec![f32::NAN; frames], vec![f32::NAN; frames]]);
        {
            let [left, right] = &mut main;
            let mut io = Io {
                main_in: Some([&silence, &silence]),
                side_in: None,
                main_out: [left, right],
                aux: aux.each_mut().map(|[left, right]| Some([left.as_mut_slice(), right.as_mut_slice()])),
            };
            let end = self.frame + frames as u64;
            let due = self.notes.iter().take_while(|(at, _)| *at < end).count();
            let notes: Vec<Note> =
                self.notes.drain(..due).map(|(at, note)| Note { frame: (at - self.frame) as u32, ..note }).collect();
            let transport = self.transport.as_ref();
            let (_, heap) =
                tracklight_host::watched(|| self.processor.process(&mut io, transport, &self.params, &notes));
            assert_eq!(heap, Allocations::NONE, "the audio thread used the heap");
        }
        for channel in 0..2 {
            sound.main[channel].extend_from_slice(&main[channel]);
            for (port, aux) in aux.iter().enumerate() {
                sound.aux[port][channel].extend_from_slice(&aux[channel]);
            }
        }
        self.frame += frames as u64;
        if let Some(cost) = self.cost {
            let (wall, cpu) = cost(&self.remote);
            let length = Duration::from_secs_f64(frames as f64 / self.rate);
            CPU_NANOS.with(|time| time.set(time.get() + length.mul_f64(cpu).as_nanos() as u64));
            self.remote.meters.pulse.made(length, length.mul_f64(wall), Some(ThreadClock(1)));
        }
        if let Some(HostTransport { playing: true, tempo: Some(tempo), beat: Some(beat), loop_beats, .. }) =
            &mut self.transport
        {
            let before = *beat;
            *beat += frames as f64 * *tempo / (60.0 * self.rate);
            if let Some((start, end)) = *loop_beats
                && before < end
                && *beat >= end
            {
                *beat -= end - start;
            }
        }
        self.settle();
    }
}
