use super::*;

fn batch(origin: Origin, commands: Vec<Command>) -> Batch {
    Batch::now(origin, "test", commands)
}

struct Desk {
    session: Session,
    history: History,
    now: Instant,
}

impl Desk {
    fn new() -> Self {
        #[allow(clippy::disallowed_methods)] // A test's own beginning of time.
        Self { session: Session::new(), history: History::default(), now: Instant::now() }
    }

    fn act(&mut self, origin: Origin, commands: Vec<Command>) {
        let batch = batch(origin, commands);
        let done = self.session.perform_batch(&batch).unwrap();
        self.history.record(&batch, done, self.now);
    }
}

fn master(value: f64) -> Command {
    Command::Set(Path::parse("masterAudioOut.masterVolume").unwrap(), value)
}

#[test]
fn a_batch_that_sets_one_value_twice_merges_and_is_undone_with_care() {
    let mut desk = Desk::new();
    desk.act(Origin::Gui, vec![master(0.1), master(0.2)]);
    desk.act(Origin::Gui, vec![master(0.3), master(0.4)]);
    assert_eq!(desk.history.lines().0.len(), 1);
    desk.act(Origin::Desk, vec![Command::SetBpm(90.0)]);
    let told = desk.history.undo(&mut desk.session).unwrap();
    assert_eq!(told.skipped, Vec::<String>::new());
    assert_eq!((desk.session.bpm, desk.session.modules["masterAudioOut"].params.len()), (90.0, 0));
    desk.history.redo(&mut desk.session).unwrap();
    assert_eq!(desk.session.modules["masterAudioOut"].value(crate::model::Param::MASTER_VOLUME), 0.4);
}

#[test]
fn a_new_step_ends_what_could_be_redone() {
    let mut desk = Desk::new();
    desk.act(Origin::Gui, vec![master(0.1)]);
    desk.history.undo(&mut desk.session);
    assert_eq!(desk.history.lines().1.len(), 1);
    desk.act(Origin::Gui, vec![master(0.2)]);
    assert_eq!(desk.history.lines().1.len(), 0);
    assert_eq!(desk.history.redo(&mut desk.session), None);
}

#[test]
fn the_history_keeps_the_newest_entries() {
    let mut desk = Desk::new();
    for number in 0..ENTRIES_MAX + 10 {
        desk.now += Duration::from_secs(1);
        desk.act(Origin::Text, vec![Command::SetSeed(number as u64 + 1)]);
    }
    assert_eq!(desk.history.lines().0.len(), ENTRIES_MAX);
    while desk.history.undo(&mut desk.session).is_some() {}
    assert_eq!(desk.session.seed, 10);
}

#[test]
fn another_origin_does_not_go_on_with_a_gesture() {
    let mut desk = Desk::new();
    desk.act(Origin::Gui, vec![master(0.1)]);
    desk.act(Origin::Script, vec![master(0.2)]);
    desk.act(Origin::Desk, vec![master(0.3)]);
    desk.act(Origin::Script, vec![master(0.4)]);
    assert_eq!(desk.history.lines().0.len(), 3);
}
