//! The web client: its built files, part of this program, served at `/`.

mod answer;
mod file;
mod security;

use axum::{
    Router,
    extract::Request,
    response::Response,
    routing::{MethodRouter, get},
};
use chinwag_proto::{ErrorCode, Problem};
use http::{HeaderValue, header};

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
