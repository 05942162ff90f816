//! The parts of an event that are decided as one, and the merge of two versions part by part. Thread: any.

use super::{BasePair, Direction};
use crate::osc::ma3::event::{DeskEvent, Fields, TICKS_PER_SECOND};

/// Times of both sides not further apart than a frame at 24 per second are one time that the desk rounded.
pub(super) const ROUNDED: u64 = TICKS_PER_SECOND.unsigned_abs() / 24;

/// Each is taken from one side, whole.
const PARTS: [Fields; 5] = [Fields::TIME, ACTION, Fields::CMD, Fields::NAME, Fields::NOTE];
/// What the event does: a token with the cue of the other side is nobody's wish.
const ACTION: Fields = Fields::TOKEN.with(Fields::CUE);

/// Who wins a part that both changed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    Nobody,
    Ours,
    Theirs,
}

/// What each side has when the versions are merged. They differ only where they knowingly did before.
pub(super) struct Versions {
    pub ours: DeskEvent,
    pub desk: DeskEvent,
    /// Whether an edit of the side that does not lead was overwritten.
    pub overwritten: bool,
}

/// Whether we changed it since it was agreed on.
pub(super) fn ours_changed(pair: &BasePair, ours: &DeskEvent) -> bool {
    *ours != pair.event && *ours != *pair.ours()
}

/// Whether the desk changed it since it was agreed on; a time that it rounded late is no edit.
pub(super) fn theirs_changed(pair: &BasePair, theirs: &DeskEvent) -> bool {
    !pair.event.same_content(theirs) || pair.event.ticks.abs_diff(theirs.ticks) > ROUNDED
}

/// Merge two versions of one event, or nothing if both changed a part and nobody wins.
pub(super) fn merged(
    pair: &BasePair,
    ours: &DeskEvent,
    theirs: &DeskEvent,
    direction: Direction,
    rule: Rule,
) -> Option<Versions> {
    let mut result = Versions { ours: ours.clone(), desk: theirs.clone(), overwritten: false };
    let apart = Fields::between(ours, theirs);
    if apart.is_empty() {
        return Some(result);
    }
    let by_us = Fields::between(ours, &pair.event);
    let by_us_too = Fields::between(ours, pair.ours());
    let by_them = Fields::between(theirs, &pair.event);
    for part in PARTS {
        if !apart.touches(part) {
            continue;
        }
        let we = pair.open || (by_us.touches(part) && by_us_too.touches(part));
        let they = pair.open || by_them.touches(part);
        if !we && !they {
            continue;
        }
        let rounded = part == Fields::TIME && ours.ticks.abs_diff(theirs.ticks) <= ROUNDED;
        let ours_wins = match direction {
            Direction::ToDesk => true,
            Direction::FromDesk => false,
            Direction::Both if we != they => we,
            Direction::Both if rounded => false,
            Direction::Both => match rule {
                Rule::Nobody => return None,
                Rule::Ours => true,
                Rule::Theirs => false,
            },
        };
        result.overwritten |= match direction {
            Direction::ToDesk => they,
            Direction::FromDesk => we,
            Direction::Both => false,
        };
        if ours_wins { copy(part, ours, &mut result.desk) } else { copy(part, theirs, &mut result.ours) }
    }
    Some(result)
}

/// Copy one part.
fn copy(part: Fields, from: &DeskEvent, to: &mut DeskEvent) {
    match part {
        Fields::TIME => to.ticks = from.ticks,
        Fields::CMD => to.cmd = from.cmd.clone(),
        Fields::NAME => to.name = from.name.clone(),
        Fields::NOTE => to.note = from.note.clone(),
        _ => {
            to.token = from.token.clone();
            to.cue = from.cue.clone();
        }
    }
}
