//! What nodes tell each other at once, and may lose.

use std::sync::Arc;

use async_trait::async_trait;
use chinwag_proto::{
    ChatId, CloseCode, Seq, SessionId, Timestamp, UserId,
    frames::{LogFrame, ReceiptFrame},
};

use super::EngineResult;
use crate::model::{Intervals, NodeId};

/// What a message on the bus is addressed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// A node's inbox.
    Inbox(NodeId),
    /// A large chat.
    Chat(ChatId),
}

/// Events of one chat, rendered once, in order of place.
#[derive(Debug, Clone, PartialEq)]
pub struct Broadcast {
    /// The chat.
    pub chat: ChatId,
    /// The events.
    pub frames: Vec<BroadcastFrame>,
    /// Whom they go to; empty on a chat's topic, where the receiving gateway knows its members.
    pub users: Arc<[UserId]>,
}

/// One event as it goes out.
#[derive(Debug, Clone, PartialEq)]
pub struct BroadcastFrame {
    /// The frame.
    pub frame: LogFrame,
    /// The place of the message that it is about.
    pub target: Option<Seq>,
    /// Users of `Broadcast::users` who get `hidden` instead; on a topic the gateway decides by intervals.
    pub hidden_from: Vec<UserId>,
    /// The session that asked for it: it gets the answer instead.
    pub except: Option<SessionId>,
}

/// What nodes tell each other.
#[derive(Debug, Clone, PartialEq)]
pub enum BusMessage {
    /// Events of a chat.
    Events(Broadcast),
    /// A moved mark.
    Receipt {
        /// Whom it goes to; empty on a chat's topic.
        users: Arc<[UserId]>,
        /// What they get.
        receipt: ReceiptFrame,
        /// The session that moved it.
        except: Option<SessionId>,
    },
    /// A user is typing.
    Typing {
        /// Where.
        chat: ChatId,
        /// Who.
        user: UserId,
        /// Whom it goes to; empty on a chat's topic.
        users: Arc<[UserId]>,
        /// How many members the chat has: above 100 the gateway sums up.
        members: u32,
    },
    /// Users became members of a large chat, or were already when it became large: their gateways subscribe.
    Joined {
        /// The chat.
        chat: ChatId,
        /// Each user with what they may see.
        members: Vec<(UserId, Intervals)>,
    },
    /// Users left a large chat: after this place nothing of it reaches them.
    Parted {
        /// The chat.
        chat: ChatId,
        /// Who.
        users: Vec<UserId>,
        /// The last place they see.
        through: Seq,
    },
    /// Sessions must close.
    Close {
        /// Whose.
        user: UserId,
        /// One session, or all.
        session: Option<SessionId>,
        /// All but this one.
        except: Option<SessionId>,
        /// Only those whose token was issued before this time.
        issued_before: Option<Timestamp>,
        /// Only those whose token was issued at exactly this time: the logout of one token.
        issued_at: Option<Timestamp>,
        /// With which code.
        code: CloseCode,
    },
}

/// What a subscription tells.
#[derive(Debug, Clone)]
pub enum BusEvent {
    /// A message on a topic that is subscribed.
    Message(Topic, Arc<BusMessage>),
    /// Something on these topics may have been lost; empty: on all.
    Gap(Vec<Topic>),
}

/// Carries messages between nodes.
///
/// At most once; in order within a topic from one publisher. A loss is told as [`BusEvent::Gap`] within 2 s, the
/// last message of a topic included. Nothing waits for a slow receiver: what it can't take is dropped and told as
/// a gap.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Publishes; answers when the bus has it, not when it arrived.
    async fn publish(&self, messages: Vec<(Topic, Arc<BusMessage>)>) -> EngineResult<()>;

    /// Opens this node's subscription with its inbox on it.
    async fn open(&self, node: NodeId) -> EngineResult<Arc<dyn BusSubscription>>;
}

/// One node's subscription.
#[async_trait]
pub trait BusSubscription: Send + Sync {
    /// Adds a topic; what is published after the answer arrives.
    async fn add(&self, topic: Topic) -> EngineResult<()>;

    /// Removes a topic.
    async fn remove(&self, topic: Topic) -> EngineResult<()>;

    /// Waits for what comes next; for one task only.
    async fn next(&self) -> EngineResult<BusEvent>;
}
