//! Everything that is told about the language, made from the one declaration list.
//!
//! Thread: any.

use std::fmt::Write as _;
use std::sync::OnceLock;

use super::api::{Arg, Entry, Kind, Owner, entries};
use crate::model::param::PARAMS;
use crate::model::{Argument, Completion};

/// What can be completed and shown in a palette, sorted by name.
pub fn completions() -> &'static [Completion] {
    static LIST: OnceLock<Vec<Completion>> = OnceLock::new();
    LIST.get_or_init(|| {
        let mut list: Vec<Completion> = entries()
            .map(|e| Completion {
                name: e.title(),
                signature: e.signature(),
                doc: e.doc,
                example: e.example,
                args: e.args.iter().map(argument).collect(),
                returns: e.returns,
            })
            .collect();
        list.sort_by(|a, b| a.name.cmp(&b.name));
        list
    })
}

fn argument(arg: &Arg) -> Argument {
    let words = match arg.kind {
        Kind::Word(words) => words,
        _ => &[],
    };
    let rest = matches!(arg.kind, Kind::Rest);
    Argument { name: arg.name, allowed: arg.kind.allowed(), words, optional: arg.optional, rest }
}

/// The help on a function (`"sampler"`, `"clock:every"`, `"every"`), an object (`"clock"`) or, for `""`, all names.
pub fn help(topic: &str) -> Option<String> {
    if topic.is_empty() {
        let names: Vec<String> = entries().filter(|e| e.owner == Owner::Global).map(|e| e.name.to_owned()).collect();
        let objects: Vec<&str> = owners().into_iter().filter(|o| *o != Owner::Global).map(Owner::word).collect();
        return Some(format!(
            "functions: {}\nobjects: {}\nhelp(\"name\") tells more",
            names.join(" "),
            objects.join(" ")
        ));
    }
    let dotted = topic.replace('.', ":");
    let exact: Vec<&Entry> = entries().filter(|e| e.title().replace('.', ":") == dotted).collect();
    let found = if exact.is_empty() { entries().filter(|e| e.name == topic).collect() } else { exact };
    if !found.is_empty() {
        return Some(found.into_iter().map(entry_help).collect::<Vec<_>>().join("\n\n"));
    }
    let of: Vec<&Entry> = entries().filter(|e| e.owner != Owner::Global && e.owner.word() == topic).collect();
    if !of.is_empty() {
        return Some(
            of.into_iter().map(|e| format!("{}\n    {}", e.signature(), e.doc)).collect::<Vec<_>>().join("\n"),
        );
    }
    let param = PARAMS.iter().position(|d| d.name == topic)?;
    let param = crate::model::Param(param as u8);
    Some(format!(
        "{}: {}, {} unless set\n    {}",
        topic,
        param.allowed(),
        param.show(param.desc().default),
        param.desc().doc
    ))
}

fn entry_help(entry: &Entry) -> String {
    let mut text = format!("{}\n    {}", entry.signature(), entry.doc);
    for arg in entry.args {
        let optional = if arg.optional { " (may be left out)" } else { "" };
        let _ = write!(text, "\n    {}: {}{optional}", arg.name, arg.kind.allowed());
    }
    if !entry.returns.is_empty() {
        let _ = write!(text, "\n    gives: {}", entry.returns);
    }
    let _ = write!(text, "\n    for example: {}", entry.example.replace('\n', "\n        "));
    text
}

fn owners() -> Vec<Owner> {
    let mut list: Vec<Owner> = entries().map(|e| e.owner).collect();
    list.sort();
    list.dedup();
    list
}

fn lua_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Name => "string|module|pattern|chain|layer",
        Kind::Text | Kind::Word(_) => "string",
        Kind::Number(..) => "number",
        Kind::Whole(..) => "integer",
        Kind::Switch => "boolean",
        Kind::Span => "number|string",
        Kind::Callback => "function",
        Kind::Table => "table",
        Kind::Value => "number|string|boolean",
        Kind::Any | Kind::Rest => "any",
    }
}

/// LuaCATS stubs for language servers: the text of `script/meta/tracklight.lua`.
pub fn stubs() -> String {
    let mut text =
        String::from("---@meta tracklight\n-- Generated from the declarations in src/script/api; do not edit.\n");
    for owner in owners().into_iter().filter(|o| *o != Owner::Global) {
        let _ = write!(text, "\n---@class {0}\nlocal {0} = {{}}\n", class(owner));
    }
    let _ = write!(
        text,
        "\n---@class state: table\n\n---@type clock_\nclock = {{}}\n---@type engine_\nengine = {{}}\n---@type desk_\ndesk = {{}}\n"
    );
    for entry in entries() {
        let _ = write!(text, "\n---{}\n", entry.doc);
        let mut names = vec![];
        for arg in entry.args {
            if matches!(arg.kind, Kind::Rest) {
                text.push_str("---@param ... any\n");
                names.push("...");
                continue;
            }
            let mark = if arg.optional { "?" } else { "" };
            let _ = writeln!(text, "---@param {}{mark} {} {}", arg.name, typed(lua_type(arg.kind)), arg.kind.allowed());
            names.push(arg.name);
        }
        if !entry.returns.is_empty() {
            let _ = writeln!(text, "---@return {}", typed(entry.returns));
        }
        let place = match entry.owner {
            Owner::Global => entry.name.to_owned(),
            Owner::Desk => format!("{}.{}", class(entry.owner), entry.name),
            owner => format!("{}:{}", class(owner), entry.name),
        };
        let _ = writeln!(text, "function {place}({}) end", names.join(", "));
    }
    text
}

fn class(owner: Owner) -> String {
    format!("{}_", owner.word())
}

/// Class names of our handles have a `_` after them, so that they do not hide the functions of the same name.
fn typed(types: &str) -> String {
    let one = |word: &str| {
        let known = owners().into_iter().any(|o| o != Owner::Global && o.word() == word);
        if known { format!("{word}_") } else { word.to_owned() }
    };
    types.split('|').map(one).collect::<Vec<_>>().join("|")
}

/// The part of the manual that is written by hand.
pub const GUIDE: &str = include_str!("guide.md");

/// The manual, as Markdown: the guide and the reference.
pub fn manual() -> String {
    let mut text = String::from(GUIDE);
    text.push_str("# Reference\n");
    for owner in owners() {
        let title = match owner {
            Owner::Global => "Functions".to_owned(),
            owner => format!("`{}`", owner.word()),
        };
        let _ = write!(text, "\n## {title}\n");
        for entry in entries().filter(|e| e.owner == owner) {
            let _ = write!(text, "\n### `{}`\n\n{}\n", entry.signature(), entry.doc);
            if !entry.args.is_empty() {
                text.push('\n');
            }
            for arg in entry.args {
                let optional = if arg.optional { " (optional)" } else { "" };
                let _ = writeln!(text, "* `{}`: {}{optional}", arg.name, arg.kind.allowed());
            }
            let _ = write!(text, "\n```lua\n{}\n```\n", entry.example);
        }
    }
    text.push_str("\n## Parameters\n\n| name | of | range | default | |\n|---|---|---|---|---|\n");
    for (place, desc) in PARAMS.iter().enumerate() {
        let param = crate::model::Param(place as u8);
        let of: Vec<&str> = desc.of.iter().map(|k| k.name()).collect();
        let default = param.show(desc.default);
        let _ =
            writeln!(text, "| `{}` | {} | {} | {default} | {} |", desc.name, of.join(", "), param.allowed(), desc.doc);
    }
    let _ = write!(text, "\n## Kept for later versions\n\n{}\n", super::api::later::LATER.join(", "));
    text
}
