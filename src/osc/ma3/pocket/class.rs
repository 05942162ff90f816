//! The classes of the desk's objects and their properties, as the console's own metadata lists them.
//!
//! Thread: any; constant tables.

/// One property of a class.
#[derive(Debug, Clone, Copy)]
pub struct Prop {
    /// Its name; names are compared without case.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Flagged ReadOnly in the metadata.
    pub read_only: bool,
    /// Its value where nobody set one.
    pub initial: i64,
}

/// The type of a property.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Int,
    /// Yes or No.
    Bool,
    /// A time, signed ticks inside; reads in the form the desk's options say.
    Time,
    /// A time that always reads as whole ticks.
    Raw,
    /// Another object.
    Handle,
    /// One of some words, each with its number.
    Choice(Words),
}

/// Words and their numbers.
pub type Words = &'static [(&'static str, i64)];

const fn rw(name: &'static str, kind: Kind) -> Prop {
    Prop { name, kind, read_only: false, initial: 0 }
}

const fn ro(name: &'static str, kind: Kind) -> Prop {
    Prop { name, kind, read_only: true, initial: 0 }
}

const fn at(prop: Prop, initial: i64) -> Prop {
    Prop { initial, ..prop }
}

/// Levels of a change, as callbacks get them.
pub const CHANGE_LEVELS: Words = &[
    ("File", 0),
    ("Remove", 1),
    ("Insert", 2),
    ("Exchange", 3),
    ("Move", 4),
    ("Layout", 5),
    ("Delete", 6),
    ("Create", 7),
    ("Full", 8),
    ("FullWithoutContent", 9),
    ("Structural", 10),
    ("Property", 11),
    ("MyProperty", 12),
    ("Little", 13),
    ("None", 14),
];
/// Roles of `Get`.
pub const ROLES: Words = &[("Default", 0), ("Display", 1), ("DisplayShort", 2), ("Edit", 4), ("ObjectNoOnly", 8)];
/// What an event does to its target.
pub const TOKENS: Words = &[
    ("Empty", 0),
    ("Go+", 3),
    ("Go-", 4),
    (">>>", 5),
    ("<<<", 6),
    ("On", 7),
    ("Off", 8),
    ("Learn", 9),
    ("LearnSpeed", 10),
    ("Rate1", 11),
    ("Speed1", 12),
    ("Toggle", 14),
    ("Top", 15),
    ("Goto", 16),
    ("Load", 17),
    ("Pause", 18),
    ("Select", 24),
    ("HalfSpeed", 26),
    ("DoubleSpeed", 27),
    ("Kill", 29),
    ("ReSync", 30),
    // Their numbers are not in the list of facts; these are the pocket desk's own.
    ("Flash Press", 101),
    ("Flash Release", 102),
    ("Temp Press", 103),
    ("Temp Release", 104),
];
/// Actions of the timecode pool.
pub const POOL_ACTIONS: Words = &[("Select", 1), ("Toggle", 2), ("Go+", 3), ("Pause", 10), ("Off", 11), ("Top", 12)];
const FADER_TOKENS: Words =
    &[("Master", 1), ("X", 2), ("XA", 3), ("XB", 4), ("Temp", 5), ("Rate", 6), ("Speed", 7), ("Time", 11)];
const FADER_EVENT_TOKENS: Words = &[("FaderMaster", 1)];
const STATUS: Words = &[("Off", 0), ("On", 1)];
const LOOP_MODES: Words = &[("Loop", 0), ("Pause", 1), ("Off", 2)];
const SLOTS: Words = &[
    ("Internal", -2),
    ("LinkSelected", -1),
    ("Slot1", 0),
    ("Slot2", 1),
    ("Slot3", 2),
    ("Slot4", 3),
    ("Slot5", 4),
    ("Slot6", 5),
    ("Slot7", 6),
    ("Slot8", 7),
    ("Slot9", 8),
    ("Slot10", 9),
    ("Slot11", 10),
    ("Slot12", 11),
    ("Slot13", 12),
    ("Slot14", 13),
    ("Slot15", 14),
    ("Slot16", 15),
];
const SWITCH_OFF: Words = &[("Keep Playbacks", 0), ("Playbacks Off", 1)];
const GOTO_MODES: Words = &[("as Go", 0), ("as Goto(Status)", 1)];
const RECORD_MODES: Words = &[("Manual Events", 0), ("All Events", 1)];
/// The readouts; their numbers are the pocket desk's own.
pub const READOUTS: Words =
    &[("Default", 0), ("24 fps", 1), ("25 fps", 2), ("30 fps", 3), ("60 fps", 4), ("Seconds", 5)];

use Kind::{Bool, Choice, Handle, Int, Raw, Text, Time};

/// What every object has.
const EVERY: &[Prop] = &[
    rw("Name", Text),
    rw("Note", Text),
    ro("Index", Int),
    ro("Count", Int),
    rw("No", Int),
    rw("Lock", Bool),
    ro("StructureLocked", Bool),
    ro("SystemLocked", Bool),
    rw("IgnoreNetwork", Bool),
    rw("UserExpanded", Bool),
    rw("FaderEnabled", Bool),
    ro("Owned", Bool),
    rw("Hidden", Bool),
    rw("DependencyExport", Bool),
    ro("MemoryFootprint", Int),
];
const EVENT: &[Prop] = &[
    ro("RawTime", Raw),
    rw("Time", Time),
    ro("AbsTime", Time),
    ro("Token", Choice(TOKENS)),
    rw("CueDestination", Handle),
    rw("RealtimeCmd", Text),
    at(rw("ExecuteCommand", Bool), 1),
    ro("TrackGroup", Handle),
    ro("Track", Handle),
    // Small 0, Dynamic 1; the console prints the number.
    ro("Type", Int),
    ro("FadeOverride", Time),
    ro("Status", Choice(STATUS)),
];
const FADER_EVENT: &[Prop] = &[
    ro("RawTime", Raw),
    rw("Time", Time),
    ro("AbsTime", Time),
    at(ro("Token", Choice(FADER_EVENT_TOKENS)), 1),
    rw("FaderValue", Int),
    rw("FadeOverride", Time),
    at(ro("Type", Int), 1),
    ro("TrackGroup", Handle),
    ro("Track", Handle),
];
const FADER_SUB: &[Prop] = &[at(rw("FaderToken", Choice(FADER_TOKENS)), 1)];
const RANGE: &[Prop] = &[
    rw("Start", Time),
    ro("RawStart", Raw),
    rw("Duration", Time),
    rw("Offset", Time),
    at(rw("SpeedFactor", Int), 1),
    at(rw("Play", Bool), 1),
    rw("Rec", Bool),
    ro("Guid", Text),
];
const TRACK: &[Prop] = &[
    rw("Target", Handle),
    at(rw("Play", Bool), 1),
    rw("Rec", Bool),
    ro("Guid", Text),
    rw("Tags", Text),
    rw("Appearance", Handle),
];
const GROUP: &[Prop] = &[at(rw("Play", Bool), 1), rw("Rec", Bool)];
const TIMECODE: &[Prop] = &[
    rw("Cursor", Time),
    rw("Duration", Time),
    ro("RawDuration", Raw),
    rw("OffsetTCSlot", Time),
    ro("RawOffsetTCSlot", Raw),
    at(rw("LoopMode", Choice(LOOP_MODES)), 2),
    at(rw("LoopCount", Int), 1),
    rw("TimeMarkers", Text),
    at(rw("TCSlot", Choice(SLOTS)), -2),
    rw("AutoStart", Bool),
    rw("AutoStop", Bool),
    rw("SwitchOff", Choice(SWITCH_OFF)),
    rw("Goto", Choice(GOTO_MODES)),
    rw("AssertPrevEvents", Bool),
    rw("PlaybackandRecord", Choice(RECORD_MODES)),
    rw("RecordTimedCues", Bool),
    rw("RecordCueCommands", Bool),
    rw("RecordMacroEvents", Bool),
    rw("RecordRemoteEvents", Bool),
    rw("UserBits", Text),
    rw("TimeDisplayFormat", Text),
    rw("FrameReadout", Choice(READOUTS)),
    rw("Type", Text),
    rw("User", Text),
    ro("Guid", Text),
];
const SLOT: &[Prop] = &[
    ro("TimeString", Text),
    ro("Time", Raw),
    ro("SourceIP", Text),
    rw("UserBits", Text),
    rw("PreRoll", Time),
    rw("AfterRoll", Time),
    rw("GeneratorStartTime", Time),
    rw("GeneratorEndTime", Time),
    rw("GeneratorLooped", Bool),
    rw("GeneratorFrameUnit", Text),
];
const GUID: &[Prop] = &[ro("Guid", Text)];
const PLUGIN: &[Prop] = &[ro("Guid", Text), rw("Author", Text), rw("Version", Text), rw("Path", Text)];
const COMPONENT: &[Prop] = &[ro("Guid", Text), rw("FileName", Text), at(rw("Installed", Bool), 1)];

macro_rules! classes {
    ($($(#[$doc:meta])* $class:ident $name:literal $child:expr, $props:expr;)*) => {
        /// The class of an object.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Class { $($(#[$doc])* #[doc = $name] $class,)* }

        impl Class {
            /// Every class.
            pub const ALL: &'static [Class] = &[$(Class::$class,)*];

            /// What `GetClass` says.
            pub fn name(self) -> &'static str {
                match self { $(Class::$class => $name,)* }
            }

            /// The class of its children, where one may be made.
            pub fn child(self) -> Option<Class> {
                match self { $(Class::$class => $child,)* }
            }

            /// The properties beside those that every object has.
            pub fn own_props(self) -> &'static [Prop] {
                match self { $(Class::$class => $props,)* }
            }
        }
    };
}

classes! {
    Root "Root" None, &[];
    ShowData "ShowData" None, &[];
    DataPools "DataPools" None, &[];
    DataPool "DataPool" None, &[];
    OtherPool "Pool" None, &[];
    Sequences "Sequences" Some(Class::Sequence), &[];
    Plugins "Plugins" Some(Class::UserPlugin), &[];
    Timecodes "Timecodes" Some(Class::Timecode), &[];
    Timecode "Timecode" Some(Class::TrackGroup), TIMECODE;
    TrackGroup "TrackGroup" Some(Class::Track), GROUP;
    MarkerTrack "MarkerTrack" None, &[];
    Track "Track" Some(Class::TimeRange), TRACK;
    TimeRange "TimeRange" None, RANGE;
    CmdSubTrack "CmdSubTrack" Some(Class::CmdEvent), &[];
    FaderSubTrack "FaderSubTrack" Some(Class::FaderEvent), FADER_SUB;
    CmdEvent "CmdEvent" None, EVENT;
    FaderEvent "FaderEvent" None, FADER_EVENT;
    Sequence "Sequence" Some(Class::Cue), GUID;
    Cue "Cue" None, GUID;
    UserPlugin "UserPlugin" Some(Class::ComponentLua), PLUGIN;
    ComponentLua "ComponentLua" None, COMPONENT;
    TimecodeSlots "TimecodeSlots" None, &[];
    TimecodeSlot "TimecodeSlot" None, SLOT;
    Variables "Variables" None, &[];
    Undo "Undo" None, &[];
    User "User" None, &[];
    Profile "UserProfile" None, &[];
}

impl Class {
    /// The class of this name, in any case.
    pub fn named(name: &str) -> Option<Class> {
        Class::ALL.iter().copied().find(|class| class.name().eq_ignore_ascii_case(name))
    }

    /// All properties.
    pub fn props(self) -> impl Iterator<Item = &'static Prop> {
        self.own_props().iter().chain(EVERY)
    }

    /// The property of this name, in any case.
    pub fn prop(self, name: &str) -> Option<&'static Prop> {
        self.props().find(|prop| prop.name.eq_ignore_ascii_case(name))
    }

    /// Children are counted by their own numbers, and not every number is there.
    pub fn is_pool(self) -> bool {
        matches!(self, Class::Sequences | Class::Plugins | Class::Timecodes | Class::DataPools)
    }

    /// Children stand in the order of their time.
    pub fn keeps_time(self) -> bool {
        matches!(self, Class::CmdSubTrack | Class::FaderSubTrack)
    }

    /// It is an event.
    pub fn is_event(self) -> bool {
        matches!(self, Class::CmdEvent | Class::FaderEvent)
    }

    /// Whether an object of this class may stand under one of that class.
    pub fn goes_into(self, parent: Class) -> bool {
        match parent {
            Class::TimeRange => matches!(self, Class::CmdSubTrack | Class::FaderSubTrack),
            Class::TrackGroup => matches!(self, Class::Track | Class::MarkerTrack),
            _ => parent.child() == Some(self),
        }
    }
}

/// Names that people expect on a desk's objects and that are not there: they read as nil.
pub const KNOWN_ABSENT: &[&str] =
    &["cmd", "duration", "cueno", "cuename", "guid", "trackgroups", "timeranges", "tracks", "subtracks", "events"];

/// Whether some class has a property of this name.
pub fn is_property_anywhere(name: &str) -> bool {
    Class::ALL.iter().any(|class| class.prop(name).is_some())
}

/// The number of a word.
pub fn number_of(words: Words, word: &str) -> Option<i64> {
    words.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, number)| *number)
}

/// The word of a number.
pub fn word_of(words: Words, number: i64) -> Option<&'static str> {
    words.iter().find(|(_, known)| *known == number).map(|(word, _)| *word)
}
