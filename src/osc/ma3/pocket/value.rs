//! Values of properties, and the console's ways of writing times.
//!
//! Thread: any; plain values.

use super::tree::Id;

/// Ticks in a second.
pub const TICKS: i64 = 1 << 24;

/// The longest time on the desk, in ticks: 255h59m58.96s.
pub const TIME_MAX: i64 = 92_159_896 * TICKS / 100;

/// The value of a property.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value.
    Nil,
    /// Yes or No.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Num(f64),
    /// Text.
    Text(String),
    /// An object.
    Object(Id),
}

impl Value {
    /// The text of a value that was written, where it has one.
    pub fn text(&self) -> Option<String> {
        match self {
            Value::Text(text) => Some(text.clone()),
            Value::Int(n) => Some(n.to_string()),
            Value::Num(n) => Some(n.to_string()),
            Value::Bool(yes) => Some(yes_no(*yes).to_owned()),
            Value::Nil => Some(String::new()),
            Value::Object(_) => None,
        }
    }

    /// The whole number of a value that was written, where it is one.
    pub fn int(&self) -> Option<i64> {
        match self {
            Value::Int(n) => Some(*n),
            Value::Num(n) if n.fract() == 0.0 && n.abs() < 9.0e18 => Some(*n as i64),
            Value::Bool(yes) => Some(i64::from(*yes)),
            Value::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// Yes or No of a value that was written, where it is one.
    pub fn bool(&self) -> Option<bool> {
        match self {
            Value::Bool(yes) => Some(*yes),
            Value::Int(n) => Some(*n != 0),
            Value::Text(text) if ["yes", "true", "1", "on"].iter().any(|y| text.eq_ignore_ascii_case(y)) => Some(true),
            Value::Text(text) if ["no", "false", "0", "off"].iter().any(|n| text.eq_ignore_ascii_case(n)) => {
                Some(false)
            }
            _ => None,
        }
    }
}

/// Yes or No.
pub fn yes_no(yes: bool) -> &'static str {
    if yes { "Yes" } else { "No" }
}

/// Seconds to ticks, half to even.
pub fn to_ticks(seconds: f64) -> i64 {
    (seconds * TICKS as f64).round_ties_even() as i64
}

/// Ticks to seconds.
pub fn to_seconds(ticks: i64) -> f64 {
    ticks as f64 / TICKS as f64
}

/// Seconds with six decimals, as `Dump` prints them.
pub fn seconds_text(ticks: i64) -> String {
    format!("{:.6}", to_seconds(ticks))
}

/// Read a time as people write it: "12.5", "1.36s", "3m1.5s", "1h2m3s", "-2".
pub fn parse_time(text: &str) -> Option<i64> {
    let text = text.trim();
    let (sign, mut rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut seconds = 0.0;
    for (unit, size) in [('d', 86_400.0), ('h', 3_600.0), ('m', 60.0)] {
        if let Some((count, after)) = rest.split_once(unit) {
            seconds += plain_number(count)? * size;
            rest = after;
        }
    }
    let rest = rest.strip_suffix('s').unwrap_or(rest);
    if !rest.is_empty() {
        seconds += plain_number(rest)?;
    } else if seconds == 0.0 && !text.ends_with(['d', 'h', 'm', 's']) {
        return None;
    }
    Some(sign * to_ticks(seconds))
}

fn plain_number(text: &str) -> Option<f64> {
    let fine = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    fine.then(|| text.parse().ok()).flatten()
}

/// A cue number from its thousandths: 3500 is "3.5".
pub fn cue_text(thousandths: i64) -> String {
    let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Thousandths of a cue number, 0.001 to 9999.999.
pub fn parse_cue(text: &str) -> Option<i64> {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let fine = !whole.is_empty() && whole.len() <= 4 && part.len() <= 3;
    if !fine || !whole.bytes().chain(part.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = whole.parse::<i64>().ok()? * 1000 + format!("{part:0<3}").parse::<i64>().ok()?;
    (number > 0).then_some(number)
}
