//! The first agreement: a layer and a track meet that have no common past, or whose past a person gave up. Thread: any.

use super::outcome::Outcome;
use super::parts::{Rule, merged};
use super::{BasePair, Conflict, DeskEvent, Direction, Effect, Limits, Merged, Policy, conflict_key};
use crate::osc::ma3::matching::diff_refs;

/// How a mapping starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The desk becomes as we are; what only it has goes.
    Push,
    /// We become as the desk is; what only we have goes.
    Take,
    /// Both get all, and events that match are one.
    Merge,
}

/// What each start would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// [`Start::Push`].
    pub push: Effect,
    /// [`Start::Take`].
    pub take: Effect,
    /// [`Start::Merge`].
    pub merge: Effect,
}

/// What each start would do, counted by doing it; nothing is changed.
pub fn preview(ours: &[(u64, DeskEvent)], theirs: &[DeskEvent], policy: Policy, limits: &Limits) -> Preview {
    let effect = |start| first_merge(start, ours, theirs, policy, limits, &mut || 0).effect;
    Preview { push: effect(Start::Push), take: effect(Start::Take), merge: effect(Start::Merge) }
}

/// Start a mapping. Who is who is found by matching ours against theirs, so nothing is doubled and our ids stay.
///
/// With [`Start::Merge`] and [`Policy::Ask`], events that match but differ are conflicts: both versions stay, their entry in
/// the base is [`BasePair::open`], and [`merge`](super::merge()) goes on reporting them, with the same keys, until each is
/// resolved.
pub fn first_merge(
    start: Start,
    ours: &[(u64, DeskEvent)],
    theirs: &[DeskEvent],
    policy: Policy,
    limits: &Limits,
    fresh_id: &mut dyn FnMut() -> u64,
) -> Merged {
    let events: Vec<_> = ours.iter().map(|(_, event)| event).collect();
    let matching = diff_refs(&events, &theirs.iter().collect::<Vec<_>>(), limits);
    let mut out = Outcome::new(theirs);
    for pair in &matching.pairs {
        let (id, ours) = &ours[pair.old];
        both(&mut out, start, policy, *id, ours, pair.new, &theirs[pair.new]);
    }
    for at in &matching.deleted {
        let (id, event) = &ours[*at];
        match start {
            Start::Take => out.remove_ours(*id),
            Start::Push | Start::Merge => out.settle(*id, Some(event), event.clone(), None, event.clone()),
        }
    }
    for idx in &matching.added {
        match start {
            Start::Push => out.remove_theirs(0, *idx),
            Start::Take | Start::Merge => {
                out.settle(fresh_id(), None, theirs[*idx].clone(), Some(*idx), theirs[*idx].clone());
            }
        }
    }
    out.finish()
}

fn both(
    out: &mut Outcome<'_>,
    start: Start,
    policy: Policy,
    id: u64,
    ours: &DeskEvent,
    idx: usize,
    theirs: &DeskEvent,
) {
    let asked = (ours != theirs).then(|| ours.clone());
    let open = BasePair { asked, open: true, ..BasePair::agreed(id, theirs.clone()) };
    let rule = match (start, policy) {
        (Start::Push, _) | (Start::Merge, Policy::Plugin) => Rule::Ours,
        (Start::Take, _) | (Start::Merge, Policy::Desk) => Rule::Theirs,
        (Start::Merge, Policy::Ask) => Rule::Nobody,
    };
    let direction = match start {
        Start::Push => Direction::ToDesk,
        Start::Take => Direction::FromDesk,
        Start::Merge => Direction::Both,
    };
    match merged(&open, ours, theirs, direction, rule) {
        Some(versions) => out.settle(id, Some(ours), versions.ours, Some(idx), versions.desk),
        None => {
            let (ours, theirs) = (Some(ours.clone()), Some(theirs.clone()));
            let key = conflict_key(id, ours.as_ref(), theirs.as_ref());
            out.conflict(open, Conflict { key, id, base: None, ours, theirs, theirs_idx: Some(idx) });
        }
    }
}
