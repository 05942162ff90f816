//! Reading and writing properties: units, coupled times, what sticks.
//!
//! Thread: the desk's.

use super::class::{self, Class, Kind, Prop};
use super::edit::{Refusal, Who};
use super::options::{TimeForm, Writes};
use super::tree::Id;
use super::value::{self, TICKS, Value, cue_text, parse_time, seconds_text, to_seconds, to_ticks, yes_no};
use super::world::World;

/// Properties whose writes the options may switch off; `None` for all others.
fn switch(world: &World, class: Class, prop: &str) -> Option<bool> {
    let writes = &world.options.writes;
    match (class.is_event(), prop) {
        (true, "RawTime") => Some(writes.raw_time),
        (true, "Token") => Some(writes.token),
        (true, "CueDestination") => Some(writes.cue),
        (true, "RealtimeCmd") => Some(writes.command),
        (true, "ExecuteCommand") => Some(writes.execute),
        (true, "Note") => Some(writes.event_note),
        (_, "Guid") => Some(writes.guid),
        _ => None,
    }
}

impl World {
    /// Start of the range above an object, ticks.
    pub fn range_start(&self, id: Id) -> i64 {
        let range = self.tree.above(id, Class::TimeRange).and_then(|range| self.tree.get(range));
        range.and_then(|range| range.more.get("Start")).and_then(Value::int).unwrap_or(0)
    }

    /// The raw value of a property: times as ticks, words as numbers.
    pub fn raw(&self, id: Id, prop: &Prop) -> Value {
        let Some(object) = self.tree.get(id) else { return Value::Nil };
        let link = || object.link.filter(|to| self.tree.get(*to).is_some()).map_or(Value::Nil, Value::Object);
        let above = |class| self.tree.above(id, class).map_or(Value::Nil, Value::Object);
        let event = object.class.is_event();
        match prop.name {
            "Name" if event && object.name.is_empty() => Value::Text(self.token_text(id)),
            "Name" => Value::Text(object.name.clone()),
            "Note" => Value::Text(object.note.clone()),
            "Lock" => Value::Bool(object.lock),
            "SystemLocked" if self.locked && self.options.show_lock_reads => {
                Value::Bool(self.tree.chain(id).any(|above| above == self.show_data))
            }
            "Index" => Value::Int(self.tree.place(id).map_or(0, |place| place as i64 + 1)),
            "Count" => Value::Int(object.children.len() as i64),
            "No" => Value::Int(self.number(id)),
            "MemoryFootprint" => Value::Int(match object.class {
                Class::CmdEvent => 384,
                Class::FaderEvent => 320,
                _ => 512,
            }),
            "RawTime" | "Time" if event => Value::Int(object.event.time),
            "AbsTime" if event => Value::Int(object.event.time + self.range_start(id)),
            "Token" if event => Value::Int(object.event.token),
            "RealtimeCmd" => Value::Text(object.event.command.clone()),
            "CueDestination" | "Target" => link(),
            "TrackGroup" if event => above(Class::TrackGroup),
            "Track" if event => above(Class::Track),
            "Cursor" => Value::Int(self.cursor(id)),
            "RawStart" => Value::Int(self.range_start(id)),
            "RawDuration" => object.more.get("Duration").cloned().unwrap_or(Value::Int(0)),
            "RawOffsetTCSlot" => object.more.get("OffsetTCSlot").cloned().unwrap_or(Value::Int(0)),
            "TimeString" => Value::Text(clock_text(self.cursor(id))),
            "Time" if object.class == Class::TimecodeSlot => Value::Int(self.cursor(id)),
            _ => object.more.get(prop.name).cloned().unwrap_or(match prop.kind {
                Kind::Text => Value::Text(String::new()),
                Kind::Bool => Value::Bool(prop.initial != 0),
                Kind::Handle => Value::Nil,
                _ => Value::Int(prop.initial),
            }),
        }
    }

    /// The number that people call an object by: pool number, cue number in thousandths, else the place from 1;
    /// of a track, the place without the Marker.
    pub fn number(&self, id: Id) -> i64 {
        let Some(object) = self.tree.get(id) else { return 0 };
        let place = || self.tree.place(id).map_or(0, |place| place as i64 + 1);
        match object.class {
            _ if object.no > 0 => object.no,
            Class::MarkerTrack => 0,
            Class::Track => {
                let group = object.parent.unwrap_or_default();
                self.tree.children_of(group, Class::Track).position(|track| track == id).map_or(0, |at| at as i64 + 1)
            }
            _ => place(),
        }
    }

    /// The word of an event's token.
    pub fn token_text(&self, id: Id) -> String {
        let Some(object) = self.tree.get(id) else { return String::new() };
        let words = object.class.prop("Token").map(|prop| prop.kind);
        let Some(Kind::Choice(words)) = words else { return String::new() };
        class::word_of(words, object.event.token).map_or_else(|| object.event.token.to_string(), str::to_owned)
    }

    /// A property as `Get` without a role gives it; Nil where there is none of this name.
    pub fn read(&self, id: Id, name: &str) -> Value {
        let Some(prop) = self.tree.class(id).and_then(|class| class.prop(name)) else { return Value::Nil };
        let raw = self.raw(id, prop);
        match (prop.kind, raw) {
            (Kind::Time, Value::Int(ticks)) => match self.options.times {
                TimeForm::Ticks => Value::Int(ticks),
                TimeForm::Seconds => Value::Num(to_seconds(ticks)),
                TimeForm::Text => Value::Text(seconds_text(ticks)),
            },
            (Kind::Choice(words), Value::Int(number)) if !self.options.enums_as_numbers => {
                Value::Text(class::word_of(words, number).map_or_else(|| number.to_string(), str::to_owned))
            }
            (_, Value::Int(no)) if prop.name == "No" && self.options.numbers_as_text => Value::Text(no.to_string()),
            (_, raw) => raw,
        }
    }

    /// A property as text, as `Get` with a role and `Dump` give it; `None` where there is none of this name.
    pub fn read_text(&self, id: Id, name: &str) -> Option<String> {
        let prop = self.tree.class(id).and_then(|class| class.prop(name))?;
        Some(match (prop.kind, self.raw(id, prop)) {
            (Kind::Time, Value::Int(_)) if prop.name == "Duration" && self.tree.class(id) == Some(Class::TimeRange) => {
                match self.raw(id, prop) {
                    Value::Int(0) => "To End".to_owned(),
                    other => other.int().map(seconds_text).unwrap_or_default(),
                }
            }
            (Kind::Time, Value::Int(ticks)) => seconds_text(ticks),
            (Kind::Choice(words), Value::Int(number)) => {
                class::word_of(words, number).map_or_else(|| number.to_string(), str::to_owned)
            }
            (_, Value::Object(to)) => format!("{} '{}'", self.shown_number(to), self.shown_name(to)),
            (_, Value::Bool(yes)) => yes_no(yes).to_owned(),
            (_, Value::Nil) => String::new(),
            (_, Value::Int(_)) if prop.name == "No" => self.shown_number(id),
            (_, value) => value.text().unwrap_or_default(),
        })
    }

    /// A number as people read it: cues as decimals.
    pub fn shown_number(&self, id: Id) -> String {
        let number = self.number(id);
        if self.tree.class(id) == Some(Class::Cue) { cue_text(number) } else { number.to_string() }
    }

    /// A name as people read it.
    pub fn shown_name(&self, id: Id) -> String {
        self.read_text(id, "Name").unwrap_or_default()
    }

    /// Write a property. What the real desk ignores without a word is refused here with a reason, for logs.
    pub fn write(&mut self, id: Id, name: &str, value: &Value, who: Who) -> Result<(), Refusal> {
        let class = self.tree.class(id).ok_or("the object is gone")?;
        let prop = class.prop(name).ok_or_else(|| format!("a {} has no property {name}", class.name()))?;
        let allowed = switch(self, class, prop.name).unwrap_or(!prop.read_only);
        if !allowed && who == Who::Program {
            return Err(format!("{} of a {} cannot be written here", prop.name, class.name()));
        }
        let own_lock = prop.name == "Lock";
        let raw = self.parse(id, class, prop, value, who)?;
        if prop.name == "Cursor" {
            // A seek is no edit: nothing to take back, no hook known.
            self.seek(id, raw.int().unwrap_or(0).clamp(-value::TIME_MAX, value::TIME_MAX));
            return Ok(());
        }
        self.alter(id, who, own_lock, |world| world.put_raw(id, class, prop, raw, who))
    }

    /// The raw value of what was written.
    fn parse(&self, id: Id, class: Class, prop: &Prop, value: &Value, who: Who) -> Result<Value, Refusal> {
        let wrong = || format!("{value:?} is no value for {}", prop.name);
        Ok(match prop.kind {
            Kind::Text => Value::Text(value.text().ok_or_else(wrong)?),
            Kind::Int => Value::Int(self.parse_int(class, prop, value).ok_or_else(wrong)?),
            Kind::Bool => Value::Bool(value.bool().ok_or_else(wrong)?),
            Kind::Raw => Value::Int(value.int().ok_or_else(wrong)?),
            Kind::Time => Value::Int(self.parse_written_time(class, value, who).ok_or_else(wrong)?),
            Kind::Choice(words) => {
                let number = match value {
                    Value::Text(word) => class::number_of(words, word).or_else(|| word.parse().ok()),
                    other => other.int(),
                };
                Value::Int(number.filter(|n| class::word_of(words, *n).is_some()).ok_or_else(wrong)?)
            }
            Kind::Handle => match value {
                Value::Object(to) => Value::Object(*to),
                Value::Nil => Value::Nil,
                Value::Text(text) if text.is_empty() || text.eq_ignore_ascii_case("none") => Value::Nil,
                Value::Text(text) => Value::Object(self.handle_from_text(id, prop.name, text).ok_or_else(wrong)?),
                _ => return Err(wrong()),
            },
        })
    }

    fn parse_int(&self, class: Class, prop: &Prop, value: &Value) -> Option<i64> {
        match (class, prop.name, value) {
            (Class::Cue, "No", Value::Text(text)) => value::parse_cue(text),
            _ => value.int(),
        }
    }

    /// The cue of the event's own sequence where only a number is given; else an address.
    fn handle_from_text(&self, id: Id, prop: &str, text: &str) -> Option<Id> {
        if prop == "CueDestination"
            && let Some(number) = value::parse_cue(text)
        {
            let track = self.tree.above(id, Class::Track)?;
            return self.tree.numbered(self.tree.get(track)?.link?, number);
        }
        self.at_address(text)
    }

    /// The switches say what a program's number means; a hand's whole number is ticks on every desk.
    fn parse_written_time(&self, class: Class, value: &Value, who: Who) -> Option<i64> {
        let by_hand = Writes::default();
        let writes = if who == Who::Hand { &by_hand } else { &self.options.writes };
        match value {
            Value::Int(ticks) if writes.time_ticks => Some(*ticks),
            Value::Int(seconds) if writes.time_seconds => seconds.checked_mul(TICKS),
            Value::Num(seconds) if writes.time_seconds && seconds.is_finite() => Some(to_ticks(*seconds)),
            Value::Num(ticks) if writes.time_ticks && ticks.is_finite() => Some(ticks.round_ties_even() as i64),
            Value::Text(text) if writes.time_text || !class.is_event() => parse_time(text),
            _ => None,
        }
    }

    fn put_raw(&mut self, id: Id, class: Class, prop: &Prop, raw: Value, who: Who) -> Result<(), Refusal> {
        match (prop.name, raw) {
            ("RawTime" | "Time", Value::Int(ticks)) if class.is_event() => {
                let ticks = self.kept_time(id, ticks, who);
                self.tree.retime(id, ticks);
            }
            ("No", Value::Int(no)) => self.renumber(id, no)?,
            ("CueDestination", Value::Object(to)) if self.tree.class(to) != Some(Class::Cue) => {
                return Err("a cue destination is a cue".to_owned());
            }
            ("Start" | "Offset", Value::Int(ticks)) => {
                let ticks = self.kept_time(id, ticks, who);
                self.store(id, prop.name, Value::Int(ticks));
            }
            ("LoopCount", Value::Int(count)) => self.store(id, prop.name, Value::Int(count.clamp(0, 1000))),
            ("Duration", Value::Int(ticks)) => {
                self.store(id, prop.name, Value::Int(ticks.clamp(0, value::TIME_MAX)));
            }
            (name, raw) => {
                let Some(object) = self.tree.get_mut(id) else { return Err("the object is gone".to_owned()) };
                match (name, raw) {
                    ("Name", Value::Text(text)) => object.name = text,
                    ("Note", Value::Text(text)) => object.note = text,
                    ("Lock", Value::Bool(yes)) => object.lock = yes,
                    ("RealtimeCmd", Value::Text(text)) => object.event.command = text,
                    ("Token", Value::Int(number)) => object.event.token = number,
                    ("CueDestination" | "Target", Value::Object(to)) => object.link = Some(to),
                    ("CueDestination" | "Target", _) => object.link = None,
                    (_, raw) => {
                        object.more.insert(prop.name, raw);
                    }
                }
            }
        }
        Ok(())
    }

    fn store(&mut self, id: Id, name: &'static str, value: Value) {
        if let Some(object) = self.tree.get_mut(id) {
            object.more.insert(name, value);
        }
    }

    /// Give an object of a pool, or a cue, another number.
    fn renumber(&mut self, id: Id, no: i64) -> Result<(), Refusal> {
        let parent = self.tree.parent(id).ok_or("it stands nowhere")?;
        let numbered = self.tree.class(parent).is_some_and(|c| c.is_pool() || c == Class::Sequence);
        if !numbered || no < 1 || self.tree.numbered(parent, no).is_some_and(|other| other != id) {
            return Err(format!("number {no} cannot be given here"));
        }
        if let Some(object) = self.tree.get_mut(id) {
            object.no = no;
        }
        let numbers: Vec<(i64, Id)> =
            self.tree.children(parent).iter().map(|c| (self.tree.get(*c).map_or(0, |o| o.no), *c)).collect();
        let mut sorted = numbers;
        sorted.sort();
        if let Some(object) = self.tree.get_mut(parent) {
            object.children = sorted.into_iter().map(|(_, child)| child).collect();
        }
        Ok(())
    }

    /// What `Dump` prints: the properties, then the children counted from 0.
    pub fn dump(&self, id: Id) -> String {
        let Some(object) = self.tree.get(id) else { return "Invalid handle".to_owned() };
        let mut text = format!("Class: {}\nPath: {}\nProperties:\n", object.class.name(), self.path(id));
        for prop in object.class.props() {
            let shown = match prop.name {
                "No" => format!("{} ({})", self.shown_number(id), self.tree.place(id).map_or(0, |p| p + 1)),
                name => self.read_text(id, name).unwrap_or_default(),
            };
            text += &format!("\t{} = \"{shown}\"\n", prop.name.to_uppercase());
        }
        text += "Children:\n";
        for (at, child) in object.children.iter().enumerate() {
            let class = self.tree.class(*child).map_or("", Class::name);
            text += &format!("\t#{at:04} {} '{}' ({class})\n", self.shown_number(*child), self.shown_name(*child));
        }
        text
    }
}

/// A time as a slot shows it.
fn clock_text(ticks: i64) -> String {
    let frames = (ticks as i128 * 30 / i128::from(TICKS)) as i64;
    let seconds = frames / 30;
    format!("{:02}:{:02}:{:02}.{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60, frames % 30)
}
