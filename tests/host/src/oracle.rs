//! What a session should play, worked out a second time: from the state's text and the host's transport alone, in exact
//! fractions, with no code of the plug-in. Any thread.
//!
//! It covers sequencers (patterns, chains, ratio, chance, loop passes) and the `every`, `at` and `after` of live chunks.
//! Out of its reach, and said so in [`Oracle::remarks`]: callbacks whose hits hang on random numbers or on the live state,
//! coroutines, and sessions whose callbacks change patterns, connections or which modules are on.
//!
//! ```text
//! position   which beat stands at which frame, block by block      score   the rows of each sequencer's round
//! callbacks  live chunks in a Lua of their own                     chance  the documented roll
//! ```

mod callbacks;
mod chance;
mod exact;
mod position;
mod score;

use std::collections::BTreeSet;

use callbacks::Callbacks;
pub use exact::Exact;
pub use position::Stretch;
use position::{Head, Span};
use score::Score;
use serde_json::Value;

/// Whether a trigger sounds, and why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It sounds.
    Fired,
    /// The ratio says no.
    Ratio,
    /// The chance roll says no.
    Chance,
    /// No such sample, or no such file.
    Missing,
    /// The sampler is off.
    Disabled,
    /// A rest row releases.
    Rest,
}

/// One trigger that should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// Frame, counted as the stretches count.
    pub frame: u64,
    /// Song position in quarter notes.
    pub beat: f64,
    /// The sampler.
    pub module: String,
    /// The sequencer; `None` for callbacks.
    pub sequencer: Option<String>,
    /// The pattern; `None` for callbacks.
    pub pattern: Option<String>,
    /// The row from 1; `None` for callbacks.
    pub row: Option<u16>,
    /// The sample from 1; 0 for a rest.
    pub index: u16,
    /// Whether it sounds.
    pub outcome: Outcome,
}

/// The whole of a session as far as it can be foretold.
pub struct Oracle {
    score: Score,
    callbacks: Callbacks,
    rate: u32,
}

impl Oracle {
    /// Read the session's text form (JSON). `missing` holds the paths of files that could not be had; `rate` is in Hz.
    /// The error says which part of the text is not as documented.
    pub fn new(session: &Value, missing: &BTreeSet<String>, rate: u32) -> Result<Self, String> {
        Ok(Self { score: Score::read(session, missing)?, callbacks: Callbacks::read(session)?, rate })
    }

    /// What it could not foretell, one sentence each.
    pub fn remarks(&self) -> Vec<String> {
        self.callbacks.remarks()
    }

    /// Every trigger of a pass, in the order of its frames. The stretches follow one another without a gap.
    pub fn expect(&self, stretches: &[Stretch]) -> Vec<Expected> {
        let mut head = Head::new(self.rate);
        let mut all = Vec::new();
        self.callbacks.begin();
        for stretch in stretches {
            if let Some(span) = head.follow(stretch) {
                self.rows(&span, &mut all);
                self.calls(&span, &mut all);
            }
        }
        all.sort_by_key(|trigger| trigger.frame);
        all
    }

    fn rows(&self, span: &Span, all: &mut Vec<Expected>) {
        for sequencer in &self.score.sequencers {
            for step in sequencer.steps(&span.from, &span.to) {
                let Some(row) = step.pattern.rows.get(usize::from(step.row) - 1).and_then(Option::as_ref) else {
                    continue;
                };
                for target in &sequencer.targets {
                    let cycle = step.cycle + if step.pattern.by_pass { span.pass } else { 0 };
                    all.push(Expected {
                        frame: span.frame_of(&step.beat),
                        beat: exact::to_f64(&step.beat),
                        module: target.clone(),
                        sequencer: Some(sequencer.name.clone()),
                        pattern: Some(step.pattern.name.clone()),
                        row: Some(step.row),
                        index: row.index,
                        outcome: self.score.outcome(target, row, step.pattern.salt, cycle, step.row),
                    });
                }
            }
        }
    }

    fn calls(&self, span: &Span, all: &mut Vec<Expected>) {
        for hit in self.callbacks.between(&span.from, &span.to) {
            let index = match &hit.index {
                callbacks::Wanted::Index(index) => *index,
                callbacks::Wanted::Name(name) => self.score.place(&hit.module, name),
            };
            let outcome = self.score.playable(&hit.module, index);
            let frame = span.frame_of(&hit.beat);
            let beat = exact::to_f64(&hit.beat);
            all.push(Expected {
                frame,
                beat,
                module: hit.module,
                sequencer: None,
                pattern: None,
                row: None,
                index,
                outcome,
            });
        }
    }
}

#[cfg(test)]
mod tests;
