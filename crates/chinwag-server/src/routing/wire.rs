//! What nodes say to each other. Whoever changes anything here, or in what it is made of (`core`'s commands and
//! outcomes), raises the version in [`SERVICE`] and [`CALL`]: nodes of two versions then refuse each other clearly
//! during an upgrade, rather than misread.

use chinwag_core::owner::{
    Caller, Command, ConfirmedHead, Imported, ImportedChat, ImportedEvent, NewChat, Outcome,
};
use chinwag_proto::{ChatId, Problem};
use serde::{Deserialize, Serialize};

/// The service's name, version included.
pub(super) const SERVICE: &str = "chinwag.Owner.v2";
/// The path of its one call.
pub(super) const CALL: &str = "/chinwag.Owner.v2/Call";
/// The header that carries the shared key.
pub(super) const KEY: &str = "chinwag-key";
/// A question or an answer is never larger: a body and a thousand members fit, whatever is configured.
pub(super) const MAX_BYTES: usize = 64 * 1024 * 1024;

/// What a node is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Question {
    /// Decides a command.
    Execute {
        caller: Caller,
        chat: ChatId,
        command: Command,
    },
    /// Makes a chat that was named.
    Make {
        caller: Caller,
        chat: ChatId,
        new: NewChat,
    },
    /// Fills a chat that an import made, or makes it.
    Import {
        target: ImportedChat,
        events: Vec<ImportedEvent>,
    },
    /// Tells where chats end.
    Heads { chats: Vec<ChatId> },
    /// Was given shards, and should claim them.
    Given,
}

/// What it answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Reply {
    Outcome(Outcome),
    Heads(Vec<Option<ConfirmedHead>>),
    Imported(Vec<Result<Imported, Problem>>),
    Done,
    /// Nothing was done: another node owns the chat, this one where it is known.
    NotOwner {
        owner: Option<u16>,
    },
    Refused(Problem),
}

impl Question {
    /// Returns the one chat that it is about.
    pub(super) fn chat(&self) -> Option<ChatId> {
        match self {
            Self::Execute { chat, .. } | Self::Make { chat, .. } => Some(*chat),
            Self::Import { target, .. } => Some(target.id),
            Self::Heads { .. } | Self::Given => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_has_the_services_version() {
        assert_eq!(CALL, format!("/{SERVICE}/Call"));
    }
}
