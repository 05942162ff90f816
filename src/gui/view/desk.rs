//! The Desk view: how the link to the lighting desk stands, which layer goes to which track, what would be written, who
//! disagrees, and what goes over the wire. Thread: gui.
//!
//! Reading order: this file (the frame), [`head`] (the link), [`mappings`] with [`acts`], [`add`], [`detail`] and
//! [`conflicts`] (layers and tracks), [`layers`] (events), [`packets`] (the wire), [`setup`] (the way there).

use egui::{Button, Frame, Key, Margin, Panel, RichText, Ui, Vec2};

use super::super::scene::{Intents, Scene};
use super::super::theme;
use super::super::widget::named;
use crate::bus::Files;
use crate::model::{Command, DeskVerb, Session};

pub mod acts;
pub mod add;
pub mod conflicts;
pub mod detail;
pub mod head;
pub mod layers;
pub mod mappings;
pub mod packets;
pub mod path_row;
pub mod setup;
pub mod timecode;

/// The files of the desk's plug-in: name and text of each, in the order they are written.
pub type DeskFiles = &'static [(&'static str, &'static str)];

/// Layout entry: the pane that is shown.
const PANE_ENTRY: &str = "desk.pane";

/// Parts of the view, one at a time under the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pane {
    /// Layers and tracks.
    #[default]
    Mappings,
    /// A layer's events.
    Layers,
    /// What goes over the wire.
    Packets,
    /// Self-test, plug-in, pocket desk.
    Setup,
}

impl Pane {
    /// All, in the order of their tabs.
    pub const ALL: [Pane; 4] = [Self::Mappings, Self::Layers, Self::Packets, Self::Setup];

    /// What its tab says, and what the layout keeps.
    pub fn title(self) -> &'static str {
        match self {
            Self::Mappings => "Mappings",
            Self::Layers => "Layers",
            Self::Packets => "Packets",
            Self::Setup => "Set-up",
        }
    }
}

/// View state of the Desk view.
#[derive(Default)]
pub struct DeskView {
    pane: Pane,
    restored: bool,
    // Whether a text field had the focus in the last frame: Esc then leaves the field and nothing else.
    typed: bool,
    head: head::Head,
    mappings: mappings::Mappings,
    layers: layers::Layers,
    packets: packets::Packets,
    setup: setup::Setup,
    files: DeskFiles,
}

impl DeskView {
    /// A view that can write these files of the desk's plug-in.
    pub fn new(files: DeskFiles) -> Self {
        Self { files, ..Self::default() }
    }

    /// The files it was made with.
    pub fn files(&self) -> DeskFiles {
        self.files
    }

    /// Draw it.
    pub fn ui(&mut self, ui: &mut Ui, scene: &Scene, files: &dyn Files, intents: &mut Intents<'_>) {
        self.restore(&scene.snapshot.session);
        let escape = !self.typed && ui.input(|input| input.key_pressed(Key::Escape));
        let strip = Frame::NONE.fill(theme::PANEL).inner_margin(Margin::symmetric(10, 6));
        Panel::top("desk head").frame(strip).show(ui, |ui| self.head.ui(ui, scene, intents));
        let tabs = Frame::NONE.inner_margin(Margin::symmetric(4, 4));
        Panel::top("desk panes").frame(tabs).show(ui, |ui| self.tabs(ui, scene, intents));
        match self.pane {
            Pane::Mappings => self.mappings.ui(ui, scene, escape, intents),
            Pane::Layers => self.layers.ui(ui, scene),
            Pane::Packets => self.packets.ui(ui, scene, files, escape, intents),
            Pane::Setup => self.setup.ui(ui, scene, files, self.files, intents),
        }
        self.typed = ui.ctx().text_edit_focused();
    }

    fn restore(&mut self, session: &Session) {
        if std::mem::replace(&mut self.restored, true) {
            return;
        }
        if let Some(title) = session.layout.get(PANE_ENTRY) {
            self.pane = Pane::ALL.into_iter().find(|pane| pane.title() == title).unwrap_or_default();
        }
    }

    fn tabs(&mut self, ui: &mut Ui, scene: &Scene, intents: &mut Intents<'_>) {
        let desk = &scene.snapshot.desk;
        let conflicts: usize = desk.mappings.values().map(|status| status.conflicts.len()).sum();
        ui.horizontal_wrapped(|ui| {
            for pane in Pane::ALL {
                let text = match pane {
                    Pane::Mappings if conflicts > 0 => {
                        RichText::new(format!("Mappings ({conflicts} conflicts)")).color(theme::WARNING)
                    }
                    Pane::Layers => RichText::new(format!("Layers ({})", scene.snapshot.session.layers.len())),
                    _ => RichText::new(pane.title()),
                };
                let tab = ui.selectable_label(pane == self.pane, text);
                let count = if pane == Pane::Mappings && conflicts > 0 {
                    format!(", {conflicts} conflicts")
                } else {
                    String::new()
                };
                named(&tab, &format!("{}{count}", pane.title()));
                if tab.clicked() && pane != self.pane {
                    self.pane = pane;
                    let title = Some(pane.title().to_owned());
                    intents.keep("pane of the Desk view", Command::SetLayout(PANE_ENTRY.into(), title));
                }
            }
        });
    }
}

/// A button with a name that is spoken and a hint.
fn press(ui: &mut Ui, text: impl Into<RichText>, name: &str, hint: &str) -> bool {
    let button = ui.button(text.into());
    named(&button, name);
    button.on_hover_text(hint).clicked()
}

/// The same where it may be that it cannot be pressed: `why` says so.
fn press_unless(ui: &mut Ui, text: &str, name: &str, hint: &str, why: Option<&str>) -> bool {
    let button = ui.add_enabled(why.is_none(), Button::new(text));
    named(&button, name);
    let button = button.on_hover_text(hint);
    button.on_disabled_hover_text(why.unwrap_or_default()).clicked()
}

/// Text in a column of its own width, cut where it is longer; the whole text on hover.
fn column(ui: &mut Ui, width: f32, text: RichText) {
    let height = ui.spacing().interact_size.y;
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    ui.allocate_ui_with_layout(Vec2::new(width, height), layout, |ui| {
        ui.set_width(width);
        ui.add(egui::Label::new(text).truncate());
    });
}

/// Ask something of the link.
fn ask(intents: &mut Intents<'_>, label: &str, verb: DeskVerb) {
    intents.wish(label, Command::Desk(verb));
}

/// A spot of colour beside a word that says the same. Drawn, for not every font has a sign for it.
fn dot(ui: &mut Ui, radius: f32, colour: egui::Color32) {
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(radius * 2.0 + 2.0), egui::Sense::hover());
    ui.painter().circle_filled(rect.center(), radius, colour);
}
