//! The test suite: `cargo nextest` where it is installed, `cargo test` elsewhere; and `cargo xtask golden`.

use anyhow::{Result, bail};

use crate::args::{Spec, split_rest};
use crate::cargo::{answers, cargo, succeed};
use crate::packages::Need;
use crate::steps::say;
use crate::system;
use crate::workspace::Workspace;

pub const GOLDEN_USAGE: &str = "cargo xtask golden --update [-- FILTER]
  Run the suite with TRACKLIGHT_GOLDEN=update: golden files that differ are written anew.
  Look at the difference before you commit it. FILTER: run only tests whose name holds it.";

/// `cargo xtask golden`.
pub fn golden(workspace: &Workspace, words: &[String]) -> Result<u8> {
    let (own, filter) = split_rest(words);
    let args = Spec { command: "golden", values: &[], switches: &["--update"] }.read(own)?;
    if !args.has("--update") {
        bail!("golden files are checked by the suite; to write them anew: cargo xtask golden --update");
    }
    say("running the suite, golden files are written");
    let mut command = cargo(workspace, &["test", "--workspace", "--exclude", "xtask", "--tests", "--"]);
    succeed(command.args(filter).env("TRACKLIGHT_GOLDEN", "update"))?;
    Ok(0)
}

/// Run every test of the workspace: xtask's own, then all others.
///
/// In two calls, because cargo gives a shared dependency the features that all packages of one call ask for: with xtask
/// among them half the tree (all that uses serde) would be compiled once more than for a plain `cargo test`.
pub fn run(workspace: &Workspace) -> Result<()> {
    succeed(&mut cargo(workspace, &["test", "--quiet", "-p", "xtask"]))?;
    let mut others = vec!["--workspace", "--exclude", "xtask"];
    // The program is tested with its devices where their headers are there, as the lints see it.
    if system::missing(Need::Standalone).is_empty() {
        others.extend(["--features", "tracklight/standalone"]);
    }
    if !answers("cargo", &["nextest", "--version"]) {
        return succeed(cargo(workspace, &["test"]).args(&others));
    }
    // nextest does not run the examples in the documentation, and calls no test at all an error.
    succeed(cargo(workspace, &["nextest", "run"]).args(&others))?;
    succeed(cargo(workspace, &["test", "--doc"]).args(&others))
}
