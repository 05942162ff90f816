//! What one station has for itself: hooks, timers, sockets, log, and everything that waits for its time.
//!
//! Thread: the desk's.

use core::net::SocketAddrV4;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use mlua::{Function, Thread, Value as LuaValue};

use super::chance::Chance;
use super::options::Options;
use super::person::Act;
use super::tree::Id;

/// A datagram on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datagram {
    /// The desk's port it leaves from.
    pub from_port: u16,
    /// Where it goes.
    pub to: SocketAddrV4,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Who says a line of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `Printf`: command line history and system monitor.
    Printf,
    /// `Echo`: system monitor only.
    Echo,
    /// `ErrPrintf`, `ErrEcho`, and Lua errors.
    Error,
    /// Commands and what became of them.
    Command,
    /// What came in by OSC.
    Osc,
    /// What a real desk would not say: refused writes, stopped hooks.
    Quiet,
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogLine {
    /// When, on the virtual clock.
    pub at: Duration,
    /// Who says it.
    pub kind: Kind,
    /// What.
    pub text: String,
}

/// A hook. Its callback is in a table of the Lua state, by `number`.
#[derive(Debug, Clone)]
pub struct Hook {
    /// What `HookObjectChange` gave.
    pub number: i64,
    /// The object that is watched.
    pub object: Id,
    /// The plug-in it belongs to.
    pub plugin: Id,
    /// The fourth argument.
    pub target: Option<Id>,
}

/// A timer.
pub struct Timer {
    /// What it calls.
    pub function: Function,
    /// Time between two calls.
    pub period: Duration,
    /// Calls that are left.
    pub left: i64,
    /// Called after the last.
    pub cleanup: Option<Function>,
    /// What the functions get.
    pub context: LuaValue,
}

/// What waits for its time.
pub enum Due {
    /// A coroutine that sleeps.
    Wake(Thread),
    /// A timer.
    Timer(Timer),
    /// A datagram at the OSC input.
    Osc(Vec<u8>),
    /// A command line that came by OSC.
    Command(String),
    /// A datagram at a socket of Lua.
    Udp(u16, SocketAddrV4, Vec<u8>),
    /// A datagram that leaves.
    Leave(Datagram),
    /// A hand at work.
    Hand(Box<Act>),
    /// `CmdIndirect`, with its undo block.
    Indirect(String, Option<Id>),
    /// The components run again; true also empties the globals.
    Reload(bool),
    /// The desk is up again.
    Boot,
}

/// A UDP socket of Lua.
#[derive(Debug, Default)]
pub struct Socket {
    /// What came and was not yet received.
    pub inbox: VecDeque<(SocketAddrV4, Vec<u8>)>,
}

/// Opens real ports, where there are real sockets: gets the port wished for (0 for any) and says which it is.
pub type Ports = Box<dyn FnMut(PortAsk) -> Result<u16, String>>;

/// What is asked of [`Ports`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortAsk {
    /// Open this port; 0 for any.
    Open(u16),
    /// Close it.
    Close(u16),
}

/// Lines that the log keeps.
const LOG_MAX: usize = 10_000;

/// Datagrams that a socket keeps for Lua.
const INBOX_MAX: usize = 4096;

/// One station.
pub struct Station {
    /// What kind of desk it is.
    pub options: Options,
    /// Which queue of changes is its own.
    pub inbox: usize,
    /// The virtual time.
    pub now: Duration,
    /// Lua engines that were started.
    pub engines: u64,
    /// When the Lua engine was started.
    pub started: Duration,
    /// The log, the newest last.
    pub log: VecDeque<LogLine>,
    /// Lines that were ever logged.
    pub logged: u64,
    /// Hooks, in the order they were made.
    pub hooks: Vec<Hook>,
    /// Number of the next hook.
    pub next_hook: i64,
    /// How deep callbacks are called inside each other.
    pub depth: usize,
    /// What waits, by time and order.
    pub waiting: BTreeMap<(Duration, u64), Due>,
    next_due: u64,
    /// Open sockets by port.
    pub sockets: BTreeMap<u16, Socket>,
    /// Opens real ports.
    pub ports: Option<Ports>,
    /// What leaves.
    pub outgoing: Vec<Datagram>,
    /// Chance of this station's faults.
    pub chance: Chance,
    /// When the last command of the OSC input is due.
    pub last_command: Duration,
    /// Until when the OSC input is deaf.
    pub deaf_until: Duration,
    /// Which show it has seen, by the world's count.
    pub show_seen: u64,
    /// It is starting; nothing comes in.
    pub booting: bool,
    /// The plug-in whose code runs.
    pub plugin: String,
    /// Undefined globals that Lua looked at.
    pub looked_for: BTreeSet<String>,
    /// How often a hook's callback ran.
    pub callbacks: u64,
    /// How many OSC commands were executed.
    pub commands: u64,
}

impl Station {
    /// A station whose changes are in this queue.
    pub fn new(options: Options, inbox: usize) -> Self {
        Self {
            chance: Chance::new(options.seed ^ 0x5eed ^ ((inbox as u64) << 32)),
            options,
            inbox,
            now: Duration::ZERO,
            engines: 0,
            started: Duration::ZERO,
            log: VecDeque::new(),
            logged: 0,
            hooks: vec![],
            next_hook: 1,
            depth: 0,
            waiting: BTreeMap::new(),
            next_due: 0,
            sockets: BTreeMap::new(),
            ports: None,
            outgoing: vec![],
            last_command: Duration::ZERO,
            deaf_until: Duration::ZERO,
            show_seen: 0,
            booting: false,
            plugin: String::new(),
            looked_for: BTreeSet::new(),
            callbacks: 0,
            commands: 0,
        }
    }

    /// Seed for a new Lua engine: no two of a session have the same.
    pub fn engine_seed(&mut self) -> i64 {
        self.engines += 1;
        let own = (self.inbox as u64) << 32 | self.engines;
        Chance::new(self.options.seed ^ self.options.lua_seed.rotate_left(17) ^ own.rotate_left(40)).bits() as i64
    }

    /// Log a line.
    pub fn say(&mut self, kind: Kind, text: impl Into<String>) {
        if self.log.len() == LOG_MAX {
            self.log.pop_front();
        }
        self.log.push_back(LogLine { at: self.now, kind, text: text.into() });
        self.logged += 1;
    }

    /// Let something happen at its time; what is due at the same time happens in the order it was asked for.
    pub fn at(&mut self, when: Duration, due: Due) {
        self.next_due += 1;
        self.waiting.insert((when.max(self.now), self.next_due), due);
    }

    /// The first of what is due by `now`.
    pub fn next(&mut self, now: Duration) -> Option<(Duration, Due)> {
        let key = *self.waiting.first_key_value().filter(|((when, _), _)| *when <= now)?.0;
        self.waiting.remove(&key).map(|due| (key.0, due))
    }

    /// Open a port for Lua; 0 takes a free one.
    pub fn open(&mut self, port: u16) -> Result<u16, String> {
        if port != 0 && (port == self.options.osc_port || self.sockets.contains_key(&port)) {
            return Err("address already in use".to_owned());
        }
        let port = match &mut self.ports {
            Some(ports) => ports(PortAsk::Open(port))?,
            None if port == 0 => {
                let taken = |port: &u16| *port == self.options.osc_port || self.sockets.contains_key(port);
                (49_152..=u16::MAX).find(|port| !taken(port)).ok_or("no port is free")?
            }
            None => port,
        };
        self.sockets.insert(port, Socket::default());
        Ok(port)
    }

    /// Close a port.
    pub fn close(&mut self, port: u16) {
        if self.sockets.remove(&port).is_some()
            && let Some(ports) = &mut self.ports
        {
            // A port that cannot be closed is not ours to mend.
            let _closed = ports(PortAsk::Close(port));
        }
    }

    /// A datagram leaves, if the faults let it.
    pub fn leave(&mut self, datagram: Datagram) {
        for after in self.options.faults.outbound.copies(datagram.bytes.len(), &mut self.chance) {
            if after.is_zero() {
                self.outgoing.push(datagram.clone());
            } else {
                self.at(self.now + after, Due::Leave(datagram.clone()));
            }
        }
    }

    /// A datagram arrived at a socket of Lua.
    pub fn arrive(&mut self, port: u16, from: SocketAddrV4, bytes: Vec<u8>) {
        if let Some(socket) = self.sockets.get_mut(&port)
            && socket.inbox.len() < INBOX_MAX
        {
            socket.inbox.push_back((from, bytes));
        }
    }

    /// Everything of the Lua engine ends without a word: hooks, timers, coroutines, sockets.
    pub fn forget_lua(&mut self) {
        self.hooks.clear();
        self.waiting.retain(|_, due| !matches!(due, Due::Wake(_) | Due::Timer(_) | Due::Udp(..)));
        let ports: Vec<u16> = self.sockets.keys().copied().collect();
        ports.into_iter().for_each(|port| self.close(port));
        self.depth = 0;
    }
}
