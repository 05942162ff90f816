//! What a sample is called: its file's base name, made safe, one of a kind in its bank (row S0).
//!
//! Thread: any.

/// Base name of a path in lower case, runs of characters other than a-z 0-9 made `_`; `"sample"` when nothing is left.
pub fn of(path: &str) -> String {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let stem = match file.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => file,
    };
    let mut name = String::new();
    for c in stem.to_lowercase().chars() {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            name.push(c);
        } else if !name.ends_with('_') {
            name.push('_');
        }
    }
    let trimmed = name.trim_matches('_');
    if trimmed.is_empty() { "sample".to_owned() } else { trimmed.to_owned() }
}

/// The name of `path` among names that are taken: doubles get `_2`, `_3` …
pub fn unique(path: &str, taken: &[String]) -> String {
    let name = of(path);
    if !taken.contains(&name) {
        return name;
    }
    (2_u32..).map(|n| format!("{name}_{n}")).find(|n| !taken.contains(n)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_called_by_its_base_name_and_doubles_are_counted() {
        assert_eq!(of("drums/BD 909 (hard).wav"), "bd_909_hard");
        assert_eq!(of("C:\\kits\\Snare.flac"), "snare");
        assert_eq!(of("...wav"), "sample");
        assert_eq!(of("日本.wav"), "sample");
        assert_eq!(unique("a/kick.wav", &["kick".into(), "kick_2".into()]), "kick_3");
    }
}
