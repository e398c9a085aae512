//! The bus while Redis fails: what may have been lost is told, and messages come again by themselves.

use std::sync::Arc;

use chinwag_backends::redis::RedisBus;
use chinwag_conformance::{chat, run, user};
use chinwag_core::{
    model::NodeId,
    ports::{Bus, BusEvent, BusMessage, BusSubscription, EngineError, Topic},
};

use crate::server::Server;

pub(crate) const CHAT: Topic = Topic::Chat(chinwag_proto::ChatId(1));

pub(crate) fn note(from: &str) -> Arc<BusMessage> {
    Arc::new(BusMessage::Typing {
        chat: chat(1),
        user: user(from),
        users: [].into(),
        members: 2,
    })
}

/// Takes what comes until a gap on a topic does.
pub(crate) async fn until_a_gap_on(topic: Topic, node: &dyn BusSubscription) -> Vec<Topic> {
    loop {
        if let BusEvent::Gap(topics) = node.next().await.unwrap()
            && (topics.is_empty() || topics.contains(&topic))
        {
            return topics;
        }
    }
}

/// Publishes until a note comes, as whoever speaks goes on speaking, and returns how many tries failed.
pub(crate) async fn until_heard(bus: &dyn Bus, topic: Topic, node: &dyn BusSubscription) -> u32 {
    let mut failed = 0;
    while let Err(error) = bus.publish(vec![(topic, note("back"))]).await {
        assert!(matches!(error, EngineError::Unavailable(_)), "{error}");
        failed += 1;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    loop {
        if let BusEvent::Message(from, message) = node.next().await.unwrap()
            && (from, &message) == (topic, &note("back"))
        {
            return failed;
        }
    }
}

struct Listening {
    server: Server,
    bus: RedisBus,
    node: Arc<dyn BusSubscription>,
}

impl Listening {
    /// Listens on a Redis of its own to node 1's inbox and a chat, of which one message came.
    async fn begin() -> Self {
        let server = Server::start(&[]).await;
        let bus = RedisBus::new(server.connect().await);
        let node = bus.open(NodeId(1)).await.unwrap();
        node.add(CHAT).await.unwrap();
        let listening = Self { server, bus, node };
        listening.until_heard().await;
        listening
    }

    async fn until_heard(&self) -> u32 {
        until_heard(&self.bus, CHAT, &*self.node).await
    }

    async fn until_a_gap(&self) -> Vec<Topic> {
        until_a_gap_on(CHAT, &*self.node).await
    }
}

#[test]
#[ignore = "needs a Redis: make conformance"]
fn a_connection_that_is_cut_is_made_again_and_told_on_every_topic_that_it_had() {
    run(async {
        let listening = Listening::begin().await;
        assert_eq!(listening.server.command("client kill type pubsub"), "1");
        let topics = listening.until_a_gap().await;
        assert!(topics.is_empty() || topics.contains(&Topic::Inbox(NodeId(1))));
        listening.until_heard().await;
    });
}

#[test]
#[ignore = "needs a Redis: make conformance"]
fn a_gap_is_told_when_the_subscription_stands_again_and_not_before() {
    run(async {
        let listening = Listening::begin().await;
        listening.server.command("client kill type pubsub");
        listening.until_a_gap().await;
        // What is published once the gap was told arrives: whoever reads the store then misses nothing.
        let message = vec![(CHAT, note("after"))];
        listening.bus.publish(message).await.unwrap();
        let event = listening.node.next().await.unwrap();
        assert!(matches!(event, BusEvent::Message(CHAT, message) if message == note("after")));
    });
}

#[test]
#[ignore = "needs a Redis: make conformance"]
fn the_loss_of_a_topics_last_message_is_told() {
    run(async {
        let listening = Listening::begin().await;
        // A message that got its number and went to nobody.
        listening.server.command("incr number:{chat1}");
        assert_eq!(listening.until_a_gap().await, [CHAT]);
        listening.until_heard().await;
    });
}

#[test]
#[ignore = "needs a Redis: make conformance"]
fn a_message_after_a_lost_one_comes_behind_the_gap() {
    run(async {
        let listening = Listening::begin().await;
        listening.server.command("incr number:{chat1}");
        listening.until_heard_behind_a_gap().await;
    });
}

impl Listening {
    async fn until_heard_behind_a_gap(&self) {
        let message = vec![(CHAT, note("next"))];
        self.bus.publish(message).await.unwrap();
        let first = self.node.next().await.unwrap();
        assert!(matches!(first, BusEvent::Gap(topics) if topics == [CHAT]));
        let second = self.node.next().await.unwrap();
        assert!(matches!(second, BusEvent::Message(CHAT, message) if message == note("next")));
    }
}

#[test]
#[ignore = "needs a Redis: make conformance"]
fn a_redis_that_is_emptied_is_a_gap_on_all_topics() {
    run(async {
        let listening = Listening::begin().await;
        listening.server.command("flushall");
        assert!(listening.until_a_gap().await.is_empty());
        listening.until_heard().await;
    });
}

#[test]
#[ignore = "needs a Redis: make conformance"]
fn a_redis_that_was_restarted_empty_is_a_gap_on_all_topics() {
    run(async {
        let mut listening = Listening::begin().await;
        listening.server.process.kill();
        let lost = listening.bus.publish(vec![(CHAT, note("lost"))]).await;
        assert!(matches!(lost, Err(EngineError::Unavailable(_))));
        listening.server.start_again().await;
        assert!(listening.until_a_gap().await.is_empty());
        listening.until_heard().await;
    });
}

#[test]
#[ignore = "needs a Redis: make conformance"]
fn a_redis_that_is_frozen_hangs_nobody_and_comes_back() {
    run(async {
        let listening = Listening::begin().await;
        listening.server.process.freeze();
        for _ in 0..3 {
            let lost = listening.bus.publish(vec![(CHAT, note("lost"))]).await;
            assert!(matches!(lost, Err(EngineError::Unavailable(_))));
        }
        let other = Topic::Chat(chat(2));
        assert!(listening.node.add(other).await.is_err());
        listening.server.process.thaw();
        listening.until_a_gap().await;
        listening.until_heard().await;
        while listening.node.add(other).await.is_err() {}
        until_heard(&listening.bus, other, &*listening.node).await;
    });
}

#[test]
#[ignore = "needs a Redis: make conformance"]
fn what_a_publisher_could_not_publish_is_told_to_those_whose_connections_stood() {
    run(async {
        let listening = Listening::begin().await;
        listening.server.command("acl setuser default -eval");
        let refused = listening.bus.publish(vec![(CHAT, note("lost"))]).await;
        assert!(matches!(refused, Err(EngineError::Unavailable(_))));
        listening.server.command("acl setuser default +eval");
        assert_eq!(listening.until_a_gap().await, [CHAT]);
    });
}

#[test]
#[ignore = "needs a Redis: make conformance"]
fn a_topic_that_was_removed_while_redis_was_away_stays_removed() {
    run(async {
        let mut listening = Listening::begin().await;
        listening.server.process.kill();
        listening.node.remove(CHAT).await.unwrap();
        listening.server.start_again().await;
        let inbox = Topic::Inbox(NodeId(1));
        until_a_gap_on(inbox, &*listening.node).await;
        while listening
            .bus
            .publish(vec![(CHAT, note("lost"))])
            .await
            .is_err()
        {}
        until_heard(&listening.bus, inbox, &*listening.node).await;
    });
}

#[test]
#[ignore = "needs a Redis: make conformance"]
fn a_message_that_cannot_be_read_is_a_gap_and_what_follows_comes() {
    run(async {
        let listening = Listening::begin().await;
        listening.server.command("incr number:{chat1}");
        listening
            .server
            .command("publish topic:{chat1} of-a-later-version");
        assert_eq!(listening.until_a_gap().await, [CHAT]);
        listening.until_heard().await;
    });
}
