//! Queues again what the queue may lack, from the log.

use std::sync::Arc;

use chinwag_proto::{ChatId, ErrorCode, Problem, Seq};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::super::{
    Owner,
    chat::{Chat, Outgoing, TopicChange},
    path::{groups, topic_change},
    publish::broadcasts,
};
use crate::{
    model::{LogRow, RowBody, Shard, Term},
    ports::{Append, BusMessage, GroupSet, QueueGroup, QueueMarks, ReadRange},
};

/// Rows that are read and queued at a time.
const PAGE: usize = 256;
/// Shards, and chats, that are looked at side by side: a node that takes over or starts has hundreds of shards, each some
/// calls of the store, and what they hold is found by nobody and pushed to nobody meanwhile.
const SHARDS_AT_ONCE: usize = 16;
const CHATS_AT_ONCE: usize = 16;

/// Comings and goings that are told again of one chat; who isn't told finds out at the next sync.
const MOVES: usize = 1_000;

/// What was queued again of a chat.
struct Queued {
    /// The last event that live events are made of.
    last: Option<LogRow>,
    /// Who came and went, the latest; of a large chat alone.
    moves: Vec<LogRow>,
}

impl Owner {
    /// Queues again what marks above the checkpoints of this node's shards name, once under each term.
    pub(super) async fn feed_what_was_left(self: &Arc<Self>, marks: &dyn QueueMarks) {
        let held = stream::iter(self.lease.held().into_iter().map(Ok));
        let feeding = held.try_for_each_concurrent(SHARDS_AT_ONCE, async |(shard, term)| {
            if self.stopping.is_cancelled() {
                return Ok(());
            }
            let fed = self.feed_shard(marks, shard, term).await;
            fed.map_err(|problem| (shard, problem))
        });
        if let Err((shard, problem)) = feeding.await {
            tracing::warn!(shard = shard.0, %problem, "can't queue again what was left; trying again");
        }
    }

    async fn feed_shard(
        self: &Arc<Self>,
        marks: &dyn QueueMarks,
        shard: Shard,
        term: Term,
    ) -> Result<(), Problem> {
        self.open_shard(marks, shard, term).await?;
        let Some(checkpoint) = self.ledger.behind(shard, term) else {
            return Ok(());
        };
        for (chat, from) in marks.marked(shard, checkpoint).await? {
            self.feed(chat, from).await?;
        }
        self.ledger.caught_up(shard, term);
        Ok(())
    }

    /// Queues again what this owner couldn't.
    pub(super) async fn feed_what_is_owed(self: &Arc<Self>) {
        let owed = stream::iter(self.ledger.take_owed());
        owed.for_each_concurrent(CHATS_AT_ONCE, async |(chat, owed)| {
            let term = self.lease.term_of(chat, self.ports.clock.elapsed());
            if term != Some(owed.term) {
                // Whoever has the shard now is led there by the marks.
                return;
            }
            match self.feed(chat, owed.from).await {
                Ok(()) => self.ledger.done(Shard::of(chat), owed.term, &owed.minutes),
                Err(problem) => {
                    tracing::debug!(%chat, %problem, "can't queue again yet");
                    self.ledger.owe(chat, owed);
                }
            }
        })
        .await;
    }

    /// Queues a chat's confirmed events from a place on, and tells the last one again to the members who are online; of a
    /// large chat, whose events come by the queue, the nodes of those who came and went.
    async fn feed(self: &Arc<Self>, id: ChatId, from: Seq) -> Result<(), Problem> {
        let chat = match self.chat(id).await {
            Ok(chat) => Some(chat),
            Err(problem) if problem.code == ErrorCode::NotFound => None,
            Err(problem) => return Err(problem),
        };
        let through = match &chat {
            Some(chat) => chat.state().confirmed,
            // It was deleted, which is to be queued too, or never came to be.
            None => {
                let head = self.ports.store.heads(&[id]).await?;
                let head = head.into_iter().next().flatten();
                head.map_or(Seq(0), |row| row.seq)
            }
        };
        let is_large = chat.as_ref().is_some_and(|chat| chat.state().row.large);
        let Queued { last, moves } = self.queue_again(id, from, through, is_large).await?;
        let Some(chat) = chat else {
            return Ok(());
        };
        match last {
            _ if is_large => self.tell_moves_again(id, &chat, &moves).await,
            Some(last) => self.tell_again(id, &chat, last).await?,
            None => {}
        }
        Ok(())
    }

    async fn tell_moves_again(&self, id: ChatId, chat: &Chat, moves: &[LogRow]) {
        for row in moves {
            let change = {
                let state = chat.state();
                let users = row.moved_users().iter();
                let members = users.filter_map(|user| state.members.active(user).cloned());
                topic_change(row, true, &members.collect::<Vec<_>>())
            };
            self.tell_topics(id, row.seq, &change).await;
        }
    }

    /// Queues events again.
    async fn queue_again(
        &self,
        id: ChatId,
        from: Seq,
        through: Seq,
        is_large: bool,
    ) -> Result<Queued, Problem> {
        let mut from = from;
        let (mut last, mut moves) = (None, Vec::new());
        while from <= through {
            let range = ReadRange::rising(from, through, PAGE);
            let rows = self.ports.store.read(id, range).await?;
            let Some(end) = rows.last() else { break };
            from = end.seq.next();
            last = rows
                .iter()
                .rfind(|row| !row.is_imported())
                .cloned()
                .or(last);
            if is_large {
                let moved = rows.iter().filter(|row| !row.moved_users().is_empty());
                moves.extend(moved.cloned());
                moves.drain(..moves.len().saturating_sub(MOVES));
            }
            let events: Vec<_> = rows
                .into_iter()
                .map(|row| {
                    let groups = groups_again(&row, is_large);
                    (id, row, groups)
                })
                .filter(|(.., groups)| !groups.is_empty())
                .collect();
            if !events.is_empty() {
                self.ports.queue.publish(events).await?;
            }
        }
        Ok(Queued { last, moves })
    }

    async fn tell_again(&self, id: ChatId, chat: &Chat, row: LogRow) -> Result<(), Problem> {
        let target = match row.target() {
            Some(target) => self.row(id, target.seq).await?,
            None => None,
        };
        let (epoch, audience) = {
            // Somebody may be joining just now, who doesn't see it.
            let state = chat.state();
            (state.row.epoch, state.members.audience_at(row.seq))
        };
        let outgoing = Outgoing {
            audience,
            target,
            except: None,
            direct: true,
            topics: TopicChange::None,
            minute: None,
        };
        let append = Append {
            chat: id,
            row,
            follows: Vec::new(),
            groups: GroupSet::NONE,
        };
        for broadcast in broadcasts(id, epoch, &[(append, outgoing)]) {
            let users = Arc::clone(&broadcast.users);
            let events = BusMessage::Events(broadcast);
            self.ports.delivery.to_users(&users, events).await;
        }
        Ok(())
    }

    /// Owes the queue what was adopted of a chat's end, where that is young: an owner before may have stored it after
    /// this one looked at the marks.
    pub(in crate::owner) async fn mark_adopted(
        &self,
        id: ChatId,
        term: Term,
        adopted: &[LogRow],
    ) -> Result<(), Problem> {
        /// What is older was queued by its owner, or by who came after it.
        const YOUNG_MS: i64 = 60 * 60 * 1_000;
        let Some(marks) = &self.ports.marks else {
            return Ok(());
        };
        let oldest = self.ports.clock.now().plus_millis(-YOUNG_MS);
        let Some(first) = adopted.iter().find(|row| row.timestamp > oldest) else {
            return Ok(());
        };
        let minute = self.try_mark(&**marks, id, term, first.seq, 1).await?;
        let owed = super::ledger::Owed {
            term,
            from: first.seq,
            minutes: [(minute, 1)].into(),
        };
        self.ledger.owe(id, owed);
        Ok(())
    }
}

/// Says who works behind the log on an event that is queued again.
fn groups_again(row: &LogRow, is_large: bool) -> GroupSet {
    match &row.body {
        RowBody::Message(_) if row.is_imported() => GroupSet::of(&[QueueGroup::Indexer]),
        _ if row.is_imported() => GroupSet::NONE,
        _ => groups(row, is_large, true),
    }
}
