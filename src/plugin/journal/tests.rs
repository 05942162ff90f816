//! The journal's decisions, with a calendar and a clock moved by hand, and an engine that ticks on the test's thread.

use super::*;
use crate::bus::station::Waker;
use crate::bus::{Wires, wire};
use crate::engine::Engine;
use crate::model::{Name, Param, Path};

struct Bench {
    engine: Engine,
    remote: Remote,
    given: Arc<Given>,
    journal: Option<Journal>,
    now: Instant,
}

impl Bench {
    fn new(shelf: &Shelf, resume: bool) -> Self {
        let Wires { engine, remote, .. } = wire();
        let given = Arc::<Given>::default();
        let events = remote.events.subscribe(64, &Waker::default());
        let journal = Journal::new(shelf.clone(), remote.clone(), events, given.clone(), || 60_000, resume);
        let mut bench =
            Self { engine: Engine::new(engine), remote, given, journal: Some(journal), now: Instant::now() };
        bench.pass(Duration::ZERO);
        bench
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        for _ in 0..3 {
            self.engine.tick(self.now);
            if let Some(journal) = &mut self.journal {
                journal.tick(self.now);
            }
        }
    }

    fn volume(&mut self, value: f64) {
        let path = Path::Param { module: Name::new("masterAudioOut").unwrap(), param: Param::MASTER_VOLUME };
        let batch = Batch::now(Origin::Gui, "volume", vec![Command::Set(path, value)]);
        self.remote.asks.batch(batch).unwrap();
        self.pass(Duration::from_secs(1));
    }

    fn host_loads(&mut self, state: &str) {
        self.given.note(state);
        let session = Arc::new(Session::from_json(state).unwrap());
        self.remote.asks.batch(Batch::now(Origin::Host, "load", vec![Command::Load(session)])).unwrap();
        self.pass(Duration::ZERO);
    }

    fn host_saves(&mut self) -> String {
        let state = self.remote.now().session.to_json();
        self.given.note(&state);
        self.pass(Duration::from_secs(1));
        state
    }

    fn plays(&self) -> f64 {
        self.remote.now().session.modules["masterAudioOut"].value(Param::MASTER_VOLUME)
    }

    fn offer(&self) -> Option<bool> {
        self.remote.now().recovery.as_ref().map(|recovery| recovery.taken)
    }

    fn ask(&mut self, verb: RecoveryVerb) {
        self.remote.asks.send(Ask::Recover(verb)).unwrap();
        self.pass(Duration::from_millis(500));
    }

    /// The process is killed: nothing is tidied, but the system lets go of the lock.
    fn die(mut self) {
        let mut journal = self.journal.take().unwrap();
        (journal.place, journal.offer) = (None, None);
    }
}

fn shelf() -> (tempfile::TempDir, Shelf) {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::at(folder.path());
    (folder, shelf)
}

#[test]
fn an_instance_that_ends_well_leaves_nothing_and_one_that_only_opened_writes_nothing() {
    let (folder, shelf) = shelf();
    let mut bench = Bench::new(&shelf, false);
    bench.pass(Duration::from_secs(5));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    bench.volume(0.5);
    assert_eq!(shelf.look(0).len(), 1);
    drop(bench);
    assert_eq!(std::fs::read_dir(folder.path().join("journal")).unwrap().count(), 0);
}

/// proves: C9
#[test]
fn after_a_crash_the_newer_work_plays_and_the_hosts_state_is_one_key_away() {
    let (_folder, shelf) = shelf();
    let mut bench = Bench::new(&shelf, false);
    bench.volume(0.9);
    let saved = bench.host_saves();
    bench.volume(0.5);
    bench.die();

    let mut again = Bench::new(&shelf, false);
    again.host_loads(&saved);
    assert_eq!((again.plays(), again.offer()), (0.5, Some(true)));
    again.ask(RecoveryVerb::Swap);
    assert_eq!((again.plays(), again.offer()), (0.9, Some(false)));
    again.ask(RecoveryVerb::Swap);
    assert_eq!((again.plays(), again.offer()), (0.5, Some(true)));
    again.ask(RecoveryVerb::Keep);
    assert_eq!((again.plays(), again.offer()), (0.5, None));
    // Killed once more: the work is found once, in the new file.
    again.die();
    let mut third = Bench::new(&shelf, false);
    third.host_loads(&saved);
    assert_eq!((third.plays(), third.offer()), (0.5, Some(true)));
}

#[test]
fn work_that_the_host_has_is_not_offered() {
    let (_folder, shelf) = shelf();
    let mut bench = Bench::new(&shelf, false);
    bench.volume(0.5);
    let saved = bench.host_saves();
    bench.die();
    let mut again = Bench::new(&shelf, false);
    again.pass(PATIENCE);
    assert_eq!(again.offer(), None, "the host took it: it is taken for saved");
    again.host_loads(&saved);
    assert_eq!((again.plays(), again.offer()), (0.5, None));
    assert_eq!(shelf.look(0).len(), 0, "and it is not kept any longer");
}

#[test]
fn work_that_fits_no_state_is_offered_and_waits() {
    let (_folder, shelf) = shelf();
    let mut bench = Bench::new(&shelf, false);
    bench.volume(0.5);
    bench.die();
    let mut again = Bench::new(&shelf, false);
    assert_eq!(again.offer(), None, "the host may still bring its state");
    again.pass(PATIENCE);
    assert_eq!((again.plays(), again.offer()), (1.0, Some(false)));
    let mut other = Bench::new(&shelf, false);
    other.pass(PATIENCE);
    assert_eq!(other.offer(), None, "one instance offers it, not all");
    again.ask(RecoveryVerb::Keep);
    assert_eq!((again.plays(), again.offer()), (1.0, None));
    assert_eq!(shelf.look(0).len(), 0);
}

#[test]
fn two_crashed_instances_of_one_state_are_not_mixed_up_by_guessing() {
    let (_folder, shelf) = shelf();
    let state = Session::new().to_json();
    let mut pair = [0.4, 0.6].map(|volume| {
        let mut bench = Bench::new(&shelf, false);
        bench.host_loads(&state);
        (bench, volume)
    });
    pair.iter_mut().for_each(|(bench, volume)| bench.volume(*volume));
    pair.into_iter().for_each(|(bench, _)| bench.die());
    let mut again = Bench::new(&shelf, false);
    again.host_loads(&state);
    assert_eq!((again.plays(), again.offer()), (1.0, Some(false)));
}

#[test]
fn resume_plays_the_newest_work_at_once() {
    let (_folder, shelf) = shelf();
    let mut bench = Bench::new(&shelf, false);
    bench.volume(0.5);
    bench.host_saves();
    bench.die();
    let mut again = Bench::new(&shelf, true);
    again.pass(Duration::ZERO);
    assert_eq!((again.plays(), again.offer()), (0.5, Some(true)));
}

#[test]
fn a_shelf_that_cannot_be_written_is_told_once_and_nothing_else_stops() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("journal"), "a file where the folder should be").unwrap();
    let mut bench = Bench::new(&Shelf::at(folder.path()), false);
    bench.volume(0.5);
    bench.volume(0.6);
    let snapshot = bench.remote.now();
    let told = snapshot.notices.iter().filter(|notice| notice.text.contains("unsaved work is not safe")).count();
    assert_eq!((told, bench.plays()), (1, 0.6));
}

#[test]
fn work_is_told_by_its_age_and_what_is_in_it() {
    let mut session = Session::new();
    session.text = Arc::from("sampler(\"kick\")\n\nplay()");
    assert_eq!(about(&session, 59_000), "work from less than a minute ago: 0 modules, 0 patterns, 2 lines of script");
    assert!(about(&session, 5 * 3_600_000).contains("5 hours ago"));
}
