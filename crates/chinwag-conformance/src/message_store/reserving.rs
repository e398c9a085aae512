//! Reserving ids for imported events.

use chinwag_proto::EventId;

use crate::{Conversation, MessageStoreEngine, chat};

pub async fn an_id_is_reserved_for_one_chat_alone<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let ids: Vec<EventId> = (10..20).map(EventId).collect();
    let reserved = store.reserve(chat(1), &ids[..4]).await.unwrap();
    assert_eq!(reserved, [true; 4]);
    let others = store.reserve(chat(2), &ids[2..6]).await.unwrap();
    assert_eq!(others, [false, false, true, true]);
    let again = store.reserve(chat(1), &ids[..6]).await.unwrap();
    assert_eq!(again, [true, true, true, true, false, false]);
}

pub async fn chats_that_want_the_same_ids_at_once_share_none<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let ids: Vec<EventId> = (100..150).map(EventId).collect();
    let wanting = (1..9).map(|n| store.reserve(chat(n), &ids));
    let answers = futures_util::future::join_all(wanting).await;
    let answers: Vec<Vec<bool>> = answers.into_iter().map(Result::unwrap).collect();
    for place in 0..ids.len() {
        let holders = answers.iter().filter(|answer| answer[place]).count();
        assert_eq!(holders, 1, "{:?}", ids[place]);
    }
}

pub async fn an_id_that_an_event_has_is_reserved_for_nobody<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let append = Conversation::of(chat(1)).message("ana", "x");
    let id = append.row.id;
    store.append(vec![append]).await.unwrap();
    for anybody in [chat(1), chat(2)] {
        let reserved = store.reserve(anybody, &[id]).await.unwrap();
        assert_eq!(reserved, [false]);
    }
}
