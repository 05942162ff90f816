//! A small VST3 host on raw calls, because it has to do what no decent host does: leave buses out, pass null, pass mono.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr;

use nice_plug::wrapper::vst3::vst3 as com;

use com::Steinberg::Vst::*;
use com::Steinberg::*;
use com::{Class, ComPtr, ComWrapper, Interface};

pub const EFFECT: &[u8; 16] = b"TracklightAudio1";
pub const INSTRUMENT: &[u8; 16] = b"TracklightInstr1";
pub const MULTI: &[u8; 16] = b"TracklightMulti1";

/// What every sample of every output holds before `process`.
pub const UNTOUCHED: f32 = 7.0;

/// What the host gives for one bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// Memory for two channels.
    Stereo,
    /// Memory for one channel.
    Mono,
    /// Two channels by number, but the list of channels is null.
    NullList,
    /// A list of two channels that are null.
    NullChannels,
    /// No channels at all: how JUCE passes a bus that is switched off.
    NoChannels,
}

/// An open instance.
pub struct Instance {
    component: ComPtr<IComponent>,
    processor: ComPtr<IAudioProcessor>,
    most: usize,
}

/// What a block gave: the answer of `process`, and the outputs' samples (bus, channel, frame) as far as there are any.
pub struct Heard {
    pub answer: tresult,
    pub buses: Vec<Vec<Vec<f32>>>,
}

impl Instance {
    pub fn open(class: &[u8; 16]) -> Self {
        let mut object = ptr::null_mut::<c_void>();
        // SAFETY: as the factory asks for; it hands out one reference, and so does `createInstance`.
        unsafe {
            let factory: ComPtr<IPluginFactory> = ComPtr::from_raw(tracklight::GetPluginFactory().cast()).unwrap();
            let made = factory.createInstance(class.as_ptr().cast(), IComponent::IID.as_ptr().cast(), &mut object);
            assert_eq!(made, kResultOk);
            let component: ComPtr<IComponent> = ComPtr::from_raw(object.cast()).unwrap();
            assert_eq!(component.initialize(ptr::null_mut()), kResultOk);
            let processor = component.cast().unwrap();
            Self { component, processor, most: 0 }
        }
    }

    /// Set up for blocks of at most `most` frames, and start.
    pub fn start(&mut self, rate: f64, most: usize) {
        let _mine = crate::host_rig::opening();
        let mut setup = ProcessSetup {
            processMode: ProcessModes_::kOffline as i32,
            symbolicSampleSize: SymbolicSampleSizes_::kSample32 as i32,
            maxSamplesPerBlock: most as i32,
            sampleRate: rate,
        };
        self.most = most;
        // SAFETY: in the order VST3 asks for.
        unsafe {
            assert_eq!(self.processor.setupProcessing(&mut setup), kResultOk);
            assert_eq!(self.component.setActive(1), kResultOk);
            assert_eq!(self.processor.setProcessing(1), kResultOk);
        }
    }

    /// Declared input and output buses.
    pub fn buses(&self) -> (usize, usize) {
        // SAFETY: an open component.
        let count = |side: u32| unsafe { self.component.getBusCount(MediaTypes_::kAudio as i32, side as i32) as usize };
        (count(BusDirections_::kInput), count(BusDirections_::kOutput))
    }

    /// Load a state; what the plug-in answers.
    pub fn load(&self, state: &[u8]) -> tresult {
        let stream = ComWrapper::new(Stream { bytes: RefCell::new(state.to_vec()), at: Cell::new(0) });
        let _mine = crate::host_rig::opening();
        // SAFETY: the stream lives through the call.
        unsafe { self.component.setState(stream.to_com_ptr::<IBStream>().unwrap().as_ptr()) }
    }

    /// Save the state.
    pub fn save(&self) -> Vec<u8> {
        let stream = ComWrapper::new(Stream { bytes: RefCell::default(), at: Cell::new(0) });
        // SAFETY: the stream lives through the call.
        unsafe { assert_eq!(self.component.getState(stream.to_com_ptr::<IBStream>().unwrap().as_ptr()), kResultOk) };
        stream.bytes.borrow().clone()
    }

    /// Process one block. `input(bus, frame)` is what all channels of an input bus hold.
    pub fn process(&self, block: &Block, input: impl Fn(usize, usize) -> f32) -> Heard {
        let mut ins = Side::new(block.inputs, block.frames, &input);
        let mut outs = Side::new(block.outputs, block.frames, &|_, _| UNTOUCHED);
        let points = block.points.iter().map(|point| ComWrapper::new(Queue(*point)).to_com_ptr().unwrap()).collect();
        let changes: ComPtr<IParameterChanges> = ComWrapper::new(Changes(points)).to_com_ptr().unwrap();
        let mut context = block.context;
        let mut data = ProcessData {
            processMode: ProcessModes_::kOffline as i32,
            symbolicSampleSize: SymbolicSampleSizes_::kSample32 as i32,
            numSamples: block.frames as i32,
            numInputs: block.inputs.len() as i32,
            numOutputs: block.outputs.len() as i32,
            inputs: ins.list(block.null_lists),
            outputs: outs.list(block.null_lists),
            inputParameterChanges: changes.as_ptr(),
            outputParameterChanges: ptr::null_mut(),
            inputEvents: ptr::null_mut(),
            outputEvents: ptr::null_mut(),
            processContext: context.as_mut().map_or(ptr::null_mut(), ptr::from_mut),
        };
        // SAFETY: all pointers in `data` are good for what it says of them; that it says too little is the test.
        let answer = unsafe { self.processor.process(&mut data) };
        Heard { answer, buses: outs.samples }
    }

    /// `process`, as a call that measures what it allocates.
    pub fn watched(&self, block: &Block, times: usize) -> tracklight_host::Allocations {
        let mut ins = Side::new(block.inputs, block.frames, &|_, _| 0.5);
        let mut outs = Side::new(block.outputs, block.frames, &|_, _| 0.0);
        let mut data = ProcessData {
            processMode: ProcessModes_::kOffline as i32,
            symbolicSampleSize: SymbolicSampleSizes_::kSample32 as i32,
            numSamples: block.frames as i32,
            numInputs: block.inputs.len() as i32,
            numOutputs: block.outputs.len() as i32,
            inputs: ins.list(false),
            outputs: outs.list(false),
            inputParameterChanges: ptr::null_mut(),
            outputParameterChanges: ptr::null_mut(),
            inputEvents: ptr::null_mut(),
            outputEvents: ptr::null_mut(),
            processContext: ptr::null_mut(),
        };
        // SAFETY: as in `process`.
        let mut run = || (0..times).for_each(|_| unsafe { assert_eq!(self.processor.process(&mut data), kResultOk) });
        run();
        tracklight_host::watched(run).1
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: in the order VST3 asks for.
        unsafe {
            if self.most > 0 {
                self.processor.setProcessing(0);
                self.component.setActive(0);
            }
            self.component.terminate();
        }
    }
}

/// One block as the host passes it.
#[derive(Clone, Copy)]
pub struct Block<'a> {
    pub frames: usize,
    pub inputs: &'a [Given],
    pub outputs: &'a [Given],
    /// The lists of buses are null, whatever their number.
    pub null_lists: bool,
    pub points: &'a [Point],
    pub context: Option<ProcessContext>,
}

impl<'a> Block<'a> {
    pub fn new(frames: usize, inputs: &'a [Given], outputs: &'a [Given]) -> Self {
        Self { frames, inputs, outputs, null_lists: false, points: &[], context: None }
    }
}

/// A playing transport at `beat`.
pub fn playing_at(beat: f64, frame: i64, tempo: f64, rate: f64) -> ProcessContext {
    use ProcessContext_::StatesAndFlags_::{kPlaying, kProjectTimeMusicValid, kTempoValid, kTimeSigValid};
    // SAFETY: all-zero is a valid context: it says nothing.
    let mut context: ProcessContext = unsafe { std::mem::zeroed() };
    #[allow(clippy::unnecessary_cast, reason = "the constants are signed on Windows")]
    let flags = (kPlaying | kProjectTimeMusicValid | kTempoValid | kTimeSigValid) as u32;
    context.state = flags;
    context.sampleRate = rate;
    context.projectTimeSamples = frame;
    context.projectTimeMusic = beat;
    context.tempo = tempo;
    context.timeSigNumerator = 4;
    context.timeSigDenominator = 4;
    context
}

/// Entries behind the last one given. They hold a wild pointer: who reads a bus too far does not live to tell.
const WILD: usize = 16;

struct Side {
    samples: Vec<Vec<Vec<f32>>>,
    _channels: Vec<Vec<*mut f32>>,
    list: Vec<AudioBusBuffers>,
}

impl Side {
    fn new(given: &[Given], frames: usize, fill: &dyn Fn(usize, usize) -> f32) -> Self {
        let count = |given| match given {
            Given::Stereo => 2,
            Given::Mono => 1,
            _ => 0,
        };
        let mut samples: Vec<Vec<Vec<f32>>> = given
            .iter()
            .enumerate()
            .map(|(bus, given)| vec![(0..frames).map(|frame| fill(bus, frame)).collect(); count(*given)])
            .collect();
        let mut channels: Vec<Vec<*mut f32>> = samples
            .iter_mut()
            .zip(given)
            .map(|(bus, given)| match given {
                Given::NullChannels => vec![ptr::null_mut(); 2],
                _ => bus.iter_mut().map(|channel| channel.as_mut_ptr()).collect(),
            })
            .collect();
        let bus = |count, channels| AudioBusBuffers {
            numChannels: count,
            silenceFlags: 0,
            __field0: AudioBusBuffers__type0 { channelBuffers32: channels },
        };
        let mut list: Vec<AudioBusBuffers> = channels
            .iter_mut()
            .zip(given)
            .map(|(channels, given)| match given {
                Given::Stereo | Given::NullChannels => bus(2, channels.as_mut_ptr()),
                Given::Mono => bus(1, channels.as_mut_ptr()),
                Given::NullList => bus(2, ptr::null_mut()),
                Given::NoChannels => bus(0, ptr::null_mut()),
            })
            .collect();
        list.resize(given.len() + WILD, bus(2, ptr::without_provenance_mut(8)));
        Self { samples, _channels: channels, list }
    }

    fn list(&mut self, null: bool) -> *mut AudioBusBuffers {
        if null { ptr::null_mut() } else { self.list.as_mut_ptr() }
    }
}

/// One automation point for one parameter.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    pub id: u32,
    pub frame: i32,
    pub value: f64,
}

impl Point {
    /// `id` is the text id; hosts know the framework's hash of it.
    pub fn new(id: &str, frame: usize, value: f64) -> Self {
        let hash = id.bytes().fold(0u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into())) & 0x7fff_ffff;
        Self { id: hash, frame: frame as i32, value }
    }
}

pub struct Queue(pub Point);
impl Class for Queue {
    type Interfaces = (IParamValueQueue,);
}
impl IParamValueQueueTrait for Queue {
    unsafe fn getParameterId(&self) -> ParamID {
        self.0.id
    }
    unsafe fn getPointCount(&self) -> int32 {
        1
    }
    unsafe fn getPoint(&self, _: int32, frame: *mut int32, value: *mut ParamValue) -> tresult {
        // SAFETY: the caller passes two places.
        unsafe { (*frame, *value) = (self.0.frame, self.0.value) };
        kResultOk
    }
    unsafe fn addPoint(&self, _: int32, _: ParamValue, _: *mut int32) -> tresult {
        kResultFalse
    }
}

pub struct Changes(pub Vec<ComPtr<IParamValueQueue>>);
impl Class for Changes {
    type Interfaces = (IParameterChanges,);
}
impl IParameterChangesTrait for Changes {
    unsafe fn getParameterCount(&self) -> int32 {
        self.0.len() as int32
    }
    unsafe fn getParameterData(&self, index: int32) -> *mut IParamValueQueue {
        self.0[index as usize].as_ptr()
    }
    unsafe fn addParameterData(&self, _: *const ParamID, _: *mut int32) -> *mut IParamValueQueue {
        ptr::null_mut()
    }
}

/// Bytes in memory as a host's stream.
struct Stream {
    bytes: RefCell<Vec<u8>>,
    at: Cell<usize>,
}
impl Class for Stream {
    type Interfaces = (IBStream,);
}
impl IBStreamTrait for Stream {
    unsafe fn read(&self, to: *mut c_void, count: int32, done: *mut int32) -> tresult {
        let bytes = self.bytes.borrow();
        let part = &bytes[self.at.get()..(self.at.get() + count as usize).min(bytes.len())];
        // SAFETY: the caller passes room for `count` bytes, and a place or null.
        unsafe {
            ptr::copy_nonoverlapping(part.as_ptr(), to.cast(), part.len());
            done.as_mut().into_iter().for_each(|done| *done = part.len() as int32);
        }
        self.at.set(self.at.get() + part.len());
        kResultOk
    }
    unsafe fn write(&self, from: *mut c_void, count: int32, done: *mut int32) -> tresult {
        // SAFETY: the caller passes `count` bytes, and a place or null.
        unsafe {
            self.bytes.borrow_mut().extend_from_slice(std::slice::from_raw_parts(from.cast(), count as usize));
            done.as_mut().into_iter().for_each(|done| *done = count);
        }
        kResultOk
    }
    unsafe fn seek(&self, by: int64, from: int32, now: *mut int64) -> tresult {
        let start = [0, self.at.get(), self.bytes.borrow().len()][from as usize] as i64;
        self.at.set((start + by) as usize);
        // SAFETY: a place or null.
        unsafe { now.as_mut().into_iter().for_each(|now| *now = start + by) };
        kResultOk
    }
    unsafe fn tell(&self, now: *mut int64) -> tresult {
        // SAFETY: a place or null.
        unsafe { now.as_mut().into_iter().for_each(|now| *now = self.at.get() as i64) };
        kResultOk
    }
}
