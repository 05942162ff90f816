//! One binary of tests over public doors: behaviour per room, and properties that hold for anything.

mod engine;
mod engine_rig;
mod moments;
mod properties;
mod strategy;
