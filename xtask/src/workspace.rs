//! Where things are: the repository, cargo's target folder, and the folder the user called from.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

/// The places a command works in. All paths are absolute.
pub struct Workspace {
    /// The repository's top folder.
    pub root: PathBuf,
    /// Cargo's target folder, wherever the user's configuration puts it.
    pub target: PathBuf,
    /// The folder the user called from; relative paths on the command line count from here.
    pub called_from: PathBuf,
}

impl Workspace {
    /// Ask cargo where the workspace of this very xtask is.
    pub fn find() -> Result<Self> {
        // Set by `cargo run`; the path known at build time serves when the program is started directly.
        let own = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let metadata = MetadataCommand::new()
            .manifest_path(own.join("Cargo.toml"))
            .no_deps()
            .exec()
            .context("cargo could not say where the workspace is")?;
        Ok(Self {
            root: metadata.workspace_root.into_std_path_buf(),
            target: metadata.target_directory.into_std_path_buf(),
            called_from: std::env::current_dir().context("the current folder is gone")?,
        })
    }

    /// The folder the bundles are made in.
    pub fn bundled(&self) -> PathBuf {
        self.target.join("bundled")
    }

    /// A program that cargo built, by profile folder (`release`, `debug`) and name.
    pub fn program(&self, profile: &str, name: &str) -> PathBuf {
        self.target.join(profile).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// `path` as a person would write it: relative to the repository where it lies inside.
    pub fn show(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}
