//! Opens an audio file and tells what is in it, from its header alone. Runs on the media workers.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::well_known::{
    FORMAT_ID_ADTS, FORMAT_ID_ISOMP4, FORMAT_ID_MP1, FORMAT_ID_MP2, FORMAT_ID_MP3,
};
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::meta::MetadataOptions;

use super::MediaError;
use super::edit_list::{self, Trim};

/// The highest sample rate taken, in Hz (16 × 48 kHz). A higher one in a header is damage.
pub const MAX_RATE: u32 = 768_000;

/// What an audio file says about itself. Thread: any (plain data).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Short name of the container: `wave`, `aiff`, `flac`, `mp3`, `ogg`, `isomp4`, `aac`.
    pub format: String,
    /// Frames per second, in Hz.
    pub rate: u32,
    /// Channels in the file, before anything is folded; at least 1.
    pub channels: u16,
    /// Length in frames after gapless trim, where the header tells. A damaged file may hold fewer.
    pub frames: Option<u64>,
}

/// Tells what is in the file without decoding all of it (at most one packet, where the header does not name the
/// channels). Never panics. Thread: media. Realtime: no.
pub fn probe(path: &Path) -> Result<Probe, MediaError> {
    guarded(path, || {
        let mut opened = open(path)?;
        let channels = match opened.params.channels.as_ref().map(|channels| channels.count()) {
            Some(count) if count > 0 => count,
            _ => opened.channels_of_first_packet(path)?,
        };
        Ok(Probe {
            format: opened.format.clone(),
            rate: opened.rate(path)?,
            channels: u16::try_from(channels).unwrap_or(u16::MAX),
            frames: opened.frames_after_trim(),
        })
    })
}

/// A file opened at its first audio track, with a decoder for it. Thread: media.
pub(super) struct Opened {
    /// The container.
    pub(super) reader: Box<dyn FormatReader>,
    /// Decoder of the chosen track.
    pub(super) decoder: Box<dyn AudioDecoder>,
    /// The chosen track.
    pub(super) track: u32,
    /// What the header says of the codec.
    pub(super) params: AudioCodecParameters,
    /// Short name of the container.
    pub(super) format: String,
    /// Frames the header promises, before `trim`.
    pub(super) promised: Option<u64>,
    /// False where `promised` is only an estimate from the file's size.
    pub(super) promise_is_exact: bool,
    /// What to cut off after decoding; the decoders of mp3 and ogg cut by themselves.
    pub(super) trim: Option<Trim>,
    /// File size in bytes.
    pub(super) bytes: u64,
    /// Bytes read from the file so far.
    pub(super) bytes_read: Arc<AtomicU64>,
}

impl Opened {
    /// The rate from the header, checked. Thread: media.
    pub(super) fn rate(&self, path: &Path) -> Result<u32, MediaError> {
        check_rate(self.params.sample_rate.unwrap_or(0), path, &self.format)
    }

    /// The promised frames with the trim taken off. Thread: media.
    pub(super) fn frames_after_trim(&self) -> Option<u64> {
        self.promised.map(|frames| match &self.trim {
            Some(trim) => {
                let kept = trim.kept(frames, self.params.sample_rate.unwrap_or(0));
                kept.end - kept.start
            }
            None => frames,
        })
    }

    fn channels_of_first_packet(&mut self, path: &Path) -> Result<usize, MediaError> {
        for _ in 0..64 {
            let packet = match self.reader.next_packet() {
                Ok(Some(packet)) if packet.track_id == self.track => packet,
                Ok(Some(_)) => continue,
                Ok(None) => break,
                Err(error) => return Err(damage(path, &self.format, &error)),
            };
            if let Ok(buffer) = self.decoder.decode(&packet) {
                let count = buffer.spec().channels().count();
                if count > 0 {
                    return Ok(count);
                }
            }
        }
        Err(MediaError::NoSound { path: path.to_path_buf(), format: self.format.clone() })
    }
}

/// Opens a file at its first audio track. The content decides about the format, the file's extension does not.
/// Thread: media.
pub(super) fn open(path: &Path) -> Result<Opened, MediaError> {
    let mut file = open_regular(path)?;
    let bytes = file.metadata().map_err(|error| MediaError::from_io(path, &error))?.len();
    if bytes == 0 {
        return Err(MediaError::Empty { path: path.to_path_buf() });
    }
    let bytes_read = Arc::new(AtomicU64::new(0));
    let head = read_head(&mut file).map_err(|error| MediaError::from_io(path, &error))?;
    let is_wav = head.starts_with(b"RIFF") && head[8..].starts_with(b"WAVE");
    let source = Source { file, bytes, bytes_read: bytes_read.clone(), position: 0, is_wav };
    let stream = MediaSourceStream::new(Box::new(source), Default::default());
    let reader = symphonia::default::get_probe()
        .probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(|error| refusal(path, &head, &error))?;
    let info = *reader.format_info();
    let format = info.short_name.to_string();
    let unsupported =
        |what: &str| MediaError::Unsupported { path: path.to_path_buf(), format: format.clone(), what: what.into() };
    let track = reader.default_track(TrackType::Audio).ok_or_else(|| unsupported("no audio track of a known kind"))?;
    let Some(CodecParameters::Audio(params)) = track.codec_params.clone() else {
        return Err(unsupported("an audio track of unknown kind"));
    };
    let decoder = symphonia::default::get_codecs()
        .make_audio_decoder(&params, &AudioDecoderOptions::default())
        .map_err(|error| match error {
            Error::Unsupported(what) => unsupported(what),
            other => damage(path, &format, &other),
        })?;
    // Without an encoder's tag these three know their length only from bit rate and file size.
    let guessed = [FORMAT_ID_MP1, FORMAT_ID_MP2, FORMAT_ID_MP3, FORMAT_ID_ADTS].contains(&info.format);
    let promise_is_exact = !guessed || track.delay.is_some();
    let (track, promised) = (track.id, track.num_frames);
    let trim = if info.format == FORMAT_ID_ISOMP4 { edit_list::read(path, track) } else { None };
    Ok(Opened { reader, decoder, track, params, format, promised, promise_is_exact, trim, bytes, bytes_read })
}

/// Opens only regular files: a pipe would block for ever and a device might never end.
fn open_regular(path: &Path) -> Result<File, MediaError> {
    let kind = std::fs::metadata(path).map_err(|error| MediaError::from_io(path, &error))?.file_type();
    if kind.is_dir() {
        return Err(MediaError::Folder { path: path.to_path_buf() });
    }
    if !kind.is_file() {
        return Err(MediaError::NotAFile { path: path.to_path_buf() });
    }
    File::open(path).map_err(|error| MediaError::from_io(path, &error))
}

/// Runs `act`; a panic of a decoder on a strange file becomes an error value, so that one bad file never takes the
/// worker down. Thread: media.
pub(super) fn guarded<T>(path: &Path, act: impl FnOnce() -> Result<T, MediaError>) -> Result<T, MediaError> {
    // Nothing of ours that `act` touches outlives a panic in a half-changed state: it owns all it changes.
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|_| {
        Err(MediaError::Damaged {
            path: path.to_path_buf(),
            format: "audio".into(),
            what: "the decoder gave up on it".into(),
        })
    })
}

/// A sample rate within 1 to [`MAX_RATE`] Hz, or the error that says so. Thread: media.
pub(super) fn check_rate(rate: u32, path: &Path, format: &str) -> Result<u32, MediaError> {
    if (1..=MAX_RATE).contains(&rate) {
        return Ok(rate);
    }
    let what = format!("sample rate {rate} Hz is outside 1 to {MAX_RATE} Hz");
    Err(MediaError::Damaged { path: path.to_path_buf(), format: format.into(), what })
}

/// Puts a decoder's error into our words. Thread: media.
pub(super) fn damage(path: &Path, format: &str, error: &Error) -> MediaError {
    if let Error::IoError(io) = error
        && !says_nothing_of_the_disk(io)
    {
        return MediaError::from_io(path, io);
    }
    MediaError::Damaged { path: path.to_path_buf(), format: format.into(), what: in_words(error) }
}

/// A decoder's error as a phrase. Thread: media.
pub(super) fn in_words(error: &Error) -> String {
    match error {
        Error::IoError(io) if io.kind() == io::ErrorKind::UnexpectedEof => "the file ends too early".into(),
        Error::DecodeError(what) | Error::LimitError(what) | Error::Unsupported(what) => (*what).into(),
        other => other.to_string(),
    }
}

/// True for the input errors that decoders make up themselves (end of data, a nonsense seek), false for those of the
/// operating system.
pub(super) fn says_nothing_of_the_disk(error: &io::Error) -> bool {
    error.raw_os_error().is_none()
}

/// The first bytes, zeros where the file is shorter.
fn read_head(file: &mut File) -> io::Result<[u8; 12]> {
    let mut head = Vec::new();
    file.take(12).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    head.resize(12, 0);
    let mut first = [0; 12];
    first.copy_from_slice(&head);
    Ok(first)
}

/// The format a file claims to be by its first bytes.
fn claimed_format(head: &[u8; 12]) -> Option<&'static str> {
    match head {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E'] => Some("wave"),
        [b'F', b'O', b'R', b'M', ..] => Some("aiff"),
        [b'f', b'L', b'a', b'C', ..] => Some("flac"),
        [b'O', b'g', b'g', b'S', ..] => Some("ogg"),
        [b'I', b'D', b'3', ..] => Some("mp3"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some("isomp4"),
        _ => None,
    }
}

fn refusal(path: &Path, head: &[u8; 12], error: &Error) -> MediaError {
    let disk = matches!(error, Error::IoError(io) if !says_nothing_of_the_disk(io));
    match (error, claimed_format(head)) {
        (Error::Unsupported(what), Some(format)) if !what.contains("probe") => {
            MediaError::Unsupported { path: path.to_path_buf(), format: format.into(), what: (*what).into() }
        }
        (error, Some(format)) => damage(path, format, error),
        (error, None) if disk => damage(path, "audio", error),
        (_, None) => MediaError::NotAudio { path: path.to_path_buf() },
    }
}

/// The file as decoders see it: counts what is read and ends a reader that goes in circles.
struct Source {
    file: File,
    bytes: u64,
    bytes_read: Arc<AtomicU64>,
    position: u64,
    is_wav: bool,
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        if self.is_wav {
            // A recorder that lost its power leaves a wrong length in bytes 4 to 7. The demuxer refuses such a file
            // but takes "length unknown", which is as good: the chunks have lengths of their own.
            for (place, byte) in (self.position..).zip(&mut buffer[..count]).take_while(|(place, _)| *place < 8) {
                if place >= 4 {
                    *byte = 0xFF;
                }
            }
        }
        self.position += count as u64;
        let total = self.bytes_read.fetch_add(count as u64, Ordering::Relaxed) + count as u64;
        // Reading a file sixteen times over is no honest reading of any format; a table of a damaged file can ask
        // for it without end.
        if total > self.bytes.saturating_mul(16).saturating_add(64 << 20) {
            return Err(io::Error::other("the file sends the reader in circles"));
        }
        Ok(count)
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        // The operating system refuses a position before the start or beyond its number range; that comes from
        // damaged offsets, not from the disk.
        let sought =
            self.file.seek(to).map_err(|error| io::Error::new(io::ErrorKind::UnexpectedEof, error.to_string()))?;
        self.position = sought;
        Ok(sought)
    }
}

impl MediaSource for Source {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.bytes)
    }
}
