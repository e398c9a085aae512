//! The roles, the configuration, the wiring and the life cycle.

pub mod auth;
pub mod config;
pub mod ws;
