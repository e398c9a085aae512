//! `chinwag token`

use anyhow::{Result, bail};
use chinwag_proto::{UserId, http::TokenAnswer};
use chinwag_server::config::Config;
use reqwest::Method;

use crate::operator::{Operator, path};

/// Sign a token for a user, or revoke all tokens of one.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    /// The user to sign a token for.
    user: Option<UserId>,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Revoke all tokens of a user; their sessions close.
    Revoke {
        /// The user's id.
        user: UserId,
    },
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<()> {
    let operator = Operator::connect(&config).await?;
    let done = act(&operator, arguments).await;
    operator.close().await;
    done
}

async fn act(operator: &Operator, arguments: Arguments) -> Result<()> {
    match (arguments.action, arguments.user) {
        (Some(Action::Revoke { user }), _) => {
            operator
                .act(
                    Method::POST,
                    &path(&["v1", "users", user.as_str(), "revoke"]),
                )
                .await?;
            println!("all tokens of {user} are revoked");
        }
        (None, Some(user)) => {
            let path = path(&["control", "users", user.as_str(), "token"]);
            let answer: TokenAnswer = operator
                .send(Method::POST, &path, &serde_json::json!({}))
                .await?;
            println!("{}", answer.token);
            eprintln!("expires {}", answer.expires_at);
        }
        (None, None) => bail!("for which user? chinwag token USER"),
    }
    Ok(())
}
