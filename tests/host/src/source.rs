//! Where plug-ins come from: an entry linked into this program, or a `.clap` file. Main thread.

use crate::error::Error;
use clack_host::entry::PluginEntry;
use std::ffi::CStr;
use std::path::PathBuf;

/// A plug-in's CLAP entry, as `nice_export_clap!` makes it (`clap_entry`).
pub type ClapEntry = clack_host::entry::EntryDescriptor;

/// Where to find plug-ins. Opening one source many times initialises its entry once.
#[derive(Clone, Debug)]
pub enum Source {
    /// An entry linked into this program, such as `&tracklight::clap_entry`.
    Static(&'static ClapEntry),
    /// A `.clap` file, loaded as a DAW does.
    Disk(PathBuf),
}

/// What a plug-in says of itself before it is opened.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PluginInfo {
    /// The CLAP id, such as `org.example.plugin`.
    pub id: String,
    /// The name shown to people.
    pub name: String,
    /// Who made it; empty if not said.
    pub vendor: String,
    /// Its version; empty if not said.
    pub version: String,
    /// CLAP features such as `instrument`, in the plug-in's order.
    pub features: Vec<String>,
}

impl Source {
    /// Load the entry and list its plug-ins, in the entry's order.
    ///
    /// Thread: main. Realtime: no.
    pub fn plugins(&self) -> Result<Vec<PluginInfo>, Error> {
        let entry = self.load()?;
        let factory = entry.get_plugin_factory().ok_or_else(|| Error::NoFactory(self.name()))?;
        Ok(factory
            .plugin_descriptors()
            .map(|d| PluginInfo {
                id: text(d.id()),
                name: text(d.name()),
                vendor: text(d.vendor()),
                version: text(d.version()),
                features: d.features().map(|f| text(Some(f))).collect(),
            })
            .collect())
    }

    /// `static entry`, or the path of the file: for messages.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Static(_) => "static entry".into(),
            Self::Disk(path) => path.display().to_string(),
        }
    }

    #[allow(unsafe_code)]
    pub(crate) fn load(&self) -> Result<PluginEntry, Error> {
        // SAFETY: a host must trust the entry to keep to the CLAP specification; a test asks for exactly this plug-in.
        let loaded = unsafe {
            match self {
                Self::Static(entry) => PluginEntry::load_from_raw(entry, c""),
                Self::Disk(path) => PluginEntry::load(path),
            }
        };
        loaded.map_err(|cause| Error::Entry { source_name: self.name(), cause })
    }
}

/// A C string of the plug-in as text; what is not UTF-8 is replaced, as a DAW would show it.
fn text(s: Option<&CStr>) -> String {
    s.map(|s| s.to_string_lossy().into_owned()).unwrap_or_default()
}
