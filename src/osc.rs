//! OSC THREAD: one socket, two directions; the desk link lives here.
//!
//! The logic ([`ma3`]) has no socket and no clock: both are handed in, so tests run both sides on one thread. [`Osc`] is the
//! loop around it: it reads Events and Snapshots, owns an end of the socket, and asks the engine.

use core::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub mod codec;
pub mod ma3;
pub mod socket;

use crate::bus::{OscEnds, Pace, Station};
use crate::model::{Ask, DeskConfig, DeskState, DeskVerb, Event, Snapshot, Uid};
use ma3::link::Link;
use ma3::pocket::Options;
use ma3::rehearse::Rehearsal;
use socket::Port;

/// How the link stands is told at most this often.
const TOLD_EVERY: Duration = Duration::from_millis(50);
/// The longest sleep while there is a desk; a datagram or an Event ends it sooner.
const SLEEP: Duration = Duration::from_millis(20);
/// The longest sleep while there is none.
const SLEEP_OFF: Duration = Duration::from_millis(500);
/// A port that could not be opened is tried again after this.
const PORT_AGAIN: Duration = Duration::from_secs(2);

/// The osc thread's body.
pub struct Osc {
    ends: OscEnds,
    link: Link,
    port: Option<Port>,
    port_again: Duration,
    config: Option<DeskConfig>,
    began: Option<Instant>,
    told: Arc<DeskState>,
    told_at: Duration,
    rehearsal: Option<Rehearsal>,
}

impl Osc {
    /// A link that is off until a session wants one. `me` is what people at the desk read of this instance, and what it
    /// knows its own writing by after a restart: each time the same, for each instance another.
    pub fn new(ends: OscEnds, me: &str) -> Self {
        let link = Link::new(Uid::fresh().0, me).with_tap(ends.tap.clone());
        Self {
            ends,
            link,
            port: None,
            port_again: Duration::ZERO,
            config: None,
            began: None,
            told: Arc::default(),
            told_at: Duration::ZERO,
            rehearsal: None,
        }
    }

    // The port before anything is sent (F5); it is shared, and another setting is another port.
    fn listen(&mut self, time: Duration, config: &DeskConfig) {
        let wanted = config.on.then(|| config.ip.parse::<Ipv4Addr>().ok()).flatten();
        let fits = match (&self.port, wanted) {
            (Some(port), Some(desk)) => port.serves(config.listen, desk),
            (None, None) => true,
            _ => false,
        };
        if fits && self.config.as_ref() == Some(config) {
            return;
        }
        if !fits && (wanted.is_none() || time >= self.port_again) {
            self.port = wanted.and_then(|desk| self.open(time, config.listen, desk));
        }
        let listening = self.port.as_ref().map_or(0, Port::port);
        self.link.configure(config, wanted.map_or(Ipv4Addr::LOCALHOST, socket::local_ip), listening);
        self.config = Some(config.clone());
    }

    fn open(&mut self, time: Duration, listen: u16, desk: Ipv4Addr) -> Option<Port> {
        match Port::open(listen, desk, &self.ends.waker) {
            Ok(port) => {
                if let Some(notice) = port.notice() {
                    self.notice(format!("desk: {notice}"));
                }
                Some(port)
            }
            Err(why) => {
                if self.port_again == Duration::ZERO {
                    self.notice(format!("desk: {why}"));
                }
                self.port_again = time + PORT_AGAIN;
                None
            }
        }
    }

    // A queue that is full shall not stop the link: what people read is lost there, and counted by the engine.
    fn notice(&self, text: String) {
        let _ = self.ends.asks.send(Ask::Notice(text));
    }

    fn events(&mut self, time: Duration, snapshot: &Snapshot) {
        while let Some(event) = self.ends.events.next() {
            match &event {
                Event::Desk(DeskVerb::Pocket(on)) => self.rehearse(*on, &snapshot.session.desk),
                Event::Desk(DeskVerb::PocketLine(line)) => match &self.rehearsal {
                    Some(rehearsal) => rehearsal.say(line),
                    None => self.notice("no pocket desk runs: start one first".into()),
                },
                event => self.link.event(time, event, &snapshot.session),
            }
        }
        // What was lost while nobody looked is in the Snapshot: mappings are compared with it at each tick anyway.
        self.ends.events.lagged();
    }

    fn rehearse(&mut self, on: bool, config: &DeskConfig) {
        if !on {
            self.rehearsal = None;
        } else if self.rehearsal.is_none() {
            // The port that the session speaks to, where that is this machine and the port is free; else any.
            let start = |osc_port| {
                let options = Options { osc_port, prefix: config.prefix.clone(), ..Options::default() };
                Rehearsal::start(Ipv4Addr::LOCALHOST, options, &self.ends.waker)
            };
            match start(config.port).or_else(|_| start(0)) {
                Ok(rehearsal) => self.rehearsal = Some(rehearsal),
                Err(why) => self.notice(format!("no pocket desk: {why}")),
            }
        }
    }

    fn send_all(&mut self) {
        let datagrams = self.link.take_out();
        let Some(port) = &self.port else { return };
        for datagram in datagrams {
            // Lost here is lost on the way: the line repeats it.
            let _ = port.send(datagram.to, &datagram.bytes);
        }
    }

    fn tell(&mut self, time: Duration) {
        if time < self.told_at + TOLD_EVERY && self.told_at != Duration::ZERO {
            return;
        }
        let pocket = self.rehearsal.as_ref().map(Rehearsal::state);
        let state = DeskState { pocket, ..self.link.state() };
        if state == *self.told {
            return;
        }
        let state = Arc::new(state);
        if self.ends.asks.send(Ask::Desk(state.clone())).is_ok() {
            (self.told, self.told_at) = (state, time);
        }
    }

    fn pace(&self, time: Duration, next: Option<Duration>) -> Pace {
        let on = self.config.as_ref().is_some_and(|config| config.on);
        let longest = if on || self.rehearsal.is_some() { SLEEP } else { SLEEP_OFF };
        let wait = next.filter(|_| on).map_or(longest, |at| at.saturating_sub(time).min(longest));
        if wait < Duration::from_millis(1) { Pace::Idle(Duration::from_millis(1)) } else { Pace::Idle(wait) }
    }
}

impl Station for Osc {
    fn tick(&mut self, now: Instant) -> Pace {
        let time = now.saturating_duration_since(*self.began.get_or_insert(now));
        let snapshot = self.ends.snapshot.load_full();
        self.listen(time, &snapshot.session.desk);
        self.events(time, &snapshot);
        while let Some((from, bytes)) = self.port.as_ref().and_then(Port::take) {
            self.link.hear(time, from, &bytes);
        }
        let next = self.link.tick(time, &snapshot);
        for batch in self.link.take_batches() {
            if let Err(batch) = self.ends.asks.batch(batch) {
                self.link.not_sent(&batch);
            }
        }
        self.send_all();
        self.tell(time);
        self.pace(time, next)
    }

    fn recover(&mut self, message: &str) {
        self.notice(format!("desk: the link stumbled and begins anew: {message}"));
        // Whatever it knew may be half of something: all is looked for and compared again.
        self.link = Link::new(Uid::fresh().0, self.link.name()).with_tap(self.ends.tap.clone());
        self.config = None;
    }
}

impl Drop for Osc {
    fn drop(&mut self) {
        self.link.close();
        self.send_all();
    }
}
