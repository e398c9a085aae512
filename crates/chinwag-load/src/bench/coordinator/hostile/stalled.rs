//! Members of a group who read nothing of what is said there.

use std::time::Duration;

use anyhow::Result;
use chinwag_client::Http;
use chinwag_proto::{ChatId, Metadata, http::SendMessage};

use super::{
    super::{Run, people},
    attack::Attack,
};
use crate::site::Person;

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
        let (members, chat) = people::with_group(run, "stalled", count + 1).await?;
        Ok(Self { members, chat })
    }

    /// Lets the first one speak, and all others not read.
    pub(super) fn begin(&self, run: &Run<'_>) -> Attack {
        let mut attack = Attack::default();
        let silent = self.members.iter().skip(1);
        attack.add_sessions(&run.server.nodes, silent, |session, hold| async move {
            hold.taken();
            tokio::time::sleep(STAYS).await;
            drop(session);
            Ok(())
        });
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
