//! Redis as `scripts/engines` starts it, with names of its own for each case.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chinwag_backends::redis::{Options, Redis, RedisBus, RedisPresence};
use chinwag_conformance::{BusEngine, Engine, PresenceEngine};
use chinwag_core::ports::{Bus, Presence};

use crate::engine_process::address;

/// Messages that wait at most: few, so that a case can be too slow quickly.
const WAITING: usize = 1_000;

/// One Redis.
pub(crate) type Single = OnRedis<false>;
/// A Redis Cluster of three masters.
pub(crate) type Cluster = OnRedis<true>;

/// A Redis, or a cluster, under a prefix that nobody else has.
pub(crate) struct OnRedis<const CLUSTER: bool> {
    options: Options,
    presence: Arc<RedisPresence>,
    bus: Arc<RedisBus>,
}

/// Returns options under a prefix that nobody else has.
pub(crate) fn options(ports: &[u16], is_cluster: bool) -> Options {
    let urls = ports
        .iter()
        .map(|port| format!("redis://{}:{port}", address()));
    Options {
        prefix: format!("test{:x}:", rand::random::<u64>()),
        waiting_messages: WAITING,
        ..Options::at(urls.collect(), is_cluster)
    }
}

impl<const CLUSTER: bool> OnRedis<CLUSTER> {
    async fn open(options: Options) -> Self {
        let redis = match Redis::connect(options.clone()).await {
            Ok(redis) => redis,
            Err(error) => panic!("{error} (make engines-up)"),
        };
        Self {
            options,
            presence: Arc::new(RedisPresence::new(Arc::clone(&redis))),
            bus: Arc::new(RedisBus::new(redis)),
        }
    }
}

#[async_trait]
impl<const CLUSTER: bool> Engine for OnRedis<CLUSTER> {
    async fn fresh() -> Self {
        let ports: &[u16] = if CLUSTER {
            &[17_001, 17_002]
        } else {
            &[16_379]
        };
        Self::open(options(ports, CLUSTER)).await
    }

    async fn reopen(self) -> Self {
        Self::open(self.options).await
    }
}

#[async_trait]
impl<const CLUSTER: bool> PresenceEngine for OnRedis<CLUSTER> {
    fn presence(&self) -> Arc<dyn Presence> {
        self.presence.clone()
    }

    async fn pass(&self, time: Duration) {
        // Redis tells the time, and nobody can advance it.
        tokio::time::sleep(time).await;
    }
}

impl<const CLUSTER: bool> BusEngine for OnRedis<CLUSTER> {
    const TOO_MANY: usize = 2 * WAITING;

    fn bus(&self) -> Arc<dyn Bus> {
        self.bus.clone()
    }
}
