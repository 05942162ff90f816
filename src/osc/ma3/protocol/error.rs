//! Why the desk, or the line to it, did not do what was asked. Thread: any; pure.

use serde::Deserialize;

use super::{Busy, TrackAt};

macro_rules! codes {
    ($($name:ident $word:literal $doc:literal),+ $(,)?) => {
        /// What kind of refusal it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $(#[doc = $doc] $name),+ }

        impl ErrorCode {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word on the wire.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }
        }
    };
}

codes! {
    NoClient "no_client" "The desk does not know us: Hello first.",
    Stale "stale" "The content is another than the one named; `rev` and `hash` say which.",
    Busy "busy" "Playing, recording or changing.",
    Locked "locked" "Locked by somebody.",
    Missing "missing" "There is no such thing.",
    Guid "guid" "Another track has these numbers; `found` says where the one meant is.",
    NotWriter "not_writer" "`writer` writes this track.",
    Refused "refused" "The desk does not do it.",
    BadRequest "bad_request" "The desk does not understand it.",
    TooBig "too_big" "More than the desk or the line takes.",
    NoSequence "no_sequence" "There is no such sequence, or the track has none.",
    NoCue "no_cue" "There is no such cue.",
    NoTrack "no_track" "There is no such track.",
    Ambiguous "ambiguous" "More than one track carries that mark.",
    Readback "readback" "What was written did not stay.",
    Internal "internal" "A fault of the desk plug-in.",
    Epoch "epoch" "From the line: the desk began anew; whether it was done is not known. Read, then ask again.",
    Lost "lost" "From the line: the desk was away for too long.",
    Timeout "timeout" "From the line: the desk is there and did not answer this.",
    Malformed "malformed" "From the line: there was an answer and nobody can read it.",
    Other "other" "A code this version does not know; the message says more.",
}

impl ErrorCode {
    /// The code of that word; one that nobody knows is [`ErrorCode::Other`].
    pub fn of(word: &str) -> Self {
        Self::ALL.iter().copied().find(|code| code.name() == word).unwrap_or(Self::Other)
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        Ok(Self::of(&String::deserialize(reader)?))
    }
}

/// Why something asked for was not done.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct DeskError {
    /// What kind.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
    /// The unit's revision now, where the desk says.
    #[serde(default)]
    pub rev: Option<u64>,
    /// The unit's hash now, where the desk says.
    #[serde(default)]
    pub hash: Option<String>,
    /// Who writes it.
    #[serde(default)]
    pub writer: Option<String>,
    /// Where the track that was meant is.
    #[serde(default)]
    pub found: Option<TrackAt>,
    /// What it is busy with.
    #[serde(default)]
    pub busy: Option<Busy>,
}

impl DeskError {
    /// An error of the line itself.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), rev: None, hash: None, writer: None, found: None, busy: None }
    }
}

impl std::fmt::Display for DeskError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.message)
    }
}

impl std::error::Error for DeskError {}
