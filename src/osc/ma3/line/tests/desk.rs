//! A scripted desk in memory: answers as docs/desk-protocol.md says, and counts what it did. For tests of the line only; the
//! pocket desk runs the true plug-in.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use core::net::{Ipv4Addr, SocketAddrV4};

use serde_json::{Value, json};

use crate::osc::codec;
use crate::osc::ma3::protocol::fragment::Fragment;
use crate::osc::ma3::protocol::{Op, Request, Unit};

pub const IP: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
const LEASE: Duration = Duration::from_secs(10);
const MS: Duration = Duration::from_millis(1);

struct Kept {
    seq: u64,
    req: Option<u64>,
    parts: Vec<String>,
    sent_at: Duration,
}

pub struct Client {
    pub at: SocketAddrV4,
    seq: u64,
    lease: Duration,
    kept: VecDeque<Kept>,
}

#[derive(Default)]
struct Known {
    floor: u64,
    greeted: bool,
    /// Requests begun; true when they can be done again.
    done: HashMap<u64, bool>,
    partial: HashMap<u64, (BTreeMap<u32, Vec<u8>>, Duration)>,
}

pub struct Desk {
    pub epoch: u64,
    pub prefix: String,
    pub port: u16,
    pub inbound: u16,
    pub master: &'static str,
    pub answer_from: Ipv4Addr,
    pub installed: bool,
    pub clients: HashMap<u64, Client>,
    targets: HashMap<u64, SocketAddrV4>,
    known: HashMap<u64, Known>,
    /// What was done, by client and number.
    pub done: Vec<(u64, u64, Request)>,
    /// Datagrams to go, with their earliest time.
    out: VecDeque<(Duration, SocketAddrV4, Vec<u8>)>,
    /// Requests that take their time.
    pub work: Duration,
    burst: (Duration, u32),
    pub events: HashMap<Unit, Vec<Value>>,
    pub commands: u64,
    pub inbound_taken: u64,
}

impl Desk {
    pub fn new() -> Self {
        Self {
            epoch: 0xe0,
            prefix: String::new(),
            port: 8000,
            inbound: 0,
            master: "yes",
            answer_from: IP,
            installed: true,
            clients: HashMap::new(),
            targets: HashMap::new(),
            known: HashMap::new(),
            done: vec![],
            out: VecDeque::new(),
            work: Duration::ZERO,
            burst: (Duration::ZERO, 0),
            events: HashMap::new(),
            commands: 0,
            inbound_taken: 0,
        }
    }

    /// The plug-in loads again; everybody it knew is told, if it remembers.
    pub fn restart(&mut self, now: Duration, announce: bool) {
        self.epoch += 1;
        self.clients.clear();
        self.known.clear();
        self.out.clear();
        if !announce {
            self.targets.clear();
        }
        for (id, at) in self.targets.clone() {
            let mut head = self.head(id, 1, "connection.hello");
            head.extend(hello(self, ""));
            self.out.push_back((now, at, codec::encode_text("/tracklight/desk", &Value::Object(head).to_string())));
        }
    }

    fn head(&self, to: u64, seq: u64, kind: &str) -> serde_json::Map<String, Value> {
        let (kind, change) = kind.split_once('.').expect("a kind");
        let head = json!({"v": 1, "to": format!("{to:016x}"), "type": kind, "change": change,
            "epoch": format!("{:016x}", self.epoch), "seq": seq});
        head.as_object().expect("an object").clone()
    }

    /// A datagram came to a port.
    pub fn receive(&mut self, now: Duration, port: u16, bytes: &[u8]) {
        self.expire(now);
        let Ok(osc) = codec::decode(bytes) else { return };
        let Ok(text) = osc.text() else { return };
        let cmd = if self.prefix.is_empty() { "/cmd".to_owned() } else { format!("/{}/cmd", self.prefix) };
        if port == self.port {
            assert!(text.len() < 1000, "the desk would cut {} bytes", text.len());
            if osc.address != cmd || !self.installed {
                return;
            }
            self.commands += 1;
        } else if port == self.inbound && osc.address == "/tracklight/req" {
            self.inbound_taken += 1;
        } else {
            return;
        }
        let fragment = Fragment::read(text).expect("the line sends fragments only");
        self.fragment(now, fragment);
    }

    fn fragment(&mut self, now: Duration, Fragment { client, req, part, parts, piece }: Fragment) {
        if let Some(known) = self.clients.get_mut(&client) {
            known.lease = now + LEASE;
        }
        let known = self.known.entry(client).or_default();
        if let Some(false) = known.done.get(&req) {
            return self.again(now, client, req);
        }
        if req <= known.floor {
            return;
        }
        let (have, told) = known.partial.entry(req).or_insert_with(|| (BTreeMap::new(), Duration::ZERO));
        have.insert(part, piece);
        if have.len() < parts as usize {
            if (*told == Duration::ZERO || now >= *told + 50 * MS) && self.clients.contains_key(&client) {
                *told = now;
                let list: Vec<Value> = have.keys().map(|part| json!(part)).collect();
                self.send(now, client, "request.part", Some(req), json!({}), ("have", list), false);
            }
            return;
        }
        let (have, _) = known.partial.remove(&req).expect("it is there");
        let whole: Vec<u8> = have.into_values().flatten().collect();
        let request = Request::from_json(std::str::from_utf8(&whole).expect("UTF-8")).expect("a request");
        self.request(now, client, req, request);
    }

    fn request(&mut self, now: Duration, client: u64, req: u64, request: Request) {
        if let Request::Hello { ip, port, .. } = &request {
            let at = SocketAddrV4::new(ip.parse().expect("an ip"), *port);
            self.targets.insert(client, at);
            let known = self.known.entry(client).or_default();
            if !known.greeted {
                (known.greeted, known.floor) = (true, req - 1);
            }
            let fresh = Client { at, seq: 0, lease: now + LEASE, kept: VecDeque::new() };
            self.clients.entry(client).or_insert(fresh).at = at;
        }
        if !self.clients.contains_key(&client) {
            if let Some(at) = self.targets.get(&client).copied() {
                let mut head = self.head(client, 1, "request.error");
                head.insert("req".into(), json!(req));
                head.insert("code".into(), json!("no_client"));
                head.insert("message".into(), json!("say Hello first"));
                self.out.push_back((now, at, codec::encode_text("/tracklight/desk", &Value::Object(head).to_string())));
            }
            return;
        }
        let again = matches!(request, Request::Ping { .. } | Request::Ack { .. } | Request::GetParts { .. });
        self.known.entry(client).or_default().done.insert(req, again);
        if !again {
            self.done.push((client, req, request.clone()));
        }
        self.answer(now, client, req, request);
    }

    fn answer(&mut self, now: Duration, client: u64, req: u64, request: Request) {
        let at = |unit: &Unit| {
            json!({"tc": unit.tc, "tg": unit.tg, "track": unit.track, "range": unit.range, "sub": unit.sub,
                "guid": "aa", "rev": 1, "hash": "cbf29ce484222325"})
        };
        let mut answer = |kind: &str, fields: Value, list: (&str, Vec<Value>)| {
            let when = if kind == "batch.ack" { now + self.work } else { now };
            self.send(when, client, kind, Some(req), fields, list, true);
        };
        match request {
            Request::Hello { token, .. } => {
                let fields = Value::Object(hello(self, &token).into_iter().collect());
                self.send(now, client, "connection.hello", Some(req), fields, ("", vec![]), true);
            }
            Request::Ping { t } => answer("connection.ping", json!({"t": t}), ("digest", vec![])),
            Request::Bye => {
                answer("connection.bye", json!({"reason": "asked"}), ("", vec![]));
                self.clients.remove(&client);
                self.targets.remove(&client);
            }
            Request::GetParts { of, missing } => self.parts(now, client, of, &missing),
            Request::Ack { .. } => {}
            Request::Batch { unit, ops, .. } => {
                let results = ops.iter().zip(1..).map(|(op, i)| match op {
                    Op::Add(event) => json!({"i": i, "ok": true, "event": event_json(i, event)}),
                    _ => json!({"i": i, "ok": true}),
                });
                let results = results.collect();
                let mut fields = at(&unit);
                merge(&mut fields, json!({"ok": true, "undo": true}));
                answer("batch.ack", fields, ("results", results));
            }
            Request::Hook { unit, .. } | Request::GetEvents { unit, .. } => {
                let events = self.events.get(&unit).cloned().unwrap_or_default();
                let mut fields = at(&unit);
                merge(
                    &mut fields,
                    json!({"event_count": events.len(), "resync": false, "dirty": false, "busy": "", "offset": "0",
                    "start": "0", "faders": 0, "ranges": 1, "subs": 1, "name": "BEAM", "note": "", "target": 5,
                    "writer": "", "lineage": []}),
                );
                self.send(now, client, "subtrack.hooked", Some(req), fields, ("events", events), true);
            }
            Request::GetTimecodes => {
                answer("list.timecodes", json!({}), ("items", vec![json!({"tc": 101, "name": "Song"})]))
            }
            _ => answer("request.error", json!({"code": "bad_request", "message": "not scripted"}), ("", vec![])),
        }
    }

    /// Tell a client something unasked.
    pub fn notice(&mut self, now: Duration, client: u64, kind: &str, fields: Value, list: (&str, Vec<Value>)) {
        self.send(now, client, kind, None, fields, list, true);
    }

    #[allow(clippy::too_many_arguments, reason = "a test's double")]
    fn send(
        &mut self,
        now: Duration,
        id: u64,
        kind: &str,
        req: Option<u64>,
        fields: Value,
        list: (&str, Vec<Value>),
        keep: bool,
    ) {
        let Some(client) = self.clients.get_mut(&id) else { return };
        client.seq += 1;
        let (seq, to) = (client.seq, client.at);
        let mut head = self.head(id, seq, kind);
        if let Some(req) = req {
            head.insert("req".into(), json!(req));
        }
        let in_every = ["tc", "tg", "track", "range", "sub", "guid", "rev", "hash"];
        let mut single = serde_json::Map::new();
        for (key, value) in fields.as_object().expect("fields").clone() {
            if in_every.contains(&key.as_str()) { &mut head } else { &mut single }.insert(key, value);
        }
        let parts = cut(head, single, list);
        for part in &parts {
            self.out.push_back((now, to, codec::encode_text("/tracklight/desk", part)));
        }
        if keep {
            let client = self.clients.get_mut(&id).expect("it is there");
            client.kept.push_back(Kept { seq, req, parts, sent_at: now });
            if client.kept.len() > 32 {
                client.kept.pop_front();
            }
        }
    }

    fn again(&mut self, now: Duration, client: u64, req: u64) {
        let Some(client) = self.clients.get_mut(&client) else { return };
        let Some(kept) = client.kept.iter_mut().find(|kept| kept.req == Some(req)) else { return };
        if now < kept.sent_at + 100 * MS {
            return;
        }
        kept.sent_at = now;
        let ends = [0, kept.parts.len() - 1];
        for (at, part) in kept.parts.iter().enumerate() {
            if kept.parts.len() <= 8 || ends.contains(&at) {
                self.out.push_back((now, client.at, codec::encode_text("/tracklight/desk", part)));
            }
        }
    }

    fn parts(&mut self, now: Duration, client: u64, of: u64, missing: &[u32]) {
        let Some(client) = self.clients.get_mut(&client) else { return };
        let Some(kept) = client.kept.iter().find(|kept| kept.seq == of) else { return };
        for part in missing {
            if let Some(text) = kept.parts.get(*part as usize - 1) {
                self.out.push_back((now, client.at, codec::encode_text("/tracklight/desk", text)));
            }
        }
    }

    pub fn expire(&mut self, now: Duration) {
        self.clients.retain(|_, client| client.lease >= now);
    }

    /// Datagrams that go now: at most 16 each 5 ms.
    pub fn take_out(&mut self, now: Duration) -> Vec<(SocketAddrV4, Vec<u8>)> {
        if now >= self.burst.0 + 5 * MS {
            self.burst = (now, 0);
        }
        let mut out = vec![];
        while self.burst.1 < 16 {
            let Some(at) = self.out.iter().position(|(when, ..)| *when <= now) else { break };
            let (_, to, bytes) = self.out.remove(at).expect("it is there");
            out.push((to, bytes));
            self.burst.1 += 1;
        }
        out
    }

    pub fn next(&self) -> Option<Duration> {
        let first = self.out.iter().map(|(when, ..)| *when).min()?;
        Some(if self.burst.1 < 16 { first } else { first.max(self.burst.0 + 5 * MS) })
    }
}

fn hello(desk: &Desk, token: &str) -> serde_json::Map<String, Value> {
    let fields = json!({"token": token, "protocol": 1, "version": "0.1", "lua": "Lua 5.4", "desk": "2.2.5", "host": "onPC Linux",
        "station": "FOH", "master": desk.master, "show": "show1", "caps": {"ticks": "RawTime"}, "inbound": desk.inbound,
        "lease": 10, "debounce": 0.2, "units": 0});
    fields.as_object().expect("an object").clone()
}

fn merge(into: &mut Value, from: Value) {
    let into = into.as_object_mut().expect("an object");
    into.extend(from.as_object().expect("an object").clone());
}

pub fn event_json(idx: u32, event: &crate::model::DeskEvent) -> Value {
    json!({"idx": idx, "ticks": event.ticks.to_string(), "abs": event.ticks.to_string(), "token": event.token,
        "cue": event.cue, "cmd": event.cmd, "name": event.name, "note": event.note})
}

/// One message as datagrams of at most 1200 bytes.
fn cut(
    head: serde_json::Map<String, Value>,
    single: serde_json::Map<String, Value>,
    list: (&str, Vec<Value>),
) -> Vec<String> {
    let (name, items) = list;
    let mut first = head.clone();
    first.extend(single);
    let mut bodies = vec![(first, vec![])];
    let mut size = Value::Object(bodies[0].0.clone()).to_string().len();
    for item in items {
        let cost = item.to_string().len() + 1;
        if size + cost > 1140 && size > 300 {
            bodies.push((head.clone(), vec![]));
            size = 250;
        }
        size += cost;
        bodies.last_mut().expect("one").1.push(item);
    }
    let count = bodies.len();
    let one = |(at, (mut map, items)): (usize, (serde_json::Map<String, Value>, Vec<Value>))| {
        if !name.is_empty() {
            map.insert(name.to_owned(), Value::Array(items));
        }
        if count > 1 {
            map.insert("part".into(), json!(at + 1));
            map.insert("parts".into(), json!(count));
        }
        Value::Object(map).to_string()
    };
    bodies.into_iter().enumerate().map(one).collect()
}
