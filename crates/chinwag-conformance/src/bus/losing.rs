//! What is lost is told, and holds up nobody.

use std::sync::Arc;

use chinwag_core::{
    model::NodeId,
    ports::{BusEvent, BusSubscription, Topic},
};

use super::{CHAT, next_note, note, open, publish};
use crate::{BusEngine, user};

/// Publishes more than a subscription can hold.
async fn flood<E: BusEngine>(engine: &E) {
    for _ in 0..E::TOO_MANY / 100 + 1 {
        let messages = (0..100).map(|_| (CHAT, note("flood"))).collect();
        engine.bus().publish(messages).await.unwrap();
    }
}

/// Takes what comes until a gap does, and returns its topics.
async fn until_a_gap(node: &Arc<dyn BusSubscription>) -> Vec<Topic> {
    loop {
        if let BusEvent::Gap(topics) = node.next().await.unwrap() {
            return topics;
        }
    }
}

pub async fn one_who_does_not_take_is_told_of_a_gap<E: BusEngine>(engine: E) {
    let node = open(&engine, 1).await;
    node.add(CHAT).await.unwrap();
    flood(&engine).await;
    let topics = until_a_gap(&node).await;
    assert!(topics.is_empty() || topics.contains(&CHAT));
}

pub async fn after_a_gap_messages_come_again<E: BusEngine>(engine: E) {
    let node = open(&engine, 1).await;
    node.add(CHAT).await.unwrap();
    flood(&engine).await;
    until_a_gap(&node).await;
    publish(&engine, CHAT, "after").await;
    loop {
        if let BusEvent::Message(_, message) = node.next().await.unwrap()
            && message == note("after")
        {
            return;
        }
    }
}

pub async fn one_who_does_not_take_holds_up_nobody<E: BusEngine>(engine: E) {
    let (asleep, awake) = (open(&engine, 1).await, open(&engine, 2).await);
    asleep.add(CHAT).await.unwrap();
    flood(&engine).await;
    publish(&engine, Topic::Inbox(NodeId(2)), "for you").await;
    assert_eq!(next_note(&awake).await.1, user("for you"));
}

pub async fn a_subscription_that_ended_disturbs_nobody<E: BusEngine>(engine: E) {
    let (ended, goes_on) = (open(&engine, 1).await, open(&engine, 2).await);
    for node in [&ended, &goes_on] {
        node.add(CHAT).await.unwrap();
    }
    drop(ended);
    publish(&engine, CHAT, "ana").await;
    assert_eq!(next_note(&goes_on).await.1, user("ana"));
    // The same node comes back and hears what comes from then on.
    let again = open(&engine, 1).await;
    publish(&engine, Topic::Inbox(NodeId(1)), "again").await;
    assert_eq!(next_note(&again).await.1, user("again"));
}

pub async fn one_who_stops_waiting_loses_nothing<E: BusEngine>(engine: E) {
    let node = open(&engine, 1).await;
    for number in 0..20 {
        tokio::select! {
            biased;
            event = node.next() => panic!("{event:?} of nothing"),
            () = tokio::task::yield_now() => {}
        }
        let from = format!("u{number}");
        publish(&engine, Topic::Inbox(NodeId(1)), &from).await;
        assert_eq!(next_note(&node).await.1, user(&from));
    }
}
