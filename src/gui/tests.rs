//! The editor over a fixture: draws a frame, asks by name, types, and looks at what was sent. Thread: the test's.

mod code;
mod command;
mod desk;
mod desk_panes;
mod editor;
mod files;
mod grid;
mod shell;
mod twoway;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use egui::{Event, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::app::App;
use crate::bus::{Files, Wires, wire};
use crate::model::text::{Standing, run};
use crate::model::{Ask, Batch, ClockMap, Command, EvalCall, Session, Snapshot};

/// Files in memory: path, text, how often they were written.
#[derive(Default)]
struct Shelf(Mutex<BTreeMap<String, (String, u64)>>);

impl Shelf {
    fn put(&self, path: &str, text: &str) {
        let mut all = self.0.lock().unwrap();
        let times = all.get(path).map_or(0, |(_, times)| *times);
        all.insert(path.to_owned(), (text.to_owned(), times + 1));
    }

    fn text(&self, path: &str) -> String {
        self.0.lock().unwrap()[path].0.clone()
    }
}

impl Files for Shelf {
    fn expand(&self, asked: &str, _: &[String]) -> Result<Vec<String>, String> {
        Err(format!("{asked}: not found"))
    }
    fn read_text(&self, asked: &str, folders: &[String]) -> Result<(String, String), String> {
        let all = self.0.lock().unwrap();
        let places = folders.iter().map(|folder| format!("{folder}/{asked}")).chain([asked.to_owned()]);
        let found = places.into_iter().find_map(|place| Some((place.clone(), all.get(&place)?.0.clone())));
        found.ok_or_else(|| format!("{asked}: not found"))
    }
    fn write_text(&self, path: &str, text: &str) -> Result<(), String> {
        self.put(path, text);
        Ok(())
    }
    fn make_folder(&self, path: &str) -> Result<(), String> {
        if path.starts_with("/full") { Err(format!("{path}: no space left")) } else { Ok(()) }
    }
    fn changed_at(&self, path: &str) -> Option<u64> {
        self.0.lock().unwrap().get(path).map(|(_, times)| *times)
    }
    fn list(&self, typed: &str, folders: &[String]) -> Vec<String> {
        let all = self.0.lock().unwrap();
        let inside =
            |path: &String| folders.iter().find_map(|f| path.strip_prefix(&format!("{f}/")).map(str::to_owned));
        all.keys().filter_map(inside).filter(|path| path.starts_with(typed)).collect()
    }
}

/// The editor, and the other ends of its wires.
struct Bench {
    harness: Harness<'static, App>,
    wires: Wires,
    session: Session,
    files: Arc<Shelf>,
}

impl Bench {
    /// An editor over the session that these text commands make.
    fn new(lines: &[&str]) -> Self {
        let mut session = Session::new();
        for line in lines {
            run(&mut session, Standing::default(), line).expect(line);
        }
        let wires = wire();
        wires.remote.snapshot.store(Arc::new(Snapshot::first(session.clone())));
        let files = Arc::new(Shelf::default());
        files.put("good.json", &Session::new().to_json());
        let app = App::new(wires.remote.clone(), files.clone(), |session| format!("-- {} bpm", session.bpm))
            .with_words(super::view::code::test_words)
            .with_desk_files(&[("Tracklight.xml", "<GMA3/>"), ("core.lua", "TL = {}")]);
        let harness = Harness::builder()
            .with_size([1000.0, 700.0])
            .with_step_dt(1.0 / 60.0)
            .build_ui_state(|ui, app: &mut App| app.ui(ui), app);
        let mut bench = Self { harness, wires, session, files };
        bench.frames(3);
        bench
    }

    /// One with a pattern that a sequencer plays into a sampler, and its grid in sight.
    fn with_grid() -> Self {
        let mut bench = Self::new(&[
            "add sampler kick",
            "pattern add beat 16",
            "pattern row beat 1 2 length=2 volume=0.5",
            "pattern row beat 5 -",
            "add sequencer seq",
            "seq seq pattern beat",
            "seq seq to kick",
        ]);
        bench.click("Patterns");
        bench.asked();
        bench
    }

    fn frames(&mut self, count: usize) {
        self.harness.run_steps(count);
    }

    /// The engine publishes this.
    fn publish(&mut self, change: impl FnOnce(&mut Snapshot)) {
        let mut snapshot = (*self.wires.remote.now()).clone();
        snapshot.revision += 1;
        change(&mut snapshot);
        self.wires.remote.snapshot.store(Arc::new(snapshot));
        self.frames(2);
    }

    /// The session has this text, from elsewhere.
    fn text(&mut self, text: &str) {
        self.publish(|snapshot| {
            let mut session = (*snapshot.session).clone();
            session.text = Arc::from(text);
            snapshot.session = Arc::new(session);
        });
    }

    /// The engine does what was asked and publishes it.
    fn obey(&mut self) -> Vec<Ask> {
        let asks = self.asked();
        for ask in &asks {
            if let Ask::Batch(batch) = ask {
                self.session.perform_batch(batch).expect("what the editor asks for can be done");
            }
        }
        let session = Arc::new(self.session.clone());
        self.publish(|snapshot| snapshot.session = session);
        asks
    }

    /// The song position moves, as audio says.
    fn play_at(&mut self, beat: f64) {
        self.wires.audio.clock.put(&ClockMap {
            beat,
            bpm: 120.0,
            rate: 48_000.0,
            playing: true,
            num: 4,
            den: 4,
            ..ClockMap::default()
        });
        self.frames(2);
    }

    fn asked(&mut self) -> Vec<Ask> {
        std::iter::from_fn(|| self.wires.engine.asks.pop()).collect()
    }

    /// Batches asked for, without what keeps the view.
    fn batches(&mut self) -> Vec<Batch> {
        let keeps = |command: &Command| matches!(command, Command::SetLayout(..));
        let batch = |ask| match ask {
            Ask::Batch(batch) if !batch.commands.iter().all(keeps) => Some(batch),
            _ => None,
        };
        self.asked().into_iter().filter_map(batch).collect()
    }

    /// The one command asked for.
    fn command(&mut self) -> Command {
        let mut batches = self.batches();
        assert_eq!(batches.len(), 1, "{batches:?}");
        assert_eq!(batches[0].commands.len(), 1, "{batches:?}");
        batches.remove(0).commands.remove(0)
    }

    fn calls(&mut self) -> Vec<EvalCall> {
        std::iter::from_fn(|| self.wires.script.calls.pop()).collect()
    }

    fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.frames(2);
    }

    fn key(&mut self, key: Key) {
        self.keys(Modifiers::NONE, key);
    }

    fn keys(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.frames(2);
    }

    /// Letters, one at a time, as a keyboard sends them.
    fn letters(&mut self, text: &str) {
        for letter in text.chars() {
            self.harness.event(egui::Event::Text(letter.to_string()));
        }
        self.frames(2);
    }

    /// These all in one frame, as on a slow machine.
    fn at_once(&mut self, events: Vec<Event>) {
        self.harness.input_mut().events.extend(events);
        self.frames(3);
    }

    fn value(&self, label: &str) -> String {
        self.harness.get_by_label(label).value().unwrap_or_default()
    }

    fn sees(&self, part: &str) -> bool {
        self.harness.query_all_by_label_contains(part).next().is_some()
    }
}
