//! Finds the files that a name in a script or session stands for. Runs on the media workers.

use std::cmp::Ordering;
use std::path::{Component, Path, PathBuf};

use super::MediaError;

/// Extensions of the files a folder stands for, lower case.
pub const AUDIO_EXTENSIONS: [&str; 13] =
    ["wav", "wave", "aif", "aiff", "aifc", "flac", "mp3", "ogg", "oga", "m4a", "mp4", "aac", "alac"];

/// The most files one folder or glob may stand for.
pub const MAX_FILES: usize = 4096;

/// The file that `asked` stands for. An absolute path is taken as it is; a relative one is tried in each folder in
/// order (project folder, script folder, media folders). Thread: media. Realtime: no.
pub fn resolve(asked: &str, folders: &[PathBuf]) -> Result<PathBuf, MediaError> {
    let mut folder_met = None;
    let mut looked = Vec::new();
    for place in places(asked, folders)? {
        match std::fs::metadata(&place) {
            Ok(found) if found.is_dir() => {
                folder_met.get_or_insert(place.clone());
            }
            Ok(_) => return Ok(place),
            // A file behind a locked door is the file meant; to go on would load another one of the same name.
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                return Err(MediaError::Permission { path: place });
            }
            Err(_) => {}
        }
        looked.push(place);
    }
    Err(match folder_met {
        Some(path) => MediaError::Folder { path },
        None => not_found(asked, looked),
    })
}

/// The audio files that `asked` stands for: all in a folder (`"drums/"`; not those in folders inside it), all that
/// match a pattern (`"drums/*_0?.wav"`; `*` any run, `?` one character, within one path component, upper and lower
/// case alike), or one file. Sorted by path, numbers by value, upper and lower case alike. The first folder that
/// gives any file wins. Hidden files are left out unless the pattern starts with a dot; files of unknown extension
/// unless the pattern spells the extension out. Thread: media. Realtime: no.
pub fn expand(asked: &str, folders: &[PathBuf]) -> Result<Vec<PathBuf>, MediaError> {
    let mut looked = Vec::new();
    let mut met_folder = false;
    for place in places(asked, folders)? {
        match std::fs::metadata(&place) {
            Ok(found) if !found.is_dir() => return Ok(vec![place]),
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                return Err(MediaError::Permission { path: place });
            }
            found => {
                let mut files = Vec::new();
                if found.is_ok() {
                    met_folder = true;
                    files = list(&place, "*")?;
                } else if has_wildcard(asked) {
                    files = matches(&place)?;
                }
                if files.len() > MAX_FILES {
                    return Err(MediaError::TooMany { asked: asked.into(), limit: MAX_FILES });
                }
                if !files.is_empty() {
                    files.sort_by(|a, b| natural_order(&a.to_string_lossy(), &b.to_string_lossy()));
                    return Ok(files);
                }
            }
        }
        looked.push(place);
    }
    if met_folder || has_wildcard(asked) {
        return Err(MediaError::NothingMatches { asked: asked.into(), looked });
    }
    Err(not_found(asked, looked))
}

/// Files and folders (which end with `/`) whose paths begin with what was typed, upper and lower case alike, at most
/// 200 in natural order. Hidden ones only when their dot was typed. Thread: gui. Realtime: no.
pub fn begin_with(typed: &str, folders: &[PathBuf]) -> Vec<String> {
    let cut = typed.rfind(['/', '\\']).map_or(0, |at| at + 1);
    let (folder, stem) = typed.split_at(cut);
    let roots = if Path::new(typed).is_absolute() { vec![PathBuf::new()] } else { folders.to_vec() };
    let low = stem.to_lowercase();
    let mut found: Vec<String> = vec![];
    for entry in roots.iter().filter_map(|root| std::fs::read_dir(root.join(folder)).ok()).flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let hidden = name.starts_with('.') && !stem.starts_with('.');
        if hidden || !name.to_lowercase().starts_with(&low) {
            continue;
        }
        let end = if entry.path().is_dir() { "/" } else { "" };
        found.push(format!("{folder}{name}{end}"));
    }
    found.sort_by(|a, b| natural_order(a, b));
    found.dedup();
    found.truncate(200);
    found
}

fn not_found(asked: &str, looked: Vec<PathBuf>) -> MediaError {
    if Path::new(asked).is_absolute() {
        return MediaError::Missing { path: asked.into() };
    }
    MediaError::NotFound { asked: asked.into(), looked }
}

fn places(asked: &str, folders: &[PathBuf]) -> Result<Vec<PathBuf>, MediaError> {
    let wrong = |why| Err(MediaError::BadName { asked: asked.into(), why });
    if asked.trim().is_empty() {
        return wrong("a file name is missing");
    }
    if asked.contains('\0') {
        return wrong("a file name cannot hold a zero byte");
    }
    let path = Path::new(asked);
    if path.is_absolute() {
        return Ok(vec![path.to_path_buf()]);
    }
    Ok(folders.iter().map(|folder| folder.join(path)).collect())
}

fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Files that match a path with wildcards in it. A component that exists as it is written counts as written, so a
/// folder with a `?` in its name can be reached.
fn matches(pattern: &Path) -> Result<Vec<PathBuf>, MediaError> {
    let mut bases = vec![PathBuf::new()];
    let parts: Vec<Component> = pattern.components().collect();
    for (index, part) in parts.iter().enumerate() {
        let last = index + 1 == parts.len();
        let text = part.as_os_str().to_string_lossy();
        let mut next = Vec::new();
        for base in bases {
            if !has_wildcard(&text) || (!last && base.join(part).is_dir()) {
                next.push(base.join(part));
            } else if last {
                next.extend(list(&base, &text)?);
            } else {
                next.extend(entries(&base)?.into_iter().filter(|path| path.is_dir() && name_matches(&text, path)));
            }
            if next.len() > MAX_FILES {
                return Ok(next);
            }
        }
        bases = next;
    }
    bases.retain(|path| path.is_file());
    Ok(bases)
}

/// Audio files directly in `folder` whose name matches.
fn list(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, MediaError> {
    let any_extension = Path::new(pattern).extension().is_some_and(|end| !has_wildcard(&end.to_string_lossy()));
    let wanted =
        |path: &PathBuf| name_matches(pattern, path) && (any_extension || is_audio_name(path)) && path.is_file();
    Ok(entries(folder)?.into_iter().filter(wanted).collect())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, MediaError> {
    let open = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match std::fs::read_dir(open) {
        Ok(entries) => Ok(entries.filter_map(Result::ok).map(|entry| folder.join(entry.file_name())).collect()),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Err(MediaError::from_io(folder, &error)),
        Err(_) => Ok(Vec::new()),
    }
}

fn is_audio_name(path: &Path) -> bool {
    let extension = path.extension().map(|end| end.to_string_lossy().to_lowercase());
    extension.is_some_and(|end| AUDIO_EXTENSIONS.contains(&end.as_str()))
}

fn name_matches(pattern: &str, path: &Path) -> bool {
    let Some(name) = path.file_name().map(|name| name.to_string_lossy().to_lowercase()) else {
        return false;
    };
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let name: Vec<char> = name.chars().collect();
    wildcard_matches(&pattern, &name)
}

/// Time is at most the product of the two lengths: on a mismatch only the latest `*` takes one character more.
fn wildcard_matches(pattern: &[char], name: &[char]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p, n));
                p += 1;
            }
            Some(wanted) if *wanted == '?' || *wanted == name[n] => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((star, taken)) = retry else { return false };
                retry = Some((star, taken + 1));
                p = star + 1;
                n = taken + 1;
            }
        }
    }
    pattern[p..].iter().all(|rest| *rest == '*')
}

/// Orders names as people count: `kick2` before `kick10`, upper and lower case alike. Names that are equal so far
/// are ordered by their bytes, so the order is total. Thread: any. Pure.
pub fn natural_order(a: &str, b: &str) -> Ordering {
    let (lower_a, lower_b) = (a.to_lowercase(), b.to_lowercase());
    let (mut x, mut y) = (lower_a.as_str(), lower_b.as_str());
    while !x.is_empty() && !y.is_empty() {
        let order;
        let (digits_x, digits_y) = (leading_digits(x), leading_digits(y));
        if digits_x > 0 && digits_y > 0 {
            let (number_x, number_y) = (x[..digits_x].trim_start_matches('0'), y[..digits_y].trim_start_matches('0'));
            order = number_x.len().cmp(&number_y.len()).then_with(|| number_x.cmp(number_y));
            (x, y) = (&x[digits_x..], &y[digits_y..]);
        } else {
            let (mut rest_x, mut rest_y) = (x.chars(), y.chars());
            order = rest_x.next().cmp(&rest_y.next());
            (x, y) = (rest_x.as_str(), rest_y.as_str());
        }
        if order != Ordering::Equal {
            return order;
        }
    }
    x.len().cmp(&y.len()).then_with(|| a.cmp(b))
}

fn leading_digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

#[cfg(test)]
mod tests;
