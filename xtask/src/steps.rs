//! Progress on the terminal: a headline per step with the time it took, and a table at the end.

use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::{Error, Result};

/// Tell what happens now, with the time since the command began. Goes to the error output, as cargo's own lines do, so
/// that what a command prints as its result stays clean.
pub fn say(what: &str) {
    let since = begun().elapsed();
    eprintln!("{}", bold(&format!("[{}] {what}", clock(since))));
}

fn begun() -> Instant {
    static BEGUN: OnceLock<Instant> = OnceLock::new();
    *BEGUN.get_or_init(Instant::now)
}

fn bold(text: &str) -> String {
    match std::io::stderr().is_terminal() {
        true => format!("\x1b[1m{text}\x1b[0m"),
        false => text.to_string(),
    }
}

/// Minutes and seconds, as on a clock.
fn clock(time: Duration) -> String {
    let secs = time.as_secs();
    format!("{:2}:{:02}", secs / 60, secs % 60)
}

/// How a step ended.
#[derive(Debug)]
pub enum Outcome {
    /// All of it held.
    Passed,
    /// It was not tried, and why.
    Skipped(String),
    /// It did not hold, and why.
    Failed(Error),
}

/// Steps run one after the other.
pub struct Steps {
    keep_going: bool,
    done: Vec<(&'static str, Duration, Outcome)>,
}

impl Steps {
    /// With `keep_going` a failed step does not stop the ones after it.
    pub fn new(keep_going: bool) -> Self {
        begun();
        Self { keep_going, done: Vec::new() }
    }

    /// Run one step, unless one before it failed.
    pub fn step(&mut self, name: &'static str, about: &str, work: impl FnOnce() -> Result<Outcome>) {
        if !self.keep_going && self.failed() {
            self.done.push((name, Duration::ZERO, Outcome::Skipped("not run after the failure".into())));
            return;
        }
        eprintln!();
        say(&format!("{name}: {about}"));
        let start = Instant::now();
        let outcome = work().unwrap_or_else(Outcome::Failed);
        match &outcome {
            Outcome::Passed => {}
            Outcome::Skipped(why) => eprintln!("skipped: {why}"),
            Outcome::Failed(error) => eprintln!("failed: {error:#}"),
        }
        self.done.push((name, start.elapsed(), outcome));
    }

    /// Whether any step failed so far.
    pub fn failed(&self) -> bool {
        self.done.iter().any(|(_, _, outcome)| matches!(outcome, Outcome::Failed(_)))
    }

    /// Whether the named step was run and held.
    pub fn passed(&self, name: &str) -> bool {
        self.done.iter().any(|(own, _, outcome)| *own == name && matches!(outcome, Outcome::Passed))
    }

    /// The table for the end: a line per step, and the total.
    pub fn summary(&self) -> String {
        let mut text = String::from("\n");
        let mut total = Duration::ZERO;
        for (name, time, outcome) in &self.done {
            total += *time;
            let (word, why) = match outcome {
                Outcome::Passed => ("ok", String::new()),
                Outcome::Skipped(why) => ("skipped", why.clone()),
                Outcome::Failed(error) => ("FAILED", first_line(&format!("{error:#}"))),
            };
            text.push_str(format!("{name:10} {:>6}  {word:8} {why}", clock(*time)).trim_end());
            text.push('\n');
        }
        text + &format!("{:10} {:>6}\n", "total", clock(total))
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    fn three(keep_going: bool) -> Steps {
        let mut steps = Steps::new(keep_going);
        steps.step("one", "holds", || Ok(Outcome::Passed));
        steps.step("two", "does not", || bail!("a reason\nwith detail"));
        steps.step("three", "holds", || Ok(Outcome::Passed));
        steps
    }

    #[test]
    fn the_first_failure_stops_the_run() {
        let steps = three(false);
        assert!(steps.failed() && steps.passed("one") && !steps.passed("three"));
        assert!(steps.summary().contains("not run after the failure"));
    }

    #[test]
    fn keep_going_runs_the_rest_and_still_fails() {
        let steps = three(true);
        assert!(steps.failed() && steps.passed("three"));
    }

    #[test]
    fn the_table_names_every_step_and_why_it_failed() {
        let summary = three(true).summary();
        let lines: Vec<&str> = summary.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[1].starts_with("two") && lines[1].ends_with("FAILED   a reason"), "{summary}");
        assert!(lines[3].starts_with("total"));
    }

    #[test]
    fn a_step_that_was_skipped_is_no_failure() {
        let mut steps = Steps::new(false);
        steps.step("one", "cannot", || Ok(Outcome::Skipped("no screen".into())));
        assert!(!steps.failed() && !steps.passed("one"));
    }
}
