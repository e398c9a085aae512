//! The load generator, the checker of histories, and what records them.

pub mod bench;
pub mod check;
mod clock;
mod open_files;
pub mod recording;
pub mod site;
