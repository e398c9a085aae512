//! What other nodes and topics say, and what is done where some of it may have been lost.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use chinwag_core::ports::{BusEvent, BusSubscription, EngineResult, Topic};
use chinwag_proto::{UserId, frames::ServerFrame};
use tokio::runtime::Handle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Gateway, session::Session};

/// How long to wait after the first failure of the bus; twice as long after each that follows.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// How long to wait at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Sessions that are told to fetch what they missed, a second: what a store can answer beside all else.
const RESYNCS_A_SECOND: u64 = 500;
/// Within how long at least they come, milliseconds.
const RESYNC_WITHIN_MS: u64 = 3_000;
/// Within how long at most they come, milliseconds.
const RESYNC_WITHIN_AT_MOST_MS: u64 = 60_000;

impl Gateway {
    /// Listens until the guard is dropped, on a thread of its own unless the settings say otherwise.
    ///
    /// Delivering an event of a large chat takes as long as thousands of sends do. On a thread that other tasks share,
    /// those next in line would wait for all of it, the sender's acknowledgement first of all.
    pub(super) fn start_listening(self: &Arc<Self>) -> DropGuard {
        let cancel = CancellationToken::new();
        let (gateway, cancelled) = (Arc::clone(self), cancel.clone());
        let listening = async move {
            cancelled.run_until_cancelled(gateway.listen()).await;
        };
        if self.settings.listens_apart {
            let runtime = Handle::current();
            tokio::task::spawn_blocking(move || runtime.block_on(listening));
        } else {
            tokio::spawn(listening);
        }
        cancel.drop_guard()
    }

    /// Waits until this node hears the others for the first time, at most so long: clients that come before may miss
    /// something, and fetch it then.
    pub async fn until_it_hears(&self, at_most: Duration) {
        if tokio::time::timeout(at_most, self.hears.cancelled())
            .await
            .is_err()
        {
            tracing::warn!("clients are served though this node doesn't hear the others yet");
        }
    }

    /// Takes what other nodes and topics say; opens the subscription again whenever it fails.
    async fn listen(&self) {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.ports.bus.open(self.settings.node).await {
                Ok(subscription) => {
                    self.topics.attach(Arc::clone(&subscription));
                    // Clients may have come before this node heard the others.
                    let came_before = self.counts.sessions.load(Ordering::Relaxed) > 0;
                    if came_before || self.hears.is_cancelled() {
                        self.heal(&[]).await;
                    }
                    self.hears.cancel();
                    pause = FIRST_PAUSE;
                    if let Err(error) = self.listen_to(&*subscription).await {
                        tracing::warn!(%error, "the bus is away: live delivery between nodes pauses");
                    }
                }
                Err(error) => tracing::warn!(%error, "can't open the bus"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn listen_to(&self, subscription: &dyn BusSubscription) -> EngineResult<()> {
        loop {
            match subscription.next().await? {
                BusEvent::Message(Topic::Inbox(_), message) => self.take(&message),
                BusEvent::Message(Topic::Chat(chat), message) => {
                    self.take_from_topic(chat, &message)
                }
                BusEvent::Gap(topics) => self.heal(&topics).await,
            }
        }
    }

    /// Makes good what some users missed: their large chats and whom they watch are looked at anew, and they fetch.
    pub(super) fn make_good(&self, users: &[UserId]) {
        let sessions: Vec<_> = users
            .iter()
            .flat_map(|user| self.registry.of(user))
            .collect();
        self.topics.doubt_users(users);
        self.watches.doubt(users);
        resync(sessions.iter().map(|session| &**session), RESYNC_WITHIN_MS);
    }

    /// Makes good what may have been lost on topics, on all where none is named: where the sessions are is written
    /// again, then the subscriptions are, then the clients fetch what they missed, spread over seconds.
    async fn heal(&self, topics: &[Topic]) {
        let large = topics.iter().filter_map(|topic| match topic {
            Topic::Chat(chat) => Some(*chat),
            Topic::Inbox(_) => None,
        });
        large.for_each(|chat| self.topics.doubt(chat));
        let only_large = topics.iter().all(|topic| matches!(topic, Topic::Chat(_)));
        if !topics.is_empty() && only_large {
            return;
        }
        tracing::warn!("the bus lost messages: the clients of this node fetch what they missed");
        let sessions = self.registry.all();
        if !self.touch(&sessions, self.seconds()).await {
            // Nobody sends them anything until it was written: the sweeper does that, and tells them to fetch then.
            sessions.iter().for_each(|session| session.not_located());
        }
        self.topics.doubt_all();
        self.watches.doubt_all();
        resync(sessions.iter().map(|session| &**session), RESYNC_WITHIN_MS);
    }
}

/// Tells clients to fetch what they missed: spread over `at_least_ms`, and over longer where there are many.
pub(super) fn resync<'a>(sessions: impl ExactSizeIterator<Item = &'a Session>, at_least_ms: u64) {
    let count = u64::try_from(sessions.len()).unwrap_or(u64::MAX);
    let within_ms = (count.saturating_mul(1_000) / RESYNCS_A_SECOND)
        .clamp(at_least_ms, RESYNC_WITHIN_AT_MOST_MS);
    for session in sessions {
        let after_ms = rand::random_range(0..=within_ms);
        session.send(&ServerFrame::Resync { after_ms });
    }
}
