//! One item of a session as Lua: the statement that gives it the session's value, and the parts of one.
//!
//! Thread: any.

use super::*;
use crate::model::{Chain, Item};

/// A statement after which `item` is as in `session`, whatever it was before; none where no statement can say it.
pub(in crate::script) fn statement(session: &Session, item: &Item) -> Option<String> {
    let quoted = |name: &Name| quote(name.as_str());
    let scalar = scalar(session, item);
    Some(match item {
        Item::Bpm => format!("clock:internal {{ bpm = {} }}", scalar?),
        Item::Signature => format!("clock:internal {{ signature = {} }}", scalar?),
        Item::Source => format!("clock:internal {{ source = {} }}", scalar?),
        Item::Seed => format!("seed({})", scalar?),
        Item::Bank(name) => format!("bank({}, {})", quote(name), scalar?),
        Item::Pattern(name) => match session.patterns.get(name) {
            Some(pattern) => made(|text| write_pattern(text, name, pattern)),
            None => format!("remove({})", quoted(name)),
        },
        Item::Steps(name) => format!("pattern({}):steps({})", quoted(name), scalar?),
        Item::StepsPerBeat(name) => format!("pattern({}):stepsPerBeat({})", quoted(name), scalar?),
        Item::Cycles(name) => format!("pattern({}):cycles({})", quoted(name), scalar?),
        Item::Salt(name) => format!("pattern({}, {{ salt = {} }})", quoted(name), scalar?),
        Item::Columns(name) => format!("pattern({}):columns {}", quoted(name), columns(session.patterns.get(name)?)),
        Item::Row(name, number) => row_statement(session, name, *number)?,
        Item::Chain(name) => match session.chains.get(name) {
            Some(chain) => format!("chain({}, {})", quoted(name), entries(chain)),
            None => format!("remove({})", quoted(name)),
        },
        Item::Module(name) => match session.modules.get(name) {
            Some(module) => made(|text| write_module(text, name, module)),
            None => format!("remove({})", quoted(name)),
        },
        Item::Play(name) => format!("sequencer({}, {{ {} }})", quoted(name), play(session, name)?.join(", ")),
        Item::Samples(name) => format!("sampler({}, {{ samples = {} }})", quoted(name), samples(session, name)?),
        Item::SampleParam(name, place, param) => {
            let path = Path::Sample { module: name.clone(), index: place + 1, param: *param };
            match scalar {
                Some(value) => format!("setParam({}, {value})", quote(&path.to_string())),
                None => format!("param({}):unset()", quote(&path.to_string())),
            }
        }
        Item::Param(name, param) => format!("setParam({}, \"{}\", {})", quoted(name), param.desc().name, scalar?),
        Item::Enabled(name) => match scalar?.as_str() {
            "true" => format!("enable({})", quoted(name)),
            _ => format!("enable({}, false)", quoted(name)),
        },
        Item::Cable(from, to, kind) => match cable(session, from, to, *kind) {
            Some(found) if found.auto => return None,
            Some(found) => connect(found),
            None => format!("disconnect({}, {}, \"{}\")", quoted(from), quoted(to), kind.name()),
        },
        Item::CableVolume(from, to) => {
            let path = Path::Connection { module: to.clone(), source: from.clone() };
            format!("setParam({}, {})", quote(&typed_path(session, &path)), scalar?)
        }
        Item::Macro(path) => {
            let typed = quote(&typed_path(session, path));
            let map = session.macros.get(path)?;
            format!("macro({}):map({typed}, {})", map.number, mapping(map))
        }
        Item::Live(name) => match session.live.get(name) {
            Some(chunk) => live(name, chunk),
            None => format!("live({}):stop()", quote(name)),
        },
        Item::Rename(from, to) => format!("rename({}, {})", quoted(from), quoted(to)),
        Item::Songs => made(|text| lights::songs(text, session)),
        Item::Layer(name) => match session.layers.get(name) {
            Some(layer) => made(|text| lights::layer(text, session, name, layer)),
            None => format!("remove({})", quoted(name)),
        },
        Item::Keyed(name, key) => match session.layers.get(name)?.keyed(key) {
            Some(entry) => {
                let event = lights::event(session, &entry.event, false);
                format!("layer({}):set({}, {event})", quoted(name), quote(key))
            }
            None => format!("layer({}):remove({})", quoted(name), quote(key)),
        },
        Item::Unkeyed(name) => {
            let events = lights::unkeyed(session.layers.get(name)?);
            let events: Vec<String> = events.iter().map(|event| lights::event(session, event, false)).collect();
            format!("layer({}, {{ events = {} }})", quoted(name), list(&events))
        }
        Item::Mapping(name) => match session.mappings.get(name) {
            Some(mapping) => lights::mapping(name, mapping),
            None => format!("desk.unmap({})", quoted(name)),
        },
    })
}

fn made(write: impl FnOnce(&mut String)) -> String {
    let mut text = String::new();
    write(&mut text);
    text.truncate(text.trim_end().len());
    text
}

/// The value of an item that is one number, word or switch, as a literal.
pub(in crate::script) fn scalar(session: &Session, item: &Item) -> Option<String> {
    let pattern = |name: &Name| session.patterns.get(name);
    let module = |name: &Name| session.modules.get(name);
    Some(match item {
        Item::Bpm => number(session.bpm),
        Item::Signature => format!("\"{}/{}\"", session.signature.num, session.signature.den),
        Item::Source => match session.source {
            ClockSource::Internal => "\"internal\"".to_owned(),
            ClockSource::Host => "\"host\"".to_owned(),
        },
        Item::Seed => whole(session.seed),
        Item::Bank(name) => session.banks.get(name).map_or("false".to_owned(), |folder| quote(folder)),
        Item::Steps(name) => pattern(name)?.steps.to_string(),
        Item::StepsPerBeat(name) => number(pattern(name)?.steps_per_beat),
        Item::Cycles(name) => match pattern(name)?.cycles {
            Cycles::Pass => "\"pass\"".to_owned(),
            Cycles::Position => "\"position\"".to_owned(),
        },
        Item::Salt(name) => whole(pattern(name)?.salt),
        Item::SampleParam(name, place, param) => {
            value(*param, *module(name)?.samples().get(usize::from(*place))?.params.get(param)?)
        }
        Item::Param(name, param) => value(*param, module(name)?.value(*param)),
        Item::Enabled(name) => module(name)?.enabled.to_string(),
        Item::CableVolume(from, to) => number(cable(session, from, to, ConnKind::Audio)?.volume),
        _ => return None,
    })
}

/// A cable, if it is there.
pub(in crate::script) fn cable<'a>(
    session: &'a Session,
    from: &Name,
    to: &Name,
    kind: ConnKind,
) -> Option<&'a Connection> {
    session.find_connection(to, from, kind).ok().map(|at| &session.connections[at])
}

/// The columns of a pattern, as a table.
pub(in crate::script) fn columns(pattern: &Pattern) -> String {
    list(&pattern.columns.iter().map(|c| quote(c.name())).collect::<Vec<_>>())
}

/// The entries of a chain, as a table.
pub(in crate::script) fn entries(chain: &Chain) -> String {
    list(&chain.entries.iter().map(chain_entry).collect::<Vec<_>>())
}

/// The bank of a sampler, as a table.
pub(in crate::script) fn samples(session: &Session, name: &Name) -> Option<String> {
    let found = session.modules.get(name)?;
    Some(list(&bank(found.samples().iter().map(|s| &**s))))
}

/// What a sequencer plays, as fields.
pub(in crate::script) fn play(session: &Session, name: &Name) -> Option<Vec<String>> {
    let ModuleBody::TrackerSequencer { pattern, chain, chain_on } = &session.modules.get(name)?.body else {
        return None;
    };
    let mut parts = vec![format!("pattern = {}", quote(pattern.as_str()))];
    match chain {
        None => parts.push("chain = false".to_owned()),
        Some(chain) => parts.push(format!("chain = {}", quote(chain.as_str()))),
    }
    if chain.is_some() && !chain_on {
        parts.push("play = \"pattern\"".to_owned());
    }
    Some(parts)
}

fn row_statement(session: &Session, name: &Name, number: u16) -> Option<String> {
    let (pattern, quoted) = (session.patterns.get(name)?, quote(name.as_str()));
    let change = match pattern.row(number) {
        Row::Empty => format!(":clear({number})"),
        found => format!(":set({number}, {})", row(&found)),
    };
    // A row that was cut off can only be written while it plays.
    Some(if number <= pattern.steps {
        format!("pattern({quoted}){change}")
    } else {
        format!("pattern({quoted}):steps({number}){change}:steps({})", pattern.steps)
    })
}
