//! What the file finder promises.

use super::*;
use proptest::prelude::*;

fn tree(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for file in files {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().expect("inside")).expect("made");
        std::fs::write(path, b"x").expect("written");
    }
    folder
}

fn found(asked: &str, folder: &tempfile::TempDir) -> Vec<String> {
    let files = expand(asked, &[folder.path().into()]).expect("found");
    let relative = files.iter().map(|file| file.strip_prefix(folder.path()).expect("inside"));
    relative.map(|file| file.to_string_lossy().replace('\\', "/")).collect()
}

#[test]
fn the_first_folder_that_has_the_file_wins() {
    let (one, two) = (tree(&["a/other.wav"]), tree(&["kick.wav", "a/other.wav"]));
    let folders = [one.path().to_path_buf(), two.path().to_path_buf()];
    assert_eq!(resolve("kick.wav", &folders), Ok(two.path().join("kick.wav")));
    assert_eq!(resolve("a/other.wav", &folders), Ok(one.path().join("a/other.wav")));
    let absolute = two.path().join("kick.wav");
    assert_eq!(resolve(&absolute.to_string_lossy(), &[]), Ok(absolute));
}

#[test]
fn what_cannot_be_found_is_told_with_every_place() {
    let folder = tree(&["drums/kick.wav"]);
    let folders = [folder.path().to_path_buf(), folder.path().join("drums")];
    let looked = vec![folders[0].join("no.wav"), folders[1].join("no.wav")];
    assert_eq!(
        resolve("no.wav", &folders),
        Err(MediaError::NotFound { asked: "no.wav".into(), looked: looked.clone() })
    );
    assert_eq!(expand("no.wav", &folders), Err(MediaError::NotFound { asked: "no.wav".into(), looked }));
    assert!(matches!(resolve("drums", &folders), Err(MediaError::Folder { .. })));
    assert!(matches!(resolve("", &folders), Err(MediaError::BadName { .. })));
    assert!(matches!(resolve("a\0b", &folders), Err(MediaError::BadName { .. })));
    let gone = folder.path().join("gone.wav");
    assert_eq!(resolve(&gone.to_string_lossy(), &folders), Err(MediaError::Missing { path: gone }));
    assert!(resolve("x.wav", &[]).expect_err("nowhere").to_string().contains("no folder"));
}

#[test]
fn a_folder_stands_for_its_audio_files_in_the_order_people_count() {
    let folder = tree(&[
        "drums/kick10.wav",
        "drums/Kick2.WAV",
        "drums/kick1.flac",
        "drums/readme.txt",
        "drums/._kick1.flac",
        "drums/deep/snare.wav",
        "drums/hat.aiff",
    ]);
    let expected = ["drums/hat.aiff", "drums/kick1.flac", "drums/Kick2.WAV", "drums/kick10.wav"];
    assert_eq!(found("drums/", &folder), expected);
    assert_eq!(found("drums", &folder), expected);
    assert_eq!(found("drums/hat.aiff", &folder), ["drums/hat.aiff"]);
}

#[test]
fn a_pattern_finds_files_in_its_last_components() {
    let folder = tree(&["a/bd1.wav", "a/bd22.wav", "b/BD3.WAV", "b/sd1.wav", "b/bd4.txt", "b/bd.raw"]);
    assert_eq!(found("a/bd?.wav", &folder), ["a/bd1.wav"]);
    assert_eq!(found("*/bd*", &folder), ["a/bd1.wav", "a/bd22.wav", "b/BD3.WAV"]);
    assert_eq!(found("?/*d1*", &folder), ["a/bd1.wav", "b/sd1.wav"]);
    assert_eq!(found("b/*.raw", &folder), ["b/bd.raw"]);
    let nothing = expand("a/zz*", &[folder.path().into()]);
    assert!(matches!(nothing, Err(MediaError::NothingMatches { .. })), "{nothing:?}");
}

#[test]
fn a_folder_without_audio_files_lets_the_next_folder_try() {
    let (one, two) = (tree(&["drums/readme.txt"]), tree(&["drums/kick.wav"]));
    let both = [one.path().to_path_buf(), two.path().to_path_buf()];
    assert_eq!(expand("drums/", &both), Ok(vec![two.path().join("drums/kick.wav")]));
    assert!(matches!(expand("drums/", &both[..1]), Err(MediaError::NothingMatches { .. })));
}

#[cfg(unix)]
#[test]
fn a_file_with_a_question_mark_in_its_name_is_found_as_written() {
    let folder = tree(&["what?.wav", "whatx.wav"]);
    assert_eq!(found("what?.wav", &folder), ["what?.wav"]);
}

/// The pattern rules said once more, the slow and plain way.
fn matches_plainly(pattern: &[char], name: &[char]) -> bool {
    match (pattern.first(), name.first()) {
        (None, None) => true,
        (Some('*'), _) => {
            matches_plainly(&pattern[1..], name) || (!name.is_empty() && matches_plainly(pattern, &name[1..]))
        }
        (Some('?'), Some(_)) => matches_plainly(&pattern[1..], &name[1..]),
        (Some(a), Some(b)) if a == b => matches_plainly(&pattern[1..], &name[1..]),
        _ => false,
    }
}

proptest! {
    #[test]
    fn wildcards_match_as_the_plain_rules_say(pattern in "[ab*?]{0,7}", name in "[ab]{0,7}") {
        let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
        prop_assert_eq!(wildcard_matches(&pattern, &name), matches_plainly(&pattern, &name));
    }

    #[test]
    fn natural_order_is_a_total_order(a in "[aB0-2é_]{0,5}", b in "[aB0-2é_]{0,5}", c in "[aB0-2é_]{0,5}") {
        prop_assert_eq!(natural_order(&a, &b), natural_order(&b, &a).reverse());
        prop_assert_eq!(natural_order(&a, &b) == Ordering::Equal, a == b);
        if natural_order(&a, &b).is_le() && natural_order(&b, &c).is_le() {
            prop_assert!(natural_order(&a, &c).is_le());
        }
    }

    #[test]
    fn any_text_asked_for_gives_a_value(asked in any::<String>()) {
        let folder = tree(&["a.wav"]);
        let _ = resolve(&asked, &[folder.path().into()]);
        let _ = expand(&asked, &[folder.path().into()]);
    }
}
