//! Whose key it is: ours, or the host's. Thread: gui. Pure.

use egui::{Key, Modifiers};

use super::super::app::Keyboard;
use super::super::keymap::{self, Place};

/// Whether a press is ours. What is not goes back to the host, and egui never hears of it, so that no key does two
/// things. `key` is `None` for a key that egui has no name for.
///
/// Ours are the chords of the list that hold there, and Tab, which leads into the window. While text is typed, all that
/// types or edits is ours too; the grid keeps all but Space; a button or a menu keeps the keys that move and press.
pub fn is_ours(keyboard: Keyboard, key: Option<Key>, held: Modifiers) -> bool {
    let typing = matches!(keyboard, Keyboard::Text | Keyboard::Grid);
    let Some(key) = key else { return typing };
    let listed = |places: &[Place]| places.iter().any(|place| keymap::is_bound(*place, key, held));
    if listed(&[Place::Everywhere]) || key == Key::Tab {
        return true;
    }
    let plain = !(held.command || held.ctrl || held.alt);
    // A chord or a function key types nothing: it is ours when the list or a text field knows it.
    if typing && (held.command || (Key::F1..=Key::F35).contains(&key)) {
        let there: &[Place] = match keyboard {
            Keyboard::Grid => &[Place::Grid],
            // A cell of the grid is typed in too.
            _ => &[Place::Code, Place::Prompt, Place::Grid],
        };
        return edits(key) || listed(there);
    }
    match keyboard {
        Keyboard::Text => true,
        Keyboard::Grid => key != Key::Space,
        // The help opens on a question mark wherever it does not type.
        Keyboard::Widget => plain && (moves_or_presses(key) || key == Key::Questionmark),
        Keyboard::Nobody => plain && key == Key::Questionmark,
    }
}

/// Keys with which a button, a slider or a menu is worked.
fn moves_or_presses(key: Key) -> bool {
    use Key::{ArrowDown, ArrowLeft, ArrowRight, ArrowUp, End, Enter, Escape, Home, PageDown, PageUp, Space};
    let arrows = matches!(key, ArrowDown | ArrowLeft | ArrowRight | ArrowUp);
    arrows || matches!(key, End | Enter | Escape | Home | PageDown | PageUp | Space)
}

/// Keys that egui's text field acts on while Ctrl or Cmd is held; the grid's are among them.
fn edits(key: Key) -> bool {
    use Key::{A, B, Backspace, C, Copy, Cut, Delete, E, F, H, Insert, K, N, P, Paste, U, V, W, X, Y, Z};
    // Mac text fields know the Emacs keys.
    let emacs = cfg!(target_os = "macos") && matches!(key, P | N | B | F | E);
    let letters = matches!(key, A | C | H | K | U | V | W | X | Y | Z);
    let named = matches!(key, Backspace | Delete | Insert | Copy | Cut | Paste);
    emacs || letters || named || (moves_or_presses(key) && key != Key::Space)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Keyboard; 4] = [Keyboard::Nobody, Keyboard::Widget, Keyboard::Grid, Keyboard::Text];

    fn ours(key: Key, held: Modifiers) -> Vec<Keyboard> {
        ALL.into_iter().filter(|keyboard| is_ours(*keyboard, Some(key), held)).collect()
    }

    #[test]
    fn chords_that_hold_everywhere_are_ours_whoever_has_the_focus() {
        for shortcut in keymap::KEYS.iter().filter(|shortcut| shortcut.place == Place::Everywhere) {
            for chord in shortcut.chords {
                let held = Modifiers { ctrl: chord.command, ..Modifiers::default() };
                let held = Modifiers { command: chord.command, shift: chord.shift, alt: chord.alt, ..held };
                assert_eq!(ours(chord.key, held), ALL, "{}", shortcut.keys);
            }
        }
    }

    #[test]
    fn space_is_the_hosts_unless_something_is_typed_in_or_a_button_is_pressed_with_it() {
        assert_eq!(ours(Key::Space, Modifiers::NONE), [Keyboard::Widget, Keyboard::Text]);
        assert_eq!(ours(Key::Space, Modifiers::SHIFT), [Keyboard::Widget, Keyboard::Text]);
        // There it asks for completions.
        assert_eq!(ours(Key::Space, Modifiers::COMMAND | Modifiers::CTRL), [Keyboard::Text]);
    }

    #[test]
    fn what_types_is_ours_while_text_is_typed_and_the_hosts_while_nobody_types() {
        for key in [Key::A, Key::Z, Key::Num0, Key::Period, Key::Slash, Key::Enter, Key::Escape, Key::ArrowUp] {
            assert!(is_ours(Keyboard::Text, Some(key), Modifiers::NONE), "{key:?}");
            assert!(is_ours(Keyboard::Grid, Some(key), Modifiers::SHIFT), "{key:?}");
            assert!(!is_ours(Keyboard::Nobody, Some(key), Modifiers::NONE), "{key:?}");
        }
    }

    #[test]
    fn chords_that_nobody_here_knows_are_the_hosts_even_while_text_is_typed() {
        let command = Modifiers::COMMAND | Modifiers::CTRL;
        assert_eq!(ours(Key::T, command), []);
        assert_eq!(ours(Key::F7, Modifiers::NONE), []);
        assert_eq!(ours(Key::Z, command), [Keyboard::Grid, Keyboard::Text]);
        assert_eq!(ours(Key::Slash, command), [Keyboard::Text]);
    }

    #[test]
    fn escape_is_the_hosts_when_there_is_nothing_to_leave() {
        assert_eq!(ours(Key::Escape, Modifiers::NONE), [Keyboard::Widget, Keyboard::Grid, Keyboard::Text]);
    }

    #[test]
    fn a_key_without_a_name_is_ours_only_where_it_can_type() {
        let typing = ALL.into_iter().filter(|keyboard| is_ours(*keyboard, None, Modifiers::NONE));
        assert_eq!(typing.collect::<Vec<_>>(), [Keyboard::Grid, Keyboard::Text]);
    }
}
