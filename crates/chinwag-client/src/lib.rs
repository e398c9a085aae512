//! The Rust client: reconnect, outbox, sync, gap repair.
