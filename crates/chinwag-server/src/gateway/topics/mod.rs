//! Large chats: one message a node, delivered here to the members who are online, in order of place.
//!
//! A chat's way here: [`Gateway::listen_for`] (a member connects) or [`BusMessage::Joined`] (somebody online becomes
//! a member) → subscribe → read the head → deliver what comes, in order of place. A gap is held until the store
//! answers. What a member sees is decided by place alone: by intervals, and by the membership events themselves.

mod large_chat;
mod members;
mod mend;
mod order;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chinwag_core::{
    model::{ChatRow, Intervals, MemberRow},
    ports::{BusMessage, BusSubscription, EngineError, EngineResult, Topic},
};
use chinwag_proto::{ChatId, Seq, UserId, frames::ServerFrame};
use parking_lot::{Mutex, RwLock};
use tokio::sync::Notify;

pub(super) use large_chat::LargeChat;

use self::members::Members;
use super::{Gateway, encode, registry::Registry};
use crate::ws::Class;

/// Memberships read at a time when a user connects.
const PAGE: usize = 500;

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

/// A page of a user's chats: the large ones that they are in.
struct LargePage {
    members: Vec<MemberRow>,
    /// After which chat the next one begins; none: it is the last.
    next: Option<ChatId>,
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
    /// Begins to listen to a user's large chats: subscribed before the head is read, and that before `ready`.
    pub(super) async fn listen_for(&self, user: &UserId) -> EngineResult<()> {
        let mut after = None;
        let mut became_a_member = false;
        loop {
            let page = self.large_page(user, after).await?;
            let mut joined = HashMap::new();
            for member in page.members {
                joined.insert(member.chat, member.joined_seq);
                became_a_member |= !self.topics.knows(member.chat, user, member.joined_seq);
                let MemberRow {
                    user, intervals, ..
                } = member;
                let chat = self.topics.enter_chat(member.chat, |members| {
                    members.put(user, intervals, member.joined_seq);
                });
                self.begin_topic(&chat).await?;
            }
            if !joined.is_empty() {
                // Whoever left before they were known as a member here is seen only by a second look.
                for member in self.large_page(user, after).await?.members {
                    if joined.get(&member.chat) == Some(&member.joined_seq) {
                        joined.remove(&member.chat);
                    }
                }
                for (id, joined) in joined {
                    if let Some(chat) = self.topics.find(id)
                        && chat.members.has(user, joined)
                    {
                        chat.members.remove(user);
                        self.topics.look_up(id, vec![user.clone()]);
                    }
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        if became_a_member {
            self.let_earlier_ones_fetch(user);
        }
        Ok(())
    }

    /// Lets a user's sessions here fetch what they missed of a chat that only one more session made the user a member of:
    /// word of the joining was still waiting for an engine, and now nothing is left for it to do.
    fn let_earlier_ones_fetch(&self, user: &UserId) {
        let frame = encode::frame(&ServerFrame::Resync { after_ms: 0 });
        self.registry.send([user], &frame, Class::Event, None);
    }

    /// Reads a page of a user's chats: the large ones that they are in.
    async fn large_page(&self, user: &UserId, after: Option<ChatId>) -> EngineResult<LargePage> {
        let directory = &self.ports.directory;
        let page = directory.chats_of(user, after, PAGE).await?;
        let is_last = page.len() < PAGE;
        let next = page.last().map(|membership| membership.member.chat);
        let active: Vec<_> = page
            .into_iter()
            .map(|found| found.member)
            .filter(|member| member.active)
            .collect();
        let ids: Vec<ChatId> = active.iter().map(|member| member.chat).collect();
        let rows = directory.chats(&ids).await?;
        let is_large = |row: Option<ChatRow>| row.is_some_and(|row| row.large && !row.deleted);
        let members = active.into_iter().zip(rows);
        Ok(LargePage {
            next: next.filter(|_| !is_last),
            members: members
                .filter_map(|(member, row)| is_large(row).then_some(member))
                .collect(),
        })
    }

    /// Subscribes, then reads the head; once a chat, however many ask.
    async fn begin_topic(&self, chat: &LargeChat) -> EngineResult<()> {
        let begin = || async {
            self.topics.subscribe(chat.id).await?;
            let head = self.head_of(chat.id).await?;
            self.begin_order(chat, head);
            EngineResult::Ok(())
        };
        chat.begun.get_or_try_init(begin).await?;
        Ok(())
    }

    async fn head_of(&self, id: ChatId) -> EngineResult<Seq> {
        let heads = self.ports.owner.heads(&[id]).await;
        let heads = heads.map_err(|problem| EngineError::Unavailable(problem.to_string()))?;
        Ok(heads
            .into_iter()
            .flatten()
            .next()
            .map_or(Seq::ZERO, |head| head.seq))
    }

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
