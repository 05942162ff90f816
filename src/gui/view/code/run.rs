//! Chunks on their way: what was run, where it waits, which lines are wrong. Thread: gui. Pure but for asking.

use std::ops::Range;
use std::sync::Arc;

use crate::model::{BatchId, EvalOutcome, Snapshot, When};

/// Seconds that a block glows after it has run.
pub const FLASH_SECS: f64 = 0.6;

/// A line with an error. It keeps the line's text, to find it again when lines move.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// The line, from 0.
    pub line: usize,
    /// What is wrong.
    pub message: Arc<str>,
    content: String,
}

/// A chunk that was sent.
struct Sent {
    id: u64,
    lines: Range<usize>,
    batch: Option<BatchId>,
    ended: bool,
}

/// What became of the chunks of one buffer.
#[derive(Default)]
pub struct Runs {
    sent: Vec<Sent>,
    /// Lines with errors.
    pub marks: Vec<Mark>,
    /// The last error that belongs to no line.
    pub lost: Option<Arc<str>>,
    /// Lines that have just run, and when.
    pub flash: Option<(Range<usize>, f64)>,
}

impl Runs {
    /// A chunk of these lines was sent.
    pub fn sent(&mut self, id: u64, lines: Range<usize>) {
        self.sent.push(Sent { id, lines, batch: None, ended: false });
        if self.sent.len() > 64 {
            self.sent.remove(0);
        }
    }

    /// Read results: errors mark their lines, successes take the marks of their lines away and glow.
    pub fn look(&mut self, snapshot: &Snapshot, text: &str, time: f64) {
        for sent in self.sent.iter_mut().filter(|sent| !sent.ended) {
            let Some(result) = snapshot.eval(sent.id) else { continue };
            sent.ended = true;
            self.marks.retain(|mark| !sent.lines.contains(&mark.line));
            self.lost = None;
            match &result.outcome {
                EvalOutcome::Done { batch, .. } => {
                    sent.batch = *batch;
                    self.flash = Some((sent.lines.clone(), time));
                }
                EvalOutcome::Failed { line: Some(line), message } => {
                    let line = (*line as usize).saturating_sub(1);
                    let content = text.split('\n').nth(line).unwrap_or_default().to_owned();
                    self.marks.retain(|mark| mark.line != line);
                    self.marks.push(Mark { line, message: message.clone(), content });
                }
                EvalOutcome::Failed { line: None, message } => self.lost = Some(message.clone()),
            }
        }
        let waits = |sent: &Sent| sent.batch.is_some_and(|b| snapshot.waiting.iter().any(|w| w.batch == b));
        self.sent.retain(|sent| !sent.ended || waits(sent));
        if self.flash.as_ref().is_some_and(|(_, since)| time - since > FLASH_SECS) {
            self.flash = None;
        }
    }

    /// Let the marks follow their lines after the text was changed; a mark goes when its line was changed.
    pub fn follow(&mut self, text: &str) {
        let lines: Vec<&str> = text.split('\n').collect();
        self.marks.retain_mut(|mark| {
            let alike = lines.iter().enumerate().filter(|(_, line)| **line == mark.content);
            let nearest = alike.min_by_key(|(at, _)| at.abs_diff(mark.line));
            nearest.map(|(at, _)| mark.line = at).is_some()
        });
    }

    /// Lines that wait for their moment.
    pub fn waiting(&self) -> impl Iterator<Item = &Range<usize>> {
        self.sent.iter().map(|sent| &sent.lines)
    }
}

/// The moments people choose from.
pub const MOMENTS: [(When, &str); 4] = [
    (When::Now, "now"),
    (When::NextBeat, "next beat"),
    (When::NextBar, "next bar"),
    (When::NextPattern, "next pattern end"),
];

/// What a moment is called.
pub fn moment_name(when: When) -> &'static str {
    MOMENTS.iter().find(|(moment, _)| *moment == when).map_or("at a beat", |(_, name)| name)
}

/// What waits, and how long, as a sentence; `None` when nothing does.
pub fn countdown(snapshot: &Snapshot, beat: f64) -> Option<String> {
    let next = snapshot.waiting.first()?;
    let loading = if next.loading { ", loading" } else { "" };
    let more = match snapshot.waiting.len() {
        1 => String::new(),
        many => format!(" (and {} more)", many - 1),
    };
    Some(format!("{} in {:.1} beats{loading}{more}", next.label, (next.due - beat).max(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EvalResult, Session};

    fn failed(line: u32) -> Snapshot {
        let outcome = EvalOutcome::Failed { line: Some(line), message: Arc::from("wrong") };
        Snapshot { evals: Arc::new([EvalResult { id: 7, outcome }].into()), ..Snapshot::first(Session::new()) }
    }

    #[test]
    fn a_mark_follows_its_line_and_goes_when_the_line_is_changed() {
        let mut runs = Runs::default();
        runs.sent(7, 0..3);
        runs.look(&failed(2), "a\nb\nc", 0.0);
        assert_eq!(runs.marks.iter().map(|m| m.line).collect::<Vec<_>>(), [1]);
        runs.follow("new\na\nb\nc");
        assert_eq!(runs.marks[0].line, 2);
        runs.follow("new\na\nbetter\nc");
        assert!(runs.marks.is_empty());
    }

    #[test]
    fn a_success_takes_the_marks_of_its_lines_away() {
        let mut runs = Runs::default();
        runs.sent(7, 0..3);
        runs.look(&failed(2), "a\nb\nc", 0.0);
        runs.sent(8, 1..2);
        let outcome = EvalOutcome::Done { batch: None, values: vec![] };
        let done =
            Snapshot { evals: Arc::new([EvalResult { id: 8, outcome }].into()), ..Snapshot::first(Session::new()) };
        runs.look(&done, "a\nb\nc", 1.0);
        assert!(runs.marks.is_empty() && runs.flash == Some((1..2, 1.0)));
        runs.look(&done, "a\nb\nc", 2.0);
        assert_eq!(runs.flash, None);
    }
}
