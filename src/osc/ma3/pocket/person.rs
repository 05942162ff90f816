//! A person at the desk: edits by hand, transport, shows, power.
//!
//! Thread: the desk's.

use std::time::Duration;

use super::class::Class;
use super::demo;
use super::desk::Desk;
use super::edit::Who;
use super::tree::Id;
use super::value::{TICKS, Value, cue_text, to_ticks};
use super::world::World;

/// What a person does. `track` is an address as on the command line, such as `101.1.2`; `event` counts from 1 in
/// storage order; times are seconds in the range.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Make an event.
    Add {
        /// On this track.
        track: String,
        /// At this time.
        seconds: f64,
        /// Its token; `""` leaves the desk's own.
        token: String,
        /// Its cue number; `""` for none.
        cue: String,
        /// Its name; `""` leaves the desk's own.
        name: String,
    },
    /// Delete an event.
    Delete {
        /// On this track.
        track: String,
        /// Which.
        event: usize,
    },
    /// Give an event another time, at once.
    Move {
        /// On this track.
        track: String,
        /// Which.
        event: usize,
        /// To this time.
        seconds: f64,
    },
    /// Drag an event: many small moves.
    Drag {
        /// On this track.
        track: String,
        /// Which.
        event: usize,
        /// To this time.
        seconds: f64,
        /// Moves.
        steps: u32,
        /// From the first to the last.
        lasts: Duration,
    },
    /// Write a property of an event: Name, Note, Token, CueDestination, RealtimeCmd.
    Change {
        /// On this track.
        track: String,
        /// Which.
        event: usize,
        /// Property.
        property: String,
        /// Its new value as text.
        value: String,
    },
    /// Make a track at the end of a group, with a range, a sub-track and this sequence as its target; 0 for none.
    AddTrack {
        /// Address of the group, such as `101.1`.
        group: String,
        /// Its name.
        name: String,
        /// Number of the sequence.
        sequence: i64,
    },
    /// Delete what is at an address: track, group, timecode.
    DeleteAt(String),
    /// Put a track at another place in its group, both counted from 1.
    Reorder {
        /// The track.
        track: String,
        /// Its new number.
        to: usize,
    },
    /// Name what is at an address.
    Rename {
        /// Where.
        at: String,
        /// Its new name.
        name: String,
    },
    /// Lock or free what is at an address; `""` is the show.
    Lock(String, bool),
    /// Start a timecode.
    Play(String),
    /// Start recording a timecode.
    Record(String),
    /// Stop a timecode where it is.
    Pause(String),
    /// Stop a timecode and go to its start.
    Stop(String),
    /// Take the last step back.
    Oops,
    /// Save the show; another name is `save as`; `""` keeps the name.
    Save(String),
    /// Open a saved show.
    Load(String),
    /// Switch the desk off and on.
    Restart,
    /// Reload the plug-ins.
    Reload,
    /// One step of a drag. Its event is known by its handle.
    Step(Id, i64),
}

/// An event as a person sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct EventView {
    /// Place in storage order, from 1.
    pub idx: usize,
    /// Time in its range.
    pub ticks: i64,
    /// Time with the range's start.
    pub abs: i64,
    /// What it does.
    pub token: String,
    /// Number of its cue, or `""`.
    pub cue: String,
    /// Its command.
    pub cmd: String,
    /// Its name, as the desk shows it: an event without one shows its token.
    pub name: String,
    /// Its note.
    pub note: String,
}

/// A track as a person sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackView {
    /// Number of the timecode.
    pub tc: i64,
    /// Number of the group.
    pub tg: i64,
    /// Number of the track, without the Marker.
    pub track: i64,
    /// Name of the timecode.
    pub song: String,
    /// Its name.
    pub name: String,
    /// Number of its sequence; 0 for none.
    pub sequence: i64,
    /// It, or what it stands in, is locked.
    pub locked: bool,
    /// Its timecode plays or records.
    pub playing: bool,
    /// Events on it, in all its ranges.
    pub events: usize,
}

impl World {
    /// The CmdSubTrack of a track, by number counted from 1.
    pub fn sub_track(&self, track: Id, range: usize, sub: usize) -> Option<Id> {
        let range = self.tree.children_of(track, Class::TimeRange).nth(range.checked_sub(1)?)?;
        self.tree.children_of(range, Class::CmdSubTrack).nth(sub.checked_sub(1)?)
    }

    fn sub_at(&self, track: &str) -> Result<Id, String> {
        let id = self.timecode_at(track).ok_or_else(|| format!("there is no track {track}"))?;
        match self.tree.class(id) {
            Some(Class::CmdSubTrack) => Ok(id),
            Some(Class::Track) => self.sub_track(id, 1, 1).ok_or_else(|| format!("track {track} has no CmdSubTrack")),
            _ => Err(format!("{track} is no track: give timecode.group.track, such as 101.1.2")),
        }
    }

    fn event_at(&self, track: &str, event: usize) -> Result<Id, String> {
        let sub = self.sub_at(track)?;
        let events = self.tree.children(sub);
        let found = event.checked_sub(1).and_then(|at| events.get(at));
        found.copied().ok_or_else(|| format!("event {event} is not on track {track}: it has {}", events.len()))
    }

    /// One event.
    pub fn event_view(&self, id: Id) -> Option<EventView> {
        let object = self.tree.get(id)?;
        let cue = object.link.and_then(|link| self.tree.get(link)).map(|cue| cue_text(cue.no));
        Some(EventView {
            idx: self.tree.place(id)? + 1,
            ticks: object.event.time,
            abs: object.event.time + self.range_start(id),
            token: self.token_text(id),
            cue: cue.unwrap_or_default(),
            cmd: object.event.command.clone(),
            name: self.shown_name(id),
            note: object.note.clone(),
        })
    }
}

impl Desk {
    /// A person does something; the error says why it cannot be done.
    pub fn person(&mut self, act: Act) -> Result<(), String> {
        if self.context().station().booting && act != Act::Restart {
            return Err("the desk is starting".to_owned());
        }
        match act {
            Act::Load(name) => return self.load_show(&name),
            Act::Reload => self.reload_plugins(),
            Act::Restart => self.restart(),
            Act::Drag { track, event, seconds, steps, lasts } => {
                return self.drag(&track, event, seconds, steps, lasts);
            }
            act => {
                let done = {
                    let mut world = self.context().world_mut();
                    do_in(&mut world, act)
                };
                self.touched();
                return done;
            }
        }
        Ok(())
    }

    fn drag(&mut self, track: &str, event: usize, seconds: f64, steps: u32, lasts: Duration) -> Result<(), String> {
        let (id, from) = {
            let world = self.context().world();
            let id = world.event_at(track, event)?;
            (id, world.tree.get(id).map_or(0, |event| event.event.time))
        };
        let to = to_ticks(seconds);
        let steps = steps.clamp(1, 100_000);
        for step in 1..=steps {
            let part = f64::from(step) / f64::from(steps);
            let ticks = from + ((to - from) as f64 * part).round() as i64;
            self.later(lasts.mul_f64(part), Act::Step(id, if step == steps { to } else { ticks }));
        }
        Ok(())
    }

    /// The events of a track's first range and sub-track; empty where there is none.
    pub fn events(&self, tc: i64, tg: i64, track: i64) -> Vec<EventView> {
        self.events_in(tc, tg, track, 1, 1)
    }

    /// The events of one CmdSubTrack; range and sub-track counted from 1.
    pub fn events_in(&self, tc: i64, tg: i64, track: i64, range: usize, sub: usize) -> Vec<EventView> {
        let world = self.context().world();
        let track = world.timecode_at(&format!("{tc}.{tg}.{track}"));
        let sub = track.and_then(|track| world.sub_track(track, range, sub));
        let events = sub.map(|sub| world.tree.children(sub)).unwrap_or_default();
        let views = events.iter().filter_map(|event| world.event_view(*event));
        views.enumerate().map(|(at, view)| EventView { idx: at + 1, ..view }).collect()
    }

    /// Every track of the show.
    pub fn tracks(&self) -> Vec<TrackView> {
        let world = self.context().world();
        let mut views = vec![];
        for timecode in world.tree.children(world.timecodes) {
            for (tg, group) in (1..).zip(world.tree.children_of(*timecode, Class::TrackGroup)) {
                for (n, track) in (1..).zip(world.tree.children_of(group, Class::Track)) {
                    let target = world.tree.get(track).and_then(|track| track.link);
                    let ranges = world.tree.children_of(track, Class::TimeRange);
                    let subs = ranges.flat_map(|range| world.tree.children(range));
                    views.push(TrackView {
                        tc: world.number(*timecode),
                        tg,
                        track: n,
                        song: world.shown_name(*timecode),
                        name: world.shown_name(track),
                        sequence: target.filter(|to| world.tree.get(*to).is_some()).map_or(0, |to| world.number(to)),
                        locked: world.locked
                            || world.tree.chain(track).any(|id| world.tree.get(id).is_some_and(|o| o.lock)),
                        playing: world.runs(*timecode).0,
                        events: subs.map(|sub| world.tree.children(*sub).len()).sum(),
                    });
                }
            }
        }
        views
    }

    /// Name of the show that is open.
    pub fn show(&self) -> String {
        self.context().world().show.clone()
    }
}

fn do_in(world: &mut World, act: Act) -> Result<(), String> {
    match act {
        Act::Add { track, seconds, token, cue, name } => {
            let sub = world.sub_at(&track)?;
            let block = world.undo.len();
            let event = world.make(sub, None, None, None, Who::Hand)?;
            let written = [("Token", token), ("CueDestination", cue), ("Name", name)];
            let mut done = world.write(event, "Time", &Value::Int(to_ticks(seconds)), Who::Hand);
            for (property, text) in written.into_iter().filter(|(_, text)| !text.is_empty()) {
                done = done.and(world.write(event, property, &Value::Text(text), Who::Hand));
            }
            world.join_steps(block, "Add event");
            if done.is_err() {
                // Half an event is none.
                let _gone = world.oops();
            }
            done
        }
        Act::Delete { track, event } => {
            let event = world.event_at(&track, event)?;
            world.unmake(event, None, Who::Hand)
        }
        Act::Move { track, event, seconds } => {
            let event = world.event_at(&track, event)?;
            world.write(event, "Time", &Value::Int(to_ticks(seconds)), Who::Hand)
        }
        Act::Step(event, ticks) => world.write(event, "Time", &Value::Int(ticks), Who::Hand),
        Act::Change { track, event, property, value } => {
            let event = world.event_at(&track, event)?;
            world.write(event, &property, &Value::Text(value), Who::Hand)
        }
        Act::AddTrack { group, name, sequence } => {
            let group = at(world, &group)?;
            let target = world.tree.numbered(world.sequences, sequence);
            if sequence != 0 && target.is_none() {
                return Err(format!("there is no sequence {sequence}"));
            }
            demo::add_track(world, group, &name, target).map(|_| ())
        }
        Act::DeleteAt(address) => {
            let id = at(world, &address)?;
            world.unmake(id, None, Who::Hand)
        }
        Act::Reorder { track, to } => {
            let id = at(world, &track)?;
            let group = world.tree.parent(id).unwrap_or_default();
            let place = to.checked_sub(1).and_then(|to| world.tree.children_of(group, Class::Track).nth(to));
            let place =
                place.and_then(|other| world.tree.place(other)).ok_or_else(|| format!("there is no track {to}"))?;
            world.put(id, place, Who::Hand)
        }
        Act::Rename { at: address, name } => {
            let id = at(world, &address)?;
            world.write(id, "Name", &Value::Text(name), Who::Hand)
        }
        Act::Lock(address, yes) if address.is_empty() => {
            world.locked = yes;
            Ok(())
        }
        Act::Lock(address, yes) => {
            let id = at(world, &address)?;
            world.write(id, "Lock", &Value::Bool(yes), Who::Hand)
        }
        Act::Play(timecode) => transport(world, &timecode, |world, id| world.start(id, false)),
        Act::Record(timecode) => transport(world, &timecode, |world, id| world.start(id, true)),
        Act::Pause(timecode) => transport(world, &timecode, World::pause),
        Act::Stop(timecode) => transport(world, &timecode, |world, id| {
            world.pause(id);
            world.seek(id, 0);
        }),
        Act::Oops => world.oops().map(|_| ()),
        Act::Save(name) => {
            let name = if name.is_empty() { world.show.clone() } else { name };
            world.save(&name);
            Ok(())
        }
        Act::Load(_) | Act::Restart | Act::Reload | Act::Drag { .. } => {
            Err("that is the desk's, not the show's".to_owned())
        }
    }
}

fn at(world: &World, address: &str) -> Result<Id, String> {
    world.timecode_at(address).ok_or_else(|| format!("there is nothing at {address}"))
}

fn transport(world: &mut World, address: &str, go: impl Fn(&mut World, Id)) -> Result<(), String> {
    let id = at(world, address)?;
    if world.tree.class(id) != Some(Class::Timecode) {
        return Err(format!("{address} is no timecode"));
    }
    go(world, id);
    Ok(())
}

/// Seconds of ticks, for people.
pub fn shown_seconds(ticks: i64) -> String {
    format!("{:.3}", ticks as f64 / TICKS as f64)
}
