//! The shows that every pocket desk has: 'demo', and 'other tour' with the same numbers and another content.
//!
//! Thread: the desk's.

use super::class::Class;
use super::edit::{Refusal, Who};
use super::tree::Id;
use super::value::{TICKS, Value};
use super::world::World;

/// The show that is open on a new desk.
pub const DEMO: &str = "demo";

/// The show of somebody else.
pub const OTHER: &str = "other tour";

/// Make both shows, save them and leave the first one open, with nothing to undo.
pub fn make_shows(world: &mut World) {
    world.new_show(OTHER);
    let made = content(world, "Song A", ["SPOT", "FLOOR"]).and_then(|tracks| {
        for (n, seconds) in [0.5, 3.0, 9.25].into_iter().enumerate() {
            add_event(world, tracks[n % 2], (seconds * TICKS as f64) as i64)?;
        }
        Ok(())
    });
    debug_assert!(made.is_ok(), "{made:?}");
    world.save(OTHER);
    world.new_show(DEMO);
    let made = content(world, "Intro", ["BEAM", "WASH"]);
    debug_assert!(made.is_ok(), "{made:?}");
    world.save(DEMO);
    world.undo.clear();
}

/// Sequences 201 and 202 with cues 1 to 10, timecode 101 with one group of two tracks, timecode 102 empty.
fn content(world: &mut World, song: &str, tracks: [&str; 2]) -> Result<Vec<Id>, Refusal> {
    let mut sequences = vec![];
    for (no, name) in (201..).zip(tracks) {
        let sequence = world.make(world.sequences, None, Some(no), None, Who::Hand)?;
        world.name(sequence, name);
        for cue in 1..=10 {
            world.make(sequence, None, Some(cue * 1000), None, Who::Hand)?;
        }
        sequences.push(sequence);
    }
    let timecode = world.make(world.timecodes, None, Some(101), None, Who::Hand)?;
    world.name(timecode, song);
    world.write(timecode, "Duration", &Value::Int(180 * TICKS), Who::Hand)?;
    let group = world.make(timecode, None, None, None, Who::Hand)?;
    let night = world.make(world.timecodes, None, Some(102), None, Who::Hand)?;
    world.name(night, "Night");
    tracks.into_iter().zip(sequences).map(|(name, sequence)| add_track(world, group, name, Some(sequence))).collect()
}

/// A track as the desk's window makes one: with a full-length range, and a CmdSubTrack where it has a target.
/// The range's CmdSubTrack, else the track.
pub fn add_track(world: &mut World, group: Id, name: &str, sequence: Option<Id>) -> Result<Id, Refusal> {
    let track = world.make(group, None, None, None, Who::Hand)?;
    world.write(track, "Name", &Value::Text(name.to_owned()), Who::Hand)?;
    let range = world.make(track, None, None, None, Who::Hand)?;
    let Some(sequence) = sequence else { return Ok(track) };
    world.write(track, "Target", &Value::Object(sequence), Who::Hand)?;
    world.make(range, Some(Class::CmdSubTrack), None, None, Who::Hand)
}

/// An event at a time in ticks.
pub fn add_event(world: &mut World, sub: Id, ticks: i64) -> Result<Id, Refusal> {
    let event = world.make(sub, None, None, None, Who::Hand)?;
    world.write(event, "Time", &Value::Int(ticks), Who::Hand)?;
    Ok(event)
}
