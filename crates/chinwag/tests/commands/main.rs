//! The real binary: its commands with a server and without one, starting and leaving, chatting at a terminal.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod chatting;
mod demo;
mod operating;
mod place;
mod terminal;
