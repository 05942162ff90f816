//! Which row of which pattern the song position stands on. Thread: gui. Pure.

use crate::model::session::ModuleBody;
use crate::model::{Name, Pattern, Session};

/// Where one sequencer stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing<'a> {
    /// The sequencer.
    pub sequencer: &'a Name,
    /// The pattern it plays now.
    pub pattern: &'a Name,
    /// The row, from 1.
    pub row: u16,
    /// Entry of the chain it plays, from 0; `None` when it plays a pattern.
    pub entry: Option<usize>,
}

/// The row at `beat` quarter notes from the pattern's start, from 1; negative rates run from the last to the first.
pub fn row_at(pattern: &Pattern, beat: f64) -> u16 {
    // A position that should be a whole step may lie a rounding error below it.
    let step = (beat * pattern.steps_per_beat.abs() + 1e-9).floor();
    let step = step.rem_euclid(f64::from(pattern.steps)) as u16;
    if pattern.steps_per_beat < 0.0 { pattern.steps - step } else { step + 1 }
}

/// Where every enabled sequencer stands at `beat`; one that is silent is left out.
pub fn standing(session: &Session, beat: f64) -> Vec<Standing<'_>> {
    session
        .modules
        .iter()
        .filter(|(_, module)| module.enabled)
        .filter_map(|(sequencer, module)| {
            let ModuleBody::TrackerSequencer { pattern, chain, chain_on } = &module.body else { return None };
            match chain.as_ref().filter(|_| *chain_on) {
                Some(chain) => in_chain(session, sequencer, chain, beat),
                None => {
                    let (pattern, body) = session.patterns.get_key_value(pattern)?;
                    Some(Standing { sequencer, pattern, row: row_at(body, beat), entry: None })
                }
            }
        })
        .collect()
}

fn in_chain<'a>(session: &'a Session, sequencer: &'a Name, chain: &Name, beat: f64) -> Option<Standing<'a>> {
    let entries = &session.chains.get(chain)?.entries;
    let playing = || entries.iter().enumerate().filter(|(_, entry)| !entry.mute);
    let beats = |name: &Name, repeats: u8| session.patterns.get(name).map_or(0.0, |p| p.beats() * f64::from(repeats));
    let round: f64 = playing().map(|(_, entry)| beats(&entry.pattern, entry.repeats)).sum();
    if round <= 0.0 {
        return None;
    }
    let mut left = beat.rem_euclid(round) + 1e-9;
    for (place, entry) in playing() {
        let length = beats(&entry.pattern, entry.repeats);
        if left < length {
            let (pattern, body) = session.patterns.get_key_value(&entry.pattern)?;
            return Some(Standing { sequencer, pattern, row: row_at(body, left), entry: Some(place) });
        }
        left -= length;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::text::{Standing as Moving, run};

    fn session(lines: &[&str]) -> Session {
        let mut session = Session::new();
        for line in lines {
            run(&mut session, Moving::default(), line).expect(line);
        }
        session
    }

    #[test]
    fn the_row_follows_the_position_forwards_and_backwards() {
        let session = session(&["pattern add beat 16", "pattern add back 8", "pattern rate back -2"]);
        let (beat, back) = (&session.patterns["beat"], &session.patterns["back"]);
        assert_eq!([0.0, 0.25, 3.99, 4.0].map(|at| row_at(beat, at)), [1, 2, 16, 1]);
        assert_eq!(row_at(beat, 0.75 - 1e-12), 4);
        assert_eq!([0.0, 0.5, 3.5, 4.0].map(|at| row_at(back, at)), [8, 7, 1, 8]);
    }

    #[test]
    fn a_chain_plays_its_entries_in_turn_and_passes_over_muted_ones() {
        let session = session(&[
            "pattern add a 16",
            "pattern add b 8",
            "add sequencer seq",
            "chain add song a*2 b a",
            "chain mute song 3",
            "seq seq chain song",
        ]);
        let at = |beat| standing(&session, beat).first().map(|s| (s.pattern.to_string(), s.row, s.entry));
        assert_eq!(at(0.0), Some(("a".into(), 1, Some(0))));
        assert_eq!(at(7.75), Some(("a".into(), 16, Some(0))));
        assert_eq!(at(8.0), Some(("b".into(), 1, Some(1))));
        assert_eq!(at(10.0), Some(("a".into(), 1, Some(0))));
    }
}
