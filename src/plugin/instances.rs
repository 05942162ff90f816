//! Remembers which instances live in this process, so that the demo host and the tests can reach one.
//!
//! Thread: any but audio. A host process may hold many instances; all that they share is this list and the VST3
//! keepers, and nothing in it may hold an instance alive.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The live instances of one process, oldest first, each with a handle `R` through which it can be reached.
///
/// `R` should be cheap to clone and must not own the instance's threads: it is handed to strangers.
/// Meant to stand in a `static`.
pub struct Instances<R> {
    live: Mutex<Vec<(u64, R)>>,
    next: AtomicU64,
}

impl<R> Instances<R> {
    /// An empty list.
    pub const fn new() -> Self {
        Self { live: Mutex::new(Vec::new()), next: AtomicU64::new(1) }
    }

    /// Enter an instance into the list; it leaves when the answer is dropped.
    ///
    /// Thread: main (called where the engine starts). Realtime: no.
    #[must_use = "the instance leaves the list when this is dropped"]
    pub fn enter(&'static self, remote: R) -> Registered<R> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.lock().push((id, remote));
        Registered { list: self, id }
    }

    /// How many instances are in the list.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether no instance is in the list.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    // A thread that panicked while it held the lock has at worst left one entry too many: the list stays usable.
    fn lock(&self) -> MutexGuard<'_, Vec<(u64, R)>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Clone> Instances<R> {
    /// The handle of the instance that entered last and still lives, if there is one.
    ///
    /// Thread: any but audio. Realtime: no.
    pub fn newest(&self) -> Option<R> {
        self.lock().last().map(|(_, remote)| remote.clone())
    }

    /// The handle of the instance with this id (see [`Registered::id`]), if it still lives.
    pub fn find(&self, id: u64) -> Option<R> {
        self.lock().iter().find(|(other, _)| *other == id).map(|(_, remote)| remote.clone())
    }
}

impl<R> Default for Instances<R> {
    fn default() -> Self {
        Self::new()
    }
}

/// The place of one instance in the list; dropping it takes the instance out.
pub struct Registered<R: 'static> {
    list: &'static Instances<R>,
    id: u64,
}

impl<R> Registered<R> {
    /// The instance's number, unique in this process and rising, from 1.
    pub fn id(&self) -> u64 {
        self.id
    }
}

impl<R> Drop for Registered<R> {
    fn drop(&mut self) {
        self.list.lock().retain(|(id, _)| *id != self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_living_instance_answers_and_the_dropped_one_is_gone() {
        static LIST: Instances<&str> = Instances::new();
        assert_eq!(LIST.newest(), None);
        let first = LIST.enter("first");
        let second = LIST.enter("second");
        assert_eq!(LIST.newest(), Some("second"));
        assert_eq!(LIST.find(first.id()), Some("first"));
        let gone = second.id();
        drop(second);
        assert_eq!((LIST.newest(), LIST.find(gone), LIST.len()), (Some("first"), None, 1));
        drop(first);
        assert!(LIST.is_empty());
    }
}
