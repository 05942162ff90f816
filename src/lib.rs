//! Tracklight: a tracker and sampler for sound and picture, live-coded in Lua inside the DAW.
#![deny(unsafe_code)]

pub mod audio;
pub mod plugin;

use plugin::Tracklight;
use plugin::variant::{Vst3Effect, Vst3Instrument, Vst3Multi};

// CLAP: written by hand, because the framework's own entry cannot bear a host that leaves buses out.
pub use plugin::clap_front::clap_entry;

nice_plug::nice_export_vst3!(Tracklight<Vst3Effect>, Tracklight<Vst3Instrument>, Tracklight<Vst3Multi>);
