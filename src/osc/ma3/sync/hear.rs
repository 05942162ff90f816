//! What the desk answers and tells, as far as one mapping goes. Thread: osc; pure.

use std::collections::HashSet;
use std::time::Duration;

use super::super::protocol::{Busy, DeskError, ErrorCode, Message, Told, Unit, UnitDigest};
use super::seen::{Seen, Taken};
use super::{Asked, FIND_AGAIN, Now, Place, Track};

impl Track {
    /// The answer to what was asked at a time of [`Track::generation`].
    pub fn answer(&mut self, now: &Now<'_>, generation: u64, result: Result<Message, DeskError>) {
        if generation != self.generation {
            return;
        }
        let Some(asked) = self.asked.take() else { return };
        match asked {
            Asked::Tracks | Asked::Groups | Asked::Make | Asked::Prepare | Asked::Assign => {
                self.found(now, &asked, result);
            }
            Asked::Hook { with_guid } => self.hooked(now, with_guid, result),
            Asked::Events => match result {
                Ok(message) => self.content(message),
                Err(error) => self.failed_to_read(now, &error),
            },
            Asked::Cues => match result.map(|message| message.told) {
                Ok(Told::Cues { items, .. }) => {
                    self.cues = Some(items.into_iter().map(|item| item.cue).collect());
                    self.plan = None;
                }
                _ => self.cues = Some(HashSet::new()),
            },
            Asked::MakeCues => match result.map(|message| message.told) {
                Ok(Told::CuesCreated { items, .. }) => {
                    self.cues.get_or_insert_default().extend(items.into_iter().map(|item| item.cue));
                    self.cues_made();
                }
                Ok(_) => self.fail(now, "the desk answered something else"),
                Err(error) => self.refuse(now, &error),
            },
            Asked::Batch(sent) => self.batch_done(now, sent, result),
            Asked::Restore(ops) => self.restored(now, &ops, result),
        }
    }

    fn hooked(&mut self, now: &Now<'_>, with_guid: bool, result: Result<Message, DeskError>) {
        match result {
            Ok(message) => {
                let name = match &message.told {
                    Told::Hooked(content) => Some(content.name.clone()),
                    _ => None,
                };
                self.content(message);
                self.note_name(name);
            }
            Err(error) if error.code == ErrorCode::Guid && with_guid => self.is_elsewhere(&error),
            Err(error) => self.failed_to_read(now, &error),
        }
    }

    // Take a message that holds the whole unit.
    fn content(&mut self, message: Message) {
        let (Some(unit), Some(rev), Some(hash)) = (message.unit, message.rev, message.hash.as_deref()) else { return };
        let (Told::Hooked(content) | Told::Events(content)) = message.told else { return };
        if self.seen.as_ref().is_some_and(|seen| seen.unit == unit && seen.rev > rev) {
            return;
        }
        if let Some(seen) = Seen::new(unit, &message.guid, rev, hash, *content) {
            self.place = Place::At(unit);
            self.other_writer = None;
            (self.trouble, self.failures) = (None, 0);
            self.seen = Some(seen);
            self.settle_unsure();
            self.plan = None;
        }
    }

    fn failed_to_read(&mut self, now: &Now<'_>, error: &DeskError) {
        match error.code {
            ErrorCode::Epoch | ErrorCode::Lost | ErrorCode::Timeout | ErrorCode::Malformed => {}
            ErrorCode::Missing | ErrorCode::NoTrack => {
                self.begin_anew();
                self.again_at = Some(now.time + FIND_AGAIN);
                self.trouble = Some(error.message.as_str().into());
            }
            _ => self.refuse(now, error),
        }
        if self.again_at.is_none() {
            self.again_at = Some(now.time + Duration::from_millis(100));
        }
    }

    /// Something the desk told unasked. True where it was about this mapping's unit.
    pub fn notice(&mut self, message: &Message) -> bool {
        let Place::At(unit) = self.place else { return false };
        if let Told::Moved { was } = &message.told {
            if unit.track_at() != *was || self.seen.as_ref().is_some_and(|seen| seen.guid != message.guid) {
                return false;
            }
            if let Some(at) = message.track {
                self.moved_to(Unit { tc: at.tc, tg: at.tg, track: at.track, ..unit });
            }
            return true;
        }
        if message.unit != Some(unit) {
            return false;
        }
        match &message.told {
            Told::Gone { .. } => self.begin_anew(),
            Told::Changed(changed) => {
                let (Some(rev), Some(hash), Some(seen)) = (message.rev, message.hash.as_deref(), self.seen.as_mut())
                else {
                    return true;
                };
                match seen.change(rev, hash, changed) {
                    Taken::Newer => self.plan = None,
                    Taken::Old => {}
                    Taken::Gap => self.behind(),
                }
            }
            Told::Busy(busy) => self.is_busy(*busy),
            Told::Renamed { name } => self.note_name(Some(name.clone())),
            _ => {}
        }
        true
    }

    // What we have of the unit is not what the desk has: all events are asked for with the next step.
    pub(super) fn behind(&mut self) {
        if let Some(seen) = &mut self.seen {
            seen.hash.clear();
        }
    }

    fn is_busy(&mut self, busy: Busy) {
        if let Some(seen) = self.seen.as_mut().filter(|seen| seen.busy != busy) {
            seen.busy = busy;
            self.again_at = None;
        }
    }

    /// Every hooked unit as the desk has it now: finds out what no notice told.
    pub fn digest(&mut self, digest: &[UnitDigest]) {
        let (Place::At(unit), Some(seen)) = (&self.place, &self.seen) else { return };
        let Some(entry) = digest.iter().find(|entry| entry.unit == *unit) else {
            // The first digest after hooking may have been on its way already.
            self.absent += 1;
            if self.absent >= 2 && !matches!(self.asked, Some(Asked::Hook { .. })) {
                self.look_again();
            }
            return;
        };
        self.absent = 0;
        let is_newer =
            entry.rev > seen.rev || (entry.rev == seen.rev && !entry.hash.is_empty() && entry.hash != seen.hash);
        if is_newer && !seen.hash.is_empty() && !matches!(self.asked, Some(Asked::Batch(_) | Asked::Restore(_))) {
            self.behind();
        }
        if let Some(busy) = entry.busy {
            self.is_busy(busy);
        }
    }
}
