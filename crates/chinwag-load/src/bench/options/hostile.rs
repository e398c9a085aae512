//! The run in which some do what they can to disturb the others.

use clap::Args;
use serde::Serialize;

use super::{Times, rate, seconds};

/// What those who disturb do, and what is measured beside it.
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hostile {
    /// Connections that send half the head of a handshake, and another one once they are given up.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub half_open: u32,
    /// Members of a group who read nothing of what is said there, and come back once they are dropped.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub stalled: u32,
    /// Users whose presence is watched and left alone again, as fast as the server lets it be, by one session for each
    /// thousand.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub watched: u32,
    /// Connections of those who are measured; two and two share a chat.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(2..))]
    pub connections: u32,
    /// Messages a second that they send, together.
    #[arg(long, default_value_t = 200.0, value_parser = rate)]
    pub rate: f64,
    /// How often each of it is measured, between times in which they are alone.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: u32,
    /// How long the server is left alone before each time, seconds.
    #[arg(long, default_value_t = 3.0, value_parser = seconds)]
    pub rest: f64,
    /// How long each time.
    #[command(flatten)]
    #[serde(flatten)]
    pub times: Times,
    /// The length of a message's text, bytes.
    #[arg(long, default_value_t = 128)]
    pub content_bytes: u32,
}
