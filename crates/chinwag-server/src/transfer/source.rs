//! What an export reads: a snapshot of the embedded store, or the engines that several nodes share.

use std::sync::Arc;

use chinwag_backends::fjall::Snapshot;
use chinwag_core::{
    model::{ChatRow, LogRow, MemberRow, UserRow},
    ports::{Accounts, Directory, EngineError, EngineResult, MessageStore, ReadRange},
    reads::Heads,
};
use chinwag_proto::{ChatId, Seq, UserId, shapes::Version};
use tokio::runtime::Handle;

use crate::node::Node;

/// Reads what an export writes, from a thread that may block. Pages are what the ports of these names promise.
pub(super) trait Source {
    /// Reads ids of all chats, rising, after one, at most `limit`.
    fn all_chats(&self, after: Option<ChatId>, limit: usize) -> EngineResult<Vec<ChatId>>;

    /// Reads a chat.
    fn chat(&self, chat: ChatId) -> EngineResult<Option<ChatRow>>;

    /// Reads members of a chat in order of user id, those who left too, at most `limit`.
    fn members(&self, chat: ChatId, limit: usize) -> EngineResult<Vec<MemberRow>>;

    /// Reads the last confirmed event of a chat.
    fn head(&self, chat: ChatId) -> EngineResult<Option<LogRow>>;

    /// Reads a run of events of a chat.
    fn read(&self, chat: ChatId, range: ReadRange) -> EngineResult<Vec<LogRow>>;

    /// Reads a message's earlier contents, oldest first.
    fn versions(&self, chat: ChatId, message: Seq) -> EngineResult<Vec<Version>>;

    /// Reads who reacted to a message with what.
    fn reactors(&self, chat: ChatId, message: Seq) -> EngineResult<Vec<(String, UserId)>>;

    /// Reads users in order of id, after one, at most `limit`.
    fn users(&self, after: Option<&UserId>, limit: usize) -> EngineResult<Vec<UserRow>>;
}

impl Source for Snapshot {
    fn all_chats(&self, after: Option<ChatId>, limit: usize) -> EngineResult<Vec<ChatId>> {
        self.all_chats(after, limit)
    }

    fn chat(&self, chat: ChatId) -> EngineResult<Option<ChatRow>> {
        self.chat(chat)
    }

    fn members(&self, chat: ChatId, limit: usize) -> EngineResult<Vec<MemberRow>> {
        self.members(chat, None, limit)
    }

    fn head(&self, chat: ChatId) -> EngineResult<Option<LogRow>> {
        self.head(chat)
    }

    fn read(&self, chat: ChatId, range: ReadRange) -> EngineResult<Vec<LogRow>> {
        self.read(chat, range)
    }

    fn versions(&self, chat: ChatId, message: Seq) -> EngineResult<Vec<Version>> {
        self.versions(chat, message)
    }

    fn reactors(&self, chat: ChatId, message: Seq) -> EngineResult<Vec<(String, UserId)>> {
        self.reactors(chat, message, usize::MAX)
    }

    fn users(&self, after: Option<&UserId>, limit: usize) -> EngineResult<Vec<UserRow>> {
        self.users(after, limit)
    }
}

/// The engines that several nodes share. There is no moment for all of them: a chat is read up to where its owner says
/// that it ends.
pub(super) struct Engines {
    store: Arc<dyn MessageStore>,
    directory: Arc<dyn Directory>,
    accounts: Arc<dyn Accounts>,
    heads: Arc<dyn Heads>,
    runtime: Handle,
}

impl Engines {
    /// Reads those of a node.
    pub(super) fn of(node: &Node) -> Self {
        let ports = node.ports();
        Self {
            store: Arc::clone(&ports.store),
            directory: Arc::clone(&ports.directory),
            accounts: Arc::clone(&ports.accounts),
            heads: Arc::clone(node.chats()) as _,
            runtime: Handle::current(),
        }
    }

    fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        self.runtime.block_on(answer)
    }
}

impl Source for Engines {
    fn all_chats(&self, after: Option<ChatId>, limit: usize) -> EngineResult<Vec<ChatId>> {
        self.wait(self.directory.all_chats(after, limit))
    }

    fn chat(&self, chat: ChatId) -> EngineResult<Option<ChatRow>> {
        let found = self.wait(self.directory.chats(&[chat]))?;
        Ok(found.into_iter().flatten().next())
    }

    fn members(&self, chat: ChatId, limit: usize) -> EngineResult<Vec<MemberRow>> {
        self.wait(self.directory.members(chat, None, limit))
    }

    fn head(&self, chat: ChatId) -> EngineResult<Option<LogRow>> {
        let heads = self.wait(self.heads.heads(&[chat]));
        let heads = heads.map_err(|problem| EngineError::Unavailable(problem.to_string()))?;
        let Some(head) = heads.into_iter().flatten().next() else {
            return Ok(None);
        };
        let rows = self.wait(self.store.rows(&[(chat, head.seq)]))?;
        Ok(rows.into_iter().flatten().next())
    }

    fn read(&self, chat: ChatId, range: ReadRange) -> EngineResult<Vec<LogRow>> {
        self.wait(self.store.read(chat, range))
    }

    fn versions(&self, chat: ChatId, message: Seq) -> EngineResult<Vec<Version>> {
        self.wait(self.store.versions(chat, message))
    }

    fn reactors(&self, chat: ChatId, message: Seq) -> EngineResult<Vec<(String, UserId)>> {
        self.wait(self.store.reactors(chat, message, usize::MAX))
    }

    fn users(&self, after: Option<&UserId>, limit: usize) -> EngineResult<Vec<UserRow>> {
        self.wait(self.accounts.find_users("", after, limit))
    }
}
