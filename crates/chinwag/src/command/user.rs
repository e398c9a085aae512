//! `chinwag user`

use anyhow::Result;
use chinwag_proto::{UserId, shapes::User};
use chinwag_server::{
    api::control::{AddUser, SetPassword, UsersAnswer},
    config::Config,
};
use reqwest::Method;

use crate::{
    operator::{Operator, path},
    prompt,
};

/// Add, list, disable and enable users, and set passwords.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make a user.
    Add {
        /// The user's id.
        user: UserId,
        /// The name that people see.
        #[arg(long)]
        name: Option<String>,
        /// Ask for a password to sign in with (from standard input where that is no terminal).
        #[arg(long)]
        password: bool,
    },
    /// List all users.
    List,
    /// Lock a user out; all sessions close.
    Disable {
        /// The user's id.
        user: UserId,
    },
    /// Let a user in again.
    Enable {
        /// The user's id.
        user: UserId,
    },
    /// Set a user's password; all sessions so far close.
    Password {
        /// The user's id.
        user: UserId,
    },
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<()> {
    // Asked before anything is opened: a server may want to start meanwhile.
    let password = match &arguments.action {
        Action::Add { password: true, .. } | Action::Password { .. } => {
            Some(prompt::new_password()?)
        }
        _ => None,
    };
    let operator = Operator::connect(&config).await?;
    let done = act(&operator, arguments.action, password).await;
    operator.close().await;
    done
}

async fn act(operator: &Operator, action: Action, password: Option<String>) -> Result<()> {
    match action {
        Action::Add { user, name, .. } => {
            let request = AddUser {
                user_id: user,
                name,
                password,
            };
            let made: User = operator
                .send(Method::POST, "/control/users", &request)
                .await?;
            println!("made {}", made.id);
        }
        Action::List => list(operator).await?,
        Action::Disable { user } => {
            operator
                .act(
                    Method::POST,
                    &path(&["v1", "users", user.as_str(), "disable"]),
                )
                .await?;
            println!("{user} is locked out");
        }
        Action::Enable { user } => {
            operator
                .act(
                    Method::POST,
                    &path(&["v1", "users", user.as_str(), "enable"]),
                )
                .await?;
            println!("{user} may sign in again");
        }
        Action::Password { user } => {
            let request = SetPassword {
                password: password.unwrap_or_default(),
            };
            let path = path(&["control", "users", user.as_str(), "password"]);
            operator.command(Method::PUT, &path, &request).await?;
            println!("{user} has a new password");
        }
    }
    Ok(())
}

async fn list(operator: &Operator) -> Result<()> {
    let mut cursor = String::new();
    loop {
        let page: UsersAnswer = operator.get(&format!("/control/users{cursor}")).await?;
        for user in page.users {
            let state = if user.disabled { "disabled" } else { "" };
            println!(
                "{:<24} {:<32} {state}",
                user.id.as_str(),
                user.name.unwrap_or_default()
            );
        }
        match page.next_cursor {
            None => return Ok(()),
            Some(next) => cursor = format!("?cursor={}", crate::operator::encode(&next)),
        }
    }
}
