//! The shipped plug-in on the pocket desk: what a client sees, and what is on the desk, over every way that goes wrong.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::super::pocket::options::{
    HookMoment, Levels, Quantise, SetUndo, TimeForm, TimerDelay, VarsHome, Writes,
};
use super::super::super::pocket::{Act, DEMO, Faults, OTHER, Options, Path};
use super::super::components;
use super::link::{Event, Link, SECOND, hash, kind, unit};

fn hooked(options: Options) -> Link {
    let mut link = Link::new(options);
    link.run(500);
    link.hello();
    link.hook();
    link
}

fn add(link: &mut Link, seconds: f64, name: &str) {
    let act = Act::Add { track: "101.1.1".into(), seconds, token: "".into(), cue: "".into(), name: name.into() };
    link.desk.person(act).unwrap();
}

fn change(event: usize, property: &str, value: &str) -> Act {
    Act::Change { track: "101.1.1".into(), event, property: property.into(), value: value.into() }
}

fn notices(link: &Link, name: &str) -> usize {
    link.inbox.iter().filter(|message| kind(message) == name).count()
}

#[test]
fn the_plug_in_loads_and_looks_for_nothing_the_desk_has_not() {
    let mut link = hooked(Options::default());
    add(&mut link, 1.0, "a");
    link.settle();
    link.batch(vec![Event::new(5, "b").add()]);
    let strange: Vec<String> = link.desk.looked_for();
    assert!(strange.iter().all(|name| ["TracklightDesk", "TL", "EZ"].contains(&name.as_str())), "{strange:?}");
    let errors: Vec<_> = link.desk.log().into_iter().filter(|line| format!("{:?}", line.kind) == "Error").collect();
    assert!(errors.is_empty(), "{errors:?}");
}

/// proves: D5
#[test]
fn a_drag_is_few_messages_and_ends_at_the_right_place() {
    let mut link = hooked(Options::default());
    add(&mut link, 1.0, "a");
    add(&mut link, 2.0, "b");
    link.settle();
    let before = notices(&link, "track.changed");
    let lasts = Duration::from_secs(4);
    link.desk.person(Act::Drag { track: "101.1.1".into(), event: 1, seconds: 9.0, steps: 200, lasts }).unwrap();
    link.run(4500);
    link.settle();
    let after = notices(&link, "track.changed") - before;
    assert!((2..=8).contains(&after), "{after} messages");
    assert_eq!(link.truth()[1].ticks, 9 * SECOND);
    assert_eq!(link.inbox.last().unwrap()["changes"]["deleted_count"], 0);
}

/// proves: D2
#[test]
fn hooking_twice_is_one_hook_and_two_full_answers() {
    let mut link = Link::new(Options::default());
    link.run(500);
    link.hello();
    add(&mut link, 1.0, "a");
    let first = link.hook();
    let hooks = link.desk.counts().hooks;
    let second = link.hook();
    assert_eq!(link.desk.counts().hooks, hooks);
    assert_eq!((first["resync"].clone(), second["resync"].clone()), (json!(false), json!(true)));
    for name in ["events", "epoch", "rev", "hash"] {
        assert_eq!(first[name], second[name], "{name}");
    }
    assert_eq!(first["events"][0]["name"], "a");
    // One change is told once, not twice.
    link.desk.person(change(1, "Name", "b")).unwrap();
    link.settle();
    assert_eq!(notices(&link, "track.changed"), 1);
    let gone = link.ask(&json!({ "f": "UnhookAll" }));
    assert_eq!(gone["units"], json!([]));
    assert_eq!(link.desk.counts().hooks, 0);
}

#[test]
fn a_batch_is_one_step_of_oops_and_oops_is_one_edit() {
    let mut link = hooked(Options::default());
    for n in 0..5 {
        add(&mut link, f64::from(n), &format!("e{n}"));
    }
    link.settle();
    let before = link.truth();
    let steps = link.desk.counts().undo;
    let ops = vec![
        Event {
            cue: "3".into(),
            token: "Goto".into(),
            note: "n".into(),
            cmd: "Off Page 1".into(),
            ..Event::new(77, "new")
        }
        .add(),
        json!({ "o": "set", "idx": 2, "ticks": (SECOND * 8 + 1).to_string() }),
        json!({ "o": "set", "idx": 4, "name": "other" }),
        json!({ "o": "del", "idx": 1 }),
    ];
    let answer = link.batch(ops);
    assert_eq!(answer["ok"], true, "{answer}");
    assert_eq!(answer["hash"].as_str().unwrap(), hash(&link.truth()));
    assert_eq!(link.mirror.events, link.truth());
    assert_eq!(link.desk.counts().undo, steps + 1);
    assert!(link.truth().iter().any(|event| event.cue == "3" && event.token == "Goto" && event.cmd == "Off Page 1"));
    let told = notices(&link, "track.changed");
    link.desk.person(Act::Oops).unwrap();
    link.settle();
    assert_eq!(notices(&link, "track.changed"), told + 1);
    assert_eq!(link.truth(), before);
}

#[test]
fn a_write_that_fails_in_silence_leaves_nothing_behind() {
    let mut whole = 0;
    for seed in 0..30 {
        let mut link = hooked(Options { seed, ..Options::default() });
        for n in 0..6 {
            add(&mut link, f64::from(n), &format!("e{n}"));
        }
        link.settle();
        let mut before = link.truth();
        let faults = Faults { silent_writes: 0.2, ..Faults::default() };
        link.desk.set_faults(faults);
        let ops = vec![
            Event { cue: "3".into(), token: "Goto".into(), ..Event::new(77, "new") }.add(),
            json!({ "o": "set", "idx": 2, "ticks": (SECOND * 8 + 1).to_string(), "name": "moved" }),
            json!({ "o": "del", "idx": 1 }),
            json!({ "o": "del", "idx": 6 }),
        ];
        let answer = link.batch(ops);
        link.desk.set_faults(Faults::default());
        let mut after = link.truth();
        if answer["ok"] == true {
            whole += 1;
            assert_eq!(after.len(), 5, "seed {seed}");
            assert!(
                after.contains(&Event { ticks: SECOND * 8 + 1, ..Event::new(0, "moved") }),
                "seed {seed}: {after:?}"
            );
            assert!(after.iter().any(|event| event.cue == "3" && event.ticks == 77), "seed {seed}: {after:?}");
        } else {
            before.sort();
            after.sort();
            // Putting back may meet a failure as well; then it is said.
            assert!(after == before || answer["restored"] == false, "seed {seed}: {answer}");
        }
        link.settle();
    }
    assert!((1..30).contains(&whole), "{whole} of 30 went through");
}

#[test]
fn locked_playing_and_recording_are_refused_with_their_reason() {
    let mut link = hooked(Options::default());
    for (act, free, word) in [
        (Act::Lock("101.1.1".into(), true), Act::Lock("101.1.1".into(), false), "locked"),
        (Act::Lock("101".into(), true), Act::Lock("101".into(), false), "locked"),
        (Act::Play("101".into()), Act::Stop("101".into()), "playing"),
        (Act::Record("101".into()), Act::Stop("101".into()), "recording"),
    ] {
        link.desk.person(act.clone()).unwrap();
        let answer = link.batch(vec![Event::new(5, "x").add()]);
        assert_eq!(kind(&answer), "batch.error", "{act:?}: {answer}");
        assert!(answer["message"].as_str().unwrap().contains(word), "{act:?}: {answer}");
        link.run(600);
        assert!(link.inbox.iter().any(|m| kind(m) == "desk.busy" && m["busy"] == word), "{act:?}");
        link.desk.person(free).unwrap();
        link.run(1500);
        assert_eq!(link.inbox.iter().rfind(|m| kind(m) == "desk.busy").unwrap()["busy"], "", "{act:?}");
    }
    assert!(link.truth().is_empty());
    assert_eq!(link.batch(vec![Event::new(5, "x").add()])["ok"], true);
}

fn epoch_of_last_hello(link: &Link) -> String {
    let hello = link.inbox.iter().rfind(|m| kind(m) == "connection.hello").unwrap();
    hello["epoch"].as_str().unwrap().to_owned()
}

#[test]
fn a_reload_and_a_restart_are_told_at_once_and_lineage_goes_on() {
    for restart in [false, true] {
        let mut link = hooked(Options::default());
        add(&mut link, 1.0, "a");
        link.settle();
        link.batch(vec![Event::new(5, "ours").add()]);
        let agreed = hash(&link.mirror.events);
        link.desk.person(Act::Save(String::new())).unwrap();
        let epoch = link.epoch.clone();
        match restart {
            true => link.desk.person(Act::Restart).unwrap(),
            false => link.desk.person(Act::Reload).unwrap(),
        }
        link.run(1500);
        assert_ne!(epoch_of_last_hello(&link), epoch, "restart {restart}");
        link.hello();
        let answer = link.hook();
        assert_eq!(answer["resync"], false);
        let lineage = answer["lineage"].as_array().unwrap();
        assert!(
            lineage.iter().any(|entry| entry["hash"] == agreed.as_str() && entry["by"] == "Tracklight"),
            "{answer}"
        );
        assert_eq!(lineage.last().unwrap()["hash"], answer["hash"]);
        add(&mut link, 3.0, "b");
        link.settle();
        let hooks = link.desk.counts().hooks;
        assert!(hooks <= 4, "{hooks} hooks");
    }
}

#[test]
fn another_show_has_another_token_and_an_older_one_an_older_lineage() {
    for home in [VarsHome::Show, VarsHome::Station] {
        let mut link = hooked(Options { plugin_vars: home, ..Options::default() });
        let first = link.hello()["show"].clone();
        add(&mut link, 1.0, "a");
        link.settle();
        link.desk.person(Act::Save(String::new())).unwrap();
        link.batch(vec![Event::new(5, "after the save").add()]);
        let agreed = hash(&link.mirror.events);
        link.desk.person(Act::Load(OTHER.into())).unwrap();
        link.run(1000);
        // That show has no plug-in: it says so, and is put in.
        link.hello();
        let refused = link.ask(&unit(1, json!({ "f": "HookCmdSubTrack" })));
        assert_eq!(refused["code"], "refused", "{refused}");
        let files: Vec<(&str, &str)> = components().collect();
        link.desk.install(&files).unwrap();
        link.run(500);
        let other = link.hello();
        assert_ne!(other["show"], first, "{home:?}");
        let answer = link.hook();
        let known = |answer: &Value| answer["lineage"].as_array().unwrap().iter().any(|e| e["hash"] == agreed.as_str());
        assert!(!known(&answer), "{home:?}");
        link.desk.person(Act::Load(DEMO.into())).unwrap();
        link.run(1000);
        assert_eq!(link.hello()["show"], first, "{home:?}");
        let answer = link.hook();
        assert_eq!(answer["event_count"], 1);
        if home == VarsHome::Show {
            assert!(!known(&answer), "an older show knows what came after it");
        }
    }
}

#[test]
fn an_edit_in_the_moment_of_a_save_is_dirty_after_the_load() {
    let mut link = hooked(Options::default());
    add(&mut link, 1.0, "a");
    link.settle();
    add(&mut link, 2.0, "b");
    link.run(10);
    link.desk.person(Act::Save(String::new())).unwrap();
    link.desk.person(Act::Restart).unwrap();
    link.run(1500);
    link.hello();
    let answer = link.hook();
    assert_eq!(answer["event_count"], 2);
    assert_eq!(answer["dirty"], true);
    assert_eq!(answer["lineage"].as_array().unwrap().last().unwrap()["hash"], answer["hash"]);
}

fn every_option() -> Vec<(&'static str, Options)> {
    let usual = Options::default;
    let writes = Writes::default;
    vec![
        ("hooks inside", Options { hooks: HookMoment::Inside, ..usual() }),
        ("hooks broadcast", Options { hooks_broadcast: true, ..usual() }),
        ("hooks strong, by kind", Options { hooks_weak: false, levels: Levels::ByKind, ..usual() }),
        ("timers cut", Options { timers: TimerDelay::CutToSeconds, ..usual() }),
        ("timers up", Options { timers: TimerDelay::UpToSeconds, ..usual() }),
        ("times in seconds", Options { times: TimeForm::Seconds, ..usual() }),
        ("times as text", Options { times: TimeForm::Text, ..usual() }),
        ("enums as numbers", Options { enums_as_numbers: true, ..usual() }),
        ("numbers as text", Options { numbers_as_text: true, ..usual() }),
        ("undo own step", Options { set_undo: SetUndo::OwnStep, ..usual() }),
        ("undo never", Options { set_undo: SetUndo::Never, ..usual() }),
        ("vars on the station", Options { plugin_vars: VarsHome::Station, ..usual() }),
        ("no bind", Options { udp_bind: false, ..usual() }),
        ("cleanup on reload", Options { cleanup_on_reload: true, ..usual() }),
        ("no raw time", Options { writes: Writes { raw_time: false, ..writes() }, ..usual() }),
        ("only seconds", Options { writes: Writes { raw_time: false, time_ticks: false, ..writes() }, ..usual() }),
        ("slow frames", Options { frame: Duration::from_millis(33), ..usual() }),
    ]
}

#[test]
fn any_kind_of_desk_is_read_and_written() {
    for (name, options) in every_option() {
        let seconds_only = !options.writes.time_ticks;
        let mut link = hooked(options);
        add(&mut link, 1.0, "a");
        link.settle();
        let event = Event { cue: "3".into(), token: "Goto".into(), ..Event::new(7 * SECOND + 4321, "new") };
        let answer = link.batch(vec![event.add(), json!({ "o": "set", "idx": 1, "name": "b" })]);
        assert_eq!(answer["ok"], true, "{name}: {answer}");
        assert_eq!(link.mirror.events, link.truth(), "{name}");
        let there = link.truth();
        if !seconds_only {
            assert!(there.contains(&event), "{name}: {there:?}");
        }
        assert!(there.iter().any(|event| event.name == "b"), "{name}: {there:?}");
        link.desk.person(change(1, "Note", "by hand")).unwrap();
        link.settle();
        assert!(link.desk.tracks().iter().all(|track| track.song != "Tracklight probe"), "{name}");
    }
}

#[test]
fn what_the_desk_cannot_do_is_said_in_hello() {
    let caps = |options: Options| {
        let mut link = Link::new(options);
        link.run(500);
        link.hello()["caps"].clone()
    };
    let usual = caps(Options::default());
    assert_eq!(usual["ticks"], "RawTime");
    assert_eq!(usual["timer"], "sub-second");
    assert_eq!(usual["inbound"], "yes");
    assert_eq!(usual["token"], "Token");
    let poor = caps(Options {
        timers: TimerDelay::UpToSeconds,
        udp_bind: false,
        quantise: Quantise::Always,
        writes: Writes {
            raw_time: false,
            token: false,
            cue: false,
            command: false,
            execute: false,
            ..Writes::default()
        },
        ..Options::default()
    });
    assert_eq!(poor["ticks"], "Time ticks quantised");
    for name in ["token", "cue", "cmd", "execute"] {
        assert_eq!(poor[name], "no", "{name}: {poor}");
    }
}

#[test]
fn names_from_hell_arrive_and_nothing_breaks_out() {
    let mut link = hooked(Options::default());
    let long = "x\u{1f600}".repeat(100);
    let names = [
        "\"",
        "'",
        "\\",
        "a|b,c",
        "100%",
        "%s%n%d",
        "$name",
        "') os.exit() --",
        "\u{1f3b5}\u{202e}",
        "]]",
        "<&>",
        long.as_str(),
    ];
    let ops = names.iter().enumerate().map(|(n, name)| {
        Event { note: format!("{name}\nsecond line"), cmd: (*name).into(), ..Event::new(n as i64 * SECOND, name) }.add()
    });
    let answer = link.batch(ops.collect());
    assert_eq!(answer["ok"], true, "{answer}");
    let there: Vec<String> = link.truth().into_iter().map(|event| event.name).collect();
    assert_eq!(there, names);
    assert_eq!(link.mirror.events, link.truth());
    let made = link.ask(
        &json!({ "f": "CreateTrack", "tc": 101, "tg": 1, "name": names.join(""), "sequence": 201, "note": "tl:1" }),
    );
    assert_eq!(kind(&made), "track.created", "{made}");
    assert_eq!(made["name"], names.join(""));
}

fn bad_network() -> Faults {
    let path = Path {
        loss: 0.3,
        double: 0.1,
        reorder: 0.25,
        delay: Duration::from_millis(5),
        jitter: Duration::from_millis(20),
        cut: false,
    };
    Faults { inbound: path, outbound: path, ..Faults::default() }
}

#[test]
fn a_big_batch_and_a_big_track_arrive_whole_through_a_bad_network() {
    for seed in 0..3 {
        let mut link = hooked(Options { seed, ..Options::default() });
        link.desk.set_faults(bad_network());
        let events: Vec<Event> = (0..400).map(|n| Event::new(n * 1000, &format!("e{n}"))).collect();
        let answer = link.batch(events.iter().map(Event::add).collect());
        assert_eq!(answer["ok"], true, "{answer}");
        assert_eq!(answer["results"].as_array().unwrap().len(), 400);
        assert_eq!(link.truth(), events);
        assert_eq!(link.mirror.events, events);
    }
}

#[test]
fn edits_on_both_sides_are_never_lost_or_doubled() {
    for seed in 0..40_u64 {
        let kinds = every_option();
        let (_, options) = kinds[seed as usize % kinds.len()].clone();
        let mut link = hooked(Options { seed, ..options });
        if seed % 2 == 1 {
            link.desk.set_faults(bad_network());
        }
        let mut chance = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut random = |n: u64| {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            chance % n
        };
        let (mut made, mut gone) = (0_usize, 0_usize);
        for round in 0..25 {
            let count = link.truth().len();
            match random(6) {
                0 | 1 => {
                    add(&mut link, random(50) as f64 / 4.0, &format!("hand{round}"));
                    made += 1;
                }
                2 if count > 0 => {
                    let event = random(count as u64) as usize + 1;
                    link.desk
                        .person(Act::Move { track: "101.1.1".into(), event, seconds: random(60) as f64 / 4.0 })
                        .unwrap();
                }
                3 if count > 0 => {
                    link.desk
                        .person(Act::Delete { track: "101.1.1".into(), event: random(count as u64) as usize + 1 })
                        .unwrap();
                    gone += 1;
                }
                4 if count > 0 => {
                    let event = random(count as u64) as usize + 1;
                    link.desk.person(change(event, "Name", &format!("renamed{round}"))).unwrap();
                }
                _ => {}
            }
            link.run(random(400));
            if random(3) == 0 {
                let seen = link.mirror.events.len() as u64;
                let mut ops = vec![Event::new(random(100) as i64 * 1_000_000, &format!("ours{round}")).add()];
                let mut less = 0;
                if seen > 2 {
                    ops.push(json!({ "o": "del", "idx": random(seen - 1) + 1 }));
                    ops.push(json!({ "o": "set", "idx": seen, "ticks": (random(100) * 1_000_000).to_string() }));
                    less = 1;
                }
                let answer = link.batch(ops);
                match kind(&answer).as_str() {
                    "batch.ack" => {
                        assert_eq!(answer["ok"], true, "seed {seed}: {answer}");
                        made += 1;
                        gone += less;
                    }
                    _ => assert_eq!(answer["code"], "stale", "seed {seed}: {answer}"),
                }
            }
        }
        link.desk.set_faults(Faults::default());
        link.settle();
        assert_eq!(link.truth().len(), made - gone, "seed {seed}");
        assert_eq!(link.mirror.events, link.truth(), "seed {seed}");
    }
}

#[test]
fn tracks_that_move_are_followed_and_those_that_go_are_told() {
    let mut link = hooked(Options::default());
    add(&mut link, 1.0, "a");
    link.settle();
    link.desk.person(Act::Reorder { track: "101.1.1".into(), to: 2 }).unwrap();
    link.run(1200);
    let moved = link.inbox.iter().find(|m| kind(m) == "track.moved").expect("track.moved");
    assert_eq!(moved["was"]["track"], 1);
    assert_eq!(moved["track"], 2);
    link.desk.person(Act::Rename { at: "101.1.2".into(), name: "it's \"new\" 100%".into() }).unwrap();
    link.run(1200);
    assert!(link.inbox.iter().any(|m| kind(m) == "track.renamed" && m["name"] == "it's \"new\" 100%"));
    link.desk.person(Act::DeleteAt("101.1.2".into())).unwrap();
    link.run(600);
    assert!(link.inbox.iter().any(|m| kind(m) == "subtrack.gone" && m["reason"] == "deleted"));
    let ping = link.ask(&json!({ "f": "Ping", "t": 1 }));
    assert_eq!(ping["digest"], json!([]));
}

#[test]
fn what_a_mapping_needs_is_made_in_one_step_of_oops() {
    let mut link = hooked(Options::default());
    let steps = link.desk.counts().undo;
    let made =
        link.ask(&json!({ "f": "CreateTrack", "tc": 110, "tg": 1, "name": "new", "sequence": 201, "note": "tl:1" }));
    assert_eq!(kind(&made), "track.created", "{made}");
    assert_eq!(link.desk.counts().undo, steps + 1);
    let again =
        link.ask(&json!({ "f": "CreateTrack", "tc": 110, "tg": 1, "name": "new", "sequence": 201, "note": "tl:1" }));
    assert_eq!((again["created"].clone(), again["guid"].clone()), (json!(false), made["guid"].clone()));
    let cues = json!({ "f": "CreateCues", "sequence": 201, "cues": [{ "cue": "3", "name": "no" }, { "cue": "3.5", "name": "half" }] });
    let answer = link.ask(&cues);
    assert_eq!(kind(&answer), "cues.created", "{answer}");
    assert_eq!(answer["items"], json!([{ "cue": "3.5", "name": "half" }]));
    let list = link.ask(&json!({ "f": "GetSequences", "sequence": 201 }));
    assert_eq!(list["items"].as_array().unwrap().len(), 11);
    assert_ne!(list["items"][2]["name"], "no");
    let bad = link.ask(&unit(
        1,
        json!({ "f": "Batch", "base": hash(&[]), "label": "", "ops": [
        Event { cue: "77".into(), ..Event::new(1, "x") }.add()] }),
    ));
    assert_eq!(bad["results"][0]["code"], "no_cue", "{bad}");
}

#[test]
fn a_probe_leaves_nothing_and_is_one_step() {
    let mut link = Link::new(Options::default());
    let (objects, steps) = (link.desk.counts().objects, link.desk.counts().undo);
    link.run(500);
    link.hello();
    assert_eq!(link.desk.tracks().len(), 2);
    assert!(link.desk.counts().undo <= steps + 1);
    let after = link.desk.counts().objects;
    // Another life of the same version does not ask again.
    link.desk.person(Act::Save(String::new())).unwrap();
    link.desk.person(Act::Restart).unwrap();
    link.run(1500);
    link.hello();
    assert!(link.desk.counts().undo <= steps);
    assert!(after <= objects + 4, "{objects} {after}");
}

#[test]
fn ticks_survive_bit_for_bit_and_other_ranges_and_faders_are_never_touched() {
    let mut link = hooked(Options::default());
    // A second range that starts elsewhere, each with a fader sub-track before its command sub-track.
    let made = link.desk.lua(
        "local track = DataPool().Timecodes[101][1][2] \
         local first = track:Children()[1] first:Append('FaderSubTrack') \
         local range = track:Append('TimeRange') range:Set('Start', 1000 * 16777216) \
         range:Append('FaderSubTrack') range:Append('CmdSubTrack') return #track",
    );
    assert_eq!(made.as_deref(), Ok("2"));
    let mut chance = 88_172_645_463_325_252_u64;
    let limit = (255 * 3600 + 59 * 60 + 58) * SECOND;
    let mut random = || {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        (chance % limit as u64) as i64
    };
    let mut events: Vec<Event> = (0..200).map(|n| Event::new(random(), &format!("e{n}"))).collect();
    events.push(Event::new(limit, "last"));
    events.push(Event::new(0, "first"));
    let answer = link.batch(events.iter().map(Event::add).collect());
    assert_eq!(answer["ok"], true, "{answer}");
    events.sort_by_key(|event| event.ticks);
    assert_eq!(link.mirror.events, events);
    assert_eq!(link.truth(), events);
    // The second range is another unit, with its own start.
    let second = |fields: Value| {
        let mut fields = unit(1, fields);
        fields["range"] = 2.into();
        fields
    };
    let empty = link.desk.events_in(101, 1, 1, 2, 1);
    assert!(empty.is_empty());
    link.mirror = super::link::Mirror::default();
    let base = hash(&[]);
    let batch = second(json!({ "f": "Batch", "base": base, "label": "", "ops": [Event::new(5, "other").add()] }));
    let answer = link.ask(&batch);
    assert_eq!(answer["ok"], true, "{answer}");
    assert_eq!(answer["results"][0]["event"]["ticks"], "5");
    assert_eq!(answer["results"][0]["event"]["abs"], (1000 * SECOND + 5).to_string());
    assert_eq!(link.desk.events_in(101, 1, 1, 2, 1).len(), 1);
    assert_eq!(link.truth(), events);
    let hooked = link.ask(&unit(1, json!({ "f": "HookCmdSubTrack" })));
    assert_eq!(
        (hooked["ranges"].as_u64(), hooked["faders"].as_u64(), hooked["subs"].as_u64()),
        (Some(2), Some(1), Some(1))
    );
}

#[test]
fn big_tracks_are_read_and_written_in_good_time() {
    let mut link = hooked(Options::default());
    let events: Vec<Event> = (0..5000).map(|n| Event::new(n * 1000, &format!("e{n}"))).collect();
    let began = link.now;
    let answer = link.batch(events.iter().map(Event::add).collect());
    assert_eq!(answer["ok"], true);
    assert_eq!(link.mirror.events, events);
    // Virtual time: what goes over the wire and the turns in between, with parts sent all at once.
    let took = link.now - began;
    assert!(took < Duration::from_secs(10), "{took:?}");
    let before = link.datagrams;
    link.desk.person(change(2500, "Name", "other")).unwrap();
    link.settle();
    assert!(link.datagrams - before <= 2, "{} datagrams", link.datagrams - before);
}

#[test]
fn two_stations_of_a_session_leave_each_other_alone() {
    let mut link = hooked(Options::default());
    let mut other = link.desk.join(Options { master: false, ..Options::default() });
    let files: Vec<(&str, &str)> = components().collect();
    other.install(&files).unwrap();
    link.desk.install(&files).unwrap();
    link.run(500);
    link.hello();
    link.hook();
    let epoch = link.epoch.clone();
    for _ in 0..20 {
        link.run(100);
        other.tick(link.now);
    }
    add(&mut link, 1.0, "a");
    link.settle();
    assert_eq!(link.epoch, epoch);
    assert_eq!(link.batch(vec![Event::new(5, "b").add()])["ok"], true);
}
