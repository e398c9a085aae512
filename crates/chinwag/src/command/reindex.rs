//! `chinwag reindex`

use anyhow::Result;
use chinwag_server::config::Config;
use reqwest::Method;

use crate::operator::Operator;

/// Rebuild the search index.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(super) async fn run(_: Arguments, config: Config) -> Result<()> {
    let operator = Operator::connect(&config).await?;
    let done = operator.act(Method::POST, "/control/reindex").await;
    operator.close().await;
    done?;
    println!("the search index is rebuilt");
    Ok(())
}
