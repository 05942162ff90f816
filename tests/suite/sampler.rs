//! What a sampler plays, for how long, and how it ends.
//!
//! proves: S1 S2 S3 S4 S7 S8 S9 S10 S11 L15

use std::path::Path;
use std::sync::atomic::Ordering;

use tracklight::model::{Ask, Loading, ModuleKind, Param, ParamKind, Why};

use crate::rig::{Rig, Sound};

/// A rig with one sampler of `samples` (Lua) and what else is given.
fn sampler(samples: &str, rest: &str) -> Rig {
    Rig::with(&format!("sampler('kick', {{ samples = {{ {samples} }} }}) {rest}"))
}

fn sine(hz: f64, frames: usize) -> Vec<f32> {
    (0..frames).map(|i| (0.5 * (std::f64::consts::TAU * hz * i as f64 / 48_000.0).sin()) as f32).collect()
}

/// Number of voices that sound.
fn voices(rig: &Rig) -> u32 {
    rig.remote.meters.voices.load(Ordering::Relaxed)
}

fn last(sound: &Sound) -> u64 {
    *sound.onsets().last().expect("something sounds")
}

#[test]
fn samples_are_named_after_their_files_and_folders_and_globs_load_all() {
    let mut rig = Rig::new();
    for file in ["drums/Kick 01.wav", "drums/kick-01.wav", "drums/Snäre!!.wav", "drums/sub/hat.wav"] {
        rig.impulse(file, 8);
    }
    let names = |rig: &mut Rig, samples: &str| {
        rig.run(&format!("sampler('kick', {{ samples = {samples} }})"));
        let mut names: Vec<String> = rig.session().modules["kick"].samples().iter().map(|s| s.name.clone()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&mut rig, "'drums/Kick 01.wav'"), ["kick_01"]);
    assert_eq!(names(&mut rig, "'drums/'"), ["kick_01", "kick_01_2", "sn_re_"]);
    assert_eq!(names(&mut rig, "'drums/*01.wav'"), ["kick_01", "kick_01_2"]);
    assert_eq!(names(&mut rig, "{ boom = 'drums/Kick 01.wav', 'drums/sub/hat.wav' }"), ["boom", "hat"]);
    assert_eq!(rig.run("trigger('kick', 'hat') return sampler('kick').sample[2]:set('volume', 1) ~= nil"), ["true"]);
    rig.skip(64);
    assert_eq!((rig.triggers[0].module.as_str(), rig.triggers[0].why), ("kick", Why::Fired));
    let error = rig.eval("sampler('kick', { samples = 'nothing/' })").unwrap_err();
    assert!(error.contains("nothing/"), "{error}");
}

#[test]
fn every_audio_format_is_read_and_sounds() {
    let media = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/media");
    for file in ["tone.flac", "tone.aiff", "tone24.aiff", "both.mp3", "both.ogg", "both_aac.m4a", "tone_alac.m4a"] {
        let path = media.join(file).to_string_lossy().into_owned();
        let mut rig = Rig::with(&format!("sampler('kick', {{ samples = {path:?} }}) clock:start()"));
        let state = rig.snapshot().media[&path].clone();
        let Loading::Ready { frames, rate, channels } = state else { panic!("{file}: {state:?}") };
        assert!(frames > 100 && rate >= 8_000 && (1..=2).contains(&channels), "{file}: {frames} {rate} {channels}");
        rig.run("trigger('kick')");
        let sound = rig.render(9_600);
        assert!(sound.onsets().len() > 1_000, "{file} is heard");
        assert!(sound.main[0].iter().all(|s| s.abs() <= 1.5), "{file}");
    }
}

#[test]
fn the_same_file_again_is_refused_as_a_duplicate() {
    let mut rig = sampler("'click.wav'", "");
    let answer = rig.run("local r = exec('sample add kick click.wav') return r.success, r.error");
    assert_eq!(answer[0], "false");
    assert!(answer[1].contains("click.wav") && answer[1].contains("already"), "{answer:?}");
    assert_eq!(rig.session().modules["kick"].samples().len(), 1);
}

#[test]
fn every_parameter_is_kept_in_its_range_and_that_is_told() {
    let mut rig = sampler("'click.wav'", "");
    for param in Param::of(ModuleKind::MultiSampler) {
        let desc = param.desc();
        assert_eq!(rig.session().modules["kick"].value(param), desc.default, "{}", desc.name);
        if matches!(desc.kind, ParamKind::Choice(_) | ParamKind::Switch) {
            let error = rig.eval(&format!("setParam('kick', '{}', 'spin')", desc.name)).unwrap_err();
            assert!(
                error.contains(desc.name) && error.contains("spin") && error.contains(&param.show(desc.max)),
                "{error}"
            );
            continue;
        }
        for (asked, kept) in [(desc.max + 1.0, desc.max), (desc.min - 1.0, desc.min)] {
            let before = rig.notices().len();
            rig.run(&format!("setParam('kick', '{}', {asked})", desc.name));
            assert_eq!(rig.session().modules["kick"].value(param), kept, "{}", desc.name);
            let notices = rig.notices();
            let told = notices.last().expect("a notice");
            assert!(
                notices.len() > before.min(99) && told.contains(desc.name) && told.contains(&format!("{kept}")),
                "{told}"
            );
        }
        rig.run(&format!("param('kick.{}'):unset()", desc.name));
    }
}

#[test]
fn a_sample_has_values_of_its_own() {
    let mut rig = sampler("'saw.wav', 'tone.wav', 'click.wav'", "param('kick.sample[1].speed'):set(2)");
    assert_eq!(
        rig.run("getParam('kick.sample[1].speed'), getParam('kick.sample[2].speed'), getParam('kick', 'speed')")[0],
        "2"
    );
    let bank = rig.session().modules["kick"].samples().to_vec();
    assert_eq!(bank[0].params.get(&Param::SPEED), Some(&2.0));
    assert!(bank[1].params.is_empty() && bank[2].params.is_empty());
    rig.run("trigger('kick', 1)");
    assert_eq!(last(&rig.render(9_600)), 2_399, "4800 frames at double speed");
    rig.run("trigger('kick', 2)");
    assert_eq!(last(&rig.render(100_000)), 95_999);
    rig.run("sampler('kick').sample[1] { speed = 0.5, regionStart = 0.25 }");
    rig.run("trigger('kick', 1)");
    assert_eq!(last(&rig.render(9_600)), 7_199, "3600 frames at half speed");
    let error = rig.eval("param('kick.sample[4].speed'):set(2)").unwrap_err();
    assert!(error.contains('4') && error.contains('3'), "{error}");
}

#[test]
fn a_loop_lasts_exactly_its_region_over_its_speed() {
    for (speed, period) in [(1.0, 1_200), (2.0, 600), (0.5, 2_400), (-1.0, 1_200), (-3.0, 400)] {
        let mut rig = sampler(
            "'saw.wav'",
            &format!(
                "sampler('kick', {{ playStyle = 'LOOP', speed = {speed}, regionStart = 0.25, regionEnd = 0.5 }}) trigger('kick')"
            ),
        );
        let sound = rig.render(period * 50);
        assert_eq!(sound.main[0][period..2 * period], sound.main[0][49 * period..], "speed {speed}");
        assert!(sound.main[0][period..].iter().all(|s| (0.25..=0.5003).contains(s)), "inside the region");
    }
}

#[test]
fn a_grain_goes_round_and_next_goes_on_where_it_was() {
    let mut rig = sampler(
        "'saw.wav'",
        "sampler('kick', { playStyle = 'GRAIN', grainSize = 0.01, position = 0.5 }) trigger('kick')",
    );
    let sound = rig.render(4_800);
    assert_eq!(sound.main[0][480..960], sound.main[0][3_840..4_320]);
    assert!(sound.main[0][480..].iter().all(|s| (0.49..0.62).contains(s)));

    let mut rig = sampler("'saw.wav'", "sampler('kick', { playStyle = 'NEXT', releaseMs = 5 })");
    rig.run("clock:start() trigger('kick', { length = 0.08 })");
    // 0.08 beats are 1920 frames: 40 % of the file.
    rig.skip(4_800);
    rig.run("trigger('kick', { length = 0.08 })");
    let begins = rig.render(4_800).main[0][300];
    assert!((begins - 0.4 - 300.0 / 4_800.0).abs() < 0.06, "{begins}");
}

#[test]
fn nothing_outside_the_region_is_ever_heard() {
    let rig = Rig::new();
    let mut clip = vec![1.0; 4_000];
    clip[1_000..2_000].fill(0.0);
    rig.sample("hole.wav", &[clip]);
    let mut rig = rig;
    rig.run("sampler('kick', { samples = 'hole.wav', regionStart = 0.25, regionEnd = 0.5, grainSize = 0.004, position = 0.7 })");
    for style in ["ONCE", "LOOP", "GRAIN", "NEXT"] {
        for speed in ["1", "-1", "0.37", "-2.9", "4"] {
            rig.run(&format!("sampler('kick', {{ playStyle = '{style}', speed = {speed} }}) trigger('kick')"));
            assert!(rig.render(5_000).is_silent(), "{style} at {speed}");
            assert_eq!(rig.triggers.last().unwrap().why, Why::Fired);
            rig.run("panic()");
            rig.skip(480);
        }
    }
}

#[test]
fn the_17th_hit_takes_the_oldest_and_no_hit_is_lost() {
    let mut rig = sampler("'tone.wav'", "");
    for hit in 1..=17 {
        rig.run("trigger('kick')");
        rig.skip(64);
        assert_eq!(voices(&rig), hit);
    }
    rig.skip(480);
    assert_eq!(voices(&rig), 16, "the oldest has faded");
    assert_eq!(rig.fired().len(), 17);
    rig.run("sampler('kick', { voices = 3 }) trigger('kick')");
    rig.skip(480);
    assert_eq!(voices(&rig), 3);
    rig.run("sampler('kick', { voices = 256 }) for i = 1, 300 do trigger('kick') end");
    rig.skip(480);
    assert_eq!(voices(&rig), 256);
    assert_eq!(rig.fired().len(), 318);
}

#[test]
fn a_hat_never_cuts_a_kick() {
    let mut rig = sampler("'tone.wav', 'saw.wav'", "sampler('kick', { polyphonyMode = 'MONO' }) trigger('kick', 1)");
    rig.skip(4_800);
    rig.run("trigger('kick', 2)");
    rig.skip(1_000);
    assert_eq!(voices(&rig), 2, "MONO cuts within one sample");
    rig.run("trigger('kick', 2)");
    rig.skip(1_000);
    assert_eq!(voices(&rig), 2);
    rig.run("sampler('kick', { cut = 'SAMPLER' }) trigger('kick', 2)");
    rig.skip(1_000);
    assert_eq!(voices(&rig), 1, "unless the whole sampler is one voice");
    let mut poly = sampler("'tone.wav'", "trigger('kick') trigger('kick')");
    poly.skip(1_000);
    assert_eq!(voices(&poly), 2, "POLY layers");
}

#[test]
fn no_way_to_stop_clicks() {
    // The tone moves 0.5 · 2π · 100 / 48 000 = 0.0066 a frame, a fade over 5 ms adds 0.5 / 240 = 0.0021.
    let limit = 0.0095;
    for (name, act) in [
        ("hush", "hush()"),
        ("panic", "panic()"),
        ("remove", "remove('kick')"),
        ("switch off", "enable('kick', false)"),
        ("volume", "setParam('kick', 'volume', 0.3)"),
        ("pan", "setParam('kick', 'pan', 1)"),
        ("disconnect", "disconnect('kick', 'masterAudioOut')"),
        ("re-route", "audioMixer('mix', { volume = 0.2 }) connect('kick', 'mix')"),
        ("master", "audioOut { volume = 0 }"),
        ("steal", "sampler('kick', { voices = 1 }) trigger('kick', { volume = 0 })"),
        ("mono", "sampler('kick', { polyphonyMode = 'MONO' }) trigger('kick', { volume = 0 })"),
        ("choke", "sampler('hat', { samples = 'sine.wav', choke = 1, volume = 0 }) trigger('hat')"),
        ("samples", "sampler('kick', { samples = {} })"),
        ("unplugged sequencer", "remove('seq')"),
        ("stop", "clock:stop()"),
        ("locate", "clock:locate(1.5)"),
        ("rest", "pattern('beat'):set(4, '-')"),
        ("gate", "pattern('beat'):set(1, { index = 1, length = 3 })"),
    ] {
        let mut rig = Rig::new();
        rig.sample("sine.wav", &[sine(100.0, 96_000)]);
        rig.run(
            r#"sampler("kick", { samples = "sine.wav", choke = 1 }) sequencer("seq", { pattern = "beat", to = "kick" })
            pattern("beat", 64):set(1, 1) clock:start()"#,
        );
        let mut sound = rig.render(8_123);
        rig.run(act);
        sound.join(&rig.render(24_000));
        assert!(sound.roughness() < limit, "{name}: {}", sound.roughness());
    }
}

#[test]
fn a_start_at_the_first_frame_is_the_file_to_the_bit() {
    let rig = Rig::new();
    let noise: Vec<f32> = (0..3_000_u32).map(|i| (i.wrapping_mul(7_919) % 1_000) as f32 / 777.7 - 0.6).collect();
    let other: Vec<f32> = noise.iter().rev().copied().collect();
    rig.sample("noise.wav", &[noise.clone(), other.clone()]);
    let mut rig = rig;
    rig.run("sampler('kick', { samples = 'noise.wav' }) trigger('kick')");
    let sound = rig.render(3_000);
    assert_eq!((&sound.main[0][..2_500], &sound.main[1][..2_500]), (&noise[..2_500], &other[..2_500]));
}

#[test]
fn a_gate_releases_on_its_frame_and_an_old_gate_cuts_no_newer_voice() {
    let mut rig = sampler(
        "'tone.wav'",
        r#"sampler("kick", { polyphonyMode = "MONO", releaseMs = 5 })
        sequencer("seq", { pattern = "beat", to = "kick" })
        pattern("beat", { steps = 16, rows = { { index = 1, length = 4 }, [3] = 1, [9] = { index = 1, length = 1 } } }) clock:start()"#,
    );
    let sound = rig.render(10 * 6_000);
    let at = |frame: usize| sound.main[0][frame];
    assert!(
        at(4 * 6_000 + 100) == 0.5 && at(8 * 6_000 - 1) == 0.5,
        "row 1's gate ends at row 5, where row 3's voice sounds"
    );
    assert!(at(9 * 6_000) == 0.5 && at(9 * 6_000 + 1) < 0.5 && at(9 * 6_000 + 240) == 0.0);
    // The same by hand, in beats.
    let mut rig = sampler("'tone.wav'", "clock:start() trigger('kick', { length = '1/8' })");
    let sound = rig.render(20_000);
    assert!(sound.main[0][12_000] == 0.5 && sound.main[0][12_001] < 0.5 && last(&sound) < 12_480);
}

#[test]
fn a_once_is_silent_exactly_at_its_regions_end_both_ways() {
    for (set, frames) in [
        ("speed = 1", 96_000),
        ("speed = -1", 96_000),
        ("speed = 2.5", 38_400),
        ("speed = -4", 24_000),
        ("regionStart = 0.25, regionEnd = 0.5", 24_000),
        // From its last frame to its first are 23 999 frames of the region, at half speed.
        ("regionStart = 0.25, regionEnd = 0.5, speed = -0.5", 47_999),
    ] {
        let mut rig = sampler("'tone.wav'", &format!("sampler('kick', {{ {set} }}) trigger('kick')"));
        let sound = rig.render(100_000);
        assert_eq!(last(&sound) + 1, frames, "{set}");
        assert!(sound.main[0][1..].windows(2).all(|two| (two[1] - two[0]).abs() < 0.01), "{set}");
        assert_eq!(voices(&rig), 0);
    }
}

#[test]
fn cubic_stays_near_the_ideal_between_frames_and_sinc_nearer() {
    let error = |interpolation: &str, speed: f64| {
        let rig = Rig::new();
        rig.sample("sine.wav", &[sine(997.0, 96_000)]);
        let mut rig = rig;
        rig.run(&format!("sampler('kick', {{ samples = 'sine.wav', speed = {speed}, interpolation = '{interpolation}' }}) trigger('kick')"));
        let sound = rig.render(20_000);
        let ideal = |i: usize| 0.5 * (std::f64::consts::TAU * 997.0 * speed * i as f64 / 48_000.0).sin();
        (500..19_000).map(|i| (f64::from(sound.main[0][i]) - ideal(i)).abs()).fold(0.0, f64::max)
    };
    for speed in [0.37, 0.77, 1.31, 1.93] {
        let (cubic, sinc) = (error("CUBIC", speed), error("SINC", speed));
        assert!(cubic < 0.002, "48 dB below the tone at least: {cubic} at {speed}");
        assert!(sinc < cubic, "{sinc} and {cubic} at {speed}");
    }
}

/// Two seconds of tone under way, and a sequencer with a click on every row.
fn under_way() -> Rig {
    let mut rig = Rig::with(
        r#"
        sampler("pad", { samples = "tone.wav", playStyle = "LOOP", releaseMs = 5000 })
        sampler("hat", { samples = "click.wav" }) sequencer("seq", { pattern = "beat", to = "hat" })
        for row = 1, 16 do pattern("beat", 16):set(row, 1) end
        live("groove", function() clock:every("1/4", function() trigger("hat") end) end)
        clock:start() trigger("pad")"#,
    );
    rig.skip(30_000);
    rig.forget();
    rig
}

#[test]
fn hush_releases_in_50_ms_stops_what_plays_and_lets_the_transport_run() {
    let mut rig = under_way();
    rig.remote.asks.send(Ask::Hush).unwrap();
    let sound = rig.render(48_000);
    assert_eq!(rig.fired(), [], "sequencers, live chunks and what was scheduled are silent");
    let end = last(&sound);
    assert!((2_200..=2_464).contains(&end), "{end}");
    assert!(sound.roughness() < 0.01);
    assert!(rig.snapshot().hushed && rig.snapshot().playing);
    assert_eq!(rig.run("clock:isPlaying()"), ["true"]);
    rig.run("setParam('hat', 'volume', 0.5)");
    rig.skip(12_000);
    assert!(!rig.snapshot().hushed && !rig.fired().is_empty(), "the next evaluation plays again");
}

#[test]
fn panic_cuts_all_sound_in_5_ms() {
    let mut rig = under_way();
    rig.remote.asks.send(Ask::Panic).unwrap();
    let sound = rig.render(24_000);
    let end = last(&sound);
    assert!(end <= 304, "5 ms and the block they are asked in: {end}");
    assert!(rig.snapshot().playing);
}

#[test]
fn a_second_hush_within_two_seconds_is_panic() {
    let mut rig = under_way();
    rig.remote.asks.send(Ask::Hush).unwrap();
    rig.skip(640);
    rig.remote.asks.send(Ask::Hush).unwrap();
    let end = last(&rig.render(4_800));
    assert!(end <= 304, "{end}");
}
