//! The manual is true: every example of the reference and of the guide is run in an instance of its own, and what it
//! prints, and the errors it makes, are those that stand beside it.
//!
//! proves: L12 L13

use tracklight::model::{ConsoleKind, When};
use tracklight::script::{completions, docs::GUIDE, help, manual, stubs};

use crate::rig::Rig;

/// One thing an example says it shows.
#[derive(Debug, PartialEq)]
enum Shown {
    Printed(String),
    Error(String),
}

/// Blanks and tabs are one blank.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn expected(text: &str) -> Vec<Shown> {
    let one = |line: &str| match (line.split_once("--> "), line.split_once("--! ")) {
        (Some((_, printed)), None) => Some(Shown::Printed(plain(printed))),
        (None, Some((_, error))) => Some(Shown::Error(plain(error))),
        (Some((before, printed)), Some((_, error))) => {
            Some(if before.contains("--!") { Shown::Error(plain(error)) } else { Shown::Printed(plain(printed)) })
        }
        _ => None,
    };
    text.lines().filter_map(one).collect()
}

/// `-- later` or `-- 2.5 beats later`: how many beats pass.
fn pause(line: &str) -> Option<f64> {
    let words = line.trim().strip_prefix("-- ")?.strip_suffix("later")?.trim();
    if words.is_empty() { Some(0.0) } else { words.strip_suffix("beats")?.trim().parse().ok() }
}

fn rig() -> Rig {
    let rig = Rig::new();
    for name in ["kick.wav", "rim.wav", "hat.wav", "a.wav", "b.wav"] {
        rig.impulse(name, 64);
    }
    for name in ["drums/kick.wav", "drums/kick-2.wav", "drums/rim.wav"] {
        rig.impulse(name, 64);
    }
    rig
}

/// Run an example chunk by chunk; what is not as it says, as text.
fn wrong(name: &str, text: &str) -> Option<String> {
    let mut rig = rig();
    let mut chunk = String::new();
    let mut first = 1;
    for (at, line) in text.lines().map(Some).chain([None]).enumerate() {
        let beats = line.map_or(Some(0.0), pause);
        let Some(beats) = beats else {
            chunk.push_str(line.unwrap_or_default());
            chunk.push('\n');
            continue;
        };
        rig.remote.calls.eval(name, first, &chunk, When::Now, false).expect("room for a chunk");
        rig.settle();
        rig.skip(64 + (beats * 60.0 * rig.rate / rig.session().bpm) as usize);
        (chunk, first) = (String::new(), at as u32 + 2);
    }
    let snapshot = rig.snapshot();
    let shown: Vec<Shown> = snapshot
        .console
        .iter()
        .filter_map(|line| match line.kind {
            ConsoleKind::Output => Some(Shown::Printed(plain(&line.text))),
            ConsoleKind::Error => Some(Shown::Error(plain(&line.text))),
            _ => None,
        })
        .collect();
    let expected = expected(text);
    let same = |(shown, said): (&Shown, &Shown)| match (shown, said) {
        (Shown::Error(text), Shown::Error(part)) => text.contains(part),
        (shown, said) => shown == said,
    };
    let right = shown.len() == expected.len() && shown.iter().zip(&expected).all(same);
    (!right).then(|| format!("{name}:\n{text}\n  shows {shown:#?}\n  not {expected:#?}"))
}

/// The Lua blocks of a page.
fn blocks(page: &str) -> Vec<&str> {
    page.split("```lua\n").skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

#[test]
fn every_example_of_the_reference_shows_what_it_says() {
    let all = completions();
    assert!(all.len() > 90, "{} functions", all.len());
    let wrong: Vec<String> =
        all.iter().filter_map(|entry| wrong(&entry.name.replace(':', " "), entry.example)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_example_of_the_guide_shows_what_it_says() {
    let blocks = blocks(GUIDE);
    assert!(blocks.len() >= 10, "{} examples", blocks.len());
    let wrong: Vec<String> = blocks.iter().filter_map(|block| wrong("guide", block)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn an_example_that_prints_something_else_is_found() {
    assert!(wrong("test", "print(1) --> 1").is_none());
    for lie in ["print(1) --> 2", "print(1)", "local a --> 1", "print(1) --! 1", "error('x') --! y", "error('x')"] {
        assert!(wrong("test", lie).is_some(), "{lie}");
    }
    assert!(
        wrong(
            "test",
            "clock:every(1, function(b) print(b) end) clock:start()\n-- 1.5 beats later\n--> 0\n--> 1\nprint(2) --> 2"
        )
        .is_none()
    );
}

#[test]
fn help_manual_completion_and_stubs_tell_of_every_function() {
    let (page, stubs) = (manual(), stubs());
    for entry in completions() {
        let name = entry.name.rsplit([':', '.']).next().unwrap();
        let text = help(&entry.name).expect("every function has help");
        assert!(text.contains(entry.doc) && text.contains(&entry.signature), "{}", entry.name);
        assert!(page.contains(&format!("### `{}`", entry.signature)) && page.contains(entry.example), "{}", entry.name);
        assert!(stubs.contains(&format!("{name}(")), "{}", entry.name);
    }
    assert!(page.starts_with(GUIDE));
}

#[test]
fn the_pages_in_the_tree_are_those_of_the_declarations() {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lua.md");
    let kept = std::fs::read_to_string(docs).unwrap();
    assert!(kept == manual(), "docs/lua.md is stale: cargo xtask docs");
}
