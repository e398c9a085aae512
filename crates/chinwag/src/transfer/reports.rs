//! Reads reports, one a line, off an answer as they come.

use anyhow::{Context as _, Result};
use reqwest::Response;
use serde::de::DeserializeOwned;

/// Reports as they come.
pub(crate) struct Reports {
    response: Response,
    begun: Vec<u8>,
}

impl Reports {
    pub(crate) fn of(response: Response) -> Self {
        Self {
            response,
            begun: Vec::new(),
        }
    }

    /// Waits for the next one; none where the server has gone before it said that all is done.
    pub(crate) async fn next<R: DeserializeOwned>(&mut self) -> Result<Option<R>> {
        loop {
            if let Some(end) = self.begun.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.begun.drain(..=end).collect();
                let report = serde_json::from_slice(&line);
                return Ok(Some(report.context("the server's report can't be read")?));
            }
            match self.response.chunk().await.context("the server has gone")? {
                Some(chunk) => self.begun.extend_from_slice(&chunk),
                None => return Ok(None),
            }
        }
    }
}
