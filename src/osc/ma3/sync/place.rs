//! Finds the track of a mapping on the desk, follows it when it moves, and makes what is missing. Thread: osc; pure.
//!
//! The Guid of the last agreement comes first, so that a renamed or moved track is still the same; then the number or name
//! that the mapping gives. A name that two tracks have is nobody's (F29); a track that was there and is gone is never made
//! again by itself (F28).

use std::sync::Arc;

use super::super::protocol::{DeskError, ErrorCode, GroupItem, Message, Request, Told, TrackAt, TrackItem, Unit};
use super::{Asked, BUSY_AGAIN, FIND_AGAIN, Now, Track, Wants};
use crate::model::TrackName;

/// Where a mapping's unit is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Not looked for yet.
    Unknown,
    /// Looked for where its timecode or group is missing: how many groups there are is to be asked.
    NoGroup,
    /// There: to be hooked at these numbers.
    At(Unit),
    /// Something is missing, and may be made.
    Missing {
        /// What, in the words of the preview.
        made: Vec<String>,
        /// The track that only lacks its range and sub-track, and whether it needs its sequence first.
        prepare: Option<(TrackAt, bool)>,
    },
    /// Only a person can mend this.
    Wrong(Arc<str>),
}

impl Track {
    fn guid(&self) -> Option<String> {
        self.known.as_ref().map(|agreed| agreed.guid.clone()).filter(|guid| !guid.is_empty())
    }

    /// Ask what is needed to find the unit.
    pub(super) fn find(&mut self, now: &Now<'_>, wants: &mut Wants) {
        let (tc, tg) = (self.mapping.tc, self.mapping.tg);
        match &self.place {
            Place::At(_) => {}
            Place::Unknown => self.ask(wants, Asked::Tracks, Request::GetTracks { tc, tg }),
            Place::NoGroup => self.ask(wants, Asked::Groups, Request::GetTrackGroups { tc }),
            Place::Missing { prepare, .. } if self.may_write() => match *prepare {
                None => self.make(wants),
                Some((at, true)) => {
                    let sequence = self.mapping.sequence.unwrap_or_default();
                    self.ask(wants, Asked::Assign, Request::AssignTrackSequence { at, sequence, guid: None });
                }
                Some((at, false)) => {
                    self.ask(wants, Asked::Prepare, Request::PrepareTrackForEvents { at, guid: None });
                }
            },
            // Somebody may put it right over there.
            Place::Missing { .. } | Place::Wrong(_) => match self.find_at {
                Some(at) if at <= now.time => {
                    self.find_at = None;
                    self.ask(wants, Asked::Tracks, Request::GetTracks { tc, tg });
                }
                Some(_) => {}
                None => self.find_at = Some(now.time + FIND_AGAIN),
            },
        }
    }

    fn make(&mut self, wants: &mut Wants) {
        let (Some(sequence), TrackName::Name(name)) = (self.mapping.sequence, &self.mapping.track) else { return };
        let request = Request::CreateTrack {
            tc: self.mapping.tc,
            tg: Some(self.mapping.tg),
            name: name.clone(),
            sequence,
            guid: None,
            // The mark by which a repeat after a lost answer finds what it made.
            note: Some(format!("tracklight:{:016x}", self.layer.uid.0)),
        };
        self.ask(wants, Asked::Make, request);
    }

    pub(super) fn ask(&mut self, wants: &mut Wants, asked: Asked, request: Request) {
        self.asked = Some(asked);
        wants.request = Some(request);
    }

    /// The answer to a question about the place.
    pub(super) fn found(&mut self, now: &Now<'_>, asked: &Asked, result: Result<Message, DeskError>) {
        let message = match result {
            Ok(message) => message,
            Err(error) => return self.not_found(now, asked, &error),
        };
        let unit = message.unit;
        match message.told {
            Told::Tracks { items, .. } => self.choose_track(&items),
            Told::TrackGroups { items, .. } => self.missing_group(&items),
            Told::TrackCreated(_) | Told::TrackPrepared(_) if unit.is_some() => {
                self.place = unit.map_or(Place::Unknown, Place::At);
            }
            // Look again what there is now.
            _ => self.place = Place::Unknown,
        }
    }

    fn not_found(&mut self, now: &Now<'_>, asked: &Asked, error: &DeskError) {
        match (asked, error.code) {
            (_, ErrorCode::Epoch | ErrorCode::Lost | ErrorCode::Timeout | ErrorCode::Malformed) => {
                self.place = Place::Unknown;
            }
            (_, ErrorCode::Busy | ErrorCode::Locked) => {
                self.trouble = Some(error.message.as_str().into());
                self.again_at = Some(now.time + BUSY_AGAIN);
            }
            (Asked::Tracks, ErrorCode::Missing | ErrorCode::NoTrack) => self.place = Place::NoGroup,
            (Asked::Groups, ErrorCode::Missing | ErrorCode::NoTrack) => self.missing_group(&[]),
            _ => self.wrong(error.message.clone()),
        }
    }

    pub(super) fn wrong(&mut self, text: String) {
        self.place = Place::Wrong(text.into());
    }

    fn missing_group(&mut self, groups: &[GroupItem]) {
        let (tc, tg) = (self.mapping.tc, self.mapping.tg);
        let there = u32::try_from(groups.len()).unwrap_or(u32::MAX);
        let mut made = vec![];
        if there == 0 {
            made.push(format!("timecode {tc}"));
        }
        if tg > there + 1 {
            return self.wrong(format!("timecode {tc} has {there} track groups: group {tg} is not the next one"));
        }
        if tg > there {
            made.push(format!("track group {tg}"));
        }
        self.missing_track(made);
    }

    fn missing_track(&mut self, made: Vec<String>) {
        self.place = match self.may_be_made(made) {
            Ok(made) => Place::Missing { made, prepare: None },
            Err(why) => Place::Wrong(why.into()),
        };
    }

    // What would be made, or why nothing is.
    fn may_be_made(&self, mut made: Vec<String>) -> Result<Vec<String>, String> {
        let mapping = &self.mapping;
        let there = format!("timecode {}, track group {}", mapping.tc, mapping.tg);
        if self.known.is_some() {
            return Err(format!("the track is gone from the desk ({there}); the layer is kept"));
        }
        let TrackName::Name(name) = &mapping.track else {
            return Err(format!("{there} has no track {}", mapping.track));
        };
        if !mapping.create {
            return Err(format!("{there} has no track \"{name}\"; with create it would be made"));
        }
        if (mapping.range, mapping.sub) != (1, 1) {
            return Err("a new track has one range and one sub-track: range and sub are 1".into());
        }
        let sequence =
            mapping.sequence.ok_or_else(|| format!("to make the track \"{name}\" its sequence must be named"))?;
        made.push(format!("track \"{name}\" with sequence {sequence}"));
        Ok(made)
    }

    fn choose_track(&mut self, items: &[TrackItem]) {
        let same_guid = |item: &&TrackItem| self.guid().is_some_and(|guid| guid.eq_ignore_ascii_case(&item.guid));
        let mut named = items.iter().filter(|item| match &self.mapping.track {
            TrackName::Number(number) => item.track == *number,
            TrackName::Name(name) => item.name == *name,
        });
        let item = match (items.iter().find(same_guid), named.next(), named.next()) {
            (Some(item), ..) | (None, Some(item), None) => item,
            (None, Some(_), Some(_)) => {
                let text = format!("several tracks are called \"{}\": map the layer by number", self.mapping.track);
                return self.wrong(text);
            }
            // It may have gone to another group: the desk finds it by its Guid.
            (None, None, _) if self.guid().is_some() && !self.looked_by_guid && !items.is_empty() => {
                self.looked_by_guid = true;
                self.place = Place::At(self.unit_of(1));
                return;
            }
            (None, None, _) => return self.missing_track(vec![]),
        };
        self.take_item(item);
    }

    fn unit_of(&self, track: u32) -> Unit {
        Unit::new(self.mapping.tc, self.mapping.tg, track, self.mapping.range, self.mapping.sub)
    }

    fn take_item(&mut self, item: &TrackItem) {
        let unit = self.unit_of(item.track);
        let subs = item.ranges.iter().find(|range| range.range == unit.range).map(|range| range.subs);
        if subs.is_some_and(|subs| subs >= unit.sub) {
            self.place = Place::At(unit);
            return;
        }
        let name = format!("track {} \"{}\"", unit.track_at(), item.name);
        if (unit.range, unit.sub) != (1, 1) {
            return self.wrong(format!("{name} has no range {} with a sub-track {}", unit.range, unit.sub));
        }
        let mut made = vec![];
        match (item.target, self.mapping.sequence) {
            (0, None) => return self.wrong(format!("{name} runs no sequence: name one")),
            (0, Some(sequence)) => made.push(format!("sequence {sequence} for {name}")),
            _ => {}
        }
        made.push(format!("range and sub-track of {name}"));
        self.place = Place::Missing { made, prepare: Some((unit.track_at(), item.target == 0)) };
    }

    /// Another track has the numbers: go where the one that is meant is, or look at the one that is there.
    pub(super) fn is_elsewhere(&mut self, error: &DeskError) {
        match error.found {
            Some(at) => self.place = Place::At(Unit { tc: at.tc, tg: at.tg, track: at.track, ..self.unit_of(1) }),
            None if self.looked_by_guid => self.missing_track(vec![]),
            None => self.without_guid = true,
        }
    }

    /// The track has other numbers from now on.
    pub(super) fn moved_to(&mut self, unit: Unit) {
        self.place = Place::At(unit);
        if let Some(seen) = &mut self.seen {
            // The hash does not speak of the track's numbers.
            seen.unit = unit;
        }
    }

    /// Hook the unit.
    pub(super) fn hook(&mut self, unit: Unit, wants: &mut Wants) {
        let guid = self.guid().filter(|_| !self.without_guid);
        self.ask(wants, Asked::Hook { with_guid: guid.is_some() }, Request::Hook { unit, guid });
    }

    /// The track's name on the desk, where it is not the one that the mapping gives.
    pub(super) fn note_name(&mut self, name: Option<String>) {
        let (Some(name), Some(seen)) = (name, self.seen.as_mut()) else { return };
        seen.name = name;
    }
}
