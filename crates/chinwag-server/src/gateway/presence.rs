//! What closes a door, and typing: messages of the bus that are no events.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chinwag_core::{delivery::Sessions, model::UserRow, ports::BusMessage};
use chinwag_proto::{ChatId, CloseCode, UserId, frames::ServerFrame};

use super::{Gateway, encode};
use crate::ws::Class;

/// Chats with more members get sums of typing.
const TYPING_NAMED_UP_TO: u32 = 100;
/// Names in a sum.
const NAMES: usize = 3;
/// How often accounts are looked at for changes.
const ACCOUNTS_EVERY: Duration = Duration::from_secs(5);
/// How far each look reaches back, milliseconds: two rounds and the clocks' differences.
const REACH_BACK_MS: i64 = 12_000;
/// Users read at a time.
const CHANGED: usize = 1_000;

/// Who types in a large chat, until the next second.
#[derive(Default)]
pub(super) struct Typers {
    pub(super) chats: HashMap<ChatId, (Arc<[UserId]>, Vec<UserId>)>,
}

impl Sessions for Gateway {
    fn deliver(&self, message: &Arc<BusMessage>) {
        self.take(message);
    }
}

impl Gateway {
    /// Takes a message that is addressed to users of this node.
    pub(super) fn take(&self, message: &BusMessage) {
        match message {
            BusMessage::Events(broadcast) => self.registry.deliver(broadcast),
            BusMessage::Receipt {
                users,
                receipt,
                except,
            } => {
                let frame = encode::frame(&ServerFrame::Receipt(receipt.clone()));
                self.registry.send(users, &frame, Class::Event, *except);
            }
            BusMessage::Typing {
                chat,
                user,
                users,
                members,
            } => self.take_typing(*chat, user, users, *members),
            BusMessage::Joined { chat, members } => {
                self.topics.joined(*chat, members, &self.registry)
            }
            BusMessage::Parted {
                chat,
                users,
                through,
            } => self.topics.parted(*chat, users, *through),
            BusMessage::Close {
                user,
                session,
                except,
                issued_before,
                issued_at,
                code,
            } => {
                let concerned = self.registry.of(user).into_iter().filter(|held| {
                    session.is_none_or(|session| session == held.id)
                        && *except != Some(held.id)
                        && issued_before.is_none_or(|before| held.issued_at() < before)
                        && issued_at.is_none_or(|issued| held.issued_at() == issued)
                });
                concerned.for_each(|session| session.close(*code));
            }
        }
    }

    pub(super) fn take_typing(
        &self,
        chat: ChatId,
        user: &UserId,
        users: &Arc<[UserId]>,
        members: u32,
    ) {
        if members > TYPING_NAMED_UP_TO {
            let mut typers = self.topics.typers.lock();
            let (_, names) = typers
                .chats
                .entry(chat)
                .or_insert_with(|| (Arc::clone(users), Vec::new()));
            if !names.contains(user) {
                names.push(user.clone());
            }
            return;
        }
        let frame = ServerFrame::Typing {
            chat_id: chat,
            user_id: Some(user.clone()),
            user_ids: Vec::new(),
            count: None,
        };
        let others: Vec<UserId> = users
            .iter()
            .filter(|other| *other != user)
            .cloned()
            .collect();
        self.registry
            .send(&others, &encode::frame(&frame), Class::Ephemeral, None);
    }

    /// Sends the sums of the last second.
    pub(super) fn flush_typing(&self) {
        let typing = std::mem::take(&mut self.topics.typers.lock().chats);
        for (chat, (users, names)) in typing {
            let frame = encode::frame(&ServerFrame::Typing {
                chat_id: chat,
                user_id: None,
                user_ids: names.iter().take(NAMES).cloned().collect(),
                count: u32::try_from(names.len()).ok(),
            });
            let to = if users.is_empty() {
                self.topics.members_of(chat)
            } else {
                users.to_vec()
            };
            self.registry.send(&to, &frame, Class::Ephemeral, None);
        }
    }

    /// Closes the sessions of users who were disabled or revoked on any node, whatever the bus lost.
    pub(super) async fn watch_accounts(&self) {
        loop {
            tokio::time::sleep(ACCOUNTS_EVERY).await;
            let since = self.ports.clock.now().plus_millis(-REACH_BACK_MS);
            match self
                .ports
                .accounts
                .users_changed_since(since, CHANGED)
                .await
            {
                Ok(users) => users.iter().for_each(|user| self.close_revoked(user)),
                Err(error) => tracing::warn!(%error, "can't see which accounts changed"),
            }
        }
    }

    fn close_revoked(&self, user: &UserRow) {
        for session in self.registry.of(&user.id) {
            let issued = session.issued_at();
            let revoked = user.revoked_before.is_some_and(|before| issued < before);
            let ended = user
                .ended_tokens
                .iter()
                .any(|token| token.issued_at == issued);
            if user.disabled || revoked || ended {
                session.close(CloseCode::Revoked);
            }
        }
    }
}
