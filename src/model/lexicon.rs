//! What an editor may say about the language: every word with its arguments, documentation and an example.
//!
//! Thread: any. The script room makes the list from its declarations; editors only read it.

/// One argument of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// Its name.
    pub name: &'static str,
    /// What may be given, as a phrase: `a number from 0 to 2`.
    pub allowed: String,
    /// The words that may be given, if only these.
    pub words: &'static [&'static str],
    /// Whether it may be left out.
    pub optional: bool,
    /// Whether it may be given any number of times.
    pub rest: bool,
}

/// One function of the language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// What is written: `sampler`, `clock:every`.
    pub name: String,
    /// With its arguments.
    pub signature: String,
    /// One or two sentences.
    pub doc: &'static str,
    /// An example with its results: `--> printed`, `--! error`, `-- later` between chunks.
    pub example: &'static str,
    /// Its arguments, in order.
    pub args: Vec<Argument>,
    /// What it gives back, as LuaCATS writes types: `module|nil`; empty for nothing.
    pub returns: &'static str,
}

impl Completion {
    /// What it belongs to and its own name: `("clock", "every")`; a global function belongs to `""`.
    pub fn parts(&self) -> (&str, &str) {
        self.name.split_once(':').unwrap_or(("", &self.name))
    }
}

/// Gives every function, sorted by name.
pub type Lexicon = fn() -> &'static [Completion];
