//! Lua's own pattern matching with a budget: `find match gmatch gsub` in steps that are counted.
//!
//! Thread: script. The standard C matcher runs for minutes on `("a-"):rep(30)` without one Lua instruction, so no hook
//! sees it. Source of the algorithm: lstrlib.c of Lua 5.4.

use std::cell::Cell;
use std::rc::Rc;

use mlua::{Error, Lua, MultiValue, Value};

use super::hook::TEXT_MAX;
use super::vm::{Budget, at_line};

/// Most steps of one call.
const STEPS_MAX: u32 = 5_000_000;
/// Deepest nesting, as in the standard library.
const DEPTH_MAX: u32 = 200;
/// Most captures, as in the standard library.
const CAPTURES_MAX: usize = 32;
const ESCAPE: u8 = b'%';

#[derive(Clone, Copy)]
enum Length {
    Open,
    Position,
    Closed(usize),
}

struct Matcher<'a> {
    text: &'a [u8],
    pattern: &'a [u8],
    captures: Vec<(usize, Length)>,
    depth: u32,
    steps: u32,
    /// Steps since the clock was looked at.
    unseen: u32,
    budget: Option<Rc<Budget>>,
}

type Found<T> = Result<T, String>;

impl<'a> Matcher<'a> {
    fn new(lua: &Lua, text: &'a [u8], pattern: &'a [u8]) -> Self {
        let budget = lua.app_data_ref::<Rc<Budget>>().map(|b| b.clone());
        Self { text, pattern, captures: vec![], depth: 0, steps: 0, unseen: 0, budget }
    }

    fn step(&mut self) -> Found<()> {
        self.steps += 1;
        if self.steps > STEPS_MAX {
            return Err(format!("the pattern takes more than {STEPS_MAX} steps on this text; make it simpler"));
        }
        self.work(1)
    }

    /// Count work that is no step of its own: one for each 64 bytes or so that are looked at.
    fn work(&mut self, amount: usize) -> Found<()> {
        self.unseen = self.unseen.saturating_add(u32::try_from(amount).unwrap_or(u32::MAX));
        if self.unseen < 4096 {
            return Ok(());
        }
        self.unseen = 0;
        match &self.budget {
            Some(budget) => budget.spend().map_err(|_| budget.message()),
            None => Ok(()),
        }
    }

    fn class_end(&self, mut p: usize) -> Found<usize> {
        let first = self.pattern[p];
        p += 1;
        if first == ESCAPE {
            return if p < self.pattern.len() { Ok(p + 1) } else { Err("malformed pattern (ends with '%')".into()) };
        }
        if first == b'[' {
            if self.pattern.get(p) == Some(&b'^') {
                p += 1;
            }
            loop {
                let c = *self.pattern.get(p).ok_or("malformed pattern (missing ']')")?;
                p += 1;
                if c == ESCAPE {
                    p += 1;
                }
                if self.pattern.get(p) == Some(&b']') {
                    return Ok(p + 1);
                }
            }
        }
        Ok(p)
    }

    fn single(&mut self, s: usize, p: usize, end: usize) -> Found<bool> {
        self.step()?;
        self.work((end - p) / 16)?;
        let Some(&c) = self.text.get(s) else { return Ok(false) };
        Ok(match self.pattern[p] {
            b'.' => true,
            ESCAPE => class(c, self.pattern[p + 1]),
            b'[' => set(c, &self.pattern[p..end]),
            other => other == c,
        })
    }

    fn run(&mut self, s: usize, p: usize) -> Found<Option<usize>> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err("pattern too complex".into());
        }
        let result = self.run_inner(s, p);
        self.depth -= 1;
        result
    }

    fn run_inner(&mut self, mut s: usize, mut p: usize) -> Found<Option<usize>> {
        loop {
            self.step()?;
            let Some(&first) = self.pattern.get(p) else { return Ok(Some(s)) };
            match first {
                b'(' if self.pattern.get(p + 1) == Some(&b')') => return self.open(s, p + 2, Length::Position),
                b'(' => return self.open(s, p + 1, Length::Open),
                b')' => return self.close(s, p + 1),
                b'$' if p + 1 == self.pattern.len() => return Ok((s == self.text.len()).then_some(s)),
                ESCAPE => match self.pattern.get(p + 1) {
                    Some(b'b') => match self.balance(s, p + 2)? {
                        Some(next) => {
                            s = next;
                            p += 4;
                            continue;
                        }
                        None => return Ok(None),
                    },
                    Some(b'f') => {
                        p += 2;
                        if self.pattern.get(p) != Some(&b'[') {
                            return Err("missing '[' after '%f' in pattern".into());
                        }
                        let end = self.class_end(p)?;
                        let before = if s == 0 { 0 } else { self.text[s - 1] };
                        let here = self.text.get(s).copied().unwrap_or(0);
                        let frontier = &self.pattern[p..end];
                        if set(before, frontier) || !set(here, frontier) {
                            return Ok(None);
                        }
                        p = end;
                        continue;
                    }
                    Some(digit) if digit.is_ascii_digit() => match self.back(s, *digit)? {
                        Some(next) => {
                            s = next;
                            p += 2;
                            continue;
                        }
                        None => return Ok(None),
                    },
                    _ => {}
                },
                _ => {}
            }
            let end = self.class_end(p)?;
            self.work((end - p) / 16)?;
            match self.pattern.get(end) {
                Some(b'?') => {
                    if self.single(s, p, end)?
                        && let Some(found) = self.run(s + 1, end + 1)?
                    {
                        return Ok(Some(found));
                    }
                    p = end + 1;
                }
                Some(b'+') => return if self.single(s, p, end)? { self.longest(s + 1, p, end) } else { Ok(None) },
                Some(b'*') => return self.longest(s, p, end),
                Some(b'-') => return self.shortest(s, p, end),
                _ => {
                    if !self.single(s, p, end)? {
                        return Ok(None);
                    }
                    s += 1;
                    p = end;
                }
            }
        }
    }

    fn longest(&mut self, s: usize, p: usize, end: usize) -> Found<Option<usize>> {
        let mut count = 0;
        while self.single(s + count, p, end)? {
            count += 1;
        }
        loop {
            if let Some(found) = self.run(s + count, end + 1)? {
                return Ok(Some(found));
            }
            if count == 0 {
                return Ok(None);
            }
            count -= 1;
        }
    }

    fn shortest(&mut self, mut s: usize, p: usize, end: usize) -> Found<Option<usize>> {
        loop {
            if let Some(found) = self.run(s, end + 1)? {
                return Ok(Some(found));
            }
            if !self.single(s, p, end)? {
                return Ok(None);
            }
            s += 1;
        }
    }

    fn open(&mut self, s: usize, p: usize, length: Length) -> Found<Option<usize>> {
        if self.captures.len() >= CAPTURES_MAX {
            return Err("too many captures".into());
        }
        self.captures.push((s, length));
        let found = self.run(s, p)?;
        if found.is_none() {
            self.captures.pop();
        }
        Ok(found)
    }

    fn close(&mut self, s: usize, p: usize) -> Found<Option<usize>> {
        let at = self.captures.iter().rposition(|c| matches!(c.1, Length::Open)).ok_or("invalid pattern capture")?;
        self.captures[at].1 = Length::Closed(s - self.captures[at].0);
        let found = self.run(s, p)?;
        if found.is_none() {
            self.captures[at].1 = Length::Open;
        }
        Ok(found)
    }

    fn balance(&mut self, s: usize, p: usize) -> Found<Option<usize>> {
        let (Some(&open), Some(&close)) = (self.pattern.get(p), self.pattern.get(p + 1)) else {
            return Err("malformed pattern (missing arguments to '%b')".into());
        };
        if self.text.get(s) != Some(&open) {
            return Ok(None);
        }
        let mut depth = 1;
        for at in s + 1..self.text.len() {
            self.step()?;
            let c = self.text[at];
            if c == close {
                depth -= 1;
                if depth == 0 {
                    return Ok(Some(at + 1));
                }
            } else if c == open {
                depth += 1;
            }
        }
        Ok(None)
    }

    fn back(&mut self, s: usize, digit: u8) -> Found<Option<usize>> {
        let number = usize::from(digit.wrapping_sub(b'1'));
        let Some(&(start, Length::Closed(length))) = self.captures.get(number) else {
            return Err(format!("invalid capture index %{}", number.wrapping_add(1)));
        };
        self.work(length / 64)?;
        let wanted = &self.text[start..start + length];
        Ok(self.text[s..].starts_with(wanted).then_some(s + length))
    }

    fn capture(&self, lua: &Lua, number: usize, s: usize, e: usize) -> mlua::Result<Value> {
        match self.captures.get(number) {
            None if number == 0 => Ok(Value::String(lua.create_string(&self.text[s..e])?)),
            None => Err(Error::runtime(at_line(lua, &format!("invalid capture index %{}", number + 1)))),
            Some((start, Length::Position)) => Ok(Value::Integer(*start as i64 + 1)),
            Some((start, Length::Closed(length))) => {
                Ok(Value::String(lua.create_string(&self.text[*start..start + length])?))
            }
            Some((_, Length::Open)) => Err(Error::runtime(at_line(lua, "unfinished capture"))),
        }
    }

    fn all(&self, lua: &Lua, s: usize, e: usize, whole: bool) -> mlua::Result<Vec<Value>> {
        let count = if self.captures.is_empty() && whole { 1 } else { self.captures.len() };
        (0..count).map(|number| self.capture(lua, number, s, e)).collect()
    }
}

fn class(c: u8, letter: u8) -> bool {
    let result = match letter.to_ascii_lowercase() {
        b'a' => c.is_ascii_alphabetic(),
        b'c' => c.is_ascii_control(),
        b'd' => c.is_ascii_digit(),
        b'g' => c.is_ascii_graphic(),
        b'l' => c.is_ascii_lowercase(),
        b'p' => c.is_ascii_punctuation(),
        b's' => c.is_ascii_whitespace() || c == 11,
        b'u' => c.is_ascii_uppercase(),
        b'w' => c.is_ascii_alphanumeric(),
        b'x' => c.is_ascii_hexdigit(),
        _ => return letter == c,
    };
    result != letter.is_ascii_uppercase()
}

/// Whether `c` is in `[...]`; `spec` has both brackets.
fn set(c: u8, spec: &[u8]) -> bool {
    let inner = &spec[1..spec.len() - 1];
    let (inner, wanted) = match inner.first() {
        Some(b'^') => (&inner[1..], false),
        _ => (inner, true),
    };
    let mut at = 0;
    while at < inner.len() {
        if inner[at] == ESCAPE && at + 1 < inner.len() {
            if class(c, inner[at + 1]) {
                return wanted;
            }
            at += 2;
        } else if inner.get(at + 1) == Some(&b'-') && at + 2 < inner.len() {
            if (inner[at]..=inner[at + 2]).contains(&c) {
                return wanted;
            }
            at += 3;
        } else {
            if inner[at] == c {
                return wanted;
            }
            at += 1;
        }
    }
    !wanted
}

fn text_of(lua: &Lua, what: &str, args: &[Value], place: usize) -> mlua::Result<Vec<u8>> {
    match args.get(place) {
        Some(Value::String(text)) => Ok(text.as_bytes().to_vec()),
        Some(Value::Integer(number)) => Ok(number.to_string().into_bytes()),
        Some(Value::Number(_)) => {
            let text = lua.coerce_string(args[place].clone())?;
            Ok(text.map(|t| t.as_bytes().to_vec()).unwrap_or_default())
        }
        other => Err(Error::runtime(at_line(
            lua,
            &format!(
                "string.{what}: argument {} takes text, got {}",
                place + 1,
                other.map_or("nothing", |value| value.type_name())
            ),
        ))),
    }
}

/// Where a search starts, from 0; `None` when past the end.
fn start(lua: &Lua, init: Option<&Value>, length: usize) -> mlua::Result<Option<usize>> {
    let init = match init {
        None | Some(Value::Nil) => 1,
        Some(value) => lua.coerce_integer(value.clone())?.ok_or_else(|| {
            Error::runtime(at_line(lua, &format!("a start takes a whole number, got {}", value.type_name())))
        })?,
    };
    let from = match init {
        0 => 0,
        n if n > 0 => usize::try_from(n - 1).unwrap_or(usize::MAX),
        n => length.saturating_sub(usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX)),
    };
    Ok((from <= length).then_some(from))
}

/// Where the bytes of a text begin in another.
fn plainly(lua: &Lua, text: &[u8], wanted: &[u8]) -> mlua::Result<Option<usize>> {
    let mut matcher = Matcher::new(lua, text, wanted);
    for (place, window) in text.windows(wanted.len()).enumerate() {
        // As far as a comparison went, it is counted: two long texts that differ at the end are long work.
        let same = window.iter().zip(wanted).take_while(|(a, b)| a == b).count();
        if same == wanted.len() {
            return Ok(Some(place));
        }
        if same > 64 {
            matcher.work(same / 64).map_err(|e| Error::runtime(at_line(lua, &e)))?;
        }
    }
    Ok(None)
}

/// `string.find` and `string.match`.
pub fn find(lua: &Lua, args: &[Value], positions: bool) -> mlua::Result<MultiValue> {
    let name = if positions { "find" } else { "match" };
    let (text, pattern) = (text_of(lua, name, args, 0)?, text_of(lua, name, args, 1)?);
    let nothing = || Ok(MultiValue::from_vec(vec![Value::Nil]));
    let Some(from) = start(lua, args.get(2), text.len())? else { return nothing() };
    let plain = args.get(3).is_some_and(|v| !matches!(v, Value::Nil | Value::Boolean(false)));
    if positions && (plain || !pattern.iter().any(|c| b"^$*+?.([%-".contains(c))) {
        let found = match pattern.len() {
            0 => Some(0),
            _ => plainly(lua, &text[from..], &pattern)?,
        };
        return match found {
            None => nothing(),
            Some(at) => {
                let (first, last) = ((from + at + 1) as i64, (from + at + pattern.len()) as i64);
                Ok(MultiValue::from_vec(vec![Value::Integer(first), Value::Integer(last)]))
            }
        };
    }
    let anchored = pattern.first() == Some(&b'^');
    let mut matcher = Matcher::new(lua, &text, &pattern[usize::from(anchored)..]);
    for s in from..=text.len() {
        matcher.captures.clear();
        if let Some(e) = matcher.run(s, 0).map_err(|e| Error::runtime(at_line(lua, &e)))? {
            let mut values =
                if positions { vec![Value::Integer(s as i64 + 1), Value::Integer(e as i64)] } else { vec![] };
            values.extend(matcher.all(lua, s, e, !positions)?);
            return Ok(MultiValue::from_vec(values));
        }
        if anchored {
            break;
        }
    }
    nothing()
}

/// `string.gmatch`.
pub fn gmatch(lua: &Lua, args: &[Value]) -> mlua::Result<Value> {
    let (text, pattern) = (text_of(lua, "gmatch", args, 0)?, text_of(lua, "gmatch", args, 1)?);
    let from = start(lua, args.get(2), text.len())?.unwrap_or(text.len() + 1);
    let state = Cell::new((from, usize::MAX));
    let next = lua.create_function(move |lua, _: MultiValue| {
        let (from, last) = state.get();
        let mut matcher = Matcher::new(lua, &text, &pattern);
        for s in from..=text.len() {
            matcher.captures.clear();
            let found = matcher.run(s, 0).map_err(|e| Error::runtime(at_line(lua, &e)))?;
            if let Some(e) = found.filter(|e| *e != last) {
                state.set((e, e));
                return Ok(MultiValue::from_vec(matcher.all(lua, s, e, true)?));
            }
        }
        state.set((text.len() + 1, usize::MAX));
        Ok(MultiValue::from_vec(vec![Value::Nil]))
    })?;
    Ok(Value::Function(next))
}

/// `string.gsub`.
pub fn gsub(lua: &Lua, args: &[Value]) -> mlua::Result<(mlua::LuaString, i64)> {
    let (text, pattern) = (text_of(lua, "gsub", args, 0)?, text_of(lua, "gsub", args, 1)?);
    let by = args.get(2).cloned().unwrap_or(Value::Nil);
    let words = match &by {
        Value::String(_) | Value::Integer(_) | Value::Number(_) => Some(text_of(lua, "gsub", args, 2)?),
        Value::Table(_) | Value::Function(_) => None,
        other => {
            let got = other.type_name();
            let text = format!("string.gsub: argument 3 takes text, a table or a function, got {got}");
            return Err(Error::runtime(at_line(lua, &text)));
        }
    };
    let most = match args.get(3) {
        None | Some(Value::Nil) => i64::MAX,
        Some(value) => lua.coerce_integer(value.clone())?.unwrap_or(0),
    };
    let anchored = pattern.first() == Some(&b'^');
    let mut matcher = Matcher::new(lua, &text, &pattern[usize::from(anchored)..]);
    let (mut out, mut s, mut count) = (Vec::with_capacity(text.len()), 0, 0);
    let mut last = usize::MAX;
    while count < most {
        matcher.captures.clear();
        let found = matcher.run(s, 0).map_err(|e| Error::runtime(at_line(lua, &e)))?;
        if let Some(e) = found.filter(|e| *e != last) {
            count += 1;
            let before = out.len();
            put(lua, &matcher, (s, e), (&by, words.as_deref()), &mut out)?;
            (s, last) = (e, e);
            matcher.work((out.len() - before) / 64).map_err(|e| Error::runtime(at_line(lua, &e)))?;
        } else if s < text.len() {
            out.push(text[s]);
            s += 1;
        } else {
            break;
        }
        if anchored {
            break;
        }
    }
    out.extend_from_slice(&text[s.min(text.len())..]);
    Ok((lua.create_string(out)?, count))
}

/// Write what stands for one match.
fn put(
    lua: &Lua,
    matcher: &Matcher<'_>,
    (s, e): (usize, usize),
    (by, words): (&Value, Option<&[u8]>),
    out: &mut Vec<u8>,
) -> mlua::Result<()> {
    let value = match (by, words) {
        (_, Some(words)) => {
            let mut at = 0;
            while at < words.len() {
                let c = words[at];
                at += 1;
                if out.len() > TEXT_MAX {
                    return Err(too_long(lua));
                }
                if c != ESCAPE {
                    out.push(c);
                    continue;
                }
                match words.get(at) {
                    Some(&ESCAPE) => out.push(ESCAPE),
                    Some(b'0') => out.extend_from_slice(&matcher.text[s..e]),
                    Some(digit) if digit.is_ascii_digit() => {
                        let value = matcher.capture(lua, usize::from(digit - b'1'), s, e)?;
                        out.extend_from_slice(&text_of(lua, "gsub", &[value], 0)?);
                    }
                    _ => return Err(Error::runtime(at_line(lua, "invalid use of '%' in replacement string"))),
                }
                at += 1;
            }
            return if out.len() > TEXT_MAX { Err(too_long(lua)) } else { Ok(()) };
        }
        (Value::Table(table), _) => table.get::<Value>(matcher.capture(lua, 0, s, e)?)?,
        (Value::Function(function), _) => {
            let args = MultiValue::from_vec(matcher.all(lua, s, e, true)?);
            function.call::<Value>(args)?
        }
        _ => Value::Nil,
    };
    match value {
        Value::Nil | Value::Boolean(false) => out.extend_from_slice(&matcher.text[s..e]),
        Value::String(_) | Value::Integer(_) | Value::Number(_) => {
            out.extend_from_slice(&text_of(lua, "gsub", &[value], 0)?);
        }
        other => {
            let got = other.type_name();
            return Err(Error::runtime(at_line(lua, &format!("invalid replacement value (a {got})"))));
        }
    }
    if out.len() > TEXT_MAX { Err(too_long(lua)) } else { Ok(()) }
}

fn too_long(lua: &Lua) -> Error {
    Error::runtime(at_line(lua, &format!("string.gsub makes at most {TEXT_MAX} bytes")))
}
