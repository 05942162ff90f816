//! What a host sends into a block and hears back, as plain values. Any thread.

use crate::params::param_id;
use clack_host::events::event_types::{
    MidiEvent, NoteChokeEvent, NoteExpressionEvent, NoteExpressionType, NoteOffEvent, NoteOnEvent, ParamModEvent,
    ParamValueEvent,
};
use clack_host::events::io::EventBuffer;
use clack_host::events::spaces::CoreEventSpace;
use clack_host::events::{Match, Pckn, UnknownEvent};
use clack_host::utils::ClapId;

/// Which note an event is about; `None` is CLAP's wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// The note port.
    pub port: Option<u16>,
    /// The MIDI channel, 0-15.
    pub channel: Option<u16>,
    /// The MIDI key, 0-127.
    pub key: Option<u16>,
    /// The host's own name for this one note; unique among sounding notes.
    pub id: Option<u32>,
}

impl Note {
    /// A key (0-127) on port 0 and channel 0, without an id.
    pub fn key(key: u16) -> Self {
        Self { port: Some(0), channel: Some(0), key: Some(key), id: None }
    }

    /// The same with a note id.
    pub fn with_id(self, id: u32) -> Self {
        Self { id: Some(id), ..self }
    }

    /// The same on another channel, 0-15.
    pub fn on_channel(self, channel: u16) -> Self {
        Self { channel: Some(channel), ..self }
    }

    /// Every note.
    pub fn all() -> Self {
        Self { port: None, channel: None, key: None, id: None }
    }

    fn to_pckn(self) -> Pckn {
        fn side<T>(value: Option<T>) -> Match<T> {
            value.map_or(Match::All, Match::Specific)
        }
        Pckn::new(side(self.port), side(self.channel), side(self.key), side(self.id))
    }

    fn from_pckn(pckn: Pckn) -> Self {
        Self {
            port: pckn.port_index.into_specific(),
            channel: pckn.channel.into_specific(),
            key: pckn.key.into_specific(),
            id: pckn.note_id.into_specific(),
        }
    }
}

/// What the host sends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// A parameter takes a value in the range that [`crate::Param`] tells.
    Param {
        /// The CLAP parameter id.
        id: u32,
        /// The value; nice-plug's range is 0-1, or 0 to the number of steps.
        value: f64,
    },
    /// A parameter is modulated: its value plus `amount`, not stored.
    Modulation {
        /// The CLAP parameter id.
        id: u32,
        /// In the units of the parameter's range.
        amount: f64,
    },
    /// A note begins.
    NoteOn {
        /// Which.
        note: Note,
        /// 0-1.
        velocity: f64,
    },
    /// A note is released.
    NoteOff {
        /// Which.
        note: Note,
        /// The release velocity, 0-1.
        velocity: f64,
    },
    /// A note is cut at once.
    NoteChoke {
        /// Which.
        note: Note,
    },
    /// One aspect of a sounding note changes.
    NoteExpression {
        /// Which.
        note: Note,
        /// Which aspect; [`NoteExpressionType`] tells the range of each.
        kind: NoteExpressionType,
        /// The value.
        value: f64,
    },
    /// A MIDI 1 message of up to three bytes.
    Midi {
        /// The note port.
        port: u16,
        /// Status, then data; unused bytes are 0.
        bytes: [u8; 3],
    },
}

impl Event {
    /// A parameter by nice-plug's string id (`#[id = "…"]`), in the range that [`crate::Param`] tells.
    pub fn param(id: &str, value: f64) -> Self {
        Self::Param { id: param_id(id), value }
    }

    /// A parameter modulation by nice-plug's string id.
    pub fn modulation(id: &str, amount: f64) -> Self {
        Self::Modulation { id: param_id(id), amount }
    }

    /// A key (0-127) of port 0, channel 0 begins with a velocity of 0-1.
    pub fn note_on(key: u16, velocity: f64) -> Self {
        Self::NoteOn { note: Note::key(key), velocity }
    }

    /// A key (0-127) of port 0, channel 0 is released.
    pub fn note_off(key: u16) -> Self {
        Self::NoteOff { note: Note::key(key), velocity: 0.0 }
    }

    /// A key (0-127) of port 0, channel 0 is cut.
    pub fn note_choke(key: u16) -> Self {
        Self::NoteChoke { note: Note::key(key) }
    }

    /// A MIDI 1 message on port 0.
    pub fn midi(bytes: [u8; 3]) -> Self {
        Self::Midi { port: 0, bytes }
    }

    /// Write the event to a list at its frame in the block. A parameter id of `u32::MAX` names nothing and is left out.
    pub(crate) fn push_to(self, list: &mut EventBuffer, frame: u32) {
        match self {
            Self::Param { id, value } => {
                if let Some(id) = ClapId::from_raw(id) {
                    list.push(&ParamValueEvent::new(frame, id, Pckn::match_all(), value));
                }
            }
            Self::Modulation { id, amount } => {
                if let Some(id) = ClapId::from_raw(id) {
                    list.push(&ParamModEvent::new(frame, id, Pckn::match_all(), amount));
                }
            }
            Self::NoteOn { note, velocity } => list.push(&NoteOnEvent::new(frame, note.to_pckn(), velocity)),
            Self::NoteOff { note, velocity } => list.push(&NoteOffEvent::new(frame, note.to_pckn(), velocity)),
            Self::NoteChoke { note } => list.push(&NoteChokeEvent::new(frame, note.to_pckn())),
            Self::NoteExpression { note, kind, value } => {
                list.push(&NoteExpressionEvent::new(frame, note.to_pckn(), kind, value));
            }
            Self::Midi { port, bytes } => list.push(&MidiEvent::new(frame, port, bytes)),
        }
    }
}

/// What the plug-in sends back from a block or a flush.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OutEvent {
    /// The plug-in moved one of its parameters.
    Param {
        /// The CLAP parameter id.
        id: u32,
        /// In the parameter's range.
        value: f64,
    },
    /// A hand took hold of a parameter in the editor.
    GestureBegin {
        /// The CLAP parameter id.
        id: u32,
    },
    /// The hand let go.
    GestureEnd {
        /// The CLAP parameter id.
        id: u32,
    },
    /// A note begins.
    NoteOn {
        /// Which.
        note: Note,
        /// 0-1.
        velocity: f64,
    },
    /// A note is released.
    NoteOff {
        /// Which.
        note: Note,
        /// 0-1.
        velocity: f64,
    },
    /// A note is cut.
    NoteChoke {
        /// Which.
        note: Note,
    },
    /// A note that the host began sounds no more.
    NoteEnd {
        /// Which.
        note: Note,
    },
    /// A MIDI 1 message.
    Midi {
        /// The note port.
        port: u16,
        /// Status, then data.
        bytes: [u8; 3],
    },
    /// An event of another kind.
    Other {
        /// The CLAP event type.
        kind: u16,
    },
}

impl OutEvent {
    /// The event and its frame in the block.
    pub(crate) fn read(event: &UnknownEvent) -> (u32, Self) {
        let other = Self::Other { kind: event.header().type_id() };
        let id = |id: Option<ClapId>| ClapId::optional_to_raw(id);
        let what = match event.as_core_event() {
            Some(CoreEventSpace::ParamValue(e)) => Self::Param { id: id(e.param_id()), value: e.value() },
            Some(CoreEventSpace::ParamGestureBegin(e)) => Self::GestureBegin { id: id(e.param_id()) },
            Some(CoreEventSpace::ParamGestureEnd(e)) => Self::GestureEnd { id: id(e.param_id()) },
            Some(CoreEventSpace::NoteOn(e)) => Self::NoteOn { note: Note::from_pckn(e.pckn()), velocity: e.velocity() },
            Some(CoreEventSpace::NoteOff(e)) => {
                Self::NoteOff { note: Note::from_pckn(e.pckn()), velocity: e.velocity() }
            }
            Some(CoreEventSpace::NoteChoke(e)) => Self::NoteChoke { note: Note::from_pckn(e.pckn()) },
            Some(CoreEventSpace::NoteEnd(e)) => Self::NoteEnd { note: Note::from_pckn(e.pckn()) },
            Some(CoreEventSpace::Midi(e)) => Self::Midi { port: e.port_index(), bytes: e.data() },
            _ => other,
        };
        (event.header().time(), what)
    }
}
