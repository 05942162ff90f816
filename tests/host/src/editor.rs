//! A plug-in's editor inside an X11 window that the caller made. Main thread.
//!
//! Nothing here needs X to compile or to run until an editor is opened.

use crate::error::Error;
use crate::instance::Instance;
use clack_extensions::gui::{GuiApiType, GuiConfiguration, GuiSize, PluginGui, Window};
use std::ffi::c_ulong;

impl Instance {
    /// The plug-in has an editor that fits into an X11 window.
    pub fn has_editor(&mut self) -> bool {
        let handle = self.plugin.plugin_handle();
        handle.get_extension::<PluginGui>().is_some_and(|gui| gui.is_api_supported(&handle, x11()))
    }

    /// Open the editor inside an X11 window (its id) and show it. Returns its size in pixels: width, height.
    /// The window must outlive the editor.
    #[allow(unsafe_code)]
    pub fn open_editor(&mut self, parent: u32) -> Result<(u32, u32), Error> {
        if self.editor_open {
            return Err(Error::Order { step: "open_editor", reason: "it is open" });
        }
        let handle = self.plugin.plugin_handle();
        let gui = handle.get_extension::<PluginGui>().ok_or(Error::NoExtension("gui"))?;
        if !gui.is_api_supported(&handle, x11()) {
            return Err(Error::Refused("open its editor in an X11 window"));
        }
        gui.create(&handle, x11()).map_err(|_| Error::Refused("create its editor"))?;
        self.editor_open = true;
        // SAFETY: the caller keeps the window until the editor is closed; a wrong id is an X error, not a memory error.
        let embedded = unsafe { gui.set_parent(&handle, Window::from_x11_handle(c_ulong::from(parent))) };
        let size = gui.get_size(&handle).unwrap_or(GuiSize { width: 0, height: 0 });
        // A plug-in whose editor shows itself with `set_parent` may answer false here; that does no harm.
        let _ = gui.show(&handle);
        if embedded.is_err() {
            self.close_editor();
            return Err(Error::Refused("put its editor into the window"));
        }
        Ok((size.width, size.height))
    }

    /// The editor is open.
    pub fn editor_is_open(&self) -> bool {
        self.editor_open
    }

    /// The editor's size in pixels: width, height.
    pub fn editor_size(&mut self) -> Result<(u32, u32), Error> {
        self.with_editor("ask the editor's size", |gui, handle| {
            gui.get_size(handle).map(|size| (size.width, size.height)).ok_or(Error::Refused("tell its editor's size"))
        })
    }

    /// Resize the editor, in pixels, as a host does when its window was dragged. Returns the size it took.
    pub fn set_editor_size(&mut self, width: u32, height: u32) -> Result<(u32, u32), Error> {
        self.with_editor("resize the editor", |gui, handle| {
            if !gui.can_resize(handle) {
                return Err(Error::Refused("have its editor resized"));
            }
            let wanted = GuiSize { width, height };
            let fitting = gui.adjust_size(handle, wanted).unwrap_or(wanted);
            gui.set_size(handle, fitting).map_err(|_| Error::Refused("take this editor size"))?;
            Ok((fitting.width, fitting.height))
        })
    }

    /// Show the editor again after [`Self::hide_editor`].
    pub fn show_editor(&mut self) -> Result<(), Error> {
        self.with_editor("show the editor", |gui, handle| {
            gui.show(handle).map_err(|_| Error::Refused("show its editor"))
        })
    }

    /// Hide the editor and keep it.
    pub fn hide_editor(&mut self) -> Result<(), Error> {
        self.with_editor("hide the editor", |gui, handle| {
            gui.hide(handle).map_err(|_| Error::Refused("hide its editor"))
        })
    }

    /// Close the editor; nothing happens if it is not open. It can be opened again.
    pub fn close_editor(&mut self) {
        if std::mem::take(&mut self.editor_open) {
            let handle = self.plugin.plugin_handle();
            if let Some(gui) = handle.get_extension::<PluginGui>() {
                gui.destroy(&handle);
            }
        }
    }

    fn with_editor<R>(
        &mut self,
        step: &'static str,
        act: impl FnOnce(PluginGui, &clack_host::plugin::PluginMainThreadHandle) -> Result<R, Error>,
    ) -> Result<R, Error> {
        if !self.editor_open {
            return Err(Error::Order { step, reason: "it is not open" });
        }
        let handle = self.plugin.plugin_handle();
        act(handle.get_extension::<PluginGui>().ok_or(Error::NoExtension("gui"))?, &handle)
    }
}

fn x11() -> GuiConfiguration<'static> {
    GuiConfiguration { api_type: GuiApiType::X11, is_floating: false }
}
