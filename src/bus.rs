//! THE WIRES: every channel between two threads is made here, once, by [`wire`].
//!
//! Reading order: [`program`] (what audio plays), [`message`] (what crosses the border to audio),
//! [`vault`] (how memory is lent to audio and never freed there), [`ends`] (the typed ends),
//! [`gate`] (how an offline render waits), [`latest`] (newest wins), [`tap`] (packets to look at), [`station`] (named threads).

pub mod ends;
pub mod gate;
pub mod latest;
pub mod message;
pub mod meters;
pub mod program;
pub mod pulse;
pub mod station;
pub mod tap;
pub mod vault;

pub use ends::{
    AskSender, AudioEnds, CallSender, EngineEnds, EventReceiver, Files, MediaEnds, OscEnds, Remote, ScribeEnds,
    ScriptEnds, TextWatch, Wires, wire,
};
pub use gate::Gate;
pub use message::{Fired, FromAudio, Job, JobDone, ShotMessage, ToAudio};
pub use meters::Meters;
pub use program::Program;
pub use pulse::{Pulse, ThreadClock};
pub use station::{Pace, Running, Station};
pub use tap::{Packet, Tap};
pub use vault::{Lent, Vault};
