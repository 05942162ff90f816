//! Items against sessions: what differs is named, and nothing else.

use proptest::prelude::*;

use super::*;
use crate::model::{Command, ModuleKind, Row, Uid};

fn named(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn session() -> Session {
    let mut session = Session::new();
    for (uid, kind, name) in [(101, ModuleKind::MultiSampler, "kick"), (102, ModuleKind::TrackerSequencer, "seq")] {
        session.perform(&Command::AddModule { uid: Uid(uid), kind, name: named(name) }).unwrap();
    }
    session
}

#[test]
fn what_differs_is_named_as_people_say_it() {
    let (kick, volume) = (named("kick"), Param::VOLUME);
    for (command, words) in [
        (Command::Set(Path::Param { module: kick.clone(), param: volume }, 0.5), vec!["kick.volume"]),
        (Command::SetRow(named("P0"), 5, Row::Rest), vec!["P0.row[5]"]),
        (Command::SetBpm(90.0), vec!["bpm"]),
        (Command::Enable(kick.clone(), false), vec!["kick.enabled"]),
        (Command::Connect(named("seq"), kick.clone(), ConnKind::Event), vec!["seq → kick (event)"]),
        (Command::RemoveModule(kick.clone()), vec!["kick", "kick → masterAudioOut (audio)"]),
    ] {
        let mut changed = session();
        let done = changed.perform(&command).unwrap();
        let shown: Vec<String> = session().diff(&changed).iter().map(Item::to_string).collect();
        assert_eq!(shown, words, "{command:?}");
        let mut before = session();
        let mut told = vec![];
        for edit in &done.forward {
            told.extend(Item::of(edit, &before));
            before.apply(edit).unwrap();
        }
        told.sort();
        assert_eq!(told, session().diff(&changed), "{command:?}");
    }
}

proptest! {
    #[test]
    fn sessions_without_a_differing_item_are_equal(bpm in 20.0..480.0_f64, row in 1..17_u16, on in any::<bool>()) {
        let mut other = session();
        for command in [
            Command::SetBpm(bpm), Command::SetRow(named("P0"), row, Row::Rest), Command::Enable(named("kick"), on),
        ] {
            other.perform(&command).unwrap();
            prop_assert_eq!(session().diff(&other).is_empty(), session() == other);
            prop_assert_eq!(session().diff(&other), other.diff(&session()));
        }
    }
}
