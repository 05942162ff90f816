//! What a person can do to a mapping as it stands, and why something cannot be done now. Thread: any. Pure.

use crate::model::{
    Choice, DeskConfig, DeskState, DeskVerb, Direction, LinkState, Mapping, MappingState, MappingStatus, Name,
};

/// One thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Look at what would be written, then accept it.
    Accept,
    /// Look at what would be written.
    Preview,
    /// Send what is here.
    Push,
    /// Take what the desk has.
    Pull,
    /// Look at what both sides changed.
    Conflicts,
    /// Become the writer.
    TakeOver,
    /// What becomes of a held mapping.
    Choose(Choice),
    /// Put back what the last push replaced.
    Restore,
    /// Untie the layer from the track.
    Unmap,
}

impl Act {
    /// What its button says.
    pub fn text(self) -> &'static str {
        match self {
            Self::Accept => "Accept…",
            Self::Preview => "Preview",
            Self::Push => "Push",
            Self::Pull => "Pull",
            Self::Conflicts => "Conflicts",
            Self::TakeOver => "Take over",
            Self::Choose(Choice::PushOurs) => "Push ours",
            Self::Choose(Choice::TakeTheirs) => "Take theirs",
            Self::Choose(Choice::Merge) => "Merge",
            Self::Choose(Choice::Leave) => "Leave",
            Self::Restore => "Restore backup",
            Self::Unmap => "Unmap",
        }
    }

    /// One sentence about it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Accept => "See what will be written first; nothing is written before that",
            Self::Preview => "Show what would be written, and write nothing",
            Self::Push => "Send what is here to the desk now",
            Self::Pull => "Take what the desk has now",
            Self::Conflicts => "Events that both sides changed",
            Self::TakeOver => "Become the writer of this track in place of the other",
            Self::Choose(Choice::PushOurs) => "The desk becomes as it is here",
            Self::Choose(Choice::TakeTheirs) => "It becomes here as the desk is",
            Self::Choose(Choice::Merge) => "Put both together",
            Self::Choose(Choice::Leave) => "Leave both sides as they are; it stays held",
            Self::Restore => "Put back on the desk what the last push or choice replaced",
            Self::Unmap => "Untie the layer from the track; events stay on both sides",
        }
    }
}

/// What can be done, in the order of the buttons.
pub fn acts(mapping: &Mapping, status: &MappingStatus) -> Vec<Act> {
    let mut all = vec![];
    if status.state == MappingState::Held {
        all.extend([Choice::PushOurs, Choice::TakeTheirs, Choice::Merge, Choice::Leave].map(Act::Choose));
        all.push(Act::Preview);
    } else if mapping.accepted {
        all.extend([Act::Push, Act::Pull, Act::Preview]);
    } else {
        all.push(Act::Accept);
    }
    if !status.conflicts.is_empty() {
        all.push(Act::Conflicts);
    }
    if status.writer.is_some() {
        all.push(Act::TakeOver);
    }
    all.push(Act::Unmap);
    all
}

/// Why it cannot be done now.
pub fn why_not(
    act: Act,
    mapping: &Mapping,
    status: &MappingStatus,
    desk: &DeskState,
    config: &DeskConfig,
) -> Option<String> {
    let talks = matches!(act, Act::Conflicts | Act::Unmap | Act::Accept | Act::Choose(Choice::Leave));
    if !talks && desk.link != LinkState::Connected {
        return Some("The desk is not connected".into());
    }
    let writes = matches!(act, Act::Push | Act::Choose(Choice::PushOurs) | Act::Restore);
    match act {
        _ if writes && !config.armed => Some("The show lock is on: nothing is written to the desk".into()),
        Act::Push if mapping.direction == Direction::FromDesk => {
            Some("This mapping only reads the desk: its direction is fromDesk".into())
        }
        Act::Pull if mapping.direction == Direction::ToDesk => {
            Some("This mapping only writes to the desk: its direction is toDesk".into())
        }
        _ if writes => status.writer.as_ref().map(|writer| format!("{writer} writes this track: take over first")),
        _ => None,
    }
}

/// What is asked of the link for an act on a layer; `None` for what the view does itself.
pub fn verb(act: Act, layer: &Name, mapping: &Mapping) -> Option<DeskVerb> {
    let one = || Some(layer.clone());
    match act {
        Act::Accept | Act::Preview => Some(match mapping.direction {
            Direction::FromDesk => DeskVerb::Pull { layer: one(), dry: true },
            _ => DeskVerb::Push { layer: one(), dry: true },
        }),
        Act::Push => Some(DeskVerb::Push { layer: one(), dry: false }),
        Act::Pull => Some(DeskVerb::Pull { layer: one(), dry: false }),
        Act::TakeOver => Some(DeskVerb::TakeOver(one())),
        Act::Choose(choice) => Some(DeskVerb::Choose(one(), choice)),
        Act::Restore => Some(DeskVerb::Restore(layer.clone())),
        Act::Conflicts | Act::Unmap => None,
    }
}

/// The question to ask before it is done; `None` where it is done at once.
pub fn question(act: Act, layer: &Name, mapping: &Mapping, status: &MappingStatus) -> Option<String> {
    let (here, there) = status.events;
    let lossy = status.drift.deleted + status.drift.changed > 0 || !status.conflicts.is_empty();
    let track = mapping_place(mapping);
    match act {
        Act::Push if lossy => Some(format!(
            "Push {layer}: the desk's {there} events on {track} become the {here} from here. What differs: {}.",
            status.drift
        )),
        Act::Pull if lossy => Some(format!(
            "Pull {layer}: the {here} events here become the desk's {there}. What differs: {}.",
            status.drift
        )),
        Act::Choose(Choice::PushOurs) => Some(format!(
            "The desk's {there} events on {track} become the {here} of {layer}. A backup of the desk's is kept."
        )),
        Act::Choose(Choice::TakeTheirs) => {
            Some(format!("The {here} events of {layer} here are replaced by the desk's {there}."))
        }
        Act::TakeOver => {
            let writer = status.writer.as_deref().unwrap_or("Somebody else");
            Some(format!("{writer} writes {track} now. From then on only this instance does."))
        }
        Act::Restore => {
            Some(format!("The desk's events on {track} become what the last push or choice of ours replaced."))
        }
        _ => None,
    }
}

/// A mapping's track in short: `101.1.BEAM`; range and sub-track where they are not the first.
pub fn mapping_place(mapping: &Mapping) -> String {
    let deeper = if (mapping.range, mapping.sub) == (1, 1) {
        String::new()
    } else {
        format!(".{}.{}", mapping.range, mapping.sub)
    };
    format!("{}.{}.{}{deeper}", mapping.tc, mapping.tg, mapping.track)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Counts, TrackName};

    fn mapping(accepted: bool, direction: Direction) -> Mapping {
        Mapping { accepted, direction, ..Mapping::new(101, 1, TrackName::Name("BEAM".into())) }
    }

    #[test]
    fn a_new_mapping_is_looked_at_before_it_can_be_pushed() {
        let status = MappingStatus::default();
        assert_eq!(acts(&mapping(false, Direction::Both), &status), [Act::Accept, Act::Unmap]);
        let accepted = acts(&mapping(true, Direction::Both), &status);
        assert_eq!(accepted, [Act::Push, Act::Pull, Act::Preview, Act::Unmap]);
    }

    #[test]
    fn a_held_mapping_offers_the_four_choices_and_a_foreign_writer_can_be_relieved() {
        let status = MappingStatus {
            state: MappingState::Held,
            writer: Some("Backup".into()),
            events: (12, 15),
            ..MappingStatus::default()
        };
        let all = acts(&mapping(true, Direction::Both), &status);
        for choice in [Choice::PushOurs, Choice::TakeTheirs, Choice::Merge, Choice::Leave] {
            assert!(all.contains(&Act::Choose(choice)), "{choice:?}");
        }
        assert!(all.contains(&Act::TakeOver) && !all.contains(&Act::Push));
        let layer = Name::new("Beam").unwrap();
        let asked = question(Act::Choose(Choice::PushOurs), &layer, &mapping(true, Direction::Both), &status);
        assert!(asked.is_some_and(|text| text.contains("15 events on 101.1.BEAM become the 12")));
    }

    #[test]
    fn nothing_that_writes_goes_through_the_show_lock_or_past_another_writer() {
        let connected = DeskState { link: LinkState::Connected, ..DeskState::default() };
        let (open, locked) = (DeskConfig::default(), DeskConfig { armed: false, ..DeskConfig::default() });
        let both = mapping(true, Direction::Both);
        let free = MappingStatus::default();
        let taken = MappingStatus { writer: Some("Backup".into()), ..MappingStatus::default() };
        for act in [Act::Push, Act::Choose(Choice::PushOurs), Act::Restore] {
            assert_eq!(why_not(act, &both, &free, &connected, &open), None, "{act:?}");
            assert!(why_not(act, &both, &free, &connected, &locked).is_some_and(|why| why.contains("show lock")));
            assert!(why_not(act, &both, &taken, &connected, &open).is_some_and(|why| why.contains("Backup")));
            assert!(why_not(act, &both, &free, &DeskState::default(), &open).is_some());
        }
        for act in [Act::Pull, Act::Preview, Act::Choose(Choice::TakeTheirs), Act::Unmap] {
            assert_eq!(why_not(act, &both, &taken, &connected, &locked), None, "{act:?}");
        }
        let reads = mapping(true, Direction::FromDesk);
        assert!(why_not(Act::Push, &reads, &free, &connected, &open).is_some_and(|why| why.contains("fromDesk")));
        let layer = Name::new("Beam").unwrap();
        assert_eq!(verb(Act::Preview, &layer, &reads), Some(DeskVerb::Pull { layer: Some(layer.clone()), dry: true }));
    }

    #[test]
    fn what_deletes_is_asked_about_and_what_only_adds_is_not() {
        let layer = Name::new("Beam").unwrap();
        let drift = |added, deleted| MappingStatus {
            drift: Counts { added, deleted, ..Counts::default() },
            ..MappingStatus::default()
        };
        let both = mapping(true, Direction::Both);
        assert_eq!(question(Act::Push, &layer, &both, &drift(3, 0)), None);
        assert!(question(Act::Push, &layer, &both, &drift(0, 2)).is_some_and(|text| text.contains("2 deleted")));
    }
}
