//! What is said, and what is done to what was said.

use chinwag_client::ChatView;
use chinwag_proto::{
    ChatId, MessageId, UserId,
    frames::SendFrame,
    shapes::{Message, MessageStatus},
};

use super::{answers::Answer, asking, command::Target, session::Session, tasks::For};

impl Session {
    pub(super) fn say(&mut self, text: String, reply_to: Option<MessageId>) {
        self.in_open_chat(|session, chat| {
            let view = session.chats.get(chat);
            let mentions = view.map(|view| session.mentioned(view, &text));
            let frame = SendFrame {
                chat_id: chat,
                client_id: None,
                content: text,
                reply_to,
                mentions: mentions.unwrap_or_default(),
                metadata: Default::default(),
                timestamp: None,
            };
            let client = session.server.client.clone();
            session.ask(For::Change, async move {
                match client.send_message(frame).await {
                    Ok(message) => Answer::Said(Box::new(message)),
                    Err(error) => Answer::Failed(format!("not said: {}", asking::said(&error))),
                }
            });
            session.look_at_outbox_if_offline();
        });
    }

    /// Finds whom a text means by `@`: an id or a name of a member, the longest that fits.
    fn mentioned(&self, view: &ChatView, text: &str) -> Vec<UserId> {
        let mut mentioned = Vec::new();
        for (at, _) in text.match_indices('@') {
            let begins_word = !text[..at].ends_with(|before: char| before.is_alphanumeric());
            let after = text[at + 1..].to_lowercase();
            let candidates = view.members().iter().flat_map(|member| {
                let user = &member.user_id;
                [
                    (user, user.as_str().to_lowercase()),
                    (user, self.chats.name(user).to_lowercase()),
                ]
            });
            let fitting = candidates.filter(|(_, called)| {
                let rest = after.strip_prefix(called.as_str());
                rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric()))
            });
            let longest = fitting.max_by_key(|(_, called)| called.len());
            if let (true, Some((user, _))) = (begins_word, longest)
                && !mentioned.contains(user)
            {
                mentioned.push(user.clone());
            }
        }
        mentioned
    }

    /// Finds the message that is meant; says so where there is none.
    pub(super) fn target(
        &mut self,
        target: Target,
        fits: impl Fn(&Self, &Message) -> bool,
    ) -> Option<Message> {
        let Some(chat) = self.open.as_ref().map(|open| open.chat) else {
            self.in_open_chat(|_, _| {});
            return None;
        };
        if target == Target::Last && self.says_something(chat) {
            self.problem("your last message still waits to be sent");
            return None;
        }
        let view = self.chats.get(chat)?;
        let found = match target {
            Target::Place(seq) => view.message_at(seq),
            Target::Last => view
                .messages()
                .rev()
                .find(|message| message.status != MessageStatus::Deleted && fits(self, message)),
        };
        let found = found.cloned();
        if found.is_none() {
            self.problem(&match target {
                Target::Place(seq) => {
                    format!("#{seq} isn't among the messages seen here: /goto #{seq} shows it")
                }
                Target::Last => "there is no such message".into(),
            });
        }
        found
    }

    /// Returns whether something said in a chat isn't acknowledged yet: then nobody knows which message is the last.
    fn says_something(&self, chat: ChatId) -> bool {
        self.changes > 0
            && (self.outbox.is_empty() || self.outbox.iter().any(|(place, _)| *place == chat))
    }

    pub(super) fn edit(&mut self, target: Target, text: String) {
        let mine = |session: &Self, message: &Message| message.sender_id == *session.chats.me();
        let Some(message) = self.target(target, mine) else {
            return;
        };
        let client = self.server.client.clone();
        self.ask(For::Change, async move {
            let edited = client.edit(message.chat_id, message.id, text).await;
            asking::changed(edited.map(drop), "changed")
        });
        self.look_at_outbox_if_offline();
    }

    pub(super) fn delete(&mut self, target: Target) {
        let mine = |session: &Self, message: &Message| message.sender_id == *session.chats.me();
        let Some(message) = self.target(target, mine) else {
            return;
        };
        let client = self.server.client.clone();
        self.ask(For::Change, async move {
            let deleted = client.delete(message.chat_id, message.id).await;
            asking::changed(deleted.map(drop), "deleted")
        });
        self.look_at_outbox_if_offline();
    }

    pub(super) fn react(&mut self, target: Target, key: String, on: bool) {
        let Some(message) = self.target(target, |_, _| true) else {
            return;
        };
        let client = self.server.client.clone();
        self.ask(For::Change, async move {
            let reacted = client.react(message.chat_id, message.id, &key, on).await;
            asking::changed(reacted.map(drop), "reacted")
        });
        self.look_at_outbox_if_offline();
    }

    fn look_at_outbox_if_offline(&mut self) {
        if !self.online {
            self.look_at_outbox();
        }
    }
}
