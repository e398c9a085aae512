//! New chats: the direct chat of a pair, and groups.

use std::sync::Arc;

use chinwag_proto::{
    ChatId, Epoch, ErrorCode, EventId, Problem, Seq, UserId,
    shapes::{ChatType, HistoryVisible, MembershipChange, Role},
};

use super::{
    Caller, NewChat, NewGroup, Owner,
    chat::Chat,
    decision::{Draft, Following},
    load::not_owner,
    members::Members,
    membership::joining,
    validate,
    writer::unknown_outcome,
};
use crate::model::{ChatRow, RowBody};

/// How many ids are tried to find one of a shard that this node owns: with ten nodes one is found nearly always.
const OWN_SHARD_TRIES: usize = 32;

impl Owner {
    /// Returns the direct chat of the caller and another user, making it where there is none (rule A6).
    ///
    /// Errors: `unknownUser`; `badRequest` for a chat with oneself; `notOwner` where another node is to make it.
    pub async fn create_direct(
        self: &Arc<Self>,
        caller: &Caller,
        other: &UserId,
    ) -> Result<ChatId, Problem> {
        let id = self.name_direct(caller, other).await?;
        self.make_chat(caller, id, NewChat::Direct(other.clone()))
            .await?;
        Ok(id)
    }

    /// Makes a group that the caller owns; a repeated `client_id` answers the first one.
    ///
    /// Errors: `unknownUser` names who doesn't exist; `notOwner` where another node is to make it.
    pub async fn create_group(
        self: &Arc<Self>,
        caller: &Caller,
        group: NewGroup,
    ) -> Result<ChatId, Problem> {
        let (id, chat) = self.name_group(caller, group).await?;
        self.make_chat(caller, id, chat).await?;
        Ok(id)
    }

    /// Returns the id of two users' direct chat, which may not be made yet: the same on every node. The chat's owner
    /// makes it by [`Owner::make_chat`].
    pub async fn name_direct(&self, caller: &Caller, other: &UserId) -> Result<ChatId, Problem> {
        if *other == caller.user {
            return Err(Problem::field(
                "/userId",
                "is your own: a direct chat is between two users",
            ));
        }
        self.users_exist(&[caller.user.clone(), other.clone()])
            .await?;
        let fresh = self.fresh_chat_id()?;
        let registered = self
            .ports
            .directory
            .register_pair(&caller.user, other, fresh)
            .await;
        Ok(registered?)
    }

    /// Returns the id of a group that isn't made yet, or was by the same request, and what its owner makes of it by
    /// [`Owner::make_chat`].
    pub async fn name_group(
        &self,
        caller: &Caller,
        group: NewGroup,
    ) -> Result<(ChatId, NewChat), Problem> {
        validate::name(&group.name, &self.settings.limits)?;
        if group.members.len() > self.settings.limits.members_per_request as usize {
            let most = self.settings.limits.members_per_request;
            return Err(Problem::field(
                "/members",
                format!("at most {most} users at a time"),
            ));
        }
        let mut others: Vec<UserId> = group
            .members
            .into_iter()
            .filter(|user| *user != caller.user)
            .collect();
        others.sort_unstable();
        others.dedup();
        self.users_exist(&others).await?;
        let fresh = self.fresh_chat_id()?;
        let id = match &group.client_id {
            Some(request) => {
                self.ports
                    .directory
                    .register_request(&caller.user, request, fresh)
                    .await?
            }
            None => fresh,
        };
        let group = NewGroup {
            name: group.name,
            members: others,
            history_visible: group.history_visible,
            client_id: group.client_id,
        };
        Ok((id, NewChat::Group(group)))
    }

    /// Makes a chat under the id that it was named by, unless it was made before.
    ///
    /// Errors: `notOwner`; `unknownOutcome`: repeat it.
    pub async fn make_chat(
        self: &Arc<Self>,
        caller: &Caller,
        id: ChatId,
        chat: NewChat,
    ) -> Result<(), Problem> {
        let (row, joins) = match chat {
            NewChat::Direct(other) => (
                self.new_chat(
                    id,
                    ChatType::Direct,
                    None,
                    HistoryVisible::All,
                    &caller.user,
                ),
                vec![(vec![caller.user.clone(), other], Role::Member)],
            ),
            NewChat::Group(group) => {
                let mut joins = vec![(vec![caller.user.clone()], Role::Owner)];
                if !group.members.is_empty() {
                    joins.push((group.members, Role::Member));
                }
                let row = self.new_chat(
                    id,
                    ChatType::Group,
                    Some(group.name),
                    group.history_visible,
                    &caller.user,
                );
                (row, joins)
            }
        };
        self.create(caller, row, &joins).await
    }

    pub(super) fn new_chat(
        &self,
        id: ChatId,
        kind: ChatType,
        name: Option<String>,
        history_visible: HistoryVisible,
        by: &UserId,
    ) -> ChatRow {
        let now = self.ports.clock.now();
        ChatRow {
            id,
            kind,
            name,
            history_visible,
            epoch: Epoch::default(),
            created_at: now,
            created_by: by.clone(),
            deleted: false,
            large: false,
            changed_at: now,
            imported: false,
            imported_through: Seq(0),
            members: 0,
        }
    }

    /// Writes a new chat's first events, unless it was written before (the same pair or request came twice).
    pub(super) async fn create(
        self: &Arc<Self>,
        caller: &Caller,
        row: ChatRow,
        joins: &[(Vec<UserId>, Role)],
    ) -> Result<(), Problem> {
        let _one_at_a_time = self.creating.lock().await;
        let id = row.id;
        let stored = self.ports.directory.chats(&[id]).await?;
        if stored.into_iter().flatten().next().is_some() {
            return Ok(());
        }
        let term = self
            .lease
            .term_of(id, self.ports.clock.elapsed())
            .ok_or_else(not_owner)?;
        let now = self.ports.clock.now();
        let born = self.arrivals.newest();
        let chat = self
            .cache
            .get(id, async || {
                let made = Chat::new(term, row.clone(), Members::default(), None);
                Ok(made.born(born))
            })
            .await?;
        let mut last = None;
        {
            let mut state = chat.state();
            if !self.is_current(id, &chat) {
                return Err(not_owner());
            }
            for (users, role) in joins {
                let seq = state.next_seq();
                let members = users
                    .iter()
                    .map(|user| joining(&state, user, *role, seq, now))
                    .collect();
                let first = (seq == Seq(1)).then(|| row.clone());
                let body = RowBody::Membership {
                    change: MembershipChange::Added,
                    users: users.clone(),
                    role: Some(*role),
                    heir: None,
                };
                let draft = Draft::with(
                    body,
                    Following {
                        members,
                        chat: first,
                        ..Following::default()
                    },
                );
                last = Some(self.stamp(id, &chat, &mut state, caller, None, draft)?);
                self.change_path(id, &chat, &mut state, &caller.user);
            }
        }
        self.start_writing(id, &chat);
        match last {
            Some(stamped) => stamped.done.await.map_err(|_| unknown_outcome())?,
            None => Ok(()),
        }
    }

    /// Returns an id that no chat has: of a shard that this node owns, where it soon finds one, so that it makes the chat
    /// itself.
    pub(super) fn fresh_chat_id(&self) -> Result<ChatId, Problem> {
        let tries = if self.settings.profile.owns_chats {
            OWN_SHARD_TRIES
        } else {
            1
        };
        let mut fresh = None;
        for _ in 0..tries {
            let id = self.ids.next(self.ports.clock.now(), EventId(0));
            let id = id.map(|id| ChatId(id.0)).ok_or_else(|| self.no_id())?;
            fresh = Some(id);
            if self.owns(id) {
                break;
            }
        }
        fresh.ok_or_else(|| self.no_id())
    }

    pub(super) async fn users_exist(&self, users: &[UserId]) -> Result<(), Problem> {
        let rows = self.ports.accounts.users(users).await?;
        let missing: Vec<&str> = users
            .iter()
            .zip(&rows)
            .filter(|(_, row)| row.is_none())
            .map(|(user, _)| user.as_str())
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let shown = missing
            .iter()
            .take(10)
            .map(|user| format!("{user:?}"))
            .collect::<Vec<_>>()
            .join(", ");
        Err(Problem::new(
            ErrorCode::UnknownUser,
            format!("no such user: {shown}"),
        ))
    }
}
