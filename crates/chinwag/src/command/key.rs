//! `chinwag key`

use anyhow::Result;
use chinwag_server::{
    api::control::{AddKey, KeyAnswer, KeysAnswer},
    config::Config,
};
use reqwest::Method;

use crate::operator::{Operator, path};

/// Add, list and revoke API keys of the app's own backend.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make a key; it is shown once.
    Add {
        /// What it is for.
        name: String,
    },
    /// List all keys.
    List,
    /// Revoke a key.
    Revoke {
        /// The key's id, as listed.
        id: String,
    },
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<()> {
    let operator = Operator::connect(&config).await?;
    let done = act(&operator, arguments.action).await;
    operator.close().await;
    done
}

async fn act(operator: &Operator, action: Action) -> Result<()> {
    match action {
        Action::Add { name } => {
            let key: KeyAnswer = operator
                .send(Method::POST, "/control/keys", &AddKey { name })
                .await?;
            println!("{}", key.key.unwrap_or_default());
            eprintln!("keep it: it is not shown again");
        }
        Action::List => {
            let answer: KeysAnswer = operator.get("/control/keys").await?;
            for key in answer.keys {
                let state = key
                    .revoked_at
                    .map_or_else(String::new, |at| format!("revoked {at}"));
                println!("{}  {:<24} {} {state}", key.id, key.name, key.created_at);
            }
        }
        Action::Revoke { id } => {
            operator
                .act(Method::DELETE, &path(&["control", "keys", &id]))
                .await?;
            println!("{id} is revoked");
        }
    }
    Ok(())
}
