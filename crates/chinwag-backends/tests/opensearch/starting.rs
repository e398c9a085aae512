//! What is said at the start where the engine isn't as it must be.

use std::sync::Arc;

use chinwag_backends::opensearch::{Credentials, OpenSearch, Options};
use chinwag_conformance::run;
use chinwag_core::ports::{IndexState, SearchIndex as _};
use futures_util::future::join_all;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::{
    certificate::Certificate,
    engine_process::address,
    fixture::{connect_whole, options, shared},
};

async fn refusal(options: Options) -> String {
    match OpenSearch::connect(options).await {
        Ok(_) => panic!("it was taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
#[ignore = "needs nothing, but belongs to those that need an OpenSearch: make conformance"]
fn one_that_is_not_there_is_named_with_what_to_look_for() {
    run(async {
        // Nobody listens on the port of the discard service.
        let told = refusal(options(9)).await;
        assert!(told.contains(&format!("{}:9", address())), "{told}");
        assert!(told.contains("is it running"), "{told}");
    });
}

#[test]
#[ignore = "needs an OpenSearch: make conformance"]
fn https_to_one_that_speaks_http_is_told_as_that() {
    run(async {
        let urls = vec![format!("https://{}:19200", address())];
        let told = refusal(Options { urls, ..shared() }).await;
        assert!(told.contains("is it https or http"), "{told}");
    });
}

/// Speaks TLS to whoever comes, and hands on what they say to the OpenSearch that all share; returns its port.
async fn encrypts(certificate: &Certificate) -> u16 {
    let chain = CertificateDer::from_pem_file(certificate.path()).unwrap();
    let key = PrivateKeyDer::from_pem_file(certificate.key()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((address(), 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // Who doesn't trust it goes away.
                if let Ok(mut client) = acceptor.accept(client).await {
                    let mut engine = TcpStream::connect((address(), 19_200)).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut engine).await;
                }
            });
        }
    });
    port
}

#[test]
#[ignore = "needs an OpenSearch: make conformance"]
fn one_that_is_encrypted_is_spoken_to_where_its_certificate_is_vouched_for() {
    run(async {
        let certificate = Certificate::of(&address());
        let urls = vec![format!(
            "https://{}:{}",
            address(),
            encrypts(&certificate).await
        )];
        let trusting = |authorities| Options {
            urls: urls.clone(),
            authorities,
            ..shared()
        };
        let another = Certificate::of(&address());
        for authorities in [None, Some(another.path())] {
            let told = refusal(trusting(authorities)).await;
            assert!(told.contains("certificate"), "{told}");
        }
        let index = connect_whole(&trusting(Some(certificate.path()))).await;
        assert_eq!(index.state().await.unwrap(), IndexState::Whole);
    });
}

#[test]
#[ignore = "needs nothing, but belongs to those that need an OpenSearch: make conformance"]
fn what_cannot_be_is_refused_with_the_key_that_says_it() {
    run(async {
        let certificates = Options {
            authorities: Some("/nowhere/ca.pem".into()),
            ..shared()
        };
        let key = Options {
            credentials: Some(Credentials::ApiKey("a\nb".into())),
            ..shared()
        };
        let index = Options {
            index: "Chat".into(),
            ..shared()
        };
        for (options, wanted) in [
            (certificates, "opensearch.tls_ca: /nowhere/ca.pem"),
            (key, "opensearch.api_key"),
            (index, "opensearch.index: \"Chat\""),
        ] {
            let told = refusal(options).await;
            assert!(told.contains(wanted), "{told}");
        }
    });
}

#[test]
#[ignore = "needs an OpenSearch: make conformance"]
fn many_nodes_may_start_at_once() {
    run(async {
        let options = shared();
        let starting = (0..5).map(|_| OpenSearch::connect(options.clone()));
        for index in join_all(starting).await {
            index.unwrap();
        }
    });
}
