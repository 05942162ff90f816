//! What is wrong with the way to the desk, in the order in which one would look. Thread: osc; pure.
//!
//! While there is no link, [`Trial`] says Hello with other prefixes than the one that is set; [`judge`] makes lines of what
//! is known.

use std::time::Duration;

use core::net::{Ipv4Addr, SocketAddrV4};

use crate::model::LinkState;
use crate::model::desk::{DeskInfo, TestLine};
use crate::osc::codec;
use crate::osc::ma3::protocol::message::Head;
use crate::osc::ma3::protocol::{Master, fragment};

use super::Line;
use super::life::Own;

/// How long one prefix is tried.
const TRY: Duration = Duration::from_secs(1);

/// A prefix that is tried.
struct Try {
    prefix: String,
    from: Duration,
    own: Option<Own>,
    answered: bool,
}

/// The prefixes that are tried, and what came from where.
#[derive(Default)]
pub struct Trial {
    tries: Vec<Try>,
    /// When the last of them is over.
    until: Duration,
    running: bool,
    heard: Option<String>,
    elsewhere: Option<Ipv4Addr>,
}

/// Everything that the self-test reckons with.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// Whether there is to be a link.
    pub on: bool,
    /// The desk's address and port.
    pub desk: (String, u16),
    /// The prefix that is set.
    pub prefix: String,
    /// The port we listen on; 0 for none.
    pub listen: u16,
    /// Our own address as the desk is told it.
    pub local_ip: String,
    /// Hellos that went out.
    pub hellos: u64,
    /// Whether anything readable came from the desk's address for us.
    pub heard: bool,
    /// What came from the desk's address and is not ours to read.
    pub heard_other: Option<String>,
    /// Another address that answers us.
    pub elsewhere: Option<String>,
    /// Whether the link stands.
    pub connected: bool,
    /// What the desk refuses us for.
    pub refusal: Option<String>,
    /// Prefixes that were tried, and whether the desk answered.
    pub tried: Vec<(String, bool)>,
    /// Whether prefixes are still being tried.
    pub running: bool,
    /// The desk, once it answered.
    pub info: Option<DeskInfo>,
    /// Whether it is the master of its session.
    pub master: Master,
    /// Median round trip, milliseconds.
    pub rtt_ms: f32,
    /// Share of repeated requests, 0-1.
    pub loss: f32,
}

impl Trial {
    pub(super) fn start(&mut self, now: Duration, prefix: &str) {
        let mut prefixes = vec![prefix.to_owned()];
        for other in ["", "gma3"] {
            if other != prefix {
                prefixes.push(other.to_owned());
            }
        }
        self.tries = (0..)
            .zip(prefixes)
            .map(|(at, prefix)| Try { prefix, from: now + TRY * at, own: None, answered: false })
            .collect();
        self.until = now + TRY * u32::try_from(self.tries.len()).unwrap_or(1);
        self.running = true;
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn heard_something(&mut self, from: SocketAddrV4, bytes: &[u8]) {
        let what = codec::decode(bytes)
            .map_or_else(|_| format!("{} bytes from port {}", bytes.len(), from.port()), |osc| osc.address);
        self.heard = Some(what);
    }

    pub(super) fn heard_elsewhere(&mut self, ip: Ipv4Addr) {
        self.elsewhere = Some(ip);
    }

    /// Whether this answers one of the tries, which are not the link's own Hello.
    pub(super) fn answered(&mut self, head: &Head) -> bool {
        let own = |t: &Try| t.own.as_ref().is_some_and(|own| head.req == Some(own.wire));
        match self.tries.iter_mut().find(|t| own(t)) {
            Some(found) => {
                found.answered = true;
                true
            }
            None => false,
        }
    }

    pub(super) fn next(&self) -> Option<Duration> {
        let own = self.tries.iter().filter(|t| self.running && !t.answered);
        own.map(|t| t.own.as_ref().map_or(t.from, Own::at).max(t.from)).chain(self.running.then_some(self.until)).min()
    }
}

impl Line {
    /// Say Hello with the prefix whose turn it is.
    pub(super) fn try_prefixes(&mut self, now: Duration, desk: SocketAddrV4) {
        if !self.test.running {
            return;
        }
        if now >= self.test.until || self.state() == LinkState::Connected {
            self.test.running = false;
            return;
        }
        let Some(json) = self.hello_json() else { return };
        let mut due = vec![];
        for at in 0..self.test.tries.len() {
            let the = &mut self.test.tries[at];
            if the.answered || now < the.from || now >= the.from + TRY {
                continue;
            }
            if the.own.is_none() {
                the.own = Some(Own::new(self.outbox.number(), json.clone(), now));
            }
            if let Some((wire, json, again)) = the.own.as_mut().and_then(|own| own.due(now)) {
                let way = fragment::Way::Command(the.prefix.clone());
                due.push((fragment::datagram(&way, self.client, wire, 1, &json), again));
            }
        }
        for (bytes, again) in due {
            self.send(now, desk, bytes, again);
        }
    }

    /// What is known now.
    pub(super) fn facts(&self) -> Facts {
        Facts {
            on: self.desk.is_some(),
            desk: (self.config.ip.clone(), self.config.port),
            prefix: self.config.prefix.clone(),
            listen: self.listen,
            local_ip: self.local_ip.to_string(),
            hellos: self.life.hellos_sent,
            heard: self.counters.received > 0,
            heard_other: self.test.heard.clone(),
            elsewhere: self.test.elsewhere.map(|ip| ip.to_string()),
            connected: self.state() == LinkState::Connected,
            refusal: self.life.refusal.clone(),
            tried: self.test.tries.iter().map(|t| (t.prefix.clone(), t.answered)).collect(),
            running: self.test.running,
            info: self.info(),
            master: self.life.master,
            rtt_ms: self.rtt_ms(),
            loss: self.loss(),
        }
    }
}

/// What is well, what is not, and what to do about it.
pub fn judge(facts: &Facts) -> Vec<TestLine> {
    let mut lines = vec![];
    if !facts.on {
        return vec![line(Some(false), "the link is off: switch it on")];
    }
    if facts.listen == 0 {
        return vec![line(Some(false), "no port to listen on: choose another in the settings, or 0 for any")];
    }
    let (ip, port) = (&facts.desk.0, facts.desk.1);
    let told = format!("listening; the desk is told to answer to {}:{}", facts.local_ip, facts.listen);
    lines.push(line(Some(true), &told));
    let is_here = |ip: &str| ip.starts_with("127.");
    if is_here(&facts.local_ip) && !is_here(ip) {
        let text =
            format!("this computer knows no way to {ip}: is the network cable in, and an address of that network set?");
        lines.push(line(Some(false), &text));
    }
    if facts.connected {
        let text = format!(
            "the desk answers at {ip}:{port}, {:.1} ms there and back, {:.0} % of the requests repeated",
            facts.rtt_ms,
            facts.loss * 100.0
        );
        lines.push(line(Some(true), &text));
    } else {
        lines.extend(why_not(facts));
    }
    lines.extend(facts.info.as_ref().map(|info| of_the_desk(info, facts.master)).unwrap_or_default());
    lines
}

fn line(ok: Option<bool>, text: &str) -> TestLine {
    TestLine { ok, text: text.into() }
}

/// A prefix in words.
fn spoken(prefix: &str) -> String {
    if prefix.is_empty() { "no prefix".into() } else { format!("prefix \"{prefix}\"") }
}

/// Why there is no link: what is certain, else what to look at, in order.
fn why_not(facts: &Facts) -> Vec<TestLine> {
    let (ip, port) = (&facts.desk.0, facts.desk.1);
    if let Some(other) = &facts.elsewhere {
        let text = format!(
            "the desk hears us and answers from {other}, not from {ip}: set the desk's address to {other}; it has more than one interface"
        );
        return vec![line(Some(false), &text)];
    }
    if let Some((prefix, _)) = facts.tried.iter().find(|(prefix, answered)| *answered && *prefix != facts.prefix) {
        let text = match prefix.as_str() {
            "" => format!("the desk answers with no prefix: take \"{}\" away", facts.prefix),
            prefix => format!("the desk answers with prefix \"{prefix}\": set it"),
        };
        return vec![line(Some(false), &text)];
    }
    if let Some(why) = &facts.refusal {
        return vec![line(Some(false), &format!("the desk plug-in is there and refuses us: {why}"))];
    }
    if facts.tried.iter().any(|(_, answered)| *answered) {
        return vec![line(None, "the desk answers; the link comes up now")];
    }
    let mut lines = vec![];
    if facts.hellos == 0 {
        lines.push(line(None, "nothing was sent yet"));
    }
    if facts.running {
        lines.push(line(None, &format!("no answer from {ip}:{port} yet; trying prefixes, 3 s")));
        return lines;
    }
    let tried: Vec<String> = facts.tried.iter().map(|(prefix, _)| spoken(prefix)).collect();
    let with = if tried.is_empty() { spoken(&facts.prefix) } else { tried.join(", ") };
    lines.push(line(
        Some(false),
        &format!("no answer from {ip}:{port}, tried with {with}. Look at these, in this order:"),
    ));
    if let Some(what) = &facts.heard_other {
        let text =
            format!("something at {ip} sends us {what}, so the way here is open; the Tracklight plug-in is not it");
        lines.push(line(Some(true), &text));
    } else {
        let text = format!("1. is {ip} the desk's address, on a network that {} reaches?", facts.local_ip);
        lines.push(line(None, &text));
    }
    for text in [
        format!("2. is {port} the Port of the desk's OSC line (Menu, In & Out, OSC), and Enable Input on? A wrong port looks like no desk"),
        "3. is Receive Command of that line Yes? Then: is the Tracklight plug-in installed there, and started? From here these look the same".into(),
        format!("4. does a firewall here or there stop UDP? Answers come to port {} of this computer", facts.listen),
    ] {
        lines.push(line(None, &text));
    }
    lines
}

/// What of the desk itself needs a person.
fn of_the_desk(info: &DeskInfo, master: Master) -> Vec<TestLine> {
    let mut lines = vec![];
    let who = format!("station \"{}\", grandMA3 {}, plug-in {}, {}", info.station, info.version, info.plugin, info.lua);
    lines.push(line(Some(true), &who));
    let station = &info.station;
    let warning = "hooks are local and OSC is unreliable on other stations; set the address of the master";
    match master {
        Master::Yes => {}
        Master::No => {
            let text = format!("station \"{station}\" is not the master of its session: {warning}");
            lines.push(line(Some(false), &text));
        }
        Master::Unknown => {
            let text = format!("is station \"{station}\" the master of its session? The desk does not say; {warning}");
            lines.push(line(None, &text));
        }
    }
    let needed = ["ticks", "token", "cue"];
    for (name, how) in info.caps.iter().filter(|(name, how)| how == "no" && needed.contains(&name.as_str())) {
        lines.push(line(
            Some(false),
            &format!("writing {name} does not work on this desk ({how}): events can be read only"),
        ));
    }
    lines
}
