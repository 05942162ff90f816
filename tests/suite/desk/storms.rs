//! Random edits on both sides while the wire loses, doubles, reorders and breaks, and while either side crashes.
//!
//! Each side edits events of its own, so what must be there in the end is known: none lost, none doubled.

use std::collections::BTreeMap;
use std::time::Duration;

use tracklight::model::{MappingState, Uid};
use tracklight::osc::ma3::pocket::{Act, Faults, Options, Path};

use super::rig::{Contents, SECOND, World, at};

/// A sequence of numbers that is the same each time.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % below.max(1)
    }

    pub fn ticks(&mut self) -> i64 {
        // Whole quarters of a second, as a person's hand is exact in the test.
        self.roll(600) as i64 * SECOND / 4
    }
}

/// What both sides shall hold: name and time.
#[derive(Default)]
struct Wanted {
    ours: BTreeMap<String, i64>,
    theirs: BTreeMap<String, i64>,
    made: usize,
    /// Events that a hand still drags, until when.
    dragged: BTreeMap<String, Duration>,
}

impl Wanted {
    fn contents(&self) -> Contents {
        let all = self.ours.iter().chain(&self.theirs);
        all.map(|(name, ticks)| (name.clone(), vec![(*ticks, String::new(), String::new(), String::new())])).collect()
    }

    fn edit_ours(&mut self, world: &mut World, dice: &mut Dice) {
        let pick = self.ours.keys().nth(dice.roll(self.ours.len())).cloned();
        let ticks = dice.ticks();
        match (dice.roll(4), pick) {
            (0, Some(name)) => {
                let uid = world.apps[0].find(&name).expect("what we made is here");
                world.apps[0].put(&[(uid, None)]);
                self.ours.remove(&name);
            }
            (1 | 2, Some(name)) => {
                let uid = world.apps[0].find(&name).expect("what we made is here");
                world.apps[0].put(&[(uid, at(ticks, &name))]);
                self.ours.insert(name, ticks);
            }
            _ => {
                self.made += 1;
                let name = format!("o{}", self.made);
                world.apps[0].put(&[(Uid::fresh(), at(ticks, &name))]);
                self.ours.insert(name, ticks);
            }
        }
    }

    fn edit_theirs(&mut self, world: &mut World, dice: &mut Dice) {
        let pick = self.theirs.keys().nth(dice.roll(self.theirs.len())).cloned();
        // One hand: what it drags it does not touch otherwise.
        self.dragged.retain(|_, until| *until >= world.now);
        let pick = pick.filter(|name| !self.dragged.contains_key(name));
        let ticks = dice.ticks();
        let (track, seconds) = ("101.1.1".to_owned(), ticks as f64 / SECOND as f64);
        let place = pick.as_ref().and_then(|name| world.place(name));
        let (done, name) = match (dice.roll(4), pick, place) {
            (0, Some(name), Some(event)) => {
                let done = world.desk.person(Act::Delete { track, event });
                if done.is_ok() {
                    self.theirs.remove(&name);
                }
                return;
            }
            (1, Some(name), Some(event)) => (world.desk.person(Act::Move { track, event, seconds }), name),
            (2, Some(name), Some(event)) => {
                let lasts = Duration::from_millis(50 + dice.roll(400) as u64);
                self.dragged.insert(name.clone(), world.now + lasts + Duration::from_millis(20));
                let act = Act::Drag { track, event, seconds, steps: 20, lasts };
                (world.desk.person(act), name)
            }
            _ => {
                self.made += 1;
                let name = format!("d{}", self.made);
                let (token, cue) = (String::new(), String::new());
                (world.desk.person(Act::Add { track, seconds, token, cue, name: name.clone() }), name)
            }
        };
        if done.is_ok() {
            self.theirs.insert(name, ticks);
        }
    }
}

/// How many seeds; `TRACKLIGHT_SEEDS` asks for so many times as many.
pub fn seeds(few: u64) -> std::ops::Range<u64> {
    let times = std::env::var("TRACKLIGHT_SEEDS").ok().and_then(|text| text.parse::<u64>().ok()).unwrap_or(1);
    0..few * times
}

fn path(loss: f64) -> Path {
    Path { loss, double: 0.05, reorder: 0.25, ..Path::default() }
}

fn both(path: Path) -> Faults {
    Faults { inbound: path, outbound: path, ..Faults::default() }
}

/// Edits for some seconds under faults; then the faults end, and both sides are equal within 2 s.
fn storm(seed: u64, story: &str, faults: Faults, seconds: u64) {
    let mut dice = Dice(seed);
    let mut world = World::in_step(Options { seed, ..Options::default() });
    let mut wanted = Wanted::default();
    world.faults(faults);
    let until = world.now + Duration::from_secs(seconds);
    while world.now < until {
        match dice.roll(2) {
            0 => wanted.edit_ours(&mut world, &mut dice),
            _ => wanted.edit_theirs(&mut world, &mut dice),
        }
        world.run(dice.roll(200) as u64);
    }
    // The last drag ends where it was going.
    world.run(500);
    world.faults(Faults::default());
    let took = world.assert_equal_within(2000, story);
    println!("{story}: equal after {took} ms");
    assert_eq!(world.contents(), wanted.contents(), "{story}: events lost or doubled");
}

#[test]
fn nothing_is_lost_or_doubled_whatever_the_wire_does() {
    for (n, loss) in [0.0, 0.01, 0.05, 0.2, 0.5].into_iter().enumerate() {
        for seed in seeds(2) {
            storm(seed * 31 + n as u64 + 1, &format!("loss {loss}, seed {seed}"), both(path(loss)), 6);
        }
    }
}

#[test]
fn a_long_way_to_the_desk_is_only_slow() {
    let far = Path { delay: Duration::from_millis(200), jitter: Duration::from_millis(50), ..path(0.05) };
    for seed in seeds(1) {
        storm(3 + seed * 13, "200 ms each way", both(far), 6);
    }
}

#[test]
fn a_wire_that_breaks_for_ten_seconds_both_ways_or_one_way_heals() {
    let cut = Path { cut: true, ..Path::default() };
    let open = Path::default();
    for (n, (inbound, outbound)) in [(cut, cut), (cut, open), (open, cut)].into_iter().enumerate() {
        for seed in seeds(1) {
            storm(
                n as u64 + 77 + seed * 7,
                &format!("cut {n}, {seed}"),
                Faults { inbound, outbound, ..Faults::default() },
                10,
            );
        }
    }
}

#[test]
fn either_side_may_crash_at_any_moment() {
    for seed in seeds(4) {
        let mut dice = Dice(seed * 17 + 5);
        let mut world = World::in_step(Options { seed, ..Options::default() });
        let mut wanted = Wanted::default();
        world.faults(both(path(0.1)));
        for _ in 0..25 {
            match dice.roll(8) {
                0..=2 => wanted.edit_ours(&mut world, &mut dice),
                3..=5 => wanted.edit_theirs(&mut world, &mut dice),
                6 => world.crash(0),
                _ => world.desk.reload_plugins(),
            }
            world.run(dice.roll(300) as u64);
        }
        world.run(500);
        world.faults(Faults::default());
        let took = world.assert_equal_within(2000, &format!("crashes, seed {seed}"));
        println!("crashes, seed {seed}: equal after {took} ms");
        assert_eq!(world.contents(), wanted.contents(), "seed {seed}");
    }
}

/// A dial turned by chance: each way on its own.
fn any_path(dice: &mut Dice) -> Path {
    let percent = |n: usize| n as f64 / 100.0;
    Path {
        loss: percent([0, 1, 5, 20, 50][dice.roll(5)]),
        double: percent(dice.roll(30)),
        reorder: percent(dice.roll(60)),
        delay: Duration::from_millis([0, 0, 20, 200][dice.roll(4)]),
        jitter: Duration::from_millis(dice.roll(60) as u64),
        cut: dice.roll(8) == 0,
    }
}

#[test]
fn all_of_it_at_once_heals_too() {
    for seed in seeds(2) {
        let mut dice = Dice(seed * 41 + 11);
        let mut world = World::in_step(Options { seed, ..Options::default() });
        let mut wanted = Wanted::default();
        for _ in 0..80 {
            match dice.roll(16) {
                0 => world.crash(0),
                1 => world.desk.reload_plugins(),
                2 | 3 => {
                    let (inbound, outbound) = (any_path(&mut dice), any_path(&mut dice));
                    let truncate = [0.0, 0.0, 0.1][dice.roll(3)];
                    world.faults(Faults { inbound, outbound, truncate, ..Faults::default() });
                }
                4..=9 => wanted.edit_ours(&mut world, &mut dice),
                _ => wanted.edit_theirs(&mut world, &mut dice),
            }
            world.run(dice.roll(300) as u64);
        }
        world.run(500);
        world.faults(Faults::default());
        let took = world.assert_equal_within(2000, &format!("all at once, seed {seed}"));
        println!("all at once, seed {seed}: equal after {took} ms");
        assert_eq!(world.contents(), wanted.contents(), "seed {seed}");
    }
}

#[test]
fn another_show_is_held_and_the_own_one_goes_on() {
    let mut world = World::in_step(Options::default());
    world.install_in("other tour");
    world.assert_equal_within(3000, "back in the own show");
    world.apps[0].put(&[(Uid(1), at(SECOND, "a"))]);
    world.assert_equal_within(1000, "put");
    world.desk.person(Act::Save(String::new())).unwrap();
    world.desk.person(Act::Load("other tour".into())).unwrap();
    let held = |world: &World| matches!(world.apps[0].state(), MappingState::Held | MappingState::Error);
    assert!(world.until(2000, held).is_some(), "{:?}", world.apps[0].status());
    let other = world.contents();
    world.apps[0].put(&[(Uid(2), at(2 * SECOND, "b"))]);
    world.run(3000);
    assert!(held(&world));
    assert_eq!(world.contents(), other, "nothing is written there");
    assert_eq!(world.apps[0].contents().len(), 2, "and nothing taken");
    world.desk.person(Act::Load("demo".into())).unwrap();
    world.assert_equal_within(2000, "the own show again");
    assert_eq!(world.contents().len(), 2);
    // The desk is switched off and on: what was saved is older than what was agreed on.
    world.desk.person(Act::Restart).unwrap();
    assert!(world.until(5000, held).is_some(), "{:?}", world.apps[0].status());
    world.apps[0].verb(tracklight::model::DeskVerb::Choose(None, tracklight::model::Choice::PushOurs));
    world.assert_equal_within(2000, "pushed");
    assert_eq!(world.contents().len(), 2);
}
