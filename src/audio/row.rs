//! A row is played: decided, sent to every sampler of its sequencer, and reported.
//!
//! Thread: audio. Realtime: yes.

use super::report::{self, Reports};
use super::sampler::Samplers;
use super::sequencer::{Place, decide};
use super::start::HitAsked;
use super::transport::Transport;
use super::values::Live;
use crate::bus::Program;
use crate::bus::program::{HitProgram, RowProgram, SequencerProgram};
use crate::model::Why;

/// What a row acts on.
pub struct Stage<'a> {
    /// Voices.
    pub samplers: &'a mut Samplers,
    /// Values in force.
    pub live: &'a Live,
    /// The clock.
    pub transport: &'a Transport,
    /// The way to the engine.
    pub reports: &'a mut Reports,
}

impl Stage<'_> {
    /// Play the row at a place of a sequencer.
    pub fn play(&mut self, program: &Program, sequencer: &SequencerProgram, place: Place) {
        let entries = &sequencer.entries;
        let Some((row, what)) = place.row(entries) else { return };
        let pattern = &entries[place.entry].pattern;
        let mut fired = report::fired(self.transport.frame(), place.beat(entries), 0, 0, None, Why::Rest);
        (fired.sequencer, fired.pattern, fired.row) = (sequencer.slot, pattern.number, row);
        let outcome = match what {
            RowProgram::Empty => return,
            RowProgram::Rest => Why::Rest,
            RowProgram::Hit(hit) => {
                (fired.index, fired.note) = (hit.index, hit.note.unwrap_or(255));
                (fired.count, fired.params) = report::columns(&hit.params);
                let cycle = place.cycle(entries, self.transport.pass());
                decide(hit, program.seed, pattern.salt, cycle, row)
            }
        };
        for &target in &sequencer.targets {
            let Some(sampler) = program.samplers.get(usize::from(target)) else { continue };
            fired.sampler = sampler.slot;
            fired.why = match what {
                RowProgram::Hit(hit) if outcome == Why::Fired => {
                    let asked = self.ask(hit, sequencer, place, pattern.number, row);
                    self.samplers.hit(program, self.live, target, &asked)
                }
                RowProgram::Rest => {
                    self.samplers.rest(sampler.slot, sequencer.slot);
                    Why::Rest
                }
                _ => outcome,
            };
            self.reports.fired(fired);
        }
    }

    fn ask<'h>(
        &self,
        hit: &'h HitProgram,
        sequencer: &SequencerProgram,
        place: Place,
        pattern: u16,
        row: u16,
    ) -> HitAsked<'h> {
        let entries = &sequencer.entries;
        // To the frame at which the row after the gate begins, were this row on time.
        let gate = hit.length.map_or(u64::MAX, |rows| {
            let end = self.transport.frame_of(place.beat_after(entries, u32::from(rows)));
            end.saturating_sub(self.transport.frame_of(place.beat(entries))).max(1)
        });
        HitAsked {
            index: hit.index,
            note: hit.note,
            gate,
            columns: &hit.params,
            step: (sequencer.slot, pattern, row),
            velocity: None,
            live: None,
        }
    }
}
