//! The window of the standalone program, for those who do not paint it: whether it came, and how to close it.
//!
//! Thread: any but audio. In a DAW the host opens and closes the window, and none of this is used.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is known of the program's one window.
#[derive(Default)]
pub struct OwnWindow {
    opened: AtomicBool,
    to_close: AtomicBool,
    // How to ask for a frame: a window where nothing moves paints none by itself.
    egui: OnceLock<egui::Context>,
}

impl OwnWindow {
    /// Not open yet.
    pub const fn new() -> Self {
        Self { opened: AtomicBool::new(false), to_close: AtomicBool::new(false), egui: OnceLock::new() }
    }

    /// Say that it is open, and drawn with this.
    pub fn opened(&self, egui: &egui::Context) {
        // There is one window in a program's life; a second call has nothing new to say.
        let _ = self.egui.set(egui.clone());
        self.opened.store(true, Ordering::Release);
    }

    /// Whether it was ever open.
    pub fn was_opened(&self) -> bool {
        self.opened.load(Ordering::Acquire)
    }

    /// Ask it to close; answers whether it was asked before.
    pub fn close(&self) -> bool {
        let before = self.to_close.swap(true, Ordering::AcqRel);
        if let Some(egui) = self.egui.get() {
            egui.request_repaint();
        }
        before
    }

    /// Whether it was asked to close.
    pub fn is_to_close(&self) -> bool {
        self.to_close.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_asked_to_close_once_and_knows_the_second_time() {
        let window = OwnWindow::new();
        assert!(!window.is_to_close() && !window.was_opened());
        assert!(!window.close());
        assert!(window.is_to_close() && window.close());
    }
}
