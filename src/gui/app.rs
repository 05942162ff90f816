//! One frame of the editor: looks at everything, draws the view that is shown, sends what was asked for. Thread: gui.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use egui::{CentralPanel, Event as Input, Frame, Grid as Table, Margin, Panel, RichText, Ui, Window};

use super::keymap::{self, Action, KEYS, Place};
use super::scene::{Intents, Scene};
use super::theme;
use super::view::code::{Code, Mirror};
use super::view::command::CommandView;
use super::view::desk::{DeskFiles, DeskView};
use super::view::pattern::Patterns;
use super::view::{bar, grid, undo_list};
use crate::bus::station::Waker;
use crate::bus::{EventReceiver, Files, Remote};
use crate::model::{Ask, Command, Lexicon, RecoveryVerb};

/// The views there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ViewName {
    /// Text commands.
    Command,
    /// The script.
    #[default]
    Code,
    /// Patterns and sequencers.
    Patterns,
    /// The lighting desk.
    Desk,
}

impl ViewName {
    /// All, in the order of their tabs.
    pub const ALL: [ViewName; 4] = [Self::Command, Self::Code, Self::Patterns, Self::Desk];

    /// What its tab says.
    pub fn title(self) -> &'static str {
        match self {
            Self::Command => "Command",
            Self::Code => "Code",
            Self::Patterns => "Patterns",
            Self::Desk => "Desk",
        }
    }

    /// The keys that show it.
    pub fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::Command => ("F1", "Ctrl+1"),
            Self::Code => ("F2", "Ctrl+2"),
            Self::Patterns => ("F3", "Ctrl+3"),
            Self::Desk => ("F4", "Ctrl+4"),
        }
    }

    fn find(title: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.title() == title)
    }
}

/// Who takes the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyboard {
    /// Nobody here: all keys but our chords are the host's.
    Nobody,
    /// A button, a slider or a menu: the keys that move and press are ours.
    Widget,
    /// The grid, between edits: Space is the host's.
    Grid,
    /// Something that is typed in: all keys are ours.
    Text,
}

/// The editor's view state, and the ends it looks and asks through.
pub struct App {
    remote: Remote,
    files: Arc<dyn Files>,
    mirror: Mirror,
    words: Lexicon,
    events: Option<EventReceiver>,
    started: bool,
    shown: ViewName,
    code: Code,
    command: CommandView,
    patterns: Patterns,
    desk: DeskView,
    told: Vec<String>,
    put_away: u64,
    help: bool,
    history: bool,
    broken: bool,
}

impl App {
    /// An editor over `remote`. Cheap: no thread, no file, no window. Thread: any.
    pub fn new(remote: Remote, files: Arc<dyn Files>, mirror: Mirror) -> Self {
        Self {
            remote,
            files,
            mirror,
            words: || &[],
            events: None,
            started: false,
            shown: ViewName::default(),
            code: Code::new(mirror, || &[]),
            command: CommandView::default(),
            patterns: Patterns::default(),
            desk: DeskView::default(),
            told: vec![],
            put_away: 0,
            help: false,
            history: false,
            broken: false,
        }
    }

    /// With these words of the language, for completion and help at the caret.
    pub fn with_words(self, words: Lexicon) -> Self {
        Self { words, code: Code::new(self.mirror, words), ..self }
    }

    /// With the files of the desk's plug-in, for the Desk view to write out.
    pub fn with_desk_files(self, files: DeskFiles) -> Self {
        Self { desk: DeskView::new(files), ..self }
    }

    /// The other ends.
    pub fn remote(&self) -> &Remote {
        &self.remote
    }

    /// Draw one frame. A panic inside leaves one sentence in its place; the engine and audio do not notice.
    pub fn ui(&mut self, ui: &mut Ui) {
        if !self.broken {
            self.broken = catch_unwind(AssertUnwindSafe(|| self.frame(ui))).is_err();
        }
        if self.broken {
            CentralPanel::default().show(ui, |ui| {
                ui.label("The editor stumbled. The music plays on, and what you made is safe in the session.");
                if ui.button("Open it again").clicked() {
                    *self = Self::new(self.remote.clone(), self.files.clone(), self.mirror)
                        .with_words(self.words)
                        .with_desk_files(self.desk.files());
                }
            });
        }
    }

    /// The window is about to close: what was typed goes to the session.
    pub fn close(&mut self) {
        self.code.close(&mut Intents::new(&self.remote, &mut self.told));
        self.remote.watch.look(false);
        // The next window begins with its theme and a fresh subscription.
        (self.started, self.events) = (false, None);
    }

    /// Who takes the keys now.
    pub fn keyboard(&self, context: &egui::Context) -> Keyboard {
        match context.memory(|memory| memory.focused()) {
            Some(id) if id == grid::grid_id() => {
                if self.patterns.editing() {
                    Keyboard::Text
                } else {
                    Keyboard::Grid
                }
            }
            Some(_) if context.text_edit_focused() => Keyboard::Text,
            Some(_) => Keyboard::Widget,
            None if egui::Popup::is_any_open(context) => Keyboard::Widget,
            None => Keyboard::Nobody,
        }
    }

    fn start(&mut self, ui: &Ui) {
        theme::apply(ui.ctx());
        // Nobody sleeps on this one: each frame reads what has come.
        self.events = Some(self.remote.events.subscribe(256, &Waker::default()));
        let layout = &self.remote.now().session.layout;
        if let Some(view) = layout.get("view").and_then(|title| ViewName::find(title)) {
            self.shown = view;
        }
        self.started = true;
    }

    fn frame(&mut self, ui: &mut Ui) {
        if !self.started {
            self.start(ui);
        }
        let scene = Scene::look(&self.remote, ui.input(|input| input.time));
        let mut told = vec![];
        while let Some(event) = self.events.as_ref().and_then(EventReceiver::next) {
            self.command.hear(&event);
        }
        let remote = self.remote.clone();
        let mut intents = Intents::new(&remote, &mut told);
        self.keys(ui, &mut intents);
        let files = self.files.clone();
        remote.watch.look(self.shown == ViewName::Code);
        self.code.tend(&scene, &*files, &mut intents);
        let strip = Frame::NONE.fill(theme::PANEL).inner_margin(Margin::symmetric(8, 4));
        Panel::top("bar").frame(strip).show(ui, |ui| self.bar(ui, &scene, &mut intents));
        if scene.snapshot.recovery.is_some() {
            let strip = strip.fill(theme::EDITING.gamma_multiply(0.25));
            Panel::top("recovery").frame(strip).show(ui, |ui| bar::recovery(ui, &scene, &mut intents));
        }
        Panel::bottom("strip").frame(strip).show(ui, |ui| {
            ui.horizontal(|ui| bar::strip(ui, &scene, &mut self.told, &mut self.put_away));
        });
        let body = Frame::NONE.fill(theme::BACKGROUND).inner_margin(Margin::same(6));
        CentralPanel::no_frame().frame(body).show(ui, |ui| match self.shown {
            ViewName::Command => self.command.ui(ui, &scene, &*files, &mut intents),
            ViewName::Code => self.code.ui(ui, &scene, &*files, &mut intents),
            ViewName::Patterns => self.patterns.ui(ui, &scene, &mut intents),
            ViewName::Desk => self.desk.ui(ui, &scene, &*files, &mut intents),
        });
        self.show_help(ui);
        undo_list::window(ui, &mut self.history, &scene, &mut intents);
        // What was said stays until it is dismissed; the newest is shown.
        self.told.append(&mut told);
        self.told.drain(..self.told.len().saturating_sub(8));
        let wait = if scene.playing() { 1.0 / 60.0 } else { 0.05 };
        ui.ctx().request_repaint_after_secs(wait);
    }

    fn bar(&mut self, ui: &mut Ui, scene: &Scene, intents: &mut Intents<'_>) {
        ui.horizontal_wrapped(|ui| {
            if let Some(view) = bar::tabs(ui, self.shown) {
                self.show(view, intents);
            }
            ui.separator();
            bar::hush(ui, scene, intents);
            ui.separator();
            bar::transport(ui, scene, intents);
            ui.separator();
            let hint = "What can be undone and done again";
            if ui.button("History").on_hover_text(hint).clicked() {
                self.history = !self.history;
            }
            if ui.button("?").on_hover_text("Keys").clicked() {
                self.help = !self.help;
            }
        });
    }

    fn show(&mut self, view: ViewName, intents: &mut Intents<'_>) {
        if self.shown != view {
            self.shown = view;
            intents.keep("view", Command::SetLayout("view".into(), Some(view.title().into())));
        }
    }

    fn keys(&mut self, ui: &Ui, intents: &mut Intents<'_>) {
        while let Some(action) = ui.input_mut(|input| keymap::take(input, Place::Everywhere)) {
            match action {
                Action::Command => self.show(ViewName::Command, intents),
                Action::Code => self.show(ViewName::Code, intents),
                Action::Patterns => self.show(ViewName::Patterns, intents),
                Action::Desk => self.show(ViewName::Desk, intents),
                Action::Hush => intents.ask("hush", Ask::Hush),
                Action::Panic => intents.ask("panic", Ask::Panic),
                Action::Recover => intents.ask("recovery", Ask::Recover(RecoveryVerb::Swap)),
                _ => {}
            }
        }
        let asked = |input: &egui::InputState| input.events.iter().any(|e| matches!(e, Input::Text(t) if t == "?"));
        if self.keyboard(ui.ctx()) != Keyboard::Text && ui.input(asked) {
            self.help = !self.help;
        }
    }

    fn show_help(&mut self, ui: &Ui) {
        Window::new("Keys").open(&mut self.help).resizable(false).vscroll(true).max_height(560.0).show(
            ui.ctx(),
            |ui| {
                for place in [Place::Everywhere, Place::Code, Place::Prompt, Place::Grid, Place::Desk] {
                    ui.label(RichText::new(place.name()).strong());
                    Table::new(place.name()).num_columns(2).show(ui, |ui| {
                        for shortcut in KEYS.iter().filter(|shortcut| shortcut.place == place) {
                            ui.label(RichText::new(shortcut.keys).monospace().color(theme::WEAK));
                            ui.label(shortcut.doc);
                            ui.end_row();
                        }
                    });
                    ui.add_space(6.0);
                }
            },
        );
    }
}
