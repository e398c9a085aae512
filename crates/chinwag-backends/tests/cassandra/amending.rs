//! What events change in earlier rows, when the event itself came to nothing (rule S2).

use std::sync::Arc;

use chinwag_conformance::{Conversation, Engine as _, chat, user};
use chinwag_core::{
    model::{LogRow, Term},
    ports::{Append, Directory, MessageStore, Stamp},
};
use chinwag_proto::Seq;

use crate::{Chats, InKeyspace};

/// A message as readers see it: its row, earlier contents and reactions.
async fn seen(store: &Arc<dyn MessageStore>, message: &LogRow) -> (String, usize, Vec<String>) {
    let (chat, seq) = (chat(1), message.seq);
    let row = store.rows(&[(chat, seq)]).await.unwrap().remove(0).unwrap();
    let versions = store.versions(chat, seq).await.unwrap();
    let mut reactors = store.reactors(chat, seq, 10).await.unwrap();
    reactors.sort();
    let reactors = reactors.into_iter().map(|(key, by)| format!("{by} {key}"));
    let content = row.message().unwrap().content.clone();
    (content, versions.len(), reactors.collect())
}

/// Leaves of an event what is written before the change that it makes.
fn without_change(append: &Append) -> Append {
    Append {
        follows: Vec::new(),
        ..append.clone()
    }
}

#[test]
#[ignore = "needs a Cassandra: make conformance"]
fn a_change_is_there_once_it_is_written_and_not_with_its_event() {
    chinwag_conformance::run(async {
        let engine = InKeyspace::<Chats>::fresh().await;
        let store: Arc<dyn MessageStore> = engine.engine.clone();
        assert!(store.amends_apart());
        let mut log = Conversation::of(chat(1));
        let said = log.message("ana", "said");
        let edit = log.edit(&said.row, "edited");
        let events = vec![said.clone(), without_change(&edit)];
        store.append(events).await.unwrap();
        assert_eq!(seen(&store, &said.row).await, ("said".into(), 0, vec![]));
        for _ in 0..2 {
            store.amend(vec![edit.clone()]).await.unwrap();
            assert_eq!(seen(&store, &said.row).await, ("edited".into(), 1, vec![]));
        }
        let head = store.heads(&[chat(1)]).await.unwrap();
        assert_eq!(head[0].as_ref().unwrap().id, edit.row.id);
    });
}

#[test]
#[ignore = "needs a Cassandra: make conformance"]
fn no_late_change_of_an_earlier_term_touches_a_message_that_is_sealed() {
    chinwag_conformance::run(async {
        let engine = InKeyspace::<Chats>::fresh().await;
        let store: Arc<dyn MessageStore> = engine.engine.clone();
        let mut log = Conversation::of(chat(1));
        let said = log.message("ana", "said");
        let edit = log.edit(&said.row, "edited");
        let react = log.react(&said.row, "ben", "+1", true);
        store.append(vec![said.clone(), edit, react]).await.unwrap();
        let before = seen(&store, &said.row).await;
        assert_eq!((before.1, &*before.2), (1, &["ben +1".to_owned()][..]));
        // Three changes of one owner, none of which took effect before the next one sealed what they change.
        let late = [
            log.clone().edit(&said.row, "late"),
            log.clone().react(&said.row, "cem", "-1", true),
            log.clone().delete(&said.row),
        ];
        let stamp = Stamp {
            term: Term(2),
            seq: Seq(4),
        };
        for _ in 0..2 {
            store.seal(chat(1), said.row.seq, stamp).await.unwrap();
        }
        for change in late {
            store.amend(vec![change]).await.unwrap();
            assert_eq!(seen(&store, &said.row).await, before);
        }
        // Whoever sealed it changes it.
        let mut next = log.under(2);
        next.message("ana", "at the place of what came to nothing");
        let react = next.react(&said.row, "dan", "+1", true);
        store.append(vec![react]).await.unwrap();
        let delete = next.delete(&said.row);
        let (_, _, reactors) = seen(&store, &said.row).await;
        assert_eq!(reactors, ["ben +1", "dan +1"]);
        store.append(vec![delete]).await.unwrap();
        assert_eq!(seen(&store, &said.row).await, (String::new(), 0, vec![]));
        assert!(
            store
                .reactions_of(chat(1), &[said.row.seq], &user("ben"))
                .await
                .unwrap()[0]
                .is_empty()
        );
    });
}

/// Rule T2: rows above the last adopted one are nobody's.
#[test]
#[ignore = "needs a Cassandra: make conformance"]
fn a_chat_and_its_members_are_read_as_the_events_up_to_a_place_left_them() {
    chinwag_conformance::run(async {
        let engine = InKeyspace::<Chats>::fresh().await;
        let store: Arc<dyn MessageStore> = engine.engine.clone();
        let directory: Arc<dyn Directory> = engine.engine.clone();
        let mut log = Conversation::of(chat(1));
        let made = log.make("tea");
        let joined = log.join(&["ana", "ben"]);
        let (before, parted, ended) = (log.head(), log.part(&["ben"]), log.end("ana"));
        store
            .append(vec![made, joined, parted, ended])
            .await
            .unwrap();
        let members = async |head| {
            let members = directory.members_up_to(chat(1), head, None, 10).await;
            let members = members.unwrap().into_iter();
            members.map(|row| row.active).collect::<Vec<_>>()
        };
        assert_eq!(members(before).await, [true, true]);
        assert_eq!(members(log.head()).await, [true, false]);
        let is_deleted = async |head| {
            let row = directory.chat_up_to(chat(1), head).await.unwrap();
            row.map(|row| row.deleted)
        };
        assert_eq!(is_deleted(Seq(0)).await, None);
        assert_eq!(is_deleted(before).await, Some(false));
        assert_eq!(is_deleted(log.head()).await, Some(true));
    });
}
