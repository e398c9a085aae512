//! What arrives, and where.

use std::sync::Arc;

use chinwag_core::{
    model::{Intervals, NodeId},
    ports::{Broadcast, BroadcastFrame, BusEvent, BusMessage, Topic},
};
use chinwag_proto::{
    CloseCode, Epoch, EventId, Seq, SessionId,
    frames::{LogBody, LogFrame, ReceiptFrame},
    shapes::Receipt,
};

use super::{CHAT, next_note, note, open, publish};
use crate::{BusEngine, chat, time, user};

pub async fn a_message_reaches_the_inbox_it_is_addressed_to_and_no_other<E: BusEngine>(engine: E) {
    let (one, two) = (open(&engine, 1).await, open(&engine, 2).await);
    publish(&engine, Topic::Inbox(NodeId(2)), "for two").await;
    publish(&engine, Topic::Inbox(NodeId(1)), "for one").await;
    let for_one = (Topic::Inbox(NodeId(1)), user("for one"));
    let for_two = (Topic::Inbox(NodeId(2)), user("for two"));
    assert_eq!(next_note(&one).await, for_one);
    assert_eq!(next_note(&two).await, for_two);
}

pub async fn a_topic_reaches_everyone_who_added_it<E: BusEngine>(engine: E) {
    let nodes = [
        open(&engine, 1).await,
        open(&engine, 2).await,
        open(&engine, 3).await,
    ];
    for node in &nodes[..2] {
        node.add(CHAT).await.unwrap();
    }
    publish(&engine, CHAT, "ana").await;
    publish(&engine, Topic::Inbox(NodeId(3)), "last").await;
    for node in &nodes[..2] {
        assert_eq!(next_note(node).await, (CHAT, user("ana")));
    }
    assert_eq!(next_note(&nodes[2]).await.1, user("last"));
}

pub async fn messages_of_a_topic_come_in_order<E: BusEngine>(engine: E) {
    let node = open(&engine, 1).await;
    node.add(CHAT).await.unwrap();
    for number in 0..50 {
        publish(&engine, CHAT, &format!("u{number}")).await;
    }
    let many = (50..100).map(|number| (CHAT, note(&format!("u{number}"))));
    engine.bus().publish(many.collect()).await.unwrap();
    for number in 0..100 {
        assert_eq!(next_note(&node).await.1, user(&format!("u{number}")));
    }
}

pub async fn what_is_published_after_a_topic_was_added_arrives<E: BusEngine>(engine: E) {
    let node = open(&engine, 1).await;
    for id in 1..=50 {
        let topic = Topic::Chat(chat(id));
        node.add(topic).await.unwrap();
        publish(&engine, topic, "ana").await;
        assert_eq!(next_note(&node).await, (topic, user("ana")));
    }
}

pub async fn nothing_of_a_removed_topic_comes<E: BusEngine>(engine: E) {
    let node = open(&engine, 1).await;
    node.add(CHAT).await.unwrap();
    publish(&engine, CHAT, "before").await;
    assert_eq!(next_note(&node).await.1, user("before"));
    node.remove(CHAT).await.unwrap();
    publish(&engine, CHAT, "after").await;
    publish(&engine, Topic::Inbox(NodeId(1)), "last").await;
    assert_eq!(next_note(&node).await.1, user("last"));
    node.remove(CHAT).await.unwrap();
    node.add(CHAT).await.unwrap();
    publish(&engine, CHAT, "again").await;
    assert_eq!(next_note(&node).await.1, user("again"));
}

pub async fn a_topic_added_twice_comes_once_and_is_removed_once<E: BusEngine>(engine: E) {
    let node = open(&engine, 1).await;
    node.add(CHAT).await.unwrap();
    node.add(CHAT).await.unwrap();
    publish(&engine, CHAT, "one").await;
    publish(&engine, CHAT, "two").await;
    assert_eq!(next_note(&node).await.1, user("one"));
    assert_eq!(next_note(&node).await.1, user("two"));
    node.remove(CHAT).await.unwrap();
    publish(&engine, CHAT, "three").await;
    publish(&engine, Topic::Inbox(NodeId(1)), "last").await;
    assert_eq!(next_note(&node).await.1, user("last"));
}

pub async fn a_topic_that_nobody_has_is_nobodys_loss<E: BusEngine>(engine: E) {
    publish(&engine, Topic::Inbox(NodeId(9)), "lost").await;
    let node = open(&engine, 1).await;
    publish(&engine, CHAT, "lost").await;
    publish(&engine, Topic::Inbox(NodeId(1)), "last").await;
    assert_eq!(next_note(&node).await.1, user("last"));
    engine.bus().publish(Vec::new()).await.unwrap();
}

pub async fn a_node_hears_what_it_publishes_itself<E: BusEngine>(engine: E) {
    let bus = engine.bus();
    let node = bus.open(NodeId(1)).await.unwrap();
    node.add(CHAT).await.unwrap();
    bus.publish(vec![(CHAT, note("ana"))]).await.unwrap();
    assert_eq!(next_note(&node).await, (CHAT, user("ana")));
}

pub async fn messages_of_every_kind_arrive_as_they_were_sent<E: BusEngine>(engine: E) {
    let node = open(&engine, 1).await;
    let hidden = BroadcastFrame {
        frame: LogFrame {
            chat_id: chat(1),
            epoch: Epoch(2),
            seq: Seq(3),
            body: LogBody::Hidden,
        },
        target: Some(Seq(1)),
        hidden_from: vec![user("bo")],
        except: Some(SessionId(u64::MAX)),
    };
    let mut intervals = Intervals::from(Seq(2));
    intervals.close(Seq(7));
    intervals.open(Seq(9));
    let receipt = ReceiptFrame::Member(Receipt {
        chat_id: chat(1),
        user_id: user("ana"),
        delivered_message_id: None,
        last_read_message_id: Some(EventId(u64::MAX)),
    });
    let messages = [
        BusMessage::Events(Broadcast {
            chat: chat(1),
            frames: vec![hidden.clone(), hidden],
            users: [user("ana"), user("日本")].into(),
        }),
        BusMessage::Receipt {
            users: [user("ana")].into(),
            receipt,
            except: None,
        },
        BusMessage::Joined {
            chat: chat(1),
            members: vec![(user("ana"), intervals)],
        },
        BusMessage::Parted {
            chat: chat(1),
            users: vec![user("ana")],
            through: Seq(9),
        },
        BusMessage::Close {
            user: user("ana"),
            session: Some(SessionId(1)),
            except: Some(SessionId(2)),
            issued_before: Some(time(1)),
            issued_at: Some(time(2)),
            code: CloseCode::Revoked,
        },
    ];
    for message in messages {
        let sent = Arc::new(message);
        let inbox = Topic::Inbox(NodeId(1));
        let publish = engine.bus().publish(vec![(inbox, Arc::clone(&sent))]).await;
        publish.unwrap();
        match node.next().await.unwrap() {
            BusEvent::Message(topic, message) => assert_eq!((topic, message), (inbox, sent)),
            BusEvent::Gap(topics) => panic!("a gap on {topics:?}"),
        }
    }
}

pub async fn one_call_publishes_to_many_topics<E: BusEngine>(engine: E) {
    let node = open(&engine, 1).await;
    for id in 1..=3 {
        node.add(Topic::Chat(chat(id))).await.unwrap();
    }
    let messages = (1..=4).map(|id| (Topic::Chat(chat(id)), note("ana")));
    engine.bus().publish(messages.collect()).await.unwrap();
    let mut topics = Vec::new();
    for _ in 0..3 {
        topics.push(next_note(&node).await.0);
    }
    for id in 1..=3 {
        assert!(topics.contains(&Topic::Chat(chat(id))));
    }
}

pub async fn removing_a_topic_leaves_the_others<E: BusEngine>(engine: E) {
    let node = open(&engine, 1).await;
    let topics: Vec<_> = (1..=20).map(|id| Topic::Chat(chat(id))).collect();
    for topic in &topics {
        node.add(*topic).await.unwrap();
    }
    for topic in topics.iter().step_by(2) {
        node.remove(*topic).await.unwrap();
    }
    for topic in &topics {
        publish(&engine, *topic, "ana").await;
    }
    // Topics may overtake each other.
    let mut left: Vec<_> = topics.into_iter().skip(1).step_by(2).collect();
    while !left.is_empty() {
        let (topic, _) = next_note(&node).await;
        let there = left.iter().position(|it| *it == topic);
        left.swap_remove(there.unwrap());
    }
}

pub async fn what_many_publish_at_once_arrives_each_in_their_order<E: BusEngine>(engine: E) {
    let node = open(&engine, 1).await;
    node.add(CHAT).await.unwrap();
    let publishers: Vec<_> = (0..5)
        .map(|publisher| {
            let bus = engine.bus();
            tokio::spawn(async move {
                for number in 0..40 {
                    let message = note(&format!("{publisher}-{number}"));
                    bus.publish(vec![(CHAT, message)]).await.unwrap();
                }
            })
        })
        .collect();
    let mut next = [0; 5];
    for _ in 0..200 {
        let (_, from) = next_note(&node).await;
        let (publisher, number) = from.as_str().split_once('-').unwrap();
        let publisher: usize = publisher.parse().unwrap();
        assert_eq!(number.parse(), Ok(next[publisher]));
        next[publisher] += 1;
    }
    for publisher in publishers {
        publisher.await.unwrap();
    }
}

pub async fn a_message_of_the_largest_size_arrives_whole<E: BusEngine>(engine: E) {
    let node = open(&engine, 1).await;
    // A thousand users with the longest ids there are.
    let users: Vec<_> = (0..1_000).map(|n| user(&format!("{n:0>128}"))).collect();
    let sent = Arc::new(BusMessage::Typing {
        chat: chat(1),
        user: user("ana"),
        users: users.into(),
        members: 1_000,
    });
    let inbox = Topic::Inbox(NodeId(1));
    let publish = engine.bus().publish(vec![(inbox, Arc::clone(&sent))]).await;
    publish.unwrap();
    match node.next().await.unwrap() {
        BusEvent::Message(topic, message) => assert_eq!((topic, message), (inbox, sent)),
        BusEvent::Gap(topics) => panic!("a gap on {topics:?}"),
    }
}
