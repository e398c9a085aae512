//! The way of every request: route, body within bounds, who asks, the route's work, the answer.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    extract::{RawPathParams, Request},
    middleware,
    response::Response,
    routing::{MethodFilter, MethodRouter},
};
use bytes::Bytes;
use chinwag_proto::{ErrorCode, Problem, Timestamp, UserId};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header, request::Parts};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::{
    Api,
    answer::{Answer, problem_response},
    call::Call,
    cors, query,
    route::{BodySize, Route, Who},
};
use crate::{auth::Authenticated, limits::Allowance};

/// How long a client may take to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const CHINWAG_USER: &str = "chinwag-user";

/// The address that a connection came from; the listener adds it to each request.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Marks requests of whoever may open the control socket: they administer, like an API key.
#[derive(Debug, Clone, Copy)]
pub struct Operator;

/// A problem and what is left of the rate that made it.
pub(super) type Failure = (Problem, Option<Allowance>);

pub(super) fn router(api: Arc<Api>, table: Vec<Route>) -> Router {
    let mut paths: BTreeMap<&'static str, Vec<Arc<Route>>> = BTreeMap::new();
    for route in table {
        paths.entry(route.path).or_default().push(Arc::new(route));
    }
    let mut router = Router::new();
    for (path, routes) in paths {
        router = router.route(path, methods(&api, routes));
    }
    router
        .fallback(|| async {
            let problem = Problem::new(ErrorCode::NotFound, "there is nothing at this address");
            problem_response(&problem, None)
        })
        .layer(middleware::from_fn_with_state(api, cors::cross_origin))
}

fn methods(api: &Arc<Api>, routes: Vec<Arc<Route>>) -> MethodRouter {
    let mut allowed: Vec<&str> = routes.iter().map(|route| route.method.as_str()).collect();
    if allowed.contains(&"GET") {
        allowed.push("HEAD");
    }
    allowed.push("OPTIONS");
    let allow = HeaderValue::from_str(&allowed.join(", ")).expect("methods are ASCII");
    let mut router = MethodRouter::new();
    for route in routes {
        let filter =
            MethodFilter::try_from(route.method.clone()).expect("the table has usual methods");
        let api = Arc::clone(api);
        router = router.on(
            filter,
            move |parameters: Option<Parameters>, request: Request| {
                handle(Arc::clone(&api), Arc::clone(&route), parameters, request)
            },
        );
    }
    router.fallback(move |method: Method| async move { other_method(&method, allow) })
}

fn other_method(method: &Method, allow: HeaderValue) -> Response {
    let mut response = if method == Method::OPTIONS {
        Answer::none().into_response()
    } else {
        problem_response(
            &Problem::new(
                ErrorCode::NotAllowed,
                "this address doesn't know that method",
            ),
            None,
        )
    };
    response.headers_mut().insert(header::ALLOW, allow);
    response
}

async fn handle(
    api: Arc<Api>,
    route: Arc<Route>,
    parameters: Option<Parameters>,
    request: Request,
) -> Response {
    let started = Instant::now();
    let id = format!("{:016x}", rand::random::<u64>());
    let mut response = match work(&api, &route, parameters, request).await {
        Ok(answer) => answer.into_response(),
        Err((mut problem, allowance)) => {
            problem.request_id = Some(id.clone());
            if problem.status >= 500 {
                tracing::warn!(request = id, route = route.operation, %problem, "can't answer a request");
            }
            problem_response(&problem, allowance)
        }
    };
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    api.metrics.request(
        &route.method,
        route.path,
        response.status(),
        started.elapsed(),
    );
    tracing::debug!(
        request = id,
        route = route.operation,
        status = response.status().as_u16(),
        "answered"
    );
    response
}

async fn work(
    api: &Arc<Api>,
    route: &Route,
    parameters: Option<Parameters>,
    request: Request,
) -> Result<Answer, Failure> {
    let plain = |problem| (problem, None);
    let (parts, body) = request.into_parts();
    let parameters = match parameters {
        Some(parameters) => parameters.0.map_err(plain)?,
        None => Vec::new(),
    };
    // Who asks comes before the body: a stranger's isn't read.
    let who = who(api, route, &parts).await.map_err(plain)?;
    let body = read_body(api, route, &parts.headers, body)
        .await
        .map_err(plain)?;
    let query = parts.uri.query().unwrap_or_default().to_owned();
    if route.query.is_none() && !query.is_empty() {
        query::read::<NoQuery>(&query).map_err(plain)?;
    }
    let call = Call {
        who,
        address: address(api, &parts),
        parameters,
        query,
        body,
    };
    let allowance = rate(api, route, &call)?;
    let answer = (route.handler)(Arc::clone(api), call)
        .await
        .map_err(|problem| (problem, allowance))?;
    Ok(answer.with_allowance(allowance))
}

/// Counts what has a rate.
fn rate(api: &Api, route: &Route, call: &Call) -> Result<Option<Allowance>, Failure> {
    let taken = match (route.operation, &call.who) {
        ("register" | "login", _) => api.rates.login(call.address),
        // An app's backend sends for many users; it is trusted as far as its key goes.
        ("sendMessage", Some(who)) if !who.api_key => match &who.user {
            Some(user) => api.rates.send(user),
            None => Ok(None),
        },
        _ => Ok(None),
    };
    taken.map_err(|(problem, allowance)| (problem, Some(allowance)))
}

/// A query that may hold nothing.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoQuery {}

async fn who(api: &Api, route: &Route, parts: &Parts) -> Result<Option<Authenticated>, Problem> {
    if route.who == Who::Anyone {
        return Ok(None);
    }
    let acting_as = acting_as(&parts.headers)?;
    let who = if parts.extensions.get::<Operator>().is_some() {
        Authenticated {
            user: acting_as,
            issued_at: Timestamp::default(),
            expires_at: None,
            api_key: true,
        }
    } else {
        let credential = credential(&parts.headers)?;
        let checked = api
            .authenticator
            .authenticate(credential, acting_as.as_ref())
            .await;
        checked.map_err(|error| error.problem())?
    };
    if route.who == Who::ApiKey && !who.api_key {
        return Err(Problem::new(ErrorCode::Forbidden, "this is for an API key"));
    }
    Ok(Some(who))
}

fn credential(headers: &HeaderMap) -> Result<&str, Problem> {
    let problem = |detail| Problem::new(ErrorCode::Unauthorized, detail);
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let line = lines
        .next()
        .ok_or_else(|| problem("this needs the header Authorization: Bearer …"))?;
    if lines.next().is_some() {
        return Err(problem("there are two credentials"));
    }
    let (scheme, credential) = line
        .to_str()
        .ok()
        .and_then(|line| line.split_once(' '))
        .ok_or_else(|| problem("the credential is malformed"))?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(problem("the credential must be a bearer token"));
    }
    Ok(credential.trim())
}

/// Reads whom an API key speaks for; percent-encoded, since headers are ASCII and user ids aren't.
fn acting_as(headers: &HeaderMap) -> Result<Option<UserId>, Problem> {
    let Some(value) = headers.get(CHINWAG_USER) else {
        return Ok(None);
    };
    let malformed = || {
        Problem::new(
            ErrorCode::BadRequest,
            "Chinwag-User isn't a user id, percent-encoded",
        )
    };
    let text = std::str::from_utf8(value.as_bytes()).map_err(|_| malformed())?;
    let text = query::decode(text, false).map_err(|_| malformed())?;
    UserId::new(&text).map(Some).map_err(|_| malformed())
}

async fn read_body(
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
fn address(api: &Api, parts: &Parts) -> IpAddr {
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
pub(super) struct Parameters(Result<Vec<(String, String)>, Problem>);

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
