//! What sounds: the host calls [`Processor::process`], everything below it makes the block.
//!
//! Thread: audio. Realtime: nothing below allocates, frees, locks, waits or asks the system after
//! [`Processor::prepare`] (an offline render may wait, see [`crate::bus::gate`]).
//!
//! **Invariant:** what sounds and what is reported depends on the input and the Program, never on how the host cuts
//! time into blocks. A block is cut at every frame at which something happens; between two such frames all is plain
//! arithmetic per frame.
//!
//! Reading order: [`processor`] (one block), [`transport`] (where the song is), [`sequencer`] (which step comes when),
//! [`schedule`] (what waits), [`sampler`] and [`start`] (from a hit to a voice), [`voice`] (a voice's frames),
//! [`mix`] (from voices to outputs), [`kernel`] (the inner loop).

mod cables;
pub mod kernel;
mod levels;
mod memory;
mod mix;
mod processor;
mod report;
mod row;
mod sampler;
mod schedule;
pub mod sequencer;
mod start;
pub mod transport;
mod values;
mod voice;

#[cfg(test)]
mod tests;

pub use processor::Processor;
pub use sampler::VOICES_MAX;

/// How many cables a Program may have; the volumes of more are 0.
pub const CABLES_MAX: usize = 4096;

/// What the host says of its transport at the start of a block. Anything may be missing.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct HostTransport {
    /// Whether the position moves.
    pub playing: bool,
    /// Beats per minute.
    pub tempo: Option<f64>,
    /// Song position of the block's first frame, quarter notes; may be negative (pre-roll).
    pub beat: Option<f64>,
    /// Time signature.
    pub signature: Option<(u16, u16)>,
    /// Start and end of the loop, quarter notes; only while it is on.
    pub loop_beats: Option<(f64, f64)>,
}

/// The host's parameters as they stand for the whole of a block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HostParams {
    /// Macros, 0-1.
    pub macros: [f32; 64],
    /// The main input passes, nothing new is played.
    pub bypass: bool,
    /// Gain of the main output, linear, 0-1.
    pub master: f32,
    /// Master opacity, 0-1; audio does nothing with it.
    pub opacity: f32,
    /// Hush, acts when it goes on.
    pub hush: bool,
    /// Wait for script and engine as in an offline render.
    pub exact: bool,
}

impl Default for HostParams {
    fn default() -> Self {
        Self { macros: [0.0; 64], bypass: false, master: 1.0, opacity: 1.0, hush: false, exact: false }
    }
}

/// What a note event says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NoteKind {
    /// Starts.
    On {
        /// 0-1.
        velocity: f32,
    },
    /// Is let go.
    Off,
    /// Stops at once.
    Choke,
    /// 0-1; nothing follows it yet.
    Pressure(f32),
    /// Semitones beside the note.
    Tuning(f32),
    /// −1 to 1.
    Pan(f32),
    /// Linear gain, in place of the sampler's volume.
    Volume(f32),
}

/// A note event of the host.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Note {
    /// Frame within the block; notes come in this order.
    pub frame: u32,
    /// 0-15, or [`Note::ANY`].
    pub channel: u8,
    /// 0-127, or [`Note::ANY`].
    pub key: u8,
    /// What happens.
    pub kind: NoteKind,
}

impl Note {
    /// A channel or key that stands for all of them.
    pub const ANY: u8 = 255;
}

/// The host's buffers for one block. The main output says how long the block is; the others may be shorter.
pub struct Io<'a> {
    /// Main input; `None` on the instrument.
    pub main_in: Option<[&'a [f32]; 2]>,
    /// Sidechain.
    pub side_in: Option<[&'a [f32]; 2]>,
    /// Main output; every frame is written.
    pub main_out: [&'a mut [f32]; 2],
    /// Auxiliary outputs; every frame of those that are there is written.
    pub aux: [Option<[&'a mut [f32]; 2]>; 8],
}

/// Whether anything sounds after a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// No voice is left.
    Silent,
    /// Voices go on.
    Sounding,
}
