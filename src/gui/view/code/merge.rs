//! Two people at one text: what was typed and what came from elsewhere, made one. Thread: gui. Pure.
//!
//! Texts are compared word by word, so a number written by the session and a word typed on the same line are both kept.
//! Where both changed the same word, the typing wins.

use std::ops::Range;

/// Most words that may differ until texts count as different altogether.
const EDITS_MAX: usize = 500;

/// One stretch that is another one: byte ranges in the old and the new text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What was there.
    pub old: Range<usize>,
    /// What stands there now.
    pub new: Range<usize>,
}

/// What a text became, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The text.
    pub text: String,
    /// The changes that lead from what was typed to it, in order.
    pub changes: Vec<Change>,
}

/// Put into `typed` what leads from `base` to `theirs`. Texts that have little in common are not mixed: the typing
/// stays as it is.
pub fn merge(base: &str, typed: &str, theirs: &str) -> Merged {
    let whole = |text: &str| Merged { text: text.to_owned(), changes: vec![] };
    if base == typed {
        let all = || vec![Change { old: 0..typed.len(), new: 0..theirs.len() }];
        return Merged { text: theirs.to_owned(), changes: changes(base, theirs).unwrap_or_else(all) };
    }
    let (Some(mine), Some(news)) = (changes(base, typed), changes(base, theirs)) else { return whole(typed) };
    if base.trim().is_empty() || news.iter().map(|change| change.old.len()).sum::<usize>() > base.len() / 2 {
        return whole(typed);
    }
    let mut merged = Merged { text: String::with_capacity(typed.len() + 64), changes: vec![] };
    // How far `typed` is copied, and how many of its own changes lie before.
    let (mut done, mut own) = (0, 0);
    for change in news {
        let new = &theirs[change.new.clone()];
        while mine.get(own).is_some_and(|m| is_before(m, typed, &change, new)) {
            own += 1;
        }
        if mine.get(own).is_some_and(|m| meets(&m.old, &change.old)) {
            continue;
        }
        // Where in `typed` the old stretch stands, after its own changes before it.
        let start = match own.checked_sub(1).map(|last| &mine[last]) {
            Some(last) => last.new.end + change.old.start.saturating_sub(last.old.end),
            None => change.old.start,
        };
        let stretch = start..start + change.old.len();
        merged.text.push_str(&typed[done..stretch.start]);
        let at = merged.text.len();
        merged.text.push_str(new);
        done = stretch.end;
        merged.changes.push(Change { old: stretch, new: at..merged.text.len() });
    }
    merged.text.push_str(&typed[done..]);
    merged
}

/// Whether what was typed comes before a change of theirs. Two insertions at one place: whole lines of theirs go before
/// the line that is being typed, and lines that they begin go after it.
fn is_before(mine: &Change, typed: &str, theirs: &Change, new: &str) -> bool {
    if mine.old.is_empty() && theirs.old.is_empty() && mine.old.start == theirs.old.start {
        return !new.ends_with('\n') || typed[mine.new.clone()].ends_with('\n');
    }
    mine.old.end <= theirs.old.start
}

/// Whether two stretches of one text have something in common.
fn meets(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// Where a place in the old text, in bytes, is in the new one.
pub fn follow(changes: &[Change], place: usize, new: &str) -> usize {
    let mut moved = place;
    for Change { old, new: stretch } in changes {
        if old.end < place || (old.end == place && !old.is_empty()) {
            moved = place - old.end + stretch.end;
        } else if old.is_empty() && old.start == place {
            // A line put in before the caret's own moves the caret down with its line.
            moved = if new[stretch.clone()].ends_with('\n') { stretch.end } else { stretch.start };
        } else if old.start < place {
            moved = stretch.start + (place - old.start).min(stretch.len());
            while !new.is_char_boundary(moved) {
                moved -= 1;
            }
        } else {
            break;
        }
    }
    moved
}

/// The stretches in which two texts differ, in order; `None` when there is too much that differs.
pub fn changes(old: &str, new: &str) -> Option<Vec<Change>> {
    if old == new {
        return Some(vec![]);
    }
    let (a, b) = (words(old), words(new));
    let head = a.iter().zip(&b).take_while(|(x, y)| old[(*x).clone()] == new[(*y).clone()]).count();
    let most = a.len().min(b.len()) - head;
    let same = |(x, y): &(&Range<usize>, &Range<usize>)| old[(*x).clone()] == new[(*y).clone()];
    let tail = a.iter().rev().zip(b.iter().rev()).take(most).take_while(same).count();
    let (mid_a, mid_b) = (&a[head..a.len() - tail], &b[head..b.len() - tail]);
    let equal = |x: usize, y: usize| old[mid_a[x].clone()] == new[mid_b[y].clone()];
    let start = |list: &[Range<usize>], at: usize, end: usize| list.get(at).map_or(end, |word| word.start);
    let pieces = differing(mid_a.len(), mid_b.len(), equal)?;
    let change = |(x, y): (Range<usize>, Range<usize>)| Change {
        old: start(&a, head + x.start, old.len())..start(&a, head + x.end, old.len()),
        new: start(&b, head + y.start, new.len())..start(&b, head + y.end, new.len()),
    };
    Some(pieces.into_iter().map(change).collect())
}

/// Words, numbers, white space and signs, one after the other.
fn words(text: &str) -> Vec<Range<usize>> {
    #[derive(PartialEq, Clone, Copy)]
    enum Class {
        Word,
        Space,
        Single,
    }
    let mut found: Vec<Range<usize>> = vec![];
    let mut last = Class::Single;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let digit = |c: char| c.is_ascii_digit();
        let before = text[..at].chars().next_back();
        let point = c == '.' && before.is_some_and(digit) && chars.peek().is_some_and(|(_, next)| digit(*next));
        let class = match c {
            ' ' | '\t' => Class::Space,
            c if c.is_alphanumeric() || c == '_' || point => Class::Word,
            _ => Class::Single,
        };
        match found.last_mut() {
            Some(word) if class == last && class != Class::Single => word.end = at + c.len_utf8(),
            _ => found.push(at..at + c.len_utf8()),
        }
        last = class;
    }
    found
}

/// The differing stretches of two lists (Myers): ranges in both, in order.
fn differing(a: usize, b: usize, equal: impl Fn(usize, usize) -> bool) -> Option<Vec<(Range<usize>, Range<usize>)>> {
    if a == 0 || b == 0 {
        return Some(vec![(0..a, 0..b)]);
    }
    let most = (a + b).min(EDITS_MAX);
    // The furthest place in `a` on each diagonal, for every count of edits.
    let mut rows: Vec<Vec<usize>> = vec![];
    let mut front = vec![0usize; 2 * most + 3];
    let middle = most as isize + 1;
    let found = (0..=most as isize).find(|edits| {
        rows.push(front.clone());
        (-edits..=*edits).step_by(2).any(|diagonal| {
            let at = (middle + diagonal) as usize;
            let down = diagonal == -edits || (diagonal != *edits && front[at - 1] < front[at + 1]);
            let mut x = if down { front[at + 1] } else { front[at - 1] + 1 };
            let mut y = (x as isize - diagonal) as usize;
            while x < a && y < b && equal(x, y) {
                (x, y) = (x + 1, y + 1);
            }
            front[at] = x;
            x >= a && y >= b
        })
    })?;
    let mut steps = vec![];
    let (mut x, mut y) = (a as isize, b as isize);
    for edits in (1..=found).rev() {
        let front = &rows[edits as usize];
        let diagonal = x - y;
        let at = (middle + diagonal) as usize;
        let down = diagonal == -edits || (diagonal != edits && front[at - 1] < front[at + 1]);
        let before = if down { diagonal + 1 } else { diagonal - 1 };
        let from = front[(middle + before) as usize] as isize;
        let (px, py) = (from, from - before);
        steps.push(if down { (px..px, py..py + 1) } else { (px..px + 1, py..py) });
        (x, y) = (px, py);
    }
    steps.reverse();
    let mut joined: Vec<(Range<usize>, Range<usize>)> = vec![];
    for (x, y) in steps {
        let (x, y) = (x.start as usize..x.end as usize, y.start as usize..y.end as usize);
        match joined.last_mut() {
            Some(last) if last.0.end == x.start && last.1.end == y.start => (last.0.end, last.1.end) = (x.end, y.end),
            _ => joined.push((x, y)),
        }
    }
    Some(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(base: &str, typed: &str, theirs: &str) -> String {
        merge(base, typed, theirs).text
    }

    const BASE: &str = "sampler(\"kick\", { volume = 0.8, pan = 0 })\n\nplay(\"kick\")\n";

    #[test]
    fn a_number_and_a_word_typed_on_its_line_are_both_kept() {
        let typed = BASE.replace("pan = 0", "pan = 0, speed = 2");
        let theirs = BASE.replace("0.8", "0.55");
        assert_eq!(merged(BASE, &typed, &theirs), typed.replace("0.8", "0.55"));
        assert_eq!(merged(BASE, BASE, &theirs), theirs);
        assert_eq!(merged(BASE, &typed, BASE), typed);
    }

    #[test]
    fn where_both_changed_one_word_the_typing_stays() {
        let typed = BASE.replace("0.8", "0.25");
        assert_eq!(merged(BASE, &typed, &BASE.replace("0.8", "0.5")), typed);
        let gone = BASE.replace(", { volume = 0.8, pan = 0 }", "");
        assert_eq!(merged(BASE, &gone, &BASE.replace("0.8", "0.5")), gone);
        let both = BASE.replace("0.8", "0.5");
        assert_eq!(merged(BASE, &both, &both), both);
    }

    #[test]
    fn a_statement_that_comes_in_does_not_cut_the_line_being_typed() {
        assert_eq!(merged("a()\n", "a()\nfo", "a()\nsetParam(1)\n"), "a()\nsetParam(1)\nfo");
        assert_eq!(merged("a()", "a()\nfo", "a()\nsetParam(1)"), "a()\nfo\nsetParam(1)");
        assert_eq!(merged("a()\nb()", "a()x\nb()", "a()\nnew()\nb()"), "a()x\nnew()\nb()");
    }

    #[test]
    fn another_text_altogether_does_not_mix_with_what_was_typed() {
        assert_eq!(merged(BASE, &format!("x{BASE}"), "from elsewhere"), format!("x{BASE}"));
        assert_eq!(merged(BASE, BASE, "from elsewhere"), "from elsewhere");
        assert_eq!(merged("", "", "loaded"), "loaded");
    }

    #[test]
    fn a_place_keeps_its_letter() {
        let theirs = BASE.replace("0.8", "0.12345");
        let moves = merge(BASE, BASE, &theirs).changes;
        for (place, letter) in BASE.char_indices().filter(|(at, _)| !BASE[..*at].ends_with(['0', '.', '8'])) {
            let moved = follow(&moves, place, &theirs);
            if letter != '0' {
                assert_eq!(theirs[moved..].chars().next(), Some(letter), "{place}");
            }
        }
        assert_eq!(follow(&moves, BASE.len(), &theirs), theirs.len());
        let line = format!("new()\n{BASE}");
        assert_eq!(follow(&merge(BASE, BASE, &line).changes, 0, &line), 6);
    }

    proptest::proptest! {
        #[test]
        fn a_difference_made_is_the_other_text(a in "[ab1. \n(ä]{0,40}", b in "[ab1. \n(ä]{0,40}") {
            let mut made = String::new();
            let mut done = 0;
            for change in changes(&a, &b).expect("they are short") {
                made.push_str(&a[done..change.old.start]);
                made.push_str(&b[change.new]);
                done = change.old.end;
            }
            made.push_str(&a[done..]);
            proptest::prop_assert_eq!(&made, &b);
        }

        #[test]
        fn any_three_texts_make_one(base in "[ab1 \n]{0,30}", typed in "[ab1 \n]{0,30}", theirs in "[ab1 \nä]{0,30}") {
            let made = merge(&base, &typed, &theirs);
            for place in typed.char_indices().map(|(at, _)| at) {
                proptest::prop_assert!(made.text.is_char_boundary(follow(&made.changes, place, &made.text)));
            }
            if base == typed {
                proptest::prop_assert_eq!(&made.text, &theirs);
            }
            if base == theirs {
                proptest::prop_assert_eq!(&made.text, &typed);
            }
        }
    }
}
