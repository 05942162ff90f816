//! Who is who, case by case. Thread: any.

use std::sync::Arc;

use super::*;

const S: i64 = TICKS_PER_SECOND;

fn go(ticks: i64) -> DeskEvent {
    DeskEvent { ticks, token: "Go+".into(), name: "Go+".into(), ..DeskEvent::default() }
}

fn cue(ticks: i64, number: usize) -> DeskEvent {
    let number: Arc<str> = number.to_string().into();
    DeskEvent { ticks, token: "Goto".into(), cue: number.clone(), name: format!("Cue {number}").into(), ..go(0) }
}

fn song(events: usize) -> Vec<DeskEvent> {
    (0..events).map(|i| cue(i as i64 * S / 2, i)).collect()
}

fn of(old: &[DeskEvent], new: &[DeskEvent]) -> Matching {
    diff(old, new, &Limits::default())
}

/// added, deleted, retimed, changed, both.
fn edits(old: &[DeskEvent], new: &[DeskEvent]) -> [usize; 5] {
    let counts = of(old, new).counts;
    let back = of(new, old).counts;
    assert_eq!(
        (counts.added, counts.deleted, counts.same, counts.retimed, counts.changed, counts.retimed_changed),
        (back.deleted, back.added, back.same, back.retimed, back.changed, back.retimed_changed),
        "the other way round"
    );
    [counts.added, counts.deleted, counts.retimed, counts.changed, counts.retimed_changed]
}

/// proves: D4
#[test]
fn an_insert_or_delete_in_the_middle_affects_one_event() {
    let old = song(500);
    let mut new = old.clone();
    new.insert(250, cue(old[250].ticks - 7, 9000));
    let matching = of(&old, &new);
    assert_eq!((matching.added.as_slice(), matching.counts.edits()), ([250].as_slice(), 1));
    assert_eq!(matching.counts.reindexed, 250, "those behind it, for information");
    assert_eq!(edits(&new, &old), [0, 1, 0, 0, 0]);
    assert_eq!(of(&new, &old).deleted, [250]);
}

#[test]
fn an_empty_list_is_a_list() {
    assert_eq!(edits(&[], &[]), [0; 5]);
    assert_eq!(edits(&song(3), &[]), [0, 3, 0, 0, 0]);
    assert_eq!(edits(&[], &song(3)), [3, 0, 0, 0, 0]);
}

#[test]
fn a_drag_keeps_the_identity_past_its_neighbours() {
    let old = song(100);
    let mut new = old.clone();
    new[40].ticks += 20 * S;
    new.sort();
    let matching = of(&old, &new);
    assert_eq!(edits(&old, &new), [0, 0, 1, 0, 0]);
    let pair = matching.pairs[40];
    assert_eq!((pair.old, pair.class(), &new[pair.new].cue), (40, Class::Retimed, &old[40].cue));
}

#[test]
fn a_drag_beyond_the_limit_is_another_event() {
    let retime = Limits::default().retime as i64;
    assert_eq!(edits(&[cue(0, 1)], &[cue(retime, 1)]), [0, 0, 1, 0, 0]);
    assert_eq!(edits(&[cue(0, 1)], &[cue(retime + 1, 1)]), [1, 1, 0, 0, 0]);
    assert_eq!(edits(&[cue(0, 1), cue(5, 2)], &[cue(5, 2), cue(retime + 1, 1)]), [1, 1, 0, 0, 0]);
    assert_eq!(edits(&[go(i64::MIN)], &[go(i64::MAX)]), [1, 1, 0, 0, 0]);
    assert_eq!(edits(&[go(i64::MIN), go(0)], &[go(5), go(i64::MAX)]), [1, 1, 1, 0, 0]);
}

/// proves: D4
#[test]
fn a_moved_block_of_a_thousand_is_a_thousand_retimes() {
    for step in [S, 7 * S + 3, -S / 3, 29 * S, 3600 * S, -40 * S] {
        let old = song(3000);
        let mut new = old.clone();
        for event in &mut new[1000..2000] {
            event.ticks += step;
        }
        new.sort_by_key(|event| event.ticks);
        assert_eq!(edits(&old, &new), [0, 0, 1000, 0, 0], "by {step}");
        assert!(of(&old, &new).pairs.iter().all(|pair| old[pair.old].same_content(&new[pair.new])), "by {step}");
    }
}

/// proves: D4
#[test]
fn a_moved_block_of_equal_events_is_a_thousand_retimes() {
    // Away from the grid, beyond the retime limit too, and with other edits beside it.
    for step in [S / 3, 7 * S + 3, -20 * S - 1, 29 * S + 5, 90 * S + 1] {
        let old: Vec<_> = (0..3000).map(|i| go(i * S)).collect();
        let mut new = old.clone();
        for event in &mut new[1000..2000] {
            event.ticks += step;
        }
        new.sort();
        assert_eq!(edits(&old, &new), [0, 0, 1000, 0, 0], "by {step}");
        new.insert(0, go(-5));
        new[2900].note = "by hand".into();
        assert_eq!(edits(&old, &new), [1, 0, 1000, 1, 0], "by {step}, and edits");
    }
    // On the grid, where most of the moved events stand where another stood.
    let old: Vec<_> = (0..1000).map(|i| go(i * S)).collect();
    let new: Vec<_> = (0..1000).map(|i| go((i + 1) * S)).collect();
    let matching = of(&old, &new);
    assert_eq!(edits(&old, &new), [0, 0, 1000, 0, 0]);
    assert!(matching.pairs.iter().all(|pair| pair.old == pair.new));
    // A stretch of it, into the silence behind it.
    let mut old: Vec<_> = (0..1000).map(|i| go(i * S)).collect();
    old.extend((1100..1200).map(|i| go(i * S)));
    let mut new = old.clone();
    new[500..1000].iter_mut().for_each(|event| event.ticks += 4 * S);
    assert_eq!(edits(&old, &new), [0, 0, 500, 0, 0]);
}

#[test]
fn equal_events_are_a_multiset_and_pair_in_order() {
    let old = vec![go(0), go(0), go(0), go(S)];
    assert_eq!(edits(&old, &[go(0), go(0), go(S)]), [0, 1, 0, 0, 0]);
    assert_eq!(edits(&old, &[go(0), go(0), go(0), go(0), go(S)]), [1, 0, 0, 0, 0]);
    let matching = of(&old, &[go(0), go(S), go(0), go(0)]);
    assert!(matching.is_equal(), "in any order");
    assert_eq!(matching.forward(), [Some(0), Some(2), Some(3), Some(1)]);
    assert_eq!(matching.counts.reindexed, 3);
}

#[test]
fn equal_events_at_other_times_go_the_least_way_in_order() {
    // Two of three, and the nearest: 10 goes to 12, 20 to 21, 50 is gone.
    let old = [go(10 * S), go(20 * S), go(50 * S)];
    let matching = of(&old, &[go(12 * S), go(21 * S)]);
    assert_eq!(matching.forward(), [Some(0), Some(1), None]);
    // They do not cross, though each alone might be nearer to another.
    assert_eq!(of(&[go(0), go(4 * S)], &[go(3 * S), go(5 * S)]).forward(), [Some(0), Some(1)]);
    // One that cannot reach does not hold up the others.
    let old = [go(0), go(100 * S), go(101 * S)];
    assert_eq!(of(&old, &[go(102 * S), go(103 * S)]).forward(), [None, Some(0), Some(1)]);
    // More of them than may wait at once, each another step.
    let old: Vec<_> = (0..150).map(|i| go(i * S / 10)).collect();
    let new: Vec<_> = (0..150).map(|i| go(20 * S + i * S / 10 + i * i)).collect();
    assert_eq!(edits(&old, &new), [0, 0, 150, 0, 0]);
}

#[test]
fn each_field_changes_at_its_place() {
    let old = song(20);
    let change: [fn(&mut DeskEvent); 5] = [
        |event| event.token = "Go+".into(),
        |event| event.cue = "7.5".into(),
        |event| event.cmd = "At 50".into(),
        |event| event.name = "".into(),
        |event| event.note = "late".into(),
    ];
    for change in change {
        let mut new = old.clone();
        change(&mut new[7]);
        assert_eq!(edits(&old, &new), [0, 0, 0, 1, 0]);
        assert_eq!(of(&old, &new).forward()[7], Some(7));
        // The same event a little later.
        new[7].ticks += S / 5;
        assert_eq!(edits(&old, &new), [0, 0, 0, 0, 1]);
        assert_eq!(of(&old, &new).pairs[7].class(), Class::RetimedChanged);
    }
}

#[test]
fn what_shares_less_must_be_nearer() {
    let renamed = |ticks| DeskEvent { name: "Bridge".into(), ..cue(ticks, 1) };
    assert_eq!(edits(&[cue(0, 1)], &[renamed(S)]), [0, 0, 0, 0, 1], "the cue says who it is");
    assert_eq!(edits(&[cue(0, 1)], &[renamed(4 * S)]), [1, 1, 0, 0, 0]);
    assert_eq!(edits(&[cue(0, 1)], &[cue(S, 2)]), [1, 1, 0, 0, 0], "a token alone says little");
    assert_eq!(edits(&[cue(0, 1)], &[cue(S / 10, 2)]), [0, 0, 0, 0, 1]);
    let other = |ticks| DeskEvent { ticks, token: "Top".into(), cmd: "x".into(), ..DeskEvent::default() };
    let frame = Limits::default().frame as i64;
    assert_eq!(edits(&[cue(0, 1)], &[other(0)]), [0, 0, 0, 1, 0], "at the very place");
    assert_eq!(edits(&[cue(0, 1)], &[other(frame)]), [0, 0, 0, 0, 1]);
    assert_eq!(edits(&[cue(0, 1)], &[other(frame + 1)]), [1, 1, 0, 0, 0]);
}

#[test]
fn the_likeliest_of_several_is_taken() {
    // Three at one time, two of them edited: each finds its own.
    let old = [cue(0, 1), cue(0, 2), cue(0, 3)];
    let renamed = |number| DeskEvent { name: "New".into(), ..cue(0, number) };
    assert_eq!(of(&old, &[renamed(3), cue(0, 2), renamed(1)]).forward(), [Some(2), Some(1), Some(0)]);
    // A renamed one keeps its place though another was added near it.
    let matching = of(&[cue(10 * S, 1)], &[cue(10 * S + 9, 2), renamed(1), DeskEvent { ticks: 10 * S, ..renamed(1) }]);
    assert_eq!((matching.forward(), matching.added), (vec![Some(2)], vec![0, 1]));
}

#[test]
fn a_quantised_desk_moves_times_and_nothing_else() {
    let old: Vec<_> = (0..2000).map(|i| cue(i * S / 7, (i % 13) as usize)).collect();
    let frame = S as f64 / 30.0;
    let rounded = |event: &DeskEvent| {
        let ticks = ((event.ticks as f64 / frame).round() * frame) as i64;
        DeskEvent { ticks, ..event.clone() }
    };
    let new: Vec<_> = old.iter().map(rounded).collect();
    let matching = of(&old, &new);
    assert_eq!(matching.counts.same + matching.counts.retimed, 2000);
    assert!(matching.pairs.iter().all(|pair| pair.old == pair.new));
}
