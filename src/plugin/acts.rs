//! Does what the command line asks of a running instance: sessions, scripts, text commands.
//!
//! Thread: main, or the one that a standalone window opens with. Everything goes through the wires the editor uses.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::bus::{Files, Remote, station::Waker};
use crate::media::Library;
use crate::model::text::{self, Errand, Standing};
use crate::model::{Ask, Batch, BatchId, Command, EvalOutcome, Event, Origin, Session, When};

/// How long a chunk, a batch or a file may take before it is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// One thing to do, in the order given.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Read a session.
    Load(PathBuf),
    /// Run a Lua file.
    Script(PathBuf),
    /// Run a file of text commands, one a line; goes on after errors and counts them.
    Commands(PathBuf),
    /// Run one text command.
    Do(String),
    /// Write the session.
    Save(PathBuf),
    /// Write the generated script of the session.
    Mirror(PathBuf),
    /// Render to a WAV file (32-bit float, stereo).
    Render(PathBuf),
}

/// What a render needs, asked of whoever has an audio side: the file, and the bars where a command names them.
pub type Render<'a> = dyn FnMut(&mut Acts, &Path, Option<u32>) -> Result<(), String> + 'a;

/// The way to an instance, for one who types at a shell.
pub struct Acts {
    /// The instance.
    pub remote: Remote,
    /// Gets every line to show.
    pub say: fn(&str),
    media: Vec<PathBuf>,
    console_shown: u64,
}

impl Acts {
    /// Reach the instance of `remote`; files are looked for in `media`, after a script's own folder.
    pub fn new(remote: Remote, media: Vec<PathBuf>, say: fn(&str)) -> Result<Self, String> {
        let acts = Self { remote, say, media, console_shown: 0 };
        acts.set_folders(None)?;
        Ok(acts)
    }

    /// Do one thing and show what it printed; the error says what went wrong.
    pub fn act(&mut self, act: &Act, render: &mut Render<'_>) -> Result<(), String> {
        let done = match act {
            Act::Load(path) => self.load(path),
            Act::Script(path) => self.script(path),
            Act::Commands(path) => self.commands(path, render),
            Act::Do(line) => self.command(line, render),
            Act::Save(path) => self.write(path, &self.remote.now().session.to_json()),
            Act::Mirror(path) => self.write(path, &crate::script::mirror(&self.remote.now().session)),
            Act::Render(path) => render(self, path, None),
        };
        self.show_console();
        done
    }

    fn write(&self, path: &Path, text: &str) -> Result<(), String> {
        Library.write_text(&path.to_string_lossy(), text)
    }

    fn read(path: &Path) -> Result<String, String> {
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
    }

    fn set_folders(&self, first: Option<&Path>) -> Result<(), String> {
        let absolute =
            |path: &PathBuf| std::fs::canonicalize(path).map_err(|error| format!("{}: {error}", path.display()));
        let mut folders = vec![];
        for path in first.map(Path::to_path_buf).iter().chain(&self.media) {
            let path = absolute(path)?.to_string_lossy().into_owned();
            if !folders.contains(&path) {
                folders.push(path);
            }
        }
        self.send(Batch::now(Origin::Host, "folders", vec![Command::SetFolders(folders)]))
    }

    fn load(&mut self, path: &Path) -> Result<(), String> {
        let session = Session::from_json(&Self::read(path)?).map_err(|error| format!("{}: {error}", path.display()))?;
        self.send(Batch::now(Origin::Host, "load", vec![Command::Load(Arc::new(session))]))
    }

    fn script(&mut self, path: &Path) -> Result<(), String> {
        let text = Self::read(path)?;
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        self.set_folders(Some(folder))?;
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let id = self.remote.calls.eval(&name, 1, &text, When::Now, false).map_err(|_| "the script is too busy")?;
        if !self.remote.gate.settle(PATIENCE) {
            return Err(format!("{}: no answer within {} s", path.display(), PATIENCE.as_secs()));
        }
        match self.remote.now().eval(id).map(|result| result.outcome.clone()) {
            Some(EvalOutcome::Done { .. }) => Ok(()),
            Some(EvalOutcome::Failed { line, message }) => Err(format!(
                "{}:{}: {message}",
                path.display(),
                line.map_or_else(|| "?".to_owned(), |line| line.to_string())
            )),
            None => Err(format!("{}: its result was lost", path.display())),
        }
    }

    fn commands(&mut self, path: &Path, render: &mut Render<'_>) -> Result<(), String> {
        let text = Self::read(path)?;
        let mut failed = 0;
        for (place, line) in text.lines().enumerate() {
            if let Err(error) = self.command(line, render) {
                failed += 1;
                (self.say)(&format!("{}:{}: {error}", path.display(), place + 1));
            }
        }
        if failed == 0 { Ok(()) } else { Err(format!("{}: {failed} commands failed", path.display())) }
    }

    fn command(&mut self, line: &str, render: &mut Render<'_>) -> Result<(), String> {
        let snapshot = self.remote.now();
        let mut draft = (*snapshot.session).clone();
        let clock = self.remote.clock.get();
        let standing = Standing {
            playing: snapshot.playing,
            beat: clock.beat,
            bpm: clock.bpm,
            host_leads: snapshot.host_leads,
            callbacks: self.remote.meters.timing(),
            desk: Some(snapshot.desk.clone()),
        };
        let reply = text::run(&mut draft, standing, line).map_err(|error| error.to_string())?;
        if !reply.commands.is_empty() {
            self.send(Batch::now(Origin::Text, line, reply.commands))?;
        }
        reply.lines.iter().for_each(|line| (self.say)(line));
        for errand in reply.errands {
            match errand {
                Errand::Undo => self.ask(Ask::Undo)?,
                Errand::Redo => self.ask(Ask::Redo)?,
                Errand::LastGood => self.ask(Ask::LastGood)?,
                Errand::Hush => self.ask(Ask::Hush)?,
                Errand::Panic => self.ask(Ask::Panic)?,
                Errand::Save(path) => self.write(Path::new(&path), &self.remote.now().session.to_json())?,
                Errand::Load(path) => self.load(Path::new(&path))?,
                Errand::Render(path, bars) => render(self, Path::new(&path), Some(bars))?,
            }
        }
        Ok(())
    }

    fn ask(&self, ask: Ask) -> Result<(), String> {
        self.remote.asks.send(ask).map_err(|_| "the engine is too busy")?;
        if self.remote.gate.settle(PATIENCE) { Ok(()) } else { Err("the engine gives no answer".to_owned()) }
    }

    /// Send a Batch and wait for its end; the error is the refusal's.
    fn send(&self, batch: Batch) -> Result<(), String> {
        let id: BatchId = batch.id;
        let told = self.remote.events.subscribe(1024, &Waker::default());
        self.ask(Ask::Batch(batch))?;
        let refusal = std::iter::from_fn(|| told.next()).find_map(|event| match event {
            Event::Refused { batch, error, .. } if batch == id => Some(error.to_string()),
            _ => None,
        });
        refusal.map_or(Ok(()), Err)
    }

    /// Show what the instance's console got since the last look.
    pub fn show_console(&mut self) {
        let snapshot = self.remote.now();
        let new = (snapshot.console_count - self.console_shown).min(snapshot.console.len() as u64) as usize;
        snapshot.console.iter().skip(snapshot.console.len() - new).for_each(|line| (self.say)(&line.text));
        self.console_shown = snapshot.console_count;
    }
}
