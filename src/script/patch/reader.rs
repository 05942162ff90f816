//! Scripts parsed, again and again: only what changed is read anew.
//!
//! Thread: any.

use tree_sitter::{InputEdit, Parser, Point, Tree};

/// Parses scripts and remembers the last tree: a text that differs in a few places is parsed in those alone.
#[derive(Default)]
pub(in crate::script) struct Reader {
    last: Option<(String, Tree)>,
}

impl Reader {
    /// The tree of a script; none when the parser gives up.
    pub fn read(&mut self, text: &str) -> Option<Tree> {
        if let Some((_, tree)) = self.last.as_ref().filter(|(last, _)| last == text) {
            return Some(tree.clone());
        }
        let mut parser = Parser::new();
        parser.set_language(&tree_sitter_lua::LANGUAGE.into()).ok()?;
        let old = self.last.take().map(|(last, mut tree)| {
            tree.edit(&between(&last, text));
            tree
        });
        let tree = parser.parse(text, old.as_ref())?;
        self.last = Some((text.to_owned(), tree.clone()));
        Some(tree)
    }
}

/// The edit that leads from one text to another: all between the equal beginning and the equal end.
fn between(old: &str, new: &str) -> InputEdit {
    let (a, b) = (old.as_bytes(), new.as_bytes());
    let start = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let most = a.len().min(b.len()) - start;
    let end = a.iter().rev().zip(b.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let point = |bytes: &[u8], at: usize| {
        let line = bytes[..at].iter().rposition(|c| *c == b'\n').map_or(0, |n| n + 1);
        Point { row: bytes[..at].iter().filter(|c| **c == b'\n').count(), column: at - line }
    };
    InputEdit {
        start_byte: start,
        old_end_byte: a.len() - end,
        new_end_byte: b.len() - end,
        start_position: point(a, start),
        old_end_position: point(a, a.len() - end),
        new_end_position: point(b, b.len() - end),
    }
}
