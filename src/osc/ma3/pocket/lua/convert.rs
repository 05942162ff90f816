//! Values between Lua and the desk. A handle is a light userdata whose address is the object's place in the slab, so
//! two handles of one object are equal and are one key of a table.
//!
//! Thread: the desk's.

use std::ffi::c_void;

use mlua::{FromLua, IntoLua, LightUserData, Lua, Value as LuaValue};

use super::super::tree::Id;
use super::super::value::Value;

/// A handle argument or result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handle(pub Id);

impl FromLua for Handle {
    fn from_lua(value: LuaValue, _: &Lua) -> mlua::Result<Self> {
        match value {
            LuaValue::LightUserData(LightUserData(place)) => Ok(Handle(place as usize as Id)),
            other => Err(mlua::Error::runtime(format!("a handle is needed, got {}", other.type_name()))),
        }
    }
}

impl IntoLua for Handle {
    fn into_lua(self, _: &Lua) -> mlua::Result<LuaValue> {
        Ok(LuaValue::LightUserData(LightUserData(self.0 as usize as *mut c_void)))
    }
}

impl IntoLua for Value {
    fn into_lua(self, lua: &Lua) -> mlua::Result<LuaValue> {
        Ok(match self {
            Value::Nil => LuaValue::Nil,
            Value::Bool(yes) => LuaValue::Boolean(yes),
            Value::Int(n) => LuaValue::Integer(n),
            Value::Num(n) => LuaValue::Number(n),
            Value::Text(text) => LuaValue::String(lua.create_string(text)?),
            Value::Object(id) => Handle(id).into_lua(lua)?,
        })
    }
}

/// A Lua value as a property's; `None` for tables and functions.
pub fn value(value: &LuaValue) -> Option<Value> {
    Some(match value {
        LuaValue::Nil => Value::Nil,
        LuaValue::Boolean(yes) => Value::Bool(*yes),
        LuaValue::Integer(n) => Value::Int(*n),
        LuaValue::Number(n) => Value::Num(*n),
        LuaValue::String(text) => Value::Text(text.to_string_lossy()),
        LuaValue::LightUserData(LightUserData(place)) => Value::Object(*place as usize as Id),
        _ => return None,
    })
}
