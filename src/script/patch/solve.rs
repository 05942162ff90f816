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
use super::tree::{Code, parse};
use crate::model::{ConnKind, Edit, Item, Name, Session, TextMark};
use crate::script::Failure;
use crate::script::dry::{Dry, Made};

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
        for (from, to) in std::mem::take(&mut self.renames) {
            self.rename(&from, &to);
        }
        // What one edit makes possible, another round writes.
        for _ in 0..4 {
            let before = self.differs.len();
            for phase in 0..PHASES {
                let items: Vec<Item> = self.open().into_iter().filter(|item| self.phase(item) == phase).collect();
                if !items.is_empty() {
                    self.write(&items);
                }
            }
            if self.open().is_empty() || self.differs.len() == before || self.is_late() {
                break;
            }
        }
    }

    /// The touched items that still differ.
    fn open(&self) -> Vec<Item> {
        self.differs.iter().filter(|item| self.is_touched(item)).cloned().collect()
    }

    /// Whether an item was touched, by itself or with what it is part of.
    fn is_touched(&self, item: &Item) -> bool {
        let noun = |name: &Name| {
            self.touched.iter().any(|t| matches!(t, Item::Module(n) | Item::Pattern(n) | Item::Chain(n) if n == name))
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
        let plans = self.plans(&items);
        let [plan] = plans.as_slice() else {
            let first = |plan: &Plan| match plan {
                Plan::Write(list) => list.first().cloned(),
                Plan::Leave { .. } => None,
            };
            let able: Vec<(usize, Vec<Change>)> =
                plans.iter().enumerate().filter_map(|(at, plan)| Some((at, first(plan)?))).collect();
            let changes: Vec<Change> = able.iter().flat_map(|(_, changes)| changes.clone()).collect();
            let targets: Vec<Item> = able.iter().map(|(at, _)| items[*at].clone()).collect();
            if targets.is_empty() || self.accept(&changes, &targets) {
                return;
            }
            let (left, right) = targets.split_at(targets.len() / 2);
            self.write(left);
            return self.write(right);
        };
        if let Plan::Write(list) = plan {
            for changes in list.iter().take(TRIES) {
                if self.is_late() || self.accept(changes, &items) {
                    return;
                }
            }
        }
    }

    fn plans(&self, items: &[Item]) -> Vec<Plan> {
        let Some(tree) = parse(&self.text) else { return vec![] };
        let code = Code::new(&self.text, &tree);
        let desk = Desk { code: &code, made: &self.made, live: self.live };
        items.iter().map(|item| desk.plan(item)).collect()
    }

    fn applied(&self, changes: &[Change]) -> Option<String> {
        let tree = parse(&self.text)?;
        Code::new(&self.text, &tree).apply(changes)
    }

    /// Take the changes if the text then makes the targets as they should be and nothing else otherwise.
    fn accept(&mut self, changes: &[Change], targets: &[Item]) -> bool {
        let Some(text) = self.applied(changes) else { return false };
        self.accept_text(text, targets, 2)
    }

    fn accept_text(&mut self, text: String, targets: &[Item], depth: u32) -> bool {
        let Some((made, differs)) = self.tried(&text) else { return false };
        if targets.iter().any(|item| differs.contains(item)) {
            return false;
        }
        let new: Vec<Item> = differs.difference(&self.differs).cloned().collect();
        if !new.is_empty() {
            return depth > 0 && new.iter().all(follows) && self.repair(text, made, differs, targets, new, depth);
        }
        let allowed = |item: &Item| !differs.contains(item) && (self.is_touched(item) || self.is_implied(item));
        if !self.made.session.diff(&made.session).iter().all(allowed) {
            return false;
        }
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
            if let Some(Plan::Write(list)) = self.plans(std::slice::from_ref(item)).pop() {
                for changes in list.iter().take(3) {
                    let Some(text) = self.applied(changes) else { continue };
                    if self.accept_text(text, std::slice::from_ref(item), depth - 1) {
                        break;
                    }
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

    fn rename(&mut self, from: &Name, to: &Name) {
        let item = Item::Rename(from.clone(), to.clone());
        let mut wanted = self.made.session.clone();
        let right = self.live.noun_of(to.as_str()).is_some() || self.touched.contains(&item);
        if !right || wanted.apply(&Edit::Rename(from.clone(), to.clone())).is_err() {
            return;
        }
        let Some(tree) = parse(&self.text) else { return };
        let code = Code::new(&self.text, &tree);
        let desk = Desk { code: &code, made: &self.made, live: self.live };
        let literals = desk.renames(from, to);
        let mut list = literals.clone();
        if !literals.is_empty() {
            list.push(vec![code.insert_statement(None, &format!("rename(\"{from}\", \"{to}\")"))]);
        }
        let texts: Vec<String> = list.iter().filter_map(|changes| code.apply(changes)).collect();
        for text in texts {
            let Some((made, differs)) = self.tried(&text) else { continue };
            let left = made.session.diff(&wanted);
            // The chance of a pattern comes from its first name, and is written after; a live chunk is text.
            if left.iter().all(|i| matches!(i, Item::Salt(n) if n == to) || matches!(i, Item::Live(_))) {
                self.touched.extend(left.into_iter().filter(|i| matches!(i, Item::Salt(_))));
                self.take(text, made, differs);
                self.written.push(item);
                return;
            }
        }
        let over = format!("{}\nrename(\"{from}\", \"{to}\")\n", self.text.trim_end());
        let over = self.tried(&over).filter(|(made, _)| made.session == wanted).map(|_| Arc::from(over));
        let at = self
            .made
            .set_at
            .iter()
            .find(|(i, _)| matches!(i, Item::Module(n) | Item::Pattern(n) | Item::Chain(n) if n == from));
        self.marks.push(TextMark {
            line: at.and_then(|(_, at)| at.last()).map_or(1, |place| place.line),
            item: Arc::from(item.to_string()),
            message: Arc::from(format!("called {to} in the session; the script computes the name {from}")),
            pin: None,
            over,
        });
    }

    /// Mark what is left.
    pub fn finish(mut self) -> Patched {
        let open = self.open();
        let plans = self.plans(&open);
        for (place, (item, plan)) in open.iter().zip(plans).enumerate() {
            let offered = place < OFFERS && !self.is_late();
            let mark = self.mark(item, plan, offered);
            self.marks.push(mark);
        }
        self.marks.sort_by_key(|mark| mark.line);
        self.written.sort();
        self.written.dedup();
        Patched { text: Arc::from(self.text), marks: self.marks, written: self.written }
    }

    fn mark(&mut self, item: &Item, plan: Plan, offered: bool) -> TextMark {
        let place = self.made.set_at.get(item).and_then(|at| at.last());
        let (line, pin, computed) = match plan {
            Plan::Leave { line, pin } => (line, pin, true),
            Plan::Write(_) => (place.map_or(1, |p| p.line), None, false),
        };
        let (mut pinned, mut over) = (None, None);
        if offered {
            pinned = pin.and_then(|changes| self.offer(&changes, item));
            for changes in self.overs(item, place.map(|p| p.outer)) {
                over = over.or_else(|| self.offer(&changes, item));
            }
        }
        let value = crate::script::mirror::single::scalar(self.live, item).unwrap_or_else(|| "another".to_owned());
        let why = if computed { "the script computes it here" } else { "no small edit of the script gives it" };
        TextMark {
            line,
            item: Arc::from(item.to_string()),
            message: Arc::from(format!("{value} in the session; {why}")),
            pin: pinned,
            over,
        }
    }

    /// A statement after the one that computes it, or at the end.
    fn overs(&self, item: &Item, outer: Option<u32>) -> Vec<Vec<Change>> {
        let Some(tree) = parse(&self.text) else { return vec![] };
        let code = Code::new(&self.text, &tree);
        let desk = Desk { code: &code, made: &self.made, live: self.live };
        let Some(text) = desk.statement(item) else { return vec![] };
        let mut list = vec![];
        if let Some(top) = outer.and_then(|line| code.top_at(line)) {
            list.push(vec![code.insert_statement(Some(top), &text)]);
        }
        list.push(vec![code.insert_statement(None, &text)]);
        list.dedup();
        list
    }

    /// The text with these changes, if a dry run proves them for this item alone.
    fn offer(&mut self, changes: &[Change], item: &Item) -> Option<Arc<str>> {
        let text = self.applied(changes)?;
        let (made, differs) = self.tried(&text)?;
        let good = !differs.contains(item)
            && differs.is_subset(&self.differs)
            && self
                .made
                .session
                .diff(&made.session)
                .iter()
                .all(|i| i == item || (self.is_touched(i) && !differs.contains(i)) || self.is_implied(i));
        good.then(|| Arc::from(text))
    }
}

const PHASES: usize = 11;

/// Whether an item is of the kind that follows from another edit.
fn follows(item: &Item) -> bool {
    matches!(item, Item::Columns(_) | Item::Salt(_) | Item::SampleParam(..) | Item::Steps(_) | Item::Row(..))
}
