//! What one keystroke costs in a script of 2000 lines: a whole frame of the editor and the triangles it becomes, as CPU
//! time of the gui thread. Thread: main.
//!
//! `cargo bench --bench editor` prints p50 and p99 over 300 keystrokes, and says when p99 is above the 4 ms allowed.

use std::hint::black_box;
use std::sync::Arc;

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::{Event, Key, Modifiers, Pos2, RawInput, Rect, vec2};
use tracklight::bus::{Files, wire};
use tracklight::gui::App;
use tracklight::gui::view::code::editor_id;
use tracklight::model::{Session, Snapshot};
use tracklight_host::{Spread, thread_cpu_ns};

const LINES: usize = 2000;
const KEYSTROKES: usize = 300;
const ALLOWED_MS: f64 = 4.0;

struct NoFiles;
impl Files for NoFiles {
    fn expand(&self, asked: &str, _: &[String]) -> Result<Vec<String>, String> {
        Err(format!("{asked}: not found"))
    }
    fn read_text(&self, asked: &str, _: &[String]) -> Result<(String, String), String> {
        Err(format!("{asked}: not found"))
    }
    fn write_text(&self, _: &str, _: &str) -> Result<(), String> {
        Ok(())
    }
}

/// A script such as people write, over and over.
fn script() -> String {
    let verse = [
        "-- drums, the second verse",
        "sampler(\"kick\", { samples = { \"drums/kick.wav\" }, volume = 0.8, playStyle = \"ONCE\", attackMs = 5 })",
        "local beat = pattern(\"beat\", 16)",
        "for i = 1, 16, 4 do",
        "    beat:set(i, { index = 1, volume = 0.5 + i / 32, chance = 90 })",
        "end",
        "sequencer(\"seq\", { pattern = \"beat\", to = \"kick\" })",
        "if clock:isPlaying() then trigger(\"kick\", { volume = 0.9, length = \"1/8\" }) end",
        "clock:every(\"1/4\", function(beat) setParam(\"kick\", \"pan\", math.sin(beat)) end)",
        "",
    ];
    (0..LINES).map(|line| verse[line % verse.len()]).collect::<Vec<_>>().join("\n")
}

struct Bench {
    context: egui::Context,
    app: App,
    time: f64,
}

impl Bench {
    fn new(text: &str) -> Self {
        let wires = wire();
        let mut session = Session::new();
        session.text = Arc::from(text);
        wires.remote.snapshot.store(Arc::new(Snapshot::first(session)));
        let app = App::new(wires.remote.clone(), Arc::new(NoFiles), |_| String::new())
            .with_words(tracklight::script::completions);
        let mut bench = Self { context: egui::Context::default(), app, time: 0.0 };
        bench.frame(vec![]);
        bench
    }

    /// One frame, and its triangles; gives the CPU time it took, milliseconds.
    fn frame(&mut self, events: Vec<Event>) -> f64 {
        self.time += 1.0 / 60.0;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(1000.0, 700.0))),
            time: Some(self.time),
            events,
            ..RawInput::default()
        };
        let begin = thread_cpu_ns();
        let output = self.context.run_ui(input, |ui| self.app.ui(ui));
        black_box(self.context.tessellate(output.shapes, output.pixels_per_point));
        (thread_cpu_ns() - begin) as f64 / 1e6
    }

    fn caret(&mut self, at: usize) {
        self.context.memory_mut(|memory| memory.request_focus(editor_id()));
        let mut state = TextEditState::load(&self.context, editor_id()).unwrap_or_default();
        state.cursor.set_char_range(Some(CCursorRange::one(CCursor::new(at))));
        state.store(&self.context, editor_id());
        for _ in 0..3 {
            self.frame(vec![]);
        }
    }

    fn keystroke(&mut self, letter: &str, key: Key) -> f64 {
        let press =
            |pressed| Event::Key { key, physical_key: None, pressed, repeat: false, modifiers: Modifiers::NONE };
        let cost = self.frame(vec![press(true), Event::Text(letter.to_owned())]);
        self.frame(vec![press(false)]);
        cost
    }
}

fn report(what: &str, costs: &[f64]) {
    let spread = Spread::of(costs.iter().copied());
    let verdict = if spread.p99 < ALLOWED_MS { "under" } else { "ABOVE" };
    println!(
        "{what}: p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms of CPU; {verdict} {ALLOWED_MS} ms",
        spread.p50, spread.p99, spread.max
    );
}

fn main() {
    let text = script();
    for (place, at) in
        [("at the start", 0), ("in the middle", text.chars().count() / 2), ("at the end", text.chars().count())]
    {
        let mut bench = Bench::new(&text);
        bench.caret(at);
        let words = [("s", Key::S), ("e", Key::E), ("t", Key::T), ("P", Key::P), (" ", Key::Space)];
        let costs: Vec<f64> =
            (0..KEYSTROKES).map(|i| bench.keystroke(words[i % words.len()].0, words[i % words.len()].1)).collect();
        report(&format!("a keystroke {place} of {LINES} lines"), &costs);
        let idle: Vec<f64> = (0..60).map(|_| bench.frame(vec![])).collect();
        report(&format!("a frame without keys {place}"), &idle);
    }
}
