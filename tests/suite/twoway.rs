//! The script and the session are one: what is changed elsewhere is written into the person's text, and what they wrote
//! stays theirs.
//!
//! proves: L8 L9

use std::sync::Arc;
use std::time::Instant;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use proptest::prelude::*;
use tracklight::gui::App;
use tracklight::media::Library;
use tracklight::model::text::{Standing, run};
use tracklight::model::{Ask, Batch, Command, Origin, Path, Session, TextState, When};
use tracklight::script::{Dry, mirror};

use crate::rig::Rig;
use crate::strategy::named;

const TEXT: &str = "-- my set, do not touch
sampler(\"kick\", { samples = { \"click.wav\" }, volume = 0.8, pan = 0 })   -- the kick

for i = 1, 3 do
    sampler(\"hat\" .. i, { volume = i / 4 })
end
pattern(\"beat\", { steps = 16, rows = {
  [1] = { index = 1 },
  [5] = { index = 1, volume = 0.5 },
} })
sequencer(\"seq\", { pattern = \"beat\", to = \"kick\" })
audioMixer(\"drums\")
connect(\"kick\", \"drums\")
";

/// A rig whose script buffer holds this and ran it.
fn rig(text: &str) -> Rig {
    let mut rig = Rig::new();
    rig.furnish();
    types(&mut rig, text);
    runs(&mut rig, text);
    rig
}

/// The editor's text is saved.
fn types(rig: &mut Rig, text: &str) {
    let command = Command::EditText { before: rig.session().text, after: Arc::from(text) };
    by(rig, Origin::Host, vec![command]);
}

/// A block of the buffer is run now.
fn runs(rig: &mut Rig, block: &str) {
    let id = rig.remote.calls.eval("buffer", 1, block, When::Now, false).expect("room for a chunk");
    rig.settle();
    let snapshot = rig.snapshot();
    let outcome = &snapshot.eval(id).expect("a result").outcome;
    assert!(matches!(outcome, tracklight::model::EvalOutcome::Done { .. }), "{outcome:?}");
}

fn by(rig: &mut Rig, origin: Origin, commands: Vec<Command>) {
    rig.remote.asks.send(Ask::Batch(Batch::now(origin, "test", commands))).expect("room for a batch");
    rig.settle();
}

fn script(rig: &Rig) -> String {
    rig.session().text.to_string()
}

fn set(path: &str, value: f64) -> Command {
    Command::Set(Path::parse(path).expect(path), value)
}

/// A line of the Command view.
fn types_command(rig: &mut Rig, line: &str) {
    let mut draft = rig.session();
    let done = run(&mut draft, Standing::default(), line).expect(line);
    by(rig, Origin::Text, done.commands);
}

/// What the rig's text makes of an empty session.
fn made(rig: &Rig) -> Session {
    let session = rig.session();
    let mut dry = Dry::new(Arc::new(Library), Instant::now);
    match dry.run(&session.text, &session.folders) {
        Ok(made) => made.session.clone(),
        Err(failure) => panic!("{}\n{}", failure.text(), session.text),
    }
}

#[track_caller]
fn is_one(rig: &Rig) {
    let (made, live) = (made(rig), rig.session());
    assert!(made == live, "{:#?}\n{}", made.diff(&live), live.text);
}

fn state(rig: &Rig) -> Arc<TextState> {
    rig.snapshot().text.clone()
}

#[test]
fn turning_a_knob_changes_one_number_in_the_text_and_nothing_else() {
    let mut rig = rig(TEXT);
    is_one(&rig);
    by(&mut rig, Origin::Gui, vec![set("kick.volume", 0.5)]);
    rig.wait(0.2);
    assert_eq!(script(&rig), TEXT.replace("volume = 0.8", "volume = 0.5"));
    is_one(&rig);
    assert!(state(&rig).marks.is_empty());
}

#[test]
fn a_drag_is_written_a_few_times_a_second_and_stays_one_step_of_undo() {
    let mut rig = rig(TEXT);
    let steps = rig.snapshot().undo.len();
    for step in 0..100 {
        by(&mut rig, Origin::Gui, vec![set("kick.volume", f64::from(step) / 200.0)]);
        rig.wait(0.02);
    }
    rig.wait(0.5);
    assert_eq!(script(&rig), TEXT.replace("volume = 0.8", "volume = 0.495"));
    let written = rig.scribe.counts().written;
    assert!((6..=10).contains(&written), "{written} texts in 2.5 s");
    assert_eq!(rig.snapshot().undo.len(), steps + 1, "the scribe's writing does not cut the gesture");
    rig.remote.asks.send(Ask::Undo).expect("room");
    rig.wait(0.3);
    assert_eq!(script(&rig), TEXT);
    is_one(&rig);
}

#[test]
fn a_new_name_reaches_the_live_chunks_that_run_and_goes_back_with_undo() {
    let text = "sampler('hat', { samples = 'click.wav' })
live('pulse', function() clock:every(1, function() trigger('hat') end) end)
live('other', function() clock:every(4, function() setParam('masterAudioOut', 'pan', 0) end) end)
";
    let mut rig = rig(text);
    rig.run("live('console', function() clock:every(64, function() trigger('hat') end) end)");
    rig.run("clock:start()");
    rig.skip(30_000);
    rig.wait(0.3);
    let (before, count) = (rig.session(), rig.fired().len());
    assert!(before.text.contains("console") && count > 0);
    by(&mut rig, Origin::Text, vec![Command::Rename(named("hat"), named("ride"))]);
    rig.wait(0.3);
    rig.skip(96_000);
    assert_eq!(script(&rig), before.text.replace("'hat'", "'ride'"));
    let live = rig.session().live;
    for name in ["pulse", "other", "console"] {
        assert_eq!(*live[name], before.live[name].replace("'hat'", "'ride'"));
    }
    is_one(&rig);
    assert_eq!(rig.fired().len(), count + 4, "it goes on on its beats: {:?}", rig.fired());
    assert_eq!(rig.console().iter().filter(|line| line.contains("hat")).count(), 0, "{:?}", rig.console());
    // One step of undo takes the name back, and those before it what was there before.
    rig.remote.asks.send(Ask::Undo).expect("room");
    rig.wait(0.5);
    assert_eq!((rig.session().text, rig.session().live), (before.text, before.live));
    for _ in 0..2 {
        rig.remote.asks.send(Ask::Undo).expect("room");
        rig.wait(0.5);
    }
    let session = rig.session();
    assert!(session.live.is_empty() && session.modules.keys().all(|name| *name != "hat"), "{:?}", session.live);
}

#[test]
fn undo_of_a_run_block_is_written_into_the_text() {
    let mut rig = rig(TEXT);
    let louder = TEXT.replace("volume = 0.8", "volume = 0.9");
    types(&mut rig, &louder);
    runs(&mut rig, louder.lines().nth(1).expect("the kick's line"));
    rig.wait(0.3);
    assert_eq!(script(&rig), louder, "what a block sets is in its text already");
    rig.remote.asks.send(Ask::Undo).expect("room");
    rig.wait(0.3);
    assert_eq!(script(&rig), TEXT);
    rig.remote.asks.send(Ask::Redo).expect("room");
    rig.wait(0.3);
    assert_eq!(script(&rig), louder);
}

#[test]
fn a_callback_that_moves_a_value_every_bar_leaves_the_text_alone() {
    let text = format!("{TEXT}clock:every(\"1/4\", function(beat) setParam(\"kick\", \"pan\", beat % 8 / 10) end)\n");
    let mut rig = rig(&text);
    rig.run("clock:play()");
    rig.skip(96_000);
    assert_ne!(rig.session().modules["kick"].params.get(&tracklight::model::Param::PAN), None, "it moves");
    assert_eq!(script(&rig), text);
    // A knob beside it is still followed.
    by(&mut rig, Origin::Gui, vec![set("kick.volume", 0.5)]);
    rig.skip(24_000);
    assert_eq!(script(&rig), text.replace("volume = 0.8", "volume = 0.5"));
}

#[test]
fn comparing_keeps_calm_while_a_callback_changes_something_all_the_time() {
    let text = format!("{TEXT}clock:every(0.05, function(beat) setParam(\"kick\", \"pan\", beat * 20 % 8 / 10) end)\n");
    let mut rig = rig(&text);
    rig.remote.watch.look(true);
    rig.run("clock:play()");
    rig.skip(48_000);
    let before = rig.scribe.counts();
    rig.skip(48_000 * 6);
    let after = rig.scribe.counts();
    assert!((2..=4).contains(&(after.compared - before.compared)), "{before:?} {after:?}");
    assert_eq!(after.written, before.written);
}

#[test]
fn the_scribes_own_text_never_wakes_it() {
    let mut rig = rig(TEXT);
    rig.remote.watch.look(true);
    by(&mut rig, Origin::Gui, vec![set("kick.volume", 0.5)]);
    rig.wait(1.0);
    let (counts, revision) = (rig.scribe.counts(), rig.snapshot().revision);
    assert_eq!(counts.written, 1);
    rig.wait(10.0);
    assert_eq!((rig.scribe.counts(), rig.snapshot().revision), (counts, revision));
}

#[test]
fn nothing_is_compared_while_nothing_was_touched_and_nobody_looks() {
    let mut rig = rig(TEXT);
    rig.wait(3.0);
    assert_eq!(rig.scribe.counts(), tracklight::script::scribe::Counts::default());
    rig.remote.watch.look(true);
    rig.wait(0.1);
    assert_eq!(rig.scribe.counts().compared, 1);
    assert_eq!((&*state(&rig).text, state(&rig).differs.len()), (TEXT, 0));
}

#[test]
fn what_differs_is_told_in_words_to_who_looks() {
    let mut rig = rig(TEXT);
    rig.remote.watch.look(true);
    by(&mut rig, Origin::Callback, vec![set("kick.volume", 0.5), Command::SetBpm(128.0)]);
    rig.wait(0.5);
    let said: Vec<String> = state(&rig).differs.iter().map(|line| line.to_string()).collect();
    assert_eq!(said, ["bpm: 120 in the script, 128 now", "kick.volume: 0.8 in the script, 0.5 now"]);
    assert_eq!(script(&rig), TEXT);
    rig.remote.asks.send(Ask::WriteText).expect("room");
    rig.wait(0.5);
    assert!(script(&rig).contains("volume = 0.5"), "{}", script(&rig));
    is_one(&rig);
    assert!(state(&rig).differs.is_empty());
}

#[test]
fn a_text_with_a_syntax_error_is_left_as_it_is_and_marked() {
    let mut rig = rig(TEXT);
    let broken = format!("{TEXT}sampler(\"sna\n");
    types(&mut rig, &broken);
    by(&mut rig, Origin::Gui, vec![set("kick.volume", 0.5)]);
    rig.wait(2.0);
    assert_eq!(script(&rig), broken);
    let (line, message) = state(&rig).error.clone().expect("it is told why");
    assert_eq!((line, &*state(&rig).text), (Some(broken.lines().count() as u32), &*broken), "{message}");
    // Mended, it is followed again, from where the session was left.
    let mended = format!("{TEXT}sampler(\"snare\")\n");
    types(&mut rig, &mended);
    rig.wait(0.5);
    assert_eq!(script(&rig), mended.replace("volume = 0.8", "volume = 0.5"));
    assert_eq!(state(&rig).error, None);
}

#[test]
fn what_was_typed_in_the_same_moment_is_patched_and_not_replaced() {
    let mut rig = rig(TEXT);
    by(&mut rig, Origin::Gui, vec![set("kick.volume", 0.5)]);
    rig.wait(0.09);
    // Both are on their way to the engine in one tick: whoever is second has to read again.
    let typed = TEXT.replace("-- the kick", "-- the very kick");
    let command = Command::EditText { before: rig.session().text, after: Arc::from(&*typed) };
    rig.remote.asks.send(Ask::Batch(Batch::now(Origin::Host, "script text", vec![command]))).expect("room");
    rig.wait(0.6);
    assert_eq!(script(&rig), typed.replace("volume = 0.8", "volume = 0.5"));
}

#[test]
fn a_block_sent_with_the_number_before_is_written_into_the_text_again() {
    let mut rig = rig(TEXT);
    by(&mut rig, Origin::Gui, vec![set("kick.volume", 0.5)]);
    rig.wait(0.2);
    assert!(script(&rig).contains("volume = 0.5"));
    // The chunk waited for its bar, or was sent before the editor had the number.
    runs(&mut rig, TEXT.lines().nth(1).expect("the kick's line"));
    rig.wait(0.5);
    assert_eq!(script(&rig), TEXT);
    is_one(&rig);
}

#[test]
fn a_value_from_a_loop_is_marked_and_not_overwritten() {
    let mut rig = rig(TEXT);
    by(&mut rig, Origin::Gui, vec![set("hat2.volume", 0.9)]);
    rig.wait(0.3);
    assert_eq!(script(&rig), TEXT);
    let marks = state(&rig).marks.clone();
    assert_eq!((marks.len(), marks[0].line, &*marks[0].item), (1, 5, "hat2.volume"));
    // A line typed elsewhere does not take it away, and it finds its line again.
    let longer = format!("-- one more\n{TEXT}");
    types(&mut rig, &longer);
    rig.remote.watch.look(true);
    rig.wait(0.5);
    assert_eq!(state(&rig).marks.iter().map(|mark| mark.line).collect::<Vec<_>>(), [6]);
    // The way out that is offered makes text and session one.
    let over = state(&rig).marks[0].over.clone().expect("a way out");
    types(&mut rig, &over);
    rig.wait(0.5);
    is_one(&rig);
    assert!(state(&rig).marks.is_empty());
    assert!(state(&rig).differs.is_empty());
}

#[test]
fn a_mark_goes_when_its_line_is_edited_or_its_value_is_set_back() {
    let mut rig = rig(TEXT);
    rig.remote.watch.look(true);
    by(&mut rig, Origin::Gui, vec![set("hat2.volume", 0.9)]);
    rig.wait(0.5);
    assert_eq!(state(&rig).marks.len(), 1);
    types(&mut rig, &TEXT.replace("volume = i / 4", "volume = i / 5"));
    rig.wait(0.5);
    assert_eq!(state(&rig).marks.len(), 0);
    by(&mut rig, Origin::Gui, vec![set("hat2.volume", 0.3)]);
    rig.wait(0.5);
    assert_eq!(state(&rig).marks.len(), 1);
    by(&mut rig, Origin::Gui, vec![set("hat2.volume", 2.0 / 5.0)]);
    rig.wait(0.5);
    assert_eq!(state(&rig).marks.len(), 0);
}

#[test]
fn a_rename_in_the_command_view_renames_it_in_the_script_also_inside_callbacks() {
    let text = format!("{TEXT}clock:every(\"1 bar\", function() setParam(\"kick\", \"pan\", 0) end)\n");
    let mut rig = rig(&text);
    types_command(&mut rig, "rename kick boom");
    rig.wait(0.3);
    assert_eq!(script(&rig), text.replace("\"kick\"", "\"boom\""));
    is_one(&rig);
}

#[test]
fn a_removed_module_takes_its_connects_out_of_the_script() {
    let mut rig = rig(TEXT);
    types_command(&mut rig, "remove drums");
    rig.wait(0.3);
    let expected = TEXT.replace("audioMixer(\"drums\")\nconnect(\"kick\", \"drums\")\n", "");
    // The kick lost its only cable with the mixer; a script that made it anew would lay one by itself.
    assert_eq!(script(&rig), expected + "disconnect(\"kick\", \"masterAudioOut\", \"audio\")\n");
    is_one(&rig);
}

#[test]
fn a_row_typed_in_the_grid_changes_its_row_in_the_table() {
    let mut rig = rig(TEXT);
    types_command(&mut rig, "pattern row beat 5 2 volume=0.25");
    rig.wait(0.3);
    is_one(&rig);
    let (old, new) = (TEXT.to_owned(), script(&rig));
    let changed: Vec<_> = old.lines().zip(new.lines()).filter(|(a, b)| a != b).collect();
    assert_eq!((old.lines().count(), changed.len()), (new.lines().count(), 1), "{new}");
    assert!(changed[0].1.contains("[5]"), "{changed:?}");
}

#[test]
fn a_line_in_the_console_is_written_into_the_script() {
    let mut rig = rig(TEXT);
    rig.run("sampler(\"snare\", { volume = 0.25 })");
    rig.wait(0.3);
    assert!(script(&rig).starts_with(TEXT.lines().next().expect("a line")));
    assert!(script(&rig).contains("snare"));
    is_one(&rig);
}

#[test]
fn a_blank_buffer_stays_blank_until_it_is_asked_for() {
    let mut rig = Rig::new();
    types(&mut rig, "-- nothing yet\n");
    rig.run("sampler(\"kick\", { volume = 0.5 })");
    rig.wait(1.0);
    assert_eq!(script(&rig), "-- nothing yet\n");
    rig.remote.asks.send(Ask::WriteText).expect("room");
    rig.wait(0.3);
    assert_eq!(script(&rig), format!("-- nothing yet\n\n{}", mirror(&rig.session())));
    is_one(&rig);
}

#[test]
fn a_loaded_song_brings_its_own_text() {
    let mut rig = rig(TEXT);
    by(&mut rig, Origin::Gui, vec![set("kick.volume", 0.5)]);
    let mut other = Session::new();
    other.text = Arc::from("sampler(\"other\") -- not run yet\n");
    by(&mut rig, Origin::Host, vec![Command::Load(Arc::new(other))]);
    rig.wait(1.0);
    assert_eq!(script(&rig), "sampler(\"other\") -- not run yet\n");
}

#[test]
fn what_is_typed_while_a_knob_moves_is_kept_and_the_knobs_number_too() {
    let mut rig = rig(TEXT);
    let app = App::new(rig.remote.clone(), Arc::new(Library), mirror);
    let mut harness = Harness::builder()
        .with_size([1000.0, 700.0])
        .with_step_dt(1.0 / 50.0)
        .build_ui_state(|ui, app: &mut App| app.ui(ui), app);
    harness.run_steps(3);
    harness.get_by_label("Script").focus();
    harness.run_steps(2);
    harness.key_press_modifiers(egui::Modifiers::COMMAND | egui::Modifiers::CTRL, egui::Key::End);
    harness.run_steps(2);
    let typed = "-- a line typed while the knob moves";
    for (step, letter) in typed.chars().enumerate() {
        harness.event(egui::Event::Text(letter.to_string()));
        by(&mut rig, Origin::Gui, vec![set("kick.volume", (step + 1) as f64 / 100.0)]);
        for _ in 0..3 {
            harness.run_steps(1);
            rig.wait(0.02);
        }
    }
    for _ in 0..60 {
        harness.run_steps(1);
        rig.wait(0.02);
    }
    let expected = format!("{}{typed}", TEXT.replace("volume = 0.8", "volume = 0.36"));
    assert_eq!(typed.len(), 36);
    assert_eq!(script(&rig), expected);
    assert_eq!(harness.get_by_label("Script").value().as_deref(), Some(&*expected));
    // Everything has come to rest.
    let counts = rig.scribe.counts();
    for _ in 0..50 {
        harness.run_steps(1);
        rig.wait(0.02);
    }
    assert_eq!(rig.scribe.counts(), counts);
}

/// Edits that a hand makes in the house of [`TEXT`].
fn hand() -> impl Strategy<Value = String> {
    let number = || (0..200u32).prop_map(|n| f64::from(n) / 100.0);
    let module = || proptest::sample::select(vec!["kick", "drums", "snare"]);
    prop_oneof![
        4 => number().prop_map(|v| format!("set kick.volume {v}")),
        2 => number().prop_map(|v| format!("set kick.pan {}", v - 1.0)),
        2 => (20..480u32).prop_map(|v| format!("bpm {v}")),
        3 => (1..17u16, 1..4u16).prop_map(|(row, index)| format!("pattern row beat {row} {index}")),
        1 => (1..17u16).prop_map(|row| format!("pattern row beat {row} -")),
        1 => Just("add sampler snare".to_owned()),
        1 => Just("connect snare drums".to_owned()),
        1 => Just("rename snare clap".to_owned()),
        1 => Just("rename clap snare".to_owned()),
        1 => module().prop_map(|name| format!("remove {name}")),
        1 => number().prop_map(|v| format!("set snare.volume {v}")),
        1 => Just("disconnect kick drums".to_owned()),
        1 => Just("undo".to_owned()),
        1 => Just("redo".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn eval_of_the_text_after_any_sequence_of_outside_edits_gives_the_live_session(
        edits in proptest::collection::vec((hand(), any::<bool>()), 1..12)
    ) {
        let mut rig = rig(TEXT);
        let first = rig.snapshot().undo.len();
        for (line, pause) in &edits {
            match line.as_str() {
                // The run of the text itself is not taken back: that is another test.
                "undo" if rig.snapshot().undo.len() <= first => continue,
                "undo" => rig.remote.asks.send(Ask::Undo).expect("room"),
                "redo" => rig.remote.asks.send(Ask::Redo).expect("room"),
                line => {
                    let mut draft = rig.session();
                    // What does not apply is refused at the prompt.
                    let Ok(done) = run(&mut draft, Standing::default(), line) else { continue };
                    let batch = Batch::now(Origin::Text, line, done.commands);
                    rig.remote.asks.send(Ask::Batch(batch)).expect("room");
                }
            }
            rig.settle();
            if *pause {
                rig.wait(0.4);
            }
        }
        rig.wait(1.0);
        let (made, live) = (made(&rig), rig.session());
        prop_assert!(made == live, "{:?}\n{:#?}\n{}", edits, made.diff(&live), live.text);
        prop_assert!(live.text.starts_with("-- my set, do not touch\n"));
        let kept = live.text.contains("for i = 1, 3 do\n    sampler(\"hat\" .. i, { volume = i / 4 })\nend\n");
        prop_assert!(kept, "{}", live.text);
    }
}
