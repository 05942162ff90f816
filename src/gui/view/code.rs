//! The Code view: the script buffer, running parts of it, and the console under it. Thread: gui.

mod buffer;
mod complete;
mod context;
pub(super) mod file;
mod find;
mod hint;
mod history;
mod keep;
mod keys;
mod marks;
mod merge;
mod page;
mod pairs;
mod place;
mod popup;
mod run;
mod standing;
mod under;

use std::ops::Range;
use std::sync::Arc;

use egui::{ComboBox, Id, Panel, RichText, Ui};

use super::super::keymap::Action;
use super::super::scene::{Intents, Scene};
use super::super::theme;
use super::super::widget::script_text;
use super::console::Console;
use crate::bus::Files;
use crate::model::{Ask, Command, Lexicon, Session, When};
use buffer::{Buffer, Desk};
use file::{ScriptFile, Turn};
use keep::Keeper;
use place::Place;
use run::{MOMENTS, Runs, countdown, moment_name};
use standing::{Standing, Wish, standing};

pub use buffer::editor_id;
#[cfg(test)]
pub use context::tests::words as test_words;

/// Writes a session as Lua: the script room's mirror, handed in because siblings do not import each other.
pub type Mirror = fn(&Session) -> String;

/// View state of the Code view.
pub struct Code {
    buffer: Buffer,
    keeper: Keeper,
    runs: Runs,
    moment: When,
    mirror: Mirror,
    words: Lexicon,
    file: ScriptFile,
    place: Place,
    restored: bool,
    // Whether the generated script is shown, and the one of the revision last seen.
    mirrored: bool,
    generated: (Option<u64>, Buffer),
    console: Console,
}

impl Code {
    /// An empty buffer.
    pub fn new(mirror: Mirror, words: Lexicon) -> Self {
        Self {
            buffer: Buffer::default(),
            keeper: Keeper::default(),
            runs: Runs::default(),
            moment: When::NextBar,
            mirror,
            words,
            file: ScriptFile::default(),
            place: Place::default(),
            restored: false,
            mirrored: false,
            generated: (None, Buffer::default()),
            console: Console::default(),
        }
    }

    /// What must happen every frame, shown or not: results, the session's text, saving what was typed.
    pub fn tend(&mut self, scene: &Scene, files: &dyn Files, intents: &mut Intents<'_>) {
        if let Some(merged) = self.keeper.look(&scene.snapshot.session.text, &self.buffer.text, scene.time) {
            self.buffer.take_in(&merged, scene.time);
            self.runs.follow(&self.buffer.text);
        }
        self.runs.look(&scene.snapshot, &self.buffer.text, scene.time);
        if self.keeper.due(scene.time) {
            self.save(intents);
        }
        self.tend_file(scene, files, intents);
    }

    /// The script's file, and where somebody was in it.
    fn tend_file(&mut self, scene: &Scene, files: &dyn Files, intents: &mut Intents<'_>) {
        let session = &scene.snapshot.session;
        if !std::mem::replace(&mut self.restored, true) {
            self.file.restore(session, files);
            self.place.restore(&mut self.buffer, session.layout.get(place::ENTRY));
        }
        if let Some(entry) = self.place.look(&self.buffer, scene.time) {
            intents.keep("place in the script", Command::SetLayout(place::ENTRY.into(), Some(entry)));
        }
        let turn = self.file.look(files, &self.buffer.text, scene.time);
        self.turn(turn, scene.time, intents);
    }

    fn turn(&mut self, turn: Option<Turn>, time: f64, intents: &mut Intents<'_>) {
        let Some(Turn::Take(text, run)) = turn else { return };
        self.buffer.replace(&text);
        self.keeper.typed(time);
        self.runs.follow(&text);
        if run {
            self.act(Action::RunAll, intents);
        }
    }

    /// The window is about to close: what was typed, and where, goes to the session; the next window begins there.
    pub fn close(&mut self, intents: &mut Intents<'_>) {
        self.save(intents);
        if let Some(entry) = self.place.last(&self.buffer) {
            intents.keep("place in the script", Command::SetLayout(place::ENTRY.into(), Some(entry)));
        }
        self.restored = false;
    }

    /// Whether something is typed that the session does not have yet.
    pub fn unsaved(&self) -> bool {
        self.keeper.unsaved()
    }

    /// Send what was typed, if anything.
    pub fn save(&mut self, intents: &mut Intents<'_>) {
        if let Some((before, after)) = self.keeper.send(&self.buffer.text) {
            intents.keep("script text", Command::EditText { before, after });
        }
    }

    /// Draw it.
    pub fn ui(&mut self, ui: &mut Ui, scene: &Scene, files: &dyn Files, intents: &mut Intents<'_>) {
        Panel::bottom("console").resizable(true).default_size(190.0).min_size(60.0).show(ui, |ui| {
            self.console.ui(ui, scene, intents);
        });
        ui.horizontal(|ui| self.tools(ui, scene, intents));
        if self.mirrored {
            self.complaints(ui);
            return self.show_mirror(ui, scene, intents);
        }
        let turn = self.file.ui(ui, files, &scene.snapshot.session, &self.buffer.text, intents);
        self.turn(turn, scene.time, intents);
        self.buffer.wants_keys |= std::mem::take(&mut self.file.leaves);
        self.complaints(ui);
        // While something is on its way nothing is offered: it would be about a text that is gone.
        let marks = if self.keeper.is_settled() { marks::of(&scene.snapshot.text, &self.buffer.text) } else { &[] };
        let desk = Desk { words: (self.words)(), snapshot: &scene.snapshot, marks, time: scene.time };
        let typed = self.buffer.edit(ui, &self.runs, &desk);
        if typed.changed {
            self.keeper.typed(scene.time);
            self.runs.follow(&self.buffer.text);
        }
        if let Some(text) = typed.chosen.filter(|_| !typed.changed) {
            self.put(&text, scene.time, intents);
        }
        for action in typed.actions {
            match action {
                Action::Save => self.file.save(files, &self.buffer.text, intents),
                other => self.act(other, intents),
            }
        }
    }

    /// Another text by the person's own hand, as if it were typed: text undo brings the one before back.
    fn put(&mut self, text: &Arc<str>, time: f64, intents: &mut Intents<'_>) {
        self.buffer.replace(text);
        self.keeper.typed(time);
        self.runs.follow(text);
        self.save(intents);
    }

    fn tools(&mut self, ui: &mut Ui, scene: &Scene, intents: &mut Intents<'_>) {
        if ui.selectable_label(!self.mirrored, "Edit").on_hover_text("Your script").clicked() {
            self.mirrored = false;
        }
        let hint = "The script that makes the session as it is now; read only";
        if ui.selectable_label(self.mirrored, "View").on_hover_text(hint).clicked() {
            self.mirrored = true;
        }
        ui.separator();
        ui.add_enabled_ui(!self.mirrored, |ui| {
            if ui.button("Run block").on_hover_text("Ctrl+Enter; now: Alt+Enter").clicked() {
                self.act(Action::RunBlock, intents);
            }
            if ui.button("Run all").on_hover_text("Ctrl+Shift+Enter or Ctrl+R").clicked() {
                self.act(Action::RunAll, intents);
            }
        });
        let hint = "Back to the last evaluation that ran well (Ctrl+Shift+Z or Ctrl+Alt+Z)";
        if ui.button("Last good").on_hover_text(hint).clicked() {
            self.act(Action::LastGood, intents);
        }
        let label = ui.label("at");
        let chosen = ComboBox::from_id_salt("moment").selected_text(moment_name(self.moment)).width(130.0);
        let shown = chosen.show_ui(ui, |ui| {
            for (moment, name) in MOMENTS {
                ui.selectable_value(&mut self.moment, moment, name);
            }
        });
        super::super::widget::named(&shown.response.labelled_by(label.id), "Moment");
        for (name, hint, mode) in [
            ("Find…", "Ctrl+F; replace: Ctrl+Shift+F or Ctrl+Alt+F", find::Mode::Find),
            ("Go to…", "Ctrl+G", find::Mode::Line),
        ] {
            if !self.mirrored && ui.button(name).on_hover_text(hint).clicked() {
                self.buffer.find.open(mode, "");
            }
        }
        for (name, hint, by) in
            [("A-", "Smaller letters (Ctrl+- or Ctrl+8)", -1.0), ("A+", "Larger letters (Ctrl+= or Ctrl+9)", 1.0)]
        {
            if ui.button(name).on_hover_text(hint).clicked() {
                self.buffer.resize(by);
            }
        }
        if let Some(text) = countdown(&scene.snapshot, scene.beat()) {
            ui.separator();
            ui.label(RichText::new(text).color(theme::EDITING));
        }
        if !self.mirrored && standing::counter(ui, &self.standing(scene)) {
            self.mirrored = true;
        }
        if self.keeper.unsaved() {
            ui.label(RichText::new("•").color(theme::EDITING)).on_hover_text("Typed, and saved in a moment");
        }
    }

    fn complaints(&self, ui: &mut Ui) {
        for mark in self.runs.marks.iter().take(3) {
            ui.label(RichText::new(format!("line {}: {}", mark.line + 1, mark.message)).color(theme::ERROR));
        }
        if let Some(message) = &self.runs.lost {
            ui.label(RichText::new(&**message).color(theme::ERROR));
        }
    }

    fn standing<'a>(&self, scene: &'a Scene) -> Standing<'a> {
        standing(&scene.snapshot.text, &self.buffer.text, !self.keeper.is_settled())
    }

    fn show_mirror(&mut self, ui: &mut Ui, scene: &Scene, intents: &mut Intents<'_>) {
        let wish = standing::strip(ui, &self.standing(scene));
        match wish {
            Some(Wish::RunScript) => self.act(Action::RunAll, intents),
            Some(Wish::WriteText) => {
                self.save(intents);
                intents.ask("write into script", Ask::WriteText);
            }
            None => {}
        }
        let revision = scene.snapshot.revision;
        if self.generated.0 != Some(revision) {
            self.generated.1.replace(&(self.mirror)(&scene.snapshot.session));
            self.generated.0 = Some(revision);
        }
        self.generated.1.view(ui);
    }

    /// Do what a key or button asked for.
    fn act(&mut self, action: Action, intents: &mut Intents<'_>) {
        let text = &self.buffer.text;
        let selected = script_text::lines_of(text, &self.buffer.selection);
        let caret = script_text::line_of(text, self.buffer.caret);
        let chosen = || match self.buffer.selection.is_empty() {
            false => Some(selected.clone()),
            true => script_text::block(text, caret),
        };
        let whole = 0..text.split('\n').count();
        match action {
            Action::RunBlock => self.run(chosen(), self.moment, intents),
            Action::RunNow => self.run(chosen(), When::Now, intents),
            Action::RunAll => self.run(Some(whole), self.moment, intents),
            Action::RunLine => self.run(Some(caret..caret + 1), self.moment, intents),
            Action::LastGood => intents.ask("last good", Ask::LastGood),
            _ => {}
        }
    }

    fn run(&mut self, lines: Option<Range<usize>>, when: When, intents: &mut Intents<'_>) {
        let lines = lines.filter(|lines| !script_text::slice(&self.buffer.text, lines).trim().is_empty());
        let Some(lines) = lines else {
            return intents.tell("Nothing to run here: put the caret on a line with code.");
        };
        self.save(intents);
        let text = script_text::slice(&self.buffer.text, &lines);
        let first_line = lines.start as u32 + 1;
        let whole = lines == (0..self.buffer.text.split('\n').count());
        let id = match whole {
            true => intents.eval_whole("buffer", &text, when),
            false => intents.eval("buffer", first_line, &text, when, false),
        };
        if let Some(id) = id {
            self.runs.sent(id, lines);
        }
    }
}

/// The identity of the editor of generated text.
pub fn mirror_id() -> Id {
    Id::unique("generated script")
}
