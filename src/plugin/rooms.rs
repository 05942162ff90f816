//! The rooms of one instance: made together, started late, joined in order.
//!
//! Thread: main (any but audio). Nothing runs until the first activate, editor or state load: hosts scan for free.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use super::instances::{Instances, Registered};
use super::journal::{Given, Journal, RESUME, shelf::Shelf};
use super::persist::SessionDoor;
use crate::bus::station::{self, Waker};
use crate::bus::{AudioEnds, Files, Remote, Running, wire};
use crate::engine::Engine;
use crate::media::{Library, Worker};
use crate::model::{Ask, Batch, Command, Loading, Origin, Session};
use crate::osc::Osc;
use crate::script::{Scribe, Script};

/// Every live instance of this process.
pub static INSTANCES: Instances<Remote> = Instances::new();

/// The handle of the instance that started last and still lives. Thread: any but audio.
pub fn newest() -> Option<Remote> {
    INSTANCES.newest()
}

/// How long a save waits for the engine to take what was asked.
const SAVE_WAIT: Duration = Duration::from_millis(500);
/// How long `activate` waits for the Session to be compiled and its files to be in memory.
const READY_WAIT: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(5)];

/// The threads and wires of one instance.
#[derive(Default)]
pub struct Rooms {
    started: OnceLock<Started>,
    audio: Mutex<Option<AudioEnds>>,
    // Held while starting, so that two first calls do not start twice.
    starting: Mutex<()>,
    // States that went through the host's hands.
    given: Arc<Given>,
    // What the host loaded last, until the engine has published it.
    loading: Mutex<Option<Arc<str>>>,
}

// Fields drop in this order: the list first, then the threads (journal, osc, scribe, script, media, engine), so nobody sends
// to a room that is gone.
struct Started {
    _listed: Registered<Remote>,
    remote: Remote,
    _journal: Option<Running>,
    _osc: Option<Running>,
    _scribe: Option<Running>,
    _script: Option<Running>,
    _media: Vec<Running>,
    _engine: Option<Running>,
    // Threads the system would not give us.
    missing: Vec<String>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Everything behind these locks is a whole value at every moment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Rooms {
    /// Start the threads, if they do not run yet, and give the way to them.
    pub fn start(&self) -> &Remote {
        if let Some(started) = self.started.get() {
            return &started.remote;
        }
        let _one = lock(&self.starting);
        let started = self.started.get_or_init(|| {
            let wires = wire();
            *lock(&self.audio) = Some(wires.audio);
            let mut missing = vec![];
            let mut keep = |running: std::io::Result<Running>, name: &str| {
                running.map_err(|e| missing.push(format!("{name}: {e}"))).ok()
            };
            let ends = wires.engine;
            let waker = ends.waker.clone();
            let engine = keep(station::start("tracklight engine", &waker, move || Engine::new(ends)), "engine");
            let media: Vec<Running> = wires
                .media
                .into_iter()
                .filter_map(|ends| {
                    let waker = ends.waker.clone();
                    keep(station::start("tracklight media", &waker, move || Worker::new(ends)), "media")
                })
                .collect();
            let ends = wires.script;
            let waker = ends.waker.clone();
            let files: Arc<dyn Files> = Arc::new(Library);
            #[allow(clippy::disallowed_methods, reason = "the edge where the clock is handed in")]
            let clock = std::time::Instant::now;
            let script =
                keep(station::start("tracklight script", &waker, move || Script::new(ends, files, clock)), "script");
            let ends = wires.scribe;
            let waker = ends.waker.clone();
            let files: Arc<dyn Files> = Arc::new(Library);
            let scribe =
                keep(station::start("tracklight scribe", &waker, move || Scribe::new(ends, files, clock)), "scribe");
            let ends = wires.osc;
            let waker = ends.waker.clone();
            let me = name_at_desks(INSTANCES.len() + 1);
            let osc = keep(station::start("tracklight osc", &waker, move || Osc::new(ends, &me)), "the desk link");
            let journal = Shelf::of_user().and_then(|shelf| {
                let waker = Waker::default();
                let (remote, given) = (wires.remote.clone(), self.given.clone());
                // Subscribed here, before anything can be loaded.
                let events = remote.events.subscribe(256, &waker);
                let resume = RESUME.swap(false, Ordering::AcqRel);
                let make = move || Journal::new(shelf, remote, events, given, unix_ms, resume);
                keep(station::start("tracklight journal", &waker, make), "the journal")
            });
            let listed = INSTANCES.enter(wires.remote.clone());
            Started {
                _listed: listed,
                remote: wires.remote,
                _journal: journal,
                _osc: osc,
                _scribe: scribe,
                _script: script,
                _media: media,
                _engine: engine,
                missing,
            }
        });
        for what in &started.missing {
            // With the engine missing nobody reads this; then nothing can be told at all.
            let _ = started.remote.asks.send(Ask::Notice(format!("the system gave no thread for {what}")));
        }
        &started.remote
    }

    /// The way to the rooms, if they run.
    pub fn remote(&self) -> Option<&Remote> {
        self.started.get().map(|started| &started.remote)
    }

    /// The audio side's ends: once, at the first activate.
    pub fn take_audio(&self) -> Option<AudioEnds> {
        self.start();
        lock(&self.audio).take()
    }

    /// Wait until everything asked is applied and every file is in memory or known to be missing; whether it is.
    pub fn wait_ready(&self, offline: bool) -> bool {
        let Some(remote) = self.remote() else { return true };
        // An ask that changes nothing: when it is done, the engine has seen that audio runs and sent it the Program.
        let _ = remote.asks.send(Ask::Console(vec![]));
        let limit = READY_WAIT[usize::from(offline)];
        let step = Duration::from_millis(2);
        let mut waited = Duration::ZERO;
        loop {
            let settled = remote.gate.settle(step);
            let busy = |state: &Loading| matches!(state, Loading::Asked | Loading::Decoding(_));
            if settled && !remote.now().media.values().any(busy) {
                // A file is shown as ready before audio gets it: once more round, and it has it.
                let _ = remote.asks.send(Ask::Console(vec![]));
                return remote.gate.settle(limit);
            }
            if waited >= limit {
                return false;
            }
            std::thread::park_timeout(step);
            waited += step * 2;
        }
    }

    /// Say that audio runs (between activate and deactivate), and whether it may wait.
    pub fn processing(&self, on: bool, offline: bool) {
        if let Some(remote) = self.remote() {
            remote.gate.offline.store(offline, Ordering::Release);
            remote.gate.processing.store(on, Ordering::Release);
        }
    }
}

/// What people at a desk read of an instance: the same after a restart, another for each instance of this machine.
fn name_at_desks(number: usize) -> String {
    let host = gethostname::gethostname().to_string_lossy().into_owned();
    if number > 1 { format!("Tracklight {number} on {host}") } else { format!("Tracklight on {host}") }
}

/// Milliseconds since 1970; 0 where the clock stands before that.
fn unix_ms() -> u64 {
    #[allow(clippy::disallowed_methods, reason = "the edge where the calendar is read, for the journal alone")]
    let now = std::time::SystemTime::now();
    now.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// The way a saved state takes to the engine.
pub struct Door(pub Arc<Rooms>);

impl SessionDoor for Door {
    fn check(json: &str) -> Result<(), String> {
        Session::from_json(json).map(drop).map_err(|error| error.to_string())
    }

    fn load(&self, json: &str) {
        match Session::from_json(json) {
            Ok(session) => {
                self.0.given.note(json);
                *lock(&self.0.loading) = Some(Arc::from(session.to_json()));
                let remote = self.0.start();
                let mut batch = Batch::now(Origin::Host, "load", vec![Command::Load(Arc::new(session))]);
                // A full queue empties within milliseconds; a state must not be lost to it.
                for _ in 0..100 {
                    match remote.asks.batch(batch) {
                        Ok(()) => return,
                        Err(back) => batch = back,
                    }
                    remote.gate.settle(Duration::from_millis(20));
                }
                self.refuse("the state was not loaded: the engine is too busy");
            }
            Err(error) => self.refuse(&error.to_string()),
        }
    }

    fn refuse(&self, why: &str) {
        let remote = self.0.start();
        // With a full queue there is no way left to tell; the state is refused all the same.
        let _ = remote.asks.send(Ask::Notice(why.to_owned()));
    }

    fn save(&self) -> String {
        let state = self.state();
        self.0.given.note(&state);
        state
    }
}

impl Door {
    fn state(&self) -> String {
        let Some(remote) = self.0.remote() else {
            return lock(&self.0.loading).as_ref().map_or_else(|| Session::new().to_json(), |json| json.to_string());
        };
        if remote.gate.settle(SAVE_WAIT) {
            *lock(&self.0.loading) = None;
        }
        match lock(&self.0.loading).as_ref() {
            Some(json) => json.to_string(),
            None => remote.now().session.to_json(),
        }
    }
}
