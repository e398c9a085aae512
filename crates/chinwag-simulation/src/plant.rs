//! Faults that are planted, to see that the simulation finds them: engines that don't keep what their ports promise,
//! and a machine that doesn't notice how long it stood still.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use chinwag_core::{
    model::{ChatRow, LogRow, MarkRow, MemberRow, Membership, NodeId, PreferencesRow},
    ports::{
        Append, Bus, BusMessage, BusSubscription, Consumer, Directory, EngineResult, EventQueue,
        GroupSet, MessageStore, Presence, QueueGroup, QueueRecord, ReadRange, SessionBeat,
        SessionLocation, Stamp, Topic,
    },
};
use chinwag_proto::{
    ChatId, ClientId, EventId, Seq, SessionId, UserId,
    shapes::{self, Version},
};
use clap::ValueEnum;

/// Of so many chances one is taken.
const ONE_OF: u64 = 25;
/// Of those that are rare.
const ONE_OF_FEW: u64 = 3;

/// A planted fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Plant {
    /// The store says that it has what it doesn't keep: acknowledged before it is stored.
    Unstored,
    /// Of what is appended together the first is left out: a place over a hole.
    Hole,
    /// A machine that stood still doesn't notice: its lease goes on.
    FreezeUnnoticed,
    /// Nobody remembers which requests were done.
    ForgottenRequests,
    /// The bus loses what it is given, and doesn't say so.
    SilentBus,
    /// The queue loses what it is given.
    LossyQueue,
    /// Who has left stays online until the lease ends.
    StickyPresence,
    /// Ends of chats are told that were the end before the last event.
    StaleHeads,
    /// Marks aren't kept that were said to be: who has the chat next doesn't know them.
    LostMarks,
}

impl Plant {
    /// Names the rules that it breaks: one of them must be found broken.
    pub(crate) fn breaks(self) -> &'static [&'static str] {
        match self {
            Self::Unstored | Self::Hole | Self::StaleHeads => &["lost"],
            Self::FreezeUnnoticed => &["lost", "shown-twice"],
            Self::ForgottenRequests => &["doubled"],
            Self::SilentBus | Self::LossyQueue => &["gap"],
            Self::StickyPresence => &["presence"],
            Self::LostMarks => &["read-mark", "unread"],
        }
    }
}

/// A port that breaks its promise where that is planted; else it is the one within.
pub(crate) struct Planted<P: ?Sized> {
    inner: Arc<P>,
    plant: Option<Plant>,
    chances: AtomicU64,
}

impl<P: ?Sized> Planted<P> {
    pub(crate) fn new(inner: Arc<P>, plant: Option<Plant>) -> Self {
        Self {
            inner,
            plant,
            chances: AtomicU64::new(0),
        }
    }

    /// Returns whether this chance is taken by a plant.
    fn takes(&self, plant: Plant) -> bool {
        let one_of = match plant {
            Plant::Hole | Plant::LostMarks => ONE_OF_FEW,
            _ => ONE_OF,
        };
        self.plant == Some(plant)
            && self.chances.fetch_add(1, Ordering::Relaxed) % one_of == one_of - 1
    }
}

#[async_trait]
impl<P: MessageStore + ?Sized> MessageStore for Planted<P> {
    async fn append(&self, mut appends: Vec<Append>) -> EngineResult<()> {
        if self.takes(Plant::Unstored) {
            return Ok(());
        }
        if appends.len() > 1 && self.takes(Plant::Hole) {
            appends.remove(0);
        }
        self.inner.append(appends).await
    }

    async fn rewrite(&self, chat: ChatId, rows: Vec<(LogRow, Stamp)>) -> EngineResult<()> {
        self.inner.rewrite(chat, rows).await
    }

    fn amends_apart(&self) -> bool {
        self.inner.amends_apart()
    }

    async fn amend(&self, appends: Vec<Append>) -> EngineResult<()> {
        self.inner.amend(appends).await
    }

    async fn seal(&self, chat: ChatId, message: Seq, stamp: Stamp) -> EngineResult<()> {
        self.inner.seal(chat, message, stamp).await
    }

    async fn read(&self, chat: ChatId, range: ReadRange) -> EngineResult<Vec<LogRow>> {
        self.inner.read(chat, range).await
    }

    async fn rows(&self, places: &[(ChatId, Seq)]) -> EngineResult<Vec<Option<LogRow>>> {
        self.inner.rows(places).await
    }

    async fn heads(&self, chats: &[ChatId]) -> EngineResult<Vec<Option<LogRow>>> {
        let mut heads = self.inner.heads(chats).await?;
        for (chat, head) in chats.iter().zip(&mut heads) {
            if let Some(last) = head.clone()
                && last.seq.0 > 1
                && self.takes(Plant::StaleHeads)
            {
                let before = [(*chat, Seq(last.seq.0 - 1))];
                *head = self
                    .inner
                    .rows(&before)
                    .await?
                    .pop()
                    .flatten()
                    .or(Some(last));
            }
        }
        Ok(heads)
    }

    async fn find(&self, id: EventId) -> EngineResult<Option<(ChatId, Seq)>> {
        self.inner.find(id).await
    }

    async fn reserve(&self, chat: ChatId, ids: &[EventId]) -> EngineResult<Vec<bool>> {
        self.inner.reserve(chat, ids).await
    }

    async fn sent(
        &self,
        chat: ChatId,
        user: &UserId,
        client_id: &ClientId,
    ) -> EngineResult<Option<(Seq, EventId)>> {
        match self.plant {
            Some(Plant::ForgottenRequests) => Ok(None),
            _ => self.inner.sent(chat, user, client_id).await,
        }
    }

    async fn versions(&self, chat: ChatId, message: Seq) -> EngineResult<Vec<Version>> {
        self.inner.versions(chat, message).await
    }

    async fn reactions_of(
        &self,
        chat: ChatId,
        messages: &[Seq],
        user: &UserId,
    ) -> EngineResult<Vec<Vec<String>>> {
        self.inner.reactions_of(chat, messages, user).await
    }

    async fn reactors(
        &self,
        chat: ChatId,
        message: Seq,
        limit: usize,
    ) -> EngineResult<Vec<(String, UserId)>> {
        self.inner.reactors(chat, message, limit).await
    }

    async fn purge(&self, chat: ChatId) -> EngineResult<()> {
        self.inner.purge(chat).await
    }
}

#[async_trait]
impl<P: Directory + ?Sized> Directory for Planted<P> {
    async fn chats(&self, chats: &[ChatId]) -> EngineResult<Vec<Option<ChatRow>>> {
        self.inner.chats(chats).await
    }

    async fn members(
        &self,
        chat: ChatId,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<MemberRow>> {
        self.inner.members(chat, after, limit).await
    }

    async fn chat_up_to(&self, chat: ChatId, head: Seq) -> EngineResult<Option<ChatRow>> {
        self.inner.chat_up_to(chat, head).await
    }

    async fn members_up_to(
        &self,
        chat: ChatId,
        head: Seq,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<MemberRow>> {
        self.inner.members_up_to(chat, head, after, limit).await
    }

    async fn memberships(
        &self,
        chat: ChatId,
        users: &[UserId],
    ) -> EngineResult<Vec<Option<Membership>>> {
        self.inner.memberships(chat, users).await
    }

    async fn chats_of(
        &self,
        user: &UserId,
        after: Option<ChatId>,
        limit: usize,
    ) -> EngineResult<Vec<Membership>> {
        self.inner.chats_of(user, after, limit).await
    }

    async fn marks(
        &self,
        chat: ChatId,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<(UserId, MarkRow)>> {
        self.inner.marks(chat, after, limit).await
    }

    async fn put_marks(&self, marks: Vec<(ChatId, UserId, MarkRow, Stamp)>) -> EngineResult<()> {
        if self.takes(Plant::LostMarks) {
            return Ok(());
        }
        self.inner.put_marks(marks).await
    }

    async fn put_preferences(
        &self,
        chat: ChatId,
        user: &UserId,
        preferences: PreferencesRow,
    ) -> EngineResult<()> {
        self.inner.put_preferences(chat, user, preferences).await
    }

    async fn register_pair(
        &self,
        one: &UserId,
        other: &UserId,
        chat: ChatId,
    ) -> EngineResult<ChatId> {
        self.inner.register_pair(one, other, chat).await
    }

    async fn register_request(
        &self,
        user: &UserId,
        request: &ClientId,
        chat: ChatId,
    ) -> EngineResult<ChatId> {
        self.inner.register_request(user, request, chat).await
    }

    async fn all_chats(&self, after: Option<ChatId>, limit: usize) -> EngineResult<Vec<ChatId>> {
        self.inner.all_chats(after, limit).await
    }
}

#[async_trait]
impl<P: EventQueue + ?Sized> EventQueue for Planted<P> {
    async fn publish(&self, events: Vec<(ChatId, LogRow, GroupSet)>) -> EngineResult<()> {
        self.inner.publish(events).await
    }

    async fn join(&self, group: QueueGroup) -> EngineResult<Box<dyn Consumer>> {
        let inner = self.inner.join(group).await?;
        Ok(match self.plant {
            Some(Plant::LossyQueue) => Box::new(LossyConsumer(inner)),
            _ => inner,
        })
    }

    async fn lag(&self, group: QueueGroup) -> EngineResult<u64> {
        self.inner.lag(group).await
    }
}

/// Loses the same records for everyone who reads.
struct LossyConsumer(Box<dyn Consumer>);

#[async_trait]
impl Consumer for LossyConsumer {
    async fn next(&mut self, max: usize) -> EngineResult<Vec<QueueRecord>> {
        let mut records = self.0.next(max).await?;
        if records.len() > 1 || records.first().is_some_and(|it| it.position % ONE_OF == 0) {
            records.retain(|record| record.position % ONE_OF != 0);
        }
        Ok(records)
    }

    async fn ack(&mut self, position: u64) -> EngineResult<()> {
        self.0.ack(position).await
    }
}

#[async_trait]
impl<P: Presence + ?Sized> Presence for Planted<P> {
    async fn touch(&self, beats: &[SessionBeat]) -> EngineResult<()> {
        self.inner.touch(beats).await
    }

    async fn leave(&self, user: &UserId, session: SessionId) -> EngineResult<()> {
        match self.plant {
            Some(Plant::StickyPresence) => Ok(()),
            _ => self.inner.leave(user, session).await,
        }
    }

    async fn locate(
        &self,
        users: &[UserId],
        except: Option<SessionId>,
    ) -> EngineResult<Vec<Vec<NodeId>>> {
        self.inner.locate(users, except).await
    }

    async fn online(&self, users: &[UserId]) -> EngineResult<Vec<shapes::Presence>> {
        self.inner.online(users).await
    }

    async fn sessions(&self, user: &UserId) -> EngineResult<Vec<SessionLocation>> {
        self.inner.sessions(user).await
    }
}

#[async_trait]
impl<P: Bus + ?Sized> Bus for Planted<P> {
    async fn publish(&self, mut messages: Vec<(Topic, Arc<BusMessage>)>) -> EngineResult<()> {
        messages.retain(|_| !self.takes(Plant::SilentBus));
        self.inner.publish(messages).await
    }

    async fn open(&self, node: NodeId) -> EngineResult<Arc<dyn BusSubscription>> {
        self.inner.open(node).await
    }
}
