//! The desk's `json` module: encode and decode.
//!
//! Thread: the desk's.

use mlua::{Lua, LuaString, Table, Value as LuaValue};

/// Tables inside each other, at most.
const DEPTH_MAX: usize = 100;

/// The module.
pub fn module(lua: &Lua) -> mlua::Result<Table> {
    let module = lua.create_table()?;
    module.set(
        "encode",
        lua.create_function(|lua, value: LuaValue| {
            let mut out = vec![];
            encode(&value, &mut out, 0)?;
            lua.create_string(out)
        })?,
    )?;
    module.set(
        "decode",
        lua.create_function(|lua, text: LuaString| {
            let bytes = text.as_bytes();
            let mut reader = Reader { lua, bytes: &bytes, at: 0 };
            let value = reader.value(0)?;
            reader.space();
            if reader.at < bytes.len() { Err(reader.wrong("more text after the value")) } else { Ok(value) }
        })?,
    )?;
    Ok(module)
}

fn wrong(message: impl Into<String>) -> mlua::Error {
    mlua::Error::runtime(message.into())
}

fn encode(value: &LuaValue, out: &mut Vec<u8>, depth: usize) -> mlua::Result<()> {
    if depth > DEPTH_MAX {
        return Err(wrong("circular reference"));
    }
    match value {
        LuaValue::Nil => out.extend(b"null"),
        LuaValue::Boolean(yes) => out.extend(yes.to_string().bytes()),
        LuaValue::Integer(n) => out.extend(n.to_string().bytes()),
        LuaValue::Number(n) if n.is_finite() => out.extend(short_number(*n).bytes()),
        LuaValue::Number(n) => return Err(wrong(format!("unexpected number value '{n}'"))),
        LuaValue::String(text) => quote(&text.as_bytes(), out),
        LuaValue::Table(table) => encode_table(table, out, depth)?,
        other => return Err(wrong(format!("unexpected type '{}'", other.type_name()))),
    }
    Ok(())
}

/// Fourteen digits, as the usual Lua encoders write: big numbers lose their end, which is why ticks go as text.
fn short_number(n: f64) -> String {
    if n == n.trunc() && n.abs() < 1.0e14 {
        return format!("{n:.0}");
    }
    let text = format!("{n:.13e}");
    let rounded: f64 = text.parse().unwrap_or(n);
    rounded.to_string()
}

fn encode_table(table: &Table, out: &mut Vec<u8>, depth: usize) -> mlua::Result<()> {
    let length = table.raw_len();
    let first: LuaValue = table.raw_get(1)?;
    let mut pairs = table.pairs::<LuaValue, LuaValue>();
    // An empty table is a list.
    if !first.is_nil() || pairs.next().is_none() {
        out.push(b'[');
        let mut keys = 0;
        for pair in table.pairs::<LuaValue, LuaValue>() {
            if !matches!(pair?.0, LuaValue::Integer(_)) {
                return Err(wrong("invalid table: mixed or invalid key types"));
            }
            keys += 1;
        }
        if keys != length {
            return Err(wrong("invalid table: sparse array"));
        }
        for n in 1..=length {
            if n > 1 {
                out.push(b',');
            }
            encode(&table.raw_get(n)?, out, depth + 1)?;
        }
        out.push(b']');
        return Ok(());
    }
    out.push(b'{');
    let mut members = vec![];
    for pair in table.pairs::<LuaValue, LuaValue>() {
        let (key, value) = pair?;
        let LuaValue::String(key) = key else { return Err(wrong("invalid table: mixed or invalid key types")) };
        members.push((key, value));
    }
    // Lua's own order changes from run to run; the same calls must give the same bytes.
    members.sort_by_key(|(key, _)| key.as_bytes().to_vec());
    for (n, (key, value)) in members.into_iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        quote(&key.as_bytes(), out);
        out.push(b':');
        encode(&value, out, depth + 1)?;
    }
    out.push(b'}');
    Ok(())
}

fn quote(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' => out.extend(b"\\\""),
            b'\\' => out.extend(b"\\\\"),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            0..=31 | 127 => out.extend(format!("\\u{byte:04x}").bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

struct Reader<'a> {
    lua: &'a Lua,
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn wrong(&self, what: &str) -> mlua::Error {
        wrong(format!("{what} at byte {}", self.at + 1))
    }

    fn space(&mut self) {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        self.space();
        let there = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(there);
        there
    }

    fn value(&mut self, depth: usize) -> mlua::Result<LuaValue> {
        if depth > DEPTH_MAX {
            return Err(self.wrong("too deep"));
        }
        self.space();
        let rest = &self.bytes[self.at..];
        for (word, value) in
            [("true", LuaValue::Boolean(true)), ("false", LuaValue::Boolean(false)), ("null", LuaValue::Nil)]
        {
            if rest.starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
        }
        match rest.first() {
            Some(b'"') => Ok(LuaValue::String(self.lua.create_string(self.string()?)?)),
            Some(b'[') => self.list(depth),
            Some(b'{') => self.object(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.wrong("unexpected character")),
        }
    }

    fn list(&mut self, depth: usize) -> mlua::Result<LuaValue> {
        let list = self.lua.create_table()?;
        self.at += 1;
        if self.take(b']') {
            return Ok(LuaValue::Table(list));
        }
        for n in 1.. {
            list.raw_set(n, self.value(depth + 1)?)?;
            if self.take(b']') {
                break;
            }
            if !self.take(b',') {
                return Err(self.wrong("expected ']' or ','"));
            }
        }
        Ok(LuaValue::Table(list))
    }

    fn object(&mut self, depth: usize) -> mlua::Result<LuaValue> {
        let object = self.lua.create_table()?;
        self.at += 1;
        if self.take(b'}') {
            return Ok(LuaValue::Table(object));
        }
        loop {
            self.space();
            if self.bytes.get(self.at) != Some(&b'"') {
                return Err(self.wrong("expected string for key"));
            }
            let key = self.lua.create_string(self.string()?)?;
            if !self.take(b':') {
                return Err(self.wrong("expected ':'"));
            }
            object.raw_set(key, self.value(depth + 1)?)?;
            if self.take(b'}') {
                return Ok(LuaValue::Table(object));
            }
            if !self.take(b',') {
                return Err(self.wrong("expected '}' or ','"));
            }
        }
    }

    fn number(&mut self) -> mlua::Result<LuaValue> {
        let part = |b: &&u8| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let count = self.bytes[self.at..].iter().take_while(part).count();
        let text = String::from_utf8_lossy(&self.bytes[self.at..self.at + count]).into_owned();
        let value = match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(n), _) => LuaValue::Integer(n),
            (_, Ok(n)) => LuaValue::Number(n),
            _ => return Err(self.wrong("invalid number")),
        };
        self.at += count;
        Ok(value)
    }

    fn string(&mut self) -> mlua::Result<Vec<u8>> {
        self.at += 1;
        let mut text = vec![];
        loop {
            let Some(&byte) = self.bytes.get(self.at) else { return Err(self.wrong("expected closing quote")) };
            self.at += 1;
            match byte {
                b'"' => return Ok(text),
                0..=31 => return Err(self.wrong("control character in string")),
                b'\\' => self.escape(&mut text)?,
                _ => text.push(byte),
            }
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> mlua::Result<()> {
        let Some(&byte) = self.bytes.get(self.at) else { return Err(self.wrong("expected closing quote")) };
        self.at += 1;
        text.push(match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let letter = self.unicode()?;
                text.extend(letter.to_string().bytes());
                return Ok(());
            }
            _ => return Err(self.wrong("invalid escape")),
        });
        Ok(())
    }

    fn unicode(&mut self) -> mlua::Result<char> {
        let high = self.four_digits()?;
        if (0xd800..0xdc00).contains(&high) && self.bytes[self.at..].starts_with(b"\\u") {
            self.at += 2;
            let low = self.four_digits()?;
            let code = 0x10000 + ((high - 0xd800) << 10) + (low.wrapping_sub(0xdc00) & 0x3ff);
            return char::from_u32(code).ok_or_else(|| self.wrong("invalid unicode escape"));
        }
        Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn four_digits(&mut self) -> mlua::Result<u32> {
        let digits = self.bytes.get(self.at..self.at + 4).and_then(|d| std::str::from_utf8(d).ok());
        let code =
            digits.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit())).and_then(|d| u32::from_str_radix(d, 16).ok());
        let code = code.ok_or_else(|| self.wrong("invalid unicode escape"))?;
        self.at += 4;
        Ok(code)
    }
}
