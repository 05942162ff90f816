//! What samples are called and how many are loaded at once: folders, globs, names of one's own, banks.
//!
//! proves: S0

use tracklight::model::Session;
use tracklight::script::mirror;

use crate::rig::Rig;

/// Three bd, a rim, two sd; and the same rim in a second folder, beside a file that is no sound.
fn furnished() -> Rig {
    let rig = Rig::new();
    for name in ["bd1", "BD03", "bd_04", "Rim-Hard", "sd2", "sd10"] {
        rig.impulse(&format!("drums/909/{name}.wav"), 8);
    }
    rig.impulse("more/rim hard.wav", 8);
    std::fs::write(rig.folder().join("more/notes.txt"), "no sound").expect("written");
    rig
}

/// Name and path of every sample of a sampler.
fn samples(rig: &Rig, module: &str) -> Vec<(String, String)> {
    let session = rig.session();
    session.modules[module].samples().iter().map(|s| (s.name.clone(), s.path.clone())).collect()
}

fn names(rig: &Rig, module: &str) -> Vec<String> {
    samples(rig, module).into_iter().map(|(name, _)| name).collect()
}

fn paths(rig: &Rig, module: &str) -> Vec<String> {
    samples(rig, module).into_iter().map(|(_, path)| path).collect()
}

#[test]
fn a_folder_loads_all_its_sounds_called_by_their_base_names() {
    let mut rig = furnished();
    rig.run(r#"sampler("kit", { samples = "drums/909/" })"#);
    assert_eq!(names(&rig, "kit"), ["bd1", "bd03", "bd_04", "rim_hard", "sd2", "sd10"]);
    assert_eq!(paths(&rig, "kit")[3], "drums/909/Rim-Hard.wav");
    rig.run(r#"sampler("other", { samples = "more/" })"#);
    assert_eq!(paths(&rig, "other"), ["more/rim hard.wav"], "text files are left out");
}

#[test]
fn a_glob_loads_what_it_fits_and_one_list_holds_all_forms() {
    let mut rig = furnished();
    rig.run(r#"sampler("kit", { samples = "drums/909/sd*.wav" })"#);
    assert_eq!(names(&rig, "kit"), ["sd2", "sd10"]);
    rig.run(
        r#"sampler("kit", { samples = { "drums/909/sd*", "more/", boom = "drums/909/bd1.wav",
            { path = "drums/909/BD03.wav", speed = 0.5 } } })"#,
    );
    assert_eq!(names(&rig, "kit"), ["sd2", "sd10", "rim_hard", "bd03", "boom"]);
    assert!(rig.eval(r#"sampler("kit", { samples = "drums/909/zz*" })"#).unwrap_err().contains("zz*"));
}

#[test]
fn doubles_are_counted_and_a_given_name_stands() {
    let mut rig = furnished();
    rig.run(r#"sampler("kit", { samples = { "drums/909/Rim-Hard.wav", "more/rim hard.wav" } })"#);
    assert_eq!(names(&rig, "kit"), ["rim_hard", "rim_hard_2"]);
    rig.run(r#"sampler("kit", { samples = { "more/rim hard.wav", rim_hard = "drums/909/sd2.wav" } })"#);
    assert_eq!(names(&rig, "kit"), ["rim_hard_2", "rim_hard"]);
}

#[test]
fn a_bank_gives_its_words_by_number_and_keeps_plain_paths() {
    let mut rig = furnished();
    rig.run(r#"bank("drums", "drums/909/") sampler("kit", { bank = "drums" })"#);
    assert_eq!(names(&rig, "kit"), ["bd1", "bd03", "bd_04", "rim_hard", "sd2", "sd10"]);
    rig.run(
        r#"sampler("kick", { bank = "drums", volume = 0.5, samples = { "bd:3", "sd", "rim-hard.wav", "bd:3",
            snap = "sd:2", { path = "bd", speed = 2 } } })"#,
    );
    let picked = samples(&rig, "kick");
    let picked: Vec<(&str, &str)> = picked.iter().map(|(name, path)| (name.as_str(), path.as_str())).collect();
    let expected = [
        ("bd_04", "drums/909/bd_04.wav"),
        ("sd2", "drums/909/sd2.wav"),
        ("rim_hard", "drums/909/Rim-Hard.wav"),
        ("bd_04_2", "drums/909/bd_04.wav"),
        ("bd1", "drums/909/bd1.wav"),
        ("snap", "drums/909/sd10.wav"),
    ];
    assert_eq!(picked, expected);
    rig.run(r#"sampler("one", { bank = "drums", samples = "bd:2" })"#);
    assert_eq!(paths(&rig, "one"), ["drums/909/BD03.wav"]);
    // The bank may go: the samplers have their files.
    rig.run(r#"bank("drums", false)"#);
    assert!(rig.session().banks.is_empty());
    rig.run(r#"trigger("one", "bd03")"#);
    assert_eq!(rig.render(4800).onsets().len(), 1, "it is heard");
}

#[test]
fn errors_name_the_bank_the_word_and_what_there_is() {
    let mut rig = furnished();
    rig.run(r#"bank("drums", "drums/909/") bank("empty", "nowhere/")"#);
    let before = rig.session();
    for (script, parts) in [
        (
            r#"sampler("k", { bank = "drums", samples = "cow" })"#,
            &["\"drums\"", "\"cow\"", "bd (3) rim_hard sd (2)"][..],
        ),
        (r#"sampler("k", { bank = "drums", samples = { "bd:4" } })"#, &["\"drums\"", "bd:4", "1 to 3"]),
        (r#"sampler("k", { bank = "drums", samples = { a = "sd:0" } })"#, &["\"drums\"", "sd:0", "1 to 2"]),
        (r#"sampler("k", { bank = "perc" })"#, &["no bank is called \"perc\"", "drums empty"]),
        (r#"sampler("k", { bank = "empty" })"#, &["\"empty\"", "nowhere/"]),
        (r#"sampler("k", { bank = 3 })"#, &["bank", "got 3"]),
        (r#"bank("a b", "drums/")"#, &["\"a b\" is not a name"]),
        (r#"bank("a", " ")"#, &["\"a\"", "folder"]),
        (r#"bank("a", 3)"#, &["folder", "got 3"]),
        (r#"bank("a")"#, &["folder", "got nothing"]),
        (r#"bank("a", false)"#, &["no bank is called \"a\""]),
    ] {
        let error = rig.eval(script).expect_err(script);
        for part in parts {
            assert!(error.contains(part), "{script}: {error} lacks {part}");
        }
    }
    assert_eq!(rig.session(), before, "a failed chunk changes nothing");
}

#[test]
fn banks_are_saved_mirrored_and_undone() {
    let mut rig = furnished();
    rig.run(r#"bank("drums", "drums/909/")"#);
    rig.run(r#"bank("drums", "more/") sampler("kit", { bank = "drums" })"#);
    let session = rig.session();
    let text = mirror(&session);
    let (bank, sampler) = (text.find("bank(\"drums\", \"more/\")\n"), text.find("sampler("));
    assert!(bank.is_some() && bank < sampler, "{text}");
    let mut other = Rig::new();
    other.run(&text);
    assert_eq!(other.session(), session, "{text}");
    assert_eq!(Session::from_json(&session.to_json()), Ok(session.clone()));
    let without = Session { banks: Default::default(), ..session.clone() };
    assert_ne!(without, session);
    let told = rig.run("engine:getState().banks.drums");
    assert!(told.len() == 1 && told[0].contains("more/"), "{told:?}");
    rig.remote.asks.send(tracklight::model::Ask::Undo).expect("room");
    rig.settle();
    assert_eq!(rig.session().banks["drums"], "drums/909/");
    assert!(!rig.session().modules.contains_key("kit"));
    rig.remote.asks.send(tracklight::model::Ask::Redo).expect("room");
    rig.settle();
    assert_eq!(rig.session(), session);
}

#[test]
fn a_state_from_before_there_were_banks_loads() {
    let new = Session::new().to_json();
    assert!(!new.contains("banks"), "written as it was then");
    assert!(Session::from_json(&new).expect("loads").banks.is_empty());
    let broken = new.replace("\"live\":", "\"banks\":{\"a b\":\"x/\"},\"live\":");
    assert!(Session::from_json(&broken).unwrap_err().to_string().contains("a b"));
}
