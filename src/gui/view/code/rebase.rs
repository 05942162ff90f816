//! Text undo that survives what comes from elsewhere: a number the session wrote stays when typing is undone. Thread: gui.

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::util::undoer::Undoer;
use egui::{Context, Id};

use super::merge::{Merged, changes, follow, merge};

/// Put another text under an editor: its caret and selection stay at their place, and every text that its undo and redo
/// would bring back gets the same change.
pub fn rebase(context: &Context, id: Id, before: &str, merged: &Merged) {
    let Some(mut state) = TextEditState::load(context, id) else { return };
    if let Some(range) = state.cursor.char_range() {
        state.cursor.set_char_range(Some(moved(&range, before, merged)));
    }
    // A song that has little to do with the one before is no place for its undo.
    let undoer = match changes(before, &merged.text) {
        Some(all) if all.iter().map(|change| change.old.len()).sum::<usize>() <= before.len() / 2 => {
            rebuilt(&state.undoer(), |(range, text)| {
                let theirs = merge(before, text, &merged.text);
                (moved(range, text, &theirs), theirs.text)
            })
        }
        _ => TextEditUndoer::default(),
    };
    state.set_undoer(undoer);
    state.store(context, id);
}

/// A caret and its selection in the changed text.
fn moved(range: &CCursorRange, before: &str, merged: &Merged) -> CCursorRange {
    let place = |cursor: CCursor| {
        let byte = before.char_indices().nth(cursor.index.0).map_or(before.len(), |(at, _)| at);
        let after = follow(&merged.changes, byte, &merged.text);
        CCursor::new(merged.text[..after].chars().count())
    };
    CCursorRange { primary: place(range.primary), secondary: place(range.secondary), ..*range }
}

type State = (CCursorRange, String);
type TextEditUndoer = Undoer<State>;

/// The same steps back and forth, each changed. egui shows its steps only by taking them.
fn rebuilt(undoer: &TextEditUndoer, change: impl Fn(&State) -> State) -> TextEditUndoer {
    let nowhere: State = (CCursorRange::default(), "\u{1}".to_owned());
    let (mut back, mut forth) = (vec![], vec![]);
    let (mut walk, mut at) = (undoer.clone(), nowhere.clone());
    while let Some(state) = walk.undo(&at) {
        at = state.clone();
        back.push(at.clone());
    }
    // Forth is only from where the last step back led to.
    let mut walk = undoer.clone();
    let mut at = back.first().cloned().unwrap_or(nowhere);
    while let Some(state) = walk.redo(&at) {
        at = state.clone();
        forth.push(at.clone());
    }
    let mut made = TextEditUndoer::default();
    back.iter().rev().chain(&forth).for_each(|state| made.add_undo(&change(state)));
    let mut at = forth.last().or(back.first()).map(&change);
    for _ in &forth {
        at = at.and_then(|state| made.undo(&state).cloned());
    }
    made
}
