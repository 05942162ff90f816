//! Whole blocks through the whole room, under a guard that fails at any allocation.

#![allow(clippy::unwrap_used)]

mod blocks;
mod clock;
mod cost;
mod loudness;
mod plans;
mod rig;
mod rows;
mod samplers;
