//! The link to the desk, whole: instances, a wire that loses, a pocket desk with the shipped plug-in, a virtual clock.

mod basics;
mod crashes;
mod fuzz;
mod live;
mod loopback;
mod pitfalls;
mod pitfalls_rows;
mod pitfalls_tracks;
mod real;
mod rig;
mod rows;
mod storms;
