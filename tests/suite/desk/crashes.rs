//! Either side ends at every single step of a batch: what is there after that is what was asked for, once.

use tracklight::model::{Put, Uid};
use tracklight::osc::ma3::pocket::{Act, Options};

use super::rig::{SECOND, World, at};

/// Steps of the clock after an edit at which something ends. The edit is sent after 50 ms and is done within 100 more.
const STEPS: u64 = 40;
/// The rig's clock is turned by so many milliseconds at once.
const STEP_MS: u64 = 5;

/// Twelve events of ours in step, saved on the desk; then some are moved, some deleted and some made, and after so many
/// steps something ends.
fn ended_at(step: u64, end: impl Fn(&mut World), within: u64, story: &str) {
    let mut world = World::in_step(Options { seed: step + 1, ..Options::default() });
    let first: Vec<Put> = (0..12).map(|n| (Uid(100 + n), at(n as i64 * SECOND, &format!("e{n}")))).collect();
    world.apps[0].put(&first);
    world.assert_equal_within(2000, "in step");
    world.desk.person(Act::Save(String::new())).unwrap();
    let moved = (0..4).map(|n| (Uid(100 + n), at((n as i64 + 20) * SECOND, &format!("e{n}"))));
    let gone = (4..8).map(|n| (Uid(100 + n), None));
    let made = (0..4).map(|n| (Uid(200 + n), at((n as i64 + 40) * SECOND, &format!("new{n}"))));
    let edit: Vec<Put> = moved.chain(gone).chain(made).collect();
    world.apps[0].put(&edit);
    let wanted = world.apps[0].contents();
    world.run(step * STEP_MS);
    end(&mut world);
    world.assert_equal_within(within, &format!("{story} {} ms after the edit", step * STEP_MS));
    assert_eq!(world.contents(), wanted, "{story} after {step} steps: events lost or doubled");
}

#[test]
fn this_side_crashes_at_every_step_of_a_batch() {
    (0..STEPS).for_each(|step| ended_at(step, |world| world.crash(0), 2000, "a crash here"));
}

#[test]
fn the_desk_plug_in_is_reloaded_at_every_step_of_a_batch() {
    (0..STEPS).for_each(|step| ended_at(step, |world| world.desk.reload_plugins(), 2000, "a reload"));
}

#[test]
fn both_sides_end_at_every_step_of_a_batch() {
    let both = |world: &mut World| {
        world.crash(0);
        world.desk.reload_plugins();
    };
    (0..STEPS).for_each(|step| ended_at(step, both, 2000, "both"));
}
