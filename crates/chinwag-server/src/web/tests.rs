use axum::body::Body;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

use super::*;

const FILES: &[File] = &[
    File {
        path: "/assets/app-1a2b.js",
        etag: "\"1a\"",
        plain: b"let plain",
        gzip: Some(b"gz"),
        brotli: Some(b"br"),
    },
    File {
        path: "/index.html",
        etag: "\"2b\"",
        plain: b"<html>",
        gzip: None,
        brotli: None,
    },
];

async fn ask(
    files: &'static [File],
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> (Response, String) {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let service = TowerToHyperService::new(router_of(files));
    let (parts, body) = service.call(request).await.unwrap().into_parts();
    let bytes = axum::body::to_bytes(body, 65_536).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    (Response::from_parts(parts, Body::empty()), text)
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn each_view_of_the_client_begins_with_the_same_page_which_is_asked_for_anew_each_time() {
    for view in [
        "/",
        "/chat/123",
        "/chat/123/456",
        "/new",
        "/search",
        "/settings",
    ] {
        let (response, text) = ask(FILES, "GET", view, &[]).await;
        assert_eq!(response.status(), 200, "{view}");
        assert_eq!(text, "<html>");
        assert_eq!(
            header(&response, "content-type"),
            "text/html; charset=utf-8"
        );
        assert_eq!(header(&response, "cache-control"), "no-cache");
    }
}

#[tokio::test]
async fn what_is_no_view_of_the_client_is_not_found() {
    for path in [
        "/index.html",
        "/chat",
        "/chat/1/2/3",
        "/assets/app-old.js",
        "/chats/1",
        "/v1/none",
    ] {
        assert_eq!(ask(FILES, "GET", path, &[]).await.0.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn a_file_with_its_hash_in_its_name_is_kept_for_ever_and_goes_out_as_small_as_the_browser_takes_it()
 {
    let path = "/assets/app-1a2b.js";
    for (accepted, body, encoding) in [
        ("gzip, deflate, br", "br", "br"),
        ("gzip, deflate", "gz", "gzip"),
        ("br;q=0, GZIP;q=0.5", "gz", "gzip"),
        ("identity", "let plain", ""),
        ("", "let plain", ""),
    ] {
        let (response, text) = ask(FILES, "GET", path, &[("accept-encoding", accepted)]).await;
        assert_eq!(text, body, "{accepted}");
        assert_eq!(header(&response, "content-encoding"), encoding);
        assert_eq!(
            header(&response, "content-type"),
            "text/javascript; charset=utf-8"
        );
        assert_eq!(
            header(&response, "cache-control"),
            "public, max-age=31536000, immutable"
        );
        assert_eq!(header(&response, "vary"), "accept-encoding");
    }
}

#[tokio::test]
async fn what_the_browser_has_is_not_sent_again() {
    for known in ["\"2b\"", "\"other\", W/\"2b\""] {
        let (response, text) = ask(FILES, "GET", "/", &[("if-none-match", known)]).await;
        assert_eq!((response.status().as_u16(), text.as_str()), (304, ""));
        assert_eq!(header(&response, "etag"), "\"2b\"");
    }
    let (response, _) = ask(FILES, "GET", "/", &[("if-none-match", "\"2c\"")]).await;
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn only_the_clients_own_code_runs_in_its_pages() {
    for path in ["/", "/assets/app-1a2b.js"] {
        let (response, _) = ask(FILES, "GET", path, &[]).await;
        let policy = header(&response, "content-security-policy");
        let directives: Vec<&str> = policy.split(';').map(str::trim).collect();
        for needed in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        ] {
            assert!(directives.contains(&needed), "{needed}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        assert_eq!(header(&response, "referrer-policy"), "no-referrer");
    }
}

#[tokio::test]
async fn a_head_has_no_body_and_another_method_is_405() {
    let (response, text) = ask(FILES, "HEAD", "/", &[]).await;
    assert_eq!((response.status().as_u16(), text.as_str()), (200, ""));
    let (response, text) = ask(FILES, "POST", "/", &[]).await;
    assert_eq!(response.status(), 405);
    assert_eq!(header(&response, "allow"), "GET, HEAD");
    assert!(text.contains("notAllowed"), "{text}");
}

#[tokio::test]
async fn a_program_without_the_client_says_how_to_build_it() {
    let (response, text) = ask(&[], "GET", "/chat/1", &[]).await;
    assert_eq!(response.status(), 503);
    assert!(text.contains("make run"), "{text}");
    assert!(!header(&response, "content-security-policy").is_empty());
}

#[tokio::test]
async fn a_person_at_an_address_that_leads_nowhere_gets_the_page_and_a_program_does_not() {
    let asked = |method: &str, path: &str, accept: &str| {
        let request = Request::builder().method(method).uri(path);
        is_by_person(
            &request
                .header("accept", accept)
                .body(Body::empty())
                .unwrap(),
        )
    };
    let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
    assert!(asked("GET", "/foo", browser) && asked("HEAD", "/chat/1/2/3", browser));
    assert!(!asked("GET", "/v1/none", browser) && !asked("POST", "/foo", browser));
    assert!(!asked("GET", "/foo", "*/*") && !asked("GET", "/foo", "application/json"));
    let response = nothing_here(FILES, &HeaderMap::new()).unwrap();
    assert_eq!(response.status(), 404);
    assert_eq!(
        header(&response, "content-type"),
        "text/html; charset=utf-8"
    );
    assert!(!header(&response, "content-security-policy").is_empty());
    assert!(nothing_here(&[], &HeaderMap::new()).is_none());
}
