//! A flaky [`Bus`]: what it loses it tells as a gap, as the port promises.

use std::{
    collections::HashSet,
    sync::{Arc, Weak},
};

use async_trait::async_trait;
use chinwag_core::{
    model::NodeId,
    ports::{Bus, BusEvent, BusMessage, BusSubscription, EngineResult, Topic},
};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{Call, Fault, Faults, Flaky, Moment, unknown_outcome};

/// The subscriptions that may have to be told of a loss.
pub(super) type OpenSubscriptions = Mutex<Vec<Weak<Losses>>>;

/// What one subscription lost and was not told of yet.
#[derive(Default)]
pub(super) struct Losses {
    topics: Mutex<HashSet<Topic>>,
    lost: Mutex<Vec<Topic>>,
    told: Notify,
}

impl Losses {
    fn lose(&self, topics: &[Topic]) {
        let subscribed = self.topics.lock();
        let mut lost = self.lost.lock();
        for topic in topics {
            if subscribed.contains(topic) && !lost.contains(topic) {
                lost.push(*topic);
            }
        }
        if !lost.is_empty() {
            self.told.notify_one();
        }
    }
}

#[async_trait]
impl<P: Bus + ?Sized> Bus for Flaky<P> {
    async fn publish(&self, messages: Vec<(Topic, Arc<BusMessage>)>) -> EngineResult<()> {
        self.faults
            .gates()
            .pass(Call::Publish, Moment::Before)
            .await;
        let fault = self.faults.next(Call::Publish);
        match &fault {
            // What failed counts as lost.
            Some(Fault::Refuse(error)) => {
                self.lose(&messages);
                return Err(error.clone());
            }
            Some(Fault::Delay(time)) => tokio::time::sleep(*time).await,
            Some(Fault::Drop) => {
                self.lose(&messages);
                return Ok(());
            }
            _ => {}
        }
        if fault == Some(Fault::FailAfter) {
            self.lose(&messages);
        }
        self.inner.publish(messages).await?;
        self.faults.gates().pass(Call::Publish, Moment::After).await;
        match fault {
            Some(Fault::FailAfter) => Err(unknown_outcome()),
            _ => Ok(()),
        }
    }

    async fn open(&self, node: NodeId) -> EngineResult<Arc<dyn BusSubscription>> {
        let open = self.inner.open(node);
        let inner = self.faults.around(Call::Read, open).await?;
        let losses = Arc::new(Losses::default());
        losses.topics.lock().insert(Topic::Inbox(node));
        let mut open = self.open.lock();
        open.retain(|losses| losses.strong_count() > 0);
        open.push(Arc::downgrade(&losses));
        Ok(Arc::new(FlakySubscription {
            inner,
            losses,
            faults: self.faults.clone(),
        }))
    }
}

impl<P: ?Sized> Flaky<P> {
    fn lose(&self, messages: &[(Topic, Arc<BusMessage>)]) {
        let topics: Vec<Topic> = messages.iter().map(|(topic, _)| *topic).collect();
        for losses in self.open.lock().iter().filter_map(Weak::upgrade) {
            losses.lose(&topics);
        }
    }
}

struct FlakySubscription {
    inner: Arc<dyn BusSubscription>,
    losses: Arc<Losses>,
    faults: Faults,
}

#[async_trait]
impl BusSubscription for FlakySubscription {
    async fn add(&self, topic: Topic) -> EngineResult<()> {
        let add = self.inner.add(topic);
        self.faults.around(Call::Write, add).await?;
        self.losses.topics.lock().insert(topic);
        Ok(())
    }

    async fn remove(&self, topic: Topic) -> EngineResult<()> {
        let remove = self.inner.remove(topic);
        self.faults.around(Call::Write, remove).await?;
        self.losses.topics.lock().remove(&topic);
        Ok(())
    }

    async fn next(&self) -> EngineResult<BusEvent> {
        loop {
            let lost = std::mem::take(&mut *self.losses.lost.lock());
            if !lost.is_empty() {
                return Ok(BusEvent::Gap(lost));
            }
            tokio::select! {
                biased;
                () = self.losses.told.notified() => {}
                event = self.inner.next() => return event,
            }
        }
    }
}
