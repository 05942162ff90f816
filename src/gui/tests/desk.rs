//! The Desk view: the link's head, the show lock, mappings, previews and conflicts. Thread: the test's.

use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use super::Bench;
use crate::gui::app::Keyboard;
use crate::model::{
    Choice, Command, Conflict, Counts, DeskConfig, DeskEvent, DeskInfo, DeskState, DeskVerb, LayerEvent, LinkState,
    Mapping, MappingState, MappingStatus, Name, Preview, Side, TrackName, Uid,
};

pub fn named(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub fn text(text: &str) -> Arc<str> {
    Arc::from(text)
}

/// The Desk view over a session with a layer of two events.
pub fn bench(mapping: Option<Mapping>) -> Bench {
    let mut bench = Bench::new(&[]);
    let event = |ticks, cue: &str| Some(Arc::new(LayerEvent { cue: text(cue), ..LayerEvent::at(ticks) }));
    let puts = [(Uid(1), event(1 << 24, "1")), (Uid(2), event(5 << 24, "2.5"))];
    let mut commands = vec![
        Command::AddLayer { uid: Uid(7), name: named("Beam"), song: "main".into() },
        Command::PutEvents(named("Beam"), puts.into()),
    ];
    commands.extend(mapping.map(|mapping| Command::MapLayer(named("Beam"), Some(mapping))));
    commands.push(Command::SetDesk(DeskConfig { on: true, ..DeskConfig::default() }));
    for command in &commands {
        bench.session.perform(command).unwrap();
    }
    bench.obey();
    bench.keys(Modifiers::NONE, Key::F4);
    bench.asked();
    bench
}

pub fn mapping() -> Mapping {
    Mapping::new(101, 1, TrackName::Name("BEAM".into()))
}

/// A mapping that was accepted already.
pub fn accepted() -> Bench {
    let mut bench = bench(Some(mapping()));
    bench.session.perform(&Command::AcceptMapping(named("Beam"))).unwrap();
    bench.obey();
    bench
}

/// The link is there and the mapping of the one layer stands like this.
pub fn stands(bench: &mut Bench, status: MappingStatus) {
    let desk = DeskState {
        link: LinkState::Connected,
        listening: 9000,
        rtt_ms: 3.0,
        desk: Some(Arc::new(DeskInfo {
            station: "FOH".into(),
            version: "2.3.2".into(),
            master: true,
            ..DeskInfo::default()
        })),
        mappings: [(named("Beam"), status)].into(),
        ..DeskState::default()
    };
    bench.publish(|snapshot| snapshot.desk = Arc::new(desk));
}

fn verb(bench: &mut Bench) -> DeskVerb {
    match bench.command() {
        Command::Desk(verb) => verb,
        other => panic!("{other:?}"),
    }
}

fn beam() -> Option<Name> {
    Some(named("Beam"))
}

fn enter(bench: &mut Bench, field: &str, typed: &str) {
    bench.harness.get_by_label(field).focus();
    bench.frames(2);
    bench.keys(Modifiers::COMMAND | Modifiers::CTRL, Key::A);
    bench.letters(typed);
    bench.key(Key::Enter);
}

#[test]
fn every_state_of_the_link_has_its_word_and_its_reason() {
    let mut bench = bench(None);
    for (link, word) in [
        (LinkState::Off, "off"),
        (LinkState::Searching, "searching"),
        (LinkState::Connected, "connected"),
        (LinkState::Lost, "lost"),
    ] {
        bench.publish(|snapshot| {
            snapshot.desk = Arc::new(DeskState { link, reason: text("nothing heard for 4 s"), ..DeskState::default() });
        });
        assert!(bench.harness.query_by_label(word).is_some(), "{word}");
        assert!(bench.sees("nothing heard for 4 s"));
    }
    stands(&mut bench, MappingStatus::default());
    assert!(bench.sees("FOH (grandMA3 2.3.2)") && bench.sees("listening on 9000") && bench.sees("3 ms"));
}

#[test]
fn an_address_is_kept_and_a_wrong_one_is_told_with_what_is_allowed() {
    let mut bench = bench(None);
    enter(&mut bench, "Desk's IP", "192.168.0.10");
    let on = DeskConfig { on: true, ..DeskConfig::default() };
    assert_eq!(bench.command(), Command::SetDesk(DeskConfig { ip: "192.168.0.10".into(), ..on.clone() }));
    for (field, wrong, told) in [
        ("Desk's IP", "desk", "four numbers"),
        ("Desk's port", "70000", "1 to 65535"),
        ("OSC prefix", "/gma3", "no slash"),
        ("Listening port", "x", "0 to 65535"),
    ] {
        enter(&mut bench, field, wrong);
        assert!(bench.batches().is_empty() && bench.sees(told) && bench.sees(wrong), "{field}");
    }
    enter(&mut bench, "OSC prefix", "gma3");
    assert_eq!(bench.command(), Command::SetDesk(DeskConfig { prefix: "gma3".into(), ..on.clone() }));
    assert!(!bench.sees("Not kept"));
    bench.click("Link on");
    assert_eq!(bench.command(), Command::SetDesk(DeskConfig { on: false, ..on }));
}

#[test]
fn the_show_lock_is_one_press_and_cannot_be_overlooked() {
    let mut bench = accepted();
    stands(&mut bench, MappingStatus { state: MappingState::Diverged, ..MappingStatus::default() });
    assert!(!bench.sees("SHOW LOCK"));
    bench.click("Lock the show");
    assert_eq!(bench.obey().len(), 1);
    assert!(bench.sees("SHOW LOCK: nothing is written to the desk"));
    // Nothing that writes can be pressed; reading goes on.
    bench.click("Push Beam");
    assert!(bench.batches().is_empty());
    bench.click("Pull Beam");
    assert_eq!(verb(&mut bench), DeskVerb::Pull { layer: beam(), dry: false });
    bench.click("Unlock the show");
    assert_eq!(bench.command(), Command::ArmDesk(true));
}

#[test]
fn without_a_mapping_the_view_says_what_to_do_and_the_form_does_it() {
    let mut bench = bench(None);
    assert!(bench.sees("No layer is mapped."));
    bench.click("Map layer");
    assert!(bench.batches().is_empty() && bench.sees("layer: \"\" is not a name"));
    enter(&mut bench, "New layer name", "Wash");
    bench.click("Map layer");
    assert!(bench.batches().is_empty() && bench.sees("track is a name or a number"));
    enter(&mut bench, "New mapping track", "WASH");
    bench.click("Map layer");
    let batches = bench.batches();
    let [made, tied] = &batches[0].commands[..] else { panic!("{batches:?}") };
    assert!(matches!(made, Command::AddLayer { name, song, .. } if name.as_str() == "Wash" && song == "main"));
    assert_eq!(*tied, Command::MapLayer(named("Wash"), Some(Mapping::new(101, 1, TrackName::Name("WASH".into())))));
}

#[test]
fn a_new_mapping_writes_only_after_its_preview_was_seen_and_accepted() {
    let mut bench = bench(Some(mapping()));
    stands(&mut bench, MappingStatus { state: MappingState::Diverged, ..MappingStatus::default() });
    assert!(bench.sees("only reads until its preview is accepted"));
    assert!(bench.harness.query_by_label("Push Beam").is_none());
    bench.click("Accept Beam");
    assert_eq!(verb(&mut bench), DeskVerb::Push { layer: beam(), dry: true });
    assert!(bench.sees("Asking the desk"));
    assert_eq!(bench.harness.state().keyboard(&bench.harness.ctx), Keyboard::Widget);
    bench.click("Accept preview");
    assert!(bench.batches().is_empty(), "there is nothing to accept yet");
    bench.click("Accept Beam");
    bench.asked();
    let preview = Preview {
        desk: Counts { added: 2, ..Counts::default() },
        here: Counts { deleted: 1, ..Counts::default() },
        made: vec!["track BEAM".into()],
        lines: (0..200).map(|line| Arc::from(format!("+ {line}.000 s Goto {line}"))).collect(),
    };
    let status = MappingStatus { preview: Some(Arc::new(preview)), ..MappingStatus::default() };
    stands(&mut bench, status.clone());
    for part in ["On the desk: 2 added", "Here:        0 added, 1 deleted", "track BEAM", "+ 0.000 s Goto 0"] {
        assert!(bench.sees(part), "{part}");
    }
    assert!(!bench.sees("+ 199.000 s"), "only what is in sight is drawn");
    // Esc is no yes, and the keys are the host's again.
    assert_eq!(bench.harness.state().keyboard(&bench.harness.ctx), Keyboard::Widget);
    bench.key(Key::Escape);
    bench.frames(1);
    assert!(!bench.sees("On the desk:") && bench.batches().is_empty());
    assert_eq!(bench.harness.state().keyboard(&bench.harness.ctx), Keyboard::Nobody);
    bench.click("Accept Beam");
    bench.asked();
    // By keyboard: from Cancel, which has the focus, on to Accept.
    bench.key(Key::Tab);
    bench.key(Key::Enter);
    assert_eq!(verb(&mut bench), DeskVerb::Accept(beam()));
    assert!(!bench.sees("On the desk:"));
}

#[test]
fn pushes_that_only_add_go_at_once_and_others_ask_first() {
    let mut bench = accepted();
    let drift = |added, deleted| MappingStatus {
        state: MappingState::Diverged,
        drift: Counts { added, deleted, ..Counts::default() },
        events: (2, 5),
        ..MappingStatus::default()
    };
    stands(&mut bench, drift(1, 0));
    assert!(bench.sees("not written: 1 added"));
    bench.click("Push Beam");
    assert_eq!(verb(&mut bench), DeskVerb::Push { layer: beam(), dry: false });
    stands(&mut bench, drift(0, 3));
    bench.click("Push Beam");
    assert!(bench.batches().is_empty() && bench.sees("3 deleted"));
    bench.click("Cancel");
    assert!(bench.batches().is_empty());
    bench.click("Push Beam");
    bench.click("Yes, Push");
    assert_eq!(verb(&mut bench), DeskVerb::Push { layer: beam(), dry: false });
    bench.click("Preview Beam");
    assert_eq!(verb(&mut bench), DeskVerb::Push { layer: beam(), dry: true });
    bench.click("Unmap Beam");
    assert_eq!(bench.command(), Command::MapLayer(named("Beam"), None));
}

#[test]
fn a_held_mapping_and_another_writer_are_decided_by_a_person() {
    let mut bench = accepted();
    let status = MappingStatus {
        state: MappingState::Held,
        reason: text("another show is loaded"),
        events: (2, 9),
        writer: Some(text("Backup")),
        ..MappingStatus::default()
    };
    stands(&mut bench, status);
    assert!(bench.sees("held") && bench.sees("another show is loaded; written by Backup"));
    for (button, choice) in [("Merge Beam", Choice::Merge), ("Leave Beam", Choice::Leave)] {
        bench.click(button);
        assert_eq!(verb(&mut bench), DeskVerb::Choose(beam(), choice));
    }
    bench.click("Take theirs Beam");
    assert!(bench.batches().is_empty() && bench.sees("The 2 events of Beam here are replaced by the desk's 9"));
    bench.click("Yes, Take theirs");
    assert_eq!(verb(&mut bench), DeskVerb::Choose(beam(), Choice::TakeTheirs));
    bench.click("Push ours Beam");
    assert!(bench.batches().is_empty(), "Backup writes: take over first");
    bench.click("Take over Beam");
    assert!(bench.sees("Backup writes 101.1.BEAM now"));
    bench.click("Yes, Take over");
    assert_eq!(verb(&mut bench), DeskVerb::TakeOver(beam()));
}

#[test]
fn conflicts_stand_side_by_side_and_each_or_all_are_resolved() {
    let mut bench = accepted();
    let event = |cue: &str| DeskEvent::from_layer(&LayerEvent { cue: text(cue), ..LayerEvent::at(1 << 24) }, 0);
    let conflict = |key, cue: &str| Conflict {
        key,
        uid: Uid(key),
        base: Some(event("1")),
        ours: Some(event(cue)),
        theirs: (key == 11).then(|| event("4")),
    };
    let conflicts = Arc::new(vec![conflict(11, "3.5"), conflict(12, "9")]);
    stands(&mut bench, MappingStatus { state: MappingState::Diverged, conflicts, ..MappingStatus::default() });
    assert!(bench.sees("Mappings") && bench.sees("2 conflicts"));
    bench.click("Conflicts Beam");
    for part in ["≠ 3.5", "≠ 4", "00:00:01:00"] {
        assert!(bench.sees(part), "{part}");
    }
    let resolve = |key, side| DeskVerb::Resolve { layer: named("Beam"), key, side };
    for (side, word) in [(Side::Ours, "Ours"), (Side::Theirs, "Theirs"), (Side::Both, "Both")] {
        bench.click(&format!("{word} for conflict 1"));
        assert_eq!(verb(&mut bench), resolve(Some(11), side));
        bench.click(&format!("{word} for all"));
        assert_eq!(verb(&mut bench), resolve(None, side));
    }
    stands(&mut bench, MappingStatus { state: MappingState::Synced, ..MappingStatus::default() });
    assert!(bench.sees("Beam has no conflicts left"));
    bench.click("Close conflicts");
    assert!(!bench.sees("no conflicts left"));
}

#[test]
fn busy_and_broken_mappings_say_so_and_long_reasons_stay_inside() {
    let mut bench = accepted();
    let long = "the sequence is locked by another user ".repeat(6);
    for (state, word) in [
        (MappingState::Pending, "pending"),
        (MappingState::Waiting, "waiting"),
        (MappingState::Error, "error"),
        (MappingState::Synced, "synced"),
        (MappingState::Unmapped, "unmapped"),
    ] {
        stands(&mut bench, MappingStatus { state, reason: text(&long), ..MappingStatus::default() });
        assert!(bench.harness.query_by_label(word).is_some(), "{word}");
        for button in ["Lock the show", "Push Beam", "Unmap Beam", "Packets"] {
            let rect = bench.harness.get_by_label(button).rect();
            assert!(rect.right() <= 1000.0 && rect.bottom() <= 700.0, "{button} is at {rect:?}");
        }
    }
    // In full where it is asked for.
    bench.click("mapping Beam");
    assert!(bench.sees(long.trim()));
    bench.click("Restore backup Beam");
    bench.click("Yes, Restore backup");
    assert_eq!(verb(&mut bench), DeskVerb::Restore(named("Beam")));
}

#[test]
fn in_the_smallest_window_a_detail_stands_in_place_of_the_table() {
    let mut bench = accepted();
    bench.session.perform(&Command::ArmDesk(false)).unwrap();
    bench.obey();
    bench.harness.set_size(egui::vec2(640.0, 420.0));
    stands(&mut bench, MappingStatus { state: MappingState::Diverged, ..MappingStatus::default() });
    bench.click("Preview Beam");
    bench.asked();
    bench.frames(2);
    let rect = bench.harness.get_by_label("Cancel preview").rect();
    assert!(rect.top() > 100.0 && rect.bottom() < 380.0, "{rect:?}");
    bench.key(Key::Escape);
    bench.frames(1);
    let rect = bench.harness.get_by_label("Preview Beam").rect();
    assert!(rect.bottom() < 380.0, "{rect:?}");
}

#[test]
fn a_line_whose_detail_opens_over_it_comes_into_sight() {
    let mut bench = bench(None);
    for number in 0..30_u64 {
        let name = named(&format!("L{number:02}"));
        let song = "main".to_owned();
        bench.session.perform(&Command::AddLayer { uid: Uid(100 + number), name: name.clone(), song }).unwrap();
        let track = TrackName::Number(number as u32 + 1);
        bench.session.perform(&Command::MapLayer(name, Some(Mapping::new(101, 1, track)))).unwrap();
    }
    bench.obey();
    bench.click("mapping L07");
    bench.frames(30);
    let rect = bench.harness.get_by_label("mapping L07").rect();
    let detail = bench.harness.get_by_label("Close detail").rect();
    assert!(rect.bottom() < detail.top(), "{rect:?} {detail:?}");
    assert!(bench.harness.query_by_label("mapping L29").is_none(), "only what is in sight is drawn");
}

#[test]
fn direction_and_policy_are_chosen_in_the_table() {
    let mut bench = accepted();
    stands(&mut bench, MappingStatus::default());
    bench.click("direction of Beam");
    bench.click("manual");
    match bench.command() {
        Command::MapLayer(name, Some(mapping)) => {
            assert_eq!((name, mapping.direction.name(), mapping.policy.name()), (named("Beam"), "manual", "ask"));
        }
        other => panic!("{other:?}"),
    }
}
