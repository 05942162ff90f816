//! The Desk view's other panes: layers, packets, set-up. Thread: the test's.

use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use super::Bench;
use super::desk::{bench, named, stands, text};
use crate::bus::tap::Packet;
use crate::model::{Command, DeskConfig, DeskState, DeskVerb, LinkState, MappingStatus, TestLine, Uid};

fn pane(name: &str) -> Bench {
    let mut bench = bench(None);
    bench.click(name);
    let kept = Command::SetLayout("desk.pane".into(), Some(name.into()));
    let asked = format!("{:?}", bench.obey());
    assert!(asked.contains(&format!("{kept:?}")), "{asked}");
    bench
}

fn verb(bench: &mut Bench) -> DeskVerb {
    match bench.command() {
        Command::Desk(verb) => verb,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_pane_is_kept_with_the_session() {
    let mut bench = pane("Set-up");
    assert!(bench.session.layout.get("desk.pane").is_some_and(|pane| pane == "Set-up"));
    assert!(bench.harness.query_by_label("Export desk plug-in").is_some());
    bench.keys(Modifiers::NONE, Key::F1);
    bench.keys(Modifiers::NONE, Key::F4);
    assert!(bench.harness.query_by_label("Export desk plug-in").is_some());
}

#[test]
fn a_layers_events_are_listed_as_timecode_and_told_in_full() {
    let mut bench = pane("Layers");
    assert!(bench.sees("Beam: 2 events, song main, 30 frames a second"));
    let second = "event 2 of Beam, 00:00:05:00 Go+ 2.5";
    assert!(bench.harness.query_by_label(second).is_some());
    bench.click(second);
    assert!(bench.sees("5.000000 s"));
    let problems = Arc::new(vec![(Uid(2), text("cue 2.5 is not in sequence 201"))]);
    stands(&mut bench, MappingStatus { problems, ..MappingStatus::default() });
    assert!(bench.sees("cue 2.5 is not in sequence 201"));
}

#[test]
fn a_session_without_layers_says_how_to_make_one() {
    let mut bench = Bench::new(&[]);
    bench.keys(Modifiers::NONE, Key::F4);
    bench.click("Layers");
    assert!(bench.sees("There is no layer yet."));
    assert!(bench.sees("Map a layer in Mappings"));
}

fn packet(ms: u64, out: bool, text: &str) -> Packet {
    Packet { ms, out, peer: Arc::from("10.0.0.2:8000"), bytes: 40, text: Arc::from(text), good: text != "no JSON" }
}

#[test]
fn packets_are_shown_filtered_paused_cleared_and_exported() {
    let mut bench = pane("Packets");
    let tap = bench.wires.remote.tap.clone();
    for (ms, line) in ["hello", "batch 101.1.2", "no JSON"].into_iter().enumerate() {
        tap.put(packet(ms as u64, ms % 2 == 1, line));
    }
    bench.frames(2);
    assert!(bench.sees("batch 101.1.2") && bench.sees("hello") && bench.sees("3 of 3 shown"));
    bench.click("only errors");
    assert!(bench.sees("no JSON") && !bench.sees("hello") && bench.sees("1 of 3 shown"));
    bench.click("only errors");
    bench.harness.get_by_label("Packet filter").focus();
    bench.frames(2);
    bench.letters("BATCH");
    assert!(bench.sees("batch 101.1.2") && !bench.sees("no JSON"));
    bench.click("Pause");
    tap.put(packet(9, true, "batch 5"));
    bench.frames(2);
    assert!(!bench.sees("batch 5"));
    bench.click("Go on");
    assert!(bench.sees("batch 5") && bench.sees("2 of 4 shown"));

    bench.click("Export packets");
    bench.letters("/log/desk.jsonl");
    bench.key(Key::Enter);
    let written = bench.files.text("/log/desk.jsonl");
    let lines: Vec<serde_json::Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (&lines[0]["text"], &lines[0]["out"], &lines[0]["ms"]),
        (&"batch 101.1.2".into(), &true.into(), &1.into())
    );
    bench.click("Clear packets");
    assert!(!bench.sees("batch 5"));
    // Another packet than was cleared.
    tap.put(packet(10, false, "batch 6"));
    bench.frames(2);
    assert!(bench.sees("batch 6"));
}

#[test]
fn a_written_file_is_written_over_only_when_asked_twice() {
    let mut bench = pane("Packets");
    bench.files.put("/log/old.jsonl", "old");
    bench.wires.remote.tap.put(packet(1, true, "hello"));
    bench.frames(2);
    bench.click("Export packets");
    bench.letters("/log/old.jsonl");
    bench.key(Key::Enter);
    assert_eq!(bench.files.text("/log/old.jsonl"), "old");
    assert!(bench.sees("is there already"));
    bench.key(Key::Enter);
    assert!(bench.files.text("/log/old.jsonl").contains("hello"));
    // A closed field gives the keys back.
    assert!(bench.harness.query_by_label("Packets path").is_none());
}

#[test]
fn counters_come_from_the_link_and_an_idle_wire_says_so() {
    let mut bench = pane("Packets");
    assert!(bench.sees("Nothing was sent or received"));
    let desk = DeskState { packets: [10, 9, 2, 1], loss: 0.125, rtt_ms: 4.25, ..DeskState::default() };
    bench.publish(|snapshot| snapshot.desk = Arc::new(desk));
    for part in ["10 sent", "9 received", "2 repeated", "1 refused", "loss 12.5 %", "4.2 ms"] {
        assert!(bench.sees(part), "{part}");
    }
}

#[test]
fn the_plug_in_is_written_with_its_folder_and_a_full_disk_is_told() {
    let mut bench = pane("Set-up");
    bench.click("Export desk plug-in");
    bench.letters("/full");
    bench.key(Key::Enter);
    assert!(bench.sees("no space left") && bench.harness.query_by_label("Plug-in folder").is_some());
    bench.harness.get_by_label("Plug-in folder").focus();
    bench.frames(2);
    bench.keys(Modifiers::COMMAND | Modifiers::CTRL, Key::A);
    bench.letters("/stick/plugins/");
    bench.key(Key::Enter);
    assert_eq!(bench.files.text("/stick/plugins/Tracklight/Tracklight.xml"), "<GMA3/>");
    assert_eq!(bench.files.text("/stick/plugins/Tracklight/core.lua"), "TL = {}");
    assert!(bench.sees("2 files written to /stick/plugins/Tracklight"));
    for part in ["datapools/plugins", "Import Plugin Library \"Tracklight.xml\"", "Port 8000", "port 9000"] {
        assert!(bench.sees(part), "{part}");
    }
    assert!(bench.batches().is_empty(), "nothing goes over the wire");
}

#[test]
fn the_self_test_is_asked_for_and_its_lines_have_words() {
    let mut bench = pane("Set-up");
    bench.click("Self-test");
    assert_eq!(verb(&mut bench), DeskVerb::SelfTest);
    let line = |ok, line: &str| TestLine { ok, text: text(line) };
    let test = vec![line(Some(true), "port 9000 is open"), line(Some(false), "prefix is gma2"), line(None, "plug-in")];
    let desk = DeskState { link: LinkState::Searching, test: Arc::new(test), ..DeskState::default() };
    bench.publish(|snapshot| snapshot.desk = Arc::new(desk));
    for part in ["ok     port 9000 is open", "wrong  prefix is gma2", "…      plug-in"] {
        assert!(bench.sees(part), "{part}");
    }
}

#[test]
fn a_pocket_desk_is_started_linked_to_talked_to_and_stopped() {
    let mut bench = pane("Set-up");
    bench.click("Start pocket desk");
    assert_eq!(verb(&mut bench), DeskVerb::Pocket(true));
    let lines = Arc::new((0..40).map(|line| text(&format!("track {line}"))).collect());
    let desk = DeskState { pocket: Some((7777, lines)), ..DeskState::default() };
    bench.publish(|snapshot| snapshot.desk = Arc::new(desk));
    assert!(bench.sees("127.0.0.1:7777") && bench.sees("track 39") && !bench.sees("track 3 "));
    bench.click("Link to the pocket desk");
    assert_eq!(bench.command(), Command::SetDesk(DeskConfig { on: true, port: 7777, ..DeskConfig::default() }));
    bench.harness.get_by_label("Pocket desk line").focus();
    bench.frames(2);
    bench.letters("move 101.1.1 3 12.5");
    bench.key(Key::Enter);
    assert_eq!(verb(&mut bench), DeskVerb::PocketLine("move 101.1.1 3 12.5".into()));
    bench.click("Stop pocket desk");
    assert_eq!(verb(&mut bench), DeskVerb::Pocket(false));
    assert!(bench.session.layers.contains_key(&named("Beam")));
}
