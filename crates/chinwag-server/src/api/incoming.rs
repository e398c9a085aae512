//! What a request brings besides its credential: parts of its path, its body, the address that it came from.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use axum::{body::Body, extract::RawPathParams};
use bytes::Bytes;
use chinwag_proto::{ErrorCode, Problem};
use http::{HeaderMap, header, request::Parts};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::{
    Api,
    route::{BodySize, Route},
};

/// How long a client may take to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// The address that a connection came from; the listener adds it to each request.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Reads a body within the route's bound, which is checked before and while it comes.
pub(super) async fn read_body(
    api: &Api,
    route: &Route,
    headers: &HeaderMap,
    body: Body,
) -> Result<Bytes, Problem> {
    let limit = match route.body_size {
        BodySize::Usual => api.limits.body_bytes,
        BodySize::Members => api.limits.members_body_bytes,
    } as usize;
    let too_large = || {
        Problem::new(
            ErrorCode::TooLarge,
            format!("a body here has at most {limit} bytes"),
        )
    };
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    match tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, limit).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Problem::new(ErrorCode::BadRequest, "the body broke off")),
        Err(_) => Err(Problem::new(
            ErrorCode::BadRequest,
            "the body didn't come in time",
        )),
    }
}

/// Finds the client's address: the last one in `X-Forwarded-For` that no trusted proxy has.
pub(super) fn address(api: &Api, parts: &Parts) -> IpAddr {
    let peer = parts
        .extensions
        .get::<Peer>()
        .map_or(Ipv4Addr::LOCALHOST.into(), |peer| peer.0.to_canonical());
    if !api.proxies.contains(&peer) {
        return peer;
    }
    let lines = parts.headers.get_all("x-forwarded-for").iter();
    let hops: Vec<&str> = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .collect();
    for hop in hops.into_iter().rev() {
        match hop.trim().parse::<IpAddr>() {
            Ok(hop) if api.proxies.contains(&hop.to_canonical()) => {}
            Ok(hop) => return hop.to_canonical(),
            Err(_) => break,
        }
    }
    peer
}

/// The parts of a path, decoded; an error where one isn't UTF-8.
pub(super) struct Parameters(pub(super) Result<Vec<(String, String)>, Problem>);

impl<S: Send + Sync> axum::extract::OptionalFromRequestParts<S> for Parameters {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &S,
    ) -> Result<Option<Self>, Self::Rejection> {
        use axum::extract::{FromRequestParts as _, rejection::RawPathParamsRejection};
        Ok(
            match RawPathParams::from_request_parts(parts, state).await {
                Ok(found) => {
                    let pairs = found
                        .iter()
                        .map(|(name, text)| (name.to_owned(), text.to_owned()));
                    Some(Self(Ok(pairs.collect())))
                }
                Err(RawPathParamsRejection::InvalidUtf8InPathParam(_)) => {
                    let detail = "the address isn't UTF-8 once decoded";
                    Some(Self(Err(Problem::new(ErrorCode::BadRequest, detail))))
                }
                Err(_) => None,
            },
        )
    }
}
