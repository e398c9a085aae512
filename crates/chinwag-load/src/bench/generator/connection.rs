//! One connection: from connecting to a session, and bytes in and out without ever waiting.

use std::{
    io::{self, ErrorKind, Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream},
};

use anyhow::{Context as _, Result, bail};
use memchr::memmem;
use socket2::{Domain, Protocol, Socket, Type};

use super::frame::{self, Opcode};

/// Connections that share a source address: `connect` slows down where one has many thousands.
const PER_SOURCE: u32 = 2_000;

/// How far a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The upgrade was asked for.
    Upgrading,
    /// The server was told who is asking.
    Authenticating,
    /// The session stands.
    Ready,
    /// It was refused for now: another one takes its place soon.
    Refused,
}

/// One connection.
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    pub(super) phase: Phase,
    /// The start of what isn't whole yet.
    pub(super) partial: Vec<u8>,
    /// What is to be written.
    pub(super) out: Vec<u8>,
    /// Whether it stands on the list of those with something to write.
    pub(super) dirty: bool,
}

impl Connection {
    /// Connects, from one of many source addresses where the server is on this machine.
    pub(super) fn open(server: SocketAddr, number: u32) -> Result<Self> {
        let socket = Socket::new(
            Domain::for_address(server),
            Type::STREAM,
            Some(Protocol::TCP),
        )?;
        if matches!(server.ip(), IpAddr::V4(ip) if ip.is_loopback()) {
            socket.bind(&SocketAddr::from((source(number), 0)).into())?;
        }
        let connected = socket.connect(&server.into());
        connected.with_context(|| format!("can't connect to {server}"))?;
        socket.set_tcp_nodelay(true)?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            stream: socket.into(),
            phase: Phase::Upgrading,
            partial: Vec::new(),
            out: Vec::new(),
            dirty: false,
        })
    }

    /// Asks for the upgrade.
    pub(super) fn ask(&mut self, host: &str) {
        let request = format!(
            "GET /v1/ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Protocol: chinwag.v1.json\r\n\r\n"
        );
        self.out.extend_from_slice(request.as_bytes());
    }

    /// Reads the server's answer to that: how many bytes it takes, or none while it isn't whole.
    pub(super) fn upgraded(input: &[u8]) -> Result<Option<usize>> {
        let Some(end) = memmem::find(input, b"\r\n\r\n") else {
            return Ok(None);
        };
        if !input.starts_with(b"HTTP/1.1 101 ") {
            bail!("no upgrade: {}", String::from_utf8_lossy(input));
        }
        Ok(Some(end + 4))
    }

    pub(super) fn put(&mut self, opcode: Opcode, payload: &[u8], mask: [u8; 4]) {
        frame::write(&mut self.out, opcode, payload, mask);
    }

    /// Reads what is there, up to the buffer's size; none where there is nothing now.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        loop {
            return match self.stream.read(buffer) {
                Ok(0) => bail!("the server closed it"),
                Ok(read) => Ok(Some(read)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => Err(error.into()),
            };
        }
    }

    /// Writes what the kernel takes, and returns how much that was; the rest stays until the socket is writable again.
    pub(super) fn flush(&mut self) -> io::Result<usize> {
        let mut written = 0;
        while written < self.out.len() {
            match self.stream.write(&self.out[written..]) {
                Ok(part) => written += part,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.out.drain(..written);
        Ok(written)
    }
}

/// Returns the loopback address that a connection comes from: 127.1.0.1, 127.1.0.2 and so on.
fn source(number: u32) -> Ipv4Addr {
    let nth = number / PER_SOURCE;
    let [.., high, low] = (nth + 1).to_be_bytes();
    Ipv4Addr::new(127, 1, high, low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_connections_share_a_source_address() {
        assert_eq!(source(0), source(PER_SOURCE - 1));
        assert_eq!(source(0), Ipv4Addr::new(127, 1, 0, 1));
        assert_eq!(source(255 * PER_SOURCE), Ipv4Addr::new(127, 1, 1, 0));
    }

    #[test]
    fn only_an_upgrade_is_one() {
        assert_eq!(Connection::upgraded(b"HTTP/1.1 101 Sw").unwrap(), None);
        let answer = b"HTTP/1.1 101 Switching Protocols\r\na: b\r\n\r\nrest";
        let bytes = Connection::upgraded(answer).unwrap().unwrap();
        assert_eq!(&answer[bytes..], b"rest");
        assert!(Connection::upgraded(b"HTTP/1.1 503 no\r\n\r\n").is_err());
    }
}
