//! The Rust client: reconnect, outbox, sync, gap repair.
//!
//! [`Client::connect`] starts a task that keeps one WebSocket connection. What is sent waits in an outbox under a
//! client id until the server answers, over reconnects; what is received comes out of [`Events`] once, in order of
//! place, whatever the network loses or doubles.

mod backoff;
mod chat_log;
mod chats;
mod client;
mod driver;
mod error;
mod event;
mod http;
mod link;
mod network;
mod outbox;
mod state;

pub use backoff::Backoff;
pub use chat_log::{ChatLog, Received};
pub use chats::{ChatView, Chats, Progress};
pub use client::{Client, Events, Options, TokenSource};
pub use error::ClientError;
pub use event::ClientEvent;
pub use http::Http;
pub use network::{Network, Stream, connect};
