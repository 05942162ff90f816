//! The editor of one buffer: numbers, colours, marks, and what its keys mean. Thread: gui.

use std::ops::Range;
use std::sync::Arc;

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::{TextEditOutput, TextEditState};
use egui::{
    Align2, Context, Event, Frame, Galley, Id, Key, Margin, Pos2, Rect, ScrollArea, Sense, Shape, TextBuffer, TextEdit,
    Ui, pos2, vec2,
};

use super::marks;
use super::merge::{Merged, follow};
use super::rebase::rebase;
use super::run::Runs;
use crate::gui::keymap::{self, Action, Place};
use crate::gui::theme;
use crate::gui::widget::lua_text::LuaText;
use crate::gui::widget::{named, script_text};
use crate::model::TextMark;

/// The editor's identity.
pub fn editor_id() -> Id {
    Id::unique("script editor")
}

/// Room for messages behind the longest line, in points.
const MESSAGE_ROOM: f32 = 400.0;

/// A text with its caret and colours.
#[derive(Default)]
pub struct Buffer {
    /// The text.
    pub text: String,
    /// Where the caret is, in characters.
    pub caret: usize,
    /// What is selected, in characters; empty at the caret otherwise.
    pub selection: Range<usize>,
    colours: LuaText,
}

/// What happened in one frame.
#[derive(Default)]
pub struct Typed {
    /// The text is another one now.
    pub changed: bool,
    /// What was asked for.
    pub actions: Vec<Action>,
    /// The whole text that shall stand here instead, chosen at a mark.
    pub chosen: Option<Arc<str>>,
}

impl Buffer {
    /// Put another text here.
    pub fn replace(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        let end = self.text.chars().count();
        self.caret = self.caret.min(end);
        self.selection = self.selection.start.min(end)..self.selection.end.min(end);
    }

    /// What was changed elsewhere comes in: caret, selection and text undo stay at their place.
    pub fn take_in(&mut self, context: &Context, merged: &Merged) {
        rebase(context, editor_id(), &self.text, merged);
        let place = |at: usize| {
            let byte = self.text.char_indices().nth(at).map_or(self.text.len(), |(byte, _)| byte);
            merged.text[..follow(&merged.changes, byte, &merged.text)].chars().count()
        };
        self.selection = place(self.selection.start)..place(self.selection.end);
        self.caret = place(self.caret);
        self.text.clone_from(&merged.text);
    }

    /// Draw it for reading only.
    pub fn view(&mut self, ui: &mut Ui) {
        let Self { text, colours, .. } = self;
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            let strip = gutter(ui, text.split('\n').count());
            let area = ScrollArea::both().id_salt("generated").auto_shrink([false, false]);
            let output = area.show(ui, |ui| show(ui, super::mirror_id(), &mut text.as_str(), colours, 0.0)).inner;
            named(&output.response, "Generated script");
            numbers(ui, strip, &output, &[]);
        });
    }

    /// Draw it and take keys. Marks, waiting and flashing lines come from `runs`, what is computed from `computed`.
    pub fn edit(&mut self, ui: &mut Ui, runs: &Runs, computed: &[TextMark], time: f64) -> Typed {
        let id = editor_id();
        let mut typed = Typed::default();
        if ui.memory(|memory| memory.has_focus(id)) {
            self.keys(ui, id, &mut typed);
        }
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            let strip = gutter(ui, self.text.split('\n').count());
            let area = ScrollArea::both().id_salt("script").auto_shrink([false, false]);
            let output = area
                .show(ui, |ui| {
                    let output = self.lines(ui, id, runs, computed, time);
                    typed.chosen = marks::beside(ui, computed, &output.galley, output.galley_pos);
                    output
                })
                .inner;
            typed.changed |= output.response.changed();
            if let Some(range) = output.cursor_range.or_else(|| output.state.cursor.char_range()) {
                self.caret = range.primary.index.0;
                let selected = range.as_sorted_char_range();
                self.selection = selected.start.0..selected.end.0;
            }
            let wrong: Vec<usize> = runs.marks.iter().map(|mark| mark.line).collect();
            numbers(ui, strip, &output, &wrong);
        });
        typed
    }

    fn lines(&mut self, ui: &mut Ui, id: Id, runs: &Runs, computed: &[TextMark], time: f64) -> TextEditOutput {
        ui.painter().rect_filled(ui.clip_rect(), 0.0, theme::FIELD);
        let under = ui.painter().add(Shape::Noop);
        let more = if runs.marks.is_empty() { 0.0 } else { MESSAGE_ROOM };
        let more = if computed.is_empty() { more } else { marks::ROOM };
        let output = show(ui, id, &mut self.text, &mut self.colours, more);
        named(&output.response, "Script");
        let focused = output.response.has_focus();
        let mut shapes = marks::stripes(computed, &output.galley, output.galley_pos, ui.clip_rect());
        shapes.extend(self.behind(ui, &output, runs, time, focused));
        ui.painter().set(under, Shape::Vec(shapes));
        messages(ui, &output, runs);
        output
    }

    /// Stripes behind lines: the caret's, those with errors, those that wait, those that have just run.
    fn behind(&self, ui: &Ui, output: &TextEditOutput, runs: &Runs, time: f64, focused: bool) -> Vec<Shape> {
        let mut shapes = vec![];
        let mut stripe = |line: usize, colour| {
            if let Some(rect) = line_rect(&output.galley, output.galley_pos, line) {
                let wide = Rect::from_x_y_ranges(ui.clip_rect().x_range(), rect.y_range());
                shapes.push(Shape::rect_filled(wide, 0.0, colour));
            }
        };
        if focused {
            stripe(script_text::line_of(&self.text, self.caret), theme::CARET_LINE);
        }
        for line in runs.waiting().flat_map(Clone::clone) {
            stripe(line, theme::STANDING_ROW);
        }
        if let Some((lines, since)) = &runs.flash {
            let left = 1.0 - ((time - since) / super::run::FLASH_SECS).clamp(0.0, 1.0);
            lines.clone().for_each(|line| stripe(line, theme::FLASH.gamma_multiply(left as f32)));
            ui.ctx().request_repaint_after_secs(1.0 / 60.0);
        }
        for mark in &runs.marks {
            stripe(mark.line, theme::ERROR_LINE);
        }
        shapes
    }

    fn keys(&mut self, ui: &Ui, id: Id, typed: &mut Typed) {
        while let Some(action) = ui.input_mut(|input| keymap::take(input, Place::Code)) {
            match action {
                Action::Comment => self.change_lines(ui, id, typed, script_text::toggle_comment),
                Action::Outdent => self.change_lines(ui, id, typed, script_text::outdent),
                other => typed.actions.push(other),
            }
        }
        let many = script_text::lines_of(&self.text, &self.selection).len() > 1;
        if many && ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, Key::Tab)) {
            self.change_lines(ui, id, typed, script_text::indent);
        }
        // Keys that type something keep their place among the letters around them.
        let before = self.text.split('\n').nth(script_text::line_of(&self.text, self.caret)).unwrap_or_default();
        let column = self.caret - script_text::start_of(&self.text, script_text::line_of(&self.text, self.caret));
        let before: String = before.chars().take(column).collect();
        ui.input_mut(|input| {
            for event in &mut input.events {
                let Event::Key { key, pressed: true, modifiers, .. } = event else { continue };
                let replaced = match key {
                    Key::Enter if modifiers.is_none() => format!("\n{}", script_text::indent_after(&before)),
                    Key::Tab if modifiers.is_none() => script_text::INDENT.to_owned(),
                    _ => continue,
                };
                // egui leaves a bare line end to the Enter key.
                if replaced != "\n" {
                    *event = Event::Text(replaced);
                }
            }
        });
    }

    /// Change the lines of the selection and select them whole.
    fn change_lines(&mut self, ui: &Ui, id: Id, typed: &mut Typed, change: fn(&str, &Range<usize>) -> String) {
        let lines = script_text::lines_of(&self.text, &self.selection);
        let before = self.text.chars().count();
        self.text = change(&self.text, &lines);
        typed.changed = true;
        let range = if self.selection.is_empty() {
            let moved = self.caret + self.text.chars().count();
            let start = script_text::start_of(&self.text, lines.start);
            let caret = moved.saturating_sub(before).max(start);
            caret..caret
        } else {
            let start = script_text::start_of(&self.text, lines.start);
            start..start + script_text::slice(&self.text, &lines).chars().count()
        };
        let mut state = TextEditState::load(ui.ctx(), id).unwrap_or_default();
        let range_of = CCursorRange::two(CCursor::new(range.start), CCursor::new(range.end));
        state.cursor.set_char_range(Some(range_of));
        state.store(ui.ctx(), id);
        self.caret = range.end;
        self.selection = range;
    }
}

fn gutter_width(lines: usize) -> f32 {
    16.0 + 8.2 * lines.to_string().len().max(2) as f32
}

/// A strip for line numbers at the left; gives its rectangle. What is added next stands beside it.
fn gutter(ui: &mut Ui, lines: usize) -> Rect {
    let (rect, _) = ui.allocate_exact_size(vec2(gutter_width(lines), ui.available_height()), Sense::hover());
    ui.painter().rect_filled(rect, 0.0, theme::PANEL);
    rect
}

/// The editor itself. `more` is room wanted behind the longest line, in points.
fn show(ui: &mut Ui, id: Id, text: &mut dyn TextBuffer, colours: &mut LuaText, more: f32) -> TextEditOutput {
    let font = theme::code_font();
    let mut galley = ui.fonts_mut(|fonts| fonts.layout_job(colours.job(text.as_str(), &font)));
    let room = ui.available_size();
    let width = room.x.max(galley.size().x + more + 12.0);
    let rows = (room.y / ui.text_style_height(&egui::TextStyle::Monospace)).floor() as usize;
    let mut layouter = |ui: &Ui, text: &dyn TextBuffer, _: f32| {
        if !colours.shows(text.as_str()) {
            let job = colours.job(text.as_str(), &font);
            galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
        }
        galley.clone()
    };
    TextEdit::multiline(text)
        .id(id)
        .code_editor()
        .frame(Frame::NONE)
        .margin(Margin { left: 4, right: 4, top: 2, bottom: 2 })
        .desired_width(width)
        .desired_rows(rows.max(4))
        .layouter(&mut layouter)
        .show(ui)
}

fn line_rect(galley: &Galley, at: Pos2, line: usize) -> Option<Rect> {
    galley.rows.get(line).map(|row| row.rect().translate(at.to_vec2()))
}

/// Error messages behind the end of their lines.
fn messages(ui: &Ui, output: &TextEditOutput, runs: &Runs) {
    for mark in &runs.marks {
        if let Some(rect) = line_rect(&output.galley, output.galley_pos, mark.line) {
            let at = pos2(rect.right() + 24.0, rect.center().y);
            let text = format!("<- {}", mark.message.lines().next().unwrap_or_default());
            ui.painter().text(at, Align2::LEFT_CENTER, text, theme::code_font(), theme::ERROR);
        }
    }
}

/// Line numbers in their strip, beside the lines in sight.
fn numbers(ui: &Ui, strip: Rect, output: &TextEditOutput, wrong: &[usize]) {
    let painter = ui.painter().with_clip_rect(strip);
    let caret = output.cursor_range.map(|range| output.galley.layout_from_cursor(range.primary).row);
    for (line, row) in output.galley.rows.iter().enumerate() {
        let rect = row.rect().translate(output.galley_pos.to_vec2());
        if rect.bottom() < strip.top() || rect.top() > strip.bottom() {
            continue;
        }
        let colour = match () {
            () if wrong.contains(&line) => theme::ERROR,
            () if caret == Some(line) => theme::TEXT,
            () => theme::FAINT,
        };
        let at = pos2(strip.right() - 6.0, rect.center().y);
        painter.text(at, Align2::RIGHT_CENTER, (line + 1).to_string(), theme::code_font(), colour);
    }
}
