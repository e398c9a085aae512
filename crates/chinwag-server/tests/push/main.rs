//! Devices are told of messages: the whole server against providers that speak the real protocols.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../gateway/client.rs"]
#[expect(dead_code, reason = "the gateway's tests need more of it")]
mod client;
#[path = "../gateway/node.rs"]
#[expect(dead_code, reason = "the gateway's tests need more of it")]
mod node;
#[path = "../api/starting.rs"]
mod starting;

mod audience;
mod clearing;
mod failing;
mod log;
mod registering;
mod restarting;
mod team;
mod telling;
