//! Starting, stopping, health, metrics, the documents.

use crate::server::TestServer;

#[tokio::test]
async fn what_was_answered_is_there_after_a_restart() {
    let server = TestServer::start().await;
    let ana = server.user("ana").await;
    server.user("bo").await;
    let chat = server.direct(&ana, "bo").await;
    let id = server.message(&ana, &chat, "hello").await;
    let TestServer { server, directory } = server;
    server.shutdown().await;
    let server = TestServer::on(&directory, &[]).await;
    let server = TestServer { server, directory };
    let message = server
        .get(&format!("/v1/messages/{id}"), &ana)
        .await
        .expect(200)
        .json();
    assert_eq!(message["content"], "hello");
}

#[tokio::test]
async fn two_servers_never_share_a_directory() {
    let first = TestServer::start().await;
    let data = first.directory.path().join("data");
    let config = chinwag_server::config::Config::of(&[
        ("listen", "127.0.0.1:0"),
        ("data_dir", data.to_str().unwrap()),
    ]);
    assert!(
        chinwag_server::Server::start(config.unwrap())
            .await
            .is_err()
    );
    first.control("GET", "/healthz", "", "").await.expect(200);
}

#[tokio::test]
async fn health_and_readiness_name_the_parts() {
    let server = TestServer::start().await;
    assert_eq!(
        server.get("/healthz", "").await.expect(200).json()["status"],
        "ok"
    );
    let ready = server.get("/readyz", "").await.expect(200).json();
    assert_eq!(ready["status"], "ok");
    let names: Vec<_> = ready["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["name"].clone())
        .collect();
    assert_eq!(names, ["store", "directory", "search", "presence", "disk"]);
}

#[tokio::test]
async fn the_documents_are_served() {
    let server = TestServer::start().await;
    assert_eq!(
        server.get("/openapi.json", "").await.expect(200).json()["openapi"],
        "3.1.0"
    );
    assert_eq!(
        server.get("/asyncapi.json", "").await.expect(200).json()["asyncapi"],
        "3.0.0"
    );
}

#[tokio::test]
async fn metrics_are_served_on_their_own_address_only() {
    let server = TestServer::with(&[("metrics.listen", "127.0.0.1:0")]).await;
    let ana = server.user("ana").await;
    server.user("bo").await;
    let chat = server.direct(&ana, "bo").await;
    server.message(&ana, &chat, "hello").await;
    server.get("/metrics", "").await.expect(404);
    let address = server.server.metrics_addr().unwrap();
    let text = reqwest::get(format!("http://{address}/metrics"))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    for wanted in [
        "chinwag_messages_sent_total 1\n",
        "chinwag_http_requests_total{method=\"POST\",route=\"/v1/messages\",status=\"201\"} 1\n",
        "chinwag_append_duration_seconds_count",
        "chinwag_queue_lag{group=\"indexer\"}",
        "chinwag_store_commit_duration_seconds",
        "chinwag_connections 0\n",
        "chinwag_deliveries_total 0\n",
        "chinwag_dropped_frames_total 0\n",
    ] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
    assert!(!text.contains("hello") && !text.contains("ana"));
    // What watches a node needs no other address.
    for (path, wanted) in [("healthz", 200), ("readyz", 200), ("v1/me", 404)] {
        let answer = reqwest::get(format!("http://{address}/{path}")).await;
        assert_eq!(answer.unwrap().status(), wanted, "{path}");
    }
}

#[tokio::test]
async fn leaving_ends_idle_connections_at_once() {
    let server = TestServer::start().await;
    let idle = tokio::net::TcpStream::connect(server.address())
        .await
        .unwrap();
    server.get("/healthz", "").await.expect(200);
    let stopping =
        tokio::time::timeout(std::time::Duration::from_secs(8), server.server.shutdown());
    stopping
        .await
        .expect("a connection that says nothing keeps the server");
    drop(idle);
}
