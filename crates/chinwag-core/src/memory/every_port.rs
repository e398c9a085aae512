//! The in-memory ports together, as one node is wired with them.

use std::sync::Arc;

use super::{MemoryBus, MemoryPresence, MemorySearch, MemoryStore};
use crate::{
    clock::Clock,
    delivery::Delivery,
    model::NodeId,
    owner::OwnerPorts,
    ports::{Bus, Presence, SearchIndex},
};

/// Every port in memory; nodes made from one share everything, as a cluster shares its engines.
#[derive(Clone)]
pub struct Memory {
    /// Logs, directory, accounts, queue, ownership.
    pub store: MemoryStore,
    /// Sessions.
    pub presence: Arc<MemoryPresence>,
    /// Messages between nodes.
    pub bus: MemoryBus,
    /// Messages by their words.
    pub search: Arc<MemorySearch>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl Memory {
    /// Makes empty ones.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            store: MemoryStore::new(),
            presence: Arc::new(MemoryPresence::new(Arc::clone(&clock))),
            bus: MemoryBus::new(),
            search: Arc::default(),
            clock,
        }
    }

    /// Returns what the owner of node 0 needs.
    #[must_use]
    pub fn owner_ports(&self) -> OwnerPorts {
        self.owner_ports_of(NodeId(0))
    }

    /// Returns what a node's owner needs.
    #[must_use]
    pub fn owner_ports_of(&self, node: NodeId) -> OwnerPorts {
        OwnerPorts {
            store: Arc::new(self.store.clone()),
            directory: Arc::new(self.store.clone()),
            accounts: Arc::new(self.store.clone()),
            ownership: Arc::new(self.store.clone()),
            queue: Arc::new(self.store.clone()),
            marks: None,
            delivery: Arc::new(Delivery::new(node, self.presence(), self.bus())),
            clock: Arc::clone(&self.clock),
        }
    }

    /// Returns the presence as a port.
    #[must_use]
    pub fn presence(&self) -> Arc<dyn Presence> {
        Arc::clone(&self.presence) as _
    }

    /// Returns the search index as a port.
    #[must_use]
    pub fn search(&self) -> Arc<dyn SearchIndex> {
        Arc::clone(&self.search) as _
    }

    /// Returns the bus as a port.
    #[must_use]
    pub fn bus(&self) -> Arc<dyn Bus> {
        Arc::new(self.bus.clone())
    }
}
