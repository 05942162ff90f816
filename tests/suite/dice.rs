//! Random scripts and text commands for the fuzz tests, drawn from the lists that the manual is made of.
//!
//! Everything comes from one seed, so a case is found again by its number.

use tracklight::model::text::VERBS;
use tracklight::model::{ModuleKind, Param};
use tracklight::script::api::{Entry, Kind, Owner, entries};

/// A die that always falls the same way (splitmix64).
pub struct Dice(u64);

const NAMES: [&str; 14] = [
    "kick",
    "snare",
    "seq",
    "mix",
    "P0",
    "P1",
    "C0",
    "groove",
    "masterAudioOut",
    "aux3",
    "hostIn",
    "hostOut",
    "nope",
    "kick-2",
];
const WORDS: [&str; 30] = [
    "kick.volume",
    "kick.pan",
    "kick.sample[1].speed",
    "mix.masterVolume",
    "nope.volume",
    "kick.",
    ".volume",
    "kick.volume.x",
    "kick.sample[0].speed",
    "kick.sample[99999999999].speed",
    "drums/",
    "*.wav",
    "click.wav",
    "../x.wav",
    "1/4",
    "2 bars",
    "1/0",
    "-1 bar",
    "1:4",
    "audio",
    "event",
    "on",
    "off",
    "lin",
    "INTERNAL",
    "internal",
    "host",
    "POLY",
    "-",
    "*3",
];
const KEYS: [&str; 24] = [
    "samples",
    "volume",
    "speed",
    "pan",
    "pattern",
    "chain",
    "to",
    "rows",
    "steps",
    "stepsPerBeat",
    "index",
    "length",
    "chance",
    "ratio",
    "note",
    "min",
    "max",
    "curve",
    "bank",
    "enabled",
    "path",
    "name",
    "voices",
    "kind",
];
/// Expressions that hardly anything takes.
const ODD: [&str; 36] = [
    "nil",
    "0/0",
    "1/0",
    "-1/0",
    "1e308",
    "-1e-308",
    "-1",
    "0",
    "1 << 62",
    "math.mininteger",
    "2^53 + 1",
    "0.5",
    "''",
    "'\\0'",
    "'\\xff\\xfe'",
    "'\\n'",
    "('x'):rep(70000)",
    "('é'):rep(65)",
    "{}",
    "{ {} }",
    "{ [0] = 1, [-1] = 2, [1.5] = 3, [true] = 4 }",
    "print",
    "function() end",
    "function() error({}) end",
    "coroutine.create(print)",
    "engine",
    "clock",
    "string",
    "_G",
    "sampler('kick')",
    "engine:getState()",
    "setmetatable({}, { __index = error, __len = error, __pairs = error, __tostring = error, __call = error })",
    "(function() local t = {} t[1] = t t.samples = t t.rows = t return t end)()",
    "(function() local t = {} for i = 1, 3000 do t = { t } end return t end)()",
    "macro(1)",
    "pattern('P0')",
];
/// Bits of text to throw into a script.
const SHARDS: [&str; 34] = [
    " end ",
    " do ",
    " then ",
    " function() ",
    "(",
    ")",
    "{",
    "}",
    "[[",
    "]]",
    "--[[",
    "--",
    "\"",
    "'",
    "\\",
    " = ",
    " == ",
    ":",
    "..",
    "...",
    ",",
    ";",
    " local x <close> = ",
    " goto ",
    "::a::",
    " return ",
    " while true do ",
    " nil ",
    " 0x7fffffffffffffff ",
    " 1e400 ",
    "\0",
    "\u{feff}",
    "é",
    "# ",
];

impl Dice {
    /// A die from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.roll() % n.max(1) as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }

    fn between(&mut self, min: f64, max: f64) -> f64 {
        let (min, max) = (min.max(-1e6), max.min(1e6));
        match self.below(6) {
            0 => min,
            1 => max,
            _ => min + (max - min) * (self.below(1000) as f64 / 999.0),
        }
    }

    fn param(&mut self) -> &'static str {
        let kinds = [ModuleKind::MultiSampler, ModuleKind::AudioMixer, ModuleKind::TrackerSequencer];
        let all: Vec<Param> = Param::of(kinds[self.below(3)]).collect();
        if all.is_empty() { "volume" } else { all[self.below(all.len())].desc().name }
    }

    fn quoted(&mut self) -> String {
        match self.below(8) {
            0..=4 => format!("{:?}", self.pick(&NAMES)),
            5 => format!("{:?}", self.pick(&WORDS)),
            6 => format!("\"{}.{}\"", self.pick(&NAMES), self.param()),
            _ => format!("'\\x{:02x}{}'", self.below(256), self.pick(&NAMES)),
        }
    }

    fn table(&mut self, depth: usize) -> String {
        let mut parts = vec![];
        for _ in 0..self.below(4) {
            let value = self.value(&Kind::Any, depth + 1);
            parts.push(match self.below(5) {
                0 => value,
                1 => format!("[{}] = {value}", self.below(20)),
                2 => format!("{} = {value}", self.param()),
                _ => format!("{} = {value}", self.pick(&KEYS)),
            });
        }
        format!("{{ {} }}", parts.join(", "))
    }

    /// An expression that fits, most of the time.
    fn value(&mut self, kind: &Kind, depth: usize) -> String {
        if self.one_in(5) || depth > 4 {
            return self.pick(&ODD).to_owned();
        }
        match kind {
            Kind::Name | Kind::Text => self.quoted(),
            Kind::Number(min, max, _) => format!("{:?}", self.between(*min, *max)),
            Kind::Whole(min, max) => format!("{}", self.between(*min as f64, *max as f64) as i64),
            Kind::Switch => self.pick(&["true", "false"]).to_owned(),
            Kind::Word(words) => format!("{:?}", self.pick(words)),
            Kind::Span => self.pick(&["1", "0.25", "\"1/4\"", "\"1 bar\"", "\"2 bars\"", "1e-9", "1e9"]).to_owned(),
            Kind::Callback => format!("function(a, b) {} end", self.statement(depth + 2)),
            Kind::Table => self.table(depth),
            Kind::Value => match self.below(3) {
                0 => format!("{:?}", self.between(-1.0, 3.0)),
                1 => self.quoted(),
                _ => "true".to_owned(),
            },
            Kind::Any | Kind::Rest => match self.below(5) {
                0 => self.table(depth),
                1 => format!("{}", self.below(100)),
                2 => self.call(depth + 1),
                3 => format!("function() {} end", self.statement(depth + 2)),
                _ => self.quoted(),
            },
        }
    }

    fn receiver(&mut self, owner: Owner) -> String {
        let place = self.below(3);
        match owner {
            Owner::Global => String::new(),
            Owner::Clock => "clock:".to_owned(),
            Owner::Engine => "engine:".to_owned(),
            Owner::Module => match place {
                0 => "sampler('kick'):".to_owned(),
                1 => "sequencer('seq'):".to_owned(),
                _ => "engine:getModuleRegistry():getModule('mix'):".to_owned(),
            },
            Owner::Samples => "sampler('kick').sample:".to_owned(),
            Owner::Sample => format!("sampler('kick').sample[{place}]:"),
            Owner::Pattern => format!("pattern('P{place}'):"),
            Owner::Chain => "chain('C0'):".to_owned(),
            Owner::Macro => format!("macro({}):", place + 1),
            Owner::Param => "param('kick.volume'):".to_owned(),
            Owner::Live => "live('groove'):".to_owned(),
            Owner::Timer => "clock:every('1 bar', function() end):".to_owned(),
            Owner::Registry => "engine:getModuleRegistry():".to_owned(),
            Owner::Connections => "engine:getConnectionManager():".to_owned(),
            Owner::Router => "engine:getParameterRouter():".to_owned(),
            Owner::Runtime => "engine:getPatternRuntime():".to_owned(),
            #[allow(unreachable_patterns, reason = "a new kind of owner is not yet drawn from here")]
            _ => "engine:".to_owned(),
        }
    }

    fn call(&mut self, depth: usize) -> String {
        let all: Vec<&Entry> = entries().collect();
        let entry = all[self.below(all.len())];
        let mut args = vec![];
        for arg in entry.args {
            if (arg.optional || self.one_in(30)) && self.one_in(3) {
                break;
            }
            args.push(self.value(&arg.kind, depth + 1));
        }
        if self.one_in(40) {
            args.push(self.pick(&ODD).to_owned());
        }
        format!("{}{}({})", self.receiver(entry.owner), entry.name, args.join(", "))
    }

    fn statement(&mut self, depth: usize) -> String {
        if depth > 5 {
            return "local _ = 1".to_owned();
        }
        match self.below(16) {
            0 => format!("for i = 1, {} do {} end", self.below(4), self.statement(depth + 1)),
            1 => format!("pcall(function() {} end)", self.statement(depth + 1)),
            2 => format!("if {} then {} end", self.value(&Kind::Any, depth + 1), self.statement(depth + 1)),
            3 => format!("sampler('kick').{} = {}", self.param(), self.value(&Kind::Value, depth + 1)),
            4 => format!("local x = {} x = {}", self.call(depth + 1), self.call(depth + 1)),
            5 => format!("exec({:?})", self.command()),
            6 => format!("coroutine.wrap(function() {} end)()", self.statement(depth + 1)),
            7 => format!("g{} = {}", self.below(3), self.value(&Kind::Any, depth + 1)),
            8 => format!("print({}, g1)", self.value(&Kind::Any, depth + 1)),
            _ => format!("local _ = {}", self.call(depth + 1)),
        }
    }

    /// A chunk of calls.
    pub fn program(&mut self) -> String {
        let count = 1 + self.below(4);
        (0..count).map(|_| self.statement(0)).collect::<Vec<_>>().join("\n")
    }

    /// A text of the corpus that something happened to.
    pub fn mutated(&mut self, corpus: &[String]) -> String {
        let mut text: Vec<char> = corpus[self.below(corpus.len())].chars().take(6000).collect();
        for _ in 0..1 + self.below(4) {
            let at = self.below(text.len() + 1);
            let end = (at + self.below(40)).min(text.len());
            match self.below(6) {
                0 => text.truncate(at),
                1 => drop(text.drain(at..end)),
                2 => {
                    let part: Vec<char> = text[at..end].to_vec();
                    let to = self.below(text.len() + 1);
                    text.splice(to..to, part);
                }
                3 => {
                    let shard: Vec<char> = self.pick(&SHARDS).chars().collect();
                    text.splice(at..at, shard);
                }
                4 => {
                    let value: Vec<char> = self.value(&Kind::Any, 2).chars().collect();
                    text.splice(at..at, value);
                }
                _ => {
                    if at < text.len() {
                        text[at] = char::from(self.below(128) as u8);
                    }
                }
            }
        }
        text.into_iter().collect()
    }

    /// Anything at all.
    pub fn noise(&mut self) -> String {
        let count = self.below(60);
        if self.one_in(2) {
            let bytes: Vec<u8> = (0..count).map(|_| self.below(256) as u8).collect();
            return String::from_utf8_lossy(&bytes).into_owned();
        }
        (0..count).map(|_| if self.one_in(3) { self.pick(&NAMES) } else { self.pick(&SHARDS) }).collect()
    }

    /// A line of the text commands.
    pub fn command(&mut self) -> String {
        if self.one_in(25) {
            return self.noise();
        }
        let verb = &VERBS[self.below(VERBS.len())];
        let mut words = vec![verb.name.to_owned()];
        // The usage is a grammar of its own: its small words are what may be typed, its capitals stand for values.
        let usage: Vec<&str> = verb.usage.split(" | ").collect();
        for word in usage[self.below(usage.len())].split_whitespace() {
            if self.one_in(12) {
                continue;
            }
            let word = word.trim_matches(['[', ']', '(', ')']);
            let small = word.split('|').next().is_some_and(|w| w.chars().all(|c| c.is_ascii_lowercase()));
            words.push(match word {
                _ if self.one_in(8) => self.pick(&WORDS).to_owned(),
                word if small => self.pick(&word.split('|').collect::<Vec<_>>()).to_owned(),
                "TYPE" => self.pick(&["sampler", "sequencer", "mixer", "MultiSampler", "granular"]).to_owned(),
                "PATH" => format!("{}.{}", self.pick(&NAMES), self.param()),
                "PARAM" | "COLUMN" => self.param().to_owned(),
                word if word.contains('=') => format!("{}={}", self.param(), self.number()),
                word if word.contains('*') => format!("{}*{}", self.pick(&NAMES), self.number()),
                "VALUE" | "N" | "STEPS" | "STEPS_PER_BEAT" | "ROW" | "INDEX" | "PLACE" | "MIN" | "MAX" | "NUMBER"
                | "BARS" => self.number(),
                _ => self.pick(&NAMES).to_owned(),
            });
        }
        if self.one_in(10) {
            words.push(self.pick(&["\"", "'a b'", "\"\"", "=", "a=b=c", "é", "-1", "#", "\\"]).to_owned());
        }
        words.join(if self.one_in(20) { "\t" } else { " " })
    }

    fn number(&mut self) -> String {
        match self.below(6) {
            0 => self
                .pick(&["nan", "inf", "-inf", "1e999", "0x10", "-0", "18446744073709551616", "1.5.2", "½"])
                .to_owned(),
            1 => format!("{:.3}", self.between(-2.0, 2.0)),
            _ => self.below(20).to_string(),
        }
    }
}
