//! ENGINE THREAD: owns the one true Session; takes what is asked, applies it, compiles it for audio, shows it to all.
//!
//! One [`Engine::tick`] hears audio and media, drains the asks, minds the Batches that wait, publishes at most one
//! Snapshot and sends at most one set of Programs. Tests call `tick` with a clock of their own.
//!
//! Reading order: [`apply`] (asks and Batches), [`pending`] (their moments), [`history`] (undo), [`good`] (back to what
//! ran well), [`overrun`] (what audio cannot bear is taken back), [`loader`] (files), [`compile`] (what audio plays), [`outbox`] (what goes there), [`publish`] (what people see).

pub mod apply;
pub mod compile;
pub mod good;
pub mod history;
pub mod loader;
pub mod outbox;
pub mod overrun;
pub mod pending;
pub mod publish;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::bus::{EngineEnds, Fired, FromAudio, Pace, Station, ThreadClock, ToAudio, Vault};
use crate::model::{ClockMap, Event, Session, TriggerRecord};
use compile::{Compiler, Lookup, Marks};
use good::Good;
use history::History;
use loader::{Answer, Loader, Needs};
use outbox::Outbox;
use overrun::Overrun;
use pending::{PLANS_MAX, Pending, Plan};
use publish::Board;

/// Most asks taken in one tick.
const ASKS_MAX: usize = 4096;
/// A new Program waits while audio has this many messages to read: it will read the newest soon enough.
const CROWDED: usize = 64;
/// Quarter notes after its moment at which a Batch takes effect though audio did not report.
const GRACE: f64 = 0.25;

/// What has to be done before the tick ends.
#[derive(Default)]
struct Dirty {
    /// The document changed.
    session: bool,
    /// What audio plays changed.
    program: bool,
    /// Other files may be needed.
    media: bool,
    /// Undo or redo changed.
    history: bool,
}

/// The song position went elsewhere.
struct Leap {
    /// By the host's loop.
    wrapped: bool,
    /// Where it would be otherwise, quarter notes.
    last: f64,
}

/// The engine's station.
pub struct Engine {
    ends: EngineEnds,
    session: Arc<Session>,
    board: Board,
    history: History,
    good: Good,
    overrun: Overrun,
    /// Reads the CPU clock of the audio thread.
    cpu: fn(ThreadClock) -> Option<Duration>,
    pending: Pending,
    loader: Loader,
    compiler: Compiler,
    lookup: Lookup,
    vault: Vault,
    outbox: Outbox,
    dirty: Dirty,
    clock: ClockMap,
    processing: bool,
    /// Asks taken and not yet counted as done.
    taken: u64,
    ticks: u64,
    /// When hush was asked for last.
    hushed_at: Option<Instant>,
    /// Things lent after the last collection.
    lent: usize,
}

impl Station for Engine {
    fn tick(&mut self, now: Instant) -> Pace {
        // Before the asks: what the script sent until then is among them.
        let script_done = self.ends.gate.script_done.load(Ordering::Acquire);
        let leap = self.watch_clock();
        self.hear_audio(now);
        // After the reports: what audio swapped to at the leap is not waiting any more.
        if let Some(leap) = leap {
            self.follow(&leap);
        }
        self.hear_media();
        self.watch_audio(now);
        let empty = self.take_asks(now);
        self.mind_pending(now);
        self.load_needed();
        let plans = self.plan();
        self.show();
        let flushed = self.flush(plans);
        self.settle(script_done, empty && flushed);
        self.free_memory();
        self.pace(empty, flushed)
    }

    fn recover(&mut self, message: &str) {
        // What is published is whole; what was under way is not.
        let now = self.ends.snapshot.load_full();
        self.session = now.session.clone();
        self.board = Board::new((*now).clone());
        self.history.clear();
        self.good.clear();
        self.overrun.rest();
        self.pending = Pending::default();
        self.compiler.forget();
        self.dirty = Dirty { session: true, program: true, media: true, history: true };
        self.board.notice(&format!("the engine stumbled and went on from the last state: {message}"));
        self.settle_asks();
    }
}

impl Engine {
    /// An engine that goes on from the published Snapshot.
    pub fn new(ends: EngineEnds) -> Self {
        let now = ends.snapshot.load_full();
        Self {
            session: now.session.clone(),
            board: Board::new((*now).clone()),
            clock: ends.clock.get(),
            ends,
            history: History::default(),
            good: Good::default(),
            overrun: Overrun::default(),
            cpu: ThreadClock::read,
            pending: Pending::default(),
            loader: Loader::default(),
            compiler: Compiler::default(),
            lookup: Lookup::default(),
            vault: Vault::default(),
            outbox: Outbox::default(),
            dirty: Dirty { media: true, ..Dirty::default() },
            processing: false,
            taken: 0,
            ticks: 0,
            hushed_at: None,
            lent: 0,
        }
    }

    /// Read CPU clocks like this from now on; tests have clocks of their own.
    pub fn read_cpu_with(&mut self, cpu: fn(ThreadClock) -> Option<Duration>) {
        self.cpu = cpu;
    }

    /// What the user asked and audio cannot bear is taken back. Rendering offline nothing is too slow.
    fn watch_audio(&mut self, now: Instant) {
        self.overrun.begin(self.ends.meters.pulse.look(), self.clock.frame);
        if !self.processing || self.ends.gate.offline.load(Ordering::Relaxed) {
            return self.overrun.rest();
        }
        if let Some(verdict) = self.overrun.judge(now, self.cpu) {
            self.take_back(&verdict);
        }
    }

    /// Whether the song position moves: only then is there a later.
    fn is_moving(&self) -> bool {
        self.processing && self.board.next().playing
    }

    fn watch_clock(&mut self) -> Option<Leap> {
        let processing = self.ends.gate.processing.load(Ordering::Acquire);
        if processing && !self.processing {
            self.dirty.program = true;
            self.outbox.started();
        }
        let stopped = self.processing && !processing;
        self.processing = processing;
        if stopped {
            let host = self.board.next().host_leads;
            self.transport(false, host, false);
        }
        let before = std::mem::replace(&mut self.clock, self.ends.clock.get());
        let map = self.clock;
        // A map that nobody wrote since is from before audio was started.
        if !processing || map == before {
            return None;
        }
        let jumped = map.jump != before.jump;
        self.transport(map.playing, map.host, jumped);
        let wrapped = !jumped && map.pass > before.pass;
        (jumped || wrapped).then(|| Leap { wrapped, last: before.beat_at(map.frame as f64) })
    }

    /// Those that wait find their moments anew.
    fn follow(&mut self, leap: &Leap) {
        self.dirty.program |= self.pending.jumped(&self.clock, leap.last, leap.wrapped, &self.session);
    }

    fn transport(&mut self, playing: bool, host: bool, jumped: bool) {
        let started = playing && !self.board.next().playing;
        if self.board.transport(playing, host) || jumped {
            self.board.tell(Event::Transport);
        }
        if started {
            self.wake();
        }
    }

    /// Sequencers play again.
    fn wake(&mut self) {
        self.dirty.program |= self.board.hushed(false);
    }

    fn hear_audio(&mut self, now: Instant) {
        // What came in before the tick; audio may go on writing.
        for _ in 0..self.ends.from_audio.slots() {
            let Ok(message) = self.ends.from_audio.pop() else { break };
            match message {
                FromAudio::Fired(fired) => self.fired(&fired),
                FromAudio::Swapped { id, .. } => {
                    let waits = self.pending.take(|wait| wait.plan == id && wait.is_ready());
                    self.apply_waits(waits, now);
                }
                FromAudio::MacroMoved(..) => {}
                FromAudio::Transport { playing, host } => self.transport(playing, host, false),
                FromAudio::HostLeads => {
                    self.board.notice("the host's transport leads: play, stop and locate in the host");
                }
                FromAudio::HushPressed => self.hush(now),
            }
        }
    }

    fn fired(&mut self, fired: &Fired) {
        // A sampler nobody ever knew cannot be named.
        let Some(module) = self.lookup.sampler(fired.sampler).cloned() else { return };
        let columns = fired.params.iter().take(usize::from(fired.count));
        self.board.triggered(TriggerRecord {
            frame: fired.frame,
            beat: fired.beat,
            module,
            sequencer: self.lookup.sequencer(fired.sequencer).cloned(),
            pattern: self.lookup.pattern(fired.pattern).cloned(),
            row: Some(fired.row).filter(|row| *row > 0),
            index: fired.index,
            note: Some(fired.note).filter(|note| *note != 255),
            params: columns.copied().collect(),
            why: fired.why,
        });
    }

    fn hear_media(&mut self) {
        while let Some(done) = self.ends.done.pop() {
            match self.loader.answer(done, &mut self.vault) {
                Answer::Quiet => {}
                Answer::Heard => self.dirty.program = true,
                Answer::Missing(text) => {
                    self.dirty.program = true;
                    self.board.notice(&text);
                }
            }
        }
    }

    /// Take what is asked; whether the queue was emptied.
    fn take_asks(&mut self, now: Instant) -> bool {
        for _ in 0..ASKS_MAX {
            let Some(ask) = self.ends.asks.pop() else { return true };
            self.taken += 1;
            self.take_ask(ask, now);
        }
        self.ends.asks.is_empty()
    }

    fn mind_pending(&mut self, now: Instant) {
        if !self.pending.is_empty() {
            if !self.is_moving() {
                let waits = self.pending.take_all();
                self.apply_waits(waits, now);
            } else {
                let loader = &self.loader;
                self.dirty.program |= self.pending.update_loading(|needs| !loader.has(needs.iter()));
                self.dirty.program |= self.pending.postpone(&self.clock, &self.session);
                let beat = self.clock.beat;
                let waits = self.pending.take(|wait| wait.is_ready() && beat >= wait.due + GRACE);
                self.apply_waits(waits, now);
            }
        }
        if self.pending.strays() {
            self.outbox.call_back();
        }
    }

    fn load_needed(&mut self) {
        if std::mem::take(&mut self.dirty.media) {
            let mut needs = Needs::new();
            loader::add_needs(&self.session, &mut needs);
            for wait in self.pending.iter() {
                for (path, folders) in loader::needs_of(&wait.batch, &self.session.folders) {
                    needs.entry(path).or_insert(folders);
                }
            }
            self.dirty.program |= self.loader.need(&needs);
        }
        if self.loader.send(&self.ends.jobs) {
            self.ends.media_wakers.iter().for_each(crate::bus::station::Waker::wake);
        }
    }

    /// What is ahead, if audio has to be told anew.
    fn plan(&mut self) -> Vec<Plan> {
        if self.dirty.program && self.processing { self.pending.plans(&self.session) } else { vec![] }
    }

    fn show(&mut self) {
        if !self.processing {
            self.outbox.rest();
        }
        match self.outbox.dropped() {
            0 => {}
            _ if !self.processing => self.board.notice("hits are not played while the host does not run audio"),
            count => self.board.notice(&format!("{count} hits were dropped: audio does not keep up")),
        }
        if let Some(media) = self.loader.news() {
            self.board.media(media);
        }
        self.board.waiting(self.pending.lines());
        if std::mem::take(&mut self.dirty.history) {
            let (undo, redo) = self.history.lines();
            self.board.history(undo, redo);
        }
        if std::mem::take(&mut self.dirty.session) {
            self.board.session(&self.session);
        }
        self.board.publish(&self.ends.snapshot);
    }

    /// Send to audio what finds room; whether all is out.
    fn flush(&mut self, plans: Vec<Plan>) -> bool {
        if !self.processing {
            return true;
        }
        if self.dirty.program {
            let room = self.ends.to_audio.slots();
            let queued = self.ends.to_audio.buffer().capacity() - room;
            if room < PLANS_MAX + 2 || (queued > CROWDED && !self.is_last_call()) {
                return false;
            }
            self.send_programs(plans);
            self.dirty.program = false;
        }
        let compiler = &self.compiler;
        self.outbox.send(&mut self.ends.to_audio, |uid| compiler.sampler_slot(uid))
    }

    /// Whether audio, rendering offline, waits for just this Program: the script is where audio wants it.
    fn is_last_call(&self) -> bool {
        let gate = &self.ends.gate;
        gate.offline.load(Ordering::Relaxed)
            && gate.script_done.load(Ordering::Acquire) >= gate.wanted.load(Ordering::Acquire)
    }

    fn send_programs(&mut self, mut plans: Vec<Plan>) {
        let marks = Marks { revision: self.board.next().revision, hushed: self.board.next().hushed };
        self.compiler.begin(std::iter::once(&*self.session).chain(plans.iter().map(|plan| &plan.session)));
        let mut base = self.compiler.compile(&self.session, self.loader.clips(), marks);
        if base.is_none() {
            // What is ahead took the last places: what is now goes first.
            plans.clear();
            self.compiler.begin([&*self.session]);
            base = self.compiler.compile(&self.session, self.loader.clips(), marks);
        }
        let mut messages = vec![ToAudio::Swap(self.vault.lend(base.unwrap_or_default())), ToAudio::ClearPlans];
        for plan in &plans {
            let marks = Marks { hushed: marks.hushed && !plan.wakes, ..marks };
            // Without a place for it a plan takes effect when its moment has passed.
            let Some(program) = self.compiler.compile(&plan.session, self.loader.clips(), marks) else { break };
            messages.push(ToAudio::Plan { id: plan.id, due: plan.due, program: self.vault.lend(program) });
            self.send_shots_ahead(plan);
        }
        self.compiler.finish();
        self.compiler.learn(&self.session, &mut self.lookup);
        for message in messages {
            // There is room: it was looked for before.
            let _ = self.ends.to_audio.push(message);
        }
    }

    fn settle(&mut self, script_done: u64, all_out: bool) {
        let gate = &self.ends.gate;
        let loading = gate.offline.load(Ordering::Relaxed) && self.loader.is_busy();
        if all_out && !loading {
            gate.engine_done.store(script_done, Ordering::Release);
        }
        self.settle_asks();
    }

    fn settle_asks(&mut self) {
        self.board.tell_all(&self.ends.events);
        self.ends.gate.asks_done.fetch_add(std::mem::take(&mut self.taken), Ordering::AcqRel);
    }

    fn free_memory(&mut self) {
        self.ticks += 1;
        if self.ticks.is_multiple_of(64) || self.vault.len() > 2 * self.lent + 64 {
            self.vault.collect();
            self.lent = self.vault.len();
        }
    }

    fn pace(&self, empty: bool, flushed: bool) -> Pace {
        if !empty {
            Pace::Now
        } else if self.board.next().playing || !flushed || self.overrun.is_watching() {
            Pace::Idle(Duration::from_millis(2))
        } else {
            Pace::Idle(Duration::from_millis(50))
        }
    }
}
