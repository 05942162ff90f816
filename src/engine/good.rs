//! Evaluations that ran well, to go back to with one key.
//!
//! Thread: engine. Pure but for the clock passed in. An evaluation of the buffer is good when its Batch took effect and
//! was not taken back within [`TRIAL`]; what it left is kept (shared with the document, so it costs next to nothing).

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::model::{BatchId, Edit, Layer, LayerEvent, Mapping, Put, Session, Uid};

/// How long an evaluation has to bear up.
pub const TRIAL: Duration = Duration::from_secs(2);
/// Most evaluations kept.
const POINTS_MAX: usize = 64;

/// What an evaluation left.
struct Point {
    batch: BatchId,
    label: Arc<str>,
    session: Arc<Session>,
    at: Instant,
}

/// Good evaluations, and those that have to prove themselves.
#[derive(Default)]
pub struct Good {
    points: VecDeque<Point>,
    trial: VecDeque<Point>,
    /// Where the last going back led, and to what: from there the next goes further.
    back: Option<(usize, Arc<Session>)>,
}

/// Where to go back to.
pub struct Way {
    /// What people call the evaluation.
    pub label: Arc<str>,
    /// What leads there, in order.
    pub edits: Vec<Edit>,
}

impl Good {
    /// An evaluation took effect and left this.
    pub fn evaluated(&mut self, batch: BatchId, label: &Arc<str>, session: &Arc<Session>, now: Instant) {
        self.settle(now);
        if self.trial.len() >= POINTS_MAX {
            self.trial.pop_front();
        }
        self.trial.push_back(Point { batch, label: label.clone(), session: session.clone(), at: now });
    }

    /// A Batch was taken back: it is not good, and neither is what was built on it.
    pub fn bad(&mut self, batch: BatchId) {
        if let Some(place) = self.trial.iter().position(|point| point.batch == batch) {
            self.trial.truncate(place);
        }
    }

    /// Those that bore up are good.
    fn settle(&mut self, now: Instant) {
        while self.trial.front().is_some_and(|point| now.saturating_duration_since(point.at) >= TRIAL) {
            let Some(point) = self.trial.pop_front() else { return };
            if self.points.back().is_some_and(|last| way(&last.session, &point.session).is_empty()) {
                self.points.pop_back();
            }
            if self.points.len() >= POINTS_MAX {
                self.points.pop_front();
            }
            self.points.push_back(point);
            self.back = None;
        }
    }

    /// The way to the newest good evaluation that differs from what is; straight after a going back, to the one before.
    pub fn way_back(&mut self, session: &Session, now: Instant) -> Option<Way> {
        self.settle(now);
        let below = self.back.as_ref().filter(|(_, there)| way(session, there).is_empty()).map(|(place, _)| *place);
        let end = below.unwrap_or(self.points.len());
        let found = (0..end).rev().find_map(|place| {
            let edits = way(session, &self.points[place].session);
            (!edits.is_empty()).then_some((place, edits))
        });
        let (place, edits) = found?;
        // What somebody goes back from is not good.
        self.trial.clear();
        let Point { label, session, .. } = &self.points[place];
        self.back = Some((place, session.clone()));
        Some(Way { label: label.clone(), edits })
    }

    /// Forget everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// The edits that make the music of `from` that of `to`; text, layout and folders stay as they are.
fn way(from: &Session, to: &Session) -> Vec<Edit> {
    let mut edits = vec![];
    if from.bpm != to.bpm {
        edits.push(Edit::Bpm(to.bpm));
    }
    if from.signature != to.signature {
        edits.push(Edit::Signature(to.signature));
    }
    if from.source != to.source {
        edits.push(Edit::Source(to.source));
    }
    if from.seed != to.seed {
        edits.push(Edit::Seed(to.seed));
    }
    modules(from, to, &mut edits);
    for cable in &from.connections {
        if !to.connections.iter().any(|other| other.key() == cable.key()) {
            edits.push(Edit::Connection(cable.clone(), false));
        }
    }
    let new = to.connections.iter().filter(|cable| !from.connections.contains(cable));
    edits.extend(new.map(|cable| Edit::Connection(cable.clone(), true)));
    patterns(from, to, &mut edits);
    let each = |name: &crate::model::Name, now: Option<_>, then: Option<&Arc<_>>| {
        (now != then).then(|| Edit::Chain(name.clone(), then.cloned()))
    };
    edits.extend(names(&from.chains, &to.chains).filter_map(|n| each(n, from.chains.get(n), to.chains.get(n))));
    let changed = names(&from.macros, &to.macros).filter(|path| from.macros.get(*path) != to.macros.get(*path));
    edits.extend(changed.map(|path| Edit::Macro(path.clone(), to.macros.get(path).copied())));
    let changed = names(&from.banks, &to.banks).filter(|name| from.banks.get(*name) != to.banks.get(*name));
    edits.extend(changed.map(|name| Edit::Bank(name.clone(), to.banks.get(name).cloned())));
    let changed = names(&from.live, &to.live).filter(|name| from.live.get(*name) != to.live.get(*name));
    edits.extend(changed.map(|name| Edit::Live(name.clone(), to.live.get(name).cloned())));
    lights(from, to, &mut edits);
    edits
}

/// Songs, layers and mappings. What comes back mapped to another track than now has to be accepted again.
fn lights(from: &Session, to: &Session, edits: &mut Vec<Edit>) {
    if from.songs != to.songs {
        edits.push(Edit::Songs(to.songs.clone()));
    }
    let mut mappings = vec![];
    for name in names(&from.mappings, &to.mappings) {
        let (now, then) = (from.mappings.get(name), to.mappings.get(name));
        if now.zip(then).is_some_and(|(now, then)| now.says_the_same(then)) {
            continue;
        }
        let stays = now.zip(then).is_some_and(|(now, then)| now.is_same_place(then));
        if !stays && from.agreed.contains_key(name) {
            edits.push(Edit::Agreed(name.clone(), None));
        }
        let accepted = stays && now.is_some_and(|now| now.accepted);
        let then = then.map(|then| Arc::new(Mapping { accepted, ..(**then).clone() }));
        // A mapping goes before its layer and comes after it.
        let list = if then.is_none() { &mut *edits } else { &mut mappings };
        list.push(Edit::Mapping(name.clone(), then));
    }
    for name in names(&from.layers, &to.layers) {
        match (from.layers.get(name), to.layers.get(name)) {
            (now, then) if now == then => {}
            (Some(now), Some(then)) if now.uid == then.uid && alike_but_for_events(now, then) => {
                let (here, mut there) = (by_uid(now), by_uid(then));
                let gone = here.keys().filter(|uid| !there.contains_key(uid)).map(|uid| (*uid, None));
                let mut puts: Vec<Put> = gone.collect();
                there.retain(|uid, event| here.get(uid) != Some(event));
                puts.extend(there.into_iter().map(|(uid, event)| (uid, Some(event))));
                edits.push(Edit::Events(name.clone(), puts.into()));
            }
            (_, then) => edits.push(Edit::Layer(name.clone(), then.cloned())),
        }
    }
    edits.append(&mut mappings);
}

fn by_uid(layer: &Layer) -> BTreeMap<Uid, Arc<LayerEvent>> {
    layer.events.iter().map(|entry| (entry.uid, entry.event.clone())).collect()
}

fn alike_but_for_events(a: &Layer, b: &Layer) -> bool {
    (&a.song, a.rate, a.anchor) == (&b.song, b.rate, b.anchor)
}

/// Keys of either map: those of the first in order, then what only the second has.
fn names<'a, K: Ord, A, B>(
    from: &'a std::collections::BTreeMap<K, A>,
    to: &'a std::collections::BTreeMap<K, B>,
) -> impl Iterator<Item = &'a K> {
    from.keys().chain(to.keys().filter(|key| !from.contains_key(*key)))
}

/// Where only settings differ, only these are edits: who set something else meanwhile keeps it through an undo.
fn modules(from: &Session, to: &Session, edits: &mut Vec<Edit>) {
    for name in names(&from.modules, &to.modules) {
        match (from.modules.get(name), to.modules.get(name)) {
            (now, then) if now == then => {}
            (Some(now), Some(then)) if now.uid == then.uid && now.enabled == then.enabled && now.body == then.body => {
                let changed =
                    names(&now.params, &then.params).filter(|param| now.params.get(param) != then.params.get(param));
                edits.extend(changed.map(|param| Edit::Param(name.clone(), *param, then.params.get(param).copied())));
            }
            (_, then) => edits.push(Edit::Module(name.clone(), then.cloned())),
        }
    }
}

fn patterns(from: &Session, to: &Session, edits: &mut Vec<Edit>) {
    for name in names(&from.patterns, &to.patterns) {
        match (from.patterns.get(name), to.patterns.get(name)) {
            (now, then) if now == then => {}
            (Some(now), Some(then)) if now.uid == then.uid && alike(now, then) => {
                let rows = names(&now.rows, &then.rows).filter(|row| now.rows.get(row) != then.rows.get(row));
                edits.extend(rows.map(|row| Edit::Row(name.clone(), *row, then.row(*row))));
            }
            (_, then) => edits.push(Edit::Pattern(name.clone(), then.cloned())),
        }
    }
}

/// Whether two patterns differ in rows at most.
fn alike(a: &crate::model::Pattern, b: &crate::model::Pattern) -> bool {
    (a.salt, a.steps, a.cycles, &a.columns) == (b.salt, b.steps, b.cycles, &b.columns)
        && a.steps_per_beat == b.steps_per_beat
}
