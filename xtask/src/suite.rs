//! The test suite: `cargo nextest` where it is installed, `cargo test` elsewhere; and `cargo xtask golden`.

use anyhow::{Result, bail};

use crate::args::{Spec, split_rest};
use crate::cargo::{answers, cargo, succeed};
use crate::steps::say;
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
    let mut command = cargo(workspace, &["test", "--workspace", "--tests", "--"]);
    succeed(command.args(filter).env("TRACKLIGHT_GOLDEN", "update"))?;
    Ok(0)
}

/// Run every test of the workspace.
pub fn run(workspace: &Workspace) -> Result<()> {
    if !answers("cargo", &["nextest", "--version"]) {
        return succeed(&mut cargo(workspace, &["test", "--workspace"]));
    }
    succeed(&mut cargo(workspace, &["nextest", "run", "--workspace"]))?;
    // nextest does not run the examples in the documentation.
    succeed(&mut cargo(workspace, &["test", "--workspace", "--doc"]))
}
