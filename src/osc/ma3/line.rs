//! The line to the desk: between datagrams and whole, typed messages, each exactly once. Thread: osc.
//!
//! No socket and no clock: [`Line::hear`] takes what came, [`Line::take_out`] gives what is to go, and every call says what
//! time it is. UDP loses, doubles and reorders; nothing here relies on that not happening.
//!
//! | file | what |
//! |---|---|
//! | [`outbox`] | requests on their way: fragments, window, repeats |
//! | [`inbox`] | messages on their way here: parts, order, what was heard already |
//! | [`selftest`] | what is wrong with the way to the desk |
//! | [`life`] | Hello, Ping, lost and found, epochs |

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use core::net::{Ipv4Addr, SocketAddrV4};

use crate::bus::{Packet, Tap};
use crate::model::desk::TestLine;
use crate::model::{DeskConfig, DeskInfo, LinkState};

use super::protocol::fragment::Way;
use super::protocol::{DeskError, Message, Request, UnitDigest};

mod hearing;
mod inbox;
mod life;
mod outbox;
pub mod selftest;
mod words;

pub use super::protocol::ReqId;

/// A datagram to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datagram {
    /// Where to.
    pub to: SocketAddrV4,
    /// What.
    pub bytes: Vec<u8>,
}

/// What the line heard, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// The link is another. After each `Connected` hook every unit again: that is cheap where it was hooked, and needed where
    /// the desk forgot us.
    Link(LinkState),
    /// The desk plug-in began anew: revisions, hooks and handles of before are void. What was asked and not answered yet
    /// is answered with the error `epoch`, unless this is the first epoch since the line was configured.
    Epoch(String),
    /// The one answer to a question of [`Line::ask`].
    Answer {
        /// The question.
        req: ReqId,
        /// The message, or why there is none.
        result: Result<Message, DeskError>,
    },
    /// Told unasked, once.
    Notice(Message),
    /// Every hooked unit as it is now, about once a second.
    Digest(Vec<UnitDigest>),
}

/// Datagrams counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Sent.
    pub sent: u64,
    /// Taken.
    pub received: u64,
    /// Sent again.
    pub repeated: u64,
    /// No OSC, no JSON, a field missing or out of range.
    pub malformed: u64,
    /// From another address than the desk's, or to an address that is not ours.
    pub foreign: u64,
    /// For another client: the socket is shared.
    pub others: u64,
    /// Heard before, or of an older epoch.
    pub stale: u64,
}

impl Counters {
    /// As the state shows them: sent, received, repeated, refused.
    pub fn packets(&self) -> [u64; 4] {
        [self.sent, self.received, self.repeated, self.malformed + self.foreign]
    }
}

/// The line to one desk.
pub struct Line {
    client: u64,
    name: String,
    token: String,
    config: DeskConfig,
    desk: Option<SocketAddrV4>,
    local_ip: Ipv4Addr,
    listen: u16,
    tap: Tap,
    counters: Counters,
    out: Vec<Datagram>,
    heard: VecDeque<Heard>,
    outbox: outbox::Outbox,
    inbox: inbox::Inbox,
    life: life::Life,
    test: selftest::Trial,
}

impl Line {
    /// A line that is off. `client` is random, once per instance; `name` is what people read.
    pub fn new(client: u64, name: impl Into<String>) -> Self {
        Self {
            client,
            name: name.into(),
            token: format!("{:016x}", client.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23)),
            config: DeskConfig::default(),
            desk: None,
            local_ip: Ipv4Addr::LOCALHOST,
            listen: 0,
            tap: Tap::default(),
            counters: Counters::default(),
            out: vec![],
            heard: VecDeque::new(),
            outbox: outbox::Outbox::default(),
            inbox: inbox::Inbox::default(),
            life: life::Life::default(),
            test: selftest::Trial::default(),
        }
    }

    /// Let the packet inspector see every datagram.
    #[must_use]
    pub fn with_tap(mut self, tap: Tap) -> Self {
        self.tap = tap;
        self
    }

    /// Where the desk is, our own address on the way to it, and the port we listen on (0: not listening, so nothing is sent).
    /// A line to another desk begins anew; another own address is told to the desk.
    pub fn configure(&mut self, config: &DeskConfig, local_ip: Ipv4Addr, listen_port: u16) {
        let ip = config.ip.parse::<Ipv4Addr>().ok();
        let desk = ip.filter(|_| config.on && config.port != 0).map(|ip| SocketAddrV4::new(ip, config.port));
        let prefix_is_other = config.prefix != self.config.prefix;
        if desk != self.desk {
            self.farewell();
            self.desk = desk;
            self.begin_anew();
        } else if prefix_is_other || local_ip != self.local_ip || listen_port != self.listen {
            self.life.must_greet();
        }
        self.config = config.clone();
        self.local_ip = local_ip;
        self.listen = listen_port;
    }

    /// What goes to the desk, in this order; hand it to the socket.
    pub fn take_out(&mut self) -> Vec<Datagram> {
        std::mem::take(&mut self.out)
    }

    /// What was heard since the last time, in this order.
    pub fn take_heard(&mut self) -> Vec<Heard> {
        self.heard.drain(..).collect()
    }

    /// Ask the desk something. It goes out with the next [`Line::tick`] that may send, is repeated until it is answered, and is
    /// answered exactly once as [`Heard::Answer`], unless it is cancelled. May be asked before the desk is found.
    pub fn ask(&mut self, now: Duration, request: Request) -> ReqId {
        let id = self.outbox.next_id();
        match request.to_json() {
            Ok(json) => self.outbox.put(id, request.name(), json, now),
            Err(why) => {
                let error = DeskError::new(super::protocol::ErrorCode::TooBig, why);
                self.heard.push_back(Heard::Answer { req: id, result: Err(error) });
            }
        }
        id
    }

    /// Ask no longer: it is not repeated, and no answer is handed over. Whether the desk did it is not known.
    pub fn cancel(&mut self, req: ReqId) {
        self.outbox.cancel(req);
    }

    /// How many questions are open.
    pub fn open(&self) -> usize {
        self.outbox.open()
    }

    /// Say goodbye: the desk lets go of our units. The last datagrams are in [`Line::take_out`].
    pub fn close(&mut self) {
        self.farewell();
        self.desk = None;
        self.begin_anew();
    }

    /// How the link stands.
    pub fn state(&self) -> LinkState {
        self.life.state
    }

    /// The desk, once it answered.
    pub fn info(&self) -> Option<DeskInfo> {
        self.life.info.clone()
    }

    /// The epoch of the desk plug-in, once it answered.
    pub fn epoch(&self) -> Option<&str> {
        self.life.epoch.as_deref()
    }

    /// Median round-trip time of the last pings, milliseconds; 0 before the first.
    pub fn rtt_ms(&self) -> f32 {
        self.life.rtt_ms()
    }

    /// Share of the last requests that had to be repeated, 0-1.
    pub fn loss(&self) -> f32 {
        self.outbox.loss()
    }

    /// Datagrams counted.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Why there is no link, for people; empty when there is nothing to say.
    pub fn reason(&self) -> Arc<str> {
        self.life.reason(&self.config, self.listen)
    }

    /// Look what is wrong with the way to the desk: tries other prefixes for 3 s while there is no link.
    pub fn start_self_test(&mut self, now: Duration) {
        self.test.start(now, &self.config.prefix);
    }

    /// What the self-test knows so far.
    pub fn self_test(&self) -> Vec<TestLine> {
        selftest::judge(&self.facts())
    }

    fn way(&self) -> Way {
        Way::Command(self.config.prefix.clone())
    }

    /// Put a datagram out, seen by the inspector.
    fn send(&mut self, now: Duration, to: SocketAddrV4, bytes: Vec<u8>, again: bool) {
        self.counters.sent += 1;
        self.counters.repeated += u64::from(again);
        self.show(now, true, to, &bytes, None);
        self.out.push(Datagram { to, bytes });
    }

    /// Show a datagram in the inspector; `refused` says why it was not taken.
    fn show(&self, now: Duration, out: bool, peer: SocketAddrV4, bytes: &[u8], refused: Option<&str>) {
        let text = match refused {
            Some(why) => format!("refused: {why} · {}", words::describe(bytes)),
            None => words::describe(bytes),
        };
        self.tap.put(Packet {
            ms: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
            out,
            peer: peer.to_string().into(),
            bytes: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            text: text.into(),
            good: refused.is_none(),
        });
    }
}

/// Which way a datagram goes: to the desk plug-in's own port where there is one, and every other repeat by the command line,
/// because a plug-in that was loaded anew has that port no longer.
fn fragment_way(desk: SocketAddrV4, inbound: Option<u16>, silent: u32, command: Way) -> (SocketAddrV4, Way) {
    match inbound {
        Some(port) if silent.is_multiple_of(2) => (SocketAddrV4::new(*desk.ip(), port), Way::Inbound),
        _ => (desk, command),
    }
}

#[cfg(test)]
mod tests;
