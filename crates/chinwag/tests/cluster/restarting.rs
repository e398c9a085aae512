//! A node that stops, or dies, comes back with everything that was said.

use crate::place::Place;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
async fn everything_is_there_after_a_restart_and_after_a_kill() {
    let place = Place::new();
    let served = place.serve();
    let (ana, ben) = (served.register("ana").await, served.register("ben").await);
    let chat = ana.direct(&ben).await;
    assert_eq!(ben.direct(&ana).await, chat);
    let (anas, mut bens) = (ana.device().await, ben.device().await);
    let mut said: Vec<String> = (0..10).map(|n| format!("first {n}")).collect();
    for content in &said {
        anas.client.send(chat, content.clone()).await.unwrap();
    }
    bens.until_said("first 9").await;
    let slip = anas.client.send(chat, "slip").await.unwrap();
    anas.client
        .edit(chat, slip.id, "first edited")
        .await
        .unwrap();
    bens.client.react(chat, slip.id, "👍", true).await.unwrap();
    said.push("first edited".into());
    assert_eq!(ben.history(chat).await, said);
    ben.finds("first", 11).await;
    served.stop();

    // It left, so the next one needn't wait for the end of its lease.
    let served = place.serve();
    let (ana, ben) = (served.log_in("ana").await, served.log_in("ben").await);
    assert_eq!(ben.history(chat).await, said);
    assert_eq!(ana.direct(&ben).await, chat);
    let (anas, mut bens) = (ana.device().await, ben.device().await);
    anas.client.send(chat, "second").await.unwrap();
    bens.until_said("second").await;
    said.push("second".into());
    served.kill();

    let served = place.serve();
    let (ana, ben) = (served.log_in("ana").await, served.log_in("ben").await);
    assert_eq!(ben.history(chat).await, said);
    let (anas, mut bens) = (ana.device().await, ben.device().await);
    anas.client.send(chat, "third").await.unwrap();
    bens.until_said("third").await;
    said.push("third".into());
    assert_eq!(ben.history(chat).await, said);
    assert_eq!(ana.http.chat(chat).await.unwrap().unread, 0);
    // Also what was acknowledged and perhaps not queued when it died.
    for (word, wanted) in [("first", 11), ("second", 1), ("third", 1)] {
        ben.finds(word, wanted).await;
    }
    served.stop();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
async fn what_was_acknowledged_just_before_a_kill_is_found_by_search() {
    let place = Place::new();
    let served = place.serve();
    let (ana, ben) = (served.register("ana").await, served.register("ben").await);
    let chat = ana.direct(&ben).await;
    let anas = ana.device().await;
    let sends = (0..50).map(|n| anas.client.send(chat, format!("burst {n}")));
    for sent in futures_util::future::join_all(sends).await {
        sent.unwrap();
    }
    served.kill();
    let served = place.serve();
    let ben = served.log_in("ben").await;
    ben.finds("burst", 50).await;
    assert_eq!(ben.history(chat).await.len(), 50);
    served.stop();
}

#[test]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
fn a_second_process_on_the_same_keyspace_says_that_one_is_there_and_ends() {
    let place = Place::new();
    let served = place.serve();
    let told = place.beside().refused();
    assert!(told.contains("another process is node 0"), "{told}");
    served.stop();
}
