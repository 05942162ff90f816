//! The link to the desk, whole: instances, a wire that loses, a pocket desk with the shipped plug-in, a virtual clock.

mod basics;
mod live;
mod rig;
mod rows;
mod storms;
