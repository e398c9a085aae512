//! Large chats: one message a node, delivered here to the members who are online, in order of place.
//!
//! A chat's way here: [`Gateway::listen_for`] (a member connects) or [`BusMessage::Joined`] (somebody online becomes
//! a member) → subscribe → read the head → deliver what comes, in order of place. A gap is held until the store
//! answers. What a member sees is decided by place alone: by intervals, and by the membership events themselves.

mod large_chat;
mod listening;
mod members;
mod mend;
mod order;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chinwag_core::{
    model::Intervals,
    ports::{BusMessage, BusSubscription, EngineError, EngineResult, Topic},
};
use chinwag_proto::{ChatId, Seq, UserId};
use parking_lot::{Mutex, RwLock};
use tokio::sync::Notify;

pub(super) use large_chat::LargeChat;

use self::members::Members;
use super::{Gateway, registry::Registry};

/// The large chats that somebody here is a member of.
pub(super) struct Topics {
    chats: RwLock<HashMap<ChatId, Arc<LargeChat>>>,
    /// The sessions that stand.
    registry: Arc<Registry>,
    /// How many sessions of each user are beginning.
    beginning: Mutex<HashMap<UserId, u32>>,
    subscription: Mutex<Option<Arc<dyn BusSubscription>>>,
    /// Orders subscribing and unsubscribing, so that the last decision is the last call.
    subscribing: tokio::sync::Mutex<()>,
    due: Mutex<Due>,
    wake: Notify,
}

/// What has to be done that waits for an engine.
#[derive(Default)]
struct Due {
    chats: HashSet<ChatId>,
    /// Of whom word of a joining may have been lost.
    users: HashSet<UserId>,
    /// Whether whole subscriptions may have been lost.
    everything: bool,
}

impl Topics {
    pub(super) fn new(registry: Arc<Registry>) -> Self {
        Self {
            chats: RwLock::default(),
            registry,
            beginning: Mutex::default(),
            subscription: Mutex::default(),
            subscribing: tokio::sync::Mutex::default(),
            due: Mutex::default(),
            wake: Notify::new(),
        }
    }

    /// Takes the node's subscription, the first or a new one.
    pub(super) fn attach(&self, subscription: Arc<dyn BusSubscription>) {
        *self.subscription.lock() = Some(subscription);
    }

    /// Notes that a session of a user begins.
    pub(super) fn enter(&self, user: &UserId) {
        *self.beginning.lock().entry(user.clone()).or_default() += 1;
    }

    /// Notes that it is in the registry by now, or never will be.
    pub(super) fn entered(&self, user: &UserId) {
        let mut beginning = self.beginning.lock();
        match beginning.get_mut(user) {
            Some(sessions) if *sessions > 1 => *sessions -= 1,
            _ => drop(beginning.remove(user)),
        }
    }

    /// Notes that one left the registry; with the last one the user is no member here any more.
    pub(super) fn leave(&self, user: &UserId) {
        // Held, so that no other one begins meanwhile.
        let beginning = self.beginning.lock();
        if !beginning.contains_key(user) && !self.registry.has(user) {
            self.forget(user);
        }
    }

    /// Returns whether a user has a session here, or one that is beginning.
    fn holds(&self, user: &UserId) -> bool {
        self.beginning.lock().contains_key(user) || self.registry.has(user)
    }

    /// Lets a user be a member of no chat here.
    fn forget(&self, user: &UserId) {
        for (id, chat) in self.all() {
            if chat.members.remove(user) {
                self.wake_for(id);
            }
        }
    }

    /// Takes new members of a large chat: those who are online here are looked up, since this is a hint only.
    pub(super) fn joined(&self, id: ChatId, members: &[(UserId, Intervals)]) {
        let here: Vec<UserId> = members
            .iter()
            .map(|(user, _)| user)
            .filter(|user| self.holds(user))
            .cloned()
            .collect();
        tracing::debug!(chat = %id, ?here, "somebody joined a large chat");
        if !here.is_empty() {
            self.look_up(id, here);
        }
    }

    /// Lets users be looked up who may be members.
    fn look_up(&self, id: ChatId, users: Vec<UserId>) {
        self.enter_chat(id, |members| members.join(users));
        self.wake_for(id);
    }

    /// Lets one in who was expected, if a later look found them there; else they are looked up anew. Returns whether they
    /// are in.
    fn admit(&self, chat: &LargeChat, user: &UserId, joined: Seq, is_there: bool) -> bool {
        let is_in = is_there && chat.members.confirm(user, joined);
        if !is_in {
            chat.members.give_up(user, joined);
            self.look_up(chat.id, vec![user.clone()]);
        }
        self.forget_absent(chat, user);
        is_in
    }

    /// Lets a user go who left while they were made a member here: nobody else would.
    fn forget_absent(&self, chat: &LargeChat, user: &UserId) {
        if !self.holds(user) && chat.members.remove(user) {
            self.wake_for(chat.id);
        }
    }

    /// Lets members go: nothing after that place reaches them.
    pub(super) fn parted(&self, id: ChatId, users: &[UserId], through: Seq) {
        if let Some(chat) = self.find(id) {
            chat.members.close(users, through);
        }
    }

    pub(super) fn members_of(&self, id: ChatId) -> Vec<UserId> {
        self.find(id)
            .map(|chat| chat.members.present())
            .unwrap_or_default()
    }

    pub(super) fn find(&self, id: ChatId) -> Option<Arc<LargeChat>> {
        self.chats.read().get(&id).cloned()
    }

    /// Lets somebody into a chat, which may be new here; under one lock, so that nobody lets it go in between.
    fn enter_chat(&self, id: ChatId, enter: impl FnOnce(&Members)) -> Arc<LargeChat> {
        let mut chats = self.chats.write();
        let chat = chats.entry(id);
        let chat = chat.or_insert_with(|| Arc::new(LargeChat::new(id)));
        enter(&chat.members);
        Arc::clone(chat)
    }

    /// Returns whether a user is known in a chat as one who joined at a place.
    fn knows(&self, id: ChatId, user: &UserId, joined: Seq) -> bool {
        let chat = self.find(id);
        chat.is_some_and(|chat| chat.members.has(user, joined))
    }

    fn all(&self) -> Vec<(ChatId, Arc<LargeChat>)> {
        let chats = self.chats.read();
        chats
            .iter()
            .map(|(id, chat)| (*id, Arc::clone(chat)))
            .collect()
    }

    /// Lets [`Gateway::mend`] look at a chat.
    fn wake_for(&self, id: ChatId) {
        self.due.lock().chats.insert(id);
        self.wake.notify_one();
    }

    /// Lets [`Gateway::mend`] look at everything: the bus may have lost any of it.
    pub(super) fn doubt_all(&self) {
        self.due.lock().everything = true;
        self.wake.notify_one();
    }

    /// Lets [`Gateway::mend`] look for large chats that users here may have become members of.
    pub(super) fn doubt_users(&self, users: &[UserId]) {
        let here = users.iter().filter(|user| self.holds(user)).cloned();
        self.due.lock().users.extend(here);
        self.wake.notify_one();
    }

    /// Lets [`Gateway::mend`] compare what came of a chat with its head.
    pub(super) fn doubt(&self, id: ChatId) {
        if let Some(chat) = self.find(id) {
            chat.doubt();
            self.wake_for(id);
        }
    }

    fn subscription(&self) -> EngineResult<Arc<dyn BusSubscription>> {
        let subscription = self.subscription.lock().clone();
        subscription.ok_or_else(|| EngineError::Unavailable("the bus is not open yet".into()))
    }

    async fn subscribe(&self, id: ChatId) -> EngineResult<()> {
        let _order = self.subscribing.lock().await;
        self.subscription()?.add(Topic::Chat(id)).await
    }

    /// Lets a chat go that nobody here is in any more.
    async fn let_go(&self, id: ChatId) -> EngineResult<()> {
        let _order = self.subscribing.lock().await;
        {
            let mut chats = self.chats.write();
            if chats.get(&id).is_some_and(|chat| !chat.members.is_empty()) {
                return Ok(());
            }
            chats.remove(&id);
        }
        self.subscription()?.remove(Topic::Chat(id)).await
    }
}

impl Gateway {
    /// Takes what came on a large chat's topic.
    pub(super) fn take_from_topic(&self, id: ChatId, message: &Arc<BusMessage>) {
        match &**message {
            BusMessage::Events(_) => {
                if let Some(chat) = self.topics.find(id) {
                    self.take_large(&chat, message, order::Path::Topic);
                }
            }
            BusMessage::Typing { user, members, .. } => {
                let users: Arc<[UserId]> = self.topics.members_of(id).into();
                self.take_typing(id, user, &users, *members);
            }
            _ => self.take(message),
        }
    }

    /// Takes events that are addressed to users, if the chat is one that also comes, or came, on its topic.
    pub(super) fn take_if_large(&self, id: ChatId, message: &Arc<BusMessage>) -> bool {
        match self.topics.find(id) {
            Some(chat) => {
                self.take_large(&chat, message, order::Path::Direct);
                true
            }
            None => false,
        }
    }
}
