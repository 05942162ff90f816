//! Random edits of both sides, crashes, lost answers and busy moments: afterwards both sides hold the same.

use super::desk::event;
use super::rig::{Rig, at, mapping};
use crate::model::{Mapping, Policy, Session, Uid};
use crate::osc::ma3::protocol::{Busy, Told};

/// A second, in ticks.
const SECOND: i64 = 1 << 24;

struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

fn edit_ours(rig: &mut Rig, dice: &mut Dice) {
    let there: Vec<Uid> = rig.session.layers["Beam"].events.iter().map(|entry| entry.uid).collect();
    let (ticks, name) = (dice.roll(40) as i64 * SECOND, format!("o{}", dice.roll(5)));
    let pick = |dice: &mut Dice| there.get(dice.roll(there.len().max(1) as u64) as usize).copied();
    match dice.roll(3) {
        0 => rig.put(&[(Uid::fresh(), at(ticks, &name))]),
        1 => {
            if let Some(uid) = pick(dice) {
                rig.put(&[(uid, at(ticks, &name))]);
            }
        }
        _ => {
            if let Some(uid) = pick(dice) {
                rig.put(&[(uid, None)]);
            }
        }
    }
}

fn edit_theirs(rig: &mut Rig, dice: &mut Dice) {
    let (ticks, name) = (dice.roll(40) as i64 * SECOND, format!("d{}", dice.roll(5)));
    let (kind, pick) = (dice.roll(3), dice.roll(rig.desk.events.len().max(1) as u64) as usize);
    let lost = dice.roll(4) == 0;
    rig.edit_desk(|events| match kind {
        0 => events.push(event(ticks, &name)),
        1 if !events.is_empty() => events[pick].ticks = ticks,
        _ if !events.is_empty() => drop(events.remove(pick)),
        _ => {}
    });
    if lost {
        rig.notices.clear();
    }
}

fn become_busy(rig: &mut Rig, busy: Busy) {
    rig.desk.busy = busy;
    rig.notices.push(rig.desk.message(Told::Busy(busy)));
}

fn story(seed: u64, policy: Policy) {
    let mut dice = Dice(seed);
    let mut rig = Rig::in_step(Mapping { policy, ..mapping() });
    rig.desk.grid = [1, 1, SECOND / 100][dice.roll(3) as usize];
    let mut saved = Session::from_json(&rig.session.to_json()).unwrap();
    for _ in 0..60 {
        match dice.roll(12) {
            0..=3 => edit_ours(&mut rig, &mut dice),
            4..=6 => edit_theirs(&mut rig, &mut dice),
            7 => rig.lose_answers = dice.roll(2) == 0,
            8 => become_busy(&mut rig, if dice.roll(2) == 0 { Busy::Playing } else { Busy::Free }),
            9 => {
                // Our program ends; the journal has what was there a moment ago.
                rig.restart(saved.clone());
            }
            10 => rig.race = 1,
            _ => rig.track.look_again(),
        }
        saved = Session::from_json(&rig.session.to_json()).unwrap();
        rig.run(dice.roll(30) * 10);
    }
    rig.lose_answers = false;
    become_busy(&mut rig, Busy::Free);
    rig.run(3000);
    rig.assert_equal();
    let (batches, taken) = (rig.desk.batches, rig.taken);
    rig.run(5000);
    assert_eq!((rig.desk.batches, rig.taken), (batches, taken), "seed {seed}: it goes on by itself");
}

#[test]
fn whatever_happens_both_sides_are_equal_in_the_end() {
    for seed in 0..200 {
        for policy in [Policy::Desk, Policy::Plugin] {
            story(seed * 7919 + 1, policy);
        }
    }
}
