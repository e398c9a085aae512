//! What is said at the start where Kafka isn't as it must be, and what is made there.

use chinwag_backends::kafka::{KafkaQueue, Options};
use chinwag_conformance::run;
use futures_util::future::join_all;

use crate::{
    engine_process::address,
    fixture::{options, shared},
};

async fn refusal(options: Options) -> String {
    match KafkaQueue::connect(options).await {
        Ok(_) => panic!("it was taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
#[ignore = "needs nothing, but belongs to those that need a Kafka: make conformance"]
fn one_that_is_not_there_is_named_with_what_to_look_for() {
    run(async {
        // Nobody listens on the port of the discard service.
        let told = refusal(options(9)).await;
        assert!(told.contains(&format!("{}:9", address())), "{told}");
        assert!(told.contains("is one running"), "{told}");
    });
}

#[test]
#[ignore = "needs a Kafka: make conformance"]
fn more_copies_than_brokers_are_refused_with_what_to_do() {
    run(async {
        let told = refusal(Options {
            replication: 3,
            ..shared()
        })
        .await;
        assert!(told.contains("set kafka.replication = 1"), "{told}");
    });
}

#[test]
#[ignore = "needs a Kafka: make conformance"]
fn many_nodes_that_start_at_once_make_the_topics_once() {
    run(async {
        let options = shared();
        let starting = (0..5).map(|_| KafkaQueue::connect(options.clone()));
        for queue in join_all(starting).await {
            queue.unwrap();
        }
    });
}
