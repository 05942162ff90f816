//! What a plug-in may ask of its host at any time, noted for the test to read. Called on whichever thread the plug-in uses.

use crate::watch;
use clack_extensions::audio_ports::{AudioPortRescanFlags, HostAudioPorts, HostAudioPortsImpl};
use clack_extensions::gui::{GuiSize, HostGui, HostGuiImpl};
use clack_extensions::latency::{HostLatency, HostLatencyImpl};
use clack_extensions::log::{HostLog, HostLogImpl, LogSeverity};
use clack_extensions::note_ports::{HostNotePorts, HostNotePortsImpl, NoteDialects, NotePortRescanFlags};
use clack_extensions::params::{
    HostParams, HostParamsImplMainThread, HostParamsImplShared, ParamClearFlags, ParamRescanFlags,
};
use clack_extensions::state::{HostState, HostStateImpl};
use clack_extensions::tail::{HostTail, HostTailImpl};
use clack_extensions::thread_check::{HostThreadCheck, HostThreadCheckImpl};
use clack_host::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

/// One line the plug-in wrote to the host's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How bad it is, in the plug-in's words.
    pub severity: LogSeverity,
    /// The text.
    pub text: String,
    /// It was written inside `process`, where nothing may be logged.
    pub in_process: bool,
}

/// What the plug-in asked for so far. Counters only grow.
///
/// Thread: any. Realtime: reading a counter is, reading the log is not.
#[derive(Debug, Default)]
pub struct Requests {
    pub(crate) callback_pending: AtomicBool,
    pub(crate) flush_pending: AtomicBool,
    callbacks: AtomicU32,
    restarts: AtomicU32,
    processes: AtomicU32,
    flushes: AtomicU32,
    dirty: AtomicU32,
    param_rescans: AtomicU32,
    port_rescans: AtomicU32,
    latency_changes: AtomicU32,
    tail_changes: AtomicU32,
    editor_closings: AtomicU32,
    editor_size: AtomicU64,
    log: Mutex<Vec<LogLine>>,
}

impl Requests {
    /// Times the plug-in asked for a call on the main thread.
    pub fn callbacks(&self) -> u32 {
        self.callbacks.load(Relaxed)
    }

    /// Times it asked to be deactivated and activated again.
    pub fn restarts(&self) -> u32 {
        self.restarts.load(Relaxed)
    }

    /// Times it asked for `process` to begin.
    pub fn processes(&self) -> u32 {
        self.processes.load(Relaxed)
    }

    /// Times it asked for a parameter flush.
    pub fn flushes(&self) -> u32 {
        self.flushes.load(Relaxed)
    }

    /// Times it said that its state differs from the saved one.
    pub fn dirty(&self) -> u32 {
        self.dirty.load(Relaxed)
    }

    /// Times it asked to have its parameters read again.
    pub fn param_rescans(&self) -> u32 {
        self.param_rescans.load(Relaxed)
    }

    /// Times it asked to have its audio or note ports read again.
    pub fn port_rescans(&self) -> u32 {
        self.port_rescans.load(Relaxed)
    }

    /// Times it said that its latency changed.
    pub fn latency_changes(&self) -> u32 {
        self.latency_changes.load(Relaxed)
    }

    /// Times it said that its tail changed.
    pub fn tail_changes(&self) -> u32 {
        self.tail_changes.load(Relaxed)
    }

    /// Times it said that its editor was closed.
    pub fn editor_closings(&self) -> u32 {
        self.editor_closings.load(Relaxed)
    }

    /// The last size the editor asked for, in pixels: width, height.
    pub fn editor_size(&self) -> Option<(u32, u32)> {
        let size = GuiSize::unpack_from_u64(self.editor_size.load(Relaxed));
        (size.area() > 0).then_some((size.width, size.height))
    }

    /// Everything the plug-in logged, oldest first.
    pub fn log(&self) -> Vec<LogLine> {
        self.log.lock().unwrap_or_else(|e| e.into_inner()).clone()
    }
}

fn count(counter: &AtomicU32) {
    counter.fetch_add(1, Relaxed);
}

/// The host as clack knows it.
pub(crate) struct Callbacks;

/// The side that every thread may call.
pub(crate) struct Shared {
    pub(crate) requests: Arc<Requests>,
    pub(crate) main: ThreadId,
}

/// The side of the main thread.
pub(crate) struct MainThread<'a>(pub(crate) &'a Shared);

/// The side of the audio thread.
pub(crate) struct Audio<'a>(pub(crate) &'a Shared);

impl HostHandlers for Callbacks {
    type Shared<'a> = Shared;
    type MainThread<'a> = MainThread<'a>;
    type AudioProcessor<'a> = Audio<'a>;

    fn declare_extensions(builder: &mut HostExtensions<Self>, _shared: &Shared) {
        builder
            .register::<HostLog>()
            .register::<HostThreadCheck>()
            .register::<HostParams>()
            .register::<HostState>()
            .register::<HostLatency>()
            .register::<HostTail>()
            .register::<HostAudioPorts>()
            .register::<HostNotePorts>()
            .register::<HostGui>();
    }
}

impl SharedHandler<'_> for Shared {
    fn request_restart(&self) {
        count(&self.requests.restarts);
    }

    fn request_process(&self) {
        count(&self.requests.processes);
    }

    fn request_callback(&self) {
        count(&self.requests.callbacks);
        self.requests.callback_pending.store(true, Relaxed);
    }
}

impl<'a> MainThreadHandler<'a> for MainThread<'a> {}
impl<'a> AudioProcessorHandler<'a> for Audio<'a> {}

impl HostLogImpl for Shared {
    fn log(&self, severity: LogSeverity, message: &str) {
        let in_process = watch::in_process();
        watch::unwatched(|| {
            let line = LogLine { severity, text: message.to_owned(), in_process };
            self.requests.log.lock().unwrap_or_else(|e| e.into_inner()).push(line);
        });
    }
}

impl HostThreadCheckImpl for Shared {
    fn is_main_thread(&self) -> bool {
        // One thread may play both parts, one after the other; inside `process` it is the audio thread only.
        !watch::is_audio_thread() && watch::unwatched(|| std::thread::current().id()) == self.main
    }

    fn is_audio_thread(&self) -> bool {
        watch::is_audio_thread()
    }
}

impl HostParamsImplShared for Shared {
    fn request_flush(&self) {
        count(&self.requests.flushes);
        self.requests.flush_pending.store(true, Relaxed);
    }
}

impl HostParamsImplMainThread for MainThread<'_> {
    fn rescan(&self, _flags: ParamRescanFlags) {
        count(&self.0.requests.param_rescans);
    }

    fn clear(&self, _param_id: ClapId, _flags: ParamClearFlags) {}
}

impl HostStateImpl for MainThread<'_> {
    fn mark_dirty(&self) {
        count(&self.0.requests.dirty);
    }
}

impl HostLatencyImpl for MainThread<'_> {
    fn changed(&self) {
        count(&self.0.requests.latency_changes);
    }
}

impl HostTailImpl for Audio<'_> {
    fn changed(&mut self) {
        count(&self.0.requests.tail_changes);
    }
}

impl HostAudioPortsImpl for MainThread<'_> {
    fn is_rescan_flag_supported(&self, _flag: AudioPortRescanFlags) -> bool {
        true
    }

    fn rescan(&self, _flags: AudioPortRescanFlags) {
        count(&self.0.requests.port_rescans);
    }
}

impl HostNotePortsImpl for MainThread<'_> {
    fn supported_dialects(&self) -> NoteDialects {
        NoteDialects::CLAP | NoteDialects::MIDI
    }

    fn rescan(&self, _flags: NotePortRescanFlags) {
        count(&self.0.requests.port_rescans);
    }
}

impl HostGuiImpl for Shared {
    fn resize_hints_changed(&self) {}

    fn request_resize(&self, new_size: GuiSize) -> Result<(), HostError> {
        self.requests.editor_size.store(new_size.pack_to_u64(), Relaxed);
        Ok(())
    }

    fn request_show(&self) -> Result<(), HostError> {
        Ok(())
    }

    fn request_hide(&self) -> Result<(), HostError> {
        Ok(())
    }

    fn closed(&self, _was_destroyed: bool) {
        count(&self.requests.editor_closings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::InProcess;

    fn shared() -> Shared {
        Shared { requests: Arc::default(), main: std::thread::current().id() }
    }

    #[test]
    fn a_log_line_remembers_whether_it_came_from_inside_process() {
        let shared = shared();
        shared.log(LogSeverity::Info, "before");
        let watch = InProcess::enter();
        shared.log(LogSeverity::Error, "inside");
        drop(watch);
        let lines: Vec<_> = shared.requests.log().into_iter().map(|l| (l.severity, l.text, l.in_process)).collect();
        let expected =
            [(LogSeverity::Info, "before".to_owned(), false), (LogSeverity::Error, "inside".to_owned(), true)];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_thread_is_the_main_thread_outside_of_process_and_the_audio_thread_inside() {
        let shared = shared();
        assert!(shared.is_main_thread() && !shared.is_audio_thread());
        let watch = InProcess::enter();
        assert!(!shared.is_main_thread() && shared.is_audio_thread());
        drop(watch);
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(!shared.is_main_thread() && !shared.is_audio_thread()));
        });
    }

    #[test]
    fn an_editor_size_is_noted_and_a_dirty_state_counted() {
        let shared = shared();
        assert_eq!(shared.requests.editor_size(), None);
        shared.request_resize(GuiSize { width: 640, height: 480 }).expect("always taken");
        assert_eq!(shared.requests.editor_size(), Some((640, 480)));
        HostStateImpl::mark_dirty(&MainThread(&shared));
        assert_eq!(shared.requests.dirty(), 1);
    }
}
