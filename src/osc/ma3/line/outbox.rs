//! Requests on their way to the desk: cut, paced, repeated, told apart. Thread: osc; pure.
//!
//! A request of one part goes again after 0.15 s, then ×1.5 up to 0.5 s. One of many parts has a window: so many may be out
//! without a word from the desk. `request.part` says which parts are there; those sent long enough before it and not
//! in it are lost and go again. Where the desk says nothing, a few parts go again as a question, never all of them.

use std::collections::VecDeque;
use std::time::Duration;

use crate::osc::ma3::protocol::{ReqId, fragment};

/// Wait before the first repeat.
pub const WAIT: Duration = Duration::from_millis(150);
/// Longest wait between repeats.
pub const WAIT_MAX: Duration = Duration::from_millis(500);
/// Datagrams of one burst, and how long one is.
const BURST: u32 = 16;
const BURST_TIME: Duration = Duration::from_millis(5);
/// Requests that the desk is asked at once, and those of them that may have several parts; it keeps 32 answers.
const OPEN_MAX: usize = 16;
const LONG_MAX: usize = 3;
/// Parts out without a word, at first, at least and at most.
const WINDOW: (usize, usize, usize) = (64, 32, 256);
/// The desk tells parts at most this often.
const TOLD_EVERY: Duration = Duration::from_millis(60);
/// Parts sent again as a question.
const PROBES: usize = 4;
/// A request without any sign of it, on a link that lives, is given up after this.
pub const GIVE_UP: Duration = Duration::from_secs(60);
/// Requests that the loss is told from.
const LATELY: usize = 64;

/// The next wait after this one.
pub fn longer(wait: Duration) -> Duration {
    (wait * 3 / 2).min(WAIT_MAX)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Todo,
    Sent(Duration),
    There,
}

struct Flight {
    id: ReqId,
    name: &'static str,
    json: String,
    wire: u64,
    parts: Vec<Fate>,
    todo: VecDeque<u32>,
    out: usize,
    window: usize,
    wait: Duration,
    due: Duration,
    repeats: u32,
    silent: u32,
    have_seq: u64,
    /// When the desk last showed that it knows of it.
    sign: Duration,
    /// Parts of its answer are here: it is not repeated.
    answering: bool,
}

/// A datagram that is due.
pub struct Shot<'a> {
    /// The request's number on the wire.
    pub wire: u64,
    /// Which part, from 1.
    pub part: u32,
    /// The whole request.
    pub json: &'a str,
    /// Whether it went before.
    pub again: bool,
    /// Repeats without any sign of the desk.
    pub silent: u32,
}

/// What became of a request.
pub struct Landed {
    /// The question.
    pub id: ReqId,
    /// What it was.
    pub name: &'static str,
    /// How often it was repeated.
    pub repeats: u32,
}

/// All open requests.
#[derive(Default)]
pub struct Outbox {
    ids: u64,
    wires: u64,
    waiting: VecDeque<(ReqId, &'static str, String)>,
    flights: Vec<Flight>,
    burst_at: Duration,
    burst: u32,
    turn: usize,
    lately: VecDeque<bool>,
}

impl Outbox {
    /// A new name for a question.
    pub fn next_id(&mut self) -> ReqId {
        self.ids += 1;
        ReqId(self.ids)
    }

    /// A new number on the wire; they rise over the life of the client.
    pub fn number(&mut self) -> u64 {
        self.wires += 1;
        self.wires
    }

    /// Take a request.
    pub fn put(&mut self, id: ReqId, name: &'static str, json: String, _now: Duration) {
        self.waiting.push_back((id, name, json));
    }

    /// Forget a request.
    pub fn cancel(&mut self, id: ReqId) {
        self.waiting.retain(|(other, ..)| *other != id);
        self.flights.retain(|flight| flight.id != id);
    }

    /// How many are open.
    pub fn open(&self) -> usize {
        self.waiting.len() + self.flights.len()
    }

    /// Forget all, and say which they were.
    pub fn void(&mut self) -> Vec<ReqId> {
        let mut ids: Vec<ReqId> = self.flights.drain(..).map(|flight| flight.id).collect();
        ids.extend(self.waiting.drain(..).map(|(id, ..)| id));
        ids.sort_unstable();
        ids
    }

    /// The link is (again): everything open goes on at once.
    pub fn resume(&mut self, now: Duration) {
        for flight in &mut self.flights {
            (flight.wait, flight.due, flight.sign, flight.have_seq) = (WAIT, now, now, 0);
        }
    }

    /// Note how a request went, for the loss.
    pub fn note(&mut self, repeated: bool) {
        self.lately.push_back(repeated);
        if self.lately.len() > LATELY {
            self.lately.pop_front();
        }
    }

    /// Share of the last requests that went more than once, 0-1.
    pub fn loss(&self) -> f32 {
        let repeated = self.lately.iter().filter(|again| **again).count();
        if self.lately.is_empty() { 0.0 } else { repeated as f32 / self.lately.len() as f32 }
    }

    /// Whether the request with this number is open.
    pub fn knows(&self, wire: u64) -> bool {
        self.flights.iter().any(|flight| flight.wire == wire)
    }

    /// The answer to this number came: the question, if it is open.
    pub fn land(&mut self, wire: u64) -> Option<Landed> {
        let at = self.flights.iter().position(|flight| flight.wire == wire)?;
        let Flight { id, name, repeats, .. } = self.flights.remove(at);
        self.note(repeats > 0);
        Some(Landed { id, name, repeats })
    }

    /// Parts of its answer came, or will not come: then it is asked again.
    pub fn answering(&mut self, wire: u64, yes: bool, now: Duration) {
        if let Some(flight) = self.flights.iter_mut().find(|flight| flight.wire == wire) {
            flight.answering = yes;
            (flight.sign, flight.due, flight.wait) = (now, now, WAIT);
        }
    }

    /// Requests that nobody showed any sign of for [`GIVE_UP`].
    pub fn given_up(&mut self, now: Duration) -> Vec<ReqId> {
        let (old, rest) = std::mem::take(&mut self.flights).into_iter().partition(|f| now >= f.sign + GIVE_UP);
        self.flights = rest;
        old.into_iter().map(|flight: Flight| flight.id).collect()
    }

    /// The desk says which parts of a request are there. `last` is whether this is the last slice of what it says, `whole`
    /// whether it is the only one.
    pub fn have(
        &mut self,
        wire: u64,
        have: &[u32],
        seq: u64,
        (last, whole): (bool, bool),
        now: Duration,
        rtt: Duration,
    ) {
        let Some(flight) = self.flights.iter_mut().find(|flight| flight.wire == wire) else { return };
        let mut new = 0;
        for part in have {
            let Some(fate) = flight.parts.get_mut((*part as usize).wrapping_sub(1)) else { continue };
            if *fate != Fate::There {
                flight.out -= usize::from(matches!(fate, Fate::Sent(_)));
                *fate = Fate::There;
                new += 1;
            }
        }
        flight.window = (flight.window + new).min(WINDOW.2);
        if whole && seq > flight.have_seq {
            // The desk forgot what it had: it goes again.
            let listed: std::collections::BTreeSet<u32> = have.iter().copied().collect();
            for (fate, part) in flight.parts.iter_mut().zip(1..) {
                if *fate == Fate::There && !listed.contains(&part) {
                    *fate = Fate::Todo;
                    flight.todo.push_back(part);
                }
            }
        }
        flight.have_seq = flight.have_seq.max(seq);
        if last {
            flight.find_lost(now, rtt);
        }
        flight.silent = 0;
        (flight.sign, flight.wait) = (now, TOLD_EVERY + rtt);
        flight.due = now + flight.wait;
    }

    /// Give out what is due now, at most a burst.
    pub fn pump(&mut self, now: Duration, rtt: Duration, mut emit: impl FnMut(&Shot<'_>)) {
        self.begin_waiting(now, rtt);
        if now >= self.burst_at + BURST_TIME || self.burst == 0 {
            (self.burst_at, self.burst) = (now, 0);
        }
        for flight in &mut self.flights {
            if flight.due > now || flight.answering {
                continue;
            }
            if flight.parts.len() > 1 {
                flight.ask_how_far(now);
            } else if self.burst < BURST {
                self.burst += 1;
                let again = matches!(flight.parts[0], Fate::Sent(_));
                flight.repeats += u32::from(again);
                flight.silent += u32::from(again);
                flight.parts[0] = Fate::Sent(now);
                emit(&flight.shot(1, again));
                flight.due = now + flight.wait;
                flight.wait = longer(flight.wait);
            }
        }
        // Long requests take turns, part by part.
        let count = self.flights.len();
        let mut idle = 0;
        while self.burst < BURST && idle < count {
            self.turn = (self.turn + 1) % count;
            let flight = &mut self.flights[self.turn];
            match flight.next_part() {
                Some((part, again)) => {
                    flight.parts[part as usize - 1] = Fate::Sent(now);
                    flight.out += 1;
                    flight.due = now + flight.wait;
                    self.burst += 1;
                    idle = 0;
                    emit(&flight.shot(part, again));
                }
                None => idle += 1,
            }
        }
    }

    /// When [`Outbox::pump`] has something to do next.
    pub fn next(&self, now: Duration) -> Option<Duration> {
        let burst = self.burst_at + BURST_TIME;
        let may_begin = self.flights.len() < OPEN_MAX && self.waiting.iter().any(|(.., json)| self.has_room(json));
        let flights = self.flights.iter().filter(|flight| !flight.answering).map(|flight| {
            let ready = !flight.todo.is_empty() && flight.out < flight.window;
            if ready { burst.max(now) } else { flight.due.max(burst.min(now + BURST_TIME)) }
        });
        flights.chain(may_begin.then_some(now)).min()
    }

    fn has_room(&self, json: &str) -> bool {
        fragment::count(json) == 1 || self.flights.iter().filter(|flight| flight.parts.len() > 1).count() < LONG_MAX
    }

    fn begin_waiting(&mut self, now: Duration, rtt: Duration) {
        while self.flights.len() < OPEN_MAX {
            let Some(at) = self.waiting.iter().position(|(.., json)| self.has_room(json)) else { return };
            let Some((id, name, json)) = self.waiting.remove(at) else { return };
            let count = fragment::count(&json);
            let wire = self.number();
            let long = count > 1;
            let wait = if long { TOLD_EVERY + rtt } else { WAIT };
            self.flights.push(Flight {
                id,
                name,
                json,
                wire,
                parts: vec![Fate::Todo; count as usize],
                todo: if long { (1..=count).collect() } else { VecDeque::new() },
                out: 0,
                window: WINDOW.0,
                wait,
                due: if long { now + wait } else { now },
                repeats: 0,
                silent: 0,
                have_seq: 0,
                sign: now,
                answering: false,
            });
        }
    }
}

impl Flight {
    fn shot(&self, part: u32, again: bool) -> Shot<'_> {
        Shot { wire: self.wire, part, json: &self.json, again, silent: self.silent }
    }

    /// The next part that may go, and whether it went before.
    fn next_part(&mut self) -> Option<(u32, bool)> {
        if self.answering || self.out >= self.window {
            return None;
        }
        while let Some(part) = self.todo.pop_front() {
            if self.parts[part as usize - 1] == Fate::Todo {
                let again = self.repeats > 0 && part < self.sent_to();
                return Some((part, again));
            }
        }
        None
    }

    /// One past the last part that ever went.
    fn sent_to(&self) -> u32 {
        let last = self.parts.iter().rposition(|fate| *fate != Fate::Todo);
        u32::try_from(last.map_or(0, |at| at + 2)).unwrap_or(u32::MAX)
    }

    /// Parts that went long enough before the desk's word and are not there are lost.
    fn find_lost(&mut self, now: Duration, rtt: Duration) {
        let late = rtt * 3 / 2 + Duration::from_millis(25);
        let mut lost = vec![];
        for (fate, part) in self.parts.iter_mut().zip(1..) {
            if matches!(fate, Fate::Sent(at) if *at + late <= now) {
                *fate = Fate::Todo;
                lost.push(part);
            }
        }
        if lost.is_empty() {
            return;
        }
        self.out -= lost.len();
        self.repeats += 1;
        self.window = (self.window * 3 / 4).max(WINDOW.1);
        lost.into_iter().rev().for_each(|part| self.todo.push_front(part));
    }

    /// Nothing was heard for a while: a few parts go again, so that the desk says which it has.
    fn ask_how_far(&mut self, now: Duration) {
        if self.parts.iter().all(|fate| *fate == Fate::There) {
            // The desk does not tell of the last part. If it says nothing at all it forgot what it had.
            self.parts.fill(Fate::Todo);
            self.todo = (1..).take(self.parts.len()).collect();
        }
        let mut probes = vec![];
        for (fate, part) in self.parts.iter_mut().zip(1..) {
            if probes.len() < PROBES && matches!(fate, Fate::Sent(_)) {
                *fate = Fate::Todo;
                probes.push(part);
            }
        }
        self.out -= probes.len();
        self.repeats += u32::from(!probes.is_empty());
        self.silent += 1;
        probes.into_iter().rev().for_each(|part| self.todo.push_front(part));
        self.due = now + self.wait;
        self.wait = longer(self.wait);
    }
}
