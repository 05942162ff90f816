//! Which file of a bank a word stands for: `bd:3` is its third bd (row S0).
//!
//! Thread: any. A bank is a folder with a name; its files are found elsewhere and handed in, in natural order.

use std::collections::BTreeMap;

use super::sample_name;

/// The word a file answers to: its sample name without the digits and `_` at its end, so `bd1.wav`, `bd_02.wav` and
/// `BD03.wav` are all `bd`; the whole sample name where nothing else is in it. Thread: any. Pure.
pub fn word_of(path: &str) -> String {
    let name = sample_name::of(path);
    let word = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    if word.is_empty() { name } else { word.to_owned() }
}

/// The file of `files` (in natural order) that `asked` stands for: `word` is the first file of that word, `word:n` its
/// n-th (from 1); else the file called so, with or without its extension. Upper and lower case are alike. The error
/// names the bank, what was asked for and what there is. Thread: any. Pure.
pub fn pick<'a>(bank: &str, asked: &str, files: &'a [String]) -> Result<&'a str, String> {
    let of_word = |word: &str| files.iter().filter(|path| word_of(path) == word).collect::<Vec<_>>();
    let lower = asked.trim().to_lowercase();
    if let Some((word, number)) = lower.rsplit_once(':') {
        let found = of_word(word);
        if !found.is_empty() {
            let count = found.len();
            let place = number.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
            return place.and_then(|at| found.get(at)).map(|path| path.as_str()).ok_or_else(|| {
                format!("bank \"{bank}\": {word} takes a number from 1 to {count} ({word}:{count}), got \"{asked}\"")
            });
        }
    }
    let file = |path: &str| path.rsplit(['/', '\\']).next().unwrap_or(path).to_lowercase();
    let first = of_word(&lower).first().copied();
    let called = || files.iter().find(|path| file(path) == lower);
    let named = || files.iter().find(|path| sample_name::of(path) == lower);
    first
        .or_else(called)
        .or_else(named)
        .map(String::as_str)
        .ok_or_else(|| format!("bank \"{bank}\" has no \"{asked}\"; it has {}", words(files)))
}

/// The words there are, with how many files answer to each: `bd (3) rim sd (2)`; the first 40.
fn words(files: &[String]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for path in files {
        *counts.entry(word_of(path)).or_default() += 1;
    }
    let shown = |(word, count): (&String, &usize)| if *count == 1 { word.clone() } else { format!("{word} ({count})") };
    let list: Vec<String> = counts.iter().take(40).map(shown).collect();
    let more = if counts.len() > list.len() { " …" } else { "" };
    format!("{}{more}", list.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<String> {
        ["d/bd1.wav", "d/BD03.wav", "d/bd_04.wav", "d/rim.wav", "d/01.wav", "d/sd 909.flac"].map(String::from).into()
    }

    #[test]
    fn numbers_at_the_end_do_not_belong_to_the_word() {
        let words: Vec<String> = files().iter().map(|path| word_of(path)).collect();
        assert_eq!(words, ["bd", "bd", "bd", "rim", "01", "sd"]);
    }

    #[test]
    fn a_word_is_its_first_file_and_a_number_counts_from_one() {
        let files = files();
        for (asked, path) in [
            ("bd", "d/bd1.wav"),
            ("bd:1", "d/bd1.wav"),
            ("bd:3", "d/bd_04.wav"),
            ("SD", "d/sd 909.flac"),
            ("rim:1", "d/rim.wav"),
            ("rim.wav", "d/rim.wav"),
            ("bd03.wav", "d/BD03.wav"),
            ("bd_04", "d/bd_04.wav"),
            ("01", "d/01.wav"),
        ] {
            assert_eq!(pick("drums", asked, &files), Ok(path), "{asked}");
        }
    }

    #[test]
    fn what_is_not_there_is_named_with_what_is() {
        let files = files();
        let unknown = pick("drums", "cow", &files).unwrap_err();
        assert_eq!(unknown, "bank \"drums\" has no \"cow\"; it has 01 bd (3) rim sd");
        assert!(pick("drums", "cow:2", &files).unwrap_err().contains("\"cow:2\""));
        assert!(pick("drums", "", &files).is_err());
        for asked in ["bd:0", "bd:4", "bd:x", "bd:-1", "bd:", "bd:99999999999999999999999"] {
            let error = pick("drums", asked, &files).unwrap_err();
            assert!(error.contains("\"drums\"") && error.contains("1 to 3") && error.contains(asked), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_file_of_a_bank_can_be_picked_by_word_and_number(names in proptest::collection::vec("[a-c_]{0,2}[0-9]{0,2}", 1..9)) {
            let files: Vec<String> = names.iter().enumerate().map(|(at, name)| format!("d{at}/{name}.wav")).collect();
            for path in &files {
                let word = word_of(path);
                let number = files.iter().take_while(|other| *other != path).filter(|other| word_of(other) == word).count() + 1;
                proptest::prop_assert_eq!(pick("d", &format!("{word}:{number}"), &files), Ok(path.as_str()));
            }
        }
    }
}
