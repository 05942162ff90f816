//! Makes sure of system packages: sees what is missing, installs it with apt where that is allowed, names it where not.
//!
//! Allowed means root, or sudo without a password, and not `TRACKLIGHT_INSTALL=no` in the environment.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::args::Spec;
use crate::cargo::{answers, line};
use crate::packages::{Need, Package, Probe};
use crate::workspace::Workspace;

pub const USAGE: &str = "cargo xtask system [--all] [--check]
  Install what building, the demo and the tests need (Debian and its children), or name it.
  --all    also what the standalone program and the benches need
  --check  install nothing; exit status 1 if something is missing
  With TRACKLIGHT_INSTALL=no no command installs anything by itself.";

/// `cargo xtask system`.
pub fn run(_: &Workspace, words: &[String]) -> Result<u8> {
    let spec = Spec { command: "system", values: &[], switches: &["--all", "--check"] };
    let args = spec.read(words)?;
    let optional = [Need::Bench, Need::Standalone, Need::Jack];
    let needs: Vec<Need> =
        Need::ALL.iter().copied().filter(|need| args.has("--all") || !optional.contains(need)).collect();
    if !args.has("--check") {
        wish(&needs);
    }
    let mut status = 0;
    for need in needs {
        let missing = missing(need);
        if missing.is_empty() {
            println!("ok       {}", need.purpose());
        } else {
            println!("missing  {}: {}", need.purpose(), names(&missing));
            status = 1;
        }
    }
    Ok(status)
}

/// Make sure of `needs`, or fail with the exact command that would help.
pub fn require(needs: &[Need]) -> Result<()> {
    let missing = install_missing(needs);
    match missing.is_empty() {
        true => Ok(()),
        false => bail!("{}", advice(&missing, &Apt::find())),
    }
}

/// Make sure of `needs` if it can be done; otherwise say what is left out and go on. Gives the needs not met.
pub fn wish(needs: &[Need]) -> Vec<Need> {
    let missing = install_missing(needs);
    if missing.is_empty() {
        return Vec::new();
    }
    let unmet: Vec<Need> =
        needs.iter().copied().filter(|need| missing.iter().any(|package| package.need == *need)).collect();
    let skipped: Vec<&str> = unmet.iter().map(|need| need.skipped()).collect();
    eprintln!("note: {}. Going on: {}.", advice(&missing, &Apt::find()), skipped.join("; "));
    unmet
}

/// What of `need` is not there.
pub fn missing(need: Need) -> Vec<&'static Package> {
    // On macOS and Windows all of this comes with the system, the compiler or Python's own installer.
    if !cfg!(target_os = "linux") {
        return Vec::new();
    }
    need.packages().filter(|package| !is_there(package.probe)).collect()
}

fn is_there(probe: Probe) -> bool {
    match probe {
        Probe::Program(name) => {
            let path = std::env::var_os("PATH").unwrap_or_default();
            std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
        }
        Probe::Library(name) => library_folders().iter().any(|folder| folder.join(name).exists()),
        Probe::File(path) => Path::new(path).is_file(),
        Probe::Python(modules) => answers("python3", &["-c", &format!("import {modules}")]),
        Probe::PkgConfig(name) => answers("pkg-config", &["--exists", name]),
    }
}

fn library_folders() -> Vec<std::path::PathBuf> {
    let multiarch = format!("{}-linux-gnu", std::env::consts::ARCH);
    ["/usr/lib", "/lib", "/usr/lib64", "/lib64", "/usr/local/lib"]
        .iter()
        .flat_map(|folder| [Path::new(folder).to_path_buf(), Path::new(folder).join(&multiarch)])
        .collect()
}

/// What this system's apt allows us.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Apt {
    /// We are root.
    Root,
    /// `sudo` asks no password.
    Sudo,
    /// It is there, but the user has to run it.
    Ask,
    /// No apt here.
    None,
}

impl Apt {
    fn find() -> Self {
        if !is_there(Probe::Program("apt-get")) {
            return Self::None;
        }
        if std::env::var("TRACKLIGHT_INSTALL").is_ok_and(|word| word == "no") {
            return Self::Ask;
        }
        let user = Command::new("id").arg("-u").output().map(|output| output.stdout).unwrap_or_default();
        if user.trim_ascii() == b"0" {
            Self::Root
        } else if answers("sudo", &["-n", "true"]) {
            Self::Sudo
        } else {
            Self::Ask
        }
    }

    /// An apt-get command that asks nothing and waits a minute for another apt to finish.
    fn command(self, words: &[&str]) -> Command {
        let mut command = match self {
            Self::Sudo => {
                let mut sudo = Command::new("sudo");
                sudo.args(["-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
                sudo
            }
            _ => {
                let mut apt = Command::new("apt-get");
                apt.env("DEBIAN_FRONTEND", "noninteractive");
                apt
            }
        };
        command.args(["-q", "-o", "DPkg::Lock::Timeout=60"]).args(words);
        command
    }
}

/// Install what is missing if we may; gives what is still missing afterwards.
fn install_missing(needs: &[Need]) -> Vec<&'static Package> {
    let look = || needs.iter().flat_map(|need| missing(*need)).collect::<Vec<_>>();
    let found = look();
    let apt = Apt::find();
    if found.is_empty() || !matches!(apt, Apt::Root | Apt::Sudo) {
        return found;
    }
    let packages = debian_names(&found);
    eprintln!("installing {}", packages.join(", "));
    let mut words = vec!["install", "-y", "--no-install-recommends"];
    words.extend(&packages);
    // A fresh image has no package lists, and old lists name files that are gone: then update once and try again.
    let installed = has_package_lists() && quiet(apt.command(&words)).is_ok();
    if !installed && let Err(error) = quiet(apt.command(&["update"])).and_then(|()| quiet(apt.command(&words))) {
        eprintln!("note: {error}");
    }
    look()
}

fn has_package_lists() -> bool {
    let Ok(folder) = std::fs::read_dir("/var/lib/apt/lists") else {
        return false;
    };
    folder.flatten().any(|entry| entry.file_name().to_string_lossy().contains("_Packages"))
}

/// Run without showing its output, but for the last lines if it fails.
fn quiet(mut command: Command) -> Result<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let tail = lines[lines.len().saturating_sub(3)..].join(" / ");
    bail!("`{}` failed: {tail}", line(&command))
}

/// The sentence that tells a person what to do.
fn advice(missing: &[&'static Package], apt: &Apt) -> String {
    let mut purposes: Vec<&str> = Vec::new();
    for package in missing {
        if !purposes.contains(&package.need.purpose()) {
            purposes.push(package.need.purpose());
        }
    }
    let purposes = purposes.join(" and ");
    match apt {
        Apt::None => format!(
            "for {purposes} this is missing: {}. Install it with your system's packages (the names are Debian's)",
            names(missing)
        ),
        _ => format!(
            "for {purposes} this is missing; run: sudo apt-get install --no-install-recommends {}",
            debian_names(missing).join(" ")
        ),
    }
}

fn debian_names(packages: &[&'static Package]) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = packages.iter().map(|package| package.debian).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The packages with what was looked for, for systems where they have other names.
fn names(packages: &[&Package]) -> String {
    let described = packages.iter().map(|package| {
        let what = match package.probe {
            Probe::Program(name) => format!("program {name}"),
            Probe::Library(name) => format!("library {name}"),
            Probe::File(path) => format!("file {path}"),
            Probe::Python(modules) => format!("Python modules {modules}"),
            Probe::PkgConfig(name) => format!("headers of {name}"),
        };
        format!("{} ({what})", package.debian)
    });
    described.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(need: Need) -> Vec<&'static Package> {
        need.packages().collect()
    }

    #[test]
    fn the_advice_is_a_command_one_can_paste() {
        let advice = advice(&of(Need::Standalone), &Apt::Ask);
        let command = "sudo apt-get install --no-install-recommends libasound2-dev libjack-jackd2-dev pkg-config";
        assert!(advice.ends_with(command), "{advice}");
        assert!(advice.contains(Need::Standalone.purpose()), "{advice}");
    }

    #[test]
    fn where_there_is_no_apt_the_needs_are_named_by_what_they_are() {
        let advice = advice(&of(Need::Vst3Hosts), &Apt::None);
        assert!(advice.contains("library libGL.so.1") && advice.contains("program python3"), "{advice}");
        assert!(!advice.contains("apt-get"), "{advice}");
    }

    #[test]
    fn a_package_two_needs_share_is_installed_once() {
        let both: Vec<_> = of(Need::Editor).into_iter().chain(of(Need::Vst3Hosts)).collect();
        assert_eq!(debian_names(&both).iter().filter(|name| **name == "libgl1").count(), 1);
    }

    #[test]
    fn apt_is_told_to_ask_nothing_as_root_and_through_sudo() {
        let root = Apt::Root.command(&["update"]);
        assert!(root.get_envs().any(|(name, value)| name == "DEBIAN_FRONTEND" && value.is_some()));
        let sudo = line(&Apt::Sudo.command(&["update"]));
        assert!(sudo.starts_with("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get"), "{sudo}");
    }

    #[test]
    fn probes_tell_what_is_there_from_what_is_not() {
        assert!(!is_there(Probe::Program("tracklight-no-such-program")));
        assert!(!is_there(Probe::Library("libtracklight-no-such.so.1")));
        assert!(!is_there(Probe::File("/no/such/file")));
        // `cargo test` runs this, so a compiler's linker driver was there.
        #[cfg(target_os = "linux")]
        assert!(is_there(Probe::Program("cc")) && is_there(Probe::Library("libc.so.6")));
    }
}
