//! Public keys of an app: algorithms, rotation, bounds.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::server::TestServer;

const JWKS: &str = include_str!("keys/jwks.json");

fn key(algorithm: Algorithm) -> EncodingKey {
    match algorithm {
        Algorithm::RS256 => EncodingKey::from_rsa_pem(include_bytes!("keys/rsa.pem")),
        Algorithm::ES256 => EncodingKey::from_ec_pem(include_bytes!("keys/ec.pem")),
        _ => EncodingKey::from_ed_pem(include_bytes!("keys/ed.pem")),
    }
    .unwrap()
}

fn sign(algorithm: Algorithm, id: Option<&str>) -> String {
    let header = Header {
        kid: id.map(str::to_owned),
        ..Header::new(algorithm)
    };
    encode(
        &header,
        &json!({"sub": "ana", "exp": 32_503_680_000_u64}),
        &key(algorithm),
    )
    .unwrap()
}

/// A server of keys that can be exchanged; counts how often it is asked.
struct KeyServer {
    url: String,
    keys: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl KeyServer {
    fn start(keys: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            url: format!("http://{}/jwks.json", listener.local_addr().unwrap()),
            keys: Arc::new(Mutex::new(keys.to_owned())),
            asked: Arc::default(),
        };
        let (keys, asked) = (Arc::clone(&server.keys), Arc::clone(&server.asked));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 4096]);
                asked.fetch_add(1, Ordering::SeqCst);
                let body = keys.lock().unwrap().clone();
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all((head + &body).as_bytes());
            }
        });
        server
    }

    async fn app(&self, interval: &str) -> TestServer {
        TestServer::with(&[
            ("auth.jwks_url", &self.url),
            ("auth.jwks_private", "true"),
            ("auth.jwks_interval", interval),
            ("auth.algorithm", "ES256"),
        ])
        .await
    }
}

fn only(id: &str) -> String {
    let set: Value = serde_json::from_str(JWKS).unwrap();
    let keys: Vec<_> = set["keys"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|key| key["kid"] == id)
        .collect();
    json!({"keys": keys}).to_string()
}

async fn with_file(algorithm: &str, jwks: &str) -> TestServer {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("jwks.json");
    std::fs::write(&path, jwks).unwrap();
    let settings = [
        ("auth.jwks_file", path.to_str().unwrap()),
        ("auth.algorithm", algorithm),
    ];
    let server = TestServer::on(&directory, &settings).await;
    TestServer { server, directory }
}

#[tokio::test]
async fn each_algorithm_is_taken_where_it_is_configured_and_nowhere_else() {
    let algorithms = [
        ("RS256", Algorithm::RS256, "rsa-1"),
        ("ES256", Algorithm::ES256, "ec-1"),
        ("EdDSA", Algorithm::EdDSA, "ed-1"),
    ];
    for (configured, ..) in algorithms {
        let server = with_file(configured, JWKS).await;
        for (name, algorithm, id) in algorithms {
            let wanted = if name == configured { 200 } else { 401 };
            let reply = server.get("/v1/me", &sign(algorithm, Some(id))).await;
            assert_eq!(
                reply.status, wanted,
                "{name} where {configured} is configured: {reply:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_public_key_is_never_taken_for_a_shared_secret() {
    let server = with_file("RS256", JWKS).await;
    let public = include_bytes!("keys/rsa.pub.pem");
    let header = Header {
        kid: Some("rsa-1".into()),
        ..Header::new(Algorithm::HS256)
    };
    let forged = encode(
        &header,
        &json!({"sub": "ana", "exp": 32_503_680_000_u64}),
        &EncodingKey::from_secret(public),
    );
    server.get("/v1/me", &forged.unwrap()).await.expect(401);
}

#[tokio::test]
async fn a_token_without_kid_is_taken_only_where_there_is_one_key() {
    let one = with_file("ES256", &only("ec-1")).await;
    one.get("/v1/me", &sign(Algorithm::ES256, None))
        .await
        .expect(200);
    let set: Value = serde_json::from_str(&only("ec-1")).unwrap();
    let mut other = set["keys"][0].clone();
    other["kid"] = json!("ec-2");
    let two = json!({"keys": [set["keys"][0], other]}).to_string();
    let two = with_file("ES256", &two).await;
    two.get("/v1/me", &sign(Algorithm::ES256, None))
        .await
        .expect(401);
    two.get("/v1/me", &sign(Algorithm::ES256, Some("ec-2")))
        .await
        .expect(200);
}

#[tokio::test]
async fn an_unknown_kid_fetches_the_keys_anew() {
    let keys = KeyServer::start(r#"{"keys":[]}"#);
    let server = keys.app("0s").await;
    server
        .get("/v1/me", &sign(Algorithm::ES256, Some("ec-1")))
        .await
        .expect(401);
    *keys.keys.lock().unwrap() = only("ec-1");
    server
        .get("/v1/me", &sign(Algorithm::ES256, Some("ec-1")))
        .await
        .expect(200);
    let asked = keys.asked.load(Ordering::SeqCst);
    server
        .get("/v1/me", &sign(Algorithm::ES256, Some("ec-1")))
        .await
        .expect(200);
    assert_eq!(
        keys.asked.load(Ordering::SeqCst),
        asked,
        "a known key needs no fetch"
    );
}

#[tokio::test]
async fn tokens_of_strangers_do_not_make_the_server_fetch_again_and_again() {
    let keys = KeyServer::start(&only("ec-1"));
    let server = keys.app("1h").await;
    for stranger in 0..20 {
        server
            .get(
                "/v1/me",
                &sign(Algorithm::ES256, Some(&format!("unknown-{stranger}"))),
            )
            .await
            .expect(401);
    }
    server
        .get("/v1/me", &sign(Algorithm::ES256, Some("ec-1")))
        .await
        .expect(200);
    assert_eq!(keys.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn keys_that_can_not_be_fetched_are_a_retryable_problem() {
    let server = TestServer::with(&[
        ("auth.jwks_url", "http://127.0.0.1:1/jwks.json"),
        ("auth.jwks_private", "true"),
    ])
    .await;
    let reply = server
        .get("/v1/me", &sign(Algorithm::RS256, Some("rsa-1")))
        .await
        .expect(503);
    assert_eq!(reply.code(), "unavailable");
    let big = KeyServer::start(&format!(
        "{{\"keys\":[],\"x\":\"{}\"}}",
        "x".repeat(300_000)
    ));
    let server = big.app("0s").await;
    server
        .get("/v1/me", &sign(Algorithm::ES256, Some("ec-1")))
        .await
        .expect(503);
}
