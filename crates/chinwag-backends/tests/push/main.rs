//! The senders of pushes, against providers that speak the real protocols and check what they are sent.
#![cfg(feature = "fcm")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fcm;
mod fixture;
