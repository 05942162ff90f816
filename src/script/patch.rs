//! The session written back into a person's text, by the smallest edits that a dry run proves.
//!
//! Thread: script. **Invariant:** what the text makes otherwise changes in the touched items alone; what cannot be
//! written so is left, byte for byte, and marked.
//!
//! Reading order: [`tree`] (the text as calls), [`sites`] (where an item is set), [`plan`], [`fields`], [`rows`], [`lights`],
//! [`nouns`] (what could be written), [`change`] (how), [`solve`] (what a dry run says to it).

mod change;
mod fields;
mod lights;
mod nouns;
mod plan;
pub(super) mod reader;
mod rows;
mod sites;
mod solve;
#[cfg(test)]
mod tests;
mod tree;

use std::sync::Arc;

use super::dry::Dry;
use crate::model::{Item, Session, TextMark};
use solve::Solver;

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
/// that the text computes is left and marked. `folders` are where the text's files are looked for. Renames are given in
/// the order they were done.
pub fn patch(dry: &mut Dry, text: &str, live: &Session, folders: &[String], touched: &[Item]) -> Patched {
    match Solver::new(dry, text, live, folders, touched) {
        Ok(mut solver) => {
            solver.solve();
            solver.finish()
        }
        Err(failure) => {
            let mark = TextMark {
                line: failure.line.unwrap_or(1),
                item: Arc::from(""),
                message: Arc::from(failure.message),
                pin: None,
                over: None,
            };
            Patched { text: Arc::from(text), marks: vec![mark], written: vec![] }
        }
    }
}
