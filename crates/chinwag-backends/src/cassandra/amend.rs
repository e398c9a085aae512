//! Writes what events change in earlier rows, and keeps it from those that came to nothing (rule S2).

use chinwag_core::{
    model::LogRow,
    ports::{Append, EngineResult, Follow, Stamp},
};
use chinwag_proto::{ChatId, Seq};
use futures_util::future::try_join_all;

use super::{
    append::Cause,
    cql::each,
    held::log_row,
    keys::{chat_key, part_of, place_key, stamp_key},
    store::Cassandra,
};

impl Cassandra {
    /// Writes what events change, the changed rows last: a row that holds a change has its versions and reactions.
    pub(super) async fn amend_all(&self, appends: Vec<Append>) -> EngineResult<()> {
        let mut besides = Vec::new();
        let mut rows: Vec<(Cause, Follow)> = Vec::new();
        for Append {
            chat, row, follows, ..
        } in appends
        {
            let cause = Cause::of(chat, &row);
            for follow in follows {
                if let Follow::Amend(_) = follow {
                    rows.push((cause, follow));
                } else {
                    besides.push(self.follow(cause, follow));
                }
            }
        }
        try_join_all(besides).await?;
        each(rows, |(cause, follow)| self.follow(cause, follow))
            .await
            .map(drop)
    }

    /// Writes a message again as it is, under a stamp; what of it is not there now stays away under lower ones.
    pub(super) async fn seal_message(
        &self,
        chat: ChatId,
        message: Seq,
        stamp: Stamp,
    ) -> EngineResult<()> {
        let Some(cell) = self.log_cell(chat, message).await? else {
            return Ok(());
        };
        let row = log_row(&cell)?;
        let stamp = stamp_key(stamp);
        futures_util::try_join!(
            self.put_row(chat, &row, stamp),
            self.seal_versions(chat, &row, stamp),
            self.seal_reactions(chat, &row, stamp),
        )
        .map(drop)
    }

    async fn seal_versions(&self, chat: ChatId, row: &LogRow, stamp: i64) -> EngineResult<()> {
        let (cql, statements) = (&self.cql, &self.statements);
        let (chat, part, place) = (chat_key(chat), part_of(row.seq), place_key(row.seq));
        let key = (chat, part, place);
        let kept: Vec<(i64, i16, Vec<u8>)> = cql.rows(&statements.whole_versions, key).await?;
        // Below the stamp of what is written again.
        let below = (stamp - 1, chat, part, place);
        cql.write(&statements.forget_versions, below).await?;
        each(kept, async |(until, nth, version)| {
            let values = (chat, part, place, until, nth, version, stamp);
            cql.write(&statements.put_version, values).await
        })
        .await
        .map(drop)
    }

    async fn seal_reactions(&self, chat: ChatId, row: &LogRow, stamp: i64) -> EngineResult<()> {
        let (cql, statements) = (&self.cql, &self.statements);
        let (chat, part, place) = (chat_key(chat), part_of(row.seq), place_key(row.seq));
        let key = (chat, part, place);
        let kept: Vec<(String, String, bool)> = cql.rows(&statements.reactions, key).await?;
        let below = (stamp - 1, chat, part, place);
        cql.write(&statements.forget_reactions, below).await?;
        each(kept, async |(user, reaction, on)| {
            let values = (chat, part, place, user, reaction, on, stamp);
            cql.write(&statements.put_reaction, values).await
        })
        .await
        .map(drop)
    }
}
