//! Keeps unsaved work safe from a crash of the host, and brings it back.
//!
//! Thread: its own, "tracklight journal"; the engine and audio never wait for a file. Three times a second at most the
//! session, if it has changed, goes to a file of the instance's own on the [`shelf`]. An instance that ends well takes
//! its file away. A file that is left belongs to a crash: the next instance that loads a state which that work grew
//! out of plays the work, because it is newer, and the host's state is one key away (and back). Work that fits no state
//! is offered, and waits. `tracklight --resume` plays the newest at once.

pub mod shelf;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::bus::{EventReceiver, Pace, Remote, Station};
use crate::model::{Ask, Batch, Command, Event, Origin, Recovery, RecoveryVerb, Session};
use shelf::{Found, Place, Shelf, Work, mark};

/// How often the session is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// Least time between two writes.
const PAUSE: Duration = Duration::from_millis(300);
/// A write may take this share of the time.
const SHARE: u32 = 20;
/// How long a new instance waits for the host's state before it offers what fits none.
const PATIENCE: Duration = Duration::from_secs(2);
/// Most states of the host that are remembered.
const GIVEN_MAX: usize = 256;

/// Set by `tracklight --resume` before the first instance: it takes the newest work at once.
pub static RESUME: AtomicBool = AtomicBool::new(false);

/// Marks of the states that the host gave and took, oldest first; shared with the door that states go through.
#[derive(Debug, Default)]
pub struct Given(Mutex<VecDeque<u64>>);

impl Given {
    /// The host gave or took this state. Thread: main.
    pub fn note(&self, state: &str) {
        let mark = mark(state);
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        list.retain(|old| *old != mark);
        list.push_back(mark);
        if list.len() > GIVEN_MAX {
            list.pop_front();
        }
    }

    fn all(&self) -> Vec<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }
}

/// Found work that is offered or played.
struct Offer {
    /// Where it lies, until it is played and in our own file.
    place: Option<Place>,
    /// What a swap loads.
    other: Arc<Session>,
    about: Arc<str>,
    taken: bool,
}

/// The journal's station.
pub struct Journal {
    shelf: Shelf,
    clock: fn() -> u64,
    remote: Remote,
    events: EventReceiver,
    given: Arc<Given>,
    resume: bool,
    /// Our file, from the first write on.
    place: Option<Place>,
    /// The session and marks last looked at, and the text in the file.
    seen: Option<Arc<Session>>,
    noted: Vec<u64>,
    text: String,
    wrote: Option<Instant>,
    pause: Duration,
    begun: Option<Instant>,
    looked: bool,
    offer: Option<Offer>,
    /// Loads of our own that the engine has not told yet.
    loading: u32,
    complained: bool,
}

impl Journal {
    /// A journal of the instance behind `remote`. `clock` gives milliseconds since 1970; with `resume` the newest work
    /// on the shelf is played at once.
    pub fn new(
        shelf: Shelf,
        remote: Remote,
        events: EventReceiver,
        given: Arc<Given>,
        clock: fn() -> u64,
        resume: bool,
    ) -> Self {
        Self {
            shelf,
            clock,
            remote,
            events,
            given,
            resume,
            place: None,
            seen: None,
            noted: vec![],
            text: String::new(),
            wrote: None,
            pause: PAUSE,
            begun: None,
            looked: false,
            offer: None,
            loading: 0,
            complained: false,
        }
    }

    fn hear(&mut self) {
        while let Some(event) = self.events.next() {
            match event {
                Event::Loaded if self.loading > 0 => self.loading -= 1,
                Event::Loaded => self.host_loaded(),
                Event::Recover(verb) => self.recover(verb),
                _ => {}
            }
        }
    }

    /// The host gave a state: work that grew out of it is newer.
    fn host_loaded(&mut self) {
        self.looked = true;
        let Some(last) = self.given.all().last().copied() else { return };
        let loaded = self.remote.now().session.clone();
        let mut fits: Vec<Found> =
            self.shelf.look((self.clock)()).into_iter().filter(|found| found.work.given.contains(&last)).collect();
        // Two instances of one state: nobody but the user knows whose work it is.
        let sure = fits.len() == 1;
        fits.retain(|found| !found.held);
        for found in fits {
            let Some((place, work)) = found.take() else { continue };
            let Ok(session) = Session::from_json(&work.session) else {
                place.put_away();
                continue;
            };
            if session == *loaded && session.text == loaded.text {
                place.clear();
            } else if self.offer.is_none() {
                let offline = self.remote.gate.offline.load(Ordering::Acquire);
                self.offer(place, &work, session);
                if sure && !offline {
                    self.swap();
                }
            }
        }
    }

    /// Work that no state came for.
    fn look_for_more(&mut self) {
        for found in self.shelf.look((self.clock)()).into_iter().filter(|found| !found.held) {
            // What the host took last was saved with the project, as far as anyone can know.
            if !self.resume && found.work.given.contains(&mark(&found.work.session)) {
                continue;
            }
            let Some((place, work)) = found.take() else { continue };
            match Session::from_json(&work.session) {
                Ok(session) => return self.offer(place, &work, session),
                Err(_) => place.put_away(),
            }
        }
    }

    fn offer(&mut self, place: Place, work: &Work, session: Session) {
        let about = Arc::from(about(&session, (self.clock)().saturating_sub(work.written_ms)));
        self.offer = Some(Offer { place: Some(place), other: Arc::new(session), about, taken: false });
        self.tell();
    }

    fn tell(&self) {
        let shown = self.offer.as_ref().map(|o| Recovery { about: o.about.clone(), taken: o.taken });
        // A full queue: the offer stays here and is told with the next change of it.
        let _ = self.remote.asks.send(Ask::Recovery(shown));
    }

    /// Play the other of the two sessions.
    fn swap(&mut self) {
        let Some(offer) = &mut self.offer else { return };
        let now = self.remote.now().session.clone();
        let load = Batch::now(Origin::Host, "recovered work", vec![Command::Load(offer.other.clone())]);
        if self.remote.asks.batch(load).is_ok() {
            offer.other = now;
            offer.taken = !offer.taken;
            self.loading += 1;
            self.tell();
        }
    }

    fn recover(&mut self, verb: RecoveryVerb) {
        match verb {
            RecoveryVerb::Swap => self.swap(),
            RecoveryVerb::Keep => {
                if let Some(place) = self.offer.take().and_then(|offer| offer.place) {
                    place.put_away();
                }
                self.tell();
            }
        }
    }

    /// Write what has changed, unless it is too soon.
    fn keep(&mut self, now: Instant) {
        if self.wrote.is_some_and(|wrote| now.saturating_duration_since(wrote) < self.pause) {
            return;
        }
        let session = self.remote.now().session.clone();
        let given = self.given.all();
        if self.seen.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, &session)) && given == self.noted {
            return;
        }
        let text = session.to_json();
        self.seen = Some(session.clone());
        let saved = given.contains(&mark(&text));
        let blank = *session == Session::new() && session.text.trim().is_empty();
        if self.place.is_none() && (saved || blank) || (text == self.text && given == self.noted) {
            self.noted = given;
            return;
        }
        self.noted.clone_from(&given);
        self.text.clone_from(&text);
        self.wrote = Some(now);
        if let Err(error) = self.write(Work { written_ms: (self.clock)(), given, session: text })
            && !std::mem::replace(&mut self.complained, true)
        {
            let text = format!("unsaved work is not safe from a crash: {error}");
            let _ = self.remote.asks.send(Ask::Notice(text));
        }
    }

    fn write(&mut self, work: Work) -> Result<(), String> {
        let place = match self.place.take() {
            Some(place) => place,
            None => self.shelf.place()?,
        };
        self.place.insert(place).put(&work)?;
        // What is played is in our own file now: after another crash it is not found twice.
        if let Some(offer) = self.offer.as_mut().filter(|offer| offer.taken)
            && let Some(place) = offer.place.take()
        {
            place.put_away();
        }
        Ok(())
    }
}

impl Station for Journal {
    fn tick(&mut self, now: Instant) -> Pace {
        let begun = *self.begun.get_or_insert(now);
        self.hear();
        if !self.looked && (self.resume || now.saturating_duration_since(begun) >= PATIENCE) {
            self.looked = true;
            if self.offer.is_none() {
                self.look_for_more();
                if std::mem::take(&mut self.resume) {
                    self.swap();
                }
            }
        }
        let before = self.wrote;
        self.keep(now);
        if self.wrote != before {
            // A session that takes long to write is written less often.
            #[allow(clippy::disallowed_methods, reason = "the journal's own cost, which no test looks at")]
            let took = Instant::now().saturating_duration_since(now);
            self.pause = PAUSE.max(took.saturating_mul(SHARE));
        }
        Pace::Idle(LOOK)
    }
}

impl Drop for Journal {
    /// The instance ends well: the host has what it wanted.
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            place.clear();
        }
        // Work that is played went to the host with the session; work that is only offered waits for the next one.
        if let Some(place) = self.offer.take().filter(|offer| offer.taken).and_then(|offer| offer.place) {
            place.put_away();
        }
    }
}

/// `work from 12 minutes ago: 5 modules, 3 patterns, 40 lines of script`.
fn about(session: &Session, age_ms: u64) -> String {
    let many = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    let age = match age_ms / 60_000 {
        0 => "less than a minute".to_owned(),
        minutes @ 1..120 => many(minutes as usize, "minute"),
        minutes @ 120..2880 => many(minutes as usize / 60, "hour"),
        minutes => many(minutes as usize / 1440, "day"),
    };
    let modules = session.modules.keys().filter(|name| !Session::is_standing(name.as_str())).count();
    let lines = session.text.lines().filter(|line| !line.trim().is_empty()).count();
    format!(
        "work from {age} ago: {}, {}, {} of script",
        many(modules, "module"),
        many(session.patterns.len(), "pattern"),
        many(lines, "line")
    )
}

#[cfg(test)]
mod tests;
