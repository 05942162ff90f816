//! What becomes of a datagram that came. Thread: osc; pure.

use std::time::Duration;

use core::net::SocketAddrV4;

use crate::model::LinkState;
use crate::osc::codec;
use crate::osc::ma3::protocol::message::{Head, Part, join};
use crate::osc::ma3::protocol::{DeskError, ErrorCode, Message, Request, Told};

use super::inbox::Came;
use super::{Heard, Line};

/// The address that the desk plug-in speaks to.
const ADDRESS: &str = "/tracklight/desk";

impl Line {
    /// A datagram came. Nothing in it can do harm: what is not for us is counted and left.
    pub fn hear(&mut self, now: Duration, from: SocketAddrV4, bytes: &[u8]) {
        let Some(desk) = self.desk else { return };
        let part = match read(bytes) {
            Ok(part) => part,
            Err(why) if from.ip() == desk.ip() => {
                self.counters.malformed += 1;
                self.test.heard_something(from, bytes);
                return self.show(now, false, from, bytes, Some(&why));
            }
            Err(_) => {
                self.counters.foreign += 1;
                return self.show(now, false, from, bytes, Some("not from the desk"));
            }
        };
        if part.head.to != self.client {
            self.counters.others += 1;
            return;
        }
        if from.ip() != desk.ip() {
            self.counters.foreign += 1;
            self.test.heard_elsewhere(*from.ip());
            return self.show(now, false, from, bytes, Some("for us, but not from the desk's address"));
        }
        self.counters.received += 1;
        self.show(now, false, from, bytes, None);
        if self.test.answered(&part.head) {
            return;
        }
        if !self.is_current(now, &part.head) {
            self.counters.stale += 1;
            return;
        }
        self.life.heard = now;
        self.take(now, desk, part);
    }

    /// Whether it is of the epoch that is now; enters a new one.
    fn is_current(&mut self, now: Duration, head: &Head) -> bool {
        if self.life.epoch.as_deref() == Some(&head.epoch) {
            return true;
        }
        // The first epoch is that of the answer to our Hello; one that was over is the present one only where it answers what
        // was asked since.
        let ours = |wire: u64| {
            let own = [&self.life.hello, &self.life.ping].into_iter().flatten().any(|own| own.wire == wire);
            own || self.outbox.knows(wire)
        };
        let is_answer = head.req.is_some_and(ours);
        if !is_answer && (self.life.epoch.is_none() || self.life.is_past(&head.epoch)) {
            return false;
        }
        // A question asked of the old epoch and answered by the new one is answered; the rest is void.
        let hello = self.life.hello.take();
        self.enter_epoch(now, &head.epoch);
        self.life.hello = hello.filter(|own| head.req == Some(own.wire));
        true
    }

    fn take(&mut self, now: Duration, desk: SocketAddrV4, part: Part) {
        let head = part.head.clone();
        if head.kind == "request.part" {
            if let (Some(wire), Ok(have)) = (head.req, part.have()) {
                let slice = (head.part == head.parts, head.parts == 1);
                self.outbox.have(wire, &have, head.seq, slice, now, self.life.rtt());
            }
            return self.alive(now, &head);
        }
        let open = head.req.is_none_or(|wire| self.outbox.knows(wire) || self.is_own(wire));
        if !open {
            // Answered already, or asked no longer.
            self.counters.stale += 1;
            if let Some(wire) = head.req {
                self.inbox.forget(wire);
            }
            if head.kind == "request.error" && head.req.is_some() {
                self.perhaps_forgotten(now, part);
            }
            return self.alive(now, &head);
        }
        match self.inbox.take(now, part) {
            Came::Whole(parts) => {
                let message = join(parts);
                self.whole(now, desk, &head, message);
            }
            Came::More => {
                if let Some(wire) = head.req {
                    self.outbox.answering(wire, true, now);
                }
                self.alive(now, &head);
            }
            Came::Again => {
                self.counters.stale += 1;
                self.acknowledge(now, desk, &head);
                self.alive(now, &head);
            }
            Came::Old => self.counters.stale += 1,
        }
    }

    fn is_own(&self, wire: u64) -> bool {
        [&self.life.hello, &self.life.ping].into_iter().flatten().any(|own| own.wire == wire)
    }

    /// A sign that the desk knows us: the link goes on without another Hello.
    fn alive(&mut self, now: Duration, head: &Head) {
        let says_nothing = matches!(head.kind.as_str(), "connection.hello" | "connection.bye" | "request.error");
        if self.life.state == LinkState::Lost && !says_nothing && self.life.knew_us() {
            self.life.resume();
            self.connect(now);
        }
    }

    fn whole(&mut self, now: Duration, desk: SocketAddrV4, head: &Head, message: Result<Message, String>) {
        let message = match message {
            Ok(message) => message,
            Err(why) => return self.unreadable(head, &why),
        };
        if let (Told::Error(error), Some(_)) = (&message.told, head.req)
            && error.code == ErrorCode::NoClient
        {
            return self.forgotten(now);
        }
        self.alive(now, head);
        match head.req {
            Some(wire) if self.is_own(wire) => self.own_answer(now, wire, message),
            Some(wire) => {
                let Some(landed) = self.outbox.land(wire) else { return };
                self.judge_inbound(landed.repeats);
                let result = match message.told {
                    Told::Error(error) => Err(DeskError { rev: message.rev.or(error.rev), ..*error }),
                    _ => Ok(Message { req: Some(landed.id), ..message }),
                };
                self.heard.push_back(Heard::Answer { req: landed.id, result });
            }
            None => self.notice(now, desk, head, message),
        }
    }

    /// A message nobody can read. As an answer it ends the question, because a repeat would read the same.
    fn unreadable(&mut self, head: &Head, why: &str) {
        self.counters.malformed += 1;
        let Some(landed) = head.req.and_then(|wire| self.outbox.land(wire)) else { return };
        let why = format!("the answer to {}: {why}", landed.name);
        self.heard.push_back(Heard::Answer { req: landed.id, result: Err(DeskError::new(ErrorCode::Malformed, why)) });
    }

    fn own_answer(&mut self, now: Duration, wire: u64, message: Message) {
        let is_hello = self.life.hello.as_ref().is_some_and(|hello| hello.wire == wire);
        match message.told {
            Told::Hello(hello) if is_hello => {
                if !hello.token.is_empty() && hello.token != self.token {
                    self.counters.foreign += 1;
                    return;
                }
                self.greeted(now, *hello);
            }
            Told::Error(error) if is_hello => self.life.refusal = Some(error.to_string()),
            Told::Ping { digest, .. } => {
                self.ponged(now);
                self.heard.push_back(Heard::Digest(digest));
            }
            _ => {}
        }
    }

    fn notice(&mut self, now: Duration, desk: SocketAddrV4, head: &Head, message: Message) {
        match message.told {
            // The desk plug-in began anew and says so; its epoch was entered already.
            Told::Hello(_) => return,
            Told::Bye { .. } => {
                self.heard.push_back(Heard::Notice(message));
                self.life.known = false;
                return self.lose(now);
            }
            Told::Changed(_) => self.acknowledge(now, desk, head),
            _ => {}
        }
        self.heard.push_back(Heard::Notice(message));
    }

    /// The desk repeats a change until it knows that we have it.
    fn acknowledge(&mut self, now: Duration, desk: SocketAddrV4, head: &Head) {
        if let ("track.changed", Some(unit), Some(rev)) = (head.kind.as_str(), head.unit, head.rev) {
            self.say(now, desk, &Request::Ack { unit, rev });
        }
    }

    /// The answer to something asked long ago may still say that the desk forgot us.
    fn perhaps_forgotten(&mut self, now: Duration, part: Part) {
        if let Ok(Message { told: Told::Error(error), .. }) = join(vec![part])
            && error.code == ErrorCode::NoClient
        {
            self.forgotten(now);
        }
    }

    /// The desk does not know us (our lease ran out): Hello again. What is open goes on after it.
    fn forgotten(&mut self, now: Duration) {
        self.life.known = false;
        if self.life.state == LinkState::Connected {
            self.lose(now);
        }
    }
}

/// A datagram as a part of a message, or why it is none.
fn read(bytes: &[u8]) -> Result<Part, String> {
    let osc = codec::decode(bytes)?;
    if osc.address != ADDRESS {
        return Err(format!("{ADDRESS} is what the desk plug-in speaks to, this goes to {}", osc.address));
    }
    Part::read(osc.text()?)
}
