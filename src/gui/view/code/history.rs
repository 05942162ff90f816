//! Undo and redo of the text: whatever changed it, by hand or by command, is one step back. Thread: gui. Pure.

use std::ops::Range;

use super::merge::Change;

/// Most steps kept.
const STEPS_MAX: usize = 2000;
/// Seconds after which typing on is a step of its own.
const PAUSE_SECS: f64 = 1.5;

/// One change: at a byte, what went and what came, and what was selected (characters) before and after.
#[derive(Debug, Clone, PartialEq)]
struct Step {
    at: usize,
    gone: String,
    come: String,
    before: Range<usize>,
    after: Range<usize>,
    time: f64,
}

impl Step {
    /// Take a step in when it goes on where this one ended: letters of one word, or one letter deleted after another.
    fn absorb(&mut self, next: &Step) -> bool {
        if next.time - self.time > PAUSE_SECS {
            return false;
        }
        let typed = self.gone.is_empty() && next.gone.is_empty() && next.at == self.at + self.come.len();
        let begins_a_word = self.come.ends_with(char::is_whitespace) && !next.come.starts_with(char::is_whitespace);
        let word = !next.come.contains('\n') && next.come.chars().count() == 1 && !begins_a_word;
        let both = self.come.is_empty() && next.come.is_empty() && next.gone.chars().count() == 1;
        if typed && word && !self.come.contains('\n') {
            self.come.push_str(&next.come);
        } else if both && next.at + next.gone.len() == self.at {
            self.gone.insert_str(0, &next.gone);
            self.at = next.at;
        } else {
            return false;
        }
        self.after = next.after.clone();
        self.time = next.time;
        true
    }
}

/// The steps of one text.
#[derive(Default)]
pub struct History {
    // The text and selection after the last step.
    text: String,
    selection: Range<usize>,
    done: Vec<Step>,
    undone: Vec<Step>,
}

impl History {
    /// Look at the text after a frame: if it is another one, that is a step. Costs a comparison when it is the same.
    pub fn look(&mut self, text: &str, selection: &Range<usize>, time: f64) {
        if self.text == text {
            self.selection = selection.clone();
            return;
        }
        let (at, gone, come) = difference(&self.text, text);
        let step = Step {
            at,
            gone: self.text[gone].to_owned(),
            come: text[come].to_owned(),
            before: self.selection.clone(),
            after: selection.clone(),
            time,
        };
        if self.undone.is_empty() && self.done.last_mut().is_some_and(|last| last.absorb(&step)) {
            // It is part of the last step now.
        } else {
            self.done.push(step);
        }
        self.undone.clear();
        if self.done.len() > STEPS_MAX {
            self.done.remove(0);
        }
        text.clone_into(&mut self.text);
        self.selection = selection.clone();
    }

    /// Somebody else changed the text to this: no step of ours. Every text that the steps lead to, back and forth, gets
    /// the same change; where half of it lies in something typed here, the steps on that side end there.
    pub fn outside(&mut self, changes: &[Change], text: &str) {
        let gone: usize = changes.iter().map(|change| change.old.len()).sum();
        if self.is_fresh() || gone > self.text.len() / 2 {
            return self.begin(text);
        }
        // From the last: the places of those before it hold.
        for change in changes.iter().rev() {
            self.put_in(change.old.clone(), &text[change.new.clone()]);
        }
        if self.text != text {
            self.begin(text);
        }
    }

    fn put_in(&mut self, place: Range<usize>, new: &str) {
        let at = self.text[..place.start].chars().count();
        let letters = at..at + self.text[place.clone()].chars().count();
        let shift = Shift { place: place.clone(), letters, new };
        shift.select(&mut self.selection);
        walk(&mut self.done, shift.clone(), |Step { at, gone, come, before, after, .. }, shift| {
            shift.pass(at, come, gone, after, before)
        });
        walk(&mut self.undone, shift, |Step { at, gone, come, before, after, .. }, shift| {
            shift.pass(at, gone, come, before, after)
        });
        self.text.replace_range(place, new);
    }

    /// Begin with this text: nothing before it can be had back.
    pub fn begin(&mut self, text: &str) {
        *self = Self { text: text.to_owned(), ..Self::default() };
    }

    /// Whether there is nothing to undo and nothing was ever typed.
    pub fn is_fresh(&self) -> bool {
        self.done.is_empty() && self.undone.is_empty()
    }

    /// Take the last step back; gives the text and what is selected then.
    pub fn undo(&mut self) -> Option<(&str, Range<usize>)> {
        let mut step = self.done.pop()?;
        self.text.replace_range(step.at..step.at + step.come.len(), &step.gone);
        self.selection = step.before.clone();
        // What is done again after this is never typed on to.
        step.time = f64::NEG_INFINITY;
        self.undone.push(step);
        Some((&self.text, self.selection.clone()))
    }

    /// Do a step again.
    pub fn redo(&mut self) -> Option<(&str, Range<usize>)> {
        let step = self.undone.pop()?;
        self.text.replace_range(step.at..step.at + step.gone.len(), &step.come);
        self.selection = step.after.clone();
        self.done.push(step);
        Some((&self.text, self.selection.clone()))
    }
}

/// A change from elsewhere: the bytes and letters it replaces in the text that a step leads from.
#[derive(Clone)]
struct Shift<'a> {
    place: Range<usize>,
    letters: Range<usize>,
    new: &'a str,
}

/// What becomes of a change where a step is taken.
enum Passed {
    /// It is in the text that the step leads to as well.
    On,
    /// It lies in what the step takes away, and ends there.
    In,
    /// Half of it does: the step makes no sense any more.
    Half,
}

impl Shift<'_> {
    fn select(&self, selection: &mut Range<usize>) {
        let count = self.new.chars().count();
        let letter = |at: usize| match at {
            _ if at >= self.letters.end => at - self.letters.end + self.letters.start + count,
            _ => at.min(self.letters.start + count),
        };
        *selection = letter(selection.start)..letter(selection.end);
    }

    /// Go over a step at `at` that takes `there` away and puts `next` in its place; `from` and `to` are selected.
    fn pass(
        &mut self,
        at: &mut usize,
        there: &mut String,
        next: &str,
        from: &mut Range<usize>,
        to: &mut Range<usize>,
    ) -> Passed {
        self.select(from);
        let end = *at + there.len();
        if self.place.end <= *at {
            *at = *at - self.place.len() + self.new.len();
        } else if self.place.start >= end {
            let moved =
                |range: &Range<usize>, less: usize, more: usize| range.start - less + more..range.end - less + more;
            self.place = moved(&self.place, there.len(), next.len());
            self.letters = moved(&self.letters, there.chars().count(), next.chars().count());
        } else if *at <= self.place.start && self.place.end <= end {
            there.replace_range(self.place.start - *at..self.place.end - *at, self.new);
            return Passed::In;
        } else {
            return Passed::Half;
        }
        self.select(to);
        Passed::On
    }
}

/// Take a change through steps, the next one to be taken first.
fn walk(steps: &mut Vec<Step>, mut shift: Shift<'_>, mut pass: impl FnMut(&mut Step, &mut Shift<'_>) -> Passed) {
    for number in (0..steps.len()).rev() {
        match pass(&mut steps[number], &mut shift) {
            Passed::On => {}
            Passed::In => return,
            Passed::Half => return drop(steps.drain(..=number)),
        }
    }
}

/// The one stretch in which two texts differ: where, and its bytes in each.
fn difference(old: &str, new: &str) -> (usize, Range<usize>, Range<usize>) {
    let mut start = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
    while !(old.is_char_boundary(start) && new.is_char_boundary(start)) {
        start -= 1;
    }
    let most = old.len().min(new.len()) - start;
    let mut same = old.bytes().rev().zip(new.bytes().rev()).take(most).take_while(|(a, b)| a == b).count();
    while !(old.is_char_boundary(old.len() - same) && new.is_char_boundary(new.len() - same)) {
        same -= 1;
    }
    (start, start..old.len() - same, start..new.len() - same)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn outside(history: &mut History, text: &str) {
        let changes = super::super::merge::changes(&history.text, text).expect("they are short");
        history.outside(&changes, text);
    }

    fn caret(at: usize) -> Range<usize> {
        at..at
    }

    #[test]
    fn a_word_is_one_step_and_a_pause_begins_another() {
        let mut history = History::default();
        for (text, time) in [("k", 0.0), ("ki", 0.1), ("ki ", 0.2), ("ki x", 0.3), ("ki xy", 0.4), ("ki xyz", 5.0)] {
            history.look(text, &caret(text.len()), time);
        }
        let mut seen = vec![];
        while let Some((text, selection)) = history.undo() {
            seen.push((text.to_owned(), selection.start));
        }
        assert_eq!(seen, [("ki xy".into(), 5), ("ki ".into(), 3), (String::new(), 0)]);
        while history.redo().is_some() {}
        assert_eq!(history.text, "ki xyz");
    }

    #[test]
    fn letters_deleted_one_after_another_are_one_step() {
        let mut history = History::default();
        history.begin("one two");
        for (text, time) in [("one tw", 0.0), ("one t", 0.1), ("one ", 0.2)] {
            history.look(text, &caret(text.len()), time);
        }
        assert_eq!(history.undo().map(|(text, _)| text.to_owned()), Some("one two".into()));
        assert_eq!(history.undo(), None);
    }

    #[test]
    fn a_change_after_undo_ends_what_could_be_redone() {
        let mut history = History::default();
        history.look("a", &caret(1), 0.0);
        history.look("a\nb", &caret(3), 9.0);
        history.undo();
        history.look("ac", &caret(2), 9.1);
        assert_eq!(history.redo(), None);
        assert_eq!(history.undo().map(|(text, _)| text.to_owned()), Some("a".into()));
    }

    #[test]
    fn what_others_change_is_not_undone_and_does_not_disturb() {
        let mut history = History::default();
        history.begin("a = 1\nb = 2\nc = 3");
        history.look("aa = 1\nb = 2\nc = 3", &caret(2), 0.0);
        history.look("aa = 1\nb = 2\ncc = 3", &caret(15), 9.0);
        outside(&mut history, "aa = 1\nb = 2222\ncc = 3");
        let mut seen = vec![];
        while let Some((text, _)) = history.undo() {
            seen.push(text.to_owned());
        }
        assert_eq!(seen, ["aa = 1\nb = 2222\nc = 3", "a = 1\nb = 2222\nc = 3"]);
        while history.redo().is_some() {}
        assert_eq!(history.text, "aa = 1\nb = 2222\ncc = 3");
        outside(&mut history, "aa = 1\nb = 2222\nx = 3");
        assert_eq!(history.undo(), None, "the newest step was at that very place, and older ones lie under it");
    }

    proptest! {
        #[test]
        fn a_change_from_elsewhere_never_breaks_the_steps(
            texts in prop::collection::vec("[ab\n]{0,6}", 1..8), other in "[abc\n]{0,8}"
        ) {
            let mut history = History::default();
            for (number, text) in texts.iter().enumerate() {
                history.look(text, &caret(0), number as f64 * 9.0);
            }
            outside(&mut history, &other);
            while history.undo().is_some() {}
            while history.redo().is_some() {}
            prop_assert_eq!(&history.text, &other);
        }

        #[test]
        fn all_the_way_back_is_the_first_text_and_forth_the_last(
            texts in prop::collection::vec("[a-cäö\n ]{0,8}", 1..20)
        ) {
            let mut history = History::default();
            for (number, text) in texts.iter().enumerate() {
                history.look(text, &caret(0), number as f64 * 0.7);
            }
            while history.undo().is_some() {}
            prop_assert_eq!(&history.text, "");
            while history.redo().is_some() {}
            prop_assert_eq!(&history.text, texts.last().expect("one"));
        }
    }
}
