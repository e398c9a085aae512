//! What is said at the start where the engine isn't as it must be.

use chinwag_backends::opensearch::{Credentials, OpenSearch, Options};
use chinwag_conformance::run;
use futures_util::future::join_all;

use crate::{
    engine_process::address,
    fixture::{options, shared},
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
            (certificates, "opensearch.ca: /nowhere/ca.pem"),
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
