//! The desk plug-in: Lua that lives on a grandMA3, as the very bytes that are packaged.
//!
//! The Lua is in `plugin/`, one component per file; `docs/desk-protocol.md` says what it speaks. `cargo xtask
//! desk-plugin` writes the same folder, and a test there compares it with [`FILES`].
//!
//! Thread: any. Constants only.

/// The folder's name in the desk's plug-in library.
pub const FOLDER: &str = "Tracklight";

/// The name of the file a person imports.
pub const DESCRIPTION: &str = "Tracklight.xml";

macro_rules! files {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("plugin/", $name)))),*] };
}

/// Every file of the plug-in with its bytes: the description first, then the components in the order they load.
pub const FILES: &[(&str, &str)] = files![
    "Tracklight.xml",
    "core.lua",
    "codec.lua",
    "schedule.lua",
    "tree.lua",
    "memory.lua",
    "wire.lua",
    "intake.lua",
    "match.lua",
    "watch.lua",
    "rounds.lua",
    "fields.lua",
    "batch.lua",
    "build.lua",
    "probe.lua",
    "calls.lua",
    "public.lua",
    "init.lua",
];

/// What goes beside the folder: where it is put and how the desk is set up.
pub const INSTALL: &str = include_str!("plugin/INSTALL.txt");

/// The Lua components in the order they load: name without its ending, and text.
pub fn components() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().filter_map(|(name, text)| name.strip_suffix(".lua").map(|name| (name, *text)))
}

/// FNV-1a 64 over names and bytes in order, 16 hex digits: two packages with the same digest are the same plug-in.
pub fn digest() -> String {
    let bytes = FILES.iter().flat_map(|(name, text)| name.bytes().chain([0]).chain(text.bytes()).chain([0]));
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests;
