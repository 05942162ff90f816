//! The desk's side of one track, as plain data.

use std::collections::BTreeSet;

use super::super::seen::hash_text;
use crate::model::DeskEvent;
use crate::osc::ma3::protocol::{
    BatchAck, Busy, Changed, Content, CueItem, DeskError, Difference, ErrorCode, Heritage, MadeTrack, Message, Op,
    OpResult, RangeItem, ReqId, Request, Told, ToldEvent, TrackItem, Unit, UnitDigest,
};

/// A desk with one timecode, 101, and one track group.
pub struct Desk {
    /// The track's name; `None` is no track.
    pub name: Option<String>,
    /// Other tracks, behind it.
    pub others: Vec<TrackItem>,
    /// Its Guid.
    pub guid: String,
    /// Its number.
    pub track: u32,
    /// Its events in storage order.
    pub events: Vec<DeskEvent>,
    /// Revision.
    pub rev: u64,
    /// Contents it had.
    pub lineage: Vec<(String, String)>,
    /// RawOffsetTCSlot.
    pub slot: i64,
    /// Whether it can be written.
    pub busy: Busy,
    /// Who writes it.
    pub writer: String,
    /// Times are kept in whole multiples of this.
    pub grid: i64,
    /// Cues of the sequence.
    pub cues: BTreeSet<String>,
    /// Whether cues must be there.
    pub strict: bool,
    /// Batches done.
    pub batches: usize,
    /// Batches refused or failed.
    pub refusals: usize,
    /// Operations done.
    pub ops: usize,
    /// Whether the track has its range and sub-track.
    pub ready: bool,
    /// Groups there are.
    pub groups: u32,
}

pub fn event(ticks: i64, name: &str) -> DeskEvent {
    DeskEvent { ticks, token: "Go+".into(), name: name.into(), ..DeskEvent::default() }
}

impl Desk {
    pub fn new() -> Self {
        let mut desk = Self {
            name: Some("BEAM".into()),
            others: vec![],
            guid: "guid-1".into(),
            track: 1,
            events: vec![],
            rev: 1,
            lineage: vec![],
            slot: 0,
            busy: Busy::Free,
            writer: String::new(),
            grid: 1,
            cues: BTreeSet::new(),
            strict: false,
            batches: 0,
            refusals: 0,
            ops: 0,
            ready: true,
            groups: 1,
        };
        desk.enter("desk");
        desk
    }

    pub fn unit(&self) -> Unit {
        Unit::new(101, 1, self.track, 1, 1)
    }

    pub fn hash(&self) -> String {
        hash_text(self.unit(), &self.events)
    }

    fn enter(&mut self, by: &str) {
        self.events.sort_by_key(|event| event.ticks);
        let hash = self.hash();
        if self.lineage.last().is_none_or(|(last, _)| *last != hash) {
            self.lineage.push((hash, by.to_owned()));
        }
    }

    /// Somebody edits at the desk; the notice of it.
    pub fn edit(&mut self, work: impl FnOnce(&mut Vec<DeskEvent>)) -> Message {
        work(&mut self.events);
        self.enter("desk");
        self.rev += 1;
        let changed = Changed {
            counts: [0; 5],
            difference: Difference::Whole(self.told()),
            rev_from: None,
            start: None,
            offset: Some(self.slot),
        };
        self.message(Told::Changed(Box::new(changed)))
    }

    pub fn message(&self, told: Told) -> Message {
        Message {
            epoch: "0123456789abcdef".into(),
            seq: 1,
            req: Some(ReqId(1)),
            unit: Some(self.unit()),
            track: Some(self.unit().track_at()),
            guid: self.guid.clone(),
            rev: Some(self.rev),
            hash: Some(self.hash()),
            told,
        }
    }

    /// What a ping's answer says of the unit.
    pub fn digest(&self) -> UnitDigest {
        UnitDigest { unit: self.unit(), rev: self.rev, hash: self.hash(), busy: Some(self.busy) }
    }

    fn told(&self) -> Vec<ToldEvent> {
        let told =
            |(event, idx): (&DeskEvent, u32)| ToldEvent { idx, was: None, abs: event.ticks, event: event.clone() };
        self.events.iter().zip(1..).map(told).collect()
    }

    fn content(&self) -> Box<Content> {
        Box::new(Content {
            events: self.told(),
            resync: false,
            lineage: self.lineage.iter().map(|(hash, by)| Heritage { hash: hash.clone(), by: by.clone() }).collect(),
            dirty: false,
            busy: self.busy,
            offset: self.slot,
            start: 0,
            faders: 0,
            ranges: 1,
            subs: 1,
            name: self.name.clone().unwrap_or_default(),
            note: String::new(),
            target: 5,
            writer: self.writer.clone(),
        })
    }

    fn item(&self) -> Option<TrackItem> {
        let range = RangeItem { range: 1, start: "0".into(), subs: 1, faders: 0, events: vec![] };
        Some(TrackItem {
            track: self.track,
            name: self.name.clone()?,
            guid: self.guid.clone(),
            note: String::new(),
            target: 5,
            target_name: String::new(),
            ranges: if self.ready { vec![range] } else { vec![] },
            locked: false,
        })
    }

    /// Answer a request of a client.
    pub fn answer(&mut self, me: &str, request: Request) -> Result<Message, DeskError> {
        let error = |code, message: &str| Err(DeskError::new(code, message));
        match request {
            Request::GetTracks { tc, tg } => {
                if tg > self.groups {
                    return error(ErrorCode::Missing, "no such group");
                }
                let items = self.item().into_iter().chain(self.others.clone()).collect();
                Ok(self.message(Told::Tracks { tc, tg, items }))
            }
            Request::GetTrackGroups { .. } if self.groups == 0 => error(ErrorCode::Missing, "no timecode 101"),
            Request::GetTrackGroups { tc } => Ok(self.message(Told::TrackGroups { tc, items: vec![] })),
            Request::Hook { unit, guid } => {
                if self.name.is_none() || unit != self.unit() {
                    return error(ErrorCode::NoTrack, "no such track");
                }
                if guid.is_some_and(|guid| guid != self.guid) {
                    return error(ErrorCode::Guid, "another track has these numbers");
                }
                Ok(self.message(Told::Hooked(self.content())))
            }
            Request::GetEvents { .. } => Ok(self.message(Told::Events(self.content()))),
            Request::CreateTrack { name, .. } => {
                (self.name, self.ready, self.groups) = (Some(name.clone()), true, 1);
                Ok(self.message(Told::TrackCreated(MadeTrack { name, note: String::new(), target: 5, created: true })))
            }
            Request::PrepareTrackForEvents { .. } => {
                self.ready = true;
                let made = MadeTrack { name: String::new(), note: String::new(), target: 5, created: false };
                Ok(self.message(Told::TrackPrepared(made)))
            }
            Request::GetSequences { .. } => {
                let items = self.cues.iter().map(|cue| CueItem { cue: cue.clone(), name: String::new() }).collect();
                Ok(self.message(Told::Cues { sequence: 5, name: String::new(), items }))
            }
            Request::CreateCues { cues, .. } => {
                self.cues.extend(cues.iter().map(|item| item.cue.clone()));
                Ok(self.message(Told::CuesCreated { sequence: 5, items: cues }))
            }
            Request::Batch { base, ops, take, .. } => self.batch(me, &base, &ops, take),
            other => panic!("the test's desk does not know {}", other.name()),
        }
    }

    fn batch(&mut self, me: &str, base: &str, ops: &[Op], take: bool) -> Result<Message, DeskError> {
        let error = |code| Err(DeskError::new(code, "refused"));
        if !self.writer.is_empty() && self.writer != me && !take {
            self.refusals += 1;
            let writer = Some(self.writer.clone());
            return Err(DeskError { writer, ..DeskError::new(ErrorCode::NotWriter, "not the writer") });
        }
        if self.busy != Busy::Free {
            self.refusals += 1;
            return error(ErrorCode::Busy);
        }
        if base != self.hash() {
            self.refusals += 1;
            return error(ErrorCode::Stale);
        }
        let wrong: Vec<OpResult> =
            (1..).zip(ops).filter_map(|(i, op)| Some((i, self.no_cue(op)?))).map(fails).collect();
        if !wrong.is_empty() {
            self.refusals += 1;
            return Ok(self.message(Told::BatchAck(BatchAck {
                ok: false,
                undo: false,
                restored: true,
                results: wrong,
            })));
        }
        self.writer = me.to_owned();
        let mut slots: Vec<(DeskEvent, u32)> = self.events.iter().cloned().map(|event| (event, 0)).collect();
        let mut gone = vec![];
        for (i, op) in (1..).zip(ops) {
            match op {
                Op::Add(event) => slots.push((event.clone(), i)),
                Op::Set(idx, change) => {
                    let slot = &mut slots[*idx as usize - 1];
                    let old = slot.0.clone();
                    let pick = |new: &Option<std::sync::Arc<str>>, old: &std::sync::Arc<str>| {
                        new.as_ref().unwrap_or(old).clone()
                    };
                    *slot = (
                        DeskEvent {
                            ticks: change.ticks.unwrap_or(old.ticks),
                            token: pick(&change.token, &old.token),
                            cue: pick(&change.cue, &old.cue),
                            cmd: pick(&change.cmd, &old.cmd),
                            name: pick(&change.name, &old.name),
                            note: pick(&change.note, &old.note),
                        },
                        i,
                    );
                }
                Op::Del(idx) => gone.push(*idx as usize - 1),
            }
        }
        let mut at = 0;
        slots.retain(|_| {
            at += 1;
            !gone.contains(&(at - 1))
        });
        for (event, i) in &mut slots {
            if *i > 0 {
                event.ticks = event.ticks.div_euclid(self.grid) * self.grid;
            }
        }
        slots.sort_by_key(|(event, _)| event.ticks);
        let results = (1..).zip(ops).map(|(i, _)| OpResult {
            i,
            outcome: Ok((1..).zip(&slots).find(|(_, (_, of))| *of == i).map(|(idx, (event, _))| ToldEvent {
                idx,
                was: None,
                abs: event.ticks,
                event: event.clone(),
            })),
        });
        let results = results.collect();
        self.events = slots.into_iter().map(|(event, _)| event).collect();
        self.enter(me);
        self.rev += 1;
        self.batches += 1;
        self.ops += ops.len();
        Ok(self.message(Told::BatchAck(BatchAck { ok: true, undo: true, restored: true, results })))
    }

    fn no_cue(&self, op: &Op) -> Option<String> {
        let cue = match op {
            Op::Add(event) => Some(&event.cue),
            Op::Set(_, change) => change.cue.as_ref(),
            Op::Del(_) => None,
        };
        let cue = cue.filter(|cue| self.strict && !cue.is_empty() && !self.cues.contains(&***cue))?;
        Some(format!("the sequence has no cue {cue}"))
    }
}

fn fails((i, message): (u32, String)) -> OpResult {
    OpResult { i, outcome: Err((ErrorCode::NoCue, message)) }
}
