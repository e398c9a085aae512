//! The web client's place beside the API.

use crate::server::TestServer;

#[tokio::test]
async fn the_web_client_is_at_the_root_and_takes_no_address_of_the_api() {
    let server = TestServer::start().await;
    let page = server.get("/", "").await;
    // 503 where the client wasn't built before the server.
    assert!([200, 503].contains(&page.status), "{page:?}");
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    assert!(page.headers["content-security-policy"].contains("script-src 'self';"));
    server.get("/healthz", "").await.expect(200);
    server.get("/v1/me", "").await.expect(401);
    assert_eq!(
        server.get("/v1/none", "").await.expect(404).code(),
        "notFound"
    );
    assert_eq!(server.get("/none", "").await.expect(404).code(), "notFound");
}

#[tokio::test]
async fn a_browser_at_an_address_that_leads_nowhere_gets_a_page_where_there_is_one() {
    let server = TestServer::start().await;
    let accept = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";
    let page = server.send_with("GET", "/none", accept, b"").await;
    let is_built = server.get("/", "").await.status == 200;
    let kind = if is_built {
        "text/html; charset=utf-8"
    } else {
        "application/problem+json"
    };
    assert_eq!((page.status, &*page.headers["content-type"]), (404, kind));
    let api = server.send_with("GET", "/v1/none", accept, b"").await;
    assert_eq!(api.expect(404).code(), "notFound");
}

#[tokio::test]
async fn the_web_client_can_be_turned_off() {
    let server = TestServer::with(&[("public.web_client", "false")]).await;
    assert_eq!(server.get("/", "").await.expect(404).code(), "notFound");
}
