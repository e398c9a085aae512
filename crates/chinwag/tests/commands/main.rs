//! The real binary: its commands with a server and without one, starting and leaving, chatting at a terminal.
#![expect(
    clippy::unwrap_used,
    reason = "tests fail by panicking, their fixtures too"
)]

mod backup;
mod chatting;
mod corpus;
mod demo;
mod examining;
mod exporting;
mod importing;
mod interrupted;
mod operating;
mod place;
mod slack;
mod terminal;
