//! The host tried on a very small plug-in: events on their frame, buses, state, life cycle, measuring.
#![allow(clippy::unwrap_used)]

#[path = "../examples/small_gain.rs"]
mod small_gain;

use std::path::PathBuf;
use tracklight_host::*;

const ID: &str = "org.tracklight.small-gain";
const LINKED: Source = Source::Static(&small_gain::clap_entry);

fn playing(max_frames: u32) -> Instance {
    let mut instance = Instance::open(&LINKED, ID).unwrap();
    instance.activate(48_000.0, 1, max_frames).unwrap();
    instance.start_processing().unwrap();
    instance
}

/// One block in which both channels of the main input are 1.
fn ones(instance: &mut Instance, frames: usize) -> Block {
    let mut block = Block::new(instance.layout(), frames);
    block.begin(frames);
    for channel in 0..2 {
        block.input_mut(0, channel).fill(1.0);
    }
    block
}

#[test]
fn the_entry_lists_its_plugins() {
    let plugins = LINKED.plugins().unwrap();
    assert_eq!(plugins.len(), 1);
    assert_eq!(plugins[0].id, ID);
    assert_eq!((plugins[0].name.as_str(), plugins[0].version.as_str()), ("Small gain", "1.2.3"));
    assert_eq!(plugins[0].features, ["audio-effect", "utility"]);
}

#[test]
fn an_unknown_id_is_told_with_the_known_ones() {
    let error = Instance::open(&LINKED, "org.nobody").err().unwrap().to_string();
    assert!(error.contains("org.nobody") && error.contains(ID), "{error}");
    assert!(Instance::open(&Source::Disk("no/such.clap".into()), ID).is_err());
}

#[test]
fn ports_are_listed_as_declared() {
    let mut instance = Instance::open(&LINKED, ID).unwrap();
    let ports = instance.ports();
    assert_eq!(ports.audio_in.iter().map(|p| p.channels).collect::<Vec<_>>(), [2, 2]);
    assert_eq!(ports.audio_out.len(), 9);
    assert!(ports.audio_out[0].is_main && !ports.audio_out[1].is_main);
    assert_eq!((ports.notes_in.len(), ports.notes_out.len()), (1, 0));
    assert!(ports.notes_in[0].clap);
}

#[test]
fn a_parameter_event_counts_from_its_frame_on() {
    let mut instance = playing(64);
    let mut block = ones(&mut instance, 64);
    // nice-plug's host range is 0-1 for a plain 0-2.
    block.at(37, Event::param("gain", 0.25));
    instance.process(&mut block).unwrap();
    for channel in block.port(0) {
        assert_eq!((channel[36], channel[37]), (1.0, 0.5));
        assert!(channel[..37].iter().all(|s| *s == 1.0) && channel[37..].iter().all(|s| *s == 0.5));
    }
    assert_eq!(block.written_past_end(), None);
}

#[test]
fn events_given_out_of_order_arrive_in_order_and_equal_frames_keep_theirs() {
    let mut instance = playing(64);
    let mut block = ones(&mut instance, 64);
    block.at(40, Event::param("gain", 0.0));
    block.at(10, Event::param("gain", 0.1)).at(10, Event::param("gain", 1.0));
    instance.process(&mut block).unwrap();
    let left = block.output(0, 0);
    assert_eq!((left[9], left[10], left[39], left[40]), (1.0, 2.0, 2.0, 0.0));
}

#[test]
fn notes_expressions_and_midi_arrive_on_their_frames() {
    let mut instance = playing(64);
    let mut block = ones(&mut instance, 64);
    let pan = Event::NoteExpression { note: Note::key(60), kind: Expression::Pan, value: 1.0 };
    block.at(3, Event::note_on(60, 0.75)).at(5, pan).at(8, Event::note_off(60));
    block.at(20, Event::note_choke(60)).at(30, Event::midi([0xB0, 74, 127]));
    instance.process(&mut block).unwrap();
    let only = |out: usize, expected: &[(usize, f32)]| {
        let found: Vec<_> = block.output(out, 0).iter().copied().enumerate().filter(|(_, s)| *s != 0.0).collect();
        assert_eq!(found, expected, "output {out}");
    };
    only(1, &[(3, 0.75)]);
    only(5, &[(8, -0.5), (20, -1.0)]);
    only(4, &[(30, 1.0)]);
    only(6, &[(5, 1.0)]);
}

#[test]
fn the_transport_is_what_the_block_says_or_nothing() {
    let mut instance = playing(64);
    let mut block = ones(&mut instance, 64);
    instance.process(&mut block).unwrap();
    assert_eq!(block.output(2, 0)[..2], [-1000.0, -1000.0]);
    block.transport = Some(Transport::playing_at(2.5, 133.0));
    instance.process(&mut block).unwrap();
    assert_eq!(block.output(2, 0)[..2], [2.5, 133.0]);
    block.transport = Some(Transport { tempo: None, ..Transport::playing_at(-0.5, 133.0) });
    instance.process(&mut block).unwrap();
    assert_eq!(block.output(2, 0)[..2], [-0.5, -1000.0]);
}

#[test]
fn odd_block_sizes_add_up_to_the_same_sound() {
    let render = |sizes: BlockSizes| {
        let mut instance = playing(sizes.longest() as u32);
        let mut block = Block::new(instance.layout(), sizes.longest());
        let (mut sound, mut at) = (Vec::new(), 0);
        for frames in sizes.covering(1000) {
            block.begin(frames);
            for (index, sample) in block.input_mut(0, 0).iter_mut().enumerate() {
                *sample = (at + index) as f32;
            }
            for point in [1_usize, 37, 500, 998] {
                if (at..at + frames).contains(&point) {
                    block.at(point - at, Event::param("gain", point as f64 / 1000.0));
                }
            }
            instance.process(&mut block).unwrap();
            assert_eq!(block.written_past_end(), None);
            sound.extend_from_slice(block.output(0, 0));
            at += frames;
        }
        sound
    };
    let whole = render(BlockSizes::fixed(1000));
    assert_eq!(whole[998], 998.0 * 2.0 * 0.998);
    assert_eq!(whole, render(BlockSizes::fixed(1)));
    assert_eq!(whole, render(BlockSizes::fixed(37)));
    assert_eq!(whole, render(BlockSizes::random(97, 5)));
}

#[test]
fn a_sidechain_is_added_and_may_be_missing_silent_or_without_memory() {
    let mut instance = playing(16);
    let full = instance.layout();
    let mut shapes = vec![(full.clone(), 4.0), (full.clone().with_inputs(1), 1.0)];
    for presence in [Presence::Silent, Presence::Null] {
        let mut layout = full.clone();
        layout.inputs[1].presence = presence;
        shapes.push((layout, 1.0));
    }
    for (layout, expected) in shapes {
        for in_place in [false, true] {
            let mut block = Block::new(Layout { in_place, ..layout.clone() }, 16);
            block.begin(9).input_mut(0, 1).fill(1.0);
            if layout.inputs.len() > 1 {
                block.input_mut(1, 1).fill(3.0);
            }
            instance.process(&mut block).unwrap();
            assert_eq!(block.output(0, 1), [expected; 9], "{layout:?}, in place: {in_place}");
            assert_eq!(block.output(0, 0), [0.0; 9]);
            assert_eq!(block.input_mut(0, 1), [1.0; 9], "the input is the test's to keep");
            assert_eq!(block.written_past_end(), None);
        }
    }
}

#[test]
fn a_frame_that_no_plugin_wrote_shows() {
    let mut instance = playing(16);
    let mut layout = instance.layout();
    layout.outputs[4].presence = Presence::Null;
    let mut block = Block::new(layout, 16);
    instance.process(&mut block).unwrap();
    assert!(block.port(4).flatten().all(|s| s.is_nan()));
    let mut block = Block::new(instance.layout(), 16);
    instance.process(&mut block).unwrap();
    assert!((0..9).flat_map(|port| block.port(port)).flatten().all(|s| s.is_finite()));
}

#[test]
fn with_an_output_missing_the_wrapper_passes_the_input_on_and_skips_the_plugin() {
    // A fact about nice-plug, pinned: when it goes, the README has to change.
    let mut instance = playing(16);
    let mut block = Block::new(instance.layout().with_outputs(8), 16);
    block.begin(16).at(0, Event::param("gain", 0.0));
    block.input_mut(0, 0).fill(1.0);
    block.input_mut(1, 0).fill(3.0);
    instance.process(&mut block).unwrap();
    assert_eq!(block.output(0, 0), [1.0; 16]);
    assert!((1..8).flat_map(|port| block.port(port)).flatten().all(|s| *s == 0.0));
}

#[test]
fn a_state_goes_there_and_back_also_in_small_pieces() {
    let mut first = Instance::open(&LINKED, ID).unwrap();
    assert_eq!(first.flush(&[Event::param("gain", 0.75)]).unwrap(), []);
    let state = first.save_state().unwrap();
    for piece in [usize::MAX, 7, 1] {
        let mut second = Instance::open(&LINKED, ID).unwrap();
        assert_eq!(second.param_value(param_id("gain")).unwrap(), 0.5);
        second.load_state_in_pieces(&state, piece).unwrap();
        assert_eq!(second.param_value(param_id("gain")).unwrap(), 0.75, "pieces of {piece}");
        assert_eq!(second.save_state().unwrap(), state);
    }
    assert!(first.load_state(&state[..state.len() / 2]).is_err());
    assert_eq!(first.param_value(param_id("gain")).unwrap(), 0.75);
}

#[test]
fn parameters_tell_their_range_and_their_text() {
    let mut instance = Instance::open(&LINKED, ID).unwrap();
    assert_eq!(instance.param_count(), 3);
    let gain = instance.param("gain").unwrap();
    assert_eq!((gain.name.as_str(), gain.min, gain.max, gain.default), ("Gain", 0.0, 1.0, 0.5));
    assert!(gain.automatable && !gain.stepped);
    assert!(instance.param("leak").unwrap().stepped);
    assert!(instance.param("nothing").is_err());
    assert!(instance.param_value(1).is_err());
    let text = instance.param_text(gain.id, 0.75).unwrap();
    assert_eq!(instance.param_from_text(gain.id, &text).unwrap(), 0.75, "{text}");
}

#[test]
fn two_instances_keep_apart_and_drop_in_every_order() {
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut instances: Vec<_> = (0..3).map(|_| Some(playing(32))).collect();
        for (index, instance) in instances.iter_mut().flatten().enumerate() {
            let mut block = ones(instance, 32);
            block.at(0, Event::param("gain", index as f64 / 2.0));
            instance.process(&mut block).unwrap();
            assert_eq!(block.output(0, 0), [index as f32; 32]);
        }
        for (dropped, index) in order.into_iter().enumerate() {
            instances[index] = None;
            for (index, instance) in instances.iter_mut().enumerate().filter_map(|(i, x)| Some((i, x.as_mut()?))) {
                let mut block = ones(instance, 32);
                instance.process(&mut block).unwrap();
                assert_eq!(block.output(0, 0), [index as f32; 32], "{order:?} after {dropped}");
            }
        }
    }
    assert_eq!(leaked_instances(), 0);
}

#[test]
fn an_instance_stops_and_starts_at_another_rate_and_refuses_steps_out_of_order() {
    let mut instance = Instance::open(&LINKED, ID).unwrap();
    assert!(instance.start_processing().is_err() && instance.deactivate().is_err());
    assert!(instance.activate(48_000.0, 0, 64).is_err() && instance.activate(f64::NAN, 1, 64).is_err());
    instance.activate(48_000.0, 1, 64).unwrap();
    assert!(instance.activate(48_000.0, 1, 64).is_err());
    let mut block = ones(&mut instance, 64);
    assert!(instance.process(&mut block).is_err(), "not started");
    instance.start_processing().unwrap();
    assert!(instance.start_processing().is_err());
    instance.process(&mut block).unwrap();
    instance.reset().unwrap();
    assert_eq!(instance.tail().unwrap(), TailLength::Finite(480));
    instance.stop().unwrap();
    instance.start_processing().unwrap();
    instance.deactivate().unwrap();
    instance.activate(192_000.0, 1, 32).unwrap();
    instance.start_processing().unwrap();
    let error = instance.process(&mut block).err().unwrap().to_string();
    assert!(error.contains("64") && error.contains("1 to 32"), "{error}");
    block.begin(32);
    block.at(32, Event::note_on(60, 1.0));
    assert!(instance.process(&mut block).is_err(), "the event is behind the end");
    block.begin(0);
    assert!(instance.process(&mut block).is_err());
    block.begin(32);
    instance.process(&mut block).unwrap();
}

#[test]
fn offline_is_known_at_activate_and_asks_for_a_restart_later() {
    let mut instance = Instance::open(&LINKED, ID).unwrap();
    instance.set_offline(true).unwrap();
    instance.activate(48_000.0, 1, 16).unwrap();
    instance.start_processing().unwrap();
    let mut block = ones(&mut instance, 16);
    instance.process(&mut block).unwrap();
    assert_eq!(block.output(3, 0), [1.0; 16]);
    let requests = instance.requests();
    let before = requests.restarts();
    instance.set_offline(false).unwrap();
    assert_eq!(requests.restarts(), before + 1);
    instance.restart().unwrap();
    instance.process(&mut block).unwrap();
    assert_eq!(block.output(3, 0), [0.0; 16]);
}

#[test]
fn a_latency_set_at_activate_asks_for_a_restart_and_is_told_then() {
    let mut instance = Instance::open(&LINKED, ID).unwrap();
    assert_eq!(instance.latency(), 0);
    assert!(instance.restart().is_err(), "not active");
    instance.activate(48_000.0, 1, 16).unwrap();
    let requests = instance.requests();
    assert_eq!((instance.latency(), requests.restarts(), requests.latency_changes()), (7, 1, 0));
    instance.restart().unwrap();
    assert_eq!((instance.latency(), requests.restarts(), requests.latency_changes()), (7, 1, 1));
    assert!(!instance.processor().unwrap().is_started(), "it was not before");
}

#[test]
fn what_a_plugin_asks_for_inside_process_is_answered_when_the_host_is_idle() {
    let mut instance = playing(16);
    instance.restart().unwrap();
    while instance.idle() {}
    let requests = instance.requests();
    let (callbacks, changes) = (requests.callbacks(), requests.latency_changes());
    let mut block = ones(&mut instance, 16);
    instance.process(block.at(0, Event::param("late", 1.0))).unwrap();
    assert!(requests.callbacks() > callbacks);
    assert_eq!(requests.restarts(), 1, "only the one from activate");
    assert!(instance.idle() && !instance.idle());
    assert_eq!(requests.restarts(), 2);
    instance.restart().unwrap();
    assert!(requests.latency_changes() > changes);
}

#[test]
fn every_block_is_timed() {
    let mut instance = playing(64);
    let mut block = ones(&mut instance, 64);
    for _ in 0..50 {
        instance.process(&mut block).unwrap();
    }
    let timings = instance.timings().unwrap();
    assert_eq!((timings.blocks, timings.frames), (50, 3200));
    let wall = timings.wall_ms;
    assert!(0.0 < wall.p50 && wall.p50 <= wall.p99 && wall.p99 <= wall.max, "{timings:?}");
    #[cfg(target_os = "linux")]
    assert!(0.0 < timings.cpu_ms.p50 && timings.cpu_ms.p50 < wall.p50 + 0.1, "{timings:?}");
}

#[test]
fn the_audio_side_plays_on_another_thread_and_comes_back() {
    let (mut instance, mut other) = (playing(64), playing(64));
    let mut block = ones(&mut instance, 64);
    let mut processor = instance.take_processor().unwrap();
    assert!(instance.deactivate().is_err() && instance.process(&mut block).is_err());
    let (processor, block) = std::thread::spawn(move || {
        for _ in 0..20 {
            processor.process(block.at(0, Event::param("gain", 1.0))).unwrap();
        }
        (processor, block)
    })
    .join()
    .unwrap();
    assert_eq!(block.output(0, 1), [2.0; 64]);
    let processor = *other.give_back(processor).unwrap_err();
    assert!(instance.give_back(processor).is_ok());
    assert_eq!(instance.timings().unwrap().blocks, 20);
    instance.deactivate().unwrap();
    assert_eq!(instance.param_value(param_id("gain")).unwrap(), 1.0);
}

#[test]
fn without_an_editor_the_editor_calls_say_so() {
    let mut instance = Instance::open(&LINKED, ID).unwrap();
    assert!(!instance.has_editor());
    assert!(instance.open_editor(0).is_err() && instance.set_editor_size(10, 10).is_err());
    instance.close_editor();
}

#[test]
fn a_plugin_on_disk_plays_as_the_linked_one() {
    let source = Source::Disk(built_library());
    assert_eq!(source.plugins().unwrap(), LINKED.plugins().unwrap());
    let (mut first, mut second) = (Instance::open(&source, ID).unwrap(), Instance::open(&source, ID).unwrap());
    for instance in [&mut first, &mut second] {
        instance.activate(48_000.0, 1, 64).unwrap();
        instance.start_processing().unwrap();
        let mut block = ones(instance, 64);
        instance.process(block.at(37, Event::param("gain", 0.25))).unwrap();
        assert_eq!((block.output(0, 0)[36], block.output(0, 0)[37]), (1.0, 0.5));
    }
    drop(first);
    second.stop().unwrap();
}

/// The example as a dynamic library, built by cargo if it is not there yet or is older than its source.
fn built_library() -> PathBuf {
    // This test runs in <target>/<profile>/deps.
    let profile_folder = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().to_owned();
    let mut cargo = std::process::Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package", "tracklight_host", "--example", "small_gain"]);
    if profile_folder.ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.status().unwrap().success());
    let name = format!("{}small_gain{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    profile_folder.join("examples").join(name)
}
