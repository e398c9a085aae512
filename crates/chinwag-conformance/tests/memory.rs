//! The in-memory reference shows every behaviour: it is the executable specification.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chinwag_conformance::{
    AccountsEngine, BusEngine, DirectoryEngine, Engine, EventQueueEngine, MessageStoreEngine,
    OwnershipEngine, PresenceEngine, PushSenderEngine, QueueMarksEngine, SearchIndexEngine,
    conformance_tests, time,
};
use chinwag_core::{
    clock::ManualClock,
    memory::{MemoryBus, MemoryPresence, MemoryPush, MemorySearch, MemoryStore},
    model::DeviceRow,
    ports::{
        Accounts, Bus, Directory, EventQueue, MessageStore, Ownership, Presence, PushNote,
        PushOutcome, PushSender, QueueMarks, SearchIndex,
    },
};

/// Every port in memory. What is in memory outlives a reopening, as if it were durable.
struct InMemory {
    clock: Arc<ManualClock>,
    store: Arc<MemoryStore>,
    presence: Arc<MemoryPresence>,
    bus: Arc<MemoryBus>,
    search: Arc<MemorySearch>,
    push: Arc<MemoryPush>,
}

#[async_trait]
impl Engine for InMemory {
    async fn fresh() -> Self {
        let clock = Arc::new(ManualClock::at(time(0)));
        Self {
            presence: Arc::new(MemoryPresence::new(clock.clone())),
            clock,
            store: Arc::default(),
            bus: Arc::default(),
            search: Arc::default(),
            push: Arc::default(),
        }
    }

    async fn reopen(self) -> Self {
        self
    }
}

impl MessageStoreEngine for InMemory {
    fn message_store(&self) -> Arc<dyn MessageStore> {
        self.store.clone()
    }
}

impl DirectoryEngine for InMemory {
    fn directory(&self) -> Arc<dyn Directory> {
        self.store.clone()
    }
}

impl AccountsEngine for InMemory {
    fn accounts(&self) -> Arc<dyn Accounts> {
        self.store.clone()
    }
}

impl EventQueueEngine for InMemory {
    fn event_queue(&self) -> Arc<dyn EventQueue> {
        self.store.clone()
    }
}

impl QueueMarksEngine for InMemory {
    fn queue_marks(&self) -> Arc<dyn QueueMarks> {
        self.store.clone()
    }
}

impl OwnershipEngine for InMemory {
    fn ownership(&self) -> Arc<dyn Ownership> {
        self.store.clone()
    }
}

#[async_trait]
impl PresenceEngine for InMemory {
    fn presence(&self) -> Arc<dyn Presence> {
        self.presence.clone()
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(u64::try_from(time.as_millis()).unwrap());
    }
}

impl BusEngine for InMemory {
    const TOO_MANY: usize = 20_000;

    fn bus(&self) -> Arc<dyn Bus> {
        self.bus.clone()
    }
}

impl SearchIndexEngine for InMemory {
    fn search_index(&self) -> Arc<dyn SearchIndex> {
        self.search.clone()
    }
}

#[async_trait]
impl PushSenderEngine for InMemory {
    fn push_sender(&self) -> Arc<dyn PushSender> {
        self.push.clone()
    }

    async fn answer(&self, address: &str, outcome: PushOutcome) {
        self.push.answer(address, outcome);
    }

    async fn screen(&self, device: &DeviceRow) -> Vec<PushNote> {
        self.push.screen(&device.user, &device.device)
    }
}

conformance_tests!(
    InMemory: message_store,
    directory,
    accounts,
    event_queue,
    ownership, queue_marks,
    presence,
    bus,
    search_index,
    push_sender
);
