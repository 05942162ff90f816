//! What stands around the caret: the call, the argument, the table's field, and what kind of thing is called.
//! Thread: gui. Pure.
//!
//! It reads tokens, not a tree: while somebody types, the text is broken more often than whole.

use std::collections::HashMap;

use crate::gui::widget::lua_lex::{Lexeme, Token};
use crate::model::lexicon::Completion;

/// Where the caret stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    /// Where nothing can be completed: in a comment, a number.
    Nothing,
    /// At a name, or where one may begin.
    Word,
    /// After a colon or dot.
    Member,
    /// In a string.
    Text,
}

/// What a value is: the kind of thing (`module`, `clock`; empty when not known) and its name in the session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Thing {
    /// The kind, as the declarations call it.
    pub kind: String,
    /// Its name in the session.
    pub name: Option<String>,
}

/// A call whose arguments the caret stands in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call {
    /// What it is called on; kind is empty for a global function.
    pub on: Thing,
    /// The function's own name.
    pub name: String,
    /// Which argument the caret is in, from 0.
    pub arg: usize,
    /// Names and strings that earlier arguments give.
    pub given: Vec<Option<String>>,
    /// Fields of the tables between the call and the caret, outermost first; a list's place is an empty field.
    pub fields: Vec<String>,
}

/// Everything that completion and signature help want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Where the caret stands.
    pub spot: Spot,
    /// First byte of what is being typed.
    pub from: usize,
    /// What is being typed, up to the caret.
    pub prefix: String,
    /// After a colon or dot: what stands before it.
    pub on: Thing,
    /// Whether it is a colon.
    pub colon: bool,
    /// Whether a table's field may begin here.
    pub field_may_begin: bool,
    /// The innermost call, unless a function's body lies between.
    pub call: Option<Call>,
}

/// The function that a declared name on a kind of thing is.
pub fn declared<'a>(words: &'a [Completion], kind: &str, name: &str) -> Option<&'a Completion> {
    // The list is sorted by the whole name.
    let colon = if kind.is_empty() { "" } else { ":" };
    let whole = || kind.bytes().chain(colon.bytes()).chain(name.bytes());
    words.binary_search_by(|word| word.name.bytes().cmp(whole())).ok().map(|at| &words[at])
}

struct Frame<'a> {
    sign: &'a str,
    // The token of the bracket.
    at: usize,
    commas: usize,
    field: Option<&'a str>,
    given: Vec<Option<String>>,
}

/// A text, its tokens, and what its names are.
pub struct Reading<'a> {
    text: &'a str,
    tokens: &'a [Token],
    words: &'a [Completion],
    // Kinds of things that have functions of their own.
    kinds: Vec<&'a str>,
    things: HashMap<&'a str, Thing>,
}

impl<'a> Reading<'a> {
    /// Read a text: which names are put to which things.
    pub fn new(text: &'a str, tokens: &'a [Token], words: &'a [Completion]) -> Self {
        let mut kinds: Vec<&str> = words.iter().map(|word| word.parts().0).filter(|kind| !kind.is_empty()).collect();
        kinds.dedup();
        let mut reading = Self { text, tokens, words, kinds, things: HashMap::new() };
        for (at, token) in tokens.iter().enumerate() {
            let named = token.kind == Lexeme::Name && reading.sign(at + 1) == "=" && reading.word(at) != "clock";
            if named && !matches!(at.checked_sub(1).map(|before| reading.sign(before)), Some("." | ":")) {
                let thing = reading.thing_from(at + 2);
                if !thing.kind.is_empty() {
                    reading.things.insert(reading.word(at), thing);
                }
            }
        }
        reading
    }

    fn word(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.of(self.text))
    }

    fn sign(&self, at: usize) -> &'a str {
        self.tokens.get(at).filter(|token| token.kind == Lexeme::Sign).map_or("", |token| token.of(self.text))
    }

    fn is_name(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| token.kind == Lexeme::Name)
    }

    fn is_text(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(Token::is_text)
    }

    /// What a string says, without its quotes.
    fn content(&self, at: usize) -> Option<String> {
        let token = self.tokens.get(at).filter(|token| token.kind == Lexeme::Text)?;
        let inner = token.of(self.text);
        Some(inner.get(1..inner.len() - 1)?.to_owned())
    }

    /// The token after the bracket that opens at `at` is closed.
    fn after(&self, at: usize) -> usize {
        let mut depth = 0;
        for next in at..self.tokens.len() {
            match self.sign(next) {
                "(" | "{" | "[" => depth += 1,
                ")" | "}" | "]" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return next + 1;
            }
        }
        self.tokens.len()
    }

    fn calls(&self, at: usize) -> bool {
        matches!(self.sign(at), "(" | "{") || self.is_text(at)
    }

    /// What the chain of names and calls that begins at token `at` is.
    fn thing_from(&self, at: usize) -> Thing {
        if !self.is_name(at) {
            return Thing::default();
        }
        let mut next = at + 1;
        let mut thing = if self.calls(next) {
            self.called(&Thing::default(), self.word(at), &mut next)
        } else {
            self.standing(self.word(at))
        };
        loop {
            match self.sign(next) {
                ":" if self.is_name(next + 1) && self.calls(next + 2) => {
                    let name = self.word(next + 1);
                    next += 2;
                    thing = self.called(&thing, name, &mut next);
                }
                "." if thing.kind == "module" && self.word(next + 1) == "sample" => {
                    thing = Thing { kind: "samples".into(), name: thing.name };
                    next += 2;
                }
                "[" if thing.kind == "samples" => {
                    thing.kind = "sample".into();
                    next = self.after(next);
                }
                "." | "[" | ":" | "(" => return Thing::default(),
                _ => return thing,
            }
        }
    }

    fn standing(&self, name: &str) -> Thing {
        match (self.things.get(name), name) {
            (Some(thing), _) => thing.clone(),
            (None, "clock" | "engine") => Thing { kind: name.to_owned(), name: None },
            _ => Thing::default(),
        }
    }

    /// What a call gives; `next` is the token where its arguments begin, and then the one after them.
    fn called(&self, on: &Thing, name: &str, next: &mut usize) -> Thing {
        let first = if self.sign(*next) == "(" { *next + 1 } else { *next };
        let given = self.content(first);
        *next = if self.is_text(*next) { *next + 1 } else { self.after(*next) };
        let Some(word) = declared(self.words, &on.kind, name) else { return Thing::default() };
        let known = |kind: &&str| self.kinds.contains(kind);
        let kind = word.returns.split('|').find(known).unwrap_or_default();
        let name = if kind == on.kind && !kind.is_empty() { on.name.clone() } else { given };
        Thing { kind: kind.to_owned(), name }
    }

    /// What the chain that ends before token `end` is.
    fn thing_before(&self, end: usize) -> Thing {
        let mut at = end;
        loop {
            let Some(last) = at.checked_sub(1) else { return Thing::default() };
            match self.sign(last) {
                ")" | "]" | "}" => {
                    let mut depth = 0;
                    let mut open = last;
                    loop {
                        match self.sign(open) {
                            ")" | "]" | "}" => depth += 1,
                            "(" | "[" | "{" => depth -= 1,
                            _ => {}
                        }
                        if depth == 0 {
                            break;
                        }
                        let Some(before) = open.checked_sub(1) else { return Thing::default() };
                        open = before;
                    }
                    at = open;
                }
                _ if self.is_text(last) => at = last,
                _ if self.is_name(last) => {
                    let dotted = last.checked_sub(1).is_some_and(|before| matches!(self.sign(before), "." | ":"));
                    if !dotted {
                        return self.thing_up_to(last, end);
                    }
                    at = last - 1;
                }
                _ => return Thing::default(),
            }
        }
    }

    fn thing_up_to(&self, from: usize, end: usize) -> Thing {
        let cut = Self {
            text: self.text,
            tokens: &self.tokens[..end],
            words: self.words,
            kinds: self.kinds.clone(),
            things: HashMap::new(),
        };
        match end - from {
            1 => self.standing(self.word(from)),
            _ if self.calls(from + 1) => cut.thing_from(from),
            _ => {
                // The first name may be one that was put to a thing.
                let named = HashMap::from([(self.word(from), self.standing(self.word(from)))]);
                Self { things: named, ..cut }.thing_from(from)
            }
        }
    }

    /// What stands around a caret, a byte of the text.
    pub fn around(&self, caret: usize) -> Context {
        let before = self.tokens.partition_point(|token| token.start < caret);
        let (mut spot, mut from) = (Spot::Word, caret);
        let mut end = before;
        if let Some(last) = before.checked_sub(1).map(|at| &self.tokens[at]) {
            let long = last.of(self.text).starts_with("--[");
            match last.kind {
                Lexeme::Comment if caret < last.end || caret == last.end && !long => spot = Spot::Nothing,
                Lexeme::OpenComment => spot = Spot::Nothing,
                Lexeme::Number if caret <= last.end => spot = Spot::Nothing,
                Lexeme::Text | Lexeme::OpenText if last.of(self.text).starts_with('[') && caret <= last.end => {
                    spot = Spot::Nothing;
                }
                Lexeme::Text if caret < last.end => (spot, from, end) = (Spot::Text, last.start + 1, before - 1),
                Lexeme::OpenText if caret <= last.end => (spot, from, end) = (Spot::Text, last.start + 1, before - 1),
                Lexeme::Name | Lexeme::Keyword if caret <= last.end => (from, end) = (last.start, before - 1),
                _ => {}
            }
        }
        let joint = end.checked_sub(1).map_or("", |at| self.sign(at));
        let (mut on, mut colon) = (Thing::default(), false);
        if spot == Spot::Word && matches!(joint, "." | ":") {
            (spot, colon) = (Spot::Member, joint == ":");
            on = self.thing_before(end - 1);
        }
        let mut frames = self.frames(end);
        let margin = from == 0 || self.text.as_bytes()[from - 1] == b'\n';
        if margin && spot == Spot::Word && from < caret {
            let_go(&mut frames);
        }
        let in_table = frames.last().is_some_and(|frame| frame.sign == "{");
        Context {
            spot,
            from,
            prefix: self.text.get(from..caret).unwrap_or_default().to_owned(),
            on,
            colon,
            field_may_begin: spot == Spot::Word && in_table && matches!(joint, "{" | "," | ";"),
            call: self.call(&frames),
        }
    }

    /// Brackets and blocks that are open before token `end`.
    fn frames(&self, end: usize) -> Vec<Frame<'a>> {
        let mut frames: Vec<Frame<'a>> = vec![];
        let pop = |frames: &mut Vec<Frame<'a>>, fits: fn(&str) -> bool| {
            if let Some(at) = frames.iter().rposition(|frame| fits(frame.sign)) {
                frames.truncate(at);
            }
        };
        for at in 0..end {
            let token = &self.tokens[at];
            let word = token.of(self.text);
            let margin = token.start == 0 || self.text.as_bytes()[token.start - 1] == b'\n';
            if margin && matches!(token.kind, Lexeme::Name | Lexeme::Keyword) && word != "end" {
                // A statement at the margin: what an unfinished line before it left open is no longer meant.
                let_go(&mut frames);
            }
            match (token.kind, word) {
                (Lexeme::Sign, "(" | "{" | "[") | (Lexeme::Keyword, "function" | "do" | "if" | "repeat") => {
                    frames.push(Frame { sign: word, at, commas: 0, field: None, given: vec![] });
                }
                (Lexeme::Sign, ")") => pop(&mut frames, |sign| sign == "("),
                (Lexeme::Sign, "}") => pop(&mut frames, |sign| sign == "{"),
                (Lexeme::Sign, "]") => pop(&mut frames, |sign| sign == "["),
                (Lexeme::Keyword, "end") => pop(&mut frames, |sign| matches!(sign, "function" | "do" | "if")),
                (Lexeme::Keyword, "until") => pop(&mut frames, |sign| sign == "repeat"),
                (Lexeme::Sign, "," | ";") => {
                    if let Some(frame) = frames.last_mut() {
                        frame.commas += 1;
                        frame.field = None;
                    }
                }
                (Lexeme::Name, _) if self.sign(at + 1) == "=" => {
                    if let Some(frame) = frames.last_mut().filter(|frame| frame.sign == "{") {
                        frame.field = Some(word);
                    }
                }
                _ => {}
            }
            if let Some(frame) = frames.last_mut().filter(|frame| frame.sign == "(") {
                let alone = matches!(self.sign(at.saturating_sub(1)), "(" | ",");
                let said = match token.kind {
                    Lexeme::Text if alone => self.content(at),
                    Lexeme::Name if alone => self.things.get(word).and_then(|thing| thing.name.clone()),
                    _ => None,
                };
                if said.is_some() {
                    frame.given.resize(frame.commas, None);
                    frame.given.push(said);
                }
            }
        }
        frames
    }

    fn call(&self, frames: &[Frame<'a>]) -> Option<Call> {
        let mut fields = vec![];
        for frame in frames.iter().rev() {
            let name = frame.at.checked_sub(1).filter(|at| self.is_name(*at));
            match (frame.sign, name) {
                ("(" | "{", Some(name)) => {
                    let method = name.checked_sub(1).is_some_and(|at| self.sign(at) == ":");
                    let on = if method { self.thing_before(name - 1) } else { Thing::default() };
                    let table = frame.sign == "{";
                    if table {
                        fields.push(frame.field.unwrap_or_default().to_owned());
                    }
                    fields.reverse();
                    let arg = if table { 0 } else { frame.commas };
                    return Some(Call {
                        on,
                        name: self.word(name).to_owned(),
                        arg,
                        given: frame.given.clone(),
                        fields,
                    });
                }
                ("{", None) => fields.push(frame.field.unwrap_or_default().to_owned()),
                ("[", _) => {}
                _ => return None,
            }
        }
        None
    }
}

/// At a statement at the margin: brackets that are open before it belong to a line that was not finished.
fn let_go(frames: &mut Vec<Frame<'_>>) {
    if frames.iter().all(|frame| matches!(frame.sign, "(" | "{" | "[")) {
        frames.clear();
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::gui::widget::lua_lex::lex;
    use crate::model::lexicon::Argument;

    fn word(signature: &str, returns: &'static str) -> Completion {
        let (name, args) = signature.split_once('(').expect("arguments");
        let args = args.trim_end_matches(')').split(", ").filter(|name| !name.is_empty());
        let args = args.map(|name| Argument {
            name: Box::leak(name.trim_matches(['[', ']']).to_owned().into_boxed_str()),
            allowed: "something".into(),
            words: &[],
            optional: name.starts_with('['),
            rest: false,
        });
        Completion {
            name: name.to_owned(),
            signature: signature.to_owned(),
            doc: "What it does.",
            example: "example()",
            args: args.collect(),
            returns,
        }
    }

    /// Some words of the language, as the declarations have them.
    pub fn words() -> &'static [Completion] {
        static LIST: std::sync::OnceLock<Vec<Completion>> = std::sync::OnceLock::new();
        LIST.get_or_init(|| {
            let mut list = vec![
                word("audioMixer(name, [config])", "module"),
                word("chain(name, [entries])", "chain"),
                word("clock:every(span, callback)", "timer"),
                word("clock:setBPM(bpm)", "boolean"),
                word("connect(from, to, [kind])", "boolean"),
                word("engine:getClock()", "clock"),
                word("macro(number)", "macro"),
                word("macro:map(path, [options])", "macro"),
                word("module:set(param, value)", "module"),
                word("module:getParameters()", "table"),
                word("pattern(name, [steps], [columns])", "pattern"),
                word("pattern:set(row, values)", "pattern"),
                word("pattern:steps([steps])", "pattern|integer"),
                word("sample:set(param, value)", "sample"),
                word("sampler(name, [config])", "module"),
                word("sequencer(name, [config])", "module"),
                word("setParam(name, param, [value])", "boolean"),
                word("timer:cancel()", ""),
                word("trigger(name, [hit])", ""),
            ];
            list.sort_by(|a, b| a.name.cmp(&b.name));
            list
        })
    }

    /// The context at the `|` in a text.
    pub fn at(marked: &str) -> Context {
        let caret = marked.find('|').expect("a caret");
        let text = marked.replacen('|', "", 1);
        let tokens = lex(&text);
        Reading::new(&text, &tokens, words()).around(caret)
    }

    #[test]
    fn what_is_typed_and_where_is_seen() {
        let seen = |marked: &str| {
            let context = at(marked);
            (context.spot, context.prefix)
        };
        assert_eq!(seen("tri|"), (Spot::Word, "tri".into()));
        assert_eq!(seen("-- tri|"), (Spot::Nothing, String::new()));
        assert_eq!(seen("x = 12|"), (Spot::Nothing, String::new()));
        assert_eq!(seen("x = 'ab|c'"), (Spot::Text, "ab".into()));
        assert_eq!(seen("x = \"ab|\ny()"), (Spot::Text, "ab".into()));
        assert_eq!(seen("clock:s|"), (Spot::Member, "s".into()));
        assert_eq!(seen("x = 'abc' |"), (Spot::Word, String::new()));
        assert_eq!(seen("x --[[ a ]]|"), (Spot::Word, String::new()));
        assert_eq!(seen("x = [[a|]]"), (Spot::Nothing, String::new()));
    }

    #[test]
    fn the_thing_before_a_colon_is_known_where_it_can_be() {
        for (text, kind, name) in [
            ("clock:|", "clock", None),
            ("pattern(\"x\"):|", "pattern", Some("x")),
            ("pattern \"x\":set(1, {}):|", "pattern", Some("x")),
            ("local k = sampler('kick', { volume = 1 })\nk:|", "module", Some("kick")),
            ("k = sampler('kick')\nk.sample[2]:|", "sample", Some("kick")),
            ("engine:getClock():|", "clock", None),
            ("local c = engine:getClock()\nc:e|", "clock", None),
            ("unknown:|", "", None),
            ("t.x:|", "", None),
        ] {
            let on = at(text).on;
            assert_eq!((&*on.kind, on.name.as_deref()), (kind, name), "{text}");
        }
    }

    #[test]
    fn the_call_and_its_argument_are_found_through_tables_and_broken_lines() {
        let call = |marked: &str| {
            let call = at(marked).call.unwrap_or_default();
            (call.name, call.arg, call.fields.join("/"))
        };
        assert_eq!(call("setParam(\"kick\", \"v|"), ("setParam".into(), 1, "".into()));
        assert_eq!(call("sampler(\"kick\", { volume = 1, sa|"), ("sampler".into(), 1, "".into()));
        assert_eq!(call("sampler(\"kick\", { samples = { \"a|\" } })"), ("sampler".into(), 1, "samples/".into()));
        assert_eq!(call("clock:internal { bpm = | }"), ("internal".into(), 0, "bpm".into()));
        assert_eq!(call("f(g(1, 2), |"), ("f".into(), 1, "".into()));
        assert_eq!(call("clock:every(1, function() x(|"), ("x".into(), 0, "".into()));
        assert_eq!(at("clock:every(1, function() |").call, None);
        assert_eq!(at("trigger(\"kick\"\nx|").call, None, "a line before that was not finished");
        assert_eq!(at("k = sampler('kick')\nsetParam(k, '|')").call.expect("a call").given, [Some("kick".into())]);
    }
}
