//! The plug-in's shell as VST3 hosts see it: classes, buses, automation, and instances that come and go meanwhile.
//!
//! proves: H1 H2 H7
//!
//! Without the keeper (see `plugin/keeper.rs`) the last test aborts the process in most runs.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may read a real clock and start a thread of its own"
)]
#![allow(clippy::undocumented_unsafe_blocks, reason = "a host of raw calls, in a test")]

use std::collections::BTreeSet;
use std::ffi::c_void;
use std::ptr;

use nice_plug::wrapper::vst3::vst3 as com;

use com::Steinberg::Vst::*;
use com::Steinberg::*;
use com::{ComPtr, ComWrapper, Interface};

use super::vst3_host::{Changes, Point, Queue};

const EFFECT: &[u8; 16] = b"TracklightAudio1";
const INSTRUMENT: &[u8; 16] = b"TracklightInstr1";
const MULTI: &[u8; 16] = b"TracklightMulti1";

fn factory() -> ComPtr<IPluginFactory> {
    // SAFETY: the entry hands out one reference.
    unsafe { ComPtr::from_raw(tracklight::GetPluginFactory().cast()).unwrap() }
}

struct Instance {
    component: ComPtr<IComponent>,
    processor: ComPtr<IAudioProcessor>,
    controller: ComPtr<IEditController>,
}
// SAFETY: the test hands an instance to one thread at a time, as hosts do.
unsafe impl Send for Instance {}
unsafe impl Sync for Instance {}

impl Instance {
    fn open(class: &[u8; 16]) -> Self {
        let mut object = ptr::null_mut::<c_void>();
        // SAFETY: as the factory asks for.
        unsafe {
            let made = factory().createInstance(class.as_ptr().cast(), IComponent::IID.as_ptr().cast(), &mut object);
            assert_eq!(made, kResultOk);
            let component: ComPtr<IComponent> = ComPtr::from_raw(object.cast()).unwrap();
            assert_eq!(component.initialize(ptr::null_mut()), kResultOk);
            let (processor, controller) = (component.cast().unwrap(), component.cast().unwrap());
            Self { component, processor, controller }
        }
    }

    fn start(&self, frames: i32) {
        let _mine = crate::host_rig::opening();
        let mut setup = ProcessSetup {
            processMode: ProcessModes_::kRealtime as i32,
            symbolicSampleSize: SymbolicSampleSizes_::kSample32 as i32,
            maxSamplesPerBlock: frames,
            sampleRate: 48_000.0,
        };
        // SAFETY: in the order VST3 asks for.
        unsafe {
            assert_eq!(self.processor.setupProcessing(&mut setup), kResultOk);
            assert_eq!(self.component.setActive(1), kResultOk);
            assert_eq!(self.processor.setProcessing(1), kResultOk);
        }
    }

    fn stop(&self) {
        // SAFETY: in the order VST3 asks for.
        unsafe {
            self.processor.setProcessing(0);
            self.component.setActive(0);
        }
    }

    fn buses(&self, direction: u32) -> i32 {
        unsafe { self.component.getBusCount(MediaTypes_::kAudio as i32, direction as i32) }
    }

    fn param_ids(&self) -> Vec<u32> {
        // SAFETY: all-zero is a valid info.
        unsafe {
            (0..self.controller.getParameterCount())
                .map(|index| {
                    let mut info = std::mem::zeroed();
                    assert_eq!(self.controller.getParameterInfo(index, &mut info), kResultOk);
                    info.id
                })
                .collect()
        }
    }

    /// Process one block with every bus the class declares, `input` on all inputs; answers main out.
    ///
    /// Never fewer: for *Multi* the framework then reads past the host's array, which is why only that class has them.
    fn process(&self, input: f32, frames: usize, points: Vec<Point>) -> Vec<Vec<f32>> {
        let queues = points.into_iter().map(|point| ComWrapper::new(Queue(point)).to_com_ptr().unwrap()).collect();
        let changes: ComPtr<IParameterChanges> = ComWrapper::new(Changes(queues)).to_com_ptr().unwrap();
        let (ins, outs) = (self.buses(BusDirections_::kInput), self.buses(BusDirections_::kOutput));
        let mut samples = vec![vec![input; frames]; 2 * ins as usize];
        samples.extend(vec![vec![7.0; frames]; 2 * outs as usize]);
        let mut pointers: Vec<_> = samples.iter_mut().map(|channel| channel.as_mut_ptr()).collect();
        let mut buses: Vec<_> = pointers
            .chunks_mut(2)
            .map(|pair| AudioBusBuffers {
                numChannels: 2,
                silenceFlags: 0,
                __field0: AudioBusBuffers__type0 { channelBuffers32: pair.as_mut_ptr() },
            })
            .collect();
        let (input_buses, output_buses) = buses.split_at_mut(ins as usize);
        let mut data = ProcessData {
            processMode: ProcessModes_::kRealtime as i32,
            symbolicSampleSize: SymbolicSampleSizes_::kSample32 as i32,
            numSamples: frames as i32,
            numInputs: ins,
            numOutputs: outs,
            inputs: input_buses.as_mut_ptr(),
            outputs: output_buses.as_mut_ptr(),
            inputParameterChanges: changes.as_ptr(),
            outputParameterChanges: ptr::null_mut(),
            inputEvents: ptr::null_mut(),
            outputEvents: ptr::null_mut(),
            processContext: ptr::null_mut(),
        };
        unsafe { assert_eq!(self.processor.process(&mut data), kResultOk) };
        samples.split_off(2 * ins as usize)
    }
}

#[test]
fn a_vst3_host_lists_three_classes_and_only_multi_has_extra_buses() {
    let mut listed = BTreeSet::new();
    for index in 0..unsafe { factory().countClasses() } {
        // SAFETY: all-zero is a valid info.
        let mut info: PClassInfo = unsafe { std::mem::zeroed() };
        assert_eq!(unsafe { factory().getClassInfo(index, &mut info) }, kResultOk);
        listed.insert(info.cid.map(|byte| byte as u8));
    }
    assert_eq!(listed, BTreeSet::from([*EFFECT, *INSTRUMENT, *MULTI]));
    for (class, inputs, outputs) in [(EFFECT, 1, 1), (INSTRUMENT, 0, 1), (MULTI, 2, 9)] {
        let instance = Instance::open(class);
        let buses = (instance.buses(BusDirections_::kInput), instance.buses(BusDirections_::kOutput));
        assert_eq!(buses, (inputs, outputs));
        assert_eq!(instance.param_ids().len(), 69);
    }
}

#[test]
fn automation_is_heard_from_its_frame_and_the_tail_is_endless() {
    let effect = Instance::open(EFFECT);
    effect.start(64);
    // The framework's hash of the id "master", as every saved project knows it.
    let master =
        "master".bytes().fold(0u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into())) & 0x7fff_ffff;
    let heard = effect.process(1.0, 64, vec![Point { id: master, frame: 37, value: 0.5 }]);
    // From its frame on it glides for 5 ms.
    assert_eq!((heard[0][36], heard[1][37]), (1.0, 1.0 - 0.5 / 240.0));
    assert!(heard[0][37..].windows(2).all(|two| two[1] < two[0]));
    assert_eq!(unsafe { effect.processor.getTailSamples() }, u32::MAX);
    effect.stop();
}

#[test]
fn instances_come_and_go_while_parameters_move_and_the_host_lives() {
    for round in 0..200 {
        let class = [EFFECT, INSTRUMENT, MULTI][round % 3];
        let instances: Vec<_> = (0..1 + round % 2).map(|_| Instance::open(class)).collect();
        // Off the main thread, as in hosts: only then does the framework post each change to its worker.
        std::thread::scope(|scope| {
            for instance in &instances {
                let ids = instance.param_ids();
                instance.start(256);
                scope.spawn(move || {
                    for block in 0..4 {
                        let value = f64::from(block % 2);
                        let points = ids.iter().map(|id| Point { id: *id, frame: 0, value });
                        instance.process(0.0, 256, points.collect());
                    }
                });
            }
        });
        // One host in four forgets to deactivate.
        if round % 4 != 3 {
            instances.iter().for_each(Instance::stop);
        }
    }
}
