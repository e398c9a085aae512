//! The control socket: commands, and the API as any user.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::server::TestServer;

#[tokio::test]
async fn the_socket_and_what_is_secret_are_for_the_owner_alone() {
    let server = TestServer::start().await;
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(server.server.control_path()), 0o600);
    let data = server.directory.path().join("data");
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("signing.key")), 0o600);
}

#[tokio::test]
async fn commands_make_users_with_passwords_and_tokens() {
    let server = TestServer::start().await;
    let body = json!({"userId": "ana", "name": "Ana", "password": "correct horse"}).to_string();
    server
        .control("POST", "/control/users", "", &body)
        .await
        .expect(201);
    assert_eq!(
        server
            .control("POST", "/control/users", "", &body)
            .await
            .expect(409)
            .code(),
        "nameTaken"
    );
    let login = r#"{"userId":"ana","password":"correct horse"}"#;
    server.post("/v1/auth/login", "", login).await.expect(200);
    let token = server
        .control("POST", "/control/users/ana/token", "", "{}")
        .await
        .expect(200)
        .json();
    let token = token["token"].as_str().unwrap();
    server.get("/v1/me", token).await.expect(200);
    let password = r#"{"password":"battery staple"}"#;
    server
        .control("PUT", "/control/users/ana/password", "", password)
        .await
        .expect(204);
    server.get("/v1/me", token).await.expect(401);
    server.post("/v1/auth/login", "", login).await.expect(401);
    let users = server
        .control("GET", "/control/users", "", "")
        .await
        .expect(200)
        .json();
    assert_eq!(users["users"], json!([{"id": "ana", "name": "Ana"}]));
    assert!(!users.to_string().contains("argon2"));
}

#[tokio::test]
async fn whoever_may_open_the_directory_asks_as_any_user() {
    let server = TestServer::start().await;
    let ana = server.user("ana").await;
    server.user("bo").await;
    let chat = server.direct(&ana, "bo").await;
    let chats = server
        .control("GET", "/v1/chats", "Chinwag-User: bo\r\n", "")
        .await
        .expect(200)
        .json();
    assert_eq!(chats["chats"][0]["id"], chat.as_str());
}

#[tokio::test]
async fn commands_are_not_served_to_clients() {
    let server = TestServer::start().await;
    let key = server.key().await;
    for path in ["/control/users", "/control/keys"] {
        server.get(path, &key).await.expect(404);
    }
    server
        .post("/control/users/ana/token", &key, "{}")
        .await
        .expect(404);
}
