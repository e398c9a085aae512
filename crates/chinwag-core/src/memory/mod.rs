//! The in-memory reference of each port: the executable specification.
//!
//! [`MemoryPresence`] and [`MemoryBus`] are also what the embedded mode uses.

mod accounts;
mod bus;
mod bus_inbox;
mod caused;
mod directory;
mod event_queue;
mod every_port;
mod leases;
mod message_store;
mod ownership;
mod presence;
mod push_sender;
mod queue_marks;
mod search_index;
mod store;

pub use bus::MemoryBus;
pub use bus_inbox::BusInbox;
pub use every_port::Memory;
pub use presence::MemoryPresence;
pub use push_sender::MemoryPush;
pub use search_index::MemorySearch;
pub use store::MemoryStore;
