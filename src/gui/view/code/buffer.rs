//! The editor of one buffer: numbers, colours, marks, and what its keys mean. Thread: gui.

use std::ops::Range;

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::{TextEditOutput, TextEditState};
use egui::{
    Align2, Event, Frame, Galley, Id, Key, Margin, Pos2, Rect, ScrollArea, Shape, TextBuffer, TextEdit, Ui, pos2, vec2,
};

use super::run::Runs;
use crate::gui::keymap::{self, Action, Place};
use crate::gui::theme;
use crate::gui::widget::lua_text::LuaText;
use crate::gui::widget::{named, script_text};

/// The editor's identity.
pub fn editor_id() -> Id {
    Id::unique("script editor")
}

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
}

impl Buffer {
    /// Put another text here.
    pub fn replace(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        let end = self.text.chars().count();
        self.caret = self.caret.min(end);
        self.selection = self.selection.start.min(end)..self.selection.end.min(end);
    }

    /// Draw it for reading only.
    pub fn view(&mut self, ui: &mut Ui) {
        let Self { text, colours, .. } = self;
        let lines = text.split('\n').count();
        ScrollArea::both().id_salt("generated").auto_shrink([false, false]).show(ui, |ui| {
            let mut text = text.as_str();
            let output = show(ui, super::mirror_id(), &mut text, colours, lines);
            named(&output.response, "Generated script");
            numbers(ui, &output, lines, &[]);
        });
    }

    /// Draw it and take keys. Marks, waiting and flashing lines come from `runs`.
    pub fn edit(&mut self, ui: &mut Ui, runs: &Runs, time: f64) -> Typed {
        let id = editor_id();
        let mut typed = Typed::default();
        if ui.memory(|memory| memory.has_focus(id)) {
            self.keys(ui, id, &mut typed);
        }
        let lines = self.text.split('\n').count();
        ScrollArea::both().id_salt("script").auto_shrink([false, false]).show(ui, |ui| {
            ui.painter().rect_filled(ui.clip_rect(), 0.0, theme::FIELD);
            let under = ui.painter().add(Shape::Noop);
            let output = show(ui, id, &mut self.text, &mut self.colours, lines);
            named(&output.response, "Script");
            typed.changed |= output.response.changed();
            if let Some(range) = output.cursor_range.or_else(|| output.state.cursor.char_range()) {
                self.caret = range.primary.index.0;
                let selected = range.as_sorted_char_range();
                self.selection = selected.start.0..selected.end.0;
            }
            let focused = output.response.has_focus();
            ui.painter().set(under, Shape::Vec(self.behind(ui, &output, runs, time, focused)));
            messages(ui, &output, runs);
            let wrong: Vec<usize> = runs.marks.iter().map(|mark| mark.line).collect();
            numbers(ui, &output, self.text.split('\n').count(), &wrong);
        });
        typed
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

fn gutter_width(lines: usize) -> i8 {
    // Five digits at most are worth room; a margin is at most 127 points.
    (18 + 8 * lines.to_string().len().clamp(2, 6)) as i8
}

fn show(ui: &mut Ui, id: Id, text: &mut dyn TextBuffer, colours: &mut LuaText, lines: usize) -> TextEditOutput {
    let font = theme::code_font();
    let gutter = gutter_width(lines);
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(colours.job(text.as_str(), &font)));
    let room = ui.available_size();
    let width = room.x.max(galley.size().x + f32::from(gutter) + 400.0);
    let rows = (room.y / ui.text_style_height(&egui::TextStyle::Monospace)).floor() as usize;
    let mut layouter = |ui: &Ui, text: &dyn TextBuffer, _: f32| {
        let job = colours.job(text.as_str(), &font);
        ui.fonts_mut(|fonts| fonts.layout_job(job))
    };
    TextEdit::multiline(text)
        .id(id)
        .code_editor()
        .frame(Frame::NONE)
        .margin(Margin { left: gutter, right: 4, top: 2, bottom: 2 })
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

/// Line numbers at the left edge, over text that was scrolled under them.
fn numbers(ui: &Ui, output: &TextEditOutput, lines: usize, wrong: &[usize]) {
    let clip = ui.clip_rect();
    let width = f32::from(gutter_width(lines)) - 6.0;
    let painter = ui.painter();
    painter.rect_filled(Rect::from_min_size(clip.min, vec2(width, clip.height())), 0.0, theme::PANEL);
    let caret = output.cursor_range.map(|range| output.galley.layout_from_cursor(range.primary).row);
    for (line, row) in output.galley.rows.iter().enumerate() {
        let rect = row.rect().translate(output.galley_pos.to_vec2());
        if rect.bottom() < clip.top() || rect.top() > clip.bottom() {
            continue;
        }
        let colour = match () {
            () if wrong.contains(&line) => theme::ERROR,
            () if caret == Some(line) => theme::TEXT,
            () => theme::FAINT,
        };
        let at = pos2(clip.left() + width - 6.0, rect.center().y);
        painter.text(at, Align2::RIGHT_CENTER, (line + 1).to_string(), theme::code_font(), colour);
    }
}
