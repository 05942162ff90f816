//! What is told about one completion: signature, range, unit, default, sentence, example, what it is now. Thread: gui.
//! Pure.

use super::complete::{Choice, Source};
use crate::model::lexicon::Completion;
use crate::model::param::{Param, Unit};
use crate::model::{Loading, Snapshot};

/// A page about something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Its name, with what it takes.
    pub title: String,
    /// Sentences.
    pub lines: Vec<String>,
    /// Lua that shows it.
    pub example: String,
}

/// What a parameter's number means.
pub fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::None => "",
        Unit::Fraction => " (share of the whole)",
        Unit::Gain => " (linear gain)",
        Unit::Times => " (times)",
        Unit::Seconds => " seconds",
        Unit::Milliseconds => " milliseconds",
        Unit::Semitones => " semitones",
        Unit::Note => " (MIDI note)",
        Unit::Pan => " (-1 left, 1 right)",
    }
}

/// A parameter's range, unit and default in one line.
pub fn range(param: Param) -> String {
    let desc = param.desc();
    format!("{}{}, {} unless set", param.allowed(), unit(desc.unit), param.show(desc.default))
}

/// The page about a choice.
pub fn page(choice: &Choice, snapshot: &Snapshot) -> Page {
    let session = &snapshot.session;
    let say = |lines: Vec<String>| Page { title: choice.label.clone(), lines, example: String::new() };
    match &choice.source {
        Source::Function(word) => function(word),
        Source::Param(param, module) => {
            let mut lines = vec![range(*param), param.desc().doc.to_owned()];
            let module = module.as_deref().and_then(|name| Some((name, session.modules.get(name)?)));
            if let Some((name, module)) = module {
                let value = module.params.get(param).copied().unwrap_or(param.desc().default);
                lines.push(format!("{name} has {}", param.show(value)));
            }
            say(lines)
        }
        Source::Module => {
            let Some(module) = session.modules.get(choice.label.trim_matches('"')) else { return say(vec![]) };
            let mut lines = vec![module.kind().name().to_owned()];
            let samples = module.samples();
            if !samples.is_empty() {
                let names: Vec<&str> = samples.iter().take(12).map(|sample| sample.name.as_str()).collect();
                lines.push(format!("{} samples: {}", samples.len(), names.join(" ")));
            }
            for (param, value) in &module.params {
                lines.push(format!("{} = {}", param.desc().name, param.show(*value)));
            }
            say(lines)
        }
        Source::Pattern => match session.patterns.get(choice.label.trim_matches('"')) {
            Some(pattern) => say(vec![format!("Pattern of {} rows", pattern.steps)]),
            None => say(vec![]),
        },
        Source::Chain => match session.chains.get(choice.label.trim_matches('"')) {
            Some(chain) => say(vec![format!("Chain of {} entries", chain.entries.len())]),
            None => say(vec![]),
        },
        Source::Bank => say(session.banks.get(&choice.label).map(|from| format!("Bank: {from}")).into_iter().collect()),
        Source::File => say(vec![match snapshot.media.get(&choice.label) {
            Some(Loading::Ready { frames, rate, channels }) => {
                let seconds = *frames as f64 / f64::from((*rate).max(1));
                format!("{seconds:.2} s, {rate} Hz, {channels} channels")
            }
            Some(Loading::Missing(why)) => format!("Missing: {why}"),
            Some(_) => "On its way into memory".to_owned(),
            None => "Not in memory".to_owned(),
        }]),
        Source::Live => say(vec!["A live chunk of this session".into()]),
        Source::Local => say(vec!["A name of this text".into()]),
        Source::Keyword => say(vec!["A word of Lua".into()]),
        Source::Word(_) | Source::Setting => say(vec![]),
    }
}

fn function(word: &Completion) -> Page {
    let mut lines = vec![word.doc.to_owned()];
    for argument in &word.args {
        let optional = if argument.optional { " (may be left out)" } else { "" };
        lines.push(format!("{}: {}{optional}", argument.name, argument.allowed));
    }
    if !word.returns.is_empty() {
        lines.push(format!("gives: {}", word.returns));
    }
    Page { title: word.signature.clone(), lines, example: word.example.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Session;
    use crate::model::text::{Standing, run};

    #[test]
    fn a_parameter_is_told_with_range_unit_default_and_what_it_is_now() {
        let mut session = Session::new();
        for line in ["add sampler kick", "set kick attackMs 12"] {
            run(&mut session, Standing::default(), line).expect(line);
        }
        let source = Source::Param(Param::ATTACK_MS, Some("kick".into()));
        let choice = Choice { label: "attackMs".into(), insert: String::new(), back: 0, source };
        let lines = page(&choice, &Snapshot::first(session)).lines;
        assert_eq!(lines[0], "a number from 0 to 60000 milliseconds, 0 unless set");
        assert_eq!(lines.last().map(String::as_str), Some("kick has 12"));
    }
}
