//! Members of chats, and chats of members.

use chinwag_core::{
    model::{MarkRow, MemberRow, Membership, PreferencesRow},
    ports::EngineResult,
};
use chinwag_proto::{ChatId, Seq, UserId};

use super::{
    cql::each,
    held::{Caused, decode},
    keys::{chat_from, chat_key, user_from},
    store::Cassandra,
};

/// Rows of one statement.
const ROWS_AT_ONCE: usize = 1_000;

/// A state of a member as it is stored: stamp, event, row, whether the log is gone.
type Stored = (i64, i64, Vec<u8>, Option<bool>);
/// The same of any member of a chat.
type StoredWithUser = (String, i64, i64, Vec<u8>, Option<bool>);

impl Cassandra {
    /// Reads a chat's members in order of user id, after one, as the events up to a place left them.
    pub(super) async fn member_rows(
        &self,
        chat: ChatId,
        head: Seq,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<MemberRow>> {
        let mut found = Vec::new();
        let mut after = after.map_or_else(String::new, |user| user.as_str().to_owned());
        while found.len() < limit {
            let at_once = (limit - found.len() + 1).min(ROWS_AT_ONCE);
            let rows = self.stored_members(chat, &after, at_once).await?;
            let is_all = rows.len() < at_once;
            let Some(last) = rows.last().map(|row| row.0.clone()) else {
                break;
            };
            let mut users = by_user(chat, rows)?;
            if !is_all && let Some((_, states)) = users.last_mut() {
                // The page may have cut this one's states off.
                *states = self.states_of(chat, &user_from(&last)?).await?;
            }
            after = last;
            let states = users.into_iter().map(|(_, states)| states).collect();
            let held = self.newest_held(states, head).await?;
            found.extend(held.into_iter().flatten());
            if is_all {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    async fn stored_members(
        &self,
        chat: ChatId,
        after: &str,
        limit: usize,
    ) -> EngineResult<Vec<StoredWithUser>> {
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        let values = (chat_key(chat), after, limit);
        self.cql.rows(&self.statements.members, values).await
    }

    /// Reads all states of a user's membership of a chat, the newest first.
    async fn states_of(&self, chat: ChatId, user: &UserId) -> EngineResult<Vec<Caused<MemberRow>>> {
        let key = (chat_key(chat), user.as_str());
        let rows: Vec<Stored> = self.cql.rows(&self.statements.member, key).await?;
        rows.into_iter().map(|row| state(chat, row)).collect()
    }

    /// Reads memberships; the answer has the order and length of the question.
    pub(super) async fn membership_rows(
        &self,
        asked: &[(ChatId, &UserId)],
    ) -> EngineResult<Vec<Option<Membership>>> {
        let states = each(asked, |(chat, user)| self.states_of(*chat, user));
        let marks = each(asked, |(chat, user)| self.marks_row(*chat, user));
        let preferences = each(asked, |(chat, user)| self.preferences_row(*chat, user));
        let (states, marks, preferences) = futures_util::try_join!(states, marks, preferences)?;
        let members = self.newest_held(states, Seq::MAX).await?;
        let rows = members.into_iter().zip(marks).zip(preferences);
        let membership = |((member, marks), preferences): ((Option<MemberRow>, _), _)| {
            Some(Membership {
                member: member?,
                marks,
                preferences,
            })
        };
        Ok(rows.map(membership).collect())
    }

    /// Reads a user's memberships in order of chat id, after one.
    pub(super) async fn memberships_of(
        &self,
        user: &UserId,
        after: Option<ChatId>,
        limit: usize,
    ) -> EngineResult<Vec<Membership>> {
        let mut found = Vec::new();
        let mut above = after.map_or(-1, chat_key);
        while found.len() < limit {
            let at_once = (limit - found.len()).min(ROWS_AT_ONCE);
            let values = (
                user.as_str(),
                above,
                i32::try_from(at_once).unwrap_or(i32::MAX),
            );
            let rows: Vec<(i64,)> = self.cql.rows(&self.statements.chats_of, values).await?;
            let Some((last,)) = rows.last() else { break };
            above = *last;
            let asked: Vec<_> = rows
                .iter()
                .map(|(chat,)| (chat_from(*chat), user))
                .collect();
            found.extend(self.membership_rows(&asked).await?.into_iter().flatten());
            if rows.len() < at_once {
                break;
            }
        }
        Ok(found)
    }

    async fn marks_row(&self, chat: ChatId, user: &UserId) -> EngineResult<MarkRow> {
        let key = (chat_key(chat), user.as_str());
        let row: Option<(Vec<u8>,)> = self.cql.row(&self.statements.marks_of, key).await?;
        row.map_or_else(|| Ok(MarkRow::default()), |(cell,)| decode(&cell, "mark"))
    }

    async fn preferences_row(&self, chat: ChatId, user: &UserId) -> EngineResult<PreferencesRow> {
        let key = (user.as_str(), chat_key(chat));
        let row: Option<(Vec<u8>,)> = self.cql.row(&self.statements.preferences, key).await?;
        row.map_or_else(
            || Ok(PreferencesRow::default()),
            |(cell,)| decode(&cell, "row of preferences"),
        )
    }
}

fn state(chat: ChatId, (stamp, event, member, purged): Stored) -> EngineResult<Caused<MemberRow>> {
    let member = decode(&member, "member")?;
    Ok(Caused::new(chat, stamp, event, member, purged))
}

/// Puts the states of each user together; they come in order of user, the newest first.
fn by_user(
    chat: ChatId,
    rows: Vec<StoredWithUser>,
) -> EngineResult<Vec<(String, Vec<Caused<MemberRow>>)>> {
    let mut users: Vec<(String, Vec<Caused<MemberRow>>)> = Vec::new();
    for (user, stamp, event, member, purged) in rows {
        let state = state(chat, (stamp, event, member, purged))?;
        match users.last_mut() {
            Some((last, states)) if *last == user => states.push(state),
            _ => users.push((user, vec![state])),
        }
    }
    Ok(users)
}
