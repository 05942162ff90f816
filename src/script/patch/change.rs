//! Byte-exact edits of a text: replace, add and take out, with every comment kept.
//!
//! Thread: any.

use std::ops::Range;

use tree_sitter::Node;

use super::tree::{Code, Field, fields};

/// Put `text` where `at` is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// Bytes replaced.
    pub at: Range<usize>,
    /// What stands there then.
    pub text: String,
}

impl Change {
    /// Replace a node.
    pub fn node(node: Node<'_>, text: impl Into<String>) -> Self {
        Self { at: node.byte_range(), text: text.into() }
    }

    /// Insert at a place.
    pub fn insert(at: usize, text: impl Into<String>) -> Self {
        Self { at: at..at, text: text.into() }
    }
}

impl Code<'_> {
    /// The text after the changes; none where two of them overlap.
    pub fn apply(&self, changes: &[Change]) -> Option<String> {
        let mut list: Vec<&Change> = changes.iter().collect();
        list.sort_by_key(|c| (c.at.start, c.at.end));
        list.dedup();
        let mut out = String::with_capacity(self.text.len() + 256);
        let mut at = 0;
        for change in list {
            if change.at.start < at {
                return None;
            }
            out.push_str(self.text.get(at..change.at.start)?);
            out.push_str(&self.keeping(change));
            at = change.at.end;
        }
        out.push_str(self.text.get(at..)?);
        Some(out)
    }

    /// The new text of a change, with the comments it would have taken away.
    fn keeping(&self, change: &Change) -> String {
        let mut text = change.text.clone();
        let inside = |c: &&Range<usize>| c.start >= change.at.start && c.end <= change.at.end;
        for comment in self.comments.iter().filter(inside).map(|c| &self.text[c.clone()]) {
            if text.contains(comment) {
                continue;
            }
            if !text.is_empty() && !text.ends_with(char::is_whitespace) {
                text.push(' ');
            }
            text.push_str(comment);
            if !comment.starts_with("--[") {
                text.push_str(self.newline());
            }
        }
        text
    }

    /// How lines end in this text.
    pub fn newline(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |n| n + 1)
    }

    /// The end of the line, before what ends it.
    fn line_end(&self, at: usize) -> usize {
        let end = self.text[at..].find('\n').map_or(self.text.len(), |n| at + n);
        if self.text[at..end].ends_with('\r') { end - 1 } else { end }
    }

    /// The white space that begins the line, if nothing else stands before `at`.
    fn indent(&self, at: usize) -> Option<&str> {
        Some(&self.text[self.line_start(at)..at]).filter(|before| before.trim().is_empty())
    }

    /// Whether a comment, and nothing after it, fills the rest of a line.
    fn is_comment_only(&self, from: usize, end: usize) -> bool {
        let rest = &self.text[from..end];
        let begin = from + (rest.len() - rest.trim_start().len());
        let found = self.comments.iter().find(|c| c.start == begin);
        found.is_some_and(|c| c.end <= end && self.text[c.end..end].trim().is_empty())
    }

    /// Where white space and comments after `at` end.
    fn skip(&self, mut at: usize) -> usize {
        loop {
            let rest = &self.text[at..];
            at += rest.len() - rest.trim_start().len();
            match self.comments.iter().find(|c| c.start == at) {
                Some(comment) => at = comment.end,
                None => return at,
            }
        }
    }

    /// Take whole lines, or a piece of one; comments in it stay where they stood.
    fn take(&self, start: usize, end: usize) -> Change {
        let line_end = self.line_end(end);
        let blank = self.text[end..line_end].trim().is_empty();
        let Some(_) = self.indent(start) else {
            return Change { at: self.piece(start, end), text: String::new() };
        };
        if !blank {
            // What follows moves to the place of what goes; a comment there stays on its line.
            let rest = &self.text[end..line_end];
            let spaces = rest.len() - rest.trim_start().len();
            return Change { at: start..end + spaces, text: String::new() };
        }
        let next = self.line_break(line_end);
        let from = self.line_start(start);
        let mut text = String::new();
        for comment in self.comments.iter().filter(|c| c.start >= start && c.end <= end) {
            text.push_str(self.indent(comment.start).unwrap_or_default());
            text.push_str(&self.text[comment.clone()]);
            text.push_str(self.newline());
        }
        Change { at: from..next, text }
    }

    /// The place after the line break at `at`.
    fn line_break(&self, at: usize) -> usize {
        let rest = &self.text[at..];
        at + if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) }
    }

    /// A piece of a line with one of the spaces around it.
    fn piece(&self, start: usize, end: usize) -> Range<usize> {
        let before = self.text[..start].ends_with([' ', '\t']);
        let after = self.text[end..].chars().next().is_none_or(|c| c.is_whitespace() || ",;)}".contains(c));
        if before && after { start - 1..end } else { start..end }
    }

    /// Take a statement out.
    pub fn remove_statement(&self, node: Node<'_>) -> Change {
        let mut end = node.end_byte();
        let rest = &self.text[end..];
        let spaces = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        // A semicolon goes too, unless it keeps the next line from being an argument list.
        if rest[spaces..].starts_with(';') && !self.text[self.skip(end + spaces + 1)..].starts_with('(') {
            end += spaces + 1;
        }
        self.take(node.start_byte(), end)
    }

    /// Take one call out of a chain of them; a comment before it stays where it stood.
    pub fn remove_link(&self, object: Node<'_>, call: Node<'_>) -> Change {
        let gap = object.end_byte()..call.end_byte();
        let method = self.skip(gap.start);
        let start = self.comments.iter().filter(|c| c.start >= gap.start && c.end <= method).map(|c| c.end).max();
        Change { at: start.unwrap_or(gap.start)..gap.end, text: String::new() }
    }

    /// Take a field out of its table.
    pub fn remove_field(&self, table: Node<'_>, field: Node<'_>) -> Change {
        let end = field.end_byte();
        let after = end + (self.text[end..].len() - self.text[end..].trim_start().len());
        if self.text[after..].starts_with([',', ';']) {
            let mut change = self.take(field.start_byte(), after + 1);
            // In a line, the space after the comma goes and the one before stays.
            if self.indent(field.start_byte()).is_none() && self.text[change.at.end..].starts_with(' ') {
                change.at = field.start_byte()..after + 2;
            }
            return change;
        }
        let list = fields(table).unwrap_or_default();
        let before = list.iter().rev().find(|f| f.node.end_byte() <= field.start_byte());
        match before {
            Some(before) if self.indent(field.start_byte()).is_none() => {
                let gap = before.node.end_byte()..field.start_byte();
                let clean = !self.comments.iter().any(|c| gap.contains(&c.start));
                let start = if clean { gap.start } else { field.start_byte() };
                Change { at: start..end, text: String::new() }
            }
            _ => self.take(field.start_byte(), end),
        }
    }

    /// Add a field to a table after one of its fields, or as the first; without fields as the only one.
    pub fn insert_field(&self, table: Node<'_>, after: Option<Field<'_>>, text: &str) -> Vec<Change> {
        let list = fields(table).unwrap_or_default();
        let (open, close) = (table.start_byte() + 1, table.end_byte() - 1);
        let Some(first) = list.first() else {
            let empty = self.text[open..close].trim().is_empty();
            return if empty {
                vec![Change { at: open..close, text: format!(" {text} ") }]
            } else {
                vec![Change::insert(open, format!(" {text},"))]
            };
        };
        let Some(anchor) = after else {
            let start = first.node.start_byte();
            return vec![Change::insert(
                start,
                match self.indent(start) {
                    Some(indent) => format!("{text},{}{indent}", self.newline()),
                    None => format!("{text}, "),
                },
            )];
        };
        let end = anchor.node.end_byte();
        let next = self.skip(end);
        let comma = self.text[next..].starts_with([',', ';']);
        let stop = if comma { next + 1 } else { end };
        let line_end = self.line_end(stop);
        let alone = self.text[stop..line_end].trim().is_empty() || self.is_comment_only(stop, line_end);
        match self.indent(anchor.node.start_byte()).filter(|_| alone) {
            Some(indent) => {
                let line = format!("{}{indent}{text}{}", self.newline(), if comma { "," } else { "" });
                if comma {
                    vec![Change::insert(line_end, line)]
                } else if line_end == end {
                    vec![Change::insert(end, format!(",{line}"))]
                } else {
                    vec![Change::insert(end, ","), Change::insert(line_end, line)]
                }
            }
            None if comma => vec![Change::insert(stop, format!(" {text},"))],
            None => vec![Change::insert(end, format!(", {text}"))],
        }
    }

    /// Add a statement after an outermost one, or at the end.
    pub fn insert_statement(&self, after: Option<usize>, statement: &str) -> Change {
        let last = self.tops.iter().rposition(|n| n.kind() != "return_statement");
        let place = match after {
            Some(at) if self.tops.get(at).is_some_and(|n| n.kind() != "return_statement") => Some(at),
            _ => last,
        };
        let newline = self.newline();
        let Some(node) = place.and_then(|at| self.tops.get(at)) else {
            let text = statement.replace('\n', newline);
            if let Some(first) = self.tops.first() {
                return Change::insert(first.start_byte(), format!("{text}{newline}"));
            }
            let begun = self.text.is_empty() || self.text.ends_with('\n');
            return Change::insert(
                self.text.len(),
                match begun {
                    true => format!("{text}{newline}"),
                    false => format!("{newline}{text}"),
                },
            );
        };
        let indent = self.indent(node.start_byte()).unwrap_or_default();
        let mut text = statement.replace('\n', &format!("{newline}{indent}"));
        let end = node.end_byte();
        let line_end = self.line_end(end);
        let rest = self.text[end..line_end].trim_start_matches([' ', '\t', ';']);
        if rest.is_empty() || self.is_comment_only(line_end - rest.len(), line_end) {
            // A bracket at the next line's begin would be taken for arguments.
            if self.text[self.skip(line_end)..].starts_with('(') {
                text.push(';');
            }
            return Change::insert(line_end, format!("{newline}{indent}{text}"));
        }
        Change::insert(end, format!(" {text};"))
    }
}
