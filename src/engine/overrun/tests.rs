use super::*;
use crate::bus::Pulse;

/// A fake audio thread and the engine's ticks, 2 ms apart.
struct Desk {
    overrun: Overrun,
    pulse: Pulse,
    now: Instant,
    cpu: Duration,
    /// Wall and CPU time of a block of 1.333 ms, in microseconds.
    cost: (u64, u64),
    number: u64,
}

const BLOCK: Duration = Duration::from_nanos(1_333_333);

impl Desk {
    fn new() -> Self {
        #[allow(clippy::disallowed_methods)] // A test's own beginning of time.
        let now = Instant::now();
        let (overrun, pulse) = (Overrun::default(), Pulse::default());
        Self { overrun, pulse, now, cpu: Duration::ZERO, cost: (100, 100), number: 0 }
    }

    fn ask(&mut self) -> BatchId {
        self.number += 1;
        let batch = BatchId(self.number);
        self.overrun.watch(batch, &Arc::from(format!("Lua line {}", self.number)), false, self.now);
        batch
    }

    fn tick(&mut self) -> Option<Verdict> {
        // A thread that is late goes on without a pause.
        let step = Duration::from_micros(self.cost.0).max(BLOCK);
        for _ in 0..2 {
            self.cpu += Duration::from_micros(self.cost.1);
            self.pulse.made(BLOCK, Duration::from_micros(self.cost.0), Some(ThreadClock(9)));
            self.now += step;
        }
        self.overrun.begin(self.pulse.look(), 0);
        let cpu = self.cpu;
        self.overrun.judge(self.now, |_| Some(cpu))
    }

    fn ticks(&mut self, count: usize) -> Option<Verdict> {
        (0..count).find_map(|_| self.tick())
    }
}

#[test]
fn three_blocks_of_work_that_are_too_long_take_the_batch_back() {
    let mut desk = Desk::new();
    desk.ticks(400);
    let batch = desk.ask();
    desk.cost = (2_100, 2_100);
    let verdict = desk.ticks(6).expect("within six ticks");
    assert_eq!(verdict.suspects.iter().map(|suspect| suspect.batch).collect::<Vec<_>>(), [batch]);
    assert_eq!((verdict.needed, verdict.block), (Duration::from_micros(2_100), BLOCK));
    assert!(verdict.blocks >= 3 && !desk.overrun.is_watching());
}

#[test]
fn a_thread_that_waits_for_the_processor_is_not_the_batchs_doing() {
    let mut desk = Desk::new();
    desk.ticks(400);
    desk.ask();
    desk.cost = (4_000, 900);
    assert_eq!(desk.ticks(100), None);
}

#[test]
fn a_machine_that_is_always_too_slow_takes_nothing_back() {
    let mut desk = Desk::new();
    desk.cost = (2_000, 2_000);
    desk.ticks(100);
    for _ in 0..20 {
        desk.ask();
        assert_eq!(desk.ticks(20), None);
    }
}

#[test]
fn what_is_late_only_after_two_seconds_stays() {
    let mut desk = Desk::new();
    desk.ask();
    desk.ticks(800);
    desk.cost = (2_000, 2_000);
    assert_eq!(desk.ticks(100), None);
}

#[test]
fn the_last_batch_before_the_late_blocks_is_to_blame_and_what_came_after_goes_with_it() {
    let mut desk = Desk::new();
    desk.ticks(10);
    let innocent = desk.ask();
    desk.ticks(10);
    let blamed = desk.ask();
    desk.cost = (3_000, 3_000);
    desk.tick();
    let later = desk.ask();
    let verdict = desk.ticks(10).expect("a verdict");
    let batches: Vec<BatchId> = verdict.suspects.iter().map(|suspect| suspect.batch).collect();
    assert_eq!(batches, [later, blamed]);
    assert!(desk.overrun.is_watching());
    // Where that helps, the one before is left alone.
    desk.cost = (100, 100);
    assert_eq!(desk.ticks(200), None);
    desk.cost = (3_000, 3_000);
    assert_eq!(desk.ticks(20).map(|verdict| verdict.suspects[0].batch), Some(innocent), "it is late again, and young");
}

#[test]
fn what_does_not_help_within_a_tenth_of_a_second_takes_the_one_before_too() {
    let mut desk = Desk::new();
    desk.ticks(10);
    let first = desk.ask();
    let second = desk.ask();
    desk.cost = (3_000, 3_000);
    assert_eq!(desk.ticks(10).map(|verdict| verdict.suspects[0].batch), Some(second));
    let since = desk.now;
    assert_eq!(desk.ticks(100).map(|verdict| verdict.suspects[0].batch), Some(first));
    assert!(desk.now - since >= CURE);
}

#[test]
fn without_a_cpu_clock_nothing_is_taken_back() {
    let mut desk = Desk::new();
    desk.ask();
    desk.cost = (3_000, 3_000);
    for _ in 0..50 {
        desk.tick();
        desk.overrun.begin(desk.pulse.look(), 0);
        assert_eq!(desk.overrun.judge(desk.now, |_| None), None);
        desk.overrun.looks.clear();
    }
}
