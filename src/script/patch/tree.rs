//! A script as a syntax tree: its calls, its outermost statements, its comments, and what a name stands for.
//!
//! Thread: any. **Invariant:** a node that an error of the syntax may have bent is never handed out.

use std::collections::HashMap;
use std::ops::Range;

use tree_sitter::{Node, Tree};

use crate::model::Name;

/// A call or an assignment to a field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Act<'t> {
    /// The call's node, or the assignment statement.
    pub node: Node<'t>,
    /// What is called or assigned.
    pub what: What<'t>,
    /// The value that is assigned.
    pub assigned: Option<Node<'t>>,
    /// Whether it stands in a function or a loop.
    pub guarded: bool,
    /// The innermost statement it belongs to.
    pub statement: Node<'t>,
}

/// What is called or assigned.
#[derive(Debug, Clone, Copy)]
pub(super) enum What<'t> {
    /// `sampler(…)`
    Global(&'t str),
    /// `object:set(…)`
    Method(Node<'t>, &'t str),
    /// `object(…)`
    Value(Node<'t>),
    /// `object.name = …`
    Field(Node<'t>, &'t str),
}

/// What an expression hands out.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Object<'t> {
    Clock,
    /// A module by its name, where that is written.
    Module(Option<String>),
    Samples(Option<String>),
    Sample(Option<String>, Node<'t>),
    Pattern(Option<String>),
    Chain(Option<String>),
    Layer(Option<String>),
    Macro(Node<'t>),
    Param(Option<String>),
    Live(Option<String>),
    Router,
    Connections,
    Unknown,
}

/// A parsed script.
pub(super) struct Code<'t> {
    /// Its text.
    pub text: &'t str,
    /// Calls and assignments in the order of the text, inner ones first.
    pub acts: Vec<Act<'t>>,
    /// Outermost statements, in order.
    pub tops: Vec<Node<'t>>,
    /// Where comments are.
    pub comments: Vec<Range<usize>>,
    /// Every string literal.
    pub strings: Vec<Node<'t>>,
    locals: HashMap<&'t str, Vec<Option<Node<'t>>>>,
    broken: bool,
}

const STATEMENTS: [&str; 7] = [
    "assignment_statement",
    "function_call",
    "variable_declaration",
    "return_statement",
    "do_statement",
    "if_statement",
    "function_declaration",
];

/// Methods that give their own object back.
const GIVES_BACK: [&str; 13] = [
    "set",
    "clear",
    "steps",
    "stepsPerBeat",
    "cycles",
    "columns",
    "enable",
    "connect",
    "map",
    "unmap",
    "unset",
    "add",
    "remove",
];
/// What runs later, or more than once.
const GUARDS: [&str; 5] =
    ["function_definition", "function_declaration", "for_statement", "while_statement", "repeat_statement"];
/// Links of a chain of calls that are followed to its beginning.
const LINKS_MAX: usize = 2000;

impl<'t> Code<'t> {
    /// Read a parsed script.
    pub fn new(text: &'t str, tree: &'t Tree) -> Self {
        let root = tree.root_node();
        let mut code = Self {
            text,
            acts: vec![],
            tops: vec![],
            comments: vec![],
            strings: vec![],
            locals: HashMap::new(),
            broken: root.has_error(),
        };
        let mut cursor = root.walk();
        let list: Vec<Node<'t>> = root.named_children(&mut cursor).collect();
        for node in list {
            if node.kind() == "comment" {
                code.comments.push(node.byte_range());
            } else {
                if !matches!(node.kind(), "hash_bang_line") {
                    code.tops.push(node);
                }
                code.walk(node);
            }
        }
        code.comments.sort_by_key(|c| c.start);
        code.strings.sort_by_key(|n| n.start_byte());
        code
    }

    /// The text of a node.
    pub fn of(&self, node: Node<'_>) -> &'t str {
        &self.text[node.byte_range()]
    }

    /// Look at a statement and all in it. A list of steps instead of calls: a long chain of links is a deep tree.
    fn walk(&mut self, node: Node<'t>) {
        let mut steps = vec![(node, node, false, false)];
        while let Some((node, statement, guarded, seen)) = steps.pop() {
            if seen {
                self.look(node, statement, guarded);
                continue;
            }
            steps.push((node, statement, guarded, true));
            let inner = guarded || GUARDS.contains(&node.kind());
            let block = matches!(node.kind(), "block" | "chunk");
            let first = steps.len();
            let mut cursor = node.walk();
            for child in node.named_children(&mut cursor) {
                match child.kind() {
                    "comment" => self.comments.push(child.byte_range()),
                    "string" => self.strings.push(child),
                    "identifier" | "number" | "string_content" | "nil" | "true" | "false" => {}
                    kind => {
                        let own = block && STATEMENTS.contains(&kind);
                        steps.push((child, if own { child } else { statement }, inner, false));
                    }
                }
            }
            steps[first..].reverse();
        }
    }

    fn look(&mut self, node: Node<'t>, statement: Node<'t>, guarded: bool) {
        match node.kind() {
            "function_call" => self.call(node, statement, guarded),
            "assignment_statement" => self.assignment(node, statement, guarded),
            "function_definition" | "function_declaration" | "for_numeric_clause" => self.bind_names(node),
            "variable_declaration" => self.declare(node),
            "for_generic_clause" => {
                let lists = children(node).into_iter().filter(|n| n.kind() == "variable_list");
                lists.for_each(|list| self.bind_names(list));
            }
            _ => {}
        }
    }

    /// Names that a function or a loop binds stand for nothing that is written.
    fn bind_names(&mut self, node: Node<'t>) {
        let parameters = node.child_by_field_name("parameters").unwrap_or(node);
        for holder in [node, parameters] {
            let mut cursor = holder.walk();
            let names: Vec<Node<'t>> = holder.children_by_field_name("name", &mut cursor).collect();
            for name in names.into_iter().filter(|n| n.kind() == "identifier") {
                self.locals.entry(&self.text[name.byte_range()]).or_default().push(None);
            }
        }
    }

    fn declare(&mut self, node: Node<'t>) {
        // With a value there is an assignment inside; without one the name is nil.
        if let Some(list) = children(node).into_iter().find(|n| n.kind() == "variable_list") {
            self.bind_names(list);
        }
    }

    fn assignment(&mut self, node: Node<'t>, statement: Node<'t>, guarded: bool) {
        let parts = children(node);
        let find = |kind: &str| parts.iter().find(|n| n.kind() == kind).map(|n| children(*n)).unwrap_or_default();
        let (names, values) = (find("variable_list"), find("expression_list"));
        for (place, name) in names.iter().filter(|n| n.kind() != "attribute").enumerate() {
            let value = values.get(place).copied().filter(|_| values.len() == names.len());
            match name.kind() {
                "identifier" => self.locals.entry(self.of(*name)).or_default().push(value),
                "dot_index_expression" => {
                    let object = name.child_by_field_name("table");
                    let field = name.child_by_field_name("field");
                    if let (Some(object), Some(field), false) = (object, field, self.is_bent(node)) {
                        let what = What::Field(object, self.of(field));
                        self.acts.push(Act { node, what, assigned: value, guarded, statement });
                    }
                }
                _ => {}
            }
        }
    }

    fn call(&mut self, node: Node<'t>, statement: Node<'t>, guarded: bool) {
        let Some(callee) = node.child_by_field_name("name").filter(|_| !self.is_bent(node)) else { return };
        let what = match callee.kind() {
            "identifier" => What::Global(self.of(callee)),
            "method_index_expression" => {
                let (object, method) = (callee.child_by_field_name("table"), callee.child_by_field_name("method"));
                let (Some(object), Some(method)) = (object, method) else { return };
                What::Method(object, self.of(method))
            }
            _ => What::Value(callee),
        };
        self.acts.push(Act { node, what, assigned: None, guarded, statement });
        // A handle in a local that is called: `kick { volume = 0.5 }`.
        if let What::Global(name) = what
            && self.locals.contains_key(name)
        {
            self.acts.push(Act { node, what: What::Value(callee), assigned: None, guarded, statement });
        }
    }

    /// Whether an error of the syntax may have bent a node.
    pub fn is_bent(&self, node: Node<'t>) -> bool {
        if !self.broken {
            return false;
        }
        let mut at = Some(node);
        while let Some(found) = at {
            let mut cursor = found.walk();
            if found.is_error() || found.children(&mut cursor).any(|child| child.is_missing()) {
                return true;
            }
            at = found.parent();
        }
        node.has_error()
    }

    /// The arguments of a call.
    pub fn args(&self, call: Node<'t>) -> Vec<Node<'t>> {
        match call.child_by_field_name("arguments") {
            Some(args) => children(args).into_iter().filter(|n| n.kind() != "string_content").collect(),
            None => vec![],
        }
    }

    /// What a name stands for where it is bound once in the whole text.
    fn local(&self, name: &str) -> Option<Node<'t>> {
        match self.locals.get(name).map(Vec::as_slice) {
            Some([Some(value)]) => Some(*value),
            _ => None,
        }
    }

    /// The text that an expression surely is: a literal, a local that is one, or the name of a handle.
    pub fn string(&self, node: Node<'t>) -> Option<String> {
        self.string_at(node, 8)
    }

    fn string_at(&self, node: Node<'t>, depth: u32) -> Option<String> {
        let depth = depth.checked_sub(1)?;
        match node.kind() {
            "string" => literal(self.text, node),
            "identifier" => self.string_at(self.local(self.of(node))?, depth),
            "parenthesized_expression" => self.string_at(children(node).first().copied()?, depth),
            "function_call" => match self.object_at(node, depth) {
                Object::Module(name) | Object::Pattern(name) | Object::Chain(name) | Object::Layer(name) => name,
                _ => None,
            },
            _ => None,
        }
    }

    /// What an expression hands out.
    pub fn object(&self, node: Node<'t>) -> Object<'t> {
        self.object_at(node, 64)
    }

    fn object_at(&self, node: Node<'t>, depth: u32) -> Object<'t> {
        let Some(depth) = depth.checked_sub(1) else { return Object::Unknown };
        let node = self.begin(node);
        match node.kind() {
            "identifier" => match self.local(self.of(node)) {
                Some(value) => self.object_at(value, depth),
                None if self.of(node) == "clock" => Object::Clock,
                None => Object::Unknown,
            },
            "parenthesized_expression" => {
                children(node).first().map_or(Object::Unknown, |inner| self.object_at(*inner, depth))
            }
            "dot_index_expression" | "bracket_index_expression" => {
                let (table, field) = (node.child_by_field_name("table"), node.child_by_field_name("field"));
                let (Some(table), Some(field)) = (table, field) else { return Object::Unknown };
                match self.object_at(table, depth) {
                    Object::Module(name) if matches!(self.of(field), "sample" | "samples") => Object::Samples(name),
                    Object::Samples(name) => Object::Sample(name, field),
                    _ => Object::Unknown,
                }
            }
            "function_call" => self.handed(node, depth),
            _ => Object::Unknown,
        }
    }

    /// Where a chain of methods that give their own object back begins.
    fn begin(&self, mut node: Node<'t>) -> Node<'t> {
        for _ in 0..LINKS_MAX {
            let callee = (node.kind() == "function_call").then(|| node.child_by_field_name("name")).flatten();
            let Some(callee) = callee.filter(|n| n.kind() == "method_index_expression") else { break };
            let method = callee.child_by_field_name("method").map_or("", |m| self.of(m));
            let Some(object) = callee.child_by_field_name("table").filter(|_| GIVES_BACK.contains(&method)) else {
                break;
            };
            node = object;
        }
        node
    }

    fn handed(&self, node: Node<'t>, depth: u32) -> Object<'t> {
        let Some(callee) = node.child_by_field_name("name") else { return Object::Unknown };
        let first = self.args(node).first().copied();
        let name = || first.and_then(|n| self.string_at(n, depth));
        if callee.kind() == "identifier" {
            return match self.of(callee) {
                "sampler" | "sequencer" | "audioMixer" => Object::Module(name()),
                "audioOut" | "audioIn" => Object::Module(Some(bus(self.of(callee), name()))),
                "pattern" => Object::Pattern(name()),
                "chain" => Object::Chain(name()),
                "layer" => Object::Layer(name()),
                "param" => Object::Param(name()),
                "live" => Object::Live(name()),
                "macro" => first.map_or(Object::Unknown, Object::Macro),
                _ => self.object_at(callee, depth),
            };
        }
        if callee.kind() != "method_index_expression" {
            return self.object_at(callee, depth);
        }
        let method = callee.child_by_field_name("method").map_or("", |m| self.of(m));
        match method {
            "getClock" => Object::Clock,
            "getModule" => Object::Module(name()),
            "getPattern" => Object::Pattern(name()),
            "getParameterRouter" => Object::Router,
            "getConnectionManager" => Object::Connections,
            _ => Object::Unknown,
        }
    }

    /// Whether an expression is this name; none where that cannot be read off the text.
    pub fn is(&self, node: Node<'t>, name: &Name) -> Option<bool> {
        self.string(node).map(|text| text == name.as_str())
    }

    /// The last of the outermost statements that stand on a line (from 1).
    pub fn top_at(&self, line: u32) -> Option<usize> {
        let row = (line as usize).saturating_sub(1);
        self.tops.iter().rposition(|n| n.start_position().row <= row && row <= n.end_position().row)
    }
}

/// The bus that `audioOut(…)` and `audioIn(…)` mean.
fn bus(function: &str, name: Option<String>) -> String {
    match (function, name.as_deref()) {
        ("audioOut", None | Some("in" | "main" | "out" | "master")) => crate::model::session::MASTER.to_owned(),
        (_, None | Some("in" | "main" | "out" | "master")) => crate::model::session::HOST_IN.to_owned(),
        (_, Some(name)) => name.to_owned(),
    }
}

/// Named children without comments.
pub(super) fn children<'t>(node: Node<'t>) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|n| n.kind() != "comment").collect()
}

/// The text of a string literal; none with escapes other than the plain ones.
pub(super) fn literal(text: &str, node: Node<'_>) -> Option<String> {
    let Some(content) = node.child_by_field_name("content") else { return Some(String::new()) };
    let raw = &text[content.byte_range()];
    if !raw.contains('\\') || text[node.byte_range()].starts_with('[') {
        return Some(raw.to_owned());
    }
    let mut out = String::new();
    let mut rest = raw.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next()? {
                c @ ('\\' | '"' | '\'') => out.push(c),
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'r' => out.push('\r'),
                _ => return None,
            },
            c => out.push(c),
        }
    }
    Some(out)
}

/// Whether an expression is written out: a number, word, switch, or a table of such.
pub(super) fn is_literal(node: Node<'_>) -> bool {
    match node.kind() {
        "number" | "string" | "true" | "false" | "nil" => true,
        "unary_expression" => {
            let operand = node.child_by_field_name("operand");
            let minus = node.child_by_field_name("operator").is_some_and(|o| o.kind() == "-");
            minus && operand.is_some_and(|o| o.kind() == "number")
        }
        "parenthesized_expression" => children(node).first().is_some_and(|inner| is_literal(*inner)),
        "table_constructor" => children(node).into_iter().all(|field| {
            let named = field.child_by_field_name("name");
            named.is_none_or(|n| n.kind() == "identifier" || is_literal(n))
                && field.child_by_field_name("value").is_some_and(is_literal)
        }),
        _ => false,
    }
}

/// A field of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'t> {
    /// The whole field.
    pub node: Node<'t>,
    /// Its key, where one is written.
    pub key: Option<Node<'t>>,
    /// Whether the key stands in brackets.
    pub bracket: bool,
    /// Its value.
    pub value: Node<'t>,
}

/// The fields of a table constructor; none for another expression.
pub(super) fn fields(node: Node<'_>) -> Option<Vec<Field<'_>>> {
    if node.kind() != "table_constructor" {
        return None;
    }
    let list = children(node).into_iter().filter(|n| n.kind() == "field");
    list.map(|field| {
        let bracket = field.child(0).is_some_and(|n| n.kind() == "[");
        Some(Field {
            node: field,
            key: field.child_by_field_name("name"),
            bracket,
            value: field.child_by_field_name("value")?,
        })
    })
    .collect()
}

impl<'t> Code<'t> {
    /// The field of a table with this word as its key, the last where there are several.
    pub fn field(&self, table: Node<'t>, word: &str) -> Option<Field<'t>> {
        let found = fields(table)?;
        found.into_iter().rev().find(|f| {
            f.key.is_some_and(|key| match f.bracket {
                false => self.of(key) == word,
                true => literal(self.text, key).filter(|_| key.kind() == "string").as_deref() == Some(word),
            })
        })
    }

    /// The field of a table at this place, counted from 1: `[3] = …`, or the third without a key.
    pub fn entry(&self, table: Node<'t>, place: usize) -> Option<Field<'t>> {
        let found = fields(table)?;
        let numbered = found.iter().rev().find(|f| f.bracket && f.key.is_some_and(|k| self.integer(k) == Some(place)));
        numbered.copied().or_else(|| found.iter().filter(|f| f.key.is_none()).nth(place.checked_sub(1)?).copied())
    }

    /// A whole number that is written out.
    pub fn integer(&self, node: Node<'t>) -> Option<usize> {
        (node.kind() == "number")
            .then(|| self.of(node).parse::<f64>().ok())
            .flatten()
            .filter(|n| n.fract() == 0.0)
            .map(|n| n as usize)
    }
}
