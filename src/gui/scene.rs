//! What one frame sees, and how it asks for things. Thread: gui.

use std::sync::Arc;

use crate::bus::Remote;
use crate::model::{Ask, Batch, BatchId, ClockMap, Command, ConsoleKind, ConsoleLine, Origin, Snapshot, When};

/// Everything a view may look at in one frame. Made anew each frame and never kept.
pub struct Scene {
    /// The newest Snapshot.
    pub snapshot: Arc<Snapshot>,
    /// Where audio was at its newest block.
    pub clock: ClockMap,
    /// Seconds since the window opened; egui's clock.
    pub time: f64,
}

impl Scene {
    /// Look at everything once.
    pub fn look(remote: &Remote, time: f64) -> Self {
        Self { snapshot: remote.now(), clock: remote.clock.get(), time }
    }

    /// Song position, quarter notes.
    pub fn beat(&self) -> f64 {
        self.clock.beat
    }

    /// Whether the song position moves.
    pub fn playing(&self) -> bool {
        self.clock.playing
    }

    /// Whether the host's transport leads.
    pub fn host_leads(&self) -> bool {
        self.snapshot.host_leads || self.clock.host
    }

    /// Tempo now, beats per minute: the host's while it leads, else the session's.
    pub fn bpm(&self) -> f64 {
        if self.clock.bpm > 0.0 { self.clock.bpm } else { self.snapshot.session.bpm }
    }

    /// Bar and beat as people count them, from 1: `5.2`.
    pub fn position(&self) -> String {
        let signature = if self.clock.num > 0 { self.clock.signature() } else { self.snapshot.session.signature };
        let bar_beats = signature.bar_beats();
        let beat = self.beat() + 1e-9;
        let bar = (beat / bar_beats).floor();
        let within = (beat - bar * bar_beats) * f64::from(signature.den.max(1)) / 4.0;
        format!("{}.{}", bar as i64 + 1, within.floor() as i64 + 1)
    }
}

/// Sends intents; what finds no room in a queue is told to the person who asked.
pub struct Intents<'a> {
    remote: &'a Remote,
    told: &'a mut Vec<String>,
}

impl<'a> Intents<'a> {
    /// Intents that go to `remote`; sentences for the person go to `told`.
    pub fn new(remote: &'a Remote, told: &'a mut Vec<String>) -> Self {
        Self { remote, told }
    }

    /// The other ends.
    pub fn remote(&self) -> &Remote {
        self.remote
    }

    /// Say something in the strip under the views.
    pub fn tell(&mut self, text: impl Into<String>) {
        self.told.push(text.into());
    }

    fn full(&mut self, what: &str) {
        self.tell(format!("{what}: the engine's queue is full, nothing was done. Try again."));
    }

    /// Ask for commands by hand, all or nothing, as one undo step.
    pub fn wishes(&mut self, label: &str, commands: Vec<Command>) {
        self.batch(Origin::Gui, label, commands);
    }

    /// Ask for one command by hand.
    pub fn wish(&mut self, label: &str, command: Command) {
        self.wishes(label, vec![command]);
    }

    /// Let the session keep something of the editor's own: its text, its layout. The text has an undo of its own and
    /// a view is no music, so this is no undo step; it goes as the host's, which saves it with the song.
    pub fn keep(&mut self, what: &str, command: Command) {
        self.batch(Origin::Host, what, vec![command]);
    }

    /// Ask for commands.
    pub fn batch(&mut self, origin: Origin, label: &str, commands: Vec<Command>) -> Option<BatchId> {
        let batch = Batch::now(origin, label, commands);
        let id = batch.id;
        match self.remote.asks.batch(batch) {
            Ok(()) => Some(id),
            Err(_) => {
                self.full(label);
                None
            }
        }
    }

    /// Ask for something that is no edit.
    pub fn ask(&mut self, what: &str, ask: Ask) {
        if self.remote.asks.send(ask).is_err() {
            self.full(what);
        }
    }

    /// Put a typed line on the console.
    pub fn echo(&mut self, text: &str) {
        let line = |text: &str| ConsoleLine { kind: ConsoleKind::Input, text: Arc::from(text) };
        self.ask("console", Ask::Console(text.lines().map(line).collect()));
    }

    /// Run a chunk; gives its number.
    pub fn eval(&mut self, chunk: &str, first_line: u32, text: &str, when: When, repl: bool) -> Option<u64> {
        let sent = self.remote.calls.eval(chunk, first_line, text, when, repl);
        self.sent(sent)
    }

    /// Run the whole buffer: what it started before and does not contain any more is stopped.
    pub fn eval_whole(&mut self, chunk: &str, text: &str, when: When) -> Option<u64> {
        let sent = self.remote.calls.eval_whole(chunk, text, when);
        self.sent(sent)
    }

    fn sent(&mut self, sent: Result<u64, Arc<str>>) -> Option<u64> {
        match sent {
            Ok(id) => Some(id),
            Err(_) => {
                self.tell(
                    "The script is busy: its queue is full, nothing was run. Hush (Ctrl+H) stops a chunk that hangs.",
                );
                None
            }
        }
    }
}
