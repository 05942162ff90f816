//! How the link stands, where the desk is, and the show lock. Thread: gui.

use egui::{Align, Button, Color32, Frame, Id, Label, Layout, Margin, RichText, Ui};

use super::super::super::scene::{Intents, Scene};
use super::super::super::theme;
use super::super::super::widget::entry::entry;
use super::super::super::widget::named;
use super::dot;
use crate::model::{Command, DeskConfig, DeskState, LinkState};

/// A window of this height, in points, has room for a second sentence.
const ROOMY: f32 = 520.0;

/// View state of the head.
#[derive(Default)]
pub struct Head {
    // What was wrong with the field filled in last.
    wrong: Option<String>,
}

/// Colour of a link's state.
fn colour(link: LinkState) -> Color32 {
    match link {
        LinkState::Off => theme::WEAK,
        LinkState::Searching => theme::EDITING,
        LinkState::Connected => theme::PLAYING,
        LinkState::Lost => theme::ERROR,
    }
}

/// Read a port. `least` is 1 for the desk's, 0 for ours, which then may be any.
fn port(what: &str, text: &str, least: u16) -> Result<u16, String> {
    let number = text.parse::<u16>().ok().filter(|number| *number >= least);
    number.ok_or_else(|| format!("{what} is a whole number from {least} to 65535, got \"{text}\""))
}

impl Head {
    /// Draw it.
    pub fn ui(&mut self, ui: &mut Ui, scene: &Scene, intents: &mut Intents<'_>) {
        let (desk, config) = (&*scene.snapshot.desk, &scene.snapshot.session.desk);
        ui.horizontal(|ui| {
            dot(ui, 7.0, colour(desk.link));
            ui.label(RichText::new(desk.link.name()).size(20.0).strong().color(colour(desk.link)));
            if desk.link == LinkState::Searching {
                ui.spinner();
            }
            // From the right first: the lock never leaves the window, whatever the desk is called.
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                lock_button(ui, config, intents);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(Label::new(RichText::new(about(desk, config)).color(theme::WEAK)).truncate());
                });
            });
        });
        self.fields(ui, config, intents);
        if let Some(wrong) = &self.wrong {
            ui.add(Label::new(RichText::new(wrong).color(theme::ERROR)).wrap());
        }
        for (text, colour) in warnings(desk, config) {
            ui.add(Label::new(RichText::new(text).color(colour)).wrap());
        }
        if !config.armed {
            lock_bar(ui);
        }
    }

    fn fields(&mut self, ui: &mut Ui, config: &DeskConfig, intents: &mut Intents<'_>) {
        ui.horizontal_wrapped(|ui| {
            let mut on = config.on;
            let switch = ui.checkbox(&mut on, "Link");
            named(&switch, "Link on");
            if switch.on_hover_text("Look for the desk and keep in step with it").changed() {
                self.set(Ok(DeskConfig { on, ..config.clone() }), intents);
            }
            let id = |what: &str| Id::unique(("desk field", what));
            ui.label("IP");
            if let Some(ip) = entry(ui, id("ip"), "Desk's IP", &config.ip, 128.0) {
                self.set(Ok(DeskConfig { ip, ..config.clone() }), intents);
            }
            ui.label("port");
            if let Some(text) = entry(ui, id("port"), "Desk's port", &config.port.to_string(), 48.0) {
                let new = port("the desk's port", &text, 1).map(|port| DeskConfig { port, ..config.clone() });
                self.set(new, intents);
            }
            ui.label("prefix").on_hover_text("As the desk's OSC line has it; without slashes, may be empty");
            if let Some(prefix) = entry(ui, id("prefix"), "OSC prefix", &config.prefix, 70.0) {
                self.set(Ok(DeskConfig { prefix, ..config.clone() }), intents);
            }
            ui.label("listen on").on_hover_text("The port here that the desk answers to; 0 takes any");
            if let Some(text) = entry(ui, id("listen"), "Listening port", &config.listen.to_string(), 48.0) {
                let new = port("the port to listen on", &text, 0).map(|listen| DeskConfig { listen, ..config.clone() });
                self.set(new, intents);
            }
        });
    }

    fn set(&mut self, config: Result<DeskConfig, String>, intents: &mut Intents<'_>) {
        self.wrong = None;
        match config.and_then(|config| config.check().map(|()| config)) {
            Ok(config) => intents.wish("where the desk is", Command::SetDesk(config)),
            Err(wrong) => self.wrong = Some(format!("Not kept: {wrong}")),
        }
    }
}

/// The numbers beside the state, in one line.
fn about(desk: &DeskState, config: &DeskConfig) -> String {
    let mut parts = vec![];
    if let Some(info) = &desk.desk {
        parts.push(format!("{} (grandMA3 {})", info.station, info.version));
    }
    if config.on {
        let prefix = if config.prefix.is_empty() { String::new() } else { format!("/{}", config.prefix) };
        parts.push(format!("{}:{}{prefix}", config.ip, config.port));
    }
    if desk.listening > 0 {
        parts.push(format!("listening on {}", desk.listening));
    }
    if desk.link == LinkState::Connected {
        parts.push(format!("{:.0} ms", desk.rtt_ms));
        parts.push(format!("loss {:.0} %", desk.loss * 100.0));
    }
    parts.join("  ·  ")
}

/// What is wrong or worth knowing, worst first.
fn warnings(desk: &DeskState, config: &DeskConfig) -> Vec<(String, Color32)> {
    let mut all = vec![];
    if !desk.reason.is_empty() {
        let colour = if desk.link == LinkState::Lost { theme::ERROR } else { theme::WARNING };
        all.push((desk.reason.to_string(), colour));
    }
    if !config.on {
        let hint = "The link is off. Fill in the desk's address and tick Link; Set-up says what the desk needs.";
        all.push((hint.to_owned(), theme::WEAK));
    }
    if desk.listening > 0 && config.listen > 0 && desk.listening != config.listen {
        let text = format!("Port {} is taken, so this listens on {}.", config.listen, desk.listening);
        all.push((text, theme::WARNING));
    }
    if let Some(info) = desk.desk.as_ref().filter(|info| !info.master) {
        let text = format!(
            "{} is not the master of its session: its OSC is unreliable. Use the master's address.",
            info.station
        );
        all.push((text, theme::WARNING));
    }
    if desk.link == LinkState::Connected && desk.loss > 0.05 {
        let text = format!("{:.0} % of what was sent had to be sent again: look at the network.", desk.loss * 100.0);
        all.push((text, theme::WARNING));
    }
    all
}

fn lock_button(ui: &mut Ui, config: &DeskConfig, intents: &mut Intents<'_>) {
    let (text, hint) = match config.armed {
        true => ("Lock the show", "Nothing is written to the desk any more until it is unlocked"),
        false => ("Unlock the show", "The desk may be written to again"),
    };
    let button = ui.add(Button::new(RichText::new(text).size(16.0).strong()).min_size(egui::vec2(140.0, 30.0)));
    if button.on_hover_text(hint).clicked() {
        intents.wish("show lock", Command::ArmDesk(!config.armed));
    }
}

fn lock_bar(ui: &mut Ui) {
    let bar = Frame::NONE.fill(theme::WARNING).inner_margin(Margin::symmetric(10, 5)).corner_radius(4);
    bar.show(ui, |ui| {
        ui.set_width(ui.available_width());
        let text = "SHOW LOCK: nothing is written to the desk";
        ui.add(Label::new(RichText::new(text).size(18.0).strong().color(theme::BACKGROUND)).truncate());
        if ui.ctx().content_rect().height() < ROOMY {
            return;
        }
        let more = "The desk is still read, and what differs is shown below.";
        ui.add(Label::new(RichText::new(more).color(theme::BACKGROUND)).truncate());
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DeskInfo;
    use std::sync::Arc;

    #[test]
    fn a_port_out_of_range_is_told_with_what_is_allowed() {
        assert_eq!(port("the desk's port", "8000", 1), Ok(8000));
        assert_eq!(port("the port to listen on", "0", 0), Ok(0));
        for bad in ["0", "65536", "-1", "80x", ""] {
            let error = port("the desk's port", bad, 1).unwrap_err();
            assert!(error.contains("1 to 65535") && error.contains(&format!("\"{bad}\"")), "{error}");
        }
    }

    #[test]
    fn every_trouble_has_its_sentence() {
        let info = DeskInfo { station: "FOH 2".into(), ..DeskInfo::default() };
        let desk = DeskState {
            link: LinkState::Connected,
            listening: 9003,
            loss: 0.2,
            reason: Arc::from("the answers carry another prefix"),
            desk: Some(Arc::new(info)),
            ..DeskState::default()
        };
        let config = DeskConfig { on: true, ..DeskConfig::default() };
        let said: Vec<String> = warnings(&desk, &config).into_iter().map(|(text, _)| text).collect();
        for part in ["another prefix", "Port 9000 is taken, so this listens on 9003", "FOH 2 is not the master", "20 %"]
        {
            assert!(said.iter().any(|text| text.contains(part)), "{part}: {said:?}");
        }
        assert_eq!(warnings(&DeskState::default(), &config), []);
    }
}
