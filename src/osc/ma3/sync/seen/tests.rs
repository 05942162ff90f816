//! A picture of a unit, kept right by notices.

use super::*;
use crate::osc::ma3::protocol::{Heritage, ToldEvent};

fn event(ticks: i64, name: &str) -> DeskEvent {
    DeskEvent { ticks, token: "Go+".into(), name: name.into(), ..DeskEvent::default() }
}

fn told(idx: u32, was: Option<u32>, event: DeskEvent) -> ToldEvent {
    ToldEvent { idx, was, abs: event.ticks, event }
}

const UNIT: Unit = Unit { tc: 101, tg: 1, track: 2, range: 1, sub: 1 };

fn content(events: &[DeskEvent]) -> Content {
    Content {
        events: events.iter().zip(1..).map(|(event, idx)| told(idx, None, event.clone())).collect(),
        resync: false,
        lineage: vec![Heritage { hash: hash_text(UNIT, events), by: "desk".into() }],
        dirty: false,
        busy: Busy::Free,
        offset: 0,
        start: 0,
        faders: 0,
        ranges: 1,
        subs: 1,
        name: "BEAM".into(),
        note: String::new(),
        target: 5,
        writer: String::new(),
    }
}

fn seen() -> Seen {
    let events = [event(1, "a"), event(2, "b"), event(3, "c"), event(4, "d")];
    Seen::new(UNIT, "g", 7, &hash_text(UNIT, &events), content(&events)).unwrap()
}

fn lists(rev_from: u64) -> Changed {
    // a goes, c moves to 9, d gets another name, e is new at 0.
    Changed {
        counts: [1, 1, 0, 1, 1],
        difference: Difference::Lists {
            added: vec![told(1, None, event(0, "e"))],
            deleted: vec![1],
            moved: vec![],
            retimed: vec![told(4, Some(3), event(9, "c"))],
            changed: vec![told(3, Some(4), event(4, "D"))],
        },
        rev_from: Some(rev_from),
        start: None,
        offset: Some(3),
    }
}

#[test]
fn a_difference_is_put_onto_what_it_speaks_of_and_onto_nothing_else() {
    let after = [event(0, "e"), event(2, "b"), event(4, "D"), event(9, "c")];
    let hash = hash_text(UNIT, &after);
    let mut fits = seen();
    assert_eq!(fits.change(8, &hash, &lists(7)), Taken::Newer);
    assert_eq!((&fits.events[..], fits.rev, fits.slot), (&after[..], 8, 3));
    assert_eq!(fits.change(8, &hash, &lists(7)), Taken::Old, "it comes twice");
    for (rev, hash, from) in [(9, &hash, 8), (8, &"0".repeat(16), 7)] {
        let mut gap = seen();
        assert_eq!(gap.change(rev, hash, &lists(from)), Taken::Gap);
        assert_eq!(gap, seen(), "what does not fit changes nothing");
    }
}

#[test]
fn a_whole_notice_needs_nothing_before_it() {
    let after = [event(5, "z")];
    let whole = Changed { difference: Difference::Whole(content(&after).events), rev_from: None, ..lists(0) };
    let mut seen = seen();
    assert_eq!(seen.change(40, &hash_text(UNIT, &after), &whole), Taken::Newer);
    assert_eq!(seen.events, after);
}

#[test]
fn only_the_order_of_the_rest_may_change_too() {
    let mut seen = seen();
    let after = [event(2, "b"), event(1, "a"), event(3, "c"), event(4, "d")];
    let moved = Changed {
        difference: Difference::Lists {
            added: vec![],
            deleted: vec![],
            moved: vec![(1, 2)],
            retimed: vec![],
            changed: vec![],
        },
        ..lists(7)
    };
    assert_eq!(seen.change(8, &hash_text(UNIT, &after), &moved), Taken::Newer);
    assert_eq!(seen.events, after);
}

#[test]
fn what_was_read_back_after_a_batch_is_the_new_picture() {
    let mut picture = seen();
    let ops = [Op::Del(1), Op::Add(event(10, "n")), Op::Set(4, Default::default())];
    let result = |i, event: Option<ToldEvent>| OpResult { i, outcome: Ok(event) };
    let results = [
        result(1, None),
        result(2, Some(told(4, None, event(11, "n")))),
        result(3, Some(told(3, None, event(4, "D")))),
    ];
    let after = [event(2, "b"), event(3, "c"), event(4, "D"), event(11, "n")];
    assert!(!picture.written(8, "0", &ops, &results, "me"));
    assert!(picture.written(8, &hash_text(UNIT, &after), &ops, &results, "me"));
    assert_eq!(picture.events, after);
    assert_eq!(picture.lineage.last().unwrap(), &(hash_text(UNIT, &after), "me".to_owned()));
    assert!(Seen::new(UNIT, "g", 1, "0", content(&after)).is_none(), "a content of another hash is none");
}
