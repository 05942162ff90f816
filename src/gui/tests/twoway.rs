//! The script and the session as one, seen from the editor: what comes in while something is typed, what is computed,
//! what differs. Thread: the test's.
//!
//! proves: L8 L9

use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use super::Bench;
use crate::model::{Ask, Command, TextMark, TextState};

const TEXT: &str =
    "sampler(\"kick\", { volume = 0.8, pan = 0 })\nlocal loud = 0.2 * 2\nsetParam(\"kick\", \"pan\", loud)\n";

/// The session's text is this now.
fn comes(bench: &mut Bench, text: &str) {
    bench.publish(|snapshot| {
        let mut session = (*snapshot.session).clone();
        session.text = Arc::from(text);
        snapshot.session = Arc::new(session);
    });
}

/// The Code view with the text, the caret at its end.
fn bench() -> Bench {
    let mut bench = Bench::new(&[]);
    comes(&mut bench, TEXT);
    bench.harness.get_by_label("Script").focus();
    bench.frames(2);
    bench.keys(Modifiers::COMMAND | Modifiers::CTRL, Key::End);
    bench.asked();
    bench
}

fn stands(bench: &mut Bench, state: TextState) {
    bench.publish(|snapshot| snapshot.text = Arc::new(state));
}

fn marked(text: &str) -> TextState {
    let mark = TextMark {
        line: 3,
        item: Arc::from("kick.pan"),
        message: Arc::from("0.5 in the session; the script computes it here"),
        pin: Some(Arc::from(text.replace(", loud", ", 0.5"))),
        over: Some(Arc::from(format!("{text}setParam(\"kick\", \"pan\", 0.5)\n"))),
    };
    let differs = vec![Arc::from("kick.pan: 0.4 in the script, 0.5 now")];
    TextState { text: Arc::from(text), marks: vec![mark], differs, error: None }
}

/// Texts the editor sent: what each was made from, and what it is.
fn sent(bench: &mut Bench) -> Vec<(String, String)> {
    let command = |command| match command {
        Command::EditText { before, after } => (before.to_string(), after.to_string()),
        other => panic!("{other:?}"),
    };
    bench.batches().into_iter().flat_map(|batch| batch.commands).map(command).collect()
}

#[test]
fn a_number_that_comes_in_leaves_the_caret_where_it_is_typed() {
    let mut bench = bench();
    bench.letters("pl");
    let louder = TEXT.replace("0.8", "0.123456");
    comes(&mut bench, &louder);
    assert_eq!(bench.value("Script"), format!("{louder}pl"));
    bench.letters("ay");
    assert_eq!(bench.value("Script"), format!("{louder}play"));
    bench.frames(40);
    assert_eq!(sent(&mut bench), [(louder.clone(), format!("{louder}play"))]);
}

#[test]
fn a_number_that_comes_in_moves_the_selection_with_its_words() {
    let mut bench = bench();
    bench.key(Key::ArrowUp);
    for _ in 0..8 {
        bench.keys(Modifiers::SHIFT, Key::ArrowRight);
    }
    comes(&mut bench, &TEXT.replace("0.8", "0.123456"));
    bench.letters("x");
    let changed = TEXT.replace("0.8", "0.123456").replace("setParam(", "x(");
    assert_eq!(bench.value("Script"), changed);
}

#[test]
fn typing_undone_keeps_the_number_that_came_in() {
    let mut bench = bench();
    bench.letters("play");
    let louder = TEXT.replace("0.8", "0.5");
    comes(&mut bench, &louder);
    bench.keys(Modifiers::COMMAND, Key::Z);
    assert_eq!(bench.value("Script"), louder);
    // And a number that comes in between keeps the way back open.
    let loudest = TEXT.replace("0.8", "1");
    comes(&mut bench, &loudest);
    bench.keys(Modifiers::COMMAND, Key::Y);
    assert_eq!(bench.value("Script"), format!("{loudest}play"));
    bench.keys(Modifiers::COMMAND, Key::Z);
    assert_eq!(bench.value("Script"), loudest);
}

#[test]
fn a_number_that_comes_in_is_no_step_of_text_undo() {
    let mut bench = bench();
    let louder = TEXT.replace("0.8", "0.5");
    comes(&mut bench, &louder);
    bench.keys(Modifiers::COMMAND, Key::Z);
    assert_eq!(bench.value("Script"), louder);
    assert_eq!(sent(&mut bench), []);
}

#[test]
fn what_the_script_computes_is_marked_at_its_line_and_pinned() {
    let mut bench = bench();
    assert!(!bench.sees("computes it here"));
    stands(&mut bench, marked(TEXT));
    assert!(bench.sees("kick.pan: 0.5 in the session; the script computes it here"));
    bench.click("Pin kick.pan");
    let pinned = TEXT.replace(", loud", ", 0.5");
    assert_eq!(sent(&mut bench), [(TEXT.to_owned(), pinned.clone())]);
    assert_eq!(bench.value("Script"), pinned);
    assert!(!bench.sees("computes it here"), "what is known is about the text before");
    comes(&mut bench, &pinned);
    bench.frames(40);
    assert_eq!(sent(&mut bench), []);
    // It is a change by hand: text undo takes it back.
    bench.harness.get_by_label("Script").focus();
    bench.frames(2);
    bench.keys(Modifiers::COMMAND, Key::Z);
    assert_eq!(bench.value("Script"), TEXT);
}

#[test]
fn what_the_script_computes_is_overridden_by_a_line_after_it() {
    let mut bench = bench();
    stands(&mut bench, marked(TEXT));
    bench.click("Override kick.pan");
    assert_eq!(sent(&mut bench), [(TEXT.to_owned(), format!("{TEXT}setParam(\"kick\", \"pan\", 0.5)\n"))]);
}

#[test]
fn a_mark_about_another_text_is_not_offered() {
    let mut bench = bench();
    stands(&mut bench, marked(TEXT));
    bench.letters("x");
    assert!(!bench.sees("computes it here"));
    assert!(!bench.sees("differs:"));
    stands(&mut bench, marked("another text"));
    bench.frames(40);
    assert!(!bench.sees("computes it here"));
}

#[test]
fn what_differs_is_counted_in_edit_and_listed_in_view() {
    let mut bench = bench();
    assert!(!bench.sees("differs"));
    stands(&mut bench, marked(TEXT));
    bench.click("differs: 1");
    assert!(bench.sees("1 thing differs from your script:"));
    assert!(bench.sees("kick.pan: 0.4 in the script, 0.5 now"));
    assert_eq!(bench.value("Generated script"), "-- 120 bpm");
    bench.click("Write into script");
    assert!(bench.asked().iter().any(|ask| matches!(ask, Ask::WriteText)));
    bench.click("Run script");
    let calls = bench.calls();
    assert_eq!((calls.len(), calls[0].first_line, &*calls[0].text), (1, 1, TEXT));
}

#[test]
fn view_says_when_nothing_differs_when_it_is_not_known_and_when_it_cannot_be() {
    let mut bench = bench();
    bench.click("View");
    assert!(bench.sees("Comparing with your script"));
    stands(&mut bench, TextState { text: Arc::from(TEXT), ..TextState::default() });
    assert!(bench.sees("Your script makes exactly this session."));
    assert!(!bench.sees("Write into script"));
    let error = Some((Some(2), Arc::from("unexpected symbol")));
    stands(&mut bench, TextState { text: Arc::from(TEXT), error, ..TextState::default() });
    assert!(bench.sees("cannot be compared with the session: line 2: unexpected symbol"));
    comes(&mut bench, "");
    assert!(bench.sees("Your script is empty."));
    bench.click("Write into script");
    assert!(bench.asked().iter().any(|ask| matches!(ask, Ask::WriteText)));
}

#[test]
fn the_text_is_compared_only_while_the_code_view_is_in_sight() {
    let mut bench = bench();
    assert!(bench.wires.remote.watch.is_looked_at());
    bench.click("Patterns");
    bench.frames(2);
    assert!(!bench.wires.remote.watch.is_looked_at());
    bench.click("Code");
    bench.frames(2);
    assert!(bench.wires.remote.watch.is_looked_at());
    bench.harness.state_mut().close();
    assert!(!bench.wires.remote.watch.is_looked_at());
}
