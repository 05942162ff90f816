//! A line that takes input: history with Up and Down, completion with Tab, Enter hands it in. Thread: gui.

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::{Id, Key, TextEdit, Ui};

use super::named;
use crate::model::text::last_word;

/// Most lines kept.
pub const HISTORY_MAX: usize = 100;

/// The state of one line.
#[derive(Debug, Default)]
pub struct Prompt {
    /// What stands there now.
    pub text: String,
    history: Vec<String>,
    at: Option<usize>,
    draft: String,
    focus_next: bool,
}

impl Prompt {
    /// Put the caret here in the next frame.
    pub fn focus(&mut self) {
        self.focus_next = true;
    }

    /// Draw the line; gives the text when Enter was pressed. `complete` gives whole words for the last word.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        id: Id,
        name: &str,
        hint: &str,
        complete: impl Fn(&str) -> Vec<String>,
    ) -> Option<Entered> {
        let mut answer = None;
        if ui.memory(|memory| memory.has_focus(id)) {
            let back = ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, Key::ArrowUp));
            let forth = ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, Key::ArrowDown));
            let tab = ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, Key::Tab));
            if back && self.step_back() || forth && self.step_forth() {
                self.caret_to_end(ui, id);
            }
            if tab {
                let choices = self.complete(&complete(&self.text));
                self.caret_to_end(ui, id);
                answer = (!choices.is_empty()).then_some(Entered::Choices(choices));
            }
        }
        let edit = TextEdit::singleline(&mut self.text)
            .id(id)
            .font(super::super::theme::code_font())
            .hint_text(hint.to_owned())
            .desired_width(f32::INFINITY)
            .lock_focus(true);
        let response = ui.add(edit);
        named(&response, name);
        if std::mem::take(&mut self.focus_next) {
            response.request_focus();
        }
        if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
            response.request_focus();
            let text = std::mem::take(&mut self.text);
            if !text.trim().is_empty() {
                self.remember(&text);
                answer = Some(Entered::Line(text));
            }
        }
        answer
    }

    fn remember(&mut self, text: &str) {
        if self.history.last().is_none_or(|last| last != text) {
            self.history.push(text.to_owned());
        }
        if self.history.len() > HISTORY_MAX {
            self.history.remove(0);
        }
        self.at = None;
    }

    fn step_back(&mut self) -> bool {
        if self.at.is_none() {
            self.draft = self.text.clone();
        }
        let before = self.at.unwrap_or(self.history.len());
        let Some(next) = (0..before).rev().find(|at| self.sought(*at)) else { return false };
        self.at = Some(next);
        self.text = self.history[next].clone();
        true
    }

    /// Whether a line of the history has in it what was being typed; when none has, all are gone through.
    fn sought(&self, at: usize) -> bool {
        let has = |line: &String| line.contains(self.draft.trim());
        has(&self.history[at]) || !self.history.iter().any(has)
    }

    fn step_forth(&mut self) -> bool {
        let Some(at) = self.at else { return false };
        self.at = (at + 1..self.history.len()).find(|next| self.sought(*next));
        self.text = self.at.map_or_else(|| self.draft.clone(), |next| self.history[next].clone());
        true
    }

    /// Complete the last word as far as the choices agree; gives the choices when there are several.
    fn complete(&mut self, choices: &[String]) -> Vec<String> {
        let Some(first) = choices.first() else { return vec![] };
        let (start, quote) = last_word(&self.text);
        let agreed = choices.iter().fold(first.as_str(), |agreed, choice| {
            let same = agreed.char_indices().zip(choice.chars()).take_while(|((_, a), b)| a == b).count();
            let end = agreed.char_indices().nth(same).map_or(agreed.len(), |(at, _)| at);
            &agreed[..end]
        });
        // A word with a space in it is quoted.
        let spaced = choices.iter().any(|choice| choice.contains(char::is_whitespace));
        self.text.truncate(start);
        let open = quote.or(spaced.then_some('"'));
        if quote.is_none() && spaced {
            self.text.push('"');
        }
        self.text.push_str(agreed);
        match choices {
            // A folder goes on with what is in it, and `volume=` with its value.
            [one] if one.ends_with(['/', '=']) => vec![],
            [_] => {
                self.text.extend(open);
                self.text.push(' ');
                vec![]
            }
            several => several.to_vec(),
        }
    }

    fn caret_to_end(&self, ui: &Ui, id: Id) {
        let mut state = TextEditState::load(ui.ctx(), id).unwrap_or_default();
        let end = CCursor::new(self.text.chars().count());
        state.cursor.set_char_range(Some(CCursorRange::one(end)));
        state.store(ui.ctx(), id);
    }
}

/// What came out of a [`Prompt`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entered {
    /// Enter was pressed; the line.
    Line(String),
    /// Tab was pressed and these words fit.
    Choices(Vec<String>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_goes_back_and_forth_and_returns_to_what_was_being_typed() {
        let mut prompt = Prompt { text: "dra".into(), ..Prompt::default() };
        prompt.remember("one");
        prompt.remember("two");
        prompt.remember("two");
        let mut seen = vec![];
        for back in [true, true, true, false, false, false] {
            let _ = if back { prompt.step_back() } else { prompt.step_forth() };
            seen.push(prompt.text.clone());
        }
        assert_eq!(seen, ["two", "one", "one", "two", "dra", "dra"]);
    }

    #[test]
    fn what_was_being_typed_is_sought_in_the_history() {
        let mut prompt = Prompt::default();
        for line in ["set kick volume 1", "add sampler snare", "get kick volume", "list"] {
            prompt.remember(line);
        }
        prompt.text = "kick".into();
        let mut seen = vec![];
        for back in [true, true, true, false, false] {
            let _ = if back { prompt.step_back() } else { prompt.step_forth() };
            seen.push(prompt.text.clone());
        }
        let (set, get) = ("set kick volume 1", "get kick volume");
        assert_eq!(seen, [get, set, set, get, "kick"]);
    }

    #[test]
    fn words_with_spaces_are_quoted_and_folders_go_on() {
        let mut prompt = Prompt { text: "load my".into(), ..Prompt::default() };
        assert!(prompt.complete(&["my song.json".into()]).is_empty());
        assert_eq!(prompt.text, "load \"my song.json\" ");
        prompt.text = "load 'my".into();
        assert!(prompt.complete(&["my song.json".into()]).is_empty());
        assert_eq!(prompt.text, "load 'my song.json' ");
        prompt.text = "load se".into();
        assert!(prompt.complete(&["sets/".into()]).is_empty());
        assert_eq!(prompt.text, "load sets/");
    }

    #[test]
    fn completion_goes_as_far_as_the_choices_agree() {
        let mut prompt = Prompt { text: "conn".into(), ..Prompt::default() };
        assert_eq!(prompt.complete(&["connect".into(), "connections".into()]).len(), 2);
        assert_eq!(prompt.text, "connect");
        prompt.text = "set ki".into();
        assert!(prompt.complete(&["kick".into()]).is_empty());
        assert_eq!(prompt.text, "set kick ");
    }
}
