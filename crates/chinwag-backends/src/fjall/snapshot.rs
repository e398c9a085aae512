//! Everything as it was at one moment, for exports and backups of a running server.

use std::ops::Bound;

use chinwag_core::{
    model::{ChatRow, LogRow, MemberRow, UserRow},
    ports::{EngineResult, ReadRange},
    transfer::MadeByRequest,
};
use chinwag_proto::{ChatId, Seq, UserId, shapes::Version};

use super::{
    cells,
    error::undecodable,
    keys::{self, Key, Kind},
    view::View,
};

/// A consistent view of everything; its reads are those of the ports, and block.
#[derive(Clone)]
pub struct Snapshot(View);

impl Snapshot {
    pub(super) fn new(view: View) -> Self {
        Self(view)
    }

    /// Reads ids of all chats, rising, after one, at most `limit`.
    pub fn all_chats(&self, after: Option<ChatId>, limit: usize) -> EngineResult<Vec<ChatId>> {
        self.0.all_chats(after, limit)
    }

    /// Reads a chat.
    pub fn chat(&self, chat: ChatId) -> EngineResult<Option<ChatRow>> {
        self.0.chat(chat)
    }

    /// Reads members of a chat in order of user id, those who left too, after one, at most `limit`.
    pub fn members(
        &self,
        chat: ChatId,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<MemberRow>> {
        self.0.members(chat, after, limit)
    }

    /// Reads the last event of a chat.
    pub fn head(&self, chat: ChatId) -> EngineResult<Option<LogRow>> {
        self.0.head(chat)
    }

    /// Reads a run of events of a chat.
    pub fn read(&self, chat: ChatId, range: ReadRange) -> EngineResult<Vec<LogRow>> {
        self.0.log_rows(chat, range)
    }

    /// Reads a message's earlier contents, oldest first.
    pub fn versions(&self, chat: ChatId, message: Seq) -> EngineResult<Vec<Version>> {
        self.0.versions_of(chat, message)
    }

    /// Reads who reacted to a message with what, at most `limit`.
    pub fn reactors(
        &self,
        chat: ChatId,
        message: Seq,
        limit: usize,
    ) -> EngineResult<Vec<(String, UserId)>> {
        self.0.all_reactions(chat, message, limit)
    }

    /// Reads users in order of id, after one, at most `limit`.
    pub fn users(&self, after: Option<&UserId>, limit: usize) -> EngineResult<Vec<UserRow>> {
        self.0.find_users("", after, limit)
    }

    /// Reads every chat that a request made.
    pub fn requests(&self) -> EngineResult<Vec<MadeByRequest>> {
        self.0
            .prefix(&Key::of(Kind::Request))
            .map(|row| {
                let (key, chat) = row?;
                let (user, request) =
                    keys::read_request(&key).ok_or_else(|| undecodable("key of a request"))?;
                let chat = cells::read_number(&chat).map(ChatId)?;
                Ok(MadeByRequest {
                    user,
                    request,
                    chat,
                })
            })
            .collect()
    }

    /// Reads rows of every kind as they are stored, in order of key, after one, at most `limit`: what
    /// [`super::Embedded::load`] takes. The number of the last commit is not among them; a new directory counts
    /// its own.
    pub fn entries(
        &self,
        after: Option<&[u8]>,
        limit: usize,
    ) -> EngineResult<Vec<(Vec<u8>, Vec<u8>)>> {
        let from = after.map_or(Bound::Unbounded, |key| {
            Bound::Excluded(Key::from_bytes(key))
        });
        // The commit's is the last kind, and positions in the queue belong to it.
        self.0
            .range(from, Bound::Excluded(Key::of(Kind::Commit)))
            .filter(|row| row.as_ref().map_or(true, |(key, _)| is_copied(key)))
            .take(limit)
            .map(|row| row.map(|(key, value)| (key.to_vec(), value.to_vec())))
            .collect()
    }
}

/// Returns whether a row means the same in another directory: the queue's positions don't.
fn is_copied(key: &[u8]) -> bool {
    !key.starts_with(&[Kind::Queue as u8]) && !key.starts_with(&[Kind::Ack as u8])
}
