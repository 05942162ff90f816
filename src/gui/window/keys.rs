//! A key of the window layer in egui's words. Thread: gui. Pure.
//!
//! egui's own table of names reads both what a key means (`z`, `Z`, `>`, `F1`) and where it sits (`KeyZ`, `Period`), so
//! there is no table of ours to fall behind.

use egui::{Event, Key, Modifiers};
use keyboard_types::{Key as Typed, KeyState, KeyboardEvent, NamedKey};

/// What a key event asks the window for.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// An event for egui.
    Event(Event),
    /// The clipboard's text, as a paste.
    Paste,
}

/// Modifiers as egui counts them: `command` is Cmd on a Mac and Ctrl elsewhere.
pub fn modifiers(held: keyboard_types::Modifiers) -> Modifiers {
    let mac = cfg!(target_os = "macos");
    Modifiers {
        alt: held.alt(),
        ctrl: held.ctrl(),
        shift: held.shift(),
        mac_cmd: mac && held.meta(),
        command: if mac { held.meta() } else { held.ctrl() },
    }
}

/// egui's name of a key: what it means in the person's layout, else where it sits. So Ctrl+Shift+. is
/// [`Key::Period`] though it types `>`, and a Cyrillic layout has its shortcuts where the Latin letters are.
pub fn key(event: &KeyboardEvent) -> Option<Key> {
    match &event.key {
        Typed::Character(text) => Key::from_name(text).or_else(|| place(event)),
        Typed::Named(NamedKey::Unidentified) => place(event),
        Typed::Named(named) => Key::from_name(&named.to_string()),
    }
}

/// The key that sits there on a US keyboard.
fn place(event: &KeyboardEvent) -> Option<Key> {
    Key::from_name(&event.code.to_string())
}

/// The text that a key types: none with Ctrl or Cmd, none for keys that only do something.
pub fn text(event: &KeyboardEvent) -> Option<&str> {
    let held = modifiers(event.modifiers);
    match &event.key {
        Typed::Character(_) if held.ctrl || held.command => None,
        Typed::Character(text) if text.is_empty() || text.chars().any(char::is_control) => None,
        Typed::Character(text) => Some(text),
        Typed::Named(_) => None,
    }
}

/// What egui gets for one press or release, in egui's order: the key, then its text. Cut, copy and paste come in
/// place of their key, so that nothing happens twice.
pub fn asked(event: &KeyboardEvent) -> impl Iterator<Item = Asked> {
    let (key, held) = (key(event), modifiers(event.modifiers));
    let pressed = event.state == KeyState::Down;
    let clip = key.filter(|_| pressed).and_then(|key| clipboard(key, held));
    let named = key.filter(|_| clip.is_none()).map(|key| {
        let physical_key = place(event);
        Asked::Event(Event::Key { key, physical_key, pressed, repeat: event.repeat, modifiers: held })
    });
    let typed =
        text(event).filter(|_| pressed && clip.is_none()).map(|text| Asked::Event(Event::Text(text.to_owned())));
    clip.into_iter().chain(named).chain(typed)
}

fn clipboard(key: Key, held: Modifiers) -> Option<Asked> {
    let command = held.command && !held.alt;
    let windows = cfg!(target_os = "windows");
    match key {
        Key::X if command => Some(Asked::Event(Event::Cut)),
        Key::C if command => Some(Asked::Event(Event::Copy)),
        Key::V if command => Some(Asked::Paste),
        Key::Delete if windows && held.shift => Some(Asked::Event(Event::Cut)),
        Key::Insert if windows && held.ctrl => Some(Asked::Event(Event::Copy)),
        Key::Insert if windows && held.shift => Some(Asked::Paste),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyboard_types::{Code, Modifiers as Held};

    fn press(typed: &str, code: Code, modifiers: Held) -> KeyboardEvent {
        let key = match typed.chars().count() {
            1 => Typed::Character(typed.into()),
            _ => Typed::Named(typed.parse().unwrap()),
        };
        KeyboardEvent { state: KeyState::Down, key, code, modifiers, ..KeyboardEvent::default() }
    }

    /// The keys and the texts of what egui gets.
    fn got(event: &KeyboardEvent) -> (Vec<Key>, Vec<String>) {
        let (mut keys, mut texts) = (vec![], vec![]);
        for asked in asked(event) {
            match asked {
                Asked::Event(Event::Key { key, pressed: true, .. }) => keys.push(key),
                Asked::Event(Event::Text(text)) => texts.push(text),
                other => panic!("{other:?}"),
            }
        }
        (keys, texts)
    }

    #[test]
    fn every_function_key_arrives_with_any_modifiers() {
        for number in 1..=12 {
            let name = format!("F{number}");
            for held in [Held::empty(), Held::SHIFT, Held::CONTROL, Held::ALT | Held::CONTROL] {
                let event = press(&name, name.parse().unwrap(), held);
                assert_eq!(got(&event), (vec![Key::from_name(&name).unwrap()], vec![]), "{name} {held:?}");
            }
        }
    }

    #[test]
    fn punctuation_with_ctrl_is_a_key_and_no_text_whichever_sign_the_layer_names() {
        for (typed, code, key) in [
            (".", Code::Period, Key::Period),
            (">", Code::Period, Key::Period),
            ("/", Code::Slash, Key::Slash),
            (",", Code::Comma, Key::Comma),
            ("<", Code::Comma, Key::Comma),
            ("-", Code::Minus, Key::Minus),
            ("_", Code::Minus, Key::Minus),
            ("=", Code::Equal, Key::Equals),
            ("[", Code::BracketLeft, Key::OpenBracket),
            ("]", Code::BracketRight, Key::CloseBracket),
            (";", Code::Semicolon, Key::Semicolon),
            ("'", Code::Quote, Key::Quote),
            ("`", Code::Backquote, Key::Backtick),
            ("\\", Code::Backslash, Key::Backslash),
        ] {
            for held in [Held::CONTROL, Held::CONTROL | Held::SHIFT] {
                assert_eq!(got(&press(typed, code, held)), (vec![key], vec![]), "{typed} {held:?}");
            }
        }
    }

    #[test]
    fn a_letter_is_the_same_key_in_either_case_and_types_as_it_is_written() {
        for (lower, upper) in ('a'..='z').zip('A'..='Z') {
            let code: Code = format!("Key{upper}").parse().unwrap();
            let key = Key::from_name(&upper.to_string()).unwrap();
            let plain = press(&lower.to_string(), code, Held::empty());
            assert_eq!(got(&plain), (vec![key], vec![lower.to_string()]));
            let shifted = press(&upper.to_string(), code, Held::SHIFT);
            assert_eq!(got(&shifted), (vec![key], vec![upper.to_string()]));
            if !matches!(lower, 'c' | 'v' | 'x') {
                for typed in [lower, upper] {
                    let chord = press(&typed.to_string(), code, Held::CONTROL | Held::SHIFT);
                    assert_eq!(got(&chord), (vec![key], vec![]), "{typed}");
                }
            }
        }
    }

    #[test]
    fn digits_and_named_keys_keep_their_names() {
        for (typed, code, key, text) in [
            ("7", Code::Digit7, Key::Num7, Some("7")),
            ("7", Code::Numpad7, Key::Num7, Some("7")),
            ("Home", Code::Numpad7, Key::Home, None),
            (" ", Code::Space, Key::Space, Some(" ")),
            ("?", Code::Slash, Key::Questionmark, Some("?")),
            ("Enter", Code::NumpadEnter, Key::Enter, None),
            ("Tab", Code::Tab, Key::Tab, None),
            ("ArrowUp", Code::ArrowUp, Key::ArrowUp, None),
            ("PageDown", Code::PageDown, Key::PageDown, None),
        ] {
            let texts: Vec<String> = text.into_iter().map(str::to_owned).collect();
            assert_eq!(got(&press(typed, code, Held::empty())), (vec![key], texts), "{typed}");
        }
    }

    #[test]
    fn signs_without_a_key_of_their_own_still_type() {
        assert_eq!(got(&press("*", Code::NumpadMultiply, Held::empty())), (vec![], vec!["*".into()]));
        // On a French keyboard; the key is known by its place.
        assert_eq!(got(&press("é", Code::Digit2, Held::empty())), (vec![Key::Num2], vec!["é".into()]));
        assert_eq!(got(&press("я", Code::KeyZ, Held::empty())), (vec![Key::Z], vec!["я".into()]));
    }

    #[test]
    fn a_dead_key_and_a_control_character_type_nothing() {
        assert_eq!(got(&press("Dead", Code::BracketLeft, Held::empty())), (vec![], vec![]));
        assert_eq!(got(&press("\u{1b}", Code::BracketLeft, Held::empty())).1, Vec::<String>::new());
    }

    #[test]
    fn copy_cut_and_paste_come_once() {
        for (typed, code, wish) in [
            ("c", Code::KeyC, Asked::Event(Event::Copy)),
            ("x", Code::KeyX, Asked::Event(Event::Cut)),
            ("v", Code::KeyV, Asked::Paste),
        ] {
            let command = if cfg!(target_os = "macos") { Held::META } else { Held::CONTROL };
            assert_eq!(asked(&press(typed, code, command)).collect::<Vec<_>>(), [wish], "{typed}");
        }
    }

    #[test]
    fn a_release_is_a_key_and_no_text() {
        let up = KeyboardEvent { state: KeyState::Up, ..press("A", Code::KeyA, Held::SHIFT) };
        let all: Vec<Asked> = asked(&up).collect();
        assert!(
            matches!(&all[..], [Asked::Event(Event::Key { key: Key::A, pressed: false, modifiers, .. })] if modifiers.shift),
            "{all:?}"
        );
    }
}
