//! Reads Lua as its grammar does and says where a text breaks it, while it is being typed. Thread: gui. Pure.
//!
//! One pass over the tokens, without a tree: it costs a fraction of a millisecond for 2000 lines however broken they are.
//! After a fault it goes on at the next line that begins a statement at its margin, so that one slip marks one place.

use std::ops::Range;

use super::lua_lex::{Lexeme, Token};

/// A place that is no Lua.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The wrong token, in bytes.
    pub range: Range<usize>,
    /// What is wrong: `"then" is missing before this`.
    pub message: String,
}

/// How deep brackets and blocks may stand in one another; deeper text is taken as it is.
const DEPTH_MAX: usize = 120;
/// Most faults told at once.
const FAULTS_MAX: usize = 20;

/// Everything that is wrong with a text of these tokens.
pub fn faults(text: &str, tokens: &[Token]) -> Vec<Fault> {
    let tokens: Vec<Token> = tokens.iter().copied().filter(|token| !token.is_comment()).collect();
    let mut parser = Parser { text, tokens: &tokens, at: 0, depth: 0 };
    let mut found = vec![];
    while parser.at < tokens.len() && found.len() < FAULTS_MAX {
        match parser.chunk() {
            Ok(()) => break,
            Err(Stop::Deep) => break,
            Err(Stop::Fault(fault)) => {
                found.push(fault);
                parser.depth = 0;
                parser.go_on();
            }
        }
    }
    found
}

enum Stop {
    Fault(Fault),
    Deep,
}

type Read = Result<(), Stop>;

struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn word(&self) -> &'a str {
        self.ahead(0)
    }

    /// The sign or keyword so far ahead; names, numbers and strings are none.
    fn ahead(&self, by: usize) -> &'a str {
        match self.tokens.get(self.at + by) {
            Some(token) if matches!(token.kind, Lexeme::Sign | Lexeme::Keyword | Lexeme::Wrong) => token.of(self.text),
            _ => "",
        }
    }

    fn kind(&self) -> Option<Lexeme> {
        self.tokens.get(self.at).map(|token| token.kind)
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.word() == word;
        self.at += usize::from(found);
        found
    }

    fn fault_at<T>(&self, token: usize, message: String) -> Result<T, Stop> {
        let range = match self.tokens.get(token).or(self.tokens.last()) {
            Some(token) => token.start..token.end,
            None => 0..0,
        };
        Err(Stop::Fault(Fault { range, message }))
    }

    fn wrong<T>(&self, message: impl Into<String>) -> Result<T, Stop> {
        if self.kind() == Some(Lexeme::OpenText) {
            return self.fault_at(self.at, "this string is not closed".into());
        }
        self.fault_at(self.at, message.into())
    }

    fn expect(&mut self, word: &str) -> Read {
        if self.take(word) {
            return Ok(());
        }
        match self.at < self.tokens.len() {
            true => self.wrong(format!("\"{word}\" is missing before this")),
            false => self.wrong(format!("\"{word}\" is missing after this")),
        }
    }

    /// What closes the word or bracket at token `open`.
    fn close(&mut self, word: &str, open: usize) -> Read {
        if self.take(word) {
            return Ok(());
        }
        let opened = self.tokens.get(open).map(|token| token.of(self.text)).unwrap_or_default();
        let line = |at: usize| self.text[..at].bytes().filter(|byte| *byte == b'\n').count();
        match self.tokens.get(self.at) {
            Some(token) => {
                let (here, there) = (line(token.start), line(self.tokens[open].start));
                let of = if here == there { String::new() } else { format!(" in line {}", there + 1) };
                self.wrong(format!("\"{word}\" for the \"{opened}\"{of} is missing before this"))
            }
            None => self.fault_at(open, format!("\"{opened}\" is not closed: \"{word}\" is missing")),
        }
    }

    fn name(&mut self) -> Read {
        if self.kind() == Some(Lexeme::Name) {
            self.at += 1;
            return Ok(());
        }
        self.wrong("a name is missing here")
    }

    /// Do something one level deeper.
    fn deeper(&mut self, act: impl FnOnce(&mut Self) -> Read) -> Read {
        if self.depth >= DEPTH_MAX {
            return Err(Stop::Deep);
        }
        self.depth += 1;
        act(self)?;
        self.depth -= 1;
        Ok(())
    }

    /// After a fault: to the next token that stands at the margin and may begin a statement.
    fn go_on(&mut self) {
        self.at += 1;
        while let Some(token) = self.tokens.get(self.at) {
            let margin = token.start == 0 || self.text.as_bytes()[token.start - 1] == b'\n';
            let closes = matches!(token.of(self.text), "end" | "else" | "elseif" | "until" | "then" | "do");
            if margin && !closes && matches!(token.kind, Lexeme::Name | Lexeme::Keyword) {
                return;
            }
            self.at += 1;
        }
    }

    fn chunk(&mut self) -> Read {
        self.block()?;
        match self.word() {
            "" if self.at >= self.tokens.len() => Ok(()),
            word @ ("end" | "else" | "elseif" | "until") => {
                let word = word.to_owned();
                self.wrong(format!("nothing is open that \"{word}\" could close"))
            }
            _ => self.wrong("a statement cannot begin here"),
        }
    }

    fn block(&mut self) -> Read {
        self.deeper(|this| {
            loop {
                match this.word() {
                    "end" | "else" | "elseif" | "until" => return Ok(()),
                    "return" => {
                        this.at += 1;
                        if !matches!(this.word(), "end" | "else" | "elseif" | "until" | ";")
                            && this.at < this.tokens.len()
                        {
                            this.expressions()?;
                        }
                        this.take(";");
                        return Ok(());
                    }
                    _ if this.at >= this.tokens.len() => return Ok(()),
                    _ => this.statement()?,
                }
            }
        })
    }

    fn statement(&mut self) -> Read {
        let open = self.at;
        match self.word() {
            ";" | "break" => {
                self.at += 1;
                Ok(())
            }
            "::" => {
                self.at += 1;
                self.name()?;
                self.expect("::")
            }
            "goto" => {
                self.at += 1;
                self.name()
            }
            "do" => {
                self.at += 1;
                self.block()?;
                self.close("end", open)
            }
            "while" => {
                self.at += 1;
                self.expression()?;
                self.expect("do")?;
                self.block()?;
                self.close("end", open)
            }
            "repeat" => {
                self.at += 1;
                self.block()?;
                self.close("until", open)?;
                self.expression()
            }
            "if" => self.condition(open),
            "for" => self.count(open),
            "function" => {
                self.at += 1;
                self.name()?;
                while self.take(".") {
                    self.name()?;
                }
                if self.take(":") {
                    self.name()?;
                }
                self.body(open)
            }
            "local" => self.local(),
            _ => self.assignment(),
        }
    }

    fn condition(&mut self, open: usize) -> Read {
        self.at += 1;
        self.expression()?;
        self.expect("then")?;
        self.block()?;
        while self.take("elseif") {
            self.expression()?;
            self.expect("then")?;
            self.block()?;
        }
        if self.take("else") {
            self.block()?;
        }
        self.close("end", open)
    }

    fn count(&mut self, open: usize) -> Read {
        self.at += 1;
        self.name()?;
        if self.take("=") {
            self.expression()?;
            self.expect(",")?;
            self.expression()?;
            if self.take(",") {
                self.expression()?;
            }
        } else {
            while self.take(",") {
                self.name()?;
            }
            self.expect("in")?;
            self.expressions()?;
        }
        self.expect("do")?;
        self.block()?;
        self.close("end", open)
    }

    fn local(&mut self) -> Read {
        self.at += 1;
        let open = self.at;
        if self.take("function") {
            self.name()?;
            return self.body(open);
        }
        loop {
            self.name()?;
            if self.take("<") {
                self.name()?;
                self.expect(">")?;
            }
            if !self.take(",") {
                break;
            }
        }
        if self.take("=") { self.expressions() } else { Ok(()) }
    }

    fn assignment(&mut self) -> Read {
        let begin = self.at;
        let mut called = self.suffixed()?;
        let mut many = false;
        while self.take(",") {
            called = self.suffixed()?;
            many = true;
        }
        if self.take("=") {
            return self.expressions();
        }
        match () {
            () if many => self.wrong("\"=\" is missing before this"),
            () if called => Ok(()),
            () if self.at >= self.tokens.len() => self.fault_at(begin, "this is no statement yet".into()),
            () => self.fault_at(begin, "this is a value, not a statement: call it or assign it".into()),
        }
    }

    /// A name, a call, a field; gives whether it ends with a call.
    fn suffixed(&mut self) -> Result<bool, Stop> {
        let open = self.at;
        match self.kind() {
            Some(Lexeme::Name) => self.at += 1,
            _ if self.take("(") => {
                self.expression()?;
                self.close(")", open)?;
            }
            _ if self.at >= self.tokens.len() => return self.wrong("something is missing after this"),
            _ => return self.wrong("this cannot stand here"),
        }
        let mut called = false;
        loop {
            let open = self.at;
            match self.word() {
                "." => {
                    self.at += 1;
                    self.name()?;
                    called = false;
                }
                "[" => {
                    self.at += 1;
                    self.expression()?;
                    self.close("]", open)?;
                    called = false;
                }
                ":" => {
                    self.at += 1;
                    self.name()?;
                    self.arguments()?;
                    called = true;
                }
                "(" | "{" => {
                    self.arguments()?;
                    called = true;
                }
                _ if matches!(self.kind(), Some(Lexeme::Text | Lexeme::OpenText)) => {
                    self.arguments()?;
                    called = true;
                }
                _ => return Ok(called),
            }
        }
    }

    fn arguments(&mut self) -> Read {
        let open = self.at;
        match self.word() {
            "(" => {
                self.at += 1;
                if self.take(")") {
                    return Ok(());
                }
                self.expressions()?;
                self.close(")", open)
            }
            "{" => self.table(),
            _ if self.kind() == Some(Lexeme::Text) => {
                self.at += 1;
                Ok(())
            }
            _ => self.wrong("\"(\" is missing before this"),
        }
    }

    fn table(&mut self) -> Read {
        let open = self.at;
        self.at += 1;
        loop {
            if self.take("}") {
                return Ok(());
            }
            if self.at >= self.tokens.len() {
                return self.close("}", open);
            }
            let square = self.at;
            if self.take("[") {
                self.expression()?;
                self.close("]", square)?;
                self.expect("=")?;
                self.expression()?;
            } else {
                if self.kind() == Some(Lexeme::Name) && self.ahead(1) == "=" {
                    self.at += 2;
                }
                self.expression()?;
            }
            if !self.take(",") && !self.take(";") {
                return self.close("}", open);
            }
        }
    }

    fn body(&mut self, open: usize) -> Read {
        let bracket = self.at;
        self.expect("(")?;
        if !self.take(")") {
            loop {
                if self.take("...") {
                    break;
                }
                self.name()?;
                if !self.take(",") {
                    break;
                }
            }
            self.close(")", bracket)?;
        }
        self.block()?;
        self.close("end", open)
    }

    fn expressions(&mut self) -> Read {
        self.expression()?;
        while self.take(",") {
            self.expression()?;
        }
        Ok(())
    }

    fn expression(&mut self) -> Read {
        self.deeper(|this| {
            loop {
                while matches!(this.word(), "not" | "-" | "#" | "~") {
                    this.at += 1;
                }
                this.simple()?;
                match this.word() {
                    "+" | "-" | "*" | "/" | "//" | "%" | "^" | ".." | "==" | "~=" | "<" | "<=" | ">" | ">=" | "and"
                    | "or" | "&" | "|" | "~" | "<<" | ">>" => this.at += 1,
                    _ => return Ok(()),
                }
            }
        })
    }

    fn simple(&mut self) -> Read {
        let open = self.at;
        match self.kind() {
            Some(Lexeme::Number | Lexeme::Text) => {
                self.at += 1;
                return Ok(());
            }
            None => return self.wrong("a value is missing after this"),
            _ => {}
        }
        match self.word() {
            "nil" | "true" | "false" | "..." => {
                self.at += 1;
                Ok(())
            }
            "function" => {
                self.at += 1;
                self.body(open)
            }
            "{" => self.table(),
            _ if self.kind() == Some(Lexeme::Name) || self.word() == "(" => self.suffixed().map(|_| ()),
            _ => self.wrong("a value is missing before this"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lua_lex::lex;
    use super::*;
    use proptest::prelude::*;

    fn told(text: &str) -> Vec<(String, String)> {
        faults(text, &lex(text)).into_iter().map(|f| (text[f.range].to_owned(), f.message)).collect()
    }

    #[test]
    fn whole_programs_have_no_faults() {
        for text in [
            "",
            "-- only a note",
            "local a <const>, b = 1, -2 ^ 3 .. 'x' f{1, [2] = 3; x = 4,} g'lit' h[[long]] ",
            "for i = 1, 16, 4 do beat:set(i, { index = 1 }) end for k, v in pairs(t) do print(k) end",
            "if a then b() elseif c then d() else e() end while x do break end repeat local y until y",
            "function a.b:c(...) return ... end local function f() return end ::top:: goto top",
            "t[1].x, y = (f)(), not a == #b; do end return 1, 2;",
            "live(\"g\", function() clock:every(\"1/4\", function(b) trigger(\"hat\") end) end)",
        ] {
            assert_eq!(told(text), [], "{text}");
        }
    }

    #[test]
    fn the_wrong_word_is_named_and_marked() {
        for (text, word, part) in [
            ("if x y() end", "y", "\"then\" is missing"),
            ("trigger(\"kick\"", "(", "\")\" is missing"),
            ("f(1, )", ")", "a value is missing"),
            ("x = ", "=", "a value is missing after"),
            ("f() end", "end", "nothing is open"),
            ("live('g', function() x()", "function", "\"end\" is missing"),
            ("say('open", "'open", "not closed"),
            ("kick", "kick", "no statement"),
            ("a b()", "a", "not a statement"),
            ("t = { 1, 2", "{", "\"}\" is missing"),
            ("x = 1 ä", "ä", "cannot stand here"),
        ] {
            let found = told(text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(found[0].0 == word && found[0].1.contains(part), "{text}: {found:?}");
        }
    }

    #[test]
    fn a_slip_in_one_block_does_not_hide_the_next() {
        let found = told("f(1, )\n\ng()\nx = = 1\nh()");
        assert_eq!(found.iter().map(|(word, _)| &**word).collect::<Vec<_>>(), [")", "="]);
    }

    #[test]
    fn text_that_is_very_deep_is_left_alone() {
        assert_eq!(told(&"(".repeat(100_000)), []);
        assert_eq!(told(&format!("x = {}", "{".repeat(100_000))), []);
        assert_eq!(told(&"do ".repeat(100_000)), []);
    }

    proptest! {
        #[test]
        fn any_heap_of_words_is_read_to_its_end(
            words in prop::collection::vec(prop::sample::select(vec![
                "if", "then", "end", "function", "(", ")", "{", "}", "=", ",", "x", "1", "'s'", "do", "for", "in",
                "local", "return", "\n", "..", ":", ".", "not", "repeat", "until", "else", "[", "]", "\"open",
            ]), 0..60)
        ) {
            let text = words.join(" ");
            for fault in faults(&text, &lex(&text)) {
                prop_assert!(fault.range.end <= text.len() && !fault.message.is_empty());
            }
        }

        #[test]
        fn it_agrees_with_lua_on_what_is_a_program(
            words in prop::collection::vec(prop::sample::select(vec![
                "if x then", "end", "function()", "f(", ")", "{", "}", "=", ",", "x", "1", "'s'", "do", "for i = 1, 2 do",
                "local", "return", "..", ":m()", ".y", "not", "repeat", "until", "else", "[1]", "-", "and", "x = 1", "f()",
            ]), 0..14)
        ) {
            let text = words.join(" ");
            let lua = mlua::Lua::new();
            let theirs = lua.load(&text).into_function().is_ok();
            prop_assert_eq!(faults(&text, &lex(&text)).is_empty(), theirs, "{}", text);
        }
    }
}
