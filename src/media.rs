//! The media room: files become memory, and text becomes files. Everything here runs on the media workers.
//!
//! This is the only room below `plugin` that opens the user's files. A worker takes one [`Job`], does it, and gives
//! back one [`Answer`]; it never knows what a pattern or a sampler is.
//!
//! Reading order: [`work`] (this file), [`files`] (which file is meant), [`probe`] (what is in it),
//! [`audio_file`] (decode it), [`text_file`] (read and write text).

pub mod audio_file;
mod edit_list;
pub mod files;
mod fold;
pub mod probe;
pub mod text_file;

use std::path::{Path, PathBuf};

/// Decoded audio, planar `f32`, at the file's own rate. Thread: any (plain data).
#[derive(Clone, Debug, PartialEq)]
pub struct AudioClip {
    /// Frames per second, in Hz; 1 to [`probe::MAX_RATE`].
    pub rate: u32,
    /// One (mono) or two (left, right) channels of equal, non-zero length. Full scale is −1 to 1; float files may
    /// go beyond it. Always finite.
    pub channels: Vec<Vec<f32>>,
    /// The file it came from.
    pub path: String,
}

impl AudioClip {
    /// Length in frames. Thread: any.
    pub fn frames(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }
}

/// Why a file could not be used. Each message names the file and what is wrong. Thread: any.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// The path leads nowhere.
    #[error("{}: there is no such file", path.display())]
    Missing {
        /// The path tried.
        path: PathBuf,
    },
    /// The operating system said no.
    #[error("{}: no permission to use this file", path.display())]
    Permission {
        /// The path tried.
        path: PathBuf,
    },
    /// A folder where a file was wanted.
    #[error("{}: this is a folder, not a file (end the name with / to load all audio files in it)", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// A device, pipe or socket where a file was wanted.
    #[error("{}: this is a device or a pipe, not a file", path.display())]
    NotAFile {
        /// The path tried.
        path: PathBuf,
    },
    /// The file holds no bytes at all.
    #[error("{}: the file is empty (0 bytes)", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The content is none of the formats known here.
    #[error("{}: not an audio file known here (wav, aiff, flac, mp3, ogg vorbis, m4a with aac or alac); its name does not matter, its content does", path.display())]
    NotAudio {
        /// The file.
        path: PathBuf,
    },
    /// A known format with something in it that cannot be read here.
    #[error("{}: {format} file with {what}, which is not supported", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// Short name of the format, such as `ogg`.
        format: String,
        /// What was met.
        what: String,
    },
    /// A known format, so broken that no sound comes out.
    #[error("{}: damaged {format} file, nothing could be decoded: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Short name of the format, such as `wav`, or `audio` where it is not known.
        format: String,
        /// What went wrong.
        what: String,
    },
    /// A whole file without a single frame of sound.
    #[error("{}: {format} file without any sound in it (0 frames)", path.display())]
    NoSound {
        /// The file.
        path: PathBuf,
        /// Short name of the format.
        format: String,
    },
    /// More than fits into memory by our limit.
    #[error("{}: too large: {size_mib} MiB or more in memory, the limit is {limit_mib} MiB", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Size reached or promised, in MiB.
        size_mib: u64,
        /// The limit, in MiB.
        limit_mib: u64,
    },
    /// The asker did not want it any more.
    #[error("{}: loading was cancelled", path.display())]
    Cancelled {
        /// The file.
        path: PathBuf,
    },
    /// A text file that is not UTF-8.
    #[error("{}: not a text file: byte {at} is not valid UTF-8", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// Offset of the first wrong byte, counted from 0.
        at: usize,
    },
    /// Any other answer of the operating system.
    #[error("{}: {what}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's words.
        what: String,
    },
    /// A relative path that is in none of the folders.
    #[error("\"{asked}\": not found; looked in {}", list(looked))]
    NotFound {
        /// What was asked for, as written.
        asked: String,
        /// Every place tried, in order.
        looked: Vec<PathBuf>,
    },
    /// A folder or glob that gave no audio file.
    #[error("\"{asked}\": no audio files there; looked in {}", list(looked))]
    NothingMatches {
        /// What was asked for, as written.
        asked: String,
        /// Every place tried, in order.
        looked: Vec<PathBuf>,
    },
    /// A folder or glob that gave too many.
    #[error("\"{asked}\": more than {limit} files; name a smaller folder or a narrower pattern")]
    TooMany {
        /// What was asked for, as written.
        asked: String,
        /// The largest number allowed.
        limit: usize,
    },
    /// A name that cannot be a path.
    #[error("\"{asked}\": {why}")]
    BadName {
        /// What was asked for, as written.
        asked: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl MediaError {
    /// Puts an answer of the operating system about `path` into words. Thread: any.
    pub(crate) fn from_io(path: &Path, error: &std::io::Error) -> Self {
        let path = path.to_path_buf();
        match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Self::Missing { path },
            std::io::ErrorKind::PermissionDenied => Self::Permission { path },
            std::io::ErrorKind::IsADirectory => Self::Folder { path },
            _ => Self::Io { path, what: error.to_string() },
        }
    }
}

fn list(places: &[PathBuf]) -> String {
    if places.is_empty() {
        return "no folder (the project is not saved yet and no media folder is set)".into();
    }
    places.iter().map(|place| place.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// One piece of work for a media worker. `id` is chosen by the asker and comes back in the answer.
/// Thread: made by the engine, done by a media worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job {
    /// Find one audio file and decode it whole.
    Decode {
        /// Comes back in the answer.
        id: u64,
        /// Path as the user wrote it.
        asked: String,
        /// Folders for a relative path, in order.
        folders: Vec<PathBuf>,
    },
    /// List the audio files a folder, a glob or a single path stands for.
    Expand {
        /// Comes back in the answer.
        id: u64,
        /// Path as the user wrote it.
        asked: String,
        /// Folders for a relative path, in order.
        folders: Vec<PathBuf>,
    },
    /// Read a UTF-8 text file.
    ReadText {
        /// Comes back in the answer.
        id: u64,
        /// Full path.
        path: PathBuf,
    },
    /// Write a text file so that a crash leaves either the old or the new text.
    WriteText {
        /// Comes back in the answer.
        id: u64,
        /// Full path.
        path: PathBuf,
        /// The whole new content.
        text: String,
    },
}

/// What came of one [`Job`]. Thread: made by a media worker, read by the engine.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Of [`Job::Decode`].
    Decoded {
        /// The job's id.
        id: u64,
        /// The sound, with what was wrong with the file if it was usable all the same.
        result: Result<audio_file::Decoded, MediaError>,
    },
    /// Of [`Job::Expand`].
    Expanded {
        /// The job's id.
        id: u64,
        /// Each file with the sample name it gets (unique among these), in the order of the list.
        result: Result<Vec<(String, PathBuf)>, MediaError>,
    },
    /// Of [`Job::ReadText`].
    Text {
        /// The job's id.
        id: u64,
        /// The text, without a byte-order mark.
        result: Result<String, MediaError>,
    },
    /// Of [`Job::WriteText`].
    Written {
        /// The job's id.
        id: u64,
        /// Nothing, or why the old file is still there unchanged.
        result: Result<(), MediaError>,
    },
}

/// Does one job. `progress` hears 0 to 1 while decoding; `cancel` is asked several times a second of work.
/// Never panics, whatever the file holds. Thread: media. Realtime: no (reads files, allocates).
pub fn work(job: Job, progress: &dyn Fn(f32), cancel: &dyn Fn() -> bool) -> Answer {
    match job {
        Job::Decode { id, asked, folders } => {
            let result = files::resolve(&asked, &folders).and_then(|path| audio_file::decode(&path, progress, cancel));
            Answer::Decoded { id, result }
        }
        Job::Expand { id, asked, folders } => {
            let result = files::expand(&asked, &folders).map(|paths| {
                let names: Vec<String> = paths.iter().map(|path| files::sample_name(path)).collect();
                files::unique_names(&names).into_iter().zip(paths).collect()
            });
            Answer::Expanded { id, result }
        }
        Job::ReadText { id, path } => Answer::Text { id, result: text_file::read(&path) },
        Job::WriteText { id, path, text } => Answer::Written { id, result: text_file::write(&path, &text) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_job_gives_one_answer_with_its_id() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("song.lua");
        let written = work(Job::WriteText { id: 7, path: path.clone(), text: "play()".into() }, &|_| {}, &|| false);
        assert_eq!(written, Answer::Written { id: 7, result: Ok(()) });
        let read = work(Job::ReadText { id: 8, path }, &|_| {}, &|| false);
        assert_eq!(read, Answer::Text { id: 8, result: Ok("play()".into()) });
    }

    #[test]
    fn expanding_a_folder_gives_unique_sample_names() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["Kick 1.wav", "kick-1.WAV", "notes.txt"] {
            std::fs::write(folder.path().join(name), b"x").expect("written");
        }
        let job = Job::Expand { id: 1, asked: "./".into(), folders: vec![folder.path().into()] };
        let Answer::Expanded { id: 1, result: Ok(found) } = work(job, &|_| {}, &|| false) else {
            panic!("not expanded");
        };
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["kick_1", "kick_1_2"]);
    }

    #[test]
    fn a_file_that_is_nowhere_is_told_with_every_place_tried() {
        let job = Job::Decode { id: 3, asked: "no.wav".into(), folders: vec!["one".into(), "two".into()] };
        let Answer::Decoded { id: 3, result: Err(error) } = work(job, &|_| {}, &|| false) else {
            panic!("decoded?");
        };
        let said = error.to_string();
        assert!(said.contains("no.wav") && said.contains("one") && said.contains("two"), "{said}");
    }
}
