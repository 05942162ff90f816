//! Tracklight: a tracker and sampler for sound and picture, live-coded in Lua inside the DAW.
#![deny(unsafe_code)]

pub mod audio;
pub mod model;
