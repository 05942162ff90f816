//! What could stand where the cursor is: words, names, paths.

use super::VERBS;
use crate::model::param::Param;
use crate::model::session::{ModuleKind, Session};

/// Completions of the last word of `line`, sorted, each a whole word.
pub fn complete(session: &Session, line: &str) -> Vec<String> {
    let start = line.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let word = &line[start..];
    let first = line[..start].trim().is_empty();
    let mut found: Vec<String> = if first {
        VERBS.iter().map(|verb| verb.name.to_owned()).collect()
    } else if let Some((name, _)) = word.split_once('.') {
        paths(session, name)
    } else {
        let names =
            session.modules.keys().chain(session.patterns.keys()).chain(session.chains.keys()).map(|n| n.to_string());
        let verb = line.split_whitespace().next().unwrap_or_default();
        let own = super::verb(verb).map(|v| v.usage).unwrap_or_default();
        let own = own.split(|c: char| !c.is_ascii_lowercase()).filter(|w| w.len() > 1).map(str::to_owned);
        let kinds = ["sampler", "sequencer", "mixer"].map(str::to_owned).into_iter().filter(|_| verb == "add");
        let params = line[..start].split_whitespace().nth(1).map(|name| params_of(session, name)).unwrap_or_default();
        names.chain(own).chain(kinds).chain(params).collect()
    };
    found.retain(|candidate| candidate.starts_with(word));
    found.sort();
    found.dedup();
    found
}

fn kind_of(session: &Session, name: &str) -> Option<ModuleKind> {
    session.modules.get(name).map(|m| m.kind())
}

fn params_of(session: &Session, name: &str) -> Vec<String> {
    kind_of(session, name).into_iter().flat_map(Param::of).map(|p| p.desc().name.to_owned()).collect()
}

fn paths(session: &Session, name: &str) -> Vec<String> {
    let own = params_of(session, name).into_iter().map(|param| format!("{name}.{param}"));
    let samples = session.modules.get(name).map(|m| m.samples().len()).unwrap_or(0);
    let per_sample = (1..=samples).flat_map(|i| {
        Param::of(ModuleKind::MultiSampler)
            .filter(|p| p.desc().per_hit)
            .map(move |p| format!("{name}.sample[{i}].{}", p.desc().name))
    });
    let cables = session.connections.iter().filter(|c| c.to == *name && c.kind == crate::model::ConnKind::Audio);
    let cables = cables.map(|c| format!("{name}.connectionVolume[{}]", c.from));
    own.chain(per_sample).chain(cables).collect()
}
