//! The audio side of an instance: starts, processes, stops. It may move to another thread and back.

use crate::block::Block;
use crate::callbacks::Callbacks;
use crate::error::Error;
use crate::timings::{Stamp, Stopwatch};
use crate::watch::{self, Allocations, InProcess};
use clack_extensions::params::PluginParams;
use clack_extensions::tail::{PluginTail, TailLength};
use clack_host::events::io::{EventBuffer, OutputEvents};
use clack_host::prelude::*;

/// The audio side of one active instance, from [`crate::Instance::activate`] to `deactivate`.
///
/// It is `Send`: [`crate::Instance::take_processor`] hands it to another thread, `give_back` returns it. It must come back
/// before the instance is dropped, or the plug-in is never destroyed (counted by [`crate::leaked_instances`]).
pub struct Processor {
    inner: PluginAudioProcessor<Callbacks>,
    max_frames: usize,
    steady_frame: u64,
    stopwatch: Stopwatch,
    allocations: Allocations,
}

impl Processor {
    pub(crate) fn new(stopped: StoppedPluginAudioProcessor<Callbacks>, rate: f64, max_frames: usize) -> Self {
        Self {
            inner: stopped.into(),
            max_frames,
            steady_frame: 0,
            stopwatch: Stopwatch::new(rate),
            allocations: Allocations::NONE,
        }
    }

    /// Tell the plug-in that blocks will follow. The steady frame count begins at 0.
    ///
    /// Thread: the one that will call `process`. Realtime: no.
    pub fn start_processing(&mut self) -> Result<(), Error> {
        self.steady_frame = 0;
        watch::as_audio_thread(|| self.inner.start_processing().map(drop)).map_err(Error::plugin("start_processing"))
    }

    /// Tell the plug-in that no block follows.
    ///
    /// Thread: the one that called `process`. Realtime: no.
    pub fn stop(&mut self) -> Result<(), Error> {
        watch::as_audio_thread(|| self.inner.stop_processing().map(drop)).map_err(Error::plugin("stop_processing"))
    }

    /// Blocks may be processed.
    pub fn is_started(&self) -> bool {
        self.inner.is_started()
    }

    /// Clear voices, tails and delays, as on a jump of the song.
    ///
    /// Thread: the one that calls `process`. Realtime: as the plug-in is.
    pub fn reset(&mut self) {
        watch::as_audio_thread(|| self.inner.reset());
    }

    /// Play one block. What it cost is in [`Self::stopwatch`] and [`Self::allocations`].
    ///
    /// Thread: any one thread. Realtime: as the plug-in is, but for the measuring around it and a block's first growth.
    pub fn process(&mut self, block: &mut Block) -> Result<ProcessStatus, Error> {
        let started = self.inner.as_started_mut().map_err(Error::plugin("process"))?;
        block.prepare(self.max_frames)?;
        let transport = block.transport.map(|transport| transport.to_event());
        let sides = block.sides();
        let frames = sides.frames;
        let (inputs, mut outputs) = audio(sides.inputs, sides.outputs, frames);
        let sent = sides.sent.as_input();
        let mut received = OutputEvents::from_buffer(sides.received);
        let steady = Some(self.steady_frame);

        let before = Stamp::before();
        let watch = InProcess::enter();
        let status = started.process(&inputs, &mut outputs, &sent, &mut received, steady, transport.as_ref());
        let allocations = watch.leave();
        let after = Stamp::after();

        self.steady_frame += u64::from(frames);
        self.allocations.add(allocations);
        self.stopwatch.push(frames as usize, &before, &after);
        status.map_err(Error::plugin("process"))
    }

    /// What this instance's `process` allocated and freed so far. Zero unless [`crate::allocations_are_counted`].
    pub fn allocations(&self) -> Allocations {
        self.allocations
    }

    /// What each `process` cost.
    pub fn stopwatch(&self) -> &Stopwatch {
        &self.stopwatch
    }

    /// Forget measurements so far, such as those of a warm-up.
    pub fn clear_measurements(&mut self) {
        self.stopwatch.clear();
        self.allocations = Allocations::NONE;
    }

    /// How long the plug-in sounds on after its input ends, in frames.
    pub fn tail(&mut self) -> TailLength {
        let handle = self.inner.plugin_handle();
        handle.get_extension::<PluginTail>().map(|ext| ext.get(&handle)).unwrap_or_default()
    }

    pub(crate) fn flush(&mut self, sent: &EventBuffer, received: &mut EventBuffer) -> Result<(), Error> {
        let mut handle = self.inner.plugin_handle();
        let ext = handle.get_extension::<PluginParams>().ok_or(Error::NoExtension("params"))?;
        watch::as_audio_thread(|| ext.flush_active(&mut handle, &sent.as_input(), &mut received.as_output()));
        Ok(())
    }

    pub(crate) fn matches(&self, plugin: &PluginInstance<Callbacks>) -> bool {
        self.inner.matches(plugin)
    }

    pub(crate) fn into_stopped(self) -> StoppedPluginAudioProcessor<Callbacks> {
        watch::as_audio_thread(|| self.inner.into_stopped())
    }
}

/// The block's ports in clack's words.
#[allow(unsafe_code)]
fn audio<'a>(
    inputs: &'a [clap_sys::audio_buffer::clap_audio_buffer],
    outputs: &'a mut [clap_sys::audio_buffer::clap_audio_buffer],
    frames: u32,
) -> (InputAudioBuffers<'a>, OutputAudioBuffers<'a>) {
    // SAFETY: `Block::prepare` pointed every port at channels of more than `frames` samples (or at null, which CLAP hosts
    // do with inactive ports), the block is borrowed exclusively while these live, and inputs and outputs share memory
    // only as CLAP's in-place processing allows.
    unsafe {
        (InputAudioBuffers::from_raw_buffers(inputs, frames), OutputAudioBuffers::from_raw_buffers(outputs, frames))
    }
}
