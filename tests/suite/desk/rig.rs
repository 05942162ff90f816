//! Instances and a pocket desk that runs the shipped plug-in, on a wire in memory and a clock that the test turns.

use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;

use tracklight::model::{
    Batch, Command, DeskVerb, Edit, Event, LayerEvent, Mapping, MappingState, MappingStatus, Name, Origin, Put,
    Session, Snapshot, TrackName, Uid,
};
use tracklight::osc::ma3::link::Link;
use tracklight::osc::ma3::plugin;
use tracklight::osc::ma3::pocket::{Act, Desk, EventView, Faults, Options};

/// How far the clock is turned at once.
const STEP: Duration = Duration::from_millis(5);
/// A second, in ticks.
pub const SECOND: i64 = 1 << 24;

/// Events by name: time, cue, command and note, sorted.
pub type Contents = BTreeMap<String, Vec<(i64, String, String, String)>>;

pub fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

/// An event of ours.
pub fn at(ticks: i64, name: &str) -> Option<Arc<LayerEvent>> {
    Some(Arc::new(LayerEvent { name: name.into(), ..LayerEvent::at(ticks) }))
}

pub fn beam() -> Mapping {
    Mapping::new(101, 1, TrackName::Name("BEAM".into()))
}

fn install(desk: &mut Desk) {
    let components: Vec<_> = plugin::components().collect();
    desk.install(&components).unwrap();
}

/// One instance: a link, and a session that does what is asked of it.
pub struct App {
    pub link: Link,
    pub session: Session,
    snapshot: Snapshot,
    events: VecDeque<Event>,
    name: String,
    port: u16,
    /// Ended, or crashed.
    pub off: bool,
    /// Batches from the link that the session did.
    pub taken: usize,
    /// What takes the user's batches back, newest last.
    undo: Vec<Vec<Edit>>,
}

impl App {
    pub fn new(name: &str, port: u16, client: u64, session: Session) -> Self {
        let mut app = Self {
            link: Link::new(client, name),
            snapshot: Snapshot::first(session.clone()),
            session,
            events: VecDeque::new(),
            name: name.to_owned(),
            port,
            off: false,
            taken: 0,
            undo: vec![],
        };
        app.snapshot.revision = 1;
        app.link.configure(&app.session.desk, Ipv4Addr::LOCALHOST, port);
        app
    }

    /// A session with a layer `Beam`, mapped.
    pub fn session(mapping: Mapping) -> Session {
        let mut session = Session::new();
        session.desk.on = true;
        let layer = name("Beam");
        session.perform(&Command::AddLayer { uid: Uid(7), name: layer.clone(), song: "main".into() }).unwrap();
        session.perform(&Command::MapLayer(layer, Some(mapping))).unwrap();
        session
    }

    pub fn perform(&mut self, command: Command) {
        let done = self.session.perform_batch(&Batch::now(Origin::Gui, "test", vec![command])).unwrap();
        self.undo.push(done.inverse);
        self.changed();
    }

    pub fn undo(&mut self) {
        if let Some(inverse) = self.undo.pop() {
            self.session.undo_all(&inverse);
            self.changed();
        }
    }

    pub fn put(&mut self, puts: &[Put]) {
        self.perform(Command::PutEvents(name("Beam"), puts.into()));
    }

    /// An event by its name: where it is.
    pub fn find(&self, text: &str) -> Option<Uid> {
        self.session.layers["Beam"].events.iter().find(|entry| &*entry.event.name == text).map(|entry| entry.uid)
    }

    pub fn verb(&mut self, verb: DeskVerb) {
        self.events.push_back(Event::Desk(verb));
    }

    fn changed(&mut self) {
        self.snapshot.revision += 1;
        self.snapshot.session = Arc::new(self.session.clone());
    }

    pub fn status(&self) -> MappingStatus {
        self.link.state().mappings.get("Beam").cloned().unwrap_or_default()
    }

    pub fn state(&self) -> MappingState {
        self.status().state
    }

    fn step(&mut self, now: Duration) {
        while let Some(event) = self.events.pop_front() {
            self.link.event(now, &event, &self.session);
        }
        self.link.tick(now, &self.snapshot);
        for batch in self.link.take_batches() {
            let (id, origin) = (batch.id, batch.origin);
            match self.session.perform_batch(&batch) {
                Ok(done) => {
                    self.taken += 1;
                    self.changed();
                    let edits = done.forward.into();
                    let revision = self.snapshot.revision;
                    self.events.push_back(Event::Applied { batch: id, origin, revision, edits, back: false });
                }
                Err(error) => {
                    self.events.push_back(Event::Refused { batch: id, origin, error: error.0.as_str().into() });
                }
            }
            assert_eq!(self.session.check(), Ok(()));
        }
    }

    /// What our layer holds.
    pub fn contents(&self) -> Contents {
        let mut contents = Contents::new();
        for entry in &self.session.layers["Beam"].events {
            let e = &entry.event;
            let one = (e.ticks, e.cue.to_string(), e.cmd.to_string(), e.note.to_string());
            contents.entry(e.name.to_string()).or_default().push(one);
        }
        contents
    }
}

/// The desk and the instances.
pub struct World {
    pub desk: Desk,
    pub apps: Vec<App>,
    pub now: Duration,
    /// Datagrams that went to the desk and came from it.
    pub packets: [u64; 2],
    /// Every datagram from now on, where a test wants to look at them: when, to which port, what.
    pub tape: Option<Vec<(Duration, u16, Vec<u8>)>>,
    /// The last of them: port of the desk, and bytes.
    pub recent: [VecDeque<(u16, Vec<u8>)>; 2],
    clients: u64,
}

/// How many datagrams are remembered each way.
const RECENT: usize = 64;

fn remember(recent: &mut VecDeque<(u16, Vec<u8>)>, port: u16, bytes: &[u8]) {
    if recent.len() == RECENT {
        recent.pop_front();
    }
    recent.push_back((port, bytes.to_vec()));
}

impl World {
    /// A desk of this kind with the plug-in installed, and one instance with this mapping.
    pub fn new(options: Options, mapping: Mapping) -> Self {
        let mut desk = Desk::new(options);
        install(&mut desk);
        let (packets, recent) = ([0; 2], Default::default());
        let mut world = Self { desk, apps: vec![], now: Duration::ZERO, packets, tape: None, recent, clients: 0x5eed };
        world.start("us", App::session(mapping));
        world
    }

    /// With the mapping accepted and in step.
    pub fn in_step(options: Options) -> Self {
        let mut world = Self::new(options, beam());
        world.apps[0].perform(Command::AcceptMapping(name("Beam")));
        world.until(3000, |world| world.apps[0].state() == MappingState::Synced);
        world
    }

    /// Put the plug-in into another show too; the own one is open again after that.
    pub fn install_in(&mut self, show: &str) {
        self.desk.person(Act::Save(String::new())).unwrap();
        self.desk.person(Act::Load(show.into())).unwrap();
        install(&mut self.desk);
        self.desk.person(Act::Save(String::new())).unwrap();
        self.desk.person(Act::Load("demo".into())).unwrap();
    }

    /// One more instance.
    pub fn start(&mut self, called: &str, session: Session) -> usize {
        self.clients = self.clients.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let port = 9000 + self.apps.len() as u16;
        self.apps.push(App::new(called, port, self.clients, session));
        self.apps.len() - 1
    }

    /// An instance crashes and comes back with what its session was.
    pub fn crash(&mut self, app: usize) {
        self.clients = self.clients.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let old = &self.apps[app];
        let session = Session::from_json(&old.session.to_json()).unwrap();
        let new = App::new(&old.name, old.port, self.clients, session);
        self.apps[app] = new;
    }

    pub fn run(&mut self, ms: u64) {
        let until = self.now + Duration::from_millis(ms);
        while self.now < until {
            self.step();
        }
    }

    /// Run until something holds, for so long at most; how many milliseconds that took, and none where it never held.
    pub fn until(&mut self, ms: u64, holds: impl Fn(&Self) -> bool) -> Option<u64> {
        let began = self.now;
        while !holds(self) {
            if self.now >= began + Duration::from_millis(ms) {
                return None;
            }
            self.step();
        }
        Some((self.now - began).as_millis() as u64)
    }

    fn step(&mut self) {
        self.now += STEP;
        self.desk.tick(self.now);
        for datagram in self.desk.take_outgoing() {
            self.packets[1] += 1;
            if let Some(tape) = &mut self.tape {
                tape.push((self.now, datagram.to.port(), datagram.bytes.clone()));
            }
            remember(&mut self.recent[1], datagram.from_port, &datagram.bytes);
            let from = SocketAddrV4::new(Ipv4Addr::LOCALHOST, datagram.from_port);
            if let Some(app) = self.apps.iter_mut().find(|app| app.port == datagram.to.port() && !app.off) {
                app.link.hear(self.now, from, &datagram.bytes);
            }
        }
        for app in self.apps.iter_mut().filter(|app| !app.off) {
            app.step(self.now);
            let from = SocketAddrV4::new(Ipv4Addr::LOCALHOST, app.port);
            for datagram in app.link.take_out() {
                self.packets[0] += 1;
                if let Some(tape) = &mut self.tape {
                    tape.push((self.now, datagram.to.port(), datagram.bytes.clone()));
                }
                remember(&mut self.recent[0], datagram.to.port(), &datagram.bytes);
                match datagram.to.port() {
                    8000 => self.desk.osc(&datagram.bytes, from),
                    port => self.desk.udp(port, &datagram.bytes, from),
                }
            }
        }
    }

    pub fn faults(&mut self, faults: Faults) {
        self.desk.set_faults(faults);
    }

    pub fn events(&self) -> Vec<EventView> {
        self.desk.events(101, 1, 1)
    }

    /// What the desk's track holds.
    pub fn contents(&self) -> Contents {
        let mut contents = Contents::new();
        for e in self.events() {
            contents.entry(e.name).or_default().push((e.ticks, e.cue, e.cmd, e.note));
        }
        contents
    }

    /// Where an event stands on the desk, from 1.
    pub fn place(&self, text: &str) -> Option<usize> {
        self.events().iter().find(|event| event.name == text).map(|event| event.idx)
    }

    /// Both sides hold the same, and the first instance says so.
    pub fn is_equal(&self) -> bool {
        self.apps[0].state() == MappingState::Synced && self.apps[0].contents() == self.contents()
    }

    /// Run until both sides are equal; how many milliseconds that took.
    #[track_caller]
    pub fn assert_equal_within(&mut self, ms: u64, story: &str) -> u64 {
        let Some(took) = self.until(ms, Self::is_equal) else {
            let log = self.desk.log();
            let tail: Vec<_> = log.iter().rev().take(5).collect();
            panic!(
                "{story}: not equal after {ms} ms\n{:?}\nlink {:?}\nours {:?}\ntheirs {:?}\n{tail:?}",
                self.apps[0].status(),
                self.apps[0].link.state().link,
                self.apps[0].contents(),
                self.contents(),
            );
        };
        took
    }
}
