//! Whole blocks through the whole room, under a guard that fails at any allocation.

mod blocks;
mod clock;
mod loudness;
mod plans;
mod rig;
mod rows;
mod samplers;
