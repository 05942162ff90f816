//! THE EDITOR: a pure function of (Snapshot, Meters, ClockMap, view state) to pixels, and of input to intents.
//!
//! Thread: gui. **Invariant:** nothing here changes the Session; every change is a Batch sent through
//! [`crate::bus::Remote`], every chunk an `EvalCall`. Views keep view state only and no Snapshot across frames.
//!
//! Reading order: [`app`] (the frame and what is in it), [`scene`] (what one frame sees, and how it asks),
//! [`keymap`] (every key), [`theme`] (every colour), [`playhead`] (which row sounds), [`view`] (the views),
//! [`widget`] (their parts), [`window`] (the window around it all).

pub mod app;
pub mod keymap;
pub mod playhead;
pub mod scene;
pub mod theme;
pub mod view;
pub mod widget;
pub mod window;

pub use app::{App, Keyboard, ViewName};
pub use view::desk::DeskFiles;
pub use window::{Content, FIRST_SIZE, Look, Windowed, open};

#[cfg(test)]
mod tests;
