//! Times of events as people on a desk read them. Thread: any. Pure.

use crate::model::layer::{FrameRate, TICKS_PER_SECOND};

/// `HH:MM:SS:FF` at a rate; with a point and hundredths of a frame where the time lies between two frames, with `;` before the
/// frames where numbers are dropped, with a minus before zero.
pub fn timecode(rate: FrameRate, ticks: i64) -> String {
    if ticks < 0 {
        return format!("-{}", timecode(rate, ticks.saturating_neg()));
    }
    let (frame, hundredths) = frame_of(rate, ticks);
    let (count, sign) = match rate {
        FrameRate::F24 => (24, ':'),
        FrameRate::F25 => (25, ':'),
        FrameRate::Drop => (30, ';'),
        FrameRate::F30 => (30, ':'),
        FrameRate::F60 => (60, ':'),
    };
    let number = if rate == FrameRate::Drop { numbered(frame) } else { frame };
    let (seconds, part) = (number / count, number % count);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let between = hundredths.map_or(String::new(), |hundredths| format!(".{hundredths:02}"));
    format!("{hours:02}:{minutes:02}:{seconds:02}{sign}{part:02}{between}")
}

/// The frame a time is in, and how far into it, in hundredths, where it is not at its start.
fn frame_of(rate: FrameRate, ticks: i64) -> (i64, Option<i64>) {
    let per_second = match rate {
        FrameRate::F24 => 24.0,
        FrameRate::F25 => 25.0,
        FrameRate::Drop => 30_000.0 / 1001.0,
        FrameRate::F30 => 30.0,
        FrameRate::F60 => 60.0,
    };
    // Near enough to begin with; frames begin at whole ticks that only the rate knows.
    let mut frame = (ticks as f64 / TICKS_PER_SECOND as f64 * per_second) as i64;
    while rate.ticks(frame) > ticks {
        frame -= 1;
    }
    while rate.ticks(frame + 1) <= ticks {
        frame += 1;
    }
    let (start, end) = (rate.ticks(frame), rate.ticks(frame + 1));
    (frame, (ticks != start).then(|| (ticks - start) * 100 / (end - start)))
}

/// The number a frame has where two of each minute but every tenth are dropped (SMPTE ST 12-1).
fn numbered(frame: i64) -> i64 {
    let (tens, rest) = (frame / 17_982, frame % 17_982);
    frame + 18 * tens + if rest < 2 { 0 } else { 2 * ((rest - 2) / 1798) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_as_the_same_time() {
        for rate in FrameRate::ALL {
            for frame in (0..400_000).step_by(997).chain([1798, 1799, 1800, 1801, 17_981, 17_982, 17_983, 107_892]) {
                let ticks = rate.ticks(frame);
                let text = timecode(rate, ticks);
                assert_eq!(rate.parse(&text), Ok(ticks), "{text} at {rate}");
            }
        }
    }

    #[test]
    fn times_between_frames_and_before_the_song_show_that() {
        assert_eq!(timecode(FrameRate::F25, TICKS_PER_SECOND * 3725), "01:02:05:00");
        assert_eq!(timecode(FrameRate::F25, FrameRate::F25.ticks(5) + 335_545), "00:00:00:05.50");
        assert_eq!(timecode(FrameRate::F30, -TICKS_PER_SECOND), "-00:00:01:00");
        assert_eq!(timecode(FrameRate::Drop, FrameRate::Drop.ticks(1800)), "00:01:00;02");
    }
}
