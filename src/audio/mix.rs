//! From voices and inputs through mixers to the outputs.
//!
//! Thread: audio. Realtime: yes after `new`.
//!
//! Gains are ramps of 5 ms, kept by node slot and cable key, so an edit is never a step in the sound. A cable taken out
//! of something that sounds lives on for those 5 ms; a cable put into silence is there at once.

use super::Io;
use super::cables::{Cables, Ghost};
use super::kernel::Ramp;
use super::levels::Levels;
use super::sampler::{ORPHANS, Samplers};
use super::values::Live;
use super::voice::PIECE;
use crate::bus::Program;
use crate::bus::meters::Meters;
use crate::bus::program::NodeKind;
use crate::model::Uid;
use crate::model::session::MODULES_MAX;

/// One node's sum.
#[derive(Clone)]
pub struct Bus {
    left: [f32; PIECE],
    right: [f32; PIECE],
    /// Whether anything was put in; if not, the frames are not valid.
    active: bool,
}

impl Bus {
    /// Ready for adding `n` frames.
    fn open(&mut self, n: usize) {
        if !std::mem::replace(&mut self.active, true) {
            self.left[..n].fill(0.0);
            self.right[..n].fill(0.0);
        }
    }
}

#[derive(Clone, Copy)]
struct NodeState {
    uid: Option<Uid>,
    gain: Ramp,
}

/// The graph's moving state.
pub struct Mix {
    buses: Box<[Bus]>,
    nodes: Box<[NodeState]>,
    cables: Cables,
    levels: Levels,
    master: Ramp,
    /// Gain of what comes in on its way past everything (bypass).
    dry: Ramp,
    line: [f32; PIECE],
    fade: u32,
    fresh: bool,
}

impl Mix {
    /// Silent. `fade` is the length of a ramp in frames. Thread: any but audio.
    pub fn new(fade: u32) -> Self {
        let bus = Bus { left: [0.0; PIECE], right: [0.0; PIECE], active: false };
        Self {
            buses: vec![bus; MODULES_MAX].into_boxed_slice(),
            nodes: vec![NodeState { uid: None, gain: Ramp::new(0.0) }; MODULES_MAX].into_boxed_slice(),
            cables: Cables::default(),
            levels: Levels::default(),
            master: Ramp::new(1.0),
            dry: Ramp::new(0.0),
            line: [0.0; PIECE],
            fade,
            fresh: true,
        }
    }

    /// The host's master volume and bypass; the first time they stand at once.
    pub fn host(&mut self, master: f32, bypass: bool) {
        let frames = if std::mem::take(&mut self.fresh) { 0 } else { self.fade };
        let master = if master.is_finite() { master.clamp(0.0, 1.0) } else { 1.0 };
        for (ramp, target) in [(&mut self.master, master), (&mut self.dry, f32::from(u8::from(bypass)))] {
            if ramp.target() != target {
                ramp.set(target, frames);
            }
        }
    }

    /// How loud a sampler slot was at the main output under `old`.
    pub fn way_out(&self, old: &Program, slot: u16) -> f32 {
        let sampler = |kind: NodeKind| match kind {
            NodeKind::Sampler(place) => old.samplers.get(usize::from(place)).is_some_and(|s| s.slot == slot),
            _ => false,
        };
        let Some(place) = old.nodes.iter().position(|node| sampler(node.kind)) else { return 0.0 };
        let own = self.nodes[usize::from(old.nodes[place].slot) % MODULES_MAX].gain.value();
        own * self.cables.gain_to_main(old, place, |slot| self.nodes[usize::from(slot) % MODULES_MAX].gain.value())
    }

    /// Another Program.
    pub fn swap(&mut self, old: Option<&Program>, new: &Program, live: &Live) {
        let (nodes, buses) = (&self.nodes, &self.buses);
        let gain = |slot: u16| nodes[usize::from(slot) % MODULES_MAX].gain.value();
        let sounds = |slot: u16| buses[usize::from(slot) % MODULES_MAX].active;
        self.cables.swap(old, new, live.cables(), self.fade, gain, sounds);
        for (place, node) in new.nodes.iter().enumerate().take(MODULES_MAX) {
            let state = &mut self.nodes[usize::from(node.slot) % MODULES_MAX];
            if state.uid != Some(node.uid) {
                let target = if node.enabled { live.node(place) } else { 0.0 };
                *state = NodeState { uid: Some(node.uid), gain: Ramp::new(target) };
                self.buses[usize::from(node.slot) % MODULES_MAX].active = false;
            }
        }
        self.follow(new, live);
    }

    /// Gains go to the values in force.
    pub fn follow(&mut self, program: &Program, live: &Live) {
        for (place, node) in program.nodes.iter().enumerate().take(MODULES_MAX) {
            let target = if node.enabled { live.node(place) } else { 0.0 };
            let gain = &mut self.nodes[usize::from(node.slot) % MODULES_MAX].gain;
            if gain.target() != target {
                gain.set(target, self.fade);
            }
        }
        self.cables.follow(live.cables(), self.fade);
    }

    /// All ramps stand where they go, all buses are silent.
    pub fn reset(&mut self) {
        for state in self.nodes.iter_mut() {
            state.gain = Ramp::new(state.gain.target());
        }
        self.cables.settle();
        self.buses.iter_mut().for_each(|bus| bus.active = false);
        self.fresh = true;
    }

    /// Make frames `from..to` of the block.
    pub fn render(
        &mut self,
        program: &Program,
        samplers: &mut Samplers,
        io: &mut Io<'_>,
        from: usize,
        to: usize,
        meters: &Meters,
    ) {
        let n = to - from;
        let mut cable = 0;
        let mut main_seen = false;
        for node in program.nodes.iter().take(MODULES_MAX) {
            let at = usize::from(node.slot) % MODULES_MAX;
            self.buses[at].active = false;
            match node.kind {
                NodeKind::Sampler(place) => {
                    let list = program.samplers.get(usize::from(place)).map_or(ORPHANS + 1, |s| usize::from(s.slot));
                    if samplers.sounds(list) {
                        let bus = &mut self.buses[at];
                        bus.open(n);
                        samplers.render(list, &mut bus.left[..n], &mut bus.right[..n]);
                    }
                }
                NodeKind::HostIn => self.take_in(at, io.main_in, from, to),
                NodeKind::Sidechain => self.take_in(at, io.side_in, from, to),
                NodeKind::Mixer | NodeKind::Aux(_) => {}
                NodeKind::Main => {
                    if !std::mem::replace(&mut main_seen, true) && samplers.sounds(ORPHANS) {
                        let bus = &mut self.buses[at];
                        bus.open(n);
                        samplers.render(ORPHANS, &mut bus.left[..n], &mut bus.right[..n]);
                    }
                }
            }
            for input in &node.inputs {
                if let (Some(source), Some(ramp)) =
                    (program.nodes.get(usize::from(input.from)), self.cables.ramp(cable))
                {
                    let source = usize::from(source.slot) % MODULES_MAX;
                    add(&mut self.buses, source, at, ramp, n, &mut self.line);
                }
                cable += 1;
            }
            for Ghost { source, into, gain } in self.cables.ghosts() {
                if usize::from(*into) % MODULES_MAX == at {
                    add(&mut self.buses, usize::from(*source) % MODULES_MAX, at, gain, n, &mut self.line);
                }
            }
            self.gain(at, n);
            let bus = &self.buses[at];
            self.levels.take(at, bus.active.then_some((&bus.left[..n], &bus.right[..n])), n, meters);
            self.put_out(node.kind, at, io, from, to);
        }
        if !main_seen && samplers.sounds(ORPHANS) {
            // Nowhere to be heard: they end in silence.
            samplers.panic();
            samplers.render(ORPHANS, &mut self.line[..n], &mut [0.0; PIECE][..n]);
        }
        self.pass_by(io, from, to);
        self.cables.drop_silent_ghosts();
        self.levels.next(n);
    }

    /// Put what comes in into a bus, less what passes by.
    fn take_in(&mut self, at: usize, input: Option<[&[f32]; 2]>, from: usize, to: usize) {
        let Some(input) = input else { return };
        if self.dry.frames_left() == 0 && self.dry.value() == 1.0 {
            return;
        }
        let n = to - from;
        let bus = &mut self.buses[at];
        bus.open(n);
        let moving = self.dry.frames_left() > 0;
        if moving {
            let mut dry = self.dry;
            dry.fill(&mut self.line[..n]);
        }
        for (side, input) in [&mut bus.left, &mut bus.right].into_iter().zip(input) {
            let there = input.len().min(to).saturating_sub(from);
            side[..there].copy_from_slice(&input[from.min(input.len())..][..there]);
            if moving {
                side[..n].iter_mut().zip(&self.line).for_each(|(sample, dry)| *sample *= 1.0 - dry);
            }
        }
    }

    /// A node's own volume.
    fn gain(&mut self, at: usize, n: usize) {
        let gain = &mut self.nodes[at].gain;
        let bus = &mut self.buses[at];
        if gain.frames_left() == 0 {
            let value = gain.value();
            if value == 0.0 {
                bus.active = false;
            } else if value != 1.0 && bus.active {
                bus.left[..n].iter_mut().chain(&mut bus.right[..n]).for_each(|sample| *sample *= value);
            }
            return;
        }
        gain.fill(&mut self.line[..n]);
        if bus.active {
            for side in [&mut bus.left, &mut bus.right] {
                side[..n].iter_mut().zip(&self.line).for_each(|(sample, gain)| *sample *= gain);
            }
        }
    }

    /// Add an output node's bus to the host's buffers.
    fn put_out(&mut self, kind: NodeKind, at: usize, io: &mut Io<'_>, from: usize, to: usize) {
        let bus = &self.buses[at];
        let n = to - from;
        let (out, master) = match kind {
            NodeKind::Main => (Some(&mut io.main_out), true),
            NodeKind::Aux(number) => (io.aux.get_mut(usize::from(number)).and_then(Option::as_mut), false),
            _ => return,
        };
        let Some(out) = out.filter(|_| bus.active) else { return };
        let flat = !master || (self.master.frames_left() == 0 && self.master.value() == 1.0);
        if !flat {
            let mut line = self.master;
            line.fill(&mut self.line[..n]);
        }
        for (out, side) in out.iter_mut().zip([&bus.left, &bus.right]) {
            let there = out.len().min(to).saturating_sub(from);
            let Some(out) = out.get_mut(from..from + there) else { continue };
            if flat {
                out.iter_mut().zip(side).for_each(|(out, sample)| *out += whole(*sample));
            } else {
                let gained = side.iter().zip(&self.line).map(|(sample, gain)| whole(sample * gain));
                out.iter_mut().zip(gained).for_each(|(out, sample)| *out += sample);
            }
        }
    }

    /// The main input on its way past everything, and the end of this piece for the ramps of the host.
    fn pass_by(&mut self, io: &mut Io<'_>, from: usize, to: usize) {
        let n = to - from;
        let silent = self.dry.frames_left() == 0 && self.dry.value() == 0.0;
        self.master.advance(n as u32);
        if silent {
            return;
        }
        self.dry.fill(&mut self.line[..n]);
        let Some(input) = io.main_in else { return };
        for (out, input) in io.main_out.iter_mut().zip(input) {
            let there = out.len().min(input.len()).min(to).saturating_sub(from);
            let Some((out, input)) = out.get_mut(from..from + there).zip(input.get(from..from + there)) else {
                continue;
            };
            let passed = input.iter().zip(&self.line).map(|(sample, dry)| sample * dry);
            out.iter_mut().zip(passed).for_each(|(out, sample)| *out += sample);
        }
    }
}

/// A sample without the tiny numbers that slow processors down.
fn whole(sample: f32) -> f32 {
    if sample.abs() < f32::MIN_POSITIVE { 0.0 } else { sample }
}

/// Add one bus to another through a gain. The gain goes on whether there is sound or not.
fn add(buses: &mut [Bus], source: usize, into: usize, gain: &mut Ramp, n: usize, line: &mut [f32; PIECE]) {
    let heard = match buses.get_disjoint_mut([source, into]) {
        Ok([source, into]) if source.active => Some((source, into)),
        _ => None,
    };
    let Some((source, into)) = heard else {
        gain.advance(n as u32);
        return;
    };
    if gain.frames_left() == 0 {
        let value = gain.value();
        if value == 0.0 {
            return;
        }
        into.open(n);
        for (into, source) in [(&mut into.left, &source.left), (&mut into.right, &source.right)] {
            let both = into[..n].iter_mut().zip(&source[..n]);
            if value == 1.0 {
                both.for_each(|(into, sample)| *into += sample);
            } else {
                both.for_each(|(into, sample)| *into += sample * value);
            }
        }
        return;
    }
    gain.fill(&mut line[..n]);
    into.open(n);
    for (into, source) in [(&mut into.left, &source.left), (&mut into.right, &source.right)] {
        for ((into, sample), gain) in into[..n].iter_mut().zip(&source[..n]).zip(&line[..n]) {
            *into += sample * gain;
        }
    }
}
