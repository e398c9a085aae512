//! Search through the front door: what is found, after what.

use std::path::PathBuf;

use chinwag_core::{
    model::Intervals,
    ports::{Order, QueueGroup, ReadRange, Scope, SearchRequest},
};
use chinwag_proto::{ChatId, Seq};
use chinwag_server::indexer::Report;
use reqwest::{Method, StatusCode};

use crate::{
    fixture::{Person, Running},
    reading::until,
};

async fn total(person: &Person, words: &str) -> u64 {
    person.http.search(words, None).await.unwrap().total
}

/// Sends an operator's command over the control socket.
async fn control(running: &Running, method: Method, path: &str) -> Report {
    let socket = running.server.control_path().to_owned();
    let client = reqwest::Client::builder()
        .unix_socket(socket)
        .build()
        .unwrap();
    let request = client.request(method, format!("http://localhost{path}"));
    request.send().await.unwrap().json().await.unwrap()
}

fn search_dir(running: &Running) -> PathBuf {
    running.directory.path().join("data/search")
}

fn current(running: &Running) -> String {
    std::fs::read_to_string(search_dir(running).join("current")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_is_found_in_the_same_index_after_a_restart() {
    let running = Running::start().await;
    let (ana, ben) = (running.person("ana").await, running.person("ben").await);
    assert_eq!(
        total(&ana, "zebra").await,
        0,
        "a new server can be searched"
    );
    let chat = ana.direct(&ben).await;
    let device = ana.device().await;
    device.client.send(chat, "a zebra").await.unwrap();
    until("it is found", async || total(&ben, "zebra").await == 1).await;
    let index = current(&running);
    let running = running.restart().await;
    let ben = running.person("ben").await;
    assert_eq!(total(&ben, "zebra").await, 1);
    assert_eq!(current(&running), index);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_index_is_built_anew_by_itself() {
    let running = Running::start().await;
    let (ana, ben) = (running.person("ana").await, running.person("ben").await);
    let chat = ana.direct(&ben).await;
    let device = ana.device().await;
    for n in 0..5 {
        device
            .client
            .send(chat, format!("zebra {n}"))
            .await
            .unwrap();
    }
    until("all are found", async || total(&ben, "zebra").await == 5).await;
    let index = current(&running);
    std::fs::write(search_dir(&running).join("current"), "?").unwrap();
    let running = running.restart().await;
    let ben = running.person("ben").await;
    // Until it is built a search is refused, and never finds only a part.
    until("they are found again", async || {
        let found = ben.http.search("zebra", None).await;
        found.is_ok_and(|found| {
            assert_eq!(found.total, 5);
            true
        })
    })
    .await;
    assert_ne!(current(&running), index);
}

#[tokio::test(flavor = "multi_thread")]
async fn search_goes_on_while_the_index_is_rebuilt() {
    let running = Running::start().await;
    let (ana, ben) = (running.person("ana").await, running.person("ben").await);
    let chat = ana.direct(&ben).await;
    let device = ana.device().await;
    for n in 0..40 {
        device
            .client
            .send(chat, format!("zebra {n}"))
            .await
            .unwrap();
    }
    until("all are found", async || total(&ben, "zebra").await == 40).await;
    let index = current(&running);
    let begun = control(&running, Method::POST, "/control/reindex").await;
    let again = control(&running, Method::POST, "/control/reindex").await;
    assert!(again.messages >= begun.messages, "one goes on at a time");
    let mut sent = 40;
    loop {
        assert!(total(&ben, "zebra").await >= 40);
        let report = control(&running, Method::GET, "/control/reindex").await;
        assert_eq!(report.failed, None);
        if !report.running {
            assert!(report.messages >= 40, "{report:?}");
            break;
        }
        device
            .client
            .send(chat, format!("zebra {sent}"))
            .await
            .unwrap();
        sent += 1;
    }
    until("all are found", async || total(&ben, "zebra").await == sent).await;
    assert_ne!(current(&running), index);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_chat_leaves_nothing_in_the_index_and_in_the_store() {
    let running = Running::start().await;
    let (ana, ben) = (running.person("ana").await, running.person("ben").await);
    let (gone, kept) = (ana.group(&[&ben]).await, ana.group(&[&ben]).await);
    let device = ana.device().await;
    for n in 0..30 {
        let sent = device
            .client
            .send(gone, format!("zebra {n}"))
            .await
            .unwrap();
        let path = format!("/v1/messages/{}", sent.id);
        let edit = serde_json::json!({"content": format!("zebra, edited {n}")});
        let edited = ask(&ana, Method::PATCH, &path).json(&edit).send().await;
        assert_eq!(edited.unwrap().status(), StatusCode::OK);
    }
    device
        .client
        .send(kept, "a zebra that stays")
        .await
        .unwrap();
    until("all are found", async || total(&ben, "zebra").await == 31).await;

    let path = format!("/v1/chats/{gone}");
    let deleted = ask(&ana, Method::DELETE, &path).send().await.unwrap();
    assert!(deleted.status().is_success(), "{deleted:?}");
    assert_eq!(
        total(&ben, "zebra").await,
        1,
        "at once, since nobody is in it"
    );
    let ports = running.server.node().ports().clone();
    until("only the event that deleted it is left", async || {
        let rows = ports.store.read(gone, everything()).await.unwrap();
        rows.len() == 1 && rows[0].ends_chat()
    })
    .await;
    until("its messages are out of the index", async || {
        let found = ports.search.search(all_of(gone)).await.unwrap();
        found.total == 0
    })
    .await;
    until("all is acknowledged", async || {
        let lag = ports.queue.lag(QueueGroup::Purger).await.unwrap();
        lag == 0 && ports.queue.lag(QueueGroup::Indexer).await.unwrap() == 0
    })
    .await;
    assert_eq!(ports.search.search(all_of(gone)).await.unwrap().total, 0);
    drop(ports);
    let running = running.restart().await;
    let ben = running.person("ben").await;
    assert_eq!(total(&ben, "zebra").await, 1);
    let history = format!("/v1/messages?chatId={gone}");
    let answer = ask(&ben, Method::GET, &history).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}

fn ask(person: &Person, method: Method, path: &str) -> reqwest::RequestBuilder {
    let url = format!("{}{path}", person.url);
    reqwest::Client::new()
        .request(method, url)
        .bearer_auth(&person.token)
}

fn everything() -> ReadRange {
    ReadRange {
        from: Seq(1),
        through: Seq(u64::MAX),
        limit: 1_000,
        order: Order::Rising,
        messages_only: false,
    }
}

fn all_of(chat: ChatId) -> SearchRequest {
    SearchRequest {
        query: "zebra".into(),
        scope: Scope(vec![(chat, Intervals::from(Seq(1)))]),
        sender: None,
        from: None,
        to: None,
        before: None,
        limit: 10,
    }
}
