//! The plug-in as a CLAP host sees it, through the statically linked entry.
//!
//! proves: H2 H3 H4 H7 H12 H17 H18

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tracklight::audio::HostTransport;
use tracklight_host::{Event, Instance, Presence, Status, TailLength, param_id};

use crate::clock::Oracle;
use crate::host_rig::{EFFECT, INSTRUMENT, Plug, Setup, onsets, opening, source};

/// A click on every sixteenth.
const STEADY: &str = r#"sampler("hat", { samples = "click.wav" }) sequencer("seq", { pattern = "beat", to = "hat" })
for row = 1, 16 do pattern("beat", 16):set(row, 1) end"#;

/// A tone that goes on.
const TONE: &str = "sampler('pad', { samples = 'tone.wav', playStyle = 'LOOP' }) trigger('pad')";

#[test]
fn a_clap_host_finds_the_effect_and_the_instrument_and_each_plays_and_saves() {
    let listed = source().plugins().unwrap();
    assert_eq!(listed.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), [EFFECT, INSTRUMENT]);
    assert!(
        listed[0].features.contains(&"audio-effect".to_owned())
            && listed[1].features.contains(&"instrument".to_owned())
    );
    assert!(listed.iter().all(|p| p.features.contains(&"sampler".to_owned()) && !p.version.is_empty()));
    for id in [EFFECT, INSTRUMENT] {
        let mut plug = Plug::new(&Setup { id, ..Setup::default() }, TONE);
        assert_eq!(plug.render(256, &[64])[255], 0.5, "{id}");
        assert!(plug.instance.save_state().unwrap().len() > 100);
        plug.assert_clean();
    }
}

#[test]
fn a_sampler_on_aux_3_is_heard_there_and_not_on_main() {
    let mut plug = Plug::new(&Setup::default(), &format!("{TONE} connect('pad', 'aux3')"));
    plug.block(512, &[]);
    for port in 0..9 {
        let expected = if port == 3 { 0.5 } else { 0.0 };
        assert!(plug.block.port(port).all(|channel| channel[511] == expected), "port {port}");
    }
    plug.assert_clean();
}

#[test]
fn a_host_that_leaves_buses_out_or_null_still_hears_main() {
    for (what, ports) in [
        ("main only", (|l| l.with_inputs(1).with_outputs(1)) as fn(tracklight_host::Layout) -> tracklight_host::Layout),
        ("no inputs", |l| l.with_inputs(0)),
        ("three outputs", |l| l.with_outputs(3)),
        ("null auxiliaries", |mut l| {
            l.outputs[1..].iter_mut().for_each(|port| port.presence = Presence::Null);
            l
        }),
        ("null inputs", |mut l| {
            l.inputs.iter_mut().for_each(|port| port.presence = Presence::Null);
            l
        }),
        ("in place", |mut l| {
            l.in_place = true;
            l
        }),
    ] {
        let mut plug = Plug::new(
            &Setup { ports, ..Setup::default() },
            &format!("{TONE} audioMixer('m') connect('pad', 'm') connect('m', 'masterAudioOut') connect('m', 'aux3')"),
        );
        for frames in [64, 1, 333] {
            assert_eq!(*plug.block(frames, &[(0, Event::param("m01", 0.5))]).last().unwrap(), 0.5, "{what}");
        }
        plug.assert_clean();
    }
}

#[test]
fn the_input_passes_and_the_sidechain_can_be_heard() {
    let mut plug = Plug::new(&Setup::default(), "connect('sidechain', 'aux1')");
    plug.render(2_048, &[512]);
    plug.block.begin(64);
    plug.block.input_mut(0, 0).fill(0.25);
    plug.block.input_mut(1, 1).fill(0.75);
    plug.instance.process(&mut plug.block).unwrap();
    assert_eq!(
        (plug.block.output(0, 0)[63], plug.block.output(1, 1)[63], plug.block.output(0, 1)[63]),
        (0.25, 0.75, 0.0)
    );
}

#[test]
fn steps_land_on_the_hosts_beats_through_ramp_loop_and_locate() {
    for sizes in [&[64_usize][..], &[1024, 37, 512, 1], &[4096]] {
        let mut plug = Plug::new(&Setup::default(), STEADY).playing(48_000.0, 120.0);
        let mut oracle = Oracle::new(48_000.0);
        let mut sound = vec![];
        let mut turn = 0;
        while sound.len() < 400_000 {
            let done = sound.len();
            let timeline = plug.timeline.as_mut().unwrap();
            // A ramp from 120 to 140, then a loop of two beats, then a locate.
            if done < 150_000 {
                timeline.set_tempo(120.0 + 20.0 * done as f64 / 150_000.0);
            } else if done < 300_000 {
                let start = (timeline.beat() - 0.5).floor();
                if timeline.transport().loop_beats.is_none() {
                    timeline.set_loop(Some((start, start + 2.0)));
                }
            } else if timeline.transport().loop_beats.is_some() {
                timeline.set_loop(None);
                timeline.locate(32.3);
            }
            let now = timeline.transport();
            let size = sizes[turn % sizes.len()];
            turn += 1;
            let host = HostTransport {
                playing: true,
                tempo: now.tempo,
                beat: now.beat,
                signature: now.signature,
                loop_beats: now.loop_beats,
            };
            oracle.block(done as u64, size, &host);
            sound.extend(plug.block(size, &[]));
        }
        let expected: Vec<u64> = oracle.expected.into_iter().filter(|frame| *frame < sound.len() as u64).collect();
        assert!(expected.len() > 60);
        assert_eq!(onsets(&sound), expected, "blocks {sizes:?}");
        plug.assert_clean();
    }
}

#[test]
fn a_host_without_transport_lets_the_internal_clock_run() {
    let mut plug = Plug::new(&Setup::default(), STEADY);
    assert!(onsets(&plug.render(9_600, &[64])).is_empty());
    assert_eq!(plug.run("clock:start()"), ["true"]);
    assert_eq!(onsets(&plug.render(24_000, &[64])), [0, 6_000, 12_000, 18_000]);
    plug.assert_clean();
}

#[test]
fn the_internal_source_plays_beside_a_host_that_stands() {
    let mut plug = Plug::new(&Setup::default(), &format!("{STEADY} clock:setSource('internal')"));
    plug.timeline = Some(tracklight_host::Timeline::new(48_000.0, 90.0));
    plug.render(64, &[64]);
    plug.run("clock:start()");
    assert_eq!(onsets(&plug.render(12_000, &[64])), [0, 6_000]);
}

#[test]
fn a_macro_ramp_at_frame_37_is_heard_from_frame_37() {
    let mut plug = Plug::new(
        &Setup::default(),
        &format!("{TONE} macro(1):map('masterAudioOut.masterVolume', {{ min = 1, max = 0 }})"),
    );
    plug.render(1_024, &[64]);
    let ramp: Vec<(usize, Event)> =
        (37..64).map(|frame| (frame, Event::param("m01", (frame - 36) as f64 / 27.0))).collect();
    let sound = plug.block(64, &ramp);
    assert!(sound[..37].iter().all(|s| *s == 0.5), "{sound:?}");
    assert!(sound[38] < 0.5 && sound[37..].windows(2).all(|two| two[1] <= two[0]), "{sound:?}");
    let master = plug.block(64, &[(11, Event::param("master", 0.5))]);
    assert!(master[11] < master[10]);
    plug.assert_clean();
}

#[test]
fn parameter_ids_are_the_same_for_ever() {
    let mut instance = Instance::open(&source(), EFFECT).unwrap();
    let found: BTreeSet<u32> = instance.params().iter().map(|p| p.id).collect();
    let names =
        (1..=64).map(|n| format!("m{n:02}")).chain(["bypass", "master", "opacity", "hush", "exact"].map(str::to_owned));
    assert_eq!(found, names.map(|name| param_id(&name)).collect());
    // What saved projects hold: these numbers may never change.
    assert_eq!(
        [param_id("m01"), param_id("m64"), param_id("bypass"), param_id("master")],
        [106_286, 106_475, 773_352_680, 1_066_216_034]
    );
}

#[test]
fn a_session_is_saved_loaded_and_saved_again_byte_for_byte() {
    let script = format!(
        "{STEADY} pattern('beat'):set(3, {{ chance = 33, ratio = '1:3', volume = 0.1 }}) macro(7):map('hat.speed', {{ min = 0.1, max = 3 }}) chain('song', {{ 'beat' }}) live('x', function() clock:every(1, function() end) end)"
    );
    let mut one = Plug::new(&Setup::default(), &script);
    one.block(64, &[(0, Event::param("m07", 0.123_456_789)), (3, Event::param("master", 0.7))]);
    let saved = one.instance.save_state().unwrap();
    let mut other = Plug::new(&Setup { id: INSTRUMENT, ..Setup::default() }, "sampler('gone')");
    for piece in [usize::MAX, 1, 7] {
        {
            let _mine = opening();
            other.instance.load_state_in_pieces(&saved, piece).unwrap();
        }
        other.settle();
        assert_eq!(other.instance.save_state().unwrap(), saved);
    }
    assert_eq!(other.session(), one.session());
    assert_eq!(
        other.instance.param_value(param_id("m07")).unwrap(),
        one.instance.param_value(param_id("m07")).unwrap()
    );
    let sound = other.playing(48_000.0, 120.0).render(48_000, &[512]);
    assert!(!onsets(&sound).is_empty(), "what was loaded plays");
}

#[test]
fn a_state_is_there_at_once_after_a_load_without_audio() {
    let mut one = Plug::new(&Setup::default(), STEADY);
    let saved = one.instance.save_state().unwrap();
    let _mine = opening();
    let mut other = Instance::open(&source(), EFFECT).unwrap();
    other.load_state(&saved).unwrap();
    assert_eq!(other.save_state().unwrap(), saved);
}

#[test]
fn a_broken_state_is_refused_and_the_running_session_stays() {
    let mut plug = Plug::new(&Setup::default(), &format!("{STEADY} macro(2):map('hat.volume')"));
    let mut good = plug.instance.save_state().unwrap();
    let before = plug.session();
    let text = String::from_utf8(good[8..].to_vec()).expect("eight bytes of length, then JSON");
    let mut broken: Vec<Vec<u8>> = (0..40).map(|part| good[..good.len() * part / 40].to_vec()).collect();
    let with = |from: &str, to: &str| {
        assert!(text.contains(from), "{from} is in {text}");
        let body = text.replace(from, to).into_bytes();
        let mut bytes = (body.len() as u64).to_le_bytes().to_vec();
        bytes.extend(body);
        bytes
    };
    broken.push(with("MultiSampler", "MultiRocket"));
    broken.push(with("\\\"bpm\\\":120", "\\\"bpm\\\":1e9"));
    broken.push(with("\"session\"", "\"sessions\""));
    broken.push(with("\\\"pattern\\\":\\\"beat\\\"", "\\\"pattern\\\":\\\"gone\\\""));
    broken.push(b"not a state at all".to_vec());
    broken.push(vec![0xFF; 4_096]);
    for (number, bytes) in broken.iter().enumerate() {
        // The host may hear success: the framework knows no other answer for some of these.
        let _ = plug.instance.load_state(bytes);
        plug.settle();
        assert_eq!(plug.session(), before, "broken state {number}");
        plug.render(128, &[64]);
    }
    let notices: Vec<String> = plug.remote.now().notices.iter().map(|n| n.text.to_string()).collect();
    assert!(notices.iter().any(|n| n.contains("refused")), "{notices:?}");
    // Flipped bytes: whatever they make, it is a session or the one before, never the end.
    for at in (0..good.len()).step_by(good.len() / 60 + 1) {
        good[at] ^= 0x15;
        let _ = plug.instance.load_state(&good);
        good[at] ^= 0x15;
        plug.settle();
        let now = plug.session();
        assert_eq!(tracklight::model::Session::from_json(&now.to_json()).unwrap(), now);
        plug.render(64, &[64]);
    }
    plug.instance.load_state(&good).unwrap();
    plug.settle();
    assert_eq!(plug.session(), before);
    plug.assert_clean();
}

fn our_threads() -> BTreeSet<String> {
    std::fs::read_dir("/proc/self/task")
        .map(|tasks| {
            tasks
                .flatten()
                .filter(|task| {
                    std::fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.starts_with("tracklight"))
                })
                .map(|task| task.file_name().to_string_lossy().into_owned())
                .collect()
        })
        .unwrap_or_default()
}

#[cfg(target_os = "linux")]
#[test]
fn a_scan_is_quick_and_starts_no_thread_of_ours() {
    let _mine = opening();
    let before = our_threads();
    let mut quickest = Duration::MAX;
    let mut kept = vec![];
    for _ in 0..10 {
        let begin = Instant::now();
        source().plugins().unwrap();
        let mut instance = Instance::open(&source(), EFFECT).unwrap();
        assert_eq!(instance.params().len(), 69);
        quickest = quickest.min(begin.elapsed());
        instance.save_state().unwrap();
        kept.push(instance);
    }
    assert!(quickest < Duration::from_millis(100), "{quickest:?}");
    assert!(our_threads().is_subset(&before), "before activate there is no thread of ours");
    kept[0].activate(48_000.0, 1, 64).unwrap();
    assert!(our_threads().difference(&before).count() >= 4, "and then there are");
}

#[test]
fn latency_tail_and_status_are_told() {
    let mut plug = Plug::new(&Setup::default(), TONE);
    assert_eq!(plug.instance.latency(), 0);
    plug.block.begin(64);
    assert_eq!(plug.instance.process(&mut plug.block).unwrap(), Status::Continue);
    assert!(!matches!(plug.instance.tail().unwrap(), TailLength::Finite(n) if n > 48_000));
    plug.run("panic()");
    plug.render(9_600, &[512]);
    plug.block.begin(64);
    assert_ne!(plug.instance.process(&mut plug.block).unwrap(), Status::Sleep, "a tracker may begin at any block");
}

#[test]
fn bypass_lets_the_input_through_and_what_sounded_ring_out() {
    let mut plug = Plug::new(
        &Setup::default(),
        "sampler('pad', { samples = 'tone.wav', playStyle = 'LOOP', releaseMs = 100 }) trigger('pad')",
    );
    plug.render(512, &[64]);
    let first = plug.block(64, &[(0, Event::param("bypass", 1.0))]);
    assert!(first[63] > 0.4 && first[63] < 0.5, "it rings out: {}", first[63]);
    plug.render(9_600, &[64]);
    plug.run("trigger('pad')");
    plug.block.begin(64);
    plug.block.input_mut(0, 0).fill(0.25);
    plug.instance.process(&mut plug.block).unwrap();
    assert!(plug.block.output(0, 0).iter().all(|s| *s == 0.25), "the input alone");
    plug.assert_clean();
}

#[test]
fn the_hush_parameter_silences_with_lua_hung() {
    let mut plug = Plug::new(&Setup::default(), TONE);
    plug.render(512, &[64]);
    plug.remote.calls.eval("test", 1, "while true do end", tracklight::model::When::Now, false).unwrap();
    let sound = {
        let mut sound = plug.block(64, &[(5, Event::param("hush", 1.0))]);
        sound.extend(plug.render(4_800, &[64]));
        sound
    };
    let last = *onsets(&sound).last().unwrap();
    assert!((2_300..2_470).contains(&last), "{last}");
    plug.assert_clean();
}

#[test]
fn every_rate_and_every_block_size_plays_on_its_frames() {
    for rate in [22_050.0, 44_100.0, 48_000.0, 88_200.0, 96_000.0, 192_000.0] {
        let mut plug = Plug::new(&Setup { rate, most: 8_192, ..Setup::default() }, STEADY).playing(rate, 126.3);
        let sound = plug.render(rate as usize, &[1, 8_192, 37, 2_000, 13, 441, 1_025, 4_097]);
        let exact = |step: u32| (f64::from(step) * 15.0 * rate / 126.3 + 0.5).floor() as u64;
        let expected: Vec<u64> = (0..).map(exact).take_while(|frame| *frame < rate as u64).collect();
        assert_eq!(onsets(&sound), expected, "{rate} Hz");
        plug.assert_clean();
    }
}

#[test]
fn the_same_bounce_is_the_same_bits_and_callbacks_are_exact_in_it() {
    let script = r#"sampler("hat", { samples = "click.wav" }) sampler("pad", { samples = "tone.wav" })
        sequencer("seq", { pattern = "beat", to = "pad" }) pattern("beat", 16):set(3, { chance = 50 }):set(9, { volume = 0.3, speed = 1.7 })
        live("groove", function() clock:every("1/8", function(beat) trigger("hat", { volume = 0.5 + beat % 4 / 8 }) end) end)"#;
    let bounce = |sizes: &[usize]| {
        let mut plug = Plug::new(&Setup { offline: true, ..Setup::default() }, script).playing(48_000.0, 130.0);
        plug.render(200_000, sizes)
    };
    let first = bounce(&[512]);
    assert_eq!(first, bounce(&[512]));
    assert_eq!(first, bounce(&[64, 4_096, 37]));
    // Every eighth of the callback jumps up by at least 0.4 on its frame.
    for step in 0..18_u32 {
        let frame = (f64::from(step) * 0.5 * 60.0 * 48_000.0 / 130.0 + 0.5).floor() as usize;
        let before = if frame == 0 { 0.0 } else { first[frame - 1] };
        assert!(first[frame] - before > 0.4, "eighth {step} at frame {frame}: {before} {}", first[frame]);
    }
}

#[test]
fn a_note_at_frame_12_starts_a_voice_at_frame_12() {
    for id in [EFFECT, INSTRUMENT] {
        let mut plug = Plug::new(
            &Setup { id, ..Setup::default() },
            "sampler('pad', { samples = 'tone.wav', velocityVolume = 1 })",
        );
        plug.render(64, &[64]);
        let sound = plug.block(64, &[(12, Event::note_on(60, 0.5)), (40, Event::midi([0x90, 72, 127]))]);
        assert_eq!((sound[11], sound[12], sound[39]), (0.0, 0.25, 0.25));
        assert_eq!(sound[40], 0.75);
        plug.assert_clean();
    }
}

#[test]
fn two_instances_play_their_own_songs() {
    let mut one = Plug::new(&Setup::default(), STEADY).playing(48_000.0, 120.0);
    let mut other = Plug::new(
        &Setup::default(),
        "sampler('pad', { samples = 'tone.wav', playStyle = 'LOOP', volume = 0.25 }) trigger('pad')",
    );
    let (a, b) = (one.render(12_000, &[64]), other.render(12_000, &[64]));
    assert_eq!(onsets(&a), [0, 6_000]);
    assert!(b.iter().all(|s| *s == 0.125));
    one.run("remove('hat')");
    assert!(other.session().modules.contains_key("pad") && !other.session().modules.contains_key("hat"));
    drop(one);
    assert!(other.render(1_000, &[64]).iter().all(|s| *s == 0.125));
    assert_eq!(other.run("1 + 1"), ["2"]);
}

#[test]
fn instances_go_in_any_order() {
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut plugs: Vec<Option<Plug>> = (0..3)
            .map(|n| {
                let mut plug = Plug::new(&Setup { id: [EFFECT, INSTRUMENT][n % 2], ..Setup::default() }, TONE);
                plug.render(256, &[64]);
                match n {
                    1 => plug.instance.deactivate().unwrap(),
                    2 => plug.instance.stop().unwrap(),
                    _ => {}
                }
                Some(plug)
            })
            .collect();
        for place in order {
            plugs[place] = None;
            for plug in plugs.iter_mut().flatten() {
                assert_eq!(plug.run("1 + 1"), ["2"], "order {order:?}");
            }
        }
    }
    assert_eq!(tracklight_host::leaked_instances(), 0);
}

#[test]
fn two_hundred_instances_come_and_go_under_automation() {
    for round in 0..200_u32 {
        let _mine = opening();
        let mut instance = Instance::open(&source(), [EFFECT, INSTRUMENT][round as usize % 2]).unwrap();
        if round % 5 == 4 {
            continue;
        }
        instance.activate(48_000.0, 1, 256).unwrap();
        instance.start_processing().unwrap();
        let mut block = tracklight_host::Block::new(instance.layout(), 256);
        for turn in 0..3 {
            block.begin(256);
            for number in 1..=64 {
                let frame = (number * 3 + turn) % 256;
                block.at(frame, Event::param(&format!("m{number:02}"), f64::from(round % 7) / 7.0));
            }
            instance.process(&mut block).unwrap();
        }
        match round % 3 {
            0 => instance.deactivate().unwrap(),
            1 => drop(instance.idle()),
            _ => {}
        }
    }
}
