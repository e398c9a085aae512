//! Field faults, row 23: a time is RFC 3339 with a zone, and nothing else is guessed.

use serde_json::json;

use crate::server::TestServer;

const WRONG: [&str; 9] = [
    "1769860800",
    "1769860800000",
    "1769860800000000",
    "-1",
    "1000000000000000000",
    "yesterday",
    "2026-01-31",
    "2026-01-31T12:00:00",
    "99999-01-01T00:00:00Z",
];

#[tokio::test]
async fn a_time_in_another_shape_is_refused_everywhere() {
    let server = TestServer::start().await;
    let ana = server.user("ana").await;
    server.user("bo").await;
    let chat = server.direct(&ana, "bo").await;
    server.message(&ana, &chat, "hello").await;
    for wrong in WRONG {
        for (path, code) in [
            (
                format!("/v1/messages?chatId={chat}&before={wrong}"),
                "badCursor",
            ),
            (
                format!("/v1/messages?chatId={chat}&after={wrong}"),
                "badCursor",
            ),
            (
                format!("/v1/messages?chatId={chat}&around={wrong}"),
                "badCursor",
            ),
            (format!("/v1/chats?since={wrong}"), "badRequest"),
            (format!("/v1/search?q=hello&from={wrong}"), "badRequest"),
            (format!("/v1/search?q=hello&to={wrong}"), "badRequest"),
        ] {
            let reply = server.get(&path, &ana).await;
            assert!(reply.status == 400, "{path}: {reply:?}");
            assert_eq!(reply.code(), code, "{path}");
        }
        let muted = json!({"mutedUntil": wrong}).to_string();
        let path = format!("/v1/chats/{chat}/preferences");
        assert_eq!(
            server
                .send("PUT", &path, &ana, &muted)
                .await
                .expect(400)
                .pointer(),
            "/mutedUntil"
        );
        let message = json!({"chatId": chat, "content": "x", "timestamp": wrong}).to_string();
        assert_eq!(
            server
                .post("/v1/messages", &ana, &message)
                .await
                .expect(400)
                .pointer(),
            "/timestamp"
        );
    }
    let number = format!(r#"{{"chatId":"{chat}","content":"x","timestamp":1769860800}}"#);
    assert_eq!(
        server
            .post("/v1/messages", &ana, &number)
            .await
            .expect(400)
            .pointer(),
        "/timestamp"
    );
}

#[tokio::test]
async fn a_time_with_any_zone_finds_exactly_what_lies_on_its_side() {
    let server = TestServer::start().await;
    let ana = server.user("ana").await;
    server.user("bo").await;
    let chat = server.direct(&ana, "bo").await;
    server.message(&ana, &chat, "hello").await;
    for (past, future) in [
        ("2001-01-01T00:00:00Z", "2060-01-01T00:00:00Z"),
        (
            "2001-01-01T00:00:00.000%2B14:00",
            "2060-01-01T00:00:00-12:00",
        ),
    ] {
        let count = async |side: &str, time: &str| {
            let path = format!("/v1/messages?chatId={chat}&{side}={time}");
            server.get(&path, &ana).await.expect(200).json()["messages"]
                .as_array()
                .unwrap()
                .len()
        };
        assert_eq!(count("before", past).await, 0);
        assert_eq!(count("after", past).await, 1);
        assert_eq!(count("before", future).await, 1);
        assert_eq!(count("after", future).await, 0);
    }
}
