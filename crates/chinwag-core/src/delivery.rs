//! Brings confirmed events, receipts and typing to sessions: directly on this node, over the bus elsewhere. Says to
//! this node's push role what was read.

use std::sync::Arc;

use chinwag_proto::{ChatId, Seq, SessionId, UserId};
use parking_lot::RwLock;

use crate::{
    model::NodeId,
    ports::{Bus, BusMessage, Presence, Topic},
};

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

    /// Sends a message to where `users` have sessions; what can't be told is repaired by the clients.
    pub async fn to_users(&self, users: &[UserId], message: BusMessage) {
        let message = Arc::new(message);
        let nodes = match self.presence.locate(users, message.except()).await {
            Ok(nodes) => nodes,
            Err(error) => {
                tracing::warn!(%error, "can't find sessions; only this node's are served");
                vec![vec![self.node]]
            }
        };
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
            sessions.deliver(&message);
        }
        if !others.is_empty() {
            let messages = others
                .into_iter()
                .map(|node| (Topic::Inbox(node), Arc::clone(&message)))
                .collect();
            self.publish(messages).await;
        }
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
