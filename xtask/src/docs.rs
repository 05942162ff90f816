//! `cargo xtask docs`: writes the generated pages, or checks that the committed ones are current.
//!
//! The pages come from the plug-in's own declaration lists, so its program writes them: `tracklight docs --out DIR`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::args::Spec;
use crate::bundle;
use crate::cargo::{cargo, succeed};
use crate::packages::Need;
use crate::steps::say;
use crate::system;
use crate::workspace::Workspace;

pub const USAGE: &str = "cargo xtask docs [--check]
  Have the program write its generated pages into docs/ (tracklight docs --out docs).
  --check  write nothing; fail if a committed page is not what the program writes now";

/// `cargo xtask docs`.
pub fn run(workspace: &Workspace, words: &[String]) -> Result<u8> {
    let args = Spec { command: "docs", values: &[], switches: &["--check"] }.read(words)?;
    system::require(&[Need::Build])?;
    say("building the program that writes the pages");
    succeed(&mut cargo(workspace, &["build", "-p", "tracklight", "--bin", "tracklight"]))?;
    let program = workspace.program("debug", "tracklight");
    match args.has("--check") {
        true => check(workspace, &program)?,
        false => write(&program, &workspace.root.join("docs"))?,
    }
    Ok(0)
}

/// Have `program` write every page, and fail if one in docs/ differs or is missing.
pub fn check(workspace: &Workspace, program: &Path) -> Result<()> {
    let fresh = workspace.target.join("docs-check");
    bundle::remove(&fresh)?;
    write(program, &fresh)?;
    let stale = compare(&fresh, &workspace.root.join("docs"))?;
    if !stale.is_empty() {
        bail!("not current in docs/: {}; run: cargo xtask docs", stale.join(", "));
    }
    Ok(())
}

fn write(program: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    succeed(Command::new(program).args(["docs", "--out"]).arg(folder))?;
    if files(folder)?.is_empty() {
        bail!("`tracklight docs` wrote no page");
    }
    Ok(())
}

/// The pages in `fresh` that `committed` lacks or has otherwise, by name.
fn compare(fresh: &Path, committed: &Path) -> Result<Vec<String>> {
    let mut stale = Vec::new();
    for name in files(fresh)? {
        let ours = fs::read(fresh.join(&name))?;
        if fs::read(committed.join(&name)).ok() != Some(ours) {
            stale.push(name.display().to_string());
        }
    }
    Ok(stale)
}

/// Every file under `folder`, relative to it, sorted.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(inner) = open.pop() {
        let place = folder.join(&inner);
        for entry in fs::read_dir(&place).with_context(|| format!("could not read {}", place.display()))? {
            let entry = entry?;
            let name = inner.join(entry.file_name());
            match entry.file_type()?.is_dir() {
                true => open.push(name),
                false => found.push(name),
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_differ_or_are_missing_are_named_and_others_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let [fresh, committed] = ["fresh", "committed"].map(|name| folder.path().join(name));
        for (place, name, text) in [
            (&fresh, "lua/same.md", "a"),
            (&fresh, "lua/other.md", "new"),
            (&fresh, "missing.md", "a"),
            (&committed, "lua/same.md", "a"),
            (&committed, "lua/other.md", "old"),
            (&committed, "by-hand.md", "a"),
        ] {
            let path = place.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        assert_eq!(compare(&fresh, &committed).unwrap(), ["lua/other.md", "missing.md"]);
    }
}
