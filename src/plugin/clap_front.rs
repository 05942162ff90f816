//! Stands between a CLAP host and nice-plug, and completes the buses that a host leaves out.
//!
//! Thread: each function runs where the host calls it; `process` on audio, without allocating.
//!
//! Why this exists instead of `nice_export_clap!`: nice-plug 0.4.2 trusts the host's number of ports. With fewer
//! auxiliary ports than declared it reads one entry past the host's array, and with a missing, null or mono auxiliary
//! output it skips `process` altogether, so that main falls silent. So the host gets our own `clap_plugin`: the same
//! functions and data as nice-plug's, but `activate` sets room aside and `process` lends that room for whatever port is
//! missing. A host that passes all ports, as the specification asks, is handed through untouched.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_void};
use std::ptr;
use std::sync::{Arc, OnceLock};

use clap_sys::audio_buffer::clap_audio_buffer;
use clap_sys::process::{CLAP_PROCESS_ERROR, clap_process, clap_process_status};
use nice_plug::wrapper::clap::{
    CLAP_PLUGIN_FACTORY_ID, CLAP_VERSION, PluginDescriptor, Wrapper, clap_host, clap_plugin, clap_plugin_descriptor,
    clap_plugin_entry, clap_plugin_factory,
};

use super::Tracklight;
use super::variant::{ClapEffect, ClapInstrument, ClapVariant};

/// The entry that CLAP hosts look for; also what the tests and the demo host load without a file.
#[unsafe(no_mangle)]
#[used]
pub static clap_entry: clap_plugin_entry = clap_plugin_entry {
    clap_version: CLAP_VERSION,
    init: Some(init),
    deinit: Some(deinit),
    get_factory: Some(get_factory),
};

static FACTORY: clap_plugin_factory = clap_plugin_factory {
    get_plugin_count: Some(get_plugin_count),
    get_plugin_descriptor: Some(get_plugin_descriptor),
    create_plugin: Some(create_plugin),
};

/// Makes one instance, given the host's callbacks.
type Create = unsafe fn(*const clap_host) -> *const clap_plugin;

fn offered() -> &'static [(PluginDescriptor, Create)] {
    static OFFERED: OnceLock<[(PluginDescriptor, Create); 2]> = OnceLock::new();
    OFFERED.get_or_init(|| {
        [
            (PluginDescriptor::for_plugin::<Tracklight<ClapEffect>>(), Front::create::<ClapEffect>),
            (PluginDescriptor::for_plugin::<Tracklight<ClapInstrument>>(), Front::create::<ClapInstrument>),
        ]
    })
}

extern "C" fn init(_path: *const c_char) -> bool {
    true
}

extern "C" fn deinit() {}

extern "C" fn get_factory(id: *const c_char) -> *const c_void {
    // SAFETY: the host passes a C string or null.
    if !id.is_null() && unsafe { CStr::from_ptr(id) } == CLAP_PLUGIN_FACTORY_ID {
        ptr::from_ref(&FACTORY).cast()
    } else {
        ptr::null()
    }
}

unsafe extern "C" fn get_plugin_count(_: *const clap_plugin_factory) -> u32 {
    offered().len() as u32
}

unsafe extern "C" fn get_plugin_descriptor(_: *const clap_plugin_factory, index: u32) -> *const clap_plugin_descriptor {
    match offered().get(index as usize) {
        Some((descriptor, _)) => descriptor.clap_plugin_descriptor(),
        None => ptr::null(),
    }
}

unsafe extern "C" fn create_plugin(
    _: *const clap_plugin_factory,
    host: *const clap_host,
    id: *const c_char,
) -> *const clap_plugin {
    if host.is_null() || id.is_null() {
        return ptr::null();
    }
    // SAFETY: not null, and the host passes a C string.
    let id = unsafe { CStr::from_ptr(id) };
    match offered().iter().find(|(descriptor, _)| descriptor.clap_id() == id) {
        // SAFETY: the host's callbacks live as long as the instance.
        Some((_, create)) => unsafe { create(host) },
        None => ptr::null(),
    }
}

/// Most ports on one side of any variant: main and eight auxiliary outputs.
const MOST_PORTS: usize = 9;
const CHANNELS: usize = 2;
type Pointers = [[*mut f32; CHANNELS]; MOST_PORTS];

/// What the host holds: nice-plug's functions on nice-plug's data, with three of them replaced.
///
/// The host passes its address back as `*const clap_plugin`, which is the first field. nice-plug's functions only ever
/// look at `plugin_data`.
#[repr(C)]
struct Front {
    clap: clap_plugin,
    inner: *const clap_plugin,
    inputs: usize,
    outputs: usize,
    room: Room,
}

/// Buffers for ports that the host leaves out; empty while not active.
#[derive(Default)]
struct Room {
    frames: usize,
    silence: Vec<f32>,
    spare: Vec<f32>,
}

impl Front {
    unsafe fn create<V: ClapVariant>(host: *const clap_host) -> *const clap_plugin {
        // SAFETY: `host` lives as long as the instance. The wrapper is taken back by its own `destroy`.
        let inner: *const clap_plugin =
            unsafe { (*Arc::into_raw(Wrapper::<Tracklight<V>>::new(host))).clap_plugin.as_ptr() };
        let layout = &V::LAYOUTS[0];
        let main_in = usize::from(layout.main_input_channels.is_some());
        let front = Front {
            clap: clap_plugin {
                destroy: Some(Self::destroy),
                activate: Some(Self::activate),
                process: Some(Self::process),
                // SAFETY: made just above.
                ..unsafe { *inner }
            },
            inner,
            inputs: main_in + layout.aux_input_ports.len(),
            outputs: 1 + layout.aux_output_ports.len(),
            room: Room::default(),
        };
        Box::into_raw(Box::new(front)).cast_const().cast()
    }

    unsafe extern "C" fn destroy(plugin: *const clap_plugin) {
        // SAFETY: the host destroys an instance once, and `plugin` came from `create`.
        let front = unsafe { Box::from_raw(plugin.cast_mut().cast::<Front>()) };
        // SAFETY: as above; the wrapper is still whole.
        unsafe {
            if let Some(destroy) = (*front.inner).destroy {
                destroy(front.inner);
            }
        }
    }

    unsafe extern "C" fn activate(plugin: *const clap_plugin, rate: f64, least: u32, most: u32) -> bool {
        let front = plugin.cast_mut().cast::<Front>();
        // SAFETY: `plugin` came from `create`. The host does not process while it activates, so nobody else looks at
        // `room`; the other fields never change.
        let (inner, outputs, room) = unsafe { ((*front).inner, (*front).outputs, &mut (*front).room) };
        let frames = most as usize;
        *room = Room { frames, silence: vec![0.0; frames], spare: vec![0.0; frames * CHANNELS * outputs] };
        // SAFETY: handed on as the host gave it.
        unsafe { (*inner).activate.is_some_and(|activate| activate(inner, rate, least, most)) }
    }

    unsafe extern "C" fn process(plugin: *const clap_plugin, process: *const clap_process) -> clap_process_status {
        if process.is_null() {
            return CLAP_PROCESS_ERROR;
        }
        let front = plugin.cast_mut().cast::<Front>();
        // SAFETY: `plugin` came from `create`. Only one thread processes it at a time and nobody activates meanwhile, so
        // nobody else looks at `room`; the other fields never change.
        let (inner, declared, room) =
            unsafe { ((*front).inner, ((*front).inputs, (*front).outputs), &mut (*front).room) };
        // SAFETY: not null, and the host's for the length of this call. The wrapper lives until `destroy`.
        let (given, Some(run)) = (unsafe { (&*process, (*inner).process) }) else { return CLAP_PROCESS_ERROR };
        // SAFETY: the host's arrays have as many entries as it says.
        let (inputs, outputs) = unsafe {
            (ports(given.audio_inputs, given.audio_inputs_count), ports(given.audio_outputs, given.audio_outputs_count))
        };
        if complete(inputs, declared.0) && complete(outputs, declared.1) {
            // SAFETY: handed on as the host gave it.
            return unsafe { run(inner, process) };
        }
        let frames = room.frames;
        if given.frames_count as usize > frames {
            return CLAP_PROCESS_ERROR;
        }
        let mut input_channels: Pointers = [[ptr::null_mut(); CHANNELS]; MOST_PORTS];
        let mut output_channels = input_channels;
        let silence = Missing::Input { silence: room.silence.as_mut_ptr() };
        let spare = Missing::Output { spare: room.spare.as_mut_ptr(), frames };
        let inputs = completed(inputs, declared.0, &mut input_channels, silence);
        let mut outputs = completed(outputs, declared.1, &mut output_channels, spare);
        let whole = clap_process {
            audio_inputs: inputs.as_ptr(),
            audio_inputs_count: declared.0 as u32,
            audio_outputs: outputs.as_mut_ptr(),
            audio_outputs_count: declared.1 as u32,
            ..*given
        };
        // SAFETY: every declared port now has two channels of at least `frames_count` frames.
        unsafe { run(inner, &whole) }
    }
}

/// The host's ports; none if it passes null.
///
/// # Safety
/// `first` is null or points to `count` entries.
unsafe fn ports<'a>(first: *const clap_audio_buffer, count: u32) -> &'a [clap_audio_buffer] {
    if first.is_null() || count == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(first, count as usize) }
}

/// The channel pointer of a port, or null if the host left it out.
fn channel(port: &clap_audio_buffer, index: usize) -> *mut f32 {
    if port.data32.is_null() || index >= port.channel_count as usize {
        return ptr::null_mut();
    }
    // SAFETY: `data32` has `channel_count` entries.
    unsafe { *port.data32.add(index) }
}

/// Whether the host passes what was declared, so that nothing needs to be done.
fn complete(ports: &[clap_audio_buffer], declared: usize) -> bool {
    ports.len() >= declared
        && ports[..declared].iter().all(|port| {
            port.channel_count as usize == CHANNELS && (0..CHANNELS).all(|index| !channel(port, index).is_null())
        })
}

/// What stands in for a channel that is missing.
#[derive(Clone, Copy)]
enum Missing {
    Input { silence: *mut f32 },
    Output { spare: *mut f32, frames: usize },
}

/// The declared ports, each with two channels: the host's where it gives them, ours where not.
fn completed(
    given: &[clap_audio_buffer],
    declared: usize,
    pointers: &mut Pointers,
    missing: Missing,
) -> [clap_audio_buffer; MOST_PORTS] {
    std::array::from_fn(|port| {
        let host = given.get(port).filter(|_| port < declared);
        for index in 0..CHANNELS {
            let theirs = host.map_or(ptr::null_mut(), |host| channel(host, index));
            pointers[port][index] = match missing {
                _ if !theirs.is_null() => theirs,
                // A mono input is heard on both sides.
                Missing::Input { silence } if index == 0 || pointers[port][0].is_null() => silence,
                Missing::Input { .. } => pointers[port][0],
                // Ports beyond the declared ones are never looked at, and have no room.
                Missing::Output { .. } if port >= declared => ptr::null_mut(),
                Missing::Output { spare, frames } => spare.wrapping_add((port * CHANNELS + index) * frames),
            };
        }
        clap_audio_buffer {
            data32: pointers[port].as_mut_ptr(),
            data64: ptr::null_mut(),
            channel_count: CHANNELS as u32,
            latency: 0,
            constant_mask: 0,
        }
    })
}
