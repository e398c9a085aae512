//! The queue while its broker is away: publishing fails at once, and nothing that was queued is lost.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use chinwag_backends::kafka::{ConnectError, KafkaQueue, Options};
use chinwag_conformance::run;
use chinwag_core::ports::{Append, Consumer, EngineError, EventQueue, QueueGroup};
use tokio::sync::watch;

use crate::{
    broker::Broker,
    fixture::{Talks, options, publish},
};

const GROUP: QueueGroup = QueueGroup::Indexer;

async fn until_it_answers(options: &Options) -> Arc<KafkaQueue> {
    loop {
        match KafkaQueue::connect(options.clone()).await {
            Ok(queue) => return Arc::new(queue),
            Err(ConnectError::Away { .. }) => tokio::time::sleep(Duration::from_millis(100)).await,
            // A broker that has just started doesn't count itself yet.
            Err(ConnectError::TooFewBrokers { .. } | ConnectError::Topic { .. }) => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// Queues events until it works, as whoever has marks does.
async fn until_queued(queue: &KafkaQueue, appends: &[Append]) {
    while let Err(error) = publish(queue, appends).await {
        assert!(matches!(error, EngineError::Unavailable(_)), "{error}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Takes and acknowledges records until places up to the last came.
async fn take_through(consumer: &mut dyn Consumer, last: u64) -> BTreeSet<u64> {
    let mut places = BTreeSet::new();
    while !places.contains(&last) {
        let records = consumer.next(100).await.unwrap();
        places.extend(records.iter().map(|record| record.row.seq.0));
        // It may be too late for the group, or the broker be away; then they come again.
        let _ = consumer.ack(records.last().unwrap().position).await;
    }
    places
}

#[test]
#[ignore = "needs a Kafka: make conformance"]
fn a_broker_that_is_killed_and_comes_back_has_lost_nothing_that_was_queued() {
    run(async {
        let mut broker = Broker::start();
        let queue = until_it_answers(&options(broker.port)).await;
        let mut talk = Talks::of(1, GROUP);
        for _ in 0..20 {
            until_queued(&queue, &talk.go_on()).await;
        }
        let mut consumer = queue.join(GROUP).await.unwrap();
        let first = consumer.next(5).await.unwrap();
        consumer.ack(first.last().unwrap().position).await.unwrap();

        broker.process.kill();
        let failing = talk.go_on();
        for _ in 0..20 {
            publish(&queue, &failing).await.unwrap_err();
        }
        broker.start_again();
        until_queued(&queue, &failing).await;
        let mut places = take_through(&mut *consumer, 21).await;
        places.extend(first.iter().map(|record| record.row.seq.0));
        assert_eq!(places, (1..=21).collect());
    });
}

#[test]
#[ignore = "needs a Kafka: make conformance"]
fn a_broker_that_is_frozen_hangs_nobody_and_comes_back() {
    run(async {
        let broker = Broker::start();
        let queue = until_it_answers(&options(broker.port)).await;
        let mut talk = Talks::of(1, GROUP);
        until_queued(&queue, &talk.go_on()).await;
        let mut consumer = queue.join(GROUP).await.unwrap();
        take_through(&mut *consumer, 1).await;

        broker.process.freeze();
        let failing = talk.go_on();
        // The first finds out; those that follow know.
        for _ in 0..50 {
            let error = publish(&queue, &failing).await.unwrap_err();
            assert!(matches!(error, EngineError::Unavailable(_)), "{error}");
        }
        let counting = queue.lag(GROUP).await;
        assert!(matches!(counting, Err(EngineError::Unavailable(_))));
        broker.process.thaw();
        until_queued(&queue, &failing).await;
        assert!(take_through(&mut *consumer, 2).await.contains(&2));
    });
}

/// Works as a member of a group, and tells the last place that it acknowledged.
async fn work(queue: Arc<KafkaQueue>, group: QueueGroup, through: watch::Sender<u64>) {
    let mut consumer = queue.join(group).await.unwrap();
    loop {
        let records = consumer.next(100).await.unwrap();
        let last = records.last().unwrap();
        // Something waits to be acknowledged whenever the broker stands still.
        tokio::time::sleep(Duration::from_millis(300)).await;
        consumer.ack(last.position).await.unwrap();
        through.send_replace(last.row.seq.0);
    }
}

#[test]
#[ignore = "needs a Kafka: make conformance"]
fn members_go_on_after_a_broker_that_stood_still_for_longer_than_it_waits_for_them() {
    run(async {
        let broker = Broker::start();
        let options = Options {
            session_timeout: Duration::from_secs(6),
            ..options(broker.port)
        };
        let queue = until_it_answers(&options).await;
        let mut all = Vec::new();
        for group in [QueueGroup::Indexer, QueueGroup::Push, QueueGroup::Fanout] {
            let mut talks = Talks::of(1, group);
            for _ in 0..30 {
                until_queued(&queue, &talks.go_on()).await;
            }
            let through = watch::Sender::new(0);
            let mut taken = through.subscribe();
            let working = tokio::spawn(work(Arc::clone(&queue), group, through));
            taken.wait_for(|through| *through > 0).await.unwrap();
            all.push((talks, taken, working));
        }
        for (talks, ..) in &mut all {
            until_queued(&queue, &talks.go_on()).await;
        }
        broker.process.freeze();
        tokio::time::sleep(Duration::from_secs(8)).await;
        broker.process.thaw();
        for (talks, taken, working) in &mut all {
            until_queued(&queue, &talks.go_on()).await;
            taken.wait_for(|through| *through == 32).await.unwrap();
            working.abort();
        }
    });
}
