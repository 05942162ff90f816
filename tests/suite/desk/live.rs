//! The station with real sockets and a pocket desk on a thread of its own, in real time.
#![allow(clippy::disallowed_methods, reason = "this one runs in real time")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use tracklight::bus::{OscEnds, Station, Wires, wire};
use tracklight::model::{
    Ask, Batch, Command, DeskConfig, DeskState, DeskVerb, Event, LinkState, MappingState, Origin, Session, Snapshot,
    Uid,
};
use tracklight::osc::Osc;

use super::rig::{App, SECOND, at, beam, name};

/// An instance whose engine does nothing but Batches.
struct Instance {
    osc: Osc,
    wires: Rest,
    session: Session,
    revision: u64,
    state: Arc<DeskState>,
    notices: Vec<String>,
}

struct Rest {
    engine: tracklight::bus::EngineEnds,
}

impl Instance {
    fn new(session: Session, me: &str) -> Self {
        let Wires { osc, engine, .. } = wire();
        let ends: OscEnds = osc;
        let mut instance = Self {
            osc: Osc::new(ends, me),
            wires: Rest { engine },
            session,
            revision: 0,
            state: Arc::default(),
            notices: vec![],
        };
        instance.publish();
        instance
    }

    fn publish(&mut self) {
        self.revision += 1;
        let snapshot = Snapshot { revision: self.revision, ..Snapshot::first(self.session.clone()) };
        self.wires.engine.snapshot.store(Arc::new(snapshot));
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
                self.wires.engine.events.tell(&event);
                for command in &batch.commands {
                    if let Command::Desk(verb) = command {
                        self.wires.engine.events.tell(&Event::Desk(verb.clone()));
                    }
                }
            }
            Err(error) => {
                self.wires.engine.events.tell(&Event::Refused { batch: id, origin, error: error.0.as_str().into() });
            }
        }
    }

    fn perform(&mut self, command: Command) {
        self.batch(&Batch::now(Origin::Gui, "test", vec![command]));
    }

    fn turn(&mut self) {
        self.osc.tick(Instant::now());
        while let Some(ask) = self.wires.engine.asks.pop() {
            match ask {
                Ask::Batch(batch) => self.batch(&batch),
                Ask::Desk(state) => self.state = state,
                Ask::Notice(text) => self.notices.push(text),
                _ => {}
            }
        }
    }

    /// Turn until something holds; it fails after 20 s.
    #[track_caller]
    fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !holds(self) {
            assert!(began.elapsed() < Duration::from_secs(20), "{what}: {:?} {:?}", self.state, self.notices);
            self.turn();
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }

    fn mapping(&self) -> MappingState {
        self.state.mappings.get("Beam").map(|status| status.state).unwrap_or_default()
    }

    fn events(&self) -> (usize, usize) {
        self.state.mappings.get("Beam").map(|status| status.events).unwrap_or_default()
    }
}

/// proves: H20
#[test]
fn a_pocket_desk_is_rehearsed_with_over_real_sockets() {
    let mut session = App::session(beam());
    session.desk = DeskConfig { on: false, listen: 0, port: 18_731, ..DeskConfig::default() };
    let mut one = Instance::new(session, "one");
    one.perform(Command::Desk(DeskVerb::Pocket(true)));
    one.until("the pocket desk starts", |one| one.state.pocket.is_some());
    assert_eq!(one.state.link, LinkState::Off);
    let port = one.state.pocket.clone().unwrap().0;
    // Two instances in one process, one port setting: they share it, and each hears what is its own.
    let listen = 18_732;
    one.perform(Command::SetDesk(DeskConfig { on: true, port, listen, ..DeskConfig::default() }));
    one.perform(Command::PutEvents(name("Beam"), [(Uid(1), at(SECOND, "a"))].into()));
    one.until("a preview", |one| one.mapping() == MappingState::Diverged);
    one.perform(Command::Desk(DeskVerb::Accept(None)));
    one.until("in step", |one| one.mapping() == MappingState::Synced && one.events() == (1, 1));
    let mut two = Instance::new(one.session.clone(), "two");
    two.until("the second one reads", |two| two.mapping() == MappingState::Synced);
    assert_eq!(one.state.listening, two.state.listening);
    one.perform(Command::Desk(DeskVerb::PocketLine("add 101.1.1 2.5".into())));
    one.until("an event of the desk", |one| one.mapping() == MappingState::Synced && one.events() == (2, 2));
    two.until("it comes to both", |two| two.mapping() == MappingState::Synced && two.events() == (2, 2));
    one.perform(Command::Desk(DeskVerb::PocketLine("nonsense".into())));
    one.until("an answer", |one| {
        one.state.pocket.as_ref().is_some_and(|(_, lines)| lines.iter().any(|l| &**l == "> nonsense"))
    });
    one.perform(Command::Desk(DeskVerb::SelfTest));
    // What no desk says (who is the master) stays unknown; nothing is wrong.
    one.until("a self-test", |one| {
        let oks: Vec<_> = one.state.test.iter().map(|line| line.ok).collect();
        oks.contains(&Some(true)) && !oks.contains(&Some(false))
    });
    one.perform(Command::SetDesk(DeskConfig { on: false, port, ..DeskConfig::default() }));
    one.until("off", |one| one.state.link == LinkState::Off);
    one.perform(Command::Desk(DeskVerb::Pocket(false)));
    one.until("no pocket desk", |one| one.state.pocket.is_none());
}
