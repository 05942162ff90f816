//! The plug-in without a host, display or sound card: run scripts and commands, save, render to a file.
//!
//! Thread: main. The rooms run on their threads as in a host; the audio side runs here, offline.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::rooms::Rooms;
use crate::audio::{HostParams, HostTransport, Io, Processor};
use crate::bus::{Files, Remote, station::Waker};
use crate::media::Library;
use crate::model::text::{self, Errand, Standing};
use crate::model::{Ask, Batch, BatchId, Command, EvalOutcome, Event, Loading, Origin, Session, When};

/// How long a chunk, a batch or a file may take before headless gives up.
const PATIENCE: Duration = Duration::from_secs(60);
/// Frames of one block of an offline render.
const BLOCK: usize = 512;

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

/// How to render.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Folders where files are looked for, after the script's own.
    pub media: Vec<PathBuf>,
    /// Bars to render, at least 1.
    pub bars: u32,
    /// Frames per second.
    pub rate: u32,
    /// Tempo of the transport; `None` is the session's.
    pub tempo: Option<f64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { media: vec![], bars: 16, rate: 48_000, tempo: None }
    }
}

/// An instance driven from the command line.
pub struct Headless {
    rooms: Arc<Rooms>,
    remote: Remote,
    processor: Processor,
    settings: Settings,
    say: fn(&str),
    console_shown: u64,
}

impl Headless {
    /// Start the rooms. `say` gets every line to show.
    pub fn start(settings: Settings, say: fn(&str)) -> Result<Self, String> {
        let rooms = Arc::new(Rooms::default());
        let ends = rooms.take_audio().ok_or("the audio side is taken already")?;
        let remote = rooms.start().clone();
        let mut headless = Self { rooms, remote, processor: Processor::new(ends), settings, say, console_shown: 0 };
        headless.set_folders(None)?;
        Ok(headless)
    }

    /// Do one thing; the error says what went wrong.
    pub fn act(&mut self, act: &Act) -> Result<(), String> {
        let done = match act {
            Act::Load(path) => self.load(path),
            Act::Script(path) => self.script(path),
            Act::Commands(path) => self.commands(path),
            Act::Do(line) => self.command(line),
            Act::Save(path) => self.write(path, &self.remote.now().session.to_json()),
            Act::Mirror(path) => self.write(path, &crate::script::mirror(&self.remote.now().session)),
            Act::Render(path) => self.render(path, self.settings.bars),
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

    fn set_folders(&mut self, first: Option<&Path>) -> Result<(), String> {
        let absolute =
            |path: &PathBuf| std::fs::canonicalize(path).map_err(|error| format!("{}: {error}", path.display()));
        let mut folders = vec![];
        for path in first.map(Path::to_path_buf).iter().chain(&self.settings.media) {
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

    fn commands(&mut self, path: &Path) -> Result<(), String> {
        let text = Self::read(path)?;
        let mut failed = 0;
        for (place, line) in text.lines().enumerate() {
            if let Err(error) = self.command(line) {
                failed += 1;
                (self.say)(&format!("{}:{}: {error}", path.display(), place + 1));
            }
        }
        if failed == 0 { Ok(()) } else { Err(format!("{}: {failed} commands failed", path.display())) }
    }

    fn command(&mut self, line: &str) -> Result<(), String> {
        let snapshot = self.remote.now();
        let mut draft = (*snapshot.session).clone();
        let clock = self.remote.clock.get();
        let standing =
            Standing { playing: snapshot.playing, beat: clock.beat, bpm: clock.bpm, host_leads: snapshot.host_leads };
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
                Errand::Render(path, bars) => self.render(Path::new(&path), bars)?,
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

    fn show_console(&mut self) {
        let snapshot = self.remote.now();
        let new = (snapshot.console_count - self.console_shown).min(snapshot.console.len() as u64) as usize;
        snapshot.console.iter().skip(snapshot.console.len() - new).for_each(|line| (self.say)(&line.text));
        self.console_shown = snapshot.console_count;
    }

    fn render(&mut self, path: &Path, bars: u32) -> Result<(), String> {
        let rate = f64::from(self.settings.rate);
        self.processor.prepare(rate, BLOCK, true);
        self.rooms.processing(true, true);
        let ready = self.rooms.wait_ready(true);
        let missing: Vec<String> = self
            .remote
            .now()
            .media
            .values()
            .filter_map(|state| match state {
                Loading::Missing(why) => Some(why.to_string()),
                _ => None,
            })
            .collect();
        missing.iter().for_each(|why| (self.say)(&format!("missing: {why}")));
        let written =
            if ready { self.write_wav(path, bars, rate) } else { Err("the files were not ready in time".to_owned()) };
        self.rooms.processing(false, false);
        written
    }

    fn write_wav(&mut self, path: &Path, bars: u32, rate: f64) -> Result<(), String> {
        let wrong = |error: hound::Error| format!("{}: {error}", path.display());
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: self.settings.rate,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let mut wav = hound::WavWriter::create(path, spec).map_err(wrong)?;
        let session = self.remote.now().session.clone();
        let tempo = self.settings.tempo.unwrap_or(session.bpm);
        let frames = (f64::from(bars) * session.signature.bar_beats() * 60.0 * rate / tempo).round() as usize;
        let (mut left, mut right) = ([0.0_f32; BLOCK], [0.0_f32; BLOCK]);
        let params = HostParams { master: 1.0, opacity: 1.0, ..HostParams::default() };
        let mut done = 0;
        while done < frames {
            let count = BLOCK.min(frames - done);
            let transport = HostTransport {
                playing: true,
                tempo: Some(tempo),
                beat: Some(done as f64 * tempo / (60.0 * rate)),
                signature: Some((session.signature.num, session.signature.den)),
                loop_beats: None,
            };
            let mut io = Io {
                main_in: None,
                side_in: None,
                main_out: [&mut left[..count], &mut right[..count]],
                aux: [const { None }; 8],
            };
            self.processor.process(&mut io, Some(&transport), &params, &[]);
            for frame in 0..count {
                wav.write_sample(left[frame]).map_err(wrong)?;
                wav.write_sample(right[frame]).map_err(wrong)?;
            }
            done += count;
        }
        wav.finalize().map_err(wrong)?;
        (self.say)(&format!(
            "{}: {bars} bars, {frames} frames at {} Hz, {tempo} bpm",
            path.display(),
            self.settings.rate
        ));
        Ok(())
    }
}

/// Write the reference pages (Lua, parameters, text commands) into a folder; the names of the files written.
pub fn write_docs(folder: &Path) -> Result<Vec<String>, String> {
    let pages =
        [("lua.md", crate::script::manual()), ("parameters.md", parameters_page()), ("commands.md", commands_page())];
    for (name, text) in &pages {
        Library.write_text(&folder.join(name).to_string_lossy(), text)?;
    }
    Ok(pages.into_iter().map(|(name, _)| name.to_owned()).collect())
}

fn parameters_page() -> String {
    use crate::model::{ModuleKind, Param};
    let mut page = String::from(
        "# Parameters\n\nGenerated from the declaration list; `per hit` may stand on a sample or in a row.\n",
    );
    for kind in ModuleKind::ALL {
        let params: Vec<Param> = Param::of(kind).collect();
        if params.is_empty() {
            continue;
        }
        page += &format!(
            "\n## {}\n\n| name | takes | default | unit | per hit | |\n|---|---|---|---|---|---|\n",
            kind.name()
        );
        for param in params {
            let desc = param.desc();
            let hit = if desc.per_hit { "yes" } else { "" };
            page += &format!(
                "| `{}` | {} | {} | {:?} | {hit} | {} |\n",
                desc.name,
                param.allowed(),
                param.show(desc.default),
                desc.unit,
                desc.doc
            );
        }
    }
    page
}

fn commands_page() -> String {
    let mut page = String::from(
        "# Text commands\n\nGenerated from the declaration list. Quote words with spaces; lines that begin with `#` are passed over.\n\n| word | usage | |\n|---|---|---|\n",
    );
    for verb in text::VERBS {
        page += &format!("| `{}` | `{}` | {} |\n", verb.name, verb.usage.replace('|', "\\|"), verb.doc);
    }
    page
}
