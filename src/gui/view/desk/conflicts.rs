//! Events that both sides changed, field by field, and which version stays. Thread: gui.

use egui::{Grid as Table, Label, RichText, ScrollArea, Ui};

use super::super::super::scene::Intents;
use super::super::super::theme;
use super::mappings::Line;
use super::timecode::timecode;
use super::{ask, column, press};
use crate::model::{Conflict, DeskEvent, DeskVerb, FrameRate, Side};

/// Height of one conflict, in points: its head, six fields, the names of the columns.
const HEIGHT: f32 = 190.0;
/// Width of a version's column, in points.
const WIDTH: f32 = 210.0;
/// The fields shown.
const FIELDS: [&str; 6] = ["time", "token", "cue", "name", "command", "note"];

/// A field of a version as text; empty where the version is gone.
fn field(event: Option<&DeskEvent>, what: &str, rate: FrameRate) -> String {
    let Some(event) = event else { return String::new() };
    match what {
        "time" => timecode(rate, event.ticks),
        "token" => event.token.to_string(),
        "cue" => event.cue.to_string(),
        "name" => event.name.to_string(),
        "command" => event.cmd.to_string(),
        _ => event.note.to_string(),
    }
}

/// Which fields a version has otherwise than the base; without a base, than the other version.
fn differs(version: Option<&DeskEvent>, base: Option<&DeskEvent>, what: &str, rate: FrameRate) -> bool {
    version.is_some() && field(version, what, rate) != field(base, what, rate)
}

const SIDES: [(Side, &str, &str); 3] = [
    (Side::Ours, "Ours", "What is here stays"),
    (Side::Theirs, "Theirs", "What is on the desk stays"),
    (Side::Both, "Both", "Both stay, as two events"),
];

/// How many there are, and the buttons for all of them.
pub fn head(ui: &mut Ui, line: Line<'_>, intents: &mut Intents<'_>) {
    let count = line.status.conflicts.len();
    if count == 0 {
        ui.label(RichText::new(format!("{} has no conflicts left.", line.name)).color(theme::PLAYING));
        return;
    }
    let text = format!("{count} events of {} were changed on both sides. All of them:", line.name);
    ui.label(RichText::new(text).strong());
    for (side, word, hint) in SIDES {
        if press(ui, word, &format!("{word} for all"), hint) {
            resolve(line, None, side, intents);
        }
    }
}

fn resolve(line: Line<'_>, key: Option<u64>, side: Side, intents: &mut Intents<'_>) {
    ask(intents, "resolve conflict", DeskVerb::Resolve { layer: line.name.clone(), key, side });
}

/// The conflicts one under the other.
pub fn list(ui: &mut Ui, line: Line<'_>, intents: &mut Intents<'_>) {
    let all = &line.status.conflicts;
    ScrollArea::both().id_salt("conflicts").auto_shrink([false, false]).show_rows(
        ui,
        HEIGHT,
        all.len(),
        |ui, range| {
            for (place, conflict) in all.iter().enumerate().take(range.end).skip(range.start) {
                ui.push_id(conflict.key, |ui| {
                    ui.set_height(HEIGHT);
                    one(ui, line, place + 1, conflict, intents);
                });
            }
        },
    );
}

fn one(ui: &mut Ui, line: Line<'_>, number: usize, conflict: &Conflict, intents: &mut Intents<'_>) {
    ui.separator();
    ui.horizontal(|ui| {
        ui.label(RichText::new(format!("Conflict {number}")).strong());
        for (side, word, hint) in SIDES {
            if press(ui, word, &format!("{word} for conflict {number}"), hint) {
                resolve(line, Some(conflict.key), side, intents);
            }
        }
    });
    let rate = line.layer.rate;
    let (base, ours, theirs) = (conflict.base.as_ref(), conflict.ours.as_ref(), conflict.theirs.as_ref());
    Table::new("versions").num_columns(4).spacing([10.0, 1.0]).show(ui, |ui| {
        ui.label("");
        for (word, there) in [("agreed", base), ("ours", ours), ("the desk's", theirs)] {
            let gone = if word == "agreed" { "not there" } else { "deleted" };
            let text = if there.is_some() { word.to_owned() } else { format!("{word}: {gone}") };
            let colour = if there.is_some() { theme::WEAK } else { theme::ERROR };
            column(ui, WIDTH, RichText::new(text).color(colour));
        }
        ui.end_row();
        for what in FIELDS {
            ui.add(Label::new(RichText::new(what).small().color(theme::WEAK)));
            column(ui, WIDTH, RichText::new(field(base, what, rate)).monospace().color(theme::WEAK));
            for (version, other) in [(ours, theirs), (theirs, ours)] {
                let text = field(version, what, rate);
                let marked = differs(version, base.or(other), what, rate);
                // A sign as well as a colour.
                let text = if marked { format!("≠ {text}") } else { text };
                let colour = if marked { theme::WARNING } else { theme::TEXT };
                column(ui, WIDTH, RichText::new(text).monospace().color(colour));
            }
            ui.end_row();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn the_fields_that_differ_are_marked_and_a_deleted_version_marks_none() {
        let none: Arc<str> = Arc::from("");
        let base = DeskEvent {
            ticks: 0,
            token: Arc::from("Go+"),
            cue: none.clone(),
            cmd: none.clone(),
            name: none.clone(),
            note: none,
        };
        let ours = DeskEvent { cue: Arc::from("3.5"), ..base.clone() };
        let marked = |version: Option<&DeskEvent>, base: Option<&DeskEvent>| {
            FIELDS.into_iter().filter(|what| differs(version, base, what, FrameRate::F30)).collect::<Vec<_>>()
        };
        assert_eq!(marked(Some(&ours), Some(&base)), ["cue"]);
        assert_eq!(marked(None, Some(&base)), Vec::<&str>::new());
        let later = DeskEvent { ticks: 1 << 24, ..ours.clone() };
        assert_eq!(marked(Some(&later), Some(&ours)), ["time"]);
    }
}
