//! The run that does everything at once, from one number: the daily users that it stands for.

use clap::Args;
use serde::Serialize;

use super::{Filled, Times, rate};

/// What the users of a day do in their busiest hour.
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mixed {
    /// The users of a day that the load stands for; all rates and connections follow from it.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..))]
    pub daily_users: u32,
    /// Messages that each of them sends a day.
    #[arg(long, default_value_t = 40.0, value_parser = rate)]
    pub daily_messages: f64,
    /// Pages of history that each of them reads a day.
    #[arg(long, default_value_t = 20.0, value_parser = rate)]
    pub daily_pages: f64,
    /// Searches of each of them a day.
    #[arg(long, default_value_t = 0.5, value_parser = rate)]
    pub daily_searches: f64,
    /// Which part of the messages goes to the group, 0 to 1.
    #[arg(long, default_value_t = 0.2, value_parser = part)]
    pub group_share: f64,
    /// Members of the group.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(2..))]
    pub members: u32,
    /// Which part of the users is connected in the busiest hour, 0 to 1.
    #[arg(long, default_value_t = 0.1, value_parser = part)]
    pub online_share: f64,
    /// How many times more happens in the busiest hour than in an hour of the day on average.
    #[arg(long, default_value_t = 3.0, value_parser = rate)]
    pub peak: f64,
    /// What is read and searched.
    #[command(flatten)]
    #[serde(flatten)]
    pub filled: Filled,
    /// How long.
    #[command(flatten)]
    #[serde(flatten)]
    pub times: Times,
}

fn part(text: &str) -> Result<f64, String> {
    let part: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    let fits = part > 0.0 && part < 1.0;
    fits.then_some(part)
        .ok_or_else(|| "more than 0, less than 1".to_owned())
}
