//! The Command view: the text commands with completion, history and truthful answers. Thread: gui.

use std::collections::VecDeque;

use egui::{Align, Id, Layout, RichText, ScrollArea, Ui};

use super::super::scene::{Intents, Scene};
use super::super::theme;
use super::super::widget::prompt::{Entered, Prompt};
use crate::bus::Files;
use crate::model::text::{Errand, Standing, complete, last_word, run, verb};
use crate::model::{Ask, BatchId, Command, Event, Origin, Session};

/// Most lines kept.
const LINES_MAX: usize = 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Input,
    Output,
    Error,
}

/// View state of the Command view.
pub struct CommandView {
    prompt: Prompt,
    lines: VecDeque<(Kind, String)>,
    // Batches whose fate the engine has not told yet, with their lines.
    sent: Vec<(BatchId, String)>,
    opened: bool,
}

impl Default for CommandView {
    fn default() -> Self {
        let welcome = "Type a command. help shows them all, Tab completes, Up brings lines back. Lua lives in the Code view (F2, Ctrl+2).";
        let lines = [(Kind::Output, welcome.to_owned())].into();
        Self { prompt: Prompt::default(), lines, sent: vec![], opened: false }
    }
}

/// The input line's identity.
pub fn prompt_id() -> Id {
    Id::unique("command input")
}

/// Files and folders, where the command being typed takes one.
fn paths(files: &dyn Files, session: &Session, line: &str) -> Vec<String> {
    let (start, _) = last_word(line);
    let mut words = line[..start].split_whitespace();
    let first = words.next().and_then(verb).map(|verb| verb.name);
    let takes = match first {
        Some("load" | "save" | "render") => words.next().is_none_or(|word| word.starts_with(['"', '\''])),
        Some("sample") => words.next() == Some("add") && words.next().is_some(),
        _ => false,
    };
    if takes { files.list(&line[start..], &session.folders) } else { vec![] }
}

impl CommandView {
    /// Hear what became of a Batch.
    pub fn hear(&mut self, event: &Event) {
        match event {
            Event::Applied { batch, .. } => self.sent.retain(|(id, _)| id != batch),
            Event::Refused { batch, error, .. } => {
                if let Some(at) = self.sent.iter().position(|(id, _)| id == batch) {
                    let (_, line) = self.sent.remove(at);
                    self.say(Kind::Error, &format!("\"{line}\" was refused: {error}"));
                }
            }
            _ => {}
        }
    }

    /// Draw it.
    pub fn ui(&mut self, ui: &mut Ui, scene: &Scene, files: &dyn Files, intents: &mut Intents<'_>) {
        if !self.opened {
            self.opened = true;
            self.prompt.focus();
        }
        ui.with_layout(Layout::bottom_up(Align::Min), |ui| {
            ui.add_space(4.0);
            ui.horizontal(|ui| {
                ui.label(RichText::new(">").monospace().color(theme::WEAK));
                let session = &scene.snapshot.session;
                let words = |text: &str| [complete(session, text), paths(files, session, text)].concat();
                let entered = self.prompt.show(ui, prompt_id(), "Command input", "help", words);
                match entered {
                    Some(Entered::Line(line)) => self.run(&line, scene, files, intents),
                    Some(Entered::Choices(words)) => self.say(Kind::Output, &words.join("  ")),
                    None => {}
                }
            });
            ui.label(RichText::new(self.usage()).small().color(theme::WEAK));
            ui.with_layout(Layout::top_down(Align::Min), |ui| self.answers(ui));
        });
    }

    /// How the command being typed goes on, and what it does.
    fn usage(&self) -> String {
        let first = self.prompt.text.split_whitespace().next().unwrap_or_default();
        verb(first).map_or(String::new(), |verb| format!("{} {}: {}", verb.name, verb.usage, verb.doc))
    }

    fn answers(&self, ui: &mut Ui) {
        let height = ui.text_style_height(&egui::TextStyle::Monospace);
        let area = ScrollArea::both().id_salt("command lines").stick_to_bottom(true).auto_shrink([false, false]);
        area.show_rows(ui, height, self.lines.len(), |ui, range| {
            for (kind, text) in self.lines.iter().skip(range.start).take(range.len()) {
                let colour = match kind {
                    Kind::Input => theme::WEAK,
                    Kind::Output => theme::TEXT,
                    Kind::Error => theme::ERROR,
                };
                ui.add(egui::Label::new(RichText::new(text).monospace().color(colour)).extend());
            }
        });
    }

    fn say(&mut self, kind: Kind, text: &str) {
        for line in text.lines() {
            self.lines.push_back((kind, line.to_owned()));
        }
        while self.lines.len() > LINES_MAX {
            self.lines.pop_front();
        }
    }

    fn run(&mut self, line: &str, scene: &Scene, files: &dyn Files, intents: &mut Intents<'_>) {
        self.say(Kind::Input, &format!("> {line}"));
        if matches!(line.trim(), "clear" | "cls") {
            self.lines.clear();
            return;
        }
        let mut draft = (*scene.snapshot.session).clone();
        let standing = Standing {
            playing: scene.playing(),
            beat: scene.beat(),
            bpm: scene.clock.bpm,
            host_leads: scene.host_leads(),
            callbacks: intents.remote().meters.timing(),
            desk: Some(scene.snapshot.desk.clone()),
        };
        let reply = match run(&mut draft, standing, line) {
            Ok(reply) => reply,
            Err(error) => return self.say(Kind::Error, &error.0),
        };
        let quiet = reply.lines.is_empty() && reply.errands.is_empty();
        if !reply.commands.is_empty() {
            match intents.batch(Origin::Text, line, reply.commands) {
                Some(id) => self.sent.push((id, line.to_owned())),
                None => return self.say(Kind::Error, "the engine's queue is full, nothing was done; try again"),
            }
            if quiet {
                self.say(Kind::Output, "done");
            }
        }
        for text in &reply.lines {
            self.say(Kind::Output, text);
        }
        for errand in reply.errands {
            match self.errand(errand, line, &draft, scene, files, intents) {
                Ok(text) => self.say(Kind::Output, &text),
                Err(text) => self.say(Kind::Error, &text),
            }
        }
    }

    fn errand(
        &mut self,
        errand: Errand,
        line: &str,
        draft: &Session,
        scene: &Scene,
        files: &dyn Files,
        intents: &mut Intents<'_>,
    ) -> Result<String, String> {
        match errand {
            Errand::Undo => {
                let last = scene.snapshot.undo.last().ok_or("there is nothing to undo")?;
                intents.ask("undo", Ask::Undo);
                Ok(format!("taking back: {}", last.label))
            }
            Errand::Redo => {
                // The redo list keeps the next one last.
                let next = scene.snapshot.redo.last().ok_or("there is nothing to redo")?;
                intents.ask("redo", Ask::Redo);
                Ok(format!("doing again: {}", next.label))
            }
            Errand::LastGood => {
                intents.ask("last good", Ask::LastGood);
                Ok("back to the last good evaluation".to_owned())
            }
            Errand::Hush => {
                intents.ask("hush", Ask::Hush);
                Ok("hush".to_owned())
            }
            Errand::Panic => {
                intents.ask("panic", Ask::Panic);
                Ok("panic".to_owned())
            }
            Errand::Save(path) => {
                files.write_text(&path, &draft.to_json())?;
                Ok(format!("saved to {path}"))
            }
            Errand::Load(path) => {
                let (found, text) = files.read_text(&path, &draft.folders)?;
                let session = Session::from_json(&text).map_err(|error| format!("{found}: {error}"))?;
                let load = vec![Command::Load(session.into())];
                let id =
                    intents.batch(Origin::Text, line, load).ok_or("the engine's queue is full, nothing was loaded")?;
                self.sent.push((id, line.to_owned()));
                Ok(format!("loaded {found}"))
            }
            Errand::Render(..) => {
                Err("render works in the headless program; in a host, use the host's own bounce".into())
            }
        }
    }
}
