//! Which audio and note ports a plug-in declares. Main thread.

use crate::callbacks::Callbacks;
use clack_extensions::audio_ports::{AudioPortFlags, AudioPortInfoBuffer, PluginAudioPorts};
use clack_extensions::note_ports::{NoteDialects, NotePortInfoBuffer, PluginNotePorts};
use clack_host::prelude::*;

/// One audio port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioPort {
    /// The CLAP port id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Its channels.
    pub channels: u32,
    /// It is the main port of its side.
    pub is_main: bool,
    /// The port of the other side with which it may share memory.
    pub in_place_pair: Option<u32>,
}

/// One note port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotePort {
    /// The CLAP port id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// It takes or gives CLAP notes.
    pub clap: bool,
    /// It takes or gives MIDI 1.
    pub midi: bool,
}

/// All ports, in the plug-in's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// Audio into the plug-in.
    pub audio_in: Vec<AudioPort>,
    /// Audio out of the plug-in.
    pub audio_out: Vec<AudioPort>,
    /// Notes into the plug-in.
    pub notes_in: Vec<NotePort>,
    /// Notes out of the plug-in.
    pub notes_out: Vec<NotePort>,
}

impl Ports {
    pub(crate) fn read(plugin: &mut PluginInstance<Callbacks>) -> Self {
        let handle = plugin.plugin_handle();
        let mut ports = Self::default();
        if let Some(ext) = handle.get_extension::<PluginAudioPorts>() {
            ports.audio_in = audio(ext, &handle, true);
            ports.audio_out = audio(ext, &handle, false);
        }
        if let Some(ext) = handle.get_extension::<PluginNotePorts>() {
            ports.notes_in = notes(ext, &handle, true);
            ports.notes_out = notes(ext, &handle, false);
        }
        ports
    }
}

fn audio(ext: PluginAudioPorts, handle: &PluginMainThreadHandle, is_input: bool) -> Vec<AudioPort> {
    (0..ext.count(handle, is_input))
        .filter_map(|index| {
            let mut buffer = AudioPortInfoBuffer::new();
            let info = ext.get(handle, index, is_input, &mut buffer)?;
            Some(AudioPort {
                id: info.id.get(),
                name: String::from_utf8_lossy(info.name).into_owned(),
                channels: info.channel_count,
                is_main: info.flags.contains(AudioPortFlags::IS_MAIN),
                in_place_pair: info.in_place_pair.map(ClapId::get),
            })
        })
        .collect()
}

fn notes(ext: PluginNotePorts, handle: &PluginMainThreadHandle, is_input: bool) -> Vec<NotePort> {
    (0..ext.count(handle, is_input))
        .filter_map(|index| {
            let mut buffer = NotePortInfoBuffer::new();
            let info = ext.get(handle, index, is_input, &mut buffer)?;
            Some(NotePort {
                id: info.id.get(),
                name: String::from_utf8_lossy(info.name).into_owned(),
                clap: info.supported_dialects.contains(NoteDialects::CLAP),
                midi: info.supported_dialects.contains(NoteDialects::MIDI),
            })
        })
        .collect()
}
