//! The stream under a WebSocket.

use std::io;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::limits::Limits;

/// A stream that only one task can read and write.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {
    /// Tells the socket at the bottom, where there is one.
    fn socket(&self) -> Option<&TcpStream> {
        None
    }
}

impl Duplex for TlsStream<TcpStream> {
    fn socket(&self) -> Option<&TcpStream> {
        Some(self.get_ref().0)
    }
}

impl Duplex for DuplexStream {}

/// The stream under a WebSocket: a plain socket, which any task can write to, or another
/// stream, which only the connection's own task writes.
pub enum Transport {
    /// A plain TCP socket.
    Plain(TcpStream),
    /// TLS, or anything else.
    Boxed(Box<dyn Duplex>),
}

impl Transport {
    /// Sets what the kernel may hold for this connection, and that it doesn't hold back.
    pub(super) fn tune(&self, limits: &Limits) -> io::Result<()> {
        let socket = match self {
            Self::Plain(socket) => socket,
            Self::Boxed(stream) => match stream.socket() {
                Some(socket) => socket,
                None => return Ok(()),
            },
        };
        socket.set_nodelay(true)?;
        if let Some(bytes) = limits.send_buffer_bytes {
            SockRef::from(socket).set_send_buffer_size(bytes)?;
        }
        Ok(())
    }
}

impl From<TcpStream> for Transport {
    fn from(socket: TcpStream) -> Self {
        Self::Plain(socket)
    }
}

impl From<TlsStream<TcpStream>> for Transport {
    fn from(stream: TlsStream<TcpStream>) -> Self {
        Self::Boxed(Box::new(stream))
    }
}

impl From<DuplexStream> for Transport {
    fn from(stream: DuplexStream) -> Self {
        Self::Boxed(Box::new(stream))
    }
}
