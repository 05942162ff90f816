//! The table of system packages: what each need of ours is made of, and how to see whether it is there.

/// Something a command needs from the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A C compiler for Lua and the Lua parser. No X11, GL or sound headers: those libraries are opened at run time.
    Build,
    /// The libraries the editor opens at run time.
    Editor,
    /// A display where there is no screen.
    Screen,
    /// What the window tests type with.
    Typing,
    /// Headers for the standalone program's audio and MIDI devices.
    Standalone,
    /// A JACK server, and what plays and records through it in tests.
    Jack,
    /// Python for the VST3 hosts from PyPI, and the libraries those wheels link.
    Vst3Hosts,
    /// Real recordings for the demo's second run.
    Recordings,
    /// The synthesizer and the OSC libraries that the benches are measured beside.
    Bench,
}

/// How to see that a package's content is there, whoever put it there.
#[derive(Clone, Copy, Debug)]
pub enum Probe {
    /// A program on the PATH.
    Program(&'static str),
    /// A shared library (or a file beside them) in one of the system's library folders.
    Library(&'static str),
    /// A file at a fixed place.
    File(&'static str),
    /// Python modules that can be imported, comma-separated.
    Python(&'static str),
    /// A library known to pkg-config.
    PkgConfig(&'static str),
}

/// One row of the table.
#[derive(Debug)]
pub struct Package {
    /// The need it serves.
    pub need: Need,
    /// Its name in Debian and its children.
    pub debian: &'static str,
    /// How to see it.
    pub probe: Probe,
}

const fn row(need: Need, debian: &'static str, probe: Probe) -> Package {
    Package { need, debian, probe }
}

/// The table. Build needs were found by reading the build scripts of every dependency: only Lua and tree-sitter compile
/// C, and x11-dl asks pkg-config for folders but does without it.
pub const PACKAGES: &[Package] = &[
    row(Need::Build, "gcc", Probe::Program("cc")),
    row(Need::Build, "libc6-dev", Probe::File("/usr/include/stdio.h")),
    row(Need::Editor, "libgl1", Probe::Library("libGL.so.1")),
    row(Need::Editor, "libegl1", Probe::Library("libEGL.so.1")),
    row(Need::Editor, "libgl1-mesa-dri", Probe::Library("dri/swrast_dri.so")),
    row(Need::Editor, "libx11-6", Probe::Library("libX11.so.6")),
    row(Need::Editor, "libx11-xcb1", Probe::Library("libX11-xcb.so.1")),
    row(Need::Editor, "libxcb1", Probe::Library("libxcb.so.1")),
    row(Need::Editor, "libxcursor1", Probe::Library("libXcursor.so.1")),
    row(Need::Editor, "libxkbcommon0", Probe::Library("libxkbcommon.so.0")),
    row(Need::Editor, "libxkbcommon-x11-0", Probe::Library("libxkbcommon-x11.so.0")),
    row(Need::Screen, "xvfb", Probe::Program("Xvfb")),
    row(Need::Typing, "xdotool", Probe::Program("xdotool")),
    row(Need::Standalone, "pkg-config", Probe::Program("pkg-config")),
    row(Need::Standalone, "libasound2-dev", Probe::PkgConfig("alsa")),
    row(Need::Standalone, "libjack-jackd2-dev", Probe::PkgConfig("jack")),
    row(Need::Jack, "jackd2", Probe::Program("jackd")),
    row(Need::Vst3Hosts, "python3", Probe::Program("python3")),
    row(Need::Vst3Hosts, "python3-venv", Probe::Python("venv, ensurepip")),
    row(Need::Vst3Hosts, "libgl1", Probe::Library("libGL.so.1")),
    row(Need::Vst3Hosts, "libglib2.0-0", Probe::Library("libglib-2.0.so.0")),
    row(Need::Vst3Hosts, "libatomic1", Probe::Library("libatomic.so.1")),
    row(Need::Vst3Hosts, "libstdc++6", Probe::Library("libstdc++.so.6")),
    // A megabyte of recorded speech; hydrogen-drumkits would be 140.
    row(Need::Recordings, "alsa-utils", Probe::File("/usr/share/sounds/alsa/Front_Center.wav")),
    row(Need::Bench, "supercollider-server", Probe::Program("scsynth")),
    row(Need::Bench, "liblo-tools", Probe::Library("liblo.so.7")),
    row(Need::Bench, "python3", Probe::Program("python3")),
    row(Need::Bench, "python3-venv", Probe::Python("venv, ensurepip")),
];

impl Need {
    /// Every need, for `cargo xtask system --all`.
    pub const ALL: &'static [Need] = &[
        Need::Build,
        Need::Editor,
        Need::Screen,
        Need::Typing,
        Need::Standalone,
        Need::Jack,
        Need::Vst3Hosts,
        Need::Recordings,
        Need::Bench,
    ];

    /// What it is for, as the end of "needed for …".
    pub fn purpose(self) -> &'static str {
        match self {
            Need::Build => "building the plug-in",
            Need::Editor => "opening the editor",
            Need::Screen => "the editor's picture without a screen",
            Need::Typing => "typing into the editor's window in tests",
            Need::Standalone => "the standalone program's audio and MIDI devices",
            Need::Jack => "playing the standalone program through JACK in tests",
            Need::Vst3Hosts => "the VST3 hosts (pedalboard, dawdreamer)",
            Need::Recordings => "the demo on real recordings",
            Need::Bench => "the benches beside scsynth, liblo and python-osc",
        }
    }

    /// What does not happen when it is missing and the command can go on.
    pub fn skipped(self) -> &'static str {
        match self {
            Need::Build => "nothing can be built",
            Need::Editor => "the editor cannot be opened",
            Need::Screen => "no picture of the editor",
            Need::Typing => "no typing tests",
            Need::Standalone => "the standalone feature is not checked",
            Need::Jack => "no test through JACK",
            Need::Vst3Hosts => "no VST3 host tests",
            Need::Recordings => "no run on real recordings",
            Need::Bench => "no figures of scsynth, liblo or python-osc",
        }
    }

    /// The rows of the table that serve it.
    pub fn packages(self) -> impl Iterator<Item = &'static Package> {
        PACKAGES.iter().filter(move |package| package.need == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_need_has_at_least_one_package() {
        for need in Need::ALL {
            assert!(need.packages().next().is_some(), "{need:?}");
        }
        assert!(PACKAGES.iter().all(|package| Need::ALL.contains(&package.need)));
    }

    #[test]
    fn no_package_stands_twice_under_one_need() {
        for (at, one) in PACKAGES.iter().enumerate() {
            let twice = PACKAGES[..at].iter().any(|two| two.need == one.need && two.debian == one.debian);
            assert!(!twice, "{one:?}");
        }
    }

    #[test]
    fn package_names_are_such_as_debian_allows() {
        for package in PACKAGES {
            let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
            assert!(package.debian.len() > 1 && package.debian.chars().all(fine), "{package:?}");
        }
    }

    #[test]
    fn building_the_plug_in_needs_no_sound_or_display_header() {
        assert!(Need::Build.packages().all(|package| package.debian == "gcc" || package.debian == "libc6-dev"));
    }
}
