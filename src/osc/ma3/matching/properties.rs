//! What holds for any two lists. Thread: any.

use proptest::prelude::*;

use super::*;

const S: i64 = TICKS_PER_SECOND;

/// Events from few texts and few times, so that they meet; some times are anything.
fn event() -> impl Strategy<Value = DeskEvent> {
    let ticks = prop_oneof![
        6 => (0..40_i64).prop_map(|i| i * S / 4),
        3 => 0..60 * S,
        1 => any::<i64>(),
    ];
    let text = |of: &'static [&'static str]| prop::sample::select(of);
    (ticks, text(&["Go+", "Goto"]), text(&["", "1", "2", "3.5"]), text(&["", "At 50"]), text(&["", "Go+", "Höhe"]))
        .prop_map(|(ticks, token, cue, cmd, name)| DeskEvent {
            ticks,
            token: token.into(),
            cue: cue.into(),
            cmd: cmd.into(),
            name: name.into(),
            note: "".into(),
        })
}

fn events() -> impl Strategy<Value = Vec<DeskEvent>> {
    prop::collection::vec(event(), 0..60)
}

/// Old events with times that are far from each other, each with a cue of its own.
fn distinct() -> impl Strategy<Value = Vec<DeskEvent>> {
    prop::collection::vec(event(), 1..40).prop_map(|mut events| {
        for (i, event) in events.iter_mut().enumerate() {
            event.ticks = i as i64 * 7 * S;
            event.cue = (i + 10).to_string().into();
        }
        events
    })
}

/// Old plus what the matching says is new.
fn apply(matching: &Matching, old: &[DeskEvent], new: &[DeskEvent]) -> Vec<DeskEvent> {
    let mut events = old.to_vec();
    for pair in &matching.pairs {
        let (from, to) = (&new[pair.new], &mut events[pair.old]);
        for field in pair.fields.names() {
            match field {
                "ticks" => to.ticks = from.ticks,
                "token" => to.token = from.token.clone(),
                "cue" => to.cue = from.cue.clone(),
                "cmd" => to.cmd = from.cmd.clone(),
                "name" => to.name = from.name.clone(),
                _ => to.note = from.note.clone(),
            }
        }
    }
    for index in matching.deleted.iter().rev() {
        events.remove(*index);
    }
    events.extend(matching.added.iter().map(|index| new[*index].clone()));
    events.sort();
    events
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_diff_applied_to_the_old_gives_the_new(old in events(), new in events()) {
        let matching = diff(&old, &new, &Limits::default());
        let mut sorted = new.clone();
        sorted.sort();
        prop_assert_eq!(apply(&matching, &old, &new), sorted);
    }

    #[test]
    fn pairs_are_a_partial_bijection_within_the_limits(old in events(), new in events()) {
        let limits = Limits::default();
        let matching = diff(&old, &new, &limits);
        let mut seen_old: Vec<_> = matching.pairs.iter().map(|pair| pair.old).chain(matching.deleted.iter().copied()).collect();
        let mut seen_new: Vec<_> = matching.pairs.iter().map(|pair| pair.new).chain(matching.added.iter().copied()).collect();
        seen_old.sort_unstable();
        seen_new.sort_unstable();
        prop_assert_eq!(seen_old, (0..old.len()).collect::<Vec<_>>());
        prop_assert_eq!(seen_new, (0..new.len()).collect::<Vec<_>>());
        for pair in &matching.pairs {
            let way = old[pair.old].ticks.abs_diff(new[pair.new].ticks);
            let most = if pair.class() == Class::RetimedChanged { limits.near } else { limits.retime };
            prop_assert!(way <= most, "{pair:?} goes {way}");
        }
    }

    #[test]
    fn a_list_equals_itself_in_any_order(old in events(), seed in any::<u64>()) {
        let mut new = old.clone();
        let mut state = seed | 1;
        for i in (1..new.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            new.swap(i, (state >> 33) as usize % (i + 1));
        }
        let matching = diff(&old, &new, &Limits::default());
        prop_assert!(matching.is_equal());
        prop_assert_eq!(matching.counts.same, old.len());
        prop_assert_eq!(diff(&old, &old, &Limits::default()).counts.reindexed, 0);
    }

    #[test]
    fn the_other_way_round_counts_the_same(old in events(), new in events()) {
        let (there, back) = (diff(&old, &new, &Limits::default()).counts, diff(&new, &old, &Limits::default()).counts);
        let turned = Counts { added: back.deleted, deleted: back.added, ..back };
        prop_assert_eq!(there, turned);
    }

    #[test]
    fn one_edit_is_one_edit(old in distinct(), at in any::<prop::sample::Index>(), kind in 0..5_u8, to in event(), way in 1..3 * S) {
        let mut new = old.clone();
        let at = at.index(old.len());
        let expected = match kind {
            0 => {
                new.insert(at, DeskEvent { ticks: old[at].ticks + way, ..to });
                Counts { added: 1, ..Counts::default() }
            }
            1 => {
                new.remove(at);
                Counts { deleted: 1, ..Counts::default() }
            }
            2 => {
                new[at].ticks += way;
                Counts { retimed: 1, ..Counts::default() }
            }
            3 => {
                new[at] = DeskEvent { ticks: old[at].ticks, note: "other".into(), ..to };
                Counts { changed: 1, ..Counts::default() }
            }
            _ => {
                // The token and the cue speak for it this far.
                new[at].ticks += way / 2;
                new[at].name = "other".into();
                Counts { retimed_changed: 1, ..Counts::default() }
            }
        };
        new.sort_by_key(|event| event.ticks);
        let counts = diff(&old, &new, &Limits::default()).counts;
        prop_assert_eq!(Counts { same: 0, reindexed: 0, ..counts }, expected);
    }

    #[test]
    fn any_block_may_move(count in 1..80_usize, from in 0..40_usize, step in 1..29 * S, same in any::<bool>()) {
        let old: Vec<_> = (0..120).map(|i| DeskEvent {
            ticks: i * S,
            token: "Go+".into(),
            cue: if same { "".into() } else { i.to_string().into() },
            ..DeskEvent::default()
        }).collect();
        let mut new = old.clone();
        // A few equal ones that go far may change places with each other.
        let step = if same && count < 16 { step / 2 } else { step };
        // Off the grid: on it, equal events cannot be told apart.
        let step = if step % S == 0 { step + 1 } else { step };
        new[from..from + count].iter_mut().for_each(|event| event.ticks += step);
        new.sort();
        let counts = diff(&old, &new, &Limits::default()).counts;
        prop_assert_eq!((counts.same, counts.retimed), (120 - count, count));
    }
}
