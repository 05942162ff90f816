//! Places where the script computes what the session has otherwise: said at their line, with two ways out. Thread: gui.

use std::sync::Arc;

use egui::{Galley, Pos2, Rect, Response, RichText, Shape, Ui, UiBuilder, pos2, vec2};

use crate::gui::theme;
use crate::gui::widget::named;
use crate::model::{TextMark, TextState};

/// Room for a message and its buttons behind the longest line, in points.
pub const ROOM: f32 = 640.0;
/// Most letters of a message at its line; all of it is shown on hover.
const MESSAGE_MAX: usize = 72;

/// The marks that belong to this text; none while what is known is about another one.
pub fn of<'a>(state: &'a TextState, text: &str) -> &'a [TextMark] {
    if *state.text == *text { &state.marks } else { &[] }
}

/// The stripe behind a marked line.
pub fn stripes(marks: &[TextMark], galley: &Galley, at: Pos2, wide: Rect) -> Vec<Shape> {
    let stripe = |mark: &TextMark| {
        let rect = row(galley, at, mark)?;
        let rect = Rect::from_x_y_ranges(wide.x_range(), rect.y_range());
        Some(Shape::rect_filled(rect, 0.0, theme::COMPUTED_LINE))
    };
    marks.iter().filter_map(stripe).collect()
}

/// Draw what is said behind the end of each marked line; gives the whole text that was chosen to stand there instead.
pub fn beside(ui: &mut Ui, marks: &[TextMark], galley: &Galley, at: Pos2) -> Option<Arc<str>> {
    let mut chosen = None;
    let mut last = None;
    for mark in marks {
        // Of several on one line the first is offered; it makes room for the next.
        if last.replace(mark.line) == Some(mark.line) {
            continue;
        }
        let Some(rect) = row(galley, at, mark) else { continue };
        let place = Rect::from_min_size(pos2(rect.right() + 24.0, rect.top() - 1.0), vec2(ROOM, rect.height() + 2.0));
        if !ui.is_rect_visible(place) {
            continue;
        }
        let others: Vec<&TextMark> = marks.iter().filter(|other| other.line == mark.line).collect();
        let mut inner = ui.new_child(UiBuilder::new().id_salt(("mark", mark.line)).max_rect(place));
        inner.horizontal_centered(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            ui.spacing_mut().button_padding.y = 0.0;
            let hint = "The number the session has takes the place of what computes it";
            if offer(ui, "Pin", mark, mark.pin.as_ref(), hint) {
                chosen = mark.pin.clone();
            }
            let hint = "A line after this one sets what the session has";
            if offer(ui, "Override", mark, mark.over.as_ref(), hint) {
                chosen = mark.over.clone();
            }
            say(ui, mark, &others);
        });
    }
    chosen
}

fn offer(ui: &mut Ui, word: &str, mark: &TextMark, after: Option<&Arc<str>>, hint: &str) -> bool {
    let Some(_) = after else { return false };
    let button: Response = ui.small_button(word).on_hover_text(hint);
    named(&button, &format!("{word} {}", mark.item));
    button.clicked()
}

fn say(ui: &mut Ui, mark: &TextMark, others: &[&TextMark]) {
    let text = format!("{}: {}", mark.item, mark.message.lines().next().unwrap_or_default());
    let short: String = text.chars().take(MESSAGE_MAX).collect();
    let end = if short.len() < text.len() { "…" } else { "" };
    let more = if others.len() > 1 { format!(" (+{})", others.len() - 1) } else { String::new() };
    let full: Vec<String> = others.iter().map(|other| format!("{}: {}", other.item, other.message)).collect();
    let said = RichText::new(format!("{short}{end}{more}")).font(theme::code_font()).color(theme::COMPUTED);
    ui.label(said).on_hover_text(full.join("\n"));
}

fn row(galley: &Galley, at: Pos2, mark: &TextMark) -> Option<Rect> {
    let line = (mark.line as usize).checked_sub(1)?;
    galley.rows.get(line).map(|row| row.rect().translate(at.to_vec2()))
}
