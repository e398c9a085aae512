//! The reading use cases: history, events, sync, chats, receipts, search, presence.
//!
//! Each checks the caller's membership in the directory itself, never in a cache, and stays at or below the
//! confirmed head that the owner tells.

mod heads;

use std::sync::Arc;

use chinwag_proto::{
    ChatId, ErrorCode, Limits, MessageId, Problem, UserId,
    http::{
        ChatsPage, ChatsQuery, EventsPage, EventsQuery, HistoryQuery, MembersPage, MessagesPage,
        PageQuery, Preferences, ReceiptsPage, SearchAnswer, SearchQuery, SyncAnswer, SyncRequest,
        UsersPage, UsersQuery, Versions,
    },
    shapes::{Chat, Message, Presence as PresenceShape},
};

use crate::{
    clock::Clock,
    owner::Caller,
    ports::{Accounts, Directory, MessageStore, Presence, SearchIndex},
};

pub use heads::Heads;

/// What the reading use cases need.
#[derive(Clone)]
pub struct ReadPorts {
    /// The logs.
    pub store: Arc<dyn MessageStore>,
    /// Chats, members, marks.
    pub directory: Arc<dyn Directory>,
    /// Users.
    pub accounts: Arc<dyn Accounts>,
    /// Who is online.
    pub presence: Arc<dyn Presence>,
    /// Messages by their words.
    pub search: Arc<dyn SearchIndex>,
    /// Confirmed heads.
    pub owner: Arc<dyn Heads>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// The reading use cases.
pub struct Reads {
    #[expect(dead_code, reason = "replaced within the hour")]
    ports: ReadPorts,
    #[expect(dead_code, reason = "replaced within the hour")]
    limits: Limits,
    /// Whether everyone finds everyone (stand-alone), or only those who share a chat.
    #[expect(dead_code, reason = "replaced within the hour")]
    open_directory: bool,
}

fn not_built<T>() -> Result<T, Problem> {
    Err(Problem::new(ErrorCode::Unavailable, "not built yet"))
}

impl Reads {
    /// Makes the use cases; `open_directory` lets everyone find everyone (stand-alone accounts).
    #[must_use]
    pub fn new(ports: ReadPorts, limits: Limits, open_directory: bool) -> Self {
        Self {
            ports,
            limits,
            open_directory,
        }
    }

    /// Reads a page of messages.
    pub async fn history(
        &self,
        _caller: &Caller,
        _query: HistoryQuery,
    ) -> Result<MessagesPage, Problem> {
        not_built()
    }

    /// Reads the places after one, gap-free.
    pub async fn events(
        &self,
        _: &Caller,
        _chat: ChatId,
        _query: EventsQuery,
    ) -> Result<EventsPage, Problem> {
        not_built()
    }

    /// Reads one message.
    pub async fn message(&self, _caller: &Caller, _message: MessageId) -> Result<Message, Problem> {
        not_built()
    }

    /// Finds the chat of a message that the caller may see: what PATCH and DELETE need before the owner is asked.
    pub async fn chat_of_message(
        &self,
        _caller: &Caller,
        _message: MessageId,
    ) -> Result<ChatId, Problem> {
        not_built()
    }

    /// Reads a message's contents, oldest first, the present one last.
    pub async fn versions(
        &self,
        _caller: &Caller,
        _message: MessageId,
    ) -> Result<Versions, Problem> {
        not_built()
    }

    /// Reads a page of the caller's chats, latest message first.
    pub async fn chats(&self, _caller: &Caller, _query: ChatsQuery) -> Result<ChatsPage, Problem> {
        not_built()
    }

    /// Reads one chat with up to 100 members.
    pub async fn chat(&self, _caller: &Caller, _chat: ChatId) -> Result<Chat, Problem> {
        not_built()
    }

    /// Reads a page of a chat's members.
    pub async fn members(
        &self,
        _: &Caller,
        _chat: ChatId,
        _page: PageQuery,
    ) -> Result<MembersPage, Problem> {
        not_built()
    }

    /// Reads the members' marks.
    pub async fn receipts(
        &self,
        _: &Caller,
        _chat: ChatId,
        _page: PageQuery,
    ) -> Result<ReceiptsPage, Problem> {
        not_built()
    }

    /// Sets the caller's own settings of a chat.
    pub async fn set_preferences(
        &self,
        _: &Caller,
        _chat: ChatId,
        _preferences: Preferences,
    ) -> Result<(), Problem> {
        not_built()
    }

    /// Tells what changed since a token.
    pub async fn sync(
        &self,
        _caller: &Caller,
        _request: SyncRequest,
    ) -> Result<SyncAnswer, Problem> {
        not_built()
    }

    /// Finds messages that the caller may read.
    pub async fn search(
        &self,
        _caller: &Caller,
        _query: SearchQuery,
    ) -> Result<SearchAnswer, Problem> {
        not_built()
    }

    /// Reads presence, only of those users who share a chat with the caller.
    pub async fn presence(
        &self,
        _caller: &Caller,
        _users: &[UserId],
    ) -> Result<Vec<PresenceShape>, Problem> {
        not_built()
    }

    /// Finds users by the beginning of name or id.
    pub async fn users(&self, _caller: &Caller, _query: UsersQuery) -> Result<UsersPage, Problem> {
        not_built()
    }
}
