//! From a new connection to a WebSocket, to plain HTTP, or to a refusal.

use std::time::Duration;

use chinwag_server::ws::{Accepted, HeadError, HeadRules, Upgrade, evaluate, read_head};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{REQUEST, RULES, sockets};

async fn head_of(bytes: &[u8]) -> (TcpStream, Result<Accepted<TcpStream>, HeadError>) {
    let (mut client, server) = sockets().await;
    client.write_all(bytes).await.unwrap();
    (client, read_head(server, &RULES).await)
}

async fn upgrade_of(request: &str) -> (TcpStream, Upgrade<TcpStream>) {
    match head_of(request.as_bytes()).await {
        (client, Ok(Accepted::Upgrade(upgrade))) => (client, upgrade),
        _ => panic!("the request is on the WebSocket path"),
    }
}

#[tokio::test]
async fn a_request_in_single_bytes_is_read_like_a_whole_one() {
    let (mut client, server) = sockets().await;
    client.set_nodelay(true).unwrap();
    let request = REQUEST.replace("/v1/ws", "/v1/ws?trace=1");
    let sending = async {
        for byte in request.bytes() {
            client.write_all(&[byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    let (accepted, ()) = tokio::join!(read_head(server, &RULES), sending);
    let Ok(Accepted::Upgrade(upgrade)) = accepted else {
        panic!("the request is on the WebSocket path");
    };
    assert_eq!(upgrade.request.uri().query(), Some("trace=1"));
    assert_eq!(upgrade.request.headers()["host"], "chat.example");
    assert!(evaluate(&upgrade.request).is_ok());
}

#[tokio::test]
async fn any_other_request_is_handed_on_byte_for_byte() {
    let requests = [
        "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /v1/ws HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
        "GET /v1/wsx HTTP/1.1\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "this is no HTTP at all\r\n\r\n",
        // Only the first line is there yet; the rest is the HTTP server's to wait for.
        "GET /v1/messages HTTP/1.1\r\n",
    ];
    for request in requests {
        let (client, accepted) = head_of(request.as_bytes()).await;
        let Ok(Accepted::Plain(mut stream)) = accepted else {
            panic!("{request:?} is no WebSocket");
        };
        drop(client);
        let mut read = String::new();
        stream.read_to_string(&mut read).await.unwrap();
        assert_eq!(read, request);
    }
}

#[tokio::test]
async fn a_refused_upgrade_is_answered_and_closed() {
    let cases = [
        (
            REQUEST.replace("Version: 13", "Version: 8"),
            "426 Upgrade Required",
        ),
        (
            REQUEST.replace("Upgrade: websocket\r\n", ""),
            "426 Upgrade Required",
        ),
        (
            REQUEST.replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: graphql-ws\r\n\r\n"),
            "400 Bad Request",
        ),
    ];
    for (request, status) in cases {
        let (mut client, upgrade) = upgrade_of(&request).await;
        let refusal = evaluate(&upgrade.request).unwrap_err();
        let reading = async move {
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.unwrap();
            // Whoever refuses waits for the client to go.
            drop(client);
            answer
        };
        let (answer, refused) = tokio::join!(reading, upgrade.refuse(&refusal));
        refused.unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}\r\n")),
            "{answer}"
        );
        assert!(answer.contains("application/problem+json"));
        assert!(answer.ends_with('}'));
    }
}

#[tokio::test]
async fn a_head_above_the_limit_is_refused_with_431() {
    let long = REQUEST.replace("Host: ", &format!("X-Long: {}\r\nHost: ", "x".repeat(9000)));
    let many = REQUEST.replace("Host: ", &format!("{}Host: ", "X-Many: 1\r\n".repeat(100)));
    for request in [long, many] {
        let (mut client, server) = sockets().await;
        client.write_all(request.as_bytes()).await.unwrap();
        let reading = async move {
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.unwrap();
            // Whoever refuses waits for the client to go.
            drop(client);
            answer
        };
        let (accepted, answer) = tokio::join!(read_head(server, &RULES), reading);
        assert!(matches!(accepted, Err(HeadError::Closed)));
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
}

#[tokio::test]
async fn a_head_that_does_not_come_in_time_is_given_up() {
    let rules = HeadRules {
        deadline: Duration::from_millis(20),
        ..RULES
    };
    let (mut client, server) = sockets().await;
    client
        .write_all(b"GET /v1/ws HTTP/1.1\r\nHost:")
        .await
        .unwrap();
    let accepted = read_head(server, &rules).await;
    assert!(matches!(accepted, Err(HeadError::TimedOut)));
    assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_client_that_leaves_within_the_head_is_no_connection() {
    let (mut client, server) = sockets().await;
    client.write_all(b"GET /v1/ws HT").await.unwrap();
    drop(client);
    let accepted = read_head(server, &RULES).await;
    assert!(matches!(accepted, Err(HeadError::Closed)));
}
