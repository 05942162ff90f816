//! Finds what an m4a file wants cut off its decoded sound: encoder delay and padding. Runs on the media workers.
//!
//! The demuxer skips these two notes, so they are read here: the `iTunSMPB` tag (exact, in frames) and the edit list
//! (`elst`: where the sound starts, how long it is). Everything read is checked; a file that makes no sense here is
//! played untrimmed.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

/// Index tables of very long files reach some MiB; more is damage.
const MAX_MOOV: u64 = 64 << 20;

/// The part of a track that is meant to be heard, in ticks of `timescale`. Thread: media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trim {
    start: u64,
    length: Option<u64>,
    timescale: u32,
}

impl Trim {
    /// Which of `decoded` frames at `rate` Hz are kept. A trim that would leave nothing is not believed.
    /// Thread: media.
    pub(super) fn kept(&self, decoded: u64, rate: u32) -> Range<u64> {
        let start = scale(self.start, rate, self.timescale);
        if start >= decoded {
            return 0..decoded;
        }
        let length = self.length.map_or(u64::MAX, |length| scale(length, rate, self.timescale).max(1));
        start..decoded.min(start.saturating_add(length))
    }
}

fn scale(ticks: u64, to: u32, from: u32) -> u64 {
    if to == from || from == 0 {
        return ticks;
    }
    u64::try_from(u128::from(ticks) * u128::from(to) / u128::from(from)).unwrap_or(u64::MAX)
}

/// Reads the trim of the track with this id, if the file tells one. Thread: media.
pub(super) fn read(path: &Path, track: u32) -> Option<Trim> {
    let moov = read_moov(&mut File::open(path).ok()?)?;
    trim_of(&moov, track)
}

fn read_moov(file: &mut (impl Read + Seek)) -> Option<Vec<u8>> {
    // A real file has a handful of boxes at the top (a fragmented one some thousands).
    for _ in 0..100_000 {
        let mut head = [0; 8];
        file.read_exact(&mut head).ok()?;
        let mut size = u64::from(be32(&head, 0)?);
        let mut body = 8;
        if size == 1 {
            let mut wide = [0; 8];
            file.read_exact(&mut wide).ok()?;
            size = u64::from_be_bytes(wide);
            body = 16;
        }
        if &head[4..8] == b"moov" {
            let limit = if size == 0 { MAX_MOOV } else { size.checked_sub(body)?.min(MAX_MOOV) };
            let mut moov = Vec::new();
            file.take(limit).read_to_end(&mut moov).ok()?;
            return Some(moov);
        }
        let rest = i64::try_from(size.checked_sub(body)?).ok()?;
        file.seek(SeekFrom::Current(rest)).ok()?;
    }
    None
}

fn trim_of(moov: &[u8], track: u32) -> Option<Trim> {
    let movie_scale = timescale(child(moov, b"mvhd")?, 12, 20)?;
    let trak = children(moov).filter(|(kind, _)| kind == b"trak").map(|(_, body)| body).find(|trak| {
        child(trak, b"tkhd").and_then(|tkhd| be32(tkhd, if tkhd.first() == Some(&1) { 20 } else { 12 })) == Some(track)
    })?;
    let mdhd = child(child(trak, b"mdia")?, b"mdhd")?;
    let media_scale = timescale(mdhd, 12, 20)?;
    if let Some(trim) = itunes_tag(moov, media_scale) {
        return Some(trim);
    }
    let media_length = if mdhd.first() == Some(&1) { be64(mdhd, 24)? } else { u64::from(be32(mdhd, 16)?) };
    let (length, start) = single_edit(child(child(trak, b"edts")?, b"elst")?)?;
    Some(Trim {
        start,
        length: edit_length(length, movie_scale, media_length.saturating_sub(start), media_scale),
        timescale: media_scale,
    })
}

/// The edit's length in media ticks. It is written in the movie's coarser ticks (often milliseconds): where it says
/// the same as the track itself within one such tick, the track's own length is the exact one.
fn edit_length(length: u64, movie_scale: u32, track_rest: u64, media_scale: u32) -> Option<u64> {
    if length == 0 {
        return None;
    }
    let edit = scale(length, media_scale, movie_scale);
    let tick = u64::from(media_scale / movie_scale.max(1)) + 1;
    Some(if edit.abs_diff(track_rest) <= tick { track_rest } else { edit })
}

/// Length (movie ticks) and start (media ticks) of the one edit that plays something. Lists of several are cut
/// sequences, not encoder delay; they are left alone.
fn single_edit(elst: &[u8]) -> Option<(u64, u64)> {
    let wide = elst.first() == Some(&1);
    let count = be32(elst, 4)?.min(16) as usize;
    let size = if wide { 20 } else { 12 };
    let mut found = None;
    for index in 0..count {
        let at = 8 + index * size;
        let (length, start) = if wide {
            (be64(elst, at)?, be64(elst, at + 8)? as i64)
        } else {
            (u64::from(be32(elst, at)?), i64::from(be32(elst, at + 4)? as i32))
        };
        // A start of −1 is a pause before the sound, which a sample does not want.
        let Ok(start) = u64::try_from(start) else { continue };
        if found.replace((length, start)).is_some() {
            return None;
        }
    }
    found
}

/// ` 00000000 DELAY PADDING LENGTH …`, hexadecimal, in frames.
fn itunes_tag(moov: &[u8], media_scale: u32) -> Option<Trim> {
    let name = moov.windows(8).position(|window| window == b"iTunSMPB")?;
    let after = moov.get(name + 8..(name + 8 + 256).min(moov.len()))?;
    let data = after.windows(4).position(|window| window == b"data")?;
    let text = String::from_utf8_lossy(after.get(data + 12..)?).into_owned();
    let mut numbers = text.split_ascii_whitespace().skip(1).map(|word| u64::from_str_radix(word, 16).ok());
    let start = numbers.next()??;
    let _padding = numbers.next()??;
    let length = numbers.next()??;
    (length > 0).then_some(Trim { start, length: Some(length), timescale: media_scale })
}

fn timescale(header: &[u8], narrow: usize, wide: usize) -> Option<u32> {
    be32(header, if header.first() == Some(&1) { wide } else { narrow }).filter(|scale| *scale > 0)
}

fn child<'a>(parent: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    children(parent).find(|(found, _)| found == kind).map(|(_, body)| body)
}

fn children(mut rest: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let size = be32(rest, 0)? as usize;
        let kind: [u8; 4] = rest.get(4..8)?.try_into().ok()?;
        let body = rest.get(8..size)?;
        rest = &rest[size..];
        Some((kind, body))
    })
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn be64(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_in_milliseconds_gives_way_to_the_exact_one() {
        assert_eq!(edit_length(101, 1000, 4411, 44100), Some(4411));
        assert_eq!(edit_length(50, 1000, 4411, 44100), Some(2205));
        assert_eq!(edit_length(0, 1000, 4411, 44100), None);
    }

    #[test]
    fn the_itunes_tag_is_read_in_frames() {
        let mut moov = b"....iTunSMPB\0\0\0\0data\0\0\0\x01\0\0\0\0".to_vec();
        moov.extend_from_slice(b" 00000000 00000840 000001CA 0000000000003F31 00000000");
        assert_eq!(itunes_tag(&moov, 44100), Some(Trim { start: 0x840, length: Some(0x3F31), timescale: 44100 }));
    }

    #[test]
    fn a_trim_that_would_leave_nothing_is_not_believed() {
        let trim = Trim { start: 5000, length: Some(10), timescale: 44100 };
        assert_eq!(trim.kept(4410, 44100), 0..4410);
        assert_eq!(trim.kept(6000, 44100), 5000..5010);
    }

    #[test]
    fn a_pause_before_the_sound_is_skipped_and_two_edits_are_left_alone() {
        let entry = |length: u32, start: i32| [length.to_be_bytes(), start.to_be_bytes(), [0, 1, 0, 0]].concat();
        let list = |entries: &[Vec<u8>]| {
            let mut elst = vec![0; 4];
            elst.extend((entries.len() as u32).to_be_bytes());
            elst.extend(entries.concat());
            elst
        };
        assert_eq!(single_edit(&list(&[entry(5, -1), entry(100, 1024)])), Some((100, 1024)));
        assert_eq!(single_edit(&list(&[entry(5, 0), entry(100, 1024)])), None);
    }
}
