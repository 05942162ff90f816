//! Plugs the rooms into the host: the one type that nice-plug sees, and nothing of its own.
//!
//! Thread: all; each method says which. This is the only room that may import every other.
//!
//! What nice-plug 0.4 makes us do, and where: separate types per format ([`variant`]), a kept VST3 worker ([`keeper`]),
//! states refused before they apply ([`persist`]), no panic across `extern "C"` ([`mod@guard`]). We use none of its
//! background tasks: their worker is shared by all instances and can end the host.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use nice_plug::prelude::*;

pub mod acts;
pub mod block;
pub mod clap_front;
pub mod editor;
pub mod guard;
pub mod headless;
pub mod instances;
mod jack_beats;
pub mod journal;
pub mod keeper;
mod load;
pub mod own_window;
pub mod params;
pub mod persist;
pub mod pocket_desk;
pub mod rooms;
#[cfg(feature = "standalone")]
pub mod standalone;
pub mod variant;
pub mod vst3_front;

use crate::audio::{Activity, Processor};
use crate::bus::Meters;
use block::Block;
use guard::{Faults, guard};
use load::LoadMeter;
use variant::{ClapVariant, Variant, Vst3Variant};

use rooms::{Door, Rooms};

/// The host's parameters of one instance.
pub type Parameters = params::Parameters<Door>;

/// One instance of Tracklight, as the plug-in and format that `V` names.
///
/// Thread: made, activated and dropped on main; `process` and `reset` on audio. The framework holds it in a lock, so
/// the two never meet.
pub struct Tracklight<V> {
    // Audio goes before the rooms: nothing is lent to it any more when they end.
    audio: Option<Audio>,
    params: Arc<Parameters>,
    faults: Arc<Faults>,
    rooms: Arc<Rooms>,
    _variant: PhantomData<fn() -> V>,
}

/// The audio side: made at the first `activate`, made ready again at each.
struct Audio {
    processor: Processor,
    block: Block,
    load: LoadMeter,
    meters: Arc<Meters>,
    has_input: bool,
    // After a panic the processor cannot be trusted any more: silence until the next `activate` makes a new one.
    broken: bool,
}

impl<V: Variant> Default for Tracklight<V> {
    /// Hosts do this when they scan: no thread, no file, nothing that takes time.
    fn default() -> Self {
        if let Some(keeper) = V::keeper() {
            keeper.ensure(V::forget_one);
        }
        let faults = Arc::<Faults>::default();
        let rooms = Arc::<Rooms>::default();
        let params = Arc::new(Parameters::new(Door(rooms.clone()), faults.clone()));
        Self { audio: None, params, faults, rooms, _variant: PhantomData }
    }
}

impl<V: Variant> Plugin for Tracklight<V> {
    const NAME: &'static str = V::NAME;
    const VENDOR: &'static str = "Tracklight";
    const URL: &'static str = "";
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = V::LAYOUTS;
    // `MidiCCs` would add 2080 parameters in VST3.
    const MIDI_INPUT: MidiConfig = MidiConfig::Basic;
    const SAMPLE_ACCURATE_AUTOMATION: bool = true;
    const INPUT_EVENT_CAPACITY: usize = block::MOST_EVENTS;

    type Editor = editor::Opener<editor::Late>;
    type SysExMessage = ();
    type BackgroundTask = ();

    fn task_executor(&mut self) -> TaskExecutor<Self> {
        match V::keeper().filter(|_| keeper::making()) {
            Some(keeper) => Box::new(|()| keeper.arrived()),
            None => Box::new(|()| ()),
        }
    }

    fn params(&self) -> Arc<dyn Params> {
        self.params.clone()
    }

    // The wrapper asks for the editor when it makes the instance, not when the window opens, so this must stay cheap.
    fn editor(&mut self, executor: AsyncExecutor<Self>) -> Option<Self::Editor> {
        if let Some(keeper) = V::keeper().filter(|_| keeper::making()) {
            keeper.adopt(move || executor.execute_background(()));
            return None;
        }
        let content = editor::Late::new(self.rooms.clone(), V::window());
        Some(editor::Opener::new(content, self.faults.clone()))
    }

    /// Thread: main, before anything of a state is applied.
    fn filter_state(state: &mut PluginState) {
        persist::filter::<Door>(state, params::kind);
    }

    /// Thread: main. Makes a new processor; the framework calls `reset` next.
    fn activate(
        &mut self,
        layout: &AudioIOLayout,
        config: &BufferConfig,
        context: &mut impl ActivateContext<Self>,
    ) -> bool {
        context.set_latency_samples(0);
        let (rate, frames) = (f64::from(config.sample_rate), config.max_buffer_size as usize);
        let offline = config.process_mode == ProcessMode::Offline && context.plugin_api() == PluginApi::Clap;
        let before = self.audio.take();
        let rooms = &self.rooms;
        self.audio = guard(&self.faults.audio_panics, || {
            let mut processor = match before {
                Some(audio) => audio.processor,
                None => Processor::new(rooms.take_audio()?),
            };
            processor.prepare(rate, frames, offline);
            rooms.processing(true, offline);
            rooms.wait_ready(offline);
            let meters = rooms.start().meters.clone();
            meters.panicked.store(false, Ordering::Relaxed);
            Some(Audio {
                processor,
                block: Block::new(rate, frames),
                load: LoadMeter::new(rate),
                meters,
                has_input: layout.main_input_channels.is_some(),
                broken: false,
            })
        })
        .flatten();
        self.audio.is_some()
    }

    /// Thread: audio. Realtime: yes.
    fn reset(&mut self) {
        if let Some(audio) = &mut self.audio {
            audio.broken |= guard(&self.faults.audio_panics, || audio.processor.reset()).is_none();
        }
    }

    /// Thread: audio. Realtime: yes.
    ///
    /// One call is one piece: the host's block, cut where a parameter moves, so one reading of the parameters is right
    /// for all of it.
    fn process(
        &mut self,
        main: &mut Buffer,
        aux: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        let Some(audio) = self.audio.as_mut().filter(|audio| !audio.broken) else {
            block::silence(main, aux);
            return ProcessStatus::KeepAlive;
        };
        let Audio { processor, block, load, meters, has_input, .. } = audio;
        let (params, faults) = (&self.params, &self.faults);
        let activity = guard(&faults.audio_panics, || {
            load.measure(main.samples(), meters, || {
                block.read_notes(main.samples(), || context.next_event(), faults);
                let mut transport = block::transport(context.transport());
                if context.plugin_api() == PluginApi::Standalone {
                    jack_beats::count(context.transport(), &mut transport);
                }
                block.run(processor, *has_input, main, aux, transport.as_ref(), &params.read())
            })
        });
        match activity {
            Some(activity) => status(activity, context.plugin_api()),
            None => {
                audio.broken = true;
                // The editor says so; the next `activate` begins anew.
                audio.meters.panicked.store(true, Ordering::Relaxed);
                block::silence(main, aux);
                ProcessStatus::KeepAlive
            }
        }
    }

    /// Thread: main.
    fn deactivate(&mut self) {
        self.rooms.processing(false, false);
        if let Some(keeper) = V::keeper() {
            keeper.flush();
        }
    }
}

/// What to tell the host, so that it neither puts a sequencer to sleep nor loses a tail.
///
/// A tracker may start to sound from silence at any block, with no input and no note, so it is never "done": CLAP hears
/// "continue", or a tail while voices ring; VST3 hosts know only the tail and suspend a plug-in whose input has been
/// silent for that long: there it has to be endless.
fn status(activity: Activity, format: PluginApi) -> ProcessStatus {
    match (format, activity) {
        // Not "normal": CLAP hosts are told then that they may stop calling while the output is quiet.
        (PluginApi::Clap, Activity::Silent) => ProcessStatus::Tail(0),
        _ => ProcessStatus::KeepAlive,
    }
}

impl<V: ClapVariant> ClapPlugin for Tracklight<V> {
    const CLAP_ID: &'static str = V::ID;
    const CLAP_DESCRIPTION: Option<&'static str> = Some(env!("CARGO_PKG_DESCRIPTION"));
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] = V::FEATURES;

    fn remote_controls(&self, context: &mut impl RemoteControlsContext) {
        context.add_section("Macros", |section| {
            for (page, macros) in self.params.macros.chunks(8).enumerate() {
                let first = page * 8 + 1;
                section.add_page(format!("Macros {first}-{}", first + 7), |page| {
                    macros.iter().for_each(|param| page.add_param(param));
                });
            }
        });
        context.add_section("Main", |section| {
            section.add_page("Main", |page| {
                page.add_param(&self.params.master);
                page.add_param(&self.params.opacity);
                page.add_param(&self.params.hush);
                page.add_param(&self.params.exact);
                page.add_param(&self.params.bypass);
            });
        });
    }
}

impl<V: Vst3Variant> Vst3Plugin for Tracklight<V> {
    const VST3_CLASS_ID: [u8; 16] = V::CLASS_ID;
    const VST3_SUBCATEGORIES: &'static [Vst3SubCategory] = V::SUBCATEGORIES;
}
