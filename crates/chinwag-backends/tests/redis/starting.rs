//! What is said at the start where Redis isn't as it must be.

use chinwag_backends::redis::{Options, Redis};
use chinwag_conformance::run;

use crate::{engine_process::address, server::Server};

/// Connects to what must not be taken, and returns why it wasn't.
pub(crate) async fn refusal(options: Options) -> String {
    match Redis::connect(options).await {
        Ok(_) => panic!("it was taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
#[ignore = "needs a Redis: make conformance"]
fn one_that_is_not_there_is_named_with_what_to_look_for() {
    run(async {
        let mut server = Server::start(&[]).await;
        server.process.kill();
        let refusal = refusal(server.options()).await;
        assert!(refusal.contains(&address()), "{refusal}");
        assert!(refusal.contains("is it running"), "{refusal}");
    });
}

#[test]
#[ignore = "needs a Redis: make conformance"]
fn one_that_is_frozen_does_not_hang_the_start() {
    run(async {
        let server = Server::start(&[]).await;
        server.process.freeze();
        let refusal = refusal(server.options()).await;
        assert!(refusal.contains("doesn't answer"), "{refusal}");
    });
}

#[test]
#[ignore = "needs a Redis: make conformance"]
fn a_wrong_password_is_told_from_a_redis_that_is_away() {
    run(async {
        let server = Server::start(&["--requirepass", "secret"]).await;
        let with = |user: &str| {
            let url = server.url().replace("redis://", &format!("redis://{user}"));
            Options::at(vec![url], false)
        };
        for wrong in ["", ":wrong@"] {
            let refusal = refusal(with(wrong)).await;
            assert!(refusal.contains("user and password"), "{refusal}");
        }
        Redis::connect(with(":secret@")).await.unwrap();
    });
}

#[test]
#[ignore = "needs a Redis and a Redis Cluster: make conformance"]
fn a_cluster_is_told_from_one_redis() {
    run(async {
        let server = Server::start(&[]).await;
        let options = Options::at(vec![server.url()], true);
        let told = refusal(options).await;
        assert!(told.contains("set redis.cluster = false"), "{told}");
        let url = format!("redis://{}:17001", address());
        let told = refusal(Options::at(vec![url], false)).await;
        assert!(told.contains("set redis.cluster = true"), "{told}");
    });
}

#[test]
#[ignore = "needs a Redis: make conformance"]
fn the_next_address_is_tried_where_one_is_away() {
    run(async {
        let (mut away, server) = (Server::start(&[]).await, Server::start(&[]).await);
        away.process.kill();
        let options = Options::at(vec![away.url(), server.url()], false);
        Redis::connect(options).await.unwrap();
    });
}

#[test]
#[ignore = "needs a Redis: make conformance"]
fn an_address_that_is_none_is_told_as_that() {
    run(async {
        let refusal = refusal(Options::at(vec!["localhost:6379".into()], false)).await;
        assert!(refusal.contains("redis.urls"), "{refusal}");
    });
}
