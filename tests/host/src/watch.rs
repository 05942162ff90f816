//! Knows, per thread, whether a plug-in's `process` is running, and what it allocated meanwhile. Any thread; never allocates.
//!
//! The thread-locals are const-initialised and have no destructor: reading them inside the allocator allocates nothing.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

thread_local! {
    static IN_PROCESS: Cell<bool> = const { Cell::new(false) };
    static AUDIO_ROLE: Cell<bool> = const { Cell::new(false) };
    static COUNTS: Cell<Allocations> = const { Cell::new(Allocations::NONE) };
}

static ALLOCATED: AtomicU64 = AtomicU64::new(0);
static FREED: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// Calls of the allocator made inside `process`, by the thread that ran it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Allocations {
    /// Blocks of memory asked for; a `realloc` counts as one here and one in `freed`.
    pub allocated: u64,
    /// Blocks of memory given back.
    pub freed: u64,
    /// Bytes asked for.
    pub bytes: u64,
}

impl Allocations {
    /// Nothing was allocated or freed.
    pub const NONE: Self = Self { allocated: 0, freed: 0, bytes: 0 };

    pub(crate) fn add(&mut self, other: Self) {
        self.allocated += other.allocated;
        self.freed += other.freed;
        self.bytes += other.bytes;
    }
}

/// The sum over every `process` of every instance since the program began. Zero for ever unless [`crate::CountingAlloc`]
/// is the program's `#[global_allocator]`: see [`allocations_are_counted`]. Tests that run side by side share this sum;
/// [`crate::Processor::allocations`] is for one instance alone.
///
/// Thread: any. Realtime: yes.
pub fn process_allocations() -> Allocations {
    Allocations {
        allocated: ALLOCATED.load(Ordering::Relaxed),
        freed: FREED.load(Ordering::Relaxed),
        bytes: BYTES.load(Ordering::Relaxed),
    }
}

/// Try it out: is [`crate::CountingAlloc`] this program's allocator? A test that expects zero allocations asserts this first.
///
/// Thread: any. Realtime: no.
pub fn allocations_are_counted() -> bool {
    let watch = InProcess::enter();
    drop(std::hint::black_box(Box::new(0_u64)));
    watch.leave_unrecorded().allocated > 0
}

/// Run `act` as a `process` that is not a CLAP instance's (a test's own rig) and say what it allocated.
pub fn watched<R>(act: impl FnOnce() -> R) -> (R, Allocations) {
    let watch = InProcess::enter();
    let result = act();
    (result, watch.leave())
}

/// Told by the allocator.
pub(crate) fn note(allocated: u64, freed: u64, bytes: usize) {
    if IN_PROCESS.get() {
        let mut counts = COUNTS.get();
        counts.add(Allocations { allocated, freed, bytes: bytes as u64 });
        COUNTS.set(counts);
    }
}

/// Is this thread inside `process`?
pub(crate) fn in_process() -> bool {
    IN_PROCESS.get()
}

/// Is this thread the audio thread now, in CLAP's sense (inside `process`, `start_processing`, `stop_processing`, `reset`)?
pub(crate) fn is_audio_thread() -> bool {
    AUDIO_ROLE.get()
}

/// Run `act` as the audio thread, without counting.
pub(crate) fn as_audio_thread<R>(act: impl FnOnce() -> R) -> R {
    let before = AUDIO_ROLE.replace(true);
    let result = act();
    AUDIO_ROLE.set(before);
    result
}

/// Run the host's own `act` inside `process` without blaming the plug-in for what it allocates.
pub(crate) fn unwatched<R>(act: impl FnOnce() -> R) -> R {
    let before = IN_PROCESS.replace(false);
    let result = act();
    IN_PROCESS.set(before);
    result
}

/// This thread is inside `process` while this lives.
pub(crate) struct InProcess(());

impl InProcess {
    pub(crate) fn enter() -> Self {
        COUNTS.set(Allocations::NONE);
        AUDIO_ROLE.set(true);
        IN_PROCESS.set(true);
        Self(())
    }

    /// `process` is over: what it allocated, also added to the sum of [`process_allocations`].
    pub(crate) fn leave(self) -> Allocations {
        let counts = self.leave_unrecorded();
        ALLOCATED.fetch_add(counts.allocated, Ordering::Relaxed);
        FREED.fetch_add(counts.freed, Ordering::Relaxed);
        BYTES.fetch_add(counts.bytes, Ordering::Relaxed);
        counts
    }

    fn leave_unrecorded(self) -> Allocations {
        drop(self);
        COUNTS.get()
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        IN_PROCESS.set(false);
        AUDIO_ROLE.set(false);
    }
}
