//! The program beside the plug-in: a window with sound of its own, and help.
//!
//! Thread: main.

use std::process::ExitCode;

const USAGE: &str = "\
Tracklight: a tracker and sampler for sound and picture, live-coded in Lua inside the DAW

usage: tracklight [OPTIONS]      open the window and play through a sound device or JACK
       tracklight --help         this text, and the options of this build
       tracklight --version      the version
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    match args.get(1).map(String::as_str) {
        Some("--version" | "-V") => {
            println!("tracklight {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Some("--help" | "-h" | "help") => {
            print!("{USAGE}");
            device::help();
            ExitCode::SUCCESS
        }
        Some(word) if !word.starts_with('-') => {
            eprintln!("tracklight: there is no command `{word}`; see `tracklight --help`");
            ExitCode::from(2)
        }
        _ => device::open(args),
    }
}

/// The window with a sound device: only in builds that have the system's audio libraries.
#[cfg(feature = "standalone")]
mod device {
    use std::process::ExitCode;

    use tracklight::plugin::{Tracklight, variant::Standalone};

    pub fn help() {
        println!("\noptions of the window, among others:");
        println!("  --backend auto|jack|alsa|dummy   where sound goes (auto)");
        println!("  --sample-rate HZ                 frames per second (48000)");
        println!("  --period-size FRAMES             frames per block (512)");
        println!("  --tempo BPM                      tempo told to the plug-in (120)");
    }

    pub fn open(args: Vec<String>) -> ExitCode {
        match nice_plug::prelude::nice_export_standalone_with_args::<Tracklight<Standalone>, _>(args) {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        }
    }
}

#[cfg(not(feature = "standalone"))]
mod device {
    use std::process::ExitCode;

    pub fn help() {
        println!("\nThis build has no sound devices (it was made without the feature `standalone`).");
    }

    pub fn open(_: Vec<String>) -> ExitCode {
        eprintln!("tracklight: this build has no sound devices; build it with `--features standalone`");
        ExitCode::from(2)
    }
}
