//! STAND-IN for the audio room until the main line's `audio.rs` is merged: passes main in through.
//!
//! Thread: audio. Only the shapes the plug-in's shell talks in, as the brief gives them.

/// What the host says about its transport at the start of a piece. Beats are quarter notes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct HostTransport {
    /// Whether the host plays.
    pub playing: bool,
    /// Beats per minute, if the host tells.
    pub tempo: Option<f64>,
    /// Song position of the first frame, in beats; may be negative (Ardour's pre-roll).
    pub beat: Option<f64>,
    /// Time signature: numerator, denominator.
    pub signature: Option<(u16, u16)>,
    /// Loop start and end in beats, if the loop is on.
    pub loop_beats: Option<(f64, f64)>,
}

/// The host's parameters as they stand for the whole of one piece.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HostParams {
    /// Macros 1-64, 0-1.
    pub macros: [f32; 64],
    /// The host's bypass.
    pub bypass: bool,
    /// Master volume, linear 0-1.
    pub master: f32,
    /// Master opacity, linear 0-1.
    pub opacity: f32,
    /// Hush switch.
    pub hush: bool,
    /// Exact render switch.
    pub exact: bool,
}

/// What a note event says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NoteKind {
    /// Starts; velocity 0-1.
    On {
        /// 0-1.
        velocity: f32,
    },
    /// Is let go.
    Off,
    /// Stops at once.
    Choke,
    /// 0-1.
    Pressure(f32),
    /// Semitones.
    Tuning(f32),
    /// −1..1.
    Pan(f32),
    /// Gain, 1 is unity.
    Volume(f32),
}

/// A note event of the host.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Note {
    /// Frame within the piece.
    pub frame: u32,
    /// 0-15, or [`Note::ANY`].
    pub channel: u8,
    /// 0-127, or [`Note::ANY`].
    pub key: u8,
    /// What happens.
    pub kind: NoteKind,
}

impl Note {
    /// A channel or key that stands for all of them (a host may choke everything in one event).
    pub const ANY: u8 = 255;
}

/// The host's buffers for one piece.
pub struct Io<'a> {
    /// Main input; `None` on the instrument.
    pub main_in: Option<[&'a [f32]; 2]>,
    /// Sidechain; may be shorter than the piece.
    pub side_in: Option<[&'a [f32]; 2]>,
    /// Main output; `process` writes every frame.
    pub main_out: [&'a mut [f32]; 2],
    /// Auxiliary outputs, zeroed; `None` where the host gave no buffer.
    pub aux: [Option<[&'a mut [f32]; 2]>; 8],
}

/// How long we may still sound if nothing more comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// So many frames.
    Frames(u32),
    /// Unknown or for ever.
    Endless,
}

/// STAND-IN.
pub struct Processor;

impl Processor {
    /// Thread: main.
    pub fn new(_rate: f64, _max_frames: usize) -> Self {
        Self
    }

    /// Thread: audio. Realtime: yes.
    pub fn reset(&mut self) {}

    /// Thread: audio. Realtime: yes.
    pub fn process(&mut self, io: &mut Io, _: &HostTransport, params: &HostParams, _: &[Note]) -> Tail {
        for (channel, out) in io.main_out.iter_mut().enumerate() {
            match io.main_in {
                Some(input) => out.copy_from_slice(&input[channel][..out.len()]),
                None => out.fill(0.0),
            }
            if !params.bypass {
                out.iter_mut().for_each(|sample| *sample *= params.master);
            }
        }
        Tail::Frames(0)
    }
}
