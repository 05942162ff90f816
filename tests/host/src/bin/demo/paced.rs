//! Four bars at the pace of a sound card: how much of each deadline is used, and how late the script's hits come.
//! Main thread, which is the audio thread too; it has no real-time priority.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tracklight::model::Session;
use tracklight_host::{Block, Spread};

use crate::events::Recorder;
use crate::linked::{Linked, Setup};
use crate::pass::{self, Progress};
use crate::plan::Plan;
use crate::verdict;

/// Frames of each block.
pub const FRAMES: usize = 64;
/// Bars of the pass.
pub const BARS: u32 = 4;

/// What the paced pass measured.
#[derive(Clone, Debug, Default)]
pub struct Paced {
    /// CPU time of `process` per block in milliseconds.
    pub cpu_ms: Spread,
    /// Wall time of `process` per block in milliseconds.
    pub wall_ms: Spread,
    /// Length of a block in milliseconds.
    pub deadline_ms: f64,
    /// Blocks whose CPU time was longer than their deadline.
    pub missed: usize,
    /// Most frames by which a hit of a callback was off.
    pub script_late_frames: u64,
    /// Hits that audio counted as late.
    pub late_events: u64,
    /// What is not as it should be.
    pub failures: Vec<String>,
}

/// Play the plan as fast as the clock on the wall goes.
pub fn play(
    session: &Session,
    missing: &BTreeSet<String>,
    state: &[u8],
    plan: &Plan,
    setup: &Setup,
) -> Result<Paced, String> {
    let text = |error: tracklight_host::Error| format!("in real time: {error}");
    let mut linked = Linked::open(setup, Some(state))?;
    linked.load_media()?;
    let mut recorder = Recorder::listen(&linked.remote);
    let instance = &mut linked.instance;
    let mut block = Block::new(instance.layout(), plan.longest);
    let mut progress = Progress::new("in real time", plan.blocks.len());
    instance.start_processing().map_err(text)?;
    let start = Instant::now();
    for planned in &plan.blocks {
        pass::begin(&mut block, planned);
        let due = start + Duration::from_secs_f64(planned.frame as f64 / f64::from(plan.rate));
        if let Some(early) = due.checked_duration_since(Instant::now()) {
            std::thread::sleep(early);
        }
        instance.process(&mut block).map_err(text)?;
        instance.idle();
        recorder.take();
        progress.step();
    }
    let timings = instance.timings().map_err(text)?;
    let deadline_ms = 1000.0 * FRAMES as f64 / f64::from(plan.rate);
    let samples = instance.processor().map_err(text)?.stopwatch().samples();
    let missed = samples.iter().filter(|sample| sample.cpu_ms > deadline_ms).count();
    instance.stop().map_err(text)?;
    let verdict = verdict::compare(session, missing, plan, 0, &recorder.finish()?)?;
    let (mut failures, late_events) = linked.faults("in real time");
    // Rows are audio's own and never late; a script may be, and by how much is told.
    if verdict.error_frames > verdict.script_error_frames || verdict.expected != verdict.fired {
        failures.extend(verdict.failures.iter().map(|failure| format!("in real time: {failure}")));
    }
    Ok(Paced {
        cpu_ms: timings.cpu_ms,
        wall_ms: timings.wall_ms,
        deadline_ms,
        missed,
        script_late_frames: verdict.script_error_frames,
        late_events,
        failures,
    })
}
