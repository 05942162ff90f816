//! Tracklight.
pub mod media;
