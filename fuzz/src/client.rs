//! A WebSocket client that says what it is told to.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

/// What asks whether a connection still works; no input guesses it.
const ASKED: u32 = 3_141_592_653;

/// A client.
pub(crate) struct Client(WebSocketStream<DuplexStream>);

impl Client {
    pub(crate) async fn open(stream: DuplexStream) -> Self {
        let opened = client_async("ws://chinwag/v1/ws", stream).await;
        Self(opened.unwrap().0)
    }

    pub(crate) async fn sign_in(&mut self, token: &str) {
        let auth = json!({"type": "auth", "id": 1, "token": token});
        self.say(auth.to_string()).await;
        let ready = self.next().await.unwrap();
        assert_eq!(ready["type"], "ready", "{ready}");
    }

    /// Says something; what can't be said any more is left out.
    pub(crate) async fn say(&mut self, text: String) {
        let _ = self.0.send(Message::text(text)).await;
    }

    /// Hears the next frame, each of which is an object with a type; none once the connection has ended, which the
    /// server never does for a failure of its own.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            match self.0.next().await? {
                Ok(Message::Text(text)) => {
                    let frame: Value = serde_json::from_str(text.as_str()).unwrap();
                    assert!(frame["type"].is_string(), "{frame}");
                    let code = &frame["error"]["code"];
                    assert_ne!(code, "internal", "{frame}");
                    return Some(frame);
                }
                Ok(Message::Close(why)) => {
                    let code = why.map_or(1_005, |why| u16::from(why.code));
                    assert_ne!(code, 1_011, "an internal error");
                    return None;
                }
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    /// Returns whether the server still answers here, once it has answered all before.
    pub(crate) async fn is_answered(&mut self) -> bool {
        self.say(json!({"type": "heartbeat", "id": ASKED}).to_string())
            .await;
        while let Some(frame) = self.next().await {
            if frame["id"] == ASKED {
                return true;
            }
        }
        false
    }
}
