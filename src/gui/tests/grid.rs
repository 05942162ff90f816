//! The pattern grid under the keyboard. Thread: the test's.

use egui::{Event, Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};

use super::Bench;
use crate::model::{Ask, Column, Command, Hit, Name, Param, Path, Row};

fn path(row: u16, column: Column) -> Path {
    Path::Row { pattern: Name::new("beat").expect("a name"), row, column }
}

fn volume() -> Column {
    Column::Param(Param::VOLUME)
}

#[test]
fn typing_a_number_and_enter_sets_the_cell() {
    let mut bench = Bench::with_grid();
    bench.click("row 3 index");
    bench.letters("12");
    assert_eq!(bench.value("row 3 index"), "12");
    assert_eq!(bench.batches(), []);
    bench.key(Key::Enter);
    assert_eq!(bench.command(), Command::Set(path(3, Column::Index), 12.0));
}

/// proves: E1
#[test]
fn an_edit_shows_once_the_engine_has_done_it() {
    let mut bench = Bench::with_grid();
    bench.click("row 3 index");
    bench.letters("4");
    bench.key(Key::Enter);
    assert_eq!(bench.value("row 3 index"), "--");
    bench.obey();
    assert_eq!(bench.value("row 3 index"), "4");
}

#[test]
fn an_operator_after_enter_works_on_the_present_value() {
    for (typed, result) in [("*2", 1.0), ("+0.1", 0.6), ("-0.1", 0.4), ("0.7", 0.7)] {
        let mut bench = Bench::with_grid();
        bench.click("row 1 volume");
        bench.key(Key::Enter);
        bench.letters(typed);
        bench.key(Key::Enter);
        assert_eq!(bench.command(), Command::Set(path(1, volume()), result), "{typed}");
    }
}

#[test]
fn escape_gives_the_old_value_back() {
    let mut bench = Bench::with_grid();
    bench.click("row 1 volume");
    bench.letters("1.5");
    assert_eq!(bench.value("row 1 volume"), "1.5");
    bench.key(Key::Escape);
    assert_eq!(bench.value("row 1 volume"), "0.5");
    bench.key(Key::ArrowDown);
    assert_eq!(bench.batches(), []);
}

#[test]
fn moving_on_keeps_what_was_typed() {
    let mut bench = Bench::with_grid();
    bench.click("row 2 index");
    bench.letters("3");
    bench.key(Key::Tab);
    assert_eq!(bench.command(), Command::Set(path(2, Column::Index), 3.0));
    bench.letters("8");
    bench.key(Key::ArrowRight);
    assert_eq!(bench.command(), Command::Set(path(2, Column::Length), 8.0));
    assert!(bench.harness.get_by_label("row 2 volume").accesskit_node().is_selected() == Some(true));
}

#[test]
fn nought_is_a_rest_and_backspace_clears() {
    let mut bench = Bench::with_grid();
    bench.click("row 7 index");
    bench.letters("0");
    bench.key(Key::Enter);
    assert_eq!(bench.command(), Command::SetRow(Name::new("beat").expect("a name"), 7, Row::Rest));
    bench.click("row 1 length");
    bench.key(Key::Backspace);
    assert_eq!(bench.command(), Command::Unset(path(1, Column::Length)));
    assert_eq!(bench.value("row 5 index"), "rest");
}

#[test]
fn a_value_that_cannot_be_is_said_and_nothing_is_sent() {
    let mut bench = Bench::with_grid();
    bench.click("row 1 length");
    bench.letters("99");
    bench.key(Key::Enter);
    assert_eq!(bench.batches(), []);
    assert!(bench.sees("1 to 64 rows"));
    assert_eq!(bench.value("row 1 length"), "2");
}

#[test]
fn the_row_that_plays_moves_with_the_position() {
    let mut bench = Bench::with_grid();
    let plays = |bench: &Bench, row: u16| {
        bench.harness.get_by_label(&format!("row {row}")).accesskit_node().is_selected() == Some(true)
    };
    bench.play_at(0.5);
    assert!(plays(&bench, 3) && !plays(&bench, 4));
    bench.play_at(4.75);
    assert!(plays(&bench, 4) && !plays(&bench, 3));
}

#[test]
fn a_long_pattern_scrolls_to_the_row_that_plays_unless_the_keyboard_is_in_it() {
    let mut bench = Bench::with_grid();
    bench.session.perform(&Command::SetSteps(Name::new("beat").expect("a name"), 200)).expect("200 rows");
    bench.obey();
    assert!(bench.harness.query_by_label("row 150 index").is_none());
    bench.play_at(37.25);
    bench.frames(3);
    assert!(bench.harness.query_by_label("row 150 index").is_some());
    bench.click("row 150 index");
    bench.play_at(0.0);
    bench.frames(3);
    assert!(bench.harness.query_by_label("row 150 index").is_some());
}

#[test]
fn a_row_is_copied_whole_and_pasted() {
    let mut bench = Bench::with_grid();
    bench.click("row 1");
    let heard = bench.batches();
    assert!(
        matches!(&heard[0].commands[..], [Command::Trigger(shot)] if shot.module == "kick" && shot.gate == Some(0.5))
    );
    bench.harness.event(Event::Copy);
    bench.frames(1);
    bench.key(Key::ArrowDown);
    bench.harness.event(Event::Paste("2\t2\t0.5".into()));
    bench.frames(1);
    let hit = Hit { index: 2, length: Some(2), params: [(Param::VOLUME, 0.5)].into(), ..Hit::default() };
    assert_eq!(bench.command(), Command::SetRow(Name::new("beat").expect("a name"), 2, Row::Hit(hit)));
}

#[test]
fn a_cell_is_pasted_as_its_text() {
    let mut bench = Bench::with_grid();
    bench.click("row 9 volume");
    bench.harness.event(Event::Paste("0.25".into()));
    bench.frames(1);
    assert_eq!(bench.command(), Command::Set(path(9, volume()), 0.25));
}

#[test]
fn several_rows_are_cleared_as_one_step() {
    let mut bench = Bench::with_grid();
    bench.click("row 1");
    bench.asked();
    for _ in 0..4 {
        bench.keys(Modifiers::SHIFT, Key::ArrowDown);
    }
    bench.key(Key::Delete);
    let batches = bench.batches();
    assert_eq!(batches.iter().map(|batch| batch.commands.len()).collect::<Vec<_>>(), [2]);
}

#[test]
fn steps_and_rate_take_numbers_and_fractions() {
    let mut bench = Bench::with_grid();
    let beat = || Name::new("beat").expect("a name");
    for (field, text, command) in [
        ("Pattern steps", "32", Some(Command::SetSteps(beat(), 32))),
        ("Pattern steps per beat", "1/2", Some(Command::SetStepsPerBeat(beat(), 0.5))),
        ("Pattern steps per beat", "-1/8", Some(Command::SetStepsPerBeat(beat(), -0.125))),
        ("Pattern steps", "300", None),
        ("Pattern steps per beat", "0", None),
    ] {
        bench.click(field);
        bench.keys(Modifiers::COMMAND, Key::A);
        bench.letters(text);
        bench.key(Key::Enter);
        let sent: Vec<Command> = bench.batches().into_iter().flat_map(|batch| batch.commands).collect();
        assert_eq!(sent, Vec::from_iter(command), "{field} {text}");
    }
    assert!(bench.sees("without 0"));
}

#[test]
fn a_new_pattern_is_asked_for_and_then_shown() {
    let mut bench = Bench::new(&[]);
    bench.click("Patterns");
    bench.asked();
    assert!(bench.sees("No pattern yet"));
    bench.click("Add pattern");
    let asks = bench.obey();
    assert!(matches!(&asks[..], [Ask::Batch(batch)] if matches!(batch.commands[..], [Command::AddPattern { .. }])));
    assert_eq!(bench.value("Pattern name"), "P0");
    assert_eq!(bench.value("row 16 index"), "--");
}
