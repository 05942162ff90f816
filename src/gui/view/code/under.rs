//! What is drawn under and behind the letters: stripes of lines, boxes of brackets and finds, squiggles with their
//! messages. Thread: gui.

use std::ops::Range;

use egui::text_edit::TextEditOutput;
use egui::{Align2, Color32, CornerRadius, Painter, Rect, Shape, Stroke, StrokeKind, Ui, pos2};

use super::buffer::{Buffer, line_rect};
use super::pairs;
use super::run::Runs;
use crate::gui::theme;
use crate::gui::widget::script_text::{self, byte_of};

/// Most messages of faults shown at once: the first is the one to mend.
const MESSAGES_MAX: usize = 4;

/// Stripes behind lines: the caret's, those with errors, those that wait, those that have just run.
pub fn stripes(buffer: &Buffer, ui: &Ui, output: &TextEditOutput, runs: &Runs, time: f64, focused: bool) -> Vec<Shape> {
    let mut shapes = vec![];
    let mut stripe = |line: usize, colour| {
        if let Some(rect) = line_rect(&output.galley, output.galley_pos, line) {
            let wide = Rect::from_x_y_ranges(ui.clip_rect().x_range(), rect.y_range());
            shapes.push(Shape::rect_filled(wide, 0.0, colour));
        }
    };
    if focused {
        stripe(script_text::line_of(&buffer.text, buffer.caret), theme::CARET_LINE);
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

/// Boxes behind words: brackets and block words that belong together, and what the find bar has found.
pub fn boxes(buffer: &Buffer, ui: &Ui, output: &TextEditOutput, focused: bool) -> Vec<Shape> {
    let sight = ui.clip_rect();
    let there = |range: &Range<usize>| {
        let rect = buffer.colours.rect_of(&output.galley, range)?.translate(output.galley_pos.to_vec2());
        rect.intersects(sight).then_some(rect)
    };
    let mut shapes: Vec<Shape> = vec![];
    let chosen = buffer.bytes();
    for range in buffer.find.found() {
        if let Some(rect) = there(range) {
            let colour = if *range == chosen { theme::CHOSEN } else { theme::FOUND };
            shapes.push(Shape::rect_filled(rect, CornerRadius::same(2), colour));
        }
    }
    if focused && buffer.selection.is_empty() {
        let caret = byte_of(&buffer.text, buffer.caret);
        if let Some(group) = pairs::group(&buffer.text, buffer.colours.tokens(), caret) {
            let colour = if group.whole { theme::WEAK } else { theme::ERROR };
            for rect in group.words.iter().filter_map(there) {
                let stroke = Stroke::new(1.0, colour);
                shapes.push(Shape::rect_stroke(rect, CornerRadius::same(2), stroke, StrokeKind::Inside));
            }
        }
    }
    shapes
}

/// Squiggles under wrong words: errors of what was run, and faults of what is typed, with their messages behind the
/// line.
pub fn squiggles(buffer: &Buffer, ui: &Ui, output: &TextEditOutput, runs: &Runs, faults: &[(Range<usize>, String)]) {
    let painter = ui.painter();
    let under = |range: &Range<usize>, colour| {
        if let Some(rect) = buffer.colours.rect_of(&output.galley, range) {
            squiggle(painter, rect.translate(output.galley_pos.to_vec2()), colour);
        }
    };
    let behind = |line: usize, text: &str, colour| {
        if let Some(rect) = line_rect(&output.galley, output.galley_pos, line) {
            let at = pos2(rect.right() + 24.0, rect.center().y);
            let text = format!("<- {}", text.lines().next().unwrap_or_default());
            painter.text(at, Align2::LEFT_CENTER, text, buffer.font(), colour);
        }
    };
    for mark in &runs.marks {
        let start = buffer.colours.start_of(mark.line);
        let line = buffer.text[start..].split('\n').next().unwrap_or_default();
        let part = wrong_part(line, &mark.message);
        under(&(start + part.start..start + part.end), theme::ERROR);
        behind(mark.line, &mark.message, theme::ERROR);
    }
    let mut told = 0;
    for (range, message) in faults {
        under(range, theme::WARNING);
        let line = buffer.colours.line_of(range.start);
        if told < MESSAGES_MAX && runs.marks.iter().all(|mark| mark.line != line) {
            behind(line, message, theme::WARNING);
            told += 1;
        }
    }
}

fn squiggle(painter: &Painter, rect: Rect, colour: Color32) {
    if !rect.intersects(painter.clip_rect()) {
        return;
    }
    let mut points = vec![];
    let mut x = rect.left();
    while x <= rect.right() + 1.0 {
        let up = points.len() % 2 == 0;
        points.push(pos2(x, rect.bottom() - if up { 0.5 } else { 2.5 }));
        x += 2.5;
    }
    painter.add(Shape::line(points, Stroke::new(1.2, colour)));
}

/// The part of a line that a message is about: a word in it that the message quotes, else all of it.
pub fn wrong_part(line: &str, message: &str) -> Range<usize> {
    let quoted = message.split('"').skip(1).step_by(2).chain(message.split('\'').skip(1).step_by(2));
    let named = message.split(':').next().into_iter();
    for word in quoted.chain(named).map(str::trim).filter(|word| !word.is_empty()) {
        if let Some(at) = line.find(word) {
            return at..at + word.len();
        }
    }
    let start = line.len() - line.trim_start().len();
    start..line.trim_end().len().max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_that_a_message_names_is_the_wrong_one() {
        let line = "    trigger(\"kik\", { volume = 9 })";
        assert_eq!(&line[wrong_part(line, "no module is called \"kik\"")], "kik");
        assert_eq!(&line[wrong_part(line, "trigger: give a sampler")], "trigger");
        assert_eq!(&line[wrong_part(line, "something went wrong")], line.trim());
        assert_eq!(wrong_part("", "\"\""), 0..0);
    }
}
