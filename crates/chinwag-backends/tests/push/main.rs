//! The senders of pushes, against providers that speak the real protocols and check what they are sent.
#![cfg(all(feature = "apns", feature = "fcm", feature = "webpush"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod apns;
mod fcm;
mod fixture;
mod webpush;
