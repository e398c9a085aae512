//! A cluster whose slots move to another node while they are used.

use std::collections::BTreeMap;

use chinwag_backends::redis::{Redis, RedisBus, RedisPresence};
use chinwag_conformance::{chat, run, time, user};
use chinwag_core::{
    model::NodeId,
    ports::{Bus, Presence, SessionBeat, Topic},
};
use chinwag_proto::SessionId;

use crate::{
    bus_faults::{until_a_gap_on, until_heard},
    fixture::options,
    server::redis_cli,
};

const PORTS: [u16; 3] = [17_001, 17_002, 17_003];

/// Moves a slot to the next master, key by key; calls back when half of it is done.
async fn move_slot(slot: &str, when_half_done: impl AsyncFnOnce()) {
    let ids: BTreeMap<u16, String> = PORTS
        .iter()
        .map(|port| (*port, redis_cli(*port, "cluster myid")))
        .collect();
    let from = *PORTS
        .iter()
        .find(|port| holds(**port, &ids[*port], slot))
        .unwrap();
    let to = *PORTS.iter().find(|port| **port != from).unwrap();
    redis_cli(
        to,
        &format!("cluster setslot {slot} importing {}", ids[&from]),
    );
    redis_cli(
        from,
        &format!("cluster setslot {slot} migrating {}", ids[&to]),
    );
    let mut when_half_done = Some(when_half_done);
    loop {
        let keys = redis_cli(from, &format!("cluster getkeysinslot {slot} 1"));
        if keys.is_empty() {
            break;
        }
        let host = crate::engine_process::address();
        redis_cli(from, &format!("migrate {host} {to} {keys} 0 5000"));
        if let Some(call) = when_half_done.take() {
            call().await;
        }
    }
    for port in [to, from] {
        redis_cli(port, &format!("cluster setslot {slot} node {}", ids[&to]));
    }
    for port in PORTS {
        redis_cli(port, &format!("cluster setslot {slot} node {}", ids[&to]));
    }
}

/// Returns whether a node's own line of `CLUSTER NODES` lists a slot.
fn holds(port: u16, id: &str, slot: &str) -> bool {
    let slot: u16 = slot.parse().unwrap();
    let nodes = redis_cli(port, "cluster nodes");
    let own = nodes.lines().find(|line| line.starts_with(id)).unwrap();
    own.split_whitespace().skip(8).any(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        match (first.parse::<u16>(), last.parse::<u16>()) {
            (Ok(first), Ok(last)) => (first..=last).contains(&slot),
            _ => false,
        }
    })
}

#[test]
#[ignore = "needs a Redis Cluster: make conformance"]
fn a_topic_whose_slot_moves_is_listened_to_where_it_went() {
    run(async {
        let options = options(&PORTS[..1], true);
        let bus = RedisBus::new(Redis::connect(options).await.unwrap());
        let node = bus.open(NodeId(1)).await.unwrap();
        let id = rand::random::<u32>();
        let topic = Topic::Chat(chat(id.into()));
        node.add(topic).await.unwrap();
        until_heard(&bus, topic, &*node).await;
        let slot = redis_cli(PORTS[0], &format!("cluster keyslot chat{id}"));
        move_slot(&slot, async || {
            // Half moved, the key is there already and the slot isn't: it is asked for there.
            let publish = bus
                .publish(vec![(topic, crate::bus_faults::note("half"))])
                .await;
            publish.unwrap();
        })
        .await;
        until_a_gap_on(topic, &*node).await;
        assert_eq!(until_heard(&bus, topic, &*node).await, 0);
    });
}

#[test]
#[ignore = "needs a Redis Cluster: make conformance"]
fn presence_follows_its_slot() {
    run(async {
        let presence =
            RedisPresence::new(Redis::connect(options(&PORTS[..1], true)).await.unwrap());
        let id = format!("ana{}", rand::random::<u32>());
        let beat = SessionBeat {
            user: user(&id),
            session: SessionId(1),
            node: NodeId(7),
            device: None,
            connected_at: time(1),
        };
        presence.touch(std::slice::from_ref(&beat)).await.unwrap();
        let tag = {
            use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
            URL_SAFE_NO_PAD.encode(&id)
        };
        let slot = redis_cli(PORTS[0], &format!("cluster keyslot {tag}"));
        move_slot(&slot, async || {}).await;
        let located = presence.locate(&[user(&id)], None).await.unwrap();
        assert_eq!(located, [[NodeId(7)]]);
        presence.touch(&[beat]).await.unwrap();
    });
}
