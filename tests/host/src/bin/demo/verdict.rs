//! The oracle's triggers beside those that were played. Any thread.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tracklight::model::{Session, TriggerRecord, Why};
use tracklight_host::oracle::{Expected, Oracle, Outcome};

use crate::plan::Plan;

/// How many differences are told one by one.
const TOLD: usize = 5;
/// A hit of a callback that is farther off is another one, in frames: an eighth of a second at 48 kHz.
const LATE: u64 = 6000;

/// What came of the comparison.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Triggers that should sound.
    pub expected: usize,
    /// Triggers that sounded.
    pub fired: usize,
    /// The largest distance between a trigger's frame and the frame of its beat.
    pub error_frames: u64,
    /// The largest distance among the hits of callbacks alone: how late scripts are.
    pub script_error_frames: u64,
    /// What is not as it should be, one sentence each.
    pub failures: Vec<String>,
    /// What the oracle could not foretell.
    pub remarks: Vec<String>,
}

/// What makes two triggers the same one: sampler, sequencer, pattern, row, sample, place in the song. A callback's hit
/// is told with the position of its frame, which lies beside its beat: it has no place here, and is known by its frame.
type Key = (String, Option<String>, Option<String>, Option<u16>, u16, i64);

/// Compare one pass. `offset` is the rendered frame at which it began; `missing` names files that are not there.
pub fn compare(
    session: &Session,
    missing: &BTreeSet<String>,
    plan: &Plan,
    offset: u64,
    records: &[Arc<TriggerRecord>],
) -> Result<Verdict, String> {
    let text = serde_json::from_str(&session.to_json()).map_err(|error| error.to_string())?;
    let oracle = Oracle::new(&text, missing, plan.rate)?;
    let expected = oracle.expect(&plan.stretches());
    Ok(judge(&expected, records, offset, oracle.remarks()))
}

fn judge(expected: &[Expected], records: &[Arc<TriggerRecord>], offset: u64, remarks: Vec<String>) -> Verdict {
    // Where callbacks are not foretold, rows still are.
    let all = remarks.is_empty();
    let expected: Vec<_> =
        expected.iter().filter(|one| one.outcome == Outcome::Fired && (all || one.row.is_some())).collect();
    let fired: Vec<_> = records.iter().filter(|one| one.why == Why::Fired && (all || one.row.is_some())).collect();
    let mut verdict = Verdict { expected: expected.len(), fired: fired.len(), remarks, ..Verdict::default() };

    let mut left: BTreeMap<Key, Vec<u64>> = BTreeMap::new();
    for one in fired {
        left.entry(key_of(one)).or_default().push(one.frame.saturating_sub(offset));
    }
    // First those that are where they should be; a late one must not take the place of the next.
    let on_time = |one: &&Expected| -> bool {
        let Some(frames) = left.get_mut(&key(one)) else { return true };
        match frames.iter().position(|frame| *frame == one.frame) {
            Some(place) => drop(frames.remove(place)),
            None => return true,
        }
        false
    };
    for one in expected.into_iter().filter(on_time).collect::<Vec<_>>() {
        let frames = left.entry(key(one)).or_default();
        // A looped bar has the same trigger many times: the nearest one is meant.
        let nearest = (0..frames.len()).min_by_key(|place| frames[*place].abs_diff(one.frame));
        let Some(place) = nearest.filter(|place| one.row.is_some() || frames[*place].abs_diff(one.frame) <= LATE)
        else {
            verdict.failures.push(format!("not played: {}", told(one)));
            continue;
        };
        let error = frames.remove(place).abs_diff(one.frame);
        verdict.error_frames = verdict.error_frames.max(error);
        if one.row.is_none() {
            verdict.script_error_frames = verdict.script_error_frames.max(error);
        }
        verdict.failures.push(format!("{error} frames off: {}", told(one)));
    }
    for (key, frames) in left {
        for frame in frames {
            let (module, _, pattern, row, index, _) = &key;
            let row =
                row.map_or("callback".to_owned(), |row| format!("{} row {row}", pattern.as_deref().unwrap_or("?")));
            verdict
                .failures
                .push(format!("played though not expected: {module} [{index}] from {row} at frame {frame}"));
        }
    }
    let more = verdict.failures.len().saturating_sub(TOLD);
    verdict.failures.truncate(TOLD);
    if more > 0 {
        verdict.failures.push(format!("and {more} more triggers that are not as expected"));
    }
    verdict
}

/// Beats told by float and by fraction are the same within a millionth.
fn place(beat: f64, row: Option<u16>) -> i64 {
    row.map_or(0, |_| (beat * 1e5).round() as i64)
}

fn key(one: &Expected) -> Key {
    (one.module.clone(), one.sequencer.clone(), one.pattern.clone(), one.row, one.index, place(one.beat, one.row))
}

fn key_of(one: &TriggerRecord) -> Key {
    let text = |name: &tracklight::model::Name| name.as_str().to_owned();
    let (sequencer, pattern) = (one.sequencer.as_ref().map(text), one.pattern.as_ref().map(text));
    (text(&one.module), sequencer, pattern, one.row, one.index, place(one.beat, one.row))
}

fn told(one: &Expected) -> String {
    let row =
        one.row.map_or("a callback".to_owned(), |row| format!("{} row {row}", one.pattern.as_deref().unwrap_or("?")));
    format!("{} [{}] from {row} at beat {} (frame {})", one.module, one.index, one.beat, one.frame)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use tracklight::model::Name;

    fn expected(frame: u64, beat: f64, row: Option<u16>) -> Expected {
        let name = row.map(|_| "p".to_owned());
        let (module, outcome) = ("kick".to_owned(), Outcome::Fired);
        Expected { frame, beat, module, sequencer: name.clone(), pattern: name, row, index: 1, outcome }
    }

    fn record(frame: u64, beat: f64, row: Option<u16>) -> Arc<TriggerRecord> {
        let name = row.map(|_| Name::new("p").unwrap());
        let module = Name::new("kick").unwrap();
        let (note, params, why) = (None, vec![], Why::Fired);
        Arc::new(TriggerRecord {
            frame,
            beat,
            module,
            sequencer: name.clone(),
            pattern: name,
            row,
            index: 1,
            note,
            params,
            why,
        })
    }

    #[test]
    fn equal_lists_hold_also_where_a_bar_is_looped() {
        let wanted = [expected(0, 0.0, Some(1)), expected(100, 0.0, Some(1)), expected(150, 0.5, None)];
        let played = [record(10, 0.0, Some(1)), record(110, 0.0, Some(1)), record(160, 0.5, None)];
        let verdict = judge(&wanted, &played, 10, vec![]);
        assert_eq!((verdict.expected, verdict.fired, verdict.error_frames), (3, 3, 0));
        assert_eq!(verdict.failures, Vec::<String>::new());
    }

    #[test]
    fn a_late_a_lost_and_an_extra_trigger_are_told_apart() {
        let wanted = [expected(0, 0.0, Some(1)), expected(50, 0.5, Some(2)), expected(70, 0.7, None)];
        let played = [record(0, 0.0, Some(1)), record(60, 0.6, Some(3)), record(73, 0.7, None)];
        let verdict = judge(&wanted, &played, 0, vec![]);
        assert_eq!((verdict.error_frames, verdict.script_error_frames, verdict.failures.len()), (3, 3, 3));
        for part in ["not played: kick [1] from p row 2", "3 frames off", "not expected: kick [1] from p row 3"] {
            assert!(verdict.failures.iter().any(|failure| failure.contains(part)), "{part}: {:?}", verdict.failures);
        }
    }

    #[test]
    fn callbacks_that_are_not_foretold_are_left_out() {
        let verdict = judge(
            &[expected(0, 0.0, Some(1))],
            &[record(0, 0.0, Some(1)), record(9, 0.1, None)],
            0,
            vec!["dice".into()],
        );
        assert_eq!((verdict.expected, verdict.fired, verdict.failures.len()), (1, 1, 0));
    }
}
