//! Stand-alone accounts, and what ends a token.

use serde_json::{Value, json};

use crate::server::{Reply, TestServer};

async fn sign_in(server: &TestServer, path: &str, user: &str, password: &str) -> Reply {
    let body = json!({"userId": user, "password": password}).to_string();
    server.post(path, "", &body).await
}

async fn registered(server: &TestServer, user: &str) -> String {
    let answer = sign_in(server, "/v1/auth/register", user, "correct horse")
        .await
        .expect(201);
    token(&answer.json())
}

fn token(answer: &Value) -> String {
    answer["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_answer_alike() {
    let server = TestServer::start().await;
    registered(&server, "ana").await;
    let wrong = sign_in(&server, "/v1/auth/login", "ana", "wrong horse")
        .await
        .expect(401);
    let unknown = sign_in(&server, "/v1/auth/login", "nobody", "wrong horse")
        .await
        .expect(401);
    let malformed = sign_in(&server, "/v1/auth/login", "no body", "wrong horse")
        .await
        .expect(401);
    assert_eq!(wrong.code(), "badCredentials");
    assert_eq!(wrong.json()["detail"], unknown.json()["detail"]);
    assert_eq!(wrong.json()["detail"], malformed.json()["detail"]);
}

#[tokio::test]
async fn a_password_is_bounded_both_ways() {
    let server = TestServer::start().await;
    for password in ["1234567".to_owned(), "x".repeat(1_025)] {
        let reply = sign_in(&server, "/v1/auth/register", "ana", &password)
            .await
            .expect(400);
        assert_eq!(reply.pointer(), "/password");
    }
}

#[tokio::test]
async fn a_new_password_revokes_every_token_so_far() {
    let server = TestServer::start().await;
    let old = registered(&server, "ana").await;
    let other = token(
        &sign_in(&server, "/v1/auth/login", "ana", "correct horse")
            .await
            .expect(200)
            .json(),
    );
    let wrong = r#"{"password":"wrong horse","newPassword":"battery staple"}"#;
    server
        .post("/v1/auth/password", &old, wrong)
        .await
        .expect(401);
    server.get("/v1/me", &old).await.expect(200);
    let right = r#"{"password":"correct horse","newPassword":"battery staple"}"#;
    let fresh = token(
        &server
            .post("/v1/auth/password", &old, right)
            .await
            .expect(200)
            .json(),
    );
    server.get("/v1/me", &old).await.expect(401);
    server.get("/v1/me", &other).await.expect(401);
    server.get("/v1/me", &fresh).await.expect(200);
    sign_in(&server, "/v1/auth/login", "ana", "correct horse")
        .await
        .expect(401);
    sign_in(&server, "/v1/auth/login", "ana", "battery staple")
        .await
        .expect(200);
}

#[tokio::test]
async fn logging_out_ends_one_token_and_no_other() {
    let server = TestServer::start().await;
    let phone = registered(&server, "ana").await;
    let laptop = token(
        &server
            .post("/v1/auth/refresh", &phone, "")
            .await
            .expect(200)
            .json(),
    );
    server.post("/v1/auth/logout", &phone, "").await.expect(204);
    server.get("/v1/me", &phone).await.expect(401);
    server.get("/v1/me", &laptop).await.expect(200);
}

#[tokio::test]
async fn many_logouts_never_bring_a_token_back() {
    let server = TestServer::start().await;
    let first = registered(&server, "ana").await;
    let mut tokens = vec![first];
    for _ in 0..40 {
        let last = tokens.last().unwrap().clone();
        tokens.push(token(
            &server
                .post("/v1/auth/refresh", &last, "")
                .await
                .expect(200)
                .json(),
        ));
    }
    let kept = tokens.pop().unwrap();
    for ended in &tokens {
        let reply = server.post("/v1/auth/logout", ended, "").await;
        assert!(matches!(reply.status, 204 | 401), "{reply:?}");
    }
    for ended in &tokens {
        server.get("/v1/me", ended).await.expect(401);
    }
    server.get("/v1/me", &kept).await.expect(200);
}

#[tokio::test]
async fn what_an_api_key_does_to_an_account_holds_at_once() {
    let server = TestServer::start().await;
    let (ana, key) = (server.user("ana").await, server.key().await);
    server.get("/v1/me", &ana).await.expect(200);
    server
        .post("/v1/users/ana/disable", &key, "")
        .await
        .expect(200);
    assert_eq!(
        server.get("/v1/me", &ana).await.expect(403).code(),
        "disabled"
    );
    server
        .post("/v1/users/ana/enable", &key, "")
        .await
        .expect(200);
    server.get("/v1/me", &ana).await.expect(200);
    server
        .post("/v1/users/ana/revoke", &key, "")
        .await
        .expect(200);
    server.get("/v1/me", &ana).await.expect(401);
    for path in ["disable", "enable", "revoke"] {
        let path = format!("/v1/users/nobody/{path}");
        assert_eq!(
            server.post(&path, &key, "").await.expect(404).code(),
            "unknownUser"
        );
    }
}

#[tokio::test]
async fn only_an_api_key_administers() {
    let server = TestServer::start().await;
    let ana = server.user("ana").await;
    server.user("bo").await;
    for (method, path) in [
        ("PUT", "/v1/users/bo"),
        ("DELETE", "/v1/users/bo"),
        ("POST", "/v1/users/bo/disable"),
        ("POST", "/v1/users/ana/revoke"),
    ] {
        assert_eq!(
            server
                .send(method, path, &ana, "{}")
                .await
                .expect(403)
                .code(),
            "forbidden"
        );
    }
}

#[tokio::test]
async fn an_api_key_speaks_for_users_until_it_is_revoked() {
    let server = TestServer::start().await;
    let (ana, key) = (server.user("ana").await, server.key().await);
    server.user("bo").await;
    let chat = server.direct(&ana, "bo").await;
    let body = json!({"chatId": chat, "content": "hello", "senderId": "bo"}).to_string();
    let sent = server
        .post("/v1/messages", &key, &body)
        .await
        .expect(201)
        .json();
    assert_eq!(sent["senderId"], "bo");
    assert_eq!(
        server
            .post("/v1/messages", &ana, &body)
            .await
            .expect(403)
            .code(),
        "forbidden"
    );
    assert_eq!(
        server.get("/v1/chats", &key).await.expect(403).code(),
        "forbidden"
    );
    let headers = format!("Authorization: Bearer {key}\r\nChinwag-User: bo\r\n");
    let chats = server
        .send_with("GET", "/v1/chats", &headers, b"")
        .await
        .expect(200)
        .json();
    assert_eq!(chats["chats"][0]["id"], chat.as_str());
    let headers = format!("Authorization: Bearer {ana}\r\nChinwag-User: bo\r\n");
    server
        .send_with("GET", "/v1/chats", &headers, b"")
        .await
        .expect(401);
    let keys = server
        .control("GET", "/control/keys", "", "")
        .await
        .expect(200)
        .json();
    let id = keys["keys"][0]["id"].as_str().unwrap();
    assert!(!keys.to_string().contains(&key));
    server
        .control("DELETE", &format!("/control/keys/{id}"), "", "")
        .await
        .expect(204);
    server.post("/v1/messages", &key, &body).await.expect(401);
}

#[tokio::test]
async fn a_removed_user_is_in_no_group_and_does_not_come_back_by_an_old_token() {
    let server = TestServer::start().await;
    let (ana, bo, key) = (
        server.user("ana").await,
        server.user("bo").await,
        server.key().await,
    );
    let group = r#"{"type":"group","name":"g","members":["bo"]}"#;
    let group = server
        .post("/v1/chats", &ana, group)
        .await
        .expect(201)
        .json();
    let members = format!("/v1/chats/{}/members", group["id"].as_str().unwrap());
    server
        .send("DELETE", "/v1/users/bo", &key, "")
        .await
        .expect(204);
    let left = server.get(&members, &ana).await.expect(200).json();
    assert_eq!(left["members"].as_array().unwrap().len(), 1, "{left}");
    server.get("/v1/me", &bo).await.expect(401);
    server.get("/v1/users/bo", &ana).await.expect(404);
}

#[tokio::test]
async fn ten_registrations_or_logins_a_minute_and_address() {
    let server = TestServer::with(&[("limits.rates", "on"), ("public.proxies", "127.0.0.1")]).await;
    for _ in 0..10 {
        let reply = server
            .post(
                "/v1/auth/login",
                "",
                r#"{"userId":"nobody","password":"x"}"#,
            )
            .await
            .expect(401);
        assert!(
            reply.headers["ratelimit"].starts_with("\"rate\";r="),
            "{reply:?}"
        );
    }
    let reply = server
        .post(
            "/v1/auth/login",
            "",
            r#"{"userId":"nobody","password":"x"}"#,
        )
        .await
        .expect(429);
    assert_eq!(reply.code(), "rateLimited");
    assert!(reply.headers["retry-after"].parse::<u64>().unwrap() >= 1);
    assert_eq!(reply.json()["retryable"], true);
    let body = br#"{"userId":"nobody","password":"x"}"#;
    let other = "X-Forwarded-For: 10.9.9.9, 192.0.2.7\r\n";
    server
        .send_with("POST", "/v1/auth/login", other, body)
        .await
        .expect(401);
}

#[tokio::test]
async fn a_user_sends_300_at_once_and_is_told_what_is_left() {
    let server = TestServer::with(&[
        ("limits.rates", "on"),
        ("limits.sends_burst", "5"),
        ("limits.sends_per_second", "1"),
    ])
    .await;
    let ana = server.user("ana").await;
    server.user("bo").await;
    let chat = server.direct(&ana, "bo").await;
    let body = json!({"chatId": chat, "content": "x"}).to_string();
    let mut refused = 0;
    for _ in 0..10 {
        let reply = server.post("/v1/messages", &ana, &body).await;
        assert!(reply.headers.contains_key("ratelimit"), "{reply:?}");
        refused += usize::from(reply.status == 429);
    }
    assert!((3..=5).contains(&refused), "{refused}");
}
