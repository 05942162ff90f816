//! One open window: what baseview reports goes to egui, what egui draws goes to the window.
//!
//! Thread: gui, the one that made the window. egui-baseview has such a thing too; ours differs where it matters here:
//! every key arrives, a key is either egui's or the host's and never both, the focus is taken by clicks only, and the
//! content is told when the window goes.

use std::cell::{Cell, RefCell};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use baseview::dpi::{LogicalSize, PhysicalPosition};
use baseview::{
    Event, EventStatus, HandlerError, MouseButton, MouseEvent, ScrollDelta, WindowContext, WindowEvent, WindowHandler,
    WindowSize,
};
use copypasta::{ClipboardContext, ClipboardProvider};
use egui::{Modifiers, PointerButton, Pos2, RawInput, Rect, ViewportCommand, ViewportId, pos2, vec2};
use keyboard_types::{Code, KeyState, KeyboardEvent};

use super::super::app::Keyboard;
use super::super::theme;
use super::cursor;
use super::host::Host;
use super::keys::{self, Asked};
use super::owner;
use super::painter::Painter;
use super::{Content, Look};

/// The handler of one open window.
pub struct Surface<C: Content> {
    content: Arc<Mutex<C>>,
    look: Look,
    window: WindowContext,
    egui: egui::Context,
    painter: RefCell<Painter>,
    clipboard: RefCell<Option<ClipboardContext>>,
    input: RefCell<RawInput>,
    pointer: Cell<Option<Pos2>>,
    held: Cell<Modifiers>,
    shape: Cell<egui::CursorIcon>,
    keyboard: Cell<Keyboard>,
    // Something of ours came since the last frame, so who takes the keys may be about to change.
    unsure: Cell<bool>,
    // Keys whose press went to the host; their release goes there too.
    given: RefCell<Vec<Code>>,
    host: RefCell<Host>,
}

impl<C: Content> Surface<C> {
    /// Ready a window that baseview has just made.
    pub fn new(window: WindowContext, content: Arc<Mutex<C>>, look: Look) -> Result<Self, HandlerError> {
        let painter = Painter::new(&window)?;
        let egui = egui::Context::default();
        // Ctrl+= and its like are the Code view's, for its letters.
        egui.options_mut(|options| options.zoom_with_keyboard = false);
        let waker = window.waker();
        egui.set_request_repaint_callback(move |asked| waker.request_redraw_after(asked.delay));
        let mut input = RawInput { max_texture_side: Some(painter.max_texture_side()), ..RawInput::default() };
        input.viewports.entry(ViewportId::ROOT).or_default().focused = Some(true);
        // No clipboard costs copy and paste, not the window.
        let clipboard = ClipboardContext::new().ok();
        content.lock().unwrap_or_else(PoisonError::into_inner).opened(&egui);
        (look.resized)(window.size());
        Ok(Self {
            content,
            look,
            host: RefCell::new(Host::of(&window)),
            window,
            egui,
            painter: painter.into(),
            clipboard: clipboard.into(),
            input: input.into(),
            pointer: Cell::default(),
            held: Cell::default(),
            shape: Cell::default(),
            keyboard: Cell::new(Keyboard::Nobody),
            unsure: Cell::default(),
            given: RefCell::default(),
        })
    }

    fn push(&self, event: egui::Event) {
        self.input.borrow_mut().events.push(event);
    }

    /// Pixels of the window in one point of egui's.
    fn scale(&self) -> f32 {
        self.window.scale_factor() as f32 * self.egui.zoom_factor()
    }

    fn hold(&self, held: keyboard_types::Modifiers) {
        let held = keys::modifiers(held);
        if self.held.replace(held) != held {
            self.push(egui::Event::ModifiersChanged(held));
        }
    }

    /// The input of one frame. Keys that came after a click wait for the next one: the click decides who gets them.
    fn take_input(&self) -> RawInput {
        let size = self.window.size();
        let scale = self.scale();
        let points = vec2(size.physical.width as f32, size.physical.height as f32) / scale;
        let rect = Rect::from_min_size(Pos2::ZERO, points);
        let mut input = self.input.borrow_mut();
        input.time = Some((self.look.clock)());
        input.screen_rect = Some(rect);
        let viewport = input.viewports.entry(ViewportId::ROOT).or_default();
        viewport.native_pixels_per_point = Some(size.scale_factor as f32);
        viewport.inner_rect = Some(rect);
        let until = first_frame(&input.events);
        let later = input.events.split_off(until);
        let now = input.take();
        self.unsure.set(!later.is_empty());
        if !later.is_empty() {
            self.window.request_redraw();
        }
        input.events = later;
        now
    }

    /// What the frame asks of the window.
    fn obey(&self, commands: &[ViewportCommand]) {
        for command in commands {
            // A wish that the platform refuses is no fault: the window stays as it is.
            let _ = match command {
                ViewportCommand::InnerSize(points) => {
                    let size = *points * self.egui.zoom_factor();
                    self.window.resize(LogicalSize::new(f64::from(size.x), f64::from(size.y)))
                }
                ViewportCommand::Focus => self.window.focus(),
                ViewportCommand::Close => {
                    self.window.request_close();
                    Ok(())
                }
                _ => Ok(()),
            };
        }
    }

    fn mouse(&self, event: MouseEvent) -> EventStatus {
        match event {
            MouseEvent::CursorMoved { position, modifiers } => {
                self.hold(modifiers);
                let PhysicalPosition { x, y } = position.cast::<f32>();
                let at = pos2(x, y) / self.scale();
                self.pointer.set(Some(at));
                self.push(egui::Event::PointerMoved(at));
            }
            MouseEvent::ButtonPressed { button, modifiers } => {
                // In a host's window no click brings the keyboard by itself. A refusal leaves the keys where they are.
                let _ = self.window.focus();
                self.button(button, true, modifiers);
            }
            MouseEvent::ButtonReleased { button, modifiers } => self.button(button, false, modifiers),
            MouseEvent::WheelScrolled { delta, modifiers } => {
                self.hold(modifiers);
                let (unit, mut delta) = match delta {
                    ScrollDelta::Lines { x, y } => (egui::MouseWheelUnit::Line, vec2(x, y)),
                    ScrollDelta::Pixels { x, y } => (egui::MouseWheelUnit::Point, vec2(x, y) / self.scale()),
                };
                if cfg!(target_os = "macos") {
                    delta.x *= -1.0;
                }
                let (phase, source) = (egui::TouchPhase::Move, egui::MouseWheelSource::Unknown);
                self.push(egui::Event::MouseWheel { unit, delta, modifiers: self.held.get(), phase, source });
            }
            MouseEvent::CursorLeft => {
                self.pointer.set(None);
                self.push(egui::Event::PointerGone);
            }
            _ => return EventStatus::Ignored,
        }
        self.window.request_redraw();
        EventStatus::Captured
    }

    fn button(&self, button: MouseButton, pressed: bool, held: keyboard_types::Modifiers) {
        self.hold(held);
        self.unsure.set(true);
        let button = match button {
            MouseButton::Left => PointerButton::Primary,
            MouseButton::Right => PointerButton::Secondary,
            MouseButton::Middle => PointerButton::Middle,
            _ => return,
        };
        if let Some(pos) = self.pointer.get() {
            self.push(egui::Event::PointerButton { pos, button, pressed, modifiers: self.held.get() });
        }
    }

    /// A key goes to egui or back to the host, never to both.
    fn key(&self, event: &KeyboardEvent) -> EventStatus {
        self.hold(event.modifiers);
        if self.is_the_hosts(event) {
            self.host.borrow_mut().give(event);
            return EventStatus::Ignored;
        }
        for asked in keys::asked(event) {
            match asked {
                Asked::Event(event) => self.push(event),
                Asked::Paste => {
                    // An empty clipboard, or one with a picture, pastes nothing.
                    let text = self.clipboard.borrow_mut().as_mut().and_then(|all| all.get_contents().ok());
                    text.into_iter().for_each(|text| self.push(egui::Event::Paste(text)));
                }
            }
        }
        self.unsure.set(true);
        self.window.request_redraw();
        EventStatus::Captured
    }

    fn is_the_hosts(&self, event: &KeyboardEvent) -> bool {
        let mut given = self.given.borrow_mut();
        let known = given.iter().position(|code| *code == event.code);
        if event.state == KeyState::Up {
            return known.map(|at| given.swap_remove(at)).is_some();
        }
        // Typing right after a click must not start the transport: what the click brings is known after the frame.
        let keyboard = if self.unsure.get() { Keyboard::Text } else { self.keyboard.get() };
        let hosts = !owner::is_ours(keyboard, keys::key(event), keys::modifiers(event.modifiers));
        match known {
            None if hosts => given.push(event.code),
            Some(at) if !hosts => drop(given.swap_remove(at)),
            _ => {}
        }
        hosts
    }

    fn focused(&self, focused: bool) {
        // Keys held while the window loses the keyboard are released elsewhere.
        self.given.borrow_mut().clear();
        self.push(egui::Event::WindowFocused(focused));
        let mut input = self.input.borrow_mut();
        input.viewports.entry(ViewportId::ROOT).or_default().focused = Some(focused);
        drop(input);
        self.window.request_redraw();
    }
}

/// How many of these events one frame takes: up to the click that is followed by a key.
fn first_frame(events: &[egui::Event]) -> usize {
    use egui::Event::{Copy, Cut, Key, Paste, PointerButton, Text};
    let typed = events.iter().rposition(|event| matches!(event, Key { .. } | Text(_) | Copy | Cut | Paste(_)));
    let before = &events[..typed.unwrap_or(0)];
    let click = before.iter().position(|event| matches!(event, PointerButton { pressed: false, .. }));
    click.map_or(events.len(), |at| at + 1)
}

impl<C: Content> WindowHandler for Surface<C> {
    fn poll(&self) {
        if self.look.closing.load(Ordering::Acquire) {
            self.window.request_close();
        }
    }

    fn draw(&self) -> Result<(), HandlerError> {
        let input = self.take_input();
        let mut output = {
            let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
            self.egui.run_ui(input, |ui| self.keyboard.set(content.ui(ui)))
        };
        if let Some(viewport) = output.viewport_output.get(&ViewportId::ROOT) {
            self.obey(&viewport.commands);
        }
        let size = self.window.size().physical;
        let background = theme::BACKGROUND.into();
        self.painter.borrow_mut().paint(&self.egui, &mut output, [size.width, size.height], background)?;
        let wishes = std::mem::take(&mut output.platform_output);
        for command in wishes.commands {
            if let (egui::OutputCommand::CopyText(text), Some(clipboard)) =
                (command, self.clipboard.borrow_mut().as_mut())
            {
                // A clipboard that another program holds fast costs this copy.
                let _ = clipboard.set_contents(text);
            }
        }
        let shape = wishes.cursor_icon;
        if self.shape.replace(shape) != shape {
            // A pointer shape the platform lacks leaves the old one.
            let _ = self.window.set_mouse_cursor(cursor::shape(shape));
        }
        Ok(())
    }

    fn resized(&self, size: WindowSize) -> Result<(), HandlerError> {
        (self.look.resized)(size);
        Ok(())
    }

    fn on_event(&self, event: Event) -> EventStatus {
        match event {
            Event::Mouse(event) => self.mouse(event),
            Event::Keyboard(event) => self.key(&event),
            Event::Window(WindowEvent::Focused) => {
                self.focused(true);
                EventStatus::Captured
            }
            Event::Window(WindowEvent::Unfocused) => {
                self.focused(false);
                EventStatus::Captured
            }
            _ => EventStatus::Ignored,
        }
    }
}

impl<C: Content> Drop for Surface<C> {
    fn drop(&mut self) {
        self.content.lock().unwrap_or_else(PoisonError::into_inner).closed();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::Event::Text;

    #[test]
    fn keys_after_a_click_wait_for_the_frame_after_it() {
        let button = |pressed| egui::Event::PointerButton {
            pos: Pos2::ZERO,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        };
        let key = || Text("a".into());
        assert_eq!(first_frame(&[]), 0);
        assert_eq!(first_frame(&[key(), key()]), 2);
        assert_eq!(first_frame(&[key(), button(true), button(false)]), 3);
        assert_eq!(first_frame(&[key(), button(true), button(false), key(), key()]), 3);
        assert_eq!(first_frame(&[button(false), key(), button(true), button(false), key()]), 1);
        assert_eq!(first_frame(&[button(true), key()]), 2);
    }
}
