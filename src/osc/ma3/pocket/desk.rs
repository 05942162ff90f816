//! The pocket desk: one station, driven by whoever holds it. No clock and no sockets of its own.
//!
//! Thread: the one that made it. **Invariant:** the same options, calls and times give the same desk.

use core::net::SocketAddrV4;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use mlua::{Function, Lua, MultiValue, Value as LuaValue};

use super::class::Class;
use super::command;
use super::faults::Faults;
use super::lua::{self, Context, Ran};
use super::options::Options;
use super::person::Act;
use super::station::{Datagram, Due, Kind, LogLine, Ports, Station, Timer};
use super::tree::Id;
use super::world::World;

/// Where the Lua state keeps the Main functions of plug-ins, by plug-in.
pub const MAINS: &str = "pocket mains";
/// Where the Lua state keeps the Cleanup functions of plug-ins.
const CLEANUPS: &str = "pocket cleanups";

/// The name `install` gives its plug-in.
const PLUGIN: &str = "Tracklight";

/// Components of a plug-in: name and Lua text, in load order.
type Components = Vec<(String, String)>;

/// One station of a pocket desk.
pub struct Desk {
    context: Context,
    lua: Option<Lua>,
    /// What lies in the plug-in library, by plug-in.
    library: BTreeMap<String, Components>,
}

impl Desk {
    /// A desk that has just started, with the demo show of [`super::demo`] open and saved.
    pub fn new(options: Options) -> Self {
        let world = Rc::new(RefCell::new(World::new(options.clone())));
        super::demo::make_shows(&mut world.borrow_mut());
        Self::station(world, options)
    }

    /// A second station in this desk's session: the same show, hooks and Lua of its own.
    pub fn join(&self, options: Options) -> Self {
        Self::station(self.context.share_world(), options)
    }

    fn station(world: Rc<RefCell<World>>, options: Options) -> Self {
        let inbox = {
            let mut world = world.borrow_mut();
            world.inboxes.push(VecDeque::new());
            world.inboxes.len() - 1
        };
        let context = Context::new(world, Rc::new(RefCell::new(Station::new(options, inbox))));
        let mut desk = Self { context, lua: None, library: BTreeMap::new() };
        desk.start_lua();
        desk.see_show();
        desk
    }

    fn start_lua(&mut self) {
        self.context.station_mut().forget_lua();
        self.lua = None;
        let started = self.now();
        self.context.station_mut().started = started;
        let made = lua::engine(&self.context).and_then(|engine| {
            engine.set_named_registry_value(MAINS, engine.create_table()?)?;
            engine.set_named_registry_value(CLEANUPS, engine.create_table()?)?;
            Ok(engine)
        });
        match made {
            Ok(engine) => self.lua = Some(engine),
            Err(error) => {
                lua::failed(&self.context, &error);
            }
        }
    }

    /// Put a plug-in called "Tracklight" on the desk and run its components: names and Lua texts, in load order.
    /// The error is the first component's that did not load.
    pub fn install(&mut self, components: &[(&str, &str)]) -> Result<(), String> {
        self.install_as(PLUGIN, components)
    }

    /// The same under another name.
    pub fn install_as(&mut self, plugin: &str, components: &[(&str, &str)]) -> Result<(), String> {
        let kept = components.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        self.library.insert(plugin.to_owned(), kept);
        self.put_plugin(plugin);
        self.run_plugin(plugin)
    }

    /// The plug-in's objects, made anew: handles of former ones are dead.
    fn put_plugin(&mut self, plugin: &str) {
        let components = self.library.get(plugin).cloned().unwrap_or_default();
        let mut world = self.context.world_mut();
        let pool = world.plugins;
        let old = world.tree.named(pool, plugin);
        if world.inboxes.len() > 1
            && let Some(old) = old
            && world.tree.children(old).len() == components.len()
        {
            // Another station of the session runs it by these handles.
            return;
        }
        let no = old.and_then(|old| world.tree.get(old)).map(|old| old.no);
        let no =
            no.or_else(|| world.tree.children(pool).last().and_then(|last| world.tree.get(*last)).map(|o| o.no + 1));
        if let Some(old) = old {
            world.tree.remove(old);
        }
        let id = world.tree.create(Class::UserPlugin);
        world.name(id, plugin);
        if let Some(object) = world.tree.get_mut(id) {
            object.no = no.unwrap_or(1);
        }
        world.tree.attach(pool, id, usize::MAX);
        for (name, _) in components {
            let component = world.tree.create(Class::ComponentLua);
            world.name(component, &name);
            world.tree.attach(id, component, usize::MAX);
        }
    }

    /// Run the components of a plug-in that is in the show.
    fn run_plugin(&mut self, plugin: &str) -> Result<(), String> {
        let components = self.library.get(plugin).cloned().unwrap_or_default();
        let handles: Vec<Id> = {
            let world = self.context.world();
            let Some(id) = world.tree.named(world.plugins, plugin) else { return Ok(()) };
            world.tree.children(id).to_vec()
        };
        self.context.station_mut().plugin = plugin.to_owned();
        let mut outcome = Ok(());
        for ((name, text), handle) in components.iter().zip(handles) {
            if let Err(error) = self.run_component(plugin, name, text, handle) {
                self.context.say(Kind::Error, format!("{plugin}/{name}: {error}"));
                outcome = outcome.and(Err(format!("{name}: {error}")));
            }
        }
        self.hooks();
        outcome
    }

    fn run_component(&self, plugin: &str, name: &str, text: &str, handle: Id) -> Result<(), String> {
        let lua = self.lua.as_ref().ok_or("the Lua engine is not there")?;
        let in_words = |error: mlua::Error| lua::in_words(&error);
        let chunk = lua.load(text).set_name(format!("={name}")).into_function().map_err(in_words)?;
        let signals = lua.create_table().map_err(in_words)?;
        let handle = LuaValue::LightUserData(mlua::LightUserData(handle as usize as *mut std::ffi::c_void));
        match lua::run(&self.context, lua, chunk, (plugin, name, signals, handle)) {
            Ran::Failed(why) => Err(why),
            Ran::Sleeps => Ok(()),
            Ran::Done(values) => self.keep_functions(lua, plugin, values).map_err(in_words),
        }
    }

    /// A component returns Main, Cleanup, Execute.
    fn keep_functions(&self, lua: &Lua, plugin: &str, values: MultiValue) -> mlua::Result<()> {
        for (table, value) in [MAINS, CLEANUPS].into_iter().zip(values) {
            if let LuaValue::Function(function) = value {
                lua.named_registry_value::<mlua::Table>(table)?.raw_set(plugin, function)?;
            }
        }
        Ok(())
    }

    /// The virtual time.
    pub fn now(&self) -> Duration {
        self.context.station().now
    }

    /// Let time pass up to `now`, and do what is due until then; when something is due next. Time never runs back.
    pub fn tick(&mut self, now: Duration) -> Option<Duration> {
        // Another station may have opened another show.
        if !self.context.station().booting && self.see_show() {
            self.reload(false);
        }
        loop {
            let due = self.context.station_mut().next(now);
            let Some((when, due)) = due else { break };
            self.set_time(when);
            self.happen(due);
            self.hooks();
        }
        self.set_time(now);
        // Another station may have changed the show.
        self.hooks();
        self.context.station().waiting.first_key_value().map(|((when, _), _)| *when)
    }

    fn set_time(&mut self, now: Duration) {
        let mut station = self.context.station_mut();
        station.now = station.now.max(now);
        let now = station.now;
        drop(station);
        let mut world = self.context.world_mut();
        world.now = world.now.max(now);
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Osc(bytes) => return self.context.station_mut().osc(&bytes),
            Due::Udp(port, from, bytes) => return self.context.station_mut().arrive(port, from, bytes),
            Due::Leave(datagram) => return self.context.station_mut().outgoing.push(datagram),
            Due::Hand(act) => {
                if let Err(why) = self.person(*act) {
                    self.context.say(Kind::Quiet, why);
                }
                return;
            }
            Due::Reload(all) => return self.reload(all),
            Due::Boot => return self.boot(),
            _ => {}
        }
        let Some(lua) = &self.lua else { return };
        match due {
            Due::Wake(thread) => {
                lua::resume(&self.context, &thread, ());
            }
            Due::Timer(timer) => Self::fire(&self.context, lua, timer),
            Due::Command(line) => {
                self.context.station_mut().commands += 1;
                command::execute(&self.context, lua, &line, None);
            }
            Due::Indirect(line, undo) => command::execute_unseen(&self.context, lua, &line, undo),
            _ => {}
        }
    }

    fn fire(context: &Context, lua: &Lua, mut timer: Timer) {
        lua::run(context, lua, timer.function.clone(), timer.context.clone());
        timer.left -= 1;
        if timer.left > 0 {
            let mut station = context.station_mut();
            let when = station.now + timer.period.max(station.options.frame);
            station.at(when, Due::Timer(timer));
        } else if let Some(cleanup) = timer.cleanup {
            lua::run(context, lua, cleanup, timer.context);
        }
    }

    /// Hooks fire for everything that changed.
    fn hooks(&self) {
        self.context.world_mut().trim_steps();
        if let Some(lua) = &self.lua {
            lua::fan_out(&self.context, lua);
        }
    }

    /// `RP`: hooks end, the components run again; `ReloadUI` (`all`): the globals are gone too.
    fn reload(&mut self, all: bool) {
        if self.context.station().options.cleanup_on_reload {
            self.clean_up();
        }
        if all {
            self.start_lua();
        }
        self.context.station_mut().hooks.clear();
        let plugins: Vec<String> = self.library.keys().cloned().collect();
        for plugin in plugins {
            let present = {
                let world = self.context.world();
                world.tree.named(world.plugins, &plugin).is_some()
            };
            if present {
                self.put_plugin(&plugin);
                // What went wrong was logged.
                let _ran = self.run_plugin(&plugin);
            }
        }
    }

    fn clean_up(&self) {
        let Some(lua) = &self.lua else { return };
        let functions = lua
            .named_registry_value::<mlua::Table>(CLEANUPS)
            .map(|table| table.pairs::<String, Function>().filter_map(Result::ok).collect::<Vec<_>>());
        for (_, cleanup) in functions.unwrap_or_default() {
            lua::run(&self.context, lua, cleanup, ());
        }
    }

    /// `RP`, as typed at the desk.
    pub fn reload_plugins(&mut self) {
        self.reload(false);
        self.hooks();
    }

    /// The desk loses power and comes back: Lua, timers, sockets and what was not saved are gone.
    pub fn restart(&mut self) {
        let mut station = self.context.station_mut();
        station.forget_lua();
        // No power: neither what came in nor what was typed goes on; what has left is on its way.
        station.waiting.retain(|_, due| matches!(due, Due::Hand(_) | Due::Leave(_)));
        station.booting = true;
        let up = station.now + station.options.boot;
        station.at(up, Due::Boot);
        drop(station);
        self.lua = None;
    }

    fn boot(&mut self) {
        self.context.station_mut().booting = false;
        let (show, alone) = {
            let world = self.context.world();
            (world.show.clone(), world.inboxes.len() == 1)
        };
        // In a session the others still have the show as it is.
        if alone && let Err(why) = self.context.world_mut().load(&show) {
            self.context.say(Kind::Error, why);
        }
        self.see_show();
        self.start_lua();
        self.reload(false);
    }

    /// Open a saved show: hooks of the old one end, Lua's globals stay, the components run again.
    pub fn load_show(&mut self, name: &str) -> Result<(), String> {
        self.context.world_mut().load(name)?;
        self.see_show();
        self.reload(false);
        self.hooks();
        Ok(())
    }

    /// Whether another show is open than when this was last asked.
    fn see_show(&self) -> bool {
        let opened = self.context.world().shows_opened;
        std::mem::replace(&mut self.context.station_mut().show_seen, opened) != opened
    }

    /// A datagram comes to the OSC input, through the fault dial.
    pub fn osc(&mut self, bytes: &[u8], _from: SocketAddrV4) {
        let mut station = self.context.station_mut();
        let path = station.options.faults.inbound;
        for after in path.copies(bytes.len(), &mut station.chance) {
            let when = station.now + after;
            station.at(when, Due::Osc(bytes.to_vec()));
        }
    }

    /// A datagram comes to a socket of the plug-in, through the fault dial.
    pub fn udp(&mut self, port: u16, bytes: &[u8], from: SocketAddrV4) {
        let mut station = self.context.station_mut();
        let path = station.options.faults.inbound;
        for after in path.copies(bytes.len(), &mut station.chance) {
            let when = station.now + after;
            station.at(when, Due::Udp(port, from, bytes.to_vec()));
        }
    }

    /// What leaves the desk since the last time this was asked.
    pub fn take_outgoing(&mut self) -> Vec<Datagram> {
        std::mem::take(&mut self.context.station_mut().outgoing)
    }

    /// Ports that sockets of the plug-in hold.
    pub fn ports(&self) -> Vec<u16> {
        self.context.station().sockets.keys().copied().collect()
    }

    /// Let real ports be opened when Lua opens one.
    pub fn set_ports(&mut self, ports: Ports) {
        self.context.station_mut().ports = Some(ports);
    }

    /// Run a Lua chunk as a person would in the command line; its results as text, with tabs between.
    pub fn lua(&mut self, chunk: &str) -> Result<String, String> {
        let engine = self.lua.as_ref().ok_or("the desk is starting")?;
        let function = engine.load(chunk).set_name("=Lua").into_function().map_err(|error| lua::in_words(&error))?;
        let done = lua::run(&self.context, engine, function, ());
        self.hooks();
        match done {
            Ran::Failed(why) => Err(why),
            Ran::Sleeps => Ok("(sleeps)".to_owned()),
            Ran::Done(values) => {
                let texts: mlua::Result<Vec<String>> = values.iter().map(|value| lua::shown(engine, value)).collect();
                texts.map(|texts| texts.join("\t")).map_err(|error| error.to_string())
            }
        }
    }

    /// Type a command into the desk's command line; what the desk answers.
    pub fn command(&mut self, line: &str) -> String {
        let answer = match &self.lua {
            Some(lua) => command::execute(&self.context, lua, line, None),
            None => command::ILLEGAL.to_owned(),
        };
        self.hooks();
        answer
    }

    /// Collect garbage now: callbacks that nobody holds fall silent.
    pub fn collect(&self) {
        if let Some(lua) = &self.lua {
            // Twice: what finalizers let go of is garbage of the second round.
            let _first = lua.gc_collect();
            let _second = lua.gc_collect();
        }
    }

    /// Lines of the log that are still kept, the newest last.
    pub fn log(&self) -> Vec<LogLine> {
        self.context.station().log.iter().cloned().collect()
    }

    /// Lines of the log after so many that were ever logged, and how many that is now.
    pub fn log_since(&self, seen: u64) -> (Vec<LogLine>, u64) {
        let station = self.context.station();
        let new = station.logged.saturating_sub(seen).min(station.log.len() as u64) as usize;
        (station.log.iter().skip(station.log.len() - new).cloned().collect(), station.logged)
    }

    /// Writes that were refused without a word, since this was last asked: what, and why.
    pub fn take_refused(&mut self) -> Vec<String> {
        self.context.world_mut().refused.drain(..).collect()
    }

    /// Undefined globals that Lua looked at: its own names, or an API that this desk does not have.
    pub fn looked_for(&self) -> Vec<String> {
        self.context.station().looked_for.iter().cloned().collect()
    }

    /// Hooks that live, callbacks that ran, OSC commands that were executed, undo steps that Oops could take back.
    pub fn counts(&self) -> Counts {
        let (world, station) = (self.context.world(), self.context.station());
        Counts {
            hooks: station.hooks.len(),
            callbacks: station.callbacks,
            commands: station.commands,
            undo: world.undo.len(),
            objects: world.tree.count(),
        }
    }

    /// Turn the fault dial.
    pub fn set_faults(&mut self, faults: Faults) {
        self.change_options(|options| options.faults = faults);
    }

    /// What kind of desk it is.
    pub fn options(&self) -> Options {
        self.context.station().options.clone()
    }

    /// Change what kind of desk it is; what concerns the show holds for all stations. A changed OSC line makes the desk
    /// deaf for a while.
    pub fn change_options(&mut self, change: impl Fn(&mut Options)) {
        let mut station = self.context.station_mut();
        let line = (station.options.osc_port, station.options.prefix.clone());
        change(&mut station.options);
        if line != (station.options.osc_port, station.options.prefix.clone()) {
            station.rebind();
        }
        drop(station);
        change(&mut self.context.world_mut().options);
    }

    /// What the show and this station share with the other files of the desk.
    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    /// Something happens later.
    pub(super) fn later(&mut self, after: Duration, act: Act) {
        let mut station = self.context.station_mut();
        let when = station.now + after;
        station.at(when, Due::Hand(Box::new(act)));
    }

    /// Hooks fire after a hand's work.
    pub(super) fn touched(&self) {
        self.hooks();
    }
}

/// Numbers of a desk, for tests and views.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Hooks that live.
    pub hooks: usize,
    /// Callbacks that ran.
    pub callbacks: u64,
    /// OSC commands that were executed.
    pub commands: u64,
    /// Undo steps that Oops could take back.
    pub undo: usize,
    /// Objects in the tree.
    pub objects: usize,
}
