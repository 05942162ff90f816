//! Gathers what a merge does, one event at a time. Thread: any.

use super::{BasePair, Conflict, DeskEvent, DeskOp, Fields, Merged};

/// What is known so far.
pub(super) struct Outcome<'a> {
    theirs: &'a [DeskEvent],
    merged: Merged,
    /// For each entry of the base its place in the desk's storage: by time, and at one time in the order there was.
    places: Vec<(i64, usize)>,
}

impl<'a> Outcome<'a> {
    pub fn new(theirs: &'a [DeskEvent]) -> Self {
        let mut merged = Merged::default();
        merged.base.reserve(theirs.len());
        Self { theirs, merged, places: Vec::with_capacity(theirs.len()) }
    }

    /// An event both sides have from now on: ours as `ours` (before: `had`), the desk's as `desk` (before: at `idx`).
    pub fn settle(&mut self, id: u64, had: Option<&DeskEvent>, ours: DeskEvent, idx: Option<usize>, desk: DeskEvent) {
        match had {
            Some(had) if *had == ours => {}
            Some(_) => {
                self.merged.effect.ours_set += 1;
                self.merged.ours.push((id, Some(ours.clone())));
            }
            None => {
                self.merged.effect.ours_added += 1;
                self.merged.ours.push((id, Some(ours.clone())));
            }
        }
        match idx {
            Some(idx) => {
                let fields = Fields::between(&self.theirs[idx], &desk);
                if !fields.is_empty() {
                    self.merged.effect.desk_set += 1;
                    self.merged.desk.push(DeskOp::Set { id, idx, event: desk.clone(), fields });
                }
            }
            None => {
                self.merged.effect.desk_added += 1;
                self.merged.desk.push(DeskOp::Add { id, event: desk.clone() });
            }
        }
        let asked = (ours != desk).then_some(ours);
        self.keep(BasePair { asked, ..BasePair::agreed(id, desk) }, idx);
    }

    /// An entry of the base, as it is.
    pub fn keep(&mut self, pair: BasePair, idx: Option<usize>) {
        self.places.push((pair.event.ticks, idx.unwrap_or(usize::MAX)));
        self.merged.base.push(pair);
    }

    /// An event goes from our layer; the desk has it no more.
    pub fn remove_ours(&mut self, id: u64) {
        self.merged.effect.ours_deleted += 1;
        self.merged.ours.push((id, None));
    }

    /// An event goes from the desk; we have it no more.
    pub fn remove_theirs(&mut self, id: u64, idx: usize) {
        self.merged.effect.desk_deleted += 1;
        self.merged.desk.push(DeskOp::Del { id, idx });
    }

    /// Nobody decided: both sides and the base stay.
    pub fn conflict(&mut self, pair: BasePair, conflict: Conflict) {
        self.merged.effect.conflicts += 1;
        // Not at the place of theirs: equal entries stay in their order, so that the same conflict is found again.
        self.keep(BasePair { disputed: conflict.theirs.clone(), ..pair }, None);
        self.merged.conflicts.push(conflict);
    }

    /// An edit of the side that does not lead is undone.
    pub fn overwritten(&mut self) {
        self.merged.effect.overwritten += 1;
    }

    /// An event only the desk has stays there.
    pub fn keep_theirs(&mut self, idx: usize) {
        self.merged.effect.kept += 1;
        self.merged.kept_theirs.push(idx);
    }

    /// An event only we have stays here.
    pub fn keep_ours(&mut self, id: u64) {
        self.merged.effect.kept += 1;
        self.merged.kept_ours.push(id);
    }

    /// All of it, in an order that depends on nothing but the input.
    pub fn finish(mut self) -> Merged {
        let time = |conflict: &Conflict| conflict.ours.as_ref().or(conflict.theirs.as_ref()).map(|event| event.ticks);
        self.merged.conflicts.sort_by_key(|conflict| (time(conflict), conflict.id));
        if !self.places.is_sorted() {
            let mut placed: Vec<_> = self.places.into_iter().zip(self.merged.base).collect();
            placed.sort_by_key(|(place, _)| *place);
            self.merged.base = placed.into_iter().map(|(_, pair)| pair).collect();
        }
        self.merged
    }
}
