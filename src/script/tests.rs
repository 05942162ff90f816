//! The script room driven by ticks, with a small engine of its own in between.

mod chunks;
mod lights;
mod mirrors;
mod sandbox;
mod states;
mod times;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::*;
use crate::bus::latest::ClockWriter;
use crate::bus::{EngineEnds, Files, Gate, Remote, wire};
use crate::model::{Batch, ClockMap, ConsoleLine, Session};

/// Files that are there only in memory.
pub(in crate::script) struct Shelf;

impl Files for Shelf {
    fn expand(&self, asked: &str, _: &[String]) -> Result<Vec<String>, String> {
        match asked {
            "drums/" | "drums/*.wav" => {
                Ok(vec!["drums/Kick 1.wav".into(), "drums/kick-1.wav".into(), "drums/rim.wav".into()])
            }
            _ => Err(format!("\"{asked}\" is not there")),
        }
    }
    fn read_text(&self, asked: &str, _: &[String]) -> Result<(String, String), String> {
        match asked {
            "lib/beats.lua" => Ok((
                asked.into(),
                "return { four = function(name) for i = 1, 13, 4 do pattern(name, 16):set(i, 1) end end }".into(),
            )),
            _ => Err(format!("\"{asked}\" is not there")),
        }
    }
    fn write_text(&self, _: &str, _: &str) -> Result<(), String> {
        Ok(())
    }
}

pub(super) struct Rig {
    pub script: Script,
    pub engine: EngineEnds,
    pub remote: Remote,
    pub clock: ClockWriter,
    pub batches: Vec<Batch>,
    pub map: ClockMap,
    pub now: Instant,
    /// What was asked for beside Batches.
    pub asks: Vec<Ask>,
}

impl Rig {
    pub fn new() -> Self {
        let wires = wire();
        let now = Instant::now();
        let script = Script::new(wires.script, Arc::new(Shelf), Instant::now);
        Self {
            script,
            engine: wires.engine,
            remote: wires.remote,
            clock: wires.audio.clock,
            batches: vec![],
            asks: vec![],
            map: ClockMap { rate: 1000.0, bpm: 60.0, num: 4, den: 4, ..ClockMap::default() },
            now,
        }
    }

    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.remote.now()
    }

    pub fn session(&self) -> Arc<Session> {
        self.snapshot().session.clone()
    }

    pub fn gate(&self) -> &Gate {
        &self.remote.gate
    }

    /// Change the Snapshot by hand.
    pub fn publish(&self, change: impl FnOnce(&mut Snapshot)) -> u64 {
        let mut next = (*self.snapshot()).clone();
        next.revision += 1;
        change(&mut next);
        let revision = next.revision;
        self.engine.snapshot.store(Arc::new(next));
        revision
    }

    pub fn tick_script(&mut self) -> Pace {
        self.script.tick(self.now)
    }

    /// Do what was asked, as the engine would, with every moment now.
    pub fn tick_engine(&mut self) {
        while let Some(ask) = self.engine.asks.pop() {
            match ask {
                Ask::Batch(batch) => self.apply(batch),
                Ask::Console(lines) => drop(self.publish(|s| Arc::make_mut(&mut s.console).extend(lines))),
                Ask::Evaluated(result) => drop(self.publish(|s| Arc::make_mut(&mut s.evals).push_back(result))),
                other => self.asks.push(other),
            }
            self.engine.gate.asks_done.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn apply(&mut self, batch: Batch) {
        let mut session = (*self.session()).clone();
        let event = match session.perform_batch(&batch) {
            Ok(done) => {
                let revision = self.publish(|s| s.session = Arc::new(session));
                let edits = Arc::from(done.forward);
                Event::Applied { batch: batch.id, origin: batch.origin, revision, edits, back: false }
            }
            Err(error) => Event::Refused { batch: batch.id, origin: batch.origin, error: Arc::from(error.0) },
        };
        self.engine.events.tell(&event);
        // One without commands only carries what a chunk registered.
        if !batch.commands.is_empty() {
            self.batches.push(batch);
        }
    }

    pub fn tick(&mut self) {
        self.tick_script();
        self.tick_engine();
    }

    /// Run a chunk and give how it ended.
    pub fn eval_at(&mut self, chunk: &str, line: u32, text: &str, repl: bool) -> EvalOutcome {
        let id = self.remote.calls.eval(chunk, line, text, When::Now, repl).expect("room for a call");
        for _ in 0..4 {
            self.tick();
            if let Some(result) = self.snapshot().eval(id) {
                return result.outcome.clone();
            }
        }
        panic!("no result of {text}");
    }

    /// Run a chunk that must end well.
    pub fn eval(&mut self, text: &str) {
        if let EvalOutcome::Failed { line, message } = self.eval_at("test", 1, text, false) {
            panic!("{text}\nline {line:?}: {message}");
        }
        self.tick();
    }

    /// Run a chunk that must fail; gives line and message.
    pub fn fails(&mut self, text: &str) -> (Option<u32>, String) {
        match self.eval_at("test", 1, text, false) {
            EvalOutcome::Failed { line, message } => (line, message.to_string()),
            EvalOutcome::Done { .. } => panic!("did not fail: {text}"),
        }
    }

    pub fn console(&self) -> Vec<String> {
        self.snapshot().console.iter().map(|l: &ConsoleLine| l.text.to_string()).collect()
    }

    /// Run a chunk and give what it printed.
    pub fn prints(&mut self, text: &str) -> Vec<String> {
        let before = self.console().len();
        self.eval(text);
        self.console().split_off(before)
    }

    /// Let time pass: audio renders this many frames in blocks of 50, the script looks at each.
    pub fn render(&mut self, frames: u64) {
        self.gate().processing.store(true, Ordering::Release);
        let end = self.map.frame + frames;
        while self.map.frame < end {
            self.clock.put(&self.map);
            let offline = self.gate().offline.load(Ordering::Acquire);
            if offline {
                self.gate().wanted.store(self.map.frame + 50, Ordering::Release);
            }
            self.tick();
            self.map.beat = self.map.beat_at((self.map.frame + 50) as f64);
            self.map.frame += 50;
            self.now += Duration::from_millis(50);
        }
        self.clock.put(&self.map);
    }

    /// Let the internal clock start.
    pub fn play(&mut self) {
        self.map.playing = true;
        self.map.jump += 1;
        self.publish(|s| s.playing = true);
        self.engine.events.tell(&Event::Transport);
    }

    /// Positions of the hits asked for.
    pub fn shots(&self) -> Vec<f64> {
        let commands = self.batches.iter().flat_map(|b| &b.commands);
        let at = |c: &crate::model::Command| match c {
            crate::model::Command::Trigger(shot) => Some(shot.at.unwrap_or(-1.0)),
            _ => None,
        };
        commands.filter_map(at).collect()
    }
}
