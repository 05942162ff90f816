//! What there is to say and to decide about one mapping: its reason in full, the preview, a question, the conflicts.
//! Thread: gui.

use egui::{Label, RichText, ScrollArea, Ui};

use super::super::super::scene::{Intents, Scene};
use super::super::super::theme;
use super::super::super::widget::named;
use super::acts::{self, Act};
use super::mappings::{Line, colour, sentence};
use super::timecode::timecode;
use super::{ask, conflicts, press, press_unless};
use crate::model::{DeskVerb, LinkState, MappingState, Preview, Uid};

/// What is shown of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// The reason in full, what is wrong with which event.
    About,
    /// What would be written.
    Preview,
    /// Events that both sides changed.
    Conflicts,
    /// Whether an act is really wanted: the question.
    Sure(Act, String),
}

/// View state of the detail.
#[derive(Default)]
pub struct Detail {
    // Of which layer, by identity: it survives a rename.
    shown: Option<(Uid, What)>,
    // The focus goes to the first button, so that Enter and Esc are ours.
    focus: bool,
    // The mapping's line comes into sight: the detail may have opened over it.
    bring: bool,
}

impl Detail {
    /// Show something of a layer's mapping.
    pub fn show(&mut self, layer: Uid, what: What) {
        self.shown = Some((layer, what));
        (self.focus, self.bring) = (true, true);
    }

    /// The layer whose line is to come into sight, once.
    pub fn brings(&mut self) -> Option<Uid> {
        std::mem::take(&mut self.bring).then(|| self.layer()).flatten()
    }

    /// Close it; says whether it was open.
    pub fn close(&mut self) -> bool {
        self.shown.take().is_some()
    }

    /// Whose it is.
    pub fn layer(&self) -> Option<Uid> {
        self.shown.as_ref().map(|(layer, _)| *layer)
    }

    /// The line it is about, while that is there.
    pub fn of<'a>(&self, all: &[Line<'a>]) -> Option<Line<'a>> {
        all.iter().copied().find(|line| Some(line.layer.uid) == self.layer())
    }

    /// Draw it.
    pub fn ui(&mut self, ui: &mut Ui, line: Line<'_>, scene: &Scene, intents: &mut Intents<'_>) {
        let Some((_, what)) = self.shown.clone() else { return };
        let mut open = true;
        match what {
            What::About => open = self.about(ui, line, scene),
            What::Preview => open = self.preview(ui, line, scene, intents),
            What::Sure(act, question) => open = self.sure(ui, act, &question, line, intents),
            What::Conflicts => {
                ui.horizontal_wrapped(|ui| {
                    open = !self.leave(ui, "Close", "Close conflicts");
                    conflicts::head(ui, line, intents);
                });
                conflicts::list(ui, line, intents);
            }
        }
        if !open {
            self.shown = None;
        }
    }

    /// The button that closes; it gets the focus when the detail opens.
    fn leave(&mut self, ui: &mut Ui, text: &str, name: &str) -> bool {
        let button = ui.button(text);
        named(&button, name);
        if std::mem::take(&mut self.focus) {
            button.request_focus();
        }
        button.on_hover_text("Esc").clicked()
    }

    fn about(&mut self, ui: &mut Ui, line: Line<'_>, scene: &Scene) -> bool {
        let mut open = true;
        ui.horizontal_wrapped(|ui| {
            open = !self.leave(ui, "Close", "Close detail");
            let name = line.name;
            let state = line.status.state;
            ui.label(RichText::new(format!("{name}: {}", state.name())).strong().color(colour(state)));
            let (desk, config) = (&scene.snapshot.desk, &scene.snapshot.session.desk);
            let why = acts::why_not(Act::Restore, line.mapping, line.status, desk, config);
            let (text, hint) = (Act::Restore.text(), Act::Restore.hint());
            if press_unless(ui, text, &format!("{text} {name}"), hint, why.as_deref())
                && let Some(question) = acts::question(Act::Restore, name, line.mapping, line.status)
            {
                self.show(line.layer.uid, What::Sure(Act::Restore, question));
            }
        });
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            let sentence = sentence(line, scene);
            if !sentence.is_empty() {
                ui.add(Label::new(RichText::new(sentence).color(colour(line.status.state))).wrap());
            }
            ui.add(Label::new(RichText::new(tied(line)).color(theme::WEAK)).wrap());
            for (uid, problem) in line.status.problems.iter() {
                let at = line.layer.get(*uid).map_or(String::new(), |event| timecode(line.layer.rate, event.ticks));
                let text = RichText::new(format!("{at}  {problem}")).monospace().color(theme::WARNING);
                ui.add(Label::new(text).wrap());
            }
        });
        open
    }

    fn sure(&mut self, ui: &mut Ui, act: Act, question: &str, line: Line<'_>, intents: &mut Intents<'_>) -> bool {
        let mut open = true;
        ui.add(Label::new(RichText::new(question).size(15.0)).wrap());
        ui.add_space(4.0);
        ui.horizontal(|ui| {
            open = !self.leave(ui, "Cancel", "Cancel");
            if press(ui, RichText::new(act.text()).strong(), &format!("Yes, {}", act.text()), act.hint()) {
                if let Some(verb) = acts::verb(act, line.name, line.mapping) {
                    ask(intents, &format!("{} {}", act.text(), line.name), verb);
                }
                open = false;
            }
        });
        open
    }

    fn preview(&mut self, ui: &mut Ui, line: Line<'_>, scene: &Scene, intents: &mut Intents<'_>) -> bool {
        let mut open = true;
        let (name, status) = (line.name, line.status);
        let waits = status.preview.is_none().then_some("The preview is not there yet");
        ui.horizontal_wrapped(|ui| {
            open = !self.leave(ui, "Cancel", "Cancel preview");
            if line.mapping.accepted {
                let (desk, config) = (&scene.snapshot.desk, &scene.snapshot.session.desk);
                for act in [Act::Push, Act::Pull] {
                    let why = acts::why_not(act, line.mapping, status, desk, config);
                    let why = waits.map(str::to_owned).or(why);
                    let spoken = format!("{} {name} as shown", act.text());
                    if press_unless(ui, &format!("{} now", act.text()), &spoken, act.hint(), why.as_deref())
                        && let Some(verb) = acts::verb(act, name, line.mapping)
                    {
                        ask(intents, &format!("{} {name}", act.text()), verb);
                        open = false;
                    }
                }
            } else {
                let hint = "This is what is wanted: from now on the mapping writes";
                if press_unless(ui, "Accept", "Accept preview", hint, waits) {
                    ask(intents, &format!("accept {name}"), DeskVerb::Accept(Some(name.clone())));
                    open = false;
                }
            }
            ui.label(RichText::new(format!("What would happen to {name}")).strong());
        });
        match &status.preview {
            Some(preview) => shown(ui, preview),
            None => missing(ui, line, scene),
        }
        open
    }
}

/// What the mapping asks for, in a sentence.
fn tied(line: Line<'_>) -> String {
    let Line { layer, mapping, status, .. } = line;
    let found =
        status.track.as_ref().map_or("not found on the desk yet".to_owned(), |track| format!("found as {track}"));
    let sequence =
        mapping.sequence.map_or("the sequence that is there".to_owned(), |number| format!("sequence {number}"));
    let make = if mapping.create { "what is missing may be made" } else { "nothing is made" };
    let (here, there) = status.events;
    format!(
        "Song {}, track {} ({found}), {sequence}, offset {}, missing cues: {}, {make}. {here} events here, {there} on the desk.",
        layer.song,
        acts::mapping_place(mapping),
        timecode(layer.rate, mapping.offset),
        mapping.cues.name(),
    )
}

/// No preview yet: being asked for, or why it cannot come.
fn missing(ui: &mut Ui, line: Line<'_>, scene: &Scene) {
    let failed = matches!(line.status.state, MappingState::Error | MappingState::Waiting);
    if scene.snapshot.desk.link != LinkState::Connected {
        ui.label(RichText::new("The desk is not connected; the preview comes when it is.").color(theme::WARNING));
    } else if failed && !line.status.reason.is_empty() {
        ui.add(Label::new(RichText::new(&*line.status.reason).color(theme::ERROR)).wrap());
    } else {
        ui.horizontal(|ui| {
            ui.spinner();
            ui.label("Asking the desk what it has…");
        });
    }
}

fn shown(ui: &mut Ui, preview: &Preview) {
    ui.label(RichText::new(format!("On the desk: {}", preview.desk)).monospace());
    ui.label(RichText::new(format!("Here:        {}", preview.here)).monospace());
    if !preview.made.is_empty() {
        let text = format!("Made on the desk first: {}", preview.made.join(", "));
        ui.add(Label::new(RichText::new(text).color(theme::WARNING)).wrap());
    }
    if preview.lines.is_empty() {
        let nothing = preview.desk.sum() + preview.here.sum() == 0;
        ui.label(if nothing { "Both sides are equal: nothing would change." } else { "" });
        return;
    }
    ui.separator();
    let height = ui.text_style_height(&egui::TextStyle::Monospace);
    let area = ScrollArea::vertical().id_salt("preview lines").auto_shrink([false, false]);
    area.show_rows(ui, height, preview.lines.len(), |ui, range| {
        for line in preview.lines.get(range).unwrap_or_default() {
            let colour = match line.chars().next() {
                Some('+') => theme::PLAYING,
                Some('-' | '−') => theme::ERROR,
                _ => theme::TEXT,
            };
            ui.add(Label::new(RichText::new(&**line).monospace().color(colour)).truncate());
        }
    });
}
