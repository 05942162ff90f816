//! What a row says is what is played, and why not when it is not.
//!
//! proves: T5 T6 T7 T8 T9 T14 T16

use tracklight::model::{Param, Why};

use crate::rig::Rig;

/// Frames of one row: 120 beats a minute, four rows a beat, 48 kHz.
const ROW: usize = 6_000;

/// A sampler with two samples, a sequencer on `beat`, and what follows.
fn playing(rest: &str) -> Rig {
    Rig::with(&format!(
        r#"sampler("kick", {{ samples = {{ "tone.wav", "saw.wav" }} }}) sequencer("seq", {{ pattern = "beat", to = "kick" }})
        {rest} clock:start()"#
    ))
}

/// Cycle (from 1) and outcome of everything told, for a pattern of `rows` rows.
fn outcomes(rig: &Rig, rows: usize) -> Vec<(u64, Why)> {
    rig.triggers.iter().map(|record| (record.frame / (rows * ROW) as u64 + 1, record.why)).collect()
}

#[test]
fn a_row_is_empty_a_rest_or_a_hit_and_every_column_arrives() {
    let mut rig = playing(
        r#"pattern("beat", { steps = 8, rows = {
        [1] = { index = 2, note = 67, length = 2, volume = 0.25, speed = 2, pan = -0.5, attackMs = 5 },
        [3] = "-", [5] = 1, [6] = { note = 48 } } })"#,
    );
    rig.skip(8 * ROW);
    type Line = (u64, Option<u16>, u16, Option<u8>, Why);
    let list: Vec<Line> = rig.triggers.iter().map(|r| (r.frame, r.row, r.index, r.note, r.why)).collect();
    assert_eq!(
        list,
        [
            (0, Some(1), 2, Some(67), Why::Fired),
            (12_000, Some(3), 0, None, Why::Rest),
            (24_000, Some(5), 1, None, Why::Fired),
            (30_000, Some(6), 1, Some(48), Why::Fired),
        ]
    );
    let mut params = rig.triggers[0].params.clone();
    params.sort_by_key(|(param, _)| param.desc().name);
    let named: Vec<(&str, f32)> = params.iter().map(|(param, value)| (param.desc().name, *value)).collect();
    assert_eq!(named, [("attackMs", 5.0), ("pan", -0.5), ("speed", 2.0), ("volume", 0.25)]);
    assert!(rig.triggers[2].params.is_empty());
}

#[test]
fn what_a_row_may_not_say_is_refused_with_the_range() {
    let mut rig = playing("pattern('beat', 16)");
    let before = rig.session();
    for (row, words) in [
        ("{ index = 0.5 }", vec!["index", "1", "1024"]),
        ("{ index = 2000 }", vec!["index", "1024"]),
        ("{ length = 65 }", vec!["length", "1", "64"]),
        ("{ length = 0 }", vec!["length", "1", "64"]),
        ("{ note = 128 }", vec!["note", "0", "127"]),
        ("{ chance = 101 }", vec!["chance", "0", "100"]),
        ("{ ratio = '5:4' }", vec!["ratio", "A:B", "16"]),
        ("{ ratio = '1:17' }", vec!["ratio", "16"]),
        ("{ volume = 3 }", vec!["volume", "0", "2"]),
        ("{ loudness = 1 }", vec!["loudness", "volume"]),
        ("true", vec!["row", "true"]),
    ] {
        let error = rig.eval(&format!("pattern('beat'):set(1, {row})")).unwrap_err();
        assert!(words.iter().all(|word| error.contains(word)), "{row}: {error}");
    }
    assert_eq!(rig.session(), before);
}

#[test]
fn ratio_2_of_4_plays_in_cycles_2_6_and_10() {
    let mut rig = playing("pattern('beat', { steps = 2, rows = { { ratio = '2:4' } } })");
    rig.skip(2 * ROW * 12);
    let fired: Vec<u64> =
        outcomes(&rig, 2).iter().filter(|(_, why)| *why == Why::Fired).map(|(cycle, _)| *cycle).collect();
    assert_eq!(fired, [2, 6, 10]);
    assert!(outcomes(&rig, 2).iter().all(|(cycle, why)| fired.contains(cycle) || *why == Why::Ratio));
}

#[test]
fn the_ratio_is_asked_before_the_chance_and_a_failed_one_is_silent() {
    let mut rig = playing("pattern('beat', { steps = 2, rows = { { ratio = '2:2', chance = 0 } } })");
    let sound = rig.render(2 * ROW * 4);
    assert_eq!(outcomes(&rig, 2), [(1, Why::Ratio), (2, Why::Chance), (3, Why::Ratio), (4, Why::Chance)]);
    assert!(sound.is_silent());
}

#[test]
fn a_failed_hit_lets_what_sounds_go_on() {
    let mut rig = playing(
        "sampler('kick', { polyphonyMode = 'MONO' }) pattern('beat', { steps = 16, rows = { 1, { chance = 0 }, { ratio = '2:2' } } })",
    );
    let sound = rig.render(4 * ROW);
    assert!(sound.main[0].iter().all(|s| *s == 0.5));
}

#[test]
fn cycles_are_counted_inside_chains_too() {
    let mut rig = playing(
        r#"pattern("beat", { steps = 2, rows = { { ratio = "2:4" } } }) pattern("gap", 2)
        chain("song", { { "beat", 2 }, { "gap", 1 } }) sequencer("seq", { chain = "song" })"#,
    );
    // The song is beat beat gap, so beat's cycles 2 and 6 are its second turns in rounds 1 and 3.
    rig.skip(6 * ROW * 4);
    let fired: Vec<u64> = rig.fired().iter().map(|(frame, _)| frame / ROW as u64).collect();
    assert_eq!(fired, [2, 14]);
}

#[test]
fn chance_has_the_same_outcome_at_the_same_place() {
    let rows = "for row = 1, 16 do pattern('beat', 16):set(row, { index = 2, chance = 50 }) end";
    let mut rig = playing(rows);
    rig.skip(16 * ROW * 2);
    let first: Vec<(u64, Why)> = rig.triggers.iter().map(|r| (r.frame, r.why)).collect();
    let begin = rig.frame;
    rig.forget();
    rig.run("clock:locate(0)");
    rig.skip(16 * ROW * 2);
    let again: Vec<(u64, Why)> = rig.triggers.iter().map(|r| (r.frame - begin, r.why)).collect();
    assert_eq!(again, first, "after a locate");
    let mut same = playing(rows);
    same.skip(16 * ROW * 2);
    assert_eq!(same.triggers.iter().map(|r| (r.frame, r.why)).collect::<Vec<_>>(), first, "in another instance");
    assert_ne!(
        first[..16].iter().map(|f| f.1).collect::<Vec<_>>(),
        first[16..].iter().map(|f| f.1).collect::<Vec<_>>(),
        "cycles differ"
    );
    let mut other = playing(&format!("{rows} seed(99)"));
    other.skip(16 * ROW * 2);
    assert_ne!(other.triggers.iter().map(|r| (r.frame, r.why)).collect::<Vec<_>>(), first, "another seed");
}

#[test]
fn half_a_chance_is_half_of_ten_thousand() {
    let mut rig = playing(
        "for row = 1, 100 do pattern('beat', { steps = 100, stepsPerBeat = 96 }):set(row, { index = 9, chance = 50 }) end clock:setBPM(480)",
    );
    rig.blocks = vec![2048];
    // Index 9 is not there: what passes the chance is told as missing and makes no sound.
    rig.skip(10_000 * 6_000 / 96);
    let all = rig.triggers.len();
    let passed = rig.triggers.iter().filter(|record| record.why == Why::Missing).count();
    assert_eq!(all, 10_000);
    // Five standard deviations of a binomial of 10 000 at one half.
    assert!(passed.abs_diff(5_000) < 250, "{passed}");
}

#[test]
fn an_empty_row_sustains_a_hit_retriggers_and_a_rest_releases() {
    let at = |frame: usize, sound: &crate::rig::Sound| sound.main[0][frame];
    let mut rig = playing("pattern('beat', { steps = 32, rows = { 1 } })");
    let sound = rig.render(17 * ROW);
    assert!(sound.main[0][..96_000 - 480].iter().all(|s| *s == 0.5), "two seconds through empty rows");
    assert_eq!(at(96_000, &sound), 0.0);

    let mut rig = playing("pattern('beat', { steps = 32, rows = { 1, [5] = '-' } })");
    let sound = rig.render(6 * ROW);
    assert_eq!((at(4 * ROW - 1, &sound), at(4 * ROW + 480, &sound)), (0.5, 0.0));
    assert!(sound.roughness() <= 0.5 && sound.main[0][1..].windows(2).all(|two| (two[1] - two[0]).abs() < 0.01));

    let mut rig = playing("pattern('beat', { steps = 32, rows = { { index = 1, length = 2 } } })");
    let sound = rig.render(4 * ROW);
    assert_eq!((at(2 * ROW, &sound), at(2 * ROW + 480, &sound)), (0.5, 0.0), "length 2 releases at row 3");
    assert!(at(2 * ROW + 1, &sound) < 0.5);

    let mut rig =
        playing("sampler('kick', { polyphonyMode = 'MONO' }) pattern('beat', { steps = 32, rows = { 2, 2 } })");
    let sound = rig.render(2 * ROW);
    assert_eq!(sound.main[0][ROW + 240..ROW + 1000], sound.main[0][240..1000], "from the start again");
}

#[test]
fn an_unset_column_is_the_samples_own_value_and_nothing_leaks() {
    let mut rig = playing(
        r#"sampler("kick", { volume = 0.75 }) sampler("kick").sample[1]:set("volume", 0.5)
        pattern("beat", { steps = 16, rows = {
            [1] = { volume = 0.25, length = 1 }, [3] = { index = 1, length = 1 }, [5] = { index = 2, length = 1 } } })"#,
    );
    let sound = rig.render(6 * ROW);
    let at = |frame: usize| sound.main[0][frame];
    assert_eq!(at(100), 0.125, "the row's");
    assert_eq!(at(2 * ROW + 100), 0.25, "the sample's own");
    assert!((at(4 * ROW + 100) - 0.75 * 101.0 / 4800.0).abs() < 1e-6, "the sampler's");
    assert_eq!(rig.triggers[1].params, []);
}

#[test]
fn hidden_columns_are_not_sent() {
    let mut rig = playing("pattern('beat', { steps = 16, rows = { { volume = 0.25 } } })");
    rig.run("pattern('beat'):columns { 'index', 'length' }");
    let sound = rig.render(ROW);
    assert_eq!(sound.main[0][100], 0.5);
    assert_eq!(rig.triggers[0].params, []);
    rig.run("clock:stop() pattern('beat'):columns { 'index', 'length', 'volume' }");
    rig.skip(4_800);
    rig.forget();
    rig.run("clock:start()");
    assert_eq!(rig.render(ROW).main[0][100], 0.125, "shown again, it has its value");
    assert_eq!(rig.triggers[0].params, [(Param::VOLUME, 0.25)]);
}

#[test]
fn a_locate_anywhere_plays_what_playing_up_to_there_plays() {
    let script = r#"pattern("beat", 12) pattern("fill", 5)
        for row = 1, 12 do pattern("beat"):set(row, { index = 2, chance = 60, ratio = (row % 3 + 1) .. ":3", length = 1 }) end
        for row = 1, 5 do pattern("fill"):set(row, { index = 2, chance = 40, length = 1 }) end
        chain("song", { { "beat", 3 }, { "fill", 2 }, { "beat", 1 } }) sequencer("seq", { chain = "song" })"#;
    let mut whole = playing(script);
    whole.transport = None;
    whole.skip(400 * ROW);
    for rows in [1, 37, 100, 233, 311] {
        let mut rig = playing(script);
        rig.run(&format!("clock:stop() clock:locate({}) clock:start()", rows as f64 / 4.0));
        rig.skip(60 * ROW);
        let shift = (rows * ROW) as u64;
        let part: Vec<_> = rig.triggers.iter().map(|r| (r.frame + shift, r.pattern.clone(), r.row, r.why)).collect();
        let end = shift + (60 * ROW) as u64;
        let of_whole: Vec<_> = whole
            .triggers
            .iter()
            .filter(|r| (shift..end).contains(&r.frame))
            .map(|r| (r.frame, r.pattern.clone(), r.row, r.why))
            .collect();
        assert!(part.len() > 50);
        assert_eq!(part, of_whole, "from row {rows}");
    }
}

#[test]
fn a_looped_bar_with_a_ratio_still_varies_unless_cycles_go_by_position() {
    for (cycles, expected) in [("pass", vec![1, 5]), ("position", vec![])] {
        let mut rig = playing("pattern('beat', { steps = 16, rows = { { index = 2, ratio = '2:4' } } })");
        rig.run(&format!("clock:stop() pattern('beat'):cycles('{cycles}')"));
        rig.host_plays(0.0, 120.0);
        rig.host().loop_beats = Some((0.0, 4.0));
        rig.skip(96_000 * 8);
        let bars: Vec<u64> = rig.fired().iter().map(|(frame, _)| frame / 96_000).collect();
        assert_eq!(bars, expected, "{cycles}");
    }
}

#[test]
fn the_last_triggers_are_there_to_read_with_the_reasons() {
    let mut rig = playing(
        "pattern('beat', { steps = 4, rows = { { index = 2, volume = 0.5, note = 62 }, { chance = 0 }, { ratio = '2:2' }, '-' } })",
    );
    rig.skip(4 * ROW);
    let lua = rig.run(r#"local out = {}
        for _, hit in ipairs(history(4)) do out[#out + 1] = hit.frame .. " " .. hit.pattern .. " " .. hit.row .. " " .. hit.why end
        return table.concat(out, ", ")"#);
    assert_eq!(lua, ["0 beat 1 fired, 6000 beat 2 chance, 12000 beat 3 ratio, 18000 beat 4 rest"]);
    assert_eq!(
        rig.run("return history(4)[1].params.volume, history(4)[1].note, history(4)[1].beat, history()[1].module"),
        ["0.5", "62", "0", "kick"]
    );
    let seen = rig.snapshot();
    assert_eq!(seen.trigger_count, 4);
    assert_eq!(
        seen.triggers.iter().map(|r| r.why).collect::<Vec<_>>(),
        [Why::Fired, Why::Chance, Why::Ratio, Why::Rest]
    );
    assert!(!rig.eval("history(0)").unwrap_err().is_empty());
    rig.run("sampler('kick'):enable(false)");
    rig.forget();
    rig.skip(ROW);
    assert_eq!(rig.triggers[0].why, Why::Disabled);
}
