//! The way to the desk: a self-test, the desk's plug-in written to a folder, and a pocket desk to rehearse with.
//! Thread: gui.

use egui::{Id, Label, RichText, ScrollArea, Ui};

use super::super::super::scene::{Intents, Scene};
use super::super::super::theme;
use super::super::super::widget::prompt::{Entered, Prompt};
use super::path_row::{PathRow, Purpose};
use super::{DeskFiles, ask, press, press_unless};
use crate::bus::Files;
use crate::model::{Command, DeskConfig, DeskState, DeskVerb};

/// The folder's name, which the desk knows the plug-in by.
const FOLDER: &str = "Tracklight";
/// Most lines shown of the pocket desk.
const POCKET_LINES: usize = 12;

/// View state of the pane.
#[derive(Default)]
pub struct Setup {
    path: PathRow,
    // What became of the last export.
    written: Option<Result<String, String>>,
    line: Prompt,
}

impl Setup {
    /// Draw it.
    pub fn ui(&mut self, ui: &mut Ui, scene: &Scene, files: &dyn Files, plugin: DeskFiles, intents: &mut Intents<'_>) {
        let (desk, config) = (&*scene.snapshot.desk, &scene.snapshot.session.desk);
        ScrollArea::vertical().id_salt("desk set-up").auto_shrink([false, false]).show(ui, |ui| {
            title(ui, "1. The plug-in on the desk");
            self.export(ui, scene, files, plugin, intents);
            steps(ui, config, desk);
            title(ui, "2. Is the way open?");
            test(ui, desk, config, intents);
            title(ui, "3. No desk at hand: a pocket desk");
            self.pocket(ui, desk, config, intents);
        });
    }

    fn export(&mut self, ui: &mut Ui, scene: &Scene, files: &dyn Files, plugin: DeskFiles, intents: &mut Intents<'_>) {
        let why = plugin.is_empty().then_some("This build has no desk plug-in in it");
        let hint = "Write the desk's plug-in into a folder; nothing is sent";
        if press_unless(ui, "Export desk plug-in…", "Export desk plug-in", hint, why) {
            self.written = None;
            self.path.ask();
        }
        if let Some(why) = why {
            ui.label(RichText::new(why).color(theme::WEAK));
        }
        let purpose = Purpose {
            id: "plug-in",
            name: "Plug-in folder",
            hint: "a folder, such as a stick's gma3_library/datapools/plugins",
        };
        if let Some(path) = self.path.ui(ui, &purpose, files, &scene.snapshot.session.folders) {
            let written = path.and_then(|path| write(&path, files, plugin));
            if written.is_ok() {
                self.path.close();
            }
            if let Err(error) = &written {
                intents.tell(format!("not written: {error}"));
            }
            self.written = Some(written);
        }
        let (text, colour) = match &self.written {
            Some(Ok(text)) => (text.clone(), theme::PLAYING),
            Some(Err(text)) => (format!("Not written: {text}"), theme::ERROR),
            None => return,
        };
        ui.add(Label::new(RichText::new(text).color(colour)).wrap());
    }

    fn pocket(&mut self, ui: &mut Ui, desk: &DeskState, config: &DeskConfig, intents: &mut Intents<'_>) {
        let Some((port, lines)) = &desk.pocket else {
            let hint = "A simulated desk in this process that runs the same plug-in";
            if press(ui, "Start pocket desk", "Start pocket desk", hint) {
                ask(intents, "start pocket desk", DeskVerb::Pocket(true));
            }
            ui.add(Label::new("It runs the plug-in as the desk does, on this machine only, to rehearse with.").wrap());
            return;
        };
        ui.horizontal_wrapped(|ui| {
            if press(ui, "Stop pocket desk", "Stop pocket desk", "Its tracks are forgotten") {
                ask(intents, "stop pocket desk", DeskVerb::Pocket(false));
            }
            ui.label(RichText::new(format!("listens on 127.0.0.1:{port}")).color(theme::PLAYING));
            let there = DeskConfig { on: true, ip: "127.0.0.1".into(), port: *port, ..config.clone() };
            let why = (there == *config).then_some("The link goes there already");
            let hint = "Put its address into the fields above and switch the link on";
            if press_unless(ui, "Link to it", "Link to the pocket desk", hint, why) {
                intents.wish("link to the pocket desk", Command::SetDesk(there));
            }
        });
        for line in lines.iter().skip(lines.len().saturating_sub(POCKET_LINES)) {
            ui.add(Label::new(RichText::new(&**line).monospace()).truncate());
        }
        let id = Id::unique("pocket line");
        let hint = "move 101.1.1 3 12.5";
        let Some(Entered::Line(line)) = self.line.show(ui, id, "Pocket desk line", hint, |_| vec![]) else { return };
        ask(intents, "pocket desk", DeskVerb::PocketLine(line));
    }
}

fn title(ui: &mut Ui, text: &str) {
    ui.add_space(8.0);
    ui.label(RichText::new(text).size(16.0).strong());
}

/// Write the plug-in's folder into a folder; gives a sentence.
fn write(base: &str, files: &dyn Files, plugin: DeskFiles) -> Result<String, String> {
    let base = base.trim_end_matches(['/', '\\']);
    // Who names the folder itself means it.
    let own = base.rsplit(['/', '\\']).next() == Some(FOLDER);
    let folder = if own { base.to_owned() } else { format!("{base}/{FOLDER}") };
    files.make_folder(&folder)?;
    for (name, text) in plugin {
        files.write_text(&format!("{folder}/{name}"), text)?;
    }
    Ok(format!("{} files written to {folder}", plugin.len()))
}

/// What is to be done on the desk, with the numbers that hold here.
fn steps(ui: &mut Ui, config: &DeskConfig, desk: &DeskState) {
    let prefix = if config.prefix.is_empty() { "left empty".to_owned() } else { format!("\"{}\"", config.prefix) };
    let listen = if desk.listening > 0 { desk.listening } else { config.listen };
    let lines = [
        format!(
            "Put the folder {FOLDER} into gma3_library/datapools/plugins on the desk (onPC: ~/MALightingTechnology/gma3_library, on Windows C:\\ProgramData\\MALightingTechnology\\gma3_library; stick: grandMA3/gma3_library)."
        ),
        "Type on the desk, with a free number of the plug-in pool, then tap the plug-in once:".to_owned(),
        format!(
            "Menu, In & Out, OSC: Enable Input on. A line with Mode UDP, Port {}, Prefix {prefix}, Receive and Receive Command Yes.",
            config.port
        ),
        format!(
            "The desk's plug-in answers to port {listen} of this machine by itself: a firewall must let UDP in there."
        ),
        "On several stations use the session master's address: OSC of the others is unreliable.".to_owned(),
    ];
    for (place, line) in lines.iter().enumerate() {
        ui.add(Label::new(format!("{}. {line}", ["a", "b", "c", "d", "e"][place])).wrap());
        if place == 1 {
            command(ui);
        }
    }
}

fn command(ui: &mut Ui) {
    ui.horizontal_wrapped(|ui| {
        let command = "Import Plugin Library \"Tracklight.xml\" At Plugin 1 /o";
        ui.add_space(16.0);
        ui.add(Label::new(RichText::new(command).monospace().color(theme::CALL)).selectable(true));
        if press(ui, "Copy", "Copy the import command", "To the clipboard") {
            ui.ctx().copy_text(command.to_owned());
        }
    });
}

fn test(ui: &mut Ui, desk: &DeskState, config: &DeskConfig, intents: &mut Intents<'_>) {
    let why = (!config.on).then_some("Switch the link on first");
    let hint = "Look at address, port, prefix, plug-in and answers, one after the other";
    if press_unless(ui, "Self-test", "Self-test", hint, why) {
        ask(intents, "self-test", DeskVerb::SelfTest);
    }
    if let Some(why) = why {
        ui.label(RichText::new(why).color(theme::WEAK));
    }
    for line in desk.test.iter() {
        let (word, colour) = match line.ok {
            Some(true) => ("ok     ", theme::PLAYING),
            Some(false) => ("wrong  ", theme::ERROR),
            None => ("…      ", theme::EDITING),
        };
        ui.add(Label::new(RichText::new(format!("{word}{}", line.text)).monospace().color(colour)).wrap());
    }
    let Some(info) = &desk.desk else { return };
    let text = format!(
        "{}: grandMA3 {}, Lua {}, plug-in {}, show {}",
        info.station, info.version, info.lua, info.plugin, info.show
    );
    ui.add(Label::new(text).wrap());
    if !info.caps.is_empty() {
        let caps: Vec<String> = info.caps.iter().map(|(name, how)| format!("{name} {how}")).collect();
        let text = format!("Found to work there: {}", caps.join(", "));
        ui.add(Label::new(RichText::new(text).color(theme::WEAK)).wrap());
    }
}
