//! Keeps the framework's VST3 worker thread alive, because hosts abort when it goes.
//!
//! Thread: main. Linux and VST3 only; a no-op elsewhere.
//!
//! Why this exists. nice-plug has one worker thread per plug-in type, shared by all instances of it. On Linux, with no
//! editor open, its VST3 wrapper posts a task to that worker for *each* parameter change the host sends. A task whose
//! instance is gone makes the worker return; and when the last instance then drops the last handle, that drop sends
//! "shut down" to a thread that is not there any more, `expect`s, panics inside `extern "C"`, and the host is gone
//! (measured: 6 of 8 runs of 20 create/drop cycles under automation). Two things together cure it without touching the
//! framework (measured: 0 of 410 runs):
//! * the *keeper*: one more instance of each VST3 type, made at the first `Default::default()` and never dropped, so
//!   that the worker's last handle never is;
//! * before an instance may go, `deactivate` posts a task that does nothing to the keeper and waits for it. The worker
//!   is first in, first out, so all tasks of the leaving instance have run by then and the worker itself lives on.
//!
//! A host that never deactivates can still end the worker (not the process). So nothing of ours may rely on the
//! wrapper's parameter notifications: the editor reads the parameters in each frame.
//!
//! CLAP posts such work through the host and is not hit, as we have no background tasks.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, Once, OnceLock, PoisonError};
use std::time::Duration;

/// How long one `deactivate` waits for the worker. It answers within microseconds unless it is gone.
const WAIT: Duration = Duration::from_millis(100);
/// After so many waits in vain the worker is taken for dead and nobody waits for it again.
const GIVE_UP_AFTER: u32 = 3;

thread_local! {
    static MAKING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is just now making a keeper: then `Default` and `editor` must do nothing heavy.
pub fn making() -> bool {
    MAKING.get()
}

/// What one VST3 class keeps for the life of the process. Stands in a `static`.
pub struct Keeper {
    once: Once,
    post: OnceLock<Box<dyn Fn() + Send + Sync>>,
    // One flush at a time, so that "one more no-op has run" can only mean ours.
    turn: Mutex<()>,
    ran: Mutex<u64>,
    heard: Condvar,
    in_vain: AtomicU32,
}

impl Keeper {
    /// A keeper that has not been made yet.
    pub const fn new() -> Self {
        Self {
            once: Once::new(),
            post: OnceLock::new(),
            turn: Mutex::new(()),
            ran: Mutex::new(0),
            heard: Condvar::new(),
            in_vain: AtomicU32::new(0),
        }
    }

    /// Make the keeper with `make` if there is none; `make` creates an instance and forgets it.
    ///
    /// Thread: main, in `Default::default()`. `make` runs `Default::default()` of the same type again on this thread;
    /// that inner call sees [`making`] and goes straight on, and other threads wait until the keeper stands.
    pub fn ensure(&self, make: impl FnOnce()) {
        if making() {
            return;
        }
        self.once.call_once(|| {
            MAKING.set(true);
            let _done = Done;
            make();
        });
    }

    /// Take over the way to post a task to the worker; the keeper's own `editor()` hands it in.
    pub fn adopt(&self, post: impl Fn() + Send + Sync + 'static) {
        // A second offer can only come from a second keeper, and `once` allows one.
        let _ = self.post.set(Box::new(post));
    }

    /// The no-op has run: called by the worker thread through the keeper's task executor.
    pub fn arrived(&self) {
        *self.ran.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.heard.notify_all();
    }

    /// Wait until the worker has run everything that was posted before; at most a tenth of a second.
    ///
    /// Thread: main, in `deactivate`. Returns whether the worker answered.
    pub fn flush(&self) -> bool {
        let Some(post) = self.post.get() else { return false };
        if self.in_vain.load(Ordering::Relaxed) >= GIVE_UP_AFTER {
            return false;
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *self.ran.lock().unwrap_or_else(PoisonError::into_inner);
        post();
        let ran = self.ran.lock().unwrap_or_else(PoisonError::into_inner);
        let (ran, _) =
            self.heard.wait_timeout_while(ran, WAIT, |ran| *ran == before).unwrap_or_else(PoisonError::into_inner);
        let answered = *ran != before;
        if answered {
            self.in_vain.store(0, Ordering::Relaxed);
        } else {
            self.in_vain.fetch_add(1, Ordering::Relaxed);
        }
        answered
    }
}

impl Default for Keeper {
    fn default() -> Self {
        Self::new()
    }
}

/// Takes the mark off the thread again even if making the keeper panicked.
struct Done;

impl Drop for Done {
    fn drop(&mut self) {
        MAKING.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keeper_is_made_once_and_the_inner_call_sees_it() {
        let keeper = Keeper::new();
        let made = Cell::new(0);
        for _ in 0..3 {
            keeper.ensure(|| {
                made.set(made.get() + 1);
                assert!(making());
                keeper.ensure(|| made.set(100));
            });
        }
        assert_eq!((made.get(), making()), (1, false));
    }

    #[test]
    fn a_worker_that_answers_is_waited_for_and_one_that_does_not_is_given_up() {
        static ALIVE: Keeper = Keeper::new();
        assert!(!ALIVE.flush(), "without a keeper there is nobody to wait for");
        ALIVE.adopt(|| ALIVE.arrived());
        assert!(ALIVE.flush());

        static POSTS: AtomicU32 = AtomicU32::new(0);
        let dead = Keeper::new();
        dead.adopt(|| {
            POSTS.fetch_add(1, Ordering::Relaxed);
        });
        for _ in 0..10 {
            assert!(!dead.flush());
        }
        assert_eq!(POSTS.load(Ordering::Relaxed), GIVE_UP_AFTER);
    }
}
