//! What chat means: the model, the ports, the owner and the other use cases, and the in-memory reference of each port.
//!
//! Nothing here names an engine, a socket or a file. Whatever is decided is decided here, once, for the
//! embedded mode and the cluster alike.

pub mod clock;
pub mod delivery;
pub mod memory;
pub mod model;
pub mod owner;
pub mod ports;
pub mod reads;
mod recent;
pub mod render;
pub mod search;
pub mod transfer;

pub use clock::{Clock, SystemClock};
