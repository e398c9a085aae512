//! Chats of a run's users.

use anyhow::{Context as _, Result};
use chinwag_client::Http;
use chinwag_proto::{ChatId, Seq, http::CreateChat, shapes::HistoryVisible};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::Run;
use crate::site::{Person, appear, unique_request, until_answered};

/// Requests under way at a time.
const AT_ONCE: usize = 32;
/// Members that one request adds.
const MEMBERS: usize = 1_000;

/// Makes the direct chats of each two that follow one another; returns them with their last places.
pub(super) async fn direct_chats(url: &str, people: &[Person]) -> Result<Vec<(ChatId, Seq)>> {
    let http = Http::new(url);
    let chats = people.chunks_exact(2).map(|pair| {
        let http = http.clone().with_token(&pair[0].token);
        async move {
            let chat = CreateChat::Direct {
                user_id: pair[1].id.clone(),
                client_id: Some(unique_request()),
            };
            let chat = until_answered(|| http.create_chat(&chat)).await?;
            anyhow::Ok((chat.id, chat.head.seq))
        }
    });
    let chats = stream::iter(chats).buffered(AT_ONCE);
    chats.try_collect().await.context("can't make the chats")
}

/// Makes users who have no connection, and one group of all; their ids begin with the run's kind.
pub(super) async fn with_group(
    run: &Run<'_>,
    kind: &str,
    count: u32,
) -> Result<(Vec<Person>, ChatId)> {
    let people = run.server.tokens().people(kind, count).await?;
    appear(&Http::new(run.server.url()), &people).await?;
    let (chat, _) = group(run.server.url(), &people).await?;
    Ok((people, chat))
}

/// Makes one group of all; returns it with its last place.
pub(super) async fn group(url: &str, people: &[Person]) -> Result<(ChatId, Seq)> {
    let (owner, others) = people.split_first().context("nobody is there")?;
    let http = Http::new(url).with_token(&owner.token);
    let ids = |people: &[Person]| people.iter().map(|person| person.id.clone()).collect();
    let mut rest = others.chunks(MEMBERS);
    let group = CreateChat::Group {
        name: "bench".into(),
        members: rest.next().map(ids).unwrap_or_default(),
        history_visible: HistoryVisible::All,
        client_id: Some(unique_request()),
    };
    let made = until_answered(|| http.create_chat(&group)).await;
    let made = made.context("can't make the group")?.id;
    for people in rest {
        let added = http.add_members(made, ids(people)).await;
        added.context("can't add members")?;
    }
    let chat = http.chat(made).await?;
    Ok((chat.id, chat.head.seq))
}
