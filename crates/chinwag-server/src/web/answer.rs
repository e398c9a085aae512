//! How a file goes out.

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{file::File, security::protect};

/// Its name has the content's hash.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// May be kept, and is asked for anew each time: with its tag that costs nearly nothing.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

const NOT_BUILT: &str = include_str!("not-built.html");

/// Answers with a file, or 304 where the browser has it.
pub(super) fn file(file: &'static File, request: &HeaderMap) -> Response {
    let known = text(request, &header::IF_NONE_MATCH);
    let is_known = known
        .split(',')
        .any(|tag| tag.trim().trim_start_matches("W/") == file.etag);
    let (bytes, encoding) = file.encoded_for(&text(request, &header::ACCEPT_ENCODING));
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    protect(headers);
    headers.insert(header::ETAG, HeaderValue::from_static(file.etag));
    headers.insert(
        header::CACHE_CONTROL,
        if file.is_immutable() {
            FOR_EVER
        } else {
            ASK_AGAIN
        },
    );
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(file.media_type()),
    );
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    *response.body_mut() = Body::from(Bytes::from_static(bytes));
    response
}

/// Says how the client is built, where this program has none.
pub(super) fn not_built() -> Response {
    let mut response = Response::new(Body::from(NOT_BUILT));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let headers = response.headers_mut();
    protect(headers);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Returns all of a header's values in one text.
fn text(headers: &HeaderMap, name: &HeaderName) -> String {
    let values = headers.get_all(name).iter();
    let texts: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
    texts.join(",")
}
