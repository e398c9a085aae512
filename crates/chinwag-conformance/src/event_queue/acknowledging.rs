//! Acknowledging: a record comes again until then.

use chinwag_core::ports::QueueGroup;

use super::{hand_over, take, texts};
use crate::{Conversation, EventQueueEngine, chat};

const GROUP: QueueGroup = QueueGroup::Indexer;

/// Hands over five messages, `message 0` to `message 4`.
async fn five<E: EventQueueEngine>(engine: &E) -> Conversation {
    let mut talk = Conversation::queued(chat(1), &[GROUP]);
    let appends = (0..5).map(|n| talk.message("ana", &format!("message {n}")));
    let appends = appends.collect();
    hand_over(engine, appends).await;
    talk
}

pub async fn a_consumer_gets_a_record_again_until_it_is_acknowledged<E: EventQueueEngine>(
    engine: E,
) {
    let mut talk = five(&engine).await;
    for _ in 0..3 {
        let mut consumer = engine.event_queue().join(GROUP).await.unwrap();
        let records = take(&mut *consumer, 2).await;
        assert_eq!(texts(&records), ["message 0", "message 1"]);
    }
    let mut consumer = engine.event_queue().join(GROUP).await.unwrap();
    let records = take(&mut *consumer, 5).await;
    consumer.ack(records[4].position).await.unwrap();
    drop(consumer);
    hand_over(&engine, vec![talk.message("ana", "more")]).await;
    let mut consumer = engine.event_queue().join(GROUP).await.unwrap();
    assert_eq!(texts(&take(&mut *consumer, 1).await), ["more"]);
}

pub async fn acknowledging_a_part_leaves_the_rest<E: EventQueueEngine>(engine: E) {
    five(&engine).await;
    let mut consumer = engine.event_queue().join(GROUP).await.unwrap();
    let records = take(&mut *consumer, 5).await;
    consumer.ack(records[2].position).await.unwrap();
    drop(consumer);
    let mut consumer = engine.event_queue().join(GROUP).await.unwrap();
    let records = take(&mut *consumer, 2).await;
    assert_eq!(texts(&records), ["message 3", "message 4"]);
}

pub async fn acknowledging_again_or_lower_changes_nothing<E: EventQueueEngine>(engine: E) {
    five(&engine).await;
    let mut consumer = engine.event_queue().join(GROUP).await.unwrap();
    let records = take(&mut *consumer, 5).await;
    for number in [3, 3, 1, 0] {
        consumer.ack(records[number].position).await.unwrap();
        assert_eq!(engine.event_queue().lag(GROUP).await.unwrap(), 1);
    }
    drop(consumer);
    let mut consumer = engine.event_queue().join(GROUP).await.unwrap();
    assert_eq!(texts(&take(&mut *consumer, 1).await), ["message 4"]);
}

pub async fn a_consumer_goes_on_without_acknowledging<E: EventQueueEngine>(engine: E) {
    five(&engine).await;
    let mut consumer = engine.event_queue().join(GROUP).await.unwrap();
    let first = take(&mut *consumer, 2).await;
    let rest = take(&mut *consumer, 3).await;
    assert_eq!(texts(&first), ["message 0", "message 1"]);
    assert_eq!(texts(&rest), ["message 2", "message 3", "message 4"]);
}

pub async fn lag_counts_what_is_not_acknowledged<E: EventQueueEngine>(engine: E) {
    let queue = engine.event_queue();
    assert_eq!(queue.lag(GROUP).await.unwrap(), 0);
    let mut talk = five(&engine).await;
    assert_eq!(queue.lag(GROUP).await.unwrap(), 5);
    let mut consumer = queue.join(GROUP).await.unwrap();
    let records = take(&mut *consumer, 5).await;
    assert_eq!(queue.lag(GROUP).await.unwrap(), 5, "taken isn't done");
    consumer.ack(records[1].position).await.unwrap();
    assert_eq!(queue.lag(GROUP).await.unwrap(), 3);
    hand_over(&engine, vec![talk.message("ana", "more")]).await;
    assert_eq!(queue.lag(GROUP).await.unwrap(), 4);
}

pub async fn what_is_not_acknowledged_is_there_after_reopening<E: EventQueueEngine>(engine: E) {
    five(&engine).await;
    let mut consumer = engine.event_queue().join(GROUP).await.unwrap();
    let records = take(&mut *consumer, 2).await;
    consumer.ack(records[1].position).await.unwrap();
    drop(consumer);
    let engine = engine.reopen().await;
    let mut consumer = engine.event_queue().join(GROUP).await.unwrap();
    // What was acknowledged just before may come again; what wasn't must.
    let mut left = vec!["message 2", "message 3", "message 4"];
    while !left.is_empty() {
        let records = consumer.next(10).await.unwrap();
        left.retain(|text| !texts(&records).contains(text));
    }
}

pub async fn what_comes_after_reopening_follows<E: EventQueueEngine>(engine: E) {
    let mut talk = five(&engine).await;
    let engine = engine.reopen().await;
    hand_over(&engine, vec![talk.message("ana", "more")]).await;
    let mut consumer = engine.event_queue().join(GROUP).await.unwrap();
    let records = take(&mut *consumer, 6).await;
    assert_eq!(texts(&records)[5], "more");
    assert!(
        records
            .windows(2)
            .all(|two| two[0].position < two[1].position)
    );
}
