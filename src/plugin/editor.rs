//! The editor as the framework sees it: opens its window, and keeps a panic in it away from the host.
//!
//! Thread: main; what is shown lives on the gui thread. On Linux that is a thread of the window's own, elsewhere the
//! host's main thread.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use baseview::dpi::LogicalSize;
use baseview::{HandlerError, Window, WindowSettings, WindowSize};
use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::{NativeSize, PhysicalSize};
use nice_plug::editor::{
    Editor, EditorHandle, HostCallbacks, HostMainThreadCaller, HostMethods, ParentWindowHandle, ResizeHint,
    SpawnedEditor,
};

use super::guard::{Faults, guard};
use super::own_window::OwnWindow;
use super::rooms::Rooms;
use crate::bus::Files;
use crate::gui::{self, Content, Keyboard};
use crate::media::Library;

/// An editor that shows `content` in a resizable window; cheap, no window yet.
///
/// Thread: main, from `Plugin::editor`, which the framework calls when it makes the instance.
pub struct Opener<C> {
    content: Arc<Mutex<Guarded<C>>>,
    size: Arc<Mutex<Size>>,
}

/// The window's size when it was last seen: logical points, and pixels in one of them.
#[derive(Debug, Clone, Copy)]
struct Size {
    points: (f64, f64),
    scale: f64,
}

impl Size {
    fn native(self) -> NativeSize<u32> {
        let points = nice_plug::editor::dpi::LogicalSize::new(self.points.0, self.points.1);
        let pixels: PhysicalSize<u32> = points.to_physical(self.scale);
        NativeSize::from_logical_or_physical(points, pixels)
    }
}

impl<C: Content> Opener<C> {
    /// Nothing is made yet.
    pub fn new(content: C, faults: Arc<Faults>) -> Self {
        let (width, height) = gui::FIRST_SIZE;
        let size = Size { points: (f64::from(width), f64::from(height)), scale: 1.0 };
        let content = Guarded { content, faults, broken: false };
        Self { content: Arc::new(Mutex::new(content)), size: Arc::new(Mutex::new(size)) }
    }

    fn size(&self) -> Size {
        *self.size.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Seconds since now.
#[allow(clippy::disallowed_methods, reason = "the edge where a window gets its clock")]
fn clock() -> impl Fn() -> f64 + Send {
    let start = Instant::now();
    move || start.elapsed().as_secs_f64()
}

impl<C: Content> Editor for Opener<C> {
    type Handle = Opened;

    fn spawn(
        &self,
        parent: Option<ParentWindowHandle>,
        wait_for_parent: bool,
        fallback_scale_factor: Option<f64>,
        _: GuiContext,
        host: Option<HostMethods>,
    ) -> Result<SpawnedEditor<Opened>, Box<dyn Error>> {
        let (width, height) = self.size().points;
        let settings = WindowSettings::new()
            .with_size(LogicalSize::new(width, height))
            .with_resizable(true)
            .with_parent(parent.as_ref())
            .with_wait_for_parent(wait_for_parent)
            .with_fallback_scale_factor(fallback_scale_factor);
        let size = self.size.clone();
        let resized = move |seen: WindowSize| {
            let points = (seen.logical.width, seen.logical.height);
            *size.lock().unwrap_or_else(PoisonError::into_inner) = Size { points, scale: seen.scale_factor };
        };
        let closing = Arc::<AtomicBool>::default();
        let told = closing.clone();
        let look = gui::Look { resized: Box::new(resized), clock: Box::new(clock()), closing: told };
        let window = gui::open(settings, self.content.clone(), look, host.map(callbacks))?;
        let handle = Opened { waker: window.waker() };
        Ok(SpawnedEditor { handle, window: Shown { window: Some(window), closing } })
    }

    fn size(&self) -> NativeSize<u32> {
        Opener::size(self).native()
    }

    fn resize_hint(&self) -> ResizeHint {
        ResizeHint::RESIZABLE
    }
}

/// The framework's way to the host in the window layer's terms; the two traits are twins.
fn callbacks(host: HostMethods) -> baseview::host::Host {
    struct Callbacks(Box<dyn HostCallbacks>);
    impl baseview::host::HostCallbacks for Callbacks {
        fn request_resize(&mut self, size: WindowSize) -> Result<(), HandlerError> {
            self.0.request_resize(size.physical.into(), size.scale_factor).map_err(HandlerError::from_boxed)
        }

        fn destroyed(&mut self) {
            self.0.destroyed();
        }
    }
    struct Caller(Box<dyn HostMainThreadCaller>);
    impl baseview::host::HostMainThreadCaller for Caller {
        fn call_main_thread(&mut self) {
            self.0.call_main_thread();
        }
    }
    baseview::host::Host::new()
        .with_callbacks(Callbacks(host.callbacks))
        .with_main_thread(Caller(host.main_thread_caller))
}

/// The window itself. Thread: main.
pub struct Shown {
    // Always there until it is dropped.
    window: Option<Window>,
    closing: Arc<AtomicBool>,
}

impl Shown {
    fn with(&self, act: impl FnOnce(&Window) -> Result<(), baseview::Error>) -> Result<(), baseview::Error> {
        self.window.as_ref().map_or(Ok(()), act)
    }
}

impl Drop for Shown {
    /// Ends the window and, on Linux, its thread.
    ///
    /// baseview 0.4.2 joins that thread only when it had ended before, else leaves it running: a host that unloads us
    /// next would take the code from under it. So the window is asked to end first.
    fn drop(&mut self) {
        let Some(window) = self.window.take() else { return };
        if !cfg!(target_os = "linux") {
            return window.close();
        }
        self.closing.store(true, Ordering::Release);
        if window.request_poll().is_ok() {
            let waited = clock();
            while window.is_open() && waited() < PATIENCE_SECS {
                std::thread::park_timeout(Duration::from_millis(1));
            }
        }
        if window.is_open() {
            // Stuck in a driver, perhaps: the host must not hang with it.
            return window.close();
        }
        // Joins; what the window's end had to say nobody can use any more.
        let _ = window.run_until_closed();
    }
}

/// How long a window may take to end, in seconds.
const PATIENCE_SECS: f64 = 3.0;

/// An open window, as the framework holds it. Thread: main.
pub struct Opened {
    waker: baseview::WindowWaker,
}

impl EditorHandle for Opened {
    type Window = Shown;
    type Error = baseview::Error;

    fn run_until_closed(mut shown: Shown) -> Result<(), baseview::Error> {
        shown.window.take().map_or(Ok(()), Window::run_until_closed)
    }

    fn set_parent(&self, parent: ParentWindowHandle, shown: &Shown) -> Result<(), baseview::Error> {
        shown.with(|window| window.set_parent(&parent))
    }

    fn show(&self, shown: &Shown) -> Result<(), baseview::Error> {
        let answer = shown.with(Window::show);
        // A window that was hidden does not always hear that it is seen again.
        self.waker.request_redraw();
        answer
    }

    fn hide(&self, shown: &Shown) -> Result<(), baseview::Error> {
        shown.with(Window::hide)
    }

    fn set_size(&self, size: NativeSize<u32>, shown: &Shown) -> Result<(), baseview::Error> {
        shown.with(|window| window.resize(nice_plug::editor::dpi::Size::from(size)))
    }

    fn host_main_thread_callback(&self, shown: &Shown) {
        if let Some(window) = &shown.window {
            window.host_main_thread_callback();
        }
    }

    fn adjust_size(&self, size: NativeSize<u32>, shown: &Shown) -> Option<NativeSize<u32>> {
        let now = shown.window.as_ref()?.size();
        let native = NativeSize::from_logical_or_physical(now.logical, now.physical);
        Some(ResizeHint::RESIZABLE.adjust_size(size, native, now.scale_factor))
    }

    fn set_fallback_scale_factor(&self, scale: f64, shown: &Shown) -> Result<(), baseview::Error> {
        shown.with(|window| window.suggest_fallback_scale_factor(scale))
    }

    // The editor looks at everything in each frame and asks for the next one itself; these only make it sooner.
    fn state_changed(&self) {
        self.waker.request_redraw();
    }

    fn param_value_changed(&self, _: &str, _: f32) {
        self.waker.request_redraw();
    }

    fn param_modulation_changed(&self, _: &str, _: f32) {
        self.waker.request_redraw();
    }
}

/// The editor of one instance, made when its window opens for the first time: until then nothing runs.
pub struct Late {
    rooms: Arc<Rooms>,
    shown: Option<gui::Windowed>,
    own: Option<&'static OwnWindow>,
}

impl Late {
    /// No window yet. `own` is the window of a program that is its own host.
    pub fn new(rooms: Arc<Rooms>, own: Option<&'static OwnWindow>) -> Self {
        Self { rooms, shown: None, own }
    }
}

impl Content for Late {
    fn opened(&mut self, egui: &egui::Context) {
        let rooms = &self.rooms;
        let made = || {
            let files: Arc<dyn Files> = Arc::new(Library);
            gui::Windowed::new(
                gui::App::new(rooms.start().clone(), files, crate::script::mirror)
                    .with_words(crate::script::completions)
                    // As data: osc and gui are siblings and do not know each other.
                    .with_desk_files(crate::osc::ma3::plugin::FILES),
            )
        };
        if let Some(own) = self.own {
            own.opened(egui);
        }
        self.shown.get_or_insert_with(made).opened(egui);
    }

    fn ui(&mut self, ui: &mut egui::Ui) -> Keyboard {
        if self.own.is_some_and(OwnWindow::is_to_close) {
            ui.ctx().send_viewport_cmd(egui::ViewportCommand::Close);
        }
        self.shown.as_mut().map_or(Keyboard::Nobody, |shown| shown.ui(ui))
    }

    fn closed(&mut self) {
        if let Some(shown) = &mut self.shown {
            shown.closed();
        }
    }
}

/// Runs every callback of an editor behind a [`guard`].
///
/// After a panic the view state cannot be trusted, so the window shows one sentence until it is opened again. The
/// engine and audio do not notice.
struct Guarded<C> {
    content: C,
    faults: Arc<Faults>,
    broken: bool,
}

impl<C> Guarded<C> {
    fn run<T>(&mut self, act: impl FnOnce(&mut C) -> T) -> Option<T> {
        if self.broken {
            return None;
        }
        let answer = guard(&self.faults.editor_panics, || act(&mut self.content));
        self.broken = answer.is_none();
        answer
    }
}

impl<C: Content> Content for Guarded<C> {
    fn opened(&mut self, egui: &egui::Context) {
        self.broken = false;
        // A panic here leaves an empty window with the sentence rather than none.
        self.run(|content| content.opened(egui));
    }

    fn ui(&mut self, ui: &mut egui::Ui) -> Keyboard {
        let keyboard = self.run(|content| content.ui(ui));
        if self.broken {
            ui.label("The editor stumbled. The music plays on; close this window and open it again.");
        }
        keyboard.unwrap_or(Keyboard::Nobody)
    }

    fn closed(&mut self) {
        // Also after a panic: the app lets go of the window here.
        guard(&self.faults.editor_panics, || self.content.closed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Clumsy(u32);
    impl Content for Clumsy {
        fn opened(&mut self, _: &egui::Context) {}
        fn ui(&mut self, _: &mut egui::Ui) -> Keyboard {
            self.0 += 1;
            assert!(self.0 != 2, "on purpose");
            Keyboard::Grid
        }
        fn closed(&mut self) {}
    }

    #[test]
    fn an_editor_that_panicked_is_left_alone_until_it_is_opened_again() {
        let faults = Arc::<Faults>::default();
        let mut editor = Guarded { content: Clumsy(0), faults: faults.clone(), broken: false };
        let egui = egui::Context::default();
        let frame = |editor: &mut Guarded<Clumsy>| {
            let mut keyboard = Keyboard::Text;
            egui.run_ui(egui::RawInput::default(), |ui| keyboard = editor.ui(ui)).drop_without_applying_deltas();
            keyboard
        };
        assert_eq!(frame(&mut editor), Keyboard::Grid);
        assert_eq!([frame(&mut editor), frame(&mut editor)], [Keyboard::Nobody; 2]);
        assert_eq!((editor.content.0, faults.editor_panics.load(Ordering::Relaxed)), (2, 1));
        editor.opened(&egui);
        assert_eq!(frame(&mut editor), Keyboard::Grid);
    }

    #[test]
    fn the_size_is_told_in_the_platforms_pixels() {
        let size = Size { points: (1000.0, 700.0), scale: 2.0 };
        let expected = if cfg!(target_os = "macos") { (1000, 700) } else { (2000, 1400) };
        assert_eq!((size.native().width, size.native().height), expected);
    }
}
