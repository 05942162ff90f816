//! The plug-in's shell as CLAP hosts see it: ids, buses, automation, state, drops, through the statically linked entry.
//!
//! proves: H2 H7 H17 H18
//!
//! A host of raw CLAP calls, because it has to do what no decent host does: leave buses out, pass null, pass mono.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may read a real clock and start a thread of its own"
)]
#![allow(clippy::undocumented_unsafe_blocks, reason = "a host of raw calls, in a test")]

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr;

use clap_sys::audio_buffer::clap_audio_buffer;
use clap_sys::events::*;
use clap_sys::ext::audio_ports::{CLAP_EXT_AUDIO_PORTS, clap_plugin_audio_ports};
use clap_sys::ext::params::{CLAP_EXT_PARAMS, clap_param_info, clap_plugin_params};
use clap_sys::ext::state::{CLAP_EXT_STATE, clap_plugin_state};
use clap_sys::ext::tail::{CLAP_EXT_TAIL, clap_plugin_tail};
use clap_sys::factory::plugin_factory::{CLAP_PLUGIN_FACTORY_ID, clap_plugin_factory};
use clap_sys::host::clap_host;
use clap_sys::plugin::clap_plugin;
use clap_sys::process::*;
use clap_sys::stream::{clap_istream, clap_ostream};
use clap_sys::version::CLAP_VERSION;

const EFFECT: &CStr = c"org.tracklight.tracklight";
const INSTRUMENT: &CStr = c"org.tracklight.instrument";

unsafe extern "C" fn no_extension(_: *const clap_host, _: *const c_char) -> *const c_void {
    ptr::null()
}
unsafe extern "C" fn no_request(_: *const clap_host) {}

struct Host(clap_host);
// SAFETY: nothing in it changes.
unsafe impl Sync for Host {}
static HOST: Host = Host(clap_host {
    clap_version: CLAP_VERSION,
    host_data: ptr::null_mut(),
    name: c"shell test".as_ptr(),
    vendor: c"".as_ptr(),
    url: c"".as_ptr(),
    version: c"1".as_ptr(),
    get_extension: Some(no_extension),
    request_restart: Some(no_request),
    request_process: Some(no_request),
    request_callback: Some(no_request),
});

fn factory() -> &'static clap_plugin_factory {
    let entry = &tracklight::clap_entry;
    // SAFETY: as the CLAP entry asks for.
    unsafe {
        assert!(entry.init.unwrap()(c"".as_ptr()));
        &*entry.get_factory.unwrap()(CLAP_PLUGIN_FACTORY_ID.as_ptr()).cast()
    }
}

struct Instance(*const clap_plugin);

impl Instance {
    fn open(id: &CStr) -> Self {
        // SAFETY: as the factory asks for.
        let plugin = unsafe { factory().create_plugin.unwrap()(factory(), &HOST.0, id.as_ptr()) };
        assert!(!plugin.is_null());
        assert!(unsafe { (*plugin).init.unwrap()(plugin) });
        Self(plugin)
    }

    fn start(id: &CStr, rate: f64, most: u32) -> Self {
        let instance = Self::open(id);
        instance.activate(rate, most);
        instance
    }

    fn activate(&self, rate: f64, most: u32) {
        let _mine = crate::host_rig::opening();
        // SAFETY: in the order CLAP asks for.
        unsafe {
            assert!((*self.0).activate.unwrap()(self.0, rate, 1, most));
            assert!((*self.0).start_processing.unwrap()(self.0));
        }
    }

    fn stop(&self) {
        // SAFETY: in the order CLAP asks for.
        unsafe {
            (*self.0).stop_processing.unwrap()(self.0);
            (*self.0).deactivate.unwrap()(self.0);
        }
    }

    fn extension<T>(&self, id: &CStr) -> &T {
        // SAFETY: the plug-in answers the struct that belongs to the id.
        unsafe { &*(*self.0).get_extension.unwrap()(self.0, id.as_ptr()).cast::<T>() }
    }

    fn port_channels(&self, input: bool) -> Vec<u32> {
        let ports: &clap_plugin_audio_ports = self.extension(CLAP_EXT_AUDIO_PORTS);
        // SAFETY: as the extension asks for; all-zero is a valid info.
        unsafe {
            (0..ports.count.unwrap()(self.0, input))
                .map(|index| {
                    let mut info = std::mem::zeroed();
                    assert!(ports.get.unwrap()(self.0, index, input, &mut info));
                    info.channel_count
                })
                .collect()
        }
    }

    /// Name → (id, value) of all parameters.
    fn params(&self) -> BTreeMap<String, (u32, f64)> {
        let params: &clap_plugin_params = self.extension(CLAP_EXT_PARAMS);
        // SAFETY: as above.
        unsafe {
            (0..params.count.unwrap()(self.0))
                .map(|index| {
                    let (mut info, mut value): (clap_param_info, f64) = (std::mem::zeroed(), f64::NAN);
                    assert!(params.get_info.unwrap()(self.0, index, &mut info));
                    assert!(params.get_value.unwrap()(self.0, info.id, &mut value));
                    (CStr::from_ptr(info.name.as_ptr()).to_str().unwrap().to_owned(), (info.id, value))
                })
                .collect()
        }
    }

    fn save(&self) -> Vec<u8> {
        unsafe extern "C" fn write(stream: *const clap_ostream, from: *const c_void, size: u64) -> i64 {
            // SAFETY: `ctx` is the vector below.
            unsafe {
                let bytes = &mut *(*stream).ctx.cast::<Vec<u8>>();
                bytes.extend_from_slice(std::slice::from_raw_parts(from.cast(), size as usize));
            }
            size as i64
        }
        let mut bytes = Vec::<u8>::new();
        let stream = clap_ostream { ctx: ptr::from_mut(&mut bytes).cast(), write: Some(write) };
        let state: &clap_plugin_state = self.extension(CLAP_EXT_STATE);
        assert!(unsafe { state.save.unwrap()(self.0, &stream) });
        bytes
    }

    fn load(&self, mut bytes: &[u8]) -> bool {
        let _mine = crate::host_rig::opening();
        unsafe extern "C" fn read(stream: *const clap_istream, into: *mut c_void, size: u64) -> i64 {
            // SAFETY: `ctx` is the slice below.
            unsafe {
                let bytes = &mut *(*stream).ctx.cast::<&[u8]>();
                let count = bytes.len().min(size as usize);
                ptr::copy_nonoverlapping(bytes.as_ptr(), into.cast(), count);
                *bytes = &bytes[count..];
                count as i64
            }
        }
        let stream = clap_istream { ctx: ptr::from_mut(&mut bytes).cast(), read: Some(read) };
        let state: &clap_plugin_state = self.extension(CLAP_EXT_STATE);
        unsafe { state.load.unwrap()(self.0, &stream) }
    }

    fn process(&self, inputs: &mut [Port], outputs: &mut [Port], frames: usize, moves: &[Move]) -> clap_process_status {
        let (mut input_channels, mut output_channels) = (Vec::new(), Vec::new());
        let inputs = buffers(inputs, &mut input_channels);
        let mut outputs = buffers(outputs, &mut output_channels);
        let events =
            clap_input_events { ctx: ptr::from_ref(&moves).cast_mut().cast(), size: Some(size), get: Some(get) };
        let process = clap_process {
            steady_time: -1,
            frames_count: frames as u32,
            transport: ptr::null(),
            audio_inputs: inputs.as_ptr(),
            audio_outputs: outputs.as_mut_ptr(),
            audio_inputs_count: inputs.len() as u32,
            audio_outputs_count: outputs.len() as u32,
            in_events: &events,
            out_events: ptr::null(),
        };
        unsafe { (*self.0).process.unwrap()(self.0, &process) }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        unsafe { (*self.0).destroy.unwrap()(self.0) }
    }
}

type Move = clap_event_param_value;

fn moved(time: u32, param_id: u32, value: f64) -> Move {
    let header = clap_event_header {
        size: size_of::<Move>() as u32,
        time,
        space_id: CLAP_CORE_EVENT_SPACE_ID,
        type_: CLAP_EVENT_PARAM_VALUE,
        flags: 0,
    };
    Move { header, param_id, cookie: ptr::null_mut(), note_id: -1, port_index: -1, channel: -1, key: -1, value }
}

unsafe extern "C" fn size(list: *const clap_input_events) -> u32 {
    unsafe { (&*(*list).ctx.cast::<&[Move]>()).len() as u32 }
}
unsafe extern "C" fn get(list: *const clap_input_events, index: u32) -> *const clap_event_header {
    unsafe { &(&*(*list).ctx.cast::<&[Move]>())[index as usize].header }
}

/// What a host passes for one port.
enum Port {
    Channels(Vec<Vec<f32>>),
    Null,
    NullChannels,
}

fn filled(channels: usize, frames: usize, value: f32) -> Port {
    Port::Channels(vec![vec![value; frames]; channels])
}

impl Port {
    fn heard(&self) -> &[Vec<f32>] {
        match self {
            Port::Channels(channels) => channels,
            _ => &[],
        }
    }
}

fn buffers(ports: &mut [Port], pointers: &mut Vec<Vec<*mut f32>>) -> Vec<clap_audio_buffer> {
    ports
        .iter_mut()
        .map(|port| {
            let channels = match port {
                Port::Channels(channels) => channels.iter_mut().map(|channel| channel.as_mut_ptr()).collect(),
                Port::Null => Vec::new(),
                Port::NullChannels => vec![ptr::null_mut(); 2],
            };
            let channel_count = if matches!(port, Port::Null) { 2 } else { channels.len() as u32 };
            pointers.push(channels);
            let last = pointers.last_mut().unwrap();
            let data32 = if last.is_empty() { ptr::null_mut() } else { last.as_mut_ptr() };
            clap_audio_buffer { data32, data64: ptr::null_mut(), channel_count, latency: 0, constant_mask: 0 }
        })
        .collect()
}

fn stereo(count: usize, frames: usize, value: f32) -> Vec<Port> {
    (0..count).map(|_| filled(2, frames, value)).collect()
}

#[test]
fn a_clap_host_lists_both_plug_ins_with_their_buses() {
    // SAFETY: as the factory asks for.
    let ids: Vec<CString> = unsafe {
        (0..factory().get_plugin_count.unwrap()(factory()))
            .map(|index| CStr::from_ptr((*factory().get_plugin_descriptor.unwrap()(factory(), index)).id).to_owned())
            .collect()
    };
    assert_eq!(ids, [EFFECT.to_owned(), INSTRUMENT.to_owned()]);
    let (effect, instrument) = (Instance::open(EFFECT), Instance::open(INSTRUMENT));
    assert_eq!((effect.port_channels(true), effect.port_channels(false)), (vec![2; 2], vec![2; 9]));
    assert_eq!((instrument.port_channels(true), instrument.port_channels(false)), (vec![], vec![2; 9]));
    assert_eq!(effect.params().len(), 69);
}

#[test]
fn an_unknown_id_or_no_host_is_answered_with_nothing() {
    // SAFETY: as the factory asks for, but for the values.
    unsafe {
        let create = factory().create_plugin.unwrap();
        assert!(create(factory(), &HOST.0, c"org.tracklight.none".as_ptr()).is_null());
        assert!(create(factory(), ptr::null(), EFFECT.as_ptr()).is_null());
    }
}

#[test]
fn a_hundred_instances_open_within_a_scan() {
    let before = std::time::Instant::now();
    for _ in 0..100 {
        drop(Instance::open(EFFECT));
    }
    // H17 allows 100 ms for one; this is a hundred in a debug build.
    assert!(before.elapsed().as_millis() < 10_000, "{:?}", before.elapsed());
}

#[test]
fn main_passes_through_at_odd_block_sizes_and_the_tail_is_told() {
    let effect = Instance::start(EFFECT, 44_100.0, 4096);
    for frames in [1, 2, 3, 37, 64, 441, 1023, 1024, 1025, 4095, 4096] {
        let mut inputs = stereo(2, frames, 0.25);
        let mut outputs = stereo(9, frames, 7.0);
        assert_eq!(effect.process(&mut inputs, &mut outputs, frames, &[]), CLAP_PROCESS_CONTINUE);
        assert!(outputs[0].heard().iter().flatten().all(|sample| *sample == 0.25), "{frames} frames");
        assert!(outputs[1..].iter().flat_map(Port::heard).flatten().all(|sample| *sample == 0.0));
    }
    let tail: &clap_plugin_tail = effect.extension(CLAP_EXT_TAIL);
    assert_eq!(unsafe { tail.get.unwrap()(effect.0) }, 0);
    effect.stop();
}

#[test]
fn automation_is_heard_from_its_frame() {
    let effect = Instance::start(EFFECT, 48_000.0, 64);
    let (master, _) = effect.params()["Master"];
    let mut outputs = stereo(9, 64, 7.0);
    let moves = [moved(37, master, 0.5), moved(38, master, 0.25)];
    effect.process(&mut stereo(2, 64, 1.0), &mut outputs, 64, &moves);
    let heard = &outputs[0].heard()[1];
    // From its frame on it glides for 5 ms, so that no jump of a lane clicks.
    assert_eq!((heard[36], heard[37]), (1.0, 1.0 - 0.5 / 240.0));
    assert!(heard[37..].windows(2).all(|two| two[1] < two[0]));
    let mut outputs = stereo(9, 64, 7.0);
    for _ in 0..4 {
        effect.process(&mut stereo(2, 64, 1.0), &mut outputs, 64, &[]);
    }
    assert_eq!(outputs[0].heard()[1][63], 0.25);
    effect.stop();
}

#[test]
fn a_host_that_leaves_buses_out_still_hears_main() {
    let frames = 48;
    let two_moves = |effect: &Instance| {
        let (macro_1, _) = effect.params()["Macro 1"];
        [moved(7, macro_1, 0.3), moved(31, macro_1, 0.6)]
    };
    let mixed = || {
        let mut ports = stereo(9, frames, 7.0);
        ports[2] = Port::Null;
        ports[3] = Port::NullChannels;
        ports[4] = filled(1, frames, 7.0);
        ports[5] = filled(3, frames, 7.0);
        ports
    };
    for inputs in [2, 1] {
        for outputs in
            [stereo(9, frames, 7.0), stereo(1, frames, 7.0), stereo(5, frames, 7.0), stereo(12, frames, 7.0), mixed()]
        {
            let effect = Instance::start(EFFECT, 48_000.0, 64);
            let mut outputs = outputs;
            let status = effect.process(&mut stereo(inputs, frames, 0.5), &mut outputs, frames, &two_moves(&effect));
            assert_eq!(status, CLAP_PROCESS_CONTINUE);
            assert_eq!(outputs[0].heard(), vec![vec![0.5; frames]; 2]);
            effect.stop();
        }
    }
}

#[test]
fn missing_mono_and_null_inputs_are_silence_or_both_sides() {
    let frames = 16;
    for (inputs, left, right) in [
        (vec![], 0.0, 0.0),
        (vec![Port::Null, Port::Null], 0.0, 0.0),
        (vec![Port::NullChannels], 0.0, 0.0),
        (vec![filled(1, frames, 0.5)], 0.5, 0.5),
    ] {
        let effect = Instance::start(EFFECT, 48_000.0, 64);
        let (mut inputs, mut outputs) = (inputs, stereo(9, frames, 7.0));
        effect.process(&mut inputs, &mut outputs, frames, &[]);
        assert_eq!(outputs[0].heard(), [vec![left; frames], vec![right; frames]]);
        effect.stop();
    }
}

#[test]
fn a_host_without_any_output_or_frame_does_no_harm() {
    let instrument = Instance::start(INSTRUMENT, 48_000.0, 64);
    assert_eq!(instrument.process(&mut [], &mut [], 64, &[]), CLAP_PROCESS_CONTINUE);
    assert_ne!(instrument.process(&mut [], &mut stereo(9, 64, 0.0), 0, &[]), CLAP_PROCESS_ERROR);
    let mut outputs = stereo(1, 64, 7.0);
    instrument.process(&mut [], &mut outputs, 64, &[]);
    assert_eq!(outputs[0].heard(), vec![vec![0.0; 64]; 2]);
    instrument.stop();
}

#[test]
fn a_state_comes_back_byte_for_byte_in_another_instance() {
    let (one, other) = (Instance::start(EFFECT, 48_000.0, 64), Instance::open(INSTRUMENT));
    let params = one.params();
    let moves: Vec<Move> = params
        .values()
        .enumerate()
        .map(|(index, (id, _))| moved(0, *id, (index as f64 * 0.7).sin().abs().round()))
        .collect();
    one.process(&mut stereo(2, 64, 0.0), &mut stereo(9, 64, 0.0), 64, &moves);
    let odd = f64::from(f32::from_bits(0x3dcc_cccf));
    one.process(&mut stereo(2, 64, 0.0), &mut stereo(9, 64, 0.0), 64, &[moved(0, params["Macro 7"].0, odd)]);
    let saved = one.save();
    assert!(other.load(&saved));
    assert_eq!(other.params(), one.params());
    assert_eq!(other.params()["Macro 7"].1.to_bits(), odd.to_bits());
    assert_eq!(other.save(), saved);
    one.stop();
}

#[test]
fn a_broken_state_changes_nothing() {
    let effect = Instance::start(EFFECT, 48_000.0, 64);
    let (macro_9, _) = effect.params()["Macro 9"];
    effect.process(&mut stereo(2, 64, 0.0), &mut stereo(9, 64, 0.0), 64, &[moved(0, macro_9, 0.75)]);
    let saved = effect.save();
    for cut in 0..saved.len() {
        assert!(!effect.load(&saved[..cut]), "{cut} of {} bytes", saved.len());
    }
    let text = String::from_utf8(saved[8..].to_vec()).unwrap();
    for (from, to) in [
        ("0.75", "1.75"),
        ("0.75", "-1e30"),
        ("\\\"tracklight\\\":1", "\\\"tracklight\\\":99"),
        ("\\\"bpm\\\":", "\\\"bpm"),
        ("\"session\"", "\"sezzion\""),
    ] {
        let broken = text.replace(from, to);
        assert_ne!(broken, text);
        let mut bytes = (broken.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(broken.as_bytes());
        effect.load(&bytes);
        assert_eq!(effect.save(), saved, "{from} → {to}");
    }
    effect.stop();
}

#[test]
fn instances_come_and_go_in_every_order_while_parameters_move() {
    for round in 0..200 {
        let mut instances: Vec<_> =
            (0..3).map(|index| Instance::start(if index == 1 { INSTRUMENT } else { EFFECT }, 48_000.0, 256)).collect();
        for instance in &instances {
            let moves: Vec<Move> = instance.params().values().map(|(id, _)| moved(round % 256, *id, 1.0)).collect();
            instance.process(&mut stereo(2, 256, 0.0), &mut stereo(9, 256, 0.0), 256, &moves);
        }
        if round % 4 != 3 {
            instances.iter().for_each(Instance::stop);
        }
        instances.rotate_left(round as usize % 3);
        if round % 2 == 0 {
            instances.reverse();
        }
        instances.into_iter().for_each(drop);
    }
}
