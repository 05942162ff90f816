//! The audio room.

pub mod kernel;
