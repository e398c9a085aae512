//! Rows 21, 22, 24 and 25: what proxies make of a request, whose pages may connect, and names that look alike.

use chinwag_client::Http;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{heard_before, people, say, without_rates};
use crate::{
    fixture::{Running, Socket, user},
    rest::Rest,
};

/// Asks for the WebSocket with more headers; answers the first line of the answer.
async fn upgrade(running: &Running, headers: &str) -> String {
    let mut stream = TcpStream::connect(running.server.local_addr().unwrap())
        .await
        .unwrap();
    let request = format!(
        "GET /v1/ws HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n") {
        let read = stream.read_buf(&mut answer).await.unwrap();
        assert!(read > 0, "the connection ended");
        if answer.windows(2).any(|pair| pair == b"\r\n") {
            break;
        }
    }
    let text = String::from_utf8_lossy(&answer).into_owned();
    text.lines().next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_as_a_proxy_writes_it_is_an_upgrade() {
    let running = without_rates().await;
    for connection in [
        "Upgrade",
        "keep-alive, Upgrade",
        "upgrade",
        "Keep-Alive,upgrade",
    ] {
        let headers = format!("Host: localhost\r\nConnection: {connection}\r\n");
        assert!(
            upgrade(&running, &headers).await.contains(" 101 "),
            "{connection}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_foreign_origins_get_no_socket_and_every_spelling_of_an_allowed_one_does() {
    let allowed = "https://Chat.example/, http://localhost:3000";
    let running = Running::start_with(&[("public.origins", allowed)]).await;
    let with_origin = async |origin: &str| {
        let headers = format!(
            "Host: 10.0.0.1\r\nX-Forwarded-Host: chat.example\r\nConnection: Upgrade\r\nOrigin: {origin}\r\n"
        );
        upgrade(&running, &headers).await
    };
    for good in [
        "https://chat.example",
        "https://chat.example:443",
        "https://CHAT.example",
        "http://localhost:3000",
    ] {
        assert!(with_origin(good).await.contains(" 101 "), "{good}");
    }
    for foreign in [
        "null",
        "https://chat.example:8443",
        "http://chat.example",
        "https://chat.example.evil.example",
        "https://evilchat.example",
        "https://evil.example",
        "http://10.0.0.1",
    ] {
        assert!(with_origin(foreign).await.contains(" 403 "), "{foreign}");
    }
    // An app, which is no page: it needs a token like everybody.
    let none = upgrade(&running, "Host: 10.0.0.1\r\nConnection: Upgrade\r\n").await;
    assert!(none.contains(" 101 "), "{none}");
}

const ODD: [&str; 9] = [
    "a/b",
    "a%2Fb",
    "...",
    "a?b",
    "a#b",
    "a+b",
    "a b",
    "100%",
    "👩‍👩‍👧/x",
];

#[tokio::test(flavor = "multi_thread")]
async fn people_with_odd_ids_chat_like_all_others_and_never_as_one_another() {
    let running = without_rates().await;
    let [ana] = people(&running, ["ana"]).await;
    let mut chats = Vec::new();
    for id in ODD {
        let odd = running.person(id).await;
        let chat = ana.direct(&odd).await;
        assert!(!chats.contains(&chat), "{id}");
        chats.push(chat);
        let (mut anas, mut odds) = (ana.socket().await, odd.socket().await);
        say(&mut anas, chat, id).await;
        let heard = heard_before(&mut odds, id).await;
        assert!(
            heard.iter().all(|frame| frame["type"] != "message"),
            "{id}: {heard:?}"
        );
        let told = anas
            .ask(json!({"type": "watchPresence", "add": [id]}))
            .await;
        assert_eq!(told["users"][0]["userId"], id);
        // The client writes an id as one segment of a path.
        let found = ana.http.user(&user(id)).await.unwrap();
        assert_eq!(found.id, user(id));
        let group = ana.group(&[&odd]).await;
        ana.http.remove_member(group, &odd.id).await.unwrap();
        assert!(odd.http.chat(group).await.is_err());
    }
    let rest = Rest::new(&running.url(), &ana.token);
    for path in [
        "/chats/..%2Fme",
        "/chats/%2e%2e",
        "/messages/1%2F..%2F2",
        "/users/..%2f..%2fhealthz",
    ] {
        let reply = rest.get(path).await;
        assert!(matches!(reply.status, 400 | 404), "{path}: {reply:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_is_meant_by_every_spelling_of_its_name() {
    let running = without_rates().await;
    let token = running.register("Anna", "correct horse").await;
    let zoe = running.register("zo\u{eb}", "correct horse").await;
    let rest = Rest::new(&running.url(), &zoe);
    let mut chats: Vec<Value> = Vec::new();
    for spelling in ["anna", "ANNA", "Ａnna"] {
        let login = json!({"userId": spelling, "password": "correct horse"});
        let answer = rest.post("/auth/login", login).await;
        assert_eq!(answer.body["user"]["id"], "anna", "{spelling}");
        let chat = rest
            .post("/chats", json!({"type": "direct", "userId": spelling}))
            .await;
        chats.push(chat.body["id"].clone());
    }
    assert!(
        chats
            .iter()
            .all(|chat| chat.is_string() && *chat == chats[0]),
        "{chats:?}"
    );
    let mut annas = Socket::open(&running.url())
        .await
        .authenticated(&token)
        .await;
    let send = json!({"chatId": chats[0], "content": "hey @Anna", "mentions": ["anna"]});
    let sent = rest.post("/messages", send).await;
    assert_eq!(sent.status, 201, "{sent:?}");
    annas.hear_of("message").await;
    let http = Http::new(running.url()).with_token(&token);
    let chat = http.chats(None).await.unwrap().chats.remove(0);
    assert_eq!((chat.unread, chat.mentions), (1, 1));
    assert_eq!(zoe_by(&rest, "zoe\u{308}").await, "zo\u{eb}");
    let group = rest
        .post(
            "/chats",
            json!({"type": "group", "name": "g", "members": ["ANNA"]}),
        )
        .await;
    let members = format!("/chats/{}/members", group.body["id"].as_str().unwrap());
    let out = rest
        .call(reqwest::Method::DELETE, &format!("{members}/Anna"), None)
        .await
        .unwrap();
    assert_eq!(out.status, 200, "{out:?}");
    let back = rest.post(&members, json!({"userIds": ["aNNa"]})).await;
    assert_eq!(back.body["userIds"], json!(["anna"]), "{back:?}");
    assert_eq!(rest.get("/users/ANNA").await.body["id"], "anna");
    assert_eq!(
        rest.post("/chats", json!({"type": "direct", "userId": "nobody"}))
            .await
            .code(),
        Some("unknownUser")
    );
}

async fn zoe_by(rest: &Rest, spelling: &str) -> Value {
    let login = json!({"userId": spelling, "password": "correct horse"});
    rest.post("/auth/login", login).await.body["user"]["id"].clone()
}
