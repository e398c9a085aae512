//! [`EventQueue`] on Kafka.

use async_trait::async_trait;
use chinwag_core::{
    model::LogRow,
    ports::{Consumer, EngineResult, EventQueue, GroupSet, QueueGroup},
};
use chinwag_proto::ChatId;
use rdkafka::error::KafkaResult;

use super::{
    ConnectError, Options, client, connecting::prepare, consumer::KafkaConsumer, lag::Lag,
    producer::Producer,
};

/// Carries events over Kafka.
pub struct KafkaQueue {
    options: Options,
    producer: Producer,
    lags: [Lag; QueueGroup::ALL.len()],
}

impl KafkaQueue {
    /// Connects, and makes the topics that aren't there.
    pub async fn connect(options: Options) -> Result<Self, ConnectError> {
        prepare(&options).await?;
        let opened = Self::open(options);
        opened.map_err(|error| ConnectError::Refused(error.to_string()))
    }

    fn open(options: Options) -> KafkaResult<Self> {
        let [fanout, indexer, push, purger] = QueueGroup::ALL;
        Ok(Self {
            producer: Producer::new(&options)?,
            lags: [
                Lag::of(&options, fanout)?,
                Lag::of(&options, indexer)?,
                Lag::of(&options, push)?,
                Lag::of(&options, purger)?,
            ],
            options,
        })
    }
}

#[async_trait]
impl EventQueue for KafkaQueue {
    async fn publish(&self, events: Vec<(ChatId, LogRow, GroupSet)>) -> EngineResult<()> {
        self.producer.publish(events).await
    }

    async fn join(&self, group: QueueGroup) -> EngineResult<Box<dyn Consumer>> {
        match KafkaConsumer::join(&self.options, group) {
            Ok(consumer) => Ok(Box::new(consumer)),
            Err(error) => Err(client::unavailable("can't join", &error)),
        }
    }

    async fn lag(&self, group: QueueGroup) -> EngineResult<u64> {
        let lag = self.lags[group as usize].count().await;
        lag.map_err(|error| client::unavailable("can't count what waits", &error))
    }
}
