//! OSC THREAD: one socket, two directions; the desk link lives here.
//!
//! The logic ([`ma3`]) has no socket and no clock: both are handed in, so tests run both sides on one thread.

pub mod codec;
pub mod ma3;
pub mod socket;
