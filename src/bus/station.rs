//! Threads with names: each room's loop is a struct with `tick`, and the thread is the small loop around it.
//!
//! Tests call `tick` themselves with a clock of their own; no thread, no sleep.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, Thread};
use std::time::{Duration, Instant};

/// When the next tick is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// At once: there is more.
    Now,
    /// In this long, or when somebody unparks the thread.
    Idle(Duration),
    /// Never: the work is over.
    End,
}

/// A room's loop body.
pub trait Station {
    /// Do what there is to do. `now` is the only clock.
    fn tick(&mut self, now: Instant) -> Pace;

    /// The last tick panicked: put the room's own state right again. Called before the next tick.
    fn recover(&mut self, _message: &str) {}
}

/// Who can be woken: filled when the thread starts.
#[derive(Clone, Default)]
pub struct Waker(Arc<std::sync::OnceLock<Thread>>);

impl Waker {
    /// Wake the thread, if it runs. Realtime: no (a system call when it sleeps).
    pub fn wake(&self) {
        if let Some(thread) = self.0.get() {
            thread.unpark();
        }
    }
}

/// A running station. Dropping it stops the thread and joins it (waiting at most 2 s).
pub struct Running {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    name: &'static str,
}

/// Start a named thread. The station is built by `make` on that thread, so it need not be `Send`.
///
/// A panic in a tick is caught and told to [`Station::recover`]; the thread goes on.
pub fn start<S: Station>(
    name: &'static str,
    waker: &Waker,
    make: impl FnOnce() -> S + Send + 'static,
) -> std::io::Result<Running> {
    let stop = Arc::new(AtomicBool::new(false));
    let (stopped, cell) = (stop.clone(), waker.0.clone());
    #[allow(clippy::disallowed_methods)] // The one place where threads are made.
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        let _ = cell.set(std::thread::current());
        let mut station = make();
        while !stopped.load(Ordering::Acquire) {
            #[allow(clippy::disallowed_methods)] // The edge where the clock is read.
            let now = Instant::now();
            match catch_unwind(AssertUnwindSafe(|| station.tick(now))) {
                Ok(Pace::Now) => {}
                Ok(Pace::Idle(time)) => std::thread::park_timeout(time),
                Ok(Pace::End) => break,
                Err(panic) => {
                    let text = panic
                        .downcast_ref::<&str>()
                        .map(|s| (*s).to_owned())
                        .or_else(|| panic.downcast_ref::<String>().cloned());
                    station.recover(&text.unwrap_or_else(|| "panic".to_owned()));
                }
            }
        }
    })?;
    Ok(Running { stop, thread: Some(thread), name })
}

impl Running {
    /// The thread's name.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        let Some(thread) = self.thread.take() else { return };
        // 2 s in steps of 1 ms: a thread that hangs is left behind rather than hanging the host.
        for _ in 0..2000 {
            thread.thread().unpark();
            if thread.is_finished() {
                let _ = thread.join();
                return;
            }
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }
}
