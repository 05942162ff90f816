//! A pocket desk in a thread of its own, for rehearsing without a desk: real ports, typed lines, its last words.
//!
//! Thread: anybody may hold a [`Rehearsal`]; the desk itself lives in the thread "tracklight pocket desk".

use core::net::Ipv4Addr;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::plugin;
use super::pocket::{EventView, Kind, Live, LogLine, Options};
use crate::bus::station::{self, Waker};
use crate::bus::{Pace, Running, Station};

/// Lines that are kept to be shown.
const LINES_MAX: usize = 200;
/// How long the ports may take to open.
const OPENING: Duration = Duration::from_secs(5);

#[derive(Default)]
struct Shared {
    /// What was typed and not done yet.
    typed: VecDeque<String>,
    /// What there is to show, newest last.
    lines: VecDeque<Arc<str>>,
    /// How many lines there ever were.
    count: u64,
    /// The lines as [`Rehearsal::state`] gave them last, and how many there were then.
    shown: (u64, Lines),
    /// A track whose events somebody wants to see, and its events.
    asked: Option<(i64, i64, i64)>,
    answer: Option<Vec<EventView>>,
    /// The OSC port, or why there is none.
    port: Option<Result<u16, String>>,
}

/// Lines, newest last.
type Lines = Arc<Vec<Arc<str>>>;

type Both = Arc<(Mutex<Shared>, Condvar)>;

fn lock(both: &Both) -> MutexGuard<'_, Shared> {
    both.0.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn show(&mut self, line: &str) {
        if self.lines.len() >= LINES_MAX {
            self.lines.pop_front();
        }
        self.lines.push_back(Arc::from(line));
        self.count += 1;
    }
}

/// A pocket desk that runs. Dropping it switches the desk off.
pub struct Rehearsal {
    shared: Both,
    waker: Waker,
    port: u16,
    _running: Running,
}

impl Rehearsal {
    /// Switch a desk on: the shipped desk plug-in runs in it, its OSC input listens at `at`, [`Options::osc_port`] (0 for any
    /// port). `listener` is woken when there is something new to show. Errors say which port could not be had. Thread: any
    /// but audio.
    pub fn start(at: Ipv4Addr, options: Options, listener: &Waker) -> Result<Self, String> {
        let shared: Both = Arc::default();
        let waker = Waker::default();
        let (inside, listener) = (shared.clone(), listener.clone());
        let running =
            station::start("tracklight pocket desk", &waker, move || Room::new(at, options, inside, listener))
                .map_err(|error| format!("the system gave no thread for the pocket desk: {error}"))?;
        let mut wait = lock(&shared);
        while wait.port.is_none() {
            let (next, late) = shared.1.wait_timeout(wait, OPENING).unwrap_or_else(PoisonError::into_inner);
            wait = next;
            if late.timed_out() {
                return Err("the pocket desk did not start within 5 s".into());
            }
        }
        let port = wait.port.clone().unwrap_or(Err("the pocket desk has no port".into()));
        drop(wait);
        Ok(Self { port: port?, shared, waker, _running: running })
    }

    /// Its OSC port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Type a line (`help` lists them); what comes of it is among [`Rehearsal::since`].
    pub fn say(&self, line: &str) {
        lock(&self.shared).typed.push_back(line.to_owned());
        self.waker.wake();
    }

    /// The events of a track as they are now. Errors when the desk does not answer within 5 s.
    pub fn events(&self, tc: i64, tg: i64, track: i64) -> Result<Vec<EventView>, String> {
        let mut shared = lock(&self.shared);
        (shared.asked, shared.answer) = (Some((tc, tg, track)), None);
        self.waker.wake();
        loop {
            if let Some(answer) = shared.answer.take() {
                return Ok(answer);
            }
            let (next, late) = self.shared.1.wait_timeout(shared, OPENING).unwrap_or_else(PoisonError::into_inner);
            shared = next;
            if late.timed_out() {
                return Err("the pocket desk did not answer within 5 s".into());
            }
        }
    }

    /// Its OSC port, and its last lines.
    pub fn state(&self) -> (u16, Lines) {
        let mut shared = lock(&self.shared);
        if shared.shown.0 != shared.count {
            shared.shown = (shared.count, Arc::new(shared.lines.iter().cloned().collect()));
        }
        (self.port, shared.shown.1.clone())
    }

    /// The lines after the first `seen` that are still kept, and how many there ever were.
    pub fn since(&self, seen: u64) -> (Vec<Arc<str>>, u64) {
        let shared = lock(&self.shared);
        let new = usize::try_from(shared.count.saturating_sub(seen)).unwrap_or(usize::MAX).min(shared.lines.len());
        (shared.lines.iter().skip(shared.lines.len() - new).cloned().collect(), shared.count)
    }
}

/// What runs in the thread.
struct Room {
    live: Option<Live>,
    shared: Both,
    listener: Waker,
    began: Option<Instant>,
    logged: u64,
    tracks: Vec<String>,
}

impl Room {
    fn new(at: Ipv4Addr, options: Options, shared: Both, listener: Waker) -> Self {
        let opened = Live::open(at, options)
            .and_then(|mut live| live.desk.install(&plugin::components().collect::<Vec<_>>()).map(|()| live));
        let mut told = lock(&shared);
        told.port = Some(opened.as_ref().map(Live::port).map_err(Clone::clone));
        if let Ok(live) = &opened {
            told.show(&format!("a pocket desk listens on port {}; its show is '{}'", live.port(), live.desk.show()));
        }
        drop(told);
        shared.1.notify_all();
        Self { live: opened.ok(), shared, listener, began: None, logged: 0, tracks: vec![] }
    }

    fn type_lines(live: &mut Live, shared: &Both, listener: &Waker) {
        loop {
            let Some(line) = lock(shared).typed.pop_front() else { return };
            let answer = live.desk.line(&line);
            let mut told = lock(shared);
            told.show(&format!("> {line}"));
            match answer {
                Ok(lines) => lines.iter().for_each(|line| told.show(line)),
                Err(error) => told.show(&format!("! {error}")),
            }
            drop(told);
            listener.wake();
        }
    }

    /// Somebody wants to see the events of a track.
    fn answer(live: &Live, shared: &Both) {
        let Some((tc, tg, track)) = lock(shared).asked.take() else { return };
        let events = live.desk.events(tc, tg, track);
        lock(shared).answer = Some(events);
        shared.1.notify_all();
    }

    /// What the desk says, and tracks whose line became another.
    fn tell_news(&mut self) {
        let Some(live) = &self.live else { return };
        let (log, logged) = live.desk.log_since(self.logged);
        let tracks = live.desk.list_tracks();
        if log.is_empty() && tracks == self.tracks {
            return;
        }
        self.logged = logged;
        let mut told = lock(&self.shared);
        for LogLine { kind, text, .. } in &log {
            match kind {
                Kind::Printf | Kind::Error => told.show(text),
                Kind::Echo | Kind::Command | Kind::Osc | Kind::Quiet => {}
            }
        }
        for line in tracks.iter().filter(|line| !self.tracks.contains(line)) {
            told.show(line);
        }
        drop(told);
        self.listener.wake();
        self.tracks = tracks;
    }
}

impl Station for Room {
    fn tick(&mut self, now: Instant) -> Pace {
        let began = *self.began.get_or_insert(now);
        let Some(live) = &mut self.live else { return Pace::End };
        Self::type_lines(live, &self.shared, &self.listener);
        Self::answer(live, &self.shared);
        let pause = live.turn(now.saturating_duration_since(began));
        self.tell_news();
        if pause.is_zero() { Pace::Now } else { Pace::Idle(pause) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait_for(desk: &Rehearsal, word: &str) -> Vec<Arc<str>> {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let (lines, _) = desk.since(0);
            if lines.iter().any(|line| line.contains(word)) {
                return lines;
            }
            assert!(Instant::now() < until, "{word}: {lines:?}");
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }

    #[test]
    fn somebody_without_a_desk_starts_one_types_to_it_and_sees_its_tracks_change() {
        let desk =
            Rehearsal::start(Ipv4Addr::LOCALHOST, Options { osc_port: 0, ..Options::default() }, &Waker::default())
                .unwrap();
        assert_ne!(desk.port(), 0);
        desk.say("add 101.1.1 12.5 Goto 3 Chorus");
        wait_for(&desk, "101.1.1 Intro / BEAM → sequence 201, 1 events");
        desk.say("dance");
        wait_for(&desk, "! there is no word \"dance\"");
        let again = Rehearsal::start(
            Ipv4Addr::LOCALHOST,
            Options { osc_port: desk.port(), ..Options::default() },
            &Waker::default(),
        );
        assert!(again.err().is_some_and(|error| error.contains(&format!("port {}", desk.port()))));
    }
}
