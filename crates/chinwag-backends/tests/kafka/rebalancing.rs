//! Members of a group that come, go and pause: every record comes to one of them, again where it wasn't acknowledged.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use chinwag_backends::kafka::{KafkaQueue, Options};
use chinwag_conformance::run;
use chinwag_core::ports::{EventQueue, QueueGroup, QueueRecord};
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use crate::fixture::{Talks, connect, publish, shared};

const GROUP: QueueGroup = QueueGroup::Indexer;
const CHATS: u64 = 20;

/// The places that came, each with its chat.
type Came = Arc<Mutex<BTreeSet<(u64, u64)>>>;

fn note(came: &Came, records: &[QueueRecord]) {
    let places = records
        .iter()
        .map(|record| (record.chat.0, record.row.seq.0));
    came.lock().extend(places);
}

/// Works as a member of the group until it is aborted.
fn work(queue: &Arc<KafkaQueue>, came: &Came) -> JoinHandle<()> {
    let (queue, came) = (Arc::clone(queue), Arc::clone(came));
    tokio::spawn(async move {
        let mut consumer = queue.join(GROUP).await.unwrap();
        loop {
            let records = consumer.next(50).await.unwrap();
            note(&came, &records);
            // Where a rebalance was faster, they come again to someone.
            let _ = consumer.ack(records.last().unwrap().position).await;
        }
    })
}

async fn until_all_came(came: &Came, through: u64) {
    let all = usize::try_from(CHATS * through).unwrap();
    while came.lock().len() < all {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn until_all_is_acknowledged(queue: &KafkaQueue) {
    while queue.lag(GROUP).await.unwrap() > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
#[ignore = "needs a Kafka: make conformance"]
fn members_that_come_and_go_while_others_work_lose_nothing() {
    run(async {
        let queue = connect(&shared()).await;
        let came = Came::default();
        let mut talks = Talks::of(CHATS, GROUP);
        let mut members = vec![work(&queue, &came)];
        for round in 1..=60_u64 {
            publish(&queue, &talks.go_on()).await.unwrap();
            if round % 15 == 0 {
                members.push(work(&queue, &came));
            }
            if round % 20 == 0 {
                members.remove(0).abort();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        until_all_came(&came, 60).await;
        until_all_is_acknowledged(&queue).await;
        members.iter().for_each(JoinHandle::abort);
    });
}

#[test]
#[ignore = "needs a Kafka: make conformance"]
fn a_member_that_pauses_for_too_long_loses_nothing_and_takes_nothing_back() {
    run(async {
        let options = Options {
            // The least that a broker allows.
            session_timeout: Duration::from_secs(6),
            max_poll_interval: Duration::from_secs(6),
            ..shared()
        };
        let queue = connect(&options).await;
        let came = Came::default();
        let mut talks = Talks::of(CHATS, GROUP);
        publish(&queue, &talks.go_on()).await.unwrap();
        let mut paused = queue.join(GROUP).await.unwrap();
        let held = paused.next(50).await.unwrap();

        let other = work(&queue, &came);
        until_all_came(&came, 1).await;
        publish(&queue, &talks.go_on()).await.unwrap();
        until_all_came(&came, 2).await;
        until_all_is_acknowledged(&queue).await;
        // It acknowledges what is long acknowledged by the other: nothing comes again by that.
        let _ = paused.ack(held.last().unwrap().position).await;
        assert_eq!(queue.lag(GROUP).await.unwrap(), 0);

        // Asked for more, it is a member again.
        let again = tokio::spawn({
            let came = Arc::clone(&came);
            async move {
                loop {
                    let records = paused.next(50).await.unwrap();
                    note(&came, &records);
                    let _ = paused.ack(records.last().unwrap().position).await;
                }
            }
        });
        publish(&queue, &talks.go_on()).await.unwrap();
        until_all_came(&came, 3).await;
        until_all_is_acknowledged(&queue).await;
        other.abort();
        publish(&queue, &talks.go_on()).await.unwrap();
        until_all_came(&came, 4).await;
        again.abort();
    });
}
