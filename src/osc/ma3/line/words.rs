//! Datagrams in words, one line each, for the packet inspector. Thread: osc; pure.

use crate::osc::codec;
use crate::osc::ma3::protocol::fragment::Fragment;

/// Most characters of a line.
const LINE_MAX: usize = 400;

/// What a datagram says: a request's fragment decoded, anything else as it is.
pub fn describe(bytes: &[u8]) -> String {
    let osc = match codec::decode(bytes) {
        Ok(osc) => osc,
        Err(why) => return format!("{} bytes: {why}", bytes.len()),
    };
    let Ok(text) = osc.text() else {
        return format!("{} {:?}", osc.address, osc.args).chars().take(LINE_MAX).collect();
    };
    let line = match Fragment::read(text) {
        Some(Fragment { req, part, parts, piece, .. }) => {
            let piece = String::from_utf8_lossy(&piece);
            let part = if parts == 1 { String::new() } else { format!(" {part}/{parts}") };
            format!("{} #{req}{part} {piece}", osc.address)
        }
        None => format!("{} {text}", osc.address),
    };
    let mut short: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LINE_MAX).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}
