//! `cargo xtask desk-plugin`: writes the folder that is copied onto a grandMA3.
//!
//! It reads the source tree and builds nothing; `src/osc/ma3/plugin.rs` holds the one list of files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::args::Spec;
use crate::bundle;
use crate::steps::say;
use crate::workspace::Workspace;

pub const USAGE: &str = "cargo xtask desk-plugin [--out DIR]
  Write the grandMA3 desk plug-in, ready to copy: DIR/Tracklight/ and DIR/INSTALL.txt.
  --out DIR  where to (default: desk-plugin in cargo's target folder); an older Tracklight folder there is replaced";

const FOLDER: &str = "Tracklight";
const LIST: &str = "src/osc/ma3/plugin.rs";

/// `cargo xtask desk-plugin`.
pub fn run(workspace: &Workspace, words: &[String]) -> Result<u8> {
    let args = Spec { command: "desk-plugin", values: &["--out"], switches: &[] }.read(words)?;
    let out = match args.one("--out")? {
        Some(folder) => workspace.called_from.join(folder),
        None => workspace.target.join("desk-plugin"),
    };
    let folder = write(&workspace.root, &out)?;
    say(&format!("{}: copy it as INSTALL.txt beside it says", folder.display()));
    Ok(0)
}

/// Write the package into `out`; hands back the folder to copy.
pub fn write(root: &Path, out: &Path) -> Result<PathBuf> {
    let source = root.join("src/osc/ma3/plugin");
    let folder = out.join(FOLDER);
    let names = names(&fs::read_to_string(root.join(LIST)).with_context(|| format!("could not read {LIST}"))?)?;
    bundle::remove(&folder)?;
    fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    let copies = names.iter().map(|name| (source.join(name), folder.join(name)));
    for (from, to) in copies.chain([(source.join("INSTALL.txt"), out.join("INSTALL.txt"))]) {
        fs::copy(&from, &to).with_context(|| format!("could not copy {} to {}", from.display(), to.display()))?;
    }
    Ok(folder)
}

/// The names between `FILES` and its end, in their order.
fn names(list: &str) -> Result<Vec<String>> {
    let inside = list.split_once("FILES: &[(&str, &str)] = files![").and_then(|(_, rest)| rest.split_once("];"));
    let Some((inside, _)) = inside else {
        bail!("{LIST} has no list FILES");
    };
    Ok(inside.split('"').skip(1).step_by(2).map(str::to_string).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_is_every_file_of_the_plug_in_byte_for_byte() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let out = tempfile::tempdir().unwrap();
        let folder = write(root, out.path()).unwrap();
        let mut there: Vec<String> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        there.sort();
        let source = root.join("src/osc/ma3/plugin");
        let mut ours: Vec<String> = fs::read_dir(&source)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".lua") || name.ends_with(".xml"))
            .collect();
        ours.sort();
        assert_eq!(there, ours);
        for name in there {
            assert_eq!(fs::read(folder.join(&name)).unwrap(), fs::read(source.join(&name)).unwrap(), "{name}");
        }
        assert!(fs::read_to_string(out.path().join("INSTALL.txt")).unwrap().contains("Import Plugin Library"));
    }

    #[test]
    fn an_older_package_is_replaced_whole() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let out = tempfile::tempdir().unwrap();
        fs::create_dir(out.path().join(FOLDER)).unwrap();
        fs::write(out.path().join(FOLDER).join("old.lua"), "old").unwrap();
        let folder = write(root, out.path()).unwrap();
        assert!(!folder.join("old.lua").exists() && folder.join("core.lua").exists());
    }
}
