//! The editor of one buffer: numbers, colours, marks, and what stands around the caret. Thread: gui.

use std::ops::Range;
use std::sync::Arc;

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::{TextEditOutput, TextEditState};
use egui::{
    Align2, Event, EventFilter, FontId, Frame, Galley, Id, Margin, Panel, Pos2, Rect, ScrollArea, Sense, Shape,
    TextBuffer, TextEdit, Ui, Vec2, pos2, vec2,
};

use super::complete::Shelf;
use super::context::Context;
use super::find::Find;
use super::hint;
use super::history::History;
use super::marks;
use super::merge::{Merged, follow};
use super::popup::Popup;
use super::run::Runs;
use crate::gui::keymap::Action;
use crate::gui::theme;
use crate::gui::widget::lua_text::LuaText;
use crate::gui::widget::script_text::{byte_of, position_of};
use crate::gui::widget::{named, script_text};
use crate::model::lexicon::Completion;
use crate::model::{Snapshot, TextMark};

/// The editor's identity.
pub fn editor_id() -> Id {
    Id::unique("script editor")
}

/// Room for messages behind the longest line, in points.
const MESSAGE_ROOM: f32 = 400.0;
/// Smallest and largest size of the letters, in points.
const SIZES: (f32, f32) = (7.0, 40.0);

/// What an editor may look at beside its text.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// The language.
    pub words: &'static [Completion],
    /// What there is.
    pub snapshot: &'a Snapshot,
    /// What the text computes and the session has otherwise.
    pub marks: &'a [TextMark],
    /// Seconds since the window opened.
    pub time: f64,
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
    /// How far the text is scrolled, in points.
    pub scroll: Vec2,
    /// The size of its letters, in points; `None` is the theme's.
    pub size: Option<f32>,
    /// The bar that finds.
    pub find: Find,
    pub(super) colours: LuaText,
    pub(super) history: History,
    pub(super) popup: Popup,
    // The caret is to be put into the text field, and to be brought into sight.
    pub(super) moved: bool,
    pub(super) follow: bool,
    // Where the caret was drawn.
    pub(super) caret_at: Option<Rect>,
    // The keys are to come here.
    pub(super) wants_keys: bool,
    // The keys are to go to nobody.
    pub(super) leaves: bool,
    // Keys that wait for the next frame.
    pub(super) later: Vec<Event>,
    // What stood around the caret in which version of the text.
    pub(super) around: Option<((u64, usize), Context)>,
    // When the text was last changed here.
    pub(super) typed_at: f64,
    // Where to scroll to in the next frame.
    pub(super) scroll_to: Option<Vec2>,
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
    /// What was changed elsewhere comes in: caret, selection and the steps of the text's undo stay at their place.
    pub fn take_in(&mut self, merged: &Merged, time: f64) {
        self.history.look(&self.text, &self.selection, time);
        let place =
            |at: usize| position_of(&merged.text, follow(&merged.changes, byte_of(&self.text, at), &merged.text));
        self.selection = place(self.selection.start)..place(self.selection.end);
        self.caret = place(self.caret);
        self.history.outside(&merged.changes, &merged.text);
        self.text.clone_from(&merged.text);
        self.moved = true;
        self.popup.close();
    }

    /// Put another text here, as if it were typed. The caret stays with its letters.
    pub fn replace(&mut self, text: &str) {
        let (old, new) = (self.text.as_str(), text);
        let same = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
        let caret = byte_of(old, self.caret);
        let shifted = match caret <= same {
            true => caret,
            false => (caret + new.len()).saturating_sub(old.len()).max(same),
        };
        let mut caret = shifted.min(new.len());
        while !new.is_char_boundary(caret) {
            caret -= 1;
        }
        let caret = position_of(new, caret);
        text.clone_into(&mut self.text);
        self.caret = caret;
        self.selection = caret..caret;
        self.moved = true;
        self.popup.close();
    }

    /// The font of its letters.
    pub fn font(&self) -> FontId {
        FontId::monospace(self.size.unwrap_or(theme::CODE_SIZE))
    }

    /// Make the letters larger or smaller, by points.
    pub fn resize(&mut self, by: f32) {
        let size = self.size.unwrap_or(theme::CODE_SIZE) + by;
        self.size = Some(size.clamp(SIZES.0, SIZES.1));
    }

    /// Draw it for reading only.
    pub fn view(&mut self, ui: &mut Ui) {
        let font = self.font();
        let Self { text, colours, .. } = self;
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            let strip = gutter(ui, text.split('\n').count(), font.size);
            let area = ScrollArea::both().id_salt("generated").auto_shrink([false, false]);
            let field = |ui: &mut Ui| show(ui, super::mirror_id(), &mut text.as_str(), colours, &font, 0.0);
            let output = area.show(ui, field).inner;
            named(&output.response, "Generated script");
            numbers(ui, strip, &output, &[], &font);
        });
    }

    /// Draw it and take keys. Marks, waiting and flashing lines come from `runs`.
    pub fn edit(&mut self, ui: &mut Ui, runs: &Runs, desk: &Desk<'_>) -> Typed {
        let id = editor_id();
        let mut typed = Typed::default();
        self.take_up(ui);
        let selection = self.bytes();
        for wish in self.find.ui(ui, &self.text, &selection) {
            if self.grant(wish, &mut typed) {
                (self.moved, self.wants_keys) = (true, true);
            }
        }
        let focused = ui.memory(|memory| memory.has_focus(id));
        if focused {
            self.keys(ui, id, desk, &mut typed);
        } else if !self.popup.is_touched(ui) {
            self.popup.close();
        }
        self.place_caret(ui, id);
        self.tell(ui, desk, focused);
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            let font = self.font();
            let strip = gutter(ui, self.text.split('\n').count(), font.size);
            let mut area = ScrollArea::both().id_salt("script").auto_shrink([false, false]);
            if let Some(offset) = self.scroll_to.take() {
                area = area.scroll_offset(offset);
            }
            let shown = area.show(ui, |ui| {
                let output = self.lines(ui, id, runs, desk);
                typed.chosen = marks::beside(ui, desk.marks, &output.galley, output.galley_pos);
                output
            });
            self.scroll = shown.state.clamped_offset();
            let output = shown.inner;
            typed.changed |= output.response.changed();
            // A field without the focus forgets what was selected in it; here it is kept, for the find bar.
            if let Some(range) = output.cursor_range {
                let before = self.caret;
                self.caret = range.primary.index.0;
                let selected = range.as_sorted_char_range();
                self.selection = selected.start.0..selected.end.0;
                if self.caret != before {
                    self.popup.close();
                }
                let rect = output.galley.pos_from_cursor(range.primary);
                self.caret_at = Some(rect.translate(output.galley_pos.to_vec2()));
            }
            let wrong: Vec<usize> = runs.marks.iter().map(|mark| mark.line).collect();
            numbers(ui, strip, &output, &wrong, &font);
        });
        if let Some(caret) = self.caret_at.filter(|_| self.popup.is_open()) {
            self.offer(ui, caret, desk, &mut typed);
        }
        // Last, for the click that asked for it is a click beside the text.
        if std::mem::take(&mut self.wants_keys) {
            ui.memory_mut(|memory| memory.request_focus(id));
        }
        if typed.changed {
            self.typed_at = desk.time;
        }
        self.history.look(&self.text, &self.selection, desk.time);
        typed
    }

    /// Put a caret that was moved here into the text field.
    fn place_caret(&mut self, ui: &Ui, id: Id) {
        if std::mem::take(&mut self.moved) {
            let mut state = TextEditState::load(ui.ctx(), id).unwrap_or_default();
            let range = CCursorRange::two(CCursor::new(self.selection.start), CCursor::new(self.selection.end));
            state.cursor.set_char_range(Some(range));
            state.store(ui.ctx(), id);
        }
    }

    /// The line that tells about the call at the caret.
    fn tell(&mut self, ui: &mut Ui, desk: &Desk<'_>, focused: bool) {
        let mut told = None;
        if focused {
            let context = self.context(desk);
            let shelf = self.shelf(desk);
            told = hint::hint(&shelf, &context);
        }
        let fault = self.faults(desk.time).into_iter().next();
        let fault = fault.map(|(at, message)| format!("line {}: {message}", self.colours.line_of(at.start) + 1));
        let strip = Panel::bottom("call hint").show_separator_line(false);
        strip.show(ui, |ui| hint::show(ui, told.as_ref(), fault.as_deref()));
    }

    fn shelf<'a>(&'a self, desk: &Desk<'a>) -> Shelf<'a> {
        Shelf { words: desk.words, snapshot: desk.snapshot, text: &self.text, tokens: self.colours.tokens() }
    }

    fn offer(&mut self, ui: &Ui, caret: Rect, desk: &Desk<'_>, typed: &mut Typed) {
        self.colours.read(&self.text);
        let mut popup = std::mem::take(&mut self.popup);
        let clicked = popup.ui(ui, caret, &self.shelf(desk));
        self.popup = popup;
        if clicked {
            let accepted = self.popup.accept();
            self.accept(accepted, typed);
            self.wants_keys = true;
        }
    }

    fn lines(&mut self, ui: &mut Ui, id: Id, runs: &Runs, desk: &Desk<'_>) -> TextEditOutput {
        ui.painter().rect_filled(ui.clip_rect(), 0.0, theme::FIELD);
        let under = ui.painter().add(Shape::Noop);
        let font = self.font();
        // A caret that has just been typed with stands still.
        ui.visuals_mut().text_cursor.blink = desk.time - self.typed_at > 0.5;
        let faults = self.faults(desk.time);
        let more = if runs.marks.is_empty() && faults.is_empty() { 0.0 } else { MESSAGE_ROOM };
        let more = if desk.marks.is_empty() { more } else { marks::ROOM };
        let output = show(ui, id, &mut self.text, &mut self.colours, &font, more);
        named(&output.response, "Script");
        let focused = output.response.has_focus();
        self.colours.read(&self.text);
        let mut shapes = marks::stripes(desk.marks, &output.galley, output.galley_pos, ui.clip_rect());
        shapes.extend(super::under::stripes(self, ui, &output, runs, desk.time, focused));
        shapes.extend(super::under::boxes(self, ui, &output, focused));
        ui.painter().set(under, Shape::Vec(shapes));
        super::under::squiggles(self, ui, &output, runs, &faults);
        if std::mem::take(&mut self.follow)
            && let Some(range) = output.state.cursor.char_range()
        {
            let caret = output.galley.pos_from_cursor(range.primary).translate(output.galley_pos.to_vec2());
            ui.scroll_to_rect(caret.expand2(vec2(24.0, 4.0)), None);
        }
        output
    }

    /// Faults of the text that are told now: where somebody types, only after a pause.
    fn faults(&mut self, time: f64) -> Vec<(Range<usize>, String)> {
        self.colours.read(&self.text);
        let rests = time - self.typed_at > 0.8;
        let caret = script_text::line_of(&self.text, self.caret);
        let all: Vec<_> = self.colours.faults().iter().map(|f| (f.range.clone(), f.message.clone())).collect();
        all.into_iter().filter(|(range, _)| rests || self.colours.line_of(range.start) != caret).collect()
    }
}

fn gutter_width(lines: usize, size: f32) -> f32 {
    16.0 + 0.61 * size * lines.to_string().len().max(2) as f32
}

/// A strip for line numbers at the left; gives its rectangle. What is added next stands beside it.
fn gutter(ui: &mut Ui, lines: usize, size: f32) -> Rect {
    let (rect, _) = ui.allocate_exact_size(vec2(gutter_width(lines, size), ui.available_height()), Sense::hover());
    ui.painter().rect_filled(rect, 0.0, theme::PANEL);
    rect
}

/// The editor itself. `more` is room wanted behind the longest line, in points.
fn show(
    ui: &mut Ui,
    id: Id,
    text: &mut dyn TextBuffer,
    colours: &mut LuaText,
    font: &FontId,
    more: f32,
) -> TextEditOutput {
    let galley = colours.galley(ui, text.as_str(), font);
    let room = ui.available_size();
    let width = room.x.max(galley.size().x + more + 12.0);
    let rows = (room.y / ui.fonts_mut(|fonts| fonts.row_height(font))).floor() as usize;
    let mut layouter = |ui: &Ui, text: &dyn TextBuffer, _: f32| colours.galley(ui, text.as_str(), font);
    let filter = EventFilter { tab: true, horizontal_arrows: true, vertical_arrows: true, escape: true };
    TextEdit::multiline(text)
        .id(id)
        .code_editor()
        .font(font.clone())
        .event_filter(filter)
        .frame(Frame::NONE)
        .margin(Margin { left: 4, right: 4, top: 2, bottom: 2 })
        .desired_width(width)
        .desired_rows(rows.max(4))
        .layouter(&mut layouter)
        .show(ui)
}

/// Where a line is.
pub(super) fn line_rect(galley: &Galley, at: Pos2, line: usize) -> Option<Rect> {
    galley.rows.get(line).map(|row| row.rect().translate(at.to_vec2()))
}

/// Line numbers in their strip, beside the lines in sight.
fn numbers(ui: &Ui, strip: Rect, output: &TextEditOutput, wrong: &[usize], font: &FontId) {
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
        painter.text(at, Align2::RIGHT_CENTER, (line + 1).to_string(), font.clone(), colour);
    }
}
