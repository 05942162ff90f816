//! Decodes a whole audio file into memory. Runs on the media workers.
//!
//! Files that are damaged part of the way are used as far as they go: what decoded is kept and a warning says what
//! is missing. Only a file that gives no sound at all is an error.

use std::path::Path;
use std::sync::atomic::Ordering;

use symphonia::core::errors::Error;
use symphonia::core::packet::Packet;

use super::MediaError;
use super::fold::Fold;
use super::probe::{self, Opened};
use crate::model::AudioClip;

/// The most sound one file may become in memory, in bytes. Longer files need streaming.
pub const MAX_DECODED_BYTES: u64 = 2 << 30;

/// Packets in a row that may be broken, or empty, before the rest of the file is given up.
const MAX_USELESS_IN_A_ROW: u32 = 1024;
/// Packets in a row of other tracks (pictures, subtitles) before the rest of the file is given up.
const MAX_FOREIGN_IN_A_ROW: u32 = 1 << 20;
/// The longest silence one broken packet leaves, in frames; more than the longest packet of any codec here.
const MAX_GAP: u64 = 65_536;

/// A decoded file and what was wrong with it. Thread: any (plain data).
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The sound.
    pub clip: AudioClip,
    /// Sentences for the user: the file ends early, packets were broken, samples were not numbers. Mostly empty.
    pub warnings: Vec<String>,
}

/// Decodes the first audio track of the file at `path`.
///
/// Mono stays one channel, stereo two; three and more are folded to stereo after ITU-R BS.775 (front left and right
/// at 1, centres to both sides and surrounds to their side at 0.7071, the low-frequency channel left out from six
/// channels up, the sum scaled so that nothing gets louder than full scale). Encoder delay and padding are cut where
/// the file tells them. A broken packet becomes silence of its length, NaN and infinite samples become 0.
///
/// `progress` hears rising values from 0 to 1; `cancel` is asked before every packet. Never panics.
/// Thread: media. Realtime: no (reads the file, allocates up to [`MAX_DECODED_BYTES`]).
pub fn decode(path: &Path, progress: &dyn Fn(f32), cancel: &dyn Fn() -> bool) -> Result<Decoded, MediaError> {
    decode_up_to(path, MAX_DECODED_BYTES, progress, cancel)
}

fn decode_up_to(
    path: &Path,
    limit: u64,
    progress: &dyn Fn(f32),
    cancel: &dyn Fn() -> bool,
) -> Result<Decoded, MediaError> {
    probe::guarded(path, || {
        let mut opened = probe::open(path)?;
        let mut tape = Tape::new(path, limit, &opened)?;
        let end = read_packets(path, &mut opened, &mut tape, progress, cancel)?;
        let decoded = tape.finish(&opened, end)?;
        progress(1.0);
        Ok(decoded)
    })
}

/// How the packets ended.
enum End {
    /// All there.
    Clean,
    /// Given up, for this reason.
    Early(String),
}

fn read_packets(
    path: &Path,
    opened: &mut Opened,
    tape: &mut Tape,
    progress: &dyn Fn(f32),
    cancel: &dyn Fn() -> bool,
) -> Result<End, MediaError> {
    let mut told = 0.0;
    let mut foreign = 0;
    loop {
        if cancel() {
            return Err(MediaError::Cancelled { path: path.to_path_buf() });
        }
        let packet = match opened.reader.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => return Ok(End::Clean),
            Err(Error::IoError(error)) if !probe::says_nothing_of_the_disk(&error) => {
                return Err(MediaError::from_io(path, &error));
            }
            Err(Error::ResetRequired) => return Ok(End::Early("a second recording follows inside the file".into())),
            Err(error) => return Ok(End::Early(probe::in_words(&error))),
        };
        if packet.track_id != opened.track {
            foreign += 1;
            if foreign > MAX_FOREIGN_IN_A_ROW {
                return Ok(End::Early("no more sound among the other tracks".into()));
            }
            continue;
        }
        foreign = 0;
        if let Some(reason) = tape.take(&packet, opened)? {
            return Ok(End::Early(reason));
        }
        let done = tape.part_of(opened);
        if done >= told + 0.01 {
            told = done;
            progress(done);
        }
    }
}

/// The sound as it grows.
struct Tape<'a> {
    path: &'a Path,
    limit: u64,
    format: String,
    rate: u32,
    planes_expected: usize,
    fold: Fold,
    channels: Vec<Vec<f32>>,
    scratch: Vec<Vec<f32>>,
    frames_decoded: u64,
    broken: u64,
    useless_in_a_row: u32,
    last_trouble: Option<String>,
    wild_samples: u64,
}

impl<'a> Tape<'a> {
    fn new(path: &'a Path, limit: u64, opened: &Opened) -> Result<Self, MediaError> {
        let tape = Tape {
            path,
            limit,
            format: opened.format.clone(),
            rate: 0,
            planes_expected: 0,
            fold: Fold::Keep,
            channels: Vec::new(),
            scratch: Vec::new(),
            frames_decoded: 0,
            broken: 0,
            useless_in_a_row: 0,
            last_trouble: None,
            wild_samples: 0,
        };
        // A header may promise anything, so its word alone refuses only where the file's size makes it likely
        // (64 bytes of sound from each byte of file is beyond all but silence).
        let channels = opened.params.channels.as_ref().map_or(1, |channels| channels.count()).clamp(1, 2) as u64;
        let promised = opened.promised.unwrap_or(0).saturating_mul(4 * channels);
        if promised > limit && opened.bytes.saturating_mul(64) >= promised {
            return Err(tape.too_large(promised));
        }
        Ok(tape)
    }

    /// Adds one packet. A reason means that the rest of the file is of no use.
    fn take(&mut self, packet: &Packet, opened: &mut Opened) -> Result<Option<String>, MediaError> {
        let before = self.frames();
        match opened.decoder.decode(packet) {
            Ok(buffer) => {
                let spec = buffer.spec();
                let (rate, planes) = (spec.rate(), spec.channels().count());
                if buffer.frames() > 0 && planes > 0 {
                    if self.channels.is_empty() {
                        self.rate = probe::check_rate(rate, self.path, &self.format)?;
                        self.planes_expected = planes;
                        self.fold = Fold::new(spec.channels());
                        self.channels = vec![Vec::new(); self.fold.outputs(planes)];
                    } else if rate != self.rate || planes != self.planes_expected {
                        return Ok(Some(format!("it changes to {rate} Hz with {planes} channels in the middle")));
                    }
                    buffer.copy_to_vecs_planar(&mut self.scratch);
                    self.make_room(self.scratch[0].len() as u64)?;
                    self.wild_samples += silence_wild_samples(&mut self.scratch);
                    self.fold.append(&self.scratch, &mut self.channels);
                    self.frames_decoded += self.frames() - before;
                    self.useless_in_a_row = 0;
                    return Ok(None);
                }
            }
            Err(Error::IoError(error)) if !probe::says_nothing_of_the_disk(&error) => {
                return Err(MediaError::from_io(self.path, &error));
            }
            Err(Error::ResetRequired) => return Ok(Some("it changes its kind of sound in the middle".into())),
            Err(error) => {
                self.broken += 1;
                self.last_trouble = Some(probe::in_words(&error));
                self.leave_gap(packet)?;
            }
        }
        self.useless_in_a_row += 1;
        let given_up = self.useless_in_a_row > MAX_USELESS_IN_A_ROW;
        Ok(given_up.then(|| "nothing but broken packets follow".into()))
    }

    /// Silence in place of a broken packet, so that what follows stays in time. At the very start there is nothing
    /// to keep in time with.
    fn leave_gap(&mut self, packet: &Packet) -> Result<(), MediaError> {
        if self.channels.is_empty() {
            return Ok(());
        }
        let gap = packet.dur.get().min(MAX_GAP);
        self.make_room(gap)?;
        for channel in &mut self.channels {
            channel.resize(channel.len() + gap as usize, 0.0);
        }
        Ok(())
    }

    fn make_room(&mut self, frames: u64) -> Result<(), MediaError> {
        let bytes = (self.frames() + frames).saturating_mul(4 * self.channels.len() as u64);
        if bytes > self.limit {
            return Err(self.too_large(bytes));
        }
        let short_of_memory = self.channels.iter_mut().any(|channel| channel.try_reserve(frames as usize).is_err());
        if short_of_memory { Err(self.too_large(bytes)) } else { Ok(()) }
    }

    fn frames(&self) -> u64 {
        self.channels.first().map_or(0, Vec::len) as u64
    }

    fn part_of(&self, opened: &Opened) -> f32 {
        let part = match opened.promised {
            Some(promised) if promised > 0 => self.frames() as f64 / promised as f64,
            _ => opened.bytes_read.load(Ordering::Relaxed) as f64 / opened.bytes as f64,
        };
        part.min(1.0) as f32
    }

    fn too_large(&self, bytes: u64) -> MediaError {
        MediaError::TooLarge { path: self.path.to_path_buf(), size_mib: bytes >> 20, limit_mib: self.limit >> 20 }
    }

    fn finish(mut self, opened: &Opened, end: End) -> Result<Decoded, MediaError> {
        let frames = self.frames();
        if self.frames_decoded == 0 {
            return Err(self.nothing(end));
        }
        let mut warnings = Vec::new();
        let promised = opened.promised.filter(|_| opened.promise_is_exact).unwrap_or(0);
        match end {
            End::Early(why) => warnings.push(format!("the file is cut off after {frames} frames: {why}")),
            End::Clean if promised > frames => {
                warnings.push(format!("the file ends early: {frames} of {promised} frames are there"));
            }
            End::Clean => {}
        }
        if self.broken > 0 {
            let why = self.last_trouble.as_deref().unwrap_or("unreadable");
            warnings.push(format!("{} broken packets were replaced by silence ({why})", self.broken));
        }
        if self.wild_samples > 0 {
            warnings.push(format!("{} samples that are no numbers were set to 0", self.wild_samples));
        }
        if let Some(trim) = &opened.trim {
            let kept = trim.kept(frames, self.rate);
            for channel in &mut self.channels {
                channel.truncate(kept.end as usize);
                channel.drain(..kept.start as usize);
            }
        }
        for channel in &mut self.channels {
            channel.shrink_to_fit();
        }
        let path = self.path.display().to_string();
        Ok(Decoded { clip: AudioClip { rate: self.rate, channels: self.channels, path }, warnings })
    }

    fn nothing(self, end: End) -> MediaError {
        let (path, format) = (self.path.to_path_buf(), self.format);
        match (end, self.last_trouble) {
            (End::Clean, None) => MediaError::NoSound { path, format },
            (End::Clean, Some(what)) | (End::Early(what), _) => MediaError::Damaged { path, format, what },
        }
    }
}

fn silence_wild_samples(planes: &mut [Vec<f32>]) -> u64 {
    let mut found = 0;
    for sample in planes.iter_mut().flatten() {
        if !sample.is_finite() {
            *sample = 0.0;
            found += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests;
