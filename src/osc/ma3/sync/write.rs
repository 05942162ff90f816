//! Batches to the desk: what is needed before one, what it says, and what comes back. Thread: osc; pure.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use super::super::matching::{Limits, diff};
use super::super::protocol::{BatchAck, Busy, Change, CueItem, DeskError, ErrorCode, Message, Op, Request, Told};
use super::plan::Plan;
use super::seen::{Seen, hash_text};
use super::{Asked, BACKUPS_MAX, BUSY_AGAIN, Held, Now, PROBLEM_AGAIN, Problem, Sent, Settle, Track, Wants};
use crate::model::layer::cue_text;
use crate::model::{CueRule, DeskEvent};

impl Track {
    /// Send what is to be written, or what has to be there first.
    pub(super) fn write(
        &mut self,
        now: &Now<'_>,
        seen: &Seen,
        plan: &Plan,
        left_out: &HashSet<u64>,
        ends_hold: bool,
        wants: &mut Wants,
    ) {
        if !seen.writer.is_empty() && seen.writer != now.me && !self.take_over {
            self.other_writer = Some(seen.writer.as_str().into());
        }
        if self.hindrance(seen).is_some() || (self.other_writer.is_some() && !self.take_over) {
            return;
        }
        if self.is_being_edited(now.time) {
            return;
        }
        if self.needs_sequence(seen, wants) || self.needs_cues(seen, plan, wants) {
            return;
        }
        if plan.overwrites(self.known.as_deref()) {
            self.keep_backup(seen);
        }
        let (ops, ids) = plan.ops(left_out);
        self.announce(now, seen, plan, &ids, wants);
        let sent = Sent {
            expected: expected(seen, &ops),
            plan: plan.clone(),
            ops: ops.clone(),
            ids,
            guid: seen.guid.clone(),
            ends_hold,
        };
        let label = match ops.len() {
            1 => format!("Tracklight: {}, 1 event", self.name),
            count => format!("Tracklight: {}, {count} events", self.name),
        };
        // A writer of our own name is what we were before a crash.
        let take = self.take_over || seen.writer == now.me;
        self.edited = None;
        let request = Request::Batch {
            unit: seen.unit,
            guid: (!seen.guid.is_empty()).then(|| seen.guid.clone()),
            base: seen.hash.clone(),
            label,
            ops,
            take,
        };
        self.ask(wants, Asked::Batch(Box::new(sent)), request);
    }

    // A mapping that names its sequence gives it to a track that runs none.
    fn needs_sequence(&mut self, seen: &Seen, wants: &mut Wants) -> bool {
        let Some(sequence) = self.mapping.sequence.filter(|_| seen.target == 0) else { return false };
        let at = seen.unit.track_at();
        self.ask(wants, Asked::Assign, Request::AssignTrackSequence { at, sequence, guid: None });
        true
    }

    fn needs_cues(&mut self, seen: &Seen, plan: &Plan, wants: &mut Wants) -> bool {
        if self.asks_for_cues(seen, plan, wants) {
            return true;
        }
        let missing = self.missing_cues(plan);
        if missing.is_empty() {
            return false;
        }
        let cues = missing.into_iter().map(|(cue, name)| CueItem { cue, name }).collect();
        self.ask(wants, Asked::MakeCues, Request::CreateCues { sequence: seen.target, cues });
        true
    }

    /// Which cues the sequence has is asked once, where missing ones are to be made.
    pub(super) fn asks_for_cues(&mut self, seen: &Seen, plan: &Plan, wants: &mut Wants) -> bool {
        let names_one = || plan.cues().next().is_some();
        if self.mapping.cues != CueRule::Create || self.cues.is_some() || seen.target == 0 || !names_one() {
            return false;
        }
        self.ask(wants, Asked::Cues, Request::GetSequences { sequence: Some(seen.target) });
        true
    }

    /// Cues that would be made, with the name of the first event that goes there.
    pub(super) fn missing_cues(&self, plan: &Plan) -> BTreeMap<String, String> {
        let Some(have) = self.cues.as_ref().filter(|_| self.mapping.cues == CueRule::Create) else {
            return BTreeMap::new();
        };
        let mut missing = BTreeMap::new();
        for (cue, name) in plan.cues().filter(|(cue, _)| !have.contains(&***cue)) {
            if cue_text(cue).is_ok_and(|text| text == *cue) {
                missing.entry(cue.to_string()).or_insert_with(|| name.to_string());
            }
        }
        missing
    }

    fn keep_backup(&mut self, seen: &Seen) {
        if self.backups.back() == Some(&seen.events) {
            return;
        }
        self.backups.push_back(seen.events.clone());
        if self.backups.len() > BACKUPS_MAX {
            self.backups.pop_front();
        }
    }

    /// The desk answered a batch.
    pub(super) fn batch_done(&mut self, now: &Now<'_>, sent: Box<Sent>, result: Result<Message, DeskError>) {
        self.plan = None;
        match result {
            Ok(Message { told: Told::BatchAck(ack), rev: Some(rev), hash: Some(hash), guid, .. }) => match ack.ok {
                true => self.batch_stuck(now, *sent, ack, rev, hash, guid),
                false => self.batch_failed(now, &sent, &ack),
            },
            Ok(_) => self.fail(now, "the desk answered a batch with something else"),
            // Whether it was done is not known: what the desk has will say.
            Err(error) if is_unsure(error.code) => {
                self.unsure = Some(sent);
                self.look_again();
            }
            // Somebody was quicker, or it was done before the desk forgot us.
            Err(error) if error.code == ErrorCode::Stale => {
                self.unsure = Some(sent);
                self.behind();
            }
            Err(error) => self.refuse(now, &error),
        }
    }

    fn batch_stuck(&mut self, now: &Now<'_>, sent: Sent, ack: BatchAck, rev: u64, hash: String, guid: String) {
        let mut done: HashMap<u64, Option<DeskEvent>> = sent.ids.iter().map(|id| (*id, None)).collect();
        for (op, id) in sent.ops.iter().zip(&sent.ids) {
            if !matches!(op, Op::Del(_)) {
                done.insert(*id, sent.plan.wanted(*id).cloned());
            }
        }
        for result in &ack.results {
            let id = (result.i as usize).checked_sub(1).and_then(|at| sent.ids.get(at));
            if let (Some(id), Ok(Some(told))) = (id, &result.outcome) {
                done.insert(*id, Some(told.event.clone()));
            }
        }
        if let Some(seen) = &mut self.seen {
            seen.writer = now.me.to_owned();
            if !seen.written(rev, &hash, &sent.ops, &ack.results, now.me) {
                seen.hash.clear();
            }
        }
        (self.take_over, self.failures, self.trouble, self.other_writer) = (false, 0, None, None);
        let guid = if guid.is_empty() { sent.guid } else { guid };
        self.settle = Some(Settle { plan: sent.plan, done, hash, guid, ends_hold: sent.ends_hold });
    }

    fn batch_failed(&mut self, now: &Now<'_>, sent: &Sent, ack: &BatchAck) {
        let mut named = false;
        for result in &ack.results {
            let Err((code, message)) = &result.outcome else { continue };
            let id = (result.i as usize).checked_sub(1).and_then(|at| sent.ids.get(at));
            // What did not stay may stay the next time; after that the event is left out and shown.
            let again = matches!(code, ErrorCode::Readback | ErrorCode::Internal) && self.failures < 2;
            let Some(id) = id.filter(|_| !again) else { continue };
            named = true;
            self.problems
                .insert(*id, Problem { wanted: sent.plan.wanted(*id).cloned(), text: message.as_str().into() });
            if *code == ErrorCode::NoCue {
                self.cues = None;
            }
        }
        if !ack.restored {
            self.behind();
        }
        if named {
            self.failures = 0;
            self.problems_at = Some(now.time + PROBLEM_AGAIN);
        } else {
            let why = ack.results.iter().find_map(|result| result.outcome.as_ref().err()).map(|(_, why)| why.clone());
            self.fail(now, &why.unwrap_or_else(|| "the desk took a batch back".into()));
        }
    }

    /// The desk refused.
    pub(super) fn refuse(&mut self, now: &Now<'_>, error: &DeskError) {
        self.plan = None;
        match error.code {
            ErrorCode::Stale => self.behind(),
            ErrorCode::Busy | ErrorCode::Locked => {
                if let Some(seen) = &mut self.seen {
                    let other = if error.code == ErrorCode::Locked { Busy::Locked } else { Busy::Changing };
                    seen.busy = error.busy.filter(|busy| *busy != Busy::Free).unwrap_or(other);
                }
                self.busy_until = Some(now.time + BUSY_AGAIN);
            }
            ErrorCode::NotWriter => {
                self.other_writer = Some(error.writer.as_deref().unwrap_or("another instance").into());
                if let Some(seen) = &mut self.seen {
                    seen.writer = error.writer.clone().unwrap_or_default();
                }
            }
            ErrorCode::Missing | ErrorCode::NoTrack | ErrorCode::Guid => self.begin_anew(),
            code if is_unsure(code) => self.look_again(),
            _ => self.fail(now, &error.message),
        }
    }

    /// Something went wrong that may go right the next time; each time it takes longer until then.
    pub(super) fn fail(&mut self, now: &Now<'_>, why: &str) {
        self.failures += 1;
        self.trouble = Some(why.into());
        let wait = Duration::from_millis(250) * 2_u32.pow(self.failures.min(5));
        self.again_at = Some(now.time + wait);
    }

    /// Whether what was sent last, and never answered, is on the desk: then it is agreed on.
    pub(super) fn settle_unsure(&mut self) {
        let (Some(sent), Some(seen)) = (self.unsure.take(), &self.seen) else { return };
        let base = self.known.as_ref().map(|agreed| agreed.hash.as_str());
        let since = seen.lineage.iter().rposition(|(hash, _)| Some(hash.as_str()) == base).map_or(0, |at| at + 1);
        let is_there =
            seen.hash == sent.expected || seen.lineage[since..].iter().any(|(hash, _)| *hash == sent.expected);
        if !is_there || self.taking.is_some() {
            return;
        }
        let done = sent.ids.iter().map(|id| (*id, sent.plan.wanted(*id).cloned())).collect();
        let Sent { plan, expected: hash, guid, ends_hold, .. } = *sent;
        self.settle = Some(Settle { plan, done, hash, guid, ends_hold });
    }

    pub(super) fn cues_made(&mut self) {
        self.plan = None;
    }

    /// Put the last backup of the desk's side back.
    pub(super) fn put_back(&mut self, seen: &Seen, wants: &mut Wants) {
        let Some(backup) = self.backups.back() else {
            self.restore = false;
            self.note = Some("there is no backup of the desk's side".into());
            return;
        };
        if self.hindrance(seen).is_some() {
            return;
        }
        let matching = diff(&seen.events, backup, &Limits::default());
        let place = |old: usize| u32::try_from(old + 1).unwrap_or(u32::MAX);
        let changed = matching.pairs.iter().filter(|pair| !pair.fields.is_empty());
        let sets =
            changed.map(|pair| Op::Set(place(pair.old), Change::between(&seen.events[pair.old], &backup[pair.new])));
        let dels = matching.deleted.iter().map(|old| Op::Del(place(*old)));
        let adds = matching.added.iter().map(|new| Op::Add(backup[*new].clone()));
        let ops: Vec<Op> = sets.chain(dels).chain(adds).collect();
        let request = Request::Batch {
            unit: seen.unit,
            guid: None,
            base: seen.hash.clone(),
            label: format!("Tracklight: {} as it was before", self.name),
            ops: ops.clone(),
            take: self.take_over,
        };
        self.ask(wants, Asked::Restore(ops), request);
    }

    pub(super) fn restored(&mut self, now: &Now<'_>, ops: &[Op], result: Result<Message, DeskError>) {
        self.plan = None;
        match result {
            Ok(Message { told: Told::BatchAck(ack), rev: Some(rev), hash: Some(hash), .. }) if ack.ok => {
                self.restore = false;
                self.backups.pop_back();
                if let Some(seen) = &mut self.seen
                    && !seen.written(rev, &hash, ops, &ack.results, now.me)
                {
                    seen.hash.clear();
                }
                self.choice = None;
                self.judged = true;
                self.held =
                    Some(Held { why: "the desk's side was put back".into(), related: true, only_offset: false });
            }
            Ok(Message { told: Told::BatchAck(ack), .. }) => {
                self.restore = false;
                let why =
                    ack.results.iter().find_map(|result| result.outcome.as_ref().err()).map(|(_, why)| why.clone());
                self.note = Some(format!("the backup was not put back: {}", why.unwrap_or_default()).into());
            }
            Ok(_) => self.fail(now, "the desk answered a batch with something else"),
            Err(error) if is_unsure(error.code) => self.look_again(),
            Err(error) => self.refuse(now, &error),
        }
    }
}

fn is_unsure(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::Epoch | ErrorCode::Lost | ErrorCode::Timeout | ErrorCode::Malformed)
}

/// Hash of the unit if all is done as asked: sorted by time as the desk does, new ones behind those of the same time.
fn expected(seen: &Seen, ops: &[Op]) -> String {
    let mut events: Vec<Option<DeskEvent>> = seen.events.iter().cloned().map(Some).collect();
    let mut new = vec![];
    for op in ops {
        match op {
            Op::Add(event) => new.push(Some(event.clone())),
            Op::Set(idx, change) => {
                let slot = (*idx as usize).checked_sub(1).and_then(|at| events.get_mut(at));
                if let Some(event) = slot.and_then(Option::as_mut) {
                    apply(change, event);
                }
            }
            Op::Del(idx) => {
                if let Some(slot) = (*idx as usize).checked_sub(1).and_then(|at| events.get_mut(at)) {
                    *slot = None;
                }
            }
        }
    }
    let mut events: Vec<DeskEvent> = events.into_iter().chain(new).flatten().collect();
    events.sort_by_key(|event| event.ticks);
    hash_text(seen.unit, &events)
}

fn apply(change: &Change, event: &mut DeskEvent) {
    event.ticks = change.ticks.unwrap_or(event.ticks);
    let DeskEvent { token, cue, cmd, name, note, .. } = event;
    let texts =
        [(&change.token, token), (&change.cue, cue), (&change.cmd, cmd), (&change.name, name), (&change.note, note)];
    for (new, text) in texts {
        if let Some(new) = new {
            *text = new.clone();
        }
    }
}
