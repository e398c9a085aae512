//! What client and server must agree on: ids, frames, HTTP bodies, error and close codes.
//!
//! Data and codec only: nothing here does I/O. Names are those of the public protocol; JSON is in
//! camelCase, 64-bit ids are decimal strings, times are RFC 3339 in UTC with milliseconds.

pub mod close;
mod event_change;
pub mod frames;
pub mod http;
pub mod ids;
pub mod json;
pub mod limits;
pub mod metadata;
mod placed;
pub mod problem;
mod received;
pub mod shapes;
pub mod snowflake;
pub mod time;

pub use close::CloseCode;
pub use ids::{ChatId, ClientId, DeviceId, Epoch, EventId, MessageId, Seq, SessionId, UserId};
pub use limits::Limits;
pub use metadata::Metadata;
pub use problem::{ErrorCode, FieldError, Problem};
pub use time::Timestamp;
