//! The head of a new connection's first request: a WebSocket, or plain HTTP.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chinwag_proto::ErrorCode;
use http::{HeaderName, HeaderValue, Method, Request, Uri, Version};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use super::connection::Connection;
use super::handshake::{Agreed, Refusal};
use super::limits::Limits;
use super::prefixed::Prefixed;
use super::reader::Reader;
use super::transport::Transport;

/// How many header lines a request for an upgrade may have; browsers send about fifteen.
const MAX_HEADERS: usize = 64;

/// How much is read at once; most heads take one read.
const READ_BYTES: usize = 1024;

/// How long the rest of a refused client's bytes is read, so that it sees the refusal.
const REFUSE_TIMEOUT: Duration = Duration::from_secs(1);

/// What a head may look like.
#[derive(Debug, Clone)]
pub struct HeadRules {
    /// The path that speaks WebSocket.
    pub path: &'static str,
    /// The longest head, in bytes.
    pub max_bytes: usize,
    /// How long a client may take to send it; by chance up to half of it longer.
    pub deadline: Duration,
}

/// What a new connection wants.
pub enum Accepted<S> {
    /// A GET on the WebSocket path: evaluate its request, then accept or refuse it.
    Upgrade(Upgrade<S>),
    /// Anything else, good or bad, as it came: for the HTTP server.
    Plain(Prefixed<S>),
}

/// A connection that ended before it said what it wants.
#[derive(Debug, Error)]
pub enum HeadError {
    /// The head didn't come in time.
    #[error("the head of the request didn't come in time")]
    TimedOut,
    /// The client went away.
    #[error("the connection ended within the head of the request")]
    Closed,
    /// The stream failed.
    #[error("reading the head of the request")]
    Io(#[from] io::Error),
}

/// A request on the WebSocket path, not answered yet.
pub struct Upgrade<S> {
    /// The request's head.
    pub request: Box<Request<()>>,
    stream: S,
    leftover: Vec<u8>,
    /// Whether an HTTP server in front has answered with 101.
    answered: bool,
}

/// Reads the first request's head and tells what the connection wants.
///
/// A request for another path is handed on as soon as its first line shows it. The future
/// is boxed, since a connection's task lives on long after it.
pub fn read_head<'a, S>(
    stream: S,
    rules: &'a HeadRules,
) -> Pin<Box<dyn Future<Output = Result<Accepted<S>, HeadError>> + Send + 'a>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'a,
{
    Box::pin(async move {
        timeout(spread(rules.deadline), read_until_known(stream, rules))
            .await
            .unwrap_or(Err(HeadError::TimedOut))
    })
}

/// A time from `least` to half of it longer: those who began at one moment aren't given up at one, to come back at one.
pub(crate) fn spread(least: Duration) -> Duration {
    rand::random_range(least..=least * 3 / 2)
}

async fn read_until_known<S>(mut stream: S, rules: &HeadRules) -> Result<Accepted<S>, HeadError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut bytes = Vec::with_capacity(READ_BYTES);
    loop {
        let before = bytes.len();
        bytes.reserve(READ_BYTES);
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(HeadError::Closed);
        }
        if !bytes[before..].contains(&b'\n') && bytes.len() < rules.max_bytes {
            continue;
        }
        match look_at(&bytes, rules) {
            Look::Unknown => {}
            Look::Plain => return Ok(Accepted::Plain(Prefixed::new(bytes, stream))),
            Look::Upgrade(request, head_bytes) => {
                let leftover = bytes[head_bytes..].to_vec();
                return Ok(Accepted::Upgrade(Upgrade {
                    request,
                    stream,
                    leftover,
                    answered: false,
                }));
            }
            Look::Refused(refusal) => {
                refuse(&mut stream, &refusal).await?;
                return Err(HeadError::Closed);
            }
        }
    }
}

/// What the bytes so far tell.
enum Look {
    Unknown,
    Plain,
    Upgrade(Box<Request<()>>, usize),
    Refused(Refusal),
}

fn look_at(bytes: &[u8], rules: &HeadRules) -> Look {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let outcome = head.parse(bytes);
    let ours = match (head.method, head.path) {
        (Some(method), Some(target)) => Some(method == "GET" && path(target) == rules.path),
        _ => None,
    };
    match (outcome, ours) {
        (_, Some(false)) => Look::Plain,
        (Ok(httparse::Status::Complete(length)), _) if length <= rules.max_bytes => {
            to_request(&head).map_or_else(Look::Refused, |request| Look::Upgrade(request, length))
        }
        (Ok(httparse::Status::Partial), _) if bytes.len() < rules.max_bytes => Look::Unknown,
        (Ok(_) | Err(httparse::Error::TooManyHeaders), Some(true)) => Look::Refused(Refusal::new(
            ErrorCode::HeadTooLarge,
            "the head of the request is too large",
        )),
        _ => Look::Plain,
    }
}

fn path(target: &str) -> &str {
    target.split_once('?').map_or(target, |(path, _)| path)
}

fn to_request(head: &httparse::Request<'_, '_>) -> Result<Box<Request<()>>, Refusal> {
    let malformed = Refusal::new(ErrorCode::BadHandshake, "the request is malformed");
    let uri: Uri = head.path.unwrap_or("/").parse().map_err(|_| malformed)?;
    let mut request = Box::new(Request::new(()));
    *request.method_mut() = Method::GET;
    *request.uri_mut() = uri;
    *request.version_mut() = match head.version {
        Some(0) => Version::HTTP_10,
        _ => Version::HTTP_11,
    };
    for header in head.headers.iter() {
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|_| malformed)?;
        let value = HeaderValue::from_bytes(header.value).map_err(|_| malformed)?;
        request.headers_mut().append(name, value);
    }
    Ok(request)
}

async fn refuse<S>(stream: &mut S, refusal: &Refusal) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let answer = async {
        stream.write_all(&refusal.response()).await?;
        stream.shutdown().await?;
        // A reset for bytes not read could overtake the answer.
        let mut discarded = [0; READ_BYTES];
        while stream.read(&mut discarded).await? > 0 {}
        Ok(())
    };
    timeout(REFUSE_TIMEOUT, answer).await.unwrap_or(Ok(()))
}

impl<S> Upgrade<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    /// Takes over a stream from an HTTP server that has answered the request with [`Agreed::to_http`].
    pub fn answered(request: Request<()>, stream: S, leftover: Vec<u8>) -> Self {
        Self {
            request: Box::new(request),
            stream,
            leftover,
            answered: true,
        }
    }

    /// Answers with 101 and starts to speak WebSocket.
    pub async fn accept(
        mut self,
        agreed: &Agreed,
        limits: Arc<Limits>,
    ) -> io::Result<(Connection, Reader)>
    where
        S: Into<Transport>,
    {
        if !self.answered {
            self.stream.write_all(&agreed.response()).await?;
            self.stream.flush().await?;
        }
        Connection::open(self.stream, &self.leftover, limits)
    }

    /// Answers with a refusal and closes.
    pub async fn refuse(mut self, refusal: &Refusal) -> io::Result<()> {
        if self.answered {
            return self.stream.shutdown().await;
        }
        refuse(&mut self.stream, refusal).await
    }

    /// Hands the stream and what was read beyond the head to whoever answers otherwise.
    pub fn into_parts(self) -> (Box<Request<()>>, S, Bytes) {
        (self.request, self.stream, Bytes::from(self.leftover))
    }
}
