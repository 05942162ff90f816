//! The editor's window: its size, its keys. Thread: gui.
//!
//! The window is ours, on baseview: nice-plug's own (egui-baseview) drops keys, and gives none back on X11.
//!
//! Reading order: this file (what is shown in a window, and its size), [`surface`] (one open window), [`keys`] (what a
//! key is called), [`owner`] (whose it is), [`host`] (how it gets back to the host), [`painter`] (OpenGL).

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use baseview::gl::GlConfig;
use baseview::host::Host;
use baseview::{Window, WindowSettings, WindowSize};

use super::app::{App, Keyboard};
use crate::bus::Remote;
use crate::model::{Batch, Command, Origin};

mod cursor;
mod host;
mod keys;
mod owner;
mod painter;
mod surface;

/// What a window shows. Thread of all calls: gui.
pub trait Content: Send + 'static {
    /// A window opened; it can have closed and opened before.
    fn opened(&mut self, egui: &egui::Context);

    /// Draw one frame and say who takes the keys that come next.
    fn ui(&mut self, ui: &mut egui::Ui) -> Keyboard;

    /// The window is about to go.
    fn closed(&mut self);
}

/// What a window has from outside. Used on the gui thread.
pub struct Look {
    /// Hears of each size.
    pub resized: Box<dyn Fn(WindowSize) + Send>,
    /// Gives seconds.
    pub clock: Box<dyn Fn() -> f64 + Send>,
    /// True asks the window to end itself at its next poll.
    pub closing: Arc<AtomicBool>,
}

/// Make a window around `content`; the caller shows it. `settings` say where and how large.
///
/// Thread: main.
pub fn open<C: Content>(
    settings: WindowSettings,
    content: Arc<Mutex<C>>,
    look: Look,
    host: Option<Host>,
) -> Result<Window, baseview::Error> {
    let settings = settings.with_title("Tracklight").with_gl_config(GlConfig::default());
    Window::create_with_host(settings, move |window| surface::Surface::new(window, content, look), host)
}

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

/// An [`App`] in a window.
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
        let zoom = ui.ctx().zoom_factor();
        let size = ((rect.width() * zoom).round(), (rect.height() * zoom).round());
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

impl Content for Windowed {
    fn opened(&mut self, _: &egui::Context) {
        self.opening = true;
    }

    fn ui(&mut self, ui: &mut egui::Ui) -> Keyboard {
        self.app.ui(ui);
        self.tend_size(ui);
        self.app.keyboard(ui.ctx())
    }

    fn closed(&mut self) {
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
}
