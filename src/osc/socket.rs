//! The real UDP socket: one per process and port setting, shared by every instance of the plug-in.
//!
//! A thread of its own reads and hands each datagram to every instance's inbox; an instance keeps what is for its client.
//! [`Port`] is an instance's end, on its osc thread.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use crossbeam_queue::ArrayQueue;
use socket2::{Domain, Protocol, Socket, Type};

use crate::bus::station::{Pace, Running, Station, Waker, start};

/// Datagrams that wait for an instance; a whole answer of 5000 events has about 700.
const INBOX: usize = 4096;
/// Largest datagram.
const BYTES_MAX: usize = 65_536;
/// Bytes that the system is asked to keep for us.
const BUFFER: usize = 4 << 20;
/// How long the reader waits at a time: so long does the end of the last instance wait for it.
const WAIT: Duration = Duration::from_millis(50);

/// A datagram and who sent it.
pub type Came = (SocketAddrV4, Vec<u8>);

/// What an instance wants of its port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Setting {
    port: u16,
    ip: Ipv4Addr,
}

/// One instance's inbox.
struct Inbox {
    queue: ArrayQueue<Came>,
    lost: AtomicU64,
    waker: Waker,
}

type Inboxes = Arc<Mutex<Vec<Weak<Inbox>>>>;

/// The socket that instances share.
struct Shared {
    setting: Setting,
    socket: Arc<UdpSocket>,
    port: u16,
    notice: Option<String>,
    inboxes: Inboxes,
    _reader: Running,
}

static SHARED: Mutex<Vec<Weak<Shared>>> = Mutex::new(vec![]);

/// An instance's end of the socket. Dropping the last one closes it.
pub struct Port {
    shared: Arc<Shared>,
    inbox: Arc<Inbox>,
}

impl Port {
    /// Listen on `listen` (0: any port) for a desk at `desk`. While the desk is this machine nothing but this machine is
    /// listened to. `waker` is woken when something comes.
    pub fn open(listen: u16, desk: Ipv4Addr, waker: &Waker) -> Result<Self, String> {
        let ip = if desk.is_loopback() { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED };
        let setting = Setting { port: listen, ip };
        let mut all = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|shared| shared.strong_count() > 0);
        let there = all.iter().filter_map(Weak::upgrade).find(|shared| shared.setting == setting);
        let shared = match there {
            Some(shared) => shared,
            None => {
                let shared = Arc::new(Shared::open(setting)?);
                all.push(Arc::downgrade(&shared));
                shared
            }
        };
        let inbox = Arc::new(Inbox { queue: ArrayQueue::new(INBOX), lost: AtomicU64::new(0), waker: waker.clone() });
        let mut inboxes = shared.inboxes.lock().unwrap_or_else(PoisonError::into_inner);
        inboxes.retain(|inbox| inbox.strong_count() > 0);
        inboxes.push(Arc::downgrade(&inbox));
        drop(inboxes);
        Ok(Self { shared, inbox })
    }

    /// Whether this port is still the one for that setting; if not, open another.
    pub fn serves(&self, listen: u16, desk: Ipv4Addr) -> bool {
        self.shared.setting.port == listen && self.shared.setting.ip.is_loopback() == desk.is_loopback()
    }

    /// The port listened on.
    pub fn port(&self) -> u16 {
        self.shared.port
    }

    /// What a person should know: the port asked for was taken.
    pub fn notice(&self) -> Option<&str> {
        self.shared.notice.as_deref()
    }

    /// Send a datagram. What the system cannot take now is lost, as on any way; the line repeats it.
    pub fn send(&self, to: SocketAddrV4, bytes: &[u8]) -> std::io::Result<()> {
        self.shared.socket.send_to(bytes, to).map(|_| ())
    }

    /// The next datagram that came.
    pub fn take(&self) -> Option<Came> {
        self.inbox.queue.pop()
    }

    /// Datagrams that came while the inbox was full.
    pub fn lost(&self) -> u64 {
        self.inbox.lost.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn open(setting: Setting) -> Result<Self, String> {
        let Setting { port, ip } = setting;
        let (socket, notice) = match bind(ip, port) {
            Ok(socket) => (socket, None),
            Err(why) => {
                let socket = bind(ip, 0).map_err(|e| format!("no UDP port can be opened on {ip}: {e}"))?;
                let got = socket.local_addr().map_or(0, |at| at.port());
                let notice = format!("port {port} is taken by another program ({why}); listening on {got} instead");
                (socket, Some(notice))
            }
        };
        let at = socket.local_addr().map_err(|e| format!("the UDP socket has no address: {e}"))?;
        let socket = Arc::new(socket);
        let inboxes = Inboxes::default();
        let reader = Reader { socket: socket.clone(), inboxes: inboxes.clone(), bytes: vec![0; BYTES_MAX] };
        let running = start("tracklight udp", &Waker::default(), move || reader)
            .map_err(|e| format!("the thread that reads UDP could not be started: {e}"))?;
        Ok(Self { setting, socket, port: at.port(), notice, inboxes, _reader: running })
    }
}

fn bind(ip: Ipv4Addr, port: u16) -> std::io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    // As much as the system gives; the usual 200 KB hold only a part of a long answer.
    let _ = socket.set_recv_buffer_size(BUFFER);
    socket.bind(&SocketAddr::V4(SocketAddrV4::new(ip, port)).into())?;
    socket.set_read_timeout(Some(WAIT))?;
    Ok(socket.into())
}

/// The thread that reads.
struct Reader {
    socket: Arc<UdpSocket>,
    inboxes: Inboxes,
    bytes: Vec<u8>,
}

impl Station for Reader {
    fn tick(&mut self, _now: Instant) -> Pace {
        match self.socket.recv_from(&mut self.bytes) {
            Ok((size, SocketAddr::V4(from))) => {
                self.hand_out(from, size);
                Pace::Now
            }
            Ok(_) => Pace::Now,
            Err(e) if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => Pace::Now,
            // Some systems tell here that an earlier datagram found nobody. It is no reason to stop, nor to burn.
            Err(_) => Pace::Idle(Duration::from_millis(5)),
        }
    }
}

impl Reader {
    fn hand_out(&self, from: SocketAddrV4, size: usize) {
        let inboxes = self.inboxes.lock().unwrap_or_else(PoisonError::into_inner);
        for inbox in inboxes.iter().filter_map(Weak::upgrade) {
            if inbox.queue.push((from, self.bytes[..size].to_vec())).is_err() {
                inbox.lost.fetch_add(1, Ordering::Relaxed);
            }
            inbox.waker.wake();
        }
    }
}

/// Our own address on the way to the desk, as the desk can answer it. Nothing is sent to find out.
pub fn local_ip(desk: Ipv4Addr) -> Ipv4Addr {
    if desk.is_loopback() {
        return Ipv4Addr::LOCALHOST;
    }
    let route = || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
        socket.connect((desk, 9)).ok()?;
        match socket.local_addr().ok()?.ip() {
            IpAddr::V4(ip) if !ip.is_unspecified() => Some(ip),
            _ => None,
        }
    };
    route().unwrap_or(Ipv4Addr::LOCALHOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;

    /// What comes within 5 s.
    fn next(port: &Port) -> Came {
        let end = Instant::now() + Duration::from_secs(5);
        loop {
            if let Some(came) = port.take() {
                return came;
            }
            assert!(Instant::now() < end, "nothing came");
            std::thread::yield_now();
        }
    }

    fn free_port() -> u16 {
        UdpSocket::bind((HERE, 0)).and_then(|s| s.local_addr()).expect("a port").port()
    }

    #[test]
    fn two_instances_share_one_socket_and_both_hear_everything() {
        let number = free_port();
        let (one, two) = (Port::open(number, HERE, &Waker::default()), Port::open(number, HERE, &Waker::default()));
        let (one, two) = (one.expect("opens"), two.expect("opens"));
        assert_eq!((one.port(), two.port(), two.notice()), (number, number, None));
        let other = UdpSocket::bind((HERE, 0)).expect("a socket");
        other.send_to(b"hello", (HERE, number)).expect("sent");
        assert_eq!(next(&one).1, b"hello");
        assert_eq!(next(&two).1, b"hello");
        let SocketAddr::V4(at) = other.local_addr().expect("an address") else { panic!("IPv4") };
        two.send(at, b"answer").expect("sent");
        let mut bytes = [0; 16];
        let (size, from) = other.recv_from(&mut bytes).expect("comes");
        assert_eq!((&bytes[..size], from.port()), (&b"answer"[..], number), "from the port that listens");
        drop((one, two));
        let again = UdpSocket::bind((HERE, number));
        assert!(again.is_ok(), "the last instance closes the socket: {again:?}");
    }

    #[test]
    fn a_port_that_another_program_has_is_replaced_and_said() {
        let other = UdpSocket::bind((HERE, 0)).expect("a socket");
        let taken = other.local_addr().expect("an address").port();
        let port = Port::open(taken, HERE, &Waker::default()).expect("opens another");
        assert_ne!(port.port(), taken);
        let notice = port.notice().expect("it says so");
        assert!(notice.contains(&taken.to_string()) && notice.contains(&port.port().to_string()), "{notice}");
        assert!(port.serves(taken, HERE) && !port.serves(0, HERE));
    }

    #[test]
    fn nothing_but_this_machine_is_listened_to_while_the_desk_is_here() {
        let port = Port::open(0, HERE, &Waker::default()).expect("opens");
        assert_eq!(port.shared.socket.local_addr().expect("an address").ip(), IpAddr::V4(HERE));
        assert_eq!(local_ip(HERE), HERE);
        assert!(!port.serves(0, Ipv4Addr::new(192, 168, 0, 4)), "another desk needs another socket");
    }
}
