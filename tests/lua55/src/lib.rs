//! The desk plug-in on Lua 5.5: the same files and the same tests as in the plug-in's own room, with another Lua.
//!
//! Run by `cargo xtask test --only lua55`. Thread: each test its own.

/// Part of the plug-in's room of that name, from the very same files.
#[path = "../../../src/osc/ma3"]
pub mod ma3 {
    pub mod plugin;
    pub mod pocket;
}

#[cfg(test)]
mod tests {
    use super::ma3::plugin::components;

    #[test]
    fn this_is_lua_5_5_and_it_takes_every_component() {
        let lua = mlua::Lua::new();
        assert_eq!(lua.globals().get::<String>("_VERSION").unwrap(), "Lua 5.5");
        for (name, text) in components() {
            lua.load(text).set_name(name).into_function().unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}
