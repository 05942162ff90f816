use super::*;
use crate::model::{Command, Origin};

fn clock(beat: f64) -> ClockMap {
    ClockMap { beat, bpm: 120.0, rate: 48_000.0, playing: true, num: 3, den: 4, ..ClockMap::default() }
}

fn batch(when: When) -> Batch {
    Batch { when, ..Batch::now(Origin::Gui, "test", vec![Command::SetBpm(100.0)]) }
}

#[test]
fn moments_are_counted_from_beat_zero_and_never_lie_behind() {
    let session = Session::new();
    for (when, beat, found) in [
        (When::NextBar, 0.0, Some(3.0)),
        (When::NextBar, 3.0, Some(6.0)),
        (When::NextBar, -0.5, Some(0.0)),
        (When::NextBeat, 2.999_999_999_9, Some(4.0)),
        (When::NextPattern, 1.0, Some(3.0)),
        (When::Beat(2.0), 1.0, Some(2.0)),
        (When::Beat(2.0), 2.0, None),
        (When::Beat(f64::NAN), 2.0, None),
        (When::Now, 2.0, None),
    ] {
        assert_eq!(due(when, &clock(beat), &session), found, "{when:?} at {beat}");
    }
}

#[test]
fn batches_of_one_moment_share_a_plan_and_one_that_moves_leaves_it() {
    let session = Session::new();
    let mut pending = Pending::default();
    pending.push(batch(When::NextBar), 3.0, vec!["a.wav".into()], true);
    pending.push(batch(When::NextBar), 3.0, vec![], false);
    let shared: Vec<u64> = pending.iter().map(|wait| wait.plan).collect();
    assert_eq!(shared[0], shared[1]);
    assert!(pending.postpone(&clock(3.0), &session));
    let waits: Vec<_> = pending.iter().map(|wait| (wait.due, wait.plan == shared[1])).collect();
    assert_eq!(waits, [(6.0, false), (3.0, true)]);
}

#[test]
fn a_loop_without_a_bar_line_holds_nobody_for_ever() {
    let session = Session::new();
    let mut pending = Pending::default();
    pending.push(batch(When::NextBar), 3.0, vec![], false);
    // The loop goes from beat 1 to beat 2: no bar line comes by.
    let mut dues = vec![];
    for _ in 0..3 {
        assert!(pending.jumped(&clock(1.0), 2.0, true, &session));
        dues.push(pending.lines()[0].due);
    }
    assert_eq!(dues, [3.0, 3.0, 1.0]);
}
