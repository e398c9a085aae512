//! The engines: one module each, implementing ports and nothing else.

#[cfg(feature = "apns")]
pub mod apns;
#[cfg(any(feature = "cassandra", feature = "opensearch", feature = "redis"))]
mod authorities;
#[cfg(feature = "cassandra")]
pub mod cassandra;
#[cfg(any(feature = "opensearch", feature = "push"))]
mod causes;
#[cfg(any(feature = "fjall", feature = "tantivy"))]
mod disk;
#[cfg(feature = "fcm")]
pub mod fcm;
mod finding;
#[cfg(feature = "fjall")]
pub mod fjall;
#[cfg(feature = "kafka")]
pub mod kafka;
#[cfg(feature = "opensearch")]
pub mod opensearch;
#[cfg(feature = "public_net")]
pub mod public_net;
#[cfg(feature = "push")]
mod push;
#[cfg(any(feature = "opensearch", feature = "tantivy"))]
mod reach;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "tantivy")]
pub mod tantivy;
#[cfg(feature = "webpush")]
pub mod webpush;

#[cfg(any(feature = "cassandra", feature = "opensearch", feature = "redis"))]
pub use authorities::choose_provider;
#[cfg(any(feature = "fjall", feature = "tantivy"))]
pub use disk::free_bytes;
pub use finding::{Finding, Verdict};
#[cfg(feature = "push")]
pub use push::PushSetupError;
