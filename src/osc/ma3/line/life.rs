//! Whether the desk is there: Hello until it answers, Ping once a second, lost after 3 s, epochs. Thread: osc; pure.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use core::net::SocketAddrV4;

use crate::model::{DeskConfig, DeskInfo, LinkState};
use crate::osc::ma3::protocol::{DeskError, ErrorCode, Hello, Master, Request, fragment};

use super::outbox::{WAIT, WAIT_MAX, longer};
use super::{Heard, Line, fragment_way};

/// Between two pings.
const PING: Duration = Duration::from_secs(1);
/// No sign for so long: lost.
const LOST: Duration = Duration::from_secs(3);
/// Lost for so long: what is open is given up.
const LOST_LONG: Duration = Duration::from_secs(60);
/// A Hello is asked anew after so many repeats.
const HELLO_TRIES: u32 = 8;
/// Round trips that the median is of.
const TRIPS: usize = 9;
/// Epochs remembered as over.
const EPOCHS: usize = 64;
/// Longest name told, bytes.
const NAME_MAX: usize = 100;
/// Requests in a row that the inbound port alone did not bring over, after which it is left alone until the next Hello.
const INBOUND_FAILURES: u32 = 8;

/// A question of the line's own, repeated until its answer comes.
pub struct Own {
    pub wire: u64,
    json: String,
    first: Duration,
    due: Duration,
    wait: Duration,
    pub tries: u32,
}

/// What the line knows of the desk's life.
#[derive(Default)]
pub struct Life {
    pub state: LinkState,
    pub epoch: Option<String>,
    past: VecDeque<String>,
    pub info: Option<DeskInfo>,
    pub master: Master,
    pub inbound: Option<u16>,
    inbound_failures: u32,
    /// When the desk was last heard.
    pub heard: Duration,
    lost_at: Option<Duration>,
    greeted: bool,
    /// Whether, as far as we know, the desk has us as a client.
    pub known: bool,
    pub hello: Option<Own>,
    pub ping: Option<Own>,
    ping_at: Duration,
    trips: VecDeque<f32>,
    pub hellos_sent: u64,
    pub refusal: Option<String>,
}

impl Life {
    /// Say Hello (again), because our address changed or the desk forgot us.
    pub fn must_greet(&mut self) {
        self.greeted = false;
        self.hello = None;
    }

    /// Median round trip, milliseconds.
    pub fn rtt_ms(&self) -> f32 {
        let mut trips: Vec<f32> = self.trips.iter().copied().collect();
        trips.sort_by(f32::total_cmp);
        trips.get(trips.len() / 2).copied().unwrap_or(0.0)
    }

    /// The round trip to reckon with; 50 ms before the first was measured.
    pub fn rtt(&self) -> Duration {
        if self.trips.is_empty() {
            return Duration::from_millis(50);
        }
        let longest = self.trips.iter().copied().fold(0.0, f32::max);
        Duration::from_secs_f32(longest.clamp(1.0, 1000.0) / 1000.0)
    }

    /// Note a round trip.
    pub fn trip(&mut self, time: Duration) {
        self.trips.push_back(time.as_secs_f32() * 1000.0);
        if self.trips.len() > TRIPS {
            self.trips.pop_front();
        }
    }

    /// Whether the desk knew us in this epoch.
    pub fn knew_us(&self) -> bool {
        self.known
    }

    /// No Hello is needed after all.
    pub fn resume(&mut self) {
        self.greeted = true;
        self.hello = None;
    }

    /// Whether this epoch is over.
    pub fn is_past(&self, epoch: &str) -> bool {
        self.past.iter().any(|past| past == epoch)
    }

    fn retire(&mut self) {
        if let Some(epoch) = self.epoch.take() {
            self.past.push_back(epoch);
            if self.past.len() > EPOCHS {
                self.past.pop_front();
            }
        }
    }

    /// Why there is no link, for people.
    pub fn reason(&self, config: &DeskConfig, listen: u16) -> Arc<str> {
        let text = match self.state {
            LinkState::Off | LinkState::Connected => String::new(),
            _ if listen == 0 => "no port to listen on".into(),
            _ => match (&self.refusal, self.state) {
                (Some(why), _) => format!("the desk refuses us: {why}"),
                (None, LinkState::Lost) => format!("nothing heard from {} for 3 s", config.ip),
                (None, _) => format!("no answer from {}:{} yet", config.ip, config.port),
            },
        };
        text.into()
    }
}

impl Line {
    /// Do what is due. Returns when it wants to be called again, on the clock of `now`; `None` while it is off.
    pub fn tick(&mut self, now: Duration) -> Option<Duration> {
        let desk = self.desk?;
        if self.listen == 0 {
            return None;
        }
        self.look_for_loss(now);
        self.greet(now, desk);
        self.ping(now, desk);
        self.try_prefixes(now, desk);
        self.ask_for_parts(now, desk);
        if self.life.state == LinkState::Connected {
            self.pump(now, desk);
            for req in self.outbox.given_up(now) {
                let error = DeskError::new(ErrorCode::Timeout, "the desk is there and did not answer this for 60 s");
                self.heard.push_back(Heard::Answer { req, result: Err(error) });
            }
        }
        self.next(now)
    }

    fn next(&self, now: Duration) -> Option<Duration> {
        let connected = self.life.state == LinkState::Connected;
        let own = [&self.life.hello, &self.life.ping].into_iter().flatten().map(|own| own.due).min();
        let life = if connected { self.life.ping_at.min(self.life.heard + LOST) } else { now + WAIT_MAX };
        let open = if connected { self.outbox.next(now) } else { None };
        let test = self.test.next();
        [own, Some(life), open, self.inbox.next(), test].into_iter().flatten().min().map(|at| at.max(now))
    }

    /// Begin with a desk from nothing.
    pub(super) fn begin_anew(&mut self) {
        self.void(ErrorCode::Epoch, "the line goes to another desk now");
        self.inbox.clear();
        self.life = Life { state: self.life.state, ..Life::default() };
        self.test.clear();
        let state = if self.desk.is_some() { LinkState::Searching } else { LinkState::Off };
        self.become_state(state);
    }

    /// A goodbye to the desk that is being left, once; its lease ends it if that is lost.
    pub(super) fn farewell(&mut self) {
        let (Some(desk), true) = (self.desk, self.life.epoch.is_some() && self.listen != 0) else { return };
        self.say(self.life.heard, desk, &Request::Bye);
    }

    pub(super) fn become_state(&mut self, state: LinkState) {
        if self.life.state != state {
            self.life.state = state;
            self.heard.push_back(Heard::Link(state));
        }
    }

    /// Answer everything open with an error of our own.
    pub(super) fn void(&mut self, code: ErrorCode, why: &str) {
        for req in self.outbox.void() {
            self.heard.push_back(Heard::Answer { req, result: Err(DeskError::new(code, why)) });
        }
    }

    /// Send a question once, under a new number.
    pub(super) fn say(&mut self, now: Duration, desk: SocketAddrV4, request: &Request) {
        let Ok(json) = request.to_json() else { return };
        let wire = self.outbox.number();
        let bytes = fragment::datagram(&self.way(), self.client, wire, 1, &json);
        self.send(now, desk, bytes, false);
    }

    fn look_for_loss(&mut self, now: Duration) {
        if self.life.state == LinkState::Connected && now >= self.life.heard + LOST {
            self.lose(now);
        }
        if self.life.lost_at.is_some_and(|at| now >= at + LOST_LONG) {
            self.life.lost_at = None;
            self.void(ErrorCode::Lost, "the desk is away for more than 60 s");
        }
    }

    /// The desk is gone, or does not know us.
    pub(super) fn lose(&mut self, now: Duration) {
        self.life.lost_at.get_or_insert(now);
        self.life.must_greet();
        self.life.ping = None;
        if self.life.state == LinkState::Connected {
            self.become_state(LinkState::Lost);
        }
    }

    /// The desk told its epoch. A new one ends everything that the old one knew.
    pub(super) fn enter_epoch(&mut self, now: Duration, epoch: &str) {
        if self.life.epoch.as_deref() == Some(epoch) {
            return;
        }
        let first = self.life.epoch.is_none();
        self.life.retire();
        self.life.past.retain(|past| past != epoch);
        self.life.epoch = Some(epoch.to_owned());
        self.inbox.clear();
        self.life.known = false;
        if !first {
            self.lose(now);
        }
        self.heard.push_back(Heard::Epoch(epoch.to_owned()));
        if !first {
            self.void(ErrorCode::Epoch, "the desk plug-in began anew");
        }
    }

    /// Our Hello was answered.
    pub(super) fn greeted(&mut self, now: Duration, hello: Hello) {
        self.life.master = hello.master;
        self.life.info = Some(DeskInfo {
            version: hello.desk,
            station: hello.station,
            master: hello.master != Master::No,
            lua: hello.lua,
            plugin: hello.version,
            show: hello.show,
            caps: hello.caps.into_iter().collect(),
        });
        self.life.inbound = (hello.inbound != 0).then_some(hello.inbound);
        self.life.inbound_failures = 0;
        self.life.hello = None;
        (self.life.greeted, self.life.known) = (true, true);
        self.life.refusal = None;
        self.inbox.expect_restart();
        self.connect(now);
    }

    /// The desk is there and knows us.
    pub(super) fn connect(&mut self, now: Duration) {
        self.life.heard = now;
        self.life.lost_at = None;
        if self.life.state != LinkState::Connected {
            self.life.ping = None;
            self.life.ping_at = now;
            self.outbox.resume(now);
            self.become_state(LinkState::Connected);
        }
    }

    /// The JSON of our Hello: one fragment, whatever we are called.
    pub(super) fn hello_json(&self) -> Option<String> {
        let mut name = self.name.clone();
        while name.len() > NAME_MAX {
            name.pop();
        }
        let ip = self.local_ip.to_string();
        Request::Hello { ip, port: self.listen, name, token: self.token.clone() }.to_json().ok()
    }

    fn greet(&mut self, now: Duration, desk: SocketAddrV4) {
        if self.life.greeted {
            return;
        }
        if self.life.hello.as_ref().is_none_or(|hello| hello.tries > HELLO_TRIES && now >= hello.due) {
            let Some(json) = self.hello_json() else { return };
            self.life.hello = Some(Own::new(self.outbox.number(), json, now));
        }
        let Some(hello) = &mut self.life.hello else { return };
        if let Some((wire, json, again)) = hello.due(now) {
            self.life.hellos_sent += 1;
            let bytes = fragment::datagram(&self.way(), self.client, wire, 1, &json);
            self.send(now, desk, bytes, again);
        }
    }

    fn ping(&mut self, now: Duration, desk: SocketAddrV4) {
        if self.life.state != LinkState::Connected {
            return;
        }
        if now >= self.life.ping_at {
            if self.life.ping.as_ref().is_some_and(|ping| ping.tries > 0) {
                self.outbox.note(true);
            }
            let t = now.as_micros().to_string();
            let Ok(json) = (Request::Ping { t: Some(t) }).to_json() else { return };
            self.life.ping = Some(Own::new(self.outbox.number(), json, now));
            self.life.ping_at = now + PING;
        }
        let Some(ping) = &mut self.life.ping else { return };
        let tries = ping.tries;
        if let Some((wire, json, again)) = ping.due(now) {
            let (to, way) = fragment_way(desk, self.inbound(), tries, self.way());
            let bytes = fragment::datagram(&way, self.client, wire, 1, &json);
            self.send(now, to, bytes, again);
        }
    }

    /// Our ping was answered.
    pub(super) fn ponged(&mut self, now: Duration) {
        let Some(ping) = self.life.ping.take() else { return };
        self.outbox.note(ping.tries > 1);
        if ping.tries == 1 {
            self.life.trip(now.saturating_sub(ping.first));
        }
        self.judge_inbound(ping.tries.saturating_sub(1));
    }

    /// Whether the inbound port brings things over.
    pub(super) fn judge_inbound(&mut self, repeats: u32) {
        if self.life.inbound_failures < INBOUND_FAILURES {
            self.life.inbound_failures = if repeats == 0 { 0 } else { self.life.inbound_failures + 1 };
        }
    }

    fn inbound(&self) -> Option<u16> {
        self.life.inbound.filter(|_| self.life.inbound_failures < INBOUND_FAILURES)
    }

    fn ask_for_parts(&mut self, now: Duration, desk: SocketAddrV4) {
        let (asks, lost) = self.inbox.ask(now);
        for request in asks {
            self.say(now, desk, &request);
        }
        for req in lost {
            self.outbox.answering(req, false, now);
        }
    }

    fn pump(&mut self, now: Duration, desk: SocketAddrV4) {
        let (way, inbound, client) = (self.way(), self.inbound(), self.client);
        let mut due = vec![];
        self.outbox.pump(now, self.life.rtt(), |shot| {
            let (to, way) = fragment_way(desk, inbound, shot.silent, way.clone());
            due.push((to, fragment::datagram(&way, client, shot.wire, shot.part, shot.json), shot.again));
        });
        for (to, bytes, again) in due {
            self.send(now, to, bytes, again);
        }
    }
}

impl Own {
    pub fn new(wire: u64, json: String, now: Duration) -> Self {
        Self { wire, json, first: now, due: now, wait: WAIT, tries: 0 }
    }

    /// What to send now, if it is time: number, JSON, whether it went before.
    pub fn due(&mut self, now: Duration) -> Option<(u64, String, bool)> {
        if now < self.due {
            return None;
        }
        self.tries += 1;
        (self.due, self.wait) = (now + self.wait, longer(self.wait));
        Some((self.wire, self.json.clone(), self.tries > 1))
    }

    pub fn at(&self) -> Duration {
        self.due
    }
}
