//! The rows of a session, laid out along the beats of each sequencer's round. Any thread.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::Value;

use super::exact::{self, Exact, count, whole};
use super::{Outcome, chance};

/// A row that says something.
#[derive(Clone, Debug)]
pub struct Row {
    /// The sample from 1; 0 is a rest.
    pub index: u16,
    chance: u64,
    ratio: (u64, u64),
}

/// A pattern.
pub struct Pattern {
    /// Its name.
    pub name: String,
    /// The rows that play; the first is at 0.
    pub rows: Vec<Option<Row>>,
    /// Source of its chance.
    pub salt: u64,
    /// Whether loop passes count as cycles.
    pub by_pass: bool,
    per_beat: Exact,
    backwards: bool,
}

/// A step within a round.
struct Place {
    at: Exact,
    row: u16,
    pattern: Rc<Pattern>,
    cycle: u64,
    per_round: u64,
}

/// A step of the song.
pub struct Step<'a> {
    /// Song position.
    pub beat: Exact,
    /// The row from 1.
    pub row: u16,
    /// How often this pattern was begun before, loop passes not counted.
    pub cycle: u64,
    /// Where the row is.
    pub pattern: &'a Pattern,
}

/// A sequencer.
pub struct Sequencer {
    /// Its name.
    pub name: String,
    /// The samplers it plays.
    pub targets: Vec<String>,
    places: Vec<Place>,
    round: Exact,
}

struct Sampler {
    enabled: bool,
    /// Whether each sample of the bank can sound.
    there: Vec<bool>,
    names: Vec<String>,
}

/// All sequencers that play, and the samplers they play.
pub struct Score {
    /// The sequencers that are on.
    pub sequencers: Vec<Sequencer>,
    samplers: BTreeMap<String, Sampler>,
    seed: u64,
}

impl Score {
    /// Read the session's text form; `missing` holds the paths of files that are not there.
    pub fn read(session: &Value, missing: &BTreeSet<String>) -> Result<Self, String> {
        let patterns: BTreeMap<&str, Rc<Pattern>> = object(session, "patterns")?
            .map(|(name, value)| Ok((name, Rc::new(read_pattern(name, value)?))))
            .collect::<Result<_, String>>()?;
        let mut score = Self { sequencers: vec![], samplers: BTreeMap::new(), seed: number(session, "seed")? };
        for (name, module) in object(session, "modules")? {
            let enabled = module["enabled"].as_bool().unwrap_or(true);
            let body = &module["body"];
            match body["kind"].as_str() {
                Some("MultiSampler") => {
                    let samples = body["samples"].as_array().ok_or(format!("{name} has no samples"))?;
                    let there = |sample: &Value| sample["path"].as_str().is_some_and(|path| !missing.contains(path));
                    let sampler = Sampler {
                        enabled,
                        there: samples.iter().map(there).collect(),
                        names: samples.iter().map(|one| one["name"].as_str().unwrap_or("").to_owned()).collect(),
                    };
                    score.samplers.insert(name.to_owned(), sampler);
                }
                Some("TrackerSequencer") if enabled => {
                    let entries = read_entries(session, body, &patterns)?;
                    let targets = targets(session, name);
                    score.sequencers.push(Sequencer::new(name, targets, &entries));
                }
                Some(_) => {}
                None => return Err(format!("module {name} has no kind")),
            }
        }
        Ok(score)
    }

    /// Whether a row sounds: ratio first, then chance, then whether the sampler can.
    pub fn outcome(&self, target: &str, row: &Row, salt: u64, cycle: u64, number: u16) -> Outcome {
        if row.index == 0 {
            return Outcome::Rest;
        }
        let (a, b) = row.ratio;
        if cycle % b + 1 != a {
            Outcome::Ratio
        } else if !chance::plays(row.chance, self.seed, salt, cycle, number) {
            Outcome::Chance
        } else {
            self.playable(target, row.index)
        }
    }

    /// The place of a sample by its name, from 1; 0 when there is none.
    pub fn place(&self, target: &str, name: &str) -> u16 {
        let names = self.samplers.get(target).map(|sampler| sampler.names.as_slice()).unwrap_or_default();
        names.iter().position(|other| other == name).map_or(0, |place| place as u16 + 1)
    }

    /// Whether a sampler can play this sample.
    pub fn playable(&self, target: &str, index: u16) -> Outcome {
        match self.samplers.get(target) {
            Some(sampler) if !sampler.enabled => Outcome::Disabled,
            Some(sampler) if sampler.there.get(usize::from(index).wrapping_sub(1)) == Some(&true) => Outcome::Fired,
            _ => Outcome::Missing,
        }
    }
}

impl Sequencer {
    fn new(name: &str, targets: Vec<String>, entries: &[(Rc<Pattern>, u64)]) -> Self {
        let mut per_round: BTreeMap<&str, u64> = BTreeMap::new();
        for (pattern, repeats) in entries {
            *per_round.entry(&pattern.name).or_default() += repeats;
        }
        let (mut places, mut round) = (vec![], whole(0));
        let mut begun: BTreeMap<&str, u64> = BTreeMap::new();
        for (pattern, repeats) in entries {
            for _ in 0..*repeats {
                let cycle = begun.entry(&pattern.name).or_default();
                let steps = pattern.rows.len() as u16;
                for step in 0..steps {
                    places.push(Place {
                        at: &round + count(u64::from(step)) / &pattern.per_beat,
                        row: if pattern.backwards { steps - step } else { step + 1 },
                        pattern: pattern.clone(),
                        cycle: *cycle,
                        per_round: per_round[pattern.name.as_str()],
                    });
                }
                *cycle += 1;
                round += count(u64::from(steps)) / &pattern.per_beat;
            }
        }
        Self { name: name.to_owned(), targets, places, round }
    }

    /// The steps from one beat on and before another, in order. Nothing is before beat 0.
    pub fn steps(&self, from: &Exact, to: &Exact) -> Vec<Step<'_>> {
        let mut found = vec![];
        if self.places.is_empty() || from >= to {
            return found;
        }
        let mut turn = exact::floor(&(from / &self.round)).max(0) as u64;
        loop {
            let start = count(turn) * &self.round;
            if start >= *to {
                return found;
            }
            let first = self.places.partition_point(|place| &start + &place.at < *from);
            for place in &self.places[first..] {
                let beat = &start + &place.at;
                if beat >= *to {
                    return found;
                }
                let cycle = turn * place.per_round + place.cycle;
                found.push(Step { beat, row: place.row, cycle, pattern: &place.pattern });
            }
            turn += 1;
        }
    }
}

/// What a sequencer plays in one round; nothing when every entry is muted.
fn read_entries(
    session: &Value,
    body: &Value,
    patterns: &BTreeMap<&str, Rc<Pattern>>,
) -> Result<Vec<(Rc<Pattern>, u64)>, String> {
    let named = |value: &Value| {
        let name = value.as_str().unwrap_or_default();
        patterns.get(name).cloned().ok_or(format!("there is no pattern \"{name}\""))
    };
    let chain = body["chain"].as_str().filter(|_| body["chain_on"].as_bool() == Some(true));
    let Some(chain) = chain else { return Ok(vec![(named(&body["pattern"])?, 1)]) };
    let entries = session["chains"][chain]["entries"].as_array().ok_or(format!("there is no chain \"{chain}\""))?;
    entries
        .iter()
        .filter(|entry| entry["mute"].as_bool() != Some(true))
        .map(|entry| Ok((named(&entry["pattern"])?, number(entry, "repeats")?)))
        .collect()
}

fn read_pattern(name: &str, value: &Value) -> Result<Pattern, String> {
    let per_beat = value["steps_per_beat"].as_f64().and_then(exact::of);
    let per_beat = per_beat.filter(|rate| *rate != whole(0)).ok_or(format!("pattern {name} has no steps per beat"))?;
    let columns: Vec<&str> =
        value["columns"].as_array().into_iter().flatten().filter_map(|column| column.as_str()).collect();
    let steps = number(value, "steps")?;
    let rows = (1..=steps).map(|row| read_row(&value["rows"][row.to_string()], &columns)).collect();
    Ok(Pattern {
        name: name.to_owned(),
        rows,
        salt: number(value, "salt")?,
        by_pass: value["cycles"].as_str() != Some("position"),
        backwards: per_beat < whole(0),
        per_beat: exact::size(&per_beat),
    })
}

/// A column that is not shown does not play: it stands at what it is when unset.
fn read_row(value: &Value, columns: &[&str]) -> Option<Row> {
    if value.as_str() == Some("rest") {
        return Some(Row { index: 0, chance: 100, ratio: (1, 1) });
    }
    let hit = value.get("hit")?;
    let shown = |column: &str| columns.contains(&column).then(|| hit.get(column)).flatten();
    let ratio = shown("ratio").and_then(|ratio| Some((ratio[0].as_u64()?, ratio[1].as_u64()?)));
    Some(Row {
        index: hit["index"].as_u64().unwrap_or(1) as u16,
        chance: shown("chance").and_then(Value::as_u64).unwrap_or(100),
        ratio: ratio.filter(|(_, b)| *b > 0).unwrap_or((1, 1)),
    })
}

/// The samplers that a sequencer is connected to.
fn targets(session: &Value, sequencer: &str) -> Vec<String> {
    let cables = session["connections"].as_array().into_iter().flatten();
    cables
        .filter(|cable| cable["kind"] == "event" && cable["from"] == sequencer)
        .filter_map(|cable| cable["to"].as_str().map(str::to_owned))
        .collect()
}

fn object<'a>(value: &'a Value, key: &str) -> Result<impl Iterator<Item = (&'a str, &'a Value)>, String> {
    let map = value[key].as_object().ok_or(format!("the session has no {key}"))?;
    Ok(map.iter().map(|(name, value)| (name.as_str(), value)))
}

fn number(value: &Value, key: &str) -> Result<u64, String> {
    value[key].as_u64().ok_or(format!("\"{key}\" is not a whole number in {value:.80}"))
}
