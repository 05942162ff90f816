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
    let reply = run(&mut session, standing, "play");
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
