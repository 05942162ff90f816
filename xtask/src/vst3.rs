//! The VST3 hosts: a Python environment of our own under target/, and every script of tests/vst3 run in it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cargo::succeed;
use crate::steps::say;
use crate::workspace::Workspace;

/// What is installed into the environment. Pinned: a host that changes under us would make failures of its own.
const HOSTS: &[&str] = &["pedalboard==0.9.26", "dawdreamer==0.9.0"];

/// Run every `tests/vst3/*.py` (names that begin with `_` are parts of others) with the bundle's path as its argument.
pub fn run(workspace: &Workspace, bundle: &std::path::Path) -> Result<()> {
    let scripts = scripts(workspace)?;
    let python = environment(workspace)?;
    for script in scripts {
        say(&format!("  {}", workspace.show(&script)));
        let mut command = Command::new(&python);
        command.arg(&script).arg(bundle).current_dir(&workspace.root).env("PYTHONDONTWRITEBYTECODE", "1");
        succeed(&mut command)?;
    }
    Ok(())
}

fn scripts(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let folder = workspace.root.join("tests/vst3");
    let entries = fs::read_dir(&folder).context("there is no folder tests/vst3")?;
    let mut scripts: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    scripts.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".py") && !name.starts_with('_')
    });
    scripts.sort();
    if scripts.is_empty() {
        bail!("there is no script in tests/vst3");
    }
    Ok(scripts)
}

/// The environment's Python, made and filled if it is not there or holds other versions.
fn environment(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.target.join("venv");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    // Written last, so an environment that was interrupted is made anew.
    let stamp = folder.join("tracklight-hosts.txt");
    let wanted = HOSTS.join("\n");
    if python.is_file() && fs::read_to_string(&stamp).is_ok_and(|text| text == wanted) {
        return Ok(python);
    }
    say("making the Python environment with pedalboard and dawdreamer");
    let system_python = if cfg!(windows) { "python" } else { "python3" };
    succeed(Command::new(system_python).args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"]);
    succeed(pip.args(HOSTS))?;
    fs::write(&stamp, wanted).context("could not write into target/venv")?;
    Ok(python)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(names: &[&str]) -> (tempfile::TempDir, Workspace) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_path_buf();
        fs::create_dir_all(root.join("tests/vst3")).unwrap();
        for name in names {
            fs::write(root.join("tests/vst3").join(name), "").unwrap();
        }
        (folder, Workspace { target: root.join("target"), called_from: root.clone(), root })
    }

    #[test]
    fn every_script_runs_in_the_order_of_its_name_but_for_shared_parts() {
        let (_folder, workspace) = workspace(&["pedalboard_plays.py", "dawdreamer_plays.py", "_wav.py", "notes.txt"]);
        let scripts = scripts(&workspace).unwrap();
        let shown: Vec<String> = scripts.iter().map(|path| workspace.show(path)).collect();
        assert_eq!(shown, ["tests/vst3/dawdreamer_plays.py", "tests/vst3/pedalboard_plays.py"]);
    }

    #[test]
    fn no_script_at_all_is_a_failure_not_a_pass() {
        let (_folder, workspace) = workspace(&["_wav.py"]);
        assert!(scripts(&workspace).unwrap_err().to_string().contains("no script"));
    }
}
