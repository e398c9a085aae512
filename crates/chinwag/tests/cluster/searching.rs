//! Nodes that share a search engine: what is written on one is found from the other, and nothing else is.

use std::time::Duration;

use chinwag_client::ClientError;
use chinwag_proto::{ChatId, http::CreateChat, shapes::HistoryVisible};
use futures_util::future::join_all;

use crate::{
    pair::Pair,
    place::{Engines, PATIENCE, Person, Served},
    search_engine::{SearchEngine, indices, shared_url},
};

/// Makes a group in which one sees what is said from when one joined.
async fn group(maker: &Person, members: &[&Person]) -> ChatId {
    let group = CreateChat::Group {
        name: "tea".into(),
        members: members.iter().map(|person| person.id.clone()).collect(),
        history_visible: HistoryVisible::Joined,
        client_id: None,
    };
    maker.create(group).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn what_is_said_changed_and_deleted_on_one_node_is_found_so_from_the_other() {
    let pair = Pair::start(&Engines::new().searching(&shared_url())).await;
    let (anas, bens) = (pair.ana.device().await, pair.ben.device().await);
    let chats = pair.groups().await;
    let (mut edited, mut deleted) = (Vec::new(), Vec::new());
    for chat in &chats {
        let said = anas.client.send(*chat, "the kettle whistles");
        edited.push(said.await.unwrap().id);
        let said = bens.client.send(*chat, "明天下午去北京开会");
        deleted.push(said.await.unwrap().id);
        let said = bens.client.send(*chat, "金曜日に会議があります");
        said.await.unwrap();
    }
    let all = chats.len() as u64;
    for word in ["kettle", "whis", "北京", "京", "会議", "\"the kettle\""] {
        pair.ana.finds(word, all).await;
        pair.ben.finds(word, all).await;
    }
    pair.ana.finds("京北", 0).await;

    for ((chat, edited), deleted) in chats.iter().zip(edited).zip(deleted) {
        let edit = anas.client.edit(*chat, edited, "the samovar hums");
        edit.await.unwrap();
        bens.client.delete(*chat, deleted).await.unwrap();
    }
    for person in [&pair.ana, &pair.ben] {
        person.finds("samovar", all).await;
        person.finds("kettle", 0).await;
        person.finds("北京", 0).await;
        person.finds("会議", all).await;
    }
    pair.stop();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn nobody_finds_what_was_said_outside_their_membership_on_any_node() {
    let pair = Pair::start(&Engines::new().searching(&shared_url())).await;
    let cem = pair.nodes[1].register("cem").await;
    let (anas, chat) = (
        pair.ana.device().await,
        group(&pair.ana, &[&pair.ben]).await,
    );
    anas.client.send(chat, "kettle before").await.unwrap();
    pair.ben.finds("kettle", 1).await;
    assert_eq!(cem.http.search("kettle", None).await.unwrap().total, 0);
    let members = vec![cem.id.clone()];
    pair.ana.http.add_members(chat, members).await.unwrap();
    anas.client.send(chat, "kettle with cem").await.unwrap();
    for cem in [&cem, &cem.at(&pair.nodes[0])] {
        cem.finds("kettle", 1).await;
        let found = cem.http.search("kettle", Some(chat)).await.unwrap();
        assert_eq!(found.hits[0].message.content, "kettle with cem");
    }
    pair.ana.http.remove_member(chat, &cem.id).await.unwrap();
    anas.client.send(chat, "kettle afterwards").await.unwrap();
    pair.ben.finds("kettle", 3).await;
    for cem in [&cem, &cem.at(&pair.nodes[0])] {
        assert_eq!(cem.http.search("kettle", None).await.unwrap().total, 0);
        assert!(cem.http.search("kettle", Some(chat)).await.is_err());
    }
    pair.stop();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn the_index_is_built_anew_behind_its_alias_while_both_nodes_search_and_write() {
    let engines = Engines::new().searching(&shared_url());
    let pair = Pair::start(&engines).await;
    let chats = pair.groups().await;
    let devices = [pair.ana.device().await, pair.ben.device().await];
    let mut said: u64 = 400;
    let sends = (0..said).map(|n| {
        let chat = chats[n as usize % chats.len()];
        devices[n as usize % 2]
            .client
            .send(chat, format!("kettle {n}"))
    });
    for sent in join_all(sends).await {
        sent.unwrap();
    }
    for place in &pair.places {
        pair.ana.finds("kettle", said).await;
        pair.ben.finds("kettle", said).await;
        let (there, before) = (said, indices(&engines).await);
        assert_eq!(before.len(), 1, "{before:?}");
        let mut rebuilding = place.start(&["reindex"]);
        while rebuilding.try_wait().unwrap().is_none() {
            let device = &devices[said as usize % 2];
            let content = format!("kettle {said}");
            device.client.send(chats[0], content).await.unwrap();
            said += 1;
            for person in [&pair.ana, &pair.ben] {
                let found = person.http.search("kettle", None).await.unwrap().total;
                assert!((there..=said).contains(&found), "{found} of {said}");
            }
        }
        assert!(rebuilding.wait().unwrap().success());
        let after = indices(&engines).await;
        assert_eq!(after.len(), 1, "{after:?}");
        assert_ne!(after[0].0, before[0].0, "it is another index");
        assert_eq!(after[0].1, before[0].1, "behind the same alias");
    }
    pair.ana.finds("kettle", said).await;
    pair.ben.finds("kettle", said).await;
    pair.stop();
}

/// Asks both nodes for a search that nobody can answer.
async fn assert_search_is_away(pair: &Pair) {
    for person in [&pair.ana, &pair.ben] {
        let answered = tokio::time::timeout(PATIENCE, person.http.search("kettle", None)).await;
        let Err(ClientError::Refused(problem)) = answered.expect("a search never hangs") else {
            panic!("nobody can search, and somebody found something");
        };
        assert!(problem.retryable && problem.status == 503, "{problem}");
    }
}

/// Waits until a node says how it is.
async fn until_it_is(node: &Served, status: &str) -> serde_json::Value {
    let asking = async {
        loop {
            let (code, told) = node.readiness().await;
            assert_eq!(code, 200, "clients are served: {told}");
            if told["status"] == status {
                return told;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let told = tokio::time::timeout(PATIENCE, asking).await;
    told.unwrap_or_else(|_| panic!("it never is {status}"))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn chat_goes_on_while_the_search_engine_is_away_and_all_is_found_when_it_is_back() {
    let mut engine = SearchEngine::start().await;
    let pair = Pair::start(&Engines::new().searching(&engine.url())).await;
    let (anas, mut bens) = (pair.ana.device().await, pair.ben.device().await);
    let chats = pair.groups().await;
    let mut said = Vec::new();
    for chat in &chats {
        said.push(anas.client.send(*chat, "kettle").await.unwrap().id);
    }
    let all = chats.len() as u64;
    pair.ben.finds("kettle", all).await;
    until_it_is(&pair.nodes[0], "ok").await;

    // Connections stand, and nothing answers.
    engine.freeze();
    assert_search_is_away(&pair).await;
    engine.thaw();
    pair.ana.finds("kettle", all).await;

    engine.kill();
    assert_search_is_away(&pair).await;
    for node in &pair.nodes {
        let told = until_it_is(node, "degraded").await;
        let parts = told["parts"].as_array().unwrap();
        let away = parts.iter().filter(|part| part["ok"] == false);
        let away: Vec<_> = away.map(|part| &part["name"]).collect();
        assert_eq!(away, ["search"], "{told}");
    }
    for (nth, chat) in chats.iter().enumerate() {
        let content = format!("samovar {nth}");
        anas.client.send(*chat, content.clone()).await.unwrap();
        bens.until_said(&content).await;
    }
    let edit = anas.client.edit(chats[0], said[0], "teapot");
    edit.await.unwrap();
    anas.client.delete(chats[1], said[1]).await.unwrap();
    assert_search_is_away(&pair).await;

    engine.start_again().await;
    for person in [&pair.ana, &pair.ben] {
        person.finds("samovar", all).await;
        person.finds("teapot", 1).await;
        person.finds("kettle", all - 2).await;
    }
    for node in &pair.nodes {
        until_it_is(node, "ok").await;
    }
    pair.stop();
}
