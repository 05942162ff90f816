//! `editor.png`: the editor in a window of an X server, as a host would embed it. Main thread.

use std::path::Path;

use tracklight_host::Instance;

/// Width and height of the window in pixels.
#[cfg(target_os = "linux")]
const SIZE: (u16, u16) = (1000, 700);

/// Open the editor, let it draw, and keep its picture. The error says why there is none; a demo is none the worse for it.
#[cfg(target_os = "linux")]
pub fn take(instance: &mut Instance, path: &Path) -> Result<(), String> {
    use std::time::{Duration, Instant};
    use x11rb::connection::Connection;
    use x11rb::protocol::xproto::{ConnectionExt, CreateWindowAux, EventMask, ImageFormat, WindowClass};

    if std::env::var_os("DISPLAY").is_none_or(|display| display.is_empty()) {
        return Err("there is no display".into());
    }
    if !instance.has_editor() {
        return Err("the plug-in has no editor for X11".into());
    }
    let text = |error: &dyn std::fmt::Display| format!("the X server: {error}");
    let (server, screen) = x11rb::connect(None).map_err(|error| text(&error))?;
    let screen = &server.setup().roots[screen];
    let window = server.generate_id().map_err(|error| text(&error))?;
    let look = CreateWindowAux::new().background_pixel(screen.black_pixel).event_mask(EventMask::STRUCTURE_NOTIFY);
    server
        .create_window(
            screen.root_depth,
            window,
            screen.root,
            0,
            0,
            SIZE.0,
            SIZE.1,
            0,
            WindowClass::INPUT_OUTPUT,
            0,
            &look,
        )
        .and_then(|_| server.map_window(window))
        .map_err(|error| text(&error))?;
    server.get_input_focus().map_err(|error| text(&error))?.reply().map_err(|error| text(&error))?;

    instance.open_editor(window).map_err(|error| error.to_string())?;
    // An editor of a fixed size keeps it.
    let _ = instance.set_editor_size(u32::from(SIZE.0), u32::from(SIZE.1));
    let until = Instant::now() + Duration::from_secs(2);
    while Instant::now() < until {
        instance.idle();
        std::thread::sleep(Duration::from_millis(10));
    }
    let image = server
        .get_image(ImageFormat::Z_PIXMAP, window, 0, 0, SIZE.0, SIZE.1, u32::MAX)
        .map_err(|error| text(&error))?
        .reply()
        .map_err(|error| text(&error));
    instance.close_editor();
    server.destroy_window(window).map_err(|error| text(&error))?;
    server.flush().map_err(|error| text(&error))?;
    let image = image?;
    if image.data.len() < usize::from(SIZE.0) * usize::from(SIZE.1) * 4 {
        return Err(format!("the screen has {} bits a pixel; 24 are needed", image.depth));
    }
    let pixels: Vec<u8> = image.data.chunks_exact(4).flat_map(|pixel| [pixel[2], pixel[1], pixel[0]]).collect();
    if pixels.chunks_exact(3).all(|pixel| pixel == &pixels[..3]) {
        return Err("the editor's window stayed blank".into());
    }
    write(path, &pixels)
}

/// Elsewhere than on Linux there is no X server to draw on.
#[cfg(not(target_os = "linux"))]
pub fn take(_instance: &mut Instance, _path: &Path) -> Result<(), String> {
    Err("only taken on Linux".into())
}

#[cfg(target_os = "linux")]
fn write(path: &Path, pixels: &[u8]) -> Result<(), String> {
    let file = std::fs::File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut encoder = png::Encoder::new(std::io::BufWriter::new(file), u32::from(SIZE.0), u32::from(SIZE.1));
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(|error| error.to_string())?;
    writer.write_image_data(pixels).map_err(|error| error.to_string())?;
    writer.finish().map_err(|error| error.to_string())
}
