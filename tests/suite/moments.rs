//! Batches that wait for their moment.

use std::sync::Arc;

use tracklight::bus::FromAudio;
use tracklight::model::{Ask, Command, Event, ModuleKind, Origin, When};

use crate::engine::{add, begun, samples, set, shot, volume};
use crate::engine_rig::Rig;
use crate::strategy::named;

/// A rig whose files are decoded and whose clock runs from `beat`.
fn playing(beat: f64) -> Rig {
    let mut rig = begun();
    rig.activate();
    rig.tick();
    rig.decode(&[]);
    rig.play_at(beat);
    rig.tick();
    rig.told();
    rig.hear();
    rig
}

#[test]
fn a_batch_for_the_next_bar_waits_with_audio_and_is_applied_when_audio_swapped() {
    let mut rig = playing(1.0);
    let batch = rig.ask(When::NextBar, vec![set("kick.volume", 0.5)]);
    let seen = rig.tick();
    assert_eq!(volume(&seen.session, "kick"), 1.0);
    assert_eq!((seen.waiting[0].batch, seen.waiting[0].due, seen.waiting[0].loading), (batch.id, 4.0, false));
    let heard = rig.hear();
    let [(id, due, program)] = heard.plans.as_slice() else { panic!("one plan") };
    assert_eq!((*due, program.samplers[0].values[2], heard.programs[0].samplers[0].values[2]), (4.0, 0.5, 1.0));
    rig.play_at(3.9);
    assert_eq!(rig.tick().waiting.len(), 1);
    rig.report(FromAudio::Swapped { id: *id, frame: 96_000 });
    rig.play_at(4.01);
    let seen = rig.tick();
    assert_eq!((volume(&seen.session, "kick"), seen.waiting.len()), (0.5, 0));
    assert!(matches!(rig.told().as_slice(), [Event::Applied { batch: id, .. }] if *id == batch.id));
    let heard = rig.hear();
    assert!(heard.plans.is_empty() && heard.programs[0].samplers[0].values[2] == 0.5);
}

#[test]
fn each_moment_is_the_next_of_its_kind() {
    for (when, due) in [(When::NextBeat, 6.0), (When::NextBar, 8.0), (When::NextPattern, 8.0), (When::Beat(5.75), 5.75)]
    {
        let mut rig = playing(5.5);
        rig.ask(when, vec![set("kick.volume", 0.5)]);
        assert_eq!(rig.tick().waiting[0].due, due, "{when:?}");
    }
    let mut rig = playing(5.5);
    rig.ask(When::Beat(5.0), vec![set("kick.volume", 0.5)]);
    assert!(rig.tick().waiting.is_empty(), "what is behind is now");
    rig.ask(When::Now, vec![Command::SetSteps(named("P0"), 12)]);
    rig.ask(When::NextPattern, vec![set("kick.volume", 0.25)]);
    assert_eq!(rig.tick().waiting[0].due, 6.0, "12 rows are 3 beats");
    let mut rig = playing(5.5);
    (rig.clock.num, rig.clock.den) = (7, 8);
    rig.play_at(5.6);
    rig.ask(When::NextBar, vec![set("kick.volume", 0.5)]);
    assert_eq!(rig.tick().waiting[0].due, 7.0);
}

#[test]
fn plans_contain_the_ones_before_and_follow_the_base() {
    let mut rig = playing(1.0);
    rig.ask(When::NextBar, vec![set("kick.pan", 0.5)]);
    rig.ask(When::NextBeat, vec![set("kick.volume", 0.5)]);
    rig.ask(When::NextBeat, vec![set("snare.volume", 0.5)]);
    rig.tick();
    let plans = rig.hear().plans;
    let dues: Vec<_> = plans.iter().map(|plan| plan.1).collect();
    assert_eq!(dues, [2.0, 4.0]);
    assert_eq!((plans[0].2.samplers[0].values[3], plans[1].2.samplers[0].values[3]), (0.0, 0.5));
    assert_eq!((plans[1].2.samplers[0].values[2], plans[1].2.samplers[1].values[2]), (0.5, 0.5));
    rig.ask(When::Now, vec![set("kick.speed", 2.0)]);
    rig.tick();
    let heard = rig.hear();
    assert_eq!(heard.programs.len(), 1);
    let again: Vec<_> = heard.plans.iter().map(|plan| (plan.0, plan.2.samplers[0].values[1])).collect();
    assert_eq!(again, [(plans[0].0, 2.0), (plans[1].0, 2.0)]);
    rig.report(FromAudio::Swapped { id: plans[0].0, frame: 0 });
    let seen = rig.tick();
    assert_eq!((volume(&seen.session, "kick"), volume(&seen.session, "snare"), seen.waiting.len()), (0.5, 0.5, 1));
}

#[test]
fn a_batch_that_no_longer_applies_is_refused_at_its_moment() {
    let mut rig = playing(1.0);
    let batch = rig.ask(When::NextBar, vec![set("snare.volume", 0.5)]);
    rig.tick();
    let id = rig.hear().plans[0].0;
    rig.ask(When::Now, vec![Command::RemoveModule(named("snare"))]);
    rig.tick();
    rig.told();
    rig.report(FromAudio::Swapped { id, frame: 0 });
    let seen = rig.tick();
    assert!(seen.waiting.is_empty());
    assert!(seen.notices.back().is_some_and(|notice| notice.text.contains("snare")));
    assert!(matches!(rig.told().as_slice(), [Event::Refused { batch: id, .. }] if *id == batch.id));
}

#[test]
fn when_the_clock_stops_all_that_wait_take_effect_in_order() {
    let mut rig = playing(1.0);
    rig.ask(When::NextBar, vec![set("kick.volume", 0.5)]);
    rig.ask(When::NextBeat, vec![set("kick.volume", 0.25)]);
    rig.tick();
    rig.halt();
    let seen = rig.tick();
    assert_eq!((volume(&seen.session, "kick"), seen.waiting.len()), (0.5, 0));
    assert!(rig.hear().plans.is_empty());
}

#[test]
fn hush_undo_and_load_drop_what_waits() {
    for ask in [Ask::Hush, Ask::Panic, Ask::Undo] {
        let mut rig = playing(1.0);
        rig.ask(When::Now, vec![set("kick.pan", 0.5)]);
        rig.ask(When::NextBar, vec![set("kick.volume", 0.5)]);
        rig.tick();
        rig.told();
        rig.send(ask.clone());
        let seen = rig.tick();
        assert!(seen.waiting.is_empty() && rig.hear().plans.is_empty());
        assert!(rig.told().iter().any(|event| matches!(event, Event::Refused { .. })), "{ask:?}");
        assert_eq!(seen.undo.len(), 1, "what waited was the last thing asked");
    }
    let mut rig = playing(1.0);
    rig.ask(When::NextBar, vec![set("kick.volume", 0.5)]);
    rig.ask(When::Now, vec![Command::Load(Arc::new(crate::strategy::beginning()))]);
    let seen = rig.tick();
    assert!(seen.waiting.is_empty() && volume(&seen.session, "kick") == 1.0);
}

#[test]
fn a_batch_waits_for_its_files_and_takes_the_next_bar() {
    let mut rig = playing(1.0);
    rig.ask(When::NextBar, vec![samples("snare", &["new.wav"])]);
    let seen = rig.tick();
    assert!(seen.waiting[0].loading && rig.hear().plans.is_empty());
    let jobs = rig.media.jobs.len();
    assert_eq!(jobs, 1, "decoding starts at once");
    rig.play_at(4.01);
    let seen = rig.tick();
    assert_eq!((seen.waiting[0].due, seen.waiting[0].loading), (8.0, true));
    assert!(seen.session.modules["snare"].samples().is_empty());
    rig.decode(&[]);
    let seen = rig.tick();
    assert!(!seen.waiting[0].loading);
    let plans = rig.hear().plans;
    assert_eq!(plans[0].1, 8.0);
    let bank = |program: &tracklight::bus::Program| program.samplers[1].bank.iter().all(|s| s.clip.is_some());
    assert!(bank(&plans[0].2) && plans[0].2.samplers[1].bank.len() == 1);
}

#[test]
fn who_needs_what_is_loading_waits_too() {
    let mut rig = playing(1.0);
    rig.ask(When::NextBar, vec![add(ModuleKind::MultiSampler, "late"), samples("late", &["late.wav"])]);
    rig.ask(When::NextBar, vec![set("late.volume", 0.5)]);
    rig.ask(When::NextBar, vec![set("kick.volume", 0.5)]);
    rig.tick();
    let plans = rig.hear().plans;
    rig.report(FromAudio::Swapped { id: plans[0].0, frame: 0 });
    rig.play_at(4.01);
    let seen = rig.tick();
    assert_eq!((volume(&seen.session, "kick"), seen.waiting.len()), (0.5, 2));
    assert!(seen.waiting.iter().all(|wait| wait.due == 8.0));
    rig.decode(&[]);
    rig.tick();
    let plans = rig.hear().plans;
    rig.report(FromAudio::Swapped { id: plans[0].0, frame: 0 });
    let seen = rig.tick();
    assert_eq!((volume(&seen.session, "late"), seen.waiting.len()), (0.5, 0));
}

#[test]
fn hits_of_a_waiting_batch_are_with_audio_before_their_moment() {
    let mut rig = playing(1.0);
    rig.ask(When::NextBar, vec![add(ModuleKind::MultiSampler, "new"), shot("new")]);
    rig.tick();
    let heard = rig.hear();
    let (id, _, program) = &heard.plans[0];
    assert_eq!(heard.shots[0].at, 4.0);
    assert!(program.samplers.iter().any(|sampler| sampler.slot == heard.shots[0].slot));
    rig.report(FromAudio::Swapped { id: *id, frame: 0 });
    rig.tick();
    let after = rig.hear();
    assert!(after.shots.is_empty(), "they are not sent twice");
    let place = after.programs[0].samplers.iter().find(|s| s.slot == heard.shots[0].slot);
    assert!(place.is_some(), "the sampler keeps its place");
    rig.ask(When::NextBar, vec![shot("kick")]);
    rig.tick();
    assert_eq!(rig.hear().shots.len(), 1);
    rig.send(Ask::Undo);
    rig.tick();
    assert_eq!(rig.hear().others, ["DropShots(DropShots { first: 0, last: 0, from: -inf })"]);
}

#[test]
fn a_loop_that_ends_at_the_moment_does_not_miss_it() {
    for reported in [true, false] {
        let mut rig = playing(3.9);
        rig.ask(When::NextBar, vec![set("kick.volume", 0.5), shot("kick")]);
        rig.tick();
        let heard = rig.hear();
        assert_eq!(heard.shots.len(), 1);
        rig.clock = tracklight::model::ClockMap { beat: 0.0, pass: 1, ..rig.clock };
        rig.play_at(0.02);
        if reported {
            rig.report(FromAudio::Swapped { id: heard.plans[0].0, frame: 0 });
        }
        assert_eq!(volume(&rig.tick().session, "kick"), if reported { 0.5 } else { 1.0 });
        rig.play_at(0.3);
        assert_eq!(volume(&rig.tick().session, "kick"), 0.5, "a report that is lost holds nothing up");
        let heard = rig.hear();
        assert!(heard.shots.is_empty() && heard.others.is_empty(), "audio took the hit over the loop's end itself");
    }
}

#[test]
fn after_a_locate_the_moment_is_found_anew() {
    let mut rig = playing(13.0);
    rig.ask(When::NextBar, vec![set("kick.volume", 0.5)]);
    rig.ask(When::Beat(14.0), vec![set("kick.pan", 0.5)]);
    rig.tick();
    rig.clock = tracklight::model::ClockMap { beat: 0.0, jump: 1, ..rig.clock };
    rig.play_at(0.5);
    let dues: Vec<_> = rig.tick().waiting.iter().map(|wait| wait.due).collect();
    assert_eq!(dues, [4.0, 14.0]);
    assert_eq!(rig.hear().plans.len(), 2);
    assert!(rig.told().contains(&Event::Transport));
}

#[test]
fn what_can_never_apply_is_refused_at_once() {
    let mut rig = playing(1.0);
    rig.ask(When::NextBar, vec![set("nope.volume", 0.5)]);
    assert!(rig.tick().waiting.is_empty());
    assert!(matches!(rig.told().as_slice(), [Event::Refused { error, .. }] if error.contains("nope")));
    rig.ask(When::NextBar, vec![add(ModuleKind::MultiSampler, "soon")]);
    rig.ask(When::NextBar, vec![set("soon.volume", 0.5)]);
    assert_eq!(rig.tick().waiting.len(), 2, "one that waits makes what the other needs");
}

#[test]
fn undo_leaves_what_callbacks_sent_ahead() {
    let mut rig = playing(1.0);
    rig.ask(When::NextBar, vec![set("kick.volume", 0.5)]);
    rig.ask_as(Origin::Callback, When::Beat(1.5), vec![set("kick.pan", 0.5)]);
    rig.send(Ask::Undo);
    let waiting: Vec<_> = rig.tick().waiting.iter().map(|wait| wait.due).collect();
    assert_eq!(waiting, [1.5]);
}

#[test]
fn a_report_that_was_lost_holds_nothing_up() {
    let mut rig = playing(1.0);
    rig.ask(When::NextBar, vec![set("kick.volume", 0.5)]);
    rig.tick();
    rig.play_at(4.5);
    assert_eq!(volume(&rig.tick().session, "kick"), 0.5);
}

#[test]
fn only_sixteen_moments_are_with_audio_and_the_rest_follow() {
    let mut rig = playing(1.0);
    for beat in 0..20 {
        rig.ask_as(
            Origin::Callback,
            When::Beat(f64::from(beat) + 2.0),
            vec![set("kick.volume", f64::from(beat) / 20.0)],
        );
    }
    assert_eq!(rig.tick().waiting.len(), 20);
    let plans = rig.hear().plans;
    assert_eq!((plans.len(), plans[0].1, plans[15].1), (16, 2.0, 17.0));
    rig.report(FromAudio::Swapped { id: plans[0].0, frame: 0 });
    rig.tick();
    let plans = rig.hear().plans;
    assert_eq!((plans.len(), plans[0].1, plans[15].1), (16, 3.0, 18.0));
}

#[test]
fn a_waiting_batch_ends_the_hush_at_its_moment() {
    let mut rig = playing(1.0);
    rig.send(Ask::Hush);
    rig.tick();
    rig.hear();
    rig.ask(When::NextBar, vec![set("kick.volume", 0.5)]);
    assert!(rig.tick().hushed);
    let heard = rig.hear();
    assert!(heard.programs[0].hushed && !heard.plans[0].2.hushed);
    rig.report(FromAudio::Swapped { id: heard.plans[0].0, frame: 0 });
    assert!(!rig.tick().hushed);
}
