//! One WebSocket connection: text frames in and out.

use std::time::Duration;

use chinwag_proto::frames::{ClientFrame, SUBPROTOCOL, ServerFrame};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, client_async_tls_with_config,
    tungstenite::{
        Message, client::IntoClientRequest as _, http::HeaderValue, protocol::WebSocketConfig,
    },
};

use crate::network::{self, Network, Stream};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);

/// What a connection reads at once, in bytes. It is set to zero before each read: the library's 128 KiB took a
/// seventh of a client's time in the simulation.
const READ_BYTES: usize = 8 * 1024;

/// A connection.
pub(crate) struct Link {
    stream: WebSocketStream<MaybeTlsStream<Box<dyn Stream>>>,
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    /// The close code, where the server gave one.
    pub(crate) code: Option<u16>,
    /// What is known, for a person.
    pub(crate) reason: String,
}

impl Ended {
    pub(crate) fn lost(reason: impl Into<String>) -> Self {
        Self {
            code: None,
            reason: reason.into(),
        }
    }
}

impl Link {
    /// Connects to the WebSocket of a server whose base URL is given (`http` or `https`).
    pub(crate) async fn connect(base: &str, network: Option<&dyn Network>) -> Result<Self, Ended> {
        let url = format!(
            "{}/v1/ws",
            base.trim_end_matches('/').replacen("http", "ws", 1)
        );
        let mut request = url
            .into_client_request()
            .map_err(|error| Ended::lost(error.to_string()))?;
        request.headers_mut().insert(
            "Sec-WebSocket-Protocol",
            HeaderValue::from_static(SUBPROTOCOL),
        );
        let connecting = async {
            let stream = network::connect(request.uri(), network).await;
            let stream = stream.map_err(|error| Ended::lost(error.to_string()))?;
            let config = WebSocketConfig::default().read_buffer_size(READ_BYTES);
            let upgraded = client_async_tls_with_config(request, stream, Some(config), None).await;
            upgraded.map_err(|error| Ended::lost(error.to_string()))
        };
        match tokio::time::timeout(CONNECT, connecting).await {
            Ok(connected) => connected.map(|(stream, _)| Self { stream }),
            Err(_) => Err(Ended::lost("connecting took too long")),
        }
    }

    pub(crate) async fn send(&mut self, frame: &ClientFrame) -> Result<(), Ended> {
        let text = serde_json::to_string(frame).map_err(|error| Ended::lost(error.to_string()))?;
        self.stream
            .send(Message::text(text))
            .await
            .map_err(|error| Ended::lost(error.to_string()))
    }

    /// Waits for the next frame; may be dropped and called again.
    pub(crate) async fn receive(&mut self) -> Result<Option<ServerFrame>, Ended> {
        match self.stream.next().await {
            None => Err(Ended::lost("the connection ended")),
            Some(Err(error)) => Err(Ended::lost(error.to_string())),
            Some(Ok(Message::Text(text))) => match ServerFrame::from_json(&text) {
                Ok(frame) => Ok(Some(frame)),
                Err(error) => {
                    tracing::debug!(%error, "a frame of an unknown kind is left out");
                    Ok(None)
                }
            },
            Some(Ok(Message::Close(Some(close)))) => Err(Ended {
                code: Some(close.code.into()),
                reason: close.reason.to_string(),
            }),
            Some(Ok(Message::Close(None))) => Err(Ended::lost("closed by the server")),
            Some(Ok(_)) => Ok(None),
        }
    }

    pub(crate) async fn close(mut self) {
        let _ = tokio::time::timeout(Duration::from_secs(1), self.stream.close(None)).await;
    }
}
