//! What a run is asked for, as it is said on a command line.

mod asking;
mod hostile;
mod mixed;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;

pub use self::{
    asking::{Asks, Filled, History, Search, Storm},
    hostile::Hostile,
    mixed::Mixed,
};
use crate::site::SiteOptions;

/// A run.
#[derive(Debug, Clone, Subcommand)]
pub enum Scenario {
    /// Users in pairs send each other messages.
    Direct(Direct),
    /// All are members of one group; some send, all must get each message.
    Group(Group),
    /// Connections of different users that only give signs of life: what each costs.
    Idle(Idle),
    /// Pages of messages that were said before, read backwards.
    History(History),
    /// Words in what was said before.
    Search(Search),
    /// All connections are cut at once and come back: how long until each knows what it missed.
    Storm(Storm),
    /// What so many users do in their busiest hour, all at once: chats, groups, pages of history, searches, and
    /// connections that are just there.
    Mixed(Mixed),
    /// Users in pairs send each other messages while others do what they can to disturb them: handshakes that never end,
    /// members who don't read, sessions that watch thousands.
    Hostile(Hostile),
}

/// Direct chats.
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Direct {
    /// Connections, each of a user of its own; two and two share a chat.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(2..))]
    pub connections: u32,
    /// How fast they send.
    #[command(flatten)]
    #[serde(flatten)]
    pub pace: Pace,
    /// How long they do.
    #[command(flatten)]
    #[serde(flatten)]
    pub times: Times,
    /// The length of a message's text, bytes.
    #[arg(long, default_value_t = 128)]
    pub content_bytes: u32,
}

/// One group.
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// Members, each with one connection.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(2..))]
    pub members: u32,
    /// How many of them send.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub senders: u32,
    /// How fast they send.
    #[command(flatten)]
    #[serde(flatten)]
    pub pace: Pace,
    /// How long they do.
    #[command(flatten)]
    #[serde(flatten)]
    pub times: Times,
    /// The length of a message's text, bytes.
    #[arg(long, default_value_t = 300)]
    pub content_bytes: u32,
    /// How long to wait after the group was made, seconds: one that has just become large is delivered on two paths
    /// for a minute.
    #[arg(long, default_value_t = 0.0, value_parser = seconds)]
    pub settle: f64,
    /// Leave out the loop of bare sends to as many sockets.
    #[arg(long)]
    pub no_bare: bool,
}

/// Idle connections, among which some may talk.
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Idle {
    /// Connections, each of a user of its own, second sessions apart.
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub connections: u32,
    /// How many of them are second sessions, of users who don't talk.
    #[arg(long, default_value_t = 0)]
    pub second_sessions: u32,
    /// Messages a second that pairs among them send each other meanwhile; each counts from when it was due.
    #[arg(long, value_parser = rate)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// How many pairs do, evenly over all processes that make the load.
    #[arg(long, default_value_t = 1_000, requires = "rate", value_parser = clap::value_parser!(u32).range(1..))]
    pub pairs: u32,
    /// The length of a message's text, bytes.
    #[arg(long, default_value_t = 128, requires = "rate")]
    pub content_bytes: u32,
    /// How long they are held before memory is read, seconds: a server gives unused memory back with a delay.
    #[arg(long, default_value_t = 30.0, value_parser = seconds)]
    pub hold: f64,
}

/// How fast messages are sent.
#[derive(Debug, Clone, Copy, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pace {
    /// Messages of each sender that are on their way at any time: the next one is sent when one has arrived.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub in_flight: u32,
    /// Send so many messages a second, whatever becomes of them, instead; each counts from when it was due.
    #[arg(long, value_parser = rate, conflicts_with = "in_flight")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
}

/// How long it takes.
#[derive(Debug, Clone, Copy, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Times {
    /// How long to send before anything counts, seconds.
    #[arg(long, default_value_t = 3.0, value_parser = seconds)]
    pub warm_up: f64,
    /// How long to measure, seconds.
    #[arg(long, default_value_t = 10.0, value_parser = seconds)]
    pub duration: f64,
}

/// Which server, and from where.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Which server.
    #[command(flatten)]
    pub site: SiteOptions,
    /// Another node of that server; given once for each: connections go to all in turn, so that two who share a chat are on
    /// different ones.
    #[arg(long = "node", global = true, value_name = "URL", requires = "server")]
    pub nodes: Vec<String>,
    /// The process of that server, where it runs on this machine: its processor time and memory are measured; given once
    /// for each node.
    #[arg(long = "server-pid", global = true, value_name = "PID")]
    pub server_pids: Vec<u32>,
    /// Another process of this machine to measure, such as redis=4711: an engine; several of one name go together.
    #[arg(long = "beside", global = true, value_name = "NAME=PID", value_parser = process)]
    pub beside: Vec<(String, u32)>,
    /// Processes that make the load; by default as few as the limit of open files allows.
    #[arg(long, global = true, value_name = "COUNT")]
    pub processes: Option<u32>,
    /// Print the result as JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// Write the result as a page for a browser, with plots.
    #[arg(long, global = true, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

fn process(text: &str) -> Result<(String, u32), String> {
    let (name, pid) = text.split_once('=').ok_or("not NAME=PID")?;
    let pid = pid.parse().map_err(|_| format!("{pid:?} is no process"))?;
    Ok((name.to_owned(), pid))
}

pub(crate) fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    let fits = (0.0..=86_400.0).contains(&seconds);
    fits.then_some(seconds)
        .ok_or_else(|| "0 to 86400 seconds".to_owned())
}

pub(crate) fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    let fits = rate > 0.0 && rate <= 10_000_000.0;
    fits.then_some(rate)
        .ok_or_else(|| "more than 0, at most 10000000 a second".to_owned())
}
