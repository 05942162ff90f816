//! Edits of songs, layers, their events and their mappings.
//!
//! Thread: any. An event that was moved changes its literal; what cannot be written so is marked, never written anew as
//! a whole.

use std::collections::HashMap;

use tree_sitter::Node;

use super::change::Change;
use super::plan::Plan;
use super::sites::Desk;
use super::tree::{Act, Field, Object, What, fields, is_literal};
use crate::model::layer::ticks_of;
use crate::model::{Item, Layer, LayerEvent, Name};
use crate::script::mirror::lights::{event, mapping_words, saying, settings, song, unkeyed};
use crate::script::mirror::quote;

/// The expression that computes a value, and the literal that could stand there.
type Computed<'t> = (Node<'t>, Option<String>);

/// Where an event is written: its table, the list it stands in, and whether it runs once with a written key.
struct EventSite<'t> {
    act: Act<'t>,
    table: Option<Node<'t>>,
    entry: Option<(Node<'t>, Field<'t>)>,
    sure: bool,
}

const TIMES: [&str; 4] = ["time", "bar", "beat", "ticks"];
const WORDS: [&str; 6] = ["cue", "cueText", "cmd", "name", "note", "colour"];

impl<'a> Desk<'a> {
    /// Whether a call makes or keeps the layer, and what is given to it.
    fn layer_call(&self, act: &Act<'a>, name: &Name) -> Option<(Option<Node<'a>>, bool)> {
        if !matches!(act.what, What::Global("layer")) {
            return None;
        }
        let args = self.code.args(act.node);
        match self.code.is(*args.first()?, name) {
            Some(false) => None,
            known => Some((args.get(1).copied(), known.is_some())),
        }
    }

    /// Whether a call is `desk.map(…)` and its kind, of a layer.
    fn desk_call(&self, act: &Act<'a>, word: &str) -> bool {
        match act.what {
            What::Value(callee) => self.code.of(callee).strip_prefix("desk.") == Some(word),
            What::Method(object, method) => method == word && self.code.of(object) == "desk",
            _ => false,
        }
    }

    /// Whether a call asks something of the desk about a layer.
    pub(super) fn is_desk_act(&self, act: &Act<'a>) -> bool {
        ["map", "unmap", "push", "pull", "accept", "choose", "resolve", "takeOver", "restore"]
            .iter()
            .any(|word| self.desk_call(act, word))
    }

    pub(super) fn plan_songs(&self) -> Plan {
        let mut changes = vec![];
        for new in self.live.songs.iter().filter(|song| !self.made.session.songs.contains(song)) {
            let Some(old) = self.made.session.songs.iter().find(|song| song.name == new.name) else { continue };
            let said = |act: &&Act<'a>| {
                let first = self.code.args(act.node).first().and_then(|n| self.code.string(*n));
                matches!(act.what, What::Global("song")) && first.is_none_or(|text| text == new.name)
            };
            let Some(act) = self.code.acts.iter().rev().find(said) else { return Plan::Write(vec![]) };
            let args = self.code.args(act.node);
            let known = args.first().is_some_and(|n| self.code.string(*n).is_some());
            if act.guarded || !known {
                return self.leave(&Item::Songs, Some(act.node), None);
            }
            let rate = |song: &crate::model::Song| format!("\"{}\"", song.rate.name());
            let words = [("start", quote(&old.start), quote(&new.start)), ("rate", rate(old), rate(new))];
            match self.words_change(act, args.get(1).copied(), &words.map(|(w, a, b)| (w, Some(a), Some(b)))) {
                Ok(list) => changes.extend(list),
                Err((node, text)) => return self.leave(&Item::Songs, Some(node), text),
            }
        }
        Plan::Write(if changes.is_empty() { vec![] } else { vec![changes] })
    }

    /// The songs that the text does not make as they are, a statement each.
    pub(super) fn songs_statement(&self) -> Option<String> {
        let list: Vec<String> =
            self.live.songs.iter().filter(|found| !self.made.session.songs.contains(found)).map(song).collect();
        (!list.is_empty()).then(|| list.join("\n"))
    }

    /// The words of a table, one by one: what was and what is to be. Without a table the call gets one.
    fn words_change(
        &self,
        act: &Act<'a>,
        table: Option<Node<'a>>,
        words: &[(&str, Option<String>, Option<String>)],
    ) -> Result<Vec<Change>, Computed<'a>> {
        let (mut changes, mut added) = (vec![], vec![]);
        for (word, was, want) in words.iter().filter(|(_, was, want)| was != want) {
            let _ = was;
            match (table.and_then(|table| self.code.field(table, word)), want) {
                (Some(field), want) if !is_literal(field.value) => return Err((field.value, want.clone())),
                (Some(field), Some(text)) => changes.push(self.write(field.value, text)),
                (Some(field), None) => changes.extend(table.map(|table| self.code.remove_field(table, field.node))),
                (None, Some(text)) => added.push(format!("{word} = {text}")),
                (None, None) => {}
            }
        }
        if added.is_empty() {
            return Ok(changes);
        }
        let added = added.join(", ");
        match table {
            Some(table) if table.kind() == "table_constructor" => {
                // Settings stand before the events.
                let all = fields(table).unwrap_or_default();
                let events = self.code.field(table, "events");
                let after = all.iter().rfind(|f| events.is_none_or(|e| f.node.end_byte() <= e.node.start_byte()));
                changes.extend(self.code.insert_field(table, after.copied(), &added));
            }
            Some(table) => return Err((table, None)),
            None => changes.extend(self.add_argument(act.node, &format!("{{ {added} }}")).unwrap_or_default()),
        }
        Ok(changes)
    }

    pub(super) fn plan_layer(&self, name: &Name) -> Plan {
        let item = Item::Layer(name.clone());
        let (Some(old), Some(new)) = (self.made.session.layers.get(name), self.live.layers.get(name)) else {
            return self.plan_noun(&item, name);
        };
        let words: Vec<_> = settings(old)
            .into_iter()
            .zip(settings(new))
            .map(|((word, was), (_, want))| (word, Some(was), Some(want)))
            .collect();
        let says = |act: &Act<'a>| {
            let table = self.layer_call(act, name).and_then(|(table, _)| table);
            table.is_some_and(|table| {
                words.iter().any(|(w, was, want)| was != want && self.code.field(table, w).is_some())
            })
        };
        let mut list = vec![];
        let (mut calls, mut others): (Vec<Act<'a>>, Vec<Act<'a>>) =
            self.code.acts.iter().rev().filter(|act| self.layer_call(act, name).is_some()).partition(|act| says(act));
        // The first call is where a layer is made; a later one that says the word has the last say.
        others.reverse();
        calls.extend(others);
        for act in calls {
            let Some((table, known)) = self.layer_call(&act, name) else { continue };
            if act.guarded || !known {
                if says(&act) || !known {
                    return self.leave(&item, table.or(Some(act.node)), None);
                }
                continue;
            }
            match self.words_change(&act, table, &words) {
                Ok(changes) => list.push(changes),
                Err((node, text)) => return self.leave(&item, Some(node), text),
            }
        }
        list.truncate(4);
        Plan::Write(list)
    }

    pub(super) fn plan_mapping(&self, name: &Name) -> Plan {
        let item = Item::Mapping(name.clone());
        let Some(old) = self.made.session.mappings.get(name) else { return Plan::Write(vec![]) };
        let new = self.live.mappings.get(name);
        let (mut list, mut removal) = (vec![], vec![]);
        for act in self.acts(&item).into_iter().filter(|act| self.desk_call(act, "map")) {
            let args = self.code.args(act.node);
            let Some(known) = args.first().map(|n| self.code.is(*n, name)).filter(|k| *k != Some(false)) else {
                continue;
            };
            if act.guarded || known.is_none() {
                return self.leave(&item, Some(act.node), None);
            }
            let Some(new) = new else {
                removal.push(self.code.remove_statement(act.statement));
                continue;
            };
            let (was, want): (HashMap<_, _>, HashMap<_, _>) =
                (mapping_words(old).into_iter().collect(), mapping_words(new).into_iter().collect());
            let all =
                ["tc", "tg", "track", "range", "sub", "sequence", "create", "cues", "direction", "policy", "offset"];
            let words = all.map(|word| (word, was.get(word).cloned(), want.get(word).cloned()));
            match self.words_change(&act, args.get(1).copied(), &words) {
                Ok(changes) => list.push(changes),
                Err((node, text)) => return self.leave(&item, Some(node), text),
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

    /// Where the event with a key may be set by a call.
    fn event_site(&self, act: &Act<'a>, name: &Name, key: &str) -> Option<EventSite<'a>> {
        if let Some((table, known)) = self.layer_call(act, name) {
            let events = self.code.field(table?, "events")?;
            let entry = fields(events.value)?.into_iter().find(|entry| {
                let own = self.code.field(entry.value, "key").and_then(|f| self.code.string(f.value));
                own.as_deref() == Some(key)
            })?;
            let entry_of = Some((events.value, entry));
            return Some(EventSite {
                act: *act,
                table: Some(entry.value),
                entry: entry_of,
                sure: known && !act.guarded,
            });
        }
        let What::Method(object, "set") = act.what else { return None };
        let Object::Layer(found) = self.code.object(object) else { return None };
        if found.as_deref().is_some_and(|found| found != name.as_str()) {
            return None;
        }
        let args = self.code.args(act.node);
        let own = self.code.string(*args.first()?);
        if own.as_deref().is_some_and(|own| own != key) {
            return None;
        }
        let sure = own.is_some() && found.is_some() && !act.guarded;
        Some(EventSite { act: *act, table: args.get(1).copied(), entry: None, sure })
    }

    pub(super) fn plan_keyed(&self, name: &Name, key: &str) -> Plan {
        let item = Item::Keyed(name.clone(), key.into());
        let found = |layers: &std::collections::BTreeMap<Name, std::sync::Arc<Layer>>| {
            layers.get(name).and_then(|layer| layer.keyed(key)).map(|entry| entry.event.clone())
        };
        let (old, new) = (found(&self.made.session.layers), found(&self.live.layers));
        let Some(old) = old else { return Plan::Write(self.add_link(name, key, new.as_deref())) };
        let sites: Vec<EventSite<'a>> =
            self.acts(&item).iter().filter_map(|act| self.event_site(act, name, key)).collect();
        let (mut list, mut removal, mut computed) = (vec![], vec![], None);
        for site in &sites {
            let place = site.table.unwrap_or(site.act.node);
            match &new {
                _ if !site.sure => computed = computed.or(Some((place, None))),
                Some(new) => match site.table.map(|table| self.event_change(table, &old, new)) {
                    Some(Ok(changes)) => list.push(changes),
                    Some(Err(found)) => computed = computed.or(Some(found)),
                    None => {}
                },
                None => removal.push(match site.entry {
                    Some((table, field)) => vec![vec![self.code.remove_field(table, field.node)]],
                    None => self.remove_act(&site.act),
                }),
            }
        }
        if new.is_none() && computed.is_none() {
            let most = removal.iter().map(Vec::len).max().unwrap_or(0);
            for at in 0..most {
                let ways = removal.iter().filter_map(|ways| ways.get(at).or(ways.last()));
                list.push(ways.flatten().cloned().collect());
            }
        }
        if list.is_empty() && (computed.is_some() || self.made.set_at.contains_key(&item)) {
            let (node, text) = computed.map_or((None, None), |(node, text)| (Some(node), text));
            return self.leave(&item, node, text);
        }
        Plan::Write(list)
    }

    /// One more `:set` at the end of a chain of them.
    fn add_link(&self, name: &Name, key: &str, new: Option<&LayerEvent>) -> Vec<Vec<Change>> {
        let Some(new) = new else { return vec![] };
        let text = format!(":set({}, {})", quote(key), event(self.live, new, false));
        let mut list = vec![];
        for act in self.code.acts.iter().filter(|act| !act.guarded) {
            let What::Method(object, "set") = act.what else { continue };
            let Object::Layer(Some(found)) = self.code.object(object) else { continue };
            // The last link of at least two.
            let last = act.node.end_byte() == self.chain_end(act.node);
            if found != name.as_str() || !last || !self.is_link(object) {
                continue;
            }
            let gap = &self.code.text[object.end_byte()..];
            let gap: String = gap.chars().take_while(|c| c.is_whitespace()).collect();
            list.push(vec![Change::insert(act.node.end_byte(), format!("{gap}{text}"))]);
        }
        list.truncate(3);
        list
    }

    /// Whether an expression is a `:set` of a chain.
    fn is_link(&self, node: Node<'a>) -> bool {
        let method = node.child_by_field_name("name").and_then(|n| n.child_by_field_name("method"));
        method.is_some_and(|method| self.code.of(method) == "set")
    }

    /// The words of an event's table, one by one.
    fn event_change(&self, table: Node<'a>, old: &LayerEvent, new: &LayerEvent) -> Result<Vec<Change>, Computed<'a>> {
        if table.kind() != "table_constructor" {
            return Err((table, Some(event(self.live, new, false))));
        }
        let mut changes = self.time_change(table, old, new)?;
        let (was, want): (HashMap<_, _>, HashMap<_, _>) =
            (saying(old).into_iter().collect(), saying(new).into_iter().collect());
        let mut added = vec![];
        let token = quote(&new.token);
        if (&old.token, old.cue.is_empty()) != (&new.token, new.cue.is_empty()) {
            match self.code.field(table, "token") {
                Some(field) if !is_literal(field.value) => return Err((field.value, Some(token))),
                Some(field) => changes.push(self.write(field.value, &token)),
                None if want.contains_key("token") => added.push(format!("token = {token}")),
                None => {}
            }
        }
        for word in WORDS.into_iter().filter(|word| was.get(word) != want.get(word)) {
            match (self.code.field(table, word), want.get(word)) {
                (Some(field), want) if !is_literal(field.value) => return Err((field.value, want.cloned())),
                (Some(field), Some(text)) => changes.push(self.write(field.value, text)),
                (Some(field), None) => changes.push(self.code.remove_field(table, field.node)),
                (None, Some(text)) => added.push(format!("{word} = {text}")),
                (None, None) => {}
            }
        }
        if !added.is_empty() {
            let after = fields(table).and_then(|f| f.last().copied());
            changes.extend(self.code.insert_field(table, after, &added.join(", ")));
        }
        Ok(changes)
    }

    /// The time of an event, in the words that stand there where they can say it.
    fn time_change(&self, table: Node<'a>, old: &LayerEvent, new: &LayerEvent) -> Result<Vec<Change>, Computed<'a>> {
        if (old.ticks, old.beat) == (new.ticks, new.beat) {
            return Ok(vec![]);
        }
        let there: Vec<(&str, Field<'a>)> =
            TIMES.iter().filter_map(|word| Some((*word, self.code.field(table, word)?))).collect();
        let has = |word: &str| there.iter().find(|(own, _)| *own == word).map(|(_, field)| *field);
        let mut want = self.live.time_words(new);
        if let [("bar", _)] = want.as_slice()
            && has("beat").is_some()
        {
            want = new.beat.map(|beat| ("beat", beat.to_string())).into_iter().collect();
        }
        if has("ticks").is_some()
            && let Some(time) = want.iter_mut().find(|(word, _)| *word == "time")
        {
            *time = ("ticks", new.ticks.to_string());
        }
        let (mut changes, mut added) = (vec![], vec![]);
        for (word, text) in &want {
            match has(word) {
                Some(field) if !is_literal(field.value) => return Err((field.value, Some(text.clone()))),
                Some(field) => changes.push(Change::node(field.value, text.clone())),
                None => added.push(format!("{word} = {text}")),
            }
        }
        let added = added.join(", ");
        let mut gone = there.iter().filter(|(word, _)| !want.iter().any(|(own, _)| own == word)).map(|(_, f)| *f);
        match (gone.next(), added.is_empty()) {
            (Some(field), _) if !is_literal(field.value) => {
                return Err((field.node, (!added.is_empty()).then_some(added)));
            }
            (Some(field), false) => changes.push(Change::node(field.node, added)),
            (Some(field), true) => changes.push(self.code.remove_field(table, field.node)),
            (None, false) => changes.extend(self.code.insert_field(table, there.first().map(|(_, f)| *f), &added)),
            (None, true) => {}
        }
        changes.extend(gone.map(|field| self.code.remove_field(table, field.node)));
        Ok(changes)
    }

    pub(super) fn plan_unkeyed(&self, name: &Name) -> Plan {
        let item = Item::Unkeyed(name.clone());
        let (Some(layer), Some(new)) = (self.made.session.layers.get(name), self.live.layers.get(name)) else {
            return Plan::Write(vec![]);
        };
        let (old, new) = (unkeyed(layer), unkeyed(new));
        let calls = self.acts(&item);
        for act in calls.iter().chain(self.code.acts.iter().rev()) {
            let Some((Some(table), known)) = self.layer_call(act, name) else { continue };
            let Some(events) = self.code.field(table, "events") else { continue };
            if act.guarded || !known {
                return self.leave(&item, Some(events.value), None);
            }
            return match self.list_of_events(events.value, layer, &old, &new) {
                Ok(changes) => Plan::Write(vec![changes]),
                Err(node) => self.leave(&item, Some(node), None),
            };
        }
        if self.made.set_at.contains_key(&item) {
            return self.leave(&item, None, None);
        }
        let texts: Vec<String> = new.iter().map(|new| event(self.live, new, false)).collect();
        let field = format!("events = {}", crate::script::mirror::list(&texts));
        let mut list = vec![];
        for act in self.code.acts.iter().filter(|act| !act.guarded) {
            match self.layer_call(act, name) {
                Some((Some(table), true)) if table.kind() == "table_constructor" => {
                    let after = fields(table).and_then(|f| f.last().copied());
                    list.push(self.code.insert_field(table, after, &field));
                }
                Some((None, true)) => list.extend(self.add_argument(act.node, &format!("{{ {field} }}"))),
                _ => {}
            }
        }
        list.truncate(3);
        Plan::Write(list)
    }

    /// A written list of events made another: equal ones stay where they are, the others are changed in their order.
    fn list_of_events(
        &self,
        table: Node<'a>,
        layer: &Layer,
        old: &[&LayerEvent],
        new: &[&LayerEvent],
    ) -> Result<Vec<Change>, Node<'a>> {
        let mut places: Vec<(i64, Field<'a>)> = vec![];
        for field in fields(table).ok_or(table)?.into_iter().filter(|f| self.code.field(f.value, "key").is_none()) {
            if field.key.is_some() {
                return Err(field.value);
            }
            places.push((self.written_ticks(field.value, layer).ok_or(field.value)?, field));
        }
        places.sort_by_key(|(ticks, _)| *ticks);
        if places.len() != old.len() || places.iter().zip(old).any(|((ticks, _), old)| *ticks != old.ticks) {
            return Err(table);
        }
        let mut same: HashMap<String, usize> = HashMap::new();
        new.iter().for_each(|event| *same.entry(format!("{event:?}")).or_default() += 1);
        let mut stays = |event: &LayerEvent| match same.get_mut(&format!("{event:?}")).filter(|count| **count > 0) {
            Some(count) => {
                *count -= 1;
                true
            }
            None => false,
        };
        let gone: Vec<usize> = (0..old.len()).filter(|at| !stays(old[*at])).collect();
        let come: Vec<&LayerEvent> = new
            .iter()
            .filter(|event| {
                let left = same.get_mut(&format!("{event:?}")).filter(|count| **count > 0);
                left.map(|count| *count -= 1).is_some()
            })
            .copied()
            .collect();
        let mut changes = vec![];
        for (at, new) in gone.iter().zip(&come) {
            changes.extend(self.event_change(places[*at].1.value, old[*at], new).map_err(|(node, _)| node)?);
        }
        for at in gone.iter().skip(come.len()) {
            changes.push(self.code.remove_field(table, places[*at].1.node));
        }
        // What is added stands after the last one that comes before it.
        let mut after: Vec<(Option<usize>, Vec<String>)> = vec![];
        for new in come.iter().skip(gone.len()) {
            let place = places.iter().rposition(|(ticks, _)| *ticks <= new.ticks);
            let text = event(self.live, new, false);
            match after.last_mut().filter(|(last, _)| *last == place) {
                Some((_, texts)) => texts.push(text),
                None => after.push((place, vec![text])),
            }
        }
        for (place, texts) in after {
            let field = place.map(|place| places[place].1);
            changes.extend(self.code.insert_field(table, field, &texts.join(", ")));
        }
        Ok(changes)
    }

    /// When an event comes whose time is written out.
    fn written_ticks(&self, table: Node<'a>, layer: &Layer) -> Option<i64> {
        let number = |field: Field<'a>| match is_literal(field.value) {
            true => self.code.of(field.value).replace(' ', "").parse::<f64>().ok(),
            false => None,
        };
        if let Some(field) = self.code.field(table, "time") {
            return match field.value.kind() {
                "string" => layer.rate.parse(&self.code.string(field.value)?).ok(),
                _ => number(field).map(ticks_of),
            };
        }
        if let Some(field) = self.code.field(table, "ticks") {
            return number(field).map(|ticks| ticks as i64);
        }
        let session = &self.made.session;
        let beat = match (self.code.field(table, "bar"), self.code.field(table, "beat")) {
            (Some(bar), _) => (number(bar)? - 1.0) * session.signature.bar_beats(),
            (None, Some(beat)) => number(beat)?,
            (None, None) => return None,
        };
        Some(session.ticks_at(beat))
    }
}
