//! One sentence for each kind of edit: what changes in the text, byte for byte, and what is left and marked.

mod kinds;
mod safe;

use std::sync::Arc;
use std::time::Instant;

use super::{Patched, patch};
use crate::model::{Command, Item, Session};
use crate::script::dry::Dry;
use crate::script::tests::Shelf;

/// A text as a person wrote it, the session it made, and what is done to that elsewhere.
pub(super) struct Page {
    dry: Dry,
    text: String,
    live: Session,
    touched: Vec<Item>,
}

/// The page of a text.
pub(super) fn page(text: &str) -> Page {
    let mut dry = Dry::new(Arc::new(Shelf), Instant::now);
    let live = dry.run(text, &[]).unwrap_or_else(|e| panic!("{}\n{text}", e.text())).session.clone();
    Page { dry, text: text.to_owned(), live, touched: vec![] }
}

impl Page {
    /// Something is done elsewhere.
    pub fn with(mut self, command: Command) -> Self {
        let before = self.live.clone();
        let done = self.live.perform(&command).unwrap();
        let mut at = before;
        for edit in &done.forward {
            self.touched.extend(Item::of(edit, &at));
            at.apply(edit).unwrap();
        }
        self
    }

    pub fn patch(&mut self) -> Patched {
        patch(&mut self.dry, &self.text, &self.live, &[], &self.touched)
    }

    /// The text becomes exactly this, nothing is marked, and it makes the session.
    #[track_caller]
    pub fn becomes(mut self, wanted: &str) {
        let patched = self.patch();
        assert_eq!(&*patched.text, wanted, "marks: {:?}", patched.marks);
        assert_eq!(patched.marks, vec![]);
        let made = self.dry.run(&patched.text, &[]).unwrap();
        assert_eq!(made.session.diff(&self.live), vec![]);
        assert!(!patched.written.is_empty());
    }

    /// The text stays as it is; gives the only mark.
    #[track_caller]
    pub fn stays_marked(mut self) -> crate::model::TextMark {
        let patched = self.patch();
        assert_eq!(&*patched.text, self.text);
        assert_eq!((patched.marks.len(), patched.written.len()), (1, 0), "{:?}", patched.marks);
        let mark = patched.marks[0].clone();
        for offer in [&mark.pin, &mark.over].into_iter().flatten() {
            let made = self.dry.run(offer, &[]).unwrap();
            assert_eq!(made.session.diff(&self.live), vec![], "{offer}");
        }
        mark
    }
}
