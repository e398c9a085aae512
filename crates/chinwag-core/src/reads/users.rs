//! Finding users: everyone where accounts are stand-alone, else those who share a chat.

use std::collections::BTreeMap;

use chinwag_proto::{
    ErrorCode, Problem, UserId,
    http::{UsersPage, UsersQuery},
    shapes::User,
};

use super::{
    Reads,
    access::BATCH,
    budget::{Budget, page_limit},
};
use crate::{model::UserRow, owner::Caller};

/// Up to so many members of the caller's chats, counted in each, all of them are looked through; above, so many
/// users whose name or id begins as asked.
const LOOKED_THROUGH: usize = 10_000;

impl Reads {
    /// Finds users by the beginning of name or id, in order of id; disabled ones are left out.
    ///
    /// Where accounts aren't stand-alone, only users who share a chat with the caller. Exact up to 10,000 members
    /// in all the caller's chats; above, among the first 10,000 users who begin so. An API key finds everyone.
    pub async fn users(&self, caller: &Caller, query: UsersQuery) -> Result<UsersPage, Problem> {
        let limit = page_limit(query.limit, &self.limits)?;
        let found = if self.open_directory || caller.api_key {
            self.everyone(&query.q, limit).await?
        } else {
            self.acquainted(&caller.user, &query.q, limit).await?
        };
        let mut budget = Budget::new(&self.limits);
        let shown = found.into_iter().map(shown);
        let users = shown.take_while(|user| budget.take(user)).collect();
        Ok(UsersPage {
            users,
            next_cursor: None,
        })
    }

    /// Reads one user whom the caller may find; `unknownUser` for any other.
    pub async fn user(&self, caller: &Caller, user: &UserId) -> Result<User, Problem> {
        let unknown = || Problem::new(ErrorCode::UnknownUser, "there is no such user for you");
        let asked = std::slice::from_ref(user);
        if !self.open_directory && !caller.api_key {
            let related = self.related(&caller.user, asked).await?;
            if related.is_empty() {
                return Err(unknown());
            }
        }
        let rows = self.ports.accounts.users(asked).await?;
        let row = rows.into_iter().next().flatten();
        row.map(shown).ok_or_else(unknown)
    }

    async fn everyone(&self, prefix: &str, limit: usize) -> Result<Vec<UserRow>, Problem> {
        let mut found = Vec::new();
        let mut after: Option<UserId> = None;
        let mut looked_through = 0;
        while found.len() < limit && looked_through < LOOKED_THROUGH {
            let wanted = limit - found.len();
            let accounts = &self.ports.accounts;
            let rows = accounts.find_users(prefix, after.as_ref(), wanted).await?;
            looked_through += rows.len();
            let exhausted = rows.len() < wanted;
            after = rows.last().map(|row| row.id.clone());
            found.extend(rows.into_iter().filter(|row| !row.disabled));
            if exhausted {
                break;
            }
        }
        Ok(found)
    }

    async fn acquainted(
        &self,
        caller: &UserId,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<UserRow>, Problem> {
        let views = self.views(caller).await?;
        let chats: Vec<_> = views.iter().map(|view| view.chat).collect();
        let mut members = 0;
        for chats in chats.chunks(BATCH) {
            let rows = self.ports.directory.chats(chats).await?;
            let counts = rows.iter().flatten().map(|chat| chat.members as usize);
            members += counts.sum::<usize>();
        }
        if members > LOOKED_THROUGH {
            return self.acquainted_among_many(caller, prefix, limit).await;
        }
        let mut found = BTreeMap::new();
        for chat in chats {
            let page = self.active_members(chat, None, LOOKED_THROUGH).await?;
            found.extend(page.members.into_iter().map(|member| (member.user, ())));
        }
        found.insert(caller.clone(), ());
        let users: Vec<UserId> = found.into_keys().collect();
        let mut rows = Vec::new();
        for users in users.chunks(BATCH) {
            let some = self.ports.accounts.users(users).await?;
            let some = some.into_iter().flatten();
            rows.extend(some.filter(|row| !row.disabled && begins(row, prefix)));
            if rows.len() >= limit {
                break;
            }
        }
        rows.truncate(limit);
        Ok(rows)
    }

    /// Finds users by their beginning first, and keeps those who share a chat.
    async fn acquainted_among_many(
        &self,
        caller: &UserId,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<UserRow>, Problem> {
        let mut found = Vec::new();
        let mut after: Option<UserId> = None;
        let mut looked_through = 0;
        while found.len() < limit && looked_through < LOOKED_THROUGH {
            let accounts = &self.ports.accounts;
            let rows = accounts.find_users(prefix, after.as_ref(), BATCH).await?;
            looked_through += rows.len();
            let exhausted = rows.len() < BATCH;
            after = rows.last().map(|row| row.id.clone());
            let users: Vec<UserId> = rows.iter().map(|row| row.id.clone()).collect();
            let related = self.related(caller, &users).await?;
            let related = |row: &UserRow| !row.disabled && related.contains(&row.id);
            found.extend(rows.into_iter().filter(related));
            if exhausted {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }
}

/// As `Accounts::find_users`: the id as it stands, the name with case folded.
fn begins(row: &UserRow, prefix: &str) -> bool {
    let named = |name: &String| name.to_lowercase().starts_with(&prefix.to_lowercase());
    row.id.as_str().starts_with(prefix) || row.name.as_ref().is_some_and(named)
}

fn shown(row: UserRow) -> User {
    User {
        id: row.id,
        name: row.name,
        disabled: row.disabled,
    }
}

#[cfg(test)]
mod tests;
