//! The gains of cables: each keeps its ramp through every edit by its key, and fades when it is taken out.
//!
//! Thread: audio. Realtime: yes after `default`.

use super::CABLES_MAX;
use super::kernel::Ramp;
use crate::bus::Program;
use crate::bus::program::NodeKind;
use crate::model::session::MODULES_MAX;

const GHOSTS_MAX: usize = 512;
const TABLE: usize = CABLES_MAX * 2;

#[derive(Clone, Copy)]
struct State {
    key: u64,
    gain: Ramp,
    kept: bool,
}

/// A cable that is no longer there and still fades.
pub struct Ghost {
    /// Node slot it comes from.
    pub source: u16,
    /// Node slot it goes to.
    pub into: u16,
    /// On its way to 0.
    pub gain: Ramp,
}

/// All cables of the Program in order, and those that fade.
pub struct Cables {
    states: Vec<State>,
    spare: Vec<State>,
    ghosts: Vec<Ghost>,
    /// Open addressing: (swap number, key, place in `states`); entries of older swaps count as empty.
    table: Box<[(u32, u64, u16)]>,
    swap: u32,
}

impl Default for Cables {
    fn default() -> Self {
        Self {
            states: Vec::with_capacity(CABLES_MAX),
            spare: Vec::with_capacity(CABLES_MAX),
            ghosts: Vec::with_capacity(GHOSTS_MAX),
            table: vec![(0, 0, 0); TABLE].into_boxed_slice(),
            swap: 0,
        }
    }
}

impl Cables {
    /// The ramp of the cable at a place, counted through all nodes.
    pub fn ramp(&mut self, place: usize) -> Option<&mut Ramp> {
        self.states.get_mut(place).map(|state| &mut state.gain)
    }

    /// Cables that fade.
    pub fn ghosts(&mut self) -> &mut [Ghost] {
        &mut self.ghosts
    }

    /// Forget those that are silent.
    pub fn drop_silent_ghosts(&mut self) {
        self.ghosts.retain(|ghost| ghost.gain.frames_left() > 0);
    }

    /// Every gain goes to its volume.
    pub fn follow(&mut self, volumes: &[f32], fade: u32) {
        for (state, &volume) in self.states.iter_mut().zip(volumes) {
            if state.gain.target() != volume {
                state.gain.glide(volume, fade);
            }
        }
    }

    /// Every gain stands where it goes.
    pub fn settle(&mut self) {
        self.states.iter_mut().for_each(|state| state.gain = Ramp::new(state.gain.target()));
        self.ghosts.clear();
    }

    fn place_of(&self, key: u64) -> usize {
        let mut at = super::sequencer::mix(key) as usize % TABLE;
        // There are half as many cables as places, so an empty one always comes.
        while self.table[at].0 == self.swap && self.table[at].1 != key {
            at = (at + 1) % TABLE;
        }
        at
    }

    /// Another Program. `gain` and `sounds` tell of a node slot how loud it is and whether it has sound.
    pub fn swap(
        &mut self,
        old: Option<&Program>,
        new: &Program,
        volumes: &[f32],
        fade: u32,
        gain: impl Fn(u16) -> f32,
        sounds: impl Fn(u16) -> bool,
    ) {
        self.swap = self.swap.wrapping_add(1).max(1);
        for place in 0..self.states.len() {
            let at = self.place_of(self.states[place].key);
            self.table[at] = (self.swap, self.states[place].key, place as u16);
            self.states[place].kept = false;
        }
        self.spare.clear();
        let mut volumes = volumes.iter();
        'all: for node in new.nodes.iter().take(MODULES_MAX) {
            for cable in &node.inputs {
                let Some(&volume) = volumes.next() else { break 'all };
                let (known, _, place) = self.table[self.place_of(cable.key)];
                let mut state = State { key: cable.key, gain: Ramp::new(volume), kept: true };
                if known == self.swap {
                    self.states[usize::from(place)].kept = true;
                    state.gain = self.states[usize::from(place)].gain;
                } else if new.nodes.get(usize::from(cable.from)).is_some_and(|source| sounds(source.slot)) {
                    state.gain = Ramp::new(0.0);
                    state.gain.set(volume, fade);
                }
                self.spare.push(state);
            }
        }
        if let Some(old) = old {
            self.haunt(old, new, fade, gain);
        }
        std::mem::swap(&mut self.states, &mut self.spare);
    }

    /// Cables of `old` that are not kept fade; where what they went to is gone too, straight into the main output.
    fn haunt(&mut self, old: &Program, new: &Program, fade: u32, gain: impl Fn(u16) -> f32) {
        if self.states.iter().all(|state| state.kept) {
            return;
        }
        let lives = |place: usize| {
            let node = &old.nodes[place];
            new.nodes.iter().any(|other| other.slot == node.slot && other.uid == node.uid)
        };
        let main = new.nodes.iter().find(|node| node.kind == NodeKind::Main).map(|node| node.slot);
        let mut flat = 0;
        for (place, node) in old.nodes.iter().enumerate().take(MODULES_MAX) {
            for cable in &node.inputs {
                let Some(state) = self.states.get(flat).copied() else { return };
                flat += 1;
                let value = state.gain.value();
                let source = usize::from(cable.from);
                if state.kept || value == 0.0 || source >= old.nodes.len() || !lives(source) {
                    continue;
                }
                let (into, value) = if lives(place) {
                    (Some(node.slot), value)
                } else {
                    (main, value * gain(node.slot) * self.gain_to_main(old, place, &gain))
                };
                let Some(into) = into.filter(|_| self.ghosts.len() < GHOSTS_MAX) else { continue };
                let mut gain = Ramp::new(value);
                gain.set(0.0, fade);
                self.ghosts.push(Ghost { source: old.nodes[source].slot, into, gain });
            }
        }
    }

    /// How loud the node at a place is at the main output, over all ways, without its own gain and the main's.
    pub fn gain_to_main(&self, program: &Program, place: usize, gain: impl Fn(u16) -> f32) -> f32 {
        // Inputs come before outputs, so one walk from the back knows every way. No list that grows: a fixed array.
        let mut sums = [0.0_f32; MODULES_MAX];
        let count = program.nodes.len().min(MODULES_MAX);
        let mut flat: usize = program.nodes.iter().take(count).map(|node| node.inputs.len()).sum();
        for (at, node) in program.nodes.iter().enumerate().take(count).rev() {
            flat -= node.inputs.len();
            let onward = if node.kind == NodeKind::Main { 1.0 } else { sums[at] * gain(node.slot) };
            for (input, cable) in node.inputs.iter().enumerate() {
                let volume = self.states.get(flat + input).map_or(0.0, |state| state.gain.value());
                if let Some(sum) = sums.get_mut(usize::from(cable.from)) {
                    *sum += onward * volume;
                }
            }
        }
        sums.get(place).copied().unwrap_or(0.0)
    }
}
