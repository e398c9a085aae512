//! What an app shows of its user's chats, kept from what the client tells: names, counts, marks, the last messages.

mod progress;
mod view;

#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use chinwag_proto::{
    ChatId, MessageId, UserId,
    frames::{LogFrame, ReceiptFrame},
    http::SyncChat,
    shapes::{Chat, ChatType, Member, Message, Presence, PresenceStatus, User},
};

pub use progress::Progress;
pub use view::ChatView;

use crate::ClientEvent;

/// How long a `typing` holds.
const TYPING: Duration = Duration::from_secs(7);

/// What an app shows of its user's chats.
///
/// Hand it every [`ClientEvent`]; it holds no socket and asks for nothing. Bounded: [`view::MESSAGES`] messages a chat.
#[derive(Debug)]
pub struct Chats {
    me: UserId,
    views: HashMap<ChatId, ChatView>,
    names: HashMap<UserId, String>,
    presence: HashMap<UserId, Presence>,
    typing: HashMap<(ChatId, UserId), Instant>,
}

impl Chats {
    /// Begins with nothing, for a user.
    #[must_use]
    pub fn new(me: UserId) -> Self {
        Self {
            me,
            views: HashMap::new(),
            names: HashMap::new(),
            presence: HashMap::new(),
            typing: HashMap::new(),
        }
    }

    /// Returns whose chats these are.
    #[must_use]
    pub fn me(&self) -> &UserId {
        &self.me
    }

    /// Takes what the client tells. `now` is when it came: a `typing` ends by itself.
    pub fn apply(&mut self, event: &ClientEvent, now: Instant) {
        match event {
            ClientEvent::Chat(sync) => self.synced(sync),
            ClientEvent::Log(frame) => self.log(frame),
            ClientEvent::Restart(chat) => {
                if let Some(view) = self.views.get_mut(chat) {
                    view.forget_messages();
                }
            }
            ClientEvent::Left(chat) => drop(self.views.remove(chat)),
            ClientEvent::Receipt(receipt) => self.receipt(receipt),
            ClientEvent::Typing {
                chat_id, user_ids, ..
            } => {
                self.typing.retain(|_, until| *until > now);
                let typing = user_ids.iter().map(|user| (*chat_id, user.clone()));
                self.typing
                    .extend(typing.map(|typing| (typing, now + TYPING)));
            }
            ClientEvent::Presence(presence) => {
                self.presence
                    .insert(presence.user_id.clone(), presence.clone());
            }
            ClientEvent::Offline | ClientEvent::Closed(_) => {
                // Nobody tells any more who comes and goes.
                self.presence.clear();
                self.typing.clear();
            }
            ClientEvent::Online | ClientEvent::Retrying { .. } => {}
        }
    }

    /// Takes a chat as a request answered it.
    pub fn put(&mut self, chat: Chat) {
        self.learn_members(chat.members.as_deref().unwrap_or_default());
        match self.views.get_mut(&chat.id) {
            Some(view) => view.replace(chat),
            None => drop(self.views.insert(chat.id, ChatView::new(chat))),
        }
    }

    /// Takes messages as a page of history answered them.
    pub fn remember(&mut self, chat: ChatId, messages: impl IntoIterator<Item = Message>) {
        if let Some(view) = self.views.get_mut(&chat) {
            messages
                .into_iter()
                .for_each(|message| view.remember(message));
        }
    }

    /// Takes users as a request answered them.
    pub fn learn_users(&mut self, users: &[User]) {
        let named = users
            .iter()
            .filter_map(|user| Some((user.id.clone(), user.name.clone()?)));
        self.names.extend(named);
    }

    /// Takes members as a request answered them.
    pub fn learn_members(&mut self, members: &[Member]) {
        let named = members
            .iter()
            .filter_map(|member| Some((member.user_id.clone(), member.name.clone()?)));
        self.names.extend(named);
    }

    /// Takes others' marks as a request answered them.
    pub fn learn_receipts(&mut self, chat: ChatId, page: &chinwag_proto::http::ReceiptsPage) {
        for receipt in &page.receipts {
            self.receipt(&ReceiptFrame::Member(receipt.clone()));
        }
        if let (Some(view), Some(counts)) = (self.views.get_mut(&chat), &page.counts) {
            view.count(counts.clone());
        }
    }

    /// Moves the own read mark, as the app has shown everything up to a message.
    pub fn read_up_to(&mut self, chat: ChatId, message: MessageId) {
        if let Some(view) = self.views.get_mut(&chat) {
            view.own_read(message, &self.me);
        }
    }

    /// Returns one chat.
    #[must_use]
    pub fn get(&self, chat: ChatId) -> Option<&ChatView> {
        self.views.get(&chat)
    }

    /// Returns all chats, latest message first.
    #[must_use]
    pub fn latest_first(&self) -> Vec<&ChatView> {
        let mut views: Vec<&ChatView> = self.views.values().collect();
        views.sort_by_key(|view| std::cmp::Reverse(view.order()));
        views
    }

    /// Returns what people call a user: the name, or the id where none is known.
    #[must_use]
    pub fn name<'a>(&'a self, user: &'a UserId) -> &'a str {
        self.names.get(user).map_or(user.as_str(), String::as_str)
    }

    /// Returns whether the name is another known user's too, so that it doesn't tell who it is.
    #[must_use]
    pub fn is_ambiguous(&self, user: &UserId) -> bool {
        let name = self.name(user);
        let same = |other: &UserId, theirs: &str| other != user && theirs == name;
        let named = self.names.iter();
        named
            .into_iter()
            .any(|(other, theirs)| same(other, theirs) || same(other, other.as_str()))
    }

    /// Returns what a chat is called: a group's name, or the other user of a direct chat.
    #[must_use]
    pub fn title<'a>(&'a self, view: &'a ChatView) -> &'a str {
        match view.chat().kind {
            ChatType::Group => view.chat().name.as_deref().unwrap_or_default(),
            ChatType::Direct => view
                .other(&self.me)
                .map_or("somebody", |other| self.name(other)),
        }
    }

    /// Returns a watched user's presence, as far as it is known.
    #[must_use]
    pub fn presence(&self, user: &UserId) -> Option<&Presence> {
        self.presence.get(user)
    }

    /// Returns whether a watched user is online.
    #[must_use]
    pub fn is_online(&self, user: &UserId) -> bool {
        let presence = self.presence.get(user);
        presence.is_some_and(|presence| presence.status == PresenceStatus::Online)
    }

    /// Returns who is typing in a chat, in order of id.
    #[must_use]
    pub fn typing(&self, chat: ChatId, now: Instant) -> Vec<&UserId> {
        let typing = self.typing.iter();
        let mut users: Vec<&UserId> = typing
            .filter(|((place, _), until)| *place == chat && **until > now)
            .map(|((_, user), _)| user)
            .collect();
        users.sort_unstable();
        users
    }

    /// Returns how far an own message has come, as far as the others' marks are known.
    #[must_use]
    pub fn progress(&self, message: &Message) -> Option<Progress> {
        let view = self.views.get(&message.chat_id)?;
        (message.sender_id == self.me).then(|| view.progress(message, &self.me))
    }

    fn synced(&mut self, sync: &SyncChat) {
        self.put(sync.chat.clone());
    }

    fn log(&mut self, frame: &LogFrame) {
        for user in view::done_typing(frame) {
            self.typing.remove(&(frame.chat_id, user.clone()));
        }
        if let Some(view) = self.views.get_mut(&frame.chat_id) {
            view.log(frame, &self.me);
        }
    }

    fn receipt(&mut self, receipt: &ReceiptFrame) {
        let chat = match receipt {
            ReceiptFrame::Member(receipt) => receipt.chat_id,
            ReceiptFrame::Count(count) => count.chat_id,
        };
        let Some(view) = self.views.get_mut(&chat) else {
            return;
        };
        match receipt {
            ReceiptFrame::Count(count) => view.count(count.clone()),
            ReceiptFrame::Member(receipt) => {
                if let (true, Some(read)) =
                    (receipt.user_id == self.me, receipt.last_read_message_id)
                {
                    view.own_read(read, &self.me);
                }
                view.mark(receipt.clone());
            }
        }
    }

    /// Returns the users whose names aren't known among those asked for.
    #[must_use]
    pub fn unnamed<'a>(&self, users: impl IntoIterator<Item = &'a UserId>) -> Vec<UserId> {
        let unnamed: HashSet<&UserId> = users
            .into_iter()
            .filter(|user| !self.names.contains_key(*user))
            .collect();
        let mut unnamed: Vec<UserId> = unnamed.into_iter().cloned().collect();
        unnamed.sort_unstable();
        unnamed
    }
}
