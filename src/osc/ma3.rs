//! The link to a grandMA3: what is sent and heard, how both sides are kept in step, the plug-in that lives on the desk,
//! and a desk for the pocket to rehearse with.
//!
//! Thread: osc. `docs/desk-protocol.md` says what goes over the wire.

pub mod event;
pub mod line;
pub mod link;
pub mod matching;
pub mod merge;
pub mod plugin;
pub mod pocket;
pub mod protocol;
pub mod rehearse;
pub mod sync;
