//! Field faults, row 22: which pages may use the API.

use crate::server::{Reply, TestServer};

async fn ask(server: &TestServer, origin: &str, extra: &str) -> Reply {
    server
        .send_with(
            "GET",
            "/healthz",
            &format!("Origin: {origin}\r\n{extra}"),
            b"",
        )
        .await
}

#[tokio::test]
async fn every_spelling_of_an_allowed_origin_passes_and_foreign_ones_are_403() {
    let server = TestServer::with(&[(
        "public.origins",
        "https://Chat.example/,http://localhost:3000",
    )])
    .await;
    for good in [
        "https://chat.example",
        "https://chat.example:443",
        "HTTPS://chat.EXAMPLE",
        "http://localhost:3000",
    ] {
        let reply = ask(
            &server,
            good,
            "Host: 10.0.0.1\r\nX-Forwarded-Host: other.example\r\n",
        )
        .await
        .expect(200);
        assert_eq!(reply.headers["access-control-allow-origin"], good);
        assert!(
            !reply
                .headers
                .contains_key("access-control-allow-credentials")
        );
        assert_eq!(reply.headers["vary"], "origin");
    }
    for foreign in [
        "null",
        "https://chat.example:8443",
        "http://chat.example",
        "https://chat.example.evil.example",
        "https://evilchat.example",
        "http://localhost:3001",
        "https://evil.example",
    ] {
        let reply = ask(&server, foreign, "Host: chat.example\r\n")
            .await
            .expect(403);
        assert_eq!(reply.code(), "forbiddenOrigin", "{foreign}");
        assert!(!reply.headers.contains_key("access-control-allow-origin"));
    }
    let reply = server.get("/healthz", "").await.expect(200);
    assert!(!reply.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn a_preflight_follows_the_same_list() {
    let server = TestServer::with(&[("public.origins", "https://chat.example")]).await;
    let preflight = async |origin: &str| {
        let headers = format!(
            "Origin: {origin}\r\nAccess-Control-Request-Method: PATCH\r\n\
             Access-Control-Request-Headers: authorization\r\n"
        );
        server
            .send_with("OPTIONS", "/v1/messages/1", &headers, b"")
            .await
    };
    let reply = preflight("https://chat.example").await.expect(204);
    assert_eq!(
        reply.headers["access-control-allow-origin"],
        "https://chat.example"
    );
    assert!(reply.headers["access-control-allow-methods"].contains("PATCH"));
    assert!(reply.headers["access-control-allow-headers"].contains("authorization"));
    preflight("https://evil.example").await.expect(403);
}

#[tokio::test]
async fn with_nothing_configured_a_page_may_use_the_server_that_it_came_from() {
    let server = TestServer::start().await;
    ask(
        &server,
        "http://chat.example:8080",
        "Host: chat.example:8080\r\n",
    )
    .await
    .expect(200);
    ask(&server, "https://chat.example", "Host: chat.example\r\n")
        .await
        .expect(200);
    ask(&server, "https://evil.example", "Host: chat.example\r\n")
        .await
        .expect(403);
}
