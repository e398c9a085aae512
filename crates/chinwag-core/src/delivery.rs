//! Brings confirmed events, receipts and typing to sessions: directly on this node, over the bus elsewhere.

use std::sync::Arc;

use chinwag_proto::UserId;
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

/// Sends messages to users wherever their sessions are.
pub struct Delivery {
    node: NodeId,
    presence: Arc<dyn Presence>,
    bus: Arc<dyn Bus>,
    local: RwLock<Option<Arc<dyn Sessions>>>,
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

    /// Lets this node's sessions go: they hold the owner, which holds this.
    pub fn detach(&self) {
        *self.local.write() = None;
    }

    /// Sends a message to where `users` have sessions; what can't be told is repaired by the clients.
    pub async fn to_users(&self, users: &[UserId], message: BusMessage) {
        let message = Arc::new(message);
        let nodes = match self.presence.locate(users).await {
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
