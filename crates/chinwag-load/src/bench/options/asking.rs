//! Runs that ask: pages of history, searches, syncs after a storm.

use clap::Args;
use serde::Serialize;

use super::{Times, rate, seconds};

/// Chats of two that are filled before anything is asked.
#[derive(Debug, Clone, Copy, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Filled {
    /// Chats, each of two users of its own.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub chats: u32,
    /// Messages in each.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub messages: u32,
    /// The length of a message's text, bytes.
    #[arg(long, default_value_t = 128)]
    pub content_bytes: u32,
}

/// How fast questions are asked, and how long.
#[derive(Debug, Clone, Copy, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Asks {
    /// Ask so many times a second, whatever becomes of the questions; each counts from when it was due.
    #[arg(long, default_value_t = 200.0, value_parser = rate)]
    pub rate: f64,
    /// How long.
    #[command(flatten)]
    #[serde(flatten)]
    pub times: Times,
}

/// Pages of history.
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// What is read.
    #[command(flatten)]
    #[serde(flatten)]
    pub filled: Filled,
    /// Messages on a page.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub page: u32,
    /// How fast.
    #[command(flatten)]
    #[serde(flatten)]
    pub asks: Asks,
}

/// Searches.
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Search {
    /// What is searched.
    #[command(flatten)]
    #[serde(flatten)]
    pub filled: Filled,
    /// How fast.
    #[command(flatten)]
    #[serde(flatten)]
    pub asks: Asks,
}

/// A storm of connections that come back.
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Storm {
    /// Connections, each of a user of its own; two and two share a chat.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(2..))]
    pub connections: u32,
    /// Messages that are said in each chat while nobody is there: as many as one sync brings.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub missed: u32,
    /// Over how many seconds they come back, evenly; clients take one.
    #[arg(long, default_value_t = 1.0, value_parser = seconds)]
    pub spread: f64,
    /// The length of a message's text, bytes.
    #[arg(long, default_value_t = 128)]
    pub content_bytes: u32,
}
