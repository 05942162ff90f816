//! The folder where unsaved work lies: one file an instance, and a lock that says that the instance lives.
//!
//! Thread: journal. A file whose lock is free was left by a process that ended without taking it away.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::Uid;

/// Milliseconds after which what nobody wanted is thrown away: 30 days.
const EXPIRES_MS: u64 = 30 * 24 * 3600 * 1000;
/// Most pieces put away that are kept.
const PUT_AWAY_MAX: usize = 20;
const WORK: &str = "work";
const LOCK: &str = "lock";
const OLD: &str = "old";

/// What lies in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// When it was written, milliseconds since 1970.
    pub written_ms: u64,
    /// Marks of the states that the host gave or took while this work was made, oldest first; see [`mark`].
    pub given: Vec<u64>,
    /// The session's canonical JSON.
    pub session: String,
}

/// A short mark of a state's bytes: 64-bit FNV-1a.
///
/// Source: Fowler, Noll, Vo, "The FNV Non-Cryptographic Hash Algorithm" (offset basis and prime of 64 bits).
pub fn mark(state: &str) -> u64 {
    state.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The folder.
#[derive(Debug, Clone)]
pub struct Shelf(PathBuf);

/// A place on the shelf, ours while this lives.
#[derive(Debug)]
pub struct Place {
    stem: PathBuf,
    _lock: File,
}

/// Work that somebody left, and whether its maker still lives.
#[derive(Debug)]
pub struct Found {
    stem: PathBuf,
    /// What lies there.
    pub work: Work,
    /// Its instance lives, or somebody has taken hold of it.
    pub held: bool,
}

impl Shelf {
    /// The user's shelf: a folder for programs' state, or the one that `TRACKLIGHT_STATE` names. `None` where the
    /// variable says `off` or the system has no such folder. An empty variable counts as none.
    pub fn of_user() -> Option<Self> {
        let folder = match std::env::var_os("TRACKLIGHT_STATE").filter(|word| !word.is_empty()) {
            Some(word) if word == "off" => return None,
            Some(folder) => PathBuf::from(folder),
            None => dirs::state_dir().or_else(dirs::data_local_dir)?.join("tracklight"),
        };
        Some(Self::at(&folder))
    }

    /// A shelf in this folder, which is made when something is first put there.
    pub fn at(folder: &Path) -> Self {
        Self(folder.join("journal"))
    }

    /// Take a free place. Errors are the system's, with the path.
    pub fn place(&self) -> Result<Place, String> {
        let wrong = |error: std::io::Error| format!("{}: {error}", self.0.display());
        fs::create_dir_all(&self.0).map_err(wrong)?;
        let stem = self.0.join(format!("{:016x}-{}", Uid::fresh().0, std::process::id()));
        let lock = File::create(stem.with_extension(LOCK)).map_err(wrong)?;
        lock.try_lock().map_err(|error| wrong(error.into()))?;
        Ok(Place { stem, _lock: lock })
    }

    /// All work on the shelf, newest first. What has expired or cannot be read is passed over.
    pub fn look(&self, now_ms: u64) -> Vec<Found> {
        let mut found: Vec<Found> = self
            .files(WORK)
            .into_iter()
            .filter_map(|path| {
                let work: Work = serde_json::from_str(&fs::read_to_string(&path).ok()?).ok()?;
                let stem = path.with_extension("");
                let held = match File::open(stem.with_extension(LOCK)).map(|file| file.try_lock()) {
                    Ok(Err(TryLockError::WouldBlock)) => true,
                    // No lock file, or one that nobody holds: what is tried here is let go at once.
                    _ => false,
                };
                if !held && work.written_ms.saturating_add(EXPIRES_MS) < now_ms {
                    remove(&stem);
                    return None;
                }
                Some(Found { stem, work, held })
            })
            .collect();
        found.sort_by_key(|found| std::cmp::Reverse(found.work.written_ms));
        found
    }

    fn files(&self, extension: &str) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(&self.0) else { return vec![] };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        paths.filter(|path| path.extension().is_some_and(|e| e == extension)).collect()
    }

    fn thin(&self) {
        let aged = |path: &PathBuf| fs::metadata(path).and_then(|data| data.modified()).ok();
        let mut old = self.files(OLD);
        old.sort_by_key(aged);
        let many = old.len().saturating_sub(PUT_AWAY_MAX);
        for path in &old[..many] {
            // One that cannot be removed is tried again next time.
            let _ = fs::remove_file(path);
        }
    }
}

fn remove(stem: &Path) {
    for extension in [WORK, LOCK] {
        // A file that is gone already is what we want.
        let _ = fs::remove_file(stem.with_extension(extension));
    }
}

impl Found {
    /// Take hold of it; `None` when somebody else was quicker.
    pub fn take(self) -> Option<(Place, Work)> {
        let path = self.stem.with_extension(LOCK);
        let lock = File::options().create(true).truncate(false).write(true).open(path).ok()?;
        lock.try_lock().ok()?;
        let there = self.stem.with_extension(WORK).exists();
        there.then_some((Place { stem: self.stem, _lock: lock }, self.work))
    }
}

impl Place {
    /// Put work here, in place of what was: whole or not at all, also when the process is killed.
    pub fn put(&self, work: &Work) -> Result<(), String> {
        let path = self.stem.with_extension(WORK);
        let fresh = self.stem.with_extension("new");
        let text = serde_json::to_string(work).map_err(|error| error.to_string())?;
        // Not forced to the disk: a killed process loses nothing that was written, and this is done all the time.
        let done = fs::write(&fresh, text).and_then(|()| fs::rename(&fresh, &path));
        done.map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Nobody will want it.
    pub fn clear(self) {
        remove(&self.stem);
    }

    /// Keep it aside, where it is not offered any more: `NAME.old`.
    pub fn put_away(self) {
        // One that cannot be renamed is offered once more: nothing is lost.
        let _ = fs::rename(self.stem.with_extension(WORK), self.stem.with_extension(OLD));
        remove(&self.stem);
        if let Some(folder) = self.stem.parent() {
            Shelf(folder.to_path_buf()).thin();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(written_ms: u64) -> Work {
        Work { written_ms, given: vec![1, mark("x")], session: "{}".into() }
    }

    #[test]
    fn work_of_a_living_instance_is_held_and_what_it_leaves_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::at(folder.path());
        assert!(shelf.look(5).is_empty());
        let place = shelf.place().unwrap();
        place.put(&work(5)).unwrap();
        assert!(shelf.look(6)[0].held);
        drop(place);
        let found = shelf.look(6).remove(0);
        assert_eq!((found.held, &found.work), (false, &work(5)));
        let (place, _) = found.take().unwrap();
        assert!(shelf.look(6)[0].held && shelf.look(6).remove(0).take().is_none());
        place.clear();
        assert_eq!(fs::read_dir(folder.path().join("journal")).unwrap().count(), 0);
    }

    #[test]
    fn what_is_put_away_or_too_old_is_not_offered_again() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::at(folder.path());
        for _ in 0..PUT_AWAY_MAX + 3 {
            let place = shelf.place().unwrap();
            place.put(&work(5)).unwrap();
            place.put_away();
        }
        assert_eq!((shelf.look(6).len(), shelf.files(OLD).len()), (0, PUT_AWAY_MAX));
        shelf.place().unwrap().put(&work(5)).unwrap();
        assert_eq!(shelf.look(EXPIRES_MS).len(), 1);
        assert_eq!(shelf.look(EXPIRES_MS + 6).len(), 0);
    }

    #[test]
    fn a_torn_file_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::at(folder.path());
        shelf.place().unwrap().put(&work(5)).unwrap();
        fs::write(folder.path().join("journal/torn.work"), "{\"written_ms\":").unwrap();
        assert_eq!(shelf.look(6).len(), 1);
    }
}
