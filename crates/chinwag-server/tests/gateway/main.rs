//! Sessions through the front door: WebSockets against a running server.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test by panicking"
)]

mod chatting;
mod client;
mod draining;
mod entering;
mod expiry;
mod large_chats;
mod marks;
mod node;
mod overload;
mod presence;
mod typing;
