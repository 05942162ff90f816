//! What kind of desk it is: every behaviour that nobody has seen for certain on a real one is a choice here.
//!
//! Thread: any; plain values.

use std::time::Duration;

use super::faults::Faults;

/// When a hook's callback runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookMoment {
    /// Inside the write itself.
    Inside,
    /// After the Lua chunk that wrote.
    AfterChunk,
}

/// What the delay of `Timer` may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimerDelay {
    /// Any part of a second.
    Exact,
    /// Whole seconds; a part is cut off, so 0.2 is 0.
    CutToSeconds,
    /// Whole seconds; a part is rounded up, so 0.2 is 1.
    UpToSeconds,
}

/// The form in which a time property reads without a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeForm {
    /// A whole number of ticks.
    Ticks,
    /// A number of seconds.
    Seconds,
    /// Text, seconds with six decimals.
    Text,
}

/// What becomes of a property write between `CreateUndo` and `CloseUndo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetUndo {
    /// It joins the block that is open.
    Joins,
    /// It is an undo step of its own.
    OwnStep,
    /// Oops does not know of it.
    Never,
}

/// Which times snap to the frames of the timecode's readout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantise {
    /// None.
    Never,
    /// Those set by hand.
    ByHand,
    /// All.
    Always,
}

/// Where `PluginVars` live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VarsHome {
    /// In the show file: they go back to what they were when it was saved.
    Show,
    /// On the station: they outlive any show and restart.
    Station,
}

/// The change level that callbacks get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Levels {
    /// Always Full (8), the only one anybody has reported.
    Full,
    /// Create, Delete, Move, Property by what happened.
    ByKind,
}

/// Which writes by Lua and by the command line stick; a hand's always do. What does not stick is ignored without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writes {
    /// `RawTime`, ticks.
    pub raw_time: bool,
    /// `Time` as a whole number of ticks.
    pub time_ticks: bool,
    /// `Time` as seconds: any float; integers too where `time_ticks` is off.
    pub time_seconds: bool,
    /// `Time` of an event as text, such as "12.5", "12.5s" or "3m1.5s".
    pub time_text: bool,
    /// `Token`.
    pub token: bool,
    /// `CueDestination`.
    pub cue: bool,
    /// `RealtimeCmd`.
    pub command: bool,
    /// `ExecuteCommand`.
    pub execute: bool,
    /// `Note` of an event.
    pub event_note: bool,
    /// `Guid`.
    pub guid: bool,
}

impl Default for Writes {
    fn default() -> Self {
        Self {
            raw_time: true,
            time_ticks: true,
            time_seconds: true,
            time_text: true,
            token: true,
            cue: true,
            command: true,
            execute: true,
            event_note: true,
            guid: false,
        }
    }
}

/// The whole desk. The defaults are the kindest desk that the facts allow, without faults.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Seed of every fault and of what is random on a desk (Guids).
    pub seed: u64,
    /// Seed of what Lua takes for random: `math.random` and the addresses of its tables. 0 lets a desk on real sockets
    /// take another each time, so that two of them are not taken for one.
    pub lua_seed: u64,
    /// Port of the OSC input.
    pub osc_port: u16,
    /// Prefix of the OSC line without slashes; `""` for none.
    pub prefix: String,
    /// `Enable Input`.
    pub osc_input: bool,
    /// `Receive Command` of the OSC line.
    pub receive_command: bool,
    /// Time between a datagram at the OSC input and the command's execution.
    pub osc_latency: Duration,
    /// Bytes of inline Lua that the OSC input takes; the rest is cut off.
    pub lua_limit: usize,
    /// How long the desk is deaf after its port or prefix changed.
    pub rebind: Duration,
    /// How long a restart takes.
    pub boot: Duration,
    /// Seconds since 1970 when the desk's clock is at zero.
    pub wall: f64,
    /// The shortest sleep of a coroutine: the desk's own loop.
    pub frame: Duration,
    /// When hooks fire.
    pub hooks: HookMoment,
    /// Hooks also fire for changes of all that is below.
    pub hooks_broadcast: bool,
    /// Callbacks are held weakly: what nobody else holds is collected and falls silent.
    pub hooks_weak: bool,
    /// The change level callbacks get.
    pub levels: Levels,
    /// The most hooks a station takes; `HookObjectChange` gives nil after that.
    pub hooks_max: usize,
    /// What `Timer` does with parts of a second.
    pub timers: TimerDelay,
    /// How `Time`, `AbsTime` and `Cursor` read.
    pub times: TimeForm,
    /// Enums read as numbers without a role (else as text).
    pub enums_as_numbers: bool,
    /// `No` reads as text (else as a number).
    pub numbers_as_text: bool,
    /// Undo of property writes.
    pub set_undo: SetUndo,
    /// Snap times to frames.
    pub quantise: Quantise,
    /// Which writes stick.
    pub writes: Writes,
    /// A playing or recording timecode refuses writes.
    pub playing_refuses: bool,
    /// `SystemLocked` reads Yes on everything in the show while the show is locked (else Lua cannot see that).
    pub show_lock_reads: bool,
    /// Where `PluginVars` are kept.
    pub plugin_vars: VarsHome,
    /// The second component that a plug-in returns is called when it is reloaded.
    pub cleanup_on_reload: bool,
    /// UDP sockets can be bound by Lua (else every `setsockname` fails; sending still works).
    pub udp_bind: bool,
    /// This station is the session's master; on another one OSC is unreliable.
    pub master: bool,
    /// Share of the OSC commands that a station which is not the master does not take, 0 to 1.
    pub station_deafness: f64,
    /// What `Cmd` says when a command was done.
    pub ok: &'static str,
    /// What `Version()` says.
    pub version: String,
    /// What `HostType()` says: Console, onPC or PU.
    pub host_type: String,
    /// The fault dial.
    pub faults: Faults,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            lua_seed: 0,
            osc_port: 8000,
            prefix: String::new(),
            osc_input: true,
            receive_command: true,
            osc_latency: Duration::from_millis(2),
            lua_limit: 1024,
            rebind: Duration::from_millis(400),
            boot: Duration::from_millis(500),
            wall: 1_790_000_000.0,
            frame: Duration::from_millis(10),
            hooks: HookMoment::AfterChunk,
            hooks_broadcast: false,
            hooks_weak: true,
            levels: Levels::Full,
            hooks_max: 1024,
            timers: TimerDelay::Exact,
            times: TimeForm::Ticks,
            enums_as_numbers: false,
            numbers_as_text: false,
            set_undo: SetUndo::Joins,
            quantise: Quantise::Never,
            writes: Writes::default(),
            playing_refuses: true,
            show_lock_reads: true,
            plugin_vars: VarsHome::Show,
            cleanup_on_reload: false,
            udp_bind: true,
            master: true,
            station_deafness: 0.5,
            ok: "OK",
            version: "2.3.1.1".to_owned(),
            host_type: "onPC".to_owned(),
            faults: Faults::default(),
        }
    }
}
