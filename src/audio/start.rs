//! From a hit and the values in force to the start of a voice.
//!
//! Thread: audio. Realtime: yes.

use super::kernel::{Adsr, Envelope, ONE_FRAME, position_of};
use super::memory::{Key, Memory};
use super::values::HitValues;
use super::voice::Start;
use crate::bus::Lent;
use crate::model::{AudioClip, Param, Uid};

const GRAIN: u32 = 2;
const NEXT: u32 = 3;

/// A hit as it is asked for.
pub struct HitAsked<'a> {
    /// Sample, from 1.
    pub index: u16,
    /// MIDI note; `None` is the root.
    pub note: Option<u8>,
    /// Frames until the release; `u64::MAX` is never.
    pub gate: u64,
    /// Values of this hit.
    pub columns: &'a [(Param, f32)],
    /// Sequencer slot, pattern and row it comes from; all `u16::MAX` for shots and notes.
    pub step: (u16, u16, u16),
    /// Velocity of a note, 0-1.
    pub velocity: Option<f32>,
    /// Channel and key of a note.
    pub live: Option<(u8, u8)>,
}

/// Decide everything about a voice.
pub fn make(
    clip: &Lent<AudioClip>,
    values: &HitValues,
    asked: &HitAsked<'_>,
    (slot, uid): (u16, Uid),
    memory: &Memory,
    rate: f64,
    fade: u32,
) -> Start {
    let style = values.whole(Param::PLAY_STYLE);
    let region = region_of(values, clip.frames());
    let speed = f64::from(values.get(Param::SPEED));
    let forward = speed >= 0.0;
    let key = if style == NEXT { scan_key(values, asked, slot, uid) } else { None };
    let remembered = key.filter(|_| !values.is_own(Param::POSITION)).and_then(|key| memory.load(key));
    let share = remembered.unwrap_or(values.get(Param::POSITION));
    let position = position_in(region, share, forward);
    let bounds = if style == GRAIN { grain(region, position, values, clip.rate, forward) } else { region };
    let fresh = if forward { position == 0 } else { position == position_of(clip.frames() as u32) - ONE_FRAME };
    let frames = |param: Param| (f64::from(values.get(param)) * rate / 1000.0).round() as u32;
    let attack = frames(Param::ATTACK_MS);
    let release = frames(Param::RELEASE_MS).max(1);
    let mut envelope = Envelope::new(Adsr {
        // A sound that begins in its middle would click.
        attack: if fresh { attack } else { attack.max(fade) },
        decay: frames(Param::DECAY_MS),
        sustain: values.get(Param::SUSTAIN),
        release,
    });
    envelope.trigger();
    Start {
        clip: clip.clone(),
        region,
        bounds,
        position,
        looping: style != 0,
        envelope,
        release,
        volume: values.get(Param::VOLUME),
        pan: values.get(Param::PAN),
        level: level(values, asked.velocity),
        speed,
        pitch: pitch(values, asked.note),
        own: [Param::VOLUME, Param::PAN, Param::SPEED].map(|param| values.is_own(param)),
        gate: asked.gate.max(1),
        sinc: values.whole(Param::INTERPOLATION) == 1,
        key,
        from: (slot, asked.step.0, asked.index),
        choke: values.whole(Param::CHOKE) as u8,
        note: asked.live,
        fade,
        rate: rate.round() as u32,
    }
}

/// First frame and end of the region; at least one frame, in whichever order the two were given.
fn region_of(values: &HitValues, frames: usize) -> (u32, u32) {
    let place = |param: Param| (f64::from(values.get(param)).clamp(0.0, 1.0) * frames as f64).round() as u32;
    let (a, b) = (place(Param::REGION_START), place(Param::REGION_END));
    let (low, high) = (a.min(b).min(frames as u32 - 1), a.max(b));
    (low, high.max(low + 1))
}

/// Where `share` of the region is. Backwards the start would be the end of the way, so 0 means the far end there.
fn position_in((low, high): (u32, u32), share: f32, forward: bool) -> i64 {
    let (start, end) = (position_of(low), position_of(high));
    let share = f64::from(share).clamp(0.0, 1.0);
    if !forward && (share <= 0.0 || share >= 1.0) {
        return end - ONE_FRAME;
    }
    // Whole frames: a start between two would soften the attack by interpolation.
    start + (((end - start) as f64 / ONE_FRAME as f64 * share).round() as i64) * ONE_FRAME
}

/// The part of the region a grain goes round in: from the start position in the direction of play.
fn grain((low, high): (u32, u32), position: i64, values: &HitValues, clip_rate: u32, forward: bool) -> (u32, u32) {
    let length = (f64::from(values.get(Param::GRAIN_SIZE)) * f64::from(clip_rate)).round() as u32;
    if length == 0 {
        return (low, high);
    }
    let at = (position / ONE_FRAME).max(0) as u32;
    if forward {
        let first = at.min(high - 1).max(low);
        (first, first.saturating_add(length).min(high))
    } else {
        let end = at.saturating_add(1).clamp(low + 1, high);
        (end.saturating_sub(length).max(low), end)
    }
}

/// Factor of speed by note, root and transposition; exactly 1 at the root.
fn pitch(values: &HitValues, note: Option<u8>) -> f64 {
    let shift = note.map_or(0.0, |note| f64::from(note) - f64::from(values.get(Param::ROOT)));
    ((shift + f64::from(values.get(Param::TRANSPOSE))) / 12.0).exp2()
}

/// Level by velocity.
fn level(values: &HitValues, velocity: Option<f32>) -> f32 {
    let share = values.get(Param::VELOCITY_VOLUME);
    velocity.map_or(1.0, |velocity| 1.0 - share + share * velocity.clamp(0.0, 1.0))
}

/// What NEXT remembers this hit's place by.
fn scan_key(values: &HitValues, asked: &HitAsked<'_>, slot: u16, uid: Uid) -> Option<Key> {
    let sampler = u64::from(slot) ^ (uid.0 << 1);
    let (sequencer, pattern, row) = asked.step;
    match values.whole(Param::SCAN_MODE) {
        0 => None,
        1 if sequencer != u16::MAX => {
            Some(Key::new(&[1, sampler, u64::from(sequencer), u64::from(pattern), u64::from(row)]))
        }
        3 => Some(Key::new(&[3, sampler])),
        _ => Some(Key::new(&[2, sampler, u64::from(asked.index)])),
    }
}
