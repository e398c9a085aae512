//! Which chat a line is for.

use chinwag_proto::{Problem, UserId};

use super::fingerprint::Fingerprint;
use crate::{
    owner::{ImportedChat, Owner},
    recent::Recent,
};

/// Chats that are remembered; another one is looked up again.
const REMEMBERED: usize = 10_000;

/// The chats that an import fills.
pub(super) struct Chats {
    owned_by: UserId,
    /// The one group that gets everything, if it is one.
    as_one: Option<String>,
    known: Recent<Fingerprint, ImportedChat>,
}

impl Chats {
    pub(super) fn new(owned_by: UserId, as_one: Option<String>) -> Self {
        Self {
            owned_by,
            as_one,
            known: Recent::new(REMEMBERED),
        }
    }

    /// Returns whether everything goes into one group.
    pub(super) fn are_one(&self) -> bool {
        self.as_one.is_some()
    }

    /// Returns the chat for the lines of a chat of the file: the same one at every run.
    pub(super) async fn of(&mut self, owner: &Owner, named: &str) -> Result<ImportedChat, Problem> {
        let (kind, name) = match &self.as_one {
            Some(name) => ("one", name.as_str()),
            None => ("chat", named),
        };
        let key = Fingerprint::of(&[kind.as_bytes(), name.as_bytes()]);
        if let Some(chat) = self.known.get(key) {
            return Ok(chat.clone());
        }
        let chat = ImportedChat {
            id: owner.chat_for_import(&key.client_id()).await?,
            name: name.to_owned(),
            owner: self.owned_by.clone(),
        };
        self.known.put(key, chat.clone());
        Ok(chat)
    }
}
