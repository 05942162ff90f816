//! Names of later versions: calling one says so, instead of "attempt to call a nil value".
//!
//! Thread: script.

use mlua::{Error, Lua, MultiValue, Value};

use crate::script::vm::at_line;

/// Names that are kept for later versions.
pub static LATER: &[&str] = &[
    "copy",
    "effect",
    "launch",
    "midi",
    "modulator",
    "oscilloscope",
    "play",
    "scene",
    "section",
    "setlist",
    "spectrogram",
    "timecode",
    "videoMixer",
    "videoOut",
];

/// Put the names into the globals.
pub fn install(lua: &Lua) -> mlua::Result<()> {
    for &name in LATER {
        let refuse = lua.create_function(move |lua, _: MultiValue| -> mlua::Result<Value> {
            Err(Error::runtime(at_line(lua, &format!("{name} is not in this version"))))
        })?;
        let meta = lua.create_table()?;
        for event in ["__call", "__index", "__newindex"] {
            meta.raw_set(event, refuse.clone())?;
        }
        meta.raw_set("__metatable", "later")?;
        let table = lua.create_table()?;
        table.set_metatable(Some(meta))?;
        lua.globals().raw_set(name, table)?;
    }
    Ok(())
}
