//! What each `process` cost: wall time, CPU time of its thread, and how often it gave up the processor to wait.
//!
//! Measured before and after `process`, never inside it, on the thread that runs it.

use std::time::Instant;

/// What one `process` cost.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Sample {
    /// Frames in the block.
    pub frames: u32,
    /// Wall time in milliseconds.
    pub wall_ms: f64,
    /// CPU time of the thread in milliseconds (0 where the system cannot say: only Linux can). Reading that clock is a
    /// system call, which adds up to 0.001 here and nothing to `wall_ms`.
    pub cpu_ms: f64,
    /// Voluntary context switches: the thread waited for something (0 where the system cannot say: only Linux can).
    pub waits: u32,
}

/// Half of the blocks, 99 in 100, and all blocks cost at most this much (nearest rank).
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Spread {
    /// The median.
    pub p50: f64,
    /// 99 in 100 are at most this.
    pub p99: f64,
    /// The largest.
    pub max: f64,
}

/// A pass in a few numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Timings {
    /// Blocks processed.
    pub blocks: u64,
    /// Frames processed.
    pub frames: u64,
    /// Wall time per block, in milliseconds.
    pub wall_ms: Spread,
    /// CPU time per block, in milliseconds.
    pub cpu_ms: Spread,
    /// Voluntary context switches in all blocks together.
    pub waits: u64,
    /// Blocks with at least one of them.
    pub blocks_with_waits: u64,
    /// The largest share of a block's own length that its wall time took; 1 is a missed deadline.
    pub worst_load: f64,
}

/// Collects the samples of one [`crate::Processor`].
#[derive(Clone, Debug)]
pub struct Stopwatch {
    rate: f64,
    samples: Vec<Sample>,
}

impl Stopwatch {
    /// Nothing measured yet; `rate` in Hz.
    pub fn new(rate: f64) -> Self {
        Self { rate, samples: Vec::with_capacity(4096) }
    }

    /// Every `process` so far, in order.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// Forget what was measured, such as a warm-up.
    pub fn clear(&mut self) {
        self.samples.clear();
    }

    /// The samples in a few numbers.
    pub fn timings(&self) -> Timings {
        Timings {
            blocks: self.samples.len() as u64,
            frames: self.samples.iter().map(|s| u64::from(s.frames)).sum(),
            wall_ms: Spread::of(self.samples.iter().map(|s| s.wall_ms)),
            cpu_ms: Spread::of(self.samples.iter().map(|s| s.cpu_ms)),
            waits: self.samples.iter().map(|s| u64::from(s.waits)).sum(),
            blocks_with_waits: self.samples.iter().filter(|s| s.waits > 0).count() as u64,
            worst_load: self
                .samples
                .iter()
                .map(|s| s.wall_ms * self.rate / (1000.0 * f64::from(s.frames)))
                .fold(0.0, f64::max),
        }
    }

    pub(crate) fn push(&mut self, frames: usize, from: &Stamp, to: &Stamp) {
        self.samples.push(Sample {
            frames: frames as u32,
            wall_ms: to.wall.duration_since(from.wall).as_secs_f64() * 1000.0,
            cpu_ms: (to.cpu_ns - from.cpu_ns) as f64 / 1e6,
            waits: u32::try_from(to.waits - from.waits).unwrap_or(0),
        });
    }
}

impl Spread {
    /// Of any numbers; all zero when there are none.
    pub fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.collect();
        sorted.sort_by(f64::total_cmp);
        let rank = |share: f64| {
            let at = (share * sorted.len() as f64).ceil() as usize;
            sorted.get(at.saturating_sub(1)).copied().unwrap_or(0.0)
        };
        Self { p50: rank(0.5), p99: rank(0.99), max: rank(1.0) }
    }
}

/// The clocks of this thread at one moment.
pub(crate) struct Stamp {
    wall: Instant,
    cpu_ns: i64,
    waits: i64,
}

impl Stamp {
    /// Before `process`: the wall clock last, so that our own reading is not measured.
    pub(crate) fn before() -> Self {
        let waits = voluntary_switches();
        let cpu_ns = thread_cpu_ns();
        Self { wall: Instant::now(), cpu_ns, waits }
    }

    /// After `process`: the wall clock first.
    pub(crate) fn after() -> Self {
        let wall = Instant::now();
        let cpu_ns = thread_cpu_ns();
        Self { wall, cpu_ns, waits: voluntary_switches() }
    }
}

/// CPU time this thread has used so far, nanoseconds; 0 where the system does not tell.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub fn thread_cpu_ns() -> i64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place to write one timespec to.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) } != 0;
    if failed { 0 } else { time.tv_sec * 1_000_000_000 + time.tv_nsec }
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn voluntary_switches() -> i64 {
    // SAFETY: a rusage is plain numbers, for which all bits zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is a valid place to write one rusage to.
    let failed = unsafe { libc::getrusage(libc::RUSAGE_THREAD, &raw mut usage) } != 0;
    if failed { 0 } else { usage.ru_nvcsw }
}

/// CPU time this thread has used so far, nanoseconds; 0 where the system does not tell.
#[cfg(not(target_os = "linux"))]
pub fn thread_cpu_ns() -> i64 {
    0
}

#[cfg(not(target_os = "linux"))]
fn voluntary_switches() -> i64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_takes_the_nearest_rank() {
        let spread = Spread::of((1..=200).rev().map(f64::from));
        assert_eq!(spread, Spread { p50: 100.0, p99: 198.0, max: 200.0 });
        assert_eq!(Spread::of(std::iter::empty()), Spread::default());
        assert_eq!(Spread::of([3.0].into_iter()), Spread { p50: 3.0, p99: 3.0, max: 3.0 });
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn waiting_is_counted_and_working_is_cpu_time() {
        let (to_us, from_them) = std::sync::mpsc::channel();
        let before = Stamp::before();
        let them = std::thread::spawn(move || {
            let until = Instant::now() + std::time::Duration::from_millis(5);
            while Instant::now() < until {}
            to_us.send(()).expect("the receiver waits");
        });
        from_them.recv().expect("they send");
        let after = Stamp::after();
        them.join().expect("they end well");
        assert!(after.waits > before.waits, "a blocking receive is a voluntary switch");

        let before = Stamp::before();
        let until = Instant::now() + std::time::Duration::from_millis(5);
        while Instant::now() < until {}
        assert!(Stamp::after().cpu_ns > before.cpu_ns);
    }
}
