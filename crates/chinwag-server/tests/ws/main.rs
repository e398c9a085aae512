//! The WebSocket layer over real sockets, with a client that speaks raw bytes.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod accepting;
mod client;
mod closing;
mod receiving;
mod sending;
mod streams;
