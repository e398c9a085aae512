//! What the providers of pushes have in common: the client, the answers' meaning, many notes at once.

mod answer;
mod client;
mod each;
#[cfg(any(feature = "apns", feature = "fcm"))]
mod fresh;
mod payload;

pub(crate) use answer::{Answer, answer};
#[cfg(any(feature = "apns", feature = "fcm"))]
pub(crate) use client::provider_url;
pub(crate) use client::{client, request_failed};
pub(crate) use each::send_each;
#[cfg(any(feature = "apns", feature = "fcm"))]
pub(crate) use fresh::Fresh;
pub(crate) use payload::fields;

/// Why a provider can't be used as it is configured.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PushSetupError(pub(crate) String);
