//! Cuts Lua into words: names, keywords, numbers, strings, comments, signs; half-typed text too. Thread: gui. Pure.
//!
//! Positions are bytes. Every byte that is no white space is in exactly one token; reading never fails.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lexeme {
    /// A name.
    Name,
    /// A word of the language.
    Keyword,
    /// A number.
    Number,
    /// A string with its quotes.
    Text,
    /// A string whose end is missing.
    OpenText,
    /// A comment.
    Comment,
    /// A long comment whose end is missing.
    OpenComment,
    /// An operator, bracket or separator.
    Sign,
    /// Something that is no Lua.
    Wrong,
}

/// One word and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Lexeme,
    /// Its first byte.
    pub start: usize,
    /// The byte after it.
    pub end: usize,
}

impl Token {
    /// Its letters.
    pub fn of<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.start..self.end).unwrap_or_default()
    }

    /// Whether it is a comment, which the grammar does not see.
    pub fn is_comment(&self) -> bool {
        matches!(self.kind, Lexeme::Comment | Lexeme::OpenComment)
    }

    /// Whether it is a string, closed or not.
    pub fn is_text(&self) -> bool {
        matches!(self.kind, Lexeme::Text | Lexeme::OpenText)
    }
}

/// The words of the language, sorted.
pub const KEYWORDS: [&str; 22] = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil",
    "not", "or", "repeat", "return", "then", "true", "until", "while",
];

/// Whether a byte may stand in a name.
pub fn in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// All tokens of a text, in order.
pub fn lex(text: &str) -> Vec<Token> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0 };
    let mut tokens = Vec::with_capacity(text.len() / 5);
    if text.starts_with("#!") {
        reader.at = reader.line_end(0);
        tokens.push(Token { kind: Lexeme::Comment, start: 0, end: reader.at });
    }
    while let Some(byte) = reader.peek(0) {
        if byte.is_ascii_whitespace() || byte == 0x0b {
            reader.at += 1;
            continue;
        }
        let start = reader.at;
        let kind = reader.token(byte);
        tokens.push(Token { kind, start, end: reader.at });
    }
    tokens
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn line_end(&self, from: usize) -> usize {
        self.bytes[from..].iter().position(|b| *b == b'\n').map_or(self.bytes.len(), |n| from + n)
    }

    fn token(&mut self, byte: u8) -> Lexeme {
        match byte {
            b'-' if self.peek(1) == Some(b'-') => self.comment(),
            b'"' | b'\'' => self.short_text(byte),
            b'[' if self.level().is_some() => match self.long() {
                true => Lexeme::Text,
                false => Lexeme::OpenText,
            },
            b'0'..=b'9' => self.number(),
            b'.' if self.peek(1).is_some_and(|b| b.is_ascii_digit()) => self.number(),
            b if in_name(b) => {
                let rest = &self.bytes[self.at..];
                let end = rest.iter().position(|b| !in_name(*b)).unwrap_or(rest.len());
                let word = &self.text[self.at..self.at + end];
                self.at += end;
                if KEYWORDS.binary_search(&word).is_ok() { Lexeme::Keyword } else { Lexeme::Name }
            }
            _ => self.sign(byte),
        }
    }

    fn comment(&mut self) -> Lexeme {
        self.at += 2;
        if self.peek(0) == Some(b'[') && self.level().is_some() {
            return if self.long() { Lexeme::Comment } else { Lexeme::OpenComment };
        }
        self.at = self.line_end(self.at);
        Lexeme::Comment
    }

    /// How many `=` a long bracket that opens here has.
    fn level(&self) -> Option<usize> {
        let signs = self.bytes[self.at + 1..].iter().take_while(|b| **b == b'=').count();
        (self.peek(signs + 1) == Some(b'[')).then_some(signs)
    }

    /// Read a long bracket; gives whether its end was found.
    fn long(&mut self) -> bool {
        let level = self.level().unwrap_or(0);
        let close = format!("]{}]", "=".repeat(level));
        let from = self.at + level + 2;
        let found = self.text.get(from..).and_then(|rest| rest.find(&close));
        self.at = found.map_or(self.bytes.len(), |n| from + n + close.len());
        found.is_some()
    }

    fn short_text(&mut self, quote: u8) -> Lexeme {
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\\' if self.peek(1) == Some(b'z') => {
                    self.at += 2;
                    while self.peek(0).is_some_and(|b| b.is_ascii_whitespace()) {
                        self.at += 1;
                    }
                    continue;
                }
                b'\\' if self.peek(1).is_some() => self.at += 1,
                b'\n' => return Lexeme::OpenText,
                b if b == quote => {
                    self.at += 1;
                    return Lexeme::Text;
                }
                _ => {}
            }
            self.at += 1;
        }
        self.at = self.at.min(self.bytes.len());
        Lexeme::OpenText
    }

    fn number(&mut self) -> Lexeme {
        let hex = self.peek(0) == Some(b'0') && matches!(self.peek(1), Some(b'x' | b'X'));
        while let Some(byte) = self.peek(0) {
            let power = if hex { matches!(byte, b'p' | b'P') } else { matches!(byte, b'e' | b'E') };
            if power && matches!(self.peek(1), Some(b'+' | b'-')) {
                self.at += 1;
            } else if !(in_name(byte) || byte == b'.' && self.peek(1) != Some(b'.')) {
                break;
            }
            self.at += 1;
        }
        Lexeme::Number
    }

    fn sign(&mut self, byte: u8) -> Lexeme {
        const LONGER: [&[u8]; 10] = [b"...", b"..", b"==", b"~=", b"<=", b">=", b"//", b"::", b"<<", b">>"];
        let rest = &self.bytes[self.at..];
        if let Some(sign) = LONGER.iter().find(|sign| rest.starts_with(sign)) {
            self.at += sign.len();
            return Lexeme::Sign;
        }
        if b"+-*/%^#&~|<>=(){}[];:,.".contains(&byte) {
            self.at += 1;
            return Lexeme::Sign;
        }
        // A letter outside of ASCII is whole here, so that positions stay between letters.
        self.at += self.text[self.at..].chars().next().map_or(1, char::len_utf8);
        Lexeme::Wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<(Lexeme, &str)> {
        lex(text).iter().map(|token| (token.kind, token.of(text))).collect()
    }

    #[test]
    fn each_word_is_what_it_is() {
        use Lexeme::{Comment, Keyword, Name, Number, Sign, Text};
        assert_eq!(
            words("local x=0x1.8p-3..'a\\'b' --[==[ long\n]] ]==] a::b"),
            [
                (Keyword, "local"),
                (Name, "x"),
                (Sign, "="),
                (Number, "0x1.8p-3"),
                (Sign, ".."),
                (Text, "'a\\'b'"),
                (Comment, "--[==[ long\n]] ]==]"),
                (Name, "a"),
                (Sign, "::"),
                (Name, "b"),
            ]
        );
        assert_eq!(
            words("1e-3 3..2 .5"),
            [(Number, "1e-3"), (Number, "3"), (Sign, ".."), (Number, "2"), (Number, ".5")]
        );
        assert_eq!(words("[[two\nlines]] -- note")[0], (Text, "[[two\nlines]]"));
        assert_eq!(words("#!lua\nx").len(), 2);
    }

    #[test]
    fn what_is_not_finished_is_told_and_ends_with_its_line() {
        assert_eq!(words("say(\"open\nx()")[2], (Lexeme::OpenText, "\"open"));
        assert_eq!(words("a [=[ b")[1], (Lexeme::OpenText, "[=[ b"));
        assert_eq!(words("--[[ b").len(), 1);
        assert_eq!(words("x = ä")[2], (Lexeme::Wrong, "ä"));
        assert_eq!(words("'\\"), [(Lexeme::OpenText, "'\\")]);
    }

    proptest! {
        #[test]
        fn tokens_come_in_order_and_leave_out_only_space(text in "[a-z\"'\\[\\]=\\-\\\\ \n.0-9xä{}():]{0,80}") {
            let mut at = 0;
            for token in lex(&text) {
                prop_assert!(token.start >= at && token.end > token.start);
                prop_assert!(text[at..token.start].trim().is_empty());
                prop_assert!(text.is_char_boundary(token.end));
                at = token.end;
            }
            prop_assert!(text[at..].trim().is_empty());
        }
    }
}
