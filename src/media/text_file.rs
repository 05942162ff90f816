//! Reads and writes text files; a write is all or nothing, even if the power fails. Runs on the media workers.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::MediaError;

/// The longest text read, in bytes. A script or session is a thousandth of it; more is a wrong file.
pub const MAX_TEXT_BYTES: u64 = 64 << 20;

/// Reads a UTF-8 file, without its byte-order mark if it has one. Thread: media. Realtime: no.
pub fn read(path: &Path) -> Result<String, MediaError> {
    let fail = |error: io::Error| MediaError::from_io(path, &error);
    let kind = std::fs::metadata(path).map_err(fail)?.file_type();
    if kind.is_dir() {
        return Err(MediaError::Folder { path: path.to_path_buf() });
    }
    if !kind.is_file() {
        return Err(MediaError::NotAFile { path: path.to_path_buf() });
    }
    let mut bytes = Vec::new();
    File::open(path).map_err(fail)?.take(MAX_TEXT_BYTES + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > MAX_TEXT_BYTES {
        let size_mib = bytes.len() as u64 >> 20;
        return Err(MediaError::TooLarge { path: path.to_path_buf(), size_mib, limit_mib: MAX_TEXT_BYTES >> 20 });
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| MediaError::NotText { path: path.to_path_buf(), at: error.utf8_error().valid_up_to() })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_string(),
        None => text,
    })
}

/// Replaces the content of `path` by `text`, or makes the file. The text goes to a new file beside it, reaches the
/// disk, and then takes the old one's name: whatever happens, `path` holds the old text or the new one, whole.
/// A link is followed, the old file's permissions are kept. Thread: media. Realtime: no.
pub fn write(path: &Path, text: &str) -> Result<(), MediaError> {
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    if target.is_dir() {
        return Err(MediaError::Folder { path: target });
    }
    let fail = |error: io::Error| MediaError::from_io(path, &error);
    let (mut file, temporary) = create_beside(&target).map_err(fail)?;
    let result = fill(&mut file, &target, text).and_then(|()| {
        drop(file);
        std::fs::rename(&temporary, &target)
    });
    if let Err(error) = result {
        // The write has failed and is told; a temporary file that cannot be removed either changes nothing of that.
        let _ = std::fs::remove_file(&temporary);
        return Err(fail(error));
    }
    sync_folder(&target);
    Ok(())
}

fn fill(file: &mut File, target: &Path, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    if let Ok(old) = std::fs::metadata(target) {
        file.set_permissions(old.permissions())?;
    }
    file.sync_all()
}

fn create_beside(target: &Path) -> io::Result<(File, PathBuf)> {
    static SERIAL: AtomicU64 = AtomicU64::new(0);
    let name = target.file_name().ok_or_else(|| io::Error::other("the path names no file"))?;
    loop {
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let temporary =
            target.with_file_name(format!(".{}.{}-{serial}.tmp", name.to_string_lossy(), std::process::id()));
        match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Ok(file) => return Ok((file, temporary)),
            // Left over from a crash of a process with our number; the next serial is free.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// Makes the new name itself safe from a power cut. Not every system can open a folder; the content is safe by then.
fn sync_folder(target: &Path) {
    if let Some(folder) = target.parent()
        && let Ok(folder) = File::open(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
    {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_text_reads_back_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.lua");
        write(&path, "one").expect("written");
        write(&path, "zwei ü").expect("written over");
        assert_eq!(read(&path).as_deref(), Ok("zwei ü"));
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1);
    }

    #[test]
    fn a_failed_write_leaves_the_old_text_and_no_rest() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("gone").join("a.lua");
        assert_eq!(write(&path, "x"), Err(MediaError::Missing { path: path.clone() }));
        let taken = folder.path().join("folder");
        std::fs::create_dir(&taken).expect("made");
        assert!(matches!(write(&taken, "x"), Err(MediaError::Folder { .. })));
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1);
    }

    #[test]
    fn bytes_that_are_no_text_are_told_with_their_place_and_a_mark_is_dropped() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.lua");
        std::fs::write(&path, b"ab\xff").expect("written");
        assert_eq!(read(&path), Err(MediaError::NotText { path: path.clone(), at: 2 }));
        std::fs::write(&path, "\u{feff}x = 1").expect("written");
        assert_eq!(read(&path).as_deref(), Ok("x = 1"));
        assert!(matches!(read(folder.path()), Err(MediaError::Folder { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_permissions_stay() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let (real, link) = (folder.path().join("real.lua"), folder.path().join("link.lua"));
        std::fs::write(&real, "old").expect("written");
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).expect("set");
        std::os::unix::fs::symlink(&real, &link).expect("linked");
        write(&link, "new").expect("written");
        assert!(link.is_symlink());
        assert_eq!(read(&real).as_deref(), Ok("new"));
        assert_eq!(std::fs::metadata(&real).expect("there").permissions().mode() & 0o777, 0o640);
    }
}
