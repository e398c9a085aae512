//! One request as its route sees it.

use std::{net::IpAddr, str::FromStr};

use bytes::Bytes;
use chinwag_core::owner::Caller;
use chinwag_proto::{ErrorCode, Problem};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::query;
use crate::auth::Authenticated;

/// One request as its route sees it.
pub(super) struct Call {
    /// Who asks; none only where anyone may.
    pub(super) who: Option<Authenticated>,
    /// The address that it came from.
    pub(super) address: IpAddr,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) query: String,
    pub(super) body: Bytes,
}

impl Call {
    /// Returns who asks.
    pub(super) fn who(&self) -> Result<&Authenticated, Problem> {
        self.who
            .as_ref()
            .ok_or_else(|| Problem::new(ErrorCode::Unauthorized, "this needs a credential"))
    }

    /// Returns the caller of a use case.
    pub(super) fn caller(&self) -> Result<Caller, Problem> {
        self.who()?.caller(None)
    }

    /// Reads the body.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        chinwag_proto::json::read(&self.body)
    }

    /// Reads the body, or takes the default where there is none.
    pub(super) fn body_or_default<T: DeserializeOwned + Default>(&self) -> Result<T, Problem> {
        if self.body.is_empty() {
            Ok(T::default())
        } else {
            self.body()
        }
    }

    /// Reads the query.
    pub(super) fn query<T: DeserializeOwned + JsonSchema>(&self) -> Result<T, Problem> {
        query::read(&self.query)
    }

    /// Reads a part of the path. What can't name anything names nothing: `notFound`.
    pub(super) fn part<T: FromStr>(&self, name: &str) -> Result<T, Problem>
    where
        T::Err: std::fmt::Display,
    {
        let text = self
            .parameters
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, text)| text);
        text.parse().map_err(|error: T::Err| {
            Problem::new(
                ErrorCode::NotFound,
                format!("nothing has this address: {error}"),
            )
        })
    }
}
