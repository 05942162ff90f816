//! OSC messages as bytes and back. Thread: any; pure. Whatever is not one good message is refused with a reason.

use rosc::{OscMessage, OscPacket, OscType};

/// Largest datagram read, bytes: what UDP carries.
pub const BYTES_MAX: usize = 65_507;
/// Longest address, bytes.
pub const ADDRESS_MAX: usize = 255;
/// Most arguments.
pub const ARGS_MAX: usize = 64;

/// A value in a message: what a grandMA3 understands, and nothing else.
#[derive(Debug, Clone, PartialEq)]
pub enum Arg {
    /// `i`
    Int(i32),
    /// `f`
    Float(f32),
    /// `s`
    Text(String),
    /// `b`
    Blob(Vec<u8>),
    /// `T` and `F`
    Bool(bool),
    /// `N`
    Nil,
    /// `I`
    Impulse,
    /// `t`: seconds since 1900 and their fraction.
    Time(u32, u32),
}

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub struct Osc {
    /// Where it goes: `/cmd`.
    pub address: String,
    /// What it carries.
    pub args: Vec<Arg>,
}

impl Osc {
    /// The one text that it carries, or why it does not.
    pub fn text(&self) -> Result<&str, String> {
        match self.args.as_slice() {
            [Arg::Text(text)] => Ok(text),
            args => Err(format!("{} carries one text, got {} arguments", self.address, args.len())),
        }
    }
}

/// One message with one text as bytes. A NUL would end the text on the other side, so it is left out.
pub fn encode_text(address: &str, text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(address.len() + text.len() + 12);
    for part in [address, ",s", text] {
        out.extend(part.bytes().filter(|byte| *byte != 0));
        out.push(0);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}

/// A message as bytes, or why it cannot be one.
pub fn encode(message: &Osc) -> Result<Vec<u8>, String> {
    check_address(&message.address)?;
    if message.args.len() > ARGS_MAX {
        return Err(format!("a message has at most {ARGS_MAX} arguments, got {}", message.args.len()));
    }
    if message.args.iter().any(|arg| matches!(arg, Arg::Text(text) if text.contains('\0'))) {
        return Err("a text with a NUL in it would end there on the other side".into());
    }
    let args = message.args.iter().map(|arg| match arg {
        Arg::Int(value) => OscType::Int(*value),
        Arg::Float(value) => OscType::Float(*value),
        Arg::Text(text) => OscType::String(text.clone()),
        Arg::Blob(bytes) => OscType::Blob(bytes.clone()),
        Arg::Bool(value) => OscType::Bool(*value),
        Arg::Nil => OscType::Nil,
        Arg::Impulse => OscType::Inf,
        Arg::Time(seconds, fractional) => OscType::Time(rosc::OscTime { seconds: *seconds, fractional: *fractional }),
    });
    let packet = OscPacket::Message(OscMessage { addr: message.address.clone(), args: args.collect() });
    let bytes = rosc::encoder::encode(&packet).map_err(|e| e.to_string())?;
    if bytes.len() > BYTES_MAX {
        return Err(format!("a datagram has at most {BYTES_MAX} bytes, this message has {}", bytes.len()));
    }
    Ok(bytes)
}

fn check_address(address: &str) -> Result<(), String> {
    if !address.starts_with('/') || address.len() > ADDRESS_MAX || address.bytes().any(|b| !(33..127).contains(&b)) {
        return Err(format!("an address is a slash and up to {ADDRESS_MAX} plain characters"));
    }
    Ok(())
}

/// Read one message, or say why the bytes are none.
pub fn decode(bytes: &[u8]) -> Result<Osc, String> {
    if bytes.len() > BYTES_MAX {
        return Err(format!("{} bytes are more than a datagram's {BYTES_MAX}", bytes.len()));
    }
    match bytes.first() {
        None => return Err("an empty datagram".into()),
        Some(b'#') => return Err("a bundle; single messages only".into()),
        Some(b'/') => {}
        Some(_) => return Err("no OSC: it does not begin with a slash".into()),
    }
    if !bytes.len().is_multiple_of(4) {
        return Err(format!("no OSC: {} bytes are no multiple of 4", bytes.len()));
    }
    let (rest, packet) = rosc::decoder::decode_udp(bytes).map_err(|e| e.to_string())?;
    let OscPacket::Message(message) = packet else { return Err("a bundle; single messages only".into()) };
    if !rest.is_empty() {
        return Err(format!("{} bytes more than the message says", rest.len()));
    }
    check_address(&message.addr)?;
    if message.args.len() > ARGS_MAX {
        return Err(format!("a message has at most {ARGS_MAX} arguments, got {}", message.args.len()));
    }
    let args = message.args.into_iter().map(|arg| {
        Ok(match arg {
            OscType::Int(value) => Arg::Int(value),
            OscType::Float(value) => Arg::Float(value),
            OscType::String(text) => Arg::Text(text),
            OscType::Blob(bytes) => Arg::Blob(bytes),
            OscType::Bool(value) => Arg::Bool(value),
            OscType::Nil => Arg::Nil,
            OscType::Inf => Arg::Impulse,
            OscType::Time(time) => Arg::Time(time.seconds, time.fractional),
            _ => return Err("an argument of a type that the desk does not know (i f s b T F N I t)".to_owned()),
        })
    });
    Ok(Osc { address: message.addr, args: args.collect::<Result<_, _>>()? })
}

#[cfg(test)]
mod tests;
