//! What could be typed at the caret: the language, the session's names, the text's own. Thread: gui. Pure.

use super::context::{Context, Spot, declared};
use crate::gui::widget::lua_lex::{KEYWORDS, Lexeme, Token};
use crate::model::lexicon::Completion;
use crate::model::param::{Param, ParamKind};
use crate::model::session::Session;
use crate::model::{Module, ModuleKind, Snapshot};

/// Most choices offered at once.
const CHOICES_MAX: usize = 200;

/// What a choice is.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A function of the language.
    Function(&'static Completion),
    /// A parameter, of the module called so if that is known.
    Param(Param, Option<String>),
    /// One word that a parameter or argument takes.
    Word(String),
    /// A setting that is no parameter.
    Setting,
    /// A module's name.
    Module,
    /// A pattern's name.
    Pattern,
    /// A chain's name.
    Chain,
    /// A bank's name.
    Bank,
    /// A live chunk's name.
    Live,
    /// An audio file.
    File,
    /// A name in the text.
    Local,
    /// A word of Lua.
    Keyword,
}

/// One choice.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// What is shown and matched.
    pub label: String,
    /// What is typed.
    pub insert: String,
    /// How many letters before the end of it the caret stands then.
    pub back: usize,
    /// What it is.
    pub source: Source,
}

impl Choice {
    fn plain(label: impl Into<String>, source: Source) -> Self {
        let label = label.into();
        Self { insert: label.clone(), label, back: 0, source }
    }

    fn function(word: &'static Completion, called_already: bool) -> Self {
        let name = word.parts().1;
        let (tail, back) = match (called_already, word.args.is_empty()) {
            (true, _) => ("", 0),
            (false, true) => ("()", 0),
            (false, false) => ("()", 1),
        };
        Self { label: name.to_owned(), insert: format!("{name}{tail}"), back, source: Source::Function(word) }
    }

    fn field(label: &str, source: Source) -> Self {
        Self { label: label.to_owned(), insert: format!("{label} = "), back: 0, source }
    }
}

/// Everything that may be completed from.
pub struct Shelf<'a> {
    /// The language.
    pub words: &'static [Completion],
    /// What there is.
    pub snapshot: &'a Snapshot,
    /// The text.
    pub text: &'a str,
    /// Its tokens.
    pub tokens: &'a [Token],
}

impl Shelf<'_> {
    fn session(&self) -> &Session {
        &self.snapshot.session
    }

    /// The choices at a place, best first.
    pub fn choices(&self, context: &Context) -> Vec<Choice> {
        let all = match context.spot {
            Spot::Nothing => vec![],
            Spot::Text => self.in_text(context),
            Spot::Member => self.members(context),
            Spot::Word => self.at_word(context),
        };
        rank(all, &context.prefix)
    }

    fn members(&self, context: &Context) -> Vec<Choice> {
        let called = self.text[context.from + context.prefix.len()..].starts_with(['(', '{', '"', '\'']);
        let of_kind = |word: &&'static Completion| match context.on.kind.as_str() {
            // Of a thing that is not known every method could be meant; of `t.x` none.
            "" => context.colon && !word.parts().0.is_empty(),
            kind => word.parts().0 == kind,
        };
        let mut all: Vec<Choice> = match context.colon {
            true => self.words.iter().filter(of_kind).map(|word| Choice::function(word, called)).collect(),
            false if context.on.kind == "module" => vec![Choice::plain("sample", Source::Setting)],
            false => vec![],
        };
        // The same method of two unknown kinds is one choice.
        all.dedup_by(|a, b| a.label == b.label);
        all
    }

    fn at_word(&self, context: &Context) -> Vec<Choice> {
        let end = context.from + context.prefix.len();
        let called = self.text[end..].trim_start_matches(' ').starts_with(['(', '{', '"', '\'']);
        let mut all = vec![];
        if context.field_may_begin {
            all.extend(self.fields(context));
        }
        if let Some(value) = self.value(context) {
            all.extend(value.into_iter().map(|choice| {
                let quoted = format!("\"{}\"", choice.insert);
                Choice { label: quoted.clone(), insert: quoted, ..choice }
            }));
        }
        all.extend(self.locals(context.from).into_iter().map(|name| Choice::plain(name, Source::Local)));
        let global = self.words.iter().filter(|word| word.parts().0.is_empty());
        all.extend(global.map(|word| Choice::function(word, called)));
        for object in ["clock", "engine"] {
            if self.words.iter().any(|word| word.parts().0 == object) {
                all.push(Choice::plain(object, Source::Setting));
            }
        }
        all.extend(KEYWORDS.iter().map(|word| Choice::plain(*word, Source::Keyword)));
        all
    }

    /// Names that the text gives: locals, arguments, functions, and what is assigned to.
    fn locals(&self, except: usize) -> Vec<&str> {
        let mut names = vec![];
        let word = |at: usize| self.tokens.get(at).map_or("", |token| token.of(self.text));
        let mut listing = false;
        for (at, token) in self.tokens.iter().enumerate() {
            match (token.kind, token.of(self.text)) {
                (Lexeme::Keyword, "local" | "for" | "function") => listing = true,
                (Lexeme::Keyword, _) | (Lexeme::Sign, "=" | ")" | "." | ":") => listing = false,
                (Lexeme::Name, name) if token.start != except => {
                    // The name after a list is a new statement: `local x y()`.
                    let before = at.checked_sub(1).map_or("", word);
                    let next = matches!(before, "local" | "for" | "function" | "," | "(");
                    let assigned = word(at + 1) == "=" && !matches!(before, "." | "," | "{" | "(" | ";");
                    listing &= next || assigned;
                    if listing || assigned {
                        names.push(name);
                    }
                }
                _ => {}
            }
        }
        names.sort_unstable();
        names.dedup();
        names.retain(|name| !self.words.iter().any(|word| word.name == *name));
        names
    }

    fn module(&self, name: &str) -> Option<&Module> {
        self.session().modules.get(name).map(|module| &**module)
    }

    /// Which kind of module a call makes or is called on.
    fn kind_in(&self, context: &Context) -> Option<(ModuleKind, Option<String>)> {
        let call = context.call.as_ref()?;
        let named = call.on.name.clone().or_else(|| call.given.first().cloned().flatten());
        let kind = match (call.on.kind.as_str(), call.name.as_str()) {
            ("", "sampler") => ModuleKind::MultiSampler,
            ("", "audioMixer") => ModuleKind::AudioMixer,
            ("", "audioOut") => ModuleKind::AudioOutput,
            ("", "audioIn") => ModuleKind::AudioInput,
            ("", "sequencer") => ModuleKind::TrackerSequencer,
            ("" | "module" | "sample" | "router", _) => self.module(named.as_deref()?)?.kind(),
            _ => return None,
        };
        Some((kind, named))
    }

    /// What may be a field of the table around the caret.
    fn fields(&self, context: &Context) -> Vec<Choice> {
        let Some(call) = &context.call else { return vec![] };
        let outer: Vec<&str> = call.fields.iter().rev().skip(1).rev().map(String::as_str).collect();
        let hit = |more: &[&str]| {
            let own = Param::of(ModuleKind::MultiSampler).filter(|param| param.desc().per_hit);
            let own = own.map(|param| Choice::field(param.desc().name, Source::Param(param, None)));
            more.iter().map(|word| Choice::field(word, Source::Setting)).chain(own).collect::<Vec<_>>()
        };
        let settings = |words: &[&str]| words.iter().map(|word| Choice::field(word, Source::Setting)).collect();
        match (call.on.kind.as_str(), call.name.as_str(), outer.as_slice()) {
            ("", "sampler", ["samples", ..]) => hit(&["path", "name"]),
            ("", "sampler" | "audioMixer" | "audioOut" | "audioIn" | "sequencer", []) => {
                let Some((kind, name)) = self.kind_in(context) else { return vec![] };
                let own: &[&str] = match kind {
                    ModuleKind::MultiSampler => &["samples", "bank", "enabled"],
                    ModuleKind::TrackerSequencer => &["pattern", "chain", "to", "play", "enabled"],
                    _ => &["volume", "enabled"],
                };
                let params = Param::of(kind);
                let params = params.map(|param| Choice::field(param.desc().name, Source::Param(param, name.clone())));
                own.iter().map(|word| Choice::field(word, Source::Setting)).chain(params).collect()
            }
            ("", "pattern", []) => settings(&["steps", "stepsPerBeat", "cycles", "columns", "rows"]),
            ("", "pattern", ["rows", ..]) | ("pattern", _, []) => hit(&["index", "length", "note", "chance", "ratio"]),
            ("", "trigger", []) | ("module", "trigger", []) => hit(&["index", "length", "note", "chance", "ratio"]),
            ("", "chain", _) => settings(&["mute"]),
            ("", "connect", []) => settings(&["volume"]),
            ("macro", "map", []) => settings(&["min", "max", "curve"]),
            ("clock", "internal", []) => settings(&["bpm", "signature", "source"]),
            _ => vec![],
        }
    }

    fn in_text(&self, context: &Context) -> Vec<Choice> {
        self.value(context).unwrap_or_default()
    }

    fn modules(&self, fits: impl Fn(ModuleKind) -> bool) -> Vec<Choice> {
        let modules = self.session().modules.iter().filter(|(_, module)| fits(module.kind()));
        modules.map(|(name, _)| Choice::plain(name.as_str(), Source::Module)).collect()
    }

    fn patterns(&self) -> Vec<Choice> {
        self.session().patterns.keys().map(|name| Choice::plain(name.as_str(), Source::Pattern)).collect()
    }

    fn chains(&self) -> Vec<Choice> {
        self.session().chains.keys().map(|name| Choice::plain(name.as_str(), Source::Chain)).collect()
    }

    /// Audio files: those in banks now, and those that were loaded or asked for.
    fn files(&self) -> Vec<Choice> {
        let kept = self.session().modules.values().flat_map(|module| module.samples()).map(|sample| &sample.path);
        let mut paths: Vec<&String> = kept.chain(self.snapshot.media.keys()).collect();
        paths.sort();
        paths.dedup();
        paths.into_iter().map(|path| Choice::plain(path.as_str(), Source::File)).collect()
    }

    /// Paths into the session: `kick.volume`.
    fn paths(&self, prefix: &str) -> Vec<Choice> {
        let Some((name, _)) = prefix.split_once('.') else {
            return self.modules(|_| true).into_iter().chain(self.patterns()).collect();
        };
        let Some(module) = self.module(name) else { return vec![] };
        let params = Param::of(module.kind());
        params
            .map(|param| {
                let source = Source::Param(param, Some(name.to_owned()));
                Choice::plain(format!("{name}.{}", param.desc().name), source)
            })
            .collect()
    }

    /// What text may stand at this argument or field; `None` where nothing is known of it.
    fn value(&self, context: &Context) -> Option<Vec<Choice>> {
        let call = context.call.as_ref()?;
        let sampler = |kind| kind == ModuleKind::MultiSampler;
        if let Some(field) = call.fields.iter().rev().find(|field| !field.is_empty()) {
            let of = Param::of(self.kind_in(context).map_or(ModuleKind::MultiSampler, |(kind, _)| kind));
            return Some(match field.as_str() {
                "pattern" => self.patterns(),
                "chain" => self.chains(),
                "to" => self.modules(sampler),
                "bank" => self.session().banks.keys().map(|name| Choice::plain(name, Source::Bank)).collect(),
                "samples" | "path" => self.files(),
                "source" => words(&["host", "internal"]),
                "play" => words(&["pattern", "chain"]),
                "cycles" => words(&["pass", "position"]),
                "curve" => words(&["lin", "exp", "log"]),
                name => choices_of(of.into_iter().find(|param| param.desc().name == name)?),
            });
        }
        let word = declared(self.words, &call.on.kind, &call.name)?;
        let argument = word.args.get(call.arg).or_else(|| word.args.last().filter(|argument| argument.rest))?;
        if !argument.words.is_empty() {
            return Some(words(argument.words));
        }
        let everything = || [self.modules(|_| true), self.patterns(), self.chains()].concat();
        Some(match (call.on.kind.as_str(), call.name.as_str(), argument.name) {
            ("", "sampler" | "trigger", "name") => self.modules(sampler),
            ("", "sequencer", "name") => self.modules(|kind| kind == ModuleKind::TrackerSequencer),
            ("", "audioMixer", "name") => self.modules(|kind| kind == ModuleKind::AudioMixer),
            ("", "audioOut", "name") => self.modules(|kind| kind == ModuleKind::AudioOutput),
            ("", "audioIn", "name") => self.modules(|kind| kind == ModuleKind::AudioInput),
            ("", "pattern", "name") => self.patterns(),
            ("", "chain", _) => {
                if call.arg == 0 {
                    self.chains()
                } else {
                    self.patterns()
                }
            }
            ("", "bank", "name") => self.session().banks.keys().map(|name| Choice::plain(name, Source::Bank)).collect(),
            ("", "live", "name") => self.session().live.keys().map(|name| Choice::plain(name, Source::Live)).collect(),
            ("", "relink", "from") => self.files(),
            ("", "exec", _) | ("engine", "executeCommand", _) => self.commands(&context.prefix),
            ("", "setParam" | "getParam", "name") if context.prefix.contains('.') => self.paths(&context.prefix),
            (_, _, "path") => self.paths(&context.prefix),
            (_, _, "param") => {
                let (kind, name) = self.kind_in(context)?;
                let params = Param::of(kind);
                params.map(|p| Choice::plain(p.desc().name, Source::Param(p, name.clone()))).collect()
            }
            (_, "setParam" | "set" | "setParameter", "value") => choices_of(self.param_of(context)?),
            (_, _, "pattern") => self.patterns(),
            (_, _, "chain") => self.chains(),
            (_, _, "from" | "to" | "module" | "sampler" | "sequencer") => self.modules(|_| true),
            (_, _, "name") => everything(),
            _ => return None,
        })
    }

    fn commands(&self, prefix: &str) -> Vec<Choice> {
        let start = prefix.rfind(' ').map_or(0, |at| at + 1);
        let whole = crate::model::text::complete(self.session(), prefix);
        whole.into_iter().map(|word| Choice::plain(format!("{}{word}", &prefix[..start]), Source::Setting)).collect()
    }

    /// The parameter that the argument or field at the caret sets.
    pub fn param_of(&self, context: &Context) -> Option<Param> {
        let call = context.call.as_ref()?;
        let (kind, _) = self.kind_in(context).unwrap_or((ModuleKind::MultiSampler, None));
        if let Some(field) = call.fields.last().filter(|field| !field.is_empty()) {
            let named = if kind == ModuleKind::MultiSampler || field != "volume" { field } else { "masterVolume" };
            return Param::find(kind, named);
        }
        let place = if call.on.kind.is_empty() { 1 } else { 0 };
        (call.arg == place + 1)
            .then(|| call.given.get(place).cloned().flatten())?
            .and_then(|name| Param::find(kind, &name))
    }
}

fn words(list: &[&str]) -> Vec<Choice> {
    list.iter().map(|word| Choice::plain(*word, Source::Word((*word).to_owned()))).collect()
}

fn choices_of(param: Param) -> Vec<Choice> {
    match param.desc().kind {
        ParamKind::Choice(list) => words(list),
        _ => vec![],
    }
}

/// Best first: those that begin so, then those that have it inside; what is nearest keeps its place.
fn rank(all: Vec<Choice>, prefix: &str) -> Vec<Choice> {
    let low = prefix.to_lowercase();
    let fit = |choice: &Choice| {
        let label = choice.label.trim_start_matches('"');
        let there = label.to_lowercase();
        match () {
            () if label.starts_with(prefix) => Some(0),
            () if there.starts_with(&low) => Some(1),
            () if low.len() >= 2 && there.contains(&low) => Some(2),
            () => None,
        }
    };
    let mut list: Vec<(u8, Choice)> = all.into_iter().filter_map(|choice| Some((fit(&choice)?, choice))).collect();
    list.sort_by_key(|(fit, _)| *fit);
    let mut seen = std::collections::HashSet::new();
    list.retain(|(_, choice)| seen.insert(choice.label.clone()));
    list.into_iter().map(|(_, choice)| choice).take(CHOICES_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::super::context::{Reading, tests::words};
    use super::*;
    use crate::gui::widget::lua_lex::lex;
    use crate::model::text::{Standing, run};

    fn labels(marked: &str) -> Vec<String> {
        let mut session = Session::new();
        for line in [
            "add sampler kick",
            "add sampler kit",
            "add mixer drums",
            "add sequencer seq",
            "pattern add beat 16",
            "chain add song beat",
        ] {
            run(&mut session, Standing::default(), line).expect(line);
        }
        session.banks.insert("bd".into(), "drums/bd".into());
        let mut snapshot = Snapshot::first(session);
        snapshot.media = std::sync::Arc::new([("snare.wav".to_owned(), crate::model::Loading::Asked)].into());
        let caret = marked.find('|').expect("a caret");
        let text = marked.replacen('|', "", 1);
        let tokens = lex(&text);
        let context = Reading::new(&text, &tokens, words()).around(caret);
        let shelf = Shelf { words: words(), snapshot: &snapshot, text: &text, tokens: &tokens };
        shelf.choices(&context).into_iter().map(|choice| choice.label).collect()
    }

    fn begins(marked: &str, first: &[&str]) {
        let found = labels(marked);
        assert_eq!(&found[..first.len().min(found.len())], first, "{marked}");
    }

    #[test]
    fn names_of_the_language_and_of_the_text_are_offered() {
        begins("local sample_count = 3\nsam|", &["sample_count", "sampler"]);
        begins("function play_it(a, bc) end\npl|", &["play_it"]);
        begins("for bar = 1, 2 do ba|", &["bar"]);
        begins("repea|", &["repeat"]);
        begins("x = Set|", &["setParam"]);
    }

    #[test]
    fn methods_are_those_of_the_thing_before_the_colon() {
        assert_eq!(labels("clock:|"), ["every", "setBPM"]);
        assert_eq!(labels("pattern('beat'):s|"), ["set", "steps"]);
        assert_eq!(labels("k = sampler('kick') k:set|"), ["set"]);
        assert_eq!(labels("engine:getClock():e|"), ["every"]);
        assert_eq!(labels("x.y|"), [""; 0]);
    }

    #[test]
    fn names_stand_where_names_are_meant() {
        assert_eq!(labels("trigger(\"k|"), ["kick", "kit"]);
        assert_eq!(labels("sequencer('seq', { pattern = \"|"), ["P0", "beat"]);
        assert_eq!(labels("sequencer('seq', { to = { \"|"), ["kick", "kit"]);
        assert_eq!(labels("sampler('x', { bank = '|' })"), ["bd"]);
        assert_eq!(labels("sampler('x', { samples = { 'sn|"), ["snare.wav"]);
        assert_eq!(labels("audioMixer('|"), ["drums"]);
        begins("connect('kick', 'dr|", &["drums"]);
        assert_eq!(labels("print('kick|"), [""; 0]);
        assert_eq!(labels("-- kick|"), [""; 0]);
        begins("trigger(|", &["\"kick\"", "\"kit\""]);
    }

    #[test]
    fn parameters_are_those_of_the_module_meant() {
        begins("setParam('kick', 'vo|", &["volume", "voices"]);
        assert_eq!(labels("setParam('drums', 'v|"), [""; 0]);
        assert_eq!(labels("setParam('drums', '|"), ["masterVolume"]);
        assert_eq!(labels("setParam('kick', 'playStyle', '|"), ["ONCE", "LOOP", "GRAIN", "NEXT"]);
        assert_eq!(labels("sampler('kick', { playStyle = \"L|"), ["LOOP"]);
        begins("sampler('kick', { at|", &["attackMs"]);
        begins("sequencer('seq', { pa|", &["pattern"]);
        begins("local k = sampler('kick') k:set('pa|", &["pan"]);
        begins("pattern('beat'):set(1, { in|", &["index"]);
        assert_eq!(labels("macro(1):map('kick.vol|"), ["kick.volume"]);
    }
}
