//! `cargo xtask install`: puts the bundles where hosts look for plug-ins.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

use crate::args::Spec;
use crate::bundle;
use crate::packages::Need;
use crate::system;
use crate::workspace::Workspace;

pub const USAGE: &str = "cargo xtask install [--user-dir DIR] [--no-build]
  Build the bundles and copy them where hosts look:
    Linux    ~/.clap, ~/.vst3
    macOS    ~/Library/Audio/Plug-Ins/CLAP and VST3
    Windows  %COMMONPROGRAMFILES%\\CLAP and VST3
  --user-dir DIR  take DIR for the home folder (on Windows for %COMMONPROGRAMFILES%)
  --no-build      copy the bundles that are there";

/// A system, for the folders its hosts search.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Os {
    Linux,
    Mac,
    Windows,
}

const HERE: Os = if cfg!(target_os = "macos") {
    Os::Mac
} else if cfg!(target_os = "windows") {
    Os::Windows
} else {
    Os::Linux
};

/// `cargo xtask install`.
pub fn run(workspace: &Workspace, words: &[String]) -> Result<u8> {
    let args = Spec { command: "install", values: &["--user-dir"], switches: &["--no-build"] }.read(words)?;
    let base = match args.one("--user-dir")? {
        Some(folder) => {
            let folder = workspace.called_from.join(folder);
            if !folder.is_dir() {
                bail!("--user-dir: there is no folder '{}'", folder.display());
            }
            folder
        }
        None => home(HERE)?,
    };
    let bundles = if args.has("--no-build") {
        bundle::find(workspace)?
    } else {
        system::require(&[Need::Build])?;
        bundle::make(workspace, true)?
    };
    let [clap, vst3] = folders(HERE, &base);
    for (bundle, folder) in [(&bundles.clap, clap), (&bundles.vst3, vst3)] {
        println!("{}", put(bundle, &folder)?.display());
    }
    Ok(0)
}

fn home(os: Os) -> Result<PathBuf> {
    let name = if os == Os::Windows { "COMMONPROGRAMFILES" } else { "HOME" };
    let value = std::env::var_os(name).filter(|value| !value.is_empty());
    value.map(PathBuf::from).ok_or_else(|| anyhow!("{name} is not set; give the folder with --user-dir"))
}

/// Where hosts look for CLAP and for VST3.
fn folders(os: Os, base: &Path) -> [PathBuf; 2] {
    match os {
        Os::Linux => [base.join(".clap"), base.join(".vst3")],
        Os::Mac => ["CLAP", "VST3"].map(|name| base.join("Library/Audio/Plug-Ins").join(name)),
        Os::Windows => [base.join("CLAP"), base.join("VST3")],
    }
}

/// Copy `bundle` into `folder`: first beside its place, then by renaming. A host that has the old one open keeps the
/// old file; writing over it would pull the code from under a running session.
fn put(bundle: &Path, folder: &Path) -> Result<PathBuf> {
    let name = bundle.file_name().context("a bundle has a name")?.to_string_lossy().into_owned();
    let place = folder.join(&name);
    let fresh = folder.join(format!(".{name}.new"));
    let old = folder.join(format!(".{name}.old"));
    fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    bundle::remove(&fresh)?;
    bundle::remove(&old)?;
    copy(bundle, &fresh).with_context(|| format!("could not copy to {}", folder.display()))?;
    if place.exists() {
        fs::rename(&place, &old).with_context(|| format!("could not replace {}", place.display()))?;
    }
    fs::rename(&fresh, &place).with_context(|| format!("could not put {}", place.display()))?;
    bundle::remove(&old)?;
    if !same(bundle, &place)? {
        bail!("{} is not what was built: is another program writing there?", place.display());
    }
    Ok(place)
}

/// Whether two files, or all files of two folders, are equal.
fn same(one: &Path, two: &Path) -> Result<bool> {
    let read = |path: &Path| fs::read(path).with_context(|| format!("could not read {}", path.display()));
    if !one.is_dir() {
        return Ok(two.is_file() && read(one)? == read(two)?);
    }
    let names = |path: &Path| -> Result<Vec<std::ffi::OsString>> {
        let entries = fs::read_dir(path).with_context(|| format!("could not read {}", path.display()))?;
        let mut names: Vec<_> = entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<Result<_, _>>()?;
        names.sort();
        Ok(names)
    };
    if !two.is_dir() || names(one)? != names(two)? {
        return Ok(false);
    }
    names(one)?.iter().try_fold(true, |so_far, name| Ok(so_far && same(&one.join(name), &two.join(name))?))
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    if !from.is_dir() {
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_has_the_folders_its_hosts_search() {
        let base = Path::new("/home/ada");
        assert_eq!(folders(Os::Linux, base), [base.join(".clap"), base.join(".vst3")]);
        assert_eq!(folders(Os::Mac, base)[0], base.join("Library/Audio/Plug-Ins/CLAP"));
        assert_eq!(folders(Os::Windows, base)[1], base.join("VST3"));
    }

    #[test]
    fn a_bundle_replaces_the_one_before_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = folder.path().join("Tracklight.vst3");
        let hosts = folder.path().join("home/.vst3");
        for version in ["one", "two"] {
            fs::create_dir_all(bundle.join("Contents")).unwrap();
            fs::write(bundle.join("Contents/so"), version).unwrap();
            let place = put(&bundle, &hosts).unwrap();
            assert_eq!(fs::read_to_string(place.join("Contents/so")).unwrap(), version);
        }
        let left: Vec<_> = fs::read_dir(&hosts).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["Tracklight.vst3"]);
    }

    #[test]
    fn a_bundle_that_differs_anywhere_is_told_from_its_copy() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
        for bundle in [&one, &two] {
            fs::create_dir_all(bundle.join("Contents")).unwrap();
            fs::write(bundle.join("Contents/so"), "code").unwrap();
        }
        assert!(same(&one, &two).unwrap());
        fs::write(two.join("Contents/older"), "").unwrap();
        assert!(!same(&one, &two).unwrap());
        fs::remove_file(two.join("Contents/older")).unwrap();
        fs::write(two.join("Contents/so"), "cold").unwrap();
        assert!(!same(&one, &two).unwrap() && !same(&one, &folder.path().join("none")).unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn a_host_that_plays_the_old_file_keeps_it() {
        use std::io::Read;
        let folder = tempfile::tempdir().unwrap();
        let bundle = folder.path().join("Tracklight.clap");
        let hosts = folder.path().join(".clap");
        fs::write(&bundle, "old").unwrap();
        let mut open = fs::File::open(put(&bundle, &hosts).unwrap()).unwrap();
        fs::write(&bundle, "new").unwrap();
        put(&bundle, &hosts).unwrap();
        let mut text = String::new();
        open.read_to_string(&mut text).unwrap();
        assert_eq!(text, "old");
    }
}
