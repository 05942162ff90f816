//! One block: audio in and out per port, events in and out, transport. Used by whichever thread runs `process`.
//!
//! A host may give fewer ports than a plug-in declares, ports without memory, or silence: [`Layout`] says which.

use crate::error::Error;
use crate::event::{Event, OutEvent};
use crate::transport::Transport;
use crate::watch;
use clack_host::events::UnknownEvent;
use clack_host::events::io::{EventBuffer, OutputEventBuffer, TryPushError};
use clap_sys::audio_buffer::clap_audio_buffer;

/// Frames behind the longest block that no plug-in may touch.
const GUARD_FRAMES: usize = 16;

/// Port entries behind the last one given, empty: a wrapper that reads one port too far finds no memory there instead
/// of running off the array.
const GUARD_PORTS: usize = 16;

/// Events that a plug-in may send in one block before the list grows (inside `process`, which a guard in the plug-in's
/// framework may mistake for the plug-in's doing).
const RECEIVED_EVENTS: usize = 1024;

/// What the host gives for one port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Memory, with whatever is written into it.
    Live,
    /// Memory that is all zero and marked constant (inputs; the same as `Live` for outputs).
    Silent,
    /// No memory: the port is inactive in the host.
    Null,
}

/// One port as the host gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortShape {
    /// Its channels.
    pub channels: u32,
    /// What the host gives for it.
    pub presence: Presence,
}

impl PortShape {
    /// A live port of so many channels.
    pub fn live(channels: u32) -> Self {
        Self { channels, presence: Presence::Live }
    }
}

/// The ports as the host gives them, in the plug-in's order. Start from [`crate::Instance::layout`] and take away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Audio into the plug-in: main, then the sidechain.
    pub inputs: Vec<PortShape>,
    /// Audio out of the plug-in: main, then the auxiliary ones.
    pub outputs: Vec<PortShape>,
    /// The first input and the first output share their memory, as many DAWs do.
    pub in_place: bool,
}

impl Layout {
    /// Give only the first `count` inputs.
    pub fn with_inputs(mut self, count: usize) -> Self {
        self.inputs.truncate(count);
        self
    }

    /// Give only the first `count` outputs.
    pub fn with_outputs(mut self, count: usize) -> Self {
        self.outputs.truncate(count);
        self
    }
}

/// Channels of samples of each port.
type Planes = Vec<Vec<Vec<f32>>>;

/// One block, used again and again: `begin`, fill, `process`, read.
pub struct Block {
    layout: Layout,
    max_frames: usize,
    frames: usize,
    inputs: Planes,
    outputs: Planes,
    events: Vec<(u32, Event)>,
    sent: EventBuffer,
    received: Received,
    raw_inputs: RawPorts,
    raw_outputs: RawPorts,
    /// What the host says about time at this block's first frame; `None`: it gives no transport. [`Block::begin`] leaves it.
    pub transport: Option<Transport>,
    /// Outputs hold this before `process`, so that a frame that was not written shows. NaN unless set.
    pub poison: f32,
}

impl Block {
    /// Memory for blocks of up to `max_frames` frames (1 or more). It begins with `max_frames` frames of silence.
    pub fn new(layout: Layout, max_frames: usize) -> Self {
        let planes = |ports: &[PortShape]| -> Planes {
            let channel = || vec![0.0; max_frames + GUARD_FRAMES];
            ports.iter().map(|port| (0..port.channels).map(|_| channel()).collect()).collect()
        };
        Self {
            inputs: planes(&layout.inputs),
            outputs: planes(&layout.outputs),
            raw_inputs: RawPorts::new(&layout.inputs),
            raw_outputs: RawPorts::new(&layout.outputs),
            layout,
            max_frames,
            frames: max_frames,
            events: Vec::new(),
            sent: EventBuffer::new(),
            received: Received(EventBuffer::with_capacity(RECEIVED_EVENTS)),
            transport: None,
            poison: f32::NAN,
        }
    }

    /// Begin a block of `frames` frames: inputs silent, no events. Out of 1 to `max_frames`, `process` will refuse it.
    pub fn begin(&mut self, frames: usize) -> &mut Self {
        self.frames = frames;
        self.events.clear();
        self.received.0.clear();
        for channel in self.inputs.iter_mut().flatten() {
            channel.fill(0.0);
        }
        self
    }

    /// Send an event at a frame of this block. Events of one frame keep the order in which they were added.
    pub fn at(&mut self, frame: usize, event: Event) -> &mut Self {
        self.events.push((u32::try_from(frame).unwrap_or(u32::MAX), event));
        self
    }

    /// Frames in this block.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// The ports as this block gives them.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The frames of one input channel, to write to.
    ///
    /// # Panics
    /// If the layout has no such port or channel.
    pub fn input_mut(&mut self, port: usize, channel: usize) -> &mut [f32] {
        let frames = self.frames.min(self.max_frames);
        &mut self.inputs[port][channel][..frames]
    }

    /// The frames of one output channel.
    ///
    /// # Panics
    /// If the layout has no such port or channel.
    pub fn output(&self, port: usize, channel: usize) -> &[f32] {
        &self.outputs[port][channel][..self.frames.min(self.max_frames)]
    }

    /// All channels of one output port.
    ///
    /// # Panics
    /// If the layout has no such port.
    pub fn port(&self, port: usize) -> impl ExactSizeIterator<Item = &[f32]> {
        let frames = self.frames.min(self.max_frames);
        self.outputs[port].iter().map(move |channel| &channel[..frames])
    }

    /// What the plug-in sent, with its frame in the block, in the plug-in's order.
    pub fn received(&self) -> Vec<(u32, OutEvent)> {
        self.received.0.iter().map(OutEvent::read).collect()
    }

    /// The output port and channel in which the plug-in wrote behind the end of the block, if it did.
    pub fn written_past_end(&self) -> Option<(usize, usize)> {
        let clean = |channel: &Vec<f32>| {
            channel[self.frames.min(self.max_frames)..].iter().all(|s| s.to_bits() == self.poison.to_bits())
        };
        self.outputs.iter().enumerate().find_map(|(port, channels)| {
            channels.iter().position(|channel| !clean(channel)).map(|channel| (port, channel))
        })
    }

    /// Check the block and lay it out for CLAP; all that `process` itself need not do.
    pub(crate) fn prepare(&mut self, max_frames: usize) -> Result<(), Error> {
        let most = self.max_frames.min(max_frames);
        if !(1..=most).contains(&self.frames) {
            let (value, allowed) = (self.frames.to_string(), format!("1 to {most} frames"));
            return Err(Error::Range { what: "the length of the block", value, allowed });
        }
        self.events.sort_by_key(|(frame, _)| *frame);
        if let Some((frame, _)) = self.events.last().filter(|(frame, _)| *frame as usize >= self.frames) {
            let allowed = format!("0 to {} in this block", self.frames - 1);
            return Err(Error::Range { what: "the frame of an event", value: frame.to_string(), allowed });
        }
        self.sent.clear();
        for (frame, event) in &self.events {
            event.push_to(&mut self.sent, *frame);
        }
        self.received.0.clear();
        for channel in self.outputs.iter_mut().flatten() {
            channel.fill(self.poison);
        }
        for (channels, shape) in self.inputs.iter_mut().zip(&self.layout.inputs) {
            if shape.presence == Presence::Silent {
                channels.iter_mut().for_each(|channel| channel.fill(0.0));
            }
        }
        let shared = self.shared_channels();
        for (input, output) in self.inputs.iter().flatten().zip(self.outputs.iter_mut().flatten()).take(shared) {
            output[..self.frames].copy_from_slice(&input[..self.frames]);
        }
        self.raw_outputs.point_at(&mut self.outputs);
        self.raw_inputs.point_at(&mut self.inputs);
        self.raw_inputs.channels[..shared].copy_from_slice(&self.raw_outputs.channels[..shared]);
        Ok(())
    }

    /// How many channels of the main input use the main output's memory.
    fn shared_channels(&self) -> usize {
        let live = |ports: &[PortShape]| match ports.first() {
            Some(port) if self.layout.in_place && port.presence != Presence::Null => port.channels as usize,
            _ => 0,
        };
        live(&self.layout.inputs).min(live(&self.layout.outputs))
    }

    /// The block's sides for one `process`, valid after `prepare` and until anything else touches the block.
    pub(crate) fn sides(&mut self) -> Sides<'_> {
        Sides {
            frames: self.frames as u32,
            inputs: &self.raw_inputs.ports[..self.layout.inputs.len()],
            outputs: &mut self.raw_outputs.ports[..self.layout.outputs.len()],
            sent: &self.sent,
            received: &mut self.received,
        }
    }
}

/// What one `process` gets of a block.
pub(crate) struct Sides<'a> {
    pub(crate) frames: u32,
    pub(crate) inputs: &'a [clap_audio_buffer],
    pub(crate) outputs: &'a mut [clap_audio_buffer],
    pub(crate) sent: &'a EventBuffer,
    pub(crate) received: &'a mut Received,
}

/// The list that the plug-in writes its events to. Growing it is the host's doing, so it is not counted.
pub(crate) struct Received(EventBuffer);

impl OutputEventBuffer for Received {
    fn try_push(&mut self, event: &UnknownEvent) -> Result<(), TryPushError> {
        watch::unwatched(|| self.0.push(event));
        Ok(())
    }
}

/// One side's ports as CLAP wants them: pointers into the planes.
struct RawPorts {
    ports: Vec<clap_audio_buffer>,
    /// All channels of all ports, in order; `ports` points in here.
    channels: Vec<*mut f32>,
    shapes: Vec<PortShape>,
}

// SAFETY: the pointers are followed only by a plug-in inside `process`, which holds the owning `Block` exclusively;
// `point_at` writes them anew before each.
#[allow(unsafe_code)]
unsafe impl Send for RawPorts {}

impl RawPorts {
    fn new(shapes: &[PortShape]) -> Self {
        let empty = clap_audio_buffer {
            data32: std::ptr::null_mut(),
            data64: std::ptr::null_mut(),
            channel_count: 0,
            latency: 0,
            constant_mask: 0,
        };
        let channels = shapes.iter().map(|shape| shape.channels as usize).sum();
        Self {
            ports: vec![empty; shapes.len() + GUARD_PORTS],
            channels: vec![std::ptr::null_mut(); channels],
            shapes: shapes.to_vec(),
        }
    }

    fn point_at(&mut self, planes: &mut Planes) {
        for (pointer, channel) in self.channels.iter_mut().zip(planes.iter_mut().flatten()) {
            *pointer = channel.as_mut_ptr();
        }
        let mut first = 0;
        for (port, shape) in self.ports.iter_mut().zip(&self.shapes) {
            let count = shape.channels as usize;
            port.channel_count = shape.channels;
            port.data32 = match shape.presence {
                Presence::Null => std::ptr::null_mut(),
                Presence::Live | Presence::Silent => self.channels[first..first + count].as_mut_ptr(),
            };
            port.constant_mask = match shape.presence {
                Presence::Silent => 1_u64.checked_shl(shape.channels).map_or(u64::MAX, |bit| bit - 1),
                Presence::Live | Presence::Null => 0,
            };
            first += count;
        }
    }
}
