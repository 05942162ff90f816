//! Writes docs/rows.md: rows and proofs as tables. The same input always gives the same bytes.

use super::proofs::Proof;
use super::{Contract, Row, Section};

/// The whole page.
pub fn write(contract: &Contract, proofs: &[Proof]) -> String {
    let proven = |row: &&Row| proofs.iter().any(|proof| proof.id == row.id);
    let promised: Vec<&Row> = contract.rows().filter(|row| row.now.is_some()).collect();
    let open: Vec<&Row> = promised.iter().copied().filter(|row| !proven(row)).collect();
    let next = open.first().copied().or_else(|| contract.rows().find(|row| !proven(row)));

    let mut page =
        String::from("# Rows\n\n<!-- Written by `cargo xtask rows` from the tests; do not edit by hand. -->\n\n");
    page += &format!("* **Proven: {} of {} rows.**\n", contract.rows().filter(proven).count(), contract.rows().count());
    page += &format!("* **Of the {} promised for this version: {}.**\n", promised.len(), promised.len() - open.len());
    page += &match next {
        Some(row) => format!("* **Next: {} {}.**\n", row.id, row.title),
        None => "* **Next: nothing, all of them are proven.**\n".to_string(),
    };
    if !open.is_empty() {
        let ids: Vec<&str> = open.iter().map(|row| row.id.as_str()).collect();
        page += &format!("\nPromised and not proven yet: {}.\n", ids.join(" "));
    }
    page += "\nIn the tables, ● is proven, ○ promised for this version and not proven yet, · for later.\n";
    for section in &contract.sections {
        page += &table(section, proofs);
    }
    page
}

fn table(section: &Section, proofs: &[Proof]) -> String {
    let mut text = format!("\n## {}\n\n| | row | | proven by |\n|---|---|---|---|\n", section.title);
    for row in &section.rows {
        let tests: Vec<String> = proofs.iter().filter(|proof| proof.id == row.id).map(name).collect();
        let mark = match (tests.is_empty(), &row.now) {
            (false, _) => "●",
            (true, Some(_)) => "○",
            (true, None) => "·",
        };
        let part = match row.now.as_deref() {
            None | Some("") => String::new(),
            Some(part) => format!(" (now: {part})"),
        };
        let mut tests = tests;
        // A file that says the same thing twice counts once.
        tests.dedup();
        text += &format!("| {mark} | {} | {}{part} | {} |\n", row.id, row.title, tests.join("<br>"));
    }
    text
}

/// A proof as `suite/timing.rs: steps_do_not_drift`.
fn name(proof: &Proof) -> String {
    let file = proof.file.strip_prefix("tests/").unwrap_or(&proof.file);
    match &proof.test {
        Some(test) => format!("`{file}`: {}", test.replace('_', " ")),
        None => format!("`{file}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(proven: &[&str]) -> String {
        let contract = "== T  Time\nT1 Tempo\nT2 Steps | now\nT3 Rows | now: most\n== S  Samples\nS1 Banks\n";
        let proofs: Vec<Proof> = proven
            .iter()
            .map(|id| Proof { id: id.to_string(), file: "tests/suite/a.rs".into(), line: 1, test: None })
            .collect();
        write(&Contract::read(contract).unwrap(), &proofs)
    }

    #[test]
    fn the_next_row_is_the_first_one_promised_for_this_version() {
        assert!(page(&[]).contains("**Next: T2 Steps.**"));
        assert!(page(&["T2"]).contains("**Next: T3 Rows.**"));
    }

    #[test]
    fn when_the_promised_rows_are_proven_the_next_one_comes_from_the_rest() {
        assert!(page(&["T2", "T3"]).contains("**Next: T1 Tempo.**"));
        assert!(page(&["T1", "T2", "T3", "S1"]).contains("all of them are proven"));
    }

    #[test]
    fn every_row_is_listed_with_its_state_and_its_tests() {
        let page = page(&["T2", "T2"]);
        for line in [
            "| · | T1 | Tempo |  |",
            "| ● | T2 | Steps | `suite/a.rs` |",
            "| ○ | T3 | Rows (now: most) |  |",
            "| · | S1 | Banks |  |",
            "* **Proven: 1 of 4 rows.**",
            "* **Of the 2 promised for this version: 1.**",
            "Promised and not proven yet: T3.",
        ] {
            assert!(page.lines().any(|own| own == line), "{line}\n{page}");
        }
    }
}
