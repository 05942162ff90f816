//! The text commands: a small language for the Command view, `exec` and the headless program.
//!
//! Thread: any. Pure: a line and a session in, Commands and lines to print out. One list, [`VERBS`], feeds the
//! parser, help and completion. Lua is the language for everything else.

mod complete;
mod lights;
mod modules;
mod patterns;
mod values;

pub use complete::{complete, last_word};

use std::sync::Arc;

use super::command::{Command, TransportVerb};
use super::desk::DeskState;
use super::name::Name;
use super::perform::Performed;
use super::session::Session;
use super::time::Timing;

/// What is wrong with a line; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TextError(pub String);

/// Something a line asks for that is no edit; the caller does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    /// Take back the last change.
    Undo,
    /// Do it again.
    Redo,
    /// Go back to the last good evaluation.
    LastGood,
    /// Sequencers and live chunks stop, voices are released.
    Hush,
    /// All sound is cut.
    Panic,
    /// Write the session to this file.
    Save(String),
    /// Read the session from this file.
    Load(String),
    /// Render to this file, so many bars. Headless only.
    Render(String, u32),
}

/// What a line came to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reply {
    /// What was done to the draft, in order; send it as one Batch.
    pub commands: Vec<Command>,
    /// Lines to show.
    pub lines: Vec<String>,
    /// What is left to the caller, after the commands.
    pub errands: Vec<Errand>,
}

/// The moving things a line may show or ask about.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Standing {
    /// Whether the song position moves.
    pub playing: bool,
    /// Song position, quarter notes.
    pub beat: f64,
    /// Tempo now, beats per minute; 0 when audio has not run.
    pub bpm: f64,
    /// Whether the host's transport leads: then transport words and `bpm N` change nothing and say so.
    pub host_leads: bool,
    /// How late callbacks of the script ran.
    pub callbacks: Timing,
    /// How the link to the desk stands, where that is known.
    pub desk: Option<Arc<DeskState>>,
}

/// A line under way: the draft it changes and what it has to say.
pub(crate) struct Line<'a> {
    draft: &'a mut Session,
    standing: Standing,
    reply: Reply,
}

type Outcome = Result<(), TextError>;

/// A word of the language.
pub struct Verb {
    /// The word.
    pub name: &'static str,
    /// Other ways to write it.
    pub also: &'static [&'static str],
    /// What follows it.
    pub usage: &'static str,
    /// One sentence.
    pub doc: &'static str,
    run: fn(&mut Line<'_>, &[String]) -> Outcome,
}

macro_rules! verbs {
    ($( $name:literal $also:tt $usage:literal, $doc:literal => $run:expr; )*) => {
        /// Every word, in the order help shows them.
        pub static VERBS: &[Verb] = &[ $( Verb { name: $name, also: &$also, usage: $usage, doc: $doc, run: $run }, )* ];
    };
}

verbs! {
    "list" ["ls"] "", "Show every module with its type." => modules::list;
    "add" [] "TYPE [NAME]", "Make a module: sampler, sequencer or mixer. Without a name it gets one." => modules::add;
    "remove" ["rm", "delete", "del"] "NAME", "Take a module, pattern, chain or layer away." => modules::remove;
    "rename" ["mv"] "NAME NEW", "Give a module, pattern, chain or layer another name; every link follows." => modules::rename;
    "enable" [] "NAME [on|off]", "Switch a module on or off." => modules::enable;
    "set" [] "PATH VALUE | NAME PARAM VALUE | NAME PARAM=VALUE …", "Set one value or several." => values::set;
    "get" ["param"] "PATH | NAME PARAM", "Show a value." => values::get;
    "info" [] "[NAME]", "Show everything about a module, pattern, chain or layer; without a name how the clock stands and how late callbacks ran." => modules::info;
    "route" [] "FROM TO", "Connect every kind that fits." => modules::route;
    "connect" [] "FROM TO [audio|event]", "Connect one kind, or every kind that fits." => modules::connect;
    "disconnect" ["unroute"] "FROM TO [audio|event]", "Take a connection out." => modules::disconnect;
    "connections" ["conn"] "[NAME]", "Show the connections." => modules::connections;
    "play" ["start"] "", "Start the internal clock." => |line, words| line.transport(words, TransportVerb::Play, "playing");
    "stop" [] "", "Stop the internal clock and return to the start." => |line, words| line.transport(words, TransportVerb::Stop, "stopped");
    "pause" [] "", "Stop the internal clock where it is." => |line, words| line.transport(words, TransportVerb::Pause, "paused");
    "reset" [] "", "Stop, return to the start and tell listeners." => |line, words| line.transport(words, TransportVerb::Reset, "reset");
    "bpm" ["tempo"] "[NUMBER]", "Show or set the tempo of the internal clock, 20 to 480." => values::bpm;
    "pattern" [] "list | add NAME [STEPS] | remove NAME | info NAME | steps NAME N | rate NAME STEPS_PER_BEAT | row NAME ROW [INDEX|-] [COLUMN=VALUE …] | clear NAME [ROW]", "Make and edit patterns." => patterns::pattern;
    "chain" [] "list | add NAME [PATTERN[*N] …] | remove NAME | info NAME | append NAME PATTERN[*N] | insert NAME PLACE PATTERN[*N] | drop NAME PLACE | repeat NAME PLACE N | mute NAME PLACE [on|off]", "Make and edit chains." => patterns::chain;
    "sequencer" ["seq"] "list | NAME pattern PATTERN | NAME chain CHAIN | NAME chain on|off | NAME to SAMPLER | NAME info", "What a sequencer plays, and into what." => patterns::sequencer;
    "sample" [] "list NAME | add NAME FILE … | remove NAME INDEX | set NAME INDEX PARAM VALUE", "The bank of a sampler." => patterns::sample;
    "macro" [] "N PATH [MIN MAX [lin|exp|log]] | off PATH | list", "Let a host macro (1 to 64) set a parameter." => values::macro_;
    "song" [] "list | NAME [start=HH:MM:SS:FF] [rate=RATE]", "Make a song or say where it starts on the show's timecode." => lights::song;
    "layer" [] "list | add NAME [SONG] | remove NAME | set NAME [song=SONG] [rate=RATE] [anchor=time|bars]", "Make and set layers of events." => lights::layer;
    "event" [] "LAYER set KEY [time=S|bar=N|beat=N] [token=T] [cue=N] [name=TEXT] [note=TEXT] [cmd=TEXT] [colour=#RRGGBB] | LAYER remove KEY", "Make, change or take out an event by its key." => lights::event;
    "events" [] "LAYER", "Show the events of a layer." => lights::events;
    "desk" [] "status | connect IP [PORT] [LISTEN] [PREFIX] | off | arm on|off | map LAYER tc=N track=T [tg=N] [range=N] [sub=N] [sequence=N] [create=on] [cues=require|create] [direction=both|toDesk|fromDesk|manual] [policy=ask|desk|plugin] [offset=S] | unmap LAYER | push [LAYER] [dry] | pull [LAYER] [dry] | preview LAYER | accept [LAYER] | choose [LAYER] push|take|merge|leave | conflicts LAYER | resolve LAYER [KEY] ours|theirs|both | takeover [LAYER] | test | restore LAYER | pocket on|off|LINE", "The lighting desk: where it is, which layer goes to which track, and what is asked of it." => lights::desk;
    "save" [] "FILE", "Write the session to a file." => |line, words| line.errand(words, Errand::Save);
    "load" ["open"] "FILE", "Read a session from a file." => |line, words| line.errand(words, Errand::Load);
    "render" ["bounce"] "FILE [BARS]", "Render to a WAV file, 16 bars unless told (headless program only)." => render;
    "undo" [] "", "Take back the last change." => |line, words| line.plain(words, Errand::Undo);
    "redo" [] "", "Do it again." => |line, words| line.plain(words, Errand::Redo);
    "lastgood" [] "", "Go back to the last evaluation of the script that ran well." => |line, words| line.plain(words, Errand::LastGood);
    "hush" [] "", "Stop sequencers and live chunks and release what sounds; twice within 2 s is panic." => |line, words| line.plain(words, Errand::Hush);
    "panic" [] "", "Cut all sound." => |line, words| line.plain(words, Errand::Panic);
    "help" ["?"] "[WORD]", "Show the words, or one of them." => help;
}

/// The word called `name`, in any case.
pub fn verb(name: &str) -> Option<&'static Verb> {
    let name = name.to_ascii_lowercase();
    VERBS.iter().find(|verb| verb.name == name || verb.also.contains(&name.as_str()))
}

/// Run one line on `draft`. On an error the draft is as it was. Empty lines and lines that begin with `#` or `//` do
/// nothing.
pub fn run(draft: &mut Session, standing: Standing, text: &str) -> Result<Reply, TextError> {
    let text = text.trim();
    if text.is_empty() || text.starts_with('#') || text.starts_with("//") {
        return Ok(Reply::default());
    }
    let words = split(text)?;
    let Some((first, rest)) = words.split_first() else { return Ok(Reply::default()) };
    let Some(verb) = verb(first) else {
        return Err(TextError(format!("\"{first}\" is not a command; help shows them all")));
    };
    let mut line = Line { draft, standing, reply: Reply::default() };
    let before = line.draft.clone();
    let outcome = (verb.run)(&mut line, rest);
    let reply = std::mem::take(&mut line.reply);
    match outcome {
        Ok(()) => Ok(reply),
        Err(error) => {
            *draft = before;
            Err(error)
        }
    }
}

/// Cut a line into words; `"two words"` and `'two words'` are one, `\"` is a quote inside.
pub fn split(text: &str) -> Result<Vec<String>, TextError> {
    let mut words = vec![];
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), '\\') => word.get_or_insert_default().extend(chars.next()),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    match quote {
        Some(q) => Err(TextError(format!("a quote ({q}) is not closed"))),
        None => {
            words.extend(word);
            Ok(words)
        }
    }
}

impl Line<'_> {
    /// Do a command on the draft and keep it for the Batch.
    fn perform(&mut self, command: Command) -> Outcome {
        let Performed { notes, .. } = self.draft.perform(&command).map_err(|e| TextError(e.0))?;
        self.reply.lines.extend(notes);
        self.reply.commands.push(command);
        Ok(())
    }

    fn say(&mut self, text: impl Into<String>) {
        self.reply.lines.push(text.into());
    }

    fn usage<T>(&self, verb_name: &str) -> Result<T, TextError> {
        let usage = verb(verb_name).map_or("", |verb| verb.usage);
        Err(TextError(format!("usage: {verb_name} {usage}")))
    }

    fn name(text: &str) -> Result<Name, TextError> {
        Name::new(text).map_err(|e| TextError(e.to_string()))
    }

    fn host_leads(&mut self) -> bool {
        if self.standing.host_leads {
            self.say("the host leads the transport: nothing changed (set the clock's source to internal to lead here)");
        }
        self.standing.host_leads
    }

    fn transport(&mut self, words: &[String], verb: TransportVerb, said: &str) -> Outcome {
        if !words.is_empty() {
            return Err(TextError(format!("nothing follows here, got \"{}\"", words.join(" "))));
        }
        if !self.host_leads() {
            self.perform(Command::Transport(verb))?;
            self.say(said);
        }
        Ok(())
    }

    fn errand(&mut self, words: &[String], make: fn(String) -> Errand) -> Outcome {
        let [file] = words else { return Err(TextError("give one file name (quote it if it has spaces)".into())) };
        self.reply.errands.push(make(file.clone()));
        Ok(())
    }

    fn plain(&mut self, words: &[String], errand: Errand) -> Outcome {
        if !words.is_empty() {
            return Err(TextError(format!("nothing follows here, got \"{}\"", words.join(" "))));
        }
        self.reply.errands.push(errand);
        Ok(())
    }
}

fn render(line: &mut Line<'_>, words: &[String]) -> Outcome {
    let (file, bars) = match words {
        [file] => (file, 16),
        [file, bars] => (file, whole("bars", bars, 1, 10_000)?),
        _ => return line.usage("render"),
    };
    line.reply.errands.push(Errand::Render(file.clone(), bars));
    Ok(())
}

fn help(line: &mut Line<'_>, words: &[String]) -> Outcome {
    match words {
        [] => {
            for verb in VERBS {
                line.say(format!("{:<12} {}", verb.name, verb.doc));
            }
        }
        [word] => {
            let Some(verb) = verb(word) else {
                return Err(TextError(format!("\"{word}\" is not a command; help shows them all")));
            };
            line.say(format!("{} {}", verb.name, verb.usage).trim_end());
            line.say(verb.doc);
            if !verb.also.is_empty() {
                line.say(format!("also: {}", verb.also.join(", ")));
            }
        }
        _ => return line.usage("help"),
    }
    Ok(())
}

/// A whole number in a range, or an error that names it.
fn whole(what: &str, text: &str, min: u32, max: u32) -> Result<u32, TextError> {
    let wrong = || TextError(format!("{what} takes a whole number from {min} to {max}, got \"{text}\""));
    text.parse().ok().filter(|n| (min..=max).contains(n)).ok_or_else(wrong)
}

/// A number, or an error that names it.
fn number(what: &str, text: &str) -> Result<f64, TextError> {
    text.parse::<f64>()
        .ok()
        .filter(|n| n.is_finite())
        .ok_or_else(|| TextError(format!("{what} takes a number, got \"{text}\"")))
}

/// `on`/`off` in its usual spellings.
fn switch(text: &str) -> Result<bool, TextError> {
    match text {
        "on" | "true" | "1" => Ok(true),
        "off" | "false" | "0" => Ok(false),
        _ => Err(TextError(format!("give on or off, got \"{text}\""))),
    }
}

#[cfg(test)]
mod tests;
