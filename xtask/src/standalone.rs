//! `cargo xtask run`: builds the standalone program with its audio devices and opens it.

use anyhow::Result;

use crate::args::split_rest;
use crate::cargo::{cargo, code, finish};
use crate::packages::Need;
use crate::steps::say;
use crate::system;
use crate::workspace::Workspace;

pub const USAGE: &str = "cargo xtask run [--] [ARGUMENTS]
  Build and open the standalone program with audio devices, JACK and MIDI.
  All arguments go to the program; `cargo xtask run -- --help` lists them.";

/// `cargo xtask run`.
pub fn run(workspace: &Workspace, words: &[String]) -> Result<u8> {
    system::require(&[Need::Build, Need::Standalone])?;
    system::wish(&[Need::Editor]);
    say("building the standalone program (release)");
    let mut command = cargo(workspace, &["run", "--manifest-path"]);
    command
        .arg(workspace.root.join("Cargo.toml"))
        .args(["--release", "-p", "tracklight", "--bin", "tracklight", "--features", "standalone", "--"])
        // File names among the arguments count from where the user is.
        .current_dir(&workspace.called_from);
    // What is made in the window is a user's work: the journal is on, which this workspace switches off for tests.
    command.env("TRACKLIGHT_STATE", "");
    let (front, behind) = split_rest(words);
    command.args(front).args(behind);
    Ok(code(finish(&mut command)?))
}
