//! What a route answers, and how a problem goes out.

use axum::{body::Body, response::Response};
use bytes::Bytes;
use chinwag_proto::{ErrorCode, Problem};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::limits::Allowance;

/// What a route answers.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    body: Option<(&'static str, Bytes)>,
    allowance: Option<Allowance>,
}

impl Answer {
    /// Answers 200 with JSON.
    pub(super) fn ok<T: Serialize>(value: &T) -> Result<Self, Problem> {
        Self::json(StatusCode::OK, value)
    }

    /// Answers 201 with JSON.
    pub(super) fn created<T: Serialize>(value: &T) -> Result<Self, Problem> {
        Self::json(StatusCode::CREATED, value)
    }

    /// Answers with a status and JSON.
    pub(super) fn json<T: Serialize>(status: StatusCode, value: &T) -> Result<Self, Problem> {
        let bytes = serde_json::to_vec(value).map_err(|error| {
            tracing::error!(%error, "can't write an answer");
            Problem::new(ErrorCode::Internal, "the answer can't be written")
        })?;
        Ok(Self {
            status,
            body: Some(("application/json", bytes.into())),
            allowance: None,
        })
    }

    /// Answers with a document that is JSON already.
    pub(super) fn document(bytes: Bytes) -> Self {
        Self {
            status: StatusCode::OK,
            body: Some(("application/json", bytes)),
            allowance: None,
        }
    }

    /// Answers 204.
    pub(super) fn none() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: None,
            allowance: None,
        }
    }

    /// Tells what is left of a rate.
    pub(super) fn with_allowance(mut self, allowance: Option<Allowance>) -> Self {
        self.allowance = allowance;
        self
    }

    pub(super) fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        if let Some((kind, bytes)) = self.body {
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            *response.body_mut() = Body::from(bytes);
        }
        if let Some(allowance) = self.allowance {
            add_allowance(&mut response, allowance);
        }
        response
    }
}

/// Renders a problem (RFC 9457).
pub(crate) fn problem_response(problem: &Problem, allowance: Option<Allowance>) -> Response {
    let bytes = serde_json::to_vec(problem).unwrap_or_default();
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() =
        StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    if let Some(millis) = problem.retry_after_ms {
        headers.insert(header::RETRY_AFTER, number(millis.div_ceil(1_000).max(1)));
    }
    if problem.status == 401 {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(allowance) = allowance {
        add_allowance(&mut response, allowance);
    }
    response
}

/// Adds the fields of the IETF's RateLimit headers.
fn add_allowance(response: &mut Response, allowance: Allowance) {
    let Allowance {
        limit,
        window_seconds,
        remaining,
        retry_after_ms,
    } = allowance;
    let reset = retry_after_ms.div_ceil(1_000);
    let texts = [
        (
            "ratelimit-policy",
            format!("\"rate\";q={limit};w={window_seconds}"),
        ),
        ("ratelimit", format!("\"rate\";r={remaining};t={reset}")),
    ];
    for (name, text) in texts {
        if let Ok(value) = HeaderValue::from_str(&text) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
}

fn number(number: u64) -> HeaderValue {
    HeaderValue::from(number)
}
