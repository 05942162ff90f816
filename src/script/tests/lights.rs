//! Layers and the desk, as a script says them.

use super::*;
use crate::model::{
    Choice, Command, Conflict, DeskEvent, DeskState, DeskVerb, LayerEvent, LinkState, MappingState, MappingStatus,
    Name, Origin, Preview, Side, Uid,
};

const SHOW: &str = r##"song("Intro", { start = "01:00:00:00", rate = "25" })
layer("Beam", { song = "Intro", rate = "30", anchor = "bars", events = { { time = 1 }, { time = 2, cue = 3 }, { time = 1 } } })
  :set("cho1", { bar = 33, cue = 3.5, name = "Chorus", colour = "#ff8000" })
  :set("end", { time = "00:02:00:15" })
desk.map("Beam", { tc = 101, track = "BEAM" })"##;

fn uids(rig: &Rig) -> Vec<(Uid, i64)> {
    rig.session().layers["Beam"].events.iter().map(|entry| (entry.uid, entry.event.ticks)).collect()
}

#[test]
fn a_script_of_lights_run_a_hundred_times_is_the_script_run_once() {
    let mut rig = Rig::new();
    rig.eval(SHOW);
    let (first, events, batches) = (rig.session(), uids(&rig), rig.batches.len());
    assert_eq!(events.len(), 5);
    for _ in 0..100 {
        rig.eval(SHOW);
    }
    assert_eq!(*rig.session(), *first);
    assert_eq!((uids(&rig), rig.batches.len()), (events, batches), "nothing was asked again");
}

#[test]
fn an_event_keeps_its_identity_through_every_change() {
    let mut rig = Rig::new();
    rig.eval(SHOW);
    let before = uids(&rig);
    rig.eval(
        "layer('Beam', { events = { { time = 1 }, { time = 1 }, { time = 2.5, cue = 3 } } }):set('cho1', { time = 3 })",
    );
    let after = uids(&rig);
    let same = |list: &[(Uid, i64)]| {
        let mut list: Vec<Uid> = list.iter().map(|(uid, _)| *uid).collect();
        list.sort();
        list
    };
    assert_eq!(same(&before), same(&after));
    rig.eval("layer('Beam'):clear():set('cho1', { time = 3 })");
    let again = rig.session().layers["Beam"].events[0].uid;
    assert!(before.iter().any(|(uid, _)| *uid == again), "what the same script makes anew is the same event");
}

#[test]
fn an_event_without_a_key_is_for_the_console() {
    let mut rig = Rig::new();
    rig.eval("layer('Beam')");
    let (_, message) = rig.fails("layer('Beam'):add { time = 12.5 }");
    assert!(message.contains(":set(\"key\""), "{message}");
    for _ in 0..2 {
        let outcome = rig.eval_at("console", 1, "layer('Beam'):add { time = 12.5 }", true);
        assert!(matches!(outcome, EvalOutcome::Done { .. }), "{outcome:?}");
    }
    rig.tick();
    assert_eq!(rig.session().layers["Beam"].events.len(), 2);
    assert!(rig.batches.iter().any(|batch| batch.origin == Origin::Repl));
}

#[test]
fn what_is_asked_of_the_desk_goes_with_the_chunk_or_not_at_all() {
    let mut rig = Rig::new();
    rig.eval(SHOW);
    rig.batches.clear();
    rig.fails("desk.push('Beam') desk.choose(nil, 'merge') error('no')");
    assert!(rig.batches.is_empty());
    rig.eval("desk.push() desk.push { dry = true } desk.pull('Beam') desk.choose(nil, 'take') desk.resolve('Beam', '00000000000000ff', 'theirs') desk.takeOver() desk.test() desk.restore('Beam')");
    let verbs: Vec<DeskVerb> = rig.batches[0]
        .commands
        .iter()
        .filter_map(|command| match command {
            Command::Desk(verb) => Some(verb.clone()),
            _ => None,
        })
        .collect();
    let beam = || Name::new("Beam").unwrap();
    assert_eq!(
        verbs,
        [
            DeskVerb::Push { layer: None, dry: false },
            DeskVerb::Push { layer: None, dry: true },
            DeskVerb::Pull { layer: Some(beam()), dry: false },
            DeskVerb::Choose(None, Choice::TakeTheirs),
            DeskVerb::Resolve { layer: beam(), key: Some(255), side: Side::Theirs },
            DeskVerb::TakeOver(None),
            DeskVerb::SelfTest,
            DeskVerb::Restore(beam()),
        ]
    );
}

#[test]
fn how_the_desk_stands_is_read_in_full() {
    let mut rig = Rig::new();
    rig.eval(SHOW);
    rig.eval("desk.connect { listen = 0 }");
    let theirs = DeskEvent::from_layer(&LayerEvent { name: "Other".into(), ..LayerEvent::at(1 << 24) }, 0);
    let conflict = Conflict { key: 0xab, uid: Uid(1), base: None, ours: None, theirs: Some(theirs) };
    let status = MappingStatus {
        state: MappingState::Held,
        reason: "another show".into(),
        events: (5, 7),
        preview: Some(Arc::new(Preview { made: vec!["track BEAM".into()], ..Preview::default() })),
        conflicts: Arc::new(vec![conflict]),
        ..MappingStatus::default()
    };
    let desk = DeskState {
        link: LinkState::Connected,
        rtt_ms: 2.5,
        mappings: [(Name::new("Beam").unwrap(), status)].into(),
        ..DeskState::default()
    };
    rig.publish(|s| s.desk = Arc::new(desk));
    assert_eq!(
        rig.prints(
            "local s = desk.status() local m = s.mappings.Beam
            print(s.link, s.rtt, m.state, m.reason, m.events.here, m.events.desk, m.conflicts)
            print(desk.preview('Beam').made[1], desk.preview('Beam').desk.added)
            local c = desk.conflicts('Beam')[1] print(c.key, c.ours, c.theirs.name, c.theirs.time)
            local t = engine:getState() print(t.desk.mappings.Beam.state, t.layers.Beam.events[1].time, #t.layers.Beam.events, t.layers.Beam.mapping.tc, t.songs[2].start)
            print(t:clone().layers.Beam.song)"
        ),
        [
            "connected\t2.5\theld\tanother show\t5\t7\t1",
            "track BEAM\t0",
            "00000000000000ab\tnil\tOther\t1",
            "held\t1\t5\t101\t01:00:00:00",
            "Intro",
        ]
    );
}

#[test]
fn wrong_words_about_lights_name_what_is_allowed() {
    let mut rig = Rig::new();
    rig.eval("layer('Beam')");
    for (text, part) in [
        ("layer('Beam', { rate = 23 })", "24, 25, 29.97df, 30 or 60"),
        ("layer('Beam', { anchor = 'beats' })", "\"time\" or \"bars\""),
        ("layer('Beam', { speed = 1 })", "song rate anchor events"),
        ("layer('Beam', { song = 'Nope' })", "no song is called"),
        ("layer('Beam', { events = { { time = 1 }, { cue = 2 } } })", "event 2: an event needs its time"),
        ("layer('Beam', { events = { { key = 'a', time = 1 }, { key = 'a', time = 2 } } })", "is there twice"),
        ("layer('Beam'):set('a', { cue = 3 })", "needs its time"),
        ("layer('Beam'):set('a', { time = 1, cue = 3.1234 })", "0.001 to 9999.999"),
        ("layer('Beam'):set('a', { time = {} })", "time takes a number or text"),
        ("layer('Beam').set('a', { time = 1 })", "with a colon"),
        ("song('Intro', { tc = 101 })", "\"tc\" of a song is not in this version"),
        ("desk.connect { port = 0 }", "port takes a whole number from 1 to 65535"),
        ("desk.connect { host = 'x' }", "ip port listen prefix"),
        ("desk.map('Beam', { track = 'X' })", "needs tc"),
        ("desk.map('Beam', { tc = 1, track = 'X', policy = 'me' })", "\"ask\" \"desk\" \"plugin\""),
        ("desk.map('Nope', { tc = 1, track = 'X' })", "no layer is called"),
        ("desk.accept('Beam')", "not mapped"),
        ("desk.nothing()", "desk has nothing called \"nothing\""),
    ] {
        let (line, message) = rig.fails(text);
        assert_eq!(line, Some(1), "{text}: {message}");
        assert!(message.contains(part), "{text}: {message}");
    }
}

#[test]
fn ten_thousand_events_are_written_and_read_within_a_chunk() {
    let mut rig = Rig::new();
    rig.eval("local list = {} for i = 1, 10000 do list[i] = { key = 'e' .. i, time = i / 8, cue = i % 100 + 1 } end layer('Beam', { events = list })");
    let text = mirror(&rig.session());
    let mut other = Rig::new();
    other.eval(&text);
    assert_eq!(*other.session(), *rig.session());
    assert_eq!(rig.session().layers["Beam"].events.len(), 10_000);
}
