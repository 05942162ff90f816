//! The packet inspector: what went over the wire, both ways, decoded. Thread: gui.

use std::collections::VecDeque;

use egui::{Button, ComboBox, Frame, Id, Label, Margin, Panel, RichText, ScrollArea, TextEdit, Ui};

use super::super::super::scene::{Intents, Scene};
use super::super::super::theme;
use super::super::super::widget::named;
use super::path_row::{PathRow, Purpose};
use super::press;
use crate::bus::Files;
use crate::bus::tap::{PACKETS_MAX, Packet, Tap};

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Way {
    #[default]
    Both,
    Out,
    In,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::Both => "both ways",
            Self::Out => "sent",
            Self::In => "received",
        }
    }
}

/// Which packets are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Filter {
    text: String,
    way: Way,
    bad: bool,
}

impl Filter {
    /// `sought` is the text in small letters.
    fn fits(&self, packet: &Packet, sought: &str) -> bool {
        let way = match self.way {
            Way::Both => true,
            Way::Out => packet.out,
            Way::In => !packet.out,
        };
        let within = |text: &str| text.to_lowercase().contains(sought);
        way && !(self.bad && packet.good) && (sought.is_empty() || within(&packet.text) || within(&packet.peer))
    }
}

/// View state of the inspector.
#[derive(Default)]
pub struct Packets {
    kept: VecDeque<Packet>,
    // How many the wire had when it was last read.
    seen: u64,
    // How many were put into `kept` and taken out of it: the number of its first packet.
    first: u64,
    paused: bool,
    filter: Filter,
    // Numbers of the packets that fit, for the state of ring and filter they were looked for in.
    fitting: Vec<u64>,
    looked: Option<(u64, u64, Filter)>,
    chosen: Option<u64>,
    path: PathRow,
    // A path that would be written over; asked again it is.
    sure: Option<String>,
}

impl Packets {
    fn read(&mut self, tap: &Tap) {
        let (new, seen) = tap.since(self.seen);
        self.seen = seen;
        self.kept.extend(new);
        let over = self.kept.len().saturating_sub(PACKETS_MAX);
        self.kept.drain(..over);
        self.first += over as u64;
    }

    fn get(&self, number: u64) -> Option<&Packet> {
        self.kept.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    fn clear(&mut self) {
        self.first += self.kept.len() as u64;
        self.kept.clear();
        self.chosen = None;
    }

    /// Find what fits, when something has changed since the last time.
    fn sift(&mut self) {
        let end = self.first + self.kept.len() as u64;
        let now = (self.first, end, self.filter.clone());
        if self.looked.as_ref() == Some(&now) {
            return;
        }
        let sought = self.filter.text.trim().to_lowercase();
        let numbered = (self.first..).zip(&self.kept);
        self.fitting = numbered.filter(|(_, packet)| self.filter.fits(packet, &sought)).map(|(n, _)| n).collect();
        self.looked = Some(now);
    }

    /// One JSON object a line, for what is shown.
    fn jsonl(&self) -> String {
        let line = |packet: &Packet| {
            let Packet { ms, out, peer, bytes, text, good } = packet;
            let (peer, text) = (&**peer, &**text);
            serde_json::json!({ "ms": ms, "out": out, "peer": peer, "bytes": bytes, "text": text, "good": good })
        };
        let shown = self.fitting.iter().filter_map(|number| self.get(*number));
        shown.map(|packet| format!("{}\n", line(packet))).collect()
    }

    /// Draw it. While it is not drawn nothing is read.
    pub fn ui(&mut self, ui: &mut Ui, scene: &Scene, files: &dyn Files, escape: bool, intents: &mut Intents<'_>) {
        if !self.paused {
            self.read(&intents.remote().tap);
        }
        if escape {
            self.path.close();
            self.chosen = None;
        }
        ui.add_space(4.0);
        ui.horizontal_wrapped(|ui| self.controls(ui));
        self.sift();
        counters(ui, scene, self.fitting.len(), self.kept.len());
        let purpose = Purpose { id: "packets", name: "Packets path", hint: "desk.jsonl" };
        if let Some(path) = self.path.ui(ui, &purpose, files, &scene.snapshot.session.folders) {
            self.export(path, files, intents);
        }
        if let Some(packet) = self.chosen.and_then(|number| self.get(number)) {
            let strip = Frame::NONE.fill(theme::PANEL).inner_margin(Margin::same(8));
            let panel = Panel::bottom("packet").frame(strip).resizable(true).default_size(110.0);
            panel.size_range(60.0..=300.0).show(ui, |ui| {
                ui.set_min_size(ui.available_size());
                whole(ui, packet);
            });
        }
        if self.fitting.is_empty() {
            let text = match (self.kept.is_empty(), scene.snapshot.session.desk.on) {
                (false, _) => "No packet fits the filter.",
                (true, true) => "Nothing was sent or received since.",
                (true, false) => "Nothing yet: the link is off.",
            };
            ui.label(RichText::new(text).color(theme::WEAK));
            return;
        }
        self.rows(ui);
    }

    fn controls(&mut self, ui: &mut Ui) {
        let edit = TextEdit::singleline(&mut self.filter.text).id(Id::unique("packet filter")).desired_width(180.0);
        let response = ui.add(edit.hint_text("filter: batch, 101.1.2, …"));
        named(&response, "Packet filter");
        let combo = ComboBox::from_id_salt("packet way").selected_text(self.filter.way.name()).width(84.0);
        let combo = combo.show_ui(ui, |ui| {
            for way in [Way::Both, Way::Out, Way::In] {
                ui.selectable_value(&mut self.filter.way, way, way.name());
            }
        });
        named(&combo.response, "Packet direction");
        let hint = "Malformed and foreign ones, and what was not understood";
        ui.checkbox(&mut self.filter.bad, "only errors").on_hover_text(hint);
        let (text, hint) = match self.paused {
            false => ("Pause", "Stand still to read; nothing is lost up to 2000 packets"),
            true => ("Go on", "Show what came meanwhile"),
        };
        if press(ui, text, text, hint) {
            self.paused = !self.paused;
        }
        if press(ui, "Clear", "Clear packets", "Forget those shown") {
            self.clear();
        }
        if press(ui, "Export…", "Export packets", "Write those that fit the filter to a file, a JSON object a line") {
            self.path.ask();
        }
    }

    fn export(&mut self, path: Result<String, String>, files: &dyn Files, intents: &mut Intents<'_>) {
        let path = match path {
            Ok(path) => path,
            Err(error) => return intents.tell(format!("not written: {error}")),
        };
        if files.changed_at(&path).is_some() && self.sure.as_ref() != Some(&path) {
            intents.tell(format!("{path} is there already; Enter again writes over it"));
            self.sure = Some(path);
            return self.path.ask();
        }
        match files.write_text(&path, &self.jsonl()) {
            Ok(()) => {
                intents.tell(format!("{} packets written to {path}", self.fitting.len()));
                (self.sure, _) = (None, self.path.close());
            }
            Err(error) => intents.tell(format!("not written: {error}")),
        }
    }

    fn rows(&mut self, ui: &mut Ui) {
        let head = format!("{:>11}  {:<4} {:>6}  {}", "seconds", "", "bytes", "what it says");
        ui.horizontal(|ui| {
            // As far in as the rows, which are buttons, have their text.
            ui.add_space(ui.spacing().button_padding.x);
            ui.label(RichText::new(head).monospace().color(theme::FAINT));
        });
        let height = ui.spacing().interact_size.y;
        let area = ScrollArea::vertical().id_salt("packets").auto_shrink([false, false]).stick_to_bottom(!self.paused);
        let mut chosen = self.chosen;
        area.show_rows(ui, height, self.fitting.len(), |ui, range| {
            for number in self.fitting.get(range).unwrap_or_default() {
                let Some(packet) = self.get(*number) else { continue };
                let colour = match (packet.good, packet.out) {
                    (false, _) => theme::ERROR,
                    (true, true) => theme::COMPUTED,
                    (true, false) => theme::TEXT,
                };
                let row =
                    Button::selectable(chosen == Some(*number), RichText::new(row(packet)).monospace().color(colour));
                if ui.add(row.truncate()).clicked() {
                    chosen = if chosen == Some(*number) { None } else { Some(*number) };
                }
            }
        });
        self.chosen = chosen;
    }
}

/// A packet in a line.
fn row(packet: &Packet) -> String {
    let way = match (packet.out, packet.good) {
        (true, _) => "out",
        (false, true) => "in",
        (false, false) => "in !",
    };
    // What is cut off anyway need not be laid out.
    let text: String = packet.text.chars().take(240).collect();
    format!("{:>11.3}  {way:<4} {:>6}  {text}", packet.ms as f64 / 1000.0, packet.bytes)
}

fn whole(ui: &mut Ui, packet: &Packet) {
    let way = if packet.out { "to" } else { "from" };
    let good = if packet.good { "" } else { ", not taken" };
    ui.label(RichText::new(format!("{way} {}, {} bytes{good}", packet.peer, packet.bytes)).color(theme::WEAK));
    ScrollArea::vertical().id_salt("packet text").auto_shrink([false, false]).show(ui, |ui| {
        ui.add(Label::new(RichText::new(&*packet.text).monospace()).wrap().selectable(true));
    });
}

fn counters(ui: &mut Ui, scene: &Scene, fitting: usize, kept: usize) {
    let desk = &scene.snapshot.desk;
    let [sent, received, repeated, refused] = desk.packets;
    ui.horizontal_wrapped(|ui| {
        let say = |ui: &mut Ui, text: String, colour| ui.label(RichText::new(text).monospace().color(colour));
        say(ui, format!("{sent} sent"), theme::TEXT);
        say(ui, format!("{received} received"), theme::TEXT);
        say(ui, format!("{repeated} repeated"), if repeated > 0 { theme::WARNING } else { theme::WEAK });
        say(ui, format!("{refused} refused"), if refused > 0 { theme::ERROR } else { theme::WEAK });
        say(ui, format!("{:.1} ms there and back", desk.rtt_ms), theme::WEAK);
        say(ui, format!("loss {:.1} %", desk.loss * 100.0), theme::WEAK);
        say(ui, format!("{fitting} of {kept} shown"), theme::WEAK);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn packet(ms: u64, out: bool, good: bool) -> Packet {
        let text = if good { "batch.ack 101.1.2" } else { "no JSON" };
        Packet { ms, out, peer: Arc::from("10.0.0.2:8000"), bytes: 40, text: Arc::from(text), good }
    }

    fn numbers(packets: &mut Packets) -> Vec<u64> {
        packets.sift();
        packets.fitting.iter().filter_map(|number| packets.get(*number)).map(|packet| packet.ms).collect()
    }

    #[test]
    fn packets_are_sifted_by_text_way_and_errors_while_the_ring_moves() {
        let (tap, mut packets) = (Tap::default(), Packets::default());
        for ms in 0..2500 {
            tap.put(packet(ms, ms % 2 == 0, ms % 1000 != 1));
        }
        packets.read(&tap);
        assert_eq!(numbers(&mut packets).len(), PACKETS_MAX);
        packets.filter.bad = true;
        assert_eq!(numbers(&mut packets), [1001, 2001]);
        packets.filter = Filter { text: "ACK".into(), way: Way::Out, bad: false };
        assert_eq!(numbers(&mut packets).len(), 1000);
        tap.put(packet(9000, true, true));
        packets.read(&tap);
        assert_eq!(numbers(&mut packets).last(), Some(&9000));
        packets.filter = Filter { text: "nowhere".into(), ..Filter::default() };
        assert!(numbers(&mut packets).is_empty());
        packets.filter = Filter::default();
        packets.clear();
        tap.put(packet(9001, false, true));
        packets.read(&tap);
        assert_eq!(numbers(&mut packets), [9001]);
        assert_eq!(
            packets.jsonl(),
            "{\"bytes\":40,\"good\":true,\"ms\":9001,\"out\":false,\"peer\":\"10.0.0.2:8000\",\"text\":\"batch.ack 101.1.2\"}\n"
        );
    }
}
