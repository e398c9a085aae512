//! The engines that all nodes share, in memory, and how a node reaches them: over calls that fail and are late.

use std::sync::Arc;

use chinwag_conformance::{Faults, Flaky};
use chinwag_core::{
    memory::{MemoryBus, MemoryPresence, MemorySearch, MemoryStore},
    ports::Bus,
};
use chinwag_server::{push::Senders, wiring::Ports};

use crate::{
    plant::{Plant, Planted},
    queue::Queue,
    time::{MachineClock, Time},
};

/// The engines.
pub(crate) struct Engines {
    store: MemoryStore,
    presence: Arc<MemoryPresence>,
    search: Arc<MemorySearch>,
    queue: Queue,
    /// One for all: whoever loses a message knows whom to tell.
    bus: Arc<dyn Bus>,
    plant: Option<Plant>,
}

impl Engines {
    /// Makes empty ones; `faults` are those of the bus.
    pub(crate) fn new(time: &Arc<Time>, faults: &Faults, plant: Option<Plant>) -> Self {
        let bus = Arc::new(MemoryBus::new());
        let bus: Arc<dyn Bus> = match plant {
            Some(Plant::SilentBus) => Arc::new(Planted::new(bus, plant)),
            _ => Arc::new(Flaky::new(bus, faults)),
        };
        Self {
            store: MemoryStore::new(),
            presence: Arc::new(MemoryPresence::new(Arc::new(MachineClock::new(time)))),
            search: Arc::default(),
            queue: Queue::default(),
            bus,
            plant,
        }
    }

    /// Returns the engines as a node reaches them; `faults` are those of its calls.
    pub(crate) fn ports(&self, faults: &Faults) -> Ports {
        let store = Arc::new(self.store.clone());
        let queue = Arc::new(self.queue.clone());
        let presence = Arc::clone(&self.presence);
        Ports {
            store: Arc::new(Flaky::new(self.planted(&store), faults)),
            directory: Arc::new(Flaky::new(self.planted(&store), faults)),
            accounts: store.clone(),
            ownership: store,
            queue: Arc::new(Flaky::new(self.planted(&queue), faults)),
            marks: Some(Arc::new(self.store.clone())),
            presence: Arc::new(Flaky::new(self.planted(&presence), faults)),
            bus: Arc::clone(&self.bus),
            search: self.search.clone(),
            senders: Senders::default(),
            feeds_devices: false,
            embedded: None,
        }
    }

    fn planted<P>(&self, port: &Arc<P>) -> Arc<Planted<P>> {
        Arc::new(Planted::new(Arc::clone(port), self.plant))
    }
}
