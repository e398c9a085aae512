//! The owner against the in-memory reference of its ports.

mod chats;
mod fixture;
mod large;
mod marks;
mod messages;
mod repetition;
mod terms;
