//! An engine on the test's own thread: with a clock that the test turns, and the other rooms' ends in its hands.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tracklight::bus::{
    AudioEnds, EventReceiver, FromAudio, Job, JobDone, Lent, MediaEnds, Pace, Program, Remote, ScriptEnds, ShotMessage,
    Station, ToAudio, wire,
};
use tracklight::engine::Engine;
use tracklight::model::{Ask, AudioClip, Batch, ClockMap, Command, Event, Origin, Snapshot, When};

/// The engine and everybody around it.
pub struct Rig {
    pub engine: Engine,
    pub remote: Remote,
    pub audio: AudioEnds,
    pub media: MediaEnds,
    /// Kept so that its subscription lives, as in the plug-in.
    _script: ScriptEnds,
    pub events: EventReceiver,
    pub now: Instant,
    /// Where the fake audio is.
    pub clock: ClockMap,
}

/// What the fake audio read.
#[derive(Default)]
pub struct Heard {
    pub programs: Vec<Lent<Program>>,
    /// Plans that stand after the last `ClearPlans`.
    pub plans: Vec<(u64, f64, Lent<Program>)>,
    pub shots: Vec<ShotMessage>,
    /// Everything else, as text, in order.
    pub others: Vec<String>,
}

impl Rig {
    pub fn new() -> Self {
        let wires = wire();
        let [media, _] = wires.media;
        Self {
            events: wires.remote.events.subscribe(200_000, &Default::default()),
            engine: Engine::new(wires.engine),
            remote: wires.remote,
            audio: wires.audio,
            media,
            _script: wires.script,
            now: Instant::now(),
            clock: ClockMap { bpm: 120.0, rate: 48_000.0, num: 4, den: 4, ..ClockMap::default() },
        }
    }

    /// One tick, a millisecond later; the newest Snapshot.
    pub fn tick(&mut self) -> std::sync::Arc<Snapshot> {
        self.pace();
        self.remote.now()
    }

    pub fn pace(&mut self) -> Pace {
        self.now += Duration::from_millis(1);
        self.engine.tick(self.now)
    }

    /// Let time pass in which nothing happens.
    pub fn later(&mut self, millis: u64) {
        self.now += Duration::from_millis(millis);
    }

    pub fn send(&self, ask: Ask) {
        self.remote.asks.send(ask).expect("the queue has room");
    }

    /// Ask for a Batch of the user; gives it back for comparison.
    pub fn ask(&self, when: When, commands: Vec<Command>) -> Batch {
        self.ask_as(Origin::Script, when, commands)
    }

    pub fn ask_as(&self, origin: Origin, when: When, commands: Vec<Command>) -> Batch {
        let batch = Batch { when, ..Batch::now(origin, "test", commands) };
        self.send(Ask::Batch(batch.clone()));
        batch
    }

    /// Audio is active from now on.
    pub fn activate(&mut self) {
        self.audio.gate.processing.store(true, Ordering::Release);
    }

    /// Audio is at this song position now.
    pub fn play_at(&mut self, beat: f64) {
        let step = ((beat - self.clock.beat).max(0.0) * 24_000.0) as u64;
        self.clock = ClockMap { beat, playing: true, frame: self.clock.frame + step + 1, ..self.clock };
        self.audio.clock.put(&self.clock);
    }

    /// Audio stands still.
    pub fn halt(&mut self) {
        self.clock = ClockMap { playing: false, frame: self.clock.frame + 1, ..self.clock };
        self.audio.clock.put(&self.clock);
    }

    pub fn report(&mut self, message: FromAudio) {
        self.audio.to_engine.push(message).expect("the ring has room");
    }

    /// Read all that was sent to audio.
    pub fn hear(&mut self) -> Heard {
        let mut heard = Heard::default();
        while let Ok(message) = self.audio.from_engine.pop() {
            match message {
                ToAudio::Swap(program) => heard.programs.push(program),
                ToAudio::ClearPlans => heard.plans.clear(),
                ToAudio::Plan { id, due, program } => heard.plans.push((id, due, program)),
                ToAudio::Shot(shot) => heard.shots.push(shot),
                other => heard.others.push(format!("{other:?}")),
            }
        }
        heard
    }

    /// Jobs asked for, as path and number.
    pub fn jobs(&self) -> Vec<(String, u64)> {
        std::iter::from_fn(|| self.media.jobs.pop()).map(|Job::Decode { path, number, .. }| (path, number)).collect()
    }

    /// Answer every job: files in `missing` are not there.
    pub fn decode(&self, missing: &[&str]) -> usize {
        let jobs = self.jobs();
        for (path, number) in &jobs {
            let clip = AudioClip { rate: 48_000, channels: vec![vec![0.25; 100]], path: path.clone() };
            let result = if missing.contains(&path.as_str()) { Err("not found in samples/".into()) } else { Ok(clip) };
            let done = JobDone::Decoded { number: *number, path: path.clone(), result };
            self.media.done.push(done).expect("the queue has room");
        }
        jobs.len()
    }

    pub fn told(&self) -> Vec<Event> {
        std::iter::from_fn(|| self.events.next()).collect()
    }
}
