//! The opening handshake (RFC 6455, 4.2) as pure functions from a request to an answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chinwag_proto::{ErrorCode, Problem, frames::SUBPROTOCOL};
use http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
};
use http::{Method, Request, StatusCode, Version};
use sha1::{Digest as _, Sha1};

/// What RFC 6455, 1.3 appends to a client's key before hashing it.
const KEY_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A request for an upgrade that may be answered with 101.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    accept_key: String,
    /// The subprotocol chosen; `None` where the client offered none.
    pub subprotocol: Option<&'static str>,
}

impl Agreed {
    /// Encodes the answer that switches protocols.
    pub fn response(&self) -> Vec<u8> {
        let mut head = String::with_capacity(192);
        head.push_str(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
        );
        head.push_str("Sec-WebSocket-Accept: ");
        head.push_str(&self.accept_key);
        if let Some(subprotocol) = self.subprotocol {
            head.push_str("\r\nSec-WebSocket-Protocol: ");
            head.push_str(subprotocol);
        }
        head.push_str("\r\n\r\n");
        head.into_bytes()
    }

    /// Makes the same answer for an HTTP server to send.
    pub fn to_http<B: Default>(&self) -> http::Response<B> {
        let mut response = http::Response::new(B::default());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        if let Ok(key) = HeaderValue::from_str(&self.accept_key) {
            headers.insert(SEC_WEBSOCKET_ACCEPT, key);
        }
        if let Some(subprotocol) = self.subprotocol {
            headers.insert(
                SEC_WEBSOCKET_PROTOCOL,
                HeaderValue::from_static(subprotocol),
            );
        }
        response
    }
}

/// A request that isn't upgraded, with what the client is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// What was wrong, for a program; the answer has its status.
    pub code: ErrorCode,
    /// What was wrong, for a person.
    pub detail: &'static str,
}

impl Refusal {
    /// Creates a refusal.
    pub const fn new(code: ErrorCode, detail: &'static str) -> Self {
        Self { code, detail }
    }

    const fn bad_handshake(detail: &'static str) -> Self {
        Self::new(ErrorCode::BadHandshake, detail)
    }

    const fn wrong_version(detail: &'static str) -> Self {
        Self::new(ErrorCode::WrongVersion, detail)
    }

    /// Returns the status of the answer.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::BAD_REQUEST)
    }

    /// Writes the answer's body: a problem (RFC 9457).
    pub fn body(&self) -> String {
        serde_json::to_string(&Problem::new(self.code, self.detail))
            .expect("a problem always has a JSON text")
    }

    /// Encodes the answer, and the connection ends with it.
    pub fn response(&self) -> Vec<u8> {
        let status = self.status();
        let title = status.canonical_reason().unwrap_or("Refused");
        let body = self.body();
        let mut head = format!(
            "HTTP/1.1 {} {title}\r\nContent-Type: application/problem+json\r\n\
             Content-Length: {}\r\nCache-Control: no-store\r\n",
            status.as_u16(),
            body.len()
        );
        if status == StatusCode::UPGRADE_REQUIRED {
            head.push_str("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
            head.push_str("Connection: Upgrade, close\r\n\r\n");
        } else {
            head.push_str("Connection: close\r\n\r\n");
        }
        head.push_str(&body);
        head.into_bytes()
    }
}

/// Decides whether a request for the WebSocket path may be upgraded.
pub fn evaluate<B>(request: &Request<B>) -> Result<Agreed, Refusal> {
    let headers = request.headers();
    if request.method() != Method::GET || request.version() != Version::HTTP_11 {
        return Err(Refusal::bad_handshake(
            "a WebSocket opens with an HTTP/1.1 GET",
        ));
    }
    if !lists(headers, &UPGRADE, "websocket") {
        return Err(Refusal::wrong_version("this path speaks WebSocket only"));
    }
    if !lists(headers, &CONNECTION, "upgrade") {
        return Err(Refusal::bad_handshake(
            "the Connection header lacks Upgrade",
        ));
    }
    if only(headers, &SEC_WEBSOCKET_VERSION) != Some("13") {
        return Err(Refusal::wrong_version("the WebSocket version must be 13"));
    }
    if has_body(headers) {
        return Err(Refusal::bad_handshake(
            "a request for an upgrade has no body",
        ));
    }
    let Some(key) = only(headers, &SEC_WEBSOCKET_KEY).filter(|key| is_key(key)) else {
        return Err(Refusal::bad_handshake(
            "Sec-WebSocket-Key must be 16 bytes in base64",
        ));
    };
    Ok(Agreed {
        accept_key: accept_key(key),
        subprotocol: choose_subprotocol(headers)?,
    })
}

fn choose_subprotocol(headers: &HeaderMap) -> Result<Option<&'static str>, Refusal> {
    let mut offered = tokens(headers, &SEC_WEBSOCKET_PROTOCOL).peekable();
    if offered.peek().is_none() {
        return Ok(None);
    }
    if offered.any(|token| token == SUBPROTOCOL) {
        return Ok(Some(SUBPROTOCOL));
    }
    Err(Refusal::bad_handshake(
        "no subprotocol offered is known here, chinwag.v1.json is",
    ))
}

fn is_key(key: &str) -> bool {
    let mut bytes = [0; 18];
    matches!(BASE64.decode_slice(key, &mut bytes), Ok(16))
}

fn accept_key(key: &str) -> String {
    let mut hash = Sha1::new();
    hash.update(key.as_bytes());
    hash.update(KEY_SUFFIX);
    BASE64.encode(hash.finalize())
}

/// Bytes of a body would be taken for frames.
fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING)
        || headers
            .get_all(CONTENT_LENGTH)
            .iter()
            .any(|length| length != "0")
}

/// Tells whether a list header names `wanted`, in any case.
fn lists(headers: &HeaderMap, name: &HeaderName, wanted: &str) -> bool {
    tokens(headers, name).any(|token| token.eq_ignore_ascii_case(wanted))
}

/// Walks the elements of a list header, over all its lines.
fn tokens<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .filter(|token| !token.is_empty())
}

/// Reads a header that must stand exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next()?;
    if lines.next().is_some() {
        return None;
    }
    line.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A good request, with lines replaced or added; an empty value takes the line out.
    fn request(changes: &[(&'static str, &str)]) -> Request<()> {
        let mut request = Request::builder().uri("/v1/ws").body(()).unwrap();
        let headers = request.headers_mut();
        for (name, value) in [
            ("host", "chat.example"),
            ("upgrade", "websocket"),
            ("connection", "Upgrade"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-version", "13"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        for (name, value) in changes {
            headers.remove(*name);
            if !value.is_empty() {
                headers.insert(*name, value.parse().unwrap());
            }
        }
        request
    }

    fn status(changes: &[(&'static str, &str)]) -> u16 {
        evaluate(&request(changes)).unwrap_err().code.status()
    }

    #[test]
    fn the_accept_key_is_the_one_of_the_rfc() {
        let agreed = evaluate(&request(&[])).unwrap();
        assert_eq!(agreed.accept_key, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(
            String::from_utf8(agreed.response()).unwrap(),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
        );
    }

    #[test]
    fn list_headers_match_in_any_case_and_place() {
        let changes = [
            ("upgrade", "h2c, WebSocket"),
            ("connection", "keep-alive, upgrade"),
        ];
        assert!(evaluate(&request(&changes)).is_ok());
    }

    #[test]
    fn a_plain_request_is_told_to_upgrade() {
        assert_eq!(status(&[("upgrade", "")]), 426);
        assert_eq!(status(&[("upgrade", "websockets")]), 426);
        assert_eq!(status(&[("connection", "keep-alive")]), 400);
    }

    #[test]
    fn another_version_is_told_ours() {
        for version in ["", "8", "12, 13"] {
            let refusal = evaluate(&request(&[("sec-websocket-version", version)])).unwrap_err();
            let response = String::from_utf8(refusal.response()).unwrap();
            assert!(response.starts_with("HTTP/1.1 426 Upgrade Required\r\n"));
            assert!(response.contains("\r\nSec-WebSocket-Version: 13\r\n"));
        }
    }

    #[test]
    fn a_key_that_is_not_16_bytes_is_refused() {
        for key in [
            "",
            "short",
            "dGhlIHNhbXBsZSBub25jZQ",
            "AAAAAAAAAAAAAAAAAAAAAAA=",
        ] {
            assert_eq!(status(&[("sec-websocket-key", key)]), 400, "{key}");
        }
        let mut twice = request(&[]);
        let key = twice.headers()["sec-websocket-key"].clone();
        twice.headers_mut().append("sec-websocket-key", key);
        assert!(evaluate(&twice).is_err());
    }

    #[test]
    fn a_request_with_a_body_is_refused() {
        assert_eq!(status(&[("content-length", "5")]), 400);
        assert_eq!(status(&[("transfer-encoding", "chunked")]), 400);
        assert!(evaluate(&request(&[("content-length", "0")])).is_ok());
    }

    #[test]
    fn only_an_http_1_1_get_is_upgraded() {
        let mut old = request(&[]);
        *old.version_mut() = Version::HTTP_10;
        assert!(evaluate(&old).is_err());
        let mut post = request(&[]);
        *post.method_mut() = Method::POST;
        assert!(evaluate(&post).is_err());
    }

    #[test]
    fn our_subprotocol_is_chosen_among_those_offered() {
        let agreed = evaluate(&request(&[(
            "sec-websocket-protocol",
            "other, chinwag.v1.json",
        )]))
        .unwrap();
        assert_eq!(agreed.subprotocol, Some(SUBPROTOCOL));
        let response = String::from_utf8(agreed.response()).unwrap();
        assert!(response.ends_with("\r\nSec-WebSocket-Protocol: chinwag.v1.json\r\n\r\n"));
    }

    #[test]
    fn only_foreign_subprotocols_are_refused_with_a_clear_body() {
        let refusal = evaluate(&request(&[("sec-websocket-protocol", "other, v2")])).unwrap_err();
        assert_eq!(refusal.code, ErrorCode::BadHandshake);
        let response = String::from_utf8(refusal.response()).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())));
        let problem: Problem = serde_json::from_str(body).unwrap();
        assert_eq!(
            (problem.status, problem.code),
            (400, ErrorCode::BadHandshake)
        );
        assert!(problem.detail.contains(SUBPROTOCOL));
    }
}
