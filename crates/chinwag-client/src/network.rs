//! What a client reaches servers by.

use std::io;

use ::http::{Request, Response, Uri};
use futures_util::future::BoxFuture;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

use crate::ClientError;

/// A stream of bytes to a server and back.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Reaches servers in another way than by TCP: through a proxy, or in a simulation without any network.
pub trait Network: Send + Sync + 'static {
    /// Opens a stream to a server, such as `chat.example.org:443`; TLS goes over it where the URL says so.
    fn connect(&self, server: &str) -> BoxFuture<'static, io::Result<Box<dyn Stream>>>;

    /// Asks over HTTP.
    fn ask(
        &self,
        request: Request<Vec<u8>>,
    ) -> BoxFuture<'static, Result<Response<Vec<u8>>, ClientError>>;
}

/// Opens the stream that a connection to a URL runs on: by a network of the caller's own, or by TCP.
pub async fn connect(uri: &Uri, network: Option<&dyn Network>) -> io::Result<Box<dyn Stream>> {
    let server = server_of(uri);
    if let Some(network) = network {
        return network.connect(&server).await;
    }
    let stream = TcpStream::connect(server).await?;
    // Small frames must not wait for more to send.
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}

/// Returns the host and port that a URL names.
fn server_of(uri: &Uri) -> String {
    let is_tls = matches!(uri.scheme_str(), Some("wss" | "https"));
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    format!("{}:{port}", uri.host().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_without_a_port_has_that_of_its_scheme() {
        let server = |url: &str| server_of(&url.parse().unwrap());
        assert_eq!(server("ws://chat.example.org/v1/ws"), "chat.example.org:80");
        assert_eq!(
            server("wss://chat.example.org/v1/ws"),
            "chat.example.org:443"
        );
        assert_eq!(server("ws://[::1]:8080/v1/ws"), "[::1]:8080");
    }
}
