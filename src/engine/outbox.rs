//! Hits and commands on their way to audio, in order.
//!
//! Thread: engine. Programs do not wait here: only the newest counts, and it is compiled when there is room.

use std::collections::VecDeque;

use crate::bus::message::COLUMNS_MAX;
use crate::bus::{ShotMessage, ToAudio};
use crate::model::{DropShots, Param, Shot, TransportVerb, Uid};

/// Most messages kept while the wire is full.
pub const MESSAGES_MAX: usize = 4096;
/// Most transport commands kept while audio does not run.
const LATER_MAX: usize = 64;

enum Out {
    Plain(ToAudio),
    /// A hit; its slot is looked up when the Program it belongs to is out.
    Shot(Uid, ShotMessage),
}

/// What waits for room.
#[derive(Default)]
pub struct Outbox {
    queue: VecDeque<Out>,
    /// Transport commands for when audio runs.
    later: Vec<TransportVerb>,
    /// Hits that were not played since the last look.
    dropped: usize,
}

/// A hit as audio takes it, still without its slot. Columns beyond the first [`COLUMNS_MAX`] are left out.
fn message(shot: &Shot, at: Option<f64>, owner: u32) -> ShotMessage {
    let mut params = [(Param(0), 0.0); COLUMNS_MAX];
    let count = shot.hit.params.len().min(COLUMNS_MAX);
    for (place, (&param, &value)) in params.iter_mut().zip(&shot.hit.params) {
        *place = (param, value as f32);
    }
    ShotMessage {
        slot: u16::MAX,
        index: shot.hit.index,
        note: shot.hit.note.unwrap_or(255),
        count: count as u8,
        at: shot.at.or(at).unwrap_or(f64::NAN),
        jump: shot.jump,
        gate: shot.gate.map_or(f32::NAN, |gate| gate as f32),
        owner,
        params,
    }
}

impl Outbox {
    /// A hit of the sampler with this identity, at its own position, else at `at`, else at once.
    pub fn shot(&mut self, sampler: Uid, shot: &Shot, at: Option<f64>, owner: u32) {
        self.push(Out::Shot(sampler, message(shot, at, owner)));
    }

    fn push(&mut self, out: Out) {
        if self.queue.len() >= MESSAGES_MAX {
            self.dropped += 1;
        } else {
            self.queue.push_back(out);
        }
    }

    /// Move the clock; when audio does not run, once it does.
    pub fn transport(&mut self, verb: TransportVerb, processing: bool) {
        if processing {
            self.push(Out::Plain(ToAudio::Transport(verb)));
            return;
        }
        // Only the last of several halts, starts or jumps in a row has an effect.
        let jump = |verb: &TransportVerb| matches!(verb, TransportVerb::Locate(_));
        if self.later.last().is_some_and(|last| jump(last) == jump(&verb)) || self.later.len() >= LATER_MAX {
            self.later.pop();
        }
        self.later.push(verb);
    }

    /// Hits on their way are dropped; then this is sent.
    pub fn silence(&mut self, message: ToAudio) {
        self.queue.retain(|out| !matches!(out, Out::Shot(..)));
        self.push(Out::Plain(message));
    }

    /// Hits that Batches gave to audio ahead of their moment are called back.
    pub fn call_back(&mut self) {
        self.push(Out::Plain(ToAudio::DropShots(DropShots { first: 0, last: 0, from: f64::NEG_INFINITY })));
    }

    /// Hits of some owners that were sent ahead are not to be played.
    pub fn drop_shots(&mut self, drop: DropShots) {
        let gone = |shot: &ShotMessage| {
            // One without a position is due at once.
            (drop.first..=drop.last).contains(&shot.owner) && (shot.at >= drop.from || drop.from == f64::NEG_INFINITY)
        };
        self.queue.retain(|out| !matches!(out, Out::Shot(_, shot) if gone(shot)));
        self.push(Out::Plain(ToAudio::DropShots(drop)));
    }

    /// Audio runs: what waited for it is on its way.
    pub fn started(&mut self) {
        self.queue.extend(self.later.drain(..).map(|verb| Out::Plain(ToAudio::Transport(verb))));
    }

    /// Audio does not run: hits are not kept, transport commands are.
    pub fn rest(&mut self) {
        for out in std::mem::take(&mut self.queue) {
            match out {
                Out::Shot(..) => self.dropped += 1,
                Out::Plain(ToAudio::Transport(verb)) => self.transport(verb, false),
                Out::Plain(_) => {}
            }
        }
    }

    /// How many hits were not played since the last call.
    pub fn dropped(&mut self) -> usize {
        std::mem::take(&mut self.dropped)
    }

    /// Send what finds room; whether all is out. Hits of samplers that are gone are left out.
    pub fn send(&mut self, to: &mut rtrb::Producer<ToAudio>, slot: impl Fn(Uid) -> Option<u16>) -> bool {
        while let Some(out) = self.queue.pop_front() {
            if let Out::Shot(uid, _) = &out
                && slot(*uid).is_none()
            {
                continue;
            }
            if to.slots() == 0 {
                self.queue.push_front(out);
                return false;
            }
            let message = match out {
                Out::Plain(message) => message,
                Out::Shot(uid, message) => {
                    ToAudio::Shot(ShotMessage { slot: slot(uid).unwrap_or(message.slot), ..message })
                }
            };
            // There is room, and nobody else fills it.
            let _ = to.push(message);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Hit, Name};

    fn shot(index: u16) -> Shot {
        let module = Name::new("kick").unwrap();
        Shot { module, hit: Hit { index, ..Hit::default() }, gate: None, at: None, jump: None }
    }

    #[test]
    fn order_is_kept_while_the_wire_is_full() {
        let (mut to, mut from) = rtrb::RingBuffer::new(1);
        let mut outbox = Outbox::default();
        outbox.shot(Uid(1), &shot(1), Some(4.0), 0);
        outbox.transport(TransportVerb::Play, true);
        outbox.shot(Uid(2), &shot(2), None, 0);
        assert!(!outbox.send(&mut to, |_| Some(7)));
        let Ok(ToAudio::Shot(first)) = from.pop() else { panic!("the hit comes first") };
        assert_eq!((first.slot, first.index, first.at), (7, 1, 4.0));
        assert!(outbox.send(&mut to, |uid| (uid == Uid(1)).then_some(7)), "a sampler that is gone is passed over");
        assert!(matches!(from.pop(), Ok(ToAudio::Transport(TransportVerb::Play))));
        assert!(from.pop().is_err());
    }

    #[test]
    fn without_audio_hits_are_dropped_and_the_last_transport_command_is_kept() {
        let (mut to, mut from) = rtrb::RingBuffer::new(8);
        let mut outbox = Outbox::default();
        outbox.shot(Uid(1), &shot(1), None, 0);
        for verb in [TransportVerb::Play, TransportVerb::Stop, TransportVerb::Locate(4.0), TransportVerb::Locate(8.0)] {
            outbox.transport(verb, false);
        }
        outbox.rest();
        assert_eq!((outbox.dropped(), outbox.dropped()), (1, 0));
        outbox.started();
        assert!(outbox.send(&mut to, |_| None));
        assert!(matches!(from.pop(), Ok(ToAudio::Transport(TransportVerb::Stop))));
        assert!(matches!(from.pop(), Ok(ToAudio::Transport(TransportVerb::Locate(8.0)))));
        assert!(from.pop().is_err());
    }
}
