//! Turns the host's block, as nice-plug hands it over, into what the audio room takes.
//!
//! Thread: audio. Realtime: yes; everything is allocated in [`Block::new`].

use std::sync::atomic::Ordering;

use nice_plug::prelude::*;

use super::guard::Faults;
use super::variant::AUX_OUTPUTS;
use crate::audio::{Activity, HostParams, HostTransport, Io, Note, NoteKind, Processor};

/// As many events as nice-plug takes in one block without allocating.
pub const MOST_EVENTS: usize = 8192;

/// Room for one block's input and notes.
pub struct Block {
    // nice-plug works in place: main in arrives in main out's buffer, so it has to be set aside before we write there.
    input: [Vec<f32>; 2],
    notes: Vec<Note>,
    rate: f64,
}

impl Block {
    /// Room for blocks of `max_frames` at `rate` frames per second. Thread: main.
    pub fn new(rate: f64, max_frames: usize) -> Self {
        let frames = max_frames.max(1);
        Self { input: [vec![0.0; frames], vec![0.0; frames]], notes: Vec::with_capacity(MOST_EVENTS), rate }
    }

    /// Read the note events of this piece.
    ///
    /// Thread: audio. Realtime: yes. Events come in order of time by contract; a host that breaks it is put right.
    pub fn read_notes<S>(&mut self, frames: usize, mut next: impl FnMut() -> Option<NoteEvent<S>>, faults: &Faults) {
        self.notes.clear();
        let last = frames.saturating_sub(1) as u32;
        while let Some(event) = next() {
            let Some(mut note) = note(&event) else { continue };
            note.frame = note.frame.min(last);
            if self.notes.len() == MOST_EVENTS {
                faults.notes_lost.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            let place = self.notes.partition_point(|earlier| earlier.frame <= note.frame);
            self.notes.insert(place, note);
        }
    }

    /// Run `processor` over the host's buffers; answers whether anything sounds on.
    ///
    /// Thread: audio. Realtime: yes. `has_input` says whether the layout has a main input. A host that sends more
    /// frames than it declared gets them in several pieces. Without a usable main output nothing runs.
    pub fn run(
        &mut self,
        processor: &mut Processor,
        has_input: bool,
        main: &mut Buffer,
        aux: &mut AuxiliaryBuffers,
        transport: Option<&HostTransport>,
        params: &HostParams,
    ) -> Activity {
        let Some(mut main) = stereo(main) else { return Activity::Silent };
        let side = aux.inputs.first_mut().and_then(stereo);
        let mut buses = aux.outputs.iter_mut();
        let mut buses: [_; AUX_OUTPUTS] = std::array::from_fn(|_| buses.next().and_then(stereo));

        let frames = main[0].len().min(main[1].len());
        let room = self.input[0].len();
        let mut rest: &mut [Note] = &mut self.notes;
        let mut activity = Activity::Silent;
        for start in (0..frames).step_by(room) {
            let end = frames.min(start + room);
            if has_input {
                for (kept, channel) in self.input.iter_mut().zip(&main) {
                    kept[..end - start].copy_from_slice(&channel[start..end]);
                }
            }
            let due = rest.partition_point(|note| (note.frame as usize) < end);
            let (now, later) = std::mem::take(&mut rest).split_at_mut(due);
            now.iter_mut().for_each(|note| note.frame -= start as u32);
            rest = later;

            let [left, right] = &self.input;
            let mut io = Io {
                main_in: has_input.then(|| [&left[..end - start], &right[..end - start]]),
                side_in: side.as_ref().map(|[left, right]| [part(left, start, end), part(right, start, end)]),
                main_out: cut(&mut main, start, end),
                aux: buses.each_mut().map(|bus| bus.as_mut().map(|bus| cut(bus, start, end))),
            };
            let transport = transport.map(|transport| advanced(transport, start, self.rate));
            activity = processor.process(&mut io, transport.as_ref(), params, now);
        }
        activity
    }
}

/// Fill all outputs with silence. Thread: audio. Realtime: yes.
pub fn silence(main: &mut Buffer, aux: &mut AuxiliaryBuffers) {
    main.as_slice().iter_mut().for_each(|channel| channel.fill(0.0));
    for bus in aux.outputs.iter_mut() {
        bus.as_slice().iter_mut().for_each(|channel| channel.fill(0.0));
    }
}

/// What the host says of its transport at the start of this piece; what makes no sense counts as not said.
///
/// Thread: audio. Realtime: yes. The beat is the host's own where it gives one, else worked out from its seconds or
/// samples and the tempo. `None`: the host says nothing at all, so it has no transport and the internal clock leads.
pub fn transport(host: &Transport) -> Option<HostTransport> {
    let signature = host.time_sig_numerator.zip(host.time_sig_denominator);
    let told = HostTransport {
        playing: host.playing,
        tempo: host.tempo.filter(|bpm| bpm.is_finite() && *bpm > 0.0),
        beat: host.pos_beats().filter(|beat| beat.is_finite()),
        signature: signature.and_then(|(upper, lower)| {
            let (upper, lower) = (u16::try_from(upper).ok()?, u16::try_from(lower).ok()?);
            (upper > 0 && lower > 0).then_some((upper, lower))
        }),
        loop_beats: host.loop_range_beats().filter(|(start, end)| start.is_finite() && end.is_finite() && start < end),
    };
    (told != HostTransport::default()).then_some(told)
}

/// The transport `frames` later, at the block's tempo.
fn advanced(transport: &HostTransport, frames: usize, rate: f64) -> HostTransport {
    let mut later = *transport;
    if transport.playing && frames > 0 {
        later.beat = transport.beat.zip(transport.tempo).map(|(beat, bpm)| beat + frames as f64 / rate * bpm / 60.0);
    }
    later
}

/// The first two channels of a bus, if the host gave both.
fn stereo<'a>(buffer: &'a mut Buffer<'_>) -> Option<[&'a mut [f32]; 2]> {
    match buffer.as_slice() {
        [left, right, ..] if !left.is_empty() && !right.is_empty() => Some([left, right]),
        _ => None,
    }
}

// A bus's slices may be shorter than the piece, so each is cut by its own length.
fn part(channel: &[f32], start: usize, end: usize) -> &[f32] {
    &channel[start.min(channel.len())..end.min(channel.len())]
}

fn cut<'a>(bus: &'a mut [&mut [f32]; 2], start: usize, end: usize) -> [&'a mut [f32]; 2] {
    bus.each_mut().map(|channel| {
        let length = channel.len();
        &mut channel[start.min(length)..end.min(length)]
    })
}

/// Our form of the host's note event, or `None` if it is of a kind we do not play.
fn note<S>(event: &NoteEvent<S>) -> Option<Note> {
    let (frame, channel, key, kind) = match *event {
        NoteEvent::NoteOn { timing, channel, key, velocity, .. } => {
            (timing, channel, key, NoteKind::On { velocity: velocity.clamp(0.0, 1.0) })
        }
        NoteEvent::NoteOff { timing, channel, key, .. } => (timing, channel, key, NoteKind::Off),
        NoteEvent::Choke { timing, channel, key, .. } => (timing, channel, key, NoteKind::Choke),
        NoteEvent::PolyPressure { timing, channel, key, pressure, .. } => {
            (timing, channel, key, NoteKind::Pressure(pressure))
        }
        NoteEvent::PolyTuning { timing, channel, key, tuning, .. } => (timing, channel, key, NoteKind::Tuning(tuning)),
        NoteEvent::PolyPan { timing, channel, key, pan, .. } => (timing, channel, key, NoteKind::Pan(pan)),
        NoteEvent::PolyVolume { timing, channel, key, gain, .. } => (timing, channel, key, NoteKind::Volume(gain)),
        _ => return None,
    };
    let starts = matches!(kind, NoteKind::On { .. });
    Some(Note {
        frame,
        // A note cannot start on "any" channel or key: the first channel and middle C stand in.
        channel: channel.number().unwrap_or(if starts { 0 } else { Note::ANY }),
        key: key.number().unwrap_or(if starts { 60 } else { Note::ANY }),
        kind,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(timing: u32, key: u8) -> NoteEvent<()> {
        NoteEvent::NoteOn {
            timing,
            voice_id: nice_plug::midi::VoiceID::Wildcard,
            channel: nice_plug::midi::Channel::Number(0),
            key: nice_plug::midi::Key::Number(key),
            velocity: 0.5,
        }
    }

    fn read(block: &mut Block, frames: usize, events: Vec<NoteEvent<()>>, faults: &Faults) -> Vec<(u32, u8)> {
        let mut events = events.into_iter();
        block.read_notes(frames, || events.next(), faults);
        block.notes.iter().map(|note| (note.frame, note.key)).collect()
    }

    #[test]
    fn notes_are_put_in_order_and_kept_within_the_block() {
        let faults = Faults::default();
        let mut block = Block::new(48_000.0, 64);
        let notes = read(&mut block, 32, vec![on(9, 1), on(3, 2), on(9, 3), on(99, 4)], &faults);
        assert_eq!(notes, [(3, 2), (9, 1), (9, 3), (31, 4)]);
    }

    #[test]
    fn more_notes_than_a_block_holds_are_counted_not_allocated() {
        let faults = Faults::default();
        let mut block = Block::new(48_000.0, 64);
        let before = block.notes.capacity();
        let notes = read(&mut block, 64, (0..MOST_EVENTS as u32 + 5).map(|_| on(0, 60)).collect(), &faults);
        assert_eq!((notes.len(), block.notes.capacity()), (MOST_EVENTS, before));
        assert_eq!(faults.notes_lost.load(Ordering::Relaxed), 5);
    }

    #[test]
    fn a_choke_of_everything_stays_a_choke_of_everything() {
        let event = NoteEvent::<()>::Choke {
            timing: 0,
            voice_id: nice_plug::midi::VoiceID::Wildcard,
            channel: nice_plug::midi::Channel::Wildcard,
            key: nice_plug::midi::Key::Wildcard,
        };
        let note = note(&event).expect("a choke is a note event of ours");
        assert_eq!((note.channel, note.key, note.kind), (Note::ANY, Note::ANY, NoteKind::Choke));
    }

    #[test]
    fn a_transport_that_makes_no_sense_counts_as_not_told() {
        let mut host = Transport::new(48_000.0);
        assert_eq!(transport(&host), None);
        host.tempo = Some(0.0);
        host.time_sig_numerator = Some(-3);
        host.time_sig_denominator = Some(4);
        host.pos_beats = Some(f64::NAN);
        host.loop_range_beats = Some((8.0, 8.0));
        assert_eq!(transport(&host), None);
        host.tempo = Some(90.0);
        host.time_sig_numerator = Some(7);
        host.pos_beats = Some(-2.5);
        host.loop_range_beats = Some((4.0, 8.0));
        let told = transport(&host).unwrap();
        assert_eq!((told.tempo, told.beat, told.signature), (Some(90.0), Some(-2.5), Some((7, 4))));
        assert_eq!(told.loop_beats, Some((4.0, 8.0)));
    }

    #[test]
    fn a_later_piece_of_a_playing_block_is_so_many_beats_further() {
        let now = HostTransport { playing: true, tempo: Some(120.0), beat: Some(1.0), ..HostTransport::default() };
        assert_eq!(advanced(&now, 24_000, 48_000.0).beat, Some(2.0));
        let stopped = HostTransport { playing: false, ..now };
        assert_eq!(advanced(&stopped, 24_000, 48_000.0).beat, Some(1.0));
    }
}
