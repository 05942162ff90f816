use super::*;
use crate::model::pattern::Cycles;
use crate::model::{
    ChainEntry, Column, Curve, MacroMap, ModuleBody, ModuleKind, Origin, Param, Path, Row, Sample, Shot, Signature, Uid,
};

fn named(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

fn add(uid: u64, kind: ModuleKind, name: &str) -> Command {
    Command::AddModule { uid: Uid(uid), kind, name: named(name) }
}

fn session(commands: &[Command]) -> Session {
    let mut session = Session::new();
    for command in commands {
        session.perform(command).unwrap();
    }
    session
}

fn small() -> Session {
    session(&[add(101, ModuleKind::MultiSampler, "kick"), add(102, ModuleKind::TrackerSequencer, "seq")])
}

fn sample(name: &str, speed: Option<f64>) -> Sample {
    let params = speed.map(|speed| (Param::SPEED, speed)).into_iter().collect();
    Sample { name: name.into(), path: format!("{name}.wav"), params }
}

fn refused(session: &mut Session, command: Command) -> String {
    let before = session.to_json();
    let error = session.perform(&command).unwrap_err().to_string();
    assert_eq!(session.to_json(), before, "a refusal changes nothing");
    error
}

#[test]
fn a_new_sequencer_plays_a_pattern_of_its_own_and_the_next_one_shares_it() {
    let mut session = small();
    session.perform(&add(103, ModuleKind::TrackerSequencer, "seq2")).unwrap();
    assert_eq!(session.patterns.keys().collect::<Vec<_>>(), ["P0"]);
    for name in ["seq", "seq2"] {
        let ModuleBody::TrackerSequencer { pattern, .. } = &session.modules[name].body else { panic!("{name}") };
        assert_eq!(pattern, "P0");
    }
}

#[test]
fn a_pattern_taken_away_is_replaced_where_it_played() {
    let mut session = small();
    session.perform(&Command::AddChain { uid: Uid(300), name: named("C0") }).unwrap();
    let entry = ChainEntry { pattern: named("P0"), repeats: 2, mute: false };
    session.perform(&Command::SetChain(named("C0"), vec![entry])).unwrap();
    session.perform(&Command::RemovePattern(named("P0"))).unwrap();
    let ModuleBody::TrackerSequencer { pattern, .. } = &session.modules["seq"].body else { panic!("seq") };
    assert!(session.patterns.contains_key(pattern) && *pattern != named("P0"));
    assert!(session.chains["C0"].entries.is_empty());
    assert_eq!(session.check(), Ok(()));
}

#[test]
fn the_first_cable_by_hand_takes_the_automatic_ones_place() {
    let mut session = small();
    session.perform(&add(103, ModuleKind::AudioMixer, "mix")).unwrap();
    let to = |session: &Session| -> Vec<String> {
        session.connections.iter().filter(|c| c.from == named("kick")).map(|c| c.to.to_string()).collect()
    };
    assert_eq!(to(&session), ["masterAudioOut"]);
    session.perform(&Command::Connect(named("kick"), named("mix"), ConnKind::Audio)).unwrap();
    assert_eq!(to(&session), ["mix"]);
    session.perform(&Command::Connect(named("kick"), named("aux1"), ConnKind::Audio)).unwrap();
    assert_eq!(to(&session), ["aux1", "mix"]);
    let again = session.perform(&Command::Connect(named("kick"), named("mix"), ConnKind::Audio)).unwrap();
    assert!(again.inverse.is_empty(), "the same again changes nothing");
}

#[test]
fn a_circle_of_audio_is_refused_and_named() {
    let mut session = session(&[
        add(101, ModuleKind::AudioMixer, "a"),
        add(102, ModuleKind::AudioMixer, "b"),
        Command::Connect(named("a"), named("b"), ConnKind::Audio),
    ]);
    let error = refused(&mut session, Command::Connect(named("b"), named("a"), ConnKind::Audio));
    assert!(error.contains("circle") && error.contains("b → a"), "{error}");
    let error = refused(&mut session, Command::Connect(named("a"), named("a"), ConnKind::Audio));
    assert!(error.contains("circle"), "{error}");
}

#[test]
fn a_rename_keeps_every_link() {
    let map = MacroMap { number: 1, min: 0.0, max: 1.0, curve: Curve::Lin };
    let mut session = small();
    for command in [
        Command::Connect(named("seq"), named("kick"), ConnKind::Event),
        Command::MapMacro(path("kick.volume"), map),
        Command::Rename(named("kick"), named("bd")),
        Command::Rename(named("P0"), named("intro")),
    ] {
        session.perform(&command).unwrap();
    }
    assert_eq!(session.check(), Ok(()));
    assert!(session.macros.contains_key(&path("bd.volume")));
    assert_eq!(session.connections.iter().filter(|c| c.to == named("bd") || c.from == named("bd")).count(), 2);
    assert_eq!(session.patterns["intro"].salt, crate::model::name::salt_of(&named("P0")), "chance survives a rename");
    assert!(refused(&mut session, Command::Rename(named("bd"), named("seq"))).contains("\"seq\" already"));
    assert!(refused(&mut session, Command::Rename(named("hostIn"), named("x"))).contains("hostIn"));
}

#[test]
fn out_of_range_is_clamped_and_said() {
    let mut session = small();
    let done = session.perform(&Command::Set(path("kick.volume"), 5.0)).unwrap();
    assert_eq!(session.modules["kick"].value(Param::VOLUME), 2.0);
    assert!(done.notes[0].contains("kick.volume") && done.notes[0].contains("0 to 2"));
    session.perform(&Command::Set(path("kick.volume"), 1.0)).unwrap();
    assert!(session.modules["kick"].params.is_empty(), "a default is not kept");
    assert_eq!(session.perform(&Command::SetBpm(1000.0)).unwrap().notes.len(), 1);
    assert_eq!(session.bpm, 480.0);
}

#[test]
fn samples_whose_file_stays_keep_their_values() {
    let mut session = small();
    session.perform(&Command::SetSamples(named("kick"), vec![sample("a", Some(2.0)), sample("b", None)])).unwrap();
    session.perform(&Command::SetSamples(named("kick"), vec![sample("b", Some(0.5)), sample("a", None)])).unwrap();
    let speeds: Vec<_> = session.modules["kick"].samples().iter().map(|s| s.params[&Param::SPEED]).collect();
    assert_eq!(speeds, [0.5, 2.0]);
    let twice = Command::SetSamples(named("kick"), vec![sample("a", None), sample("a", None)]);
    assert!(refused(&mut session, twice).contains("\"a\""));
    assert!(refused(&mut session, Command::Relink { from: "z".into(), to: "y".into() }).contains("\"z\""));
}

#[test]
fn a_column_that_is_set_is_shown_and_cut_rows_come_back() {
    let mut session = small();
    session.perform(&Command::Set(path("P0.row[16].speed"), 2.0)).unwrap();
    assert!(session.patterns["P0"].columns.contains(&Column::Param(Param::SPEED)));
    session.perform(&Command::SetSteps(named("P0"), 4)).unwrap();
    assert!(refused(&mut session, Command::Set(path("P0.row[16].speed"), 1.0)).contains("16"));
    session.perform(&Command::SetSteps(named("P0"), 16)).unwrap();
    assert!(matches!(session.patterns["P0"].row(16), Row::Hit(_)));
    session.perform(&Command::Unset(path("P0.row[16].index"))).unwrap();
    assert_eq!(session.patterns["P0"].row(16), Row::Empty);
}

#[test]
fn what_is_wrong_is_named_with_what_is_allowed() {
    let mut session = small();
    let shot = |hit, gate| Command::Trigger(Shot { module: named("kick"), hit, gate, at: None, jump: None });
    let bind = |pattern, chain_on| Command::Bind { sequencer: named("seq"), pattern, chain: None, chain_on };
    let signature = Signature { num: 4, den: 5 };
    for (command, words) in [
        (Command::Set(path("seq.volume"), 1.0), vec!["seq", "volume"]),
        (Command::Set(path("P0.row[1].ratio"), 3002.0), vec!["ratio", "3:2"]),
        (Command::Set(path("P0.row[1].note"), 128.0), vec!["note", "0 to 127", "128"]),
        (Command::SetStepsPerBeat(named("P0"), 0.0), vec!["stepsPerBeat", "without 0"]),
        (Command::SetSignature(signature), vec!["5"]),
        (Command::SetCycles(named("P7"), Cycles::Pass), vec!["P7"]),
        (
            Command::MapMacro(path("kick.volume"), MacroMap { number: 65, min: 0.0, max: 1.0, curve: Curve::Lin }),
            vec!["1 to 64", "65"],
        ),
        (shot(Hit { index: 0, ..Hit::default() }, None), vec!["kick", "index", "1 to 1024"]),
        (shot(Hit::default(), Some(0.0)), vec!["kick", "gate"]),
        (bind(Some(named("kick")), None), vec!["kick"]),
        (bind(None, Some(true)), vec!["seq", "chain"]),
        (add(9, ModuleKind::AudioOutput, "out"), vec!["masterAudioOut"]),
        (add(9, ModuleKind::MultiSampler, "P0"), vec!["pattern", "P0"]),
    ] {
        let error = refused(&mut session, command);
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    }
}

#[test]
fn a_batch_says_which_command_failed_and_leaves_nothing_behind() {
    let mut session = small();
    let before = session.to_json();
    let commands = vec![Command::SetBpm(90.0), Command::SetSeed(3), Command::Enable(named("nope"), true)];
    let error = session.perform_batch(&Batch::now(Origin::Script, "test", commands)).unwrap_err();
    assert!(error.0.contains("command 3 of 3") && error.0.contains("nope"));
    assert_eq!(session.to_json(), before);
}

#[test]
fn a_sequencer_and_the_pattern_it_brings_have_two_names() {
    let named_like_a_pattern = session(&[add(101, ModuleKind::TrackerSequencer, "P0")]);
    assert_eq!(named_like_a_pattern.check(), Ok(()));
    assert_eq!(named_like_a_pattern.noun_of("P1"), Some("pattern"));
}
