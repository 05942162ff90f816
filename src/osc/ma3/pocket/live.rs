//! A pocket desk on real UDP sockets, in real time: the clock is handed in, the sockets are here.
//!
//! Thread: the one that made it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::rc::Rc;
use std::time::Duration;

use super::desk::Desk;
use super::options::Options;
use super::station::PortAsk;

/// Datagrams taken from one socket in one turn.
const TURN_MAX: usize = 256;
/// Longest pause between two turns while nothing is due: what comes in is not waited for.
const IDLE: Duration = Duration::from_millis(5);
/// Largest datagram.
const BYTES_MAX: usize = 65_536;

type Sockets = Rc<RefCell<BTreeMap<u16, UdpSocket>>>;

/// A desk and its sockets.
pub struct Live {
    /// The desk.
    pub desk: Desk,
    osc: UdpSocket,
    sockets: Sockets,
    buffer: Vec<u8>,
}

fn open(at: Ipv4Addr, port: u16) -> Result<(UdpSocket, u16), String> {
    let text = |error: std::io::Error| format!("port {port}: {error}");
    let socket = UdpSocket::bind((at, port)).map_err(text)?;
    socket.set_nonblocking(true).map_err(text)?;
    let port = socket.local_addr().map_err(text)?.port();
    Ok((socket, port))
}

impl Live {
    /// A desk that listens at `at` (127.0.0.1 keeps it on this machine), port [`Options::osc_port`]; 0 takes any. Errors
    /// say which port could not be had.
    pub fn open(at: Ipv4Addr, mut options: Options) -> Result<Self, String> {
        let (osc, port) = open(at, options.osc_port)?;
        options.osc_port = port;
        if options.lua_seed == 0 {
            // Not the clock's, which is handed in, but the system's own chance.
            options.lua_seed = RandomState::new().build_hasher().finish();
        }
        let mut desk = Desk::new(options);
        let sockets: Sockets = Rc::default();
        let ports = sockets.clone();
        desk.set_ports(Box::new(move |ask| match ask {
            PortAsk::Open(port) => {
                let (socket, port) = open(at, port)?;
                ports.borrow_mut().insert(port, socket);
                Ok(port)
            }
            PortAsk::Close(port) => {
                ports.borrow_mut().remove(&port);
                Ok(port)
            }
        }));
        Ok(Self { desk, osc, sockets, buffer: vec![0; BYTES_MAX] })
    }

    /// The OSC port.
    pub fn port(&self) -> u16 {
        self.osc.local_addr().map_or(0, |at| at.port())
    }

    /// Take what came in, do what is due at `now` (time since the desk was switched on), send what goes out; the longest
    /// pause until the next turn.
    pub fn turn(&mut self, now: Duration) -> Duration {
        let mut busy = false;
        for _ in 0..TURN_MAX {
            let Ok((bytes, SocketAddr::V4(from))) = self.osc.recv_from(&mut self.buffer) else { break };
            self.desk.osc(&self.buffer[..bytes], from);
            busy = true;
        }
        let came = self.take_from_ports();
        busy |= !came.is_empty();
        for (port, from, bytes) in came {
            self.desk.udp(port, &bytes, from);
        }
        let next = self.desk.tick(now);
        self.send();
        if busy {
            return Duration::ZERO;
        }
        next.map_or(IDLE, |at| at.saturating_sub(now).min(IDLE))
    }

    fn take_from_ports(&mut self) -> Vec<(u16, SocketAddrV4, Vec<u8>)> {
        let mut came = vec![];
        for (port, socket) in self.sockets.borrow().iter() {
            for _ in 0..TURN_MAX {
                let Ok((bytes, SocketAddr::V4(from))) = socket.recv_from(&mut self.buffer) else { break };
                came.push((*port, from, self.buffer[..bytes].to_vec()));
            }
        }
        came
    }

    fn send(&mut self) {
        let sockets = self.sockets.borrow();
        for datagram in self.desk.take_outgoing() {
            let socket = sockets.get(&datagram.from_port).unwrap_or(&self.osc);
            // UDP promises nothing: what the system does not take is lost on the way.
            let _sent = socket.send_to(&datagram.bytes, datagram.to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_datagram_reaches_the_command_line_and_lua_answers_by_a_real_socket() {
        let options = Options { osc_port: 0, osc_latency: Duration::ZERO, ..Options::default() };
        let mut live = Live::open(Ipv4Addr::LOCALHOST, options).unwrap();
        let (me, port) = open(Ipv4Addr::LOCALHOST, 0).unwrap();
        let said = format!(
            "local u = require('socket.core').udp() u:setsockname('*', 0) u:sendto('hello', '127.0.0.1', {port})"
        );
        let message =
            rosc::OscMessage { addr: "/cmd".into(), args: vec![rosc::OscType::String(format!("Lua \"{said}\""))] };
        let bytes = rosc::encoder::encode(&rosc::OscPacket::Message(message)).unwrap();
        me.send_to(&bytes, (Ipv4Addr::LOCALHOST, live.port())).unwrap();
        let mut buffer = [0; 64];
        let mut heard = None;
        // Turns, not time: the loopback needs a few.
        for turn in 0..10_000 {
            live.turn(Duration::from_millis(turn));
            if let Ok((bytes, _)) = me.recv_from(&mut buffer) {
                heard = Some(buffer[..bytes].to_vec());
                break;
            }
        }
        assert_eq!(heard.as_deref(), Some(&b"hello"[..]), "{:?}", live.desk.log());
    }
}
