//! The script's file: open, save, save as, and what to do when somebody else writes it. Thread: gui.
//!
//! The session keeps the text in any case; a file is for other editors, other sessions and version control.

use std::path::Path;

use egui::{Id, Key, Modifiers, RichText, TextEdit, Ui};

use crate::bus::Files;
use crate::gui::scene::Intents;
use crate::gui::theme;
use crate::gui::widget::named;
use crate::model::{Command, Session};

/// Seconds between two looks at the file.
const LOOK_SECS: f64 = 1.0;
/// Layout entries: the file, and whether it is run when it was written elsewhere.
const PATH_ENTRY: &str = "script.path";
const RUN_ENTRY: &str = "script.run";
/// Most names shown under the path field.
const NAMES_MAX: usize = 24;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    Open,
    SaveAs,
}

/// What happens to the buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// This text takes its place; whether it was written by somebody else and is to be run.
    Take(String, bool),
}

/// View state of the script's file.
#[derive(Default)]
pub struct ScriptFile {
    // Where it is, as the file room found it.
    path: Option<String>,
    // What was there when it was last read or written, and when that was.
    disk: Option<String>,
    stamp: Option<u64>,
    looked: Option<f64>,
    // What somebody else wrote while the buffer had changes.
    theirs: Option<String>,
    run: bool,
    asking: Option<Asking>,
    field: String,
    focus: bool,
    // A path that would be written over; Enter again does it.
    sure: Option<String>,
    restored: bool,
    /// The path field was closed: the keys are to go to the text again.
    pub leaves: bool,
}

/// How many lines of two texts are not the same, lines put in and taken out counted.
pub fn lines_that_differ(one: &str, other: &str) -> usize {
    let (one, other): (Vec<&str>, Vec<&str>) = (one.lines().collect(), other.lines().collect());
    let start = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let end = one[start..].iter().rev().zip(other[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    (one.len() - start - end).max(other.len() - start - end)
}

/// Where a path that was typed is written: a relative one in the session's first folder.
pub fn place(typed: &str, folders: &[String]) -> Result<String, String> {
    if typed.is_empty() {
        return Err("give the path of a file".into());
    }
    if Path::new(typed).is_absolute() {
        return Ok(typed.to_owned());
    }
    let folder = folders.first().ok_or_else(|| {
        format!("{typed}: the session has no folder yet, so give the whole path (it begins with / or a drive)")
    })?;
    Ok(format!("{}/{typed}", folder.trim_end_matches('/')))
}

impl ScriptFile {
    /// Read the session's layout once, when the window opens.
    pub fn restore(&mut self, session: &Session, files: &dyn Files) {
        if std::mem::replace(&mut self.restored, true) {
            return;
        }
        self.run = session.layout.get(RUN_ENTRY).is_some_and(|word| word == "on");
        let Some(path) = session.layout.get(PATH_ENTRY) else { return };
        self.path = Some(path.clone());
        self.stamp = files.changed_at(path);
        self.disk = files.read_text(path, &session.folders).ok().map(|(_, text)| text);
    }

    /// Look at the file, at most once a second.
    pub fn look(&mut self, files: &dyn Files, buffer: &str, time: f64) -> Option<Turn> {
        let path = self.path.as_ref()?;
        if self.looked.is_some_and(|looked| time - looked < LOOK_SECS) {
            return None;
        }
        self.looked = Some(time);
        let stamp = files.changed_at(path);
        if stamp == self.stamp || stamp.is_none() {
            return None;
        }
        // A file that is being written right now is read in a second.
        let (_, text) = files.read_text(path, &[]).ok()?;
        self.stamp = stamp;
        let mine = self.disk.as_deref() != Some(buffer);
        if text == buffer {
            self.theirs = None;
            self.disk = Some(text);
            None
        } else if mine {
            self.theirs = Some(text);
            None
        } else {
            self.disk = Some(text.clone());
            Some(Turn::Take(text, self.run))
        }
    }

    /// Save to its file, or ask for one.
    pub fn save(&mut self, files: &dyn Files, buffer: &str, intents: &mut Intents<'_>) {
        match self.path.clone() {
            Some(path) => self.write(path, files, buffer, intents),
            None => self.ask(Asking::SaveAs),
        }
    }

    fn ask(&mut self, asking: Asking) {
        self.asking = Some(asking);
        self.focus = true;
        self.sure = None;
        self.field.clear();
    }

    fn write(&mut self, path: String, files: &dyn Files, buffer: &str, intents: &mut Intents<'_>) {
        match files.write_text(&path, buffer) {
            Ok(()) => {
                self.stamp = files.changed_at(&path);
                self.disk = Some(buffer.to_owned());
                self.theirs = None;
                intents.tell(format!("saved to {path}"));
                self.stands_at(path, intents);
            }
            Err(error) => intents.tell(format!("not saved: {error}")),
        }
    }

    fn stands_at(&mut self, path: String, intents: &mut Intents<'_>) {
        if self.path.as_ref() != Some(&path) {
            intents.keep("script file", Command::SetLayout(PATH_ENTRY.into(), Some(path.clone())));
            self.path = Some(path);
        }
        self.asking = None;
    }

    /// Draw the row: the file's name, its buttons, the path field and the question when somebody else wrote it.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        files: &dyn Files,
        session: &Session,
        buffer: &str,
        intents: &mut Intents<'_>,
    ) -> Option<Turn> {
        let mut turn = None;
        ui.horizontal_wrapped(|ui| {
            if ui.button("Open…").on_hover_text("Read a script from a file").clicked() {
                self.ask(Asking::Open);
            }
            if ui.button("Save").on_hover_text("Ctrl+S").clicked() {
                self.save(files, buffer, intents);
            }
            if ui.button("Save as…").clicked() {
                self.ask(Asking::SaveAs);
            }
            let hint = "When another program has written the file, run it at the moment chosen";
            if self.path.is_some() && ui.checkbox(&mut self.run, "run on save").on_hover_text(hint).changed() {
                let word = if self.run { "on" } else { "off" };
                intents.keep("run on save", Command::SetLayout(RUN_ENTRY.into(), Some(word.into())));
            }
            if let Some(path) = &self.path {
                let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
                let changed = if self.disk.as_deref() == Some(buffer) { "" } else { " (changed)" };
                ui.label(RichText::new(format!("{name}{changed}")).color(theme::WEAK)).on_hover_text(path);
            }
        });
        if let Some(asking) = self.asking {
            turn = self.path_row(ui, asking, files, session, buffer, intents);
        }
        turn.or_else(|| self.question(ui, buffer))
    }

    fn path_row(
        &mut self,
        ui: &mut Ui,
        asking: Asking,
        files: &dyn Files,
        session: &Session,
        buffer: &str,
        intents: &mut Intents<'_>,
    ) -> Option<Turn> {
        let names = files.list(&self.field, &session.folders);
        let id = Id::unique("script path");
        let (mut done, mut away) = (false, false);
        if ui.memory(|memory| memory.has_focus(id)) {
            ui.input_mut(|input| {
                done = input.consume_key(Modifiers::NONE, Key::Enter);
                away = input.consume_key(Modifiers::NONE, Key::Escape);
                if input.consume_key(Modifiers::NONE, Key::Tab)
                    && let Some(first) = names.first()
                {
                    self.field = agreed(first, &names);
                    self.focus = true;
                }
            });
        }
        ui.horizontal(|ui| {
            ui.label(if asking == Asking::Open { "Open" } else { "Save as" });
            let filter = egui::EventFilter { tab: true, horizontal_arrows: true, vertical_arrows: true, escape: true };
            let edit = TextEdit::singleline(&mut self.field).id(id).font(theme::code_font()).event_filter(filter);
            let response = ui.add(edit.hint_text("sets/night.lua").desired_width(360.0));
            named(&response, "Script path");
            if std::mem::take(&mut self.focus) {
                response.request_focus();
                let mut state = egui::text_edit::TextEditState::load(ui.ctx(), id).unwrap_or_default();
                let end = egui::text::CCursor::new(self.field.chars().count());
                state.cursor.set_char_range(Some(egui::text::CCursorRange::one(end)));
                state.store(ui.ctx(), id);
            }
            done |= ui.button("OK").clicked();
            away |= ui.button("Cancel").clicked();
        });
        ui.horizontal_wrapped(|ui| {
            for name in names.iter().take(NAMES_MAX) {
                if ui.small_button(name).clicked() {
                    self.field.clone_from(name);
                    self.focus = true;
                }
            }
        });
        if away {
            self.asking = None;
            self.leaves = true;
        }
        if !done {
            return None;
        }
        let typed = self.field.trim().to_owned();
        match asking {
            Asking::Open => match files.read_text(&typed, &session.folders) {
                Ok((found, text)) => {
                    self.stamp = files.changed_at(&found);
                    self.disk = Some(text.clone());
                    self.theirs = None;
                    self.stands_at(found, intents);
                    self.leaves = true;
                    return Some(Turn::Take(text, false));
                }
                Err(error) => intents.tell(format!("not opened: {error}")),
            },
            Asking::SaveAs => match place(&typed, &session.folders) {
                Ok(path) => {
                    let other = self.path.as_ref() != Some(&path) && files.changed_at(&path).is_some();
                    if other && self.sure.as_ref() != Some(&path) {
                        intents.tell(format!("{path} is there already; Enter again writes over it"));
                        self.sure = Some(path);
                        self.focus = true;
                    } else {
                        self.write(path, files, buffer, intents);
                        self.leaves = true;
                    }
                }
                Err(error) => intents.tell(format!("not saved: {error}")),
            },
        }
        None
    }

    fn question(&mut self, ui: &mut Ui, buffer: &str) -> Option<Turn> {
        let theirs = self.theirs.as_ref()?;
        let count = lines_that_differ(buffer, theirs);
        let mut turn = None;
        let mut keep = false;
        ui.horizontal_wrapped(|ui| {
            let what = format!("Another program wrote this file, and there are changes here: {count} lines differ.");
            ui.label(RichText::new(what).color(theme::WARNING));
            keep = ui.button("Keep mine").clicked();
            if ui.button("Take theirs").on_hover_text("Ctrl+Z brings yours back").clicked() {
                turn = Some(Turn::Take(theirs.clone(), false));
            }
        });
        if keep || turn.is_some() {
            // What is on the disk is known now; mine differs from it until it is saved.
            self.disk = self.theirs.take();
        }
        turn
    }
}

/// As far as all names agree with the first.
pub fn agreed(first: &str, names: &[String]) -> String {
    let common = |a: &str, b: &str| a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
    names.iter().fold(first.to_owned(), |agreed, name| common(&agreed, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_differ_are_counted_once() {
        assert_eq!(lines_that_differ("a\nb\nc", "a\nx\nc"), 1);
        assert_eq!(lines_that_differ("a\nb", "a\nx\ny\nb"), 2);
        assert_eq!(lines_that_differ("same", "same"), 0);
        assert_eq!(lines_that_differ("", "a\nb"), 2);
    }

    #[test]
    fn a_relative_path_is_in_the_sessions_folder() {
        assert_eq!(place("a.lua", &["/songs/".into()]), Ok("/songs/a.lua".into()));
        assert!(place("a.lua", &[]).is_err_and(|error| error.contains("whole path")));
        assert!(place("", &[]).is_err());
    }
}
