//! Blocks that moved as a whole: many events with one and the same step. Thread: any.

use super::contents::{Contents, Group, QuickMap};
use super::{Limits, Work};

/// Runs of equal events where nothing but one stretch moved, by one step: a list of a thousand "Go+" at every second that
/// begins a second later is a thousand retimes, not one event that went from the first place to the last.
pub(super) fn runs(contents: &mut Contents, limits: &Limits, work: &mut Work<'_>) {
    for group in &mut contents.groups {
        let pairs = run(group, limits.block);
        group.take(&pairs, work);
    }
}

fn run(group: &Group, least: usize) -> Vec<(usize, usize)> {
    let (old, new) = (&group.old, &group.new);
    if old.len() != new.len() || old.len() < least {
        return Vec::new();
    }
    let differs = |i: &usize| old[*i].0 != new[*i].0;
    let (Some(first), Some(last)) = ((0..old.len()).find(differs), (0..old.len()).rev().find(differs)) else {
        return Vec::new();
    };
    let step = |i: usize| i128::from(new[i].0) - i128::from(old[i].0);
    let whole = (first..=last).all(|i| step(i) == step(first));
    if whole && last + 1 - first >= least { (first..=last).map(|i| (i, i)).collect() } else { Vec::new() }
}

/// Steps that many of the events left have in common, over all contents, the most common first.
pub(super) fn moves(contents: &mut Contents, limits: &Limits, work: &mut Work<'_>) {
    // What is left was edited, so fewer than in a run are enough.
    let least = (limits.block / 4).max(2);
    let mut votes: QuickMap<i64, usize> = QuickMap::default();
    let (mut old_left, mut new_left) = (0, 0);
    for group in contents.groups.iter().filter(|group| !group.is_done()) {
        old_left += group.old.len();
        new_left += group.new.len();
        count(group, limits.block, &mut votes);
    }
    let mut steps: Vec<(usize, i64)> = votes.into_iter().map(|(step, votes)| (votes, step)).collect();
    rank(&mut steps);
    steps.truncate(CANDIDATES);
    for (size, step) in &mut steps {
        *size = contents.groups.iter().map(|group| group.shifted(*step).len()).sum();
    }
    rank(&mut steps);
    for (_, step) in steps {
        let found: Vec<_> = contents.groups.iter().map(|group| group.shifted(step)).collect();
        let size: usize = found.iter().map(Vec::len).sum();
        // Far away, a few that happen to fit are no block: it has to explain a good part of what is left.
        let far = step.unsigned_abs() > limits.retime && (size < limits.block || size * 4 < old_left.min(new_left));
        if size < least || far {
            continue;
        }
        for (group, pairs) in contents.groups.iter_mut().zip(&found) {
            group.take(pairs, work);
        }
    }
}

/// So many steps are looked at.
const CANDIDATES: usize = 16;
/// Of a large group so many events are asked for their step to the neighbours in rank.
const ASKED: usize = 32;
/// To so many neighbours on either side.
const NEIGHBOURS: usize = 8;

/// The most common first, then the shortest.
fn rank(steps: &mut [(usize, i64)]) {
    steps.sort_unstable_by_key(|(size, step)| (usize::MAX - size, step.unsigned_abs(), *step));
}

/// The steps between events of the same rank, from the front and, where the numbers differ, from the back; in large groups
/// also those to the ranks beside it, because an event added or gone before the block shifts them.
fn count(group: &Group, large: usize, votes: &mut QuickMap<i64, usize>) {
    let mut vote = |old: i64, new: i64| {
        if let Some(step) = new.checked_sub(old) {
            *votes.entry(step).or_default() += 1;
        }
    };
    let (old, new) = (&group.old, &group.new);
    if old.len().min(new.len()) < large {
        old.iter().zip(new).for_each(|(old, new)| vote(old.0, new.0));
        if old.len() != new.len() {
            old.iter().rev().zip(new.iter().rev()).for_each(|(old, new)| vote(old.0, new.0));
        }
        return;
    }
    let common = old.len().min(new.len());
    for asked in 0..ASKED {
        let at = asked * (common - 1) / (ASKED - 1);
        // From the front of both and from the back of both, and each side asks the other, so that the sides may be exchanged.
        for (i, j) in [(at, at), (old.len() - 1 - at, new.len() - 1 - at)] {
            vote(old[i].0, new[j].0);
            for beside in 1..=NEIGHBOURS {
                for (i, j) in [(i + beside, j), (i, j + beside)] {
                    if let (Some(old), Some(new)) = (old.get(i), new.get(j)) {
                        vote(old.0, new.0);
                    }
                }
            }
        }
    }
}
