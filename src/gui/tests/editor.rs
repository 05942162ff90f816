//! The script editor under a person's fingers: completion, pairs, find, undo of text, faults, and who has the keys.
//! Thread: the test's.
//!
//! proves: E2

use std::sync::Arc;

use egui::{Event, Key, Modifiers};
use egui_kittest::kittest::Queryable;

use super::Bench;
use crate::gui::app::Keyboard;
use crate::model::snapshot::HistoryLine;
use crate::model::{Ask, Command, Origin};

const ALT: Modifiers = Modifiers { alt: true, ..Modifiers::COMMAND };

/// The Code view over a small session, with this text, the caret at its end.
fn with(text: &str) -> Bench {
    let mut bench = Bench::new(&["add sampler kick", "add sampler kit", "pattern add beat 16"]);
    bench.text(text);
    bench.harness.get_by_label("Script").focus();
    bench.frames(2);
    bench.keys(Modifiers::COMMAND | Modifiers::CTRL, Key::End);
    bench.asked();
    bench
}

fn script(bench: &Bench) -> String {
    bench.value("Script")
}

fn offered(bench: &Bench, word: &str) -> bool {
    bench.harness.query_by_label(&format!("completion {word}")).is_some()
}

fn layouts(bench: &mut Bench, entry: &str) -> Vec<String> {
    let all = bench.asked().into_iter().filter_map(|ask| match ask {
        Ask::Batch(batch) => Some(batch.commands),
        _ => None,
    });
    let value = |command| match command {
        Command::SetLayout(name, Some(value)) if name == entry => Some(value),
        _ => None,
    };
    all.flatten().filter_map(value).collect()
}

#[test]
fn a_name_is_completed_while_it_is_typed_and_then_its_argument() {
    let mut bench = with("");
    bench.letters("tri");
    assert!(offered(&bench, "trigger"));
    assert!(bench.sees("trigger(name, [hit])") && bench.sees("What it does.") && bench.sees("example()"));
    bench.key(Key::Tab);
    assert_eq!(script(&bench), "trigger()");
    bench.letters("\"");
    assert!(offered(&bench, "kick") && offered(&bench, "kit") && !offered(&bench, "beat"));
    bench.key(Key::ArrowDown);
    bench.key(Key::Enter);
    assert_eq!(script(&bench), "trigger(\"kit\")");
    bench.letters("\")");
    assert_eq!(script(&bench), "trigger(\"kit\")", "what was closed by itself is typed over");
}

#[test]
fn a_page_beside_the_list_tells_range_unit_default_and_what_it_is_now() {
    let mut bench = with("setParam(\"kick\", ");
    bench.letters("\"vol");
    assert!(offered(&bench, "volume"));
    assert!(bench.sees("a number from 0 to 2 (linear gain), 1 unless set") && bench.sees("kick has 1"));
}

#[test]
fn enter_is_never_stolen_from_plain_text() {
    let mut bench = with("");
    for (typed, seen) in
        [("local k = 1", "local k = 1\n"), ("k", "local k = 1\nk\n"), ("-- sam", "local k = 1\nk\n-- sam\n")]
    {
        bench.letters(typed);
        bench.key(Key::Enter);
        assert_eq!(script(&bench), seen);
    }
    let mut bench = with("");
    bench.letters("do");
    bench.key(Key::Enter);
    assert_eq!(script(&bench), "do\n    ");
}

#[test]
fn enter_completes_a_word_begun_and_ctrl_space_asks_for_the_list() {
    let mut bench = with("");
    bench.letters("sampl");
    bench.key(Key::Enter);
    assert_eq!(script(&bench), "sampler()");
    let mut bench = with("pattern(\"beat\"):");
    assert!(!offered(&bench, "steps"));
    bench.keys(Modifiers::COMMAND, Key::Space);
    assert!(offered(&bench, "steps") && offered(&bench, "set") && !offered(&bench, "every"));
    bench.key(Key::Escape);
    bench.keys(Modifiers::COMMAND, Key::N);
    assert!(offered(&bench, "steps"));
    bench.click("completion steps");
    assert_eq!(script(&bench), "pattern(\"beat\"):steps()");
    bench.letters("8");
    assert_eq!(script(&bench), "pattern(\"beat\"):steps(8)", "a click leaves the caret in the text");
}

#[test]
fn inside_a_call_its_argument_is_told_with_what_it_takes() {
    let mut bench = with("setParam(\"kick\", \"attackMs\", )");
    assert!(!bench.sees("60000"));
    bench.key(Key::ArrowLeft);
    assert!(bench.sees("setParam(name, param, [value])"));
    assert!(bench.sees("attackMs: a number from 0 to 60000 milliseconds, 0 unless set"));
    bench.key(Key::Home);
    assert!(!bench.sees("60000"));
}

#[test]
fn brackets_and_quotes_come_and_go_in_pairs() {
    let mut bench = with("");
    bench.letters("f({ 'a' })");
    assert_eq!(script(&bench), "f({ 'a' })");
    bench.key(Key::Enter);
    bench.letters("g(");
    assert_eq!(script(&bench), "f({ 'a' })\ng()");
    bench.key(Key::Backspace);
    assert_eq!(script(&bench), "f({ 'a' })\ng");
    bench.letters(" = {");
    bench.key(Key::Enter);
    assert_eq!(script(&bench), "f({ 'a' })\ng = {\n    \n}");
    let mut bench = with("kick");
    bench.keys(Modifiers::COMMAND, Key::A);
    bench.letters("\"(");
    assert_eq!(script(&bench), "\"(kick)\"");
    let mut bench = with("if x then");
    bench.key(Key::Enter);
    bench.letters("y()");
    bench.key(Key::Enter);
    bench.letters("end");
    assert_eq!(script(&bench), "if x then\n    y()\nend", "an end goes under what it ends");
}

#[test]
fn words_are_found_counted_and_replaced_as_one_step_of_text_undo() {
    let text = "kick()\nKick() kicks()\nkick()";
    let mut bench = with(text);
    bench.keys(Modifiers::COMMAND, Key::F);
    bench.letters("kick");
    assert!(bench.sees("1 of 4"));
    bench.key(Key::Enter);
    assert!(bench.sees("2 of 4"));
    bench.keys(Modifiers::SHIFT, Key::Enter);
    assert!(bench.sees("1 of 4"));
    bench.click("Aa");
    bench.click("word");
    assert!(bench.sees("of 2"));
    bench.click("Replace…");
    bench.harness.get_by_label("Replace with").focus();
    bench.frames(2);
    bench.letters("snare");
    bench.click("Replace all");
    assert_eq!(script(&bench), "snare()\nKick() kicks()\nsnare()");
    bench.click("Close");
    bench.keys(Modifiers::COMMAND, Key::Z);
    assert_eq!(script(&bench), text);
    bench.keys(Modifiers::COMMAND, Key::Y);
    assert_eq!(script(&bench), "snare()\nKick() kicks()\nsnare()");
}

#[test]
fn replacing_one_by_one_goes_on_to_the_next() {
    let mut bench = with("a b a b");
    bench.keys(ALT, Key::F);
    bench.letters("b");
    bench.harness.get_by_label("Replace with").focus();
    bench.frames(2);
    bench.letters("c");
    bench.key(Key::Enter);
    bench.key(Key::Enter);
    assert_eq!(script(&bench), "a c a b");
    bench.key(Key::Enter);
    bench.key(Key::Enter);
    assert_eq!(script(&bench), "a c a c");
}

#[test]
fn a_line_is_gone_to_by_its_number() {
    let mut bench = with("one()\ntwo()\nthree()");
    bench.keys(Modifiers::COMMAND, Key::G);
    bench.letters("2");
    bench.key(Key::Enter);
    bench.keys(Modifiers::COMMAND, Key::L);
    let call = bench.calls().remove(0);
    assert_eq!((call.first_line, &*call.text), (2, "two()"));
}

#[test]
fn undo_of_text_takes_back_typing_by_words_and_commands_whole() {
    let mut bench = with("");
    bench.letters("local a");
    bench.keys(Modifiers::COMMAND, Key::K);
    assert_eq!(script(&bench), "-- local a");
    let mut seen = vec![];
    for _ in 0..4 {
        bench.keys(Modifiers::COMMAND, Key::Z);
        seen.push(script(&bench));
    }
    assert_eq!(seen, ["local a", "local ", "", ""]);
    for _ in 0..3 {
        bench.keys(Modifiers::COMMAND, Key::Y);
    }
    assert_eq!(script(&bench), "-- local a");
    assert!(!bench.asked().contains(&Ask::Undo), "the music's undo is another one");
}

fn chord(modifiers: Modifiers, key: Key) -> Event {
    Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers }
}

/// What somebody types, letter by letter.
fn letters(text: &str) -> Vec<Event> {
    text.chars().map(|letter| Event::Text(letter.to_string())).collect()
}

#[test]
fn keys_that_come_in_one_slow_frame_do_what_they_do_one_by_one() {
    let undo = || chord(Modifiers::COMMAND, Key::Z);
    let mut bench = with("");
    bench.letters("x = 1 mo");
    bench.at_once(letters("re"));
    bench.at_once(vec![undo()]);
    assert_eq!(script(&bench), "x = 1 ", "a word is one step, however its letters came");
    bench.at_once(vec![chord(Modifiers::COMMAND, Key::Y)]);
    assert_eq!(script(&bench), "x = 1 more");
    // A chord is about what was typed before it, and letters after it come after it.
    bench.at_once([letters(" and"), vec![undo()], letters("!")].concat());
    assert_eq!(script(&bench), "x = 1 more !");
    bench.at_once([vec![chord(Modifiers::NONE, Key::Home)], letters("y"), vec![undo()], letters("z")].concat());
    assert_eq!(script(&bench), "zx = 1 more !");
    bench.at_once([letters("-"), vec![chord(Modifiers::COMMAND, Key::L)], letters("-")].concat());
    assert_eq!(&*bench.calls().remove(0).text, "z-x = 1 more !", "what is run is what was there then");
    assert_eq!(script(&bench), "z--x = 1 more !");
    bench.at_once([vec![chord(Modifiers::COMMAND, Key::F)], letters("one")].concat());
    assert_eq!((script(&bench), bench.value("Find")), ("z--x = 1 more !".into(), "one".into()));
    bench.key(Key::Escape);
    bench.at_once([letters("+"), vec![chord(Modifiers::NONE, Key::Escape)], letters("no")].concat());
    assert_eq!(script(&bench), "z--+x = 1 more !", "who has left the text types nothing into it");
}

/// proves: L10
#[test]
fn the_last_good_evaluation_is_two_chords_and_a_button_away_and_the_text_stays() {
    let mut bench = with("x()");
    bench.letters(" y()");
    bench.asked();
    bench.keys(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    bench.keys(ALT, Key::Z);
    bench.click("Last good");
    let asked: Vec<Ask> = bench.asked().into_iter().filter(|ask| !matches!(ask, Ask::Batch(_))).collect();
    assert_eq!(asked, [Ask::LastGood, Ask::LastGood, Ask::LastGood]);
    assert_eq!(script(&bench), "x() y()");
}

#[test]
fn a_fault_is_told_when_typing_rests_and_goes_when_it_is_mended() {
    let mut bench = with("if x");
    bench.letters(" y() end");
    assert!(!bench.sees("is missing"));
    bench.frames(60);
    assert!(bench.sees("line 1: \"then\" is missing before this"));
    bench.keys(Modifiers::COMMAND, Key::A);
    bench.letters("z() ");
    bench.frames(60);
    assert!(!bench.sees("is missing"));
}

#[test]
fn the_size_of_letters_and_the_place_are_kept_with_the_session() {
    let mut bench = with("one()\ntwo()\nthree()");
    bench.keys(Modifiers::COMMAND, Key::Equals);
    bench.keys(Modifiers::COMMAND, Key::Num9);
    bench.click("A+");
    bench.frames(100);
    assert_eq!(layouts(&mut bench, "script.view"), ["3:8:0:16.5"]);
    bench.harness.get_by_label("Script").focus();
    bench.frames(2);
    bench.keys(Modifiers::COMMAND, Key::Num0);
    bench.key(Key::ArrowUp);
    bench.harness.state_mut().close();
    assert_eq!(layouts(&mut bench, "script.view"), ["2:6:0:13.5"]);
    // Another window begins there.
    bench.publish(|snapshot| {
        let mut session = (*snapshot.session).clone();
        session.layout.insert("script.view".into(), "3:2:0:20".into());
        snapshot.session = Arc::new(session);
    });
    bench.harness.get_by_label("Script").focus();
    bench.frames(2);
    bench.letters("x");
    assert_eq!(script(&bench), "one()\ntwo()\ntxhree()");
}

#[test]
fn the_list_of_undo_goes_back_and_forth_to_where_it_is_clicked() {
    let mut bench = with("");
    let line = |label: &str| HistoryLine { label: Arc::from(label), origin: Origin::Gui };
    bench.publish(|snapshot| {
        snapshot.undo = Arc::new(vec![line("first"), line("second"), line("third")]);
        snapshot.redo = Arc::new(vec![line("last"), line("next")]);
    });
    bench.click("History");
    bench.asked();
    assert!(bench.harness.query_by_label("undo first").is_some());
    bench.click("undo second");
    assert_eq!(bench.asked(), [Ask::Undo, Ask::Undo]);
    bench.click("redo last");
    assert_eq!(bench.asked(), [Ask::Redo, Ask::Redo]);
    bench.click("redo next");
    assert_eq!(bench.asked(), [Ask::Redo]);
}

/// proves: E8
#[test]
fn no_key_leaks_while_anything_of_the_code_is_typed_in_and_esc_closes_the_innermost_first() {
    let mut bench = with("");
    let keyboard = |bench: &Bench| bench.harness.state().keyboard(&bench.harness.ctx);
    let ours = |bench: &Bench| keyboard(bench) == Keyboard::Text;
    assert!(ours(&bench));
    bench.keys(Modifiers::COMMAND, Key::F);
    assert!(ours(&bench) && bench.harness.query_by_label("Find").is_some());
    bench.letters(" ");
    bench.key(Key::Space);
    bench.click("Script");
    bench.letters("sam");
    assert!(ours(&bench) && offered(&bench, "sampler"));
    bench.key(Key::Escape);
    assert!(ours(&bench) && !offered(&bench, "sampler") && bench.sees("Previous"));
    bench.key(Key::Escape);
    assert!(ours(&bench) && !bench.sees("Previous"));
    bench.key(Key::Escape);
    assert_eq!(keyboard(&bench), Keyboard::Nobody);
    assert!(!ours(&bench), "and then every key is the host's");
    bench.harness.get_by_label("Script").focus();
    bench.frames(2);
    bench.keys(Modifiers::COMMAND, Key::F);
    bench.key(Key::Escape);
    assert!(ours(&bench) && !bench.sees("Previous"), "out of the bar the keys go to the text");
    let transport = |ask: &Ask| matches!(ask, Ask::Batch(b) if matches!(b.commands[0], Command::Transport(_)));
    assert!(!bench.asked().iter().any(transport));
}

#[test]
fn keys_of_one_frame_are_taken_in_their_order() {
    let mut bench = with("");
    let press =
        |key| egui::Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers: Modifiers::NONE };
    let text = |text: &str| egui::Event::Text(text.to_owned());
    let events = [text("a"), text("b"), press(Key::ArrowLeft), text("c"), press(Key::Enter), text("d")];
    bench.harness.input_mut().events.extend(events);
    bench.harness.step();
    bench.frames(3);
    assert_eq!(script(&bench), "ac\ndb");
}
