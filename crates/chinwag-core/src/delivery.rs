//! Brings confirmed events, receipts and typing to sessions: directly on this node, over the bus elsewhere. Says to
//! this node's push role what was read.

use std::{
    collections::HashSet,
    sync::{Arc, Weak},
    time::Duration,
};

use chinwag_proto::{ChatId, Seq, SessionId, UserId};
use parking_lot::{Mutex, RwLock};

use crate::{
    model::NodeId,
    ports::{Bus, BusMessage, EngineResult, Presence, Topic},
};

/// How long after a failure it is tried again to find where users are.
const AGAIN: Duration = Duration::from_millis(500);
/// Users whose sessions weren't found that are remembered; the others' clients repair by place.
const MISSED: usize = 100_000;
/// Users that are looked for together.
const AT_ONCE: usize = 500;
/// Orders to close sessions that are kept until they can be given.
const CLOSINGS: usize = 1_000;

/// This node's sessions, as the gateway holds them.
pub trait Sessions: Send + Sync + 'static {
    /// Hands a message to the sessions that it concerns; never waits for one.
    fn deliver(&self, message: &Arc<BusMessage>);
}

/// A user has read a chat up to a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HasRead {
    /// Who.
    pub user: UserId,
    /// What.
    pub chat: ChatId,
    /// The place.
    pub through: Seq,
    /// The session that said so, where one did.
    pub session: Option<SessionId>,
}

/// Hears what users have read, as far as this node's owner moved their marks.
pub trait ReadListener: Send + Sync + 'static {
    /// Takes the word; never waits, and may lose it.
    fn has_read(&self, read: HasRead);
}

/// Sends messages to users wherever their sessions are.
pub struct Delivery {
    node: NodeId,
    presence: Arc<dyn Presence>,
    bus: Arc<dyn Bus>,
    local: RwLock<Option<Arc<dyn Sessions>>>,
    read_listener: RwLock<Option<Arc<dyn ReadListener>>>,
    owed: Mutex<Owed>,
}

/// What couldn't be sent, since nobody said where the users are.
#[derive(Default)]
struct Owed {
    /// Who missed something.
    users: HashSet<UserId>,
    closings: Vec<(UserId, Arc<BusMessage>)>,
    /// Whether a task sees to it.
    is_seen_to: bool,
}

impl Delivery {
    /// Makes the delivery of a node; a gateway on it attaches its sessions by [`Delivery::attach`].
    #[must_use]
    pub fn new(node: NodeId, presence: Arc<dyn Presence>, bus: Arc<dyn Bus>) -> Self {
        Self {
            node,
            presence,
            bus,
            local: RwLock::new(None),
            read_listener: RwLock::new(None),
            owed: Mutex::default(),
        }
    }

    /// Returns where sessions are found.
    #[must_use]
    pub fn presence(&self) -> Arc<dyn Presence> {
        Arc::clone(&self.presence)
    }

    /// Attaches this node's sessions.
    pub fn attach(&self, sessions: Arc<dyn Sessions>) {
        *self.local.write() = Some(sessions);
    }

    /// Attaches who hears what users have read.
    pub fn attach_read_listener(&self, listener: Arc<dyn ReadListener>) {
        *self.read_listener.write() = Some(listener);
    }

    /// Lets this node's sessions and listener go: they hold the owner, which holds this.
    pub fn detach(&self) {
        *self.local.write() = None;
        *self.read_listener.write() = None;
    }

    /// Says that a user has read something.
    pub fn tell_read(&self, read: HasRead) {
        if let Some(listener) = &*self.read_listener.read() {
            listener.has_read(read);
        }
    }

    /// Sends a message to where `users` have sessions. Where that can't be found out, it reaches those on this node, and
    /// the others are told to fetch once it can.
    pub async fn to_users(self: &Arc<Self>, users: &[UserId], message: BusMessage) {
        let message = Arc::new(message);
        let nodes = match self.presence.locate(users, message.except()).await {
            Ok(nodes) => nodes,
            Err(error) => {
                tracing::warn!(%error, "can't find sessions; only this node's are served for now");
                self.owe(users, &message);
                vec![vec![self.node]]
            }
        };
        self.to_nodes(nodes, &message).await;
    }

    async fn to_nodes(&self, nodes: Vec<Vec<NodeId>>, message: &Arc<BusMessage>) {
        let mut others = Vec::new();
        let mut here = false;
        for node in nodes.into_iter().flatten() {
            if node == self.node {
                here = true;
            } else if !others.contains(&node) {
                others.push(node);
            }
        }
        let local = self.local.read().clone();
        if here && let Some(sessions) = local {
            sessions.deliver(message);
        }
        if !others.is_empty() {
            let messages = others
                .into_iter()
                .map(|node| (Topic::Inbox(node), Arc::clone(message)))
                .collect();
            self.publish(messages).await;
        }
    }

    /// Remembers who missed something, and sees to it that they are told.
    fn owe(self: &Arc<Self>, users: &[UserId], message: &Arc<BusMessage>) {
        let mut owed = self.owed.lock();
        if let BusMessage::Close { user, .. } = &**message {
            if owed.closings.len() < CLOSINGS {
                owed.closings.push((user.clone(), Arc::clone(message)));
            }
        } else {
            let room = MISSED.saturating_sub(owed.users.len());
            owed.users.extend(users.iter().take(room).cloned());
        }
        if !owed.is_seen_to {
            owed.is_seen_to = true;
            tokio::spawn(see_to(Arc::downgrade(self)));
        }
    }

    /// Tells those who missed something to fetch it, as far as they are found; answers whether all were.
    async fn tell_owed(&self) -> EngineResult<bool> {
        let (users, closings) = {
            let mut owed = self.owed.lock();
            if owed.users.is_empty() && owed.closings.is_empty() {
                owed.is_seen_to = false;
                return Ok(true);
            }
            let some: Vec<UserId> = owed.users.iter().take(AT_ONCE).cloned().collect();
            (some, owed.closings.clone())
        };
        for (user, message) in closings {
            let users = std::slice::from_ref(&user);
            let nodes = self.presence.locate(users, None).await?;
            self.to_nodes(nodes, &message).await;
            let mut owed = self.owed.lock();
            owed.closings.retain(|(_, it)| !Arc::ptr_eq(it, &message));
        }
        let nodes = self.presence.locate(&users, None).await?;
        self.owed.lock().users.retain(|user| !users.contains(user));
        let users = users.into();
        self.to_nodes(nodes, &Arc::new(BusMessage::Missed { users }))
            .await;
        Ok(false)
    }

    /// Sends a message to everyone on a topic, this node's subscription included.
    pub async fn to_topic(&self, topic: Topic, message: BusMessage) {
        self.publish(vec![(topic, Arc::new(message))]).await;
    }

    async fn publish(&self, messages: Vec<(Topic, Arc<BusMessage>)>) {
        if let Err(error) = self.bus.publish(messages).await {
            tracing::warn!(%error, "can't publish; clients repair by place");
        }
    }
}

/// Tries until nothing is owed any more, as long as the node delivers.
async fn see_to(delivery: Weak<Delivery>) {
    tokio::time::sleep(AGAIN).await;
    while let Some(delivery) = delivery.upgrade() {
        match delivery.tell_owed().await {
            Ok(true) => return,
            Ok(false) => {}
            Err(_) => {
                drop(delivery);
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}
