//! Every key of the editor, in one list: the dispatch reads it, the help shows it, and the window keeps what is in it
//! from the host. Thread: gui.
//!
//! A host may keep function keys and signs with Ctrl for itself, so each act whose famous chord is one of those has a
//! second chord on letters, digits, Enter or Tab.

use egui::{Event, InputState, Key, Modifiers};

/// What a chord asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Show the Command view.
    Command,
    /// Show the Code view.
    Code,
    /// Show the Patterns view.
    Patterns,
    /// Show the Desk view.
    Desk,
    /// Sequencers and live chunks stop, tails ring.
    Hush,
    /// All sound is cut.
    Panic,
    /// Play the work that a crash left, or what was there before it.
    Recover,
    /// Show or hide the list of keys.
    Help,
    /// Run the selection or the block, at the moment chosen.
    RunBlock,
    /// Run the selection or the block, now.
    RunNow,
    /// Run the whole buffer, at the moment chosen.
    RunAll,
    /// Run the caret's line, at the moment chosen.
    RunLine,
    /// Make lines comments, or not.
    Comment,
    /// Move lines left.
    Outdent,
    /// Go back to the last good evaluation.
    LastGood,
    /// Show completions at the caret.
    Complete,
    /// Find in the text.
    Find,
    /// Find and replace.
    Replace,
    /// Go to a line.
    GoToLine,
    /// Take back the last change of the text.
    UndoText,
    /// Do it again.
    RedoText,
    /// Larger letters.
    Larger,
    /// Smaller letters.
    Smaller,
    /// Letters of the usual size.
    NormalSize,
    /// Save the script to its file.
    Save,
}

/// Where a chord holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In every view.
    Everywhere,
    /// In the Code view's editor.
    Code,
    /// In a line that takes input.
    Prompt,
    /// In the pattern grid.
    Grid,
    /// In the Desk view.
    Desk,
}

impl Place {
    /// What the help calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Code => "Code",
            Self::Prompt => "Command line and console",
            Self::Grid => "Pattern grid",
            Self::Desk => "Desk view",
        }
    }
}

/// A chord: a key with exactly these modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chord {
    /// The key.
    pub key: Key,
    /// Ctrl, on a Mac Cmd.
    pub command: bool,
    /// Shift.
    pub shift: bool,
    /// Alt.
    pub alt: bool,
}

impl Chord {
    /// Whether `key` with exactly these modifiers held is this chord.
    fn is(self, key: Key, held: Modifiers) -> bool {
        let command = held.command || held.ctrl;
        (self.key, self.command, self.shift, self.alt) == (key, command, held.shift, held.alt)
    }
}

/// One line of the list.
#[derive(Debug)]
pub struct Shortcut {
    /// Where it holds.
    pub place: Place,
    /// As people read it.
    pub keys: &'static str,
    /// Chords that ask for it; empty for gestures that the widget itself reads.
    pub chords: &'static [Chord],
    /// What it asks for.
    pub action: Option<Action>,
    /// One sentence.
    pub doc: &'static str,
}

const fn plain(key: Key) -> Chord {
    Chord { key, command: false, shift: false, alt: false }
}
const fn ctrl(key: Key) -> Chord {
    Chord { key, command: true, shift: false, alt: false }
}
const fn ctrl_shift(key: Key) -> Chord {
    Chord { key, command: true, shift: true, alt: false }
}
const fn ctrl_alt(key: Key) -> Chord {
    Chord { key, command: true, shift: false, alt: true }
}
const fn alt(key: Key) -> Chord {
    Chord { key, command: false, shift: false, alt: true }
}
const fn shift(key: Key) -> Chord {
    Chord { key, command: false, shift: true, alt: false }
}

macro_rules! keys {
    ($( $place:ident $keys:literal $chords:expr, $action:expr, $doc:literal; )*) => {
        /// Every key, in the order the help shows them.
        pub static KEYS: &[Shortcut] = &[ $( Shortcut {
            place: Place::$place, keys: $keys, chords: $chords, action: $action, doc: $doc,
        }, )* ];
    };
}

keys! {
    Everywhere "F1, Ctrl+1" &[plain(Key::F1), ctrl(Key::Num1)], Some(Action::Command), "Command view.";
    Everywhere "F2, Ctrl+2" &[plain(Key::F2), ctrl(Key::Num2)], Some(Action::Code), "Code view.";
    Everywhere "F3, Ctrl+3" &[plain(Key::F3), ctrl(Key::Num3)], Some(Action::Patterns), "Patterns view.";
    Everywhere "F4, Ctrl+4" &[plain(Key::F4), ctrl(Key::Num4)], Some(Action::Desk), "Desk view.";
    Everywhere "Ctrl+., Ctrl+H" &[ctrl(Key::Period), ctrl(Key::H)], Some(Action::Hush), "Hush: sequencers and live chunks stop, tails ring. Twice within 2 s is panic.";
    Everywhere "Ctrl+Shift+., Ctrl+Alt+H" &[ctrl_shift(Key::Period), ctrl_alt(Key::H)], Some(Action::Panic), "Panic: all sound is cut.";
    Everywhere "Ctrl+J" &[ctrl(Key::J)], Some(Action::Recover), "Play the work that a crash left; again: what was there before it.";
    Everywhere "?" &[], Some(Action::Help), "These keys (when no text is being typed).";
    Code "Ctrl+Enter" &[ctrl(Key::Enter)], Some(Action::RunBlock), "Run the selected lines, or the block around the caret, at the moment chosen.";
    Code "Alt+Enter" &[alt(Key::Enter)], Some(Action::RunNow), "Run the selected lines or the block now.";
    Code "Ctrl+Shift+Enter, Ctrl+R" &[ctrl_shift(Key::Enter), ctrl(Key::R)], Some(Action::RunAll), "Run the whole buffer at the moment chosen.";
    Code "Ctrl+L" &[ctrl(Key::L)], Some(Action::RunLine), "Run the caret's line at the moment chosen.";
    Code "Ctrl+/, Ctrl+K" &[ctrl(Key::Slash), ctrl(Key::K)], Some(Action::Comment), "Make lines comments, or not.";
    Code "Tab" &[], None, "Indent; with several lines chosen, move them right.";
    Code "Shift+Tab" &[shift(Key::Tab)], Some(Action::Outdent), "Move lines left.";
    Code "Ctrl+Shift+Z, Ctrl+Alt+Z" &[ctrl_shift(Key::Z), ctrl_alt(Key::Z)], Some(Action::LastGood), "Go back to the last good evaluation.";
    Code "Ctrl+Z" &[ctrl(Key::Z)], Some(Action::UndoText), "Take back the last change of the text, by hand or by command.";
    Code "Ctrl+Y" &[ctrl(Key::Y)], Some(Action::RedoText), "Do it again.";
    Code "Ctrl+Space, Ctrl+N" &[ctrl(Key::Space), ctrl(Key::N)], Some(Action::Complete), "Show what could be typed here.";
    Code "Up, Down, Tab, Enter, Esc" &[], None, "In that list: choose, take, put it away. Enter takes what was chosen, or completes a word of two letters or more.";
    Code "Ctrl+F" &[ctrl(Key::F)], Some(Action::Find), "Find; in the bar Enter goes on, Shift+Enter back, Esc closes it.";
    Code "Ctrl+Shift+F, Ctrl+Alt+F" &[ctrl_shift(Key::F), ctrl_alt(Key::F)], Some(Action::Replace), "Find and replace.";
    Code "Ctrl+G" &[ctrl(Key::G)], Some(Action::GoToLine), "Go to a line.";
    Code "Ctrl+S" &[ctrl(Key::S)], Some(Action::Save), "Save the script to its file.";
    Code "Ctrl+=, Ctrl+9" &[ctrl(Key::Equals), ctrl(Key::Plus), ctrl(Key::Num9)], Some(Action::Larger), "Larger letters.";
    Code "Ctrl+-, Ctrl+8" &[ctrl(Key::Minus), ctrl(Key::Num8)], Some(Action::Smaller), "Smaller letters.";
    Code "Ctrl+0" &[ctrl(Key::Num0)], Some(Action::NormalSize), "Letters of the usual size.";
    Code "Enter" &[], None, "New line with the indent of this one.";
    Code "( [ { \" '" &[], None, "Their partners come and go with them; typed over a selection they go around it.";
    Code "Esc" &[], None, "Close what is open; then leave the text: keys go to the host again.";
    Prompt "Up, Down" &[], None, "Lines typed before.";
    Prompt "Tab" &[], None, "Complete the word (Command view).";
    Grid "Arrows, Tab, PageUp, PageDown, Home, End" &[], None, "Move from cell to cell.";
    Grid "0-9 . - + * /" &[], None, "Start a new value; * and / and + begin with the present one.";
    Grid "Enter" &[], None, "Edit the value (then *2, +0.1, -0.1 and /2 begin with it), and keep it.";
    Grid "Esc" &[], None, "Give the old value back; again: leave the grid.";
    Grid "Backspace, Delete" &[], None, "Clear the cell, or the rows chosen.";
    Grid "0 or - in the index column" &[], None, "A rest.";
    Grid "Ctrl+C, Ctrl+X, Ctrl+V" &[], None, "Copy, cut and paste a cell, or rows (in the column of row numbers).";
    Grid "Shift+Up, Shift+Down" &[], None, "Choose several rows (in the column of row numbers).";
    Grid "Click on a row number" &[], None, "Hear the row.";
    Desk "Tab, Shift+Tab" &[], None, "Go from field to field and from button to button.";
    Desk "Enter, Space" &[], None, "Press the button that has the focus; in a field Enter keeps what was typed.";
    Desk "Esc" &[], None, "In a field: give the old value back. Else: close the preview, the conflicts or the form.";
}

fn find(place: Place, key: Key, held: Modifiers) -> Option<&'static Shortcut> {
    let mut there = KEYS.iter().filter(|shortcut| shortcut.place == place);
    there.find(|shortcut| shortcut.chords.iter().any(|chord| chord.is(key, held)))
}

/// Whether a key with these modifiers is one of the chords of `place`.
pub fn is_bound(place: Place, key: Key, held: Modifiers) -> bool {
    find(place, key, held).is_some()
}

/// What a key asks for in `place`; `None` for what is no chord there.
pub fn asked(event: &Event, place: Place) -> Option<Action> {
    let Event::Key { key, pressed: true, modifiers, .. } = event else { return None };
    find(place, *key, *modifiers).and_then(|shortcut| shortcut.action)
}

/// Take the first chord of `place` out of the input and give what it asks for.
pub fn take(input: &mut InputState, place: Place) -> Option<Action> {
    let (at, action) =
        input.events.iter().enumerate().find_map(|(at, event)| asked(event, place).map(|action| (at, action)))?;
    input.events.remove(at);
    Some(action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_chord_asks_for_two_things() {
        let mut seen: Vec<(Place, Chord)> = vec![];
        for shortcut in KEYS {
            for chord in shortcut.chords {
                let clash = seen
                    .iter()
                    .any(|(place, other)| other == chord && (*place == shortcut.place || *place == Place::Everywhere));
                assert!(!clash, "{} is there twice", shortcut.keys);
                seen.push((shortcut.place, *chord));
            }
        }
    }

    #[test]
    fn every_act_has_a_chord_that_hosts_leave_to_a_plug_in() {
        let left = |key: Key| {
            let name = key.name();
            matches!(key, Key::Enter | Key::Tab) || (name.len() == 1 && name.chars().all(|c| c.is_ascii_alphanumeric()))
        };
        for shortcut in KEYS.iter().filter(|shortcut| !shortcut.chords.is_empty()) {
            assert!(shortcut.chords.iter().any(|chord| left(chord.key)), "{}", shortcut.keys);
        }
    }

    #[test]
    fn modifiers_must_match_exactly() {
        let press = |key, modifiers| {
            let mut input = InputState::default();
            input.events.push(Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers });
            take(&mut input, Place::Code)
        };
        assert_eq!(press(Key::Enter, Modifiers::CTRL), Some(Action::RunBlock));
        assert_eq!(press(Key::Enter, Modifiers::COMMAND | Modifiers::SHIFT), Some(Action::RunAll));
        assert_eq!(press(Key::Enter, Modifiers::ALT), Some(Action::RunNow));
        assert_eq!(press(Key::Enter, Modifiers::NONE), None);
        assert_eq!(press(Key::L, Modifiers::NONE), None);
        assert_eq!(press(Key::L, Modifiers::CTRL | Modifiers::ALT), None);
    }
}
