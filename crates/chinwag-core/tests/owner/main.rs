//! The owner against the in-memory reference of its ports.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its fixture too"
)]

mod chats;
mod delivering;
mod feeding;
mod fixture;
mod importing;
mod large;
mod marks;
mod messages;
mod moving;
mod repetition;
mod take_over;
mod terms;
