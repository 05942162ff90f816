//! Tries what could be written and keeps what a dry run proves.
//!
//! Thread: script. **Invariant:** the text in hand always runs, and differs from the session in no more than at first.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Patched;
use super::change::Change;
use super::plan::Plan;
use super::sites::Desk;
use super::tree::Code;
use crate::model::session::MASTER;
use crate::model::{ConnKind, Connection, Edit, Item, Name, Path, Session, TextMark};
use crate::script::Failure;
use crate::script::dry::{Dry, Made};
use crate::script::mirror::single::scalar;

/// Most candidates that are tried for one item.
const TRIES: usize = 8;
/// Longest time for one call; what is left then is marked.
const PATIENCE: Duration = Duration::from_millis(1500);
/// Most marks whose pin and override are tried.
const OFFERS: usize = 24;

/// A text on its way to the session.
pub(super) struct Solver<'a> {
    dry: &'a mut Dry,
    live: &'a Session,
    folders: &'a [String],
    end: Instant,
    /// The text in hand and what it makes.
    text: String,
    made: Rc<Made>,
    /// What the text in hand makes otherwise.
    differs: BTreeSet<Item>,
    touched: Vec<Item>,
    renames: Vec<(Name, Name)>,
    written: Vec<Item>,
    marks: Vec<TextMark>,
}

impl<'a> Solver<'a> {
    pub fn new(
        dry: &'a mut Dry,
        text: &str,
        live: &'a Session,
        folders: &'a [String],
        touched: &[Item],
    ) -> Result<Self, Failure> {
        let made = dry.run(text, folders)?;
        let end = dry.now() + PATIENCE;
        let mut solver = Self {
            dry,
            live,
            folders,
            end,
            text: text.to_owned(),
            differs: made.session.diff(live).into_iter().collect(),
            made,
            touched: vec![],
            renames: vec![],
            written: vec![],
            marks: vec![],
        };
        for item in touched {
            match item {
                Item::Rename(from, to) => {
                    // What was touched under the old name is touched under the new one.
                    let again: Vec<Item> = solver.touched.iter().map(|item| item.renamed(from, to)).collect();
                    solver.touched.extend(again);
                    solver.renames.push((from.clone(), to.clone()));
                }
                item if !solver.touched.contains(item) => solver.touched.push(item.clone()),
                _ => {}
            }
        }
        Ok(solver)
    }

    /// Write what can be written.
    pub fn solve(&mut self) {
        // What one edit makes possible, another round writes: a name may be free only then.
        for _ in 0..6 {
            let before = self.made.clone();
            for (from, to) in std::mem::take(&mut self.renames) {
                if !self.rename(&from, &to) {
                    self.renames.push((from, to));
                }
            }
            for phase in 0..PHASES {
                let items: Vec<Item> = self.open().into_iter().filter(|item| self.phase(item) == phase).collect();
                if !items.is_empty() {
                    self.write(&items);
                }
            }
            let done = self.open().is_empty() && self.renames.is_empty();
            if done || Rc::ptr_eq(&before, &self.made) || self.is_late() {
                break;
            }
        }
    }

    /// The touched items that still differ.
    fn open(&self) -> Vec<Item> {
        self.differs.iter().filter(|item| self.is_touched(item) && self.stands(item)).cloned().collect()
    }

    /// Whether what an item hangs on is there in both: else it comes or goes with that.
    fn stands(&self, item: &Item) -> bool {
        let both = |name: &Name| self.live.modules.contains_key(name) == self.made.session.modules.contains_key(name);
        match item {
            Item::Cable(from, to, _) => both(from) && both(to),
            Item::Macro(Path::Connection { module, source }) => both(module) && both(source),
            Item::Macro(path) => both(path.first()),
            Item::Mapping(name) => self.live.layers.contains_key(name) == self.made.session.layers.contains_key(name),
            _ => true,
        }
    }

    /// Whether an item was touched, by itself or with what it is part of.
    fn is_touched(&self, item: &Item) -> bool {
        let noun = |name: &Name| {
            let is = |t: &Item| matches!(t, Item::Module(n) | Item::Pattern(n) | Item::Chain(n) | Item::Layer(n) if n == name);
            self.touched.iter().any(is)
        };
        self.touched.contains(item)
            || match item {
                Item::Steps(name) | Item::StepsPerBeat(name) | Item::Cycles(name) | Item::Salt(name) => noun(name),
                Item::Row(name, _) | Item::Columns(name) | Item::Play(name) | Item::Samples(name) => noun(name),
                Item::Param(name, _) | Item::Enabled(name) => noun(name),
                Item::SampleParam(name, ..) => noun(name) || self.touched.contains(&Item::Samples(name.clone())),
                Item::Cable(from, to, _) => noun(from) || noun(to),
                Item::CableVolume(from, to) => {
                    let cable = Item::Cable(from.clone(), to.clone(), ConnKind::Audio);
                    noun(from) || noun(to) || self.touched.contains(&cable)
                }
                Item::Macro(path) => noun(path.first()),
                Item::Keyed(name, _) | Item::Unkeyed(name) | Item::Mapping(name) => noun(name),
                _ => false,
            }
    }

    fn is_late(&self) -> bool {
        self.dry.now() >= self.end
    }

    /// When an item is written: what others stand on first, what stands on others last.
    fn phase(&self, item: &Item) -> usize {
        let live = self.live;
        match item {
            Item::Pattern(name) if live.patterns.contains_key(name) => 0,
            Item::Chain(name) if !self.made.session.chains.contains_key(name) => 1,
            Item::Bank(name) if live.banks.contains_key(name) => 0,
            Item::Songs => 0,
            Item::Layer(name) if live.layers.contains_key(name) => 2,
            Item::Layer(_) => 6,
            Item::Mapping(_) => 9,
            Item::Module(name) if !self.made.session.modules.contains_key(name) => 2,
            Item::Module(_) => 3,
            Item::Columns(_) => 5,
            Item::Chain(name) if live.chains.contains_key(name) => 4,
            Item::Pattern(_) | Item::Chain(_) | Item::Bank(_) => 6,
            Item::Cable(from, to, kind) if live.find_connection(to, from, *kind).is_ok() => 7,
            Item::Cable(..) => 8,
            Item::CableVolume(..) => 9,
            Item::Macro(_) | Item::Live(_) => 10,
            _ => 4,
        }
    }

    /// Write items together; where that fails, by halves.
    fn write(&mut self, items: &[Item]) {
        let items: Vec<Item> = items.iter().filter(|item| self.differs.contains(item)).cloned().collect();
        if items.is_empty() || self.is_late() {
            return;
        }
        if let [item] = items.as_slice() {
            for text in self.candidates(item, TRIES) {
                if self.is_late() || self.accept_text(text, &items, 2) {
                    return;
                }
            }
            return;
        }
        let together = self.at_desk(|desk| {
            let able = items.iter().filter_map(|item| match desk.plan(item) {
                Plan::Write(list) => Some((item.clone(), list.into_iter().next()?)),
                Plan::Leave { .. } => None,
            });
            let (targets, changes): (Vec<Item>, Vec<Vec<Change>>) = able.unzip();
            (targets, desk.code.apply(&changes.concat()))
        });
        let Some((targets, text)) = together.filter(|(targets, _)| !targets.is_empty()) else { return };
        if text.is_some_and(|text| self.accept_text(text, &targets, 2)) {
            return;
        }
        match targets.len() {
            1 => self.write(&targets),
            count => {
                let (left, right) = targets.split_at(count / 2);
                self.write(left);
                self.write(right);
            }
        }
    }

    /// Read the text in hand.
    fn at_desk<R>(&mut self, read: impl FnOnce(&Desk<'_>) -> R) -> Option<R> {
        let tree = self.dry.tree(&self.text)?;
        let code = Code::new(&self.text, &tree);
        Some(read(&Desk { code: &code, made: &self.made, live: self.live }))
    }

    /// The texts that may give one item its value, the smallest edit first.
    fn candidates(&mut self, item: &Item, most: usize) -> Vec<String> {
        let list = self.at_desk(|desk| match desk.plan(item) {
            Plan::Write(list) => list.iter().take(most).filter_map(|changes| desk.code.apply(changes)).collect(),
            Plan::Leave { .. } => vec![],
        });
        list.unwrap_or_default()
    }

    /// Take a text if it makes the targets as they should be and nothing else otherwise.
    fn accept_text(&mut self, text: String, targets: &[Item], depth: u32) -> bool {
        let Some((made, differs)) = self.tried(&text) else { return false };
        if targets.iter().any(|item| differs.contains(item)) {
            return false;
        }
        // A module without cables laid by hand lays one to the masters by itself: what is wrong with that follows.
        let lays = |from: &Name, target: &Item| match target {
            Item::Module(name) => {
                let fed = |c: &Connection| c.from == *from && c.to == *name && !c.auto;
                name == from || self.made.session.connections.iter().any(fed)
            }
            Item::Cable(source, ..) => source == from,
            _ => false,
        };
        let own = |item: &Item| match item {
            Item::Cable(from, to, _) => to.as_str() == MASTER && targets.iter().any(|target| lays(from, target)),
            _ => false,
        };
        let laid: Vec<Item> = differs.difference(&self.differs).filter(|item| own(item)).cloned().collect();
        let new: Vec<Item> = differs.difference(&self.differs).filter(|item| !own(item)).cloned().collect();
        if !new.is_empty() {
            return depth > 0 && new.iter().all(follows) && self.repair(text, made, differs, targets, new, depth);
        }
        let right = |item: &Item| !differs.contains(item) && (self.is_touched(item) || self.is_implied(item));
        let allowed = |item: &Item| right(item) || own(item);
        if !self.made.session.diff(&made.session).iter().all(allowed) {
            return false;
        }
        self.touched.extend(laid);
        self.take(text, made, differs);
        true
    }

    /// What follows from an edit (the columns of a row that lost one) is written with it or the edit is not made.
    fn repair(
        &mut self,
        text: String,
        made: Rc<Made>,
        differs: BTreeSet<Item>,
        targets: &[Item],
        new: Vec<Item>,
        depth: u32,
    ) -> bool {
        let before = (self.text.clone(), self.made.clone(), self.differs.clone());
        let touched = self.touched.clone();
        self.touched.extend(new.clone());
        (self.text, self.made, self.differs) = (text, made, differs);
        for item in &new {
            for text in self.candidates(item, 3) {
                if self.accept_text(text, std::slice::from_ref(item), depth - 1) {
                    break;
                }
            }
        }
        let (text, made, differs) = (self.text.clone(), self.made.clone(), self.differs.clone());
        (self.text, self.made, self.differs) = before;
        self.touched = touched;
        let good = differs.is_subset(&self.differs)
            && !targets.iter().any(|item| differs.contains(item))
            && self.made.session.diff(&made.session).iter().all(|item| {
                !differs.contains(item) && (self.is_touched(item) || self.is_implied(item) || new.contains(item))
            });
        if good {
            self.take(text, made, differs);
        }
        good
    }

    fn tried(&mut self, text: &str) -> Option<(Rc<Made>, BTreeSet<Item>)> {
        let made = self.dry.run(text, self.folders).ok()?;
        let differs = made.session.diff(self.live).into_iter().collect();
        Some((made, differs))
    }

    fn take(&mut self, text: String, made: Rc<Made>, differs: BTreeSet<Item>) {
        let done: Vec<Item> =
            self.differs.iter().filter(|i| !differs.contains(i) && self.is_touched(i)).cloned().collect();
        self.written.extend(done);
        (self.text, self.made, self.differs) = (text, made, differs);
    }

    /// Whether an item comes or goes with something touched.
    fn is_implied(&self, item: &Item) -> bool {
        match item {
            // The first cable laid by hand takes the place of the one that makes itself.
            Item::Cable(from, ..) => self.touched.iter().any(|t| matches!(t, Item::Cable(f, ..) if f == from)),
            // Who plays a pattern that goes plays another.
            Item::Play(_) | Item::Chain(_) => {
                self.touched.iter().any(|t| matches!(t, Item::Pattern(_) | Item::Chain(_)))
            }
            _ => false,
        }
    }

    /// The session in hand after a rename, where it can be done.
    fn renamed(&self, from: &Name, to: &Name) -> Option<Session> {
        let mut wanted = self.made.session.clone();
        wanted.apply(&Edit::Rename(from.clone(), to.clone())).ok()?;
        Some(wanted)
    }

    /// Write another name; whether that was done.
    fn rename(&mut self, from: &Name, to: &Name) -> bool {
        let Some(wanted) = self.renamed(from, to) else { return self.rename_over(from, to) };
        let texts = self.at_desk(|desk| {
            let mut list = desk.renames(from, to);
            if !list.is_empty() {
                list.push(vec![desk.code.insert_statement(None, &format!("rename(\"{from}\", \"{to}\")"))]);
            }
            list.iter().filter_map(|changes| desk.code.apply(changes)).collect::<Vec<String>>()
        });
        for text in texts.unwrap_or_default() {
            let Some((made, differs)) = self.tried(&text) else { continue };
            let left = made.session.diff(&wanted);
            // The chance of a pattern comes from its first name, and is written after; a live chunk is text.
            if left.iter().all(|i| matches!(i, Item::Salt(n) if n == to) || matches!(i, Item::Live(_))) {
                self.touched.extend(left.into_iter().filter(|i| matches!(i, Item::Salt(_))));
                self.take(text, made, differs);
                self.written.push(Item::Rename(from.clone(), to.clone()));
                return true;
            }
        }
        false
    }

    /// Give a name that something else has, which is gone in the session: that goes from the text first.
    fn rename_over(&mut self, from: &Name, to: &Name) -> bool {
        let to_go = |make: fn(Name) -> Item| make(to.clone());
        let gone = [to_go(Item::Module), to_go(Item::Pattern), to_go(Item::Chain), to_go(Item::Layer)];
        if self.made.session.noun_of(from.as_str()).is_none() || !gone.iter().any(|item| self.touched.contains(item)) {
            return false;
        }
        let text = self.at_desk(|desk| desk.without(to).and_then(|changes| desk.code.apply(&changes)));
        let Some((text, (made, _))) = text.flatten().and_then(|text| self.tried(&text).map(|tried| (text, tried)))
        else {
            return false;
        };
        let mut wanted = made.session.clone();
        if wanted.apply(&Edit::Rename(from.clone(), to.clone())).is_err() {
            return false;
        }
        let Some(tree) = self.dry.tree(&text) else { return false };
        let code = Code::new(&text, &tree);
        let desk = Desk { code: &code, made: &made, live: self.live };
        let texts: Vec<String> = desk.renames(from, to).iter().filter_map(|changes| code.apply(changes)).collect();
        for text in texts {
            let Some((made, differs)) = self.tried(&text) else { continue };
            let salt = |item: &Item| matches!(item, Item::Salt(name) if name == to);
            let follows = made.session.diff(&wanted).iter().all(|i| salt(i) || matches!(i, Item::Live(_)));
            let elsewhere = differs.difference(&self.differs).all(|i| salt(i) || self.is_touched(i));
            if follows && elsewhere {
                self.touched.push(Item::Salt(to.clone()));
                self.take(text, made, differs);
                self.written.push(Item::Rename(from.clone(), to.clone()));
                return true;
            }
        }
        false
    }

    /// Mark a name that stays: the script computes it, or there is no way to write it.
    fn mark_rename(&mut self, from: &Name, to: &Name) {
        let Some(wanted) = self.renamed(from, to) else { return };
        let statement = format!("rename(\"{from}\", \"{to}\")");
        let text = self.at_desk(|desk| desk.code.apply(&[desk.code.insert_statement(None, &statement)]));
        let over = text
            .flatten()
            .filter(|text| self.tried(text).is_some_and(|(made, _)| made.session == wanted))
            .map(Arc::from);
        let is_it =
            |i: &Item| matches!(i, Item::Module(n) | Item::Pattern(n) | Item::Chain(n) | Item::Layer(n) if n == from);
        let at = self.made.set_at.iter().find(|(item, _)| is_it(item)).and_then(|(_, at)| at.last());
        self.marks.push(TextMark {
            line: at.map_or(1, |place| place.line),
            item: Arc::from(Item::Rename(from.clone(), to.clone()).to_string()),
            message: Arc::from(format!("called {to} in the session; the script computes the name {from}")),
            pin: None,
            over,
        });
    }

    /// Mark what is left.
    pub fn finish(mut self) -> Patched {
        for (from, to) in std::mem::take(&mut self.renames) {
            self.mark_rename(&from, &to);
        }
        let open = self.open();
        let left = self.at_desk(|desk| {
            let left = open.iter().enumerate().map(|(at, item)| Left::of(desk, item, at < OFFERS));
            left.collect::<Vec<Left>>()
        });
        for (item, left) in open.iter().zip(left.unwrap_or_default()) {
            let mark = self.mark(item, left);
            self.marks.push(mark);
        }
        self.marks.sort_by_key(|mark| mark.line);
        self.written.sort();
        self.written.dedup();
        Patched { text: Arc::from(self.text), marks: self.marks, written: self.written }
    }

    fn mark(&mut self, item: &Item, left: Left) -> TextMark {
        let (mut pin, mut over) = (None, None);
        if !self.is_late() {
            pin = left.pin.and_then(|text| self.offer(text, item));
            over = left.overs.into_iter().find_map(|text| self.offer(text, item));
        }
        let value = scalar(self.live, item).unwrap_or_else(|| "another".to_owned());
        let why = if left.computed { "the script computes it here" } else { "no small edit of the script gives it" };
        let message = Arc::from(format!("{value} in the session; {why}"));
        TextMark { line: left.line, item: Arc::from(item.to_string()), message, pin, over }
    }

    /// The text, if a dry run proves it for this item alone.
    fn offer(&mut self, text: String, item: &Item) -> Option<Arc<str>> {
        let (made, differs) = self.tried(&text)?;
        let right = |i: &Item| i == item || (self.is_touched(i) && !differs.contains(i)) || self.is_implied(i);
        let good = !differs.contains(item)
            && differs.is_subset(&self.differs)
            && self.made.session.diff(&made.session).iter().all(right);
        good.then(|| Arc::from(text))
    }
}

/// An item that is left, with the texts that may be offered.
struct Left {
    line: u32,
    computed: bool,
    pin: Option<String>,
    overs: Vec<String>,
}

impl Left {
    fn of(desk: &Desk<'_>, item: &Item, offered: bool) -> Self {
        let place = desk.made.set_at.get(item).and_then(|at| at.last());
        let (line, pin, computed) = match desk.plan(item) {
            Plan::Leave { line, pin } => (line, pin, true),
            Plan::Write(_) => (place.map_or(1, |p| p.line), None, false),
        };
        if !offered {
            return Self { line, computed, pin: None, overs: vec![] };
        }
        let pin = pin.and_then(|changes| desk.code.apply(&changes));
        // A statement after the one that computes it, or at the end.
        let after = place.and_then(|place| desk.code.top_at(place.outer));
        let statement = desk.statement(item);
        let over = |at: Option<usize>| desk.code.apply(&[desk.code.insert_statement(at, statement.as_deref()?)]);
        let mut overs: Vec<String> = [after, None].into_iter().filter_map(over).collect();
        overs.dedup();
        Self { line, computed, pin, overs }
    }
}

const PHASES: usize = 11;

/// Whether an item is of the kind that follows from another edit.
fn follows(item: &Item) -> bool {
    let part =
        matches!(item, Item::Columns(_) | Item::Salt(_) | Item::SampleParam(..) | Item::Steps(_) | Item::Row(..));
    // Another tempo moves what stands in bars in the text, and nothing in the session.
    part || matches!(item, Item::Keyed(..) | Item::Unkeyed(_))
}
