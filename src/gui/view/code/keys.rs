//! What the keys of the script editor do: typing, pairs, indent, completion, undo of text. Thread: gui.
//!
//! Keys that type something are handled here in their order; those that only move the caret are the text field's own.

use std::ops::Range;

use egui::{Event, Id, Key, Modifiers, Ui};

use super::buffer::{Buffer, Desk, Typed};
use super::complete::Shelf;
use super::context::{Context, Reading};
use super::find::{Mode, Wish};
use super::pairs::{self, Typing};
use super::popup::Accepted;
use crate::gui::keymap::{self, Action, Place};
use crate::gui::widget::script_text::{self, INDENT, byte_of, position_of};

impl Buffer {
    /// What is selected, in bytes.
    pub(super) fn bytes(&self) -> Range<usize> {
        byte_of(&self.text, self.selection.start)..byte_of(&self.text, self.selection.end)
    }

    /// Select these characters; the caret stands at the end.
    pub(super) fn select(&mut self, range: Range<usize>) {
        self.caret = range.end;
        self.selection = range;
        (self.moved, self.follow) = (true, true);
    }

    /// Put something in the place of these bytes; the caret stands behind it, some letters back.
    pub(super) fn put(&mut self, range: Range<usize>, with: &str, back: usize, typed: &mut Typed) {
        let start = position_of(&self.text, range.start);
        self.text.replace_range(range, with);
        let caret = start + with.chars().count() - back;
        self.select(caret..caret);
        typed.changed = true;
    }

    /// Give the keys that waited for this frame to whoever has the focus in it.
    pub(super) fn take_up(&mut self, ui: &Ui) {
        if !self.later.is_empty() {
            let waited = std::mem::take(&mut self.later);
            ui.input_mut(|input| drop(input.events.splice(..0, waited)));
        }
    }

    /// Take the keys of this frame, each as if it had come alone: a slow frame has many.
    pub(super) fn keys(&mut self, ui: &Ui, id: Id, desk: &Desk<'_>, typed: &mut Typed) {
        let events = ui.input_mut(|input| std::mem::take(&mut input.events));
        let mut kept = vec![];
        let mut waits = false;
        for event in events {
            let key = matches!(event, Event::Key { pressed: true, .. } | Event::Text(_) | Event::Paste(_) | Event::Cut);
            if waits && key {
                self.later.push(event);
                continue;
            }
            if let Some(action) = keymap::asked(&event, Place::Code) {
                // What others do, they do after this frame, with the text as it is now.
                waits |= self.act(action, desk, typed);
            } else if !self.key(&event, desk, typed) {
                // The caret is elsewhere only after the text field has moved it: in the next frame.
                waits |= moves(&event);
                kept.push(event);
            }
            waits |= self.leaves;
            self.history.look(&self.text, &self.selection, desk.time);
        }
        ui.input_mut(|input| input.events = kept);
        if !self.later.is_empty() {
            ui.ctx().request_repaint();
        }
        if self.leaves {
            self.leaves = false;
            ui.memory_mut(|memory| memory.surrender_focus(id));
        }
    }

    /// Do what a chord asks for; gives whether the keys after it are not for the text as it is in this frame.
    fn act(&mut self, action: Action, desk: &Desk<'_>, typed: &mut Typed) -> bool {
        let selected = || self.text[self.bytes()].to_owned();
        match action {
            Action::Comment => self.change_lines(typed, script_text::toggle_comment),
            Action::Outdent => self.change_lines(typed, script_text::outdent),
            Action::UndoText | Action::RedoText => self.step(action == Action::RedoText, typed),
            Action::Complete => self.complete(desk, true),
            Action::Find => self.find.open(Mode::Find, &selected()),
            Action::Replace => self.find.open(Mode::Replace, &selected()),
            Action::GoToLine => self.find.open(Mode::Line, ""),
            Action::Larger => self.resize(1.0),
            Action::Smaller => self.resize(-1.0),
            Action::NormalSize => self.size = None,
            other => {
                typed.actions.push(other);
                return true;
            }
        }
        matches!(action, Action::Find | Action::Replace | Action::GoToLine)
    }

    /// Undo or redo of the text.
    fn step(&mut self, redo: bool, typed: &mut Typed) {
        let found = if redo { self.history.redo() } else { self.history.undo() };
        if let Some((text, selection)) = found {
            text.clone_into(&mut self.text);
            self.popup.close();
            self.select(selection);
            typed.changed = true;
        }
    }

    /// What stands around the caret; read again only when text or caret have changed.
    pub(super) fn context(&mut self, desk: &Desk<'_>) -> Context {
        self.colours.read(&self.text);
        let now = (self.colours.version(), self.caret);
        match &self.around {
            Some((seen, context)) if *seen == now => context.clone(),
            _ => {
                let caret = byte_of(&self.text, self.caret);
                let context = Reading::new(&self.text, self.colours.tokens(), desk.words).around(caret);
                self.around = Some((now, context.clone()));
                context
            }
        }
    }

    /// Look for completions at the caret.
    pub(super) fn complete(&mut self, desk: &Desk<'_>, asked: bool) {
        let context = self.context(desk);
        let (words, snapshot) = (desk.words, desk.snapshot);
        let shelf = Shelf { words, snapshot, text: &self.text, tokens: self.colours.tokens() };
        self.popup.look(&shelf, &context, asked);
    }

    /// Type what was accepted.
    pub(super) fn accept(&mut self, accepted: Option<Accepted>, typed: &mut Typed) {
        let Some(accepted) = accepted else { return };
        let end = self.bytes().end;
        // A quote that was closed by itself is not typed again.
        let quote = accepted.insert.ends_with('"') && self.text[end..].starts_with('"');
        self.put(accepted.from.min(end)..end + usize::from(quote), &accepted.insert, accepted.back, typed);
    }

    /// Handle one event; gives whether it is done with.
    fn key(&mut self, event: &Event, desk: &Desk<'_>, typed: &mut Typed) -> bool {
        match event {
            Event::Text(text) if !text.is_empty() && !matches!(text.as_str(), "\n" | "\r") => {
                self.type_text(text, typed);
                self.complete(desk, false);
                true
            }
            Event::Key { key, pressed: true, modifiers, .. } => {
                let open = self.popup.is_open();
                match key {
                    Key::Escape => self.escape(),
                    _ if *modifiers != Modifiers::NONE => return false,
                    Key::ArrowUp | Key::ArrowDown if open => self.popup.step(*key == Key::ArrowUp),
                    Key::Enter => match self.popup.accept_by_enter() {
                        Some(accepted) => self.accept(Some(accepted), typed),
                        None => self.new_line(typed),
                    },
                    Key::Tab if open => {
                        let accepted = self.popup.accept();
                        self.accept(accepted, typed);
                    }
                    Key::Tab if script_text::lines_of(&self.text, &self.selection).len() > 1 => {
                        self.change_lines(typed, script_text::indent);
                    }
                    Key::Tab => {
                        let selected = self.bytes();
                        self.put(selected, INDENT, 0, typed);
                    }
                    Key::Backspace => {
                        self.backspace(typed);
                        if open {
                            self.complete(desk, false);
                        }
                    }
                    _ => {
                        if moves(event) {
                            self.popup.close();
                        }
                        return false;
                    }
                }
                true
            }
            _ => false,
        }
    }

    /// Esc closes the innermost thing that is open, and then leaves the text.
    fn escape(&mut self) {
        match () {
            () if self.popup.is_open() => self.popup.close(),
            () if self.find.is_open() => self.find.close(),
            () => self.leaves = true,
        }
    }

    fn type_text(&mut self, text: &str, typed: &mut Typed) {
        self.colours.read(&self.text);
        let selected = self.bytes();
        let mut letters = text.chars();
        let (Some(letter), None) = (letters.next(), letters.next()) else {
            return self.put(selected, text, 0, typed);
        };
        match pairs::typing(&self.text, self.colours.tokens(), &selected, letter) {
            Typing::Plain => self.put(selected, text, 0, typed),
            Typing::Close(close) => self.put(selected, &format!("{letter}{close}"), 1, typed),
            Typing::Over => {
                let caret = self.caret + 1;
                self.select(caret..caret);
            }
            Typing::Around(close) => {
                let inner = format!("{letter}{}{close}", &self.text[selected.clone()]);
                let chosen = self.selection.start + 1..self.selection.end + 1;
                self.put(selected, &inner, 0, typed);
                self.select(chosen);
            }
        }
        if letter.is_alphabetic() || matches!(letter, '}' | ')') {
            self.settle_indent(typed);
        }
    }

    /// A line that came to be an `end` alone goes under what it ends.
    fn settle_indent(&mut self, typed: &mut Typed) {
        self.colours.read(&self.text);
        let caret = byte_of(&self.text, self.caret);
        let Some(indent) = pairs::indent_of_opener(&self.text, self.colours.tokens(), caret) else { return };
        let start = self.text[..caret].rfind('\n').map_or(0, |at| at + 1);
        let own = self.text[start..].len() - self.text[start..].trim_start_matches([' ', '\t']).len();
        if own > indent.len() {
            let caret = self.caret - (own - indent.len());
            self.put(start..start + own, &indent, 0, typed);
            self.select(caret..caret);
        }
    }

    fn new_line(&mut self, typed: &mut Typed) {
        let selected = self.bytes();
        let start = self.text[..selected.start].rfind('\n').map_or(0, |at| at + 1);
        let before = &self.text[start..selected.start];
        let indent = script_text::indent_after(before);
        // Between two brackets the second one goes on a line of its own.
        let split = pairs::empty_pair(&self.text, selected.end)
            && self.text[selected.end..].starts_with(['}', ')', ']'])
            && selected.is_empty();
        if split {
            let outer: String = before.chars().take_while(|c| *c == ' ' || *c == '\t').collect();
            let inner = format!("\n{outer}{INDENT}\n{outer}");
            return self.put(selected, &inner, outer.chars().count() + 1, typed);
        }
        self.put(selected, &format!("\n{indent}"), 0, typed);
    }

    fn backspace(&mut self, typed: &mut Typed) {
        let selected = self.bytes();
        if !selected.is_empty() {
            return self.put(selected, "", 0, typed);
        }
        let caret = selected.end;
        if pairs::empty_pair(&self.text, caret) {
            return self.put(caret - 1..caret + 1, "", 0, typed);
        }
        let start = self.text[..caret].rfind('\n').map_or(0, |at| at + 1);
        let margin = &self.text[start..caret];
        let gone = match margin.len() {
            0 => usize::from(caret > 0),
            spaces if margin.bytes().all(|b| b == b' ') => (spaces - 1) % INDENT.len() + 1,
            _ => margin.chars().next_back().map_or(0, char::len_utf8),
        };
        if gone > 0 {
            self.put(caret - gone..caret, "", 0, typed);
        }
    }

    /// Change the lines of the selection and select them whole.
    fn change_lines(&mut self, typed: &mut Typed, change: fn(&str, &Range<usize>) -> String) {
        let lines = script_text::lines_of(&self.text, &self.selection);
        let before = self.text.chars().count();
        self.text = change(&self.text, &lines);
        typed.changed = true;
        let start = script_text::start_of(&self.text, lines.start);
        if self.selection.is_empty() {
            let moved = self.caret + self.text.chars().count();
            let caret = moved.saturating_sub(before).max(start);
            self.select(caret..caret);
        } else {
            self.select(start..start + script_text::slice(&self.text, &lines).chars().count());
        }
    }

    /// Do what the find bar asks for; gives whether the keys go back to the text.
    pub(super) fn grant(&mut self, wish: Wish, typed: &mut Typed) -> bool {
        match wish {
            Wish::Select(range) => {
                self.select(position_of(&self.text, range.start)..position_of(&self.text, range.end));
            }
            Wish::Replace(range, with) => {
                self.put(range, &with, 0, typed);
            }
            Wish::All(text) => {
                self.text = text;
                let end = self.text.chars().count();
                let caret = self.caret.min(end);
                self.select(caret..caret);
                typed.changed = true;
            }
            Wish::Line(line) => {
                let start = script_text::start_of(&self.text, line);
                self.select(start..start);
            }
            Wish::Leave => return true,
        }
        false
    }
}

/// Whether the text field moves the caret or changes the text by this event.
fn moves(event: &Event) -> bool {
    match event {
        Event::Paste(_) | Event::Cut | Event::Ime(_) => true,
        Event::Key { key, pressed: true, .. } => matches!(
            key,
            Key::ArrowLeft
                | Key::ArrowRight
                | Key::ArrowUp
                | Key::ArrowDown
                | Key::Home
                | Key::End
                | Key::PageUp
                | Key::PageDown
                | Key::Backspace
                | Key::Delete
                | Key::Enter
                | Key::Tab
        ),
        _ => false,
    }
}
