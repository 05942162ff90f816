//! How long audio's blocks take, one by one, and the CPU clock of the thread that makes them.
//!
//! Thread: written by audio, read by the engine. Realtime: writing yes, without a system call; the CPU clock of the
//! audio thread is one, and the engine makes it from its own thread.

use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::time::Duration;

/// The CPU clock of a thread, to be read from any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThreadClock(pub i32);

/// Audio says here after each block how long it took by the wall clock.
#[derive(Default)]
pub struct Pulse {
    /// Blocks made (high half) and how many of the last ones in a row were over their time (low half).
    counts: AtomicU64,
    /// Length of all blocks made, in nanoseconds.
    length: AtomicU64,
    /// Wall time used to make them, in nanoseconds.
    spent: AtomicU64,
    /// The thread's CPU clock; 0 is not known.
    clock: AtomicI32,
}

/// One look at a [`Pulse`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Beat {
    /// Blocks made; counts round and round.
    pub blocks: u32,
    /// How many of the last ones in a row took longer than they are.
    pub run: u32,
    /// Length of all blocks made.
    pub length: Duration,
    /// Wall time used to make them.
    pub spent: Duration,
    /// CPU clock of the thread that made the last one.
    pub clock: Option<ThreadClock>,
}

impl Pulse {
    /// A block that is `length` long took `spent` to make. Thread: audio. Realtime: yes.
    pub fn made(&self, length: Duration, spent: Duration, clock: Option<ThreadClock>) {
        let counts = self.counts.load(Ordering::Relaxed);
        let (blocks, run) = ((counts >> 32) as u32, counts as u32);
        let run = if spent > length { run.saturating_add(1) } else { 0 };
        self.length.fetch_add(length.as_nanos() as u64, Ordering::Relaxed);
        self.spent.fetch_add(spent.as_nanos() as u64, Ordering::Relaxed);
        self.clock.store(clock.map_or(0, |clock| clock.0), Ordering::Relaxed);
        self.counts.store(u64::from(blocks.wrapping_add(1)) << 32 | u64::from(run), Ordering::Release);
    }

    /// How it stands. Lengths may be one block ahead of the counts. Thread: any.
    pub fn look(&self) -> Beat {
        let counts = self.counts.load(Ordering::Acquire);
        let time = |nanos: &AtomicU64| Duration::from_nanos(nanos.load(Ordering::Relaxed));
        Beat {
            blocks: (counts >> 32) as u32,
            run: counts as u32,
            length: time(&self.length),
            spent: time(&self.spent),
            clock: Some(self.clock.load(Ordering::Relaxed)).filter(|clock| *clock != 0).map(ThreadClock),
        }
    }
}

impl ThreadClock {
    /// The clock of the thread that asks; `None` where the system has none. Thread: any. Realtime: yes, both calls
    /// only read what the C library keeps in the thread's own memory.
    #[cfg(target_os = "linux")]
    pub fn own() -> Option<Self> {
        let mut id: libc::clockid_t = 0;
        // SAFETY: the calling thread lives, and `id` is a place to write to.
        #[allow(unsafe_code)]
        let failed = unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &raw mut id) };
        (failed == 0).then_some(Self(id))
    }

    /// The clock of the thread that asks; none here.
    #[cfg(not(target_os = "linux"))]
    pub fn own() -> Option<Self> {
        None
    }

    /// CPU time the thread has used; `None` when it has ended. Thread: any but audio, it is a system call.
    #[cfg(target_os = "linux")]
    pub fn read(self) -> Option<Duration> {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `time` is a place to write to; a clock that is gone gives an error.
        #[allow(unsafe_code)]
        let failed = unsafe { libc::clock_gettime(self.0, &raw mut time) };
        (failed == 0).then(|| Duration::new(time.tv_sec.max(0) as u64, time.tv_nsec as u32))
    }

    /// CPU time the thread has used; never known here.
    #[cfg(not(target_os = "linux"))]
    pub fn read(self) -> Option<Duration> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_over_their_time_are_counted_in_a_row() {
        let pulse = Pulse::default();
        let ms = Duration::from_millis;
        for (spent, run) in [(1, 0), (3, 1), (4, 2), (2, 0), (3, 1)] {
            pulse.made(ms(2), ms(spent), Some(ThreadClock(7)));
            assert_eq!(pulse.look().run, run);
        }
        let last = pulse.look();
        assert_eq!((last.blocks, last.length, last.spent), (5, ms(10), ms(13)));
        assert_eq!(last.clock, Some(ThreadClock(7)));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_clock_of_another_thread_goes_on_while_it_works_and_stands_while_it_waits() {
        let (send, clock) = std::sync::mpsc::channel();
        let (go, gone) = (std::sync::Barrier::new(2), std::sync::Barrier::new(2));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                send.send(ThreadClock::own().unwrap()).unwrap();
                let own = ThreadClock::own().unwrap();
                while own.read().unwrap() < Duration::from_millis(20) {}
                go.wait();
                gone.wait();
            });
            let clock = clock.recv().unwrap();
            go.wait();
            let worked = clock.read().unwrap();
            assert!(worked >= Duration::from_millis(20));
            let own = ThreadClock::own().unwrap();
            let until = own.read().unwrap() + Duration::from_millis(20);
            while own.read().unwrap() < until {}
            assert!(clock.read().unwrap() < worked + Duration::from_millis(10), "it waited");
            gone.wait();
        });
    }
}
