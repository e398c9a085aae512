//! Large chats: one message a node, delivered here to the members who are online, in order of place.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use chinwag_core::{
    model::Intervals,
    ports::{Broadcast, BroadcastFrame, BusMessage, BusSubscription, Order, ReadRange, Topic},
    render,
};
use chinwag_proto::{ChatId, Seq, UserId};
use parking_lot::Mutex;

use super::{
    Gateway, encode,
    presence::Typers,
    registry::{Registry, hidden},
    session::Session,
};
use crate::ws::Class;

/// Rows read at a time to fill a gap.
const REPAIR: usize = 500;
/// Memberships read at a time when a user connects.
const PAGE: usize = 500;

/// The large chats that somebody here is a member of.
#[derive(Default)]
pub(super) struct Topics {
    chats: Mutex<HashMap<ChatId, Listening>>,
    subscription: OnceLock<Arc<dyn BusSubscription>>,
    pub(super) typers: Mutex<Typers>,
}

struct Listening {
    /// The place that comes next; 0 until the head was read.
    next: Seq,
    members: BTreeMap<UserId, Intervals>,
}

impl Topics {
    pub(super) fn attach(&self, subscription: Arc<dyn BusSubscription>) {
        let _ = self.subscription.set(subscription);
    }

    /// Takes new members of a large chat who are online here.
    pub(super) fn joined(
        &self,
        chat: ChatId,
        members: &[(UserId, Intervals)],
        registry: &Registry,
    ) {
        let here = members
            .iter()
            .filter(|(user, _)| !registry.of(user).is_empty());
        let here: Vec<_> = here.cloned().collect();
        if here.is_empty() {
            return;
        }
        let fresh = self.insert(chat, here);
        if fresh && let Some(subscription) = self.subscription.get().cloned() {
            tokio::spawn(async move {
                if let Err(error) = subscription.add(Topic::Chat(chat)).await {
                    tracing::warn!(%chat, %error, "can't listen to a large chat; its clients repair by place");
                }
            });
        }
    }

    /// Lets members go: nothing after that place reaches them.
    pub(super) fn parted(&self, chat: ChatId, users: &[UserId], through: Seq) {
        if let Some(listening) = self.chats.lock().get_mut(&chat) {
            for user in users {
                if let Some(intervals) = listening.members.get_mut(user) {
                    intervals.close(through);
                }
            }
        }
    }

    pub(super) fn members_of(&self, chat: ChatId) -> Vec<UserId> {
        let chats = self.chats.lock();
        chats
            .get(&chat)
            .map(|listening| listening.members.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// Returns whether nobody here was in the chat before.
    fn insert(&self, chat: ChatId, members: Vec<(UserId, Intervals)>) -> bool {
        let mut chats = self.chats.lock();
        let fresh = !chats.contains_key(&chat);
        let listening = chats.entry(chat).or_insert_with(|| Listening {
            next: Seq::ZERO,
            members: BTreeMap::new(),
        });
        listening.members.extend(members);
        fresh
    }
}

impl Gateway {
    /// Begins to listen to a user's large chats: subscribed before the head is read, and that before `ready`.
    pub(super) async fn listen_for(&self, user: &UserId) -> chinwag_core::ports::EngineResult<()> {
        let mut after = None;
        loop {
            let page = self.ports.directory.chats_of(user, after, PAGE).await?;
            let full = page.len() == PAGE;
            after = page.last().map(|membership| membership.member.chat);
            let active: Vec<_> = page
                .into_iter()
                .map(|found| found.member)
                .filter(|member| member.active)
                .collect();
            let ids: Vec<ChatId> = active.iter().map(|member| member.chat).collect();
            let rows = self.ports.directory.chats(&ids).await?;
            for (member, row) in active.into_iter().zip(rows) {
                if row.is_some_and(|row| row.large && !row.deleted) {
                    let fresh = self
                        .topics
                        .insert(member.chat, vec![(member.user, member.intervals)]);
                    if fresh && let Some(subscription) = self.topics.subscription.get() {
                        subscription.add(Topic::Chat(member.chat)).await?;
                    }
                }
            }
            if !full {
                return Ok(());
            }
        }
    }

    /// Ends to listen for a user whose last session here is gone.
    pub(super) async fn listen_no_more(&self, user: &UserId) {
        let empty: Vec<ChatId> = {
            let mut chats = self.topics.chats.lock();
            for listening in chats.values_mut() {
                listening.members.remove(user);
            }
            let empty = chats
                .iter()
                .filter(|(_, listening)| listening.members.is_empty());
            let empty: Vec<ChatId> = empty.map(|(chat, _)| *chat).collect();
            empty.iter().for_each(|chat| drop(chats.remove(chat)));
            empty
        };
        if let Some(subscription) = self.topics.subscription.get() {
            for chat in empty {
                let _ = subscription.remove(Topic::Chat(chat)).await;
            }
        }
    }

    /// Takes what came on a large chat's topic.
    pub(super) async fn take_topic(&self, chat: ChatId, message: &BusMessage) {
        match message {
            BusMessage::Events(broadcast) => self.take_events(chat, broadcast).await,
            BusMessage::Typing { user, members, .. } => {
                let users: Arc<[UserId]> = self.topics.members_of(chat).into();
                self.take_typing(chat, user, &users, *members);
            }
            other => self.take(other),
        }
    }

    async fn take_events(&self, chat: ChatId, broadcast: &Broadcast) {
        for frame in &broadcast.frames {
            let seq = frame.frame.seq;
            let Some(next) = self.next_place(chat, seq) else {
                return;
            };
            if seq < next {
                continue;
            }
            if seq > next {
                // Held here until the store answers, so that nobody gets a later place first.
                self.repair(chat, next, seq, frame).await;
            }
            self.deliver_to_members(chat, frame);
        }
    }

    /// Returns the place that comes next; the first one that comes begins.
    fn next_place(&self, chat: ChatId, seq: Seq) -> Option<Seq> {
        let chats = self.topics.chats.lock();
        let listening = chats.get(&chat)?;
        Some(if listening.next == Seq::ZERO {
            seq
        } else {
            listening.next
        })
    }

    async fn repair(&self, chat: ChatId, from: Seq, before: Seq, like: &BroadcastFrame) {
        let through = Seq(before.0 - 1);
        let range = ReadRange {
            from,
            through,
            limit: REPAIR,
            order: Order::Rising,
            messages_only: false,
        };
        let rows = match self.ports.store.read(chat, range).await {
            Ok(rows) => rows,
            Err(error) => {
                return tracing::warn!(%chat, %error, "a gap stays; clients repair by place");
            }
        };
        let places: Vec<(ChatId, Seq)> = rows
            .iter()
            .filter_map(|row| Some((chat, row.target()?.seq)))
            .collect();
        let targets = self.ports.store.rows(&places).await.unwrap_or_default();
        let targets: HashMap<Seq, _> = targets
            .into_iter()
            .flatten()
            .map(|row| (row.seq, row))
            .collect();
        for row in &rows {
            let target = row.target().map(|target| target.seq);
            let changed = target.and_then(|seq| targets.get(&seq));
            let frame = BroadcastFrame {
                frame: render::frame(chat, like.frame.epoch, row, changed),
                target,
                hidden_from: Vec::new(),
                except: None,
            };
            self.deliver_to_members(chat, &frame);
        }
    }

    /// Delivers one event to the members here, each as far as their intervals go.
    fn deliver_to_members(&self, chat: ChatId, frame: &BroadcastFrame) {
        let seq = frame.frame.seq;
        let (seen, unseen) = {
            let mut chats = self.topics.chats.lock();
            let Some(listening) = chats.get_mut(&chat) else {
                return;
            };
            listening.next = seq.next();
            let mut seen = Vec::with_capacity(listening.members.len());
            let mut unseen = Vec::new();
            for (user, intervals) in &listening.members {
                if intervals.sees(seq, frame.target) {
                    seen.push(user.clone());
                } else if intervals.contains(seq) {
                    unseen.push(user.clone());
                }
            }
            let gone = |intervals: &Intervals| {
                intervals
                    .as_slice()
                    .last()
                    .is_none_or(|last| last.through.is_some_and(|through| through <= seq))
            };
            listening.members.retain(|_, intervals| !gone(intervals));
            (seen, unseen)
        };
        let bytes: Bytes = encode::log(&frame.frame);
        self.registry
            .send(&seen, &bytes, Class::Event, frame.except);
        if !unseen.is_empty() {
            self.registry
                .send(&unseen, &hidden(frame), Class::Event, frame.except);
        }
    }

    /// Ends what a session held on this node.
    pub(super) async fn forget(&self, session: &Session) {
        if self.registry.remove(session) {
            self.listen_no_more(&session.user).await;
        }
        if let Err(error) = self.ports.presence.leave(&session.user, session.id).await {
            tracing::warn!(%error, "a session's lease ends by itself");
        }
    }
}
