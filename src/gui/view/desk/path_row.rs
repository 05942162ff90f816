//! A row that asks where something is to be written: completion with Tab, Enter hands it in, Esc closes it. Thread: gui.

use egui::{Id, Key, Modifiers, TextEdit, Ui};

use super::super::super::theme;
use super::super::super::widget::named;
use super::super::code::file::{agreed, place};
use super::press;
use crate::bus::Files;

/// Most names shown under the field.
const NAMES_MAX: usize = 16;

/// View state of the row.
#[derive(Debug, Default)]
pub struct PathRow {
    open: bool,
    /// What is typed.
    pub field: String,
    focus: bool,
}

/// What the row is for.
pub struct Purpose<'a> {
    /// Tells rows apart.
    pub id: &'a str,
    /// What the field is called.
    pub name: &'a str,
    /// An example of what is typed.
    pub hint: &'a str,
}

impl PathRow {
    /// Ask.
    pub fn ask(&mut self) {
        (self.open, self.focus) = (true, true);
    }

    /// Close; what is typed stays for the next time.
    pub fn close(&mut self) {
        self.open = false;
    }

    /// Whether it is shown.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Draw it; gives the whole path that was handed in, or what is wrong with it.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        purpose: &Purpose<'_>,
        files: &dyn Files,
        folders: &[String],
    ) -> Option<Result<String, String>> {
        if !self.open {
            return None;
        }
        let names = files.list(&self.field, folders);
        let id = Id::unique(("desk path", purpose.id));
        let (mut done, mut away) = (false, false);
        if ui.memory(|memory| memory.has_focus(id)) {
            ui.input_mut(|input| {
                done = input.consume_key(Modifiers::NONE, Key::Enter);
                away = input.consume_key(Modifiers::NONE, Key::Escape);
                if !names.is_empty() && input.consume_key(Modifiers::NONE, Key::Tab) {
                    self.field = agreed(&names[0], &names);
                    self.focus = true;
                }
            });
        }
        ui.horizontal(|ui| {
            // Without names to complete, Tab goes on to the buttons.
            let tab = !names.is_empty();
            let filter = egui::EventFilter { tab, horizontal_arrows: true, vertical_arrows: false, escape: true };
            let edit = TextEdit::singleline(&mut self.field).id(id).font(theme::code_font()).event_filter(filter);
            let width = (ui.available_width() - 130.0).clamp(120.0, 460.0);
            let response = ui.add(edit.hint_text(purpose.hint.to_owned()).desired_width(width));
            named(&response, purpose.name);
            if std::mem::take(&mut self.focus) {
                response.request_focus();
                let mut state = egui::text_edit::TextEditState::load(ui.ctx(), id).unwrap_or_default();
                let end = egui::text::CCursor::new(self.field.chars().count());
                state.cursor.set_char_range(Some(egui::text::CCursorRange::one(end)));
                state.store(ui.ctx(), id);
            }
            done |= press(ui, "OK", &format!("{}: OK", purpose.name), "Enter");
            away |= press(ui, "Cancel", &format!("{}: cancel", purpose.name), "Esc");
        });
        ui.horizontal_wrapped(|ui| {
            for name in names.iter().take(NAMES_MAX) {
                if ui.small_button(name).clicked() {
                    self.field.clone_from(name);
                    self.focus = true;
                }
            }
        });
        self.open &= !away;
        done.then(|| place(self.field.trim(), folders))
    }
}
