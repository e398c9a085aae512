//! Presence while Redis fails: calls fail at once, and what gateways write again is there.

use chinwag_backends::redis::RedisPresence;
use chinwag_conformance::{run, time, user};
use chinwag_core::{
    model::NodeId,
    ports::{EngineError, EngineResult, Presence, SessionBeat},
};
use chinwag_proto::{SessionId, shapes::PresenceStatus};

use crate::server::Server;

fn beat() -> SessionBeat {
    SessionBeat {
        user: user("ana"),
        session: SessionId(1),
        node: NodeId(7),
        device: None,
        connected_at: time(1),
    }
}

async fn nodes(presence: &RedisPresence) -> EngineResult<Vec<NodeId>> {
    let located = presence.locate(&[user("ana")], None).await;
    located.map(|mut nodes| nodes.remove(0))
}

/// Touches until it works, as a gateway does with every heartbeat.
async fn until_touched(presence: &RedisPresence) {
    while let Err(error) = presence.touch(&[beat()]).await {
        assert!(matches!(error, EngineError::Unavailable(_)), "{error}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[test]
#[ignore = "needs a Redis: make conformance"]
fn the_keys_are_those_that_the_design_names() {
    run(async {
        let server = Server::start(&[]).await;
        let presence = RedisPresence::new(server.connect().await);
        presence.touch(&[beat()]).await.unwrap();
        assert_eq!(server.command("get presence:{YW5h}"), "online");
        let ttl: u32 = server.command("ttl presence:{YW5h}").parse().unwrap();
        assert!((25..=30).contains(&ttl), "{ttl} s to live");
        let told = server.command("hget sessions:{YW5h} 1");
        assert!(told.contains(" 7 "), "{told}");
    });
}

#[test]
#[ignore = "needs a Redis: make conformance"]
fn while_redis_is_frozen_calls_fail_and_afterwards_what_it_held_is_there() {
    run(async {
        let server = Server::start(&[]).await;
        let presence = RedisPresence::new(server.connect().await);
        presence.touch(&[beat()]).await.unwrap();
        server.process.freeze();
        for _ in 0..20 {
            let failed = presence.locate(&[user("ana")], None).await.unwrap_err();
            assert!(matches!(failed, EngineError::Unavailable(_)), "{failed}");
            presence.touch(&[beat()]).await.unwrap_err();
        }
        server.process.thaw();
        until_touched(&presence).await;
        assert_eq!(nodes(&presence).await.unwrap(), [NodeId(7)]);
    });
}

#[test]
#[ignore = "needs a Redis: make conformance"]
fn a_redis_that_was_restarted_empty_takes_what_is_written_again() {
    run(async {
        let mut server = Server::start(&[]).await;
        let presence = RedisPresence::new(server.connect().await);
        presence.touch(&[beat()]).await.unwrap();
        server.process.kill();
        presence.touch(&[beat()]).await.unwrap_err();
        server.start_again().await;
        while nodes(&presence).await != Ok(Vec::new()) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        until_touched(&presence).await;
        assert_eq!(nodes(&presence).await.unwrap(), [NodeId(7)]);
    });
}

#[test]
#[ignore = "needs a Redis: make conformance"]
fn scripts_that_redis_forgot_are_told_again() {
    run(async {
        let server = Server::start(&[]).await;
        let presence = RedisPresence::new(server.connect().await);
        presence.touch(&[beat()]).await.unwrap();
        server.command("script flush");
        presence.touch(&[beat()]).await.unwrap();
        assert_eq!(nodes(&presence).await.unwrap(), [NodeId(7)]);
        presence.leave(&user("ana"), SessionId(1)).await.unwrap();
        let online = presence.online(&[user("ana")]).await.unwrap();
        assert_eq!(online[0].status, PresenceStatus::Online);
    });
}

#[test]
#[ignore = "needs a Redis: make conformance"]
fn a_connection_that_is_cut_costs_nothing_once_it_is_made_again() {
    run(async {
        let server = Server::start(&[]).await;
        let presence = RedisPresence::new(server.connect().await);
        for _ in 0..5 {
            server.command("client kill type normal skipme yes");
            until_touched(&presence).await;
            assert_eq!(nodes(&presence).await.unwrap(), [NodeId(7)]);
        }
    });
}

#[test]
#[ignore = "needs a Redis: make conformance"]
fn a_user_who_comes_and_goes_takes_the_room_of_one() {
    run(async {
        let server = Server::start(&[]).await;
        let presence = RedisPresence::new(server.connect().await);
        for session in 0..200 {
            let beat = SessionBeat {
                session: SessionId(session),
                ..beat()
            };
            presence.touch(&[beat]).await.unwrap();
            presence
                .leave(&user("ana"), SessionId(session))
                .await
                .unwrap();
        }
        assert_eq!(server.command("hlen sessions:{YW5h}"), "1");
        assert_eq!(server.command("dbsize"), "2");
    });
}
