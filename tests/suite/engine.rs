//! What the engine promises to whoever asks.
//!
//! proves: C2 C4 C6 C8 H14

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tracklight::bus::{Fired, FromAudio, Pace, Station};
use tracklight::model::{
    Ask, Batch, Command, ConsoleKind, ConsoleLine, EvalOutcome, EvalResult, Event, Hit, Loading, ModuleKind, Name,
    Origin, Param, Path, Row, Sample, Session, Shot, TransportVerb, Uid, When, Why,
};

use crate::engine_rig::Rig;
use crate::strategy::{beginning, named};

pub fn set(path: &str, value: f64) -> Command {
    Command::Set(Path::parse(path).expect("a path"), value)
}

pub fn add(kind: ModuleKind, name: &str) -> Command {
    Command::AddModule { uid: Uid::fresh(), kind, name: named(name) }
}

pub fn samples(module: &str, paths: &[&str]) -> Command {
    let one = |path: &&str| Sample { name: (*path).into(), path: (*path).into(), params: Default::default() };
    Command::SetSamples(named(module), paths.iter().map(one).collect())
}

pub fn volume(session: &Session, module: &str) -> f64 {
    session.modules[module].value(Param::VOLUME)
}

pub fn shot(module: &str) -> Command {
    Command::Trigger(Shot { module: named(module), hit: Hit::default(), gate: None, at: None, jump: None })
}

/// A rig with the beginning loaded, nothing told yet.
pub fn begun() -> Rig {
    let mut rig = Rig::new();
    rig.ask(When::Now, vec![Command::Load(Arc::new(beginning()))]);
    rig.tick();
    rig.told();
    rig
}

#[test]
fn edits_take_effect_at_once_while_audio_does_not_run() {
    let mut rig = begun();
    for when in [When::Now, When::NextBar, When::NextPattern, When::Beat(100.0)] {
        rig.ask(when, vec![set("kick.volume", 0.5)]);
        assert_eq!(volume(&rig.tick().session, "kick"), 0.5, "{when:?}");
        rig.send(Ask::Undo);
        assert_eq!(volume(&rig.tick().session, "kick"), 1.0);
    }
    rig.activate();
    rig.ask(When::NextBar, vec![set("kick.volume", 0.25)]);
    assert_eq!(volume(&rig.tick().session, "kick"), 0.25, "the clock stands still");
}

#[test]
fn a_batch_of_a_hundred_that_fails_at_the_end_changes_nothing() {
    let mut rig = begun();
    let before = rig.remote.now();
    let mut commands: Vec<Command> = (0..99).map(|i| set("kick.volume", f64::from(i) / 100.0)).collect();
    commands.push(set("nope.volume", 1.0));
    let batch = rig.ask(When::Now, commands);
    let after = rig.tick();
    assert_eq!(after.session.to_json(), before.session.to_json());
    assert_eq!(after.undo.len(), before.undo.len());
    let told = rig.told();
    let [Event::Refused { batch: id, error, .. }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(*id, batch.id);
    assert!(error.contains("command 100 of 100") && error.contains("\"nope\""), "{error}");
    assert!(after.notices.back().is_some_and(|notice| notice.text.contains("nope")));
}

#[test]
fn errors_name_what_is_wrong_and_where() {
    let mut rig = begun();
    for (command, words) in [
        (set("nope.volume", 1.0), vec!["nope"]),
        (set("mix.volume", 1.0), vec!["mix", "volume", "AudioMixer"]),
        (set("kick.sample[9].speed", 1.0), vec!["kick", "9", "2 samples"]),
        (Command::SetSteps(named("P0"), 0), vec!["steps", "1 to 256", "0"]),
        (Command::Connect(named("mix"), named("kick"), tracklight::model::ConnKind::Audio), vec!["mix", "kick"]),
        (Command::RemoveModule(named("masterAudioOut")), vec!["masterAudioOut"]),
        (shot("mix"), vec!["mix", "triggered"]),
        (Command::Transport(TransportVerb::Locate(f64::NAN)), vec!["locate", "NaN"]),
    ] {
        rig.ask(When::Now, vec![command]);
        rig.tick();
        let told = rig.told();
        let [Event::Refused { error, .. }] = told.as_slice() else { panic!("{told:?}") };
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    }
}

#[test]
fn eight_threads_lose_nothing() {
    let mut rig = begun();
    let doors: Vec<_> = (0..8).map(|_| rig.remote.asks.clone()).collect();
    let senders: Vec<_> = doors
        .into_iter()
        .enumerate()
        .map(|(thread, door)| {
            std::thread::spawn(move || {
                let path =
                    Path::Row { pattern: named("P0"), row: thread as u16 + 1, column: tracklight::model::Column::Note };
                let mut back = 0;
                for number in 0..10_000 {
                    let command = Command::Set(path.clone(), f64::from(number % 128));
                    match door.batch(Batch::now(Origin::Script, "flood", vec![command])) {
                        Ok(()) => {}
                        Err(batch) => {
                            assert_eq!(batch.commands.len(), 1, "what comes back is whole");
                            back += 1;
                        }
                    }
                }
                back
            })
        })
        .collect();
    while !senders.iter().all(|sender| sender.is_finished()) {
        rig.tick();
    }
    let back: usize = senders.into_iter().map(|sender| sender.join().expect("no sender panics")).sum();
    let mut pace = rig.pace();
    while pace == Pace::Now {
        pace = rig.pace();
    }
    let applied = rig.told().iter().filter(|event| matches!(event, Event::Applied { .. })).count();
    assert_eq!(applied + back, 80_000);
    assert!(rig.remote.gate.is_settled());
}

#[test]
fn a_held_snapshot_stays_and_revisions_rise() {
    let mut rig = begun();
    let held = rig.remote.now();
    let bytes = held.session.to_json();
    let mut last = held.revision;
    for step in 1..50 {
        rig.ask(When::Now, vec![set("kick.volume", f64::from(step) / 100.0)]);
        let seen = rig.tick();
        assert!(seen.revision == last + 1);
        last = seen.revision;
        assert_eq!(rig.tick().revision, last, "a tick without news publishes nothing");
    }
    assert_eq!(held.session.to_json(), bytes);
    rig.ask(When::Now, vec![set("kick.volume", 0.49)]);
    assert_eq!(rig.tick().revision, last, "a value set to what it is is no change");
}

#[test]
fn a_turned_knob_is_one_undo_step() {
    let mut rig = begun();
    for step in 1..=20 {
        rig.ask_as(Origin::Gui, When::Now, vec![set("kick.volume", f64::from(step) / 100.0)]);
        rig.tick();
        rig.later(100);
    }
    rig.ask_as(Origin::Gui, When::Now, vec![set("kick.pan", 0.5)]);
    assert_eq!(rig.tick().undo.len(), 2);
    rig.later(600);
    rig.ask_as(Origin::Gui, When::Now, vec![set("kick.pan", 0.6)]);
    rig.tick();
    rig.later(600);
    rig.ask_as(Origin::Gui, When::Now, vec![set("kick.pan", 0.7)]);
    assert_eq!(rig.tick().undo.len(), 4, "a pause begins a new step");
    (0..4).for_each(|_| rig.send(Ask::Undo));
    let seen = rig.tick();
    assert_eq!(*seen.session, beginning());
    (0..4).for_each(|_| rig.send(Ask::Redo));
    let seen = rig.tick();
    assert_eq!((volume(&seen.session, "kick"), seen.session.modules["kick"].value(Param::PAN)), (0.2, 0.7));
}

#[test]
fn what_others_changed_is_left_and_named() {
    let mut rig = begun();
    rig.ask_as(Origin::Gui, When::Now, vec![set("kick.volume", 0.5), set("kick.pan", 0.5)]);
    rig.ask_as(Origin::Desk, When::Now, vec![set("kick.volume", 0.25)]);
    rig.ask_as(Origin::Callback, When::Now, vec![set("snare.volume", 0.75)]);
    assert_eq!(rig.tick().undo.len(), 1, "callbacks and the desk are no undo steps");
    rig.send(Ask::Undo);
    let seen = rig.tick();
    assert_eq!(volume(&seen.session, "kick"), 0.25);
    assert_eq!(volume(&seen.session, "snare"), 0.75);
    assert_eq!(seen.session.modules["kick"].value(Param::PAN), 0.0);
    assert!(seen.notices.back().is_some_and(|notice| notice.text.contains("kick.volume")));
}

#[test]
fn an_undo_that_would_break_a_link_is_left() {
    let mut rig = begun();
    rig.ask_as(Origin::Gui, When::Now, vec![Command::AddPattern { uid: Uid(9000), name: named("fill"), steps: 8 }]);
    let bind = Command::Bind { sequencer: named("seq"), pattern: Some(named("fill")), chain: None, chain_on: None };
    rig.ask_as(Origin::Desk, When::Now, vec![bind]);
    rig.send(Ask::Undo);
    let seen = rig.tick();
    assert_eq!(seen.session.check(), Ok(()));
    assert!(seen.session.patterns.contains_key("fill"));
    assert!(seen.notices.back().is_some_and(|notice| notice.text.contains("seq")));
}

#[test]
fn remarks_become_notices_and_lines_of_the_console() {
    let mut rig = begun();
    rig.ask(When::Now, vec![set("kick.volume", 9.0)]);
    rig.send(Ask::Console(vec![ConsoleLine { kind: ConsoleKind::Output, text: "hello".into() }]));
    let outcome = EvalOutcome::Done { batch: None, values: vec![] };
    rig.send(Ask::Evaluated(EvalResult { id: 7, outcome: outcome.clone() }));
    let seen = rig.tick();
    assert!(seen.notices.back().is_some_and(|n| n.text.contains("0 to 2") && n.text.contains("became 2")));
    let kinds: Vec<_> = seen.console.iter().rev().take(2).map(|line| line.kind).collect();
    assert_eq!(kinds, [ConsoleKind::Output, ConsoleKind::Notice]);
    assert_eq!(seen.eval(7).map(|result| &result.outcome), Some(&outcome));
}

#[test]
fn a_missing_file_is_told_once_and_a_relink_finds_one() {
    let mut rig = begun();
    assert_eq!(rig.decode(&["s1.wav"]), 2);
    let seen = rig.tick();
    assert!(matches!(seen.media["s0.wav"], Loading::Ready { frames: 100, rate: 48_000, channels: 1 }));
    assert!(matches!(&seen.media["s1.wav"], Loading::Missing(why) if why.contains("samples/")));
    let about = |seen: &tracklight::model::Snapshot| seen.notices.iter().filter(|n| n.text.contains("s1.wav")).count();
    rig.ask(When::Now, vec![set("kick.volume", 0.5)]);
    let seen = rig.tick();
    assert_eq!((about(&seen), rig.jobs().len()), (1, 0));
    assert_eq!(seen.session.modules["kick"].samples().len(), 2, "it is kept");
    rig.ask(When::Now, vec![Command::Relink { from: "s1.wav".into(), to: "other.wav".into() }]);
    rig.tick();
    assert_eq!(rig.decode(&[]), 1);
    let seen = rig.tick();
    assert!(!seen.media.contains_key("s1.wav") && matches!(seen.media["other.wav"], Loading::Ready { .. }));
    rig.activate();
    rig.tick();
    let program = rig.hear().programs.pop().expect("a program");
    assert!(program.samplers[0].bank.iter().all(|sample| sample.clip.is_some()));
    rig.ask(When::Now, vec![Command::SetFolders(vec!["elsewhere".into()])]);
    rig.tick();
    assert_eq!(rig.jobs().len(), 2, "other folders are looked through anew");
}

#[test]
fn a_program_goes_out_when_audio_starts_and_after_each_change() {
    let mut rig = begun();
    assert!(rig.hear().programs.is_empty());
    rig.activate();
    let revision = rig.tick().revision;
    let first = rig.hear().programs;
    assert_eq!((first.len(), first[0].revision), (1, revision));
    for _ in 0..5 {
        rig.ask(When::Now, vec![set("kick.volume", 0.5)]);
        rig.ask(When::Now, vec![Command::SetText("-- words".into()), set("kick.pan", 0.5)]);
    }
    let revision = rig.tick().revision;
    let next = rig.hear().programs;
    assert_eq!((next.len(), next[0].revision), (1, revision), "one tick is one Program");
    rig.ask(When::Now, vec![Command::SetText("-- other words".into())]);
    rig.tick();
    assert!(rig.hear().programs.is_empty(), "the script's text is not heard");
    assert_eq!(next[0].samplers[0].values[usize::from(Param::VOLUME.0)], 0.5);
}

#[test]
fn slots_stay_through_edits_and_renames_and_the_rest_is_shared() {
    let mut rig = begun();
    rig.activate();
    rig.tick();
    let before = rig.hear().programs.remove(0);
    let row = Command::SetRow(named("P0"), 1, Row::Hit(Hit::default()));
    let add_pattern = Command::AddPattern { uid: Uid(7000), name: named("P9"), steps: 4 };
    rig.ask(
        When::Now,
        vec![row, add_pattern, Command::Rename(named("kick"), named("zz")), add(ModuleKind::MultiSampler, "aa")],
    );
    rig.tick();
    let after = rig.hear().programs.remove(0);
    for old in &before.samplers {
        let new = after.samplers.iter().find(|new| new.uid == old.uid).expect("it lives");
        assert_eq!(new.slot, old.slot);
        assert!(Arc::ptr_eq(new, old), "nothing about it changed");
    }
    for old in &before.nodes {
        let new = after.nodes.iter().find(|new| new.uid == old.uid).expect("it lives");
        assert_eq!(new.slot, old.slot);
    }
    let (old, new) = (&before.sequencers[0].entries[0].pattern, &after.sequencers[0].entries[0].pattern);
    assert!(!Arc::ptr_eq(old, new) && old.number == new.number);
    rig.ask(When::Now, vec![set("zz.volume", 0.5)]);
    rig.tick();
    let last = rig.hear().programs.remove(0);
    assert!(Arc::ptr_eq(&last.sequencers[0].entries, &after.sequencers[0].entries));
    let turned = |program: &tracklight::bus::Program| program.samplers.iter().find(|s| s.uid == Uid(101)).cloned();
    let (old, new) = (turned(&after).expect("kick"), turned(&last).expect("kick"));
    assert!(!Arc::ptr_eq(&old, &new) && Arc::ptr_eq(&old.bank, &new.bank), "a turned knob leaves the bank");
}

#[test]
fn hits_follow_the_program_they_need() {
    let mut rig = begun();
    rig.activate();
    rig.tick();
    rig.hear();
    rig.ask(When::Now, vec![add(ModuleKind::MultiSampler, "new"), shot("new")]);
    rig.tick();
    let heard = rig.hear();
    let sampler = heard.programs[0].samplers.iter().find(|s| s.slot == heard.shots[0].slot);
    assert!(sampler.is_some_and(|s| s.bank.is_empty()));
    assert!(heard.shots[0].at.is_nan() && heard.shots[0].index == 1 && heard.shots[0].note == 255);
}

#[test]
fn without_audio_hits_are_dropped_and_play_is_kept() {
    let mut rig = begun();
    rig.ask(When::Now, vec![shot("kick"), Command::Transport(TransportVerb::Play)]);
    let seen = rig.tick();
    assert!(!seen.playing && seen.notices.back().is_some_and(|n| n.text.contains("hits")));
    rig.activate();
    rig.tick();
    let heard = rig.hear();
    assert!(heard.shots.is_empty());
    assert_eq!(heard.others, ["Transport(Play)"]);
    rig.report(FromAudio::Transport { playing: true, host: false });
    assert!(rig.tick().playing);
    assert!(rig.told().contains(&Event::Transport));
    rig.audio.gate.processing.store(false, Ordering::Release);
    assert!(!rig.tick().playing, "where audio does not run nothing moves");
}

#[test]
fn hush_silences_until_the_next_evaluation_or_play() {
    let mut rig = begun();
    rig.activate();
    rig.tick();
    rig.hear();
    for (ask, word) in [(Ask::Hush, "Hush"), (Ask::Panic, "Panic")] {
        rig.ask(When::Now, vec![shot("kick")]);
        rig.send(ask);
        assert!(rig.tick().hushed);
        let heard = rig.hear();
        assert!(heard.programs.last().is_some_and(|program| program.hushed));
        assert_eq!((heard.others, heard.shots.len()), (vec![word.to_owned()], 0));
        assert!(rig.told().contains(&Event::Hushed));
        rig.ask_as(Origin::Callback, When::Now, vec![set("kick.pan", 0.5)]);
        assert!(rig.tick().hushed, "a callback is no evaluation");
        rig.ask(When::Now, vec![set("kick.volume", 0.5)]);
        assert!(!rig.tick().hushed);
        assert!(rig.hear().programs.last().is_some_and(|program| !program.hushed));
    }
    rig.report(FromAudio::HushPressed);
    assert!(rig.tick().hushed);
    rig.report(FromAudio::Transport { playing: true, host: true });
    assert!(!rig.tick().hushed);
}

#[test]
fn a_trigger_is_told_by_its_names() {
    let mut rig = begun();
    rig.activate();
    rig.tick();
    let program = rig.hear().programs.remove(0);
    let sequencer = &program.sequencers[0];
    let sampler = &program.samplers[usize::from(sequencer.targets[0])];
    let mut fired = Fired {
        frame: 37,
        beat: 1.5,
        sampler: sampler.slot,
        sequencer: sequencer.slot,
        pattern: sequencer.entries[0].pattern.number,
        row: 3,
        index: 1,
        note: 255,
        count: 1,
        why: Why::Fired,
        params: [(Param::VOLUME, 0.5); 8],
    };
    rig.report(FromAudio::Fired(fired));
    (fired.sequencer, fired.pattern, fired.row) = (u16::MAX, u16::MAX, 0);
    rig.report(FromAudio::Fired(fired));
    let seen = rig.tick();
    assert_eq!((seen.trigger_count, seen.triggers.len()), (2, 2));
    let row = &seen.triggers[0];
    assert_eq!((row.module.as_str(), row.row, row.note, row.params.len()), ("kick", Some(3), None, 1));
    assert_eq!((row.sequencer.clone(), row.pattern.clone()), (Some(named("seq")), Some(named("P0"))));
    assert_eq!((seen.triggers[1].sequencer.clone(), seen.triggers[1].row), (None::<Name>, None));
    assert_eq!(rig.told().iter().filter(|event| matches!(event, Event::Triggered(_))).count(), 2);
}

#[test]
fn a_load_replaces_everything_and_forgets_the_history() {
    let mut rig = begun();
    rig.ask(When::Now, vec![set("kick.volume", 0.5)]);
    assert_eq!(rig.tick().undo.len(), 1);
    rig.ask_as(Origin::Host, When::Now, vec![Command::Load(Arc::new(Session::new()))]);
    rig.told();
    let seen = rig.tick();
    assert_eq!((&*seen.session, seen.undo.len(), seen.redo.len()), (&Session::new(), 0, 0));
    assert!(rig.told().contains(&Event::Loaded));
    rig.send(Ask::Undo);
    assert!(rig.tick().notices.back().is_some_and(|n| n.text.contains("nothing to undo")));
}

#[test]
fn a_panic_leaves_the_published_document() {
    let mut rig = begun();
    let before = rig.remote.now();
    rig.engine.recover("out of tune");
    let after = rig.tick();
    assert_eq!(after.session, before.session);
    assert!(after.notices.back().is_some_and(|n| n.text.contains("out of tune")));
    rig.ask(When::Now, vec![set("kick.volume", 0.5)]);
    assert_eq!(volume(&rig.tick().session, "kick"), 0.5);
}

#[test]
fn offline_audio_is_let_on_when_all_is_handed_over() {
    let mut rig = begun();
    rig.activate();
    rig.audio.gate.offline.store(true, Ordering::Release);
    rig.audio.gate.script_done.store(512, Ordering::Release);
    rig.tick();
    let done = |rig: &Rig| rig.remote.gate.engine_done.load(Ordering::Acquire);
    assert_eq!(done(&rig), 0, "files are on their way");
    rig.decode(&[]);
    rig.tick();
    assert_eq!(done(&rig), 512);
    assert!(rig.hear().programs.last().is_some_and(|p| p.samplers[0].bank[0].clip.is_some()));
}

#[test]
fn a_host_that_stopped_calling_fills_no_memory() {
    let mut rig = begun();
    rig.activate();
    for step in 0..500 {
        rig.ask(When::Now, vec![set("kick.volume", f64::from(step % 7) / 10.0)]);
        rig.tick();
    }
    assert!(rig.engine.lent() < 200, "{}", rig.engine.lent());
    rig.hear();
    let revision = rig.tick().revision;
    let programs = rig.hear().programs;
    assert_eq!((programs.len(), programs[0].revision), (1, revision), "the newest comes once there is room");
}

#[test]
fn memory_stays_bounded_under_a_flood() {
    let mut rig = begun();
    rig.activate();
    let mut most = 0;
    for round in 0..2_000 {
        for number in 0..10 {
            let value = f64::from((round * 10 + number) % 97) / 100.0;
            let commands = (0..10).map(|p| {
                Command::Set(
                    Path::Row {
                        pattern: named("P0"),
                        row: p + 1,
                        column: tracklight::model::Column::Param(Param::VOLUME),
                    },
                    value,
                )
            });
            rig.ask(When::Now, commands.collect());
        }
        let seen = rig.tick();
        assert!(seen.undo.len() <= 1000 && seen.console.len() <= 1000);
        most = most.max(rig.hear().programs.len());
    }
    assert_eq!(most, 1);
    assert!(rig.engine.lent() < 200, "{}", rig.engine.lent());
}
