//! What a mapping does next: find, hook, settle, judge, hold, take, write, wait. Thread: osc; pure.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::super::merge::Start;
use super::super::protocol::{Busy, Request};
use super::descent::{Descent, descent};
use super::plan::{Plan, Sides, Way, desk_offset};
use super::seen::Seen;
use super::{Asked, Held, Now, Once, Place, Settle, Taking, Track, Wants, by_uid, no_puts};
use crate::model::{Agreed, Batch, Choice, Command, DeskEvent, Direction, LayerEvent, Origin, Policy, Put, Uid};

/// Times not further apart are one that a desk rounded: a frame at 24 per second.
const ROUNDED: u64 = crate::model::TICKS_PER_SECOND.unsigned_abs() / 24;

/// Which way is gone, and what may be done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course {
    pub way: Way,
    /// Whether our layer may take.
    pub take: bool,
    /// Whether the desk may be written.
    pub write: bool,
}

impl Track {
    pub(super) fn step(&mut self, now: &Now<'_>, wants: &mut Wants) {
        let Place::At(unit) = self.place else { return self.find(now, wants) };
        match &self.seen {
            None => return self.hook(unit, wants),
            Some(seen) if seen.hash.is_empty() => {
                return self.ask(wants, Asked::Events, Request::GetEvents { unit, guid: None });
            }
            Some(_) => {}
        }
        if self.taking.is_some() {
            return;
        }
        if let Some(settle) = self.settle.take() {
            self.take_settled(now, &settle, wants);
            self.settle = Some(settle);
            return;
        }
        let Some(mut seen) = self.seen.take() else { return };
        if self.busy_until.is_some_and(|until| until <= now.time) {
            (self.busy_until, seen.busy) = (None, Busy::Free);
        }
        self.judge(now, &seen);
        self.do_plan(now, &seen, wants);
        self.seen = Some(seen);
    }

    fn do_plan(&mut self, now: &Now<'_>, seen: &Seen, wants: &mut Wants) {
        if self.restore && self.may_write() {
            return self.put_back(seen, wants);
        }
        if self.problems_at.is_some_and(|at| at <= now.time) {
            self.problems_at = None;
            self.plan = None;
        }
        let course = self.course(seen);
        let plan = match self.plan.take() {
            Some(plan) => plan,
            None => self.make_plan(now, seen, course.way),
        };
        self.act(now, seen, &plan, course, wants);
        // What was put on its way makes another plan necessary; the batch has this one.
        if self.taking.is_none() && !matches!(self.asked, Some(Asked::Batch(_))) {
            self.plan = Some(plan);
        }
    }

    /// Compare what is seen with what was agreed on, once each time the unit was looked at anew; the offset always.
    fn judge(&mut self, now: &Now<'_>, seen: &Seen) {
        let offset = self.offset(now, seen);
        let Some(agreed) = self.known.clone() else {
            (self.judged, self.held) = (true, None);
            return;
        };
        if self.judged {
            match &self.held {
                None if offset != agreed.offset => {}
                Some(held) if held.only_offset && offset == agreed.offset => {
                    (self.held, self.plan) = (None, None);
                    return;
                }
                _ => return,
            }
        }
        let other_track = !agreed.guid.is_empty() && !agreed.guid.eq_ignore_ascii_case(&seen.guid);
        let is_new = !self.judged;
        self.judged = true;
        self.plan = None;
        let descent = match is_new {
            true => descent(&agreed.hash, &seen.hash, &seen.lineage, seen.dirty, now.me),
            false => Descent::Same,
        };
        if is_new {
            self.landed = landed(&agreed, seen, now.me).map(Arc::new);
            self.lead = (descent == Descent::Later { ours: true }).then(|| seen.hash.clone());
        }
        let why: Option<Arc<str>> = match descent.reason() {
            _ if other_track => Some("another track of the desk has the place of the one that was agreed on".into()),
            Some(why) => Some(why.into()),
            None if offset != agreed.offset => Some(super::words::offset_moved(offset, &agreed).into()),
            None => None,
        };
        let related = !other_track && descent.reason().is_none();
        self.held = why.map(|why| Held { why, related, only_offset: related });
        // What is the same on both sides anyway is no question for anybody.
        if self.held.is_some()
            && self.sides(now, seen, None, |sides| Plan::make(Way::First(Start::Merge), sides)).is_equal()
        {
            self.held = Some(Held { why: "".into(), related: false, only_offset: false });
            self.choice = Some(Choice::Merge);
        }
    }

    fn offset(&self, now: &Now<'_>, seen: &Seen) -> i64 {
        desk_offset(now.session, &self.layer, &self.mapping, seen.slot, seen.start)
    }

    /// Whether the mapping may write at all.
    pub(super) fn may_write(&self) -> bool {
        self.mapping.accepted && self.armed
    }

    pub(super) fn course(&self, seen: &Seen) -> Course {
        let (direction, write) = (self.mapping.direction, self.may_write());
        let accepted = self.mapping.accepted;
        if let Some(held) = &self.held {
            return match self.choice {
                Some(Choice::PushOurs) => Course { way: Way::First(Start::Push), take: false, write },
                Some(Choice::TakeTheirs) => Course { way: Way::First(Start::Take), take: true, write: false },
                Some(Choice::Merge) if held.related => Course { way: Way::Three(Direction::Both), take: true, write },
                Some(Choice::Merge) => Course { way: Way::First(Start::Merge), take: true, write },
                Some(Choice::Leave) | None => Course { way: Way::First(Start::Merge), take: false, write: false },
            };
        }
        let based = self.known.is_some();
        match self.once.or(self.dry) {
            Some(Once::Push) => {
                let may = self.once.is_some();
                return Course { way: Way::Three(Direction::ToDesk), take: may && write, write: may && write };
            }
            Some(Once::Pull) => {
                return Course { way: Way::Three(Direction::FromDesk), take: self.once.is_some(), write: false };
            }
            None => {}
        }
        let manual = direction == Direction::Manual;
        match (based, direction) {
            // A new layer begins as what is on its track; one that holds something waits until the preview is accepted.
            (false, _) if !accepted => {
                let empty = self.layer.events.is_empty() && !seen.events.is_empty();
                let reads = matches!(direction, Direction::Both | Direction::FromDesk);
                Course { way: self.first_way(), take: empty && reads, write: false }
            }
            (false, _) => Course { way: self.first_way(), take: !manual, write: write && !manual },
            (true, _) => Course {
                way: Way::Three(direction),
                take: !manual,
                write: write && !manual && direction != Direction::FromDesk,
            },
        }
    }

    fn first_way(&self) -> Way {
        match self.mapping.direction {
            Direction::Both | Direction::Manual => Way::First(Start::Merge),
            one_way => Way::Three(one_way),
        }
    }

    fn sides<T>(&self, now: &Now<'_>, seen: &Seen, agreed: Option<&Agreed>, work: impl FnOnce(&Sides<'_>) -> T) -> T {
        let lead = self.lead.as_ref().is_some_and(|lead| *lead == seen.hash);
        work(&Sides {
            layer: &self.layer,
            offset: self.offset(now, seen),
            theirs: &seen.events,
            agreed,
            policy: if lead { Policy::Plugin } else { self.mapping.policy },
            chosen: &self.chosen,
        })
    }

    fn make_plan(&mut self, now: &Now<'_>, seen: &Seen, way: Way) -> Plan {
        let mut plan = self.sides(now, seen, self.base(), |sides| Plan::make(way, sides));
        plan.know_again(&self.gone);
        // A problem is one as long as the same is wanted, and not for ever.
        let again = self.problems_at.is_none();
        self.problems.retain(|id, problem| !again && plan.wanted(*id) == problem.wanted.as_ref());
        self.conflicts = Arc::new(plan.conflicts());
        self.preview = None;
        plan
    }

    /// Identities that are left out of a batch.
    pub(super) fn left_out(&self) -> HashSet<u64> {
        self.problems.keys().copied().collect()
    }

    fn act(&mut self, now: &Now<'_>, seen: &Seen, plan: &Plan, course: Course, wants: &mut Wants) {
        if plan.is_in_doubt() {
            self.trouble = Some(
                "an event of the desk holds what a layer cannot (a line break in its note?): nothing is taken".into(),
            );
            return;
        }
        let ends_hold = self.held.is_some() && self.choice.is_some();
        if course.take && plan.takes() {
            let (before, after) = plan.puts(&self.layer);
            self.gone.remember(plan.gone_here());
            let agreed = self.agreed(plan.agreement(), &seen.hash, &seen.guid, plan.offset());
            return self.take_up(now, (before, after), agreed, (false, ends_hold), wants);
        }
        let left_out = self.left_out();
        let writes = plan.writes(&left_out);
        if course.write && writes {
            return self.write(now, seen, plan, &left_out, ends_hold, wants);
        }
        self.edited = None;
        if !self.mapping.accepted && self.asks_for_cues(seen, plan, wants) {
            return;
        }
        let is_agreed = plan.is_equal() && self.known.is_some();
        if !(course.take || course.write || is_agreed) {
            return;
        }
        let agreed = self.agreed(plan.agreement(), &seen.hash, &seen.guid, plan.offset());
        if ends_hold || self.known.as_deref() != Some(&agreed) {
            return self.take_up(now, (no_puts(), no_puts()), agreed, (false, ends_hold), wants);
        }
        self.once = None;
        self.trouble = None;
    }

    // What both sides last had in common.
    fn base(&self) -> Option<&Agreed> {
        self.landed.as_deref().or(self.known.as_deref())
    }

    /// Say in the session what is about to be written, so that after a crash nobody takes it for the desk's own.
    pub(super) fn announce(&mut self, now: &Now<'_>, seen: &Seen, plan: &Plan, ids: &[u64], wants: &mut Wants) {
        let sent = ids.iter().map(|id| (Uid(*id), plan.wanted(*id).cloned())).collect();
        let agreed = Agreed { sent, ..self.agreed(plan.agreement(), &seen.hash, &seen.guid, plan.offset()) };
        self.take_up(now, (no_puts(), no_puts()), agreed, (false, false), wants);
    }

    fn agreed(
        &self,
        (events, disputed): (Vec<(Uid, DeskEvent)>, Vec<crate::model::Dispute>),
        hash: &str,
        guid: &str,
        offset: i64,
    ) -> Agreed {
        Agreed { guid: guid.to_owned(), hash: hash.to_owned(), offset, events, disputed, sent: vec![] }
    }

    fn take_up(
        &mut self,
        now: &Now<'_>,
        (before, after): (Arc<[Put]>, Arc<[Put]>),
        agreed: Agreed,
        (settles, ends_hold): (bool, bool),
        wants: &mut Wants,
    ) {
        let agreed = Arc::new(agreed);
        let count = after.len();
        let label = match count {
            0 => format!("desk: {} agreed", self.name),
            1 => format!("desk: 1 event of {}", self.name),
            _ => format!("desk: {count} events of {}", self.name),
        };
        let command = Command::TakeFromDesk { layer: self.name.clone(), before, after, agreed: agreed.clone() };
        let batch = Batch::now(Origin::Desk, &label, vec![command]);
        let (batch_id, since) = (batch.id, now.time);
        self.taking = Some(Taking { batch: batch_id, agreed, since, revision: None, settles, ends_hold });
        wants.batch = Some(batch);
    }

    /// Agree on what the desk did of a batch. Where it kept something in another form, our layer takes that form, unless the
    /// event was edited here meanwhile: then that is an edit of what the desk has (F54).
    fn take_settled(&mut self, now: &Now<'_>, settle: &Settle, wants: &mut Wants) {
        let layer = now.session.layers.get(&self.name).unwrap_or(&self.layer);
        let events: HashMap<u64, &Arc<LayerEvent>> = by_uid(layer);
        let (mut before, mut after) = (vec![], vec![]);
        for (id, read) in &settle.done {
            let (Some(read), Some(event)) = (read, events.get(id)) else { continue };
            if settle.plan.wanted(*id) == Some(read) || !settle.plan.is_still(*id, Some(event)) {
                continue;
            }
            let new = read.to_layer(settle.plan.offset(), Some(event));
            if new.check().is_ok() {
                before.push((Uid(*id), Some((*event).clone())));
                after.push((Uid(*id), Some(Arc::new(new))));
            }
        }
        let agreement = settle.plan.agreement_with(&settle.done);
        let agreed = self.agreed(agreement, &settle.hash, &settle.guid, settle.plan.offset());
        self.take_up(now, (before.into(), after.into()), agreed, (true, settle.ends_hold), wants);
    }

    /// Whether a batch has to wait, and why.
    pub(super) fn hindrance(&self, seen: &Seen) -> Option<Arc<str>> {
        match seen.busy {
            Busy::Free => None,
            busy => Some(format!("the desk's track is {}", busy.name()).into()),
        }
    }

    /// Whether edits of ours are still coming.
    pub(super) fn is_being_edited(&self, now: Duration) -> bool {
        self.edited.is_some_and(|(first, last)| now < last + super::DEBOUNCE && now < first + super::DEBOUNCE_MAX)
    }
}

/// What was agreed on and what was on its way then, where the lineage says that it arrived.
fn landed(agreed: &Agreed, seen: &Seen, me: &str) -> Option<Agreed> {
    let at = seen.lineage.iter().rposition(|(hash, _)| *hash == agreed.hash)?;
    if agreed.sent.is_empty() || !seen.lineage[at + 1..].iter().any(|(_, by)| by == me) {
        return None;
    }
    let sent: HashMap<Uid, Option<&DeskEvent>> =
        agreed.sent.iter().map(|(uid, event)| (*uid, event.as_ref())).collect();
    let mut events: Vec<_> = agreed.events.iter().filter(|(uid, _)| !sent.contains_key(uid)).cloned().collect();
    for (uid, event) in sent.iter().filter_map(|(uid, event)| Some((*uid, (*event)?))) {
        // A desk that rounds times has it a little beside.
        let rounded = |read: &&DeskEvent| {
            read.ticks.abs_diff(event.ticks) <= ROUNDED && DeskEvent { ticks: event.ticks, ..(*read).clone() } == *event
        };
        let read = seen.events.iter().filter(rounded).min_by_key(|read| read.ticks.abs_diff(event.ticks));
        events.push((uid, read.unwrap_or(event).clone()));
    }
    events.sort_by_key(|(uid, event)| (event.ticks, *uid));
    Some(Agreed { events, sent: vec![], ..agreed.clone() })
}
