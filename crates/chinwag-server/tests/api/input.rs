//! Bad input: each gets a clear error, and changes nothing.

use serde_json::json;

use crate::server::TestServer;

struct Chat {
    server: TestServer,
    ana: String,
    chat: String,
}

impl Chat {
    async fn new() -> Self {
        let server = TestServer::start().await;
        let ana = server.user("ana").await;
        server.user("bo").await;
        let chat = server.direct(&ana, "bo").await;
        Self { server, ana, chat }
    }

    async fn seq(&self) -> u64 {
        let chat = self
            .server
            .get(&format!("/v1/chats/{}", self.chat), &self.ana)
            .await
            .expect(200);
        chat.json()["head"]["seq"].as_u64().unwrap()
    }

    async fn refused(&self, body: &[u8], status: u16, code: &str, pointer: &str) {
        let headers = format!("Authorization: Bearer {}\r\n", self.ana);
        let reply = self
            .server
            .send_with("POST", "/v1/messages", &headers, body)
            .await;
        let shown = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
        assert_eq!(reply.status, status, "{shown}: {reply:?}");
        assert_eq!(reply.code(), code, "{shown}");
        assert_eq!(reply.pointer(), pointer, "{shown}");
        assert!(!reply.json()["requestId"].as_str().unwrap().is_empty());
        assert_eq!(
            reply.headers["request-id"],
            reply.json()["requestId"].as_str().unwrap()
        );
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_in_utf_8_is_refused_and_changes_nothing() {
    let chat = Chat::new().await;
    let before = chat.seq().await;
    let start = format!(r#"{{"chatId":"{}","content":"#, chat.chat);
    let with = |rest: &[u8]| [start.as_bytes(), rest].concat();
    chat.refused(&with(b"\"\xff\"}"), 400, "badJson", "").await;
    chat.refused(&with(br#""\ud800"}"#), 400, "badJson", "")
        .await;
    chat.refused(&with(br#""x"#), 400, "badJson", "").await;
    chat.refused(&with(b"\"a\nb\"}"), 400, "badJson", "").await;
    chat.refused(&with(br#""x"}{}"#), 400, "badJson", "").await;
    chat.refused(b"", 400, "badJson", "").await;
    chat.refused("[".repeat(60_000).as_bytes(), 400, "badRequest", "/0")
        .await;
    let bomb = format!(
        r#""x","metadata":{}1{}}}"#,
        r#"{"a":"#.repeat(5_000),
        "}".repeat(5_000)
    );
    let headers = format!("Authorization: Bearer {}\r\n", chat.ana);
    let reply = chat
        .server
        .send_with("POST", "/v1/messages", &headers, &with(bomb.as_bytes()))
        .await;
    assert_eq!(reply.status, 400, "{reply:?}");
    assert_eq!(chat.seq().await, before);
}

#[tokio::test]
async fn a_field_that_does_not_fit_is_refused_where_it_stands_and_changes_nothing() {
    let chat = Chat::new().await;
    let before = chat.seq().await;
    let id = &chat.chat;
    let number = id.parse::<u64>().unwrap();
    for (body, pointer) in [
        (json!({"content": "x"}).to_string(), ""),
        (
            json!({"chatId": number, "content": "x"}).to_string(),
            "/chatId",
        ),
        (
            json!({"chatId": "x", "content": "x"}).to_string(),
            "/chatId",
        ),
        (
            json!({"chatId": format!("0{id}"), "content": "x"}).to_string(),
            "/chatId",
        ),
        (json!({"chatId": id, "content": 1}).to_string(), "/content"),
        (
            json!({"chatId": id, "content": null}).to_string(),
            "/content",
        ),
        (
            json!({"chatId": id, "content": "x", "colour": 1}).to_string(),
            "/colour",
        ),
        (
            json!({"chatId": id, "content": "x", "clientId": "a b"}).to_string(),
            "/clientId",
        ),
        (
            json!({"chatId": id, "content": "x", "clientId": "x".repeat(65)}).to_string(),
            "/clientId",
        ),
        (
            json!({"chatId": id, "content": "x", "mentions": ["bo", ""]}).to_string(),
            "/mentions/1",
        ),
        (
            json!({"chatId": id, "content": "x", "mentions": "bo"}).to_string(),
            "/mentions",
        ),
        (
            json!({"chatId": id, "content": "x", "replyTo": 9_007_199_254_740_993_u64}).to_string(),
            "/replyTo",
        ),
        (
            json!({"chatId": id, "content": "x", "metadata": []}).to_string(),
            "/metadata",
        ),
        (
            format!(r#"{{"chatId":"{id}","content":"x","content":"y"}}"#),
            "",
        ),
    ] {
        let headers = format!("Authorization: Bearer {}\r\n", chat.ana);
        let reply = chat
            .server
            .send_with("POST", "/v1/messages", &headers, body.as_bytes())
            .await;
        assert_eq!(reply.status, 400, "{body}: {reply:?}");
        assert_eq!(reply.code(), "badRequest", "{body}");
        // The parser knows no better place for what is missing, unknown or double than the whole.
        assert!(
            reply.pointer() == pointer || reply.pointer().is_empty(),
            "{body}: {reply:?}"
        );
    }
    assert_eq!(chat.seq().await, before);
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_it_is_read() {
    let chat = Chat::new().await;
    let before = chat.seq().await;
    let long =
        |bytes: usize| json!({"chatId": chat.chat, "content": "x".repeat(bytes)}).to_string();
    let message =
        |body: String| async { chat.server.post("/v1/messages", &chat.ana, &{ body }).await };
    message(long(16 * 1024)).await.expect(201);
    let over = message(long(16 * 1024 + 1)).await;
    assert!(matches!(over.status, 400 | 413 | 431), "{over:?}");
    assert_eq!(
        message(long(64 * 1024)).await.expect(413).code(),
        "tooLarge"
    );
    for declared in ["65537", "9223372036854775808", "18446744073709551615"] {
        let head = format!(
            "POST /v1/messages HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
             Content-Length: {declared}\r\n\r\n{{",
            chat.ana
        );
        let reply = chat.server.raw(head.as_bytes()).await;
        assert!(
            matches!(reply.status, 400 | 413 | 431),
            "{declared}: {reply:?}"
        );
    }
    // Without a declared length too.
    let chunk = format!("{:x}\r\n{}\r\n", 32 * 1024, "x".repeat(32 * 1024));
    let head = format!(
        "POST /v1/messages HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
        chat.ana
    );
    let reply = chat
        .server
        .raw((head + &chunk.repeat(3) + "0\r\n\r\n").as_bytes())
        .await;
    assert_eq!(reply.expect(413).code(), "tooLarge");
    assert_eq!(chat.seq().await, before + 1);
}

#[tokio::test]
async fn lists_of_members_may_be_longer_than_messages() {
    let chat = Chat::new().await;
    let body =
        json!({"type": "group", "name": "g", "members": vec!["x".repeat(100); 1_000]}).to_string();
    assert!(body.len() > 64 * 1024);
    let reply = chat.server.post("/v1/chats", &chat.ana, &body).await;
    assert_eq!(reply.expect(404).code(), "unknownUser");
    let body =
        json!({"type": "group", "name": "g", "members": vec!["x".repeat(128); 3_000]}).to_string();
    assert_eq!(
        chat.server
            .post("/v1/chats", &chat.ana, &body)
            .await
            .expect(413)
            .code(),
        "tooLarge"
    );
}

#[tokio::test]
async fn limits_and_cursors_out_of_bounds_are_refused() {
    let chat = Chat::new().await;
    let other = chat.server.user("cy").await;
    let foreign = chat.server.direct(&other, "bo").await;
    let foreign = chat.server.message(&other, &foreign, "x").await;
    let id = &chat.chat;
    for (query, code) in [
        ("limit=0".to_owned(), "badRequest"),
        ("limit=201".to_owned(), "badRequest"),
        ("limit=-1".to_owned(), "badRequest"),
        ("limit=1e2".to_owned(), "badRequest"),
        ("limit=99999999999999999999".to_owned(), "badRequest"),
        ("limit=1&limit=1".to_owned(), "badRequest"),
        ("colour=1".to_owned(), "badRequest"),
        (format!("before={foreign}"), "badCursor"),
        ("before=1".to_owned(), "badCursor"),
        ("before=x".to_owned(), "badCursor"),
        (format!("before={}&after={}", id, id), "badRequest"),
    ] {
        let path = format!("/v1/messages?chatId={id}&{query}");
        let reply = chat.server.get(&path, &chat.ana).await;
        assert_eq!(reply.status, 400, "{path}: {reply:?}");
        assert!(
            reply.code() == code || reply.code() == "badCursor",
            "{path}: {reply:?}"
        );
    }
    for path in ["/v1/chats?cursor=x", "/v1/chats?limit=0", "/v1/me?x=1"] {
        chat.server.get(path, &chat.ana).await.expect(400);
    }
}

#[tokio::test]
async fn a_chat_that_one_is_not_in_answers_like_one_that_does_not_exist() {
    let chat = Chat::new().await;
    let message = chat.server.message(&chat.ana, &chat.chat, "secret").await;
    let stranger = chat.server.user("eve").await;
    let absent = "999999999999999999";
    let requests = |id: &str, message: &str| {
        vec![
            ("GET", format!("/v1/chats/{id}"), String::new()),
            ("GET", format!("/v1/messages?chatId={id}"), String::new()),
            ("GET", format!("/v1/messages/{message}"), String::new()),
            (
                "GET",
                format!("/v1/messages/{message}/versions"),
                String::new(),
            ),
            ("GET", format!("/v1/chats/{id}/events"), String::new()),
            ("GET", format!("/v1/chats/{id}/members"), String::new()),
            ("GET", format!("/v1/chats/{id}/receipts"), String::new()),
            (
                "POST",
                "/v1/messages".into(),
                json!({"chatId": id, "content": "x"}).to_string(),
            ),
            (
                "PATCH",
                format!("/v1/messages/{message}"),
                r#"{"content":"x"}"#.into(),
            ),
            ("DELETE", format!("/v1/messages/{message}"), String::new()),
            (
                "PUT",
                format!("/v1/messages/{message}/reactions/x"),
                String::new(),
            ),
            (
                "PUT",
                format!("/v1/chats/{id}/read"),
                json!({"lastReadMessageId": message}).to_string(),
            ),
            (
                "PUT",
                format!("/v1/chats/{id}/delivered"),
                json!({"deliveredMessageId": message}).to_string(),
            ),
            ("PUT", format!("/v1/chats/{id}/preferences"), "{}".into()),
            ("PATCH", format!("/v1/chats/{id}"), r#"{"name":"x"}"#.into()),
            (
                "POST",
                format!("/v1/chats/{id}/members"),
                r#"{"userIds":["eve"]}"#.into(),
            ),
        ]
    };
    let real = requests(&chat.chat, &message);
    for ((method, path, body), (_, absent_path, absent_body)) in
        real.into_iter().zip(requests(absent, absent))
    {
        let one = chat
            .server
            .send(method, &path, &stranger, &body)
            .await
            .expect(404);
        let other = chat
            .server
            .send(method, &absent_path, &stranger, &absent_body)
            .await
            .expect(404);
        assert_eq!(one.code(), "notFound", "{method} {path}");
        assert_eq!(
            one.json()["detail"],
            other.json()["detail"],
            "{method} {path}"
        );
    }
}
