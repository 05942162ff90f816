//! The media room: files become memory, and text becomes files.
//!
//! Thread: media workers (decoding), script and gui (the [`Library`]'s small reads). Nothing here knows what a pattern
//! or a sampler is.
//!
//! Reading order: [`Worker`] and [`Library`] (this file), [`files`] (which file is meant), [`probe`] (what is in it),
//! [`audio_file`] (decode it), [`text_file`] (read and write text).

pub mod audio_file;
mod edit_list;
pub mod error;
pub mod files;
mod fold;
pub mod probe;
pub mod text_file;

pub use error::MediaError;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::bus::{Files, Job, JobDone, MediaEnds, Pace, Station};

/// A media worker: takes one job after the other.
pub struct Worker {
    ends: MediaEnds,
    waiting: Option<JobDone>,
}

impl Worker {
    /// A worker at these ends.
    pub fn new(ends: MediaEnds) -> Self {
        Self { ends, waiting: None }
    }

    /// Hand an answer over; with no room it is kept for the next tick.
    fn answer(&mut self, done: JobDone) {
        self.waiting = self.ends.done.push(done).err();
        self.ends.engine_waker.wake();
    }

    fn decode(&self, number: u64, path: String, folders: &[String]) -> JobDone {
        let told = Cell::new(0.0_f32);
        let progress = |share: f32| {
            // A tenth is as fine as a person needs; lost progress is no loss.
            if share - told.get() >= 0.1 {
                told.set(share);
                let _ = self.ends.done.push(JobDone::Progress { number, share });
            }
        };
        let folders: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
        let found = files::resolve(&path, &folders).and_then(|file| audio_file::decode(&file, &progress, &|| false));
        let result = match found {
            Ok(decoded) => Ok(crate::model::AudioClip { path: path.clone(), ..decoded.clip }),
            Err(error) => Err(Arc::from(error.to_string())),
        };
        JobDone::Decoded { number, path, result }
    }
}

impl Station for Worker {
    fn tick(&mut self, _now: Instant) -> Pace {
        if let Some(done) = self.waiting.take() {
            self.answer(done);
            if self.waiting.is_some() {
                return Pace::Idle(Duration::from_millis(1));
            }
        }
        match self.ends.jobs.pop() {
            Some(Job::Decode { path, folders, number }) => {
                let done = self.decode(number, path, &folders);
                self.answer(done);
                Pace::Now
            }
            None => Pace::Idle(Duration::from_millis(200)),
        }
    }
}

/// Reads small files for rooms that may not open any. Thread: any but audio.
pub struct Library;

fn paths(folders: &[String]) -> Vec<PathBuf> {
    folders.iter().map(PathBuf::from).collect()
}

impl Files for Library {
    fn expand(&self, asked: &str, folders: &[String]) -> Result<Vec<String>, String> {
        let roots = paths(folders);
        let found = files::expand(asked, &roots).map_err(|error| error.to_string())?;
        // What was asked for relative to a folder stays so: the session can move with its files.
        let relative = |path: &Path| {
            let root =
                roots.iter().find_map(|root| path.strip_prefix(root).ok()).filter(|_| Path::new(asked).is_relative());
            root.unwrap_or(path).to_string_lossy().replace('\\', "/")
        };
        Ok(found.iter().map(|path| relative(path)).collect())
    }

    fn read_text(&self, asked: &str, folders: &[String]) -> Result<(String, String), String> {
        let path = files::resolve(asked, &paths(folders)).map_err(|error| error.to_string())?;
        let text = text_file::read(&path).map_err(|error| error.to_string())?;
        Ok((path.to_string_lossy().into_owned(), text))
    }

    fn write_text(&self, path: &str, text: &str) -> Result<(), String> {
        text_file::write(Path::new(path), text).map_err(|error| error.to_string())
    }

    fn make_folder(&self, path: &str) -> Result<(), String> {
        std::fs::create_dir_all(path).map_err(|error| MediaError::from_io(Path::new(path), &error).to_string())
    }

    fn changed_at(&self, path: &str) -> Option<u64> {
        let about = std::fs::metadata(path).ok()?;
        let since = about.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        // The length too: two writes may come within one tick of the file system's clock.
        Some((since.as_nanos() as u64).wrapping_mul(31).wrapping_add(about.len()))
    }

    fn list(&self, typed: &str, folders: &[String]) -> Vec<String> {
        files::begin_with(typed, &paths(folders))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::wire;

    #[test]
    fn what_begins_as_typed_is_listed_and_a_file_written_again_is_seen() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("sets")).expect("made");
        for name in ["sets/night.lua", "sets/Noon.lua", "sets/.hidden", "song.lua"] {
            std::fs::write(folder.path().join(name), "x").expect("written");
        }
        let folders = vec![folder.path().to_string_lossy().into_owned()];
        assert_eq!(Library.list("s", &folders), ["sets/", "song.lua"]);
        assert_eq!(Library.list("sets/n", &folders), ["sets/night.lua", "sets/Noon.lua"]);
        assert_eq!(Library.list("nowhere/", &folders), [""; 0]);
        let whole = format!("{}/so", folders[0]);
        assert_eq!(Library.list(&whole, &[]), [format!("{}/song.lua", folders[0])]);
        let song = format!("{}/song.lua", folders[0]);
        let before = Library.changed_at(&song);
        Library.write_text(&song, "longer").expect("written");
        assert!(before.is_some() && Library.changed_at(&song) != before);
        assert_eq!(Library.changed_at("nowhere.lua"), None);
    }

    #[test]
    fn a_worker_decodes_what_the_engine_asks_for_and_names_what_is_missing() {
        let folder = tempfile::tempdir().expect("a folder");
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8000,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let mut wav = hound::WavWriter::create(folder.path().join("a.wav"), spec).expect("a file");
        (0..10).for_each(|i| wav.write_sample(i as f32 / 10.0).expect("written"));
        wav.finalize().expect("whole");
        let wires = wire();
        let folders = vec![folder.path().to_string_lossy().into_owned()];
        for (number, path) in [(1, "a.wav"), (2, "nope.wav")] {
            wires.engine.jobs.push(Job::Decode { path: path.into(), folders: folders.clone(), number }).expect("room");
        }
        let [ends, _] = wires.media;
        let mut worker = Worker::new(ends);
        let now = Instant::now();
        while worker.tick(now) == Pace::Now {}
        let answers: Vec<JobDone> =
            std::iter::from_fn(|| wires.engine.done.pop()).filter(|d| matches!(d, JobDone::Decoded { .. })).collect();
        let [
            JobDone::Decoded { number: 1, result: Ok(clip), .. },
            JobDone::Decoded { number: 2, result: Err(why), .. },
        ] = answers.as_slice()
        else {
            panic!("{answers:?}");
        };
        assert_eq!((clip.frames(), clip.rate, clip.path.as_str()), (10, 8000, "a.wav"));
        assert!(why.contains("nope.wav") && why.contains(&folders[0]), "{why}");
    }

    #[test]
    fn a_folder_is_expanded_to_paths_that_move_with_the_project() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("kit")).expect("made");
        for name in ["b10.wav", "b2.wav", "notes.txt"] {
            std::fs::write(folder.path().join("kit").join(name), b"x").expect("written");
        }
        let folders = vec![folder.path().to_string_lossy().into_owned()];
        assert_eq!(Library.expand("kit/", &folders), Ok(vec!["kit/b2.wav".into(), "kit/b10.wav".into()]));
        assert!(Library.expand("none/", &folders).unwrap_err().contains("none/"));
    }

    #[test]
    fn a_folder_is_made_with_those_above_it_and_one_that_cannot_be_is_named() {
        let place = tempfile::tempdir().unwrap();
        let deep = place.path().join("a/b").to_string_lossy().into_owned();
        assert_eq!(Library.make_folder(&deep), Ok(()));
        assert_eq!(Library.make_folder(&deep), Ok(()), "it is there already");
        Library.write_text(&format!("{deep}/x.lua"), "x").unwrap();
        let under_a_file = format!("{deep}/x.lua/c");
        assert!(Library.make_folder(&under_a_file).is_err_and(|error| error.contains("x.lua")));
    }
}
