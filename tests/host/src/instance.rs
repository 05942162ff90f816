//! One plug-in, as a host holds it on the main thread; with audio on the same thread unless its processor is taken away.

use crate::block::{Block, Layout, PortShape};
use crate::callbacks::{Audio, Callbacks, MainThread, Requests, Shared};
use crate::error::Error;
use crate::ports::Ports;
use crate::processor::Processor;
use crate::source::Source;
use crate::timings::Timings;
use clack_extensions::latency::PluginLatency;
use clack_extensions::render::{PluginRender, RenderMode};
use clack_extensions::state::PluginState;
use clack_extensions::tail::TailLength;
use clack_host::prelude::*;
use std::ffi::CString;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

static LEAKED: AtomicU64 = AtomicU64::new(0);

/// How many instances were dropped while their [`Processor`] was elsewhere, and so could not be destroyed.
///
/// Thread: any.
pub fn leaked_instances() -> u64 {
    LEAKED.load(Relaxed)
}

/// One plug-in instance. Not `Send`: the thread that opens it is its main thread.
///
/// Dropping it closes its editor, stops, deactivates and destroys it. Instances of one source drop in any order.
pub struct Instance {
    pub(crate) plugin: PluginInstance<Callbacks>,
    pub(crate) processor: Option<Processor>,
    pub(crate) requests: Arc<Requests>,
    pub(crate) editor_open: bool,
    /// Of the last `activate`: rate in Hz, fewest and most frames.
    configuration: (f64, u32, u32),
}

impl Instance {
    /// Create and initialise the plug-in of this CLAP id.
    ///
    /// Thread: becomes the instance's main thread. Realtime: no.
    pub fn open(source: &Source, plugin_id: &str) -> Result<Self, Error> {
        let entry = source.load()?;
        let known = source.plugins()?;
        let missing = || Error::NoSuchPlugin {
            id: plugin_id.to_owned(),
            source_name: source.name(),
            known: known.iter().map(|p| p.id.as_str()).collect::<Vec<_>>().join(", "),
        };
        if !known.iter().any(|plugin| plugin.id == plugin_id) {
            return Err(missing());
        }
        let id = CString::new(plugin_id).map_err(|_| missing())?;
        let host = HostInfo::new("Tracklight test host", "Tracklight", "", env!("CARGO_PKG_VERSION"))
            .expect("the host's own texts hold no zero byte");
        let requests = Arc::new(Requests::default());
        let shared = Shared { requests: requests.clone(), main: std::thread::current().id() };
        let plugin = PluginInstance::new(|()| shared, |shared| MainThread(shared), &entry, &id, &host)
            .map_err(Error::plugin("open"))?;
        Ok(Self { plugin, processor: None, requests, editor_open: false, configuration: (0.0, 0, 0) })
    }

    /// What the plug-in asked of the host so far. The handle stays good on any thread.
    pub fn requests(&self) -> Arc<Requests> {
        self.requests.clone()
    }

    /// The audio and note ports that the plug-in declares.
    pub fn ports(&mut self) -> Ports {
        Ports::read(&mut self.plugin)
    }

    /// All audio ports live, exactly as declared: what [`Block::new`] takes.
    pub fn layout(&mut self) -> Layout {
        let ports = self.ports();
        let live = |ports: &[crate::AudioPort]| ports.iter().map(|port| PortShape::live(port.channels)).collect();
        Layout { inputs: live(&ports.audio_in), outputs: live(&ports.audio_out), in_place: false }
    }

    /// Do what a host does on its main thread between other things: answer the plug-in's request for a callback, and its
    /// request for a flush while it does not process. True if there was something to do.
    pub fn idle(&mut self) -> bool {
        let mut busy = false;
        if self.requests.callback_pending.swap(false, Relaxed) {
            self.plugin.call_on_main_thread_callback();
            busy = true;
        }
        let processes = self.plugin.is_active() && self.processor.as_ref().is_none_or(Processor::is_started);
        if !processes && self.requests.flush_pending.load(Relaxed) {
            busy |= self.flush(&[]).is_ok();
        }
        busy
    }

    /// Tell the plug-in whether it is bounced (true) or played in real time (false, as at first). Before `activate`; while
    /// active the plug-in may ask for a restart.
    pub fn set_offline(&mut self, offline: bool) -> Result<(), Error> {
        let handle = self.plugin.plugin_handle();
        let ext = handle.get_extension::<PluginRender>().ok_or(Error::NoExtension("render"))?;
        let mode = if offline { RenderMode::Offline } else { RenderMode::Realtime };
        ext.set(&handle, mode).map_err(|_| Error::Refused("change its render mode"))
    }

    /// Prepare to play at `rate` Hz with blocks of `min_frames` to `max_frames` frames (1 or more, `min_frames` the smaller).
    pub fn activate(&mut self, rate: f64, min_frames: u32, max_frames: u32) -> Result<(), Error> {
        if !(rate.is_finite() && rate > 0.0) {
            return Err(Error::Range {
                what: "the sample rate",
                value: rate.to_string(),
                allowed: "above 0 Hz".into(),
            });
        }
        if min_frames == 0 || max_frames < min_frames || max_frames > i32::MAX as u32 {
            let (value, allowed) = (format!("{min_frames}..={max_frames}"), "1 <= min <= max <= 2147483647".into());
            return Err(Error::Range { what: "the block length", value, allowed });
        }
        let configuration =
            PluginAudioConfiguration { sample_rate: rate, min_frames_count: min_frames, max_frames_count: max_frames };
        let stopped =
            self.plugin.activate(|shared, _| Audio(shared), configuration).map_err(Error::plugin("activate"))?;
        self.processor = Some(Processor::new(stopped, rate, max_frames as usize));
        self.configuration = (rate, min_frames, max_frames);
        Ok(())
    }

    /// Deactivate and activate again as before, and start again if it was started: what a plug-in asks for with a restart
    /// ([`Requests::restarts`]). Measurements begin anew.
    pub fn restart(&mut self) -> Result<(), Error> {
        let started = self.processor()?.is_started();
        let (rate, min_frames, max_frames) = self.configuration;
        self.deactivate()?;
        self.activate(rate, min_frames, max_frames)?;
        if started { self.start_processing() } else { Ok(()) }
    }

    /// Free what `activate` prepared; stops first if need be. The processor must be here.
    pub fn deactivate(&mut self) -> Result<(), Error> {
        if !self.plugin.is_active() {
            return Err(Error::Order { step: "deactivate", reason: "the instance is not active" });
        }
        let processor = self.processor.take().ok_or(Error::Order {
            step: "deactivate",
            reason: "the processor is on another thread: give it back first",
        })?;
        self.plugin.deactivate(processor.into_stopped());
        Ok(())
    }

    /// The instance is active.
    pub fn is_active(&self) -> bool {
        self.plugin.is_active()
    }

    /// The audio side, if the instance is active and it was not taken.
    pub fn processor(&mut self) -> Result<&mut Processor, Error> {
        let reason = if self.plugin.is_active() { "the processor is on another thread" } else { "not active" };
        self.processor.as_mut().ok_or(Error::Order { step: "audio", reason })
    }

    /// Take the audio side away, to play on another thread. [`Self::give_back`] returns it.
    pub fn take_processor(&mut self) -> Result<Processor, Error> {
        self.processor()?;
        self.processor.take().ok_or(Error::Order { step: "audio", reason: "not active" })
    }

    /// Return this instance's own audio side; another instance's comes back as it is.
    pub fn give_back(&mut self, processor: Processor) -> Result<(), Box<Processor>> {
        if !processor.matches(&self.plugin) {
            return Err(Box::new(processor));
        }
        self.processor = Some(processor);
        Ok(())
    }

    /// [`Processor::start_processing`] on this thread.
    pub fn start_processing(&mut self) -> Result<(), Error> {
        self.processor()?.start_processing()
    }

    /// [`Processor::process`] on this thread.
    pub fn process(&mut self, block: &mut Block) -> Result<ProcessStatus, Error> {
        self.processor()?.process(block)
    }

    /// [`Processor::stop`] on this thread.
    pub fn stop(&mut self) -> Result<(), Error> {
        self.processor()?.stop()
    }

    /// [`Processor::reset`] on this thread.
    pub fn reset(&mut self) -> Result<(), Error> {
        self.processor()?.reset();
        Ok(())
    }

    /// What `process` cost since `activate`.
    pub fn timings(&mut self) -> Result<Timings, Error> {
        Ok(self.processor()?.stopwatch().timings())
    }

    /// By how many frames the plug-in's output is late.
    pub fn latency(&mut self) -> u32 {
        let handle = self.plugin.plugin_handle();
        handle.get_extension::<PluginLatency>().map_or(0, |ext| ext.get(&handle))
    }

    /// How long the plug-in sounds on after its input ends, in frames.
    pub fn tail(&mut self) -> Result<TailLength, Error> {
        Ok(self.processor()?.tail())
    }

    /// The plug-in's state, as a host writes it into a song file.
    pub fn save_state(&mut self) -> Result<Vec<u8>, Error> {
        let handle = self.plugin.plugin_handle();
        let ext = handle.get_extension::<PluginState>().ok_or(Error::NoExtension("state"))?;
        let mut bytes = Vec::new();
        ext.save(&handle, &mut bytes).map_err(|_| Error::Refused("save its state"))?;
        Ok(bytes)
    }

    /// Give the plug-in a state back.
    pub fn load_state(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.load_state_in_pieces(bytes, usize::MAX)
    }

    /// Give the plug-in a state back through a stream that never reads more than `piece` bytes at once (1 or more), as some
    /// hosts' streams do.
    pub fn load_state_in_pieces(&mut self, bytes: &[u8], piece: usize) -> Result<(), Error> {
        let handle = self.plugin.plugin_handle();
        let ext = handle.get_extension::<PluginState>().ok_or(Error::NoExtension("state"))?;
        ext.load(&handle, &mut Pieces { left: bytes, piece: piece.max(1) })
            .map_err(|_| Error::Refused("load this state"))
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.close_editor();
        if self.plugin.is_active() && self.deactivate().is_err() {
            LEAKED.fetch_add(1, Relaxed);
        }
    }
}

/// A reader that hands out a few bytes at a time.
struct Pieces<'a> {
    left: &'a [u8],
    piece: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let most = to.len().min(self.piece);
        self.left.read(&mut to[..most])
    }
}
