//! Undo on the desk: what was done, in blocks, and Oops.
//!
//! Thread: the desk's.

use super::class::Class;
use super::tree::{Frozen, Id, Object};
use super::world::World;

/// One entry of the undo list.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// What people read.
    pub label: String,
    /// How to take it back; from the last to the first.
    pub reverses: Vec<Reverse>,
}

/// How one thing is taken back.
#[derive(Debug, Clone)]
pub enum Reverse {
    /// It was made: remove it.
    Made(Id),
    /// It was removed: put it back.
    Removed {
        /// Where it stood.
        parent: Id,
        /// Its place there, from 0.
        place: usize,
        /// What it was.
        frozen: Box<Frozen>,
    },
    /// It was changed: give it back what it had, and an event its place (from 0) among those of its time.
    Changed(Id, Box<Object>, usize),
    /// It was put elsewhere among its siblings: back to this place.
    Moved(Id, usize),
}

/// Steps that the desk remembers.
const STEPS_MAX: usize = 1000;

impl World {
    /// Open a block; its handle.
    pub fn create_undo(&mut self, label: &str) -> Id {
        let id = self.tree.create(Class::Undo);
        self.open.push((id, Step { label: label.to_owned(), reverses: vec![] }));
        id
    }

    /// Close a block; false where it is not open. An empty one leaves no trace.
    pub fn close_undo(&mut self, id: Id) -> bool {
        let Some(at) = self.open.iter().position(|(open, _)| *open == id) else { return false };
        let (_, step) = self.open.remove(at);
        self.tree.remove(id);
        self.push_step(step);
        true
    }

    fn push_step(&mut self, step: Step) {
        if step.reverses.is_empty() {
            return;
        }
        self.undo.push(step);
    }

    /// Forget the oldest steps that are too many. Between two turns only: within one, steps are counted from its begin.
    pub fn trim_steps(&mut self) {
        let many = self.undo.len().saturating_sub(STEPS_MAX);
        self.undo.drain(..many);
    }

    /// Remember how to take something back: in the block given, else as a step of its own.
    pub fn remember(&mut self, block: Option<Id>, label: &str, reverse: Reverse) {
        match block.and_then(|block| self.open.iter_mut().find(|(open, _)| *open == block)) {
            Some((_, step)) => step.reverses.push(reverse),
            None => self.push_step(Step { label: label.to_owned(), reverses: vec![reverse] }),
        }
    }

    /// Take the newest step back; what it was called.
    pub fn oops(&mut self) -> Result<String, String> {
        let step = self.undo.pop().ok_or("there is nothing to take back")?;
        for reverse in step.reverses.into_iter().rev() {
            self.take_back(reverse);
        }
        Ok(step.label)
    }

    /// Make one step of all since there were so many.
    pub fn join_steps(&mut self, since: usize, label: &str) {
        self.gather_steps(since, label, None);
    }

    /// The same, into a block where one is given and open.
    pub fn gather_steps(&mut self, since: usize, label: &str, block: Option<Id>) {
        let since = since.min(self.undo.len());
        let mut reverses: Vec<Reverse> =
            self.undo.split_off(since).into_iter().flat_map(|step| step.reverses).collect();
        match block.and_then(|block| self.open.iter_mut().find(|(open, _)| *open == block)) {
            Some((_, step)) => step.reverses.append(&mut reverses),
            None => self.push_step(Step { label: label.to_owned(), reverses }),
        }
    }

    /// The handle under which an object lives now, where Oops brought it back.
    fn now_called(&self, id: Id) -> Id {
        let mut id = id;
        while let Some(new) = self.reborn.get(&id) {
            id = *new;
        }
        id
    }

    fn take_back(&mut self, reverse: Reverse) {
        match reverse {
            Reverse::Made(id) => {
                let id = self.now_called(id);
                let chain: Vec<Id> = self.tree.chain(id).collect();
                self.tree.remove(id);
                self.changed(chain, "Delete");
            }
            Reverse::Removed { parent, place, frozen } => {
                let parent = self.now_called(parent);
                let mut born = vec![];
                let id = self.tree.thaw(&frozen, &mut born);
                self.tree.relink(&born);
                self.reborn.extend(born);
                self.tree.attach(parent, id, place);
                if self.tree.class(parent).is_some_and(Class::keeps_time) {
                    self.put_back_at(parent, id, place);
                }
                self.changed(self.tree.chain(id).collect(), "Create");
            }
            Reverse::Changed(id, before, place) => {
                let id = self.now_called(id);
                let time = before.event.time;
                if self.tree.get(id).is_none() {
                    return;
                }
                if self.tree.get(id).is_some_and(|now| now.class.is_event() && now.event.time != time) {
                    self.tree.retime(id, time);
                    self.tree.place_among_equals(id, place);
                }
                if let Some(object) = self.tree.get_mut(id) {
                    let children = std::mem::take(&mut object.children);
                    let (parent, tail) = (object.parent, object.tail);
                    *object = Object { children, parent, tail, ..*before };
                }
                self.changed(self.tree.chain(id).collect(), "Property");
            }
            Reverse::Moved(id, place) => {
                let id = self.now_called(id);
                self.tree.reorder(id, place);
                self.changed(self.tree.chain(id).collect(), "Move");
            }
        }
    }

    /// An event that comes back stands where it stood, also among events of the same time.
    fn put_back_at(&mut self, parent: Id, id: Id, place: usize) {
        if let Some(object) = self.tree.get_mut(parent) {
            object.children.pop();
            object.tail -= 1;
            let place = place.min(object.children.len());
            object.children.insert(place, id);
            if place >= object.children.len() - object.tail {
                object.tail += 1;
            }
        }
        self.tree.sort(parent);
    }
}
