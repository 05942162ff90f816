//! Decides event by event what each side gets. Thread: any.

use std::collections::BTreeMap;

use super::carry::Carried;
use super::outcome::Outcome;
use super::parts::{Rule, merged, ours_changed, theirs_changed};
use super::{BasePair, Conflict, DeskEvent, Direction, Input, Merged, Policy, Side, conflict_key};

pub(super) fn decide(input: Input<'_>, carried: &Carried) -> Merged {
    let theirs = input.theirs;
    let mut judge = Judge {
        policy: input.policy,
        direction: input.direction,
        resolutions: input.resolutions,
        theirs,
        fresh_id: input.fresh_id,
        out: Outcome::new(theirs),
    };
    for (pair, (ours, idx)) in input.base.iter().zip(carried.ours.iter().zip(&carried.base)) {
        match (ours.map(|at| &input.ours[at].1), *idx) {
            (Some(ours), Some(idx)) => judge.both_have(pair, ours, idx),
            (Some(ours), None) => judge.gone_there(pair, ours),
            (None, Some(idx)) => judge.gone_here(pair, idx),
            (None, None) => {}
        }
    }
    for (at, idx) in &carried.added {
        let (id, ours) = &input.ours[*at];
        judge.added_here(*id, ours, *idx);
    }
    for idx in &carried.left {
        judge.added_there(*idx);
    }
    judge.out.finish()
}

struct Judge<'a> {
    policy: Policy,
    direction: Direction,
    resolutions: &'a BTreeMap<u64, Side>,
    theirs: &'a [DeskEvent],
    fresh_id: &'a mut dyn FnMut() -> u64,
    out: Outcome<'a>,
}

impl Judge<'_> {
    fn both_have(&mut self, pair: &BasePair, ours: &DeskEvent, idx: usize) {
        let theirs = &self.theirs[idx];
        if ours == theirs {
            return self.out.keep(BasePair::agreed(pair.id, theirs.clone()), Some(idx));
        }
        let merge = |rule| merged(pair, ours, theirs, self.direction, rule);
        let versions = match merge(Rule::Nobody) {
            Some(versions) => versions,
            None => {
                let by_policy = match self.chosen(pair.id, Some(ours), Some(theirs)) {
                    Some(Side::Ours) => {
                        return self.out.settle(pair.id, Some(ours), ours.clone(), Some(idx), ours.clone());
                    }
                    Some(Side::Theirs) => {
                        return self.out.settle(pair.id, Some(ours), theirs.clone(), Some(idx), theirs.clone());
                    }
                    Some(Side::Both) => {
                        let fresh = (self.fresh_id)();
                        self.out.settle(fresh, None, theirs.clone(), Some(idx), theirs.clone());
                        return self.out.settle(pair.id, Some(ours), ours.clone(), None, ours.clone());
                    }
                    None => match self.policy {
                        Policy::Ask => None,
                        Policy::Desk => merge(Rule::Theirs),
                        Policy::Plugin => merge(Rule::Ours),
                    },
                };
                let Some(versions) = by_policy else {
                    return self.conflict(pair, Some(ours), Some(idx));
                };
                versions
            }
        };
        if versions.overwritten {
            self.out.overwritten();
        }
        self.out.settle(pair.id, Some(ours), versions.ours, Some(idx), versions.desk);
    }

    fn gone_there(&mut self, pair: &BasePair, ours: &DeskEvent) {
        let stays = match self.direction {
            Direction::ToDesk => {
                self.out.overwritten();
                true
            }
            Direction::FromDesk => {
                if ours_changed(pair, ours) {
                    self.out.overwritten();
                }
                false
            }
            // Two versions nobody chose from: with one gone, the other is left.
            Direction::Both if pair.open => true,
            Direction::Both if !ours_changed(pair, ours) => false,
            Direction::Both => match (self.chosen(pair.id, Some(ours), None), self.policy) {
                (Some(Side::Ours | Side::Both), _) | (None, Policy::Plugin) => true,
                (Some(Side::Theirs), _) | (None, Policy::Desk) => false,
                (None, Policy::Ask) => return self.conflict(pair, Some(ours), None),
            },
        };
        if stays {
            self.out.settle(pair.id, Some(ours), ours.clone(), None, ours.clone());
        } else {
            self.out.remove_ours(pair.id);
        }
    }

    fn gone_here(&mut self, pair: &BasePair, idx: usize) {
        let theirs = &self.theirs[idx];
        let changed = theirs_changed(pair, theirs);
        let stays = match self.direction {
            Direction::ToDesk => {
                if changed {
                    self.out.overwritten();
                }
                false
            }
            Direction::FromDesk => {
                self.out.overwritten();
                true
            }
            Direction::Both if pair.open => true,
            Direction::Both if !changed => false,
            Direction::Both => match (self.chosen(pair.id, None, Some(theirs)), self.policy) {
                (Some(Side::Theirs | Side::Both), _) | (None, Policy::Desk) => true,
                (Some(Side::Ours), _) | (None, Policy::Plugin) => false,
                (None, Policy::Ask) => return self.conflict(pair, None, Some(idx)),
            },
        };
        if stays {
            self.out.settle(pair.id, None, theirs.clone(), Some(idx), theirs.clone());
        } else {
            self.out.remove_theirs(pair.id, idx);
        }
    }

    fn added_here(&mut self, id: u64, ours: &DeskEvent, idx: Option<usize>) {
        match (idx, self.direction) {
            // The same on both sides, but for a rounded time: the leading side's.
            (Some(_), Direction::ToDesk) => self.out.settle(id, Some(ours), ours.clone(), idx, ours.clone()),
            (Some(at), _) => {
                let theirs = &self.theirs[at];
                self.out.settle(id, Some(ours), theirs.clone(), idx, theirs.clone());
            }
            (None, Direction::FromDesk) => self.out.keep_ours(id),
            (None, _) => self.out.settle(id, Some(ours), ours.clone(), None, ours.clone()),
        }
    }

    fn added_there(&mut self, idx: usize) {
        if self.direction == Direction::ToDesk {
            return self.out.keep_theirs(idx);
        }
        let (id, theirs) = ((self.fresh_id)(), &self.theirs[idx]);
        self.out.settle(id, None, theirs.clone(), Some(idx), theirs.clone());
    }

    fn chosen(&self, id: u64, ours: Option<&DeskEvent>, theirs: Option<&DeskEvent>) -> Option<Side> {
        if self.resolutions.is_empty() {
            return None;
        }
        self.resolutions.get(&conflict_key(id, ours, theirs)).copied()
    }

    fn conflict(&mut self, pair: &BasePair, ours: Option<&DeskEvent>, idx: Option<usize>) {
        let theirs = idx.map(|idx| &self.theirs[idx]);
        let conflict = Conflict {
            key: conflict_key(pair.id, ours, theirs),
            id: pair.id,
            base: (!pair.open).then(|| pair.event.clone()),
            ours: ours.cloned(),
            theirs: theirs.cloned(),
            theirs_idx: idx,
        };
        self.out.conflict(pair.clone(), conflict);
    }
}
