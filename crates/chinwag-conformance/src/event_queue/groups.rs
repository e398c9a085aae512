//! Groups: each gets every record that names it.

use chinwag_core::ports::QueueGroup;

use super::{hand_over, take, texts};
use crate::{Conversation, EventQueueEngine, chat};

pub async fn every_group_named_gets_the_event<E: EventQueueEngine>(engine: E) {
    let mut talk = Conversation::queued(chat(1), &QueueGroup::ALL);
    hand_over(&engine, vec![talk.message("ana", "one")]).await;
    for group in QueueGroup::ALL {
        let mut consumer = engine.event_queue().join(group).await.unwrap();
        assert_eq!(texts(&take(&mut *consumer, 1).await), ["one"]);
    }
}

pub async fn a_group_gets_only_its_records<E: EventQueueEngine>(engine: E) {
    let mut talk = Conversation::of(chat(1));
    let mut appends = Vec::new();
    for group in QueueGroup::ALL.repeat(10) {
        talk.groups = chinwag_core::ports::GroupSet::of(&[group]);
        appends.push(talk.message("ana", group.name()));
    }
    hand_over(&engine, appends).await;
    for group in QueueGroup::ALL {
        let mut consumer = engine.event_queue().join(group).await.unwrap();
        let records = take(&mut *consumer, 10).await;
        assert_eq!(texts(&records), [group.name(); 10]);
        assert_eq!(engine.event_queue().lag(group).await.unwrap(), 10);
    }
}

pub async fn an_event_for_no_group_reaches_nobody<E: EventQueueEngine>(engine: E) {
    let mut talk = Conversation::of(chat(1));
    let silent = talk.message("ana", "silent");
    talk.groups = chinwag_core::ports::GroupSet::of(&QueueGroup::ALL);
    let told = talk.message("ana", "told");
    hand_over(&engine, vec![silent, told]).await;
    for group in QueueGroup::ALL {
        let mut consumer = engine.event_queue().join(group).await.unwrap();
        assert_eq!(texts(&take(&mut *consumer, 1).await), ["told"]);
        assert_eq!(engine.event_queue().lag(group).await.unwrap(), 1);
    }
}

pub async fn a_group_acknowledges_for_itself<E: EventQueueEngine>(engine: E) {
    let queue = engine.event_queue();
    let mut talk = Conversation::queued(chat(1), &[QueueGroup::Indexer, QueueGroup::Push]);
    let appends = (0..5).map(|_| talk.message("ana", "x")).collect();
    hand_over(&engine, appends).await;
    let mut indexer = queue.join(QueueGroup::Indexer).await.unwrap();
    let records = take(&mut *indexer, 5).await;
    indexer.ack(records[4].position).await.unwrap();
    assert_eq!(queue.lag(QueueGroup::Indexer).await.unwrap(), 0);
    assert_eq!(queue.lag(QueueGroup::Push).await.unwrap(), 5);
    let mut push = queue.join(QueueGroup::Push).await.unwrap();
    assert_eq!(take(&mut *push, 5).await.len(), 5);
}
