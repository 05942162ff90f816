//! Stands between a VST3 host and nice-plug, and completes the buses that a host leaves out.
//!
//! Thread: each function runs where the host calls it; `process` on audio, without allocating.
//!
//! Why this exists instead of `nice_export_vst3!`: like its CLAP side (see [`clap_front`](super::clap_front)),
//! nice-plug 0.4.2 trusts the host's number of buses. With fewer than declared it reads past the host's array, and with
//! a missing, null or mono auxiliary output it skips `process` altogether, so that main falls silent; hosts do pass
//! such buses, for one that is switched off. So the host gets an object of ours with the same interfaces, and
//! all it does is hand every call on to nice-plug's, but that `setupProcessing` sets room aside and `process` lends that
//! room for whatever is missing. A host that passes all buses is handed through untouched.
#![allow(unsafe_code)]
// The names are those of VST3.
#![allow(non_snake_case)]

use std::ffi::c_void;
use std::ptr;
use std::sync::{Mutex, OnceLock, PoisonError};

use nice_plug::wrapper::vst3::{PluginInfo, Wrapper, vst3 as com};

use com::Steinberg::Vst::ChannelContext::{IInfoListener, IInfoListenerTrait};
use com::Steinberg::Vst::*;
use com::Steinberg::*;
use com::{Class, ComWrapper};

use super::Tracklight;
use super::variant::{Vst3Effect, Vst3Instrument, Vst3Multi, Vst3Variant};

/// Where VST3 hosts begin; also what the tests call without a file. The caller owns one reference.
#[unsafe(no_mangle)]
pub extern "system" fn GetPluginFactory() -> *mut c_void {
    match ComWrapper::new(Factory).to_com_ptr::<IPluginFactory>() {
        Some(factory) => factory.into_raw().cast(),
        None => ptr::null_mut(),
    }
}

/// Called when a host loads the bundle: nothing is to be done then.
#[unsafe(no_mangle)]
#[cfg(all(target_family = "unix", not(target_os = "macos")))]
pub extern "C" fn ModuleEntry(_library: *mut c_void) -> bool {
    true
}

/// Called before a host unloads the bundle.
#[unsafe(no_mangle)]
#[cfg(all(target_family = "unix", not(target_os = "macos")))]
pub extern "C" fn ModuleExit() -> bool {
    true
}

/// Called when a host loads the bundle: nothing is to be done then.
#[unsafe(no_mangle)]
#[cfg(target_os = "macos")]
pub extern "C" fn bundleEntry(_bundle: *mut c_void) -> bool {
    true
}

/// Called before a host unloads the bundle.
#[unsafe(no_mangle)]
#[cfg(target_os = "macos")]
pub extern "C" fn bundleExit() -> bool {
    true
}

/// Called when a host loads the bundle: nothing is to be done then.
#[unsafe(no_mangle)]
#[cfg(target_os = "windows")]
pub extern "system" fn InitDll() -> bool {
    true
}

/// Called before a host unloads the bundle.
#[unsafe(no_mangle)]
#[cfg(target_os = "windows")]
pub extern "system" fn ExitDll() -> bool {
    true
}

/// Makes one instance and answers the interface asked for.
type Create = unsafe fn(*const TUID, *mut *mut c_void) -> tresult;

fn offered() -> &'static [(PluginInfo, Create)] {
    fn offer<V: Vst3Variant>() -> (PluginInfo, Create) {
        (PluginInfo::for_plugin::<Tracklight<V>>(), Front::<V>::create)
    }
    static OFFERED: OnceLock<[(PluginInfo, Create); 3]> = OnceLock::new();
    OFFERED.get_or_init(|| [offer::<Vst3Effect>(), offer::<Vst3Instrument>(), offer::<Vst3Multi>()])
}

struct Factory;

impl Class for Factory {
    type Interfaces = (IPluginFactory, IPluginFactory2, IPluginFactory3);
}

/// Write what `make` says of class `index` to where the host wants it.
///
/// # Safety
/// `to` is null or a place to write to.
unsafe fn tell<T>(index: int32, to: *mut T, make: impl FnOnce(&PluginInfo) -> T) -> tresult {
    match usize::try_from(index).ok().and_then(|index| offered().get(index)) {
        Some((info, _)) if !to.is_null() => {
            // SAFETY: not null, and the caller's promise.
            unsafe { to.write(make(info)) };
            kResultOk
        }
        _ => kInvalidArgument,
    }
}

// SAFETY of all three: the host passes null or a place to write to.
impl IPluginFactoryTrait for Factory {
    unsafe fn getFactoryInfo(&self, to: *mut PFactoryInfo) -> tresult {
        // SAFETY: as above.
        unsafe { tell(0, to, PluginInfo::create_factory_info) }
    }

    unsafe fn countClasses(&self) -> int32 {
        offered().len() as int32
    }

    unsafe fn getClassInfo(&self, index: int32, to: *mut PClassInfo) -> tresult {
        // SAFETY: as above.
        unsafe { tell(index, to, PluginInfo::create_class_info) }
    }

    unsafe fn createInstance(&self, class: FIDString, interface: FIDString, to: *mut *mut c_void) -> tresult {
        if class.is_null() || interface.is_null() || to.is_null() {
            return kInvalidArgument;
        }
        // SAFETY: not null, and the host passes an id of 16 bytes and a place to write to.
        let id = unsafe {
            to.write(ptr::null_mut());
            class.cast::<[u8; 16]>().read_unaligned()
        };
        match offered().iter().find(|(info, _)| *info.cid == id) {
            // SAFETY: as above.
            Some((_, create)) => unsafe { create(interface.cast(), to) },
            None => kInvalidArgument,
        }
    }
}

impl IPluginFactory2Trait for Factory {
    unsafe fn getClassInfo2(&self, index: int32, to: *mut PClassInfo2) -> tresult {
        // SAFETY: as above.
        unsafe { tell(index, to, PluginInfo::create_class_info_2) }
    }
}

impl IPluginFactory3Trait for Factory {
    unsafe fn getClassInfoUnicode(&self, index: int32, to: *mut PClassInfoW) -> tresult {
        // SAFETY: as above.
        unsafe { tell(index, to, PluginInfo::create_class_info_unicode) }
    }

    unsafe fn setHostContext(&self, _: *mut FUnknown) -> tresult {
        kResultOk
    }
}

/// Most buses on one side of any variant: main and eight auxiliary outputs.
const MOST_BUSES: usize = 9;
const CHANNELS: usize = 2;
type Pointers = [[*mut f32; CHANNELS]; MOST_BUSES];

/// What the host holds: nice-plug's object, with two of its functions replaced.
struct Front<V: Vst3Variant> {
    inner: Wrapper<Tracklight<V>>,
    // Audio only ever tries the lock. It is free unless a host sets up while it processes, which VST3 forbids; then
    // that block fails instead of reading memory that is being replaced.
    room: Mutex<Room>,
}

/// Buffers for buses that the host leaves out; empty until `setupProcessing`.
#[derive(Default)]
struct Room {
    frames: usize,
    silence: Vec<f32>,
    spare: Vec<f32>,
}

impl<V: Vst3Variant> Class for Front<V> {
    // Those of nice-plug's object.
    type Interfaces = (
        IComponent,
        IEditController,
        IAudioProcessor,
        IMidiMapping,
        INoteExpressionController,
        IProcessContextRequirements,
        IUnitInfo,
        IInfoListener,
    );
}

impl<V: Vst3Variant> Front<V> {
    /// Declared input and output buses.
    const BUSES: (usize, usize) = {
        let layout = &V::LAYOUTS[0];
        (
            layout.main_input_channels.is_some() as usize + layout.aux_input_ports.len(),
            1 + layout.aux_output_ports.len(),
        )
    };

    unsafe fn create(interface: *const TUID, to: *mut *mut c_void) -> tresult {
        let object = ComWrapper::new(Self { inner: Wrapper::new(), room: Mutex::default() });
        let Some(unknown) = object.as_com_ref::<FUnknown>() else { return kNoInterface };
        let unknown = unknown.as_ptr();
        // SAFETY: a live object of ours. On success the answer holds a reference of its own.
        unsafe { ((*(*unknown).vtbl).queryInterface)(unknown, interface, to) }
    }

    /// Process with room of ours for what the host left out of `given`.
    ///
    /// # Safety
    /// `given` is as VST3 says, but for the number of its buses and channels.
    unsafe fn complete(&self, given: &ProcessData, inputs: &[AudioBusBuffers], outputs: &[AudioBusBuffers]) -> tresult {
        let Ok(mut room) = self.room.try_lock() else { return kResultFalse };
        let frames = room.frames;
        if given.numSamples as usize > frames {
            return kInvalidArgument;
        }
        let mut input_channels: Pointers = [[ptr::null_mut(); CHANNELS]; MOST_BUSES];
        let mut output_channels = input_channels;
        let silence = Missing::Input { silence: room.silence.as_mut_ptr() };
        let spare = Missing::Output { spare: room.spare.as_mut_ptr(), frames };
        let mut inputs = completed(inputs, Self::BUSES.0, &mut input_channels, silence);
        let mut outputs = completed(outputs, Self::BUSES.1, &mut output_channels, spare);
        let mut whole = ProcessData {
            numInputs: Self::BUSES.0 as int32,
            numOutputs: Self::BUSES.1 as int32,
            inputs: inputs.as_mut_ptr(),
            outputs: outputs.as_mut_ptr(),
            ..*given
        };
        // SAFETY: every declared bus now has two channels of at least `numSamples` frames.
        unsafe { self.inner.process(&mut whole) }
    }
}

/// Hand calls on to nice-plug's object as the host made them.
macro_rules! hand_on {
    ($interface:ident: $($name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)*) => {
        $(unsafe fn $name(&self, $($arg: $kind),*) -> $answer {
            // SAFETY: what the host promises us is what the wrapper asks for.
            unsafe { $interface::$name(&self.inner, $($arg),*) }
        })*
    };
}

impl<V: Vst3Variant> IAudioProcessorTrait for Front<V> {
    unsafe fn setupProcessing(&self, setup: *mut ProcessSetup) -> tresult {
        if setup.is_null() {
            return kInvalidArgument;
        }
        // SAFETY: not null, and the host's for the length of this call.
        let frames = usize::try_from(unsafe { (*setup).maxSamplesPerBlock }).unwrap_or(0);
        let room = Room { frames, silence: vec![0.0; frames], spare: vec![0.0; frames * CHANNELS * Self::BUSES.1] };
        *self.room.lock().unwrap_or_else(PoisonError::into_inner) = room;
        // SAFETY: handed on as the host gave it.
        unsafe { self.inner.setupProcessing(setup) }
    }

    unsafe fn process(&self, data: *mut ProcessData) -> tresult {
        if data.is_null() {
            return kInvalidArgument;
        }
        // SAFETY: not null, and the host's for the length of this call, as are the arrays in it, which have as many
        // entries as it says.
        let (given, inputs, outputs) = unsafe {
            let given = &*data;
            (given, buses(given.inputs, given.numInputs), buses(given.outputs, given.numOutputs))
        };
        if given.numSamples > 0 && is_complete(inputs, Self::BUSES.0) && is_complete(outputs, Self::BUSES.1) {
            // SAFETY: handed on as the host gave it.
            return unsafe { self.inner.process(data) };
        }
        let no_main = (0..CHANNELS).all(|index| outputs.first().is_none_or(|main| channel(main, index).is_null()));
        if given.numSamples > 0 && !no_main {
            // SAFETY: the host's promise.
            return unsafe { self.complete(given, inputs, outputs) };
        }
        // Without frames or without any main output it is a flush: parameters move, time does not. Some hosts pass
        // frames with it; without any bus the wrapper knows it for what it is.
        let mut flush = ProcessData {
            numSamples: given.numSamples.max(0),
            numInputs: 0,
            numOutputs: 0,
            inputs: ptr::null_mut(),
            outputs: ptr::null_mut(),
            ..*given
        };
        // SAFETY: no audio is passed, the rest as the host gave it.
        unsafe { self.inner.process(&mut flush) }
    }

    hand_on! { IAudioProcessorTrait:
        setBusArrangements(ins: *mut SpeakerArrangement, in_count: int32, outs: *mut SpeakerArrangement, out_count: int32) -> tresult;
        getBusArrangement(direction: BusDirection, index: int32, to: *mut SpeakerArrangement) -> tresult;
        canProcessSampleSize(size: int32) -> tresult;
        getLatencySamples() -> uint32;
        setProcessing(state: TBool) -> tresult;
        getTailSamples() -> uint32;
    }
}

impl<V: Vst3Variant> IPluginBaseTrait for Front<V> {
    hand_on! { IPluginBaseTrait:
        initialize(context: *mut FUnknown) -> tresult;
        terminate() -> tresult;
    }
}

impl<V: Vst3Variant> IComponentTrait for Front<V> {
    hand_on! { IComponentTrait:
        getControllerClassId(to: *mut TUID) -> tresult;
        setIoMode(mode: IoMode) -> tresult;
        getBusCount(media: MediaType, direction: BusDirection) -> int32;
        getBusInfo(media: MediaType, direction: BusDirection, index: int32, to: *mut BusInfo) -> tresult;
        getRoutingInfo(input: *mut RoutingInfo, to: *mut RoutingInfo) -> tresult;
        activateBus(media: MediaType, direction: BusDirection, index: int32, state: TBool) -> tresult;
        setActive(state: TBool) -> tresult;
        setState(from: *mut IBStream) -> tresult;
        getState(to: *mut IBStream) -> tresult;
    }
}

impl<V: Vst3Variant> IEditControllerTrait for Front<V> {
    hand_on! { IEditControllerTrait:
        setComponentState(from: *mut IBStream) -> tresult;
        setState(from: *mut IBStream) -> tresult;
        getState(to: *mut IBStream) -> tresult;
        getParameterCount() -> int32;
        getParameterInfo(index: int32, to: *mut ParameterInfo) -> tresult;
        getParamStringByValue(id: ParamID, value: ParamValue, to: *mut String128) -> tresult;
        getParamValueByString(id: ParamID, text: *mut TChar, to: *mut ParamValue) -> tresult;
        normalizedParamToPlain(id: ParamID, value: ParamValue) -> ParamValue;
        plainParamToNormalized(id: ParamID, value: ParamValue) -> ParamValue;
        getParamNormalized(id: ParamID) -> ParamValue;
        setParamNormalized(id: ParamID, value: ParamValue) -> tresult;
        setComponentHandler(handler: *mut IComponentHandler) -> tresult;
        createView(name: FIDString) -> *mut IPlugView;
    }
}

impl<V: Vst3Variant> IMidiMappingTrait for Front<V> {
    hand_on! { IMidiMappingTrait:
        getMidiControllerAssignment(bus: int32, channel: int16, control: CtrlNumber, to: *mut ParamID) -> tresult;
    }
}

impl<V: Vst3Variant> INoteExpressionControllerTrait for Front<V> {
    hand_on! { INoteExpressionControllerTrait:
        getNoteExpressionCount(bus: int32, channel: int16) -> int32;
        getNoteExpressionInfo(bus: int32, channel: int16, index: int32, to: *mut NoteExpressionTypeInfo) -> tresult;
        getNoteExpressionStringByValue(bus: int32, channel: int16, id: NoteExpressionTypeID, value: NoteExpressionValue, to: *mut String128) -> tresult;
        getNoteExpressionValueByString(bus: int32, channel: int16, id: NoteExpressionTypeID, text: *const TChar, to: *mut NoteExpressionValue) -> tresult;
    }
}

impl<V: Vst3Variant> IProcessContextRequirementsTrait for Front<V> {
    hand_on! { IProcessContextRequirementsTrait: getProcessContextRequirements() -> uint32; }
}

impl<V: Vst3Variant> IUnitInfoTrait for Front<V> {
    hand_on! { IUnitInfoTrait:
        getUnitCount() -> int32;
        getUnitInfo(index: int32, to: *mut UnitInfo) -> tresult;
        getProgramListCount() -> int32;
        getProgramListInfo(index: int32, to: *mut ProgramListInfo) -> tresult;
        getProgramName(list: ProgramListID, index: int32, to: *mut String128) -> tresult;
        getProgramInfo(list: ProgramListID, index: int32, attribute: Vst::CString, to: *mut String128) -> tresult;
        hasProgramPitchNames(list: ProgramListID, index: int32) -> tresult;
        getProgramPitchName(list: ProgramListID, index: int32, pitch: int16, to: *mut String128) -> tresult;
        getSelectedUnit() -> UnitID;
        selectUnit(unit: UnitID) -> tresult;
        getUnitByBus(media: MediaType, direction: BusDirection, bus: int32, channel: int32, to: *mut UnitID) -> tresult;
        setUnitProgramData(list_or_unit: int32, index: int32, from: *mut IBStream) -> tresult;
    }
}

impl<V: Vst3Variant> IInfoListenerTrait for Front<V> {
    hand_on! { IInfoListenerTrait: setChannelContextInfos(list: *mut IAttributeList) -> tresult; }
}

/// The host's buses; none if it passes null.
///
/// # Safety
/// `first` is null or points to `count` entries.
unsafe fn buses<'a>(first: *const AudioBusBuffers, count: int32) -> &'a [AudioBusBuffers] {
    match usize::try_from(count) {
        // SAFETY: the caller's promise.
        Ok(count) if !first.is_null() => unsafe { std::slice::from_raw_parts(first, count) },
        _ => &[],
    }
}

/// The channel pointer of a bus, or null if the host left it out.
fn channel(bus: &AudioBusBuffers, index: usize) -> *mut f32 {
    // SAFETY: both fields are pointers of the same kind, and only 32-bit samples are ever agreed on.
    let channels = unsafe { bus.__field0.channelBuffers32 };
    if channels.is_null() || !usize::try_from(bus.numChannels).is_ok_and(|count| index < count) {
        return ptr::null_mut();
    }
    // SAFETY: there are `numChannels` entries.
    unsafe { *channels.add(index) }
}

/// Whether the host passes what was declared, so that nothing needs to be done.
fn is_complete(buses: &[AudioBusBuffers], declared: usize) -> bool {
    buses.len() >= declared
        && buses[..declared].iter().all(|bus| {
            bus.numChannels == CHANNELS as int32 && (0..CHANNELS).all(|index| !channel(bus, index).is_null())
        })
}

/// What stands in for a channel that is missing.
#[derive(Clone, Copy)]
enum Missing {
    Input { silence: *mut f32 },
    Output { spare: *mut f32, frames: usize },
}

/// The declared buses, each with two channels: the host's where it gives them, ours where not.
fn completed(
    given: &[AudioBusBuffers],
    declared: usize,
    pointers: &mut Pointers,
    missing: Missing,
) -> [AudioBusBuffers; MOST_BUSES] {
    std::array::from_fn(|bus| {
        let host = given.get(bus).filter(|_| bus < declared);
        for index in 0..CHANNELS {
            let theirs = host.map_or(ptr::null_mut(), |host| channel(host, index));
            pointers[bus][index] = match missing {
                _ if !theirs.is_null() => theirs,
                // A mono input is heard on both sides.
                Missing::Input { silence } if index == 0 || pointers[bus][0].is_null() => silence,
                Missing::Input { .. } => pointers[bus][0],
                // Buses beyond the declared ones are never looked at, and have no room.
                Missing::Output { .. } if bus >= declared => ptr::null_mut(),
                Missing::Output { spare, frames } => spare.wrapping_add((bus * CHANNELS + index) * frames),
            };
        }
        AudioBusBuffers {
            numChannels: CHANNELS as int32,
            silenceFlags: 0,
            __field0: AudioBusBuffers__type0 { channelBuffers32: pointers[bus].as_mut_ptr() },
        }
    })
}
