//! Finding users: everyone where accounts are stand-alone, else those who share a chat.

use std::collections::{BTreeSet, HashSet};

use chinwag_proto::{
    ErrorCode, Problem, UserId,
    http::{UsersPage, UsersQuery},
    shapes::User,
};

use super::{
    Reads,
    access::BATCH,
    budget::{Budget, page_limit},
    opaque::{self, Kind},
};
use crate::{model::UserRow, owner::Caller};

/// Up to so many members of the caller's chats, counted in each, all of them are looked through for a page; above,
/// so many users whose name or id begins as asked: such a page may be short, and goes on.
const LOOKED_THROUGH: usize = 10_000;

/// Users in order of id, and after whom there may be more.
#[derive(Debug, Default)]
struct Found {
    users: Vec<UserRow>,
    next: Option<UserId>,
}

impl Found {
    /// Takes users in order of id up to a limit; one beyond it says that there are more. Answers whether it is full.
    fn take(&mut self, rows: impl IntoIterator<Item = UserRow>, limit: usize) -> bool {
        for row in rows {
            if self.users.len() == limit {
                self.next = self.users.last().map(|last| last.id.clone());
                return true;
            }
            self.users.push(row);
        }
        false
    }
}

impl Reads {
    /// Finds users by the beginning of name or id, in order of id; disabled ones are left out.
    ///
    /// Where accounts aren't stand-alone, only users who share a chat with the caller. An API key finds everyone.
    /// Errors: `badCursor`.
    pub async fn users(&self, caller: &Caller, query: UsersQuery) -> Result<UsersPage, Problem> {
        let limit = page_limit(query.limit, &self.limits)?;
        let after: Option<UserId> = opaque::cursor(Kind::Users, query.cursor.as_deref())?;
        let found = if self.open_directory || caller.api_key {
            self.everyone(&query.q, after, limit).await?
        } else {
            self.acquainted(&caller.user, &query.q, after, limit)
                .await?
        };
        let complete = found.users.len();
        let mut budget = Budget::new(&self.limits);
        let shown = found.users.into_iter().map(shown);
        let users: Vec<User> = shown.take_while(|user| budget.take(user)).collect();
        let next = match users.last() {
            Some(last) if users.len() < complete => Some(last.id.clone()),
            _ => found.next,
        };
        Ok(UsersPage {
            users,
            next_cursor: next.map(|user| opaque::write(Kind::Users, &user)),
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

    async fn everyone(
        &self,
        prefix: &str,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Found, Problem> {
        // One more than wanted tells whether there are more.
        self.found_so(prefix, after, (limit, limit + 1), None).await
    }

    async fn acquainted(
        &self,
        caller: &UserId,
        prefix: &str,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Found, Problem> {
        let views = self.views(caller).await?;
        let chats: Vec<_> = views.iter().map(|view| view.chat).collect();
        let mut members = 0;
        for chats in chats.chunks(BATCH) {
            let rows = self.ports.directory.chats(chats).await?;
            let counts = rows.iter().flatten().map(|chat| chat.members as usize);
            members += counts.sum::<usize>();
        }
        if members > LOOKED_THROUGH {
            return self
                .found_so(prefix, after, (limit, BATCH), Some(caller))
                .await;
        }
        let mut users = BTreeSet::from([caller.clone()]);
        for chat in chats {
            let page = self.active_members(chat, None, LOOKED_THROUGH).await?;
            users.extend(page.members.into_iter().map(|member| member.user));
        }
        let users: Vec<UserId> = users
            .into_iter()
            .filter(|user| after.as_ref().is_none_or(|after| user > after))
            .collect();
        let mut found = Found::default();
        for users in users.chunks(BATCH) {
            let some = self.ports.accounts.users(users).await?;
            let some = some.into_iter().flatten();
            let begins = some.filter(|row| !row.disabled && begins(row, prefix));
            if found.take(begins, limit) {
                break;
            }
        }
        Ok(found)
    }

    /// Walks over the users whose name or id begins so, a step at a time, and keeps up to a limit of them; where a user
    /// is named, of those who share a chat with that one.
    async fn found_so(
        &self,
        prefix: &str,
        mut after: Option<UserId>,
        (limit, step): (usize, usize),
        acquainted_with: Option<&UserId>,
    ) -> Result<Found, Problem> {
        let mut found = Found::default();
        let mut looked_through = 0;
        while looked_through < LOOKED_THROUGH {
            let accounts = &self.ports.accounts;
            let rows = accounts.find_users(prefix, after.as_ref(), step).await?;
            looked_through += rows.len();
            let exhausted = rows.len() < step;
            after = rows.last().map(|row| row.id.clone());
            let related = match acquainted_with {
                Some(caller) => Some(self.related_rows(caller, &rows).await?),
                None => None,
            };
            let kept = |row: &UserRow| {
                let related = related.as_ref();
                !row.disabled && related.is_none_or(|related| related.contains(&row.id))
            };
            if found.take(rows.into_iter().filter(kept), limit) || exhausted {
                return Ok(found);
            }
        }
        found.next = after;
        Ok(found)
    }

    async fn related_rows(
        &self,
        caller: &UserId,
        rows: &[UserRow],
    ) -> Result<HashSet<UserId>, Problem> {
        let users: Vec<UserId> = rows.iter().map(|row| row.id.clone()).collect();
        self.related(caller, &users).await
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
