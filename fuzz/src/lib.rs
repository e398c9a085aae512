//! What strangers send, one function for each way in: each takes any bytes, and panics where a promise is broken.
//!
//! The targets of the fuzzer call them (`scripts/fuzz`, `cargo fuzz run`), and so does a test with all that is kept in
//! `corpus/`. Where texts name `<chat>`, `<message>` or `<ben>`, ids that are there are put in their place, so that more
//! than refusals can be reached.

#![expect(
    clippy::unwrap_used,
    reason = "a panic is how a broken promise is told"
)]

mod allocator;
mod bodies;
mod client;
mod configuration;
mod frames;
mod imports;
mod journal;
mod pieces;
mod queries;
mod rows;
mod slack;
mod stage;
mod upgrade;
mod websocket;

pub use bodies::bodies;
pub use configuration::configuration;
pub use frames::frames;
pub use imports::imports;
pub use journal::journal;
pub use queries::queries;
pub use rows::rows;
pub use slack::slack;
pub use upgrade::upgrade;
pub use websocket::websocket;

#[cfg(test)]
mod tests;
