//! `cargo xtask bench`: the benches, beside scsynth, liblo and python-osc where these can be had.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::args::split_rest;
use crate::cargo::{cargo, code, finish, succeed};
use crate::packages::Need;
use crate::steps::say;
use crate::system;
use crate::workspace::Workspace;

pub const USAGE: &str = "cargo xtask bench [CARGO OPTIONS] [-- BENCH OPTIONS]
  Run `cargo bench` of the plug-in (voices, house, script, desk): figures, and those of scsynth, liblo and python-osc
  from the same run. Installs them where it may; what is not there is left out with a line that says so. Ends with the soak: 60 s of hanging
  Lua and a storm of allocations beside a playing host (without options only).";

/// `cargo xtask bench`.
pub fn run(workspace: &Workspace, words: &[String]) -> Result<u8> {
    system::require(&[Need::Build])?;
    system::wish(&[Need::Bench]);
    say("building and running the benches");
    let (front, behind) = split_rest(words);
    let mut command = cargo(workspace, &["bench", "-p", "tracklight"]);
    command.args(front);
    match python_osc(workspace) {
        Ok(python) => drop(command.env("TRACKLIGHT_OSC_PYTHON", python)),
        Err(error) => say(&format!("no python-osc beside the benches: {error:#}")),
    }
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

/// A Python that has python-osc, in an environment of its own.
fn python_osc(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.target.join("venv-osc");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let has = |python: &PathBuf| {
        Command::new(python).args(["-c", "import pythonosc"]).output().is_ok_and(|o| o.status.success())
    };
    if !has(&python) {
        let system_python = if cfg!(windows) { "python" } else { "python3" };
        succeed(Command::new(system_python).args(["-m", "venv", "--clear"]).arg(&folder))?;
        let quiet = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "python-osc==1.10.2"];
        succeed(Command::new(&python).args(quiet))?;
    }
    Ok(python)
}
