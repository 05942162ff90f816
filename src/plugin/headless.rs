//! The plug-in without a host, display or sound card: run scripts and commands, save, render to a file.
//!
//! Thread: main. The rooms run on their threads as in a host; the audio side runs here, offline.

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use super::acts::Act;
use super::acts::Acts;
use super::rooms::Rooms;
use crate::audio::{HostParams, HostTransport, Io, Processor};
use crate::bus::Files;
use crate::media::Library;
use crate::model::Loading;
use crate::model::text;

/// Frames of one block of an offline render.
const BLOCK: usize = 512;

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
    acts: Acts,
    stage: Stage,
}

/// The audio side, run offline.
struct Stage {
    rooms: Arc<Rooms>,
    processor: Processor,
    settings: Settings,
}

impl Headless {
    /// Start the rooms. `say` gets every line to show.
    pub fn start(settings: Settings, say: fn(&str)) -> Result<Self, String> {
        let rooms = Arc::new(Rooms::default());
        let ends = rooms.take_audio().ok_or("the audio side is taken already")?;
        let acts = Acts::new(rooms.start().clone(), settings.media.clone(), say)?;
        Ok(Self { acts, stage: Stage { rooms, processor: Processor::new(ends), settings } })
    }

    /// Do one thing; the error says what went wrong.
    pub fn act(&mut self, act: &Act) -> Result<(), String> {
        let stage = &mut self.stage;
        self.acts.act(act, &mut |acts, path, bars| stage.render(acts, path, bars))
    }
}

impl Stage {
    fn render(&mut self, acts: &Acts, path: &Path, bars: Option<u32>) -> Result<(), String> {
        let bars = bars.unwrap_or(self.settings.bars);
        let rate = f64::from(self.settings.rate);
        self.processor.prepare(rate, BLOCK, true);
        self.rooms.processing(true, true);
        let ready = self.rooms.wait_ready(true);
        let missing: Vec<String> = acts
            .remote
            .now()
            .media
            .values()
            .filter_map(|state| match state {
                Loading::Missing(why) => Some(why.to_string()),
                _ => None,
            })
            .collect();
        missing.iter().for_each(|why| (acts.say)(&format!("missing: {why}")));
        let written = if ready {
            self.write_wav(acts, path, bars, rate)
        } else {
            Err("the files were not ready in time".to_owned())
        };
        self.rooms.processing(false, false);
        written
    }

    fn write_wav(&mut self, acts: &Acts, path: &Path, bars: u32, rate: f64) -> Result<(), String> {
        let wrong = |error: hound::Error| format!("{}: {error}", path.display());
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: self.settings.rate,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let mut wav = hound::WavWriter::create(path, spec).map_err(wrong)?;
        let session = acts.remote.now().session.clone();
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
        (acts.say)(&format!(
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
