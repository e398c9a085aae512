//! Chats, and the list of all of them.

use chinwag_core::{model::ChatRow, ports::EngineResult};
use chinwag_proto::{ChatId, Seq};

use super::{
    cql::each,
    held::{Caused, decode},
    keys::{LARGE_CHAT_BUCKETS, chat_buckets, chat_from, chat_key},
    store::Cassandra,
};

/// States of one chat that are read first: nearly always the first one holds.
const FEW: i32 = 4;
/// Large buckets that are looked into at a time.
const BUCKETS_AT_ONCE: i32 = 64;

/// A state of a chat as it is stored: stamp, event, row, whether the log is gone.
type Stored = (i64, Option<i64>, Option<Vec<u8>>, Option<bool>);

impl Cassandra {
    /// Reads chats as the events up to a place left them; the answer has the order and length of the question.
    pub(super) async fn chat_rows(
        &self,
        chats: &[ChatId],
        head: Seq,
    ) -> EngineResult<Vec<Option<ChatRow>>> {
        let few = each(chats, |chat| self.states(*chat, FEW)).await?;
        let is_cut: Vec<bool> = few
            .iter()
            .map(|states| states.len() == FEW as usize)
            .collect();
        let mut rows = self.newest_held(few, head).await?;
        for (at, chat) in chats.iter().enumerate() {
            if rows[at].is_none() && is_cut[at] {
                let all = self.states(*chat, i32::MAX).await?;
                rows[at] = self.newest_held(vec![all], head).await?.pop().flatten();
            }
        }
        Ok(rows)
    }

    async fn states(&self, chat: ChatId, limit: i32) -> EngineResult<Vec<Caused<ChatRow>>> {
        let key = (chat_key(chat), limit);
        let rows: Vec<Stored> = self.cql.rows(&self.statements.chat, key).await?;
        let state = |(stamp, event, row, purged): Stored| {
            let row: ChatRow = decode(&row.unwrap_or_default(), "chat")?;
            Ok(Caused::new(
                chat,
                stamp,
                event.unwrap_or_default(),
                row,
                purged,
            ))
        };
        rows.into_iter().map(state).collect()
    }

    /// Reads every chat's id, rising, after one.
    pub(super) async fn listed_chats(
        &self,
        after: Option<ChatId>,
        limit: usize,
    ) -> EngineResult<Vec<ChatId>> {
        let mut found = Vec::new();
        let (first, mut era) = after.map_or((0, 0), chat_buckets);
        while era < LARGE_CHAT_BUCKETS && found.len() < limit {
            let eras = era..(era + BUCKETS_AT_ONCE).min(LARGE_CHAT_BUCKETS);
            era = eras.end;
            let buckets = each(eras, async |era| {
                let rows: Vec<(i64,)> = self
                    .cql
                    .rows(&self.statements.chat_buckets, (era, first))
                    .await?;
                Ok(rows)
            });
            for (bucket,) in buckets.await?.into_iter().flatten() {
                if found.len() >= limit {
                    break;
                }
                let wanted = i32::try_from(limit - found.len()).unwrap_or(i32::MAX);
                let above = after.map_or(-1, chat_key);
                let chats: Vec<(i64,)> = self
                    .cql
                    .rows(&self.statements.chat_list, (bucket, above, wanted))
                    .await?;
                found.extend(chats.into_iter().map(|(chat,)| chat_from(chat)));
            }
        }
        Ok(found)
    }
}
