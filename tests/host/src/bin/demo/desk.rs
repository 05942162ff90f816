//! The lights: a layer of the script is mapped to a track of a pocket desk, both sides are edited while every fifth
//! datagram is lost, the desk is switched off and on, and both sides are equal in the end. Main thread.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;
use tracklight::bus::station::Waker;
use tracklight::model::layer::seconds_of;
use tracklight::model::{LayerEvent, MappingState, MappingStatus, Name};
use tracklight::osc::ma3::pocket::Options;
use tracklight::osc::ma3::rehearse::Rehearsal;

use crate::linked::{Linked, Setup};

/// The track of the pocket desk's show.
const TRACK: &str = "101.1.1";
/// How long one step may take on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of it: the key `desk` of `report.json`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DeskReport {
    /// Both sides hold the same events, and the link says so.
    pub equal: bool,
    /// Events of each side in the end.
    pub events: usize,
    /// Events that should be there and are missing on a side.
    pub lost: usize,
    /// Events that are there more often than they should be.
    pub doubled: usize,
    /// From the moment the desk was switched off until both sides were equal again.
    pub seconds_to_converge: f64,
    /// Datagrams, both ways.
    pub packets: u64,
    /// Requests that had to be sent again.
    pub retries: u64,
}

/// Ticks, token, cue and name of an event, and how many there are of it.
type Contents = BTreeMap<(i64, String, String, String), usize>;

fn key(ticks: i64, token: &str, cue: &str, name: &str) -> (i64, String, String, String) {
    (ticks, token.to_owned(), cue.to_owned(), name.to_owned())
}

fn contents(events: impl Iterator<Item = (i64, String, String, String)>) -> Contents {
    let mut all = Contents::new();
    events.for_each(|event| *all.entry(event).or_default() += 1);
    all
}

/// What `wanted` has more of than `there`.
fn missing(wanted: &Contents, there: &Contents) -> usize {
    wanted.iter().map(|(event, count)| count.saturating_sub(there.get(event).copied().unwrap_or(0))).sum()
}

struct Stage {
    linked: Linked,
    desk: Rehearsal,
    layer: Name,
    seen: u64,
    packets: String,
}

impl Stage {
    fn status(&self) -> MappingStatus {
        self.linked.now().desk.mappings.get(&self.layer).cloned().unwrap_or_default()
    }

    fn ours(&self) -> Contents {
        let now = self.linked.now();
        let layer = now.session.layers.get(&self.layer);
        let events = layer.iter().flat_map(|layer| &layer.events);
        contents(events.map(|e| key(e.event.ticks, &e.event.token, &e.event.cue, &e.event.name)))
    }

    fn theirs(&self) -> Result<Contents, String> {
        let events = self.desk.events(101, 1, 1)?;
        Ok(contents(events.iter().map(|e| key(e.ticks, &e.token, &e.cue, &e.name))))
    }

    fn keep_packets(&mut self) {
        let (packets, seen) = self.linked.remote.tap.since(self.seen);
        self.seen = seen;
        for packet in packets {
            let line = serde_json::json!({
                "ms": packet.ms, "out": packet.out, "peer": &*packet.peer, "bytes": packet.bytes, "good": packet.good,
                "text": &*packet.text,
            });
            let _ = writeln!(self.packets, "{line}");
        }
    }

    fn until(&mut self, what: &str, holds: impl Fn(&Self) -> Result<bool, String>) -> Result<(), String> {
        let until = Instant::now() + PATIENCE;
        while !holds(self)? {
            if Instant::now() > until {
                return Err(format!("desk: {what}: not within {} s: {:?}", PATIENCE.as_secs(), self.status()));
            }
            self.keep_packets();
            self.linked.instance.idle();
            std::thread::sleep(Duration::from_millis(2));
        }
        self.keep_packets();
        Ok(())
    }

    /// Both sides hold this, and the link says so.
    fn until_both_hold(&mut self, what: &str, wanted: &Contents) -> Result<(), String> {
        self.until(what, |stage| {
            Ok(stage.status().state == MappingState::Synced && stage.ours() == *wanted && stage.theirs()? == *wanted)
        })
    }
}

/// Rehearse the lights of a song; none where its script has no layer. Writes `desk.jsonl`: every datagram, decoded.
pub fn rehearse(state: &[u8], setup: &Setup, out: &Path) -> Result<Option<DeskReport>, String> {
    let linked = Linked::open(setup, Some(state))?;
    let found = linked.now().session.layers.iter().find(|(_, l)| l.events.len() >= 3).map(|(name, _)| name.clone());
    let Some(layer) = found else { return Ok(None) };
    let desk = Rehearsal::start(Ipv4Addr::LOCALHOST, Options { osc_port: 0, ..Options::default() }, &Waker::default())?;
    let mut stage = Stage { linked, desk, layer, seen: 0, packets: String::new() };
    let played = play(&mut stage);
    stage.keep_packets();
    let path = out.join("desk.jsonl");
    std::fs::write(&path, &stage.packets).map_err(|error| format!("{}: {error}", path.display()))?;
    played.map(Some)
}

fn play(stage: &mut Stage) -> Result<DeskReport, String> {
    let (port, layer) = (stage.desk.port(), stage.layer.clone());
    stage.linked.evaluate(
        "lights",
        &format!(
            "desk.connect {{ ip = \"127.0.0.1\", port = {port}, listen = 0 }}
             desk.map(\"{layer}\", {{ tc = 101, tg = 1, track = \"BEAM\", sequence = 201 }})"
        ),
    )?;
    stage.until("a preview", |stage| Ok(stage.status().preview.is_some()))?;
    stage.linked.evaluate("lights", &format!("desk.accept(\"{layer}\")"))?;
    let mut wanted = stage.ours();
    stage.until_both_hold("the first push", &wanted)?;

    // From here on every fifth datagram is lost, both ways.
    stage.desk.say("loss 20");
    edit(stage, &mut wanted)?;
    stage.until_both_hold("edits on both sides", &wanted)?;
    stage.desk.say("save");
    stage.desk.say("restart");
    let off = Instant::now();
    // While the desk is off, the song goes on being written.
    let late = LayerEvent { name: "while it was off".into(), ..LayerEvent::at(21 << 24) };
    *wanted.entry(key(late.ticks, "Go+", "", &late.name)).or_default() += 1;
    stage
        .linked
        .evaluate("lights", &format!("layer(\"{layer}\"):set(\"late\", {{ time = 21, name = \"{}\" }})", late.name))?;
    stage.until_both_hold("after the restart", &wanted)?;
    let seconds_to_converge = off.elapsed().as_secs_f64();

    let (ours, theirs) = (stage.ours(), stage.theirs()?);
    let state = stage.linked.now().desk.clone();
    let [sent, received, retries, _] = state.packets;
    Ok(DeskReport {
        equal: ours == theirs,
        events: theirs.values().sum(),
        lost: missing(&wanted, &ours).max(missing(&wanted, &theirs)),
        doubled: missing(&ours, &wanted).max(missing(&theirs, &wanted)),
        seconds_to_converge,
        packets: sent + received,
        retries,
    })
}

/// A hand at the desk moves one event, makes one and deletes one; the script makes another.
fn edit(stage: &mut Stage, wanted: &mut Contents) -> Result<(), String> {
    let mut order: Vec<_> = wanted.keys().cloned().collect();
    order.sort();
    let (moved, gone) = (order[1].clone(), order[2].clone());
    let ticks = moved.0 + (1 << 24) / 4;
    // From behind, so that the numbers in front stay as they are.
    stage.desk.say(&format!("del {TRACK} 3"));
    stage.desk.say(&format!("move {TRACK} 2 {}", seconds_of(ticks)));
    stage.desk.say(&format!("add {TRACK} 19.5 Goto 5 \"by hand\""));
    let layer = stage.layer.clone();
    stage
        .linked
        .evaluate("lights", &format!("layer(\"{layer}\"):set(\"lua\", {{ time = 20, name = \"from Lua\" }})"))?;
    wanted.remove(&gone);
    wanted.remove(&moved);
    for event in [
        key(ticks, &moved.1, &moved.2, &moved.3),
        key((39 << 24) / 2, "Goto", "5", "by hand"),
        key(20 << 24, "Go+", "", "from Lua"),
    ] {
        *wanted.entry(event).or_default() += 1;
    }
    Ok(())
}
