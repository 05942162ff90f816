//! Requests as fragments: each one command that nothing can break out of. Thread: any; pure.

use crate::osc::codec;

use super::base64;

/// Bytes of a request that go into one fragment.
pub const FRAGMENT: usize = 680;
/// Longest command, exclusive: the desk cuts an inline `Lua "…"` off at about 1 KB.
pub const COMMAND_MAX: usize = 1000;
/// Most fragments of a request; the desk takes no more.
pub const FRAGMENTS_MAX: usize = 8192;

const BEFORE: &str = "Lua \"TL.R('";
const AFTER: &str = "')\"";

/// Which way a fragment goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// `/cmd` on the desk's OSC line with this prefix (no slashes, may be empty).
    Command(String),
    /// The desk plug-in's own port.
    Inbound,
}

/// How many fragments a request of so many bytes has.
pub fn count(json: &str) -> u32 {
    u32::try_from(json.len().div_ceil(FRAGMENT).max(1)).unwrap_or(u32::MAX)
}

/// Fragment `part` (from 1) as its base64 text.
fn text(client: u64, req: u64, part: u32, json: &str) -> String {
    let bytes = json.as_bytes();
    let from = (part as usize - 1) * FRAGMENT;
    let piece = &bytes[from.min(bytes.len())..(from + FRAGMENT).min(bytes.len())];
    let mut plain = format!("{client:016x} {req} {part} {} ", count(json)).into_bytes();
    plain.extend_from_slice(piece);
    base64::encode(&plain)
}

/// The datagram of fragment `part` (from 1) of a request.
pub fn datagram(way: &Way, client: u64, req: u64, part: u32, json: &str) -> Vec<u8> {
    let text = text(client, req, part, json);
    match way {
        Way::Command(prefix) if prefix.is_empty() => codec::encode_text("/cmd", &format!("{BEFORE}{text}{AFTER}")),
        Way::Command(prefix) => codec::encode_text(&format!("/{prefix}/cmd"), &format!("{BEFORE}{text}{AFTER}")),
        Way::Inbound => codec::encode_text("/tracklight/req", &text),
    }
}

/// A fragment, read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment {
    /// The client that asks.
    pub client: u64,
    /// Its request.
    pub req: u64,
    /// Which part, from 1.
    pub part: u32,
    /// Of how many.
    pub parts: u32,
    /// The bytes.
    pub piece: Vec<u8>,
}

impl Fragment {
    /// Read the text of a `/cmd` or of `/tracklight/req`; `None` where it is no fragment.
    pub fn read(text: &str) -> Option<Self> {
        let inner = match text.strip_prefix(BEFORE) {
            Some(rest) => rest.strip_suffix(AFTER)?,
            None => text,
        };
        let plain = base64::decode(inner)?;
        let mut fields = plain.splitn(5, |byte| *byte == b' ');
        let mut field = || fields.next().and_then(|bytes| std::str::from_utf8(bytes).ok());
        let client = u64::from_str_radix(field().filter(|id| id.len() == 16)?, 16).ok()?;
        let (req, part, parts) = (field()?.parse().ok()?, field()?.parse().ok()?, field()?.parse().ok()?);
        let piece = fields.next()?.to_vec();
        (1 <= part && part <= parts).then_some(Self { client, req, part, parts, piece })
    }
}
