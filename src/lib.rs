//! Tracklight: a tracker and sampler for sound and picture, live-coded in Lua inside the DAW.
#![deny(unsafe_code)]

pub mod audio;
pub mod plugin;

use plugin::Tracklight;
use plugin::variant::{ClapEffect, ClapInstrument, Vst3Effect, Vst3Instrument, Vst3Multi};

nice_plug::nice_export_clap!(Tracklight<ClapEffect>, Tracklight<ClapInstrument>);
nice_plug::nice_export_vst3!(Tracklight<Vst3Effect>, Tracklight<Vst3Instrument>, Tracklight<Vst3Multi>);
