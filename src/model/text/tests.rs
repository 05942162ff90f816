//! The text commands as a person types them.

use super::*;

fn typed(lines: &[&str]) -> (Session, Vec<Result<Reply, TextError>>) {
    let mut session = Session::new();
    let replies = lines.iter().map(|line| run(&mut session, Standing::default(), line)).collect();
    (session, replies)
}

#[test]
fn a_kit_is_made_patterned_and_routed_by_typing() {
    let (session, replies) = typed(&[
        "add sampler kick",
        "sample add kick drums/kick.wav \"my drums/rim shot.wav\"",
        "add sequencer seq",
        "pattern add beat 8",
        "pattern row beat 1 2 length=2 volume=0.5 ratio=1:4",
        "pattern row beat 5 -",
        "chain add song beat*2 P0",
        "seq seq chain song",
        "seq seq to kick",
        "set kick volume=0.5 playStyle=loop",
        "set kick.sample[2].speed -1",
        "connect kick aux3",
        "macro 3 kick.volume 0 0.8 exp",
        "bpm 500",
    ]);
    for (place, reply) in replies.iter().enumerate() {
        assert!(reply.is_ok(), "line {}: {reply:?}", place + 1);
    }
    assert_eq!(session.check(), Ok(()));
    assert_eq!(session.bpm, 480.0);
    assert!(replies[13].as_ref().is_ok_and(|r| r.lines[0].contains("500 became 480")));
    let kick = &session.modules["kick"];
    assert_eq!(kick.samples()[1].name, "rim_shot");
    assert_eq!(kick.samples()[1].params[&crate::model::Param::SPEED], -1.0);
    assert!(session.connections.iter().any(|c| c.from == "kick" && c.to == "aux3"));
    assert!(!session.connections.iter().any(|c| c.from == "kick" && c.to == "masterAudioOut"));
}

#[test]
fn an_error_names_what_is_wrong_and_changes_nothing() {
    for (line, part) in [
        ("set nope volume 1", "nope"),
        ("frobnicate", "frobnicate"),
        ("add spaceship", "spaceship"),
        ("set masterAudioOut masterVolume loud", "from 0 to 1"),
        ("pattern add \"open", "not closed"),
        ("connect masterAudioOut hostIn", "masterAudioOut"),
        ("remove masterAudioOut", "always there"),
        ("bpm fast", "bpm"),
        ("chain add c nope", "nope"),
        ("render", "usage: render"),
    ] {
        let (session, replies) = typed(&[line]);
        let message = replies[0].as_ref().expect_err(line).to_string();
        assert!(message.contains(part), "{line}: {message}");
        assert_eq!(session.to_json(), Session::new().to_json(), "{line}");
    }
}

#[test]
fn the_transport_words_say_so_when_the_host_leads() {
    let mut session = Session::new();
    let standing = Standing { host_leads: true, bpm: 99.0, ..Standing::default() };
    let reply = run(&mut session, standing.clone(), "play");
    assert!(reply.is_ok_and(|r| r.commands.is_empty() && r.lines[0].contains("host leads")));
    assert!(run(&mut session, standing, "bpm").is_ok_and(|r| r.lines == ["bpm = 99"]));
}

#[test]
fn every_word_has_help_and_completes() {
    for verb in VERBS {
        let (_, replies) = typed(&[&format!("help {}", verb.name)]);
        assert!(replies[0].as_ref().is_ok_and(|r| r.lines.iter().any(|l| l == verb.doc)), "{}", verb.name);
    }
    let (session, _) = typed(&["add sampler kick"]);
    assert_eq!(complete(&session, "conn"), ["connect", "connections"]);
    assert_eq!(complete(&session, "set ki"), ["kick"]);
    assert_eq!(complete(&session, "set kick.vol"), ["kick.volume"]);
    assert_eq!(complete(&session, "set kick att"), ["attackMs"]);
    assert_eq!(complete(&session, "set \"ki"), ["kick"]);
    assert_eq!(complete(&session, "set \"kick\" att"), ["attackMs"]);
    assert_eq!(complete(&session, "set kick playStyle L"), ["LOOP"]);
    assert_eq!(complete(&session, "sample set kick 1 regionS"), ["regionStart"]);
    assert_eq!(complete(&session, "pattern row beat 1 vol"), ["volume="]);
    assert_eq!(complete(&session, "help conn"), ["connect", "connections"]);
    assert_eq!(complete(&session, "nonsense \"\" zz"), [""; 0]);
}

#[test]
fn a_layer_is_made_filled_and_mapped_by_typing() {
    let (session, replies) = typed(&[
        "song Intro start=01:00:00:00 rate=25",
        "layer add Beam Intro",
        "layer set Beam rate=25 anchor=bars",
        "event Beam set cho1 bar=33 cue=3.5 name=\"Big chorus\" colour=#ff8000",
        "event Beam set end time=00:01:30:12",
        "event Beam set cho1 token=Flash",
        "event Beam set gone beat=4",
        "event Beam remove gone",
        "events Beam",
        "desk connect 192.0.2.10 8000 0 tl",
        "desk map Beam tc=101 tg=1 track=BEAM policy=desk offset=0.5",
        "desk arm off",
        "desk push Beam dry",
        "desk choose Beam merge",
        "desk resolve Beam 00000000000000ff theirs",
        "desk accept",
        "desk test",
        "info Beam",
        "desk status",
    ]);
    for (place, reply) in replies.iter().enumerate() {
        assert!(reply.is_ok(), "line {}: {reply:?}", place + 1);
    }
    assert_eq!(session.check(), Ok(()));
    let lines = |place: usize| replies[place].as_ref().unwrap().lines.clone();
    let layer = &session.layers["Beam"];
    assert_eq!((layer.events.len(), layer.song.as_str(), layer.rate.name()), (2, "Intro", "25"));
    assert_eq!(lines(8)[0], "1 64.000 s Flash cue 3.5 name=\"Big chorus\" #ff8000 [cho1]");
    assert_eq!(lines(8)[1], "2 90.480 s Go+ [end]");
    assert!(session.mappings["Beam"].accepted && session.desk.on && !session.desk.armed);
    assert_eq!(lines(17)[1], "  timecode 101 group 1 track BEAM (both, desk): pending");
    assert_eq!(lines(18)[0], "searching 192.0.2.10:8000, show lock");
    let asked = replies.iter().flatten().flat_map(|r| &r.commands).filter(|c| matches!(c, Command::Desk(_)));
    assert_eq!(asked.count(), 4);
}

#[test]
fn wrong_words_about_lights_are_named() {
    let before = ["layer add Beam"];
    for (line, part) in [
        ("layer add Wash Nope", "no song is called"),
        ("event Beam set a cue=3", "needs its time"),
        ("event Beam set a time=1 cue=3.1234", "0.001 to 9999.999"),
        ("event Beam set a time=1 when=2", "\"when\" is not known"),
        ("event Beam remove a", "no event with the key"),
        ("events Nope", "no layer is called"),
        ("song Intro start=25:61:00:00", "HH:MM:SS:FF"),
        ("desk", "usage: desk"),
        ("desk connect nowhere", "four numbers"),
        ("desk connect 192.0.2.1 0", "port takes a whole number from 1"),
        ("desk map Beam tg=1", "needs tc="),
        ("desk map Beam tc=1 track=X policy=both", "ask desk plugin"),
        ("desk push Beam", "not mapped"),
        ("desk resolve Beam first ours", "not mapped"),
    ] {
        let (_, replies) = typed(&[before[0], line]);
        let message = replies[1].as_ref().expect_err(line).to_string();
        assert!(message.contains(part), "{line}: {message}");
    }
    let (session, _) = typed(&["layer add Beam", "event Beam set cho1 time=1"]);
    assert_eq!(complete(&session, "event Be"), ["Beam"]);
    assert_eq!(complete(&session, "event Beam set ch"), ["cho1"]);
    assert_eq!(complete(&session, "event Beam set cho1 ti"), ["ticks=", "time="]);
    assert_eq!(complete(&session, "desk map Beam dir"), ["direction="]);
    assert_eq!(complete(&session, "desk pu"), ["pull", "push"]);
}
