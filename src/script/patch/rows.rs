//! Edits of what is a list: the rows of a pattern, the entries of a chain, the samples of a bank.
//!
//! Thread: any.

use tree_sitter::Node;

use super::change::Change;
use super::plan::Plan;
use super::sites::Desk;
use super::tree::{Act, Field, Object, What, fields, is_literal};
use crate::model::{ChainEntry, Column, Hit, Item, ModuleBody, Name, Row, Sample, Session};
use crate::script::mirror::single::{entries, samples};
use crate::script::mirror::{bank, chain_entry, quote, row, value};

/// Where a row is written.
struct RowSite<'t> {
    act: Act<'t>,
    value: Option<Node<'t>>,
    field: Option<(Node<'t>, Field<'t>)>,
}

/// What an inner edit came to: changes, or the expression that computes it.
enum Inner<'t> {
    Changes(Vec<Change>),
    Computed(Node<'t>, String),
}

impl<'a> Desk<'a> {
    pub(super) fn plan_row(&self, name: &Name, number: u16) -> Plan {
        let item = Item::Row(name.clone(), number);
        let found = |session: &Session| session.patterns.get(name).map(|p| p.row(number));
        let (Some(old), Some(new)) = (found(&self.made.session), found(self.live)) else { return Plan::Write(vec![]) };
        let (mut list, mut computed, mut any) = (vec![], None, false);
        for act in self.acts(&item) {
            if let Some(site) = self.row_site(&act, name, number) {
                any = true;
                if new == Row::Empty && !site.act.guarded && site.field.is_none() {
                    list.extend(self.remove_act(&act));
                }
                match self.row_change(&site, &old, &new) {
                    Inner::Changes(changes) if site.act.guarded => {
                        drop(changes);
                        computed = computed.or(Some((site.value.unwrap_or(act.node), row(&new))));
                    }
                    Inner::Changes(changes) => list.push(changes),
                    Inner::Computed(node, text) => computed = computed.or(Some((node, text))),
                }
            } else if let Some((changes, node, text)) = self.column_change(&act, name, number, &new) {
                any = true;
                match changes {
                    Some(changes) => list.push(changes),
                    None => computed = computed.or(Some((node, text))),
                }
            }
        }
        if list.is_empty() {
            if let Some((node, text)) = computed {
                return self.leave(&item, Some(node), Some(text));
            }
            if !any && self.made.set_at.contains_key(&item) && old != Row::Empty {
                return self.leave(&item, None, None);
            }
            list.extend(self.add_row(name, number, &new));
        }
        Plan::Write(list)
    }

    fn row_site(&self, act: &Act<'a>, name: &Name, number: u16) -> Option<RowSite<'a>> {
        if let Some((given, _)) = self.pattern_call(act, name) {
            let table = given.filter(|n| n.kind() == "table_constructor")?;
            let rows = self.code.field(table, "rows")?;
            if rows.value.kind() != "table_constructor" {
                return Some(RowSite { act: *act, value: Some(rows.value), field: None });
            }
            let entry = self.code.entry(rows.value, usize::from(number))?;
            return Some(RowSite { act: *act, value: Some(entry.value), field: Some((rows.value, entry)) });
        }
        let (method, args, _) = self.pattern_method(act, name)?;
        let at = self.code.integer(*args.first()?);
        match (method, at) {
            ("set" | "clear", Some(at)) if at != usize::from(number) => None,
            // A row whose number is computed is not ours to change.
            ("set" | "clear", None) => {
                Some(RowSite { act: Act { guarded: true, ..*act }, value: args.get(1).copied(), field: None })
            }
            ("set", Some(_)) => Some(RowSite { act: *act, value: args.get(1).copied(), field: None }),
            _ => None,
        }
    }

    fn row_change(&self, site: &RowSite<'a>, old: &Row, new: &Row) -> Inner<'a> {
        let Some(node) = site.value else { return Inner::Changes(vec![]) };
        if let (Row::Hit(old), Row::Hit(new), Some(_)) = (old, new, fields(node)) {
            return self.hit_change(node, old, new);
        }
        if !is_literal(node) {
            return Inner::Computed(node, row(new));
        }
        match (new, site.field) {
            (Row::Empty, Some((table, field))) if field.key.is_some() => {
                Inner::Changes(vec![self.code.remove_field(table, field.node)])
            }
            (Row::Hit(hit), _) if node.kind() == "number" && *hit == (Hit { index: hit.index, ..Hit::default() }) => {
                Inner::Changes(vec![Change::node(node, hit.index.to_string())])
            }
            _ => Inner::Changes(vec![self.write(node, &row(new))]),
        }
    }

    /// The fields of a row's table, one by one.
    fn hit_change(&self, table: Node<'a>, old: &Hit, new: &Hit) -> Inner<'a> {
        let plain = [Column::Index, Column::Length, Column::Note, Column::Chance, Column::Ratio];
        let params = old.params.keys().chain(new.params.keys()).map(|p| Column::Param(*p));
        let mut columns: Vec<Column> = plain.into_iter().chain(params).collect();
        columns.dedup();
        let mut seen = vec![];
        let (mut changes, mut added) = (vec![], vec![]);
        for column in columns {
            if seen.contains(&column) {
                continue;
            }
            seen.push(column);
            let (was, want) = (column_text(old, column), column_text(new, column));
            if was == want {
                continue;
            }
            match (self.code.field(table, column.name()), want) {
                (Some(field), want) if !is_literal(field.value) => {
                    return Inner::Computed(field.value, want.unwrap_or_else(|| "nil".to_owned()));
                }
                (Some(field), Some(text)) => changes.push(self.write(field.value, &text)),
                (Some(field), None) => changes.push(self.code.remove_field(table, field.node)),
                (None, Some(text)) => added.push(format!("{} = {text}", column.name())),
                (None, None) => {}
            }
        }
        if !added.is_empty() {
            let after = fields(table).and_then(|f| f.last().copied());
            changes.extend(self.code.insert_field(table, after, &added.join(", ")));
        }
        Inner::Changes(changes)
    }

    /// `param("beat.row[5].chance"):set(50)`, `setParam("beat.row[5].volume", 0.5)`.
    fn column_change(
        &self,
        act: &Act<'a>,
        name: &Name,
        number: u16,
        new: &Row,
    ) -> Option<(Option<Vec<Change>>, Node<'a>, String)> {
        let (path, given) = self.path_write(act)?;
        let (path, node) = (path?, given?);
        if self.item_of(&path)? != Item::Row(name.clone(), number) {
            return None;
        }
        let column = path.rsplit_once('.').map(|(_, word)| word.split('[').next().unwrap_or(word))?;
        let Row::Hit(hit) = new else {
            return Some((self.remove_act(act).into_iter().next().filter(|_| !act.guarded), node, String::new()));
        };
        let text = column_text(hit, Column::find(column)?);
        let changes = match &text {
            _ if act.guarded || !is_literal(node) => None,
            Some(text) => Some(vec![self.write(node, text)]),
            None => self.remove_act(act).into_iter().next(),
        };
        Some((changes, node, text.unwrap_or_default()))
    }

    /// A row that no line sets: in the pattern's table, or as a link after its calls.
    fn add_row(&self, name: &Name, number: u16, new: &Row) -> Vec<Vec<Change>> {
        let mut list = vec![];
        if *new == Row::Empty {
            return list;
        }
        let text = row(new);
        for act in self.code.acts.iter().filter(|a| !a.guarded) {
            let Some((given, true)) = self.pattern_call(act, name) else { continue };
            match given.filter(|n| n.kind() == "table_constructor") {
                Some(table) => match self.code.field(table, "rows") {
                    Some(rows) => {
                        let Some(all) = fields(rows.value) else { continue };
                        let place = |f: &&Field<'a>| f.key.and_then(|k| self.code.integer(k));
                        let after = all.iter().rfind(|f| place(f).is_none_or(|n| n < usize::from(number)));
                        let field = format!("[{number}] = {text}");
                        list.push(self.code.insert_field(rows.value, after.copied(), &field));
                    }
                    None => {
                        let after = fields(table).and_then(|f| f.last().copied());
                        let field = format!("rows = {{ [{number}] = {text} }}");
                        list.push(self.code.insert_field(table, after, &field));
                    }
                },
                None => {
                    let link = format!(":set({number}, {text})");
                    list.push(vec![Change::insert(self.link_place(act.node, number), link)]);
                }
            }
        }
        list.truncate(4);
        list
    }

    /// Where a `:set` link of a row goes: after the links of lower rows, else at the end of the calls.
    fn link_place(&self, call: Node<'a>, number: u16) -> usize {
        let mut place = None;
        let mut at = call;
        while let Some(next) = at.parent().filter(|p| p.kind() == "method_index_expression").and_then(|p| p.parent()) {
            if next.kind() != "function_call" {
                break;
            }
            let lower =
                self.code.args(next).first().and_then(|n| self.code.integer(*n)).filter(|n| *n < usize::from(number));
            if lower.is_some() {
                place = Some(next.end_byte());
            }
            at = next;
        }
        place.unwrap_or(at.end_byte())
    }

    pub(super) fn plan_chain(&self, name: &Name) -> Plan {
        let item = Item::Chain(name.clone());
        let (Some(old), Some(new)) = (self.made.session.chains.get(name), self.live.chains.get(name)) else {
            return self.plan_noun(&item, name);
        };
        let mut list = vec![];
        for site in self.sites(&item) {
            let Some(node) = site.value else {
                list.extend(self.add_argument(site.act.node, &entries(new)));
                continue;
            };
            if site.literal().is_none() || node.kind() != "table_constructor" {
                return self.leave(&item, Some(node), Some(entries(new)));
            }
            let texts: Vec<String> = new.entries.iter().map(chain_entry).collect();
            let one = |field: &Field<'a>, old: usize, to: usize| {
                self.entry_change(field.value, &old_entry(&self.made.session, name, old)?, &new.entries[to])
            };
            list.extend(self.list_change(node, &old.entries, &new.entries, &texts, one));
            list.push(vec![Change::node(node, entries(new))]);
        }
        if list.is_empty() && self.made.set_at.contains_key(&item) && !old.entries.is_empty() {
            return self.leave(&item, None, None);
        }
        Plan::Write(list)
    }

    /// One entry made another: its pattern, its times, its mute.
    fn entry_change(&self, node: Node<'a>, old: &ChainEntry, new: &ChainEntry) -> Option<Vec<Change>> {
        if node.kind() == "string" && new.repeats == 1 && !new.mute {
            return Some(vec![self.write(node, &quote(new.pattern.as_str()))]);
        }
        let all = fields(node)?;
        let mut changes = vec![];
        if old.pattern != new.pattern {
            changes.push(self.write(self.code.entry(node, 1)?.value, &quote(new.pattern.as_str())));
        }
        if old.repeats != new.repeats {
            match self.code.entry(node, 2) {
                Some(field) => changes.push(Change::node(field.value, new.repeats.to_string())),
                None => changes.extend(self.code.insert_field(node, all.first().copied(), &new.repeats.to_string())),
            }
        }
        if old.mute != new.mute {
            match (self.code.field(node, "mute"), new.mute) {
                (Some(field), true) => changes.push(Change::node(field.value, "true")),
                (Some(field), false) => changes.push(self.code.remove_field(node, field.node)),
                (None, _) => changes.extend(self.code.insert_field(node, all.last().copied(), "mute = true")),
            }
        }
        Some(changes)
    }

    /// A list made another: equal beginnings and ends stay, what is between is changed, added or taken out.
    fn list_change<T: PartialEq>(
        &self,
        table: Node<'a>,
        old: &[T],
        new: &[T],
        texts: &[String],
        one: impl Fn(&Field<'a>, usize, usize) -> Option<Vec<Change>>,
    ) -> Option<Vec<Change>> {
        let all = fields(table)?;
        if all.len() != old.len() || all.iter().any(|f| f.key.is_some()) || new.is_empty() || old.is_empty() {
            return None;
        }
        let begin = old.iter().zip(new).take_while(|(a, b)| a == b).count();
        let most = old.len().min(new.len()) - begin;
        let end = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
        let (from, to) = (&all[begin..old.len() - end], begin..new.len() - end);
        let mut changes = vec![];
        for (place, field) in from.iter().enumerate() {
            match to.clone().nth(place) {
                Some(at) => changes.extend(one(field, begin + place, at)?),
                None => changes.push(self.code.remove_field(table, field.node)),
            }
        }
        if to.len() > from.len() {
            let after = (begin + from.len()).checked_sub(1).map(|at| all[at]);
            changes.extend(self.code.insert_field(
                table,
                after,
                &texts[begin + from.len()..new.len() - end].join(", "),
            ));
        }
        Some(changes)
    }

    pub(super) fn plan_samples(&self, name: &Name) -> Plan {
        let item = Item::Samples(name.clone());
        let body = |session: &Session| match session.modules.get(name).map(|m| m.body.clone()) {
            Some(ModuleBody::MultiSampler { samples }) => {
                samples.iter().map(|s| (**s).clone()).collect::<Vec<Sample>>()
            }
            _ => vec![],
        };
        let (old, new) = (body(&self.made.session), body(self.live));
        let Some(whole) = samples(self.live, name) else { return Plan::Write(vec![]) };
        // A list without their own values: those may be said elsewhere.
        let bare: Vec<Sample> = new.iter().map(|s| Sample { params: Default::default(), ..s.clone() }).collect();
        let sites = self.sites(&item);
        let mut list = vec![];
        for site in &sites {
            let (Some(node), Some((table, field))) = (site.value, site.field) else { continue };
            if site.literal().is_none() {
                return self.leave(&item, site.value, Some(whole));
            }
            let bare_texts = bank(bare.iter());
            if self.code.field(table, "bank").is_some() {
                // Words of a bank give way to the files they stood for.
                let gone = self.code.field(table, "bank").map(|f| self.code.remove_field(table, f.node));
                let mut changes: Vec<Change> = gone.into_iter().collect();
                match self.code.field(table, "samples") {
                    Some(list) => changes.push(Change::node(list.value, whole.clone())),
                    None => changes = vec![Change::node(field.node, format!("samples = {whole}"))],
                }
                list.push(changes);
                continue;
            }
            let texts = bank(new.iter());
            let sound = |a: &[Sample]| a.iter().map(|s| (s.path.clone(), s.name.clone())).collect::<Vec<_>>();
            let (old, new) = (sound(&old), sound(&new));
            for texts in [&bare_texts, &texts] {
                let one = |field: &Field<'a>, _: usize, to: usize| {
                    if field.value.kind() == "string" || texts[to].starts_with('{') {
                        return Some(vec![self.write(field.value, &texts[to])]);
                    }
                    let path = self.code.field(field.value, "path")?;
                    Some(vec![self.write(path.value, &texts[to])])
                };
                list.extend(self.list_change(node, &old, &new, texts, one));
            }
            let single = (bare_texts.len() == 1 && node.kind() == "string").then(|| bare_texts[0].clone());
            list.extend(single.map(|text| vec![self.write(node, &text)]));
            list.push(vec![Change::node(node, crate::script::mirror::list(&bare_texts))]);
            list.push(vec![Change::node(node, whole.clone())]);
        }
        if sites.is_empty() {
            if self.made.set_at.contains_key(&item) && !old.is_empty() {
                return self.leave(&item, None, None);
            }
            list.extend(self.add_to_constructor(name, &format!("samples = {whole}"), false));
        }
        Plan::Write(list)
    }

    pub(super) fn plan_macro(&self, path: &crate::model::Path) -> Plan {
        let item = Item::Macro(path.clone());
        let (old, new) = (self.made.session.macros.get(path), self.live.macros.get(path));
        let (Some(old), mut list, mut removal) = (old, vec![], vec![]) else { return Plan::Write(vec![]) };
        for act in self.acts(&item) {
            let What::Method(object, "map") = act.what else { continue };
            let Object::Macro(number) = self.code.object(object) else { continue };
            let args = self.code.args(act.node);
            let meant = args.first().and_then(|n| self.code.string(*n));
            let meant = meant.map(|text| self.made.session.path(&text).ok().as_ref() == Some(path));
            if meant == Some(false) {
                continue;
            }
            if act.guarded || meant.is_none() || !is_literal(number) {
                return self.leave(&item, Some(act.node), None);
            }
            let Some(new) = new else {
                removal.extend(self.remove_act(&act).into_iter().next().unwrap_or_default());
                continue;
            };
            match self.map_change(&act, number, &args, old, new) {
                Ok(changes) => list.push(changes),
                Err(node) => return self.leave(&item, Some(node), None),
            }
        }
        if !removal.is_empty() {
            list.push(removal);
        }
        if list.is_empty() && self.made.set_at.contains_key(&item) {
            return self.leave(&item, None, None);
        }
        Plan::Write(list)
    }

    fn map_change(
        &self,
        act: &Act<'a>,
        number: Node<'a>,
        args: &[Node<'a>],
        old: &crate::model::MacroMap,
        new: &crate::model::MacroMap,
    ) -> Result<Vec<Change>, Node<'a>> {
        let mut changes = vec![];
        if old.number != new.number {
            changes.push(Change::node(number, new.number.to_string()));
        }
        let text = |v: f64| crate::script::mirror::number(v);
        let curve = |m: &crate::model::MacroMap| format!("\"{}\"", m.curve.name());
        let parts = [
            ("min", text(old.min), text(new.min)),
            ("max", text(old.max), text(new.max)),
            ("curve", curve(old), curve(new)),
        ];
        let mut added = vec![];
        for (word, was, want) in parts {
            if was == want {
                continue;
            }
            match args.get(1).and_then(|table| self.code.field(*table, word)) {
                Some(field) if !is_literal(field.value) => return Err(field.value),
                Some(field) => changes.push(self.write(field.value, &want)),
                None => added.push(format!("{word} = {want}")),
            }
        }
        if !added.is_empty() {
            match args.get(1) {
                Some(table) if table.kind() == "table_constructor" => {
                    let after = fields(*table).and_then(|f| f.last().copied());
                    changes.extend(self.code.insert_field(*table, after, &added.join(", ")));
                }
                Some(table) => return Err(*table),
                None => {
                    changes.extend(
                        self.add_argument(act.node, &format!("{{ {} }}", added.join(", "))).unwrap_or_default(),
                    );
                }
            }
        }
        Ok(changes)
    }
}

fn old_entry(session: &Session, name: &Name, place: usize) -> Option<ChainEntry> {
    session.chains.get(name)?.entries.get(place).cloned()
}

/// What a column of a hit says, as a literal; none where it says nothing.
fn column_text(hit: &Hit, column: Column) -> Option<String> {
    match column {
        Column::Index => Some(hit.index.to_string()),
        Column::Length => hit.length.map(|v| v.to_string()),
        Column::Note => hit.note.map(|v| v.to_string()),
        Column::Chance => (hit.chance != 100).then(|| hit.chance.to_string()),
        Column::Ratio => (hit.ratio != (1, 1)).then(|| format!("\"{}:{}\"", hit.ratio.0, hit.ratio.1)),
        Column::Param(param) => hit.params.get(&param).map(|v| value(param, *v)),
    }
}
