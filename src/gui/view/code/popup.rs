//! The list of completions at the caret, and the page about the one chosen. Thread: gui.

use egui::{Area, Frame, Id, Order, Rect, RichText, ScrollArea, Ui, pos2};

use super::complete::{Choice, Shelf, Source};
use super::context::{Context, Spot};
use super::page::page;
use crate::gui::theme;
use crate::gui::widget::named;

/// Letters after which Enter takes what is offered without a choice by hand.
const ENTER_LETTERS: usize = 2;
/// Least and largest height of the list, in points, and that of one row.
const HEIGHTS: (f32, f32, f32) = (110.0, 190.0, 21.0);

/// View state of the list.
#[derive(Default)]
pub struct Popup {
    open: Option<Open>,
    // Where it was last drawn.
    rect: Option<Rect>,
}

struct Open {
    choices: Vec<Choice>,
    at: usize,
    // Whether a hand moved the choice.
    moved: bool,
    // Whether the choice should be scrolled into sight.
    scroll: bool,
    from: usize,
    prefix: String,
}

/// What is typed in the place of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// First byte that is replaced, up to the caret.
    pub from: usize,
    /// What is typed there.
    pub insert: String,
    /// How many letters before its end the caret stands.
    pub back: usize,
}

impl Popup {
    /// Whether it is shown.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Put it away.
    pub fn close(&mut self) {
        self.open = None;
    }

    /// Whether a hand is on it: a press takes the focus from the text before the click is whole.
    pub fn is_touched(&self, ui: &Ui) -> bool {
        let hand = ui.input(|input| input.pointer.latest_pos());
        self.is_open() && self.rect.zip(hand).is_some_and(|(rect, hand)| rect.contains(hand))
    }

    /// Look at what stands around the caret after something was typed, or when it was `asked` for.
    pub fn look(&mut self, shelf: &Shelf<'_>, context: &Context, asked: bool) {
        let wanted = asked
            || match context.spot {
                Spot::Nothing => false,
                Spot::Word => !context.prefix.is_empty(),
                // After a dot or a colon of something unknown the list would be long and mean little.
                Spot::Member => !context.prefix.is_empty() || !context.on.kind.is_empty(),
                Spot::Text => true,
            };
        let choices = if wanted { shelf.choices(context) } else { vec![] };
        let there = choices.len() == 1 && choices[0].label == context.prefix;
        self.open = (!choices.is_empty() && !there).then(|| Open {
            choices,
            at: 0,
            moved: false,
            scroll: true,
            from: context.from,
            prefix: context.prefix.clone(),
        });
    }

    /// Choose the next one, or the one before.
    pub fn step(&mut self, back: bool) {
        if let Some(open) = &mut self.open {
            let count = open.choices.len();
            open.at = (open.at + if back { count - 1 } else { 1 }) % count;
            (open.moved, open.scroll) = (true, true);
        }
    }

    /// Take what is chosen, for Tab or a click.
    pub fn accept(&mut self) -> Option<Accepted> {
        let open = self.open.take()?;
        let choice = &open.choices[open.at];
        Some(Accepted { from: open.from, insert: choice.insert.clone(), back: choice.back })
    }

    /// Take what is chosen, for Enter: only when a hand chose it, or enough of a word was typed that is none yet. A
    /// word that is typed to its end is left alone, and Enter begins a line.
    pub fn accept_by_enter(&mut self) -> Option<Accepted> {
        let open = self.open.as_ref()?;
        let whole = open.choices.iter().any(|choice| choice.label == open.prefix);
        // What only has the letters somewhere inside is a suggestion, not the word begun.
        let begun = open.choices[open.at].label.to_lowercase().starts_with(&open.prefix.to_lowercase());
        if open.moved || begun && !whole && open.prefix.chars().count() >= ENTER_LETTERS {
            return self.accept();
        }
        self.close();
        None
    }

    /// Draw it under the caret; gives whether a choice was clicked, which is then to be accepted.
    pub fn ui(&mut self, ui: &Ui, caret: Rect, shelf: &Shelf<'_>) -> bool {
        let Some(open) = &mut self.open else { return false };
        let screen = ui.ctx().content_rect();
        let height = (open.choices.len() as f32 * HEIGHTS.2).clamp(HEIGHTS.0, HEIGHTS.1);
        let below = caret.bottom() + 2.0;
        let above = below + height + 12.0 > screen.bottom();
        let at = pos2(caret.left(), if above { (caret.top() - height - 14.0).max(0.0) } else { below });
        let mut clicked = false;
        let area = Area::new(Id::unique("completions")).order(Order::Foreground).fixed_pos(at).constrain(true);
        let shown = area.show(ui.ctx(), |ui| {
            Frame::popup(ui.style()).show(ui, |ui| {
                ui.set_height(height);
                ui.horizontal_top(|ui| {
                    ui.vertical(|ui| clicked = list(ui, open));
                    ui.separator();
                    ui.vertical(|ui| {
                        ui.set_width(340.0);
                        let area = ScrollArea::vertical().id_salt("completion page").max_height(height);
                        area.show(ui, |ui| about(ui, &open.choices[open.at], shelf));
                    });
                });
            });
        });
        self.rect = Some(shown.response.rect);
        clicked
    }
}

fn list(ui: &mut Ui, open: &mut Open) -> bool {
    let mut clicked = false;
    ui.set_width(190.0);
    let area = ScrollArea::vertical().id_salt("completion list").max_height(HEIGHTS.1).auto_shrink([false, true]);
    area.show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        for (place, choice) in open.choices.iter().enumerate() {
            let (sign, colour) = sign(&choice.source);
            let text = RichText::new(format!("{sign} {}", choice.label)).font(theme::code_font()).color(colour);
            let row = ui.selectable_label(place == open.at, text);
            named(&row, &format!("completion {}", choice.label));
            if place == open.at && open.scroll {
                row.scroll_to_me(None);
            }
            if row.clicked() {
                (open.at, clicked) = (place, true);
            }
        }
        open.scroll = false;
    });
    clicked
}

fn sign(source: &Source) -> (&'static str, egui::Color32) {
    match source {
        Source::Function(_) => ("f", theme::CALL),
        Source::Param(..) => ("p", theme::FIELD_NAME),
        Source::Setting => (".", theme::FIELD_NAME),
        Source::Word(_) | Source::File | Source::Bank | Source::Live => ("\"", theme::STRING),
        Source::Module => ("m", theme::STRING),
        Source::Pattern => ("#", theme::STRING),
        Source::Chain => ("&", theme::STRING),
        Source::Local => ("x", theme::TEXT),
        Source::Keyword => (" ", theme::KEYWORD),
    }
}

fn about(ui: &mut Ui, choice: &Choice, shelf: &Shelf<'_>) {
    let page = page(choice, shelf.snapshot);
    ui.label(RichText::new(page.title).font(theme::code_font()).strong());
    for line in &page.lines {
        ui.add(egui::Label::new(RichText::new(line).color(theme::WEAK)).wrap());
    }
    if !page.example.is_empty() {
        ui.add_space(4.0);
        ui.add(egui::Label::new(RichText::new(page.example).font(theme::code_font()).color(theme::STRING)).wrap());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(prefix: &str, labels: &[&str]) -> Popup {
        let choice = |label: &&str| Choice {
            label: (*label).to_owned(),
            insert: (*label).to_owned(),
            back: 0,
            source: Source::Local,
        };
        let choices = labels.iter().map(choice).collect();
        let open = Open { choices, at: 0, moved: false, scroll: false, from: 0, prefix: prefix.into() };
        Popup { open: Some(open), rect: None }
    }

    #[test]
    fn enter_takes_a_word_begun_and_leaves_a_short_or_whole_one_alone() {
        assert!(open("ki", &["kick"]).accept_by_enter().is_some());
        assert!(open("k", &["kick"]).accept_by_enter().is_none());
        assert!(open("ic", &["kick"]).accept_by_enter().is_none());
        assert!(open("end", &["endless", "end"]).accept_by_enter().is_none());
        let mut chosen = open("k", &["kick", "kit"]);
        chosen.step(false);
        assert_eq!(chosen.accept_by_enter().map(|taken| taken.insert), Some("kit".into()));
    }

    #[test]
    fn the_choice_goes_round() {
        let mut popup = open("k", &["kick", "kit"]);
        popup.step(true);
        assert_eq!(popup.accept().map(|taken| taken.insert), Some("kit".into()));
        assert!(!popup.is_open() && popup.accept().is_none());
    }
}
