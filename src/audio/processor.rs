//! One block: take what the engine sent, look at the clock, then go from event to event.
//!
//! Thread: audio. Realtime: yes, but for `new` and `prepare`.
//!
//! At one frame the order is: plans, the loop's wrap, steps (sequencer by sequencer), shots, notes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::mix::Mix;
use super::report::{self, Reports};
use super::row::Stage;
use super::sampler::Samplers;
use super::schedule::{Plan, Plans, Shots};
use super::sequencer::Walker;
use super::start::HitAsked;
use super::transport::{Moves, Transport};
use super::values::Live;
use super::voice::PIECE;
use super::{Activity, HostParams, HostTransport, Io, Note, NoteKind};
use crate::bus::latest::ClockWriter;
use crate::bus::meters::Meters;
use crate::bus::program::{EntryProgram, SequencerProgram};
use crate::bus::station::Waker;
use crate::bus::{AudioEnds, FromAudio, Gate, Lent, Program, ToAudio};
use crate::model::session::SEQUENCERS_MAX;
use crate::model::{ClockMap, TransportVerb};

/// How long an offline block waits before it looks into its inbox again.
const WAIT_STEP: Duration = Duration::from_millis(2);
/// How long an offline block waits at most.
const PATIENCE: Duration = Duration::from_secs(10);
/// Frames between two showings of the clock while nothing changes but time.
const CLOCK_FRAMES: u64 = 64;

/// Makes sound. One per instance, from activate to deactivate.
pub struct Processor {
    inbox: rtrb::Consumer<ToAudio>,
    reports: Reports,
    clock: ClockWriter,
    shown: Option<ClockMap>,
    gate: Arc<Gate>,
    wakers: [Waker; 2],
    offline: bool,
    program: Option<Lent<Program>>,
    live: Live,
    transport: Transport,
    walkers: Box<[Walker]>,
    shots: Shots,
    plans: Plans,
    samplers: Samplers,
    mix: Mix,
    macros: [f32; 64],
    stale: bool,
    /// The host's hush switch as last seen.
    hush: Option<bool>,
    /// The host's hush was pressed and the engine has not answered with a Program yet.
    hushed: bool,
    bypass: bool,
}

impl Processor {
    /// With room for everything at 48 kHz. Thread: any but audio.
    pub fn new(ends: AudioEnds) -> Self {
        let AudioEnds { from_engine, to_engine, clock, meters, gate, wakers } = ends;
        let samplers = Samplers::new(48_000.0);
        Self {
            inbox: from_engine,
            reports: Reports::new(to_engine, meters),
            clock,
            shown: None,
            gate,
            wakers,
            offline: false,
            program: None,
            live: Live::default(),
            transport: Transport::new(48_000.0, 0),
            walkers: vec![Walker::default(); SEQUENCERS_MAX].into_boxed_slice(),
            shots: Shots::default(),
            plans: Plans::default(),
            mix: Mix::new(samplers.fade()),
            samplers,
            macros: [0.0; 64],
            stale: true,
            hush: None,
            hushed: false,
            bypass: false,
        }
    }

    /// Get ready for `rate` frames per second. The Program is kept, rendered frames are counted on. `max_block` changes
    /// nothing: blocks are made in pieces. Thread: any but audio, while `process` is not running.
    pub fn prepare(&mut self, rate: f64, _max_block: usize, offline: bool) {
        let rate = if rate.is_finite() { rate.clamp(1000.0, 1_000_000.0) } else { 48_000.0 };
        self.offline = offline;
        self.gate.offline.store(offline, Ordering::Release);
        // Frames are counted on: the gate's counters must never be right by chance.
        self.transport = Transport::new(rate, self.transport.frame());
        self.shown = None;
        self.samplers = Samplers::new(rate);
        self.mix = Mix::new(self.samplers.fade());
        self.shots.clear();
        self.hush = None;
        if let Some(program) = self.program.take() {
            self.install(program);
        }
        self.show_clock();
    }

    /// Silence at once: voices, ramps, scheduled shots. The song position stays. Thread: audio. Realtime: yes.
    pub fn reset(&mut self) {
        self.samplers.clear();
        self.mix.reset();
        self.shots.clear();
    }

    /// Make one block. Thread: audio. Realtime: yes, except offline.
    pub fn process(
        &mut self,
        io: &mut Io<'_>,
        transport: Option<&HostTransport>,
        params: &HostParams,
        notes: &[Note],
    ) -> Activity {
        let n = io.main_out[0].len().min(io.main_out[1].len());
        io.main_out.iter_mut().chain(io.aux.iter_mut().flatten().flatten()).for_each(|out| out.fill(0.0));
        self.lead(transport);
        let exact = self.offline || params.exact;
        if self.gate.offline.load(Ordering::Relaxed) != exact {
            self.gate.offline.store(exact, Ordering::Release);
        }
        if exact {
            self.wait(n, transport);
        }
        self.take_messages(transport);
        self.take_params(params);
        if !self.transport.playing() {
            while let Some(plan) = self.plans.pop() {
                self.enact(plan);
            }
        }
        self.refresh();
        self.show_clock();
        let begin = self.transport.frame();
        let mut from = 0;
        let mut played = 0;
        while from < n {
            self.samplers.go_on(self.transport.frame());
            self.turn_over();
            self.play_steps();
            self.play_shots();
            while let Some(note) = notes.get(played).filter(|note| (note.frame as usize).min(n - 1) <= from) {
                self.play_note(note);
                played += 1;
            }
            let note = notes.get(played).map_or(n, |note| (note.frame as usize).min(n - 1));
            let to = n.min(from + PIECE).min(note);
            let to = (self.next_event(begin + to as u64) - begin) as usize;
            self.render(io, from, to);
            self.transport.advance(to - from);
            from = to;
        }
        // Only an empty block leaves notes over.
        notes.iter().skip(played).for_each(|note| self.play_note(note));
        let count = self.samplers.count();
        self.reports.meters.voices.store(count as u32, Ordering::Relaxed);
        if count > 0 { Activity::Sounding } else { Activity::Silent }
    }

    /// Let whoever leads the clock lead.
    fn lead(&mut self, host: Option<&HostTransport>) {
        let moves = match &self.program {
            Some(program) => {
                let (alone, bpm, signature) = (program.internal_clock, program.bpm, program.signature);
                self.transport.follow(host, alone, bpm, signature)
            }
            None => self.transport.follow(host, false, self.transport.map().bpm, Default::default()),
        };
        self.moved(moves);
    }

    /// What follows from a movement of the clock.
    fn moved(&mut self, moves: Moves) {
        if moves == Moves::default() {
            return;
        }
        if moves.stopped || (moves.located && self.transport.playing()) {
            self.samplers.release_sequenced(None);
        }
        if moves.started {
            self.samplers.forget_positions();
        }
        if moves.stopped {
            self.shots.clear();
        } else if moves.started || moves.located {
            self.shots.jumped(self.transport.beat());
        }
        if moves.wrapped {
            self.unroll();
        }
        if moves.started || moves.located || moves.wrapped {
            self.seek();
        } else if moves.retimed {
            self.each_walker(|walker, entries, transport| walker.retime(entries, transport));
        }
        if moves.started || moves.stopped || moves.located {
            let (playing, host) = (self.transport.playing(), self.transport.host());
            self.reports.tell(FromAudio::Transport { playing, host });
        }
    }

    /// What waits behind the end of the host's loop comes after its start.
    fn unroll(&mut self) {
        if let Some(end) = self.transport.cycle_end() {
            let length = self.transport.cycle_beats();
            self.shots.wrapped(end, length);
            self.plans.wrapped(end, length);
        }
    }

    fn seek(&mut self) {
        self.each_walker(|walker, entries, transport| walker.seek(entries, transport));
    }

    fn each_walker(&mut self, act: impl Fn(&mut Walker, &[EntryProgram], &Transport)) {
        let Some(program) = &self.program else { return };
        for sequencer in &program.sequencers {
            let slot = usize::from(sequencer.slot) % SEQUENCERS_MAX;
            act(&mut self.walkers[slot], &sequencer.entries, &self.transport);
        }
    }

    /// Offline: until script and engine have done everything before the end of this block.
    fn wait(&mut self, n: usize, host: Option<&HostTransport>) {
        self.shown = None;
        self.show_clock();
        let end = self.transport.frame() + n as u64;
        self.gate.wanted.store(end, Ordering::Release);
        self.wakers.iter().for_each(Waker::wake);
        let mut left = PATIENCE;
        while !self.gate.wait_engine(end, WAIT_STEP.min(left)) {
            left = left.saturating_sub(WAIT_STEP);
            if left.is_zero() {
                Meters::count(&self.reports.meters.gave_up);
                return;
            }
            // The engine may be waiting for room in the ring.
            self.take_messages(host);
        }
    }

    fn take_messages(&mut self, host: Option<&HostTransport>) {
        while let Ok(message) = self.inbox.pop() {
            match message {
                ToAudio::Swap(program) => {
                    self.install(program);
                    self.lead(host);
                }
                ToAudio::ClearPlans => self.plans.clear(),
                ToAudio::Plan { id, due, program } => {
                    if !self.plans.push(Plan { id, due, program }) {
                        Meters::count(&self.reports.meters.lost);
                    }
                }
                ToAudio::Shot(shot) => {
                    // What was looked ahead for before a jump is looked ahead for again after it.
                    let stale = shot.jump.is_some_and(|jump| jump != self.transport.jump());
                    if !self.bypass && !stale && !self.shots.push(shot) {
                        Meters::count(&self.reports.meters.lost);
                    }
                }
                ToAudio::Transport(verb) => self.obey(verb),
                ToAudio::Hush => self.hush(),
                ToAudio::Panic => {
                    self.shots.clear();
                    self.samplers.panic();
                }
                ToAudio::DropShots(drop) => self.shots.drop_owned(&drop),
                ToAudio::CutSince(frame) => {
                    self.shots.clear();
                    self.samplers.cut_since(frame);
                }
            }
        }
    }

    fn obey(&mut self, verb: TransportVerb) {
        match self.transport.obey(verb) {
            Some(moves) => self.moved(moves),
            None => self.reports.tell(FromAudio::HostLeads),
        }
    }

    fn hush(&mut self) {
        self.shots.clear();
        self.samplers.hush();
    }

    fn take_params(&mut self, params: &HostParams) {
        if self.macros != params.macros {
            for (number, (known, &value)) in self.macros.iter_mut().zip(&params.macros).enumerate() {
                let value = if value.is_finite() { value.clamp(0.0, 1.0) } else { *known };
                if *known != value {
                    *known = value;
                    self.stale = true;
                    self.reports.meters.macros[number].store(value, Ordering::Relaxed);
                    self.reports.tell(FromAudio::MacroMoved(number as u8, value));
                }
            }
        }
        // A switch that stands on when we begin was not pressed now.
        if params.hush && self.hush == Some(false) {
            self.reports.tell(FromAudio::HushPressed);
            self.hushed = true;
            self.hush();
        }
        self.hush = Some(params.hush);
        if params.bypass && !self.bypass {
            // What sounds rings out; loops would ring for ever.
            self.shots.clear();
            self.samplers.release_all();
        }
        self.bypass = params.bypass;
        self.mix.host(params.master, params.bypass);
    }

    /// Play another Program from this frame on.
    fn install(&mut self, program: Lent<Program>) {
        let old = self.program.take();
        self.live.compute(&program, &self.macros);
        let (mix, samplers) = (&self.mix, &mut self.samplers);
        samplers.swap(&program, |slot| old.as_deref().map_or(0.0, |old| mix.way_out(old, slot)));
        self.mix.swap(old.as_deref(), &program, &self.live);
        for gone in old.iter().flat_map(|old| &old.sequencers) {
            let stays = |new: &SequencerProgram| new.slot == gone.slot && new.uid == gone.uid && new.enabled;
            if !program.sequencers.iter().any(stays) {
                // Nobody is left who could end what it started.
                self.samplers.release_sequenced(Some(gone.slot));
            }
        }
        self.samplers.follow(&self.live);
        self.stale = false;
        self.hushed = false;
        self.program = Some(program);
        self.seek();
    }

    /// Macros moved: values follow.
    fn refresh(&mut self) {
        if !std::mem::take(&mut self.stale) {
            return;
        }
        let Some(program) = &self.program else { return };
        self.live.compute(program, &self.macros);
        self.mix.follow(program, &self.live);
        self.samplers.follow(&self.live);
    }

    /// A plan takes effect.
    fn enact(&mut self, plan: Plan) {
        self.install(plan.program);
        let frame = self.transport.frame();
        if !self.transport.host() {
            // The internal clock may go on at another tempo from here.
            self.lead(None);
        }
        self.reports.tell(FromAudio::Swapped { id: plan.id, frame });
    }

    /// Plans that are due, and the wrap of the host's loop.
    fn turn_over(&mut self) {
        let now = self.transport.frame();
        loop {
            if self
                .plans
                .next_beat()
                .is_some_and(|due| self.transport.frame_of(due) <= now || !self.transport.playing())
            {
                if let Some(plan) = self.plans.pop() {
                    self.enact(plan);
                }
            } else if self.transport.wrap_frame().is_some_and(|frame| frame <= now) {
                self.transport.wrap();
                self.moved(Moves { wrapped: true, ..Moves::default() });
                self.show_clock();
            } else {
                return;
            }
        }
    }

    fn play_steps(&mut self) {
        if !self.transport.playing() {
            return;
        }
        let Some(program) = self.program.clone() else { return };
        let now = self.transport.frame();
        for sequencer in &program.sequencers {
            let slot = usize::from(sequencer.slot) % SEQUENCERS_MAX;
            while let Some(place) = self.walkers[slot].take(&sequencer.entries, &self.transport, now) {
                if sequencer.enabled && !program.hushed && !self.hushed && !self.bypass {
                    let (samplers, live) = (&mut self.samplers, &self.live);
                    let (transport, reports) = (&self.transport, &mut self.reports);
                    Stage { samplers, live, transport, reports }.play(&program, sequencer, place);
                }
            }
        }
    }

    fn play_shots(&mut self) {
        let now = self.transport.frame();
        while let Some(at) = self.shots.next_beat() {
            let at_once = at == f64::NEG_INFINITY;
            let frame = if at_once { now } else { self.transport.frame_of(at) };
            if frame > now || !(at_once || self.transport.playing()) {
                return;
            }
            if frame < now {
                Meters::count(&self.reports.meters.late);
            }
            let Some((shot, program)) = self.shots.pop().zip(self.program.clone()) else { return };
            let columns = &shot.params[..usize::from(shot.count).min(shot.params.len())];
            let note = Some(shot.note).filter(|&note| note < 128);
            let gate = f64::from(shot.gate) * self.transport.beat_frames();
            let asked = HitAsked {
                index: shot.index,
                note,
                gate: if gate.is_nan() { u64::MAX } else { gate.round().max(1.0) as u64 },
                columns,
                step: (u16::MAX, u16::MAX, u16::MAX),
                velocity: None,
                live: None,
            };
            let place = program.samplers.iter().position(|sampler| sampler.slot == shot.slot);
            let place = place.map_or(u16::MAX, |place| place as u16);
            let why = self.samplers.hit(&program, &self.live, place, &asked);
            let mut fired = report::fired(now, self.transport.beat(), shot.slot, shot.index, note, why);
            (fired.count, fired.params) = report::columns(columns);
            self.reports.fired(fired);
        }
    }

    /// A note plays sample 1 of the first sampler, pitched around its root.
    fn play_note(&mut self, note: &Note) {
        let Some(program) = self.program.clone() else { return };
        let Some(sampler) = program.samplers.first() else { return };
        let (channel, key) = (note.channel, note.key);
        match note.kind {
            NoteKind::On { velocity } => {
                if self.bypass || key > 127 {
                    return;
                }
                let asked = HitAsked {
                    index: 1,
                    note: Some(key),
                    gate: u64::MAX,
                    columns: &[],
                    step: (u16::MAX, u16::MAX, u16::MAX),
                    velocity: Some(velocity),
                    live: Some((channel, key)),
                };
                let why = self.samplers.hit(&program, &self.live, 0, &asked);
                let (frame, beat) = (self.transport.frame(), self.transport.beat());
                self.reports.fired(report::fired(frame, beat, sampler.slot, 1, Some(key), why));
            }
            NoteKind::Off => self.samplers.each_note(channel, key, |voice, _, memory| voice.release(memory)),
            NoteKind::Choke => {
                self.samplers.each_note(channel, key, |voice, fade, memory| voice.release_within(fade, memory));
            }
            NoteKind::Volume(volume) => {
                let volume = if volume.is_finite() { volume.clamp(0.0, 4.0) } else { 1.0 };
                self.samplers.each_note(channel, key, |voice, _, _| voice.express(Some(volume), None));
            }
            NoteKind::Pan(pan) => {
                self.samplers.each_note(channel, key, |voice, _, _| voice.express(None, Some(pan)));
            }
            NoteKind::Tuning(semitones) => {
                let tuning = f64::from(semitones).clamp(-120.0, 120.0);
                self.samplers.each_note(channel, key, |voice, _, _| voice.tune(tuning));
            }
            NoteKind::Pressure(_) => {}
        }
    }

    /// The frame of the next event after this one, `end` at the latest.
    fn next_event(&mut self, end: u64) -> u64 {
        let mut next = end;
        if self.transport.playing() {
            for beat in self.plans.next_beat().into_iter().chain(self.shots.next_beat()) {
                next = next.min(self.transport.frame_of(beat));
            }
            next = self.transport.wrap_frame().map_or(next, |frame| next.min(frame));
            if let Some(program) = &self.program {
                for sequencer in program.sequencers.iter().filter(|sequencer| sequencer.enabled) {
                    let slot = usize::from(sequencer.slot) % SEQUENCERS_MAX;
                    let frame = self.walkers[slot].next_frame(&sequencer.entries, &self.transport, next);
                    next = frame.map_or(next, |frame| next.min(frame));
                }
            }
        }
        next.max(self.transport.frame() + 1).min(end)
    }

    fn render(&mut self, io: &mut Io<'_>, from: usize, to: usize) {
        let Some(program) = &self.program else { return };
        self.mix.render(program, &mut self.samplers, io, from, to, &self.reports.meters);
    }

    /// Show where the clock is, when that is news.
    fn show_clock(&mut self) {
        let map = self.transport.map();
        let stale = self.shown.is_none_or(|shown| {
            let same = ClockMap { frame: map.frame, beat: map.beat, ..shown } == map;
            !same || map.frame - shown.frame >= CLOCK_FRAMES || !map.playing && map.beat != shown.beat
        });
        if stale {
            self.clock.put(&map);
            self.shown = Some(map);
        }
    }
}
