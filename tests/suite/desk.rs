//! The link to the desk, whole: instances, a wire that loses, a pocket desk with the shipped plug-in, a virtual clock.

#[path = "desk/rig.rs"]
mod rig;
#[path = "desk/basics.rs"]
mod basics;
#[path = "desk/live.rs"]
mod live;
#[path = "desk/storms.rs"]
mod storms;
