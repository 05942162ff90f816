//! A client as small as a test needs, and the pocket desk it talks to: requests with repeats, parts, and a mirror of one
//! unit that is kept by deltas and checked by hash, as `docs/desk-protocol.md` says.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use serde_json::{Value, json};

use super::super::super::pocket::{Desk, EventView, Options};
use super::super::components;

pub const SECOND: i64 = 16_777_216;

/// A pocket desk with the shipped plug-in on it.
pub fn desk(options: Options) -> Desk {
    let mut desk = Desk::new(options);
    let files: Vec<(&str, &str)> = components().collect();
    desk.install(&files).unwrap();
    desk
}

fn padded(text: &[u8]) -> Vec<u8> {
    let mut out = text.to_vec();
    out.extend(std::iter::repeat_n(0, 4 - text.len() % 4));
    out
}

fn osc(address: &str, text: &str) -> Vec<u8> {
    [padded(address.as_bytes()), padded(b",s"), padded(text.as_bytes())].concat()
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= three.len() { letter as char } else { '=' });
        }
    }
    out
}

/// One event as it goes over the wire, without its place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    pub ticks: i64,
    pub token: String,
    pub cue: String,
    pub cmd: String,
    pub name: String,
    pub note: String,
}

impl Event {
    pub fn new(ticks: i64, name: &str) -> Self {
        let text = String::new;
        Self { ticks, token: "Go+".into(), cue: text(), cmd: text(), name: name.into(), note: text() }
    }

    fn of(value: &Value) -> Self {
        let text = |name: &str| value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}")).to_owned();
        Self {
            ticks: text("ticks").parse().unwrap(),
            token: text("token"),
            cue: text("cue"),
            cmd: text("cmd"),
            name: text("name"),
            note: text("note"),
        }
    }

    pub fn add(&self) -> Value {
        json!({ "o": "add", "ticks": self.ticks.to_string(), "token": self.token, "cue": self.cue, "cmd": self.cmd,
                "name": self.name, "note": self.note })
    }
}

/// The hash of a unit, as the protocol has it.
pub fn hash(events: &[Event]) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut take = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    };
    for event in events {
        take(format!("1,1,{},", event.ticks).as_bytes());
        for text in [&event.token, &event.cue, &event.cmd, &event.name, &event.note] {
            take(format!("{}:{text},", text.len()).as_bytes());
        }
        take(b"\n");
    }
    format!("{hash:016x}")
}

/// What a client believes a unit to be.
#[derive(Default, Debug)]
pub struct Mirror {
    pub rev: i64,
    pub events: Vec<Event>,
    /// A delta that did not fit what was there: a snapshot is needed.
    pub gap: bool,
}

impl Mirror {
    fn whole(&mut self, message: &Value) {
        self.events = message["events"].as_array().unwrap().iter().map(Event::of).collect();
        self.rev = message["rev"].as_i64().unwrap();
        self.gap = false;
        assert_eq!(hash(&self.events), message["hash"].as_str().unwrap(), "{message}");
    }

    /// Whether the notice may be acknowledged.
    fn changed(&mut self, message: &Value) -> bool {
        let rev = message["rev"].as_i64().unwrap();
        if rev <= self.rev {
            return true;
        }
        if message["events"].is_array() {
            self.whole(message);
            return true;
        }
        if message["rev_from"].as_i64() != Some(self.rev) {
            self.gap = true;
            return false;
        }
        let list = |name: &str| message[name].as_array().unwrap().clone();
        let number = |value: &Value| value.as_u64().unwrap() as usize;
        let mut left: Vec<Option<Event>> = self.events.drain(..).map(Some).collect();
        let mut placed = BTreeMap::new();
        for was in list("deleted") {
            left[number(&was) - 1] = None;
        }
        for pair in list("moved") {
            placed.insert(number(&pair[1]), left[number(&pair[0]) - 1].take().unwrap());
        }
        for event in list("retimed").iter().chain(&list("changed")) {
            left[number(&event["was"]) - 1] = None;
            placed.insert(number(&event["idx"]), Event::of(event));
        }
        for event in list("added") {
            placed.insert(number(&event["idx"]), Event::of(&event));
        }
        let mut rest = left.into_iter().flatten();
        let count = placed.len() + rest.clone().count();
        let next = |at: usize| placed.remove(&at).or_else(|| rest.next());
        self.events = (1..=count).map_while(next).collect();
        self.rev = rev;
        assert_eq!(hash(&self.events), message["hash"].as_str().unwrap(), "{message}");
        true
    }
}

/// A message that is not whole yet, or was.
#[derive(Default)]
struct Parts {
    have: BTreeMap<u64, Value>,
    asked: Duration,
    done: bool,
}

pub struct Link {
    pub desk: Desk,
    pub now: Duration,
    pub client: String,
    pub epoch: String,
    pub mirror: Mirror,
    /// Whole messages that came, oldest first.
    pub inbox: Vec<Value>,
    pub datagrams: usize,
    req: u64,
    parts: BTreeMap<(String, u64), Parts>,
}

impl Link {
    pub fn new(options: Options) -> Self {
        Self::with(desk(options))
    }

    pub fn with(desk: Desk) -> Self {
        Self {
            desk,
            now: Duration::ZERO,
            client: "00000000000000aa".into(),
            epoch: String::new(),
            mirror: Mirror::default(),
            inbox: vec![],
            datagrams: 0,
            req: 0,
            parts: BTreeMap::new(),
        }
    }

    /// Let so many milliseconds pass.
    pub fn run(&mut self, ms: u64) {
        for _ in 0..ms.div_ceil(5) {
            self.now += Duration::from_millis(5);
            self.desk.tick(self.now);
            for datagram in self.desk.take_outgoing() {
                if datagram.to.port() == 9000 {
                    self.heard(&datagram.bytes);
                } else if self.desk.ports().contains(&datagram.to.port()) {
                    self.desk.udp(
                        datagram.to.port(),
                        &datagram.bytes,
                        SocketAddrV4::new(Ipv4Addr::LOCALHOST, datagram.from_port),
                    );
                }
            }
            self.ask_for_missing();
        }
    }

    fn heard(&mut self, bytes: &[u8]) {
        self.datagrams += 1;
        let head = [padded(b"/tracklight/desk"), padded(b",s")].concat();
        let text = bytes.strip_prefix(&head[..]).expect("the address");
        let text = &text[..text.iter().position(|byte| *byte == 0).unwrap()];
        let message: Value = serde_json::from_slice(text).unwrap();
        let items: usize = message.as_object().unwrap().values().filter_map(Value::as_array).map(Vec::len).sum();
        assert!(text.len() <= 1200 || items == 1, "{} bytes: {message}", text.len());
        assert_eq!(message["v"], 1);
        if message["to"] != self.client.as_str() {
            return;
        }
        let key = (message["epoch"].as_str().unwrap().to_owned(), message["seq"].as_u64().unwrap());
        let count = message["parts"].as_u64().unwrap_or(1);
        let now = self.now;
        let known = self.parts.entry(key).or_default();
        if known.done {
            let message = message.clone();
            if message["type"] == "track" && message["change"] == "changed" {
                self.acknowledge(&message);
            }
            return;
        }
        known.asked = now;
        known.have.insert(message["part"].as_u64().unwrap_or(1), message);
        if known.have.len() as u64 == count {
            known.done = true;
            let mut parts = std::mem::take(&mut known.have).into_values();
            let mut whole = parts.next().unwrap();
            for part in parts {
                for (name, value) in part.as_object().unwrap() {
                    if let (Value::Array(more), Some(Value::Array(items))) = (value, whole.get_mut(name)) {
                        items.extend(more.iter().cloned());
                    } else if value.is_array() {
                        whole[name] = value.clone();
                    }
                }
            }
            self.took(whole);
        }
    }

    fn ask_for_missing(&mut self) {
        let now = self.now;
        let mut wishes = vec![];
        for ((epoch, seq), parts) in &mut self.parts {
            if parts.done || *epoch != self.epoch || now < parts.asked + Duration::from_millis(100) {
                continue;
            }
            parts.asked = now;
            let count = parts.have.values().next().unwrap()["parts"].as_u64().unwrap();
            let missing: Vec<u64> = (1..=count).filter(|part| !parts.have.contains_key(part)).collect();
            wishes.push(json!({ "f": "GetParts", "of": seq, "missing": missing }));
        }
        for wish in wishes {
            self.send(&wish);
        }
    }

    fn took(&mut self, message: Value) {
        let kind = kind(&message);
        if kind == "connection.hello" {
            let epoch = message["epoch"].as_str().unwrap().to_owned();
            if epoch != self.epoch {
                self.mirror = Mirror::default();
                self.epoch = epoch;
            }
        }
        if message["epoch"] == self.epoch.as_str() {
            match kind.as_str() {
                "track.changed" if self.mirror.changed(&message) => self.acknowledge(&message),
                "subtrack.hooked" | "subtrack.events" if message["rev"].as_i64().unwrap() >= self.mirror.rev => {
                    self.mirror.whole(&message);
                }
                _ => {}
            }
        }
        self.inbox.push(message);
    }

    fn acknowledge(&mut self, message: &Value) {
        if message["rev"].as_i64() <= Some(self.mirror.rev) {
            let mut ack = unit(message["track"].as_i64().unwrap(), json!({ "f": "Ack" }));
            ack["rev"] = message["rev"].clone();
            self.send(&ack);
        }
    }

    /// Send a request once; its number.
    pub fn send(&mut self, fields: &Value) -> u64 {
        self.req += 1;
        self.send_as(self.req, fields);
        self.req
    }

    /// Send a request, or send it again.
    pub fn send_as(&mut self, req: u64, fields: &Value) {
        let text = fields.to_string().into_bytes();
        let pieces: Vec<&[u8]> = text.chunks(640).collect();
        for (at, piece) in pieces.iter().enumerate() {
            let head = format!("{} {req} {} {} ", self.client, at + 1, pieces.len());
            let line = format!("Lua \"TL.R('{}')\"", base64(&[head.as_bytes(), piece].concat()));
            assert!(line.len() < 1000);
            self.desk.osc(&osc("/cmd", &line), SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9000));
        }
    }

    /// Ask until it is answered, as the link does; the answer.
    pub fn ask(&mut self, fields: &Value) -> Value {
        let req = self.send(fields);
        let mut wait = 150;
        for _ in 0..200 {
            let seen = self.inbox.len();
            let end = self.now + Duration::from_millis(wait);
            while self.now < end {
                self.run(5);
                if let Some(answer) = self.inbox[seen..].iter().find(|m| m["req"] == req && kind(m) != "request.part") {
                    return answer.clone();
                }
            }
            let coming = self.parts.values().any(|parts| !parts.done && parts.have.values().any(|m| m["req"] == req));
            if !coming {
                self.send_as(req, fields);
            }
            wait = (wait * 3 / 2).min(500);
        }
        let said = "return TracklightDesk and table.concat(TracklightDesk.problems, '; ')";
        let problems = self.desk.lua(said);
        let log: Vec<String> =
            self.desk.log().into_iter().map(|line| line.text).filter(|text| !text.contains("TL.R(")).collect();
        panic!("no answer to {fields}; problems: {problems:?}; log: {log:#?}");
    }

    pub fn hello(&mut self) -> Value {
        let hello = json!({ "f": "Hello", "ip": "127.0.0.1", "port": 9000, "name": "Tracklight", "token": "t" });
        let answer = self.ask(&hello);
        assert_eq!(kind(&answer), "connection.hello", "{answer}");
        answer
    }

    pub fn hook(&mut self) -> Value {
        let answer = self.ask(&unit(1, json!({ "f": "HookCmdSubTrack" })));
        assert_eq!(kind(&answer), "subtrack.hooked", "{answer}");
        answer
    }

    /// A batch on what the mirror has; the answer. What was written is taken over by reading again.
    pub fn batch(&mut self, ops: Vec<Value>) -> Value {
        let base = hash(&self.mirror.events);
        let answer = self.ask(&unit(1, json!({ "f": "Batch", "base": base, "label": "test", "ops": ops })));
        let read = self.ask(&unit(1, json!({ "f": "GetEvents" })));
        assert_eq!(kind(&read), "subtrack.events", "{read}");
        answer
    }

    /// What really is on the desk.
    pub fn truth(&self) -> Vec<Event> {
        self.desk.events(101, 1, 1).iter().map(view).collect()
    }

    /// Let it settle and compare.
    pub fn settle(&mut self) {
        for _ in 0..40 {
            self.run(100);
            if self.mirror.gap {
                self.hook();
            }
            if self.mirror.events == self.truth() {
                return;
            }
        }
        panic!("the mirror has\n{:#?}\nand the desk\n{:#?}", self.mirror.events, self.truth());
    }
}

fn view(event: &EventView) -> Event {
    Event {
        ticks: event.ticks,
        token: event.token.clone(),
        cue: event.cue.clone(),
        cmd: event.cmd.clone(),
        name: event.name.clone(),
        note: event.note.clone(),
    }
}

/// `type.change` of a message.
pub fn kind(message: &Value) -> String {
    format!("{}.{}", message["type"].as_str().unwrap_or_default(), message["change"].as_str().unwrap_or_default())
}

/// A request about a unit of the demo show.
pub fn unit(track: i64, mut fields: Value) -> Value {
    for (name, value) in [("tc", 101), ("tg", 1), ("track", track), ("range", 1), ("sub", 1)] {
        fields[name] = value.into();
    }
    fields
}
