//! The roles, the configuration, the wiring and the life cycle.

pub mod api;
pub mod auth;
mod bounded;
pub mod checkup;
pub mod config;
mod consumer;
pub mod control;
mod demo;
pub mod error;
pub mod fanout;
pub mod gateway;
pub mod health;
mod http1;
pub mod indexer;
pub mod lifecycle;
pub mod limits;
mod listener;
pub mod logging;
mod made_once;
pub mod metrics;
mod neighbourhood;
pub mod node;
pub mod origins;
pub mod purger;
pub mod push;
pub mod routing;
pub mod running;
mod server;
mod shared_keys;
pub mod tls;
pub mod transfer;
mod web;
pub mod wiring;
pub mod ws;

pub use server::Server;
