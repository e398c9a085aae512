//! A bare socket: it says what a test lets it say, and answers pings.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message as Frame, client::IntoClientRequest as _},
};

use crate::place::{PATIENCE, Person};

/// A session.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>,
    asked: u64,
}

/// What came until something did.
pub(crate) struct Heard {
    /// What was waited for.
    pub(crate) frame: Value,
    /// All before it.
    pub(crate) before: Vec<Value>,
    /// How often the server asked by a ping whether it is there.
    pub(crate) pings: usize,
}

impl Socket {
    /// Connects at an address, as a browser does that keeps its connections, and says who is asking.
    pub(crate) async fn open(url: &str, person: &Person) -> Self {
        let url = format!("{}/v1/ws", url.replacen("http", "ws", 1));
        let mut request = url.into_client_request().unwrap();
        let connection = "keep-alive, Upgrade".parse().unwrap();
        request.headers_mut().insert("connection", connection);
        let (stream, _) = connect_async(request).await.unwrap();
        let mut socket = Self { stream, asked: 0 };
        let auth = json!({"type": "auth", "token": person.token()});
        assert_eq!(socket.ask(auth).await["type"], "ready");
        socket
    }

    /// Says something.
    pub(crate) async fn say(&mut self, frame: Value) {
        let text = Frame::text(frame.to_string());
        self.stream.send(text).await.unwrap();
    }

    /// Asks for something, again where it is told to; returns the answer.
    pub(crate) async fn ask(&mut self, mut frame: Value) -> Value {
        let asking = async {
            loop {
                self.asked += 1;
                let id = self.asked;
                frame["id"] = json!(id);
                self.say(frame.clone()).await;
                let answer = self.hear(|frame| frame["id"] == id).await.frame;
                if answer["error"]["retryable"] != true {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let answered = tokio::time::timeout(PATIENCE, asking).await;
        answered.expect("the answer came in time")
    }

    /// Waits for a frame, in vain for as long as [`PATIENCE`].
    pub(crate) async fn until(&mut self, is_it: impl Fn(&Value) -> bool) -> Heard {
        let heard = tokio::time::timeout(PATIENCE, self.hear(is_it)).await;
        heard.expect("the frame came in time")
    }

    /// Waits for a frame.
    pub(crate) async fn hear(&mut self, is_it: impl Fn(&Value) -> bool) -> Heard {
        let (mut before, mut pings) = (Vec::new(), 0);
        loop {
            match self.stream.next().await {
                Some(Ok(Frame::Text(text))) => {
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    if is_it(&frame) {
                        return Heard {
                            frame,
                            before,
                            pings,
                        };
                    }
                    before.push(frame);
                }
                Some(Ok(Frame::Ping(_))) => {
                    pings += 1;
                    self.stream.flush().await.unwrap();
                }
                ended => panic!("the socket ended: {ended:?}"),
            }
        }
    }
}
