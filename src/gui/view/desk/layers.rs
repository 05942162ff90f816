//! The events of a layer, one under the other, to read. Thread: gui.

use std::collections::HashMap;

use egui::{Button, Frame, Label, Margin, Panel, RichText, ScrollArea, Ui};

use super::super::super::scene::Scene;
use super::super::super::theme;
use super::super::super::widget::named;
use super::acts::mapping_place;
use super::timecode::timecode;
use crate::model::{Layer, LayerEvent, Name, Session, Uid};

/// View state of the pane.
#[derive(Default)]
pub struct Layers {
    // By identity: both survive a rename and a move.
    layer: Option<Uid>,
    event: Option<Uid>,
}

impl Layers {
    /// Draw it.
    pub fn ui(&mut self, ui: &mut Ui, scene: &Scene) {
        let session = &*scene.snapshot.session;
        if session.layers.is_empty() {
            ui.add_space(10.0);
            ui.label(RichText::new("There is no layer yet.").size(18.0));
            let first = "Map a layer in Mappings, or write layer(\"Beam\", { song = \"main\" }) in the Code view.";
            ui.add(Label::new(first).wrap());
            return;
        }
        let side = Frame::NONE.fill(theme::PANEL).inner_margin(Margin::same(8));
        Panel::left("layers").frame(side).resizable(true).default_size(220.0).size_range(120.0..=420.0).show(
            ui,
            |ui| {
                ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| self.list(ui, session));
            },
        );
        let chosen = session.layers.iter().find(|(_, layer)| Some(layer.uid) == self.layer);
        let Some((name, layer)) = chosen.or_else(|| session.layers.iter().next()) else { return };
        let empty = vec![];
        let problems = scene.snapshot.desk.mappings.get(name).map_or(&empty, |status| &*status.problems);
        let problems: HashMap<Uid, &str> = problems.iter().map(|(uid, text)| (*uid, &**text)).collect();
        self.events(ui, name, layer, &problems);
    }

    fn list(&mut self, ui: &mut Ui, session: &Session) {
        let shown = self.layer.filter(|uid| session.layers.values().any(|layer| layer.uid == *uid));
        for (place, (name, layer)) in session.layers.iter().enumerate() {
            let chosen = shown.map_or(place == 0, |uid| uid == layer.uid);
            let text = format!("{name} ({})", layer.events.len());
            let row = ui.add(Button::selectable(chosen, text).truncate());
            named(&row, &format!("layer {name}"));
            if row.clicked() {
                (self.layer, self.event) = (Some(layer.uid), None);
            }
            let track = session.mappings.get(name).map_or("not mapped".into(), |mapping| mapping_place(mapping));
            let text = format!("{}, {track}", layer.song);
            ui.add(Label::new(RichText::new(text).small().color(theme::WEAK)).truncate());
        }
    }

    fn events(&mut self, ui: &mut Ui, name: &Name, layer: &Layer, problems: &HashMap<Uid, &str>) {
        ui.horizontal(|ui| {
            ui.add_space(6.0);
            let text = format!("{} events, song {}, {} frames a second", layer.events.len(), layer.song, layer.rate);
            ui.add(Label::new(RichText::new(format!("{name}: {text}")).strong()).truncate());
        });
        if layer.events.is_empty() {
            ui.label(
                RichText::new("  It is empty: pull it from the desk, or give it events in the script.")
                    .color(theme::WEAK),
            );
            return;
        }
        if let Some(event) = self.event.and_then(|uid| Some((uid, layer.get(uid)?))) {
            let strip = Frame::NONE.fill(theme::PANEL).inner_margin(Margin::same(8));
            Panel::bottom("layer event").frame(strip).show(ui, |ui| whole(ui, event.1, layer, problems.get(&event.0)));
        }
        let height = ui.spacing().interact_size.y;
        let area = ScrollArea::vertical().id_salt("layer events").auto_shrink([false, false]);
        area.show_rows(ui, height, layer.events.len(), |ui, range| {
            for (place, entry) in layer.events.iter().enumerate().take(range.end).skip(range.start) {
                let problem = problems.get(&entry.uid);
                let event = &entry.event;
                let time = timecode(layer.rate, event.ticks);
                let (token, cue, called) = (&event.token, &event.cue, &event.name);
                let sign = problem.map_or("", |_| "!");
                let text = format!("{:>5} {sign:1} {time:<17} {token:<10} {cue:<9} {called}", place + 1);
                let colour = if problem.is_some() { theme::WARNING } else { theme::TEXT };
                let text = RichText::new(text).monospace().color(colour);
                let row = ui.add(Button::selectable(self.event == Some(entry.uid), text).truncate());
                named(&row, &format!("event {} of {name}, {time} {token} {cue}", place + 1));
                if row.clicked() {
                    self.event = if self.event == Some(entry.uid) { None } else { Some(entry.uid) };
                }
            }
        });
    }
}

/// Every field of an event.
fn whole(ui: &mut Ui, event: &LayerEvent, layer: &Layer, problem: Option<&&str>) {
    let time = format!("{} ({:.6} s)", timecode(layer.rate, event.ticks), crate::model::layer::seconds_of(event.ticks));
    let fields: [(&str, &str); 7] = [
        ("time", &time),
        ("token", &event.token),
        ("cue", &event.cue),
        ("command", &event.cmd),
        ("name", &event.name),
        ("note", &event.note),
        ("key", event.key.as_deref().unwrap_or_default()),
    ];
    ui.horizontal_wrapped(|ui| {
        for (what, text) in fields.into_iter().filter(|(_, text)| !text.is_empty()) {
            ui.label(RichText::new(what).small().color(theme::WEAK));
            ui.label(RichText::new(text).monospace());
        }
        if let Some(problem) = problem {
            ui.label(RichText::new(*problem).color(theme::WARNING));
        }
    });
}
