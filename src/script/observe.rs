//! Observers: `engine:onStateChange`, `onChange`, `on_param`, `on_trigger`.
//!
//! Thread: script. Changes between two looks are one, and each observer hears of it once; triggers are told one by one.
//! An observer that throws does not stop the others, one that only throws is taken out; observers that only answer each
//! other are found and stopped.

use std::collections::VecDeque;
use std::sync::Arc;

use mlua::{Function, IntoLuaMulti, Lua, MultiValue};

use super::api::state;
use super::watch::{ClockState, Seen, Target};
use super::world::{Run, Scope, Shared, World};
use super::{Failure, Script};
use crate::model::{Ask, BatchId, Command, ConsoleKind, Loading, Name, Origin, Snapshot, TriggerRecord, When};

/// Rounds without a change from outside after which a callback is taken to answer itself.
pub const ROUNDS_MAX: u32 = 100;
/// Rounds that a change from outside forgives: who answers each once stays, who goes on answering itself does not.
const FORGIVEN: u32 = 4;
/// Errors in a row after which a callback is taken out.
pub const FAULTS_MAX: u32 = 16;
/// Most triggers that wait to be told; more are counted as lost.
const HEARD_MAX: usize = 4096;
/// Most triggers told in one tick; the rest comes with the next.
const TOLD_MAX: usize = 256;
/// Most hits of callbacks remembered until they are heard.
const ECHOES_MAX: usize = 256;

/// What an observer hears of.
pub enum Watch {
    /// Every change, with the whole state.
    State,
    /// What changed of one thing. What was told last; `None` is taken from the next look.
    Change(Target, Option<Seen>),
    /// Triggers, or those of one sampler.
    Trigger(Option<Name>),
}

/// A registered callback.
pub struct Observer {
    /// Its number.
    pub number: u64,
    /// Who registered it.
    pub scope: Scope,
    /// What is called.
    pub callback: Function,
    /// Where it was registered: `chunk:12`.
    pub place: String,
    /// What it hears of.
    pub watch: Watch,
    /// Rounds in a row that it caused itself.
    pub rounds: u32,
    /// Errors in a row.
    pub faults: u32,
}

impl Observer {
    /// It holds from now on: what it is told is counted from the next look.
    pub fn begin(&mut self) {
        if let Watch::Change(_, told) = &mut self.watch {
            *told = None;
        }
    }

    /// What people call it: `onChange "kick.volume" (song.lua:12)`.
    fn title(&self) -> String {
        let place = &self.place;
        match &self.watch {
            Watch::State => format!("onStateChange ({place})"),
            Watch::Change(target, _) => format!("onChange \"{}\" ({place})", target.text()),
            Watch::Trigger(Some(module)) => format!("on_trigger \"{module}\" ({place})"),
            Watch::Trigger(None) => format!("on_trigger ({place})"),
        }
    }
}

/// Triggers on their way to the observers.
#[derive(Default)]
pub struct Heard {
    waiting: VecDeque<Arc<TriggerRecord>>,
    /// How many of all there ever were are told, waiting or lost.
    count: u64,
    /// Taken from the Snapshot after Events were lost: the same may still come as Events.
    recovered: Vec<Arc<TriggerRecord>>,
    /// Hits that observers asked for and that were not heard yet.
    echoes: VecDeque<(Name, u16)>,
    /// Triggers that no observer was told of though one would have been.
    pub lost: u64,
}

impl Heard {
    /// A trigger was told.
    pub fn event(&mut self, record: Arc<TriggerRecord>, wanted: bool) {
        if let Some(place) = self.recovered.iter().position(|known| Arc::ptr_eq(known, &record)) {
            self.recovered.swap_remove(place);
            return;
        }
        self.count += 1;
        self.push(record, wanted);
    }

    fn push(&mut self, record: Arc<TriggerRecord>, wanted: bool) {
        if !wanted {
            return;
        }
        if self.waiting.len() >= HEARD_MAX {
            // The newest say more about now.
            self.waiting.pop_front();
            self.lost += 1;
        }
        self.waiting.push_back(record);
    }

    /// Events were lost: the Snapshot keeps the last ones, what is older is lost.
    pub fn recover(&mut self, snapshot: &Snapshot, wanted: bool) {
        let missing = snapshot.trigger_count.saturating_sub(self.count);
        let there = (snapshot.triggers.len() as u64).min(missing) as usize;
        self.recovered = snapshot.triggers.iter().rev().take(there).rev().cloned().collect();
        for record in self.recovered.clone() {
            self.push(record, wanted);
        }
        self.lost += if wanted { missing - there as u64 } else { 0 };
        self.count += missing;
    }

    /// The next one, and whether an observer asked for it.
    fn next(&mut self) -> Option<(Arc<TriggerRecord>, bool)> {
        let record = self.waiting.pop_front()?;
        let own = |(module, index): &(Name, u16)| *module == record.module && *index == record.index;
        let echo = record.sequencer.is_none().then(|| self.echoes.iter().position(own)).flatten();
        if let Some(place) = echo {
            self.echoes.remove(place);
        }
        Some((record, echo.is_some()))
    }

    fn expect(&mut self, module: Name, index: u16) {
        if self.echoes.len() == ECHOES_MAX {
            self.echoes.pop_front();
        }
        self.echoes.push_back((module, index));
    }
}

/// Whether two Snapshots differ in what a script is told: the session, the transport, which files are there.
fn differs(old: &Snapshot, new: &Snapshot) -> bool {
    let kind = |l: &Loading| matches!(l, Loading::Ready { .. }) as u8 | (matches!(l, Loading::Missing(_)) as u8) << 1;
    let media = || {
        old.media.len() != new.media.len()
            || old.media.iter().zip(new.media.iter()).any(|(a, b)| a.0 != b.0 || kind(a.1) != kind(b.1))
    };
    (!Arc::ptr_eq(&old.session, &new.session) && old.session != new.session)
        || old.playing != new.playing
        || old.host_leads != new.host_leads
        || (!Arc::ptr_eq(&old.media, &new.media) && media())
}

impl World {
    /// Whether anybody hears of triggers.
    pub fn hears_triggers(&self) -> bool {
        self.observers.iter().any(|o| matches!(o.watch, Watch::Trigger(_)))
    }

    fn observer(&mut self, number: u64) -> Option<&mut Observer> {
        self.observers.iter_mut().find(|o| o.number == number)
    }
}

/// What an observer is called with.
type Arguments<'a> = &'a dyn Fn(&Lua, &Shared) -> mlua::Result<MultiValue>;

impl Script {
    /// Tell the observers what changed since they were told last, and what was triggered. Gives whether there is more.
    pub(super) fn tell_observers(&mut self) -> bool {
        let (snapshot, clock) = {
            let world = self.world.borrow();
            (world.snapshot.clone(), ClockState::now(&world))
        };
        for observer in &mut self.world.borrow_mut().observers {
            if let Watch::Change(_, told @ None) = &mut observer.watch {
                *told = Some(Seen::published(&snapshot, clock));
            }
        }
        let changed = !Arc::ptr_eq(&snapshot, &self.seen) && differs(&self.seen, &snapshot);
        let moved = self.seen_clock != clock;
        self.seen = snapshot.clone();
        self.seen_clock = clock;
        if changed || moved {
            self.tell_changes(&snapshot, clock, changed);
        }
        self.tell_triggers()
    }

    fn tell_changes(&mut self, snapshot: &Arc<Snapshot>, clock: ClockState, changed: bool) {
        let outside = std::mem::replace(&mut self.outside, false);
        let numbers: Vec<u64> = {
            let mut world = self.world.borrow_mut();
            if outside {
                world.observers.iter_mut().for_each(|o| o.rounds = o.rounds.saturating_sub(FORGIVEN));
            }
            world.observers.iter().map(|o| o.number).collect()
        };
        let new = Seen::published(snapshot, clock);
        for number in numbers {
            // One told before it may have taken it away.
            let Some((told, targets)) = self.news(number, &new, changed) else { continue };
            match told {
                None => self.tell(number, &|lua, world| state::table(lua, world)?.into_lua_multi(lua)),
                Some(old) => {
                    for target in targets {
                        self.tell(number, &|lua, _| {
                            let (value, before) =
                                (target.value(lua, &new, snapshot)?, target.value(lua, &old, snapshot)?);
                            (value, before, target.text()).into_lua_multi(lua)
                        });
                    }
                }
            }
        }
    }

    /// What there is to tell an observer: the whole state, or what changed since it was told last.
    fn news(&mut self, number: u64, new: &Seen, changed: bool) -> Option<(Option<Seen>, Vec<Target>)> {
        let mut world = self.world.borrow_mut();
        match &mut world.observer(number)?.watch {
            Watch::State => changed.then(|| (None, vec![])),
            Watch::Change(target, told) => {
                let old = told.replace(new.clone()).unwrap_or_else(|| new.clone());
                let targets = target.changes(&old, new);
                (!targets.is_empty()).then_some((Some(old), targets))
            }
            Watch::Trigger(_) => None,
        }
    }

    fn tell_triggers(&mut self) -> bool {
        for _ in 0..TOLD_MAX {
            let Some((record, own)) = self.heard.next() else { break };
            let numbers: Vec<u64> = {
                let mut world = self.world.borrow_mut();
                let hears = |o: &&mut Observer| match &o.watch {
                    Watch::Trigger(module) => module.as_ref().is_none_or(|m| *m == record.module),
                    _ => false,
                };
                let told = world.observers.iter_mut().filter(hears);
                told.map(|o| {
                    o.rounds = if own { o.rounds } else { o.rounds.saturating_sub(FORGIVEN) };
                    o.number
                })
                .collect()
            };
            for number in numbers {
                self.tell(number, &|lua, _| state::trigger(lua, &record)?.into_lua_multi(lua));
            }
        }
        !self.heard.waiting.is_empty()
    }

    /// Call one observer as one transaction, and look at what became of it.
    fn tell(&mut self, number: u64, arguments: Arguments<'_>) {
        let found = {
            let mut world = self.world.borrow_mut();
            world.observer(number).map(|o| (o.callback.clone(), o.title(), o.scope.clone()))
        };
        let Some((callback, title, scope)) = found else { return };
        let run = Run {
            origin: Origin::Callback,
            when: When::Now,
            label: title.clone(),
            scope,
            beat: None,
            shift: 0.0,
            frame: 0.0,
            discard: false,
        };
        let world = self.world.clone();
        let limit = self.limits.callback;
        match self.transact(run, limit, false, |lua| callback.call::<()>(arguments(lua, &world)?)) {
            Ok(done) => self.told_well(number, &title, done.sent),
            Err(error) => self.told_badly(number, &title, &error),
        }
    }

    fn told_well(&mut self, number: u64, title: &str, sent: Vec<BatchId>) {
        let rounds = {
            let mut world = self.world.borrow_mut();
            for pending in world.pending.iter().filter(|pending| sent.contains(&pending.id)) {
                for command in &pending.commands {
                    if let Command::Trigger(shot) = command {
                        self.heard.expect(shot.module.clone(), shot.hit.index);
                    }
                }
            }
            let Some(observer) = world.observer(number) else { return };
            observer.faults = 0;
            observer.rounds += u32::from(!sent.is_empty());
            observer.rounds
        };
        self.own.extend(sent);
        if rounds > ROUNDS_MAX {
            self.take_out(
                number,
                &format!("{title} was stopped: it changed the state {ROUNDS_MAX} times in answer to its own changes"),
            );
        }
    }

    fn told_badly(&mut self, number: u64, title: &str, error: &Failure) {
        let faults = {
            let mut world = self.world.borrow_mut();
            let Some(observer) = world.observer(number) else { return };
            observer.faults += 1;
            observer.faults
        };
        let text = format!("{title}: {}{}", error.text(), if error.tripped { "; it was stopped" } else { "" });
        self.tell_error(text);
        if error.tripped {
            self.world.borrow_mut().observers.retain(|o| o.number != number);
        } else if faults >= FAULTS_MAX {
            self.take_out(number, &format!("{title} was taken out: it failed {FAULTS_MAX} times in a row"));
        }
    }

    fn take_out(&mut self, number: u64, text: &str) {
        let mut world = self.world.borrow_mut();
        world.observers.retain(|o| o.number != number);
        world.say(ConsoleKind::Error, text);
        self.outbox.push_back(Ask::Notice(text.to_owned()));
    }

    /// An error of a callback for the console; the same one again is not said again.
    pub(super) fn tell_error(&mut self, text: String) {
        if self.told.as_deref() != Some(text.as_str()) {
            self.world.borrow_mut().say(ConsoleKind::Error, &text);
            self.told = Some(text);
        }
    }
}
