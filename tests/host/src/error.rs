//! Everything that can go wrong between this host and a plug-in, told to whoever wrote the test. Any thread.

use clack_host::entry::PluginEntryError;
use clack_host::plugin::PluginInstanceError;

/// What went wrong: each sentence names what, where and the allowed range.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The entry could not be loaded or initialised.
    #[error("the CLAP entry of {source_name} does not load: {cause}")]
    Entry {
        /// `static entry`, or the path of the file.
        source_name: String,
        /// What clack-host says.
        cause: PluginEntryError,
    },
    /// The entry has no plug-in factory.
    #[error("{0} has no plug-in factory")]
    NoFactory(String),
    /// The plug-in id is not in the factory.
    #[error("no plug-in \"{id}\" in {source_name}; it has: {known}")]
    NoSuchPlugin {
        /// The id asked for.
        id: String,
        /// `static entry`, or the path of the file.
        source_name: String,
        /// The ids there are, separated by commas.
        known: String,
    },
    /// The plug-in refused a step of its life cycle.
    #[error("{step}: {cause}")]
    Plugin {
        /// The step, such as `activate`.
        step: &'static str,
        /// What clack-host says.
        cause: PluginInstanceError,
    },
    /// The host was asked for a step out of order.
    #[error("{step} is not possible now: {reason}")]
    Order {
        /// The step, such as `activate`.
        step: &'static str,
        /// Why it is not.
        reason: &'static str,
    },
    /// A number is outside of its range.
    #[error("{what} is {value}; allowed: {allowed}")]
    Range {
        /// What the number is.
        what: &'static str,
        /// The number given.
        value: String,
        /// The range, in words.
        allowed: String,
    },
    /// The plug-in does not offer a CLAP extension.
    #[error("the plug-in has no {0} extension")]
    NoExtension(&'static str),
    /// The plug-in answered `false` to a call of an extension.
    #[error("the plug-in refused to {0}")]
    Refused(&'static str),
    /// There is no parameter of this CLAP id.
    #[error("the plug-in has no parameter {0}")]
    NoSuchParam(String),
}

impl Error {
    pub(crate) fn plugin(step: &'static str) -> impl FnOnce(PluginInstanceError) -> Self {
        move |cause| Self::Plugin { step, cause }
    }
}
