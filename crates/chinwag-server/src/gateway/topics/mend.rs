//! What of large chats waits for an engine: gaps, new members, chats that nobody here is in, lost subscriptions.

use std::{sync::Arc, time::Duration};

use chinwag_core::{
    model::{LogRow, MemberRow, RowBody},
    ports::{Broadcast, BroadcastFrame, BusMessage, EngineResult, ReadRange},
    render,
};
use chinwag_proto::{ChatId, Seq, UserId, shapes::MembershipChange};

use super::{
    Due, LargeChat,
    order::{Order, Path, REMEMBERED},
};
use crate::gateway::{Gateway, encode, registry::hidden};

/// Rows read at a time.
const ROWS: usize = 256;
/// Places that are read for a gap before the clients are told to fetch.
const REPAIRED: u64 = 2_048;
/// Places read for one who joined while the topic was not listened to, or before it was known here.
const MISSED: u64 = REMEMBERED as u64;
/// Times that it is read again because more came meanwhile.
const ROUNDS: usize = 8;
/// How long to wait after a failure.
const PAUSE: Duration = Duration::from_millis(500);
/// How often it is looked for chats that are large no more.
const SHRUNK_EVERY: Duration = Duration::from_secs(60);

/// Whether somebody whom the directory called a member is one by the rows that were read after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Still {
    In,
    Left,
    CameBack,
}

/// Ends what a member sees where later rows say that they left.
fn follow(member: &mut MemberRow, rows: &[LogRow]) -> Still {
    let mut still = Still::In;
    let joined = member.joined_seq;
    for row in rows.iter().filter(|row| row.seq > joined) {
        match &row.body {
            RowBody::Membership { change, users, .. } if users.contains(&member.user) => {
                match change {
                    MembershipChange::Removed | MembershipChange::Left => {
                        member.intervals.close(row.seq);
                        still = Still::Left;
                    }
                    MembershipChange::Added if still == Still::Left => return Still::CameBack,
                    _ => {}
                }
            }
            _ => {}
        }
    }
    still
}

impl Gateway {
    /// Does what waits for an engine, one chat after the other.
    pub(in crate::gateway) async fn mend(&self) {
        let mut shrunk_at = tokio::time::Instant::now() + SHRUNK_EVERY;
        let mut shrunk: Vec<ChatId> = Vec::new();
        loop {
            tokio::select! {
                () = self.topics.wake.notified() => self.mend_due().await,
                () = tokio::time::sleep_until(shrunk_at) => {
                    shrunk = self.let_shrunk_go(&shrunk).await;
                    shrunk_at = tokio::time::Instant::now() + SHRUNK_EVERY;
                }
            }
        }
    }

    async fn mend_due(&self) {
        let Due {
            chats,
            users,
            everything,
        } = std::mem::take(&mut *self.topics.due.lock());
        for user in users {
            if let Err(error) = self.look_for_all_of(&user).await {
                tracing::warn!(%error, "can't listen to a user's large chats yet");
                self.topics.doubt_users(&[user]);
                tokio::time::sleep(PAUSE).await;
            }
        }
        if everything && let Err(error) = self.listen_anew().await {
            tracing::warn!(%error, "can't listen to all large chats");
            self.topics.doubt_all();
            tokio::time::sleep(PAUSE).await;
        }
        for id in chats {
            if let Err(error) = self.mend_chat(id).await {
                tracing::warn!(chat = %id, %error, "can't mend a large chat yet");
                self.topics.wake_for(id);
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Subscribes to everything again, and looks at what each user here may have become a member of meanwhile.
    async fn listen_anew(&self) -> EngineResult<()> {
        for (id, chat) in self.topics.all() {
            if chat.begun.initialized() {
                self.topics.subscribe(id).await?;
            }
            chat.doubt();
            self.topics.wake_for(id);
        }
        for user in self.registry.users() {
            self.look_for_all_of(&user).await?;
        }
        Ok(())
    }

    /// Looks for large chats that a user with sessions here has become a member of without a word; each is looked at anew,
    /// so that what was missed of it comes too.
    async fn look_for_all_of(&self, user: &UserId) -> EngineResult<()> {
        let mut after = None;
        loop {
            let page = self.large_page(user, after).await?;
            for member in page.members {
                if !self.topics.knows(member.chat, user, member.joined_seq) {
                    self.topics.look_up(member.chat, vec![user.clone()]);
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        if !self.topics.holds(user) {
            self.topics.forget(user);
        }
        Ok(())
    }

    async fn mend_chat(&self, id: ChatId) -> EngineResult<()> {
        let Some(chat) = self.topics.find(id) else {
            return Ok(());
        };
        if chat.members.is_empty() {
            return self.topics.let_go(id).await;
        }
        let joining = chat.members.take_joining();
        tracing::debug!(chat = %id, ?joining, "looks at a large chat");
        let settled = self.settle(&chat, &joining).await;
        if settled.is_err() {
            chat.members.join(joining);
        }
        settled?;
        if chat.take_doubt() {
            let doubted = self.look_at_end(&chat).await;
            doubted.inspect_err(|_| chat.doubt())?;
        }
        self.fill_gap(&chat).await
    }

    /// Makes users members here, as the directory knows them; what they missed since they joined comes first.
    async fn settle(&self, chat: &LargeChat, users: &[UserId]) -> EngineResult<()> {
        self.begin_topic(chat).await?;
        if users.is_empty() {
            return Ok(());
        }
        let directory = &self.ports.directory;
        let found = directory.memberships(chat.id, users).await?;
        let members: Vec<MemberRow> = found
            .into_iter()
            .flatten()
            .map(|membership| membership.member)
            .filter(|member| member.active && !chat.members.has(&member.user, member.joined_seq))
            .collect();
        let lowest = members.iter().map(|member| member.joined_seq).min();
        let Some(lowest) = lowest else {
            return Ok(());
        };
        let mut rows: Vec<LogRow> = Vec::new();
        for _ in 0..ROUNDS {
            let next = chat.order.lock().next().unwrap_or_default();
            let from = match rows.last() {
                Some(last) => last.seq.next(),
                None => lowest.max(Seq(next.0.saturating_sub(MISSED))),
            };
            rows.extend(self.rows(chat.id, from, next).await?);
            // Nobody hears live of what an import brought.
            let live: Vec<LogRow> = rows
                .iter()
                .filter(|row| !row.is_imported())
                .cloned()
                .collect();
            let missed = self.render(chat.id, &live).await?;
            let order = chat.order.lock();
            if order.next() == Some(next) {
                for member in members {
                    self.admit_member(chat, &order, member, &rows, &missed);
                }
                return Ok(());
            }
        }
        // More comes than can be read: they begin now, and fetch the rest. Who left meanwhile is seen by another look: the
        // directory knows of everything that went out before they were expected here.
        let mut expected = Vec::new();
        for member in members {
            let (user, joined) = (member.user.clone(), member.joined_seq);
            if chat.members.expect(member) {
                expected.push((user, joined));
            }
        }
        let users: Vec<UserId> = expected.iter().map(|(user, _)| user.clone()).collect();
        let found = directory.memberships(chat.id, &users).await;
        let now = found.as_deref().unwrap_or_default();
        for (at, (user, joined)) in expected.iter().enumerate() {
            let now = now.get(at).and_then(Option::as_ref);
            let is_there =
                now.is_some_and(|now| now.member.active && now.member.joined_seq == *joined);
            if self.topics.admit(chat, user, *joined, is_there) {
                self.let_sessions_fetch(user);
            }
        }
        found?;
        Ok(())
    }

    /// Makes one user a member here, with what they missed. Called while nothing goes out.
    ///
    /// The rows may be younger than what the directory told before: where they say that the user left, nothing after that
    /// reaches them; who came back since is looked up anew. Who joined before the rows begin is told to fetch.
    fn admit_member(
        &self,
        chat: &LargeChat,
        order: &Order,
        mut member: MemberRow,
        rows: &[LogRow],
        missed: &[BroadcastFrame],
    ) {
        let joined = member.joined_seq;
        let still = follow(&mut member, rows);
        if still == Still::CameBack {
            return self.topics.look_up(chat.id, vec![member.user]);
        }
        let knows_start = rows.first().is_some_and(|first| first.seq <= joined);
        // Before the chat took this path its events came directly, the joining included.
        let changed_path = rows
            .iter()
            .any(|row| row.seq > joined && matches!(row.body, RowBody::Path { large: true }));
        let is_missed = |frame: &&BroadcastFrame| {
            let seq = frame.frame.seq;
            let by_path = order.path_of(seq).map(|path| path == Path::Topic);
            seq >= joined && by_path.unwrap_or(!changed_path)
        };
        if knows_start {
            let frames: Vec<_> = missed
                .iter()
                .filter(is_missed)
                .filter(|frame| member.intervals.contains(frame.frame.seq))
                .map(
                    |frame| match member.intervals.sees(frame.frame.seq, frame.target) {
                        true => encode::log(&frame.frame),
                        false => hidden(frame),
                    },
                )
                .collect();
            self.registry.send_many(&member.user, &frames);
        } else {
            self.let_sessions_fetch(&member.user);
        }
        if still == Still::In {
            self.begin_member(chat, member);
        }
    }

    /// Notes a member of whom more reaches them from now on.
    fn begin_member(&self, chat: &LargeChat, member: MemberRow) {
        let MemberRow {
            user,
            intervals,
            joined_seq,
            ..
        } = member;
        tracing::debug!(chat = %chat.id, %user, %joined_seq, "a member of a large chat");
        chat.members.put(user.clone(), intervals, joined_seq);
        self.topics.forget_absent(chat, &user);
    }

    /// Takes what was lost at the end, which no later place shows.
    async fn look_at_end(&self, chat: &LargeChat) -> EngineResult<()> {
        let head = self.head_of(chat.id).await?;
        let Some(next) = chat.order.lock().next() else {
            return Ok(());
        };
        self.repair(chat, next, head.next()).await
    }

    async fn fill_gap(&self, chat: &LargeChat) -> EngineResult<()> {
        let gap = chat.order.lock().gap();
        match gap {
            Some((from, through)) => self.repair(chat, from, through.next()).await,
            None => Ok(()),
        }
    }

    /// Delivers the places from one until before another out of the store.
    async fn repair(&self, chat: &LargeChat, from: Seq, until: Seq) -> EngineResult<()> {
        if until.0.saturating_sub(from.0) > REPAIRED {
            let mut order = chat.order.lock();
            order.skip_to(until);
            self.let_out(chat, &mut order);
            return Ok(());
        }
        let mut from = from;
        while from < until {
            let rows = self.rows(chat.id, from, until).await?;
            let Some(last) = rows.last() else {
                break;
            };
            from = last.seq.next();
            let frames = self.render(chat.id, &rows).await?;
            let message = Arc::new(BusMessage::Events(Broadcast {
                chat: chat.id,
                frames,
                users: [].into(),
            }));
            self.take_large(chat, &message, Path::Topic);
        }
        // Whatever the store doesn't have is left to the clients; else the chat would stand still here.
        let mut order = chat.order.lock();
        order.skip_to(until);
        self.let_out(chat, &mut order);
        Ok(())
    }

    /// Reads the rows from a place until before another, up to a bound.
    async fn rows(&self, id: ChatId, from: Seq, until: Seq) -> EngineResult<Vec<LogRow>> {
        if from >= until {
            return Ok(Vec::new());
        }
        let range = ReadRange::rising(from, Seq(until.0 - 1), ROWS);
        self.ports.store.read(id, range).await
    }

    async fn render(&self, id: ChatId, rows: &[LogRow]) -> EngineResult<Vec<BroadcastFrame>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        render::broadcast(&*self.ports.store, &*self.ports.directory, id, rows).await
    }

    /// Lets chats go that are delivered directly again: those that were so at the last look already, since for a
    /// while both paths carry. Returns those that are so now.
    async fn let_shrunk_go(&self, before: &[ChatId]) -> Vec<ChatId> {
        let ids: Vec<ChatId> = self.topics.all().into_iter().map(|(id, _)| id).collect();
        let mut shrunk = Vec::new();
        for ids in ids.chunks(ROWS) {
            let Ok(rows) = self.ports.directory.chats(ids).await else {
                return before.to_vec();
            };
            let is_small = |row: &Option<chinwag_core::model::ChatRow>| {
                row.as_ref().is_none_or(|row| !row.large || row.deleted)
            };
            let small = ids.iter().zip(&rows).filter(|(_, row)| is_small(row));
            shrunk.extend(small.map(|(id, _)| *id));
        }
        for id in shrunk.iter().filter(|id| before.contains(id)) {
            if let Some(chat) = self.topics.find(*id) {
                chat.members.clear();
                self.topics.wake_for(*id);
            }
        }
        shrunk
    }
}
