//! A plug-in's parameters as a host sees them: ids, ranges, values, text. Main thread.

use crate::error::Error;
use crate::event::{Event, OutEvent};
use crate::instance::Instance;
use clack_extensions::params::{ParamInfoBuffer, ParamInfoFlags, PluginParams};
use clack_host::events::io::EventBuffer;
use clack_host::utils::ClapId;
use std::ffi::CString;
use std::sync::atomic::Ordering::Relaxed;

/// The CLAP id of the parameter that nice-plug knows by this string (`#[id = "…"]`): 31 times what came before plus the
/// next byte, in 32 bits, of which the highest is cleared (VST3 keeps it for hosts, and both formats share the number).
pub fn param_id(id: &str) -> u32 {
    id.bytes().fold(0_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte))) & 0x7FFF_FFFF
}

/// One parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// The CLAP id; of a nice-plug plug-in, [`param_id`] of its string id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// The group it is in, levels separated by `/`; empty at the top.
    pub module: String,
    /// The smallest value (nice-plug: 0).
    pub min: f64,
    /// The largest value (nice-plug: 1, or the number of steps).
    pub max: f64,
    /// The value it begins with.
    pub default: f64,
    /// Values are whole numbers.
    pub stepped: bool,
    /// The host may automate it.
    pub automatable: bool,
    /// The host does not show it.
    pub hidden: bool,
}

impl Instance {
    /// How many parameters there are.
    pub fn param_count(&mut self) -> usize {
        let handle = self.plugin.plugin_handle();
        handle.get_extension::<PluginParams>().map_or(0, |ext| ext.count(&handle) as usize)
    }

    /// All parameters, in the plug-in's order.
    pub fn params(&mut self) -> Vec<Param> {
        let handle = self.plugin.plugin_handle();
        let Some(ext) = handle.get_extension::<PluginParams>() else {
            return Vec::new();
        };
        (0..ext.count(&handle))
            .filter_map(|index| {
                let mut buffer = ParamInfoBuffer::new();
                let info = ext.get_info(&handle, index, &mut buffer)?;
                Some(Param {
                    id: info.id.get(),
                    name: String::from_utf8_lossy(info.name).into_owned(),
                    module: String::from_utf8_lossy(info.module).into_owned(),
                    min: info.min_value,
                    max: info.max_value,
                    default: info.default_value,
                    stepped: info.flags.contains(ParamInfoFlags::IS_STEPPED),
                    automatable: info.flags.contains(ParamInfoFlags::IS_AUTOMATABLE),
                    hidden: info.flags.contains(ParamInfoFlags::IS_HIDDEN),
                })
            })
            .collect()
    }

    /// The parameter that nice-plug knows by this string.
    pub fn param(&mut self, id: &str) -> Result<Param, Error> {
        let wanted = param_id(id);
        self.params().into_iter().find(|p| p.id == wanted).ok_or_else(|| Error::NoSuchParam(format!("\"{id}\"")))
    }

    /// The value of a parameter, in its range.
    pub fn param_value(&mut self, id: u32) -> Result<f64, Error> {
        self.with_param(id, |ext, handle, id| ext.get_value(handle, id))
    }

    /// The plug-in's text for a value of a parameter.
    pub fn param_text(&mut self, id: u32, value: f64) -> Result<String, Error> {
        self.with_param(id, |ext, handle, id| {
            let mut buffer = [0; 256];
            let text = ext.value_to_text(handle, id, value, &mut buffer).ok()?;
            Some(String::from_utf8_lossy(text).into_owned())
        })
    }

    /// The value that the plug-in reads from a text, as typed by a person.
    pub fn param_from_text(&mut self, id: u32, text: &str) -> Result<f64, Error> {
        let text = CString::new(text).map_err(|_| Error::Refused("read a text with a zero byte"))?;
        self.with_param(id, |ext, handle, id| ext.text_to_value(handle, id, &text))
    }

    /// Send parameter events without `process`, and read what the plug-in sends: as a host does while nothing plays.
    pub fn flush(&mut self, events: &[Event]) -> Result<Vec<(u32, OutEvent)>, Error> {
        self.requests.flush_pending.store(false, Relaxed);
        let (mut sent, mut received) = (EventBuffer::new(), EventBuffer::new());
        for event in events {
            event.push_to(&mut sent, 0);
        }
        if let Some(mut handle) = self.plugin.inactive_plugin_handle() {
            let ext = handle.get_extension::<PluginParams>().ok_or(Error::NoExtension("params"))?;
            ext.flush(&mut handle, &sent.as_input(), &mut received.as_output());
        } else if let Some(processor) = &mut self.processor {
            processor.flush(&sent, &mut received)?;
        } else {
            return Err(Error::Order { step: "flush", reason: "the processor is on another thread: flush it there" });
        }
        Ok(received.iter().map(OutEvent::read).collect())
    }

    fn with_param<R>(
        &mut self,
        id: u32,
        ask: impl FnOnce(PluginParams, &clack_host::plugin::PluginMainThreadHandle, ClapId) -> Option<R>,
    ) -> Result<R, Error> {
        let handle = self.plugin.plugin_handle();
        let ext = handle.get_extension::<PluginParams>().ok_or(Error::NoExtension("params"))?;
        let none = || Error::NoSuchParam(format!("with CLAP id {id}, or it refused the value"));
        let id = ClapId::from_raw(id).ok_or_else(none)?;
        ask(ext, &handle, id).ok_or_else(none)
    }
}

#[cfg(test)]
mod tests {
    use super::param_id;

    #[test]
    fn a_parameter_id_is_a_java_hash_of_31_bits() {
        assert_eq!(param_id(""), 0);
        assert_eq!(param_id("gain"), 3_165_055);
        // This one runs over 32 bits and has the highest bit set before it is cleared.
        assert_eq!(param_id("volume"), 3_484_083_994 - (1 << 31));
    }
}
