//! Chats of a run, and what is said in them before anything is asked: who knows that can check every answer.

use anyhow::{Context as _, Result};
use chinwag_client::Http;
use futures_util::{StreamExt as _, stream};

use super::{
    super::{Run, people},
    chat::{Chat, Member},
};
use crate::{bench::options::Filled, site::appear};

/// Messages under way at a time.
const AT_ONCE: usize = 64;

/// Chats of two.
pub(in super::super) struct Chats {
    chats: Vec<Chat>,
}

impl Chats {
    /// Makes chats, and says in each what the settings want.
    pub(in super::super) async fn filled(run: &Run<'_>, settings: Filled) -> Result<Self> {
        let mut chats = Self::make(run, settings.chats, settings.content_bytes).await?;
        chats.say(run, settings.messages).await?;
        Ok(chats)
    }

    /// Makes chats of two users each.
    pub(super) async fn make(run: &Run<'_>, count: u32, content_bytes: u32) -> Result<Self> {
        run.progress.say("chats are made");
        let people = run.server.tokens().people("bench", 2 * count).await?;
        appear(&Http::new(run.server.url()), &people).await?;
        let made = people::direct_chats(run.server.url(), &people).await?;
        let nodes = run.server.nodes.iter();
        let nodes: Vec<Http> = nodes
            .map(|node| Http::new(format!("http://{}", node.host)))
            .collect();
        let mut members = people.into_iter().enumerate().map(|(nth, person)| Member {
            http: nodes[nth % nodes.len()].clone().with_token(&person.token),
            person,
        });
        let mut chats = Vec::new();
        for ((id, base), number) in made.into_iter().zip(0..) {
            let pair = members.next().zip(members.next());
            let (one, other) = pair.context("a chat has two members")?;
            chats.push(Chat {
                id,
                members: [one, other],
                base,
                said: Vec::new(),
                number,
                words: 1,
                content_bytes: content_bytes as usize,
            });
        }
        Ok(Self { chats })
    }

    /// Says so many messages in each, the members in turn.
    pub(super) async fn say(&mut self, run: &Run<'_>, messages: u32) -> Result<()> {
        let all = self.chats.len() * messages as usize;
        for chat in &mut self.chats {
            chat.expect(messages);
        }
        let chats = &self.chats;
        let sends = (0..messages).flat_map(|number| {
            (0..chats.len()).map(move |nth| async move { (nth, chats[nth].send(number).await) })
        });
        let mut sending = stream::iter(sends).buffer_unordered(AT_ONCE);
        let mut said = vec![Vec::new(); chats.len()];
        let mut done = 0;
        while let Some((nth, sent)) = sending.next().await {
            said[nth].push(sent.context("can't fill the chats")?);
            done += 1;
            run.progress.ready(done, all, "messages to be asked for");
        }
        drop(sending);
        for (chat, said) in self.chats.iter_mut().zip(said) {
            chat.take(said)?;
        }
        Ok(())
    }

    /// Returns the chats in turn, and how many turns were before.
    pub(super) fn turn(&self, nth: u64) -> (&Chat, usize) {
        let count = self.chats.len() as u64;
        let index = |number| usize::try_from(number).unwrap_or_default();
        (&self.chats[index(nth % count)], index(nth / count))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Chat> {
        self.chats.iter()
    }
}
