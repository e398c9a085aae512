//! The gateway: sessions over WebSocket. Decides nothing about chats; it asks the owner and the reads.

//!
//! A connection's way: `admission` (the handshake, who is asking, `ready`) → `talk` (its own task: frames in, answers
//! out) → its end. What the node delivers comes by [`Sessions::deliver`] and `bus_loop`, and goes out by `registry`;
//! large chats by `topics`. `sweeper`, `watcher` and `closing` look after all sessions at once: none has a timer.

mod admission;
mod barred;
mod bus_loop;
mod closing;
mod dispatch;
mod drain;
mod encode;
mod lanes;
mod marks;
mod registry;
mod session;
mod spread;
mod sweeper;
mod talk;
mod topics;
mod typing;
mod watcher;
mod watches;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chinwag_core::{
    Clock,
    delivery::Sessions,
    model::NodeId,
    ports::{Accounts, Bus, BusMessage, Directory, MessageStore, Presence},
    reads::Reads,
};
use chinwag_proto::{
    Limits, UserId,
    frames::{LogBody, LogFrame, ServerFrame},
    shapes::{Event, EventChange, MembershipChange},
};
use tokio_util::sync::CancellationToken;

use crate::{auth::Authenticator, limits::RateLimits, routing::Router, ws};

use self::{
    barred::Barred, closing::Which, registry::Registry, topics::Topics, typing::Typers,
    watches::Watches,
};

/// What the gateway needs.
pub struct GatewayPorts {
    /// Who decides.
    pub owner: Arc<Router>,
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
    /// What one connection may cost.
    pub connection: ws::Limits,
    /// Threads that send to many sessions side by side; 0: as many as there are processors, up to 8.
    pub delivery_threads: usize,
    /// Whether a thread of its own takes what comes by the bus.
    pub listens_apart: bool,
}

/// What the gateway counts.
#[derive(Debug, Default)]
pub struct GatewayCounts {
    /// Connections that were upgraded.
    pub connections: AtomicU64,
    /// Of those, how many got no session: nobody said in time who is asking, or not well.
    pub refused: AtomicU64,
    /// Sessions that stand.
    pub sessions: AtomicU64,
    /// Frames that came.
    pub frames_in: AtomicU64,
    /// Events delivered to sessions.
    pub deliveries: AtomicU64,
    /// Frames dropped because a session's client was slow, or gone.
    pub dropped: AtomicU64,
    /// Sessions closed because their client didn't read.
    pub slow: AtomicU64,
}

/// This node's sessions and all that serves them.
pub struct Gateway {
    ports: GatewayPorts,
    settings: GatewaySettings,
    connection_limits: Arc<ws::Limits>,
    registry: Arc<Registry>,
    topics: Topics,
    typers: Typers,
    watches: Watches,
    barred: Barred,
    counts: Arc<GatewayCounts>,
    /// Cancelled once the bus was open.
    hears: CancellationToken,
    draining: CancellationToken,
}

impl Gateway {
    /// Makes a gateway; attach it to the node's delivery, and [`Gateway::run`] it.
    pub fn new(ports: GatewayPorts, settings: GatewaySettings) -> Arc<Self> {
        let counts = Arc::new(GatewayCounts::default());
        let registry = Registry::new(Arc::clone(&counts), settings.delivery_threads);
        let registry = Arc::new(registry);
        Arc::new(Self {
            connection_limits: Arc::new(settings.connection.clone()),
            topics: Topics::new(Arc::clone(&registry)),
            registry,
            typers: Typers::default(),
            watches: Watches::default(),
            barred: Barred::default(),
            counts,
            ports,
            settings,
            hears: CancellationToken::new(),
            draining: CancellationToken::new(),
        })
    }

    /// Returns what is counted.
    #[must_use]
    pub fn counts(&self) -> &Arc<GatewayCounts> {
        &self.counts
    }

    /// Runs what goes on beside the sessions until it is cancelled: the sweeper, the bus, presence, accounts.
    pub async fn run(self: Arc<Self>, cancel: CancellationToken) {
        let _stop_listening = self.start_listening();
        tokio::select! {
            () = cancel.cancelled() => {}
            () = self.sweep() => {}
            () = self.mend() => {}
            () = self.watch_presence() => {}
            () = self.watch_accounts() => {}
        }
    }

    /// Takes a message that is addressed to users of this node.
    fn take(&self, message: &Arc<BusMessage>) {
        match &**message {
            BusMessage::Events(broadcast) => {
                if !self.take_if_large(broadcast.chat, message) {
                    let users = &broadcast.users;
                    let frames = broadcast.frames.iter();
                    frames.for_each(|frame| self.notice_event(&frame.frame, users));
                    self.registry.deliver(broadcast);
                }
            }
            BusMessage::Receipt {
                users,
                receipt,
                except,
            } => {
                let frame = encode::frame(&ServerFrame::Receipt(receipt.clone()));
                self.registry
                    .send(&**users, &frame, ws::Class::Event, *except);
            }
            BusMessage::Typing {
                chat,
                user,
                users,
                members,
            } => self.take_typing(*chat, user, users, *members),
            BusMessage::Joined { chat, members } => self.topics.joined(*chat, members),
            BusMessage::Parted {
                chat,
                users,
                through,
            } => self.topics.parted(*chat, users, *through),
            BusMessage::Close {
                user,
                session,
                except,
                issued_before,
                issued_at,
                code,
            } => {
                let which = Which {
                    session: *session,
                    except: *except,
                    issued_before: *issued_before,
                    issued_at: *issued_at,
                };
                self.close_sessions(user, which, *code);
            }
            BusMessage::Missed { users } => self.make_good(users),
        }
    }

    /// Notes what an event means besides its delivery: who types no more, whose watches may not stand any more.
    fn notice_event(&self, frame: &LogFrame, users: &[UserId]) {
        match &frame.body {
            LogBody::Message { .. } => self.typers.see(frame),
            LogBody::Membership { event } => {
                self.typers.see(frame);
                self.watches.joined(added(event));
                self.watches.parted(removed(event));
            }
            LogBody::Chat { event } if is_deletion(event) && users.is_empty() => {
                self.watches.doubt_all();
            }
            LogBody::Chat { event } if is_deletion(event) => self.watches.parted(users),
            _ => {}
        }
    }

    fn seconds(&self) -> u32 {
        u32::try_from(self.ports.clock.elapsed().as_secs()).unwrap_or(u32::MAX)
    }

    fn count_frame(&self) {
        self.counts.frames_in.fetch_add(1, Ordering::Relaxed);
    }
}

impl Sessions for Gateway {
    fn deliver(&self, message: &Arc<BusMessage>) {
        self.take(message);
    }
}

/// Returns who is in the chat no more, by a membership event.
fn removed(event: &Event) -> &[UserId] {
    moved(event, |change| {
        matches!(change, MembershipChange::Removed | MembershipChange::Left)
    })
}

/// Returns who came into the chat, by a membership event.
fn added(event: &Event) -> &[UserId] {
    moved(event, |change| change == MembershipChange::Added)
}

fn moved(event: &Event, how: impl Fn(MembershipChange) -> bool) -> &[UserId] {
    match &event.change {
        Some(EventChange::Membership {
            change, user_ids, ..
        }) if how(*change) => user_ids,
        _ => &[],
    }
}

/// Returns whether the chat is gone, by a chat event.
fn is_deletion(event: &Event) -> bool {
    matches!(
        event.change,
        Some(EventChange::Chat {
            deleted: Some(true),
            ..
        })
    )
}
