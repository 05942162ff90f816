//! Catches panics where the host calls us, so that our fault never ends the host.
//!
//! Thread: all. nice-plug calls us from `extern "C"` functions, and a panic that reaches one of those aborts the whole
//! process. So every callback runs in [`guard`]: audio goes silent, a state is refused, a window shows a sentence.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};

/// Counters of what went wrong at the host's border; the engine turns them into Notices.
///
/// Thread: all. Realtime: yes.
#[derive(Debug, Default)]
pub struct Faults {
    /// Panics caught in `process` or `reset`; audio is silent from the first one until the next `activate`.
    pub audio_panics: AtomicU32,
    /// Panics caught in the editor's callbacks.
    pub editor_panics: AtomicU32,
    /// Panics caught while a state was saved, checked or loaded.
    pub state_panics: AtomicU32,
    /// Notes that did not fit into one block's list and were left out.
    pub notes_lost: AtomicU32,
}

/// Run `act`; if it panics count that in `counter` and answer `None`.
///
/// Thread: all. Realtime: yes, as long as nothing panics. The caller must not trust what `act` was changing when it
/// panicked: the audio side throws its `Processor` away, the others only ever swap whole values.
pub fn guard<T>(counter: &AtomicU32, act: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(act)) {
        Ok(answer) => Some(answer),
        Err(_) => {
            counter.fetch_add(1, Ordering::Relaxed);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_counted_and_goes_no_further() {
        let faults = Faults::default();
        assert_eq!(guard(&faults.audio_panics, || 7), Some(7));
        assert_eq!(guard::<()>(&faults.audio_panics, || panic!("on purpose")), None);
        assert_eq!(faults.audio_panics.load(Ordering::Relaxed), 1);
    }
}
