//! A request, and what a node answers to it.

use std::time::Duration;

use bytes::Bytes;
use chinwag_core::ports::{EngineError, EngineResult};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::Refusal;

/// What is asked.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: Method,
    /// Path and query.
    pub(super) path: String,
    pub(super) body: Body,
    /// How long the answer may take, its last byte included.
    pub(super) within: Duration,
}

/// What a request says besides its path.
#[derive(Debug, Clone)]
pub(super) enum Body {
    Nothing,
    Json(Bytes),
    /// One JSON object a line.
    Lines(Bytes),
}

impl Call {
    pub(super) fn get(path: String, within: Duration) -> Self {
        Self::new(Method::GET, path, Body::Nothing, within)
    }

    pub(super) fn delete(path: String, within: Duration) -> Self {
        Self::new(Method::DELETE, path, Body::Nothing, within)
    }

    pub(super) fn put(path: String, body: &Value, within: Duration) -> Self {
        Self::new(
            Method::PUT,
            path,
            Body::Json(body.to_string().into()),
            within,
        )
    }

    pub(super) fn post(path: String, body: &Value, within: Duration) -> Self {
        Self::new(
            Method::POST,
            path,
            Body::Json(body.to_string().into()),
            within,
        )
    }

    pub(super) fn lines(path: String, lines: Bytes, within: Duration) -> Self {
        Self::new(Method::POST, path, Body::Lines(lines), within)
    }

    fn new(method: Method, path: String, body: Body, within: Duration) -> Self {
        Self {
            method,
            path,
            body,
            within,
        }
    }
}

/// What a node answers.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Bytes,
}

impl Answer {
    /// Takes a refusal for a failure of what was tried.
    pub(super) fn done(self, what: &str) -> EngineResult<Self> {
        match self.refusal() {
            None => Ok(self),
            Some(refusal) => Err(refusal.meaning(what)),
        }
    }

    /// Returns why it refuses, where it does.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        let refuses = !(200..300).contains(&self.status);
        refuses.then(|| Refusal::read(self.status, &self.body))
    }

    /// Reads what it says.
    pub(super) fn json<T: DeserializeOwned>(&self, what: &str) -> EngineResult<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            EngineError::Damaged(format!(
                "opensearch: {what}: an answer can't be read: {error}"
            ))
        })
    }
}
