//! What can be wrong with a file, in words that name it.
//!
//! Thread: any (plain data).

use std::path::{Path, PathBuf};

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
