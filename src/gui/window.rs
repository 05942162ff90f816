//! The window that nice-plug opens around the [`App`]: its size, its keys. Thread: gui.

use nice_plug::editor::ResizeHint;
use nice_plug_egui::{EguiNiceSettings, Frame, Key, KeyCapture, NiceEguiApp};

use super::app::{App, Keyboard};
use super::theme;
use crate::bus::Remote;
use crate::model::{Batch, Command, Origin};

/// The window's size when the session says nothing, in logical points.
pub const FIRST_SIZE: (f32, f32) = (1000.0, 700.0);
/// Smallest window in which every view can be used, in logical points.
pub const LEAST_SIZE: (f32, f32) = (640.0, 420.0);
/// Largest size taken from a session, in logical points: twice a 4K screen.
const MOST_SIZE: (f32, f32) = (7680.0, 4320.0);
/// The layout entry that keeps the size, as `1000x700`.
const ENTRY: &str = "window";
/// Seconds that a size must stay before it is kept.
const PAUSE_SECS: f64 = 0.7;

/// Read `1000x700`; sizes no window can have are `None`.
pub fn read_size(text: &str) -> Option<(f32, f32)> {
    let (width, height) = text.split_once('x')?;
    let size: (f32, f32) = (width.parse().ok()?, height.parse().ok()?);
    let fits = |value: f32, least: f32, most: f32| (least..=most).contains(&value);
    (fits(size.0, LEAST_SIZE.0, MOST_SIZE.0) && fits(size.1, LEAST_SIZE.1, MOST_SIZE.1)).then_some(size)
}

fn size_of(remote: &Remote) -> Option<(f32, f32)> {
    remote.now().session.layout.get(ENTRY).and_then(|text| read_size(text))
}

/// A resizable window with our name.
pub fn settings() -> EguiNiceSettings {
    let resizable = ResizeHint {
        can_resize: true,
        can_resize_horizontally: true,
        can_resize_vertically: true,
        ..ResizeHint::NON_RESIZABLE
    };
    // `with_tile` is how nice-plug-egui 0.6 spells it.
    EguiNiceSettings::new().with_tile("Tracklight").with_resize_hint(resizable)
}

/// An [`App`] in a window of nice-plug's.
pub struct Windowed {
    app: App,
    // The size asked for when the window opened, until the first frame.
    opening: bool,
    // The size last seen and since when.
    size: Option<((f32, f32), f64)>,
}

impl Windowed {
    /// Put an editor in a window.
    pub fn new(app: App) -> Self {
        Self { app, opening: true, size: None }
    }

    /// Open with the session's size, then keep the size a person gives the window.
    fn tend_size(&mut self, ui: &egui::Ui) {
        let now = ui.input(|input| input.time);
        let rect = ui.ctx().content_rect();
        let size = (rect.width().round(), rect.height().round());
        let kept = size_of(self.app.remote());
        if std::mem::take(&mut self.opening) {
            self.size = None;
            if let Some((width, height)) = kept.filter(|kept| *kept != size) {
                // The host may say no; then its size is kept once it has stayed.
                ui.ctx().send_viewport_cmd(egui::ViewportCommand::InnerSize(egui::vec2(width, height)));
            }
            return;
        }
        match self.size {
            Some((seen, since)) if seen == size => {
                let fresh = kept.unwrap_or(FIRST_SIZE) != size && read_size(&text_of(size)).is_some();
                if fresh && now - since > PAUSE_SECS {
                    let command = Command::SetLayout(ENTRY.into(), Some(text_of(size)));
                    let batch = Batch::now(Origin::Host, "window size", vec![command]);
                    // A full queue costs one size: the next frame tries again after the pause.
                    let _ = self.app.remote().asks.batch(batch);
                    self.size = Some((size, now));
                }
            }
            _ => self.size = Some((size, now)),
        }
    }
}

fn text_of(size: (f32, f32)) -> String {
    format!("{}x{}", size.0, size.1)
}

/// Which keys are kept from the host: all while something is typed in, those of the grid between edits, none else.
///
/// egui-baseview gives every key back while nothing has the focus. X11 has no way back for a key once the window has
/// it, so there the host gets its keys when its own window has the focus.
pub fn capture(keyboard: Keyboard) -> KeyCapture {
    match keyboard {
        Keyboard::Text => KeyCapture::CaptureAll,
        Keyboard::Grid => KeyCapture::IgnoreKeys(vec![Key::Character(" ".into())]),
        Keyboard::Nobody => KeyCapture::IgnoreAll,
    }
}

impl NiceEguiApp for Windowed {
    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut Frame) {
        frame.set_clear_color(theme::BACKGROUND.into());
        self.app.ui(ui);
        self.tend_size(ui);
        frame.set_key_capture(capture(self.app.keyboard(ui.ctx())));
    }

    fn editor_closed(&mut self) {
        self.opening = true;
        self.app.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_and_nonsense_is_not() {
        assert_eq!(read_size(&text_of(FIRST_SIZE)), Some(FIRST_SIZE));
        for bad in ["", "x", "1000", "10x10", "1e9x700", "NaNx700", "-1000x700"] {
            assert_eq!(read_size(bad), None, "{bad}");
        }
    }

    #[test]
    fn space_is_the_hosts_unless_something_is_typed_in() {
        let space = Key::Character(" ".into());
        assert_eq!(capture(Keyboard::Text), KeyCapture::CaptureAll);
        assert!(matches!(capture(Keyboard::Grid), KeyCapture::IgnoreKeys(keys) if keys.contains(&space)));
        assert_eq!(capture(Keyboard::Nobody), KeyCapture::IgnoreAll);
    }
}
