//! Field faults, row 24: ids that hold what addresses are made of.

use std::fmt::Write as _;

use serde_json::json;

use crate::server::TestServer;

const ODD: [&str; 10] = [
    "a/b",
    "a%2Fb",
    "a%2fb",
    "a?b",
    "a#b",
    "a+b",
    "a b",
    "100%",
    "👩‍👩‍👧",
    "a/../b",
];

fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        let _ = write!(encoded, "%{byte:02X}");
        encoded
    })
}

#[tokio::test]
async fn every_id_has_one_address_and_never_anothers() {
    let server = TestServer::start().await;
    let key = server.key().await;
    let boss = server.user("boss").await;
    let group = server
        .post("/v1/chats", &boss, r#"{"type":"group","name":"g"}"#)
        .await
        .expect(201)
        .json();
    let group = group["id"].as_str().unwrap().to_owned();
    for id in ODD {
        let path = format!("/v1/users/{}", encode(id));
        let made = server
            .send("PUT", &path, &key, &json!({"name": id}).to_string())
            .await
            .expect(201)
            .json();
        assert_eq!(made["id"], id);
        assert_eq!(
            server.get(&path, &boss).await.expect(200).json()["name"],
            id
        );
        let path = format!("/v1/chats/{group}/members/{}", encode(id));
        server
            .send("PUT", &path, &boss, r#"{"role":"member"}"#)
            .await
            .expect(200);
        let headers = format!(
            "Authorization: Bearer {key}\r\nChinwag-User: {}\r\n",
            encode(id)
        );
        let me = server
            .send_with("GET", "/v1/me", &headers, b"")
            .await
            .expect(200)
            .json();
        assert_eq!(me["id"], id);
    }
    let members = server
        .get(&format!("/v1/chats/{group}/members"), &boss)
        .await
        .expect(200)
        .json();
    assert_eq!(members["members"].as_array().unwrap().len(), ODD.len() + 1);
    for id in ODD {
        server
            .send(
                "DELETE",
                &format!("/v1/chats/{group}/members/{}", encode(id)),
                &boss,
                "",
            )
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn ids_that_every_client_takes_out_of_a_path_are_refused() {
    let server = TestServer::start().await;
    let key = server.key().await;
    let boss = server.user("boss").await;
    for dots in [".", ".."] {
        let path = format!("/v1/users/{}", encode(dots));
        let reply = server.send("PUT", &path, &key, "{}").await;
        assert!(matches!(reply.status, 400 | 404), "{reply:?}");
        let group = json!({"type": "group", "name": "g", "members": [dots]}).to_string();
        let reply = server.post("/v1/chats", &boss, &group).await.expect(400);
        assert!(
            reply.json()["detail"].as_str().unwrap().contains("not"),
            "{reply:?}"
        );
    }
}

#[tokio::test]
async fn a_plus_in_a_path_is_a_plus() {
    let server = TestServer::start().await;
    let ana = server.user("ana").await;
    server.user("a+b").await;
    server.get("/v1/users/a+b", &ana).await.expect(200);
    server.get("/v1/users/a%20b", &ana).await.expect(404);
}

#[tokio::test]
async fn an_address_that_names_nothing_is_404_and_one_that_is_malformed_400() {
    let server = TestServer::start().await;
    let ana = server.user("ana").await;
    for path in [
        "/v1",
        "/v2/chats",
        "/v1/chats/",
        "/v1/chats/x",
        "/v1/chats/01",
        "/v1/messages/-1",
        "/v1//me",
    ] {
        assert_eq!(
            server.get(path, &ana).await.expect(404).code(),
            "notFound",
            "{path}"
        );
    }
    assert_eq!(
        server.get("/v1/users/%ff", &ana).await.expect(400).code(),
        "badRequest"
    );
    server
        .get(&format!("/v1/users/{}", "x".repeat(129)), &ana)
        .await
        .expect(404);
}

#[tokio::test]
async fn another_method_is_405_and_says_which_are_allowed() {
    let server = TestServer::start().await;
    let ana = server.user("ana").await;
    let reply = server
        .send("PUT", "/v1/chats", &ana, "{}")
        .await
        .expect(405);
    assert_eq!(reply.code(), "notAllowed");
    assert_eq!(reply.headers["allow"], "POST, GET, HEAD, OPTIONS");
    let reply = server
        .send("OPTIONS", "/v1/chats", "", "")
        .await
        .expect(204);
    assert_eq!(reply.headers["allow"], "POST, GET, HEAD, OPTIONS");
    let head = server.send("HEAD", "/v1/me", &ana, "").await.expect(200);
    assert_eq!(head.text, "");
}
