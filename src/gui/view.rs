//! The views: each draws one side of the Session and asks for changes. Thread: gui.

pub mod bar;
pub mod cell;
pub mod code;
pub mod command;
pub mod console;
pub mod desk;
pub mod grid;
pub mod pattern;
pub mod undo_list;
