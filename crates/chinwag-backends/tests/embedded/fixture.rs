//! Directories, events and chats to test with.

use std::{path::Path, sync::Arc};

use chinwag_backends::fjall::{Embedded, Options};
use chinwag_core::{
    model::{ChatRow, LogRow, RowBody, StoredMessage, Term},
    ports::{Append, EngineResult, Follow, GroupSet, MessageStore, Order, QueueGroup, ReadRange},
};
use chinwag_proto::{
    ChatId, ClientId, Epoch, EventId, Seq, Timestamp, UserId,
    shapes::{ChatType, HistoryVisible},
};

pub(crate) const CHAT: ChatId = ChatId(7);

pub(crate) fn open(directory: &Path) -> Arc<Embedded> {
    Embedded::open(directory, Options::default()).expect("the directory is whole")
}

pub(crate) fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

/// A message at a place, whose content says which.
pub(crate) fn message(chat: ChatId, seq: u64) -> Append {
    Append {
        chat,
        row: LogRow {
            term: Term(1),
            confirmed: Seq(seq - 1),
            seq: Seq(seq),
            id: EventId(chat.0 << 32 | seq),
            user: user("ana"),
            timestamp: Timestamp::from_unix_millis(1_700_000_000_000),
            count: seq,
            previous_message: Seq(seq - 1),
            client_id: Some(ClientId::new(&format!("c{seq}")).unwrap()),
            digest: Some(seq),
            body: RowBody::Message(Arc::new(StoredMessage {
                content: content(seq),
                ..StoredMessage::default()
            })),
        },
        follows: Vec::new(),
        groups: GroupSet::of(&[QueueGroup::Indexer]),
    }
}

pub(crate) fn content(seq: u64) -> String {
    format!("message number {seq}")
}

/// The chat itself, written with the event at a place.
pub(crate) fn with_chat(mut append: Append) -> Append {
    append.follows.push(Follow::Chat(ChatRow {
        id: append.chat,
        kind: ChatType::Group,
        name: Some("talk".into()),
        history_visible: HistoryVisible::All,
        epoch: Epoch(1),
        created_at: Timestamp::default(),
        created_by: user("ana"),
        deleted: false,
        large: false,
        changed_at: Timestamp::default(),
        imported: false,
        imported_through: Seq(0),
        members: 1,
    }));
    append
}

pub(crate) async fn append(
    store: &Embedded,
    chat: ChatId,
    seqs: impl Iterator<Item = u64>,
) -> EngineResult<()> {
    let appends = seqs.map(|seq| message(chat, seq)).collect();
    store.append(appends).await
}

pub(crate) const ALL: ReadRange = ReadRange {
    from: Seq(1),
    through: Seq(u64::MAX),
    limit: 100_000,
    order: Order::Rising,
    messages_only: false,
};

/// Reads a chat, checks that its places are dense and its contents right, and returns how many there are.
pub(crate) async fn count(store: &Embedded, chat: ChatId) -> u64 {
    let rows = store.read(chat, ALL).await.unwrap();
    for (row, seq) in rows.iter().zip(1..) {
        assert_eq!(row.seq, Seq(seq));
        assert_eq!(row.message().unwrap().content, content(seq));
        assert_eq!(store.find(row.id).await.unwrap(), Some((chat, row.seq)));
    }
    rows.len() as u64
}
