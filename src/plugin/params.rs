//! Declares the host's parameters: their ids for ever, names, ranges and texts.
//!
//! Thread: written by the framework (audio or main), read by audio at the start of each piece and by the editor in each
//! frame; all values are atomics.
//!
//! The ids are a promise to every saved project: never rename, never reuse, only add. All numbers run linearly from 0
//! to 1, so that the plain value, the normalised value and the saved one are the same bits.

use std::collections::BTreeMap;
use std::sync::Arc;

use nice_plug::prelude::*;

use super::guard::Faults;
use super::persist::{ParamKind, SessionDoor, SessionField};
use crate::audio::HostParams;

/// How many macros there are.
pub const MACROS: usize = 64;

/// The parameters a host sees, and the session field saved with them.
pub struct Parameters<D> {
    /// Macros 1-64, 0-1, off at 0; what they move is mapped in the session.
    pub macros: [FloatParam; MACROS],
    /// The host's bypass: main in passes at unity, tails ring out.
    pub bypass: BoolParam,
    /// Master volume, linear 0-1, shown in dB.
    pub master: FloatParam,
    /// Opacity of the whole picture, 0-1, shown in per cent.
    pub opacity: FloatParam,
    /// Hush: releases everything that sounds while it is on.
    pub hush: BoolParam,
    /// Exact render: `process` waits for the other threads as it does offline. VST3 hosts need it to bounce exactly,
    /// because the framework learns of their offline mode one setup too late.
    pub exact: BoolParam,
    /// The session, saved beside the parameters.
    pub session: SessionField<D>,
    /// What went wrong at the border.
    pub faults: Arc<Faults>,
}

impl<D: SessionDoor> Parameters<D> {
    /// All parameters at their defaults; the session is reached through `door`.
    pub fn new(door: D, faults: Arc<Faults>) -> Self {
        Self {
            macros: std::array::from_fn(|index| macro_param(index + 1)),
            bypass: switch("Bypass").make_bypass(),
            master: FloatParam::new("Master", 1.0, UNIT)
                .with_unit(" dB")
                .with_value_to_string(Arc::new(gain_to_text))
                .with_string_to_value(Arc::new(text_to_gain)),
            opacity: FloatParam::new("Opacity", 1.0, UNIT)
                .with_unit(" %")
                .with_value_to_string(Arc::new(|value| format!("{:.1}", value * 100.0)))
                .with_string_to_value(Arc::new(|text| to_unit(number(text.trim_end_matches([' ', '%']))? / 100.0))),
            hush: switch("Hush"),
            exact: switch("Exact render"),
            session: SessionField::new(door),
            faults,
        }
    }

    /// All values as they stand now, host automation and modulation included.
    ///
    /// Thread: audio, once at the start of each piece. Realtime: yes.
    pub fn read(&self) -> HostParams {
        HostParams {
            macros: std::array::from_fn(|index| self.macros[index].value()),
            bypass: self.bypass.value(),
            master: self.master.value(),
            opacity: self.opacity.value(),
            hush: self.hush.value(),
            exact: self.exact.value(),
        }
    }
}

/// What the parameter with this id holds, or `None` if there is no such parameter.
pub fn kind(id: &str) -> Option<ParamKind> {
    match id {
        "bypass" | "hush" | "exact" => Some(ParamKind::Switch),
        "master" | "opacity" => Some(ParamKind::Unit),
        _ => {
            let index: usize = id.strip_prefix('m')?.parse().ok()?;
            ((1..=MACROS).contains(&index) && macro_id(index) == id).then_some(ParamKind::Unit)
        }
    }
}

/// The id of macro `index`, counted from 1: `m01` to `m64`.
pub fn macro_id(index: usize) -> String {
    format!("m{index:02}")
}

// The derive macro would call the 64th element of an array `m_64`, so the map is written by hand.
//
// SAFETY: the pointers point into `self`, which the framework holds in an `Arc` for as long as it uses them.
#[allow(unsafe_code)]
unsafe impl<D: SessionDoor> Params for Parameters<D> {
    fn param_map(&self) -> Vec<(String, ParamPtr, String)> {
        let fixed = [
            ("bypass", self.bypass.as_ptr()),
            ("master", self.master.as_ptr()),
            ("opacity", self.opacity.as_ptr()),
            ("hush", self.hush.as_ptr()),
            ("exact", self.exact.as_ptr()),
        ];
        let macros = self.macros.iter().enumerate();
        macros
            .map(|(index, param)| (macro_id(index + 1), param.as_ptr(), "Macros".to_owned()))
            .chain(fixed.map(|(id, param)| (id.to_owned(), param, String::new())))
            .collect()
    }

    fn serialize_fields(&self) -> BTreeMap<String, String> {
        self.session.save(&self.faults.state_panics)
    }

    fn deserialize_fields(&self, fields: &BTreeMap<String, String>) {
        self.session.load(fields, &self.faults.state_panics);
    }
}

const UNIT: FloatRange = FloatRange::Linear { min: 0.0, max: 1.0 };

fn macro_param(number_from_1: usize) -> FloatParam {
    FloatParam::new(format!("Macro {number_from_1}"), 0.0, UNIT)
        .with_value_to_string(Arc::new(|value| format!("{value:.4}")))
        .with_string_to_value(Arc::new(|text| match text.trim_end().strip_suffix('%') {
            Some(percent) => to_unit(number(percent)? / 100.0),
            None => to_unit(number(text)?),
        }))
}

fn switch(name: &str) -> BoolParam {
    BoolParam::new(name, false)
        .with_value_to_string(Arc::new(|on| if on { "On" } else { "Off" }.to_owned()))
        .with_string_to_value(Arc::new(|text| match text.trim().to_ascii_lowercase().as_str() {
            "on" | "yes" | "true" | "1" => Some(true),
            "off" | "no" | "false" | "0" => Some(false),
            _ => None,
        }))
}

fn gain_to_text(gain: f32) -> String {
    if gain <= 0.0 {
        return "-inf".to_owned();
    }
    let text = format!("{:.2}", 20.0 * gain.log10());
    // Unity is "0.00", whichever side the rounding came from.
    if text == "-0.00" { "0.00".to_owned() } else { text }
}

// "-6 dB" and "-6" are decibels, "50 %" is linear. More than 0 dB is held at unity.
fn text_to_gain(text: &str) -> Option<f32> {
    let text = text.trim();
    if let Some(percent) = text.strip_suffix('%') {
        return to_unit(number(percent)? / 100.0);
    }
    let lower = text.to_ascii_lowercase();
    let decibels = lower.strip_suffix("db").unwrap_or(&lower).trim();
    if matches!(decibels, "-inf" | "−inf" | "-∞" | "−∞") {
        return Some(0.0);
    }
    to_unit(10f64.powf(number(decibels)? / 20.0))
}

// Hosts and people write minus as hyphen, non-breaking hyphen or the true sign, and the decimal point as a comma.
fn number(text: &str) -> Option<f64> {
    let text = text.trim().replace(['\u{2011}', '\u{2212}', '\u{2013}'], "-").replace(',', ".");
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

fn to_unit(value: f64) -> Option<f32> {
    Some(value.clamp(0.0, 1.0) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct NoDoor;
    impl SessionDoor for NoDoor {
        fn check(_: &str) -> Result<(), String> {
            Ok(())
        }
        fn load(&self, _: &str) {}
        fn refuse(&self, _: &str) {}
        fn save(&self) -> String {
            String::new()
        }
    }

    fn parameters() -> Parameters<NoDoor> {
        Parameters::new(NoDoor, Arc::default())
    }

    #[test]
    fn the_ids_are_the_promised_ones_in_this_order() {
        let ids: Vec<_> = parameters().param_map().into_iter().map(|(id, _, _)| id).collect();
        let mut promised: Vec<_> = (1..=64).map(|index| format!("m{index:02}")).collect();
        promised.extend(["bypass", "master", "opacity", "hush", "exact"].map(String::from));
        assert_eq!(ids, promised);
        assert!(ids.iter().all(|id| kind(id).is_some()));
        assert!(["m00", "m65", "m1", "m001", "m+1", "volume", ""].iter().all(|id| kind(id).is_none()));
    }

    #[test]
    fn plain_and_normalised_values_are_the_same_bits() {
        let parameters = parameters();
        for bits in (0..1.0f32.to_bits()).step_by(7919) {
            let value = f32::from_bits(bits);
            for param in [&parameters.macros[0], &parameters.master, &parameters.opacity] {
                assert_eq!(param.preview_plain(value).to_bits(), bits);
                assert_eq!(param.preview_normalized(value).to_bits(), bits);
            }
        }
    }

    #[test]
    fn a_value_survives_the_saved_json_bit_exactly() {
        for bits in (0..=1.0f32.to_bits()).step_by(997) {
            let value = nice_plug::plugin::ParamValue::F32(f32::from_bits(bits));
            let text = serde_json::to_string(&value).unwrap();
            match serde_json::from_str(&text).unwrap() {
                nice_plug::plugin::ParamValue::F32(back) => assert_eq!(back.to_bits(), bits, "{text}"),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn texts_are_read_with_units_and_any_minus_sign() {
        let parameters = parameters();
        let master = |text| parameters.master.string_to_normalized_value(text);
        for text in ["-6 dB", "\u{2011}6 dB", "\u{2212}6dB", " -6 ", "-6,0 DB"] {
            assert_eq!(master(text), Some(0.501_187_2), "{text}");
        }
        assert_eq!((master("0 dB"), master("+3 dB"), master("-inf dB")), (Some(1.0), Some(1.0), Some(0.0)));
        assert_eq!((master("50 %"), master("loud"), master("nan")), (Some(0.5), None, None));
        assert_eq!(parameters.opacity.string_to_normalized_value("25 %"), Some(0.25));
        assert_eq!(parameters.macros[2].string_to_normalized_value("12.5 %"), Some(0.125));
        assert_eq!(parameters.hush.string_to_normalized_value("maybe"), None);
    }

    #[test]
    fn a_shown_text_reads_back_as_the_same_text() {
        let parameters = parameters();
        for step in 0..=1000 {
            let value = step as f32 / 1000.0;
            for param in [&parameters.macros[63], &parameters.master, &parameters.opacity] {
                let text = param.normalized_value_to_string(value, true);
                let back = param.string_to_normalized_value(&text).expect("our own text");
                assert_eq!(param.normalized_value_to_string(back, true), text);
            }
        }
    }
}
