//! Where in a script an item is set: the calls on the lines that set it, and the expression that gave the value.
//!
//! Thread: any.

use tree_sitter::Node;

use super::tree::{Act, Code, Field, Object, What, is_literal};
use crate::model::{Item, Name, Param, Path, Session};
use crate::script::dry::Made;

/// A place that sets an item.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site<'t> {
    /// The call or assignment.
    pub act: Act<'t>,
    /// The expression that gives the value; none where it is left out.
    pub value: Option<Node<'t>>,
    /// The table and the field in it, where it is one.
    pub field: Option<(Node<'t>, Field<'t>)>,
    /// Whether the text surely means this item.
    pub known: bool,
}

impl<'t> Site<'t> {
    fn new(act: &Act<'t>, value: Option<Node<'t>>, known: bool) -> Self {
        Self { act: *act, value, field: None, known }
    }

    fn field(act: &Act<'t>, table: Node<'t>, field: Field<'t>, known: bool) -> Self {
        Self { act: *act, value: Some(field.value), field: Some((table, field)), known }
    }

    /// The expression, where it is written out and runs once.
    pub fn literal(&self) -> Option<Node<'t>> {
        self.value.filter(|v| !self.act.guarded && is_literal(*v))
    }
}

/// A script with what it makes and what it should make.
pub(super) struct Desk<'a> {
    /// The script.
    pub code: &'a Code<'a>,
    /// What it makes.
    pub made: &'a Made,
    /// What it should make.
    pub live: &'a Session,
}

impl<'a> Desk<'a> {
    /// The calls on the lines that set an item, those that had the last word first.
    pub fn acts(&self, item: &Item) -> Vec<Act<'a>> {
        let places = self.made.set_at.get(item).map(|at| at.places.as_slice()).unwrap_or_default();
        let mut list: Vec<Act<'a>> = vec![];
        for place in places.iter().rev() {
            let row = (place.line as usize).saturating_sub(1);
            let on_line = |act: &&Act<'a>| act.node.start_position().row <= row && row <= act.node.end_position().row;
            for act in self.code.acts.iter().rev().filter(on_line) {
                if !list.iter().any(|a| a.node.id() == act.node.id() && same(&a.what, &act.what)) {
                    list.push(*act);
                }
            }
        }
        list
    }

    /// Where an item is set, the last word first; places that surely mean it before those that may.
    pub fn sites(&self, item: &Item) -> Vec<Site<'a>> {
        let mut list: Vec<Site<'a>> = self.acts(item).iter().filter_map(|act| self.site(act, item)).collect();
        list.sort_by_key(|site| !site.known);
        list
    }

    /// Where a call sets an item, if it may.
    pub fn site(&self, act: &Act<'a>, item: &Item) -> Option<Site<'a>> {
        match item {
            Item::Param(name, param) => {
                let word = param.desc().name;
                let words: &[&str] = if *param == Param::MASTER_VOLUME { &[word, "volume"] } else { &[word] };
                self.module_field(act, name, words).or_else(|| self.by_path(act, item))
            }
            Item::SampleParam(name, place, param) => self.sample_field(act, name, *place, *param),
            Item::Enabled(name) => self.enabled(act, name),
            Item::Samples(name) => self.module_field(act, name, &["samples", "bank"]),
            Item::Bpm => self.clock(act, &["setBPM"], "bpm"),
            Item::Signature => self.clock(act, &[], "signature"),
            Item::Source => self.clock(act, &["setSource"], "source"),
            Item::Seed => self.first(act, "seed"),
            Item::Bank(name) => self.second(act, "bank", name),
            Item::Live(name) => self.second(act, "live", name),
            Item::Chain(name) => self.second(act, "chain", name.as_str()),
            Item::Steps(name) => self.pattern(act, name, "steps"),
            Item::StepsPerBeat(name) => self.pattern(act, name, "stepsPerBeat"),
            Item::Cycles(name) => self.pattern(act, name, "cycles"),
            Item::Salt(name) => self.pattern(act, name, "salt"),
            Item::Columns(name) => self.pattern(act, name, "columns"),
            Item::CableVolume(from, to) => self.cable_volume(act, from, to).or_else(|| self.by_path(act, item)),
            _ => None,
        }
    }

    /// A field of the table given to a constructor of `name`, or to its handle.
    fn module_field(&self, act: &Act<'a>, name: &Name, words: &[&str]) -> Option<Site<'a>> {
        let (table, known) = self.constructor(act, name).or_else(|| self.handle_call(act, name))?;
        let table = table?;
        if table.kind() != "table_constructor" {
            return Some(Site::new(act, Some(table), known));
        }
        let found = words.iter().find_map(|word| self.code.field(table, word))?;
        Some(Site::field(act, table, found, known))
    }

    /// The table given to `sampler("name", …)` and its kind, and whether the name is surely this one.
    pub fn constructor(&self, act: &Act<'a>, name: &Name) -> Option<(Option<Node<'a>>, bool)> {
        let What::Global(function @ ("sampler" | "sequencer" | "audioMixer" | "audioOut" | "audioIn")) = act.what
        else {
            return None;
        };
        let args = self.code.args(act.node);
        if matches!(function, "audioOut" | "audioIn") {
            let meant = self.code.object(act.node) == Object::Module(Some(name.to_string()));
            let table = args.iter().copied().find(|n| n.kind() == "table_constructor");
            return meant.then_some((table, true));
        }
        match self.code.is(*args.first()?, name) {
            Some(false) => None,
            known => Some((args.get(1).copied(), known.is_some())),
        }
    }

    fn handle_call(&self, act: &Act<'a>, name: &Name) -> Option<(Option<Node<'a>>, bool)> {
        let What::Value(callee) = act.what else { return None };
        match self.code.object(callee) {
            Object::Module(found) if found.as_deref().is_none_or(|n| n == name.as_str()) => {
                Some((self.code.args(act.node).first().copied(), found.is_some()))
            }
            _ => None,
        }
    }

    /// What a call writes by a path: `setParam`, `param(…):set`, `kick:set`, `kick.volume = …`.
    pub fn path_write(&self, act: &Act<'a>) -> Option<(Option<String>, Option<Node<'a>>)> {
        let args = self.code.args(act.node);
        let text = |place: usize| args.get(place).and_then(|n| self.code.string(*n));
        let joined = |base: Option<String>, word: Option<String>| Some(format!("{}.{}", base?, word?));
        match act.what {
            What::Global("setParam") if args.len() >= 3 => Some((joined(text(0), text(1)), args.get(2).copied())),
            What::Global("setParam") => Some((text(0), args.get(1).copied())),
            What::Method(object, method) => match (self.code.object(object), method) {
                (Object::Param(path), "set") => Some((path, args.first().copied())),
                (Object::Param(path), "unset") => Some((path, None)),
                (Object::Router, "set") => Some((text(0), args.get(1).copied())),
                (Object::Module(name), "set" | "setParameter") => Some((joined(name, text(0)), args.get(1).copied())),
                (Object::Sample(name, place), "set") => {
                    Some((joined(self.sample_path(name, place), text(0)), args.get(1).copied()))
                }
                _ => None,
            },
            What::Field(object, word) => match self.code.object(object) {
                Object::Module(name) => Some((joined(name, Some(word.to_owned())), act.assigned)),
                Object::Sample(name, place) => {
                    Some((joined(self.sample_path(name, place), Some(word.to_owned())), act.assigned))
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn sample_path(&self, name: Option<String>, place: Node<'a>) -> Option<String> {
        Some(format!("{}.sample[{}]", name?, self.sample_place(place)?))
    }

    fn sample_place(&self, place: Node<'a>) -> Option<usize> {
        self.code.integer(place)
    }

    /// The item that a path typed in the script leads to.
    pub fn item_of(&self, path: &str) -> Option<Item> {
        Some(match self.made.session.path(path).ok()? {
            Path::Param { module, param } => Item::Param(module, param),
            Path::Sample { module, index, param } => Item::SampleParam(module, index - 1, param),
            Path::Connection { module, source } => Item::CableVolume(source, module),
            Path::Row { pattern, row, .. } => Item::Row(pattern, row),
        })
    }

    fn by_path(&self, act: &Act<'a>, item: &Item) -> Option<Site<'a>> {
        let (path, value) = self.path_write(act)?;
        match path.as_deref().and_then(|path| self.item_of(path)) {
            Some(found) if found != *item => None,
            known => Some(Site::new(act, value, known.is_some())),
        }
    }

    fn sample_field(&self, act: &Act<'a>, name: &Name, place: u16, param: Param) -> Option<Site<'a>> {
        let word = param.desc().name;
        if let What::Value(callee) = act.what
            && let Object::Sample(found, at) = self.code.object(callee)
        {
            let meant = found.as_deref().is_none_or(|n| n == name.as_str())
                && self.sample_place(at).is_none_or(|n| n == usize::from(place) + 1);
            let table = self.code.args(act.node).first().copied().filter(|_| meant)?;
            let field = self.code.field(table, word)?;
            return Some(Site::field(act, table, field, found.is_some() && self.sample_place(at).is_some()));
        }
        if let Some(site) = self.module_field(act, name, &["samples"]) {
            let entry = self.code.entry(site.value?, usize::from(place) + 1)?;
            let field = self.code.field(entry.value, word)?;
            return Some(Site::field(act, entry.value, field, site.known));
        }
        self.by_path(act, &Item::SampleParam(name.clone(), place, param))
    }

    fn enabled(&self, act: &Act<'a>, name: &Name) -> Option<Site<'a>> {
        let args = self.code.args(act.node);
        match act.what {
            What::Global("enable") => match self.code.is(*args.first()?, name) {
                Some(false) => None,
                known => Some(Site::new(act, args.get(1).copied(), known.is_some())),
            },
            What::Method(object, "enable") => match self.code.object(object) {
                Object::Module(found) if found.as_deref().is_none_or(|n| n == name.as_str()) => {
                    Some(Site::new(act, args.first().copied(), found.is_some()))
                }
                _ => None,
            },
            _ => self.module_field(act, name, &["enabled"]),
        }
    }

    fn clock(&self, act: &Act<'a>, methods: &[&str], word: &str) -> Option<Site<'a>> {
        let What::Method(object, method) = act.what else { return None };
        if self.code.object(object) != Object::Clock {
            return None;
        }
        let value = self.code.args(act.node).first().copied();
        if methods.contains(&method) {
            return Some(Site::new(act, value, true));
        }
        let table = value.filter(|_| method == "internal")?;
        if table.kind() != "table_constructor" {
            return Some(Site::new(act, Some(table), true));
        }
        self.code.field(table, word).map(|field| Site::field(act, table, field, true))
    }

    fn first(&self, act: &Act<'a>, function: &str) -> Option<Site<'a>> {
        let meant = matches!(act.what, What::Global(found) if found == function);
        let value = self.code.args(act.node).first().copied().filter(|_| meant)?;
        Some(Site::new(act, Some(value), true))
    }

    fn second(&self, act: &Act<'a>, function: &str, name: &str) -> Option<Site<'a>> {
        if !matches!(act.what, What::Global(found) if found == function) {
            return None;
        }
        let args = self.code.args(act.node);
        match self.code.string(*args.first()?) {
            Some(found) if found != name => None,
            known => Some(Site::new(act, args.get(1).copied(), known.is_some())),
        }
    }

    /// Whether a call makes or keeps the pattern, and what is given to it.
    pub fn pattern_call(&self, act: &Act<'a>, name: &Name) -> Option<(Option<Node<'a>>, bool)> {
        if !matches!(act.what, What::Global("pattern")) {
            return None;
        }
        let args = self.code.args(act.node);
        match self.code.is(*args.first()?, name) {
            Some(false) => None,
            known => Some((args.get(1).copied(), known.is_some())),
        }
    }

    /// A method called on the pattern: its name, arguments, and whether it is surely this pattern.
    pub fn pattern_method(&self, act: &Act<'a>, name: &Name) -> Option<(&'a str, Vec<Node<'a>>, bool)> {
        let What::Method(object, method) = act.what else { return None };
        match self.code.object(object) {
            Object::Pattern(found) if found.as_deref().is_none_or(|n| n == name.as_str()) => {
                Some((method, self.code.args(act.node), found.is_some()))
            }
            _ => None,
        }
    }

    fn pattern(&self, act: &Act<'a>, name: &Name, word: &str) -> Option<Site<'a>> {
        if let Some((given, known)) = self.pattern_call(act, name) {
            let Some(given) = given else { return Some(Site::new(act, None, known)).filter(|_| word == "steps") };
            if given.kind() == "table_constructor" {
                return self.code.field(given, word).map(|field| Site::field(act, given, field, known));
            }
            // A table from elsewhere may hold it; a number can only be the steps.
            let opaque = word == "steps" || !is_literal(given);
            return opaque.then(|| Site::new(act, Some(given), known));
        }
        let (method, args, known) = self.pattern_method(act, name)?;
        (method == word && !args.is_empty()).then(|| Site::new(act, args.first().copied(), known))
    }

    fn cable_volume(&self, act: &Act<'a>, from: &Name, to: &Name) -> Option<Site<'a>> {
        let (ends, known) = self.cable(act, from, to)?;
        let table = ends.get(2).copied().filter(|n| n.kind() == "table_constructor")?;
        self.code.field(table, "volume").map(|field| Site::field(act, table, field, known))
    }

    /// Whether a call is `connect(from, to, …)`; gives its arguments.
    pub fn cable(&self, act: &Act<'a>, from: &Name, to: &Name) -> Option<(Vec<Node<'a>>, bool)> {
        let args = self.code.args(act.node);
        let both = |a: Option<bool>, b: Option<bool>| match (a, b) {
            (Some(false), _) | (_, Some(false)) => None,
            (a, b) => Some(a.is_some() && b.is_some()),
        };
        let plain = || both(self.code.is(*args.first()?, from), self.code.is(*args.get(1)?, to));
        let known = match act.what {
            What::Global("connect" | "route") => plain(),
            What::Method(object, "connect") => match self.code.object(object) {
                Object::Connections => plain(),
                Object::Module(found) => both(found.map(|n| n == from.as_str()), self.code.is(*args.first()?, to)),
                _ => None,
            },
            _ => None,
        }?;
        Some((args, known))
    }
}

fn same(a: &What<'_>, b: &What<'_>) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}
