//! The list of what can be undone and done again, with names and who asked; a click goes back or forth to there.
//! Thread: gui.

use egui::{RichText, ScrollArea, Ui, Window};

use super::super::scene::{Intents, Scene};
use super::super::theme;
use super::super::widget::named;
use crate::model::snapshot::HistoryLine;
use crate::model::{Ask, Origin};

fn who(origin: Origin) -> &'static str {
    match origin {
        Origin::Gui => "editor",
        Origin::Script => "script",
        Origin::Repl => "console",
        Origin::Callback => "callback",
        Origin::Text => "command",
        Origin::Host => "host",
        Origin::Desk => "desk",
    }
}

/// Draw the window while it is open. What can be done again stands above now, the next lowest; what can be undone below,
/// the newest first.
pub fn window(ui: &Ui, open: &mut bool, scene: &Scene, intents: &mut Intents<'_>) {
    let (undo, redo) = (scene.snapshot.undo.clone(), scene.snapshot.redo.clone());
    // At the right: the code stands at the left.
    let at = [(ui.ctx().content_rect().right() - 360.0).max(0.0), 90.0];
    let shown = Window::new("History").open(open).default_pos(at).default_size([320.0, 360.0]).resizable(true);
    shown.show(ui.ctx(), |ui| {
        ui.horizontal(|ui| {
            if ui.add_enabled(!undo.is_empty(), egui::Button::new("Undo")).clicked() {
                intents.ask("undo", Ask::Undo);
            }
            if ui.add_enabled(!redo.is_empty(), egui::Button::new("Redo")).clicked() {
                intents.ask("redo", Ask::Redo);
            }
        });
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            for (place, line) in redo.iter().enumerate() {
                if entry(ui, line, "redo", theme::FAINT) {
                    times(redo.len() - place, &Ask::Redo, intents);
                }
            }
            ui.label(RichText::new("now").small().color(theme::PLAYING));
            for (back, line) in undo.iter().rev().enumerate() {
                if entry(ui, line, "undo", theme::TEXT) {
                    times(back + 1, &Ask::Undo, intents);
                }
            }
            if undo.is_empty() && redo.is_empty() {
                ui.label(RichText::new("Nothing was done yet.").color(theme::FAINT));
            }
        });
    });
}

fn entry(ui: &mut Ui, line: &HistoryLine, verb: &str, colour: egui::Color32) -> bool {
    let text = RichText::new(format!("{}  ({})", line.label, who(line.origin))).color(colour);
    let row = ui.selectable_label(false, text).on_hover_text(format!("Click to {verb} up to here"));
    named(&row, &format!("{verb} {}", line.label));
    row.clicked()
}

fn times(count: usize, ask: &Ask, intents: &mut Intents<'_>) {
    for _ in 0..count {
        intents.ask("history", ask.clone());
    }
}
