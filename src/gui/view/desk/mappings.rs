//! Which layer goes to which track, how each stands, and what can be done about it. Thread: gui.

use egui::{Align, Color32, Frame, Label, Layout, Margin, Panel, RichText, ScrollArea, Ui, Vec2};

use super::super::super::scene::{Intents, Scene};
use super::super::super::theme;
use super::super::super::widget::named;
use super::acts::{self, Act};
use super::add::{Form, choice};
use super::detail::{Detail, What};
use super::{ask, column, dot, press, press_unless};
use crate::model::{Command, DeskState, Direction, Layer, Mapping, MappingState, MappingStatus, Name, Policy, Session};

/// Widths of the columns: state, layer, song, track, events.
const WIDTHS: [f32; 5] = [104.0, 130.0, 110.0, 190.0, 130.0];
/// Height of a mapping, in points: two lines.
const HEIGHT: f32 = 52.0;

/// In a pane lower than this, in points, a detail stands in place of the table.
const ROOM_FOR_BOTH: f32 = 330.0;

/// View state of the table.
#[derive(Default)]
pub struct Mappings {
    form: Form,
    detail: Detail,
}

/// Colour of a mapping's state.
pub fn colour(state: MappingState) -> Color32 {
    match state {
        MappingState::Unmapped => theme::WEAK,
        MappingState::Pending => theme::EDITING,
        MappingState::Synced => theme::PLAYING,
        MappingState::Diverged | MappingState::Waiting | MappingState::Held => theme::WARNING,
        MappingState::Error => theme::ERROR,
    }
}

/// One mapping as it is drawn.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    /// The layer's name.
    pub name: &'a Name,
    /// The layer.
    pub layer: &'a Layer,
    /// What was asked for.
    pub mapping: &'a Mapping,
    /// How it stands.
    pub status: &'a MappingStatus,
}

/// All mappings, in the order of the songs, then by name.
pub fn lines<'a>(session: &'a Session, desk: &'a DeskState, none: &'a MappingStatus) -> Vec<Line<'a>> {
    let line = |(name, mapping): (&'a Name, &'a std::sync::Arc<Mapping>)| {
        let layer = session.layers.get(name)?;
        let status = desk.mappings.get(name).unwrap_or(none);
        Some(Line { name, layer, mapping, status })
    };
    let mut all: Vec<Line<'a>> = session.mappings.iter().filter_map(line).collect();
    let place = |song: &str| session.songs.iter().position(|other| other.name == song);
    all.sort_by_key(|line| (place(&line.layer.song), line.name));
    all
}

impl Mappings {
    /// Draw it. `escape`: Esc was pressed and nobody was typing.
    pub fn ui(&mut self, ui: &mut Ui, scene: &Scene, escape: bool, intents: &mut Intents<'_>) {
        let (session, desk) = (&scene.snapshot.session, &*scene.snapshot.desk);
        // Not looked at yet: the link is off, or it has only just been told.
        let none = MappingStatus { state: MappingState::Pending, ..MappingStatus::default() };
        let all = lines(session, desk, &none);
        if escape && !self.detail.close() {
            self.form.open = false;
        }
        let shown = self.detail.of(&all);
        if let Some(line) = shown.filter(|_| ui.available_height() < ROOM_FOR_BOTH) {
            return self.detail.ui(ui, line, scene, intents);
        }
        if let Some(line) = shown {
            let strip = Frame::NONE.fill(theme::PANEL).inner_margin(Margin::same(8));
            let panel = Panel::bottom("desk detail").frame(strip).resizable(true).default_size(230.0);
            panel.size_range(90.0..=ui.available_height() - 160.0).show(ui, |ui| {
                // Or the panel would be as high as what is in it, and jump when that is something else.
                ui.set_min_size(ui.available_size());
                self.detail.ui(ui, line, scene, intents);
            });
        }
        if all.is_empty() {
            empty(ui, session);
        } else {
            ui.add_space(4.0);
            ui.horizontal(|ui| {
                if press(ui, "Map a layer…", "Map a layer", "Tie another layer to a track of the desk") {
                    self.form.open = !self.form.open;
                }
                ui.label(RichText::new(summary(&all)).color(theme::WEAK));
            });
        }
        if self.form.open || all.is_empty() {
            self.form.ui(ui, session, !all.is_empty(), intents);
        }
        if !all.is_empty() {
            self.table(ui, &all, scene, intents);
        }
    }

    fn table(&mut self, ui: &mut Ui, all: &[Line<'_>], scene: &Scene, intents: &mut Intents<'_>) {
        let bring = self.detail.brings().and_then(|uid| all.iter().position(|line| line.layer.uid == uid));
        ScrollArea::horizontal().id_salt("mapping columns").auto_shrink([false, false]).show(ui, |ui| {
            ui.horizontal(|ui| {
                for (word, width) in
                    ["State", "Layer", "Song", "Track on the desk", "Events here / desk"].into_iter().zip(WIDTHS)
                {
                    column(ui, width, RichText::new(word).small().color(theme::WEAK));
                }
                ui.label(RichText::new("Direction, who wins").small().color(theme::WEAK));
            });
            let area = ScrollArea::vertical().id_salt("mappings").auto_shrink([false, false]);
            area.show_rows(ui, HEIGHT, all.len(), |ui, range| {
                if let Some(at) = bring {
                    let below = (at as f32 - range.start as f32) * (HEIGHT + ui.spacing().item_spacing.y);
                    let corner = ui.cursor().min + Vec2::new(0.0, below);
                    ui.scroll_to_rect(egui::Rect::from_min_size(corner, Vec2::new(1.0, HEIGHT)), None);
                }
                for line in all.get(range).unwrap_or_default() {
                    self.line(ui, *line, scene, intents);
                }
            });
        });
    }

    fn line(&mut self, ui: &mut Ui, line: Line<'_>, scene: &Scene, intents: &mut Intents<'_>) {
        let chosen = self.detail.layer() == Some(line.layer.uid);
        let fill = if chosen { theme::CARET_LINE } else { theme::BACKGROUND };
        let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), HEIGHT), egui::Sense::hover());
        ui.painter().rect_filled(rect, 3.0, fill);
        ui.painter().hline(rect.x_range(), rect.bottom(), egui::Stroke::new(1.0, theme::LINE));
        let inside = egui::UiBuilder::new().max_rect(rect.shrink2(Vec2::new(0.0, 3.0))).id_salt(line.layer.uid.0);
        let mut inner = ui.new_child(inside.layout(Layout::top_down(Align::Min)));
        inner.spacing_mut().item_spacing.y = 3.0;
        inner.horizontal(|ui| self.facts(ui, line, chosen, intents));
        inner.horizontal(|ui| self.buttons(ui, line, scene, intents));
    }

    fn facts(&mut self, ui: &mut Ui, line: Line<'_>, chosen: bool, intents: &mut Intents<'_>) {
        let Line { name, layer, mapping, status } = line;
        dot(ui, 5.0, colour(status.state));
        let state = RichText::new(status.state.name()).strong().color(colour(status.state));
        column(ui, WIDTHS[0] - 20.0, state);
        let height = ui.spacing().interact_size.y;
        ui.allocate_ui_with_layout(Vec2::new(WIDTHS[1], height), Layout::left_to_right(Align::Center), |ui| {
            ui.set_width(WIDTHS[1]);
            let text = RichText::new(name.as_str()).strong();
            let pick = ui.add(egui::Button::selectable(chosen, text).truncate());
            named(&pick, &format!("mapping {name}"));
            if pick.on_hover_text(format!("{name}: what is the matter with it, in full")).clicked() {
                self.detail.show(layer.uid, What::About);
            }
        });
        column(ui, WIDTHS[2], RichText::new(&layer.song).color(theme::WEAK));
        let place = acts::mapping_place(mapping);
        let found = status.track.as_ref().map_or(String::new(), |track| format!(" ({track})"));
        column(ui, WIDTHS[3], RichText::new(format!("→ {place}{found}")).monospace());
        let (here, there) = status.events;
        column(ui, WIDTHS[4], RichText::new(format!("{here} / {there}")).monospace());
        let (mut direction, mut policy) = (mapping.direction, mapping.policy);
        let turned = choice(ui, &format!("direction of {name}"), &Direction::ALL, &mut direction, Direction::name);
        let ruled = choice(ui, &format!("policy of {name}"), &Policy::ALL, &mut policy, Policy::name);
        if turned || ruled {
            let new = Mapping { direction, policy, ..mapping.clone() };
            intents.wish(&format!("mapping of {name}"), Command::MapLayer(name.clone(), Some(new)));
        }
    }

    fn buttons(&mut self, ui: &mut Ui, line: Line<'_>, scene: &Scene, intents: &mut Intents<'_>) {
        let Line { name, mapping, status, .. } = line;
        let (desk, config) = (&*scene.snapshot.desk, &scene.snapshot.session.desk);
        if status.state == MappingState::Pending && desk.link == crate::model::LinkState::Connected {
            ui.spinner();
        }
        for act in acts::acts(mapping, status) {
            let why = acts::why_not(act, mapping, status, desk, config);
            let text = match act {
                Act::Conflicts => format!("{} conflicts", status.conflicts.len()),
                _ => act.text().to_owned(),
            };
            let spoken = format!("{} {name}", act.text().trim_end_matches('…'));
            if press_unless(ui, &text, &spoken, act.hint(), why.as_deref()) {
                self.act(act, line, intents);
            }
        }
        let text = sentence(line, scene);
        ui.add(Label::new(RichText::new(text).color(colour(status.state))).truncate());
    }

    fn act(&mut self, act: Act, line: Line<'_>, intents: &mut Intents<'_>) {
        let Line { name, layer, mapping, status } = line;
        match act {
            Act::Unmap => return intents.wish(&format!("unmap {name}"), Command::MapLayer(name.clone(), None)),
            Act::Conflicts => return self.detail.show(layer.uid, What::Conflicts),
            Act::Accept | Act::Preview => self.detail.show(layer.uid, What::Preview),
            _ => {
                if let Some(question) = acts::question(act, name, mapping, status) {
                    return self.detail.show(layer.uid, What::Sure(act, question));
                }
            }
        }
        if let Some(verb) = acts::verb(act, name, mapping) {
            ask(intents, &format!("{} {name}", act.text()), verb);
        }
    }
}

/// What there is to say about a mapping, in one line.
pub fn sentence(line: Line<'_>, scene: &Scene) -> String {
    let Line { mapping, status, .. } = line;
    let mut parts: Vec<String> = vec![];
    if !status.reason.is_empty() {
        parts.push(status.reason.to_string());
    } else if !scene.snapshot.session.desk.on {
        parts.push("the link is off".into());
    } else if !mapping.accepted {
        parts.push("only reads until its preview is accepted".into());
    }
    if status.drift.sum() > 0 {
        parts.push(format!("not written: {}", status.drift));
    }
    if let Some(writer) = &status.writer {
        parts.push(format!("written by {writer}"));
    }
    if !status.problems.is_empty() {
        parts.push(format!("{} events without their cue", status.problems.len()));
    }
    parts.join("; ")
}

/// How many stand how.
fn summary(all: &[Line<'_>]) -> String {
    use MappingState::{Diverged, Error, Held, Pending, Synced, Unmapped, Waiting};
    let count = |state| all.iter().filter(|line| line.status.state == state).count();
    let states = [Error, Held, Diverged, Waiting, Pending, Unmapped, Synced];
    let parts = states.into_iter().filter(|state| count(*state) > 0);
    parts.map(|state| format!("{} {}", count(state), state.name())).collect::<Vec<_>>().join(", ")
}

fn empty(ui: &mut Ui, session: &Session) {
    ui.add_space(10.0);
    ui.label(RichText::new("No layer is mapped.").size(18.0));
    let first = match session.layers.len() {
        0 => {
            "Name a new layer below and the track of the desk it goes to, or write layer(\"Beam\", { … }) in the Code view."
        }
        _ => "Choose a layer below and the track of the desk it goes to.",
    };
    ui.add(Label::new(first).wrap());
    let more = "A new mapping only reads the desk. It writes once you have seen its preview and accepted it.";
    ui.add(Label::new(RichText::new(more).color(theme::WEAK)).wrap());
    ui.add_space(8.0);
}
