//! The load generator, the checker of histories, and what records them.

pub mod bench;
pub mod check;
pub mod recording;
