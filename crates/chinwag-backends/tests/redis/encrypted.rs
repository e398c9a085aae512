//! A Redis that is reached over TLS alone.

use chinwag_backends::redis::{ConnectError, Options, Redis, RedisBus, RedisPresence};
use chinwag_conformance::{run, user};
use chinwag_core::{
    model::NodeId,
    ports::{Bus as _, Presence as _},
};

use crate::{
    bus_faults::{CHAT, until_heard},
    certificate::Certificate,
    engine_process::address,
    server::Server,
    starting::refusal,
};

#[test]
#[ignore = "needs a Redis: make conformance"]
fn commands_and_messages_go_over_tls() {
    run(async {
        let server = Server::encrypted().await;
        let redis = server.connect().await;
        let presence = RedisPresence::new(redis.clone());
        assert_eq!(presence.sessions(&user("ana")).await.unwrap(), []);
        let bus = RedisBus::new(redis);
        let node = bus.open(NodeId(1)).await.unwrap();
        node.add(CHAT).await.unwrap();
        until_heard(&bus, CHAT, &*node).await;
    });
}

#[test]
#[ignore = "needs a Redis: make conformance"]
fn one_whom_nobody_that_is_trusted_vouches_for_is_not_spoken_to() {
    run(async {
        let server = Server::encrypted().await;
        let another = Certificate::of(&address());
        for authorities in [None, Some(another.path())] {
            let told = refusal(Options {
                authorities,
                ..server.options()
            });
            let told = told.await;
            assert!(told.contains("certificate"), "{told}");
        }
    });
}

#[test]
#[ignore = "needs nothing, but belongs to those that need a Redis: make conformance"]
fn authorities_of_a_redis_that_is_not_encrypted_are_a_mistake() {
    run(async {
        let certificate = Certificate::of(&address());
        let url = format!("redis://{}:9", address());
        let with = |path| Options {
            authorities: Some(path),
            ..Options::at(vec![url.clone()], false)
        };
        let told = refusal(with(certificate.path())).await;
        assert!(told.contains("write rediss://"), "{told}");
        let encrypted = Options {
            urls: vec![url.replace("redis:", "rediss:")],
            ..with("/nowhere/ca.pem".into())
        };
        let refused = Redis::connect(encrypted).await.map(|_| ()).unwrap_err();
        assert!(matches!(refused, ConnectError::Authorities(_)), "{refused}");
    });
}
