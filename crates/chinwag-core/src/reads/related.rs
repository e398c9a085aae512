//! Who shares a chat with whom: the bound on presence and on finding users.

use std::collections::{BTreeSet, HashSet};

use chinwag_proto::{ChatId, Problem, UserId};

use super::{
    Reads,
    access::{BATCH, View},
};

impl Reads {
    /// Tells which of the users share an active chat with the caller, or are the caller.
    ///
    /// Asks each of the caller's chats for the users still unknown, or each user for their chats, whichever are
    /// fewer: at most min(users, caller's chats) reads, and those that list the chats themselves.
    pub(super) async fn related(
        &self,
        caller: &UserId,
        users: &[UserId],
    ) -> Result<HashSet<UserId>, Problem> {
        let mut related: HashSet<UserId> = HashSet::new();
        let mut unknown: Vec<UserId> = Vec::new();
        for user in users {
            if user == caller {
                related.insert(user.clone());
            } else {
                unknown.push(user.clone());
            }
        }
        if unknown.is_empty() {
            return Ok(related);
        }
        let chats = self.views(caller).await?;
        let chats = chats.iter().map(|view: &View| view.chat);
        let chats: BTreeSet<ChatId> = chats.collect();
        if unknown.len() <= chats.len() {
            for user in unknown {
                if self.is_in_one_of(&user, &chats).await? {
                    related.insert(user);
                }
            }
            return Ok(related);
        }
        for chat in chats {
            let found = self.active_among(chat, &unknown).await?;
            unknown.retain(|user| !found.contains(user));
            related.extend(found);
            if unknown.is_empty() {
                break;
            }
        }
        Ok(related)
    }

    async fn is_in_one_of(&self, user: &UserId, chats: &BTreeSet<ChatId>) -> Result<bool, Problem> {
        let mut after = None;
        loop {
            let directory = &self.ports.directory;
            let memberships = directory.chats_of(user, after, BATCH).await?;
            let active = memberships.iter().filter(|row| row.member.active);
            if active
                .into_iter()
                .any(|row| chats.contains(&row.member.chat))
            {
                return Ok(true);
            }
            if memberships.len() < BATCH {
                return Ok(false);
            }
            after = memberships.last().map(|row| row.member.chat);
        }
    }
}
