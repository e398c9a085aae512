//! [`MessageStore`] in memory.

use async_trait::async_trait;
use chinwag_proto::{ChatId, ClientId, EventId, Seq, UserId, shapes::Version};

use super::{
    caused::{self, Caused},
    store::{Extras, MemoryStore, State, put},
};
use crate::{
    model::LogRow,
    ports::{Append, EngineResult, Follow, MessageStore, Order, ReadRange, Stamp},
};

#[async_trait]
impl MessageStore for MemoryStore {
    async fn append(&self, appends: Vec<Append>) -> EngineResult<()> {
        let mut state = self.state();
        for append in appends {
            state.append(append);
        }
        drop(state);
        self.queued().notify_waiters();
        Ok(())
    }

    async fn rewrite(&self, chat: ChatId, rows: Vec<(LogRow, Stamp)>) -> EngineResult<()> {
        let mut state = self.state();
        for (row, stamp) in rows {
            let (seq, id) = (row.seq, row.id);
            if let Some(client_id) = row.client_id.clone() {
                let request = (chat, row.user.clone(), client_id);
                put(&mut state.sent, request, stamp, (seq, id));
            }
            put(&mut state.log, (chat, seq), stamp, row);
            state.ids.insert(id, (chat, seq));
        }
        Ok(())
    }

    fn amends_apart(&self) -> bool {
        true
    }

    async fn amend(&self, appends: Vec<Append>) -> EngineResult<()> {
        let mut state = self.state();
        for append in appends {
            state.amend(append);
        }
        Ok(())
    }

    async fn seal(&self, chat: ChatId, message: Seq, stamp: Stamp) -> EngineResult<()> {
        let mut state = self.state();
        if let Some(cell) = state.log.get_mut(&(chat, message)) {
            cell.stamp = cell.stamp.max(stamp);
        }
        state.extras(chat, message).seal(stamp);
        Ok(())
    }

    async fn read(&self, chat: ChatId, range: ReadRange) -> EngineResult<Vec<LogRow>> {
        if range.from > range.through {
            return Ok(Vec::new());
        }
        let state = self.state();
        let rows = state
            .log
            .range((chat, range.from)..=(chat, range.through))
            .map(|(_, cell)| &cell.value)
            .filter(|row| !range.messages_only || row.message().is_some());
        let page = match range.order {
            Order::Rising => rows.take(range.limit).cloned().collect(),
            Order::Falling => rows.rev().take(range.limit).cloned().collect(),
        };
        Ok(page)
    }

    async fn rows(&self, places: &[(ChatId, Seq)]) -> EngineResult<Vec<Option<LogRow>>> {
        let state = self.state();
        let row = |place| state.log.get(place).map(|cell| cell.value.clone());
        Ok(places.iter().map(row).collect())
    }

    async fn heads(&self, chats: &[ChatId]) -> EngineResult<Vec<Option<LogRow>>> {
        let state = self.state();
        let head = |chat: &ChatId| {
            let last = state.log_of(*chat).next_back();
            last.map(|(_, row)| row.clone())
        };
        Ok(chats.iter().map(head).collect())
    }

    async fn find(&self, id: EventId) -> EngineResult<Option<(ChatId, Seq)>> {
        let state = self.state();
        let place = state.ids.get(&id).copied();
        Ok(place.filter(|(chat, seq)| state.holds(*chat, *seq, id)))
    }

    async fn reserve(&self, chat: ChatId, ids: &[EventId]) -> EngineResult<Vec<bool>> {
        let mut free = Vec::with_capacity(ids.len());
        for id in ids {
            free.push(self.find(*id).await?.is_none() && self.reserved().reserve(chat, *id));
        }
        Ok(free)
    }

    async fn sent(
        &self,
        chat: ChatId,
        user: &UserId,
        client_id: &ClientId,
    ) -> EngineResult<Option<(Seq, EventId)>> {
        let state = self.state();
        let sent = state.sent.get(&(chat, user.clone(), client_id.clone()));
        Ok(sent
            .map(|cell| cell.value)
            .filter(|(seq, id)| state.holds(chat, *seq, *id)))
    }

    async fn versions(&self, chat: ChatId, message: Seq) -> EngineResult<Vec<Version>> {
        let state = self.state();
        let extras = state.extras.get(&(chat, message));
        let versions = extras
            .into_iter()
            .flat_map(|extras| extras.versions.values());
        Ok(versions.map(|cell| cell.value.clone()).collect())
    }

    async fn reactions_of(
        &self,
        chat: ChatId,
        messages: &[Seq],
        user: &UserId,
    ) -> EngineResult<Vec<Vec<String>>> {
        let state = self.state();
        let keys_of = |message: &Seq| {
            let reactions = state.reactions_to(chat, *message);
            let own = reactions.filter(|(by, _)| *by == user);
            own.map(|(_, key)| key.clone()).collect()
        };
        Ok(messages.iter().map(keys_of).collect())
    }

    async fn reactors(
        &self,
        chat: ChatId,
        message: Seq,
        limit: usize,
    ) -> EngineResult<Vec<(String, UserId)>> {
        let state = self.state();
        let reactions = state.reactions_to(chat, message).take(limit);
        Ok(reactions
            .map(|(user, key)| (key.clone(), user.clone()))
            .collect())
    }

    async fn purge(&self, chat: ChatId) -> EngineResult<()> {
        let mut state = self.state();
        state.settle(chat);
        state
            .log
            .retain(|(of, _), cell| *of != chat || cell.value.ends_chat());
        let State { log, ids, .. } = &mut *state;
        ids.retain(|_, place| place.0 != chat || log.contains_key(place));
        state.sent.retain(|(of, ..), _| *of != chat);
        state.extras.retain(|(of, _), _| *of != chat);
        Ok(())
    }
}

impl State {
    /// Returns a chat's rows in order of place.
    fn log_of(&self, chat: ChatId) -> impl DoubleEndedIterator<Item = (Seq, &LogRow)> {
        self.log
            .range((chat, Seq::ZERO)..=(chat, Seq::MAX))
            .map(|((_, seq), cell)| (*seq, &cell.value))
    }

    /// Returns whether the log holds an id at a place.
    pub(super) fn holds(&self, chat: ChatId, seq: Seq, id: EventId) -> bool {
        self.log
            .get(&(chat, seq))
            .is_some_and(|cell| cell.value.id == id)
    }

    /// Returns who has put what on a message and not taken it off.
    fn reactions_to(&self, chat: ChatId, message: Seq) -> impl Iterator<Item = (&UserId, &String)> {
        let extras = self.extras.get(&(chat, message));
        let reactions = extras.into_iter().flat_map(|extras| &extras.reactions);
        reactions
            .filter(|(_, on)| on.value)
            .map(|((user, key), _)| (user, key))
    }

    fn append(&mut self, append: Append) {
        let Append {
            chat,
            row,
            follows,
            groups,
        } = append;
        let (seq, id) = (row.seq, row.id);
        let stamp = Stamp {
            term: row.term,
            seq,
        };
        let request = row
            .client_id
            .clone()
            .map(|client_id| (chat, row.user.clone(), client_id));
        put(&mut self.log, (chat, seq), stamp, row);
        if !self.holds(chat, seq, id) {
            // Another event has the place under a higher term: nothing follows from one that isn't there.
            return;
        }
        self.ids.insert(id, (chat, seq));
        if let Some(request) = request {
            put(&mut self.sent, request, stamp, (seq, id));
        }
        for follow in follows {
            self.follow(chat, stamp, id, follow);
        }
        self.queue.add(chat, seq, id, groups);
    }

    fn amend(&mut self, append: Append) {
        let Append {
            chat, row, follows, ..
        } = append;
        let (seq, id, term) = (row.seq, row.id, row.term);
        if !self.holds(chat, seq, id) {
            return;
        }
        let changes = follows
            .into_iter()
            .filter(|follow| follow.changes_before(seq));
        for follow in changes {
            self.follow(chat, Stamp { term, seq }, id, follow);
        }
    }

    /// Keeps what a chat whose log goes ended as.
    fn settle(&mut self, chat: ChatId) {
        let (mut chats, mut members) = (
            std::mem::take(&mut self.chats),
            std::mem::take(&mut self.members),
        );
        if let Some(states) = chats.get_mut(&chat) {
            let row = self.newest_held(chat, states, Seq::MAX).cloned();
            caused::settle(states, row);
        }
        for (_, states) in members.iter_mut().filter(|((of, _), _)| *of == chat) {
            let member = self.newest_held(chat, states, Seq::MAX).cloned();
            caused::settle(states, member);
        }
        (self.chats, self.members) = (chats, members);
    }

    fn follow(&mut self, chat: ChatId, stamp: Stamp, by: EventId, follow: Follow) {
        match follow {
            Follow::Amend(row) => put(&mut self.log, (chat, row.seq), stamp, row),
            Follow::KeepVersion {
                message,
                version,
                nth,
            } => self.extras(chat, message).keep(stamp, nth, version),
            Follow::Reaction {
                message,
                user,
                key,
                on,
            } => self.extras(chat, message).react(stamp, user, key, on),
            Follow::Forget { message } => self.extras(chat, message).forget(stamp),
            Follow::Member(member) => {
                self.chats_of.insert((member.user.clone(), chat));
                let key = (chat, member.user.clone());
                caused::add(&mut self.members, key, Caused::new(stamp, by, member));
            }
            Follow::Chat(row) => {
                caused::add(&mut self.chats, chat, Caused::new(stamp, by, row));
            }
        }
    }

    fn extras(&mut self, chat: ChatId, message: Seq) -> &mut Extras {
        self.extras.entry((chat, message)).or_default()
    }
}

impl Extras {
    fn keep(&mut self, stamp: Stamp, nth: u16, version: Version) {
        if !self.is_closed(stamp) {
            put(&mut self.versions, (stamp.seq, nth), stamp, version);
        }
    }

    fn react(&mut self, stamp: Stamp, user: UserId, key: String, on: bool) {
        if !self.is_closed(stamp) {
            put(&mut self.reactions, (user, key), stamp, on);
        }
    }

    fn forget(&mut self, stamp: Stamp) {
        if self.is_closed(stamp) {
            return;
        }
        self.seal(stamp);
        self.versions.retain(|_, cell| cell.stamp > stamp);
        self.reactions.retain(|_, cell| cell.stamp > stamp);
    }

    fn seal(&mut self, stamp: Stamp) {
        self.closed = self.closed.max(Some(stamp));
    }

    fn is_closed(&self, stamp: Stamp) -> bool {
        self.closed > Some(stamp)
    }
}
