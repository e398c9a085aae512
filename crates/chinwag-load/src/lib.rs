//! The load generator, the checker of histories, what records them, and the run that proves a server's promises.

pub mod bench;
pub mod check;
mod clock;
mod open_files;
pub mod recording;
pub mod site;
pub mod verify;
