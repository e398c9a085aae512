//! The client that records go out by, and the thread that hears what became of them.
//!
//! The library's own thread spins through the last part of each tenth of a second: every idle node would take half a
//! percent of a processor for it.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use rdkafka::{
    ClientConfig,
    error::{KafkaError, KafkaResult},
    producer::{BaseProducer, BaseRecord, DeliveryResult, ProducerContext},
};
use tokio::sync::oneshot;

use super::client::Told;

/// How long the thread waits for word at a time: within so long it ends.
const LISTENS_FOR: Duration = Duration::from_secs(1);

/// What became of a record: `Ok` once all in-sync replicas have it.
pub(super) type Delivery = oneshot::Receiver<KafkaResult<()>>;

/// Whom it is told to.
type Asks = Box<oneshot::Sender<KafkaResult<()>>>;

impl ProducerContext for Told {
    type DeliveryOpaque = Asks;

    fn delivery(&self, result: &DeliveryResult<'_>, asks: Self::DeliveryOpaque) {
        let told = match result {
            Ok(_) => Ok(()),
            Err((error, _)) => Err(error.clone()),
        };
        // Whoever asked may not wait any more.
        drop(asks.send(told));
    }
}

/// A client, and its thread, which ends with it.
pub(super) struct Deliveries {
    client: Arc<BaseProducer<Told>>,
    is_over: Arc<AtomicBool>,
}

impl Deliveries {
    pub(super) fn start(config: &ClientConfig) -> KafkaResult<Self> {
        let client: BaseProducer<Told> = config.create_with_context(Told)?;
        let client = Arc::new(client);
        let is_over = Arc::new(AtomicBool::new(false));
        let (listens, is_ended) = (Arc::clone(&client), Arc::clone(&is_over));
        let listening = thread::Builder::new().name("kafka-deliveries".into());
        let started = listening.spawn(move || {
            while !is_ended.load(Ordering::Relaxed) {
                listens.poll(LISTENS_FOR);
            }
        });
        started.map_err(no_thread)?;
        Ok(Self { client, is_over })
    }

    pub(super) fn client(&self) -> Arc<BaseProducer<Told>> {
        Arc::clone(&self.client)
    }

    /// Puts a record behind those that wait, if there is room for it.
    pub(super) fn send(&self, topic: &str, key: &[u8], value: &[u8]) -> KafkaResult<Delivery> {
        let (tell, told) = oneshot::channel();
        let record: BaseRecord<'_, [u8], [u8], Asks> =
            BaseRecord::with_opaque_to(topic, Box::new(tell));
        let sent = self.client.send(record.key(key).payload(value));
        sent.map(|()| told).map_err(|(error, _)| error)
    }
}

impl Drop for Deliveries {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

fn no_thread(error: io::Error) -> KafkaError {
    KafkaError::ClientCreation(format!("no thread can be started: {error}"))
}
