//! The engines: one module each, implementing ports and nothing else.

#[cfg(feature = "fjall")]
pub mod fjall;
