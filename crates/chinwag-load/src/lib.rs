//! The load generator, and the checker of histories.

pub mod check;
