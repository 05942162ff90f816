//! The link of one instance to one desk: the line, and a [`Track`] for each mapping of the session, in every song.
//!
//! Thread: osc. No socket, no clock, no engine: datagrams, times, Events and Snapshots come in; datagrams and Batches go out.

use core::net::{Ipv4Addr, SocketAddrV4};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::line::{Datagram, Heard, Line, ReqId};
use super::protocol::{Message, Request, TrackAt};
use super::sync::{Now, Track};
use crate::bus::Tap;
use crate::model::{
    Batch, BatchId, Command, DeskConfig, DeskState, DeskVerb, Event, LinkState, Name, Origin, Session, Snapshot, Uid,
};

/// Tracks look at their own times this often.
const TRACKS_AGAIN: Duration = Duration::from_millis(20);

/// The link of one instance.
pub struct Link {
    line: Line,
    me: String,
    /// By the layer's identity.
    tracks: BTreeMap<Uid, (Name, Track)>,
    /// Whose question it is, and of which time.
    asked: HashMap<ReqId, (Uid, u64)>,
    /// Whose Batch it is.
    batches: HashMap<BatchId, Uid>,
    out: Vec<Batch>,
    listening: u16,
    testing: bool,
}

impl Link {
    /// A link that is off. `client` is random; `me` is what people read, and what tells our own writing from others' after a
    /// restart: the same each time for this instance on this machine, another for each other one.
    pub fn new(client: u64, me: impl Into<String>) -> Self {
        let me = me.into();
        Self {
            line: Line::new(client, me.clone()),
            me,
            tracks: BTreeMap::new(),
            asked: HashMap::new(),
            batches: HashMap::new(),
            out: vec![],
            listening: 0,
            testing: false,
        }
    }

    /// Let the packet inspector see every datagram.
    #[must_use]
    pub fn with_tap(mut self, tap: Tap) -> Self {
        self.line = self.line.with_tap(tap);
        self
    }

    /// Where the desk is, our own address on the way to it, and the port we listen on (0: none).
    pub fn configure(&mut self, config: &DeskConfig, local_ip: Ipv4Addr, listening: u16) {
        self.listening = listening;
        self.line.configure(config, local_ip, listening);
    }

    /// A datagram came.
    pub fn hear(&mut self, now: Duration, from: SocketAddrV4, bytes: &[u8]) {
        self.line.hear(now, from, bytes);
    }

    /// Do what is due. Gives when it wants to be called again at the latest.
    pub fn tick(&mut self, time: Duration, snapshot: &Snapshot) -> Option<Duration> {
        let mut next = self.line.tick(time);
        let heard = self.line.take_heard();
        let (me, revision) = (self.me.clone(), snapshot.revision);
        let connected = self.line.state() == LinkState::Connected;
        let now = Now { time, session: &snapshot.session, revision, connected, me: &me };
        self.look_at_mappings(time, &snapshot.session);
        for heard in heard {
            self.heard(&now, heard);
        }
        let mut asks = false;
        for (uid, (_, track)) in &mut self.tracks {
            let wants = track.tick(&now);
            if let Some(request) = wants.request {
                let id = self.line.ask(time, request);
                self.asked.insert(id, (*uid, track.generation()));
                asks = true;
            }
            if let Some(batch) = wants.batch {
                self.batches.insert(batch.id, *uid);
                self.out.push(batch);
            }
        }
        if asks {
            next = self.line.tick(time);
        }
        next.map(|next| next.min(time + TRACKS_AGAIN))
    }

    // A Track for each mapping, by the identity of its layer: a layer that is called another name keeps its own.
    fn look_at_mappings(&mut self, time: Duration, session: &Session) {
        let mut gone: HashSet<Uid> = self.tracks.keys().copied().collect();
        for (name, mapping) in &session.mappings {
            let Some(layer) = session.layers.get(name) else { continue };
            gone.remove(&layer.uid);
            match self.tracks.get_mut(&layer.uid) {
                Some((old, track)) if old != name => {
                    track.rename(name);
                    *old = name.clone();
                }
                Some(_) => {}
                None => {
                    self.tracks.insert(layer.uid, (name.clone(), Track::new(name, mapping, layer)));
                }
            }
        }
        let gone: Vec<Track> = gone.iter().filter_map(|uid| self.tracks.remove(uid)).map(|(_, track)| track).collect();
        let used: HashSet<TrackAt> = self.tracks.values().filter_map(|(_, t)| Some(t.unit()?.track_at())).collect();
        for at in gone.iter().filter_map(|track| Some(track.unit()?.track_at())).filter(|at| !used.contains(at)) {
            if self.line.state() == LinkState::Connected {
                self.line.ask(time, Request::Unhook { at });
            }
        }
    }

    fn heard(&mut self, now: &Now<'_>, heard: Heard) {
        match heard {
            Heard::Link(LinkState::Connected) => self.each(Track::look_again),
            Heard::Link(_) => {}
            Heard::Epoch(_) => self.each(Track::begin_anew),
            Heard::Answer { req, result } => {
                let Some((uid, generation)) = self.asked.remove(&req) else { return };
                if let Some((_, track)) = self.tracks.get_mut(&uid) {
                    track.answer(now, generation, result);
                }
            }
            Heard::Notice(message) => self.notice(&message),
            Heard::Digest(digest) => self.each(|track| track.digest(&digest)),
        }
    }

    fn notice(&mut self, message: &Message) {
        for (_, track) in self.tracks.values_mut() {
            track.notice(message);
        }
    }

    fn each(&mut self, mut work: impl FnMut(&mut Track)) {
        self.tracks.values_mut().for_each(|(_, track)| work(track));
    }

    /// Something happened here.
    pub fn event(&mut self, time: Duration, event: &Event, session: &Session) {
        match event {
            Event::Applied { batch, revision, .. } => {
                if let Some((_, track)) = self.batches.remove(batch).and_then(|uid| self.tracks.get_mut(&uid)) {
                    track.applied(*batch, *revision);
                }
            }
            Event::Refused { batch, .. } => {
                if let Some((_, track)) = self.batches.remove(batch).and_then(|uid| self.tracks.get_mut(&uid)) {
                    track.refused(*batch);
                }
            }
            Event::Desk(verb) => self.verb(time, verb, session),
            _ => {}
        }
    }

    fn verb(&mut self, time: Duration, verb: &DeskVerb, session: &Session) {
        match verb {
            DeskVerb::Push { layer, dry } => self.named(layer.as_ref(), |track| track.push(*dry)),
            DeskVerb::Pull { layer, dry } => self.named(layer.as_ref(), |track| track.pull(*dry)),
            DeskVerb::Accept(layer) => self.accept(layer.as_ref(), session),
            DeskVerb::Choose(layer, choice) => self.named(layer.as_ref(), |track| track.choose(*choice)),
            DeskVerb::Resolve { layer, key, side } => self.named(Some(layer), |track| track.resolve(*key, *side)),
            DeskVerb::TakeOver(layer) => self.named(layer.as_ref(), Track::take_over),
            DeskVerb::Restore(layer) => self.named(Some(layer), Track::restore),
            DeskVerb::SelfTest => {
                self.testing = true;
                self.line.start_self_test(time);
            }
            DeskVerb::Pocket(_) | DeskVerb::PocketLine(_) => {}
        }
    }

    fn named(&mut self, layer: Option<&Name>, mut work: impl FnMut(&mut Track)) {
        for (name, track) in self.tracks.values_mut() {
            if layer.is_none_or(|layer| layer == name) {
                work(track);
            }
        }
    }

    fn accept(&mut self, layer: Option<&Name>, session: &Session) {
        let wanted = |name: &Name| layer.is_none_or(|layer| layer == name);
        let commands: Vec<Command> = session
            .mappings
            .iter()
            .filter(|(name, mapping)| wanted(name) && !mapping.accepted)
            .map(|(name, _)| Command::AcceptMapping(name.clone()))
            .collect();
        if !commands.is_empty() {
            self.out.push(Batch::now(Origin::Desk, "desk: accept", commands));
        }
        self.named(layer, Track::accepted);
    }

    /// What goes to the desk.
    pub fn take_out(&mut self) -> Vec<Datagram> {
        self.line.take_out()
    }

    /// What is asked of the engine.
    pub fn take_batches(&mut self) -> Vec<Batch> {
        std::mem::take(&mut self.out)
    }

    /// The engine's queue is full: this one did not get in, and is planned again.
    pub fn not_sent(&mut self, batch: &Batch) {
        if let Some((_, track)) = self.batches.remove(&batch.id).and_then(|uid| self.tracks.get_mut(&uid)) {
            track.refused(batch.id);
        }
    }

    /// Say goodbye; the last datagrams are in [`Link::take_out`].
    pub fn close(&mut self) {
        self.line.close();
    }

    /// The name we write under.
    pub fn name(&self) -> &str {
        &self.me
    }

    /// The line, to look at.
    pub fn line(&self) -> &Line {
        &self.line
    }

    /// How it stands.
    pub fn state(&self) -> DeskState {
        let mappings = self.tracks.values().map(|(name, track)| (name.clone(), track.status().clone()));
        DeskState {
            link: self.line.state(),
            reason: self.line.reason(),
            listening: self.listening,
            rtt_ms: self.line.rtt_ms(),
            loss: self.line.loss(),
            packets: self.line.counters().packets(),
            desk: self.line.info().map(Arc::new),
            mappings: mappings.collect(),
            test: if self.testing { Arc::new(self.line.self_test()) } else { Arc::default() },
            pocket: None,
        }
    }
}
