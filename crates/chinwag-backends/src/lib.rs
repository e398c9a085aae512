//! The engines: one module each, implementing ports and nothing else.

#[cfg(any(feature = "fjall", feature = "tantivy"))]
mod disk;
#[cfg(feature = "fjall")]
pub mod fjall;
#[cfg(feature = "tantivy")]
pub mod tantivy;
