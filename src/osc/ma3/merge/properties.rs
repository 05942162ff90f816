//! What holds for any edits on both sides. Thread: any.

use proptest::prelude::*;
use proptest::sample::Index;

use super::tests::{World, cue, go, sorted};
use super::*;

/// One edit of a list.
#[derive(Clone, Debug)]
enum Edit {
    Add(DeskEvent),
    Delete(Index),
    Time(Index, i64),
    Name(Index, &'static str),
    Cue(Index, &'static str),
    Note(Index, &'static str),
    Block(Index, usize, i64),
}

fn step() -> impl Strategy<Value = i64> {
    const S: i64 = crate::osc::ma3::event::TICKS_PER_SECOND;
    prop_oneof![(-40..40_i64).prop_map(|i| i * S / 2), -20 * S..20 * S, -S / 30..S / 30, Just(100 * S)]
}

/// Few contents and few times, so that much is equal.
fn event() -> impl Strategy<Value = DeskEvent> {
    (0..30_u32, 0..6_u32).prop_map(|(time, kind)| match kind {
        0..3 => go(f64::from(time)),
        3 | 4 => cue(f64::from(time) / 2.0, kind),
        _ => cue(f64::from(time) / 2.0, 10 + time),
    })
}

fn edit() -> impl Strategy<Value = Edit> {
    let text = prop::sample::select(&["", "a", "b", "Go+"][..]);
    prop_oneof![
        event().prop_map(Edit::Add),
        any::<Index>().prop_map(Edit::Delete),
        (any::<Index>(), step()).prop_map(|(at, step)| Edit::Time(at, step)),
        (any::<Index>(), text.clone()).prop_map(|(at, text)| Edit::Name(at, text)),
        (any::<Index>(), text.clone()).prop_map(|(at, text)| Edit::Cue(at, text)),
        (any::<Index>(), text).prop_map(|(at, text)| Edit::Note(at, text)),
        (any::<Index>(), 1..30_usize, step()).prop_map(|(at, count, step)| Edit::Block(at, count, step)),
    ]
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    prop::collection::vec(edit(), 0..8)
}

/// Do an edit on some of the events; additions are left to the caller.
fn change(events: &mut [&mut DeskEvent], edit: &Edit) {
    if events.is_empty() {
        return;
    }
    let count = events.len();
    match edit {
        Edit::Time(at, step) => events[at.index(count)].ticks += step,
        Edit::Name(at, text) => events[at.index(count)].name = (*text).into(),
        Edit::Cue(at, text) => events[at.index(count)].cue = (*text).into(),
        Edit::Note(at, text) => events[at.index(count)].note = (*text).into(),
        Edit::Block(at, size, step) => {
            events.iter_mut().skip(at.index(count)).take(*size).for_each(|event| event.ticks += step);
        }
        Edit::Add(_) | Edit::Delete(_) => {}
    }
}

fn edit_layer(world: &mut World, edits: &[Edit]) {
    for edit in edits {
        match edit {
            Edit::Add(event) => {
                world.ours.insert(world.next_id, event.clone());
                world.next_id += 1;
            }
            Edit::Delete(at) if !world.ours.is_empty() => {
                let id = *world.ours.keys().nth(at.index(world.ours.len())).unwrap();
                world.ours.remove(&id);
            }
            _ => change(&mut world.ours.values_mut().collect::<Vec<_>>(), edit),
        }
    }
}

fn edit_desk(world: &mut World, edits: &[Edit]) {
    for edit in edits {
        match edit {
            Edit::Add(event) => world.desk.push(event.clone()),
            Edit::Delete(at) if !world.desk.is_empty() => drop(world.desk.remove(at.index(world.desk.len()))),
            _ => change(&mut world.desk.iter_mut().collect::<Vec<_>>(), edit),
        }
        world.desk.sort_by_key(|event| event.ticks);
    }
}

prop_compose! {
    fn edited()(
        base in prop::collection::vec(event(), 0..40),
        ours in edits(),
        theirs in edits(),
        policy in prop::sample::select(&[Policy::Ask, Policy::Desk, Policy::Plugin][..]),
    ) -> World {
        let mut world = World::new(&base);
        world.policy = policy;
        edit_layer(&mut world, &ours);
        edit_desk(&mut world, &theirs);
        world
    }
}

/// A list without some of its events.
fn without(events: Vec<DeskEvent>, gone: impl IntoIterator<Item = DeskEvent>) -> Vec<DeskEvent> {
    let mut events = events;
    for event in gone {
        let at = events.iter().position(|other| *other == event).expect("a conflict's version is there");
        events.remove(at);
    }
    events
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_sides_and_the_base_end_equal_but_for_conflicts(world in edited(), sides in any::<[u8; 16]>()) {
        let mut world = world;
        let merged = world.sync();
        prop_assert!(world.policy == Policy::Ask || merged.conflicts.is_empty());
        let ours = without(world.layer_events(), merged.conflicts.iter().filter_map(|conflict| conflict.ours.clone()));
        let desk = without(sorted(world.desk.clone()), merged.conflicts.iter().filter_map(|conflict| conflict.theirs.clone()));
        prop_assert_eq!(&ours, &desk);
        let open: Vec<_> = merged.conflicts.iter().map(|conflict| conflict.id).collect();
        let base = world.base.iter().filter(|pair| !open.contains(&pair.id)).map(|pair| pair.event.clone());
        prop_assert_eq!(sorted(base), desk);

        let again = world.merge();
        prop_assert!(again.is_idle(), "a second merge does {again:?}");
        prop_assert_eq!(again.keys(), merged.keys());

        let side = |i: usize| [Side::Ours, Side::Theirs, Side::Both][usize::from(sides[i % 16]) % 3];
        world.resolutions = again.conflicts.iter().enumerate().map(|(i, conflict)| (conflict.key, side(i))).collect();
        world.sync();
        world.assert_equal();
    }

    #[test]
    fn one_way_the_leading_side_wins_and_the_rest_stays(world in edited(), to_desk in any::<bool>()) {
        let mut world = world;
        world.direction = if to_desk { Direction::ToDesk } else { Direction::FromDesk };
        let before = world.clone();
        let merged = world.sync();
        prop_assert!(merged.conflicts.is_empty());
        let (mut ours, mut desk) = (world.layer_events(), sorted(world.desk.clone()));
        if to_desk {
            prop_assert_eq!(&world.ours, &before.ours);
            ours.extend(merged.kept_theirs.iter().map(|idx| before.desk[*idx].clone()));
        } else {
            prop_assert_eq!(&world.desk, &before.desk);
            desk.extend(merged.kept_ours.iter().map(|id| before.ours[id].clone()));
        }
        prop_assert_eq!(sorted(ours), sorted(desk));
        let again = world.merge();
        prop_assert!(again.is_idle(), "a second merge does {again:?}");
        prop_assert_eq!((again.effect.kept, again.effect.overwritten), (merged.effect.kept, 0));
    }

    #[test]
    fn an_answer_that_was_lost_loses_and_doubles_nothing(base in prop::collection::vec(event(), 0..40), edits in edits(), there in any::<bool>()) {
        let mut world = World::new(&base);
        if there { edit_desk(&mut world, &edits) } else { edit_layer(&mut world, &edits) }
        let wanted = if there { sorted(world.desk.clone()) } else { world.layer_events() };
        let merged = world.merge();
        world.write(&merged);
        world.put(&merged);
        prop_assert!(world.sync().is_idle(), "the base is the old one");
        world.assert_equal();
        prop_assert_eq!(world.layer_events(), wanted);
    }

    #[test]
    fn an_answer_that_was_lost_among_edits_settles(world in edited(), here in any::<bool>()) {
        let mut world = world;
        let merged = world.merge();
        if here { world.put(&merged) } else { drop(world.write(&merged)) }
        world.sync();
        let again = world.merge();
        prop_assert!(again.is_idle(), "{again:?}");
        if again.conflicts.is_empty() {
            world.assert_equal();
        }
    }

    #[test]
    fn a_rounding_desk_settles_in_one_round(world in edited(), more in edits(), adopts in any::<bool>(), frames in prop::sample::select(&[24_i64, 25, 30, 60][..])) {
        let mut world = world;
        world.grid = crate::osc::ma3::event::TICKS_PER_SECOND / frames;
        for round in 0..2 {
            let merged = world.merge();
            let written = world.write(&merged);
            world.put(&merged);
            world.base = merged.base.clone();
            let read = adopt_readback(&mut world.base, &written);
            if adopts {
                world.ours.extend(read);
            }
            let again = world.merge();
            prop_assert!(again.is_idle(), "round {round}: {again:?}");
            prop_assert_eq!(again.base.len(), world.base.len());
            edit_layer(&mut world, &more);
        }
    }

    #[test]
    fn disjoint_edits_never_conflict(split in 0..30_usize, ours in edits(), theirs in edits()) {
        // Far apart and each with a name of its own, we edit the first, the desk the rest.
        let mut world = World::new(&(0..30).map(|i| cue(f64::from(i) * 300.0, i as u32)).collect::<Vec<_>>());
        let mut expected = Vec::new();
        let only = |edits: Vec<Edit>| -> Vec<Edit> {
            edits.into_iter().filter(|edit| !matches!(edit, Edit::Add(_) | Edit::Cue(..) | Edit::Name(..))).collect()
        };
        let (mut left, mut right) = (world.clone(), world.clone());
        left.ours = world.ours.iter().take(split).map(|(id, event)| (*id, event.clone())).collect();
        edit_layer(&mut left, &only(ours));
        right.desk = world.desk[split..].to_vec();
        edit_desk(&mut right, &only(theirs));
        expected.extend(left.ours.values().cloned());
        expected.extend(right.desk.iter().cloned());
        let rest: Vec<_> = world.ours.iter().skip(split).map(|(id, event)| (*id, event.clone())).collect();
        world.ours = left.ours.into_iter().chain(rest).collect();
        world.desk.truncate(split);
        world.desk.extend(right.desk);
        world.desk.sort_by_key(|event| event.ticks);
        prop_assert!(world.sync().conflicts.is_empty());
        world.assert_equal();
        prop_assert_eq!(world.layer_events(), sorted(expected));
    }

    #[test]
    fn a_first_merge_ends_equal_and_doubles_nothing(world in edited(), how in prop::sample::select(&[Start::Push, Start::Take, Start::Merge][..])) {
        let mut world = world;
        world.base.clear();
        let mut next = world.next_id;
        let merged = first_merge(how, &world.layer(), &world.desk, world.policy, &Limits::default(), &mut || {
            next += 1;
            next
        });
        let preview = preview(&world.layer(), &world.desk, world.policy, &Limits::default());
        let counted = match how {
            Start::Push => preview.push,
            Start::Take => preview.take,
            Start::Merge => preview.merge,
        };
        prop_assert_eq!(counted, merged.effect);
        let (ours, desk) = (world.layer_events(), sorted(world.desk.clone()));
        world.write(&merged);
        world.put(&merged);
        world.base = merged.base.clone();
        match how {
            Start::Push => prop_assert_eq!(&world.layer_events(), &ours),
            Start::Take => prop_assert_eq!(&sorted(world.desk.clone()), &desk),
            Start::Merge => prop_assert!(world.desk.len() <= ours.len() + desk.len()),
        }
        prop_assert_eq!(world.desk.len(), world.ours.len());
        let again = world.merge();
        prop_assert!(again.is_idle(), "{again:?}");
        prop_assert_eq!(again.keys(), merged.keys());
        world.resolutions = again.conflicts.iter().map(|conflict| (conflict.key, Side::Theirs)).collect();
        world.sync();
        world.assert_equal();
    }
}
