//! What keys and clicks do in the grid: move, type, keep, clear, copy, hear. Thread: gui.

use std::ops::RangeInclusive;

use egui::{Event, Key, Modifiers, Ui};

use super::super::cell::{self, Place};
use super::{Grid, Shown, grid_id};
use crate::gui::scene::Intents;
use crate::gui::widget::number;
use crate::model::session::ModuleBody;
use crate::model::{Column, Command, ConnKind, Name, Row, Session, Shot};

/// A cell: row from 1, place from 0 (the row numbers), columns from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// The row, from 1.
    pub row: u16,
    /// 0 is the column of row numbers.
    pub place: usize,
}

/// A value being typed.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// What stands there.
    pub text: String,
    /// What stood there; the same again asks for nothing.
    before: String,
    // Enter came first and nothing was typed yet: the next letter begins anew.
    fresh: bool,
    // A leading sign works on the present value.
    relative: bool,
}

/// What was copied. The text went to the system's clipboard too, and tells whether this is still the newest.
#[derive(Debug, Clone, PartialEq)]
pub struct Clip {
    text: String,
    rows: Vec<Row>,
}

/// Rows that PageUp and PageDown move by.
const PAGE: i32 = 16;

impl Grid {
    /// Take every key of this frame.
    pub(super) fn keys(&mut self, ui: &Ui, shown: &Shown<'_>, intents: &mut Intents<'_>) {
        let events = ui.input(|input| input.events.clone());
        let held = ui.input(|input| input.modifiers);
        for event in events {
            match event {
                // The window layer hands a paste on as text while Ctrl is held.
                Event::Text(text) if held.command || text.contains(['\n', '\t']) => self.paste(&text, shown, intents),
                Event::Text(text) => text.chars().for_each(|typed| self.typed(typed, shown)),
                Event::Paste(text) => self.paste(&text, shown, intents),
                Event::Copy => self.copy(ui, shown),
                Event::Cut => {
                    self.copy(ui, shown);
                    self.clear(shown, intents);
                }
                Event::Key { key, pressed: true, modifiers, .. } => self.pressed(ui, key, modifiers, shown, intents),
                _ => {}
            }
        }
    }

    fn pressed(&mut self, ui: &Ui, key: Key, modifiers: Modifiers, shown: &Shown<'_>, intents: &mut Intents<'_>) {
        if modifiers.command || modifiers.ctrl || modifiers.alt {
            return;
        }
        let shift = modifiers.shift;
        let rows = i32::from(shown.pattern.steps);
        match key {
            Key::ArrowUp | Key::ArrowDown if self.edit.is_some() => self.nudge(key == Key::ArrowUp, shift, shown),
            Key::ArrowUp => self.step(-1, 0, shift, shown, intents),
            Key::ArrowDown => self.step(1, 0, shift, shown, intents),
            Key::ArrowLeft => self.step(0, -1, false, shown, intents),
            Key::ArrowRight => self.step(0, 1, false, shown, intents),
            Key::Tab => self.step(0, if shift { -1 } else { 1 }, false, shown, intents),
            Key::PageUp => self.step(-PAGE, 0, shift, shown, intents),
            Key::PageDown => self.step(PAGE, 0, shift, shown, intents),
            Key::Home => self.step(-rows, 0, shift, shown, intents),
            Key::End => self.step(rows, 0, shift, shown, intents),
            Key::Enter if self.edit.is_some() => self.commit(shown, intents),
            Key::Enter => match self.focus {
                Some(spot) if spot.place == 0 => self.audition(shown, spot.row, intents),
                _ => self.begin(shown),
            },
            Key::Escape if self.edit.is_some() => self.edit = None,
            Key::Escape => {
                self.error = None;
                ui.memory_mut(|memory| memory.surrender_focus(grid_id()));
            }
            Key::Backspace | Key::Delete => match &mut self.edit {
                Some(edit) => {
                    edit.fresh = false;
                    edit.text.pop();
                }
                None => self.clear(shown, intents),
            },
            _ => {}
        }
    }

    fn step(&mut self, down: i32, right: i32, extend: bool, shown: &Shown<'_>, intents: &mut Intents<'_>) {
        let spot = self.focus.unwrap_or(Spot { row: 1, place: 1 });
        let row = (i32::from(spot.row) + down).clamp(1, i32::from(shown.pattern.steps)) as u16;
        let place = (spot.place as i32 + right).clamp(0, shown.pattern.columns.len() as i32) as usize;
        self.go(Spot { row, place }, extend && place == 0, shown, intents);
    }

    /// Put the focus on a cell; what was being typed is kept. `extend` grows the choice of rows.
    pub(super) fn go(&mut self, spot: Spot, extend: bool, shown: &Shown<'_>, intents: &mut Intents<'_>) {
        self.commit(shown, intents);
        self.anchor = match (extend, self.anchor, self.focus) {
            (false, ..) => None,
            (true, Some(anchor), _) => Some(anchor),
            (true, None, before) => Some(before.map_or(spot.row, |before| before.row)),
        };
        self.focus = Some(spot);
        self.reveal = true;
    }

    /// The rows chosen, when the focus is on the row numbers.
    pub(super) fn chosen_rows(&self) -> Option<RangeInclusive<u16>> {
        let spot = self.focus.filter(|spot| spot.place == 0)?;
        let other = self.anchor.unwrap_or(spot.row);
        Some(spot.row.min(other)..=spot.row.max(other))
    }

    /// Begin to edit the value that stands there.
    pub(super) fn begin(&mut self, shown: &Shown<'_>) {
        let Some((spot, column)) = self.here(shown) else { return };
        let before = cell::show(&shown.row(spot.row), column);
        let text = if before == cell::EMPTY { String::new() } else { before.clone() };
        self.edit = Some(Edit { text, before, fresh: true, relative: false });
        self.error = None;
    }

    fn here(&self, shown: &Shown<'_>) -> Option<(Spot, Column)> {
        let spot = self.focus?;
        Some((spot, shown.column(spot.place)?))
    }

    fn typed(&mut self, typed: char, shown: &Shown<'_>) {
        let Some((spot, column)) = self.here(shown) else { return };
        if !cell::begins(column, typed) {
            return;
        }
        self.error = None;
        match &mut self.edit {
            Some(edit) if edit.fresh => {
                edit.fresh = false;
                edit.relative = "+-*/".contains(typed);
                edit.text = typed.to_string();
            }
            Some(edit) if edit.text.chars().count() < number::TEXT_MAX => edit.text.push(typed),
            Some(_) => {}
            None => {
                let before = cell::show(&shown.row(spot.row), column);
                self.edit = Some(Edit { text: typed.to_string(), before, fresh: false, relative: false });
            }
        }
    }

    /// Change the number being edited by one small step.
    fn nudge(&mut self, up: bool, fine: bool, shown: &Shown<'_>) {
        let Some((_, column)) = self.here(shown) else { return };
        let Some(edit) = &mut self.edit else { return };
        let step = match column {
            Column::Param(param) if param.limit(0.5) == 0.5 || param.desc().max > 100.0 => {
                if fine {
                    0.001
                } else {
                    0.01
                }
            }
            _ => 1.0,
        };
        if let Some(value) = number::evaluate(&edit.text, None) {
            // Three digits keep sums of small steps readable.
            let moved = ((value + if up { step } else { -step }) * 1000.0).round() / 1000.0;
            (edit.text, edit.fresh) = (format!("{moved}"), false);
        }
    }

    /// Keep what was typed; a text that cannot be is said and the old value stays.
    pub(super) fn commit(&mut self, shown: &Shown<'_>, intents: &mut Intents<'_>) {
        let Some(edit) = self.edit.take() else { return };
        let Some((spot, column)) = self.here(shown) else { return };
        if edit.text == edit.before || (edit.text.is_empty() && edit.before == cell::EMPTY) {
            return;
        }
        self.put(spot, column, &edit.text, edit.relative, shown, intents);
    }

    fn put(
        &mut self,
        spot: Spot,
        column: Column,
        text: &str,
        relative: bool,
        shown: &Shown<'_>,
        intents: &mut Intents<'_>,
    ) {
        let row = shown.row(spot.row);
        let place = Place { pattern: shown.name, number: spot.row, row: &row, column };
        self.error = match place.read(text, relative) {
            Ok(Some(command)) => {
                intents.wish(&format!("{} row {} {}", shown.name, spot.row, column.name()), command);
                None
            }
            Ok(None) => None,
            Err(error) => Some(error),
        };
    }

    fn clear(&mut self, shown: &Shown<'_>, intents: &mut Intents<'_>) {
        let Some(spot) = self.focus else { return };
        let commands: Vec<Command> = match (self.chosen_rows(), shown.column(spot.place)) {
            (Some(rows), _) => rows
                .filter(|number| shown.pattern.rows.contains_key(number))
                .map(|number| Command::SetRow(shown.name.clone(), number, Row::Empty))
                .collect(),
            (None, Some(column)) => {
                let row = shown.row(spot.row);
                Place { pattern: shown.name, number: spot.row, row: &row, column }.clear().into_iter().collect()
            }
            (None, None) => vec![],
        };
        if !commands.is_empty() {
            intents.wishes(&format!("{} row {} clear", shown.name, spot.row), commands);
        }
    }

    fn copy(&mut self, ui: &Ui, shown: &Shown<'_>) {
        let Some(spot) = self.focus else { return };
        let (text, rows) = match (self.chosen_rows(), shown.column(spot.place)) {
            (Some(rows), _) => {
                let rows: Vec<Row> = rows.map(|number| shown.row(number)).collect();
                let cells = |row: &Row| shown.pattern.columns.iter().map(|c| cell::show(row, *c)).collect::<Vec<_>>();
                let lines: Vec<String> = rows.iter().map(|row| cells(row).join("\t")).collect();
                (lines.join("\n"), rows)
            }
            (None, Some(column)) => (cell::show(&shown.row(spot.row), column), vec![]),
            (None, None) => return,
        };
        ui.ctx().copy_text(text.clone());
        self.clip = Some(Clip { text, rows });
    }

    fn paste(&mut self, text: &str, shown: &Shown<'_>, intents: &mut Intents<'_>) {
        let Some(spot) = self.focus else { return };
        if let Some(edit) = &mut self.edit {
            edit.text = text.trim().chars().take(number::TEXT_MAX).collect();
            edit.fresh = false;
            return;
        }
        let own = self.clip.as_ref().filter(|clip| clip.text == text);
        match (spot.place, own) {
            (0, Some(clip)) if !clip.rows.is_empty() => {
                let last = usize::from(spot.row) + clip.rows.len() - 1;
                if last > usize::from(shown.pattern.steps) {
                    let (count, left) = (clip.rows.len(), shown.pattern.steps - spot.row + 1);
                    self.error = Some(format!("{count} rows do not fit from row {} on: {left} are left", spot.row));
                    return;
                }
                let put = |(number, row): (u16, &Row)| Command::SetRow(shown.name.clone(), number, row.clone());
                let commands = (spot.row..).zip(&clip.rows).map(put).collect();
                intents.wishes(&format!("{} paste rows", shown.name), commands);
            }
            (0, _) => self.error = Some("what is on the clipboard was not copied from rows of a grid".into()),
            (place, _) => {
                if let Some(column) = shown.column(place) {
                    self.put(spot, column, text, false, shown, intents);
                }
            }
        }
    }

    /// Hear a row, through every sampler that hears a sequencer of this pattern.
    pub(super) fn audition(&mut self, shown: &Shown<'_>, row: u16, intents: &mut Intents<'_>) {
        match shots(shown, row) {
            Ok(shots) if shots.is_empty() => {}
            Ok(shots) => intents.wishes(&format!("hear {} row {row}", shown.name), shots),
            Err(why) => intents.tell(why),
        }
    }
}

fn shots(shown: &Shown<'_>, row: u16) -> Result<Vec<Command>, String> {
    let Row::Hit(mut hit) = shown.row(row) else { return Ok(vec![]) };
    let samplers = samplers(shown.session, shown.name);
    if samplers.is_empty() {
        let name = shown.name;
        return Err(format!(
            "No sequencer plays {name} into a sampler: sequencer(\"seq\", {{ pattern = \"{name}\", to = \"kick\" }})"
        ));
    }
    // What a hidden column holds is not played.
    hit.params.retain(|param, _| shown.pattern.columns.contains(&Column::Param(*param)));
    let gate = hit.length.map(|rows| f64::from(rows) / shown.pattern.steps_per_beat.abs());
    let shot =
        |module: &Name| Command::Trigger(Shot { module: module.clone(), hit: hit.clone(), gate, at: None, jump: None });
    Ok(samplers.into_iter().map(shot).collect())
}

/// Samplers that hear a sequencer bound to the pattern, itself or in its chain.
fn samplers<'a>(session: &'a Session, pattern: &Name) -> Vec<&'a Name> {
    let plays = |body: &ModuleBody| match body {
        ModuleBody::TrackerSequencer { pattern: bound, chain, .. } => {
            let chain = chain.as_ref().and_then(|chain| session.chains.get(chain));
            bound == pattern || chain.is_some_and(|chain| chain.entries.iter().any(|entry| entry.pattern == *pattern))
        }
        _ => false,
    };
    let mut found: Vec<&Name> = session
        .connections
        .iter()
        .filter(|cable| cable.kind == ConnKind::Event)
        .filter(|cable| session.modules.get(&cable.from).is_some_and(|module| plays(&module.body)))
        .map(|cable| &cable.to)
        .collect();
    found.sort();
    found.dedup();
    found
}
