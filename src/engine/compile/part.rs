//! One module, pattern or round at a time: from the document's form to what audio plays.
//!
//! Thread: engine. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Clips;
use crate::bus::program::{EntryProgram, HitProgram, PatternProgram, RowProgram, SampleProgram, Values};
use crate::model::param::{PARAM_COUNT, PARAMS, ParamMap};
use crate::model::{Column, Cycles, Hit, Module, ModuleBody, Name, Param, Pattern, Row, Sample, Session};

/// Every value of a module: what is set, else the default.
pub fn values(module: &Module) -> Values {
    std::array::from_fn(|place| {
        let set = module.params.get(&Param(place as u8));
        set.copied().unwrap_or(PARAMS[place].default) as f32
    })
}

/// A sample's own values and where they are.
fn own(params: &ParamMap) -> (Values, u32) {
    let mut values = [0.0; PARAM_COUNT];
    let mut bits = 0;
    for (param, &value) in params {
        values[usize::from(param.0) % PARAM_COUNT] = value as f32;
        bits |= 1 << param.0;
    }
    (values, bits)
}

/// A bank, in order.
pub fn bank(samples: &[Arc<Sample>], clips: &Clips) -> Arc<[SampleProgram]> {
    let one = |sample: &Arc<Sample>| {
        let (values, own) = own(&sample.params);
        SampleProgram { clip: clips.get(&sample.path).cloned(), values, own }
    };
    samples.iter().map(one).collect()
}

/// A pattern; what hidden columns hold is left out.
pub fn pattern(pattern: &Pattern, number: u16) -> PatternProgram {
    let rows = (1..=pattern.steps.max(1)).map(|number| match pattern.rows.get(&number) {
        None | Some(Row::Empty) => RowProgram::Empty,
        Some(Row::Rest) => RowProgram::Rest,
        Some(Row::Hit(found)) => RowProgram::Hit(hit(found, &pattern.columns)),
    });
    PatternProgram {
        number,
        salt: pattern.salt,
        steps_per_beat: pattern.steps_per_beat,
        by_pass: pattern.cycles == Cycles::Pass,
        rows: rows.collect(),
    }
}

fn hit(hit: &Hit, columns: &[Column]) -> HitProgram {
    let shown = |column: Column| columns.contains(&column);
    let params = hit.params.iter().filter(|(param, _)| shown(Column::Param(**param)));
    HitProgram {
        index: hit.index,
        note: hit.note.filter(|_| shown(Column::Note)),
        length: hit.length.filter(|_| shown(Column::Length)),
        chance: if shown(Column::Chance) { hit.chance } else { 100 },
        ratio: if shown(Column::Ratio) { hit.ratio } else { (1, 1) },
        params: params.map(|(&param, &value)| (param, value as f32)).collect(),
    }
}

/// What a sequencer plays in one round: the patterns with their repeats. None when every entry is muted.
pub fn round<'a>(session: &'a Session, module: &'a Module) -> Vec<(&'a Name, &'a Arc<Pattern>, u32)> {
    let ModuleBody::TrackerSequencer { pattern, chain, chain_on } = &module.body else { return vec![] };
    let found = |name: &'a Name, repeats: u32| session.patterns.get(name).map(|pattern| (name, pattern, repeats));
    match chain.as_ref().filter(|_| *chain_on).and_then(|name| session.chains.get(name)) {
        None => found(pattern, 1).into_iter().collect(),
        Some(chain) => chain
            .entries
            .iter()
            .filter(|entry| !entry.mute)
            .filter_map(|entry| found(&entry.pattern, u32::from(entry.repeats.max(1))))
            .collect(),
    }
}

/// Length of a sequencer's round in quarter notes; 0 when nothing plays.
pub fn round_beats(session: &Session, module: &Module) -> f64 {
    round(session, module).iter().map(|(_, pattern, repeats)| pattern.beats() * f64::from(*repeats)).sum()
}

/// The entries of a round, with their places and counts of cycles.
pub fn entries(
    round: &[(&Name, &Arc<Pattern>, u32)],
    programs: &BTreeMap<Name, Arc<PatternProgram>>,
) -> Vec<EntryProgram> {
    let mut per_round: BTreeMap<&Name, u32> = BTreeMap::new();
    for (name, _, repeats) in round {
        *per_round.entry(name).or_default() += repeats;
    }
    let mut before: BTreeMap<&Name, u32> = BTreeMap::new();
    let mut start = 0.0;
    let mut made = Vec::with_capacity(round.len());
    for (name, pattern, repeats) in round {
        let Some(program) = programs.get(*name) else { continue };
        let cycles_before = before.entry(name).or_default();
        made.push(EntryProgram {
            pattern: program.clone(),
            start,
            repeats: *repeats,
            cycles_before: *cycles_before,
            cycles_per_round: per_round[*name],
        });
        *cycles_before += repeats;
        start += pattern.beats() * f64::from(*repeats);
    }
    made
}
