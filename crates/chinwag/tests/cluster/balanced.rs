//! Clients come by nginx: users on different nodes chat, silence ends no socket, and a node that leaves loses nobody.

use std::time::Duration;

use chinwag_client::ClientEvent;
use tokio::time::Instant;

use crate::{
    balancer::{Balancer, IDLE_LIMIT},
    place::{EVERYTHING, Engines, PATIENCE, Served},
    socket::Socket,
};

/// Waits until a node holds so many sessions.
async fn until_it_holds(node: &Served, sessions: u64) {
    let asking = async {
        while node.sessions().await != sessions {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let held = tokio::time::timeout(PATIENCE, asking).await;
    assert!(held.is_ok(), "it never holds {sessions} sessions");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and nginx: make conformance"]
async fn by_nginx_users_on_different_nodes_chat_silence_ends_no_socket_and_a_drain_moves_clients() {
    let engines = Engines::new();
    let places = [EVERYTHING, engines.roles_beside()].map(|roles| engines.node(roles));
    let [one, two] = [places[0].serve(), places[1].serve()];
    let balancer = Balancer::start(&[&one, &two]).await;
    let ana = one.register("ana").await.by(&balancer.url);
    let ben = one.register("ben").await.by(&balancer.url);
    let cem = one.register("cem").await.by(&balancer.url);

    let mut anas = ana.device().await;
    let (hers, other) = if one.sessions().await == 1 {
        (one, two)
    } else {
        (two, one)
    };
    until_it_holds(&hers, 1).await;
    let mut bens = ben.device().await;
    until_it_holds(&other, 1).await;
    let mut silent = Socket::open(&balancer.url, &cem).await;
    let opened = Instant::now();

    let chat = ana.direct(&ben).await;
    anas.client.send(chat, "one").await.unwrap();
    bens.until_said("one").await;
    bens.client.send(chat, "two").await.unwrap();
    anas.until_said("two").await;

    // Longer than nginx lets a socket be silent.
    let speaking = async {
        tokio::time::sleep_until(opened + IDLE_LIMIT + Duration::from_secs(1)).await;
        let with_cem = ana.direct(&cem).await;
        anas.client.send(with_cem, "still there?").await.unwrap();
    };
    let listening = silent.hear(|frame| frame["message"]["content"] == "still there?");
    let ((), heard) = tokio::join!(speaking, listening);
    assert!(heard.pings > 0, "the server keeps the socket open");
    drop(silent);

    hers.stop();
    anas.until(|event| matches!(event, ClientEvent::Online))
        .await;
    until_it_holds(&other, 2).await;
    bens.client.send(chat, "three").await.unwrap();
    anas.until_said("three").await;
    anas.client.send(chat, "four").await.unwrap();
    bens.until_said("four").await;
    // Whatever is asked goes to the node that is there.
    for _ in 0..4 {
        assert_eq!(ana.history(chat).await, ["one", "two", "three", "four"]);
    }
    other.stop();
}
