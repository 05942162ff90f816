//! Opens the editor's window, and keeps a panic in it away from the host.
//!
//! Thread: gui. On Linux that is a thread of the window's own, elsewhere the host's main thread.

use std::sync::Arc;

use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::LogicalSize;
use nice_plug::plugin::TrackInfo;
use nice_plug_egui::baseview::{HandlerError, WindowSize};
use nice_plug_egui::{EguiEditor, EguiEditorState, Frame, NiceEguiApp, RepaintNotifier, create_egui_editor};

use super::guard::{Faults, guard};
use super::rooms::Rooms;
use crate::bus::Files;
use crate::gui;
use crate::media::Library;

/// An editor that shows `app` in a resizable window; cheap, no window yet.
///
/// Thread: main, from `Plugin::editor`, which the framework calls when it makes the instance. Another thread asks for
/// a frame through `repaint` (`RepaintNotifier::request_repaint`, a flag polled 64 times a second; realtime: yes).
pub fn editor<A: NiceEguiApp>(app: A, repaint: RepaintNotifier, faults: Arc<Faults>) -> Option<EguiEditor<Guarded<A>>> {
    let (width, height) = gui::FIRST_SIZE;
    let size = EguiEditorState::from_size(LogicalSize::new(f64::from(width), f64::from(height)), 1.0);
    create_egui_editor(size, repaint, gui::settings(), Guarded { app, faults, broken: false })
}

/// The editor of one instance, made when its window opens for the first time: until then nothing runs.
pub struct Late {
    rooms: Arc<Rooms>,
    shown: Option<gui::Windowed>,
}

impl Late {
    /// No window yet.
    pub fn new(rooms: Arc<Rooms>) -> Self {
        Self { rooms, shown: None }
    }
}

impl NiceEguiApp for Late {
    fn build(&mut self, egui: egui::Context, host: GuiContext, frame: &mut Frame) -> Result<(), HandlerError> {
        let rooms = &self.rooms;
        let made = || {
            let files: Arc<dyn Files> = Arc::new(Library);
            gui::Windowed::new(
                gui::App::new(rooms.start().clone(), files, crate::script::mirror)
                    .with_words(crate::script::completions),
            )
        };
        self.shown.get_or_insert_with(made).build(egui, host, frame)
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut Frame) {
        if let Some(shown) = &mut self.shown {
            shown.ui(ui, frame);
        }
    }

    fn editor_closed(&mut self) {
        if let Some(shown) = &mut self.shown {
            shown.editor_closed();
        }
    }
}

/// Runs every callback of an editor behind a [`guard`].
///
/// After a panic the view state cannot be trusted, so the window shows one sentence until it is opened again. The
/// engine and audio do not notice.
pub struct Guarded<A> {
    app: A,
    faults: Arc<Faults>,
    broken: bool,
}

impl<A> Guarded<A> {
    fn run<T>(&mut self, act: impl FnOnce(&mut A) -> T) -> Option<T> {
        if self.broken {
            return None;
        }
        let answer = guard(&self.faults.editor_panics, || act(&mut self.app));
        self.broken = answer.is_none();
        answer
    }
}

impl<A: NiceEguiApp> NiceEguiApp for Guarded<A> {
    fn build(&mut self, egui: egui::Context, host: GuiContext, frame: &mut Frame) -> Result<(), HandlerError> {
        self.broken = false;
        // A panic here leaves an empty window with the sentence rather than none.
        self.run(|app| app.build(egui, host, frame)).unwrap_or(Ok(()))
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut Frame) {
        self.run(|app| app.ui(ui, frame));
        if self.broken {
            ui.label("The editor stumbled. The music plays on; close this window and open it again.");
        }
    }

    fn resized(&mut self, size: WindowSize) {
        self.run(|app| app.resized(size));
    }

    fn zoom_factor_changed(&mut self, factor: f32) {
        self.run(|app| app.zoom_factor_changed(factor));
    }

    fn editor_closed(&mut self) {
        // Also after a panic: the app lets go of the window here.
        guard(&self.faults.editor_panics, || self.app.editor_closed());
    }

    fn track_info_changed(&mut self, info: TrackInfo) {
        self.run(|app| app.track_info_changed(info));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    struct Clumsy(u32);
    impl NiceEguiApp for Clumsy {
        fn ui(&mut self, _: &mut egui::Ui, _: &mut Frame) {}
        fn zoom_factor_changed(&mut self, factor: f32) {
            self.0 += 1;
            assert!(factor < 2.0, "on purpose");
        }
    }

    #[test]
    fn an_editor_that_panicked_is_left_alone_until_it_is_opened_again() {
        let faults = Arc::<Faults>::default();
        let mut editor = Guarded { app: Clumsy(0), faults: faults.clone(), broken: false };
        for factor in [1.0, 3.0, 1.0, 3.0] {
            editor.zoom_factor_changed(factor);
        }
        assert_eq!((editor.app.0, faults.editor_panics.load(Ordering::Relaxed)), (2, 1));
    }
}
