//! Shows what nice-plug's wrapper logs: on the terminal, and kept for the window's console.
//!
//! Thread: any. The wrapper logs on its audio thread only when it gives up.

use std::fmt::{Debug, Write as _};
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

/// What was shown, and how much of it was fetched.
static SHOWN: Mutex<(Vec<String>, usize)> = Mutex::new((vec![], 0));
/// More are not kept: nobody reads so far back.
const LINES_MAX: usize = 64;

/// Listen from now on. Once per process.
pub fn listen() {
    // Somebody else listens already: then it is shown there.
    let _ = tracing::subscriber::set_global_default(Terminal);
}

/// Write a line to the terminal's error output, and keep it for [`new_lines`].
pub fn show(text: &str) {
    write(text);
    let mut shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if shown.0.len() < LINES_MAX {
        shown.0.push(text.to_owned());
    }
}

fn write(text: &str) {
    // A terminal that is gone is no reason to stop playing.
    let _ = writeln!(std::io::stderr(), "tracklight: {text}");
}

/// What was shown since the last call.
pub fn new_lines() -> Vec<String> {
    let mut shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let (from, to) = (shown.1, shown.0.len());
    shown.1 = to;
    shown.0[from..].to_vec()
}

/// Whether the terminal has this line already.
pub fn was_shown(text: &str) -> bool {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner).0.iter().any(|line| line == text)
}

struct Terminal;

impl Subscriber for Terminal {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO && metadata.target().starts_with("nice_plug")
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        // It cannot have Ctrl+C because we have it.
        if text.0.contains("setting close signal callback") {
            return;
        }
        match *event.metadata().level() <= Level::WARN {
            true => show(&text.0),
            // Advice about options is for the terminal alone.
            false => write(&text.0),
        }
    }

    // It logs no spans.
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// The message of an event.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            // Writing to a string does not fail.
            let _ = write!(self.0, "{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_wrapper_logs_is_kept_and_what_others_log_is_not() {
        tracing::subscriber::with_default(Terminal, || {
            tracing::error!(target: "nice_plug::wrapper", "no card {}", 3);
            tracing::debug!(target: "nice_plug::wrapper", "chatter");
            tracing::error!(target: "wgpu", "not ours");
        });
        assert_eq!(new_lines(), ["no card 3"]);
        assert!(new_lines().is_empty() && was_shown("no card 3") && !was_shown("chatter"));
    }
}
