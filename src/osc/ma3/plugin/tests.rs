//! The plug-in alone, on a small desk in Lua (`stub.lua`): each test runs one scenario of `scenarios.lua` in a fresh state.
//! `tests/lua55` runs the same scenarios on Lua 5.5; the pocket desk's tests run the same files against the whole desk.
//! `cargo xtask desk-plugin` writes the folder, and its own tests compare it byte for byte.
//! proves: D1

mod link;
mod on_pocket;

use mlua::{Function, Lua, Table};

use super::{DESCRIPTION, FILES, components, digest};

/// A state with the stub's globals, and the list of scenarios.
fn desk() -> (Lua, Table) {
    let lua = Lua::new();
    let files = lua.create_table().unwrap();
    for (name, text) in components() {
        files.push(lua.create_sequence_from([name, text]).unwrap()).unwrap();
    }
    lua.globals().set("FILES", files).unwrap();
    lua.load(include_str!("tests/stub.lua")).set_name("@stub.lua").exec().unwrap();
    let scenarios = lua.load(include_str!("tests/scenarios.lua")).set_name("@scenarios.lua").eval().unwrap();
    (lua, scenarios)
}

fn run(name: &str) {
    let (_lua, scenarios) = desk();
    let scenario: Function = scenarios.get(name).unwrap();
    if let Err(error) = scenario.call::<()>(()) {
        panic!("{error}");
    }
}

macro_rules! scenarios {
    ($($(#[$proof:meta])* $name:ident),* $(,)?) => {
        $($(#[$proof])* #[test] fn $name() { run(stringify!($name)); })*
        /// Every test there is, to compare with what the Lua file has.
        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

scenarios! {
    base64_goes_both_ways_and_refuses_what_is_none,
    the_hash_is_fnv_1a_of_64_bits,
    json_keeps_empty_lists_and_every_character,
    cue_numbers_are_exact_decimals,
    equal_events_are_a_multiset_and_a_drag_keeps_the_event,
    hooking_twice_is_one_hook_and_two_full_answers,
    a_drag_of_200_callbacks_is_few_messages_and_the_last_state_arrives,
    an_unacknowledged_notice_is_sent_again_until_it_is,
    a_batch_adds_sets_and_deletes_in_one_undo,
    a_batch_on_content_nobody_has_seen_is_stale,
    a_repeated_batch_is_done_once,
    a_silent_failure_puts_everything_back,
    deletes_that_fail_are_said,
    a_quantised_time_is_no_failure,
    what_is_locked_or_moving_is_refused_and_told,
    one_client_writes_and_another_takes_over_on_a_word,
    the_other_client_is_told_what_one_wrote,
    a_lease_that_runs_out_unhooks,
    a_long_track_arrives_whole_in_small_datagrams_and_parts_come_again,
    work_comes_in_short_slices,
    a_batch_in_many_parts_is_committed_once,
    edits_by_hand_while_a_batch_is_written_are_kept_and_told,
    a_batch_a_reload_comes_upon_is_whole,
    tracks_are_counted_by_class_and_followed_when_they_move,
    another_show_is_another_epoch_and_nothing_old_is_used,
    a_reload_keeps_lineage_and_tells_a_new_epoch,
    a_change_no_hook_told_of_is_found,
    tracks_cues_and_targets_are_made_once_in_one_undo,
    lists_say_what_is_there,
    the_desk_without_fast_timers_uses_one_worker,
    an_error_inside_is_answered_and_kills_nothing,
    noise_is_ignored,
    other_plug_ins_keep_their_names,
    calls_by_hand_print_or_act_for_the_last_client,
}

#[test]
fn every_scenario_is_a_test() {
    let (_lua, scenarios) = desk();
    let mut there: Vec<String> = scenarios.pairs::<String, Function>().map(|pair| pair.unwrap().0).collect();
    there.sort();
    let mut ours: Vec<String> = NAMES.iter().map(|name| name.to_string()).collect();
    ours.sort();
    assert_eq!(there, ours);
}

#[test]
fn the_description_lists_every_component_in_the_order_of_the_files() {
    let (name, text) = FILES[0];
    assert_eq!(name, DESCRIPTION);
    let listed: Vec<&str> = text.split("FileName=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let files: Vec<&str> = FILES[1..].iter().map(|(name, _)| *name).collect();
    assert_eq!(listed, files);
    assert_eq!(text.matches("Installed=\"Yes\"").count(), files.len());
    let mut guids: Vec<&str> = text.split("Guid=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    guids.sort();
    guids.dedup();
    assert_eq!(guids.len(), files.len() + 1, "two components with one Guid");
}

#[test]
fn the_last_component_knows_all_the_others() {
    let init = FILES.last().unwrap().1;
    for (name, _) in components().filter(|(name, _)| *name != "init") {
        assert!(init.contains(&format!("\"{name}\"")), "{name}");
    }
}

#[test]
fn no_component_is_longer_than_600_lines_or_has_a_word_lua_5_5_keeps_for_itself() {
    for (name, text) in components() {
        assert!(text.lines().count() <= 600, "{name}");
        for line in text.lines() {
            let code = line.split("--").next().unwrap_or_default();
            assert!(
                !code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "global"),
                "{name}: {line}"
            );
        }
    }
}

#[test]
fn the_digest_is_sixteen_digits_of_all_the_bytes() {
    assert_eq!(digest().len(), 16);
    assert!(digest().bytes().all(|digit| digit.is_ascii_hexdigit()));
}
