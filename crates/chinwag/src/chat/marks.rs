//! Who has what, and who has read it.

use chinwag_proto::{ChatId, shapes::Message};

use super::{answers::Answer, asking, command::Target, session::Session, tasks::For};

/// Marks sent at a tick, so that many chats at once stay below the rate of frames.
const MARKS: usize = 5;

impl Session {
    pub(super) fn receipts(&mut self, target: Target) {
        let mine = |session: &Self, message: &Message| message.sender_id == *session.chats.me();
        let Some(message) = self.target(target, mine) else {
            return;
        };
        let server = self.server.clone();
        self.ask(For::Foreground, asking::readers(server, message));
    }

    pub(super) fn ask_for_receipts(&mut self, chat: ChatId) {
        let server = self.server.clone();
        self.background(asking::receipts(server, chat));
    }

    /// Remembers to tell that a message has come to this device.
    pub(super) fn owe_delivery(&mut self, message: Option<&Message>) {
        if let Some(message) = message.filter(|message| message.sender_id != *self.chats.me()) {
            let due = self.delivered.entry(message.chat_id).or_insert(message.id);
            *due = (*due).max(message.id);
        }
    }

    /// Remembers to tell that a message was read.
    pub(super) fn owe_reading(&mut self, chat: ChatId, message: &Message) {
        let marks = self.chats.get(chat).map(|view| view.chat().marks.clone());
        if marks.is_some_and(|marks| marks.read >= Some(message.id)) {
            return;
        }
        self.chats.read_up_to(chat, message.id);
        self.delivered.remove(&chat);
        let due = self.read.entry(chat).or_insert(message.id);
        *due = (*due).max(message.id);
    }

    /// Sends what is owed. What gets lost with a connection is owed again by the next message, or the next sync.
    pub(super) fn send_marks(&mut self) {
        if !self.online {
            return;
        }
        for (chat, message) in std::mem::take(&mut self.read) {
            let client = self.server.client.clone();
            self.background(async move {
                match client.read(chat, message).await {
                    Ok(()) => Answer::Nothing,
                    Err(_) => Answer::Unread(chat, message),
                }
            });
        }
        let due: Vec<ChatId> = self.delivered.keys().copied().take(MARKS).collect();
        for chat in due {
            let Some(message) = self.delivered.remove(&chat) else {
                continue;
            };
            let delivered = self
                .chats
                .get(chat)
                .and_then(|view| view.chat().marks.delivered);
            if delivered >= Some(message) {
                continue;
            }
            let client = self.server.client.clone();
            self.background(async move {
                let _ = client.delivered(chat, message).await;
                Answer::Nothing
            });
        }
    }
}
