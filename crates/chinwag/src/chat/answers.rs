//! What was asked for and is answered.

use chinwag_client::ClientEvent;
use chinwag_proto::{
    ChatId, MessageId,
    frames::Request,
    http::{MembersPage, MessagesPage, ReceiptsPage, SearchAnswer},
    shapes::{Chat, Message, Presence, User},
};

use super::session::Session;

/// What a task brings.
#[derive(Debug)]
pub(super) enum Answer {
    /// Nothing that shows.
    Nothing,
    /// What was said is acknowledged; the log shows it.
    Said(Box<Message>),
    /// A change is acknowledged; the log shows it.
    Changed,
    /// A read mark that didn't get through.
    Unread(ChatId, MessageId),
    /// A sentence about what wasn't.
    Failed(String),
    /// A chat's last page, to be opened.
    Opened(Box<Opened>),
    /// Older messages of a chat.
    Older(ChatId, Shown),
    /// What was said around a message.
    Around(ChatId, Shown),
    /// A chat that was made or found, to be opened next.
    Chat(Box<Chat>),
    /// What users are called; the chats are to be listed with it.
    Names(Vec<User>),
    /// Messages found.
    Found(SearchAnswer),
    /// Who is in a chat.
    Members(MembersPage),
    /// Who has read how far.
    Receipts(ChatId, ReceiptsPage),
    /// Who has read a message.
    Readers(Box<Message>, ReceiptsPage),
    /// Who is online.
    Presence(Vec<Presence>),
    /// What waits to be acknowledged.
    Outbox(Vec<(ChatId, Request)>),
    /// The same, asked for by the person.
    ListOutbox(Vec<(ChatId, Request)>),
}

/// What opening a chat needs.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) chat: Chat,
    pub(super) shown: Shown,
    pub(super) receipts: Option<ReceiptsPage>,
}

/// Messages to show, with what they answer and who said them.
#[derive(Debug)]
pub(super) struct Shown {
    /// Oldest first.
    pub(super) page: MessagesPage,
    pub(super) quoted: Vec<Message>,
    pub(super) users: Vec<User>,
}

impl Session {
    /// Takes an answer.
    pub(super) fn answered(&mut self, answer: Answer) {
        match answer {
            Answer::Nothing => {}
            Answer::Said(message) => {
                // Known at once, also where places before it are still missing.
                self.chats.remember(message.chat_id, [*message]);
                self.changed();
            }
            Answer::Changed => self.changed(),
            Answer::Unread(chat, message) => {
                let due = self.read.entry(chat).or_insert(message);
                *due = (*due).max(message);
            }
            Answer::Failed(why) => self.failed(&why),
            Answer::Opened(opened) => self.opened(*opened),
            Answer::Older(chat, shown) => self.older(chat, shown),
            Answer::Around(chat, shown) => self.around(chat, shown),
            Answer::Chat(chat) => {
                let id = chat.id;
                self.chats.put(*chat);
                self.open_chat(id);
            }
            Answer::Names(users) => {
                self.chats.learn_users(&users);
                self.list_chats();
            }
            Answer::Found(found) => self.found(&found),
            Answer::Members(page) => self.members(&page),
            Answer::Receipts(chat, page) => self.chats.learn_receipts(chat, &page),
            Answer::Readers(message, page) => self.readers(&message, &page),
            Answer::Presence(users) => {
                for presence in users {
                    self.told(ClientEvent::Presence(presence));
                }
            }
            Answer::Outbox(outbox) => self.outbox = outbox,
            Answer::ListOutbox(outbox) => self.list_outbox(outbox),
        }
    }

    fn changed(&mut self) {
        if self.changes == 0 {
            self.outbox.clear();
        }
    }

    /// Gives up opening a chat.
    pub(super) fn back_to_what_was_open(&mut self) {
        let given_up = self.open.take();
        self.open = given_up.and_then(|open| open.before.map(|before| *before));
    }

    fn failed(&mut self, why: &str) {
        let loading = self.open.as_ref().is_some_and(|open| open.loading);
        if loading && self.foreground == 0 {
            self.back_to_what_was_open();
        }
        self.problem(why);
    }
}
