//! Reads from the tests which rows they prove.

use std::fs;

use anyhow::{Context, Result, bail};

use super::is_id;
use crate::docs;
use crate::workspace::Workspace;

/// One claim of one test.
#[derive(Debug, PartialEq)]
pub struct Proof {
    /// The row.
    pub id: String,
    /// The file, from the repository's top, with `/`.
    pub file: String,
    /// Where the claim stands, counted from 1.
    pub line: usize,
    /// The test; none if the whole file claims it.
    pub test: Option<String>,
}

/// Every claim in tests/ and in the unit tests of src/, by file name and line.
pub fn collect(workspace: &Workspace) -> Result<Vec<Proof>> {
    let mut proofs = Vec::new();
    for top in ["tests", "src"] {
        let folder = workspace.root.join(top);
        if !folder.is_dir() {
            continue;
        }
        for name in docs::files(&folder)? {
            let kind = name.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
            if !["rs", "py"].contains(&kind) {
                continue;
            }
            let parts: Vec<_> = name.iter().map(|part| part.to_string_lossy()).collect();
            let file = format!("{top}/{}", parts.join("/"));
            let text = fs::read_to_string(folder.join(&name)).with_context(|| format!("could not read {file}"))?;
            proofs.extend(read(&file, &text, kind == "py")?);
        }
    }
    Ok(proofs)
}

/// The claims in one file. A claim with no test behind it, or with an ignored one, is an error: it would prove nothing.
fn read(file: &str, text: &str, python: bool) -> Result<Vec<Proof>> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut proofs = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let number = at + 1;
        let (ids, whole_file) = match claim(line, python) {
            Some(claim) => claim,
            None => continue,
        };
        let test = if whole_file {
            if !python && !lines.iter().any(|line| is_test(line)) {
                bail!("{file}:{number}: the file says what it proves but holds no test");
            }
            None
        } else {
            Some(test_below(&lines[number..]).with_context(|| format!("{file}:{number}"))?)
        };
        let ids: Vec<&str> = ids.split([' ', ',']).filter(|id| !id.is_empty()).collect();
        if ids.is_empty() {
            bail!("{file}:{number}: 'proves:' names no row");
        }
        for id in ids {
            if !is_id(id) {
                bail!("{file}:{number}: '{id}' is no row id (a capital letter and a number, such as T2)");
            }
            proofs.push(Proof { id: id.to_string(), file: file.to_string(), line: number, test: test.clone() });
        }
    }
    Ok(proofs)
}

/// The ids after `proves:`, and whether they hold for the whole file.
fn claim(line: &str, python: bool) -> Option<(&str, bool)> {
    let of = |mark: &str| line.strip_prefix(mark)?.trim_start().strip_prefix("proves:");
    if python {
        return of("#").map(|ids| (ids, true));
    }
    of("//!").map(|ids| (ids, true)).or_else(|| of("///").map(|ids| (ids, false)))
}

fn is_test(line: &str) -> bool {
    line.starts_with("#[test]")
}

/// The name of the test the comment above belongs to: more comments and attributes may stand between.
fn test_below(lines: &[&str]) -> Result<String> {
    let mut tested = false;
    for line in lines {
        if line.starts_with("#[ignore") {
            bail!("an ignored test proves nothing");
        }
        tested |= is_test(line);
        if line.is_empty() || line.starts_with("#[") || line.starts_with("//") {
            continue;
        }
        let name = line.strip_prefix("pub ").unwrap_or(line).strip_prefix("fn ");
        let name = name.and_then(|rest| rest.split(['(', '<']).next());
        return match name {
            Some(name) if tested => Ok(name.trim().to_string()),
            _ => bail!("'proves:' stands above '{line}', which is no test"),
        };
    }
    bail!("'proves:' stands above nothing")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, Option<String>)> {
        let proofs = read("tests/a.rs", text, false).unwrap();
        proofs.into_iter().map(|proof| (proof.id, proof.test)).collect()
    }

    fn error(text: &str) -> String {
        format!("{:#}", read("tests/a.rs", text, false).unwrap_err())
    }

    #[test]
    fn a_file_may_prove_several_rows() {
        let text = "//! Steps.\n//!\n//! proves: T2 T3, T14\n#[test]\nfn one() {}";
        assert_eq!(found(text), ["T2", "T3", "T14"].map(|id| (id.to_string(), None)));
    }

    #[test]
    fn a_single_test_may_prove_a_row_also_inside_a_macro() {
        let text = "proptest! {\n    /// Any block size.\n    /// proves: H5\n    /// And more.\n    #[test]\n    fn blocks(size in 1..9) {}\n}";
        assert_eq!(found(text), [("H5".to_string(), Some("blocks".to_string()))]);
    }

    #[test]
    fn a_claim_without_a_test_is_refused() {
        assert!(error("//! proves: T2\nfn helper() {}").contains("tests/a.rs:1: the file says"));
        assert!(error("/// proves: T2\nfn helper() {}").contains("which is no test"));
        assert!(error("#[test]\nfn a() {}\n/// proves: T2").contains("tests/a.rs:3: 'proves:' stands above nothing"));
        assert!(error("/// proves: T2\n#[test]\n#[ignore = \"slow\"]\nfn a() {}").contains("proves nothing"));
    }

    #[test]
    fn a_claim_that_names_no_row_is_refused() {
        assert!(error("//! proves:\n#[test]\nfn a() {}").contains("names no row"));
        assert!(error("//! proves: timing\n#[test]\nfn a() {}").contains("'timing' is no row id"));
    }

    #[test]
    fn a_python_test_claims_in_a_comment() {
        let proofs = read("tests/vst3/plays.py", "# proves: H1 H12\nimport sys", true).unwrap();
        assert_eq!(proofs.len(), 2);
    }

    #[test]
    fn prose_about_proving_is_no_claim() {
        assert_eq!(found("//! What this proves: nothing yet.\n// proves: T2\nlet a = \"/// proves: T3\";"), []);
    }
}
