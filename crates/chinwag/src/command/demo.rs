//! `chinwag demo`

use anyhow::Result;
use chinwag_server::{api::control::DemoAnswer, config::Config};
use reqwest::Method;

use crate::{operator::Operator, program};

/// Fill an empty server with a small made-up team, so that there is something to see.
///
/// Six people, four groups and direct chats over the last week, in several scripts; with replies, reactions, mentions,
/// an edit, a deletion, and something unread for ana. A server that has users already is left as it is.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(super) async fn run(_: Arguments, config: Config) -> Result<()> {
    let operator = Operator::connect(&config).await?;
    let filled = operator
        .send(Method::POST, "/control/demo", &serde_json::json!({}))
        .await;
    operator.close().await;
    print!("{}", told(&filled?));
    Ok(())
}

fn told(demo: &DemoAnswer) -> String {
    let users = demo.users.iter().map(|user| user.as_str());
    let users: Vec<&str> = users.collect();
    let mut text = format!(
        "A small team has moved in: {}.\nThey have said {} things in {} chats, and some are new to ana.\n",
        users.join(", "),
        demo.messages,
        demo.chats
    );
    if let Some(password) = &demo.password {
        text.push_str(&format!(
            "\nEach of them signs in with the password\n\n  {password}\n\nIt is not shown again; on this machine, as whoever started the server, none is asked for.\n"
        ));
    }
    text.push_str("\nNext:\n");
    let chinwag = program();
    let mut steps = Vec::new();
    if demo.url.is_none() {
        steps.push(("start the server", format!("{chinwag} serve")));
    }
    steps.push(("chat as ana", format!("{chinwag} chat --as ana")));
    steps.push((
        "… and as ben, in another terminal",
        format!("{chinwag} chat --as ben"),
    ));
    if let Some(url) = &demo.url {
        let there = format!("{chinwag} chat --as ana --server {url}");
        steps.push(("sign in with the password", there));
    }
    for (what, how) in steps {
        text.push_str(&format!("  {what:<36}{how}\n"));
    }
    text
}
