//! The desk's `socket.core`: UDP over the network that the pocket desk was given, and the wall clock.
//!
//! Thread: the desk's.

use core::net::{Ipv4Addr, SocketAddrV4};
use std::cell::{Cell, RefCell};

use mlua::{Lua, LuaString, MultiValue, Table, UserData, UserDataMethods, Value as LuaValue};

use super::super::station::{Datagram, Kind};
use super::Context;

/// Bytes that a UDP datagram takes.
const BYTES_MAX: usize = 65_507;

/// Bytes that `receive` gives where none are asked for.
const RECEIVE_BYTES: usize = 8192;

struct Udp {
    context: Context,
    port: Cell<Option<u16>>,
    peer: Cell<Option<SocketAddrV4>>,
    waits: Cell<bool>,
    closed: Cell<bool>,
    epoch: std::time::Duration,
    own: RefCell<String>,
}

/// The module.
pub fn module(lua: &Lua, context: &Context) -> mlua::Result<Table> {
    let module = lua.create_table()?;
    let made = context.clone();
    let udp = lua.create_function(move |_, ()| {
        Ok(Udp {
            epoch: made.station().started,
            context: made.clone(),
            port: Cell::new(None),
            peer: Cell::new(None),
            waits: Cell::new(true),
            closed: Cell::new(false),
            own: RefCell::new("0.0.0.0".to_owned()),
        })
    })?;
    module.set("udp", udp)?;
    let clock = context.clone();
    module.set(
        "gettime",
        lua.create_function(move |_, ()| {
            let station = clock.station();
            Ok(station.options.wall + station.now.as_secs_f64())
        })?,
    )?;
    module.set(
        "tcp",
        lua.create_function(|_, ()| -> mlua::Result<()> { Err(mlua::Error::runtime("the pocket desk has no TCP")) })?,
    )?;
    Ok(module)
}

type Answer = mlua::Result<MultiValue>;

fn refused(lua: &Lua, why: &str) -> Answer {
    Ok(MultiValue::from_iter([LuaValue::Nil, LuaValue::String(lua.create_string(why)?)]))
}

fn one(value: impl mlua::IntoLua, lua: &Lua) -> Answer {
    Ok(MultiValue::from_iter([value.into_lua(lua)?]))
}

fn address(host: &str, port: u16) -> Option<SocketAddrV4> {
    let ip = match host {
        "*" => Ipv4Addr::UNSPECIFIED,
        "localhost" => Ipv4Addr::LOCALHOST,
        _ => host.parse().ok()?,
    };
    Some(SocketAddrV4::new(ip, port))
}

impl Udp {
    /// Its port, opened now where it has none.
    fn bound(&self) -> Result<u16, String> {
        if self.closed.get() {
            return Err("closed".to_owned());
        }
        if let Some(port) = self.port.get() {
            return Ok(port);
        }
        let port = self.context.station_mut().open(0)?;
        self.port.set(Some(port));
        Ok(port)
    }

    fn send_to(&self, lua: &Lua, bytes: &[u8], to: SocketAddrV4) -> Answer {
        let port = match self.bound() {
            Ok(port) => port,
            Err(why) => return refused(lua, &why),
        };
        if bytes.len() > BYTES_MAX {
            return refused(lua, "Message too long");
        }
        self.context.station_mut().leave(Datagram { from_port: port, to, bytes: bytes.to_vec() });
        one(bytes.len(), lua)
    }

    fn take(&self, size: Option<usize>) -> Result<(SocketAddrV4, Vec<u8>), String> {
        let port = self.bound()?;
        let mut station = self.context.station_mut();
        let found = station.sockets.get_mut(&port).and_then(|socket| socket.inbox.pop_front());
        if let Some((from, mut bytes)) = found {
            bytes.truncate(size.unwrap_or(RECEIVE_BYTES));
            return Ok((from, bytes));
        }
        if self.waits.get() {
            station.say(Kind::Error, "a socket without settimeout(0) would freeze the desk here");
        }
        Err("timeout".to_owned())
    }

    fn close(&self) {
        // A socket of an engine that was restarted may not close its successor's port.
        let mut station = self.context.station_mut();
        if let Some(port) = self.port.get().filter(|_| !self.closed.get() && station.started == self.epoch) {
            station.close(port);
        }
        self.closed.set(true);
    }
}

impl Drop for Udp {
    fn drop(&mut self) {
        // Collected while the station is at work: the port stays open until the engine ends.
        if let Ok(mut station) = self.context.station.try_borrow_mut()
            && let Some(port) = self.port.get().filter(|_| !self.closed.get() && station.started == self.epoch)
        {
            station.close(port);
        }
    }
}

impl UserData for Udp {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("settimeout", |lua, udp, seconds: Option<f64>| {
            udp.waits.set(seconds != Some(0.0));
            one(1, lua)
        });
        methods.add_method("setoption", |lua, _, _: (LuaString, LuaValue)| one(1, lua));
        methods.add_method("setsockname", |lua, udp, (host, port): (String, u16)| {
            if udp.closed.get() || udp.port.get().is_some() {
                return refused(lua, "Invalid argument");
            }
            if address(&host, port).is_none() {
                return refused(lua, "host not found");
            }
            if !udp.context.station().options.udp_bind {
                return refused(lua, "permission denied");
            }
            let opened = udp.context.station_mut().open(port);
            match opened {
                Ok(port) => {
                    udp.port.set(Some(port));
                    *udp.own.borrow_mut() = if host == "*" { "0.0.0.0".to_owned() } else { host };
                    one(1, lua)
                }
                Err(why) => refused(lua, &why),
            }
        });
        methods.add_method("getsockname", |lua, udp, ()| match udp.port.get() {
            Some(port) => Ok(MultiValue::from_iter([
                LuaValue::String(lua.create_string(udp.own.borrow().as_str())?),
                LuaValue::Integer(i64::from(port)),
            ])),
            None => refused(lua, "not bound"),
        });
        methods.add_method("setpeername", |lua, udp, (host, port): (String, Option<u16>)| {
            match address(&host, port.unwrap_or(0)) {
                Some(_) if host == "*" => {
                    udp.peer.set(None);
                    one(1, lua)
                }
                Some(peer) => {
                    if let Err(why) = udp.bound() {
                        return refused(lua, &why);
                    }
                    udp.peer.set(Some(peer));
                    one(1, lua)
                }
                None => refused(lua, "host not found"),
            }
        });
        methods.add_method("send", |lua, udp, bytes: LuaString| match udp.peer.get() {
            Some(peer) => udp.send_to(lua, &bytes.as_bytes(), peer),
            None => refused(lua, "Destination address required"),
        });
        methods.add_method("sendto", |lua, udp, (bytes, host, port): (LuaString, String, u16)| {
            match address(&host, port).filter(|_| port != 0) {
                Some(to) => udp.send_to(lua, &bytes.as_bytes(), to),
                None => refused(lua, "host not found"),
            }
        });
        methods.add_method("receive", |lua, udp, size: Option<usize>| match udp.take(size) {
            Ok((_, bytes)) => one(lua.create_string(bytes)?, lua),
            Err(why) => refused(lua, &why),
        });
        methods.add_method("receivefrom", |lua, udp, size: Option<usize>| match udp.take(size) {
            Ok((from, bytes)) => Ok(MultiValue::from_iter([
                LuaValue::String(lua.create_string(bytes)?),
                LuaValue::String(lua.create_string(from.ip().to_string())?),
                LuaValue::Integer(i64::from(from.port())),
            ])),
            Err(why) => refused(lua, &why),
        });
        methods.add_method("close", |lua, udp, ()| {
            udp.close();
            one(1, lua)
        });
    }
}
