//! `cargo xtask desk`: builds the program and starts a pocket desk, to rehearse without a grandMA3.

use anyhow::Result;

use crate::args::split_rest;
use crate::cargo::{cargo, code, finish};
use crate::packages::Need;
use crate::steps::say;
use crate::system;
use crate::workspace::Workspace;

pub const USAGE: &str = "cargo xtask desk [--] [ARGUMENTS]
  Start a pocket desk: a grandMA3's timecode tracks, running the desk plug-in as shipped.
  --port N (8000)   --prefix WORD   --loss PERCENT   --seed N   --do 'LINE'   --open
  Lines typed are done; `help` lists them, `quit` ends.";

/// `cargo xtask desk`.
pub fn run(workspace: &Workspace, words: &[String]) -> Result<u8> {
    system::require(&[Need::Build])?;
    say("building the program (release)");
    let mut command = cargo(workspace, &["run", "--manifest-path"]);
    command
        .arg(workspace.root.join("Cargo.toml"))
        .args(["--release", "-p", "tracklight", "--bin", "tracklight", "--", "desk"])
        .current_dir(&workspace.called_from);
    let (front, behind) = split_rest(words);
    command.args(front).args(behind);
    Ok(code(finish(&mut command)?))
}
