//! The desk's OSC input: which messages become commands, and what happens to them on the way.
//!
//! Thread: the desk's.

use super::options::Options;
use super::station::{Due, Kind, Station};

/// Bytes over which a command counts as long for the fault dial.
const LONG_BYTES: usize = 200;

/// One OSC message with text arguments at most.
#[derive(Debug, PartialEq, Eq)]
enum Message {
    /// A command.
    Command(String),
    /// Something else, with the reason why nothing happens.
    Nothing(String),
}

/// A text of an OSC message, padded to four bytes; the rest.
fn padded(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    let next = (end / 4 + 1) * 4;
    Some((&bytes[..end], bytes.get(next.min(bytes.len())..)?))
}

/// Read a datagram. Bundles, other addresses and types that the desk does not know are nothing.
fn read(bytes: &[u8], options: &Options) -> Message {
    let nothing = |why: &str| Message::Nothing(why.to_owned());
    let Some((address, rest)) = padded(bytes) else { return nothing("no OSC message") };
    let address = String::from_utf8_lossy(address).into_owned();
    if address == "#bundle" {
        return nothing("bundles are not supported");
    }
    if !address.starts_with('/') {
        return nothing("no OSC message");
    }
    let expected = if options.prefix.is_empty() { "/cmd".to_owned() } else { format!("/{}/cmd", options.prefix) };
    if address != expected {
        return Message::Nothing(format!("{address} is not for this line"));
    }
    let Some((types, rest)) = padded(rest) else { return nothing("no arguments") };
    if types.iter().skip(1).any(|kind| !b"ifsbTFNIt".contains(kind)) {
        return nothing("a type the desk does not know");
    }
    if types != b",s" {
        return nothing("a command is one text");
    }
    if !options.receive_command {
        return nothing("Receive Command is off");
    }
    match padded(rest) {
        Some((text, _)) => Message::Command(String::from_utf8_lossy(text).into_owned()),
        None => nothing("the text has no end"),
    }
}

/// Inline Lua that is too long loses its end, its closing quote first.
fn cut_lua(command: String, limit: usize) -> String {
    let Some(quote) = command.find(['"', '\'']) else { return command };
    let is_lua = command[..quote].trim().eq_ignore_ascii_case("lua");
    if !is_lua || command.len() - quote - 1 <= limit {
        return command;
    }
    cut(&command, quote + 1 + limit)
}

fn cut(text: &str, bytes: usize) -> String {
    let end = (0..=bytes.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text[..end].to_owned()
}

impl Station {
    /// A datagram arrived at the OSC input.
    pub fn osc(&mut self, bytes: &[u8]) {
        if self.booting || !self.options.osc_input || self.now < self.deaf_until {
            return;
        }
        let command = match read(bytes, &self.options) {
            Message::Command(command) => command,
            Message::Nothing(why) => return self.say(Kind::Osc, format!("OSCInput: ignored: {why}")),
        };
        if !self.options.master {
            let deafness = self.options.station_deafness;
            if self.chance.happens(deafness) {
                return self.say(Kind::Quiet, "OSC came to a station that is not the master: lost");
            }
        }
        let mut command = cut_lua(command, self.options.lua_limit);
        let truncate = self.options.faults.truncate;
        if command.len() > LONG_BYTES && self.chance.happens(truncate) {
            let at = LONG_BYTES + self.chance.below(command.len() - LONG_BYTES);
            command = cut(&command, at);
        }
        self.say(Kind::Osc, format!("OSCInput: /cmd {command}"));
        // Commands are executed in the order in which they arrived.
        self.last_command = (self.now + self.options.osc_latency).max(self.last_command);
        self.at(self.last_command, Due::Command(command));
    }

    /// The OSC line was changed: the desk binds anew and hears nothing for a while.
    pub fn rebind(&mut self) {
        self.deaf_until = self.now + self.options.rebind;
    }
}
