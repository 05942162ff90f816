//! `cargo xtask …`: builds, plays, installs and tests Tracklight.
//!
//! Thread: main only. **Invariant:** builds where nothing but Rust is installed; what else a command needs it installs
//! or names (`system`). One file per command; `cargo xtask help` lists them.

#![allow(
    clippy::disallowed_methods,
    reason = "a command-line tool measures real time and ends its own process; the rules are for the plug-in"
)]

mod args;
mod bench;
mod bundle;
mod cargo;
mod demo;
mod desk;
mod desk_plugin;
mod display;
mod docs;
mod install;
mod packages;
mod rows;
mod standalone;
mod steps;
mod suite;
mod system;
mod test;
mod vst3;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::workspace::Workspace;

/// One command: its name, what `help` says, and the function that runs it. The number returned is the exit status.
struct Verb {
    name: &'static str,
    about: &'static str,
    usage: &'static str,
    run: fn(&Workspace, &[String]) -> Result<u8>,
}

/// Every command, in the order of `cargo xtask help`.
const VERBS: &[Verb] = &[
    Verb {
        name: "demo",
        about: "build the plug-in, play a song through it in a real host, write the mix and a report",
        usage: demo::USAGE,
        run: demo::run,
    },
    Verb { name: "run", about: "open the standalone window", usage: standalone::USAGE, run: standalone::run },
    Verb { name: "bundle", about: "build Tracklight.clap and Tracklight.vst3", usage: bundle::USAGE, run: bundle::run },
    Verb { name: "install", about: "put the bundles where hosts look", usage: install::USAGE, run: install::run },
    Verb {
        name: "test",
        about: "everything that must hold: format, lints, suite, docs, VST3 hosts, demo",
        usage: test::USAGE,
        run: test::run,
    },
    Verb {
        name: "golden",
        about: "run the suite and take what it makes now as the golden files",
        usage: suite::GOLDEN_USAGE,
        run: suite::golden,
    },
    Verb { name: "bench", about: "run the benches and print ratios", usage: bench::USAGE, run: bench::run },
    Verb {
        name: "rows",
        about: "write docs/rows.md: which rows of the contract which tests prove",
        usage: rows::USAGE,
        run: rows::run,
    },
    Verb { name: "docs", about: "write the generated pages of docs/", usage: docs::USAGE, run: docs::run },
    Verb {
        name: "desk",
        about: "start a pocket desk to rehearse with, without a grandMA3",
        usage: desk::USAGE,
        run: desk::run,
    },
    Verb {
        name: "desk-plugin",
        about: "write the grandMA3 desk plug-in, ready to copy",
        usage: desk_plugin::USAGE,
        run: desk_plugin::run,
    },
    Verb {
        name: "system",
        about: "install or name the system packages that are missing",
        usage: system::USAGE,
        run: system::run,
    },
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&words) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(words: &[String]) -> Result<u8> {
    let Some((first, rest)) = words.split_first() else {
        print!("{}", help());
        return Ok(2);
    };
    if ["help", "--help", "-h"].contains(&first.as_str()) {
        match rest.first().and_then(|name| verb(name)) {
            Some(verb) => println!("{}", verb.usage),
            None => print!("{}", help()),
        }
        return Ok(0);
    }
    let Some(verb) = verb(first) else {
        bail!("there is no command '{first}'; the commands are {}", names());
    };
    let own = rest.split(|word| word == "--").next().unwrap_or(rest);
    if own.iter().any(|word| word == "--help" || word == "-h") {
        println!("{}", verb.usage);
        return Ok(0);
    }
    (verb.run)(&Workspace::find()?, rest)
}

fn verb(name: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.name == name)
}

fn names() -> String {
    VERBS.iter().map(|verb| verb.name).collect::<Vec<_>>().join(", ")
}

fn help() -> String {
    let mut text = String::from("cargo xtask COMMAND [OPTIONS]\n\n");
    for verb in VERBS {
        text.push_str(&format!("  {:11} {}\n", verb.name, verb.about));
    }
    text + "\n`cargo xtask COMMAND --help` lists its options.\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_the_help_with_a_usage_that_names_it() {
        for verb in VERBS {
            assert!(help().contains(verb.about), "{}", verb.name);
            assert!(verb.usage.starts_with(&format!("cargo xtask {}", verb.name)), "{}", verb.name);
        }
    }

    #[test]
    fn an_unknown_command_is_named_with_the_ones_there_are() {
        let error = dispatch(&["dmeo".to_string()]).unwrap_err().to_string();
        assert!(error.contains("'dmeo'") && error.contains("demo"), "{error}");
    }
}
