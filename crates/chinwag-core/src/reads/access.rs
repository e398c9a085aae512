//! What a caller may read of a chat at one moment: the confirmed head and the membership that holds at it.
//!
//! The head is read first, the membership after it. Whoever was removed at or below that head is refused, and
//! whoever is removed above it is shown nothing of what follows: so nobody reads on after their leaving was
//! acknowledged, without a lock.

use std::time::Duration;

use chinwag_proto::{ChatId, Epoch, ErrorCode, Problem, Seq, UserId, shapes::Role};

use super::Reads;
use crate::{
    model::{Intervals, LogRow, MarkRow, MemberRow, Membership, PreferencesRow},
    owner::{Caller, ConfirmedHead, no_such_chat},
    ports::Order,
};

/// Memberships and heads read in one call.
pub(super) const BATCH: usize = 1_000;
/// How often the head is read again while a change waits to be confirmed, and how many times: 2 s together, the
/// deadline of an append.
const SETTLE_EVERY: Duration = Duration::from_millis(5);
const SETTLE_TRIES: usize = 400;

/// One chat as one user may read it at one moment.
#[derive(Debug, Clone)]
pub(super) struct View {
    /// The chat.
    pub(super) chat: ChatId,
    /// The epoch of its places.
    pub(super) epoch: Epoch,
    /// The last confirmed place.
    pub(super) head: Seq,
    /// The user's membership; made up for an API key that only administers.
    pub(super) membership: Membership,
    /// Whether an API key administers the chat without the user's being a member.
    pub(super) administers: bool,
}

impl View {
    fn new(head: &ConfirmedHead, membership: Membership) -> Self {
        Self {
            chat: head.chat,
            epoch: head.epoch,
            head: head.seq,
            membership,
            administers: false,
        }
    }

    /// Returns the user who reads.
    pub(super) fn user(&self) -> &UserId {
        &self.membership.member.user
    }

    /// Returns the places that the user may see.
    pub(super) fn intervals(&self) -> &Intervals {
        &self.membership.member.intervals
    }

    /// Returns whether the user sees what is at a row's place: confirmed, and with its target in an interval.
    pub(super) fn sees(&self, row: &LogRow) -> bool {
        let target = row.target().map(|target| target.seq);
        row.seq <= self.head && self.intervals().sees(row.seq, target)
    }

    /// Returns the visible runs of places between two, both included, in the order wanted.
    pub(super) fn runs(&self, from: Seq, through: Seq, order: Order) -> Vec<(Seq, Seq)> {
        let through = through.min(self.head);
        let intervals = self.intervals().as_slice().iter();
        let clipped = intervals.map(|interval| {
            let last = interval.through.map_or(through, |last| last.min(through));
            (interval.from.max(from), last)
        });
        let mut runs: Vec<_> = clipped.filter(|(first, last)| first <= last).collect();
        if order == Order::Falling {
            runs.reverse();
        }
        runs
    }
}

/// One membership of a user's list, with the chat's head.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    /// The membership, ended or not.
    pub(super) membership: Membership,
    /// The chat's confirmed head, of an active membership; none where the chat is gone or has no event.
    head: Option<ConfirmedHead>,
}

impl Listed {
    /// Returns the chat.
    pub(super) fn chat(&self) -> ChatId {
        self.membership.member.chat
    }

    /// Returns what the user may read; nothing where they left or the chat is gone.
    pub(super) fn view(&self) -> Option<View> {
        let head = self.head.as_ref()?;
        let active = self.membership.member.active;
        active.then(|| View::new(head, self.membership.clone()))
    }
}

impl Reads {
    /// Reads what the caller may read of a chat; `notFound` where they aren't in it.
    pub(super) async fn view(&self, caller: &Caller, chat: ChatId) -> Result<View, Problem> {
        let head = self.head(chat).await?.ok_or_else(no_such_chat)?;
        let membership = self.active_membership(chat, &caller.user).await?;
        let membership = membership.ok_or_else(no_such_chat)?;
        Ok(View::new(&head, membership))
    }

    /// As [`Reads::view`], but lets an API key in whose user isn't a member: it administers every chat.
    pub(super) async fn administered(
        &self,
        caller: &Caller,
        chat: ChatId,
    ) -> Result<View, Problem> {
        let head = self.head(chat).await?.ok_or_else(no_such_chat)?;
        match self.active_membership(chat, &caller.user).await? {
            Some(membership) => Ok(View::new(&head, membership)),
            None if caller.api_key => {
                let membership = administrator(&head, &caller.user);
                let view = View::new(&head, membership);
                Ok(View {
                    administers: true,
                    ..view
                })
            }
            None => Err(no_such_chat()),
        }
    }

    /// Reads a page of a user's memberships in order of chat id, ended ones too, and where the next page begins.
    pub(super) async fn listed(
        &self,
        user: &UserId,
        after: Option<ChatId>,
        limit: usize,
    ) -> Result<(Vec<Listed>, Option<ChatId>), Problem> {
        let directory = &self.ports.directory;
        let before_heads = directory.chats_of(user, after, limit).await?;
        let active = before_heads.iter().filter(|row| row.member.active);
        let chats: Vec<ChatId> = active.map(|row| row.member.chat).collect();
        let heads: Vec<ConfirmedHead> = match chats.as_slice() {
            [] => Vec::new(),
            chats => {
                let heads = self.ports.owner.heads(chats).await?;
                heads.into_iter().flatten().collect()
            }
        };
        // Read again after the heads, as everywhere here; who comes or goes meanwhile is met the next time.
        let memberships = match heads.as_slice() {
            [] => before_heads.clone(),
            _ => directory.chats_of(user, after, limit).await?,
        };
        let last = before_heads.last().map(|row| row.member.chat);
        let next = if before_heads.len() < limit {
            None
        } else {
            memberships.last().map(|row| row.member.chat).min(last)
        };
        let listed = memberships
            .into_iter()
            .filter(|row| Some(row.member.chat) <= last)
            .map(|membership| Listed {
                head: heads
                    .binary_search_by_key(&membership.member.chat, |head| head.chat)
                    .ok()
                    .map(|at| heads[at].clone()),
                membership,
            })
            .collect();
        Ok((listed, next))
    }

    /// Reads what a user may read of each of their chats, in order of chat id.
    pub(super) async fn views(&self, user: &UserId) -> Result<Vec<View>, Problem> {
        let mut views = Vec::new();
        let mut after = None;
        loop {
            let (listed, next) = self.listed(user, after, BATCH).await?;
            views.extend(listed.iter().filter_map(Listed::view));
            match next {
                Some(_) => after = next,
                None => return Ok(views),
            }
        }
    }

    /// Waits until a change that a row already shows is confirmed, so that no crash can take back what was shown.
    pub(super) async fn settled(&self, view: &View, change: Seq) -> Result<(), Problem> {
        if change <= view.head {
            return Ok(());
        }
        for _ in 0..SETTLE_TRIES {
            let head = self.head(view.chat).await?;
            if head.is_some_and(|head| head.seq >= change) {
                let membership = self.active_membership(view.chat, view.user()).await?;
                return match membership {
                    None if !view.administers => Err(changed_meanwhile()),
                    _ => Ok(()),
                };
            }
            tokio::time::sleep(SETTLE_EVERY).await;
        }
        Err(changed_meanwhile())
    }

    /// Makes the error for a place at or below the head that holds nothing: the chat was deleted meanwhile, or its
    /// log is damaged.
    pub(super) async fn missing(&self, chat: ChatId, seq: Seq) -> Problem {
        match self.head(chat).await {
            Ok(None) => no_such_chat(),
            Err(problem) => problem,
            Ok(Some(head)) => {
                tracing::error!(%chat, %seq, head = %head.seq, "a confirmed place holds nothing");
                Problem::new(ErrorCode::Internal, "the chat's log is damaged")
            }
        }
    }

    async fn head(&self, chat: ChatId) -> Result<Option<ConfirmedHead>, Problem> {
        let heads = self.ports.owner.heads(&[chat]).await?;
        Ok(heads.into_iter().next().flatten())
    }

    async fn active_membership(
        &self,
        chat: ChatId,
        user: &UserId,
    ) -> Result<Option<Membership>, Problem> {
        let users = std::slice::from_ref(user);
        let memberships = self.ports.directory.memberships(chat, users).await?;
        let membership = memberships.into_iter().next().flatten();
        Ok(membership.filter(|membership| membership.member.active))
    }
}

fn changed_meanwhile() -> Problem {
    let detail = "the chat changed while it was read; try again";
    Problem::new(ErrorCode::Unavailable, detail).retry_after(100)
}

/// Makes the membership of an API key that administers: it sees all, and nothing is unread.
fn administrator(head: &ConfirmedHead, user: &UserId) -> Membership {
    let member = MemberRow {
        chat: head.chat,
        user: user.clone(),
        role: Role::Owner,
        active: true,
        joined_at: chinwag_proto::Timestamp::default(),
        joined_seq: head.seq,
        intervals: Intervals::from(Seq(1)),
        changed_at: chinwag_proto::Timestamp::default(),
    };
    Membership {
        member,
        marks: MarkRow::default(),
        preferences: PreferencesRow::default(),
    }
}

#[cfg(test)]
mod tests;
