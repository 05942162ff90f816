//! Where a value that no line sets finds its place: a field of the constructor's table, an argument, a link.
//!
//! Thread: any.

use tree_sitter::Node;

use super::change::Change;
use super::sites::Desk;
use super::tree::{Object, What, fields, is_literal};
use crate::model::{Item, Name, Param, Session};

impl<'a> Desk<'a> {
    /// One more argument for a call.
    pub fn add_argument(&self, call: Node<'a>, text: &str) -> Option<Vec<Change>> {
        let arguments = call.child_by_field_name("arguments")?;
        let args = self.code.args(call);
        let close = arguments.end_byte() - 1;
        if !self.code.of(arguments).starts_with('(') {
            // A call without parentheses gets them.
            let begin = arguments.start_byte();
            return Some(vec![Change::insert(begin, "("), Change::insert(arguments.end_byte(), format!(", {text})"))]);
        }
        Some(vec![match args.last() {
            Some(last) => Change::insert(last.end_byte(), format!(", {text}")),
            None => Change::insert(close, text),
        }])
    }

    /// A field of the constructor for a value that is not set anywhere.
    pub fn add_field(&self, item: &Item, want: Option<&str>) -> Vec<Vec<Change>> {
        let Some(want) = want else { return vec![] };
        match item {
            Item::Param(name, param) => {
                let standing = Session::is_standing(name.as_str());
                let mixer = *param == Param::MASTER_VOLUME && !standing;
                let word = if mixer { "volume" } else { param.desc().name };
                self.add_to_constructor(name, &format!("{word} = {want}"), standing)
            }
            Item::Enabled(name) => self.add_to_constructor(name, &format!("enabled = {want}"), true),
            Item::Steps(name) => self.add_to_pattern(name, "steps", want),
            Item::StepsPerBeat(name) => self.add_to_pattern(name, "stepsPerBeat", want),
            Item::Cycles(name) => self.add_to_pattern(name, "cycles", want),
            Item::Salt(name) => self.add_to_pattern(name, "salt", want),
            Item::Bpm => self.add_to_clock(&format!("bpm = {want}")),
            Item::Source => self.add_to_clock(&format!("source = {want}")),
            Item::CableVolume(from, to) => self.add_to_cable(from, to, want),
            Item::SampleParam(name, place, param) => {
                self.add_to_sample(name, *place, &format!("{} = {want}", param.desc().name))
            }
            _ => vec![],
        }
    }

    /// A field in the table of `sampler("name", { … })`; with `only` where there is a table.
    pub fn add_to_constructor(&self, name: &Name, field: &str, only: bool) -> Vec<Vec<Change>> {
        let mut list = vec![];
        for act in self.code.acts.iter().filter(|a| !a.guarded) {
            match self.constructor(act, name) {
                Some((Some(table), true)) if table.kind() == "table_constructor" => {
                    let after = fields(table).and_then(|f| f.last().copied());
                    list.insert(0, self.code.insert_field(table, after, field));
                }
                Some((None, true)) if !only => list.extend(self.add_argument(act.node, &format!("{{ {field} }}"))),
                _ => {}
            }
        }
        list.truncate(3);
        list
    }

    /// A field in the table of `pattern("name", { … })`, or a link after the pattern's calls.
    pub fn add_to_pattern(&self, name: &Name, word: &str, want: &str) -> Vec<Vec<Change>> {
        let (mut list, mut links) = (vec![], vec![]);
        for act in self.code.acts.iter().filter(|a| !a.guarded) {
            let Some((given, true)) = self.pattern_call(act, name) else { continue };
            match given {
                Some(table) if table.kind() == "table_constructor" => {
                    // The shape stands before the rows.
                    let all = fields(table).unwrap_or_default();
                    let rows = self.code.field(table, "rows");
                    let after = all.iter().rfind(|f| rows.is_none_or(|r| f.node.end_byte() <= r.node.start_byte()));
                    list.push(self.code.insert_field(table, after.copied(), &format!("{word} = {want}")));
                }
                _ => links.push(act.node),
            }
        }
        if matches!(word, "steps" | "stepsPerBeat" | "cycles" | "columns") {
            for node in links {
                list.push(vec![Change::insert(self.chain_end(node), format!(":{word}({want})"))]);
            }
        }
        list.truncate(4);
        list
    }

    /// The end of the chain of method calls that begins with a call.
    pub fn chain_end(&self, call: Node<'a>) -> usize {
        let mut end = call;
        while let Some(index) = end.parent().filter(|p| p.kind() == "method_index_expression") {
            match index.parent() {
                Some(next) if next.kind() == "function_call" => end = next,
                _ => break,
            }
        }
        end.end_byte()
    }

    pub fn add_to_clock(&self, field: &str) -> Vec<Vec<Change>> {
        for act in self.code.acts.iter().rev().filter(|a| !a.guarded) {
            if let What::Method(object, "internal") = act.what
                && self.code.object(object) == Object::Clock
                && let Some(table) = self.code.args(act.node).first().filter(|n| n.kind() == "table_constructor")
            {
                let after = fields(*table).and_then(|f| f.last().copied());
                return vec![self.code.insert_field(*table, after, field)];
            }
        }
        vec![]
    }

    fn add_to_cable(&self, from: &Name, to: &Name, want: &str) -> Vec<Vec<Change>> {
        let mut list = vec![];
        for act in self.code.acts.iter().filter(|a| !a.guarded && matches!(a.what, What::Global("connect"))) {
            let Some((args, true)) = self.cable(act, from, to) else { continue };
            match args.get(2) {
                None => list.extend(self.add_argument(act.node, &format!("{{ volume = {want} }}"))),
                Some(kind) if self.code.string(*kind).as_deref() == Some("audio") && is_literal(*kind) => {
                    let text = format!("{{ kind = {}, volume = {want} }}", self.code.of(*kind));
                    list.push(vec![Change::node(*kind, text)]);
                }
                Some(table) if table.kind() == "table_constructor" => {
                    let after = fields(*table).and_then(|f| f.last().copied());
                    list.push(self.code.insert_field(*table, after, &format!("volume = {want}")));
                }
                Some(_) => {}
            }
        }
        list
    }

    fn add_to_sample(&self, name: &Name, place: u16, field: &str) -> Vec<Vec<Change>> {
        let mut list = vec![];
        for act in self.code.acts.iter().filter(|a| !a.guarded) {
            let table = match act.what {
                What::Value(callee) => match self.code.object(callee) {
                    Object::Sample(Some(found), at)
                        if found == name.as_str() && self.code.integer(at) == Some(usize::from(place) + 1) =>
                    {
                        self.code.args(act.node).first().copied()
                    }
                    _ => None,
                },
                _ => self.constructor(act, name).and_then(|(table, _)| {
                    let samples = self.code.field(table?, "samples")?;
                    Some(self.code.entry(samples.value, usize::from(place) + 1)?.value)
                }),
            };
            if let Some(table) = table.filter(|t| t.kind() == "table_constructor") {
                let after = fields(table).and_then(|f| f.last().copied());
                list.push(self.code.insert_field(table, after, field));
            }
        }
        list
    }
}
