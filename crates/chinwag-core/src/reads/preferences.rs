//! The caller's own settings of a chat.

use chinwag_proto::{ChatId, Problem, http::Preferences};

use super::Reads;
use crate::{model::PreferencesRow, owner::Caller};

impl Reads {
    /// Sets the caller's own settings of a chat, as a whole; durable when it answers.
    pub async fn set_preferences(
        &self,
        caller: &Caller,
        chat: ChatId,
        preferences: Preferences,
    ) -> Result<(), Problem> {
        self.view(caller, chat).await?;
        let row = PreferencesRow {
            muted_until: preferences.muted_until,
            push: preferences.push,
            changed_at: self.ports.clock.now(),
        };
        let directory = &self.ports.directory;
        Ok(directory.put_preferences(chat, &caller.user, row).await?)
    }
}
