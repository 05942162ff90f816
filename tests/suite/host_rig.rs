//! The plug-in in a CLAP host on the test's thread, its rooms on their own threads, as in a DAW.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracklight::bus::Remote;
use tracklight::model::{EvalOutcome, Loading, Session, When};
use tracklight_host::{Allocations, Block, Event, Instance, Layout, Source, Timeline, allocations_are_counted};

/// The CLAP ids.
pub const EFFECT: &str = "org.tracklight.tracklight";
/// The instrument's.
pub const INSTRUMENT: &str = "org.tracklight.instrument";

static OPENING: Mutex<()> = Mutex::new(());

/// Held by whoever lets an instance start its threads: the newest of the process is then the holder's own.
pub fn opening() -> MutexGuard<'static, ()> {
    OPENING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The statically linked entry.
pub fn source() -> Source {
    Source::Static(&tracklight::clap_entry)
}

/// An active instance, its block and its host's playhead.
pub struct Plug {
    /// The host's side.
    pub instance: Instance,
    /// The block that is processed again and again.
    pub block: Block,
    /// What its editor would hold.
    pub remote: Remote,
    /// `None` gives no transport.
    pub timeline: Option<Timeline>,
    /// Frames rendered.
    pub frame: u64,
    folder: tempfile::TempDir,
}

/// How to open one.
#[derive(Clone)]
pub struct Setup {
    /// CLAP id.
    pub id: &'static str,
    /// Frames per second.
    pub rate: f64,
    /// Most frames of a block.
    pub most: usize,
    /// The host bounces.
    pub offline: bool,
    /// Changes the ports that the host passes.
    pub ports: fn(Layout) -> Layout,
}

impl Default for Setup {
    fn default() -> Self {
        Self { id: EFFECT, rate: 48_000.0, most: 4_096, offline: false, ports: |layout| layout }
    }
}

/// Write a mono 32-bit float WAV.
pub fn write_wav(path: &std::path::Path, rate: f64, clip: &[f32]) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate as u32,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut wav = hound::WavWriter::create(path, spec).expect("a file");
    clip.iter().for_each(|sample| wav.write_sample(*sample).expect("written"));
    wav.finalize().expect("whole");
}

impl Plug {
    /// Open, activate, and run a script in it; `click.wav` and `tone.wav` (two seconds of 0.5) are in its folder.
    pub fn new(setup: &Setup, script: &str) -> Self {
        assert!(allocations_are_counted());
        let folder = tempfile::tempdir().expect("a folder");
        let mut click = vec![0.0; 8];
        click[0] = 1.0;
        write_wav(&folder.path().join("click.wav"), setup.rate, &click);
        write_wav(&folder.path().join("tone.wav"), setup.rate, &vec![0.5; 2 * setup.rate as usize]);
        let (instance, remote) = {
            let _mine = opening();
            let mut instance = Instance::open(&source(), setup.id).expect("it opens");
            instance.set_offline(setup.offline).expect("a render mode");
            instance.activate(setup.rate, 1, setup.most as u32).expect("it activates");
            let remote = tracklight::plugin::rooms::newest().expect("its rooms run");
            (instance, remote)
        };
        let mut instance = instance;
        let layout = (setup.ports)(instance.layout());
        let block = Block::new(layout, setup.most);
        instance.start_processing().expect("it starts");
        let plug = Self { instance, block, remote, timeline: None, frame: 0, folder };
        let folder = plug.folder.path().to_string_lossy().into_owned();
        let folders = tracklight::model::Command::SetFolders(vec![folder]);
        let batch = tracklight::model::Batch::now(tracklight::model::Origin::Host, "folders", vec![folders]);
        plug.remote.asks.batch(batch).expect("room for a batch");
        plug.run(script);
        plug
    }

    /// A host that plays from the start at a tempo.
    pub fn playing(mut self, rate: f64, tempo: f64) -> Self {
        let mut timeline = Timeline::new(rate, tempo);
        timeline.play();
        self.timeline = Some(timeline);
        self
    }

    /// Run Lua; its error is the buffer's.
    pub fn eval(&self, text: &str) -> Result<Vec<String>, String> {
        let id = self.remote.calls.eval("test", 1, text, When::Now, true).expect("room for a chunk");
        self.settle();
        let snapshot = self.remote.now();
        match &snapshot.eval(id).expect("a result").outcome {
            EvalOutcome::Done { values, .. } => Ok(values.iter().map(ToString::to_string).collect()),
            EvalOutcome::Failed { line, message } => Err(format!("line {}: {message}", line.unwrap_or(0))),
        }
    }

    /// Run Lua that must succeed.
    pub fn run(&self, text: &str) -> Vec<String> {
        self.eval(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    /// Wait until everything asked is done and every file is in memory or known to be missing.
    pub fn settle(&self) {
        let busy = |state: &Loading| matches!(state, Loading::Asked | Loading::Decoding(_));
        for _ in 0..1_000 {
            let settled = self.remote.gate.settle(Duration::from_secs(10));
            assert!(settled, "the rooms do not come to rest");
            if !self.remote.now().media.values().any(busy) {
                return;
            }
            std::thread::yield_now();
            self.remote.gate.settle(Duration::from_millis(2));
            std::thread::park_timeout(Duration::from_millis(2));
        }
        panic!("the files do not come in");
    }

    /// The Session now.
    pub fn session(&self) -> Session {
        (*self.remote.now().session).clone()
    }

    /// Process one block with these events; the left channel of main out.
    pub fn block(&mut self, frames: usize, events: &[(usize, Event)]) -> Vec<f32> {
        self.block.begin(frames);
        for (frame, event) in events {
            self.block.at(*frame, *event);
        }
        self.block.transport = self.timeline.as_mut().map(|timeline| timeline.advance(frames));
        self.instance.process(&mut self.block).expect("it processes");
        assert_eq!(self.block.written_past_end(), None);
        self.frame += frames as u64;
        if self.block.layout().outputs.is_empty() { vec![] } else { self.block.output(0, 0).to_vec() }
    }

    /// Process so many frames in blocks of these sizes in turn; the left channel of main out.
    pub fn render(&mut self, frames: usize, sizes: &[usize]) -> Vec<f32> {
        let mut sound = Vec::with_capacity(frames);
        let mut turn = 0;
        while sound.len() < frames {
            let size = sizes[turn % sizes.len()].min(frames - sound.len());
            sound.extend(self.block(size, &[]));
            turn += 1;
        }
        sound
    }

    /// What `process` asked of the heap so far must be nothing.
    pub fn assert_clean(&mut self) {
        let processor = self.instance.processor().expect("it is active");
        assert_eq!(processor.allocations(), Allocations::NONE);
    }
}

/// Frames that are not silent.
pub fn onsets(sound: &[f32]) -> Vec<u64> {
    (0..sound.len() as u64).filter(|&frame| sound[frame as usize] != 0.0).collect()
}
