//! The text of chunks, and the cutting out of one function from it, for `live` chunks that are saved as text.
//!
//! Thread: script. A small lexer: strings, comments and long brackets are passed over, blocks are counted.

use std::sync::Arc;

/// The text of a chunk.
#[derive(Debug, Clone)]
pub struct Source {
    /// The text.
    pub text: Arc<str>,
    /// Buffer line its first line stands on, from 1.
    pub first_line: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Token {
    start: usize,
    end: usize,
    line: u32,
}

/// Whether there is anything but comments and white space.
pub fn has_code(text: &str) -> bool {
    !tokens(text).is_empty()
}

fn tokens(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let (mut at, mut line, mut list) = (0, 1, vec![]);
    while at < bytes.len() {
        let (start, first) = (at, bytes[at]);
        let begun = line;
        match first {
            b'\n' => {
                line += 1;
                at += 1;
                continue;
            }
            c if c.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'-' if bytes.get(at + 1) == Some(&b'-') => {
                at += 2;
                match long_bracket(bytes, at) {
                    Some(end) => at = end,
                    None => {
                        while at < bytes.len() && bytes[at] != b'\n' {
                            at += 1;
                        }
                    }
                }
                line += count_lines(&bytes[start..at]);
                continue;
            }
            b'"' | b'\'' => {
                at += 1;
                while at < bytes.len() && bytes[at] != first && bytes[at] != b'\n' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at = (at + 1).min(bytes.len());
            }
            b'[' if long_bracket(bytes, at).is_some() => at = long_bracket(bytes, at).unwrap_or(at + 1),
            c if c.is_ascii_alphanumeric() || c == b'_' => {
                while at < bytes.len() && (bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_') {
                    at += 1;
                }
            }
            _ => at += 1,
        }
        // A token is whole characters: a byte of one that Lua does not know, or after a backslash, takes the rest along.
        at = at.min(bytes.len());
        while !text.is_char_boundary(at) {
            at += 1;
        }
        line += count_lines(&bytes[start..at]);
        list.push(Token { start, end: at, line: begun });
    }
    list
}

fn count_lines(bytes: &[u8]) -> u32 {
    bytes.iter().filter(|b| **b == b'\n').count() as u32
}

/// End of a long bracket `[==[ … ]==]` that begins at `at`.
fn long_bracket(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?.strip_prefix(b"[")?;
    let level = rest.iter().take_while(|b| **b == b'=').count();
    if rest.get(level) != Some(&b'[') {
        return None;
    }
    let closing: Vec<u8> = [b"]".as_slice(), &vec![b'='; level], b"]"].concat();
    let body = at + level + 2;
    let found = bytes[body..].windows(closing.len()).position(|w| w == closing);
    Some(found.map_or(bytes.len(), |place| body + place + closing.len()))
}

/// The place of the token that ends the block opened at token `from`.
fn block_end(text: &str, list: &[Token], from: usize) -> Option<usize> {
    let mut depth = 0;
    for (place, token) in list.iter().enumerate().skip(from) {
        match &text.as_bytes()[token.start..token.end] {
            b"function" | b"if" | b"do" | b"repeat" => depth += 1,
            b"end" | b"until" => {
                depth -= 1;
                if depth == 0 {
                    return Some(place);
                }
            }
            _ => {}
        }
    }
    None
}

impl Source {
    /// The text of the function that stands on buffer lines `first` to `last`, as an expression:
    /// `function(…) … end`. Where several do, the one given to `live(name, …)`, else the outermost.
    pub fn function(&self, name: &str, first: u32, last: u32) -> Option<String> {
        let text = &*self.text;
        let list = tokens(text);
        let word = |place: usize| list.get(place).map(|t| &text[t.start..t.end]);
        let line = |t: &Token| t.line + self.first_line - 1;
        let quoted = [format!("\"{name}\""), format!("'{name}'")];
        let mut best: Option<(bool, usize, usize)> = None;
        for (place, token) in list.iter().enumerate() {
            if line(token) != first || word(place) != Some("function") {
                continue;
            }
            let Some(end) = block_end(text, &list, place) else { continue };
            if line(&list[end]) != last {
                continue;
            }
            let given = place >= 4
                && word(place - 1) == Some(",")
                && word(place - 2).is_some_and(|w| quoted.iter().any(|q| q == w))
                && word(place - 4) == Some("live");
            if best.is_none() || (given && best.is_some_and(|b| !b.0)) {
                best = Some((given, place, end));
            }
        }
        let (_, place, end) = best?;
        // `function name(…)` loses its name: the text is an expression.
        let open = (place..end).find(|p| word(*p) == Some("("))?;
        let head = if open == place + 1 {
            return Some(text[list[place].start..list[end].end].to_owned());
        } else {
            "function"
        };
        Some(format!("{head}{}", &text[list[open].start..list[end].end]))
    }
}

/// Whether a text is one function expression and nothing more, so that it can be written after `live("name", `.
pub fn is_function(text: &str) -> bool {
    let list = tokens(text);
    let Some((first, last)) = list.first().zip(list.last()) else { return false };
    first.start == 0
        && last.end == text.len()
        && &text[..first.end] == "function"
        && list.get(1).is_some_and(|t| &text[t.start..t.end] == "(")
        && block_end(text, &list, 0) == Some(list.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str, first_line: u32) -> Source {
        Source { text: Arc::from(text), first_line }
    }

    #[test]
    fn a_function_is_cut_out_by_its_lines() {
        let text =
            "local a = 1\nlive('g', function(x)\n  if x then print('end') end -- end\n  repeat until true\nend) b()";
        let cut = source(text, 10).function("g", 11, 14);
        assert_eq!(cut.as_deref(), Some(&text[text.find("function").unwrap()..text.rfind("end").unwrap() + 3]));
        assert_eq!(source(text, 10).function("g", 3, 4), None);
    }

    #[test]
    fn of_several_on_one_line_the_one_given_to_live_is_taken() {
        let text = r#"f(function() end) live("g", function() clock:every("1 bar", function(bar) go(bar) end) end)"#;
        assert_eq!(
            source(text, 1).function("g", 1, 1).as_deref(),
            Some(r#"function() clock:every("1 bar", function(bar) go(bar) end) end"#)
        );
    }

    #[test]
    fn a_named_function_becomes_an_expression() {
        let cut = source("local function g() return [[ end ]] end live('x', g)", 1).function("x", 1, 1);
        assert_eq!(cut.as_deref(), Some("function() return [[ end ]] end"));
        assert!(cut.is_some_and(|text| is_function(&text)));
        assert!(!is_function("é") && !is_function("'\\é") && !is_function("\"\\") && !is_function("\u{fffd}P1"));
        assert!(!is_function("function() end end") && !is_function("f()") && !is_function(""));
    }
}
