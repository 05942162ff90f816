//! Addresses: how people and the command line name objects.
//!
//! Thread: the desk's.

use super::class::Class;
use super::tree::Id;
use super::value::parse_cue;
use super::world::World;

impl World {
    /// A timecode object by the numbers of the command line: `101`, `101.1.2`, `101.1.2.1.1.3`. The Marker is track 0.
    pub fn timecode_at(&self, path: &str) -> Option<Id> {
        let mut numbers = path.split('.');
        let first = numbers.next()?;
        let mut id = match first.parse::<i64>() {
            Ok(no) => self.tree.numbered(self.timecodes, no)?,
            Err(_) => self.tree.named(self.timecodes, first)?,
        };
        for number in numbers {
            id = self.cmdline_child(id, number.parse().ok()?)?;
        }
        Some(id)
    }

    /// A child as the command line counts: user tracks from 1, the Marker 0; in pools the pool's numbers.
    pub fn cmdline_child(&self, parent: Id, n: i64) -> Option<Id> {
        let nth = |n: i64| self.tree.children(parent).get(usize::try_from(n - 1).ok()?).copied();
        match self.tree.class(parent)? {
            Class::TrackGroup if n == 0 => self.tree.children_of(parent, Class::MarkerTrack).next(),
            Class::TrackGroup => self.tree.children_of(parent, Class::Track).nth(usize::try_from(n - 1).ok()?),
            class if class.is_pool() => self.tree.numbered(parent, n),
            Class::Sequence => self.tree.numbered(parent, n * 1000),
            _ => nth(n),
        }
    }

    /// The children in the command line's order.
    pub fn cmdline_children(&self, parent: Id) -> Vec<Id> {
        match self.tree.class(parent) {
            Some(Class::TrackGroup) => self.tree.children_of(parent, Class::Track).collect(),
            _ => self.tree.children(parent).to_vec(),
        }
    }

    /// An object by its Lua index: the pool's number in a pool, else the place from 1, the Marker among them.
    pub fn indexed(&self, parent: Id, n: i64) -> Option<Id> {
        if self.tree.class(parent)?.is_pool() {
            return self.tree.numbered(parent, n);
        }
        self.tree.children(parent).get(usize::try_from(n - 1).ok()?).copied()
    }

    /// An object by address: `Timecode 101.1.1`, `Sequence 5`, `Sequence 5 Cue 3`, `Plugin 1`.
    pub fn at_address(&self, address: &str) -> Option<Id> {
        let words: Vec<&str> = address.split_whitespace().collect();
        let pool = |kind: &str| {
            let pools = [("timecode", self.timecodes), ("sequence", self.sequences), ("plugin", self.plugins)];
            pools.iter().find(|(name, _)| name.eq_ignore_ascii_case(kind)).map(|(_, pool)| *pool)
        };
        match words.as_slice() {
            [kind, path] if kind.eq_ignore_ascii_case("timecode") => self.timecode_at(path.trim_matches('"')),
            [kind, n] => {
                let n = n.trim_matches('"');
                match n.parse() {
                    Ok(no) => self.tree.numbered(pool(kind)?, no),
                    Err(_) => self.tree.named(pool(kind)?, n),
                }
            }
            [_, _, cue, n] if cue.eq_ignore_ascii_case("cue") => {
                let sequence = self.at_address(&words[..2].join(" "))?;
                self.tree.numbered(sequence, parse_cue(n)?)
            }
            _ => None,
        }
    }

    /// The address that the command line takes, as `ToAddr` gives it.
    pub fn address(&self, id: Id) -> String {
        let Some(object) = self.tree.get(id) else { return String::new() };
        let above = |class| self.tree.above(id, class);
        match object.class {
            Class::Cue => {
                let sequence = object.parent.map(|parent| self.address(parent)).unwrap_or_default();
                format!("{sequence} Cue {}", self.shown_number(id))
            }
            Class::Sequence => format!("Sequence {}", object.no),
            Class::UserPlugin => format!("Plugin {}", object.no),
            _ if above(Class::Timecode).is_some() => format!("Timecode {}", self.numbers(id)),
            _ => self.path(id),
        }
    }

    /// The numbers from the timecode down: `101.1.2`.
    pub fn numbers(&self, id: Id) -> String {
        let mut numbers: Vec<String> = vec![];
        for above in self.tree.chain(id) {
            numbers.push(self.number(above).to_string());
            if self.tree.class(above) == Some(Class::Timecode) {
                break;
            }
        }
        numbers.reverse();
        numbers.join(".")
    }

    /// Places from the root down, as `Addr` gives them.
    pub fn places(&self, id: Id) -> String {
        let mut places: Vec<String> = self
            .tree
            .chain(id)
            .filter(|above| *above != self.root)
            .map(|above| match self.tree.parent(above).and_then(|parent| self.tree.class(parent)) {
                Some(class) if class.is_pool() => self.number(above).to_string(),
                _ => self.tree.place(above).map_or(0, |place| place + 1).to_string(),
            })
            .collect();
        places.reverse();
        places.join(".")
    }

    /// The path from the root: `Root/ShowData/DataPools/1 'Default'/Timecodes/101 'Intro'`. A track is shown with the
    /// number of its target.
    pub fn path(&self, id: Id) -> String {
        let mut parts: Vec<String> = self.tree.chain(id).map(|above| self.path_part(above)).collect();
        parts.reverse();
        parts.join("/")
    }

    fn path_part(&self, id: Id) -> String {
        let Some(object) = self.tree.get(id) else { return "?".to_owned() };
        match object.class {
            Class::Track => {
                let target = object.link.filter(|to| self.tree.get(*to).is_some()).map(|to| self.number(to));
                format!("{} '{}'", target.unwrap_or_else(|| self.number(id)), object.name)
            }
            Class::TimeRange | Class::CmdSubTrack | Class::FaderSubTrack => {
                format!("{} {}", object.class.name(), self.tree.place(id).map_or(0, |place| place + 1))
            }
            Class::DataPool
            | Class::Timecode
            | Class::TrackGroup
            | Class::Sequence
            | Class::Cue
            | Class::UserPlugin => {
                format!("{} '{}'", self.shown_number(id), object.name)
            }
            class if class.is_event() => format!("{} '{}'", self.number(id), self.shown_name(id)),
            _ => object.name.clone(),
        }
    }
}
