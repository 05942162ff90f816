//! What was changed outside the text and is not written there yet, in order. Thread: scribe. Pure.

use crate::model::{Item, Name};

/// Items, each once; renames come where they happened and are drawn together.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Touched(Vec<Item>);

impl Touched {
    /// One more. What it is about keeps its place, so a drag does not move it.
    pub fn add(&mut self, item: Item) {
        if let Item::Rename(from, to) = &item {
            return self.rename(from, to);
        }
        if !self.0.contains(&item) {
            self.0.push(item);
        }
    }

    /// What was called `from` is called `to`, and the text does not know it.
    fn rename(&mut self, from: &Name, to: &Name) {
        self.follow(from, to);
        let before = self.0.iter().position(|item| matches!(item, Item::Rename(_, last) if last == from));
        match before {
            Some(at) => {
                let Item::Rename(first, _) = self.0[at].clone() else { return };
                self.0.remove(at);
                // There and back is no rename.
                if first != *to {
                    self.0.push(Item::Rename(first, to.clone()));
                }
            }
            None => self.0.push(Item::Rename(from.clone(), to.clone())),
        }
    }

    /// What was called `from` is called `to`: everything but the renames themselves says so.
    pub fn follow(&mut self, from: &Name, to: &Name) {
        for item in &mut self.0 {
            *item = item.renamed(from, to);
        }
        let mut once: Vec<Item> = Vec::with_capacity(self.0.len());
        for item in std::mem::take(&mut self.0) {
            if !once.contains(&item) {
                once.push(item);
            }
        }
        self.0 = once;
    }

    /// The text has it, or somebody else answers for it; whether it was here.
    pub fn remove(&mut self, item: &Item) -> bool {
        let before = self.0.len();
        self.0.retain(|own| own != item);
        self.0.len() != before
    }

    /// Whether nothing is here.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All, in order.
    pub fn items(&self) -> &[Item] {
        &self.0
    }

    /// Take all out, in order.
    pub fn take(&mut self) -> Vec<Item> {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Param;

    fn name(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    fn volume(module: &str) -> Item {
        Item::Param(name(module), Param::VOLUME)
    }

    #[test]
    fn a_drag_is_one_item() {
        let mut touched = Touched::default();
        for item in [volume("kick"), Item::Bpm, volume("kick")] {
            touched.add(item);
        }
        assert_eq!(touched.items(), [volume("kick"), Item::Bpm]);
        assert!(touched.remove(&Item::Bpm) && !touched.remove(&Item::Bpm));
    }

    #[test]
    fn renames_are_drawn_together_and_what_was_touched_follows() {
        let mut touched = Touched::default();
        touched.add(volume("kick"));
        touched.add(Item::Rename(name("kick"), name("boom")));
        touched.add(Item::Rename(name("boom"), name("bang")));
        assert_eq!(touched.items(), [volume("bang"), Item::Rename(name("kick"), name("bang"))]);
        touched.add(Item::Rename(name("bang"), name("kick")));
        assert_eq!(touched.items(), [volume("kick")]);
    }
}
