//! Every colour and size of the editor. Thread: gui.
//!
//! Green plays, red has the focus or is wrong, orange is being edited, blue is chosen.
#![allow(clippy::disallowed_methods, reason = "colours are declared here and nowhere else")]

use egui::{Color32, Context, CornerRadius, FontFamily, FontId, Stroke, TextStyle, Theme, Visuals};

/// Behind everything.
pub const BACKGROUND: Color32 = Color32::from_rgb(0x15, 0x17, 0x1c);
/// Bars and side lists.
pub const PANEL: Color32 = Color32::from_rgb(0x1c, 0x1f, 0x26);
/// Text fields and cells.
pub const FIELD: Color32 = Color32::from_rgb(0x10, 0x12, 0x16);
/// Lines between things.
pub const LINE: Color32 = Color32::from_rgb(0x32, 0x37, 0x42);
/// Text.
pub const TEXT: Color32 = Color32::from_rgb(0xdd, 0xe1, 0xe8);
/// Text that matters less.
pub const WEAK: Color32 = Color32::from_rgb(0x98, 0xa1, 0xb0);
/// Empty cells.
pub const FAINT: Color32 = Color32::from_rgb(0x5c, 0x64, 0x72);
/// What plays.
pub const PLAYING: Color32 = Color32::from_rgb(0x5f, 0xd0, 0x7a);
/// The row that plays.
pub const PLAYING_ROW: Color32 = Color32::from_rgb(0x1d, 0x4a, 0x2b);
/// The row where the position stands while nothing moves.
pub const STANDING_ROW: Color32 = Color32::from_rgb(0x1f, 0x2d, 0x25);
/// The focused cell.
pub const FOCUS: Color32 = Color32::from_rgb(0xe5, 0x5a, 0x5a);
/// The cell being edited.
pub const EDITING: Color32 = Color32::from_rgb(0xf0, 0xa0, 0x3c);
/// What is chosen.
pub const CHOSEN: Color32 = Color32::from_rgb(0x2b, 0x4c, 0x7e);
/// Errors.
pub const ERROR: Color32 = Color32::from_rgb(0xff, 0x7b, 0x72);
/// Behind a line with an error.
pub const ERROR_LINE: Color32 = Color32::from_rgb(0x4a, 0x1e, 0x22);
/// What the script computes and the session has otherwise.
pub const COMPUTED: Color32 = Color32::from_rgb(0x8a, 0xb4, 0xff);
/// Behind a line that computes such a thing.
pub const COMPUTED_LINE: Color32 = Color32::from_rgb(0x1b, 0x28, 0x42);
/// Warnings and counters that are not 0.
pub const WARNING: Color32 = Color32::from_rgb(0xf2, 0xc1, 0x4e);
/// The line the caret is on.
pub const CARET_LINE: Color32 = Color32::from_rgb(0x1b, 0x20, 0x29);
/// A block that has just run.
pub const FLASH: Color32 = Color32::from_rgb(0x24, 0x5c, 0x38);
/// Behind what the find bar has found.
pub const FOUND: Color32 = Color32::from_rgb(0x4a, 0x45, 0x22);
/// Part of a cell that shows how full it is.
pub const FILL: Color32 = Color32::from_rgb(0x25, 0x33, 0x48);

/// Lua: keywords.
pub const KEYWORD: Color32 = Color32::from_rgb(0xc6, 0x92, 0xe9);
/// Lua: strings.
pub const STRING: Color32 = Color32::from_rgb(0x9c, 0xd0, 0x7c);
/// Lua: numbers, `true`, `false`, `nil`.
pub const NUMBER: Color32 = Color32::from_rgb(0xe8, 0xa5, 0x6b);
/// Lua: comments.
pub const COMMENT: Color32 = Color32::from_rgb(0x7a, 0x84, 0x94);
/// Lua: what is called.
pub const CALL: Color32 = Color32::from_rgb(0x6c, 0xb6, 0xf5);
/// Lua: fields.
pub const FIELD_NAME: Color32 = Color32::from_rgb(0x8f, 0xd3, 0xd8);
/// Lua: operators and brackets.
pub const SIGN: Color32 = Color32::from_rgb(0xa9, 0xb4, 0xc6);

/// Size of code and cells, in points.
pub const CODE_SIZE: f32 = 13.5;
/// Height of a grid row, in points.
pub const ROW_HEIGHT: f32 = 20.0;

/// The font of code and cells.
pub fn code_font() -> FontId {
    FontId::monospace(CODE_SIZE)
}

/// Put the theme on a window. Once per window.
pub fn apply(context: &Context) {
    context.set_theme(Theme::Dark);
    // Ctrl and + or - change the size of the code, not of everything.
    context.options_mut(|options| options.zoom_with_keyboard = false);
    context.all_styles_mut(|style| {
        let mut visuals = Visuals::dark();
        visuals.panel_fill = BACKGROUND;
        visuals.window_fill = PANEL;
        visuals.extreme_bg_color = FIELD;
        visuals.faint_bg_color = PANEL;
        visuals.override_text_color = Some(TEXT);
        visuals.weak_text_color = Some(WEAK);
        visuals.selection.bg_fill = CHOSEN;
        visuals.selection.stroke = Stroke::new(1.0, TEXT);
        visuals.widgets.noninteractive.bg_stroke = Stroke::new(1.0, LINE);
        visuals.window_stroke = Stroke::new(1.0, LINE);
        visuals.error_fg_color = ERROR;
        visuals.warn_fg_color = WARNING;
        visuals.window_corner_radius = CornerRadius::same(4);
        style.visuals = visuals;
        style.text_styles.insert(TextStyle::Body, FontId::proportional(13.5));
        style.text_styles.insert(TextStyle::Button, FontId::proportional(13.5));
        style.text_styles.insert(TextStyle::Small, FontId::proportional(11.0));
        style.text_styles.insert(TextStyle::Monospace, FontId::new(CODE_SIZE, FontFamily::Monospace));
        // Scroll bars stay visible: a grid of 256 rows should show where it is.
        style.spacing.scroll = egui::style::ScrollStyle::solid();
        style.spacing.scroll.bar_width = 6.0;
    });
}
