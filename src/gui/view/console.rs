//! The console: what scripts print and what went wrong, and a line to try things in. Thread: gui.

use egui::{Align, Id, Layout, RichText, ScrollArea, Ui};

use super::super::scene::{Intents, Scene};
use super::super::theme;
use super::super::widget::prompt::{Entered, Prompt};
use crate::model::{ConsoleKind, ConsoleLine, When};

/// The input line's identity.
pub fn prompt_id() -> Id {
    Id::unique("console input")
}

/// View state of the console.
#[derive(Default)]
pub struct Console {
    prompt: Prompt,
}

impl Console {
    /// Draw it; lines typed are run at once and their values shown.
    pub fn ui(&mut self, ui: &mut Ui, scene: &Scene, intents: &mut Intents<'_>) {
        ui.with_layout(Layout::bottom_up(Align::Min), |ui| {
            ui.horizontal(|ui| {
                ui.label(RichText::new(">").monospace().color(theme::WEAK));
                let hint = "Lua, run now: kick = sampler(\"kick\")";
                let entered = self.prompt.show(ui, prompt_id(), "Console input", hint, |_| vec![]);
                if let Some(Entered::Line(line)) = entered {
                    intents.echo(&line);
                    intents.eval("console", 1, &line, When::Now, true);
                }
            });
            ui.with_layout(Layout::top_down(Align::Min), |ui| lines(ui, scene));
        });
    }
}

fn lines(ui: &mut Ui, scene: &Scene) {
    let console = &scene.snapshot.console;
    let height = ui.text_style_height(&egui::TextStyle::Monospace);
    let area = ScrollArea::both().id_salt("console lines").stick_to_bottom(true).auto_shrink([false, false]);
    if console.is_empty() {
        area.show(ui, |ui| ui.label(RichText::new("print, errors and values come here").color(theme::FAINT)));
        return;
    }
    area.show_rows(ui, height, console.len(), |ui, range| {
        for line in console.range(range.start.min(console.len())..range.end.min(console.len())) {
            ui.add(egui::Label::new(styled(line)).extend());
        }
    });
}

fn styled(line: &ConsoleLine) -> RichText {
    let (sign, colour) = match line.kind {
        ConsoleKind::Input => ("> ", theme::WEAK),
        ConsoleKind::Output => ("", theme::TEXT),
        ConsoleKind::Value => ("= ", theme::CALL),
        ConsoleKind::Error => ("", theme::ERROR),
        ConsoleKind::Notice => ("", theme::WARNING),
    };
    RichText::new(format!("{sign}{}", line.text)).monospace().color(colour)
}
