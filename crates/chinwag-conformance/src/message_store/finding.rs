//! Finding events by id and requests by their sender's id.

use chinwag_proto::{ClientId, EventId, Seq};

use crate::{Conversation, MessageStoreEngine, chat, user};

fn client_id(id: &str) -> ClientId {
    ClientId::new(id).unwrap()
}

pub async fn a_row_is_found_by_its_id<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let appends: Vec<_> = (0..20).map(|_| talk.message("ana", "x")).collect();
    store.append(appends.clone()).await.unwrap();
    for append in appends {
        let found = store.find(append.row.id).await.unwrap();
        assert_eq!(found, Some((chat(1), append.row.seq)));
    }
}

pub async fn an_unknown_id_is_not_found<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let append = Conversation::of(chat(1)).message("ana", "x");
    let id = append.row.id.0;
    store.append(vec![append]).await.unwrap();
    for unknown in [0, 1, id - 1, id + 1, u64::MAX] {
        assert_eq!(store.find(EventId(unknown)).await.unwrap(), None);
    }
}

pub async fn an_id_that_lost_its_place_is_not_found<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut old = Conversation::of(chat(1));
    let mut new = old.under(2);
    let lost = old.message("ana", "lost");
    let kept = new.message("bo", "kept");
    store.append(vec![lost.clone()]).await.unwrap();
    store.append(vec![kept.clone()]).await.unwrap();
    assert_eq!(store.find(lost.row.id).await.unwrap(), None);
    let found = store.find(kept.row.id).await.unwrap();
    assert_eq!(found, Some((chat(1), Seq(1))));
}

pub async fn a_request_is_found_by_its_senders_id<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let append = Conversation::of(chat(1)).request("ana", "x", "c1");
    store.append(vec![append.clone()]).await.unwrap();
    let sent = store.sent(chat(1), &user("ana"), &client_id("c1")).await;
    assert_eq!(sent.unwrap(), Some((Seq(1), append.row.id)));
    for unknown in ["c", "c2", "c11", "C1"] {
        let sent = store.sent(chat(1), &user("ana"), &client_id(unknown)).await;
        assert_eq!(sent.unwrap(), None, "{unknown}");
    }
}

pub async fn the_same_id_of_another_sender_or_chat_is_another_request<E: MessageStoreEngine>(
    engine: E,
) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let of_ana = talk.request("ana", "x", "c1");
    let of_bo = talk.request("bo", "x", "c1");
    let elsewhere = Conversation::of(chat(2)).request("ana", "x", "c1");
    let appends = vec![of_ana.clone(), of_bo.clone(), elsewhere.clone()];
    store.append(appends).await.unwrap();
    for (at, by, append) in [
        (chat(1), "ana", of_ana),
        (chat(1), "bo", of_bo),
        (chat(2), "ana", elsewhere),
    ] {
        let sent = store.sent(at, &user(by), &client_id("c1")).await.unwrap();
        assert_eq!(sent, Some((append.row.seq, append.row.id)));
    }
    // Names that are each other's beginning, put together in another way, stay apart.
    let sent = store.sent(chat(1), &user("an"), &client_id("ac1")).await;
    assert_eq!(sent.unwrap(), None);
    let sent = store.sent(chat(2), &user("bo"), &client_id("c1")).await;
    assert_eq!(sent.unwrap(), None);
}

pub async fn a_request_that_lost_its_place_is_not_found<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut old = Conversation::of(chat(1));
    let mut new = old.under(2);
    let lost = old.request("ana", "lost", "c1");
    let kept = new.message("bo", "kept");
    store.append(vec![lost]).await.unwrap();
    store.append(vec![kept]).await.unwrap();
    let sent = store.sent(chat(1), &user("ana"), &client_id("c1")).await;
    assert_eq!(sent.unwrap(), None);
    let again = new.request("ana", "again", "c1");
    store.append(vec![again.clone()]).await.unwrap();
    let sent = store.sent(chat(1), &user("ana"), &client_id("c1")).await;
    assert_eq!(sent.unwrap(), Some((Seq(2), again.row.id)));
}

pub async fn a_request_is_found_however_old_it_is<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let first = talk.request("ana", "first", "c1");
    store.append(vec![first.clone()]).await.unwrap();
    for _ in 0..20 {
        let appends = (0..100).map(|_| talk.message("bo", "x")).collect();
        store.append(appends).await.unwrap();
    }
    let sent = store.sent(chat(1), &user("ana"), &client_id("c1")).await;
    assert_eq!(sent.unwrap(), Some((Seq(1), first.row.id)));
}
