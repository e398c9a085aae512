//! The whole server through its front door: sockets, the public protocol, the Rust client, and `kill -9`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answered;
mod bad_frames;
mod binary;
mod chat;
mod damaged;
#[path = "../field_faults/mod.rs"]
mod field_faults;
mod fixture;
mod full_disk;
mod killed;
mod large_group;
mod load;
mod page_edges;
mod planted;
mod property;
mod proxy;
mod reading;
mod recorded;
mod rest;
mod search;
mod secrets;
mod sessions;
mod tokens;
mod traced;
mod who_may;
