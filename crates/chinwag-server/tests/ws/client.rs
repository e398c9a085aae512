//! A client of raw bytes, and a server side that a test holds in its hands.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use chinwag_server::ws::{
    Accepted, Closed, Connection, HeadRules, Incoming, Limits, Reader, evaluate, read_head,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const FIN: u8 = 0x80;
pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

pub(crate) const RULES: HeadRules = HeadRules {
    path: "/v1/ws",
    max_bytes: 8 * 1024,
    deadline: Duration::from_secs(10),
};

pub(crate) const REQUEST: &str = "GET /v1/ws HTTP/1.1\r\nHost: chat.example\r\n\
    Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// A frame as a client sends it; `start` is its first byte.
pub(crate) fn frame(start: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x5A, 0x01, 0xFF, 0x80];
    let mut frame = vec![start];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length @ 126..0x1_0000 => {
            frame.push(0xFE);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0xFF);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(mask);
    let masked = payload.iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b);
    frame.extend(masked);
    frame
}

pub(crate) fn close_frame(code: u16) -> Vec<u8> {
    frame(FIN | CLOSE, &code.to_be_bytes())
}

/// The raw client.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
}

impl Client {
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Reads one frame: its opcode and payload; `None` at the end of the stream.
    pub(crate) async fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut start = [0; 2];
        match self.stream.read_exact(&mut start).await {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return None,
            outcome => outcome.unwrap(),
        };
        assert_eq!(start[0] & 0xF0, FIN, "a server sends whole frames");
        let length = match start[1] {
            126 => usize::from(self.stream.read_u16().await.unwrap()),
            127 => self.stream.read_u64().await.unwrap() as usize,
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).await.unwrap();
        Some((start[0] & 0x0F, payload))
    }

    pub(crate) async fn read_text(&mut self) -> String {
        let (opcode, payload) = self.read().await.unwrap();
        assert_eq!(opcode, TEXT);
        String::from_utf8(payload).unwrap()
    }

    /// Reads up to the close frame and beyond it to the end of the stream, tells its code.
    pub(crate) async fn read_close(&mut self) -> u16 {
        loop {
            let (opcode, payload) = self.read().await.unwrap();
            if opcode == CLOSE {
                assert_eq!(self.read().await, None, "nothing follows a close frame");
                return u16::from_be_bytes([payload[0], payload[1]]);
            }
        }
    }
}

/// Connects two plain sockets.
pub(crate) async fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
    (client.unwrap(), accepted.unwrap().0)
}

/// A connection after its handshake: the client, and both halves of the server's side.
pub(crate) async fn connected(limits: Limits) -> (Client, Arc<Connection>, Reader) {
    connected_with(limits, &[]).await
}

/// The same, with bytes that the client sends together with its request.
pub(crate) async fn connected_with(
    limits: Limits,
    early: &[u8],
) -> (Client, Arc<Connection>, Reader) {
    let (stream, server) = sockets().await;
    let mut client = Client { stream };
    client.send(&[REQUEST.as_bytes(), early].concat()).await;
    let Ok(Accepted::Upgrade(upgrade)) = read_head(server, &RULES).await else {
        panic!("the request is for an upgrade");
    };
    let agreed = evaluate(&upgrade.request).unwrap();
    let (connection, reader) = upgrade.accept(&agreed, Arc::new(limits)).await.unwrap();
    let head = read_response_head(&mut client.stream).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    (client, Arc::new(connection), reader)
}

pub(crate) async fn read_response_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// Reads on until the connection ends, tells how and what came before.
pub(crate) async fn read_to_end(
    connection: &Connection,
    reader: &mut Reader,
) -> (Vec<Incoming>, Closed) {
    let mut incoming = Vec::new();
    loop {
        match reader.read_message(connection).await {
            Ok(message) => incoming.push(message),
            Err(closed) => return (incoming, closed),
        }
    }
}
