//! Edits of what is there or not: modules, patterns, chains, cables; and of names.
//!
//! Thread: any.

use tree_sitter::Node;

use super::change::Change;
use super::plan::Plan;
use super::sites::Desk;
use super::tree::{Act, Object, What, children, fields, literal};
use crate::model::{ConnKind, Item, Name};
use crate::script::mirror::quote;
use crate::script::mirror::single::{cable, statement};

impl<'a> Desk<'a> {
    /// A module, pattern or chain that is to be there, or to be gone with what names it.
    pub(super) fn plan_noun(&self, item: &Item, name: &Name) -> Plan {
        let there = |session: &crate::model::Session| match item {
            Item::Pattern(_) => session.patterns.contains_key(name),
            Item::Chain(_) => session.chains.contains_key(name),
            Item::Layer(_) => session.layers.contains_key(name),
            _ => session.modules.contains_key(name),
        };
        if !there(&self.made.session) {
            // `statement` writes it.
            return Plan::Write(vec![]);
        }
        if self.acts(item).iter().any(|act| act.guarded && self.makes(act)) {
            return self.leave(item, None, None);
        }
        match self.without(name) {
            Some(changes) if there(self.live) => Plan::Write(self.instead(item, name, changes)),
            Some(changes) => Plan::Write(vec![changes]),
            None if self.made.set_at.contains_key(item) => self.leave(item, None, None),
            None => Plan::Write(vec![]),
        }
    }

    /// Another type of the same name: in the place of what made the first, or at the end.
    fn instead(&self, item: &Item, name: &Name, changes: Vec<Change>) -> Vec<Vec<Change>> {
        let text = statement(self.live, item).unwrap_or_default();
        let made = self.code.acts.iter().find(|act| self.makes(act) && self.is_about(act, name) && !act.guarded);
        let mut list = vec![];
        if let Some(node) = made.map(|act| act.statement) {
            let mut here = changes.clone();
            here.retain(|change| !(change.at.start <= node.start_byte() && node.end_byte() <= change.at.end));
            here.push(Change::node(node, text.clone()));
            list.push(here);
        }
        let mut last = changes;
        last.push(Change::insert(self.code.text.len(), format!("{}{text}", self.code.newline())));
        list.push(last);
        list
    }

    /// The text without what names a module, pattern or chain; none where that cannot be cut out.
    pub(super) fn without(&self, name: &Name) -> Option<Vec<Change>> {
        let mut changes: Vec<Change> = vec![];
        let mut gone: Vec<Node<'a>> = vec![];
        for act in self.code.acts.iter().filter(|a| self.is_about(a, name)) {
            if act.guarded {
                // What a callback does later is not ours; what makes it now is.
                if self.makes(act) && !self.in_function(act.node) {
                    return None;
                }
                continue;
            }
            if let Some(link) = self.only_link(act, name) {
                changes.push(link);
                continue;
            }
            if !gone.iter().any(|n| n.id() == act.statement.id()) {
                if !is_cuttable(act.statement) {
                    return None;
                }
                gone.push(act.statement);
                changes.push(self.code.remove_statement(act.statement));
            }
        }
        changes.extend(self.targets_without(name, &gone));
        // What lies in a statement that goes is gone with it.
        let covers = |a: &Change, b: &Change| {
            a != b && a.at.start <= b.at.start && b.at.end <= a.at.end && a.at.len() > b.at.len()
        };
        let kept: Vec<Change> = changes.iter().filter(|b| !changes.iter().any(|a| covers(a, b))).cloned().collect();
        (!kept.is_empty()).then_some(kept)
    }

    fn makes(&self, act: &Act<'a>) -> bool {
        matches!(act.what, What::Global("sampler" | "sequencer" | "audioMixer" | "pattern" | "chain" | "layer"))
    }

    fn in_function(&self, node: Node<'a>) -> bool {
        let mut at = node.parent();
        while let Some(found) = at {
            if matches!(found.kind(), "function_definition" | "function_declaration") {
                return true;
            }
            at = found.parent();
        }
        false
    }

    /// Whether a call is there for the sake of this name.
    fn is_about(&self, act: &Act<'a>, name: &Name) -> bool {
        let args = self.code.args(act.node);
        let is = |place: usize| args.get(place).and_then(|n| self.code.string(*n)).is_some_and(|t| names(&t, name));
        let own = |object: Node<'a>| match self.code.object(object) {
            Object::Module(n) | Object::Samples(n) | Object::Sample(n, _) => n.as_deref() == Some(name.as_str()),
            Object::Pattern(n) | Object::Chain(n) | Object::Layer(n) => n.as_deref() == Some(name.as_str()),
            Object::Param(path) => path.is_some_and(|p| names(&p, name)),
            _ => false,
        };
        if self.is_desk_act(act) {
            return is(0);
        }
        match act.what {
            What::Global(
                "sampler" | "sequencer" | "audioMixer" | "pattern" | "chain" | "layer" | "setParam" | "enable"
                | "trigger" | "remove" | "param",
            ) => is(0),
            What::Global("connect" | "disconnect" | "route") => is(0) || is(1),
            What::Method(object, "map" | "unmap") if matches!(self.code.object(object), Object::Macro(_)) => is(0),
            What::Method(object, "connect") => own(object) || is(0) || is(1),
            What::Method(object, "set") if self.code.object(object) == Object::Router => is(0),
            What::Method(object, _) | What::Value(object) | What::Field(object, _) => own(object),
            What::Global(_) => false,
        }
    }

    /// Of a chain of mappings or cables only the link that names it.
    fn only_link(&self, act: &Act<'a>, name: &Name) -> Option<Change> {
        let What::Method(object, "map" | "unmap" | "connect") = act.what else { return None };
        let other = match self.code.object(object) {
            Object::Macro(_) => true,
            Object::Module(found) => found.as_deref() != Some(name.as_str()),
            _ => false,
        };
        let alone = act.node.id() == act.statement.id()
            && object.child_by_field_name("name").is_none_or(|n| n.kind() == "identifier");
        let bare = alone && matches!(self.code.object(object), Object::Macro(_));
        (other && !bare).then(|| self.code.remove_link(object, act.node))
    }

    /// Sequencers lose it as a target.
    fn targets_without(&self, name: &Name, gone: &[Node<'a>]) -> Vec<Change> {
        let mut changes = vec![];
        for act in self.code.acts.iter().filter(|a| !a.guarded && matches!(a.what, What::Global("sequencer"))) {
            if gone.iter().any(|n| n.id() == act.statement.id()) {
                continue;
            }
            changes.extend(self.target_change(act, name));
        }
        changes
    }

    fn target_change(&self, act: &Act<'a>, name: &Name) -> Option<Change> {
        let table = self.code.args(act.node).get(1).copied()?;
        let to = self.code.field(table, "to")?;
        if self.code.is(to.value, name) == Some(true) {
            return Some(self.code.remove_field(table, to.node));
        }
        let entry = fields(to.value)?.into_iter().find(|f| self.code.is(f.value, name) == Some(true))?;
        Some(self.code.remove_field(to.value, entry.node))
    }

    pub(super) fn plan_cable(&self, from: &Name, to: &Name, kind: ConnKind) -> Plan {
        let item = Item::Cable(from.clone(), to.clone(), kind);
        let (old, new) = (cable(&self.made.session, from, to, kind), cable(self.live, from, to, kind));
        let mut list = vec![];
        if new.is_none_or(|c| c.auto) {
            // What laid it goes, or what took the one away that makes itself.
            let word = if old.is_none() { "disconnect" } else { "connect" };
            let (mut removal, mut guarded) = (vec![], false);
            for act in &self.code.acts {
                let Some(change) = self.cable_act(act, from, to, kind, word) else { continue };
                guarded |= act.guarded;
                removal.extend(change.into_iter().filter(|_| !act.guarded));
            }
            let by_us = !removal.is_empty();
            if by_us {
                list.push(removal);
            }
            let made_itself = old.is_some_and(|c| c.auto);
            if !by_us && !made_itself && (guarded || self.made.set_at.contains_key(&item)) {
                return self.leave(&item, None, None);
            }
        } else if kind == ConnKind::Event {
            list.extend(self.add_target(from, to));
        }
        Plan::Write(list)
    }

    /// The change that takes out what a call says about a cable.
    fn cable_act(&self, act: &Act<'a>, from: &Name, to: &Name, kind: ConnKind, word: &str) -> Option<Option<Change>> {
        if word == "connect" && kind == ConnKind::Event && matches!(act.what, What::Global("sequencer")) {
            let (_, true) = self.constructor(act, from)? else { return None };
            return self.target_change(act, to).map(Some);
        }
        if word == "connect" {
            let (_, known) = self.cable(act, from, to)?;
            return known.then(|| self.remove_act(act).into_iter().next().and_then(|c| c.into_iter().next()));
        }
        let args = self.code.args(act.node);
        let meant = matches!(act.what, What::Global("disconnect"))
            && self.code.is(*args.first()?, from) == Some(true)
            && self.code.is(*args.get(1)?, to) == Some(true);
        meant.then(|| Some(self.code.remove_statement(act.statement)))
    }

    /// One more target in the list of a sequencer.
    fn add_target(&self, from: &Name, to: &Name) -> Vec<Vec<Change>> {
        let mut list = vec![];
        for act in self.code.acts.iter().filter(|a| !a.guarded && matches!(a.what, What::Global("sequencer"))) {
            let Some((Some(table), true)) = self.constructor(act, from) else { continue };
            let Some(field) = self.code.field(table, "to") else { continue };
            match fields(field.value) {
                Some(all) => {
                    list.push(self.code.insert_field(field.value, all.last().copied(), &quote(to.as_str())));
                }
                None if field.value.kind() == "string" => {
                    let text = format!("{{ {}, {} }}", self.code.of(field.value), quote(to.as_str()));
                    list.push(vec![Change::node(field.value, text)]);
                }
                None => {}
            }
        }
        list
    }

    /// The text with one name made another: in the arguments and paths of our functions; and, less sure of it, in every
    /// literal that is the name.
    pub(super) fn renames(&self, from: &Name, to: &Name) -> Vec<Vec<Change>> {
        let (mut sure, mut all) = (vec![], vec![]);
        for node in &self.code.strings {
            if self.code.is_bent(*node) {
                continue;
            }
            let Some(changes) = self.renamed_literal(*node, from, to) else { continue };
            if self.is_name_place(*node) {
                sure.extend(changes.clone());
            }
            if self.is_name_place(*node) || !self.is_file_place(*node) {
                all.extend(changes);
            }
        }
        let mut list = vec![sure, all];
        list.retain(|c| !c.is_empty());
        list.dedup();
        list
    }

    fn renamed_literal(&self, node: Node<'a>, from: &Name, to: &Name) -> Option<Vec<Change>> {
        let content = node.child_by_field_name("content")?;
        let raw = self.code.of(content);
        if literal(self.code.text, node).as_deref() != Some(raw) || !names(raw, from) {
            return None;
        }
        let begin = content.start_byte();
        let mut changes = vec![];
        if raw == from.as_str() || raw.starts_with(&format!("{from}.")) {
            changes.push(Change { at: begin..begin + from.as_str().len(), text: to.to_string() });
        }
        if let Some(at) = raw.find(&format!("connectionVolume[{from}]")) {
            let at = begin + at + "connectionVolume[".len();
            changes.push(Change { at: at..at + from.as_str().len(), text: to.to_string() });
        }
        Some(changes)
    }

    /// Whether a literal stands where one of our functions takes a name or a path.
    fn is_name_place(&self, node: Node<'a>) -> bool {
        let Some(parent) = node.parent() else { return false };
        match parent.kind() {
            "arguments" => {
                let Some(call) = parent.parent() else { return false };
                let place = children(parent).iter().position(|n| n.id() == node.id()).unwrap_or(0);
                let Some(callee) = call.child_by_field_name("name") else { return false };
                let word = match callee.kind() {
                    "method_index_expression" => callee.child_by_field_name("method").map_or("", |n| self.code.of(n)),
                    _ => self.code.of(callee),
                };
                let two = matches!(word, "connect" | "disconnect" | "route" | "isConnected" | "rename");
                let one = matches!(
                    word,
                    "sampler"
                        | "sequencer"
                        | "audioMixer"
                        | "pattern"
                        | "chain"
                        | "layer"
                        | "desk.map"
                        | "desk.unmap"
                        | "desk.push"
                        | "desk.pull"
                        | "desk.accept"
                        | "setParam"
                        | "getParam"
                        | "param"
                        | "enable"
                        | "trigger"
                        | "remove"
                        | "map"
                        | "unmap"
                        | "getModule"
                        | "getPattern"
                        | "set"
                        | "get"
                        | "launch"
                        | "getConnections"
                );
                // A module's own `set` takes a parameter's name first, and no parameter has a dot.
                (two && place < 2) || (one && place == 0)
            }
            "field" => {
                let key = parent.child_by_field_name("name").map(|n| self.code.of(n));
                match key {
                    Some("pattern" | "chain" | "to") => true,
                    Some(_) => false,
                    None => self.in_field(parent, "to") || self.in_chain(parent),
                }
            }
            _ => false,
        }
    }

    fn in_field(&self, field: Node<'a>, word: &str) -> bool {
        let outer = field.parent().and_then(|table| table.parent());
        outer
            .filter(|n| n.kind() == "field")
            .and_then(|n| n.child_by_field_name("name"))
            .is_some_and(|n| self.code.of(n) == word)
    }

    /// Whether a field is the pattern of a chain's entry.
    fn in_chain(&self, field: Node<'a>) -> bool {
        let mut at = field.parent();
        for _ in 0..4 {
            match at {
                Some(found) if found.kind() == "function_call" => {
                    return found.child_by_field_name("name").is_some_and(|n| self.code.of(n) == "chain");
                }
                Some(found) => at = found.parent(),
                None => return false,
            }
        }
        false
    }

    /// Whether a literal is a file or the name of a sample, or only text for people.
    fn is_file_place(&self, node: Node<'a>) -> bool {
        let mut at = node.parent();
        while let Some(found) = at {
            let word = match found.kind() {
                "field" => found.child_by_field_name("name").map(|n| self.code.of(n)),
                "function_call" => found.child_by_field_name("name").map(|n| self.code.of(n)),
                _ => None,
            };
            match word {
                Some("samples" | "path" | "name" | "bank" | "print" | "help" | "live" | "exec" | "error") => {
                    return true;
                }
                Some(_) if found.kind() == "function_call" => return false,
                _ => {}
            }
            at = found.parent();
        }
        false
    }
}

/// Whether a text is the name, a path that begins with it, or one that names it as a source.
fn names(text: &str, name: &Name) -> bool {
    let own = text.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    own || text.ends_with(&format!(".connectionVolume[{name}]"))
}

/// Whether a statement can go as a whole: a call, one local, or a field that is set.
fn is_cuttable(node: Node<'_>) -> bool {
    match node.kind() {
        "function_call" => true,
        "variable_declaration" => {
            let inner = children(node);
            inner.len() == 1 && inner[0].kind() == "assignment_statement" && is_cuttable(inner[0])
        }
        "assignment_statement" => {
            let count =
                |kind: &str| children(node).into_iter().find(|n| n.kind() == kind).map_or(0, |n| children(n).len());
            count("variable_list") == 1 && count("expression_list") == 1
        }
        _ => false,
    }
}
