//! `MessageStore`.

use async_trait::async_trait;
use chinwag_core::{
    model::LogRow,
    ports::{Append, EngineResult, MessageStore, ReadRange, Stamp},
};
use chinwag_proto::{ChatId, ClientId, EventId, Seq, Timestamp, UserId, shapes::Version};

use super::{
    cql::each,
    held::{decode, log_row},
    keys::{chat_from, chat_key, event_from, event_key, part_of, place_from, place_key, user_from},
    store::Cassandra,
};

#[async_trait]
impl MessageStore for Cassandra {
    async fn append(&self, appends: Vec<Append>) -> EngineResult<()> {
        // One is the usual case on a chat's way.
        if appends.len() == 1 {
            for append in appends {
                self.append_one(append).await?;
            }
            return Ok(());
        }
        each(appends, |append| self.append_one(append))
            .await
            .map(drop)
    }

    async fn rewrite(&self, chat: ChatId, rows: Vec<(LogRow, Stamp)>) -> EngineResult<()> {
        each(rows, |(row, stamp)| self.rewrite_one(chat, row, stamp))
            .await
            .map(drop)
    }

    fn amends_apart(&self) -> bool {
        true
    }

    async fn amend(&self, appends: Vec<Append>) -> EngineResult<()> {
        self.amend_all(appends).await
    }

    async fn seal(&self, chat: ChatId, message: Seq, stamp: Stamp) -> EngineResult<()> {
        self.seal_message(chat, message, stamp).await
    }

    async fn read(&self, chat: ChatId, range: ReadRange) -> EngineResult<Vec<LogRow>> {
        self.page(chat, range).await
    }

    async fn rows(&self, places: &[(ChatId, Seq)]) -> EngineResult<Vec<Option<LogRow>>> {
        each(places, async |(chat, seq)| {
            let cell = self.log_cell(*chat, *seq).await?;
            cell.map(|cell| log_row(&cell)).transpose()
        })
        .await
    }

    async fn heads(&self, chats: &[ChatId]) -> EngineResult<Vec<Option<LogRow>>> {
        each(chats, |chat| self.head(*chat)).await
    }

    async fn find(&self, id: EventId) -> EngineResult<Option<(ChatId, Seq)>> {
        let key = (event_key(id),);
        let row: Option<(i64, i64)> = self.cql.row(&self.statements.find_id, key).await?;
        let Some((chat, place)) = row else {
            return Ok(None);
        };
        let placed = (chat_from(chat), place_from(place), id);
        let held = self.held([placed]).await?;
        Ok(held.contains(&placed).then_some((placed.0, placed.1)))
    }

    async fn reserve(&self, chat: ChatId, ids: &[EventId]) -> EngineResult<Vec<bool>> {
        each(ids, async |id| {
            // Reserved first: what another chat had reserved until now shows by then.
            Ok(self.reserve_one(chat, *id).await? && self.find(*id).await?.is_none())
        })
        .await
    }

    async fn sent(
        &self,
        chat: ChatId,
        user: &UserId,
        client_id: &ClientId,
    ) -> EngineResult<Option<(Seq, EventId)>> {
        let key = (chat_key(chat), user.as_str(), client_id.as_str());
        let row: Option<(i64, i64)> = self.cql.row(&self.statements.find_sent, key).await?;
        let Some((place, id)) = row else {
            return Ok(None);
        };
        let placed = (chat, place_from(place), event_from(id));
        let held = self.held([placed]).await?;
        Ok(held.contains(&placed).then_some((placed.1, placed.2)))
    }

    async fn versions(&self, chat: ChatId, message: Seq) -> EngineResult<Vec<Version>> {
        let key = (chat_key(chat), part_of(message), place_key(message));
        let cells: Vec<(Vec<u8>,)> = self.cql.rows(&self.statements.versions, key).await?;
        let version = |(cell,): (Vec<u8>,)| {
            let (content, timestamp): (String, Timestamp) = decode(&cell, "version")?;
            Ok(Version { content, timestamp })
        };
        cells.into_iter().map(version).collect()
    }

    async fn reactions_of(
        &self,
        chat: ChatId,
        messages: &[Seq],
        user: &UserId,
    ) -> EngineResult<Vec<Vec<String>>> {
        each(messages, async |message| {
            let (part, place) = (part_of(*message), place_key(*message));
            let key = (chat_key(chat), part, place, user.as_str());
            let rows: Vec<(String, bool)> =
                self.cql.rows(&self.statements.reactions_of, key).await?;
            let on = rows.into_iter().filter(|(_, is_on)| *is_on);
            Ok(on.map(|(key, _)| key).collect())
        })
        .await
    }

    async fn reactors(
        &self,
        chat: ChatId,
        message: Seq,
        limit: usize,
    ) -> EngineResult<Vec<(String, UserId)>> {
        let key = (chat_key(chat), part_of(message), place_key(message));
        let rows: Vec<(String, String, bool)> =
            self.cql.rows(&self.statements.reactions, key).await?;
        let on = rows.into_iter().filter(|(.., is_on)| *is_on).take(limit);
        on.map(|(user, key, _)| Ok((key, user_from(&user)?)))
            .collect()
    }

    async fn purge(&self, chat: ChatId) -> EngineResult<()> {
        self.purge_chat(chat).await
    }
}
