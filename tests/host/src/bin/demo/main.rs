//! Plays a song through Tracklight as a DAW would, and checks that all that it promises held. Main thread.
//!
//! `cargo xtask demo` builds this program and the bundle, and runs it. What it does, step by step, is in [`run`]; what
//! comes out is `mix.wav`, `events.jsonl`, `state.bin`, `script.lua`, `desk.jsonl`, `editor.png` and `report.json`.
//!
//! ```text
//! args     the options                       plan     what the host's transport does, block by block
//! linked   the instance in this program      pass     one plan through one instance
//! events   triggers as the plug-in told them verdict  the oracle's triggers beside them
//! probe    impulses in place of the samples  paced    four bars in real time
//! picture  the editor's window               desk     the lights, with a pocket desk
//! report   what is written and said at the end
//! ```
#![deny(unsafe_code)]

mod args;
mod desk;
mod events;
mod linked;
mod paced;
mod pass;
mod picture;
mod plan;
mod probe;
mod report;
mod run;
mod verdict;

use std::process::ExitCode;

// A debug build of nice-plug may bring a global allocator of its own, and a program has only one.
#[cfg(not(debug_assertions))]
#[global_allocator]
static ALLOCATOR: tracklight_host::CountingAlloc = tracklight_host::CountingAlloc;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let options = match args::Options::read(&words) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("demo: {error}\n\n{}", args::USAGE);
            return ExitCode::from(2);
        }
    };
    match run::run(&options) {
        Ok(report) => {
            report.print();
            if report.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("demo: {error}");
            ExitCode::FAILURE
        }
    }
}
