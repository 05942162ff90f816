//! The agreements of the house, as tests over the source tree: who may import whom, where the edges are, how long a
//! file may be.

use std::path::{Path, PathBuf};

/// Which rooms a room may import. `plugin` and `main` may import every one.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &["model"]),
    ("bus", &["bus", "model"]),
    ("audio", &["audio", "bus", "model"]),
    ("engine", &["engine", "bus", "model"]),
    ("script", &["script", "bus", "model"]),
    ("osc", &["osc", "bus", "model"]),
    ("media", &["media", "bus", "model"]),
    ("gui", &["gui", "bus", "model"]),
];

/// Words that touch the world, and the files (by their start) where that is the job.
const EDGES: &[(&str, &[&str])] = &[
    ("std::thread", &["bus/station.rs", "bus/gate.rs", "plugin/", "main.rs", "headless"]),
    ("std::fs", &["media", "plugin/", "main.rs", "headless"]),
    ("std::net", &["osc/socket.rs", "osc/ma3/pocket/live.rs"]),
    ("Instant::now()", &["bus/station.rs", "plugin/", "main.rs", "headless"]),
];

/// Words that say nothing, as file or folder names.
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "manager", "common", "misc"];

/// Longest file, in lines.
const LINES_MAX: usize = 600;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for entry in entries.map(|e| e.expect("an entry").path()) {
        if entry.is_dir() {
            rust_files(&entry, found);
        } else if entry.extension().is_some_and(|e| e == "rs") {
            found.push(entry);
        }
    }
}

/// Every source file: its path below `src` and its text without the unit tests.
fn sources() -> Vec<(String, String)> {
    let src = root().join("src");
    let mut files = vec![];
    rust_files(&src, &mut files);
    assert!(files.len() > 40, "the tree was found");
    let mut sources: Vec<(String, String)> = files
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("source");
            let name = path.strip_prefix(&src).expect("below src").to_string_lossy().replace('\\', "/");
            let body = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default().to_owned();
            (name, body)
        })
        .filter(|(name, _)| !name.ends_with("tests.rs") && !name.contains("/tests/"))
        .collect();
    sources.sort();
    sources
}

fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")).map(|(at, line)| (at + 1, line))
}

#[test]
fn siblings_never_import_siblings() {
    let rooms: Vec<&str> = MAY_IMPORT.iter().map(|(room, _)| *room).chain(["plugin", "video", "timecode"]).collect();
    let mut wrong = vec![];
    for (name, text) in sources() {
        let room = name.split(['/', '.']).next().unwrap_or_default();
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(known, _)| *known == room) else { continue };
        for (at, line) in code_lines(&text) {
            for other in rooms.iter().filter(|other| !allowed.contains(other)) {
                if line.contains(&format!("crate::{other}::")) || line.contains(&format!("crate::{other};")) {
                    wrong.push(format!("{name}:{at} imports {other}: {}", line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn threads_files_sockets_and_clocks_are_touched_at_the_edges_only() {
    let mut wrong = vec![];
    for (name, text) in sources() {
        for (word, places) in EDGES {
            if places.iter().any(|place| name.starts_with(place)) {
                continue;
            }
            wrong.extend(
                code_lines(&text)
                    .filter(|(_, line)| line.contains(word))
                    .map(|(at, line)| format!("{name}:{at} {}", line.trim())),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for_and_none_grows_too_long() {
    let mut wrong = vec![];
    for (name, text) in sources() {
        if !text.starts_with("//!") {
            wrong.push(format!("{name}: begins without a //! sentence"));
        }
        if text.lines().count() > LINES_MAX {
            wrong.push(format!("{name}: {} lines, {LINES_MAX} allowed", text.lines().count()));
        }
        if name.split(['/', '.']).any(|part| EMPTY_NAMES.contains(&part)) {
            wrong.push(format!("{name}: a file is called after a thing or an act"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_unfinished_is_left_in_the_program() {
    // Put together here, so that this file does not find itself.
    let words = ["todo", "unimplemented", "dbg"].map(|word| format!("{word}!("));
    let mut wrong = vec![];
    for (name, text) in sources() {
        wrong.extend(
            code_lines(&text)
                .filter(|(_, line)| words.iter().any(|word| line.contains(word)))
                .map(|(at, line)| format!("{name}:{at} {}", line.trim())),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
