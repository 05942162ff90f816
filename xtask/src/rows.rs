//! `cargo xtask rows`: writes docs/rows.md, which says for every row of the contract which tests prove it.
//!
//! The rows stand in `rows.txt` beside this file; the proofs are read from the tests themselves (`proofs`).

mod page;
mod proofs;

use std::fs;

use anyhow::{Context, Result, bail};

use crate::args::Spec;
use crate::workspace::Workspace;

pub const USAGE: &str = "cargo xtask rows [--check]
  Write docs/rows.md from the contract (xtask/src/rows.txt) and the tests. A test says what it proves:
    //! proves: T2 T3     at the head of a file in tests/: every test in it
    /// proves: H5        above one test, there or in src/
    # proves: H1          in a Python test of tests/
  --check  write nothing; fail if the page is not current";

const PAGE: &str = "docs/rows.md";

/// The rows of the contract, in its order.
#[derive(Debug, PartialEq)]
pub struct Contract {
    sections: Vec<Section>,
}

/// Rows under one heading.
#[derive(Debug, PartialEq)]
struct Section {
    title: String,
    rows: Vec<Row>,
}

/// One row.
#[derive(Debug, PartialEq)]
struct Row {
    id: String,
    title: String,
    /// Promised for this version; the text says how much of the row, empty for all of it.
    now: Option<String>,
}

/// `cargo xtask rows`.
pub fn run(workspace: &Workspace, words: &[String]) -> Result<u8> {
    let args = Spec { command: "rows", values: &[], switches: &["--check"] }.read(words)?;
    if args.has("--check") {
        check(workspace)?;
        return Ok(0);
    }
    let path = workspace.root.join(PAGE);
    let page = generate(workspace)?;
    fs::create_dir_all(workspace.root.join("docs")).context("could not make docs/")?;
    fs::write(&path, &page).with_context(|| format!("could not write {PAGE}"))?;
    // The page's own summary lines, for the terminal.
    for line in page.lines().filter_map(|line| line.strip_prefix("* ")) {
        println!("{}", line.replace("**", ""));
    }
    Ok(0)
}

/// Fail if docs/rows.md is not what the tests say now.
pub fn check(workspace: &Workspace) -> Result<()> {
    let fresh = generate(workspace)?;
    match fs::read_to_string(workspace.root.join(PAGE)) {
        Ok(text) if text == fresh => Ok(()),
        Ok(_) => bail!("{PAGE} is not current; run: cargo xtask rows"),
        Err(_) => bail!("there is no {PAGE}; run: cargo xtask rows"),
    }
}

fn generate(workspace: &Workspace) -> Result<String> {
    let contract = Contract::read(include_str!("rows.txt")).context("xtask/src/rows.txt")?;
    let proofs = proofs::collect(workspace)?;
    for proof in &proofs {
        if contract.row(&proof.id).is_none() {
            bail!("{}:{}: proves '{}', but the contract has no such row", proof.file, proof.line, proof.id);
        }
    }
    Ok(page::write(&contract, &proofs))
}

impl Contract {
    /// Read the table: `== KEY  Title` opens a section, `ID  title` or `ID  title | now: remark` is a row.
    fn read(text: &str) -> Result<Self> {
        let mut sections: Vec<Section> = Vec::new();
        for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line.trim())) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(heading) = line.strip_prefix("==") {
                let title = heading.split_whitespace().collect::<Vec<_>>().join(" ");
                sections.push(Section { title, rows: Vec::new() });
                continue;
            }
            let row = Row::read(line).with_context(|| format!("line {number}"))?;
            if sections.iter().flat_map(|section| &section.rows).any(|other| other.id == row.id) {
                bail!("line {number}: the row {} is there twice", row.id);
            }
            let Some(section) = sections.last_mut() else {
                bail!("line {number}: a row stands before the first section");
            };
            section.rows.push(row);
        }
        Ok(Self { sections })
    }

    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.sections.iter().flat_map(|section| &section.rows)
    }

    fn row(&self, id: &str) -> Option<&Row> {
        self.rows().find(|row| row.id == id)
    }
}

impl Row {
    fn read(line: &str) -> Result<Self> {
        let (line, mark) = match line.split_once('|') {
            Some((line, mark)) => (line, Some(mark.trim())),
            None => (line, None),
        };
        let (id, title) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        if !is_id(id) || title.trim().is_empty() {
            bail!("a row is an id and a title (`T2 Steps fire on their frame`), not '{line}'");
        }
        let now = match mark {
            None => None,
            Some("now") => Some(String::new()),
            Some(mark) => match mark.strip_prefix("now:") {
                Some(remark) => Some(remark.trim().to_string()),
                None => bail!("after '|' stands 'now' or 'now: remark', not '{mark}'"),
            },
        };
        Ok(Self { id: id.to_string(), title: title.trim().to_string(), now })
    }
}

/// A row's id: one capital letter and a number.
fn is_id(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(|first| first.is_ascii_uppercase())
        && word.len() > 1
        && letters.all(|rest| rest.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_in_the_repository_can_be_read_whole() {
        let contract = Contract::read(include_str!("rows.txt")).unwrap();
        for id in ["H1", "T2", "S0", "G9", "C9", "L15", "E12", "P7", "V9", "D25", "O3", "K2"] {
            assert!(contract.row(id).is_some(), "{id}");
        }
        let partial = contract.row("S11").unwrap();
        assert_eq!(partial.now.as_deref(), Some("cubic"));
        assert_eq!(contract.row("H10").unwrap().now, None);
    }

    #[test]
    fn a_bad_line_of_the_contract_is_named() {
        for (text, part) in [
            ("T1 A row", "before the first section"),
            ("== T\nT1 A row\nT1 Again", "line 3: the row T1 is there twice"),
            ("== T\nT1", "an id and a title"),
            ("== T\ntempo clamps", "an id and a title"),
            ("== T\nT1 A row | later", "not 'later'"),
        ] {
            let error = format!("{:#}", Contract::read(text).unwrap_err());
            assert!(error.contains(part), "{error}");
        }
    }
}
