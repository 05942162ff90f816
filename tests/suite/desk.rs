//! The link to the desk, whole: instances, a wire that loses, a pocket desk with the shipped plug-in, a virtual clock.

mod basics;
mod live;
mod pitfalls;
mod pitfalls_rows;
mod pitfalls_tracks;
mod rig;
mod rows;
mod storms;
