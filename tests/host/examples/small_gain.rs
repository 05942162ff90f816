//! A gain with a sidechain and eight auxiliary outputs, which tell what the host sent. `process` runs on the audio thread.
//!
//! Just enough plug-in to try the host on: linked into its tests, and built as a `.so` to be loaded from disk.
//!
//! | auxiliary output | left channel |
//! |---|---|
//! | 0 | note-on velocities, at their frames |
//! | 1 | song position in beats at the first frame (-1000: none), tempo at the second (-1000: none) |
//! | 2 | 1 everywhere while offline |
//! | 3 | MIDI controller values, at their frames |
//! | 4 | -1 where a note is cut, -0.5 where it is released |
//! | 5 | pan expressions, at their frames |
#![allow(missing_docs)]

use nice_plug::prelude::*;
use std::sync::Arc;

#[derive(Default)]
pub struct SmallGain {
    params: Arc<SmallParams>,
    offline: bool,
}

#[derive(Params)]
struct SmallParams {
    /// What the input is multiplied with, 0-2.
    #[id = "gain"]
    gain: FloatParam,
    /// A fault to find: `process` allocates.
    #[id = "leak"]
    allocates: BoolParam,
    /// `process` changes the latency, of which only the main thread may tell the host.
    #[id = "late"]
    late: BoolParam,
}

impl Default for SmallParams {
    fn default() -> Self {
        Self {
            gain: FloatParam::new("Gain", 1.0, FloatRange::Linear { min: 0.0, max: 2.0 }),
            allocates: BoolParam::new("Allocates", false),
            late: BoolParam::new("Late", false),
        }
    }
}

impl Plugin for SmallGain {
    const NAME: &'static str = "Small gain";
    const VENDOR: &'static str = "Tracklight";
    const URL: &'static str = "";
    const EMAIL: &'static str = "";
    const VERSION: &'static str = "1.2.3";
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = &[AudioIOLayout {
        main_input_channels: NonZeroU32::new(2),
        main_output_channels: NonZeroU32::new(2),
        aux_input_ports: &[new_nonzero_u32(2)],
        aux_output_ports: &[new_nonzero_u32(2); 8],
        names: PortNames::const_default(),
    }];
    const MIDI_INPUT: MidiConfig = MidiConfig::MidiCCs;
    const SAMPLE_ACCURATE_AUTOMATION: bool = true;
    type Editor = ();
    type SysExMessage = ();
    type BackgroundTask = ();

    fn params(&self) -> Arc<dyn Params> {
        self.params.clone()
    }

    fn activate(&mut self, _: &AudioIOLayout, config: &BufferConfig, context: &mut impl ActivateContext<Self>) -> bool {
        self.offline = config.process_mode == ProcessMode::Offline;
        context.set_latency_samples(7);
        true
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        aux: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        let gain = self.params.gain.value();
        for (channel, side) in buffer.as_slice().iter_mut().zip(aux.inputs[0].as_slice().iter()) {
            for (sample, side) in channel.iter_mut().zip(side.iter()) {
                *sample = *sample * gain + side;
            }
        }
        let mut mark = |out: usize, frame: u32, value: f32| {
            if let Some(sample) = aux.outputs[out].as_slice()[0].get_mut(frame as usize) {
                *sample = value;
            }
        };
        let transport = context.transport();
        mark(1, 0, transport.pos_beats().map_or(-1000.0, |beat| beat as f32));
        mark(1, 1, transport.tempo.map_or(-1000.0, |tempo| tempo as f32));
        while let Some(event) = context.next_event() {
            match event {
                NoteEvent::NoteOn { timing, velocity, .. } => mark(0, timing, velocity),
                NoteEvent::NoteOff { timing, .. } => mark(4, timing, -0.5),
                NoteEvent::Choke { timing, .. } => mark(4, timing, -1.0),
                NoteEvent::MidiCC { timing, value, .. } => mark(3, timing, value),
                NoteEvent::PolyPan { timing, pan, .. } => mark(5, timing, pan),
                _ => {}
            }
        }
        if self.offline {
            aux.outputs[2].as_slice()[0].fill(1.0);
        }
        if self.params.late.value() {
            context.set_latency_samples(8);
        }
        if self.params.allocates.value() {
            drop(std::hint::black_box(vec![0_u8; 100]));
        }
        ProcessStatus::Tail(480)
    }
}

impl ClapPlugin for SmallGain {
    const CLAP_ID: &'static str = "org.tracklight.small-gain";
    const CLAP_DESCRIPTION: Option<&'static str> = None;
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] = &[ClapFeature::AudioEffect, ClapFeature::Utility];
}

nice_export_clap!(SmallGain);
