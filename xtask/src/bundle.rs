//! `cargo xtask bundle`: builds the plug-in and packs it as `Tracklight.clap` and `Tracklight.vst3`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::args::Spec;
use crate::cargo::{cargo, succeed};
use crate::packages::Need;
use crate::steps::say;
use crate::system;
use crate::workspace::Workspace;

pub const USAGE: &str = "cargo xtask bundle [--debug]
  Build the plug-in (release) and pack target/bundled/Tracklight.clap and Tracklight.vst3.
  --debug  the development build: quick to make, slow to play";

/// The package, as bundler.toml and cargo name it.
const PACKAGE: &str = "tracklight";

/// The two bundles.
#[derive(Debug, PartialEq)]
pub struct Bundles {
    /// `Tracklight.clap`: a file, or a folder on macOS.
    pub clap: PathBuf,
    /// `Tracklight.vst3`: a folder.
    pub vst3: PathBuf,
}

/// `cargo xtask bundle`.
pub fn run(workspace: &Workspace, words: &[String]) -> Result<u8> {
    let args = Spec { command: "bundle", values: &[], switches: &["--debug"] }.read(words)?;
    system::require(&[Need::Build])?;
    let bundles = make(workspace, !args.has("--debug"))?;
    println!("{}\n{}", workspace.show(&bundles.clap), workspace.show(&bundles.vst3));
    Ok(0)
}

/// Build and pack. In release one call of cargo makes the plug-in, the demo's host and the command-line program
/// together: they share every dependency with the same features, so nothing is compiled twice for another command.
pub fn make(workspace: &Workspace, release: bool) -> Result<Bundles> {
    say(&format!("building the plug-in ({})", if release { "release" } else { "development" }));
    let mut command = cargo(workspace, &["build", "-p", PACKAGE, "--lib", "--bin", PACKAGE]);
    if release {
        command.args(["--release", "-p", "tracklight_host", "--bin", "demo"]);
    }
    succeed(&mut command)?;
    pack(workspace, release)
}

/// Pack what cargo built last.
fn pack(workspace: &Workspace, release: bool) -> Result<Bundles> {
    say("packing the bundles");
    let folder = workspace.bundled();
    let names = ["Tracklight.clap", "Tracklight.vst3"];
    for name in names {
        // A bundle left from an earlier build must not pass for this one's.
        remove(&folder.join(name))?;
    }
    // The bundler reads bundler.toml from the current folder.
    std::env::set_current_dir(&workspace.root).context("could not enter the repository")?;
    let profile: &[String] = if release { &["--release".to_string()] } else { &[] };
    nice_plug_xtask::bundle(&workspace.target, PACKAGE, profile, false)?;
    find(workspace)
}

/// The bundles that are there; an error names the one that is not.
pub fn find(workspace: &Workspace) -> Result<Bundles> {
    let there = |name: &str| {
        let path = workspace.bundled().join(name);
        match path.exists() {
            true => Ok(path),
            false => bail!("there is no {}: the plug-in does not export that format", workspace.show(&path)),
        }
    };
    Ok(Bundles { clap: there("Tracklight.clap")?, vst3: there("Tracklight.vst3")? })
}

/// Remove a file or a folder; one that is not there is fine.
pub fn remove(path: &Path) -> Result<()> {
    let result = match fs::symlink_metadata(path) {
        Ok(data) if data.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => return Ok(()),
    };
    result.with_context(|| format!("could not remove {}", path.display()))
}
