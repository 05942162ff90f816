//! What a sample is called: its file's base name, made safe, one of a kind in its bank (row S0).
//!
//! Thread: any.

/// Base name of a path in lower case, runs of characters other than a-z 0-9 made `_`; never empty.
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
    if name.is_empty() { "_".to_owned() } else { name }
}

/// The name of `path` among names that are taken: doubles get `_2`, `_3` …
pub fn unique(path: &str, taken: &[String]) -> String {
    let name = of(path);
    if !taken.contains(&name) {
        return name;
    }
    (2_u32..).map(|n| format!("{name}_{n}")).find(|n| !taken.contains(n)).unwrap_or(name)
}

/// The names in the same order, each only once: the second `kick` becomes `kick_2`, the third `kick_3`. A name that
/// stands in the list as written is never taken from its owner. Thread: any. Pure.
pub fn unique_all<S: AsRef<str>>(names: &[S]) -> Vec<String> {
    let mut taken: std::collections::HashSet<String> = names.iter().map(|name| name.as_ref().to_string()).collect();
    let mut used: std::collections::HashMap<&str, u64> = std::collections::HashMap::new();
    let mut result = Vec::with_capacity(names.len());
    for name in names.iter().map(AsRef::as_ref) {
        let Some(count) = used.get_mut(name) else {
            used.insert(name, 1);
            result.push(name.to_string());
            continue;
        };
        let fresh = loop {
            *count += 1;
            let candidate = format!("{name}_{count}");
            if taken.insert(candidate.clone()) {
                break candidate;
            }
        };
        result.push(fresh);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_called_by_its_base_name_and_doubles_are_counted() {
        assert_eq!(of("drums/BD 909 (hard).wav"), "bd_909_hard_");
        assert_eq!(of("C:\\kits\\Snare.flac"), "snare");
        assert_eq!(of("...wav"), "_");
        assert_eq!(of("日本.wav"), "_");
        assert_eq!(unique("a/kick.wav", &["kick".into(), "kick_2".into()]), "kick_3");
    }

    #[test]
    fn doubles_are_numbered_and_a_written_name_keeps_its_owner() {
        assert_eq!(unique_all(&["kick", "kick", "hat", "kick"]), ["kick", "kick_2", "hat", "kick_3"]);
        assert_eq!(unique_all(&["kick", "kick", "kick_2"]), ["kick", "kick_3", "kick_2"]);
    }

    proptest::proptest! {
        #[test]
        fn sample_names_are_made_of_the_allowed_characters(path: String) {
            let name = of(&path);
            proptest::prop_assert!(!name.is_empty() && !name.contains("__"));
            proptest::prop_assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
        }

        #[test]
        fn unique_names_are_unique(names in proptest::collection::vec("a(_[1-4])?(_2)?", 0..12)) {
            let fresh = unique_all(&names);
            let distinct: std::collections::HashSet<&String> = fresh.iter().collect();
            proptest::prop_assert_eq!(distinct.len(), names.len());
        }
    }
}
