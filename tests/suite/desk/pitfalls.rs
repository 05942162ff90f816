//! The pitfalls F1-F58 of systems like this one: each is a test, here or where the table says.
//!
//! Here and in `pitfalls_tracks.rs` and `pitfalls_rows.rs` is what needs the whole chain: session, link, wire, plug-in, desk.
//!
//! | Pitfall | Test |
//! |---|---|
//! | F1, F2 | `plugin/tests/on_pocket.rs`, `hooking_twice_is_one_hook_and_two_full_answers`; `rows.rs`, `either_side_restarts_…` |
//! | F3 | here, `letting_go_of_what_was_never_held_is_no_error` |
//! | F4 | `plugin/tests/on_pocket.rs`, `tracks_that_move_are_followed_and_those_that_go_are_told` |
//! | F5 | `line/tests.rs`, `nothing_is_sent_before_somebody_listens` |
//! | F6 | `pitfalls_tracks.rs`, `a_track_called_marker_and_a_marker_called_otherwise_shift_nothing`; scenario `tracks_are_counted_by_class_…` |
//! | F7 | here, `what_nobody_else_holds_is_not_collected` |
//! | F8, F9 | here, `twenty_reloads_leave_one_hook_each_and_one_mapping` |
//! | F10 | `storms.rs`, `another_show_is_held_…`; scenario `another_show_is_another_epoch_and_nothing_old_is_used` |
//! | F11, F12, F13 | `pitfalls_rows.rs`, `any_tick_up_to_255_hours_goes_both_ways_to_the_bit` |
//! | F14 | `matching/tests.rs`, `equal_events_are_a_multiset_and_pair_in_order`; here, `equal_events_are_counted_and_never_become_one` |
//! | F15 | here, `many_edits_in_one_batch_each_reach_their_own_event` |
//! | F16, F17 | `pitfalls_rows.rs`, `a_drag_of_200_callbacks_is_few_messages_and_ends_at_the_right_place` |
//! | F18 | here, `two_thousand_events_need_no_more_hooks_than_none` |
//! | F19 | `line/tests/faults.rs`, `every_request_is_answered_exactly_once_…`; `storms.rs`, `nothing_is_lost_or_doubled_…` |
//! | F20 | scenario `a_long_track_arrives_whole_in_small_datagrams_…`; `line/tests/faults.rs`, `a_change_is_told_once_…` |
//! | F21 | here, `every_datagram_is_within_its_limit` |
//! | F22 | here, `an_edit_right_after_our_own_write_is_no_echo` |
//! | F23, F24 | here, `edits_in_any_moment_of_the_beginning_arrive` |
//! | F25 | `sync/seen/tests.rs`, `a_difference_is_put_onto_what_it_speaks_of_and_onto_nothing_else` |
//! | F26 | there are no pipelines: nothing but the session's commands clears a layer, and each is one undo |
//! | F27 | here, `twenty_reloads_…`; `rows.rs`, `either_side_restarts_…` |
//! | F28 | `pitfalls_tracks.rs`, `a_track_is_followed_by_name_and_place_and_its_end_keeps_the_layer` |
//! | F29 | `pitfalls_tracks.rs`, `two_tracks_of_one_name_are_nobodys` |
//! | F30 | `protocol/tests.rs`, `what_is_missing_or_out_of_range_is_named` |
//! | F31, F38 | `pitfalls_tracks.rs`, `the_last_event_goes_and_its_track_stays` |
//! | F32 | here, `each_field_travels_alone_both_ways`; `event.rs`, `every_field_the_range_…_are_in_the_hash` |
//! | F33 | an event of a layer is a point, as on the desk: there is no duration to differ in |
//! | F34 | `pitfalls_rows.rs`, `one_of_five_hundred_is_one_op_…`; scenario `a_batch_a_reload_comes_upon_is_whole`; `rows.rs`, `a_preview_counts_…` |
//! | F35, F36, F37 | `pitfalls_tracks.rs`, `a_bare_track_…` and `no_sequence_is_invented`; scenario `tracks_cues_and_targets_are_made_once_in_one_undo` |
//! | F39 | `plugin/tests/on_pocket.rs`, `a_write_that_fails_in_silence_leaves_nothing_behind` |
//! | F40, F41 | `plugin/tests/on_pocket.rs`, `the_plug_in_loads_and_looks_for_nothing_the_desk_has_not` (the pocket desk refuses both mistakes) |
//! | F42 | `plugin/tests/on_pocket.rs`, `a_reload_and_a_restart_are_told_at_once_and_lineage_goes_on` |
//! | F43 | here, `an_address_nobody_can_be_answered_at_is_refused_and_our_own_is_shown` |
//! | F44, F45 | `pitfalls_rows.rs`, `names_from_hell_travel_both_ways_and_nothing_breaks_out` |
//! | F46 | `line/tests/looking.rs`, `a_station_that_is_not_the_master_is_named`; `plugin/tests/on_pocket.rs`, `two_stations_of_a_session_…` |
//! | F47 | `tests/lua55` runs the scenarios on Lua 5.5; `plugin/tests.rs`, `no_component_is_longer_…` |
//! | F48 | `rows.rs`, `a_locked_or_playing_track_waits_with_its_reason` |
//! | F49 | `plugin/tests/on_pocket.rs`, `what_the_desk_cannot_do_is_said_in_hello` and `any_kind_of_desk_is_read_and_written` |
//! | F50 | `basics.rs`, `a_layer_and_a_track_come_in_step_and_stay_so` counts datagrams; nothing is logged over the wire |
//! | F51 | there is no time scale: ticks are whole numbers everywhere |
//! | F52 | `basics.rs`, `another_writer_reads_and_takes_over_on_a_word`; scenario `a_lease_that_runs_out_unhooks` |
//! | F53 | every test here: the pocket desk runs `plugin::components()`, the files that are shipped |
//! | F54 | `rows.rs`, `ten_minutes_with_a_desk_that_rounds_times_end_equal_and_quiet` |
//! | F55 | `pitfalls_rows.rs`, `other_ranges_and_fader_sub_tracks_are_never_touched` |
//! | F56 | `pitfalls_tracks.rs`, `a_merge_with_an_offset_doubles_nothing` |
//! | F57 | `pitfalls_rows.rs`, `both_orders_of_undo_end_equal_each_one_step` |
//! | F58 | scenario `a_silent_failure_puts_everything_back`; `plugin/tests/on_pocket.rs`, `a_write_that_fails_…` |

use std::sync::Arc;
use std::time::Duration;

use tracklight::model::{Command, LayerEvent, MappingState, Uid};
use tracklight::osc::ma3::pocket::{Act, Faults, Options, Path};

use super::rig::{SECOND, World, at, beam, name};

pub fn add(seconds: f64, text: &str) -> Act {
    Act::Add { track: "101.1.1".into(), seconds, token: String::new(), cue: String::new(), name: text.into() }
}

pub fn change(event: usize, property: &str, value: &str) -> Act {
    Act::Change { track: "101.1.1".into(), event, property: property.into(), value: value.into() }
}

/// Lines of the desk's log that say that something went wrong.
pub fn errors(world: &World) -> Vec<String> {
    let lines = world.desk.log().into_iter().filter(|line| format!("{:?}", line.kind) == "Error");
    lines.map(|line| line.text).collect()
}

/// F3.
#[test]
fn letting_go_of_what_was_never_held_is_no_error() {
    let mut world = World::in_step(Options::default());
    for call in ["TL.UnhookTrack(101, 1, 2)", "TL.UnhookTrack(999, 9, 9)", "TL.UnhookAll()", "TL.UnhookAll()"] {
        world.desk.lua(call).unwrap();
        world.run(300);
    }
    assert_eq!(errors(&world), [""; 0]);
    // The link finds out that nothing is hooked any more, and hooks again.
    world.desk.person(add(1.0, "a")).unwrap();
    world.assert_equal_within(5000, "unhooked by hand");
    assert_eq!(world.apps[0].contents().len(), 1);
}

/// F7: the desk holds callbacks weakly here.
#[test]
fn what_nobody_else_holds_is_not_collected() {
    let mut world = World::in_step(Options::default());
    assert!(world.desk.options().hooks_weak);
    for n in 1..=20 {
        world.desk.collect();
        world.desk.person(add(f64::from(n), &format!("e{n}"))).unwrap();
        // Sooner than any look of the plug-in's own.
        world.assert_equal_within(400, "a hook that lives");
    }
    assert_eq!(world.apps[0].contents().len(), 20);
}

/// F8, F9, F27.
#[test]
fn twenty_reloads_leave_one_hook_each_and_one_mapping() {
    let mut world = World::in_step(Options::default());
    world.apps[0].put(&[(Uid(1), at(SECOND, "a"))]);
    world.assert_equal_within(1000, "put");
    world.desk.person(Act::Save(String::new())).unwrap();
    let hooks = world.desk.counts().hooks;
    for n in 0..20 {
        match n % 3 {
            0 => world.desk.reload_plugins(),
            1 => world.desk.person(Act::Load("demo".into())).unwrap(),
            _ => world.crash(0),
        }
        world.run(20);
        world.assert_equal_within(2000, &format!("reload {n}"));
        world.desk.person(change(1, "Note", &format!("after {n}"))).unwrap();
        world.assert_equal_within(600, &format!("told after reload {n}"));
        world.desk.person(Act::Save(String::new())).unwrap();
    }
    // What another life of ours had hooked is let go when its lease is over.
    world.run(15_000);
    assert_eq!(world.desk.counts().hooks, hooks);
    assert_eq!(world.apps[0].link.state().mappings.len(), 1);
    assert_eq!((world.apps[0].session.layers.len(), world.events().len()), (1, 1));
}

/// F14.
#[test]
fn equal_events_are_counted_and_never_become_one() {
    let mut world = World::in_step(Options::default());
    let puts: Vec<_> = (1..=6).map(|n| (Uid(n), at(SECOND, "same"))).collect();
    world.apps[0].put(&puts);
    world.assert_equal_within(1000, "six of a kind");
    assert_eq!(world.events().len(), 6);
    world.desk.person(Act::Delete { track: "101.1.1".into(), event: 3 }).unwrap();
    world.assert_equal_within(1000, "one of them deleted there");
    assert_eq!(world.apps[0].contents()["same"].len(), 5);
    world.desk.person(Act::Move { track: "101.1.1".into(), event: 1, seconds: 2.0 }).unwrap();
    world.assert_equal_within(1000, "one of them moved there");
    let uid = world.apps[0].find("same").unwrap();
    world.apps[0].put(&[(uid, None)]);
    world.assert_equal_within(1000, "one of them deleted here");
    let times: Vec<i64> = world.events().iter().map(|event| event.ticks).collect();
    assert_eq!(times, [SECOND, SECOND, SECOND, 2 * SECOND]);
}

/// F15.
#[test]
fn many_edits_in_one_batch_each_reach_their_own_event() {
    let mut world = World::in_step(Options::default());
    let puts: Vec<_> = (1..=60).map(|n| (Uid(n), at(n as i64 * SECOND, &format!("e{n}")))).collect();
    world.apps[0].put(&puts);
    world.assert_equal_within(1500, "put");
    for round in 0..5_u64 {
        let edits: Vec<_> = (1..=60)
            .filter_map(|n| match (n + round) % 4 {
                // Deleted, and there again in another round; moved past its neighbours; renamed where it stands.
                0 => Some((Uid(n), None)),
                1 => Some((Uid(n), at(((n * 37 + round * 11) % 61) as i64 * SECOND + 1, &format!("e{n}")))),
                2 => Some((Uid(n), at(n as i64 * SECOND, &format!("e{n} {round}")))),
                _ => None,
            })
            .filter(|(uid, event)| event.is_some() || world.apps[0].session.layers["Beam"].get(*uid).is_some())
            .collect();
        let steps = world.desk.counts().undo;
        world.apps[0].put(&edits);
        world.assert_equal_within(1500, &format!("round {round}"));
        assert_eq!(world.desk.counts().undo, steps + 1, "round {round} is one step there");
    }
}

/// F18: two thousand events on a desk that takes eight hooks.
#[test]
fn two_thousand_events_need_no_more_hooks_than_none() {
    let mut world = World::in_step(Options { hooks_max: 8, ..Options::default() });
    let hooks = world.desk.counts().hooks;
    let puts: Vec<_> = (1..=2000).map(|n| (Uid(n), at(n as i64 * SECOND / 20, &format!("e{n}")))).collect();
    world.apps[0].put(&puts);
    world.assert_equal_within(10_000, "put");
    assert_eq!(world.desk.counts().hooks, hooks);
    world.desk.person(Act::Delete { track: "101.1.1".into(), event: 1000 }).unwrap();
    world.assert_equal_within(2000, "one of them deleted");
}

/// F21.
#[test]
fn every_datagram_is_within_its_limit() {
    for udp_bind in [true, false] {
        let mut world = World::new(Options { udp_bind, ..Options::default() }, beam());
        world.tape = Some(vec![]);
        world.apps[0].perform(Command::AcceptMapping(name("Beam")));
        let long = "\u{1f3b5}|\"".repeat(60);
        let puts: Vec<_> = (1..=200).map(|n| (Uid(n), at(n as i64 * SECOND, &format!("{n} {long}")))).collect();
        world.apps[0].put(&puts);
        world.assert_equal_within(10_000, "put");
        // And the other way: a new life here reads all of it.
        world.crash(0);
        world.run(10);
        world.assert_equal_within(10_000, "read");
        let mut commands = 0;
        for (_, port, bytes) in world.tape.take().unwrap() {
            assert!(bytes.len() <= 1200, "{} bytes to port {port}", bytes.len());
            if port == 8000 {
                commands += 1;
                let text = bytes.iter().skip(12).take_while(|byte| **byte != 0).count();
                assert!(text < 1000, "a command of {text} bytes");
            }
        }
        assert!(commands > 0 && errors(&world).is_empty(), "{:?}", errors(&world));
    }
}

/// F22: no window of time in which an edit would be taken for the echo of ours.
#[test]
fn an_edit_right_after_our_own_write_is_no_echo() {
    let mut world = World::in_step(Options::default());
    for n in 0..30_u64 {
        let ours = format!("o{n}");
        world.apps[0].put(&[(Uid::fresh(), at((n as i64 + 1) * SECOND, &ours))]);
        world.until(1000, |world| world.place(&ours).is_some());
        world.run(n * 15);
        // The very event we have just written, and one of the desk's own.
        let event = world.place(&ours).unwrap();
        let seconds = 100.0 + n as f64;
        world.desk.person(Act::Move { track: "101.1.1".into(), event, seconds }).unwrap();
        world.desk.person(add(200.0 + n as f64, &format!("d{n}"))).unwrap();
        world.assert_equal_within(1500, &format!("{} ms after our write", n * 15));
        assert_eq!(world.apps[0].contents()[&ours][0].0, seconds as i64 * SECOND, "{n}");
    }
    assert_eq!(world.events().len(), 60);
}

/// F23, F24.
#[test]
fn edits_in_any_moment_of_the_beginning_arrive() {
    let far = Path { delay: Duration::from_millis(20), jitter: Duration::from_millis(10), ..Path::default() };
    for seed in 1..=4 {
        let mut world = World::new(Options { seed, ..Options::default() }, beam());
        world.faults(Faults { inbound: far, outbound: far, ..Faults::default() });
        world.apps[0].perform(Command::AcceptMapping(name("Beam")));
        for n in 0..60 {
            world.desk.person(add(f64::from(n) / 4.0, &format!("d{n}"))).unwrap();
            world.run(10 + 5 * seed);
        }
        world.assert_equal_within(2500, "the beginning");
        assert_eq!(world.apps[0].contents().len(), 60, "seed {seed}");
        assert_eq!(world.events().len(), 60, "seed {seed}");
    }
}

/// F32.
#[test]
fn each_field_travels_alone_both_ways() {
    let mut world = World::in_step(Options::default());
    world.apps[0].put(&[(Uid(1), at(SECOND, "a")), (Uid(2), at(2 * SECOND, "b"))]);
    world.assert_equal_within(1000, "put");
    for (property, value) in [
        ("Name", "other"),
        ("Note", "a note"),
        ("RealtimeCmd", "Off Page 1"),
        ("CueDestination", "3"),
        ("Token", "Goto"),
    ] {
        let taken = world.apps[0].taken;
        world.desk.person(change(1, property, value)).unwrap();
        world.until(1500, |world| world.apps[0].taken > taken && world.is_equal());
        let event = world.apps[0].session.layers["Beam"].get(Uid(1)).expect("it is still the same event").clone();
        let has = match property {
            "Name" => &event.name,
            "Note" => &event.note,
            "RealtimeCmd" => &event.cmd,
            "CueDestination" => &event.cue,
            _ => &event.token,
        };
        assert_eq!((&**has, world.apps[0].state()), (value, MappingState::Synced), "{property} from the desk");
    }
    let mut event = LayerEvent { name: "b".into(), ..LayerEvent::at(2 * SECOND) };
    for field in ["name", "note", "cmd", "cue", "token"] {
        match field {
            "name" => event.name = "B".into(),
            "note" => event.note = "ours".into(),
            "cmd" => event.cmd = "On Page 2".into(),
            "cue" => event.cue = "4".into(),
            _ => event.token = "Goto".into(),
        }
        world.apps[0].put(&[(Uid(2), Some(Arc::new(event.clone())))]);
        world.run(20);
        world.assert_equal_within(1500, field);
        let there = world.events().into_iter().find(|there| there.ticks == 2 * SECOND).unwrap();
        let fields = [&there.name, &there.note, &there.cmd, &there.cue, &there.token].map(|text| text.as_str());
        assert_eq!(fields, [&*event.name, &*event.note, &*event.cmd, &*event.cue, &*event.token], "{field}");
    }
}

/// F43.
#[test]
fn an_address_nobody_can_be_answered_at_is_refused_and_our_own_is_shown() {
    let mut world = World::in_step(Options::default());
    for address in ["0.0.0.0", "255.255.255.255", "localhost", "1.2.3", "10.0.0.300", ""] {
        let seen = world.desk.log().len();
        world.desk.lua(&format!("TL.SetTarget('{address}', 9000)")).unwrap();
        let log = world.desk.log();
        let said: Vec<_> = log[seen.min(log.len())..].iter().map(|line| line.text.as_str()).collect();
        assert!(said.iter().any(|line| line.contains("SetTarget: ip must be four numbers")), "{address}: {said:?}");
    }
    world.desk.person(add(1.0, "a")).unwrap();
    world.assert_equal_within(1500, "the one that was there is still answered");
    world.apps[0].verb(tracklight::model::DeskVerb::SelfTest);
    world.run(3000);
    let test = world.apps[0].link.state().test;
    assert!(test.iter().any(|line| line.text.contains("answer to 127.0.0.1:9000")), "{test:?}");
}
