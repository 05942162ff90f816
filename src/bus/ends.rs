//! The typed ends of every wire, and [`wire`], which makes them all.
//!
//! | wire | primitive | when full |
//! |---|---|---|
//! | asks: gui, script, osc, host → engine | `ArrayQueue` 1024 + wake | the sender gets its Ask back and tells its user |
//! | calls: gui, host → script | `ArrayQueue` 256 + wake | the same |
//! | engine → audio | `rtrb` 1024 | the engine keeps what did not fit and sends it next tick |
//! | audio → engine | `rtrb` 16384 | counted in `Meters::lost`, shown |
//! | engine → readers | `ArcSwap<Snapshot>` | newest wins |
//! | engine → subscribers | `ArrayQueue` of Events | `lagged` is set; the receiver reads the Snapshot again |
//! | gui → scribe | [`TextWatch`] | newest wins |
//! | osc → gui | [`Tap`] | the oldest packet goes |
//! | audio → readers | [`super::latest`], [`Meters`] | newest wins |
//! | engine → media → engine | `ArrayQueue` 1024 each + wake | the engine asks again next tick; a worker waits |

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

use arc_swap::ArcSwap;
use crossbeam_queue::ArrayQueue;

use super::gate::Gate;
use super::latest::{ClockReader, ClockWriter, clock};
use super::message::{FromAudio, Job, JobDone, ToAudio};
use super::meters::Meters;
use super::station::Waker;
use super::tap::Tap;
use crate::model::{Ask, Batch, EvalCall, Event, Session, Snapshot, When};

/// Puts Asks into the engine's queue.
#[derive(Clone)]
pub struct AskSender {
    queue: Arc<ArrayQueue<Ask>>,
    gate: Arc<Gate>,
    waker: Waker,
}

impl AskSender {
    /// Send; a full queue gives the Ask back. Thread: any but audio.
    pub fn send(&self, ask: Ask) -> Result<(), Ask> {
        // Counted before it is there: who waits for the count may wait a little too long, never too short.
        self.gate.asks_sent.fetch_add(1, Ordering::AcqRel);
        self.queue.push(ask).inspect_err(|_| {
            self.gate.asks_sent.fetch_sub(1, Ordering::AcqRel);
        })?;
        self.waker.wake();
        Ok(())
    }

    /// Send a Batch; a full queue gives it back.
    pub fn batch(&self, batch: Batch) -> Result<(), Batch> {
        self.send(Ask::Batch(batch)).map_err(|ask| match ask {
            Ask::Batch(batch) => batch,
            _ => unreachable!("what comes back is what was sent"),
        })
    }
}

/// What everybody outside the engine holds: ask, call, look. Cloned freely.
#[derive(Clone)]
pub struct Remote {
    /// To the engine.
    pub asks: AskSender,
    /// To the script.
    pub calls: CallSender,
    /// The newest Snapshot.
    pub snapshot: Arc<ArcSwap<Snapshot>>,
    /// Levels and counters.
    pub meters: Arc<Meters>,
    /// Where audio is.
    pub clock: ClockReader,
    /// How far the rooms are.
    pub gate: Arc<Gate>,
    /// Events.
    pub events: EventHub,
    /// Whether somebody looks at how the text stands against the session.
    pub watch: TextWatch,
    /// The last packets to and from the desk.
    pub tap: Tap,
}

impl Remote {
    /// The newest Snapshot.
    pub fn now(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }
}

/// Puts chunks into the script's queue.
#[derive(Clone)]
pub struct CallSender {
    queue: Arc<ArrayQueue<EvalCall>>,
    gate: Arc<Gate>,
    waker: Waker,
    number: Arc<AtomicU64>,
}

impl CallSender {
    /// Ask for a chunk to be run; the number finds its result in the Snapshot. A full queue gives the text back.
    pub fn eval(&self, chunk: &str, first_line: u32, text: &str, when: When, repl: bool) -> Result<u64, Arc<str>> {
        self.send(EvalCall {
            id: 0,
            chunk: Arc::from(chunk),
            first_line,
            text: Arc::from(text),
            when,
            repl,
            whole: false,
        })
    }

    /// Ask for a whole buffer to be run: what it started before and does not contain any more is stopped.
    pub fn eval_whole(&self, chunk: &str, text: &str, when: When) -> Result<u64, Arc<str>> {
        let (chunk, text) = (Arc::from(chunk), Arc::from(text));
        self.send(EvalCall { id: 0, chunk, first_line: 1, text, when, repl: false, whole: true })
    }

    fn send(&self, call: EvalCall) -> Result<u64, Arc<str>> {
        let id = self.number.fetch_add(1, Ordering::Relaxed) + 1;
        let call = EvalCall { id, ..call };
        self.gate.calls_sent.fetch_add(1, Ordering::AcqRel);
        if let Err(call) = self.queue.push(call) {
            self.gate.calls_sent.fetch_sub(1, Ordering::AcqRel);
            return Err(call.text);
        }
        self.waker.wake();
        Ok(id)
    }
}

/// Says whether somebody looks at [`crate::model::TextState`]: while nobody does it is not kept up.
#[derive(Clone, Default)]
pub struct TextWatch {
    looking: Arc<AtomicBool>,
    waker: Waker,
}

impl TextWatch {
    /// Begin or end looking. Thread: gui; any but audio.
    pub fn look(&self, on: bool) {
        if self.looking.swap(on, Ordering::AcqRel) != on && on {
            self.waker.wake();
        }
    }

    /// Whether somebody looks.
    pub fn is_looked_at(&self) -> bool {
        self.looking.load(Ordering::Acquire)
    }
}

/// Makes Event subscriptions and tells every subscriber.
#[derive(Clone, Default)]
pub struct EventHub(Arc<Mutex<Vec<Weak<Subscription>>>>);

struct Subscription {
    queue: ArrayQueue<Event>,
    wanted: fn(&Event) -> bool,
    lagged: AtomicBool,
    waker: Waker,
}

/// One subscription; it ends when this is dropped.
pub struct EventReceiver(Arc<Subscription>);

impl EventHub {
    /// Subscribe with room for `room` events. Thread: any but audio.
    pub fn subscribe(&self, room: usize, waker: &Waker) -> EventReceiver {
        self.subscribe_to(|_| true, room, waker)
    }

    /// Subscribe to some events only: the others wake nobody.
    pub fn subscribe_to(&self, wanted: fn(&Event) -> bool, room: usize, waker: &Waker) -> EventReceiver {
        let subscription = Arc::new(Subscription {
            queue: ArrayQueue::new(room.max(1)),
            wanted,
            lagged: AtomicBool::new(false),
            waker: waker.clone(),
        });
        if let Ok(mut all) = self.0.lock() {
            all.push(Arc::downgrade(&subscription));
        }
        EventReceiver(subscription)
    }

    /// Tell everybody. Thread: engine.
    pub fn tell(&self, event: &Event) {
        let Ok(mut all) = self.0.lock() else { return };
        all.retain(|weak| {
            let Some(one) = weak.upgrade() else { return false };
            if !(one.wanted)(event) {
                return true;
            }
            if one.queue.push(event.clone()).is_err() {
                one.lagged.store(true, Ordering::Release);
            }
            one.waker.wake();
            true
        });
    }
}

impl EventReceiver {
    /// The next event.
    pub fn next(&self) -> Option<Event> {
        self.0.queue.pop()
    }

    /// Whether events were lost since the last call: read the Snapshot again.
    pub fn lagged(&self) -> bool {
        self.0.lagged.swap(false, Ordering::AcqRel)
    }
}

/// Reads files for rooms that may not: made by media, handed in by the plug-in.
pub trait Files: Send + Sync {
    /// The audio files a path stands for: itself, all in a folder (`drums/`), or those a glob fits; as paths to ask
    /// for, in natural order. Errors name the path and where it was looked for.
    fn expand(&self, asked: &str, folders: &[String]) -> Result<Vec<String>, String>;
    /// A text file (for `require`), found in the folders. Gives the path it was found at and its text.
    fn read_text(&self, asked: &str, folders: &[String]) -> Result<(String, String), String>;
    /// Write a text file, safe against a crash: whole or not at all.
    fn write_text(&self, path: &str, text: &str) -> Result<(), String>;
    /// Make a folder, and those above it, where they are not there. Nothing to do where files need no folder.
    fn make_folder(&self, _path: &str) -> Result<(), String> {
        Ok(())
    }
    /// A number that is another one when the file at `path` was written again; `None` where there is no file.
    fn changed_at(&self, _path: &str) -> Option<u64> {
        None
    }
    /// Paths that begin with what was typed so far, in the folders or absolute; a folder ends with `/`. For completion.
    fn list(&self, _typed: &str, _folders: &[String]) -> Vec<String> {
        vec![]
    }
}

/// The audio thread's ends.
pub struct AudioEnds {
    /// Programs and hits.
    pub from_engine: rtrb::Consumer<ToAudio>,
    /// Reports.
    pub to_engine: rtrb::Producer<FromAudio>,
    /// Where audio is.
    pub clock: ClockWriter,
    /// Levels and counters.
    pub meters: Arc<Meters>,
    /// How far the rooms are.
    pub gate: Arc<Gate>,
    /// Wakes the script and the engine. Offline only.
    pub wakers: [Waker; 2],
}

/// The engine thread's ends.
pub struct EngineEnds {
    /// What is asked.
    pub asks: Arc<ArrayQueue<Ask>>,
    /// To audio.
    pub to_audio: rtrb::Producer<ToAudio>,
    /// From audio.
    pub from_audio: rtrb::Consumer<FromAudio>,
    /// To readers.
    pub snapshot: Arc<ArcSwap<Snapshot>>,
    /// To subscribers.
    pub events: EventHub,
    /// To media.
    pub jobs: Arc<ArrayQueue<Job>>,
    /// Wakes the media workers.
    pub media_wakers: [Waker; MEDIA_WORKERS],
    /// From media.
    pub done: Arc<ArrayQueue<JobDone>>,
    /// Where audio is.
    pub clock: ClockReader,
    /// Levels and counters.
    pub meters: Arc<Meters>,
    /// How far the rooms are.
    pub gate: Arc<Gate>,
    /// The engine's own waker, to start its thread with.
    pub waker: Waker,
}

/// The script thread's ends.
pub struct ScriptEnds {
    /// Chunks to run.
    pub calls: Arc<ArrayQueue<EvalCall>>,
    /// To the engine.
    pub asks: AskSender,
    /// Events.
    pub events: EventReceiver,
    /// The newest Snapshot.
    pub snapshot: Arc<ArcSwap<Snapshot>>,
    /// Where audio is.
    pub clock: ClockReader,
    /// Lateness is shown here.
    pub meters: Arc<Meters>,
    /// How far the rooms are.
    pub gate: Arc<Gate>,
    /// The script's own waker, to start its thread with.
    pub waker: Waker,
    /// Wakes the engine after an offline stretch.
    pub engine_waker: Waker,
}

/// The scribe thread's ends.
pub struct ScribeEnds {
    /// To the engine.
    pub asks: AskSender,
    /// Events, without triggers.
    pub events: EventReceiver,
    /// The newest Snapshot.
    pub snapshot: Arc<ArcSwap<Snapshot>>,
    /// Whether somebody looks at what it tells.
    pub watch: TextWatch,
    /// The scribe's own waker, to start its thread with.
    pub waker: Waker,
}

/// The osc thread's ends.
pub struct OscEnds {
    /// To the engine.
    pub asks: AskSender,
    /// Events: Batches that took effect or were refused, what is asked of the desk, loads.
    pub events: EventReceiver,
    /// The newest Snapshot.
    pub snapshot: Arc<ArcSwap<Snapshot>>,
    /// Packets go here.
    pub tap: Tap,
    /// The thread's own waker, to start it with; also for who brings datagrams.
    pub waker: Waker,
}

/// How many media workers an instance has.
pub const MEDIA_WORKERS: usize = 2;

/// A media worker's ends.
pub struct MediaEnds {
    /// Jobs, shared by the workers.
    pub jobs: Arc<ArrayQueue<Job>>,
    /// Answers.
    pub done: Arc<ArrayQueue<JobDone>>,
    /// The worker's own waker, to start its thread with.
    pub waker: Waker,
    /// Wakes the engine when an answer is there.
    pub engine_waker: Waker,
}

/// Every end of one instance.
pub struct Wires {
    /// For the processor.
    pub audio: AudioEnds,
    /// For the engine.
    pub engine: EngineEnds,
    /// For the script.
    pub script: ScriptEnds,
    /// For the scribe.
    pub scribe: ScribeEnds,
    /// For the desk link.
    pub osc: OscEnds,
    /// For the media workers.
    pub media: [MediaEnds; MEDIA_WORKERS],
    /// For everybody else.
    pub remote: Remote,
}

/// Make every wire of one instance.
pub fn wire() -> Wires {
    let gate = Arc::new(Gate::default());
    let meters = Arc::new(Meters::default());
    let (clock_writer, clock) = clock();
    let snapshot = Arc::new(ArcSwap::from_pointee(Snapshot::first(Session::new())));
    let (engine_waker, script_waker, scribe_waker) = (Waker::default(), Waker::default(), Waker::default());
    let (osc_waker, tap) = (Waker::default(), Tap::default());
    let watch = TextWatch { looking: Arc::default(), waker: scribe_waker.clone() };
    let media_wakers: [Waker; MEDIA_WORKERS] = std::array::from_fn(|_| Waker::default());
    let asks = Arc::new(ArrayQueue::new(1024));
    let calls = Arc::new(ArrayQueue::new(256));
    let jobs = Arc::new(ArrayQueue::new(1024));
    let done = Arc::new(ArrayQueue::new(1024));
    let (to_audio, from_engine) = rtrb::RingBuffer::new(1024);
    let (to_engine, from_audio) = rtrb::RingBuffer::new(16384);
    let events = EventHub::default();
    let ask_sender = AskSender { queue: asks.clone(), gate: gate.clone(), waker: engine_waker.clone() };
    let call_sender =
        CallSender { queue: calls.clone(), gate: gate.clone(), waker: script_waker.clone(), number: Arc::default() };
    Wires {
        audio: AudioEnds {
            from_engine,
            to_engine,
            clock: clock_writer,
            meters: meters.clone(),
            gate: gate.clone(),
            wakers: [script_waker.clone(), engine_waker.clone()],
        },
        script: ScriptEnds {
            calls,
            asks: ask_sender.clone(),
            events: events.subscribe(4096, &script_waker),
            snapshot: snapshot.clone(),
            clock: clock.clone(),
            meters: meters.clone(),
            gate: gate.clone(),
            waker: script_waker,
            engine_waker: engine_waker.clone(),
        },
        scribe: ScribeEnds {
            asks: ask_sender.clone(),
            events: events.subscribe_to(|event| !matches!(event, Event::Triggered(_)), 4096, &scribe_waker),
            snapshot: snapshot.clone(),
            watch: watch.clone(),
            waker: scribe_waker,
        },
        osc: OscEnds {
            asks: ask_sender.clone(),
            events: events.subscribe_to(is_for_the_desk, 4096, &osc_waker),
            snapshot: snapshot.clone(),
            tap: tap.clone(),
            waker: osc_waker,
        },
        media: std::array::from_fn(|worker| MediaEnds {
            jobs: jobs.clone(),
            done: done.clone(),
            waker: media_wakers[worker].clone(),
            engine_waker: engine_waker.clone(),
        }),
        remote: Remote {
            asks: ask_sender,
            calls: call_sender,
            snapshot: snapshot.clone(),
            meters: meters.clone(),
            clock: clock.clone(),
            gate: gate.clone(),
            events: events.clone(),
            watch,
            tap,
        },
        engine: EngineEnds {
            asks,
            to_audio,
            from_audio,
            snapshot,
            events,
            jobs,
            media_wakers,
            done,
            clock,
            meters,
            gate,
            waker: engine_waker,
        },
    }
}

fn is_for_the_desk(event: &Event) -> bool {
    matches!(event, Event::Applied { .. } | Event::Refused { .. } | Event::Desk(_) | Event::Loaded)
}
