//! What holds in every view: keys, bar, strip, and a view that breaks. Thread: the test's.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use super::Bench;
use crate::gui::app::Keyboard;
use crate::model::{Ask, Command, Notice, Recovery, RecoveryVerb, TransportVerb};

fn keyboard(bench: &Bench) -> Keyboard {
    bench.harness.state().keyboard(&bench.harness.ctx)
}

#[test]
fn each_view_has_two_keys() {
    let mut bench = Bench::new(&[]);
    for (modifiers, key, name) in [
        (Modifiers::NONE, Key::F1, "Command input"),
        (Modifiers::NONE, Key::F2, "Script"),
        (Modifiers::NONE, Key::F3, "Add pattern"),
        (Modifiers::NONE, Key::F4, "Lock the show"),
        (Modifiers::COMMAND, Key::Num1, "Command input"),
        (Modifiers::COMMAND, Key::Num2, "Script"),
        (Modifiers::COMMAND, Key::Num3, "Add pattern"),
        (Modifiers::COMMAND, Key::Num4, "Lock the show"),
    ] {
        bench.keys(modifiers, key);
        bench.frames(1);
        assert!(bench.harness.query_by_label(name).is_some(), "{key:?} shows {name}");
    }
}

#[test]
fn hush_and_panic_come_from_keys_and_button_in_every_view() {
    let mut bench = Bench::new(&[]);
    bench.keys(Modifiers::COMMAND, Key::H);
    bench.keys(Modifiers::COMMAND, Key::Period);
    bench.keys(Modifiers::COMMAND | Modifiers::SHIFT, Key::Period);
    bench.keys(Modifiers::COMMAND | Modifiers::ALT, Key::H);
    bench.click("Hush");
    assert_eq!(bench.asked(), [Ask::Hush, Ask::Hush, Ask::Panic, Ask::Panic, Ask::Hush]);
}

#[test]
fn space_types_in_the_text_and_is_nobodys_elsewhere() {
    let mut bench = Bench::with_grid();
    bench.click("row 3 index");
    assert_eq!(keyboard(&bench), Keyboard::Grid);
    bench.letters(" ");
    bench.key(Key::Space);
    assert_eq!(bench.asked(), []);
    bench.letters("1");
    assert_eq!(keyboard(&bench), Keyboard::Text);
    bench.key(Key::Escape);
    bench.key(Key::Escape);
    assert_eq!(keyboard(&bench), Keyboard::Nobody);
    bench.keys(Modifiers::NONE, Key::F2);
    bench.asked();
    bench.harness.get_by_label("Script").focus();
    bench.frames(2);
    assert_eq!(keyboard(&bench), Keyboard::Text);
    bench.key(Key::Space);
    bench.letters(" ");
    assert_eq!(bench.value("Script"), " ");
    assert!(
        !bench.asked().iter().any(|ask| matches!(ask, Ask::Batch(b) if matches!(b.commands[0], Command::Transport(_))))
    );
}

#[test]
fn the_internal_clock_has_a_play_button_and_the_hosts_has_none() {
    let mut bench = Bench::new(&[]);
    bench.click("Play");
    assert_eq!(bench.command(), Command::Transport(TransportVerb::Play));
    bench.publish(|snapshot| snapshot.host_leads = true);
    assert!(bench.harness.query_by_label("Play").is_none() && bench.sees("host stands"));
}

#[test]
fn the_bar_shows_where_audio_is_and_what_was_lost() {
    let mut bench = Bench::new(&[]);
    bench.play_at(17.5);
    assert!(bench.sees("5.2"));
    assert!(!bench.sees("lost"));
    bench.wires.remote.meters.lost.store(3, Relaxed);
    bench.frames(1);
    assert!(bench.sees("3 lost"));
}

#[test]
fn a_notice_is_shown_until_it_is_dismissed() {
    let mut bench = Bench::new(&[]);
    let notice = Notice { number: 1, text: Arc::from("drums/kick.wav is not there") };
    bench.publish(|snapshot| snapshot.notices = Arc::new([notice].into()));
    assert!(bench.sees("drums/kick.wav is not there"));
    bench.click("Dismiss");
    assert!(!bench.sees("drums/kick.wav is not there"));
}

#[test]
fn work_that_a_crash_left_is_offered_and_one_key_plays_it() {
    let mut bench = Bench::new(&[]);
    assert!(!bench.sees("A crash left"));
    let recovery = |taken| Some(Recovery { about: Arc::from("work from 3 minutes ago"), taken });
    bench.publish(|snapshot| snapshot.recovery = recovery(false));
    assert!(bench.sees("A crash left unsaved work from 3 minutes ago."));
    bench.click("Play it");
    bench.publish(|snapshot| snapshot.recovery = recovery(true));
    bench.keys(Modifiers::COMMAND, Key::J);
    bench.click("Back to the saved one");
    bench.click("Keep this");
    let [swap, keep] = [RecoveryVerb::Swap, RecoveryVerb::Keep].map(Ask::Recover);
    assert_eq!(bench.asked(), [swap.clone(), swap.clone(), swap, keep]);
}

#[test]
fn the_help_lists_every_key() {
    let mut bench = Bench::new(&[]);
    bench.letters("?");
    bench.frames(2);
    assert!(bench.sees("Ctrl+Shift+Enter, Ctrl+R"));
}

#[test]
fn a_closed_window_leaves_what_was_typed_in_the_session() {
    let mut bench = Bench::new(&[]);
    bench.harness.get_by_label("Script").focus();
    bench.frames(2);
    bench.letters("x");
    bench.harness.state_mut().close();
    assert_eq!(bench.command(), Command::EditText { before: "".into(), after: "x".into() });
}
