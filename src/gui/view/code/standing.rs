//! How the script stands against the session, in words: the counter beside the tabs and the strip above the generated
//! script. Thread: gui.

use egui::{RichText, ScrollArea, Ui};

use crate::gui::theme;
use crate::model::TextState;

/// Most differences in sight at once; the rest is scrolled to.
const LINES_HIGH: f32 = 6.0;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// The script makes the session.
    RunScript,
    /// The session is written into the script.
    WriteText,
}

/// How a text stands.
#[derive(Debug, PartialEq)]
pub enum Standing<'a> {
    /// Nothing is written there.
    Blank,
    /// Nobody has compared yet.
    Busy,
    /// It cannot be run beside the session.
    Broken(String),
    /// It makes this session.
    Same,
    /// It would make these things otherwise.
    Differs(&'a TextState),
}

/// How the session's text stands; `unsaved` says that other words are typed already.
pub fn standing<'a>(state: &'a TextState, text: &str, unsaved: bool) -> Standing<'a> {
    match &state.error {
        _ if text.trim().is_empty() => Standing::Blank,
        _ if unsaved || *state.text != *text => Standing::Busy,
        Some((Some(line), message)) => Standing::Broken(format!("line {line}: {message}")),
        Some((None, message)) => Standing::Broken(message.to_string()),
        None if state.differs.is_empty() => Standing::Same,
        None => Standing::Differs(state),
    }
}

/// The counter in the toolbar; whether it was clicked.
pub fn counter(ui: &mut Ui, standing: &Standing<'_>) -> bool {
    let (text, hint) = match standing {
        Standing::Differs(state) => {
            (format!("differs: {}", count(state)), "The session is otherwise than your script; see how")
        }
        Standing::Broken(_) => ("differs: ?".to_owned(), "Your script cannot be compared with the session; see why"),
        _ => return false,
    };
    ui.button(RichText::new(text).color(theme::COMPUTED)).on_hover_text(hint).clicked()
}

/// The strip above the generated script; what was asked for.
pub fn strip(ui: &mut Ui, standing: &Standing<'_>) -> Option<Wish> {
    let mut wish = None;
    ui.horizontal_wrapped(|ui| {
        let (text, colour) = match standing {
            Standing::Blank => ("Your script is empty.".to_owned(), theme::WEAK),
            Standing::Busy => ("Comparing with your script …".to_owned(), theme::WEAK),
            Standing::Broken(why) => (format!("Your script cannot be compared with the session: {why}"), theme::ERROR),
            Standing::Same => ("Your script makes exactly this session.".to_owned(), theme::PLAYING),
            Standing::Differs(state) => match count(state).as_str() {
                "1" => ("1 thing differs from your script:".to_owned(), theme::COMPUTED),
                many => (format!("{many} things differ from your script:"), theme::COMPUTED),
            },
        };
        ui.label(RichText::new(text).color(colour));
        let differs = matches!(standing, Standing::Differs(_));
        let hint = "Your script wins: all of it is run at the moment chosen above";
        if differs && ui.button("Run script").on_hover_text(hint).clicked() {
            wish = Some(Wish::RunScript);
        }
        let hint = "The session wins: what differs is written into your script, your lines are kept";
        if (differs || *standing == Standing::Blank) && ui.button("Write into script").on_hover_text(hint).clicked() {
            wish = Some(Wish::WriteText);
        }
    });
    if let Standing::Differs(state) = standing {
        let height = ui.text_style_height(&egui::TextStyle::Monospace) + ui.spacing().item_spacing.y;
        let area = ScrollArea::vertical().id_salt("differs").max_height(height * LINES_HIGH).auto_shrink([false, true]);
        area.show(ui, |ui| {
            for line in &state.differs {
                ui.label(RichText::new(&**line).monospace().color(theme::TEXT));
            }
        });
    }
    ui.separator();
    wish
}

/// How many differ; the list ends at 200.
fn count(state: &TextState) -> String {
    match state.differs.len() {
        many @ 200.. => format!("{many}+"),
        few => few.to_string(),
    }
}
