//! A small field with one value: Enter or leaving it hands the text in, Esc gives the old one back. Thread: gui.

use egui::{Id, Key, TextEdit, Ui};

use super::named;

/// Draw the field with the value it stands for; gives the text when a changed one is handed in.
pub fn entry(ui: &mut Ui, id: Id, name: &str, value: &str, width: f32) -> Option<String> {
    let kept: Option<String> = ui.data(|data| data.get_temp(id));
    let mut text = kept.unwrap_or_else(|| value.to_owned());
    let edit = TextEdit::singleline(&mut text).id(id).font(super::super::theme::code_font()).desired_width(width);
    let response = ui.add(edit);
    named(&response, name);
    if response.has_focus() {
        ui.data_mut(|data| data.insert_temp(id, text));
        return None;
    }
    ui.data_mut(|data| data.remove::<String>(id));
    let given_up = ui.input(|input| input.key_pressed(Key::Escape));
    (response.lost_focus() && !given_up && text.trim() != value).then(|| text.trim().to_owned())
}
