//! The way of every request: route, body within bounds, who asks, the route's work, the answer.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use axum::{
    Router,
    extract::Request,
    middleware,
    response::Response,
    routing::{MethodFilter, MethodRouter},
};
use chinwag_proto::{ErrorCode, Problem};
use http::{HeaderName, HeaderValue, Method, header};

use super::{
    Api,
    answer::{Answer, problem_response},
    call::Call,
    cors, credential,
    incoming::{Parameters, address, read_body},
    query,
    route::Route,
};
use crate::{bounded, limits::Allowance};

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

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
    let mut due = bounded::due();
    let who = bounded::by(due, credential::who(api, route, &parts));
    let who = who.await.map_err(plain)?;
    // A client may take its time for the body.
    let began = tokio::time::Instant::now();
    let body = read_body(api, route, &parts.headers, body)
        .await
        .map_err(plain)?;
    due += began.elapsed();
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
    let answering = (route.handler)(Arc::clone(api), call);
    let answer = match route.only_reads() {
        true => bounded::by(due, answering).await,
        false => answering.await,
    };
    let answer = answer.map_err(|problem| (problem, allowance))?;
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
