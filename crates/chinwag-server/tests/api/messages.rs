//! Sending and reading through the API: what each route answers.

use serde_json::json;

use crate::server::TestServer;

#[tokio::test]
async fn a_repeated_send_answers_the_first_message() {
    let server = TestServer::start().await;
    let ana = server.user("ana").await;
    server.user("bo").await;
    let chat = server.direct(&ana, "bo").await;
    let body = json!({"chatId": chat, "content": "hello", "clientId": "c1"}).to_string();
    let first = server
        .post("/v1/messages", &ana, &body)
        .await
        .expect(201)
        .json();
    let again = server
        .post("/v1/messages", &ana, &body)
        .await
        .expect(200)
        .json();
    assert_eq!(first["id"], again["id"]);
    let other = json!({"chatId": chat, "content": "other", "clientId": "c1"}).to_string();
    assert_eq!(
        server
            .post("/v1/messages", &ana, &other)
            .await
            .expect(409)
            .code(),
        "idempotencyConflict"
    );
}

#[tokio::test]
async fn a_message_is_edited_reacted_to_and_deleted() {
    let server = TestServer::start().await;
    let (ana, bo) = (server.user("ana").await, server.user("bo").await);
    let chat = server.direct(&ana, "bo").await;
    let id = server.message(&ana, &chat, "hello").await;
    let path = format!("/v1/messages/{id}");
    let edited = server
        .send("PATCH", &path, &ana, r#"{"content":"goodbye"}"#)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&edited["content"], &edited["status"]),
        (&json!("goodbye"), &json!("edited"))
    );
    let versions = server
        .get(&format!("{path}/versions"), &bo)
        .await
        .expect(200)
        .json();
    assert_eq!(versions["versions"].as_array().unwrap().len(), 2);
    let reaction = format!("{path}/reactions/%F0%9F%91%8D");
    server.send("PUT", &reaction, &bo, "").await.expect(200);
    server.send("PUT", &reaction, &bo, "").await.expect(200);
    let shown = server.get(&path, &bo).await.expect(200).json();
    assert_eq!(
        shown["reactions"],
        json!([{"key": "👍", "count": 1, "mine": true}])
    );
    server.send("DELETE", &reaction, &bo, "").await.expect(200);
    server.send("DELETE", &path, &bo, "").await.expect(403);
    let deleted = server
        .send("DELETE", &path, &ana, "")
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&deleted["content"], &deleted["status"]),
        (&json!(""), &json!("deleted"))
    );
    let again = server
        .send("PATCH", &path, &ana, r#"{"content":"x"}"#)
        .await
        .expect(409);
    assert_eq!(again.code(), "messageDeleted");
}

#[tokio::test]
async fn a_direct_chat_is_the_same_for_both_and_is_never_deleted() {
    let server = TestServer::start().await;
    let (ana, bo) = (server.user("ana").await, server.user("bo").await);
    let chat = server.direct(&ana, "bo").await;
    assert_eq!(server.direct(&bo, "ana").await, chat);
    let path = format!("/v1/chats/{chat}");
    assert_eq!(
        server
            .send("DELETE", &path, &ana, "")
            .await
            .expect(405)
            .code(),
        "notAllowed"
    );
    let unknown = server
        .post("/v1/chats", &ana, r#"{"type":"direct","userId":"nobody"}"#)
        .await;
    assert_eq!(unknown.expect(404).code(), "unknownUser");
}

#[tokio::test]
async fn marks_move_forward_and_show_in_receipts_sync_and_the_list() {
    let server = TestServer::start().await;
    let (ana, bo) = (server.user("ana").await, server.user("bo").await);
    let chat = server.direct(&ana, "bo").await;
    let id = server.message(&ana, &chat, "hello").await;
    let unread = async || {
        server.get("/v1/chats", &bo).await.expect(200).json()["chats"][0]["unread"].clone()
    };
    assert_eq!(unread().await, 1);
    let read = json!({"lastReadMessageId": id}).to_string();
    server
        .send("PUT", &format!("/v1/chats/{chat}/read"), &bo, &read)
        .await
        .expect(204);
    assert_eq!(unread().await, 0);
    let receipts = server
        .get(&format!("/v1/chats/{chat}/receipts"), &ana)
        .await
        .expect(200)
        .json();
    assert!(receipts["receipts"].to_string().contains(&id), "{receipts}");
    let sync = server.post("/v1/sync", &bo, "{}").await.expect(200).json();
    assert_eq!(sync["chats"][0]["id"], chat.as_str());
    assert_eq!(sync["chats"][0]["marks"]["read"], id.as_str());
    let events = server
        .get(&format!("/v1/chats/{chat}/events?after=0"), &bo)
        .await
        .expect(200)
        .json();
    assert!(!events["events"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn devices_are_registered_listed_and_removed() {
    let server = TestServer::start().await;
    let ana = server.user("ana").await;
    let body = r#"{"kind":"fcm","token":"t1","deviceId":"phone","locale":"de-AT"}"#;
    server.post("/v1/devices", &ana, body).await.expect(201);
    let devices = server.get("/v1/devices", &ana).await.expect(200).json();
    assert_eq!(devices["devices"][0]["deviceId"], "phone");
    for wrong in [
        r#"{"kind":"fcm","deviceId":"phone"}"#,
        r#"{"kind":"webpush","token":"t","deviceId":"phone"}"#,
        r#"{"kind":"smoke","token":"t","deviceId":"phone"}"#,
        r#"{"kind":"fcm","token":"t","deviceId":"phone","locale":"de\nAT"}"#,
    ] {
        server.post("/v1/devices", &ana, wrong).await.expect(400);
    }
    server
        .send("DELETE", "/v1/devices/phone", &ana, "")
        .await
        .expect(204);
    server
        .send("DELETE", "/v1/devices/phone", &ana, "")
        .await
        .expect(404);
}

#[tokio::test]
async fn a_user_has_no_session_without_a_connection() {
    let server = TestServer::start().await;
    let ana = server.user("ana").await;
    assert_eq!(
        server.get("/v1/sessions", &ana).await.expect(200).json(),
        json!({"sessions": []})
    );
    server
        .send("DELETE", "/v1/sessions/7", &ana, "")
        .await
        .expect(404);
    server
        .send("DELETE", "/v1/sessions", &ana, "")
        .await
        .expect(204);
    let presence = server
        .get("/v1/presence?userIds=ana,b%252Cc", &ana)
        .await
        .expect(200)
        .json();
    assert!(presence["users"].is_array());
}
