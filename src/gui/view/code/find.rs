//! The bar that finds, replaces and goes to a line. Thread: gui.

use std::ops::Range;

use egui::{EventFilter, Id, Key, Modifiers, RichText, TextEdit, Ui};

use super::super::super::theme;
use super::super::super::widget::named;

/// What the bar is open for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Find.
    Find,
    /// Find and replace.
    Replace,
    /// Go to a line.
    Line,
}

/// View state of the bar.
#[derive(Default)]
pub struct Find {
    mode: Option<Mode>,
    query: String,
    with: String,
    line: String,
    case: bool,
    word: bool,
    focus: bool,
    // What was found in which text for which question.
    found: Vec<Range<usize>>,
    asked: (String, String, bool, bool),
}

/// What the bar asks its buffer for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Select these bytes and show them.
    Select(Range<usize>),
    /// Put this in the place of these bytes and select what follows.
    Replace(Range<usize>, String),
    /// Make the text this one.
    All(String),
    /// Put the caret at the start of a line, from 0.
    Line(usize),
    /// The keys go to the text again.
    Leave,
}

fn field_id(name: &str) -> Id {
    Id::unique(("find bar", name))
}

/// Where a text has what is looked for, in bytes, in order, without overlaps.
pub fn find_all(text: &str, query: &str, case: bool, word: bool) -> Vec<Range<usize>> {
    if query.is_empty() {
        return vec![];
    }
    let in_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let fits = |range: &Range<usize>| {
        !word || !in_word(text[..range.start].chars().next_back()) && !in_word(text[range.end..].chars().next())
    };
    let mut found = vec![];
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let next = if case { rest.find(query).map(|n| n..n + query.len()) } else { find_loose(rest, query) };
        let Some(range) = next.map(|range| at + range.start..at + range.end) else { break };
        at = range.end.max(at + 1);
        if fits(&range) {
            found.push(range);
        } else {
            // Overlapping places may fit where this one does not.
            at = range.start + text[range.start..].chars().next().map_or(1, char::len_utf8);
        }
    }
    found
}

/// The first place, upper and lower case alike.
fn find_loose(text: &str, query: &str) -> Option<Range<usize>> {
    if text.is_ascii() && query.is_ascii() {
        let (text, query) = (text.as_bytes(), query.as_bytes());
        let first = query[0].to_ascii_lowercase();
        let last = text.len().checked_sub(query.len())?;
        return (0..=last)
            .find(|at| {
                text[*at].to_ascii_lowercase() == first && text[*at..*at + query.len()].eq_ignore_ascii_case(query)
            })
            .map(|at| at..at + query.len());
    }
    let low = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<String>();
    let wanted = low(query);
    let count = query.chars().count();
    text.char_indices().find_map(|(at, _)| {
        let end = text[at..].char_indices().nth(count).map_or(text.len(), |(n, _)| at + n);
        (low(&text[at..end]) == wanted).then_some(at..end)
    })
}

/// A text with every place replaced.
pub fn replace_all(text: &str, found: &[Range<usize>], with: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for range in found {
        result.push_str(&text[done..range.start]);
        result.push_str(with);
        done = range.end;
    }
    result.push_str(&text[done..]);
    result
}

impl Find {
    /// Open the bar; what is selected in one line becomes the question.
    pub fn open(&mut self, mode: Mode, selected: &str) {
        self.mode = Some(mode);
        self.focus = true;
        if !selected.is_empty() && !selected.contains('\n') && mode != Mode::Line {
            selected.clone_into(&mut self.query);
        }
        self.line.clear();
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.mode.is_some()
    }

    /// Close it.
    pub fn close(&mut self) {
        self.mode = None;
    }

    /// What is found now; nothing while the bar is closed.
    pub fn found(&self) -> &[Range<usize>] {
        if matches!(self.mode, Some(Mode::Find | Mode::Replace)) { &self.found } else { &[] }
    }

    fn look(&mut self, text: &str) {
        let (seen, query, case, word) = &self.asked;
        if *case != self.case || *word != self.word || *query != self.query || seen != text {
            self.found = find_all(text, &self.query, self.case, self.word);
            self.asked = (text.to_owned(), self.query.clone(), self.case, self.word);
        }
    }

    /// The place after the selection, or before it; around the end it goes on at the start.
    pub fn step(&self, selection: &Range<usize>, back: bool) -> Option<Wish> {
        let next = match back {
            false => self.found.iter().find(|range| range.start >= selection.end).or(self.found.first()),
            true => self.found.iter().rev().find(|range| range.end <= selection.start).or(self.found.last()),
        };
        next.map(|range| Wish::Select(range.clone()))
    }

    fn replace_one(&self, selection: &Range<usize>) -> Option<Wish> {
        match self.found.contains(selection) {
            true => Some(Wish::Replace(selection.clone(), self.with.clone())),
            false => self.step(selection, false),
        }
    }

    fn all(&self, text: &str) -> Option<Wish> {
        (!self.found.is_empty()).then(|| Wish::All(replace_all(text, &self.found, &self.with)))
    }

    /// Draw it; `selection` in bytes.
    pub fn ui(&mut self, ui: &mut Ui, text: &str, selection: &Range<usize>) -> Vec<Wish> {
        let Some(mode) = self.mode else { return vec![] };
        let mut wishes = vec![];
        if mode != Mode::Line {
            self.look(text);
        }
        ui.horizontal_wrapped(|ui| match mode {
            Mode::Line => self.line_bar(ui, text, &mut wishes),
            _ => self.find_bar(ui, mode, text, selection, &mut wishes),
        });
        if wishes.contains(&Wish::Leave) {
            self.mode = None;
        }
        wishes
    }

    fn line_bar(&mut self, ui: &mut Ui, text: &str, wishes: &mut Vec<Wish>) {
        ui.label("Go to line");
        let keys = field(ui, "Go to line", &mut self.line, 80.0, &mut self.focus);
        let count = text.split('\n').count();
        ui.label(RichText::new(format!("of {count}; Enter goes there")).color(theme::WEAK));
        match keys {
            Keys::Enter => {
                if let Ok(line) = self.line.trim().parse::<usize>() {
                    wishes.push(Wish::Line(line.clamp(1, count) - 1));
                }
                wishes.push(Wish::Leave);
            }
            Keys::Escape => wishes.push(Wish::Leave),
            Keys::Back | Keys::None => {}
        }
    }

    fn find_bar(&mut self, ui: &mut Ui, mode: Mode, text: &str, selection: &Range<usize>, wishes: &mut Vec<Wish>) {
        let before = self.query.clone();
        let keys = field(ui, "Find", &mut self.query, 180.0, &mut self.focus);
        if self.query != before {
            // What is typed is shown at once, from where the selection begins.
            self.look(text);
            wishes.extend(self.step(&(selection.start..selection.start), false));
        }
        let mut ask = |keys: Keys, this: &Self, replace: bool| match keys {
            Keys::Enter if replace => wishes.extend(this.replace_one(selection)),
            Keys::Enter => wishes.extend(this.step(selection, false)),
            Keys::Back => wishes.extend(this.step(selection, true)),
            Keys::Escape => wishes.push(Wish::Leave),
            Keys::None => {}
        };
        ask(keys, self, false);
        if ui.button("Previous").on_hover_text("Shift+Enter").clicked() {
            ask(Keys::Back, self, false);
        }
        if ui.button("Next").on_hover_text("Enter").clicked() {
            ask(Keys::Enter, self, false);
        }
        ui.toggle_value(&mut self.case, "Aa").on_hover_text("Upper and lower case count");
        ui.toggle_value(&mut self.word, "word").on_hover_text("Whole words only");
        let at = self.found.iter().position(|range| range == selection);
        let count = match (self.found.len(), at) {
            (0, _) if self.query.is_empty() => String::new(),
            (0, _) => "not found".to_owned(),
            (all, Some(at)) => format!("{} of {all}", at + 1),
            (all, None) => format!("{all} found"),
        };
        ui.label(RichText::new(count).color(theme::WEAK));
        if mode == Mode::Replace {
            ui.separator();
            let keys = field(ui, "Replace with", &mut self.with, 140.0, &mut false);
            ask(keys, self, true);
            if ui.button("Replace").on_hover_text("Enter in the field").clicked() {
                ask(Keys::Enter, self, true);
            }
            if ui.button("Replace all").clicked() {
                wishes.extend(self.all(text));
            }
        } else if ui.button("Replace…").clicked() {
            self.mode = Some(Mode::Replace);
        }
        if ui.button("Close").on_hover_text("Esc").clicked() {
            wishes.push(Wish::Leave);
        }
    }
}

#[derive(Clone, Copy)]
enum Keys {
    None,
    Enter,
    Back,
    Escape,
}

/// A field of the bar; its Enter, Shift+Enter and Esc are told and do not leave it.
fn field(ui: &mut Ui, name: &str, text: &mut String, width: f32, focus: &mut bool) -> Keys {
    let id = field_id(name);
    let mut keys = Keys::None;
    // Before it is drawn: the letters that waited for it come in this very frame.
    if std::mem::take(focus) {
        ui.memory_mut(|memory| memory.request_focus(id));
    }
    if ui.memory(|memory| memory.has_focus(id)) {
        ui.input_mut(|input| {
            if input.consume_key(Modifiers::SHIFT, Key::Enter) {
                keys = Keys::Back;
            } else if input.consume_key(Modifiers::NONE, Key::Enter) {
                keys = Keys::Enter;
            } else if input.consume_key(Modifiers::NONE, Key::Escape) {
                keys = Keys::Escape;
            }
        });
    }
    let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, escape: true, tab: false };
    let edit = TextEdit::singleline(text).id(id).desired_width(width).font(theme::code_font()).event_filter(filter);
    let response = ui.add(edit.hint_text(name.to_owned()));
    named(&response, name);
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_case_count_when_asked_for() {
        let text = "kick Kick kicks _kick kick";
        assert_eq!(find_all(text, "kick", false, false).len(), 5);
        assert_eq!(find_all(text, "kick", true, false).len(), 4);
        assert_eq!(find_all(text, "kick", true, true), [0..4, 22..26]);
        assert_eq!(find_all("aaa aa", "aa", true, false), [0..2, 4..6]);
        assert_eq!(find_all("Ärger ärger", "ärg", false, false).len(), 2);
        assert!(find_all("x", "", false, false).is_empty());
        assert!(find_all("x", "longer", false, false).is_empty());
    }

    #[test]
    fn all_are_replaced_also_by_something_that_has_it_inside() {
        let text = "kick, kick";
        assert_eq!(replace_all(text, &find_all(text, "kick", true, false), "kickkick"), "kickkick, kickkick");
    }

    #[test]
    fn next_and_previous_go_round() {
        let mut find = Find { query: "a".into(), ..Find::default() };
        find.open(Mode::Find, "");
        find.look("a b a");
        assert_eq!(find.step(&(0..1), false), Some(Wish::Select(4..5)));
        assert_eq!(find.step(&(4..5), false), Some(Wish::Select(0..1)));
        assert_eq!(find.step(&(0..1), true), Some(Wish::Select(4..5)));
    }
}
