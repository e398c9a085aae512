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
async fn the_web_client_can_be_turned_off() {
    let server = TestServer::with(&[("public.web_client", "false")]).await;
    assert_eq!(server.get("/", "").await.expect(404).code(), "notFound");
}
