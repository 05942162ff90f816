//! Messages on their way here: parts put together, each message once, nothing older after something newer. Thread: osc; pure.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use crate::osc::ma3::protocol::message::{Head, Part};
use crate::osc::ma3::protocol::{Request, Unit};

use super::outbox::longer;

/// Missing parts are asked for this long after the last that came.
const QUIET: Duration = Duration::from_millis(100);
/// Questions for parts without any coming, after which a message is given up.
const QUESTIONS: u32 = 12;
/// Messages put together at a time, and their bytes.
const OPEN_MAX: usize = 24;
const BYTES_MAX: usize = 64_000_000;
/// Messages remembered as heard.
const REMEMBERED: usize = 4096;
/// Bytes of the JSON that asks for parts: one fragment.
const ASK_BYTES: usize = 600;

/// What names a message. `seq` alone does not: a client that the desk forgot is counted from 1 again.
type Key = (u64, u64);

fn key_of(Part { head, mark, .. }: &Part) -> Key {
    if head.parts == 1 {
        return (head.seq, *mark);
    }
    let mut hasher = DefaultHasher::new();
    (&head.kind, head.req, head.parts, head.unit, head.track, head.rev, &head.hash).hash(&mut hasher);
    (head.seq, hasher.finish())
}

struct Open {
    parts: BTreeMap<u32, Part>,
    bytes: usize,
    due: Duration,
    wait: Duration,
    questions: u32,
    req: Option<u64>,
    unit: Option<Unit>,
    rev: Option<u64>,
}

/// What a datagram came to.
pub enum Came {
    /// All parts are here, in order.
    Whole(Vec<Part>),
    /// More parts are to come.
    More,
    /// Heard before.
    Again,
    /// Something newer was heard.
    Old,
}

/// Messages that are not whole, and those that were heard.
#[derive(Default)]
pub struct Inbox {
    open: BTreeMap<Key, Open>,
    seen: HashSet<Key>,
    order: VecDeque<Key>,
    newest: HashMap<(Unit, String), u64>,
}

impl Inbox {
    /// A new epoch: nothing of before counts.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The desk may count anew from here on.
    pub fn expect_restart(&mut self) {
        self.newest.clear();
    }

    /// Take a datagram's part.
    pub fn take(&mut self, now: Duration, part: Part) -> Came {
        let key = key_of(&part);
        if self.seen.contains(&key) {
            return Came::Again;
        }
        if self.is_old(&part.head) {
            return Came::Old;
        }
        let count = part.head.parts as usize;
        if count == 1 {
            self.remember(key, &part.head);
            return Came::Whole(vec![part]);
        }
        let bytes: usize = self.open.values().map(|open| open.bytes).sum();
        if !self.open.contains_key(&key) && (self.open.len() >= OPEN_MAX || bytes > BYTES_MAX) {
            let stalest = self.open.iter().min_by_key(|(_, open)| open.due).map(|(key, _)| *key);
            stalest.map(|key| self.open.remove(&key));
        }
        let open = self.open.entry(key).or_insert_with(|| Open {
            parts: BTreeMap::new(),
            bytes: 0,
            due: now,
            wait: QUIET,
            questions: 0,
            req: part.head.req,
            unit: part.head.unit,
            rev: part.head.rev,
        });
        if open.parts.contains_key(&part.head.part) {
            return Came::Again;
        }
        open.bytes += part.bytes;
        (open.due, open.wait, open.questions) = (now + QUIET, QUIET, 0);
        let head = part.head.clone();
        open.parts.insert(head.part, part);
        if open.parts.len() < count {
            return Came::More;
        }
        let parts = self.open.remove(&key).map(|open| open.parts).unwrap_or_default();
        self.remember(key, &head);
        Came::Whole(parts.into_values().collect())
    }

    /// A notice of a unit that speaks of a state before the one told last.
    fn is_old(&self, head: &Head) -> bool {
        let (None, Some(unit)) = (head.req, head.unit) else { return false };
        self.newest.get(&(unit, head.kind.clone())).is_some_and(|newest| head.seq < *newest)
    }

    fn remember(&mut self, key: Key, head: &Head) {
        if let (None, Some(unit)) = (head.req, head.unit) {
            self.newest.insert((unit, head.kind.clone()), head.seq);
            if head.kind == "track.changed" {
                // What it overtakes need not be completed.
                self.open.retain(|_, open| open.req.is_some() || open.unit != head.unit || open.rev > head.rev);
            }
        }
        self.seen.insert(key);
        self.order.push_back(key);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
    }

    /// Forget what answers a request that is no longer open.
    pub fn forget(&mut self, req: u64) {
        self.open.retain(|_, open| open.req != Some(req));
    }

    /// What is missing and due to be asked for; and the requests whose answers cannot be completed.
    pub fn ask(&mut self, now: Duration) -> (Vec<Request>, Vec<u64>) {
        let (mut asks, mut lost, mut gone) = (vec![], vec![], vec![]);
        for (key, open) in &mut self.open {
            if open.due > now {
                continue;
            }
            open.questions += 1;
            if open.questions > QUESTIONS {
                gone.push(*key);
                lost.extend(open.req);
                continue;
            }
            (open.due, open.wait) = (now + open.wait, longer(open.wait));
            let total = open.parts.values().next().map_or(0, |part| part.head.parts);
            let is_missing = |part: &u32| !open.parts.contains_key(part);
            let mut bytes = 0;
            let fits = |part: &u32| {
                bytes += part.to_string().len() + 1;
                bytes <= ASK_BYTES
            };
            let missing = (1..=total).filter(is_missing).take_while(fits).collect();
            asks.push(Request::GetParts { of: key.0, missing });
        }
        gone.iter().for_each(|key| drop(self.open.remove(key)));
        (asks, lost)
    }

    /// When [`Inbox::ask`] has something to do next.
    pub fn next(&self) -> Option<Duration> {
        self.open.values().map(|open| open.due).min()
    }
}
