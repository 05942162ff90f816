//! The merge, case by case, with a layer and a desk that do what it says. Thread: any.

use std::collections::BTreeMap;

use super::*;
use crate::osc::ma3::event::TICKS_PER_SECOND;

const S: i64 = TICKS_PER_SECOND;

/// An event whose name is its own.
pub(super) fn cue(secs: f64, number: u32) -> DeskEvent {
    let number = number.to_string();
    DeskEvent {
        ticks: (secs * S as f64) as i64,
        token: "Goto".into(),
        cue: number.as_str().into(),
        name: format!("Cue {number}").into(),
        ..DeskEvent::default()
    }
}

/// An event like all others.
pub(super) fn go(secs: f64) -> DeskEvent {
    DeskEvent { token: "Go+".into(), cue: "".into(), name: "Go+".into(), ..cue(secs, 0) }
}

impl Merged {
    pub(super) fn keys(&self) -> Vec<u64> {
        self.conflicts.iter().map(|conflict| conflict.key).collect()
    }
}

/// A layer, a desk track and what they agreed on.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub ours: BTreeMap<u64, DeskEvent>,
    pub desk: Vec<DeskEvent>,
    pub base: Vec<BasePair>,
    pub policy: Policy,
    pub direction: Direction,
    pub resolutions: BTreeMap<u64, Side>,
    pub next_id: u64,
    /// The desk rounds times to this many ticks.
    pub grid: i64,
}

impl World {
    /// Both have these, and agree; ids from 1.
    pub fn new(events: &[DeskEvent]) -> Self {
        let mut desk = events.to_vec();
        desk.sort_by_key(|event| event.ticks);
        Self {
            ours: (1..).zip(desk.iter().cloned()).collect(),
            base: (1..).zip(desk.iter().cloned()).map(|(id, event)| BasePair::agreed(id, event)).collect(),
            next_id: desk.len() as u64 + 1,
            desk,
            policy: Policy::Ask,
            direction: Direction::Both,
            resolutions: BTreeMap::new(),
            grid: 1,
        }
    }

    pub fn layer(&self) -> Vec<(u64, DeskEvent)> {
        self.ours.iter().map(|(id, event)| (*id, event.clone())).collect()
    }

    pub fn merge(&self) -> Merged {
        let mut next = self.next_id;
        merge(Input {
            base: &self.base,
            ours: &self.layer(),
            theirs: &self.desk,
            policy: self.policy,
            direction: self.direction,
            resolutions: &self.resolutions,
            limits: &Limits::default(),
            fresh_id: &mut || {
                next += 1;
                next - 1
            },
        })
    }

    /// Do the desk's part; what it then has of the written events.
    pub fn write(&mut self, merged: &Merged) -> Vec<(u64, DeskEvent)> {
        let round = |event: &DeskEvent| {
            let ticks = (event.ticks as f64 / self.grid as f64).round() as i64 * self.grid;
            DeskEvent { ticks, ..event.clone() }
        };
        let mut rows: Vec<Option<DeskEvent>> = self.desk.iter().cloned().map(Some).collect();
        let mut written = Vec::new();
        for op in &merged.desk {
            match op {
                DeskOp::Add { id, event } => {
                    written.push((*id, round(event)));
                    rows.push(Some(round(event)));
                }
                DeskOp::Set { id, idx, event, fields } => {
                    let was = rows[*idx].as_ref().expect("an event is written once");
                    assert_eq!(Fields::between(was, event), *fields, "only what changes is written");
                    let time = if fields.contains(Fields::TIME) { round(event).ticks } else { event.ticks };
                    let read = DeskEvent { ticks: time, ..event.clone() };
                    written.push((*id, read.clone()));
                    rows[*idx] = Some(read);
                }
                DeskOp::Del { idx, .. } => assert!(rows[*idx].take().is_some(), "an event is deleted once"),
            }
        }
        self.desk = rows.into_iter().flatten().collect();
        self.desk.sort_by_key(|event| event.ticks);
        written
    }

    /// Do our part.
    pub fn put(&mut self, merged: &Merged) {
        for (id, event) in &merged.ours {
            match event {
                Some(event) => self.ours.insert(*id, event.clone()),
                None => self.ours.remove(id),
            };
            self.next_id = self.next_id.max(id + 1);
        }
    }

    /// Merge and do it all.
    pub fn sync(&mut self) -> Merged {
        let merged = self.merge();
        let effect = merged.effect;
        let ops = |of: fn(&DeskOp) -> bool| merged.desk.iter().filter(|op| of(op)).count();
        assert_eq!(effect.desk_added, ops(|op| matches!(op, DeskOp::Add { .. })));
        assert_eq!(effect.desk_set, ops(|op| matches!(op, DeskOp::Set { .. })));
        assert_eq!(effect.desk_deleted, ops(|op| matches!(op, DeskOp::Del { .. })));
        assert_eq!(effect.ours(), merged.ours.len());
        assert_eq!(effect.ours_deleted, merged.ours.iter().filter(|(_, event)| event.is_none()).count());
        assert_eq!(effect.conflicts, merged.conflicts.len());
        assert_eq!(effect.kept, merged.kept_ours.len() + merged.kept_theirs.len());
        let written = self.write(&merged);
        self.put(&merged);
        self.base = merged.base.clone();
        let read = adopt_readback(&mut self.base, &written);
        for (id, event) in read {
            self.ours.insert(id, event);
        }
        merged
    }

    pub fn layer_events(&self) -> Vec<DeskEvent> {
        sorted(self.ours.values().cloned())
    }

    /// Layer, desk and base hold the same, and nothing is left to do.
    #[track_caller]
    pub fn assert_equal(&self) {
        assert_eq!(self.layer_events(), sorted(self.desk.iter().cloned()), "layer and desk");
        assert_eq!(sorted(self.base.iter().map(|pair| pair.event.clone())), sorted(self.desk.iter().cloned()), "base");
        for pair in &self.base {
            assert_eq!(self.ours.get(&pair.id), Some(&pair.event), "the base knows our ids");
        }
        let again = self.merge();
        assert!(again.is_idle() && again.conflicts.is_empty(), "{again:?}");
    }
}

pub(super) fn sorted(events: impl IntoIterator<Item = DeskEvent>) -> Vec<DeskEvent> {
    let mut events: Vec<_> = events.into_iter().collect();
    events.sort();
    events
}

fn song() -> World {
    World::new(&(0..10).map(|i| cue(f64::from(i) * 4.0, i as u32)).collect::<Vec<_>>())
}

/// proves: D11
#[test]
fn disjoint_edits_merge() {
    let mut world = song();
    world.ours.get_mut(&3).unwrap().ticks += S;
    world.ours.remove(&4);
    world.ours.insert(50, cue(33.0, 50));
    world.desk[6].name = "Bridge".into();
    world.desk.remove(7);
    world.desk.push(cue(70.0, 70));
    let merged = world.sync();
    let effect = Effect {
        desk_added: 1,
        desk_set: 1,
        desk_deleted: 1,
        ours_added: 1,
        ours_set: 1,
        ours_deleted: 1,
        ..Effect::default()
    };
    assert_eq!(merged.effect, effect);
    assert!(merged.desk.contains(&DeskOp::Set { id: 3, idx: 2, event: world.ours[&3].clone(), fields: Fields::TIME }));
    assert!(merged.desk.contains(&DeskOp::Del { id: 4, idx: 3 }));
    world.assert_equal();
    assert_eq!(&*world.ours[&7].name, "Bridge", "the id stays");
}

#[test]
fn one_of_five_hundred_is_one_write() {
    let mut world = World::new(&(0..500).map(|i| go(f64::from(i))).collect::<Vec<_>>());
    world.ours.get_mut(&250).unwrap().note = "x".into();
    let merged = world.sync();
    assert_eq!((merged.desk.len(), merged.ours.len()), (1, 0));
    world.assert_equal();
}

#[test]
fn other_parts_of_one_event_merge_and_token_and_cue_are_one_part() {
    let mut world = song();
    world.ours.get_mut(&3).unwrap().ticks += S;
    world.desk[2].name = "Chorus".into();
    world.sync();
    world.assert_equal();
    assert_eq!((world.ours[&3].ticks, &*world.ours[&3].name), (9 * S, "Chorus"));
    world.ours.get_mut(&3).unwrap().token = "Go+".into();
    let at = world.desk.iter().position(|event| &*event.name == "Chorus").unwrap();
    world.desk[at].cue = "77".into();
    assert_eq!(world.merge().conflicts.len(), 1);
}

#[test]
fn the_same_edit_on_both_sides_is_no_conflict() {
    let mut world = song();
    world.ours.get_mut(&3).unwrap().ticks += S;
    world.desk[2].ticks += S;
    world.ours.remove(&5);
    world.desk.remove(4);
    world.ours.insert(60, cue(50.0, 60));
    world.desk.push(cue(50.0, 60));
    let merged = world.sync();
    assert!(merged.is_idle(), "{merged:?}");
    assert_eq!(world.desk.len(), 10);
    world.assert_equal();
}

/// proves: D11
#[test]
fn the_policy_decides_what_both_changed() {
    for (policy, name) in [(Policy::Desk, "there"), (Policy::Plugin, "here")] {
        let mut world = song();
        world.policy = policy;
        world.ours.get_mut(&3).unwrap().name = "here".into();
        world.ours.get_mut(&3).unwrap().note = "ours alone".into();
        world.desk[2].name = "there".into();
        world.desk[2].ticks += S;
        world.ours.remove(&5);
        world.desk[4].name = "edited".into();
        world.ours.get_mut(&7).unwrap().name = "edited".into();
        world.desk.remove(6);
        assert!(world.sync().conflicts.is_empty());
        world.assert_equal();
        let merged = &world.ours[&3];
        assert_eq!((&*merged.name, &*merged.note, merged.ticks), (name, "ours alone", 9 * S));
        assert_eq!(world.ours.contains_key(&5), policy == Policy::Desk);
        assert_eq!(world.ours.contains_key(&7), policy == Policy::Plugin);
    }
}

/// proves: D11
#[test]
fn asked_for_both_versions_stay_until_somebody_chooses() {
    let mut world = song();
    world.ours.get_mut(&3).unwrap().name = "here".into();
    world.desk[2].name = "there".into();
    world.ours.get_mut(&9).unwrap().name = "disjoint".into();
    let merged = world.sync();
    let [conflict] = merged.conflicts.as_slice() else { panic!("{merged:?}") };
    assert_eq!((merged.desk.len(), merged.ours.len()), (1, 0), "the disjoint edit goes on its way");
    assert_eq!((&*world.ours[&3].name, &*world.desk[2].name), ("here", "there"));
    assert_eq!((conflict.id, conflict.theirs_idx), (3, Some(2)));
    assert_eq!(conflict.base.as_ref().map(|event| &*event.name), Some("Cue 2"));
    let again = world.merge();
    assert!(again.is_idle() && again.conflicts == merged.conflicts, "nothing changes by itself");
    // Other edits do not make another conflict of it, another version does.
    world.desk.remove(0);
    assert_eq!(world.sync().conflicts[0].key, conflict.key);
    for side in [Side::Ours, Side::Theirs, Side::Both] {
        let mut world = world.clone();
        world.resolutions.insert(conflict.key, side);
        assert!(world.sync().conflicts.is_empty());
        world.assert_equal();
        let names: Vec<_> = world.desk.iter().map(|event| &*event.name).filter(|name| name.ends_with("here")).collect();
        match side {
            Side::Ours => assert_eq!(names, ["here"]),
            Side::Theirs => assert_eq!(names, ["there"]),
            Side::Both => {
                assert_eq!(names.len(), 2);
                assert_eq!(&*world.ours[&3].name, "here", "ours keeps its id");
            }
        }
    }
    world.resolutions.insert(conflict.key, Side::Ours);
    world.desk[1].name = "another".into();
    let newer = world.merge();
    assert_eq!(newer.conflicts.len(), 1);
    assert_ne!(newer.conflicts[0].key, conflict.key, "nobody chose between these two");
}

#[test]
fn a_deletion_against_an_edit_is_a_conflict_both_ways() {
    let mut world = song();
    world.ours.remove(&5);
    world.desk[4].name = "edited".into();
    world.ours.get_mut(&7).unwrap().name = "edited".into();
    world.desk.remove(6);
    let merged = world.sync();
    assert!(merged.is_idle());
    let [here, there] = merged.conflicts.as_slice() else { panic!("{merged:?}") };
    assert!(here.ours.is_none() && here.theirs.is_some() && there.ours.is_some() && there.theirs.is_none());
    for (side, left) in [(Side::Ours, [false, true]), (Side::Theirs, [true, false]), (Side::Both, [true, true])] {
        let mut world = world.clone();
        world.resolutions = merged.conflicts.iter().map(|conflict| (conflict.key, side)).collect();
        world.sync();
        world.assert_equal();
        assert_eq!([5, 7].map(|id| world.ours.contains_key(&id)), left, "{side:?}");
    }
}

#[test]
fn both_undo_orders_end_with_the_old_content() {
    let before = song();
    let mut edited = before.clone();
    edited.ours.values_mut().for_each(|event| event.ticks += 3 * S);
    edited.ours.remove(&2);
    edited.ours.insert(40, cue(2.0, 40));
    assert_eq!(edited.sync().effect, Effect { desk_added: 1, desk_set: 9, desk_deleted: 1, ..Effect::default() });
    // An Oops on the desk arrives as an edit here.
    let mut oops = edited.clone();
    oops.desk = before.desk.clone();
    let merged = oops.sync();
    assert!(merged.desk.is_empty() && merged.conflicts.is_empty());
    oops.assert_equal();
    assert_eq!(oops.desk, before.desk);
    assert_eq!(oops.ours.get(&1), before.ours.get(&1), "who stayed kept its id");
    // Our undo is one batch there.
    let mut undo = edited.clone();
    undo.ours = before.ours.clone();
    assert_eq!(undo.sync().effect.desk(), 11);
    undo.assert_equal();
    assert_eq!(undo.desk, before.desk);
    // Both, before either hears of the other: they agree.
    let mut both = edited;
    both.ours = before.ours.clone();
    both.desk = before.desk.clone();
    assert!(both.sync().is_idle());
    both.assert_equal();
}

#[test]
fn an_emptied_side_empties_the_other() {
    let mut world = song();
    world.desk.clear();
    assert_eq!(world.sync().effect.ours_deleted, 10);
    world.assert_equal();
    let mut world = song();
    world.ours.clear();
    assert_eq!(world.sync().effect.desk_deleted, 10);
    world.assert_equal();
}

#[test]
fn a_batch_whose_answer_was_lost_is_neither_doubled_nor_a_conflict() {
    // All equal, all moved onto each other's places, some added, some gone; then beyond what the matching would find.
    for step in [1.0, 0.5, 31.0, 400.0] {
        for events in [|i: u32| go(f64::from(i)), |i| cue(f64::from(i), i)] {
            let mut world = World::new(&(0..60).map(events).collect::<Vec<_>>());
            world.ours.values_mut().skip(20).for_each(|event| event.ticks += (step * S as f64) as i64);
            world.ours.remove(&30);
            world.ours.insert(100, go(5.5));
            let merged = world.merge();
            let wanted = world.layer_events();
            world.write(&merged);
            let again = world.sync();
            assert!(again.is_idle() && again.conflicts.is_empty(), "step {step}: {:?}", again.effect);
            assert_eq!(world.layer_events(), wanted);
            world.assert_equal();
        }
    }
}

#[test]
fn equal_events_moved_onto_each_others_places_are_ours_alone_to_move() {
    // The desk did not change: its "Go+" at 2 s is the second, not our first that we moved there.
    let mut world = World::new(&(0..40).map(|i| go(f64::from(i))).collect::<Vec<_>>());
    world.ours.values_mut().for_each(|event| event.ticks += S);
    let merged = world.sync();
    assert_eq!((merged.conflicts.len(), merged.ours.len()), (0, 0));
    world.assert_equal();
}

#[test]
fn a_rounding_desk_is_believed_and_never_written_again() {
    for adopts in [true, false] {
        let mut world = song();
        world.grid = S / 30;
        let exact = world.ours[&3].ticks + S / 7;
        world.ours.get_mut(&3).unwrap().ticks = exact;
        world.ours.insert(20, cue(4.21, 20));
        let merged = world.merge();
        let written = world.write(&merged);
        world.put(&merged);
        world.base = merged.base.clone();
        let differing = adopt_readback(&mut world.base, &written);
        assert_eq!(differing.len(), 2);
        if adopts {
            differing.into_iter().for_each(|(id, event)| drop(world.ours.insert(id, event)));
            world.assert_equal();
        }
        let again = world.merge();
        assert!(again.is_idle(), "{again:?}");
        // Each side may edit it again, and the other follows.
        world.ours.get_mut(&3).unwrap().name = "renamed".into();
        let merged = world.sync();
        assert_eq!((merged.effect.desk_set, merged.effect.ours_set), (1, 0), "the rounded time stays on both sides");
        assert!(world.merge().is_idle());
        let at = world.desk.iter().position(|event| &*event.name == "renamed").unwrap();
        world.desk[at].ticks += S;
        let moved = world.desk[at].ticks;
        assert_eq!(world.sync().effect.ours_set, 1);
        assert_eq!(world.ours[&3].ticks, moved);
        assert!(world.merge().is_idle());
    }
}

#[test]
fn a_rounded_batch_whose_answer_was_lost_is_neither_doubled_nor_a_conflict() {
    let mut world = song();
    world.grid = S / 24;
    world.ours.get_mut(&3).unwrap().ticks += S / 7;
    world.ours.get_mut(&4).unwrap().ticks += 100 * S + S / 7;
    world.ours.insert(20, cue(4.217, 20));
    let merged = world.merge();
    world.write(&merged);
    let again = world.sync();
    assert_eq!(again.effect, Effect { ours_set: 3, ..Effect::default() }, "the desk's times are the truth");
    world.assert_equal();
    assert_eq!(world.desk.len(), 11);
}

#[test]
fn to_the_desk_ours_wins_and_foreign_events_stay() {
    let mut world = song();
    world.direction = Direction::ToDesk;
    world.desk[2].name = "theirs".into();
    world.desk.remove(4);
    world.desk.push(cue(90.0, 90));
    world.ours.remove(&8);
    let layer = world.ours.clone();
    let merged = world.sync();
    assert_eq!(world.ours, layer, "the layer is not touched");
    let effect = Effect { desk_added: 1, desk_set: 1, desk_deleted: 1, kept: 1, overwritten: 2, ..Effect::default() };
    assert_eq!(merged.effect, effect);
    assert_eq!(merged.kept_theirs, [9]);
    let mut expected = world.layer_events();
    expected.push(cue(90.0, 90));
    assert_eq!(sorted(world.desk.clone()), sorted(expected));
    let again = world.merge();
    assert!(again.is_idle() && again.effect.kept == 1);
}

#[test]
fn from_the_desk_theirs_wins_and_our_own_events_stay() {
    let mut world = song();
    world.direction = Direction::FromDesk;
    world.ours.get_mut(&3).unwrap().name = "ours".into();
    world.ours.remove(&5);
    world.ours.insert(90, cue(90.0, 90));
    world.desk.remove(7);
    let desk = world.desk.clone();
    let merged = world.sync();
    assert_eq!(world.desk, desk, "the desk is not touched");
    let effect = Effect { ours_added: 1, ours_set: 1, ours_deleted: 1, kept: 1, overwritten: 2, ..Effect::default() };
    assert_eq!((merged.effect, merged.kept_ours.as_slice()), (effect, [90].as_slice()));
    let mut expected = desk;
    expected.push(cue(90.0, 90));
    assert_eq!(world.layer_events(), sorted(expected));
    let again = world.merge();
    assert!(again.is_idle() && again.effect.kept == 1);
}

#[test]
fn events_at_one_time_keep_their_order_in_the_base() {
    let world = World::new(&[go(1.0), cue(1.0, 5), cue(1.0, 3), go(1.0)]);
    let merged = world.merge();
    assert_eq!(merged.base.iter().map(|pair| pair.event.clone()).collect::<Vec<_>>(), world.desk);
}

fn strangers() -> World {
    let mut world = song();
    world.base.clear();
    world.desk[2].ticks += 2 * S;
    world.desk[3].name = "theirs".into();
    world.desk.remove(0);
    world.ours.remove(&10);
    world
}

fn start(world: &World, start: Start) -> Merged {
    let mut next = 100;
    first_merge(start, &world.layer(), &world.desk, world.policy, &Limits::default(), &mut || {
        next += 1;
        next
    })
}

#[test]
fn each_start_does_what_its_preview_counts() {
    let world = strangers();
    let preview = preview(&world.layer(), &world.desk, world.policy, &Limits::default());
    assert_eq!(preview.push, Effect { desk_added: 1, desk_set: 2, desk_deleted: 1, ..Effect::default() });
    assert_eq!(preview.take, Effect { ours_added: 1, ours_set: 2, ours_deleted: 1, ..Effect::default() });
    assert_eq!(preview.merge, Effect { desk_added: 1, ours_added: 1, conflicts: 2, ..Effect::default() });
    for (how, effect, events) in
        [(Start::Push, preview.push, &world.layer_events()), (Start::Take, preview.take, &world.desk)]
    {
        let mut world = world.clone();
        let merged = start(&world, how);
        assert_eq!(merged.effect, effect);
        world.write(&merged);
        world.put(&merged);
        world.base = merged.base.clone();
        world.assert_equal();
        assert_eq!(&world.layer_events(), events);
    }
}

#[test]
fn a_first_merge_doubles_nothing_and_asks_until_all_is_chosen() {
    for side in [Side::Ours, Side::Theirs, Side::Both] {
        let mut world = strangers();
        let merged = start(&world, Start::Merge);
        world.write(&merged);
        world.put(&merged);
        world.base = merged.base.clone();
        assert_eq!((world.ours.len(), world.desk.len()), (10, 10));
        let again = world.sync();
        assert!(again.is_idle());
        assert_eq!(again.keys(), merged.keys(), "they stay open");
        world.resolutions = merged.conflicts.iter().map(|conflict| (conflict.key, side)).collect();
        assert!(world.sync().conflicts.is_empty());
        world.assert_equal();
        assert_eq!(world.desk.len(), if side == Side::Both { 12 } else { 10 });
    }
    // Who deletes one of two versions nobody chose from has chosen the other.
    let mut world = strangers();
    let merged = start(&world, Start::Merge);
    world.write(&merged);
    world.put(&merged);
    world.base = merged.base.clone();
    world.ours.remove(&3);
    world.desk.retain(|event| &*event.name != "theirs");
    assert!(world.sync().conflicts.is_empty());
    world.assert_equal();
    assert_eq!(world.desk.len(), 10);
}
