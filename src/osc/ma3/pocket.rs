//! The pocket desk: grandMA3's Lua object model, command line and OSC input, small enough for a test and for a
//! rehearsal without a desk. It runs the desk plug-in as shipped and knows nothing of what that says.
//!
//! Thread: the one that made the [`Desk`]. **Invariants:** no clock of its own, and I/O in `live` only, which brings real
//! sockets; the environment has the names of the list of facts and nothing else; imports nothing outside this folder.

mod address;
pub mod chance;
mod class;
mod command;
mod demo;
mod desk;
mod edit;
pub mod faults;
mod intake;
pub mod live;
mod lua;
pub mod options;
mod person;
mod property;
mod station;
mod tree;
mod undo;
mod value;
pub mod words;
mod world;

#[cfg(test)]
mod facts;

pub use demo::{DEMO, OTHER};
pub use desk::{Counts, Desk};
pub use faults::{Faults, Path};
pub use live::Live;
pub use options::Options;
pub use person::{Act, EventView, TrackView};
pub use station::{Datagram, Kind, LogLine, PortAsk, Ports};
pub use value::TICKS;

#[cfg(test)]
mod tests;
