//! The load generator: how fast a server is, measured from outside and checked message by message.
//!
//! The coordinator starts a server of its own or takes one that runs, makes users, tokens and chats, starts the
//! processes that make the load ([`generator`]), asks for history and searches itself, and puts together what was
//! measured with what the kernel says of the server. A run in which anything was lost, doubled or out of order, or an
//! answer was wrong, has no figures.

mod coordinator;
mod faults;
mod file;
pub mod generator;
mod latency;
mod measures;
mod message;
pub mod options;
mod pacer;
mod plan;
pub mod report;
mod stamp;
mod timeline;

pub use coordinator::run;
pub use file::read as read_file;
pub use latency::Percentiles;
pub use options::{Options, Scenario};
pub use report::{Report, page};
