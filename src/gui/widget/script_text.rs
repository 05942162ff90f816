//! Lines, blocks, comments and indents of a script buffer. Thread: gui. Pure.
//!
//! Lines are counted from 0 here; people and errors count from 1. Positions are in characters, as egui's carets are.

use std::ops::Range;

/// Spaces of one indent.
pub const INDENT: &str = "    ";

/// The byte of a position.
pub fn byte_of(text: &str, position: usize) -> usize {
    if text.is_ascii() {
        return position.min(text.len());
    }
    text.char_indices().nth(position).map_or(text.len(), |(at, _)| at)
}

/// The position of a byte.
pub fn position_of(text: &str, byte: usize) -> usize {
    let before = text.get(..byte).unwrap_or(text);
    if before.is_ascii() { before.len() } else { before.chars().count() }
}

/// The line a position stands on.
pub fn line_of(text: &str, position: usize) -> usize {
    text.as_bytes()[..byte_of(text, position)].iter().filter(|byte| **byte == b'\n').count()
}

/// Position of a line's first character.
pub fn start_of(text: &str, line: usize) -> usize {
    let byte = match line.checked_sub(1) {
        Some(before) => text.match_indices('\n').nth(before).map_or(text.len(), |(at, _)| at + 1),
        None => 0,
    };
    position_of(text, byte)
}

/// The text of some lines, without the last line's end.
pub fn slice(text: &str, lines: &Range<usize>) -> String {
    let all: Vec<&str> = text.split('\n').skip(lines.start).take(lines.len()).collect();
    all.join("\n")
}

/// The lines that a selection touches. A selection that ends at a line's start does not touch that line.
pub fn lines_of(text: &str, selection: &Range<usize>) -> Range<usize> {
    let first = line_of(text, selection.start);
    let mut last = line_of(text, selection.end);
    if last > first && start_of(text, last) == selection.end {
        last -= 1;
    }
    first..last + 1
}

/// The block around a line: all lines up to the blank ones on either side. `None` on a blank line.
pub fn block(text: &str, line: usize) -> Option<Range<usize>> {
    let lines: Vec<&str> = text.split('\n').collect();
    let full = |at: usize| lines.get(at).is_some_and(|l| !l.trim().is_empty());
    if !full(line) {
        return None;
    }
    let start = (0..line).rev().take_while(|at| full(*at)).last().unwrap_or(line);
    let end = (line..lines.len()).take_while(|at| full(*at)).last().unwrap_or(line);
    Some(start..end + 1)
}

/// The indent that a new line after `before` (the caret's line up to the caret) begins with: the same, one more after
/// a word or bracket that opens.
pub fn indent_after(before: &str) -> String {
    let own: String = before.chars().take_while(|c| *c == ' ' || *c == '\t').collect();
    let code = before.split("--").next().unwrap_or_default().trim_end();
    let opens = code.ends_with(['{', '(']) || {
        let word = code.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        let function = code.ends_with(')') && code.rfind("function").is_some_and(|at| !code[at..].contains(" end"));
        matches!(word, "then" | "do" | "else" | "repeat") || function
    };
    if opens { own + INDENT } else { own }
}

/// Change whole lines; gives the new text.
fn each_line(text: &str, lines: &Range<usize>, change: impl Fn(&str) -> String) -> String {
    let changed: Vec<String> = text
        .split('\n')
        .enumerate()
        .map(|(at, line)| if lines.contains(&at) { change(line) } else { line.to_owned() })
        .collect();
    changed.join("\n")
}

/// Make lines comments; when all that are not blank are comments already, make them code again.
pub fn toggle_comment(text: &str, lines: &Range<usize>) -> String {
    let touched = || text.split('\n').skip(lines.start).take(lines.len()).filter(|l| !l.trim().is_empty());
    if touched().all(|line| line.trim_start().starts_with("--")) {
        each_line(text, lines, |line| match line.find("--") {
            Some(at) => {
                let rest = &line[at + 2..];
                format!("{}{}", &line[..at], rest.strip_prefix(' ').unwrap_or(rest))
            }
            None => line.to_owned(),
        })
    } else {
        let margin = touched().map(|l| l.len() - l.trim_start().len()).min().unwrap_or(0);
        each_line(text, lines, |line| {
            if line.trim().is_empty() { line.to_owned() } else { format!("{}-- {}", &line[..margin], &line[margin..]) }
        })
    }
}

/// Move lines right by one indent.
pub fn indent(text: &str, lines: &Range<usize>) -> String {
    each_line(text, lines, |line| if line.is_empty() { String::new() } else { format!("{INDENT}{line}") })
}

/// Move lines left by up to one indent.
pub fn outdent(text: &str, lines: &Range<usize>) -> String {
    each_line(text, lines, |line| {
        let spaces = line.bytes().take(INDENT.len()).take_while(|b| *b == b' ').count();
        line[spaces..].strip_prefix('\t').unwrap_or(&line[spaces..]).to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "clock:setBPM(128)\n\nsampler(\"ä\")\n  trigger(\"ä\")\n\n\nlast()";

    #[test]
    fn a_block_ends_at_blank_lines() {
        assert_eq!(block(TEXT, 0), Some(0..1));
        assert_eq!(block(TEXT, 1), None);
        assert_eq!(block(TEXT, 3), Some(2..4));
        assert_eq!(block(TEXT, 6), Some(6..7));
        assert_eq!(slice(TEXT, &(2..4)), "sampler(\"ä\")\n  trigger(\"ä\")");
    }

    #[test]
    fn positions_count_characters_not_bytes() {
        let start = start_of(TEXT, 3);
        assert_eq!(line_of(TEXT, start), 3);
        assert_eq!(line_of(TEXT, start - 1), 2);
        assert_eq!(lines_of(TEXT, &(start_of(TEXT, 2)..start)), 2..3);
        assert_eq!(lines_of(TEXT, &(start_of(TEXT, 2)..start + 1)), 2..4);
    }

    #[test]
    fn a_comment_is_put_on_and_taken_off() {
        let commented = toggle_comment(TEXT, &(2..4));
        assert_eq!(slice(&commented, &(2..4)), "-- sampler(\"ä\")\n--   trigger(\"ä\")");
        assert_eq!(toggle_comment(&commented, &(2..4)), TEXT);
    }

    #[test]
    fn lines_move_right_and_left() {
        assert_eq!(outdent(&indent(TEXT, &(0..7)), &(0..7)), TEXT);
        assert_eq!(outdent("  x\n\ty", &(0..2)), "x\ny");
    }

    #[test]
    fn a_line_after_an_opening_word_is_indented() {
        for opens in ["for i = 1, 3 do", "if x then", "live(\"g\", function()", "t = {", "local function f(a) -- why"] {
            assert_eq!(indent_after(opens), INDENT, "{opens}");
        }
        assert_eq!(indent_after("  trigger(\"kick\")"), "  ");
        assert_eq!(indent_after("undo"), "");
    }
}
