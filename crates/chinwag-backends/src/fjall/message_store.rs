//! `MessageStore`.

use async_trait::async_trait;
use chinwag_core::{
    model::LogRow,
    ports::{Append, EngineResult, Follow, MessageStore, Order, ReadRange, Stamp},
};
use chinwag_proto::{ChatId, ClientId, EventId, Seq, UserId, shapes::Version};

use super::{
    batch::{Batch, EncodedAppend, EncodedFollow},
    cells,
    embedded::Embedded,
    keys::{self, Key, Kind},
    view::{INLINE_ITEMS, INLINE_ROWS, View, off_thread},
};

#[async_trait]
impl MessageStore for Embedded {
    async fn append(&self, appends: Vec<Append>) -> EngineResult<()> {
        if appends.is_empty() {
            return Ok(());
        }
        // Encoded here, by many, and not by the one thread that writes.
        let events = appends.len();
        let appends: Vec<_> = appends.into_iter().map(encode).collect();
        let write = move |batch: &mut Batch| {
            for append in appends {
                batch.append(append)?;
            }
            Ok(())
        };
        self.inner.write(events, write).await
    }

    async fn rewrite(&self, chat: ChatId, rows: Vec<(LogRow, Stamp)>) -> EngineResult<()> {
        // By id and request they are found already: whatever was appended is here as a whole.
        let rows: Vec<_> = rows
            .into_iter()
            .map(|(row, stamp)| {
                (
                    keys::log(chat, row.seq),
                    cells::log(&row, Some(stamp)),
                    stamp,
                )
            })
            .collect();
        let write = move |batch: &mut Batch| {
            for (key, cell, stamp) in rows {
                batch.amend_late(key, cell, stamp)?;
            }
            Ok(())
        };
        self.inner.write(0, write).await
    }

    async fn read(&self, chat: ChatId, range: ReadRange) -> EngineResult<Vec<LogRow>> {
        let view = &self.inner.view;
        // A scan that looks for messages among other events has no bound by its limit.
        let scans = range.messages_only && range.order == Order::Rising;
        if range.limit <= INLINE_ROWS && !scans {
            return view.log_rows(chat, range);
        }
        let view = view.clone();
        off_thread(move || view.log_rows(chat, range)).await
    }

    async fn rows(&self, places: &[(ChatId, Seq)]) -> EngineResult<Vec<Option<LogRow>>> {
        let places = places.to_vec();
        self.read_many(places, |view, (chat, seq)| view.log_row(chat, seq))
            .await
    }

    async fn heads(&self, chats: &[ChatId]) -> EngineResult<Vec<Option<LogRow>>> {
        self.read_many(chats.to_vec(), |view, chat| view.head(chat))
            .await
    }

    async fn find(&self, id: EventId) -> EngineResult<Option<(ChatId, Seq)>> {
        self.inner.view.find_event(id)
    }

    async fn reserve(&self, chat: ChatId, ids: &[EventId]) -> EngineResult<Vec<bool>> {
        let is_free = |id: &EventId| {
            let taken = self.inner.view.find_event(*id)?;
            Ok(taken.is_none() && self.inner.reserved.reserve(chat, *id))
        };
        ids.iter().map(is_free).collect()
    }

    async fn sent(
        &self,
        chat: ChatId,
        user: &UserId,
        client_id: &ClientId,
    ) -> EngineResult<Option<(Seq, EventId)>> {
        self.inner.view.find_sent(chat, user, client_id)
    }

    async fn versions(&self, chat: ChatId, message: Seq) -> EngineResult<Vec<Version>> {
        let view = self.inner.view.clone();
        off_thread(move || view.versions_of(chat, message)).await
    }

    async fn reactions_of(
        &self,
        chat: ChatId,
        messages: &[Seq],
        user: &UserId,
    ) -> EngineResult<Vec<Vec<String>>> {
        let user = user.clone();
        self.read_many(messages.to_vec(), move |view, message| {
            view.user_reactions(chat, message, &user)
        })
        .await
    }

    async fn reactors(
        &self,
        chat: ChatId,
        message: Seq,
        limit: usize,
    ) -> EngineResult<Vec<(String, UserId)>> {
        let view = self.inner.view.clone();
        off_thread(move || view.all_reactions(chat, message, limit)).await
    }

    async fn purge(&self, chat: ChatId) -> EngineResult<()> {
        // In parts, so that others' writes get in between and no batch grows large.
        for kind in PURGED {
            let mut after = None;
            loop {
                let purge = move |batch: &mut Batch| purge_some(batch, kind, chat, after);
                after = self.inner.write(PURGED_AT_ONCE, purge).await?;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// How many rows of a deleted chat go in one request.
const PURGED_AT_ONCE: usize = 1_000;

/// What goes of a deleted chat. The log last, so that a purge that was cut short finds all of it again.
const PURGED: [Kind; 4] = [Kind::Sent, Kind::Version, Kind::Reaction, Kind::Log];

/// Removes some of a chat's rows of a kind, after one of them: before it lie what was removed, slow to skip. Returns
/// where to go on.
fn purge_some(
    batch: &mut Batch,
    kind: Kind,
    chat: ChatId,
    after: Option<Key>,
) -> EngineResult<Option<Key>> {
    batch.forget_height(chat);
    let rows = batch.prefix_after(&keys::of_chat(kind, chat), after)?;
    let mut looked_at = 0;
    let mut last = None;
    for row in rows.take(PURGED_AT_ONCE) {
        let (key, value) = row?;
        let key = Key::from_bytes(&key);
        looked_at += 1;
        last = Some(key.clone());
        if kind == Kind::Log {
            let row = cells::log_row(&value)?;
            if row.ends_chat() {
                continue;
            }
            batch.remove(keys::id(row.id));
        }
        batch.remove(key);
    }
    Ok(last.filter(|_| looked_at == PURGED_AT_ONCE))
}

impl Embedded {
    /// Reads one thing for each item of a question, off the asking task where there are many.
    pub(super) async fn read_many<T, U>(
        &self,
        items: Vec<T>,
        read: impl Fn(&View, T) -> EngineResult<U> + Send + 'static,
    ) -> EngineResult<Vec<U>>
    where
        T: Send + 'static,
        U: Send + 'static,
    {
        let view = self.inner.view.clone();
        let inline = items.len() <= INLINE_ITEMS;
        let read_all = move || items.into_iter().map(|item| read(&view, item)).collect();
        if inline {
            read_all()
        } else {
            off_thread(read_all).await
        }
    }
}

fn encode(append: Append) -> EncodedAppend {
    let Append {
        chat,
        row,
        follows,
        groups,
    } = append;
    let stamp = Stamp {
        term: row.term,
        seq: row.seq,
    };
    let place = cells::place(chat, row.seq);
    let sent = row.client_id.as_ref().map(|client_id| {
        let key = keys::sent(chat, &row.user, client_id);
        (key, cells::sent(row.seq, row.id).into())
    });
    EncodedAppend {
        chat,
        stamp,
        event: row.id,
        log: (keys::log(chat, row.seq), cells::log(&row, None).into()),
        id: (keys::id(row.id), place.into()),
        sent,
        follows: follows
            .into_iter()
            .flat_map(|follow| encode_follow(chat, stamp, follow))
            .collect(),
        groups,
    }
}

fn encode_follow(chat: ChatId, stamp: Stamp, follow: Follow) -> Vec<EncodedFollow> {
    vec![match follow {
        Follow::Amend(row) => {
            EncodedFollow::Amend(keys::log(chat, row.seq), cells::log(&row, Some(stamp)))
        }
        Follow::KeepVersion {
            message,
            version,
            nth,
        } => EncodedFollow::OfMessage {
            message,
            key: keys::version(chat, message, stamp.seq, nth),
            value: cells::stamped(stamp, &(version.content, version.timestamp)),
        },
        Follow::Reaction {
            message,
            user,
            key,
            on,
        } => EncodedFollow::OfMessage {
            message,
            key: keys::reaction(chat, message, &user, &key),
            value: cells::stamped(stamp, &on),
        },
        Follow::Forget { message } => EncodedFollow::Forget { message },
        Follow::Member(member) => {
            let index = keys::chat_of_user(&member.user, chat);
            let key = keys::in_chat(Kind::Member, chat, &member.user);
            let row = EncodedFollow::Stamped(key, cells::stamped(stamp, &member));
            return vec![row, EncodedFollow::Index(index)];
        }
        Follow::Chat(row) => {
            EncodedFollow::Stamped(keys::of_chat(Kind::Chat, chat), cells::stamped(stamp, &row))
        }
    }]
}
