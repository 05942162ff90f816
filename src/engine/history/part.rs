//! What of a whole module, pattern or layer, or of many events, is still as the user left it, and goes back though others changed the rest.
//!
//! Thread: engine. Pure.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::model::{Edit, Layer, LayerEvent, Module, ModuleBody, Pattern, Put, Sample, Uid};

/// The edit that takes back of `ours` (what the user put) to `old` (what was before) the parts that are in `now` (what
/// is there) as the user put them. `None`: there are none, or it is another thing by the same name.
pub fn still_ours(old: &Edit, ours: &Edit, now: &Edit) -> Option<Edit> {
    let back = match (old, ours, now) {
        (Edit::Module(name, Some(old)), Edit::Module(_, Some(ours)), Edit::Module(_, Some(now))) => {
            (ours.uid == now.uid).then(|| Edit::Module(name.clone(), Some(Arc::new(module(old, ours, now)))))
        }
        (Edit::Pattern(name, Some(old)), Edit::Pattern(_, Some(ours)), Edit::Pattern(_, Some(now))) => {
            (ours.uid == now.uid).then(|| Edit::Pattern(name.clone(), Some(Arc::new(pattern(old, ours, now)))))
        }
        (Edit::Layer(name, Some(old)), Edit::Layer(_, Some(ours)), Edit::Layer(_, Some(now))) => {
            (ours.uid == now.uid).then(|| Edit::Layer(name.clone(), Some(Arc::new(layer(old, ours, now)))))
        }
        (Edit::Events(name, old), Edit::Events(_, ours), Edit::Events(_, now)) => {
            let ours: HashMap<_, _> = ours.iter().map(|(uid, event)| (*uid, event)).collect();
            let old: HashMap<_, _> = old.iter().map(|(uid, event)| (*uid, event)).collect();
            let still = now.iter().filter(|(uid, event)| ours.get(uid) == Some(&event));
            let back: Vec<Put> = still.filter_map(|(uid, _)| Some((*uid, (*old.get(uid)?).clone()))).collect();
            (!back.is_empty()).then(|| Edit::Events(name.clone(), back.into()))
        }
        _ => None,
    };
    back.filter(|back| back != now)
}

fn pick<T: PartialEq + Clone>(old: &T, ours: &T, now: &T) -> T {
    if now == ours { old.clone() } else { now.clone() }
}

fn pick_each<K: Ord + Clone, V: PartialEq + Clone>(
    old: &BTreeMap<K, V>,
    ours: &BTreeMap<K, V>,
    now: &BTreeMap<K, V>,
) -> BTreeMap<K, V> {
    let mut back = now.clone();
    for key in old.keys().chain(ours.keys()) {
        match pick(&old.get(key), &ours.get(key), &now.get(key)) {
            Some(value) => back.insert(key.clone(), value.clone()),
            None => back.remove(key),
        };
    }
    back
}

fn module(old: &Module, ours: &Module, now: &Module) -> Module {
    Module {
        uid: now.uid,
        enabled: pick(&old.enabled, &ours.enabled, &now.enabled),
        params: pick_each(&old.params, &ours.params, &now.params),
        body: body(&old.body, &ours.body, &now.body),
    }
}

fn body(old: &ModuleBody, ours: &ModuleBody, now: &ModuleBody) -> ModuleBody {
    match (old, ours, now) {
        (
            ModuleBody::MultiSampler { samples: old },
            ModuleBody::MultiSampler { samples: ours },
            ModuleBody::MultiSampler { samples: now },
        ) if old.len() == ours.len() && ours.len() == now.len() => {
            let each = old.iter().zip(ours).zip(now);
            ModuleBody::MultiSampler {
                samples: each.map(|((old, ours), now)| Arc::new(sample(old, ours, now))).collect(),
            }
        }
        (
            ModuleBody::TrackerSequencer { pattern: p, chain: c, chain_on: on },
            ModuleBody::TrackerSequencer { pattern: our_p, chain: our_c, chain_on: our_on },
            ModuleBody::TrackerSequencer { pattern: now_p, chain: now_c, chain_on: now_on },
        ) => ModuleBody::TrackerSequencer {
            pattern: pick(p, our_p, now_p),
            chain: pick(c, our_c, now_c),
            chain_on: pick(on, our_on, now_on),
        },
        _ => pick(old, ours, now),
    }
}

fn sample(old: &Sample, ours: &Sample, now: &Sample) -> Sample {
    Sample {
        name: pick(&old.name, &ours.name, &now.name),
        path: pick(&old.path, &ours.path, &now.path),
        params: pick_each(&old.params, &ours.params, &now.params),
    }
}

fn pattern(old: &Pattern, ours: &Pattern, now: &Pattern) -> Pattern {
    Pattern {
        uid: now.uid,
        salt: pick(&old.salt, &ours.salt, &now.salt),
        steps: pick(&old.steps, &ours.steps, &now.steps),
        steps_per_beat: pick(&old.steps_per_beat, &ours.steps_per_beat, &now.steps_per_beat),
        cycles: pick(&old.cycles, &ours.cycles, &now.cycles),
        columns: pick(&old.columns, &ours.columns, &now.columns),
        rows: pick_each(&old.rows, &ours.rows, &now.rows),
    }
}

fn layer(old: &Layer, ours: &Layer, now: &Layer) -> Layer {
    let events = |layer: &Layer| -> BTreeMap<Uid, Arc<LayerEvent>> {
        layer.events.iter().map(|entry| (entry.uid, entry.event.clone())).collect()
    };
    let there = events(now);
    let wanted = pick_each(&events(old), &events(ours), &there);
    let gone = there.keys().filter(|uid| !wanted.contains_key(uid)).map(|uid| (*uid, None));
    let come = wanted.iter().filter(|(uid, event)| there.get(uid) != Some(event));
    let puts: Vec<Put> = gone.chain(come.map(|(uid, event)| (*uid, Some(event.clone())))).collect();
    let mut back = Layer {
        uid: now.uid,
        song: pick(&old.song, &ours.song, &now.song),
        rate: pick(&old.rate, &ours.rate, &now.rate),
        anchor: pick(&old.anchor, &ours.anchor, &now.anchor),
        events: now.events.clone(),
    };
    back.put(&puts);
    back
}
