//! A small team on the in-memory ports and the real owner, for the tests of reading.

use std::sync::Arc;

use chinwag_proto::{
    ChatId, Limits, MessageId, Problem, Timestamp, UserId,
    http::{HistoryQuery, MessagesPage, SyncAnswer, SyncRequest},
    shapes::{HistoryVisible, Message, Role},
};

use super::{ReadPorts, Reads};
use crate::{
    clock::ManualClock,
    memory::{Memory, MemorySearch},
    model::UserRow,
    owner::{Caller, Command, NewGroup, NewMessage, Outcome, Owner, OwnerSettings},
};

/// The moment at which every test begins.
pub(super) const BEGIN: Timestamp = Timestamp::from_unix_millis(1_790_000_000_000);

/// The ports with some users in them, the owner, and the reading use cases over both.
pub(super) struct Team {
    pub(super) clock: Arc<ManualClock>,
    pub(super) ports: ReadPorts,
    pub(super) owner: Arc<Owner>,
    pub(super) reads: Reads,
}

/// Makes a user id.
pub(super) fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

/// Makes a caller who is a user and nothing else.
pub(super) fn by(id: &str) -> Caller {
    Caller::user(user(id))
}

/// Makes a query for the newest messages.
pub(super) fn newest(chat: ChatId, limit: u32) -> HistoryQuery {
    HistoryQuery {
        chat_id: chat,
        before: None,
        after: None,
        around: None,
        limit: Some(limit),
    }
}

/// Returns the texts of messages.
pub(super) fn texts(messages: &[Message]) -> Vec<&str> {
    let texts = messages.iter().map(|message| message.content.as_str());
    texts.collect()
}

impl Team {
    /// Makes a team with the usual limits.
    pub(super) async fn new(users: &[&str]) -> Self {
        Self::with_limits(users, Limits::default()).await
    }

    /// Makes a team whose reads have these limits.
    pub(super) async fn with_limits(users: &[&str], limits: Limits) -> Self {
        let clock = Arc::new(ManualClock::at(BEGIN));
        let memory = Memory::new(clock.clone());
        let rows = users.iter().map(|id| UserRow::new(user(id), BEGIN));
        let owner_ports = memory.owner_ports();
        let made = owner_ports.accounts.create_users(rows.collect()).await;
        made.unwrap();
        let owner = Owner::start(owner_ports.clone(), OwnerSettings::default());
        let owner = owner.await.unwrap();
        let ports = ReadPorts {
            store: owner_ports.store,
            directory: owner_ports.directory,
            accounts: owner_ports.accounts,
            presence: memory.presence(),
            search: Arc::new(MemorySearch::new()),
            owner: owner.clone(),
            clock: clock.clone(),
        };
        let reads = Reads::new(ports.clone(), limits, false);
        Self {
            clock,
            ports,
            owner,
            reads,
        }
    }

    /// Returns the time, which stands until a test moves it.
    pub(super) fn clock_now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// Makes a group owned by the first user.
    pub(super) async fn group(&self, users: &[&str], visible: HistoryVisible) -> ChatId {
        let group = NewGroup {
            name: "group".into(),
            members: users[1..].iter().map(|id| user(id)).collect(),
            history_visible: visible,
            client_id: None,
        };
        let made = self.owner.create_group(&by(users[0]), group).await;
        made.unwrap()
    }

    /// Has a command decided.
    pub(super) async fn run(&self, id: &str, chat: ChatId, command: Command) -> Outcome {
        self.owner.execute(&by(id), chat, command).await.unwrap()
    }

    /// Sends a message.
    pub(super) async fn send(&self, id: &str, chat: ChatId, text: &str) -> Message {
        self.send_to(id, chat, text, &[]).await
    }

    /// Sends a message that mentions users.
    pub(super) async fn send_to(
        &self,
        id: &str,
        chat: ChatId,
        text: &str,
        mentions: &[&str],
    ) -> Message {
        let message = NewMessage {
            content: text.into(),
            mentions: mentions.iter().map(|id| user(id)).collect(),
            ..NewMessage::default()
        };
        match self.run(id, chat, Command::Send(message)).await {
            Outcome::Message { message, .. } => *message,
            other => panic!("a send answers the message, not {other:?}"),
        }
    }

    /// Sends numbered messages: "1", "2" and so on.
    pub(super) async fn send_many(&self, id: &str, chat: ChatId, many: usize) -> Vec<Message> {
        let mut messages = Vec::new();
        for number in 1..=many {
            messages.push(self.send(id, chat, &number.to_string()).await);
        }
        messages
    }

    /// Edits a message.
    pub(super) async fn edit(&self, id: &str, chat: ChatId, message: MessageId, text: &str) {
        let command = Command::Edit {
            message,
            content: text.into(),
            client_id: None,
        };
        self.run(id, chat, command).await;
    }

    /// Deletes a message.
    pub(super) async fn delete(&self, id: &str, chat: ChatId, message: MessageId) {
        let client_id = None;
        self.run(id, chat, Command::Delete { message, client_id })
            .await;
    }

    /// Puts a reaction on a message.
    pub(super) async fn react(&self, id: &str, chat: ChatId, message: MessageId) {
        let command = Command::React {
            message,
            key: "+1".into(),
            on: true,
            client_id: None,
        };
        self.run(id, chat, command).await;
    }

    /// Moves a read mark.
    pub(super) async fn read(&self, id: &str, chat: ChatId, message: MessageId) {
        let unread = false;
        self.run(id, chat, Command::Read { message, unread }).await;
    }

    /// Adds a member.
    pub(super) async fn add(&self, by: &str, chat: ChatId, id: &str) {
        let command = Command::PutMember {
            user: user(id),
            role: Role::Member,
            client_id: None,
        };
        self.run(by, chat, command).await;
    }

    /// Removes a member, or lets them leave.
    pub(super) async fn remove(&self, by: &str, chat: ChatId, id: &str) {
        let command = Command::RemoveMember {
            user: user(id),
            client_id: None,
        };
        self.run(by, chat, command).await;
    }

    /// Reads history.
    pub(super) async fn history(
        &self,
        id: &str,
        query: HistoryQuery,
    ) -> Result<MessagesPage, Problem> {
        self.reads.history(&by(id), query).await
    }

    /// Syncs with a token and the places of chats, on until it is complete; all answers in order.
    pub(super) async fn sync(&self, id: &str, request: SyncRequest) -> Vec<SyncAnswer> {
        let mut answers = Vec::new();
        let mut request = request;
        loop {
            let answer = self.reads.sync(&by(id), request.clone()).await.unwrap();
            let complete = answer.complete;
            request.since = Some(answer.token.clone());
            answers.push(answer);
            if complete {
                return answers;
            }
            assert!(answers.len() < 1_000, "a sync must come to its end");
        }
    }
}
