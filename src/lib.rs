//! Tracklight: a tracker and sampler for sound and picture, live-coded in Lua inside the DAW.
//!
//! # The map
//!
//! | room | thread | what it owns |
//! |---|---|---|
//! | [`model`] | any | the nouns and verbs: pure values |
//! | [`bus`] | any | every wire between two threads |
//! | [`audio`] | audio (the host's) | voices, playhead, mixer |
//! | [`engine`] | engine | the one true Session |
//! | [`script`] | script | the Lua state |
//! | [`osc`] | osc | the link to the desk |
//! | [`media`] | media workers | files on their way to memory |
//! | [`gui`] | gui | pixels and intents |
//! | [`plugin`] | the host's | wires the parts, owns nothing else |
//!
//! Read `model`, then `bus`, then the room you came for. Siblings never import siblings.
#![deny(unsafe_code)]
#![cfg_attr(
    test,
    allow(clippy::disallowed_methods, reason = "a test may read a real clock and start a thread of its own")
)]

pub mod audio;
pub mod bus;
pub mod engine;
pub mod gui;
pub mod media;
pub mod model;
pub mod osc;
pub mod plugin;
pub mod script;

// Both entries are written by hand, because the framework's own cannot bear a host that leaves buses out.
pub use plugin::clap_front::clap_entry;
pub use plugin::vst3_front::GetPluginFactory;
