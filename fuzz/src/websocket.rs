//! What comes over a WebSocket, below the frames of the protocol.

use std::{sync::Arc, time::Duration};

use chinwag_server::ws::{Closed, Incoming, Limits, Upgrade, evaluate};
use http::Request;

use crate::pieces::{arrives, runtime, split};

/// Plays an input that is what a client sends after the upgrade. It means the same in whatever pieces it comes, and no
/// message is larger than the limit.
pub fn websocket(input: &[u8]) {
    let Some((pieces, input)) = split(input) else {
        return;
    };
    let limits = Arc::new(Limits {
        message_bytes: 512,
        fragments: 8,
        close_timeout: Duration::from_millis(10),
        ..Limits::default()
    });
    runtime().block_on(async {
        let whole = received(input, 1 << 16, &limits).await;
        let cut = received(input, pieces, &limits).await;
        assert_eq!(whole, cut, "in pieces of {}", pieces);
        for message in &whole.0 {
            let bytes = match message {
                Incoming::Text(text) => text.len(),
                Incoming::Binary(bytes) => bytes.len(),
                Incoming::Ping | Incoming::Pong => 0,
            };
            assert!(bytes <= limits.message_bytes);
        }
    });
}

async fn received(input: &[u8], pieces: usize, limits: &Arc<Limits>) -> (Vec<Incoming>, Closed) {
    let request = Request::builder()
        .uri("/v1/ws")
        .header("upgrade", "websocket")
        .header("connection", "upgrade")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let request = request.body(()).unwrap();
    let agreed = evaluate(&request).unwrap();
    arrives(input, pieces, async |far| {
        let upgrade = Upgrade::answered(request, far, Vec::new());
        let accepted = upgrade.accept(&agreed, Arc::clone(limits)).await;
        let (connection, mut reader) = accepted.unwrap();
        let mut messages = Vec::new();
        loop {
            match reader.read_message(&connection).await {
                Ok(message) => messages.push(message),
                Err(closed) => {
                    reader.finish(&connection).await;
                    return (messages, closed);
                }
            }
        }
    })
    .await
}
