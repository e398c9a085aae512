//! Nodes that share the work by their roles.

use chinwag_proto::{ErrorCode, http::CreateChat, shapes::HistoryVisible};
use reqwest::StatusCode;

use crate::{
    holding::Holding,
    place::{EVERYTHING, Engines},
    search_engine::shared_url,
};

async fn status(url: String) -> StatusCode {
    reqwest::get(url).await.unwrap().status()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn users_chat_and_search_by_a_node_that_serves_them_while_another_one_does_the_work() {
    let engines = Engines::with("direct_max_members = 2").searching(&shared_url());
    let (front, back) = (engines.node(EVERYTHING), engines.node(EVERYTHING));
    let working = back.serve_as("chat,fanout,indexer,push");
    let serving = front.serve_as("gateway,api");
    let (ana, ben) = (serving.register("ana").await, serving.register("ben").await);
    let cem = serving.register("cem").await;
    let (mut anas, mut bens) = (ana.device().await, ben.device().await);
    // One that is delivered directly, and one by way of the queue and a topic.
    let direct = ana.direct(&ben).await;
    let group = CreateChat::Group {
        name: "crowd".into(),
        members: [&ana, &ben, &cem].map(|person| person.id.clone()).into(),
        history_visible: HistoryVisible::All,
        client_id: None,
    };
    let group = ben.create(group).await;
    for chat in [direct, group] {
        let (hello, answer) = (format!("kettle in {chat}"), format!("samovar in {chat}"));
        anas.client.send(chat, hello.clone()).await.unwrap();
        bens.until_said(&hello).await;
        bens.client.send(chat, answer.clone()).await.unwrap();
        anas.until_said(&answer).await;
        assert_eq!(ana.history(chat).await, [hello, answer]);
    }
    ben.finds("kettle", 2).await;
    ana.finds("samovar", 2).await;
    cem.finds("samovar", 1).await;

    let (code, ready) = working.readiness().await;
    assert_eq!((code, &ready["status"]), (200, &"ok".into()), "{ready}");
    assert_eq!(status(format!("{}/healthz", working.url)).await, 200);
    let metrics = reqwest::get(format!("{}/metrics", working.url)).await;
    let metrics = metrics.unwrap().text().await.unwrap();
    assert!(metrics.contains("chinwag_"), "{metrics}");
    let nothing = status(format!("{}/v1/chats", working.url)).await;
    assert_eq!(nothing, 404, "it serves no clients");

    working.stop();
    let refused = ana.say(direct, "alone", "is anybody there?").await.unwrap();
    let refused = refused.expect("a node without the role chat owns none");
    assert!(refused.retryable, "{refused}");
    serving.stop();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn sockets_and_requests_are_served_by_different_nodes() {
    let engines = Engines::new().searching(&shared_url());
    let places = [engines.node(EVERYTHING), engines.node(EVERYTHING)];
    let requests = places[0].serve_as("api,chat,fanout,indexer,push");
    let sockets = places[1].serve_as("gateway");
    let (ana, ben) = (
        requests.register("ana").await,
        requests.register("ben").await,
    );
    // A chat that a device doesn't know would come with its head, not place by place.
    let chat = ana.direct(&ben).await;
    let mut anas = ana.at(&sockets).device().await;
    ben.surely_say(chat, "1", "kettle").await;
    anas.until_said("kettle").await;

    assert_eq!(status(format!("{}/readyz", sockets.url)).await, 200);
    assert_eq!(status(format!("{}/v1/me", sockets.url)).await, 404);
    let upgrade = reqwest::Client::new()
        .get(format!("{}/v1/ws", requests.url))
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==");
    let refused = upgrade.send().await.unwrap();
    assert_eq!(refused.status(), 404);
    let refused: chinwag_proto::Problem =
        serde_json::from_slice(&refused.bytes().await.unwrap()).unwrap();
    assert_eq!(refused.code, ErrorCode::NotFound);
    assert!(refused.detail.contains("roles"), "{refused}");
    sockets.stop();
    requests.stop();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn who_comes_to_a_node_before_it_hears_the_others_misses_nothing() {
    let mut engines = Engines::new().searching(&shared_url());
    let place = engines.node(EVERYTHING);
    let requests = place.serve_as("api,chat,fanout,indexer,push");
    let redis = Holding::before(&engines.redis, "SUBSCRIBE").await;
    engines.redis = redis.address.to_string();
    let place = engines.node(EVERYTHING);
    let sockets = place.serve_as("gateway");
    let (ana, ben) = (
        requests.register("ana").await,
        requests.register("ben").await,
    );
    let chat = ana.direct(&ben).await;
    let mut anas = ana.at(&sockets).device().await;
    ben.surely_say(chat, "1", "kettle").await;
    assert!(redis.holds(), "the node hears nothing yet");
    redis.let_go();
    anas.until_said("kettle").await;
    sockets.stop();
    requests.stop();
}
