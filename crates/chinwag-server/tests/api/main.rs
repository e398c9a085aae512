//! The HTTP API through the front door: raw requests against a running server.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test by panicking"
)]

mod accounts;
mod addresses;
mod control;
mod input;
mod jwks;
mod messages;
mod operation;
mod origins;
mod server;
mod sessions;
mod starting;
mod times;
mod tls;
mod tokens;
mod usernames;
mod web_client;
