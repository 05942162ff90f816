//! All samplers' voices: who starts, who is taken for whom, who is cut.
//!
//! Thread: audio. Realtime: yes after `new`.
//!
//! One pool serves all samplers; each sampler has a list of its voices, oldest first.

use std::sync::OnceLock;

use super::kernel::{Kernels, SincTables};
use super::memory::Memory;
use super::start::{HitAsked, make};
use super::values::{HitValues, Live};
use super::voice::{Tools, Voice};
use crate::bus::Program;
use crate::model::session::SAMPLERS_MAX;
use crate::model::{Param, Uid, Why};

/// Voices there are, for all samplers together.
pub const VOICES_MAX: usize = 4096;
/// The list of voices whose sampler is gone.
pub const ORPHANS: usize = SAMPLERS_MAX;
/// Nobody, in a list or as a place.
const NONE: u16 = u16::MAX;

/// Milliseconds of the fade of everything that stops before its time.
const FADE_MS: f64 = 5.0;
/// Milliseconds of a hush.
const HUSH_MS: f64 = 50.0;

#[derive(Clone, Copy)]
struct Link {
    before: u16,
    after: u16,
}

/// A sampler's moving state.
#[derive(Clone, Copy)]
struct State {
    uid: Option<Uid>,
    first: u16,
    last: u16,
    /// Place in the Program; [`NONE`] when it is not there.
    place: u16,
}

/// Every voice and what it belongs to.
pub struct Samplers {
    voices: Box<[Option<Voice>]>,
    links: Box<[Link]>,
    free: Vec<u16>,
    states: Box<[State]>,
    memory: Memory,
    tools: Box<Tools>,
    rate: f64,
    /// Rendered frame at which voices begin now.
    frame: u64,
}

impl Samplers {
    /// Room for all voices. Thread: any but audio.
    pub fn new(rate: f64) -> Self {
        static SINC: OnceLock<SincTables> = OnceLock::new();
        let tools = Tools::new(Kernels::detect(), SINC.get_or_init(SincTables::new));
        Self {
            voices: (0..VOICES_MAX).map(|_| None).collect(),
            links: vec![Link { before: NONE, after: NONE }; VOICES_MAX].into_boxed_slice(),
            free: (0..VOICES_MAX as u16).rev().collect(),
            states: vec![State { uid: None, first: NONE, last: NONE, place: NONE }; SAMPLERS_MAX + 1]
                .into_boxed_slice(),
            memory: Memory::default(),
            tools: Box::new(tools),
            rate,
            frame: 0,
        }
    }

    /// Voices begin at this rendered frame from now on.
    pub fn go_on(&mut self, frame: u64) {
        self.frame = frame;
    }

    /// How many voices sound.
    pub fn count(&self) -> usize {
        VOICES_MAX - self.free.len()
    }

    /// Frames of a fade.
    pub fn fade(&self) -> u32 {
        self.frames(FADE_MS)
    }

    fn frames(&self, milliseconds: f64) -> u32 {
        (milliseconds * self.rate / 1000.0).round().max(1.0) as u32
    }

    /// Silence at once, and nothing remembered.
    pub fn clear(&mut self) {
        for list in 0..self.states.len() {
            while self.states[list].first != NONE {
                self.drop_voice(list, self.states[list].first);
            }
        }
        self.memory.clear();
    }

    /// Play starts: NEXT begins anew.
    pub fn forget_positions(&mut self) {
        self.memory.clear();
    }

    /// Another Program: voices of samplers that are gone fade, scaled by what `way_out` says their way to the main
    /// output was; those of samplers switched off fade where they are.
    pub fn swap(&mut self, program: &Program, way_out: impl Fn(u16) -> f32) {
        for state in self.states.iter_mut() {
            state.place = NONE;
        }
        for (place, sampler) in program.samplers.iter().enumerate().take(SAMPLERS_MAX) {
            let slot = usize::from(sampler.slot).min(SAMPLERS_MAX - 1);
            if self.states[slot].uid != Some(sampler.uid) {
                self.orphan(slot, &way_out);
            }
            self.states[slot].uid = Some(sampler.uid);
            self.states[slot].place = place as u16;
            if !sampler.enabled {
                self.each_of(slot, |voice, fade, memory| voice.release_within(fade, memory));
            }
        }
        for slot in 0..SAMPLERS_MAX {
            if self.states[slot].place == NONE && self.states[slot].uid.is_some() {
                self.orphan(slot, &way_out);
                self.states[slot].uid = None;
            }
        }
    }

    /// Move a list to the orphans and let it fade.
    fn orphan(&mut self, slot: usize, way_out: impl Fn(u16) -> f32) {
        if self.states[slot].first == NONE {
            return;
        }
        let factor = way_out(slot as u16);
        let fade = self.fade();
        while self.states[slot].first != NONE {
            let at = self.states[slot].first;
            self.unlink(slot, at);
            self.link(ORPHANS, at);
            if let Some(voice) = &mut self.voices[usize::from(at)] {
                voice.dying = true;
                voice.scale(factor);
                voice.move_to(ORPHANS as u16);
                voice.release_within(fade, &mut self.memory);
            }
        }
    }

    /// Sounding voices go along with their samplers' volume, pan and speed.
    pub fn follow(&mut self, live: &Live) {
        for slot in 0..SAMPLERS_MAX {
            let State { first, place, .. } = self.states[slot];
            let Some(values) = live.sampler(usize::from(place)).filter(|_| first != NONE) else { continue };
            let value = |param: Param| values[usize::from(param.0)];
            let (volume, pan, speed) = (value(Param::VOLUME), value(Param::PAN), value(Param::SPEED));
            self.each_of(slot, |voice, _, _| voice.follow(volume, pan, f64::from(speed)));
        }
    }

    /// Play a hit on the sampler at a place of the Program. Says whether it sounds.
    pub fn hit(&mut self, program: &Program, live: &Live, place: u16, asked: &HitAsked<'_>) -> Why {
        let Some(sampler) = program.samplers.get(usize::from(place)) else { return Why::Missing };
        if !sampler.enabled {
            return Why::Disabled;
        }
        let sample = usize::from(asked.index).checked_sub(1).and_then(|at| sampler.bank.get(at));
        let values = live.sampler(usize::from(place));
        let Some((sample, values)) = sample.zip(values) else { return Why::Missing };
        let Some(clip) = sample.clip.as_ref().filter(|clip| clip.frames() > 0 && clip.frames() < i32::MAX as usize)
        else {
            return Why::Missing;
        };
        let values = HitValues::new(values, sample, asked.columns);
        let slot = usize::from(sampler.slot).min(SAMPLERS_MAX - 1);
        self.make_way(slot, asked.index, &values);
        let fade = self.fade();
        let start = make(clip, &values, asked, (sampler.slot, sampler.uid), &self.memory, self.rate, fade);
        let at = self.free.pop().or_else(|| self.take_oldest(slot));
        if let Some(at) = at {
            let mut voice = Voice::new(start);
            voice.born = self.frame;
            self.voices[usize::from(at)] = Some(voice);
            self.link(slot, at);
        }
        Why::Fired
    }

    /// What a new hit ends: the choke group, the voice before in MONO, the oldest when all are in use.
    fn make_way(&mut self, slot: usize, index: u16, values: &HitValues) {
        let cut = |voice: &mut Voice, fade: u32, memory: &mut Memory| {
            voice.dying = true;
            voice.release_within(fade, memory);
        };
        let choke = values.whole(Param::CHOKE) as u8;
        if choke > 0 {
            for list in 0..SAMPLERS_MAX {
                self.each_of(list, |voice, fade, memory| {
                    if voice.start().choke == choke {
                        cut(voice, fade, memory);
                    }
                });
            }
        }
        if values.whole(Param::POLYPHONY_MODE) == 0 {
            let all = values.whole(Param::CUT) == 1;
            self.each_of(slot, |voice, fade, memory| {
                if all || voice.start().from.2 == index {
                    cut(voice, fade, memory);
                }
            });
        }
        let room = values.whole(Param::VOICES).max(1);
        let mut alive = 0;
        self.each_of(slot, |voice, _, _| alive += u32::from(!voice.dying));
        let mut surplus = (alive + 1).saturating_sub(room);
        self.each_of(slot, |voice, fade, memory| {
            if surplus > 0 && !voice.dying {
                surplus -= 1;
                cut(voice, fade, memory);
            }
        });
    }

    /// The pool is empty: the oldest of this sampler, or of any, goes at once. A trigger is never lost.
    fn take_oldest(&mut self, slot: usize) -> Option<u16> {
        let list = std::iter::once(slot).chain((0..=ORPHANS).rev()).find(|&list| self.states[list].first != NONE)?;
        self.drop_voice(list, self.states[list].first);
        self.free.pop()
    }

    /// A rest row: what this sequencer started on this sampler is released.
    pub fn rest(&mut self, slot: u16, sequencer: u16) {
        self.each_of(usize::from(slot), |voice, _, memory| {
            if voice.start().from.1 == sequencer {
                voice.release(memory);
            }
        });
    }

    /// What a sequencer started is released, or what any of them did (the clock stopped or jumped).
    pub fn release_sequenced(&mut self, sequencer: Option<u16>) {
        self.each(|voice, _, memory| {
            let from = voice.start().from.1;
            if sequencer.map_or(from != NONE, |sequencer| from == sequencer) {
                voice.release(memory);
            }
        });
    }

    /// Everything is released as its envelope says.
    pub fn release_all(&mut self) {
        self.each(|voice, _, memory| voice.release(memory));
    }

    /// All voices end in 50 ms.
    pub fn hush(&mut self) {
        let frames = self.frames(HUSH_MS);
        self.each(|voice, _, memory| voice.release_within(frames, memory));
    }

    /// All voices end in 5 ms.
    pub fn panic(&mut self) {
        self.each(|voice, fade, memory| voice.release_within(fade, memory));
    }

    /// Voices that began at this rendered frame or later end in 5 ms.
    pub fn cut_since(&mut self, frame: u64) {
        self.each(|voice, fade, memory| {
            if voice.born >= frame {
                voice.dying = true;
                voice.release_within(fade, memory);
            }
        });
    }

    /// Voices of a note; 255 stands for every channel or key.
    pub fn each_note(&mut self, channel: u8, key: u8, mut act: impl FnMut(&mut Voice, u32, &mut Memory)) {
        self.each(|voice, fade, memory| {
            let Some((c, k)) = voice.start().note else { return };
            if (channel == 255 || channel == c) && (key == 255 || key == k) {
                act(voice, fade, memory);
            }
        });
    }

    /// Whether a list has voices.
    pub fn sounds(&self, list: usize) -> bool {
        self.states.get(list).is_some_and(|state| state.first != NONE)
    }

    /// Add the next frames of a list's voices, at most a piece.
    pub fn render(&mut self, list: usize, left: &mut [f32], right: &mut [f32]) {
        let mut at = self.states[list].first;
        while at != NONE {
            let after = self.links[usize::from(at)].after;
            let alive = match &mut self.voices[usize::from(at)] {
                Some(voice) => voice.render(left, right, &mut self.tools, &mut self.memory),
                None => false,
            };
            if !alive {
                self.drop_voice(list, at);
            }
            at = after;
        }
    }

    fn each(&mut self, mut act: impl FnMut(&mut Voice, u32, &mut Memory)) {
        if self.count() > 0 {
            for list in 0..=ORPHANS {
                self.each_of(list, &mut act);
            }
        }
    }

    fn each_of(&mut self, list: usize, mut act: impl FnMut(&mut Voice, u32, &mut Memory)) {
        let fade = self.fade();
        let mut at = self.states.get(list).map_or(NONE, |state| state.first);
        while at != NONE {
            if let Some(voice) = &mut self.voices[usize::from(at)] {
                act(voice, fade, &mut self.memory);
            }
            at = self.links[usize::from(at)].after;
        }
    }

    fn link(&mut self, list: usize, at: u16) {
        let last = std::mem::replace(&mut self.states[list].last, at);
        self.links[usize::from(at)] = Link { before: last, after: NONE };
        match last {
            NONE => self.states[list].first = at,
            last => self.links[usize::from(last)].after = at,
        }
    }

    fn unlink(&mut self, list: usize, at: u16) {
        let Link { before, after } = self.links[usize::from(at)];
        match before {
            NONE => self.states[list].first = after,
            before => self.links[usize::from(before)].after = after,
        }
        match after {
            NONE => self.states[list].last = before,
            after => self.links[usize::from(after)].before = before,
        }
    }

    fn drop_voice(&mut self, list: usize, at: u16) {
        self.unlink(list, at);
        // Dropping the handle frees nothing: the engine's vault holds the sound.
        self.voices[usize::from(at)] = None;
        self.free.push(at);
    }
}
