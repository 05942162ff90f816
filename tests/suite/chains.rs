//! Patterns of the session, the sequencers bound to them, and chains.
//!
//! proves: T12 T13

use crate::rig::Rig;

/// Frames of a pattern of four rows, four rows a beat, 120 beats a minute.
const CYCLE: usize = 24_000;

/// Three patterns of four rows with a click in row 1, and a chain.
fn chained(entries: &str) -> Rig {
    let mut rig = Rig::with(&format!(
        r#"sampler("hat", {{ samples = "click.wav" }})
        for _, name in ipairs {{ "a", "b", "c" }} do pattern(name, 4):set(1, 1) end
        chain("song", {entries})
        sequencer("seq", {{ chain = "song", to = "hat" }})"#
    ));
    rig.host_plays(0.0, 120.0);
    rig
}

/// Which pattern played in each cycle's time; `.` for none.
fn heard(rig: &mut Rig, cycles: usize) -> String {
    rig.forget();
    let begin = rig.frame;
    rig.skip(cycles * CYCLE);
    let mut text = vec!['.'; cycles];
    for record in &rig.triggers {
        let name = record.pattern.as_ref().expect("a pattern").as_str();
        text[((record.frame - begin) / CYCLE as u64) as usize] = name.chars().last().expect("a letter");
    }
    text.into_iter().collect()
}

/// From the start again.
fn from_start(rig: &mut Rig, cycles: usize) -> String {
    rig.host().beat = Some(0.0);
    heard(rig, cycles)
}

#[test]
fn entries_play_as_often_as_they_say_in_order_round_and_round() {
    assert_eq!(from_start(&mut chained(r#"{ { "a", 2 }, { "b", 1 } }"#), 8), "aabaabaa");
    assert_eq!(from_start(&mut chained(r#"{ "a", "b", "a", { "c", 3 } }"#), 8), "abacccab");
    let mut rig = chained(r#"{ { "a", 99 } , "b" }"#);
    rig.host().beat = Some(98.0);
    assert_eq!(heard(&mut rig, 3), "aba");
    for wrong in ["0", "100", "1.5"] {
        let error = rig.eval(&format!("chain('song', {{ {{ 'a', {wrong} }} }})")).unwrap_err();
        assert!(error.contains("1") && error.contains("99"), "{error}");
    }
}

#[test]
fn a_muted_entry_is_passed_over_and_all_muted_are_silence() {
    let mut rig = chained(r#"{ { "a", 2 }, { "b", 1, mute = true }, "c" }"#);
    assert_eq!(from_start(&mut rig, 6), "aacaac");
    rig.run(r#"chain("song", { { "a", 1, mute = true }, { "b", 1, mute = true } })"#);
    assert_eq!(from_start(&mut rig, 4), "....");
    rig.run("exec('chain mute song 2 off')");
    assert_eq!(from_start(&mut rig, 2), "bb");
}

#[test]
fn entries_are_inserted_removed_repeated_and_reordered() {
    let mut rig = chained(r#"{ "a", "b" }"#);
    let text = |rig: &mut Rig, line: &str| {
        assert_eq!(rig.run(&format!("exec('{line}').success")), ["true"], "{line}: {:?}", rig.console().last());
    };
    text(&mut rig, "chain insert song 2 c*2");
    assert_eq!(from_start(&mut rig, 5), "accba");
    text(&mut rig, "chain repeat song 1 2");
    text(&mut rig, "chain drop song 2");
    assert_eq!(from_start(&mut rig, 4), "aaba");
    text(&mut rig, "chain append song b");
    assert_eq!(from_start(&mut rig, 5), "aabba");
    rig.run(r#"chain("song", { "b", { "a", 2 }, "b" })"#);
    assert_eq!(from_start(&mut rig, 5), "baabb");
    let error = rig.run("exec('chain drop song 9').error");
    assert!(error[0].contains('9'), "{error:?}");
}

#[test]
fn a_chain_is_switched_off_and_on_and_taken_away() {
    let mut rig = chained(r#"{ "a", "b" }"#);
    rig.run(r#"sequencer("seq", { pattern = "c", play = "pattern" })"#);
    assert_eq!(from_start(&mut rig, 3), "ccc");
    rig.run(r#"sequencer("seq", { play = "chain" })"#);
    assert_eq!(from_start(&mut rig, 3), "aba");
    rig.run(r#"remove("song")"#);
    assert_eq!(from_start(&mut rig, 2), "cc", "the pattern bound to it plays");
}

#[test]
fn two_sequencers_play_one_pattern_each_into_its_own_sampler() {
    let mut rig = Rig::with(
        r#"
        sampler("one", { samples = "click.wav" }) sampler("two", { samples = "click.wav" })
        sequencer("x", { pattern = "both", to = "one" }) sequencer("y", { pattern = "both", to = "two" })
        pattern("both", 4):set(1, 1) clock:start()"#,
    );
    rig.skip(CYCLE);
    let modules: Vec<&str> = rig.triggers.iter().map(|r| r.module.as_str()).collect();
    assert_eq!(modules, ["one", "two"]);
    rig.run("pattern('both'):set(3, 1)");
    rig.forget();
    rig.skip(CYCLE);
    assert_eq!(rig.fired().len(), 4, "an edit is heard in both");
}

#[test]
fn a_new_sequencer_plays_at_once() {
    let mut rig = Rig::with("sampler('hat', { samples = 'click.wav' }) pattern('beat', 4):set(2, 1) clock:start()");
    rig.skip(CYCLE);
    rig.run("sequencer('seq', { pattern = 'beat', to = 'hat' })");
    rig.skip(CYCLE);
    assert_eq!(rig.fired(), [(CYCLE as u64 + 6_000, 2)]);
}

#[test]
fn patterns_get_names_of_their_own() {
    let mut rig = Rig::with("");
    rig.run("exec('add sequencer') exec('pattern add P1')");
    let names: Vec<String> = rig.session().patterns.keys().map(|name| name.to_string()).collect();
    assert_eq!(names, ["P0", "P1"]);
}

#[test]
fn a_removed_pattern_leaves_its_sequencers_on_another_and_chains_without_it() {
    let mut rig = chained(r#"{ "a", "b", "a" }"#);
    rig.run("remove('a')");
    assert_eq!(from_start(&mut rig, 2), "bb");
    rig.run("remove('b') remove('c')");
    let session = rig.session();
    assert!(session.patterns.len() == 1, "{:?}", session.patterns.keys());
    assert_eq!(from_start(&mut rig, 1), ".");
}

#[test]
fn a_renamed_pattern_keeps_its_chance_and_its_places() {
    let script =
        "for row = 1, 4 do pattern('a'):set(row, { index = 1, chance = 50 }) end chain('song', { { 'a', 16 } })";
    let outcome = |rename: &str| {
        let mut rig = chained(r#"{ "a" }"#);
        rig.run(script);
        rig.run(rename);
        rig.skip(16 * CYCLE);
        rig.triggers.iter().map(|r| (r.frame, r.why)).collect::<Vec<_>>()
    };
    assert_eq!(outcome("rename('a', 'verse')"), outcome(""));
}
