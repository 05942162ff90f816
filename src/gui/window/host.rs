//! The way back for keys that are the host's. Thread: gui, the one that made the window.
//!
//! On Windows and on a Mac the window layer passes on what we leave. On X11 it does not, and no server does it for a
//! window that listens to keys: there the key is sent again, to the window that would have got it were ours not there.
//! Such a key carries X11's mark of a sent event; the toolkits that hosts are made of take it, a terminal would not.

pub use way::Host;

#[cfg(not(target_os = "linux"))]
mod way {
    use baseview::WindowContext;
    use keyboard_types::KeyboardEvent;

    /// The window layer does it.
    pub struct Host;

    impl Host {
        /// Nothing to look up.
        pub fn of(_: &WindowContext) -> Self {
            Self
        }

        /// Nothing to do: the answer to the window layer is what counts.
        pub fn give(&mut self, _: &KeyboardEvent) {}
    }
}

#[cfg(target_os = "linux")]
mod way {
    use baseview::WindowContext;
    use keyboard_types::{Code, KeyState, KeyboardEvent, Modifiers};
    use raw_window_handle::{HasWindowHandle, RawWindowHandle};
    use x11rb::connection::Connection;
    use x11rb::errors::ReplyError;
    use x11rb::protocol::xproto::{
        AtomEnum, ConnectionExt, EventMask, KEY_PRESS_EVENT, KEY_RELEASE_EVENT, KeyButMask, KeyPressEvent, Window,
    };
    use x11rb::rust_connection::RustConnection;

    /// Keycodes of Linux's X servers: the first of a run, and the keys that follow one another from there.
    const KEYCODES: &[(u8, &[Code])] = {
        use Code::*;
        &[
            (9, &[Escape, Digit1, Digit2, Digit3, Digit4, Digit5, Digit6, Digit7, Digit8, Digit9, Digit0]),
            (20, &[Minus, Equal, Backspace, Tab, KeyQ, KeyW, KeyE, KeyR, KeyT, KeyY, KeyU, KeyI, KeyO, KeyP]),
            (34, &[BracketLeft, BracketRight, Enter, ControlLeft, KeyA, KeyS, KeyD, KeyF, KeyG, KeyH, KeyJ, KeyK]),
            (46, &[KeyL, Semicolon, Quote, Backquote, ShiftLeft, Backslash, KeyZ, KeyX, KeyC, KeyV, KeyB, KeyN]),
            (58, &[KeyM, Comma, Period, Slash, ShiftRight, NumpadMultiply, AltLeft, Space, CapsLock]),
            (67, &[F1, F2, F3, F4, F5, F6, F7, F8, F9, F10, NumLock, ScrollLock]),
            (79, &[Numpad7, Numpad8, Numpad9, NumpadSubtract, Numpad4, Numpad5, Numpad6, NumpadAdd]),
            (87, &[Numpad1, Numpad2, Numpad3, Numpad0, NumpadDecimal]),
            (94, &[IntlBackslash, F11, F12, IntlRo]),
            (104, &[NumpadEnter, ControlRight, NumpadDivide, PrintScreen, AltRight]),
            (110, &[Home, ArrowUp, PageUp, ArrowLeft, ArrowRight, End, ArrowDown, PageDown, Insert, Delete]),
            (121, &[AudioVolumeMute, AudioVolumeDown, AudioVolumeUp]),
            (127, &[Pause]),
            (133, &[MetaLeft, MetaRight, ContextMenu]),
            (171, &[MediaTrackNext, MediaPlayPause, MediaTrackPrevious, MediaStop]),
        ]
    };

    fn keycode(code: Code) -> Option<u8> {
        let place = |(first, run): &(u8, &[Code])| Some(*first + run.iter().position(|own| *own == code)? as u8);
        KEYCODES.iter().find_map(place)
    }

    fn state(held: Modifiers) -> KeyButMask {
        let masks = [
            (Modifiers::SHIFT, KeyButMask::SHIFT),
            (Modifiers::CAPS_LOCK, KeyButMask::LOCK),
            (Modifiers::CONTROL, KeyButMask::CONTROL),
            (Modifiers::ALT, KeyButMask::MOD1),
            (Modifiers::NUM_LOCK, KeyButMask::MOD2),
            (Modifiers::META, KeyButMask::MOD4),
        ];
        masks
            .into_iter()
            .filter(|(own, _)| held.contains(*own))
            .fold(KeyButMask::default(), |all, (_, mask)| all | mask)
    }

    /// The windows around ours.
    pub struct Host {
        window: Option<Window>,
        // Made with the first key that goes back.
        wire: Option<RustConnection>,
    }

    impl Host {
        /// Nothing is looked up yet: a host may put our window elsewhere later.
        pub fn of(window: &WindowContext) -> Self {
            let window = window.window_handle().ok().and_then(|handle| match handle.as_raw() {
                RawWindowHandle::Xlib(handle) => Window::try_from(handle.window).ok(),
                RawWindowHandle::Xcb(handle) => Some(handle.window.get()),
                _ => None,
            });
            Self { window, wire: None }
        }

        /// Send a key on. A window of our own has no host; a wire that breaks costs the key and is made anew.
        pub fn give(&mut self, event: &KeyboardEvent) {
            let (Some(window), Some(detail)) = (self.window, keycode(event.code)) else { return };
            if self.wire.is_none() {
                self.wire = x11rb::connect(None).ok().map(|(wire, _)| wire);
            }
            if self.wire.as_ref().is_some_and(|wire| send(wire, window, detail, event).is_err()) {
                self.wire = None;
            }
        }
    }

    fn send(wire: &RustConnection, window: Window, detail: u8, event: &KeyboardEvent) -> Result<(), ReplyError> {
        let Some((receiver, mask)) = receiver(wire, window)? else { return Ok(()) };
        let response_type = match event.state {
            KeyState::Down => KEY_PRESS_EVENT,
            KeyState::Up => KEY_RELEASE_EVENT,
        };
        let sent = KeyPressEvent {
            response_type,
            detail,
            sequence: 0,
            time: x11rb::CURRENT_TIME,
            root: wire.setup().roots.first().map_or(x11rb::NONE, |screen| screen.root),
            event: receiver,
            child: x11rb::NONE,
            root_x: 0,
            root_y: 0,
            event_x: 0,
            event_y: 0,
            state: state(event.modifiers),
            same_screen: true,
        };
        wire.send_event(false, receiver, mask, sent)?.check()
    }

    /// The nearest window around ours that listens to keys, not beyond the host's own top window: what lies around that
    /// is the window manager's. When none listens: the host's window around ours, whose maker gets the key.
    fn receiver(wire: &RustConnection, window: Window) -> Result<Option<(Window, EventMask)>, ReplyError> {
        let top = wire.intern_atom(false, b"WM_STATE")?.reply()?.atom;
        let keys = EventMask::KEY_PRESS | EventMask::KEY_RELEASE;
        let (mut inner, mut nearest) = (window, None);
        loop {
            let marked = wire.get_property(false, inner, top, AtomEnum::ANY, 0, 0)?.reply()?.type_ != x11rb::NONE;
            let tree = wire.query_tree(inner)?.reply()?;
            if marked || tree.parent == x11rb::NONE || tree.parent == tree.root {
                return Ok(nearest.map(|around| (around, EventMask::NO_EVENT)));
            }
            let listening = wire.get_window_attributes(tree.parent)?.reply()?.all_event_masks;
            if listening.contains(EventMask::KEY_PRESS) {
                return Ok(Some((tree.parent, keys)));
            }
            nearest = nearest.or(Some(tree.parent));
            inner = tree.parent;
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn keycodes_are_those_of_linux() {
            for (code, expected) in [
                (Code::Escape, 9),
                (Code::Digit0, 19),
                (Code::Minus, 20),
                (Code::KeyP, 33),
                (Code::Enter, 36),
                (Code::KeyK, 45),
                (Code::KeyL, 46),
                (Code::KeyN, 57),
                (Code::KeyM, 58),
                (Code::Space, 65),
                (Code::F1, 67),
                (Code::F10, 76),
                (Code::NumpadDecimal, 91),
                (Code::F12, 96),
                (Code::Delete, 119),
                (Code::MetaRight, 134),
                (Code::MediaPlayPause, 172),
            ] {
                assert_eq!(keycode(code), Some(expected), "{code}");
            }
            assert_eq!(keycode(Code::Unidentified), None);
        }

        #[test]
        fn no_key_is_in_two_places() {
            let mut all: Vec<u8> = KEYCODES.iter().flat_map(|(first, run)| *first..*first + run.len() as u8).collect();
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count);
        }

        #[test]
        fn modifiers_are_sent_on() {
            let held = Modifiers::SHIFT | Modifiers::CONTROL | Modifiers::ALT;
            assert_eq!(state(held), KeyButMask::SHIFT | KeyButMask::CONTROL | KeyButMask::MOD1);
            assert_eq!(u16::from(state(Modifiers::empty())), 0);
        }
    }
}
