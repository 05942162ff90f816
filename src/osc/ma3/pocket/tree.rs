//! The object tree: a slab of objects, their order, their numbers. Handles are places in the slab and never used twice.
//!
//! Thread: the desk's. **Invariant:** knows no rules about who may write; `edit` does.

use std::collections::BTreeMap;

use super::class::Class;
use super::value::Value;

/// A handle: a place in the slab.
pub type Id = u32;

/// What only events have.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EventData {
    /// Time in its range, ticks.
    pub time: i64,
    /// Number of the token.
    pub token: i64,
    /// The command.
    pub command: String,
}

/// One object.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its class.
    pub class: Class,
    /// What it stands under.
    pub parent: Option<Id>,
    /// What stands under it, in order.
    pub children: Vec<Id>,
    /// How many of the last children were appended and not yet sorted in.
    pub tail: usize,
    /// Pool number; of a cue, thousandths; else 0.
    pub no: i64,
    /// Its name; an event's may be empty.
    pub name: String,
    /// Its note.
    pub note: String,
    /// It is locked.
    pub lock: bool,
    /// Target of a track, cue of an event.
    pub link: Option<Id>,
    /// What only events have.
    pub event: EventData,
    /// Other properties that were set, by the name in the class's table.
    pub more: BTreeMap<&'static str, Value>,
}

/// The slab.
#[derive(Debug, Default)]
pub struct Tree {
    objects: Vec<Option<Object>>,
}

impl Tree {
    /// An empty slab. Place 0 stays empty, so that no handle is 0.
    pub fn new() -> Self {
        Self { objects: vec![None] }
    }

    /// The object of a handle, where it still exists.
    pub fn get(&self, id: Id) -> Option<&Object> {
        self.objects.get(id as usize).and_then(Option::as_ref)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, id: Id) -> Option<&mut Object> {
        self.objects.get_mut(id as usize).and_then(Option::as_mut)
    }

    /// A new object that stands nowhere yet.
    pub fn create(&mut self, class: Class) -> Id {
        self.objects.push(Some(Object {
            class,
            parent: None,
            children: vec![],
            tail: 0,
            no: 0,
            name: String::new(),
            note: String::new(),
            lock: false,
            link: None,
            event: EventData::default(),
            more: BTreeMap::new(),
        }));
        (self.objects.len() - 1) as Id
    }

    /// Class of an object; `None` where it is gone.
    pub fn class(&self, id: Id) -> Option<Class> {
        self.get(id).map(|object| object.class)
    }

    /// Children of an object, in order.
    pub fn children(&self, id: Id) -> &[Id] {
        self.get(id).map_or(&[], |object| &object.children)
    }

    /// Children of one class.
    pub fn children_of(&self, id: Id, class: Class) -> impl Iterator<Item = Id> + '_ {
        self.children(id).iter().copied().filter(move |child| self.class(*child) == Some(class))
    }

    /// What an object stands under.
    pub fn parent(&self, id: Id) -> Option<Id> {
        self.get(id).and_then(|object| object.parent)
    }

    /// The object and all it stands under, innermost first.
    pub fn chain(&self, id: Id) -> impl Iterator<Item = Id> + '_ {
        std::iter::successors(Some(id), |id| self.parent(*id))
    }

    /// The object itself or what it stands under, of this class.
    pub fn above(&self, id: Id, class: Class) -> Option<Id> {
        self.chain(id).find(|above| self.class(*above) == Some(class))
    }

    fn time(&self, id: Id) -> i64 {
        self.get(id).map_or(0, |object| object.event.time)
    }

    /// Put a new object under a parent, at this place from 0; events and objects of pools find their own place.
    pub fn attach(&mut self, parent: Id, id: Id, at: usize) {
        let Some(class) = self.class(parent) else { return };
        let place = if class.is_pool() || class == Class::Sequence {
            let no = self.get(id).map_or(0, |object| object.no);
            self.children(parent).partition_point(|child| self.get(*child).is_some_and(|c| c.no < no))
        } else if class.keeps_time() {
            self.children(parent).len()
        } else {
            at.min(self.children(parent).len())
        };
        if let Some(object) = self.get_mut(parent) {
            object.children.insert(place, id);
            object.tail += usize::from(class.keeps_time());
        }
        if let Some(object) = self.get_mut(id) {
            object.parent = Some(parent);
        }
    }

    /// Place of an object among its siblings, from 0.
    pub fn place(&self, id: Id) -> Option<usize> {
        let parent = self.get(self.parent(id)?)?;
        if !parent.class.keeps_time() {
            return parent.children.iter().position(|child| *child == id);
        }
        let head = parent.children.len() - parent.tail;
        let time = self.time(id);
        let from = parent.children[..head].partition_point(|child| self.time(*child) < time);
        let same = parent.children[from..head].iter().take_while(|child| self.time(**child) == time);
        let found = same.enumerate().find(|(_, child)| **child == id).map(|(at, _)| from + at);
        found.or_else(|| parent.children[head..].iter().position(|child| *child == id).map(|at| head + at))
    }

    /// Give an event another time and put it where that belongs. Equal times keep their order.
    pub fn retime(&mut self, id: Id, time: i64) {
        let Some(place) = self.place(id) else { return };
        let Some(parent) = self.parent(id) else { return };
        let tail = self.get(parent).map_or(0, |object| object.tail);
        if tail > 0 {
            if let Some(object) = self.get_mut(id) {
                object.event.time = time;
            }
            self.sort(parent);
            return;
        }
        let old = self.time(id);
        let siblings = self.children(parent);
        // As a stable sort would: what stood before an equal one still does.
        let to = if time < old {
            siblings[..place].partition_point(|child| self.time(*child) <= time)
        } else {
            place + siblings[place + 1..].partition_point(|child| self.time(*child) < time)
        };
        if let Some(object) = self.get_mut(id) {
            object.event.time = time;
        }
        if let Some(object) = self.get_mut(parent) {
            if to < place {
                object.children[to..=place].rotate_right(1);
            } else {
                object.children[place..=to].rotate_left(1);
            }
        }
    }

    /// Put an event as near to this place, from 0, as the order of times allows.
    pub fn place_among_equals(&mut self, id: Id, to: usize) {
        let (Some(parent), Some(place)) = (self.parent(id), self.place(id)) else { return };
        let (time, siblings) = (self.time(id), self.children(parent));
        let first = siblings.partition_point(|child| self.time(*child) < time);
        let last = siblings.partition_point(|child| self.time(*child) <= time);
        let to = to.clamp(first, last.max(first + 1) - 1);
        if let Some(object) = self.get_mut(parent).filter(|object| object.tail == 0) {
            object.children.remove(place);
            object.children.insert(to, id);
        }
    }

    /// Sort the children by time; equal times keep their order.
    pub fn sort(&mut self, parent: Id) {
        let Some(object) = self.get_mut(parent) else { return };
        let mut children = std::mem::take(&mut object.children);
        object.tail = 0;
        children.sort_by_key(|child| self.time(*child));
        if let Some(object) = self.get_mut(parent) {
            object.children = children;
        }
    }

    /// Take an object out and forget it and all below it. Their handles are dead.
    pub fn remove(&mut self, id: Id) {
        if let (Some(parent), Some(place)) = (self.parent(id), self.place(id))
            && let Some(object) = self.get_mut(parent)
        {
            if place >= object.children.len() - object.tail {
                object.tail -= 1;
            }
            object.children.remove(place);
        }
        self.forget(id);
    }

    fn forget(&mut self, id: Id) {
        let Some(object) = self.objects.get_mut(id as usize).and_then(Option::take) else { return };
        object.children.into_iter().for_each(|child| self.forget(child));
    }

    /// Move a child to another place among its siblings, from 0.
    pub fn reorder(&mut self, id: Id, to: usize) {
        let (Some(parent), Some(place)) = (self.parent(id), self.place(id)) else { return };
        if let Some(object) = self.get_mut(parent) {
            object.children.remove(place);
            let to = to.min(object.children.len());
            object.children.insert(to, id);
        }
    }

    /// The child of a pool with this number.
    pub fn numbered(&self, pool: Id, no: i64) -> Option<Id> {
        let children = self.children(pool);
        let at = children.partition_point(|child| self.get(*child).is_some_and(|c| c.no < no));
        children.get(at).copied().filter(|child| self.get(*child).is_some_and(|c| c.no == no))
    }

    /// A child by name, in any case.
    pub fn named(&self, parent: Id, name: &str) -> Option<Id> {
        self.children(parent)
            .iter()
            .copied()
            .find(|child| self.get(*child).is_some_and(|c| c.name.eq_ignore_ascii_case(name)))
    }

    /// How many objects there are.
    pub fn count(&self) -> usize {
        self.objects.iter().flatten().count()
    }
}

/// An object and all below it, as in a show file.
#[derive(Debug, Clone)]
pub struct Frozen {
    /// The handle it had.
    pub was: Id,
    /// The object; its children are in `children`.
    pub object: Object,
    /// What stood under it.
    pub children: Vec<Frozen>,
}

impl Tree {
    /// A copy of an object and all below it.
    pub fn freeze(&self, id: Id) -> Option<Frozen> {
        let object = self.get(id)?.clone();
        let children = object.children.iter().filter_map(|child| self.freeze(*child)).collect();
        Some(Frozen { was: id, object, children })
    }

    /// Make the frozen objects anew, with new handles; `born` gets (old, new) of each. Links are not followed.
    pub fn thaw(&mut self, frozen: &Frozen, born: &mut Vec<(Id, Id)>) -> Id {
        let id = self.create(frozen.object.class);
        born.push((frozen.was, id));
        let children: Vec<Id> = frozen.children.iter().map(|child| self.thaw(child, born)).collect();
        for child in &children {
            if let Some(object) = self.get_mut(*child) {
                object.parent = Some(id);
            }
        }
        if let Some(object) = self.get_mut(id) {
            *object = Object { children, parent: None, ..frozen.object.clone() };
        }
        id
    }

    /// Let links that lead to old handles lead to the new ones.
    pub fn relink(&mut self, born: &[(Id, Id)]) {
        let renamed: std::collections::HashMap<Id, Id> = born.iter().copied().collect();
        for (_, new) in born {
            if let Some(object) = self.get_mut(*new)
                && let Some(link) = object.link
            {
                object.link = renamed.get(&link).copied().or(Some(link));
            }
        }
    }
}
