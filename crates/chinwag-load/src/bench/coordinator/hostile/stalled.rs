//! Members of a group who read nothing of what is said there.

use std::time::Duration;

use anyhow::Result;
use chinwag_client::Http;
use chinwag_proto::{ChatId, Metadata, http::SendMessage};

use super::{
    super::{Run, people, session::Session},
    attack::Attack,
};
use crate::{
    bench::plan::Node,
    site::{Person, appear},
};

/// What is said, bytes: as much as a message may hold.
const CONTENT: usize = 16 * 1_024;
/// How long until the next is said.
const EVERY: Duration = Duration::from_millis(250);
/// How long one stays who reads nothing, whether dropped or not: without reading nobody sees that.
const STAYS: Duration = Duration::from_secs(20);

/// The group and its members.
pub(super) struct Stalled {
    members: Vec<Person>,
    chat: ChatId,
}

impl Stalled {
    pub(super) async fn prepare(run: &Run<'_>, count: u32) -> Result<Self> {
        let members = run.server.tokens().people("stalled", count + 1).await?;
        appear(&Http::new(run.server.url()), &members).await?;
        let (chat, _) = people::group(run.server.url(), &members).await?;
        Ok(Self { members, chat })
    }

    /// Lets the first one speak, and all others not read.
    pub(super) fn begin(&self, run: &Run<'_>) -> Attack {
        let mut attack = Attack::default();
        let nodes = &run.server.nodes;
        for (number, member) in self.members.iter().skip(1).enumerate() {
            let (node, token) = (nodes[number % nodes.len()].clone(), member.token.clone());
            attack.add(move |hold| {
                let (node, token): (Node, String) = (node.clone(), token.clone());
                async move {
                    let session = Session::open(&node, &token).await?;
                    hold.taken();
                    tokio::time::sleep(STAYS).await;
                    drop(session);
                    Ok(())
                }
            });
        }
        let http = Http::new(run.server.url()).with_token(&self.members[0].token);
        let chat = self.chat;
        attack.add(move |hold| {
            let http = http.clone();
            async move {
                let message = SendMessage {
                    chat_id: chat,
                    content: "x".repeat(CONTENT),
                    client_id: None,
                    reply_to: None,
                    mentions: Vec::new(),
                    metadata: Metadata::default(),
                    timestamp: None,
                    sender_id: None,
                };
                loop {
                    http.send_message(&message).await?;
                    hold.taken();
                    tokio::time::sleep(EVERY).await;
                }
            }
        });
        attack
    }
}
