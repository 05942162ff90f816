//! Equal contents at other times: the monotone assignment with the least way in all. Thread: any.
//!
//! Walking through the events of both sides by time, those that wait for a partner are all of one side, so the state is one
//! number: how many old events wait (or, below zero, new ones). The way of all pairs is the sum over time of how many wait.
//! Leaving two events alone costs a little more than the longest way allowed, so that no pair is longer than that and as
//! many pair as can.

use super::Work;
use super::contents::{Group, Spot};

/// More than so many never wait at once; a block that needs more has been seen before this pass.
const WAITING: usize = 64;
/// A place that cannot be reached.
const NEVER: u128 = u128::MAX / 2;

/// Pair what is left of one group. `limit` is the longest way, in ticks, inclusive.
pub(super) fn group(group: &mut Group, limit: u64, work: &mut Work<'_>) {
    if group.is_done() {
        return;
    }
    let pairs = positions(&group.old, &group.new, limit);
    group.take(&pairs, work);
}

fn positions(old: &[Spot], new: &[Spot], limit: u64) -> Vec<(usize, usize)> {
    let way = |i: usize, j: usize| old[i].0.abs_diff(new[j].0);
    if old.len() == 1 && new.len() == 1 {
        return if way(0, 0) <= limit { vec![(0, 0)] } else { Vec::new() };
    }
    let mut pairs = Vec::new();
    let mut stretch: Vec<Point> = Vec::new();
    for point in merged(old, new) {
        // Nothing waits across a gap wider than the limit.
        if stretch.last().is_some_and(|last| last.ticks.abs_diff(point.ticks) > limit) {
            assign(&stretch, limit, &mut pairs);
            stretch.clear();
        }
        stretch.push(point);
    }
    assign(&stretch, limit, &mut pairs);
    let all_in_order = old.len() == new.len() && (0..old.len()).all(|i| way(i, i) <= limit);
    if all_in_order {
        let cost = |pairs: &mut dyn Iterator<Item = (usize, usize)>| -> u128 {
            pairs.map(|(i, j)| u128::from(way(i, j))).sum()
        };
        let alone = (old.len() - pairs.len()) as u128 * (u128::from(limit) + 1);
        // Only where more would have had to wait than may.
        if cost(&mut (0..old.len()).map(|i| (i, i))) < cost(&mut pairs.iter().copied()) + alone {
            return (0..old.len()).map(|i| (i, i)).collect();
        }
    }
    pairs
}

/// An event of either side on the way through time.
#[derive(Clone, Copy)]
struct Point {
    ticks: i64,
    is_old: bool,
    /// Its position in its side of the group.
    at: usize,
}

fn merged(old: &[Spot], new: &[Spot]) -> Vec<Point> {
    let side = |spots: &[Spot], is_old: bool| -> Vec<Point> {
        spots.iter().enumerate().map(|(at, spot)| Point { ticks: spot.0, is_old, at }).collect()
    };
    let mut points = side(old, true);
    points.extend(side(new, false));
    // Equal events are paired by now, so no two of different sides are at one time.
    points.sort_by_key(|point| point.ticks);
    points
}

/// The best assignment within one stretch, appended to `pairs` in order.
fn assign(points: &[Point], limit: u64, pairs: &mut Vec<(usize, usize)>) {
    let olds = points.iter().filter(|point| point.is_old).count();
    let most = olds.min(points.len() - olds).min(WAITING);
    if most == 0 {
        return;
    }
    // Costs are in quarter ticks: a pair costs four times its way, an event alone half of that of the longest way and one
    // more, so that a way at the limit still pairs and one beyond never does.
    let alone = 2 * u128::from(limit) + 1;
    let width = 2 * most + 1;
    let mut costs = vec![NEVER; width];
    costs[most] = 0;
    let mut took = vec![false; width * points.len()];
    let mut next = costs.clone();
    for (row, point) in points.iter().enumerate() {
        let gap = if row == 0 { 0 } else { u128::from(point.ticks.abs_diff(points[row - 1].ticks)) };
        for (state, cost) in costs.iter_mut().enumerate() {
            *cost = (*cost + 4 * gap * state.abs_diff(most) as u128).min(NEVER);
        }
        for state in 0..width {
            let from = if point.is_old { state.checked_sub(1) } else { Some(state + 1) };
            let taken = from.and_then(|from| costs.get(from)).copied().unwrap_or(NEVER);
            let left = (costs[state] + alone).min(NEVER);
            took[row * width + state] = taken <= left && taken < NEVER;
            next[state] = taken.min(left);
        }
        std::mem::swap(&mut costs, &mut next);
    }
    let (mut olds, mut news) = (Vec::new(), Vec::new());
    let mut state = most;
    for (row, point) in points.iter().enumerate().rev() {
        if !took[row * width + state] {
            continue;
        }
        if point.is_old {
            olds.push(point.at);
            state -= 1;
        } else {
            news.push(point.at);
            state += 1;
        }
    }
    debug_assert_eq!(olds.len(), news.len(), "whoever waited found a partner");
    pairs.extend(olds.into_iter().rev().zip(news.into_iter().rev()));
}
