//! The station on real sockets in real time, and a pocket desk on a thread of its own. The bench of the desk has it too.
//!
//! Thread: an [`Instance`] turns in the one that holds it; a [`RealDesk`] has its own.
#![allow(clippy::disallowed_methods, reason = "this runs in real time")]
#![allow(dead_code, reason = "each of those who include it needs a part")]

use std::net::Ipv4Addr;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tracklight::bus::{EngineEnds, Station, Wires, wire};
use tracklight::model::{
    Ask, Batch, Command, DeskState, Event, LayerEvent, Mapping, MappingState, MappingStatus, Name, Origin, Session,
    Snapshot, TrackName, Uid,
};
use tracklight::osc::Osc;
use tracklight::osc::ma3::plugin;
use tracklight::osc::ma3::pocket::{Desk, EventView, Faults, Live, Options};

/// How long something may take before it is taken for never: the machine may be starved.
const PATIENCE: Duration = Duration::from_secs(30);

/// An instance whose engine does nothing but Batches.
pub struct Instance {
    osc: Osc,
    engine: EngineEnds,
    pub session: Session,
    revision: u64,
    pub state: Arc<DeskState>,
    pub notices: Vec<String>,
}

impl Instance {
    pub fn new(session: Session, me: &str) -> Self {
        let Wires { osc, engine, .. } = wire();
        let (osc, state) = (Osc::new(osc, me), Arc::default());
        let mut instance = Self { osc, engine, session, revision: 0, state, notices: vec![] };
        instance.publish();
        instance
    }

    fn publish(&mut self) {
        self.revision += 1;
        let snapshot = Snapshot { revision: self.revision, ..Snapshot::first(self.session.clone()) };
        self.engine.snapshot.store(Arc::new(snapshot));
    }

    fn batch(&mut self, batch: &Batch) {
        let (id, origin) = (batch.id, batch.origin);
        match self.session.perform_batch(batch) {
            Ok(done) => {
                self.publish();
                let event = Event::Applied {
                    batch: id,
                    origin,
                    revision: self.revision,
                    edits: done.forward.into(),
                    back: false,
                };
                self.engine.events.tell(&event);
                for command in &batch.commands {
                    if let Command::Desk(verb) = command {
                        self.engine.events.tell(&Event::Desk(verb.clone()));
                    }
                }
            }
            Err(error) => {
                self.engine.events.tell(&Event::Refused { batch: id, origin, error: error.0.as_str().into() });
            }
        }
    }

    pub fn perform(&mut self, command: Command) {
        self.batch(&Batch::now(Origin::Gui, "test", vec![command]));
    }

    pub fn turn(&mut self) {
        self.osc.tick(Instant::now());
        while let Some(ask) = self.engine.asks.pop() {
            match ask {
                Ask::Batch(batch) => self.batch(&batch),
                Ask::Desk(state) => self.state = state,
                Ask::Notice(text) => self.notices.push(text),
                _ => {}
            }
        }
    }

    /// Turn until something holds; how long that took. It fails after 30 s.
    #[track_caller]
    pub fn until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) -> Duration {
        let began = Instant::now();
        while !holds(self) {
            assert!(began.elapsed() < PATIENCE, "{what}: {:?} {:?}", self.state, self.notices);
            self.turn();
            std::thread::park_timeout(Duration::from_millis(1));
        }
        began.elapsed()
    }

    /// How the mapping of the layer `Beam` stands.
    pub fn status(&self) -> MappingStatus {
        self.state.mappings.get("Beam").cloned().unwrap_or_default()
    }

    pub fn mapping(&self) -> MappingState {
        self.status().state
    }

    pub fn events(&self) -> (usize, usize) {
        self.status().events
    }

    /// The events of the layer: name and ticks, sorted.
    pub fn contents(&self) -> Vec<(String, i64)> {
        let events = &self.session.layers["Beam"].events;
        sorted(events.iter().map(|entry| (entry.event.name.to_string(), entry.event.ticks)))
    }

    /// An event of the layer by its name.
    pub fn find(&self, text: &str) -> Option<Uid> {
        self.session.layers["Beam"].events.iter().find(|entry| &*entry.event.name == text).map(|entry| entry.uid)
    }
}

fn sorted(events: impl Iterator<Item = (String, i64)>) -> Vec<(String, i64)> {
    let mut events: Vec<_> = events.collect();
    events.sort();
    events
}

/// A session with a layer `Beam` for the first track of the pocket desk's demo show.
pub fn mapped() -> Session {
    let mut session = Session::new();
    let layer = Name::new("Beam").expect("a good name");
    let mapping = Mapping::new(101, 1, TrackName::Name("BEAM".into()));
    let add = Command::AddLayer { uid: Uid(7), name: layer.clone(), song: "main".into() };
    session.perform(&add).expect("a new session has no layer of that name");
    session.perform(&Command::MapLayer(layer, Some(mapping))).expect("the layer is there");
    session
}

/// A put of one event into the layer, or its deletion.
pub fn put(uid: Uid, event: Option<(i64, &str)>) -> Command {
    let event = event.map(|(ticks, name)| Arc::new(LayerEvent { name: name.into(), ..LayerEvent::at(ticks) }));
    Command::PutEvents(Name::new("Beam").expect("a good name"), [(uid, event)].into())
}

type Job = Box<dyn FnOnce(&mut Desk) + Send>;

/// A pocket desk with the shipped plug-in, on real sockets; dropping it switches it off.
pub struct RealDesk {
    pub port: u16,
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl RealDesk {
    pub fn start(options: Options) -> Self {
        let (jobs, todo) = mpsc::channel::<Job>();
        let (told, port) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let options = Options { osc_port: 0, ..options };
            let mut live = Live::open(Ipv4Addr::LOCALHOST, options).expect("the system has a free port");
            live.desk.install(&plugin::components().collect::<Vec<_>>()).expect("the plug-in loads");
            told.send(live.port()).expect("somebody waits for it");
            let began = Instant::now();
            loop {
                let pause = live.turn(began.elapsed());
                match todo.recv_timeout(pause.min(Duration::from_millis(1))) {
                    Ok(job) => job(&mut live.desk),
                    Err(mpsc::RecvTimeoutError::Timeout) => {}
                    Err(mpsc::RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        let port = port.recv_timeout(PATIENCE).expect("the desk starts");
        Self { port, jobs: Some(jobs), thread: Some(thread) }
    }

    /// Do something with the desk, between two of its turns.
    pub fn with<R: Send + 'static>(&self, work: impl FnOnce(&mut Desk) -> R + Send + 'static) -> R {
        let (tell, told) = mpsc::channel();
        // Who waits no more wants no answer.
        let job: Job = Box::new(move |desk| drop(tell.send(work(desk))));
        self.jobs.as_ref().expect("it is on").send(job).expect("the desk runs");
        told.recv_timeout(PATIENCE).expect("the desk answers")
    }

    pub fn faults(&self, faults: Faults) {
        self.with(move |desk| desk.set_faults(faults));
    }

    pub fn events(&self) -> Vec<EventView> {
        self.with(|desk| desk.events(101, 1, 1))
    }

    /// The events of the track: name and ticks, sorted.
    pub fn contents(&self) -> Vec<(String, i64)> {
        sorted(self.events().into_iter().map(|event| (event.name, event.ticks)))
    }
}

impl Drop for RealDesk {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join)
            && !std::thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}
