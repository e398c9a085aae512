//! Typing: each member's in a small chat, sums in a large one, never more often than somebody can read.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::Bytes;
use chinwag_proto::{
    ChatId, UserId,
    frames::{LogBody, LogFrame, ServerFrame},
};
use parking_lot::Mutex;

use super::{Gateway, encode};
use crate::ws::Class;

/// Chats with more members get sums.
const NAMED_UP_TO: u32 = 100;
/// Names in a sum.
const NAMES: usize = 3;
/// How often one client's typing in a chat goes to the owner.
const EVERY: Duration = Duration::from_secs(3);
/// Chats that one client may type in at a time; beyond, the oldest is forgotten.
const CHATS: usize = 32;

/// When one client last typed in each chat.
#[derive(Default)]
pub(super) struct Typing(Vec<(ChatId, Duration)>);

impl Typing {
    /// Returns whether typing goes to the owner now.
    pub(super) fn take(&mut self, now: Duration, chat: ChatId) -> bool {
        self.0.retain(|(_, at)| now.saturating_sub(*at) < EVERY);
        if self.0.iter().any(|(typed_in, _)| *typed_in == chat) {
            return false;
        }
        if self.0.len() == CHATS {
            self.0.remove(0);
        }
        self.0.push((chat, now));
        true
    }

    pub(super) fn is_idle(&self, now: Duration) -> bool {
        self.0
            .iter()
            .all(|(_, at)| now.saturating_sub(*at) >= EVERY)
    }
}

/// Who typed in each large chat since the last second.
#[derive(Default)]
pub(super) struct Typers(Mutex<HashMap<ChatId, Sum>>);

struct Sum {
    /// Whom it goes to; empty where the chat has a topic.
    users: Arc<[UserId]>,
    typing: Vec<UserId>,
}

impl Typers {
    fn add(&self, chat: ChatId, user: &UserId, users: &Arc<[UserId]>) {
        let mut sums = self.0.lock();
        let sum = sums.entry(chat).or_insert_with(|| Sum {
            users: Arc::clone(users),
            typing: Vec::new(),
        });
        if !sum.typing.contains(user) {
            sum.typing.push(user.clone());
        }
    }

    /// Forgets who has sent what they typed, or has gone.
    pub(super) fn see(&self, frame: &LogFrame) {
        let mut sums = self.0.lock();
        if sums.is_empty() {
            return;
        }
        let Some(sum) = sums.get_mut(&frame.chat_id) else {
            return;
        };
        match &frame.body {
            LogBody::Message { message } => sum.typing.retain(|user| *user != message.sender_id),
            LogBody::Membership { event } => {
                let gone = super::removed(event);
                sum.typing.retain(|user| !gone.contains(user));
            }
            _ => {}
        }
    }
}

impl Gateway {
    /// Takes a sign of typing.
    pub(super) fn take_typing(
        &self,
        chat: ChatId,
        user: &UserId,
        users: &Arc<[UserId]>,
        members: u32,
    ) {
        if members > NAMED_UP_TO {
            return self.typers.add(chat, user, users);
        }
        let frame = encode::frame(&ServerFrame::Typing {
            chat_id: chat,
            user_id: Some(user.clone()),
            user_ids: Vec::new(),
            count: None,
        });
        let others = users.iter().filter(|other| *other != user);
        self.registry.send(others, &frame, Class::Ephemeral, None);
    }

    /// Sends the sums of the last second.
    pub(super) fn flush_typing(&self) {
        let sums = std::mem::take(&mut *self.typers.0.lock());
        for (chat, Sum { users, typing }) in sums {
            let to = if users.is_empty() {
                self.topics.members_of(chat)
            } else {
                users.to_vec()
            };
            let Some(all) = sum_for(chat, &typing, None) else {
                continue;
            };
            let others = to.iter().filter(|user| !typing.contains(user));
            self.registry.send(others, &all, Class::Ephemeral, None);
            for user in to.iter().filter(|user| typing.contains(user)) {
                if let Some(frame) = sum_for(chat, &typing, Some(user)) {
                    self.registry.send([user], &frame, Class::Ephemeral, None);
                }
            }
        }
    }
}

/// Makes the sum as one user sees it, who is told of others only; nothing where nobody is left.
fn sum_for(chat: ChatId, typing: &[UserId], user: Option<&UserId>) -> Option<Bytes> {
    let others: Vec<&UserId> = typing.iter().filter(|other| Some(*other) != user).collect();
    if others.is_empty() {
        return None;
    }
    Some(encode::frame(&ServerFrame::Typing {
        chat_id: chat,
        user_id: None,
        user_ids: others.iter().copied().take(NAMES).cloned().collect(),
        count: u32::try_from(others.len()).ok(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_types_once_in_three_seconds_a_chat() {
        let mut typing = Typing::default();
        let start = Duration::from_secs(5);
        assert!(typing.take(start, ChatId(1)));
        assert!(!typing.take(start + Duration::from_millis(2_900), ChatId(1)));
        assert!(typing.take(start + Duration::from_millis(2_900), ChatId(2)));
        assert!(typing.take(start + EVERY, ChatId(1)));
        assert!(typing.is_idle(start + EVERY * 2));
    }

    #[test]
    fn a_sum_has_three_names_and_a_count_and_nobody_sees_oneself() {
        let users: Vec<UserId> = ["ana", "ben", "cem", "dan"]
            .map(|id| UserId::new(id).unwrap())
            .into();
        let text = |frame: Bytes| String::from_utf8_lossy(&frame[2..]).into_owned();
        let all = text(sum_for(ChatId(1), &users, None).unwrap());
        assert!(
            all.contains(r#""userIds":["ana","ben","cem"],"count":4"#),
            "{all}"
        );
        let own = text(sum_for(ChatId(1), &users, Some(&users[0])).unwrap());
        assert!(
            own.contains(r#""userIds":["ben","cem","dan"],"count":3"#),
            "{own}"
        );
        assert!(sum_for(ChatId(1), &users[..1], Some(&users[0])).is_none());
    }
}
