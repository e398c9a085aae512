//! Which tokens are valid and which aren't.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::server::TestServer;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn now() -> i64 {
    use chinwag_core::Clock as _;
    chinwag_core::SystemClock::default().now().unix_millis() / 1_000
}

fn sign(claims: &Value) -> String {
    sign_by(&Header::new(Algorithm::HS256), claims, SECRET)
}

fn sign_by(header: &Header, claims: &Value, secret: &str) -> String {
    encode(header, claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

fn unsigned(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", part(header), part(claims))
}

async fn app() -> TestServer {
    TestServer::with(&[
        ("auth.jwt_secret", SECRET),
        ("auth.issuer", "https://app.example"),
        ("auth.audience", "chat"),
    ])
    .await
}

fn good() -> Value {
    json!({"sub": "ana", "exp": now() + 600, "iat": now(), "iss": "https://app.example", "aud": "chat", "name": "Ana"})
}

fn with(field: &str, value: Value) -> Value {
    let mut claims = good();
    claims[field] = value;
    claims
}

fn without(field: &str) -> Value {
    let mut claims = good();
    claims.as_object_mut().unwrap().remove(field);
    claims
}

#[tokio::test]
async fn a_user_comes_into_being_by_the_first_token() {
    let server = app().await;
    let me = server
        .get("/v1/me", &sign(&good()))
        .await
        .expect(200)
        .json();
    assert_eq!(me, json!({"id": "ana", "name": "Ana"}));
    for claims in [
        with("aud", json!(["other", "chat"])),
        without("iat"),
        without("name"),
        // Within the skew that clocks may have.
        with("exp", json!(now() - 10)),
        with("nbf", json!(now() + 10)),
        with(
            "exp",
            json!(f64::from(i32::try_from(now()).unwrap_or(0)) + 600.5),
        ),
    ] {
        server.get("/v1/me", &sign(&claims)).await.expect(200);
    }
}

#[tokio::test]
async fn a_token_is_refused_whose_claims_do_not_hold() {
    let server = app().await;
    for claims in [
        without("exp"),
        without("sub"),
        without("aud"),
        without("iss"),
        with("exp", json!(now() - 31)),
        with("exp", json!(0)),
        with("exp", json!(-1)),
        with("exp", json!(1e300)),
        with("exp", json!("tomorrow")),
        with("nbf", json!(now() + 7_300)),
        with("iat", json!(now() + 7_300)),
        with("aud", json!("other")),
        with("aud", json!([])),
        with("iss", json!("https://evil.example")),
        with("sub", json!("")),
        with("sub", json!("a\u{0}b")),
        with("sub", json!("x".repeat(129))),
        with("sub", json!(7)),
    ] {
        let reply = server.get("/v1/me", &sign(&claims)).await.expect(401);
        assert_eq!(reply.code(), "unauthorized", "{claims}");
        assert_eq!(reply.headers["www-authenticate"], "Bearer");
    }
}

#[tokio::test]
async fn a_token_that_only_a_slow_clock_does_not_know_yet_is_refused_for_now() {
    let server = app().await;
    for claims in [
        with("nbf", json!(now() + 60)),
        with("iat", json!(now() + 60)),
        with("iat", json!(now() + 7_100)),
    ] {
        let reply = server.get("/v1/me", &sign(&claims)).await.expect(503);
        assert_eq!(reply.code(), "unavailable", "{claims}");
        assert_eq!(reply.json()["retryable"], true);
    }
    // What else is wrong with it stays wrong.
    let mut claims = with("iat", json!(now() + 60));
    claims["aud"] = json!("other");
    server.get("/v1/me", &sign(&claims)).await.expect(401);
}

#[tokio::test]
async fn a_token_is_refused_that_is_signed_otherwise() {
    let server = app().await;
    let signed = sign(&good());
    let (rest, signature) = signed.rsplit_once('.').unwrap();
    let critical = Header {
        crit: Some(vec!["b64".into()]),
        ..Header::new(Algorithm::HS256)
    };
    for token in [
        unsigned(&json!({"alg": "none", "typ": "JWT"}), &good(), ""),
        unsigned(&json!({"alg": "None"}), &good(), ""),
        unsigned(&json!({"alg": "HS256"}), &good(), ""),
        unsigned(&json!({"typ": "JWT"}), &good(), signature),
        sign_by(&Header::new(Algorithm::HS512), &good(), SECRET),
        sign_by(
            &Header::new(Algorithm::HS256),
            &good(),
            "another secret of thirty-two bytes",
        ),
        sign_by(&critical, &good(), SECRET),
        format!("{rest}."),
        format!("{signed}x"),
        format!("{signed}.{signature}"),
        rest.to_owned(),
        "x".to_owned(),
        "x".repeat(9_000),
        "ck_0123456789abcdef0123_x".to_owned(),
    ] {
        assert_eq!(
            server.get("/v1/me", &token).await.expect(401).code(),
            "unauthorized",
            "{token}"
        );
    }
}

#[tokio::test]
async fn a_credential_stands_in_one_header_as_bearer() {
    let server = app().await;
    let token = sign(&good());
    for headers in [
        String::new(),
        "Authorization: Bearer\r\n".into(),
        "Authorization: Basic YTpi\r\n".into(),
        format!("Authorization: {token}\r\n"),
        format!("Authorization: Bearer {token}\r\nAuthorization: Bearer {token}\r\n"),
        format!("Cookie: token={token}\r\n"),
    ] {
        server
            .send_with("GET", "/v1/me", &headers, b"")
            .await
            .expect(401);
    }
    server
        .get(&format!("/v1/me?token={token}"), "")
        .await
        .expect(401);
    server
        .send_with(
            "GET",
            "/v1/me",
            &format!("authorization: bEARER {token}\r\n"),
            b"",
        )
        .await
        .expect(200);
}

#[tokio::test]
async fn nobody_registers_where_the_app_has_its_own_key() {
    let server = app().await;
    let body = r#"{"userId":"ana","password":"12345678"}"#;
    for path in ["/v1/auth/register", "/v1/auth/login"] {
        assert_eq!(
            server.post(path, "", body).await.expect(404).code(),
            "notFound"
        );
    }
    assert_eq!(
        server
            .post("/v1/auth/refresh", &sign(&good()), "")
            .await
            .expect(404)
            .code(),
        "notFound"
    );
}
