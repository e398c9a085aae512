//! Appending: whole, in order, durable, and harmless when repeated.

use std::sync::Arc;

use chinwag_core::{
    model::{RowBody, StoredMessage},
    ports::{Append, Order, ReadRange},
};
use chinwag_proto::{
    ChatId, Seq,
    shapes::{HistoryVisible, MembershipChange, Role},
};

use crate::{Conversation, MessageStoreEngine, chat, conversation::amended, time, user};

/// Reads a chat from its beginning, as many rows as a case may write.
pub(super) fn all() -> ReadRange {
    ReadRange {
        from: Seq(1),
        through: Seq(1_000_000),
        limit: 10_000,
        order: Order::Rising,
        messages_only: false,
    }
}

pub async fn an_appended_row_is_read_as_it_was_written<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let append = Conversation::of(chat(1)).request("ana", "hello", "c1");
    store.append(vec![append.clone()]).await.unwrap();
    assert_eq!(store.read(chat(1), all()).await.unwrap(), [append.row]);
}

pub async fn events_of_every_kind_come_back_as_they_were<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let message = StoredMessage {
        content: "今日は 👩‍👩‍👧 \u{202e}zero\u{200d}width".into(),
        client_timestamp: Some(time(-5)),
        reply_to: Some(chinwag_proto::EventId(u64::MAX)),
        mentions: vec![user("bo"), user("ana@example.org")],
        metadata: r#"{"a":{"b":[1,null,"x"]}}"#.parse().unwrap(),
        ..StoredMessage::default()
    };
    let first = talk.event("ana", RowBody::Message(Arc::new(message)));
    let rest = [
        talk.event(
            "ana",
            RowBody::Membership {
                change: MembershipChange::Role,
                users: vec![user("bo")],
                role: Some(Role::Admin),
                heir: Some(user("cy")),
            },
        ),
        talk.event(
            "bo",
            RowBody::Chat {
                name: Some(String::new()),
                history_visible: Some(HistoryVisible::Joined),
                deleted: true,
            },
        ),
        talk.event("bo", RowBody::Term),
        talk.event("bo", RowBody::Path { large: true }),
        talk.react(&first.row, "bo", "👍🏽", false),
    ];
    let mut wanted = vec![amended(&rest[4])];
    wanted.extend(rest.iter().map(|append| append.row.clone()));
    let appends = [vec![first], rest.into()].concat();
    store.append(appends).await.unwrap();
    assert_eq!(store.read(chat(1), all()).await.unwrap(), wanted);
}

pub async fn append_is_harmless_when_repeated<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let first = talk.request("ana", "one", "c1");
    let edit = talk.edit(&first.row, "two");
    let last = talk.message("bo", "three");
    let wanted = [amended(&edit), edit.row.clone(), last.row.clone()];
    let appends = vec![first.clone(), edit.clone(), last];
    for _ in 0..3 {
        store.append(appends.clone()).await.unwrap();
        assert_eq!(store.read(chat(1), all()).await.unwrap(), wanted);
    }
    store.append(vec![edit.clone()]).await.unwrap();
    store.append(vec![first.clone()]).await.unwrap();
    assert_eq!(store.read(chat(1), all()).await.unwrap(), wanted);
    assert_eq!(
        store.find(first.row.id).await.unwrap(),
        Some((chat(1), Seq(1)))
    );
    assert_eq!(store.versions(chat(1), Seq(1)).await.unwrap().len(), 1);
}

pub async fn what_was_appended_is_there_after_reopening<E: MessageStoreEngine>(engine: E) {
    let mut talk = Conversation::of(chat(1));
    let first = talk.request("ana", "one", "c1");
    let edit = talk.edit(&first.row, "two");
    let react = talk.react(&amended(&edit), "bo", "+", true);
    let wanted = [amended(&react), edit.row.clone(), react.row.clone()];
    let appends = vec![first.clone(), edit, react];
    engine.message_store().append(appends).await.unwrap();

    let engine = engine.reopen().await;
    let store = engine.message_store();
    assert_eq!(store.read(chat(1), all()).await.unwrap(), wanted);
    let place = (chat(1), Seq(1));
    assert_eq!(store.find(first.row.id).await.unwrap(), Some(place));
    let client_id = first.row.client_id.unwrap();
    let sent = store.sent(chat(1), &user("ana"), &client_id).await.unwrap();
    assert_eq!(sent, Some((Seq(1), first.row.id)));
    assert_eq!(store.versions(chat(1), Seq(1)).await.unwrap().len(), 1);
    let reactions = store.reactions_of(chat(1), &[Seq(1)], &user("bo")).await;
    assert_eq!(reactions.unwrap(), [["+"]]);
    let more = talk.message("bo", "three");
    store.append(vec![more.clone()]).await.unwrap();
    assert_eq!(store.heads(&[chat(1)]).await.unwrap(), [Some(more.row)]);
}

pub async fn appends_of_one_chat_in_one_call_take_effect_in_the_order_given<
    E: MessageStoreEngine,
>(
    engine: E,
) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let first = talk.message("ana", "one");
    let second = talk.edit(&first.row, "two");
    let third = talk.edit(&amended(&second), "three");
    let wanted = [amended(&third), second.row.clone(), third.row.clone()];
    store.append(vec![first, second, third]).await.unwrap();
    assert_eq!(store.read(chat(1), all()).await.unwrap(), wanted);
    let versions = store.versions(chat(1), Seq(1)).await.unwrap();
    let texts: Vec<_> = versions.iter().map(|version| &version.content).collect();
    assert_eq!(texts, ["one", "two"]);
}

pub async fn a_thousand_appends_go_in_one_call<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut talks: Vec<_> = (1..=10).map(|id| Conversation::of(chat(id))).collect();
    let appends: Vec<Append> = (0..1_000)
        .map(|number| talks[number % 10].message("ana", &format!("message {number}")))
        .collect();
    store.append(appends).await.unwrap();
    let chats: Vec<ChatId> = (1..=10).map(chat).collect();
    for head in store.heads(&chats).await.unwrap() {
        let head = head.unwrap();
        assert_eq!((head.seq, head.count), (Seq(100), 100));
    }
}

pub async fn an_append_of_nothing_does_nothing<E: MessageStoreEngine>(engine: E) {
    engine.message_store().append(Vec::new()).await.unwrap();
    let heads = engine.message_store().heads(&[chat(1)]).await.unwrap();
    assert_eq!(heads, [None]);
}

pub async fn many_writers_at_once_lose_nothing<E: MessageStoreEngine>(engine: E) {
    let writers: Vec<_> = (1..=16)
        .map(|id| {
            let store = engine.message_store();
            tokio::spawn(async move {
                let mut talk = Conversation::of(chat(id));
                for number in 0..50 {
                    let append = talk.message("ana", &format!("message {number}"));
                    store.append(vec![append]).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let store = engine.message_store();
    for id in 1..=16 {
        let rows = store.read(chat(id), all()).await.unwrap();
        let places: Vec<u64> = rows.iter().map(|row| row.seq.0).collect();
        assert_eq!(places, (1..=50).collect::<Vec<_>>());
    }
}

pub async fn who_sees_a_row_sees_what_follows_from_it<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let writer = tokio::spawn(async move {
        let mut talk = Conversation::of(chat(1));
        for number in 0..200 {
            let append = talk.request("ana", "x", &format!("c{number}"));
            store.append(vec![append]).await.unwrap();
        }
    });
    let store = engine.message_store();
    let mut seen = Seq::ZERO;
    while seen < Seq(200) {
        let heads = store.heads(&[chat(1)]).await.unwrap();
        let Some(head) = heads.into_iter().next().flatten() else {
            tokio::task::yield_now().await;
            continue;
        };
        assert!(head.seq >= seen, "a head never goes back");
        seen = head.seq;
        let found = store.find(head.id).await.unwrap();
        assert_eq!(found, Some((chat(1), head.seq)));
        let client_id = head.client_id.unwrap();
        let sent = store.sent(chat(1), &user("ana"), &client_id).await.unwrap();
        assert_eq!(sent, Some((head.seq, head.id)));
    }
    writer.await.unwrap();
}

pub async fn a_long_text_comes_back_whole<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let text = "字👍x".repeat(8_192);
    let append = Conversation::of(chat(1)).message("ana", &text);
    store.append(vec![append.clone()]).await.unwrap();
    assert_eq!(store.read(chat(1), all()).await.unwrap(), [append.row]);
}
