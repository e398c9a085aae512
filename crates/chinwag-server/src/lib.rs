//! The roles, the configuration, the wiring and the life cycle.

pub mod auth;
pub mod ws;
