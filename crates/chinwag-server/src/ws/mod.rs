//! Chinwag's WebSocket server layer (RFC 6455), built to hold idle connections cheaply.
//!
//! An idle connection holds no buffer and no timer. A frame for many is encoded once and
//! written to each socket from the sender's own loop; what the kernel doesn't take waits in
//! a queue bounded in bytes, which leaves in one write as soon as the socket is writable.
//! No extension (compression) is negotiated.
//!
//! The way of a connection: [`Acceptor`] → [`read_head`] → [`Upgrade::accept`] →
//! [`Reader::read_message`] in the connection's own task, [`Connection::send`] from any →
//! [`Reader::finish`]. A task is as large as its largest state: go on in a new one after the
//! handshake, which holds the reader, the connection and nothing else (`examples/ws_idle.rs`).

mod accept;
mod acceptor;
mod assembler;
mod close;
mod connection;
mod frame;
mod handshake;
mod limits;
mod pending;
mod prefixed;
mod reader;
mod transport;
mod utf8;

pub(crate) use accept::spread;
pub use accept::{Accepted, HeadError, HeadRules, Upgrade, read_head};
pub use acceptor::Acceptor;
pub use close::{Closed, NOT_UTF8};
pub use close::{
    ClosedBy, GOING_AWAY, NORMAL, PROTOCOL_ERROR, SLOW_CONSUMER, TOO_BIG, UNSUPPORTED,
};
pub use connection::{Class, Connection, Sent};
pub use frame::{Opcode, encode, encode_close, encode_text};
pub use handshake::{Agreed, Refusal, evaluate};
pub use limits::Limits;
pub use prefixed::Prefixed;
pub use reader::{Incoming, Reader};
pub use transport::{Duplex, Transport};
