//! A pocket desk in this process, to rehearse with: real sockets on this machine, the plug-in as shipped, a thread of its own.
//!
//! Thread: "tracklight pocket" ticks the desk; the osc thread holds [`Rehearsal`]. Dropping it ends the desk.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::bus::station::{Pace, Running, Station, Waker, start};
use crate::model::DeskConfig;

use super::ma3::plugin;
use super::ma3::pocket::{Kind, Live, Options};

/// Lines kept to be shown.
const LINES_MAX: usize = 200;

/// Lines of a desk, as the state shows them.
type Lines = Arc<Vec<Arc<str>>>;

#[derive(Default)]
struct Shared {
    typed: VecDeque<String>,
    lines: VecDeque<Arc<str>>,
    shown: Lines,
    changed: bool,
}

impl Shared {
    fn say(&mut self, line: &str) {
        self.lines.push_back(line.into());
        if self.lines.len() > LINES_MAX {
            self.lines.pop_front();
        }
        self.changed = true;
    }
}

/// A pocket desk that runs.
pub struct Rehearsal {
    port: u16,
    shared: Arc<Mutex<Shared>>,
    waker: Waker,
    _running: Running,
}

impl Rehearsal {
    /// Start one on this machine: at the port and with the prefix that the session speaks to, where that is this machine and
    /// the port is free, else at any. `osc` is woken when it says something.
    pub fn start(config: &DeskConfig, osc: &Waker) -> Result<Self, String> {
        let shared: Arc<Mutex<Shared>> = Arc::default();
        let (waker, osc, in_thread) = (Waker::default(), osc.clone(), shared.clone());
        let (prefix, wanted) = (config.prefix.clone(), config.port);
        // The desk cannot leave its thread, so it is made there; how that went is waited for.
        let (tell, told) = std::sync::mpsc::channel();
        let running = start("tracklight pocket", &waker, move || {
            let made = Rehearsed::open(&prefix, wanted, in_thread, osc);
            let _ = tell.send(made.as_ref().map(|made| made.live.port()).map_err(Clone::clone));
            Maybe(made.ok())
        })
        .map_err(|error| format!("its thread could not be started: {error}"))?;
        let port =
            told.recv_timeout(Duration::from_secs(5)).map_err(|_| "it did not start within 5 s".to_owned())??;
        Ok(Self { port, shared, waker, _running: running })
    }

    /// Type a line: `move 101.1.1 3 12.5`, `add`, `oops`, `help`.
    pub fn line(&self, line: &str) {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).typed.push_back(line.to_owned());
        self.waker.wake();
    }

    /// Its port, and its last lines.
    pub fn state(&self) -> (u16, Lines) {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut shared.changed) {
            shared.shown = Arc::new(shared.lines.iter().cloned().collect());
        }
        (self.port, shared.shown.clone())
    }
}

/// The desk on its thread.
struct Rehearsed {
    live: Live,
    shared: Arc<Mutex<Shared>>,
    osc: Waker,
    began: Option<Instant>,
    seen: u64,
}

impl Rehearsed {
    fn open(prefix: &str, wanted: u16, shared: Arc<Mutex<Shared>>, osc: Waker) -> Result<Self, String> {
        let options = |osc_port| Options { osc_port, prefix: prefix.to_owned(), ..Options::default() };
        let at = Ipv4Addr::LOCALHOST;
        let mut live = Live::open(at, options(wanted)).or_else(|_| Live::open(at, options(0)))?;
        let components: Vec<_> = plugin::components().collect();
        live.desk.install(&components)?;
        let line = format!("pocket desk on 127.0.0.1:{}, show \"{}\"; type help", live.port(), live.desk.show());
        shared.lock().unwrap_or_else(PoisonError::into_inner).say(&line);
        Ok(Self { live, shared, osc, began: None, seen: 0 })
    }

    fn typed(&mut self) {
        loop {
            let line = self.shared.lock().unwrap_or_else(PoisonError::into_inner).typed.pop_front();
            let Some(line) = line else { return };
            let answer = self.live.desk.line(&line);
            let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            shared.say(&format!("> {line}"));
            match answer {
                Ok(lines) => lines.iter().for_each(|line| shared.say(line)),
                Err(why) => shared.say(&why),
            }
            drop(shared);
            self.osc.wake();
        }
    }

    // Commands of our own link would drown everything else.
    fn log(&mut self) {
        let (lines, seen) = self.live.desk.log_since(self.seen);
        self.seen = seen;
        let mut worth = lines.iter().filter(|line| !matches!(line.kind, Kind::Osc | Kind::Command)).peekable();
        if worth.peek().is_some() {
            let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            worth.for_each(|line| shared.say(&line.text));
            drop(shared);
            self.osc.wake();
        }
    }
}

/// A desk, or none where it could not be opened: then the thread ends.
struct Maybe(Option<Rehearsed>);

impl Station for Maybe {
    fn tick(&mut self, now: Instant) -> Pace {
        let Some(desk) = &mut self.0 else { return Pace::End };
        desk.typed();
        let time = now.saturating_duration_since(*desk.began.get_or_insert(now));
        let wait = desk.live.turn(time);
        desk.log();
        if wait.is_zero() { Pace::Now } else { Pace::Idle(wait) }
    }
}
