//! When callbacks are due: `every`, `at`, `after` and coroutines, run ahead of the song position.
//!
//! Thread: script. Lua's collector may pause for milliseconds, so callbacks run 100 ms early and what they ask for
//! carries the beat it belongs to; offline they run exactly up to the frame that audio asks for.

use std::time::{Duration, Instant};

use mlua::{Function, MultiValue, Thread, Value};

use super::Script;
use super::observe::FAULTS_MAX;
use super::world::{Run, Scope, World};
use crate::model::{BeatSpan, ClockMap, Origin, Signature, Timing, When};

/// How far ahead callbacks run in real time, in seconds.
pub const LOOK_AHEAD: f64 = 0.1;
/// Most callbacks of one tick; the rest comes with the next.
const BURST: usize = 4096;
/// Shortest time between two looks at how late callbacks ran.
const TIMING_EVERY: Duration = Duration::from_millis(100);
/// Two beats nearer than this are one.
const NEAR: f64 = 1e-9;

/// What a timer does and when.
pub enum TimerKind {
    /// At every multiple of a span.
    Every {
        /// The span.
        span: BeatSpan,
        /// What is called, with the beat (or the bar, from 1).
        callback: Function,
        /// Next due beat; `None` is taken from the position.
        next: Option<f64>,
    },
    /// Once, when the position reaches a beat.
    At {
        /// The beat.
        beat: f64,
        /// What is called.
        callback: Function,
        /// The position it waits from; what lies behind it does not come.
        from: Option<f64>,
    },
    /// A coroutine.
    Routine {
        /// The coroutine.
        thread: Thread,
        /// What it waits for.
        wake: Wake,
    },
}

/// What a coroutine waits for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wake {
    /// Nothing: it begins.
    Now,
    /// The next multiple of so many beats.
    Sync {
        /// Beats.
        period: f64,
        /// Due beat; `None` is taken from the position.
        due: Option<f64>,
    },
    /// A rendered frame.
    Frame(f64),
}

/// A registered callback.
pub struct Timer {
    /// Its number, for `:stop()`.
    pub number: u64,
    /// Who registered it.
    pub scope: Scope,
    /// What it does.
    pub kind: TimerKind,
    /// What people call it.
    pub label: String,
    /// Errors in a row.
    pub faults: u32,
}

/// The position as this thread follows it.
pub struct Follow {
    map: Option<ClockMap>,
    at: Instant,
    processing: bool,
    offline: bool,
    lateness: std::collections::VecDeque<f64>,
    timing: Timing,
    counted: Instant,
    /// Wraps of the host's loop that callbacks have run over and the position has not.
    ahead: u32,
    /// The signature bars are counted in.
    signature: Signature,
}

impl Follow {
    /// Nothing heard yet.
    pub fn new(now: Instant) -> Self {
        Self {
            map: None,
            at: now,
            processing: false,
            offline: false,
            lateness: std::collections::VecDeque::new(),
            timing: Timing::default(),
            counted: now,
            ahead: 0,
            signature: Signature::default(),
        }
    }

    /// Take the newest map. `Some(from)` when the position jumped, began to move or wrapped unforeseen: what is due is
    /// taken from there.
    fn take(&mut self, map: ClockMap, now: Instant, offline: bool, processing: bool) -> Option<f64> {
        (self.processing, self.offline) = (processing, offline);
        let Some(old) = self.map.replace(map) else {
            self.at = now;
            return map.playing.then_some(map.beat);
        };
        if old != map {
            self.at = now;
        }
        let ahead = std::mem::take(&mut self.ahead);
        if !map.playing {
            return None;
        }
        if !old.playing || map.jump != old.jump || map.frame < old.frame {
            return Some(map.begun);
        }
        let wraps = map.pass.wrapping_sub(old.pass);
        if wraps > ahead {
            return Some(map.begun);
        }
        match old.cycle.filter(|_| ahead > 0 && map.cycle != old.cycle) {
            // There is another loop now, or none: all up to the end of the old one has run.
            Some((_, end)) => Some(end.max(map.beat)),
            None => {
                self.ahead = ahead - wraps;
                None
            }
        }
    }

    /// The loop that the position is in.
    pub(super) fn cycle(&self) -> Option<(f64, f64)> {
        self.map.filter(|m| m.playing)?.cycle
    }

    /// Length of the loops between the position and the callbacks that are due, in beats.
    fn shift(&self) -> f64 {
        self.cycle().map_or(0.0, |(start, end)| f64::from(self.ahead) * (end - start))
    }

    /// The frame at which the callbacks that are due wrap with the loop.
    fn wrap_frame(&self) -> Option<f64> {
        self.cycle().and_then(|(_, end)| self.frame_of(end))
    }

    /// Where callbacks registered now begin.
    fn from(&self, here: f64) -> f64 {
        match (self.cycle().filter(|_| self.ahead > 0), self.beat(here), self.map) {
            (Some((start, _)), ..) => start,
            // Where the stretch began may lie ahead: a host may start before it renders.
            (None, Some(beat), Some(map)) => beat.max(map.begun),
            _ => f64::INFINITY,
        }
    }

    fn rate(&self) -> f64 {
        self.map.map(|m| m.rate).filter(|r| *r > 0.0).unwrap_or(48_000.0)
    }

    /// The frame audio renders now, about.
    pub fn frame(&self, now: Instant) -> f64 {
        if self.offline {
            return self.map.map_or(0.0, |m| m.frame as f64);
        }
        let gone = now.saturating_duration_since(self.at).as_secs_f64();
        // While audio runs a map comes every block; a longer silence means that it hangs, and so do we.
        let gone = if self.processing { gone.min(0.25) } else { gone };
        self.map.map_or(0.0, |m| m.frame as f64) + gone * self.rate()
    }

    /// Song position at a frame; `None` when it stands still.
    pub fn beat(&self, frame: f64) -> Option<f64> {
        let beat = self.map.filter(|m| m.playing && m.rate > 0.0).map(|m| m.beat_at(frame))?;
        Some(match self.cycle() {
            Some((start, end)) if beat > end - 1e-6 => start + (beat - end).max(0.0) % (end - start),
            _ => beat,
        })
    }

    /// The frame of a beat that is due; `None` when it does not come in this round.
    fn frame_of(&self, beat: f64) -> Option<f64> {
        let m = self.map.filter(|m| m.playing && m.rate > 0.0 && m.bpm > 0.0)?;
        Some(m.frame as f64 + (beat + self.shift() - m.beat) * 60.0 * m.rate / m.bpm)
    }

    /// The same, for what does not come when it lies behind the loop's end.
    fn due_frame(&self, beat: f64) -> Option<f64> {
        if self.cycle().is_some_and(|(_, end)| beat >= end - NEAR) { None } else { self.frame_of(beat) }
    }

    fn note(&mut self, late_secs: f64) {
        self.timing.fired += 1;
        self.timing.late += u64::from(late_secs > 0.0);
        if self.lateness.len() == 1024 {
            self.lateness.pop_front();
        }
        self.lateness.push_back(late_secs.max(0.0) * 1000.0);
    }

    /// How late callbacks ran.
    pub fn timing(&self) -> Timing {
        let mut sorted: Vec<f64> = self.lateness.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let part = |share: f64| sorted.get((sorted.len().saturating_sub(1) as f64 * share) as usize).copied();
        Timing { p50_ms: part(0.5).unwrap_or(0.0), p99_ms: part(0.99).unwrap_or(0.0), ..self.timing }
    }
}

/// A beat without the last digits' noise of a way over frames.
fn tidy(beat: f64) -> f64 {
    (beat * 1e9).round() / 1e9
}

/// First multiple of `period` that is not before `from`.
fn first_multiple(from: f64, period: f64) -> f64 {
    (from / period - NEAR).ceil() * period + 0.0
}

impl TimerKind {
    /// The position jumped: what is due is taken from the new position.
    pub(super) fn rebase(&mut self, from: f64) {
        match self {
            Self::Every { next, .. } => *next = Some(from),
            Self::At { from: waits, .. } => *waits = Some(from),
            Self::Routine { wake: Wake::Sync { due, period }, .. } => *due = Some(first_multiple(from, *period)),
            Self::Routine { .. } => {}
        }
    }

    /// The function that is called, if it is one.
    pub(super) fn callback(&self) -> Option<&Function> {
        match self {
            Self::Every { callback, .. } | Self::At { callback, .. } => Some(callback),
            Self::Routine { .. } => None,
        }
    }

    /// It goes on after a break: what is due is taken from the position then.
    pub(super) fn renew(&mut self) {
        match self {
            Self::Every { next, .. } => *next = None,
            Self::At { from, .. } => *from = None,
            Self::Routine { wake: Wake::Sync { due, .. }, .. } => *due = None,
            Self::Routine { .. } => {}
        }
    }

    /// The frame this is due at, if it is due at all while the position moves as it does now.
    fn due(&mut self, follow: &Follow, from: f64, signature: Signature) -> Option<f64> {
        match self {
            Self::Every { span, next, .. } => {
                // Found anew each time: the signature may say now that a bar is something else.
                let from = *next.get_or_insert(from);
                follow.due_frame(first_multiple(from, span.beats(signature)))
            }
            Self::At { beat, from: waits, .. } => {
                let from = *waits.get_or_insert(from);
                (*beat >= from - NEAR).then(|| follow.due_frame(*beat)).flatten()
            }
            Self::Routine { wake, .. } => match wake {
                Wake::Now => Some(f64::NEG_INFINITY),
                Wake::Sync { period, due } => {
                    let at = *due.get_or_insert_with(|| first_multiple(from, *period));
                    follow.due_frame(at)
                }
                Wake::Frame(frame) => Some(*frame),
            },
        }
    }

    /// The same for one that begins at this beat.
    pub(super) fn due_from(&mut self, follow: &Follow, begin: f64, signature: Signature) -> Option<f64> {
        match self {
            Self::Routine { wake: Wake::Now, .. } => follow.due_frame(begin),
            other => other.due(follow, begin, signature),
        }
    }

    fn beat(&self, signature: Signature) -> Option<f64> {
        match self {
            Self::Every { span, next, .. } => next.map(|from| first_multiple(from, span.beats(signature))),
            Self::At { beat, .. } => Some(*beat),
            Self::Routine { wake: Wake::Sync { due, .. }, .. } => *due,
            Self::Routine { .. } => None,
        }
    }
}

/// A number as Lua should see it: whole ones as integers.
pub fn lua_number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 { Value::Integer(value as i64) } else { Value::Number(value) }
}

impl Script {
    /// Follow the clock: take the newest map, and what is due from it on after a jump.
    pub(super) fn follow_clock(&mut self, now: Instant, offline: bool, processing: bool) {
        let map = self.world.borrow().map;
        let old = self.follow.frame(now);
        let restarted = self.follow.map.is_some_and(|m| map.frame < m.frame);
        let jumped = self.follow.take(map, now, offline, processing);
        let mut world = self.world.borrow_mut();
        if restarted {
            // Frames count from 0 again after an activate: sleepers keep what is left of their time.
            let shift = self.follow.frame(now) - old;
            for timer in &mut world.timers {
                if let TimerKind::Routine { wake: Wake::Frame(frame), .. } = &mut timer.kind {
                    *frame += shift;
                }
            }
        }
        let signature = world.signature();
        let changed = std::mem::replace(&mut self.follow.signature, signature) != signature;
        if let Some(from) = jumped {
            world.timers.iter_mut().for_each(|t| t.kind.rebase(from));
        } else if let Some(here) = self.follow.beat(self.follow.frame(now)).filter(|_| changed) {
            // Bars of the new signature that lie behind us are not caught up with.
            for timer in &mut world.timers {
                if let TimerKind::Every { span: BeatSpan::Bars(_), next: Some(from), .. } = &mut timer.kind {
                    *from = from.max(here);
                }
            }
        }
    }

    /// Run what is due. `wanted`: offline, everything strictly before that frame; else what lies within the look-ahead.
    /// Gives whether there is more.
    pub(super) fn run_timers(&mut self, now: Instant, wanted: Option<u64>) -> bool {
        let here = self.follow.frame(now);
        for _ in 0..BURST {
            let (next, wrap) = (self.next_due(here), self.follow.wrap_frame());
            let frame = next.map_or(f64::INFINITY, |(_, frame)| frame).min(wrap.unwrap_or(f64::INFINITY));
            let playing = self.follow.map.is_some_and(|m| m.playing);
            let due = match wanted {
                Some(end) => frame.round() < end as f64,
                // What stands still cannot be stamped with a beat, so it is not run ahead.
                None => frame <= here + if playing { LOOK_AHEAD * self.follow.rate() } else { 0.0 },
            };
            match next {
                _ if !due => return false,
                Some((number, frame)) if wrap.is_none_or(|wrap| frame < wrap) => {
                    let late = (here - frame.max(here - 1e9)) / self.follow.rate();
                    self.follow.note(if wanted.is_some() || frame.is_infinite() { 0.0 } else { late });
                    self.fire(number, frame, here);
                }
                _ => self.wrap_ahead(),
            }
        }
        true
    }

    /// The host's loop wraps within the look-ahead: callbacks go on from its start before the position does.
    fn wrap_ahead(&mut self) {
        let Some((start, _)) = self.follow.cycle() else { return };
        self.follow.ahead += 1;
        self.world.borrow_mut().timers.iter_mut().for_each(|t| t.kind.rebase(start));
    }

    /// Let everybody see how late callbacks ran, now and then.
    pub(super) fn show_timing(&mut self, now: Instant) {
        let news =
            self.follow.timing.fired != self.world.borrow().timing.fired || self.heard.lost != self.follow.timing.lost;
        if !news || now.saturating_duration_since(self.follow.counted) < TIMING_EVERY {
            return;
        }
        self.follow.counted = now;
        self.follow.timing.lost = self.heard.lost;
        let timing = self.follow.timing();
        self.world.borrow_mut().timing = timing;
        self.ends.meters.put_timing(&timing);
    }

    /// Number and frame of the timer that is due next.
    fn next_due(&mut self, here: f64) -> Option<(u64, f64)> {
        let mut world = self.world.borrow_mut();
        let (signature, follow) = (world.signature(), &self.follow);
        let from = follow.from(here);
        let World { timers, held, ends, .. } = &mut *world;
        let due = |timer: &mut Timer| Some((timer.kind.due(follow, from, signature)?, timer.number));
        let all =
            timers.iter_mut().filter_map(due).chain(held.iter_mut().flat_map(|h| h.ahead(follow, here, signature)));
        // One that ends with a Batch that waits is silent from there on.
        let goes_on = |(frame, number): &(f64, u64)| {
            let end = ends.get(number).and_then(|beat| follow.frame_of(*beat));
            end.is_none_or(|end| *frame < end - 0.5)
        };
        let first = all.filter(goes_on).min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        first.map(|(frame, number)| (number, frame))
    }

    fn fire(&mut self, number: u64, frame: f64, here: f64) {
        let world = self.world.clone();
        let (run, call, stands, at) = {
            let mut world = world.borrow_mut();
            let (signature, shift) = (world.signature(), self.follow.shift());
            let Some(timer) = world.timer(number) else { return };
            let beat = timer.kind.beat(signature);
            let begins = frame.is_infinite();
            let frame = if begins { here } else { frame };
            let beat = beat.or_else(|| if begins { None } else { self.follow.beat(frame).map(tidy) });
            let call = match &mut timer.kind {
                TimerKind::Every { span, callback, next } => {
                    let (due, period) = (beat.unwrap_or(0.0), span.beats(signature));
                    // Anywhere behind this one.
                    *next = Some(due + period * 1e-6);
                    let argument = match span {
                        BeatSpan::Beats(_) => due,
                        BeatSpan::Bars(_) => (due / signature.bar_beats()).round() + 1.0,
                    };
                    Call::Function(callback.clone(), lua_number(argument))
                }
                TimerKind::At { callback, beat, .. } => Call::Function(callback.clone(), lua_number(*beat)),
                TimerKind::Routine { thread, .. } => Call::Thread(thread.clone()),
            };
            let run = Run {
                origin: Origin::Callback,
                when: beat.map_or(When::Now, |beat| When::Beat(beat + shift)),
                label: timer.label.clone(),
                scope: timer.scope.clone(),
                beat,
                shift,
                frame,
                discard: false,
            };
            let at = beat.or_else(|| self.follow.beat(frame));
            world.owner = number as u32;
            (run, call, frame, at)
        };
        let limit = self.limits.callback;
        let label = run.label.clone();
        let outcome = self.transact(run, limit, false, |_| match &call {
            Call::Function(function, argument) => function.call::<()>(argument.clone()).map(|()| None),
            Call::Thread(thread) => thread.resume::<MultiValue>(()).map(Some),
        });
        let mut world = self.world.borrow_mut();
        world.owner = 0;
        let Some(timer) = world.timer(number) else { return };
        match outcome {
            Ok(done) => {
                timer.faults = 0;
                let keep = match (&mut timer.kind, done.value) {
                    (TimerKind::Routine { thread, wake }, Some(values)) if thread.is_resumable() => {
                        *wake = wake_of(&values, stands, at, self.follow.rate());
                        true
                    }
                    (TimerKind::Every { .. }, _) => true,
                    _ => false,
                };
                if !keep {
                    world.remove_timer(number);
                }
            }
            Err(error) => {
                timer.faults += 1;
                let often = timer.faults >= FAULTS_MAX;
                let every = matches!(timer.kind, TimerKind::Every { .. });
                let goes_on = every && !error.tripped && !often;
                if !goes_on {
                    world.remove_timer(number);
                }
                drop(world);
                let end = match (goes_on, often && !error.tripped) {
                    (true, _) => String::new(),
                    (_, true) => format!("; it was taken out: it failed {FAULTS_MAX} times in a row"),
                    _ => "; it was stopped".to_owned(),
                };
                self.tell_error(format!("callback of {label}: {}{end}", error.text()));
            }
        }
    }

    /// How soon the next look is due.
    pub(super) fn timer_pace(&self) -> Duration {
        let world = self.world.borrow();
        // Also while the clock stands: play may start at any block, and its first beat is due at once.
        Duration::from_millis(if world.timers.is_empty() && world.held.is_empty() { 50 } else { 5 })
    }
}

enum Call {
    Function(Function, Value),
    Thread(Thread),
}

/// What a coroutine asked to wait for: `"sync", beats` or `"sleep", seconds`; any other yield is a moment. It stands at
/// this frame and, while the position moves, at this beat.
fn wake_of(values: &MultiValue, frame: f64, at: Option<f64>, rate: f64) -> Wake {
    let word = values.front().and_then(|v| v.as_string()).map(|s| s.to_string_lossy());
    let number = values.get(1).and_then(|v| v.as_number().or(v.as_integer().map(|i| i as f64)));
    match (word.as_deref(), number) {
        // Strictly after the beat it stands at.
        (Some("sync"), Some(period)) => {
            Wake::Sync { period, due: at.map(|at| first_multiple(at + period * 1e-6, period)) }
        }
        (Some("sleep"), Some(seconds)) => Wake::Frame(frame + seconds * rate),
        _ => Wake::Frame(frame + 0.01 * rate),
    }
}
