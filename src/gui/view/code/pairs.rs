//! Brackets, quotes and block words that belong together: shown, closed, typed over, taken away. Thread: gui. Pure.
//!
//! Positions are bytes.

use std::ops::Range;

use crate::gui::widget::lua_lex::{Lexeme, Token};

/// What belongs together around the caret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The words, in order: opener, those in the middle, closer.
    pub words: Vec<Range<usize>>,
    /// Whether both ends are there.
    pub whole: bool,
}

/// The brackets or block words of which one touches the caret.
pub fn group(text: &str, tokens: &[Token], caret: usize) -> Option<Group> {
    let next = tokens.partition_point(|token| token.start < caret);
    let here = |at: usize| tokens.get(at).filter(|token| token.start <= caret && caret <= token.end);
    // The bracket before the caret is the one just typed; it comes first.
    let touched = [next.checked_sub(1), Some(next)].into_iter().flatten().find(|at| {
        here(*at).is_some_and(|token| matches!(token.kind, Lexeme::Sign | Lexeme::Keyword) && pairs(token.of(text)))
    })?;
    let range = |at: &usize| tokens[*at].start..tokens[*at].end;
    let mut open: Vec<Vec<usize>> = vec![];
    for (at, token) in tokens.iter().enumerate() {
        if !matches!(token.kind, Lexeme::Sign | Lexeme::Keyword) {
            continue;
        }
        let word = token.of(text);
        let first = |group: &Vec<usize>| tokens[group[0]].of(text);
        let closed = match word {
            "(" | "[" | "{" | "function" | "if" | "repeat" | "for" | "while" => {
                open.push(vec![at]);
                None
            }
            "do" => {
                match open.last_mut().filter(|group| matches!(first(group), "for" | "while") && group.len() == 1) {
                    Some(group) => group.push(at),
                    None => open.push(vec![at]),
                }
                None
            }
            "then" | "elseif" | "else" => {
                if let Some(group) = open.last_mut().filter(|group| first(group) == "if") {
                    group.push(at);
                }
                None
            }
            ")" => take(&mut open, |opener| opener == "(", &first),
            "]" => take(&mut open, |opener| opener == "[", &first),
            "}" => take(&mut open, |opener| opener == "{", &first),
            "until" => take(&mut open, |opener| opener == "repeat", &first),
            "end" => take(&mut open, |opener| matches!(opener, "function" | "if" | "for" | "while" | "do"), &first),
            _ => None,
        };
        if let Some(group) = closed
            && (group.contains(&touched) || at == touched)
        {
            return Some(Group { words: group.iter().chain([&at]).map(range).collect(), whole: true });
        }
    }
    Some(Group { words: vec![range(&touched)], whole: false })
}

fn pairs(word: &str) -> bool {
    const WORDS: [&str; 17] = [
        "(", ")", "[", "]", "{", "}", "function", "if", "then", "elseif", "else", "for", "while", "do", "repeat",
        "until", "end",
    ];
    WORDS.contains(&word)
}

/// Close the innermost that fits; what was opened in it and left open goes with it.
fn take<'a>(
    open: &mut Vec<Vec<usize>>,
    fits: fn(&str) -> bool,
    first: &impl Fn(&Vec<usize>) -> &'a str,
) -> Option<Vec<usize>> {
    let at = open.iter().rposition(|group| fits(first(group)))?;
    let group = open.swap_remove(at);
    open.truncate(at);
    Some(group)
}

/// What a letter does beside being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typing {
    /// Only that.
    Plain,
    /// The letter that closes it is put behind the caret.
    Close(char),
    /// The caret steps over the same letter that is there.
    Over,
    /// It is put around the selection, with the letter that closes it.
    Around(char),
}

fn closer(opener: char) -> Option<char> {
    match opener {
        '(' => Some(')'),
        '[' => Some(']'),
        '{' => Some('}'),
        '"' | '\'' => Some(opener),
        _ => None,
    }
}

/// What typing `letter` means at a caret, or over a selection.
pub fn typing(text: &str, tokens: &[Token], selection: &Range<usize>, letter: char) -> Typing {
    let caret = selection.end;
    let next = text[caret..].chars().next();
    if !selection.is_empty() {
        return closer(letter).map_or(Typing::Plain, Typing::Around);
    }
    let quote = matches!(letter, '"' | '\'');
    let at = tokens.partition_point(|token| token.start < caret);
    let before = at.checked_sub(1).map(|at| &tokens[at]);
    let comment = before.is_some_and(|t| t.kind == Lexeme::OpenComment || t.kind == Lexeme::Comment && caret <= t.end);
    // In a string that is open up to the caret; a string that ends right after it is stepped out of.
    let text_here = before.filter(|t| t.is_text() && (caret < t.end || t.kind == Lexeme::OpenText && caret == t.end));
    if next == Some(letter) {
        let ends = text_here
            .is_some_and(|t| t.kind == Lexeme::Text && t.end == caret + 1 && text[t.start..].starts_with(letter));
        let closes = matches!(letter, ')' | ']' | '}') && text_here.is_none() && !comment;
        let balanced = || group(text, tokens, caret + 1).is_some_and(|group| group.whole);
        if ends || closes && balanced() {
            return Typing::Over;
        }
    }
    let room = next.is_none_or(|c| c.is_whitespace() || matches!(c, ')' | ']' | '}' | ',' | ';'));
    let word_before = text[..caret].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == letter);
    match closer(letter) {
        Some(close) if room && !comment && text_here.is_none() && !(quote && word_before) => Typing::Close(close),
        _ => Typing::Plain,
    }
}

/// Whether the letters around the caret are an empty pair, which goes with one Backspace.
pub fn empty_pair(text: &str, caret: usize) -> bool {
    let before = text[..caret].chars().next_back();
    let after = text[caret..].chars().next();
    before.and_then(closer).is_some_and(|close| Some(close) == after)
}

/// The indent that a line which only closes something takes: that of the line where it was opened.
pub fn indent_of_opener(text: &str, tokens: &[Token], caret: usize) -> Option<String> {
    let start = text[..caret].rfind('\n').map_or(0, |at| at + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    if !matches!(line.trim(), "end" | "else" | "elseif" | "until" | "}" | ")" | "})" | "end)") {
        return None;
    }
    let word = start + line.len() - line.trim_start().len();
    let group = match line.trim() {
        "else" | "elseif" => {
            // Its block has no end yet, perhaps; the nearest open `if` is meant.
            let with_end = format!("{} end", &text[..caret]);
            let tokens = crate::gui::widget::lua_lex::lex(&with_end);
            group(&with_end, &tokens, with_end.len())
        }
        _ => group(text, tokens, word).filter(|group| group.whole),
    }?;
    let opener = group.words.first()?.start;
    let from = text[..opener].rfind('\n').map_or(0, |at| at + 1);
    (from < start).then(|| text[from..].chars().take_while(|c| *c == ' ' || *c == '\t').collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::widget::lua_lex::lex;

    fn caret(marked: &str) -> (String, usize) {
        let at = marked.find('|').expect("a caret");
        (marked.replacen('|', "", 1), at)
    }

    fn partners(marked: &str) -> (Vec<String>, bool) {
        let (text, at) = caret(marked);
        let found = group(&text, &lex(&text), at).expect("a word that pairs");
        (
            found.words.into_iter().map(|range| text[range.clone()].to_owned() + &range.start.to_string()).collect(),
            found.whole,
        )
    }

    #[test]
    fn brackets_and_block_words_find_their_partners() {
        let all = |words: &[&str]| (words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>(), true);
        assert_eq!(partners("f(a, (b)|, {c})"), all(&["(5", ")7"]));
        assert_eq!(partners("f(g(1)|)"), all(&["(3", ")5"]));
        assert_eq!(partners("for i = 1, 2 |do if x then end end"), all(&["for0", "do13", "end30"]));
        assert_eq!(partners("if a then b() else c() |end"), all(&["if0", "then5", "else14", "end23"]));
        assert_eq!(partners("repeat f(function() end) unti|l x"), all(&["repeat0", "until25"]));
        assert_eq!(partners("f(')' |)"), all(&["(1", ")6"]));
        assert_eq!(partners("f(|1"), (vec!["(1".to_owned()], false));
    }

    fn typed(marked: &str, letter: char) -> Typing {
        let (text, at) = caret(marked);
        typing(&text, &lex(&text), &(at..at), letter)
    }

    #[test]
    fn a_pair_is_closed_only_where_nothing_follows() {
        assert_eq!(typed("f|", '('), Typing::Close(')'));
        assert_eq!(typed("f|x", '('), Typing::Plain);
        assert_eq!(typed("f(|)", '{'), Typing::Close('}'));
        assert_eq!(typed("f(|)", '"'), Typing::Close('"'));
        assert_eq!(typed("-- don|", '\''), Typing::Plain);
        assert_eq!(typed("x = 'a|'", '('), Typing::Plain);
        assert_eq!(typed("don|", '\''), Typing::Plain);
        assert_eq!(typed("say(\"a|", '"'), Typing::Plain);
    }

    #[test]
    fn what_closes_is_typed_over_when_it_closes_something() {
        assert_eq!(typed("f(1|)", ')'), Typing::Over);
        assert_eq!(typed("f(g(1|)", ')'), Typing::Over);
        assert_eq!(typed("f|)", ')'), Typing::Plain);
        assert_eq!(typed("f('a|')", '\''), Typing::Over);
        assert_eq!(typed("f('a|b')", '\''), Typing::Plain);
        let text = "kick";
        assert_eq!(typing(text, &lex(text), &(0..4), '"'), Typing::Around('"'));
        assert!(empty_pair("f()", 2) && empty_pair("\"\"", 1) && !empty_pair("(a)", 1) && !empty_pair("", 0));
    }

    #[test]
    fn a_line_that_only_closes_stands_under_its_opener() {
        let indent = |marked: &str| {
            let (text, at) = caret(marked);
            indent_of_opener(&text, &lex(&text), at)
        };
        assert_eq!(indent("  if x then\n      y()\n      end|"), Some("  ".into()));
        assert_eq!(indent("if x then\n    y()\n    else|"), Some(String::new()));
        assert_eq!(indent("f({\n    1,\n    }|"), Some(String::new()));
        assert_eq!(indent("    end|"), None);
        assert_eq!(indent("do\n    x() end|"), None);
    }
}
