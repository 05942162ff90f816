//! A session, a mapping and a desk, on a clock that the test turns.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::super::{Now, Track};
use super::desk::Desk;
use crate::model::{
    Batch, Command, DeskEvent, LayerEvent, Mapping, MappingState, MappingStatus, Name, Origin, Put, Session, TrackName,
    Uid,
};
use crate::osc::ma3::protocol::{DeskError, Message, Request};

pub const ME: &str = "us";
const STEP: Duration = Duration::from_millis(10);

pub struct Rig {
    pub session: Session,
    pub revision: u64,
    pub track: Track,
    pub desk: Desk,
    pub time: Duration,
    pub connected: bool,
    /// Answers that came, and wait for the next step.
    answer: Option<(u64, Result<Message, DeskError>)>,
    pub notices: Vec<Message>,
    /// Names of requests, in order.
    pub asked: Vec<&'static str>,
    /// Batches that the session did.
    pub taken: usize,
    /// How often the session is edited between a Batch being made and being done, from now on.
    pub race: usize,
    /// Whether answers to batches are lost and the desk begins anew.
    pub lose_answers: bool,
}

pub fn layer_name() -> Name {
    Name::new("Beam").unwrap()
}

pub fn mapping() -> Mapping {
    Mapping::new(101, 1, TrackName::Name("BEAM".into()))
}

pub fn at(ticks: i64, name: &str) -> Option<Arc<LayerEvent>> {
    Some(Arc::new(LayerEvent { name: name.into(), ..LayerEvent::at(ticks) }))
}

impl Rig {
    pub fn new(mapping: Mapping) -> Self {
        let mut session = Session::new();
        session.desk.on = true;
        for command in [
            Command::AddLayer { uid: Uid(7), name: layer_name(), song: "main".into() },
            Command::MapLayer(layer_name(), Some(mapping)),
        ] {
            session.perform(&command).unwrap();
        }
        let track = Self::track_of(&session);
        Self {
            session,
            revision: 1,
            track,
            desk: Desk::new(),
            time: Duration::ZERO,
            connected: true,
            answer: None,
            notices: vec![],
            asked: vec![],
            taken: 0,
            race: 0,
            lose_answers: false,
        }
    }

    /// Accepted and in step.
    pub fn in_step(mapping: Mapping) -> Self {
        let mut rig = Self::new(mapping);
        rig.perform(Command::AcceptMapping(layer_name()));
        rig.run(1000);
        rig
    }

    fn track_of(session: &Session) -> Track {
        Track::new(&layer_name(), &session.mappings["Beam"], &session.layers["Beam"])
    }

    /// Our program ends and starts again with a session.
    pub fn restart(&mut self, session: Session) {
        self.session = session;
        self.track = Self::track_of(&self.session);
        self.answer = None;
        self.revision += 1;
    }

    pub fn perform(&mut self, command: Command) {
        self.session.perform_batch(&Batch::now(Origin::Gui, "test", vec![command])).unwrap();
        self.revision += 1;
    }

    pub fn put(&mut self, puts: &[Put]) {
        self.perform(Command::PutEvents(layer_name(), puts.into()));
    }

    pub fn edit_desk(&mut self, work: impl FnOnce(&mut Vec<DeskEvent>)) {
        let notice = self.desk.edit(work);
        self.notices.push(notice);
    }

    pub fn run(&mut self, ms: u64) {
        let until = self.time + Duration::from_millis(ms);
        while self.time < until {
            self.time += STEP;
            self.step();
        }
    }

    fn step(&mut self) {
        let session = self.session.clone();
        let now =
            Now { time: self.time, session: &session, revision: self.revision, connected: self.connected, me: ME };
        if self.connected {
            if self.time.as_millis().is_multiple_of(1000) && self.desk.name.is_some() {
                let digest = self.desk.digest();
                self.track.digest(&[digest]);
            }
            for notice in std::mem::take(&mut self.notices) {
                self.track.notice(&notice);
            }
            if let Some((generation, answer)) = self.answer.take() {
                self.track.answer(&now, generation, answer);
            }
        }
        let wants = self.track.tick(&now);
        if let Some(request) = wants.request {
            self.request(request);
        }
        if let Some(batch) = wants.batch {
            if self.race > 0 {
                self.race -= 1;
                let event = session.layers["Beam"].events.first().map(|e| (e.uid, e.event.clone()));
                if let Some((uid, event)) = event {
                    let event = LayerEvent { note: format!("race {}", self.race).into(), ..(*event).clone() };
                    self.put(&[(uid, Some(Arc::new(event)))]);
                }
            }
            match self.session.perform_batch(&batch) {
                Ok(_) => {
                    self.revision += 1;
                    self.taken += 1;
                    self.track.applied(batch.id, self.revision);
                }
                Err(_) => self.track.refused(batch.id),
            }
            assert_eq!(self.session.check(), Ok(()));
        }
    }

    fn request(&mut self, request: Request) {
        let name = request.name();
        self.asked.push(name);
        let result = self.desk.answer(ME, request);
        if self.lose_answers && name == "Batch" {
            let code = crate::osc::ma3::protocol::ErrorCode::Epoch;
            self.answer = Some((self.track.generation(), Err(DeskError::new(code, "began anew"))));
            self.track.begin_anew();
            return;
        }
        self.answer = Some((self.track.generation(), result));
    }

    pub fn status(&self) -> &MappingStatus {
        self.track.status()
    }

    pub fn state(&self) -> MappingState {
        self.status().state
    }

    /// Our events as the desk would have them, how often each.
    pub fn ours(&self) -> BTreeMap<DeskEvent, usize> {
        let offset = self.session.agreed.get("Beam").map_or(0, |agreed| agreed.offset);
        let events = self.session.layers["Beam"].events.iter().map(|e| DeskEvent::from_layer(&e.event, offset));
        count(events)
    }

    pub fn theirs(&self) -> BTreeMap<DeskEvent, usize> {
        count(self.desk.events.iter().cloned())
    }

    /// Names of ours in order of time.
    pub fn names(&self) -> Vec<String> {
        self.session.layers["Beam"].events.iter().map(|e| e.event.name.to_string()).collect()
    }

    pub fn desk_names(&self) -> Vec<String> {
        self.desk.events.iter().map(|event| event.name.to_string()).collect()
    }

    #[track_caller]
    pub fn assert_equal(&self) {
        assert_eq!(self.ours(), self.theirs(), "{:?}", self.status());
        assert_eq!(self.state(), MappingState::Synced, "{:?}", self.status());
        let agreed = &self.session.agreed["Beam"];
        assert_eq!((agreed.hash.clone(), agreed.events.len()), (self.desk.hash(), self.desk.events.len()));
    }
}

fn count(events: impl Iterator<Item = DeskEvent>) -> BTreeMap<DeskEvent, usize> {
    let mut all = BTreeMap::new();
    events.for_each(|event| *all.entry(event).or_default() += 1);
    all
}
