//! The instance that is linked into this program: it can be looked into, and takes scripts as the editor gives them.
//! Main thread.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use tracklight::bus::Remote;
use tracklight::model::{Ask, Batch, Command, EvalOutcome, Loading, Origin, Session, Snapshot, When};
use tracklight_host::{Instance, Source};

/// The plug-in of the demo.
pub const PLUGIN_ID: &str = "org.tracklight.instrument";
/// The entry linked into this program.
pub const LINKED: Source = Source::Static(&tracklight::clap_entry);

/// How long anything may take that needs no audio.
const PATIENCE: Duration = Duration::from_secs(30);

/// How an instance is to be activated.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// In Hz.
    pub rate: u32,
    /// The longest block in frames.
    pub longest: usize,
    /// Whether the host bounces.
    pub offline: bool,
}

/// An active instance and the way into it.
pub struct Linked {
    /// As the host holds it.
    pub instance: Instance,
    /// As the editor holds it.
    pub remote: Remote,
}

impl Linked {
    /// A new instance, active; `state` is given to it first.
    pub fn open(setup: &Setup, state: Option<&[u8]>) -> Result<Self, String> {
        let instance = active(&LINKED, setup, state)?;
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(remote) = tracklight::plugin::rooms::newest() {
                return Ok(Self { instance, remote });
            }
            if Instant::now() > until {
                return Err("the linked instance is active, but its engine does not run".into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// The newest Snapshot.
    pub fn now(&self) -> Arc<Snapshot> {
        self.remote.now()
    }

    /// Do Commands, all or none, and wait until they are done.
    pub fn perform(&mut self, label: &str, commands: Vec<Command>) -> Result<(), String> {
        let batch = Batch::now(Origin::Host, label, commands);
        self.remote.asks.batch(batch).map_err(|_| format!("{label}: the engine's queue is full"))?;
        self.settle(label)
    }

    /// Evaluate a chunk as the editor does. The error has the chunk's name and the line.
    pub fn evaluate(&mut self, name: &str, text: &str) -> Result<(), String> {
        let call = self.remote.calls.eval(name, 1, text, When::Now, false);
        let call = call.map_err(|_| "the script's queue is full".to_owned())?;
        self.wait(name, |linked| linked.now().eval(call).is_some())?;
        self.settle(name)?;
        let now = self.now();
        match now.eval(call).map(|result| &result.outcome) {
            Some(EvalOutcome::Done { .. }) => Ok(()),
            Some(EvalOutcome::Failed { line: Some(line), message }) => Err(format!("{name}:{line}: {message}")),
            Some(EvalOutcome::Failed { line: None, message }) => Err(format!("{name}: {message}")),
            None => Err(format!("{name}: its result is not in the Snapshot")),
        }
    }

    /// Wait until every sample is in memory, or is known not to be there. Gives those with the reason.
    pub fn load_media(&mut self) -> Result<BTreeMap<String, String>, String> {
        let wanted = |now: &Snapshot| paths(&now.session);
        self.wait("loading samples", |linked| {
            let now = linked.now();
            wanted(&now)
                .iter()
                .all(|path| matches!(now.media.get(path), Some(Loading::Ready { .. } | Loading::Missing(_))))
        })?;
        // What is shown is on its way to audio; an ask that is done after that means that it is there.
        let _ = self.remote.asks.send(Ask::Console(vec![]));
        self.settle("the program")?;
        let now = self.now();
        let missing = |path: String| match now.media.get(&path) {
            Some(Loading::Missing(why)) => Some((path, why.to_string())),
            _ => None,
        };
        Ok(wanted(&now).into_iter().filter_map(missing).collect())
    }

    /// What went wrong on the way of messages, one sentence each; and how many triggers came late.
    pub fn faults(&self, what: &str) -> (Vec<String>, u64) {
        let meters = &self.remote.meters;
        let mut faults = vec![];
        let mut count = |number: u64, text: &str| {
            if number > 0 {
                faults.push(format!("{what}: {number} {text}"));
            }
        };
        count(meters.lost.load(Relaxed), "messages to the engine were lost");
        count(meters.gave_up.load(Relaxed), "blocks gave up waiting for the engine");
        count(u64::from(meters.panicked.load(Relaxed)), "panic: the instance fell silent");
        (faults, meters.late.load(Relaxed))
    }

    fn settle(&mut self, what: &str) -> Result<(), String> {
        let gate = self.remote.gate.clone();
        self.wait(what, |_| gate.is_settled())
    }

    fn wait(&mut self, what: &str, done: impl Fn(&Self) -> bool) -> Result<(), String> {
        let until = Instant::now() + PATIENCE;
        while !done(self) {
            if Instant::now() > until {
                return Err(format!("{what}: not done after {} s", PATIENCE.as_secs()));
            }
            self.instance.idle();
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

/// An instance of any source, active; `state` is given to it first, as a DAW does with a song.
pub fn active(source: &Source, setup: &Setup, state: Option<&[u8]>) -> Result<Instance, String> {
    let text = |error: tracklight_host::Error| error.to_string();
    let mut instance = Instance::open(source, PLUGIN_ID).map_err(text)?;
    instance.set_offline(setup.offline).map_err(text)?;
    if let Some(state) = state {
        instance.load_state(state).map_err(text)?;
    }
    instance.activate(f64::from(setup.rate), 1, setup.longest as u32).map_err(text)?;
    Ok(instance)
}

/// Every file a session asks for, once.
pub fn paths(session: &Session) -> Vec<String> {
    let samples = session.modules.values().flat_map(|module| module.samples());
    let all: std::collections::BTreeSet<String> = samples.map(|sample| sample.path.clone()).collect();
    all.into_iter().collect()
}
