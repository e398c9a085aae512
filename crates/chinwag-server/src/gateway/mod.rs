//! The gateway: sessions over WebSocket. Decides nothing about chats; it asks the owner and the reads.

mod dispatch;
mod encode;
mod presence;
mod registry;
mod session;
mod socket;
mod sweeper;
mod topics;
mod watcher;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chinwag_core::{
    Clock,
    model::NodeId,
    owner::Owner,
    ports::{Accounts, Bus, BusEvent, Directory, MessageStore, Presence, Topic},
    reads::Reads,
};
use chinwag_proto::Limits;
use tokio_util::sync::CancellationToken;

use crate::{auth::Authenticator, limits::RateLimits, ws};

use self::{registry::Registry, topics::Topics, watcher::Watcher};

/// What the gateway needs.
pub struct GatewayPorts {
    /// Who decides.
    pub owner: Arc<Owner>,
    /// Who reads.
    pub reads: Arc<Reads>,
    /// Who is online.
    pub presence: Arc<dyn Presence>,
    /// Messages between nodes.
    pub bus: Arc<dyn Bus>,
    /// Users: which were disabled or revoked.
    pub accounts: Arc<dyn Accounts>,
    /// Chats: which of a user's are large.
    pub directory: Arc<dyn Directory>,
    /// Rows that a topic lost.
    pub store: Arc<dyn MessageStore>,
    /// Who is asking.
    pub authenticator: Arc<dyn Authenticator>,
    /// How often one may send.
    pub rates: Arc<RateLimits>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// The gateway's bounds.
#[derive(Debug, Clone)]
pub struct GatewaySettings {
    /// This node.
    pub node: NodeId,
    /// The protocol's limits, told in `ready`.
    pub limits: Limits,
    /// Frames in 10 s besides heartbeats; none: no bound.
    pub frames_in_10_s: Option<u32>,
    /// What one connection may cost.
    pub connection: ws::Limits,
}

/// What the gateway counts.
#[derive(Debug, Default)]
pub struct GatewayCounts {
    /// Sessions that stand.
    pub sessions: AtomicU64,
    /// Frames that came.
    pub frames_in: AtomicU64,
    /// Events delivered to sessions.
    pub deliveries: AtomicU64,
    /// Frames dropped because a session's client was slow.
    pub dropped: AtomicU64,
}

/// This node's sessions and all that serves them.
pub struct Gateway {
    ports: GatewayPorts,
    settings: GatewaySettings,
    connection_limits: Arc<ws::Limits>,
    registry: Registry,
    topics: Topics,
    watcher: Watcher,
    counts: Arc<GatewayCounts>,
    draining: CancellationToken,
}

impl Gateway {
    /// Makes a gateway; attach it to the node's delivery, and [`Gateway::run`] it.
    pub fn new(ports: GatewayPorts, settings: GatewaySettings) -> Arc<Self> {
        let counts = Arc::new(GatewayCounts::default());
        Arc::new(Self {
            connection_limits: Arc::new(settings.connection.clone()),
            registry: Registry::new(Arc::clone(&counts)),
            topics: Topics::default(),
            watcher: Watcher::default(),
            counts,
            ports,
            settings,
            draining: CancellationToken::new(),
        })
    }

    /// Returns what is counted.
    #[must_use]
    pub fn counts(&self) -> &Arc<GatewayCounts> {
        &self.counts
    }

    /// Runs what goes on beside the sessions until it is cancelled: the sweeper, the bus, presence.
    pub async fn run(self: Arc<Self>, cancel: CancellationToken) {
        let bus = Arc::clone(&self);
        let watch = Arc::clone(&self);
        let closing = Arc::clone(&self);
        tokio::select! {
            () = cancel.cancelled() => {}
            () = self.sweep() => {}
            () = bus.listen() => {}
            () = watch.watch_presence() => {}
            () = closing.watch_accounts() => {}
        }
    }

    /// Tells every client to reconnect elsewhere, spread over seconds, and closes what stays.
    pub async fn drain(&self) {
        let sessions = self.registry.all();
        let spread_ms = u64::try_from(sessions.len())
            .unwrap_or(u64::MAX)
            .min(10_000);
        for session in &sessions {
            let after_ms = 500 + rand::random_range(0..=spread_ms);
            session.send(&chinwag_proto::frames::ServerFrame::Drain { after_ms });
        }
        self.draining.cancel();
        for session in sessions {
            session.close(chinwag_proto::CloseCode::Draining);
        }
    }

    /// Takes what other nodes and topics say.
    async fn listen(self: Arc<Self>) {
        let subscription = match self.ports.bus.open(self.settings.node).await {
            Ok(subscription) => subscription,
            Err(error) => {
                return tracing::error!(%error, "no bus: live delivery between nodes is off");
            }
        };
        self.topics.attach(Arc::clone(&subscription));
        loop {
            match subscription.next().await {
                Ok(BusEvent::Message(Topic::Inbox(_), message)) => self.take(&message),
                Ok(BusEvent::Message(Topic::Chat(chat), message)) => {
                    self.take_topic(chat, &message).await
                }
                Ok(BusEvent::Gap(_)) => self.resync(),
                Err(error) => {
                    tracing::warn!(%error, "the bus is away");
                    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                }
            }
        }
    }

    /// Tells all sessions to fetch what they may have missed, spread over seconds.
    fn resync(&self) {
        for session in self.registry.all() {
            let after_ms = rand::random_range(0..3_000);
            session.send(&chinwag_proto::frames::ServerFrame::Resync { after_ms });
        }
    }

    fn seconds(&self) -> u32 {
        u32::try_from(self.ports.clock.elapsed().as_secs()).unwrap_or(u32::MAX)
    }

    fn count_frame(&self) {
        self.counts.frames_in.fetch_add(1, Ordering::Relaxed);
    }
}
