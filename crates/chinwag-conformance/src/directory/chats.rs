//! Chats.

use chinwag_core::{
    model::{ChatRow, RowBody},
    ports::{Append, Follow},
};
use chinwag_proto::ChatId;

use crate::{Conversation, DirectoryEngine, chat};

/// Writes an event that changes the chat's row.
fn change(talk: &mut Conversation, change: impl FnOnce(&mut ChatRow)) -> Append {
    let body = RowBody::Chat {
        name: None,
        history_visible: None,
        deleted: false,
    };
    let mut append = talk.event("ana", body);
    let mut row = talk.chat_row("a name");
    change(&mut row);
    append.follows.push(Follow::Chat(row));
    append
}

async fn read<E: DirectoryEngine>(engine: &E, id: ChatId) -> Option<ChatRow> {
    let rows = engine.directory().chats(&[id]).await.unwrap();
    assert_eq!(rows.len(), 1);
    rows.into_iter().next().flatten()
}

pub async fn a_chat_is_read_as_it_was_last_written<E: DirectoryEngine>(engine: E) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let made = talk.make("Küche 🍳");
    let wanted = talk.chat_row("Küche 🍳");
    store.append(vec![made]).await.unwrap();
    assert_eq!(read(&engine, chat(1)).await, Some(wanted));
    let renamed = change(&mut talk, |row| {
        row.name = Some("Bad".into());
        row.large = true;
        row.imported = true;
        row.members = 5_000;
    });
    store.append(vec![renamed]).await.unwrap();
    let row = read(&engine, chat(1)).await.unwrap();
    assert_eq!(row.name.as_deref(), Some("Bad"));
    assert!(row.large && row.imported && row.members == 5_000);
}

pub async fn chats_answer_in_the_order_of_the_question<E: DirectoryEngine>(engine: E) {
    let appends = [3, 1, 2].map(|id| Conversation::of(chat(id)).make("x"));
    engine.message_store().append(appends.into()).await.unwrap();
    let asked = [2, 9, 3, 1, 2].map(chat);
    let rows = engine.directory().chats(&asked).await.unwrap();
    let ids: Vec<_> = rows
        .iter()
        .map(|row| row.as_ref().map(|row| row.id.0))
        .collect();
    assert_eq!(ids, [Some(2), None, Some(3), Some(1), Some(2)]);
    assert!(engine.directory().chats(&[]).await.unwrap().is_empty());
}

pub async fn a_chat_under_a_lower_stamp_loses<E: DirectoryEngine>(engine: E) {
    let store = engine.message_store();
    let mut old = Conversation::of(chat(1));
    let made = old.make("first");
    let mut new = old.under(2);
    let late = change(&mut old, |row| row.name = Some("late".into()));
    let renamed = change(&mut new, |row| row.name = Some("newest".into()));
    store.append(vec![made.clone(), renamed]).await.unwrap();
    store.append(vec![late]).await.unwrap();
    store.append(vec![made]).await.unwrap();
    let row = read(&engine, chat(1)).await.unwrap();
    assert_eq!(row.name.as_deref(), Some("newest"));
}

pub async fn all_chats_come_rising_by_page_deleted_ones_too<E: DirectoryEngine>(engine: E) {
    let ids = [1, 2, 255, 256, 65_536, 1 << 31, u64::MAX >> 32];
    let mut appends = Vec::new();
    for id in ids {
        let mut talk = Conversation::of(chat(id));
        appends.push(talk.make("x"));
        if id == 256 {
            appends.push(change(&mut talk, |row| row.deleted = true));
        }
    }
    engine.message_store().append(appends).await.unwrap();
    let mut wanted = ids;
    wanted.sort_unstable();
    for limit in [1, 2, 6, 7, 8] {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let page = engine.directory().all_chats(after, limit).await.unwrap();
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            after = Some(*last);
            all.extend(page.iter().map(|chat| chat.0));
        }
        assert_eq!(all, wanted);
    }
}

pub async fn a_chat_stays_marked_as_deleted_after_purging<E: DirectoryEngine>(engine: E) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let made = talk.make("x");
    let joined = talk.join(&["bo"]);
    let deleted = change(&mut talk, |row| row.deleted = true);
    store.append(vec![made, joined, deleted]).await.unwrap();
    store.purge(chat(1)).await.unwrap();
    assert!(read(&engine, chat(1)).await.unwrap().deleted);
}

pub async fn a_chat_is_not_changed_by_an_event_that_finds_its_place_taken<E: DirectoryEngine>(
    engine: E,
) {
    let store = engine.message_store();
    let mut old = Conversation::of(chat(1));
    let made = old.make("first");
    let mut new = old.under(2);
    let taken: Vec<_> = (0..6).map(|_| new.message("ana", "x")).collect();
    let late = (0..6).map(|_| change(&mut old, |row| row.name = Some("late".into())));
    let late: Vec<_> = late.collect();
    store.append(vec![made]).await.unwrap();
    store.append(taken).await.unwrap();
    store.append(late).await.unwrap();
    let row = read(&engine, chat(1)).await.unwrap();
    assert_eq!(row.name.as_deref(), Some("first"));
}
