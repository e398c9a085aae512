//! Writes events and what follows from them (rules A1, S1–S3).

use chinwag_core::{
    model::{LogRow, MemberRow},
    ports::{Append, EngineResult, Follow, Stamp},
};
use chinwag_proto::{ChatId, EventId, Seq};
use futures_util::future::try_join_all;
use minicbor::Encode;

use super::{
    keys::{begins_part, chat_buckets, chat_key, event_key, part_of, place_key, stamp_key},
    store::Cassandra,
};

/// The event that causes a write, and the stamp that it has.
#[derive(Clone, Copy)]
pub(super) struct Cause {
    chat: ChatId,
    event: EventId,
    seq: Seq,
    stamp: i64,
}

impl Cause {
    /// Returns an event as the cause of what is written with it.
    pub(super) fn of(chat: ChatId, row: &LogRow) -> Self {
        let stamp = Stamp {
            term: row.term,
            seq: row.seq,
        };
        Self {
            chat,
            event: row.id,
            seq: row.seq,
            stamp: stamp_key(stamp),
        }
    }
}

impl Cassandra {
    /// Writes what follows from an event, and once a quorum has all of that, the event: who sees a row finds it by its
    /// id and its request, and sees its members.
    pub(super) async fn append_one(&self, append: Append) -> EngineResult<()> {
        let Append {
            chat, row, follows, ..
        } = append;
        let cause = Cause::of(chat, &row);
        let follow = try_join_all(follows.into_iter().map(|follow| self.follow(cause, follow)));
        futures_util::try_join!(self.put_index(cause, &row), follow)?;
        self.put_row(chat, &row, cause.stamp).await
    }

    /// Writes a row again, under a stamp of a later term, by what it is found first.
    pub(super) async fn rewrite_one(
        &self,
        chat: ChatId,
        row: LogRow,
        stamp: Stamp,
    ) -> EngineResult<()> {
        let cause = Cause {
            stamp: stamp_key(stamp),
            ..Cause::of(chat, &row)
        };
        self.put_index(cause, &row).await?;
        self.put_row(chat, &row, cause.stamp).await
    }

    /// Writes a row's cell.
    pub(super) async fn put_row(&self, chat: ChatId, row: &LogRow, stamp: i64) -> EngineResult<()> {
        let key = (chat_key(chat), part_of(row.seq), place_key(row.seq));
        let values = (key.0, key.1, key.2, row.to_bytes(), stamp);
        self.cql.write(&self.statements.put_log, values).await
    }

    /// Writes by what an event is found: its id, its request, and the part of the log that it begins.
    async fn put_index(&self, cause: Cause, row: &LogRow) -> EngineResult<()> {
        let (chat, place) = (chat_key(cause.chat), place_key(cause.seq));
        let statements = &self.statements;
        let id = async {
            let values = (event_key(cause.event), chat, place, cause.stamp);
            self.cql.write(&statements.put_id, values).await
        };
        let sent = async {
            let Some(client_id) = &row.client_id else {
                return Ok(());
            };
            let (user, id) = (row.user.as_str(), event_key(cause.event));
            let values = (chat, user, client_id.as_str(), place, id, cause.stamp);
            self.cql.write(&statements.put_sent, values).await
        };
        let part = async {
            if !begins_part(cause.seq) {
                return Ok(());
            }
            let values = (chat, part_of(cause.seq), cause.stamp);
            self.cql.write(&statements.put_part, values).await
        };
        futures_util::try_join!(id, sent, part).map(drop)
    }

    pub(super) async fn follow(&self, cause: Cause, follow: Follow) -> EngineResult<()> {
        let (cql, statements) = (&self.cql, &self.statements);
        let Cause { chat, stamp, .. } = cause;
        let key = chat_key(chat);
        match follow {
            Follow::Amend(row) => self.put_row(chat, &row, stamp).await,
            Follow::KeepVersion {
                message,
                version,
                nth,
            } => {
                let (part, place) = (part_of(message), place_key(message));
                let cell = encode(&(version.content, version.timestamp));
                let values = (key, part, place, stamp, nth.cast_signed(), cell, stamp);
                cql.write(&statements.put_version, values).await
            }
            Follow::Reaction {
                message,
                user,
                key: reaction,
                on,
            } => {
                let (part, place) = (part_of(message), place_key(message));
                let values = (key, part, place, user.as_str(), reaction, on, stamp);
                cql.write(&statements.put_reaction, values).await
            }
            Follow::Forget { message } => {
                let values = (stamp, key, part_of(message), place_key(message));
                let versions = cql.write(&statements.forget_versions, values);
                let reactions = cql.write(&statements.forget_reactions, values);
                futures_util::try_join!(versions, reactions).map(drop)
            }
            Follow::Member(member) => self.put_member(cause, &member).await,
            Follow::Chat(row) => {
                let values = (key, stamp, event_key(cause.event), encode(&row), stamp);
                let (small, large) = chat_buckets(chat);
                let row = cql.write(&statements.put_chat, values);
                let listed = cql.write(&statements.put_chat_in_list, (small, key, stamp));
                let bucket = cql.write(&statements.put_chat_bucket, (large, small, stamp));
                futures_util::try_join!(row, listed, bucket).map(drop)
            }
        }
    }

    async fn put_member(&self, cause: Cause, member: &MemberRow) -> EngineResult<()> {
        let (chat, stamp) = (chat_key(cause.chat), cause.stamp);
        let (user, event) = (member.user.as_str(), event_key(cause.event));
        let statements = &self.statements;
        let values = (chat, user, stamp, event, encode(member), stamp);
        let row = self.cql.write(&statements.put_member, values);
        let listed = self.cql.write(&statements.put_chat_of, (user, chat, stamp));
        futures_util::try_join!(row, listed).map(drop)
    }
}

/// Writes a cell.
pub(super) fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).expect("writing to memory can't fail")
}
