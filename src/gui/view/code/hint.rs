//! The line under the text that tells the call at the caret: its arguments, which one is next, and what it takes.
//! Thread: gui.
//!
//! It stands in a place of its own, so that it never covers what is being played.

use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, Ui};

use super::complete::Shelf;
use super::context::{Call, Context, declared};
use super::page::range;
use crate::gui::theme;

/// What is told about a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hint {
    /// Up to the argument at the caret.
    pub before: String,
    /// The argument at the caret.
    pub current: String,
    /// After it.
    pub after: String,
    /// What may be given there.
    pub allowed: String,
}

/// What is told at the caret; `None` outside of calls that are known.
pub fn hint(shelf: &Shelf<'_>, context: &Context) -> Option<Hint> {
    let call = context.call.as_ref()?;
    let word = declared(shelf.words, &call.on.kind, &call.name)?;
    let last = word.args.len().saturating_sub(1);
    let place = if word.args.last().is_some_and(|argument| argument.rest) { call.arg.min(last) } else { call.arg };
    let mut hint = Hint { before: format!("{}(", word.name), ..Hint::default() };
    for (at, argument) in word.args.iter().enumerate() {
        let name = match (argument.rest, argument.optional) {
            (true, _) => "…".to_owned(),
            (_, true) => format!("[{}]", argument.name),
            _ => argument.name.to_owned(),
        };
        let comma = if at < last { ", " } else { "" };
        match at.cmp(&place) {
            std::cmp::Ordering::Less => hint.before += &format!("{name}{comma}"),
            std::cmp::Ordering::Equal => {
                hint.current = name;
                hint.after += comma;
            }
            std::cmp::Ordering::Greater => hint.after += &format!("{name}{comma}"),
        }
    }
    hint.after.push(')');
    hint.allowed = allowed(shelf, context, call, word.args.get(place).map(|a| (a.name, a.allowed.as_str())));
    Some(hint)
}

fn allowed(shelf: &Shelf<'_>, context: &Context, call: &Call, argument: Option<(&str, &str)>) -> String {
    let field = call.fields.last().filter(|field| !field.is_empty());
    match (shelf.param_of(context), field, argument) {
        (Some(param), ..) => format!("{}: {}", param.desc().name, range(param)),
        (None, Some(field), _) => field.clone(),
        (None, None, Some((name, allowed))) => format!("{name}: {allowed}"),
        (None, None, None) => "no more arguments".to_owned(),
    }
}

/// Draw it; outside of calls the first fault of the text is told, if it has one.
pub fn show(ui: &mut Ui, hint: Option<&Hint>, fault: Option<&str>) {
    let mut job = LayoutJob::default();
    let mut put = |text: &str, colour: Color32| {
        job.append(text, 0.0, TextFormat::simple(theme::code_font(), colour));
    };
    match hint {
        Some(hint) => {
            put(&hint.before, theme::WEAK);
            put(&hint.current, theme::EDITING);
            put(&hint.after, theme::WEAK);
            put("   ", theme::WEAK);
            put(&hint.allowed, theme::TEXT);
        }
        None => put(fault.unwrap_or(" "), theme::WARNING),
    }
    ui.add(egui::Label::new(job).truncate());
}

#[cfg(test)]
mod tests {
    use super::super::context::{Reading, tests::words};
    use super::*;
    use crate::gui::widget::lua_lex::lex;
    use crate::model::text::{Standing, run};
    use crate::model::{Session, Snapshot};

    fn told(marked: &str) -> Option<(String, String)> {
        let mut session = Session::new();
        run(&mut session, Standing::default(), "add sampler kick").expect("made");
        let snapshot = Snapshot::first(session);
        let caret = marked.find('|').expect("a caret");
        let text = marked.replacen('|', "", 1);
        let tokens = lex(&text);
        let context = Reading::new(&text, &tokens, words()).around(caret);
        let shelf = Shelf { words: words(), snapshot: &snapshot, text: &text, tokens: &tokens };
        hint(&shelf, &context).map(|hint| (hint.current, hint.allowed))
    }

    #[test]
    fn the_argument_at_the_caret_is_told_with_what_it_takes() {
        let is = |current: &str, allowed: &str| Some((current.to_owned(), allowed.to_owned()));
        assert_eq!(told("setParam(|"), is("name", "name: something"));
        assert_eq!(told("setParam('kick', '|')"), is("param", "param: something"));
        assert_eq!(
            told("setParam('kick', 'volume', |)"),
            is("[value]", "volume: a number from 0 to 2 (linear gain), 1 unless set")
        );
        assert_eq!(
            told("sampler('kick', { attackMs = |"),
            is("[config]", "attackMs: a number from 0 to 60000 milliseconds, 0 unless set")
        );
        assert_eq!(
            told("k = sampler('kick') k:set('pan', |"),
            is("value", "pan: a number from -1 to 1 (-1 left, 1 right), 0 unless set")
        );
        assert_eq!(told("trigger('kick', {}, |"), is("", "no more arguments"));
        assert_eq!(told("unknown(|"), None);
        assert_eq!(told("clock:every(1, function() |"), None);
    }
}
