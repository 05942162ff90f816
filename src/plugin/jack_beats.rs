//! Puts the beats right that nice-plug's JACK backend counts wrongly.
//!
//! Thread: audio. Realtime: yes.
//!
//! Where a timebase master runs, JACK tells bar, beat and tick, all bars and beats from 1. nice-plug 0.4.2 adds them up
//! as `bar * 4 + beat * 4 / denominator + tick`: a bar and a beat too far, wrong in every signature but 4/4, and as
//! coarse as the ticks, which would move each hit by some frames. Here the beat is counted anew.

use nice_plug::prelude::Transport;

use crate::audio::HostTransport;

/// Up to here bars, beats and ticks agree with frames and tempo, in beats: a coarse tick is 1/480.
const TICK: f64 = 1.0 / 240.0;

/// Correct `told`, which was read from `host`. Without bars (no timebase master, another backend) nothing changes.
pub fn count(host: &Transport, told: &mut Option<HostTransport>) {
    if let (Some(told), Some(beat)) = (told, beat(host)) {
        told.beat = Some(beat);
    }
}

/// Quarter notes from the song's start.
fn beat(host: &Transport) -> Option<f64> {
    let bar = f64::from(host.bar_number?);
    let (upper, lower) = (f64::from(host.time_sig_numerator?), f64::from(host.time_sig_denominator?));
    if upper <= 0.0 || lower <= 0.0 {
        return None;
    }
    // What is left is `beat * 4 / denominator + tick`, the tick in parts of one beat of the signature.
    let rest = host.pos_beats? - bar * 4.0;
    let quarters = 4.0 / lower;
    let bar_starts = (bar - 1.0) * upper * quarters;
    let by_frames =
        host.pos_samples.zip(host.tempo).map(|(frames, bpm)| frames as f64 * bpm / 60.0 / f64::from(host.sample_rate));
    let far = |beat: f64| by_frames.map_or(beat, |other| (beat - other).abs());
    // In /8 one sum may stand for two places; the one nearer to the frames is meant.
    let places = (1..=host.time_sig_numerator?.min(64)).filter_map(|nth| {
        let tick = rest - f64::from(nth) * quarters;
        (-1e-9..1.0).contains(&tick).then(|| bar_starts + (f64::from(nth) - 1.0 + tick) * quarters)
    });
    let place = places.min_by(|one, two| far(*one).total_cmp(&far(*two)))?;
    // As long as the tempo has not changed, frames say the same and say it exactly.
    Some(by_frames.filter(|exact| (exact - place).abs() <= TICK).unwrap_or(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What nice-plug makes of JACK's bar, beat and part of a beat.
    fn jack(bar: i32, nth: i32, tick: f64, signature: (i32, i32), frames: i64) -> Transport {
        let mut host = Transport::new(48_000.0);
        host.playing = true;
        host.tempo = Some(120.0);
        host.pos_samples = Some(frames);
        host.bar_number = Some(bar);
        (host.time_sig_numerator, host.time_sig_denominator) = (Some(signature.0), Some(signature.1));
        host.pos_beats = Some(f64::from(bar) * 4.0 + f64::from(nth) / f64::from(signature.1) * 4.0 + tick);
        host
    }

    #[test]
    fn bars_and_beats_count_from_one_in_every_signature() {
        assert_eq!(beat(&jack(1, 1, 0.0, (4, 4), 0)), Some(0.0));
        assert_eq!(beat(&jack(3, 2, 0.5, (4, 4), 9 * 24_000 + 12_000)), Some(9.5));
        assert_eq!(beat(&jack(3, 2, 0.5, (3, 4), 7 * 24_000 + 12_000)), Some(7.5));
        // 6/8: bar 2 begins after 3 quarters; its 2nd eighth, half way.
        assert_eq!(beat(&jack(2, 2, 0.5, (6, 8), 90_000)), Some(3.75));
        assert_eq!(beat(&jack(2, 1, 0.9, (6, 8), 82_800)), Some(3.45));
    }

    #[test]
    fn a_coarse_tick_gives_way_to_the_frames_and_another_tempo_before_does_not() {
        // 100 frames are 0.00416… beats; JACK says 7 of 1920 ticks.
        assert_eq!(beat(&jack(1, 1, 7.0 / 1920.0, (4, 4), 100)), Some(100.0 / 24_000.0));
        assert_eq!(beat(&jack(5, 1, 0.25, (4, 4), 100)), Some(16.25));
    }

    #[test]
    fn without_bars_nothing_is_changed() {
        let mut host = jack(1, 1, 0.0, (4, 4), 0);
        host.bar_number = None;
        let mut told = Some(HostTransport { beat: Some(7.0), ..HostTransport::default() });
        count(&host, &mut told);
        assert_eq!(told.unwrap().beat, Some(7.0));
    }
}
