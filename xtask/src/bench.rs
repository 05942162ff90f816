//! `cargo xtask bench`: the benches, beside scsynth where it can be had.

use anyhow::Result;

use crate::args::split_rest;
use crate::cargo::{cargo, code, finish};
use crate::packages::Need;
use crate::steps::say;
use crate::system;
use crate::workspace::Workspace;

pub const USAGE: &str = "cargo xtask bench [CARGO OPTIONS] [-- BENCH OPTIONS]
  Run `cargo bench` of the plug-in (voices, house, script): figures, and ratios to scsynth from one run.
  Installs supercollider-server where it may; without it the ratios are left out. Ends with the soak: 60 s of hanging
  Lua and a storm of allocations beside a playing host (without options only).";

/// `cargo xtask bench`.
pub fn run(workspace: &Workspace, words: &[String]) -> Result<u8> {
    system::require(&[Need::Build])?;
    system::wish(&[Need::Bench]);
    say("building and running the benches");
    let (front, behind) = split_rest(words);
    let mut command = cargo(workspace, &["bench", "-p", "tracklight"]);
    command.args(front);
    if !behind.is_empty() {
        command.arg("--").args(behind);
    }
    let benches = code(finish(&mut command)?);
    if benches != 0 || !words.is_empty() {
        return Ok(benches);
    }
    say("the soak: 60 s");
    let mut soak = cargo(workspace, &["test", "--release", "-p", "tracklight", "--test", "suite", "soak", "--"]);
    soak.arg("--nocapture").env("TRACKLIGHT_SOAK_SECONDS", "60");
    Ok(code(finish(&mut soak)?))
}
