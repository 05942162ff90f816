//! What a person types to the pocket desk: one line, one act of a hand, or a question.
//!
//! Thread: the desk's.

use std::time::Duration;

use super::desk::Desk;
use super::faults::Path;
use super::person::{Act, shown_seconds};

/// The help, a line each.
pub const HELP: &[&str] = &[
    "tracks                               every track: address, name, sequence, how many events",
    "events 101.1.1                       the events of a track",
    "add 101.1.1 12.5 [Go+ [3.5 [\"Name\"]]] make an event at 12.5 s; token, cue, name",
    "move 101.1.1 3 12.5                  give event 3 another time",
    "drag 101.1.1 3 12.5 [20 [0.5]]       drag it there: 20 small moves within 0.5 s",
    "change 101.1.1 3 Name \"Chorus\"       write a property: Name, Note, Token, CueDestination, RealtimeCmd",
    "del 101.1.1 3                        delete event 3",
    "track 101.1 \"SPOT\" 203               make a track with a target sequence (0 for none)",
    "rename 101.1.1 \"New\"  reorder 101.1.2 1  delete 101.1.2",
    "lock [101.1.1]  unlock [101.1.1]     lock or free what is there; without an address the show",
    "play 101  record 101  pause 101  stop 101",
    "oops                                 take the last step back",
    "save [name]  load name               shows: demo, other tour",
    "restart  reload                      switch the desk off and on; reload its plug-ins",
    "loss 20                              lose 20 % of the datagrams, both ways",
    "faults loss=20 double=10 reorder=25 delay=200 cut=in   the whole dial: percent and ms; cut is no, in, out or both",
    "cmd Go+ Timecode 101  lua print(1)   the desk's own command line",
];

/// A line's words; `"…"` keeps spaces, and a quote inside is written twice.
fn words(line: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quoted, mut begun) = (vec![], String::new(), false, false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                word.push('"');
            }
            '"' => (quoted, begun) = (!quoted, true),
            c if c.is_whitespace() && !quoted => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            c => {
                word.push(c);
                begun = true;
            }
        }
    }
    if quoted {
        return Err("a quote is not closed".to_owned());
    }
    if begun {
        words.push(word);
    }
    Ok(words)
}

fn number<T: std::str::FromStr>(word: &str, what: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("{what} is a number, got \"{word}\""))
}

fn percent(word: &str, what: &str) -> Result<f64, String> {
    let value: f64 = number(word, what)?;
    if (0.0..=100.0).contains(&value) { Ok(value / 100.0) } else { Err(format!("{what} is 0 to 100 %, got {word}")) }
}

/// The act that a line asks for, where it is one.
fn act(words: &[&str]) -> Result<Option<Act>, String> {
    let owned = |word: &&str| (*word).to_owned();
    let event = |word: &str| number::<usize>(word, "an event");
    let seconds = |word: &str| {
        let value: f64 = number(word, "a time in seconds")?;
        if value.is_finite() { Ok(value) } else { Err(format!("a time in seconds is a number, got \"{word}\"")) }
    };
    Ok(Some(match words {
        ["add", track, at, rest @ ..] if rest.len() <= 3 => Act::Add {
            track: owned(track),
            seconds: seconds(at)?,
            token: rest.first().map(owned).unwrap_or_default(),
            cue: rest.get(1).map(owned).unwrap_or_default(),
            name: rest.get(2).map(owned).unwrap_or_default(),
        },
        ["move", track, place, at] => Act::Move { track: owned(track), event: event(place)?, seconds: seconds(at)? },
        ["drag", track, place, at, rest @ ..] if rest.len() <= 2 => Act::Drag {
            track: owned(track),
            event: event(place)?,
            seconds: seconds(at)?,
            steps: rest.first().map_or(Ok(20), |word| number(word, "how many moves"))?,
            lasts: Duration::from_secs_f64(rest.get(1).map_or(Ok(0.5), |word| seconds(word))?.clamp(0.0, 60.0)),
        },
        ["change", track, place, property, value] => {
            Act::Change { track: owned(track), event: event(place)?, property: owned(property), value: owned(value) }
        }
        ["del", track, place] => Act::Delete { track: owned(track), event: event(place)? },
        ["track", group, name, sequence] => {
            Act::AddTrack { group: owned(group), name: owned(name), sequence: number(sequence, "a sequence")? }
        }
        ["rename", at, name] => Act::Rename { at: owned(at), name: owned(name) },
        ["reorder", track, to] => Act::Reorder { track: owned(track), to: number(to, "a place")? },
        ["delete", at] => Act::DeleteAt(owned(at)),
        [word @ ("lock" | "unlock"), rest @ ..] if rest.len() <= 1 => {
            Act::Lock(rest.first().map(owned).unwrap_or_default(), *word == "lock")
        }
        ["play", tc] => Act::Play(owned(tc)),
        ["record", tc] => Act::Record(owned(tc)),
        ["pause", tc] => Act::Pause(owned(tc)),
        ["stop", tc] => Act::Stop(owned(tc)),
        ["oops"] => Act::Oops,
        ["save", name @ ..] => Act::Save(name.join(" ")),
        ["load", name @ ..] if !name.is_empty() => Act::Load(name.join(" ")),
        ["restart"] => Act::Restart,
        ["reload"] => Act::Reload,
        _ => return Ok(None),
    }))
}

impl Desk {
    /// Do what a line asks, and give what there is to show, a line each. Errors say what is wrong and what is allowed.
    pub fn line(&mut self, line: &str) -> Result<Vec<String>, String> {
        if let Some(command) = line.trim().strip_prefix("cmd ") {
            return Ok(vec![self.command(command)]);
        }
        if let Some(chunk) = line.trim().strip_prefix("lua ") {
            return self.lua(chunk).map(|text| vec![text]);
        }
        let words = words(line)?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if let Some(act) = act(&words)? {
            return self.person(act).map(|()| vec![]);
        }
        match words.as_slice() {
            [] => Ok(vec![]),
            ["help"] => Ok(HELP.iter().map(|line| (*line).to_owned()).collect()),
            ["tracks"] => Ok(self.list_tracks()),
            ["events", track] => self.list_events(track),
            ["loss", share] => {
                let share = percent(share, "loss")?;
                self.change_options(|options| {
                    (options.faults.inbound.loss, options.faults.outbound.loss) = (share, share);
                });
                Ok(vec![])
            }
            ["faults", settings @ ..] => self.turn_dial(settings).map(|()| vec![]),
            [word, ..] => {
                let known = HELP.iter().find(|line| line.split_whitespace().any(|w| w == *word));
                Err(match known {
                    Some(form) => format!("{word} is written: {form}"),
                    None => format!("there is no word \"{word}\"; try help"),
                })
            }
        }
    }

    fn turn_dial(&mut self, settings: &[&str]) -> Result<(), String> {
        let mut faults = self.options().faults;
        for setting in settings {
            let (name, value) = setting.split_once('=').ok_or_else(|| format!("\"{setting}\" is not name=value"))?;
            let mut both = |change: &dyn Fn(&mut Path)| {
                change(&mut faults.inbound);
                change(&mut faults.outbound);
            };
            match name {
                "loss" => percent(value, name).map(|share| both(&|path| path.loss = share))?,
                "double" => percent(value, name).map(|share| both(&|path| path.double = share))?,
                "reorder" => percent(value, name).map(|share| both(&|path| path.reorder = share))?,
                "delay" => {
                    let delay = Duration::from_millis(number::<u64>(value, "delay in ms")?.min(60_000));
                    both(&|path| path.delay = delay);
                }
                "truncate" => faults.truncate = percent(value, name)?,
                "silent" => faults.silent_writes = percent(value, name)?,
                "cut" => {
                    let (inbound, outbound) = match value {
                        "no" => (false, false),
                        "in" => (true, false),
                        "out" => (false, true),
                        "both" => (true, true),
                        _ => return Err(format!("cut is no, in, out or both, got \"{value}\"")),
                    };
                    (faults.inbound.cut, faults.outbound.cut) = (inbound, outbound);
                }
                _ => {
                    return Err(format!("\"{name}\" is no fault: loss, double, reorder, delay, truncate, silent, cut"));
                }
            }
        }
        self.set_faults(faults);
        Ok(())
    }

    /// Every track, a line each.
    pub fn list_tracks(&self) -> Vec<String> {
        let line = |track: super::TrackView| {
            let locked = if track.locked { ", locked" } else { "" };
            let playing = if track.playing { ", running" } else { "" };
            format!(
                "{}.{}.{} {} / {} → sequence {}, {} events{locked}{playing}",
                track.tc, track.tg, track.track, track.song, track.name, track.sequence, track.events
            )
        };
        self.tracks().into_iter().map(line).collect()
    }

    /// The events of the track at an address, a line each.
    pub fn list_events(&self, track: &str) -> Result<Vec<String>, String> {
        let numbers: Vec<i64> = track.split('.').filter_map(|part| part.parse().ok()).collect();
        let wrong = || format!("a track is timecode.group.track, such as 101.1.1, got \"{track}\"");
        let [tc, tg, number] = numbers[..] else { return Err(wrong()) };
        if !self.tracks().iter().any(|t| (t.tc, t.tg, t.track) == (tc, tg, number)) {
            return Err(format!("there is no track {track}"));
        }
        let line = |event: super::EventView| {
            let cue = if event.cue.is_empty() { String::new() } else { format!(" cue {}", event.cue) };
            format!("{:>4} {:>12} s {}{cue} \"{}\"", event.idx, shown_seconds(event.ticks), event.token, event.name)
        };
        Ok(self.events(tc, tg, number).into_iter().map(line).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Options;
    use super::*;

    #[test]
    fn a_person_moves_events_by_typing() {
        let mut desk = Desk::new(Options::default());
        desk.line("add 101.1.1 12.5 Goto 3 \"the \"\"Chorus\"\"\"").unwrap();
        desk.line("add 101.1.1 2").unwrap();
        desk.line("move 101.1.1 2 1.25").unwrap();
        let events = desk.line("events 101.1.1").unwrap();
        assert_eq!(events.len(), 2, "{events:?}");
        assert!(events[0].contains("1.250 s Goto cue 3 \"the \"Chorus\"\""), "{events:?}");
        desk.line("del 101.1.1 1").unwrap();
        desk.line("oops").unwrap();
        assert_eq!(desk.events(101, 1, 1).len(), 2);
        assert!(desk.line("tracks").unwrap()[0].contains("101.1.1 Intro / BEAM → sequence 201, 2 events"));
    }

    #[test]
    fn a_wrong_line_says_how_it_is_written() {
        let mut desk = Desk::new(Options::default());
        for (line, word) in [
            ("move 101.1.1", "is written: move 101.1.1 3 12.5"),
            ("dance", "there is no word \"dance\""),
            ("add 101.1.9 1", "no track 101.1.9"),
            ("add 101.1.1 soon", "time in seconds"),
            ("del 101.1.1 7", "event 7 is not on track"),
            ("loss 101", "0 to 100 %"),
            ("faults wind=3", "is no fault"),
            ("add 101.1.1 1 Go+ \"", "quote"),
        ] {
            let error = desk.line(line).unwrap_err();
            assert!(error.contains(word), "{line}: {error}");
        }
    }

    #[test]
    fn the_fault_dial_is_turned_by_typing() {
        let mut desk = Desk::new(Options::default());
        desk.line("faults loss=20 double=10 delay=200 cut=in").unwrap();
        let faults = desk.options().faults;
        assert_eq!((faults.inbound.loss, faults.outbound.loss, faults.inbound.double), (0.2, 0.2, 0.1));
        assert_eq!((faults.inbound.cut, faults.outbound.cut), (true, false));
        assert_eq!(faults.outbound.delay, Duration::from_millis(200));
        desk.line("loss 0").unwrap();
        assert_eq!(desk.options().faults.inbound.loss, 0.0);
    }
}
