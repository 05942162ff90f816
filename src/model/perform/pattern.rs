//! What is asked of patterns, rows, chains and hits, as Edits.
//!
//! Thread: any.

use std::sync::Arc;

use super::{fail, range};
use crate::model::command::Shot;
use crate::model::edit::{Edit, EditError};
use crate::model::name::{Name, Uid, salt_of};
use crate::model::param::Param;
use crate::model::path::Path;
use crate::model::pattern::{Column, Hit, LENGTH_MAX, Pattern, RATIO_MAX, Row};
use crate::model::session::{Module, ModuleBody, ModuleKind, Session};

impl Session {
    pub(super) fn pattern_edit(&self, name: &Name, change: impl FnOnce(&mut Pattern)) -> Result<Vec<Edit>, EditError> {
        let mut pattern = (**self.pattern(name)?).clone();
        change(&mut pattern);
        Ok(vec![Edit::Pattern(name.clone(), Some(Arc::new(pattern)))])
    }

    pub(super) fn set_row(
        &self,
        name: &Name,
        number: u16,
        row: Row,
        notes: &mut Vec<String>,
    ) -> Result<Vec<Edit>, EditError> {
        let pattern = self.pattern(name)?;
        range(&format!("{name}: row"), number, 1, pattern.steps)?;
        let row = match row {
            Row::Hit(hit) => Row::Hit(check_hit(hit, &format!("{name}.row[{number}]"), notes)?),
            other => other,
        };
        let missing: Vec<Column> = match &row {
            Row::Hit(hit) => hit.columns().filter(|c| !pattern.columns.contains(c)).collect(),
            _ => vec![],
        };
        if missing.is_empty() {
            return Ok(vec![Edit::Row(name.clone(), number, row)]);
        }
        self.pattern_edit(name, |p| {
            p.columns.extend(missing);
            p.put_row(number, row);
        })
    }

    pub(super) fn remove_pattern(&self, name: &Name) -> Result<Vec<Edit>, EditError> {
        self.pattern(name)?;
        let mut edits = vec![];
        let bound =
            |m: &&Arc<Module>| matches!(&m.body, ModuleBody::TrackerSequencer { pattern, .. } if pattern == name);
        let next = self.patterns.keys().find(|other| *other != name).cloned();
        let next = match next {
            Some(next) => next,
            None => {
                let fresh = self.free_name("P", 0);
                if self.modules.values().any(|m| bound(&m)) {
                    let uid = Uid(salt_of(&fresh));
                    edits.push(Edit::Pattern(fresh.clone(), Some(Arc::new(Pattern::new(uid, &fresh, 16)))));
                }
                fresh
            }
        };
        for (module_name, module) in self.modules.iter().filter(|(_, m)| bound(m)) {
            let mut changed = (**module).clone();
            if let ModuleBody::TrackerSequencer { pattern, .. } = &mut changed.body {
                *pattern = next.clone();
            }
            edits.push(Edit::Module(module_name.clone(), Some(Arc::new(changed))));
        }
        for (chain_name, chain) in self.chains.iter().filter(|(_, c)| c.entries.iter().any(|e| e.pattern == *name)) {
            let mut changed = (**chain).clone();
            changed.entries.retain(|e| e.pattern != *name);
            edits.push(Edit::Chain(chain_name.clone(), Some(Arc::new(changed))));
        }
        edits.extend(self.macros.keys().filter(|p| p.first() == name).map(|p| Edit::Macro(p.clone(), None)));
        edits.push(Edit::Pattern(name.clone(), None));
        Ok(edits)
    }

    pub(super) fn remove_chain(&self, name: &Name) -> Result<Vec<Edit>, EditError> {
        self.chain(name)?;
        let mut edits = vec![];
        for (module_name, module) in &self.modules {
            let mut changed = (**module).clone();
            if let ModuleBody::TrackerSequencer { chain, chain_on, .. } = &mut changed.body
                && chain.as_ref() == Some(name)
            {
                (*chain, *chain_on) = (None, false);
                edits.push(Edit::Module(module_name.clone(), Some(Arc::new(changed))));
            }
        }
        edits.push(Edit::Chain(name.clone(), None));
        Ok(edits)
    }

    pub(super) fn check_shot(&self, shot: &Shot) -> Result<(), EditError> {
        let module = self.module(&shot.module)?;
        if module.kind() != ModuleKind::MultiSampler {
            return fail(format!("{} ({}) cannot be triggered", shot.module, module.kind().name()));
        }
        for (what, value) in [("gate", shot.gate), ("at", shot.at)] {
            if let Some(value) = value.filter(|v| !v.is_finite() || (what == "gate" && *v <= 0.0)) {
                return fail(format!("{}: {what} takes a number of beats, got {value}", shot.module));
            }
        }
        check_hit(shot.hit.clone(), shot.module.as_str(), &mut vec![]).map(|_| ())
    }
}

/// See that a hit's numbers are allowed; parameter columns are clamped and reported.
pub(super) fn check_hit(mut hit: Hit, place: &str, notes: &mut Vec<String>) -> Result<Hit, EditError> {
    range(&format!("{place}: index"), hit.index, 1, 1024)?;
    range(&format!("{place}: chance"), hit.chance, 0, 100)?;
    if let Some(length) = hit.length {
        range(&format!("{place}: length"), length, 1, LENGTH_MAX)?;
    }
    if let Some(note) = hit.note {
        range(&format!("{place}: note"), note, 0, 127)?;
    }
    let (a, b) = hit.ratio;
    range(&format!("{place}: ratio"), a.max(b), 1, RATIO_MAX)?;
    if a == 0 || a > b {
        return fail(format!("{place}: ratio is A:B with A from 1 to B, got {a}:{b}"));
    }
    for (param, value) in &mut hit.params {
        if !param.desc().per_hit || value.is_nan() {
            return fail(format!("{place}: {} is not a column", param.desc().name));
        }
        let clamped = Param::limit(*param, *value);
        if clamped != *value {
            notes.push(format!(
                "{place}.{} takes {}: {value} became {}",
                param.desc().name,
                param.allowed(),
                param.show(clamped)
            ));
        }
        *value = clamped;
    }
    Ok(hit)
}

pub(super) fn set_column(
    hit: &mut Hit,
    column: Column,
    value: f64,
    path: &Path,
    notes: &mut Vec<String>,
) -> Result<(), EditError> {
    let whole = |min: f64, max: f64| {
        if value.fract() == 0.0 && (min..=max).contains(&value) {
            Ok(value as u16)
        } else {
            fail(format!("{path} takes a whole number from {min} to {max}, got {value}"))
        }
    };
    match column {
        Column::Index => hit.index = whole(1.0, 1024.0)?,
        Column::Length => hit.length = Some(whole(1.0, f64::from(LENGTH_MAX))? as u8),
        Column::Note => hit.note = Some(whole(0.0, 127.0)? as u8),
        Column::Chance => hit.chance = whole(0.0, 100.0)? as u8,
        Column::Ratio => {
            // As the earlier tracker wrote it: A · 1000 + B.
            let coded = whole(1001.0, 16016.0)?;
            hit.ratio = ((coded / 1000) as u8, (coded % 1000).min(255) as u8);
        }
        Column::Param(param) => drop(hit.params.insert(param, Session::clamp(param, value, path, notes))),
    }
    Ok(())
}
