//! Who is in a chat.

use std::collections::HashMap;

use chinwag_proto::{
    ChatId, Problem, UserId,
    http::{MembersPage, PageQuery},
    shapes::Member,
};

use super::{
    Reads,
    budget::{Budget, page_limit},
    opaque::{self, Kind},
};
use crate::{model::MemberRow, owner::Caller};

/// Rows that one page looks through at most, those who left included: a page may be short, and goes on.
const LOOKED_THROUGH: usize = 10_000;
/// Rows read in one step.
const STEP: usize = 1_000;

/// Active members in order of user id, and after whom there are more.
pub(super) struct ActivePage {
    /// The members.
    pub(super) members: Vec<MemberRow>,
    /// The last user looked at, where there are more after.
    pub(super) next: Option<UserId>,
}

impl Reads {
    /// Reads a page of a chat's members in order of user id. An API key reads every chat's.
    pub async fn members(
        &self,
        caller: &Caller,
        chat: ChatId,
        page: PageQuery,
    ) -> Result<MembersPage, Problem> {
        let limit = page_limit(page.limit, &self.limits)?;
        let after: Option<UserId> = opaque::cursor(Kind::Members, page.cursor.as_deref())?;
        self.administered(caller, chat).await?;
        let found = self.active_members(chat, after, limit).await?;
        let mut budget = Budget::new(&self.limits);
        let named = self.named(&found.members).await?;
        let complete = named.len();
        let fitting = named.into_iter().take_while(|member| budget.take(member));
        let members: Vec<Member> = fitting.collect();
        let next = match members.last() {
            Some(last) if members.len() < complete => Some(last.user_id.clone()),
            _ => found.next,
        };
        Ok(MembersPage {
            members,
            next_cursor: next.map(|user| opaque::write(Kind::Members, &user)),
        })
    }

    /// Reads the first active members of a chat, by their names too.
    pub(super) async fn first_members(
        &self,
        chat: ChatId,
        limit: usize,
    ) -> Result<Vec<Member>, Problem> {
        let found = self.active_members(chat, None, limit).await?;
        self.named(&found.members).await
    }

    /// Reads active members after a user, at most `limit`.
    pub(super) async fn active_members(
        &self,
        chat: ChatId,
        mut after: Option<UserId>,
        limit: usize,
    ) -> Result<ActivePage, Problem> {
        let mut members = Vec::new();
        let mut looked_through = 0;
        while looked_through < LOOKED_THROUGH {
            // One more than wanted tells whether there are more.
            let wanted = (limit + 1 - members.len()).min(STEP);
            let rows = self
                .ports
                .directory
                .members(chat, after.as_ref(), wanted)
                .await?;
            let exhausted = rows.len() < wanted;
            looked_through += rows.len();
            for row in rows {
                if row.active && members.len() == limit {
                    let next = after;
                    return Ok(ActivePage { members, next });
                }
                after = Some(row.user.clone());
                if row.active {
                    members.push(row);
                }
            }
            if exhausted {
                return Ok(ActivePage {
                    members,
                    next: None,
                });
            }
        }
        Ok(ActivePage {
            members,
            next: after,
        })
    }

    /// Adds the users' names to memberships.
    async fn named(&self, members: &[MemberRow]) -> Result<Vec<Member>, Problem> {
        let users: Vec<UserId> = members.iter().map(|member| member.user.clone()).collect();
        let rows = match users.as_slice() {
            [] => Vec::new(),
            users => self.ports.accounts.users(users).await?,
        };
        let mut names: HashMap<UserId, String> = rows
            .into_iter()
            .flatten()
            .filter_map(|user| Some((user.id, user.name?)))
            .collect();
        let member = |row: &MemberRow| Member {
            user_id: row.user.clone(),
            name: names.remove(&row.user),
            role: row.role,
            joined_at: row.joined_at,
        };
        Ok(members.iter().map(member).collect())
    }
}
