//! Puts a frame's shapes on the window with OpenGL. Thread: gui, the one that made the window.

use std::sync::Arc;

use baseview::gl::GlContext;
use baseview::{HandlerError, WindowContext};
use egui::{Context, FullOutput, Rgba};
use egui_glow::glow::{self, HasContext};

/// OpenGL in one window. The context is current only while something here runs: a host may paint with its own between.
pub struct Painter {
    context: GlContext,
    gl: Arc<glow::Context>,
    painter: egui_glow::Painter,
}

#[derive(Debug, thiserror::Error)]
#[error("the editor's window has no OpenGL: {0}")]
struct NoOpenGl(String);

impl Painter {
    /// Ready the window's context.
    #[allow(unsafe_code, reason = "OpenGL is a C library, loaded by name")]
    pub fn new(window: &WindowContext) -> Result<Self, HandlerError> {
        let context = window.gl_context().ok_or_else(|| NoOpenGl("the window was made without a context".into()))?;
        // SAFETY: the context is the window's own, on the window's thread, and nothing else of ours is current there.
        unsafe { context.make_current()? };
        // SAFETY: the context is current, so what is loaded belongs to it.
        let gl = Arc::new(unsafe { glow::Context::from_loader_function_cstr(|name| context.get_proc_address(name)) });
        let painter = egui_glow::Painter::new(gl.clone(), "", None, true);
        // SAFETY: as above.
        unsafe { context.make_not_current()? };
        let painter = painter.map_err(|error| NoOpenGl(error.to_string()))?;
        Ok(Self { context, gl, painter })
    }

    /// Largest side of a texture, in pixels.
    pub fn max_texture_side(&self) -> usize {
        self.painter.max_texture_side()
    }

    /// Paint a frame over `background` and show it. `size` in pixels. Takes the shapes and textures out of `output`.
    #[allow(unsafe_code, reason = "OpenGL is a C library")]
    pub fn paint(
        &mut self,
        egui: &Context,
        output: &mut FullOutput,
        size: [u32; 2],
        background: Rgba,
    ) -> Result<(), HandlerError> {
        let shapes = std::mem::take(&mut output.shapes);
        let primitives = egui.tessellate(shapes, output.pixels_per_point);
        // SAFETY: the context is the window's own, on the window's thread; the calls are plain state and one clear.
        unsafe {
            self.context.make_current()?;
            self.gl.clear_color(background.r(), background.g(), background.b(), background.a());
            self.gl.clear(glow::COLOR_BUFFER_BIT);
        }
        for (id, deltas) in output.textures_delta.set.drain() {
            deltas.iter().for_each(|delta| self.painter.set_texture(id, delta));
        }
        self.painter.paint_primitives(size, output.pixels_per_point, &primitives);
        for id in output.textures_delta.free.drain() {
            self.painter.free_texture(id);
        }
        self.context.swap_buffers()?;
        // SAFETY: as above.
        unsafe { self.context.make_not_current()? };
        Ok(())
    }
}

impl Drop for Painter {
    #[allow(unsafe_code, reason = "OpenGL is a C library")]
    fn drop(&mut self) {
        // SAFETY: as in `paint`. A context that cannot be made current any more took its objects with it.
        if unsafe { self.context.make_current() }.is_ok() {
            self.painter.destroy();
            // SAFETY: as in `paint`. A failure leaves a context current that is about to go.
            let _ = unsafe { self.context.make_not_current() };
        }
    }
}
