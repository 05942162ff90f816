//! Requests as commands and back, names from hell, and what a message must have.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::fragment::{COMMAND_MAX, Fragment, Way, count, datagram};
use super::message::{Part, join};
use super::*;
use crate::osc::codec;

/// Names that broke others.
const HELL: &[&str] = &[
    "",
    " ",
    "'",
    "\"",
    "Lua \"Cmd('Off Page Thru')\"",
    "') Cmd('Delete Sequence Thru /nc') --",
    "]]; os.exit() --[[",
    "a|b,c;d:e",
    "%s%n%d %%",
    "$USER $(reboot) `x`",
    "\\\\server\\share\\",
    "\\\" \\' \\n",
    "new\nline\r\ttab",
    "bell\u{7} null\u{0}end",
    "\u{feff}\u{202e}right to left",
    "🎛️👩‍🎤 Ünïcødé 照明",
    "<b>&amp;</b>",
    "{\"f\":\"Bye\"}",
];

fn text() -> impl Strategy<Value = Arc<str>> {
    let hell = prop::sample::select(HELL).prop_map(Arc::from);
    prop_oneof![hell, ".{0,60}".prop_map(Arc::from), "\\PC{200}".prop_map(Arc::from)]
}

fn event() -> impl Strategy<Value = DeskEvent> {
    let ticks = -crate::model::layer::TICKS_MAX..=crate::model::layer::TICKS_MAX;
    (ticks, text(), text(), text(), text(), text()).prop_map(|(ticks, token, cue, cmd, name, note)| DeskEvent {
        ticks,
        token,
        cue,
        cmd,
        name,
        note,
    })
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        event().prop_map(Op::Add),
        (1u32.., event(), event()).prop_map(|(idx, a, b)| Op::Set(idx, Change::between(&a, &b))),
        (1u32..).prop_map(Op::Del),
    ]
}

fn unit() -> impl Strategy<Value = Unit> {
    (1u32..9999, 1u32..99, 1u32..999, 1u32..9, 1u32..9).prop_map(|(tc, tg, t, r, s)| Unit::new(tc, tg, t, r, s))
}

fn request() -> impl Strategy<Value = Request> {
    let string = || text().prop_map(|t| t.to_string());
    let maybe = || prop::option::of(text().prop_map(|t| t.to_string()));
    let at = || unit().prop_map(|unit| unit.track_at());
    prop_oneof![
        (string(), any::<u16>(), string(), string()).prop_map(|(ip, port, name, token)| Request::Hello {
            ip,
            port,
            name,
            token
        }),
        maybe().prop_map(|t| Request::Ping { t }),
        prop::sample::select(vec![Request::Status, Request::Bye, Request::GetTimecodes, Request::UnhookAll]),
        (1u32..500, prop::option::of(1u32..1000)).prop_map(|(seconds, max)| Request::SetDebounceDelay {
            seconds: f64::from(seconds) / 100.0,
            max: max.map(|max| f64::from(max) / 100.0)
        }),
        (1u32..9999).prop_map(|tc| Request::GetTrackGroups { tc }),
        (1u32..9999, 1u32..99).prop_map(|(tc, tg)| Request::GetTracks { tc, tg }),
        prop::option::of(1u32..9999).prop_map(|sequence| Request::GetSequences { sequence }),
        (unit(), maybe()).prop_map(|(unit, guid)| Request::GetEvents { unit, guid }),
        (unit(), maybe()).prop_map(|(unit, guid)| Request::Hook { unit, guid }),
        at().prop_map(|at| Request::Unhook { at }),
        (any::<u64>(), prop::collection::vec(any::<u32>(), 0..200))
            .prop_map(|(of, missing)| Request::GetParts { of, missing }),
        (unit(), any::<u64>()).prop_map(|(unit, rev)| Request::Ack { unit, rev }),
        (unit(), maybe(), string(), string(), prop::collection::vec(op(), 0..30), any::<bool>())
            .prop_map(|(unit, guid, base, label, ops, take)| Request::Batch { unit, guid, base, label, ops, take }),
        (1u32..9999, prop::option::of(1u32..99), string(), 1u32..9999, maybe(), maybe()).prop_map(
            |(tc, tg, name, sequence, guid, note)| Request::CreateTrack { tc, tg, name, sequence, guid, note }
        ),
        (at(), 1u32..9999, maybe()).prop_map(|(at, sequence, guid)| Request::AssignTrackSequence {
            at,
            sequence,
            guid
        }),
        (at(), maybe()).prop_map(|(at, guid)| Request::PrepareTrackForEvents { at, guid }),
        (1u32..9999, prop::collection::vec((string(), string()), 0..20)).prop_map(|(sequence, cues)| {
            Request::CreateCues { sequence, cues: cues.into_iter().map(|(cue, name)| CueItem { cue, name }).collect() }
        }),
    ]
}

/// Every command of a request, its text checked: short enough, and nothing that could end the quotes.
fn commands(way: &Way, json: &str) -> Vec<Vec<u8>> {
    let all: Vec<Vec<u8>> = (1..=count(json)).map(|part| datagram(way, u64::MAX, u64::MAX, part, json)).collect();
    for bytes in &all {
        let osc = codec::decode(bytes).expect("one OSC message");
        let text = osc.text().expect("one text");
        if *way == Way::Inbound {
            assert_eq!(osc.address, "/tracklight/req");
            assert!(bytes.len() <= 1200, "{} bytes", bytes.len());
            continue;
        }
        assert!(text.len() < COMMAND_MAX, "a command of {} bytes is cut off", text.len());
        let inner = text.strip_prefix("Lua \"TL.R('").and_then(|rest| rest.strip_suffix("')\"")).expect("the frame");
        assert!(inner.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b)), "{inner}");
    }
    all
}

fn put_together(datagrams: &[Vec<u8>]) -> Request {
    let fragment =
        |bytes: &Vec<u8>| Fragment::read(codec::decode(bytes).expect("OSC").text().expect("text")).expect("a fragment");
    let mut fragments: Vec<Fragment> = datagrams.iter().map(fragment).collect();
    fragments.sort_by_key(|fragment| fragment.part);
    assert!(fragments.iter().all(|f| f.parts as usize == fragments.len() && f.client == u64::MAX && f.req == u64::MAX));
    let json: Vec<u8> = fragments.into_iter().flat_map(|fragment| fragment.piece).collect();
    Request::from_json(std::str::from_utf8(&json).expect("UTF-8")).expect("a request")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// proves: D17
    #[test]
    fn every_request_arrives_as_it_was_and_nothing_leaves_the_quotes(request in request()) {
        let json = request.to_json().expect("small enough");
        for way in [Way::Command(String::new()), Way::Command("gma3".into()), Way::Inbound] {
            let mut all = commands(&way, &json);
            all.reverse();
            prop_assert_eq!(&put_together(&all), &request);
        }
    }

    #[test]
    fn no_text_is_a_fragment_by_accident_and_none_is_fatal(text in "\\PC{0,200}") {
        if let Some(fragment) = Fragment::read(&text) {
            prop_assert!(fragment.part >= 1 && fragment.part <= fragment.parts);
        }
    }

    #[test]
    fn no_json_is_fatal(text in "[\\[\\]{}\",:0-9a-z]{0,200}") {
        if let Ok(part) = Part::read(&text) {
            let _ = join(vec![part]);
        }
    }
}

#[test]
fn names_from_hell_stay_what_they_are() {
    for name in HELL.iter().map(|name| (*name).to_owned()).chain(["x".repeat(200), "\"".repeat(200), "é".repeat(200)])
    {
        let request = Request::CreateTrack {
            tc: 1,
            tg: None,
            name: name.clone(),
            sequence: 1,
            guid: None,
            note: Some(name.clone()),
        };
        let json = request.to_json().expect("small");
        assert_eq!(put_together(&commands(&Way::Command("gma3".into()), &json)), request, "{name:?}");
    }
}

#[test]
fn what_is_too_big_is_refused_with_the_limit() {
    let batch = |ops: Vec<Op>| Request::Batch {
        unit: Unit::new(1, 1, 1, 1, 1),
        guid: None,
        base: String::new(),
        label: String::new(),
        ops,
        take: false,
    };
    let error = batch(vec![Op::Del(1); OPS_MAX + 1]).to_json().expect_err("too many");
    assert!(error.contains("20000") && error.contains("20001"), "{error}");
    let change = Change { note: Some("x".repeat(60_000).into()), ..Change::default() };
    let error = batch(vec![Op::Set(1, change); 100]).to_json().expect_err("too long");
    assert!(error.contains("Batch has"), "{error}");
    assert!(
        REQUEST_MAX.div_ceil(super::fragment::FRAGMENT) < super::fragment::FRAGMENTS_MAX,
        "the desk takes that many"
    );
}

fn event_of(idx: u32) -> Value {
    json!({"idx": idx, "ticks": "16777216", "abs": "33554432", "token": "Go+", "cue": "3.5", "cmd": "", "name": "", "note": ""})
}

fn hooked() -> Value {
    json!({"v": 1, "to": "00000000000000ff", "type": "subtrack", "change": "hooked", "epoch": "00000000000000e1", "seq": 4,
        "req": 9, "tc": 101, "tg": 1, "track": 2, "range": 1, "sub": 1, "guid": "AB", "rev": 3, "hash": "00000000000000aa",
        "event_count": 2, "events": [event_of(1), event_of(2)], "resync": false, "lineage": [{"hash": "aa", "by": "desk"}],
        "dirty": false, "busy": "", "offset": "0", "start": "16777216", "faders": 0, "ranges": 1, "subs": 1, "name": "BEAM",
        "note": "", "target": 5, "writer": ""})
}

fn read(value: &Value) -> Result<Message, String> {
    join(vec![Part::read(&value.to_string())?])
}

#[test]
fn a_message_is_read_once_and_whole() {
    let message = read(&hooked()).expect("good");
    assert_eq!((message.seq, message.req, message.rev), (4, Some(ReqId(9)), Some(3)));
    assert_eq!(message.unit, Some(Unit::new(101, 1, 2, 1, 1)));
    let Told::Hooked(content) = message.told else { panic!("{message:?}") };
    assert_eq!((content.events.len(), content.start, content.target), (2, 16_777_216, 5));
    assert_eq!((content.events[1].event.ticks, content.events[1].abs), (16_777_216, 33_554_432));
    let mut none = hooked();
    (none["event_count"], none["events"]) = (json!(0), json!([]));
    assert!(read(&none).is_ok(), "an empty unit is a content like any other");
}

#[test]
fn what_is_missing_or_out_of_range_is_named() {
    for field in [
        "v",
        "to",
        "type",
        "change",
        "epoch",
        "seq",
        "tc",
        "sub",
        "rev",
        "hash",
        "event_count",
        "events",
        "busy",
        "offset",
        "start",
        "lineage",
        "dirty",
        "resync",
        "target",
        "writer",
    ] {
        let mut without = hooked();
        without.as_object_mut().expect("an object").remove(field);
        let error = read(&without).expect_err(field);
        assert!(error.contains(field), "{field}: {error}");
    }
    for (field, value, says) in [
        ("v", json!(2), "protocol 2"),
        ("to", json!("xyz"), "`to`"),
        ("epoch", json!("e1"), "`epoch`"),
        ("hash", json!("zz"), "`hash`"),
        ("tc", json!(0), "from 1"),
        ("event_count", json!(3), "event_count is 3"),
        ("busy", json!("tired"), "tired"),
        ("start", json!("1e9"), "ticks"),
        ("start", json!("99999999999999999"), "512 hours"),
        ("start", json!(16), "string"),
        ("change", json!("eaten"), "subtrack.eaten"),
        ("part", json!(1), "go together"),
    ] {
        let mut wrong = hooked();
        wrong[field] = value;
        let error = read(&wrong).expect_err(says);
        assert!(error.contains(says), "{field}: {error}");
    }
    let mut parts = hooked();
    (parts["part"], parts["parts"]) = (json!(3), json!(2));
    assert!(read(&parts).expect_err("part 3 of 2").contains("part 3 of 2"));
    let mut jumbled = hooked();
    jumbled["events"][1]["idx"] = json!(1);
    assert!(read(&jumbled).expect_err("order").contains("event 2 of the list says idx 1"));
    for field in ["idx", "ticks", "abs", "token", "cue", "cmd", "name", "note"] {
        let mut without = hooked();
        without["events"][0].as_object_mut().expect("an object").remove(field);
        assert!(read(&without).expect_err(field).contains(field));
    }
}

#[test]
fn parts_are_joined_in_their_order() {
    let mut first = hooked();
    (first["part"], first["parts"], first["event_count"]) = (json!(1), json!(2), json!(3));
    let second = json!({"v": 1, "to": "00000000000000ff", "type": "subtrack", "change": "hooked", "epoch": "00000000000000e1",
        "seq": 4, "req": 9, "part": 2, "parts": 2, "events": [event_of(3)], "lineage": [{"hash": "bb", "by": "me"}]});
    let parts = [first, second].iter().map(|part| Part::read(&part.to_string()).expect("a part")).collect();
    let Told::Hooked(content) = join(parts).expect("good").told else { panic!("hooked") };
    assert_eq!((content.events.len(), content.lineage.len()), (3, 2));
}

#[test]
fn refusals_keep_what_they_say() {
    let error = json!({"v": 1, "to": "00000000000000ff", "type": "batch", "change": "error", "epoch": "00000000000000e1",
        "seq": 4, "req": 9, "code": "stale", "message": "another", "rev": 7, "hash": "00000000000000cc"});
    let Told::Error(told) = read(&error).expect("good").told else { panic!("an error") };
    assert_eq!((told.code, told.rev, told.hash.as_deref()), (ErrorCode::Stale, Some(7), Some("00000000000000cc")));
    assert!(ErrorCode::ALL.iter().all(|code| ErrorCode::of(code.name()) == *code));
    assert_eq!(ErrorCode::of("from the future"), ErrorCode::Other);
    let digest = json!({"v": 1, "to": "00000000000000ff", "type": "connection", "change": "ping", "epoch": "00000000000000e1",
        "seq": 4, "t": "17", "digest": [[101, 1, 2, 1, 1, 3, "00000000000000aa", "locked"], [101, 1, 3, 1, 1, 0, ""]]});
    let Told::Ping { digest, t } = read(&digest).expect("good").told else { panic!("a ping") };
    assert_eq!((digest[0].busy, digest[1].busy, t.as_deref()), (Some(Busy::Locked), None, Some("17")));
    assert_eq!(digest[0].unit, Unit::new(101, 1, 2, 1, 1));
}
