//! The Patterns view: which patterns there are, who plays them, and the grid of the chosen one. Thread: gui.

use std::sync::Arc;

use egui::{ComboBox, Frame, Id, Margin, Panel, RichText, ScrollArea, Ui};

use super::super::playhead::{Standing, standing};
use super::super::scene::{Intents, Scene};
use super::super::theme;
use super::super::widget::entry::entry;
use super::super::widget::{named, number};
use super::grid::{Grid, Shown};
use crate::model::pattern::{ROWS_MAX, STEPS_PER_BEAT_MAX};
use crate::model::session::{ModuleBody, ModuleKind};
use crate::model::{Column, Command, ConnKind, Name, Param, Pattern, Session, Uid};

/// View state of the Patterns view.
#[derive(Default)]
pub struct Patterns {
    // The chosen pattern, by identity: it survives a rename.
    chosen: Option<Uid>,
    // A pattern that was asked for and is not there yet.
    awaited: Option<Uid>,
    grid: Grid,
}

impl Patterns {
    /// Whether a cell is being typed in.
    pub fn editing(&self) -> bool {
        self.grid.editing()
    }

    /// Draw it.
    pub fn ui(&mut self, ui: &mut Ui, scene: &Scene, intents: &mut Intents<'_>) {
        let session = &*scene.snapshot.session;
        let heads = standing(session, scene.beat());
        let side = Frame::NONE.fill(theme::PANEL).inner_margin(Margin::same(8));
        Panel::left("patterns").frame(side).resizable(true).default_size(230.0).show(ui, |ui| {
            ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
                self.list(ui, session, &heads, scene, intents);
                ui.add_space(12.0);
                sequencers(ui, session, &heads, intents);
            });
        });
        self.choose(session);
        let found = session.patterns.iter().find(|(_, pattern)| Some(pattern.uid) == self.chosen);
        match found {
            Some((name, pattern)) => self.pattern(ui, name, pattern, &heads, scene, intents),
            None => empty(ui),
        }
    }

    /// Keep a choice that is there: the one asked for, the one chosen, else the first.
    fn choose(&mut self, session: &Session) {
        let there = |uid: &Uid| session.patterns.values().any(|pattern| pattern.uid == *uid);
        if self.awaited.as_ref().is_some_and(there) {
            self.select(self.awaited);
            self.awaited = None;
        }
        if !self.chosen.as_ref().is_some_and(there) {
            self.select(session.patterns.values().next().map(|pattern| pattern.uid));
        }
    }

    fn select(&mut self, pattern: Option<Uid>) {
        if self.chosen != pattern {
            self.chosen = pattern;
            self.grid.leave();
        }
    }

    fn list(
        &mut self,
        ui: &mut Ui,
        session: &Session,
        heads: &[Standing<'_>],
        scene: &Scene,
        intents: &mut Intents<'_>,
    ) {
        ui.horizontal(|ui| {
            ui.label(RichText::new("Patterns").strong());
            let add = ui.small_button("+").on_hover_text("A new pattern of 16 rows");
            named(&add, "Add pattern");
            if add.clicked() {
                let (uid, name) = (Uid::fresh(), session.free_name("P", 0));
                let label = format!("new pattern {name}");
                intents.wish(&label, Command::AddPattern { uid, name, steps: 16 });
                self.awaited = Some(uid);
            }
        });
        for (name, pattern) in &session.patterns {
            let head = heads.iter().find(|head| head.pattern == name);
            let sounds = head.is_some() && scene.playing();
            let colour = if sounds { theme::PLAYING } else { theme::TEXT };
            let label = RichText::new(name.as_str()).color(colour);
            let row = ui.selectable_label(Some(pattern.uid) == self.chosen, label);
            named(&row, &format!("pattern {name}"));
            let row = row.on_hover_text(format!(
                "{} rows, {} per beat",
                pattern.steps,
                number::fraction(pattern.steps_per_beat)
            ));
            if row.clicked() {
                self.select(Some(pattern.uid));
            }
            row.context_menu(|ui| {
                if ui.button(format!("Remove {name}")).clicked() {
                    intents.wish(&format!("remove {name}"), Command::RemovePattern(name.clone()));
                }
            });
        }
    }

    fn pattern(
        &mut self,
        ui: &mut Ui,
        name: &Name,
        pattern: &Arc<Pattern>,
        heads: &[Standing<'_>],
        scene: &Scene,
        intents: &mut Intents<'_>,
    ) {
        ui.horizontal(|ui| {
            title(ui, name, pattern, intents);
            ui.menu_button("Columns", |ui| columns(ui, name, pattern, intents));
        });
        if let Some(error) = self.grid.error() {
            ui.label(RichText::new(error).color(theme::ERROR));
        }
        let rows: Vec<u16> = heads.iter().filter(|head| head.pattern == name).map(|head| head.row).collect();
        let shown = Shown { session: &scene.snapshot.session, name, pattern, heads: &rows, playing: scene.playing() };
        self.grid.ui(ui, &shown, intents);
    }
}

fn empty(ui: &mut Ui) {
    ui.vertical_centered(|ui| {
        ui.add_space(60.0);
        ui.label("No pattern yet: press + or type pattern(\"beat\", 16) in the Code view.");
        let hint = "A sequencer plays it into a sampler: sequencer(\"seq\", { pattern = \"beat\", to = \"kick\" })";
        ui.label(RichText::new(hint).color(theme::WEAK));
    });
}

/// Name, steps and steps per beat, each as a field.
fn title(ui: &mut Ui, name: &Name, pattern: &Pattern, intents: &mut Intents<'_>) {
    let id = |what: &str| Id::unique(("pattern field", what, pattern.uid.0));
    if let Some(text) = entry(ui, id("name"), "Pattern name", name.as_str(), 120.0) {
        match Name::new(&text) {
            Ok(new) => intents.wish(&format!("rename {name}"), Command::Rename(name.clone(), new)),
            Err(error) => intents.tell(error.to_string()),
        }
    }
    ui.label("Steps");
    if let Some(text) = entry(ui, id("steps"), "Pattern steps", &pattern.steps.to_string(), 44.0) {
        let steps =
            number::evaluate(&text, Some(f64::from(pattern.steps)).filter(|_| text.starts_with(['*', '/', '+'])));
        match steps.filter(|n| (1.0..=f64::from(ROWS_MAX)).contains(&n.round())) {
            Some(steps) => {
                intents.wish(&format!("{name} steps"), Command::SetSteps(name.clone(), steps.round() as u16))
            }
            None => intents.tell(format!("Steps takes a whole number from 1 to {ROWS_MAX}, got \"{text}\"")),
        }
    }
    ui.label("Steps/Beat");
    let rate = number::fraction(pattern.steps_per_beat);
    if let Some(text) = entry(ui, id("rate"), "Pattern steps per beat", &rate, 56.0) {
        let rate = number::evaluate(&text, None).filter(|rate| *rate != 0.0 && rate.abs() <= STEPS_PER_BEAT_MAX);
        let most = STEPS_PER_BEAT_MAX;
        match rate {
            Some(rate) => intents.wish(&format!("{name} rate"), Command::SetStepsPerBeat(name.clone(), rate)),
            None => intents.tell(format!(
                "Steps/Beat takes a number or fraction from -{most} to {most} without 0, got \"{text}\""
            )),
        }
    }
}

/// Which columns are shown; what a hidden one holds is kept.
fn columns(ui: &mut Ui, name: &Name, pattern: &Pattern, intents: &mut Intents<'_>) {
    let params = Param::of(ModuleKind::MultiSampler).filter(|param| param.desc().per_hit).map(Column::Param);
    ScrollArea::vertical().max_height(420.0).show(ui, |ui| {
        for column in [Column::Note, Column::Chance, Column::Ratio].into_iter().chain(params) {
            let mut on = pattern.columns.contains(&column);
            if ui.checkbox(&mut on, column.name()).changed() {
                let mut columns = pattern.columns.clone();
                if on {
                    columns.push(column)
                } else {
                    columns.retain(|other| *other != column)
                }
                let label = format!("{name} column {}", column.name());
                intents.wish(&label, Command::SetColumns(name.clone(), columns));
            }
        }
    });
}

/// What each sequencer plays, and into what.
fn sequencers(ui: &mut Ui, session: &Session, heads: &[Standing<'_>], intents: &mut Intents<'_>) {
    ui.label(RichText::new("Sequencers").strong());
    let mut any = false;
    for (name, module) in &session.modules {
        let ModuleBody::TrackerSequencer { pattern, chain, chain_on } = &module.body else { continue };
        any = true;
        let head = heads.iter().find(|head| head.sequencer == name);
        ui.horizontal(|ui| {
            let mut on = module.enabled;
            let switch = ui.checkbox(&mut on, name.as_str());
            named(&switch, &format!("sequencer {name}"));
            if switch.changed() {
                intents.wish(&format!("{name} on or off"), Command::Enable(name.clone(), on));
            }
            let choice = ComboBox::from_id_salt(("bound", name.as_str())).selected_text(pattern.as_str()).width(84.0);
            let shown = choice.show_ui(ui, |ui| {
                for other in session.patterns.keys() {
                    if ui.selectable_label(other == pattern, other.as_str()).clicked() && other != pattern {
                        let bind = Command::Bind {
                            sequencer: name.clone(),
                            pattern: Some(other.clone()),
                            chain: None,
                            chain_on: None,
                        };
                        intents.wish(&format!("{name} plays {other}"), bind);
                    }
                }
            });
            named(&shown.response, &format!("{name} plays"));
        });
        if let Some(chain) = chain {
            chain_line(ui, session, name, chain, *chain_on, head, intents);
        }
        let to = session.connections.iter().filter(|c| c.from == *name && c.kind == ConnKind::Event);
        let to: Vec<&str> = to.map(|c| c.to.as_str()).collect();
        let text = if to.is_empty() { "plays into nothing yet".to_owned() } else { format!("into {}", to.join(", ")) };
        ui.label(RichText::new(text).small().color(theme::WEAK));
    }
    if !any {
        ui.label(
            RichText::new("None yet: sequencer(\"seq\", …) in Lua, or \"add sequencer seq\" in the Command view.")
                .color(theme::WEAK),
        );
    }
}

fn chain_line(
    ui: &mut Ui,
    session: &Session,
    sequencer: &Name,
    chain: &Name,
    on: bool,
    head: Option<&Standing<'_>>,
    intents: &mut Intents<'_>,
) {
    ui.horizontal_wrapped(|ui| {
        let mut now = on;
        let switch = ui.checkbox(&mut now, format!("chain {chain}"));
        if switch.changed() {
            let bind = Command::Bind { sequencer: sequencer.clone(), pattern: None, chain: None, chain_on: Some(now) };
            intents.wish(&format!("{sequencer} chain on or off"), bind);
        }
        let entries = session.chains.get(chain).map(|chain| chain.entries.as_slice()).unwrap_or_default();
        for (place, entry) in entries.iter().enumerate() {
            let here = on && head.is_some_and(|head| head.entry == Some(place));
            let colour = match (here, entry.mute) {
                (true, _) => theme::PLAYING,
                (false, true) => theme::FAINT,
                (false, false) => theme::WEAK,
            };
            let text = RichText::new(format!("{}×{}", entry.pattern, entry.repeats)).small().color(colour);
            ui.label(if entry.mute { text.strikethrough() } else { text });
        }
    });
}
