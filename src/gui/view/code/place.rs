//! Keeps where somebody was in the text: caret, scroll and size of letters, with the session. Thread: gui. Pure.

use egui::vec2;

use super::buffer::Buffer;
use crate::gui::widget::script_text;

/// The layout entry: `line:column:scroll:size`, lines and columns from 1, the rest in points.
pub const ENTRY: &str = "script.view";
/// Seconds that a place must stay before it is kept.
const PAUSE_SECS: f64 = 1.5;

/// What was last seen and kept.
#[derive(Default)]
pub struct Place {
    kept: Option<String>,
    seen: Option<(String, f64)>,
}

fn read(text: &str) -> Option<(usize, usize, f32, f32)> {
    let mut parts = text.split(':');
    let line = parts.next()?.parse().ok()?;
    let column = parts.next()?.parse().ok()?;
    let scroll: f32 = parts.next()?.parse().ok()?;
    let size: f32 = parts.next()?.parse().ok()?;
    (scroll.is_finite() && scroll >= 0.0 && (7.0..=40.0).contains(&size)).then_some((line, column, scroll, size))
}

fn write(buffer: &Buffer) -> String {
    let line = script_text::line_of(&buffer.text, buffer.caret);
    let column = buffer.caret - script_text::start_of(&buffer.text, line);
    format!("{}:{}:{}:{}", line + 1, column + 1, buffer.scroll.y.round(), buffer.font().size)
}

impl Place {
    /// Put the buffer where the session says, when the window opens.
    pub fn restore(&mut self, buffer: &mut Buffer, entry: Option<&String>) {
        let Some((line, column, scroll, size)) = entry.and_then(|text| read(text)) else { return };
        let line = line.saturating_sub(1);
        let start = script_text::start_of(&buffer.text, line);
        let own = script_text::slice(&buffer.text, &(line..line + 1)).chars().count();
        let caret = start + column.saturating_sub(1).min(own);
        buffer.caret = caret;
        buffer.selection = caret..caret;
        buffer.moved = true;
        buffer.scroll_to = Some(vec2(0.0, scroll));
        buffer.size = Some(size).filter(|size| *size != crate::gui::theme::CODE_SIZE);
        self.kept = entry.cloned();
    }

    /// The entry to keep now, if somebody has come to rest at another place.
    pub fn look(&mut self, buffer: &Buffer, time: f64) -> Option<String> {
        // A buffer that was not drawn yet is nowhere.
        if buffer.scroll_to.is_some() {
            return None;
        }
        let now = write(buffer);
        match &self.seen {
            Some((seen, since)) if *seen == now => {
                if time - since < PAUSE_SECS || self.kept.as_ref() == Some(&now) {
                    return None;
                }
                // The very first place is where everybody begins.
                let first = self.kept.is_none() && now.starts_with("1:1:0:13.5");
                self.kept = Some(now.clone());
                (!first).then_some(now)
            }
            _ => {
                self.seen = Some((now, time));
                None
            }
        }
    }

    /// The entry to keep when the window closes, if it is another one.
    pub fn last(&mut self, buffer: &Buffer) -> Option<String> {
        let now = write(buffer);
        let seen = self.seen.is_some() && self.kept.as_ref() != Some(&now) && !now.starts_with("1:1:0:13.5");
        self.kept = Some(now.clone());
        seen.then_some(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_and_nonsense_is_not_read() {
        let mut buffer = Buffer { text: "one\ntwö\nthree".into(), caret: 6, ..Buffer::default() };
        buffer.scroll.y = 40.0;
        buffer.size = Some(20.0);
        let entry = write(&buffer);
        assert_eq!(entry, "2:3:40:20");
        let mut other = Buffer { text: buffer.text.clone(), ..Buffer::default() };
        Place::default().restore(&mut other, Some(&entry));
        assert_eq!((other.caret, other.size, other.scroll_to), (6, Some(20.0), Some(vec2(0.0, 40.0))));
        for bad in ["", "1:2", "1:1:NaN:13", "1:1:0:900", "-1:1:0:13", "9:9:9"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        Place::default().restore(&mut other, Some(&"99:99:0:13".to_owned()));
        assert_eq!(other.caret, 13);
    }

    #[test]
    fn a_place_is_kept_after_a_rest_and_once() {
        let mut buffer = Buffer { text: "one\ntwo".into(), caret: 5, ..Buffer::default() };
        let mut place = Place::default();
        assert_eq!(place.look(&buffer, 0.0), None);
        assert_eq!(place.look(&buffer, 1.0), None);
        assert_eq!(place.look(&buffer, 2.0), Some("2:2:0:13.5".into()));
        assert_eq!(place.look(&buffer, 4.0), None);
        buffer.caret = 0;
        assert_eq!(place.last(&buffer), None);
    }
}
