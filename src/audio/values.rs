//! The values in force: what is set, or what a macro says instead; and under both, for one hit, its own.
//!
//! Thread: audio. Realtime: yes after `new`.

use super::CABLES_MAX;
use crate::bus::Program;
use crate::bus::program::{MacroTarget, SampleProgram, Values};
use crate::model::Param;
use crate::model::param::PARAM_COUNT;
use crate::model::session::{MODULES_MAX, SAMPLERS_MAX};

/// Values of a [`Program`] with the macros in their places.
pub struct Live {
    samplers: Vec<Values>,
    nodes: Vec<f32>,
    cables: Vec<f32>,
    /// Where the cables of each node begin in `cables`.
    firsts: Vec<usize>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            samplers: Vec::with_capacity(SAMPLERS_MAX),
            nodes: Vec::with_capacity(MODULES_MAX),
            cables: Vec::with_capacity(CABLES_MAX),
            firsts: Vec::with_capacity(MODULES_MAX),
        }
    }
}

impl Live {
    /// Find all values anew.
    pub fn compute(&mut self, program: &Program, macros: &[f32; 64]) {
        self.samplers.clear();
        self.samplers.extend(program.samplers.iter().take(SAMPLERS_MAX).map(|sampler| sampler.values));
        self.nodes.clear();
        self.cables.clear();
        self.firsts.clear();
        for node in program.nodes.iter().take(MODULES_MAX) {
            self.nodes.push(node.volume);
            self.firsts.push(self.cables.len());
            let room = CABLES_MAX - self.cables.len();
            self.cables.extend(node.inputs.iter().take(room).map(|cable| cable.volume));
        }
        for mapping in &program.macros {
            let position = f64::from(macros[usize::from(mapping.number) % 64]).clamp(0.0, 1.0);
            let (min, max) = (f64::from(mapping.min), f64::from(mapping.max));
            let value = min + (max - min) * mapping.curve.bend(position);
            match mapping.target {
                MacroTarget::Sampler(place, param) => {
                    if let Some(values) = self.samplers.get_mut(usize::from(place)) {
                        values[usize::from(param.0) % PARAM_COUNT] = param.limit(value) as f32;
                    }
                }
                MacroTarget::Node(place) => {
                    if let Some(volume) = self.nodes.get_mut(usize::from(place)) {
                        *volume = value.clamp(0.0, 1.0) as f32;
                    }
                }
                MacroTarget::Cable(place, input) => {
                    let first = self.firsts.get(usize::from(place)).copied().unwrap_or(CABLES_MAX);
                    if let Some(volume) = self.cables.get_mut(first + usize::from(input)) {
                        *volume = value.clamp(0.0, 1.0) as f32;
                    }
                }
            }
        }
    }

    /// Values of the sampler at a place.
    pub fn sampler(&self, place: usize) -> Option<&Values> {
        self.samplers.get(place)
    }

    /// Volume of the node at a place.
    pub fn node(&self, place: usize) -> f32 {
        self.nodes.get(place).copied().unwrap_or(0.0)
    }

    /// Volumes of all cables, node by node.
    pub fn cables(&self) -> &[f32] {
        &self.cables
    }
}

/// The values of one hit, and which of them are its own.
#[derive(Debug, Clone, Copy)]
pub struct HitValues {
    values: Values,
    own: u32,
}

impl HitValues {
    /// A sampler's values, over them the sample's own, over them the hit's.
    pub fn new(sampler: &Values, sample: &SampleProgram, columns: &[(Param, f32)]) -> Self {
        let mut hit = Self { values: *sampler, own: sample.own };
        for (place, value) in hit.values.iter_mut().enumerate() {
            if sample.own & (1 << place) != 0 {
                *value = sample.values[place];
            }
        }
        for &(param, value) in columns {
            let place = usize::from(param.0) % PARAM_COUNT;
            hit.values[place] = param.limit(f64::from(value)) as f32;
            hit.own |= 1 << place;
        }
        hit
    }

    /// A value.
    pub fn get(&self, param: Param) -> f32 {
        self.values[usize::from(param.0) % PARAM_COUNT]
    }

    /// A value that is a word or a whole number.
    pub fn whole(&self, param: Param) -> u32 {
        self.get(param).max(0.0) as u32
    }

    /// Whether the sample or the hit gave it, so that the sampler's changes pass by.
    pub fn is_own(&self, param: Param) -> bool {
        self.own & (1 << (usize::from(param.0) % PARAM_COUNT)) != 0
    }
}
