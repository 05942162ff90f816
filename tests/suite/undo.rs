//! Undo and redo: of everything the user did, by Batch, and of nothing that others did.
//!
//! proves: C7

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tracklight::model::{
    Anchor, Ask, ClockSource, Command, Curve, Cycles, FrameRate, LayerEvent, MacroMap, ModuleKind, Origin, Path, Put,
    Row, Session, Signature, Uid, When,
};

use crate::engine::set;
use crate::engine_rig::Rig;
use crate::strategy::{batch, beginning, named};

const USERS: [Origin; 4] = [Origin::Gui, Origin::Script, Origin::Repl, Origin::Text];
const OTHERS: [Origin; 3] = [Origin::Desk, Origin::Host, Origin::Callback];

/// What happens in a session with several hands.
#[derive(Debug, Clone)]
enum Act {
    Batch(Origin, Vec<Command>),
    Undo,
    Redo,
    Pause,
}

fn begun() -> Rig {
    let mut rig = Rig::new();
    rig.ask(When::Now, vec![Command::Load(Arc::new(beginning()))]);
    rig.tick();
    rig
}

fn undo_all(rig: &mut Rig) -> Arc<Session> {
    for _ in 0..rig.tick().undo.len() {
        rig.send(Ask::Undo);
    }
    rig.tick().session.clone()
}

/// Settings that mean the same whatever else was set: `mine` picks values that the other side does not give to parts of
/// one module or pattern, where only the value says who set it.
fn setting(mine: bool) -> impl Strategy<Value = Command> {
    let paths = ["kick.volume", "kick.pan", "mix.masterVolume", "kick.sample[1].speed", "snare.attackMs"];
    let at = |list: &[&'static str]| select(list.to_vec()).prop_map(|path| Path::parse(path).expect("a path"));
    let cable = Path::Connection { module: named("mix"), source: named("kick") };
    let value = || select(vec![0.0, 0.25, 0.5, 0.75]);
    let switch = named(if mine { "kick" } else { "snare" });
    let mapped = |path: Path| move |number| Command::MapMacro(path.clone(), macro_map(number));
    let steps = if mine { 8..12_u16 } else { 12..16 };
    let rate = if mine { vec![1.0, 2.0] } else { vec![3.0, -4.0] };
    let text = || select(vec!["", "a", "b"]);
    prop_oneof![
        6 => (at(&paths), value()).prop_map(|(path, value)| Command::Set(path, value)),
        2 => at(&paths).prop_map(Command::Unset),
        2 => value().prop_map(move |value| Command::Set(cable.clone(), value)),
        2 => any::<bool>().prop_map(move |on| Command::Enable(switch.clone(), on)),
        1 => (60..64).prop_map(|bpm| Command::SetBpm(f64::from(bpm))),
        1 => (2..5_u16).prop_map(|num| Command::SetSignature(Signature { num, den: 4 })),
        1 => select(vec![ClockSource::Host, ClockSource::Internal]).prop_map(Command::SetSource),
        1 => (0..3_u64).prop_map(Command::SetSeed),
        2 => (1..9_u16, row()).prop_map(|(number, row)| Command::SetRow(named("P0"), number, row)),
        1 => steps.prop_map(|steps| Command::SetSteps(named("P0"), steps)),
        1 => select(rate).prop_map(|rate| Command::SetStepsPerBeat(named("P0"), rate)),
        1 => (1..4_u8).prop_map(mapped(Path::parse("kick.pan").expect("a path"))),
        1 => text().prop_map(|text| Command::SetLive("a".into(), (!text.is_empty()).then(|| text.into()))),
        1 => text().prop_map(|text| Command::SetBank("a".into(), Some(format!("{text}x/")))),
        1 => text().prop_map(|text| Command::SetText(text.into())),
        1 => text().prop_map(|text| Command::SetLayout("a".into(), Some(text.into()))),
    ]
}

fn macro_map(number: u8) -> MacroMap {
    MacroMap { number, min: 0.0, max: 1.0, curve: Curve::Lin }
}

fn row() -> impl Strategy<Value = Row> {
    let hit = (1..4_u16).prop_map(|index| Row::Hit(tracklight::model::Hit { index, ..Default::default() }));
    prop_oneof![Just(Row::Empty), Just(Row::Rest), hit]
}

fn act() -> impl Strategy<Value = Act> {
    let of = |origins: &[Origin], mine| {
        (select(origins.to_vec()), vec(setting(mine), 1..4)).prop_map(|(origin, commands)| Act::Batch(origin, commands))
    };
    prop_oneof![
        6 => of(&USERS, true),
        6 => of(&OTHERS, false),
        3 => Just(Act::Undo),
        2 => Just(Act::Redo),
        1 => Just(Act::Pause),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn undo_all_gives_the_first_bytes_and_redo_all_the_last(batches in vec(batch(Origin::Gui), 1..20)) {
        let mut rig = begun();
        let first = rig.tick().session.to_json();
        for batch in &batches {
            rig.send(Ask::Batch(batch.clone()));
        }
        let seen = rig.tick();
        let (last, count) = (seen.session.to_json(), seen.undo.len());
        prop_assert_eq!(undo_all(&mut rig).to_json(), first);
        let seen = rig.tick();
        prop_assert_eq!((seen.undo.len(), seen.redo.len()), (0, count));
        for _ in 0..count {
            rig.send(Ask::Redo);
        }
        prop_assert_eq!(rig.tick().session.to_json(), last);
    }

    #[test]
    fn however_the_user_undoes_and_redoes_all_undone_leaves_exactly_what_others_set(acts in vec(act(), 1..40)) {
        let mut rig = begun();
        let mut others_alone = beginning();
        for act in &acts {
            match act {
                Act::Batch(origin, commands) => {
                    if !origin.is_user() {
                        for command in commands {
                            others_alone.perform(command).expect("a setting applies anywhere");
                        }
                    }
                    rig.ask_as(*origin, When::Now, commands.clone());
                }
                Act::Undo => rig.send(Ask::Undo),
                Act::Redo => rig.send(Ask::Redo),
                Act::Pause => {
                    rig.tick();
                    rig.later(600);
                }
            }
        }
        prop_assert_eq!(&*undo_all(&mut rig), &others_alone);
    }

    #[test]
    fn last_good_leads_exactly_to_what_the_evaluation_left_and_undo_exactly_back(
        evaluated in vec(batch(Origin::Script), 1..6), since in vec(batch(Origin::Gui), 1..10)
    ) {
        let mut rig = begun();
        for batch in &evaluated {
            rig.send(Ask::Batch(batch.clone()));
        }
        let seen = rig.tick();
        rig.later(2_500);
        for batch in &since {
            rig.send(Ask::Batch(batch.clone()));
        }
        let before = rig.tick().session.clone();
        let mut wanted = (*seen.session).clone();
        (wanted.text, wanted.layout) = (before.text.clone(), before.layout.clone());
        // Where nothing applied or nothing differs there is another place to go to, or none.
        if seen.undo.is_empty() || *before == wanted {
            return Ok(());
        }
        rig.send(Ask::LastGood);
        prop_assert_eq!(&*rig.tick().session, &wanted);
        rig.send(Ask::Undo);
        prop_assert_eq!(rig.tick().session.to_json(), before.to_json());
    }

    #[test]
    fn with_several_hands_an_undo_leaves_a_whole_document(
        batches in vec(prop_oneof![batch(Origin::Gui), batch(Origin::Desk)], 1..20)
    ) {
        let mut rig = begun();
        for batch in &batches {
            rig.send(Ask::Batch(batch.clone()));
        }
        prop_assert_eq!(undo_all(&mut rig).check(), Ok(()));
    }
}

#[test]
fn what_others_only_confirmed_is_theirs() {
    let mut rig = begun();
    rig.ask_as(Origin::Gui, When::Now, vec![set("kick.volume", 0.5)]);
    rig.ask_as(Origin::Desk, When::Now, vec![set("kick.volume", 0.5)]);
    rig.tick();
    rig.send(Ask::Undo);
    let seen = rig.tick();
    assert_eq!(*seen.session, {
        let mut desk = beginning();
        desk.perform(&set("kick.volume", 0.5)).unwrap();
        desk
    });
    assert!(seen.notices.back().is_some_and(|notice| notice.text.contains("kick.volume")), "{:?}", seen.notices);
}

#[test]
fn a_module_switched_off_comes_back_though_the_desk_moved_its_fader() {
    let mut rig = begun();
    rig.ask_as(Origin::Gui, When::Now, vec![Command::Enable(named("kick"), false)]);
    rig.ask_as(Origin::Desk, When::Now, vec![set("kick.volume", 0.25)]);
    rig.tick();
    rig.send(Ask::Undo);
    let seen = rig.tick();
    let kick = &seen.session.modules["kick"];
    assert!(kick.enabled);
    assert_eq!(kick.value(tracklight::model::Param::VOLUME), 0.25);
    rig.send(Ask::Redo);
    assert!(!rig.tick().session.modules["kick"].enabled);
}

#[test]
fn a_pattern_made_slower_goes_back_though_others_wrote_rows() {
    let mut rig = begun();
    rig.ask_as(Origin::Text, When::Now, vec![Command::SetCycles(named("P0"), Cycles::Position)]);
    rig.ask_as(Origin::Callback, When::Now, vec![Command::SetRow(named("P0"), 3, Row::Rest)]);
    rig.tick();
    rig.send(Ask::Undo);
    let seen = rig.tick();
    let pattern = &seen.session.patterns["P0"];
    assert_eq!((pattern.cycles, pattern.row(3)), (Cycles::Pass, Row::Rest));
}

#[test]
fn an_instrument_that_the_desk_took_up_keeps_its_cable_and_the_rest_of_the_step_goes() {
    let mut rig = begun();
    let add = Command::AddModule { uid: Uid(900), kind: ModuleKind::MultiSampler, name: named("tom") };
    rig.ask_as(Origin::Script, When::Now, vec![set("kick.pan", 0.5), add, set("snare.pan", -0.5)]);
    rig.ask_as(Origin::Desk, When::Now, vec![set("tom.volume", 0.25)]);
    rig.tick();
    rig.send(Ask::Undo);
    let seen = rig.tick();
    let pan = |name: &str| seen.session.modules[name].value(tracklight::model::Param::PAN);
    assert_eq!((pan("kick"), pan("snare")), (0.0, 0.0));
    assert_eq!(seen.session.modules["tom"].value(tracklight::model::Param::VOLUME), 0.25);
    assert!(seen.session.connections.iter().any(|cable| cable.from == "tom"), "it is still heard");
    assert!(seen.notices.iter().any(|notice| notice.text.contains("tom was changed by others since")));
}

#[test]
fn text_that_the_script_keeps_up_to_date_ends_no_gesture_and_makes_no_step() {
    let mut rig = begun();
    for step in 1..=5 {
        rig.ask_as(Origin::Gui, When::Now, vec![set("kick.volume", f64::from(step) / 10.0)]);
        let before = rig.tick().session.text.clone();
        let after = Arc::from(format!("volume {step}"));
        rig.ask_as(Origin::Host, When::Now, vec![Command::EditText { before, after }]);
        rig.ask_as(Origin::Host, When::Now, vec![Command::SetLayout("view".into(), Some(step.to_string()))]);
    }
    assert_eq!(rig.tick().undo.len(), 1, "one drag is one step");
    rig.send(Ask::Undo);
    let seen = rig.tick();
    assert_eq!(seen.session.modules["kick"].value(tracklight::model::Param::VOLUME), 1.0);
    assert_eq!((&*seen.session.text, seen.session.layout["view"].as_str()), ("volume 5", "5"));
}

/// The beginning with a layer of four events.
fn lit() -> Session {
    let mut session = beginning();
    let puts: Vec<Put> = (1..5).map(|uid| (Uid(uid), Some(Arc::new(LayerEvent::at(uid as i64))))).collect();
    for command in [
        Command::AddLayer { uid: Uid(200), name: named("Beam"), song: "main".into() },
        Command::PutEvents(named("Beam"), puts.into()),
    ] {
        session.perform(&command).expect("it applies");
    }
    session
}

/// Something done to the events: no value is one that the other side gives, and only the user takes events out.
fn lights(mine: bool) -> impl Strategy<Value = Command> {
    let ticks = if mine { 100..110_i64 } else { 200..210 };
    let event = (0..10_u8, ticks).prop_map(
        move |(dice, ticks)| {
            if mine && dice < 3 { None } else { Some(Arc::new(LayerEvent::at(ticks))) }
        },
    );
    let puts = proptest::collection::btree_map((1..8_u64).prop_map(Uid), event, 1..4);
    let puts = puts.prop_map(|puts| Command::PutEvents(named("Beam"), puts.into_iter().collect()));
    let rate = select(vec![FrameRate::F24, FrameRate::F25, FrameRate::F60]);
    let own = rate.prop_map(move |rate| Command::SetLayer {
        name: named("Beam"),
        song: None,
        rate: mine.then_some(rate),
        anchor: (!mine).then_some(Anchor::Bars),
    });
    prop_oneof![5 => puts, 1 => own]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn with_the_desk_in_between_undoing_everything_leaves_exactly_the_events_of_the_desk(
        acts in vec(
            prop_oneof![
                5 => (select(USERS.to_vec()), vec(lights(true), 1..3)).prop_map(|(o, c)| Act::Batch(o, c)),
                5 => vec(lights(false), 1..3).prop_map(|c| Act::Batch(Origin::Desk, c)),
                3 => Just(Act::Undo),
                2 => Just(Act::Redo),
            ],
            1..30,
        )
    ) {
        let mut rig = Rig::new();
        rig.ask(When::Now, vec![Command::Load(Arc::new(lit()))]);
        rig.tick();
        let mut desk_alone = lit();
        for act in &acts {
            match act {
                Act::Batch(origin, commands) => {
                    if !origin.is_user() {
                        commands.iter().for_each(|command| { desk_alone.perform(command).expect("it applies anywhere"); });
                    }
                    rig.ask_as(*origin, When::Now, commands.clone());
                }
                Act::Undo => rig.send(Ask::Undo),
                Act::Redo => rig.send(Ask::Redo),
                Act::Pause => {}
            }
        }
        let left = undo_all(&mut rig);
        prop_assert_eq!(&left.layers, &desk_alone.layers);
        prop_assert_eq!(&*left, &desk_alone);
    }
}
