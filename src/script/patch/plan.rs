//! What could be written for one item: candidates from the smallest on, or the reason to leave the text.
//!
//! Thread: any. Nothing here is sure: a dry run decides.

use tree_sitter::Node;

use super::change::Change;
use super::sites::{Desk, Site};
use super::tree::{What, is_literal};
use crate::model::{Item, ModuleBody, Name, Session};
use crate::script::mirror::quote;
use crate::script::mirror::single::{scalar, statement};

/// What could be done for an item.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plan {
    /// One of these, the smallest first.
    Write(Vec<Vec<Change>>),
    /// The text computes it: line, and the change that would make it a literal.
    Leave { line: u32, pin: Option<Vec<Change>> },
}

impl<'a> Desk<'a> {
    /// What could be written so that the text makes `item` as the session has it.
    pub fn plan(&self, item: &Item) -> Plan {
        let plan = match item {
            Item::Row(name, number) => self.plan_row(name, *number),
            Item::Chain(name) => self.plan_chain(name),
            Item::Samples(name) => self.plan_samples(name),
            Item::Columns(name) => self.plan_columns(name),
            Item::Play(name) => self.plan_play(name),
            Item::Macro(path) => self.plan_macro(path),
            Item::Cable(from, to, kind) => self.plan_cable(from, to, *kind),
            Item::Module(name) | Item::Pattern(name) => self.plan_noun(item, name),
            Item::Live(name) => self.plan_kept(item, self.live.live.contains_key(name)),
            Item::Bank(name) => self.plan_kept(item, self.live.banks.contains_key(name)),
            Item::Signature => self.plan_signature(),
            Item::Songs => self.plan_songs(),
            Item::Layer(name) => self.plan_layer(name),
            Item::Keyed(name, key) => self.plan_keyed(name, key),
            Item::Unkeyed(name) => self.plan_unkeyed(name),
            Item::Mapping(name) => self.plan_mapping(name),
            Item::Rename(..) => Plan::Write(vec![]),
            _ => self.plan_scalar(item),
        };
        match plan {
            Plan::Write(mut list) => {
                list.extend(self.statements(item));
                Plan::Write(list)
            }
            leave => leave,
        }
    }

    /// Statements that say it: after what the item belongs to, and at the end.
    pub fn statements(&self, item: &Item) -> Vec<Vec<Change>> {
        let Some(text) = self.statement(item) else { return vec![] };
        let mut list = vec![vec![self.code.insert_statement(self.kin(item), &text)]];
        let last = vec![self.code.insert_statement(None, &text)];
        if !list.contains(&last) {
            list.push(last);
        }
        // What others are made of may have to come first.
        if matches!(item, Item::Pattern(_) | Item::Bank(_) | Item::Songs) && !self.code.tops.is_empty() {
            let newline = self.code.newline();
            let start = self.code.tops[0].start_byte();
            list.push(vec![Change::insert(start, format!("{}{newline}", text.replace('\n', newline)))]);
        }
        list
    }

    /// The statement that says it.
    pub fn statement(&self, item: &Item) -> Option<String> {
        match item {
            Item::Macro(path) if !self.live.macros.contains_key(path) => {
                let number = self.made.session.macros.get(path)?.number;
                let typed = crate::script::mirror::typed_path(&self.made.session, path);
                Some(format!("macro({number}):unmap({})", quote(&typed)))
            }
            Item::Module(_) | Item::Pattern(_) | Item::Chain(_) if self.changes_kind(item) => None,
            Item::Songs => self.songs_statement(),
            // A list that the text has is changed there or marked, never written a second time.
            Item::Unkeyed(_) if self.made.set_at.contains_key(item) => None,
            // Its settings are written where it is made, without its events.
            Item::Layer(name) if self.made.session.layers.contains_key(name) && self.live.layers.contains_key(name) => {
                None
            }
            _ => statement(self.live, item),
        }
    }

    /// Whether a module became one of another type: what was has to go first.
    fn changes_kind(&self, item: &Item) -> bool {
        let Item::Module(name) = item else { return false };
        self.made.session.modules.contains_key(name) && self.live.modules.contains_key(name)
    }

    /// The outermost statement after which one for `item` belongs.
    fn kin(&self, item: &Item) -> Option<usize> {
        let kind = |name: &Name| self.live.modules.get(name).map(|m| m.kind());
        let alike = |other: &Item| match (item, other) {
            (Item::Module(a), Item::Module(b)) => kind(a) == kind(b),
            _ => std::mem::discriminant(item) == std::mem::discriminant(other),
        };
        let names = subjects(item);
        let about = |other: &Item| subjects(other).iter().any(|n| names.contains(n));
        let clock = |other: &Item| matches!(other, Item::Bpm | Item::Signature | Item::Source | Item::Seed);
        let last = |wanted: &dyn Fn(&Item) -> bool| {
            let found = self.made.set_at.iter().filter(|(other, _)| wanted(other));
            found.filter_map(|(_, at)| at.last()).map(|place| place.outer).max()
        };
        let standing = |other: &Item| match other {
            Item::Module(name) => !Session::is_standing(name.as_str()),
            _ => true,
        };
        let line = match item {
            Item::Cable(..) | Item::Macro(_) => last(&|other| alike(other) && standing(other)).max(last(&about)),
            Item::Module(_) | Item::Pattern(_) | Item::Chain(_) | Item::Bank(_) | Item::Live(_) => {
                last(&alike).or_else(|| last(&|other| matches!(other, Item::Module(_) | Item::Pattern(_))))
            }
            _ if clock(item) => last(&clock),
            Item::Songs => last(&alike).or_else(|| last(&clock)),
            Item::Layer(_) => last(&|other| matches!(other, Item::Layer(_) | Item::Keyed(..) | Item::Unkeyed(_))),
            _ => last(&about),
        }?;
        self.code.top_at(line)
    }

    /// Leave the text, with what would make the last computed value a literal.
    pub fn leave(&self, item: &Item, at: Option<Node<'a>>, text: Option<String>) -> Plan {
        let last = self.made.set_at.get(item).and_then(|at| at.last());
        let line = match (at, last) {
            (Some(node), _) => node.start_position().row as u32 + 1,
            (None, Some(place)) => place.line,
            (None, None) => 1,
        };
        let pin = at.zip(text).map(|(node, text)| vec![Change::node(node, text)]);
        Plan::Leave { line, pin }
    }

    fn plan_scalar(&self, item: &Item) -> Plan {
        let want = scalar(self.live, item);
        let sites = self.sites(item);
        let (mut list, mut computed) = (vec![], None);
        for site in &sites {
            match (site.literal(), site.value, &want) {
                (Some(node), _, Some(text)) => list.push(vec![self.write(node, text)]),
                (Some(_), _, None) => list.extend(self.unwrite(site)),
                (None, Some(node), _) => computed = computed.or(Some(node)),
                (None, None, Some(text)) if !site.act.guarded => list.extend(self.give(site, item, text)),
                (None, None, _) => list.extend(self.unwrite(site)),
            }
        }
        if list.is_empty() {
            if computed.is_some() || (self.acts(item).iter().any(|a| a.guarded) && !sites.is_empty()) {
                return self.leave(item, computed, want);
            }
            if self.is_said(item) && sites.is_empty() {
                return self.leave(item, None, None);
            }
            list.extend(self.add_field(item, want.as_deref()));
        } else if computed.is_some_and(|node| sites.first().and_then(|s| s.value) == Some(node)) {
            // What computes it has the last word.
            return self.leave(item, computed, want);
        }
        Plan::Write(list)
    }

    /// Whether some line sets it on purpose, not by the way.
    fn is_said(&self, item: &Item) -> bool {
        let by_the_way = matches!(item, Item::Steps(_) | Item::Columns(_) | Item::Salt(_));
        !by_the_way && self.made.set_at.contains_key(item)
    }

    /// A literal in the place of another, in the user's quotes.
    pub fn write(&self, node: Node<'a>, text: &str) -> Change {
        let old = self.code.of(node);
        let inner = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
        match inner {
            Some(inner) if old.starts_with('\'') && !inner.contains(['\'', '\\', '"']) => {
                Change::node(node, format!("'{inner}'"))
            }
            _ => Change::node(node, text),
        }
    }

    /// Take away what sets a value.
    pub fn unwrite(&self, site: &Site<'a>) -> Vec<Vec<Change>> {
        if site.act.guarded {
            return vec![];
        }
        if let Some((table, field)) = site.field {
            return vec![vec![self.code.remove_field(table, field.node)]];
        }
        self.remove_act(&site.act)
    }

    /// Take a call out: its statement, or its link of a chain of calls.
    pub fn remove_act(&self, act: &super::tree::Act<'a>) -> Vec<Vec<Change>> {
        let mut list = vec![];
        if act.statement.id() == act.node.id() {
            list.push(vec![self.code.remove_statement(act.statement)]);
        }
        if let What::Method(object, _) = act.what {
            let link = self.code.remove_link(object, act.node);
            let whole = act.statement.id() == act.node.id();
            // A name alone is no statement.
            if object.kind() == "function_call" || !whole {
                let made = object.kind() == "function_call" && !self.code.args(object).is_empty() && whole;
                let chained = object.child_by_field_name("name").is_some_and(|n| n.kind() != "identifier");
                list.insert(if made && !chained { list.len() } else { 0 }, vec![link]);
            }
        }
        list
    }

    /// Write a value where it was left out: `enable("kick")`, `pattern("beat")`.
    fn give(&self, site: &Site<'a>, item: &Item, text: &str) -> Vec<Vec<Change>> {
        match item {
            Item::Steps(_) | Item::Enabled(_) => self.add_argument(site.act.node, text).into_iter().collect(),
            _ => vec![],
        }
    }

    fn plan_signature(&self) -> Plan {
        let want = self.live.signature;
        for act in self.acts(&Item::Signature) {
            let What::Method(_, "setSignature") = act.what else { continue };
            let args = self.code.args(act.node);
            let [num, den] = args.as_slice() else { continue };
            if act.guarded || !is_literal(*num) || !is_literal(*den) {
                return self.leave(&Item::Signature, Some(if is_literal(*num) { *den } else { *num }), None);
            }
            let mut changes = vec![];
            for (node, value) in [(*num, want.num), (*den, want.den)] {
                if self.code.integer(node) != Some(usize::from(value)) {
                    changes.push(Change::node(node, value.to_string()));
                }
            }
            return Plan::Write(vec![changes]);
        }
        match self.plan_scalar(&Item::Signature) {
            Plan::Write(list) if list.is_empty() => {
                let field = scalar(self.live, &Item::Signature).map(|v| format!("signature = {v}"));
                Plan::Write(field.map(|f| self.add_to_clock(&f)).unwrap_or_default())
            }
            plan => plan,
        }
    }

    /// A thing that is there or not, said by one statement: banks and live chunks.
    fn plan_kept(&self, item: &Item, there: bool) -> Plan {
        let want =
            match item {
                Item::Live(name) => self.live.live.get(name).map(|chunk| {
                    if crate::script::source::is_function(chunk) { chunk.to_string() } else { quote(chunk) }
                }),
                _ => scalar(self.live, item),
            };
        let (mut list, mut computed) = (vec![], None);
        let mut removal = vec![];
        for site in self.sites(item) {
            let Some(value) = site.value else { continue };
            let written = is_literal(value) || value.kind() == "function_definition";
            match (written && !site.act.guarded, there, &want) {
                (true, true, Some(text)) => list.push(vec![self.write(value, text)]),
                (true, false, _) => removal.extend(self.remove_act(&site.act).into_iter().next().unwrap_or_default()),
                _ => computed = computed.or(Some(value)),
            }
        }
        if !removal.is_empty() {
            list.push(removal);
        }
        if list.is_empty()
            && (computed.is_some() || (self.made.set_at.contains_key(item) && self.sites(item).is_empty()))
        {
            return self.leave(item, computed, want.filter(|_| there));
        }
        Plan::Write(list)
    }

    fn plan_columns(&self, name: &Name) -> Plan {
        let item = Item::Columns(name.clone());
        let Some(pattern) = self.live.patterns.get(name) else { return Plan::Write(vec![]) };
        let want = crate::script::mirror::single::columns(pattern);
        let explicit: Vec<Site<'a>> = self.sites(&item).into_iter().filter(|s| s.value.is_some()).collect();
        if let Some(site) = explicit.first() {
            return match site.literal() {
                Some(node) if node.kind() == "table_constructor" => Plan::Write(vec![vec![Change::node(node, want)]]),
                _ => self.leave(&item, site.value, Some(want)),
            };
        }
        Plan::Write(self.add_to_pattern(name, "columns", &want))
    }

    fn plan_play(&self, name: &Name) -> Plan {
        let item = Item::Play(name.clone());
        let body = |session: &Session| match session.modules.get(name).map(|m| m.body.clone()) {
            Some(ModuleBody::TrackerSequencer { pattern, chain, chain_on }) => Some((pattern, chain, chain_on)),
            _ => None,
        };
        let (Some(old), Some(new)) = (body(&self.made.session), body(self.live)) else { return Plan::Write(vec![]) };
        let chain = new.1.as_ref().map_or("false".to_owned(), |c| quote(c.as_str()));
        let pattern = quote(new.0.as_str());
        let play = if new.2 { "\"chain\"" } else { "\"pattern\"" };
        let mut list = vec![];
        for act in self.code.acts.iter().rev().filter(|a| matches!(a.what, What::Global("sequencer"))) {
            let Some((given, true)) = self.constructor(act, name) else { continue };
            if act.guarded {
                return self.leave(&item, None, None);
            }
            let Some(table) = given else {
                let fields = crate::script::mirror::single::play(self.live, name).unwrap_or_default().join(", ");
                list.extend(self.add_argument(act.node, &format!("{{ {fields} }}")));
                continue;
            };
            if table.kind() != "table_constructor" {
                return self.leave(&item, Some(table), None);
            }
            let mut changes = vec![];
            let needs_play = new.1.is_some() && !new.2;
            for (word, text, differs, needed) in [
                ("pattern", pattern.as_str(), old.0 != new.0, true),
                ("chain", chain.as_str(), old.1 != new.1, true),
                ("play", play, old.2 != new.2 || (old.1 != new.1 && needs_play), needs_play),
            ] {
                match self.code.field(table, word) {
                    Some(field) if differs && !is_literal(field.value) => {
                        return self.leave(&item, Some(field.value), Some(text.to_owned()));
                    }
                    Some(field) if differs && word == "play" && !needed => {
                        changes.push(self.code.remove_field(table, field.node));
                    }
                    Some(field) if differs && word == "chain" && new.1.is_none() => {
                        changes.push(self.code.remove_field(table, field.node));
                    }
                    Some(field) if differs => changes.push(self.write(field.value, text)),
                    None if differs && needed => {
                        let after = super::tree::fields(table).and_then(|f| f.last().copied());
                        changes.extend(self.code.insert_field(table, after, &format!("{word} = {text}")));
                    }
                    _ => {}
                }
            }
            list.push(changes);
        }
        if list.is_empty() && self.acts(&item).iter().any(|a| a.guarded) {
            return self.leave(&item, None, None);
        }
        Plan::Write(list)
    }
}

/// The names that an item is about.
fn subjects(item: &Item) -> Vec<String> {
    match item {
        Item::Pattern(a) | Item::Steps(a) | Item::StepsPerBeat(a) | Item::Cycles(a) | Item::Salt(a) => {
            vec![a.to_string()]
        }
        Item::Row(a, _) | Item::Columns(a) | Item::Chain(a) | Item::Module(a) | Item::Play(a) | Item::Samples(a) => {
            vec![a.to_string()]
        }
        Item::SampleParam(a, ..) | Item::Param(a, _) | Item::Enabled(a) => vec![a.to_string()],
        Item::Cable(a, b, _) | Item::CableVolume(a, b) => {
            [a, b].into_iter().filter(|n| !Session::is_standing(n.as_str())).map(Name::to_string).collect()
        }
        Item::Macro(path) => vec![path.first().to_string()],
        Item::Layer(a) | Item::Keyed(a, _) | Item::Unkeyed(a) | Item::Mapping(a) => vec![a.to_string()],
        _ => vec![],
    }
}
