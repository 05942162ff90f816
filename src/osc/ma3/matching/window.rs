//! Events whose content changed: first at the same time, then near in time, the likeliest first. Thread: any.

use std::cmp::Reverse;

use super::{Limits, Work};
use crate::osc::ma3::event::{DeskEvent, Fields};

/// What a shared text says about who an event is, in the order token, cue, cmd, name, note. Most events share their token.
const WEIGHTS: [(Fields, u64); 5] =
    [(Fields::TOKEN, 2), (Fields::CUE, 4), (Fields::CMD, 3), (Fields::NAME, 4), (Fields::NOTE, 1)];

/// One possible pair.
struct Candidate {
    cost: u64,
    way: u64,
    old: usize,
    new: usize,
}

/// Pair what is left, the same time first.
pub(super) fn assign(limits: &Limits, work: &mut Work<'_>) {
    for way in [0, limits.near.max(limits.frame)] {
        let mut candidates = candidates(limits, way, work);
        // The key is the same from both sides, except for two pairs that share nothing.
        candidates.sort_unstable_by_key(|c| (c.cost, c.way, c.old + c.new, Reverse(c.old.abs_diff(c.new)), c.old));
        for candidate in candidates {
            if work.partner[candidate.old].is_none() && !work.taken[candidate.new] {
                work.pair(candidate.old, candidate.new);
            }
        }
    }
}

/// All possible pairs not more than `most` apart, each event with at most `window` on either side of it.
fn candidates(limits: &Limits, most: u64, work: &Work<'_>) -> Vec<Candidate> {
    let mut olds: Vec<usize> = (0..work.old.len()).filter(|i| work.partner[*i].is_none()).collect();
    let mut news: Vec<usize> = (0..work.new.len()).filter(|i| !work.taken[*i]).collect();
    if olds.is_empty() || news.is_empty() {
        return Vec::new();
    }
    olds.sort_by_key(|i| work.old[*i].ticks);
    news.sort_by_key(|i| work.new[*i].ticks);
    let old_ranks = ranks(&olds, work.old, &news, work.new);
    let new_ranks = ranks(&news, work.new, &olds, work.old);
    let mut candidates = Vec::new();
    let mut from = 0;
    for (old, rank) in olds.iter().zip(old_ranks) {
        while from < news.len() && new_ranks[from] + limits.window < rank {
            from += 1;
        }
        for (new, _) in news[from..].iter().zip(&new_ranks[from..]).take_while(|(_, at)| **at <= rank + limits.window) {
            let (a, b) = (work.old[*old], work.new[*new]);
            let way = a.ticks.abs_diff(b.ticks);
            if way <= most
                && let Some(cost) = cost(a, b, way, limits)
            {
                candidates.push(Candidate { cost, way, old: *old, new: *new });
            }
        }
    }
    candidates
}

/// The place of each event among those left of both sides: its own place plus how many of the others are before its time.
fn ranks(own: &[usize], events: &[&DeskEvent], others: &[usize], other_events: &[&DeskEvent]) -> Vec<usize> {
    let mut before = 0;
    let rank = |(place, index): (usize, &usize)| {
        while before < others.len() && other_events[others[before]].ticks < events[*index].ticks {
            before += 1;
        }
        place + before
    };
    own.iter().enumerate().map(rank).collect()
}

/// What it costs to take two events for one, or nothing if they are too far apart for what they share.
fn cost(a: &DeskEvent, b: &DeskEvent, way: u64, limits: &Limits) -> Option<u64> {
    let differ = Fields::between(a, b);
    if differ.without(Fields::TIME).is_empty() {
        // The passes before have decided about those.
        return None;
    }
    let (mut shared, mut other) = (0, 0);
    for ((field, weight), text) in WEIGHTS.into_iter().zip(a.texts()) {
        if differ.contains(field) {
            other += weight;
        } else if !text.is_empty() {
            shared += weight;
        }
    }
    let all = shared + other;
    let reach = u128::from(limits.near) * u128::from(shared * shared) / u128::from(all * all);
    if u128::from(way) > reach.max(u128::from(limits.frame)) {
        return None;
    }
    // A field that differs weighs as much as a tenth of a second per unit of its weight.
    Some(way.saturating_add(other.saturating_mul(limits.near / 50)))
}
