//! Names the plug-ins that this binary offers, with their ids for ever and their buses.
//!
//! Thread: none; constants.
//!
//! One type per plug-in *and format*, because the formats do not offer the same buses: VST3 hosts often switch
//! auxiliary buses off or route only the first (pedalboard does), so there only *Tracklight Multi* has them. Whatever
//! a host leaves out, main is heard: [`clap_front`](super::clap_front) and [`vst3_front`](super::vst3_front) see to it.

use nice_plug::prelude::*;

use super::keeper::Keeper;
use super::own_window::OwnWindow;

/// Eight stereo auxiliary outputs.
pub const AUX_OUTPUTS: usize = 8;

const STEREO: NonZeroU32 = new_nonzero_u32(2);

const NAMES: PortNames = PortNames {
    layout: None,
    // The framework shows this name on the main output, too.
    main_input: Some("Main"),
    main_output: Some("Main"),
    aux_inputs: &["Sidechain"],
    aux_outputs: &["Aux 1", "Aux 2", "Aux 3", "Aux 4", "Aux 5", "Aux 6", "Aux 7", "Aux 8"],
};

const MAIN_ONLY: AudioIOLayout = AudioIOLayout {
    main_input_channels: Some(STEREO),
    main_output_channels: Some(STEREO),
    aux_input_ports: &[],
    aux_output_ports: &[],
    names: PortNames { layout: Some("Stereo"), ..NAMES },
};

const ALL_BUSES: AudioIOLayout = AudioIOLayout {
    aux_input_ports: &[STEREO],
    aux_output_ports: &[STEREO; AUX_OUTPUTS],
    names: PortNames { layout: Some("Stereo, 8 auxiliary outputs, sidechain"), ..NAMES },
    ..MAIN_ONLY
};

const OUT_ONLY: AudioIOLayout = AudioIOLayout { main_input_channels: None, ..MAIN_ONLY };

const OUT_AND_AUX: AudioIOLayout = AudioIOLayout {
    main_input_channels: None,
    aux_input_ports: &[],
    names: PortNames { layout: Some("Stereo, 8 auxiliary outputs"), ..NAMES },
    ..ALL_BUSES
};

/// One plug-in in one format.
pub trait Variant: Send + 'static {
    /// The name hosts list.
    const NAME: &'static str;
    /// The buses; the first layout is the default one, which VST3 never leaves.
    const LAYOUTS: &'static [AudioIOLayout];

    /// What keeps the framework's worker alive (VST3 on Linux).
    fn keeper() -> Option<&'static Keeper> {
        None
    }

    /// The window, where it is a program's own and not a host's.
    fn window() -> Option<&'static OwnWindow> {
        None
    }

    /// Make and forget the keeper instance; only called where [`keeper`](Self::keeper) answers one.
    fn forget_one() {}
}

/// A variant that a CLAP host can open.
pub trait ClapVariant: Variant {
    /// The plug-in's id, for ever.
    const ID: &'static str;
    /// What it is, for the host's browser.
    const FEATURES: &'static [ClapFeature];
}

/// A variant that a VST3 host can open.
pub trait Vst3Variant: Variant {
    /// The class id, for ever.
    const CLASS_ID: [u8; 16];
    /// What it is, for the host's browser.
    const SUBCATEGORIES: &'static [Vst3SubCategory];
}

/// CLAP effect: stereo in and out, 8 auxiliary outputs, sidechain.
pub struct ClapEffect;
/// CLAP instrument: no main input, 8 auxiliary outputs.
pub struct ClapInstrument;
/// VST3 effect: main buses only.
pub struct Vst3Effect;
/// VST3 instrument: main output only.
pub struct Vst3Instrument;
/// VST3 effect with all buses.
pub struct Vst3Multi;
/// The program with a window and sound of its own.
pub struct Standalone;

impl Variant for ClapEffect {
    const NAME: &'static str = "Tracklight";
    const LAYOUTS: &'static [AudioIOLayout] = &[ALL_BUSES, MAIN_ONLY];
}

impl ClapVariant for ClapEffect {
    const ID: &'static str = "org.tracklight.tracklight";
    const FEATURES: &'static [ClapFeature] =
        &[ClapFeature::AudioEffect, ClapFeature::Sampler, ClapFeature::Stereo, ClapFeature::Custom("sequencer")];
}

impl Variant for ClapInstrument {
    const NAME: &'static str = "Tracklight Instrument";
    const LAYOUTS: &'static [AudioIOLayout] = &[OUT_AND_AUX, OUT_ONLY];
}

impl ClapVariant for ClapInstrument {
    const ID: &'static str = "org.tracklight.instrument";
    const FEATURES: &'static [ClapFeature] = &[
        ClapFeature::Instrument,
        ClapFeature::Sampler,
        ClapFeature::DrumMachine,
        ClapFeature::Stereo,
        ClapFeature::Custom("sequencer"),
    ];
}

/// Gives a VST3 variant its keeper; see [`keeper`](super::keeper) for why.
macro_rules! kept {
    () => {
        #[cfg(target_os = "linux")]
        fn keeper() -> Option<&'static Keeper> {
            static KEEPER: Keeper = Keeper::new();
            Some(&KEEPER)
        }

        #[cfg(target_os = "linux")]
        fn forget_one() {
            std::mem::forget(nice_plug::wrapper::vst3::Wrapper::<super::Tracklight<Self>>::new());
        }
    };
}

impl Variant for Vst3Effect {
    const NAME: &'static str = "Tracklight";
    const LAYOUTS: &'static [AudioIOLayout] = &[MAIN_ONLY];
    kept!();
}

impl Vst3Variant for Vst3Effect {
    const CLASS_ID: [u8; 16] = *b"TracklightAudio1";
    const SUBCATEGORIES: &'static [Vst3SubCategory] =
        &[Vst3SubCategory::Fx, Vst3SubCategory::Sampler, Vst3SubCategory::Stereo];
}

impl Variant for Vst3Instrument {
    const NAME: &'static str = "Tracklight Instrument";
    const LAYOUTS: &'static [AudioIOLayout] = &[OUT_ONLY];
    kept!();
}

impl Vst3Variant for Vst3Instrument {
    const CLASS_ID: [u8; 16] = *b"TracklightInstr1";
    const SUBCATEGORIES: &'static [Vst3SubCategory] =
        &[Vst3SubCategory::Instrument, Vst3SubCategory::Sampler, Vst3SubCategory::Stereo];
}

impl Variant for Vst3Multi {
    const NAME: &'static str = "Tracklight Multi";
    const LAYOUTS: &'static [AudioIOLayout] = &[ALL_BUSES];
    kept!();
}

impl Vst3Variant for Vst3Multi {
    const CLASS_ID: [u8; 16] = *b"TracklightMulti1";
    const SUBCATEGORIES: &'static [Vst3SubCategory] =
        &[Vst3SubCategory::Fx, Vst3SubCategory::Sampler, Vst3SubCategory::Stereo];
}

impl Variant for Standalone {
    const NAME: &'static str = "Tracklight";
    // Without names of ours: nice-plug gives an output the input's name, and a JACK client with two ports of one name
    // is refused.
    const LAYOUTS: &'static [AudioIOLayout] =
        &[AudioIOLayout { names: PortNames { main_input: None, main_output: None, ..NAMES }, ..MAIN_ONLY }];

    fn window() -> Option<&'static OwnWindow> {
        static WINDOW: OwnWindow = OwnWindow::new();
        Some(&WINDOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_input_and_output_ports_have_two_names() {
        let [layout] = Standalone::LAYOUTS else { panic!("one layout") };
        assert_ne!(layout.main_input_name(), layout.main_output_name());
    }
}
