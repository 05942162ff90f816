//! `cargo xtask test`: everything that must hold before a change goes in, in the order that fails soonest.
//!
//! Three builds in all: metadata for the lints and the documentation, the development build for the suite, and one
//! release build from which the bundles, the demo's host, and the program that writes the pages all come.

use anyhow::{Result, bail};

use crate::args::Spec;
use crate::bundle;
use crate::cargo::{cargo, succeed};
use crate::demo;
use crate::display;
use crate::docs;
use crate::packages::Need;
use crate::rows;
use crate::steps::{Outcome, Steps};
use crate::suite;
use crate::system;
use crate::vst3;
use crate::workspace::Workspace;

pub const USAGE: &str = "cargo xtask test [--keep-going] [--only STEP]...
  format, rows, lints, suite, lua55, manual, bundles, docs, vst3, demo
  --keep-going  run the steps after a failed one too
  --only STEP   only this step; may be given more than once";

const STEPS: &[&str] = &["format", "rows", "lints", "suite", "lua55", "manual", "bundles", "docs", "vst3", "demo"];

/// `cargo xtask test`.
pub fn run(workspace: &Workspace, words: &[String]) -> Result<u8> {
    let args = Spec { command: "test", values: &["--only"], switches: &["--keep-going"] }.read(words)?;
    for name in args.all("--only") {
        if !STEPS.contains(&name) {
            bail!("--only: there is no step '{name}'; the steps are {}", STEPS.join(", "));
        }
    }
    let chosen = |name: &str| args.all("--only").next().is_none() || args.all("--only").any(|own| own == name);
    let mut steps = Steps::new(args.has("--keep-going"));

    prepare(&chosen)?;
    if chosen("format") {
        steps.step("format", "the code is laid out as rustfmt does it", || format(workspace));
    }
    if chosen("rows") {
        steps.step("rows", "docs/rows.md says what the tests prove", || {
            rows::check(workspace).map(|()| Outcome::Passed)
        });
    }
    if chosen("lints") {
        steps.step("lints", "clippy finds nothing", || lints(workspace));
    }
    if chosen("suite") {
        steps.step("suite", "every test", || suite::run(workspace).map(|()| Outcome::Passed));
    }
    if chosen("lua55") {
        steps.step("lua55", "the desk plug-in on Lua 5.5", || lua55(workspace));
    }
    if chosen("manual") {
        steps.step("manual", "the code's documentation builds without a warning", || manual(workspace));
    }
    if chosen("bundles") {
        steps.step("bundles", "Tracklight.clap and Tracklight.vst3", || {
            bundle::make(workspace, true).map(|_| Outcome::Passed)
        });
    }
    // The last three use what was built: after a failed build they would test the one before.
    let stale = chosen("bundles") && !steps.passed("bundles");
    let mut built = |name: &'static str, about: &str, work: &dyn Fn() -> Result<()>| {
        if chosen(name) {
            steps.step(name, about, || match stale {
                true => Ok(Outcome::Skipped("there are no new bundles".into())),
                false => work().map(|()| Outcome::Passed),
            });
        }
    };
    built("docs", "the generated pages are current", &|| {
        docs::check(workspace, &workspace.program("release", "tracklight"))
    });
    built("vst3", "the bundle in pedalboard and dawdreamer", &|| vst3::run(workspace, &bundle::find(workspace)?.vst3));
    built("demo", "four bars in a real host", &|| four_bars(workspace));

    eprintln!("{}", steps.summary());
    Ok(u8::from(steps.failed()))
}

/// System packages for the chosen steps, all at once: one apt run instead of five.
fn prepare(chosen: &dyn Fn(&str) -> bool) -> Result<()> {
    let mut wishes = Vec::new();
    if chosen("lints") || chosen("suite") {
        wishes.push(Need::Standalone);
    }
    if chosen("suite") || chosen("demo") {
        wishes.extend([Need::Editor, Need::Recordings, Need::Typing]);
        // The suite types on a display of its own, whatever the machine has.
        if chosen("suite") || !display::is_given() {
            wishes.push(Need::Screen);
        }
    }
    if chosen("suite") {
        // The suite opens windows on a display of its own, whatever display there is.
        wishes.extend([Need::Jack, Need::Screen]);
    }
    let mut musts = Vec::new();
    if STEPS[2..].iter().any(|name| chosen(name)) {
        musts.push(Need::Build);
    }
    if chosen("vst3") {
        musts.push(Need::Vst3Hosts);
    }
    system::require(&musts)?;
    system::wish(&wishes);
    Ok(())
}

fn format(workspace: &Workspace) -> Result<Outcome> {
    succeed(&mut cargo(workspace, &["fmt", "--all", "--check"]))?;
    Ok(Outcome::Passed)
}

/// Every target, with the standalone program's devices where their headers are there.
fn lints(workspace: &Workspace) -> Result<Outcome> {
    let mut command = cargo(workspace, &["clippy", "--workspace", "--all-targets"]);
    if system::missing(Need::Standalone).is_empty() {
        command.args(["--features", "tracklight/standalone"]);
    }
    succeed(command.args(["--", "-D", "warnings"]))?;
    Ok(Outcome::Passed)
}

/// A package outside the workspace, because mlua builds one Lua only; it shares the target folder.
fn lua55(workspace: &Workspace) -> Result<Outcome> {
    succeed(&mut cargo(workspace, &["test", "--manifest-path", "tests/lua55/Cargo.toml", "--quiet"]))?;
    Ok(Outcome::Passed)
}

fn manual(workspace: &Workspace) -> Result<Outcome> {
    let mut command = cargo(workspace, &["doc", "--workspace", "--no-deps", "--document-private-items"]);
    succeed(command.env("RUSTDOCFLAGS", "-D warnings"))?;
    Ok(Outcome::Passed)
}

fn four_bars(workspace: &Workspace) -> Result<()> {
    let words = ["--bars", "4", "--no-build"].map(String::from);
    match demo::run(workspace, &words)? {
        0 => Ok(()),
        status => {
            bail!("the demo ended with status {status}; target/demo/report.json says what failed")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usage_lists_the_steps_in_their_order() {
        assert!(USAGE.contains(&STEPS.join(", ")));
    }

    #[test]
    fn a_step_that_is_not_there_is_refused_before_anything_runs() {
        let nowhere = std::path::PathBuf::from("/nowhere");
        let workspace = Workspace { root: nowhere.clone(), target: nowhere.clone(), called_from: nowhere };
        let words = ["--only", "lint"].map(String::from);
        let error = run(&workspace, &words).unwrap_err().to_string();
        assert!(error.contains("no step 'lint'") && error.contains("lints"), "{error}");
    }
}
