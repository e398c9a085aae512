//! Counts of marks in large groups: told to the author, at most one a second and chat.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chinwag_proto::{
    ChatId, UserId,
    frames::ReceiptFrame,
    shapes::{Receipt, ReceiptCount},
};

use super::{Owner, chat::Chat};
use crate::{
    delivery::HasRead,
    model::{MarkRow, Place},
    ports::{BusMessage, EngineResult},
};

/// Groups above this get counts instead of each member's marks.
pub(super) const NAMED_UP_TO: usize = 100;
/// How often counts go out.
const EVERY: Duration = Duration::from_secs(1);
/// Marks read from the directory at a time.
const PAGE: usize = 1_000;

/// The authors who are to be told counts, each at the latest of their messages that was marked.
#[derive(Debug, Default)]
pub(super) struct ReceiptsDue {
    authors: BTreeMap<UserId, Place>,
    scheduled: bool,
}

impl ReceiptsDue {
    pub(super) fn is_idle(&self) -> bool {
        !self.scheduled
    }
}

impl Owner {
    /// Tells that a mark moved: all members in a small group; in a large one the user's other sessions, and counts
    /// to the author.
    pub(super) async fn tell_mark(
        self: &Arc<Self>,
        chat_id: ChatId,
        chat: &Arc<Chat>,
        moved: Moved,
    ) {
        let audience = chat.state().members.audience();
        let named = audience.users.len() <= NAMED_UP_TO;
        let users: Arc<[UserId]> = if named {
            Arc::clone(&audience.users)
        } else {
            [moved.user.clone()].into()
        };
        if let Some(read) = moved.marks.read
            && self.feeds_devices()
        {
            self.ports.delivery.tell_read(HasRead {
                user: moved.user.clone(),
                chat: chat_id,
                through: read.seq,
                session: moved.except,
            });
        }
        let receipt = Receipt {
            chat_id,
            user_id: moved.user,
            delivered_message_id: moved.marks.delivered.map(|place| place.id),
            last_read_message_id: moved.marks.read.map(|place| place.id),
        };
        let message = BusMessage::Receipt {
            users: Arc::clone(&users),
            receipt: ReceiptFrame::Member(receipt),
            except: moved.except,
        };
        self.ports.delivery.to_users(&users, message).await;
        if named {
            return;
        }
        let mut state = chat.state();
        let due = &mut state.receipts;
        let place = due.authors.entry(moved.author).or_insert(moved.at);
        *place = (*place).max(moved.at);
        if !due.scheduled {
            due.scheduled = true;
            let (owner, chat) = (Arc::clone(self), Arc::clone(chat));
            self.tasks
                .spawn(async move { owner.tell_counts(chat_id, chat).await });
        }
    }

    async fn tell_counts(self: Arc<Self>, chat_id: ChatId, chat: Arc<Chat>) {
        tokio::time::sleep(EVERY).await;
        let authors = {
            let mut state = chat.state();
            state.receipts.scheduled = false;
            std::mem::take(&mut state.receipts.authors)
        };
        let counts = match self.count_marks(chat_id, &chat, &authors).await {
            Ok(counts) => counts,
            Err(error) => return tracing::warn!(%chat_id, %error, "can't count marks"),
        };
        for (author, count) in counts {
            let users: Arc<[UserId]> = [author].into();
            let receipt = ReceiptFrame::Count(count);
            let message = BusMessage::Receipt {
                users: Arc::clone(&users),
                receipt,
                except: None,
            };
            self.ports.delivery.to_users(&users, message).await;
        }
    }

    async fn count_marks(
        &self,
        chat_id: ChatId,
        chat: &Chat,
        authors: &BTreeMap<UserId, Place>,
    ) -> EngineResult<Vec<(UserId, ReceiptCount)>> {
        let zero = |(author, place): (&UserId, &Place)| {
            (
                author.clone(),
                *place,
                ReceiptCount {
                    chat_id,
                    message_id: place.id,
                    delivered: 0,
                    read: 0,
                },
            )
        };
        let mut counts: Vec<_> = authors.iter().map(zero).collect();
        let mut after = None;
        loop {
            let page = self
                .ports
                .directory
                .marks(chat_id, after.as_ref(), PAGE)
                .await?;
            {
                let state = chat.state();
                for (user, marks) in page
                    .iter()
                    .filter(|(user, _)| state.members.active(user).is_some())
                {
                    for (_, place, count) in counts.iter_mut().filter(|(author, ..)| author != user)
                    {
                        count.delivered +=
                            u32::from(marks.delivered.max(marks.read) >= Some(*place));
                        count.read += u32::from(marks.read >= Some(*place));
                    }
                }
            }
            match page.last() {
                Some((last, _)) if page.len() == PAGE => after = Some(last.clone()),
                _ => {
                    return Ok(counts
                        .into_iter()
                        .map(|(author, _, count)| (author, count))
                        .collect());
                }
            }
        }
    }
}

/// A mark that moved.
#[derive(Debug, Clone)]
pub(super) struct Moved {
    /// Whose.
    pub(super) user: UserId,
    /// The user's marks now.
    pub(super) marks: MarkRow,
    /// Who wrote the message at the mark.
    pub(super) author: UserId,
    /// The message at the mark.
    pub(super) at: Place,
    /// The session that moved it.
    pub(super) except: Option<chinwag_proto::SessionId>,
}
