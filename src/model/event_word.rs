//! Events of a layer as people write them: `time = 12.5`, `bar = 33`, `cue = 3`, `colour = "#ff8000"`.
//!
//! Thread: any. Lua and the text commands read the same words here, and the script's text is written back with them.

use std::sync::Arc;

use super::layer::{FrameRate, Layer, LayerEvent, cue_text, seconds_of, ticks_of};
use super::name::Uid;
use super::session::Session;

/// The words of an event, in the order they are written.
pub const EVENT_WORDS: [&str; 11] =
    ["time", "bar", "beat", "ticks", "token", "cue", "cueText", "cmd", "name", "note", "colour"];

/// A value as it was typed.
#[derive(Debug, Clone, PartialEq)]
pub enum Typed {
    /// A number.
    Number(f64),
    /// A text; an empty one takes the word's value away.
    Text(String),
}

impl Typed {
    fn got(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => format!("\"{}\"", text.chars().take(40).collect::<String>()),
        }
    }
}

/// What an event does where no token is given: `Goto` with a cue, `Go+` without.
pub fn default_token(cue: &str) -> &'static str {
    if cue.is_empty() { "Go+" } else { "Goto" }
}

/// The identity of the event with a key in a layer: the same wherever the same script makes it anew.
pub fn uid_of_key(layer: &Layer, key: &str) -> Uid {
    let start = layer.uid.0 ^ 0xcbf2_9ce4_8422_2325;
    let hash = key.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    let uid = Uid(hash ^ hash >> 29);
    if layer.get(uid).is_some() { Uid::fresh() } else { uid }
}

/// A colour as it is written.
pub fn colour_text([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn colour_of(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|d| d.len() == 6 && d.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    Some([part(0)?, part(2)?, part(4)?])
}

/// The shortest decimal that means these ticks, as seconds: nine places are more than a tick needs.
pub fn time_text(ticks: i64) -> String {
    let seconds = seconds_of(ticks);
    let found = (0..=9).map(|places| format!("{seconds:.places$}"));
    let exact = found.into_iter().find(|text| text.parse().is_ok_and(|s: f64| ticks_of(s) == ticks));
    match exact.as_deref() {
        Some("-0") | None => seconds.to_string(),
        Some(text) => text.to_owned(),
    }
}

impl Session {
    /// When a song position (quarter notes) comes, in ticks, at the tempo of the session's own clock.
    pub fn ticks_at(&self, beat: f64) -> i64 {
        ticks_of(beat * 60.0 / self.bpm)
    }

    /// The words for an event's time: `bar` or `beat` where these alone say it, else `time` (and the `beat` it has).
    pub fn time_words(&self, event: &LayerEvent) -> Vec<(&'static str, String)> {
        let Some(beat) = event.beat else { return vec![("time", time_text(event.ticks))] };
        if self.ticks_at(beat) != event.ticks {
            return vec![("time", time_text(event.ticks)), ("beat", beat.to_string())];
        }
        let length = self.signature.bar_beats();
        let bar = (beat / length).floor() + 1.0;
        if (bar - 1.0) * length == beat { vec![("bar", bar.to_string())] } else { vec![("beat", beat.to_string())] }
    }

    /// The event that these words make: a new one, or `old` with what they say. `rate` is the layer's, for timecode.
    pub fn event_of(
        &self,
        rate: FrameRate,
        old: Option<&LayerEvent>,
        words: &[(String, Typed)],
    ) -> Result<LayerEvent, String> {
        let mut event = old.cloned().unwrap_or_else(|| LayerEvent::at(0));
        let (mut time, mut beat, mut cue, mut token) = (None, None, None, None);
        for (word, value) in words {
            let number = || number(word, value);
            let text = || match value {
                Typed::Text(text) => Ok(Arc::<str>::from(text.as_str())),
                Typed::Number(_) => Err(format!("{word} takes text, got {}", value.got())),
            };
            let once = |taken: bool| match taken {
                true => Err("an event has one time: give time or ticks, and bar or beat, once".to_owned()),
                false => Ok(()),
            };
            match word.as_str() {
                "time" => {
                    once(time.is_some())?;
                    time = Some(seconds(rate, value)?);
                }
                "ticks" => {
                    once(time.is_some())?;
                    let whole = number()?;
                    if whole.fract() != 0.0 || whole.abs() > 9e15 {
                        return Err(format!("ticks takes a whole number, got {whole}"));
                    }
                    time = Some(whole as i64);
                }
                "bar" => {
                    once(beat.is_some())?;
                    beat = Some((number()? - 1.0) * self.signature.bar_beats());
                }
                "beat" => {
                    once(beat.is_some())?;
                    beat = Some(number()?);
                }
                "token" => token = Some(text()?),
                "cue" => cue = Some(cue_of(value)?),
                "cueText" => cue = Some(text()?),
                "cmd" => event.cmd = text()?,
                "name" => event.name = text()?,
                "note" => event.note = text()?,
                "colour" => event.colour = colour(value)?,
                other => return Err(format!("\"{other}\" is not known here; an event has {}", EVENT_WORDS.join(" "))),
            }
        }
        match (time, beat) {
            (None, None) if old.is_none() => return Err("an event needs its time, bar, beat or ticks".into()),
            (None, None) => {}
            (Some(ticks), beat) => (event.ticks, event.beat) = (ticks, beat),
            (None, Some(beat)) => (event.ticks, event.beat) = (self.ticks_at(beat), Some(beat)),
        }
        let token = token.filter(|token| !token.is_empty());
        // A cue given without a token is gone to; so running the same words again gives the same event.
        if let Some(cue) = cue {
            event.token = default_token(&cue).into();
            event.cue = cue;
        }
        if let Some(token) = token {
            event.token = token;
        }
        event.check()?;
        Ok(event)
    }
}

fn number(word: &str, value: &Typed) -> Result<f64, String> {
    let number = match value {
        Typed::Number(number) => Some(*number),
        Typed::Text(text) => text.parse().ok(),
    };
    number.filter(|n| n.is_finite()).ok_or_else(|| format!("{word} takes a number, got {}", value.got()))
}

fn seconds(rate: FrameRate, value: &Typed) -> Result<i64, String> {
    match value {
        Typed::Text(text) => match text.parse::<f64>() {
            Ok(seconds) if seconds.is_finite() => Ok(ticks_of(seconds)),
            _ => rate.parse(text),
        },
        Typed::Number(_) => number("time", value).map(ticks_of),
    }
}

fn cue_of(value: &Typed) -> Result<Arc<str>, String> {
    match value {
        Typed::Text(text) if text.is_empty() => Ok(Arc::from("")),
        Typed::Text(text) => cue_text(text),
        Typed::Number(number) => cue_text(&number.to_string()),
    }
}

fn colour(value: &Typed) -> Result<Option<[u8; 3]>, String> {
    match value {
        Typed::Text(text) if text.is_empty() => Ok(None),
        Typed::Text(text) if colour_of(text).is_some() => Ok(colour_of(text)),
        other => Err(format!("colour takes \"#rrggbb\", got {}", other.got())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(list: &[(&str, Typed)]) -> Vec<(String, Typed)> {
        list.iter().map(|(word, value)| ((*word).to_owned(), value.clone())).collect()
    }

    fn number(n: f64) -> Typed {
        Typed::Number(n)
    }

    fn text(t: &str) -> Typed {
        Typed::Text(t.to_owned())
    }

    #[test]
    fn bars_are_counted_from_one_at_the_sessions_tempo() {
        let session = Session::new();
        let event = session.event_of(FrameRate::F30, None, &words(&[("bar", number(33.0))])).unwrap();
        // 32 bars of 4/4 at 120: 64 s.
        assert_eq!((event.ticks, event.beat), (ticks_of(64.0), Some(128.0)));
        assert_eq!(session.time_words(&event), [("bar", "33".to_owned())]);
        let faster = Session { bpm: 128.0, ..Session::new() };
        assert_eq!(faster.time_words(&event), [("time", "64".to_owned()), ("beat", "128".to_owned())]);
    }

    #[test]
    fn a_cue_without_a_token_is_gone_to_and_the_same_words_give_the_same_event() {
        let session = Session::new();
        let make =
            |old: Option<&LayerEvent>, list: &[(&str, Typed)]| session.event_of(FrameRate::F25, old, &words(list));
        let plain = make(None, &[("time", text("00:00:01:05"))]).unwrap();
        assert_eq!((&*plain.token, plain.ticks), ("Go+", ticks_of(1.2)));
        let cue = make(Some(&plain), &[("cue", number(3.5))]).unwrap();
        assert_eq!((&*cue.token, &*cue.cue), ("Goto", "3.5"));
        let flash = make(Some(&cue), &[("token", text("Flash")), ("name", text("Boom"))]).unwrap();
        assert_eq!((&*flash.token, &*flash.cue, &*flash.name), ("Flash", "3.5", "Boom"));
        assert_eq!(make(Some(&flash), &[("name", text("Boom"))]).unwrap(), flash);
        assert_eq!(&*make(Some(&cue), &[("cue", text(""))]).unwrap().token, "Go+");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let session = Session::new();
        for (list, part) in [
            (vec![], "needs its time"),
            (vec![("time", number(1.0)), ("ticks", number(1.0))], "one time"),
            (vec![("time", number(f64::NAN))], "time takes a number"),
            (vec![("time", number(1.0)), ("cue", number(3.1234))], "0.001 to 9999.999"),
            (vec![("time", number(1.0)), ("colour", text("red"))], "#rrggbb"),
            (vec![("time", number(1.0)), ("when", number(1.0))], "\"when\" is not known"),
            (vec![("time", number(1e9))], "-921600 to 921600"),
            (vec![("time", number(1.0)), ("name", number(1.0))], "name takes text"),
        ] {
            let error = session.event_of(FrameRate::F30, None, &words(&list)).unwrap_err();
            assert!(error.contains(part), "{list:?}: {error}");
        }
    }

    #[test]
    fn a_written_time_means_its_tick_again() {
        for ticks in [0, 1, -1, 16_777_215, 559_241, 1 << 40, -(1 << 43) - 7, super::super::layer::TICKS_MAX] {
            let text = time_text(ticks);
            assert_eq!(ticks_of(text.parse().unwrap()), ticks, "{text}");
            assert!(text.len() < 18, "{text}");
        }
        assert_eq!((time_text(ticks_of(12.75)), time_text(ticks_of(0.1))), ("12.75".into(), "0.1".into()));
    }
}
