//! What comes over a WebSocket, below the frames of the protocol.

use std::{sync::Arc, time::Duration};

use chinwag_server::ws::{Closed, Incoming, Limits, Upgrade, evaluate};
use http::Request;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    runtime::{Builder, Runtime},
};

/// Makes a runtime for what needs no server.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

/// Plays an input that is what a client sends after the upgrade. It means the same in whatever pieces it comes, and no
/// message is larger than the limit.
pub fn websocket(input: &[u8]) {
    let Some((pieces, input)) = input.split_first() else {
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
        let cut = received(input, usize::from(*pieces) + 1, &limits).await;
        assert_eq!(whole, cut, "in pieces of {}", usize::from(*pieces) + 1);
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
    let (near, far) = tokio::io::duplex(pieces);
    let (mut reads, mut writes) = tokio::io::split(near);
    let send = async {
        let _ = writes.write_all(input).await;
        let _ = writes.shutdown().await;
    };
    let hear = async {
        let mut answer = Vec::new();
        let _ = reads.read_to_end(&mut answer).await;
    };
    let read = async {
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
    };
    tokio::join!(send, hear, read).2
}
