//! The show that all stations of a session share: the tree, its undo, its transport, and the saved shows.
//!
//! Thread: the desk's.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use super::chance::Chance;
use super::class::{self, Class, READOUTS};
use super::options::{Options, VarsHome};
use super::tree::{Frozen, Id, Tree};
use super::undo::Step;
use super::value::{TICKS, Value};

/// Something changed: the object and all it stands under, innermost first, and how.
#[derive(Debug, Clone)]
pub struct Change {
    /// What changed and what it stands under, also where it is gone by now.
    pub chain: Vec<Id>,
    /// The change level.
    pub level: i64,
}

/// What a timecode is doing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Transport {
    /// Runs since this moment, from this cursor (ticks).
    Runs {
        /// When it was started.
        since: Duration,
        /// Where it was then.
        from: i64,
        /// It also records.
        records: bool,
    },
    /// Stands at this cursor.
    Stands(i64),
}

/// Variables by name.
pub type Vars = BTreeMap<String, Value>;

/// A saved show.
#[derive(Debug, Clone)]
pub struct ShowFile {
    data: Frozen,
    vars: BTreeMap<String, Vars>,
}

/// The show.
pub struct World {
    /// All objects.
    pub tree: Tree,
    /// The root.
    pub root: Id,
    /// What a show file holds.
    pub show_data: Id,
    /// The selected data pool.
    pub pool: Id,
    /// Its sequences.
    pub sequences: Id,
    /// Its plug-ins.
    pub plugins: Id,
    /// Its timecodes.
    pub timecodes: Id,
    /// The slots; not part of a show.
    pub slots: Id,
    /// What of the options concerns the show.
    pub options: Options,
    /// Changes that a station has not told its hooks yet; one queue per station.
    pub inboxes: Vec<VecDeque<Change>>,
    /// Steps that Oops takes back, the newest last.
    pub undo: Vec<Step>,
    /// Undo blocks that are open, by their handle, the newest last.
    pub open: Vec<(Id, Step)>,
    /// Old handle to new of objects that Oops brought back.
    pub reborn: HashMap<Id, Id>,
    /// What the timecodes do; one that is not here stands at 0.
    pub transport: BTreeMap<Id, Transport>,
    /// The selected timecode.
    pub selected: Option<Id>,
    /// Nobody may write the show.
    pub locked: bool,
    /// Variables kept in the show, by their home.
    pub vars: BTreeMap<String, Vars>,
    /// Handles of variable sets, by their home.
    pub var_handles: BTreeMap<String, Id>,
    /// Saved shows.
    pub shows: BTreeMap<String, ShowFile>,
    /// Name of the show that is open.
    pub show: String,
    /// Counts shows that were opened.
    pub shows_opened: u64,
    /// The virtual time.
    pub now: Duration,
    /// Chance of what is random here.
    pub chance: Chance,
    /// Writes that were refused without a word, since somebody looked.
    pub refused: VecDeque<String>,
}

/// The pools of a data pool, in order.
const POOLS: [&str; 15] = [
    "Worlds",
    "Filters",
    "GeneratorTypes",
    "PresetPools",
    "Groups",
    "Sequences",
    "Plugins",
    "Macros",
    "Quickeys",
    "MAtricks",
    "Configurations",
    "Pages",
    "Layouts",
    "Timecodes",
    "Timers",
];

/// How the homes of variables begin that no show holds.
const STATION: &str = "station ";

fn in_show(home: &str) -> bool {
    !home.starts_with(STATION)
}

impl World {
    /// A desk with an empty show called "new show".
    pub fn new(options: Options) -> Self {
        let mut tree = Tree::new();
        let root = tree.create(Class::Root);
        let slots = tree.create(Class::TimecodeSlots);
        let mut world = Self {
            chance: Chance::new(options.seed),
            tree,
            root,
            show_data: 0,
            pool: 0,
            sequences: 0,
            plugins: 0,
            timecodes: 0,
            slots,
            options,
            inboxes: vec![],
            undo: vec![],
            open: vec![],
            reborn: HashMap::new(),
            transport: BTreeMap::new(),
            selected: None,
            locked: false,
            vars: BTreeMap::new(),
            var_handles: BTreeMap::new(),
            shows: BTreeMap::new(),
            show: "new show".to_owned(),
            shows_opened: 0,
            now: Duration::ZERO,
            refused: VecDeque::new(),
        };
        world.name(root, "Root");
        world.name(slots, "TimecodeSlots");
        for n in 1..=16 {
            let slot = world.tree.create(Class::TimecodeSlot);
            world.name(slot, &format!("TCSlot {n}"));
            world.tree.attach(slots, slot, usize::MAX);
        }
        let show = world.empty_show();
        world.take_show(show);
        world.tree.attach(root, slots, usize::MAX);
        world
    }

    /// Name an object, without any of an edit's rules.
    pub fn name(&mut self, id: Id, name: &str) {
        if let Some(object) = self.tree.get_mut(id) {
            object.name = name.to_owned();
        }
    }

    fn empty_show(&mut self) -> Id {
        let data = self.tree.create(Class::ShowData);
        let pools = self.tree.create(Class::DataPools);
        let pool = self.tree.create(Class::DataPool);
        for (id, name) in [(data, "ShowData"), (pools, "DataPools"), (pool, "Default")] {
            self.name(id, name);
        }
        if let Some(object) = self.tree.get_mut(pool) {
            object.no = 1;
        }
        self.tree.attach(data, pools, 0);
        self.tree.attach(pools, pool, 0);
        for name in POOLS {
            let class = Class::named(name).unwrap_or(Class::OtherPool);
            let id = self.tree.create(class);
            self.name(id, name);
            self.tree.attach(pool, id, usize::MAX);
        }
        data
    }

    /// Make these data the open show; the old one's objects are gone.
    fn take_show(&mut self, data: Id) {
        if self.show_data != 0 {
            self.tree.remove(self.show_data);
        }
        self.tree.attach(self.root, data, 0);
        self.show_data = data;
        let pools = self.tree.named(data, "DataPools").unwrap_or_default();
        self.pool = self.tree.children(pools).first().copied().unwrap_or_default();
        let of = |world: &World, name| world.tree.named(world.pool, name).unwrap_or_default();
        self.sequences = of(self, "Sequences");
        self.plugins = of(self, "Plugins");
        self.timecodes = of(self, "Timecodes");
        self.undo.clear();
        self.open.clear();
        self.reborn.clear();
        self.transport.clear();
        self.selected = None;
        self.locked = false;
        self.inboxes.iter_mut().for_each(VecDeque::clear);
        self.shows_opened += 1;
    }

    /// The open show as a file.
    fn file(&self) -> Option<ShowFile> {
        let vars = self.vars.iter().filter(|(home, _)| in_show(home));
        let vars = vars.map(|(home, vars)| (home.clone(), vars.clone())).collect();
        Some(ShowFile { data: self.tree.freeze(self.show_data)?, vars })
    }

    /// Save the open show under a name and go on with that name.
    pub fn save(&mut self, name: &str) {
        if let Some(file) = self.file() {
            self.shows.insert(name.to_owned(), file);
            self.show = name.to_owned();
        }
    }

    /// Open a saved show.
    pub fn load(&mut self, name: &str) -> Result<(), String> {
        let file = self.shows.get(name).cloned().ok_or_else(|| {
            let known: Vec<&str> = self.shows.keys().map(String::as_str).collect();
            format!("there is no show \"{name}\"; saved are: {}", known.join(", "))
        })?;
        let mut born = vec![];
        let data = self.tree.thaw(&file.data, &mut born);
        self.tree.relink(&born);
        self.take_show(data);
        // What the show does not hold is not there.
        self.vars.retain(|home, _| !in_show(home));
        self.vars.extend(file.vars);
        self.show = name.to_owned();
        Ok(())
    }

    /// Open a new, empty show.
    pub fn new_show(&mut self, name: &str) {
        let data = self.empty_show();
        self.take_show(data);
        self.vars.retain(|home, _| !in_show(home));
        self.show = name.to_owned();
    }

    /// The home of variables that outlive shows has another name, so that saved shows do not overwrite it.
    pub fn plugin_home(&self, name: &str) -> String {
        match self.options.plugin_vars {
            VarsHome::Show => format!("plugin {name}"),
            VarsHome::Station => format!("{STATION}plugin {name}"),
        }
    }

    /// The handle of a set of variables.
    pub fn vars_handle(&mut self, home: &str) -> Id {
        if let Some(id) = self.var_handles.get(home) {
            return *id;
        }
        let id = self.tree.create(Class::Variables);
        self.name(id, home);
        self.var_handles.insert(home.to_owned(), id);
        id
    }

    /// Tell every station's hooks that an object changed; `chain` as in [`Change`].
    pub fn changed(&mut self, chain: Vec<Id>, level: &str) {
        let level = class::number_of(class::CHANGE_LEVELS, level).unwrap_or(8);
        for inbox in &mut self.inboxes {
            inbox.push_back(Change { chain: chain.clone(), level });
        }
    }

    /// Where a timecode's cursor is, ticks.
    pub fn cursor(&self, timecode: Id) -> i64 {
        match self.transport.get(&timecode) {
            Some(Transport::Runs { since, from, .. }) => {
                let run = self.now.saturating_sub(*since);
                from + (run.as_nanos() as i128 * i128::from(TICKS) / 1_000_000_000) as i64
            }
            Some(Transport::Stands(at)) => *at,
            None => 0,
        }
    }

    /// Whether a timecode runs, and whether it records.
    pub fn runs(&self, timecode: Id) -> (bool, bool) {
        match self.transport.get(&timecode) {
            Some(Transport::Runs { records, .. }) => (true, *records),
            _ => (false, false),
        }
    }

    /// Start, or start recording, from the cursor.
    pub fn start(&mut self, timecode: Id, records: bool) {
        let from = self.cursor(timecode);
        self.transport.insert(timecode, Transport::Runs { since: self.now, from, records });
    }

    /// Put the cursor somewhere; what runs goes on from there.
    pub fn seek(&mut self, timecode: Id, to: i64) {
        let place = match self.transport.get(&timecode) {
            Some(Transport::Runs { records, .. }) => Transport::Runs { since: self.now, from: to, records: *records },
            _ => Transport::Stands(to),
        };
        self.transport.insert(timecode, place);
    }

    /// Stop where the cursor is.
    pub fn pause(&mut self, timecode: Id) {
        let at = self.cursor(timecode);
        self.transport.insert(timecode, Transport::Stands(at));
    }

    /// Frames in a second of the readout of the timecode above an object; `None` for seconds.
    pub fn frame_rate(&self, id: Id) -> Option<i64> {
        let timecode = self.tree.get(self.tree.above(id, Class::Timecode)?)?;
        let readout = timecode.more.get("FrameReadout").and_then(Value::int).unwrap_or(0);
        match class::word_of(READOUTS, readout)? {
            "24 fps" => Some(24),
            "25 fps" => Some(25),
            "60 fps" => Some(60),
            "Seconds" => None,
            _ => Some(30),
        }
    }
}
