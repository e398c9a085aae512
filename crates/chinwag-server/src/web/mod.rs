//! The web client: its built files, part of this program, served at `/`.

mod answer;
mod file;
mod security;

use axum::{
    Router,
    extract::Request,
    middleware::Next,
    response::Response,
    routing::{MethodRouter, get},
};
use chinwag_proto::{ErrorCode, Problem};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::api::problem_response;

use file::File;

/// The page that every view of the client begins with.
const INDEX: &str = "/index.html";

/// Addresses that the client itself makes sense of, once its page is there; as in `web/src/route.ts`.
const VIEWS: &[&str] = &[
    "/",
    "/chat/{id}",
    "/chat/{id}/{message}",
    "/new",
    "/search",
    "/settings",
];

/// Makes the router of the web client's files and of its views.
pub(crate) fn router() -> Router {
    router_of(file::BUILT)
}

fn router_of(files: &'static [File]) -> Router {
    let mut router = Router::new();
    for file in files.iter().filter(|file| file.path != INDEX) {
        router = router.route(file.path, serving(file));
    }
    let index = files.iter().find(|file| file.path == INDEX);
    for view in VIEWS {
        router = router.route(
            view,
            index.map_or_else(|| only_get(get(|| async { answer::not_built() })), serving),
        );
    }
    router
}

/// Answers a person who asked for what isn't there with the client, which says so; a program gets its problem.
pub(crate) async fn told_to_people(request: Request, next: Next) -> Response {
    let by_person = is_by_person(&request);
    let mut headers = HeaderMap::new();
    if let Some(encodings) = request.headers().get(header::ACCEPT_ENCODING) {
        headers.insert(header::ACCEPT_ENCODING, encodings.clone());
    }
    let response = next.run(request).await;
    if by_person && response.status() == StatusCode::NOT_FOUND {
        return nothing_here(file::BUILT, &headers).unwrap_or(response);
    }
    response
}

/// Tells whether a browser asks for a page, and not for what the API answers.
fn is_by_person(request: &Request) -> bool {
    let accepted = request.headers().get(header::ACCEPT);
    let takes_pages = accepted
        .and_then(|accepted| accepted.to_str().ok())
        .is_some_and(|accepted| accepted.contains("text/html"));
    takes_pages
        && matches!(*request.method(), Method::GET | Method::HEAD)
        && !request.uri().path().starts_with("/v1/")
}

/// The page of every view, as an answer that says that there is none; nothing where the client isn't built.
fn nothing_here(files: &'static [File], headers: &HeaderMap) -> Option<Response> {
    let index = files.iter().find(|file| file.path == INDEX)?;
    let mut response = answer::file(index, headers);
    *response.status_mut() = StatusCode::NOT_FOUND;
    Some(response)
}

fn serving(file: &'static File) -> MethodRouter {
    only_get(get(move |request: Request| async move {
        answer::file(file, request.headers())
    }))
}

fn only_get(method: MethodRouter) -> MethodRouter {
    method.fallback(|| async { other_method() })
}

fn other_method() -> Response {
    let detail = "this address is the web client's: it can only be read";
    let mut response = problem_response(&Problem::new(ErrorCode::NotAllowed, detail), None);
    let allow = HeaderValue::from_static("GET, HEAD");
    response.headers_mut().insert(header::ALLOW, allow);
    response
}

#[cfg(test)]
mod tests;
