//! Parts that views share. Thread: gui.

pub mod entry;
pub mod lua_lex;
pub mod lua_syntax;
pub mod lua_text;
pub mod number;
pub mod prompt;
pub mod script_text;

use egui::Response;

/// Give a widget the name that screen readers speak and tests look for.
pub fn named(response: &Response, name: &str) {
    response.ctx.accesskit_node_builder(response.id, |node| node.set_label(name));
}
