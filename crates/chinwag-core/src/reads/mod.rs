//! The reading use cases: history, events, sync, chats, receipts, search, presence.
//!
//! Each checks the caller's membership in the directory itself, never in a cache, and stays at or below the
//! confirmed head that the owner tells.

mod access;
mod badge;
mod budget;
mod chats;
mod cursor;
mod events;
#[cfg(test)]
mod fixture;
mod heads;
mod history;
mod last_message;
mod members;
mod message;
mod opaque;
mod preferences;
mod presence;
mod receipts;
mod related;
mod search;
mod shown;
mod summary;
mod sync;
mod unread;
mod users;

use std::sync::Arc;

use chinwag_proto::Limits;

use crate::{
    clock::Clock,
    ports::{Accounts, Directory, MessageStore, Presence, SearchIndex},
};

pub use heads::Heads;

/// What the reading use cases need.
#[derive(Clone)]
pub struct ReadPorts {
    /// The logs.
    pub store: Arc<dyn MessageStore>,
    /// Chats, members, marks.
    pub directory: Arc<dyn Directory>,
    /// Users.
    pub accounts: Arc<dyn Accounts>,
    /// Who is online.
    pub presence: Arc<dyn Presence>,
    /// Messages by their words.
    pub search: Arc<dyn SearchIndex>,
    /// Confirmed heads.
    pub owner: Arc<dyn Heads>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// The reading use cases; each is a method in a file of its own.
pub struct Reads {
    ports: ReadPorts,
    limits: Limits,
    /// Whether everyone finds everyone (stand-alone), or only those who share a chat.
    open_directory: bool,
}

impl Reads {
    /// Makes the use cases; `open_directory` lets everyone find everyone (stand-alone accounts).
    #[must_use]
    pub fn new(ports: ReadPorts, limits: Limits, open_directory: bool) -> Self {
        Self {
            ports,
            limits,
            open_directory,
        }
    }
}
